//! The lab: logs of real servers with one known fault each, or none, held against what is found in them.
//! `cargo test --test lab -- --nocapture` prints which label was found as what, and each miss.
//!
//! Three labs are judged: `fixtures/lab`, a second one beside the project if it is there, and the folder that `LOGCODES_LAB` names.
#![allow(clippy::print_stdout, reason = "the table is what one runs it for")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use support::{Dir, fixture};

/// `label.toml`, as `fixtures/lab/make.py` writes it.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    fault: String,
    #[allow(dead_code, reason = "for people")]
    what: String,
    codes: Vec<u16>,
    #[allow(dead_code, reason = "for people")]
    routes: Vec<String>,
    start: Option<String>,
    end: Option<String>,
    also: Vec<String>,
    rows: u64,
}

/// `label.json`, of labs whose labels say more.
#[derive(serde::Deserialize)]
struct WideLabel {
    fault: String,
    log_format_class: String,
    #[serde(default)]
    alternatives_that_look_the_same_here: Vec<String>,
}

/// A log, and what is known of it.
struct Case {
    name: String,
    log: PathBuf,
    fault: String,
    /// Causes that look the same in its format.
    also: Vec<String>,
}

/// The first finding that is not just a remark.
#[derive(Clone)]
struct Found {
    cause: String,
    confidence: f64,
}

#[derive(PartialEq)]
enum Verdict {
    Right,
    Missed,
    /// Another cause, and surer than a guess may be.
    Misled,
}

/// A guess among causes that look the same is no surer than this.
const GUESS: f64 = 0.7;

impl Case {
    fn read(folder: &Path) -> Self {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let log = folder.join("access.log");
        let text = |file| std::fs::read_to_string(folder.join(file));
        if let Ok(text) = text("label.toml") {
            let label: Label = toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            // Lines without times excuse a guess, others do not.
            let plain = name.ends_with("-combined") || name.ends_with("-vhost");
            return Self { name, log, fault: label.fault, also: if plain { label.also } else { Vec::new() } };
        }
        let label: WideLabel = serde_json::from_str(&text("label.json").unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        // Here an alternative is a remark that begins with a cause, and only lines without times excuse it.
        let plain = ["combined", "vhost_combined"].contains(&label.log_format_class.as_str());
        let first_word = |text: &String| text.split([' ', ',']).next().unwrap().to_owned();
        let also = label.alternatives_that_look_the_same_here.iter().filter(|_| plain).map(first_word).collect();
        Self { name, log, fault: label.fault, also }
    }

    fn judge(&self, found: Option<&Found>) -> Verdict {
        match found {
            None if self.fault == "none" => Verdict::Right,
            Some(found) if found.cause == self.fault => Verdict::Right,
            Some(found) if found.confidence > GUESS => Verdict::Misled,
            Some(found) if self.also.contains(&found.cause) => Verdict::Right,
            None | Some(_) => Verdict::Missed,
        }
    }
}

/// Findings of severity warning or above, the first one first.
fn findings(log: &Path) -> Vec<Found> {
    let json = Dir::new().run(&["-q", "-o", "json", log.to_str().unwrap()]).exits(0).json();
    let findings = json["findings"].as_array().unwrap_or_else(|| panic!("no findings in the report of {}", log.display()));
    let grave = findings.iter().filter(|f| ["warning", "error", "critical"].contains(&f["severity"].as_str().unwrap()));
    grave.map(|f| Found { cause: f["cause"].as_str().unwrap().to_owned(), confidence: f["confidence"].as_f64().unwrap() }).collect()
}

fn folders(lab: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(lab).unwrap_or_else(|e| panic!("{}: {e}", lab.display()));
    let mut folders: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.join("access.log").exists()).collect();
    folders.sort();
    folders
}

