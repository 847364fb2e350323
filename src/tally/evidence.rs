//! Evidence: a bounded sample of whole records, from which diagnosing works out everything that bare counts do not tell.
//!
//! Each code has a sample of its own, so that a million 404s crowd out no 502; good responses share one, to compare with.
//! A sample is the records of the lowest *ranks*. A rank comes from the record alone: for half of the (client, 16 seconds)
//! pairs from the pair, so that sequences of one client stay whole; for the others from the record, so that one busy client
//! does not fill the sample with a single moment; for records without a time from their place. Hence a sample is the same for
//! every number of workers and, where times are stated, every way of cutting a log, merging is taking the lowest of both, and as
//! long as nothing was left out it is simply all records.

use super::Place;
use crate::model::{Record, StatusCode, Timestamp};
use std::time::Duration;

/// Records kept of all codes together, and at most of one: what rare codes leave of it goes to the others.
const BUDGET: usize = 12_288;
const MOST: usize = 4_096;
/// Bytes kept of a text and of a line.
const TEXT_BYTES: usize = 400;
const LINE_BYTES: usize = 400;
/// Bytes kept of both together.
const KEPT_BYTES: usize = 800;
/// Code slots; the last one is for good responses.
const CODES: usize = 1_000;
const NONE: u16 = u16::MAX;

/// The texts of a record that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the fields of Record")]
pub enum Text {
    Remote,
    User,
    Method,
    Path,
    Query,
    Protocol,
    Host,
    Referer,
    UserAgent,
    UpstreamAddr,
    UpstreamStatus,
    TerminationState,
    CacheStatus,
    Malformed,
}

const TEXTS: usize = 14;
const UNSTATED: (u16, u16) = (u16::MAX, 0);

/// One record of the sample.
#[derive(Clone, Debug)]
pub struct Event {
    rank: u64,
    /// Where its line stands.
    pub place: Place,
    /// Its code.
    pub status: StatusCode,
    /// Its time.
    pub time: Option<Timestamp>,
    /// Bytes sent.
    pub bytes: Option<u64>,
    /// Bytes of its path and query, before they were cut.
    pub target_length: Option<u32>,
    /// Seconds: the request, the upstream, the queue, connecting, the upstream's header; NaN for not stated.
    seconds: [f32; 5],
    /// Where each text lies in `kept`; [`UNSTATED`] for not stated.
    texts: [(u16, u16); TEXTS],
    /// The line, cut when it is long, and behind it the texts that are not in it: unescaped, or cut off with its end.
    kept: Box<[u8]>,
    line: u16,
}

/// The times of a record that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the fields of Record")]
pub enum Span {
    Duration,
    UpstreamTime,
    QueueTime,
    ConnectTime,
    HeaderTime,
}

/// The sample of one code, or of the good responses.
#[derive(Clone, Debug, Default)]
struct Stratum {
    code: Option<StatusCode>,
    seen: u64,
    /// Above this nothing is kept; set once something was left out.
    limit: Option<(u64, Place)>,
    kept: Vec<Event>,
}

/// The samples.
#[derive(Clone, Debug)]
pub struct Evidence {
    index: Box<[u16; CODES]>,
    strata: Vec<Stratum>,
    /// Records kept, of all codes.
    kept: usize,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { index: Box::new([NONE; CODES]), strata: Vec::new(), kept: 0 }
    }
}

/// Whether a response is what a client hopes for: these share a sample.
pub fn is_good(code: StatusCode) -> bool {
    matches!(code.get(), 100..=299 | 304)
}

