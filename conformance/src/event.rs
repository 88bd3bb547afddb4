//! Events: what a run tells, in order. The log is these events as JSON Lines, and
//! every report is made from them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The version of the log's format. Fields are added, not renamed.
pub const SCHEMA: u32 = 1;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Event {
    /// The first.
    Begin(Begin),
    /// One for each case on each target.
    Case(CaseResult),
    /// The last.
    End(End),
}

/// Where the run takes place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of the suite.
    pub version: String,
    /// The kernel's name and release: `Linux 6.18.0`.
    pub kernel: String,
    /// The machine: `x86_64`.
    pub machine: String,
    /// Seconds since 1970 at which the run began.
    pub time_s: u64,
    /// Who runs.
    pub uid: u32,
    /// How workers are confined: `chroot`, `user namespace` or `refusal`.
    pub confinement: String,
    /// How many cases were selected.
    pub cases: usize,
    /// The targets, in the order of the columns.
    pub targets: Vec<TargetInfo>,
}

/// A directory that is under test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// Its name in this run.
    pub name: String,
    /// The directory.
    pub dir: String,
    /// Whether it is on a fuse-mount, for which known differences count.
    pub mount: bool,
    /// The type of the file system: `ext4`, `fuse.fuse-mount`.
    pub fs_type: String,
    /// The device or source of the file system.
    pub fs_source: String,
    /// The options of the mount, and of the file system below it.
    pub options: String,
    /// Every need that cases may have: null where it is met, or why not.
    pub probes: BTreeMap<String, Option<String>>,
}

/// How a case ended on a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseResult {
    /// The case's id.
    pub id: String,
    /// The target's name.
    pub target: String,
    /// How it ended.
    pub status: Status,
    /// The class of the clause.
    pub class: String,
    /// The clause.
    pub clause: String,
    /// What is claimed.
    pub claim: String,
    /// How long it took, making its directory and its workers included.
    pub duration_ns: u64,
    /// Why it did not pass.
    pub reason: Option<String>,
    /// Why it does not count, if it did not pass and does not count.
    pub excused: Option<Excused>,
    /// The steps that were taken.
    pub steps: Vec<Step>,
}

/// How a case may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// All was as wanted.
    Pass,
    /// The file system did something else.
    Fail,
    /// The case, the suite or the environment is wrong.
    Error,
    /// It could not be run here, for a reason.
    Skip,
    /// A step did not return.
    Timeout,
    /// A step failed that only prepares, so that nothing was learnt of the claim.
    Blocked,
}

/// Why a result does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excused {
    /// By what.
    pub kind: ExcuseKind,
    /// Why.
    pub cause: String,
}

/// What excuses a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExcuseKind {
    /// An entry of the list of known differences.
    Known,
    /// The class of its clause: nobody promises it.
    Class,
}

/// A step that was taken, as the notation prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who and what.
    pub op: String,
    /// What was wanted, where the step asserts something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub want: Option<String>,
    /// What came back; nothing, if there was no outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
}

/// What came of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// By target, how many cases ended how.
    pub counts: BTreeMap<String, Counts>,
    /// Entries of the list of known differences that no longer differ.
    pub stale: Vec<String>,
    /// How long the run took, without mounting and probing.
    pub duration_ns: u64,
    /// The exit code.
    pub exit_code: u8,
}

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of `Status`")]
pub struct Counts {
    pub pass: usize,
    pub fail: usize,
    pub error: usize,
    pub skip: usize,
    pub timeout: usize,
    pub blocked: usize,
    /// How many of those that did not pass are excused.
    pub excused: usize,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 6] =
        [Status::Pass, Status::Fail, Status::Error, Status::Skip, Status::Timeout, Status::Blocked];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pass => "PASS",
            Status::Fail => "FAIL",
            Status::Error => "ERROR",
            Status::Skip => "SKIP",
            Status::Timeout => "TIMEOUT",
            Status::Blocked => "BLOCKED",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl CaseResult {
    /// Whether it counts as not passed: it did not pass, nor was it skipped, and nothing
    /// excuses it.
    pub fn counts(&self) -> bool {
        !matches!(self.status, Status::Pass | Status::Skip) && self.excused.is_none()
    }
}

impl Counts {
    /// Counts one more result.
    pub fn add(&mut self, result: &CaseResult) {
        *self.of_mut(result.status) += 1;
        self.excused += usize::from(result.excused.is_some());
    }

    /// How many ended like this.
    pub fn of(mut self, status: Status) -> usize {
        *self.of_mut(status)
    }

    fn of_mut(&mut self, status: Status) -> &mut usize {
        match status {
            Status::Pass => &mut self.pass,
            Status::Fail => &mut self.fail,
            Status::Error => &mut self.error,
            Status::Skip => &mut self.skip,
            Status::Timeout => &mut self.timeout,
            Status::Blocked => &mut self.blocked,
        }
    }
}

impl Event {
    /// The event as one line of the log, without its end.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an event has only text and numbers")
    }
}
