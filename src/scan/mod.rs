//! The only room that knows threads: inputs and a spec -> one [`Tally`].
//!
//! Mapped files are cut into chunks that workers take from a common queue; streams are read by one thread that hands out
//! blocks. Every worker counts into a tally of its own; at the end they are merged. What a count is does not depend on who
//! took which chunk.

mod choice;
mod prepare;
mod records;
mod work;

pub use choice::Choice;
pub use prepare::{Unknown, detect_in};
pub use records::{Event, Told, each_record};

use crate::filter::Filter;
use crate::format::{Field, Format, Wanted};
use crate::input::{Blocks, Chunk, InputError, Opened, Origin, chunk_of, chunks, open};
use crate::model::{MAX_SERVICES, ServiceId, Services};
use crate::service::ServiceRules;
use crate::tally::{Place, Spec, Tally};
use jiff::tz::TimeZone;
use prepare::{Prepared, Source};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use work::Worker;

/// What to do with the inputs.
pub struct ScanSpec {
    /// Number of workers; `None` is one a core.
    pub jobs: Option<usize>,
    /// The format of the inputs.
    pub format: Choice,
    /// Which records count.
    pub filter: Filter,
    /// Which service an input is a log of; `None` is not to ask.
    pub services: Option<ServiceRules>,
    /// What to count.
    pub tally: Spec,
    /// Whether regular files may be mapped.
    pub map: bool,
    /// The zone of times that state none.
    pub zone: TimeZone,
    /// Bytes a chunk. Debug builds take small ones, so that tests cross their borders all day.
    pub chunk: usize,
}

impl Default for ScanSpec {
    fn default() -> Self {
        Self {
            jobs: None,
            format: Choice::Detect,
            filter: Filter::default(),
            services: None,
            tally: Spec::default(),
            map: true,
            zone: TimeZone::UTC,
            chunk: CHUNK,
        }
    }
}

/// Bytes a chunk: large enough that finding its ends costs nothing, small enough that workers finish together.
pub const CHUNK: usize = if cfg!(debug_assertions) { 4 << 10 } else { 1 << 20 };

/// What a scan found.
pub struct Scan {
    /// The counts, closed.
    pub tally: Tally,
    /// The inputs, in the order given.
    pub inputs: Vec<Scanned>,
    /// The services that the inputs were asked for, those of inputs that could not be opened too.
    pub services: Option<Services>,
    /// Things that went wrong without stopping the scan, in words.
    pub warnings: Vec<String>,
    /// Some of several inputs could not be opened.
    pub unreadable: bool,
    lines_before: HashMap<(u32, u32), u64>,
}

/// One input after the scan.
#[derive(Debug)]
pub struct Scanned {
    /// Its name.
    pub name: String,
    /// The service that it is a log of.
    pub service: ServiceId,
    /// Its format's name; `None` when no format read any of its lines.
    pub format: Option<String>,
    /// What was assumed about its format, in words.
    pub note: Option<String>,
    /// Why no format fits, if so.
    pub unknown: Option<Unknown>,
    /// Bytes read, after decompression.
    pub bytes: u64,
}

impl Scan {
    /// The line number, from 1, of a place in an input.
    pub fn line_number(&self, place: Place) -> u64 {
        self.lines_before.get(&(place.input, place.chunk)).copied().unwrap_or(0) + u64::from(place.line) + 1
    }
}

/// Is told how a scan goes on; called from several threads.
pub trait Progress: Sync {
    /// Bytes in all, as far as known.
    fn start(&self, total: Option<u64>);
    /// So many more bytes are done.
    fn advance(&self, bytes: u64);
}

/// Says nothing.
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}