impl Evidence {
    /// Takes a look at a record, and mostly leaves it. `whole` gives the one that is kept, where `record` lacks fields that do
    /// not decide about that.
    #[inline(always)]
    pub fn witness<'r>(&mut self, record: &Record<'r>, whole: impl FnOnce() -> Option<Record<'r>>, place: Place, line: &[u8]) {
        let Some(code) = record.status else { return };
        let mut slot = self.index[usize::from(code.get()).min(CODES - 1)];
        if slot == NONE {
            slot = self.open(code);
        }
        let stratum = &mut self.strata[usize::from(slot)];
        stratum.seen += 1;
        let rank = rank(record, place);
        if stratum.limit.is_none_or(|limit| (rank, place) < limit) {
            self.keep(slot, rank, &whole().unwrap_or(*record), place, line);
        }
    }

    #[cold]
    fn open(&mut self, code: StatusCode) -> u16 {
        let key = (!is_good(code)).then_some(code);
        let slot = self.strata.iter().position(|s| s.code == key).unwrap_or_else(|| {
            self.strata.push(Stratum { code: key, ..Stratum::default() });
            self.strata.len() - 1
        }) as u16;
        self.index[usize::from(code.get()).min(CODES - 1)] = slot;
        slot
    }

    #[cold]
    fn keep(&mut self, slot: u16, rank: u64, record: &Record<'_>, place: Place, line: &[u8]) {
        let stratum = &mut self.strata[usize::from(slot)];
        stratum.kept.push(Event::new(rank, record, place, line));
        self.kept += 1;
        if stratum.kept.len() > MOST + MOST / 4 || self.kept > BUDGET + BUDGET / 4 {
            self.trim();
        }
    }

    /// Records of a code that may be kept: the largest number with which all together stay within the budget. It only falls as
    /// more is seen, so that what one part left out no other one needs.
    fn most(&self) -> usize {
        let mut seen: Vec<usize> = self.strata.iter().map(|s| s.seen as usize).collect();
        seen.sort_unstable();
        let mut left = BUDGET;
        for (at, count) in seen.iter().enumerate() {
            let share = left / (seen.len() - at);
            if *count > share {
                return share.clamp(1, MOST);
            }
            left -= count;
        }
        MOST
    }

    /// Adds the samples of another part.
    pub fn merge(&mut self, other: Self) {
        for theirs in other.strata {
            let slot = match theirs.code {
                Some(code) => self.open(code),
                None => self.open(StatusCode::new(200).expect("200 is a code")),
            };
            let ours = &mut self.strata[usize::from(slot)];
            ours.seen += theirs.seen;
            ours.limit = [ours.limit, theirs.limit].into_iter().flatten().min();
            ours.kept.extend(theirs.kept);
        }
        self.trim();
    }

    fn trim(&mut self) {
        let most = self.most();
        self.strata.iter_mut().for_each(|stratum| stratum.trim(most));
        self.kept = self.strata.iter().map(|stratum| stratum.kept.len()).sum();
    }

    /// Leaves out what is too much now that all codes are known, and orders the rest: by code, then as the lines are.
    pub fn close(&mut self) {
        self.trim();
        self.strata.sort_by_key(|stratum| stratum.code);
        self.index.fill(NONE);
        for stratum in &mut self.strata {
            stratum.kept.sort_unstable_by_key(|event| event.place);
        }
    }

    /// The records of all samples, each with how many records it stands for.
    pub fn events(&self) -> impl Iterator<Item = (&Event, f64)> {
        self.strata.iter().flat_map(|s| s.kept.iter().map(|event| (event, s.seen as f64 / s.kept.len() as f64)))
    }

    /// Whether no record was ever looked at.
    pub fn is_empty(&self) -> bool {
        self.strata.is_empty()
    }

    /// Whether no record of a code was left out.
    pub fn is_complete(&self, code: StatusCode) -> bool {
        let key = (!is_good(code)).then_some(code);
        self.strata.iter().find(|s| s.code == key).is_none_or(|s| s.limit.is_none())
    }
}

impl Stratum {
    fn trim(&mut self, most: usize) {
        if let Some(limit) = self.limit {
            self.kept.retain(|event| event.key() < limit);
        }
        if self.kept.len() > most {
            let (_, last, _) = self.kept.select_nth_unstable_by_key(most, Event::key);
            self.limit = Some(last.key());
            self.kept.truncate(most);
        }
        self.kept.shrink_to(most + most / 4 + 1);
    }
}

impl Event {
    fn new(rank: u64, record: &Record<'_>, place: Place, line: &[u8]) -> Self {
        let parts: [Option<&[u8]>; TEXTS] = [
            record.remote,
            record.user,
            record.method,
            record.path,
            record.query,
            record.protocol,
            record.host,
            record.referer,
            record.user_agent,
            record.upstream_addr,
            record.upstream_status,
            record.termination_state,
            record.cache_status,
            record.malformed,
        ];
        let line = &line[..line.len().min(LINE_BYTES)];
        let mut kept = line.to_vec();
        let mut place_of = |text: &[u8]| {
            if let Some(start) = within(line, text) {
                return (start as u16, text.len().min(TEXT_BYTES) as u16);
            }
            let (start, room) = (kept.len(), TEXT_BYTES.min(KEPT_BYTES - kept.len()));
            let (head, tail) = ends_of_list(text, room);
            kept.extend_from_slice(head);
            kept.extend_from_slice(tail);
            (start as u16, (head.len() + tail.len()) as u16)
        };
        let texts = parts.map(|part| part.map_or(UNSTATED, &mut place_of));
        let seconds = |time: Option<Duration>| time.map_or(f32::NAN, |d| d.as_secs_f32());
        Self {
            rank,
            place,
            status: record.status.expect("only records with a code are witnessed"),
            time: record.time,
            bytes: record.bytes,
            target_length: record.path.map(|path| (path.len() + record.query.map_or(0, |q| q.len() + 1)) as u32),
            seconds: [record.duration, record.upstream_time, record.queue_time, record.connect_time, record.header_time].map(seconds),
            texts,
            kept: kept.into(),
            line: line.len() as u16,
        }
    }

