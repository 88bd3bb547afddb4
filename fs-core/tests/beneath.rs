//! `open_beneath_by_walk` against the kernel's `openat2`, and against names that are
//! swapped meanwhile. The crate `fuzz` goes on where the tables end.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fs_core::linux::{ResolveFlags, open_beneath, open_beneath_by_walk, openat2};
use fs_core::{Errno, Error, Mode, OFlags, RenameFlags, fstat, mkdir, open, rename, rename_with};

type Place = Result<(u64, u64), Errno>;

fn place(result: fs_core::Result<OwnedFd>) -> Place {
    let stat = result.and_then(|fd| fstat(&fd)).map_err(Error::errno)?;
    Ok((stat.st_dev(), stat.st_ino()))
}

fn dir(path: &Path) -> OwnedFd {
    open(path, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).expect("the test made it")
}

/// Compares both on `path` in every mode of resolution, and returns what `BENEATH` gave.
fn check(root: &OwnedFd, path: &[u8], flags: OFlags) -> Place {
    let shown = String::from_utf8_lossy(path);
    let compare = |resolve: ResolveFlags| {
        let walk = place(open_beneath_by_walk((root, path), flags, Mode::empty(), resolve));
        let either = place(open_beneath((root, path), flags, Mode::empty(), resolve));
        let kernel = loop {
            match place(openat2((root, path), flags, Mode::empty(), resolve | ResolveFlags::NO_MAGICLINKS)) {
                Err(Errno::AGAIN) => {}
                result => break result,
            }
        };
        assert_eq!(walk, kernel, "{shown} {flags:?} {resolve:?}");
        assert_eq!(either, kernel, "{shown} {flags:?} {resolve:?}");
        walk
    };
    let [.., beneath] = [
        ResolveFlags::IN_ROOT,
        ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS,
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
        ResolveFlags::BENEATH,
    ]
    .map(compare);
    beneath
}

const FLAGS: &[OFlags] = &[
    OFlags::PATH,
    OFlags::PATH.union(OFlags::NOFOLLOW),
    OFlags::PATH.union(OFlags::DIRECTORY),
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW),
    OFlags::RDONLY,
    OFlags::NOFOLLOW,
    OFlags::DIRECTORY,
    OFlags::WRONLY,
    OFlags::PATH.union(OFlags::WRONLY),
    OFlags::CREAT.union(OFlags::DIRECTORY),
    OFlags::TMPFILE,
    OFlags::from_bits_retain(1 << 30),
];

#[test]
fn answers_as_the_kernel_does() {
    let top = tempfile::tempdir().unwrap();
    let at = |name: &str| top.path().join("in").join(name);
    std::fs::create_dir_all(at("d/e")).unwrap();
    std::fs::write(top.path().join("out"), "").unwrap();
    std::fs::write(at("f"), "").unwrap();
    std::fs::write(at("d/f"), "").unwrap();
    let links = [
        ("to_f", "f"),
        ("to_d", "d"),
        ("to_d_slash", "d/"),
        ("to_f_slash", "f/"),
        ("to_link", "to_d_slash"),
        ("d/up", ".."),
        ("d/up_up", "../.."),
        ("d/out", "../../out"),
        ("root", "/"),
        ("root_d", "//d/./e"),
        ("dangling", "nothing"),
        ("dangling_slash", "nothing/"),
        ("loop", "loop"),
        ("a", "b/x"),
        ("b", "a"),
        ("dot", "."),
        ("deep", "d/e/../up/d/f"),
    ];
    for (name, target) in links {
        symlink(target, at(name)).unwrap();
    }
    let root = dir(&top.path().join("in"));

    let names = links.iter().map(|(name, _)| *name).chain(["d", "f", "none", "d/e", ".", "..", "d/..", "", "/"]);
    let mut succeeded = 0;
    for name in names {
        for path in ["", "/", "/.", "/..", "/f", "/../f", "//e/", "/e/../../f"].map(|tail| format!("{name}{tail}")) {
            for path in [path.clone(), format!("/{path}"), format!("./{path}"), format!("d/up/{path}")] {
                succeeded += FLAGS.iter().filter(|flags| check(&root, path.as_bytes(), **flags).is_ok()).count();
            }
        }
    }
    assert!(succeeded > 1000, "{succeeded}");
}