/// Reads all inputs.
///
/// # Errors
/// When no input can be opened. One of several, or one that fails in the middle, is a warning.
pub fn scan(origins: &[Origin], spec: &ScanSpec, progress: &dyn Progress) -> Result<Scan, InputError> {
    let (services, ids) = services(origins, spec);
    let (mut prepared, mut unreadable) = (Vec::new(), Vec::new());
    for (origin, &service) in origins.iter().zip(&ids) {
        match prepare::prepare(origin, spec) {
            Ok(input) => prepared.push(input.of(service)),
            Err(error) if origins.len() == 1 => return Err(error),
            Err(error) => unreadable.push(error),
        }
    }
    if prepared.is_empty()
        && let Some(error) = unreadable.pop()
    {
        return Err(error);
    }
    let mut tally_spec = spec.tally.clone();
    tally_spec.routes = prepare::learn(&mut prepared, spec);
    progress.start(prepared.iter().map(Prepared::length).sum());

    let wanted = spec.filter.wanted(Wanted::TALLY);
    let formats: Vec<Option<Format>> = prepared.iter().map(|p| p.format.as_ref().map(|f| f.narrowed(wanted))).collect();
    let services_of = prepared.iter().map(|p| p.service).collect();
    let context = Context { spec, tally: tally_spec, formats, services: services_of, progress, warnings: Mutex::default() };
    if let Some(folded) = services.as_ref().map(Services::folded).filter(|&folded| folded > 0) {
        context.warn(format!("{folded} of {} services are counted together as (other)", MAX_SERVICES + folded));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers(&prepared, spec)).build().expect("threads can be started");

    for prepared in prepared.iter().filter(|p| spec.filter.host.is_some() && p.format.as_ref().is_some_and(|f| !f.has(&Field::Host))) {
        context.warn(format!("{}: its format has no host, so that the host filter leaves everything out", prepared.name));
    }
    let mut done = context.mapped(&pool, &prepared);
    for (input, prepared) in prepared.iter_mut().enumerate() {
        if prepared.is_text() && !matches!(prepared.source, Source::Map(_)) {
            done.extend(context.streamed(&pool, input as u32, prepared));
        }
    }
    unreadable.iter().for_each(|error| context.warn(format!("{error}; it is left out")));
    let warnings = context.warnings.into_inner().expect("no worker panicked");
    Ok(Scan { services, unreadable: !unreadable.is_empty(), ..close(done, prepared, warnings, context.tally) })
}

/// The services of the inputs, if they are asked for, and the number of each input's.
fn services(origins: &[Origin], spec: &ScanSpec) -> (Option<Services>, Vec<ServiceId>) {
    let Some(rules) = &spec.services else { return (None, vec![ServiceId::NONE; origins.len()]) };
    let labels: Vec<Option<String>> = origins.iter().map(|origin| rules.label(origin.path())).collect();
    let services = Services::new(labels.iter().flatten().cloned());
    let ids = labels.iter().map(|label| services.id(label.as_deref())).collect();
    (Some(services), ids)
}

/// As many as asked for, but not more than there are chunks to work on.
fn workers(prepared: &[Prepared], spec: &ScanSpec) -> usize {
    let chunks = prepared.iter().map(|p| p.length().map_or(MOST_FOR_STREAM, |bytes| chunks(bytes as usize, spec.chunk))).sum::<usize>();
    let asked = spec.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    asked.min(chunks).max(1)
}

/// One thread reads a stream: more than this many have nothing to do.
const MOST_FOR_STREAM: usize = 16;

/// What all workers share.
struct Context<'s> {
    spec: &'s ScanSpec,
    tally: Spec,
    formats: Vec<Option<Format>>,
    services: Vec<ServiceId>,
    progress: &'s dyn Progress,
    warnings: Mutex<Vec<String>>,
}

