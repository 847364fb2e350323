//! Findings as they are shown, made by hand: a normal, an empty and a hostile set in every output.

mod support;

use logcodes::diagnose::{Advice, Affected, Finding, Open, Part, Sample, Severity, Share, Traffic};
use logcodes::input::Origin;
use logcodes::output::{FINDINGS, OUTPUTS, View, find};
use logcodes::report::{Report, ReportSpec, SortKey};
use logcodes::scan::{ScanSpec, Silent, scan};
use support::{Dir, combined, fits, fixture};

fn report(path: std::path::PathBuf) -> Report {
    let spec = ReportSpec { sort: SortKey::Errors, ..ReportSpec::default() };
    let mut report = Report::new(&scan(&[Origin::File(path)], &ScanSpec::default(), &Silent).unwrap(), &spec);
    report.inputs[0].path = "access.log".into();
    (report.findings, report.advice, report.traffic) = (Vec::new(), Vec::new(), None);
    report
}

fn shares(of: &[(&str, u64)]) -> Vec<Share> {
    of.iter().map(|(name, count)| Share { name: (*name).into(), count: *count }).collect()
}

fn refused() -> Finding {
    Finding {
        id: "502-refused".into(),
        cause: "upstream-refused",
        severity: Severity::Error,
        codes: vec![502],
        method: None,
        route: None,
        start: Some("2026-11-24T07:06:17Z".into()),
        end: Some("2026-11-24T07:06:21Z".into()),
        open: Open::default(),
        count: 14,
        of: 61,
        estimated: false,
        confidence: 0.9,
        title: "nothing accepts connections on 127.0.0.1:9000".into(),
        evidence: vec![
            "100 % of them were never connected".into(),
            "they failed after 0 ms, so nobody waited for anything".into(),
            "static files were fine in the same time: 24 of 24".into(),
        ],
        fixes: vec![
            "Start the process behind the proxy and check that it listens: ss -ltnp.".into(),
            "Name a second server in the upstream block, so that one may be away.".into(),
            "Look into the error log for 'connect() failed (111: Connection refused)'.".into(),
        ],
        refuted_by: "A connect time in these lines: then something did accept.",
        doubt: "a firewall that answers with RST".into(),
        affected: Affected {
            routes: shares(&[("GET /item/{id}", 4), ("GET /healthz", 3), ("POST /cart", 2)]),
            routes_total: 7,
            hosts: shares(&[("shop.example.com", 14)]),
            upstreams: shares(&[("127.0.0.1:9000", 14)]),
            clients: shares(&[("192.0.2.7", 2), ("2001:db8::17", 1)]),
            clients_total: 12,
        },
        samples: vec![Sample { input: "access.log".into(), line: 17, text: "192.0.2.7 - - \"GET /item/3 HTTP/1.1\" 502 157".into() }],
    }
}

/// One like the first, about something else.
fn other(id: &str, severity: Severity, codes: &[u16], title: &str, open: Open) -> Finding {
    Finding {
        id: id.into(),
        severity,
        codes: codes.into(),
        method: Some("GET".into()),
        route: Some("/api/v1/users/{id}".into()),
        title: title.into(),
        count: 3,
        of: 3,
        open,
        doubt: String::new(),
        ..refused()
    }
}

fn advice() -> Vec<Advice> {
    let add =
        "log_format logcodes '$remote_addr [$time_local] \"$request\" $status $body_bytes_sent uct=$upstream_connect_time';\n# or\nsecond";
    let one = |field, tells: &str| Advice { field, tells: tells.into(), add: add.into() };
    vec![
        one("connect_time", "tells a refused connection from one that was closed early"),
        one("cache", "whether the cache had it"),
        Advice { add: "option httplog".into(), ..one("termination", "how the session ended") },
        one("host", "the host asked for"),
    ]
}

