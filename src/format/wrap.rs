//! What collectors put around a line: Docker's JSON, the container runtime's prefix, syslog headers, a service's name.
//!
//! A wrapper is one to three layers, each of which peels off a known beginning; what is left is a line of some format. A
//! line that has no such beginning is taken as it is. Long lines come in pieces ([`super::pieces`]).

use super::pieces::{self, Part, Pieces, Stream};
use memchr::memchr;
use serde::Deserialize;
use serde_json::value::RawValue;

/// One kind of beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// An object whose `log`, `message` or `MESSAGE` is the line: Docker's json-file driver, journald, log shippers. `ends`
    /// says that whole lines end with a line end, so that one without is a piece.
    Json { ends: bool },
    /// `2025-06-15T15:06:40.123456789Z stdout F `, the Kubernetes container runtime interface.
    Cri,
    /// A syslog header (RFC 3164, RFC 5424, or with an ISO time), as journalctl prints it too.
    Syslog,
    /// A time alone: `kubectl logs --timestamps`.
    Time,
    /// `[pod/web-1/nginx] `, kubectl's prefix.
    Pod,
    /// `web-1  | `, Docker Compose.
    Compose,
    /// `host name: `, a syslog header without its time.
    Tag,
}

/// Kinds in the order in which they are tried.
const KINDS: [Layer; 7] = [Layer::Json { ends: true }, Layer::Cri, Layer::Pod, Layer::Syslog, Layer::Time, Layer::Compose, Layer::Tag];

/// Layers from the outside to the inside; none for a bare line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrapper {
    layers: Vec<Layer>,
}

/// A peeled line.
struct Peeled<'a> {
    text: &'a [u8],
    /// Where it was written to, if that is known.
    stream: Option<Stream>,
    /// More of the line follows.
    piece: bool,
}

impl Wrapper {
    pub(super) fn is_none(&self) -> bool {
        self.layers.is_empty()
    }

    /// Whether lines with these layers can hardly be anything else: an object may have fields of its own beside the line.
    pub(super) fn is_certain(&self) -> bool {
        !self.layers.iter().any(|layer| matches!(layer, Layer::Json { .. }))
    }

    /// Whether this is the other one with more layers inside.
    pub(super) fn goes_on_from(&self, other: &Self) -> bool {
        self.layers.len() > other.layers.len() && self.layers.starts_with(&other.layers)
    }

    /// How reports call it, behind the format's name: `, in syslog lines`.
    pub(super) fn name(&self) -> String {
        self.layers.iter().rev().flat_map(|layer| [", in ", layer.name()]).collect()
    }

