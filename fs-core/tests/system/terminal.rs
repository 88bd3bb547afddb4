//! Terminals.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use fs_core::{Errno, Error, Mode, OFlags, Pid, TerminalSize};
use fs_core::{
    ctermid, device_encoding, fdopen, get_inheritable, get_terminal_size, getlogin, getpgrp, isatty, open, openpty,
    pipe, setsid, tcgetpgrp, tcsetpgrp, ttyname,
};

use crate::support::{in_child, in_child_with, python};

const NOTTY: Error = Error::Os(Errno::NOTTY);

#[test]
fn what_is_written_to_a_master_is_read_from_its_terminal_and_neither_is_inheritable() {
    let (master, slave) = openpty().unwrap();
    assert_eq!((get_inheritable(&master), get_inheritable(&slave)), (Ok(false), Ok(false)));
    assert!(isatty(&master) && isatty(&slave));
    File::from(master.try_clone().unwrap()).write_all(b"line\n").unwrap();
    let mut buf = [0; 16];
    let count = fs_core::read(&slave, &mut buf).unwrap();
    assert_eq!(&buf[..count], b"line\n");
}

#[test]
fn a_terminal_has_a_path_of_its_own_and_every_master_the_same() {
    let (master, slave) = openpty().unwrap();
    assert_eq!(ttyname(&master).as_deref(), Ok(Path::new("/dev/ptmx")));
    let path = ttyname(&slave).unwrap();
    assert!(path.starts_with("/dev/pts"), "{path:?}");
    let again = open(&path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let ino = |fd| fs_core::fstat(fd).unwrap().st_ino();
    assert_eq!(ino(&again), ino(&slave));
}

#[test]
fn the_size_is_0_by_0_until_somebody_says_it() {
    let (master, slave) = openpty().unwrap();
    assert_eq!(get_terminal_size(&slave), Ok(TerminalSize { columns: 0, lines: 0 }));
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&master, size).unwrap();
    assert_eq!(get_terminal_size(&slave), Ok(TerminalSize { columns: 80, lines: 24 }));
}

#[test]
fn what_is_no_terminal_is_told_so() {
    let (read_end, _write_end) = pipe().unwrap();
    let null = open("/dev/null", OFlags::RDWR, Mode::empty()).unwrap();
    for fd in [&read_end, &null] {
        assert!(!isatty(fd));
        assert_eq!(ttyname(fd), Err(NOTTY));
        assert_eq!(get_terminal_size(fd), Err(NOTTY));
        assert_eq!(tcgetpgrp(fd), Err(NOTTY));
        assert_eq!(tcsetpgrp(fd, Pid::INIT), Err(NOTTY));
        assert_eq!(device_encoding(fd), None);
    }
}

#[test]
fn a_master_without_a_session_has_no_group_in_the_foreground() {
    let (master, slave) = openpty().unwrap();
    assert_eq!(tcgetpgrp(&master), Ok(None));
    // Not the controlling terminal of this process.
    assert_eq!(tcgetpgrp(&slave), Err(NOTTY));
}

#[test]
fn a_group_of_the_session_is_put_into_the_foreground() {
    in_child("terminal::a_group_of_the_session_is_put_into_the_foreground", || {
        let (master, slave) = openpty().unwrap();
        setsid().unwrap();
        // `openpty` made it nobody's.
        assert_eq!(tcgetpgrp(&slave), Err(NOTTY));
        rustix::process::ioctl_tiocsctty(&slave).unwrap();
        assert_eq!((tcgetpgrp(&slave), tcgetpgrp(&master)), (Ok(getpgrp()), Ok(getpgrp())));
        // Of another session, as far as it is seen from here.
        let other = Pid::from_raw(1 << 23).unwrap();
        assert!(tcsetpgrp(&slave, other).is_err());
        let mut child = Command::new("cat").stdin(Stdio::piped()).process_group(0).spawn().unwrap();
        let group = Pid::from_raw(child.id().cast_signed()).unwrap();
        tcsetpgrp(&slave, group).unwrap();
        assert_eq!((tcgetpgrp(&slave), tcgetpgrp(&master)), (Ok(Some(group)), Ok(Some(group))));
        drop(child.stdin.take());
        child.wait().unwrap();
        // Without its master the terminal is hung up, which ends the leader of the session.
        std::mem::forget(master);
    });
}

#[test]
fn the_own_terminal_has_a_fixed_name() {
    assert_eq!(ctermid(), Path::new("/dev/tty"));
}

#[test]
fn nobody_is_logged_in_without_a_terminal() {
    let no_input = |command: &mut Command| {
        command.stdin(Stdio::null());
    };
    in_child_with("terminal::nobody_is_logged_in_without_a_terminal", no_input, || {
        setsid().unwrap();
        let answer = getlogin();
        let script = "import os\ntry: print(os.getlogin())\nexcept OSError as error: print(error.errno)";
        let told = answer
            .clone()
            .map_or_else(|error| error.errno().raw_os_error().to_string(), |name| name.into_string().unwrap());
        if let Some(words) = python(script) {
            // Which CPython passes on as the C library has it, with a minus on Debian 13.
            assert_eq!(words[0].trim_start_matches('-'), told);
        }
        // A session that a login has marked keeps its user, with a terminal or without.
        let marked = std::fs::read_to_string("/proc/self/loginuid").is_ok_and(|text| text.trim() != "4294967295");
        if !marked {
            let errno = answer.unwrap_err().errno();
            assert!([Errno::NXIO, Errno::NOTTY, Errno::NOENT].contains(&errno), "{errno}");
        }
    });
}

#[test]
fn the_encoding_is_that_of_the_users_locale() {
    let name = "terminal::the_encoding_is_that_of_the_users_locale";
    for (locale, encoding) in [("C.UTF-8", "UTF-8"), ("C", "ANSI_X3.4-1968"), ("no_SUCH", "ANSI_X3.4-1968")] {
        let prepare = |command: &mut Command| {
            command.env("LC_ALL", locale).env("OSPREY_ENCODING", encoding);
        };
        in_child_with(name, prepare, || {
            let (_master, slave) = openpty().unwrap();
            assert_eq!(device_encoding(&slave), std::env::var("OSPREY_ENCODING").ok());
        });
    }
}

#[test]
fn a_descriptor_becomes_a_file_that_closes_it_unless_it_is_a_directory() {
    let fd = fs_core::memfd_create("file", fs_core::MFD_CLOEXEC).unwrap();
    let mut file = fdopen(fd).unwrap();
    file.write_all(b"text").unwrap();
    file.seek(SeekFrom::Start(1)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "ext");
    let (read_end, write_end) = pipe().unwrap();
    drop(fdopen(write_end).unwrap());
    assert_eq!(fs_core::read(&read_end, &mut [0]), Ok(0), "the write end is closed");
    let dir = open("/", OFlags::RDONLY, Mode::empty()).unwrap();
    assert_eq!(fdopen(dir).map(drop), Err(Error::Os(Errno::ISDIR)));
}
