//! The loop over lines: what one worker does with one chunk.

use super::Done;
use crate::filter::Filter;
use crate::format::{Format, Memory, Reject, is_directive, trim_line};
use crate::input::Chunk;
use crate::model::{Record, ServiceId};
use crate::tally::{Lines, Place, Spec, Tally};
use jiff::tz::TimeZone;

pub(super) struct Worker<'c> {
    formats: &'c [Option<Format>],
    services: &'c [ServiceId],
    /// `None` when everything is let through.
    filter: Option<&'c Filter>,
    memory: Memory,
    tally: Tally,
    chunk_lines: Vec<((u32, u32), u64)>,
}

impl<'c> Worker<'c> {
    pub(super) fn new(formats: &'c [Option<Format>], services: &'c [ServiceId], filter: &'c Filter, spec: Spec, zone: TimeZone) -> Self {
        Self {
            formats,
            services,
            filter: (!filter.is_empty()).then_some(filter),
            memory: Memory::new(zone),
            tally: Tally::new(spec),
            chunk_lines: Vec::new(),
        }
    }

    /// Counts the lines of a chunk, which may hang on some lines before it.
    pub(super) fn read(&mut self, data: &[u8], chunk: Chunk, carried: &[u8]) {
        let format = self.formats[chunk.input as usize].as_ref();
        self.memory.restart();
        if let Some(format) = format.filter(|_| !carried.is_empty()) {
            carried.split(|&b| b == b'\n').for_each(|line| _ = format.skips(trim_line(line), &mut self.memory));
        }
        self.tally.set_service(self.services[chunk.input as usize]);
        let mut lines = Lines::default();
        let mut rest = data;
        while !rest.is_empty() {
            let (line, next) = match memchr::memchr(b'\n', rest) {
                Some(at) => (&rest[..at], &rest[at + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            rest = next;
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
                Ok(()) if self.filter.is_none_or(|f| f.accepts(&record)) => {
                    lines.parsed += 1;
                    self.tally.absorb(&record);
                    self.tally.witness(&record, Place { input: chunk.input, chunk: chunk.number, line: number }, line);
                }
                Ok(()) => lines.filtered += 1,
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
