//! Counts of one cell per window, and by how long its requests took.
//!
//! Lines come nearly in order, so that a count mostly belongs to one of the last entries. What does not is appended, and
//! entries of one window are added up when they are as many again as they need be: a line costs the same in any order.

use std::time::Duration;

/// Requests whose time is not stated are in this band.
pub const UNTIMED: u8 = u8::MAX;
/// Entries at the end that a new count may belong to.
const NEAR: usize = 4;

/// Counts per window and band.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    entries: Vec<Mark>,
    /// Entries at the front that are sorted and have no two of one window and band.
    sorted: usize,
}

/// A count of one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The start of the window in seconds since 1970.
    pub start: i64,
    /// How many of the limits the duration exceeds, or [`UNTIMED`].
    pub band: u8,
    /// Requests.
    pub count: u32,
}

/// The band of a duration: how many of the ascending `limits` it exceeds.
#[inline]
pub fn band_of(duration: Option<Duration>, limits: &[Duration]) -> u8 {
    match duration {
        Some(duration) => limits.iter().filter(|&&limit| duration > limit).count() as u8,
        None => UNTIMED,
    }
}

impl Marks {
    /// Adds one request; true if that took a new entry.
    #[inline]
    pub(super) fn add(&mut self, start: i64, band: u8) -> bool {
        for mark in self.entries.iter_mut().rev().take(NEAR) {
            if mark.start == start && mark.band == band && mark.count < u32::MAX {
                mark.count += 1;
                return false;
            }
        }
        self.entries.push(Mark { start, band, count: 1 });
        true
    }

    /// How many entries there are, those of one window that were not added up yet too.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds all counts of another. They may stand there twice until they are closed.
    pub(super) fn merge(&mut self, other: &Self) {
        self.entries.extend_from_slice(&other.entries);
        // Many small ones that become one are not to be sorted each time.
        if self.entries.len() > 2 * self.sorted {
            self.close();
        }
    }

    /// Folds windows to a width that theirs divides.
    pub(super) fn fold_to(&mut self, width: i64) {
        self.entries.iter_mut().for_each(|mark| mark.start = mark.start.div_euclid(width) * width);
        self.sorted = 0;
        self.close();
    }

    /// Adds up what belongs together.
    pub fn close(&mut self) {
        if self.sorted == self.entries.len() {
            return;
        }
        self.entries.sort_unstable_by_key(|mark| (mark.start, mark.band));
        self.entries.dedup_by(|next, mark| {
            let sum = mark.count.checked_add(next.count).filter(|_| (mark.start, mark.band) == (next.start, next.band));
            sum.is_some_and(|sum| {
                mark.count = sum;
                true
            })
        });
        self.sorted = self.entries.len();
    }

    /// The counts by window and band, in order once they are closed; one that is larger than an entry can hold has several.
    pub fn iter(&self) -> impl Iterator<Item = Mark> + '_ {
        self.entries.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn sums(marks: &mut Marks) -> BTreeMap<(i64, u8), u64> {
        marks.close();
        marks.iter().map(|mark| ((mark.start, mark.band), u64::from(mark.count))).collect()
    }

    proptest! {
        #[test]
        fn counts_are_those_of_a_map_in_any_order(times in prop::collection::vec((0i64..20, 0u8..3), 0..200), cut in 0usize..200) {
            let mut map: BTreeMap<(i64, u8), u64> = BTreeMap::new();
            let (mut whole, mut first, mut second) = (Marks::default(), Marks::default(), Marks::default());
            for (n, &(start, band)) in times.iter().enumerate() {
                *map.entry((start * 60, band)).or_default() += 1;
                whole.add(start * 60, band);
                if n < cut { first.add(start * 60, band) } else { second.add(start * 60, band) };
            }
            first.merge(&second);
            prop_assert_eq!(&sums(&mut whole), &map);
            prop_assert_eq!(&sums(&mut first), &map);
            first.fold_to(300);
            let folded: u64 = sums(&mut first).values().sum();
            prop_assert_eq!(folded, times.len() as u64);
        }
    }

    #[test]
    fn a_full_entry_goes_on_in_another() {
        let mut marks = Marks { entries: vec![Mark { start: 0, band: 0, count: u32::MAX }], sorted: 1 };
        assert!(marks.add(0, 0));
        marks.close();
        assert_eq!(marks.iter().map(|m| u64::from(m.count)).sum::<u64>(), u64::from(u32::MAX) + 1);
    }

    #[test]
    fn bands() {
        let limits = [Duration::from_millis(100), Duration::from_millis(800)];
        let of = |ms| band_of(Some(Duration::from_millis(ms)), &limits);
        assert_eq!([of(0), of(100), of(101), of(800), of(900)], [0, 0, 1, 1, 2]);
        assert_eq!(band_of(None, &limits), UNTIMED);
    }
}
