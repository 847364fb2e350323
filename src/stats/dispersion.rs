//! How much counts come in heaps, and how unlikely a count is.
//!
//! Errors come in heaps (retries, one bad host), so a rate is never judged by the Poisson distribution alone: its variance is
//! measured, and a negative binomial of that variance is what chance is.

use statrs::function::gamma::ln_gamma;
use std::ops::Range;

/// Hits among all requests in one of many equally long spans of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Hits.
    pub k: f64,
    /// All; hits that are counted without a whole have 1 here.
    pub n: f64,
}

/// Standard errors that the dispersion is taken higher than it was measured.
const CAUTION: f64 = 2.0;

/// The variance of hits against what Poisson's distribution has, at least 1: how much they come in heaps.
pub fn dispersion(bins: &[Bin]) -> f64 {
    dispersion_outside(bins, &(0..0)).0
}

/// The same for the bins outside of a span, and a cautious guess that is higher by some standard errors.
pub(super) fn dispersion_outside(bins: &[Bin], span: &Range<usize>) -> (f64, f64) {
    let outside = || bins.iter().enumerate().filter(|(at, bin)| !span.contains(at) && bin.n > 0.0).map(|(_, bin)| bin);
    let (used, k, n) = outside().fold((0.0, 0.0, 0.0), |(used, k, n), bin| (used + 1.0, k + bin.k, n + bin.n));
    if used < 3.0 || k <= 0.0 {
        return (1.0, 1.0 + CAUTION);
    }
    let rate = k / n;
    let deviance = || outside().map(|bin| (bin.k - rate * bin.n).powi(2) / (rate * bin.n));
    let mean = deviance().sum::<f64>() / (used - 1.0);
    let error = (deviance().map(|d| (d - mean).powi(2)).sum::<f64>() / (used - 1.0) / used).sqrt();
    (mean.max(1.0), (mean + CAUTION * error).max(1.0))
}

/// Dispersions that are held to be possible until the bins refute them …
const POSSIBLE: [f64; 8] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.5, 7.0, 8.0];
/// … and those that are believed only when they are the likeliest.
const EXTREME: [f64; 6] = [11.0, 16.0, 22.0, 32.0, 45.0, 64.0];
/// A dispersion is refuted when another one makes the bins likelier by so much: natural logarithm of the ratio.
const REFUTED: f64 = 1.0;

/// How much hits come in heaps, at least 1, by the likelihood of negative binomials; rather too much than too little, for what
/// takes heaps for a change raises false alarms. Few hits refute no dispersion, however they lie: of a single heap nothing
/// can be told. What [`dispersion`] measures is less where heaps are rare, since they bring requests of their own.
pub fn cautious_dispersion(bins: &[Bin]) -> f64 {
    let likely = Likelihoods::of(bins, &(0..0));
    likely.best().max(likely.largest(REFUTED))
}

/// The largest dispersion that the bins outside of a span do not refute, see [`REFUTED`], or what is measured, if more.
pub(super) fn largest_likely(bins: &[Bin], span: &Range<usize>, refuted: f64) -> f64 {
    Likelihoods::of(bins, span).largest(refuted).max(dispersion_outside(bins, span).0)
}

/// Dispersions, and how likely they make some bins: natural logarithm, less what is the same for all of them.
struct Likelihoods(Vec<(f64, f64)>);

impl Likelihoods {
    fn of(bins: &[Bin], span: &Range<usize>) -> Self {
        let outside = || bins.iter().enumerate().filter(|(at, bin)| !span.contains(at) && bin.n > 0.0).map(|(_, bin)| bin);
        let (all, n) = outside().fold((0.0, 0.0), |(k, n), bin| (k + bin.k, n + bin.n));
        // Most bins have no hits, and those of all bins together have one term.
        let hits: Vec<(f64, f64)> = outside().filter(|bin| bin.k > 0.0).map(|bin| (bin.k, all / n * bin.n)).collect();
        let of = |dispersion: f64| {
            if dispersion < POISSON {
                return hits.iter().map(|(k, expected)| k * expected.ln()).sum::<f64>() - all;
            }
            let heaps = |expected: f64| expected / (dispersion - 1.0);
            let of_bin = |(k, expected): &(f64, f64)| ln_gamma(k + heaps(*expected)) - ln_gamma(heaps(*expected));
            hits.iter().map(of_bin).sum::<f64>() + all * (1.0 - 1.0 / dispersion).ln() - heaps(all) * dispersion.ln()
        };
        Self(POSSIBLE.into_iter().chain(EXTREME).map(|dispersion| (dispersion, of(dispersion))).collect())
    }

