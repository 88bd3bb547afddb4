//! How long a change on the source is not seen through a mount with `--cache watch`: for each kind of change the
//! median and the worst time until a program that looks all the time sees it.
//!
//! `BENCH_DIR` names the directory to work in; a temporary one otherwise. `BENCH_ROUNDS` is how often each change is made.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::mount::Mount;

/// A change, and how it is seen.
struct Kind {
    name: &'static str,
    /// Makes the change for the `n`th time; the directory has what the changes before have left.
    change: fn(&Path, u64) -> io::Result<()>,
    /// Whether it is seen.
    is_seen: fn(&Path, u64) -> bool,
}

/// Rounds begin with an even number; the odd one undoes it, and is measured as well.
const KINDS: [Kind; 7] = [
    Kind {
        name: "create, unlink",
        change: |dir, n| if n % 2 == 0 { fs::write(dir.join("a"), "") } else { fs::remove_file(dir.join("a")) },
        is_seen: |dir, n| dir.join("a").exists() == (n % 2 == 0),
    },
    Kind {
        name: "rename",
        change: |dir, n| {
            let (from, to) = if n % 2 == 0 { ("b", "c") } else { ("c", "b") };
            fs::rename(dir.join(from), dir.join(to))
        },
        is_seen: |dir, n| dir.join("c").exists() == (n % 2 == 0),
    },
    Kind {
        name: "replace",
        change: |dir, n| {
            fs::write(dir.join("new"), vec![b'x'; 1 + n as usize % 7])?;
            fs::rename(dir.join("new"), dir.join("d"))
        },
        is_seen: |dir, n| fs::metadata(dir.join("d")).is_ok_and(|status| status.len() == 1 + n % 7),
    },
    Kind {
        name: "chmod",
        change: |dir, n| fs::set_permissions(dir.join("f"), Permissions::from_mode(0o600 | (n as u32 % 2))),
        is_seen: |dir, n| fs::metadata(dir.join("f")).is_ok_and(|status| u64::from(status.mode()) & 1 == n % 2),
    },
    Kind {
        name: "size",
        change: |dir, n| OpenOptions::new().write(true).open(dir.join("f"))?.set_len(10 + n % 2),
        is_seen: |dir, n| fs::metadata(dir.join("f")).is_ok_and(|status| status.len() == 10 + n % 2),
    },
    Kind {
        name: "content",
        change: |dir, n| OpenOptions::new().write(true).open(dir.join("f"))?.write_all_at(&[n as u8], 0),
        is_seen: |dir, n| fs::read(dir.join("f")).is_ok_and(|data| data.first() == Some(&(n as u8))),
    },
    Kind {
        name: "listing",
        change: |dir, n| if n % 2 == 0 { fs::write(dir.join("l"), "") } else { fs::remove_file(dir.join("l")) },
        is_seen: |dir, n| {
            let is_there = fs::read_dir(dir)
                .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() == "l")));
            is_there == (n % 2 == 0)
        },
    },
];

/// A change that is not seen by then never will be.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let has = |flag: &str| std::env::args().any(|arg| arg == flag);
    if has("--list") {
        return ExitCode::SUCCESS;
    }
    let rounds = std::env::var("BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let rounds = if has("--test") { 4 } else { rounds.unwrap_or(1_000) };
    match measure(rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::from(3)
        }
    }
}

fn measure(rounds: u64) -> Result<(), String> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("osprey-bench-");
    let dir = match std::env::var_os("BENCH_DIR") {
        Some(dir) => builder.tempdir_in(dir),
        None => builder.tempdir(),
    };
    let dir = dir.map_err(|error| format!("a temporary directory: {error}"))?;
    println!("| change | `--passthrough` | median | 99 of 100 | worst |\n|---|---|---|---|---|");
    for passthrough in ["auto", "off"] {
        let [source, mountpoint] = ["source", "mountpoint"].map(|name| dir.path().join(name).join(passthrough));
        for place in [&source, &mountpoint] {
            fs::create_dir_all(place).map_err(|error| format!("{}: {error}", place.display()))?;
        }
        for name in ["b", "d", "f"] {
            fs::write(source.join(name), "0123456789").map_err(|error| format!("{name}: {error}"))?;
        }
        let program = Path::new(env!("CARGO_BIN_EXE_mounted"));
        let mount = Mount::start(program, &["--cache", "watch", "--passthrough", passthrough], &source, &mountpoint)?;
        for kind in &KINDS {
            mount.beat();
            let times = times(kind, &source, &mountpoint, rounds)?;
            let at = |part: usize| times[(times.len() - 1) * part / 100].as_nanos() / 1_000;
            println!("| {} | {passthrough} | {} us | {} us | {} us |", kind.name, at(50), at(99), at(100));
        }
    }
    Ok(())
}

/// How long each change was not seen, the shortest time first.
fn times(kind: &Kind, source: &Path, mountpoint: &Path, rounds: u64) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    for n in 0..2 * rounds.div_ceil(2) {
        (kind.change)(source, n).map_err(|error| format!("{}: {error}", kind.name))?;
        let start = Instant::now();
        while !(kind.is_seen)(mountpoint, n) {
            if start.elapsed() > PATIENCE {
                return Err(format!("{}: not seen after {PATIENCE:?}", kind.name));
            }
        }
        times.push(start.elapsed());
        // As it is remembered again.
        for _ in 0..2 {
            (kind.is_seen)(mountpoint, n);
        }
    }
    times.sort();
    Ok(times)
}
