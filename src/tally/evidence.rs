//! Evidence: a bounded sample of whole records, from which diagnosing works out everything that bare counts do not tell.
//!
//! Each code has a sample of its own, so that a million 404s crowd out no 502; good responses share one, to compare with.
//! A sample is the records of the lowest *ranks*. A rank comes from the record alone: for half of the (client, 16 seconds)
//! pairs from the pair, so that sequences of one client stay whole; for the others from the record, so that one busy client
//! does not fill the sample with a single moment; for records without a time from their place. Hence a sample is the same for
//! every number of workers and, where times are stated, every way of cutting a log, merging is taking the lowest of both, and as
//! long as nothing was left out it is simply all records.

use super::Place;
use super::event::Event;
use crate::model::{Record, StatusCode};

/// Records kept of all codes together, and at most of one: what rare codes leave of it goes to the others.
const BUDGET: usize = 12_288;
const MOST: usize = 4_096;
/// Longer lines are read at once.
const UNREAD_BYTES: usize = 800;
/// Code slots; the last one is for good responses.
const CODES: usize = 1_000;
const NONE: u16 = u16::MAX;

/// The sample of one code, or of the good responses.
#[derive(Clone, Debug, Default)]
struct Stratum {
    code: Option<StatusCode>,
    seen: u64,
    /// Above this nothing is kept; set once something was left out.
    limit: Option<(u64, Place)>,
    kept: Vec<Kept>,
}

/// A record that is kept for now. Ten times as many are kept for a while as are in the end, so that a line is not read for its
/// evidence before it is known to stay.
#[derive(Clone, Debug)]
struct Kept {
    rank: u64,
    place: Place,
    /// What is to be read yet, and what was read.
    line: Box<[u8]>,
    event: Option<Box<Event>>,
}

/// A kept line that was not read yet.
pub struct Unread<'e>(&'e mut Kept);

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
    /// Takes a look at a record, and mostly leaves it. Where `record` lacks fields that do not decide about that, `whole` reads
    /// them, and mostly need not: the line is kept to be read when it is known to stay, unless it is a long one.
    #[inline(always)]
    pub fn witness<'r, W>(&mut self, record: &Record<'r>, whole: Option<W>, place: Place, line: &[u8])
    where
        W: FnOnce() -> Option<Record<'r>>,
    {
        let Some(code) = record.status else { return };
        let mut slot = self.index[usize::from(code.get()).min(CODES - 1)];
        if slot == NONE {
            slot = self.open(code);
        }
        let stratum = &mut self.strata[usize::from(slot)];
        stratum.seen += 1;
        let rank = rank(record, place);
        if stratum.limit.is_none_or(|limit| (rank, place) < limit) {
            let event = match whole {
                Some(_) if line.len() <= UNREAD_BYTES => None,
                whole => Some(whole.and_then(|whole| whole()).unwrap_or(*record)),
            };
            self.keep(slot, rank, event.as_ref(), place, line);
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
    fn keep(&mut self, slot: u16, rank: u64, record: Option<&Record<'_>>, place: Place, line: &[u8]) {
        let stratum = &mut self.strata[usize::from(slot)];
        let event = record.map(|record| Box::new(Event::new(record, place, line)));
        let line = if event.is_some() { Box::default() } else { line.into() };
        stratum.kept.push(Kept { rank, place, line, event });
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
            stratum.kept.sort_unstable_by_key(|kept| kept.place);
        }
    }

    /// The lines that are still to be read, once it is known which ones stay.
    pub fn unread(&mut self) -> Vec<Unread<'_>> {
        self.strata.iter_mut().flat_map(|s| &mut s.kept).filter(|kept| kept.event.is_none()).map(Unread).collect()
    }

    /// The records of all samples, each with how many records it stands for.
    pub fn events(&self) -> impl Iterator<Item = (&Event, f64)> {
        let of = |s: &Stratum| s.seen as f64 / s.kept.len() as f64;
        self.strata.iter().flat_map(move |s| s.kept.iter().filter_map(|kept| kept.event.as_deref()).map(move |event| (event, of(s))))
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
            self.kept.retain(|kept| kept.key() < limit);
        }
        if self.kept.len() > most {
            let (_, last, _) = self.kept.select_nth_unstable_by_key(most, Kept::key);
            self.limit = Some(last.key());
            self.kept.truncate(most);
        }
        self.kept.shrink_to(most + most / 4 + 1);
    }
}

impl Kept {
    fn key(&self) -> (u64, Place) {
        (self.rank, self.place)
    }
}

impl Unread<'_> {
    /// Where the line stands.
    pub fn place(&self) -> Place {
        self.0.place
    }

    /// The line, which is not kept any longer.
    pub fn take_line(&mut self) -> Box<[u8]> {
        std::mem::take(&mut self.0.line)
    }

    /// Keeps what was read in the line.
    pub fn keep(self, record: &Record<'_>, line: &[u8]) {
        self.0.event = Some(Box::new(Event::new(record, self.0.place, line)));
    }
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
    use super::super::event::Text;
    use super::*;
    use crate::model::Timestamp;

    /// All that there is stands in the record.
    fn now<'r>() -> Option<fn() -> Option<Record<'r>>> {
        None
    }

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
        evidence.witness(&record, now(), Place { input: 0, chunk: 0, line: n }, line.as_bytes());
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
            evidence.witness(&record, now(), Place { input: 0, chunk: 0, line: n }, b"");
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
            evidence.witness(&untimed(path), now(), Place { input: 0, chunk: 0, line }, b"");
        }
        evidence.close();
        let part = evidence.events().filter(|(e, _)| e.text(Text::Path) == Some(b"/a")).count() as f64 / evidence.kept as f64;
        assert!((0.2..0.3).contains(&part), "{part}");
    }
}
