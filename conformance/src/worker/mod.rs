//! Workers: the processes that do the steps of a case, each with the credentials
//! of one actor, confined in one directory.
//!
//! A [`Zygote`] is a small process that forks workers. [`Zygote::enter`] gives the
//! [`Workers`] of a directory; [`Workers::run`] takes a line of the notation, has
//! the worker of its actor do it (starting it first where needed), and returns the
//! outcome. When the [`Workers`] are dropped, their processes are gone.
//!
//! ```no_run
//! use conformance::scratch::Scratch;
//! use conformance::worker::Zygote;
//! use fs_core::op::Line;
//!
//! let zygote = Zygote::start()?;
//! let scratch = Scratch::new_in("/tmp")?;
//! let mut workers = zygote.enter(scratch.dir());
//! let outcome = workers.run(&Line::parse("@other mkdir path=/d mode=0700")?)?;
//! assert_eq!(outcome.to_string(), "ok");
//! assert!(scratch.path().join("d").is_dir());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A worker is never reused: a fresh one, forked from the zygote, has nothing of
//! another case in its registers, its working directory, its umask or its locks,
//! and costs less than cleaning one would.
//!
//! Its root directory is the case's directory (`chroot(2)`; when not root, in a user
//! namespace and without capabilities after that), so that no path leads out of it. Where
//! neither can be had, absolute and climbing paths are refused: [`Confinement`]. A case that has
//! mounts of its own ([`Workers::with_mounts`]) has them in a mount namespace of its own.
//!
//! Worker and runner speak lines: the step without what is wanted, and what came
//! back, as the notation prints them. Not here: whether the outcome is the wanted one.

mod actor;
mod channel;
mod confine;
mod crew;
mod mountspace;
mod process;
mod room;
mod zygote;

pub(crate) use actor::Credentials;
pub use actor::{Role, implied_need};
pub use confine::Confinement;
pub(crate) use confine::may_leave;
pub use crew::{StepError, Workers};
pub use zygote::Zygote;
