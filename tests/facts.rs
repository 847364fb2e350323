//! No fact is forgotten: every rule of the collected facts is a rule of the catalogue, or `UNDECIDED.md` says why it is none.
//! The facts are not part of the project; where they do not lie beside it, there is nothing to hold against.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const CAUSES: &str = "src/catalogue/causes";

/// The collected facts, beside the project or beside the tree that it is a copy of.
fn facts() -> Option<serde_json::Value> {
    let places = ["../shared", "../../shared"];
    let path = places.iter().map(|p| PathBuf::from(p).join("research/catalogue-facts.json")).find(|p| p.exists())?;
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

/// The rules of the catalogue, each with the file that it stands in.
fn rules() -> BTreeMap<String, String> {
    let mut rules = BTreeMap::new();
    for entry in fs::read_dir(CAUSES).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|x| x != "toml") {
            continue;
        }
        let file: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for rule in file["rule"].as_array().unwrap() {
            let id = rule["id"].as_str().unwrap().to_owned();
            let twice = rules.insert(id.clone(), path.display().to_string());
            assert_eq!(twice, None, "{id} stands in two files");
        }
    }
    rules
}

/// What is no rule, with the reason: the lines `id: reason` of the list, whose ids are words in lower case.
fn undecided() -> BTreeMap<String, String> {
    let text = fs::read_to_string(Path::new(CAUSES).join("UNDECIDED.md")).unwrap();
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let lines = text.lines().filter_map(|line| line.split_once(": ")).filter(|(id, _)| is_id(id));
    lines
        .map(|(id, reason)| {
            assert!(reason.len() > 20, "{id}: this is no reason: {reason}");
            (id.to_owned(), reason.to_owned())
        })
        .collect()
}

#[test]
fn what_is_undecided_is_no_rule() {
    let rules = rules();
    for id in undecided().keys() {
        assert!(!rules.contains_key(id), "{id} is listed as undecided and is a rule in {}", rules[id]);
    }
}

#[test]
fn every_fact_is_a_rule_or_has_a_reason_not_to_be() {
    let Some(facts) = facts() else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: the collected facts do not lie beside the project");
        return;
    };
    let (rules, undecided) = (rules(), undecided());
    let ids: BTreeSet<&str> = facts["rules"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert!(ids.len() > 100, "only {} facts", ids.len());
    let lost: Vec<&&str> = ids.iter().filter(|id| !rules.contains_key(**id) && !undecided.contains_key(**id)).collect();
    assert!(lost.is_empty(), "{} facts are neither rules nor listed in UNDECIDED.md: {lost:?}", lost.len());
    let stray: Vec<&String> = undecided.keys().filter(|id| !ids.contains(id.as_str())).collect();
    assert!(stray.is_empty(), "UNDECIDED.md lists what is no fact: {stray:?}");
}
