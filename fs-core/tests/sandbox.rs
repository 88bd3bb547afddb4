//! Kernels that lack a call, and sandboxes that say EPERM to what they do not know:
//! the library goes another way, with the same result.
//!
//! A seccomp filter, which is for good, takes the calls away in a thread of its own.
#![expect(unsafe_code, reason = "prctl installs the filter")]
#![expect(clippy::unwrap_used, reason = "functions that only tests call, which clippy does not take for tests")]

use std::env;
use std::ffi::c_long;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use fs_core::{Access, AccessOptions, Errno, Error, Follow, Mode, OFlags, Target, Unsupported, XattrFlags};

/// Runs a test once more in a process of its own, in which the calls fail with `errno`:
/// what the library learned of the kernel must not reach the other tests.
fn without(calls: &[c_long], errno: Errno, name: &str, body: impl FnOnce()) {
    const VARIABLE: &str = "FS_CORE_TEST_SANDBOX";
    let wanted = format!("{name} {errno:?}");
    if env::var(VARIABLE).is_ok_and(|value| value == wanted) {
        deny(calls, errno);
        return body();
    }
    if env::var_os(VARIABLE).is_some() {
        return;
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, &wanted)
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprint!("{stderr}");
    assert!(output.status.success() && stdout.contains("1 passed"), "{wanted}: {stdout}\n{stderr}");
}

/// What a kernel without a call says, and what some sandboxes say.
const ABSENT: [Errno; 2] = [Errno::NOSYS, Errno::PERM];

/// Makes calls fail in this thread, from now on.
fn deny(calls: &[c_long], errno: Errno) {
    const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    // The number is the first field of `struct seccomp_data`.
    let mut program = vec![step(LOAD, 0, 0, 0)];
    for call in calls {
        program.push(step(JUMP_IF_EQUAL, 0, 1, u32::try_from(*call).unwrap()));
        program.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | errno.raw_os_error().cast_unsigned()));
    }
    program.push(step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW));
    let filter = libc::sock_fprog { len: u16::try_from(program.len()).unwrap(), filter: program.as_mut_ptr() };
    // SAFETY: numbers only.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the program outlives the call, which copies it.
    let installed = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) };
    assert_eq!(installed, 0, "{}", std::io::Error::last_os_error());
}

fn fixture() -> (tempfile::TempDir, OwnedFd) {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join("f"), "").unwrap();
    std::os::unix::fs::symlink("f", top.path().join("link")).unwrap();
    let dir = fs_core::open(top.path(), OFlags::PATH, Mode::empty()).unwrap();
    (top, dir)
}

const FCHMODAT2: c_long = 452;
const XATTRAT: [c_long; 4] = [463, 464, 465, 466];

#[test]
fn chmod_without_following_does_without_fchmodat2() {
    for errno in ABSENT {
        without(&[FCHMODAT2], errno, "chmod_without_following_does_without_fchmodat2", || {
            let (top, dir) = fixture();
            for _ in 0..2 {
                fs_core::chmod((&dir, "f"), Mode::RUSR, Follow::No).unwrap();
                let mode = fs::metadata(top.path().join("f")).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o400);
                let error = fs_core::chmod((&dir, "link"), Mode::RWXU, Follow::No).unwrap_err();
                assert_eq!(error.errno(), Errno::OPNOTSUPP);
                let error = fs_core::chmod((&dir, "missing"), Mode::RWXU, Follow::No).unwrap_err();
                assert_eq!(error.errno(), Errno::NOENT);
            }
        });
    }
}

#[test]
fn extended_attributes_below_a_descriptor_do_without_calls_of_their_own() {
    for errno in ABSENT {
        without(&XATTRAT, errno, "extended_attributes_below_a_descriptor_do_without_calls_of_their_own", || {
            let (_top, dir) = fixture();
            let (yes, no) = (Follow::Yes, Follow::No);
            let at = |name| Target::from((&dir, name));
            match fs_core::setxattr(at("f"), "user.k", b"v", XattrFlags::CREATE, yes) {
                Err(Error::Os(Errno::NOTSUP)) => return eprintln!("not run: no user attributes here"),
                result => result.unwrap(),
            }
            assert_eq!(fs_core::getxattr(at("f"), "user.k", no).unwrap(), b"v");
            assert_eq!(fs_core::getxattr(at("link"), "user.k", yes).unwrap(), b"v");
            let error = |result: fs_core::Result<Vec<u8>>| result.unwrap_err().errno();
            assert_eq!(error(fs_core::getxattr(at("link"), "user.k", no)), Errno::NODATA);
            assert_eq!(error(fs_core::getxattr(at("missing"), "user.k", yes)), Errno::NOENT);
            assert_eq!(error(fs_core::getxattr(at(""), "user.k", yes)), Errno::NOENT);
            assert_eq!(error(fs_core::getxattr(at("f/x"), "user.k", yes)), Errno::NOTDIR);
            // Too long behind `/proc/self/fd/N`, but not by itself.
            let long = format!("{}f", "./".repeat(2047));
            assert_eq!(fs_core::getxattr((&dir, &long), "user.k", yes).unwrap(), b"v");
            assert_eq!(fs_core::getxattr((&dir, &long), "user.k", no).unwrap(), b"v");
            let long = format!("{}link", "./".repeat(2045));
            assert_eq!(error(fs_core::getxattr((&dir, &long), "user.k", no)), Errno::NODATA);
            assert!(fs_core::listxattr(at("f"), yes).unwrap().iter().any(|name| name == "user.k"));
            fs_core::removexattr(at("f"), "user.k", no).unwrap();
            // A refusal of the call itself stays one.
            let set = fs_core::setxattr(at("link"), "user.k", b"v", XattrFlags::empty(), no);
            assert_eq!(set.unwrap_err().errno(), Errno::PERM);
        });
    }
}

