//! Positions with too many values: slugs, user names, search words.
//!
//! Twice. Before a scan a sample shows the positions that would flood memory, and [`Folds`] fixes what becomes of their
//! values. After it, with exact counts at hand, [`fold_positions`] folds what is left, and keeps the values that matter.

use std::collections::{BTreeMap, HashMap, HashSet};

/// What stands for the values of a folded position.
const SLUG: &[u8] = b"{slug}";
/// A position of a report has at most about this many values of its own.
pub const MAX_VALUES: usize = 50;
/// A position with more values than this in a sample is folded before the scan.
const MAX_SAMPLED: usize = 200;
/// A value keeps its own name if it has at least this share of its position's requests.
const KEPT_SHARE: f64 = 0.01;

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
    /// Learns from a sample: routes as [`super::RouteRules::write`] gives them, each with how often it came.
    pub fn learn<'a>(sample: impl Iterator<Item = (&'a [u8], u64)>) -> Self {
        let mut root = Position::default();
        let mut common = HashSet::new();
        for (route, count) in sample {
            root.add(segments(route), count);
            if count > 1 && common.len() < 8_192 {
                common.insert(route.into());
            }
        }
        let mut folds = Self { nodes: Vec::new(), common };
        if root.has_flood() {
            folds.nodes.push(FoldNode::default());
            folds.grow(0, &root);
        }
        folds
    }

    fn grow(&mut self, at: usize, position: &Position) {
        if position.values.len() > MAX_SAMPLED {
            self.nodes[at].folded = true;
            self.nodes[at].kept = position.kept(20).into_iter().map(Into::into).collect();
        }
        let mut merged = Position::default();
        for (value, inner) in &position.values {
            if self.nodes[at].folded && !self.nodes[at].kept.contains(value.as_slice()) {
                merged.merge(inner);
            } else if inner.has_flood() {
                let child = self.child(at, value);
                self.grow(child, inner);
            }
        }
        if merged.has_flood() {
            let child = self.child(at, SLUG);
            self.grow(child, &merged);
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

    /// Folds the segment that stands at `out[from..]`, if its position is folded, and goes on to the next position.
    pub(super) fn step(&self, walk: Walk, out: &mut Vec<u8>, from: usize) -> Walk {
        let node = &self.nodes[walk?];
        if node.folded && !node.kept.contains(&out[from..]) && !is_placeholder(&out[from..]) && out.len() > from {
            out.truncate(from);
            out.extend_from_slice(SLUG);
        }
        node.children.get(&out[from..]).copied()
    }
}

fn is_placeholder(segment: &[u8]) -> bool {
    segment.starts_with(b"{") && segment.ends_with(b"}")
}

fn segments(route: &[u8]) -> impl Iterator<Item = &[u8]> {
    route.strip_prefix(b"/").unwrap_or(route).split(|&b| b == b'/')
}

/// A place in the tree of routes, with the values that stand there and what follows each.
#[derive(Debug, Default)]
struct Position {
    count: u64,
    values: BTreeMap<Vec<u8>, Position>,
}

impl Position {
    fn add<'a>(&mut self, mut segments: impl Iterator<Item = &'a [u8]>, count: u64) {
        self.count += count;
        if let Some(segment) = segments.next() {
            self.values.entry(segment.to_vec()).or_default().add(segments, count);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        for (value, inner) in &other.values {
            self.values.entry(value.clone()).or_default().merge(inner);
        }
    }

    /// Whether this position or one below it has too many values, also when those of one above are taken together.
    fn has_flood(&self) -> bool {
        self.values.len() > MAX_SAMPLED || self.values.values().any(Self::has_flood)
    }

    /// The values with a share of their own.
    fn kept(&self, at_least: u64) -> Vec<&[u8]> {
        let share = |count: u64| count as f64 / self.count.max(1) as f64;
        let keep = |(value, inner): &(&Vec<u8>, &Self)| is_placeholder(value) || (share(inner.count) >= KEPT_SHARE && inner.count >= at_least);
        self.values.iter().filter(keep).map(|(value, _)| value.as_slice()).collect()
    }
}

/// What becomes of each route when positions with more than [`MAX_VALUES`] values are folded: the values with at least 1 % of
/// their position's requests stay, the others become `{slug}`. A position that a scan already folded is tidied the same way.
/// `routes` are routes with their counts; the result has one name for each, in the same order.
pub fn fold_positions(routes: &[(&[u8], u64)]) -> Vec<Vec<u8>> {
    let mut root = Position::default();
    for (route, count) in routes.iter().filter(|(route, _)| route.starts_with(b"/")) {
        root.add(segments(route), *count);
    }
    let mut names = HashMap::new();
    root.name(&[], &mut names);
    routes.iter().map(|(route, _)| if route.starts_with(b"/") { rename(route, &names) } else { route.to_vec() }).collect()
}

impl Position {
    /// Notes, for each folded prefix, the values that stay. Prefixes are those of the folded names.
    fn name(&self, prefix: &[u8], names: &mut HashMap<Vec<u8>, HashSet<Vec<u8>>>) {
        let literals = self.values.keys().filter(|v| !is_placeholder(v)).count();
        let folded = literals > MAX_VALUES || (self.values.contains_key(SLUG) && literals > 0);
        let kept: HashSet<Vec<u8>> = self.kept(0).into_iter().map(<[u8]>::to_vec).collect();
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
    use crate::route::RouteRules;

    fn folded(routes: &[(String, u64)]) -> Vec<String> {
        let input: Vec<(&[u8], u64)> = routes.iter().map(|(r, n)| (r.as_bytes(), *n)).collect();
        fold_positions(&input).into_iter().map(|r| String::from_utf8(r).unwrap()).collect()
    }

    #[test]
    fn a_position_with_many_values_is_folded_and_others_are_not() {
        let mut routes: Vec<(String, u64)> = (0..300).map(|n| (format!("/blog/post-{n}-alpha"), 10)).collect();
        routes.push(("/blog/pinned".into(), 500));
        routes.push(("/login".into(), 3));
        let names = folded(&routes);
        assert!(names[..300].iter().all(|n| n == "/blog/{slug}"));
        assert_eq!(names[300..], ["/blog/pinned", "/login"]);
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
    fn a_sample_teaches_what_would_flood() {
        let sample: Vec<String> = (0..1000).map(|n| format!("/x{n}y/{{hash}}")).chain((0..100).map(|_| "/login".to_owned())).collect();
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for route in &sample {
            *counts.entry(route).or_default() += 1;
        }
        let folds = Folds::learn(counts.iter().map(|(r, n)| (r.as_bytes(), *n)));
        let rules = RouteRules::default().learned(folds);
        let route = |path: &str| {
            let mut out = Vec::new();
            rules.write(path.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(route("/xnever-seen/0123456789abcdef"), "/{slug}/{hash}");
        assert_eq!(route("/login"), "/login");
        assert_eq!(route("/"), "/");
    }
}
