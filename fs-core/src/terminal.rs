//! Terminals: what is behind a descriptor, pseudo-terminals, and who is logged in.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::pty::OpenptFlags;
use rustix::termios;

use crate::{Errno, Mode, OFlags, Pid, Result, open, sys};

/// Whether a descriptor is open on a terminal.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/isatty.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.isatty)
#[doc(alias = "os.isatty")]
pub fn isatty(fd: impl AsFd) -> bool {
    termios::isatty(fd)
}

/// The path of the terminal that a descriptor is open on. That of the master of a
/// pseudo-terminal is `/dev/ptmx`, whichever master it is.
///
/// # Errors
/// - `ENOTTY`: no terminal. `ENODEV`: one that has no path here, but in another mount namespace.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/ttyname.html),
/// [Linux](https://man7.org/linux/man-pages/man3/ttyname.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.ttyname)
#[doc(alias = "os.ttyname")]
pub fn ttyname(fd: impl AsFd) -> Result<PathBuf> {
    let path = termios::ttyname(fd, Vec::new())?;
    Ok(OsString::from_vec(path.into_bytes()).into())
}

/// The path by which a process names its own terminal, which it may not have.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/ctermid.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.ctermid)
#[doc(alias = "os.ctermid")]
pub fn ctermid() -> PathBuf {
    OsString::from_vec(sys::terminal::ctermid()).into()
}

/// The name of the user who is logged in on the controlling terminal. A service has none.
///
/// # Errors
/// - `ENXIO`, `ENOTTY`, `ENOENT`: no terminal, or nobody is known to be logged in on it.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/getlogin.html),
/// [Linux](https://man7.org/linux/man-pages/man3/getlogin.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getlogin)
#[doc(alias = "os.getlogin")]
pub fn getlogin() -> Result<OsString> {
    Ok(OsString::from_vec(sys::terminal::getlogin()?))
}

/// The size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "os.terminal_size")]
pub struct TerminalSize {
    /// How many characters a line has; 0 if nobody has said.
    #[doc(alias = "os.terminal_size.columns")]
    pub columns: u16,
    /// How many lines there are; 0 if nobody has said.
    #[doc(alias = "os.terminal_size.lines")]
    pub lines: u16,
}

/// The size of the terminal that a descriptor, usually standard output, is open on.
///
/// The variables `COLUMNS` and `LINES` are not looked at, and the size may be 0 by 0.
///
/// # Errors
/// - `ENOTTY`: no terminal.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man2/TIOCGWINSZ.2const.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.get_terminal_size)
#[doc(alias = "os.get_terminal_size")]
pub fn get_terminal_size(fd: impl AsFd) -> Result<TerminalSize> {
    let size = termios::tcgetwinsize(fd)?;
    Ok(TerminalSize { columns: size.ws_col, lines: size.ws_row })
}

/// The process group in the foreground of a terminal; `None` if there is none, or none
/// that has a number here (Python's 0).
///
/// # Errors
/// - `ENOTTY`: not the controlling terminal of the caller, nor a master.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/tcgetpgrp.html),
/// [Linux](https://man7.org/linux/man-pages/man3/tcgetpgrp.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.tcgetpgrp)
#[doc(alias = "os.tcgetpgrp")]
pub fn tcgetpgrp(fd: impl AsFd) -> Result<Option<Pid>> {
    Ok(sys::ids::tcgetpgrp(fd.as_fd())?)
}

/// Puts a process group into the foreground of a terminal.
///
/// A caller in the background that does not ignore or block `SIGTTOU` is stopped by it.
///
/// # Errors
/// - `ENOTTY`: not the controlling terminal of the caller. `EPERM`: no group of its session.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/tcsetpgrp.html),
/// [Linux](https://man7.org/linux/man-pages/man3/tcgetpgrp.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.tcsetpgrp)
#[doc(alias = "os.tcsetpgrp")]
pub fn tcsetpgrp(fd: impl AsFd, group: Pid) -> Result<()> {
    Ok(termios::tcsetpgrp(fd, group)?)
}

/// Makes a pseudo-terminal: the master, and the terminal that a program is given, neither
/// inheritable. Neither becomes the controlling terminal.
///
/// # Errors
/// - `ENOSPC`: there are as many as the system allows. `EMFILE`, `ENFILE`: no descriptors are left.
/// - `ENOENT`: there is no `/dev/ptmx`.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man3/openpty.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.openpty)
#[doc(alias = "os.openpty")]
pub fn openpty() -> Result<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags)?;
    rustix::pty::grantpt(&master)?;
    rustix::pty::unlockpt(&master)?;
    let slave = match rustix::pty::ioctl_tiocgptpeer(&master, flags) {
        Ok(slave) => slave,
        // Before Linux 4.13.
        Err(Errno::INVAL | Errno::NOTTY) => {
            let path = rustix::pty::ptsname(&master, Vec::new())?;
            open(path.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?
        }
        Err(errno) => return Err(errno.into()),
    };
    Ok((master, slave))
}

/// The encoding of the terminal that a descriptor is open on, which is that of the user's
/// locale (`LC_ALL`, `LC_CTYPE`, `LANG`); `None` if it is no terminal.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man3/nl_langinfo.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.device_encoding)
#[doc(alias = "os.device_encoding")]
pub fn device_encoding(fd: impl AsFd) -> Option<String> {
    isatty(fd).then(sys::terminal::user_encoding)
}
