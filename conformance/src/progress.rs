//! The progress bar: on a terminal, after a second.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run that takes less is not worth a bar.
const AFTER: Duration = Duration::from_secs(1);

/// How far a run has come.
pub struct Progress {
    start: Instant,
    all: usize,
    done: Cell<usize>,
    bar: Cell<Option<ProgressBar>>,
    is_shown: bool,
}

impl Progress {
    /// Nothing of `all` is done yet.
    pub fn new(all: usize) -> Self {
        let is_shown = io::stderr().is_terminal();
        Progress { start: Instant::now(), all, done: Cell::new(0), bar: Cell::new(None), is_shown }
    }

    /// One more is done.
    pub fn advance(&self) {
        let done = self.done.get() + 1;
        self.done.set(done);
        if !self.is_shown || self.start.elapsed() < AFTER {
            return;
        }
        let bar = self.bar.take().unwrap_or_else(|| new_bar(self.all));
        bar.set_position(done as u64);
        self.bar.set(Some(bar));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(all: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} cases, {eta} left");
    let style = style.expect("the template is one of indicatif's");
    ProgressBar::with_draw_target(Some(all as u64), ProgressDrawTarget::stderr()).with_style(style)
}
