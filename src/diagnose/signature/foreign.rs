//! Bytes that stand where a request line should be and are none: what was spoken to the port.

use super::text::unescaped;

/// What is looked at; the first packet of every protocol below is told apart earlier.
const ENOUGH: usize = 160;

/// The kind of what is no request line, as servers write it down: nginx and Apache escape bytes (`\x16\x03\x01`), Apache cuts
/// at the first NUL, nginx at the first line's end, HAProxy says `<BADREQ>`.
pub(crate) fn foreign(request: &[u8]) -> &'static str {
    let bytes = &unescaped(request, ENOUGH)[..];
    let text = bytes.trim_ascii();
    if matches!(text, b"" | b"-" | b"<BADREQ>" | b"\"\"") {
        return "empty";
    }
    binary(bytes).or_else(|| textual(text)).unwrap_or(if is_fragment(text) { "fragment" } else { "other" })
}

/// The same for a line that has the shape of a request without being one of HTTP: `PRI * HTTP/2.0`, `EHLO example.com`, `t3 12.2.1`.
/// A line of HTTP is `None`, and so is a target without protocol, which HTTP/0.9 had and a cut line has too.
pub(crate) fn foreign_line(method: &[u8], target: &[u8], protocol: Option<&[u8]>) -> Option<&'static str> {
    if method == b"PRI" && target == b"*" {
        return Some("http2");
    }
    if protocol.is_some() || target.starts_with(b"/") || target == b"*" || target.get(..4).is_some_and(|t| t.eq_ignore_ascii_case(b"http"))
    {
        return None;
    }
    textual(&[method, b" ", target].concat())
}

/// Protocols known by their first bytes.
fn binary(bytes: &[u8]) -> Option<&'static str> {
    let smb = |from: usize| bytes.get(from..from + 4).is_some_and(|b| matches!(b, b"\xffSMB" | b"\xfeSMB"));
    Some(match bytes {
        // The last one is the hello of SSL 2: length, then a 1, then the highest version.
        [0x16, 3] | [0x16, 3, 0..=4, ..] | [0x80..=0xff, _, 1, 0 | 3, ..] => "tls",
        // A remote desktop's packet, which Apache cuts behind its first byte.
        [3] | [3, 0, ..] => "rdp",
        _ if bytes.windows(8).any(|w| w == b"mstshash") => "rdp",
        _ if smb(4) || smb(0) => "smb",
        [0x12, 1] | [0x12, 1, 0, ..] => "tds",
        [4, 1 | 2, ..] => "socks",
        [5, 0..=9, methods @ ..] if methods.len() <= 9 && methods.iter().all(|b| *b <= 9 || *b == 0x80) => "socks",
        // PROXY protocol 2 begins with blank lines, which nginx skips: a NUL and a carriage return are left of it.
        [b'\r', b'\n', b'\r', b'\n', 0, ..] | [0, b'\r', b'\n', b'Q', b'U', b'I', b'T', ..] => "proxy",
        [b'0', 0x0c | 0x84, ..] => "ldap",
        [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f, ..] => "postgres",
        [0x80, ..] if bytes.len() >= 24 && bytes.get(8..12) == Some(&[0; 4]) => "memcached",
        _ if bytes.windows(8).any(|w| w == b"\x07version") || bytes.windows(13).any(|w| w == b"\x07version\x04bind") => "dns",
        _ => return None,
    })
}

/// Protocols of lines.
fn textual(text: &[u8]) -> Option<&'static str> {
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word));
    let any = |words: &[&str]| words.iter().any(|word| begins(word.as_bytes()));
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    let has = |word: &[u8]| memchr::memmem::find(text, word).is_some();
    Some(match text {
        [b'*' | b'$', digits @ ..] if digits.first().is_some_and(u8::is_ascii_digit) => "redis",
        _ if is(&["PING", "INFO", "CONFIG GET *", "INFO server"]) || any(&["CONFIG SET ", "SLAVEOF ", "FLUSHALL"]) => "redis",
        _ if begins(b"SSH-") => "ssh",
        _ if has(b" SIP/2.0") || any(&["OPTIONS sip:", "REGISTER sip:", "INVITE sip:"]) => "sip",
        _ if any(&["EHLO", "HELO", "MAIL FROM:", "RCPT TO:", "STARTTLS"]) => "smtp",
        _ if begins(b"JRMI") => "java-rmi",
        _ if any(&["t3 ", "t3s "]) => "t3",
        _ if begins(b"GIOP") => "giop",
        _ if begins(b"PROXY ") => "proxy",
        _ if begins(b"PRI *") => "http2",
        [b'{', ..] if has(b"mining.") || has(b"\"login\"") || has(b"eth_submitLogin") => "stratum",
        _ if is(&["stats", "version", "stats items", "stats slabs"]) => "memcached",
        _ if begins(b"MGLNDD_") => "scan",
        _ => return None,
    })
}

