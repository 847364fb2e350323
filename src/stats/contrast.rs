//! Whether a rate is another one than before, and by how much.
//!
//! That chance alone made the difference is judged with the hits of both arms given: how likely is it that so many of them fall
//! to the later one? Where hits come one by one the answer is Fisher's exact test; where they come in heaps both arms are negative
//! binomials of the pooled dispersion, whose sum is shared out as a beta binomial, also exactly. Nothing here rests on a normal
//! approximation, which a handful of errors is too few for.

use super::interval::z_for;
use super::share::Chance;

/// Hits among requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arm {
    /// Hits.
    pub k: f64,
    /// Requests.
    pub n: f64,
    /// Variance of the hits per window against what Poisson's distribution has; 1 where nothing tells.
    pub dispersion: f64,
}

/// How an arm differs from one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// Rate after against rate before: infinite when before had no hits, 1 when neither had, not a number when one had no requests.
    pub ratio: f64,
    /// Hits after that are more than the rate before makes expect; negative for fewer.
    pub extra: f64,
    /// Share after less the share before.
    pub difference: f64,
    /// Chance of a difference as large, in either direction, where nothing changed.
    pub p: f64,
    /// The true ratio is between these in 99 of 100 logs; `None` when an arm has no hits.
    pub interval: Option<(f64, f64)>,
}

/// A rise of these or more is worth telling, if the rest is large enough too: with enough requests anything is significant.
pub const LEAST_RATIO: f64 = 1.5;
/// Hits more than expected.
pub const LEAST_EXTRA: f64 = 5.0;
/// Share more than before: 0.2 percentage points.
pub const LEAST_DIFFERENCE: f64 = 0.002;

/// What a gate believes: p values below it, and intervals that leave it outside.
pub const ALPHA: f64 = 0.01;

/// Hits of at most this dispersion come one by one.
const ONE_BY_ONE: f64 = 1.05;

/// Whether a rise to `ratio` times or more is one that matters: enough more hits, and a large enough share of all.
pub fn is_relevant(contrast: &Contrast, ratio: f64) -> bool {
    contrast.ratio >= ratio && contrast.extra >= LEAST_EXTRA && contrast.difference >= LEAST_DIFFERENCE
}

/// How the rate after differs from that before.
pub fn contrast(before: &Arm, after: &Arm) -> Contrast {
    standardised(&[(*before, *after)])
}

/// How the rates after differ from those before, stratum by stratum (before, after), taken together: each stratum's rate before
/// is applied to its requests after, so that traffic that moved to a stratum where errors are frequent is no rise. Strata
/// without requests before have no rate to apply and are left out.
pub fn standardised(strata: &[(Arm, Arm)]) -> Contrast {
    let used: Vec<&(Arm, Arm)> = strata.iter().filter(|(before, after)| before.n > 0.0 && after.n > 0.0).collect();
    let sum = |of: fn(&(Arm, Arm)) -> f64| used.iter().map(|pair| of(pair)).sum::<f64>();
    let (observed, requests) = (sum(|(_, after)| after.k), sum(|(_, after)| after.n));
    let expected = sum(|(before, after)| after.n * before.k / before.n);
    let extra = observed - expected;
    let ratio = if expected > 0.0 || observed > 0.0 { observed / expected } else { 1.0 };
    if used.is_empty() {
        return Contrast { ratio: f64::NAN, extra: 0.0, difference: 0.0, p: 1.0, interval: None };
    }
    let p = match used[..] {
        [(before, after)] if pooled(before, after) <= ONE_BY_ONE => {
            Chance::Drawn(after.n.round(), before.n.round()).two_sided(after.k.round(), (before.k + after.k).round())
        }
        _ => chance_of(&used, observed),
    };
    Contrast { ratio, extra, difference: extra / requests, p, interval: interval(&used, observed, expected) }
}

/// How many there are in the same time, against before: `n` is time, and hits may be more than that.
pub fn counts(before: &Arm, after: &Arm) -> Contrast {
    let expected = before.k * after.n / before.n;
    let hits = before.k + after.k;
    let dispersion = pooled(before, after);
    let share = after.n / (before.n + after.n);
    let chance = if dispersion <= ONE_BY_ONE { Chance::OneByOne(share) } else { Chance::of_heaps(share, hits.round(), dispersion) };
    let bound = |ratio: f64| (z_for(ALPHA) * (dispersion * (1.0 / before.k + 1.0 / after.k)).sqrt()).exp() * ratio;
    let ratio = if hits > 0.0 { after.k / expected } else { 1.0 };
    Contrast {
        ratio,
        extra: after.k - expected,
        difference: (after.k - expected) / after.n,
        p: if hits > 0.0 { chance.two_sided(after.k.round(), hits.round()) } else { 1.0 },
        interval: (before.k > 0.0 && after.k > 0.0).then(|| (ratio * ratio / bound(ratio), bound(ratio))),
    }
}

