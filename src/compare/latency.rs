//! How long requests took on each side. Durations are compared by the intervals of their quantiles, whatever shape they have.

use super::rates::ALPHA;
use super::view::{Latency, Outcome, Pair, Quantile};
use crate::baseline::Durations;
use crate::stats::{ranks, z_for};

/// A smaller change of a quantile is none that people feel, however sure it is: a tenth of it, and so many seconds.
const LEAST: (f64, f64) = (0.1, 0.005);

/// The durations of both sides; `None` when neither has any.
pub(super) fn latency(sides: &Pair<Durations>) -> Option<Latency> {
    let count = sides.map(Durations::total);
    let quantile = |q: f64| quantile(sides, q);
    (count.before + count.after > 0).then(|| Latency { count, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) })
}

fn quantile(sides: &Pair<Durations>, q: f64) -> Quantile {
    let (value, bounds) = (sides.map(|side| side.quantile(q)), sides.map(|side| bounds(side, q)));
    let ratio = value.before.zip(value.after).filter(|(before, _)| *before > 0.0).map(|(before, after)| after / before);
    let outcome = match (value.before.zip(value.after), bounds.before.zip(bounds.after)) {
        (Some((before, after)), Some((low, high))) => {
            let matters = (after - before).abs() >= LEAST.1 && (after - before).abs() >= LEAST.0 * before;
            match matters {
                true if high.0 > low.1 => Outcome::Worse,
                true if high.1 < low.0 => Outcome::Better,
                _ => Outcome::Unchanged,
            }
        }
        _ => Outcome::TooFew,
    };
    let Pair { before, after } = value;
    Quantile { before, after, before_interval: bounds.before, after_interval: bounds.after, ratio, outcome }
}

/// Between these the true quantile lies; `None` where there are too few durations for that to have two ends.
fn bounds(side: &Durations, q: f64) -> Option<(f64, f64)> {
    let z = z_for(ALPHA);
    let (low, high) = ranks(side.total(), q, z);
    (low >= 1 && high <= side.total()).then(|| side.interval(q, z)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: &[(u64, u64)], after: &[(u64, u64)]) -> Option<Latency> {
        latency(&Pair::new(before, after).map(|counts| Durations::of([*counts])))
    }

    #[test]
    fn a_slow_tail_is_found_where_it_is() {
        let found = of(&[(10_000, 9000), (50_000, 1000)], &[(10_000, 9000), (400_000, 1000)]).unwrap();
        let outcomes = found.quantiles().map(|(_, quantile)| quantile.outcome);
        assert_eq!(outcomes, [Outcome::Unchanged, Outcome::Worse, Outcome::Worse]);
        assert!((found.p95.ratio.unwrap() - 8.0).abs() < 1e-9);
        let back = of(&[(10_000, 9000), (400_000, 1000)], &[(10_000, 9000), (50_000, 1000)]).unwrap();
        assert_eq!(back.p99.outcome, Outcome::Better);
    }

    #[test]
    fn what_nobody_feels_is_no_change() {
        assert_eq!(of(&[(1_000, 9000)], &[(5_000, 9000)]).unwrap().p95.outcome, Outcome::Unchanged, "four milliseconds");
        assert_eq!(of(&[(1_000_000, 9000)], &[(1_050_000, 9000)]).unwrap().p95.outcome, Outcome::Unchanged, "a twentieth");
        assert_eq!(of(&[(1_000, 9000)], &[(7_000, 9000)]).unwrap().p95.outcome, Outcome::Worse);
    }

    #[test]
    fn few_durations_say_nothing_of_tails() {
        let found = of(&[(10_000, 50)], &[(900_000, 5000)]).unwrap();
        assert_eq!(found.quantiles().map(|(_, quantile)| quantile.outcome), [Outcome::Worse, Outcome::TooFew, Outcome::TooFew]);
        assert_eq!(found.p99.before_interval, None);
        assert!(of(&[], &[]).is_none());
        assert_eq!(of(&[], &[(10, 9000)]).unwrap().p50.outcome, Outcome::TooFew);
    }
}
