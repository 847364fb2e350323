//! A bar on stderr, when that is a terminal and the scan is long enough to wonder.

use crate::scan::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// Bytes that take about half a second on a slow machine.
const WORTH_A_BAR: u64 = 200 << 20;

pub(super) struct Bar(ProgressBar);

impl Bar {
    /// A bar that shows nothing when `hidden` or when stderr is no terminal.
    pub(super) fn new(hidden: bool) -> Self {
        let shown = !hidden && std::io::stderr().is_terminal();
        Self(ProgressBar::with_draw_target(None, if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() }))
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn start(&self, total: Option<u64>) {
        // What is done before anyone could read the bar needs none.
        if total.is_some_and(|bytes| bytes < WORTH_A_BAR) {
            self.0.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template =
            if total.is_some() { "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}" } else { "{spinner} {bytes} {bytes_per_sec}" };
        if let Some(total) = total {
            self.0.set_length(total);
        }
        self.0.set_style(ProgressStyle::with_template(template).expect("the templates above are right"));
        self.0.enable_steady_tick(Duration::from_millis(250));
    }

    fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}
