//! The progress bar: on a terminal, after a second, with how many did not pass so far.
//!
//! It has no colours, so that NO_COLOR asks for nothing more.

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
    failed: Cell<usize>,
    bar: Cell<Option<ProgressBar>>,
    is_shown: bool,
}

impl Progress {
    /// Nothing of `all` is done yet. A report that comes as the run goes on `is_streamed`,
    /// and is what there is to see then.
    pub fn new(all: usize, is_streamed: bool) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Progress {
            start: Instant::now(),
            all,
            done: Cell::new(0),
            failed: Cell::new(0),
            bar: Cell::new(None),
            is_shown: !is_streamed && !is_dumb && io::stderr().is_terminal(),
        }
    }

    /// One more is done, of which so many results did not pass.
    pub fn advance(&self, failed: usize) {
        self.done.set(self.done.get() + 1);
        self.failed.set(self.failed.get() + failed);
        if !self.is_shown || self.start.elapsed() < AFTER {
            return;
        }
        let bar = self.bar.take().unwrap_or_else(|| new_bar(self.all));
        if self.failed.get() > 0 {
            bar.set_message(format!(", {} not passed", self.failed.get()));
        }
        bar.set_position(self.done.get() as u64);
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
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} cases{msg}, {eta} left");
    let style = style.expect("the template is one of indicatif's");
    ProgressBar::with_draw_target(Some(all as u64), ProgressDrawTarget::stderr()).with_style(style)
}
