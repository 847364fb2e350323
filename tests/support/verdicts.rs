//! Verdicts to be written: one that passes, one that fails with everything set, one in doubt, and one in which each text that
//! can come from a log tries something.
#![allow(unreachable_pub, reason = "tests are no library")]

use logcodes::diagnose::Sample;
use logcodes::gate::{Alert, Before, Cause, Outcome, Part, Ruling, Unit, Verdict, Window};
use logcodes::report::{Input, LineCounts, Service, Span};

/// 15 Jun 2025 15:00:00 UTC.
const START: i64 = 1_749_999_600;

fn input(path: &str) -> Input {
    Input {
        path: path.into(),
        service: Service::Unasked,
        format: Some("nginx-combined".into()),
        lines: 6003,
        parsed: 6000,
        bytes: 1_000_000,
        note: None,
    }
}

pub fn ruling(rule: &str, verdict: Outcome, part: Part) -> Ruling {
    Ruling {
        rule: rule.into(),
        name: None,
        severity: "error",
        verdict,
        unit: Unit::Share,
        part,
        reason: "1.2 % of 6,000 requests are 5xx, at most 5 % may be".into(),
        others: Vec::new(),
        violations: usize::from(verdict == Outcome::Fail),
        alerts: Vec::new(),
        samples: Vec::new(),
        findings: Vec::new(),
        fixes: Vec::new(),
    }
}

fn verdict(outcome: Outcome, rules: Vec<Ruling>) -> Verdict {
    Verdict {
        schema_version: 1,
        verdict: outcome,
        default_rules: false,
        inputs: vec![input("access.log")],
        lines: LineCounts { read: 6003, parsed: 6000, filtered: 0, rejected: 3, directives: 0 },
        span: Some(Span {
            start: "2025-06-15T15:00:00Z".into(),
            end: "2025-06-15T16:00:00Z".into(),
            start_seconds: START,
            end_seconds: START + 3600,
        }),
        baseline: None,
        rules,
        findings: Vec::new(),
        warnings: Vec::new(),
    }
}

fn part() -> Part {
    Part {
        value: Some(0.012),
        numerator: 72,
        denominator: 6000,
        interval: Some((0.0087, 0.0164)),
        threshold: Some(0.05),
        ..Part::default()
    }
}

pub fn pass() -> Verdict {
    Verdict { default_rules: true, ..verdict(Outcome::Pass, vec![ruling("rate(5xx) > 5%", Outcome::Pass, part())]) }
}

pub fn inconclusive() -> Verdict {
    let part = Part { value: None, numerator: 0, denominator: 12, threshold: Some(0.01), needed: Some(380), ..Part::default() };
    let doubt = Ruling { reason: "12 requests are too few to say".into(), ..ruling("rate(5xx) > 1%", Outcome::Inconclusive, part) };
    Verdict { span: None, ..verdict(Outcome::Inconclusive, vec![doubt]) }
}

fn window() -> Window {
    Window {
        start: "2025-06-15T15:05:00Z".into(),
        end: "2025-06-15T15:10:00Z".into(),
        start_seconds: START + 300,
        end_seconds: START + 600,
    }
}

/// A ruling that says all that a ruling can.
fn everything() -> Ruling {
    let worst = Part {
        method: Some("POST".into()),
        route: Some("/api/v1/payments".into()),
        value: Some(0.3144),
        numerator: 83,
        denominator: 264,
        interval: Some((0.2451, 0.3931)),
        threshold: Some(0.02),
        window: Some(window()),
        before: Some(Before { value: Some(0.0031), numerator: 12, denominator: 3871 }),
        p: Some(0.000_000_12),
        detectable: Some(2.1),
        ..Part::default()
    };
    let other = |method: &str, route: &str, numerator| Part {
        method: Some(method.into()),
        route: Some(route.into()),
        value: Some(numerator as f64 / 500.0),
        numerator,
        denominator: 500,
        threshold: Some(0.02),
        ..Part::default()
    };
    let alert = Alert {
        service: None,
        method: Some("POST".into()),
        route: Some("/api/v1/payments".into()),
        code: None,
        began: "2025-06-15T15:05:00Z".into(),
        fired: "2025-06-15T15:10:00Z".into(),
        cleared: Some("2025-06-15T15:25:00Z".into()),
        peak: 0.41,
    };
    Ruling {
        name: Some("api-5xx".into()),
        severity: "critical",
        reason: "83 of 264 requests on POST /api/v1/payments were 5xx (31.4 %), at most 2 % may be".into(),
        others: vec![other("GET", "/api/v1/users/{id}", 31), other("GET", "/checkout", 12)],
        violations: 2,
        alerts: vec![alert.clone(), Alert { began: "2025-06-15T15:50:00Z".into(), cleared: None, ..alert }],
        samples: (0..4)
            .map(|n| Sample {
                input: "access.log".into(),
                line: 1017 + n,
                text: format!("192.0.2.{n} - - [15/Jun/2025:15:06:0{n} +0000] \"POST /api/v1/payments?token=*** HTTP/1.1\" 502 157 \"-\" \"curl/8.5.0\""),
            })
            .collect(),
        findings: vec!["502-refused".into()],
        fixes: vec!["Start the upstream again".into(), "Let nginx try the next server: proxy_next_upstream error timeout".into()],
        ..ruling("rate(5xx) by route > 2% window 5m", Outcome::Fail, worst)
    }
}

