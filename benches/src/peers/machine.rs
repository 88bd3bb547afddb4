//! The machine that is measured on.

use std::fs;

/// What is to be known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Its processor.
    pub cpu: String,
    /// The processors that may be used.
    pub cpus: Vec<usize>,
    /// Its memory in bytes.
    pub memory_bytes: u64,
    /// Its kernel.
    pub kernel: String,
    /// Its distribution.
    pub system: String,
    /// How many processes wanted to run in the minute before.
    pub load: f64,
}

impl Machine {
    /// This machine, now.
    pub fn here() -> Machine {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let unknown = || "unknown".to_owned();
        let name = rustix::system::uname();
        let kernel = format!(
            "{} {} {}",
            name.sysname().to_string_lossy(),
            name.release().to_string_lossy(),
            name.machine().to_string_lossy()
        );
        let system = field(&read("/etc/os-release"), "PRETTY_NAME", '=').map(|name| name.trim_matches('"').to_owned());
        let load = read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok());
        Machine {
            cpu: field(&read("/proc/cpuinfo"), "model name", ':').unwrap_or_else(unknown),
            cpus: fs_core::sched_getaffinity(None).map(|cpus| cpus.iter().collect()).unwrap_or_default(),
            memory_bytes: memory_bytes("MemTotal"),
            kernel,
            system: system.unwrap_or_else(unknown),
            load: load.unwrap_or(f64::NAN),
        }
    }
}

/// Memory in bytes, as the kernel tells of it under a name; 0 where it tells nothing.
pub fn memory_bytes(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = field(&text, name, ':').and_then(|text| text.split_once(' ')?.0.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

fn field(text: &str, name: &str, separator: char) -> Option<String> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(separator)?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
}
