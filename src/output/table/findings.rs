//! What went wrong, before anything else: the worst findings in a few lines each, and at the end what to log to learn more.

use super::Page;
use crate::diagnose::{Finding, Severity};
use crate::output::sanitize::{clean, cut, width, wrap};
use crate::output::wording;
use std::io;

/// Findings shown.
const SHOWN: usize = 5;
/// Sentences of evidence, and fixes, where there is room, each with how soon it goes: see [`Part`].
const EVIDENCE: [u8; 3] = [6, 11, 13];
const FIXES: [u8; 2] = [7, 12];
/// When there are more than so many, others than the worst get fewer lines.
const FEW: usize = 2;
/// Lines of one text.
const WRAPPED: usize = 3;
/// Lines of a finding on a screen of the usual width, of the worst ones and of others when there are many.
const LINES: usize = 7;
const FEWER: usize = 5;
/// Narrower screens get more lines.
const NARROW: usize = 70;
const LINES_NARROW: usize = 12;
/// Fields that are advised in a report.
pub(super) const ADVISED: usize = 3;

impl Page<'_> {
    /// The worst findings; or in a line that there are none.
    pub(super) fn findings(&mut self) -> io::Result<()> {
        let report = self.report;
        if report.lines.parsed == 0 {
            return Ok(());
        }
        let (grave, slight): (Vec<&Finding>, Vec<&Finding>) = report.findings.iter().partition(|f| f.severity >= Severity::Warning);
        writeln!(self.out)?;
        if grave.is_empty() {
            self.wrapped(&wording::nothing_wrong(report), "  ")?;
        } else {
            self.heading("FINDINGS, WORST FIRST")?;
        }
        let shown = &grave[..grave.len().min(SHOWN)];
        for (rank, finding) in shown.iter().enumerate() {
            self.finding(finding, if rank == 0 || shown.len() <= FEW { LINES } else { FEWER })?;
        }
        self.others(grave.len() - shown.len(), &slight)?;
        if report.findings.is_empty() { Ok(()) } else { self.more(if shown.is_empty() { &slight } else { shown }) }
    }

    /// One finding in so many lines, as far as it can be said in them.
    fn finding(&mut self, finding: &Finding, most: usize) -> io::Result<()> {
        let facts = [wording::place(finding), self.period(finding), wording::extent(finding)];
        let facts: Vec<&str> = facts.iter().filter(|fact| !fact.is_empty()).map(String::as_str).collect();
        let doubt = if finding.doubt.is_empty() { String::new() } else { format!("; doubt: {}", finding.doubt) };
        let head = format!("{} {}: ", wording::mark(finding.severity), finding.severity.word());
        let mut parts = vec![
            Part::new(&head, "    ", &finding.title, 0, self.view.width),
            Part::new("    ", "    ", &facts.join(" · "), 5, self.view.width),
        ];
        let mut listed = |label: &str, texts: &[String], spare: &[u8]| {
            for (at, (text, spare)) in texts.iter().zip(spare).enumerate() {
                let label = if at == 0 { format!("    {label:<6}") } else { " ".repeat(10) };
                parts.push(Part::new(&label, "            ", text, *spare, self.view.width));
            }
        };
        listed("why:", &finding.evidence, &EVIDENCE);
        listed("do:", &finding.fixes, &FIXES);
        listed("sure:", &[format!("{}{doubt}", wording::sureness(finding))], &[8]);
        let most = if self.view.width.is_some_and(|w| w < NARROW) { LINES_NARROW } else { most };
        for (at, line) in squeeze(parts, most, self.view.width).iter().enumerate() {
            if at == 0 { self.with_severity(line, &head, finding.severity)? } else { self.with_label(line)? }
        }
        Ok(())
    }

    pub(super) fn period(&self, finding: &Finding) -> String {
        let times = self.times();
        wording::period(finding, &|at, lasts| times.moment(at, lasts))
    }

    /// What is not shown, in a line.
    fn others(&mut self, grave: usize, slight: &[&Finding]) -> io::Result<()> {
        let mut counts = Vec::new();
        if grave > 0 {
            counts.push(format!("{grave} more {}", if grave == 1 { "finding" } else { "findings" }));
        }
        for severity in [Severity::Notice, Severity::Info] {
            let of: Vec<&str> = slight.iter().filter(|f| f.severity == severity).map(|f| f.title.as_str()).collect();
            match of.as_slice() {
                [] => {}
                [one] => counts.push(format!("1 {}: {one}", severity.word())),
                [first, ..] => counts.push(format!("{} of severity {}, such as: {first}", of.len(), severity.word())),
            }
        }
        if counts.is_empty() { Ok(()) } else { self.line(&format!("… {}", counts.join("; "))) }
    }

    /// Where the whole stands.
    fn more(&mut self, shown: &[&Finding]) -> io::Result<()> {
        let mut rules: Vec<&str> = Vec::new();
        shown.iter().map(|f| wording::rule(f)).for_each(|rule| {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        });
        let file = match self.report.inputs.as_slice() {
            [one] if is_plain(&one.path) => one.path.as_str(),
            [_] => "FILE",
            _ => "FILE...",
        };
        let more = format!("More: logcodes findings {file}; logcodes explain {}", clean(&rules.join(" ")));
        match self.view.width {
            Some(width) => wrap(&more, width, "    ", "    ").lines().try_for_each(|line| self.dimmed(line)),
            None => self.dimmed(&format!("    {more}")),
        }
    }

    pub(super) fn with_severity(&mut self, line: &str, head: &str, severity: Severity) -> io::Result<()> {
        let color = match severity {
            Severity::Critical => "1;7;31",
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Notice => "36",
            Severity::Info => "2",
        };
        match line.strip_prefix(head) {
            Some(title) if self.view.color => {
                writeln!(self.out, "\u{1b}[{color}m{}\u{1b}[0m \u{1b}[1m{title}\u{1b}[0m", head.trim_end())
            }
            _ => writeln!(self.out, "{line}"),
        }
    }

    /// A line whose label, if it has one, steps back.
    fn with_label(&mut self, line: &str) -> io::Result<()> {
        let label = line.get(..10).filter(|l| l.starts_with("    ") && l.trim_end().ends_with(':') && self.view.color);
        match label {
            Some(label) => writeln!(self.out, "\u{1b}[2m{label}\u{1b}[0m{}", &line[10..]),
            None => writeln!(self.out, "{line}"),
        }
    }

    /// A line to paste. Spaces count in it, so that it is whole wherever that fits.
    fn pasted(&mut self, line: &str) -> io::Result<()> {
        let paste = clean(line).into_owned();
        match self.view.width {
            Some(limit) if width(&paste) + 4 > limit => writeln!(self.out, "{}", wrap(&paste, limit, "    ", "    ")),
            _ => writeln!(self.out, "    {paste}"),
        }
    }

    /// What to log to learn more, once, at the end.
    pub(super) fn advice(&mut self, most: usize) -> io::Result<()> {
        let advice = &self.report.advice;
        if advice.is_empty() {
            return Ok(());
        }
        writeln!(self.out)?;
        self.heading("TO LEARN MORE, LOG")?;
        let shown = &advice[..advice.len().min(most)];
        for (at, one) in shown.iter().enumerate() {
            self.wrapped(&format!("{}: {}", one.field, one.tells), "    ")?;
            // What to paste is whole in itself: where it is the same for the next field too, it stands behind that one.
            if shown.get(at + 1).is_none_or(|next| next.add != one.add) {
                one.add.lines().try_for_each(|line| self.pasted(line))?;
            }
        }
        if advice.len() > most {
            let more = advice.len() - most;
            self.line(&format!("… {more} more {}: logcodes findings FILE", if more == 1 { "field" } else { "fields" }))?;
        }
        Ok(())
    }
}

