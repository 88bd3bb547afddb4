//! Each operation on each rung, and at the end a table of them side by side.
//!
//! `BENCH_DIR` names the directory to work in; a temporary one otherwise.

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use benches::mount::Mount;
use benches::operation::Operation;
use benches::place::Place;
use benches::requests::Requests;
use benches::rung::{FsCore, Rustix};
use benches::table::Table;
use criterion::Criterion;

/// The mounts: their names, and their arguments.
const MOUNTS: [(&str, &[&str]); 3] = [
    ("mounted", &["--cache", "tick"]),
    ("mounted-exclusive", &["--cache", "exclusive"]),
    ("mounted-none", &["--cache", "none"]),
];

/// Longer than anything that a mount remembers for a time.
const FORGOTTEN: Duration = Duration::from_millis(20);

struct Rung {
    name: &'static str,
    place: Place,
    /// `None` where the calls go to the directory itself.
    mount: Option<Mount>,
}

fn main() -> ExitCode {
    let has = |flag: &str| std::env::args().any(|arg| arg == flag);
    let (is_test, is_list) = (has("--test"), has("--list"));
    let mut builder = tempfile::Builder::new();
    builder.prefix("osprey-bench-");
    let dir = match std::env::var_os("BENCH_DIR") {
        Some(dir) => builder.tempdir_in(dir),
        None => builder.tempdir(),
    };
    let dir = match dir {
        Ok(dir) => dir,
        Err(error) => {
            eprintln!("benches: a temporary directory: {error}");
            return ExitCode::from(3);
        }
    };
    let mut rungs = match rungs(dir.path()) {
        Ok(rungs) => rungs,
        Err(error) => {
            eprintln!("benches: {}: {error}", dir.path().display());
            return ExitCode::from(3);
        }
    };
    let requests = Requests::new().inspect_err(|reason| eprintln!("requests are not counted: {reason}")).ok();
    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let mut table = Table::default();
    for operation in Operation::ALL {
        measure(operation, &mut rungs, requests.as_ref(), &mut criterion, &mut table);
    }
    criterion.final_summary();
    if !is_test && !is_list && !table.is_empty() {
        println!("In {}; the rungs above the first as multiples of it.\n", kind_of(dir.path()));
        println!("{}\n{}", table.times(), table.requests());
    }
    ExitCode::SUCCESS
}

/// The directory itself twice, and the mounts that can be made.
fn rungs(dir: &Path) -> std::io::Result<Vec<Rung>> {
    let prepare = |name: &str| {
        let path = dir.join(name);
        std::fs::create_dir(&path)?;
        Place::prepare(&path)?;
        std::io::Result::Ok(path)
    };
    let mut rungs = Vec::new();
    for name in ["rustix", "fs-core"] {
        rungs.push(Rung { name, place: Place::open(&prepare(name)?)?, mount: None });
    }
    for (name, args) in MOUNTS {
        // Each shows a directory of its own: one of them may believe to be alone.
        let (source, mountpoint) = (prepare(name)?, dir.join(format!("{name}-mountpoint")));
        std::fs::create_dir(&mountpoint)?;
        match Mount::start(Path::new(env!("CARGO_BIN_EXE_mounted")), args, &source, &mountpoint) {
            Ok(mount) => rungs.push(Rung { name, place: Place::open(&mountpoint)?, mount: Some(mount) }),
            Err(reason) => eprintln!("{name} is not measured: {reason}"),
        }
    }
    Ok(rungs)
}

fn measure(
    operation: Operation,
    rungs: &mut [Rung],
    requests: Option<&Requests>,
    criterion: &mut Criterion,
    table: &mut Table,
) {
    let mut group = criterion.benchmark_group(operation.name());
    for Rung { name, place, mount } in rungs {
        if operation == Operation::Getxattr && !place.has_xattr {
            eprintln!("{}/{name} is not measured: the file system has no extended attributes", operation.name());
            continue;
        }
        let mut run = |count| match *name {
            "rustix" => operation.run::<Rustix>(place, count),
            _ => operation.run::<FsCore>(place, count),
        };
        let mut is_first = true;
        group.bench_function(*name, |bencher| {
            bencher.iter_custom(|count| {
                if let Some(mount) = mount {
                    mount.beat();
                    if std::mem::take(&mut is_first)
                        && let Some(requests) = requests
                    {
                        count_requests(operation, name, mount, requests, table, || _ = run(1));
                    }
                }
                let time = run(count).expect("an operation that worked before works again");
                table.add(operation.name(), name, count, time);
                time
            });
        });
    }
    group.finish();
}

/// Counts the requests of one operation that was done before, but not just now.
fn count_requests(
    operation: Operation,
    rung: &'static str,
    mount: &Mount,
    requests: &Requests,
    table: &mut Table,
    mut once: impl FnMut(),
) {
    once();
    thread::sleep(FORGOTTEN);
    let counted = requests.of(mount.connection(), || {
        once();
        // What follows a close comes a little later.
        thread::sleep(FORGOTTEN);
    });
    match counted {
        Ok(requests) => table.add_requests(operation.name(), rung, requests),
        Err(error) => eprintln!("the requests of {}/{rung} are not counted: {error}", operation.name()),
    }
}

/// The file system of a directory, for the heading.
fn kind_of(dir: &Path) -> String {
    let magic = rustix::fs::statfs(dir).map(|status| status.f_type as u64);
    let name = match magic {
        Ok(0xef53) => "ext4",
        Ok(0x0102_1994) => "tmpfs",
        Ok(0x5846_5342) => "xfs",
        Ok(0x9123_683e) => "btrfs",
        Ok(0x794c_7630) => "overlay",
        _ => return dir.display().to_string(),
    };
    format!("{name}, {}", dir.display())
}
