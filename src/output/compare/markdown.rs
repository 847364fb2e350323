//! The comparison for tickets and merge requests: GitHub-flavoured Markdown.

use super::words;
use crate::compare::{Comparison, RouteRow};
use crate::output::human::{count, seconds};
use crate::output::markdown::{cell, quoted};
use crate::output::{View, gate};
use std::io::{self, Write};

/// Changes shown.
const CHANGES: usize = 20;
/// Routes shown when nobody said how many.
const ROUTES: usize = 20;

pub(super) fn write(comparison: &Comparison, view: &View, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## What changed\n")?;
    writeln!(out, "{}\n", cell(&words::summary(comparison).join(", ")))?;
    writeln!(out, "- before: {}", cell(&words::side(&comparison.before, view)))?;
    writeln!(out, "- after: {}", cell(&words::side(&comparison.after, view)))?;
    if let Some(at) = words::at(comparison, view) {
        writeln!(out, "- {at}")?;
    }
    writeln!(out)?;
    if let Some(mix) = &comparison.overall.mix {
        writeln!(out, "{}\n", cell(mix))?;
    }
    writeln!(out, "**{}**\n", words::conclusion(comparison))?;
    changes(comparison, out)?;
    routes(comparison, view.limit.unwrap_or(ROUTES), out)?;
    match &comparison.verdict {
        None => Ok(()),
        Some(verdict) => {
            writeln!(out)?;
            gate::write_markdown(verdict, view, out)
        }
    }
}

fn changes(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let mut explained = Vec::new();
    for change in comparison.changes.iter().take(CHANGES) {
        writeln!(out, "- {} {}: {}", words::mark(change.outcome), quoted(&words::place(change)), cell(&change.sentence))?;
        if let Some(advice) = words::advice(change).filter(|_| !explained.contains(&change.code)) {
            explained.push(change.code);
            writeln!(out, "  - {}", cell(&advice))?;
        }
    }
    if comparison.changes.len() > CHANGES {
        writeln!(out, "- {} more changes", count((comparison.changes.len() - CHANGES) as u64))?;
    }
    if comparison.changes.is_empty() { Ok(()) } else { writeln!(out) }
}

fn routes(comparison: &Comparison, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if comparison.routes.is_empty() {
        return Ok(());
    }
    writeln!(out, "| route | requests before | after | 5xx before | after | 4xx before | after | p95 before | after | |")?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|")?;
    for row in comparison.routes.iter().take(limit) {
        let (errors, refused) = (words::shares(row, "5xx"), words::shares(row, "4xx"));
        let [before, after] = latencies(row);
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {before} | {after} | {} |",
            quoted(&words::name(row)),
            count(row.requests.before),
            count(row.requests.after),
            errors.before,
            errors.after,
            refused.before,
            refused.after,
            words::state(row)
        )?;
    }
    if comparison.routes_total > limit.min(comparison.routes.len()) {
        writeln!(out, "\n{} routes in all.", count(comparison.routes_total as u64))?;
    }
    Ok(())
}

/// Two cells.
fn latencies(row: &RouteRow) -> [String; 2] {
    let text = |value: Option<f64>| value.map_or("-".to_owned(), seconds);
    row.latency.as_ref().map_or_else(|| ["-".into(), "-".into()], |latency| [text(latency.p95.before), text(latency.p95.after)])
}
