//! Where the time of a run goes, stage by stage: `--stats` shows it.
//!
//! The clock is looked at between stages, never within them: what is measured must not become slower by it. Rooms below know
//! nothing of this; whoever drives them looks.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Time that passed, and time that the cores of the machine worked on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// As a clock on the wall tells it.
    pub wall: Duration,
    /// Of all threads together.
    pub cpu: Duration,
}

/// The stages so far, and when the one that runs began.
#[derive(Debug)]
pub struct Stages {
    done: Vec<(&'static str, Spent)>,
    wall: Instant,
    cpu: Duration,
}

impl Stages {
    /// The first stage begins.
    pub fn start() -> Self {
        Self { done: Vec::new(), wall: Instant::now(), cpu: cpu() }
    }

    /// A stage ends, the next one begins. What has a name already goes on with it.
    pub fn end(&mut self, name: &'static str) {
        let (wall, cpu) = (Instant::now(), cpu());
        self.add(name, Spent { wall: wall - self.wall, cpu: cpu.saturating_sub(self.cpu) });
        (self.wall, self.cpu) = (wall, cpu);
    }

    /// Goes on behind stages that ended in the meantime.
    pub fn join(&mut self, other: &Self) {
        other.done.iter().for_each(|&(name, spent)| self.add(name, spent));
        (self.wall, self.cpu) = (other.wall, other.cpu);
    }

    /// The stages by name, in the order in which they first ended.
    pub fn all(&self) -> &[(&'static str, Spent)] {
        &self.done
    }

    /// All of them together.
    pub fn sum(&self) -> Spent {
        self.done.iter().fold(Spent::default(), |sum, (_, one)| Spent { wall: sum.wall + one.wall, cpu: sum.cpu + one.cpu })
    }

    fn add(&mut self, name: &'static str, spent: Spent) {
        match self.done.iter_mut().find(|(before, _)| *before == name) {
            Some((_, sum)) => *sum = Spent { wall: sum.wall + spent.wall, cpu: sum.cpu + spent.cpu },
            None => self.done.push((name, spent)),
        }
    }
}

/// What all threads of this process have worked so far.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up_and_go_on_under_their_names() {
        let mut stages = Stages::start();
        stages.end("plan");
        let mut inner = Stages::start();
        std::thread::sleep(Duration::from_millis(20));
        inner.end("scan");
        stages.join(&inner);
        stages.end("report");
        stages.end("scan");
        let names: Vec<_> = stages.all().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["plan", "scan", "report"]);
        let scan = stages.all()[1].1;
        assert!(scan.wall >= Duration::from_millis(20) && scan.cpu < scan.wall, "{scan:?}");
        assert!(stages.sum().wall >= scan.wall);
    }
}
