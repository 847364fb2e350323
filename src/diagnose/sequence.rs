//! Columns that hang on other lines: what the same client did before and after, how the same path answered at other times.

use super::columns::{flags, numbers};
use super::names::NONE;
use super::table::{Column, Row, Table};
use crate::rule::words::Field;
use crate::tally::{Span, Text, is_good};
use hashbrown::HashMap;
use std::collections::BTreeSet;

/// Seconds within which requests of one client belong together.
const TOGETHER: f64 = 10.0;
/// Seconds within which the answer to a redirect is fetched.
const AT_ONCE: f64 = 2.0;

pub(super) fn build<'t>(table: &Table<'_>, field: Field) -> Column<'t> {
    match field {
        Field::PathOk => path_ok(table, |_, _| true),
        Field::PathOkBefore => path_ok(table, |first, at| first < at),
        Field::SlashTwinOk => twins(table, with_or_without_slash),
        Field::CaseTwinOk => twins(table, in_lower_case),
        Field::StartPage => start_pages(table),
        Field::BytesRatio => bytes_ratios(table),
        Field::ClientOk | Field::ClientRequests => clients(table, field),
        Field::ClientProbes => client_probes(table),
        Field::ClientSame | Field::ClientPaths => clients_of_code(table, field),
        Field::Repeats => repeats(table),
        Field::NextStatus => neighbours(table, true),
        Field::PreviousStatus => neighbours(table, false),
        Field::Gap => per_client(table, f64::NAN, gaps),
        Field::Concurrent => per_client(table, f64::NAN, concurrent),
        Field::ThenSlash => truth(per_client(table, 0.0, then_slash)),
        Field::Loops => truth(per_client(table, 0.0, loops)),
        // What is no column by itself is read from the record.
        _ => numbers(table, |_| None),
    }
}

/// Fills a column client by client.
fn per_client<'t>(table: &Table<'_>, start: f64, mut fill: impl FnMut(&Table<'_>, &[u32], &mut [f64])) -> Column<'t> {
    let mut out = vec![start; table.rows.len()];
    table.sequences().for_each(|sequence| fill(table, sequence, &mut out));
    Column::Numbers(out)
}

fn truth(column: Column<'_>) -> Column<'_> {
    match column {
        Column::Numbers(numbers) => Column::Flags(numbers.into_iter().map(|n| n > 0.0).collect()),
        other => other,
    }
}

/// See [`Table::first_good`].
pub(super) fn first_good(table: &Table<'_>) -> Vec<Option<f64>> {
    let (paths, names) = table.symbols(Field::Path);
    let mut first: Vec<Option<f64>> = vec![None; names.len()];
    for (row, &path) in table.rows.iter().zip(paths).filter(|(row, path)| **path != NONE && is_good(row.event.status)) {
        let first = &mut first[path as usize];
        *first = Some(first.map_or(row.at, |first| first.min(row.at)));
    }
    first
}

/// Whether each request's path answered well, first at a time that the request's own goes with.
fn path_ok<'t>(table: &Table<'_>, goes_with: impl Fn(f64, f64) -> bool) -> Column<'t> {
    let (paths, good) = (table.symbols(Field::Path).0, table.first_good());
    flags(table, |row| good.get(paths[row] as usize).copied().flatten().is_some_and(|first| goes_with(first, table.rows[row].at)))
}

/// Whether the twin of each path, another spelling of it, answered well. The twin is written to a buffer; `false` for none.
fn twins<'t>(table: &Table<'_>, twin: impl Fn(&[u8], &mut Vec<u8>) -> bool) -> Column<'t> {
    let (good, (paths, names)) = (table.first_good(), table.symbols(Field::Path));
    let mut buffer = Vec::new();
    let mut is_good = |name: &[u8]| {
        buffer.clear();
        twin(name, &mut buffer) && table.find(&buffer, Field::Path).is_some_and(|symbol| good[symbol as usize].is_some())
    };
    let twins: Vec<bool> = names.iter().map(|name| is_good(name)).collect();
    Column::Flags(paths.iter().map(|&p| twins.get(p as usize).copied().unwrap_or(false)).collect())
}