    fn key(&self) -> (u64, Place) {
        (self.rank, self.place)
    }

    /// A text of the record, cut when it is long.
    pub fn text(&self, text: Text) -> Option<&[u8]> {
        let place = self.texts[text as usize];
        let (start, length) = (usize::from(place.0), usize::from(place.1));
        (place != UNSTATED).then(|| &self.kept[start..start + length])
    }

    /// A time of the record, in seconds.
    pub fn seconds(&self, span: Span) -> Option<f64> {
        let seconds = self.seconds[span as usize];
        (!seconds.is_nan()).then_some(f64::from(seconds))
    }

    /// Whether the line was longer than what is kept of it.
    pub fn is_cut(&self) -> bool {
        usize::from(self.line) == LINE_BYTES
    }

    /// The line, cut when it is long.
    pub fn line(&self) -> &[u8] {
        &self.kept[..usize::from(self.line)]
    }
}

/// As much of a text as there is room for: of a list with spaces the first and the last words, since it matters where the tries
/// of a request began and how they ended.
fn ends_of_list(text: &[u8], room: usize) -> (&[u8], &[u8]) {
    if text.len() <= room {
        return (text, &[]);
    }
    let (head, tail) = (&text[..room / 2], &text[text.len() - room / 2..]);
    match (memchr::memrchr(b' ', head), memchr::memchr(b' ', tail)) {
        (Some(end), Some(start)) => (&head[..=end], &tail[start + 1..]),
        _ => (&text[..room], &[]),
    }
}

/// Where in a line a text lies that was borrowed from it.
fn within(line: &[u8], text: &[u8]) -> Option<usize> {
    let start = (text.as_ptr() as usize).checked_sub(line.as_ptr() as usize)?;
    (start + text.len() <= line.len()).then_some(start)
}

/// See the head of this file. Without a time many records are alike, and only their places tell them apart. Not seeded: a
/// client that picks its paths can take more than its part of a sample, and of nothing else.
#[inline(always)]
fn rank(record: &Record<'_>, place: Place) -> u64 {
    let Some(time) = record.time else {
        return mix(mix(u64::from(place.input)) ^ (u64::from(place.chunk) << 32 | u64::from(place.line)));
    };
    let pair = mix(bytes(record.remote.unwrap_or_default()) ^ (time.seconds >> 4) as u64);
    let time = (time.seconds as u64) << 30 ^ u64::from(time.nanos);
    let path = record.path.unwrap_or_default();
    let own = mix(pair ^ time ^ record.bytes.unwrap_or(0).rotate_left(40) ^ bytes(&path[path.len().saturating_sub(8)..]).rotate_left(17));
    if pair & 1 == 0 { own } else { pair & !0xffff_ffff | own >> 32 }
}

/// The ends of some bytes as a number: addresses differ there.
#[inline(always)]
fn bytes(text: &[u8]) -> u64 {
    match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29),
        _ => text.iter().fold(text.len() as u64, |sum, &b| sum << 8 | u64::from(b)),
    }
}

