//! Where bytes are cut for several workers: never inside a line.
//!
//! A mapped file is cut into chunks of equal size, and each chunk owns the lines that *begin* in it:
//!
//! ```text
//! bytes   GET /a\nGET /bb\nGET /ccc\nGET /d\n
//! cuts             |               |
//! owner   0        0       1        1 ...        the line that crosses a cut belongs to the chunk where it begins
//! ```
//!
//! A stream is cut into blocks that end with a line, since nobody can look ahead in it.

use super::Map;
use std::io::{self, Read};
use std::ops::Range;

/// Longer lines of a stream are cut to this; what follows up to the line's end is dropped.
pub const MAX_LINE: usize = 16 << 20;

/// A chunk of a mapped input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The input's number.
    pub input: u32,
    /// The chunk's number within the input.
    pub number: u32,
}

/// How many chunks of `size` bytes an input has.
pub fn chunks(length: usize, size: usize) -> usize {
    length.div_ceil(size.max(1))
}

/// The bytes of the lines that begin in chunk `number`.
pub fn chunk_of(data: &[u8], size: usize, number: usize) -> Range<usize> {
    let from = number.saturating_mul(size).min(data.len());
    let to = from.saturating_add(size).min(data.len());
    // Within the chunk only: in the middle of a line that is longer than chunks are, none begins.
    let start = if from == 0 { Some(0) } else { memchr::memchr(b'\n', &data[from - 1..to - 1]).map(|newline| from + newline) };
    match start {
        Some(start) => start..line_start(data, to),
        None => to..to,
    }
}

/// Bytes behind a chunk that are read with it: its last line mostly ends there.
const BEHIND: usize = 4 << 10;
/// One whose last line makes it this many times as long is not copied.
const LONG: usize = 4;

/// The lines that begin in a chunk, copied.
#[derive(Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where they stand in the file.
    pub file: Range<usize>,
    /// Where they stand in the buffer.
    pub buffer: Range<usize>,
}

/// Copies the lines that begin in chunk `number` into `buffer`: those of [`chunk_of`], without a look at the map. `None` where
/// one of them is so long that it is better looked at where it is mapped. A file that was cut meanwhile ends where it does.
///
/// # Errors
/// When the system cannot read on.
pub fn read_chunk(map: &Map, size: usize, number: usize, buffer: &mut Vec<u8>) -> io::Result<Option<Copied>> {
    let from = number.saturating_mul(size).min(map.len());
    let to = from.saturating_add(size).min(map.len());
    // The byte before tells whether a line begins here.
    let base = from.saturating_sub(1);
    let mut length = to - base + BEHIND;
    loop {
        map.read(base..base + length, buffer)?;
        let start = if from == 0 { Some(0) } else { memchr::memchr(b'\n', &buffer[..buffer.len().min(to - from)]).map(|at| at + 1) };
        let Some(start) = start else { return Ok(Some(Copied { file: to..to, buffer: 0..0 })) };
        let last = (to - base).saturating_sub(1).clamp(start.min(buffer.len()), buffer.len());
        let end = memchr::memchr(b'\n', &buffer[last..]).map(|at| last + at + 1);
        let is_all = buffer.len() < length;
        match end.or(is_all.then_some(buffer.len())) {
            Some(end) => return Ok(Some(Copied { file: base + start..base + end, buffer: start..end })),
            None if length > LONG * size.max(BEHIND) => return Ok(None),
            None => length *= 2,
        }
    }
}

/// The first line start at or after `at`.
fn line_start(data: &[u8], at: usize) -> usize {
    if at == 0 || at >= data.len() {
        return at.min(data.len());
    }
    memchr::memchr(b'\n', &data[at - 1..]).map_or(data.len(), |newline| at + newline)
}

/// Cuts a stream into blocks of whole lines.
pub struct Blocks<R> {
    reader: R,
    size: usize,
    rest: Vec<u8>,
    done: bool,
}

impl<R: Read> Blocks<R> {
    /// Blocks of about `size` bytes; a longer line makes a longer block.
    pub fn new(reader: R, size: usize) -> Self {
        Self { reader, size: size.max(1), rest: Vec::new(), done: false }
    }

