//! The verdict for GitHub Actions: workflow commands that become annotations, and the summary of a step.
//!
//! GitHub shows ten annotations of a level for a step and drops a summary that is too long as a whole, so both limits are
//! kept here, and what is left out is counted.

use super::details::{Level, facts, level, other_parts, part_facts_of, text};
use super::words::{self, Clock};
use super::{RulesFile, markdown};
use crate::gate::Verdict;
use crate::output::sanitize::clean;
use crate::output::{View, human};
use std::io::{self, Write};

/// Annotations of a level that GitHub shows for a step.
const MOST: usize = 10;
/// Bytes of a step's summary, over which GitHub takes none of it.
const SUMMARY: usize = 1024 * 1024;

/// Something to be shown beside the run.
struct Annotation {
    level: Level,
    title: String,
    message: String,
    /// Which of the rules.
    rule: usize,
}

pub(super) fn write(verdict: &Verdict, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let all = annotations(verdict, view);
    let (errors, warnings): (Vec<_>, Vec<_>) = all.iter().partition(|a| a.level >= Level::Error);
    for (name, of) in [("error", errors), ("warning", warnings)] {
        for (at, annotation) in of.iter().take(MOST).enumerate() {
            let more = if at + 1 == MOST { of.len() - MOST } else { 0 };
            let more =
                if more > 0 { format!("\nand {} more: see the summary of the step", human::count(more as u64)) } else { String::new() };
            command(name, &annotation.title, &format!("{}{more}", annotation.message), place(view, annotation.rule), out)?;
        }
    }
    let judged = format!("{}. Judged {}: {}", words::tally(verdict), words::inputs(verdict), words::lines(verdict));
    command("notice", &format!("logcodes check {}", words::meaning(verdict.verdict)), &clean(&judged), None, out)
}

/// Appends to what the file of a step's summary holds already, `used` bytes, as much as GitHub takes.
///
/// # Errors
/// When it cannot be written.
pub fn write_summary(verdict: &Verdict, view: &View, used: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(markdown::text(verdict, view, SUMMARY.saturating_sub(used)).as_bytes())
}

/// What decided of each rule first, so that many parts of one rule do not hide the next.
fn annotations(verdict: &Verdict, view: &View) -> Vec<Annotation> {
    let clock = Clock::new(verdict, view);
    let title = |ruling, place: String| {
        let on = if place.is_empty() { String::new() } else { format!(" on {place}") };
        clean(&format!("{}{on}", words::rule(ruling))).into_owned()
    };
    let mut all = Vec::new();
    for (rule, ruling) in verdict.rules.iter().enumerate() {
        if let Some(level) = level(ruling, ruling.verdict, view) {
            let reason = clean(&words::clip(&ruling.reason)).into_owned();
            let message = format!("{}: {reason}\n{}", words::meaning(ruling.verdict), text(&facts(ruling, verdict, &clock)));
            all.push(Annotation { level, title: title(ruling, words::place(&ruling.part)), message, rule });
        }
    }
    for (rule, ruling) in verdict.rules.iter().enumerate() {
        for (part, outcome) in other_parts(ruling) {
            if let Some(level) = level(ruling, outcome, view) {
                let message = format!("{}\n{}", words::meaning(outcome), text(&part_facts_of(part, ruling.unit, verdict, &clock)));
                all.push(Annotation { level, title: title(ruling, words::place(part)), message, rule });
            }
        }
    }
    all
}

/// The file that the rule stands in, and its line.
fn place(view: &View, rule: usize) -> Option<(&str, u32)> {
    view.rules.as_ref().map(|file: &RulesFile| (file.path.as_str(), file.line(rule)))
}

fn command(name: &str, title: &str, message: &str, place: Option<(&str, u32)>, out: &mut dyn Write) -> io::Result<()> {
    let place = place.map_or(String::new(), |(file, line)| format!("file={},line={line},", property(file)));
    writeln!(out, "::{name} {place}title={}::{}", property(title), data(message))
}

/// The percent sign first, or what the others become would be escaped again.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_property_is_escaped() {
        let mut out = Vec::new();
        command("error", "a: b, c", "100%\n::end", Some(("x,y.toml", 3)), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "::error file=x%2Cy.toml,line=3,title=a%3A b%2C c::100%25%0A::end\n");
    }
}
