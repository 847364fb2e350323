//! The language of rules: what a finding, a gate or an alert asks of requests.
//!
//! Two kinds of expressions. A *filter* speaks of one request: `status = 502 and connect_time = none`. A *condition* speaks of
//! the group that a filter lets through: `count >= 5 and top(client) < 50%`. Beside them stand the *limits* of gates and
//! alerts, `rate(5xx) by route > 2% window 5m`. Text becomes an [`Expr`] with every word known
//! and every unit checked; values come from whoever evaluates it. The room knows neither logs nor tallies. The build includes
//! it as it is, to check the rules of the catalogue: it uses no other room.

mod check;
mod error;
mod eval;
pub mod limit;
mod parse;
mod print;
mod sentence;
mod text;
mod token;
pub mod words;

pub use error::{RuleError, nearest};
pub use eval::{Group, Request, holds, holds_for, number_holds, text_holds, value_of};
pub use limit::{Bound, Key, Level, Limit, Metric, burn_seconds, limit};
pub use parse::{condition, filter, term};
pub use sentence::{Piece, sentence};
pub use text::{Case, Pattern};

use words::{Field, Kind, Measure};

/// A predicate.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `all`: every request.
    All,
    /// All of these.
    And(Vec<Self>),
    /// One of these.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// `5xx`, `502`, `500-599`: the status lies between these, both included.
    Status(u16, u16),
    /// A field that is true or not.
    Flag(Field),
    /// A measure that is true or not.
    FlagOf(Measure),
    /// `left op right`.
    Compare(Term, Op, Term),
    /// `left in (a, b)`: equal to one of these.
    In(Term, Vec<Term>),
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A number in base units: seconds, bytes, 0 to 1 for shares.
    Number(f64),
    /// A text, with `*` for any run of characters, compared without regard to case, save for how a session ended.
    Text(Pattern),
    /// Not stated.
    None,
    /// A field of a request.
    Field(Field),
    /// A measure of a group.
    Measure(Measure, Vec<Arg>),
}

impl Term {
    /// What its value is; unknown for a number or `none`, which follow what they are compared with.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Number(_) | Self::None => None,
            Self::Text(_) => Some(Kind::Text),
            Self::Field(field) => Some(field.kind()),
            Self::Measure(measure, args) => match args.first() {
                Some(Arg::Field(field)) if measure.follows_field() => Some(field.kind()),
                _ => Some(measure.kind()),
            },
        }
    }
}

/// What a measure is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A field.
    Field(Field),
    /// A filter.
    Filter(Expr),
    /// A number.
    Number(f64),
}

/// How two sides are compared. A value that is not stated equals only `none` and differs only from texts that are written
/// out; every other comparison with it is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Equal,
    /// `!=`
    Differs,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}
