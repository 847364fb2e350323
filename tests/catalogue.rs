//! What must be true of the catalogue beyond what the build checks.

use logcodes::catalogue::{self, entries};
use std::collections::BTreeSet;

/// The build's own check of the data files.
#[path = "../src/catalogue/schema.rs"]
mod schema;

/// The codes of the reference document that the project began with: the IANA registry of its day.
const SEED: [i16; 62] = [
    100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404,
    405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502,
    503, 504, 505, 506, 507, 508, 510, 511,
];

#[test]
fn every_seed_code_has_an_entry_with_an_example() {
    for code in SEED {
        let found = catalogue::lookup(code);
        assert!(found.first().is_some_and(|e| e.primary && e.example.is_some()), "{code}");
    }
}

#[test]
fn vendor_and_artefact_codes_are_there() {
    for key in [
        "499-nginx",
        "499-arcgis",
        "444-nginx",
        "460-aws-alb",
        "520-cloudflare",
        "529-overload",
        "530-cloudflare",
        "530-pantheon",
        "000-log",
        "009-nginx",
        "m1-haproxy",
    ] {
        assert!(catalogue::by_key(key).is_some(), "{key}");
    }
    assert_eq!(entries().len(), 107);
}

#[test]
fn examples_show_the_code_and_are_framed_right() {
    for entry in entries().iter().filter(|e| e.code_to.is_none()) {
        let Some(example) = &entry.example else { continue };
        let statuses: Vec<&str> = example.response.lines().filter(|l| l.starts_with("HTTP/")).collect();
        // 208 stands inside the body of a 207 (RFC 5842 §7.1).
        let shown = if entry.code == 208 { 207 } else { entry.code };
        assert!(statuses.iter().any(|s| s.split(' ').nth(1) == Some(&format!("{shown:03}"))), "{}: {statuses:?}", entry.key);
        assert!(example.request.lines().any(|l| l.to_ascii_lowercase().starts_with("host:")), "{}: no Host", entry.key);
        for message in [example.request, example.response] {
            let Some((head, body)) = message.split_once("\n\n") else { continue };
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).and_then(|n| n.trim().parse::<usize>().ok());
            let interim = body.starts_with("HTTP/");
            if let Some(length) = length.filter(|_| !interim && !head.contains("100-continue")) {
                assert_eq!(body.len(), length, "{}: {body:?}", entry.key);
            }
        }
    }
}

#[test]
fn sentences_are_sentences() {
    for entry in entries() {
        for text in [entry.meaning, entry.when, entry.logged]
            .into_iter()
            .chain(entry.causes.iter().map(|c| c.text))
            .chain(entry.fixes.iter().map(|f| f.step))
        {
            assert!(text.ends_with(['.', ')', ':', '}']), "{}: {text:?}", entry.key);
            assert!(!text.contains("  ") && !text.contains('\n'), "{}: {text:?}", entry.key);
        }
    }
}

#[test]
fn directives_are_in_code_and_not_empty() {
    for entry in entries() {
        for fix in entry.fixes {
            assert_eq!(
                fix.config.is_some() && matches!(fix.server, "nginx" | "apache"),
                fix.context.is_some(),
                "{}: {}",
                entry.key,
                fix.step
            );
            assert!(fix.config.is_none_or(|c| !c.trim().is_empty()), "{}", entry.key);
        }
    }
}

#[test]
fn a_cause_has_one_word() {
    let words: BTreeSet<&str> = entries().iter().flat_map(|e| e.causes).map(|c| c.id).collect();
    for word in ["upstream-refused", "upstream-read-timeout", "client-timeout", "scanner-probing", "limit-req", "body-too-large"] {
        assert!(words.contains(word), "{word} is the cause of no code");
    }
}

/// All data files, as the build reads them.
fn files() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalogue/codes");
    let toml = |path: &std::path::PathBuf| path.extension().is_some_and(|x| x == "toml");
    let paths = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(toml);
    paths.map(|p| (p.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(p).unwrap())).collect()
}

#[test]
fn the_build_refuses_what_is_not_right() {
    let change = |key: &str, from: &str, to: &str| {
        let mut files = files();
        let file = files.iter_mut().find(|(k, _)| k == key).unwrap();
        assert!(file.1.contains(from), "{key} has no {from:?}");
        file.1 = file.1.replacen(from, to, 1);
        schema::generate(&files).unwrap_err()
    };
    assert!(schema::generate(&files()).is_ok());
    assert!(change("502", "severity =", "severty =").contains("unknown field `severty`"));
    assert!(change("502", "severity = \"error\"", "severity = \"eror\"").contains("is none of info, notice"));
    assert!(change("502", "short =", "shorter =").contains("catalogue/codes/502.toml"));
    assert!(change("502", "related = [\"504\"", "related = [\"5004\"").contains("points nowhere"));
    assert!(change("499-arcgis", "primary = false", "primary = true").contains("exactly one primary"));
    assert!(change("502", "code = 502", "code = 503").contains("name should begin with 503"));
    let without: Vec<_> = files().into_iter().filter(|(key, _)| key != "418").collect();
    assert!(schema::generate(&without).unwrap_err().contains("418"));
}
