//! The language of limits from outside: what is read, what is refused and how that is said, and that its text comes back.

use logcodes::rule::words::Field;
use logcodes::rule::{Bound, Expr, Key, Level, Limit, Metric, Op, Pattern, Term, limit};
use proptest::prelude::*;

fn read(text: &str) -> Limit {
    limit(text).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_part_is_read() {
    let all = read(
        "  rate(5xx, not 503) by route, method where service = \"shop*\" >= 2.5% window 5m min 200 for 1m clear < 1% severity critical ",
    );
    assert_eq!(all.metric, Metric::Rate(Expr::Or(vec![Expr::Status(500, 599), Expr::Not(Box::new(Expr::Status(503, 503)))])));
    assert_eq!(all.scope, Expr::Compare(Term::Field(Field::Service), Op::Equal, Term::Text(Pattern::new("shop*"))));
    assert_eq!((all.by, all.bound), (vec![Key::Route, Key::Method], Some(Bound::Value(Op::AtLeast, 0.025))));
    assert_eq!((all.window, all.min, all.lasting), (Some(300), Some(200), 60));
    assert_eq!((all.clear, all.severity), (Some((Op::Less, 0.01)), Level::Critical));
    assert!(all.text.starts_with("rate(") && all.text.ends_with("critical"));
    let least = read("count>5");
    assert_eq!((least.metric, least.bound, least.scope), (Metric::Count(Expr::All), Some(Bound::Value(Op::More, 5.0)), Expr::All));
    assert_eq!((least.window, least.min, least.lasting, least.clear, least.severity), (None, None, 0, None, Level::Error));
}

#[test]
fn clauses_stand_in_any_order() {
    let one = read("count(502, 504) by route > 5 per 1m min 10");
    for other in ["count(502,504) min 10 per 60s > 5 by route", "count(502 or 504) > 5 window 1m min 10 by route"] {
        assert_eq!(Limit { text: one.text.clone(), ..read(other) }, one, "{other}");
    }
    assert_eq!(read("rate(404) where 4xx > 10%").scope, Expr::Status(400, 499));
    assert_eq!(read("rate(404) where status >= 400 > 10%").bound, Some(Bound::Value(Op::More, 0.1)));
}

#[test]
fn each_metric_has_its_bounds() {
    for (text, bound) in [
        ("rate(2xx) < 95%", Some(Bound::Value(Op::Less, 0.95))),
        ("rate(5xx) by route > 2x baseline", Some(Bound::Baseline(Op::More, 2.0))),
        ("count > 1.5x baseline", Some(Bound::Baseline(Op::More, 1.5))),
        ("p99.9(duration) > 800ms", Some(Bound::Value(Op::More, 0.8))),
        ("p50(duration) > 3x baseline", Some(Bound::Baseline(Op::More, 3.0))),
        ("share(unparsed) > 1%", Some(Bound::Value(Op::More, 0.01))),
        ("spike(5xx)", None),
        ("new(4xx and not (401 and route = \"/login\"))", None),
        ("rate(5xx) < 0.1% over 30d burn 14.4x", Some(Bound::Burn { budget: 0.001, period: 2_592_000, factor: 14.4 })),
        ("rate(5xx) burn 6x over 28d < 1%", Some(Bound::Burn { budget: 0.01, period: 2_419_200, factor: 6.0 })),
    ] {
        assert_eq!(read(text).bound, bound, "{text}");
    }
    assert_eq!(read("p99.9(duration) > 1s").metric, Metric::Quantile(0.999));
    assert_eq!(read("p99(duration) > 1s").metric, Metric::Quantile(0.99));
}

/// A wrong text, what the message says of it, and what stands at the caret.
type Mistake = (&'static str, &'static str, &'static str);

fn all_are_told(mistakes: &[Mistake]) {
    for (text, what, at) in mistakes {
        let error = limit(text).map_or_else(|e| e, |found| panic!("{text:?} was read as {found:?}"));
        let message = error.to_string();
        assert!(message.contains(what), "{text}: {message}");
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(lines.len(), 3, "{message}");
        let place: String = lines[1].chars().skip(lines[2].find('^').unwrap()).collect();
        assert!(if at.is_empty() { place.is_empty() } else { place.starts_with(at) }, "{text}: points at {place:?}");
        assert!(text[error.place()..].starts_with(at), "{text}: byte {}", error.place());
    }
}

#[test]
fn metrics_that_are_none() {
    all_are_told(&[
        ("", "begins with what is measured: rate(5xx), count", ""),
        ("> 1%", "begins with what is measured", "> 1%"),
        ("5xx > 1%", "begins with what is measured", "5xx"),
        ("rat(5xx) > 1%", "did you mean 'rate'?", "rat("),
        ("error_rate > 1%", "write rate(5xx)", "error_rate"),
        ("median(duration) > 1s", "write p50(duration)", "median"),
        ("zzzzzzzz > 1", "there are rate(5xx)", "zzzzzzzz"),
        ("status = 502", "is a field of one request", "status"),
        ("not rate(5xx) > 1%", "says what is a violation", "not"),
        ("rate > 1%", "rate is written rate(5xx)", "> 1%"),
        ("rate() > 1%", "a field is expected", ")"),
        ("rate(5xx > 1%", "')' is expected", "> 1%"),
        ("rate(5x) > 1%", "a status is expected", "5x"),
        ("rate(5xx,) > 1%", "a field is expected", ")"),
        ("share(5xx) > 1%", "write rate(5xx)", "share"),
        ("share(502, 504) > 1%", "write rate(502 or 504)", "share"),
        ("share > 1%", "write share(unparsed)", "share"),
        ("p95 > 1s", "write p95(duration)", "> 1s"),
        ("p95(bytes) > 1s", "write p95(duration)", "bytes"),
        ("p49(duration) > 1s", "between p50 and p99.9", "p49"),
        ("p99.95(duration) > 1s", "between p50 and p99.9", "p99.95"),
        ("p(duration) > 1s", "between p50 and p99.9", "p("),
        ("top(client) > 50%", "a measure of the rules of causes", "top"),
        ("count >= 3 and share(502) > 50%", "other than the rules of causes", "and"),
        ("rate(5xx) > 1% or rate(4xx) > 5%", "as two limits", "or"),
        ("rate(5xx) > 1% && count > 1", "as two limits", "&&"),
    ]);
}

#[test]
fn units_are_checked() {
    all_are_told(&[
        ("rate(5xx)", "what is a violation? rate is a share: > 1%", ""),
        ("rate(5xx) 1%", "begins with > >= < or <=", "1%"),
        ("rate(5xx) >", "a value is expected", ""),
        ("rate(5xx) > -1%", "a value is expected", "-1%"),
        ("rate(5xx) > 0.01", "rate is a share: > 1%", "> 0.01"),
        ("rate(5xx) > 1s", "rate is a share: > 1%", "> 1s"),
        ("rate(5xx) > 101%", "at most 100%", "> 101%"),
        ("rate(5xx) = 1%", "> >= < or <= is expected", "= 1%"),
        ("rate(5xx) => 1%", "'=>' is none of", "=> 1%"),
        ("rate(5xx) > 1pct", "write it as 1%", "1pct"),
        ("count(5xx) > 5%", "a whole number of requests", "> 5%"),
        ("count(5xx) > 5.5", "a whole number of requests", "> 5.5"),
        ("count(5xx) > 99999999999999999999", "a whole number", "> 9999"),
        ("p95(duration) > 800", "a quantile is a time: > 800ms", "> 800"),
        ("p95(duration) > 5seconds", "write it as 5s", "5seconds"),
        ("share(unparsed) > 5", "share(unparsed) is a share", "> 5"),
        ("rate(5xx) > 2x", "write 2x baseline", "> 2x"),
        ("rate(5xx) > 2 baseline", "stands behind a ratio", "> 2 baseline"),
        ("rate(5xx) > 0x baseline", "more than 0x", "> 0x"),
        ("share(unparsed) > 2x baseline", "does not say how many lines", "> 2x"),
        ("rate(5xx) > 1% > 2%", "a second time", "> 2%"),
        ("spike(5xx) > 2x baseline", "spike is true or not", "> 2x"),
        ("new(5xx) > 1", "new is true or not", "> 1"),
    ]);
}

#[test]
fn clauses_that_are_none() {
    all_are_told(&[
        ("rate(5xx) > 1% windw 5m", "did you mean 'window'?", "windw"),
        ("rate(5xx) > 1% within 5m", "write window", "within"),
        ("rate(5xx) > 1% group by route", "write by", "group"),
        ("rate(5xx) > 1% ;", "a comparison or one of where, by", ";"),
        ("rate(5xx) > 1%)", "never opened", ")"),
        ("rate(5xx) > 1% window", "a time is expected", ""),
        ("rate(5xx) > 1% window 5", "a time is expected", "5"),
        ("rate(5xx) > 1% window 5min", "write it as 5m", "5min"),
        ("rate(5xx) > 1% window 1500ms", "in whole seconds", "1500ms"),
        ("rate(5xx) > 1% window 0s", "at least 1s", "0s"),
        ("rate(5xx) > 1% window 32d", "at most 31d", "32d"),
        ("rate(5xx) > 1% window 5m window 6m", "window stands here a second time", "window 6m"),
        ("rate(5xx) > 1% per 5m", "write window here", "per"),
        ("count > 5 per 1m window 1m", "write one of them", "per"),
        ("count > 5/1m", "write per", "/1m"),
        ("rate(5xx) > 1% by", "route, method, service or status is expected", ""),
        ("rate(5xx) > 1% by route,", "is expected here", ""),
        ("rate(5xx) > 1% by rout", "did you mean 'route'?", "rout"),
        ("rate(5xx) > 1% by endpoint", "did you mean 'route'?", "endpoint"),
        ("rate(5xx) > 1% by host", "read only the lines that you mean with --host", "host"),
        ("rate(5xx) > 1% by route, route", "a second time", "route"),
        ("rate(5xx) where host = \"x\" > 1%", "with --host", "host"),
        ("rate(5xx and path = \"x\") > 1%", "ask for the route", "path"),
        ("rate(5xx) where client = \"x\" > 1%", "limits count requests by route, method, service and status", "client"),
        ("rate(5xx) where status = upstream_status > 1%", "cannot be asked here", "upstream_status"),
        ("rate(5xx) where methd = \"GET\" > 1%", "did you mean 'method'?", "methd"),
        ("rate(5xx) where 502, 504 > 1%", "write 'or' for ','", ", 504"),
        ("rate(5xx) > 1% min", "how many requests", ""),
        ("rate(5xx) > 1% min 1.5", "how many requests", "1.5"),
        ("rate(5xx) > 1% min 99999999999999999999", "how many requests", "9999"),
        ("rate(5xx) > 1% severity bad", "warning, error or critical is expected", "bad"),
        ("rate(5xx) > 1% severity critcal", "did you mean 'critical'?", "critcal"),
    ]);
}

#[test]
fn clauses_that_do_not_go_together() {
    all_are_told(&[
        ("rate(5xx) > 1% for 5m", "for needs a window", "for 5m"),
        ("rate(5xx) > 1% clear < 0.5%", "clear needs a window", "clear"),
        ("rate(5xx) > 1% window 5m clear > 0.5%", "the other side", "clear"),
        ("rate(5xx) > 1% window 5m clear < 2%", "the other side", "clear"),
        ("rate(2xx) < 95% window 5m clear > 90%", "the other side", "clear"),
        ("rate(5xx) > 1% window 5m clear < 5", "rate is a share", "clear"),
        ("rate(5xx) > 2x baseline window 5m clear < 1%", "written as the comparison is", "clear"),
        ("count(5xx) > 2x baseline per 5m", "a count is held against the baseline over all that was read", "per 5m"),
        ("count(5xx) window 5m > 2x baseline", "rate(5xx) > 2x baseline window 5m", "window 5m"),
        ("count(5xx) > 2x baseline for 5m", "leave this out", "for 5m"),
        ("p95(duration) > 2x baseline window 5m", "a quantile is held against the baseline over all", "window 5m"),
        ("p95(duration) by route, status > 2x baseline", "keeps durations by route, not by status", "by route"),
        ("p95(duration) where 2xx > 2x baseline", "--status, for the baseline too", "where 2xx"),
        ("p95(duration) > 2x baseline where not (method = \"GET\" and status in (200, 304))", "not by status", "where not"),
        ("p95(duration) > 2x baseline where method = \"GET\" or status >= 500", "not by status", "where method"),
        ("spike(5xx) window 5m", "spike looks for the span by itself", "window"),
        ("new(5xx) for 5m", "new looks at all", "for"),
        ("new(5xx) by status", "each route by itself", "by status"),
        ("share(unparsed) > 1% window 5m", "has no time", "window"),
        ("share(unparsed) > 1% by route", "takes no by", "by route"),
        ("share(unparsed) > 1% where 5xx", "looks at all lines", "where"),
        ("rate(5xx) < 0.1% over 30d", "burn is missing: rate(5xx) < 0.1% over 30d burn 14.4x", "over"),
        ("rate(5xx) < 0.1% burn 14.4x", "over is missing: rate(5xx)", "burn"),
        ("rate(5xx) over 30d burn 14.4x", "the objective is missing", "over"),
        ("rate(5xx) > 0.1% over 30d burn 14.4x", "states the objective", "> 0.1%"),
        ("rate(5xx) < 0% over 30d burn 14.4x", "nothing to use up", "< 0%"),
        ("rate(5xx) < 10% over 30d burn 14.4x", "no share can be so large", "burn"),
        ("rate(5xx) < 0.1% over 30d burn 0x", "more than 0x", "0x"),
        ("rate(5xx) < 0.1% over 30d burn 900x", "less than a minute here: a smaller burn", "burn 900x"),
        ("rate(5xx) < 0.1% burn 14.4x over 1h", "less than a minute", "burn 14.4x"),
        ("rate(5xx) < 0.1% over 31d burn 0.09x", "more than 31 days here: a larger burn", "burn 0.09x"),
        ("rate(5xx) < 0.1% over 30d burn 14", "how many times too fast", "14"),
        ("count < 5 over 30d burn 14.4x", "with rate alone", "over"),
        ("rate(5xx) < 0.1% over 30d burn 14.4x window 5m", "windows of its own", "window"),
        ("rate(5xx) < 0.1% over 30d burn 14.4x for 5m", "windows of its own", "for"),
    ]);
}

#[test]
fn what_a_baseline_does_keep_may_be_asked_for() {
    for text in [
        "rate(5xx) by status > 2x baseline window 5m",
        "count(5xx) by status where 5xx > 2x baseline",
        "p95(duration) by route where method = \"GET\" > 2x baseline",
        "p95(duration) by status where 2xx > 800ms window 5m",
        "rate(5xx) < 0.1% over 12h burn 14.4x",
        "rate(5xx) < 0.1% over 31d burn 0.1x",
    ] {
        read(text);
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |deep: usize| format!("rate({}5xx{}) > 1%", "(".repeat(deep), ")".repeat(deep));
    assert!(limit(&nested(20)).is_ok());
    assert!(limit(&nested(100_000)).unwrap_err().what().contains("24 levels"));
    assert!(limit(&format!("rate(5xx) where {}5xx > 1%", "not ".repeat(100_000))).unwrap_err().what().contains("24 levels"));
}

fn filters() -> BoxedStrategy<Expr> {
    let text = || r#"([a-zA-Z/*. é0-9]|\\\*|\\"|\\\\){0,8}"#.prop_map(|source| Term::Text(Pattern::new(&source)));
    let field = proptest::sample::select(vec![Field::Route, Field::Method, Field::Service]).prop_map(Term::Field);
    let order = proptest::sample::select(vec![Op::Equal, Op::Differs, Op::Less, Op::AtMost, Op::More, Op::AtLeast]);
    let leaf = prop_oneof![
        Just(Expr::All),
        (0u16..=999, 0u16..=999).prop_map(|(a, b)| Expr::Status(a.min(b), a.max(b))),
        (0u16..=9).prop_map(|class| Expr::Status(class * 100, class * 100 + 99)),
        (order, 0u16..999).prop_map(|(op, n)| Expr::Compare(Term::Field(Field::Status), op, Term::Number(f64::from(n)))),
        (field.clone(), proptest::sample::select(vec![Op::Equal, Op::Differs]), text()).prop_map(|(f, op, t)| Expr::Compare(f, op, t)),
        (field, proptest::collection::vec(text(), 1..4)).prop_map(|(f, t)| Expr::In(f, t)),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|e| Expr::Not(Box::new(e))),
        ]
    })
    .boxed()
}

