//! The system as it tells of itself: its name, its processors, its load, its messages.

use std::ffi::{CStr, c_int};
use std::num::NonZeroUsize;

use crate::{Result, sysconf};

/// What [`uname()`] tells. It can be taken apart into Python's five fields with
/// [`Uname::fields`].
pub struct Uname(rustix::system::Uname);

/// The name and the version of the system.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/uname.html),
/// [Linux](https://man7.org/linux/man-pages/man2/uname.2.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.uname)
#[doc(alias = "os.uname")]
pub fn uname() -> Uname {
    Uname(rustix::system::uname())
}

impl Uname {
    /// The name of the system: `Linux`.
    #[doc(alias = "os.uname().sysname")]
    pub fn sysname(&self) -> &CStr {
        self.0.sysname()
    }

    /// The name of the machine in its network.
    #[doc(alias = "os.uname().nodename")]
    pub fn nodename(&self) -> &CStr {
        self.0.nodename()
    }

    /// The release of the kernel: `6.1.0`.
    #[doc(alias = "os.uname().release")]
    pub fn release(&self) -> &CStr {
        self.0.release()
    }

    /// The build of the kernel, as text.
    #[doc(alias = "os.uname().version")]
    pub fn version(&self) -> &CStr {
        self.0.version()
    }

    /// The kind of the hardware: `x86_64`.
    #[doc(alias = "os.uname().machine")]
    pub fn machine(&self) -> &CStr {
        self.0.machine()
    }

    /// All five, in the order above.
    pub fn fields(&self) -> [&CStr; 5] {
        [self.sysname(), self.nodename(), self.release(), self.version(), self.machine()]
    }
}

impl std::fmt::Debug for Uname {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Uname").field(&self.fields()).finish()
    }
}

/// How many processors are switched on, `None` if the system does not tell. How many the
/// process may use is another question: [`sched_getaffinity`](crate::sched_getaffinity).
///
/// # References
/// [Python](https://docs.python.org/3.8/library/os.html#os.cpu_count)
#[doc(alias = "os.cpu_count")]
pub fn cpu_count() -> Option<NonZeroUsize> {
    let count = sysconf(libc::_SC_NPROCESSORS_ONLN).ok()??;
    NonZeroUsize::new(usize::try_from(count).ok()?)
}

/// How many processes were ready to run, on average of the last 1, 5 and 15 minutes.
///
/// # Errors
/// None on Linux; other systems may not know.
///
/// # References
/// [Linux](https://man7.org/linux/man-pages/man3/getloadavg.3.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.getloadavg)
#[doc(alias = "os.getloadavg")]
pub fn getloadavg() -> Result<[f64; 3]> {
    // Of the system call, which needs no `/proc`. The kernel counts in 65536ths.
    Ok(rustix::system::sysinfo().loads.map(|load| load as f64 / 65536.0))
}

/// What an errno means, in the words of the C library: `Unknown error 4711` if nothing.
///
/// # References
/// [POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/functions/strerror.html),
/// [Python](https://docs.python.org/3.8/library/os.html#os.strerror)
#[doc(alias = "os.strerror")]
pub fn strerror(errno: c_int) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    // The standard library adds the number.
    let added = format!(" (os error {errno})");
    text.strip_suffix(&added).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_that_proc_shows() {
        let names = uname();
        let [sysname, nodename, release, version, machine] =
            names.fields().map(|field| field.to_str().unwrap().to_owned());
        for (field, file) in [(sysname, "ostype"), (nodename, "hostname"), (release, "osrelease"), (version, "version")]
        {
            let shown = std::fs::read_to_string(format!("/proc/sys/kernel/{file}")).unwrap();
            assert_eq!(field, shown.trim_end(), "{file}");
        }
        if cfg!(target_arch = "x86_64") {
            assert_eq!(machine, "x86_64");
        }
    }

    #[test]
    fn processors_are_those_that_are_online() {
        // A list of ranges: 0-3,6
        let online = std::fs::read_to_string("/sys/devices/system/cpu/online").unwrap();
        let count: usize = online
            .trim()
            .split(',')
            .map(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                last.parse::<usize>().unwrap() - first.parse::<usize>().unwrap() + 1
            })
            .sum();
        assert_eq!(cpu_count().map(NonZeroUsize::get), Some(count));
    }

    #[test]
    fn the_load_is_that_of_proc() {
        let close = || {
            let text = std::fs::read_to_string("/proc/loadavg").unwrap();
            let shown = text.split(' ').take(3).map(|word| word.parse::<f64>().unwrap());
            // Two digits are shown, rounded.
            getloadavg().unwrap().into_iter().zip(shown).all(|(load, shown)| (load - shown).abs() < 0.011)
        };
        // It changes every five seconds, perhaps between the two looks.
        assert!(close() || close() || close());
    }

    #[test]
    fn messages_are_those_of_the_c_library_without_the_number() {
        assert_eq!(strerror(libc::ENOENT), "No such file or directory");
        assert_eq!(strerror(4711), "Unknown error 4711");
        assert_eq!(strerror(-1), "Unknown error -1");
        assert_eq!(strerror(0), "Success");
    }
}
