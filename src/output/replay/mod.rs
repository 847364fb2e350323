//! Rules over a log that is history -> tables, JSON and Markdown. The registries below are the only lists of them.

mod json;
mod markdown;
mod table;
mod words;

use super::{Output, Writer};
use crate::gate::{Explanation, Replay};

/// Every output of a replay.
pub const REPLAYS: &[Output<Writer<Replay>>] = &[
    Output { name: "table", extensions: &["txt"], write: table::replay },
    Output { name: "json", extensions: &["json"], write: json::replay },
    Output { name: "md", extensions: &["md", "markdown"], write: markdown::replay },
];

/// Every output of why a rule did or did not fire.
pub const EXPLANATIONS: &[Output<Writer<Explanation>>] = &[
    Output { name: "table", extensions: &["txt"], write: table::explanation },
    Output { name: "json", extensions: &["json"], write: json::explanation },
    Output { name: "md", extensions: &["md", "markdown"], write: markdown::explanation },
];
