//! A bar on stderr, when that is a terminal and the scan is long enough to wonder.

use crate::scan::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// Bytes that take about half a second on a slow machine.
const WORTH_A_BAR: u64 = 200 << 20;

/// Nothing where none is shown, so that no thread ticks for it.
pub(super) struct Bar(Option<ProgressBar>);

impl Bar {
    /// A bar that shows nothing when `hidden` or when stderr is no terminal.
    pub(super) fn new(hidden: bool) -> Self {
        let shown = !hidden && std::io::stderr().is_terminal();
        Self(shown.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8))))
    }

    pub(super) fn finish(&self) {
        self.0.iter().for_each(ProgressBar::finish_and_clear);
    }
}

impl Progress for Bar {
    fn start(&self, total: Option<u64>) {
        let Some(bar) = &self.0 else { return };
        // What is done before anyone could read the bar needs none.
        if total.is_some_and(|bytes| bytes < WORTH_A_BAR) {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template =
            if total.is_some() { "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}" } else { "{spinner} {bytes} {bytes_per_sec}" };
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_style(ProgressStyle::with_template(template).expect("the templates above are right"));
        bar.enable_steady_tick(Duration::from_millis(250));
    }

    fn advance(&self, bytes: u64) {
        self.0.iter().for_each(|bar| bar.inc(bytes));
    }
}
