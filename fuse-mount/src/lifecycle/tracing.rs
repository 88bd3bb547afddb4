//! The trace and the table of a mount, along its life.

use std::path::Path;
use std::sync::Arc;

use super::dead;
use super::place::Places;
use crate::cli::Mount;
use crate::exit::Failure;
use crate::options::{Cache, Options};
use crate::trace::{Destination, Header, Recorder, Tracer};

/// What is to be recorded, if anything is.
pub(super) struct Tracing(Option<Plan>);

struct Plan {
    header: Header,
    recorder: Recorder,
    /// The trace's name, for messages, and its file.
    destination: Option<(String, Destination)>,
    prints_summary: bool,
}

impl Tracing {
    /// Checks what is asked for, and opens the file.
    pub(super) fn plan(mount: &Mount, places: &Places) -> Result<Self, Failure> {
        if mount.trace.is_none() && !mount.summary {
            return Ok(Tracing(None));
        }
        let header = Header {
            source: places.source_path.clone(),
            mountpoint: places.mountpoint_path.clone(),
            read_only: mount.words.read_only,
            cache: mount.cache,
            passthrough: mount.passthrough,
            threads: mount.threads.unwrap_or_else(|| Options::new("").threads),
            level: mount.trace_level,
            policy: mount.trace_policy,
            filter: mount.trace_filter.clone(),
        };
        let recorder = Recorder::new(&header, mount.trace.is_some(), mount.summary)?;
        let destination = mount.trace.as_deref().map(|path| open(path, places)).transpose()?;
        Ok(Tracing(Some(Plan { header, recorder, destination, prints_summary: mount.summary && mount.foreground })))
    }

    /// What the kernel may remember: not always what was asked for.
    pub(super) fn caches_as(&mut self, cache: Cache) {
        if let Some(plan) = &mut self.0 {
            plan.header.cache = cache;
        }
    }

    /// What the mount gives its records to.
    pub(super) fn tracer(&self) -> Option<Arc<Tracer>> {
        self.0.as_ref().map(|plan| Arc::new(plan.recorder.tracer()))
    }

    /// The mount is live: what was recorded until now is written, and what follows.
    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        let Some(Plan { header, recorder, destination: Some((name, destination)), .. }) = &mut self.0 else {
            return Ok(());
        };
        let started = destination.begin().and_then(|file| recorder.start(header, file));
        started.map_err(|error| Failure::io(format_args!("cannot write the trace {name}"), &error))
    }

    /// The mount is over: the rest is written, and the table printed.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let Some(plan) = self.0 else { return Ok(()) };
        let (table, written) = plan.recorder.finish();
        if let Some(table) = table.filter(|_| plan.prints_summary) {
            eprint!("{table}");
        }
        let name = plan.destination.map(|(name, _)| name).unwrap_or_default();
        written.map_err(|error| Failure::io(format_args!("the trace {name} is not complete"), &error))
    }

    /// Another process goes on with this.
    pub(super) fn leave(self) {
        if let Some((_, destination)) = self.0.and_then(|plan| plan.destination) {
            destination.leave();
        }
    }
}

fn open(path: &Path, places: &Places) -> Result<(String, Destination), Failure> {
    if path != "-" {
        places.check_trace(path)?;
    }
    let name = if path == "-" { "on standard output".to_owned() } else { path.display().to_string() };
    match Destination::open(path) {
        Ok(destination) => Ok((name, destination)),
        Err(failure) => {
            let hint = rustix::fs::stat(path).err().map(|errno| dead::hint(path, errno)).unwrap_or_default();
            Err(Failure::Failed(format!("{failure}{hint}")))
        }
    }
}
