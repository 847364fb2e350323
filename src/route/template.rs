//! Placeholders by shape: what a path segment looks like decides what it becomes.

use super::fold::{Folds, SLUG};
use super::shape::{Segment, Segments};

/// Longer segments are tokens whatever they look like.
const LONG: usize = 64;
/// Deeper paths are cut here; what follows becomes `…`.
const DEEPEST: usize = 10;

/// Appends the route of a path. Most segments stay as they are, so what lies between two that do not is copied at once.
pub(super) fn write(path: &[u8], folds: Option<&Folds>, out: &mut Vec<u8>) {
    let Some(path) = write_origin(path, out) else { return };
    let mut walk = folds.and_then(Folds::start);
    let (mut copied, mut at) = (0, 0);
    for (depth, segment) in Segments::of(path).enumerate() {
        if depth == DEEPEST {
            out.extend_from_slice(&path[copied..at]);
            out.extend_from_slice("…".as_bytes());
            return;
        }
        let end = at + segment.text.len();
        let mut from = None;
        if !is_plain(segment) {
            out.extend_from_slice(&path[copied..at]);
            copied = end;
            from = Some(out.len());
            write_segment(segment, out);
        }
        if let (true, Some(folds), Some(_)) = (depth > 0, folds, walk) {
            let name = from.map_or(segment.text, |from| &out[from..]);
            let folded = folds.folds(walk, name);
            walk = folds.step(walk, if folded { SLUG } else { name });
            if folded {
                match from {
                    Some(from) => out.truncate(from),
                    None => out.extend_from_slice(&path[copied..at]),
                }
                out.extend_from_slice(SLUG);
                copied = end;
            }
        }
        at = end + 1;
    }
    out.extend_from_slice(&path[copied..]);
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

/// Words are the common case: one look tells that a segment stays as it is. No name of less than 8 bytes is an identifier,
/// unless it is a number.
fn is_plain(segment: Segment<'_>) -> bool {
    let Segment { text, digits, dots, semicolons } = segment;
    text.len() <= LONG
        && semicolons == 0
        && if digits == 0 { dots & dots.wrapping_sub(1) == 0 } else { dots == 0 && text.len() < 8 && digits != segment.all() }
}

/// Appends one segment, or its placeholder.
fn write_segment(segment: Segment<'_>, out: &mut Vec<u8>) {
    // Parameters of a segment (RFC 3986 §3.3), `;jsessionid=…`, belong to one client.
    let parameters = if segment.text.len() > LONG {
        memchr::memchr(b';', segment.text)
    } else {
        (segment.semicolons != 0).then(|| segment.semicolons.trailing_zeros() as usize)
    };
    let name = match parameters {
        Some(at) if segment.text.len() > LONG => Segment::of(&segment.text[..at]),
        Some(at) => segment.part(0, at),
        None => segment,
    };
    if name.text.len() > LONG {
        out.extend_from_slice(b"{token}");
    } else if name.dots != 0 {
        write_file_name(name, out);
    } else {
        write_piece(name, out);
    }
    if parameters.is_some() {
        out.extend_from_slice(b";{parameters}");
    }
}

/// `17.webp`, `app.3f2a9c1b.js`, `main-BX3k2a9f.css`: identifiers between the dots, and behind the last dash of the stem.
fn write_file_name(name: Segment<'_>, out: &mut Vec<u8>) {
    if name.digits & 1 == 1 && name.digits | name.dots == name.all() {
        out.extend_from_slice(b"{id}");
        return;
    }
    let (mut from, mut dots) = (0, name.dots);
    loop {
        let last = dots == 0;
        let to = if last { name.text.len() } else { dots.trailing_zeros() as usize };
        let piece = name.part(from, to);
        let long = piece.text.len() >= 8;
        if from > 0 && !last && long && piece.hex_dashes_joints()[0] == piece.all() {
            out.extend_from_slice(b"{hash}");
        } else if from > 0 && (last || !long) {
            // The extension, and the figures of a version.
            out.extend_from_slice(piece.text);
        } else {
            write_piece(piece, out);
        }
        if last {
            return;
        }
        out.push(b'.');
        dots &= dots - 1;
        from = to + 1;
    }
}

/// Appends a text without dots, or its placeholder. A name with a hash behind its last dash or underscore keeps the name.
fn write_piece(piece: Segment<'_>, out: &mut Vec<u8>) {
    let Segment { text, digits, .. } = piece;
    let all = piece.all();
    // None of the shapes goes without a digit.
    if digits == 0 {
        out.extend_from_slice(text);
        return;
    }
    if digits == all {
        out.extend_from_slice(b"{id}");
        return;
    }
    if text.len() < 8 {
        out.extend_from_slice(text);
        return;
    }
    let [hex, dashes, joints] = piece.hex_dashes_joints();
    let placeholder: &[u8] = if text.len() == 36 && dashes == UUID_DASHES && hex | dashes == all {
        b"{uuid}"
    } else if text.len() == 10 && dashes == DATE_DASHES && digits | dashes == all {
        b"{date}"
    } else if hex == all {
        b"{hash}"
    } else if is_token(piece, joints) {
        b"{token}"
    } else {
        // Behind the last dash or underscore; if there is none, all was looked at.
        let stem = (64 - joints.leading_zeros()) as usize;
        let tail = piece.part(stem, text.len());
        let is_hash = tail.text.len() >= 8 && tail.digits != 0 && hex >> stem == tail.all();
        if stem > 0 && (is_hash || is_build_hash(tail)) {
            out.extend_from_slice(&text[..stem]);
            b"{hash}"
        } else {
            text
        }
    };
    out.extend_from_slice(placeholder);
}

/// 8-4-4-4-12 hexadecimal digits (RFC 9562 §4).
const UUID_DASHES: u64 = 1 << 8 | 1 << 13 | 1 << 18 | 1 << 23;
/// `2025-06-15`
const DATE_DASHES: u64 = 1 << 4 | 1 << 7;

/// What bundlers append: eight or more letters of both cases and figures.
fn is_build_hash(tail: Segment<'_>) -> bool {
    if !(8..=24).contains(&tail.text.len()) || tail.digits == 0 {
        return false;
    }
    let [small, capital] = tail.cases();
    small != 0 && capital != 0 && small | capital | tail.digits == tail.all()
}

/// Long runs of letters of both cases and figures: base64, short ids.
fn is_token(text: Segment<'_>, joints: u64) -> bool {
    if text.text.len() < 16 || text.digits.count_ones() < 2 {
        return false;
    }
    let [small, capital] = text.cases();
    let known = small | capital | text.digits | joints;
    let is_sign = |at: usize| known >> at & 1 == 1 || matches!(text.text[at], b'~' | b'=' | b'+');
    small != 0 && capital != 0 && (known == text.all() || (0..text.text.len()).all(is_sign))
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

        #[test]
        fn routes_are_those_of_the_plain_way(path in prop_oneof![
            r"(/[/;.a-f0-9{}_\-A-Z:%~]{0,40}){0,4}",
            r"(/[a-f0-9._\-]{0,3}(([0-9]{1,4}-){2}[0-9]{2}|[0-9a-fA-F]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-f0-9]{6,10}|[aB3.;=_\-]{7,25}|[a-z0-9]{60,70})[.;_\-]?[a-z0-9]{0,9}){0,12}",
        ]) {
            let mut plain_route = Vec::new();
            plain::write(path.as_bytes(), &mut plain_route);
            prop_assert_eq!(route(&path), String::from_utf8(plain_route).unwrap());
        }
    }

    #[test]
    fn length_is_bounded() {
        assert_eq!(route(&format!("/long/{}", "a".repeat(70_000))), "/long/{token}");
        assert!(route(&"/a".repeat(10_000)).len() < 64);
    }

    /// The same decisions byte by byte, without folds: slow, and plain to see.
    mod plain {
        use super::super::{DEEPEST, LONG, write_origin};

        /// Appends the route of a path.
        pub(super) fn write(path: &[u8], out: &mut Vec<u8>) {
            let Some(path) = write_origin(path, out) else { return };
            for (depth, segment) in path.split(|&b| b == b'/').enumerate() {
                if depth > 0 {
                    out.push(b'/');
                }
                if depth == DEEPEST {
                    out.extend_from_slice("…".as_bytes());
                    return;
                }
                write_segment(segment, out);
            }
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
    }
}
