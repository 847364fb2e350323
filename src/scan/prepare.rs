//! Before a scan: opens the inputs, looks at samples, settles each input's format and the folds of routes.

use super::sample::{End, Sample, start_of};
use super::unpack::{self, Reel};
use super::{Choice, ScanSpec, Scanned};
use crate::format::{Candidate, Detection, Format, Memory, is_directive, trim_line};
use crate::input::{InputError, Map, Opened, Origin, member, open};
use crate::model::{Record, ServiceId, StatusClass, Timestamp};
use crate::route::{Counted, Folds, RouteRules};
use std::collections::BTreeMap;
use std::io::{self, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

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
/// How much logs shrink by compression.
const PACKED_SCALE: u64 = 12;
/// Records that are looked at for a time.
const TIMED: usize = 64;

/// An input that is ready to be scanned.
pub(super) struct Prepared {
    pub(super) name: String,
    /// Where it is; a member of an archive as if that were a directory. `None` for standard input.
    pub(super) place: Option<PathBuf>,
    /// The service that it is a log of.
    pub(super) label: Option<String>,
    /// The number of that service among those of the scan.
    pub(super) service: ServiceId,
    pub(super) format: Option<Format>,
    pub(super) source: Source,
    pub(super) bytes: u64,
    origin: Origin,
    note: Option<String>,
    pub(super) unknown: Option<Unknown>,
    /// Its length, where the sample reached its end.
    whole: Option<u64>,
    /// The first time in the sample.
    pub(super) first: Option<Timestamp>,
    /// Nobody named it, and none of its sampled lines is a record.
    pub(super) beside: bool,
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
    /// A compressed member of a mapped archive.
    Packed(Map),
    /// A member of an archive that is a stream: its number and size.
    Member(u32, u64),
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

/// The inputs that one origin holds: itself, or the logs of an archive, with a word where that is broken.
pub(super) type Prepares = (Vec<Prepared>, Option<String>);

/// Opens an input and settles its format. With `map` it is mapped, if the plan allows that and the file does.
pub(super) fn prepare(origin: &Origin, spec: &ScanSpec, map: bool) -> Result<Prepares, InputError> {
    let opened = open(origin, map && spec.map)?;
    let joined = matches!(opened, Opened::Joined(_));
    let (source, sample) = match opened {
        Opened::Mapped(map) => mapped(map),
        Opened::Archive(members, map) => return unpack::members(origin, members, map.as_ref(), spec),
        Opened::Stream(mut reader) | Opened::Joined(mut reader) => {
            let (start, end) = start_of(&mut reader);
            let sample = Sample::of_start(&start, &end);
            let source = match end {
                // What breaks here is told when it is read in earnest.
                _ if origin.is_regular() => Source::File,
                End::Broken(error) => Source::Pipe(start, Box::new(Broken(Some(error)))),
                End::Yet | End::All => Source::Pipe(start, reader),
            };
            (source, sample)
        }
    };
    let mut prepared = settle(origin, None, spec, source, sample);
    if joined {
        let notes = prepared.note.into_iter().chain([JOINED.to_owned()]).collect::<Vec<_>>();
        prepared.note = Some(notes.join("; "));
    }
    Ok((vec![prepared], None))
}

/// What becomes of an archive that cannot be read twice: once for its members' formats, once for their lines.
const JOINED: &str = "a tar archive on a pipe: its logs are read as one, in one format; a file's are read one by one";

/// A member of an archive, where `map` is what it has in the mapped archive.
pub(super) fn prepare_member(origin: &Origin, name: &str, spec: &ScanSpec, map: Map) -> Prepared {
    let (source, sample) = match member(map.clone()) {
        Opened::Mapped(map) => mapped(map),
        Opened::Stream(mut reader) => (Source::Packed(map), Sample::taken(&mut reader)),
        Opened::Joined(_) | Opened::Archive(..) => unreachable!("archives in archives are not opened"),
    };
    settle(origin, Some(name), spec, source, sample)
}

fn mapped(map: Map) -> (Source, Sample) {
    let sample = Sample::of_map(&map);
    (Source::Map(map), sample)
}

/// Fails as a reader did before.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

pub(super) fn settle(origin: &Origin, member: Option<&str>, spec: &ScanSpec, source: Source, sample: Sample) -> Prepared {
    let Sample { blocks, whole } = sample;
    let place = place(origin, member);
    let detection = detection(place.as_deref(), &blocks, &spec.format);
    let unknown = detection.format.is_none().then(|| Unknown {
        head: blocks.iter().flat_map(|b| lines(b)).filter(|l| !is_directive(l)).take(3).map(|l| l[..l.len().min(LONG)].to_vec()).collect(),
        binary: blocks.iter().any(|b| is_binary(b)),
        empty: detection.lines == 0,
        candidates: detection.candidates,
    });
    let format = detection.format;
    let (any, first) = format.as_ref().map_or((false, None), |format| first_time(format, spec, &blocks));
    let named = member.is_none() && !matches!(origin, Origin::Found(_));
    Prepared {
        whole,
        first,
        beside: !named && !any,
        name: named_in(origin, member),
        place,
        label: None,
        service: ServiceId::NONE,
        note: detection.note,
        format,
        bytes: if let Source::Map(map) = &source { map.len() as u64 } else { 0 },
        source,
        origin: origin.clone(),
        unknown,
        sample: blocks,
    }
}

/// The name that reports show of an input, or of a member in it.
pub(super) fn named_in(origin: &Origin, member: Option<&str>) -> String {
    member.map_or_else(|| origin.name(), |member| format!("{}:{}", origin.name(), member.strip_prefix("./").unwrap_or(member)))
}

pub(super) fn place(origin: &Origin, member: Option<&str>) -> Option<PathBuf> {
    let path = origin.path()?;
    Some(member.map_or_else(|| path.to_owned(), |member| path.join(member.trim_start_matches(['.', '/']))))
}

/// Whether there is a record at all, and the first time among the first ones.
fn first_time(format: &Format, spec: &ScanSpec, blocks: &[Vec<u8>]) -> (bool, Option<Timestamp>) {
    let (mut memory, mut seen) = (Memory::new(spec.zone.clone()), 0);
    for line in blocks.iter().flat_map(|b| lines(b)) {
        let mut record = Record::default();
        if !format.skips(line, &mut memory) && format.parse(line, &mut memory, &mut record).is_ok() {
            seen += 1;
            if record.time.is_some() || seen == TIMED {
                return (true, record.time);
            }
        }
    }
    (seen > 0, None)
}

/// Detects by lines from all over the blocks; by many more where these few are not enough, as in a log that begins with what
/// another program printed. Directives stay: they may say what the columns behind them are.
pub(super) fn detection(place: Option<&Path>, blocks: &[Vec<u8>], choice: &Choice) -> Detection {
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
    let found = choice.settle(place, &spread(LINES));
    if found.format.is_some() || requests <= LINES { found } else { choice.settle(place, &spread(MORE_LINES)) }
}

/// Text has hardly any control bytes but tabs, line ends and escapes.
fn is_binary(block: &[u8]) -> bool {
    let control = block.iter().filter(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r' | 0x1b)).count();
    control * 50 > block.len()
}

/// The format of an input, for `logcodes formats FILE`; those of the logs in an archive.
///
/// # Errors
/// When the input cannot be opened.
pub fn detect_in(origin: &Origin, choice: &Choice) -> Result<Vec<(String, Detection)>, InputError> {
    let blocks = match open(origin, true)? {
        Opened::Mapped(map) => mapped(map).1.blocks,
        Opened::Stream(mut reader) | Opened::Joined(mut reader) => Sample::taken(&mut reader).blocks,
        Opened::Archive(members, _) => return unpack::formats(origin, members, choice),
    };
    Ok(vec![(origin.name(), detection(origin.path(), &blocks, choice))])
}

fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let rest = &block[from?..];
        let end = memchr::memchr(b'\n', rest);
        from = end.map(|end| from.unwrap_or(0) + end + 1);
        Some(trim_line(&rest[..end.unwrap_or(rest.len())]))
    })
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
        memory.restart();
        for line in sampled_lines() {
            let mut record = Record::default();
            if format.skips(line, &mut memory) || format.parse(line, &mut memory, &mut record).is_err() {
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
        if let Some(whole) = self.whole {
            return whole;
        }
        let packed = match &self.source {
            Source::Map(map) | Source::Packed(map) => map.len() as u64,
            Source::Member(_, size) => *size,
            Source::File => self.origin.path().and_then(|path| std::fs::metadata(path).ok()).map_or(sampled, |meta| meta.len()),
            Source::Pipe(..) => return sampled * PIPE_SCALE,
        };
        packed * PACKED_SCALE
    }

    /// The archive that this is a member of, and its number there, where only walking leads to it.
    pub(super) fn member(&self) -> Option<(&Origin, u32)> {
        if let Source::Member(number, _) = self.source { Some((&self.origin, number)) } else { None }
    }

    /// The stream from its start. Members of one archive share a reel, and go fastest in the archive's order.
    pub(super) fn take_stream(&mut self, reel: &mut Option<Reel>) -> Result<Stream, InputError> {
        let rest = match std::mem::replace(&mut self.source, Source::File) {
            Source::Pipe(first, rest) => return Ok(Cursor::new(first).chain(rest)),
            Source::Member(number, _) => Reel::seek(reel, &self.origin, number)?,
            Source::Packed(map) => stream(member(map)),
            Source::Map(_) | Source::File => stream(open(&self.origin, false)?),
        };
        Ok(Cursor::new(Vec::new()).chain(rest))
    }

    /// Makes the sample smaller: many inputs share the memory for samples.
    pub(super) fn trim(&mut self, bytes: usize) {
        let each = bytes / self.sample.len().max(1);
        for block in self.sample.iter_mut().filter(|block| block.len() > each) {
            block.truncate(memchr::memrchr(b'\n', &block[..each]).map_or(0, |n| n + 1));
            block.shrink_to_fit();
        }
    }

    pub(super) fn into_scanned(self) -> Scanned {
        Scanned {
            name: self.name,
            service: self.service,
            server: self.format.as_ref().map_or("unknown", Format::server),
            logged: self.format.as_ref().map(Format::logged).unwrap_or_default(),
            format: self.format.map(|f| f.name().to_owned()),
            note: self.note,
            unknown: self.unknown,
            bytes: self.bytes,
        }
    }
}

fn stream(opened: Opened) -> Box<dyn Read + Send> {
    match opened {
        Opened::Stream(reader) | Opened::Joined(reader) => reader,
        Opened::Mapped(map) => Box::new(Cursor::new(map)),
        // It was no archive when it was prepared; what it is now is told by its lines.
        Opened::Archive(..) => Box::new(io::empty()),
    }
}
