//! Needs: what a case cannot be run without, found out where it is to run.
//!
//! A need is probed with a few steps of the notation in a directory of the target;
//! the last one says what is wanted. What comes back instead is the reason of a SKIP.
//! No need is ever decided by the name of a file system.

use std::collections::BTreeMap;

use fs_core::op::{Line, Outcome};

use crate::mounts::BindMount;
use crate::scratch::Scratch;
use crate::worker::{StepError, Workers, Zygote};

/// A feature that cases may need.
pub struct Need {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The mounts that the directory begins with.
    mounts: &'static str,
    /// The steps that show it: those before the last prepare.
    steps: &'static [&'static str],
}

/// The needs of cases that take all the room of a file system.
pub const FILLING: [&str; 3] = ["small", "changes_when_full", "full_directories"];

/// The needs of one target: `None` where a need is met, or why it is not.
pub type Probes = BTreeMap<&'static str, Option<String>>;

/// The name of a need, as it lives as long as the program.
pub fn by_name(name: &str) -> Option<&'static str> {
    NEEDS.iter().find(|need| need.name == name).map(|need| need.name)
}

/// Probes every need in a directory below `scratch`.
///
/// # Errors
/// No directory can be made there, or no worker can be started.
pub fn probe(zygote: &Zygote, scratch: &Scratch) -> Result<Probes, StepError> {
    NEEDS.iter().map(|need| Ok((need.name, probe_one(need, zygote, scratch)?))).collect()
}

fn probe_one(need: &Need, zygote: &Zygote, scratch: &Scratch) -> Result<Option<String>, StepError> {
    let why_not = match need.name {
        "root" => not_root().map(|who| format!("only root can do this, and this is {who}")),
        "first_root" => not_first_root().map(|who| format!("only root of the machine can do this, and this is {who}")),
        _ if FILLING.contains(&need.name) => not_small(zygote, scratch)?,
        "users" => not_root().map(|who| format!("only root can become another user, and this is {who}")),
        _ => None,
    };
    if why_not.is_some() {
        return Ok(why_not);
    }
    let mounts = BindMount::parse_all(need.mounts).expect("a probe has mounts that can be read");
    let mut workers = zygote.enter_new(scratch.dir()).with_mounts(mounts);
    for step in need.steps {
        let line = Line::parse(step).expect("a probe is in the notation");
        let reason = match workers.run(&line) {
            Ok(outcome) => judge(&line, &outcome),
            Err(StepError::Unavailable(why) | StepError::Refused(why)) => Some(why),
            Err(StepError::Timeout) => Some(format!("`{}` does not return here", line.subject())),
            Err(error) => return Err(error),
        };
        if reason.is_some() {
            return Ok(reason);
        }
    }
    end(workers)?;
    Ok(None)
}

/// Who this is, if it is not root outside of all user namespaces: some capabilities count
/// nowhere else.
fn not_first_root() -> Option<String> {
    not_root().or_else(|| (mapped_users() < u64::from(u32::MAX)).then(|| "root of a user namespace".to_owned()))
}

/// Why the file system cannot be filled: it has too much room for that, or does not tell.
fn not_small(zygote: &Zygote, scratch: &Scratch) -> Result<Option<String>, StepError> {
    let mut workers = zygote.enter_new(scratch.dir());
    let told = workers.run(&Line::parse("statvfs path=.").expect("a step"))?;
    let number = |field: &str| told.get(field).and_then(fs_core::op::Value::as_number);
    let free = number("bfree").zip(number("frsize")).map(|(blocks, size)| blocks * size);
    end(workers)?;
    Ok(match free {
        Some(free) if free <= SMALL_MIB << 20 && number("blocks") > Some(0) => None,
        Some(free) if number("blocks") > Some(0) => Some(format!(
            "the file system has {} free: give a directory on one of at most {SMALL_MIB} MiB",
            in_words(free)
        )),
        _ => Some("the file system does not tell how much room it has".to_owned()),
    })
}

/// How much may be free on a file system that a case fills, in MiB.
const SMALL_MIB: i128 = 64;

/// A size as people say it.
fn in_words(bytes: i128) -> String {
    match bytes >> 20 {
        mib @ 0..10_240 => format!("{mib} MiB"),
        mib => format!("{} GiB", mib >> 10),
    }
}

/// Who this is, if it is not root. Root of a user namespace that has not all users has
/// none of root's rights on the files of others.
fn not_root() -> Option<String> {
    let uid = rustix::process::geteuid();
    if !uid.is_root() {
        return Some(format!("user {}", uid.as_raw()));
    }
    (mapped_users() < 65536).then(|| "root of a user namespace alone".to_owned())
}

/// How many users there are here (user_namespaces(7)).
fn mapped_users() -> u64 {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.lines().filter_map(|line| line.split_whitespace().nth(2)?.parse::<u64>().ok()).sum()
}

