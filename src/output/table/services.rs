//! Services on the page: a table of their own, and a column in that of routes.

use super::layout::Column;
use super::sections::{by_count, latencies};
use super::{Page, human};
use crate::report::{RouteRow, Service, ServiceRow};
use std::io;

/// Services shown.
const SERVICES: usize = 12;
/// How narrow the column may become.
const NARROW: usize = 7;

impl Page<'_> {
    /// The worst services, if any are in use.
    pub(super) fn services(&mut self) -> io::Result<()> {
        let all = self.report.services_worst_first();
        let services = &all[..all.len().min(SERVICES)];
        if services.is_empty() {
            return Ok(());
        }
        let requests = self.report.lines.parsed;
        let column = |of: &dyn Fn(&ServiceRow) -> String| services.iter().map(|s| of(s)).collect::<Vec<_>>();
        let mut columns = vec![
            Column::text("SERVICE", column(&|s| shown(&s.service)), NARROW, 3).cut_in_the_middle(),
            Column::number("REQUESTS", column(&|s| human::count(s.count))),
            Column::number("SHARE", column(&|s| human::percent(s.count, requests))).goes(6),
            Column::number("5xx", column(&|s| human::percent(s.within(500, 599), s.count))),
            Column::number("4xx", column(&|s| human::percent(s.within(400, 499), s.count))).goes(7),
        ];
        if self.report.latency.is_some() {
            columns.extend(latencies(&services.iter().map(|s| s.latency.as_ref()).collect::<Vec<_>>()));
        }
        columns.push(Column::text("CODES", column(&|s| by_count(&s.codes, |_| true)), 11, 2).optional());
        self.table(columns)?;
        if all.len() > services.len() {
            self.line(&format!("… {} more services: -o csv --by service", human::count((all.len() - services.len()) as u64)))?;
        }
        Ok(())
    }
}

/// The column in front of the routes, if services are in use.
pub(super) fn column(routes: &[RouteRow]) -> Option<Column> {
    let used = routes.iter().any(|route| !route.service.is_unasked());
    used.then(|| Column::text("SERVICE", routes.iter().map(|route| shown(&route.service)).collect(), NARROW, 2).cut_in_the_middle())
}

fn shown(service: &Service) -> String {
    service.name().unwrap_or("-").to_owned()
}
