//! When a group was not well, found without any rule: the spans in which hits were much more frequent than in the rest of it.
//! What a rule fires in such a span is no false alarm, and how long that took is its delay.

use crate::gate::ledger::Tick;
use crate::stats::{Bin, spike};

/// Fewer steps have no rest to hold a span against.
const FEWEST_BINS: usize = 10;
/// More are added up, so that a long log costs no more.
const MOST_BINS: i64 = 2_000;
/// Incidents of a group: each is taken out before the next is looked for.
const MOST: usize = 12;

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
        let (first, last) = (left[range.start], left[range.end - 1]);
        found.push((reach.0 + first as i64 * step, (reach.0 + (last + 1) as i64 * step).min(reach.1)));
        left.drain(range);
    }
    found.sort_unstable();
    found
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
    fn too_few_hits_are_seen_by_what_is_there_instead() {
        let ticks = day(|minute| if (600..610).contains(&minute) { 30 } else { 99 });
        assert_eq!(found(&ticks, Looks::Contrary), [(600, 610)]);
        assert_eq!(found(&ticks, Looks::Share), []);
    }
}
