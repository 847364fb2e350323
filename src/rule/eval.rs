//! Does it hold? Asked of whatever can tell fields or measures; nothing is allocated.

use super::text::Case;
use super::words::{Field, Kind, Measure};
use super::{Arg, Expr, Op, Term};

/// What a filter asks of one request.
pub trait Request {
    /// The status sent to the client.
    fn status(&self) -> u16;
    /// A field that is no text, in base units; none when it is not stated.
    fn number(&self, field: Field) -> Option<f64>;
    /// A field that is a text; none when it is not stated.
    fn text(&self, field: Field) -> Option<&[u8]>;
    /// A field that is true or not.
    fn flag(&self, field: Field) -> bool;
}

/// What a condition asks of a group of requests.
pub trait Group {
    /// A measure in base units, 0 or 1 for one that is true or not; none when there is nothing to measure.
    fn measure(&self, measure: Measure, args: &[Arg]) -> Option<f64>;
}

/// Does the filter let the request through?
pub fn holds(filter: &Expr, request: &impl Request) -> bool {
    match filter {
        Expr::All => true,
        Expr::And(parts) => parts.iter().all(|part| holds(part, request)),
        Expr::Or(parts) => parts.iter().any(|part| holds(part, request)),
        Expr::Not(part) => !holds(part, request),
        Expr::Status(first, last) => (*first..=*last).contains(&request.status()),
        Expr::Flag(field) => request.flag(*field),
        Expr::FlagOf(_) => false,
        Expr::Compare(left, op, right) => compare(left, *op, right, request),
        Expr::In(left, sides) => sides.iter().any(|side| compare(left, Op::Equal, side, request)),
    }
}

/// Does the condition hold for the group?
pub fn holds_for(condition: &Expr, group: &impl Group) -> bool {
    match condition {
        Expr::All => true,
        Expr::And(parts) => parts.iter().all(|part| holds_for(part, group)),
        Expr::Or(parts) => parts.iter().any(|part| holds_for(part, group)),
        Expr::Not(part) => !holds_for(part, group),
        Expr::Status(..) | Expr::Flag(_) => false,
        Expr::FlagOf(measure) => group.measure(*measure, &[]).is_some_and(|value| value != 0.0),
        Expr::Compare(left, op, right) => compare_values(value_of(left, group), *op, right, || value_of(right, group)),
        Expr::In(left, sides) => {
            let value = value_of(left, group);
            sides.iter().any(|side| compare_values(value, Op::Equal, side, || value_of(side, group)))
        }
    }
}

/// The value of a term for the group, in base units; a text and a field have none.
pub fn value_of(term: &Term, group: &impl Group) -> Option<f64> {
    match term {
        Term::Number(number) => Some(*number),
        Term::Measure(measure, args) => group.measure(*measure, args),
        Term::Text(_) | Term::None | Term::Field(_) => None,
    }
}

fn compare(left: &Term, op: Op, right: &Term, request: &impl Request) -> bool {
    let Term::Field(field) = left else { return false };
    if field.kind() == Kind::Text {
        return compare_texts(*field, op, right, request);
    }
    compare_values(number(*field, request), op, right, || match right {
        Term::Number(number) => Some(*number),
        Term::Field(other) => number(*other, request),
        _ => None,
    })
}

fn number(field: Field, request: &impl Request) -> Option<f64> {
    if field == Field::Status { Some(f64::from(request.status())) } else { request.number(field) }
}

fn compare_texts(field: Field, op: Op, right: &Term, request: &impl Request) -> bool {
    let Term::Field(other) = right else { return text_holds(field, request.text(field), op, right) };
    let (Some(text), Some(other)) = (request.text(field), request.text(*other)) else { return false };
    equality_holds(text.eq_ignore_ascii_case(other), op)
}

/// Does a comparison of a text with a pattern or with `none` hold? A text that is not stated differs from every text that is
/// written out. Whether it differs from another field's is unknown.
#[inline]
pub fn text_holds(field: Field, text: Option<&[u8]>, op: Op, right: &Term) -> bool {
    match right {
        Term::None => equality_holds(text.is_none(), op),
        Term::Text(pattern) => equality_holds(text.is_some_and(|text| pattern.matches(text, case_of(field))), op),
        Term::Number(_) | Term::Field(_) | Term::Measure(..) => false,
    }
}

#[inline]
fn equality_holds(equal: bool, op: Op) -> bool {
    match op {
        Op::Equal => equal,
        Op::Differs => !equal,
        Op::Less | Op::AtMost | Op::More | Op::AtLeast => false,
    }
}

/// States of a session and words of a balancer mean other things in other letters; all else is written as people like.
const fn case_of(field: Field) -> Case {
    if matches!(field, Field::Termination) { Case::Differs } else { Case::Same }
}

