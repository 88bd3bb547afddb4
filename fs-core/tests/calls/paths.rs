//! What every call says of odd paths, and of arguments that exclude each other.

use fs_core::{Access, AccessOptions, At, Errno, Error, Follow, OFlags, Target, Times, XattrFlags};

use crate::fixture::{Dir, mode};

type Outcome = Result<(), Error>;

/// Every call that takes one path, on a path.
fn by_path<'a>(at: At<'a>) -> Vec<(&'static str, Outcome)> {
    let empty = XattrFlags::empty();
    let target = Target::from(at);
    vec![
        ("stat", fs_core::stat(at, Follow::Yes).map(drop)),
        ("lstat", fs_core::lstat(at).map(drop)),
        ("statvfs", fs_core::statvfs(at).map(drop)),
        ("open", fs_core::open(at, OFlags::RDONLY, mode(0)).map(drop)),
        ("access", fs_core::try_access(at, Access::EXISTS, AccessOptions::default())),
        ("chmod", fs_core::chmod(at, mode(0o644), Follow::Yes)),
        ("chmod no", fs_core::chmod(at, mode(0o644), Follow::No)),
        ("chown", fs_core::chown(at, None, None, Follow::Yes)),
        ("utime", fs_core::utime(at, Times::NOW, Follow::Yes)),
        ("truncate", fs_core::truncate(at, 0)),
        ("getxattr", fs_core::getxattr(target, "user.k", Follow::Yes).map(drop)),
        ("setxattr", fs_core::setxattr(target, "user.k", b"", empty, Follow::Yes)),
        ("listxattr", fs_core::listxattr(target, Follow::Yes).map(drop)),
        ("removexattr", fs_core::removexattr(target, "user.k", Follow::Yes)),
        ("link", fs_core::link(at, at, Follow::Yes)),
        ("readlink", fs_core::readlink(at).map(drop)),
        ("unlink", fs_core::unlink(at)),
        ("rmdir", fs_core::rmdir(at)),
        ("rename", fs_core::rename(at, at)),
        ("listdir", fs_core::listdir(at).map(drop)),
        ("scandir", fs_core::scandir(at).map(drop)),
        ("pathconf", fs_core::pathconf(at, "PC_NAME_MAX").map(drop)),
        ("statx", fs_core::linux::statx(at, Follow::Yes, fs_core::linux::StatxFlags::BASIC_STATS).map(drop)),
    ]
}

/// Every call that makes something new, at a path.
fn new_at<'a>(at: At<'a>) -> Vec<(&'static str, Outcome)> {
    vec![
        ("mkdir", fs_core::mkdir(at, mode(0o755))),
        ("makedirs", fs_core::makedirs(at, mode(0o755), false)),
        ("mkfifo", fs_core::mkfifo(at, mode(0o600))),
        ("mknod", fs_core::mknod(at, 0o600, 0)),
        ("symlink", fs_core::symlink("x", at)),
        ("open", fs_core::open(at, OFlags::CREAT | OFlags::WRONLY, mode(0o600)).map(drop)),
    ]
}

#[test]
fn a_nul_byte_is_refused_by_every_call_before_it_is_made() {
    let dir = Dir::new();
    for at in [At::from("a\0b"), At::new(&dir.fd, "a\0b")] {
        for (call, outcome) in by_path(at).into_iter().chain(new_at(at)) {
            assert_eq!(outcome, Err(Error::EmbeddedNul), "{call}");
        }
    }
    assert_eq!(fs_core::link("/", "a\0", Follow::Yes), Err(Error::EmbeddedNul));
    assert_eq!(fs_core::rename("/", "a\0"), Err(Error::EmbeddedNul));
    assert_eq!(fs_core::symlink("a\0", "/no/such/dir/x"), Err(Error::EmbeddedNul));
    assert!(dir.names().is_empty());
}

#[test]
fn the_empty_path_is_enoent_for_every_call() {
    let dir = Dir::new();
    for at in [At::from(""), At::new(&dir.fd, "")] {
        for (call, outcome) in by_path(at).into_iter().chain(new_at(at)) {
            assert_eq!(outcome, Err(Error::Os(Errno::NOENT)), "{call}");
        }
    }
}

#[test]
fn a_name_of_256_bytes_and_a_path_of_4096_are_too_long_for_every_call() {
    let dir = Dir::new();
    let (name, path) = ("n".repeat(256), "./".repeat(2048));
    for text in [name.as_str(), path.as_str()] {
        for at in [At::new(&dir.fd, text), At::from(&format!("/{text}"))] {
            for (call, outcome) in by_path(at).into_iter().chain(new_at(at)) {
                assert_eq!(outcome, Err(Error::Os(Errno::NAMETOOLONG)), "{call} of {} bytes", text.len());
            }
        }
    }
}

#[test]
fn the_longest_name_and_the_longest_path_work_everywhere() {
    let dir = Dir::new();
    let name = "n".repeat(255);
    let path = format!("{}{name}", "./".repeat((4095 - 255) / 2));
    assert_eq!(path.len(), 4095);
    for text in [&name, &path] {
        dir.file(&name, "");
        let at = At::new(&dir.fd, text);
        for (call, outcome) in by_path(at) {
            let done = match call {
                "readlink" => Err(Errno::INVAL),
                "listdir" | "scandir" | "rmdir" => Err(Errno::NOTDIR),
                "link" => Err(Errno::EXIST),
                _ => Ok(()),
            };
            let outcome = outcome.map_err(Error::errno);
            let not_here = call.contains("xattr") && outcome == Err(Errno::NOTSUP);
            // What unlink removed is missing afterwards; getxattr runs before setxattr.
            let gone = matches!(outcome, Err(Errno::NOENT | Errno::NODATA));
            assert!(outcome == done || not_here || gone, "{call} of {} bytes: {outcome:?}", text.len());
        }
    }
}

#[test]
fn a_descriptor_that_is_not_to_be_followed_is_a_conflict_for_every_call() {
    let dir = Dir::new();
    let target = || Target::from(&dir.fd);
    let conflicts = [
        fs_core::stat(target(), Follow::No).map(drop),
        fs_core::chmod(target(), mode(0o700), Follow::No),
        fs_core::chown(target(), None, None, Follow::No),
        fs_core::utime(target(), Times::NOW, Follow::No),
        fs_core::linux::statx(target(), Follow::No, fs_core::linux::StatxFlags::BASIC_STATS).map(drop),
    ];
    for outcome in conflicts {
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        assert_eq!(outcome.unwrap_err().class(), fs_core::Class::ValueError);
    }
}

#[test]
fn an_absolute_path_does_not_care_for_the_descriptor() {
    let dir = Dir::new();
    let file = dir.file("f", "x");
    let unrelated = fs_core::open("/proc", OFlags::PATH, mode(0)).unwrap();
    assert_eq!(fs_core::stat((&unrelated, &file), Follow::Yes).unwrap().st_size(), 1);
    fs_core::truncate((&unrelated, &file), 5).unwrap();
    assert_eq!(fs_core::stat(&file, Follow::Yes).unwrap().st_size(), 5);
}