    /// The next block, in `block`, whose old content is of no interest; false at the end.
    ///
    /// # Errors
    /// When reading fails; what was read before is lost only if it is not asked for again.
    pub fn next(&mut self, block: &mut Vec<u8>) -> io::Result<bool> {
        // The old content stays where it is until it is overwritten: clearing a megabyte for every block takes its time.
        let mut filled = self.rest.len();
        block.resize(block.len().max(filled), 0);
        block[..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        while !self.done {
            let (from, want) = (filled, self.size.max(4096));
            block.resize(from + want, 0);
            while filled < block.len() && !self.done {
                match self.fill(block, filled) {
                    Ok(0) => self.done = true,
                    Ok(read) => filled += read,
                    Err(error) => {
                        // Whole lines read so far are still good; the error comes back with the next call.
                        self.rest.extend_from_slice(&block[..filled]);
                        return Err(error);
                    }
                }
            }
            block.truncate(filled);
            if self.done {
                break;
            }
            if let Some(at) = memchr::memrchr(b'\n', &block[from..]) {
                self.rest.extend_from_slice(&block[from + at + 1..]);
                block.truncate(from + at + 1);
                return Ok(true);
            }
            if block.len() > MAX_LINE {
                block.truncate(MAX_LINE);
                if let Err(error) = self.skip_line() {
                    self.rest = std::mem::take(block);
                    return Err(error);
                }
                return Ok(true);
            }
        }
        block.truncate(filled);
        Ok(!block.is_empty())
    }

    fn fill(&mut self, block: &mut [u8], from: usize) -> io::Result<usize> {
        loop {
            match self.reader.read(&mut block[from..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Drops everything up to the next line end.
    fn skip_line(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = self.fill(&mut buffer, 0)?;
            if read == 0 {
                self.done = true;
                return Ok(());
            }
            if let Some(at) = memchr::memchr(b'\n', &buffer[..read]) {
                self.rest.extend_from_slice(&buffer[at + 1..read]);
                return Ok(());
            }
        }
    }

    /// What was read but not given out, after an error.
    pub fn leftover(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn chunks_hold_every_byte_once_and_cut_no_line(text in "[ab\n]{0,200}", size in 1usize..50) {
            let data = text.as_bytes();
            let mut joined = Vec::new();
            for number in 0..chunks(data.len(), size) {
                let part = &data[chunk_of(data, size, number)];
                prop_assert!(joined.is_empty() || joined.ends_with(b"\n") || part.is_empty());
                joined.extend_from_slice(part);
            }
            prop_assert_eq!(joined, data);
        }

        #[test]
        fn a_chunk_begins_where_a_line_does(text in "[ab\n]{0,200}", size in 1usize..50) {
            let data = text.as_bytes();
            for number in 0..chunks(data.len(), size) {
                let part = chunk_of(data, size, number);
                prop_assert!(part.is_empty() || part.start == 0 || data[part.start - 1] == b'\n');
                prop_assert!(part.is_empty() || (number * size..(number + 1) * size).contains(&part.start));
            }
        }

        #[test]
        fn a_chunk_that_is_copied_has_the_same_lines(text in "([ab]{0,9}\n){0,20}[ab]{0,300}\n?", long in 0usize..40_000, size in 1usize..500) {
            let text = format!("{text}{}\n{text}", "c".repeat(long));
            let path = std::env::temp_dir().join(format!("logcodes-chunk-{}-{:?}", std::process::id(), std::thread::current().id()));
            std::fs::write(&path, &text).unwrap();
            let map = Map::of(&std::fs::File::open(&path).unwrap()).unwrap();
            std::fs::remove_file(&path).unwrap();
            let mut buffer = Vec::new();
            for number in 0..chunks(text.len(), size) {
                let expected = chunk_of(text.as_bytes(), size, number);
                match read_chunk(&map, size, number, &mut buffer).unwrap() {
                    Some(copied) => {
                        prop_assert_eq!(&buffer[copied.buffer.clone()], &text.as_bytes()[expected.clone()]);
                        prop_assert!(copied.file == expected || expected.is_empty());
                    }
                    None => prop_assert!(expected.len() > BEHIND),
                }
            }
        }

        #[test]
        fn blocks_hold_every_byte_once_and_cut_no_line(text in "[ab\n]{0,20000}", size in 1usize..9000) {
            let mut blocks = Blocks::new(text.as_bytes(), size);
            let (mut joined, mut block) = (Vec::new(), Vec::new());
            while blocks.next(&mut block).unwrap() {
                prop_assert!(joined.is_empty() || joined.ends_with(b"\n"));
                joined.extend_from_slice(&block);
            }
            prop_assert_eq!(joined, text.as_bytes());
        }
    }

    #[test]
    fn an_endless_line_is_cut() {
        let endless = io::repeat(b'a').take(40 << 20).chain(&b"\nnext\n"[..]);
        let mut blocks = Blocks::new(endless, 1 << 20);
        let mut block = Vec::new();
        assert!(blocks.next(&mut block).unwrap());
        assert_eq!(block.len(), MAX_LINE);
        assert!(blocks.next(&mut block).unwrap());
        assert_eq!(block, b"next\n");
        assert!(!blocks.next(&mut block).unwrap());
    }
}
