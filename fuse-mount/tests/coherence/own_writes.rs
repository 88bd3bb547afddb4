//! Files that are written through the mount, by the kernel itself: nobody hears of that, everybody sees it, and what
//! others write to them meanwhile is heard of as ever.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fs_core::Errno;
use fuse_mount::Cache;
use rustix::mount::{MountFlags, UnmountFlags};

use crate::support::{self, Mount, can_watch, wait_for};
use crate::{assert_seen, check_end, text};

/// Whether the kernel is let write unheard: Linux 6.12 or later.
fn can_write_unheard() -> bool {
    if !can_watch() {
        return false;
    }
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let numbers: Vec<u32> = release.split(['.', '-']).map_while(|number| number.parse().ok()).take(2).collect();
    numbers >= vec![6, 12] || support::skip(&format!("Linux {release} does not notice itself what it writes"))
}

/// How often the watcher of a mount has read events, and has told the kernel something.
fn work_of_watcher(mount: &Mount) -> Option<u64> {
    let mut threads = fs::read_dir(format!("/proc/{}/task", mount.pid())).unwrap().flatten();
    let is_watcher = |thread: &fs::DirEntry| text(&thread.path().join("comm")).is_some_and(|name| name == "watcher\n");
    let watcher = threads.find(is_watcher).expect("there is a watcher");
    let Some(io) = text(&watcher.path().join("io")) else {
        support::skip("the kernel does not count the reads of a thread");
        return None;
    };
    let counts = io.lines().filter_map(|line| line.strip_prefix("syscr: ").or(line.strip_prefix("syscw: ")));
    Some(counts.map(|count| count.parse::<u64>().unwrap()).sum())
}

fn open_to_write(path: &Path) -> File {
    OpenOptions::new().write(true).open(path).unwrap()
}

/// A mount with an empty file `f`, which is known above, and the places of that file below and above.
fn mount_with_a_file() -> (Mount, std::path::PathBuf, std::path::PathBuf) {
    let mount = Mount::start(&["--cache=watch"]);
    let (below, above) = (mount.source.join("f"), mount.mountpoint.join("f"));
    fs::write(&below, "").unwrap();
    assert!(wait_for(|| above.exists()));
    (mount, below, above)
}

/// What of the attributes a write changes.
fn written(path: &Path) -> (u64, i64, i64, i64, i64) {
    let status = fs::metadata(path).unwrap();
    (status.len(), status.mtime(), status.mtime_nsec(), status.ctime(), status.ctime_nsec())
}

#[test]
fn what_the_kernel_writes_for_programs_is_not_heard_of() {
    if !can_write_unheard() {
        return;
    }
    // On a file system of its own, where nobody else writes.
    let mount = Mount::prepared(&["--cache=watch"], |source| {
        rustix::mount::mount("tmpfs", source, "tmpfs", MountFlags::empty(), None).unwrap();
        fs::write(source.join("f"), "").unwrap();
    });
    let (below, above) = (mount.source.join("f"), mount.mountpoint.join("f"));
    assert!(above.exists());
    let Some(before) = work_of_watcher(&mount) else { return };
    for size in [1, 4096] {
        let file = open_to_write(&above);
        for n in 0..10_000 {
            file.write_all_at(&vec![b'x'; size], n % 64 * size as u64).unwrap();
        }
    }
    let created = File::create(mount.mountpoint.join("new")).unwrap();
    for n in 0..10_000 {
        created.write_all_at(b"y", n).unwrap();
    }
    let of_own = work_of_watcher(&mount).unwrap() - before;
    // Each is heard of before the next is made.
    for n in 1..=50 {
        open_to_write(&below).set_len(100_000 + n).unwrap();
        open_to_write(&below).write_all_at(b"z", 200_000 + n).unwrap();
        assert_seen(Cache::Watch, || written(&above), &written(&below), "what others write");
    }
    let of_others = work_of_watcher(&mount).unwrap() - before - of_own;
    eprintln!("30,000 writes above: {of_own} reads and messages of the watcher; 100 changes beneath: {of_others}");
    assert!(of_own < 100, "{of_own} for what was written through the mount");
    assert!(of_others >= 100, "{of_others} for what was written on the source");
    drop(created);
    check_end(mount, Cache::Watch);
}

