//! The language of rules from outside: what it refuses and how it says so, that its text comes back, and that the build lets no
//! wrong rule into the catalogue.

use logcodes::catalogue::cause::{self, causes};
use logcodes::rule::words::{Field, Kind, Measure, Takes};
use logcodes::rule::{self, Arg, Expr, Op, Pattern, Term, condition, filter};
use proptest::prelude::*;

/// The build's own check of the causes.
#[path = "../src/catalogue/cause_schema.rs"]
mod schema;

fn fails(read: impl Fn(&str) -> Result<Expr, rule::RuleError>, text: &str) -> String {
    read(text).map_or_else(|e| e.to_string(), |found| panic!("{text:?} was read as {found:?}"))
}

#[test]
fn a_mistake_is_pointed_at() {
    assert_eq!(
        fails(filter, "status = 502 and connect_tiem = none"),
        "no field is called 'connect_tiem', did you mean 'connect_time'?\n  \
         status = 502 and connect_tiem = none\n  \
         \u{20}                ^"
    );
    let long = format!("{} and stauts = 502", vec!["proxied"; 60].join(" and "));
    let message = fails(filter, &long);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines[1].chars().skip(lines[2].find('^').unwrap()).take(6).collect::<String>(), "stauts");
    assert!(lines[1].len() < 160);
}

