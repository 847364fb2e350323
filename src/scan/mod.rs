//! The room that knows threads, all but the one that diagnosing may start: inputs and a spec -> one [`Tally`].
//!
//! Mapped files are cut into chunks that workers take from a common queue; streams are read by those workers that have
//! nothing to count. Every worker counts into a tally of its own; at the end they are merged. What a count is does not depend on who
//! took which chunk.

mod choice;
mod inputs;
mod lines;
mod prepare;
mod records;
mod run;
mod sample;
mod stages;
mod streams;
mod unpack;
mod work;

pub use choice::Choice;
pub use prepare::{Unknown, detect_in};
pub use records::{Event, Named, Told, each_record};
pub use stages::{Spent, Stages};

use crate::filter::{Filter, WordFilter};
use crate::format::{Field, Memory};
use crate::input::{InputError, Origin, chunks};
use crate::model::{MAX_SERVICES, ServiceId, Services};
use crate::service::ServiceRules;
use crate::tally::{Place, Spec, Tally};
use jiff::tz::TimeZone;
use prepare::Prepared;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use work::{Reading, Worker};

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
    /// Inputs of which services are read, where services are asked for.
    pub only: Option<WordFilter>,
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
            only: None,
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
    /// Workers that counted.
    pub workers: usize,
    /// Where the time went.
    pub stages: Stages,
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
    /// The server that wrote it, as rules name it; `unknown` where its format does not tell.
    pub server: &'static str,
    /// The names of rules' fields that its format states.
    pub logged: Vec<&'static str>,
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
    let mut stages = Stages::start();
    let inputs::Inputs { mut prepared, services, warnings: before, unreadable } = inputs::inputs(origins, spec)?;
    stages.end("open");
    let mut tally_spec = spec.tally.clone();
    tally_spec.routes = prepare::learn(&mut prepared, spec);
    stages.end("sample");
    progress.start(prepared.iter().map(Prepared::length).sum());

    let formats = prepared.iter().map(|p| p.format.as_ref().map(|format| Reading::new(format, &spec.filter))).collect();
    let services_of = prepared.iter().map(|p| p.service).collect();
    let warnings = before.into_iter().map(|warning| (0, warning)).collect();
    let context = Context { spec, tally: tally_spec, formats, services: services_of, progress, warnings: Mutex::new(warnings) };
    if let Some(folded) = services.as_ref().map(Services::folded).filter(|&folded| folded > 0) {
        context.warn(0, format!("{folded} of {} services are counted together as (other)", MAX_SERVICES + folded));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers(&prepared, spec)).build().expect("threads can be started");

    let hostless = |p: &Prepared| spec.filter.host.is_some() && p.format.as_ref().is_some_and(|f| !f.has(&Field::Host));
    for (input, prepared) in prepared.iter().enumerate().filter(|(_, p)| hostless(p)) {
        let warning = format!("{}: its format has no host, so that the host filter leaves everything out", prepared.name);
        context.warn(input as u32, warning);
    }
    let done = context.run(&pool, &mut prepared);
    let workers = done.len();
    stages.end("scan");
    let mut warnings = context.warnings.into_inner().expect("no worker panicked");
    // Who was first is chance.
    warnings.sort_by_key(|(input, _)| *input);
    let warnings = warnings.into_iter().map(|(_, warning)| warning).collect();
    let (mut tally, lines_before) = merge(done, context.tally);
    pool.install(|| settle(&context.formats, &mut tally, &spec.zone));
    let inputs = prepared.into_iter().map(Prepared::into_scanned).collect();
    stages.end("merge");
    Ok(Scan { tally, inputs, services, warnings, unreadable, workers, stages, lines_before })
}

/// Reads what evidence kept unread.
fn settle(formats: &[Option<Reading>], tally: &mut Tally, zone: &TimeZone) {
    let memory = || Memory::new(zone.clone());
    tally.unread().into_par_iter().for_each_init(memory, |memory, unread| Reading::settle(formats, unread, memory));
}

/// As many as asked for, but not more than there are chunks to work on.
fn workers(prepared: &[Prepared], spec: &ScanSpec) -> usize {
    let chunks = prepared.iter().map(|p| p.length().map_or(MOST_FOR_STREAM, |bytes| chunks(bytes as usize, spec.chunk))).sum::<usize>();
    jobs(spec).min(chunks).max(1)
}

fn jobs(spec: &ScanSpec) -> usize {
    spec.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// One thread reads a stream: more than this many for each have nothing to do.
const MOST_FOR_STREAM: usize = 16;

/// What all workers share.
struct Context<'s> {
    spec: &'s ScanSpec,
    tally: Spec,
    formats: Vec<Option<Reading>>,
    services: Vec<ServiceId>,
    progress: &'s dyn Progress,
    warnings: Mutex<Vec<(u32, String)>>,
}

impl Context<'_> {
    fn worker(&self) -> Worker<'_> {
        Worker::new(&self.formats, &self.services, &self.spec.filter, self.tally.clone(), self.spec.zone.clone())
    }

    /// Remembers a word about an input, once.
    fn warn(&self, input: u32, warning: String) {
        let mut warnings = self.warnings.lock().expect("no worker panicked");
        if !warnings.iter().any(|(_, before)| *before == warning) {
            warnings.push((input, warning));
        }
    }
}

/// Bytes a block of a stream: what is read stays in a core's cache until it is counted, where one worker does both.
const BLOCK: usize = if cfg!(debug_assertions) { 8 << 10 } else { 512 << 10 };

/// What one worker brings home.
struct Done {
    tally: Tally,
    chunk_lines: Vec<((u32, u32), u64)>,
}

/// The counts of all workers, and the lines before each chunk of an input.
fn merge(done: Vec<Done>, spec: Spec) -> (Tally, HashMap<(u32, u32), u64>) {
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
    (tally, lines_before)
}