#[test]
fn attributes_are_those_after_the_last_write_through_the_mount() {
    if !can_watch() {
        return;
    }
    let (mount, below, above) = mount_with_a_file();
    let file = open_to_write(&above);
    let reader = File::open(&above).unwrap();
    for n in 0..2_000 {
        file.write_all_at(b"xy", n * n % 5_000).unwrap();
        assert_eq!(written(&above), written(&below), "after write {n}");
        assert_eq!(reader.metadata().unwrap().len(), fs::metadata(&below).unwrap().len());
    }
    drop((file, reader));
    assert_eq!(written(&above), written(&below), "after the close");
    assert_eq!(text(&above), text(&below));
    check_end(mount, Cache::Watch);
}

#[test]
fn what_others_write_to_a_file_that_is_written_through_the_mount_is_seen() {
    if !can_watch() {
        return;
    }
    let (mount, below, above) = mount_with_a_file();
    let file = open_to_write(&above);
    let seen = |what: &str| {
        assert_seen(Cache::Watch, || written(&above), &written(&below), what);
        assert_seen(Cache::Watch, || text(&above), &text(&below), what);
    };
    for n in 0..20_u64 {
        for at in 0..500 {
            file.write_all_at(b"above", 5 * at).unwrap();
        }
        // Known, and for as long as nothing is heard.
        assert_eq!([written(&above), written(&above)], [written(&below), written(&below)]);
        open_to_write(&below).write_all_at(b"below", 2_500 + n).unwrap();
        seen("a write beneath");
        open_to_write(&below).set_len(2_000).unwrap();
        seen("a truncation beneath");
        fs::set_permissions(&below, Permissions::from_mode(0o600 + n as u32 % 2)).unwrap();
        let mode = |path| fs::metadata(path).unwrap().mode();
        assert_seen(Cache::Watch, || mode(&above), &mode(&below), "permissions that are changed beneath");
    }
    drop(file);
    for n in 0..20 {
        open_to_write(&below).write_all_at(b"after", 5_000 + n).unwrap();
        seen("a write beneath after the last close above");
    }
    check_end(mount, Cache::Watch);
}

#[test]
fn what_others_write_to_many_files_that_are_written_through_the_mount_is_seen() {
    if !can_watch() {
        return;
    }
    let mount = Mount::start(&["--cache=watch"]);
    let name = |n: usize| format!("f{n}");
    let create = |n| File::create(mount.mountpoint.join(name(n))).unwrap();
    let files: Vec<File> = (0..300).map(create).collect();
    for at in 0..20 {
        for file in &files {
            file.write_all_at(b"above", 5 * at).unwrap();
        }
    }
    let sizes = |dir: &Path| -> Vec<_> { (0..300).map(|n| written(&dir.join(name(n)))).collect() };
    assert_eq!(sizes(&mount.mountpoint), sizes(&mount.source));
    for n in 0..300 {
        open_to_write(&mount.source.join(name(n))).write_all_at(b"below", 100 + n as u64).unwrap();
    }
    assert_seen(Cache::Watch, || sizes(&mount.mountpoint), &sizes(&mount.source), "many files, open above");
    drop(files);
    for n in 0..300 {
        open_to_write(&mount.source.join(name(n))).write_all_at(b"below", 200 + n as u64).unwrap();
    }
    assert_seen(Cache::Watch, || sizes(&mount.mountpoint), &sizes(&mount.source), "many files, closed above");
    check_end(mount, Cache::Watch);
}

#[test]
fn a_file_that_is_removed_while_it_is_written_goes_on_and_leaves_nothing() {
    if !can_watch() {
        return;
    }
    let (mount, below, above) = mount_with_a_file();
    let free = || fs_core::statvfs(&mount.source).unwrap().f_bfree;
    for removed in [&below, &above] {
        let file = OpenOptions::new().read(true).write(true).open(&above).unwrap();
        file.write_all_at(&vec![b'x'; 8 << 20], 0).unwrap();
        file.sync_all().unwrap();
        fs::remove_file(removed).unwrap();
        assert_seen(Cache::Watch, || file.metadata().unwrap().nlink(), &0, "links of a removed file");
        fs::write(&below, "another").unwrap();
        assert_seen(Cache::Watch, || text(&above).unwrap_or_default(), &"another".to_owned(), "another at its name");
        file.write_all_at(b"y", 0).unwrap();
        let mut start = [0; 2];
        file.read_exact_at(&mut start, 0).unwrap();
        assert_eq!((&start, text(&below).as_deref()), (b"yx", Some("another")));
        let before = free();
        drop(file);
        // 8 MiB, less what others on this file system take meanwhile.
        let block = fs_core::statvfs(&mount.source).unwrap().f_frsize;
        assert!(wait_for(|| free() * block > before * block + (4 << 20)), "its blocks are not free");
    }
    check_end(mount, Cache::Watch);
}

