//! The configuration from outside: what is read, what wins, and that every mistake is told with its place.

use logcodes::config::{Config, OnInconclusive, REFERENCE, Sources};
use logcodes::rule::{Level, Limit, limit};
use proptest::prelude::*;
use std::process::Command;

fn sources(text: &str, profile: Option<&str>, variables: &[(&str, &str)]) -> Sources {
    Sources {
        file: Some(("logcodes.toml".into(), text.into())),
        profile: profile.map(|name| (name.into(), "--profile")),
        variables: variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
    }
}

fn read(text: &str, profile: Option<&str>, variables: &[(&str, &str)]) -> Config {
    Config::read(&sources(text, profile, variables)).unwrap_or_else(|e| panic!("{e}"))
}

fn fails(text: &str) -> String {
    Config::read(&sources(text, None, &[])).map_or_else(|e| e.to_string(), |found| panic!("read as {found:?}"))
}

fn the(text: &str) -> Limit {
    limit::limit(text).unwrap()
}

#[test]
fn all_keys_are_read() {
    let config = read(
        r#"
[check]
fail_on = ["rate(5xx) > 1%", 'count(502) > 5']
expect = ["/login=401,302"]
baseline = "good.json"
on_inconclusive = "pass"
strict = true
max_rejects = "5%"
output = "junit"
[[rule]]
name = "payments"
when = 'rate(5xx) where route = "/pay" > 1%'
severity = "critical"
fix = "Call."
[[rule]]
name = "slow"
when = "p95(duration) > 1s severity warning"
[read]
format = "nginx-combined"
tz = "local"
service = ["auto"]
route = ["/users/{id}"]
status = "5xx,!503"
path = ["/api", "!/api/x"]
method = ["GET"]
host = ["*.example.com"]
since = "-1h"
until = "now"
"#,
        None,
        &[],
    );
    let check = config.check;
    assert_eq!(check.fail_on, Some(vec![the("rate(5xx) > 1%"), the("count(502) > 5")]));
    assert_eq!((check.baseline.as_deref(), check.on_inconclusive), (Some("good.json"), Some(OnInconclusive::Pass)));
    assert_eq!((check.strict, check.max_rejects.as_deref(), check.output), (Some(true), Some("5%"), Some(vec!["junit".into()])));
    assert_eq!(check.expect.map(|all| all.len()), Some(1));
    let [pay, slow] = &config.rules[..] else { panic!("{:?}", config.rules) };
    assert_eq!((pay.name.as_deref(), pay.limit.severity, pay.fix.as_deref()), (Some("payments"), Level::Critical, Some("Call.")));
    assert_eq!((slow.name.as_deref(), slow.limit.severity, slow.fix.as_deref()), (Some("slow"), Level::Warning, None));
    let r = config.read;
    assert_eq!(
        (r.format.as_deref(), r.tz.as_deref(), r.since.as_deref(), r.until.as_deref()),
        (Some("nginx-combined"), Some("local"), Some("-1h"), Some("now"))
    );
    assert_eq!(
        [r.service, r.route, r.status, r.method, r.host].map(|list| list.unwrap().join(" ")),
        ["auto", "/users/{id}", "5xx,!503", "GET", "*.example.com"]
    );
    assert_eq!(r.path, Some(vec!["/api".to_owned(), "!/api/x".to_owned()]));
    assert!(config.warnings.is_empty());
}

#[test]
fn nothing_sets_nothing() {
    let untouched = format!("{:?}", Config::default());
    assert_eq!(format!("{:?}", Config::read(&Sources::default()).unwrap()), untouched);
    for text in ["", "\u{feff}", "\n# x\n", "[check]\n[read]\n[profile]\n", REFERENCE] {
        assert_eq!(format!("{:?}", read(text, None, &[("PATH", "/bin"), ("LOGCODES_CHECK_STRICT", " ")])), untouched, "{text}");
    }
}

/// The reference with its settings switched on.
fn switched_on() -> String {
    let on = |line: &'static str| {
        line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '[')).unwrap_or(line)
    };
    REFERENCE.lines().map(on).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_names_every_key_and_its_default() {
    let text = switched_on();
    let config = read(&text, Some("ci"), &[]);
    assert_eq!((config.check.fail_on, config.check.strict), (Some(vec![]), Some(false)));
    assert_eq!(config.check.on_inconclusive, Some(OnInconclusive::Fail));
    assert_eq!(read(&text, None, &[]).check.on_inconclusive, Some(OnInconclusive::default()));
    assert_eq!(config.rules.len(), 1);
    // What the walk says it knows is the list that the reference must hold.
    for (table, mistake) in [("check", "[check]\nzzzzzzzz = 1"), ("read", "[read]\nzzzzzzzz = 1"), ("rule", "[[rule]]\nzzzzzzzz = 1")] {
        let said = fails(mistake);
        let keys = said.split_once("there are ").unwrap().1.lines().next().unwrap().split(", ").collect::<Vec<_>>();
        assert!(keys.len() >= 4, "{said}");
        for key in keys {
            assert!(REFERENCE.lines().any(|line| line.starts_with(&format!("#{key} = "))), "{table}.{key} is not in the reference");
        }
    }
}