/// A wrong text, what the message says of it, and what stands at the caret.
type Mistake = (&'static str, &'static str, &'static str);

fn all_are_told(read: impl Fn(&str) -> Result<Expr, rule::RuleError> + Copy, mistakes: &[Mistake]) {
    for (text, what, at) in mistakes {
        let message = fails(read, text);
        assert!(message.contains(what), "{text}: {message}");
        let lines: Vec<&str> = message.lines().collect();
        let place: String = lines[1].chars().skip(lines[2].find('^').unwrap()).collect();
        assert!(if at.is_empty() { place.is_empty() } else { place.starts_with(at) }, "{text}: points at {place:?}");
    }
}

#[test]
fn filters_that_are_none() {
    all_are_told(
        filter,
        &[
            ("", "a field is expected", ""),
            ("   ", "a field is expected", "   "),
            ("upstream_connect_time = none", "did you mean 'connect_time'?", "upstream_connect"),
            ("Status = 502", "did you mean 'status'?", "Status"),
            ("zzzzzz = 1", "no field is called 'zzzzzz'\n", "zzzzzz"),
            ("count > 3", "measures many requests", "count"),
            ("status", "a comparison is expected here: status is a number", ""),
            ("status 502", "a comparison is expected", "502"),
            ("status == 502", "write '=' for '=='", "=="),
            ("status <> 502", "write '!='", "<>"),
            ("path ~ \"x\"", "'~' is none of", "~"),
            ("status = 5xx", "a class stands alone", "5xx"),
            ("502 = status", "begins with its field", "502"),
            ("5x", "a status is expected", "5x"),
            ("1000", "between 0 and 999", "1000"),
            ("99999999999999999999", "between 0 and 999", "9999"),
            ("504-502", "begins with the smaller", "504"),
            ("status =", "a value is expected", ""),
            ("status = \"502\"", "status is a number", "\"502\""),
            ("termination = 404.13", "termination is a text", "404.13"),
            ("duration > 5", "duration is a time", "5"),
            ("duration > 5%", "duration is a time", "5%"),
            ("duration > 5sec", "'sec' is no unit", "5sec"),
            ("bytes > 5KB", "'KB' is no unit", "5KB"),
            ("client_ok > 0.5", "part of a whole", "0.5"),
            ("bytes_ratio > 2", "a ratio: write it as 3x", "2"),
            ("duration > bytes", "duration is a time", "bytes"),
            ("path < \"x\"", "neither less nor more", "\"x\""),
            ("duration < none", "neither less nor more", "none"),
            ("proxied = 1", "true or not", "= 1"),
            ("status in 502", "a list is expected", "502"),
            ("status in (502, \"x\")", "status is a number", "\"x\""),
            ("status in ()", "a value is expected", ")"),
            ("status in (502", "')' is expected", ""),
            ("(proxied", "')' is expected", ""),
            ("proxied)", "never opened", ")"),
            ("proxied && ok", "write 'and' for '&&'", "&&"),
            ("proxied ad ok", "did you mean 'and'?", "ad"),
            ("proxied and", "a field is expected", ""),
            ("proxied or or ok", "no field is called 'or'", "or ok"),
            ("!proxied", "write 'not' for '!'", "!"),
            ("\"x\" = path", "on the right", "\"x\""),
            ("path = \"x", "no closing quote", "\"x"),
            ("path = \"\\x16\"", "behind a backslash", "\\x16"),
            ("path = 'x'", "path is a text", "'x'"),
            ("path = \"é\" and nonsense", "no field is called 'nonsense'", "nonsense"),
        ],
    );
}

#[test]
fn conditions_that_are_none() {
    all_are_told(
        condition,
        &[
            ("status = 502", "is a field of one request", "status"),
            ("coutn > 3", "did you mean 'count'?", "coutn"),
            ("502", "begins with what is measured", "502"),
            ("all", "no measure is called 'all'", "all"),
            ("share(count > 3)", "measures many requests", "count"),
            ("share >= 1", "part of a whole", "1"),
            ("count(502) > 3", "without parentheses", "(502)"),
            ("part > 3%", "part is written part(status = 502)", "> 3%"),
            ("top > 3%", "top is written top(client)", "> 3%"),
            ("top(client, 0) > 3%", "a whole number from 1", "0)"),
            ("top(client, 1.5) > 3%", "')' is expected", ".5"),
            ("top(proxied) > 3%", "the part where it is true is part(proxied)", "proxied"),
            ("during(static) > 3%", "',' is expected", ") >"),
            ("during(static, ok, ok) > 3%", "')' is expected", ", ok)"),
            ("p50(path) > 3", "a field that is a number", "path"),
            ("cluster(bytes) > 3%", "a field that is a time", "bytes"),
            ("p50(duration) > 3", "p50(duration) is a time", "3"),
            ("center(duration) > 3x", "is a time", "3x"),
            ("lift(client) > 3", "a ratio", "3"),
            ("onset = 1", "true or not", "= 1"),
            ("rise > p50(duration)", "a ratio", "p50"),
        ],
    );
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [("(", ")"), ("not ", "")] {
        let nested = |deep: usize| format!("{}ok{}", open.repeat(deep), close.repeat(deep));
        assert!(filter(&nested(20)).is_ok());
        assert!(fails(filter, &nested(100_000)).contains("levels"));
    }
    let wide = vec!["ok"; 10_000].join(" or ");
    assert!(filter(&wide).is_ok());
}

#[test]
fn values_are_in_base_units() {
    for (text, value) in [
        ("duration = 250ms", 0.25),
        ("duration = 2m", 120.0),
        ("duration = 1h", 3600.0),
        ("duration = 1.5s", 1.5),
        ("bytes = 4KiB", 4096.0),
        ("bytes = 1MiB", 1_048_576.0),
        ("client_ok = 29%", 0.29),
        ("bytes_ratio = 3x", 3.0),
        ("status = 009", 9.0),
    ] {
        let Ok(Expr::Compare(_, Op::Equal, right)) = filter(text) else { panic!("{text}") };
        assert_eq!(right, Term::Number(value), "{text}");
    }
    assert_eq!(filter("5xx").unwrap(), Expr::Status(500, 599));
    assert_eq!(filter("0xx").unwrap(), Expr::Status(0, 99));
    assert_eq!(filter("009").unwrap(), Expr::Status(9, 9));
}

fn fields(wanted: impl Fn(Kind) -> bool) -> BoxedStrategy<Field> {
    let fields: Vec<Field> = Field::ALL.iter().copied().filter(|f| wanted(f.kind())).collect();
    proptest::sample::select(fields).boxed()
}

fn text() -> impl Strategy<Value = Term> {
    r#"([a-zA-Z/*. é0-9]|\\\*|\\"|\\\\){0,8}"#.prop_map(|source| Term::Text(Pattern::new(&source)))
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![(0u32..100_000).prop_map(f64::from), 0.0..1.0, 0.0..1e9, Just(1e-7)]
}

fn order() -> impl Strategy<Value = Op> {
    proptest::sample::select(vec![Op::Equal, Op::Differs, Op::Less, Op::AtMost, Op::More, Op::AtLeast])
}

fn equality() -> impl Strategy<Value = Op> {
    proptest::sample::select(vec![Op::Equal, Op::Differs])
}

/// Predicates without parts, and what is made of them. Parts that the parser would flatten are not nested.
fn nested(leaf: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    let grown = |inner: BoxedStrategy<Expr>| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|e| Expr::Not(Box::new(e))),
        ]
    };
    leaf.prop_recursive(4, 24, 3, grown).boxed()
}

