//! The comparison for a terminal: the sums, what changed, the routes.

use super::words;
use crate::compare::{Comparison, Outcome, Pair, RouteRow};
use crate::output::human::count;
use crate::output::sanitize::{clean, width, wrap};
use crate::output::table::layout::{self, Column};
use crate::output::{View, gate};
use std::io::{self, Write};

/// Changes shown.
const CHANGES: usize = 20;
/// Routes shown when nobody said how many.
const ROUTES: usize = 12;

pub(super) fn write(comparison: &Comparison, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { view, out };
    page.header(comparison)?;
    page.changes(comparison)?;
    page.routes(comparison)?;
    match &comparison.verdict {
        None => Ok(()),
        Some(verdict) => {
            writeln!(out)?;
            gate::write_table(verdict, view, out)
        }
    }
}

struct Page<'p> {
    view: &'p View,
    out: &'p mut dyn Write,
}

impl Page<'_> {
    fn header(&mut self, comparison: &Comparison) -> io::Result<()> {
        let parts = words::summary(comparison);
        let one = parts.join(", ");
        match self.view.width {
            Some(columns) if width(&one) > columns => parts.iter().try_for_each(|part| self.wrapped(part, "", "  "))?,
            _ => self.wrapped(&one, "", "  ")?,
        }
        self.wrapped(&format!("before: {}", words::side(&comparison.before, self.view)), "", "  ")?;
        self.wrapped(&format!("after: {}", words::side(&comparison.after, self.view)), "", "  ")?;
        if let Some(at) = words::at(comparison, self.view) {
            self.wrapped(&at, "", "  ")?;
        }
        if let Some(mix) = &comparison.overall.mix {
            self.wrapped(mix, "", "  ")?;
        }
        writeln!(self.out)?;
        self.wrapped(&words::conclusion(comparison), "", "")
    }

    fn changes(&mut self, comparison: &Comparison) -> io::Result<()> {
        let mut explained = Vec::new();
        for change in comparison.changes.iter().take(CHANGES) {
            let first = format!("{} ", words::mark(change.outcome));
            let place = words::place(change);
            let place = clean(&place);
            if self.view.color {
                self.painted(change.outcome, &format!("{first}{place}"))?;
            } else {
                self.wrapped(&place, &first, "  ")?;
            }
            self.wrapped(&change.sentence, "    ", "    ")?;
            // The same advice is given once.
            if let Some(advice) = words::advice(change).filter(|_| !explained.contains(&change.code)) {
                explained.push(change.code);
                self.wrapped(&advice, "    ", "    ")?;
            }
        }
        if comparison.changes.len() > CHANGES {
            writeln!(self.out, "… {} more changes: -o json", count((comparison.changes.len() - CHANGES) as u64))?;
        }
        Ok(())
    }

    fn routes(&mut self, comparison: &Comparison) -> io::Result<()> {
        let shown = self.view.limit.unwrap_or(ROUTES).min(comparison.routes.len());
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
        writeln!(self.out)?;
        for (at, line) in layout::lines(columns, self.view.width).into_iter().enumerate() {
            match at {
                0 if self.view.color => writeln!(self.out, "\u{1b}[1m{line}\u{1b}[0m")?,
                _ => writeln!(self.out, "{line}")?,
            }
        }
        if comparison.routes_total > shown {
            writeln!(self.out, "… {} routes in all: -n {0}", count(comparison.routes_total as u64))?;
        }
        Ok(())
    }

    fn painted(&mut self, outcome: Outcome, line: &str) -> io::Result<()> {
        let color = match outcome {
            Outcome::Worse => 31,
            Outcome::Better => 32,
            _ => 33,
        };
        let line = self.view.width.map_or_else(|| line.to_owned(), |columns| wrap(line, columns, "", "  "));
        writeln!(self.out, "\u{1b}[{color}m{line}\u{1b}[0m")
    }

    /// Text, cleaned and wrapped to the screen.
    fn wrapped(&mut self, text: &str, first: &str, indent: &str) -> io::Result<()> {
        let text = clean(text);
        match self.view.width {
            Some(columns) => writeln!(self.out, "{}", wrap(&text, columns, first, indent)),
            None => writeln!(self.out, "{first}{text}"),
        }
    }
}
