//! Constants under Python's names. The flags of a call are better written as those of
//! its type, `OFlags::CREAT`; the names here are for who comes from Python.

mod flags;
mod lookup;
mod names;
mod process;
pub mod stat_consts;

pub use flags::*;
pub use lookup::constant;
pub use names::*;
pub use process::*;
