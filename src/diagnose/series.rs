//! Statistics of series over time: where a rate was higher than elsewhere, bursts and their
//! rhythm, clusters of durations. Numbers in, numbers out; knows nothing of logs.
//!
//! Errors come in heaps (retries, one bad host), so a rate is never judged by the Poisson distribution alone: its variance is
//! measured on the bins that are not under suspicion, a negative binomial of that variance is what chance is, and what is
//! not overwhelming must also be rarer than in the same bins shuffled.

use std::ops::Range;

/// Hits among all requests in one of many equally long spans of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bin {
    /// Hits.
    pub k: f64,
    /// All; hits that are counted without a whole have 1 here.
    pub n: f64,
}

/// A span in which hits were more frequent than outside of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Incident {
    /// Its bins.
    pub range: Range<usize>,
    /// How much likelier the hits are with it than without: natural logarithm of the ratio.
    pub strength: f64,
    /// Rate in it against the rate outside; infinite where there was none outside.
    pub rise: f64,
}

/// Events close to one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Burst {
    /// Time of the first.
    pub start: f64,
    /// Time of the last.
    pub end: f64,
    /// How many.
    pub count: usize,
}

/// Fewer hits are no incident, whatever their share.
const FEWEST: f64 = 5.0;
/// Nor is a smaller rise: with enough requests anything is significant.
const LEAST_RISE: f64 = 2.0;
/// More bins than this are searched two, three … together, for every span of them is looked at.
const MOST_BINS: usize = 240;

// Set by simulation: series of 20 to 240 bins with 0.1 to 40 hits a bin and a dispersion of 1, 3 and 8 raise a false alarm in
// less than one of fifty; a five-fold rise of a tenth of 60 bins is found from 2 hits a bin on (dispersion 1) or 10 (3 and 8).

/// Strength that an incident has at least, and what is added for each unit of dispersion.
const ENOUGH: (f64, f64) = (6.5, 0.3);
/// Strength from which on it may be a single bin: shuffling cannot speak for that.
const OVERWHELMING: f64 = 30.0;
/// Standard errors that the dispersion is taken higher than it was measured.
const CAUTION: f64 = 2.0;
/// Shuffled series of which none may hold such a span.
const SHUFFLES: usize = 60;

/// The variance of hits against what Poisson's distribution has, at least 1: how much they come in heaps.
pub(super) fn dispersion(bins: &[Bin]) -> f64 {
    dispersion_outside(bins, &(0..0)).0
}

/// The same for the bins outside of a span, and a cautious guess that is higher by some standard errors.
fn dispersion_outside(bins: &[Bin], span: &Range<usize>) -> (f64, f64) {
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

/// Hits of less dispersion than this come one by one.
const POISSON: f64 = 1.0001;

/// How unlikely `k` hits are where `expected` are, for hits of some dispersion: the rate function of the negative binomial
/// (of Poisson's distribution for 1), which bounds the logarithm of the tail's probability.
fn surprise(k: f64, expected: f64, dispersion: f64) -> f64 {
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
fn may_be(enough: f64, above: f64, expected: f64, outside: f64, dispersion: f64) -> bool {
    let inside = 2.0 * expected * if dispersion < POISSON { 1.0 } else { dispersion };
    // More than rounding may take away.
    above * above * (inside + outside) * 1.000_01 >= (enough - 1e-6) * inside * outside
}

/// The span in which hits were most unusually frequent, if chance has such a one in less than one of fifty series.
pub(super) fn incident(bins: &[Bin]) -> Option<Incident> {
    let width = bins.len().div_ceil(MOST_BINS).max(1);
    let sums = Sums::of(bins);
    let coarse: Vec<Bin> = (0..bins.len()).step_by(width).map(|at| sums.within(&(at..(at + width).min(bins.len())))).collect();
    let coarse_sums = Sums::of(&coarse);
    let mut range = coarse_sums.best(1.0)?.0;
    // What is under suspicion must not tell how much is normal, and what is normal tells what is suspicious.
    for _ in 0..3 {
        let normal = dispersion_outside(&coarse, &range).0;
        // At least as unusual as the last one.
        let least = coarse_sums.strength(&range, normal).max(f64::MIN_POSITIVE);
        let again = coarse_sums.best_from(least, normal)?.0;
        if again == range {
            break;
        }
        range = again;
    }
    let (_, cautious) = dispersion_outside(&coarse, &range);
    let strength = coarse_sums.strength(&range, cautious);
    let (inside, all) = (coarse_sums.within(&range), coarse_sums.within(&(0..coarse.len())));
    let rise = (inside.k / inside.n) / ((all.k - inside.k) / (all.n - inside.n));
    let enough = ENOUGH.0 + ENOUGH.1 * (cautious - 1.0).min(10.0);
    if inside.k < FEWEST || rise < LEAST_RISE || strength < enough || (strength < OVERWHELMING && !beats_shuffled(&coarse)) {
        return None;
    }
    let fine = (range.start * width)..(range.end * width).min(bins.len());
    Some(Incident { range: sums.sharpened(&fine, width), strength, rise })
}

/// Whether no shuffled series of the same bins holds a span as unusual as the most unusual one here: hits that only come in
/// heaps do so in any order.
fn beats_shuffled(bins: &[Bin]) -> bool {
    let all = dispersion(bins);
    let Some((_, here)) = Sums::of(bins).best(all) else { return false };
    let beats = |bins: &[Bin]| Sums::of(bins).best_from(here, all).is_some();
    let mut shuffled = bins.to_vec();
    // The same series has to give the same answer each time, so the dice are fixed.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    (0..SHUFFLES).all(|_| {
        for at in (1..shuffled.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            shuffled.swap(at, (state % (at as u64 + 1)) as usize);
        }
        !beats(&shuffled)
    })
}

