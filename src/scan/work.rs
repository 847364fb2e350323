//! The loop over lines: what one worker does with one chunk.

use super::Done;
use super::lines::SplitLines;
use crate::filter::Filter;
use crate::format::{Field, Format, Memory, Reject, Wanted, is_directive, trim_line};
use crate::input::Chunk;
use crate::model::{Record, ServiceId};
use crate::tally::{Lines, Place, Spec, Tally, Unread};
use jiff::tz::TimeZone;
use multiversion::multiversion;

/// How the lines of an input are read.
pub(super) struct Reading {
    /// For all lines.
    pub(super) format: Format,
    /// For the few that evidence keeps, where a line can be read again by itself: most of what these say nobody asks of the others.
    whole: Option<Format>,
}

impl Reading {
    pub(super) fn new(format: &Format, filter: &Filter) -> Self {
        let narrowed = |wanted| format.narrowed(filter.wanted(wanted));
        if format.hangs_on_earlier_lines() {
            return Self { format: narrowed(Wanted::EVIDENCE), whole: None };
        }
        // Whom a line is from is a part of what decides whether it is kept.
        let counted = Wanted::TALLY.and(&Field::Remote).and(&Field::ClfHead);
        Self { format: narrowed(counted), whole: Some(narrowed(Wanted::EVIDENCE)) }
    }

    /// Reads a line that evidence kept unread.
    pub(super) fn settle(readings: &[Option<Self>], mut unread: Unread<'_>, memory: &mut Memory) {
        let line = unread.take_line();
        let reading = readings[unread.place().input as usize].as_ref().and_then(|reading| reading.whole.as_ref());
        // A narrowed format reads the same lines: there is a record.
        if let Some(record) = reading.and_then(|whole| all_of(whole, &line, memory)) {
            unread.keep(&record, &line);
        }
    }
}

/// Reads all that a line states, if it is asked for.
fn later<'r>(whole: &'r Format, line: &'r [u8], memory: &'r mut Memory) -> impl FnOnce() -> Option<Record<'r>> {
    move || all_of(whole, line, memory)
}

/// All that a line states.
#[cold]
fn all_of<'r>(whole: &'r Format, line: &'r [u8], memory: &'r mut Memory) -> Option<Record<'r>> {
    let mut record = Record::default();
    whole.parse(line, memory, &mut record).ok()?;
    Some(record)
}

pub(super) struct Worker<'c> {
    formats: &'c [Option<Reading>],
    services: &'c [ServiceId],
    /// `None` when everything is let through.
    filter: Option<&'c Filter>,
    memory: Memory,
    /// The same for lines that are read again.
    spare: Memory,
    tally: Tally,
    chunk_lines: Vec<((u32, u32), u64)>,
}

impl<'c> Worker<'c> {
    pub(super) fn new(formats: &'c [Option<Reading>], services: &'c [ServiceId], filter: &'c Filter, spec: Spec, zone: TimeZone) -> Self {
        Self {
            formats,
            services,
            filter: (!filter.is_empty()).then_some(filter),
            memory: Memory::new(zone.clone()),
            spare: Memory::new(zone),
            tally: Tally::new(spec),
            chunk_lines: Vec::new(),
        }
    }

    /// Counts the lines of a chunk, which may hang on some lines before it.
    pub(super) fn read(&mut self, data: &[u8], chunk: Chunk, carried: &[u8]) {
        read(self, data, chunk, carried);
    }

    #[inline(always)]
    fn read_lines(&mut self, data: &[u8], chunk: Chunk, carried: &[u8]) {
        let reading = self.formats[chunk.input as usize].as_ref();
        let format = reading.map(|r| &r.format);
        self.memory.restart();
        if let Some(format) = format.filter(|_| !carried.is_empty()) {
            carried.split(|&b| b == b'\n').for_each(|line| _ = format.skips(trim_line(line), &mut self.memory));
        }
        self.tally.set_service(self.services[chunk.input as usize]);
        let mut lines = Lines::default();
        for line in SplitLines::of(data) {
            let line = trim_line(line);
            let number = lines.lines as u32;
            lines.lines += 1;
            if format.map_or_else(|| is_directive(line), |f| f.skips(line, &mut self.memory)) {
                lines.directives += 1;
                continue;
            }
            let mut record = Record::default();
            let read = match format {
                Some(format) => format.parse(line, &mut self.memory, &mut record),
                None => Err(Reject::UnknownFormat),
            };
            match read {
                Ok(()) => {
                    if self.filter.is_none_or(|f| f.accepts(&record)) {
                        lines.parsed += 1;
                        self.tally.absorb(&record);
                    } else {
                        lines.filtered += 1;
                        // Whoever asks for errors alone still wants them judged against the good responses.
                        if !self.filter.is_some_and(|f| f.accepts_but_for_status(&record)) {
                            continue;
                        }
                    }
                    let place = Place { input: chunk.input, chunk: chunk.number, line: number };
                    let spare = &mut self.spare;
                    let whole = reading.and_then(|reading| reading.whole.as_ref()).map(|whole| later(whole, line, spare));
                    self.tally.witness(&record, whole, place, line);
                }
                Err(reject) => {
                    lines.rejected += 1;
                    self.tally.reject(reject, Place { input: chunk.input, chunk: chunk.number, line: number }, line);
                }
            }
        }
        self.chunk_lines.push(((chunk.input, chunk.number), lines.lines));
        self.tally.count_lines(chunk.input, lines);
    }

    pub(super) fn done(self) -> Done {
        Done { tally: self.tally, chunk_lines: self.chunk_lines }
    }
}

/// The loop over lines twice: for every processor, and for those with the instructions of the last ten years, which count bits
/// and look at 32 bytes at once. Which of the two is decided when the first chunk comes. All that the loop calls for every line
/// must be inlined for it: what is called is for every processor.
#[multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+lzcnt+movbe+popcnt"))]
fn read(worker: &mut Worker<'_>, data: &[u8], chunk: Chunk, carried: &[u8]) {
    worker.read_lines(data, chunk, carried);
}
