//! Whether one of many series has a spike: what a gate asks of each route, and of all of them together.
//!
//! Two answers count. Either no dispersion that the rest of the series leaves possible makes such a span likely: that speaks
//! even for an outage in a single bin. Or the same bins in another order hardly ever hold such a span, however much their hits
//! come in heaps: that speaks for a rise over several bins. The more series are looked at, the rarer both have to be.

use super::dispersion::{Bin, dispersion, largest_likely};
use super::incident::{Candidate, Incident, shuffled};
use super::spans::Sums;
use std::ops::Range;

/// Fewer hits are no spike, whatever their share.
const FEWEST: f64 = 5.0;
/// Nor is a smaller rise.
const LEAST_RISE: f64 = 3.0;
/// A span of a larger part of all requests is no spike: too little is outside to tell what is normal.
const LARGEST_PART: f64 = 0.5;

// Set by simulation, as the false alarms of `tests/simulation.rs` show: each of the two answers has half of them.

/// A dispersion is refuted when another one makes the bins outside likelier by so much: natural logarithm of the ratio.
const REFUTED: f64 = 5.0;
/// Strength from which on a span speaks for itself, and what is added for each e-fold of series.
const ALONE: (f64, f64) = (9.5, 3.1);
/// How rare, as the negative logarithm of a chance, such a span has to be among shuffled series; and what is added.
const SHUFFLED: (f64, f64) = (5.0, 1.7);
/// Shuffled series of which none may hold such a span.
const SHUFFLES: usize = 100;

/// The span in which hits were much more frequent than in the rest, if there is one. Of `series` healthy ones together, this
/// being one of them, fewer than two in a hundred times any raises an alarm.
pub fn spike(bins: &[Bin], series: usize) -> Option<Incident> {
    let mut found = Candidate::of(bins, LARGEST_PART)?;
    if found.hits < FEWEST || found.rise < LEAST_RISE {
        return None;
    }
    let many = (series.max(1) as f64).ln();
    let least = |(one, more): (f64, f64)| one + more * many;
    let dispersion = largest_likely(&found.coarse, &found.range, REFUTED);
    found.strength = Sums::of(&found.coarse).strength(&found.range, dispersion);
    // Where storms go over the border of two bins, bins in another order are no measure: by twos it must be rare as well.
    let is_rare = |bins: &[Bin]| rarity(bins) >= least(SHUFFLED);
    let lasts = || is_rare(&found.coarse) && (!goes_on(&found.coarse, &found.range) || is_rare(&by_twos(&found.coarse)));
    (found.strength >= least(ALONE) || lasts()).then(|| found.incident())
}

/// Whether bins outside of a span are like the ones before them, by more than a standard error.
fn goes_on(bins: &[Bin], span: &Range<usize>) -> bool {
    let outside = || (0..bins.len()).filter(|at| !span.contains(at) && bins[*at].n > 0.0);
    let (k, n) = outside().fold((0.0, 0.0), |(k, n), at| (k + bins[at].k, n + bins[at].n));
    let rate = k / n;
    let over = |at: usize| (bins[at].k - rate * bins[at].n) / (rate * bins[at].n).sqrt();
    let squares: f64 = outside().map(|at| over(at).powi(2)).sum();
    let follows = |at: &usize| *at > 0 && !span.contains(&(at - 1)) && bins[at - 1].n > 0.0;
    let products: f64 = outside().filter(follows).map(|at| over(at) * over(at - 1)).sum();
    k > 0.0 && products / squares > 1.0 / (outside().count() as f64).sqrt()
}

fn by_twos(bins: &[Bin]) -> Vec<Bin> {
    bins.chunks(2).map(|pair| pair.iter().fold(Bin::default(), |sum, bin| Bin { k: sum.k + bin.k, n: sum.n + bin.n })).collect()
}

