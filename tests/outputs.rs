//! What is written: golden reports of a fixture, and every output with an empty, a normal and a hostile report.

mod support;

use logcodes::input::Origin;
use logcodes::output::{By, OUTPUTS, View, output};
use logcodes::report::{Report, ReportSpec, SortKey};
use logcodes::scan::{ScanSpec, Silent, scan};
use logcodes::tally::Spec;
use support::{Dir, combined, fixture};
use unicode_width::UnicodeWidthStr;

fn report(path: std::path::PathBuf, sort: SortKey) -> Report {
    let spec = ScanSpec { tally: Spec { cross: true, ..Spec::default() }, ..ScanSpec::default() };
    let mut report = Report::new(&scan(&[Origin::File(path)], &spec, &Silent).unwrap(), &ReportSpec { sort, ..ReportSpec::default() });
    // The path is where the repository lies; the golden reports must not say so.
    report.inputs[0].path = "access.log".into();
    for sample in report.rejects.iter_mut().flat_map(|r| &mut r.samples) {
        sample.input = "access.log".into();
    }
    report
}

fn written(report: &Report, name: &str, view: &View) -> String {
    let mut bytes = Vec::new();
    (output(name).unwrap().write)(report, view, &mut bytes).unwrap();
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

#[test]
fn golden_explanations() {
    let dir = Dir::new();
    insta::assert_snapshot!("explain_502", dir.run(&["explain", "502"]).exits(0).stdout());
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
