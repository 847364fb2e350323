//! What is different about the failing requests, against the good ones of the same endpoints at the same time.

use super::group::Members;
use super::wording;
use crate::rule::words::Field;

/// Fields that failing and good requests are compared on.
const FIELDS: [Field; 8] =
    [Field::UpstreamAddr, Field::AgentFamily, Field::Client, Field::Network, Field::Host, Field::Protocol, Field::User, Field::Actor];
/// Sentences given at most.
const TOLD: usize = 2;
/// A difference is told from this many times on …
const LIFT: f64 = 3.0;
/// … and when chance would make it less often than this, over all fields and values that were looked at.
const ALPHA: f64 = 0.001;

/// The clearest differences, in words.
pub(super) fn told(members: &Members<'_, '_>) -> Vec<String> {
    let table = members.table;
    let own: hashbrown::HashSet<u32> = members.rows.iter().copied().collect();
    let good = members.peers().into_iter().filter(|&row| table.flag(row as usize, Field::Ok) && !own.contains(&row));
    let good: Vec<usize> = good.map(|row| row as usize).collect();
    let failing = members.rows.len() as f64;
    if good.len() < 10 || failing < 5.0 {
        return Vec::new();
    }
    let mut found: Vec<(f64, String)> = Vec::new();
    for field in FIELDS {
        let values = members.values(field);
        let Some(&(key, _)) = values.first() else { continue };
        let name = table.name(key, field);
        // A network of one address says nothing that the address does not.
        if name == "none" || (field == Field::Network && members.values(Field::Client).len() == 1) {
            continue;
        }
        let keys = table.keys(field);
        let share = |rows: &mut dyn Iterator<Item = usize>, all: f64| rows.filter(|&row| keys.of(row) == Some(key)).count() as f64 / all;
        let bad = share(&mut members.members(), failing);
        let fine = share(&mut good.iter().copied(), good.len() as f64);
        let lift = (bad + 0.5 / failing) / (fine + 0.5 / good.len() as f64);
        if bad >= 0.5 && lift >= LIFT && chance(bad, failing, fine, good.len() as f64) * (values.len() * FIELDS.len()) as f64 <= ALPHA {
            let sentence = format!(
                "{} of them have the {} {name}; of the good requests to the same routes {} have it",
                wording::share(bad),
                called(field),
                wording::share(fine)
            );
            found.push((lift, sentence));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().take(TOLD).map(|(_, sentence)| sentence).collect()
}

/// What people call a field.
fn called(field: Field) -> &'static str {
    match field {
        Field::UpstreamAddr => "upstream",
        Field::AgentFamily => "user agent",
        Field::Actor => "kind of client",
        field => field.word(),
    }
}

/// How likely two shares of one thing differ so much: the tail of a normal distribution (a two-proportion z test).
fn chance(a: f64, n: f64, b: f64, m: f64) -> f64 {
    let pooled = (a * n + b * m) / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt().max(1e-9);
    let z = (a - b) / error;
    // The bound of Chernoff, which is never too small.
    (-z * z / 2.0).exp()
}
