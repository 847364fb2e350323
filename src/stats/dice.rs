//! Seeded dice for tests: the same series each time.

use crate::stats::Bin;

/// Seeded dice.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> f64 {
        // Beyond, the limit would not be a number that can be told from 0.
        if mean > 500.0 {
            return self.poisson(500.0) + self.poisson(mean - 500.0);
        }
        let (limit, mut product, mut count) = ((-mean).exp(), 1.0, 0.0);
        loop {
            product *= self.unit();
            if product <= limit {
                return count;
            }
            count += 1.0;
        }
    }

    /// Poisson's number of heaps, each of a logarithmic number of hits: a negative binomial.
    pub(crate) fn heaps(&mut self, mean: f64, dispersion: f64) -> f64 {
        if dispersion <= 1.0 {
            return self.poisson(mean);
        }
        let goes_on = 1.0 - 1.0 / dispersion;
        let heaps = self.poisson(mean * dispersion.ln() / (dispersion - 1.0));
        (0..heaps as usize).map(|_| self.logarithmic(goes_on)).sum()
    }

    pub(crate) fn logarithmic(&mut self, p: f64) -> f64 {
        let (mut rest, mut k) = (self.unit(), 1.0);
        let mut part = -p / (1.0 - p).ln();
        while rest > part && k < 1000.0 {
            rest -= part;
            part *= p * k / (k + 1.0);
            k += 1.0;
        }
        k
    }

    pub(crate) fn bins(&mut self, count: usize, dispersion: f64, mean: impl Fn(usize) -> f64) -> Vec<Bin> {
        (0..count).map(|at| Bin { k: self.heaps(mean(at), dispersion), n: 300.0 }).collect()
    }
}