fn filters() -> BoxedStrategy<Expr> {
    let numeric = || fields(|kind| !matches!(kind, Kind::Text | Kind::Flag));
    let leaf = prop_oneof![
        Just(Expr::All),
        (0u16..=999, 0u16..=999).prop_map(|(a, b)| Expr::Status(a.min(b), a.max(b))),
        (0u16..=9).prop_map(|class| Expr::Status(class * 100, class * 100 + 99)),
        fields(|kind| kind == Kind::Flag).prop_map(Expr::Flag),
        (numeric(), order(), number()).prop_map(|(f, op, n)| Expr::Compare(Term::Field(f), op, Term::Number(n))),
        (numeric(), equality()).prop_map(|(f, op)| Expr::Compare(Term::Field(f), op, Term::None)),
        (fields(|kind| kind == Kind::Text), equality(), text()).prop_map(|(f, op, t)| Expr::Compare(Term::Field(f), op, t)),
        (fields(|kind| kind == Kind::Text), proptest::collection::vec(text(), 1..4)).prop_map(|(f, t)| Expr::In(Term::Field(f), t)),
        (fields(|kind| kind == Kind::Time), order(), fields(|kind| kind == Kind::Time)).prop_map(|(f, op, g)| Expr::Compare(
            Term::Field(f),
            op,
            Term::Field(g)
        )),
    ];
    nested(leaf.boxed())
}

fn field_for(measure: Measure) -> BoxedStrategy<Field> {
    match measure {
        Measure::Cluster | Measure::Center => fields(|kind| kind == Kind::Time),
        Measure::P50 | Measure::P95 | Measure::Min | Measure::Max | Measure::Shift => fields(|k| !matches!(k, Kind::Text | Kind::Flag)),
        _ => fields(|kind| kind != Kind::Flag),
    }
}

fn measures() -> BoxedStrategy<Term> {
    let valued: Vec<Measure> = Measure::ALL.iter().copied().filter(|m| m.kind() != Kind::Flag).collect();
    let with_args = |measure: Measure| {
        let field = field_for(measure).prop_map(|f| vec![Arg::Field(f)]);
        let one = filters().prop_map(|f| vec![Arg::Filter(f)]);
        let args = match measure.takes() {
            Takes::Nothing => Just(vec![]).boxed(),
            Takes::Field => field.boxed(),
            Takes::FieldOrNothing => prop_oneof![Just(vec![]), field].boxed(),
            Takes::FieldNumber => {
                let counted = (field_for(measure), 1u16..99).prop_map(|(f, n)| vec![Arg::Field(f), Arg::Number(f64::from(n))]);
                prop_oneof![field, counted].boxed()
            }
            Takes::Filter => one.boxed(),
            Takes::FilterOrNothing => prop_oneof![Just(vec![]), one].boxed(),
            Takes::TwoFilters => (filters(), filters()).prop_map(|(a, b)| vec![Arg::Filter(a), Arg::Filter(b)]).boxed(),
        };
        args.prop_map(move |args| Term::Measure(measure, args))
    };
    proptest::sample::select(valued).prop_flat_map(with_args).boxed()
}

fn conditions() -> BoxedStrategy<Expr> {
    let flags: Vec<Measure> = Measure::ALL.iter().copied().filter(|m| m.kind() == Kind::Flag).collect();
    let comparable = || measures().prop_filter("a measure of a number", |m| m.kind() != Some(Kind::Text));
    let leaf = prop_oneof![
        proptest::sample::select(flags).prop_map(Expr::FlagOf),
        (comparable(), order(), number()).prop_map(|(m, op, n)| Expr::Compare(m, op, Term::Number(n))),
        (measures(), equality()).prop_map(|(m, op)| Expr::Compare(m, op, Term::None)),
        (comparable(), proptest::collection::vec(number().prop_map(Term::Number), 1..3)).prop_map(|(m, n)| Expr::In(m, n)),
    ];
    nested(leaf.boxed())
}

proptest! {
    #[test]
    fn a_filter_prints_as_what_reads_back(expr in filters()) {
        prop_assert_eq!(filter(&expr.to_string()).map_err(|e| TestCaseError::fail(e.to_string()))?, expr);
    }

    #[test]
    fn a_condition_prints_as_what_reads_back(expr in conditions()) {
        prop_assert_eq!(condition(&expr.to_string()).map_err(|e| TestCaseError::fail(e.to_string()))?, expr);
    }

    #[test]
    fn no_text_breaks_the_parser(text in "(status|count|part|not|and|or|in|none|proxied|share|[()<>=!,\"\\\\%*0-9 é]){0,20}") {
        for read in [filter, condition] {
            if let Err(e) = read(&text) {
                prop_assert!(e.to_string().contains('^'));
            }
        }
        let _ = rule::sentence(&text);
    }
}

/// All files of causes or codes, as the build reads them.
fn files(folder: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalogue").join(folder);
    let toml = |path: &std::path::PathBuf| path.extension().is_some_and(|x| x == "toml");
    let paths = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(toml);
    paths.map(|p| (p.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(p).unwrap())).collect()
}

