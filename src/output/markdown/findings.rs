//! Findings in full, as a ticket wants them.

use super::{cell, quoted};
use crate::diagnose::{Finding, Severity, Traffic};
use crate::output::View;
use crate::output::sanitize::clean;
use crate::output::wording;
use crate::report::Report;
use jiff::Timestamp;
use std::io::{self, Write};

/// All findings that are severe enough, or that there are none; and who asked.
pub(super) fn write(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    if report.lines.parsed == 0 {
        return Ok(());
    }
    if report.findings.iter().all(|f| f.severity < Severity::Warning) {
        writeln!(out, "{}\n", wording::nothing_wrong(report))?;
    }
    report.findings.iter().filter(|f| f.severity >= view.least).try_for_each(|f| finding(f, out))?;
    report.traffic.as_ref().map_or(Ok(()), |traffic| table(traffic, out))
}

fn finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### {} {}: {}\n", wording::mark(finding.severity), finding.severity.word(), cell(&finding.title))?;
    let time = |at: i64, _| Timestamp::from_second(at).map_or_else(|_| at.to_string(), |t| t.to_string());
    item("Where", &quoted(&wording::place(finding)), out)?;
    item("When", &wording::period(finding, &time), out)?;
    item("How much", &wording::extent(finding), out)?;
    item("Sure", &wording::sureness(finding), out)?;
    if !finding.evidence.is_empty() {
        writeln!(out, "\nWhy:\n")?;
    }
    finding.evidence.iter().try_for_each(|text| writeln!(out, "- {}", cell(text)))?;
    if !finding.fixes.is_empty() {
        writeln!(out, "\nWhat to do:\n")?;
    }
    for (at, step) in finding.fixes.iter().enumerate() {
        writeln!(out, "{}. {}", at + 1, cell(step))?;
        if let Some(config) = wording::config(finding, step) {
            writeln!(out)?;
            block(config, "   ", out)?;
            writeln!(out)?;
        }
    }
    writeln!(out)?;
    item("Doubt", &cell(&finding.doubt), out)?;
    item("Refuted by", &cell(finding.refuted_by), out)?;
    for (name, shares) in wording::affected(&finding.affected, &quoted) {
        item(&format!("Affected {name}"), &shares, out)?;
    }
    item("Rule", &format!("{} of {}", quoted(&finding.id), quoted(finding.cause)), out)?;
    if !finding.samples.is_empty() {
        writeln!(out, "\nSome of the lines:\n")?;
        let lines: Vec<String> =
            finding.samples.iter().map(|s| clean(&format!("{}:{}: {}", s.input, s.line, s.text)).into_owned()).collect();
        block(&lines.join("\n"), "", out)?;
    }
    writeln!(out)
}

fn item(label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    if text.trim().is_empty() { Ok(()) } else { writeln!(out, "- **{label}:** {text}") }
}

/// A code block whose fence is longer than any run of backticks in it, so that no text ends it.
pub(in crate::output) fn block(text: &str, indent: &str, out: &mut dyn Write) -> io::Result<()> {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    writeln!(out, "{indent}{fence}text")?;
    text.lines().try_for_each(|line| writeln!(out, "{indent}{line}"))?;
    writeln!(out, "{indent}{fence}")
}

/// The requests by who sent them.
fn table(traffic: &Traffic, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| who | requests | clients | 4xx | 5xx |\n|---|---:|---:|---:|---:|")?;
    for (who, part) in traffic.parts() {
        let [client, server] = [part.errors_4xx, part.errors_5xx].map(|errors| super::share(errors, part.count));
        writeln!(out, "| {who} | {} | {} | {client} | {server} |", part.count, part.clients)?;
    }
    writeln!(out)
}

/// What to log to learn more.
pub(super) fn advice(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.advice.is_empty() {
        return Ok(());
    }
    writeln!(out, "### To learn more, log\n")?;
    let mut rest = report.advice.iter().peekable();
    while let Some(one) = rest.next() {
        writeln!(out, "- {}: {}", quoted(one.field), cell(&one.tells))?;
        // What to paste is whole in itself: where it is the same for the next field too, it stands behind that one.
        if rest.peek().is_none_or(|next| next.add != one.add) {
            let lines: Vec<_> = one.add.lines().map(clean).collect();
            writeln!(out)?;
            block(&lines.join("\n"), "  ", out)?;
            writeln!(out)?;
        }
    }
    Ok(())
}
