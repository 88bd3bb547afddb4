//! The value of a constant, by its name in Python.

use super::{flags, names, process, stat_consts};
use crate::{Error, Result, Unsupported};

/// The value of a constant of the `os` module that is a number, by its Python name:
/// `O_CREAT`, `EX_USAGE`, `stat.S_IFREG`.
///
/// # Errors
/// - [`Error::Unsupported`]: the constant is one of another system.
/// - [`Error::Invalid`]: there is no such constant.
#[doc(alias = "os.O_BINARY")]
#[doc(alias = "os.O_NOINHERIT")]
#[doc(alias = "os.O_SHORT_LIVED")]
#[doc(alias = "os.O_TEMPORARY")]
#[doc(alias = "os.O_RANDOM")]
#[doc(alias = "os.O_SEQUENTIAL")]
#[doc(alias = "os.O_TEXT")]
#[doc(alias = "os.O_SHLOCK")]
#[doc(alias = "os.O_EXLOCK")]
#[doc(alias = "os.P_DETACH")]
#[doc(alias = "os.P_OVERLAY")]
#[doc(alias = "os.SF_NODISKIO")]
#[doc(alias = "os.SF_MNOWAIT")]
#[doc(alias = "os.SF_SYNC")]
#[doc(alias = "os.EX_NOTFOUND")]
#[doc(alias = "os.SCHED_SPORADIC")]
#[doc(alias = "os.stat.UF_NODUMP")]
#[doc(alias = "os.stat.UF_IMMUTABLE")]
#[doc(alias = "os.stat.UF_APPEND")]
#[doc(alias = "os.stat.UF_OPAQUE")]
#[doc(alias = "os.stat.UF_NOUNLINK")]
#[doc(alias = "os.stat.UF_COMPRESSED")]
#[doc(alias = "os.stat.UF_HIDDEN")]
#[doc(alias = "os.stat.SF_ARCHIVED")]
#[doc(alias = "os.stat.SF_IMMUTABLE")]
#[doc(alias = "os.stat.SF_APPEND")]
#[doc(alias = "os.stat.SF_NOUNLINK")]
#[doc(alias = "os.stat.SF_SNAPSHOT")]
pub fn constant(name: &str) -> Result<i64> {
    if let Some((_, value)) = VALUES.iter().chain(process::VALUES).find(|(known, _)| *known == name) {
        return Ok(*value);
    }
    match ELSEWHERE.iter().find(|(known, _)| *known == name) {
        Some((_, place)) => Err(Error::Unsupported(*place)),
        None => Err(Error::Invalid("no such constant in the os module")),
    }
}

