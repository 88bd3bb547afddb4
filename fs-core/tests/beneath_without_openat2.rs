#![expect(unsafe_code, reason = "a seccomp filter takes openat2 away from this process")]
//! `open_beneath` in a sandbox that does not know `openat2`: a process of its own,
//! because whether the call exists is asked once.

use std::os::unix::fs::symlink;

use fs_core::linux::{ResolveFlags, open_beneath, openat2};
use fs_core::{Errno, Mode, OFlags, open};

/// Makes `openat2` say `EPERM`, as sandboxes do with calls that they do not know.
fn take_openat2_away() {
    let statement = |code: u32, k: u32, jt, jf| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut filter = [
        // The number of the call is the first field of `seccomp_data`.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, libc::SYS_openat2 as u32, 0, 1),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32, 0, 0),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: numbers only.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the program and its statements outlive the call, which copies them.
    let result = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
}

#[test]
fn walks_where_openat2_is_missing() {
    let top = tempfile::tempdir().unwrap();
    std::fs::create_dir(top.path().join("d")).unwrap();
    std::fs::write(top.path().join("d/f"), "").unwrap();
    symlink("d", top.path().join("l")).unwrap();
    symlink("..", top.path().join("up")).unwrap();
    let root = open(top.path(), OFlags::PATH, Mode::empty()).unwrap();
    take_openat2_away();

    let error = openat2((&root, "d"), OFlags::PATH, Mode::empty(), ResolveFlags::BENEATH).unwrap_err();
    assert_eq!(error.errno(), Errno::PERM);
    let opened = |path: &str| open_beneath((&root, path), OFlags::RDONLY, Mode::empty(), ResolveFlags::BENEATH);
    for _ in 0..2 {
        assert!(opened("l/../l/f").is_ok());
        assert_eq!(opened("up").unwrap_err().errno(), Errno::XDEV);
        assert_eq!(opened("l/g").unwrap_err().errno(), Errno::NOENT);
    }
}
