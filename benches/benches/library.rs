//! The library beside its peers, call by call: rustix, std, nix and CPython's `os`.
//!
//! The peers take turns within each round, so that what slows the machine slows all of them; the
//! ratio to rustix is taken round by round, and its median is what counts.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use benches::library::{CALLS, Call};
use benches::place::Place;

/// How many rounds a call gets.
const ROUNDS: usize = 101;

/// How long one turn is, about.
const TURN: Duration = Duration::from_millis(2);

const PEERS: [&str; 5] = ["rustix", "fs-core", "std", "nix", "CPython"];

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know whether it runs.
    let is_test = std::env::args().any(|arg| arg == "--test");
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let dir = match std::env::var_os("BENCH_DIR") {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let prepared = dir.and_then(|dir| {
        Place::prepare(dir.path())?;
        std::env::set_current_dir(dir.path())?;
        Ok(dir)
    });
    let _dir = match prepared {
        Ok(dir) => dir,
        Err(error) => {
            eprintln!("benches: a temporary directory: {error}");
            return ExitCode::from(3);
        }
    };
    let mut python = Python::start().inspect_err(|error| eprintln!("without CPython: {error}")).ok();
    println!("| | rustix, ns | fs-core | std | nix | CPython |\n|---|---|---|---|---|---|");
    for call in CALLS.iter().filter(|call| call.name.contains(&filter)) {
        let rounds = if is_test { 1 } else { ROUNDS };
        println!("{}", row(call, python.as_mut(), rounds));
    }
    println!(
        "\nMedians of {ROUNDS} rounds; after the first column multiples of it, with the middle half of all rounds."
    );
    ExitCode::SUCCESS
}

/// A line of the table.
fn row(call: &Call, mut python: Option<&mut Python>, rounds: usize) -> String {
    let count = count_for_a_turn(call);
    let mut samples: [Vec<f64>; PEERS.len()] = Default::default();
    for round in 0..rounds {
        for turn in 0..PEERS.len() {
            // Each follows each other one equally often.
            let peer = (turn * (1 + round % (PEERS.len() - 1)) + round) % PEERS.len();
            let time = match peer {
                0 => Some((call.rustix)(count)),
                1 => Some((call.fs_core)(count)),
                2 => call.std.map(|call| call(count)),
                3 => call.nix.map(|call| call(count)),
                _ => python.as_mut().and_then(|python| python.time(call.python, count)),
            };
            samples[peer].extend(time.map(|time| time.as_nanos() as f64 / count as f64));
        }
    }
    let (base, others) = samples.split_first().expect("there are peers");
    let cells = others.iter().map(|samples| match samples.len() == base.len() {
        true => {
            let ratios = quartiles(samples.iter().zip(base).map(|(sample, base)| sample / base).collect());
            format!("{:.3} ({:.3}-{:.3})", ratios[1], ratios[0], ratios[2])
        }
        false => "-".to_owned(),
    });
    format!("| {} | {:.0} | {} |", call.name, quartiles(base.clone())[1], cells.collect::<Vec<_>>().join(" | "))
}

/// How many calls take about [`TURN`].
fn count_for_a_turn(call: &Call) -> u64 {
    let mut count = 1;
    loop {
        let time = (call.rustix)(count);
        if time >= TURN / 2 {
            return (count as f64 * TURN.as_secs_f64() / time.as_secs_f64()).ceil() as u64;
        }
        count *= 2;
    }
}

/// The first quartile, the median, the third.
fn quartiles(mut samples: Vec<f64>) -> [f64; 3] {
    samples.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| samples[(samples.len() - 1) * quarter / 4])
}

/// An interpreter that times statements.
struct Python {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

const SCRIPT: &str = "
import os, sys, time
fd = os.open('file', os.O_RDONLY)
known = {}
for line in sys.stdin:
    count, statement = line.rstrip('\\n').split(' ', 1)
    if statement not in known:
        code = f'def run(count, os=os, fd=fd):\\n    for _ in range(count):\\n        {statement}\\n'
        names = {'os': os, 'fd': fd}
        exec(code, names)
        known[statement] = names['run']
    run = known[statement]
    start = time.perf_counter_ns()
    run(int(count))
    print(time.perf_counter_ns() - start, flush=True)
";

impl Python {
    fn start() -> std::io::Result<Python> {
        let mut command = Command::new("python3");
        let mut child = command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let both = stdin.zip(stdout).ok_or_else(|| std::io::Error::other("no pipes"))?;
        Ok(Python { child, stdin: both.0, stdout: BufReader::new(both.1) })
    }

    /// How long the statement takes `count` times.
    fn time(&mut self, statement: &str, count: u64) -> Option<Duration> {
        writeln!(self.stdin, "{count} {statement}").ok()?;
        let mut line = String::new();
        self.stdout.read_line(&mut line).ok()?;
        line.trim().parse().ok().map(Duration::from_nanos)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let until = Instant::now() + Duration::from_secs(5);
        while self.child.try_wait().is_ok_and(|status| status.is_none()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
