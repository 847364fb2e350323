//! What a gate says -> where people and CI systems read it. One file an output; the registry below is the only list of them.
//!
//! A log is no part of the repository that CI shows: where an output wants a place in a file, it is the one that the rules
//! stand in, and what points into the log is said in words.

mod details;
mod github;
mod gitlab;
mod identity;
mod json;
mod junit;
mod markdown;
mod sarif;
mod table;
mod words;

pub use github::write_summary;
pub(super) use markdown::write as write_markdown;
pub(super) use table::write as write_table;
pub(super) use words::{overall, rule as rule_text, word};

use super::{Output, View, Writer};
use crate::gate::Verdict;

/// Where the rules of a gate stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesFile {
    /// Its path as given.
    pub path: String,
    /// The line of each rule, from 1, in the order of the verdict's; the first line for rules that have none here.
    pub lines: Vec<u32>,
}

impl RulesFile {
    /// The line of the rule of that number, from 0.
    pub fn line(&self, rule: usize) -> u32 {
        self.lines.get(rule).copied().unwrap_or(1).max(1)
    }
}

/// Every output of a verdict.
pub const VERDICTS: &[Output<Writer<Verdict>>] = &[
    Output { name: "table", extensions: &["txt"], write: table::write },
    Output { name: "json", extensions: &["json"], write: json::write },
    Output { name: "junit", extensions: &["xml"], write: junit::write },
    Output { name: "github", extensions: &[], write: github::write },
    Output { name: "gitlab", extensions: &["codequality.json"], write: gitlab::write },
    Output { name: "sarif", extensions: &["sarif", "sarif.json"], write: sarif::write },
    Output { name: "md", extensions: &["md", "markdown"], write: markdown::write },
];

/// The file that outputs which must name one point to: the rules', or else the first input as it was given.
fn path_of(verdict: &Verdict, view: &View) -> String {
    let path = match (&view.rules, verdict.inputs.first()) {
        (Some(rules), _) => rules.path.as_str(),
        (None, Some(input)) if input.path != "-" => input.path.as_str(),
        _ => "stdin",
    };
    path.strip_prefix("./").unwrap_or(path).to_owned()
}

fn line_of(view: &View, rule: usize) -> u32 {
    view.rules.as_ref().map_or(1, |file| file.line(rule))
}