const METHODS: &[&[u8]] =
    &[b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE", b"PROPFIND", b"REPORT", b"MKCOL", b"PURGE"];

/// The beginning of a request line, cut off: `GE`, `GET`, `GET /x`, `GET / HT`.
fn is_fragment(text: &[u8]) -> bool {
    let mut words = text.split(|&b| b == b' ').filter(|w| !w.is_empty());
    let Some(method) = words.next() else { return false };
    let Some(target) = words.next() else { return METHODS.iter().any(|m| m.starts_with(method)) };
    if !METHODS.contains(&method) {
        return false;
    }
    let whole = |p: &[u8]| matches!(p, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9']);
    let cut = |p: &[u8]| b"HTTP/".starts_with(p) || (p.starts_with(b"HTTP/") && !whole(p));
    (target.starts_with(b"/") || target.starts_with(b"http") || target == b"*") && words.next_back().is_none_or(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_is_told_as_servers_log_it() {
        for (request, kind) in [
            ("", "empty"),
            ("-", "empty"),
            ("   ", "empty"),
            ("<BADREQ>", "empty"),
            (r"\n", "empty"),
            (r"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03\x9B\xA4Um=\x22\xAA", "tls"),
            (r"\x16\x03\x01", "tls"),
            (r"\x16\x03\x01\x02", "tls"),
            (r"\u0016\u0003\u0001\u0002", "tls"),
            ("\x16\x03\x01\x02", "tls"),
            (r"\x80w\x01\x03\x01\x00N\x00", "tls"),
            ("SSH-2.0-Go", "ssh"),
            (r"\x03\x00\x00/*\xE0\x00\x00\x00\x00\x00Cookie: mstshash=Administr", "rdp"),
            (r"\x03", "rdp"),
            (r"\x00\x00\x00\x85\xFFSMBr\x00", "smb"),
            (r"\x00\x00\x00\xC0\xFESMB@\x00", "smb"),
            ("*1", "redis"),
            (r"*1\r\n$4\r\nPING\r\n", "redis"),
            ("OPTIONS sip:nm SIP/2.0", "sip"),
            ("EHLO example.com", "smtp"),
            ("HELO", "smtp"),
            (r"\x04\x01\x00P\xC0\x00\x02\x01\x00", "socks"),
            (r"\x05\x01\x00", "socks"),
            (r"\x05\x02\x00\x02", "socks"),
            ("JRMI", "java-rmi"),
            (r"JRMI\x00\x02K", "java-rmi"),
            ("t3 12.1.2", "t3"),
            (r"\x12\x01\x00\x2F\x00\x00\x01", "tds"),
            (r"\x12\x01", "tds"),
            ("stats", "memcached"),
            ("version", "memcached"),
            ("PROXY TCP4 203.0.113.7 198.18.0.5 41234 80", "proxy"),
            (r"\r\n\r\n\x00\r\nQUIT\n!\x11", "proxy"),
            ("PRI * HTTP/2.0", "http2"),
            (r"{\x22id\x22:1,\x22method\x22:\x22mining.subscribe\x22,\x22params\x22:[]}", "stratum"),
            (r#"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\"}"#, "stratum"),
            ("G", "fragment"),
            ("GE", "fragment"),
            ("GET", "fragment"),
            ("GET ", "fragment"),
            ("GET /x", "fragment"),
            ("GET / HT", "fragment"),
            ("POST /api HTTP/", "fragment"),
            ("GET / HTTP/1.", "fragment"),
            ("GET / HTTP/1.1", "other"),
            (r"\x00\x00\x00\x00", "other"),
            (r"\x00", "other"),
            ("quit", "other"),
            ("hello world", "other"),
            (r"{\x22a\x22:1}", "other"),
            ("MGLNDD_192.0.2.1_80", "scan"),
            (r"GIOP\x01\x00", "giop"),
            (r"0\x0C\x02\x01\x01`\x07\x02\x01\x02\x04\x00\x80\x00", "ldap"),
            (r"\x00\x1E\x00\x06\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00", "dns"),
        ] {
            assert_eq!(foreign(request.as_bytes()), kind, "{request}");
        }
    }

    #[test]
    fn lines_of_the_shape_of_a_request_are_told_too() {
        assert_eq!(foreign_line(b"PRI", b"*", Some(b"HTTP/2.0")), Some("http2"));
        assert_eq!(foreign_line(b"EHLO", b"example.com", None), Some("smtp"));
        assert_eq!(foreign_line(b"t3", b"12.2.1", None), Some("t3"));
        assert_eq!(foreign_line(b"GET", b"/x", None), None);
        assert_eq!(foreign_line(b"GET", b"/x", Some(b"HTTP/1.1")), None);
        assert_eq!(foreign_line(b"CONNECT", b"example.com:443", Some(b"HTTP/1.1")), None);
        assert_eq!(foreign_line(b"FOO", b"bar", None), None);
    }
}
