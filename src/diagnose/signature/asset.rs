//! Names that carry a fingerprint of the file's content: such a file never changes, so a missing one tells of a deploy.

use super::{bare, file_extension, lists, set};
use hashbrown::HashSet;
use std::sync::LazyLock;

static BUILT: LazyLock<HashSet<&'static [u8]>> = LazyLock::new(|| set(lists::BUILT_EXTENSIONS));
static DIRECTORIES: LazyLock<HashSet<&'static [u8]>> = LazyLock::new(|| set(lists::BUILT_DIRECTORIES));

/// What bundlers put between the fingerprint and the extension.
const SUFFIXES: &[&[u8]] =
    &[b".min", b".chunk", b".bundle", b".module", b".modern", b".legacy", b".async", b".esm", b".umd", b".iife", b".worker"];

/// Whether the name of a file has a fingerprint: `app.3f9a1c2e.js`, `index-BX3k_2aZ.js`, `main.8a7b6c5d4e.chunk.css`. Dates,
/// versions, sizes, UUIDs and words are none.
pub(crate) fn is_hashed(path: &[u8]) -> bool {
    let path = bare(path);
    let slash = memchr::memrchr(b'/', path).map_or(0, |at| at + 1);
    let (directory, file) = path.split_at(slash);
    let Some(mut extension) = file_extension(file) else { return false };
    let mut stem = &file[..file.len() - extension.len() - 1];
    if extension == b"map"
        && let Some(inner) = file_extension(stem)
    {
        stem = &stem[..stem.len() - inner.len() - 1];
        extension = inner;
    }
    if !BUILT.contains(extension) {
        return false;
    }
    while let Some(shorter) = SUFFIXES.iter().find_map(|suffix| stem.strip_suffix(*suffix)) {
        stem = shorter;
    }
    let built = || directory.split(|&b| b == b'/').any(|segment| DIRECTORIES.contains(segment));
    let code = matches!(extension, b"js" | b"mjs" | b"css");
    hex_part(stem, built) || random_end(stem, code && built())
}

/// A part between dots, dashes and underscores that is a hexadecimal digest.
fn hex_part(stem: &[u8], built: impl Fn() -> bool) -> bool {
    if is_uuid(stem) {
        return false;
    }
    let alone = !stem.iter().any(|b| matches!(b, b'.' | b'-' | b'_'));
    stem.split(|b| matches!(b, b'.' | b'-' | b'_')).any(is_digest) && (!alone || built())
}

fn is_digest(part: &[u8]) -> bool {
    let (mut digits, mut letters, mut capitals) = (0, 0, 0);
    for b in part {
        match b {
            b'0'..=b'9' => digits += 1,
            b'a'..=b'f' => letters += 1,
            b'A'..=b'F' => capitals += 1,
            _ => return false,
        }
    }
    (8..=128).contains(&part.len()) && digits > 0 && (letters > 0) != (capitals > 0) && !begins_with_date(part)
}

/// `20241122`, as in `20241122a`.
fn begins_with_date(part: &[u8]) -> bool {
    let Some(digits) = part.first_chunk::<8>().filter(|d| d.iter().all(u8::is_ascii_digit)) else { return false };
    let two = |at: usize| (digits[at] - b'0') * 10 + digits[at + 1] - b'0';
    matches!(two(0), 19 | 20) && (1..=12).contains(&two(4)) && (1..=31).contains(&two(6))
}

