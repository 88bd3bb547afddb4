//! Keeps processors from sleeping deeply while requests come, if that is wished (`--cpu-latency`).
//!
//! Who waits for an answer leaves its processor idle, and so does a server that waits for a request. Where both have
//! one each, a request takes two wake-ups, which take longer than all else about most of them. The kernel asks whoever has its
//! device open how long a wake-up may take (PM QoS, `Documentation/power/pm_qos_interface.rst`), and lets no processor of the machine sleep
//! deeper than that. The wish ends with the descriptor, and so with the daemon, however that ends.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use fs_core::{Errno, Error};
use rustix::fs::{Mode, OFlags};

use crate::exit::Failure;
use crate::load::Load;

const DEVICE: &str = "/dev/cpu_dma_latency";

/// What the kernel takes for no wish, in microseconds.
const ANY: i32 = 2_000_000_000;

/// So long after the last request processors may sleep again.
const QUIET: Duration = Duration::from_millis(20);

/// The wish that processors wake soon, while requests come.
pub(super) struct Awake {
    device: OwnedFd,
    most: i32,
}

impl Awake {
    /// That they take at most `most` microseconds.
    pub(super) fn new(most: i32) -> Result<Self, Failure> {
        let device = rustix::fs::open(DEVICE, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()).map_err(refused)?;
        let awake = Awake { device, most };
        awake.wish(ANY).map_err(refused)?;
        Ok(awake)
    }

    /// Follows the requests from now on, in a thread that ends with the process.
    pub(super) fn follow(self, load: Arc<Load>) -> io::Result<()> {
        let follow = move || {
            loop {
                load.wait_for_request();
                // Who cannot wish any more leaves processors asleep: slower and no error.
                let _ = self.wish(self.most);
                let mut before = load.begun();
                loop {
                    thread::sleep(QUIET);
                    let now = load.begun();
                    if now == before {
                        break;
                    }
                    before = now;
                }
                let _ = self.wish(ANY);
            }
        };
        thread::Builder::new().name("awake".into()).stack_size(64 << 10).spawn(follow).map(|_| ())
    }

    fn wish(&self, most: i32) -> Result<(), Errno> {
        rustix::io::write(&self.device, &most.to_ne_bytes()).map(|_| ())
    }
}

fn refused(errno: Errno) -> Failure {
    let hint = match errno {
        Errno::ACCESS | Errno::PERM => "; it takes root: go without --cpu-latency",
        Errno::NOENT => "; this kernel takes no such wish: go without --cpu-latency",
        _ => "",
    };
    Failure::failed(DEVICE, format!("{}{hint}", Error::Os(errno)))
}
