use super::{Comparison, Kind, Log, Outcome, Presence};
use crate::baseline::{Baseline, Count, Route};

/// A route with its codes, errors one by one, without durations.
fn route(name: &str, codes: &[(u16, u64)]) -> Route {
    let classes = codes.iter().map(|(code, _)| ((code / 100) as u8, 1.0)).collect();
    Route {
        method: Some("GET".into()),
        route: name.into(),
        count: codes.iter().map(|(_, count)| count).sum(),
        codes: codes.iter().map(|&(code, count)| (code, Count { count, dispersion: 1.0 })).collect(),
        classes,
        ..Route::default()
    }
}

fn log(routes: Vec<Route>) -> Log {
    let summary = Baseline { logcodes_baseline: 1, span: Some((0, 3599)), window_seconds: 60, routes, ..Baseline::default() };
    Log { inputs: vec!["a.log".into()], saved: false, summary }
}

fn compared(before: Vec<Route>, after: Vec<Route>) -> Comparison {
    Comparison::new(&log(before), &log(after), None)
}

fn kinds(comparison: &Comparison) -> Vec<(Kind, Outcome, String)> {
    comparison.changes.iter().map(|c| (c.kind, c.outcome, c.place())).collect()
}

#[test]
fn a_five_fold_rise_is_found_with_its_numbers() {
    let quiet = route("/quiet", &[(200, 3000)]);
    let found = compared(
        vec![route("/pay", &[(200, 5988), (502, 10), (503, 2)]), quiet.clone()],
        vec![route("/pay", &[(200, 5940), (502, 56), (503, 4)]), quiet],
    );
    assert_eq!(kinds(&found), [(Kind::ServerErrors, Outcome::Worse, "GET /pay".into())]);
    let change = &found.changes[0];
    assert_eq!(change.code, Some(502));
    assert!(change.sentence.starts_with("5xx 0.20 % (12 of 6,000) -> 1.0 % (60 of 6,000): 5.0x, between "), "{}", change.sentence);
    assert!(change.sentence.ends_with("mostly 502 (10 -> 56)"), "{}", change.sentence);
    assert!(change.first_step.is_some() && change.short.is_some());
    assert!(found.is_worse() && found.overall.mix.is_none());
    let rate = &found.routes[0].rates["5xx"];
    assert!(rate.detectable.is_some_and(|ratio| (1.5..4.0).contains(&ratio)), "{rate:?}");
    assert_eq!((found.routes[0].outcome, found.routes[1].outcome), (Outcome::Worse, Outcome::Unchanged));
}

#[test]
fn a_rise_of_routes_that_fail_in_heaps_is_none() {
    let heaps = |errors: u64| {
        let mut route = route("/pay", &[(200, 6000 - errors), (502, errors)]);
        route.classes.insert(5, 30.0);
        vec![route]
    };
    assert_eq!(kinds(&compared(heaps(12), heaps(40))), []);
    assert_eq!(kinds(&compared(heaps(12), heaps(900))), [(Kind::ServerErrors, Outcome::Worse, "GET /pay".into())]);
}

#[test]
fn what_got_better_stands_last_and_asks_for_nothing() {
    let found = compared(
        vec![route("/a", &[(200, 5000), (500, 300)]), route("/b", &[(200, 5000), (404, 10)])],
        vec![route("/a", &[(200, 5000), (500, 20)]), route("/b", &[(200, 5000), (404, 200)])],
    );
    let expected = [(Kind::ClientErrors, Outcome::Worse, "GET /b".into()), (Kind::ServerErrors, Outcome::Better, "GET /a".into())];
    assert_eq!(kinds(&found), expected);
    assert!(found.changes[0].first_step.is_some() && found.changes[1].first_step.is_none());
}

#[test]
fn nothing_changed_is_no_change() {
    let routes = || vec![route("/a", &[(200, 5000), (404, 80), (500, 40)]), route("/b", &[(200, 3000), (304, 900)])];
    let found = compared(routes(), routes());
    assert_eq!(kinds(&found), []);
    assert!(!found.is_worse() && found.overall.mix.is_none());
    assert!(found.routes.iter().all(|row| row.outcome == Outcome::Unchanged));
    assert_eq!(found.overall.standardised.as_ref().unwrap().ratio, Some(1.0));
}

#[test]
fn traffic_that_moves_is_no_regression() {
    let found = compared(
        vec![route("/fine", &[(200, 8991), (500, 9)]), route("/old", &[(200, 900), (500, 100)])],
        vec![route("/fine", &[(200, 6993), (500, 7)]), route("/old", &[(200, 2700), (500, 300)])],
    );
    assert!(!found.is_worse(), "{:?}", kinds(&found));
    assert_eq!(found.overall.errors.as_ref().unwrap().outcome, Outcome::Worse);
    assert_eq!(found.overall.standardised.as_ref().unwrap().outcome, Outcome::Unchanged);
    let mix = found.overall.mix.unwrap();
    assert!(mix.contains("rose (1.1 % -> 3.1 %)") && mix.contains("as often as before (1.0x)"), "{mix}");
    assert!(mix.contains("most to GET /old (10 % -> 30 % of all requests)"), "{mix}");
}

#[test]
fn a_rise_that_the_mix_hides_is_found() {
    let found = compared(
        vec![route("/fine", &[(200, 4995), (500, 5)]), route("/old", &[(200, 4500), (500, 500)])],
        vec![route("/fine", &[(200, 8973), (500, 27)]), route("/old", &[(200, 700), (500, 300)])],
    );
    assert_eq!(kinds(&found)[0], (Kind::ServerErrors, Outcome::Worse, "GET /old".into()));
    let mix = found.overall.mix.unwrap();
    assert!(mix.contains("route by route requests fail more often than before (3.0x)"), "{mix}");
    assert!(mix.contains("most away from GET /old"), "{mix}");
}