pub fn fail() -> Verdict {
    let doubt = Ruling {
        unit: Unit::Seconds,
        reason: "900 requests are too few to tell 812 ms from 800 ms".into(),
        ..ruling(
            "p95(duration) > 800ms",
            Outcome::Inconclusive,
            Part {
                value: Some(0.812),
                numerator: 48,
                denominator: 900,
                interval: Some((0.78, 0.85)),
                threshold: Some(0.8),
                ..Part::default()
            },
        )
    };
    let warning = Ruling {
        severity: "warning",
        unit: Unit::Count,
        ..ruling(
            "count(404) > 100 severity warning",
            Outcome::Fail,
            Part { value: Some(1234.0), numerator: 1234, denominator: 6000, threshold: Some(100.0), code: Some(404), ..Part::default() },
        )
    };
    let cause = Cause {
        id: "502-refused".into(),
        title: "The upstream refuses connections".into(),
        confidence: 0.97,
        evidence: vec!["83 of 83 were answered within 1 ms".into(), "No request reached the upstream".into()],
        fixes: vec!["Start the upstream again".into()],
    };
    Verdict {
        baseline: Some("baseline.json".into()),
        findings: vec![cause],
        warnings: vec!["access.log ended in the middle of a line".into()],
        ..verdict(Outcome::Fail, vec![everything(), ruling("rate(5xx) > 5%", Outcome::Pass, part()), doubt, warning])
    }
}

/// Texts that try something, each in its way.
pub const TRICKS: &[&str] = &[
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{85}",
    "\u{202e}exe.gpj\u{200b}\u{feff}\u{2066}",
    "]]><testcase name=\"x\"/>&amp;\u{fffe}\u{ffff}\u{0}",
    "```\n````\n</details><script>alert(1)</script>",
    "\n::error title=x::owned\n##[error]owned ##vso[task.complete]",
    "@everyone @team #12 https://evil.example/x www.evil.example [x](http://evil.example)",
    "a|b`c*_~{0}{1}%0A%25,x=1:2",
    "=cmd|' /C calc'!A0",
];

/// Each text that may come from a log is hostile, and one is very long. There are more parts than any limit allows.
pub fn hostile() -> Verdict {
    let long = "/long".repeat(2048);
    let texts: Vec<&str> = TRICKS.iter().copied().chain([long.as_str()]).collect();
    let rules = texts.iter().enumerate().map(|(n, text)| {
        let evil = |part: Part| Part {
            service: Some((*text).into()),
            method: Some((*text).into()),
            route: Some(format!("/{text}")),
            code: Some(n as u16),
            ..part
        };
        let mut ruling = everything();
        ruling.rule = format!("rate(5xx) where route = \"{text}\" > 2%");
        ruling.name = (n % 2 == 0).then(|| (*text).to_owned());
        ruling.severity = ["error", "critical", "warning"][n % 3];
        ruling.reason = format!("reason {text}");
        ruling.part = evil(ruling.part);
        // Parts of the same names: their fingerprints must differ all the same.
        ruling.others = (0..20).map(|_| evil(Part { value: Some(f64::INFINITY), threshold: Some(0.02), ..Part::default() })).collect();
        ruling.violations = 15;
        for alert in &mut ruling.alerts {
            (alert.route, alert.began) = (Some((*text).into()), (*text).to_owned());
        }
        for sample in &mut ruling.samples {
            (sample.input, sample.text) = ((*text).to_owned(), format!(" {text}"));
        }
        ruling.fixes = vec![(*text).to_owned()];
        ruling
    });
    let mut verdict = verdict(Outcome::Fail, rules.collect());
    verdict.inputs = texts.iter().map(|text| input(text)).collect();
    verdict.baseline = Some(TRICKS[0].into());
    verdict.warnings = texts.iter().map(|text| (*text).to_owned()).collect();
    verdict.findings = vec![Cause {
        id: "502-refused".into(),
        title: TRICKS[3].into(),
        confidence: 0.5,
        evidence: texts.iter().map(|text| (*text).to_owned()).collect(),
        fixes: Vec::new(),
    }];
    verdict
}

/// All of them, with names.
pub fn all() -> [(&'static str, Verdict); 4] {
    [("pass", pass()), ("fail", fail()), ("inconclusive", inconclusive()), ("hostile", hostile())]
}
