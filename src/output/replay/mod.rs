//! Rules over a log that is history -> tables, JSON and Markdown. The registry below is the only list of them.

mod json;
mod markdown;
mod table;
mod words;

use super::View;
use crate::gate::{Explanation, Replay};
use std::io::{self, Write};

/// A way to write a replay, and why a rule did or did not fire.
pub struct ReplayOutput {
    /// The name that `-o` takes.
    pub name: &'static str,
    /// File name extensions that mean it.
    pub extensions: &'static [&'static str],
    /// Writes a replay.
    pub replay: fn(&Replay, &View, &mut dyn Write) -> io::Result<()>,
    /// Writes an explanation.
    pub explanation: fn(&Explanation, &View, &mut dyn Write) -> io::Result<()>,
}

/// Every output of a replay.
pub const REPLAYS: &[ReplayOutput] = &[
    ReplayOutput { name: "table", extensions: &["txt"], replay: table::replay, explanation: table::explanation },
    ReplayOutput { name: "json", extensions: &["json"], replay: json::replay, explanation: json::explanation },
    ReplayOutput { name: "md", extensions: &["md", "markdown"], replay: markdown::replay, explanation: markdown::explanation },
];

/// The output of that name, or the one that a file name's extension means.
pub fn replay_output(name: &str) -> Option<&'static ReplayOutput> {
    let extension = std::path::Path::new(name).extension().map(|x| x.to_string_lossy().to_ascii_lowercase());
    REPLAYS
        .iter()
        .find(|o| o.name == name)
        .or_else(|| REPLAYS.iter().find(|o| extension.as_deref().is_some_and(|x| o.extensions.contains(&x))))
}
