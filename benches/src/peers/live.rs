//! A mount that is measured, with its clients; gone when dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::Signal;

use super::contestant::Contestant;
use super::crew::{Crew, Trouble, send_to_group};
use super::image::Image;
use super::launch::Placement;
use super::source::{Supplies, forget_contents};
use super::workload::Workload;
use crate::mount::{abort, connection_at, text_of, wait_until};

/// A mount, or the directory itself, and who works in it.
#[derive(Debug)]
pub struct Live {
    name: String,
    source: PathBuf,
    /// `None` for the directory itself.
    mount: Option<Mounted>,
    crew: Crew,
}

/// A mount; gone when dropped.
#[derive(Debug)]
pub(crate) struct Mounted {
    daemon: Child,
    mountpoint: PathBuf,
    connection: u32,
}

impl Live {
    /// Mounts a source, and starts so many clients in it, who may take so long to answer.
    ///
    /// # Errors
    /// Why it is not there, in words.
    pub fn start(
        contestant: &Contestant,
        image: &Image,
        supplies: &Supplies,
        placement: &Placement,
        clients: usize,
        patience: Duration,
    ) -> Result<Live, String> {
        let source = source_of(image, contestant);
        let mount = match contestant.command.is_empty() {
            true => None,
            false => Some(Mounted::start(contestant, image, &source, placement)?),
        };
        let mut live = Live { name: contestant.name.clone(), source, mount, crew: Crew::default() };
        let dir = live.mount.as_ref().map_or(&live.source, |mount| &mount.mountpoint);
        live.crew = Crew::start(clients, placement, dir, &supplies.archive, patience)
            .map_err(|error| format!("a client: {error}"))?;
        Ok(live)
    }

    /// The number by which the kernel calls the connection, if there is one.
    pub fn connection(&self) -> Option<u32> {
        self.mount.as_ref().map(|mount| mount.connection)
    }

    /// Does a workload, and tells how many nanoseconds passed.
    ///
    /// # Errors
    /// Why there is no measurement. A mount that is broken is ended.
    pub fn perform(&mut self, workload: &Workload, count: u64, image: &Image) -> Result<u64, Trouble> {
        let forgotten = if workload.is_cold { self.forget(image) } else { Ok(()) };
        let took = forgotten.and_then(|()| self.crew.perform(workload, count));
        self.end_if_broken(&took);
        took
    }

    /// Does what makes the caches warm for a workload.
    ///
    /// # Errors
    /// Why it cannot be done. A mount that is broken is ended.
    pub fn warm_up(&mut self, workload: &Workload) -> Result<(), Trouble> {
        let warmed = match workload.warm_up {
            Some((_, count)) => self.crew.warm_up(workload, count),
            None => Ok(()),
        };
        self.end_if_broken(&warmed);
        warmed
    }

    /// Takes away what a workload left.
    ///
    /// # Errors
    /// Why it is still there. A mount that is broken is ended.
    pub fn undo(&mut self, workload: &Workload, count: u64) -> Result<(), Trouble> {
        let undone = match workload.undo {
            Some(_) => self.crew.undo(workload, count),
            None => Ok(()),
        };
        self.end_if_broken(&undone);
        undone
    }

    /// Has the kernel forget names and contents, here and in the source.
    fn forget(&mut self, image: &Image) -> Result<(), Trouble> {
        let contents = forget_contents(&self.source);
        contents.map_err(|error| Trouble::Refused(format!("{}: {error}", self.source.display())))?;
        image.forget_names(&self.name).map_err(Trouble::Refused)?;
        if self.mount.is_some() { self.crew.forget() } else { Ok(()) }
    }

    /// Clients that hang in a mount are freed by the end of its connection.
    fn end_if_broken<T>(&mut self, result: &Result<T, Trouble>) {
        if let (Err(Trouble::Broken(_)), Some(mount)) = (result, &mut self.mount) {
            mount.end_by_force();
        }
    }
}

/// Where a contestant's source is.
pub fn source_of(image: &Image, contestant: &Contestant) -> PathBuf {
    image.ground(&contestant.name).join(&contestant.name)
}

