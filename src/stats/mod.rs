//! Statistics of counts: how sure a share is, whether two shares differ, where a rate rose. Numbers in, numbers out: the room
//! knows no logs.

#[cfg(test)]
mod dice;
mod dispersion;
mod incident;
mod rhythm;
mod spans;

pub use dispersion::{Bin, dispersion, surprise};
pub use incident::{Incident, incident};
pub use rhythm::{Burst, bursts, cluster, period};