fn traffic() -> Traffic {
    Traffic {
        scanners: Part { count: 504, clients: 1, errors_4xx: 500, errors_5xx: 0 },
        crawlers: Part { count: 40, clients: 3, errors_4xx: 2, errors_5xx: 0 },
        health_checks: Part { count: 400, clients: 2, errors_4xx: 0, errors_5xx: 0 },
        others: Part { count: 3600, clients: 210, errors_4xx: 48, errors_5xx: 50 },
    }
}

/// A report with so many findings, the worst first.
fn normal(findings: usize) -> Report {
    let mut report = report(fixture("nginx-timed").join("access.log"));
    let [before, after] = [true, false].map(|before| Open { before, after: !before });
    report.findings = vec![
        refused(),
        other("500-one-route", Severity::Error, &[500, 502], "one route raises exceptions", after),
        other("404-scanner", Severity::Warning, &[404], "somebody looks for holes", before),
        other("504-read-timeout.2", Severity::Warning, &[504], "the application is slower than the proxy waits", Open::default()),
        other("400-tls-on-plain", Severity::Warning, &[400], "TLS arrives on the plain port", Open { before: true, after: true }),
        other("505-version", Severity::Warning, &[505], "odd HTTP versions", Open::default()),
        other("404-wellknown-asset", Severity::Notice, &[404], "icons that browsers ask for are not there", Open::default()),
    ];
    report.findings.truncate(findings);
    report.advice = advice();
    report.traffic = Some(traffic());
    report
}

/// A report in which every text of a finding tries something.
fn hostile(dir: &Dir) -> Report {
    let mut report = report(dir.file("x.log", combined(0, "GET / HTTP/1.1", 500, 1)));
    let tricks = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n# Heading",
        "\u{202e}exe.gpj \u{200b}\u{2066}",
        "</script><script>alert(1)</script> @everyone [x](http://e.example) ```\n~~~ | a | b |",
        &"long ".repeat(400),
        &"n".repeat(3000),
        "日本語のルート".repeat(30).as_str(),
        "",
    ]
    .map(str::to_owned);
    for (n, trick) in tricks.iter().enumerate() {
        let text = || trick.clone();
        let all = || shares(&[(trick, 9), (trick, 2)]);
        report.findings.push(Finding {
            id: format!("{trick}{n}"),
            cause: "upstream-refused",
            severity: Severity::Critical,
            codes: (500..540).collect(),
            method: (n % 2 == 0).then(text),
            route: (n % 2 == 0).then(text),
            start: Some(text()),
            end: Some("2026-11-24T07:06:21Z".into()),
            open: Open::default(),
            count: u64::MAX,
            of: 0,
            estimated: false,
            confidence: 1.0,
            title: text(),
            evidence: vec![text(), text(), text(), text()],
            fixes: vec![text(); 3],
            refuted_by: "",
            doubt: text(),
            affected: Affected { routes: all(), routes_total: 40, hosts: all(), upstreams: all(), clients: all(), clients_total: 2 },
            samples: vec![Sample { input: text(), line: u64::MAX, text: text() }; 3],
        });
    }
    report.advice = tricks.iter().map(|trick| Advice { field: "x", tells: trick.clone(), add: trick.clone() }).collect();
    report
}

