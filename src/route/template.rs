//! Placeholders by shape: what a path segment looks like decides what it becomes.

use super::fold::Folds;

/// Longer segments are tokens whatever they look like.
const LONG: usize = 64;
/// Deeper paths are cut here; what follows becomes `…`.
const DEEPEST: usize = 10;

/// Appends the route of a path.
pub(super) fn write(path: &[u8], folds: Option<&Folds>, out: &mut Vec<u8>) {
    let Some(path) = write_origin(path, out) else { return };
    let mut walk = folds.and_then(Folds::start);
    for (depth, segment) in path.split(|&b| b == b'/').enumerate() {
        if depth > 0 {
            out.push(b'/');
        }
        if depth == DEEPEST {
            out.extend_from_slice("…".as_bytes());
            return;
        }
        let from = out.len();
        write_segment(segment, out);
        if depth > 0 {
            walk = folds.and_then(|folds| folds.step(walk, out, from));
        }
    }
}

/// Targets that do not begin with a slash: proxies' absolute URLs, `CONNECT` authorities, `*`. Gives the path that is left.
fn write_origin<'p>(path: &'p [u8], out: &mut Vec<u8>) -> Option<&'p [u8]> {
    if path.first() == Some(&b'/') {
        return Some(path);
    }
    if let Some(at) = memchr::memmem::find(path, b"://").filter(|&at| at > 0 && at < 12) {
        let rest = &path[at + 3..];
        out.extend_from_slice(&path[..at + 3]);
        out.extend_from_slice(b"{host}");
        return memchr::memchr(b'/', rest).map(|slash| &rest[slash..]);
    }
    if path.iter().rev().take_while(|b| b.is_ascii_digit()).count() > 0 && memchr::memchr(b':', path).is_some() {
        out.extend_from_slice(b"{authority}");
        return None;
    }
    Some(path)
}

/// Appends one segment, or its placeholder.
fn write_segment(segment: &[u8], out: &mut Vec<u8>) {
    // Words are the common case: one look tells that none of the shapes below is possible.
    let seen = segment.iter().fold(0, |seen, &b| seen | MARKS[b as usize]);
    if seen == 0 && segment.len() <= LONG {
        out.extend_from_slice(segment);
        return;
    }
    // Parameters of a segment (RFC 3986 §3.3), `;jsessionid=…`, belong to one client.
    let (segment, parameters) = match memchr::memchr(b';', segment) {
        Some(at) if seen & SEMICOLON != 0 => (&segment[..at], &segment[at..]),
        _ => (segment, &[][..]),
    };
    if segment.len() > LONG {
        out.extend_from_slice(b"{token}");
    } else if let Some(placeholder) = whole(segment) {
        out.extend_from_slice(placeholder);
    } else if segment.contains(&b'.') {
        write_file_name(segment, out);
    } else {
        write_stem(segment, out);
    }
    if !parameters.is_empty() {
        out.extend_from_slice(b";{parameters}");
    }
}

const OTHER: u8 = 1;
const SEMICOLON: u8 = 2;

/// What in a segment makes it worth a second look.
const MARKS: [u8; 256] = {
    let mut marks = [0; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        marks[digit as usize] = OTHER;
        digit += 1;
    }
    marks[b'.' as usize] = OTHER;
    marks[b';' as usize] = SEMICOLON;
    marks
};

/// The placeholder of a segment that is an identifier as a whole.
fn whole(text: &[u8]) -> Option<&'static [u8]> {
    // None of the shapes below goes without a digit.
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    if digits == text.len() {
        return Some(b"{id}");
    }
    if is_uuid(text) {
        return Some(b"{uuid}");
    }
    if is_date(text) {
        return Some(b"{date}");
    }
    if is_hash(text) {
        return Some(b"{hash}");
    }
    is_token(text, digits).then_some(b"{token}")
}

/// `17.webp`, `app.3f2a9c1b.js`, `main-BX3k2a9f.css`: identifiers between the dots, and behind the last dash of the stem.
fn write_file_name(name: &[u8], out: &mut Vec<u8>) {
    if name.first().is_some_and(u8::is_ascii_digit) && name.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        out.extend_from_slice(b"{id}");
        return;
    }
    let last = name.split(|&b| b == b'.').count() - 1;
    for (at, piece) in name.split(|&b| b == b'.').enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        let inner = at > 0 && at < last;
        if inner && piece.len() >= 8 && piece.iter().all(u8::is_ascii_hexdigit) {
            out.extend_from_slice(b"{hash}");
        } else if at > 0 && (at == last || piece.len() < 8) {
            // The extension, and the figures of a version.
            out.extend_from_slice(piece);
        } else if let Some(placeholder) = whole(piece) {
            out.extend_from_slice(placeholder);
        } else {
            write_stem(piece, out);
        }
    }
}

