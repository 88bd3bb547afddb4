//! Constants that name things: the platform, the pieces of a path, exit codes, and the
//! flags of `dlopen`.

use std::ffi::c_int;

/// The name of the platform, as Python tells it: "posix".
#[doc(alias = "os.name")]
pub const NAME: &str = "posix";
/// The name of a directory within itself.
#[doc(alias = "os.curdir")]
pub const CURDIR: &str = ".";
/// The name of a directory's parent within it.
#[doc(alias = "os.pardir")]
pub const PARDIR: &str = "..";
/// What stands between the names of a path.
#[doc(alias = "os.sep")]
pub const SEP: &str = "/";
/// Another separator of a path: none on Linux.
#[doc(alias = "os.altsep")]
pub const ALTSEP: Option<&str> = None;
/// What stands before the extension of a file's name.
#[doc(alias = "os.extsep")]
pub const EXTSEP: &str = ".";
/// What stands between the paths of `PATH`.
#[doc(alias = "os.pathsep")]
pub const PATHSEP: &str = ":";
/// Where programs are searched if `PATH` is not set.
#[doc(alias = "os.defpath")]
pub const DEFPATH: &str = "/bin:/usr/bin";
/// The end of a line in a text file.
#[doc(alias = "os.linesep")]
pub const LINESEP: &str = "\n";
/// The device that takes everything and gives nothing.
#[doc(alias = "os.devnull")]
pub const DEVNULL: &str = "/dev/null";
/// Whether the environment is made of bytes, as it is on every Unix.
#[doc(alias = "os.supports_bytes_environ")]
pub const SUPPORTS_BYTES_ENVIRON: bool = true;

/// Exit code: no error.
#[doc(alias = "os.EX_OK")]
pub const EX_OK: i32 = 0;
/// Exit code: the command was used wrongly.
#[doc(alias = "os.EX_USAGE")]
pub const EX_USAGE: i32 = 64;
/// Exit code: the input was wrong.
#[doc(alias = "os.EX_DATAERR")]
pub const EX_DATAERR: i32 = 65;
/// Exit code: an input file is missing, or cannot be read.
#[doc(alias = "os.EX_NOINPUT")]
pub const EX_NOINPUT: i32 = 66;
/// Exit code: a user does not exist.
#[doc(alias = "os.EX_NOUSER")]
pub const EX_NOUSER: i32 = 67;
/// Exit code: a host does not exist.
#[doc(alias = "os.EX_NOHOST")]
pub const EX_NOHOST: i32 = 68;
/// Exit code: a service is not available.
#[doc(alias = "os.EX_UNAVAILABLE")]
pub const EX_UNAVAILABLE: i32 = 69;
/// Exit code: an error of the program itself.
#[doc(alias = "os.EX_SOFTWARE")]
pub const EX_SOFTWARE: i32 = 70;
/// Exit code: an error of the system, as "cannot fork".
#[doc(alias = "os.EX_OSERR")]
pub const EX_OSERR: i32 = 71;
/// Exit code: a file of the system is missing, or cannot be read.
#[doc(alias = "os.EX_OSFILE")]
pub const EX_OSFILE: i32 = 72;
/// Exit code: an output file cannot be made.
#[doc(alias = "os.EX_CANTCREAT")]
pub const EX_CANTCREAT: i32 = 73;
/// Exit code: reading or writing a file failed.
#[doc(alias = "os.EX_IOERR")]
pub const EX_IOERR: i32 = 74;
/// Exit code: a failure that may be over at the next try.
#[doc(alias = "os.EX_TEMPFAIL")]
pub const EX_TEMPFAIL: i32 = 75;
/// Exit code: the other side broke the protocol.
#[doc(alias = "os.EX_PROTOCOL")]
pub const EX_PROTOCOL: i32 = 76;
/// Exit code: not permitted.
#[doc(alias = "os.EX_NOPERM")]
pub const EX_NOPERM: i32 = 77;
/// Exit code: an error of configuration.
#[doc(alias = "os.EX_CONFIG")]
pub const EX_CONFIG: i32 = 78;

/// Functions of the library are looked up when they are first called. Nothing here
/// loads libraries: these are numbers for who does.
#[doc(alias = "os.RTLD_LAZY")]
pub const RTLD_LAZY: c_int = libc::RTLD_LAZY;
/// All symbols of the library are looked up when it is loaded.
#[doc(alias = "os.RTLD_NOW")]
pub const RTLD_NOW: c_int = libc::RTLD_NOW;
/// Libraries that are loaded later see the symbols.
#[doc(alias = "os.RTLD_GLOBAL")]
pub const RTLD_GLOBAL: c_int = libc::RTLD_GLOBAL;
/// Libraries that are loaded later do not see the symbols.
#[doc(alias = "os.RTLD_LOCAL")]
pub const RTLD_LOCAL: c_int = libc::RTLD_LOCAL;
/// The library stays when it is closed.
#[doc(alias = "os.RTLD_NODELETE")]
pub const RTLD_NODELETE: c_int = libc::RTLD_NODELETE;
/// The library is not loaded; it is only asked whether it is there.
#[doc(alias = "os.RTLD_NOLOAD")]
pub const RTLD_NOLOAD: c_int = libc::RTLD_NOLOAD;
/// The library prefers its own symbols.
#[doc(alias = "os.RTLD_DEEPBIND")]
pub const RTLD_DEEPBIND: c_int = libc::RTLD_DEEPBIND;

#[cfg(test)]
mod tests {
    use std::path::{MAIN_SEPARATOR_STR, Path};

    use super::*;

    #[test]
    fn the_pieces_of_a_path_are_those_that_the_standard_library_splits_at() {
        let path = Path::new("d").join(PARDIR).join(format!("f{EXTSEP}txt"));
        assert_eq!(path.to_str(), Some(format!("d{SEP}..{SEP}f.txt").as_str()));
        assert_eq!(path.extension().and_then(|text| text.to_str()), Some("txt"));
        assert_eq!((SEP, ALTSEP), (MAIN_SEPARATOR_STR, None));
        assert_eq!(std::fs::canonicalize(CURDIR).unwrap(), std::env::current_dir().unwrap());
        let paths: Vec<_> = std::env::split_paths(DEFPATH).collect();
        assert_eq!(paths, DEFPATH.split(PATHSEP).map(Path::new).collect::<Vec<_>>());
        assert_eq!(format!("a{LINESEP}b").lines().count(), 2);
        assert_eq!(std::fs::read(DEVNULL).unwrap(), b"");
    }
}