fn compare_values(left: Option<f64>, op: Op, right: &Term, value: impl Fn() -> Option<f64>) -> bool {
    if *right == Term::None {
        return match op {
            Op::Equal => left.is_none(),
            Op::Differs => left.is_some(),
            Op::Less | Op::AtMost | Op::More | Op::AtLeast => false,
        };
    }
    let (Some(left), Some(right)) = (left, value()) else { return false };
    number_holds(left, op, right)
}

/// Does a comparison of two numbers hold?
#[inline]
pub fn number_holds(left: f64, op: Op, right: f64) -> bool {
    match op {
        Op::Equal => left - right == 0.0,
        Op::Differs => left - right != 0.0,
        Op::Less => left < right,
        Op::AtMost => left <= right,
        Op::More => left > right,
        Op::AtLeast => left >= right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{condition, filter, term};

    /// A refused connection; neither a time to connect nor an upstream status is stated.
    struct Refused;

    impl Request for Refused {
        fn status(&self) -> u16 {
            502
        }

        fn number(&self, field: Field) -> Option<f64> {
            match field {
                Field::Duration => Some(0.25),
                Field::UpstreamTime => Some(0.0),
                Field::Bytes => Some(4096.0),
                _ => None,
            }
        }

        fn text(&self, field: Field) -> Option<&[u8]> {
            match field {
                Field::Path => Some(b"/API/orders.json"),
                Field::Termination => Some(b"SC--"),
                Field::UpstreamAddr | Field::FirstUpstreamAddr => Some(b"192.0.2.1:80"),
                _ => None,
            }
        }

        fn flag(&self, field: Field) -> bool {
            field == Field::Proxied
        }
    }

    #[test]
    fn filters_that_hold() {
        for text in [
            "all",
            "5xx",
            "502",
            "500-502",
            "status = 502",
            "status in (500, 502)",
            "status not in (500, 503)",
            "proxied and not answered",
            "connect_time = none",
            "duration != none",
            "duration = 250ms and duration >= 250ms and duration < 1s",
            "duration > upstream_time",
            "bytes = 4KiB",
            "path = \"/api/*\" and path != \"/shop*\"",
            "path in (\"/x\", \"*.json\")",
            "upstream_addr = first_upstream_addr",
            // What is not stated differs from every text.
            "referer != \"x\" and referer = none",
            "not connect_time < 1s and not connect_time >= 1s",
            "404 or 502 and proxied",
            "termination = \"SC*\"",
        ] {
            assert!(holds(&filter(text).unwrap(), &Refused), "{text}");
        }
    }

    #[test]
    fn filters_that_do_not_hold() {
        for text in [
            "404",
            "termination = \"sC*\"",
            "4xx",
            "connect_time != none",
            "connect_time < 1s",
            "connect_time != 1s",
            "upstream_status != status",
            "referer = \"*\"",
            "referer != upstream_addr",
            "referer = agent",
            "(404 or 502) and answered",
        ] {
            assert!(!holds(&filter(text).unwrap(), &Refused), "{text}");
        }
    }

    struct Twelve;

    impl Group for Twelve {
        fn measure(&self, measure: Measure, args: &[Arg]) -> Option<f64> {
            match (measure, args) {
                (Measure::Count, []) => Some(12.0),
                (Measure::Share, [Arg::Filter(Expr::Status(502, 502))]) => Some(0.5),
                (Measure::Top, [Arg::Field(Field::Client), Arg::Number(3.0)]) => Some(0.9),
                (Measure::P50, [Arg::Field(Field::Duration)]) => Some(1.5),
                (Measure::Onset, []) => Some(1.0),
                (Measure::Ended, []) => Some(0.0),
                _ => None,
            }
        }
    }

    #[test]
    fn conditions() {
        for text in [
            "count >= 3 and count != 4",
            "share(502) = 50%",
            "top(client, 3) > 50%",
            "p50(duration) >= 1500ms",
            "onset and not ended",
            "period = none",
            "not rise > 1x",
            "count in (11, 12)",
        ] {
            assert!(holds_for(&condition(text).unwrap(), &Twelve), "{text}");
        }
        for text in ["count < 3", "ended", "rise != 3x", "bursts >= 0", "period != none", "p50(bytes) < 1MiB", "count < around(ok)"] {
            assert!(!holds_for(&condition(text).unwrap(), &Twelve), "{text}");
        }
        assert_eq!(value_of(&term("p50(duration)").unwrap(), &Twelve), Some(1.5));
        assert_eq!(value_of(&term("upstream_addr").unwrap(), &Twelve), None);
    }
}