#[test]
fn what_is_written_on_both_sides_at_once_is_seen_in_the_end() {
    if !can_watch() {
        return;
    }
    let (mount, below, above) = mount_with_a_file();
    let mut rounds = 0_u64;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        rounds += 1;
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let _ = fs::metadata(&above);
                }
            });
            scope.spawn(|| {
                let file = open_to_write(&above);
                for n in 0.. {
                    file.write_all_at(b"above", (n * 7 + rounds) % 997).unwrap();
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
            let file = open_to_write(&below);
            for n in 0..20 {
                file.set_len(n * 13 % 700).unwrap();
                file.write_all_at(b"below", n * 31 % 1_009).unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let state = |path| (written(path), text(path));
        assert_seen(Cache::Watch, || state(&above), &state(&below), &format!("round {rounds}"));
    }
    eprintln!("{rounds} rounds");
    check_end(mount, Cache::Watch);
}

#[test]
fn a_file_system_that_is_there_twice_is_written_as_it_is_mounted() {
    if !can_watch() {
        return;
    }
    let mount = Mount::start(&["--cache=watch"]);
    for (name, is_read_only) in [("same", false), ("read-only", true)] {
        // Known by no other way: an inode is one node, and is reached as it was found first.
        let (place, dir) = (mount.source.join(name), mount.source.join(format!("{name}-itself")));
        fs::create_dir(&place).unwrap();
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("f"), "hello").unwrap();
        rustix::mount::mount_bind(&dir, &place).unwrap();
        if is_read_only {
            rustix::mount::mount_remount(&place, MountFlags::BIND | MountFlags::RDONLY, c"").unwrap();
        }
        let above = mount.mountpoint.join(name).join("f");
        assert_seen(Cache::Watch, || text(&above), &Some("hello".to_owned()), name);
        let result = OpenOptions::new().write(true).open(&above).and_then(|file| file.write_all_at(b"H", 0));
        let (error, content) = if is_read_only { (Some(Errno::ROFS.raw_os_error()), "hello") } else { (None, "Hello") };
        assert_eq!(result.err().and_then(|error| error.raw_os_error()), error, "{name}");
        assert_eq!(text(&above).as_deref(), Some(content));
        fs::write(dir.join("f"), "another").unwrap();
        assert_seen(Cache::Watch, || text(&above), &Some("another".to_owned()), name);
        rustix::mount::unmount(&place, UnmountFlags::DETACH).unwrap();
    }
    check_end(mount, Cache::Watch);
}

#[test]
fn a_source_that_becomes_writable_can_be_written() {
    if !can_watch() {
        return;
    }
    let mount = Mount::prepared(&["--cache=watch"], |source| {
        fs::write(source.join("f"), "hello").unwrap();
        rustix::mount::mount_bind(source, source).unwrap();
        rustix::mount::mount_remount(source, MountFlags::BIND | MountFlags::RDONLY, c"").unwrap();
    });
    let (below, above) = (mount.source.join("f"), mount.mountpoint.join("f"));
    let write = || OpenOptions::new().write(true).open(&above).and_then(|file| file.write_all_at(b"H", 0));
    assert_eq!(write().unwrap_err().raw_os_error(), Some(Errno::ROFS.raw_os_error()));
    rustix::mount::mount_remount(&mount.source, MountFlags::BIND, c"").unwrap();
    write().unwrap();
    assert_eq!([text(&above), text(&below)], [(); 2].map(|()| Some("Hello".to_owned())));
    check_end(mount, Cache::Watch);
}