fn quantile() -> impl Strategy<Value = f64> {
    (500u32..=999).prop_map(|tenths| format!("{tenths}e-3").parse().unwrap())
}

/// A metric, and a number that it can be held against.
fn metrics() -> BoxedStrategy<(Metric, Option<f64>)> {
    prop_oneof![
        (filters(), 0.0..=1.0).prop_map(|(f, n)| (Metric::Rate(f), Some(n))),
        (filters(), 0u32..).prop_map(|(f, n)| (Metric::Count(f), Some(f64::from(n)))),
        (quantile(), prop_oneof![0.0..2.0, (0u32..1_000_000).prop_map(f64::from)]).prop_map(|(q, n)| (Metric::Quantile(q), Some(n))),
        (0.0..=1.0).prop_map(|n| (Metric::Unparsed, Some(n))),
        filters().prop_map(|f| (Metric::Spike(f), None)),
        filters().prop_map(|f| (Metric::New(f), None)),
    ]
    .boxed()
}

fn limits() -> BoxedStrategy<Limit> {
    let op = proptest::sample::select(vec![Op::Less, Op::AtMost, Op::More, Op::AtLeast]);
    let keys = proptest::sample::subsequence(Key::ALL, 0..=4).prop_shuffle();
    let level = proptest::sample::select(Level::ALL);
    let spans = (proptest::option::of(1u32..=2_678_400), prop_oneof![Just(0), 1u32..=2_678_400], proptest::option::of(any::<u64>()));
    let bounds = (op, 0.001..100.0f64, 0..3u8, proptest::option::of(0.0..=1.0f64));
    (metrics(), filters(), keys, level, spans, bounds)
        .prop_map(|((metric, number), scope, by, severity, (window, lasting, min), (op, factor, kind, clear))| {
            let bare = matches!(metric, Metric::Spike(_) | Metric::New(_) | Metric::Unparsed);
            let bound = number.map(|number| match (kind, &metric) {
                (1, Metric::Rate(_) | Metric::Count(_) | Metric::Quantile(_)) => Bound::Baseline(op, factor),
                (2, Metric::Rate(_)) => {
                    Bound::Burn { budget: 0.01, period: window.unwrap_or(0).max(604_800), factor: factor.clamp(0.2, 99.0) }
                }
                _ => Bound::Value(op, number),
            });
            let burns = matches!(bound, Some(Bound::Burn { .. }));
            // A baseline keeps counts and durations over all that was read, and durations by route.
            let of_all = matches!((&metric, bound), (Metric::Count(_) | Metric::Quantile(_), Some(Bound::Baseline(..))));
            let of_routes = of_all && matches!(metric, Metric::Quantile(_));
            let scope = if of_routes { Expr::All } else { scope };
            let by: Vec<Key> = by.into_iter().filter(|key| !of_routes || *key != Key::Status).collect();
            let window = window.filter(|_| !bare && !burns && !of_all);
            let down = matches!(op, Op::More | Op::AtLeast);
            let clear = clear.filter(|_| window.is_some() && down).and_then(|part| match bound {
                Some(Bound::Value(_, n)) if matches!(metric, Metric::Count(_)) => Some((Op::Less, (n * part).floor())),
                Some(Bound::Value(_, n) | Bound::Baseline(_, n)) if n * part > 0.0 => Some((Op::AtMost, n * part)),
                _ => None,
            });
            Limit {
                text: String::new(),
                scope: if metric == Metric::Unparsed { Expr::All } else { scope },
                by: if bare && !matches!(metric, Metric::Spike(_)) { Vec::new() } else { by },
                metric,
                bound,
                window,
                min,
                lasting: if window.is_some() { lasting } else { 0 },
                clear,
                severity,
            }
        })
        .boxed()
}

proptest! {
    #[test]
    fn a_limit_prints_as_what_reads_back(mut stated in limits()) {
        stated.text = stated.to_string();
        prop_assert_eq!(limit(&stated.text).map_err(|e| TestCaseError::fail(e.to_string()))?, stated);
    }

    #[test]
    fn no_text_breaks_the_parser(
        text in "(rate|count|p95|share|new|spike|where|by|window|per|min|for|clear|severity|over|burn|baseline|5xx|not|and|or|[(),<>=!\"\\\\%*0-9.xsmd é]){0,20}"
    ) {
        match limit(&text) {
            Ok(found) => prop_assert_eq!(limit(&found.to_string()).unwrap().to_string(), found.to_string()),
            Err(e) => {
                prop_assert!(e.to_string().contains('^'));
                prop_assert!(text.is_char_boundary(e.place()));
            }
        }
    }
}
