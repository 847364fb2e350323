//! The comparison as one page for a browser, whole in itself: no script, nothing from the network. The template escapes what it
//! is given; what would steer a terminal or turn text round is written out before.

use super::words;
use crate::catalogue;
use crate::compare::{Comparison, Outcome, Pair, RouteRow};
use crate::gate::{Outcome as Ruled, Ruling};
use crate::output::human::{count, percent, seconds};
use crate::output::sanitize::clean;
use crate::output::{View, gate};
use askama::Template;
use std::io::{self, Write};

/// Changes shown.
const CHANGES: usize = 200;
/// Routes shown when nobody said how many.
const ROUTES: usize = 500;

#[derive(Template)]
#[template(path = "compare.html")]
struct Page {
    conclusion: String,
    summary: Vec<String>,
    before: String,
    after: String,
    at: Option<String>,
    mix: Option<String>,
    rules: Vec<RuleRow>,
    changes: Vec<ChangeRow>,
    more_changes: Option<String>,
    codes: Vec<CodeRow>,
    routes: Vec<Row>,
    more_routes: Option<String>,
    warnings: Vec<String>,
}

struct RuleRow {
    class: &'static str,
    word: &'static str,
    rule: String,
    reason: String,
}

struct ChangeRow {
    class: &'static str,
    word: &'static str,
    mark: char,
    place: String,
    sentence: String,
    advice: Option<String>,
}

struct CodeRow {
    code: String,
    name: &'static str,
    count: Pair<String>,
    share: Pair<String>,
}

struct Row {
    class: &'static str,
    name: String,
    requests: Pair<String>,
    errors: Pair<String>,
    refused: Pair<String>,
    p95: Pair<String>,
    state: String,
}

pub(super) fn write(comparison: &Comparison, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let shown = view.limit.unwrap_or(ROUTES).min(comparison.routes.len());
    let (changes, total) = (comparison.changes.len(), comparison.routes_total);
    let page = Page {
        conclusion: words::conclusion(comparison),
        summary: words::summary(comparison),
        before: safe(&words::side(&comparison.before, view)),
        after: safe(&words::side(&comparison.after, view)),
        at: words::at(comparison, view),
        mix: comparison.overall.mix.as_deref().map(safe),
        rules: rule_rows(comparison),
        changes: change_rows(comparison),
        more_changes: (changes > CHANGES).then(|| format!("{} more changes", count((changes - CHANGES) as u64))),
        codes: code_rows(comparison),
        routes: comparison.routes[..shown].iter().map(row).collect(),
        more_routes: (total > shown).then(|| format!("{} routes in all, {} shown.", count(total as u64), count(shown as u64))),
        warnings: comparison.warnings.iter().map(|warning| safe(warning)).collect(),
    };
    out.write_all(page.render().map_err(io::Error::other)?.as_bytes())
}

fn safe(text: &str) -> String {
    clean(text).into_owned()
}

const fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Worse => "worse",
        Outcome::Better => "better",
        Outcome::Changed => "changed",
        Outcome::Unchanged | Outcome::TooFew => "same",
    }
}

fn rule_rows(comparison: &Comparison) -> Vec<RuleRow> {
    let class = |outcome| match outcome {
        Ruled::Pass => "better",
        Ruled::Fail => "worse",
        Ruled::Inconclusive => "changed",
    };
    let row = |ruling: &Ruling| RuleRow {
        class: class(ruling.verdict),
        word: gate::word(ruling),
        rule: safe(&gate::rule_text(ruling)),
        reason: safe(&ruling.reason),
    };
    comparison.verdict.iter().flat_map(|verdict| &verdict.rules).map(row).collect()
}

fn change_rows(comparison: &Comparison) -> Vec<ChangeRow> {
    let mut explained = Vec::new();
    let row = |change: &crate::compare::Change| {
        // The same advice is given once.
        let advice = words::advice(change).filter(|_| !explained.contains(&change.code));
        explained.extend(advice.is_some().then_some(change.code));
        ChangeRow {
            class: class(change.outcome),
            word: words::word(change.outcome),
            mark: words::mark(change.outcome),
            place: safe(&words::place(change)),
            sentence: safe(&change.sentence),
            advice,
        }
    };
    comparison.changes.iter().take(CHANGES).map(row).collect()
}

fn code_rows(comparison: &Comparison) -> Vec<CodeRow> {
    let share =
        |pair: &Pair<u64>| Pair::new(percent(pair.before, comparison.before.requests), percent(pair.after, comparison.after.requests));
    let row = |(code, pair): (&u16, &Pair<u64>)| CodeRow {
        code: format!("{code:03}"),
        name: catalogue::name(*code),
        count: pair.map(|n| count(*n)),
        share: share(pair),
    };
    comparison.overall.codes.iter().map(row).collect()
}

fn row(row: &RouteRow) -> Row {
    let text = |value: Option<f64>| value.map_or("-".to_owned(), seconds);
    let p95 = row
        .latency
        .as_ref()
        .map_or_else(|| Pair::new("-".into(), "-".into()), |latency| Pair::new(text(latency.p95.before), text(latency.p95.after)));
    Row {
        class: class(row.outcome),
        name: safe(&words::name(row)),
        requests: row.requests.map(|n| count(*n)),
        errors: words::shares(row, "5xx"),
        refused: words::shares(row, "4xx"),
        p95,
        state: words::state(row),
    }
}
