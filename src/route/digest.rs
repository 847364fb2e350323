//! What a request is known by: 128 bits that stand for a service, a method and a path or route.
//!
//! Two requests are taken for one if all bits that are compared are the same, 96 at least, which is one chance in 10^28; and
//! the digest has a seed of the process, so that nobody can look for such a pair.

use super::RouteId;
use crate::model::ServiceId;
use hashbrown::DefaultHashBuilder;
use std::hash::BuildHasher;

/// The part of an entry that is the route's number; the rest is the digest's.
const NUMBER: u128 = u32::MAX as u128;

/// What makes the digests of one table differ from those of any other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeds([u64; 4]);

/// The digest of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u128);

/// The number of a route beside the upper 96 bits of the digest that it was put in for. All zeros is none.
pub(super) type Entry = u128;

impl Seeds {
    /// Numbers that nobody outside knows.
    pub(super) fn new() -> Self {
        let random = DefaultHashBuilder::default();
        Self([0, 1, 2, 3].map(|seed: u64| random.hash_one(seed)))
    }

    /// What a request is known by. A method of more than 8 bytes costs more than a short one.
    #[inline(always)]
    pub(super) fn key(&self, service: ServiceId, method: &[u8], path: &[u8]) -> Key {
        let lengths = (path.len() as u64) << 32 ^ (method.len() as u64) << 8 ^ service.index() as u64;
        let mut digest = Digest { seeds: [self.0[0], self.0[1]], state: [self.0[2] ^ lengths, self.0[3]] };
        if method.len() <= 8 {
            digest.state[1] ^= method.iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
        } else {
            digest = digest.add_all(method);
        }
        digest.add_all(path).key()
    }
}

impl Key {
    /// Bits that are not kept in an [`Entry`].
    #[inline(always)]
    pub(super) fn place(self) -> usize {
        self.0 as u32 as usize
    }

    /// Bits that are.
    #[inline(always)]
    pub(super) fn hash(self) -> u64 {
        hash_of(self.0)
    }

    /// What is kept of the key, and a route.
    #[inline(always)]
    pub(super) fn with(self, id: RouteId) -> Entry {
        self.0 & !NUMBER | u128::from(id.0)
    }

    /// The route of an entry, if it was put in for this key.
    #[inline(always)]
    pub(super) fn route_in(self, entry: Entry) -> Option<RouteId> {
        ((entry ^ self.0) & !NUMBER == 0).then_some(RouteId(entry as u32))
    }
}

/// What [`Key::hash`] is for the key that an entry was put in for.
#[inline(always)]
pub(super) fn hash_of(entry: Entry) -> u64 {
    (entry >> 64) as u64
}

/// Two folded multiplications for each 16 bytes, of numbers that nobody outside knows.
#[derive(Clone, Copy)]
struct Digest {
    seeds: [u64; 2],
    state: [u64; 2],
}

impl Digest {
    #[inline(always)]
    fn add(self, (a, b): (u64, u64)) -> Self {
        let [left, right] = self.state;
        Self { state: [fold(a ^ self.seeds[0], b ^ left), fold(b ^ self.seeds[1], a ^ right)], ..self }
    }

    /// All of a text whose length is known to be the same.
    #[inline(always)]
    fn add_all(self, text: &[u8]) -> Self {
        let Some(last) = text.last_chunk::<16>() else { return self.add(ends(text)) };
        let most = text.as_chunks::<16>().0.iter().fold(self, |digest, part| digest.add(halves(part)));
        most.add(halves(last))
    }

    #[inline(always)]
    fn key(self) -> Key {
        // One multiplication leaves some bits uneven where paths differ in a few digits only.
        let [left, right] = self.state;
        let (left, right) = (fold(left, self.seeds[0]), fold(right, self.seeds[1]));
        let (left, right) = (left ^ right.rotate_left(23), right ^ left.rotate_left(41));
        Key(u128::from(left) << 64 | u128::from(right))
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    wide as u64 ^ (wide >> 64) as u64
}

#[inline(always)]
fn halves(part: &[u8; 16]) -> (u64, u64) {
    let number = u128::from_le_bytes(*part);
    (number as u64, (number >> 64) as u64)
}

/// Less than 16 bytes as two numbers that hold all of them.
#[inline(always)]
fn ends(text: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
    }
    (text.iter().fold(0, |number, &b| number << 8 | u64::from(b)), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn every_bit_of_a_request_changes_its_key(path in "[a-z/]{0,70}", at in 0usize..560) {
            let seeds = Seeds::new();
            let key = |method: &[u8], path: &[u8]| seeds.key(ServiceId::NONE, method, path);
            let same = key(b"GET", path.as_bytes());
            let mut changed = path.clone().into_bytes();
            if let Some(byte) = changed.get_mut(at / 8) {
                *byte ^= 1 << (at % 8);
                prop_assert_ne!(key(b"GET", &changed), same);
            }
            changed.push(0);
            prop_assert_ne!(key(b"GET", &changed), same);
            prop_assert_ne!(key(b"PUT", path.as_bytes()), same);
        }
    }

    #[test]
    fn keys_are_spread_over_places_and_over_all_bits() {
        const MANY: usize = 1 << 15;
        let seeds = Seeds::new();
        for shape in ["/", "/users/", "/a/00000000-4f1c-4a5e-9b1d-0000000", "/static/img/icons/large/and/even/larger/than/that/"] {
            let keys: Vec<Key> = (0..MANY).map(|n| seeds.key(ServiceId::NONE, b"GET", format!("{shape}{n}").as_bytes())).collect();
            let places: HashSet<usize> = keys.iter().map(|key| key.place() & (MANY - 1)).collect();
            // Random numbers would take 1 - 1/e of all.
            assert!((60..67).contains(&(places.len() * 100 / MANY)), "{shape}: {}", places.len());
            for bit in 0..128 {
                let set = keys.iter().filter(|key| key.0 >> bit & 1 == 1).count() * 100 / MANY;
                assert!((47..53).contains(&set), "{shape}: bit {bit} is set in {set} %");
            }
        }
    }
}