/// The dispersion of both arms. The arm of more hits knows more of it: one without hits knows nothing.
fn pooled(before: &Arm, after: &Arm) -> f64 {
    let hits = before.k + after.k;
    if hits > 0.0 { ((before.dispersion * before.k + after.dispersion * after.k) / hits).max(1.0) } else { 1.0 }
}

/// How much the hits of an arm vary, against Poisson's distribution. One by one they are a binomial, which varies less.
fn variation(dispersion: f64, share: f64) -> f64 {
    if dispersion <= ONE_BY_ONE { 1.0 - share } else { dispersion }
}

/// The chance of so many hits after, given those of each stratum. Their sum over the strata is taken for a single share of all
/// hits that has its mean and its variance.
fn chance_of(strata: &[&(Arm, Arm)], observed: f64) -> f64 {
    let (mut hits, mut mean, mut variance) = (0.0, 0.0, 0.0);
    for (before, after) in strata {
        let both = before.k + after.k;
        let share = after.n / (before.n + after.n);
        let rate = both / (before.n + after.n);
        hits += both;
        mean += both * share;
        variance += variation(pooled(before, after), rate) * both * share * (1.0 - share);
    }
    if hits <= 0.0 {
        return 1.0;
    }
    let share = mean / hits;
    let dispersion = variance / (hits * share * (1.0 - share));
    let chance = if dispersion <= ONE_BY_ONE { Chance::OneByOne(share) } else { Chance::of_heaps(share, hits.round(), dispersion) };
    chance.two_sided(observed.round(), hits.round())
}

/// The logarithm of a ratio of counts is about normal.
fn interval(strata: &[&(Arm, Arm)], observed: f64, expected: f64) -> Option<(f64, f64)> {
    if observed <= 0.0 || expected <= 0.0 {
        return None;
    }
    let varies = |of: &Arm, as_in: f64| variation(as_in, of.k / of.n) * of.k;
    let (mut after_varies, mut before_varies) = (0.0, 0.0);
    for (before, after) in strata {
        let dispersion = pooled(before, after);
        after_varies += varies(after, dispersion);
        before_varies += varies(before, dispersion) * (after.n / before.n).powi(2);
    }
    let error = (after_varies / (observed * observed) + before_varies / (expected * expected)).sqrt();
    let factor = (z_for(ALPHA) * error).exp();
    Some((observed / expected / factor, observed / expected * factor))
}

/// P values corrected for how many there are, in the order given (Holm): if those below `alpha` are believed, the chance that
/// any of them is by chance is at most `alpha`.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut adjusted, mut most) = (vec![1.0; p.len()], 0.0_f64);
    for (rank, &at) in order.iter().enumerate() {
        most = most.max(p[at] * (p.len() - rank) as f64).min(1.0);
        adjusted[at] = most;
    }
    adjusted
}

/// Standard errors that four normal values in five are above.
const FOUR_IN_FIVE: f64 = 0.841_621;

/// The smallest ratio that [`contrast`] finds in four logs of five, with `p < alpha` and large enough to matter. First the
/// fewest hits after that would be found are looked for by bisection with the very test; then the rise whose hits are that
/// many or more with four chances in five, of hits of the dispersion before (normal, half a hit of continuity). `None` when
/// before has no hits, and when not even all requests as hits would do.
pub fn detectable(before: &Arm, n_after: f64, alpha: f64) -> Option<f64> {
    let expected = n_after * before.k / before.n;
    if !(before.k > 0.0 && before.n > 0.0 && n_after >= 1.0) {
        return None;
    }
    let is_found = |k: f64| {
        let contrast = contrast(before, &Arm { k, n: n_after, dispersion: before.dispersion });
        contrast.p < alpha && is_relevant(&contrast, LEAST_RATIO)
    };
    let (mut missed, mut found) = (expected.floor(), n_after.floor());
    if !is_found(found) {
        return None;
    }
    while found - missed > 1.0 {
        let middle = f64::midpoint(found, missed).floor();
        if is_found(middle) { found = middle } else { missed = middle }
    }
    let spread = FOUR_IN_FIVE * before.dispersion.max(1.0).sqrt();
    let mean = (f64::midpoint(spread, (spread * spread + 4.0 * (found - 0.5)).sqrt())).powi(2);
    (mean <= n_after).then_some(mean / expected)
}

