//! A mount to be compared with a real directory: a temporary directory that holds
//! one of each, and the daemon of the mount, which is a process of its own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::exit::Failure;
use crate::interrupt;
use crate::scratch::Scratch;

/// The hidden verb with which the program runs itself as the daemon of the mount.
pub const VERB: &str = "__mount";

/// How long the daemon may take to mount, and to unmount.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a daemon has to end after its mount was taken away.
const GRACE: Duration = Duration::from_secs(2);

/// How often it is looked whether it has.
const TICK: Duration = Duration::from_millis(5);

/// A real directory, and a mount over another one. Both are gone when this is dropped.
pub struct Mounted {
    base: Scratch,
    daemon: Option<Child>,
    /// Where the trace is, if there is one.
    trace: Option<PathBuf>,
    /// The file that aborts the connection, once the mount is live.
    abort: PathBuf,
    /// What the daemon says, and how much of it was told.
    messages: PathBuf,
    told: usize,
}

impl Mounted {
    /// Makes the directories, and mounts. `program` is this one, which knows the hidden verb;
    /// `words` are for the daemon's `-o`; `trace` is where the trace shall stay.
    ///
    /// # Errors
    /// Nothing can be mounted here; the message says why and what to do.
    pub fn start(program: &Path, words: Option<&str>, trace: Option<&Path>) -> Result<Mounted, Failure> {
        Mounted::make(program, words, |base| Some(trace.map_or_else(|| base.join("trace.jsonl"), Path::to_owned)))
    }

    /// As [`start`](Mounted::start), without a trace, which would grow with every request.
    ///
    /// # Errors
    /// As [`start`](Mounted::start).
    pub fn start_untraced(program: &Path, words: Option<&str>) -> Result<Mounted, Failure> {
        Mounted::make(program, words, |_| None)
    }

    fn make(
        program: &Path,
        words: Option<&str>,
        trace: impl FnOnce(&Path) -> Option<PathBuf>,
    ) -> Result<Mounted, Failure> {
        let without = "`run --no-mount` runs on a real directory alone";
        if !Path::new("/dev/fuse").exists() {
            return Err(Failure::Environment(format!("there is no /dev/fuse, so nothing can be mounted; {without}")));
        }
        let temp = std::env::temp_dir();
        let failed = |what: &str, error: std::io::Error| Failure::Environment(format!("{what}: {error}"));
        let base = Scratch::private_in(&temp).map_err(|error| failed(&temp.display().to_string(), error))?;
        for dir in ["real", "source", "mount"] {
            fs::create_dir(base.path().join(dir)).map_err(|error| failed("a temporary directory", error))?;
        }
        let trace = trace(base.path());
        let messages = base.path().join("messages");
        let daemon = start_daemon(program, &base, words, trace.as_deref(), &messages)
            .map_err(|error| failed("the mount", error))?;
        let mut mounted = Mounted { base, daemon: Some(daemon), trace, abort: PathBuf::new(), messages, told: 0 };
        match mounted.wait_until_live()? {
            true => Ok(mounted),
            false => {
                let why = mounted.said().join("; ");
                Err(Failure::Environment(format!("cannot mount: {why}; {without}")))
            }
        }
    }

    /// The directory that is not mounted.
    pub fn real(&self) -> PathBuf {
        self.base.path().join("real")
    }

    /// The directory that shows another one.
    pub fn mountpoint(&self) -> PathBuf {
        self.base.path().join("mount")
    }

    /// The directory that the mount shows.
    pub fn source(&self) -> PathBuf {
        self.base.path().join("source")
    }

    /// The file that aborts the mount's connection when it is written to.
    pub fn abort(&self) -> &Path {
        &self.abort
    }

    /// The process that serves the mount, for as long as it does.
    pub fn daemon(&self) -> Option<Pid> {
        self.daemon.as_ref().and_then(|daemon| Pid::from_raw(daemon.id() as i32))
    }

    /// The lines that the daemon has said since this was asked the last time.
    pub fn said(&mut self) -> Vec<String> {
        let text = fs::read(&self.messages).unwrap_or_default();
        let new = text.get(self.told..).unwrap_or_default();
        // One that is just being written is for the next time.
        let whole = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.told += whole;
        String::from_utf8_lossy(&new[..whole]).lines().map(str::to_owned).collect()
    }

    /// Unmounts, and tells how many requests of each operation the trace has, and how many
    /// of these failed, the most frequent first.
    ///
    /// # Errors
    /// The mount could not be ended.
    pub fn end(mut self) -> Result<Vec<(String, Requests)>, Failure> {
        self.stop()?;
        Ok(self.trace.as_deref().map(read_trace).unwrap_or_default())
    }