/// How rarely shuffled series hold a span as unusual as the most unusual one here: negative natural logarithm of the chance.
/// The most unusual spans of shuffled series are maxima, so they are about a Gumbel distribution, which tells of chances much
/// smaller than those that can be counted. 0 as soon as one of the shuffled series does hold such a span.
fn rarity(bins: &[Bin]) -> f64 {
    let all = dispersion(bins);
    let best = |bins: &[Bin], least: f64| Sums::of(bins).best_within(LARGEST_PART, least, all).map(|(_, strength)| strength);
    let Some(here) = best(bins, f64::MIN_POSITIVE) else { return 0.0 };
    let mut others = Vec::with_capacity(SHUFFLES);
    for bins in shuffled(bins).take(SHUFFLES) {
        let other = best(&bins, f64::MIN_POSITIVE).unwrap_or(0.0);
        if other >= here {
            return 0.0;
        }
        others.push(other);
    }
    let mean = others.iter().sum::<f64>() / SHUFFLES as f64;
    let variance = others.iter().map(|other| (other - mean).powi(2)).sum::<f64>() / (SHUFFLES - 1) as f64;
    // By the moments of the Gumbel distribution: its scale, and its mode a bit below its mean.
    let scale = (6.0 * variance).sqrt() / std::f64::consts::PI;
    let above = (here - (mean - EULER * scale)) / scale;
    // 1 - exp(-exp(-x)), which for large x is exp(-x).
    -(-(-(-above).exp()).exp_m1()).ln()
}

/// The mean of the standard Gumbel distribution (Euler's constant).
const EULER: f64 = 0.577_215_664_901_532_9;

#[cfg(test)]
mod tests {
    use super::{Bin, spike};
    use crate::stats::dice::Dice;
    use crate::stats::incident;

    #[test]
    fn a_five_fold_rise_is_found_with_its_ends() {
        for (dispersion, mean, width) in [(1.0, 1.0, 10), (1.0, 5.0, 5), (3.0, 5.0, 12), (8.0, 10.0, 15)] {
            let mut dice = Dice(5);
            let (mut found, mut sharp) = (0, 0);
            for _ in 0..30 {
                let rise = 20..20 + width;
                let bins = dice.bins(60, dispersion, |at| if rise.contains(&at) { 5.0 * mean } else { mean });
                if let Some(spike) = spike(&bins, 2) {
                    found += 1;
                    sharp += usize::from(spike.range.start.abs_diff(rise.start) <= 2 && spike.range.end.abs_diff(rise.end) <= 2);
                }
            }
            assert!(found >= 27 && sharp >= 22, "{found} found, {sharp} of them sharp: {dispersion} {mean} {width}");
        }
    }

    #[test]
    fn more_series_ask_for_more() {
        let mut dice = Dice(8);
        let (mut one, mut many) = (0, 0);
        for _ in 0..60 {
            let bins = dice.bins(60, 2.0, |at| if (20..28).contains(&at) { 7.0 } else { 1.0 });
            let (alone, among) = (spike(&bins, 1), spike(&bins, 200));
            assert!(alone.is_some() || among.is_none());
            one += usize::from(alone.is_some());
            many += usize::from(among.is_some());
        }
        assert!(one > many + 5 && many > 0, "{one} {many}");
    }

    #[test]
    fn an_outage_of_one_bin_is_found_even_among_many() {
        let mut bins = Dice(4).bins(120, 1.0, |_| 0.3);
        bins[40].k = 120.0;
        assert_eq!(spike(&bins, 300).unwrap().range, 40..41);
        // With hits in heaps everywhere such a bin is nothing special.
        for at in (3..120).step_by(13) {
            bins[at].k = 90.0;
        }
        assert_eq!(spike(&bins, 300), None);
    }

    #[test]
    fn little_and_small_and_half_of_the_log_are_no_spike() {
        assert_eq!(spike(&[], 1), None);
        assert_eq!(spike(&[Bin { k: 9.0, n: 9.0 }], 1), None);
        let mut few = vec![Bin { k: 0.0, n: 100.0 }; 500];
        few[3].k = 4.0;
        assert_eq!(spike(&few, 1), None);
        let twice: Vec<Bin> = (0..60).map(|at| Bin { k: if at < 20 { 100.0 } else { 50.0 }, n: 1000.0 }).collect();
        assert!(incident(&twice).is_some() && spike(&twice, 1).is_none());
        // What fills most of the log: too little outside to be sure of.
        let most: Vec<Bin> = (0..60).map(|at| Bin { k: if at < 50 { 30.0 } else { 0.0 }, n: 1000.0 }).collect();
        assert!(spike(&most, 1).is_none_or(|found| found.range.len() <= 30));
    }
}
