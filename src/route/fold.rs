//! Positions with too many values: slugs, user names, search words.
//!
//! Twice. Before a scan a sample shows the positions that would flood memory, and [`Folds`] fixes what becomes of their
//! values. After it, with exact counts at hand, [`fold_positions`] folds what is left, and keeps the values that matter.

use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;

/// What stands for the values of a folded position.
pub(super) const SLUG: &[u8] = b"{slug}";
/// A position of a report has at most about this many values of its own.
pub const MAX_VALUES: usize = 50;
/// A position that the whole log is likely to have more values for than this is folded before the scan.
const MAX_EXPECTED: f64 = 4_096.0;
/// A value keeps its own name if it has at least this share of its position's requests …
const KEPT_SHARE: f64 = 0.01;
/// … and so many times what each value would have if all had the same.
const KEPT_ABOVE_EVEN: f64 = 2.5;
/// Or at least this share of its position's server errors: the route that fails must not vanish among those that do not.
const KEPT_ERRORS: f64 = 0.05;

/// The folds that a sample taught, as a tree of positions, and the routes that it saw more than once.
#[derive(Debug, Default)]
pub struct Folds {
    nodes: Vec<FoldNode>,
    /// Routes that are kept when memory runs out, since the sample showed them to be common.
    common: HashSet<Box<[u8]>>,
}

#[derive(Debug, Default)]
struct FoldNode {
    children: HashMap<Box<[u8]>, usize>,
    folded: bool,
    kept: HashSet<Box<[u8]>>,
}

/// Where in the tree a path is, if still in it.
pub(super) type Walk = Option<usize>;

impl Folds {
    /// Learns from a sample: routes as [`super::RouteRules::write`] gives them, of a log that is `scale` times as long.
    pub fn learn<'a>(sample: impl Iterator<Item = Counted<'a>>, scale: f64) -> Self {
        let mut root = Position::default();
        let mut common = HashSet::new();
        for counted in sample {
            let Counted { route, count, .. } = counted;
            root.add(segments(route), counted);
            if count > 1 && common.len() < 8_192 {
                common.insert(route.into());
            }
        }
        let mut folds = Self { nodes: Vec::new(), common };
        if root.has_flood(scale) {
            folds.nodes.push(FoldNode::default());
            folds.grow(0, &root, scale);
        }
        folds
    }

    fn grow(&mut self, at: usize, position: &Position, scale: f64) {
        if position.is_flood(scale) {
            let kept = if position.is_flood_of(scale, Position::is_served) { position.kept(20) } else { position.kept_or_served(20) };
            self.nodes[at].folded = true;
            self.nodes[at].kept = kept.into_iter().map(Into::into).collect();
        }
        let mut merged = Position::default();
        for (value, inner) in &position.values {
            if self.nodes[at].folded && !self.nodes[at].kept.contains(value.as_slice()) {
                merged.merge(inner);
            } else if inner.has_flood(scale) {
                let child = self.child(at, value);
                self.grow(child, inner, scale);
            }
        }
        if merged.has_flood(scale) {
            let child = self.child(at, SLUG);
            self.grow(child, &merged, scale);
        }
    }

    fn child(&mut self, at: usize, value: &[u8]) -> usize {
        self.nodes.push(FoldNode::default());
        let child = self.nodes.len() - 1;
        self.nodes[at].children.insert(value.into(), child);
        child
    }

    /// Whether the sample saw this route more than once.
    pub(super) fn is_common(&self, route: &[u8]) -> bool {
        self.common.contains(route)
    }

    pub(super) fn start(&self) -> Walk {
        (!self.nodes.is_empty()).then_some(0)
    }

    /// Whether a segment's name, placeholder or not, is folded where the walk stands.
    pub(super) fn folds(&self, walk: Walk, name: &[u8]) -> bool {
        walk.map(|at| &self.nodes[at]).is_some_and(|node| node.folded && !is_placeholder(name) && !node.kept.contains(name))
    }

    /// Goes on to the position behind a name.
    pub(super) fn step(&self, walk: Walk, name: &[u8]) -> Walk {
        self.nodes[walk?].children.get(name).copied()
    }
}

/// What is never folded: a placeholder, and the nothing before or between slashes.
fn is_placeholder(segment: &[u8]) -> bool {
    segment.is_empty() || (segment.starts_with(b"{") && segment.ends_with(b"}"))
}

fn segments(route: &[u8]) -> impl Iterator<Item = &[u8]> {
    route.strip_prefix(b"/").unwrap_or(route).split(|&b| b == b'/')
}

