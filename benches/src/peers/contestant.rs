//! Who is measured: nobody, our mount, its peers, and the floor, which nobody can be faster than.

use std::path::Path;
use std::process::{Command, Stdio};

use super::failure::Failure;
use super::workload::{Phase, Unit, Workload};

/// The directory itself, which all others are measured by.
pub const NATIVE: &str = "native";

/// The policies of our mount, as `--cache` has them.
pub const POLICIES: [&str; 4] = ["none", "tick", "watch", "exclusive"];

/// What FUSE itself takes, by the policy that is answered for: [`crate::floor`].
const FLOORS: [(&str, &str); 3] = [("floor", "exclusive"), ("floor-tick", "tick"), ("floor-none", "none")];

/// Other passthrough file systems, as Debian has them: names, and commands in the foreground.
const PEERS: [(&str, &str); 4] = [
    ("bindfs", "bindfs -f {source} {mountpoint}"),
    ("fuse-overlayfs", "fuse-overlayfs -f -o lowerdir={empty},upperdir={source},workdir={work} {mountpoint}"),
    // It makes no file where less than 4 GiB are free, unless it is told.
    ("mergerfs", "mergerfs -f -o minfreespace=0 {source} {mountpoint}"),
    ("unionfs-fuse", "unionfs -f {source}=RW {mountpoint}"),
];

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nobody's: the directory itself.
    Native,
    /// Ours.
    Ours,
    /// Somebody else's.
    Peer,
    /// Nobody's: what FUSE itself takes.
    Floor,
}

/// Who is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contestant {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub kind: Kind,
    /// The words of its command, with `{source}`, `{mountpoint}`, `{empty}` and `{work}` in them.
    pub command: Vec<String>,
    /// What its program says of its version.
    pub version: Option<String>,
}

impl Contestant {
    fn new(name: &str, kind: Kind, command: Vec<String>) -> Self {
        Contestant { name: name.to_owned(), kind, command, version: None }
    }

    /// One that is given as `NAME=COMMAND`.
    ///
    /// # Errors
    /// It is not, in words.
    pub fn parse(text: &str) -> Result<Contestant, String> {
        let (name, command) = text.split_once('=').ok_or("NAME=COMMAND is wanted")?;
        if name.is_empty() || name.contains([',', ' ']) {
            return Err(format!("`{name}` is no name: one word is wanted before the `=`"));
        }
        for place in ["{source}", "{mountpoint}"] {
            if !command.contains(place) {
                return Err(format!("the command of `{name}` lacks {place}"));
            }
        }
        Ok(Contestant::new(name, Kind::Peer, command.split_whitespace().map(str::to_owned).collect()))
    }
}

impl Contestant {
    /// Whether it does a workload at all. A floor keeps all in memory, so it says nothing about data, and one
    /// thread serves it. What is in a file is read from it once, as under `exclusive` and no other policy.
    pub fn does(&self, workload: &Workload) -> bool {
        let is_of_floor = workload.phase() == Phase::Warm && !matches!(workload.unit, Unit::Bytes(_));
        let has_contents = workload.is_program() || workload.name == "open-read-close";
        self.kind != Kind::Floor || (is_of_floor && (self.name == FLOORS[0].0 || !has_contents))
    }
}

/// Our programs.
#[derive(Clone, Copy, Debug)]
pub struct Programs<'a> {
    /// Our mount.
    pub mounted: &'a Path,
    /// The floor.
    pub floor: &'a Path,
}

/// All who are chosen, the directory itself first: of those known, the ones of `names` or all, and
/// the ones that are `given`.
///
/// # Errors
/// A name that nobody has, or two have.
pub fn choose(programs: Programs<'_>, names: &[String], given: &[Contestant]) -> Result<Vec<Contestant>, Failure> {
    let mut known = vec![Contestant::new(NATIVE, Kind::Native, Vec::new())];
    for policy in POLICIES {
        let words = [&programs.mounted.display().to_string(), "-f", "--cache", policy, "{source}", "{mountpoint}"];
        known.push(Contestant::new(policy, Kind::Ours, words.map(str::to_owned).to_vec()));
    }
    for (name, policy) in FLOORS {
        let words = [&programs.floor.display().to_string(), "--cache", policy, "{source}", "{mountpoint}"];
        known.push(Contestant::new(name, Kind::Floor, words.map(str::to_owned).to_vec()));
    }
    for (name, command) in PEERS {
        known.push(Contestant::new(name, Kind::Peer, command.split(' ').map(str::to_owned).collect()));
    }
    for (index, contestant) in given.iter().enumerate() {
        if known.iter().chain(&given[..index]).any(|other| other.name == contestant.name) {
            return Err(Failure::Usage(format!("--peer: there is a `{}` already", contestant.name)));
        }
    }
    let all: Vec<&str> = known.iter().chain(given).map(|contestant| contestant.name.as_str()).collect();
    if let Some(name) = names.iter().find(|name| !all.contains(&name.as_str())) {
        return Err(Failure::Usage(format!("--mounts: there is no `{name}`; there are {}", all.join(", "))));
    }
    known.retain(|contestant| contestant.kind == Kind::Native || names.is_empty() || names.contains(&contestant.name));
    known.extend(given.iter().cloned());
    Ok(known)
}

