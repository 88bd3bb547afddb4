//! The child of a spawn makes no heap allocation.
//!
//! A process of its own: the hook that looks on is called for every thread.

#[path = "counting/mod.rs"]
mod counting;

use std::cell::Cell;

use counting::COUNT;
use fs_core::audit::{self, Verdict};
use fs_core::{Env, SpawnMode};

/// Other threads may hold the allocator's lock at the fork.
#[test]
fn the_child_of_spawn_allocates_nothing_while_it_looks_for_its_program() {
    thread_local! {
        static FIRST: Cell<Option<usize>> = const { Cell::new(None) };
    }
    let (read_end, write_end) = fs_core::pipe().unwrap();
    let parent = rustix::process::getpid();
    let hook = audit::install(move |name, _| {
        if name == "os.exec" && rustix::process::getpid() != parent {
            let first = FIRST.get().unwrap_or(COUNT.get());
            FIRST.set(Some(first));
            let count = u8::try_from(COUNT.get() - first).unwrap_or(u8::MAX);
            fs_core::write(&write_end, &[count]).expect("there is room in the pipe");
        }
        Verdict::Allow
    });
    let env = Env::of([("PATH", "/no/such:/bin/sh:/nor/that")]);
    assert_eq!(fs_core::spawnvpe(SpawnMode::Wait, "x", ["x", "1"], env), Ok(127));
    drop(hook);
    let mut counts = [u8::MAX; 8];
    assert_eq!(fs_core::read(&read_end, &mut counts), Ok(3));
    assert_eq!(counts[..3], [0; 3]);
}