    /// Whether lines may come in pieces.
    pub(super) fn has_pieces(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer, Layer::Cri | Layer::Json { ends: true }))
    }

    /// The wrappers that most of the lines could have, with the lines peeled.
    pub(super) fn candidates(lines: &[&[u8]]) -> Vec<(Self, Vec<Vec<u8>>)> {
        let mut found: Vec<(Self, Vec<Vec<u8>>)> = Vec::new();
        let mut outer = vec![(Self::default(), lines.iter().map(|l| l.to_vec()).collect::<Vec<_>>())];
        for _ in 0..MOST_LAYERS {
            let mut inner = Vec::new();
            for (wrapper, lines) in &outer {
                let kinds = KINDS.iter().filter(|kind| wrapper.layers.last().is_none_or(|last| last.may_hold(**kind)));
                let mut peeled: Vec<_> = kinds.filter_map(|kind| wrapper.with(*kind, lines)).collect();
                // A container runtime's lines begin with a time too, but with more of their own behind it.
                if peeled.iter().any(|(wrapper, _)| wrapper.layers.last() == Some(&Layer::Cri)) {
                    peeled.retain(|(wrapper, _)| !matches!(wrapper.layers.last(), Some(Layer::Syslog | Layer::Time)));
                }
                inner.append(&mut peeled);
            }
            found.extend(inner.iter().cloned());
            outer = inner;
        }
        found
    }

    /// This wrapper with one more layer inside, if half of the lines have it.
    fn with(&self, layer: Layer, lines: &[Vec<u8>]) -> Option<(Self, Vec<Vec<u8>>)> {
        let mut peeled = Vec::with_capacity(lines.len());
        let (mut fitting, mut whole) = (0, 0);
        for line in lines {
            let mut unescaped = String::new();
            let text = layer.peel(line, &mut unescaped).map(|p| (p.text.to_vec(), p.piece));
            fitting += usize::from(text.is_some());
            whole += usize::from(text.as_ref().is_some_and(|(_, piece)| !piece));
            peeled.push(text.map_or_else(|| line.clone(), |(text, _)| text));
        }
        let layer = if matches!(layer, Layer::Json { .. }) { Layer::Json { ends: whole * 2 > fitting } } else { layer };
        let layers = self.layers.iter().copied().chain([layer]).collect();
        (fitting > 0 && fitting * 2 >= lines.len()).then_some((Self { layers }, peeled))
    }

    /// Whether a line is a piece that more of the line follows; if so, it is remembered.
    pub(super) fn keeps(&self, line: &[u8], pieces: &mut Pieces) -> bool {
        let Pieces { unescaped, waiting } = pieces;
        match self.piece(line, unescaped) {
            Some((stream, text)) => {
                waiting.add(stream, text, line.len());
                true
            }
            None => false,
        }
    }

    /// The line inside, without a thought of pieces; `None` for a line that is not wrapped.
    pub(super) fn inside<'a>(&self, line: &'a [u8], unescaped: &'a mut String) -> Option<&'a [u8]> {
        self.peel(line, unescaped).map(|peeled| peeled.text)
    }

    /// The line inside, with the pieces of it that came before.
    pub(super) fn open<'a>(&self, line: &'a [u8], pieces: &'a mut Pieces) -> &'a [u8] {
        let Pieces { unescaped, waiting } = pieces;
        let Some(Peeled { text, stream, .. }) = self.peel(line, unescaped) else { return line };
        stream.and_then(|stream| waiting.complete(stream, text)).unwrap_or(text)
    }

    /// The lines with the pieces that wait behind `text`, given those that wait before it.
    pub(super) fn carried(&self, before: &[u8], text: &[u8]) -> Vec<u8> {
        // Within JSON the name of the stream may be escaped.
        let nested = self.layers.len() > 1 && matches!(self.layers.first(), Some(Layer::Json { .. }));
        let mark = |stream: Stream| if nested { b"{" } else { stream.name().as_bytes() };
        pieces::carried(before, text, mark, |line, stream| {
            let mut unescaped = String::new();
            if let Some((of, _)) = self.piece(line, &mut unescaped) {
                return if of == stream { Part::Piece } else { Part::Other };
            }
            let of = self.peel(line, &mut unescaped).and_then(|peeled| peeled.stream);
            if of == Some(stream) { Part::Last } else { Part::Other }
        })
    }

    /// A piece that more of the line follows, and its stream.
    fn piece<'a>(&self, line: &'a [u8], unescaped: &'a mut String) -> Option<(Stream, &'a [u8])> {
        let ends = matches!(self.layers.first(), Some(Layer::Json { .. })) && memchr::memmem::find(line, br#"\n""#).is_some();
        if ends || !self.has_pieces() {
            return None;
        }
        let peeled = self.peel(line, unescaped)?;
        Some((peeled.stream.filter(|_| peeled.piece)?, peeled.text))
    }

    fn peel<'a>(&self, line: &'a [u8], unescaped: &'a mut String) -> Option<Peeled<'a>> {
        let (first, rest) = self.layers.split_first()?;
        let mut peeled = first.peel(line, unescaped)?;
        for layer in rest {
            let inner = layer.inner(peeled.text)?;
            peeled = Peeled { text: inner.text, stream: peeled.stream.or(inner.stream), piece: peeled.piece || inner.piece };
        }
        Some(peeled)
    }
}

/// Layers that may lie in one another.
const MOST_LAYERS: usize = 3;

impl Layer {
    const fn name(self) -> &'static str {
        match self {
            Self::Json { .. } => "JSON lines",
            Self::Cri => "container runtime lines",
            Self::Syslog => "syslog lines",
            Self::Time => "lines with a time",
            Self::Pod => "kubectl lines",
            Self::Compose => "compose lines",
            Self::Tag => "tagged lines",
        }
    }

    /// Whether `inner` can stand in this layer. Unescaped text lies in one place, so that JSON is outermost.
    fn may_hold(self, inner: Self) -> bool {
        !matches!(inner, Self::Json { .. }) && std::mem::discriminant(&self) != std::mem::discriminant(&inner)
    }

    fn peel<'a>(self, line: &'a [u8], unescaped: &'a mut String) -> Option<Peeled<'a>> {
        match self {
            Self::Json { ends } => envelope(line, ends, unescaped),
            other => other.inner(line),
        }
    }

    /// What is inside of a layer that copies nothing.
    fn inner(self, line: &[u8]) -> Option<Peeled<'_>> {
        let plain = |text| Some(Peeled { text, stream: None, piece: false });
        match self {
            Self::Json { .. } => None,
            Self::Cri => cri(line),
            Self::Syslog => plain(syslog(line)?),
            Self::Time => plain(after_iso(line)?),
            Self::Pod => plain(&line[memchr::memmem::find(line.strip_prefix(b"[pod/").map(|_| line)?, b"] ")? + 2..]),
            Self::Compose => plain(compose(line)?),
            Self::Tag => plain(tagged(line)?),
        }
    }
}

