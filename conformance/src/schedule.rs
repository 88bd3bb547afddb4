//! Runs cases on targets, several at a time; the results come in order of the cases.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crate::case::Case;
use crate::event::CaseResult;
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
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for zygote in zygotes {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                let done = work(cases, targets, zygote, patience, next, stop, &sender);
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

/// One thread: takes the next case, until there is none.
fn work(
    cases: &[Case],
    targets: &[Target],
    mut zygote: Zygote,
    patience: Duration,
    next: &AtomicUsize,
    stop: &AtomicBool,
    sender: &mpsc::Sender<Message>,
) -> Result<(), StepError> {
    while !stop.load(Ordering::Relaxed) {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(case) = cases.get(index) else {
            break;
        };
        let mut results = Vec::with_capacity(targets.len());
        for target in targets {
            results.push(run::run(case, target, &zygote, patience)?);
            if zygote.is_lost() {
                target.give_up();
                zygote = Zygote::start()?;
            }
        }
        // The receiver is gone only when the run is over.
        let _ = sender.send(Ok((index, results)));
    }
    Ok(())
}
