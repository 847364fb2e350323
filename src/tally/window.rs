//! Counts per time window and code.
//!
//! Windows start narrow and are folded to the next width of a ladder when there are too many of them. The ladder's steps
//! divide one another, so that a fold loses no count, and the final width depends only on which windows are occupied, not
//! on who saw them first.

use super::codes::CodeSlots;
use crate::model::{ServiceId, StatusCode};
use hashbrown::HashMap;

/// Widths in seconds, each a divisor of the next.
pub const LADDER: [i64; 16] =
    [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400, 864_000, 8_640_000, 86_400_000, 864_000_000, 8_640_000_000];
/// With more occupied windows than this, windows of automatic width are folded.
pub const MAX_WINDOWS: usize = 2_048;
/// The same for a width that the user chose.
const MAX_CHOSEN: usize = 65_536;

/// Windows times codes at the most, for a chosen width: 8 MiB of counts.
const MAX_COUNTS: usize = 1 << 20;
/// The same for an automatic width. Without services, a thousand codes in all windows are just as many.
const MAX_AUTOMATIC_COUNTS: usize = MAX_WINDOWS * 1024;

/// How wide windows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// From the ladder, by the number of occupied windows.
    Automatic,
    /// This many seconds, doubled only when there are more windows than are kept.
    Chosen(i64),
}

impl Width {
    pub(super) fn first(self) -> i64 {
        match self {
            Self::Automatic => LADDER[0],
            Self::Chosen(seconds) => seconds.max(1),
        }
    }

    pub(super) fn next(self, width: i64) -> i64 {
        match self {
            Self::Automatic => LADDER.into_iter().find(|&w| w > width).unwrap_or(width * 10),
            Self::Chosen(_) => width * 2,
        }
    }

    /// Windows at the most, where each has room for `stride` codes.
    fn limit(self, stride: usize) -> usize {
        match self {
            Self::Automatic => MAX_WINDOWS.min(MAX_AUTOMATIC_COUNTS / stride),
            Self::Chosen(_) => MAX_CHOSEN.min(MAX_COUNTS / stride),
        }
    }
}

/// Counts per window and code.
#[derive(Clone, Debug)]
pub struct Windows {
    policy: Width,
    width: i64,
    /// The row of each window. In no order: a line costs the same however many there are.
    rows: HashMap<i64, u32>,
    counts: Vec<u64>,
    stride: usize,
    /// The window of the last line: the next one is mostly in it too.
    current: (i64, i64, u32),
}

impl Windows {
    /// No windows yet.
    pub fn new(policy: Width) -> Self {
        Self { policy, width: policy.first(), rows: HashMap::new(), counts: Vec::new(), stride: 8, current: (0, 0, 0) }
    }

    /// The width in seconds.
    pub fn width(&self) -> i64 {
        self.width
    }

    /// Adds `count` responses at a time.
    #[inline(always)]
    pub fn add(&mut self, seconds: i64, slot: usize, count: u64) {
        if slot >= self.stride {
            self.widen(slot);
        }
        let (start, end, row) = self.current;
        let row = if (start..end).contains(&seconds) { row } else { self.row_of(seconds) };
        self.counts[row as usize * self.stride + slot] += count;
    }

    #[inline(never)]
    fn row_of(&mut self, seconds: i64) -> u32 {
        let index = seconds.div_euclid(self.width);
        let next = self.rows.len() as u32;
        let row = *self.rows.entry(index).or_insert(next);
        if row == next {
            self.counts.resize((next as usize + 1) * self.stride, 0);
            if self.rows.len() > self.policy.limit(self.stride) {
                self.fold_to(self.policy.next(self.width));
                return self.row_of(seconds);
            }
        }
        self.current = (index * self.width, (index + 1) * self.width, row);
        row
    }

    /// Room for more codes.
    #[cold]
    fn widen(&mut self, slot: usize) {
        let stride = (slot + 1).next_power_of_two();
        while self.rows.len() > self.policy.limit(stride) {
            self.fold_to(self.policy.next(self.width));
        }
        let mut counts = vec![0; self.rows.len() * stride];
        for (old, new) in self.counts.chunks_exact(self.stride).zip(counts.chunks_exact_mut(stride)) {
            new[..self.stride].copy_from_slice(old);
        }
        (self.counts, self.stride) = (counts, stride);
    }

