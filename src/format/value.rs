//! From the bytes of one field to its value in a [`Record`].

use super::bytes::{find, leading_digits};
use super::clock::Clock;
use super::field::{Field, TimeLayout, Unit};
use crate::model::{Record, StatusCode};
use std::time::Duration;

/// Sets `field` of `record` from its text. What the server wrote as `-` or left empty stays `None`; so does what cannot be
/// read, since a line with a strange byte count is still a response. Gives whether the text can be what the field says it is.
pub(super) fn set<'a>(record: &mut Record<'a>, field: &Field, text: &'a [u8], clock: &mut Clock) -> bool {
    set_here(record, field, text, clock)
}

/// The same, for a loop in which the call would cost as much as what it does.
#[inline(always)]
pub(super) fn set_here<'a>(record: &mut Record<'a>, field: &Field, text: &'a [u8], clock: &mut Clock) -> bool {
    match field {
        Field::Skip
        | Field::SkipList
        | Field::SkipTime(_)
        | Field::Captures
        | Field::Brackets
        | Field::Words
        | Field::Spaces
        | Field::EndTime
        | Field::Not(_) => {}
        Field::Time(TimeLayout::Clf) => record.time = clock.clf_of_any_length(text),
        Field::Time(layout) => record.time = clock.other(layout, text),
        Field::Request => record.set_request(text),
        Field::AbsoluteRequest => set_absolute_request(record, text),
        Field::Status => record.status = status(text),
        Field::ProtocolStatus => {
            let space = memchr::memrchr(b' ', text);
            record.status = status(space.map_or(text, |at| &text[at + 1..]));
            let words = &text[..space.unwrap_or(0)];
            record.protocol = words.rsplit(|&b| b == b' ').next().filter(|word| word.starts_with(b"HTTP/"));
        }
        Field::Bytes => {
            record.bytes = unsigned(after_plus(text));
            return record.bytes.is_some() || text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+'));
        }
        Field::Duration(unit) => {
            record.duration = duration(after_plus(text), *unit);
            return record.duration.is_some() || text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'+'));
        }
        Field::DurationMore(unit) => add_duration(record, duration(text, *unit)),
        Field::UpstreamMore(unit) => {
            record.upstream_time = duration(text, *unit);
            add_duration(record, record.upstream_time);
        }
        Field::UpstreamTime(unit) => record.upstream_time = durations(text, *unit),
        Field::QueueTime(unit) => record.queue_time = duration(text, *unit),
        Field::ConnectTime(unit) => record.connect_time = durations(text, *unit),
        Field::HeaderTime(unit) => record.header_time = durations(text, *unit),
        Field::TerminationState => record.termination_state = stated(text),
        Field::CacheStatus => record.cache_status = stated(text),
        Field::Target => {
            if let Some(target) = stated(text) {
                let mark = find(b'?', target);
                record.path = Some(&target[..mark.unwrap_or(target.len())]);
                record.query = mark.map(|at| &target[at + 1..]);
                record.malformed = None;
            }
        }
        Field::Path => {
            if let Some(path) = stated(text) {
                record.path = Some(path);
                record.malformed = None;
            }
        }
        Field::Query => record.query = query(text),
        Field::Protocol => record.protocol = stated(text).map(protocol),
        Field::Method => {
            record.method = stated(text);
            // Where nothing else says what came instead of a request.
            if record.method.is_none() && record.path.is_none() {
                record.malformed = record.malformed.or(Some(text));
            }
        }
        Field::Remote => record.remote = stated(text),
        Field::Forwarded => {
            let first = text.split(|&b| b == b',').next().unwrap_or_default();
            record.remote = stated(without_port(first.trim_ascii()));
        }
        Field::Peer => record.remote = stated(without_port(text)),
        Field::AddressPort => record.remote = stated(memchr::memrchr(b':', text).map_or(text, |at| &text[..at])),
        Field::User => record.user = stated(text.trim_ascii()),
        Field::Host => record.host = stated(text),
        Field::Referer => record.referer = stated(text),
        Field::UserAgent => record.user_agent = stated(text),
        Field::UpstreamAddr => record.upstream_addr = stated(text),
        Field::UpstreamStatus => record.upstream_status = stated(text),
        Field::RequestId => record.request_id = stated(text),
        Field::ClfHead => set_clf_head(record, text),
    }
    true
}

/// HAProxy puts a plus sign before what was still going on when it wrote the line.
fn after_plus(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"+").unwrap_or(text)
}