    fn best(&self) -> f64 {
        // The first of equals: without hits all are.
        self.0.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(1.0, |(dispersion, _)| *dispersion)
    }

    fn largest(&self, refuted: f64) -> f64 {
        let most = self.0.iter().map(|(_, likelihood)| *likelihood).fold(f64::MIN, f64::max);
        let possible = self.0[..POSSIBLE.len()].iter().rev();
        possible.copied().find(|(_, likelihood)| *likelihood >= most - refuted).map_or(1.0, |(dispersion, _)| dispersion)
    }
}

/// Hits of less dispersion than this come one by one.
const POISSON: f64 = 1.0001;

/// How unlikely `k` hits are where `expected` are, for hits of some dispersion: the rate function of the negative binomial
/// (of Poisson's distribution for 1), which bounds the logarithm of the tail's probability.
pub fn surprise(k: f64, expected: f64, dispersion: f64) -> f64 {
    if expected <= 0.0 {
        return if k > 0.0 { f64::INFINITY } else { 0.0 };
    }
    let log = |of: f64, times: f64| if times > 0.0 { times * of.ln() } else { 0.0 };
    if dispersion < POISSON {
        return log(k / expected, k) - k + expected;
    }
    let heaps = expected / (dispersion - 1.0);
    let goes_on = 1.0 - 1.0 / dispersion;
    log(k / ((k + heaps) * goes_on), k) + log(heaps * dispersion / (k + heaps), heaps)
}

/// Whether the [`surprise`] of a span with `above` more hits than the `expected` ones, and that of the `outside` that has as many
/// fewer, may be `enough` together: told without logarithms and divisions. For more hits than expected the function is at most
/// the square that it begins with, since its third derivative is negative; for fewer ones Poisson's is larger, and that with
/// `ln x <= 2 (x - 1) / (x + 1)`. What is asked is `above² / (2 · expected · dispersion) + above² / outside >= enough`.
pub(super) fn may_be(enough: f64, above: f64, expected: f64, outside: f64, dispersion: f64) -> bool {
    let inside = 2.0 * expected * if dispersion < POISSON { 1.0 } else { dispersion };
    // More than rounding may take away.
    above * above * (inside + outside) * 1.000_01 >= (enough - 1e-6) * inside * outside
}

#[cfg(test)]
mod tests {
    use super::{Bin, Likelihoods, cautious_dispersion, dispersion};
    use crate::stats::dice::Dice;

    #[test]
    fn the_dice_are_what_they_should_be() {
        let mut dice = Dice(11);
        for dispersion_set in [1.0, 3.0, 8.0] {
            let bins = dice.bins(20_000, dispersion_set, |_| 4.0);
            let mean = bins.iter().map(|b| b.k).sum::<f64>() / 20_000.0;
            assert!((mean - 4.0).abs() < 0.2, "{mean}");
            assert!((dispersion(&bins) / dispersion_set - 1.0).abs() < 0.1, "{} for {dispersion_set}", dispersion(&bins));
        }
    }

    #[test]
    fn likelihoods_are_those_of_negative_binomials() {
        // SciPy: sum of nbinom.logpmf(k, 2 / (d - 1), 1 / d) for k of 0, 0, 7, 1 with d = 3, and of poisson.logpmf(k, 2), differ by this.
        let bins = [0.0, 0.0, 7.0, 1.0].map(|k| Bin { k, n: 10.0 });
        let found = Likelihoods::of(&bins, &(0..0)).0;
        assert!((found[3].1 - found[0].1 - 3.341813897).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn few_hits_refute_nothing_and_many_do() {
        let bin = |k: f64| Bin { k, n: 100.0 };
        assert!((cautious_dispersion(&[]) - 8.0).abs() < 1e-9);
        assert!(cautious_dispersion(&[bin(0.0), bin(6.0), bin(0.0)]) >= 8.0);
        for (set, low, high) in [(1.0, 1.0, 1.5), (3.0, 2.0, 4.0), (8.0, 7.0, 11.0), (20.0, 11.0, 32.0)] {
            let found = cautious_dispersion(&Dice(3).bins(400, set, |_| 2.0));
            assert!((low..=high).contains(&found), "{found} for {set}");
        }
        // Heaps that are the only requests of their time.
        let alone: Vec<Bin> = (0..200).map(|at| if at % 60 == 30 { Bin { k: 12.0, n: 12.0 } } else { Bin { k: 0.0, n: 1.0 } }).collect();
        assert!(dispersion(&alone) < 4.0 && cautious_dispersion(&alone) >= 8.0);
    }
}
