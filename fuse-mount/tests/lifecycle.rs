//! The life of a mount, on live mounts: how it starts, how it ends, and what it says when it cannot.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;
use support::{Mount, PROGRAM, Watchdog, can_mount, children, is_alive, is_mounted, mounts_at, wait_for};

/// Runs the program to its end, or to that of the process that was called.
fn run<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Output {
    Command::new(PROGRAM).args(args).stdin(Stdio::null()).output().unwrap()
}

/// Runs the program, and wants it to fail with this code and a message with these words.
#[track_caller]
fn check_failure<S: AsRef<std::ffi::OsStr>>(args: &[S], code: i32, words: &[&str]) {
    let output = run(args);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{message}");
    for word in words {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
    assert_eq!(output.stdout, b"", "messages go to standard error");
}

/// A directory with an empty `source` and an empty `mountpoint` in it.
fn places() -> (tempfile::TempDir, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let [source, mountpoint] = ["source", "mountpoint"].map(|name| {
        let path = dir.path().join(name);
        fs::create_dir(&path).unwrap();
        path.to_str().unwrap().to_owned()
    });
    (dir, source, mountpoint)
}

/// The daemon of a mount in the background, found by its arguments; the guard is its child.
fn daemon_of(mountpoint: &str) -> u32 {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has_mountpoint = |pid: &u32| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command.split(|byte| *byte == 0).any(|arg| arg == mountpoint.as_bytes())
    };
    let mut pids: Vec<u32> = pids.filter(has_mountpoint).collect();
    let guards: Vec<u32> = pids.iter().flat_map(|pid| children(*pid)).collect();
    pids.retain(|pid| !guards.contains(pid));
    assert_eq!(pids.len(), 1, "one daemon");
    pids[0]
}

/// The names of a process's threads.
fn thread_names(pid: u32) -> impl Iterator<Item = String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    threads.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok())
}

#[test]
fn goes_into_the_background_once_the_mount_is_live() {
    if !can_mount() {
        return;
    }
    let (_dir, source, mountpoint) = places();
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    // The daemon keeps none of the caller's pipes: `output` would wait for their end.
    let output = run(&[&source, &mountpoint]);
    assert_eq!((output.status.code(), output.stdout, output.stderr), (Some(0), vec![], vec![]));
    let table = mounts_at(Path::new(&mountpoint));
    assert_eq!(table.len(), 1, "live as soon as the caller is done");
    let text = table[0].join(" ");
    assert!(text.contains(" rw,nosuid,nodev,relatime "), "{text}");
    assert!(text.contains(&format!(" - fuse.fuse-mount {source} ")), "{text}");
    assert!(text.contains("default_permissions,allow_other"), "{text}");

    let daemon = daemon_of(&mountpoint);
    let guards = children(daemon);
    assert_eq!(guards.len(), 1, "a guard");
    support::send(daemon, Signal::TERM);
    assert!(wait_for(|| !is_alive(daemon)), "ends");
    assert!(!is_mounted(Path::new(&mountpoint)));
    assert!(!is_alive(guards[0]), "the daemon ends after its guard");
}

#[test]
fn ends_with_success_on_each_signal_that_asks_for_it() {
    if !can_mount() {
        return;
    }
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        // Whoever runs the tests may ignore hangups, and what is ignored is inherited.
        let mount = Mount::by(&["env", "--default-signal=HUP"], &[], |_| {});
        let (guards, mountpoint) = (children(mount.pid()), mount.mountpoint.clone());
        mount.signal(signal);
        let end = mount.wait();
        assert_eq!((end.code(), end.stdout.as_str(), end.stderr.as_str()), (Ok(0), "", ""), "{signal:?}");
        assert!(!is_mounted(&mountpoint));
        assert!(guards.len() == 1 && !is_alive(guards[0]), "no guard is left");
    }
}

#[test]
fn a_hangup_that_is_ignored_ends_nothing() {
    if !can_mount() {
        return;
    }
    let (_dir, source, mountpoint) = places();
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    let mut daemon = Command::new("nohup")
        .args([PROGRAM, "-f", &source, &mountpoint])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert!(wait_for(|| is_mounted(Path::new(&mountpoint))));
    support::send(daemon.id(), Signal::HUP);
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(is_alive(daemon.id()) && is_mounted(Path::new(&mountpoint)));
    support::send(daemon.id(), Signal::TERM);
    assert_eq!(daemon.wait().unwrap().code(), Some(0));
}

