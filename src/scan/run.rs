//! Who reads and who counts.
//!
//! ```text
//! mapped files  ── chunks ──────────────────────────────┐
//!                                                       ├─> workers, a tally each
//! streams ─> a queue ─> readers ─> a channel of blocks ─┘
//! ```
//!
//! A reader takes a stream, decompresses it to its end and takes the next one; there are as many as there are streams, but
//! not more than workers. The channel is short, and buffers come back: memory stays flat whatever the length of a stream.

use super::prepare::{Prepared, Source};
use super::{BLOCK, Context, Done};
use crate::format::Format;
use crate::input::{Blocks, Chunk, Map, chunk_of, chunks};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError};
use std::sync::{Arc, Mutex, mpsc};

/// What one reader reads from its start to its end: a stream, or the members of an archive in its order.
type Job<'p> = Vec<(u32, &'p mut Prepared)>;

/// Some lines of a stream.
struct Block {
    chunk: Chunk,
    text: Vec<u8>,
    carried: Carried,
}

/// A part of a mapped file that nobody has counted yet.
struct Part<'m> {
    chunk: Chunk,
    map: &'m Map,
    name: &'m str,
    /// Where the lines hang on earlier ones.
    fold: Option<&'m Mutex<Fold>>,
}

/// Earlier lines that those of a chunk hang on: a heading, the first pieces of a line. Empty for nearly every format.
type Carried = Arc<[u8]>;

/// The reader's side of the channel, and the buffers that come back.
struct Pipe<'c> {
    full: SyncSender<Block>,
    empty: &'c Mutex<Receiver<Vec<u8>>>,
}

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
        let queue = jobs(prepared);
        let readers = queue.len().min(pool.current_num_threads());
        let (queue, next) = (Mutex::new(queue), AtomicUsize::new(0));
        // Two blocks a worker on their way.
        let (full_in, full_out) = mpsc::sync_channel(pool.current_num_threads());
        let (empty_in, empty_out) = mpsc::channel();
        let (full_out, empty_out) = (Mutex::new(full_out), Mutex::new(empty_out));
        let done = std::thread::scope(|scope| {
            for _ in 0..readers {
                let pipe = Pipe { full: full_in.clone(), empty: &empty_out };
                let queue = &queue;
                scope.spawn(move || {
                    // The lock must not be held while a stream is read.
                    let take = || queue.lock().expect("no reader panicked").pop_front();
                    while let Some(job) = take() {
                        self.read(job, &pipe);
                    }
                });
            }
            drop(full_in);
            pool.broadcast(|_| self.work(&parts, &next, &full_out, &empty_in))
        });
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

    /// Counts blocks of streams, whose readers wait, before parts of maps, which do not.
    fn work(&self, parts: &[Part<'_>], next: &AtomicUsize, full: &Mutex<Receiver<Block>>, empty: &Sender<Vec<u8>>) -> Done {
        let mut worker = self.worker();
        let mut mapped = !parts.is_empty();
        loop {
            let full = full.lock().expect("no worker panicked");
            let block = if mapped { full.try_recv() } else { full.recv().map_err(|_| TryRecvError::Disconnected) };
            drop(full);
            match block {
                Ok(Block { chunk, text, carried }) => {
                    worker.read(&text, chunk, &carried);
                    self.progress.advance(text.len() as u64);
                    // Nobody takes buffers any more when all is read.
                    let _ = empty.send(text);
                }
                Err(TryRecvError::Disconnected) if !mapped => return worker.done(),
                Err(_) => match parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    Some(part) => self.count(part, &mut worker),
                    None => mapped = false,
                },
            }
        }
    }

    /// Counts a part of a map, as far as the file still reaches.
    fn count(&self, part: &Part<'_>, worker: &mut super::Worker<'_>) {
        let range = chunk_of(part.map, self.spec.chunk, part.chunk.number as usize);
        let end = part.map.cut().unwrap_or(range.end).clamp(range.start, range.end);
        let carried = part.fold.map(|fold| fold.lock().expect("no worker panicked").before(self, part)).unwrap_or_default();
        worker.read(&part.map[range.start..end], part.chunk, &carried);
        if let Some(end) = part.map.cut()
            && end < range.end
        {
            let name = part.name;
            let warning =
                format!("{name}: the file was cut to {end} bytes while it was read; what stood behind is missing from the counts");
            self.warn(part.chunk.input, warning);
        }
        self.progress.advance(range.len() as u64);
    }

    /// The format of an input, if what a line means can hang on lines before it.
    fn hanging(&self, input: u32) -> Option<&Format> {
        self.formats[input as usize].as_ref().map(|r| &r.format).filter(|f| f.hangs_on_earlier_lines())
    }

    /// A line whose end never came is no request, and says so.
    fn tell_open_pieces(&self, input: u32, name: &str, carried: &[u8]) {
        let open = self.hanging(input).map_or(0, |format| format.open_pieces(carried));
        if open > 0 {
            self.warn(input, format!("{name}: ends within a line that came in pieces; they are counted with the blank lines"));
        }
    }

    /// Reads the streams of a job one after another.
    fn read(&self, job: Job<'_>, pipe: &Pipe<'_>) {
        let mut reel = None;
        for (input, prepared) in job {
            let stream = match prepared.take_stream(&mut reel) {
                Ok(stream) => stream,
                Err(error) => {
                    self.warn(input, format!("{error}; what was read before it counts"));
                    continue;
                }
            };
            let mut blocks = Blocks::new(stream, BLOCK);
            let format = self.hanging(input);
            let (mut number, mut carried) = (0, Carried::default());
            loop {
                let mut block = pipe.empty.lock().expect("no reader panicked").try_recv().unwrap_or_default();
                let ended = match blocks.next(&mut block) {
                    Ok(false) => break,
                    Ok(true) => None,
                    Err(error) => {
                        block = blocks.leftover();
                        Some(error)
                    }
                };
                prepared.bytes += block.len() as u64;
                let before = carried.clone();
                format.into_iter().for_each(|format| carry(format, &mut carried, &block));
                if pipe.full.send(Block { chunk: Chunk { input, number }, text: block, carried: before }).is_err() {
                    break;
                }
                number += 1;
                if let Some(error) = ended {
                    let archive = reel.as_ref().and_then(super::unpack::Reel::failed);
                    let what = archive.unwrap_or_else(|| format!("{}: {error}", prepared.name));
                    self.warn(input, format!("{what}; what was read before it counts"));
                    break;
                }
            }
            self.tell_open_pieces(input, &prepared.name, &carried);
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
fn carry(format: &Format, carried: &mut Carried, text: &[u8]) {
    let next = format.carried(carried, text);
    if next[..] != carried[..] {
        *carried = next.into();
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
