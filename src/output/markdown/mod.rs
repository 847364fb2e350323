//! The report for tickets and merge requests: GitHub-flavoured Markdown.

mod findings;

pub(super) use findings::block;

use super::View;
use super::sanitize::clean;
use super::wording;
use crate::report::{Latency, Report, Service};
use std::io::{self, Write};

/// Routes shown when nobody said how many.
const ROUTES: usize = 20;

pub(super) fn write(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    header(report, "Status codes", out)?;
    findings::write(report, view, out)?;
    codes(report, out)?;
    services(report, out)?;
    routes(report, view.limit.unwrap_or(ROUTES), out)?;
    rejects(report, out)?;
    findings::advice(report, out)
}

pub(super) fn write_findings(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    header(report, "Findings", out)?;
    findings::write(report, view, out)?;
    findings::advice(report, out)
}

fn header(report: &Report, what: &str, out: &mut dyn Write) -> io::Result<()> {
    let lines = report.lines;
    let names: Vec<String> = report
        .inputs
        .iter()
        .map(|i| format!("{} ({})", cell(&i.path), i.format.as_deref().map_or("unknown format".to_owned(), cell)))
        .collect();
    writeln!(out, "## {what} of {}\n", names.join(", "))?;
    if let Some(span) = &report.span {
        writeln!(out, "{} to {}\n", span.start, span.end)?;
    }
    writeln!(out, "{} lines = {} requests + {} filtered out + {} rejected\n", lines.read, lines.parsed, lines.filtered, lines.rejected)?;
    let without = report.traffic.as_ref().map(wording::without_bots).unwrap_or_default();
    if without.is_empty() { Ok(()) } else { writeln!(out, "{without}\n") }
}

fn codes(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| code | name | requests | share | mostly on | first step |\n|---:|---|---:|---:|---|---|")?;
    for code in report.codes_worst_first() {
        let top = code.top_route.as_ref().map_or(String::new(), |t| {
            let service = t.service.name().map_or(String::new(), |service| format!("{service}: "));
            format!("{service}{} {}", t.method.as_deref().unwrap_or_default(), t.route)
        });
        let share = format!("{:.2} %", code.share * 100.0);
        writeln!(out, "| {:03} | {} | {} | {share} | {} | {} |", code.code, code.name, code.count, quoted(top.trim()), code.first_step)?;
    }
    writeln!(out)
}

/// The services, worst first, if any are in use.
fn services(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let services = report.services_worst_first();
    if services.is_empty() {
        return Ok(());
    }
    writeln!(out, "| service | requests | share | 5xx | 4xx | p50 | p95 | p99 |\n|---|---:|---:|---:|---:|---:|---:|---:|")?;
    for row in services {
        writeln!(
            out,
            "| {} | {} | {:.2} % | {} | {} | {} |",
            name(&row.service),
            row.count,
            row.share * 100.0,
            share(row.within(500, 599), row.count),
            share(row.within(400, 499), row.count),
            latencies(row.latency.as_ref())
        )?;
    }
    writeln!(out)
}

fn routes(report: &Report, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    let (title, rule) = if report.services.is_some() { ("| service ", "|---") } else { ("", "") };
    writeln!(out, "{title}| route | requests | 5xx | 4xx | p50 | p95 | p99 |\n{rule}|---|---:|---:|---:|---:|---:|---:|")?;
    for route in report.routes.iter().take(limit) {
        let service = if route.service.is_unasked() { String::new() } else { format!("| {} ", name(&route.service)) };
        let request = format!("{} {}", route.method.as_deref().unwrap_or_default(), route.route);
        writeln!(
            out,
            "{service}| {} | {} | {} | {} | {} |",
            quoted(request.trim()),
            route.count,
            share(route.within(500, 599), route.count),
            share(route.within(400, 499), route.count),
            latencies(route.latency.as_ref())
        )?;
    }
    if report.routes_total > limit.min(report.routes.len()) {
        writeln!(out, "\n{} routes in all.", report.routes_total)?;
    }
    writeln!(out)
}

/// Three cells.
fn latencies(latency: Option<&Latency>) -> String {
    let millis = |of: fn(&Latency) -> f64| latency.map_or("-".to_owned(), |l| format!("{:.0} ms", of(l) * 1e3));
    [millis(|l| l.p50), millis(|l| l.p95), millis(|l| l.p99)].join(" | ")
}

/// A service as code, nothing where there is none.
fn name(service: &Service) -> String {
    service.name().map_or(String::new(), quoted)
}

fn rejects(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for reject in &report.rejects {
        writeln!(out, "Rejected {}: {}\n", reject.count, reject.reason)?;
        for sample in &reject.samples {
            writeln!(out, "- {}:{} {}", cell(&sample.input), sample.line, quoted(&sample.text))?;
        }
        writeln!(out)?;
    }
    report.routes_folded.iter().try_for_each(|folded| writeln!(out, "{folded}\n"))
}

fn share(count: u64, all: u64) -> String {
    if count == 0 { "0".to_owned() } else { format!("{:.2} %", count as f64 / all.max(1) as f64 * 100.0) }
}

/// Plain text of a table cell: no markup, no mention, no link of a stranger's.
pub(super) fn cell(text: &str) -> String {
    let mut safe = String::new();
    // What looks like an address is made a link of, even without markup.
    let text = clean(text).replace("://", ":\u{2060}//").replace("www.", "www\u{2060}.");
    for c in text.chars() {
        if matches!(c, '|' | '*' | '_' | '[' | ']' | '<' | '>' | '`' | '#' | '~' | '\\') {
            safe.push('\\');
        }
        safe.push(c);
        if c == '@' {
            // A zero-width joiner keeps the at sign from mentioning anyone.
            safe.push('\u{2060}');
        }
    }
    safe
}

/// Text as code, where nothing is markup but the backtick and the bar.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", clean(text).replace('`', "'").replace('|', "\\|"))
}
