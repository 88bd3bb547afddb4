//! The library section by section of [Python's document]: for each name, what it is here.
//!
//! Start with the section that you would look into for Python.
//!
//! [Python's document]: https://docs.python.org/3.8/library/os.html

#[doc = include_str!("guide/process_parameters.md")]
pub mod process_parameters {}

#[doc = include_str!("guide/file_objects.md")]
pub mod file_objects {}

#[doc = include_str!("guide/descriptors.md")]
pub mod descriptors {}

#[doc = include_str!("guide/terminal_size.md")]
pub mod terminal_size {}

#[doc = include_str!("guide/inheritance.md")]
pub mod inheritance {}

#[doc = include_str!("guide/files.md")]
pub mod files {}

#[doc = include_str!("guide/xattrs.md")]
pub mod xattrs {}

#[doc = include_str!("guide/processes.md")]
pub mod processes {}

#[doc = include_str!("guide/scheduler.md")]
pub mod scheduler {}

#[doc = include_str!("guide/system.md")]
pub mod system {}

#[doc = include_str!("guide/random.md")]
pub mod random {}
