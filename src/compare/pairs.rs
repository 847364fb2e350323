//! The routes of two logs, one beside the other.
//!
//! What is a value in a path is learned from the log itself, so that one log may have `/item/{slug}` where the other, with
//! few of them, names each: those are taken together.

use super::view::Pair;
use crate::baseline::{Baseline, Count, Durations, Route};
use std::collections::BTreeMap;

/// What tells routes apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) service: Option<String>,
    pub(super) method: Option<String>,
    pub(super) route: String,
}

/// The routes of each side by key, alike ones under one key.
pub(super) fn pairs(before: &Baseline, after: &Baseline) -> BTreeMap<Key, Pair<Option<Route>>> {
    let sides = Pair::new(by_key(before), by_key(after));
    let wide = Pair::new(Patterns::of(&sides.before), Patterns::of(&sides.after));
    let mut pairs: BTreeMap<Key, Pair<Option<Route>>> = BTreeMap::new();
    for (key, route) in &sides.before {
        add(&mut pairs.entry(common(key, &sides, &wide)).or_default().before, route);
    }
    for (key, route) in &sides.after {
        add(&mut pairs.entry(common(key, &sides, &wide)).or_default().after, route);
    }
    pairs
}

/// Patterns that stand for patterns are followed so far.
const MOST_STEPS: usize = 8;

/// The key that a route has in common with the other side: another than its own where only a pattern there stands for it.
fn common(key: &Key, sides: &Pair<BTreeMap<Key, Route>>, wide: &Pair<Patterns<'_>>) -> Key {
    let mut key = key;
    for _ in 0..MOST_STEPS {
        let other = match (sides.before.contains_key(key), sides.after.contains_key(key)) {
            (true, true) => break,
            (true, false) => &wide.after,
            _ => &wide.before,
        };
        match other.standing_for(key) {
            Some(pattern) => key = pattern,
            None => break,
        }
    }
    key.clone()
}

fn by_key(side: &Baseline) -> BTreeMap<Key, Route> {
    let mut routes: BTreeMap<Key, Option<Route>> = BTreeMap::new();
    for route in &side.routes {
        let key = Key { service: route.service.clone(), method: route.method.clone(), route: route.route.clone() };
        add(routes.entry(key).or_default(), route);
    }
    routes.into_iter().filter_map(|(key, route)| Some((key, route?))).collect()
}

/// Routes with placeholders, as trees of segments: one for each service, method and number of segments.
///
/// A route is looked up segment by segment, at those places that its segments so far lead to: at each by its name and by a
/// placeholder, so `O(log n)` a segment where patterns have their placeholders at the same places, as those of one log mostly
/// have. All routes together take `O(n log n)` then. Only patterns that mix names and placeholders in all ways make it more.
struct Patterns<'k> {
    roots: BTreeMap<Bucket<'k>, usize>,
    /// One after the other, since a route may have more segments than a stack has room for.
    nodes: Vec<Node<'k>>,
}

/// Service, method, and how many segments.
type Bucket<'k> = (Option<&'k str>, Option<&'k str>, usize);

/// What may follow the segments that lead here.
#[derive(Default)]
struct Node<'k> {
    named: BTreeMap<&'k str, usize>,
    /// A placeholder of any name.
    wide: Option<usize>,
    /// The first pattern that ends here.
    pattern: Option<&'k Key>,
}

impl<'k> Patterns<'k> {
    fn of(routes: &'k BTreeMap<Key, Route>) -> Self {
        let mut patterns = Self { roots: BTreeMap::new(), nodes: Vec::new() };
        for key in routes.keys().filter(|key| key.route.split('/').any(is_placeholder)) {
            patterns.add(key);
        }
        patterns
    }

    fn add(&mut self, key: &'k Key) {
        let nodes = &mut self.nodes;
        let mut at = *self.roots.entry(bucket(key)).or_insert_with(|| push(nodes));
        for segment in key.route.split('/') {
            let known = if is_placeholder(segment) { nodes[at].wide } else { nodes[at].named.get(segment).copied() };
            at = known.unwrap_or_else(|| {
                let new = push(nodes);
                if is_placeholder(segment) {
                    nodes[at].wide = Some(new);
                } else {
                    _ = nodes[at].named.insert(segment, new);
                }
                new
            });
        }
        nodes[at].pattern.get_or_insert(key);
    }

    /// The pattern that stands for a route; of several the one that says most.
    fn standing_for(&self, key: &Key) -> Option<&'k Key> {
        // Where the segments so far lead to, and by how many placeholders.
        let mut places = vec![(0, *self.roots.get(&bucket(key))?)];
        for segment in key.route.split('/') {
            let next = |(count, at): (usize, usize)| {
                let node = &self.nodes[at];
                let named = node.named.get(segment).map(|next| (count, *next));
                let wide = node.wide.filter(|_| !segment.is_empty()).map(|next| (count + 1, next));
                named.into_iter().chain(wide)
            };
            places = places.into_iter().flat_map(next).collect();
        }
        places.into_iter().filter_map(|(count, at)| Some((count, self.nodes[at].pattern?))).min().map(|(_, pattern)| pattern)
    }
}

fn push(nodes: &mut Vec<Node<'_>>) -> usize {
    nodes.push(Node::default());
    nodes.len() - 1
}

fn bucket(key: &Key) -> Bucket<'_> {
    (key.service.as_deref(), key.method.as_deref(), key.route.split('/').count())
}