/// The members of an object that may hold the line.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    log: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow, rename = "MESSAGE")]
    journald: Option<&'a RawValue>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
    #[serde(borrow, rename = "textPayload")]
    text_payload: Option<&'a RawValue>,
    #[serde(borrow)]
    stream: Option<&'a RawValue>,
}

fn envelope<'a>(line: &'a [u8], ends: bool, unescaped: &'a mut String) -> Option<Peeled<'a>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let object: Envelope<'a> = serde_json::from_slice(line).ok()?;
    let inner = object.log.or(object.message).or(object.journald).or(object.msg).or(object.text_payload)?.get();
    let named = |stream: &Stream| object.stream.is_some_and(|s| s.get().trim_matches('"') == stream.name());
    let stream = [Stream::Out, Stream::Err].into_iter().find(named);
    let text: &str = if inner.starts_with('"') {
        *unescaped = serde_json::from_str(inner).ok()?;
        unescaped
    } else {
        inner
    };
    let whole = text.strip_suffix('\n');
    let piece = ends && object.log.is_some() && whole.is_none();
    let text = whole.unwrap_or(text);
    Some(Peeled { text: text.strip_suffix('\r').unwrap_or(text).as_bytes(), stream, piece })
}

fn cri(line: &[u8]) -> Option<Peeled<'_>> {
    let rest = after_iso(line)?;
    let (stream, rest) = match rest.strip_prefix(b"stdout ") {
        Some(rest) => (Stream::Out, rest),
        None => (Stream::Err, rest.strip_prefix(b"stderr ")?),
    };
    let end = memchr(b' ', rest).unwrap_or(rest.len());
    let piece = match rest[..end].split(|&b| b == b':').next()? {
        b"F" => false,
        b"P" => true,
        _ => return None,
    };
    Some(Peeled { text: rest.get(end + 1..).unwrap_or_default(), stream: Some(stream), piece })
}

/// What follows `2025-06-15T15:06:40.123Z `.
fn after_iso(line: &[u8]) -> Option<&[u8]> {
    let is_time = line.len() > 19 && line[4] == b'-' && line[10] == b'T' && line[13] == b':' && line[..4].iter().all(u8::is_ascii_digit);
    let end = memchr(b' ', line.get(..40.min(line.len()))?)?;
    is_time.then(|| &line[end + 1..])
}

/// What follows a syslog header.
fn syslog(line: &[u8]) -> Option<&[u8]> {
    let (rest, priority) = match line.strip_prefix(b"<") {
        Some(rest) => {
            let end = memchr(b'>', &rest[..4.min(rest.len())])?;
            (rest[..end].iter().all(u8::is_ascii_digit).then_some(&rest[end + 1..])?, true)
        }
        None => (line, false),
    };
    if let (Some(rest), true) = (rest.strip_prefix(b"1 "), priority) {
        return rfc5424(rest);
    }
    let rest = after_iso(rest).or_else(|| after_month(rest))?.trim_ascii_start();
    let (first, after) = word(rest)?;
    if first.ends_with(b":") {
        return Some(after);
    }
    // Without a tag the line itself follows the host; by an address alone it is known that this is one.
    match word(after.trim_ascii_start()) {
        Some((tag, message)) if tag.ends_with(b":") && tag.len() > 1 => Some(message.trim_ascii_start()),
        _ => is_address(first).then(|| after.trim_ascii_start()),
    }
}

fn is_address(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<std::net::IpAddr>().is_ok())
}

/// What follows time, host, application, process and message id, and the structured data (RFC 5424 §6).
fn rfc5424(line: &[u8]) -> Option<&[u8]> {
    let mut rest = line;
    for _ in 0..5 {
        rest = word(rest)?.1;
    }
    if let Some(after) = rest.strip_prefix(b"-") {
        return Some(after.trim_ascii_start());
    }
    while rest.first() == Some(&b'[') {
        rest = &rest[memchr(b']', rest)? + 1..];
    }
    let rest = rest.trim_ascii_start();
    Some(rest.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(rest))
}

/// What follows `Jun 15 15:06:40 `, also with a year or a fraction in it.
fn after_month(line: &[u8]) -> Option<&[u8]> {
    const MONTHS: [&[u8; 3]; 12] = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let (month, rest) = word(line)?;
    let (day, rest) = word(rest.trim_ascii_start())?;
    let (mut time, mut rest) = word(rest)?;
    if time.len() == 4 {
        (time, rest) = word(rest)?;
    }
    let is_time = MONTHS.iter().any(|m| m.as_slice() == month)
        && day.iter().all(u8::is_ascii_digit)
        && time.len() >= 8
        && time[2] == b':'
        && time[5] == b':';
    is_time.then_some(rest)
}

