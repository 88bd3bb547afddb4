//! Each operation works through a live mount, and the kernel's requests are counted.

use std::path::Path;

use benches::mount::Mount;
use benches::operation::Operation;
use benches::place::Place;
use benches::requests::Requests;
use benches::rung::FsCore;

#[test]
fn operations_work_through_a_mount_and_their_requests_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (source, mountpoint) = (dir.path().join("source"), dir.path().join("mountpoint"));
    std::fs::create_dir(&source).unwrap();
    std::fs::create_dir(&mountpoint).unwrap();
    Place::prepare(&source).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_mounted"));
    let mount = match Mount::start(program, &["--cache", "none"], &source, &mountpoint) {
        Ok(mount) => mount,
        Err(reason) => return skip(&reason),
    };
    let mut place = Place::open(&mountpoint).unwrap();
    for operation in Operation::ALL {
        if operation != Operation::Getxattr || place.has_xattr {
            mount.beat();
            operation.run::<FsCore>(&mut place, 3).unwrap();
        }
    }
    match Requests::new() {
        Ok(requests) => {
            let once = || _ = Operation::Stat.run::<FsCore>(&mut place, 1).unwrap();
            let stat = requests.of(mount.connection(), once).unwrap();
            assert!(stat.iter().any(|name| name == "LOOKUP" || name == "GETATTR"), "{stat:?}");
            let nothing = requests.of(mount.connection(), || {}).unwrap();
            assert!(nothing.is_empty(), "{nothing:?}");
        }
        Err(reason) => skip(&reason),
    }
    drop(place);
    drop(mount);
    // A place may have any bytes in its name, and others mount, too.
    let table = std::fs::read("/proc/self/mountinfo").unwrap();
    let table = String::from_utf8_lossy(&table);
    assert!(!table.contains(mountpoint.to_str().unwrap()), "it is still mounted");
}

#[test]
fn a_mount_that_does_not_come_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_mounted"));
    let error = Mount::start(program, &[], &dir.path().join("missing"), dir.path()).unwrap_err();
    assert!(error.contains("missing") || error.contains("/dev/fuse"), "{error}");
}

/// Says why something is not tested; where all must be, that is a failure.
fn skip(reason: &str) {
    assert!(std::env::var_os("OSPREY_REQUIRE_ALL").is_none(), "must not be skipped here: {reason}");
    eprintln!("not run: {reason}");
}
