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
pub(super) use words::{rule as rule_text, word};

use super::View;
use crate::gate::Verdict;
use std::io::{self, Write};

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

/// A way to write a verdict.
pub struct VerdictOutput {
    /// The name that `-o` takes.
    pub name: &'static str,
    /// File name extensions that mean it.
    pub extensions: &'static [&'static str],
    /// Writes a verdict.
    pub write: fn(&Verdict, &View, &mut dyn Write) -> io::Result<()>,
}

/// Every output of a verdict.
pub const VERDICTS: &[VerdictOutput] = &[
    VerdictOutput { name: "table", extensions: &["txt"], write: table::write },
    VerdictOutput { name: "json", extensions: &["json"], write: json::write },
    VerdictOutput { name: "junit", extensions: &["xml"], write: junit::write },
    VerdictOutput { name: "github", extensions: &[], write: github::write },
    VerdictOutput { name: "gitlab", extensions: &["codequality.json"], write: gitlab::write },
    VerdictOutput { name: "sarif", extensions: &["sarif", "sarif.json"], write: sarif::write },
    VerdictOutput { name: "md", extensions: &["md", "markdown"], write: markdown::write },
];

/// What `-o` means: an output for standard output (`junit`), for a file by its extension (`report.xml`, the longest that fits),
/// or for a file of any name (`gitlab=report.json`).
pub fn verdict_output(wanted: &str) -> Option<(&'static VerdictOutput, Option<&str>)> {
    let named = |name: &str| VERDICTS.iter().find(|o| o.name == name);
    if let Some(output) = named(wanted) {
        return Some((output, None));
    }
    if let Some((name, file)) = wanted.split_once('=')
        && let Some(output) = named(name)
    {
        return (!file.is_empty()).then_some((output, Some(file)));
    }
    let lower = wanted.to_ascii_lowercase();
    let fits = |extension: &&str| lower.strip_suffix(extension).is_some_and(|rest| rest.ends_with('.'));
    let longest = |output: &VerdictOutput| output.extensions.iter().filter(|x| fits(x)).map(|x| x.len()).max();
    VERDICTS.iter().filter(|o| longest(o).is_some()).max_by_key(|o| longest(o)).map(|output| (output, Some(wanted)))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_an_extension_or_both() {
        let means = |wanted| verdict_output(wanted).map(|(output, file)| (output.name, file));
        assert_eq!(means("junit"), Some(("junit", None)));
        assert_eq!(means("out/report.XML"), Some(("junit", Some("out/report.XML"))));
        assert_eq!(means("gitlab=gl.json"), Some(("gitlab", Some("gl.json"))));
        assert_eq!(means("gl.codequality.json"), Some(("gitlab", Some("gl.codequality.json"))));
        assert_eq!(means("x.sarif.json"), Some(("sarif", Some("x.sarif.json"))));
        assert_eq!(means("a=b.json"), Some(("json", Some("a=b.json"))));
        assert_eq!([means("junit="), means("xml"), means("report.pdf"), means("")], [None; 4]);
    }
}
