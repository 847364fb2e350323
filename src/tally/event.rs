//! One record of a sample, whole: its line and where in it each field lies.

use super::Place;
use crate::model::{Record, StatusCode, Timestamp};
use std::time::Duration;

/// Bytes kept of a text and of a line.
const TEXT_BYTES: usize = 400;
const LINE_BYTES: usize = 400;
/// Bytes kept of both together.
const KEPT_BYTES: usize = 800;
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

impl Event {
    pub(super) fn new(record: &Record<'_>, place: Place, line: &[u8]) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_long_list_are_kept() {
        let tries: Vec<String> = (0..1_000).map(|n| format!("10.0.0.1:{n}")).collect();
        let list = tries.join(", ");
        let text = Some(list.as_bytes());
        let record = Record { status: StatusCode::new(404), path: text, upstream_addr: text, ..Record::default() };
        let event = Event::new(&record, Place { input: 0, chunk: 0, line: 0 }, b"");
        let kept = String::from_utf8(event.text(Text::UpstreamAddr).unwrap().to_vec()).unwrap();
        assert!(kept.len() <= TEXT_BYTES && kept.starts_with("10.0.0.1:0, ") && kept.ends_with(", 10.0.0.1:999"), "{kept}");
        assert!(kept.split(", ").all(|one| tries.iter().any(|of| of == one)), "{kept}");
    }
}
