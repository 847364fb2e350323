//! A filter asked of many rows at once.
//!
//! A healthy log has thousands of sampled rows and the catalogue hundreds of rules, nearly all of which find nothing: what counts
//! is how soon a rule is done. So each part of a filter narrows the list of rows that the parts before it left; once the list is
//! empty nothing more is asked, and a column that only later parts speak of is never made. A part that hangs on one text alone
//! is asked once for each value of that text. What a part means stands in `rule::holds`, row by row; the test at the end holds
//! both to the same rows.

use super::group::One;
use super::names::NONE;
use super::table::{Column, Table};
use crate::rule::words::{Field, Kind};
use crate::rule::{self, Expr, Op, Term};

/// Leaves the rows that a filter lets through, in their order.
pub(super) fn narrow(table: &Table<'_>, filter: &Expr, rows: &mut Vec<u32>) {
    keep(table, filter, true, rows);
}

/// Leaves the rows for which the filter `holds`, or does not. Whatever the filter is, `rows` are different ones.
fn keep(table: &Table<'_>, filter: &Expr, holds: bool, rows: &mut Vec<u32>) {
    match filter {
        Expr::Not(part) => keep(table, part, !holds, rows),
        // All parts hold, or no part does: one part after the other narrows the list.
        Expr::And(parts) | Expr::Or(parts) if matches!(filter, Expr::And(_)) == holds => {
            for part in parts {
                if rows.is_empty() {
                    return;
                }
                keep(table, part, holds, rows);
            }
        }
        // The others are what the opposite leaves out.
        Expr::And(_) | Expr::Or(_) => {
            let mut opposite = rows.clone();
            keep(table, filter, !holds, &mut opposite);
            leave_out(rows, &opposite);
        }
        atom => keep_by(table, atom, holds, rows),
    }
}

/// Takes out of a list some of its rows, which stand in the same order.
fn leave_out(rows: &mut Vec<u32>, some: &[u32]) {
    let mut next = some.iter().copied().peekable();
    rows.retain(|row| next.next_if_eq(row).is_none());
}

fn keep_by(table: &Table<'_>, atom: &Expr, holds: bool, rows: &mut Vec<u32>) {
    match atom {
        Expr::Status(first, last) => rows.retain(|&row| (*first..=*last).contains(&table.rows[row as usize].status) == holds),
        Expr::Flag(field) => match table.column(*field) {
            Column::Flags(flags) => rows.retain(|&row| flags[row as usize] == holds),
            _ => rows.retain(|_| !holds),
        },
        _ => match Lone::of(atom) {
            Some(lone) if lone.field.kind() == Kind::Text => keep_by_text(table, &lone, holds, rows),
            Some(lone) => {
                let numbers = table.numbers(lone.field);
                rows.retain(|&row| lone.holds_for_number(numbers.of(row as usize)) == holds);
            }
            None => rows.retain(|&row| rule::holds(atom, &One { table, row: row as usize }) == holds),
        },
    }
}

/// A comparison that hangs on one field alone: does it compare with one of these sides?
struct Lone<'e> {
    field: Field,
    op: Op,
    sides: &'e [Term],
}

impl<'e> Lone<'e> {
    fn of(atom: &'e Expr) -> Option<Self> {
        let (left, op, sides) = match atom {
            Expr::Compare(left, op, right) => (left, *op, std::slice::from_ref(right)),
            Expr::In(left, sides) => (left, Op::Equal, &sides[..]),
            _ => return None,
        };
        let Term::Field(field) = left else { return None };
        sides.iter().all(|side| matches!(side, Term::Text(_) | Term::Number(_) | Term::None)).then_some(Self { field: *field, op, sides })
    }

    fn holds_for_text(&self, text: Option<&[u8]>) -> bool {
        self.sides.iter().any(|side| rule::text_holds(self.field, text, self.op, side))
    }

    fn holds_for_number(&self, number: Option<f64>) -> bool {
        self.sides.iter().any(|side| match (number, side) {
            (Some(number), Term::Number(side)) => rule::number_holds(number, self.op, *side),
            (_, Term::None) => (number.is_none() && self.op == Op::Equal) || (number.is_some() && self.op == Op::Differs),
            _ => false,
        })
    }
}

fn keep_by_text(table: &Table<'_>, lone: &Lone<'_>, holds: bool, rows: &mut Vec<u32>) {
    let (symbols, names) = table.symbols(lone.field);
    let passes = |text: Option<&[u8]>| lone.holds_for_text(text) == holds;
    let unstated = passes(None);
    if names.is_empty() {
        rows.retain(|_| unstated);
    } else if names.len() <= rows.len() {
        let stated: Vec<bool> = names.iter().map(|name| passes(Some(name))).collect();
        rows.retain(|&row| stated.get(symbols[row as usize] as usize).copied().unwrap_or(unstated));
    } else {
        rows.retain(|&row| match symbols[row as usize] {
            NONE => unstated,
            symbol => passes(Some(&names[symbol as usize])),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::engine::RULES;
    use crate::diagnose::table::Source;
    use crate::input::Origin;
    use crate::scan::{ScanSpec, Silent, scan};
    use std::path::Path;

    #[test]
    fn lists_of_rows_pass_as_the_rows_do() {
        let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lab");
        let mut logs: Vec<_> = std::fs::read_dir(lab).unwrap().map(|entry| entry.unwrap().path().join("access.log")).collect();
        logs.retain(|log| log.is_file());
        logs.sort();
        let mut passed = 0;
        for log in logs.iter().step_by(5) {
            let scan = scan(&[Origin::File(log.clone())], &ScanSpec::default(), &Silent).unwrap();
            let source = |input: &crate::scan::Scanned| Source {
                server: input.server,
                service: Some("shop".into()),
                logged: input.logged.clone(),
                site: String::new(),
                times_header: input.logged.contains(&"header_time"),
            };
            let route_of = |_: u32, path: &[u8]| path.to_vec();
            let table = Table::new(scan.tally.evidence().events(), scan.inputs.iter().map(source).collect(), &route_of);
            let all: Vec<u32> = (0..table.rows.len() as u32).rev().collect();
            for rule in RULES.iter() {
                let mut rows = all.clone();
                narrow(&table, rule.filter(), &mut rows);
                let slow = all.iter().copied().filter(|&row| rule::holds(rule.filter(), &One { table: &table, row: row as usize }));
                assert!(rows.iter().copied().eq(slow), "{} {}", rule.rule.id, log.display());
                passed += rows.len();
            }
            for (filter, remain) in [("service = \"SHOP\"", all.len()), ("service = none", 0)] {
                let mut rows = all.clone();
                narrow(&table, &rule::filter(filter).unwrap(), &mut rows);
                assert_eq!(rows.len(), remain, "{filter}");
            }
        }
        assert!(passed > 10_000, "{passed}");
    }
}
