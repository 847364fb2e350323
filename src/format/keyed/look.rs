//! JSON text looked at sixteen bytes at a time: whether it goes on with a known text, where a string or a number ends.

use wide::{i8x16, u8x16};

/// A text of any length, most of which have some twenty bytes: the first sixteen and the last are compared at once.
#[derive(Debug)]
pub(super) struct Literal {
    pub(super) text: Box<[u8]>,
    first: u8x16,
    /// The first bytes that do not count.
    beyond: u8x16,
    last: u8x16,
    last_beyond: u8x16,
    /// Bytes that are compared at once: those of the text, at least sixteen.
    near: usize,
}

impl Literal {
    pub(super) fn new(text: &[u8]) -> Self {
        let (mut sixteen, mut beyond) = ([0; 16], [0xff; 16]);
        let length = text.len().min(16);
        sixteen[..length].copy_from_slice(&text[..length]);
        beyond[..length].fill(0);
        let (first, beyond) = (u8x16::new(sixteen), u8x16::new(beyond));
        let (last, last_beyond) = text.last_chunk().map_or((first, beyond), |last| (u8x16::new(*last), u8x16::splat(0)));
        Self { text: text.into(), first, beyond, last, last_beyond, near: text.len().max(16) }
    }

    #[inline(always)]
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    #[inline(always)]
    pub(super) fn begins(&self, rest: &[u8]) -> bool {
        let Some(near) = rest.get(..self.near) else { return rest.starts_with(&self.text) };
        let (Some(first), Some(last)) = (near.first_chunk(), near.last_chunk()) else { return false };
        let same = (u8x16::new(*first).simd_eq(self.first) | self.beyond) & (u8x16::new(*last).simd_eq(self.last) | self.last_beyond);
        same.to_bitmask() == 0xffff && (self.near <= 32 || near == &*self.text)
    }
}

/// Bytes that are looked at together: half the values have no more.
const NEAR: usize = 16;

/// A bit for each byte that is a quote, a backslash, a control byte or none of ASCII, the first one lowest.
#[inline(always)]
fn stops(bytes: &[u8; NEAR]) -> u32 {
    let bytes = i8x16::new(bytes.map(u8::cast_signed));
    // The quote trades places with the space, behind the control bytes; what is no ASCII is negative.
    let below = (bytes ^ i8x16::splat(2)).simd_lt(i8x16::splat(0x21));
    (below | bytes.simd_eq(i8x16::splat(0x5c))).to_bitmask()
}

/// The place of the first byte from `at` on that ends a string, or that a string may not have as it is.
#[inline(always)]
pub(super) fn stop(line: &[u8], at: usize) -> Option<usize> {
    let rest = line.get(at..)?;
    let Some((near, far)) = rest.split_first_chunk() else { return slow_stop(rest).map(|n| at + n) };
    match stops(near) {
        0 => far_stop(far).map(|n| at + NEAR + n),
        bits => Some(at + bits.trailing_zeros() as usize),
    }
}

/// The same for a string of any length.
#[inline(always)]
fn far_stop(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(pair) = rest.get(at..).and_then(|rest| rest.first_chunk::<{ 2 * NEAR }>()) {
        let (low, high) = pair.split_at(NEAR);
        let half = |bytes: &[u8]| stops(bytes.first_chunk().expect("half of 32 bytes"));
        match half(low) | half(high) << NEAR {
            0 => at += 2 * NEAR,
            bits => return Some(at + bits.trailing_zeros() as usize),
        }
    }
    slow_stop(&rest[at..]).map(|n| at + n)
}

/// The same byte by byte, for the end of a line.
#[inline(never)]
fn slow_stop(rest: &[u8]) -> Option<usize> {
    rest.iter().position(|b| matches!(b, 0..=31 | b'"' | b'\\' | 128..))
}

/// Length of a number of fewer than sixteen bytes that has neither sign nor exponent. `None` for what [`scalar`] has to look at.
#[inline(always)]
pub(super) fn number(text: &[u8]) -> Option<usize> {
    let near: &[u8; NEAR] = text.first_chunk()?;
    let values = u8x16::new(*near) - u8x16::splat(b'0');
    let others = !values.min(u8x16::splat(9)).simd_eq(values).to_bitmask();
    let whole = others.trailing_zeros() as usize;
    if whole == 0 || whole > 1 && near[0] == b'0' {
        return None;
    }
    let end = match near.get(whole)? {
        b'.' => {
            let fraction = (others >> (whole + 1)).trailing_zeros() as usize;
            if fraction == 0 {
                return None;
            }
            whole + 1 + fraction
        }
        _ => whole,
    };
    near.get(end).is_some_and(|b| !matches!(b, b'e' | b'E')).then_some(end)
}

/// Length of a number, `true`, `false` or `null`, as JSON has them.
#[inline(never)]
pub(super) fn scalar(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text.get(from..)?.iter().position(|b| !b.is_ascii_digit()).filter(|&n| n > 0).map(|n| from + n);
    let start = match text.first()? {
        b'0'..=b'9' => 0,
        b'-' => 1,
        _ => return [&b"true"[..], b"false", b"null"].iter().find(|word| text.starts_with(word)).map(|word| word.len()),
    };
    let mut at = digits(start)?;
    if text[start] == b'0' && at > start + 1 {
        return None;
    }
    if text.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        at = digits(if let Some(b'+' | b'-') = text.get(at) { at + 1 } else { at })?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    proptest! {
        #[test]
        fn stop_is_the_first_of_its_bytes(text in prop::collection::vec(select(vec![0x1f, b' ', b'!', b'"', b'\\', b'a', b'a', b'a', b'a', 0x7f, 0x80, 0xff]), 0..150)) {
            for at in 0..=text.len() {
                let slow = text[at..].iter().position(|b| matches!(b, 0..=31 | b'"' | b'\\' | 128..));
                prop_assert_eq!(stop(&text, at), slow.map(|n| at + n));
            }
        }

        #[test]
        fn a_short_number_is_a_scalar(text in "[-0-9]{0,3}[0-9]{0,16}([.0-9][0-9]{0,5}){0,2}[eE+,}.]?", rest in "[,0.\"a-e]{0,20}") {
            let text = format!("{text}{rest}");
            if let Some(length) = number(text.as_bytes()) {
                prop_assert_eq!(scalar(text.as_bytes()), Some(length));
            }
        }

        #[test]
        fn a_literal_begins_as_a_slice_does(text in "[ab]{0,3}[a]{0,40}", rest in "[ab]{0,3}[a]{0,60}") {
            prop_assert_eq!(Literal::new(text.as_bytes()).begins(rest.as_bytes()), rest.as_bytes().starts_with(text.as_bytes()));
        }

        #[test]
        fn scalars_are_those_of_json(text in "(-?[01]{0,2}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?|true|false|null|nul|x)", end in "[,}\\] ]") {
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(scalar(format!("{text}{end}").as_bytes()) == Some(text.len()), is_json);
        }
    }
}
