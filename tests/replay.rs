//! `logcodes rules test` from outside: the verdict is that of `check`, incidents are found in time, noise is told from them.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use support::{Dir, combined, fits, fixture};

/// A dozen rules of all kinds.
const RULES: [&str; 12] = [
    "rate(5xx) > 2%",
    "rate(4xx) by route > 10% min 20",
    "count(5xx) > 3",
    "count(404) by route > 5",
    "rate(5xx) by route > 5% window 5m",
    "rate(2xx) < 50% window 10m",
    "count(5xx) by route > 2 per 1m",
    "count < 1 per 10m for 5m",
    "p95(duration) by route > 500ms",
    "spike(4xx or 5xx)",
    "share(unparsed) > 1%",
    "rate(5xx) < 0.1% over 30d burn 14.4x",
];

/// Two routes for a day, a request every two seconds; `is_error` tells the failures of the first from its minute and a number.
fn day(is_error: impl Fn(u32, u32) -> bool) -> String {
    let mut log = String::new();
    for n in 0..43_200_u32 {
        let (minute, own) = (n / 30, n % 2 == 0);
        let status = if own && is_error(minute, n) { 502 } else { 200 };
        let _ = write!(log, "{}", combined(n * 2, if own { "GET /pay HTTP/1.1" } else { "GET /shop HTTP/1.1" }, status, 12));
    }
    log
}

/// From 10:00 on, for twelve minutes, two of three fail; else one of a thousand.
fn incident() -> String {
    day(|minute, n| if (600..612).contains(&minute) { n % 3 < 2 } else { n % 1000 == 0 })
}

fn rules(list: &[&'static str], option: &'static str) -> Vec<&'static str> {
    list.iter().flat_map(|rule| [option, *rule]).collect()
}

fn verdicts(json: &Value) -> BTreeMap<String, String> {
    let rules = json["rules"].as_array().unwrap().iter();
    rules.map(|r| (r["rule"].as_str().unwrap().to_owned(), format!("{} {} {}", r["verdict"], r["numerator"], r["reason"]))).collect()
}

/// Every folder below the fixtures that holds a log.
fn logs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            logs(&path, found);
        } else if path.file_name().is_some_and(|name| name == "access.log") {
            found.push(path);
        }
    }
}

#[test]
fn every_fixture_has_the_verdicts_of_check() {
    let mut found = Vec::new();
    logs(&fixture(""), &mut found);
    assert!(found.len() > 50, "{}", found.len());
    let (dir, mut outcomes) = (Dir::new(), BTreeMap::new());
    for log in &found {
        let run = |words: &[&str], option| {
            let args = [words, &["-q", "-o", "json", log.to_str().unwrap()], &rules(&RULES, option)].concat();
            dir.run(&args)
        };
        let (check, replay) = (run(&["check"], "--fail-on"), run(&["rules", "test"], "--rule"));
        if replay.code() == Some(3) {
            assert_eq!(check.code(), Some(3), "{}", log.display());
            continue;
        }
        let (check, replay) = (check.json(), replay.exits(0).json());
        assert_eq!(verdicts(&check), verdicts(&replay), "{}", log.display());
        verdicts(&replay).into_values().for_each(|of| *outcomes.entry(of.split(' ').next().unwrap().to_owned()).or_insert(0) += 1);
        for (one, other) in check["rules"].as_array().unwrap().iter().zip(replay["rules"].as_array().unwrap()) {
            let firings = other["history"]["firings"].as_array().map_or(0, Vec::len);
            assert_eq!(one["alerts"].as_array().unwrap().len(), firings, "{}: {}", log.display(), one["rule"]);
        }
    }
    assert!(outcomes.len() == 3 && outcomes.values().all(|&count| count > 20), "{outcomes:?}");
}

