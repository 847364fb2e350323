//! What bytes a path segment is made of: one bit for each byte and class, so that a question to a segment is one operation
//! on a number and not a loop.
//!
//! Sixteen bytes are classed at a time. What every segment is asked for (slashes, digits, dots, semicolons) is found for 64
//! bytes of the path at once; what only few are asked for is found when it is asked.

use wide::u8x16;

/// Bytes that one look covers.
pub(super) const WINDOW: usize = 64;

/// A segment and its marks; those of a segment of more than [`WINDOW`] bytes are unknown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'p> {
    pub(super) text: &'p [u8],
    pub(super) digits: u64,
    pub(super) dots: u64,
    pub(super) semicolons: u64,
}

impl<'p> Segment<'p> {
    /// Of a text that is no part of a path in hand.
    pub(super) fn of(text: &'p [u8]) -> Self {
        let [_, digits, dots, semicolons] = if text.len() > WINDOW { [0; 4] } else { marks(text) };
        Self { text, digits, dots, semicolons }
    }

    /// From one place up to another one.
    pub(super) fn part(self, from: usize, to: usize) -> Self {
        let cut = |bits: u64| bits.checked_shr(from as u32).unwrap_or(0) & first(to - from);
        Self { text: &self.text[from..to], digits: cut(self.digits), dots: cut(self.dots), semicolons: cut(self.semicolons) }
    }

    /// The bits of all bytes.
    #[inline]
    pub(super) fn all(self) -> u64 {
        first(self.text.len())
    }

    /// Hexadecimal digits, dashes, and what names are joined with: dashes and underscores.
    pub(super) fn hex_dashes_joints(self) -> [u64; 3] {
        let [letters, dashes, lines] = classes(self.text, |b| [within(b | u8x16::splat(0x20), b'a', b'f'), is(b, b'-'), is(b, b'_')]);
        [self.digits | letters, dashes, dashes | lines]
    }

    /// Letters: small ones, capital ones.
    pub(super) fn cases(self) -> [u64; 2] {
        classes(self.text, |b| [within(b, b'a', b'z'), within(b, b'A', b'Z')])
    }
}

/// The segments of a path, the piece before the first slash too.
pub(super) struct Segments<'p> {
    /// What begins with the next segment.
    rest: Option<&'p [u8]>,
    /// Of the first `seen` bytes of it.
    marks: [u64; 4],
    seen: usize,
}

impl<'p> Segments<'p> {
    pub(super) fn of(path: &'p [u8]) -> Self {
        Self { rest: Some(path), marks: [0; 4], seen: 0 }
    }
}

impl<'p> Iterator for Segments<'p> {
    type Item = Segment<'p>;

    #[inline(always)]
    fn next(&mut self) -> Option<Segment<'p>> {
        let rest = self.rest?;
        if self.marks[0] == 0 && self.seen < rest.len() {
            self.seen = rest.len().min(WINDOW);
            self.marks = marks(&rest[..self.seen]);
        }
        let [slashes, digits, dots, semicolons] = self.marks;
        if slashes == 0 && self.seen < rest.len() {
            let end = memchr::memchr(b'/', rest).unwrap_or(rest.len());
            self.rest = rest.get(end + 1..);
            self.seen = 0;
            self.marks = [0; 4];
            return Some(Segment::of(&rest[..end]));
        }
        let end = if slashes == 0 { rest.len() } else { slashes.trailing_zeros() as usize };
        let bits = first(end);
        self.rest = rest.get(end + 1..);
        self.seen = self.seen.saturating_sub(end + 1);
        for mark in &mut self.marks {
            *mark = mark.checked_shr(end as u32 + 1).unwrap_or(0);
        }
        Some(Segment { text: &rest[..end], digits: digits & bits, dots: dots & bits, semicolons: semicolons & bits })
    }
}

/// Slashes, digits, dots, semicolons.
fn marks(text: &[u8]) -> [u64; 4] {
    classes(text, |b| [is(b, b'/'), within(b, b'0', b'9'), is(b, b'.'), is(b, b';')])
}

/// The bits of the first bytes.
#[inline]
pub(super) fn first(bytes: usize) -> u64 {
    1u64.checked_shl(bytes as u32).map_or(u64::MAX, |bit| bit - 1)
}

/// One bit for each byte of each class.
#[inline(always)]
fn classes<const N: usize>(text: &[u8], of: impl Fn(u8x16) -> [u8x16; N]) -> [u64; N] {
    let mut all = [0; N];
    let mut add = |block: [u8; 16], at: usize| {
        let classes = of(u8x16::new(block));
        for class in 0..N {
            all[class] |= u64::from(classes[class].to_bitmask()) << at;
        }
    };
    if let Some(last) = text.last_chunk() {
        let (blocks, few) = text.as_chunks();
        for (at, block) in blocks.iter().enumerate() {
            add(*block, at * 16);
        }
        if !few.is_empty() {
            add(*last, text.len() - 16);
        }
    } else {
        let mut block = [0; 16];
        block[..text.len()].copy_from_slice(text);
        add(block, 0);
    }
    all
}

#[inline(always)]
fn is(bytes: u8x16, byte: u8) -> u8x16 {
    bytes.simd_eq(u8x16::splat(byte))
}

#[inline(always)]
fn within(bytes: u8x16, low: u8, high: u8) -> u8x16 {
    let off = bytes - u8x16::splat(low);
    off.min(u8x16::splat(high - low)).simd_eq(off)
}
