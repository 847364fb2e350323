//! Before a scan: opens the inputs, looks at samples, settles each input's format and the folds of routes.
//!
//! Samples come from places that hang on nothing but an input's length, so that they, and all that is learnt from them,
//! are the same for every number of workers.

use super::{Choice, ScanSpec, Scanned, reopen};
use crate::format::{Candidate, Detection, Format, Memory, is_directive, trim_line};
use crate::input::{InputError, MAX_LINE, Map, Opened, Origin, open};
use crate::model::{Record, ServiceId, StatusClass};
use crate::route::{Counted, Folds, RouteRules};
use std::collections::BTreeMap;
use std::io::{Chain, Cursor, Read};

/// Blocks of a mapped input that are looked at.
const BLOCKS: usize = 8;
/// Bytes of each, and of the start of a stream.
const BLOCK: usize = 256 << 10;
/// Lines that the format is detected by, spread over all blocks.
const LINES: usize = 256;
/// Lines that are looked at before it is said that no format is known.
const MORE_LINES: usize = 4_096;
/// Longer lines are no help in detection, and cost time.
const LONG: usize = 64 << 10;
/// Lines of each block that routes are learnt from.
const ROUTE_LINES: usize = 512;
/// A pipe is taken to be so many times as long as its sample: nobody knows.
const PIPE_SCALE: u64 = 1_000;
/// How much logs shrink by gzip.
const GZIP_SCALE: u64 = 12;

/// An input that is ready to be scanned.
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) service: ServiceId,
    pub(super) format: Option<Format>,
    pub(super) source: Source,
    pub(super) bytes: u64,
    origin: Origin,
    note: Option<String>,
    pub(super) unknown: Option<Unknown>,
    /// Blocks of lines to learn routes from.
    sample: Vec<Vec<u8>>,
}

/// What was read ahead, and the rest.
pub(super) type Stream = Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>;

/// Where the bytes come from.
pub(super) enum Source {
    Map(Map),
    /// A file to be opened again.
    File,
    /// A pipe: what was read of it already, and the rest.
    Pipe(Vec<u8>, Box<dyn Read + Send>),
}

/// What the lines look like when no format reads them.
#[derive(Debug)]
pub struct Unknown {
    /// The first lines, as they are.
    pub head: Vec<Vec<u8>>,
    /// The formats that came nearest, best first.
    pub candidates: Vec<Candidate>,
    /// The input holds bytes that no text has.
    pub binary: bool,
    /// The input has no line at all but blank ones and directives.
    pub empty: bool,
}

pub(super) fn prepare(origin: &Origin, spec: &ScanSpec) -> Result<Prepared, InputError> {
    let (source, blocks) = match open(origin, spec.map)? {
        Opened::Mapped(map) => {
            let blocks = places(map.len()).map(|at| whole_lines(&map, at)).collect();
            (Source::Map(map), blocks)
        }
        Opened::Stream(mut reader) => {
            let (start, end) = start_of(&mut reader);
            // A line that is not there to its end is no sample, but the last one of all needs no line end.
            let whole = if end == End::Yet { memchr::memrchr(b'\n', &start).map_or(start.len(), |n| n + 1) } else { start.len() };
            let (block, broken) = (start[..whole].to_vec(), end == End::Broken);
            // A stream that breaks here is told when it is read in earnest.
            let again = matches!(origin, Origin::File(path) if path.is_file());
            (if again || broken { Source::File } else { Source::Pipe(start, reader) }, vec![block])
        }
    };
    Ok(settle(origin, spec, source, blocks))
}

/// How the start of a stream ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// There is more.
    Yet,
    /// That was all.
    All,
    /// It could not be read on.
    Broken,
}