#[test]
fn an_unmount_from_outside_ends_it_with_success() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&[]);
    let guards = children(mount.pid());
    rustix::mount::unmount(&mount.mountpoint, rustix::mount::UnmountFlags::empty()).unwrap();
    let end = mount.wait();
    assert_eq!((end.code(), end.stderr.as_str()), (Ok(0), ""));
    assert!(!is_alive(guards[0]));
}

#[test]
fn a_busy_mount_goes_away_at_once_and_what_is_open_works_until_it_is_closed() {
    if !can_mount() {
        return;
    }
    let mount = Mount::prepared(&["--passthrough", "off"], |source| fs::write(source.join("a"), "text").unwrap());
    let mountpoint = mount.mountpoint.clone();
    let open = fs::File::open(mountpoint.join("a")).unwrap();
    mount.signal(Signal::TERM);
    assert!(wait_for(|| !is_mounted(&mountpoint)));
    let mut bytes = [0; 4];
    std::os::unix::fs::FileExt::read_exact_at(&open, &mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"text");
    assert!(is_alive(mount.pid()));
    drop(open);
    let end = mount.wait();
    assert_eq!(end.code(), Ok(0));
    assert!(end.stderr.contains("is in use"), "{}", end.stderr);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    if !can_mount() {
        return;
    }
    let mount = Mount::prepared(&["--passthrough", "off"], |source| fs::write(source.join("a"), "text").unwrap());
    let mountpoint = mount.mountpoint.clone();
    let open = fs::File::open(mountpoint.join("a")).unwrap();
    mount.signal(Signal::TERM);
    assert!(wait_for(|| !is_mounted(&mountpoint)));
    assert!(is_alive(mount.pid()));
    mount.signal(Signal::TERM);
    assert_eq!(mount.wait().code(), Ok(0));
    let mut bytes = [0; 4];
    std::os::unix::fs::FileExt::read_exact_at(&open, &mut bytes, 0).unwrap_err();
}

#[test]
fn the_source_can_be_the_mountpoint_and_lie_below_it() {
    if !can_mount() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let below = dir.path().join("below");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("a"), "text").unwrap();
    for source in [dir.path(), below.as_path()] {
        let _watchdog = Watchdog::start(dir.path(), None);
        let output = run(&[source, dir.path()]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let seen = if source == dir.path() { below.join("a") } else { dir.path().join("a") };
        assert_eq!(fs::read_to_string(seen).unwrap(), "text");
        rustix::mount::unmount(dir.path(), rustix::mount::UnmountFlags::empty()).unwrap();
    }
}

#[test]
fn nothing_of_the_daemon_keeps_the_mount_in_use() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&["--trace", "/dev/null"]);
    fs::write(mount.mountpoint.join("a"), "text").unwrap();
    // Not lazily: anything that is open there makes this fail.
    let unmount = || rustix::mount::unmount(&mount.mountpoint, rustix::mount::UnmountFlags::empty()).is_ok();
    assert!(wait_for(unmount));
    assert_eq!(mount.wait().code(), Ok(0));
}

#[test]
fn the_guard_unmounts_when_the_daemon_is_killed() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&[]);
    let guards = children(mount.pid());
    assert_eq!(guards.len(), 1);
    mount.signal(Signal::KILL);
    assert!(wait_for(|| !is_mounted(&mount.mountpoint)), "no dead mount is left");
    assert!(wait_for(|| !is_alive(guards[0])), "nor the guard");
    fs::read_dir(&mount.mountpoint).expect("the directory beneath is there again");
    let end = mount.wait();
    assert_eq!(end.code(), Err("signal Some(9)".into()));
}

