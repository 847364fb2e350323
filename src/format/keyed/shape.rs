//! The shapes that JSON lines have, learnt from the lines themselves.
//!
//! A server writes the same keys in the same order with the same punctuation, line after line. So what stands between two
//! values, `","remote_addr":"`, is kept as one literal text with what it says about the value behind it, and with the texts that
//! have followed that value so far; a line is read by comparing such texts and finding the ends of values, which no key has
//! to be looked up for. A key that is there in some lines only is one more text that may follow.
//!
//! A text is known by its bytes and by the objects and lists that the value behind it stands in, and follows another only
//! where a well-formed line had the two so. Both together decide how a line may go on and what its values mean: hence a line
//! that such texts and well-formed values make up, from its first byte to its last, is well-formed itself, and has the
//! fields that the slow way ([`super::json`]) finds. All else is left to the slow way: this one declines, and never rejects.

use super::found::{Found, Place, Text};
use super::json::plain;
use super::learn::{Ends, Piece, pieces};
use super::look::{Literal, number, scalar, stop};
use super::{Keys, Row};
use hashbrown::HashMap;
use std::sync::Arc;

/// Steps that are kept; one more, and all are forgotten.
const MOST_STEPS: usize = 2048;

/// Bytes of texts that are kept.
const MOST_BYTES: usize = 96 * 1024;

/// The longest line that is learnt from.
const LONGEST: usize = 16 * 1024;

/// Texts that may follow one value.
const MOST_NEXT: usize = 24;

/// A line that is read by its shape earns one, up to the most; one that is learnt from costs more. A log in which no line is
/// like another thus pays for little but the slow way.
const COST: u32 = 8;
const MOST_CREDIT: u32 = 1024;

/// The step before the first text.
const START: usize = 0;

/// What the lines of one format look like.
#[derive(Debug)]
pub(super) struct Shapes {
    /// The identity of the map that the rows are of.
    of: Option<Arc<()>>,
    steps: Vec<Step>,
    /// Where each step is.
    known: HashMap<Box<[u8]>, u16>,
    bytes: usize,
    credit: u32,
}

impl Default for Shapes {
    fn default() -> Self {
        Self { of: None, steps: Vec::new(), known: HashMap::new(), bytes: 0, credit: MOST_CREDIT }
    }
}

/// A text between two values.
#[derive(Debug)]
struct Step {
    literal: Literal,
    ends: Ends,
    row: Option<Row>,
    met: u32,
    /// The step that followed last time.
    next: u16,
    /// Other steps that have followed.
    others: Vec<u16>,
}

/// How far a line goes the way of the last one.
enum Reached {
    End,
    Fork(Fork),
}

/// A place of a line at which another step follows than did last time.
#[derive(Clone, Copy)]
struct Fork {
    step: usize,
    at: usize,
}

impl Step {
    fn new(piece: &Piece<'_>) -> Self {
        let Piece { literal, ends, row, met, .. } = *piece;
        Self { literal: Literal::new(literal), ends, row, met, next: u16::MAX, others: Vec::new() }
    }

    /// Whether `rest` begins with the text, and with such a value behind it.
    fn begins(&self, rest: &[u8]) -> bool {
        self.literal.begins(rest) && self.ends.may_follow(&rest[self.literal.length()..])
    }

    /// Length of a dash without quotes, as nginx writes it for what a template has bare. Under a key the slow way mends it to
    /// `null`, whatever follows that a step can begin with, and nothing else of the line.
    #[cold]
    fn dash(&self, value: &[u8]) -> Option<usize> {
        (value.starts_with(b"-") && self.literal.text.trim_ascii_end().ends_with(b":")).then_some(1)
    }
}

impl Ends {
    /// Whether a value that ends like this may begin like `rest`.
    fn may_follow(self, rest: &[u8]) -> bool {
        match self {
            Self::Quote => true,
            Self::Scalar => rest.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'-'),
            Self::Line => rest.is_empty(),
        }
    }
}

