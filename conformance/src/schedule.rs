//! Runs cases on targets, several at a time; the results come in order of the cases.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, mpsc};
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::event::CaseResult;
use crate::needs::FILLING;
use crate::run;
use crate::target::Target;
use crate::worker::{StepError, Zygote};

/// Runs every case on every target, with one thread for each zygote, and calls
/// `on_results` with the results of one case, in order of the targets, in order of
/// the cases. `patience` is how long a case may take on one target.
///
/// # Errors
/// [`StepError::Interrupted`], or a zygote that was lost cannot be replaced.
pub fn run_all(
    cases: &[Case],
    targets: &[Target],
    zygotes: Vec<Zygote>,
    patience: Duration,
    mut on_results: impl FnMut(Vec<CaseResult>),
) -> Result<(), StepError> {
    let next = AtomicUsize::new(0);
    let room = RwLock::new(());
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for zygote in zygotes {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            let room = &room;
            scope.spawn(move || {
                let done = work(cases, targets, zygote, patience, Shared { next, stop, room }, &sender);
                if let Err(error) = done {
                    stop.store(true, Ordering::Relaxed);
                    let _ = sender.send(Err(error));
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut wanted = 0;
        let mut failure = None;
        for message in receiver {
            match message {
                Ok((index, results)) => {
                    waiting.insert(index, results);
                }
                Err(error) => failure = Some(error),
            }
            while let Some(results) = waiting.remove(&wanted) {
                on_results(results);
                wanted += 1;
            }
        }
        failure.map_or(Ok(()), Err)
    })
}

type Message = Result<(usize, Vec<CaseResult>), StepError>;

/// What the threads have in common.
#[derive(Clone, Copy)]
struct Shared<'s> {
    /// The next case.
    next: &'s AtomicUsize,
    /// Whether to end.
    stop: &'s AtomicBool,
    /// Read by a case that needs some room, written by one that takes it all: nothing
    /// else can run beside that.
    room: &'s RwLock<()>,
}

/// Whether a case takes all the room of a target.
fn fills(case: &Case, targets: &[Target]) -> bool {
    let met = |need: &str| targets.iter().any(|target| matches!(target.info.probes.get(need), Some(None)));
    FILLING.iter().any(|need| case.needs.contains(need) && met(need))
}

/// One thread: takes the next case, until there is none.
fn work(
    cases: &[Case],
    targets: &[Target],
    mut zygote: Zygote,
    patience: Duration,
    shared: Shared<'_>,
    sender: &mpsc::Sender<Message>,
) -> Result<(), StepError> {
    while !shared.stop.load(Ordering::Relaxed) {
        let index = shared.next.fetch_add(1, Ordering::Relaxed);
        let Some(case) = cases.get(index) else {
            break;
        };
        // Whatever happens to the lock, it guards nothing that could be broken.
        let alone = fills(case, targets).then(|| shared.room.write().unwrap_or_else(PoisonError::into_inner));
        let beside = alone.is_none().then(|| shared.room.read().unwrap_or_else(PoisonError::into_inner));
        let mut results = Vec::with_capacity(targets.len());
        for target in targets {
            let room = alone.is_some().then(|| room_of(target)).flatten();
            results.push(run::run(case, target, &zygote, patience)?);
            if zygote.is_lost() {
                target.give_up();
                zygote = Zygote::start()?;
            } else if let Some(room) = room {
                wait_for_room(target, room);
            }
        }
        drop((alone, beside));
        // The receiver is gone only when the run is over.
        let _ = sender.send(Ok((index, results)));
    }
    Ok(())
}

/// How many blocks are free, where that is told.
fn room_of(target: &Target) -> Option<u64> {
    rustix::fs::fstatvfs(target.scratch.dir()).ok().map(|told| told.f_bfree)
}

/// Waits until nearly all of `room` is free again: what was removed may give its room
/// back later, as on a mount whose daemon lets go of a file when it is told so.
fn wait_for_room(target: &Target, room: u64) {
    let until = Instant::now() + ROOM_PATIENCE;
    while room_of(target).is_some_and(|free| free < room / 10 * 9) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How long room is waited for that does not come back.
const ROOM_PATIENCE: Duration = Duration::from_millis(300);