/// Leaves out whose program is not there, which is told, and asks the others for their versions.
pub fn keep_installed(contestants: &mut Vec<Contestant>) {
    contestants.retain_mut(|contestant| {
        let Some(program) = contestant.command.first() else { return true };
        let asked = Command::new(program).arg("--version").stdin(Stdio::null()).output();
        match asked {
            Ok(output) => {
                let text = [output.stdout, output.stderr].concat();
                contestant.version = version_in(&String::from_utf8_lossy(&text), program);
                true
            }
            Err(error) => {
                eprintln!("peers: {} is left out: {program}: {error}", contestant.name);
                false
            }
        }
    });
}

/// The line that tells a version: one with the name of the program, else the first with a number.
fn version_in(text: &str, program: &str) -> Option<String> {
    let name = Path::new(program).file_name()?.to_str()?;
    let mut lines = text.lines().map(str::trim).filter(|line| line.contains(|c: char| c.is_ascii_digit()));
    let first = lines.clone().next();
    let of_program = lines.find(|line| line.starts_with(name));
    of_program.or(first).map(str::to_owned)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::peers::workload::find;

    /// Programs that are not started.
    pub(crate) fn programs() -> Programs<'static> {
        Programs { mounted: Path::new("/m"), floor: Path::new("/f") }
    }

    fn names(chosen: &[Contestant]) -> Vec<&str> {
        chosen.iter().map(|contestant| contestant.name.as_str()).collect()
    }

    #[test]
    fn the_directory_itself_is_always_there_and_those_that_are_given() {
        let given = Contestant::parse("mine=prog -o a=b {source} {mountpoint}").unwrap();
        assert_eq!(given.command, ["prog", "-o", "a=b", "{source}", "{mountpoint}"]);
        let chosen = choose(programs(), &["tick".to_owned()], std::slice::from_ref(&given)).unwrap();
        assert_eq!(names(&chosen), ["native", "tick", "mine"]);
        assert_eq!(choose(programs(), &[], &[]).unwrap().len(), 12);
    }

    #[test]
    fn wrong_names_are_told() {
        let error = choose(programs(), &["tack".to_owned()], &[]).unwrap_err().to_string();
        assert!(error.contains("`tack`") && error.contains("tick, watch"), "{error}");
        let given = Contestant::parse("tick=p {source} {mountpoint}").unwrap();
        assert!(choose(programs(), &[], &[given]).is_err());
        for wrong in ["p {source}", "=p {source} {mountpoint}", "p=p {source}", "p q=p {source} {mountpoint}"] {
            assert!(Contestant::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_floor_does_what_is_in_memory() {
        let chosen = choose(programs(), &["tick", "floor", "floor-none"].map(str::to_owned), &[]).unwrap();
        let does = |name: &str| chosen.iter().map(|one| one.does(find(name).unwrap())).collect::<Vec<_>>();
        assert_eq!(does("stat"), [true; 4]);
        assert_eq!(does("git-status"), [true, true, true, false]);
        assert_eq!(does("open-read-close"), [true, true, true, false]);
        for name in ["rand-read/4KiB", "mmap-write", "grep-cold", "fstat-clients/1"] {
            assert_eq!(does(name), [true, true, false, false], "{name}");
        }
    }

    #[test]
    fn a_version_is_found_among_other_lines() {
        let text = "unknown argument ignored: lazytime\nfusermount3 version: 3.14.0\nprog 1.2\n";
        assert_eq!(version_in(text, "/usr/bin/prog").as_deref(), Some("prog 1.2"));
        assert_eq!(version_in("version 3\n", "other").as_deref(), Some("version 3"));
        assert_eq!(version_in("nothing\n", "other"), None);
    }
}
