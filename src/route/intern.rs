//! From a method and a path to a small number, quickly.
//!
//! Two tables. The outer one, [`super::recent`], is a bounded cache of raw bytes, so that a path seen a moment ago costs one
//! digest and one comparison; it may forget at any time. The inner one holds every route once and forgets nothing. It too knows
//! its routes by their digests: their text lies elsewhere in memory, and to look there would cost more than all the rest.

use super::digest::{Entry, Seeds, hash_of};
use super::recent::Recent;
use super::{NO_REQUEST, RouteRules};
use crate::model::ServiceId;
use hashbrown::HashTable;

/// A route of one [`Routes`]; another one numbers otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RouteId(pub(super) u32);

impl RouteId {
    /// Stands for all routes that there was no room for.
    pub const OTHER: Self = Self(u32::MAX);

    /// The number, from 0 on without gaps.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Service, method and route.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RouteKey {
    /// The service that the request went to.
    pub service: ServiceId,
    /// Empty when there was no request line.
    pub method: Box<[u8]>,
    /// The route, or [`NO_REQUEST`].
    pub route: Box<[u8]>,
}

/// Numbers routes as they come.
#[derive(Debug)]
pub struct Routes {
    rules: RouteRules,
    /// The service that requests go to until another one is named.
    service: ServiceId,
    seeds: Seeds,
    recent: Recent,
    table: HashTable<Entry>,
    keys: Vec<RouteKey>,
    scratch: Vec<u8>,
    /// Routes of this rank or a higher one have no number of their own.
    limit: u64,
}

impl Routes {
    /// An empty table.
    pub fn new(rules: RouteRules) -> Self {
        Self {
            rules,
            service: ServiceId::NONE,
            seeds: Seeds::new(),
            recent: Recent::new(),
            table: HashTable::new(),
            keys: Vec::new(),
            scratch: Vec::new(),
            limit: u64::MAX,
        }
    }

    /// The service that requests go to from now on.
    pub fn set_service(&mut self, service: ServiceId) {
        self.service = service;
    }

    /// The service that requests go to.
    pub fn service(&self) -> ServiceId {
        self.service
    }

    /// The route of a request; without method or path it is [`NO_REQUEST`].
    #[inline(always)]
    pub fn of(&mut self, method: Option<&[u8]>, path: Option<&[u8]>) -> RouteId {
        let Some(path) = path else { return self.intern(self.service, b"", NO_REQUEST) };
        let method = method.unwrap_or_default();
        // Longer ones are rare, and not worth a second way to the digest here.
        if method.len() > 8 {
            return self.work_out(method, path);
        }
        let key = self.seeds.key(self.service, method, path);
        if let Some(id) = self.recent.get(key) {
            return id;
        }
        let id = self.work_out(method, path);
        self.recent.put(key, id);
        id
    }

    #[inline(never)]
    fn work_out(&mut self, method: &[u8], path: &[u8]) -> RouteId {
        let mut route = std::mem::take(&mut self.scratch);
        route.clear();
        self.rules.write(self.service, path, &mut route);
        let id = self.intern(self.service, known_method(method), &route);
        self.scratch = route;
        id
    }

    /// The number of a route by its own name; [`RouteId::OTHER`] if there is no room for it.
    pub fn intern(&mut self, service: ServiceId, method: &[u8], route: &[u8]) -> RouteId {
        let key = self.seeds.key(service, method, route);
        if let Some(entry) = self.table.find(key.hash(), |&entry| key.route_in(entry).is_some()) {
            return RouteId(*entry as u32);
        }
        if self.limit < u64::MAX && self.rank(service, method, route) >= self.limit {
            return RouteId::OTHER;
        }
        let id = RouteId(self.keys.len() as u32);
        self.keys.push(RouteKey { service, method: method.into(), route: route.into() });
        self.table.insert_unique(key.hash(), key.with(id), |&entry| hash_of(entry));
        id
    }

    /// All routes, by number.
    pub fn keys(&self) -> &[RouteKey] {
        &self.keys
    }

    /// The rank from which on routes have no number of their own.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Forgets all routes; from now on those of rank `limit` or above get no number.
    pub fn restart(&mut self, limit: u64) -> Vec<RouteKey> {
        self.limit = self.limit.min(limit);
        self.table.clear();
        self.recent.clear();
        std::mem::take(&mut self.keys)
    }

    /// The rank below which there are at most `most_routes` routes, and these have at most `most_cells` cells; `cells` tells how
    /// many each has. The largest there is, if all fit.
    pub fn rank_for(&self, most_routes: usize, most_cells: usize, cells: impl Fn(usize) -> usize) -> u64 {
        let mut ranks: Vec<(u64, usize)> =
            self.keys.iter().enumerate().map(|(at, k)| (self.rank(k.service, &k.method, &k.route), cells(at))).collect();
        ranks.sort_unstable();
        let mut sum = 0;
        let over = ranks.iter().enumerate().find(|(at, (_, cells))| {
            sum += cells;
            *at >= most_routes || sum > most_cells
        });
        over.map_or(u64::MAX, |(_, (rank, _))| (*rank).max(1))
    }

