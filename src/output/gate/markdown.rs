//! The verdict for a comment on a pull request and for the summary of a step: GitHub-flavoured Markdown.
//!
//! It is put together from blocks that are whole in themselves, so that what does not fit is left out without an open fence.

use super::details::{Fact, facts};
use super::words::{self, Clock};
use crate::gate::{Outcome, Ruling, Verdict};
use crate::output::View;
use crate::output::markdown::{block, cell, quoted};
use crate::output::sanitize::clean;
use std::io::{self, Write};

/// Bytes of a comment. GitHub takes 65,536 characters, and whoever posts it may add some.
const COMMENT: usize = 60_000;
/// Kept for saying what was left out.
const SPARE: usize = 200;

pub(crate) fn write(verdict: &Verdict, view: &View, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(text(verdict, view, COMMENT).as_bytes())
}

/// The whole in at most so many bytes.
pub(super) fn text(verdict: &Verdict, view: &View, most: usize) -> String {
    let clock = Clock::new(verdict, view);
    let (mut text, mut left_out) = (String::new(), 0);
    let room = most.saturating_sub(SPARE);
    let mut add = |block: String| {
        // A short block after one that was too long would stand in the wrong order.
        if left_out == 0 && text.len() + block.len() <= room { text.push_str(&block) } else { left_out += 1 }
    };
    add(head(verdict, &clock));
    add("\n| | rule | value | limit | requests | where |\n|---|---|---:|---:|---:|---|\n".to_owned());
    verdict.rules.iter().for_each(|ruling| add(row(ruling)));
    verdict.rules.iter().filter(|r| r.verdict != Outcome::Pass).for_each(|ruling| add(details(ruling, verdict, &clock)));
    verdict.warnings.iter().for_each(|warning| add(format!("\n⚠ {}\n", plain(&words::clip(warning)))));
    if left_out > 0 && most > SPARE {
        text.push_str(&format!("\n… {left_out} more lines and sections did not fit: `-o json` has all of them.\n"));
    }
    text
}

fn head(verdict: &Verdict, clock: &Clock) -> String {
    let sign = match verdict.verdict {
        Outcome::Pass => "✅",
        Outcome::Fail => "❌",
        Outcome::Inconclusive => "❔",
    };
    let mut text = format!("### {sign} logcodes check {}: {}\n\n", words::meaning(verdict.verdict), words::tally(verdict));
    text.push_str(&format!("Judged {}: {}", quoted(&words::inputs(verdict)), words::lines(verdict)));
    let span = clock.span(verdict);
    if !span.is_empty() {
        text.push_str(&format!(", {}", plain(&span)));
    }
    if let Some(baseline) = &verdict.baseline {
        text.push_str(&format!(", against the baseline {}", quoted(&words::clip(baseline))));
    }
    text.push_str(".\n");
    if verdict.default_rules {
        text.push_str("\nNo rule was given: these are the default rules.\n");
    }
    text
}

fn row(ruling: &Ruling) -> String {
    let part = &ruling.part;
    let value = |value: Option<f64>| value.map_or("-".to_owned(), |v| ruling.unit.text(v));
    let place = words::place(part);
    format!(
        "| {} | {} | {} | {} | {} of {} | {} |\n",
        words::word(ruling),
        quoted(&words::rule(ruling)),
        value(part.value),
        value(part.threshold),
        part.numerator,
        part.denominator,
        if place.is_empty() { "all".to_owned() } else { quoted(&place) }
    )
}

/// All that is said of a rule, folded.
fn details(ruling: &Ruling, verdict: &Verdict, clock: &Clock) -> String {
    let title = format!("{} {}", words::word(ruling), words::rule(ruling));
    let mut text = format!("\n<details><summary>{}</summary>\n\n{}\n\n", html(&title), plain(&words::clip(&ruling.reason)));
    let (lines, facts): (Vec<Fact>, Vec<Fact>) = facts(ruling, verdict, clock).into_iter().partition(|fact| fact.verbatim);
    for fact in &facts {
        text.push_str(&format!("- **{}:** {}\n", fact.label, if fact.label == "where" { quoted(&fact.text) } else { plain(&fact.text) }));
    }
    if !lines.is_empty() {
        let lines: Vec<String> = lines.iter().map(|line| clean(&line.text).into_owned()).collect();
        let mut fenced = Vec::new();
        block(&lines.join("\n"), "", &mut fenced).expect("memory takes all");
        text.push_str(&format!("\n{}", String::from_utf8_lossy(&fenced)));
    }
    text + "\n</details>\n"
}

/// Text in which nothing is markup, a mention, a link or a reference to an issue.
fn plain(text: &str) -> String {
    cell(text).replace('#', "#\u{2060}").replace('&', "&amp;")
}

/// Text inside of a tag. Markdown is not read there, but not all readers know that: its signs are written as entities too.
fn html(text: &str) -> String {
    let mut safe = String::new();
    for c in clean(text).replace("://", ":\u{2060}//").replace("www.", "www\u{2060}.").chars() {
        match c {
            '&' | '<' | '>' | '"' | '[' | ']' | '`' | '*' | '_' | '~' | '|' | '\\' => safe.push_str(&format!("&#{};", c as u32)),
            '@' | '#' => safe.extend([c, '\u{2060}']),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_mentioned() {
        assert_eq!(plain("@all #12 &lt; www.example.com"), "@\u{2060}all \\#\u{2060}12 &amp;lt; www\u{2060}.example.com");
        assert_eq!(html("</summary> @all"), "&#60;/summary&#62; @\u{2060}all");
    }
}
