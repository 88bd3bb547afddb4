//! Constants that C and Python have under one name, Python each in a module.

use fs_core::op::{
    Advice, FileKind, LimitArg, LockCommand, LockKind, LockOwner, SignalAction, SignalArg, WhenceArg, YesNo,
};

pub(super) fn whence(whence: WhenceArg) -> &'static str {
    match whence {
        WhenceArg::Set => "SEEK_SET",
        WhenceArg::Cur => "SEEK_CUR",
        WhenceArg::End => "SEEK_END",
        WhenceArg::Data => "SEEK_DATA",
        WhenceArg::Hole => "SEEK_HOLE",
    }
}

pub(super) fn advice(advice: Advice) -> &'static str {
    match advice {
        Advice::Normal => "POSIX_FADV_NORMAL",
        Advice::Sequential => "POSIX_FADV_SEQUENTIAL",
        Advice::Random => "POSIX_FADV_RANDOM",
        Advice::NoReuse => "POSIX_FADV_NOREUSE",
        Advice::WillNeed => "POSIX_FADV_WILLNEED",
        Advice::DontNeed => "POSIX_FADV_DONTNEED",
    }
}

/// What `lockf` does.
pub(super) fn lock_command(command: LockCommand) -> &'static str {
    match command {
        LockCommand::Lock => "F_LOCK",
        LockCommand::TryLock => "F_TLOCK",
        LockCommand::Unlock => "F_ULOCK",
        LockCommand::Test => "F_TEST",
    }
}

pub(super) fn lock_kind(kind: LockKind) -> &'static str {
    match kind {
        LockKind::Read => "F_RDLCK",
        LockKind::Write => "F_WRLCK",
        LockKind::Unlock => "F_UNLCK",
    }
}

/// The command of `fcntl` that sets a lock.
pub(super) fn setlk(owner: LockOwner, wait: YesNo) -> &'static str {
    match (owner, wait) {
        (LockOwner::Process, YesNo::No) => "F_SETLK",
        (LockOwner::Process, YesNo::Yes) => "F_SETLKW",
        (LockOwner::Ofd, YesNo::No) => "F_OFD_SETLK",
        (LockOwner::Ofd, YesNo::Yes) => "F_OFD_SETLKW",
    }
}

/// The command of `fcntl` that tells of a lock.
pub(super) fn getlk(owner: LockOwner) -> &'static str {
    match owner {
        LockOwner::Process => "F_GETLK",
        LockOwner::Ofd => "F_OFD_GETLK",
    }
}

/// The bits of a mode that say what is made; `None` for a mode without any.
pub(super) fn file_type(kind: FileKind) -> Option<&'static str> {
    match kind {
        FileKind::File => Some("S_IFREG"),
        FileKind::Dir => Some("S_IFDIR"),
        FileKind::Symlink => Some("S_IFLNK"),
        FileKind::Fifo => Some("S_IFIFO"),
        FileKind::Socket => Some("S_IFSOCK"),
        FileKind::Char => Some("S_IFCHR"),
        FileKind::Block => Some("S_IFBLK"),
        FileKind::None => None,
    }
}

pub(super) fn limit(resource: LimitArg) -> &'static str {
    match resource {
        LimitArg::NoFile => "RLIMIT_NOFILE",
        LimitArg::FSize => "RLIMIT_FSIZE",
    }
}

pub(super) fn signal(signal: SignalArg) -> &'static str {
    match signal {
        SignalArg::FileSize => "SIGXFSZ",
        SignalArg::Io => "SIGIO",
    }
}

pub(super) fn action(action: SignalAction) -> &'static str {
    match action {
        SignalAction::Default => "SIG_DFL",
        SignalAction::Ignore => "SIG_IGN",
    }
}

/// What `access` asks, each word with what stands before and after it: `R_OK`, `os.R_OK`.
pub(super) fn access_mode(words: Option<&str>, module: &str) -> String {
    let named = |word: &str| match word.starts_with(|c: char| c.is_ascii_digit()) {
        true => word.to_owned(),
        false => format!("{module}{word}_OK"),
    };
    words.unwrap_or("F").split('|').map(named).collect::<Vec<_>>().join(" | ")
}

/// Flags of inodes, as the kernel's headers name them.
pub(super) fn inode_flags(words: Option<&str>) -> String {
    let named = |word: &str| match word.starts_with(|c: char| c.is_ascii_digit()) {
        true => word.to_owned(),
        false => format!("FS_{word}_FL"),
    };
    words.unwrap_or("0").split('|').map(named).collect::<Vec<_>>().join(" | ")
}