#[test]
fn forty_links_are_followed_and_no_more() {
    let top = tempfile::tempdir().unwrap();
    std::fs::write(top.path().join("0"), "").unwrap();
    for hop in 1..=41 {
        symlink((hop - 1).to_string(), top.path().join(hop.to_string())).unwrap();
    }
    let root = dir(top.path());
    assert!(check(&root, b"40", OFlags::PATH).is_ok());
    assert_eq!(check(&root, b"41", OFlags::PATH), Err(Errno::LOOP));
    assert!(check(&root, b"41", OFlags::PATH | OFlags::NOFOLLOW).is_ok());
    assert_eq!(check(&root, b"41", OFlags::NOFOLLOW), Err(Errno::LOOP));
}

#[test]
fn lengths_are_limited_where_the_kernel_limits_them() {
    let top = tempfile::tempdir().unwrap();
    let longest = "n".repeat(255);
    std::fs::write(top.path().join(&longest), "").unwrap();
    let root = dir(top.path());
    assert!(check(&root, longest.as_bytes(), OFlags::PATH).is_ok());
    assert_eq!(check(&root, &[b'n'; 256], OFlags::PATH), Err(Errno::NAMETOOLONG));
    let path = |length: usize| [&b"./".repeat((length - 255) / 2), longest.as_bytes()].concat();
    assert!(check(&root, &path(4095), OFlags::PATH).is_ok());
    assert_eq!(check(&root, &[path(4095), vec![b'/']].concat(), OFlags::PATH), Err(Errno::NAMETOOLONG));
    assert_eq!(check(&root, &[b'\xff'; 3], OFlags::PATH), Err(Errno::NOENT));
}

#[test]
fn a_tree_deeper_than_the_directories_held_is_climbed_again() {
    let top = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(top.path().join("a/".repeat(100))).unwrap();
    std::fs::write(top.path().join("a/f"), "").unwrap();
    let root = dir(top.path());
    for up in [0, 31, 32, 33, 70, 99, 100] {
        let path = format!("{}{}", "a/".repeat(100), "../".repeat(up));
        assert!(check(&root, path.as_bytes(), OFlags::PATH).is_ok());
        let path = format!("{path}f");
        assert_eq!(check(&root, path.as_bytes(), OFlags::PATH).is_ok(), up == 99);
    }
    let path = format!("{}{}", "a/".repeat(100), "../".repeat(101));
    assert_eq!(check(&root, path.as_bytes(), OFlags::PATH), Err(Errno::XDEV));
}

#[test]
fn magic_links_are_refused_and_plain_links_of_procfs_are_not() {
    let proc = dir(Path::new("/proc"));
    for path in ["self/exe", "self/root", "self/root/", "self/cwd/.", "thread-self/fd/0", "self/ns/mnt"] {
        assert_eq!(check(&proc, path.as_bytes(), OFlags::RDONLY), Err(Errno::LOOP), "{path}");
        assert!(check(&proc, path.as_bytes(), OFlags::PATH | OFlags::NOFOLLOW).is_ok() != path.ends_with(['/', '.']));
    }
    for path in ["self/status", "thread-self/status", "mounts"] {
        assert!(check(&proc, path.as_bytes(), OFlags::PATH).is_ok(), "{path}");
    }
}

#[test]
fn what_is_created_is_created_beneath() {
    let top = tempfile::tempdir().unwrap();
    let inside = top.path().join("in");
    std::fs::create_dir(&inside).unwrap();
    symlink("../leak", inside.join("up")).unwrap();
    symlink("/leak", inside.join("root")).unwrap();
    let root = dir(&inside);
    let flags = OFlags::CREAT | OFlags::WRONLY;
    let create = |path: &str, resolve| open_beneath_by_walk((&root, path), flags, Mode::RUSR, resolve);
    assert_eq!(create("up", ResolveFlags::BENEATH).unwrap_err().errno(), Errno::XDEV);
    assert_eq!(create("root", ResolveFlags::BENEATH).unwrap_err().errno(), Errno::XDEV);
    assert!(std::fs::read_dir(&inside).unwrap().count() == 2);
    create("up", ResolveFlags::IN_ROOT).unwrap();
    create("../../etc", ResolveFlags::IN_ROOT).unwrap();
    assert_eq!(
        place(create("root", ResolveFlags::IN_ROOT)),
        place(open(&inside.join("leak"), OFlags::PATH, Mode::empty()))
    );
    assert!(inside.join("etc").exists());
    assert_eq!(std::fs::read_dir(top.path()).unwrap().count(), 1);
}

