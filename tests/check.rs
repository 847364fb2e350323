//! The gate from outside: what it says, and its exit codes.

mod support;

use serde_json::Value;
use support::{Dir, combined};

/// An hour: two requests a second, of which `errors` say which of them fail, on which route.
fn hour(fails: impl Fn(u32) -> bool) -> String {
    let mut text = String::new();
    for n in 0..7200 {
        let (route, method) = if n % 3 == 0 { ("/api/pay", "POST") } else { ("/shop", "GET") };
        let code = if fails(n) { 502 } else { 200 };
        text += &combined(n / 2, &format!("{method} {route} HTTP/1.1"), code, 100);
    }
    text
}

/// One of 400 fails, all the time.
fn healthy() -> String {
    hour(|n| n % 400 == 7)
}

fn verdicts(json: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    json["rules"].as_array().unwrap().iter().map(|rule| (text(&rule["rule"]), text(&rule["verdict"]))).collect()
}

/// Checks a log against one rule.
fn check(dir: &Dir, rule: &str, more: &[&str], code: i32) -> Value {
    let args: Vec<&str> = ["check", "access.log", "-o", "json", "--fail-on", rule].into_iter().chain(more.iter().copied()).collect();
    let json = dir.run(&args).exits(code).json();
    json["rules"][0].clone()
}

#[test]
fn a_healthy_log_passes_the_default_rules_and_says_which_they_are() {
    let dir = Dir::new();
    dir.file("access.log", healthy());
    let json = dir.run(&["check", "access.log", "-o", "json"]).exits(0).json();
    assert_eq!((json["verdict"].as_str(), json["default_rules"].as_bool()), (Some("pass"), Some(true)));
    let rules: Vec<String> = verdicts(&json).into_iter().map(|(rule, verdict)| format!("{verdict} {rule}")).collect();
    assert_eq!(rules, ["pass rate(5xx) > 2%", "pass spike(5xx)", "pass share(unparsed) > 1%"]);
    assert_eq!(json["rules"][0]["numerator"], 18);
    assert_eq!(json["rules"][0]["denominator"], 7200);
}

#[test]
fn a_spike_fails_with_its_window_its_lines_its_finding_and_its_fix() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 400 == 7 || (n % 3 == 0 && (3600..3840).contains(&n))));
    let json = dir.run(&["check", "access.log", "-o", "json"]).exits(1).json();
    assert_eq!(json["verdict"], "fail");
    let spike = &json["rules"][1];
    assert_eq!(
        (spike["verdict"].as_str(), spike["route"].as_str(), spike["method"].as_str()),
        (Some("fail"), Some("/api/pay"), Some("POST"))
    );
    let window = (spike["window"]["start"].as_str().unwrap(), spike["window"]["end"].as_str().unwrap());
    assert!(("2025-06-15T00:29:50Z".."2025-06-15T00:30:10Z").contains(&window.0), "{window:?}");
    assert!(("2025-06-15T00:31:50Z".."2025-06-15T00:32:10Z").contains(&window.1), "{window:?}");
    assert_eq!(spike["samples"].as_array().unwrap().len(), 3);
    assert!(spike["samples"][0]["text"].as_str().unwrap().contains("POST /api/pay"));
    let finding = spike["findings"][0].as_str().unwrap();
    assert!(json["findings"].as_array().unwrap().iter().any(|f| f["id"] == finding && f["title"].is_string()));
    assert!(!spike["fixes"].as_array().unwrap().is_empty());
}

#[test]
fn shares_pass_fail_and_are_in_doubt() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 100 == 7));
    assert_eq!(check(&dir, "rate(5xx) > 0.5%", &[], 1)["threshold"], 0.005);
    check(&dir, "rate(5xx) > 2%", &[], 0);
    let doubt = check(&dir, "rate(5xx) > 0.9%", &[], 3);
    assert_eq!(doubt["verdict"], "inconclusive");
    assert!(doubt["needed"].as_u64().unwrap() > 7200, "{doubt}");
    assert!(doubt["reason"].as_str().unwrap().contains("too few to say"), "{doubt}");
    check(&dir, "rate(5xx) > 0.9%", &["--strict"], 1);
    check(&dir, "rate(5xx) > 1.1%", &["--strict"], 0);
    check(&dir, "rate(5xx) > 0.9%", &["--on-inconclusive", "fail"], 1);
    check(&dir, "rate(5xx) > 0.9%", &["--on-inconclusive", "pass"], 0);
    check(&dir, "rate(2xx) < 95%", &[], 0);
    check(&dir, "rate(2xx) < 99.9%", &[], 1);
    // A warning is said and is no violation.
    assert_eq!(check(&dir, "rate(5xx) > 0.5% severity warning", &[], 0)["verdict"], "fail");
}

