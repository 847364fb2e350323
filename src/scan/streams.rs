//! Streams in a scan: who reads them, and the blocks that wait to be counted.
//!
//! The workers read, nobody else: a thread more than there are cores would only take one of them away from the others. A
//! worker that finds a stream without a reader reads on in it, decompressing, until enough blocks wait; then it counts one as
//! the others do. So one worker reads and the others count for as long as they keep up, whoever is slower gets help, and with
//! one worker a block is counted while it is still in the core's cache.
//!
//! ```text
//! streams ─> a queue ─> readers, at most one a worker ─> blocks ─> workers
//!                          └──────── buffers come back ────────────┘
//! ```
//!
//! What waits is bounded in bytes, so that memory stays flat whatever the length of a stream or of its lines.

use super::prepare::{Prepared, Source, Stream};
use super::run::{Carried, carry};
use super::unpack::Reel;
use super::{BLOCK, Context};
use crate::input::{Blocks, Chunk};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::vec::IntoIter;

/// What one reader reads from its start to its end: a stream, or the members of an archive in its order.
type Job<'p> = Vec<(u32, &'p mut Prepared)>;

/// Some lines of a stream.
pub(super) struct Block {
    pub(super) chunk: Chunk,
    pub(super) text: Vec<u8>,
    pub(super) carried: Carried,
}

/// All streams of a scan.
pub(super) struct Streams<'p> {
    state: Mutex<State<'p>>,
    /// A block has come, or a reader is free.
    changed: Condvar,
    /// Bytes that wait before a reader stops.
    room: usize,
    /// Bytes that still wait when one goes on.
    low: usize,
}

struct State<'p> {
    /// Nobody has begun these.
    queue: VecDeque<Job<'p>>,
    /// Nobody reads on in these just now.
    idle: VecDeque<Reader<'p>>,
    /// Readers at work.
    busy: usize,
    full: VecDeque<Block>,
    /// Bytes in the blocks that wait.
    waiting: usize,
    empty: Vec<Vec<u8>>,
}

/// What a worker does next.
pub(super) enum Turn<'s, 'p> {
    /// Read on until enough blocks wait.
    Read(Lent<'s, 'p>),
    /// Count this.
    Count(Block),
}

impl<'p> Streams<'p> {
    pub(super) fn new(prepared: &'p mut [Prepared], workers: usize) -> Self {
        let state = State { queue: jobs(prepared), idle: VecDeque::new(), busy: 0, full: VecDeque::new(), waiting: 0, empty: Vec::new() };
        // A worker alone counts what it has just read. Of several, one that reads goes on for a while: each time that a reader
        // changes hands, what its decoder remembers moves from one core's cache to another's.
        let (low, room) = if workers == 1 { (1, 1) } else { (workers, 4 * workers) };
        Self { state: Mutex::new(state), changed: Condvar::new(), room: room * BLOCK, low: low * BLOCK }
    }

    fn state(&self) -> MutexGuard<'_, State<'p>> {
        self.state.lock().expect("no worker panicked")
    }

    /// What there is to do; nothing if all is done, or, without `patience`, if others are still at it.
    pub(super) fn next(&self, patience: bool) -> Option<Turn<'_, 'p>> {
        let mut state = self.state();
        loop {
            let free = if state.waiting < self.low { state.reader() } else { None };
            if let Some(reader) = free {
                state.busy += 1;
                return Some(Turn::Read(Lent { streams: self, reader }));
            }
            if let Some(block) = state.full.pop_front() {
                state.waiting -= block.text.len();
                return Some(Turn::Count(block));
            }
            if state.busy == 0 || !patience {
                return None;
            }
            state = self.changed.wait(state).expect("no worker panicked");
        }
    }

    /// Takes back the buffer of a block that was counted. What a monstrous line made large is not kept.
    pub(super) fn reuse(&self, buffer: Vec<u8>) {
        if buffer.capacity() <= 4 * BLOCK {
            self.state().empty.push(buffer);
        }
    }

    /// Lets a block wait, if there is one; a buffer for the next one while there is room for it.
    fn swap(&self, block: Option<Block>) -> Option<Vec<u8>> {
        let mut state = self.state();
        if let Some(block) = block {
            state.waiting += block.text.len();
            state.full.push_back(block);
            self.changed.notify_one();
        }
        (state.waiting < self.room).then(|| state.empty.pop().unwrap_or_default())
    }
}

impl<'p> State<'p> {
    fn reader(&mut self) -> Option<Reader<'p>> {
        self.idle.pop_front().or_else(|| self.queue.pop_front().map(Reader::new))
    }
}

/// A reader in the hands of a worker.
pub(super) struct Lent<'s, 'p> {
    streams: &'s Streams<'p>,
    reader: Reader<'p>,
}

impl Lent<'_, '_> {
    /// Reads until enough blocks wait, or to the end.
    pub(super) fn read(mut self, context: &Context<'_>) {
        let mut buffer = self.streams.swap(None);
        while let Some(empty) = buffer {
            let Some(block) = self.reader.next(context, empty) else { return };
            buffer = self.streams.swap(Some(block));
        }
        let reader = std::mem::replace(&mut self.reader, Reader::new(Vec::new()));
        self.streams.state().idle.push_back(reader);
    }
}

impl Drop for Lent<'_, '_> {
    /// Also where the worker panics: the others must not wait for it.
    fn drop(&mut self) {
        if let Ok(mut state) = self.streams.state.lock() {
            state.busy -= 1;
        }
        self.streams.changed.notify_all();
    }
}

