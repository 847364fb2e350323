//! Who asked: scanners, crawlers and health checks apart from everybody else, so that error rates can be told without them.

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