#[test]
fn the_guard_leaves_a_strangers_mount_alone() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&[]);
    let guards = children(mount.pid());
    // Detached by somebody else, and something else put there; the daemon is killed in this state.
    support::send(mount.pid(), Signal::STOP);
    rustix::mount::unmount(&mount.mountpoint, rustix::mount::UnmountFlags::DETACH).unwrap();
    rustix::mount::mount("none", &mount.mountpoint, "tmpfs", rustix::mount::MountFlags::empty(), None).unwrap();
    mount.signal(Signal::KILL);
    let over = wait_for(|| !is_alive(guards[0]));
    let still_there = is_mounted(&mount.mountpoint);
    rustix::mount::unmount(&mount.mountpoint, rustix::mount::UnmountFlags::DETACH).unwrap();
    assert!(over && still_there);
    assert!(mount.wait().code().is_err());
}

#[test]
fn an_aborted_connection_ends_it_with_an_error_and_without_a_mount() {
    if !can_mount() {
        return;
    }
    let mount = Mount::start(&[]);
    let mountpoint = mount.mountpoint.clone();
    support::abort(&mountpoint);
    let end = mount.wait();
    assert_eq!(end.code(), Ok(3));
    assert!(end.stderr.contains("aborted"), "{}", end.stderr);
    assert!(!is_mounted(&mountpoint));
}

#[test]
fn the_words_of_o_reach_the_kernel() {
    if !can_mount() {
        return;
    }
    let words = "suid,dev,noexec,noatime,fsname=the\\,name,subtype=sub,max_read=65536,x-note=1,_netdev";
    let mount = Mount::start(&["-o", words, "-o", "cache=none,threads=3"]);
    let text = mounts_at(&mount.mountpoint)[0].join(" ");
    assert!(text.contains(" rw,noexec,noatime "), "{text}");
    assert!(text.contains(" - fuse.sub the,name rw,"), "{text}");
    assert!(text.contains(",max_read=65536"), "{text}");
    let is_worker = |name: &str| name.starts_with("fuser-");
    assert!(wait_for(|| thread_names(mount.pid()).filter(|name| is_worker(name)).count() == 3));
    assert_eq!(mount.end().code(), Ok(0));

    let mount = Mount::start(&["-o", "ro"]);
    let text = mounts_at(&mount.mountpoint)[0].join(" ");
    assert!(text.contains(" ro,nosuid,nodev,relatime ") && text.contains(" ro,user_id"), "{text}");
}

#[test]
fn two_mounts_of_one_source_live_side_by_side() {
    if !can_mount() {
        return;
    }
    let first = Mount::start(&[]);
    let (_dir, _, second) = places();
    let _watchdog = Watchdog::start(Path::new(&second), None);
    assert_eq!(run(&[first.source.to_str().unwrap(), &second]).status.code(), Some(0));
    fs::write(first.mountpoint.join("a"), "text").unwrap();
    assert_eq!(fs::read_to_string(Path::new(&second).join("a")).unwrap(), "text");
    first.signal(Signal::TERM);
    assert!(wait_for(|| !is_alive(first.pid())));
    assert_eq!(fs::read_to_string(Path::new(&second).join("a")).unwrap(), "text");
    rustix::mount::unmount(&*second, rustix::mount::UnmountFlags::empty()).unwrap();
    assert_eq!(first.wait().code(), Ok(0));
}

#[test]
fn who_is_root_in_a_user_namespace_mounts_there() {
    if !can_mount() {
        return;
    }
    if !Command::new("unshare").args(["-Urm", "true"]).status().is_ok_and(|status| status.success()) {
        support::skip("user namespaces are not allowed here");
        return;
    }
    let (_dir, source, mountpoint) = places();
    let script = format!(
        "set -e
        {PROGRAM} {source} {mountpoint}
        mkdir {mountpoint}/d; echo text > {mountpoint}/d/a; mv {mountpoint}/d/a {mountpoint}/b; cat {mountpoint}/b
        umount {mountpoint}"
    );
    let output = Command::new("timeout").args(["60", "unshare", "-Urm", "sh", "-c", &script]).output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"text\n"[..], &b""[..]));
    assert!(Path::new(&source).join("b").exists());
}