fn written(report: &Report, name: &str, view: &View) -> String {
    let mut bytes = Vec::new();
    (find(OUTPUTS, name).unwrap().0.write)(report, view, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn in_full(report: &Report, name: &str, view: &View) -> String {
    let mut bytes = Vec::new();
    (find(FINDINGS, name).unwrap().0.write)(report, view, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The lines from a heading to the next empty one.
fn section<'t>(text: &'t str, heading: &str) -> Vec<&'t str> {
    text.lines().skip_while(|line| !line.starts_with(heading)).take_while(|line| !line.is_empty()).collect()
}

fn is_clean(text: &str) -> bool {
    !text.contains(|c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}' | '\u{2066}'))
}

#[test]
fn golden_tables() {
    for width in [200, 100, 80, 60, 40] {
        let text = written(&normal(2), "table", &View { width: Some(width), ..View::default() });
        assert!(fits(&text, width), "wider than {width}:\n{text}");
        insta::assert_snapshot!(format!("findings_table_{width}"), text);
    }
    insta::assert_snapshot!("findings_table_seven", written(&normal(7), "table", &View { width: Some(100), ..View::default() }));
    let zone = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap();
    insta::assert_snapshot!("findings_table_piped", written(&normal(2), "table", &View { zone, ..View::default() }));
}

/// Five findings and no more, each in few lines, so that the first screen still shows the worst codes.
#[test]
fn findings_leave_room_on_the_first_screen() {
    for width in [80, 100, 200] {
        let text = written(&normal(7), "table", &View { width: Some(width), ..View::default() });
        let lines = section(&text, "FINDINGS");
        let starts: Vec<usize> = (0..lines.len()).filter(|&at| lines[at].starts_with(['✖', '▲'])).collect();
        assert_eq!(starts.len(), 5, "{text}");
        let ends = starts.iter().skip(1).copied().chain(lines.iter().position(|l| l.starts_with('…')));
        for (start, end) in starts.iter().zip(ends) {
            assert!((4..=7).contains(&(end - start)), "{}", lines[*start..end].join("\n"));
        }
        let top: Vec<&str> = text.lines().take(40).collect();
        assert!(top.iter().any(|line| line.contains("502  Bad Gateway")), "{text}");
    }
    let dir = Dir::new();
    let log = (0..300).map(|n| combined(n, &format!("GET /r{} HTTP/1.1", n % 20), [200, 200, 404, 502, 304, 201, 403][n as usize % 7], 9));
    let mut report = report(dir.file("access.log", log.collect::<String>()));
    report.findings = vec![refused()];
    for width in [80, 100, 200] {
        let one = written(&report, "table", &View { width: Some(width), ..View::default() });
        assert!(one.lines().take(40).any(|line| line.starts_with("ROUTE")), "{one}");
    }
}

#[test]
fn color_says_nothing_that_words_do_not() {
    for width in [None, Some(40), Some(100)] {
        let plain = written(&normal(7), "table", &View { width, ..View::default() });
        let color = written(&normal(7), "table", &View { width, color: true, ..View::default() });
        let mut without = String::new();
        for (at, part) in color.split('\u{1b}').enumerate() {
            without += if at == 0 { part } else { part.split_once('m').unwrap().1 };
        }
        assert_eq!(plain, without);
        assert!(color.contains("\u{1b}[1;31m✖ error:\u{1b}[0m"), "{color}");
    }
}

#[test]
fn a_healthy_log_is_told_in_a_line() {
    let dir = Dir::new();
    let fine: String = (0..200).map(|n| combined(n, "GET / HTTP/1.1", 200, 9)).collect();
    let mut report = report(dir.file("fine.log", fine));
    let text = written(&report, "table", &View { width: Some(80), ..View::default() });
    assert!(text.contains("\n✔ Nothing looks wrong: no finding of severity warning or above\n\nCODE"), "{text}");
    assert!(!text.contains("LEARN") && !text.contains("More: logcodes findings"), "{text}");
    report.findings = vec![
        other("404-wellknown-asset", Severity::Notice, &[404], "icons that browsers ask for are not there", Open::default()),
        other("404-wellknown-asset.2", Severity::Notice, &[404], "robots.txt is not there", Open::default()),
    ];
    let text = written(&report, "table", &View { width: Some(100), ..View::default() });
    let (before, after) = text.split_once("✔ Nothing looks wrong").unwrap();
    assert!(!before.contains('•') && after.lines().nth(1).unwrap().starts_with("… 2 of severity notice, such as: icons"), "{text}");
    assert!(after.lines().nth(2).unwrap().contains("logcodes findings access.log; logcodes explain 404-wellknown-asset"), "{text}");
    report.lines.filtered = 3;
    assert!(written(&report, "table", &View::default()).contains("Nothing looks wrong in what the filters let through"));
}

#[test]
fn errors_that_no_rule_explains_are_not_called_fine() {
    let dir = Dir::new();
    let bad: String = (0..200).map(|n| combined(n, "GET / HTTP/1.1", if n % 10 == 0 { 500 } else { 200 }, 9)).collect();
    let text = written(&report(dir.file("bad.log", bad)), "table", &View::default());
    assert!(text.contains("No finding of severity warning or above: no rule explains the errors\n"), "{text}");
}

#[test]
fn hostile_findings_harm_no_output() {
    let dir = Dir::new();
    let report = hostile(&dir);
    for output in OUTPUTS.iter().chain(FINDINGS).filter(|output| !matches!(output.name, "json" | "csv")) {
        for width in [None, Some(40), Some(100), Some(200)] {
            let mut bytes = Vec::new();
            (output.write)(&report, &View { width, ..View::default() }, &mut bytes).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(is_clean(&text), "{}: {text:?}", output.name);
            assert!(output.name != "table" || fits(&text, width.unwrap_or(usize::MAX)), "{text}");
        }
    }
    let text = written(&report, "md", &View::default());
    // Fences open and close in turn, whatever the lines between them hold, and outside of them nothing is markup.
    let mut fence = None;
    for line in text.lines() {
        match fence {
            None if line.trim_start().starts_with("```") => fence = Some(line.trim_start().trim_end_matches("text").to_owned()),
            Some(ref open) if line.trim_start() == open => fence = None,
            Some(_) => {}
            None => {
                let mut chars = line.chars();
                let mut plain = String::new();
                while let Some(c) = chars.next() {
                    if c != '\\' || chars.next().is_none() {
                        plain.push(c);
                    }
                }
                let plain: String = plain.split('`').step_by(2).collect();
                assert!(
                    !plain.contains("<script") && !plain.contains(']') && !plain.contains("@everyone") && !plain.contains("://"),
                    "{line}"
                );
            }
        }
    }
    assert_eq!(fence, None);
    for text in [written(&report, "json", &View::default()), in_full(&report, "json", &View::default())] {
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["findings"].as_array().unwrap().len(), report.findings.len());
    }
}

#[test]
fn golden_findings_in_full() {
    let report = normal(7);
    for width in [100, 50] {
        let text = in_full(&report, "table", &View { width: Some(width), least: Severity::Error, ..View::default() });
        assert!(fits(&text, width), "wider than {width}:\n{text}");
        insta::assert_snapshot!(format!("in_full_{width}"), text);
    }
    insta::assert_snapshot!("in_full_md", in_full(&report, "md", &View { least: Severity::Error, ..View::default() }));
    insta::assert_snapshot!("findings_md", written(&normal(2), "md", &View { limit: Some(3), ..View::default() }));
}

/// All that a finding says is there in full, in every output.
#[test]
fn nothing_of_a_finding_is_left_out_in_full() {
    let report = normal(1);
    for name in ["table", "json", "md"] {
        let text = in_full(&report, name, &View::default()).replace(['\\', '\u{2060}'], "");
        let finding = &report.findings[0];
        let texts = finding.evidence.iter().chain(&finding.fixes).chain([&finding.title, &finding.doubt, &finding.id]);
        for part in texts.map(String::as_str).chain(["upstream-refused", "A connect time in these lines", "POST /cart", "2001:db8::17"]) {
            assert!(text.contains(part), "{name}: no {part:?} in\n{text}");
        }
        assert!(name == "json" || text.contains("access.log:17"), "{text}");
    }
}

#[test]
fn lesser_findings_are_left_out_when_asked() {
    let report = normal(7);
    let count = |least| {
        let json: serde_json::Value = serde_json::from_str(&in_full(&report, "json", &View { least, ..View::default() })).unwrap();
        json["findings"].as_array().unwrap().len()
    };
    assert_eq!([Severity::Info, Severity::Warning, Severity::Error, Severity::Critical].map(count), [7, 6, 2, 0]);
    let text = in_full(&report, "table", &View { least: Severity::Critical, ..View::default() });
    assert!(text.contains("Below --severity critical, so left out: 7") && !text.contains("Nothing looks wrong"), "{text}");
}

/// The directives that the catalogue has for a fix stand below it.
#[test]
fn fixes_come_with_their_directives() {
    let fixes = || logcodes::catalogue::cause::causes().iter().flat_map(|cause| cause.fixes.iter().map(move |fix| (cause, fix)));
    let (cause, fix) = fixes().find(|(_, fix)| fix.config.is_some()).unwrap();
    let mut report = normal(1);
    let steps = [fix.step.to_owned(), format!("{}: {}", fix.server, fix.step)];
    for (name, step) in ["table", "md"].into_iter().flat_map(|name| steps.iter().map(move |step| (name, step))) {
        (report.findings[0].cause, report.findings[0].fixes) = (cause.id, vec![step.clone()]);
        let text = in_full(&report, name, &View::default());
        assert!(fix.config.unwrap().lines().all(|line| text.contains(line.trim())), "{name}: {text}");
    }
}

/// What is to be pasted stands below the fields that it adds, as it is, at any width.
#[test]
fn advice_can_be_pasted() {
    let report = normal(1);
    let add: Vec<&str> = report.advice[0].add.lines().collect();
    for text in [
        written(&report, "table", &View { width: Some(40), ..View::default() }),
        in_full(&report, "table", &View { width: Some(40), color: true, ..View::default() }),
        written(&report, "md", &View::default()),
    ] {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| *line == add[0]).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(lines[at..at + 3], add);
        assert!(lines[at - 5..at].iter().any(|line| line.contains("cache")), "{text}");
        assert!(text.contains("option httplog"));
    }
    assert!(written(&report, "table", &View::default()).contains("… 1 more field: logcodes findings FILE"));
}

