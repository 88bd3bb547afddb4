//! The command line of `fuse-mount`: it parses and nothing else.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{ArgAction, ColorChoice, Command, CommandFactory, FromArgMatches, Parser};
use clap_complete::Shell;

use crate::exit::{self, Failure};
use crate::options::{Cache, Passthrough};
use crate::trace::{Level, Policy};
use crate::words::{self, MountWords};

const EXAMPLES: &str = "\
Examples:
  fuse-mount ~/project /mnt/project
      Shows ~/project at /mnt/project; goes into the background once it is live.
  fuse-mount -f --trace /tmp/make.jsonl --summary . /mnt/here
      Stays, records each operation as a line of JSON, and prints a table at the end.
  mount -t fuse.fuse-mount /srv/data /mnt/data -o ro,cache=none
      The same through mount(8); the words work in /etc/fstab, too.
  umount /mnt/project
      Ends it (fusermount3 -u without root), as SIGTERM and SIGINT do.";

/// Shows a directory at a second place, exactly and fast, and records what programs
/// do there.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "fuse-mount",
    version,
    args_override_self = true,
    override_usage = "fuse-mount [OPTIONS] SOURCE MOUNTPOINT"
)]
pub struct Cli {
    /// The directory to show.
    #[arg(value_name = "SOURCE", required_unless_present_any = ["completions", "man"])]
    source: Option<PathBuf>,

    /// The directory to show it at; what is in it is hidden meanwhile.
    #[arg(required_unless_present_any = ["completions", "man"])]
    mountpoint: Option<PathBuf>,

    /// Stays in the foreground.
    #[arg(short, long)]
    foreground: bool,

    /// Mount options, separated by commas: allow_other, ro, rw, [no]dev, [no]suid,
    /// [no]exec, the atime words, sync, dirsync, max_read=, fsname=, subtype=; those of
    /// fstab (defaults, nofail, _netdev, x-*, ...); and the long options below
    /// (cache=none). Unlike elsewhere nodev and nosuid are the default.
    #[arg(short = 'o', value_name = "OPT,...", action = ArgAction::Append)]
    words: Vec<OsString>,

    /// What the kernel may remember: nothing (none), attributes for one tick of its clock
    /// (tick), all until it changes (watch: changes on SOURCE are heard of within a millisecond or
    /// so, but not stores into mapped files; needs root and a file system with file
    /// handles, is else as tick), or all for ever (exclusive: when nobody changes SOURCE but through
    /// the mount).
    #[arg(long, value_name = "POLICY", default_value = "tick", value_parser = CacheParser)]
    cache: Cache,

    /// Whether the kernel reads and writes the files of SOURCE itself, where it can; not on a
    /// read-only mount under exclusive, which opens no file by a request.
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = PassthroughParser)]
    passthrough: Passthrough,

    /// Threads that serve requests [default: as many as there are processors, at least 2];
    /// more come when all of them wait for SOURCE.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// Lets no processor sleep deeper than it wakes from within so many microseconds while
    /// requests come; 0: none sleeps. Where one program alone waits for each answer, most of
    /// the time goes into waking processors. Costs power on all of them; needs root.
    #[arg(long, value_name = "MICROSECONDS", value_parser = clap::value_parser!(i32).range(0..=1_000_000))]
    cpu_latency: Option<i32>,

    /// Refuses every change; as -o ro.
    #[arg(long)]
    read_only: bool,

    /// Records each operation as a line of JSON in FILE; - is standard output, with -f.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// What is recorded: names, attributes, opens and closes (meta), or each read and
    /// write as well, which makes them slower (io).
    #[arg(long, value_name = "LEVEL", default_value = "meta", value_parser = LevelParser)]
    trace_level: Level,

    /// When the trace cannot be written fast enough: wait (record), or drop lines and
    /// say how many (monitor).
    #[arg(long, value_name = "POLICY", default_value = "record", value_parser = PolicyParser)]
    trace_policy: Policy,

    /// Records only what fits: words of FIELD=GLOB or FIELD!=GLOB, all of which must hold.
    /// FIELD is op, path, comm, errno, pid or uid; globs are separated by |; * stays
    /// within a name, ** does not. Example: 'op=open|create path=src/** errno!=ok'.
    #[arg(long, value_name = "EXPR")]
    trace_filter: Option<String>,

    /// Counts, times and errors per operation, in a table on standard error at the end.
    /// In the background, with --trace FILE, it stands in the last line of FILE, for
    /// `fuse-trace summary`.
    #[arg(long)]
    summary: bool,

    /// Colours in messages and help.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,

    /// Prints a completion script for a shell.
    #[arg(long, value_name = "SHELL", exclusive = true)]
    completions: Option<Shell>,

    /// Prints the manual page, as roff.
    #[arg(long, exclusive = true)]
    man: bool,

    // What mount(8) passes to a mount helper.
    #[arg(short = 's', hide = true)]
    sloppy: bool,
    #[arg(short = 'n', hide = true)]
    no_mtab: bool,
    #[arg(short = 'v', hide = true)]
    verbose: bool,
    #[arg(short = 't', hide = true, value_name = "TYPE")]
    fs_type: Option<OsString>,
}