fn end(workers: Workers<'_>) -> Result<(), StepError> {
    match workers.end() {
        Err(StepError::Timeout) => Err(StepError::Tool("a call of a probe does not return".to_owned())),
        ended => ended,
    }
}

/// Why a step does not show what it should.
fn judge(line: &Line<'_>, outcome: &Outcome) -> Option<String> {
    let holds = match &line.want {
        Some(want) => want.matches(outcome, |_| None),
        None => *outcome == Outcome { word: fs_core::op::Word::Ok, fields: outcome.fields.clone() },
    };
    if holds {
        return None;
    }
    let step = Line { want: None, save: None, ..line.clone() }.subject();
    let got = match &line.want {
        // The fields that were compared, not all of them.
        Some(want) if outcome.word == fs_core::op::Word::Ok => {
            let shown = |field: &fs_core::op::Field| want.checks.iter().any(|check| check.field == field.name);
            Outcome::ok(outcome.fields.iter().filter(|field| shown(field)).cloned().collect()).to_string()
        }
        _ => outcome.to_string(),
    };
    Some(format!("`{step}` gives `{got}` here"))
}

macro_rules! needs {
    ($($name:literal $about:literal $([$mounts:literal])? { $($step:literal)* })*) => {
        /// Everything that a case may need.
        pub static NEEDS: &[Need] = &[$(Need {
            name: $name,
            about: $about,
            mounts: concat!($($mounts)?),
            steps: &[$($step),*],
        }),*];
    };
}

