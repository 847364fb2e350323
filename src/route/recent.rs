//! The routes of paths seen lately: a cache of raw bytes that may forget at any time.
//!
//! What a line costs beyond its own bytes is mostly waiting for memory, here: tens of thousands of different paths do not fit
//! next to a core. So an entry is one line of the processor's cache, 64 bytes with all that there is to compare, the path
//! itself included. Only what a path has beyond 48 bytes stands elsewhere, at a place that is known before the entry has
//! come. (Entries that pointed into an arena of paths cost two waits, the second of which began when the first was over.)
//! Paths are compared whole; no hash is trusted.
//!
//! The hash does no more than spread. Whoever knows it can send paths that share a place, and each of them then costs what a
//! path costs that was never seen.

use super::RouteId;
use crate::model::ServiceId;

/// Entries, a power of two.
const ENTRIES: usize = 1 << 15;
/// Bytes of an entry: number, service and lengths, method, beginning of the path.
const ENTRY: usize = 64;
const PATH: usize = 16;
/// Bytes of a path in its entry, and beyond it.
const NEAR: usize = ENTRY - PATH;
const FAR: usize = 64;

/// The cache.
#[derive(Debug)]
pub(super) struct Recent {
    entries: Vec<u8>,
    /// Where the first entry starts, so that each is one line of the processor's cache.
    first: usize,
    /// What each path has beyond its entry.
    far: Vec<[u8; FAR]>,
}

/// What is looked for, and where.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    /// Service, length of the method, length of the path: never 0, as an empty entry is.
    lengths: u32,
    method: u64,
    path: &'a [u8],
    place: usize,
}

impl<'a> Key<'a> {
    /// `None` for long methods and paths: they are not kept.
    #[inline(always)]
    pub(super) fn new(service: ServiceId, method: &[u8], path: &'a [u8]) -> Option<Self> {
        if method.len() > 7 || path.len() > NEAR + FAR {
            return None;
        }
        let lengths = (service.index() as u32) << 16 | (method.len() as u32 + 1) << 8 | path.len() as u32;
        let method = method.iter().fold(0, |number, &b| number << 8 | u64::from(b));
        Some(Self { lengths, method, path, place: hash(method, path) as usize & (ENTRIES - 1) })
    }
}

impl Recent {
    /// Nothing seen yet. The memory is not touched before it is needed: a short log does not pay for it.
    pub(super) fn new() -> Self {
        let entries = vec![0; (ENTRIES + 1) * ENTRY];
        Self { first: entries.as_ptr().align_offset(ENTRY), entries, far: vec![[0; FAR]; ENTRIES] }
    }

    /// The route that was put in for the same service, method and path, if it is still there.
    #[inline(always)]
    pub(super) fn get(&self, key: Key<'_>) -> Option<RouteId> {
        let entry: &[u8; ENTRY] = self.entries[self.first + key.place * ENTRY..].first_chunk().expect("a place is within the table");
        let (head, path) = entry.split_first_chunk::<PATH>().expect("an entry is longer than its head");
        let [id, lengths] = [&head[..4], &head[4..8]].map(|part| u32::from_le_bytes(*part.first_chunk().expect("four bytes")));
        let method = u64::from_le_bytes(*head.last_chunk().expect("eight bytes"));
        if lengths != key.lengths || method != key.method {
            return None;
        }
        let found = match key.path.split_at_checked(NEAR) {
            Some((near, far)) => is_same(&path[..NEAR], near) && is_same(&self.far[key.place][..far.len()], far),
            None => is_same(&path[..key.path.len()], key.path),
        };
        found.then_some(RouteId(id))
    }