#[test]
fn counts_are_exact_and_windows_are_looked_at_each() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| (1200..1212).contains(&n) || n == 6000));
    check(&dir, "count(502, 504) > 12", &[], 1);
    check(&dir, "count(502, 504) > 13", &[], 0);
    let worst = check(&dir, "count(5xx) > 11 per 1m", &[], 1);
    assert_eq!((worst["numerator"].as_u64(), worst["window"]["start"].as_str()), (Some(12), Some("2025-06-15T00:10:00Z")));
    assert_eq!(worst["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(worst["alerts"][0]["cleared"], "2025-06-15T00:12:00Z");
    check(&dir, "count(5xx) > 12 per 1m", &[], 0);
    check(&dir, "count(5xx) > 11 per 1m for 2m", &[], 0);
    assert_eq!(check(&dir, "count(5xx) by route > 7 per 1m", &[], 1)["route"], "/shop");
    check(&dir, "count(5xx) by route > 8 per 1m", &[], 0);
    check(&dir, "rate(5xx) > 2% window 1m", &[], 1);
    check(&dir, "count < 100 per 1m", &[], 0);
    check(&dir, "count < 121 per 1m", &[], 1);
    check(&dir, "rate(5xx) < 0.1% over 30d burn 14.4x", &[], 0);
}

#[test]
fn burning_an_error_budget_fails() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 20 == 0));
    let burnt = check(&dir, "rate(5xx) < 0.1% over 30d burn 14.4x", &[], 1);
    assert!((burnt["threshold"].as_f64().unwrap() - 0.0144).abs() < 1e-9, "{burnt}");
}