#[test]
fn the_environment_wins_over_the_profile_and_that_over_the_file() {
    let text = r#"
check = { baseline = "file", output = "file", max_rejects = "1%" }
[[rule]]
name = "a"
when = "count > 1"
[[rule]]
name = "b"
when = "count > 2"
[profile.ci.check]
baseline = "profile"
output = "profile"
[[profile.ci.rule]]
name = "b"
when = "count > 3"
[[profile.ci.rule]]
name = "c"
when = "count > 4"
[profile.other.read]
tz = "local"
"#;
    let config = read(
        text,
        Some("ci"),
        &[
            ("LOGCODES_CHECK_OUTPUT", "variable"),
            ("LOGCODES_CHECK_STRICT", "true"),
            ("LOGCODES_CHECK_FAIL_ON", "count(502, 504) > 1; spike(5xx);"),
            ("LOGCODES_READ_STATUS", "5xx,!502"),
            ("LOGCODES_PROFILE", "ci"),
            ("LOGCODES_CONFIG", "x"),
        ],
    );
    let check = config.check;
    assert_eq!([check.baseline, check.max_rejects].map(Option::unwrap), ["profile", "1%"]);
    assert_eq!(check.output, Some(vec!["variable".into()]));
    assert_eq!((check.strict, check.fail_on), (Some(true), Some(vec![the("count(502, 504) > 1"), the("spike(5xx)")])));
    assert_eq!((config.read.status, config.read.tz), (Some(vec!["5xx,!502".into()]), None));
    let rules: Vec<String> = config.rules.iter().map(|rule| format!("{} {}", rule.name.as_deref().unwrap(), rule.limit)).collect();
    assert_eq!(rules, ["a count > 1", "b count > 3", "c count > 4"]);
    assert!(config.warnings.is_empty());
}

#[test]
fn variables_that_are_none_are_said() {
    let warned = read("", None, &[("LOGCODES_CHECK_STRCIT", "true"), ("LOGCODES_ZZZ", "1")]).warnings;
    assert_eq!(
        warned,
        [
            "LOGCODES_CHECK_STRCIT is no variable of logcodes and is passed over, did you mean LOGCODES_CHECK_STRICT?",
            "LOGCODES_ZZZ is no variable of logcodes and is passed over",
        ]
    );
    let wrong = sources(
        "",
        None,
        &[
            ("LOGCODES_CHECK_STRICT", "yes"),
            ("LOGCODES_CHECK_FAIL_ON", "spike(5xx); rat(5xx) > 1%"),
            ("LOGCODES_CHECK_ON_INCONCLUSIVE", "fial"),
        ],
    );
    assert_eq!(
        Config::read(&wrong).unwrap_err().to_string(),
        "LOGCODES_CHECK_FAIL_ON: no metric is called 'rat', did you mean 'rate'?\n  spike(5xx); rat(5xx) > 1%\n  \
         \u{20}           ^\n\
         LOGCODES_CHECK_ON_INCONCLUSIVE: 'fial' is none of fail, pass, report, did you mean 'fail'?\n  fial\n  ^\n\
         LOGCODES_CHECK_STRICT: write true or false\n  yes\n  ^"
    );
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let said = fails(
        "strict = true\n[check]\nfail_no = []\nstrict = \"yes\"\n  fail_on = [\"rate(5xx) > 1%\", \"rate(5xx) > \\u0031s\"]\n[raed]\n\
         [[rule]]\nname = \"x\"\n[profile.p.check]\non_inconclusive = 3\n",
    );
    assert_eq!(
        said,
        "logcodes.toml:1:1: 'strict' stands below [check]\n  strict = true\n  ^\n\
         logcodes.toml:3:1: [check] has no key 'fail_no', did you mean 'fail_on'?\n  fail_no = []\n  ^\n\
         logcodes.toml:4:10: strict is true or false, without quotes, and this is a text: write strict = false\n  strict = \"yes\"\n  \
         \u{20}        ^\n\
         logcodes.toml:5:43: rate is a share: > 1%, or > 2x baseline\n    fail_on = [\"rate(5xx) > 1%\", \"rate(5xx) > \\u0031s\"]\n  \
         \u{20}                                         ^\n\
         logcodes.toml:6:2: there is no table 'raed', did you mean 'read'?\n  [raed]\n   ^\n\
         logcodes.toml:7:1: this rule has no when: write when = \"rate(5xx) > 1%\"\n  [[rule]]\n  ^\n\
         logcodes.toml:10:19: on_inconclusive is a text in quotes, and this is a number: write on_inconclusive = \"report\"\n  \
         on_inconclusive = 3\n  \u{20}                 ^"
    );
}

