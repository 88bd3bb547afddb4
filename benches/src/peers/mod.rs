//! The mount beside its peers: the same workloads on the directory itself, on our mount under
//! each cache policy, and on other passthrough file systems.
//!
//! [`run`] is the program. It never touches a mount itself: [`client`]s do, processes of their
//! own, which it asks for one [`workload`] after the other and ends when they do not answer. A
//! [`live`] mount and its clients are started by [`launch`], which places them on the processors.
//! Everything stands on an [`image`] in memory, in a mount namespace of its own ([`alone`]), so
//! that nothing of it outlives the program. [`memory`] is another measurement of the same mounts.

pub mod alone;
pub mod cli;
pub mod client;
pub mod contestant;
pub mod crew;
pub mod failure;
pub mod goal;
pub mod image;
pub mod interrupt;
pub mod json;
pub mod launch;
pub mod live;
pub mod machine;
pub mod measure;
pub mod memory;
pub mod report;
pub mod results;
pub mod run;
pub mod source;
pub mod steps;
pub mod svg;
pub mod tree;
pub mod workload;
