//! Interrupts: SIGINT, SIGTERM and SIGHUP ask the run to clean up and end.

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
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// Whether one of the signals came.
pub fn seen() -> bool {
    SEEN.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}
