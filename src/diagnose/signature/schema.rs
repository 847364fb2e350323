//! The shape of the signatures' data file. Part of the build, not of the program.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt::Write;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    probe: Vec<String>,
    archive_names: Vec<String>,
    archive_endings: Vec<String>,
    probe_unless_static: Vec<String>,
    called_by_pages: Vec<String>,
    probe_query: Vec<String>,
    attack: Vec<String>,
    attack_raw: Vec<String>,
    wellknown: Vec<String>,
    secret: Vec<String>,
    login: Vec<String>,
    prose: Vec<String>,
    static_extensions: Vec<String>,
    built_extensions: Vec<String>,
    built_directories: Vec<String>,
    agents: Agents,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Agents {
    scanner: Vec<String>,
    health_check: Vec<String>,
    crawler: Vec<String>,
    #[serde(rename = "no_crawler")]
    no_crawler: Vec<String>,
    tool: Vec<String>,
    app: Vec<String>,
    engine: Vec<String>,
    browser: Vec<(String, String)>,
}

/// Rust for the lists of a data file.
pub(crate) fn generate(text: &str) -> Result<String, String> {
    let at = |what: String| format!("diagnose/signature/signatures.toml: {what}");
    let file: File = toml::from_str(text).map_err(|e| at(e.to_string()))?;
    let agents = &file.agents;
    let mut rust = String::new();
    for (name, list) in [
        ("PROBE", &file.probe),
        ("ARCHIVE_NAMES", &file.archive_names),
        ("ARCHIVE_ENDINGS", &file.archive_endings),
        ("PROBE_UNLESS_STATIC", &file.probe_unless_static),
        ("CALLED_BY_PAGES", &file.called_by_pages),
        ("PROBE_QUERY", &file.probe_query),
        ("ATTACK", &file.attack),
        ("ATTACK_RAW", &file.attack_raw),
        ("WELLKNOWN", &file.wellknown),
        ("SECRET", &file.secret),
        ("LOGIN", &file.login),
        ("PROSE", &file.prose),
        ("STATIC_EXTENSIONS", &file.static_extensions),
        ("BUILT_EXTENSIONS", &file.built_extensions),
        ("BUILT_DIRECTORIES", &file.built_directories),
        ("SCANNERS", &agents.scanner),
        ("HEALTH_CHECKS", &agents.health_check),
        ("CRAWLERS", &agents.crawler),
        ("NO_CRAWLERS", &agents.no_crawler),
        ("TOOLS", &agents.tool),
        ("APPS", &agents.app),
        ("ENGINES", &agents.engine),
    ] {
        check(list).map_err(|e| at(format!("{}: {e}", name.to_ascii_lowercase())))?;
        writeln!(rust, "pub(super) static {name}: &[&str] = &{list:?};").map_err(|e| e.to_string())?;
    }
    check(&agents.browser.iter().map(|(token, _)| token.clone()).collect::<Vec<_>>()).map_err(|e| at(format!("browser: {e}")))?;
    writeln!(rust, "pub(super) static BROWSERS: &[(&str, &str)] = &{:?};", agents.browser).map_err(|e| e.to_string())?;
    Ok(rust)
}

fn check(list: &[String]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for word in list {
        if word.trim_matches(['*', '^', '$', '/']).is_empty() {
            return Err(format!("{word:?} says nothing"));
        }
        if word.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(format!("{word:?} should be in lower case"));
        }
        if !seen.insert(word) {
            return Err(format!("{word:?} stands there twice"));
        }
    }
    Ok(())
}