/// A name with a hash behind its last dash or underscore keeps the name.
fn write_stem(stem: &[u8], out: &mut Vec<u8>) {
    if let Some(at) = stem.iter().rposition(|b| matches!(b, b'-' | b'_')) {
        let tail = &stem[at + 1..];
        if is_hash(tail) || is_build_hash(tail) {
            out.extend_from_slice(&stem[..=at]);
            out.extend_from_slice(b"{hash}");
            return;
        }
    }
    out.extend_from_slice(stem);
}

/// 8-4-4-4-12 hexadecimal digits (RFC 9562 §4).
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// `2025-06-15`
fn is_date(text: &[u8]) -> bool {
    text.len() == 10 && text.iter().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() })
}

/// Eight or more hexadecimal digits, letters and figures mixed.
fn is_hash(text: &[u8]) -> bool {
    text.len() >= 8 && text.iter().all(u8::is_ascii_hexdigit) && text.iter().any(u8::is_ascii_digit)
}

/// What bundlers append: eight or more letters of both cases and figures.
fn is_build_hash(text: &[u8]) -> bool {
    (8..=24).contains(&text.len()) && text.iter().all(u8::is_ascii_alphanumeric) && is_mixed(text)
}

/// Long runs of letters of both cases and figures: base64, short ids.
fn is_token(text: &[u8], digits: usize) -> bool {
    text.len() >= 16
        && text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'~' | b'=' | b'+'))
        && digits >= 2
        && is_mixed(text)
}

fn is_mixed(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn route(path: &str) -> String {
        let mut out = Vec::new();
        write(path.as_bytes(), Some(&Folds::default()), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn identifiers_become_placeholders() {
        let cases = [
            ("/", "/"),
            ("/api/v1/users/17/orders", "/api/v1/users/{id}/orders"),
            ("/api/v1/orders/3f2a9c1b-4f1c-4a5e-9b1d-0123456789ab", "/api/v1/orders/{uuid}"),
            ("/static/app.3f2a9c1b.js", "/static/app.{hash}.js"),
            ("/static/app.12345678.js", "/static/app.{hash}.js"),
            ("/static/app.deadbeef.js", "/static/app.{hash}.js"),
            ("/assets/index-BX3k2a9f.css", "/assets/index-{hash}.css"),
            ("/static/img/1234567890.webp", "/static/img/{id}.webp"),
            ("/c/0123456789abcdef0123456789abcdef01234567", "/c/{hash}"),
            ("/archive/2025-06-15", "/archive/{date}"),
            ("/.well-known/acme-challenge/FMuukC2JOJ5HKmLBujjE_BkDo", "/.well-known/acme-challenge/{token}"),
            ("/shop;jsessionid=A1B2/cart", "/shop;{parameters}/cart"),
            ("/;.css", "/;{parameters}"),
            ("/dir/.;x=1.2", "/dir/.;{parameters}"),
        ];
        for (path, expected) in cases {
            assert_eq!(route(path), expected, "{path}");
        }
    }

    #[test]
    fn words_stay() {
        for path in [
            "/wp-login.php",
            "/.env",
            "//phpMyAdmin-2.8.2.3/scripts/setup.php",
            "/jquery-3.7.1.min.js",
            "/how-to-write-a-parser",
            "/facade",
            "*",
            "/v1/%D9%85",
        ] {
            assert_eq!(route(path), path);
        }
    }

    #[test]
    fn targets_that_are_no_path() {
        assert_eq!(route("http://other.example/abs/7"), "http://{host}/abs/{id}");
        assert_eq!(route("example.com:443"), "{authority}");
    }

    proptest! {
        #[test]
        fn no_path_is_too_odd(path in r"[/;.a-f0-9{}_\-A-Z:%]{0,40}") {
            route(&path);
        }
    }

    #[test]
    fn length_is_bounded() {
        assert_eq!(route(&format!("/long/{}", "a".repeat(70_000))), "/long/{token}");
        assert!(route(&"/a".repeat(10_000)).len() < 64);
    }
}
