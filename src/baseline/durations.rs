//! Durations as they were counted: quantiles, and how sure they are.

use crate::stats;

/// Durations of one or several routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// Microseconds and how many, ascending.
    counts: Vec<(u64, u64)>,
    total: u64,
}

impl Durations {
    /// Those of several counts together: pairs of microseconds and how many.
    pub fn of<'c>(parts: impl IntoIterator<Item = &'c [(u64, u64)]>) -> Self {
        let mut counts: Vec<(u64, u64)> = parts.into_iter().flatten().copied().collect();
        counts.sort_unstable();
        counts.dedup_by(|next, sum| {
            let is_same = next.0 == sum.0;
            sum.1 = if is_same { sum.1.saturating_add(next.1) } else { sum.1 };
            is_same
        });
        let total = counts.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        Self { counts, total }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many are longer than so many seconds.
    pub fn slower_than(&self, seconds: f64) -> u64 {
        self.counts.iter().filter(|(micros, _)| *micros as f64 / 1e6 > seconds).map(|(_, count)| count).sum()
    }

    /// The quantile, 0 to 1, by nearest rank, in seconds; `None` without durations.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        // 0.95 x 20 is a little more than 19 in binary, and means 19.
        self.at_rank((quantile * self.total as f64 - 1e-9).ceil().max(1.0) as u64)
    }

    /// Between these the quantile of all that could have been logged lies, `z` standard errors away: seconds. Where there are too few
    /// for any to bound it, 0 and infinity do.
    pub fn interval(&self, quantile: f64, z: f64) -> Option<(f64, f64)> {
        let (low, high) = stats::ranks(self.total, quantile, z);
        let low = if low == 0 { Some(0.0) } else { self.at_rank(low) };
        let high = if high > self.total { Some(f64::INFINITY) } else { self.at_rank(high) };
        low.zip(high).filter(|_| self.total > 0)
    }

    /// The duration of this rank, from 1.
    fn at_rank(&self, rank: u64) -> Option<f64> {
        let mut seen = 0;
        let found = self.counts.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        found.or(self.counts.last()).map(|(micros, _)| *micros as f64 / 1e6)
    }
}

impl From<Durations> for Vec<(u64, u64)> {
    fn from(durations: Durations) -> Self {
        durations.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_list() {
        let durations = Durations::of([[(1000, 10), (3000, 5)].as_slice(), &[(2000, 4), (3000, 1)]]);
        assert_eq!(durations.total(), 20);
        let micros = |q: f64| (durations.quantile(q).unwrap() * 1e6).round() as u64;
        assert_eq!([0.5, 0.51, 0.7, 0.95, 1.0].map(micros), [1000, 2000, 2000, 3000, 3000]);
        assert_eq!((durations.slower_than(0.001), durations.slower_than(0.003)), (10, 0));
        let (low, high) = durations.interval(0.5, 2.576).unwrap();
        assert!(low <= 0.001 && high >= 0.002);
        assert!(durations.interval(0.99, 2.576).unwrap().1.is_infinite());
        assert_eq!((Durations::default().quantile(0.5), Durations::default().interval(0.5, 2.0)), (None, None));
    }
}