/// Sums from the start, to have the sum of any span at once.
struct Sums(Vec<Bin>);

impl Sums {
    fn of(bins: &[Bin]) -> Self {
        let mut sum = Bin::default();
        let sums = bins.iter().map(|bin| {
            sum = Bin { k: sum.k + bin.k.max(0.0), n: sum.n + bin.n.max(0.0) };
            sum
        });
        Self([Bin::default()].into_iter().chain(sums).collect())
    }

    fn within(&self, range: &Range<usize>) -> Bin {
        let (from, to) = (self.0[range.start], self.0[range.end]);
        Bin { k: to.k - from.k, n: to.n - from.n }
    }

    /// How unusual a span of more hits is, inside and outside of it together; none for one of fewer hits or of everything.
    fn strength(&self, range: &Range<usize>, dispersion: f64) -> f64 {
        let (inside, all) = (self.within(range), self.0[self.0.len() - 1]);
        let rate = all.k / all.n;
        if inside.n <= 0.0 || inside.n >= all.n || inside.k <= rate * inside.n {
            return 0.0;
        }
        let outside = Bin { k: all.k - inside.k, n: all.n - inside.n };
        surprise(inside.k, rate * inside.n, dispersion) + surprise(outside.k, rate * outside.n, dispersion)
    }

    /// The most unusual span.
    fn best(&self, dispersion: f64) -> Option<(Range<usize>, f64)> {
        self.best_from(f64::MIN_POSITIVE, dispersion)
    }

