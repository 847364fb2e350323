//! One response, as one line of an access log tells it.

use super::{StatusCode, Timestamp};
use std::time::Duration;

/// The fields of one line, borrowed from it. `None` is what the log does not state: the field is not in the format, or the
/// server wrote `-`. Names follow nginx's variables and the OpenTelemetry HTTP conventions; bytes are as logged, with the
/// server's own escapes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Record<'a> {
    /// When the server wrote the line (nginx, at the end of the request) or received the request (Apache).
    pub time: Option<Timestamp>,
    /// The address or name of the peer.
    pub remote: Option<&'a [u8]>,
    /// The user name of HTTP authentication.
    pub user: Option<&'a [u8]>,
    /// The method token.
    pub method: Option<&'a [u8]>,
    /// The request target up to its first `?`.
    pub path: Option<&'a [u8]>,
    /// What follows the first `?`: `None` without one, empty for a bare `?`.
    pub query: Option<&'a [u8]>,
    /// The protocol as the request line has it, `HTTP/1.1`.
    pub protocol: Option<&'a [u8]>,
    /// The status code; a line without one is no record.
    pub status: Option<StatusCode>,
    /// Bytes sent to the client, as the log states them.
    pub bytes: Option<u64>,
    /// The whole request, from the first byte read to the last byte sent.
    pub duration: Option<Duration>,
    /// The host that the client asked for.
    pub host: Option<&'a [u8]>,
    /// The `Referer` header.
    pub referer: Option<&'a [u8]>,
    /// The `User-Agent` header.
    pub user_agent: Option<&'a [u8]>,
    /// The server behind the proxy, or several, as logged.
    pub upstream_addr: Option<&'a [u8]>,
    /// The status of the server behind the proxy, or of several tries, as logged.
    pub upstream_status: Option<&'a [u8]>,
    /// The time that the server behind the proxy took; several tries are summed.
    pub upstream_time: Option<Duration>,
    /// The identifier that ties the line to other logs.
    pub request_id: Option<&'a [u8]>,
    /// The time that the request waited in the proxy's queue.
    pub queue_time: Option<Duration>,
    /// The time that connecting to the server behind the proxy took; several tries are summed.
    pub connect_time: Option<Duration>,
    /// The time up to the response header of the server behind the proxy; several tries are summed.
    pub header_time: Option<Duration>,
    /// How the session ended: HAProxy's termination state, Envoy's response flags, a balancer's error reason.
    pub termination_state: Option<&'a [u8]>,
    /// What the cache did: nginx's `$upstream_cache_status`, Varnish's `hit` and `miss`, a CDN's result type.
    pub cache_status: Option<&'a [u8]>,
    /// What stood where the request line should be, when it is none: a TLS hello, `-`, nothing at all.
    pub malformed: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    /// Sets path and query from a request target.
    #[inline]
    pub fn set_target(&mut self, target: &'a [u8]) {
        let mark = memchr::memchr(b'?', target);
        self.path = Some(&target[..mark.unwrap_or(target.len())]);
        self.query = mark.map(|at| &target[at + 1..]);
    }

    /// Sets method, path, query and protocol from a request line; a field that is no request line is kept as it is.
    #[inline]
    pub fn set_request(&mut self, request: &'a [u8]) {
        match RequestLine::parse(request) {
            Some(line) => {
                self.method = Some(line.method);
                self.protocol = line.protocol;
                self.set_target(line.target);
            }
            None => self.malformed = Some(request),
        }
    }
}

/// The parts of a request line, `TOKEN SP target [SP HTTP/x]` (RFC 9112 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLine<'a> {
    /// A token (RFC 9110 §5.6.2), case kept.
    pub method: &'a [u8],
    /// The request target; a server that logs an unencoded space leaves it in here.
    pub target: &'a [u8],
    /// `None` for the request of HTTP/0.9.
    pub protocol: Option<&'a [u8]>,
}

impl<'a> RequestLine<'a> {
    /// `None` when the bytes are no request line: a TLS hello, `-`, nothing at all.
    #[inline]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let space = line.iter().position(|&b| !TOKEN[b as usize])?;
        let (method, rest) = (&line[..space], &line[space + 1..]);
        if space == 0 || line[space] != b' ' {
            return None;
        }
        // Nine of ten requests end like this, and comparing is cheaper than searching backwards.
        if let Some((target, protocol)) = rest.split_last_chunk::<9>()
            && protocol[..6] == *b" HTTP/"
            && protocol[6].is_ascii_digit()
            && protocol[7] == b'.'
            && protocol[8].is_ascii_digit()
        {
            return Some(Self { method, target, protocol: Some(&protocol[1..]) });
        }
        // The protocol is the last word, if it looks like one: "GET /a b HTTP/1.1" has the target "/a b". Without one a
        // space would make it a sentence, not a request.
        match memchr::memrchr(b' ', rest) {
            Some(at) if is_protocol(&rest[at + 1..]) => Some(Self { method, target: &rest[..at], protocol: Some(&rest[at + 1..]) }),
            None if !rest.is_empty() => Some(Self { method, target: rest, protocol: None }),
            _ => None,
        }
    }
}

/// `HTTP/` and a version.
#[inline]
fn is_protocol(word: &[u8]) -> bool {
    match word.strip_prefix(b"HTTP/") {
        Some(version) => !version.is_empty() && version.iter().all(|b| b.is_ascii_digit() || *b == b'.'),
        None => false,
    }
}

/// Whether some bytes are a token of RFC 9110 §5.6.2, as every method is.
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| TOKEN[*b as usize])
}

/// `tchar` of RFC 9110 §5.6.2.
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        let c = b as u8;
        table[b] = c.is_ascii_alphanumeric()
            || matches!(c, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~');
        b += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<(String, String, Option<String>)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        RequestLine::parse(line.as_bytes()).map(|l| (text(l.method), text(l.target), l.protocol.map(text)))
    }

    #[test]
    fn request_lines() {
        let some = |m: &str, t: &str, p: Option<&str>| Some((m.into(), t.into(), p.map(Into::into)));
        assert_eq!(parts("GET / HTTP/1.1"), some("GET", "/", Some("HTTP/1.1")));
        assert_eq!(parts("GET /old"), some("GET", "/old", None));
        assert_eq!(parts("GET /a b HTTP/2.0"), some("GET", "/a b", Some("HTTP/2.0")));
        assert_eq!(parts("GET  HTTP/1.1"), some("GET", "", Some("HTTP/1.1")));
        assert_eq!(parts("M-SEARCH * HTTP/1.1"), some("M-SEARCH", "*", Some("HTTP/1.1")));
    }

    #[test]
    fn what_is_no_request_line() {
        for bytes in [
            "",
            "-",
            "hello",
            "HEAD / HTTP/1.0\\n",
            "Win 7 Professional",
            r"\x16\x03\x01 \x00",
            " / HTTP/1.1",
            "GET ",
            "G\u{0}T / HTTP/1.1",
        ] {
            assert_eq!(parts(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn the_query_starts_at_the_first_question_mark() {
        let mut record = Record::default();
        record.set_target(b"/q?a=1?b=2");
        assert_eq!((record.path, record.query), (Some(&b"/q"[..]), Some(&b"a=1?b=2"[..])));
        record.set_target(b"/?");
        assert_eq!((record.path, record.query), (Some(&b"/"[..]), Some(&b""[..])));
        record.set_target(b"/");
        assert_eq!(record.query, None);
    }
}