fn with_or_without_slash(path: &[u8], twin: &mut Vec<u8>) -> bool {
    twin.extend_from_slice(path.strip_suffix(b"/").unwrap_or(path));
    if twin.len() == path.len() {
        twin.push(b'/');
    }
    true
}

fn in_lower_case(path: &[u8], twin: &mut Vec<u8>) -> bool {
    twin.extend(path.iter().map(u8::to_ascii_lowercase));
    *twin != path
}

/// Bytes by which bodies of one page differ: a token, a date.
const ALIKE: u64 = 16;

/// Bodies as large as the start page was at some time.
fn start_pages<'t>(table: &Table<'_>) -> Column<'t> {
    let (paths, names) = table.symbols(Field::Path);
    let starts: Vec<bool> = names.iter().map(|name| matches!(name.as_ref(), b"/" | b"/index.html")).collect();
    let size = |row: usize| table.rows[row].event.bytes.filter(|&bytes| bytes > 0 && table.rows[row].status == 200);
    let is_start = |row: usize| starts.get(paths[row] as usize).copied().unwrap_or(false);
    let sizes: BTreeSet<u64> = (0..table.rows.len()).filter(|&row| is_start(row)).filter_map(size).collect();
    flags(table, |row| {
        size(row).is_some_and(|bytes| sizes.range(bytes.saturating_sub(ALIKE)..=bytes.saturating_add(ALIKE)).next().is_some())
    })
}

/// Good responses that a median is worth taking of.
const ENOUGH: usize = 5;

fn bytes_ratios<'t>(table: &Table<'_>) -> Column<'t> {
    let (paths, routes, endpoints) = (table.symbols(Field::Path).0, table.symbols(Field::Route).0, table.endpoints());
    // Paths of different sites are different paths; an endpoint's method and site stand for both.
    let place = |row: usize| {
        let (method, _, site) = endpoints.known[endpoints.of[row] as usize];
        (table.rows[row].status, method, site)
    };
    let good = || (0..table.rows.len()).filter(|&row| (200..=299).contains(&table.rows[row].status));
    let by_path = medians(table, good().map(|row| ((place(row), paths[row]), row)).collect());
    let by_route = medians(table, good().map(|row| ((place(row), routes[row]), row)).collect());
    numbers(table, |row| {
        let bytes = table.rows[row].event.bytes? as f64;
        let usual = by_path.get(&(place(row), paths[row])).or_else(|| by_route.get(&(place(row), routes[row])))?;
        (*usual > 0.0).then(|| bytes / usual)
    })
}

/// The median of the bytes of each kind of rows of which enough state them.
fn medians<K: Ord + Copy + std::hash::Hash>(table: &Table<'_>, mut rows: Vec<(K, usize)>) -> HashMap<K, f64> {
    rows.sort_unstable();
    let bytes = |&(_, row): &(K, usize)| table.rows[row].event.bytes.map(|bytes| bytes as f64);
    rows.chunk_by(|a, b| a.0 == b.0).filter_map(|same| Some((same[0].0, median(same.iter().filter_map(bytes).collect())?))).collect()
}

fn median(mut of: Vec<f64>) -> Option<f64> {
    let middle = of.len() / 2;
    (of.len() >= ENOUGH).then(|| *of.select_nth_unstable_by(middle, f64::total_cmp).1)
}

fn clients<'t>(table: &Table<'_>, field: Field) -> Column<'t> {
    let (clients, names) = table.symbols(Field::Client);
    let mut sums = vec![(0.0, 0.0); names.len()];
    for (row, &client) in clients.iter().enumerate().filter(|(_, client)| **client != NONE) {
        let weight = table.rows[row].weight;
        let (all, good) = &mut sums[client as usize];
        *all += weight;
        // A redirect is no failure of the client's.
        *good += if table.rows[row].status < 400 { weight } else { 0.0 };
    }
    numbers(table, |row| {
        let (all, good) = sums.get(clients[row] as usize)?;
        Some(if field == Field::ClientOk { good / all } else { *all })
    })
}

