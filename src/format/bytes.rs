//! Looking for bytes that are near.
//!
//! Fields of a log line are short: most end within 32 bytes. For such distances a call into memchr costs more than the search
//! (measured on 6 million combined lines: 41 % of the time was spent entering memchr, 34 % entering memcmp), and a loop over
//! bytes costs a mispredicted branch a field. So 32 bytes are compared at once, here where the caller is.

use wide::u8x16;

/// Bytes that are compared at once.
const NEAR: usize = 32;

/// A bit for each byte of `near` that is `needle`, the first one lowest.
#[inline(always)]
fn equal(near: &[u8; NEAR], needle: u8) -> u32 {
    let [low, high] = halves(near);
    let needle = u8x16::splat(needle);
    low.simd_eq(needle).to_bitmask() | high.simd_eq(needle).to_bitmask() << 16
}

/// The same for two bytes.
#[inline(always)]
fn equal_either(near: &[u8; NEAR], a: u8, b: u8) -> u32 {
    let [low, high] = halves(near);
    let (a, b) = (u8x16::splat(a), u8x16::splat(b));
    (low.simd_eq(a) | low.simd_eq(b)).to_bitmask() | (high.simd_eq(a) | high.simd_eq(b)).to_bitmask() << 16
}

#[inline(always)]
fn halves(near: &[u8; NEAR]) -> [u8x16; 2] {
    let (low, high) = near.split_at(16);
    let half = |bytes: &[u8]| u8x16::new(*bytes.first_chunk().expect("half of 32 bytes"));
    [half(low), half(high)]
}

/// The first `needle` in `haystack`.
#[inline(always)]
pub(super) fn find(needle: u8, haystack: &[u8]) -> Option<usize> {
    let mut rest = haystack;
    while let Some((near, far)) = rest.split_first_chunk::<NEAR>() {
        match equal(near, needle) {
            0 => rest = far,
            bits => return Some(haystack.len() - rest.len() + bits.trailing_zeros() as usize),
        }
    }
    // What is left is looked at together with what is known to hold none.
    if let Some(last) = haystack.last_chunk::<NEAR>() {
        let bits = equal(last, needle);
        return (bits != 0).then(|| haystack.len() - NEAR + bits.trailing_zeros() as usize);
    }
    rest.iter().position(|&b| b == needle)
}

/// The first `needle` in the first `length` bytes of `text`; what stands behind them makes up the bytes that are compared.
#[inline(always)]
pub(super) fn find_within(needle: u8, text: &[u8], length: usize) -> Option<usize> {
    match text.first_chunk() {
        Some(near) if length < NEAR => {
            let bits = equal(near, needle) & ((1 << length) - 1);
            (bits != 0).then(|| bits.trailing_zeros() as usize)
        }
        _ => find(needle, &text[..length]),
    }
}

/// The first of two bytes in `haystack`.
#[inline(always)]
pub(super) fn find_either(a: u8, b: u8, haystack: &[u8]) -> Option<usize> {
    let Some((near, far)) = haystack.split_first_chunk::<NEAR>() else {
        return haystack.iter().position(|&x| x == a || x == b);
    };
    match equal_either(near, a, b) {
        0 => find_either_far(a, b, far).map(|at| NEAR + at),
        bits => Some(bits.trailing_zeros() as usize),
    }
}

/// A path of more than 32 bytes mostly has no more than 64.
#[inline(always)]
fn find_either_far(a: u8, b: u8, haystack: &[u8]) -> Option<usize> {
    match haystack.split_first_chunk::<NEAR>() {
        Some((near, far)) => match equal_either(near, a, b) {
            0 => memchr::memchr2(a, b, far).map(|at| NEAR + at),
            bits => Some(bits.trailing_zeros() as usize),
        },
        None => memchr::memchr2(a, b, haystack),
    }
}

const fn all(byte: u8) -> u64 {
    0x0101_0101_0101_0101 * byte as u64
}

/// The first eight bytes as a number, the first one lowest.
#[inline(always)]
pub(super) fn eight(text: &[u8]) -> Option<u64> {
    text.first_chunk().map(|eight| u64::from_le_bytes(*eight))
}