/// Where a contestant's mount is.
pub(crate) fn mountpoint_of(image: &Image, contestant: &Contestant) -> PathBuf {
    image.dir().join(format!("{}.mount", contestant.name))
}

impl Mounted {
    /// Mounts a source.
    ///
    /// # Errors
    /// Why it is not there, in words.
    pub(crate) fn start(
        contestant: &Contestant,
        image: &Image,
        source: &Path,
        placement: &Placement,
    ) -> Result<Mounted, String> {
        let beside = |what: &str| {
            let dir = image.ground(&contestant.name).join(format!("{}.{what}", contestant.name));
            std::fs::create_dir_all(&dir).map(|()| dir).map_err(|error| format!("a directory: {error}"))
        };
        let mountpoint = mountpoint_of(image, contestant);
        std::fs::create_dir_all(&mountpoint).map_err(|error| format!("{}: {error}", mountpoint.display()))?;
        let places = [
            ("{source}", source.to_owned()),
            ("{mountpoint}", mountpoint.clone()),
            ("{empty}", beside("empty")?),
            ("{work}", beside("work")?),
        ];
        let words = contestant.command.iter().map(|word| {
            places.iter().fold(word.clone(), |word, (name, path)| word.replace(name, &path.display().to_string()))
        });
        let words: Vec<String> = words.collect();
        let said = tempfile::tempfile().map_err(|error| format!("a temporary file: {error}"))?;
        let mut command = placement.command(&words[0]).map_err(|error| format!("this program: {error}"))?;
        let daemon = spawn(command.args(&words[1..]), &said).map_err(|error| format!("{}: {error}", words[0]))?;
        let mut mounted = Mounted { daemon, mountpoint, connection: 0 };
        let mut has_failed = false;
        wait_until(|| {
            // One that goes into the background ends with success.
            has_failed = mounted.daemon.try_wait().is_ok_and(|status| status.is_some_and(|status| !status.success()));
            has_failed || connection_at(&mounted.mountpoint).is_some()
        });
        match connection_at(&mounted.mountpoint) {
            Some(connection) => mounted.connection = connection,
            None => return Err(format!("the mount did not come: {}", text_of(said))),
        }
        Ok(mounted)
    }

    /// The process that was started.
    pub(crate) fn process(&self) -> u32 {
        self.daemon.id()
    }

    /// Has all who wait for it get errors, and ends it.
    pub(crate) fn end_by_force(&mut self) {
        abort(self.connection);
        send_to_group(&mut self.daemon, Signal::KILL);
    }

    /// Whether the process that was started has not ended.
    fn is_running(&mut self) -> bool {
        self.daemon.try_wait().is_ok_and(|status| status.is_none())
    }

    /// Whether anything of it is left.
    fn is_there(&mut self) -> bool {
        connection_at(&self.mountpoint).is_some() || self.is_running()
    }

    /// Takes the mount away from whoever serves it.
    fn detach(&self) {
        if unmount(&self.mountpoint, UnmountFlags::DETACH).is_err() {
            // An ordinary user's; what cannot be done is told by what is left.
            let _ = Command::new("fusermount3").args(["-u", "-z", "-q", "--"]).arg(&self.mountpoint).status();
        }
    }
}

fn spawn(command: &mut Command, said: &File) -> std::io::Result<Child> {
    command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said.try_clone()?).spawn()
}

impl Drop for Live {
    fn drop(&mut self) {
        // Who works in a mount keeps it busy.
        drop(std::mem::take(&mut self.crew));
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        match self.is_running() {
            true => send_to_group(&mut self.daemon, Signal::TERM),
            // It went into the background, or has ended.
            false if connection_at(&self.mountpoint).is_some() => self.detach(),
            false => {}
        }
        if !wait_until(|| !self.is_there()) {
            if self.connection != 0 {
                abort(self.connection);
            }
            send_to_group(&mut self.daemon, Signal::KILL);
            self.detach();
        }
        let _ = self.daemon.wait();
    }
}
