//! A [`Limit`] -> its text in plain form, which reads back as the same.

use super::{Bound, Limit, Metric};
use crate::rule::print::{percent, separated, shifted, time};
use crate::rule::{Expr, Op};
use std::fmt::{self, Display, Formatter};

impl Display for Metric {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(chosen) => write!(f, "rate({chosen})"),
            Self::Count(Expr::All) => f.write_str("count"),
            Self::Count(chosen) => write!(f, "count({chosen})"),
            Self::Quantile(level) => write!(f, "p{}(duration)", shifted(*level, 2)),
            Self::Unparsed => f.write_str("share(unparsed)"),
            Self::Spike(chosen) => write!(f, "spike({chosen})"),
            Self::New(chosen) => write!(f, "new({chosen})"),
        }
    }
}

impl Metric {
    /// A value of it with its unit.
    fn value(&self, number: f64) -> String {
        match self {
            Self::Rate(_) | Self::Unparsed => percent(number),
            Self::Quantile(_) => time(number),
            Self::Count(_) | Self::Spike(_) | Self::New(_) => number.to_string(),
        }
    }
}

/// The comparison stands before `where`: a status there and a comparison behind would look like one.
impl Display for Limit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.metric.fmt(f)?;
        if !self.by.is_empty() {
            f.write_str(" by ")?;
            separated(f, &self.by, ", ", |f, key| f.write_str(key.word()))?;
        }
        match self.bound {
            None => {}
            Some(Bound::Value(op, number)) => write!(f, " {op} {}", self.metric.value(number))?,
            Some(Bound::Baseline(op, factor)) => write!(f, " {op} {factor}x baseline")?,
            Some(Bound::Burn { budget, period, factor }) => {
                write!(f, " {} {} over {} burn {factor}x", Op::Less, percent(budget), time(f64::from(period)))?;
            }
        }
        if let Some(window) = self.window {
            let word = if matches!(self.metric, Metric::Count(_)) { "per" } else { "window" };
            write!(f, " {word} {}", time(f64::from(window)))?;
        }
        if self.scope != Expr::All {
            write!(f, " where {}", self.scope)?;
        }
        if let Some(min) = self.min {
            write!(f, " min {min}")?;
        }
        if self.lasting > 0 {
            write!(f, " for {}", time(f64::from(self.lasting)))?;
        }
        match (self.clear, self.bound) {
            (Some((op, factor)), Some(Bound::Baseline(..))) => write!(f, " clear {op} {factor}x baseline")?,
            (Some((op, number)), _) => write!(f, " clear {op} {}", self.metric.value(number))?,
            (None, _) => {}
        }
        if self.severity != super::Level::default() {
            write!(f, " severity {}", self.severity.word())?;
        }
        Ok(())
    }
}
