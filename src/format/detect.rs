//! Which format a log has, told by its own lines.
//!
//! Every built-in format reads the sample, and the one that makes most of it wins. When lines go on behind the winner's end, what follows is looked at too (see [`super::infer`]).

use super::builtin::{Builtin, builtins};
use super::clock::Clock;
use super::infer;
use super::json::Strings;
use super::{Fit, Format, Reader, is_directive, trim_line};
use crate::model::Record;
use jiff::tz::TimeZone;
use std::borrow::Cow;

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
    /// Where that line stopped matching, in words; `None` when all lines are records.
    pub stopped: Option<String>,
}

/// Looks for the format of some lines, which may hold blank ones and directives. `lines` should come from several places
/// of a log; a few hundred are enough.
pub fn detect(lines: &[&[u8]]) -> Detection {
    let lines: Vec<&[u8]> = lines.iter().map(|l| trim_line(l)).filter(|l| !is_directive(l)).collect();
    let mut tried: Vec<(&Builtin, Reader, Candidate)> = builtins()
        .iter()
        .filter(|b| !b.fallback)
        .map(|b| {
            let reader = b.reader();
            let candidate = judge(b.name, &reader, &lines);
            (b, reader, candidate)
        })
        .collect();
    rank(&mut tried);
    let candidates = tried.iter().map(|(_, _, c)| c.clone()).collect();
    let (mut format, mut note) = (None, None);
    if let Some((builtin, reader, best)) = tried.into_iter().next()
        && best.parsed > 0
    {
        let mut chosen = Format { name: builtin.name.to_owned(), reader, others: Vec::new() };
        if best.whole * 2 < best.parsed {
            match infer::longer(builtin, &lines) {
                Some(longer) => {
                    chosen.name = longer.name;
                    chosen.reader = Reader::Text(longer.program);
                    note = longer.note;
                }
                None => note = infer::unread(builtin, &lines),
            }
        }
        if matches!(chosen.reader, Reader::Text(_)) {
            chosen.others = builtins().iter().filter(|b| b.name != builtin.name && b.syntax().is_some()).map(Builtin::reader).collect();
        }
        format = Some(chosen);
    }
    if format.is_none() {
        format = last_resort(&lines);
    }
    Detection { format, note, candidates, lines: lines.len() }
}

/// The formats that are otherwise tried on single lines only.
fn last_resort(lines: &[&[u8]]) -> Option<Format> {
    let reads = |b: &&Builtin| judge(b.name, &b.reader(), lines).parsed > 0;
    builtins().iter().filter(|b| b.fallback).find(reads).map(Builtin::format)
}

/// Best first. A format that reads nearly as many lines as the best one may be the better one, since a few odd lines are read
/// by others of its family; of those, the ones that fill nearly as many fields; of those, the one that fits most lines
/// to their end. The sort is stable: of equals the earlier one stays first.
pub(super) fn rank<B>(tried: &mut [(B, Reader, Candidate)]) {
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
    let (mut clock, mut strings) = (Clock::new(TimeZone::UTC), Strings::default());
    let mut candidate = Candidate { name: name.into(), parsed: 0, whole: 0, filled: 0, progress: 0.0, stopped: None };
    let mut furthest = None;
    for line in lines {
        let mut record = Record::default();
        match reader.parse(line, &mut clock, &mut strings, &mut record) {
            Ok(fit) => {
                candidate.parsed += 1;
                candidate.whole += usize::from(fit == Fit::Whole);
                candidate.filled += filled(&record);
            }
            Err(_) => {
                if let Reader::Text(program) = reader {
                    furthest = furthest.max(Some(program.progress(line)));
                }
            }
        }
    }
    if let (Reader::Text(program), Some(at)) = (reader, furthest) {
        candidate.progress = at as f64 / program.steps.len() as f64;
    }
    if candidate.parsed < lines.len() {
        candidate.stopped = Some(match (reader, furthest) {
            (Reader::Text(program), Some(at)) => match program.steps.get(at) {
                Some(step) => format!("{at} of {} fields matched, then {} did not", program.steps.len(), step.field.label()),
                None => "the status is no number".to_owned(),
            },
            _ => "no JSON object with a status".to_owned(),
        });
    }
    candidate
}

/// How many fields a record states.
fn filled(record: &Record<'_>) -> usize {
    let texts = [
        record.remote,
        record.user,
        record.method,
        record.path,
        record.protocol,
        record.host,
        record.referer,
        record.user_agent,
        record.upstream_addr,
        record.upstream_status,
        record.request_id,
    ];
    texts.iter().flatten().count()
        + usize::from(record.time.is_some())
        + usize::from(record.bytes.is_some())
        + usize::from(record.duration.is_some())
        + usize::from(record.upstream_time.is_some())
}