#[test]
fn options_of_access_that_the_kernel_lacks_are_unsupported_and_not_an_answer() {
    let name = "options_of_access_that_the_kernel_lacks_are_unsupported_and_not_an_answer";
    without(&[libc::SYS_faccessat2], Errno::NOSYS, name, || {
        let (_top, dir) = fixture();
        let plain = AccessOptions::default();
        let nofollow = AccessOptions { follow: Follow::No, ..plain };
        assert!(fs_core::access((&dir, "f"), Access::EXISTS, plain));
        let answer = fs_core::try_access((&dir, "f"), Access::EXISTS, nofollow);
        assert_eq!(answer, Err(Error::Unsupported(Unsupported::ThisKernel)));
        assert!(!fs_core::access((&dir, "f"), Access::EXISTS, nofollow));
        assert!(!fs_core::supports_follow_symlinks().contains(fs_core::OsFnSet::ACCESS));
        assert!(fs_core::supports_follow_symlinks().contains(fs_core::OsFnSet::STAT));
    });
}

#[test]
fn what_a_sandbox_refuses_is_not_among_what_is_supported() {
    let name = "what_a_sandbox_refuses_is_not_among_what_is_supported";
    for errno in ABSENT {
        without(&[libc::SYS_faccessat2], errno, name, || {
            for _ in 0..2 {
                // Where the kernel lacks the call, the real ids are asked for if they are the effective ones.
                let effective =
                    if errno == Errno::NOSYS { fs_core::OsFnSet::ACCESS } else { fs_core::OsFnSet::empty() };
                assert_eq!(fs_core::supports_effective_ids(), effective);
                assert!(!fs_core::supports_follow_symlinks().contains(fs_core::OsFnSet::ACCESS));
            }
        });
    }
}

#[test]
fn closerange_does_without_close_range() {
    for errno in ABSENT {
        without(&[libc::SYS_close_range], errno, "closerange_does_without_close_range", || {
            let null = fs_core::open("/dev/null", OFlags::RDONLY, Mode::empty()).unwrap();
            for number in [500, 502] {
                // SAFETY: nothing else has these numbers in this process.
                unsafe { fs_core::dup2(&null, number, fs_core::Inherit::No) }.unwrap();
            }
            // SAFETY: the descriptors were made above, and belong to nobody else.
            unsafe { fs_core::closerange(499, 502) };
            let is_open = |number: i32| fs::exists(format!("/proc/self/fd/{number}")).unwrap();
            assert!(!is_open(500) && is_open(502));
        });
    }
}

#[test]
fn random_bytes_come_from_the_device_without_getrandom() {
    for errno in ABSENT {
        without(&[libc::SYS_getrandom], errno, "random_bytes_come_from_the_device_without_getrandom", || {
            let (mut one, mut two) = ([0; 4096], [0; 4096]);
            assert_eq!(fs_core::getrandom(&mut one, fs_core::GrndFlags::empty()), Err(Error::Os(errno)));
            assert_eq!((fs_core::urandom(&mut one), fs_core::urandom(&mut two)), (Ok(()), Ok(())));
            assert_ne!(one, two);
            assert!(one[4000..].iter().any(|byte| *byte != 0));
        });
    }
}

#[test]
fn random_bytes_are_unsupported_without_getrandom_and_the_device() {
    let name = "random_bytes_are_unsupported_without_getrandom_and_the_device";
    without(&[libc::SYS_getrandom], Errno::NOSYS, name, || {
        // A root directory without devices; who may not make it one leaves the test.
        let top = tempfile::tempdir().unwrap();
        match fs_core::chroot(top.path()) {
            Err(Error::Os(Errno::PERM)) => return eprintln!("not run: only root may change the root"),
            result => result.unwrap(),
        }
        assert_eq!(fs_core::urandom(&mut [0; 8]), Err(Error::Unsupported(Unsupported::ThisKernel)));
    });
}
