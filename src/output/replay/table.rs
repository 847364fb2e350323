//! For a terminal: a line a rule, then each rule with its firings and what to try.

use super::words::{self, Clock};
use crate::gate::{Explanation, Firing, Onset, Replay, Replayed};
use crate::output::page::{self, Page};
use crate::output::sanitize::clean;
use crate::output::table::layout::Column;
use crate::output::{View, gate, human};
use std::io::{self, Write};

/// Firings of a rule that are shown.
const FIRINGS: usize = 12;

pub(super) fn replay(replay: &Replay, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut told = Told { page: Page { view, out }, clock: Clock::of(replay, view) };
    told.overview(replay)?;
    for rule in &replay.rules {
        told.page.put("")?;
        told.rule(rule)?;
    }
    let Told { mut page, clock } = told;
    page.put("")?;
    replay.warnings.iter().try_for_each(|warning| page.wrapped(&format!("warning: {}", words::clip(warning)), "", "  "))?;
    if replay.default_rules {
        page.wrapped("No rule was given: these are the default rules. --rule RULE states others.", "", "")?;
    }
    let baseline = replay.baseline.as_ref().map_or(String::new(), |b| format!(", against the baseline {}", words::clip(b)));
    let span = clock.span(replay);
    page.wrapped(&format!("Replayed {}, {span}{baseline}.", words::judged(replay)), "", "  ")
}

pub(super) fn explanation(explanation: &Explanation, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let (mut page, clock) = (Page { view, out }, Clock::at(explanation.seconds.0, view));
    page.wrapped(&words::clip(&explanation.rule), "", "  ")?;
    page.wrapped(&words::head(explanation, &clock), "  ", "    ")?;
    page.wrapped(&words::because(explanation), "  ", "    ")?;
    if explanation.groups.is_empty() {
        return Ok(());
    }
    page.put("")?;
    let unit = explanation.unit;
    let column = |of: &dyn Fn(&crate::gate::Standing) -> String| explanation.groups.iter().map(of).collect::<Vec<_>>();
    let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| unit.text(value));
    let columns = vec![
        Column::text("STATE", column(&|s| s.state.to_owned()), 5, 9),
        Column::text("GROUP", column(&|s| words::place(&s.part)), 12, 1).cut_in_the_middle(),
        Column::number("HITS", column(&|s| human::count(s.part.numerator))),
        Column::number("OF", column(&|s| human::count(s.part.denominator))),
        Column::number("VALUE", column(&|s| value(s.part.value))),
        Column::number("LIMIT", column(&|s| value(s.part.threshold))),
        Column::text("INTERVAL", column(&|s| words::interval(s, unit)), 8, 2),
    ];
    page.rows(columns, "  ")?;
    for standing in &explanation.groups {
        let since = words::since(standing, &clock);
        let why: Vec<&str> = [since.as_str(), standing.why.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
        if !why.is_empty() {
            page.wrapped(&format!("{}: {}", words::place(&standing.part), why.join("; ")), "  ", "    ")?;
        }
    }
    Ok(())
}

struct Told<'p> {
    page: Page<'p>,
    clock: Clock,
}

