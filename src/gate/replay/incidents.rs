//! When a group was not well, found without any rule: the spans in which hits were much more frequent than in the rest of it.
//! What a rule fires in such a span is no false alarm, and how long that took is its delay.

use crate::gate::ledger::Tick;
use crate::stats::{Bin, spike};
use std::ops::Range;

/// Fewer steps have no rest to hold a span against.
const FEWEST_BINS: usize = 10;
/// More are added up, so that a long log costs no more.
const MOST_BINS: i64 = 2_000;
/// Incidents of a group: each is taken out before the next is looked for.
const MOST: usize = 12;
/// A quiet time within a span has less than one in so many of the hits that it would have at the span's rate,
const SPARSE: f64 = 4.0;
/// which are at least so many, so that chance has no part in it,
const EXPECTED: f64 = 20.0;
/// and at most so many times what is normal.
const QUIET: f64 = 2.0;
/// Fewer hits on one side of it are no incident.
const FEWEST_HITS: f64 = 5.0;

/// What is frequent in an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// Hits among requests.
    Share,
    /// Requests that are no hits: the rule is about too few hits.
    Contrary,
    /// Hits in time.
    Count,
}

/// The spans from second to second, in order of time; `series` is of how many groups this is one.
pub(super) fn incidents(ticks: &[Tick], step: i64, reach: (i64, i64), looks: Looks, series: usize) -> Vec<(i64, i64)> {
    let step = step * ((reach.1 - reach.0) / step / MOST_BINS + 1);
    let bins = bins(ticks, step, reach, looks);
    let mut left: Vec<usize> = (0..bins.len()).collect();
    let mut found = Vec::new();
    while found.len() < MOST && left.len() >= FEWEST_BINS {
        let rest: Vec<Bin> = left.iter().map(|&at| bins[at]).collect();
        let Some(range) = spike(&rest, series).map(|incident| incident.range).filter(|range| !range.is_empty()) else { break };
        let whole = left[range.start]..left[range.end - 1] + 1;
        left.drain(range);
        let elsewhere = left.iter().fold(Bin::default(), |sum, &at| Bin { k: sum.k + bins[at].k, n: sum.n + bins[at].n });
        split(&bins, whole, elsewhere.k / elsewhere.n.max(1.0), &mut found);
    }
    let at = |bin: usize| (reach.0 + bin as i64 * step).min(reach.1);
    let mut spans: Vec<(i64, i64)> = found.into_iter().map(|range| (at(range.start), at(range.end))).collect();
    spans.sort_unstable();
    spans
}

/// Two incidents with a quiet time between them may be found as one span, since each makes the other look like what is normal.
fn split(bins: &[Bin], whole: Range<usize>, normal: f64, found: &mut Vec<Range<usize>>) {
    let of = |range: Range<usize>| bins[range].iter().fold(Bin::default(), |sum, bin| Bin { k: sum.k + bin.k, n: sum.n + bin.n });
    let all = of(whole.clone());
    let rate = all.k / all.n.max(1.0);
    // The stretch with most fewer hits than a part of those that it would have at the rate of the whole.
    let (mut start, mut fewer, mut best) = (whole.start, 0.0, (0.0, whole.start..whole.start));
    for at in whole.clone() {
        if fewer <= 0.0 {
            (start, fewer) = (at, 0.0);
        }
        fewer += rate * bins[at].n - SPARSE * bins[at].k;
        if fewer > best.0 {
            best = (fewer, start..at + 1);
        }
    }
    let quiet = best.1;
    let (gap, parts) = (of(quiet.clone()), [whole.start..quiet.start, quiet.end..whole.end]);
    let is_quiet = rate * gap.n >= EXPECTED && gap.k <= (QUIET * normal * gap.n).max(1.0);
    if is_quiet && parts.iter().all(|part| of(part.clone()).k >= FEWEST_HITS) {
        parts.into_iter().for_each(|part| split(bins, part, normal, found));
    } else {
        found.push(whole);
    }
}

/// Equally long spans over the whole log.
fn bins(ticks: &[Tick], step: i64, reach: (i64, i64), looks: Looks) -> Vec<Bin> {
    let empty = Bin { k: 0.0, n: if looks == Looks::Count { step as f64 } else { 0.0 } };
    let mut bins = vec![empty; ((reach.1 - reach.0) as u64).div_ceil(step as u64) as usize];
    for tick in ticks {
        let Some(bin) = usize::try_from((tick.start - reach.0).div_euclid(step)).ok().and_then(|at| bins.get_mut(at)) else { continue };
        bin.k += if looks == Looks::Contrary { tick.all - tick.hits } else { tick.hits } as f64;
        if looks != Looks::Count {
            bin.n += tick.all as f64;
        }
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day in minutes, with so many hits of a hundred requests.
    fn day(hits: impl Fn(i64) -> u64) -> Vec<Tick> {
        (0..1440).map(|minute| Tick { start: minute * 60, hits: hits(minute), all: 100 }).collect()
    }

    fn found(ticks: &[Tick], looks: Looks) -> Vec<(i64, i64)> {
        incidents(ticks, 60, (0, 86_400), looks, 3).into_iter().map(|(start, end)| (start / 60, end / 60)).collect()
    }

    #[test]
    fn each_of_several_is_found() {
        let ticks =
            day(|minute| if (600..610).contains(&minute) || (900..905).contains(&minute) { 40 } else { u64::from(minute % 50 == 0) });
        assert_eq!(found(&ticks, Looks::Share), [(600, 610), (900, 905)]);
        assert_eq!(found(&ticks, Looks::Count), [(600, 610), (900, 905)]);
        assert_eq!(found(&day(|minute| u64::from(minute % 50 == 0)), Looks::Share), []);
        assert_eq!(incidents(&ticks[..5], 60, (0, 300), Looks::Share, 1), []);
    }

    #[test]
    fn an_incident_with_a_peak_is_one() {
        let peak = |minute| match minute {
            600..620 | 630..660 => 10,
            620..630 => 70,
            _ => u64::from(minute % 50 == 0),
        };
        assert_eq!(found(&day(peak), Looks::Share), [(600, 660)]);
    }

    #[test]
    fn too_few_hits_are_seen_by_what_is_there_instead() {
        let ticks = day(|minute| if (600..610).contains(&minute) { 30 } else { 99 });
        assert_eq!(found(&ticks, Looks::Contrary), [(600, 610)]);
        assert_eq!(found(&ticks, Looks::Share), []);
    }
}