/// The first bytes of a stream, some more if its first line is that long.
fn start_of(reader: &mut impl Read) -> (Vec<u8>, End) {
    let mut start = Vec::new();
    loop {
        let before = start.len();
        if reader.by_ref().take(BLOCK as u64).read_to_end(&mut start).is_err() {
            return (start, End::Broken);
        }
        if start.len() - before < BLOCK {
            return (start, End::All);
        }
        if start.len() >= MAX_LINE || memchr::memchr(b'\n', &start[before..]).is_some() {
            return (start, End::Yet);
        }
    }
}

fn settle(origin: &Origin, spec: &ScanSpec, source: Source, blocks: Vec<Vec<u8>>) -> Prepared {
    let detection = detection(origin, &blocks, &spec.format);
    let unknown = detection.format.is_none().then(|| Unknown {
        head: blocks.iter().flat_map(|b| lines(b)).filter(|l| !is_directive(l)).take(3).map(|l| l[..l.len().min(LONG)].to_vec()).collect(),
        binary: blocks.iter().any(|b| is_binary(b)),
        empty: detection.lines == 0,
        candidates: detection.candidates,
    });
    Prepared {
        name: origin.name(),
        service: ServiceId::NONE,
        note: detection.note,
        format: detection.format,
        bytes: match &source {
            Source::Map(map) => map.len() as u64,
            Source::File | Source::Pipe(..) => 0,
        },
        source,
        origin: origin.clone(),
        unknown,
        sample: blocks,
    }
}

/// Detects by lines from all over the blocks; by many more where these few are not enough, as in a log that begins with what
/// another program printed. Directives stay: they may say what the columns behind them are.
fn detection(origin: &Origin, blocks: &[Vec<u8>], choice: &Choice) -> Detection {
    let all: Vec<&[u8]> = blocks.iter().flat_map(|b| lines(b)).filter(|l| !l.trim_ascii().is_empty() && l.len() <= LONG).collect();
    let requests = all.iter().filter(|l| !is_directive(l)).count();
    let spread = |most: usize| {
        let step = requests.div_ceil(most).max(1);
        let mut number = 0;
        all.iter()
            .filter(|line| {
                number += usize::from(!is_directive(line));
                is_directive(line) || number % step == 1 % step
            })
            .copied()
            .collect::<Vec<_>>()
    };
    let found = choice.settle(origin, &spread(LINES));
    if found.format.is_some() || requests <= LINES { found } else { choice.settle(origin, &spread(MORE_LINES)) }
}

/// Text has hardly any control bytes but tabs, line ends and escapes.
fn is_binary(block: &[u8]) -> bool {
    let control = block.iter().filter(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r' | 0x1b)).count();
    control * 50 > block.len()
}

/// The format of an input, for `logcodes formats FILE`.
///
/// # Errors
/// When the input cannot be opened.
pub fn detect_in(origin: &Origin, choice: &Choice) -> Result<Detection, InputError> {
    let blocks = match open(origin, true)? {
        Opened::Mapped(map) => places(map.len()).map(|at| whole_lines(&map, at)).collect(),
        Opened::Stream(mut reader) => vec![start_of(&mut reader).0],
    };
    Ok(detection(origin, &blocks, choice))
}

/// Where blocks begin: evenly over the whole length, the start among them.
fn places(length: usize) -> impl Iterator<Item = usize> {
    let blocks = length.div_ceil(BLOCK).clamp(1, BLOCKS);
    (0..blocks).map(move |n| (length / blocks) * n)
}

/// The lines that lie wholly in the block at `at`; the first line of all begins at 0.
fn whole_lines(data: &[u8], at: usize) -> Vec<u8> {
    let end = (at + BLOCK).min(data.len());
    let start = if at == 0 { 0 } else { memchr::memchr(b'\n', &data[at..end]).map_or(end, |n| at + n + 1) };
    let end = if end == data.len() { end } else { memchr::memrchr(b'\n', &data[start..end]).map_or(end, |n| start + n) };
    data[start..end].to_vec()
}

fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    block.split(|&b| b == b'\n').map(trim_line)
}

