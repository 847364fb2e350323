//! What each worker does: it counts parts of mapped files, reads streams, and counts what was read of them.
//!
//! ```text
//! mapped files  ── chunks ──┐
//!                           ├─> workers, a tally each
//! streams ──────── blocks ──┘
//! ```

use super::prepare::{Prepared, Source};
use super::streams::{Block, Streams, Turn};
use super::{Context, Done};
use crate::format::Format;
use crate::input::{Chunk, Map, chunk_of, chunks, read_chunk};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A part of a mapped file that nobody has counted yet.
struct Part<'m> {
    chunk: Chunk,
    map: &'m Map,
    name: &'m str,
    /// Where the lines hang on earlier ones.
    fold: Option<&'m Mutex<Fold>>,
}

/// Earlier lines that those of a chunk hang on: a heading, the first pieces of a line. Empty for nearly every format.
pub(super) type Carried = Arc<[u8]>;

impl Context<'_> {
    /// Reads and counts everything.
    pub(super) fn run(&self, pool: &rayon::ThreadPool, prepared: &mut [Prepared]) -> Vec<Done> {
        let maps: Vec<(u32, Map, String)> = prepared
            .iter()
            .enumerate()
            .filter(|(_, p)| p.is_text())
            .filter_map(
                |(input, p)| if let Source::Map(map) = &p.source { Some((input as u32, map.clone(), p.name.clone())) } else { None },
            )
            .collect();
        let folds: Vec<Mutex<Fold>> = prepared.iter().map(|_| Mutex::default()).collect();
        let parts: Vec<Part<'_>> = maps
            .iter()
            .flat_map(|(input, map, name)| {
                let numbers = 0..chunks(map.len(), self.spec.chunk) as u32;
                let fold = self.hanging(*input).map(|_| &folds[*input as usize]);
                numbers.map(move |number| Part { chunk: Chunk { input: *input, number }, map, name, fold })
            })
            .collect();
        let workers = pool.current_num_threads();
        let (streams, next) = (Streams::new(prepared, workers), AtomicUsize::new(0));
        let done = pool.broadcast(|_| self.work(&parts, &next, &streams));
        for (input, map, name) in &maps {
            let fold = &mut folds[*input as usize].lock().expect("no worker panicked");
            fold.go(self, *input, map, chunks(map.len(), self.spec.chunk) as u32);
            self.tell_open_pieces(*input, name, &fold.carried);
        }
        for (input, _, name) in maps.iter().filter(|(_, map, _)| map.rewritten() && map.cut().is_none()) {
            self.warn(*input, format!("{name}: the file was rewritten while it was read; lines may be missing from the counts"));
        }
        done
    }

    /// Streams come before maps: a stream is read by one worker at a time, a map by all of them to the last moment.
    fn work(&self, parts: &[Part<'_>], next: &AtomicUsize, streams: &Streams<'_>) -> Done {
        let mut worker = self.worker();
        let (mut mapped, mut buffer) = (!parts.is_empty(), Vec::new());
        loop {
            match streams.next(!mapped) {
                Some(Turn::Read(reader)) => reader.read(self),
                Some(Turn::Count(Block { chunk, text, carried })) => {
                    worker.read(&text, chunk, &carried);
                    self.progress.advance(text.len() as u64);
                    streams.reuse(text);
                }
                None if !mapped => return worker.done(),
                None => match parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    Some(part) => self.count(part, &mut buffer, &mut worker),
                    None => mapped = false,
                },
            }
        }
    }

    /// Counts a part of a mapped file, as far as the file still reaches.
    fn count(&self, part: &Part<'_>, buffer: &mut Vec<u8>, worker: &mut super::Worker<'_>) {
        let Part { chunk, map, name, .. } = part;
        let carried = part.fold.map(|fold| fold.lock().expect("no worker panicked").before(self, part)).unwrap_or_default();
        let (size, number) = (self.spec.chunk, chunk.number as usize);
        let range = match read_chunk(map, size, number, buffer) {
            Ok(Some(copied)) => {
                worker.read(&buffer[copied.buffer], *chunk, &carried);
                copied.file
            }
            Ok(None) => {
                let range = chunk_of(map, size, number);
                let end = map.cut().unwrap_or(range.end).clamp(range.start, range.end);
                worker.read(&map[range.start..end], *chunk, &carried);
                range
            }
            Err(error) => {
                let from = number * size;
                let warning = format!("{name}: {error}; lines from byte {from} to {} are missing from the counts", from + size);
                self.warn(chunk.input, warning);
                from..from + size
            }
        };
        if let Some(end) = map.cut()
            && end < range.end.max(map.len().min((number + 1) * size))
        {
            let warning =
                format!("{name}: the file was cut to {end} bytes while it was read; what stood behind is missing from the counts");
            self.warn(chunk.input, warning);
        }
        self.progress.advance(range.len() as u64);
    }

    /// The format of an input, if what a line means can hang on lines before it.
    pub(super) fn hanging(&self, input: u32) -> Option<&Format> {
        self.formats[input as usize].as_ref().map(|r| &r.format).filter(|f| f.hangs_on_earlier_lines())
    }

    /// A line whose end never came is no request, and says so.
    pub(super) fn tell_open_pieces(&self, input: u32, name: &str, carried: &[u8]) {
        let open = self.hanging(input).map_or(0, |format| format.open_pieces(carried));
        if open > 0 {
            self.warn(input, format!("{name}: ends within a line that came in pieces; they are counted with the blank lines"));
        }
    }
}

/// How far the parts of a mapped file are known to hang on earlier ones.
#[derive(Default)]
struct Fold {
    next: u32,
    carried: Carried,
    kept: HashMap<u32, Carried>,
}

impl Fold {
    /// What a part hangs on. Parts are taken in their order but not asked about in it: what is met on the way to a later one
    /// is kept for the worker that has the earlier one.
    fn before(&mut self, context: &Context<'_>, part: &Part<'_>) -> Carried {
        let number = part.chunk.number;
        self.go(context, part.chunk.input, part.map, number + 1);
        self.kept.remove(&number).unwrap_or_default()
    }

    /// Goes on to a part.
    fn go(&mut self, context: &Context<'_>, input: u32, map: &Map, number: u32) {
        let Some(format) = context.hanging(input) else { return };
        while self.next < number {
            self.kept.insert(self.next, self.carried.clone());
            carry(format, &mut self.carried, &map[chunk_of(map, context.spec.chunk, self.next as usize)]);
            self.next += 1;
        }
    }
}

/// Goes on by some lines.
pub(super) fn carry(format: &Format, carried: &mut Carried, text: &[u8]) {
    let next = format.carried(carried, text);
    if next[..] != carried[..] {
        *carried = next.into();
    }
}
