//! Which responses have the size of an error page that the server itself makes.

use super::columns::{self, numbers};
use super::pages::Pages;
use super::table::{Column, Table};
use crate::tally::Text;

/// The code whose page a response has the size of.
pub(super) fn column<'t>(table: &Table<'_>) -> Column<'t> {
    let pages = Pages::learn(sizes(table, &(0..table.rows.len()).collect::<Vec<_>>()));
    numbers(table, |row| {
        let (server, status, bytes) = own_page(table, row)?;
        pages.code(server, status, bytes).map(f64::from)
    })
}

/// Tells the servers of logs that do not tell theirs, where the sizes of error pages prove one, or where targets are whole URLs
/// as only Varnish writes them.
pub(super) fn guess_servers(table: &mut Table<'_>) {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); table.sources.len()];
    table.rows.iter().enumerate().for_each(|(at, row)| rows[row.event.place.input as usize].push(at));
    for (input, rows) in rows.iter().enumerate() {
        let server = table.sources[input].server;
        // Varnish's own format is Apache's by its looks.
        if matches!(server, UNKNOWN | "apache") && is_varnish(table, rows) {
            table.sources[input].server = "varnish";
        } else if server == UNKNOWN {
            table.sources[input].server = Pages::learn(sizes(table, rows)).server_guess().unwrap_or(UNKNOWN);
        }
    }
}

const UNKNOWN: &str = "unknown";

fn is_varnish(table: &Table<'_>, rows: &[usize]) -> bool {
    let paths = || rows.iter().filter_map(|&row| table.rows[row].event.text(Text::Path));
    let whole = paths().filter(|path| path.starts_with(b"http://") || path.starts_with(b"https://")).count();
    whole >= 20 && whole * 10 >= paths().count() * 9
}

/// Server, status and bytes of a response that the server may have made itself: what the application answered has no page of
/// the server's.
fn own_page(table: &Table<'_>, row: usize) -> Option<(&'static str, u16, u64)> {
    let event = table.rows[row].event;
    let status = table.rows[row].status;
    (status >= 300 && !columns::answered(table, row)).then_some((table.source(row).server, status, event.bytes?))
}

/// Server, status and bytes of what servers may have made themselves, and how often each occurs in an input.
fn sizes(table: &Table<'_>, rows: &[usize]) -> impl Iterator<Item = (&'static str, u16, u64, u64)> {
    let mut seen: Vec<(u32, u16, u64)> = rows
        .iter()
        .filter_map(|&row| own_page(table, row).map(|(_, status, bytes)| (table.rows[row].event.place.input, status, bytes)))
        .collect();
    seen.sort_unstable();
    let counted =
        seen.chunk_by(|a, b| a == b).map(|same| (table.sources[same[0].0 as usize].server, same[0].1, same[0].2, same.len() as u64));
    counted.collect::<Vec<_>>().into_iter()
}