/// Label × found: how many logs, and between which confidences.
fn table(rows: &[(Case, Vec<Found>)]) -> String {
    let mut cells: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for (case, found) in rows {
        let (cause, confidence) = found.first().map_or(("-", f64::NAN), |f| (f.cause.as_str(), f.confidence));
        cells.entry((case.fault.as_str(), cause)).or_default().push(confidence);
    }
    let mut out = format!("  {:<34}{:<34}{:>5}  confidence\n", "label", "found", "logs");
    for ((label, found), confidences) in cells {
        let low = confidences.iter().copied().fold(f64::NAN, f64::min);
        let high = confidences.iter().copied().fold(f64::NAN, f64::max);
        let range = if low.is_nan() { String::new() } else { format!("{low:.2}-{high:.2}") };
        let mark = if label == found || (label, found) == ("none", "-") { "" } else { "  <-" };
        writeln!(out, "  {label:<34}{found:<34}{:>5}  {range}{mark}", confidences.len()).unwrap();
    }
    out
}

/// Judges a lab, prints the table, and fails where the bars are not met.
fn judge(lab: &Path) {
    let rows: Vec<(Case, Vec<Found>)> = folders(lab)
        .iter()
        .map(|folder| {
            let case = Case::read(folder);
            let found = findings(&case.log);
            (case, found)
        })
        .collect();
    assert!(!rows.is_empty(), "{} holds no log", lab.display());
    let (mut out, mut right, mut misled, mut alarms) = (table(&rows), 0, Vec::new(), Vec::new());
    for (case, found) in &rows {
        let verdict = case.judge(found.first());
        if verdict == Verdict::Right {
            right += 1;
            continue;
        }
        let all: Vec<String> = found.iter().map(|f| format!("{} {:.2}", f.cause, f.confidence)).collect();
        let all = if all.is_empty() { "nothing".to_owned() } else { all.join(", ") };
        writeln!(out, "  MISS {}: {}, but found {all}", case.name, case.fault).unwrap();
        if case.fault == "none" {
            alarms.push(case.name.as_str());
        }
        if verdict == Verdict::Misled {
            misled.push(case.name.as_str());
        }
    }
    let share = f64::from(right) / rows.len() as f64;
    let guessed = rows.iter().filter(|(case, found)| found.first().is_some_and(|f| f.cause != case.fault && case.also.contains(&f.cause)));
    let (name, guessed) = (lab.display(), guessed.count());
    println!(
        "\n{name}: {right} of {} named right ({:.1} %), {guessed} of these as a cause that looks the same\n{out}",
        rows.len(),
        share * 100.0
    );
    assert!(alarms.is_empty(), "healthy, but with a finding: {alarms:?}");
    assert!(misled.is_empty(), "another cause with a confidence above {GUESS}: {misled:?}");
    assert!(share >= 0.95, "only {:.1} % are named right", share * 100.0);
}

#[test]
fn faults_of_our_lab_are_named() {
    judge(&fixture("lab"));
}

#[test]
fn faults_of_the_second_lab_are_named() {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/lab");
    if lab.is_dir() { judge(&lab) } else { println!("SKIPPED: there is no {}", lab.display()) }
}

#[test]
fn faults_of_the_lab_at_hand_are_named() {
    match std::env::var_os("LOGCODES_LAB") {
        Some(lab) => judge(Path::new(&lab)),
        None => println!("SKIPPED: LOGCODES_LAB names no folder"),
    }
}

/// A label that says nothing, or of which the README says nothing, helps nobody.
#[test]
fn labels_are_whole_and_listed() {
    let lab = fixture("lab");
    let readme = std::fs::read_to_string(lab.join("README.md")).unwrap();
    let (mut faults, mut healthy) = (0, 0);
    for folder in folders(&lab) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let label: Label = toml::from_str(&std::fs::read_to_string(folder.join("label.toml")).unwrap()).unwrap();
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in the README");
        assert!(folder.join("server.conf").exists(), "{name} has no server.conf");
        if label.fault == "none" {
            healthy += 1;
            continue;
        }
        faults += 1;
        assert!(!label.codes.is_empty() && label.rows >= 12, "{name}");
        assert!(label.start.is_some() && label.start < label.end, "{name}");
        assert!(!label.also.contains(&label.fault), "{name}");
    }
    assert!(faults >= 24 && healthy >= 4, "{faults} faults, {healthy} healthy logs");
}
