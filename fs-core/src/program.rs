//! Programs before they are started: where they are looked for, what they are called with
//! and the environment that they get.

use std::ffi::{CString, OsString};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use rustix::io::Errno;

use crate::audit::{self, Arg};
use crate::sys::exec::{self, CStrings};
use crate::{Error, PathArg, Result, Target};

/// Where programs are looked for if the environment has no `PATH`.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// The environment that a program is started with.
///
/// ```
/// use fs_core::Env;
///
/// let env = Env::of([("PATH", "/bin"), ("LANG", "C")]);
/// assert_ne!(env, Env::Inherit);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Env<'a> {
    /// That of this process, as [`std::env::vars_os`] has it.
    #[default]
    Inherit,
    /// These variables and no others, by name and value.
    Given(Vec<(PathArg<'a>, PathArg<'a>)>),
}

impl<'a> Env<'a> {
    /// These variables and no others, by name and value.
    pub fn of<K, V>(variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<PathArg<'a>>,
        V: Into<PathArg<'a>>,
    {
        Env::Given(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// `name=value` for each variable.
    fn strings(&self) -> Result<Vec<CString>> {
        match self {
            // The standard library reads it under its lock, so that no writer is met.
            Env::Inherit => std::env::vars_os().map(|(name, value)| joined(name, &value)).collect(),
            Env::Given(variables) => variables.iter().map(|(name, value)| checked(*name, *value)).collect(),
        }
    }

    /// The directories of its `PATH`, separated by colons.
    fn path(&self) -> Option<Vec<u8>> {
        match self {
            Env::Inherit => std::env::var_os("PATH").map(OsString::into_vec),
            Env::Given(variables) => {
                let found = variables.iter().find(|(name, _)| name.as_bytes() == b"PATH");
                found.map(|(_, value)| value.as_bytes().to_vec())
            }
        }
    }
}

fn joined(name: OsString, value: &std::ffi::OsStr) -> Result<CString> {
    let mut string = name.into_vec();
    string.push(b'=');
    string.extend_from_slice(value.as_bytes());
    c_string(string)
}

/// As CPython, which lets a name begin with `=`.
fn checked(name: PathArg<'_>, value: PathArg<'_>) -> Result<CString> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes[1..].contains(&b'=') {
        return Err(Error::Invalid("the name of an environment variable is empty or holds `=`"));
    }
    c_string([bytes, b"=", value.as_bytes()].concat())
}

pub(crate) fn c_string(bytes: impl Into<Vec<u8>>) -> Result<CString> {
    CString::new(bytes).map_err(|_| Error::EmbeddedNul)
}

/// The arguments of a program, of which the first is its name.
#[derive(Clone, Debug)]
pub(crate) struct Argv<'a>(Vec<PathArg<'a>>);

impl<'a> Argv<'a> {
    /// Refuses what Python refuses before any call: no arguments, and an empty first one.
    pub(crate) fn new<A: Into<PathArg<'a>>>(args: impl IntoIterator<Item = A>) -> Result<Self> {
        let args: Vec<_> = args.into_iter().map(Into::into).collect();
        match args.first() {
            None => Err(Error::Invalid("the arguments of a program begin with its name")),
            Some(name) if name.as_bytes().is_empty() => Err(Error::Invalid("the first argument is empty")),
            Some(_) => Ok(Argv(args)),
        }
    }
}

/// A program that can be started without allocating any more, so that the child of a fork
/// can do it.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    place: Place<'a>,
    strings: Strings,
}

/// What a program is called with, as the kernel takes it.
#[derive(Debug)]
pub(crate) struct Strings {
    pub(crate) argv: CStrings,
    pub(crate) envp: CStrings,
    env_is_given: bool,
}

impl Strings {
    pub(crate) fn new(argv: &Argv<'_>, env: &Env<'_>) -> Result<Self> {
        let argv = argv.0.iter().map(|arg| c_string(arg.as_bytes())).collect::<Result<_>>()?;
        let env_is_given = *env != Env::Inherit;
        Ok(Strings { argv: CStrings::new(argv), envp: CStrings::new(env.strings()?), env_is_given })
    }

    pub(crate) fn audit_argv(&self) -> Arg<'_> {
        Arg::List(self.argv.strings())
    }

    /// `None` for the environment of this process.
    pub(crate) fn audit_env(&self) -> Arg<'_> {
        if self.env_is_given { Arg::List(self.envp.strings()) } else { Arg::None }
    }
}