/// What a command line asks for.
#[derive(Clone, Debug)]
pub enum Request {
    /// A mount.
    Mount(Box<Mount>),
    /// The arguments of `mount -f`: all is checked, nothing is mounted.
    Fake(Box<Mount>),
    /// The completion script of a shell.
    Completions(Shell),
    /// The manual page.
    Man,
}

/// The mount that a command line asks for.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The directory to show.
    pub source: PathBuf,
    /// Where to show it.
    pub mountpoint: PathBuf,
    /// Stays in the foreground.
    pub foreground: bool,
    /// The words of `-o`; `--read-only` is in them.
    pub words: MountWords,
    /// `--cache`.
    pub cache: Cache,
    /// `--passthrough`.
    pub passthrough: Passthrough,
    /// `--threads`.
    pub threads: Option<usize>,
    /// `--cpu-latency`, if given.
    pub cpu_latency: Option<i32>,
    /// `--trace`, if given.
    pub trace: Option<PathBuf>,
    /// `--trace-level`.
    pub trace_level: Level,
    /// `--trace-policy`.
    pub trace_policy: Policy,
    /// `--trace-filter`, if given.
    pub trace_filter: Option<String>,
    /// `--summary`.
    pub summary: bool,
}

/// Reads a command line; the first argument is the program's name.
///
/// # Errors
/// `--help`, `--version` and wrong usage, as clap gives them: its `exit` prints them and ends
/// with the right code.
pub fn parse<I, T>(args: I) -> Result<Request, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString>,
{
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let command = command().color(color(&args));
    let first = command.clone().try_get_matches_from(&args)?;
    let usage = |failure: Failure| command.clone().error(clap::error::ErrorKind::InvalidValue, failure);

    // The long options among the words of -o are put before what was given, which so has
    // the last word, and go the way of all options: one place checks them.
    let mut words = MountWords::default();
    let mut expanded = args[..1].to_vec();
    let lists = first.get_many::<OsString>("words").unwrap_or_default();
    let mut given: Vec<OsString> = lists.flat_map(|list| words::split(list)).collect();
    // What is wrong with a remount is not what else mount(8) says with it: the kernel's words for the mount that there is.
    given.sort_by_key(|word| word != "remount");
    for word in given {
        match long_option(&command, &word) {
            Some(option) => expanded.push(option),
            None => words.apply(&word).map_err(usage)?,
        }
    }
    expanded.extend_from_slice(&args[1..]);
    let cli = Cli::from_arg_matches(&command.clone().try_get_matches_from(&expanded)?)?;
    cli.request(words, is_mount_helper(&args[0])).map_err(usage)
}

/// The command, for completions and the manual page too.
pub fn command() -> Command {
    Cli::command().after_help(format!("{EXAMPLES}\n\n{}", exit::HELP))
}

