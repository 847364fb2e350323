//! A TOML text -> [`Config`]: its tables by the table of keys, then the profile that is asked for. The other profiles are
//! checked all the same.

use super::error::{ConfigError, Mistakes};
use super::keys::{Draft, Given, Key, RULE, TABLES};
use super::{Config, Source, Text};
use crate::gate::Rule;
use crate::rule::nearest;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What stands at the top of a file, in a profile too save for the last.
const TOP: [&str; 4] = ["check", "read", "rule", "profile"];

/// A value of a table with its key.
type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

struct Walk<'w> {
    source: &'w Source<'w>,
    mistakes: Mistakes,
}

/// Reads a file, and over it the profile that is asked for.
pub(super) fn file(source: &Source<'_>, profile: Option<(&str, &str)>, config: &mut Config, errors: &mut Vec<ConfigError>) {
    let (table, wrong) = DeTable::parse_recoverable(source.text());
    let mut walk = Walk { source, mistakes: Mistakes::default() };
    walk.top(table.get_ref(), config);
    let missing = walk.profiles(table.get_ref(), profile, config);
    // Behind the first place that is no TOML nothing stands where it seems to.
    let first = wrong.iter().filter_map(toml::de::Error::span).map(|span| span.start).min();
    if let Some(first) = first {
        walk.mistakes.before(first);
    }
    for error in &wrong {
        let at = error.span().map_or(0, |span| span.start);
        walk.wrong(format!("this is no TOML: {}", error.message()), &(at..at));
    }
    // It may stand behind what is no TOML.
    errors.extend(missing.filter(|_| wrong.is_empty()));
    errors.extend(walk.mistakes.sorted().told(source.name()));
}

impl<'w> Walk<'w> {
    fn wrong(&mut self, what: impl Into<String>, at: &Range<usize>) {
        self.mistakes.add(at.start, || self.source.error(what, at.start));
    }

