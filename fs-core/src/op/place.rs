//! What an operation is about: registers, and paths perhaps below a register's
//! directory. The written form of [`crate::At`] and [`crate::Target`].

use std::fmt;

use super::bytes::Bytes;
use super::field::{Argument, Plain, push, push_key};
use super::words::{Fields, ParseError, Word};

macro_rules! registers {
    ($($(#[$doc:meta])* $register:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $register(pub u32);

        impl Plain for $register {
            fn read(word: Word<'_>) -> Result<Self, ParseError> {
                u32::read(word).map($register)
            }

            fn write(&self, out: &mut String) {
                push(out, &self.0);
            }
        }

        impl fmt::Display for $register {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
registers! {
    /// A descriptor of the sequence, never the kernel's number.
    Fd
    /// A mapping of the sequence.
    Map
    /// A program that runs.
    Process
    /// A file handle (`name_to_handle_at(2)`) of the sequence.
    Handle
}

/// A path, perhaps below a directory descriptor: `path=a`, `path=a dir_fd=4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<'a> {
    /// The path.
    pub path: Bytes<'a>,
    /// Where a relative path starts; the working directory if `None`.
    pub dir: Option<Fd>,
}

/// A descriptor or a path: `fd=3`, `path=a`, `path=a dir_fd=4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// What the descriptor is open on.
    Fd(Fd),
    /// What the path names.
    Path(At<'a>),
}

impl<'a> At<'a> {
    /// A path from the working directory.
    pub const fn path(path: &'a [u8]) -> Self {
        At { path: Bytes::literal(path), dir: None }
    }
}

impl<'a> Argument<'a> for At<'a> {
    type Owned = At<'static>;

    fn parse(fields: &mut Fields<'a>, key: &str) -> Result<Option<Self>, ParseError> {
        let Some(path) = Argument::parse(fields, key)? else {
            return Ok(None);
        };
        let dir = fields.take(dir_key(key)).map(Fd::read).transpose()?;
        Ok(Some(At { path, dir }))
    }

    fn print(&self, key: &str, out: &mut String) {
        Argument::print(&self.path, key, out);
        Argument::print(&self.dir, dir_key(key), out);
    }

    fn keys(key: &'static str) -> Vec<&'static str> {
        vec![key, dir_key(key)]
    }

    fn into_owned(self) -> Self::Owned {
        At { path: self.path.into_owned(), dir: self.dir }
    }
}

impl<'a> Argument<'a> for Target<'a> {
    type Owned = Target<'static>;

    fn parse(fields: &mut Fields<'a>, key: &str) -> Result<Option<Self>, ParseError> {
        let fd = fields.take(fd_key(key));
        let at = At::parse(fields, key)?;
        match (fd, at) {
            (None, None) => Ok(None),
            (Some(fd), None) => Fd::read(fd).map(|fd| Some(Target::Fd(fd))),
            (None, Some(at)) => Ok(Some(Target::Path(at))),
            (Some(fd), Some(_)) => Err(fd.error(format!("`{}` and `{key}` exclude each other", fd_key(key)))),
        }
    }

    fn print(&self, key: &str, out: &mut String) {
        match self {
            Target::Path(at) => at.print(key, out),
            Target::Fd(fd) => {
                push_key(fd_key(key), out);
                push(out, fd);
            }
        }
    }

    fn keys(key: &'static str) -> Vec<&'static str> {
        vec![fd_key(key), key, dir_key(key)]
    }

    fn into_owned(self) -> Self::Owned {
        match self {
            Target::Fd(fd) => Target::Fd(fd),
            Target::Path(at) => Target::Path(at.into_owned()),
        }
    }
}

/// The field for the directory that the path `key` starts from.
fn dir_key(key: &str) -> &'static str {
    match key {
        "src" => "src_dir_fd",
        "dst" => "dst_dir_fd",
        _ => "dir_fd",
    }
}

/// The field for a descriptor in place of the path `key`.
fn fd_key(key: &str) -> &'static str {
    match key {
        "src" => "src_fd",
        _ => "fd",
    }
}