static VALUES: &[(&str, i64)] = &[
    ("O_RDONLY", flags::O_RDONLY.bits() as i64),
    ("O_WRONLY", flags::O_WRONLY.bits() as i64),
    ("O_RDWR", flags::O_RDWR.bits() as i64),
    ("O_APPEND", flags::O_APPEND.bits() as i64),
    ("O_CREAT", flags::O_CREAT.bits() as i64),
    ("O_EXCL", flags::O_EXCL.bits() as i64),
    ("O_TRUNC", flags::O_TRUNC.bits() as i64),
    ("O_DSYNC", flags::O_DSYNC.bits() as i64),
    ("O_RSYNC", flags::O_RSYNC.bits() as i64),
    ("O_SYNC", flags::O_SYNC.bits() as i64),
    ("O_NDELAY", flags::O_NDELAY.bits() as i64),
    ("O_NONBLOCK", flags::O_NONBLOCK.bits() as i64),
    ("O_NOCTTY", flags::O_NOCTTY.bits() as i64),
    ("O_CLOEXEC", flags::O_CLOEXEC.bits() as i64),
    ("O_ASYNC", flags::O_ASYNC.bits() as i64),
    ("O_DIRECT", flags::O_DIRECT.bits() as i64),
    ("O_DIRECTORY", flags::O_DIRECTORY.bits() as i64),
    ("O_NOFOLLOW", flags::O_NOFOLLOW.bits() as i64),
    ("O_NOATIME", flags::O_NOATIME.bits() as i64),
    ("O_PATH", flags::O_PATH.bits() as i64),
    ("O_TMPFILE", flags::O_TMPFILE.bits() as i64),
    ("SEEK_SET", flags::SEEK_SET as i64),
    ("SEEK_CUR", flags::SEEK_CUR as i64),
    ("SEEK_END", flags::SEEK_END as i64),
    ("SEEK_DATA", flags::SEEK_DATA as i64),
    ("SEEK_HOLE", flags::SEEK_HOLE as i64),
    ("F_LOCK", flags::F_LOCK as i64),
    ("F_TLOCK", flags::F_TLOCK as i64),
    ("F_ULOCK", flags::F_ULOCK as i64),
    ("F_TEST", flags::F_TEST as i64),
    ("POSIX_FADV_NORMAL", flags::POSIX_FADV_NORMAL as i64),
    ("POSIX_FADV_SEQUENTIAL", flags::POSIX_FADV_SEQUENTIAL as i64),
    ("POSIX_FADV_RANDOM", flags::POSIX_FADV_RANDOM as i64),
    ("POSIX_FADV_NOREUSE", flags::POSIX_FADV_NOREUSE as i64),
    ("POSIX_FADV_WILLNEED", flags::POSIX_FADV_WILLNEED as i64),
    ("POSIX_FADV_DONTNEED", flags::POSIX_FADV_DONTNEED as i64),
    ("RWF_NOWAIT", flags::RWF_NOWAIT.bits() as i64),
    ("RWF_HIPRI", flags::RWF_HIPRI.bits() as i64),
    ("RWF_DSYNC", flags::RWF_DSYNC.bits() as i64),
    ("RWF_SYNC", flags::RWF_SYNC.bits() as i64),
    ("F_OK", flags::F_OK.bits() as i64),
    ("R_OK", flags::R_OK.bits() as i64),
    ("W_OK", flags::W_OK.bits() as i64),
    ("X_OK", flags::X_OK.bits() as i64),
    ("ST_RDONLY", flags::ST_RDONLY.bits() as i64),
    ("ST_NOSUID", flags::ST_NOSUID.bits() as i64),
    ("ST_NODEV", flags::ST_NODEV.bits() as i64),
    ("ST_NOEXEC", flags::ST_NOEXEC.bits() as i64),
    ("ST_SYNCHRONOUS", flags::ST_SYNCHRONOUS.bits() as i64),
    ("ST_MANDLOCK", flags::ST_MANDLOCK.bits() as i64),
    ("ST_WRITE", flags::ST_WRITE.bits() as i64),
    ("ST_APPEND", flags::ST_APPEND.bits() as i64),
    ("ST_IMMUTABLE", flags::ST_IMMUTABLE.bits() as i64),
    ("ST_NOATIME", flags::ST_NOATIME.bits() as i64),
    ("ST_NODIRATIME", flags::ST_NODIRATIME.bits() as i64),
    ("ST_RELATIME", flags::ST_RELATIME.bits() as i64),
    ("XATTR_CREATE", flags::XATTR_CREATE.bits() as i64),
    ("XATTR_REPLACE", flags::XATTR_REPLACE.bits() as i64),
    ("MFD_CLOEXEC", flags::MFD_CLOEXEC.bits() as i64),
    ("MFD_ALLOW_SEALING", flags::MFD_ALLOW_SEALING.bits() as i64),
    ("MFD_HUGETLB", flags::MFD_HUGETLB.bits() as i64),
    ("MFD_HUGE_64KB", flags::MFD_HUGE_64KB.bits() as i64),
    ("MFD_HUGE_512KB", flags::MFD_HUGE_512KB.bits() as i64),
    ("MFD_HUGE_1MB", flags::MFD_HUGE_1MB.bits() as i64),
    ("MFD_HUGE_2MB", flags::MFD_HUGE_2MB.bits() as i64),
    ("MFD_HUGE_8MB", flags::MFD_HUGE_8MB.bits() as i64),
    ("MFD_HUGE_16MB", flags::MFD_HUGE_16MB.bits() as i64),
    ("MFD_HUGE_32MB", flags::MFD_HUGE_32MB.bits() as i64),
    ("MFD_HUGE_256MB", flags::MFD_HUGE_256MB.bits() as i64),
    ("MFD_HUGE_512MB", flags::MFD_HUGE_512MB.bits() as i64),
    ("MFD_HUGE_1GB", flags::MFD_HUGE_1GB.bits() as i64),
    ("MFD_HUGE_2GB", flags::MFD_HUGE_2GB.bits() as i64),
    ("MFD_HUGE_16GB", flags::MFD_HUGE_16GB.bits() as i64),
    ("MFD_HUGE_SHIFT", flags::MFD_HUGE_SHIFT as i64),
    ("MFD_HUGE_MASK", flags::MFD_HUGE_MASK as i64),
    ("XATTR_SIZE_MAX", crate::XATTR_SIZE_MAX as i64),
    ("EX_OK", names::EX_OK as i64),
    ("EX_USAGE", names::EX_USAGE as i64),
    ("EX_DATAERR", names::EX_DATAERR as i64),
    ("EX_NOINPUT", names::EX_NOINPUT as i64),
    ("EX_NOUSER", names::EX_NOUSER as i64),
    ("EX_NOHOST", names::EX_NOHOST as i64),
    ("EX_UNAVAILABLE", names::EX_UNAVAILABLE as i64),
    ("EX_SOFTWARE", names::EX_SOFTWARE as i64),
    ("EX_OSERR", names::EX_OSERR as i64),
    ("EX_OSFILE", names::EX_OSFILE as i64),
    ("EX_CANTCREAT", names::EX_CANTCREAT as i64),
    ("EX_IOERR", names::EX_IOERR as i64),
    ("EX_TEMPFAIL", names::EX_TEMPFAIL as i64),
    ("EX_PROTOCOL", names::EX_PROTOCOL as i64),
    ("EX_NOPERM", names::EX_NOPERM as i64),
    ("EX_CONFIG", names::EX_CONFIG as i64),
    ("RTLD_LAZY", names::RTLD_LAZY as i64),
    ("RTLD_NOW", names::RTLD_NOW as i64),
    ("RTLD_GLOBAL", names::RTLD_GLOBAL as i64),
    ("RTLD_LOCAL", names::RTLD_LOCAL as i64),
    ("RTLD_NODELETE", names::RTLD_NODELETE as i64),
    ("RTLD_NOLOAD", names::RTLD_NOLOAD as i64),
    ("RTLD_DEEPBIND", names::RTLD_DEEPBIND as i64),
    ("PRIO_PROCESS", crate::PRIO_PROCESS as i64),
    ("PRIO_PGRP", crate::PRIO_PGRP as i64),
    ("PRIO_USER", crate::PRIO_USER as i64),
    ("SCHED_OTHER", crate::SCHED_OTHER.as_raw() as i64),
    ("SCHED_BATCH", crate::SCHED_BATCH.as_raw() as i64),
    ("SCHED_IDLE", crate::SCHED_IDLE.as_raw() as i64),
    ("SCHED_FIFO", crate::SCHED_FIFO.as_raw() as i64),
    ("SCHED_RR", crate::SCHED_RR.as_raw() as i64),
    ("SCHED_RESET_ON_FORK", crate::SCHED_RESET_ON_FORK.as_raw() as i64),
    ("GRND_NONBLOCK", crate::GRND_NONBLOCK.bits() as i64),
    ("GRND_RANDOM", crate::GRND_RANDOM.bits() as i64),
    ("stat.S_ISUID", stat_consts::S_ISUID.bits() as i64),
    ("stat.S_ISGID", stat_consts::S_ISGID.bits() as i64),
    ("stat.S_ENFMT", stat_consts::S_ENFMT.bits() as i64),
    ("stat.S_ISVTX", stat_consts::S_ISVTX.bits() as i64),
    ("stat.S_IREAD", stat_consts::S_IREAD.bits() as i64),
    ("stat.S_IWRITE", stat_consts::S_IWRITE.bits() as i64),
    ("stat.S_IEXEC", stat_consts::S_IEXEC.bits() as i64),
    ("stat.S_IRWXU", stat_consts::S_IRWXU.bits() as i64),
    ("stat.S_IRUSR", stat_consts::S_IRUSR.bits() as i64),
    ("stat.S_IWUSR", stat_consts::S_IWUSR.bits() as i64),
    ("stat.S_IXUSR", stat_consts::S_IXUSR.bits() as i64),
    ("stat.S_IRWXG", stat_consts::S_IRWXG.bits() as i64),
    ("stat.S_IRGRP", stat_consts::S_IRGRP.bits() as i64),
    ("stat.S_IWGRP", stat_consts::S_IWGRP.bits() as i64),
    ("stat.S_IXGRP", stat_consts::S_IXGRP.bits() as i64),
    ("stat.S_IRWXO", stat_consts::S_IRWXO.bits() as i64),
    ("stat.S_IROTH", stat_consts::S_IROTH.bits() as i64),
    ("stat.S_IWOTH", stat_consts::S_IWOTH.bits() as i64),
    ("stat.S_IXOTH", stat_consts::S_IXOTH.bits() as i64),
    ("stat.S_IFREG", stat_consts::S_IFREG as i64),
    ("stat.S_IFCHR", stat_consts::S_IFCHR as i64),
    ("stat.S_IFBLK", stat_consts::S_IFBLK as i64),
    ("stat.S_IFIFO", stat_consts::S_IFIFO as i64),
];

