//! Which format a log has, told by its own lines.
//!
//! Every built-in format reads the sample, bare and with what collectors may have put around it taken off, and the one that
//! makes most of it wins. What the winner leaves open is looked at too: lines that go on behind its end ([`super::infer`]),
//! keys that it does not know ([`super::keyed::guess`]).

use super::builtin::{Builtin, builtins};
use super::clock::Clock;
use super::infer;
use super::keyed::guess::{Notation, Seen, beyond};
use super::keyed::json::JsonProgram;
use super::keyed::pairs::{Dialect, Pairs};
use super::keyed::{KeyRow, Keys, Strings};
use super::logged::UNKNOWN;
use super::program::Program;
use super::wrap::Wrapper;
use super::{Context, Field, Fit, Format, Reader, TimeLayout, Unit, is_directive, trim_line};
use crate::model::Record;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::sync::Arc;

/// What the sample showed.
#[derive(Debug)]
pub struct Detection {
    /// The format, or `None` when no format reads any line.
    pub format: Option<Format>,
    /// What was assumed beyond the format itself, in words.
    pub note: Option<String>,
    /// Every format with how far it came, best first.
    pub candidates: Vec<Candidate>,
    /// Lines of the sample that are neither blank nor directives.
    pub lines: usize,
}

/// How well one format reads the sample.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The format's name.
    pub name: Cow<'static, str>,
    /// Lines that are records.
    pub parsed: usize,
    /// Lines that fit to their end.
    pub whole: usize,
    /// Fields filled, over all lines.
    pub filled: usize,
    /// The share of its fields, 0 to 1, that the furthest of the other lines matched.
    pub progress: f64,
    /// The line that came furthest without being a record; `None` when all lines are records.
    pub stopped: Option<Stopped>,
}

/// Where a line stopped matching.
#[derive(Debug, Clone)]
pub struct Stopped {
    /// In words.
    pub why: String,
    /// The line.
    pub line: Vec<u8>,
    /// Bytes of it that matched; `None` where the format has no order of fields.
    pub matched: Option<usize>,
}

