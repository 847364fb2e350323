//! Where in a series a rate was higher than elsewhere.
//!
//! How much hits come in heaps is measured on the bins that are not under suspicion, and what is not overwhelming must also be
//! rarer than in the same bins shuffled.

use super::dispersion::{Bin, dispersion, dispersion_outside};
use super::spans::Sums;
use std::ops::Range;

/// A span in which hits were more frequent than outside of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Its bins.
    pub range: Range<usize>,
    /// How much likelier the hits are with it than without: natural logarithm of the ratio.
    pub strength: f64,
    /// Rate in it against the rate outside; infinite where there was none outside.
    pub rise: f64,
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
/// Shuffled series of which none may hold such a span.
const SHUFFLES: usize = 60;

/// The span that is the most unusual, whether or not it is unusual enough.
pub(super) struct Candidate {
    /// The bins, several together where there are too many.
    pub(super) coarse: Vec<Bin>,
    /// The span, in coarse bins.
    pub(super) range: Range<usize>,
    /// Hits in it.
    pub(super) hits: f64,
    /// Dispersion outside of it, taken higher than measured.
    pub(super) cautious: f64,
    /// See [`Incident::strength`]; with that dispersion.
    pub(super) strength: f64,
    /// See [`Incident::rise`].
    pub(super) rise: f64,
    width: usize,
    sums: Sums,
}

impl Candidate {
    /// Of the spans that have at most this part of all requests.
    pub(super) fn of(bins: &[Bin], part: f64) -> Option<Self> {
        let width = bins.len().div_ceil(MOST_BINS).max(1);
        let sums = Sums::of(bins);
        let coarse: Vec<Bin> = (0..bins.len()).step_by(width).map(|at| sums.within(&(at..(at + width).min(bins.len())))).collect();
        let coarse_sums = Sums::of(&coarse);
        let mut range = coarse_sums.best_within(part, f64::MIN_POSITIVE, 1.0)?.0;
        // What is under suspicion must not tell how much is normal, and what is normal tells what is suspicious.
        for _ in 0..3 {
            let normal = dispersion_outside(&coarse, &range).0;
            // At least as unusual as the last one.
            let least = coarse_sums.strength(&range, normal).max(f64::MIN_POSITIVE);
            let again = coarse_sums.best_within(part, least, normal)?.0;
            if again == range {
                break;
            }
            range = again;
        }
        let (_, cautious) = dispersion_outside(&coarse, &range);
        let strength = coarse_sums.strength(&range, cautious);
        let (inside, all) = (coarse_sums.within(&range), coarse_sums.within(&(0..coarse.len())));
        let rise = (inside.k / inside.n) / ((all.k - inside.k) / (all.n - inside.n));
        Some(Self { coarse, range, hits: inside.k, cautious, strength, rise, width, sums })
    }

    /// With its ends as sharp as the bins are.
    pub(super) fn incident(&self) -> Incident {
        let fine = (self.range.start * self.width)..(self.range.end * self.width).min(self.sums.len());
        Incident { range: self.sums.sharpened(&fine, self.width), strength: self.strength, rise: self.rise }
    }
}

/// The span in which hits were most unusually frequent, if chance has such a one in less than one of fifty series.
pub fn incident(bins: &[Bin]) -> Option<Incident> {
    let found = Candidate::of(bins, 1.0)?;
    let enough = ENOUGH.0 + ENOUGH.1 * (found.cautious - 1.0).min(10.0);
    let is_large = found.hits >= FEWEST && found.rise >= LEAST_RISE && found.strength >= enough;
    (is_large && (found.strength >= OVERWHELMING || beats_shuffled(&found.coarse))).then(|| found.incident())
}

/// Whether no shuffled series of the same bins holds a span as unusual as the most unusual one here: hits that only come in
/// heaps do so in any order.
fn beats_shuffled(bins: &[Bin]) -> bool {
    let all = dispersion(bins);
    let Some((_, here)) = Sums::of(bins).best(all) else { return false };
    shuffled(bins).take(SHUFFLES).all(|bins| Sums::of(&bins).best_from(here, all).is_none())
}

/// The bins in ever other orders. The same series has to give the same answer each time, so the dice are fixed.
pub(super) fn shuffled(bins: &[Bin]) -> impl Iterator<Item = Vec<Bin>> {
    let mut shuffled = bins.to_vec();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(move || {
        for at in (1..shuffled.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            shuffled.swap(at, (state % (at as u64 + 1)) as usize);
        }
        shuffled.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::{Bin, OVERWHELMING, incident};
    use crate::stats::dice::Dice;

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
}