/// What the samples of a service's inputs hold.
#[derive(Default)]
struct Sampled {
    /// Routes with their requests, those that failed and those that were refused.
    counts: BTreeMap<Vec<u8>, (u64, u64, u64)>,
    /// Bytes looked at, and bytes that there are likely to be.
    bytes: u64,
    total: u64,
}

impl Sampled {
    fn folds(self) -> Folds {
        let counted = self.counts.iter().map(|(route, &(count, errors, refused))| Counted { route, count, errors, refused });
        Folds::learn(counted, self.total as f64 / self.bytes.max(1) as f64)
    }
}

/// The rules of routes, with what the samples of all inputs teach.
pub(super) fn learn(prepared: &mut [Prepared], spec: &ScanSpec) -> RouteRules {
    let rules = &spec.tally.routes;
    let mut services: BTreeMap<ServiceId, Sampled> = BTreeMap::new();
    let mut memory = Memory::new(spec.zone.clone());
    for prepared in prepared {
        let sampled = services.entry(prepared.service).or_default();
        let sample = std::mem::take(&mut prepared.sample);
        let sampled_lines = || sample.iter().flat_map(|block| lines(block).take(ROUTE_LINES));
        let bytes = sampled_lines().map(|line| line.len() as u64 + 1).sum::<u64>();
        sampled.bytes += bytes;
        sampled.total += prepared.expected(bytes);
        let Some(format) = &prepared.format else { continue };
        for line in sampled_lines() {
            let mut record = Record::default();
            if format.parse(line, &mut memory, &mut record).is_err() {
                continue;
            }
            if let Some(path) = record.path.filter(|_| spec.filter.accepts(&record)) {
                let mut route = Vec::new();
                rules.write(prepared.service, path, &mut route);
                let is = |class| u64::from(record.status.is_some_and(|s| s.class() == class));
                let (count, errors, refused) = sampled.counts.entry(route).or_default();
                *count += 1;
                *errors += is(StatusClass::ServerError);
                *refused += is(StatusClass::ClientError);
            }
        }
    }
    rules.learned(services.into_iter().map(|(service, sampled)| (service, sampled.folds())))
}

impl Prepared {
    /// The same as a log of a service.
    pub(super) fn of(self, service: ServiceId) -> Self {
        Self { service, ..self }
    }

    /// An input that holds no text is left out; one of an unknown format is read, and its lines are rejected.
    pub(super) fn is_text(&self) -> bool {
        self.unknown.as_ref().is_none_or(|u| !u.binary)
    }

    /// Bytes to come, if known.
    pub(super) fn length(&self) -> Option<u64> {
        matches!(self.source, Source::Map(_)).then_some(self.bytes)
    }

    /// Bytes that the input is likely to have, of which `sampled` were looked at.
    fn expected(&self, sampled: u64) -> u64 {
        match (&self.source, &self.origin) {
            (Source::Map(map), _) => map.len() as u64,
            (Source::Pipe(start, _), _) if start.len() < BLOCK => sampled,
            (Source::File, Origin::File(path)) => std::fs::metadata(path).map_or(sampled, |meta| meta.len() * GZIP_SCALE),
            _ => sampled * PIPE_SCALE,
        }
    }

    /// The stream from its start.
    pub(super) fn take_stream(&mut self) -> Result<Stream, InputError> {
        match std::mem::replace(&mut self.source, Source::File) {
            Source::Pipe(first, rest) => Ok(Cursor::new(first).chain(rest)),
            Source::Map(_) | Source::File => Ok(Cursor::new(Vec::new()).chain(reopen(&self.origin)?)),
        }
    }

    pub(super) fn into_scanned(self) -> Scanned {
        Scanned {
            name: self.name,
            service: self.service,
            format: self.format.map(|f| f.name().to_owned()),
            note: self.note,
            unknown: self.unknown,
            bytes: self.bytes,
        }
    }
}
