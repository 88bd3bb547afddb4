//! Platform differences: what rustix and libc lack or get wrong on each system.

mod linux;
pub(crate) mod proc_fd;
pub(crate) mod xattr;

pub(crate) use linux::{close, close_range, dup2, fchmodat2, getdents, posix_fallocate, truncate};