needs! {
    "root" "running as root" { "stat path=. -> ok" }
    "first_root" "running as root, and in no user namespace" { "stat path=. -> ok" }
    "users" "becoming other users: the actors owner, other and member" {
        "@owner stat path=. -> ok" "@other stat path=. -> ok" "@member stat path=. -> ok"
    }
    "large_ids" "users and groups of more than 16 bits, which a user namespace may not have" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1"
        "chown path=f uid=2147483648 gid=4294967294 -> ok"
    }
    "ownership" "files that belong to whom they are given, which takes root" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1"
        "chown path=f uid=65501 gid=65502 -> ok"
        "stat path=f -> uid=65501 gid=65502"
    }
    "groups" "supplementary groups, which take other users" {
        "@member open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "@member chown path=f gid=65501 -> ok"
    }
    "permissions" "permissions that keep other users out" {
        "open path=f flags=CREAT|WRONLY mode=0600 -> fd=1" "@other open path=f -> EACCES"
    }
    "suid" "set-user-ID and set-group-ID bits" {
        "open path=f flags=CREAT|WRONLY mode=0755 -> fd=1" "chmod path=f mode=06755 -> ok" "stat path=f -> mode=06755"
    }

    "bind_mounts" "bind mounts in a mount namespace of the case's own" ["ro=RDONLY"] {
        "open path=base/f flags=CREAT|WRONLY mode=0644 -> fd=1" "mkdir path=ro/d mode=0755 -> EROFS"
    }
    "nosymfollow" "mounts on which no symbolic link is followed (Linux 5.10)" ["strict=NOSYMFOLLOW"] {
        "symlink src=f dst=base/l" "open path=strict/l -> ELOOP"
    }

    "programs" "programs that can be run, on an architecture that `%program()` knows" {
        "open path=p flags=CREAT|WRONLY mode=0755 -> fd=1" "write fd=1 data=%program()" "close fd=1"
        "spawn path=p -> ok process=1" "reap process=1 -> status=0"
    }
    "suid_programs" "programs that act as the owner of their file, which takes root" {
        "open path=p flags=CREAT|WRONLY mode=0755 -> fd=1" "write fd=1 data=%program()" "close fd=1"
        "chmod path=p mode=06755"
        "@other spawn path=p -> ok process=1" "@other reap process=1 -> status=3"
    }

    "small" "a file system with at most 64 MiB free, which a case may fill" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "fill fd=1 -> count>0" "write fd=1 data=x -> ENOSPC"
    }
    "changes_when_full" "a small file system that can be changed when it is full" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "fill fd=1 -> count>0" "truncate fd=1 length=0 -> ok"
    }
    "full_directories" "a small file system on which no file is made when it is full" {
        "mkdir path=d mode=0755" "open path=d flags=DIRECTORY -> fd=2"
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "fill fd=1 -> ok" "fill fd=2 -> count<4096"
    }

    "hard_links" "hard links" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "link src=f dst=g -> ok"
    }
    "symlinks" "symbolic links" { "symlink src=f dst=l -> ok" "readlink path=l -> target=f" }
    "symlink_follow_link" "hard links to symbolic links" { "symlink src=f dst=l" "link src=l dst=m follow=no -> ok" }
    "fifo" "fifos" { "mkfifo path=p mode=0600 -> ok" }
    "socket" "sockets made by mknod" { "mknod path=s kind=socket mode=0600 -> ok" }
    "mknod" "files made by mknod" { "mknod path=f kind=file mode=0600 -> ok" }
    "chardev" "device nodes" { "mknod path=c kind=char mode=0600 device=0x103 -> ok" }
    "devices" "device nodes that can be opened" {
        "mknod path=c kind=char mode=0600 device=0x103 -> ok" "open path=c flags=WRONLY -> ok fd=1"
    }
    "dir_nlink" "directories that count their subdirectories as links" {
        "mkdir path=d mode=0755" "mkdir path=d/e mode=0755" "stat path=d -> nlink=3"
    }
    "long_names" "names of 255 bytes" {
        "open path=%repeat(a,255) flags=CREAT|WRONLY mode=0644 -> ok fd=1"
    }
    "binary_names" "names of any bytes" { "open path=\\xff\\xfe flags=CREAT|WRONLY mode=0644 -> ok fd=1" }
    "case_sensitive" "names that differ in the case of a letter" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> ok fd=1" "stat path=F -> ENOENT"
    }

    "rename_noreplace" "renameat2 with RENAME_NOREPLACE" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "rename src=f dst=g flags=NOREPLACE -> ok"
    }
    "rename_exchange" "renameat2 with RENAME_EXCHANGE" {
        // Two files: a plain rename, which would be a fault and no lack, does not fail.
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "open path=g flags=CREAT|WRONLY mode=0644 -> fd=2"
        "rename src=f dst=g flags=EXCHANGE -> ok"
    }
    "whiteout" "renameat2 with RENAME_WHITEOUT" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "rename src=f dst=g flags=WHITEOUT -> ok"
    }

    "user_xattr" "extended attributes of users" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "setxattr path=f name=user.probe value=x -> ok"
    }
    "long_xattr" "extended attributes of a thousand bytes, for which small blocks have no room" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "setxattr path=f name=user.probe value=%random(1,1000) -> ok"
    }
    "trusted_xattr" "trusted extended attributes, which take root" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "setxattr path=f name=trusted.probe value=x -> ok"
    }
    "security_xattr" "security extended attributes" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "setxattr path=f name=security.probe value=x -> ok"
    }
    "symlink_xattr" "extended attributes of symbolic links, which take root" {
        "symlink src=f dst=l" "setxattr path=l name=trusted.probe value=x follow=no -> ok"
    }
    "file_capabilities" "file capabilities" {
        "open path=f flags=CREAT|WRONLY mode=0755 -> fd=1"
        "setxattr path=f name=security.capability value=\\x01\\x00\\x00\\x02\\x00\\x04\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00 -> ok"
    }
    "acl" "POSIX access control lists" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1"
        "setfacl path=f acl=u::rw-,u:65501:r--,g::r--,m::r--,o::--- -> ok"
    }
    "default_acl" "default access control lists" {
        "mkdir path=d mode=0755" "setfacl path=d acl=u::rwx,g::r-x,o::r-x default=yes -> ok"
    }

    "tmpfile" "files without a name (O_TMPFILE)" { "open path=. flags=TMPFILE|RDWR mode=0600 -> ok fd=1" }
    "o_direct" "O_DIRECT" { "open path=f flags=CREAT|RDWR|DIRECT mode=0600 -> ok fd=1" }
    "noatime" "O_NOATIME" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "open path=f flags=NOATIME -> ok fd=2"
    }
    "openat2" "openat2" { "openat2 path=. flags=DIRECTORY resolve=BENEATH -> ok fd=1" }
    "fchmodat2" "fchmodat2: chmod that does not follow, without /proc" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "chmod path=f mode=0600 follow=no -> ok"
    }
    "descriptor_link" "names for open files, without /proc" {
        "open path=f flags=CREAT|WRONLY mode=0644 -> fd=1" "link src_fd=1 dst=g -> ok"
    }
    "faccessat2" "faccessat2" { "access path=. mode=R effective_ids=yes follow=no -> ok" }
    "handles" "file handles, which take root" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "open path=. flags=DIRECTORY -> fd=2"
        "name_to_handle_at path=f -> ok handle=1" "open_by_handle_at path=2 handle=1 -> ok fd=3"
    }
    "large_files" "files of more than 4 GiB" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "truncate fd=1 length=4294967297 -> ok"
        "stat fd=1 -> size=4294967297"
    }

    "seek_hole" "holes that lseek finds" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "pwrite fd=1 data=x offset=4194304"
        "lseek fd=1 offset=0 whence=DATA -> offset>0"
    }
    "fallocate" "fallocate" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "fallocate fd=1 length=65536 -> ok"
    }
    "fallocate_keep_size" "fallocate with FALLOC_FL_KEEP_SIZE" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "fallocate fd=1 mode=KEEP_SIZE length=65536 -> ok"
    }
    "punch_hole" "fallocate with FALLOC_FL_PUNCH_HOLE" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "write fd=1 data=%repeat(x,262144)"
        "fallocate fd=1 mode=KEEP_SIZE|PUNCH_HOLE offset=65536 length=65536 -> ok"
    }
    "zero_range" "fallocate with FALLOC_FL_ZERO_RANGE" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "write fd=1 data=%repeat(x,262144)"
        "fallocate fd=1 mode=ZERO_RANGE offset=65536 length=65536 -> ok"
    }
    "collapse_range" "fallocate with FALLOC_FL_COLLAPSE_RANGE" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "write fd=1 data=%repeat(x,262144)"
        "fallocate fd=1 mode=COLLAPSE_RANGE offset=65536 length=65536 -> ok"
    }
    "insert_range" "fallocate with FALLOC_FL_INSERT_RANGE" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "write fd=1 data=%repeat(x,262144)"
        "fallocate fd=1 mode=INSERT_RANGE offset=65536 length=65536 -> ok"
    }
    "copy_file_range" "copy_file_range" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "open path=g flags=CREAT|RDWR mode=0600 -> fd=2"
        "write fd=1 data=hello" "copy_file_range src_fd=1 dst_fd=2 count=5 src_offset=0 dst_offset=0 -> count=5"
    }
    "mmap_shared" "memory that is shared with a file" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "truncate fd=1 length=4096"
        "mmap fd=1 length=4096 protection=READ|WRITE flags=SHARED -> ok map=1"
    }

    "locks" "record locks" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "setlk fd=1 kind=WRITE -> ok"
    }
    "ofd_locks" "record locks of open file descriptions" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "setlk fd=1 kind=WRITE owner=OFD -> ok"
    }
    "flock" "locks of flock" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "flock fd=1 operation=EX|NB -> ok"
    }

    "leases" "leases of files" {
        "open path=f flags=CREAT|WRONLY mode=0600 -> fd=1" "close fd=1" "open path=f -> fd=2"
        "syscall name=fcntl args=fd:2,1024,0 -> ret=0"
    }
    "inode_flags" "flags of inodes that are no permissions" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "setflags fd=1 set=NODUMP -> ok" "getflags fd=1 -> flags>=NODUMP"
    }
    "immutable" "files that are made immutable, which takes root" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "setflags fd=1 set=IMMUTABLE -> ok" "unlink path=f -> EPERM"
    }

    "birth_time" "birth times in statx" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "statx path=f -> btime_ns>0"
    }
    "ns_timestamps" "times that keep nanoseconds" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "utime path=f atime_ns=1000000001 mtime_ns=1000000001"
        "stat path=f -> atime_ns=1000000001 mtime_ns=1000000001"
    }
    "negative_timestamps" "times before 1970" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "utime path=f atime_ns=-1000000000 mtime_ns=-1000000000"
        "stat path=f -> atime_ns=-1000000000 mtime_ns=-1000000000"
    }
    "timestamps_2038" "times after January 2038" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1"
        "utime path=f atime_ns=4294967296000000000 mtime_ns=4294967296000000000"
        "stat path=f -> atime_ns=4294967296000000000 mtime_ns=4294967296000000000"
    }
    "atime" "access times that reading moves on" {
        "open path=f flags=CREAT|RDWR mode=0600 -> fd=1" "pwrite fd=1 data=hello offset=0"
        "utime path=f atime_ns=1000000000 mtime_ns=2000000000"
        "pread fd=1 length=5 offset=0" "stat path=f -> atime_ns>2000000000"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_is_in_the_notation_and_its_last_step_wants_something() {
        for need in NEEDS {
            let lines: Vec<Line<'_>> = need.steps.iter().map(|step| Line::parse(step).unwrap()).collect();
            assert!(lines.last().unwrap().want.is_some(), "{}", need.name);
            BindMount::parse_all(need.mounts).unwrap();
        }
    }

    #[test]
    fn names_are_told_apart() {
        for (index, need) in NEEDS.iter().enumerate() {
            assert!(NEEDS[..index].iter().all(|other| other.name != need.name), "{}", need.name);
        }
    }

    #[test]
    fn the_reason_is_what_came_back() {
        let line = Line::parse("rename src=f dst=g flags=EXCHANGE -> ok").unwrap();
        let outcome = Outcome::parse("EINVAL").unwrap();
        assert_eq!(judge(&line, &outcome).unwrap(), "`rename src=f dst=g flags=EXCHANGE` gives `EINVAL` here");
        let line = Line::parse("stat path=d -> nlink=3").unwrap();
        let outcome = Outcome::parse("ok type=dir nlink=1").unwrap();
        assert_eq!(judge(&line, &outcome).unwrap(), "`stat path=d` gives `ok nlink=1` here");
    }
}
