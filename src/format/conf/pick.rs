//! Which format of a configuration a log has: that of the directive that writes it, told by its path; else the one that reads
//! its lines best.

use super::logpath::{FilePath, Fits};
use super::{Conf, Defined, Format, Log};
use crate::format::detect::{Candidate, judge, rank};
use crate::format::{Memory, Reader, is_directive, trim_line};
use crate::model::Record;
use std::collections::HashSet;
use std::sync::Arc;

/// A format out of a configuration, chosen for a log.
#[derive(Debug)]
pub struct Picked {
    /// The format.
    pub format: Format,
    /// Where it comes from, and why it is this one.
    pub note: String,
    /// The formats that were looked at, the best first.
    pub candidates: Vec<Candidate>,
    /// Lines that they were tried on.
    pub lines: usize,
}

/// Formats that are tried on one log. Hosts of many sites have more logs, but not more formats.
const MOST_TRIED: usize = 500;

/// Formats tried on the sample, the best first: the place in the list of formats, the reader, what it made of the lines.
type Tried = Vec<(usize, Reader, Candidate)>;

impl Conf {
    /// Chooses the format of a log. `path` is its absolute path, if it has one, `lines` are a sample of it.
    ///
    /// # Errors
    /// When no format of the configuration reads any line: what to say about that.
    pub fn pick(&self, path: Option<&str>, lines: &[&[u8]]) -> Result<Picked, String> {
        let lines: Vec<&[u8]> = lines.iter().map(|l| trim_line(l)).filter(|l| !is_directive(l)).collect();
        let mut said = String::new();
        let writers = path.map(|path| self.writers(path)).unwrap_or_default();
        if !writers.is_empty() {
            let formats = writers.iter().filter_map(|log| log.format.as_ref().ok().copied()).collect();
            let tried = self.tried(formats, &lines);
            if let Some((at, _, best)) = tried.first()
                && (best.parsed > 0 || lines.is_empty())
                && let Some(log) = writers.iter().find(|log| log.format.as_ref().ok() == Some(at))
            {
                let (format, also) = self.together(*at, log, &writers);
                let mut note = written(&self.formats[*at], log);
                if !also.is_empty() {
                    note.push_str(&format!("; lines of {} are written to it too", also.join(", ")));
                } else if tried.len() > 1 {
                    let count = tried.len();
                    note.push_str(&format!("; {count} formats are written to logs of this name, and this one reads most lines"));
                }
                return Ok(picked(format, note, tried, &lines));
            }
            said = self.why_not(writers[0]);
        }
        let mut all: Vec<usize> = self.logs.iter().filter_map(|log| log.format.as_ref().ok().copied()).collect();
        all.extend(0..self.formats.len());
        let tried = self.tried(all, &lines);
        let most = if tried.len() == MOST_TRIED { format!("first {MOST_TRIED} ") } else { String::new() };
        let name = self.name();
        if let Some((at, _, best)) = tried.first()
            && best.parsed > 0
            && let Ok(format) = self.formats[*at].reading()
        {
            if said.is_empty() {
                said = format!("nothing in {name} writes a log of this name");
            }
            let note = format!("{}: {said}, and of its {most}formats this one reads the lines best", self.formats[*at].told());
            return Ok(picked(format.clone(), note, tried, &lines));
        }
        let said = if said.is_empty() { said } else { format!("{said}; ") };
        Err(format!("{said}none of the {most}formats in {name} reads these lines, so the format is told from the lines themselves"))
    }

    /// The directives whose path fits best.
    fn writers(&self, path: &str) -> Vec<&Log> {
        let file = FilePath::new(path);
        let fits = |log: &Log| -> Option<Fits> { log.paths.iter().filter_map(|p| p.fits(&file)).max() };
        let fitting: Vec<(Fits, &Log)> = self.logs.iter().filter_map(|log| Some((fits(log)?, log))).collect();
        let best = fitting.iter().map(|(fits, _)| *fits).max();
        fitting.into_iter().filter(|(fits, _)| Some(*fits) == best).map(|(_, log)| log).collect()
    }

    /// Tries formats, each once, on the lines.
    fn tried(&self, mut formats: Vec<usize>, lines: &[&[u8]]) -> Tried {
        // Virtual hosts say the same again and again.
        let mut seen = HashSet::new();
        formats.retain(|at| seen.insert((self.formats[*at].text.as_str(), self.formats[*at].escape)));
        let mut tried: Tried = formats
            .into_iter()
            .take(MOST_TRIED)
            .filter_map(|at| {
                let format = self.formats[at].reading.as_ref().ok()?;
                Some((at, format.reader.clone(), judge(format.name.clone(), &format.reader, lines)))
            })
            .collect();
        rank(&mut tried);
        tried
    }

    /// The format of a log, together with the others that the configuration writes into the same file, and their names.
    fn together(&self, at: usize, log: &Log, writers: &[&Log]) -> (Format, Vec<&str>) {
        let mut all = vec![at];
        for other in writers.iter().filter(|other| other.target == log.target).filter_map(|other| other.format.as_ref().ok()) {
            if self.formats[*other].reading.is_ok() && all.iter().all(|at| self.formats[*at].text != self.formats[*other].text) {
                all.push(*other);
            }
        }
        let also = all[1..].iter().map(|at| self.formats[*at].name()).collect();
        let mut readers: Vec<&Format> = all.iter().filter_map(|at| self.formats[*at].reading.as_ref().ok()).collect();
        let name = readers[0].name.clone();
        // Lines that a text format rejects are tried with others; a JSON format has no others.
        readers.sort_by_key(|f| matches!(f.reader, Reader::Json(_)));
        let mut others: Vec<Arc<Reader>> = readers[1..].iter().map(|f| Arc::new(f.reader.clone())).collect();
        others.extend(readers.iter().flat_map(|f| f.others.iter().cloned()));
        (Format::bare(name, readers[0].reader.clone(), others), also)
    }

    /// Why the directive that writes a log does not say how to read it.
    fn why_not(&self, log: &Log) -> String {
        let start = format!("{} {} at {} writes a log of this name", log.directive, log.target, log.place);
        match &log.format {
            Err(what) => format!("{start} with the format {what}"),
            Ok(at) => match &self.formats[*at].reading {
                Err(problem) => format!("{start} with {}, which cannot be read ({})", self.formats[*at].told(), problem.what()),
                Ok(_) => format!("{start} with {}, which reads none of these lines", self.formats[*at].told()),
            },
        }
    }
}

fn written(format: &Defined, log: &Log) -> String {
    // A format without a name stands in the very line.
    if format.place.as_ref() == Some(&log.place) {
        return format.told();
    }
    format!("{}, by {} {} at {}", format.told(), log.directive, log.target, log.place)
}

/// `lines` that the format does not read are told: the configuration may be another one than the log was written with.
fn picked(format: Format, mut note: String, tried: Tried, lines: &[&[u8]]) -> Picked {
    let mut memory = Memory::default();
    let read = lines.iter().filter(|line| format.parse(line, &mut memory, &mut Record::default()).is_ok()).count();
    if read < lines.len() {
        note.push_str(&format!("; {read} of {} sampled lines are read", lines.len()));
    }
    Picked { format, note, candidates: tried.into_iter().map(|(_, _, candidate)| candidate).collect(), lines: lines.len() }
}
