//! Which responses have the size of an error page that the server itself makes.

use super::columns::numbers;
use super::pages::Pages;
use super::table::{Column, Table};
use crate::rule::words::Field;
use std::collections::BTreeMap;

/// The code whose page a response has the size of.
pub(super) fn column(table: &Table<'_>) -> Column {
    let mut sizes: BTreeMap<(&str, u16, u64), u64> = BTreeMap::new();
    let of = |row: usize| Some((table.source(row).server, table.rows[row].event.status.get(), table.rows[row].event.bytes?));
    for row in 0..table.rows.len() {
        // What the application answered has no page of the server's.
        if let Some(key) = of(row).filter(|(_, status, _)| *status >= 300 && !table.flag(row, Field::Answered)) {
            *sizes.entry(key).or_default() += 1;
        }
    }
    let pages = Pages::learn(sizes.iter().map(|(&(server, status, bytes), &count)| (server, status, bytes, count)));
    numbers(table, |row| {
        let (server, status, bytes) = of(row).filter(|(_, status, _)| *status >= 300 && !table.flag(row, Field::Answered))?;
        pages.code(server, status, bytes).map(f64::from)
    })
}
