//! Which words go together: the kinds on both sides of a comparison, the fields that a measure can be given.

use super::words::{Field, Kind, Measure};
use super::{Op, Term};

/// How a value of a kind is written, behind "is".
pub(super) const fn written(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "a number: write it as 12",
        Kind::Share => "a part of a whole: write it as 12%",
        Kind::Times => "a ratio: write it as 3x",
        Kind::Time => "a time: write it as 250ms, 5s, 2m, 1h or 1d",
        Kind::Bytes => "in bytes: write it as 100 or 4KiB",
        Kind::Text => "a text: write it as \"text\", with * for any run of characters",
        Kind::Flag => "true or not: it stands alone, or behind not",
    }
}

/// The right side of a comparison as it was written: a literal keeps the kind that its unit says.
pub(super) struct Side {
    pub(super) term: Term,
    pub(super) kind: Option<Kind>,
}

/// Why `left` and the right side cannot be compared so.
pub(super) fn comparison(left: &str, kind: Kind, op: Op, right: &Side) -> Result<(), String> {
    let ordered = !matches!(op, Op::Equal | Op::Differs);
    if ordered && (matches!(right.term, Term::None) || kind == Kind::Text) {
        return Err(if kind == Kind::Text {
            format!("{left} is a text, and a text is neither less nor more: compare it with = or !=")
        } else {
            "none is neither less nor more than anything: compare it with = or !=".into()
        });
    }
    let Some(other) = right.kind else { return Ok(()) };
    // What is written without a unit counts requests, codes or bytes.
    let plain = other == Kind::Number && kind == Kind::Bytes && matches!(right.term, Term::Number(_));
    if other == kind || plain { Ok(()) } else { Err(format!("{left} is {}", written(kind))) }
}

/// Why a measure can tell nothing of a field.
pub(super) fn suits(measure: Measure, field: Field) -> Result<(), String> {
    let kind = field.kind();
    let wanted = match measure {
        Measure::Cluster | Measure::Center if kind != Kind::Time => "a field that is a time",
        Measure::P50 | Measure::P95 | Measure::Min | Measure::Max | Measure::Shift if matches!(kind, Kind::Text | Kind::Flag) => {
            "a field that is a number"
        }
        _ if kind == Kind::Flag => {
            return Err(format!(
                "{} takes no field that is only true or not; the part where it is true is part({})",
                measure.word(),
                field.word()
            ));
        }
        _ => return Ok(()),
    };
    Err(format!(
        "{} takes {wanted}, and {} is {}",
        measure.word(),
        field.word(),
        if kind == Kind::Flag { "true or not" } else { name(kind) }
    ))
}

/// The kind, behind "is".
const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "a number",
        Kind::Share => "a part of a whole",
        Kind::Times => "a ratio",
        Kind::Time => "a time",
        Kind::Bytes => "in bytes",
        Kind::Text => "a text",
        Kind::Flag => "true or not",
    }
}
