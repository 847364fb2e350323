//! Rows of windows, as wide as a reader wants them.

use super::view::WindowRow;
use crate::model::{ServiceId, StatusCode, rfc3339};
use crate::scan::Scan;
use crate::tally::LADDER;
use std::collections::BTreeMap;

/// A report of automatic width has at most about this many windows.
const MOST: i64 = 300;
/// Windows at the ends that together hold less than this share of all requests do not decide about the width: one line with
/// a clock gone wrong must not make a day's windows as wide as a year.
const STRAY: f64 = 0.001;
/// How much shorter the span is to become without them. A single line of a short log is more than that share: without it the
/// span must become very much shorter.
const SHORTER: i64 = 4;
const MUCH_SHORTER: i64 = 100;

/// The windows, as wide as the span or the user asks for.
pub(super) fn rows(scan: &Scan, chosen: Option<i64>) -> Rows {
    let (narrow, windows) = scan.tally.windows();
    let over_services = |counted: &mut dyn Iterator<Item = (ServiceId, StatusCode, u64)>| {
        let mut codes = BTreeMap::new();
        counted.for_each(|(_, code, count)| *codes.entry(code.get()).or_default() += count);
        codes
    };
    let windows: BTreeMap<i64, BTreeMap<u16, u64>> = windows.map(|(start, mut counted)| (start, over_services(&mut counted))).collect();
    let main = main_span(&windows);
    let width = match (chosen, main) {
        (None, Some((start, end))) => LADDER.into_iter().find(|&w| w >= narrow && (end - start) / w < MOST).unwrap_or(narrow),
        _ => narrow,
    };
    let mut sums: BTreeMap<i64, BTreeMap<u16, u64>> = BTreeMap::new();
    for (start, codes) in windows {
        let row = sums.entry(start.div_euclid(width) * width).or_default();
        codes.into_iter().for_each(|(code, count)| *row.entry(code).or_default() += count);
    }
    let rows = sums.into_iter().map(|(start, codes)| WindowRow { start: rfc3339(start), start_seconds: start, codes }).collect();
    Rows { width, main: main.map(|(start, end)| (start.div_euclid(width) * width, end.div_euclid(width) * width)), rows }
}

/// Windows as a report shows them.
pub(super) struct Rows {
    /// Seconds.
    pub(super) width: i64,
    /// The starts of the first and the last window, stray ones left out.
    pub(super) main: Option<(i64, i64)>,
    pub(super) rows: Vec<WindowRow>,
}

/// The starts of the first and the last window, stray ones at the ends left out if that makes the span much shorter.
fn main_span(windows: &BTreeMap<i64, BTreeMap<u16, u64>>) -> Option<(i64, i64)> {
    let (first, last) = (*windows.first_key_value()?.0, *windows.last_key_value()?.0);
    let total: u64 = windows.values().flat_map(BTreeMap::values).sum();
    let few = (total as f64 * STRAY) as u64;
    let (few, shorter) = if few == 0 { (1, MUCH_SHORTER) } else { (few, SHORTER) };
    let start = beyond(few, windows.iter())?;
    let end = beyond(few, windows.iter().rev())?;
    Some(if start < end && (end - start) * shorter < last - first { (start, end) } else { (first, last) })
}

/// The first window that more than `few` requests lie in or before.
fn beyond<'w>(few: u64, mut windows: impl Iterator<Item = (&'w i64, &'w BTreeMap<u16, u64>)>) -> Option<i64> {
    let mut seen = 0;
    windows.find_map(|(start, codes)| {
        seen += codes.values().sum::<u64>();
        (seen > few).then_some(*start)
    })
}