    /// The tables of the file, or of a profile.
    fn top(&mut self, table: &DeTable<'_>, config: &mut Config) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match (TABLES.iter().find(|(table, _)| *table == name), name) {
                (Some((table, keys)), _) => match value.get_ref().as_table() {
                    Some(inner) => self.entries(table, keys, inner, config),
                    None => self.wrong(format!("{name} is a table: write [{name}] on a line of its own, and its keys below"), &key.span()),
                },
                (None, "rule") => self.rules((key, value), config),
                (None, "profile") => {}
                (None, _) => self.unknown_table(name, &key.span()),
            }
        }
    }

    fn unknown_table(&mut self, name: &str, at: &Range<usize>) {
        let home = TABLES.iter().find(|(_, keys)| keys.iter().any(|key| key.name == name));
        let what = if let Some((table, _)) = home {
            format!("'{name}' stands below [{table}]")
        } else {
            let near = nearest(name, TOP.into_iter());
            format!("there is no table '{name}'{}", if near.is_empty() { format!("; there are {}", TOP.join(", ")) } else { near })
        };
        self.wrong(what, at);
    }

    /// The keys of a table.
    fn entries<T>(&mut self, table: &str, keys: &[Key<T>], inner: &DeTable<'_>, target: &mut T) {
        for (key, value) in inner {
            let name = key.get_ref().as_ref();
            let Some(known) = keys.iter().find(|key| key.name == name) else {
                let names = || keys.iter().map(|key| key.name);
                let all: Vec<&str> = names().collect();
                let near = nearest(name, names());
                let known = if near.is_empty() { format!("; there are {}", all.join(", ")) } else { near };
                self.wrong(format!("[{table}] has no key '{name}'{known}"), &key.span());
                continue;
            };
            known.put(target, self.given(value), (self.source, value.span().start), &mut self.mistakes);
        }
    }

    fn given(&self, value: &Spanned<DeValue<'_>>) -> Given<'w> {
        match value.get_ref() {
            DeValue::String(text) => Given::Text(self.text(text, value.span())),
            DeValue::Boolean(flag) => Given::Flag(*flag),
            DeValue::Array(values) => {
                let texts = values.iter().map(|one| one.get_ref().as_str().map(|text| self.text(text, one.span())));
                texts.collect::<Option<_>>().map_or(Given::Other("a list that holds other things"), Given::List)
            }
            DeValue::Integer(_) | DeValue::Float(_) => Given::Other("a number"),
            DeValue::Datetime(_) => Given::Other("a date without quotes"),
            DeValue::Table(_) => Given::Other("a table"),
        }
    }

    fn text(&self, text: &str, span: Range<usize>) -> Text<'w> {
        Text { text: text.to_owned(), source: self.source, span }
    }

    /// `[[rule]]`: one of a name that there is already, as in a profile, takes its place.
    fn rules(&mut self, (key, value): Entry<'_, '_>, config: &mut Config) {
        let tables: Option<Vec<(&DeTable<'_>, Range<usize>)>> = value
            .get_ref()
            .as_array()
            .and_then(|array| array.iter().map(|one| one.get_ref().as_table().map(|table| (table, one.span()))).collect());
        let Some(tables) = tables else {
            return self.wrong("rule is a list of tables: write [[rule]] on a line of its own, and its keys below", &key.span());
        };
        let mut names: Vec<String> = Vec::new();
        for (table, span) in tables {
            let before = self.mistakes.count();
            let mut draft = Draft::default();
            self.entries("rule", RULE, table, &mut draft);
            for (needed, example) in RULE.iter().filter(|key| ["name", "when"].contains(&key.name)).map(|key| (key.name, key.example)) {
                if !table.contains_key(needed) {
                    self.wrong(format!("this rule has no {needed}: write {needed} = {example}"), &span);
                }
            }
            let (Some(name), Some(mut when)) = (draft.name, draft.when) else { continue };
            if names.contains(&name) {
                let at = table.get("name").map_or(span, Spanned::span);
                self.wrong(format!("another rule is called '{name}' already"), &at);
            }
            if self.mistakes.count() > before {
                continue;
            }
            when.severity = draft.severity.unwrap_or(when.severity);
            names.push(name.clone());
            let rule = Rule { name: Some(name), limit: when, fix: draft.fix };
            match config.rules.iter_mut().find(|other| other.name == rule.name) {
                Some(other) => *other = rule,
                None => config.rules.push(rule),
            }
        }
    }

    /// Reads the profile that is asked for over what is set, and the others for their mistakes. What to say if there is none.
    fn profiles(&mut self, table: &DeTable<'_>, wanted: Option<(&str, &str)>, config: &mut Config) -> Option<ConfigError> {
        let mut names = Vec::new();
        if let Some((key, value)) = table.get_key_value("profile") {
            let Some(profiles) = value.get_ref().as_table() else {
                self.wrong("profile is a table: write [profile.NAME.check] on a line of its own, and its keys below", &key.span());
                return None;
            };
            for (key, value) in profiles {
                let name = key.get_ref().as_ref();
                let Some(inner) = value.get_ref().as_table() else {
                    self.wrong(format!("the profile {name} is a table: write [profile.{name}.check]"), &key.span());
                    continue;
                };
                if let Some(key) = inner.keys().find(|key| key.get_ref() == "profile") {
                    self.wrong("a profile holds no profiles", &key.span());
                }
                names.push(name);
                let mut aside = Config::default();
                let is_wanted = wanted.is_some_and(|(wanted, _)| wanted == name);
                self.top(inner, if is_wanted { config } else { &mut aside });
            }
        }
        let (wanted, from) = wanted.filter(|(wanted, _)| !names.contains(wanted))?;
        let there = if names.is_empty() { "none".into() } else { names.join(", ") };
        let near = nearest(wanted, names.iter().copied());
        Some(ConfigError::plain(format!("{from}: {} has no profile '{wanted}'{near}; there is {there}", self.source.name())))
    }
}