#[test]
fn an_incident_fires_once_and_soon() {
    let dir = Dir::new();
    let log = dir.file("access.log", incident());
    let rule = "rate(5xx) by route > 10% window 5m for 2m";
    let json =
        dir.run(&["rules", "test", "-o", "json", log.to_str().unwrap(), "--rule", rule, "--rule", "rate(5xx) > 0.4%"]).exits(0).json();
    let (windowed, whole) = (&json["rules"][0], &json["rules"][1]);
    let history = &windowed["history"];
    let firings = history["firings"].as_array().unwrap();
    assert_eq!((windowed["verdict"].as_str(), firings.len()), (Some("fail"), 1), "{history}");
    let firing = &firings[0];
    assert_eq!((firing["route"].as_str(), firing["onset_is"].as_str()), (Some("/pay"), Some("incident")));
    let at = |name: &str| firing[name].as_str().unwrap().trim_start_matches("2025-06-15T").to_owned();
    // Ten of fifteen a minute: three minutes prove it, and two more have to pass.
    assert_eq!([at("onset"), at("since"), at("fired"), at("cleared")], ["10:00:00Z", "10:03:00Z", "10:05:00Z", "10:17:00Z"]);
    assert_eq!((history["median_delay_seconds"].as_i64(), history["without_incident"].as_u64()), (Some(300), Some(0)));
    assert!((history["alerts_a_day"].as_f64().unwrap() - 1.0).abs() < 0.01);
    // A rule over all sees it when it has come, and as the day goes on it is forgotten.
    let tenths: Vec<&str> = whole["tenths"].as_array().unwrap().iter().map(|tenth| tenth["verdict"].as_str().unwrap()).collect();
    assert_eq!(tenths, ["pass", "pass", "pass", "pass", "fail", "fail", "fail", "inconclusive", "inconclusive", "inconclusive"]);
    assert_eq!(whole["tenths"][9]["end"], "2025-06-15T23:59:59Z");
}

#[test]
fn a_tenth_is_what_check_says_of_the_log_until_then() {
    let dir = Dir::new();
    let log = incident();
    let rules = ["rate(5xx) > 0.5%", "rate(5xx) by route > 1%", "count(5xx) > 20", "spike(5xx)"];
    let whole = dir.file("whole.log", &log);
    let args = |file: &Path, words: &[&'static str], option| {
        [words, &["-o", "json"], &self::rules(&rules, option)]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .chain([file.display().to_string()])
            .collect::<Vec<_>>()
    };
    let run = |args: Vec<String>| dir.run(&args.iter().map(String::as_str).collect::<Vec<_>>()).json();
    let replay = run(args(&whole, &["rules", "test"], "--rule"));
    for tenth in [3, 4, 7] {
        let end =
            replay["rules"][0]["tenths"][tenth]["end"].as_str().unwrap().trim_start_matches("2025-06-15T").trim_end_matches('Z').to_owned();
        let until = |line: &&str| line.split("2025:").nth(1).is_some_and(|rest| rest[..8] < end[..]);
        let prefix: String = log.lines().take_while(until).flat_map(|line| [line, "\n"]).collect();
        let check = run(args(&dir.file("prefix.log", prefix), &["check"], "--fail-on"));
        for (at, rule) in rules.iter().enumerate() {
            let (one, other) = (&check["rules"][at], &replay["rules"][at]["tenths"][tenth]);
            assert_eq!((&one["verdict"], &one["value"]), (&other["verdict"], &other["value"]), "{rule} until {end}");
        }
    }
}

#[test]
fn what_ends_a_rule_about_a_baseline_is_a_multiple_of_it_too() {
    let dir = Dir::new();
    let before = dir.file("before.log", day(|_, n| n % 100 == 0));
    let log = dir.file("access.log", incident());
    dir.run(&["check", before.to_str().unwrap(), "--fail-on", "rate(5xx) > 50%", "--save-baseline", "base.json"]).exits(0);
    let rule = "rate(5xx) by route > 5x baseline window 5m clear < 2x baseline";
    let json = dir.run(&["rules", "test", "-o", "json", log.to_str().unwrap(), "--baseline", "base.json", "--rule", rule]).exits(0).json();
    let firings = &json["rules"][0]["history"]["firings"];
    let ends: Vec<&str> = firings.as_array().unwrap().iter().filter_map(|firing| firing["cleared"].as_str()).collect();
    // Any share is less than twice, and that would have ended it at once.
    assert_eq!(ends, ["2025-06-15T10:17:00Z"], "{firings}");
}