impl Shapes {
    /// Finds the fields of a line that is like one before it. Gives `false` for another, of which nothing is known then.
    #[inline]
    pub(super) fn read(&mut self, line: &[u8], keys: &Keys, found: &mut Found, unescaped: &mut String) -> bool {
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &keys.identity)) {
            *self = Self { of: Some(keys.identity.clone()), ..Self::default() };
            return false;
        }
        found.clear();
        unescaped.clear();
        let read = self.follow(line, found, unescaped).is_some();
        self.credit = (self.credit + u32::from(read)).min(MOST_CREDIT);
        read
    }

    fn follow(&mut self, line: &[u8], found: &mut Found, unescaped: &mut String) -> Option<()> {
        let mut fork = Fork { step: START, at: 0 };
        let mut next = usize::from(self.steps.get(START)?.next);
        while let Reached::Fork(at) = self.walk(line, fork, next, found, unescaped)? {
            (fork, next) = (at, self.other(at.step, &line[at.at..])?);
        }
        Some(())
    }

    /// Goes on from `fork` with the step `next`, and from there as the last line went.
    #[inline]
    fn walk(&self, line: &[u8], fork: Fork, next: usize, found: &mut Found, unescaped: &mut String) -> Option<Reached> {
        let Fork { step: mut here, mut at } = fork;
        let (mut next, mut met) = (next, 0);
        let reached = loop {
            let (rest, step) = (line.get(at..)?, self.steps.get(next)?);
            if !step.literal.begins(rest) {
                break Reached::Fork(Fork { step: here, at });
            }
            let from = at + step.literal.length();
            let mut row = step.row;
            at = match step.ends {
                Ends::Quote => match stop(line, from)? {
                    end if line[end] == b'"' => end,
                    odd => odd_string(line, from, odd, row.take(), found, unescaped)?,
                },
                Ends::Scalar => match (number(&line[from..]), &line[from..]) {
                    (Some(length), _) => from + length,
                    (None, value) if !step.ends.may_follow(value) => break Reached::Fork(Fork { step: here, at }),
                    (None, value) => {
                        let length = scalar(value).or_else(|| step.dash(value))?;
                        row.take_if(|_| matches!(&value[..length], b"null" | b"-"));
                        from + length
                    }
                },
                Ends::Line if from == line.len() => {
                    met |= step.met;
                    break Reached::End;
                }
                Ends::Line => break Reached::Fork(Fork { step: here, at }),
            };
            met |= step.met;
            if let Some(row) = row {
                found.put(row, Place { from, to: at, unescaped: false });
            }
            (here, next) = (next, usize::from(step.next));
        };
        found.meet(met);
        Some(reached)
    }

    /// The step that follows `here`, if not the one that did last time. It will be tried first next time.
    #[inline(never)]
    fn other(&mut self, here: usize, rest: &[u8]) -> Option<usize> {
        let at = self.steps[here].others.iter().position(|&other| self.steps[usize::from(other)].begins(rest))?;
        let step = &mut self.steps[here];
        std::mem::swap(&mut step.next, &mut step.others[at]);
        Some(usize::from(step.next))
    }

    /// Learns the shape of a well-formed line, which is to be tried again when the next line is like it.
    #[cold]
    pub(super) fn learn(&mut self, line: &[u8], keys: &Keys) {
        if self.credit < COST || line.len() > LONGEST {
            return;
        }
        self.credit -= COST;
        let Some(pieces) = pieces(line, keys) else { return };
        if self.steps.len() + pieces.len() > MOST_STEPS || self.bytes + line.len() > MOST_BYTES {
            self.forget();
        }
        if self.steps.is_empty() {
            self.steps.push(Step::new(&Piece { literal: b"", ends: Ends::Line, row: None, met: 0, context: String::new() }));
        }
        let mut here = START;
        for piece in &pieces {
            let next = self.step(piece);
            self.steps[here].follow_with(next);
            here = usize::from(next);
        }
    }

    fn forget(&mut self) {
        self.steps.clear();
        self.known.clear();
        self.bytes = 0;
    }

    fn step(&mut self, piece: &Piece<'_>) -> u16 {
        // A line is text, which has no byte 0xff.
        let value = format!("{:?}{:?}{}", piece.ends, piece.row, piece.met);
        let name = [piece.literal, b"\xff", piece.context.as_bytes(), value.as_bytes()].concat().into_boxed_slice();
        if let Some(at) = self.known.get(&name) {
            return *at;
        }
        let at = self.steps.len() as u16;
        self.bytes += piece.literal.len();
        self.steps.push(Step::new(piece));
        self.known.insert(name, at);
        at
    }
}

impl Step {
    fn follow_with(&mut self, next: u16) {
        if next == self.next {
            return;
        }
        self.others.retain(|other| *other != next);
        if self.next != u16::MAX {
            self.others.insert(0, self.next);
            self.others.truncate(MOST_NEXT);
        }
        self.next = next;
    }
}

