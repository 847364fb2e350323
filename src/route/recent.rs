//! The routes of paths seen lately: a cache that may forget at any time.
//!
//! What a line costs beyond its own bytes is mostly waiting for memory, and here is where: tens of thousands of different
//! paths do not fit next to a core. So nothing is kept of a path but a digest of 128 bits, of which 15 choose the place and
//! 96 stand there beside the route's number: 16 bytes an entry, one load and one comparison. (Entries with the path itself in
//! them, 64 bytes each, cost 9 ns a line more on a log of 43,000 paths.) Two requests would be taken for one if they had 111
//! bits in common, which is one chance in 10^33; and the digest has a seed of the process, so that nobody can look for such
//! a pair.

use super::RouteId;
use super::digest::{Entry, Key};

/// Entries, a power of two.
const ENTRIES: usize = 1 << 15;

/// The cache.
#[derive(Debug)]
pub(super) struct Recent {
    entries: Vec<Entry>,
}

impl Recent {
    /// Nothing seen yet. The memory is not touched before it is needed: a short log does not pay for it.
    pub(super) fn new() -> Self {
        Self { entries: vec![0; ENTRIES] }
    }

    /// The route that was put in for a key, if it is still there.
    #[inline(always)]
    pub(super) fn get(&self, key: Key) -> Option<RouteId> {
        key.route_in(self.entries[key.place() & (ENTRIES - 1)])
    }

    /// Keeps a route, in the place of another one.
    pub(super) fn put(&mut self, key: Key, id: RouteId) {
        self.entries[key.place() & (ENTRIES - 1)] = key.with(id);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.entries.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::digest::Seeds;
    use super::*;
    use crate::model::ServiceId;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn what_is_found_is_what_was_put_in(paths in prop::collection::vec("/[ab]{0,70}", 1..40)) {
            let (mut recent, mut truth) = (Recent::new(), HashMap::new());
            let seeds = Seeds::new();
            for (at, path) in paths.iter().flat_map(|p| [p.as_str(), &p[..p.len() / 2], p]).enumerate() {
                for method in [&b"GET"[..], b"", b"\0GET", b"OPTIONS"] {
                    let key = seeds.key(ServiceId::NONE, method, path.as_bytes());
                    if let Some(id) = recent.get(key) {
                        prop_assert_eq!(Some(&id), truth.get(&(method, path)));
                    }
                    recent.put(key, RouteId(at as u32));
                    prop_assert_eq!(recent.get(key), Some(RouteId(at as u32)));
                    truth.insert((method, path), RouteId(at as u32));
                }
            }
        }
    }
}
