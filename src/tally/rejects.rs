//! Lines that are no record: how many for which reason, and the first of each to look at.

use crate::format::Reject;
use std::collections::BTreeMap;

/// Where a line stands: ordered as the lines are, whoever reads them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The input's number.
    pub input: u32,
    /// The chunk's number within the input.
    pub chunk: u32,
    /// The line's number within the chunk, from 0.
    pub line: u32,
}

/// Rejected lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rejects {
    reasons: BTreeMap<Reject, Reason>,
}

/// The lines that were rejected for one reason.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reason {
    /// How many there are.
    pub count: u64,
    /// The first of them, by place.
    pub samples: BTreeMap<Place, Vec<u8>>,
}

/// Samples kept a reason.
const SAMPLES: usize = 3;
/// Bytes kept of a sample.
const SAMPLE_BYTES: usize = 400;

impl Rejects {
    /// Counts one line.
    pub fn add(&mut self, reject: Reject, place: Place, line: &[u8]) {
        let reason = self.reasons.entry(reject).or_default();
        reason.count += 1;
        if reason.samples.len() < SAMPLES || reason.samples.last_key_value().is_some_and(|(last, _)| place < *last) {
            reason.keep(place, line[..line.len().min(SAMPLE_BYTES)].to_vec());
        }
    }

    /// Adds those of another.
    pub fn merge(&mut self, other: Self) {
        for (reject, theirs) in other.reasons {
            let ours = self.reasons.entry(reject).or_default();
            ours.count += theirs.count;
            theirs.samples.into_iter().for_each(|(place, line)| ours.keep(place, line));
        }
    }

    /// How many lines in all.
    pub fn count(&self) -> u64 {
        self.reasons.values().map(|r| r.count).sum()
    }

    /// Reasons with their lines.
    pub fn iter(&self) -> impl Iterator<Item = (Reject, &Reason)> {
        self.reasons.iter().map(|(reject, reason)| (*reject, reason))
    }
}

impl Reason {
    fn keep(&mut self, place: Place, line: Vec<u8>) {
        self.samples.insert(place, line);
        if self.samples.len() > SAMPLES {
            self.samples.pop_last();
        }
    }
}