/// The stem ends in a UUID, which names a thing, not a content.
fn is_uuid(stem: &[u8]) -> bool {
    let Some(uuid) = stem.last_chunk::<36>() else { return false };
    uuid.iter().enumerate().all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

/// Eight characters of base 32 or 64 at the end, as bundlers write them, or nothing but those.
fn random_end(stem: &[u8], may_stand_alone: bool) -> bool {
    let Some(at) = stem.len().checked_sub(8) else { return false };
    match at.checked_sub(1) {
        None => may_stand_alone && is_random(&stem[at..]),
        Some(before) => matches!(stem[before], b'-' | b'.' | b'_') && is_random(&stem[at..]),
    }
}

/// Letters and digits take turns more often than in words, names of cameras, sizes and versions.
fn is_random(part: &[u8]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum Class {
        Lower,
        Upper,
        Digit,
    }
    let (mut turns, mut last, mut digits) = (0, None, 0);
    let mut letter_behind_digit = false;
    for b in part {
        let class = match b {
            b'a'..=b'z' => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            b'_' | b'-' => continue,
            _ => return false,
        };
        digits += usize::from(class == Class::Digit);
        letter_behind_digit |= last == Some(Class::Digit) && class != Class::Digit;
        turns += usize::from(last.is_some_and(|last| last != class));
        last = Some(class);
    }
    if digits == 0 { turns >= 4 } else { turns >= 3 && letter_behind_digit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_of_the_usual_bundlers_are_seen() {
        for path in [
            "/static/js/app.3f9a1c2e.js",
            "/static/js/vendor.77b0d1aa.js",
            "/static/js/app.3f9a1c2e.js.map",
            "/assets/index-BX3k_2aZ.js",
            "/assets/index-BX3k-2aZ.css",
            "/assets/index.DkT3a9_4.css",
            "/main.8a7b6c5d4e.chunk.css",
            "/static/js/main.2f8a9b1c.chunk.js",
            "/player.0ddba11a.css",
            "/_next/static/chunks/framework-2c79e2a64abdb08b.js",
            "/_next/static/media/a34f9d1faa5f3315-s.p.woff2",
            "/_nuxt/DC5HVSK5.js",
            "/main-7QX4LMZB.js",
            "/assets/application-908e25f4bf641868d8683022a5b62f54.css",
            "/static/base.27e20196a850.js",
            "/main-es2015.1a2b3c4d5e6f7a8b9c0d.js",
            "/dist/8f9327db2597fa570b8a.png",
            "http://blog.example.org/assets/app-5d41402a.js",
            "/css/style.min.6f5902ac237024bdd0c176cb93063dc4a1b2c3d4e5f60718293a4b5c6d7e8f90.css",
            "/js/app.3f9a1c2e.min.js",
        ] {
            assert!(is_hashed(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn names_dates_versions_and_sizes_are_no_fingerprints() {
        for path in [
            "/js/jquery-3.7.1.min.js",
            "/js/bootstrap-5.3.0.bundle.min.js",
            "/js/jquery.validate.min.js",
            "/img/photo-2024-11-22.jpg",
            "/img/IMG_20241122_101530.jpg",
            "/img/photo-IMG_1234.jpg",
            "/img/DSC00123.JPG",
            "/img/banner-1280x720.jpg",
            "/img/banner-1024x768.webp",
            "/img/promo-iPhone15.png",
            "/js/app-MainPage.js",
            "/js/app-Template.js",
            "/js/app.20241122.js",
            "/js/app.20241122a.js",
            "/css/print-stylesheet.css",
            "/uploads/550e8400-e29b-41d4-a716-446655440000.jpg",
            "/uploads/d41d8cd98f00b204e9800998ecf8427e.jpg",
            "/static/js/defaced.js",
            "/static/js/polyfills.js",
            "/static/js/runtime.js",
            "/api/v1/users/3f9a1c2e",
            "/docs/release.3f9a1c2e.pdf",
            "/",
            "/.js",
            "/assets/inter.woff2",
            "/static/img/p/13.jpg",
            "/sitemap-20241122.xml",
            "/js/i18n-messages_de.js",
            "/js/analytics-2.11.45.js",
            "/img/logo-dark@2x.png",
            "/favicon-32x32.png",
        ] {
            assert!(!is_hashed(path.as_bytes()), "{path}");
        }
    }
}