#[test]
fn each_mistake_has_its_sentence() {
    for (text, what) in [
        ("[check", "logcodes.toml:1:"),
        ("[check]\nstrict = tru", "this is no TOML"),
        ("[check]\nstrict = true\nstrict = true", "logcodes.toml:3:"),
        ("check = 1", "check is a table: write [check]"),
        ("[rule]\nname = \"x\"", "write [[rule]]"),
        ("rule = 1", "write [[rule]]"),
        ("profile = 1", "profile is a table"),
        ("[profile]\nci = 1", "the profile ci is a table"),
        ("[profile.a.profile.b.check]", "holds no profiles"),
        ("[check]\nfail_on = [1]", "fail_on is a list of texts, and this is a list that holds other things"),
        ("[check]\nmax_rejects = 5", "a text in quotes, and this is a number: write max_rejects = \"5%\""),
        ("[check]\nmax_rejects = \"500%\"", "no percentage"),
        ("[check]\nbaseline = \"\"", "this is empty"),
        ("[check]\nexpect = [\"/login\"]", "is not ROUTE=CODES"),
        ("[check]\nexpect = [\"/login=zzz\"]", "is no status"),
        ("[read]\nsince = 2025-01-01", "this is a date without quotes"),
        ("[read]\nroute = [\"users\"]", "must begin with '/'"),
        ("[read]\nstatus = [\"5xz\"]", "is no status"),
        ("[read]\nservice = [\"x\"]", "names no pattern"),
        (
            "[[rule]]\nname = \"a\"\nwhen = \"count > 1\"\n[[rule]]\nname = \"a\"\nwhen = \"count > 1\"",
            "logcodes.toml:5:8: another rule is called 'a'",
        ),
        ("[[rule]]\nname = \"a\"\nwhen = \"count > 1\"\nseverity = \"bad\"", "'bad' is none of warning, error, critical"),
        ("[[rule]]\nname = \"a\"\nwhen = \"\"\"\ncount\n> 1\n by host\"\"\"", "logcodes.toml:6:5: host cannot be asked here"),
    ] {
        let said = fails(text);
        assert!(said.contains(what), "{text}: {said}");
        assert!(said.contains('^') && said.contains("logcodes.toml:"), "{said}");
    }
}

#[test]
fn what_stands_behind_broken_toml_is_not_judged() {
    let said = fails("[check]\nstrct = true\n[chek\nstrict = 1\nnonsense = 2\n");
    assert!(said.contains(":2:1: [check] has no key 'strct'") && said.contains(":3:"), "{said}");
    assert!(!said.contains("nonsense'"), "{said}");
}

#[test]
fn what_is_no_configuration_at_all_takes_no_time() {
    for text in [
        "a=1\n".repeat(250_000),
        (0..120_000).map(|n| format!("a{n}=1\n")).collect::<Vec<_>>().concat(),
        "[".repeat(1 << 20),
        "x\n".repeat(1 << 19),
    ] {
        let begun = std::time::Instant::now();
        let said = fails(&text);
        assert!(said.lines().count() <= 310, "{} lines", said.lines().count());
        assert!(begun.elapsed().as_secs() < 20, "{:?} for {}", begun.elapsed(), &text[..9]);
    }
    let lists = format!("[check]\nfail_on = [{}]", "\"x\",".repeat(100_000));
    assert!(fails(&lists).ends_with("logcodes.toml: and 99900 more mistakes"));
}

#[test]
fn profiles_that_are_none() {
    let missing = |text: &str| Config::read(&sources(text, Some("cii"), &[])).unwrap_err().to_string();
    assert_eq!(missing("[profile.ci]"), "--profile: logcodes.toml has no profile 'cii', did you mean 'ci'?; there is ci");
    assert_eq!(missing(""), "--profile: logcodes.toml has no profile 'cii'; there is none");
    let no_file = Sources { file: None, ..sources("", Some("ci"), &[]) };
    assert!(Config::read(&no_file).unwrap_err().to_string().contains("there is no configuration file"));
}

#[test]
fn the_reference_is_what_generate_prints() {
    let ran = Command::new(env!("CARGO_BIN_EXE_logcodes")).args(["generate", "config"]).output().unwrap();
    assert!(ran.status.success());
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), REFERENCE);
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(
        text in "(\\[check\\]\n|\\[\\[rule\\]\\]\n|\\[profile\\.a\\]\n|fail_on|name|when|strict|=|\\[|\\]|\\{|\\}|\"|\"\"\"|'|\\\\|\\\\u00e9|rate\\(5xx\\) > 1%|true|,|1|é|\n| ){0,24}",
        profile in proptest::option::of("a"),
    ) {
        if let Err(e) = Config::read(&sources(&text, profile.as_deref(), &[("LOGCODES_CHECK_FAIL_ON", &text)])) {
            prop_assert!(!e.0.is_empty() && !e.to_string().is_empty());
        }
    }
}
