//! Evidence: a bounded sample of whole records, from which diagnosing works out everything that bare counts do not tell.
//!
//! Each code has a sample of its own, so that a million 404s crowd out no 502; good responses share one, to compare with.
//! A sample is the records of the lowest *ranks*. A rank comes from the record alone: for half of the (client, 16 seconds)
//! pairs from the pair, so that sequences of one client stay whole; for the others from the record, so that one busy client
//! does not fill the sample with a single moment. Hence a sample is the same for every number of workers and every way of
//! cutting a log, merging is taking the lowest of both, and as long as nothing was left out it is simply all records. Records
//! without a time get theirs from their place, which a cut moves: alike lines are alike altogether there, and one kind would fill
//! the sample.

use super::Place;
use crate::model::{Record, StatusCode, Timestamp};
use std::time::Duration;

/// Records kept of all codes together, and at most of one. With more codes each gets less.
const BUDGET: usize = 24_576;
const MOST: usize = 4_096;
const LEAST: usize = 24;
/// Bytes of texts and lines that a record has on average; of longer ones fewer are kept.
const USUAL_BYTES: usize = 640;
/// Bytes kept of a text and of a line.
const TEXT_BYTES: usize = 400;
const LINE_BYTES: usize = 320;
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
    stated: u16,
    ends: [u16; TEXTS],
    texts: Box<[u8]>,
    line: Box<[u8]>,
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
    /// Of the texts and lines that are kept.
    bytes: usize,
}

/// The samples.
#[derive(Clone, Debug)]
pub struct Evidence {
    index: Box<[u16; CODES]>,
    strata: Vec<Stratum>,
    /// Records kept of all codes together, and their bytes.
    held: (usize, usize),
}

impl Default for Evidence {
    fn default() -> Self {
        Self { index: Box::new([NONE; CODES]), strata: Vec::new(), held: (0, 0) }
    }
}

/// Whether a response is what a client hopes for: these share a sample.
pub fn is_good(code: StatusCode) -> bool {
    matches!(code.get(), 100..=299 | 304)
}