#[derive(Debug)]
enum Place<'a> {
    /// The first of these that can be started.
    Paths(Vec<CString>),
    Below(BorrowedFd<'a>, CString),
    Fd(BorrowedFd<'a>),
}

impl<'a> Program<'a> {
    /// The program that a path names or a descriptor is open on.
    pub(crate) fn at(target: Target<'a>, argv: &Argv<'_>, env: &Env<'_>) -> Result<Self> {
        let place = match target {
            Target::Fd(fd) => Place::Fd(fd),
            Target::Path(at) => match (at.dir, at.without_dir()) {
                (Some(dir), None) => Place::Below(dir, c_string(at.path.as_bytes())?),
                _ => Place::Paths(vec![c_string(at.path.as_bytes())?]),
            },
        };
        Ok(Program { place, strings: Strings::new(argv, env)? })
    }

    /// The program `file`, looked for in the `PATH` of `env` unless it holds a slash.
    pub(crate) fn searched(file: PathArg<'_>, argv: &Argv<'_>, env: &Env<'_>) -> Result<Self> {
        let name = file.as_bytes();
        let paths = if name.contains(&b'/') {
            vec![c_string(name)?]
        } else {
            let path = env.path().unwrap_or_else(|| DEFAULT_PATH.to_vec());
            path.split(|byte| *byte == b':').map(|dir| c_string(in_directory(dir, name))).collect::<Result<_>>()?
        };
        Ok(Program { place: Place::Paths(paths), strings: Strings::new(argv, env)? })
    }

    /// Becomes the program; returns only if that fails.
    ///
    /// That a file is not there is told only if nothing else was in the way of the others.
    /// Neither allocates nor takes a lock, unless a hook does.
    pub(crate) fn exec(&self, hooks: &audit::Hooks) -> Error {
        let strings = &self.strings;
        let raise = |place: Arg<'_>| hooks.raise("os.exec", &[place, strings.audit_argv(), strings.audit_env()]);
        match &self.place {
            Place::Fd(fd) => match raise(Arg::fd(*fd)) {
                Ok(()) => exec::fexecve(*fd, &strings.argv, &strings.envp).into(),
                Err(refused) => refused,
            },
            Place::Below(dir, path) => match raise(Arg::Bytes(path.as_bytes())) {
                Ok(()) => exec::execveat(*dir, path, &strings.argv, &strings.envp).into(),
                Err(refused) => refused,
            },
            Place::Paths(paths) => {
                let (mut first, mut last) = (None, Errno::NOENT);
                for path in paths {
                    if let Err(refused) = raise(Arg::Bytes(path.as_bytes())) {
                        return refused;
                    }
                    last = exec::execve(path, &strings.argv, &strings.envp);
                    if last != Errno::NOENT && last != Errno::NOTDIR {
                        first.get_or_insert(last);
                    }
                }
                first.unwrap_or(last).into()
            }
        }
    }
}

/// As Python's `os.path.join`: an empty item of `PATH` is the working directory.
fn in_directory(dir: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if dir.is_empty() || dir.ends_with(b"/") { b"" } else { b"/" };
    [dir, slash, name].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(file: &str, path: Option<&str>) -> Vec<String> {
        let env = Env::of(path.map(|path| ("PATH", path)));
        let program = Program::searched(file.into(), &Argv::new(["x"]).unwrap(), &env).unwrap();
        match program.place {
            Place::Paths(paths) => paths.into_iter().map(|path| path.into_string().unwrap()).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_program_is_looked_for_in_each_directory_of_path() {
        assert_eq!(paths("x", Some("/a:/b/")), ["/a/x", "/b/x"]);
        assert_eq!(paths("x", Some(":/a::")), ["x", "/a/x", "x", "x"], "an empty item is the working directory");
        assert_eq!(paths("x", Some("")), ["x"]);
        assert_eq!(paths("x", None), ["/bin/x", "/usr/bin/x"]);
        assert_eq!(paths("", Some("/a:")), ["/a/", ""]);
    }

    #[test]
    fn a_name_with_a_slash_is_a_path() {
        for name in ["./x", "a/x", "/x", "x/"] {
            assert_eq!(paths(name, Some("/a")), [name]);
        }
    }

    #[test]
    fn the_environment_is_checked_as_cpython_does() {
        let strings = |name, value| Env::of([(name, value)]).strings();
        let invalid = |name| matches!(strings(name, ""), Err(Error::Invalid(_)));
        assert!(invalid("") && invalid("a=") && invalid("a=b"));
        assert_eq!(strings("=a", "b=c"), Ok(vec![CString::from(c"=a=b=c")]));
        assert_eq!(strings("a\0", ""), Err(Error::EmbeddedNul));
        assert_eq!(strings("a", "\0"), Err(Error::EmbeddedNul));
    }

    #[test]
    fn the_first_of_two_paths_counts() {
        let env = Env::of([("PATH", "/a"), ("PATH", "/b")]);
        assert_eq!(env.path(), Some(b"/a".to_vec()));
    }

    #[test]
    fn a_program_has_a_name() {
        assert!(matches!(Argv::new([""; 0]), Err(Error::Invalid(_))));
        assert!(matches!(Argv::new(["", "x"]), Err(Error::Invalid(_))));
        assert!(Argv::new(["x", ""]).is_ok());
    }
}
