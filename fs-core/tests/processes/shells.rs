//! Commands for the shell.

use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;
use std::{fs, thread};

use fs_core::{
    Errno, Error, Inherit, Mode, OFlags, PopenMode, WNOHANG, WaitOptions, dup2, get_inheritable, kill, open, popen,
    system, waitpid,
};

use crate::fixture::{alone, end_of, errno};

#[test]
fn system_gives_a_wait_status() {
    let status = |command: &str| system(command).unwrap().as_raw();
    assert_eq!(status("true"), 0);
    assert_eq!(status("exit 3"), 768);
    assert_eq!(status("kill -9 $$"), 9);
    assert_eq!(status("no-such-command-at-all 2>/dev/null"), 127 << 8);
    assert_eq!(status(""), 0);
    assert_eq!(system("a\0b"), Err(Error::EmbeddedNul));
}

#[test]
fn system_leaves_the_interrupt_to_the_command_and_then_takes_it_back() {
    let name = "shells::system_leaves_the_interrupt_to_the_command_and_then_takes_it_back";
    let end = end_of(name, "", || {
        // The shell interrupts this process, and then itself.
        let status = system("kill -INT $PPID; kill -INT $$; exit 1").unwrap();
        assert_eq!((status.signaled(), status.term_signal()), (true, libc::SIGINT));
        println!("went on");
        kill(rustix::process::getpid().as_raw_pid(), libc::SIGINT).unwrap();
    });
    let Some((status, printed)) = end else { return };
    assert_eq!((printed.as_str(), status.exit_code()), ("went on\n", Some(-libc::SIGINT)));
}

#[test]
fn the_output_of_a_command_is_read() {
    let mut stream = popen("echo one; echo two", PopenMode::Read).unwrap();
    assert_eq!(get_inheritable(&stream), Ok(false));
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), stream.close()), ("one\ntwo\n", Ok(None)));
}

#[test]
fn the_input_of_a_command_is_written_and_ends_when_the_stream_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    let mut stream = popen(&format!("cat >'{}'; exit 2", file.display()), PopenMode::Write).unwrap();
    stream.write_all(b"text").unwrap();
    assert_eq!(stream.close(), Ok(Some(2 << 8)));
    assert_eq!(fs::read(&file).unwrap(), b"text");
}

#[test]
fn closing_gives_none_or_256_times_the_exit_status_or_the_negative_signal() {
    let close = |command: &str| popen(command, PopenMode::Read).unwrap().close();
    assert_eq!(close("exit 0"), Ok(None));
    assert_eq!(close("exit 3"), Ok(Some(768)));
    assert_eq!(close("kill -9 $$"), Ok(Some(-2304)));
    assert_eq!(close("exec /no/such 2>/dev/null"), Ok(Some(127 << 8)));
}

#[test]
fn the_wrong_direction_is_ebadf() {
    let bad = Some(libc::EBADF);
    let mut reader = popen("true", PopenMode::Read).unwrap();
    assert_eq!(reader.write(b"x").unwrap_err().raw_os_error(), bad);
    let mut writer = popen("true", PopenMode::Write).unwrap();
    assert_eq!(writer.read(&mut [0]).unwrap_err().raw_os_error(), bad);
    assert_eq!((reader.close(), writer.close()), (Ok(None), Ok(None)));
    assert!(matches!(popen("a\0b", PopenMode::Read), Err(Error::EmbeddedNul)));
}

#[test]
#[expect(unsafe_code, reason = "puts descriptors at numbers that are known")]
fn a_command_has_the_standard_descriptors_and_no_others() {
    alone("shells::a_command_has_the_standard_descriptors_and_no_others", || {
        let null = open("/dev/null", OFlags::RDONLY, Mode::empty()).unwrap();
        for (number, inherit) in [(200, Inherit::Yes), (201, Inherit::No)] {
            // SAFETY: nobody else has this number in this process.
            unsafe { dup2(&null, number, inherit) }.unwrap();
        }
        let mut text = String::new();
        let mut stream =
            popen("for n in 0 1 2 200 201; do [ -e /proc/$$/fd/$n ] && echo $n; done", PopenMode::Read).unwrap();
        stream.read_to_string(&mut text).unwrap();
        stream.close().unwrap();
        assert_eq!(text, "0\n1\n2\n");
    });
}

#[test]
#[expect(unsafe_code, reason = "closes the standard input")]
fn a_pipe_at_the_number_of_a_standard_descriptor_is_no_trouble() {
    alone("shells::a_pipe_at_the_number_of_a_standard_descriptor_is_no_trouble", || {
        // SAFETY: nothing in this process reads its standard input.
        unsafe { fs_core::closerange(0, 1) };
        let mut stream = popen("read line; echo \"$line\" >&2; exit 5", PopenMode::Write).unwrap();
        stream.write_all(b"line\n").unwrap();
        assert_eq!(stream.close(), Ok(Some(5 << 8)));
        let mut stream = popen("echo read", PopenMode::Read).unwrap();
        assert_eq!(stream.as_fd().as_raw_fd(), 0);
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), stream.close()), ("read\n", Ok(None)));
    });
}

#[test]
fn a_command_does_not_ignore_broken_pipes() {
    let stream = popen("while echo y; do :; done", PopenMode::Read).unwrap();
    // The end of what is read ends the command: by the signal, or the loop would go on.
    assert_eq!(stream.close(), Ok(Some(-libc::SIGPIPE << 8)));
}

#[test]
fn a_stream_that_is_dropped_waits_for_nothing() {
    alone("shells::a_stream_that_is_dropped_waits_for_nothing", || {
        let ended = popen("exit 1", PopenMode::Read).unwrap();
        let pid = ended.pid();
        fs_core::waitid(fs_core::IdType::Pid(pid), fs_core::WEXITED | fs_core::WNOWAIT).unwrap();
        drop(ended);
        assert_eq!(errno(waitpid(pid.as_raw_pid(), WNOHANG)), Errno::CHILD, "it has ended, and is gone");

        let running = popen("exec sleep 60", PopenMode::Read).unwrap();
        let pid = running.pid().as_raw_pid();
        drop(running);
        thread::sleep(Duration::from_millis(10));
        assert_eq!(waitpid(pid, WNOHANG).unwrap().0, 0, "it runs on");
        kill(pid, libc::SIGKILL).unwrap();
        assert_eq!(waitpid(pid, WaitOptions::empty()).unwrap().0, pid);
    });
}
