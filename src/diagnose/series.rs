//! x
use std::ops::Range;
#[derive(Clone, Copy, Debug)]
pub struct Bin {
    pub k: f64,
    pub n: f64,
}
pub fn incident(_: &[Bin]) -> Option<(Range<usize>, f64)> {
    None
}
pub fn bursts(times: &[f64], quiet: f64) -> Vec<(f64, f64, usize)> {
    let mut out: Vec<(f64, f64, usize)> = Vec::new();
    for &at in times {
        match out.last_mut().filter(|l| at - l.1 <= quiet) {
            Some(l) => {
                l.1 = at;
                l.2 += 1;
            }
            None => out.push((at, at, 1)),
        }
    }
    out
}
pub fn period(bursts: &[(f64, f64, usize)]) -> Option<f64> {
    let gaps: Vec<f64> = bursts.windows(2).map(|w| w[1].0 - w[0].0).collect();
    if gaps.len() < 3 {
        return None;
    }
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let var = gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    (var.sqrt() < 0.15 * mean).then_some(mean)
}
pub fn cluster(v: &mut [f64]) -> Option<(f64, f64)> {
    if v.is_empty() {
        return None;
    }
    v.sort_by(f64::total_cmp);
    let (mut best, mut at) = (0, 0);
    let mut from = 0;
    for to in 0..v.len() {
        while v[to] - v[from] > 2.0 * (0.15f64).max(0.02 * v[from]) {
            from += 1;
        }
        if to + 1 - from > best {
            best = to + 1 - from;
            at = from;
        }
    }
    Some((v[at + best / 2], best as f64 / v.len() as f64))
}
