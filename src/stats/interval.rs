//! How sure a share or a quantile is: intervals that hold the true value in most logs.

use statrs::function::beta::beta_reg;
use statrs::function::erf::{erfc, erfc_inv};

/// Standard errors that leave `alpha` outside on both sides together: 2.576 for 0.01.
pub fn z_for(alpha: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(alpha.clamp(f64::MIN_POSITIVE, 1.0))
}

/// The share of normal values that are more than `z` standard errors off, on both sides together: what [`z_for`] is of.
pub(super) fn outside(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// Wilson's interval of a share of `k` hits among `n`: sound for few requests and for none or all of them hit, too. Of no
/// requests nothing is known: 0 to 1.
pub fn wilson(k: u64, n: u64, z: f64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (hits, all) = (k.min(n) as f64, n as f64);
    let share = hits / all;
    let narrowing = 1.0 + z * z / all;
    let center = (share + z * z / (2.0 * all)) / narrowing;
    let half = z * (share * (1.0 - share) / all + z * z / (4.0 * all * all)).sqrt() / narrowing;
    // Of none or all the end is exact, and rounding must not put the share outside.
    let low = if k == 0 { 0.0 } else { (center - half).clamp(0.0, share) };
    let high = if k >= n { 1.0 } else { (center + half).clamp(share, 1.0) };
    (low, high)
}

/// How many requests at this rate it takes until Wilson's interval excludes the threshold; `None` where they are equal, for
/// then no number does.
pub fn needed(rate: f64, threshold: f64, z: f64) -> Option<u64> {
    let apart = (rate - threshold).abs();
    if apart.is_nan() || apart <= f64::EPSILON {
        return None;
    }
    // The interval excludes just those thresholds that the score test refuses, whose variance is the threshold's own.
    let score = z * z * threshold * (1.0 - threshold) / (apart * apart);
    // A threshold of none or all is excluded by the first request that is otherwise.
    let first = 1.0 / apart;
    let count = if score > 0.0 { score.floor() + 1.0 } else { first.ceil() };
    (count < u64::MAX as f64).then_some(count as u64)
}

/// More values than these have ranks by the normal approximation: the exact distribution is no longer computed well.
const MOST_EXACT: u64 = 10_000;

/// The ranks, 1 for the smallest of `n` values, between which the true quantile `q` lies. A rank of 0 says that no value is
/// surely below it, one of `n + 1` that none is surely above: of a hundred values not even the largest bounds the 99th
/// percentile.
pub fn ranks(n: u64, q: f64, z: f64) -> (u64, u64) {
    let q = q.clamp(0.0, 1.0);
    let count = n as f64;
    if n > MOST_EXACT {
        let (middle, half) = (count * q, z * (count * q * (1.0 - q)).sqrt());
        return ((middle - half).floor().max(0.0) as u64, (middle + half).ceil().min(count) as u64 + 1);
    }
    let tail = outside(z) / 2.0;
    // How many of the values are below the quantile: a binomial.
    let fewer_than = |rank: u64| match rank {
        0 => 0.0,
        rank if rank > n => 1.0,
        rank => 1.0 - below_at_least(rank, n, q),
    };
    let low = last_true(n, |rank| fewer_than(rank) <= tail);
    let high = last_true(n, |rank| 1.0 - fewer_than(rank) > tail) + 1;
    (low, high)
}

/// The chance that `rank` of `n` values or more are below the quantile.
fn below_at_least(rank: u64, n: u64, q: f64) -> f64 {
    if q <= 0.0 || q >= 1.0 { q } else { beta_reg(rank as f64, (n - rank + 1) as f64, q) }
}

/// The last of the numbers up to `most` for which it is true; of the first ones it is.
fn last_true(most: u64, is_true: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if is_true(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::{needed, ranks, wilson, z_for};
    use proptest::prelude::*;

    const WILSON: &[(u64, u64, f64, f64)] = &[
        (0, 100, 0.000000000, 0.062220688),
        (3, 120, 0.006338633, 0.093435576),
        (1, 1, 0.130977543, 1.000000000),
        (12, 6000, 0.000966621, 0.004133555),
        (600, 6000, 0.090461420, 0.110422256),
        (6000, 6000, 0.998895405, 1.000000000),
    ];
    const RANKS: &[(u64, f64, (u64, u64))] = &[
        (10, 0.5, (1, 10)),
        (100, 0.5, (37, 64)),
        (100, 0.99, (96, 101)),
        (529, 0.99, (517, 529)),
        (530, 0.99, (518, 530)),
        (1000, 0.99, (981, 998)),
        (1000, 0.95, (931, 968)),
        (10000, 0.95, (9443, 9556)),
        (10000, 0.999, (9981, 9998)),
    ];
    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn z_is_the_quantile_of_the_normal() {
        // Python: statistics.NormalDist().inv_cdf(1 - alpha / 2).
        for (alpha, z) in [(0.05, 1.959964), (0.01, 2.575829), (0.02, 2.326348), (0.0001, 3.890592), (1e-9, 6.109410), (1.0, 0.0)] {
            assert!(near(z_for(alpha), z), "{alpha} {}", z_for(alpha));
        }
    }

    #[test]
    fn wilson_as_elsewhere() {
        // SciPy: scipy.stats.binomtest(k, n).proportion_ci(confidence_level=0.99, method="wilson").
        let z = 2.5758293035489004;
        for (k, n, low, high) in WILSON {
            let (a, b) = wilson(*k, *n, z);
            assert!(near(a, *low) && near(b, *high), "{k} of {n}: {a} {b}");
        }
        assert_eq!(wilson(0, 0, z), (0.0, 1.0));
        // The smallest counts that prove more than 2 %.
        for (k, n) in [(3, 20), (4, 50), (7, 120), (19, 500)] {
            assert!(wilson(k, n, z).0 > 0.02 && wilson(k - 1, n, z).0 <= 0.02, "{k} of {n}");
        }
    }

    #[test]
    fn enough_requests_decide_and_fewer_do_not() {
        let z = z_for(0.01);
        for (rate, threshold) in [(0.025, 0.01), (0.005, 0.01), (0.5, 0.4), (0.02, 0.0), (0.9, 1.0), (0.0, 0.01), (0.0202, 0.02)] {
            let count = needed(rate, threshold, z).unwrap();
            let excludes = |n: u64| {
                let (low, high) = wilson((rate * n as f64).round() as u64, n, z);
                low > threshold || high < threshold
            };
            assert!(excludes(count + 200 + count / 50), "{rate} {threshold}: {count}");
            assert!(count <= 50 || !excludes(count / 2), "{rate} {threshold}: {count}");
        }
        assert_eq!(needed(0.01, 0.01, z), None);
        assert_eq!(needed(f64::NAN, 0.01, z), None);
        // None of 657 is less than 1 %, none of 656 may be it: 2.5758² * 0.99 / 0.01 = 656.9.
        assert_eq!(needed(0.0, 0.01, z), Some(657));
        assert!(wilson(0, 657, z).1 < 0.01 && wilson(0, 656, z).1 >= 0.01);
    }

    #[test]
    fn ranks_bound_the_quantile() {
        // SciPy: the last rank with binom.cdf(rank - 1, n, q) <= 0.005, the first with binom.sf(rank - 1, n, q) <= 0.005.
        let z = z_for(0.01);
        for (n, q, bounds) in RANKS {
            assert_eq!(ranks(*n, *q, z), *bounds, "{n} {q}");
        }
        assert_eq!(ranks(0, 0.5, z), (0, 1));
        // The approximation goes on where the exact ones end.
        let (low, high) = ranks(10_001, 0.95, z);
        let (exact_low, exact_high) = ranks(10_000, 0.95, z);
        assert!(low.abs_diff(exact_low) <= 3 && high.abs_diff(exact_high) <= 3, "{low} {high} {exact_low} {exact_high}");
    }

    proptest! {
        #[test]
        fn intervals_hold_the_share_and_shrink(n in 1_u64..100_000, part in 0.0..1.0_f64, z in 0.1..5.0_f64) {
            let k = (n as f64 * part) as u64;
            let (low, high) = wilson(k, n, z);
            let share = k as f64 / n as f64;
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
            let (wider_low, wider_high) = wilson(k, n, z + 0.5);
            prop_assert!(wider_low <= low && high <= wider_high);
            let (more_low, more_high) = wilson(k * 4, n * 4, z);
            prop_assert!(more_high - more_low <= high - low);
            if k < n {
                let (next_low, next_high) = wilson(k + 1, n, z);
                prop_assert!(next_low >= low && next_high >= high);
            }
        }

        #[test]
        fn ranks_surround_the_middle(n in 1_u64..30_000, q in 0.01..0.999_f64, z in 0.5..5.0_f64) {
            let (low, high) = ranks(n, q, z);
            let middle = n as f64 * q;
            prop_assert!((low as f64) <= middle + 1.0 && high as f64 >= middle - 1.0 && low < high && high <= n + 1, "{low} {high}");
            let (wider_low, wider_high) = ranks(n, q, z + 0.5);
            prop_assert!(wider_low <= low && high <= wider_high);
        }
    }
}
