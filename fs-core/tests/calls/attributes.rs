//! Mode, owner, times, access.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use fs_core::{Access, AccessOptions, Errno, Error, Follow, Gid, OFlags, Time, Times, Uid, Unsupported};
use fs_core::{
    access, chflags, chmod, chown, fchmod, fchown, lchflags, lchmod, lchown, lstat, stat, try_access, utime,
};

use crate::fixture::{Dir, as_ordinary_user, errno, is_root, mode, skip};

fn bits(dir: &Dir, name: &str) -> u32 {
    fs::symlink_metadata(dir.path(name)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn chmod_without_following_changes_files_and_refuses_links() {
    let dir = Dir::new();
    dir.file("file", "");
    dir.symlink("file", "link");
    chmod((&dir.fd, "file"), mode(0o600), Follow::No).unwrap();
    assert_eq!(bits(&dir, "file"), 0o600);
    assert_eq!(errno(chmod((&dir.fd, "link"), mode(0o644), Follow::No)), Errno::OPNOTSUPP);
    assert_eq!((bits(&dir, "file"), bits(&dir, "link")), (0o600, 0o777));
    chmod((&dir.fd, "link"), mode(0o640), Follow::Yes).unwrap();
    assert_eq!(bits(&dir, "file"), 0o640);
    assert_eq!(errno(chmod((&dir.fd, "missing"), mode(0o644), Follow::No)), Errno::NOENT);
}

#[test]
fn chmod_of_a_descriptor_is_fchmod_and_o_path_is_ebadf() {
    let dir = Dir::new();
    dir.file("f", "");
    let fd = dir.open("f", OFlags::RDONLY);
    fchmod(&fd, mode(0o601)).unwrap();
    assert_eq!(bits(&dir, "f"), 0o601);
    chmod(&fd, mode(0o604), Follow::Yes).unwrap();
    assert_eq!(bits(&dir, "f"), 0o604);
    let place = dir.open("f", OFlags::PATH);
    assert_eq!(errno(fchmod(&place, mode(0o600))), Errno::BADF);
}

#[test]
fn chmod_is_the_owners_right() {
    let dir = Dir::new();
    if !is_root() {
        return skip("needs a file of somebody else: run as root");
    }
    dir.file("f", "");
    as_ordinary_user(|| {
        assert_eq!(errno(chmod((&dir.fd, "f"), mode(0o777), Follow::Yes)), Errno::PERM);
        assert_eq!(errno(chmod((&dir.fd, "f"), mode(0o777), Follow::No)), Errno::PERM);
    });
}

#[test]
fn lchmod_and_the_flags_of_the_bsds_do_not_exist_on_linux() {
    assert_eq!(chflags("/", 0, Follow::Yes), Err(Error::Unsupported(Unsupported::Bsd)));
    assert_eq!(lchflags("/", 0), Err(Error::Unsupported(Unsupported::Bsd)));
    assert_eq!(lchmod("/", mode(0o755)), Err(Error::Unsupported(Unsupported::Bsd)));
}

#[test]
fn chown_keeps_an_id_that_is_none() {
    let dir = Dir::new();
    dir.file("f", "");
    dir.symlink("f", "link");
    chown((&dir.fd, "f"), None, None, Follow::Yes).unwrap();
    if !is_root() {
        return skip("giving files away needs root");
    }
    let owner = |name: &str| fs::symlink_metadata(dir.path(name)).map(|meta| (meta.uid(), meta.gid())).unwrap();
    let (uid, gid) = (|raw| Some(Uid::from_raw(raw)), |raw| Some(Gid::from_raw(raw)));
    chown((&dir.fd, "f"), uid(11), None, Follow::Yes).unwrap();
    assert_eq!(owner("f"), (11, 0));
    chown((&dir.fd, "link"), None, gid(12), Follow::Yes).unwrap();
    assert_eq!((owner("f"), owner("link")), ((11, 12), (0, 0)));
    lchown((&dir.fd, "link"), uid(13), gid(14)).unwrap();
    assert_eq!((owner("f"), owner("link")), ((11, 12), (13, 14)));
    fchown(dir.open("f", OFlags::RDONLY), uid(15), None).unwrap();
    assert_eq!(owner("f"), (15, 12));
}

#[test]
fn giving_a_file_away_needs_privilege() {
    let dir = Dir::new();
    as_ordinary_user(|| {
        dir.file("own", "");
        assert_eq!(errno(chown((&dir.fd, "own"), Some(Uid::ROOT), None, Follow::Yes)), Errno::PERM);
    });
}

#[test]
fn floats_are_rounded_down_to_the_nanosecond() {
    // os.utime(f, (t, t)); os.stat(f).st_mtime_ns
    for (seconds, ns) in [
        (1.999_999_999_9, 1_999_999_999),
        (-1.5, -1_500_000_000),
        (-0.1, -100_000_000),
        (0.1, 100_000_000),
        (-1e-10, -1),
        (1e-10, 0),
        (1_234_567_890.123_456_7, 1_234_567_890_123_456_716),
    ] {
        assert_eq!(Time::from_secs_f64(seconds), Time::At { ns }, "{seconds}");
    }
}

#[test]
fn a_time_before_1970_is_split_with_a_fraction_that_counts_up() {
    let dir = Dir::new();
    dir.file("f", "");
    utime((&dir.fd, "f"), Times::from_secs_f64(-1.5, -1.5), Follow::Yes).unwrap();
    let stat = stat((&dir.fd, "f"), Follow::Yes).unwrap();
    if stat.st_mtime_ns() != -1_500_000_000 {
        return skip("the file system here does not store times before 1970");
    }
    assert_eq!(stat.as_tuple()[8], -2);
    assert_eq!(fs::metadata(dir.path("f")).unwrap().mtime_nsec(), 500_000_000);
}

#[test]
fn times_out_of_range_are_refused_before_the_call() {
    for times in [
        Times::from_secs_f64(f64::NAN, 0.0),
        Times::from_secs_f64(f64::INFINITY, 0.0),
        Times::from_secs_f64(0.0, -1e300),
        Times::from_ns(0, (i128::from(i64::MAX) + 1) * 1_000_000_000),
    ] {
        assert!(matches!(utime("/no/such/file", times, Follow::Yes), Err(Error::Invalid(_))), "{times:?}");
    }
    let largest = Times::from_ns(0, i128::from(i64::MAX) * 1_000_000_000 + 999_999_999);
    assert_eq!(errno(utime("/no/such/file", largest, Follow::Yes)), Errno::NOENT);
}

#[test]
fn a_time_that_is_left_out_stays() {
    let dir = Dir::new();
    dir.file("f", "");
    utime((&dir.fd, "f"), Times::from_ns(1_000_000_001, 2_000_000_002), Follow::Yes).unwrap();
    utime((&dir.fd, "f"), Times { atime: Time::Omit, mtime: Time::At { ns: 3 } }, Follow::Yes).unwrap();
    let after = stat((&dir.fd, "f"), Follow::Yes).unwrap();
    assert_eq!((after.st_atime_ns(), after.st_mtime_ns()), (1_000_000_001, 3));
    utime((&dir.fd, "f"), Times { atime: Time::Now, mtime: Time::Omit }, Follow::Yes).unwrap();
    let after = stat((&dir.fd, "f"), Follow::Yes).unwrap();
    assert!(after.st_atime_ns() > 1_500_000_000_000_000_000 && after.st_mtime_ns() == 3);
}

#[test]
fn utime_without_following_sets_the_links_own_times() {
    let dir = Dir::new();
    dir.file("file", "");
    dir.symlink("file", "link");
    utime((&dir.fd, "file"), Times::from_ns(1, 1), Follow::Yes).unwrap();
    utime((&dir.fd, "link"), Times::from_ns(7, 7), Follow::No).unwrap();
    assert_eq!(lstat((&dir.fd, "link")).unwrap().st_mtime_ns(), 7);
    assert_eq!(lstat((&dir.fd, "file")).unwrap().st_mtime_ns(), 1);
    utime(&dir.open("file", OFlags::RDONLY), Times::from_ns(9, 9), Follow::Yes).unwrap();
    assert_eq!(lstat((&dir.fd, "file")).unwrap().st_mtime_ns(), 9);
}

#[test]
fn now_needs_write_access_and_other_times_the_owner() {
    if !is_root() {
        return skip("needs a file of somebody else: run as root");
    }
    let dir = Dir::new();
    for (name, bits) in [("writable", 0o666), ("closed", 0o644)] {
        dir.file(name, "");
        fs::set_permissions(dir.path(name), fs::Permissions::from_mode(bits)).unwrap();
    }
    as_ordinary_user(|| {
        let set = |name: &str, times| utime((&dir.fd, name), times, Follow::Yes);
        set("writable", Times::NOW).unwrap();
        assert_eq!(errno(set("closed", Times::NOW)), Errno::ACCESS);
        assert_eq!(errno(set("writable", Times::from_ns(1, 1))), Errno::PERM);
        assert_eq!(errno(set("writable", Times { atime: Time::Now, mtime: Time::Omit })), Errno::PERM);
    });
}

#[test]
fn access_is_false_for_every_error() {
    let dir = Dir::new();
    dir.file("f", "");
    let plain = AccessOptions::default();
    assert!(access((&dir.fd, "f"), Access::EXISTS, plain));
    assert!(!access((&dir.fd, "missing"), Access::EXISTS, plain));
    assert!(!access((&dir.fd, "f"), Access::from_bits_retain(0o10), plain));
    assert!(!access("a\0b", Access::EXISTS, plain));
    assert_eq!(errno(try_access((&dir.fd, "f"), Access::from_bits_retain(0o10), plain)), Errno::INVAL);
    assert_eq!(errno(try_access((&dir.fd, "f"), Access::EXEC_OK, plain)), Errno::ACCESS);
}

#[test]
fn access_without_following_takes_a_dangling_link_for_what_it_is() {
    let dir = Dir::new();
    dir.symlink("missing", "link");
    let follow = |follow| AccessOptions { follow, ..AccessOptions::default() };
    assert!(access((&dir.fd, "link"), Access::EXISTS, follow(Follow::No)));
    assert!(!access((&dir.fd, "link"), Access::EXISTS, follow(Follow::Yes)));
}

#[test]
fn access_asks_for_the_real_ids_unless_told_otherwise() {
    if !is_root() {
        return skip("changing ids needs root");
    }
    let dir = Dir::new();
    dir.file("f", "");
    fs::set_permissions(dir.path("f"), fs::Permissions::from_mode(0o600)).unwrap();
    // An effective user who may not, under a real one who may.
    let answers = std::thread::scope(|scope| {
        let ask = scope.spawn(|| {
            let (root, nobody) = (Uid::ROOT, Uid::from_raw(65534));
            rustix::thread::set_thread_res_uid(root, nobody, root).unwrap();
            [false, true].map(|effective_ids| {
                access((&dir.fd, "f"), Access::READ_OK, AccessOptions { effective_ids, follow: Follow::Yes })
            })
        });
        ask.join().unwrap()
    });
    assert_eq!(answers, [true, false]);
}
