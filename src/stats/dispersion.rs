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

/// Dispersions that are held to be possible until the bins refute them.
const POSSIBLE: [f64; 8] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.5, 7.0, 8.0];
/// The largest dispersion that the bins outside of a span do not refute: few hits refute none, however they lie. One is
/// `refuted` when another makes the bins likelier by so much, as natural logarithm of the ratio.
pub(super) fn largest_likely(bins: &[Bin], span: &Range<usize>, refuted: f64) -> f64 {
    let outside = || bins.iter().enumerate().filter(|(at, bin)| !span.contains(at) && bin.n > 0.0).map(|(_, bin)| bin);
    let (k, n) = outside().fold((0.0, 0.0), |(k, n), bin| (k + bin.k, n + bin.n));
    let rate = k / n;
    let likelihoods = POSSIBLE.map(|dispersion| outside().map(|bin| likelihood(bin.k, rate * bin.n, dispersion)).sum::<f64>());
    let most = likelihoods.iter().copied().fold(f64::MIN, f64::max);
    let largest = POSSIBLE.iter().zip(likelihoods).rev().find(|(_, likelihood)| *likelihood >= most - refuted);
    let measured = dispersion_outside(bins, span).0;
    largest.map_or(measured, |(dispersion, _)| dispersion.max(measured))
}

/// Logarithm of the chance of `k` hits where `expected` are, less what is the same for every dispersion.
fn likelihood(k: f64, expected: f64, dispersion: f64) -> f64 {
    if dispersion < POISSON {
        return if k > 0.0 { k * expected.ln() - expected } else { -expected };
    }
    let heaps = expected / (dispersion - 1.0);
    let none = -heaps * dispersion.ln();
    if k > 0.0 { ln_gamma(k + heaps) - ln_gamma(heaps) + k * (1.0 - 1.0 / dispersion).ln() + none } else { none }
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
    use super::dispersion;
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
}