/// A format with what it made of the sample.
type Tried = (&'static Builtin, Arc<Reader>, Candidate);

/// Looks for the format of some lines, which may hold blank ones and directives. `lines` should come from several places
/// of a log; a few hundred are enough.
pub fn detect(lines: &[&[u8]]) -> Detection {
    let lines: Vec<&[u8]> = lines.iter().map(|l| trim_line(l)).filter(|l| !is_directive(l) || l.starts_with(b"#")).collect();
    let requests: Vec<&[u8]> = lines.iter().copied().filter(|l| !is_directive(l)).collect();
    let mut found = detect_bare(&lines);
    let mut around = Wrapper::default();
    for (wrapper, peeled) in Wrapper::candidates(&requests) {
        let mut inside = detect_bare(&slices(&peeled));
        // With its wrapper on, a line may fill a field more: the time of the wrapper as a host.
        let further = wrapper.is_certain() && wrapper.goes_on_from(&around) && inside.parsed() > 0;
        if (further && inside.reads_as_many_as(&found)) || inside.is_better_than(&found) {
            inside.wrap(wrapper.clone());
            (found, around) = (inside, wrapper);
        }
    }
    Detection { lines: requests.len(), ..found.0 }
}

/// The lines without what collectors may have put around them, once for each way to take it off.
pub fn peeled(lines: &[&[u8]]) -> Vec<Vec<Vec<u8>>> {
    Wrapper::candidates(lines).into_iter().map(|(_, peeled)| peeled).collect()
}

impl Format {
    /// This format with the wrapper that the lines have, if it reads more of them so.
    #[must_use]
    pub fn in_wrapper(self, lines: &[&[u8]]) -> Self {
        let all: Vec<&[u8]> = lines.iter().map(|l| trim_line(l)).collect();
        let lines: Vec<&[u8]> = all.iter().copied().filter(|l| !is_directive(l)).collect();
        let reads = |lines: &[&[u8]]| judge("", &self.reader, lines).parsed;
        let bare = reads(&lines);
        if bare == lines.len() {
            return self.told_by(&all);
        }
        let wrapped = Wrapper::candidates(&lines).into_iter().map(|(wrapper, peeled)| (reads(&slices(&peeled)), wrapper, peeled));
        match wrapped.max_by_key(|(read, ..)| *read) {
            Some((read, wrapper, peeled)) if read > bare => self.told_by(&slices(&peeled)).wrapped(wrapper),
            _ => self.told_by(&all),
        }
    }

    fn wrapped(mut self, wrapper: Wrapper) -> Self {
        self.name.push_str(&wrapper.name());
        self.wrapper = wrapper;
        self
    }
}

fn slices(lines: &[Vec<u8>]) -> Vec<&[u8]> {
    lines.iter().map(Vec::as_slice).collect()
}

/// A detection that can be compared with others.
struct Attempt(Detection);

impl Attempt {
    fn parsed(&self) -> usize {
        self.0.format.as_ref().and(self.0.candidates.first()).map_or(0, |c| c.parsed.max(1))
    }

    /// As many lines, but for a few odd ones.
    fn reads_as_many_as(&self, other: &Self) -> bool {
        self.parsed() * 20 >= other.parsed() * 19
    }

    /// More lines, or more of as many.
    fn is_better_than(&self, other: &Self) -> bool {
        let filled = |attempt: &Self| attempt.0.candidates.first().map_or(0, |c| c.filled);
        match (self.reads_as_many_as(other), other.reads_as_many_as(self)) {
            (true, true) => (filled(self), self.parsed()) > (filled(other), other.parsed()),
            (more, _) => more,
        }
    }

    fn wrap(&mut self, wrapper: Wrapper) {
        self.0.format = self.0.format.take().map(|format| format.wrapped(wrapper));
    }
}

fn detect_bare(lines: &[&[u8]]) -> Attempt {
    let mut tried: Vec<Tried> = builtins()
        .iter()
        .filter(|b| !b.fallback)
        .map(|b| {
            let reader = b.reader();
            let candidate = judge(b.name, &reader, lines);
            (b, reader, candidate)
        })
        .collect();
    rank(&mut tried);
    let candidates: Vec<Candidate> = tried.iter().map(|(_, _, c)| c.clone()).collect();
    let known = if candidates[0].parsed > 0 { Some(choose(&tried, lines)) } else { guessed(lines) };
    let (format, note) = match known.or_else(|| Some((last_resort(lines)?, None))) {
        Some((format, note)) => (Some(format), note),
        None => (None, None),
    };
    let count = lines.iter().filter(|l| !is_directive(l)).count();
    let format = format.map(|format| format.told_by(lines));
    Attempt(Detection { format, note, candidates, lines: count })
}

/// The best format, with what its lines have beyond it.
fn choose(tried: &[Tried], lines: &[&[u8]]) -> (Format, Option<String>) {
    let (builtin, reader, best) = &tried[0];
    let mut chosen = Format::bare(builtin.name, Reader::clone(reader), others(tried)).of_server(builtin.told());
    let note = match &**reader {
        Reader::Text(_) if best.whole * 2 < best.parsed => match longer(tried, lines) {
            Some(longer) => {
                chosen.name = longer.name;
                chosen.server = longer.server;
                chosen.logged = longer.program.fields();
                chosen.reader = Reader::Text(longer.program);
                longer.note
            }
            None => infer::unread(builtin, lines),
        },
        Reader::Json(_) | Reader::Pairs(_) => {
            let seen = notation(reader).map(|notation| Seen::of(lines, notation)).unwrap_or_default();
            if chosen.server == UNKNOWN && seen.is_of_nginx() {
                chosen.server = "nginx";
            }
            let mut rows = filled_up(reader, &seen, lines);
            let known = builtin.rows();
            rows.retain(|(path, field, _)| !known.iter().any(|(key, of, _)| key == path && of.bit() == field.bit()));
            if rows.is_empty() {
                None
            } else {
                let note = in_words(&rows);
                chosen.reader = with_keys(reader, known.into_iter().chain(rows).collect());
                Some(note)
            }
        }
        _ => None,
    };
    (chosen, note)
}

/// Of the formats that make as much of the lines as the best one, the one that makes most of their tails.
fn longer(tried: &[Tried], lines: &[&[u8]]) -> Option<infer::Longer> {
    let made = |c: &Candidate| (c.parsed, c.filled);
    let equals = tried.iter().take_while(|(_, _, c)| made(c) == made(&tried[0].2));
    let texts = equals.filter(|(_, reader, _)| matches!(**reader, Reader::Text(_)));
    let found = texts.filter_map(|(builtin, ..)| {
        let longer = infer::longer(builtin, lines)?;
        Some(((filled(&longer.program, lines), builtin.shared && longer.server == builtin.server), longer))
    });
    found.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, longer)| longer)
}

/// Fields that the lines that fit wholly state.
fn filled(program: &Program, lines: &[&[u8]]) -> u32 {
    let mut clock = Clock::new(TimeZone::UTC);
    let stated = |line: &&[u8]| {
        let mut record = Record::default();
        matches!(program.parse(line, &mut clock, &mut record), Ok(Fit::Whole)).then(|| fields_of(&record).count_ones())
    };
    lines.iter().filter_map(stated).sum()
}

/// What is tried on lines that the best format rejects: templates, of which most give up at once, and whatever else read a
/// line of the sample.
fn others(tried: &[Tried]) -> Vec<Arc<Reader>> {
    let also = tried[1..].iter().filter(|(_, reader, c)| matches!(**reader, Reader::Text(_)) || c.parsed > 0).map(|(_, r, _)| r.clone());
    also.chain(builtins().iter().filter(|b| b.fallback).map(Builtin::reader)).collect()
}

