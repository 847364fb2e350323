//! The verdict for a person at three in the morning: a line a rule, then what is wrong, then what was judged.

use super::details::{Fact, facts};
use super::words::{self, Clock};
use crate::gate::{Outcome, Ruling, Verdict};
use crate::output::sanitize::{clean, cut, wrap};
use crate::output::table::layout::{self, Column};
use crate::output::{View, page};
use std::io::{self, Write};

/// Where the text of a fact begins.
const INDENT: usize = 14;

pub(crate) fn write(verdict: &Verdict, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let clock = Clock::new(verdict, view);
    let mut page = Page { view, out };
    page.rules(verdict)?;
    let passed: Vec<&Ruling> = verdict.rules.iter().filter(|r| r.verdict == Outcome::Pass).collect();
    if !passed.is_empty() {
        page.put("")?;
    }
    for ruling in passed {
        page.wrapped(&format!("passed: {}: {}", words::rule(ruling), words::clip(&ruling.reason)), "", "  ")?;
    }
    for ruling in verdict.rules.iter().filter(|r| r.verdict != Outcome::Pass) {
        page.put("")?;
        page.outcome(words::word(ruling), &words::rule(ruling))?;
        page.fact("reason", &words::clip(&ruling.reason))?;
        let facts = facts(ruling, verdict, &clock);
        facts.iter().enumerate().try_for_each(|(at, fact)| page.next_fact(fact, at.checked_sub(1).map(|at| &facts[at])))?;
    }
    page.put("")?;
    verdict.warnings.iter().try_for_each(|warning| page.wrapped(&format!("warning: {}", words::clip(warning)), "", "  "))?;
    if verdict.default_rules {
        page.wrapped("No rule was given: these are the default rules. --fail-on RULE states others.", "", "")?;
    }
    let baseline = verdict.baseline.as_ref().map_or(String::new(), |b| format!(", against the baseline {}", words::clip(b)));
    let span = clock.span(verdict);
    let span = if span.is_empty() { String::new() } else { format!(", {span}") };
    let judged = format!("{}. Judged {}: {}{span}{baseline}", words::tally(verdict), words::inputs(verdict), words::lines(verdict));
    page.outcome(words::overall(verdict.verdict), &judged)
}

struct Page<'p> {
    view: &'p View,
    out: &'p mut dyn Write,
}

impl Page<'_> {
    /// A line a rule: how it came out, its text, what was measured and where.
    fn rules(&mut self, verdict: &Verdict) -> io::Result<()> {
        let column = |of: &dyn Fn(&Ruling) -> String| verdict.rules.iter().map(of).collect::<Vec<_>>();
        let measured = |r: &Ruling| r.part.value.map_or("-".to_owned(), |v| r.unit.text(v));
        let limit = |r: &Ruling| r.part.threshold.map_or("-".to_owned(), |v| r.unit.text(v));
        let columns = vec![
            Column::number("", column(&|r| format!("{:<4}", words::word(r)))),
            Column::text("RULE", column(&|r| tame(&words::rule(r))), 16, 1).cut_in_the_middle(),
            Column::number("VALUE", column(&measured)),
            Column::number("LIMIT", column(&limit)).goes(3),
            Column::text("WHERE", column(&|r| tame(&words::place(&r.part))), 12, 2).cut_in_the_middle().optional(),
        ];
        for (at, line) in layout::lines(columns, self.view.width).into_iter().enumerate() {
            match verdict.rules.get(at.wrapping_sub(1)) {
                // The padding of the first column keeps the others in line.
                Some(ruling) => self.painted(words::word(ruling), &line)?,
                None => self.put(&line)?,
            }
        }
        Ok(())
    }

    fn outcome(&mut self, word: &str, text: &str) -> io::Result<()> {
        let head = if word == "??" { "?? inconclusive" } else { word };
        let text = tame(text);
        let whole = match self.view.width {
            Some(width) => wrap(&text, width, &format!("{head} "), "  "),
            None => format!("{head} {text}"),
        };
        let (first, rest) = whole.split_once('\n').map_or((whole.as_str(), None), |(first, rest)| (first, Some(rest)));
        self.painted(word, first)?;
        rest.map_or(Ok(()), |rest| rest.lines().try_for_each(|line| self.put(line)))
    }

    /// A line whose outcome, its first word, stands out.
    fn painted(&mut self, word: &str, line: &str) -> io::Result<()> {
        match line.find(word).filter(|_| self.view.color) {
            Some(_) => writeln!(self.out, "{}", page::outcome(self.view, word, line)),
            None => self.put(line),
        }
    }

    fn next_fact(&mut self, fact: &Fact, last: Option<&Fact>) -> io::Result<()> {
        let label = if last.is_some_and(|last| last.label == fact.label) { "" } else { fact.label };
        if fact.verbatim { self.line(label, &fact.text) } else { self.fact(label, &fact.text) }
    }

    /// A line of the log: where it goes on for long, its beginning says enough.
    fn line(&mut self, label: &str, text: &str) -> io::Result<()> {
        let Some(width) = self.view.width else { return self.fact(label, text) };
        let room = width.saturating_sub(INDENT).max(16);
        let whole = wrap(&tame(text), room, "", "");
        let mut lines = whole.lines();
        let first = lines.next().unwrap_or_default();
        self.wrapped(first, &format!("{:<INDENT$}", format!("    {label}")), &" ".repeat(INDENT))?;
        let Some(second) = lines.next() else { return Ok(()) };
        let second = if lines.next().is_some() { cut(&format!("{second} …"), room) } else { second.to_owned() };
        self.put(&format!("{}{second}", " ".repeat(INDENT)))
    }

    fn fact(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.wrapped(text, &format!("{:<INDENT$}", format!("    {label}")), &" ".repeat(INDENT))
    }

    fn wrapped(&mut self, text: &str, first: &str, indent: &str) -> io::Result<()> {
        let text = tame(text);
        match self.view.width {
            Some(width) => wrap(&text, width, first, indent).lines().try_for_each(|line| self.put(line)),
            None => self.put(&format!("{first}{text}")),
        }
    }

    fn put(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{}", inert(line.trim_end()))
    }
}

/// Text such that a CI runner that reads commands anywhere in the output of a step finds none in it: a log must not give any.
fn tame(text: &str) -> String {
    clean(text).replace("##[", "##\\[").replace("##vso", "##\\vso")
}

/// The same for commands that runners read where a line begins: the last space before one becomes a sign.
fn inert(line: &str) -> String {
    match line.find("::") {
        Some(0) => format!("\\{line}"),
        Some(at) if line[..at].trim().is_empty() => format!("{}\\{}", &line[..at - 1], &line[at..]),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_a_command() {
        assert_eq!(inert("  ::error::x ::y"), " \\::error::x ::y");
        assert_eq!(inert("::error::x"), "\\::error::x");
        assert_eq!(inert("2001:db8::7 GET /"), "2001:db8::7 GET /");
        assert_eq!(tame("a ##[error]x"), "a ##\\[error]x");
    }
}