    /// Waits until the mount table has the mount; false, if the daemon gave up.
    fn wait_until_live(&mut self) -> Result<bool, Failure> {
        let mountpoint = self.mountpoint();
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if interrupt::seen() {
                return Err(Failure::Interrupted);
            }
            if let Some(device) = device_of_mount(&mountpoint) {
                let connection = device.split(':').nth(1).unwrap_or_default();
                self.abort = Path::new("/sys/fs/fuse/connections").join(connection).join("abort");
                return Ok(true);
            }
            let ended = self.daemon.as_mut().is_some_and(|daemon| matches!(daemon.try_wait(), Ok(Some(_))));
            if ended {
                self.daemon = None;
                return Ok(false);
            }
            std::thread::sleep(TICK);
        }
        Err(Failure::Environment("the mount does not come".to_owned()))
    }

    /// Has the daemon unmount and end.
    fn stop(&mut self) -> Result<(), Failure> {
        let Some(mut daemon) = self.daemon.take() else {
            return Ok(());
        };
        let ask = |daemon: &Child| {
            if let Some(pid) = Pid::from_raw(daemon.id() as i32) {
                let _ = rustix::process::kill_process(pid, Signal::TERM);
            }
        };
        ask(&daemon);
        let is_unmounted = || device_of_mount(&self.mountpoint()).is_none();
        let mut has_ended = wait_for(&mut daemon, GRACE);
        if !has_ended && is_unmounted() {
            // A mount namespace that somebody has made meanwhile has a copy of the mount, in which nobody has any
            // business. A second signal ends it.
            ask(&daemon);
        }
        has_ended = has_ended || wait_for(&mut daemon, PATIENCE);
        if has_ended && is_unmounted() {
            return Ok(());
        }
        // It hangs: no request is answered any more, and its guard unmounts when it is gone.
        let _ = fs::write(&self.abort, "1");
        let _ = daemon.kill();
        wait_for(&mut daemon, PATIENCE);
        let until = Instant::now() + PATIENCE;
        while device_of_mount(&self.mountpoint()).is_some() {
            let _ = rustix::mount::unmount(self.mountpoint(), rustix::mount::UnmountFlags::DETACH);
            if Instant::now() >= until {
                let place = self.mountpoint().display().to_string();
                return Err(Failure::Environment(format!("{place}: still mounted; `fusermount3 -uz` unmounts it")));
            }
            std::thread::sleep(TICK);
        }
        Err(Failure::Environment("the mount did not end by itself and was aborted".to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// How many requests of an operation there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// All.
    pub count: usize,
    /// Those that failed.
    pub errors: usize,
}

/// The life of the daemon: what follows the hidden verb is `fuse-mount`'s command line.
pub fn serve(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    // Who started it may be killed; the mount then ends as for any other SIGTERM.
    let parent = rustix::process::getppid();
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
    if rustix::process::getppid() != parent {
        return ExitCode::SUCCESS;
    }
    fuse_mount::run_cli(std::iter::once(OsString::from("fuse-mount")).chain(arguments))
}

fn start_daemon(
    program: &Path,
    base: &Scratch,
    words: Option<&str>,
    trace: Option<&Path>,
    messages: &Path,
) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.args([VERB, "--foreground"]);
    if let Some(trace) = trace {
        command.arg("--trace").arg(trace);
    }
    if rustix::process::geteuid().is_root() {
        // The same as the real directory allows.
        command.args(["-o", "allow_other,dev,suid"]);
    }
    if let Some(words) = words {
        command.args(["-o", words]);
    }
    command.arg(base.path().join("source")).arg(base.path().join("mount"));
    let messages = File::create(messages)?;
    command.stdin(Stdio::null()).stdout(messages.try_clone()?).stderr(messages);
    // An interrupt at the terminal is the runner's, who then ends the mount in its turn.
    command.process_group(0).spawn()
}

/// Whether the daemon ends in time.
fn wait_for(daemon: &mut Child, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    loop {
        match daemon.try_wait() {
            Ok(Some(_)) => return true,
            Ok(None) if Instant::now() < until => std::thread::sleep(TICK),
            _ => return false,
        }
    }
}

/// The device of what is mounted at a place, from the mount table: nobody is asked who
/// may not answer.
fn device_of_mount(place: &Path) -> Option<String> {
    let place = fs::canonicalize(place.parent()?).ok()?.join(place.file_name()?);
    let table = fs::read("/proc/self/mountinfo").ok()?;
    let escaped = escape(place.as_os_str().as_bytes());
    let mut lines = table.split(|byte| *byte == b'\n').map(|line| line.split(|byte| *byte == b' '));
    lines.find_map(|mut words| {
        let device = words.nth(2)?;
        (words.nth(1)? == escaped).then(|| String::from_utf8_lossy(device).into_owned())
    })
}

/// A path as the mount table writes it (proc(5)).
fn escape(path: &[u8]) -> Vec<u8> {
    let one = |byte: &u8| match byte {
        b' ' | b'\t' | b'\n' | b'\\' => format!("\\{byte:03o}").into_bytes(),
        byte => vec![*byte],
    };
    path.iter().flat_map(one).collect()
}

/// Counts the requests of a trace.
fn read_trace(path: &Path) -> Vec<(String, Requests)> {
    let Ok(file) = File::open(path) else {
        return Vec::new();
    };
    let mut requests: std::collections::BTreeMap<String, Requests> = std::collections::BTreeMap::new();
    for line in BufReader::new(file).lines().map_while(Result::ok) {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(&line) else {
            continue;
        };
        if let Some(op) = line.get("op").and_then(serde_json::Value::as_str) {
            let requests = requests.entry(op.to_owned()).or_default();
            requests.count += 1;
            requests.errors += usize::from(line.get("errno").is_some_and(|errno| !errno.is_null()));
        }
    }
    let mut requests: Vec<_> = requests.into_iter().collect();
    requests.sort_by_key(|(_, requests)| std::cmp::Reverse(requests.count));
    requests
}
