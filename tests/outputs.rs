//! What is written: golden reports of a fixture, and every output with an empty, a normal and a hostile report.

mod support;

use logcodes::input::Origin;
use logcodes::output::{By, OUTPUTS, View, find};
use logcodes::report::{Report, ReportSpec, SortKey};
use logcodes::scan::{ScanSpec, Silent, scan};
use logcodes::service::ServiceRules;
use logcodes::tally::Spec;
use support::{Dir, combined, fits, fixture};
use unicode_width::UnicodeWidthStr;

fn report(path: std::path::PathBuf, sort: SortKey) -> Report {
    let spec = ScanSpec { tally: Spec { cross: true, ..Spec::default() }, ..ScanSpec::default() };
    let mut report = Report::new(&scan(&[Origin::File(path)], &spec, &Silent).unwrap(), &ReportSpec { sort, ..ReportSpec::default() });
    // What is found changes with each rule that is added; how it is shown has tests of its own.
    (report.findings, report.advice, report.traffic) = Default::default();
    // The path is where the repository lies; the golden reports must not say so.
    report.inputs[0].path = "access.log".into();
    for sample in report.rejects.iter_mut().flat_map(|r| &mut r.samples) {
        sample.input = "access.log".into();
    }
    report
}

fn written(report: &Report, name: &str, view: &View) -> String {
    let mut bytes = Vec::new();
    (find(OUTPUTS, name).unwrap().0.write)(report, view, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn golden_tables() {
    let report = report(fixture("nginx-timed").join("access.log"), SortKey::Errors);
    for width in [100, 80, 60, 40] {
        let text = written(&report, "table", &View { width: Some(width), ..View::default() });
        for line in text.lines() {
            assert!(line.width() <= width, "wider than {width}: {line}");
        }
        insta::assert_snapshot!(format!("table_{width}"), text);
    }
    insta::assert_snapshot!("table_piped", written(&report, "table", &View::default()));
}

#[test]
fn golden_others() {
    let report = report(fixture("nginx-timed").join("access.log"), SortKey::Count);
    insta::assert_snapshot!("json", written(&report, "json", &View::default()));
    insta::assert_snapshot!("csv", written(&report, "csv", &View::default()).replace('\r', ""));
    insta::assert_snapshot!("csv_by_window", written(&report, "csv", &View { by: By::Window, ..View::default() }).replace('\r', ""));
    insta::assert_snapshot!("md", written(&report, "md", &View::default()));
}

/// Two services with a route of one name, and a file of none.
fn two_services() -> Report {
    let dir = Dir::new();
    let line = |second: u32, request: &str, status: u16, duration: &str| {
        format!("{} {duration}\n", combined(second, &format!("{request} HTTP/1.1"), status, 100 + u64::from(second)).trim_end())
    };
    let api: String = (0..6).map(|n| line(n, "GET /", if n == 5 { 503 } else { 200 }, "0.250")).collect();
    let shop: String = (0..4).map(|n| line(n * 2, "GET /", 200, "0.010")).collect();
    let files =
        [("api.log", api), ("shop.log", shop + &line(7, "POST /orders/17", 404, "0.020")), ("access.log", line(9, "GET /", 301, "0.001"))];
    let origins: Vec<Origin> = files.iter().map(|(name, text)| Origin::File(dir.file(name, text))).collect();
    let services = Some(ServiceRules::parse(["api=api*", "shop=shop*"]).unwrap());
    let spec = ScanSpec { services, tally: Spec { cross: true, ..Spec::default() }, ..ScanSpec::default() };
    let mut report = Report::new(&scan(&origins, &spec, &Silent).unwrap(), &ReportSpec { sort: SortKey::Errors, ..ReportSpec::default() });
    (report.findings, report.advice, report.traffic) = Default::default();
    for (input, (name, _)) in report.inputs.iter_mut().zip(&files) {
        input.path = (*name).into();
    }
    report
}

#[test]
fn golden_services() {
    let report = two_services();
    for width in [80, 40] {
        let text = written(&report, "table", &View { width: Some(width), ..View::default() });
        assert!(text.lines().all(|line| line.width() <= width), "{text}");
        insta::assert_snapshot!(format!("services_table_{width}"), text);
    }
    let json: serde_json::Value = serde_json::from_str(&written(&report, "json", &View::default())).unwrap();
    let told = serde_json::json!({"inputs": json["inputs"], "routes": json["routes"], "services": json["services"]});
    insta::assert_snapshot!("services_json", serde_json::to_string_pretty(&told).unwrap());
    insta::assert_snapshot!("services_md", written(&report, "md", &View::default()));
    for (by, name) in [
        (By::Route, "services_csv"),
        (By::RouteWindow, "services_csv_by_route_window"),
        (By::Service, "services_csv_by_service"),
        (By::ServiceWindow, "services_csv_by_service_window"),
    ] {
        insta::assert_snapshot!(name, written(&report, "csv", &View { by, ..View::default() }).replace('\r', ""));
    }
}

/// Names that try something: from rules, and from the names of files.
#[test]
fn hostile_services_harm_no_output() {
    let dir = Dir::new();
    let long = "n".repeat(300);
    let named = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "\u{202e}exe.gpj",
        "@everyone",
        "+1-1",
        long.as_str(),
        "日本語のサービス",
        "a|b`c*[x](http://e.example)",
    ];
    let mut rules: Vec<String> = named.iter().enumerate().map(|(n, name)| format!("{name}=rule{n}.log")).collect();
    rules.push("auto".into());
    let files = (0..named.len()).map(|n| format!("rule{n}.log")).chain(["=cmd()'!A0.log".into(), "\u{9b}31m\tx.log".into()]);
    let origins: Vec<Origin> = files
        .map(|name| Origin::File(dir.file(&name, combined(0, "GET / HTTP/1.1", 500, 1) + &combined(60, "GET /a HTTP/1.1", 200, 1))))
        .collect();
    let spec = ScanSpec {
        services: Some(ServiceRules::parse(&rules).unwrap()),
        tally: Spec { cross: true, ..Spec::default() },
        ..ScanSpec::default()
    };
    let mut report = Report::new(&scan(&origins, &spec, &Silent).unwrap(), &ReportSpec::default());
    report.inputs.iter_mut().for_each(|input| input.path = "x.log".into());
    for output in OUTPUTS.iter().filter(|output| !matches!(output.name, "json" | "csv")) {
        for width in [None, Some(40), Some(100)] {
            let text = written(&report, output.name, &View { width, ..View::default() });
            assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{}: {text:?}", output.name);
            assert!(output.name != "table" || fits(&text, width.unwrap_or(usize::MAX)), "{text}");
        }
    }
    for by in [By::Route, By::RouteWindow, By::Service, By::ServiceWindow] {
        let text = written(&report, "csv", &View { by, ..View::default() });
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let cells: Vec<String> = rows.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
        assert!(cells.iter().any(|cell| cell == "'=cmd()'!A0") && cells.contains(&long), "{text}");
        assert!(cells.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&written(&report, "json", &View::default())).unwrap();
    let names: Vec<&str> = json["services"].as_array().unwrap().iter().map(|s| s["service"].as_str().unwrap()).collect();
    assert!(named.iter().all(|name| names.contains(name)) && names.contains(&"\u{9b}31m\tx"), "{names:?}");
}

#[test]
fn golden_explanations() {
    let dir = Dir::new();
    // Which rules judge a code changes with each cause that is added.
    let text = dir.run(&["explain", "502"]).exits(0).stdout();
    let (before, rest) = text.split_once("\nlogcodes judges it by: ").unwrap();
    insta::assert_snapshot!("explain_502", before.to_owned() + "\n" + rest.split_once("\n\n").unwrap().1);
    insta::assert_snapshot!("explain_list", dir.run(&["explain", "--list"]).exits(0).stdout());
}

/// A log whose every field tries something.
fn hostile() -> String {
    let tricks = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "\u{202e}exe.gpj",
        "</script><script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "@everyone",
        "a|b`c*_[x](http://evil.example)",
        "\u{200b}\u{feff}",
        "\u{85}\u{9b}31m",
        "'\"",
        "%00%0d%0aSet-Cookie:x",
    ];
    let mut log = String::new();
    for (n, trick) in tricks.iter().enumerate() {
        let trick = trick.replace('"', "\\\"");
        log += &combined(n as u32, &format!("GET /{trick} HTTP/1.1"), 500 + n as u16, 1);
        log += &combined(n as u32, &format!("{trick} / HTTP/1.1"), 999, 1);
        log += &format!("{trick} is no line at all\n");
    }
    log
}

#[test]
fn every_output_survives_every_report() {
    let dir = Dir::new();
    let empty = report(dir.file("empty.log", ""), SortKey::Count);
    let normal = report(fixture("nginx-timed").join("access.log"), SortKey::Count);
    let bad = report(dir.file("hostile.log", hostile()), SortKey::Errors);
    for output in OUTPUTS {
        for (report, what) in [(&empty, "empty"), (&normal, "normal"), (&bad, "hostile")] {
            for width in [None, Some(40), Some(100)] {
                let text = written(report, output.name, &View { width, color: false, ..View::default() });
                let control = |c: char| c.is_control() && c != '\n' && c != '\r';
                if output.name != "json" && output.name != "csv" {
                    assert!(!text.contains(control), "{} of the {what} report: {text:?}", output.name);
                    assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{feff}']), "{} of the {what} report", output.name);
                }
            }
        }
    }
    let json: serde_json::Value = serde_json::from_str(&written(&bad, "json", &View::default())).unwrap();
    assert_eq!(json["lines"]["rejected"], 10);
}

#[test]
fn no_cell_of_csv_is_a_formula() {
    let dir = Dir::new();
    let bad = report(dir.file("hostile.log", hostile()), SortKey::Count);
    for by in [By::Route, By::Window, By::RouteWindow] {
        let text = written(&bad, "csv", &View { by, ..View::default() });
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let mut cells = 0;
        for row in rows.records() {
            for cell in &row.unwrap() {
                cells += 1;
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            }
        }
        assert!(cells > 50);
    }
}