/// Keys for fields that no line of the sample states through the keys that are known.
fn filled_up(reader: &Reader, seen: &Seen, lines: &[&[u8]]) -> Vec<KeyRow> {
    let (mut context, mut stated) = (Context::new(TimeZone::UTC), 0u32);
    for line in lines {
        let (mut record, mut strings) = (Record::default(), Strings::default());
        if reader.parse(line, &mut context, &mut strings, &mut record).is_ok() {
            stated |= fields_of(&record);
        }
    }
    // A key that the format knows is known to hold what it holds; only a field without any key is open.
    seen.guesses(&|field| stated & field.bit() != 0 || (field.is_of_request_line() && stated & Field::Path.bit() != 0))
}

const fn notation(reader: &Reader) -> Option<Notation> {
    match reader {
        Reader::Json(_) => Some(Notation::Json),
        Reader::Pairs(pairs) => Some(Notation::Pairs(pairs.dialect)),
        _ => None,
    }
}

fn with_keys(reader: &Reader, rows: Vec<KeyRow>) -> Reader {
    match reader {
        Reader::Pairs(pairs) => Reader::Pairs(Pairs { keys: Keys::new(rows), dialect: pairs.dialect }),
        _ => Reader::Json(JsonProgram(Keys::new(rows))),
    }
}

/// A keyed format whose main keys are guessed, and what the usual format of its notation knows beyond them.
fn guessed(lines: &[&[u8]]) -> Option<(Format, Option<String>)> {
    let kinds = [
        ("json", Reader::Json(JsonProgram::default())),
        ("ltsv", Reader::Pairs(Pairs { keys: Keys::default(), dialect: Dialect::Ltsv })),
        ("logfmt", Reader::Pairs(Pairs { keys: Keys::default(), dialect: Dialect::Logfmt })),
    ];
    kinds.into_iter().find_map(|(name, empty)| {
        let seen = Seen::of(lines, notation(&empty)?);
        let rows = seen.guesses(&|_| false);
        let server = if seen.is_of_nginx() { "nginx" } else { UNKNOWN };
        let has = |is: &dyn Fn(&Field) -> bool| rows.iter().any(|(_, field, _)| is(field));
        let enough = has(&|f| *f == Field::Status) && has(&|f| matches!(f, Field::Time(_) | Field::Request | Field::Target));
        let known = builtins().iter().find(|b| b.name == name).map(Builtin::rows).unwrap_or_default();
        let reader = with_keys(&empty, beyond(known, &rows).into_iter().chain(rows.iter().cloned()).collect());
        (enough && judge(name, &reader, lines).parsed > 0)
            .then(|| (Format::bare(name, reader, Vec::new()).of_server(server), Some(in_words(&rows))))
    })
}

/// Characters of a key that are shown.
const LONGEST_KEY: usize = 60;

fn in_words(rows: &[KeyRow]) -> String {
    let key = |path: &[String]| path.join(".").chars().take(LONGEST_KEY).collect::<String>();
    let said: Vec<String> = rows.iter().map(|(path, field, _)| format!("{} for {}", key(path), field.label())).collect();
    format!("by their names and values these keys are taken: {}; -f with a JSON template tells otherwise", said.join(", "))
}

/// The formats that are otherwise tried on single lines only.
fn last_resort(lines: &[&[u8]]) -> Option<Format> {
    let reads = |b: &&Builtin| judge(b.name, &b.reader(), lines).parsed > 0;
    builtins().iter().filter(|b| b.fallback).find(reads).map(Builtin::format)
}

/// Best first. A format that reads nearly as many lines as the best one may be the better one, since a few odd lines are read
/// by others of its family; of those, the ones that fill nearly as many fields; of those, the one that fits most lines
/// to their end. The sort is stable: of equals the earlier one stays first.
pub(super) fn rank<B, R>(tried: &mut [(B, R, Candidate)]) {
    let nearly = |n: f64, best: f64| n >= best * 0.95;
    let parsed = |c: &Candidate| c.parsed as f64;
    let fields = |c: &Candidate| c.filled as f64 / c.parsed.max(1) as f64;
    let most = |of: &dyn Fn(&Candidate) -> f64| tried.iter().map(|(_, _, c)| of(c)).fold(0.0, f64::max);
    let most_parsed = most(&parsed);
    let most_fields = most(&|c| if nearly(parsed(c), most_parsed) { fields(c) } else { 0.0 });
    let key = |c: &Candidate| {
        let reads = nearly(parsed(c), most_parsed);
        (reads, reads && nearly(fields(c), most_fields), c.whole, c.parsed, if c.parsed == 0 { (c.progress * 1000.0) as u32 } else { 0 })
    };
    tried.sort_by_key(|(_, _, c)| std::cmp::Reverse(key(c)));
}