#[test]
fn a_noisy_rule_is_told_what_would_be_quiet() {
    let dir = Dir::new();
    let log = dir.file("access.log", incident());
    let run =
        |rule: &str| dir.run(&["rules", "test", "-o", "json", log.to_str().unwrap(), "--rule", rule]).exits(0).json()["rules"][0].take();
    let noisy = run("count(5xx) > 0 per 1m");
    assert!(noisy["history"]["without_incident"].as_u64().unwrap() > 10, "{}", noisy["history"]);
    let quiet = noisy["suggestion"]["rule"].as_str().unwrap().to_owned();
    let told = &noisy["suggestion"]["trial"];
    let tried = run(&quiet);
    // What was promised is what comes.
    assert_eq!(tried["history"]["without_incident"], 0, "{quiet}");
    assert_eq!(tried["history"]["firings"].as_array().unwrap().len(), 1, "{quiet}");
    assert_eq!((&told["firings"], &told["median_delay_seconds"]), (&Value::from(1), &tried["history"]["median_delay_seconds"]));
    assert!(noisy["suggestion"]["text"].as_str().unwrap().contains("24 hours of log cannot prove more"), "{}", noisy["suggestion"]);
    for trial in noisy["suggestion"]["lasting"].as_array().unwrap() {
        let other = run(trial["rule"].as_str().unwrap());
        assert_eq!(trial["firings"], other["history"]["firings"].as_array().unwrap().len(), "{}", trial["rule"]);
        assert_eq!(trial["without_incident"], other["history"]["without_incident"], "{}", trial["rule"]);
    }
    // A rule without windows gets some.
    for rule in ["rate(5xx) > 2%", "spike(5xx)", "count(5xx) by route > 500"] {
        let suggested = run(rule)["suggestion"]["rule"].as_str().unwrap().to_owned();
        let tried = run(&suggested);
        let history = &tried["history"];
        assert_eq!(
            (history["without_incident"].as_u64(), history["firings"].as_array().unwrap().len()),
            (Some(0), 1),
            "{rule}: {suggested}"
        );
    }
}

#[test]
fn why_it_did_or_did_not_fire_at_a_time() {
    let dir = Dir::new();
    let log = dir.file("access.log", incident());
    let rule = "rate(5xx) by route > 10% window 5m for 2m";
    let explain = |rule: &str, at: &str| {
        dir.run(&["rules", "test", "-o", "json", log.to_str().unwrap(), "--explain", rule, "--at", at]).exits(0).json()
    };
    for (at, state, why) in [
        ("09:59", "quiet", "the value is not more than 10 %"),
        ("10:02:30", "quiet", "more than 10 %, but not beyond doubt: the interval holds 10 % too"),
        ("10:04:30", "pending", "true, but not yet for 120 s"),
        ("2025-06-15T10:05Z", "firing", ""),
        ("10:14", "firing", ""),
        ("10:30", "quiet", "the value is not more than 10 %"),
    ] {
        let said = explain(rule, at);
        let worst = &said["groups"][0];
        assert_eq!(
            (said["state"].as_str(), worst["state"].as_str(), worst["why"].as_str()),
            (Some(state), Some(state), Some(why)),
            "{at}: {said}"
        );
    }
    let pending = explain(rule, "10:04:30");
    let worst = &pending["groups"][0];
    // A minute without an incident and four with it.
    assert_eq!((worst["numerator"].as_u64(), worst["denominator"].as_u64()), (Some(40), Some(75)));
    assert_eq!((worst["since"].as_str(), worst["fires"].as_str()), (Some("2025-06-15T10:03:00Z"), Some("2025-06-15T10:05:00Z")));
    assert!(worst["interval"][0].as_f64().unwrap() > 0.1, "{worst}");
    for (rule, at, why) in [
        ("rate(5xx) by route > 10% window 1m min 100", "10:05", "15 requests, and the rule asks for at least 100"),
        ("rate(5xx) by route > 60% window 1m", "10:05", "more than 60 %, but not beyond doubt: the interval holds 60 % too"),
        ("rate(5xx) by route > 1% window 10s", "10:05:20", "1 hit, and fewer than 5 prove nothing"),
        ("rate(5xx) < 0.1% over 1d burn 14.4x", "10:13", "the short window is not above 1.44 %: it does not go on"),
    ] {
        let said = explain(rule, at);
        assert_eq!(said["groups"][0]["why"], why, "{rule}: {said}");
    }
    let whole = explain("rate(5xx) > 1%", "10:12");
    assert_eq!((whole["groups"][0]["numerator"].as_u64(), whole["groups"][0]["denominator"].as_u64()), (Some(138), Some(18_360)));
}