fn client_probes<'t>(table: &Table<'_>) -> Column<'t> {
    let (clients, names) = table.symbols(Field::Client);
    let mut sums = vec![(0.0, 0.0); names.len()];
    let failed = |row: usize| clients[row] != NONE && table.rows[row].status >= 400;
    for row in (0..table.rows.len()).filter(|&row| failed(row)) {
        let hostile =
            table.flag(row, Field::Probe) || table.flag(row, Field::Attack) || table.text(row, Field::Actor) == Some(b"scanner".as_slice());
        let (all, probes) = &mut sums[clients[row] as usize];
        *all += table.rows[row].weight;
        *probes += if hostile { table.rows[row].weight } else { 0.0 };
    }
    numbers(table, |row| sums.get(clients[row] as usize).filter(|(all, _)| *all > 0.0).map(|(all, probes)| probes / all))
}

fn clients_of_code<'t>(table: &Table<'_>, field: Field) -> Column<'t> {
    let paths = table.symbols(Field::Path).0;
    let (code, path) = (|row: u32| table.rows[row as usize].status, |row: u32| paths[row as usize]);
    let mut rows: Vec<u32> = Vec::new();
    per_client(table, f64::NAN, |table, sequence, out| {
        rows.clear();
        rows.extend_from_slice(sequence);
        rows.sort_unstable_by_key(|&row| (code(row), path(row)));
        for same in rows.chunk_by(|&a, &b| code(a) == code(b)) {
            let value = match field {
                Field::ClientSame => same.iter().map(|&row| table.rows[row as usize].weight).sum(),
                _ => same.chunk_by(|&a, &b| path(a) == path(b)).count() as f64,
            };
            same.iter().for_each(|&row| out[row as usize] = value);
        }
    })
}

/// Counts, for each request, those of the same kind within some seconds around it.
fn repeats<'t>(table: &Table<'_>) -> Column<'t> {
    let paths = table.symbols(Field::Path).0;
    let kind = |row: u32| (paths[row as usize], table.rows[row as usize].status);
    let at = |row: u32| table.rows[row as usize].at;
    let mut rows: Vec<u32> = Vec::new();
    per_client(table, f64::NAN, |_, sequence, out| {
        rows.clear();
        rows.extend_from_slice(sequence);
        // Stable: those of one kind stay in order of time.
        rows.sort_by_key(|&row| kind(row));
        for same in rows.chunk_by(|&a, &b| kind(a) == kind(b)) {
            for &row in same {
                let from = same.partition_point(|&r| at(r) < at(row) - TOGETHER);
                let to = same.partition_point(|&r| at(r) <= at(row) + TOGETHER);
                out[row as usize] = (to - from) as f64;
            }
        }
    })
}

/// The status of the client's request of the same path before or after.
fn neighbours<'t>(table: &Table<'_>, next: bool) -> Column<'t> {
    let (paths, names) = table.symbols(Field::Path);
    // The last row of each path; the one slot more is for rows without a path.
    let mut last = vec![NONE; names.len() + 1];
    let slot = |row: u32| (paths[row as usize] as usize).min(names.len());
    per_client(table, f64::NAN, |table, sequence, out| {
        let mut see = |row: u32| {
            let other = std::mem::replace(&mut last[slot(row)], row);
            if other != NONE {
                let (a, b) = (&table.rows[row as usize], &table.rows[other as usize]);
                if (a.at - b.at).abs() <= TOGETHER {
                    out[row as usize] = f64::from(b.status);
                }
            }
        };
        if next {
            sequence.iter().rev().for_each(|&row| see(row));
        } else {
            sequence.iter().for_each(|&row| see(row));
        }
        sequence.iter().for_each(|&row| last[slot(row)] = NONE);
    })
}