    /// Folds to a width that the present one divides.
    fn fold_to(&mut self, width: i64) {
        let factor = width / self.width;
        let rows = std::mem::take(&mut self.rows);
        let counts = std::mem::take(&mut self.counts);
        self.width = width;
        self.current = (0, 0, 0);
        for (index, row) in rows {
            let next = self.rows.len() as u32;
            let to = *self.rows.entry(index.div_euclid(factor)).or_insert(next) as usize;
            self.counts.resize(self.rows.len() * self.stride, 0);
            let from = row as usize * self.stride;
            for slot in 0..self.stride {
                self.counts[to * self.stride + slot] += counts[from + slot];
            }
        }
        if self.rows.len() > self.policy.limit(self.stride) {
            self.fold_to(self.policy.next(width));
        }
    }

    /// Adds all counts of another; `theirs` and `ours` say which codes the slots of each stand for.
    pub fn merge(&mut self, other: &Self, ours: &mut CodeSlots, theirs: &CodeSlots) {
        if self.width < other.width {
            self.fold_to(other.width);
        }
        let numbers = ours.numbers_of(theirs);
        for (&index, &row) in &other.rows {
            for (&slot, &count) in numbers.iter().zip(other.row(row)).filter(|(_, count)| **count > 0) {
                self.add(index * other.width, slot, count);
            }
        }
    }

    fn row(&self, row: u32) -> &[u64] {
        &self.counts[row as usize * self.stride..][..self.stride]
    }

    /// Windows by their start in seconds since 1970, each with the codes of each service; empty windows are left out.
    pub fn iter<'a>(
        &'a self,
        slots: &'a CodeSlots,
    ) -> impl Iterator<Item = (i64, impl Iterator<Item = (ServiceId, StatusCode, u64)> + 'a)> + 'a {
        let mut rows: Vec<(i64, u32)> = self.rows.iter().map(|(&index, &row)| (index, row)).collect();
        rows.sort_unstable();
        rows.into_iter().map(move |(index, row)| {
            let counted = slots.keys().iter().zip(self.row(row)).filter(|(_, count)| **count > 0);
            (index * self.width, counted.map(|(&(service, code), &count)| (service, code, count)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn code(n: u16) -> StatusCode {
        StatusCode::new(n).unwrap()
    }

    #[test]
    fn the_ladder_divides() {
        assert!(LADDER.windows(2).all(|w| w[1] % w[0] == 0));
    }

    #[test]
    fn a_fold_loses_no_count_and_hangs_on_no_order() {
        let times: Vec<i64> = (0..20_000).map(|n| 1_750_000_000 + (n * 7919) % 600_000).collect();
        let build = |times: &[i64]| {
            let (mut windows, mut slots) = (Windows::new(Width::Automatic), CodeSlots::default());
            for (n, &t) in times.iter().enumerate() {
                windows.add(t, slots.slot(code(200 + (n % 40) as u16)), 1);
            }
            (windows, slots)
        };
        let totals =
            |w: &Windows, s: &CodeSlots| -> BTreeMap<i64, u64> { w.iter(s).map(|(t, c)| (t, c.map(|(_, _, n)| n).sum())).collect() };
        let (whole, slots) = build(&times);
        let (mut a, mut a_slots) = build(&times[..3_000]);
        let (b, b_slots) = build(&times[3_000..]);
        a.merge(&b, &mut a_slots, &b_slots);
        assert_eq!(whole.width(), 300);
        assert_eq!(totals(&a, &a_slots), totals(&whole, &slots));
        assert_eq!(totals(&whole, &slots).values().sum::<u64>(), 20_000);
    }

    #[test]
    fn times_before_1970_have_windows_too() {
        let (mut windows, mut slots) = (Windows::new(Width::Chosen(60)), CodeSlots::default());
        windows.add(-1, slots.slot(code(200)), 1);
        assert_eq!(windows.iter(&slots).map(|(t, _)| t).collect::<Vec<_>>(), [-60]);
    }
}
