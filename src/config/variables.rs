//! `LOGCODES_CHECK_ON_INCONCLUSIVE=pass`: one rule makes the name of the variable from a table and its key.

use super::error::{ConfigError, Mistakes};
use super::keys::{Given, Slot, TABLES};
use super::{Config, FILE_VARIABLE, PREFIX, PROFILE_VARIABLE, Source, Text};
use crate::rule::nearest;

/// What separates the parts of a list: commas stand within them.
const BETWEEN: char = ';';

/// The variable of a key.
pub(super) fn variable(table: &str, key: &str) -> String {
    format!("{PREFIX}{table}_{key}").to_ascii_uppercase()
}

/// Puts the variables over what is set already. An empty one sets nothing, as if it were not there.
pub(super) fn read(variables: &[(String, String)], config: &mut Config, errors: &mut Vec<ConfigError>) {
    let mut ours: Vec<_> = variables.iter().filter(|(name, value)| name.starts_with(PREFIX) && !value.trim().is_empty()).collect();
    // The system gives them in any order.
    ours.sort();
    let mut mistakes = Mistakes::default();
    for (name, value) in ours {
        if name == FILE_VARIABLE || name == PROFILE_VARIABLE {
            continue;
        }
        let found = TABLES.iter().find_map(|(table, keys)| keys.iter().find(|key| variable(table, key.name) == *name));
        let Some(key) = found else {
            config.warnings.push(format!("{name} is no variable of logcodes and is passed over{}", meant(name)));
            continue;
        };
        let source = Source::variable(name, value);
        match given(&source, value, &(key.slot)(&mut Config::default())) {
            Some(given) => key.put(config, given, (&source, 0), &mut mistakes),
            None => mistakes.add(0, || source.error("write true or false", 0)),
        }
    }
    errors.extend(mistakes.told("the environment"));
}

fn given<'s>(source: &'s Source<'s>, value: &str, slot: &Slot<'_>) -> Option<Given<'s>> {
    Some(match (slot, value.trim()) {
        (Slot::Flag(_), "true") => Given::Flag(true),
        (Slot::Flag(_), "false") => Given::Flag(false),
        (Slot::Flag(_), _) => return None,
        (slot, _) if slot.is_list() => Given::List(parts(source, value)),
        _ => Given::Text(text(source, value, 0)),
    })
}

fn parts<'s>(source: &'s Source<'s>, value: &str) -> Vec<Text<'s>> {
    let mut at = 0;
    let mut found = Vec::new();
    for part in value.split(BETWEEN) {
        if !part.trim().is_empty() {
            found.push(text(source, part, at));
        }
        at += part.len() + BETWEEN.len_utf8();
    }
    found
}

fn text<'s>(source: &'s Source<'s>, part: &str, at: usize) -> Text<'s> {
    let start = at + part.len() - part.trim_start().len();
    Text { text: part.trim().to_owned(), source, span: start..at + part.len() }
}

fn meant(name: &str) -> String {
    // Nearness is told in small letters; without the prefix, as that alone makes all names alike.
    let bare = |table: &str, key: &str| format!("{table}_{key}");
    let all: Vec<String> = TABLES.iter().flat_map(|(table, keys)| keys.iter().map(|key| bare(table, key.name))).collect();
    let near = nearest(&name[PREFIX.len()..], all.iter().map(String::as_str));
    all.iter()
        .find(|known| near.contains(&format!("'{known}'")))
        .map_or_else(String::new, |known| format!(", did you mean {PREFIX}{}?", known.to_ascii_uppercase()))
}
