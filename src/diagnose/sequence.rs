//! Columns that hang on other lines: what the same client did before and after, how the same path answered at other times.

use super::columns::{flags, numbers};
use super::table::{Column, NONE, Row, Table};
use crate::rule::words::Field;
use crate::tally::{Span, Text, is_good};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeSet;

/// Seconds within which requests of one client belong together.
const TOGETHER: f64 = 10.0;
/// Seconds within which the answer to a redirect is fetched.
const AT_ONCE: f64 = 2.0;

pub(super) fn build(table: &Table<'_>, field: Field) -> Column {
    match field {
        Field::PathOk => {
            let good = first_good(table);
            flags(table, |row| good.contains_key(&table.symbol(row, Field::Path)))
        }
        Field::PathOkBefore => {
            let good = first_good(table);
            flags(table, |row| good.get(&table.symbol(row, Field::Path)).is_some_and(|&first| first < table.rows[row].at))
        }
        Field::SlashTwinOk => twins(table, |path| Some(with_or_without_slash(path))),
        Field::CaseTwinOk => twins(table, in_lower_case),
        Field::StartPage => start_pages(table),
        Field::BytesRatio => bytes_ratios(table),
        Field::ClientOk | Field::ClientRequests => clients(table, field),
        Field::ClientProbes => client_probes(table),
        Field::ClientSame | Field::ClientPaths => clients_of_code(table, field),
        Field::Repeats => per_client(table, f64::NAN, repeats),
        Field::NextStatus => per_client(table, f64::NAN, |table, sequence, out| neighbours(table, sequence, true, out)),
        Field::PreviousStatus => per_client(table, f64::NAN, |table, sequence, out| neighbours(table, sequence, false, out)),
        Field::Gap => per_client(table, f64::NAN, gaps),
        Field::Concurrent => per_client(table, f64::NAN, concurrent),
        Field::ThenSlash => truth(per_client(table, 0.0, then_slash)),
        Field::Loops => truth(per_client(table, 0.0, loops)),
        // What is no column by itself is read from the record.
        _ => numbers(table, |_| None),
    }
}

/// Fills a column client by client.
fn per_client(table: &Table<'_>, start: f64, fill: impl Fn(&Table<'_>, &[u32], &mut [f64])) -> Column {
    let mut out = vec![start; table.rows.len()];
    table.sequences().iter().filter(|sequence| !sequence.is_empty()).for_each(|sequence| fill(table, sequence, &mut out));
    Column::Numbers(out)
}

fn truth(column: Column) -> Column {
    match column {
        Column::Numbers(numbers) => Column::Flags(numbers.into_iter().map(|n| n > 0.0).collect()),
        other => other,
    }
}

/// When each path answered well for the first time.
fn first_good(table: &Table<'_>) -> HashMap<u32, f64> {
    let mut first = HashMap::new();
    let (paths, _) = table.symbols(Field::Path);
    for (row, &path) in paths.iter().enumerate().filter(|(row, path)| **path != NONE && is_good(table.rows[*row].event.status)) {
        let at = table.rows[row].at;
        first.entry(path).and_modify(|first: &mut f64| *first = first.min(at)).or_insert(at);
    }
    first
}

/// Whether the twin of each path, another spelling of it, answered well.
fn twins(table: &Table<'_>, twin: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Column {
    let good = first_good(table);
    let (paths, names) = table.symbols(Field::Path);
    let by_name: HashMap<&[u8], u32> = names.iter().enumerate().map(|(at, name)| (&**name, at as u32)).collect();
    let is_good = |name: &[u8]| twin(name).is_some_and(|twin| by_name.get(&twin[..]).is_some_and(|symbol| good.contains_key(symbol)));
    let twins: Vec<bool> = names.iter().map(|name| is_good(name)).collect();
    Column::Flags(paths.iter().map(|&p| twins.get(p as usize).copied().unwrap_or(false)).collect())
}

fn with_or_without_slash(path: &[u8]) -> Vec<u8> {
    path.strip_suffix(b"/").map_or_else(|| [path, b"/"].concat(), <[u8]>::to_vec)
}

fn in_lower_case(path: &[u8]) -> Option<Vec<u8>> {
    path.iter().any(u8::is_ascii_uppercase).then(|| path.to_ascii_lowercase())
}

/// Bytes by which bodies of one page differ: a token, a date.
const ALIKE: u64 = 16;

/// Bodies as large as the start page was at some time.
fn start_pages(table: &Table<'_>) -> Column {
    let (paths, names) = table.symbols(Field::Path);
    let starts: Vec<bool> = names.iter().map(|name| matches!(&**name, b"/" | b"/index.html")).collect();
    let size = |row: usize| table.rows[row].event.bytes.filter(|&bytes| bytes > 0 && table.rows[row].status == 200);
    let is_start = |row: usize| starts.get(paths[row] as usize).copied().unwrap_or(false);
    let sizes: BTreeSet<u64> = (0..table.rows.len()).filter(|&row| is_start(row)).filter_map(size).collect();
    flags(table, |row| {
        size(row).is_some_and(|bytes| sizes.range(bytes.saturating_sub(ALIKE)..=bytes.saturating_add(ALIKE)).next().is_some())
    })
}

