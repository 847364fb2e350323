//! The language of rules: what a finding, a gate or an alert asks of requests.
//!
//! Two kinds of expressions. A *filter* speaks of one request: `status = 502 and connect_time = none`. A *condition* speaks of
//! the group that a filter lets through: `count >= 5 and top(client) < 50%`. Text becomes an [`Expr`] with every word known
//! and every unit checked; values come from whoever evaluates it. The room knows neither logs nor tallies.

pub mod words;

use words::{Field, Measure};

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
    /// A text, with `*` for any run of characters, compared without regard to case.
    Text(String),
    /// Not stated.
    None,
    /// A field of a request.
    Field(Field),
    /// A measure of a group.
    Measure(Measure, Vec<Arg>),
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

/// How two sides are compared. A value that is not stated equals only `none`, and is neither less nor more than anything.
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
