//! Opening, closing, copying, and what is inherited.
#![expect(unsafe_code, reason = "dup2 and closerange act on numbers")]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use fs_core::{Errno, Error, FileType, Inherit, OFlags, close, closerange, dup, dup2, dup2_onto, fstat, open};
use fs_core::{Unsupported, get_blocking, get_inheritable, read, set_blocking, set_inheritable};

use crate::fixture::{Dir, alone, errno, mode};

#[test]
fn what_is_opened_and_copied_is_not_inherited() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    let copy = dup(&fd).unwrap();
    assert!(!get_inheritable(&fd).unwrap() && !get_inheritable(&copy).unwrap());
    set_inheritable(&copy, true).unwrap();
    assert!(get_inheritable(&copy).unwrap() && !get_inheritable(&fd).unwrap());
    assert!(!get_inheritable(dup(&copy).unwrap()).unwrap());
}

#[test]
fn inheritance_is_set_on_o_path_descriptors_too() {
    let place = open("/", OFlags::PATH, mode(0)).unwrap();
    set_inheritable(&place, true).unwrap();
    assert!(get_inheritable(&place).unwrap());
    set_inheritable(&place, false).unwrap();
    assert!(!get_inheritable(&place).unwrap());
}

#[test]
fn o_dsync_is_not_o_sync() {
    // rustix has one value for both.
    assert_eq!(rustix::fs::OFlags::DSYNC, rustix::fs::OFlags::SYNC);
    assert_eq!(OFlags::DSYNC.bits().cast_signed(), libc::O_DSYNC);
    assert_ne!(OFlags::DSYNC, OFlags::SYNC);
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR | OFlags::DSYNC);
    let flags = rustix::fs::fcntl_getfl(&fd).unwrap().bits().cast_signed();
    assert_eq!(flags & libc::O_SYNC, libc::O_DSYNC);
}

#[test]
fn a_blocking_mode_is_shared_by_copies() {
    let (read_end, _write_end) = fs_core::pipe().unwrap();
    let copy = dup(&read_end).unwrap();
    assert!(get_blocking(&copy).unwrap());
    set_blocking(&read_end, false).unwrap();
    assert!(!get_blocking(&copy).unwrap());
    assert_eq!(errno(read(&copy, &mut [0; 1])), Errno::AGAIN);
    set_blocking(&copy, true).unwrap();
    assert!(get_blocking(&read_end).unwrap());
}

#[test]
fn close_closes() {
    let (read_end, write_end) = fs_core::pipe().unwrap();
    close(write_end).unwrap();
    assert_eq!(read(&read_end, &mut [0; 1]), Ok(0), "all writers are gone");
}

#[test]
fn close_of_what_is_not_open_says_so() {
    alone("descriptors::close_of_what_is_not_open_says_so", || {
        let number = dup(std::io::stdin()).unwrap().as_raw_fd();
        // SAFETY: the number belongs to nobody: this process opens nothing meanwhile.
        let gone = unsafe { OwnedFd::from_raw_fd(number) };
        assert_eq!(errno(close(gone)), Errno::BADF);
    });
}

#[test]
fn dup2_is_inherited_unless_told_otherwise() {
    let dir = Dir::new();
    let fd = dir.open("f", OFlags::CREAT | OFlags::RDWR);
    let mut other = open("/dev/null", OFlags::RDWR, mode(0)).unwrap();
    dup2_onto(&fd, &mut other, Inherit::default()).unwrap();
    assert!(get_inheritable(&other).unwrap());
    assert_eq!(fstat(&other).unwrap().file_type(), FileType::RegularFile);
    dup2_onto(&fd, &mut other, Inherit::No).unwrap();
    assert!(!get_inheritable(&other).unwrap());
}

#[test]
fn dup2_onto_itself_leaves_the_flag_or_is_einval() {
    let fd = open("/dev/null", OFlags::RDWR, mode(0)).unwrap();
    let number = fd.as_raw_fd();
    // SAFETY: the descriptor is copied onto itself, which changes nothing.
    assert_eq!(unsafe { dup2(&fd, number, Inherit::Yes) }, Ok(number));
    assert!(!get_inheritable(&fd).unwrap());
    // SAFETY: as above.
    assert_eq!(errno(unsafe { dup2(&fd, number, Inherit::No) }), Errno::INVAL);
}

#[test]
fn dup2_to_an_impossible_number_is_ebadf() {
    let fd = open("/dev/null", OFlags::RDWR, mode(0)).unwrap();
    for number in [-1, RawFd::MAX] {
        for inherit in [Inherit::Yes, Inherit::No] {
            // SAFETY: nothing has such a number.
            assert_eq!(errno(unsafe { dup2(&fd, number, inherit) }), Errno::BADF);
        }
    }
}

#[test]
fn closerange_closes_below_its_end_and_ignores_errors_and_inverted_ranges() {
    alone("descriptors::closerange_closes_below_its_end_and_ignores_errors_and_inverted_ranges", || {
        const BASE: RawFd = 500;
        let null = open("/dev/null", OFlags::RDWR, mode(0)).unwrap();
        for number in BASE..BASE + 4 {
            // SAFETY: nothing else has these numbers in this process.
            unsafe { dup2(&null, number, Inherit::No) }.unwrap();
        }
        let is_open = |number: RawFd| std::fs::exists(format!("/proc/self/fd/{number}")).unwrap();
        // SAFETY: the descriptors were made above, and belong to nobody else.
        unsafe { closerange(BASE + 2, BASE) };
        assert!((BASE..BASE + 4).all(is_open));
        // SAFETY: as above; most of the range was never open.
        unsafe { closerange(BASE - 10, BASE + 3) };
        assert_eq!([BASE, BASE + 2, BASE + 3].map(is_open), [false, false, true]);
    });
}

#[test]
fn open_honours_the_mode_and_only_for_what_is_new() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new();
    let bits = || std::fs::metadata(dir.path("f")).unwrap().permissions().mode() & 0o777;
    drop(open((&dir.fd, "f"), OFlags::CREAT | OFlags::WRONLY, mode(0o600)).unwrap());
    assert_eq!(bits(), 0o600);
    drop(open((&dir.fd, "f"), OFlags::CREAT | OFlags::WRONLY, mode(0o640)).unwrap());
    assert_eq!(bits(), 0o600);
    assert_eq!(errno(open((&dir.fd, "f"), OFlags::CREAT | OFlags::EXCL, mode(0o600))), Errno::EXIST);
}

#[test]
fn a_borrowed_descriptor_is_as_good_as_an_owned_one() {
    let dir = Dir::new();
    dir.file("f", "");
    let borrowed: BorrowedFd<'_> = dir.fd.as_fd();
    let by_owned = fs_core::stat((&dir.fd, "f"), fs_core::Follow::Yes).unwrap().st_ino();
    assert_eq!(fs_core::stat((borrowed, "f"), fs_core::Follow::Yes).unwrap().st_ino(), by_owned);
    assert_eq!(fs_core::stat(borrowed, fs_core::Follow::Yes).unwrap().file_type(), FileType::Directory);
}

#[test]
fn handles_are_of_windows() {
    let nowhere = Error::Unsupported(Unsupported::Windows);
    assert_eq!(fs_core::get_handle_inheritable(0), Err(nowhere));
    assert_eq!(fs_core::set_handle_inheritable(0, true), Err(nowhere));
}
