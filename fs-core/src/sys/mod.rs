//! Platform differences: what rustix and libc lack or get wrong on each system.