pub(super) fn judge(name: impl Into<Cow<'static, str>>, reader: &Reader, lines: &[&[u8]]) -> Candidate {
    let (mut context, mut strings) = (Context::new(TimeZone::UTC), Strings::default());
    let mut candidate = Candidate { name: name.into(), parsed: 0, whole: 0, filled: 0, progress: 0.0, stopped: None };
    let mut furthest: Option<(usize, &[u8])> = None;
    for line in lines {
        if reader.obeys(line, &mut context) || is_directive(line) {
            continue;
        }
        let mut record = Record::default();
        if let Ok(fit) = reader.parse(line, &mut context, &mut strings, &mut record) {
            candidate.parsed += 1;
            candidate.whole += usize::from(fit == Fit::Whole);
            // Behind the place where a line leaves a template, nothing says that a number is what the template calls it.
            let timed = fit == Fit::Partly && matches!(reader, Reader::Text(_));
            candidate.filled += (fields_of(&record) & if timed { PLAIN } else { u32::MAX }).count_ones() as usize;
            continue;
        }
        let steps = if let Reader::Text(program) = reader { program.progress(line).0 } else { 0 };
        if furthest.is_none_or(|(most, _)| steps > most) {
            furthest = Some((steps, line));
        }
    }
    if let Some((steps, line)) = furthest {
        candidate.progress = if let Reader::Text(program) = reader { steps as f64 / program.steps.len() as f64 } else { 0.0 };
        candidate.stopped = Some(stopped(reader, line));
    }
    candidate
}

/// Bytes of a line that are kept behind the place where it stopped matching.
const MOST_SHOWN: usize = 512;

fn stopped(reader: &Reader, line: &[u8]) -> Stopped {
    let (why, matched) = match reader {
        Reader::Text(program) => {
            let (steps, bytes) = program.progress(line);
            let why = match program.steps.get(steps) {
                Some(step) => format!("{steps} of {} fields matched, then {} did not", program.steps.len(), step.field.label()),
                None => "the fields are there, but time, method or status are none".to_owned(),
            };
            (why, Some(bytes))
        }
        Reader::Json(_) => ("no JSON object with a status".to_owned(), None),
        Reader::Pairs(_) => ("no pairs of keys and values with a status".to_owned(), None),
        Reader::Columns(_) => ("no heading says what its columns are, and they are none of the usual ones".to_owned(), None),
    };
    let shown = line.len().min(matched.unwrap_or(0) + MOST_SHOWN);
    Stopped { why, line: line[..shown].to_vec(), matched }
}

/// The bits of the fields that a record states.
fn fields_of(r: &Record<'_>) -> u32 {
    use Unit::Seconds;
    let all = [
        (r.remote.is_some(), Field::Remote),
        (r.user.is_some(), Field::User),
        (r.method.is_some(), Field::Method),
        (r.path.is_some(), Field::Path),
        (r.path.is_some(), Field::Target),
        (r.path.is_some(), Field::Request),
        (r.protocol.is_some(), Field::Protocol),
        (r.host.is_some(), Field::Host),
        (r.referer.is_some(), Field::Referer),
        (r.user_agent.is_some(), Field::UserAgent),
        (r.upstream_addr.is_some(), Field::UpstreamAddr),
        (r.upstream_status.is_some(), Field::UpstreamStatus),
        (r.request_id.is_some(), Field::RequestId),
        (r.time.is_some(), Field::Time(TimeLayout::Any)),
        (r.bytes.is_some(), Field::Bytes),
        (r.status.is_some(), Field::Status),
        (r.duration.is_some(), Field::Duration(Seconds)),
        (r.upstream_time.is_some(), Field::UpstreamTime(Seconds)),
        (r.queue_time.is_some(), Field::QueueTime(Seconds)),
        (r.connect_time.is_some(), Field::ConnectTime(Seconds)),
        (r.header_time.is_some(), Field::HeaderTime(Seconds)),
        (r.termination_state.is_some(), Field::TerminationState),
        (r.cache_status.is_some(), Field::CacheStatus),
    ];
    all.iter().filter(|(stated, _)| *stated).fold(0, |bits, (_, field)| bits | field.bit())
}

/// Fields that tell what they are by their looks or their place in every log.
const PLAIN: u32 = Field::Time(TimeLayout::Any).bit()
    | Field::Remote.bit()
    | Field::User.bit()
    | Field::Method.bit()
    | Field::Path.bit()
    | Field::Target.bit()
    | Field::Request.bit()
    | Field::Protocol.bit()
    | Field::Status.bit()
    | Field::Bytes.bit()
    | Field::Referer.bit()
    | Field::UserAgent.bit();
