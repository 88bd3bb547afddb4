//! Logs that no run has written, and the pages that are made of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use conformance::event::{Begin, CaseResult, End, Event, ExcuseKind, Excused, SCHEMA, Status, Step, TargetInfo};
use tempfile::TempDir;

/// A directory for logs and pages.
pub(crate) struct Desk {
    temp: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk { temp: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// Writes a log.
    pub(crate) fn log(&self, name: &str, events: &[Event]) {
        let lines: String = events.iter().map(|event| format!("{}\n", event.to_json())).collect();
        fs::write(self.path(name), lines).unwrap();
    }

    /// Runs `conformance report`.
    pub(crate) fn report(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
        command.arg("report").args(arguments).current_dir(self.temp.path()).output().unwrap()
    }

    /// The page of some logs.
    pub(crate) fn page(&self, logs: &[&str]) -> PathBuf {
        let ran = self.report(&[logs, &["-o", "page.html"]].concat());
        assert!(ran.status.success(), "{ran:?}");
        self.path("page.html")
    }

    /// The page of [`sample`].
    pub(crate) fn sample_page(&self) -> PathBuf {
        self.log("sample.jsonl", &sample());
        self.page(&["sample.jsonl"])
    }
}

/// A run on two file systems, `ext4` where all passes and `newfs` where it does not:
/// nothing can replace a directory with something in it, exchanging is not there, and
/// two more differences are excused.
pub(crate) fn sample() -> Vec<Event> {
    let mut results = Vec::new();
    for src in ["missing", "file", "dir"] {
        for dst in ["file", "dir", "full"] {
            for by in ["self", "other"] {
                let id = format!("rename.types.{src}.{dst}.{by}");
                let op = format!("rename src=src_{src} dst=dst_{dst}");
                let want = if dst == "full" { "ENOTEMPTY|EEXIST" } else { "ENOENT" };
                let first = want.split('|').next().unwrap();
                let base = CaseResult {
                    claim: "What may replace what".to_owned(),
                    class: "posix-shall".to_owned(),
                    clause: "POSIX rename".to_owned(),
                    ..result(
                        &id,
                        "ext4",
                        Status::Pass,
                        &[step("mkdir path=d", None, "ok"), step(&op, Some(want), first)],
                    )
                };
                results.push(base.clone());
                results.push(match dst {
                    "full" => CaseResult {
                        target: "newfs".to_owned(),
                        status: Status::Fail,
                        reason: Some(format!("step 2: expected {want}, got EIO")),
                        steps: vec![step("mkdir path=d", None, "ok"), step(&op, Some(want), "EIO")],
                        ..base
                    },
                    _ => CaseResult { target: "newfs".to_owned(), ..base },
                });
            }
        }
    }
    let exchange = [step("rename src=a dst=b flags=EXCHANGE", Some("ENOENT"), "ENOENT")];
    let pass = CaseResult {
        claim: "RENAME_EXCHANGE fails when either name is absent".to_owned(),
        clause: "rename(2)".to_owned(),
        ..result("rename.exchange_needs_both_names", "ext4", Status::Pass, &exchange)
    };
    results.push(pass.clone());
    results.push(CaseResult {
        target: "newfs".to_owned(),
        status: Status::Skip,
        reason: Some("rename_exchange: `rename src=f dst=d flags=EXCHANGE` gives `EINVAL` here".to_owned()),
        steps: Vec::new(),
        ..pass
    });
    for (id, status, reason) in [
        ("open.keeps_mode", Status::Fail, "step 1: expected mode=0644, got ok mode=0600"),
        ("open.waits", Status::Timeout, "step 1: `open path=p` did not return"),
        ("open.blocked", Status::Blocked, "step 1: `open path=p`, which prepares, gave EIO"),
        ("open.error", Status::Error, "step 1: `open path=p`: the worker died"),
    ] {
        let steps = [step("stat path=p", Some("mode=0644"), "ok type=file mode=0644 size=0")];
        results.push(result(id, "ext4", Status::Pass, &steps));
        let steps = [step("stat path=p", Some("mode=0644"), "ok type=file mode=0600 size=0")];
        let excused = Excused { kind: ExcuseKind::Known, cause: "It has no modes.".to_owned() };
        results.push(CaseResult {
            reason: Some(reason.to_owned()),
            excused: (status == Status::Fail).then_some(excused),
            ..result(id, "newfs", status, &steps)
        });
    }
    run(&["ext4", "newfs"], results)
}

/// The events of a run.
pub(crate) fn run(targets: &[&str], results: Vec<CaseResult>) -> Vec<Event> {
    let mut events = vec![Event::Begin(begin(targets, results.len() / targets.len()))];
    let mut end = End { duration_ns: 1_500_000_000, exit_code: 1, ..End::default() };
    for result in results {
        end.counts.entry(result.target.clone()).or_default().add(&result);
        events.push(Event::Case(result));
    }
    events.push(Event::End(end));
    events
}

pub(crate) fn begin(targets: &[&str], cases: usize) -> Begin {
    let target = |name: &&str| TargetInfo {
        name: (*name).to_owned(),
        dir: format!("/mnt/{name}"),
        mount: false,
        fs_type: (*name).to_owned(),
        fs_source: "/dev/vdb".to_owned(),
        options: "rw,relatime".to_owned(),
        probes: BTreeMap::from([
            ("acl".to_owned(), None),
            ("rename_exchange".to_owned(), (*name == "newfs").then(|| "it gives `EINVAL` here".to_owned())),
        ]),
    };
    Begin {
        schema: SCHEMA,
        version: "0.1.0".to_owned(),
        kernel: "Linux 6.18.0".to_owned(),
        machine: "x86_64".to_owned(),
        time_s: 1_795_656_352,
        uid: 0,
        confinement: "chroot".to_owned(),
        cases,
        targets: targets.iter().map(target).collect(),
    }
}

pub(crate) fn result(id: &str, target: &str, status: Status, steps: &[Step]) -> CaseResult {
    CaseResult {
        id: id.to_owned(),
        target: target.to_owned(),
        status,
        class: "linux-man".to_owned(),
        clause: "open(2)".to_owned(),
        claim: "It does what the manual says".to_owned(),
        duration_ns: 1_500_000,
        reason: None,
        excused: None,
        steps: steps.to_vec(),
    }
}

pub(crate) fn step(op: &str, want: Option<&str>, got: &str) -> Step {
    Step { op: op.to_owned(), want: want.map(str::to_owned), got: Some(got.to_owned()) }
}