#[cfg(test)]
mod tests {
    use super::{Arm, LEAST_RATIO, contrast, detectable, holm, is_relevant, standardised};
    use crate::stats::dice::Dice;
    use proptest::prelude::*;

    fn arm(k: f64, n: f64, dispersion: f64) -> Arm {
        Arm { k, n, dispersion }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-6 * b.abs()
    }

    #[test]
    fn one_by_one_is_fisher() {
        // SciPy: twice the smaller of hypergeom.sf(k - 1, N, K, n) and hypergeom.cdf(k, N, K, n).
        for (a, b, p) in [
            ((5.0, 600.0), (0.0, 600.0), 0.061979385494595536),
            ((10.0, 6000.0), (2.0, 6000.0), 0.03848025205502791),
            ((60.0, 6000.0), (12.0, 6000.0), 7.321995207480098e-09),
            ((3.0, 50.0), (7.0, 1000.0), 0.019261475417799916),
            ((30.0, 60000.0), (120.0, 60000.0), 5.776043509121899e-14),
            ((0.0, 10.0), (0.0, 10.0), 1.0),
        ] {
            let found = contrast(&arm(b.0, b.1, 1.0), &arm(a.0, a.1, 1.0));
            assert!(near(found.p, p), "{a:?} {b:?}: {found:?}");
        }
    }

    #[test]
    fn heaps_are_beta_binomial() {
        // SciPy: twice the sum of betabinom.pmf(j, K, a, b) for j from k to K, with a + b = K / (dispersion - 1), shared out as the requests.
        for (a, b, dispersion, p) in [
            ((60.0, 6000.0), (12.0, 6000.0), 4.0, 0.0025247952278224517),
            ((10.0, 6000.0), (2.0, 6000.0), 2.5, 0.18937048503611953),
            ((600.0, 60000.0), (120.0, 60000.0), 8.0, 1.3406042851e-12),
            ((6.0, 500.0), (0.0, 6000.0), 5.0, 0.01691236782536132),
        ] {
            let found = contrast(&arm(b.0, b.1, dispersion), &arm(a.0, a.1, dispersion));
            assert!(near(found.p, p), "{a:?} {b:?}: {found:?}");
        }
    }

    #[test]
    fn sizes_are_told() {
        let found = contrast(&arm(12.0, 6000.0, 1.0), &arm(30.0, 3000.0, 1.0));
        assert!(near(found.ratio, 5.0) && near(found.extra, 24.0) && near(found.difference, 0.008), "{found:?}");
        let (low, high) = found.interval.unwrap();
        // By hand: 5 * exp(-+ 2.5758 * sqrt(0.99 / 30 + 0.998 / 12)).
        assert!((low - 2.0782).abs() < 0.001 && (high - 12.0295).abs() < 0.01, "{low} {high}");
        assert!(contrast(&arm(0.0, 100.0, 1.0), &arm(4.0, 100.0, 1.0)).ratio.is_infinite());
        assert!(near(contrast(&arm(0.0, 100.0, 1.0), &arm(0.0, 100.0, 1.0)).ratio, 1.0));
        let nothing = contrast(&arm(3.0, 100.0, 1.0), &arm(0.0, 0.0, 1.0));
        assert!(nothing.ratio.is_nan() && !is_relevant(&nothing, LEAST_RATIO) && nothing.p >= 1.0);
    }

    #[test]
    fn a_rise_matters_only_when_all_of_it_does() {
        let relevant = |b: (f64, f64), a: (f64, f64)| is_relevant(&contrast(&arm(b.0, b.1, 1.0), &arm(a.0, a.1, 1.0)), LEAST_RATIO);
        assert!(relevant((10.0, 1000.0), (20.0, 1000.0)));
        assert!(!relevant((100.0, 1000.0), (140.0, 1000.0)), "the ratio is small");
        assert!(!relevant((1.0, 100.0), (5.0, 100.0)), "four more");
        assert!(!relevant((10.0, 100_000.0), (100.0, 100_000.0)), "0.09 points");
        assert!(!relevant((20.0, 1000.0), (2.0, 1000.0)), "a fall");
    }