    /// Where a route stands when there are too many of them: those that a sample showed to be common come first, the rest
    /// in an order that is the same in every process.
    fn rank(&self, service: ServiceId, method: &[u8], route: &[u8]) -> u64 {
        if self.rules.folds(service).is_some_and(|folds| folds.is_common(route)) || *route == *NO_REQUEST {
            return 0;
        }
        // FNV-1a: the order must not depend on a seed, and nothing but the choice of rows hangs on it.
        let bytes = method.iter().chain(b" ").chain(route);
        let start = 0xcbf2_9ce4_8422_2325 ^ spread(service);
        bytes.fold(start, |hash: u64, b| (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)) | 1
    }
}

/// A service's number spread over all bits; 0 for none.
#[inline]
fn spread(service: ServiceId) -> u64 {
    // 2^64 divided by the golden ratio.
    (service.index() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The methods of the IANA registry, and a few that caches and old servers know. Others are counted as `_OTHER`, OpenTelemetry's
/// word, since clients may send any token.
/// The frequent ones come first.
const METHODS: [&[u8]; 50] = [
    b"GET",
    b"POST",
    b"PUT",
    b"HEAD",
    b"DELETE",
    b"PATCH",
    b"OPTIONS",
    b"ACL",
    b"BASELINE-CONTROL",
    b"BIND",
    b"CHECKIN",
    b"CHECKOUT",
    b"CONNECT",
    b"COPY",
    b"LABEL",
    b"LINK",
    b"LOCK",
    b"MERGE",
    b"MKACTIVITY",
    b"MKCALENDAR",
    b"MKCOL",
    b"MKREDIRECTREF",
    b"MKWORKSPACE",
    b"MOVE",
    b"ORDERPATCH",
    b"PRI",
    b"PROPFIND",
    b"PROPPATCH",
    b"QUERY",
    b"REBIND",
    b"REPORT",
    b"SEARCH",
    b"TRACE",
    b"UNBIND",
    b"UNCHECKOUT",
    b"UNLINK",
    b"UNLOCK",
    b"UPDATE",
    b"UPDATEREDIRECTREF",
    b"VERSION-CONTROL",
    b"PURGE",
    b"BAN",
    b"REFRESH",
    b"DEBUG",
    b"TRACK",
    b"NOTIFY",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"M-SEARCH",
    b"POLL",
];

/// The method, or `_OTHER` for one that no standard names: strangers can send any word.
pub fn known_method(method: &[u8]) -> &[u8] {
    if method.is_empty() || METHODS.contains(&method) { method } else { b"_OTHER" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Services;

    #[test]
    fn the_cache_changes_nothing() {
        let mut routes = Routes::new(RouteRules::default());
        let first = routes.of(Some(b"GET"), Some(b"/users/1"));
        assert_eq!(routes.of(Some(b"GET"), Some(b"/users/1")), first);
        assert_eq!(routes.of(Some(b"GET"), Some(b"/users/2")), first);
        assert_ne!(routes.of(Some(b"\0GET"), Some(b"/users/1")), first);
        assert_eq!(routes.of(Some(b"GET"), Some(b"/users/1")), first);
        assert_ne!(routes.of(Some(b""), Some(b"/users/1")), routes.of(Some(b"PROPPATCH"), Some(b"/users/1")));
        assert_ne!(routes.of(Some(b"PUT"), Some(b"/users/1")), first);
        let other = routes.of(Some(b"GEX"), Some(b"/users/1"));
        assert_eq!(&*routes.keys()[other.index()].method, b"_OTHER");
        assert_eq!(routes.of(Some(b"get"), Some(b"/users/1")), other);
        for n in 0..200_000u32 {
            let path = format!("/users/{n}");
            assert_eq!(routes.of(Some(b"GET"), Some(path.as_bytes())), first);
        }
        assert_eq!(routes.keys().len(), 5);
    }

    #[test]
    fn services_have_routes_of_their_own() {
        let services = Services::new(["api".to_owned(), "shop".to_owned()]);
        let [api, shop] = ["api", "shop"].map(|name| services.id(Some(name)));
        let mut routes = Routes::new(RouteRules::default());
        let mut of = |service, method| {
            routes.set_service(service);
            routes.of(method, Some(b"/users/1"))
        };
        let ids = [of(api, Some(b"GET".as_slice())), of(shop, Some(b"GET")), of(ServiceId::NONE, Some(b"GET"))];
        assert_eq!([of(api, Some(b"GET")), of(shop, Some(b"GET")), of(ServiceId::NONE, Some(b"GET"))], ids);
        assert_eq!(routes.keys().iter().map(|k| k.service).collect::<Vec<_>>(), [api, shop, ServiceId::NONE]);
    }

    #[test]
    fn what_is_no_request_has_a_row_of_its_own() {
        let mut routes = Routes::new(RouteRules::default());
        let id = routes.of(None, None);
        assert_eq!(&*routes.keys()[id.index()].route, NO_REQUEST);
    }
}
