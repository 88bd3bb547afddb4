//! Platform differences: what rustix and libc lack or get wrong on each system.

pub(crate) mod conf;
pub(crate) mod environ;
pub(crate) mod exec;
pub(crate) mod fanotify;
pub(crate) mod handle;
pub(crate) mod ids;
mod linux;
pub(crate) mod lock;
pub(crate) mod posix_spawn;
pub(crate) mod proc_fd;
pub(crate) mod process;
pub(crate) mod sched;
pub(crate) mod terminal;
pub(crate) mod wait;
pub(crate) mod xattr;

pub(crate) use linux::{
    close, close_range, dup2, fchmodat2, fpathconf, getdents, openat2_or, pathconf, posix_fallocate, truncate,
};