/// A text of a finding, wrapped to the screen.
struct Part {
    lines: Vec<String>,
    /// What goes first when there is no room has the highest number; from [`GOES`] on a part goes as a whole, others are cut to a
    /// line each, and 0 stays.
    spare: u8,
}

/// From this number on a part may be left out.
const GOES: u8 = 10;

impl Part {
    fn new(first: &str, indent: &str, text: &str, spare: u8, limit: Option<usize>) -> Self {
        let text = clean(text);
        let lines = match limit {
            Some(limit) => wrap(&text, limit, first, indent).lines().map(str::to_owned).collect(),
            None => vec![format!("{first}{text}")],
        };
        Self { lines, spare }
    }

    /// At most so many lines, and a sign where something is missing.
    fn keep(&mut self, most: usize, limit: Option<usize>) {
        if self.lines.len() > most.max(1) {
            let rest = self.lines.split_off(most.max(1));
            let last = self.lines.last_mut().expect("one line at least stays");
            let whole = format!("{last} {}", rest[0].trim_start());
            *last = cut(&whole, limit.unwrap_or(usize::MAX).min(width(&whole).saturating_sub(1)));
        }
    }
}

/// The lines of a finding, as few as wanted if what is essential can be said in them.
fn squeeze(mut parts: Vec<Part>, most: usize, limit: Option<usize>) -> Vec<String> {
    let lines = |parts: &[Part]| parts.iter().map(|p| p.lines.len()).sum::<usize>();
    parts.iter_mut().for_each(|part| part.keep(WRAPPED, limit));
    while lines(&parts) > most {
        match (0..parts.len()).filter(|&at| parts[at].spare >= GOES).max_by_key(|&at| parts[at].spare) {
            Some(at) => drop(parts.remove(at)),
            None => break,
        }
    }
    while lines(&parts) > most {
        let long = parts.iter_mut().filter(|p| p.lines.len() > 1 && p.spare > 0).max_by_key(|p| (p.lines.len(), p.spare));
        match long {
            Some(part) => part.keep(part.lines.len() - 1, limit),
            None => break,
        }
    }
    parts.into_iter().flat_map(|part| part.lines).collect()
}

/// Whether a path can stand in a command as it is.
fn is_plain(path: &str) -> bool {
    path != "-" && !path.starts_with('-') && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b))
}
