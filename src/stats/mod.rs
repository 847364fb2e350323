//! Statistics of counts: how sure a share is, whether two shares differ, where a rate rose. Numbers in, numbers out: the room
//! knows no logs.

mod contrast;
#[cfg(test)]
mod dice;
mod dispersion;
mod incident;
mod interval;
mod rhythm;
mod share;
mod spans;
mod spike;

pub use contrast::{
    ALPHA, Arm, Contrast, LEAST_DIFFERENCE, LEAST_EXTRA, LEAST_RATIO, contrast, counts, detectable, holm, is_relevant, standardised,
};
pub use dispersion::{Bin, cautious_dispersion, dispersion, surprise};
pub use incident::{Incident, incident};
pub use interval::{needed, ranks, wilson, z_for};
pub use rhythm::{Burst, bursts, cluster, period};
pub use spike::spike;
