//! When something changed: a level that shifted, requests that come in bursts, the stretch that most of a group lies in.

use super::group::Members;
use super::table::Table;
use crate::rule::words::Field;
use crate::stats::{self, Bin, Burst};
use hashbrown::HashMap;

/// A stretch of time in which a field's values differ from those outside of it.
pub(super) struct Shift {
    pub(super) ratio: f64,
    pub(super) time: (f64, f64),
}

/// Stretches of equal counts that a shift is looked for in.
const PARTS: usize = 40;
/// Values that a part has at least.
const PART: usize = 5;

/// The stretch, ending with the group or not, whose values differ most from the others; each value against the median of its
/// endpoint, so that other traffic is no shift.
pub(super) fn of(members: &Members<'_, '_>, field: Field) -> Option<Shift> {
    let table = members.table;
    let mut endpoints: HashMap<u32, Vec<f64>> = HashMap::new();
    let endpoint = |row: usize| table.endpoints().of[row];
    // A millisecond is the finest that most logs state, and its multiples are no news.
    let numbers = table.numbers(field);
    let value = |row: usize| numbers.of(row).map(|v| v.max(0.001));
    for row in members.members() {
        endpoints.entry(endpoint(row)).or_default().extend(value(row));
    }
    let medians: HashMap<_, f64> =
        endpoints.into_iter().filter(|(_, of)| of.len() >= PART).map(|(endpoint, of)| (endpoint, median(of))).collect();
    let point = |row: usize| Some((table.rows[row].at, (value(row)? / medians.get(&endpoint(row))?).ln()));
    let points: Vec<(f64, f64)> = members.members().filter_map(point).filter(|(at, _)| !at.is_nan()).collect();
    let parts = (points.len() / PART).min(PARTS);
    if parts < 6 {
        return None;
    }
    let bounds: Vec<usize> = (0..=parts).map(|part| part * points.len() / parts).collect();
    // The mean of logarithms: a cache that misses half of the time has two kinds of values, and no median tells them apart.
    let level = |from: usize, to: usize| mean(&points[from..to]);
    let levels: Vec<f64> = bounds.windows(2).map(|b| level(b[0], b[1])).collect();
    let (from, to) = stretch(&levels)?;
    let (start, end) = (bounds[from], bounds[to]);
    let outside = [&points[..start], &points[end..]].concat();
    Some(Shift { ratio: (level(start, end) - mean(&outside)).exp(), time: (points[start].0, points[end - 1].0) })
}

/// The parts whose mean lies highest above that of the others, weighed by how many there are on both sides.
fn stretch(levels: &[f64]) -> Option<(usize, usize)> {
    let total: f64 = levels.iter().sum();
    let all = levels.len() as f64;
    let mut best = None;
    for from in 0..levels.len() {
        let mut sum = 0.0;
        for to in from + 1..=levels.len() {
            sum += levels[to - 1];
            let n = (to - from) as f64;
            if n < 3.0 || all - n < 3.0 {
                continue;
            }
            let contrast = (sum / n - (total - sum) / (all - n)) * (n * (all - n) / all).sqrt();
            if best.is_none_or(|(most, _)| contrast > most) {
                best = Some((contrast, (from, to)));
            }
        }
    }
    best.filter(|(contrast, _)| *contrast > 0.0).map(|(_, stretch)| stretch)
}

fn mean(of: &[(f64, f64)]) -> f64 {
    of.iter().map(|(_, v)| v).sum::<f64>() / of.len() as f64
}

fn median(mut of: Vec<f64>) -> f64 {
    let middle = of.len() / 2;
    *of.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Seconds of quiet that may part bursts.
const QUIET: [f64; 9] = [2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0];

/// The bursts, parted by the shortest quiet that makes them short against what lies between; one burst when there is no such
/// quiet.
pub(super) fn bursts(times: &[f64]) -> Vec<Burst> {
    let parted = QUIET.iter().find_map(|&quiet| {
        let bursts = stats::bursts(times, quiet);
        let busy: f64 = bursts.iter().map(|burst| burst.end - burst.start).sum();
        let whole = times.last()? - times.first()?;
        let crowded = bursts.iter().filter(|burst| burst.count >= CROWD).count();
        (bursts.len() >= 3 && crowded * 4 >= bursts.len() * 3 && busy <= 0.35 * whole).then_some(bursts)
    });
    parted.unwrap_or_else(|| stats::bursts(times, f64::INFINITY))
}

/// Requests that make a burst; fewer are strays.
const CROWD: usize = 3;

/// The time from burst to burst, when it is regular.
pub(super) fn period(times: &[f64]) -> Option<f64> {
    let starts: Vec<f64> = bursts(times).iter().filter(|burst| burst.count >= CROWD).map(|burst| burst.start).collect();
    stats::period(&starts)
}

/// Bins that the time of a log is cut into to find a stretch.
const BINS: usize = 240;

/// The time of a log in equal parts.
pub(super) struct Bins {
    from: f64,
    width: f64,
    /// How many requests fell into each part.
    all: Vec<f64>,
}

impl Bins {
    pub(super) fn of(table: &Table<'_>) -> Self {
        let (from, to) = table.span();
        // Coarser than the seconds that most logs state.
        let width = ((to - from) / BINS as f64).max(1.0);
        let count = ((to - from) / width) as usize + 1;
        let mut bins = Self { from, width, all: vec![0.0; count] };
        table.rows.iter().filter(|row| !row.at.is_nan()).for_each(|row| bins.all[((row.at - from) / width) as usize] += row.weight);
        bins
    }
}

/// The stretch of time that a group's requests crowd in, when it holds nearly all of them and is far shorter than the group:
/// some strays before or after an incident do not make it longer.
pub(super) fn crowd(members: &Members<'_, '_>) -> Option<(f64, f64)> {
    let (start, end) = members.time();
    let Bins { from, width, ref all } = *members.table.bins();
    if start.is_nan() || end <= start || all.len() < 8 {
        return None;
    }
    let mut series: Vec<Bin> = all.iter().map(|&n| Bin { k: 0.0, n }).collect();
    members
        .members()
        .map(|row| &members.table.rows[row])
        .filter(|row| !row.at.is_nan())
        .for_each(|row| series[((row.at - from) / width) as usize].k += row.weight);
    let range = stats::incident(&series)?.range;
    let inside: f64 = series[range.clone()].iter().map(|b| b.k).sum();
    let all: f64 = series.iter().map(|b| b.k).sum();
    let length = (range.len() as f64) * width;
    let narrow = inside >= 0.8 * all && inside < all && length <= 0.8 * (end - start);
    narrow.then_some((from + range.start as f64 * width, from + range.end as f64 * width))
}
