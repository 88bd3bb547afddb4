//! Finds out whether a kernel or a file system keeps its promises.
//!
//! A case is data ([`case`]): steps in the notation of [`fs_core::op`], with what is
//! wanted of them and the clause that it comes from. The way of a case: [`parse`]
//! reads it (and [`generate`] makes it of a product), [`select`] picks it,
//! [`schedule`] hands it to [`run`], which has the processes of [`worker`] take the
//! steps in a [`scratch`] directory of a [`target`] and judges what came back; the
//! result is an [`event`], of which the log and every [`report`] are made. [`coverage`]
//! counts which of the documented errors came back, and [`compare`] tells what differs
//! between two runs.
//!
//! A *failure* is the file system's, an *error* is ours or the environment's, a *skip*
//! has a reason. None is ever taken for another.
//!
//! The workers are of use by themselves: see [`worker`] and [`scratch`].

pub mod calls;
pub mod case;
pub mod cli;
pub mod compare;
pub mod coverage;
pub mod event;
pub mod exit;
pub mod generate;
pub mod interrupt;
pub mod known;
pub mod log;
#[cfg(feature = "mount")]
pub mod mounted;
pub mod mounts;
pub mod needs;
pub mod parse;
pub mod places;
pub mod progress;
pub mod report;
pub mod reproduce;
pub mod run;
pub mod schedule;
pub mod scratch;
pub mod select;
pub mod suite;
pub mod target;
pub mod verbs;
pub mod worker;