/// A place in the tree of routes, with the values that stand there and what follows each.
#[derive(Debug, Default)]
struct Position {
    count: u64,
    errors: u64,
    refused: u64,
    values: BTreeMap<Vec<u8>, Position>,
}

impl Position {
    fn add<'a>(&mut self, mut segments: impl Iterator<Item = &'a [u8]>, counted: Counted<'_>) {
        self.count += counted.count;
        self.errors += counted.errors;
        self.refused += counted.refused;
        if let Some(segment) = segments.next() {
            self.values.entry(segment.to_vec()).or_default().add(segments, counted);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.refused += other.refused;
        for (value, inner) in &other.values {
            self.values.entry(value.clone()).or_default().merge(inner);
        }
    }

    /// Whether there is something here: values that were only ever refused are mostly the probes of scanners.
    fn is_served(&self) -> bool {
        self.refused < self.count
    }

    /// Whether the whole log is likely to have too many values here. The share of requests that bring a new value is
    /// about the share of values that the sample has seen once (Good and Turing).
    fn is_flood(&self, scale: f64) -> bool {
        self.is_flood_of(scale, |_| true)
    }

    fn is_flood_of(&self, scale: f64, wanted: impl Fn(&Self) -> bool) -> bool {
        let values = || self.values.iter().filter(|(value, inner)| !is_placeholder(value) && wanted(inner));
        let (all, once) = (values().count(), values().filter(|(_, inner)| inner.count == 1).count());
        all > MAX_VALUES && all as f64 + once as f64 * (scale - 1.0) > MAX_EXPECTED
    }

    /// Whether this position or one below it is flooded.
    fn has_flood(&self, scale: f64) -> bool {
        self.is_flood(scale) || self.values.values().any(|inner| inner.has_flood(scale))
    }

    /// The values with a share of their own.
    fn kept(&self, at_least: u64) -> Vec<&[u8]> {
        self.values.iter().filter(|(value, inner)| self.keeps(value, inner, at_least)).map(|(value, _)| value.as_slice()).collect()
    }

    /// These, and every value that is served.
    fn kept_or_served(&self, at_least: u64) -> Vec<&[u8]> {
        let keep = |value: &[u8], inner: &Self| inner.is_served() || self.keeps(value, inner, at_least);
        self.values.iter().filter(|(value, inner)| keep(value, inner)).map(|(value, _)| value.as_slice()).collect()
    }

    fn keeps(&self, value: &[u8], inner: &Self, at_least: u64) -> bool {
        let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
        let enough = KEPT_SHARE.max(KEPT_ABOVE_EVEN / self.values.len() as f64);
        is_placeholder(value)
            || (share(inner.count, self.count) >= enough && inner.count >= at_least)
            || share(inner.errors, self.errors) >= KEPT_ERRORS
    }
}

/// A route with its requests and, of these, the failed ones.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'r> {
    /// The route.
    pub route: &'r [u8],
    /// Requests.
    pub count: u64,
    /// Requests answered with 5xx.
    pub errors: u64,
    /// Requests answered with 4xx.
    pub refused: u64,
}

