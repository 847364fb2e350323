//! The durations of one cell: exact while they are few, a histogram of two significant digits when they are many.
//!
//! A histogram costs 5 to 10 KiB, so that only cells with more than [`EXACT`] durations get one; the others keep theirs at four
//! bytes each. Which of the two a cell has depends on their number alone, never on the order in which they came: that keeps
//! the merge a monoid.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// Up to so many durations are kept as they are, in microseconds of seven digits.
const EXACT: usize = 512;
/// Two digits: a quantile is at most 0.8 % above the true one.
const DIGITS: u8 = 2;

/// Durations in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    kept: Kept,
    max: u64,
}

#[derive(Clone, Debug)]
enum Kept {
    Few(Vec<f32>),
    Many(Box<Histogram<u32>>),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

/// What a report says about durations: seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantiles {
    /// How many durations there are.
    pub count: u64,
    /// Half of all are at or below.
    pub p50: f64,
    /// 90 % are at or below.
    pub p90: f64,
    /// 95 % are at or below.
    pub p95: f64,
    /// 99 % are at or below.
    pub p99: f64,
    /// The largest, exact to a microsecond.
    pub max: f64,
}

impl Latency {
    /// Adds one duration.
    #[inline(always)]
    pub fn record(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.max = self.max.max(micros);
        match &mut self.kept {
            Kept::Many(histogram) => record(histogram, micros),
            Kept::Few(few) if few.len() < EXACT => few.push(micros as f32),
            Kept::Few(_) => self.crowd(micros),
        }
    }

    #[cold]
    fn crowd(&mut self, micros: u64) {
        let histogram = self.histogram();
        record(histogram, micros);
    }

    /// Adds all durations of another.
    pub fn merge(&mut self, other: &Self) {
        self.max = self.max.max(other.max);
        match (&mut self.kept, &other.kept) {
            (Kept::Few(ours), Kept::Few(theirs)) if ours.len() + theirs.len() <= EXACT => ours.extend_from_slice(theirs),
            (_, Kept::Few(theirs)) => {
                let histogram = self.histogram();
                theirs.iter().for_each(|&micros| record(histogram, micros as u64));
            }
            (_, Kept::Many(theirs)) => {
                self.histogram().add(&**theirs).expect("a resizable histogram takes any other");
            }
        }
    }

    fn histogram(&mut self) -> &mut Histogram<u32> {
        if let Kept::Few(few) = &self.kept {
            let mut histogram = Histogram::new(DIGITS).expect("two digits are allowed");
            few.iter().for_each(|&micros| record(&mut histogram, micros as u64));
            self.kept = Kept::Many(Box::new(histogram));
        }
        match &mut self.kept {
            Kept::Many(histogram) => histogram,
            Kept::Few(_) => unreachable!("made many above"),
        }
    }

    /// `None` without durations. Nearest rank, as `sort | sed -n Np` would find it.
    pub fn quantiles(&self) -> Option<Quantiles> {
        let seconds = |micros: u64| micros as f64 / 1e6;
        let max = seconds(self.max);
        match &self.kept {
            Kept::Few(few) if few.is_empty() => None,
            Kept::Few(few) => {
                let mut sorted = few.clone();
                sorted.sort_unstable_by(f32::total_cmp);
                let rank = |percent: usize| f64::from(sorted[(percent * sorted.len()).div_ceil(100).max(1) - 1]) / 1e6;
                Some(Quantiles { count: few.len() as u64, p50: rank(50), p90: rank(90), p95: rank(95), p99: rank(99), max })
            }
            Kept::Many(histogram) => {
                let at = |q: f64| seconds(histogram.value_at_quantile(q).min(self.max));
                Some(Quantiles { count: histogram.len(), p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), max })
            }
        }
    }

    /// The durations in microseconds, ascending, and how many there are of each: of many, two digits are exact.
    pub fn counts(&self) -> Vec<(u64, u64)> {
        let mut counts: Vec<(u64, u64)> = Vec::new();
        let mut add = |micros: u64, count: u64| match counts.last_mut() {
            Some((last, sum)) if *last == micros => *sum += count,
            _ => counts.push((micros, count)),
        };
        match &self.kept {
            Kept::Few(few) => {
                let mut sorted = few.clone();
                sorted.sort_unstable_by(f32::total_cmp);
                sorted.into_iter().for_each(|micros| add(micros as u64, 1));
            }
            Kept::Many(histogram) => histogram.iter_recorded().for_each(|bucket| {
                add(bucket.value_iterated_to().min(self.max), bucket.count_since_last_iteration());
            }),
        }
        counts
    }
}

fn record(histogram: &mut Histogram<u32>, micros: u64) {
    // A month: sockets that live longer count as that, so that one of them does not make the histogram larger for all.
    const MOST: u64 = 30 * 86_400 * 1_000_000;
    // As it is kept while there are few: rounded or not must not hang on who came first.
    histogram.record((micros as f32 as u64).min(MOST)).expect("a resizable histogram takes any value");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_tell_the_same_quantiles() {
        for many in [40, 4000] {
            let latency = of(&(0..many).map(|n| n * n % 9973).collect::<Vec<u64>>());
            let (counts, quantiles) = (latency.counts(), latency.quantiles().unwrap());
            assert!(counts.windows(2).all(|pair| pair[0].0 < pair[1].0));
            assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), many);
            let mut seen = 0;
            let p95 = counts.iter().find(|(_, count)| {
                seen += count;
                seen >= (95 * many).div_ceil(100)
            });
            assert!((p95.unwrap().0 as f64 / 1e6 - quantiles.p95).abs() < 1e-9);
        }
        assert!(Latency::default().counts().is_empty());
    }

    fn of(micros: &[u64]) -> Latency {
        let mut latency = Latency::default();
        micros.iter().for_each(|&m| latency.record(Duration::from_micros(m)));
        latency
    }

    #[test]
    fn rounding_does_not_hang_on_the_order() {
        // Seven digits of this belong to the next step of the histogram.
        let many = |count: usize| of(&vec![(1 << 25) - 1; count]);
        let mut merged = many(400);
        merged.merge(&many(400));
        merged.merge(&many(400));
        assert_eq!(merged.quantiles(), many(1200).quantiles());
    }

    proptest! {
        #[test]
        fn merging_is_recording(a in prop::collection::vec(0u64..90_000_000, 0..900), b in prop::collection::vec(0u64..9_000_000_000, 0..900)) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            let mut other_way = of(&b);
            other_way.merge(&of(&a));
            let whole = of(&[a, b].concat());
            prop_assert_eq!(merged.quantiles(), whole.quantiles());
            prop_assert_eq!(other_way.quantiles(), whole.quantiles());
        }

        #[test]
        fn quantiles_are_within_one_percent_of_nearest_rank(mut micros in prop::collection::vec(1u64..9_000_000_000, 1..1500)) {
            let q = of(&micros).quantiles().unwrap();
            micros.sort_unstable();
            for (percent, found) in [(50, q.p50), (90, q.p90), (95, q.p95), (99, q.p99)] {
                let exact = micros[(percent * micros.len()).div_ceil(100) - 1] as f64 / 1e6;
                prop_assert!((found - exact).abs() <= exact * 0.01 + 1e-6, "p{percent}: {found} instead of {exact}");
            }
        }
    }
}
