//! The comparison for a terminal: the sums, what changed, the routes.

use super::words;
use crate::compare::{Comparison, Outcome, Pair, RouteRow};
use crate::output::human::count;
use crate::output::page::{Page, paint};
use crate::output::sanitize::{clean, width};
use crate::output::table::layout::{self, Column};
use crate::output::{View, gate};
use std::io::{self, Write};

/// Changes shown.
const CHANGES: usize = 20;
/// Routes shown when nobody said how many.
const ROUTES: usize = 12;

pub(super) fn write(comparison: &Comparison, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { view, out };
    header(&mut page, comparison)?;
    changes(&mut page, comparison)?;
    routes(&mut page, comparison)?;
    match &comparison.verdict {
        None => Ok(()),
        Some(verdict) => {
            writeln!(out)?;
            gate::write_table(verdict, view, out)
        }
    }
}

fn header(page: &mut Page, comparison: &Comparison) -> io::Result<()> {
    let parts = words::summary(comparison);
    let one = parts.join(", ");
    match page.view.width {
        Some(columns) if width(&one) > columns => parts.iter().try_for_each(|part| page.wrapped(part, "", "  "))?,
        _ => page.wrapped(&one, "", "  ")?,
    }
    page.wrapped(&format!("before: {}", words::side(&comparison.before, page.view)), "", "  ")?;
    page.wrapped(&format!("after: {}", words::side(&comparison.after, page.view)), "", "  ")?;
    if let Some(at) = words::at(comparison, page.view) {
        page.wrapped(&at, "", "  ")?;
    }
    if let Some(mix) = &comparison.overall.mix {
        page.wrapped(mix, "", "  ")?;
    }
    writeln!(page.out)?;
    page.wrapped(&words::conclusion(comparison), "", "")
}

fn changes(page: &mut Page, comparison: &Comparison) -> io::Result<()> {
    let mut explained = Vec::new();
    for change in comparison.changes.iter().take(CHANGES) {
        let first = format!("{} ", words::mark(change.outcome));
        let place = words::place(change);
        let place = clean(&place);
        if page.view.color {
            painted(page, change.outcome, &format!("{first}{place}"))?;
        } else {
            page.wrapped(&place, &first, "  ")?;
        }
        page.wrapped(&change.sentence, "    ", "    ")?;
        // The same advice is given once.
        if let Some(advice) = words::advice(change).filter(|_| !explained.contains(&change.code)) {
            explained.push(change.code);
            page.wrapped(&advice, "    ", "    ")?;
        }
    }
    if comparison.changes.len() > CHANGES {
        writeln!(page.out, "… {} more changes: -o json", count((comparison.changes.len() - CHANGES) as u64))?;
    }
    Ok(())
}

fn routes(page: &mut Page, comparison: &Comparison) -> io::Result<()> {
    let shown = page.view.limit.unwrap_or(ROUTES).min(comparison.routes.len());
    let rows = &comparison.routes[..shown];
    if rows.is_empty() {
        return Ok(());
    }
    let column = |of: &dyn Fn(&RouteRow) -> String| rows.iter().map(of).collect::<Vec<_>>();
    let arrow = |pair: Pair<String>| if pair.before == pair.after { pair.after } else { format!("{} -> {}", pair.before, pair.after) };
    let mut columns = vec![
        Column::text("ROUTE", column(&words::name), 16, 2).cut_in_the_middle(),
        Column::number("REQUESTS", column(&|row| format!("{} -> {}", count(row.requests.before), count(row.requests.after)))),
        Column::number("5XX", column(&|row| arrow(words::shares(row, "5xx")))),
        Column::number("4XX", column(&|row| arrow(words::shares(row, "4xx")))).goes(1),
    ];
    if rows.iter().any(|row| row.latency.is_some()) {
        columns.push(Column::number("P95", column(&|row| row.latency.as_ref().map_or("-".into(), words::step))).goes(2));
    }
    columns.push(Column::text("", column(&words::state), 9, 1));
    writeln!(page.out)?;
    for (at, line) in layout::lines(columns, page.view.width).into_iter().enumerate() {
        match at {
            0 => page.put(&paint(page.view, "1", &line))?,
            _ => page.put(&line)?,
        }
    }
    if comparison.routes_total > shown {
        writeln!(page.out, "… {} routes in all: -n {0}", count(comparison.routes_total as u64))?;
    }
    Ok(())
}

fn painted(page: &mut Page, outcome: Outcome, line: &str) -> io::Result<()> {
    let color = match outcome {
        Outcome::Worse => "31",
        Outcome::Better => "32",
        _ => "33",
    };
    page.put(&paint(page.view, color, &page.fitted(line, "", "  ")))
}
