//! Report, entries and records -> bytes. One file an output; the registry below is the only list of them.
//!
//! What is written comes from strangers: text for a terminal is cleaned of control bytes ([`sanitize`]), CSV cells are guarded
//! against formulas, JSON is escaped by its library. No output knows how a log is read.

mod causes;
mod compare;
mod csv;
mod explain;
mod gate;
mod human;
mod json;
mod markdown;
mod records;
mod replay;
pub mod sanitize;
mod stats;
mod table;
mod wording;

pub use causes::write_rules;
pub use compare::{COMPARISONS, ComparisonOutput, comparison_output};
pub use explain::{ExplainOutput, Topic, write_explanation, write_list};
pub use gate::{RulesFile, VERDICTS, VerdictOutput, verdict_output, write_summary};
pub use records::{RecordFormat, RecordWriter};
pub use replay::{REPLAYS, ReplayOutput, replay_output};
pub use stats::{Stats, write_stats};

use crate::diagnose::Severity;
use crate::report::Report;
use jiff::tz::TimeZone;
use std::io::{self, Write};

/// How a report is to be shown.
#[derive(Clone, Debug)]
pub struct View {
    /// Columns of the terminal; `None` when the reader is no terminal, so that nothing is cut.
    pub width: Option<usize>,
    /// Whether colours underline what the words say.
    pub color: bool,
    /// The zone that times are shown in.
    pub zone: TimeZone,
    /// What CSV has a row for.
    pub by: By,
    /// How long the scan took, if that is to be said.
    pub seconds: Option<f64>,
    /// Rows of routes, if the user said how many.
    pub limit: Option<usize>,
    /// Findings below this are left out where findings are written in full.
    pub least: Severity,
    /// The file that the rules of a gate stand in, if they do in one.
    pub rules: Option<RulesFile>,
    /// A rule that could not be decided fails the gate.
    pub doubt_fails: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            width: None,
            color: false,
            zone: TimeZone::UTC,
            by: By::Route,
            seconds: None,
            limit: None,
            least: Severity::Info,
            rules: None,
            doubt_fails: false,
        }
    }
}

/// What a row of CSV stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum By {
    /// A route and a code.
    #[default]
    Route,
    /// A window and a code.
    Window,
    /// A route, a window and a code.
    RouteWindow,
    /// A service and a code.
    Service,
    /// A service, a window and a code.
    ServiceWindow,
}

/// A way to write a report.
pub struct Output {
    /// The name that `-o` takes.
    pub name: &'static str,
    /// File name extensions that mean it.
    pub extensions: &'static [&'static str],
    /// Writes a report.
    pub write: Writer,
    /// Writes its findings in full; `None` where they have no place.
    pub findings: Option<Writer>,
}

/// Writes a report, or a part of it.
pub type Writer = fn(&Report, &View, &mut dyn Write) -> io::Result<()>;

/// Every output.
pub const OUTPUTS: &[Output] = &[
    Output { name: "table", extensions: &["txt"], write: table::write, findings: Some(table::write_findings) },
    Output { name: "json", extensions: &["json"], write: json::write, findings: Some(json::write_findings) },
    Output { name: "csv", extensions: &["csv"], write: csv::write, findings: None },
    Output { name: "md", extensions: &["md", "markdown"], write: markdown::write, findings: Some(markdown::write_findings) },
];

/// The output of that name, or the one that a file name's extension means.
pub fn output(name: &str) -> Option<&'static Output> {
    let extension = std::path::Path::new(name).extension().map(|x| x.to_string_lossy().to_ascii_lowercase());
    OUTPUTS
        .iter()
        .find(|o| o.name == name)
        .or_else(|| OUTPUTS.iter().find(|o| extension.as_deref().is_some_and(|x| o.extensions.contains(&x))))
}