/// Good responses that a median is worth taking of.
const ENOUGH: usize = 5;

fn bytes_ratios(table: &Table<'_>) -> Column {
    let (mut by_path, mut by_route): (HashMap<_, Vec<f64>>, HashMap<_, Vec<f64>>) = Default::default();
    // Paths of different sites are different paths; the method stands for both.
    let method = |row: usize| (table.symbol(row, Field::Method), table.sites()[row]);
    let place = |row: usize| (method(row), table.symbol(row, Field::Path), table.symbol(row, Field::Route));
    for row in 0..table.rows.len() {
        let event = table.rows[row].event;
        if let (200..=299, Some(bytes)) = (event.status.get(), event.bytes) {
            let (method, path, route) = place(row);
            let key = (event.status, method);
            by_path.entry((key, path)).or_default().push(bytes as f64);
            by_route.entry((key, route)).or_default().push(bytes as f64);
        }
    }
    let by_path: HashMap<_, f64> = by_path.into_iter().filter_map(|(key, of)| Some((key, median(of)?))).collect();
    let by_route: HashMap<_, f64> = by_route.into_iter().filter_map(|(key, of)| Some((key, median(of)?))).collect();
    numbers(table, |row| {
        let (method, path, route) = place(row);
        let (bytes, key) = (table.rows[row].event.bytes? as f64, (table.rows[row].event.status, method));
        let usual = by_path.get(&(key, path)).or_else(|| by_route.get(&(key, route)))?;
        (*usual > 0.0).then(|| bytes / usual)
    })
}

fn median(mut of: Vec<f64>) -> Option<f64> {
    let middle = of.len() / 2;
    (of.len() >= ENOUGH).then(|| *of.select_nth_unstable_by(middle, f64::total_cmp).1)
}

fn clients(table: &Table<'_>, field: Field) -> Column {
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

fn client_probes(table: &Table<'_>) -> Column {
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

fn clients_of_code(table: &Table<'_>, field: Field) -> Column {
    let mut sums: HashMap<(u32, u16), (f64, HashSet<u32>)> = HashMap::new();
    let key = |row: usize| (table.symbol(row, Field::Client), table.rows[row].status);
    for row in 0..table.rows.len() {
        let (count, paths) = sums.entry(key(row)).or_default();
        *count += table.rows[row].weight;
        paths.insert(table.symbol(row, Field::Path));
    }
    numbers(table, |row| {
        let (count, paths) = (key(row).0 != NONE).then(|| &sums[&key(row)])?;
        Some(if field == Field::ClientSame { *count } else { paths.len() as f64 })
    })
}

/// Counts, for each request, those of the same kind within some seconds around it.
fn repeats(table: &Table<'_>, sequence: &[u32], out: &mut [f64]) {
    let mut kinds: HashMap<(u32, u16), Vec<u32>> = HashMap::new();
    for &row in sequence {
        let key = (table.symbol(row as usize, Field::Path), table.rows[row as usize].event.status.get());
        kinds.entry(key).or_default().push(row);
    }
    let at = |row: u32| table.rows[row as usize].at;
    for rows in kinds.values() {
        for &row in rows {
            let from = rows.partition_point(|&r| at(r) < at(row) - TOGETHER);
            let to = rows.partition_point(|&r| at(r) <= at(row) + TOGETHER);
            out[row as usize] = (to - from) as f64;
        }
    }
}

fn neighbours(table: &Table<'_>, sequence: &[u32], next: bool, out: &mut [f64]) {
    let mut last: HashMap<u32, u32> = HashMap::new();
    let mut see = |row: u32| {
        let path = table.symbol(row as usize, Field::Path);
        if let Some(other) = last.insert(path, row) {
            let (a, b) = (&table.rows[row as usize], &table.rows[other as usize]);
            if (a.at - b.at).abs() <= TOGETHER {
                out[row as usize] = f64::from(b.event.status.get());
            }
        }
    };
    if next { sequence.iter().rev().for_each(|&row| see(row)) } else { sequence.iter().for_each(|&row| see(row)) }
}

fn gaps(table: &Table<'_>, sequence: &[u32], out: &mut [f64]) {
    let mut last: HashMap<u16, f64> = HashMap::new();
    for &row in sequence {
        let Row { at, event, .. } = &table.rows[row as usize];
        if let Some(before) = last.insert(event.status.get(), *at) {
            out[row as usize] = at - before;
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
