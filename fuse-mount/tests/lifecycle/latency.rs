//! `--cpu-latency`: what processors are asked for, and until when.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use crate::places;
use crate::support::{Mount, PROGRAM, can_mount, skip, wait_for};

/// Within how many microseconds every processor has to wake at this moment.
fn demanded() -> i32 {
    let mut value = [0; 4];
    fs::File::open("/dev/cpu_dma_latency").unwrap().read_exact(&mut value).unwrap();
    i32::from_ne_bytes(value)
}

#[test]
fn processors_wake_soon_while_requests_come_and_no_longer() {
    if !can_mount() {
        return;
    }
    if !Path::new("/dev/cpu_dma_latency").exists() {
        skip("this kernel takes no wishes about processors");
        return;
    }
    let before = demanded();
    if before <= 7 {
        skip("somebody else wants processors to wake soon");
        return;
    }
    let mount = Mount::start(&["--cache=none", "--cpu-latency=7"]);
    assert!(wait_for(|| demanded() == before), "who only mounts wishes nothing");
    for _ in 0..2 {
        // Each look is a request.
        assert!(wait_for(|| fs::metadata(&mount.mountpoint).is_ok() && demanded() == 7));
        assert!(wait_for(|| demanded() == before));
    }
    // Whatever ends it.
    assert!(wait_for(|| fs::metadata(&mount.mountpoint).is_ok() && demanded() == 7));
    assert_eq!(mount.end().code(), Ok(0));
    assert_eq!(demanded(), before);
}

#[test]
fn a_wish_that_nobody_takes_is_refused_before_there_is_a_mount() {
    if !can_mount() {
        return;
    }
    let (_dir, source, mountpoint) = places();
    let script = format!("mount -t tmpfs none /dev && exec {PROGRAM} -f --cpu-latency 0 {source} {mountpoint}");
    let output = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{message}");
    assert!(
        message.contains("/dev/cpu_dma_latency: No such file") && message.contains("without --cpu-latency"),
        "{message}"
    );
}