#[test]
fn many_small_rises_are_one() {
    let side = |errors: u64| (0..30).map(|n| route(&format!("/{n}"), &[(200, 1000), (500, errors)])).collect::<Vec<_>>();
    let found = compared(side(3), side(8));
    assert_eq!(kinds(&found), [(Kind::ServerErrors, Outcome::Worse, "all routes".into())]);
    assert!(found.changes[0].sentence.contains("240 where 9"), "{}", found.changes[0].sentence);
}

#[test]
fn new_codes_and_vanished_ones() {
    let found = compared(
        vec![route("/a", &[(200, 2000), (206, 400)]), route("/b", &[(200, 40)])],
        vec![route("/a", &[(200, 2395), (503, 3), (418, 2)]), route("/b", &[(200, 4000), (404, 4)])],
    );
    let expected = [(Kind::NewCode, "GET /a"), (Kind::NewCode, "GET /b"), (Kind::VanishedCode, "GET /a")];
    let of_codes = found.changes.iter().filter(|c| matches!(c.kind, Kind::NewCode | Kind::VanishedCode));
    assert_eq!(of_codes.map(|c| (c.kind, c.place())).collect::<Vec<_>>(), expected.map(|(kind, place)| (kind, place.to_owned())));
    assert_eq!(found.changes[0].sentence, "503 is new: 3 of 2,400 requests, none of 2,400 before");
    assert!(found.changes.iter().any(|c| c.sentence.contains("none of only 40 before")));
}

#[test]
fn routes_come_and_go() {
    let same = route("/", &[(200, 6000)]);
    let found = compared(
        vec![same.clone(), route("/gone", &[(200, 300)]), route("/rare", &[(200, 3)])],
        vec![same, route("/new", &[(200, 80), (500, 20)]), route("/fine", &[(200, 60)])],
    );
    let expected = [
        (Kind::NewRoute, Outcome::Worse, "GET /new"),
        (Kind::VanishedRoute, Outcome::Changed, "GET /gone"),
        (Kind::NewRoute, Outcome::Changed, "GET /fine"),
    ];
    assert_eq!(kinds(&found), expected.map(|(kind, outcome, place)| (kind, outcome, place.to_owned())));
    assert_eq!(found.changes[0].sentence, "a new route: 100 requests (1.6 % of all), of which 20 (20 %) are 5xx, mostly 500");
    let rare = found.routes.iter().find(|row| row.route == "/rare").unwrap();
    assert_eq!((rare.outcome, rare.presence), (Outcome::TooFew, Presence::Vanished));
}

#[test]
fn latency_is_compared() {
    let with = |slow: u64| {
        let mut route = route("/a", &[(200, 10_000)]);
        route.latency = vec![(20_000, 9_000), (slow, 1_000)];
        vec![route]
    };
    let found = compared(with(100_000), with(800_000));
    assert_eq!(kinds(&found), [(Kind::Latency, Outcome::Worse, "GET /a".into())]);
    assert!(found.changes[0].sentence.starts_with("p95 100 ms -> 800 ms: 8.0x"), "{}", found.changes[0].sentence);
    assert_eq!(kinds(&compared(with(800_000), with(100_000))), [(Kind::Latency, Outcome::Better, "GET /a".into())]);
    assert_eq!(kinds(&compared(with(100_000), with(100_000))), []);
}

#[test]
fn too_few_is_said_and_never_equal() {
    let found = compared(vec![route("/a", &[(200, 40)])], vec![route("/a", &[(200, 4000), (500, 2)])]);
    assert_eq!(kinds(&found), []);
    assert_eq!(found.routes[0].outcome, Outcome::TooFew);
    assert_eq!(found.routes[0].note.as_deref(), Some("too few requests to tell: 40 before"));
    assert_eq!(found.routes_too_few, 1);
    let both = compared(vec![route("/a", &[(200, 40)])], vec![route("/a", &[(200, 30)])]);
    assert_eq!(both.routes[0].note.as_deref(), Some("too few requests to tell: 40 before, 30 after"));
}

#[test]
fn volume_is_told_by_its_part_of_all() {
    let side = |count: u64| vec![route("/", &[(200, 6000)]), route("/b", &[(200, count)])];
    let found = compared(side(200), side(3000));
    assert_eq!(kinds(&found), [(Kind::Volume, Outcome::Changed, "GET /b".into())]);
    assert!((found.routes[0].volume_ratio.unwrap() - 15.0).abs() < 1e-9);
    let all_more = compared(vec![route("/", &[(200, 100)])], vec![route("/", &[(200, 9000)])]);
    assert_eq!(kinds(&all_more), [], "all traffic rose alike");
    assert_eq!(all_more.after.per_minute, Some(150.0));
}

#[test]
fn an_empty_side_has_nothing_to_compare() {
    let found = compared(Vec::new(), vec![route("/", &[(200, 6000)])]);
    assert_eq!((found.before.requests, found.changes.len()), (0, 0));
    assert!(found.overall.errors.is_none() && found.overall.standardised.is_none());
}

#[test]
fn numbers_of_an_edited_file_do_no_harm() {
    let mut wild = route("/", &[(200, 10), (500, 900)]);
    wild.count = 5;
    wild.classes.insert(5, f64::NAN);
    let mut huge = route("/", &[(200, 10)]);
    huge.count = u64::MAX;
    let mut reversed = log(vec![huge]);
    reversed.summary.span = Some((i64::MAX, i64::MIN));
    let found = Comparison::new(&log(vec![wild]), &reversed, Some(7));
    assert_eq!(found.at.as_deref(), Some("1970-01-01T00:00:07Z"));
    assert!(serde_json::to_string(&found).is_ok());
}
