//! Who asked: scanners, crawlers and health checks apart from everybody else, so that error rates can be told without them.

use super::engine::Case;
use super::names::NONE;
use super::table::Table;
use crate::rule::words::Field;
use hashbrown::HashSet;
use serde::Serialize;

/// The requests by who sent them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Clients that look for holes.
    pub scanners: Part,
    /// Search engines and other robots that say so.
    pub crawlers: Part,
    /// Balancers and monitors that ask whether the server lives.
    pub health_checks: Part,
    /// Everybody else.
    pub others: Part,
}

/// Requests of one kind of client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Requests.
    pub count: u64,
    /// Different clients.
    pub clients: u64,
    /// Requests with 4xx.
    pub errors_4xx: u64,
    /// Requests with 5xx.
    pub errors_5xx: u64,
}

impl Traffic {
    /// The parts with what they are called.
    pub const fn parts(&self) -> [(&'static str, Part); 4] {
        [("scanners", self.scanners), ("crawlers", self.crawlers), ("health checks", self.health_checks), ("others", self.others)]
    }

    /// All together.
    pub fn all(&self) -> Part {
        let mut all = Part::default();
        for (_, part) in self.parts() {
            all.count += part.count;
            all.clients += part.clients;
            all.errors_4xx += part.errors_4xx;
            all.errors_5xx += part.errors_5xx;
        }
        all
    }
}

/// Counts who asked. Clients that a finding calls scanners are scanners with all that they asked for.
pub(super) fn of(table: &Table<'_>, cases: &[Case<'_, '_>], is_counted: &dyn Fn(u16) -> bool) -> Traffic {
    let scans = cases.iter().filter(|case| case.ready.cause.id == "scanner-probing");
    let scanners: HashSet<u32> = scans.flat_map(|case| case.members.members()).map(|row| table.symbol(row, Field::Client)).collect();
    let mut sums = [[0.0; 3]; 4];
    let mut clients: [HashSet<u32>; 4] = Default::default();
    for (row, of) in table.rows.iter().enumerate().filter(|(_, row)| is_counted(row.event.status.get())) {
        let client = table.symbol(row, Field::Client);
        let at = match table.text(row, Field::Actor) {
            _ if client != NONE && scanners.contains(&client) => 0,
            Some(b"scanner") => 0,
            Some(b"crawler") => 1,
            Some(b"health-check") => 2,
            _ => 3,
        };
        if client != NONE {
            clients[at].insert(client);
        }
        let class = of.event.status.get() / 100;
        for (sum, counts) in sums[at].iter_mut().zip([true, class == 4, class == 5]) {
            *sum += if counts { of.weight } else { 0.0 };
        }
    }
    let part = |at: usize| {
        let [count, errors_4xx, errors_5xx] = sums[at].map(|sum| f64::round(sum) as u64);
        Part { count, clients: clients[at].len() as u64, errors_4xx, errors_5xx }
    };
    Traffic { scanners: part(0), crawlers: part(1), health_checks: part(2), others: part(3) }
}
