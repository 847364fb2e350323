//! Every span of a series, and which of them is the most unusual.

use super::dispersion::{Bin, may_be, surprise};
use std::ops::Range;

/// Sums from the start, to have the sum of any span at once.
pub(super) struct Sums(Vec<Bin>);

impl Sums {
    pub(super) fn of(bins: &[Bin]) -> Self {
        let mut sum = Bin::default();
        let sums = bins.iter().map(|bin| {
            sum = Bin { k: sum.k + bin.k.max(0.0), n: sum.n + bin.n.max(0.0) };
            sum
        });
        Self([Bin::default()].into_iter().chain(sums).collect())
    }

    /// Bins.
    pub(super) fn len(&self) -> usize {
        self.0.len() - 1
    }

    pub(super) fn within(&self, range: &Range<usize>) -> Bin {
        let (from, to) = (self.0[range.start], self.0[range.end]);
        Bin { k: to.k - from.k, n: to.n - from.n }
    }

    /// How unusual a span of more hits is, inside and outside of it together; none for one of fewer hits or of everything.
    pub(super) fn strength(&self, range: &Range<usize>, dispersion: f64) -> f64 {
        let (inside, all) = (self.within(range), self.0[self.0.len() - 1]);
        let rate = all.k / all.n;
        if inside.n <= 0.0 || inside.n >= all.n || inside.k <= rate * inside.n {
            return 0.0;
        }
        let outside = Bin { k: all.k - inside.k, n: all.n - inside.n };
        surprise(inside.k, rate * inside.n, dispersion) + surprise(outside.k, rate * outside.n, dispersion)
    }

    /// The most unusual span.
    pub(super) fn best(&self, dispersion: f64) -> Option<(Range<usize>, f64)> {
        self.best_from(f64::MIN_POSITIVE, dispersion)
    }

    /// The most unusual span of those that are at least so unusual, the first one of several. There are tens of thousands of
    /// spans, and logarithms are dear: one whose strength cannot be enough by a simple bound is passed over. Nor does the
    /// best span begin or end with a bin without hits: it is more unusual without that bin, and as unusual where nothing at
    /// all was in it.
    pub(super) fn best_from(&self, least: f64, dispersion: f64) -> Option<(Range<usize>, f64)> {
        self.best_within(1.0, least, dispersion)
    }

    /// The same of those that have at most this part of all requests.
    pub(super) fn best_within(&self, part: f64, least: f64, dispersion: f64) -> Option<(Range<usize>, f64)> {
        let last = self.0.len() - 1;
        let all = self.0[last];
        let rate = all.k / all.n;
        let most = part * all.n;
        let has_hits: Vec<bool> = self.0.windows(2).map(|pair| pair[1].k > pair[0].k).collect();
        let mut best: Option<(Range<usize>, f64)> = None;
        for start in (0..last).filter(|&start| has_hits[start] || self.0[start + 1].n <= self.0[start].n) {
            for end in (start + 1..=last).filter(|&end| has_hits[end - 1]) {
                let enough = best.as_ref().map_or(least, |(_, strength)| *strength);
                let inside = self.within(&(start..end));
                if inside.n > most {
                    break;
                }
                let (expected, outside) = (rate * inside.n, (all.k - inside.k) + rate * (all.n - inside.n));
                let above = inside.k - expected;
                if above <= 0.0 || !may_be(enough, above, expected, outside, dispersion) {
                    continue;
                }
                let strength = self.strength(&(start..end), dispersion);
                if strength > enough || (best.is_none() && strength >= enough) {
                    best = Some((start..end, strength));
                }
            }
        }
        best
    }

    /// The span whose ends are at most `by` bins away and that is the most unusual.
    pub(super) fn sharpened(&self, range: &Range<usize>, by: usize) -> Range<usize> {
        if by <= 1 {
            return range.clone();
        }
        let last = self.0.len() - 1;
        let near = |at: usize| at.saturating_sub(by)..=(at + by).min(last);
        let spans = near(range.start).flat_map(|start| near(range.end).filter(move |end| *end > start).map(move |end| start..end));
        spans.max_by(|a, b| self.strength(a, 1.0).total_cmp(&self.strength(b, 1.0))).unwrap_or_else(|| range.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Sums;
    use crate::stats::dice::Dice;
    use std::ops::Range;

    #[test]
    fn what_is_passed_over_is_never_the_best() {
        // The slow twin looks at every span.
        fn best(sums: &Sums, dispersion: f64) -> Option<(Range<usize>, f64)> {
            let spans = (0..sums.0.len()).flat_map(|start| (start + 1..sums.0.len()).map(move |end| start..end));
            spans.map(|span| (span.clone(), sums.strength(&span, dispersion))).fold(None, |best: Option<(Range<usize>, f64)>, next| {
                if next.1 > best.as_ref().map_or(0.0, |(_, most)| *most) { Some(next) } else { best }
            })
        }
        let mut dice = Dice(21);
        for round in 0..400 {
            let (heaps, mean) = ([1.0, 1.00005, 1.5, 4.0, 9.0][round % 5], [0.05, 0.5, 3.0, 30.0][round % 4]);
            let mut bins = dice.bins(4 + round % 60, heaps, |at| if at > 20 && round % 3 == 0 { 4.0 * mean } else { mean });
            // Some times nobody asked for anything, at others there is no telling how many each record stands for.
            for bin in &mut bins {
                let quiet = dice.unit() < 0.1;
                bin.n = if quiet { bin.k } else { bin.k + dice.poisson(5.0) * 17.3 };
            }
            let sums = Sums::of(&bins);
            for dispersion in [1.0, 1.00005, heaps] {
                let slow = best(&sums, dispersion);
                assert_eq!(sums.best(dispersion), slow);
                if let Some((_, most)) = slow {
                    assert!(sums.best_from(most, dispersion).is_some() && sums.best_from(most * 1.000_000_1, dispersion).is_none());
                }
            }
        }
    }
}
