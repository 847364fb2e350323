//! Bursts of events and their rhythm, clusters of durations.

use std::ops::Range;

/// Events close to one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// Time of the first.
    pub start: f64,
    /// Time of the last.
    pub end: f64,
    /// How many.
    pub count: usize,
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
pub fn bursts(times: &[f64], quiet: f64) -> Vec<Burst> {
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
pub fn period(starts: &[f64]) -> Option<f64> {
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
pub fn cluster(durations: &mut [f64]) -> Option<(f64, f64)> {
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
    use super::{Burst, bursts, cluster, period};
    use crate::stats::dice::Dice;

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
