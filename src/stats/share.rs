//! How many of a number of hits fall to one of two sides by chance, and how likely so many or so few are: exact sums, for hits
//! that come one by one and for those that come in heaps.

use statrs::function::gamma::ln_gamma;

/// What decides which hits fall to the first side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Chance {
    /// Hits are drawn from all requests, of which the sides have so many: hypergeometric.
    Drawn(f64, f64),
    /// Each hit falls to the first side with this chance: binomial.
    OneByOne(f64),
    /// Both sides have negative binomials of the same dispersion, so that of their sum the first has a beta binomial; its two
    /// parameters.
    Heaps(f64, f64),
}

impl Chance {
    /// Hits of some dispersion, `hits` together, of which the first side has the part `share` to expect.
    pub(super) fn of_heaps(share: f64, hits: f64, dispersion: f64) -> Self {
        let heaps = hits / (dispersion - 1.0);
        Self::Heaps(share * heaps, (1.0 - share) * heaps)
    }

    /// Logarithm of the chance that `k` of `hits` fall to the first side.
    fn log(&self, k: f64, hits: f64) -> f64 {
        match *self {
            Self::Drawn(first, second) => ln_choose(first, k) + ln_choose(second, hits - k) - ln_choose(first + second, hits),
            Self::OneByOne(share) => ln_choose(hits, k) + times_ln(k, share) + times_ln(hits - k, 1.0 - share),
            Self::Heaps(a, b) => ln_choose(hits, k) + ln_beta(k + a, hits - k + b) - ln_beta(a, b),
        }
    }

    /// How much likelier `k + 1` are than `k`.
    fn step(&self, k: f64, hits: f64) -> f64 {
        let rest = hits - k;
        match *self {
            Self::Drawn(first, second) => rest * (first - k) / ((k + 1.0) * (second - rest + 1.0)),
            Self::OneByOne(share) => rest * share / ((k + 1.0) * (1.0 - share)),
            Self::Heaps(a, b) => rest * (k + a) / ((k + 1.0) * (rest - 1.0 + b)),
        }
    }

    fn mean(&self, hits: f64) -> f64 {
        match *self {
            Self::Drawn(first, second) => hits * first / (first + second),
            Self::OneByOne(share) => hits * share,
            Self::Heaps(a, b) => hits * a / (a + b),
        }
    }

    /// The least and the most that can fall to the first side.
    fn ends(&self, hits: f64) -> (f64, f64) {
        match *self {
            Self::Drawn(first, second) => ((hits - second).max(0.0), hits.min(first)),
            Self::OneByOne(_) | Self::Heaps(..) => (0.0, hits),
        }
    }

    /// The chance of `k` of `hits` or what is further off on the same side of the mean, doubled for the other side.
    pub(super) fn two_sided(&self, k: f64, hits: f64) -> f64 {
        let (least, most) = self.ends(hits);
        let upwards = k >= self.mean(hits);
        let mut at = k.clamp(least, most);
        let mut part = self.log(at, hits).exp();
        let mut sum = part;
        // What follows is ever less likely, so the rest is nothing once a part is nothing beside the sum.
        while part > sum * 1e-15 && if upwards { at < most } else { at > least } {
            if upwards {
                part *= self.step(at, hits);
                at += 1.0;
            } else {
                at -= 1.0;
                part /= self.step(at, hits);
            }
            sum += part;
        }
        (2.0 * sum).min(1.0)
    }
}

fn ln_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

fn times_ln(count: f64, of: f64) -> f64 {
    if count > 0.0 { count * of.ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn all_that_can_be_is_certain() {
        for chance in [Chance::Drawn(30.0, 12.0), Chance::OneByOne(0.3), Chance::of_heaps(0.3, 20.0, 4.0)] {
            let (least, most) = chance.ends(20.0);
            let sum: f64 = (least as u64..=most as u64).map(|k| chance.log(k as f64, 20.0).exp()).sum();
            let mean: f64 = (least as u64..=most as u64).map(|k| k as f64 * chance.log(k as f64, 20.0).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-9 && (mean - chance.mean(20.0)).abs() < 1e-9, "{chance:?} {sum} {mean}");
        }
    }
}