/// The end of a string that goes on at `at` with an escape or with other text than ASCII.
#[inline(never)]
fn odd_string(line: &[u8], from: usize, at: usize, row: Option<Row>, found: &mut Found, unescaped: &mut String) -> Option<usize> {
    let (mut at, mut escaped) = (at, false);
    loop {
        match line[at] {
            b'"' => break,
            b'\\' => {
                escaped = true;
                at += 1;
                match *line.get(at)? {
                    b'u' if line.get(at + 1..at + 5)?.iter().all(u8::is_ascii_hexdigit) => at += 5,
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 1,
                    // A server's own escapes are mended in the slow way, which changes this string and no other.
                    b'x' if row.is_none() => at += 1,
                    _ => return None,
                }
            }
            128.. => at += 1,
            _ => return None,
        }
        at = stop(line, at)?;
    }
    let text = std::str::from_utf8(&line[from..at]).ok()?;
    let Some(row) = row else { return Some(at) };
    let place = if escaped {
        // The text before a string ends with its quote.
        let quoted = std::str::from_utf8(&line[from - 1..=at]).ok()?;
        plain(quoted, unescaped).map(|text| text.place(line))
    } else {
        Some(Text::Raw(text.as_bytes()).place(line))
    };
    place.into_iter().for_each(|place| found.put(row, place));
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::clock::Clock;
    use crate::format::keyed::json::JsonProgram;
    use crate::format::keyed::{KeyRow, Strings};
    use crate::format::{Field, Fit, Reject, TimeLayout, Unit, Wanted};
    use crate::model::Record;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    fn program() -> JsonProgram {
        let key = |path: &str, field, rank| -> KeyRow { (path.split('.').map(str::to_owned).collect(), field, rank) };
        JsonProgram(Keys::new(vec![
            key("time", Field::Time(TimeLayout::Any), 1),
            key("ts", Field::Time(TimeLayout::Any), 0),
            key("request", Field::Request, 1),
            key("request.uri", Field::Target, 2),
            key("request.method", Field::Method, 2),
            key("request.headers.User-Agent", Field::UserAgent, 2),
            key("agent", Field::UserAgent, 3),
            key("status", Field::Status, 1),
            key("took", Field::Duration(Unit::Seconds), 1),
            key("kind", Field::Not("debug".into()), 1),
            key("a.b", Field::Referer, 1),
        ]))
    }

    /// Lines that servers could write, all of which have a shape.
    const LINES: [&str; 8] = [
        r#"{"time":"2025-06-15T15:06:40+00:00","request":"GET /a?b HTTP/1.1","status":200,"took":0.25,"agent":"curl/8","ref":"-"}"#,
        r#"{"time":"2025-06-15T15:06:40.5Z","request":{"uri":"/x","method":"PUT","headers":{"User-Agent":["x","y"],"A":["b"]}},"status":"502"}"#,
        r#"{"ts":1750000000.25,"time":null,"request":{"method":"GET","headers":{"A":["b"]},"uri":"/x"},"status":404,"took":null}"#,
        r#"{ "status": 200, "request" : {"headers":{},"uri":"/"} , "list": [1, [2], {"status": 3}, "x"], "took" : [0.5, 1] }"#,
        r#"{"kind":"access","status":200,"status":500,"agent":"b","request":{"headers":{"User-Agent":[]},"uri":"/"}}"#,
        r#"{"kind":"debug","msg":"a \"b\" \\ c/\u00e9","ok":true,"no":false,"status":1e2}"#,
        r#"{"agent":"a\tb","a":{"b":"https://www.example.com/","c":{"b":1}},"request":{"uri":"/caf\u00e9","b":[]},"status":0}"#,
        r#"{"agent":"é","a":[{"b":2}],"request":"/plain","status":200,"x":"0123456789012345678901234567890123456789","y":""}"#,
    ];

    const PIECES: [&str; 50] = [
        "-",
        "-",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\t",
        "\u{1}",
        "\r",
        "0",
        "1",
        "-",
        ".",
        "e",
        "+",
        "\\u12",
        "\\ud800",
        "\\x22",
        "\\\"",
        "\\n",
        "é",
        "\u{7f}",
        "null",
        "true",
        "nul",
        "01",
        "1.",
        "-0.5E+3",
        "\"\"",
        "\"x\"",
        "[]",
        "{}",
        "[\"x\"]",
        "\"status\":",
        "\"took\":9,",
        ",\"agent\":\"z\"",
        "\"uri\":\"/u\",",
        "{\"b\":1}",
        "\"a\":",
        "status",
        "b",
        "-1",
        "\"request\":",
        "[null]",
        "\u{2028}",
    ];

    /// What is done to a line.
    #[derive(Clone, Debug)]
    enum Change {
        Insert(Index, &'static str),
        /// A byte, which may be none of UTF-8.
        Set(Index, u8),
        Remove(Index, usize),
        Repeat(Index, Index),
        Cut(Index),
        /// What stands between two quotes or after a colon becomes something else.
        Value(Index, &'static str),
    }

    fn change() -> impl Strategy<Value = Change> {
        let place = any::<Index>;
        prop_oneof![
            (place(), select(&PIECES[..])).prop_map(|(at, text)| Change::Insert(at, text)),
            (place(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
            (place(), 1..4usize).prop_map(|(at, length)| Change::Remove(at, length)),
            (place(), place()).prop_map(|(from, to)| Change::Repeat(from, to)),
            place().prop_map(Change::Cut),
            (place(), select(&PIECES[..])).prop_map(|(at, text)| Change::Value(at, text)),
            (place(), select(&PIECES[..])).prop_map(|(at, text)| Change::Value(at, text)),
        ]
    }

    impl Change {
        fn of(&self, line: &mut Vec<u8>) {
            if line.is_empty() {
                return;
            }
            let length = line.len();
            match self {
                Self::Insert(at, text) => _ = line.splice(at.index(length)..at.index(length), text.bytes()),
                Self::Set(at, byte) => line[at.index(length)] = *byte,
                Self::Remove(at, count) => _ = line.drain(at.index(length)..(at.index(length) + count).min(length)),
                Self::Repeat(a, b) => {
                    let (from, to) = (a.index(length).min(b.index(length)), a.index(length).max(b.index(length)));
                    let again = line[from..to].to_vec();
                    line.splice(to..to, again);
                }
                Self::Cut(at) => line.truncate(at.index(length)),
                Self::Value(at, text) => {
                    let from = at.index(length);
                    let Some(start) = line[from..].iter().position(|b| matches!(b, b'"' | b':')).map(|n| from + n + 1) else { return };
                    let Some(end) = line[start..].iter().position(|b| matches!(b, b'"' | b',' | b'}')).map(|n| start + n) else { return };
                    line.splice(start..end, text.bytes());
                }
            }
        }
    }

    type Read = Result<(Fit, String), Reject>;

    fn read(program: &JsonProgram, line: &[u8], strings: &mut Strings) -> Read {
        let (mut clock, mut record) = (Clock::new(TimeZone::UTC), Record::default());
        let fit = program.parse(line, &mut clock, strings, &mut record)?;
        Ok((fit, format!("{record:?}")))
    }

    /// What has learnt from all the lines, and from those with their first change.
    fn taught(program: &JsonProgram, lines: &[Vec<u8>]) -> Strings {
        let mut strings = Strings::default();
        for _ in 0..2 {
            LINES.iter().map(|line| line.as_bytes()).chain(lines.iter().map(Vec::as_slice)).for_each(|line| {
                let _ = read(program, line, &mut strings);
            });
        }
        strings
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn a_taught_reader_reads_what_a_fresh_one_reads(
            lines in prop::collection::vec((0..LINES.len(), prop::collection::vec(change(), 0..4)), 1..8),
        ) {
            let changed = |(at, changes): &(usize, Vec<Change>), count: usize| {
                let mut line = LINES[*at].as_bytes().to_vec();
                changes.iter().take(count).for_each(|change| change.of(&mut line));
                line
            };
            let half: Vec<Vec<u8>> = lines.iter().map(|line| changed(line, line.1.len() / 2)).collect();
            for program in [program(), JsonProgram(program().0.narrowed(Wanted::TALLY))] {
                let mut strings = taught(&program, &half);
                for line in &lines {
                    let line = changed(line, usize::MAX);
                    let fresh = read(&program, &line, &mut Strings::default());
                    prop_assert_eq!(read(&program, &line, &mut strings), fresh, "{}", String::from_utf8_lossy(&line));
                }
            }
        }

    }

    #[test]
    fn lines_of_a_shape_that_is_known_are_read_by_it() {
        let program = program();
        let mut strings = taught(&program, &[]);
        let mut quick = |line: &str| {
            let Strings { found, unescaped, shapes, .. } = &mut strings;
            shapes.read(line.as_bytes(), &program.0, found, unescaped)
        };
        assert!(LINES.iter().all(|line| quick(line)));
        assert!(quick(&LINES[0].replace("curl/8", "a much longer name of a client, with \\\"quotes\\\" and \u{e9}")));
        // Keys that are there in some lines only.
        assert!(quick(r#"{"agent":"x","a":{"b":"https://www.example.com/","c":{"b":1}},"request":{"uri":"/","b":[]},"status":0}"#));
        assert!(!quick(&LINES[0].replace("status", "state")));
        assert!(!quick(&LINES[0].replace("200", "0200")));
        assert!(quick(&LINES[0].replace("0.25", "-")));
        assert!(!quick(&LINES[0].replace("0.25", "-.5")));
    }

    #[test]
    fn lines_of_which_none_is_like_another_cost_little_room() {
        let program = program();
        let mut strings = Strings::default();
        for n in 0..30_000 {
            let line = format!("{{\"key{n}\":1,\"status\":200,\"request\":\"GET /{n} HTTP/1.1\",\"{n}\":\"x\"}}");
            assert!(read(&program, line.as_bytes(), &mut strings).is_ok());
        }
        assert!(strings.shapes.steps.len() <= MOST_STEPS && strings.shapes.bytes <= MOST_BYTES);
        assert!(strings.shapes.credit < COST);
    }
}