#[test]
fn what_is_normal_on_a_route_is_not_counted() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 3 == 0 && n % 30 == 0));
    check(&dir, "rate(5xx) > 1%", &[], 1);
    check(&dir, "rate(5xx) > 1%", &["--expect", "/api/*=502"], 0);
    check(&dir, "rate(5xx) > 1%", &["--expect", "/shop=502"], 1);
    check(&dir, r#"rate(5xx) where route = "/shop" > 1%"#, &[], 0);
    check(&dir, r#"rate(5xx and not (502 and route = "/api/*")) > 1%"#, &[], 0);
}

#[test]
fn durations() {
    let dir = Dir::new();
    let mut text = String::new();
    for n in 0..6000 {
        let line = combined(n, "GET /api/x HTTP/1.1", 200, 9);
        let slow = if (3000..3600).contains(&n) { n % 2 == 0 } else { n % 100 == 0 };
        text += &format!("{} {}\n", line.trim_end(), if slow { "1.500" } else { "0.020" });
    }
    dir.file("access.log", text);
    assert_eq!(check(&dir, "p95(duration) > 800ms", &[], 1)["unit"], "seconds");
    check(&dir, "p95(duration) > 2s", &[], 0);
    check(&dir, "p90(duration) > 800ms", &[], 0);
    let worst = check(&dir, "p95(duration) > 800ms window 5m", &[], 1);
    assert_eq!(worst["alerts"].as_array().unwrap().len(), 1, "{worst}");
    assert!(worst["samples"][0]["text"].as_str().unwrap().ends_with("1.500"), "{worst}");
    check(&dir, "p95(duration) > 2s window 5m", &[], 0);
}

#[test]
fn against_a_baseline() {
    let dir = Dir::new();
    dir.file("access.log", healthy());
    dir.run(&["check", "access.log", "-o", "json", "--save-baseline", "base.json"]).exits(0);
    let same = dir.run(&["check", "access.log", "-o", "json", "--baseline", "base.json"]).exits(0).json();
    assert_eq!(verdicts(&same).len(), 5);
    assert_eq!(same["baseline"], "base.json");
    // Five times as many, and a code that the route never had.
    dir.file("access.log", hour(|n| n % 80 == 7).replacen("GET /shop HTTP/1.1\" 502", "GET /shop HTTP/1.1\" 503", 8));
    let worse = dir.run(&["check", "access.log", "-o", "json", "--baseline", "base.json"]).exits(1).json();
    let failed: Vec<String> = verdicts(&worse).into_iter().filter(|(_, verdict)| verdict == "fail").map(|(rule, _)| rule).collect();
    assert_eq!(failed, ["rate(5xx) by route > 1.5x baseline", "new(5xx)"], "{worse:#}");
    let new = &worse["rules"][4];
    assert_eq!((new["code"].as_u64(), new["route"].as_str(), new["numerator"].as_u64()), (Some(503), Some("/shop"), Some(8)));
    let rate = &worse["rules"][3];
    assert!(rate["p"].as_f64().unwrap() < 0.01 && rate["detectable"].as_f64().unwrap() > 1.0, "{rate}");
    check(&dir, "rate(5xx) > 2x baseline", &["--baseline", "base.json"], 1);
    check(&dir, "rate(5xx) > 10x baseline", &["--baseline", "base.json"], 0);
    // A log that fails is no measure for later ones.
    let before = std::fs::read(dir.path().join("base.json")).unwrap();
    let said = dir.run(&["check", "access.log", "-o", "json", "--baseline", "base.json", "--save-baseline", "base.json"]).exits(1).stderr();
    assert!(said.contains("base.json: not saved"), "{said}");
    assert_eq!(std::fs::read(dir.path().join("base.json")).unwrap(), before);
}

#[test]
fn a_shift_of_traffic_is_no_regression() {
    // Of every route as many fail as before, but more requests go to the one where more fail.
    let log = |of_ten: u32| {
        let mut text = String::new();
        for n in 0..20_000 {
            let pay = n % 10 < of_ten;
            let fails = if pay { n / 10 % 10 == 1 } else { n / 10 % 500 == 1 };
            let request = if pay { "POST /api/pay HTTP/1.1" } else { "GET /shop HTTP/1.1" };
            text += &combined(n / 4, request, if fails { 503 } else { 200 }, 9);
        }
        text
    };
    let dir = Dir::new();
    dir.file("access.log", log(1));
    dir.run(&["check", "access.log", "-o", "json", "--fail-on", "count > 99999", "--save-baseline", "base.json"]).exits(0);
    dir.file("access.log", log(5));
    let rates = |rule| check(&dir, rule, &["--baseline", "base.json"], 0);
    assert!(rates("rate(5xx) > 1.5x baseline")["value"].as_f64().unwrap() < 1.2);
    rates("rate(5xx) by route > 1.5x baseline");
    // The share of all is what it is.
    check(&dir, "rate(5xx) > 3%", &["--baseline", "base.json"], 1);
}

#[test]
fn nothing_to_judge_is_never_green() {
    let dir = Dir::new();
    for text in ["", "garbage\n", "# a directive\n"] {
        dir.file("access.log", text);
        for more in [&[][..], &["--on-inconclusive", "pass"], &["--strict"]] {
            let args: Vec<&str> = ["check", "access.log", "-o", "json"].into_iter().chain(more.iter().copied()).collect();
            assert_eq!(dir.run(&args).exits(3).json()["verdict"], "inconclusive", "{text:?} {more:?}");
        }
    }
    dir.file("access.log", healthy());
    check(&dir, r#"rate(5xx) where route = "/none" > 1%"#, &[], 3);
    check(&dir, "rate(5xx) > 1% min 10000", &[], 3);
    check(&dir, "p95(duration) > 1s", &[], 3);
    dir.run(&["check", "access.log", "-o", "json", "-s", "404"]).exits(3);
    dir.file("few.log", combined(0, "GET / HTTP/1.1", 200, 1));
    dir.run(&["check", "few.log", "-o", "json"]).exits(3);
}

#[test]
fn mistakes_are_2_and_say_what_to_do() {
    let dir = Dir::new();
    dir.file("access.log", healthy());
    for (args, what) in [
        (&["--fail-on", "rate(5xx) > 5", "--fail-on", "rat(5xx) > 5%"][..], "did you mean 'rate'?"),
        (&["--fail-on", "new(5xx)"], "--save-baseline"),
        (&["--fail-on", "rate(5xx) > 2x baseline"], "needs a baseline"),
        (&["--baseline", "none.json"], "none.json"),
        (&["--baseline", "access.log"], "this is no baseline"),
        (&["--expect", "/login"], "ROUTE=CODES"),
        (&["--on-inconclusive", "maybe"], "possible values: fail, pass, report"),
        (&["--window", "5m"], "rules say how wide their windows are"),
    ] {
        let args: Vec<&str> = ["check", "access.log", "-o", "json"].into_iter().chain(args.iter().copied()).collect();
        let said = dir.run(&args).exits(2).stderr();
        assert!(said.contains(what), "{args:?}: {said}");
    }
    dir.run(&["check", "none.log", "-o", "json"]).exits(2);
}
