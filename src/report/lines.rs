//! Lines of the log that a verdict shows: some of those that its numbers count.

use super::services::Labels;
use super::{mask_secrets, route_of, routes};
use crate::diagnose::{Sample, sample};
use crate::route::known_method;
use crate::scan::Scan;
use crate::tally::{Event, Span, Text};

/// The lines that a scan kept, each with what a report calls it.
pub struct Lines<'s> {
    scan: &'s Scan,
    labels: Labels,
    shown: routes::Shown,
}

/// What is known of a line.
#[derive(Clone, Debug)]
pub struct Line {
    /// The service that its input is a log of.
    pub service: Option<String>,
    /// `None` when there was no request line.
    pub method: Option<String>,
    /// The route that it was counted under.
    pub route: String,
    /// Its code.
    pub status: u16,
    /// Seconds since 1970.
    pub time: Option<i64>,
    /// Seconds that it took.
    pub duration: Option<f64>,
}

impl<'s> Lines<'s> {
    /// The lines of a scan.
    pub fn new(scan: &'s Scan) -> Self {
        let labels = Labels::new(scan);
        let (_, shown, _) = routes::sums(&scan.tally, &labels);
        Self { scan, labels, shown }
    }

    /// The first, the last and some lines between them of those that are meant: `most` at the most, secrets masked.
    pub fn pick(&self, most: usize, is_meant: &dyn Fn(&Line) -> bool) -> Vec<Sample> {
        let mut meant: Vec<&Event> =
            self.scan.tally.evidence().events().map(|(event, _)| event).filter(|event| is_meant(&self.line(event))).collect();
        meant.sort_by_key(|event| (event.time, event.place));
        let last = meant.len().saturating_sub(1);
        let mut picked: Vec<usize> = (0..most).map(|n| n * last / (most - 1).max(1)).collect();
        picked.dedup();
        picked.into_iter().filter_map(|at| meant.get(at)).map(|event| sample(self.scan, event, &mask_secrets)).collect()
    }

    fn line(&self, event: &Event) -> Line {
        let input = event.place.input;
        Line {
            service: self.labels.of(self.scan.inputs[input as usize].service).name().map(str::to_owned),
            method: event.text(Text::Method).map(|method| String::from_utf8_lossy(known_method(method)).into_owned()),
            route: String::from_utf8_lossy(&route_of(self.scan, &self.shown, input, event.text(Text::Path).unwrap_or_default()))
                .into_owned(),
            status: event.status.get(),
            time: event.time.map(|time| time.seconds),
            duration: event.seconds(Span::Duration),
        }
    }
}