    /// Keeps a route, in the place of another one.
    pub(super) fn put(&mut self, key: Key<'_>, id: RouteId) {
        let entry = &mut self.entries[self.first + key.place * ENTRY..][..ENTRY];
        let (near, far) = key.path.split_at(key.path.len().min(NEAR));
        entry[..4].copy_from_slice(&id.0.to_le_bytes());
        entry[4..8].copy_from_slice(&key.lengths.to_le_bytes());
        entry[8..PATH].copy_from_slice(&key.method.to_le_bytes());
        entry[PATH..PATH + near.len()].copy_from_slice(near);
        self.far[key.place][..far.len()].copy_from_slice(far);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.entries.fill(0);
    }
}

/// Whether two texts of one length are the same, without a call for some bytes: 16 at a time, the last ones twice.
#[inline(always)]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let sixteen = |text: &[u8], at: usize| text[at..].first_chunk().map_or(0, |part| u128::from_le_bytes(*part));
    let length = a.len().min(b.len());
    if length >= 16 {
        let whole = (0..length / 16).fold(0, |differ, at| differ | (sixteen(a, at * 16) ^ sixteen(b, at * 16)));
        return whole | (sixteen(a, length - 16) ^ sixteen(b, length - 16)) == 0;
    }
    ends(a) == ends(b)
}

/// A path of less than 16 bytes as two numbers that hold all of it.
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

/// Spreads keys over places.
#[inline(always)]
fn hash(method: u64, path: &[u8]) -> u64 {
    // Digits of the golden ratio and of the square root of two.
    const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0x6a09_e667_f3bc_c909];
    let fold = |a: u64, b: u64| {
        let wide = u128::from(a) * u128::from(b);
        wide as u64 ^ (wide >> 64) as u64
    };
    let seed = method ^ (path.len() as u64) << 56;
    let two = |part: &[u8; 16]| ends(&part[..]);
    let Some(last) = path.last_chunk::<16>() else {
        let (a, b) = ends(path);
        return fold(a ^ seed ^ ODD[0], b ^ ODD[1]);
    };
    let (whole, _) = path.as_chunks::<16>();
    let mixed = whole.iter().fold(seed, |mixed, part| {
        let (a, b) = two(part);
        fold(a ^ mixed ^ ODD[0], b ^ ODD[1])
    });
    let (a, b) = two(last);
    fold(a ^ mixed ^ ODD[0], b ^ ODD[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn what_is_found_is_what_was_put_in(paths in prop::collection::vec("/[ab]{0,130}", 1..40)) {
            let (mut recent, mut truth) = (Recent::new(), HashMap::new());
            for (at, path) in paths.iter().flat_map(|p| [p.as_str(), &p[..p.len() / 2], p]).enumerate() {
                for method in [&b"GET"[..], b"", b"\0GET", b"OPTIONS"] {
                    let Some(key) = Key::new(ServiceId::NONE, method, path.as_bytes()) else { continue };
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
        fn is_same_is_equality(a in "[ab]{0,70}", b in "[ab]{0,70}", at in 0usize..70) {
            let mut near = a.clone().into_bytes();
            near.get_mut(at).into_iter().for_each(|byte| *byte = b'c');
            prop_assert!(is_same(a.as_bytes(), a.as_bytes()));
            prop_assert_eq!(is_same(a.as_bytes(), &near), a.as_bytes() == near);
            let length = a.len().min(b.len());
            prop_assert_eq!(is_same(&a.as_bytes()[..length], &b.as_bytes()[..length]), a[..length] == b[..length]);
        }
    }

    #[test]
    fn places_are_spread() {
        let key = |path: String| Key::new(ServiceId::NONE, b"GET", path.as_bytes()).map(|key| key.place);
        for shape in ["/users/", "/a/00000000-4f1c-4a5e-9b1d-0000000", "/static/img/icons/large/and/even/larger/than/that/"] {
            let places: std::collections::HashSet<_> = (0..ENTRIES).map(|n| key(format!("{shape}{n}"))).collect();
            // As many as random numbers would take: 1 - 1/e of all.
            assert!(places.len() > ENTRIES * 60 / 100, "{shape}: {}", places.len());
        }
    }
}
