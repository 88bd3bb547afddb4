//! Interrupts: SIGINT, SIGTERM and SIGHUP ask to clean up and end; but not a SIGHUP that was ignored
//! from the start, as `nohup` has it.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static SEEN: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Lets [`seen`] tell of the signals from now on, instead of dying of them.
///
/// # Errors
/// The signals cannot be listened to.
pub fn listen() -> io::Result<()> {
    let flag = SEEN.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if signal != SIGHUP || !is_ignored(signal) {
            signal_hook::flag::register(signal, Arc::clone(flag))?;
        }
    }
    Ok(())
}

/// Whether one of the signals came.
pub fn seen() -> bool {
    SEEN.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Whether this process ignores a signal (proc(5)).
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).is_some_and(|set| set >> (signal - 1) & 1 == 1)
}
