//! Rows of windows, as wide as a reader wants them.

use super::rfc3339;
use super::view::WindowRow;
use crate::scan::Scan;
use crate::tally::LADDER;
use std::collections::BTreeMap;

/// A report of automatic width has at most about this many windows.
const MOST: i64 = 300;

/// The width in seconds, and the windows of that width.
pub(super) fn rows(scan: &Scan, span: Option<(i64, i64)>, chosen: Option<i64>) -> (i64, Vec<WindowRow>) {
    let (narrow, windows) = scan.tally.windows();
    let width = match (chosen, span) {
        (Some(_), _) | (None, None) => narrow,
        (None, Some((start, end))) => LADDER.into_iter().find(|&w| w >= narrow && (end - start) / w < MOST).unwrap_or(narrow),
    };
    let mut sums: BTreeMap<i64, BTreeMap<u16, u64>> = BTreeMap::new();
    for (start, codes) in windows {
        let row = sums.entry(start.div_euclid(width) * width).or_default();
        codes.for_each(|(code, count)| *row.entry(code.get()).or_default() += count);
    }
    (width, sums.into_iter().map(|(start, codes)| WindowRow { start: rfc3339(start), start_seconds: start, codes }).collect())
}