fn is_placeholder(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

/// Adds a route to what there is of its key.
fn add(sum: &mut Option<Route>, route: &Route) {
    let Some(sum) = sum else {
        *sum = Some(route.clone());
        return;
    };
    for (class, dispersion) in &route.classes {
        let weights = (class_count(sum, *class), class_count(route, *class));
        let known = sum.classes.entry(*class).or_insert(1.0);
        *known = mean((*known, weights.0), (*dispersion, weights.1));
    }
    for (code, more) in &route.codes {
        let known = sum.codes.entry(*code).or_insert(Count { count: 0, dispersion: 1.0 });
        known.dispersion = mean((known.dispersion, known.count), (more.dispersion, more.count));
        known.count = known.count.saturating_add(more.count);
    }
    sum.count = sum.count.saturating_add(route.count);
    sum.latency = Durations::of([sum.latency.as_slice(), &route.latency]).into();
}

/// Responses of a route whose code begins with this digit.
pub(super) fn class_count(route: &Route, class: u8) -> u64 {
    route.codes.iter().filter(|(code, _)| **code / 100 == u16::from(class)).fold(0, |sum, (_, count)| sum.saturating_add(count.count))
}

/// The mean of two dispersions, by how many responses they are of.
fn mean(one: (f64, u64), other: (f64, u64)) -> f64 {
    let (a, b) = (one.1 as f64, other.1 as f64);
    if a + b > 0.0 { (one.0 * a + other.0 * b) / (a + b) } else { one.0.max(other.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(routes: &[(&str, &str, u64)]) -> Baseline {
        let route = |&(method, route, count): &(&str, &str, u64)| Route {
            method: Some(method.into()),
            route: route.into(),
            count,
            codes: BTreeMap::from([(200, Count { count, dispersion: 2.0 })]),
            classes: BTreeMap::from([(2, 2.0)]),
            latency: vec![(1000, count)],
            ..Route::default()
        };
        Baseline { routes: routes.iter().map(route).collect(), ..Baseline::default() }
    }

    fn shown(before: &[(&str, &str, u64)], after: &[(&str, &str, u64)]) -> Vec<(String, u64, u64)> {
        let count = |route: &Option<Route>| route.as_ref().map_or(0, |route| route.count);
        let pairs = pairs(&side(before), &side(after));
        pairs.iter().map(|(key, pair)| (key.route.clone(), count(&pair.before), count(&pair.after))).collect()
    }

    #[test]
    fn routes_that_one_side_names_and_the_other_folds_are_one() {
        let folded = [("GET", "/item/{slug}", 90), ("GET", "/item/{slug}/{slug}", 4), ("GET", "/", 7)];
        let named = [("GET", "/item/oak", 3), ("GET", "/item/elm", 5), ("POST", "/item/elm", 1), ("GET", "/item/elm/leaf", 2)];
        let expected = [("/", 7, 0), ("/item/{slug}", 90, 8), ("/item/{slug}/{slug}", 4, 2), ("/item/elm", 0, 1)];
        let expected = expected.map(|(route, before, after)| (route.to_owned(), before, after));
        assert_eq!(shown(&folded, &named), expected);
        let turned = expected.map(|(route, before, after)| (route, after, before));
        assert_eq!(shown(&named, &folded), turned);
    }

    #[test]
    fn of_several_patterns_the_one_that_says_most_stands() {
        let folded = [("GET", "/a/{id}/{x}", 1), ("GET", "/a/{id}/c", 1), ("GET", "/{x}/b/c", 1), ("GET", "/{x}/b/{y}", 1)];
        let found = |route| {
            let (folded, named) = (side(&folded), side(&[("GET", route, 9)]));
            let pairs = pairs(&folded, &named);
            pairs.into_iter().find(|(_, pair)| pair.after.is_some()).unwrap().0.route
        };
        // The same number of placeholders: the first.
        assert_eq!(["/a/b/c", "/a/b/d", "/e/b/d", "/a/d/c"].map(found), ["/a/{id}/c", "/a/{id}/{x}", "/{x}/b/{y}", "/a/{id}/c"]);
        assert_eq!(["/a//c", "/e/d/c", "/a/b", "/a/b/c/d"].map(found), ["/a//c", "/e/d/c", "/a/b", "/a/b/c/d"]);
        // Deeper than a stack.
        let deep = "/a".repeat(200_000);
        let wide = format!("{deep}/{{id}}");
        assert_eq!(shown(&[("GET", &wide, 1)], &[("GET", &format!("{deep}/5"), 2)]), [(wide, 1, 2)]);
    }

    #[test]
    fn a_name_that_both_sides_have_stays_itself() {
        let (before, after) = ([("GET", "/a/{id}", 9), ("GET", "/a/b", 1)], [("GET", "/a/b", 2), ("GET", "/a/{id}", 8)]);
        assert_eq!(shown(&before, &after), [("/a/b".to_owned(), 1, 2), ("/a/{id}".to_owned(), 9, 8)]);
    }

    #[test]
    fn patterns_of_patterns_meet() {
        let (before, after) = ([("GET", "/a/5", 9), ("GET", "/{slug}/{slug}", 1)], [("GET", "/a/{id}", 8)]);
        assert_eq!(shown(&before, &after), [("/{slug}/{slug}".to_owned(), 10, 8)]);
        assert_eq!(shown(&after, &before), [("/{slug}/{slug}".to_owned(), 8, 10)]);
    }

    #[test]
    fn what_is_added_keeps_its_sums() {
        let folded = pairs(&side(&[("GET", "/{id}", 1)]), &side(&[("GET", "/a", 3), ("GET", "/b", 5)]));
        let after = folded.values().next().unwrap().after.clone().unwrap();
        assert_eq!((after.count, class_count(&after, 2), after.classes[&2]), (8, 8, 2.0));
        assert_eq!(after.latency, [(1000, 8)]);
    }
}
