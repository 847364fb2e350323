//! What is looked at of an input before all of it is read.
//!
//! Samples come from places that hang on nothing but an input's length, so that they, and all that is learnt from them,
//! are the same for every number of workers.

use crate::input::MAX_LINE;
use std::io::{self, Read};

/// Blocks of a mapped input that are looked at.
const BLOCKS: usize = 8;
/// Bytes of each, and of the start of a stream.
const BLOCK: usize = 256 << 10;

/// What is looked at before all is read.
pub(super) struct Sample {
    /// Whole lines, from one place or several.
    pub(super) blocks: Vec<Vec<u8>>,
    /// The length of the input, if it is known.
    pub(super) whole: Option<u64>,
}

impl Sample {
    /// From all over a mapped input.
    pub(super) fn of_map(data: &[u8]) -> Self {
        Self { blocks: places(data.len()).map(|at| whole_lines(data, at)).collect(), whole: Some(data.len() as u64) }
    }

    /// From the start of a stream.
    pub(super) fn taken(reader: &mut impl Read) -> Self {
        let (start, end) = start_of(reader);
        Self::of_start(&start, &end)
    }

    /// From what [`start_of`] a stream gave.
    pub(super) fn of_start(start: &[u8], end: &End) -> Self {
        // A line that is not there to its end is no sample, but the last one of all needs no line end.
        let yet = matches!(end, End::Yet);
        let lines = if yet { memchr::memrchr(b'\n', start).map_or(start.len(), |n| n + 1) } else { start.len() };
        Self { blocks: vec![start[..lines].to_vec()], whole: (!yet).then_some(start.len() as u64) }
    }
}

/// How the start of a stream ended.
pub(super) enum End {
    /// There is more.
    Yet,
    /// That was all.
    All,
    /// It could not be read on.
    Broken(io::Error),
}

/// The first bytes of a stream, some more if its first line is that long.
pub(super) fn start_of(reader: &mut impl Read) -> (Vec<u8>, End) {
    let mut start = Vec::new();
    loop {
        let before = start.len();
        if let Err(error) = reader.by_ref().take(BLOCK as u64).read_to_end(&mut start) {
            return (start, End::Broken(error));
        }
        if start.len() - before < BLOCK {
            return (start, End::All);
        }
        // A log that was cut while its writer went on begins with a hole.
        if start.iter().all(|&b| b == 0) {
            start.clear();
            continue;
        }
        if start.len() >= MAX_LINE || memchr::memchr(b'\n', &start[before..]).is_some() {
            return (start, End::Yet);
        }
    }
}

/// Where blocks begin: evenly over the whole length, the start among them.
fn places(length: usize) -> impl Iterator<Item = usize> {
    let blocks = length.div_ceil(BLOCK).clamp(1, BLOCKS);
    (0..blocks).map(move |n| (length / blocks) * n)
}

/// The lines that lie wholly in the block at `at`; the first line of all begins at 0.
fn whole_lines(data: &[u8], at: usize) -> Vec<u8> {
    let end = (at + BLOCK).min(data.len());
    let start = if at == 0 { 0 } else { memchr::memchr(b'\n', &data[at..end]).map_or(end, |n| at + n + 1) };
    let end = if end == data.len() { end } else { memchr::memrchr(b'\n', &data[start..end]).map_or(end, |n| start + n) };
    data[start..end].to_vec()
}