/// Some log the version of HTTP alone.
fn protocol(text: &[u8]) -> &[u8] {
    const VERSIONS: [&[u8]; 11] = [
        b"HTTP/1.0",
        b"HTTP/1.1",
        b"HTTP/2",
        b"HTTP/2.0",
        b"HTTP/3",
        b"HTTP/3.0",
        b"HTTP/0.9",
        b"HTTP/1.0.0.0",
        b"HTTP/1.1.0.0",
        b"HTTP/2.0.0.0",
        b"HTTP/3.0.0.0",
    ];
    if !text.first().is_some_and(u8::is_ascii_digit) {
        return text;
    }
    VERSIONS.into_iter().find(|name| &name[5..] == text).unwrap_or(text)
}

/// The sum of the parts, which is unknown as soon as one of them is.
fn add_duration(record: &mut Record<'_>, part: Option<Duration>) {
    record.duration = record.duration.zip(part).and_then(|(sum, part)| sum.checked_add(part));
}

/// `GET https://www.example.com:443/path HTTP/1.1`: the path is the URL's path, the host its authority.
fn set_absolute_request<'a>(record: &mut Record<'a>, text: &'a [u8]) {
    record.set_request(text);
    let Some((host, path)) = record.path.and_then(authority_and_path) else { return };
    (record.host, record.path) = (Some(host), Some(path));
}

/// The two parts of an absolute URL, up to its query.
fn authority_and_path(url: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memmem::find(url, b"://")?;
    let rest = &url[at + 3..];
    let end = memchr::memchr(b'/', rest).unwrap_or(rest.len());
    let path = if end == rest.len() { b"/".as_slice() } else { &rest[end..] };
    (end > 0).then_some((&rest[..end], path))
}

/// What stands before the time in the Common Log Format, when it is not the plain `address ident user`: a virtual host
/// first, a list of forwarded addresses, a missing ident, a user name with spaces.
#[cold]
fn set_clf_head<'a>(record: &mut Record<'a>, text: &'a [u8]) {
    let text = text.trim_ascii();
    // A list of addresses may be as long as a line, and is not worth room of its own.
    let words = || text.split(|&b| b == b' ').filter(|w| !w.is_empty());
    let Some(first) = words().next() else { return };
    let is_listed = |word: &[u8]| word.ends_with(b",") || word.starts_with(b"\"");
    let without_list = |word: &'a [u8]| {
        let bare = word.strip_prefix(b"\"").unwrap_or(word);
        stated(bare.strip_suffix(b",").unwrap_or(bare))
    };
    let listed = is_listed(first);
    record.remote = without_list(first);
    // A virtual host before a list of addresses.
    if let Some(second) = words().nth(1).filter(|second| !listed && is_listed(second)) {
        (record.host, record.remote) = (stated(first), without_list(second));
    }
    // The ident is `-` on nearly every server, and what follows it is the user, spaces and all.
    let ident = words().skip(1).position(|w| w == b"-").map(|at| at + 1);
    match ident {
        Some(at) if words().nth(at + 1).is_some() => {
            record.user = stated(after_words(text, at + 1)).filter(|user| user.iter().any(|b| !matches!(b, b'-' | b' ')));
            if at == 2 && !listed {
                (record.host, record.remote) = (stated(first), words().nth(1).and_then(stated));
            }
        }
        _ if words().nth(2).is_some() => record.user = words().next_back().and_then(stated),
        _ => {}
    }
}

/// What is left behind so many words.
fn after_words(text: &[u8], count: usize) -> &[u8] {
    (0..count).fold(text, |rest, _| {
        let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        rest[end..].trim_ascii_start()
    })
}

/// The address of `address:port`; a bare IPv6 address has no port.
fn without_port(text: &[u8]) -> &[u8] {
    if let Some(end) = text.strip_prefix(b"[").and_then(|inner| memchr::memchr(b']', inner)) {
        return &text[1..=end];
    }
    match memchr::memchr(b':', text) {
        Some(at) if memchr::memchr(b':', &text[at + 1..]).is_none() => &text[..at],
        _ => text,
    }
}

/// `None` for what servers write when a value is absent.
#[inline]
pub(super) fn stated(text: &[u8]) -> Option<&[u8]> {
    if matches!(text, b"" | b"-") { None } else { Some(text) }
}

/// nginx `$args` is bare and `-` when there is none; Apache `%q` carries its `?` and is empty when there is none.
pub(super) fn query(text: &[u8]) -> Option<&[u8]> {
    match text {
        b"" | b"-" => None,
        [b'?', rest @ ..] => Some(rest),
        bare => Some(bare),
    }
}