const CAUSE: &str = r#"
title = "nothing listens on {upstream_addr}"
meaning = "Nobody is there."
severity = "error"
refuted_by = "Somebody is."
[[fix]]
for = "nginx"
do = "Start it."
[[rule]]
id = "x-502"
codes = [502]
server = ["nginx"]
order = 40
needs = ["connect_time"]
where = 'status = 502 and connect_time = none'
by = "route"
when = 'count >= 3'
confidence = 0.9
raise = [["share >= 5%", "critical"]]
evidence = ["{count} of them"]
better_with = ["header_time"]
"#;

fn with(cause: String) -> Result<String, Vec<String>> {
    schema::generate(&[("upstream-refused".into(), cause)])
}

#[test]
fn the_build_refuses_what_is_not_right() {
    assert!(with(CAUSE.into()).is_ok());
    for (from, to, what) in [
        ("meaning =", "meening =", "unknown field `meening`"),
        ("order = 40", "ordr = 40", "unknown field `ordr`"),
        ("severity = \"error\"", "severity = \"eror\"", "severity = \"eror\" is none of info, notice"),
        ("\"critical\"", "\"bad\"", "raise = \"bad\" is none of info"),
        ("for = \"nginx\"", "for = \"ngnix\"", "for = \"ngnix\" is none of any, app, nginx"),
        ("server = [\"nginx\"]", "server = [\"any\"]", "rule x-502: server = \"any\" is none of nginx"),
        ("needs = [\"connect_time\"]", "needs = [\"conect_time\"]", "needs names \"conect_time\", which is no field"),
        ("[\"header_time\"]", "[\"count\"]", "better_with names \"count\""),
        ("by = \"route\"", "by = \"rout\"", "by names \"rout\""),
        ("codes = [502]", "codes = [1000]", "1000 is above 999"),
        ("order = 40", "order = 100", "order = 100 is above 99"),
        ("confidence = 0.9", "confidence = 1.1", "not between 0 and 1"),
        ("confidence = 0.9", "confidence = nan", "not between 0 and 1"),
        ("Nobody is there.", " ", "meaning is empty"),
        ("Start it.", "", "fix: do is empty"),
        ("{count} of them", "", "evidence is empty"),
        ("{upstream_addr}\"", "{upstream_addr}.\"", "title must be one line"),
        ("{upstream_addr}", "{upstream_adr}", "did you mean 'upstream_addr'?"),
        ("{count} of", "{coutn} of", "did you mean 'count'?"),
        ("connect_time = none'", "conect_time = none'", "catalogue/causes/upstream-refused.toml: rule x-502: where: no field is called"),
        ("count >= 3", "count >= 3%", "rule x-502: when: count is a number"),
        ("share >= 5%", "share >= 5", "rule x-502: raise: share is a part"),
    ] {
        assert!(CAUSE.contains(from), "{from}");
        let wrong = with(CAUSE.replacen(from, to, 1)).unwrap_err().join("\n");
        assert!(wrong.contains(what), "{to}: {wrong}");
    }
    let titled = with(CAUSE.replace("nothing", &"n".repeat(100))).unwrap_err().join("\n");
    assert!(titled.contains("1 to 100 characters"), "{titled}");
    let (head, _) = CAUSE.split_once("[[rule]]").unwrap();
    assert!(with(format!("rule = []\n{head}")).unwrap_err()[0].contains("at least one fix and one rule"));
}

#[test]
fn all_mistakes_of_all_files_are_told() {
    let wrong = CAUSE.replace("count >= 3", "count > x").replace("order = 40", "order = 400");
    let files = [
        ("a".into(), "nonsense".into()),
        ("b".into(), wrong),
        ("c".into(), CAUSE.replace("codes = [502]", "codes = []")),
        ("d".into(), CAUSE.into()),
    ];
    let said = schema::generate(&files).unwrap_err().join("\n");
    for what in [
        "causes/a.toml: TOML",
        "causes/b.toml: rule x-502: order",
        "causes/b.toml: rule x-502: when",
        "is in b.toml too",
        "is in c.toml too",
    ] {
        assert!(said.contains(what), "{what}: {said}");
    }
}

#[test]
fn causes_and_rules_are_found_by_name() {
    let on_disk: Vec<_> = files("causes");
    assert_eq!(causes().len(), on_disk.len());
    for (name, _) in on_disk {
        assert!(cause::by_id(&name).is_some(), "{name}");
    }
    let (cause, rule) = cause::rule("502-refused").unwrap();
    assert_eq!((cause.id, rule.codes), ("upstream-refused", &[502][..]));
    assert!(cause::rule("no-such-rule").is_none());
}