impl Evidence {
    /// Takes a look at a record, and mostly leaves it. `whole` gives the one that is kept, where `record` lacks fields that do
    /// not decide about that.
    #[inline]
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
        let most = self.most();
        let stratum = &mut self.strata[usize::from(slot)];
        let line = if stratum.code.is_some() { line } else { &[] };
        let before = (stratum.kept.len(), stratum.bytes);
        stratum.push(Event::new(rank, record, place, line));
        if stratum.kept.len() > most + most / 4 || stratum.bytes > (most + most / 4) * USUAL_BYTES {
            stratum.trim(most);
        }
        self.held = (self.held.0 + stratum.kept.len() - before.0, self.held.1 + stratum.bytes - before.1);
        // With each new code there is less room for those that came before it.
        if self.held.0 > BUDGET + BUDGET / 2 || self.held.1 > (BUDGET + BUDGET / 2) * USUAL_BYTES {
            self.trim();
        }
    }

    fn most(&self) -> usize {
        (BUDGET / self.strata.len().max(1)).clamp(LEAST, MOST)
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
            ours.bytes += theirs.bytes;
            ours.kept.extend(theirs.kept);
        }
        self.trim();
    }

    fn trim(&mut self) {
        let most = self.most();
        self.strata.iter_mut().for_each(|stratum| stratum.trim(most));
        self.held = self.strata.iter().fold((0, 0), |(records, bytes), s| (records + s.kept.len(), bytes + s.bytes));
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
    fn push(&mut self, event: Event) {
        self.bytes += event.size();
        self.kept.push(event);
    }

    /// Leaves the lowest ranks, as many as there is room for.
    fn trim(&mut self, most: usize) {
        if let Some(limit) = self.limit {
            self.kept.retain(|event| event.key() < limit);
        }
        if self.kept.len() > most {
            self.kept.select_nth_unstable_by_key(most, Event::key);
            self.limit = Some(self.kept[most].key());
            self.kept.truncate(most);
        }
        self.bytes = self.kept.iter().map(Event::size).sum();
        if self.bytes > most * USUAL_BYTES {
            self.trim_bytes(most * USUAL_BYTES);
        }
        self.kept.shrink_to(most + most / 4 + 1);
    }

    fn trim_bytes(&mut self, most: usize) {
        self.kept.sort_unstable_by_key(Event::key);
        let (mut bytes, mut room) = (0, 0);
        for event in &self.kept {
            bytes += event.size();
            room += usize::from(bytes <= most);
        }
        self.limit = Some(self.kept[room].key());
        self.kept.truncate(room);
        self.bytes = self.kept.iter().map(Event::size).sum();
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
        let (mut stated, mut ends) = (0, [0; TEXTS]);
        let mut texts = Vec::with_capacity(parts.iter().flatten().map(|t| t.len().min(TEXT_BYTES)).sum());
        for (at, part) in parts.iter().enumerate() {
            if let Some(part) = part {
                stated |= 1 << at;
                let is_list = at == Text::UpstreamAddr as usize || at == Text::UpstreamStatus as usize;
                let (head, tail) = if is_list { ends_of_list(part) } else { (&part[..part.len().min(TEXT_BYTES)], &[][..]) };
                texts.extend_from_slice(head);
                texts.extend_from_slice(tail);
            }
            ends[at] = texts.len() as u16;
        }
        let seconds = |time: Option<Duration>| time.map_or(f32::NAN, |d| d.as_secs_f32());
        Self {
            rank,
            place,
            status: record.status.expect("only records with a code are witnessed"),
            time: record.time,
            bytes: record.bytes,
            target_length: record.path.map(|path| (path.len() + record.query.map_or(0, |q| q.len() + 1)) as u32),
            seconds: [record.duration, record.upstream_time, record.queue_time, record.connect_time, record.header_time].map(seconds),
            stated,
            ends,
            texts: texts.into(),
            line: line[..line.len().min(LINE_BYTES)].into(),
        }
    }

    /// Bytes of its texts and its line.
    fn size(&self) -> usize {
        self.texts.len() + self.line.len()
    }

    fn key(&self) -> (u64, Place) {
        (self.rank, self.place)
    }

    /// A text of the record, cut when it is long.
    pub fn text(&self, text: Text) -> Option<&[u8]> {
        let at = text as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        (self.stated & (1 << at) != 0).then(|| &self.texts[usize::from(start)..usize::from(self.ends[at])])
    }

    /// A time of the record, in seconds.
    pub fn seconds(&self, span: Span) -> Option<f64> {
        let seconds = self.seconds[span as usize];
        (!seconds.is_nan()).then_some(f64::from(seconds))
    }

    /// The line, cut when it is long; empty for good responses.
    pub fn line(&self) -> &[u8] {
        &self.line
    }
}

/// The first and the last tries of a list: of a long one it matters where it began and how it ended.
fn ends_of_list(list: &[u8]) -> (&[u8], &[u8]) {
    if list.len() <= TEXT_BYTES {
        return (list, &[]);
    }
    let (head, tail) = (&list[..TEXT_BYTES / 2], &list[list.len() - TEXT_BYTES / 2..]);
    let head = &head[..memchr::memrchr(b' ', head).map_or(head.len(), |at| at + 1)];
    (head, &tail[memchr::memchr(b' ', tail).map_or(0, |at| at + 1)..])
}

/// See the head of this file. Not seeded: whoever could aim at it would only hide records of their own.
#[inline]
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
#[inline]
fn bytes(text: &[u8]) -> u64 {
    match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29),
        _ => text.iter().fold(text.len() as u64, |sum, &b| sum << 8 | u64::from(b)),
    }
}