/// Robots are spoken of where they change the picture, and only there.
#[test]
fn rates_without_robots_are_told_where_they_differ() {
    let told = |traffic| {
        let mut report = normal(0);
        report.traffic = Some(traffic);
        let text = written(&report, "table", &View::default());
        text.lines().filter(|line| line.contains(" % without ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(told(traffic()), ["4xx 12 %, 1.2 % without scanners (1 client, 504 requests)"]);
    let mut checked = traffic();
    checked.scanners = Part::default();
    checked.health_checks = Part { count: 400, clients: 2, errors_4xx: 0, errors_5xx: 390 };
    assert_eq!(told(checked), ["5xx 11 %, 1.4 % without health checks (2 clients, 400 requests)"]);
    checked.health_checks = Part { count: 40, clients: 2, errors_4xx: 4, errors_5xx: 1 };
    assert_eq!(told(checked), [""; 0]);
    assert_eq!(told(Traffic::default()), [""; 0]);
    let only = Traffic { scanners: traffic().scanners, ..Traffic::default() };
    assert_eq!(told(only), [""; 0], "nothing is left without them");
}

#[test]
fn json_has_the_keys_that_are_promised() {
    let json: serde_json::Value = serde_json::from_str(&written(&normal(1), "json", &View::default())).unwrap();
    let finding = &json["findings"][0];
    for key in [
        "id",
        "cause",
        "severity",
        "codes",
        "method",
        "route",
        "start",
        "end",
        "count",
        "of",
        "confidence",
        "title",
        "evidence",
        "fixes",
        "refuted_by",
    ] {
        assert!(finding.get(key).is_some(), "no {key} in {finding}");
    }
    assert_eq!((finding["severity"].as_str(), finding["confidence"].as_f64()), (Some("error"), Some(0.9)));
    assert_eq!(json["traffic"]["scanners"], serde_json::json!({"count": 504, "clients": 1, "errors_4xx": 500, "errors_5xx": 0}));
    assert_eq!(json["advice"][0]["field"], "connect_time");
}