/// What becomes of each route when positions with more than [`MAX_VALUES`] values are folded into `{slug}`: the values with a
/// share of their position's requests that stands out, or 5 % of its server errors, stay. Where the values that are
/// served are few enough, they stay too, and only those that were always refused are folded: a scanner must not hide the
/// site. A position that a scan already folded is tidied the same way. The result has one name for each route, in the same
/// order; routes that `exempt` names are left alone.
pub fn fold_positions(routes: &[Counted<'_>], exempt: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let folds = |route: &[u8]| route.starts_with(b"/") && !exempt(route);
    let mut root = Position::default();
    for counted in routes.iter().filter(|c| folds(c.route)) {
        root.add(segments(counted.route), *counted);
    }
    let mut names = HashMap::new();
    root.name(&[], &mut names);
    routes.iter().map(|c| if folds(c.route) { rename(c.route, &names) } else { c.route.to_vec() }).collect()
}

impl Position {
    /// Notes, for each folded prefix, the values that stay. Prefixes are those of the folded names.
    fn name(&self, prefix: &[u8], names: &mut HashMap<Vec<u8>, HashSet<Vec<u8>>>) {
        let literals = || self.values.iter().filter(|(value, _)| !is_placeholder(value));
        let folded = literals().count() > MAX_VALUES || (self.values.contains_key(SLUG) && literals().count() > 0);
        let few_served = literals().filter(|(_, inner)| inner.is_served()).count() <= MAX_VALUES;
        let kept = if few_served { self.kept_or_served(0) } else { self.kept(0) };
        let kept: HashSet<Vec<u8>> = kept.into_iter().map(<[u8]>::to_vec).collect();
        let below = |value: &[u8]| [prefix, b"/", value].concat();
        let mut slug = Self::default();
        for (value, inner) in &self.values {
            if folded && (value == SLUG || !kept.contains(value)) {
                slug.merge(inner);
            } else {
                inner.name(&below(value), names);
            }
        }
        if folded {
            slug.name(&below(SLUG), names);
            names.insert(prefix.to_vec(), kept);
        }
    }
}

fn rename(route: &[u8], names: &HashMap<Vec<u8>, HashSet<Vec<u8>>>) -> Vec<u8> {
    let mut name = Vec::with_capacity(route.len());
    for segment in segments(route) {
        let folded = names.get(&name).is_some_and(|kept| !kept.contains(segment));
        name.push(b'/');
        name.extend_from_slice(if folded { SLUG } else { segment });
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ServiceId;
    use crate::route::RouteRules;

    fn folded(routes: &[(String, u64)]) -> Vec<String> {
        let input: Vec<Counted<'_>> = routes
            .iter()
            .map(|(r, n)| Counted {
                route: r.as_bytes(),
                count: *n,
                errors: u64::from(r.contains("fails")),
                refused: if r.contains("probe") { *n } else { 0 },
            })
            .collect();
        fold_positions(&input, |route| route == b"/blog/mine").into_iter().map(|r| String::from_utf8(r).unwrap()).collect()
    }

    #[test]
    fn a_position_with_many_values_is_folded_and_others_are_not() {
        let mut routes: Vec<(String, u64)> = (0..300).map(|n| (format!("/blog/post-{n}-alpha"), 10)).collect();
        routes.push(("/blog/pinned".into(), 500));
        routes.push(("/login".into(), 3));
        routes.push(("/blog/fails".into(), 1));
        routes.push(("/blog/mine".into(), 1));
        routes.push(("/".into(), 1));
        let names = folded(&routes);
        assert!(names[..300].iter().all(|n| n == "/blog/{slug}"));
        assert_eq!(names[300..], ["/blog/pinned", "/login", "/blog/fails", "/blog/mine", "/"]);
    }

    #[test]
    fn positions_below_a_folded_one_are_taken_together() {
        let routes: Vec<(String, u64)> = (0..60).map(|n| (format!("/u/name{n}x/album-{n}y"), 1)).collect();
        assert!(folded(&routes).iter().all(|n| n == "/u/{slug}/{slug}"), "{:?}", folded(&routes).first());
        let routes: Vec<(String, u64)> = (0..60).flat_map(|n| [(format!("/u/name{n}x/a"), 1), (format!("/u/name{n}x/b"), 1)]).collect();
        let names: HashSet<String> = folded(&routes).into_iter().collect();
        assert_eq!(names, HashSet::from(["/u/{slug}/a".into(), "/u/{slug}/b".into()]));
    }

    #[test]
    fn a_scanner_does_not_hide_the_site() {
        let mut routes: Vec<(String, u64)> = (0..300).map(|n| (format!("/probe-{n}.php"), 1)).collect();
        routes.extend(["/", "/cart", "/search", "/healthz"].map(|r| (r.to_owned(), 2)));
        let names = folded(&routes);
        assert!(names[..300].iter().all(|n| n == "/{slug}"));
        assert_eq!(names[300..], ["/", "/cart", "/search", "/healthz"]);
    }

    #[test]
    fn a_sample_teaches_what_would_flood() {
        let sample: Vec<String> = (0..1000).map(|n| format!("/x{n}y/{{hash}}")).chain((0..100).map(|_| "/login".to_owned())).collect();
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for route in &sample {
            *counts.entry(route).or_default() += 1;
        }
        let counted = || counts.iter().map(|(r, n)| Counted { route: r.as_bytes(), count: *n, errors: 0, refused: 0 });
        assert!(Folds::learn(counted(), 1.0).nodes.is_empty(), "a log that was sampled whole needs no fold");
        let folds = Folds::learn(counted(), 100.0);
        let rules = RouteRules::default().learned([(ServiceId::NONE, folds)]);
        let route = |path: &str| {
            let mut out = Vec::new();
            rules.write(ServiceId::NONE, path.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(route("/xnever-seen/0123456789abcdef"), "/{slug}/{hash}");
        assert_eq!(route("/login"), "/login");
        assert_eq!(route("/"), "/");
    }
}
