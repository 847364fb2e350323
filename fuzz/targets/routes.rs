//! Patterns of a user, and behind a NUL paths of a log.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logcodes::model::ServiceId;
use logcodes::route::{Counted, Folds, Pattern, RouteRules, Routes, fold_positions};
use logcodes_fuzz::{halves, lines};

/// No route that is made of a path is longer than this, whatever the path.
const LONGEST: usize = 1_500;

fn written(rules: &RouteRules, path: &[u8]) -> Vec<u8> {
    let mut route = Vec::new();
    rules.write(ServiceId::NONE, path, &mut route);
    route
}

fn counted(routes: &[Vec<u8>]) -> Vec<Counted<'_>> {
    let figures = |(at, route): (usize, &Vec<u8>)| (route.len() as u64 + 1, (at % 2) as u64, u64::from(route.len() % 3 == 0));
    let one = |(at, route)| {
        let (count, errors, refused) = figures((at, route));
        Counted { route, count, errors, refused }
    };
    routes.iter().enumerate().map(one).collect()
}

fuzz_target!(|data: &[u8]| {
    let (texts, paths) = halves(data);
    let texts = String::from_utf8_lossy(texts);
    let mut patterns = Vec::new();
    for text in texts.lines().take(8) {
        match Pattern::parse(text) {
            Ok(pattern) => {
                assert!(pattern.matches(text.as_bytes()), "{text:?} does not match itself");
                patterns.push(pattern);
            }
            Err(error) => assert!(error.to_string().contains(text)),
        }
    }
    let paths = lines(paths, 300);
    let rules = RouteRules::new(patterns);
    let routes: Vec<Vec<u8>> = paths.iter().map(|path| written(&rules, path)).collect();
    assert!(routes.iter().all(|route| route.len() <= LONGEST || rules.is_pattern(route)));
    let mut table = Routes::new(rules.clone());
    for (path, route) in paths.iter().zip(&routes).take(20) {
        let id = table.of(Some(b"GET"), Some(path));
        assert_eq!(*table.keys()[id.index()].route, **route);
        assert_eq!(table.of(Some(b"GET"), Some(path)), id);
    }
    let folded = fold_positions(&counted(&routes), |route| rules.is_pattern(route));
    assert_eq!(folded.len(), routes.len());
    let learned = rules.learned([(ServiceId::NONE, Folds::learn(counted(&routes).into_iter(), 1000.0))]);
    paths.iter().for_each(|path| _ = written(&learned, path));
});
