//! Lines that come in pieces: container runtimes cut long ones, and lines of the other stream may stand between the pieces.
//!
//! What waits for its rest is kept for each stream by itself. So it hangs on the pieces since that stream's last whole line
//! and on nothing else, and can be found from behind: a chunk of a log starts with what the lines before it left open.

use super::trim_line;
use memchr::{memchr, memmem, memrchr};

/// Of pieces that take more than this in the log only the first ones are kept, or what a chunk starts with had no bound.
const LONGEST: usize = 1 << 20;

/// What a worker remembers of wrapped lines.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pub(super) unescaped: String,
    pub(super) waiting: Waiting,
}

/// The lines that are not whole yet, one a stream.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    begun: [Begun; 2],
    whole: Vec<u8>,
}

#[derive(Debug, Default)]
struct Begun {
    text: Vec<u8>,
    /// Bytes of the lines that the pieces came in.
    taken: usize,
}

/// Where a program wrote a line to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// What a line is to the lines in pieces of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// More of it follows.
    Piece,
    /// The last piece, or a line by itself.
    Last,
    /// Of another stream, or of none.
    Other,
}

impl Stream {
    /// What the runtimes call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Out => "stdout",
            Self::Err => "stderr",
        }
    }
}

impl Waiting {
    /// Remembers a piece that came in a line of so many bytes.
    pub(super) fn add(&mut self, stream: Stream, piece: &[u8], line: usize) {
        let Begun { text, taken } = &mut self.begun[stream as usize];
        if *taken < LONGEST {
            text.extend_from_slice(piece);
            *taken += line;
        }
    }

    /// The pieces of a stream with the last one; `None` if there were none before it.
    pub(super) fn complete(&mut self, stream: Stream, last: &[u8]) -> Option<&[u8]> {
        let Begun { text, taken } = &mut self.begun[stream as usize];
        if std::mem::take(taken) == 0 {
            return None;
        }
        self.whole.clear();
        self.whole.append(text);
        self.whole.extend_from_slice(last);
        Some(&self.whole)
    }
}

/// The lines with the pieces that wait behind `text`, given those that wait before it. `mark` gives what the lines of a stream
/// have in them.
pub(super) fn carried(before: &[u8], text: &[u8], mark: impl Fn(Stream) -> &'static [u8], part: impl Fn(&[u8], Stream) -> Part) -> Vec<u8> {
    let mut carried = Vec::new();
    for stream in [Stream::Out, Stream::Err] {
        let mut taken = 0;
        let mut keep = |line: &[u8]| {
            if taken < LONGEST {
                taken += trim_line(line).len();
                carried.extend_from_slice(line);
                carried.push(b'\n');
            }
        };
        let (pieces, ended) = open_behind(text, mark(stream), |line| part(trim_line(line), stream));
        if !ended {
            before.split(|&b| b == b'\n').filter(|line| part(trim_line(line), stream) == Part::Piece).for_each(&mut keep);
        }
        pieces.into_iter().rev().for_each(keep);
    }
    carried
}

/// The pieces behind the last whole line of a stream, from the last to the first, and whether there is such a line. It is
/// mostly near the end, so that what is searched for the mark grows from there; forward, which is several times as fast.
fn open_behind<'t>(text: &'t [u8], mark: &[u8], part: impl Fn(&[u8]) -> Part) -> (Vec<&'t [u8]>, bool) {
    let (mut pieces, finder) = (Vec::new(), memmem::Finder::new(mark));
    let (mut end, mut reach) = (text.len(), 1 << 10);
    while end > 0 {
        let from = memrchr(b'\n', &text[..(end - 1).saturating_sub(reach)]).map_or(0, |n| n + 1);
        let marks: Vec<usize> = finder.find_iter(&text[from..end]).map(|at| from + at).collect();
        for at in marks.into_iter().rev() {
            // A line may have several.
            if at >= end {
                continue;
            }
            let start = memrchr(b'\n', &text[..at]).map_or(0, |n| n + 1);
            let line = &text[start..memchr(b'\n', &text[at..end]).map_or(end, |n| at + n)];
            match part(line) {
                Part::Piece => pieces.push(line),
                Part::Last => return (pieces, true),
                Part::Other => {}
            }
            end = start;
        }
        (end, reach) = (from, (8 * reach).min(LONGEST));
    }
    (pieces, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines `o+` and `o.` are a piece and a whole line of one stream, `e+` and `e.` of the other.
    fn left_open(before: &str, text: &str) -> String {
        let mark = |stream| if stream == Stream::Out { b"o".as_slice() } else { b"e" };
        let part = |line: &[u8], stream| match line {
            [s, b'+', ..] if *s == mark(stream)[0] => Part::Piece,
            [s, b'.', ..] if *s == mark(stream)[0] => Part::Last,
            _ => Part::Other,
        };
        String::from_utf8(carried(before.as_bytes(), text.as_bytes(), mark, part)).unwrap()
    }

    #[test]
    fn each_stream_waits_by_itself() {
        assert_eq!(left_open("", "o+1\ne.\no+2\ne+3\nx\n"), "o+1\no+2\ne+3\n");
        assert_eq!(left_open("", "o+1\ne+2\no.\n"), "e+2\n");
        assert_eq!(left_open("o+1\ne+2\n", "o+3\ne.\n"), "o+1\no+3\n");
        assert_eq!(left_open("o+1\n", "nothing\n"), "o+1\n");
        assert_eq!(left_open("o+1\n", "o.\n"), "");
    }

    #[test]
    fn what_is_carried_has_a_bound() {
        let text = "o+\n".repeat(1 << 20);
        let once = left_open("", &text);
        assert!((LONGEST..2 * LONGEST).contains(&once.len()), "{}", once.len());
        assert_eq!(left_open(&once, &text), once);
    }
}