impl Context<'_> {
    fn worker(&self) -> Worker<'_> {
        Worker::new(&self.formats, &self.services, &self.spec.filter, self.tally.clone(), self.spec.zone.clone())
    }

    fn warn(&self, warning: String) {
        let mut warnings = self.warnings.lock().expect("no worker panicked");
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    /// All chunks of all mapped inputs, each taken by whoever is free.
    fn mapped(&self, pool: &rayon::ThreadPool, prepared: &[Prepared]) -> Vec<Done> {
        let mut queue = Vec::new();
        for (input, prepared) in prepared.iter().enumerate() {
            if let (Source::Map(map), true) = (&prepared.source, prepared.is_text()) {
                let numbers = 0..chunks(map.len(), self.spec.chunk) as u32;
                queue.extend(numbers.map(|number| (Chunk { input: input as u32, number }, map, prepared.name.as_str())));
            }
        }
        if queue.is_empty() {
            return Vec::new();
        }
        let next = AtomicUsize::new(0);
        pool.broadcast(|_| {
            let mut worker = self.worker();
            while let Some(&(chunk, map, name)) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
                let range = chunk_of(map, self.spec.chunk, chunk.number as usize);
                let length = range.len() as u64;
                worker.read(&map[range.clone()], chunk);
                if let Some(end) = map.cut()
                    && end < range.end
                {
                    self.warn(format!(
                        "{name}: the file was cut to {end} bytes while it was read; what stood behind is missing from the counts"
                    ));
                }
                self.progress.advance(length);
            }
            worker.done()
        })
    }

    /// One stream: a thread reads, the others count.
    fn streamed(&self, pool: &rayon::ThreadPool, input: u32, prepared: &mut Prepared) -> Vec<Done> {
        let reader = match prepared.take_stream() {
            Ok(stream) => stream,
            Err(error) => {
                self.warn(error.to_string());
                return Vec::new();
            }
        };
        // Two blocks a worker on their way, and the buffers come back: memory stays flat whatever the length of the stream.
        let (full_in, full_out) = mpsc::sync_channel::<(Chunk, Vec<u8>)>(pool.current_num_threads());
        let (empty_in, empty_out) = mpsc::channel::<Vec<u8>>();
        let full_out = Mutex::new(full_out);
        let name = prepared.name.clone();
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let mut blocks = Blocks::new(reader, BLOCK);
                let (mut number, mut bytes) = (0, 0u64);
                let ended = loop {
                    let mut block = empty_out.try_recv().unwrap_or_default();
                    let ended = match blocks.next(&mut block) {
                        Ok(false) => break None,
                        Ok(true) => None,
                        Err(error) => {
                            block = blocks.leftover();
                            Some(format!("{name}: {error}; what was read before it counts"))
                        }
                    };
                    bytes += block.len() as u64;
                    if full_in.send((Chunk { input, number }, block)).is_err() || ended.is_some() {
                        break ended;
                    }
                    number += 1;
                };
                (bytes, ended)
            });
            let done = pool.broadcast(|_| {
                let mut worker = self.worker();
                loop {
                    let Ok((chunk, block)) = full_out.lock().expect("no worker panicked").recv() else { break };
                    worker.read(&block, chunk);
                    self.progress.advance(block.len() as u64);
                    let _ = empty_in.send(block);
                }
                worker.done()
            });
            let (bytes, ended) = reading.join().expect("the reader does not panic");
            prepared.bytes = bytes;
            if let Some(warning) = ended {
                self.warn(warning);
            }
            done
        })
    }
}

/// Bytes a block of a stream.
const BLOCK: usize = if cfg!(debug_assertions) { 8 << 10 } else { 1 << 20 };

/// What one worker brings home.
struct Done {
    tally: Tally,
    chunk_lines: Vec<((u32, u32), u64)>,
}

fn close(done: Vec<Done>, prepared: Vec<Prepared>, warnings: Vec<String>, spec: Spec) -> Scan {
    let mut chunk_lines: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    let mut tally: Option<Tally> = None;
    for Done { tally: next, chunk_lines: lines } in done {
        chunk_lines.extend(lines);
        match &mut tally {
            Some(tally) => tally.merge(next),
            None => tally = Some(next),
        }
    }
    let mut tally = tally.unwrap_or_else(|| Tally::new(spec));
    tally.finish();
    let mut lines_before = HashMap::new();
    let (mut input, mut sum) = (None, 0);
    for ((of, chunk), lines) in chunk_lines {
        if input != Some(of) {
            (input, sum) = (Some(of), 0);
        }
        lines_before.insert((of, chunk), sum);
        sum += lines;
    }
    Scan {
        tally,
        services: None,
        unreadable: false,
        inputs: prepared.into_iter().map(Prepared::into_scanned).collect(),
        warnings,
        lines_before,
    }
}

/// Opens an input for reading from its start.
fn reopen(origin: &Origin) -> Result<Box<dyn Read + Send>, InputError> {
    match open(origin, false)? {
        Opened::Stream(reader) => Ok(reader),
        Opened::Mapped(_) => unreachable!("not asked to map"),
    }
}