fn gaps(table: &Table<'_>, sequence: &[u32], out: &mut [f64]) {
    // A client gets few different codes.
    let mut last: Vec<(u16, f64)> = Vec::new();
    for &row in sequence {
        let Row { at, status, .. } = &table.rows[row as usize];
        match last.iter_mut().find(|(code, _)| code == status) {
            Some((_, before)) => out[row as usize] = at - std::mem::replace(before, *at),
            None => last.push((*status, *at)),
        }
    }
}

/// Requests whose time overlaps that of this one; lines are written when a request ends.
fn concurrent(table: &Table<'_>, sequence: &[u32], out: &mut [f64]) {
    let span = |row: u32| {
        let Row { at, event, .. } = &table.rows[row as usize];
        event.seconds(Span::Duration).map(|duration| (at - duration, *at))
    };
    for (n, &row) in sequence.iter().enumerate() {
        let Some((start, end)) = span(row) else { continue };
        // Ends are ordered, so those that overlap lie near by; a client with thousands at once is told by the first ones.
        let overlaps = |&&other: &&u32| span(other).is_some_and(|(from, to)| from <= end && to >= start);
        let before = sequence[..n].iter().rev().take(200).filter(overlaps).count();
        let after = sequence[n + 1..].iter().take(200).filter(overlaps).count();
        out[row as usize] = (1 + before + after) as f64;
    }
}

fn then_slash(table: &Table<'_>, sequence: &[u32], out: &mut [f64]) {
    // When each path was fetched well with its slash, the soonest after the row at hand: from the last row to the first.
    let mut fetched: HashMap<&[u8], f64> = HashMap::new();
    for &row in sequence.iter().rev() {
        let Row { at, event, .. } = &table.rows[row as usize];
        let Some(path) = event.text(Text::Path) else { continue };
        if matches!(event.status.get(), 301 | 302 | 307 | 308) && fetched.get(path).is_some_and(|next| *next <= at + AT_ONCE) {
            out[row as usize] = 1.0;
        }
        if let Some(bare) = path.strip_suffix(b"/").filter(|_| is_good(event.status)) {
            fetched.insert(bare, *at);
        }
    }
}

/// Redirects that a client cannot follow further: browsers give up after about twenty.
const ROUNDS: usize = 5;
/// The same for each of two paths that send the client to each other.
const ROUNDS_OF_TWO: usize = 3;

/// Redirects of a client, one right after the other, that stay on one path, or go to and fro between two. What a POST is answered
/// with is the way to its result and no part of a loop, nor is what led to the page.
fn loops(table: &Table<'_>, sequence: &[u32], out: &mut [f64]) {
    let is_redirect = |row: &u32| {
        let event = table.rows[*row as usize].event;
        matches!(event.status.get(), 301 | 302 | 303 | 307 | 308)
            && event.text(Text::Method) != Some(b"POST")
            && !table.flag(*row as usize, Field::ThenSlash)
    };
    let redirects: Vec<u32> = sequence.iter().copied().filter(is_redirect).collect();
    for run in redirects.chunk_by(|a, b| table.rows[*b as usize].at - table.rows[*a as usize].at <= AT_ONCE) {
        let mut counts: HashMap<u32, usize> = HashMap::new();
        for &row in run {
            *counts.entry(table.symbol(row as usize, Field::Path)).or_default() += 1;
        }
        let often = counts.values().filter(|count| **count >= ROUNDS_OF_TWO).count();
        let enough = |count: usize| count >= ROUNDS || (count >= ROUNDS_OF_TWO && often == 2);
        for &row in run.iter().filter(|&&row| enough(counts[&table.symbol(row as usize, Field::Path)])) {
            out[row as usize] = 1.0;
        }
    }
}
