//! The floor: a file system in memory that answers as our mount does, and does nothing else.
//!
//! What it takes is what the kernel's part of FUSE and fuser alone take: no mount that is served through
//! `/dev/fuse` can be faster, where the same requests are asked of it. It lets the kernel remember what our
//! mount lets it under the same `--cache`, and agrees with it on the same, but for the data of files:
//! nothing passes through, and what was read once is kept.
//!
//! It begins as a copy of a directory, without extended attributes but one. One thread serves it.

mod answers;
mod tree;

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use fuse_mount::Cache;
use fuser::{Config, MountOption, Session, SessionACL};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use answers::Floor;
use tree::Tree;

/// Mounts a copy of a directory, in memory, as a measure of what FUSE itself takes. Stays in the
/// foreground until it is unmounted, or told to end.
#[derive(Debug, Parser)]
#[command(name = "floor", version, after_help = "Example:\n  floor --cache none DIR MOUNTPOINT")]
struct Cli {
    /// What the kernel may remember: as a mount with this policy, of `none`, `tick`, `watch` and `exclusive`.
    #[arg(long, value_name = "POLICY", default_value = "exclusive")]
    cache: Cache,

    /// The directory that is copied.
    source: PathBuf,

    /// Where it is shown.
    mountpoint: PathBuf,
}

/// The program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match serve(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("floor: {}: {error}", cli.mountpoint.display());
            ExitCode::from(3)
        }
    }
}

fn serve(cli: &Cli) -> io::Result<()> {
    let tree = Tree::copy(&cli.source)?;
    let floor = Floor::new(tree, cli.cache, &cli.source);
    let mut config = Config::default();
    config.acl = SessionACL::All;
    config.mount_options = vec![
        MountOption::FSName(cli.source.display().to_string()),
        MountOption::Subtype("floor".to_owned()),
        MountOption::DefaultPermissions,
    ];
    // Before there is a mount that would be left.
    let (told, tell) = UnixStream::pair()?;
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::low_level::pipe::register(signal, tell.try_clone()?)?;
    }
    let mut session = Session::new(floor, &cli.mountpoint, &config)?;
    let mut unmounter = session.unmount_callable();
    std::thread::spawn(move || {
        let mut told = told;
        // By a byte, or by the end of this process.
        let _ = told.read(&mut [0]);
        if let Err(error) = unmounter.unmount() {
            eprintln!("floor: cannot unmount: {error}");
        }
    });
    session.run()
}
