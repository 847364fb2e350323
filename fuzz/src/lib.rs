//! What must hold of every format and every line, whatever they are. The targets bring the formats and the lines.

use logcodes::format::{Field, Format, Memory, Reject, Wanted, trim_line};
use logcodes::model::Record;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome<'a> {
    /// It is neither a record nor a reject.
    Skipped,
    Record(Record<'a>),
    Rejected(Reject),
}

/// The same steps that a scan takes with each line.
pub fn outcome<'a>(format: &'a Format, line: &'a [u8], memory: &'a mut Memory) -> Outcome<'a> {
    let line = trim_line(line);
    if format.skips(line, memory) {
        return Outcome::Skipped;
    }
    let mut record = Record::default();
    match format.parse(line, memory, &mut record) {
        Ok(()) => Outcome::Record(record),
        Err(reject) => Outcome::Rejected(reject),
    }
}

/// Bytes up to the first NUL, and those behind it: how an input of two kinds is written.
pub fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|&b| b == 0).unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}

/// The first lines of some text.
pub fn lines(text: &[u8], most: usize) -> Vec<&[u8]> {
    text.split(|&b| b == b'\n').take(most).collect()
}

/// Reads the lines in every way that must give the same, and calls `each` with every record.
pub fn read(format: &Format, lines: &[&[u8]], mut each: impl FnMut(&Record<'_>)) {
    let narrow = format.narrowed(Wanted::TALLY);
    let (mut first, mut second, mut few) = (Memory::default(), Memory::default(), Memory::default());
    for line in lines {
        let whole = outcome(format, line, &mut first);
        let narrowed = outcome(&narrow, line, &mut few);
        assert_eq!(counted(whole), counted(narrowed), "narrowed, {}: {:?}", format.name(), String::from_utf8_lossy(line));
        // Pieces and headings say something about the lines behind them, so that only others can be read again.
        if !format.hangs_on_earlier_lines() {
            outcome(format, line, &mut second);
        }
        let again = outcome(format, line, &mut second);
        assert_eq!(whole, again, "again, {}: {:?}", format.name(), String::from_utf8_lossy(line));
        if let Outcome::Record(record) = whole {
            sensible(&record);
            each(&record);
        }
    }
}

/// Only what [`Wanted::TALLY`] asks for.
fn counted(outcome: Outcome<'_>) -> Outcome<'_> {
    match outcome {
        Outcome::Record(Record { time, method, path, status, bytes, duration, .. }) => {
            Outcome::Record(Record { time, method, path, status, bytes, duration, ..Record::default() })
        }
        other => other,
    }
}

fn sensible(record: &Record<'_>) {
    assert!(record.status.is_some_and(|status| status.get() < 1000));
    if let Some(time) = record.time {
        assert!(time.nanos < 1_000_000_000 && time.digits < 10, "{time:?}");
        let shown = time.to_string();
        assert!(shown.len() <= 30 && shown.as_bytes()[4] == b'-', "{shown}");
    }
}

/// A path has no query, save where the format has it by itself: there it holds what the server decoded.
pub fn split(format: &Format, record: &Record<'_>) {
    let split = record.path.is_none_or(|path| !path.contains(&b'?'));
    assert!(split || format.has(&Field::Path), "{}: {record:?}", format.name());
}

/// Reads the lines at once and in three chunks; both must give the same.
pub fn read_in_chunks(format: &Format, lines: &[&[u8]], one: usize, two: usize) {
    let borders = [0, one, two, lines.len()];
    let (mut whole, mut parts) = (Memory::default(), Memory::default());
    let mut carried = Vec::new();
    for pair in borders.windows(2) {
        let chunk = &lines[pair[0]..pair[1]];
        parts.restart();
        if !carried.is_empty() {
            carried.split(|&b| b == b'\n').for_each(|line| _ = format.skips(trim_line(line), &mut parts));
        }
        for line in chunk {
            let (all, part) = (outcome(format, line, &mut whole), outcome(format, line, &mut parts));
            assert_eq!(all, part, "cut at {one} and {two}, {}: {:?}", format.name(), String::from_utf8_lossy(line));
        }
        let text: Vec<u8> = chunk.iter().flat_map(|line| [*line, b"\n"]).flatten().copied().collect();
        carried = format.carried(&carried, &text);
    }
}