impl Cli {
    fn request(self, mut words: MountWords, is_mount_helper: bool) -> Result<Request, Failure> {
        if let Some(shell) = self.completions {
            return Ok(Request::Completions(shell));
        }
        let (Some(source), Some(mountpoint)) = (self.source, self.mountpoint) else {
            return Ok(Request::Man);
        };
        // mount(8) says -f for "do all but the mount"; its helpers never stay.
        let fake = is_mount_helper && self.foreground;
        words.read_only |= self.read_only;
        let mount = Mount {
            source,
            mountpoint,
            foreground: self.foreground && !fake,
            words,
            cache: self.cache,
            passthrough: self.passthrough,
            threads: self.threads.map(usize::from),
            cpu_latency: self.cpu_latency,
            trace: self.trace,
            trace_level: self.trace_level,
            trace_policy: self.trace_policy,
            trace_filter: self.trace_filter,
            summary: self.summary,
        };
        mount.check()?;
        Ok(if fake { Request::Fake(Box::new(mount)) } else { Request::Mount(Box::new(mount)) })
    }
}

impl Mount {
    /// What no single option can say about itself.
    fn check(&self) -> Result<(), Failure> {
        let usage = |message: &str| Err(Failure::Usage(message.into()));
        let to_stdout = self.trace.as_deref().is_some_and(|path| path == "-");
        if to_stdout && !self.foreground {
            return usage("--trace - writes to standard output, which a mount in the background leaves: add -f");
        }
        if self.summary && !self.foreground && self.trace.is_none() {
            return usage(
                "--summary prints to standard error at the end, which a mount in the background has left: \
                 add -f, or --trace FILE and read it with `fuse-trace summary FILE`",
            );
        }
        if self.trace.is_none() && self.trace_policy != Policy::Record {
            return usage("--trace-policy needs --trace");
        }
        if self.trace.is_none() && !self.summary {
            if self.trace_filter.is_some() {
                return usage("--trace-filter needs --trace or --summary");
            }
            if self.trace_level != Level::Meta {
                return usage("--trace-level needs --trace or --summary");
            }
        }
        Ok(())
    }
}

/// `--name=value` for a word of `-o` that is the name of a long option.
fn long_option(command: &Command, word: &OsStr) -> Option<OsString> {
    let text = word.to_str()?;
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let name = name.replace('_', "-");
    let names_it = |arg: &&clap::Arg| arg.get_long() == Some(&name) && !arg.is_exclusive_set() && name != "color";
    let arg = command.get_arguments().find(names_it)?;
    let takes_value = arg.get_action().takes_values();
    // Without its value, clap would take the next argument for it.
    (takes_value == value.is_some()).then(|| match value {
        Some(value) => format!("--{name}={value}").into(),
        None => format!("--{name}").into(),
    })
}

fn is_mount_helper(program: &OsStr) -> bool {
    let name = std::path::Path::new(program).file_name().unwrap_or_default();
    name.to_string_lossy().starts_with("mount.")
}

/// What `--color` says, before clap reads the rest: its own messages obey it too.
pub(crate) fn color(args: &[OsString]) -> ColorChoice {
    let mut choice = ColorChoice::Auto;
    let mut args = args.iter().skip(1).filter_map(|arg| arg.to_str());
    while let Some(arg) = args.next() {
        let value = match arg {
            "--" => break,
            "--color" => args.next(),
            _ => arg.strip_prefix("--color="),
        };
        if let Some(parsed) = value.and_then(|value| value.parse().ok()) {
            choice = parsed;
        }
    }
    choice
}

/// A parser for a word of a closed set. A word of `later` is refused as not supported yet.
macro_rules! word_parser {
    ($parser:ident, $type:ty, $later:expr) => {
        #[derive(Clone)]
        struct $parser;

        impl clap::builder::TypedValueParser for $parser {
            type Value = $type;

            fn parse_ref(
                &self,
                command: &Command,
                arg: Option<&clap::Arg>,
                value: &OsStr,
            ) -> Result<Self::Value, clap::Error> {
                let later: &[&str] = $later;
                if let Some(word) = later.iter().find(|word| value == **word) {
                    let option = arg.map(ToString::to_string).unwrap_or_default();
                    let message = format!("{word} is not supported yet for '{option}'");
                    return Err(command.clone().error(clap::error::ErrorKind::InvalidValue, message));
                }
                let known = clap::builder::PossibleValuesParser::new(<$type>::ALL.map(|known| known.as_str()));
                let word = known.parse_ref(command, arg, value)?;
                Ok(word.parse().expect("one of the possible values"))
            }

            fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
                Some(Box::new(<$type>::ALL.into_iter().map(|known| PossibleValue::new(known.as_str()))))
            }
        }
    };
}