#[test]
fn wrong_usage_is_exit_2_and_mounts_nothing() {
    let (dir, source, mountpoint) = places();
    let inside = format!("{source}/inside");
    fs::create_dir(&inside).unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let (file, missing) = (file.to_str().unwrap(), "/nonexistent/x");
    check_failure(&[missing, &mountpoint], 2, &["source", missing, "no such directory"]);
    check_failure(&[&source, missing], 2, &["mountpoint", missing, "no such directory", "mkdir"]);
    check_failure(&[file, &mountpoint], 2, &["source", file, "not a directory"]);
    check_failure(&[&source, file], 2, &["mountpoint", file, "not a directory"]);
    check_failure(&[&source, &inside], 2, &[&inside, "inside the source"]);
    check_failure(&[&source, &mountpoint, "-o", "ro,frobnicate=1"], 2, &["frobnicate=1", "unknown mount option"]);
    check_failure(&[&source, &mountpoint, "--frobnicate"], 2, &["--frobnicate"]);
    check_failure(&[&source, &mountpoint, "--trace", "t", "--trace-level", "full"], 2, &["full", "not supported yet"]);
    check_failure(&[&source], 2, &["MOUNTPOINT"]);
    assert!(!is_mounted(Path::new(&mountpoint)) && !is_mounted(Path::new(&inside)));
}

#[test]
fn a_mountpoint_that_is_in_use_is_refused_by_name() {
    if !can_mount() {
        return;
    }
    let first = Mount::start(&[]);
    let (_dir, source, _) = places();
    let at = first.mountpoint.to_str().unwrap();
    check_failure(&[&source, at], 3, &[at, "in use", "fuse.fuse-mount", first.source.to_str().unwrap()]);
    assert_eq!(mounts_at(&first.mountpoint).len(), 1);
    // A dead one is named as well, and is not asked, which would give an error or hang.
    let guards = children(first.pid());
    support::send(guards[0], Signal::KILL);
    first.signal(Signal::KILL);
    assert!(wait_for(|| !is_alive(first.pid())));
    check_failure(&[&source, at], 3, &[at, "in use"]);
    rustix::mount::unmount(&first.mountpoint, rustix::mount::UnmountFlags::DETACH).unwrap();
    assert!(first.wait().code().is_err());
}

#[test]
fn the_kernels_reason_is_in_the_message() {
    if !can_mount() {
        return;
    }
    // Asked in a mount namespace of its own with an empty /dev: no device.
    let (dir, source, mountpoint) = places();
    let script = format!("mount -t tmpfs none /dev && exec {PROGRAM} -f {source} {mountpoint}");
    let output = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{message}");
    assert!(message.contains("/dev/fuse") && message.contains("modprobe fuse"), "{message}");

    // Without the right to mount, and without the helper.
    let _watchdog = Watchdog::start(Path::new(&mountpoint), None);
    let script = format!("PATH=/nonexistent exec {PROGRAM} {source} {mountpoint}");
    let drop = ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "sh", "-c", &script];
    let output = Command::new("setpriv").args(drop).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{message}");
    // The helper is found where it usually is, and says itself what is wrong.
    assert!(message.contains("CAP_SYS_ADMIN") || message.contains("fusermount3"), "{message}");
    assert!(message.contains("not permitted"), "{message}");

    // A user where the helper is not installed.
    let script = format!(
        "test ! -e /usr/bin/fusermount3 || mount --bind /dev/null /usr/bin/fusermount3
        cp {PROGRAM} {} && chmod -R a+rX {}
        setpriv --reuid=65534 --regid=65534 --clear-groups {}/fuse-mount {source} {mountpoint} 2>&1 || echo code: $?",
        dir.path().display(),
        dir.path().display(),
        dir.path().display()
    );
    let text = in_own_namespace(&script);
    assert!(text.contains("fusermount3, which is not installed") && text.ends_with("code: 3\n"), "{text}");

    // And one who may not run it.
    let text = in_own_namespace(&format!(
        "cp /bin/true {top}/fusermount3 && chmod 700 {top}/fusermount3
        PATH={top}:$PATH
        setpriv --reuid=65534 --regid=65534 --clear-groups {top}/fuse-mount {source} {mountpoint} 2>&1 || echo code: $?",
        top = dir.path().display()
    ));
    let reason = "/fusermount3: Permission denied (EACCES)";
    assert!(text.contains("without root it needs") && text.contains(reason) && text.ends_with("code: 3\n"), "{text}");
    assert!(!is_mounted(Path::new(&mountpoint)));
}