#[test]
fn only_beneath_and_in_root_are_walked() {
    for resolve in [
        ResolveFlags::empty(),
        ResolveFlags::NO_SYMLINKS,
        ResolveFlags::BENEATH | ResolveFlags::IN_ROOT,
        ResolveFlags::BENEATH | ResolveFlags::NO_XDEV,
    ] {
        let error = open_beneath(".", OFlags::PATH, Mode::empty(), resolve).unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{resolve:?}");
    }
}

/// Opens `path` again and again while `disturb` runs, and returns what was opened: for
/// a while, and on a busy machine for longer until all of `wanted` was seen.
fn opened_while(root: &OwnedFd, path: &str, wanted: &[Place], disturb: impl Fn() + Sync) -> HashSet<Place> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                disturb();
            }
        });
        let begin = Instant::now();
        let mut found = HashSet::new();
        let is_enough = |found: &HashSet<Place>| {
            let limit = if wanted.iter().all(|place| found.contains(place)) { 400 } else { 30_000 };
            begin.elapsed() > Duration::from_millis(limit)
        };
        while !is_enough(&found) {
            for resolve in [ResolveFlags::BENEATH, ResolveFlags::IN_ROOT] {
                found.insert(place(open_beneath_by_walk((root, path), OFlags::RDONLY, Mode::empty(), resolve)));
                found.insert(place(open_beneath((root, path), OFlags::RDONLY, Mode::empty(), resolve)));
            }
        }
        over.store(true, Ordering::Relaxed);
        found
    })
}

#[test]
fn a_directory_swapped_with_a_link_leads_nowhere_else() {
    let top = tempfile::tempdir().unwrap();
    let at = |name: &str| top.path().join(name);
    std::fs::create_dir_all(at("in/d")).unwrap();
    std::fs::create_dir(at("out")).unwrap();
    std::fs::write(at("in/d/f"), "").unwrap();
    std::fs::write(at("out/f"), "").unwrap();
    symlink("../out", at("in/l")).unwrap();
    let root = dir(&at("in"));
    let inside = place(open(&at("in/d/f"), OFlags::RDONLY, Mode::empty()));

    let swap = || rename_with((&root, "d"), (&root, "l"), RenameFlags::EXCHANGE).unwrap();
    let found = opened_while(&root, "d/f", &[inside, Err(Errno::XDEV)], swap);
    let expected = [inside, Err(Errno::XDEV), Err(Errno::NOENT)];
    assert!(found.iter().all(|place| expected.contains(place)), "{found:?}");
    assert!(found.contains(&inside) && found.contains(&Err(Errno::XDEV)), "{found:?}");
}

#[test]
fn a_directory_moved_away_does_not_take_the_climber_along() {
    let top = tempfile::tempdir().unwrap();
    let at = |name: &str| top.path().join(name);
    std::fs::create_dir_all(at("in/a/b")).unwrap();
    mkdir(&at("out"), Mode::RWXU).unwrap();
    std::fs::write(at("out/f"), "").unwrap();
    std::fs::write(at("in/a/f"), "").unwrap();
    let root = dir(&at("in"));
    let inside = place(open(&at("in/a/f"), OFlags::RDONLY, Mode::empty()));

    let move_out_and_in = || {
        rename(&at("in/a/b"), &at("out/b")).unwrap();
        rename(&at("out/b"), &at("in/a/b")).unwrap();
    };
    let found = opened_while(&root, "a/b/../f", &[inside], move_out_and_in);
    let expected = [inside, Err(Errno::NOENT)];
    assert!(found.iter().all(|place| expected.contains(place)), "{found:?}");
    assert!(found.contains(&inside), "{found:?}");
}