word_parser!(CacheParser, Cache, &[]);
word_parser!(PassthroughParser, Passthrough, &[]);
word_parser!(LevelParser, Level, &["full"]);
word_parser!(PolicyParser, Policy, &[]);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &str) -> Result<Mount, String> {
        match parse(args.split(' ')) {
            Ok(Request::Mount(mount)) => Ok(*mount),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => {
                assert_eq!(error.exit_code(), i32::from(exit::USAGE), "{error}");
                Err(error.to_string())
            }
        }
    }

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn words_of_o_are_long_options_too() {
        let mount = check("fuse-mount src mnt -o rw,cache=none,threads=3,read_only,trace=t.jsonl").unwrap();
        assert_eq!((mount.cache, mount.threads), (Cache::None, Some(3)));
        assert_eq!(check("fuse-mount -o cache=watch src mnt").unwrap().cache, Cache::Watch);
        assert_eq!(mount.trace, Some("t.jsonl".into()));
        assert!(mount.words.read_only);
    }

    #[test]
    fn a_long_option_has_the_last_word() {
        assert_eq!(check("fuse-mount -o cache=none --cache tick src mnt").unwrap().cache, Cache::Tick);
        assert_eq!(check("fuse-mount --cache tick src mnt -o cache=none").unwrap().cache, Cache::Tick);
    }

    #[test]
    fn what_mount_8_passes_to_a_helper_is_understood() {
        let mount = check("/sbin/mount.fuse.fuse-mount src mnt -s -n -v -o rw,noatime -t fuse.fuse-mount").unwrap();
        assert_eq!(mount.words.atime, words::Atime::Never);
        let fake = parse("/sbin/mount.fuse.fuse-mount src mnt -f -o rw".split(' ')).unwrap();
        assert!(matches!(fake, Request::Fake(_)), "{fake:?}");
        assert!(check("fuse-mount -f src mnt").unwrap().foreground);
    }

    #[test]
    fn what_is_not_there_yet_is_refused_by_name() {
        assert!(check("fuse-mount --trace t --trace-level full src mnt").unwrap_err().contains("not supported yet"));
    }

    #[test]
    fn wrong_usage_names_the_word() {
        for (args, word) in [
            ("fuse-mount src mnt -o ro,frobnicate", "frobnicate"),
            ("fuse-mount src mnt -o cache", "cache"),
            ("fuse-mount src mnt -o color=never", "color"),
            ("fuse-mount src mnt --cache never", "never"),
            ("fuse-mount src mnt --threads 0", "0"),
            ("fuse-mount src mnt --cpu-latency=-1", "-1"),
            ("fuse-mount src mnt -o rw,user_id=0,remount", "a mount cannot be changed once it is live"),
            ("fuse-mount src mnt more", "more"),
            ("fuse-mount src", "MOUNTPOINT"),
            ("fuse-mount src mnt --trace -", "add -f"),
            ("fuse-mount src mnt --summary", "add -f"),
            ("fuse-mount src mnt --trace-filter op=open", "--trace"),
            ("fuse-mount src mnt --trace-level io", "--trace"),
            ("fuse-mount -f src mnt --summary --trace-policy monitor", "--trace"),
        ] {
            let error = check(args).unwrap_err();
            assert!(error.contains(word), "{args}: {error}");
        }
    }

    #[test]
    fn colours_are_known_before_the_rest_is_read() {
        let args = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(color(&args("x --color never --frob")), ColorChoice::Never);
        assert_eq!(color(&args("x --color=always")), ColorChoice::Always);
        assert_eq!(color(&args("x -- --color=always")), ColorChoice::Auto);
    }
}