/// 0 to 999 in decimal digits.
#[inline]
pub(super) fn status(text: &[u8]) -> Option<StatusCode> {
    match text.len() {
        3 => three_digits(text),
        1 | 2 => unsigned(text).and_then(|n| StatusCode::new(n as u16)),
        _ => None,
    }
}

/// The status code that the first three bytes are.
#[inline(always)]
pub(super) fn three_digits(text: &[u8]) -> Option<StatusCode> {
    let digits: &[u8; 3] = text.first_chunk()?;
    let [a, b, c] = digits.map(|d| u16::from(d.wrapping_sub(b'0')));
    if a < 10 && b < 10 && c < 10 { StatusCode::new(a * 100 + b * 10 + c) } else { None }
}

/// A decimal number of 64 bits, and nothing else.
#[inline]
pub(super) fn unsigned(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut number = 0u64;
    for &b in text {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(number)
}

/// `0.123`, `17`, `1.5e-3`, `42ms`; negative numbers are a server's way to say that it does not know.
#[inline]
pub(super) fn duration(text: &[u8], unit: Unit) -> Option<Duration> {
    let unit = if unit == Unit::MillisOrSeconds && text.contains(&b'.') { Unit::Seconds } else { unit };
    match plain_duration(text, unit)? {
        (time, rest) if rest == text.len() => Some(time),
        _ => odd_duration(text, unit),
    }
}

/// The digits at the start, with a fraction or without, and where they end.
#[inline(always)]
fn plain_duration(text: &[u8], unit: Unit) -> Option<(Duration, usize)> {
    let (mut whole, mut at) = (0u64, 0);
    while at < text.len() && text[at].is_ascii_digit() {
        whole = whole.checked_mul(10)?.checked_add(u64::from(text[at] - b'0'))?;
        at += 1;
    }
    if at == 0 && text.first() != Some(&b'.') {
        return None;
    }
    let scale = unit.nanos();
    let mut nanos = whole.checked_mul(scale)?;
    if text.get(at) == Some(&b'.') {
        let mut place = scale;
        at += 1;
        while at < text.len() && text[at].is_ascii_digit() {
            place /= 10;
            nanos = nanos.checked_add(u64::from(text[at] - b'0') * place)?;
            at += 1;
        }
    }
    Some((Duration::from_nanos(nanos), at))
}

/// Up to seven digits at the start of some bytes, a point and as many more, and where they end. `None` for what
/// [`duration`] may read otherwise.
#[inline(always)]
pub(super) fn short_duration(text: &[u8], unit: Unit) -> Option<(Duration, usize)> {
    const TENS: [u64; 10] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
    let (whole, length) = leading_digits(text)?;
    let nanos = whole * TENS[unit.decimals()];
    if text.get(length) != Some(&b'.') {
        return Some((Duration::from_nanos(nanos), length));
    }
    let (fraction, digits) = leading_digits(&text[length + 1..])?;
    // A fraction finer than a nanosecond is cut digit by digit.
    let place = TENS[unit.decimals().checked_sub(digits)?];
    Some((Duration::from_nanos(nanos + fraction * place), length + 1 + digits))
}

#[cold]
fn odd_duration(text: &[u8], unit: Unit) -> Option<Duration> {
    let suffixes: [(&[u8], Unit); 5] =
        [(b"ms", Unit::Millis), (b"us", Unit::Micros), ("µs".as_bytes(), Unit::Micros), (b"ns", Unit::Nanos), (b"s", Unit::Seconds)];
    let named = suffixes.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(*suffix)?, *unit)));
    // One suffix and no more: a field of nothing but them would take a call each.
    if let Some((number, unit)) = named
        && let Some((time, end)) = plain_duration(number, unit)
        && end == number.len()
    {
        return Some(time);
    }
    // Go writes `1m30.5s` and `1h2m0s`.
    if let (Some((number, Unit::Seconds)), Some(at)) = (named, memchr::memrchr(b'm', text)) {
        return clock_duration(&number[..at], plain_duration(&number[at + 1..], Unit::Seconds)?.0);
    }
    let (number, unit) = named.unwrap_or((text, unit));
    let number: f64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(number * unit.nanos() as f64 / 1e9).ok()
}

/// Minutes, with hours before them, and the seconds that follow.
fn clock_duration(text: &[u8], seconds: Duration) -> Option<Duration> {
    let (hours, minutes) = match memchr::memchr(b'h', text) {
        Some(at) => (unsigned(&text[..at])?, unsigned(&text[at + 1..])?),
        None => (0, unsigned(text)?),
    };
    let whole = hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60)?;
    Duration::from_secs(whole).checked_add(seconds)
}

