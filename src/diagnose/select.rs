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
use crate::rule::{self, Expr, Request, Term};

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
    match (atom, one_field(atom)) {
        (Expr::All, _) if holds => {}
        (Expr::Status(first, last), _) => rows.retain(|&row| (*first..=*last).contains(&table.rows[row as usize].status) == holds),
        (Expr::Flag(field), _) => match table.column(*field) {
            Column::Flags(flags) => rows.retain(|&row| flags[row as usize] == holds),
            _ => rows.retain(|_| !holds),
        },
        (_, Some(field)) if field.kind() == Kind::Text => keep_by_text(table, atom, field, holds, rows),
        (_, Some(field)) => {
            let numbers = table.numbers(field);
            rows.retain(|&row| rule::holds(atom, &Just::Number(numbers.of(row as usize))) == holds);
        }
        _ => rows.retain(|&row| rule::holds(atom, &One { table, row: row as usize }) == holds),
    }
}

/// The field that a comparison hangs on, if it is one alone.
fn one_field(atom: &Expr) -> Option<Field> {
    let (left, sides) = match atom {
        Expr::Compare(left, _, right) => (left, std::slice::from_ref(right)),
        Expr::In(left, sides) => (left, &sides[..]),
        _ => return None,
    };
    let Term::Field(field) = left else { return None };
    sides.iter().all(|side| matches!(side, Term::Text(_) | Term::Number(_) | Term::None)).then_some(*field)
}

fn keep_by_text(table: &Table<'_>, atom: &Expr, field: Field, holds: bool, rows: &mut Vec<u32>) {
    let (symbols, names) = table.symbols(field);
    let passes = |text: Option<&[u8]>| rule::holds(atom, &Just::Text(text)) == holds;
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

/// A request of which nothing but one field is asked.
enum Just<'v> {
    Text(Option<&'v [u8]>),
    Number(Option<f64>),
}

impl Request for Just<'_> {
    fn status(&self) -> u16 {
        self.number(Field::Status).unwrap_or_default() as u16
    }

    fn number(&self, _: Field) -> Option<f64> {
        if let Self::Number(number) = self { *number } else { None }
    }

    fn text(&self, _: Field) -> Option<&[u8]> {
        if let Self::Text(text) = self { *text } else { None }
    }

    fn flag(&self, _: Field) -> bool {
        false
    }
}
