//! For tickets and merge requests: GitHub-flavoured Markdown.

use super::words::{self, Clock};
use crate::gate::{Explanation, Replay, Replayed};
use crate::output::markdown::{cell, quoted};
use crate::output::{View, human};
use std::io::{self, Write};

/// Firings of a rule that are shown.
const FIRINGS: usize = 20;

pub(super) fn replay(replay: &Replay, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let clock = Clock::of(replay, view);
    writeln!(out, "## Rules replayed\n\n{}, {}\n", cell(&words::judged(replay)), clock.span(replay))?;
    writeln!(out, "| rule | verdict | fired | outside of incidents | a day | delay |\n|---|---|---:|---:|---:|---:|")?;
    for rule in &replay.rules {
        let history = rule.history.as_ref();
        let numbers = history.map_or_else(
            || "- | - | - | -".to_owned(),
            |h| format!("{} | {} | {} | {}", h.firings.len(), h.without_incident, words::a_day(h), words::delay(h.median_delay_seconds)),
        );
        writeln!(out, "| {} | {} | {numbers} |", quoted(&words::clip(&rule.rule)), rule.verdict.word())?;
    }
    replay.rules.iter().try_for_each(|rule| of(rule, &clock, out))?;
    replay.warnings.iter().try_for_each(|warning| writeln!(out, "\nWarning: {}", cell(&words::clip(warning))))
}

fn of(rule: &Replayed, clock: &Clock, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n### {}\n\n{}", quoted(&words::clip(&rule.rule)), cell(&words::clip(&rule.reason)))?;
    if let Some(history) = &rule.history {
        writeln!(out, "\n{}", words::summary(history))?;
        if !history.firings.is_empty() {
            writeln!(out, "\n| group | onset | fired | cleared | lasted | peak | delay |\n|---|---|---|---|---:|---:|---:|")?;
        }
        for firing in history.firings.iter().take(FIRINGS) {
            let (onset, _, fired, cleared) = firing.at;
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} |",
                quoted(&words::group_of(firing)),
                clock.moment(onset),
                clock.moment(fired),
                cleared.map_or_else(|| "not yet".to_owned(), |at| clock.moment(at)),
                human::length(firing.seconds),
                rule.unit.text(firing.peak),
                if firing.again { "again".to_owned() } else { human::length(firing.delay_seconds) }
            )?;
        }
        if history.firings.len() > FIRINGS {
            writeln!(out, "\n{} more.", history.firings.len() - FIRINGS)?;
        }
    }
    let more = [words::tenths(&rule.tenths, clock), words::timeless(rule).unwrap_or_default().to_owned()];
    more.iter().filter(|text| !text.is_empty()).try_for_each(|text| writeln!(out, "\n{text}"))?;
    writeln!(out, "\nTo try: {}", cell(&words::clip(&rule.suggestion.text)))?;
    rule.suggestion.rule.iter().try_for_each(|rule| writeln!(out, "\n{}", quoted(rule)))?;
    if !rule.suggestion.lasting.is_empty() {
        writeln!(out, "\n| with another `for` | fired | outside of incidents | delay |\n|---|---:|---:|---:|")?;
    }
    rule.suggestion
        .lasting
        .iter()
        .map(words::trial)
        .try_for_each(|[rule, fired, without, delay]| writeln!(out, "| {} | {fired} | {without} | {delay} |", quoted(&rule)))
}

pub(super) fn explanation(explanation: &Explanation, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let clock = Clock::at(explanation.seconds.0, view);
    writeln!(out, "## {}\n\n{}\n", quoted(&words::clip(&explanation.rule)), words::head(explanation, &clock))?;
    writeln!(out, "{}\n", cell(&words::because(explanation)))?;
    if explanation.groups.is_empty() {
        return Ok(());
    }
    writeln!(out, "| state | group | hits | of | value | limit | interval | why |\n|---|---|---:|---:|---:|---:|---|---|")?;
    let unit = explanation.unit;
    let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| unit.text(value));
    for standing in &explanation.groups {
        let since = words::since(standing, &clock);
        let why: Vec<&str> = [since.as_str(), standing.why.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            standing.state,
            quoted(&words::place(&standing.part)),
            standing.part.numerator,
            standing.part.denominator,
            value(standing.part.value),
            value(standing.part.threshold),
            words::interval(standing, unit),
            why.join("; ")
        )?;
    }
    Ok(())
}