/// The number that up to seven leading digits are, and how many there are: eight bytes are looked at together, without a
/// branch that hangs on their number. `None` when there is no digit, or there are more.
#[inline(always)]
pub(super) fn leading_digits(text: &[u8]) -> Option<(u64, usize)> {
    // Digits become 0 to 9; everything else has a value of 10 or more, which adding 0x76 carries into the highest bit.
    let values = eight(text).unwrap_or_else(|| last_few(text)) ^ all(b'0');
    let others = (((values & all(0x7f)) + all(0x76)) | values) & all(0x80);
    let length = (others.trailing_zeros() / 8) as usize;
    if length == 0 || others == 0 {
        return None;
    }
    // The digits move to the end, zeros before them; then neighbours are joined: digits to pairs, pairs to fours, to eight.
    let digits = values << (64 - 8 * length);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let number = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    Some((number, length))
}

/// Fewer than eight bytes, with NUL behind them.
#[cold]
fn last_few(text: &[u8]) -> u64 {
    text.iter().rev().fold(0, |number, &b| number << 8 | u64::from(b))
}

/// The length of the capital letters before a space, if they are one to seven.
#[inline(always)]
pub(super) fn capitals_before_space(text: &[u8]) -> Option<usize> {
    let word = eight(text)?;
    let spaces = word ^ all(b' ');
    let spaces = spaces.wrapping_sub(all(1)) & !spaces & all(0x80);
    let length = (spaces.trailing_zeros() / 8) as usize;
    if spaces == 0 || length == 0 {
        return None;
    }
    let low = word & all(0x7f);
    let capitals = (low + all(0x80 - b'A')) & !(low + all(0x7f - b'Z')) & !word & all(0x80);
    let before = all(0x80) & ((1 << (8 * length)) - 1);
    (capitals & before == before).then_some(length)
}

/// A short text that is compared often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    text: Box<[u8]>,
    /// The first eight bytes, and which of them count.
    first: u64,
    mask: u64,
}

impl Literal {
    /// `text` must not be empty.
    pub(super) fn new(text: &[u8]) -> Self {
        let mut eight = [0; 8];
        let length = text.len().min(8);
        eight[..length].copy_from_slice(&text[..length]);
        Self { text: text.into(), first: u64::from_le_bytes(eight), mask: u64::MAX >> (64 - 8 * length) }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether `bytes` begin with the text.
    #[inline(always)]
    pub(super) fn begins(&self, bytes: &[u8]) -> bool {
        match bytes.first_chunk::<8>() {
            Some(eight) => {
                (u64::from_le_bytes(*eight) ^ self.first) & self.mask == 0 && (self.text.len() <= 8 || bytes.starts_with(&self.text))
            }
            None => bytes.starts_with(&self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn find_is_memchr(haystack in prop::collection::vec(prop::sample::select(vec![0u8, 1, 31, 32, 33, 127, 128, 255]), 0..120), needle in prop::sample::select(vec![0u8, 1, 32, 128, 255])) {
            prop_assert_eq!(find(needle, &haystack), haystack.iter().position(|&b| b == needle));
        }

        #[test]
        fn find_within_is_find(text in "[ab?]{0,80}", length in any::<prop::sample::Index>()) {
            let length = length.index(text.len() + 1);
            prop_assert_eq!(find_within(b'?', text.as_bytes(), length), find(b'?', &text.as_bytes()[..length]));
        }

        #[test]
        fn find_either_is_memchr2(haystack in "[ab?c ]{0,120}") {
            prop_assert_eq!(find_either(b' ', b'?', haystack.as_bytes()), memchr::memchr2(b' ', b'?', haystack.as_bytes()));
        }

        #[test]
        fn leading_digits_are_a_number(digits in "[0-9]{0,9}", rest in "[ /:a\\x7f-\u{ff}]{0,9}") {
            let text = format!("{digits}{rest}");
            let expected = digits.parse::<u64>().ok().filter(|_| digits.len() < 8).map(|n| (n, digits.len()));
            prop_assert_eq!(leading_digits(text.as_bytes()), expected);
        }

        #[test]
        fn capitals_are_capitals(text in "[@-\\[ a\u{c1}]{0,6} [A-Z ]{0,9}") {
            let bytes = text.as_bytes();
            let slow = bytes.iter().position(|b| !b.is_ascii_uppercase()).filter(|&n| (1..8).contains(&n) && bytes[n] == b' ');
            prop_assert_eq!(capitals_before_space(bytes), slow.filter(|_| bytes.len() >= 8));
        }

        #[test]
        fn begins_is_starts_with(text in "[ab]{1,12}", bytes in "[ab]{0,14}") {
            prop_assert_eq!(Literal::new(text.as_bytes()).begins(bytes.as_bytes()), bytes.starts_with(&text));
        }
    }
}
