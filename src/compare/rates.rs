//! How often classes of codes came on each side, and whether that is more than chance.

use super::pairs::class_count;
use super::view::{Outcome, Pair, Rate, Share};
use crate::baseline::Route;
use crate::stats::{Arm, Contrast, LEAST_EXTRA, LEAST_RATIO, contrast, detectable, holm, is_relevant, wilson, z_for};

/// Chance that any route at all is said to have changed where none did.
pub(super) const ALPHA: f64 = 0.01;
/// A side with fewer requests proves nothing by having no errors: up to one in thirty could fail unseen.
pub(super) const FEW: u64 = 100;

/// How much of a class a side has.
pub(super) fn arm(route: &Route, class: u8) -> Arm {
    let dispersion = route.classes.get(&class).copied().filter(|d| d.is_finite()).unwrap_or(1.0).max(1.0);
    // A file that was edited may have more responses than requests.
    let k = class_count(route, class);
    Arm { k: k as f64, n: route.count.max(k) as f64, dispersion }
}

/// Several arms as one: their dispersion is the mean, by how many hits each has.
pub(super) fn together(arms: impl Iterator<Item = Arm>) -> Arm {
    let (mut k, mut n, mut weighted) = (0.0, 0.0, 0.0);
    for arm in arms {
        (k, n, weighted) = (k + arm.k, n + arm.n, weighted + arm.k * arm.dispersion);
    }
    Arm { k, n, dispersion: if k > 0.0 { weighted / k } else { 1.0 } }
}

/// The rates of one class over many routes, corrected for their number. Those that cannot matter, since both sides together
/// have fewer than the least number of hits that does, are not looked at and cost the others nothing.
pub(super) fn rates(arms: &[Pair<Arm>]) -> Vec<Rate> {
    let contrasts: Vec<Contrast> = arms.iter().map(|arm| contrast(&arm.before, &arm.after)).collect();
    let tested: Vec<usize> = (0..arms.len()).filter(|&at| arms[at].before.k + arms[at].after.k >= LEAST_EXTRA).collect();
    let corrected = holm(&tested.iter().map(|&at| contrasts[at].p).collect::<Vec<_>>());
    let mut p = vec![1.0; arms.len()];
    tested.iter().zip(corrected).for_each(|(&at, corrected)| p[at] = corrected);
    let each = ALPHA / tested.len().max(1) as f64;
    (0..arms.len()).map(|at| rate(&arms[at], &contrasts[at], p[at], each)).collect()
}

/// A rate out of its contrast, with `p` corrected, where each test is held against `alpha`.
pub(super) fn rate(arms: &Pair<Arm>, found: &Contrast, p: f64, alpha: f64) -> Rate {
    let (rises, falls) = relevant(found);
    let few = arms.before.n.min(arms.after.n) < FEW as f64;
    let outcome = match p <= ALPHA {
        true if rises => Outcome::Worse,
        true if falls => Outcome::Better,
        _ if few => Outcome::TooFew,
        _ => Outcome::Unchanged,
    };
    Rate {
        before: share(&arms.before),
        after: share(&arms.after),
        ratio: Some(found.ratio).filter(|ratio| ratio.is_finite()),
        interval: found.interval,
        extra: found.extra,
        p: found.p,
        p_corrected: p,
        relevant: rises || falls,
        detectable: detectable(&arms.before, arms.after.n, alpha),
        outcome,
    }
}

/// Whether it is a rise that matters, or a fall that would matter the other way round.
pub(super) fn relevant(found: &Contrast) -> (bool, bool) {
    // What there would have been without a change, against what there is.
    let back = Contrast { ratio: 1.0 / found.ratio, extra: -found.extra, difference: -found.difference, ..*found };
    (is_relevant(found, LEAST_RATIO), is_relevant(&back, LEAST_RATIO))
}

fn share(arm: &Arm) -> Share {
    let (count, of) = (arm.k as u64, arm.n as u64);
    Share { count, of, share: arm.k / arm.n.max(1.0), interval: wilson(count, of, z_for(ALPHA)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(before: (f64, f64), after: (f64, f64), dispersion: f64) -> Pair<Arm> {
        Pair::new(before, after).map(|&(k, n)| Arm { k, n, dispersion })
    }

    fn outcome(before: (f64, f64), after: (f64, f64), dispersion: f64) -> Outcome {
        rates(&[arms(before, after, dispersion)])[0].outcome
    }

    #[test]
    fn outcomes() {
        assert_eq!(outcome((12.0, 6000.0), (60.0, 6000.0), 1.0), Outcome::Worse);
        assert_eq!(outcome((60.0, 6000.0), (12.0, 6000.0), 1.0), Outcome::Better);
        assert_eq!(outcome((12.0, 6000.0), (13.0, 6000.0), 1.0), Outcome::Unchanged);
        assert_eq!(outcome((12.0, 6000.0), (30.0, 6000.0), 20.0), Outcome::Unchanged, "they come in heaps anyway");
        assert_eq!(outcome((0.0, 40.0), (1.0, 4000.0), 1.0), Outcome::TooFew);
        assert_eq!(outcome((0.0, 40.0), (40.0, 40.0), 1.0), Outcome::Worse, "few, but enough for this");
        assert_eq!(outcome((0.0, 0.0), (40.0, 40.0), 1.0), Outcome::TooFew);
    }

    #[test]
    fn many_routes_ask_for_more() {
        let one = arms((10.0, 2000.0), (29.0, 2000.0), 1.0);
        assert_eq!(rates(&[one])[0].outcome, Outcome::Worse);
        let quiet = arms((10.0, 2000.0), (10.0, 2000.0), 1.0);
        let many: Vec<_> = std::iter::once(one).chain(std::iter::repeat_n(quiet, 99)).collect();
        assert_eq!(rates(&many)[0].outcome, Outcome::Unchanged);
        assert!(rates(&many)[0].detectable.unwrap() > rates(&[one])[0].detectable.unwrap());
        let empty = arms((0.0, 2000.0), (1.0, 2000.0), 1.0);
        let silent: Vec<_> = std::iter::once(one).chain(std::iter::repeat_n(empty, 99)).collect();
        assert_eq!(rates(&silent)[0].outcome, Outcome::Worse, "routes without errors cost nothing");
    }

    #[test]
    fn arms_are_added_by_their_hits() {
        let sum = together([Arm { k: 30.0, n: 100.0, dispersion: 4.0 }, Arm { k: 10.0, n: 50.0, dispersion: 2.0 }].into_iter());
        assert_eq!(sum, Arm { k: 40.0, n: 150.0, dispersion: 3.5 });
    }
}