/// Constants of other systems. No bit of Linux stands for them.
static ELSEWHERE: &[(&str, Unsupported)] = &[
    ("O_BINARY", Unsupported::Windows),
    ("O_NOINHERIT", Unsupported::Windows),
    ("O_SHORT_LIVED", Unsupported::Windows),
    ("O_TEMPORARY", Unsupported::Windows),
    ("O_RANDOM", Unsupported::Windows),
    ("O_SEQUENTIAL", Unsupported::Windows),
    ("O_TEXT", Unsupported::Windows),
    ("O_SHLOCK", Unsupported::Bsd),
    ("O_EXLOCK", Unsupported::Bsd),
    ("P_DETACH", Unsupported::Windows),
    ("P_OVERLAY", Unsupported::Windows),
    ("SF_NODISKIO", Unsupported::Bsd),
    ("SF_MNOWAIT", Unsupported::Bsd),
    ("SF_SYNC", Unsupported::Bsd),
    ("EX_NOTFOUND", Unsupported::OtherUnix),
    ("SCHED_SPORADIC", Unsupported::OtherUnix),
    ("stat.UF_NODUMP", Unsupported::Bsd),
    ("stat.UF_IMMUTABLE", Unsupported::Bsd),
    ("stat.UF_APPEND", Unsupported::Bsd),
    ("stat.UF_OPAQUE", Unsupported::Bsd),
    ("stat.UF_NOUNLINK", Unsupported::Bsd),
    ("stat.UF_COMPRESSED", Unsupported::Bsd),
    ("stat.UF_HIDDEN", Unsupported::Bsd),
    ("stat.SF_ARCHIVED", Unsupported::Bsd),
    ("stat.SF_IMMUTABLE", Unsupported::Bsd),
    ("stat.SF_APPEND", Unsupported::Bsd),
    ("stat.SF_NOUNLINK", Unsupported::Bsd),
    ("stat.SF_SNAPSHOT", Unsupported::Bsd),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_linux() {
        // python3 -c 'import os, stat; print(os.O_DSYNC, os.O_SYNC, os.O_TMPFILE, os.SEEK_HOLE, stat.S_IFREG)'
        let names = ["O_DSYNC", "O_SYNC", "O_RSYNC", "O_TMPFILE", "SEEK_HOLE", "stat.S_IFREG"];
        if cfg!(target_arch = "x86_64") {
            let values = names.map(|name| constant(name).unwrap());
            assert_eq!(values, [4096, 1_052_672, 1_052_672, 4_259_840, 4, 32768]);
        }
        // Documented, but not exported by CPython; of the C library's headers.
        assert_eq!(constant("ST_IMMUTABLE"), Ok(512));
    }

    #[test]
    fn constants_of_processes_are_found_too() {
        // python3 -c 'import os; print(os.P_PGID, os.WNOHANG, os.WNOWAIT, os.WSTOPPED, os.CLD_DUMPED)'
        let names = ["P_PGID", "WNOHANG", "WNOWAIT", "WSTOPPED", "CLD_DUMPED"];
        assert_eq!(names.map(|name| constant(name).unwrap()), [2, 1, 16_777_216, 2, 3]);
        assert_eq!(["P_WAIT", "P_NOWAIT", "P_NOWAITO"].map(|name| constant(name).unwrap()), [0, 1, 1]);
        assert_eq!(constant("P_DETACH"), Err(Error::Unsupported(Unsupported::Windows)));
    }

    #[test]
    fn constants_of_other_systems_say_where_they_live() {
        assert_eq!(constant("O_BINARY"), Err(Error::Unsupported(Unsupported::Windows)));
        assert_eq!(constant("O_EXLOCK"), Err(Error::Unsupported(Unsupported::Bsd)));
        assert_eq!(constant("EX_NOTFOUND"), Err(Error::Unsupported(Unsupported::OtherUnix)));
        assert!(matches!(constant("O_NO_SUCH"), Err(Error::Invalid(_))));
    }
}