    /// The most unusual span of those that are at least so unusual, the first one of several. There are tens of thousands of
    /// spans, and logarithms are dear: one whose strength cannot be enough by a simple bound is passed over. Nor does the
    /// best span begin or end with a bin without hits: it is more unusual without that bin, and as unusual where nothing at
    /// all was in it.
    fn best_from(&self, least: f64, dispersion: f64) -> Option<(Range<usize>, f64)> {
        let last = self.0.len() - 1;
        let all = self.0[last];
        let rate = all.k / all.n;
        let has_hits: Vec<bool> = self.0.windows(2).map(|pair| pair[1].k > pair[0].k).collect();
        let mut best: Option<(Range<usize>, f64)> = None;
        for start in (0..last).filter(|&start| has_hits[start] || self.0[start + 1].n <= self.0[start].n) {
            for end in (start + 1..=last).filter(|&end| has_hits[end - 1]) {
                let enough = best.as_ref().map_or(least, |(_, strength)| *strength);
                let inside = self.within(&(start..end));
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
    fn sharpened(&self, range: &Range<usize>, by: usize) -> Range<usize> {
        if by <= 1 {
            return range.clone();
        }
        let last = self.0.len() - 1;
        let near = |at: usize| at.saturating_sub(by)..=(at + by).min(last);
        let spans = near(range.start).flat_map(|start| near(range.end).filter(move |end| *end > start).map(move |end| start..end));
        spans.max_by(|a, b| self.strength(a, 1.0).total_cmp(&self.strength(b, 1.0))).unwrap_or_else(|| range.clone())
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn median(values: &[f64]) -> Option<f64> {
    let values = sorted(values.to_vec());
    Some((values.get(values.len() / 2)? + values.get(values.len().checked_sub(1)? / 2)?) / 2.0)
}

/// Events with less than `quiet` between them, as bursts in order of time.
pub(super) fn bursts(times: &[f64], quiet: f64) -> Vec<Burst> {
    let mut bursts: Vec<Burst> = Vec::new();
    for time in sorted(times.to_vec()) {
        match bursts.last_mut() {
            Some(burst) if time - burst.end < quiet => {
                burst.end = time;
                burst.count += 1;
            }
            _ => bursts.push(Burst { start: time, end: time, count: 1 }),
        }
    }
    bursts
}

/// The time from start to start, where the starts (in order) are regular: three gaps or more that are much alike. The more there
/// are, the less alike they need be, and of many a fourth may hold two or three periods: a burst was missed. Bursts of a single
/// event are better left out: of sparse events those with quiet between them look regular.
pub(super) fn period(starts: &[f64]) -> Option<f64> {
    let gaps: Vec<f64> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let typical = median(&gaps).filter(|typical| *typical > 0.0)?;
    let alike = match gaps.len() {
        0..3 => return None,
        3 => 0.08,
        4 | 5 => 0.1,
        _ => 0.12,
    };
    let periods = |gap: &f64| (gap / typical).round().clamp(1.0, 3.0);
    let longer = gaps.iter().filter(|gap| periods(gap) > 1.0).count();
    if longer > 0 && (gaps.len() < 6 || longer * 4 > gaps.len()) {
        return None;
    }
    let period = gaps.iter().sum::<f64>() / gaps.iter().map(periods).sum::<f64>();
    let variance = gaps.iter().map(|gap| (gap - periods(gap) * period).powi(2)).sum::<f64>() / (gaps.len() - 1) as f64;
    (variance.sqrt() <= alike * period).then_some(period)
}

/// How far apart the durations of a cluster may be: seconds, or part of the shortest.
const TOLERANCE: (f64, f64) = (0.15, 0.02);

/// The median of the tightest cluster of durations and the part of all of them that lies in it. Sorts them.
pub(super) fn cluster(durations: &mut [f64]) -> Option<(f64, f64)> {
    durations.sort_by(f64::total_cmp);
    let (mut best, mut end) = (0..0, 0);
    for start in 0..durations.len() {
        let last = durations[start] + TOLERANCE.0.max(TOLERANCE.1 * durations[start]);
        while end < durations.len() && durations[end] <= last {
            end += 1;
        }
        let spread = |range: &Range<usize>| durations[range.end - 1] - durations[range.start];
        if end > start && (end - start > best.len() || (end - start == best.len() && spread(&(start..end)) < spread(&best))) {
            best = start..end;
        }
    }
    let share = best.len() as f64 / durations.len() as f64;
    Some((median(&durations[best])?, share))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeded dice.
    struct Dice(u64);

    impl Dice {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        }

        fn poisson(&mut self, mean: f64) -> f64 {
            let (limit, mut product, mut count) = ((-mean).exp(), 1.0, 0.0);
            loop {
                product *= self.unit();
                if product <= limit {
                    return count;
                }
                count += 1.0;
            }
        }

        /// Poisson's number of heaps, each of a logarithmic number of hits: a negative binomial.
        fn heaps(&mut self, mean: f64, dispersion: f64) -> f64 {
            if dispersion <= 1.0 {
                return self.poisson(mean);
            }
            let goes_on = 1.0 - 1.0 / dispersion;
            let heaps = self.poisson(mean * dispersion.ln() / (dispersion - 1.0));
            (0..heaps as usize).map(|_| self.logarithmic(goes_on)).sum()
        }

        fn logarithmic(&mut self, p: f64) -> f64 {
            let (mut rest, mut k) = (self.unit(), 1.0);
            let mut part = -p / (1.0 - p).ln();
            while rest > part && k < 1000.0 {
                rest -= part;
                part *= p * k / (k + 1.0);
                k += 1.0;
            }
            k
        }

        fn bins(&mut self, count: usize, dispersion: f64, mean: impl Fn(usize) -> f64) -> Vec<Bin> {
            (0..count).map(|at| Bin { k: self.heaps(mean(at), dispersion), n: 300.0 }).collect()
        }
    }

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
    fn healthy_series_raise_hardly_any_alarm() {
        for dispersion in [1.0, 3.0, 8.0] {
            let (mut dice, mut alarms, mut series) = (Dice(3), 0, 0);
            for mean in [0.2, 1.0, 5.0] {
                for _ in 0..120 {
                    series += 1;
                    alarms += usize::from(incident(&dice.bins(60, dispersion, |_| mean)).is_some());
                }
            }
            assert!(alarms * 50 <= series, "{alarms} of {series} with dispersion {dispersion}");
        }
    }

    #[test]
    fn a_five_fold_rise_is_found_with_its_ends() {
        for (dispersion, mean, width) in [(1.0, 2.0, 6), (3.0, 10.0, 6), (8.0, 10.0, 15), (1.0, 1.0, 15)] {
            let mut dice = Dice(5);
            let (mut found, mut sharp) = (0, 0);
            for _ in 0..50 {
                let rise = 20..20 + width;
                let bins = dice.bins(60, dispersion, |at| if rise.contains(&at) { 5.0 * mean } else { mean });
                if let Some(incident) = incident(&bins) {
                    found += 1;
                    sharp += usize::from(incident.range.start.abs_diff(rise.start) <= 2 && incident.range.end.abs_diff(rise.end) <= 2);
                }
            }
            assert!(found >= 45 && sharp >= 40, "{found} found, {sharp} of them sharp: {dispersion} {mean} {width}");
        }
    }

    #[test]
    fn an_outage_in_one_bin_is_found_and_one_to_the_end_too() {
        let mut bins = vec![Bin { k: 0.0, n: 100.0 }; 60];
        bins[7].k = 1.0;
        bins[30].k = 80.0;
        let found = incident(&bins).unwrap();
        assert_eq!(found.range, 30..31);
        assert!(found.rise > 1000.0 && found.strength > OVERWHELMING);
        for bin in &mut bins[40..] {
            bin.k = 30.0;
        }
        bins[30].k = 0.0;
        assert_eq!(incident(&bins).unwrap().range, 40..60);
        bins[7].k = 0.0;
        assert!(incident(&bins).unwrap().rise.is_infinite());
    }

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

    #[test]
    fn what_is_everywhere_or_nowhere_is_no_incident() {
        assert_eq!(incident(&[]), None);
        assert_eq!(incident(&[Bin { k: 9.0, n: 9.0 }]), None);
        assert_eq!(incident(&[Bin::default(); 100]), None);
        assert_eq!(incident(&vec![Bin { k: 50.0, n: 100.0 }; 100]), None);
        let mut few = vec![Bin { k: 0.0, n: 100.0 }; 100];
        few[3].k = 4.0;
        assert_eq!(incident(&few), None);
    }

    #[test]
    fn long_series_are_searched_coarsely_and_answered_finely() {
        let mut dice = Dice(9);
        let bins = dice.bins(5000, 1.0, |at| if (2001..2400).contains(&at) { 2.0 } else { 0.2 });
        let found = incident(&bins).unwrap();
        assert!(found.range.start.abs_diff(2001) <= 6 && found.range.end.abs_diff(2400) <= 6, "{:?}", found.range);
    }

    #[test]
    fn bursts_have_quiet_between_them() {
        let found = bursts(&[30.0, 0.0, 1.0, 2.5, 31.0, 90.0], 5.0);
        let burst = |start, end, count| Burst { start, end, count };
        assert_eq!(found, [burst(0.0, 2.5, 3), burst(30.0, 31.0, 2), burst(90.0, 90.0, 1)]);
        assert!(bursts(&[], 5.0).is_empty());
    }

    #[test]
    fn periods_are_regular_gaps() {
        assert_eq!(period(&[0.0, 30.0, 60.0, 90.0]), Some(30.0));
        assert!((period(&[0.4, 30.1, 60.3, 89.9, 120.2]).unwrap() - 30.0).abs() < 0.2);
        // One of seven was missed.
        assert!((period(&[0.0, 30.0, 60.0, 120.0, 150.0, 180.0, 210.0]).unwrap() - 30.0).abs() < 0.1);
        for irregular in [&[0.0, 30.0, 60.0][..], &[0.0, 10.0, 50.0, 60.0], &[0.0, 30.0, 60.0, 120.0], &[5.0, 5.0, 5.0, 5.0], &[]] {
            assert_eq!(period(irregular), None, "{irregular:?}");
        }
        let mut dice = Dice(6);
        let by_chance = |count: usize, dice: &mut Dice| {
            let mut at = 0.0;
            let starts: Vec<f64> = (0..count)
                .map(|_| {
                    at -= 60.0 * dice.unit().ln();
                    at
                })
                .collect();
            period(&starts).is_some()
        };
        for count in [4, 6, 12] {
            let wrong = (0..2000).filter(|_| by_chance(count, &mut dice)).count();
            assert!(wrong <= 30, "{wrong} of 2000 with {count}");
        }
    }

    #[test]
    fn clusters_are_tight() {
        let (center, share) = cluster(&mut [5.01, 0.2, 5.0, 5.02, 9.7, 5.0, 1.1, 2.2, 3.3, 5.01]).unwrap();
        assert!((center - 5.01).abs() < 0.011 && (share - 0.5).abs() < 1e-9, "{center} {share}");
        let (center, share) = cluster(&mut [60.0, 60.9, 61.1, 120.0]).unwrap();
        assert!((center - 60.9).abs() < 1e-9 && (share - 0.75).abs() < 1e-9);
        assert_eq!(cluster(&mut []), None);
        assert_eq!(cluster(&mut [3.0]), Some((3.0, 1.0)));
        assert!(cluster(&mut [f64::NAN, 1.0, 1.0]).is_some_and(|(center, _)| (center - 1.0).abs() < 1e-9));
    }
}
