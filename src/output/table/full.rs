//! Findings with all that is known of them, for `logcodes findings`.

use super::Page;
use crate::diagnose::Finding;
use crate::output::sanitize::{clean, width, wrap};
use crate::output::wording;
use std::io;

/// Where texts begin, so that labels stand in a column of their own.
const LABELS: usize = 16;
/// Screens that have no room for one.
const NARROW: usize = 60;

impl Page<'_> {
    /// All findings that are severe enough.
    pub(super) fn findings_in_full(&mut self) -> io::Result<()> {
        let report = self.report;
        let findings: Vec<&Finding> = report.findings.iter().filter(|f| f.severity >= self.view.least).collect();
        for finding in &findings {
            writeln!(self.out)?;
            self.in_full(finding)?;
        }
        let left_out = report.findings.len() - findings.len();
        if findings.is_empty() || left_out > 0 {
            writeln!(self.out)?;
        }
        if report.findings.is_empty() {
            self.wrapped(&wording::nothing_wrong(report), "  ")?;
        }
        if left_out > 0 {
            self.wrapped(&format!("Below --severity {}, so left out: {left_out}", self.view.least.word()), "  ")?;
        }
        Ok(())
    }

    fn in_full(&mut self, finding: &Finding) -> io::Result<()> {
        let head = format!("{} {}: ", wording::mark(finding.severity), finding.severity.word());
        let title = clean(&finding.title);
        let title = self.view.width.map_or_else(|| format!("{head}{title}"), |width| wrap(&title, width, &head, "  "));
        title.lines().enumerate().try_for_each(|(at, line)| {
            if at == 0 { self.with_severity(line, &head, finding.severity) } else { writeln!(self.out, "{line}") }
        })?;
        let rule = wording::rule(finding);
        self.labelled("rule", &format!("{} of {}: logcodes explain {rule}", finding.id, finding.cause))?;
        self.labelled("where", &wording::place(finding))?;
        self.labelled("when", &self.period(finding))?;
        self.labelled("how much", &wording::extent(finding))?;
        finding.evidence.iter().enumerate().try_for_each(|(at, text)| self.labelled(if at == 0 { "why" } else { "" }, text))?;
        self.labelled("sure", &wording::sureness(finding))?;
        self.labelled("doubt", &finding.doubt)?;
        self.labelled("refuted by", finding.refuted_by)?;
        for (at, step) in finding.fixes.iter().enumerate() {
            self.labelled(if at == 0 { "do" } else { "" }, &format!("{}. {step}", at + 1))?;
            self.as_it_is(wording::config(finding, step).unwrap_or_default())?;
        }
        for (name, shares) in wording::affected(&finding.affected, &str::to_owned) {
            self.labelled(name, &shares)?;
        }
        for (at, sample) in finding.samples.iter().enumerate() {
            self.labelled(if at == 0 { "lines" } else { "" }, &format!("{}:{}", sample.input, sample.line))?;
            self.as_it_is(&clean(&sample.text))?;
        }
        Ok(())
    }

    /// A text behind its label, or below the one before; nothing where there is no text.
    fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let text = clean(text);
        let label = if label.is_empty() { String::new() } else { format!("    {label}:") };
        let narrow = self.view.width.is_some_and(|width| width < NARROW);
        let first = match (narrow, label.is_empty()) {
            (true, true) => " ".repeat(6),
            (true, false) => format!("{label} "),
            (false, _) => format!("{label:<LABELS$}"),
        };
        let lines = match self.view.width {
            Some(width) => wrap(&text, width, &first, &" ".repeat(if narrow { 8 } else { LABELS + 2 })),
            None => format!("{first}{text}"),
        };
        let rest = lines.strip_prefix(&label).unwrap_or(&lines);
        if self.view.color && !label.is_empty() {
            writeln!(self.out, "\u{1b}[2m{label}\u{1b}[0m{rest}")
        } else {
            writeln!(self.out, "{label}{rest}")
        }
    }

    /// Lines in which spaces count, wrapped only where the screen is too narrow.
    fn as_it_is(&mut self, text: &str) -> io::Result<()> {
        let indent = " ".repeat(if self.view.width.is_some_and(|width| width < NARROW) { 8 } else { LABELS + 3 });
        for line in text.lines().filter(|line| !line.is_empty()) {
            match self.view.width {
                Some(limit) if width(line) + indent.len() > limit => writeln!(self.out, "{}", wrap(line, limit, &indent, &indent))?,
                _ => writeln!(self.out, "{indent}{line}")?,
            }
        }
        Ok(())
    }
}
