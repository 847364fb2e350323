//! The routes of paths seen lately: a cache that may forget at any time.
//!
//! What a line costs beyond its own bytes is mostly waiting for memory, and here is where: tens of thousands of different
//! paths do not fit next to a core. So nothing is kept of a path but a digest of 128 bits, of which 15 choose the place and
//! 96 stand there beside the route's number: 16 bytes an entry, one load and one comparison. (Entries with the path itself in
//! them, 64 bytes each, cost 9 ns a line more on a log of 43,000 paths.) Two requests would be taken for one if they had 111
//! bits in common, which is one chance in 10^33; and the digest has a seed of the process, so that nobody can look for such
//! a pair.

use super::RouteId;
use crate::model::ServiceId;
use hashbrown::DefaultHashBuilder;
use std::hash::BuildHasher;

/// Entries, a power of two.
const ENTRIES: usize = 1 << 15;
/// The part of an entry that is the route's number; the rest is the digest's.
const NUMBER: u128 = u32::MAX as u128;

/// The cache.
#[derive(Debug)]
pub(super) struct Recent {
    entries: Vec<u128>,
    seeds: [u64; 4],
}

/// The digest of what is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u128);

impl Recent {
    /// Nothing seen yet. The memory is not touched before it is needed: a short log does not pay for it.
    pub(super) fn new(random: &DefaultHashBuilder) -> Self {
        Self { entries: vec![0; ENTRIES], seeds: [0, 1, 2, 3].map(|seed: u64| random.hash_one(seed)) }
    }

    /// What a request is known by; `None` for a method longer than any that is frequent.
    #[inline(always)]
    pub(super) fn key(&self, service: ServiceId, method: &[u8], path: &[u8]) -> Option<Key> {
        if method.len() > 8 {
            return None;
        }
        let lengths = (path.len() as u64) << 16 | (method.len() as u64) << 8 | service.index() as u64;
        let method = method.iter().fold(0, |number: u64, &byte| number << 8 | u64::from(byte));
        let mut digest = Digest { seeds: [self.seeds[0], self.seeds[1]], state: [self.seeds[2] ^ lengths, self.seeds[3] ^ method] };
        let Some(last) = path.last_chunk::<16>() else { return Some(digest.add(ends(path)).key()) };
        for part in path.as_chunks::<16>().0 {
            digest = digest.add(halves(part));
        }
        Some(digest.add(halves(last)).key())
    }

    /// The route that was put in for a key, if it is still there.
    #[inline(always)]
    pub(super) fn get(&self, key: Key) -> Option<RouteId> {
        let entry = self.entries[key.place()];
        ((entry ^ key.0) & !NUMBER == 0).then_some(RouteId(entry as u32))
    }

    /// Keeps a route, in the place of another one.
    pub(super) fn put(&mut self, key: Key, id: RouteId) {
        self.entries[key.place()] = key.0 & !NUMBER | u128::from(id.0);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.entries.fill(0);
    }
}

impl Key {
    #[inline(always)]
    fn place(self) -> usize {
        self.0 as usize & (ENTRIES - 1)
    }
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

    #[inline(always)]
    fn key(self) -> Key {
        Key(u128::from(self.state[0]) << 64 | u128::from(self.state[1]))
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
    use std::collections::{HashMap, HashSet};

    proptest! {
        #[test]
        fn what_is_found_is_what_was_put_in(paths in prop::collection::vec("/[ab]{0,70}", 1..40)) {
            let (mut recent, mut truth) = (Recent::new(&DefaultHashBuilder::default()), HashMap::new());
            for (at, path) in paths.iter().flat_map(|p| [p.as_str(), &p[..p.len() / 2], p]).enumerate() {
                for method in [&b"GET"[..], b"", b"\0GET", b"OPTIONS"] {
                    let key = recent.key(ServiceId::NONE, method, path.as_bytes()).unwrap();
                    if let Some(id) = recent.get(key) {
                        prop_assert_eq!(Some(&id), truth.get(&(method, path)));
                    }
                    recent.put(key, RouteId(at as u32));
                    prop_assert_eq!(recent.get(key), Some(RouteId(at as u32)));
                    truth.insert((method, path), RouteId(at as u32));
                }
            }
        }

        #[test]
        fn every_bit_of_a_request_changes_its_key(path in "[a-z/]{0,70}", at in 0usize..560) {
            let recent = Recent::new(&DefaultHashBuilder::default());
            let key = |method: &[u8], path: &[u8]| recent.key(ServiceId::NONE, method, path).unwrap();
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
        let recent = Recent::new(&DefaultHashBuilder::default());
        for shape in ["/", "/users/", "/a/00000000-4f1c-4a5e-9b1d-0000000", "/static/img/icons/large/and/even/larger/than/that/"] {
            let keys: Vec<Key> =
                (0..ENTRIES).map(|n| recent.key(ServiceId::NONE, b"GET", format!("{shape}{n}").as_bytes()).unwrap()).collect();
            let places: HashSet<usize> = keys.iter().map(|key| key.place()).collect();
            // Random numbers would take 1 - 1/e of all.
            assert!((60..67).contains(&(places.len() * 100 / ENTRIES)), "{shape}: {}", places.len());
            for bit in 0..128 {
                let set = keys.iter().filter(|key| key.0 >> bit & 1 == 1).count() * 100 / ENTRIES;
                assert!((47..53).contains(&set), "{shape}: bit {bit} is set in {set} %");
            }
        }
    }
}