/// nginx writes one time a try, `0.1, 0.2 : 0.3` with `-` for a try that never got that far: the sum of those that did.
pub(super) fn durations(text: &[u8], unit: Unit) -> Option<Duration> {
    if let Some(one) = duration(text, unit) {
        return Some(one);
    }
    text.split(|b| matches!(b, b',' | b':'))
        .filter_map(|try_| duration(try_.trim_ascii(), unit))
        .try_fold(None, |sum: Option<Duration>, one| Some(Some(sum.unwrap_or_default().checked_add(one)?)))
        .flatten()
}

/// Whether a text says what a cache did: some words, of which one is a cache's, `TCP_MISS_ABORTED`, `HIT, MISS`, `RefreshHit`.
pub(super) fn is_cache_status(text: &str) -> bool {
    const WORDS: [&str; 13] =
        ["hit", "miss", "bypass", "expired", "stale", "updating", "revalidated", "scarce", "pass", "pipe", "synth", "error", "dynamic"];
    let text = text.to_ascii_lowercase();
    text.len() <= 80 && text.split(|c: char| !c.is_ascii_alphabetic()).any(|part| WORDS.iter().any(|word| part.ends_with(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_every_unit() {
        let secs = |text: &str, unit| duration(text.as_bytes(), unit).map(|d| d.as_nanos() as f64 / 1e9);
        assert_eq!(secs("0.123", Unit::Seconds), Some(0.123));
        assert_eq!(secs("1966093", Unit::Micros), Some(1.966093));
        assert_eq!(secs("42ms", Unit::Seconds), Some(0.042));
        assert_eq!(secs("1m30.5s", Unit::Seconds), Some(90.5));
        assert_eq!(secs("1h2m0s", Unit::Millis), Some(3720.0));
        assert_eq!(secs("1.5e-3", Unit::Seconds), Some(0.0015));
        assert_eq!(secs("10002425284", Unit::Nanos), Some(10.002425284));
        assert_eq!(secs("205", Unit::MillisOrSeconds), Some(0.205));
        assert_eq!(secs("0.054", Unit::MillisOrSeconds), Some(0.054));
        assert_eq!(secs("-", Unit::Seconds), None);
        assert_eq!(secs("-1", Unit::Seconds), None);
        assert_eq!(secs("99999999999999999999", Unit::Seconds), None);
        assert_eq!(secs("1.5e3us", Unit::Seconds), Some(0.0015));
        assert_eq!(secs("1sms", Unit::Seconds), None);
    }

    #[test]
    fn a_time_of_a_million_units_is_none() {
        assert_eq!(duration(format!("1{}", "s".repeat(1 << 20)).as_bytes(), Unit::Seconds), None);
    }

    #[test]
    fn ports_are_left_out() {
        for (text, address) in
            [("192.0.2.1:443", "192.0.2.1"), ("[2001:db8::1]:443", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"), ("-", "-")]
        {
            assert_eq!(without_port(text.as_bytes()), address.as_bytes());
        }
    }

    #[test]
    fn tries_are_summed() {
        let sum = |text: &str| durations(text.as_bytes(), Unit::Seconds).map(|d| d.as_millis());
        assert_eq!(sum("0.100, 0.200 : 0.300"), Some(600));
        assert_eq!(sum("-, 0.200"), Some(200));
        assert_eq!(sum("-"), None);
        assert_eq!(sum("1e19, 1e19"), None);
    }

    #[test]
    fn what_stands_before_the_time() {
        let head = |text: &'static str| {
            let mut record = Record::default();
            set_clf_head(&mut record, text.as_bytes());
            [record.host, record.remote, record.user].map(|f| f.map(|b| String::from_utf8_lossy(b).into_owned()).unwrap_or_default())
        };
        assert_eq!(head("192.0.2.1 - alice "), ["", "192.0.2.1", "alice"]);
        assert_eq!(head("192.0.2.1, 10.0.0.1 - - "), ["", "192.0.2.1", ""]);
        assert_eq!(head("192.0.2.1 "), ["", "192.0.2.1", ""]);
        assert_eq!(head("www.example.com 192.0.2.1 - - "), ["www.example.com", "192.0.2.1", ""]);
        assert_eq!(head("www.example.com:80 192.0.2.1 - jane doe "), ["www.example.com:80", "192.0.2.1", "jane doe"]);
        assert_eq!(head("192.0.2.1 - jane van doe "), ["", "192.0.2.1", "jane van doe"]);
        assert_eq!(head("\"192.0.2.1, 10.0.0.1\" 10.2.1.185 - - "), ["", "192.0.2.1", ""]);
        assert_eq!(head(""), ["", "", ""]);
    }
}