impl Told<'_> {
    /// A line a rule.
    fn overview(&mut self, replay: &Replay) -> io::Result<()> {
        let column = |of: &dyn Fn(&Replayed) -> String| replay.rules.iter().map(of).collect::<Vec<_>>();
        let history =
            |of: &dyn Fn(&crate::gate::History) -> String| column(&|rule| rule.history.as_ref().map_or_else(|| "-".to_owned(), of));
        let columns = vec![
            Column::text("", column(&|rule| gate::overall(rule.verdict).to_owned()), 4, 9),
            Column::text("RULE", column(&name), 16, 1).cut_in_the_middle(),
            Column::number("FIRED", history(&|h| human::count(h.firings.len() as u64))),
            Column::number(
                "NO INCIDENT",
                history(&|h| if h.incidents_known { human::count(h.without_incident as u64) } else { "?".into() }),
            ),
            Column::number("A DAY", history(&words::a_day)),
            Column::number("DELAY", history(&|h| words::delay(h.median_delay_seconds))),
        ];
        self.page.rows(columns, "")
    }

    fn rule(&mut self, rule: &Replayed) -> io::Result<()> {
        self.painted(rule)?;
        self.page.wrapped(&words::clip(&rule.reason), "  ", "    ")?;
        if let Some(history) = &rule.history {
            self.page.wrapped(&words::summary(history), "  ", "    ")?;
            self.firings(&history.firings, rule)?;
        }
        self.page.wrapped(&words::tenths(&rule.tenths, &self.clock), "  ", "    ")?;
        self.page.wrapped(words::timeless(rule).unwrap_or_default(), "  ", "    ")?;
        self.suggestion(rule)
    }

    /// The rule, and how it came out.
    fn painted(&mut self, rule: &Replayed) -> io::Result<()> {
        let word = gate::overall(rule.verdict);
        let line = self.page.fitted(&clean(&name(rule)), &format!("{word} "), "  ");
        self.page.put(&page::outcome(self.page.view, word, &line))
    }

    /// The first ones, as a table.
    fn firings(&mut self, firings: &[Firing], rule: &Replayed) -> io::Result<()> {
        if firings.is_empty() {
            return Ok(());
        }
        let shown = &firings[..firings.len().min(FIRINGS)];
        let column = |of: &dyn Fn(&Firing) -> String| shown.iter().map(of).collect::<Vec<_>>();
        let clock = &self.clock;
        let since = |f: &Firing| {
            let sign = if f.onset_is == Onset::Window { "*" } else { "" };
            format!("{}{sign}", clock.moment(f.at.0))
        };
        let columns = vec![
            Column::text("GROUP", column(&words::group_of), 10, 1).cut_in_the_middle(),
            Column::text("ONSET", column(&since), 8, 9),
            Column::text("FIRED", column(&|f| clock.moment(f.at.2)), 8, 9),
            Column::text("CLEARED", column(&|f| f.at.3.map_or_else(|| "not yet".to_owned(), |at| clock.moment(at))), 8, 9),
            Column::number("LASTED", column(&|f| human::length(f.seconds))).goes(2),
            Column::number("PEAK", column(&|f| rule.unit.text(f.peak))),
            Column::number("DELAY", column(&|f| if f.again { "again".to_owned() } else { human::length(f.delay_seconds) })),
        ];
        let has_windows = shown.iter().any(|firing| firing.onset_is == Onset::Window);
        self.page.rows(columns, "    ")?;
        if firings.len() > shown.len() {
            self.page.put(&format!("    … {} more; -o json has them all", human::count((firings.len() - shown.len()) as u64)))?;
        }
        if has_windows {
            self.page.wrapped("* the start of the first window: no incident was found there", "    ", "      ")?;
        }
        Ok(())
    }

    fn suggestion(&mut self, rule: &Replayed) -> io::Result<()> {
        self.page.wrapped(&words::clip(&rule.suggestion.text), "  try: ", "    ")?;
        if let Some(rule) = &rule.suggestion.rule {
            // Whole, to be pasted.
            self.page.put(&format!("    {}", clean(rule)))?;
        }
        if rule.suggestion.lasting.is_empty() {
            return Ok(());
        }
        let trials: Vec<[String; 4]> = rule.suggestion.lasting.iter().map(words::trial).collect();
        let column = |at: usize| trials.iter().map(|trial| trial[at].clone()).collect::<Vec<_>>();
        let columns = vec![
            Column::text("OR WITH ANOTHER for", column(0), 16, 1).cut_in_the_middle(),
            Column::number("FIRED", column(1)),
            Column::number("NO INCIDENT", column(2)),
            Column::number("DELAY", column(3)),
        ];
        self.page.rows(columns, "    ")
    }
}

/// The name of a rule before its text.
fn name(rule: &Replayed) -> String {
    let text = words::clip(&rule.rule);
    rule.name.as_ref().map_or(text.clone(), |name| format!("{}: {text}", words::clip(name)))
}