fn compose(line: &[u8]) -> Option<&[u8]> {
    let (name, rest) = word(line)?;
    let is_name = name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let rest = rest.trim_ascii_start().strip_prefix(b"|")?;
    is_name.then(|| rest.strip_prefix(b" ").unwrap_or(rest))
}

/// What follows `name: ` or `host name: `.
fn tagged(line: &[u8]) -> Option<&[u8]> {
    let is_name = |name: &[u8]| name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'[' | b']'));
    let (mut name, mut rest) = word(line)?;
    if !name.ends_with(b":") && is_name(name) {
        (name, rest) = word(rest)?;
    }
    (name.len() > 1 && is_name(name.strip_suffix(b":")?)).then_some(rest)
}

/// The bytes up to the first space, and those behind it.
fn word(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', line)?;
    (end > 0).then(|| (&line[..end], &line[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(layer: Layer, line: &str) -> Option<String> {
        let mut unescaped = String::new();
        layer.peel(line.as_bytes(), &mut unescaped).map(|p| String::from_utf8_lossy(p.text).into_owned())
    }

    #[test]
    fn syslog_headers() {
        for line in [
            "<190>Jun 15 15:06:40 web1 nginx: GET /",
            "Jun  5 15:06:40 web1 nginx[12]: GET /",
            "<190>Jun 15 15:06:40 nginx: GET /",
            "Jun 15 2025 15:06:40.123 web1 nginx: GET /",
            "2025-06-15T15:06:40.123456+02:00 web1 nginx[12]: GET /",
            "2025-06-15T15:06:40+00:00 192.0.2.1  GET /",
            "<134>1 2025-06-15T15:06:40Z web1 nginx 12 - - GET /",
            "<134>1 2025-06-15T15:06:40Z web1 nginx 12 ID1 [x@1 a=\"b\"][y] GET /",
        ] {
            assert_eq!(open(Layer::Syslog, line).as_deref(), Some("GET /"), "{line}");
        }
        for line in ["192.0.2.1 - - [15/Jun/2025:15:06:40 +0000] \"GET /", "<x>Jun 15", "June 15 15:06:40 a b", ""] {
            assert_eq!(open(Layer::Syslog, line), None, "{line}");
        }
    }

    #[test]
    fn other_layers() {
        assert_eq!(open(Layer::Cri, "2025-06-15T15:06:40.1Z stdout F GET /").as_deref(), Some("GET /"));
        assert_eq!(open(Layer::Pod, "[pod/web-1/nginx] GET /").as_deref(), Some("GET /"));
        assert_eq!(open(Layer::Compose, "web-1   | GET /").as_deref(), Some("GET /"));
        assert_eq!(open(Layer::Tag, "web.0 nginx: GET /").as_deref(), Some("GET /"));
        assert_eq!(open(Layer::Json { ends: true }, r#"{"log":"a \"b\"\n","stream":"stdout"}"#).as_deref(), Some("a \"b\""));
        assert_eq!(open(Layer::Json { ends: true }, r#"{"level":"info"}"#), None);
    }

    #[test]
    fn pieces_are_joined() {
        let wrapper = Wrapper { layers: vec![Layer::Cri] };
        let mut pieces = Pieces::default();
        let time = "2025-06-15T15:06:40.1Z";
        assert!(wrapper.keeps(format!("{time} stdout P GET ").as_bytes(), &mut pieces));
        assert!(!wrapper.keeps(format!("{time} stderr F error").as_bytes(), &mut pieces));
        assert_eq!(wrapper.open(format!("{time} stderr F error").as_bytes(), &mut pieces), b"error");
        assert!(wrapper.keeps(format!("{time} stdout P /a").as_bytes(), &mut pieces));
        assert_eq!(wrapper.open(format!("{time} stdout F /b 200").as_bytes(), &mut pieces), b"GET /a/b 200");
        assert_eq!(wrapper.open(format!("{time} stdout F next").as_bytes(), &mut pieces), b"next");
        for (line, kept) in [("stdout P a", true), ("stderr P x", true), ("stdout P b", true)] {
            assert_eq!(wrapper.keeps(format!("{time} {line}").as_bytes(), &mut pieces), kept);
        }
        assert_eq!(wrapper.open(format!("{time} stderr F y").as_bytes(), &mut pieces), b"xy");
        assert_eq!(wrapper.open(format!("{time} stdout F c").as_bytes(), &mut pieces), b"abc");
    }
}