    #[test]
    fn traffic_that_moves_to_a_bad_route_is_no_rise() {
        // One route fails in 0.1 %, another in 10 %, both as before; but a fifth of the traffic moved to the bad one.
        let strata = [(arm(9.0, 9000.0, 1.0), arm(7.0, 7000.0, 1.0)), (arm(100.0, 1000.0, 1.0), arm(300.0, 3000.0, 1.0))];
        let blind = contrast(&arm(109.0, 10_000.0, 1.0), &arm(307.0, 10_000.0, 1.0));
        assert!(blind.ratio > 2.8 && blind.p < 1e-10 && is_relevant(&blind, LEAST_RATIO));
        let fair = standardised(&strata);
        assert!(near(fair.ratio, 1.0) && fair.p > 0.9 && !is_relevant(&fair, LEAST_RATIO), "{fair:?}");
        // And the other way round: each route is three times as bad, hidden by traffic that left the bad one.
        let hidden = [(arm(5.0, 5000.0, 1.0), arm(27.0, 9000.0, 1.0)), (arm(500.0, 5000.0, 1.0), arm(300.0, 1000.0, 1.0))];
        let blind = contrast(&arm(505.0, 10_000.0, 1.0), &arm(327.0, 10_000.0, 1.0));
        let fair = standardised(&hidden);
        assert!(blind.ratio < 1.0 && near(fair.ratio, 327.0 / 109.0) && fair.p < 1e-10, "{fair:?}");
    }

    #[test]
    fn heaps_of_equal_strata_are_as_one() {
        let parts = [(arm(20.0, 1000.0, 3.0), arm(40.0, 1000.0, 3.0)); 4];
        let (split, whole) = (standardised(&parts), contrast(&arm(80.0, 4000.0, 3.0), &arm(160.0, 4000.0, 3.0)));
        assert!(near(split.p, whole.p) && near(split.ratio, whole.ratio), "{split:?} {whole:?}");
        assert!(near(split.interval.unwrap().0, whole.interval.unwrap().0));
        let none = standardised(&[(arm(0.0, 0.0, 1.0), arm(5.0, 10.0, 1.0))]);
        assert!(none.ratio.is_nan());
    }

    #[test]
    fn what_is_called_detectable_is_found_four_times_in_five() {
        for (before, n_after) in [
            (arm(12.0, 6000.0, 1.0), 6000.0),
            (arm(1200.0, 600_000.0, 1.0), 6000.0),
            (arm(600.0, 60_000.0, 4.0), 60_000.0),
            (arm(60.0, 6000.0, 3.0), 1000.0),
        ] {
            let ratio = detectable(&before, n_after, 0.01).unwrap();
            let mut dice = Dice(17);
            let found = (0..500).filter(|_| {
                let k = dice.heaps(ratio * n_after * before.k / before.n, before.dispersion);
                let found = contrast(&before, &arm(k, n_after, before.dispersion));
                found.p < 0.01 && is_relevant(&found, LEAST_RATIO)
            });
            let found = found.count();
            assert!((370..=430).contains(&found), "{found} of 500 for {before:?} at {ratio}");
        }
        assert_eq!(detectable(&arm(0.0, 6000.0, 1.0), 6000.0, 0.01), None);
        assert_eq!(detectable(&arm(5.0, 10.0, 1.0), 10.0, 0.01), None);
    }

    #[test]
    fn holm_as_by_hand() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, wanted) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!(near(*found, wanted), "{adjusted:?}");
        }
        assert!(holm(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn holm_only_raises(p in proptest::collection::vec(0.0..1.0_f64, 0..40)) {
            let adjusted = holm(&p);
            for (at, (raw, up)) in p.iter().zip(&adjusted).enumerate() {
                prop_assert!(up >= raw && *up <= 1.0);
                for (other, further) in p.iter().zip(&adjusted).skip(at) {
                    let (less, more) = if raw <= other { (up, further) } else { (further, up) };
                    prop_assert!(less <= more);
                }
            }
        }

        #[test]
        fn both_ways_are_one(
            (n, m) in (1_u32..20_000, 1_u32..20_000), (part, other) in (0.0..1.0_f64, 0.0..1.0_f64),
            (heaps, more) in (1.0..9.0_f64, 1.0..9.0_f64),
        ) {
            let part_of = |n: u32, part: f64| (f64::from(n) * part * part * part).floor();
            let (a, b) = (arm(part_of(n, part), f64::from(n), heaps), arm(part_of(m, other), f64::from(m), more));
            let (there, back) = (contrast(&a, &b), contrast(&b, &a));
            prop_assert!((0.0..=1.0).contains(&there.p) && (there.p - back.p).abs() <= 1e-6 * back.p, "{there:?} {back:?}");
            if a.k > 0.0 && b.k > 0.0 {
                prop_assert!((there.ratio * back.ratio - 1.0).abs() < 1e-9);
                let ((low, high), (back_low, _)) = (there.interval.unwrap(), back.interval.unwrap());
                prop_assert!(low <= there.ratio && there.ratio <= high && (high * back_low - 1.0).abs() < 1e-9);
            }
        }
    }
}
