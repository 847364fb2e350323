//! Report, entries and records -> bytes. One file an output; the registries, here and in the rooms below, are the only lists of
//! them.
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
mod page;
mod records;
mod registry;
mod replay;
pub mod sanitize;
mod stats;
mod table;
mod wording;

pub use causes::write_rules;
pub use compare::COMPARISONS;
pub use explain::{ExplainOutput, Topic, write_explanation, write_list};
pub use gate::{RulesFile, VERDICTS, write_summary};
pub use records::{RECORDS, RecordFormat, RecordWriter};
pub use registry::{Output, Writer, find};
pub use replay::{EXPLANATIONS, REPLAYS};
pub use stats::{Stats, write_stats};

use crate::diagnose::Severity;
use crate::report::Report;
use jiff::tz::TimeZone;

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

/// Every output of a report.
pub const OUTPUTS: &[Output<Writer<Report>>] = &[
    Output { name: "table", extensions: &["txt"], write: table::write },
    Output { name: "json", extensions: &["json"], write: json::write },
    Output { name: "csv", extensions: &["csv"], write: csv::write },
    Output { name: "md", extensions: &["md", "markdown"], write: markdown::write },
];

/// Every output of its findings in full; a table of numbers has no place for them.
pub const FINDINGS: &[Output<Writer<Report>>] = &[
    Output { name: "table", extensions: &["txt"], write: table::write_findings },
    Output { name: "json", extensions: &["json"], write: json::write_findings },
    Output { name: "md", extensions: &["md", "markdown"], write: markdown::write_findings },
];