/// Runs a shell script in a mount namespace of its own; gives what it prints.
fn in_own_namespace(script: &str) -> String {
    let script = format!("set -e\n{script}");
    let output = Command::new("timeout").args(["60", "unshare", "-m", "sh", "-c", &script]).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}: {message}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn mount_8_mounts_it_by_its_type() {
    if !can_mount() {
        return;
    }
    if !Path::new("/sbin/mount.fuse3").exists() {
        support::skip("there is no mount.fuse3 (Debian's package fuse3)");
        return;
    }
    let (_dir, source, mountpoint) = places();
    // Where mount(8) looks for it; nobody else sees it there.
    let text = in_own_namespace(&format!(
        "mount -t tmpfs none /usr/local/bin
        cp {PROGRAM} /usr/local/bin
        mount -t fuse.fuse-mount {source} {mountpoint} -o ro,noatime,cache=none,nofail,x-note=1
        grep ' {mountpoint} ' /proc/self/mountinfo
        umount {mountpoint}
        echo gone: $(grep -c ' {mountpoint} ' /proc/self/mountinfo)"
    ));
    // mount(8)'s helper asks for suid and dev, as for any file system that root mounts.
    assert!(text.contains(" ro,noatime "), "{text}");
    assert!(text.contains(&format!(" - fuse.fuse-mount {source} ro,")), "{text}");
    assert!(text.ends_with("gone: 0\n"), "{text}");
}

#[test]
fn a_user_mounts_through_fusermount3() {
    if !can_mount() {
        return;
    }
    if !Path::new("/usr/bin/fusermount3").exists() {
        support::skip("there is no fusermount3 (Debian's package fuse3)");
        return;
    }
    for end in ["kill -TERM $daemon", "kill -KILL $daemon", "$as_user fusermount3 -u 'mount, point'"] {
        let (dir, source, _) = places();
        fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        fs::write(dir.path().join("source/a"), "text").unwrap();
        fs::create_dir(dir.path().join("mount, point")).unwrap();
        let top = dir.path().display();
        // The user is nobody, whom fusermount3 finds by name; and may open the device, wherever this runs.
        let text = in_own_namespace(&format!(
            "cd {top}
            cp {PROGRAM} fuse-mount
            chown -R 65534:65534 source 'mount, point'
            mount -t tmpfs none /dev
            mknod -m 666 /dev/fuse c 10 229
            mknod -m 666 /dev/null c 1 3
            as_user='setpriv --reuid=65534 --regid=65534 --clear-groups'
            $as_user ./fuse-mount source 'mount, point'
            grep ' {top}/mount,.040point ' /proc/self/mountinfo
            $as_user cat 'mount, point/a'
            # The guard has another name.
            daemon=$(for comm in $(grep -lx fuse-mount /proc/[0-9]*/comm 2>/dev/null); do
                process=${{comm%/comm}}
                test \"$(readlink $process/exe)\" != {top}/fuse-mount || echo ${{process#/proc/}}
            done | sort -n | head -1)
            {end}
            for _ in $(seq 100); do
                grep -q ' {top}/mount,.040point ' /proc/self/mountinfo || break
                sleep 0.1
            done
            echo gone: $(grep -c ' {top}/mount,.040point ' /proc/self/mountinfo)",
        ));
        assert!(text.contains(&format!(" - fuse.fuse-mount {source} rw,user_id=65534,group_id=65534")), "{text}");
        assert!(text.contains("default_permissions") && !text.contains("allow_other"), "{text}");
        assert!(text.ends_with("textgone: 0\n"), "{end}: {text}");
    }
}

#[test]
fn help_and_what_is_made_from_it_come_from_one_definition() {
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(text.contains("Examples:") && text.contains("Exit codes:") && text.contains("--trace-policy"));
    let man = run(&["--man"]);
    assert!(String::from_utf8(man.stdout).unwrap().starts_with(".ie"), "roff");
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["--completions", shell]);
        assert_eq!(script.status.code(), Some(0));
        assert!(String::from_utf8(script.stdout).unwrap().contains("trace-policy"), "{shell}");
    }
    let version = run(&["--version"]);
    assert_eq!(version.stdout, format!("fuse-mount {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
}