#[inline(always)]
fn mix(x: u64) -> u64 {
    let wide = u128::from(x ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
    let folded = (wide ^ (wide >> 64)) as u64;
    let again = u128::from(folded ^ 0x2545_f491_4f6c_dd1d) * 0x9e37_79b9_7f4a_7c15;
    (again ^ (again >> 64)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness(evidence: &mut Evidence, n: u32) {
        let line = format!("192.0.2.{} /item/{n} {}", n % 200, n % 7);
        let (client, path) = (line.find(' ').unwrap(), line.rfind(' ').unwrap());
        let code = if n % 5_000 == 17 { 502 } else { [200, 404][usize::from(n.is_multiple_of(3))] };
        let record = Record {
            status: StatusCode::new(code),
            time: Some(Timestamp::from_seconds(i64::from(n / 50))),
            remote: Some(&line.as_bytes()[..client]),
            path: Some(&line.as_bytes()[client + 1..path]),
            user_agent: Some(b"not in the line"),
            ..Record::default()
        };
        evidence.witness(&record, || None, Place { input: 0, chunk: 0, line: n }, line.as_bytes());
    }

    fn seen(evidence: &Evidence) -> Vec<(u16, u32, u64)> {
        evidence.events().map(|(event, weight)| (event.status.get(), event.place.line, (weight * 1e6) as u64)).collect()
    }

    #[test]
    fn a_sample_is_the_same_however_the_lines_are_dealt_out() {
        let mut whole = Evidence::default();
        (0..60_000).for_each(|n| witness(&mut whole, n));
        whole.close();
        let mut parts: Vec<Evidence> = (0..7).map(|_| Evidence::default()).collect();
        (0..60_000).for_each(|n| witness(&mut parts[(n / 911 % 7) as usize], n));
        let mut merged = parts.pop().unwrap();
        parts.into_iter().rev().for_each(|part| merged.merge(part));
        merged.close();
        assert_eq!(seen(&whole), seen(&merged));
        let count = |code: u16| seen(&whole).iter().filter(|(status, ..)| *status == code).count();
        // Nothing of what is rare is left out, and what is frequent does not take more than its part.
        assert_eq!((count(502), count(404), count(200)), (12, MOST, MOST));
        assert!(whole.is_complete(StatusCode::new(502).unwrap()) && !whole.is_complete(StatusCode::new(404).unwrap()));
    }

    #[test]
    fn weights_add_up_to_what_was_seen() {
        let mut evidence = Evidence::default();
        (0..60_000).for_each(|n| witness(&mut evidence, n));
        evidence.close();
        let sum: f64 = evidence.events().map(|(_, weight)| weight).sum();
        assert!((sum - 60_000.0).abs() < 0.01, "{sum}");
    }

    #[test]
    fn many_codes_share_the_budget() {
        let mut evidence = Evidence::default();
        for n in 0..200_000_u32 {
            let record = Record { status: StatusCode::new(400 + (n % 500) as u16), bytes: Some(u64::from(n)), ..Record::default() };
            evidence.witness(&record, || None, Place { input: 0, chunk: 0, line: n }, b"");
            assert!(evidence.kept <= BUDGET + BUDGET / 4 + 1);
        }
        evidence.close();
        assert_eq!(evidence.events().count(), BUDGET / 500 * 500);
    }

    #[test]
    fn texts_are_found_in_the_line_or_behind_it() {
        let mut evidence = Evidence::default();
        witness(&mut evidence, 3);
        let (event, _) = evidence.events().next().unwrap();
        assert_eq!(event.text(Text::Path), Some(&b"/item/3"[..]));
        assert_eq!(event.text(Text::UserAgent), Some(&b"not in the line"[..]));
        assert_eq!(event.text(Text::Host), None);
        assert_eq!(event.line(), b"192.0.2.3 /item/3 3");
    }

    fn untimed(text: &[u8]) -> Record<'_> {
        Record { status: StatusCode::new(404), path: Some(text), upstream_addr: Some(text), ..Record::default() }
    }

    #[test]
    fn alike_records_without_a_time_are_sampled_alike() {
        let mut evidence = Evidence::default();
        for line in 0..100_000 {
            let path: &[u8] = if line % 4 == 0 { b"/a" } else { b"/b" };
            evidence.witness(&untimed(path), || None, Place { input: 0, chunk: 0, line }, b"");
        }
        evidence.close();
        let part = evidence.events().filter(|(e, _)| e.text(Text::Path) == Some(b"/a")).count() as f64 / evidence.kept as f64;
        assert!((0.2..0.3).contains(&part), "{part}");
    }

    #[test]
    fn both_ends_of_a_long_list_are_kept() {
        let tries: Vec<String> = (0..1_000).map(|n| format!("10.0.0.1:{n}")).collect();
        let list = tries.join(", ");
        let event = Event::new(0, &untimed(list.as_bytes()), Place { input: 0, chunk: 0, line: 0 }, b"");
        let kept = String::from_utf8(event.text(Text::UpstreamAddr).unwrap().to_vec()).unwrap();
        assert!(kept.len() <= TEXT_BYTES && kept.starts_with("10.0.0.1:0, ") && kept.ends_with(", 10.0.0.1:999"), "{kept}");
        assert!(kept.split(", ").all(|one| tries.iter().any(|of| of == one)), "{kept}");
    }
}