/// Reads the streams of a job one after another.
struct Reader<'p> {
    job: IntoIter<(u32, &'p mut Prepared)>,
    reel: Option<Reel>,
    open: Option<Open<'p>>,
}

/// A stream that is being read.
struct Open<'p> {
    input: u32,
    prepared: &'p mut Prepared,
    blocks: Blocks<Stream>,
    /// The number of the next block.
    number: u32,
    carried: Carried,
}

impl<'p> Reader<'p> {
    fn new(job: Job<'p>) -> Self {
        Self { job: job.into_iter(), reel: None, open: None }
    }

    /// The next block, in a buffer whose old content is of no interest; none when all streams are at their end.
    fn next(&mut self, context: &Context<'_>, mut buffer: Vec<u8>) -> Option<Block> {
        loop {
            let Some(open) = &mut self.open else {
                self.open = Some(self.open_next(context)?);
                continue;
            };
            let ended = match open.blocks.next(&mut buffer) {
                Ok(true) => None,
                Ok(false) => {
                    self.close(context);
                    continue;
                }
                Err(error) => {
                    buffer = open.blocks.leftover();
                    Some(error)
                }
            };
            open.prepared.bytes += buffer.len() as u64;
            let (before, chunk) = (open.carried.clone(), Chunk { input: open.input, number: open.number });
            context.hanging(open.input).into_iter().for_each(|format| carry(format, &mut open.carried, &buffer));
            open.number += 1;
            if let Some(error) = ended {
                let archive = self.reel.as_ref().and_then(Reel::failed);
                let what = archive.unwrap_or_else(|| format!("{}: {error}", open.prepared.name));
                context.warn(open.input, format!("{what}; what was read before it counts"));
                self.close(context);
            }
            return Some(Block { chunk, text: buffer, carried: before });
        }
    }

    /// The next stream of the job that can be opened.
    fn open_next(&mut self, context: &Context<'_>) -> Option<Open<'p>> {
        loop {
            let (input, prepared) = self.job.next()?;
            match prepared.take_stream(&mut self.reel) {
                Ok(stream) => {
                    let blocks = Blocks::new(stream, BLOCK);
                    return Some(Open { input, prepared, blocks, number: 0, carried: Carried::default() });
                }
                Err(error) => context.warn(input, format!("{error}; what was read before it counts")),
            }
        }
    }

    fn close(&mut self, context: &Context<'_>) {
        if let Some(open) = self.open.take() {
            context.tell_open_pieces(open.input, &open.prepared.name, &open.carried);
        }
    }
}

/// The streams, each a job, and those of one archive a job together.
fn jobs(prepared: &mut [Prepared]) -> VecDeque<Job<'_>> {
    let mut queue: VecDeque<Job<'_>> = VecDeque::new();
    for (input, prepared) in prepared.iter_mut().enumerate() {
        if !prepared.is_text() || matches!(prepared.source, Source::Map(_)) {
            continue;
        }
        let archive = prepared.member().map(|(origin, _)| origin);
        let same = |job: &&mut Job<'_>| archive.is_some() && job[0].1.member().map(|(origin, _)| origin) == archive;
        match queue.iter_mut().find(same) {
            Some(job) => job.push((input as u32, prepared)),
            None => queue.push_back(vec![(input as u32, prepared)]),
        }
    }
    for job in &mut queue {
        job.sort_by_key(|(_, prepared)| prepared.member().map(|(_, number)| number));
    }
    queue
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Origin;
    use crate::scan::{Choice, ScanSpec, prepare};

    fn prepared(name: &str) -> Vec<Prepared> {
        let path = std::env::temp_dir().join(format!("logcodes-streams-{}-{name}", std::process::id()));
        std::fs::write(&path, "one line\n".repeat(10)).unwrap();
        let spec = ScanSpec { format: Choice::Detect, ..ScanSpec::default() };
        let (prepared, _) = prepare::prepare(&Origin::File(path.clone()), &spec, false).unwrap();
        std::fs::remove_file(&path).unwrap();
        prepared
    }

    #[test]
    fn nobody_waits_for_a_reader_that_its_worker_let_fall() {
        let mut prepared = prepared("fallen");
        let streams = Streams::new(&mut prepared, 2);
        let Some(Turn::Read(lent)) = streams.next(true) else { panic!("a stream waits for a reader") };
        assert!(streams.next(false).is_none());
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| streams.next(true).is_none());
            drop(lent);
            assert!(waits.join().unwrap());
        });
    }

    #[test]
    fn what_waits_is_bounded_and_large_buffers_are_not_kept() {
        let mut prepared = prepared("bounded");
        let streams = Streams::new(&mut prepared, 2);
        let block = |bytes| Block { chunk: Chunk { input: 0, number: 0 }, text: vec![b'x'; bytes], carried: Carried::default() };
        assert!(streams.swap(Some(block(streams.room - 1))).is_some());
        assert!(streams.swap(Some(block(9 * BLOCK))).is_none());
        // More than enough waits: what is there is counted before anyone reads on.
        for bytes in [streams.room - 1, 9 * BLOCK] {
            let Some(Turn::Count(Block { text, .. })) = streams.next(true) else { panic!("a block waits") };
            assert_eq!(text.len(), bytes);
            streams.reuse(text);
        }
        assert!(streams.state().empty.iter().all(|buffer| buffer.capacity() <= 4 * BLOCK));
        assert!(matches!(streams.next(true), Some(Turn::Read(_))));
    }
}