#[inline]
fn mix(x: u64) -> u64 {
    let wide = u128::from(x ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
    let folded = (wide ^ (wide >> 64)) as u64;
    let again = u128::from(folded ^ 0x2545_f491_4f6c_dd1d) * 0x9e37_79b9_7f4a_7c15;
    (again ^ (again >> 64)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(code: u16, client: &str, second: i64) -> Record<'_> {
        Record {
            status: StatusCode::new(code),
            time: (second > 0).then(|| Timestamp::from_seconds(second)),
            remote: Some(client.as_bytes()),
            ..Record::default()
        }
    }

    fn place(line: u32) -> Place {
        Place { input: 0, chunk: 0, line }
    }

    #[test]
    fn codes_that_come_one_after_the_other_take_no_more_room_than_all_at_once() {
        let mut evidence = Evidence::default();
        let long = "x".repeat(10_000);
        for line in 0..200_000 {
            let client = format!("192.0.2.{line}");
            let long = Some(long.as_bytes());
            let record = Record { path: long, referer: long, user_agent: long, ..record(400 + (line / 2_000) as u16, &client, 1) };
            evidence.witness(&record, || None, place(line), b"");
            assert!(evidence.held.0 <= BUDGET * 3 / 2 + 1 && evidence.held.1 <= BUDGET * 3 / 2 * USUAL_BYTES + 2_000);
        }
        let held =
            |e: &Evidence| e.strata.iter().fold((0, 0), |(n, b), s| (n + s.kept.len(), b + s.kept.iter().map(Event::size).sum::<usize>()));
        assert_eq!(held(&evidence), evidence.held);
        evidence.close();
        assert!(evidence.held.0 <= BUDGET && evidence.held.1 <= BUDGET * USUAL_BYTES, "{:?}", evidence.held);
        assert!(evidence.strata.iter().all(|s| s.kept.len() >= LEAST && s.seen == 2_000));
    }

    #[test]
    fn long_records_are_sampled_alike_by_one_and_by_many() {
        let texts: Vec<String> = (0..30_000_u32).map(|n| "y".repeat((n.wrapping_mul(2_654_435_761) >> 22) as usize)).collect();
        let clients: Vec<String> = (0..30_000).map(|n| format!("198.51.{}.{}", n / 250 % 250, n % 250)).collect();
        let sample = |parts: usize| {
            let mut workers = vec![Evidence::default(); parts];
            for (line, (text, client)) in texts.iter().zip(&clients).enumerate() {
                let record =
                    Record { path: Some(text.as_bytes()), query: Some(text.as_bytes()), ..record(404, client, 1_000 + line as i64) };
                workers[line % parts].witness(&record, || None, place(line as u32), text.as_bytes());
            }
            let mut all = workers.pop().expect("there are workers");
            workers.into_iter().for_each(|worker| all.merge(worker));
            all.close();
            all.events().map(|(event, weight)| (event.place, weight.to_bits())).collect::<Vec<_>>()
        };
        let one = sample(1);
        assert!(one.len() > 1_000 && one.len() < MOST, "{}", one.len());
        assert!([2, 3, 7].into_iter().all(|parts| sample(parts) == one));
    }

    #[test]
    fn alike_records_without_a_time_are_sampled_alike() {
        let mut evidence = Evidence::default();
        for line in 0..100_000 {
            let path: &[u8] = if line % 4 == 0 { b"/a" } else { b"/b" };
            evidence.witness(&Record { path: Some(path), ..record(404, "192.0.2.1", 0) }, || None, place(line), b"");
        }
        evidence.close();
        let part = evidence.events().filter(|(e, _)| e.text(Text::Path) == Some(b"/a")).count() as f64 / evidence.held.0 as f64;
        assert!((0.2..0.3).contains(&part), "{part}");
    }

    #[test]
    fn both_ends_of_a_long_list_are_kept() {
        let tries: Vec<String> = (0..1_000).map(|n| format!("10.0.0.1:{n}")).collect();
        let list = tries.join(", ");
        let event = Event::new(0, &Record { upstream_addr: Some(list.as_bytes()), ..record(502, "192.0.2.1", 1) }, place(0), b"");
        let kept = String::from_utf8(event.text(Text::UpstreamAddr).unwrap().to_vec()).unwrap();
        assert!(kept.len() <= TEXT_BYTES && kept.starts_with("10.0.0.1:0, ") && kept.ends_with(", 10.0.0.1:999"), "{kept}");
        assert!(kept.split(", ").all(|one| tries.iter().any(|of| of == one)), "{kept}");
    }
}
