//! Where a run takes place: in the directories that it is given, or in temporary ones.

use std::path::Path;

use crate::cli::Run;
use crate::exit::Failure;
#[cfg(feature = "mount")]
use crate::mounted::Mounted;
use crate::scratch::Scratch;
use crate::target::{Place, for_shell};

/// The places of a run; what is temporary of them is gone when this is dropped.
pub enum Places {
    /// Directories that were given.
    Given(Vec<Place>),
    /// A temporary directory.
    Temporary(Scratch),
    /// A temporary directory, and a mount over another one.
    #[cfg(feature = "mount")]
    Mounted(Box<Mounted>),
}

impl Places {
    /// Makes what the command line asks for.
    ///
    /// # Errors
    /// No temporary directory can be made, or nothing be mounted.
    pub fn open(arguments: &Run) -> Result<Places, Failure> {
        if !arguments.dirs.is_empty() {
            let given = |dir: &std::path::PathBuf| Place { dir: dir.clone(), ..Place::default() };
            return Ok(Places::Given(arguments.dirs.iter().map(given).collect()));
        }
        if !arguments.no_mount {
            return mount(arguments);
        }
        let temp = std::env::temp_dir();
        let scratch = Scratch::private_in(&temp);
        scratch.map(Places::Temporary).map_err(|error| Failure::Environment(format!("{}: {error}", temp.display())))
    }

    /// The places, in order of the columns.
    pub fn list(&self) -> Vec<Place> {
        match self {
            Places::Given(places) => places.clone(),
            Places::Temporary(scratch) => vec![Place { dir: scratch.path().to_owned(), ..Place::default() }],
            #[cfg(feature = "mount")]
            Places::Mounted(mounted) => vec![
                Place { dir: mounted.real(), ..Place::default() },
                Place { dir: mounted.mountpoint(), name: Some("mount"), abort: Some(mounted.abort().to_owned()) },
            ],
        }
    }

    /// What the mount has said since this was asked the last time: that its source cannot be watched, or that
    /// something of its own is wrong.
    pub fn said(&mut self) -> Vec<String> {
        match self {
            Places::Given(_) | Places::Temporary(_) => Vec::new(),
            #[cfg(feature = "mount")]
            Places::Mounted(mounted) => mounted.said(),
        }
    }

    /// Removes what is temporary, and says what there is to say about the mount.
    ///
    /// # Errors
    /// The mount cannot be ended, or a directory not be removed.
    pub fn close(self) -> Result<String, Failure> {
        match self {
            Places::Given(_) => Ok(String::new()),
            Places::Temporary(scratch) => {
                let path = scratch.path().display().to_string();
                let removed = scratch.remove().map(|()| String::new());
                removed.map_err(|error| Failure::Environment(format!("{path}: not removed: {error}")))
            }
            #[cfg(feature = "mount")]
            Places::Mounted(mounted) => mounted.end().map(|requests| summary(&requests)),
        }
    }
}

#[cfg(feature = "mount")]
fn mount(arguments: &Run) -> Result<Places, Failure> {
    let myself = Path::new("/proc/self/exe");
    let mounted = Mounted::start(myself, arguments.mount_options.as_deref(), arguments.trace.as_deref())?;
    Ok(Places::Mounted(Box::new(mounted)))
}

#[cfg(not(feature = "mount"))]
fn mount(_: &Run) -> Result<Places, Failure> {
    let message = "this program was built without the mount: name a directory, or use --no-mount";
    Err(Failure::Usage(message.to_owned()))
}

/// What the mount was asked, in a line.
#[cfg(feature = "mount")]
fn summary(requests: &[(String, crate::mounted::Requests)]) -> String {
    if requests.is_empty() {
        return String::new();
    }
    let all: usize = requests.iter().map(|(_, requests)| requests.count).sum();
    let most = requests.iter().take(8).map(|(op, requests)| match requests.errors {
        0 => format!("{op} {}", requests.count),
        errors => format!("{op} {} ({errors} failed)", requests.count),
    });
    format!("the mount served {all} requests: {}\n", most.collect::<Vec<_>>().join(", "))
}

/// The rest of the command that runs a case again in these places: what follows
/// `conformance run --case ID`.
pub fn again(arguments: &Run) -> String {
    let mut again = String::new();
    let mut add = |word: &str, value: &Path| again.push_str(&format!(" {word}{}", for_shell(value)));
    if let Some(cases) = &arguments.cases.cases {
        add("--cases ", cases);
    }
    if let Some(known) = &arguments.known {
        add("--known ", known);
    }
    if let Some(options) = &arguments.mount_options {
        add("--mount-options ", Path::new(options));
    }
    arguments.dirs.iter().for_each(|dir| add("", dir));
    if arguments.no_mount {
        again.push_str(" --no-mount");
    }
    again
}