#[test]
fn tables_fit_and_say_it_all() {
    let dir = Dir::new();
    let hostile = "GET /\u{1b}[2J\u{202e}evil HTTP/1.1";
    let mut log = incident();
    for n in 0..60 {
        log += &combined(50_000 + n, hostile, 500, 1);
    }
    let log = dir.file("access.log", log);
    let file = log.to_str().unwrap();
    let rules = rules(&["rate(5xx) by route > 10% window 5m", "count(5xx) > 0 per 1m", "spike(5xx)", "share(unparsed) > 1%"], "--rule");
    // A route that is in one minute alone has no rest to tell an incident by: all routes together have.
    let json = dir.run(&["rules", "test", "-o", "json", file, "--rule", rules[1]]).exits(0).json();
    let history = &json["rules"][0]["history"];
    assert_eq!((history["firings"].as_array().unwrap().len(), history["without_incident"].as_u64()), (2, Some(0)), "{history}");
    for output in ["table", "md"] {
        let text = dir.run(&[&["rules", "test", "-o", output, file], &rules[..]].concat()).exits(0).stdout();
        for part in ["/pay", "10:03:00", "24 hours of log", "rate(5xx) by route >", "evil"] {
            assert!(text.contains(part), "{output}: {part}\n{text}");
        }
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{output}");
        let said = dir.run(&["rules", "test", "-o", output, file, "--explain", rules[1], "--at", "13:54"]).exits(0).stdout();
        assert!(said.contains("firing") && said.contains("evil") && !said.contains(['\u{1b}', '\u{202e}']), "{said}");
    }
}

#[test]
fn a_narrow_screen_is_enough() {
    let dir = Dir::new();
    let log = dir.file("access.log", incident());
    let file = log.to_str().unwrap().to_owned();
    let columns = |args: &[&str]| {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_logcodes")).args(args).env("COLUMNS", "80").output().unwrap();
        String::from_utf8(run.stdout).unwrap()
    };
    let rules = rules(&RULES, "--rule");
    let text = columns(&[&["rules", "test", &file], &rules[..]].concat());
    assert!(text.contains("OR WITH ANOTHER for") && fits(&text, 80), "{text}");
    let text = columns(&["rules", "test", &file, "--explain", RULES[4], "--at", "10:05"]);
    assert!(text.contains("GET /pay") && fits(&text, 80), "{text}");
}

#[test]
fn times_are_of_the_zone_that_is_asked_for() {
    let dir = Dir::new();
    let log = dir.file("access.log", incident());
    let args = ["rules", "test", log.to_str().unwrap(), "--tz", "Europe/Berlin", "--rule", "rate(5xx) by route > 10% window 5m"];
    let text = dir.run(&args).exits(0).stdout();
    assert!(text.contains("15 Jun 12:03:00 ") && text.contains("CEST"), "{text}");
    let at = ["rules", "test", log.to_str().unwrap(), "--tz", "Europe/Berlin", "--explain", args[6], "--at", "12:03"];
    let text = dir.run(&at).exits(0).stdout();
    assert!(text.contains("firing at 15 Jun 12:03:00 CEST"), "{text}");
}

#[test]
fn it_is_no_gate() {
    let dir = Dir::new();
    let log = dir.file("access.log", incident());
    let file = log.to_str().unwrap();
    dir.run(&["rules", "test", file]).exits(0);
    let empty = dir.file("empty.log", "");
    assert!(dir.run(&["rules", "test", empty.to_str().unwrap()]).exits(3).stderr().contains("empty"));
    for (args, what) in [
        (&["--rule", "rate(5xx) >> 1%", "--rule", "rat(5xx) > 1%"][..], "did you mean 'rate'?"),
        (&["--rule", "rate(5xx) > 2x baseline"], "needs a baseline"),
        (&["--explain", "rate(5xx) > 1%"], "--at"),
        (&["--at", "10:00"], "--explain"),
        (&["--explain", "rate(5xx) > 1%", "--at", "soon"], "--at: 'soon' is no time"),
        (&["--explain", "rate(5xx) > 1%", "--at", "2024-01-01"], "is not within the log, which goes from 2025-06-15T00:00:00Z"),
        (&["-o", "xml"], "table, json, md"),
        (&["--window", "5m"], "rules say how wide"),
        (&["--expect", "/login"], "--expect"),
        (&["--baseline", "none.json"], "none.json"),
    ] {
        let said = dir.run(&[&["rules", "test", file], args].concat()).exits(2).stderr();
        assert!(said.contains(what), "{args:?}: {said}");
    }
}
