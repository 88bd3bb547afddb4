//! Changes on the source while others look and change through the mount: whatever answers were under way, in the end all
//! see the same.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fs_core::RenameFlags;
use fuse_mount::Cache;

use crate::support::{Mount, can_watch};
use crate::{assert_seen, check_end, view};

/// How long each kind of mount is hammered at.
const DURATION: Duration = Duration::from_secs(6);

/// The next number of a sequence without a pattern.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

const NAMES: [&str; 5] = ["a", "b", "c", "d/a", "d/b"];

/// One change, of which it does not matter whether it can be made.
fn change(dir: &Path, state: &mut u64) {
    let [one, other] = [(); 2].map(|()| dir.join(NAMES[next(state) as usize % NAMES.len()]));
    let number = next(state);
    let _ = match number % 12 {
        0 | 1 => fs::write(&one, format!("{number}")),
        2 => fs::remove_file(&one),
        3 => fs::rename(&one, &other),
        4 => fs_core::rename_with(&one, &other, RenameFlags::EXCHANGE).map_err(Into::into),
        5 => fs::hard_link(&one, &other),
        6 => fs::set_permissions(&one, Permissions::from_mode(0o600 | (number >> 8) as u32 & 0o77)),
        7 => OpenOptions::new().write(true).open(&one).and_then(|file| file.write_all_at(b"!", number % 7)),
        8 => OpenOptions::new().write(true).open(&one).and_then(|file| file.set_len(number >> 8 & 15)),
        9 => std::os::unix::fs::symlink("x", &one),
        10 => fs::create_dir(dir.join("e")).or_else(|_| fs::remove_dir(dir.join("e"))),
        _ => fs::rename(dir.join("d"), dir.join("c")).and_then(|()| fs::rename(dir.join("c"), dir.join("d"))),
    };
    let _ = fs::create_dir(dir.join("d"));
}

/// A few looks at a directory.
fn look(dir: &Path, state: &mut u64) {
    let path = dir.join(NAMES[next(state) as usize % NAMES.len()]);
    match next(state) % 4 {
        0 => drop(fs::symlink_metadata(&path)),
        1 => drop(fs::read(&path)),
        2 => drop(fs::read_dir(dir).map(Iterator::count)),
        _ => drop(fs::read_link(&path)),
    }
}

/// Changes made beneath and perhaps above, with others who look, in rounds; after each round both
/// sides are compared. A round is too short for what was said for a second to have been forgotten by then.
fn hammer(arguments: &[&str], changes_above: bool) {
    let mount = Mount::start(arguments);
    let (below, above) = (mount.source.join("dir"), mount.mountpoint.join("dir"));
    fs::create_dir_all(below.join("d")).unwrap();
    let seed = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    let mut rounds = 0_u64;
    let start = Instant::now();
    while start.elapsed() < DURATION {
        rounds += 1;
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let state = || seed.fetch_add(0x1234_5678_9abc_def1, Ordering::Relaxed) | 1;
            for _ in 0..2 {
                let mut state = state();
                let (above, is_over) = (&above, &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        look(above, &mut state);
                    }
                });
            }
            if changes_above {
                let mut state = state();
                let (above, is_over) = (&above, &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        change(above, &mut state);
                    }
                });
            }
            let mut state = state();
            for _ in 0..30 {
                change(&below, &mut state);
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let wanted = view::of(&below);
        assert_seen(Cache::Watch, || view::of(&above), &wanted, &format!("round {rounds}"));
    }
    eprintln!("{arguments:?}, changes above: {changes_above}: {rounds} rounds");
    check_end(mount, Cache::Watch);
}

#[test]
fn readers_see_the_last_state_in_the_end() {
    if can_watch() {
        hammer(&["--cache=watch", "--threads=4"], false);
    }
}

#[test]
fn readers_of_cached_data_see_the_last_state_in_the_end() {
    if can_watch() {
        hammer(&["--cache=watch", "--threads=4", "--passthrough=off"], false);
    }
}

#[test]
fn writers_on_both_sides_see_the_same_in_the_end() {
    if can_watch() {
        hammer(&["--cache=watch", "--threads=4"], true);
        hammer(&["--cache=watch", "--threads=4", "--passthrough=off"], true);
    }
}

/// How many files are changed while they are looked at for the first time.
const FILES: usize = 4_000;

/// Waits for about a number of microseconds, without giving the processor away.
fn spin(micros: u64) {
    let end = Instant::now() + Duration::from_micros(micros);
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

/// Changes each of many files beneath while a program does something with it above, the first thing that it does.
fn change_while(act: impl Fn(&Path) + Sync, change: impl Fn(&Path)) {
    let mount = Mount::start(&["--cache=watch", "--threads=4"]);
    let name = |n: usize| format!("f{n}");
    for n in 0..FILES {
        fs::write(mount.source.join(name(n)), "").unwrap();
    }
    let turn = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..FILES {
                while turn.load(Ordering::Acquire) <= n as u64 {
                    thread::yield_now();
                }
                act(&mount.mountpoint.join(name(n)));
            }
        });
        let mut state = 0x9e37_79b9_7f4a_7c15;
        for n in 0..FILES {
            turn.store(n as u64 + 1, Ordering::Release);
            spin(next(&mut state) % 400);
            change(&mount.source.join(name(n)));
            // Not so far ahead that nothing meets.
            spin(50);
        }
    });
    let modes = |dir: &Path| -> Vec<u32> {
        let mode = |n| fs::metadata(dir.join(name(n))).unwrap().permissions().mode();
        (0..FILES).map(mode).collect()
    };
    let wanted = modes(&mount.source);
    assert_seen(Cache::Watch, || modes(&mount.mountpoint), &wanted, "files that were changed while they were used");
    check_end(mount, Cache::Watch);
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn an_inode_that_is_changed_while_the_kernel_gets_to_know_it_is_seen_as_it_is() {
    if can_watch() {
        change_while(|path| drop(fs::metadata(path)), |path| chmod(path, 0o604));
    }
}

#[test]
fn an_inode_that_is_changed_on_both_sides_is_seen_as_it_is() {
    if can_watch() {
        change_while(|path| chmod(path, 0o640), |path| chmod(path, 0o604));
    }
}
