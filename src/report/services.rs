//! Rows of services, and the name of each in all other rows.

use super::routes::Sums;
use super::view::{Service, ServiceRow, WindowRow};
use crate::model::{ServiceId, rfc3339};
use crate::scan::Scan;
use crate::tally;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What rows call each service.
pub(super) struct Labels(Option<Vec<Service>>);

impl Labels {
    pub(super) fn new(scan: &Scan) -> Self {
        let services = scan.services.as_ref();
        Self(
            services.map(|s| ServiceId::all().map(|id| s.name(id).map_or(Service::None, |name| Service::Named(Arc::from(name)))).collect()),
        )
    }

    pub(super) fn of(&self, id: ServiceId) -> Service {
        self.0.as_ref().map_or(Service::Unasked, |labels| labels[id.index()].clone())
    }
}

type Windows = BTreeMap<i64, BTreeMap<u16, u64>>;

/// A row a service, by count descending; `None` when no services are in use. Services without a request are there too.
pub(super) fn rows(scan: &Scan, labels: &Labels, sums: &Sums, width: i64, parsed: u64) -> Option<Vec<ServiceRow>> {
    scan.services.as_ref()?;
    let inputs = scan.inputs.iter().map(|input| input.service).filter(|&id| id != ServiceId::NONE);
    let mut services: BTreeMap<ServiceId, Sum> = inputs.map(|id| (id, Sum::default())).collect();
    for ((id, _, _), cells) in sums {
        let sum = services.entry(*id).or_default();
        for (code, cell) in cells {
            *sum.codes.entry(code.get()).or_default() += cell.count;
            sum.cells.merge(&tally::Cell { windows: tally::Marks::default(), ..cell.clone() });
        }
    }
    for (start, counted) in scan.tally.windows().1 {
        for (id, code, count) in counted {
            let windows = &mut services.entry(id).or_default().windows;
            *windows.entry(start.div_euclid(width) * width).or_default().entry(code.get()).or_default() += count;
        }
    }
    let mut rows: Vec<ServiceRow> = services.into_iter().map(|(id, sum)| sum.row(labels.of(id), parsed)).collect();
    rows.sort_by_key(|row| Reverse(row.count));
    Some(rows)
}

/// A service being summed.
#[derive(Default)]
struct Sum {
    cells: tally::Cell,
    codes: BTreeMap<u16, u64>,
    windows: Windows,
}

impl Sum {
    fn row(self, service: Service, parsed: u64) -> ServiceRow {
        let Self { cells, codes, windows } = self;
        let errors = codes.range(500..=599).map(|(_, n)| n).sum();
        ServiceRow {
            service,
            count: cells.count,
            share: cells.count as f64 / parsed.max(1) as f64,
            bytes: cells.bytes,
            codes,
            errors,
            error_rate: errors as f64 / cells.count.max(1) as f64,
            latency: cells.latency.quantiles(),
            first_seen: cells.seen.map(|(first, _)| rfc3339(first)),
            last_seen: cells.seen.map(|(_, last)| rfc3339(last)),
            windows: windows.into_iter().map(|(start, codes)| WindowRow { start: rfc3339(start), start_seconds: start, codes }).collect(),
        }
    }
}
