//! A compiled template: what a line is walked with, field by field, without a regular expression and without allocation.
//!
//! Every step finds where its field ends by the literal text that the template has after it. A field in quotes ends at a
//! quote that is not escaped and is followed by what the template has next, so that a raw quote inside a user agent does not
//! end it. Up to the last field that a record needs (time, request, status) a line must fit; after it, what fits is read and
//! the rest left out, since a user agent cut in the middle does not undo the response.

use super::bytes::{Literal, find};
use super::clock::{Clock, pattern_length};
use super::field::{Field, TimeLayout, Wanted};
use super::leap::{Front, Leap};
use super::shortcut::{CLF_LEN, Shortcut};
use super::value;
use super::{Fit, Reject};
use crate::model::{Record, is_token};

/// A template, ready to read lines.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// The text before the first field.
    pub(super) head: Box<[u8]>,
    pub(super) steps: Vec<Step>,
    /// The leap over the first steps, and how many they are.
    pub(super) front: Option<(Front, usize)>,
    /// How many steps a line must get through to be a record.
    pub(super) required: usize,
    /// nginx never writes `-` for a byte count or an ident: a line that has one was written by another server.
    pub(super) numeric_bytes: bool,
    /// A line is a record only if its time, where the template has one, is one, and a method only if it is a token with a
    /// letter in it: the text between the fields alone would take lines of other kinds for records.
    pub(super) strict: bool,
}

/// One field and how it ends.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each says one thing of how the field begins and ends, and any may go with any")]
pub(super) struct Step {
    pub(super) field: Field,
    end: End,
    /// The field stands in quotes.
    quoted: bool,
    /// The field is one word: it ends at the first space, and what the template has next must follow.
    word: bool,
    /// The field may be a list: a space after a comma or beside a colon does not end it.
    list: bool,
    /// The field does not begin with a quote.
    bare: bool,
    pub(super) shortcut: Shortcut,
    /// This step and some behind it at once, and how many they are.
    pub(super) leap: Option<(Leap, usize)>,
}

/// The text that follows a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// One byte, and not the first of more.
    Byte(u8),
    /// Several bytes.
    Text(Literal),
    /// What a time of this pattern does not take must begin with this text: the time itself may hold it.
    Time(Box<str>, Literal),
    /// The next field follows at once and begins with this byte.
    Before(u8),
    /// Groups between these two bytes, each with a space behind it, and then this text.
    Groups([u8; 2], Literal),
    /// A quote at the start of a word.
    Quote,
    /// What is no space.
    Spaces,
    /// The end of the line.
    Line,
}

impl Program {
    pub(super) fn new(head: Box<[u8]>, steps: Vec<Step>, required: usize) -> Self {
        Self { head, steps, front: None, required, numeric_bytes: false, strict: false }
    }

    /// Whether some step reads this field.
    pub(super) fn has(&self, field: &Field) -> bool {
        self.steps.iter().any(|s| s.field.provides() & field.bit() != 0)
    }

    /// The bits of the fields that lines state. A host before the time is a guess that few lines bear out.
    pub(super) fn fields(&self) -> u32 {
        let of = |field: &Field| field.provides() & if *field == Field::ClfHead { !Field::Host.bit() } else { u32::MAX };
        self.steps.iter().fold(0, |bits, step| bits | of(&step.field))
    }

    /// Unwanted fields are read past, and the walk ends after the last wanted one.
    pub(super) fn narrowed(&self, wanted: Wanted) -> Self {
        let mut program = self.clone();
        for step in &mut program.steps {
            if !wanted.has(&step.field) {
                let skipped = Step::new(Field::Skip, step.end.clone(), step.quoted, step.word, step.list);
                *step = if step.bare { skipped.bare() } else { skipped };
            }
        }
        let last = program.steps.iter().rposition(|s| s.field != Field::Skip).map_or(0, |at| at + 1);
        program.steps.truncate(last.max(program.required));
        for at in 0..program.steps.len() {
            program.steps[at].leap = Leap::over(&program.steps[at..], self.numeric_bytes);
        }
        let first = program.steps.first().and_then(|step| step.leap).filter(|_| self.head.is_empty());
        program.front = first.and_then(|(leap, steps)| Some((leap.front()?, steps)));
        program
    }

    /// The same for a server that writes quotes and backslashes inside quoted values as they are: a field then ends at the
    /// first text that is what the template has next.
    pub(super) fn with_raw_quotes(mut self) -> Self {
        for step in &mut self.steps {
            *step = Step::new(step.field.clone(), step.end.clone(), false, step.word, step.list);
        }
        self
    }

    /// Walks one line, and fills `record`, which must be empty.
    #[inline(always)]
    pub(super) fn parse<'a>(&'a self, line: &'a [u8], clock: &mut Clock, record: &mut Record<'a>) -> Result<Fit, Reject> {
        let (mut at, mut rest) = (0, line);
        if let Some((front, steps)) = &self.front
            && let Some(next) = front.take(line, clock, record)
        {
            (at, rest) = (*steps, &line[next..]);
        } else if !self.head.is_empty() {
            rest = line.strip_prefix(&*self.head).ok_or(Reject::NotThisFormat)?;
        }
        let mut fit = Fit::Whole;
        while let Some(step) = self.steps.get(at) {
            if let Some((leap, steps)) = &step.leap
                && let Some(next) = leap.take(rest, clock, record)
            {
                rest = &rest[next..];
                at += steps;
                continue;
            }
            if let Some(next) = step.shortcut.take(rest, clock, record) {
                rest = &rest[next..];
                at += 1;
                continue;
            }
            match self.step(at, rest, clock, record)? {
                (next, Fit::Whole) => rest = &rest[next..],
                (next, Fit::Partly) if next > 0 => {
                    fit = Fit::Partly;
                    rest = &rest[next..];
                }
                (_, Fit::Partly) => return self.judged(record, Fit::Partly),
            }
            at += 1;
        }
        self.judged(record, if rest.is_empty() { fit } else { Fit::Partly })
    }

    /// The fit, if what was read is a response.
    #[inline(always)]
    fn judged(&self, record: &mut Record<'_>, fit: Fit) -> Result<Fit, Reject> {
        if record.status.is_none() {
            return Err(Reject::CutShort);
        }
        if !self.strict {
            return Ok(fit);
        }
        if record.method.is_some_and(|method| !is_token(method) || !method.iter().any(u8::is_ascii_alphabetic)) {
            record.malformed = record.malformed.or(record.method);
            (record.method, record.path, record.query) = (None, None, None);
        }
        // A proxy's line about a session without HTTP has all the fields, and no request.
        let is_session = record.status.is_some_and(|s| s.get() == 0) && record.method.is_none() && record.path.is_none();
        match record.time {
            _ if is_session => Err(Reject::NoStatus),
            None if self.steps.iter().any(|s| matches!(s.field, Field::Time(_))) => Err(Reject::NotThisFormat),
            _ => Ok(fit),
        }
    }

    /// One step the long way: finds the end of the field, then reads its value. Gives where the next field begins, and 0 with
    /// [`Fit::Partly`] to end the walk.
    fn step<'a>(&'a self, at: usize, rest: &'a [u8], clock: &mut Clock, record: &mut Record<'a>) -> Result<(usize, Fit), Reject> {
        let step = &self.steps[at];
        let Some((length, next)) = step.extent(rest) else {
            if at < self.required {
                return Err(self.why_not(at, rest));
            }
            let text = step.beginning(rest);
            // Behind the status most formats have the bytes; a later number that goes on otherwise than the template may be anything.
            if !matches!(step.field, Field::Duration(_)) {
                value::set(record, &step.field, text, clock);
            }
            return Ok((0, Fit::Partly));
        };
        let text = &rest[..length];
        if step.bare && at < self.required && text.first() == Some(&b'"') {
            return Err(Reject::NotThisFormat);
        }
        let sensible = value::set(record, &step.field, text, clock);
        if step.field.bit() == Field::Status.bit() && record.status.is_none() {
            return Err(bad_status(text));
        }
        if !sensible && at >= self.required {
            return Ok((0, Fit::Partly));
        }
        let foreign = self.numeric_bytes && step.field == Field::Bytes && record.bytes.is_none();
        Ok((next, if foreign { Fit::Partly } else { Fit::Whole }))
    }

    /// Why a line did not get through its required steps: it ends inside them, or it is something else.
    #[cold]
    fn why_not(&self, at: usize, rest: &[u8]) -> Reject {
        let saw_time = self.steps[..=at].iter().any(|s| matches!(s.field, Field::Time(_)));
        let ended = match &self.steps[at].end {
            End::Byte(b) | End::Before(b) => memchr::memchr(*b, rest).is_none(),
            End::Text(text) | End::Time(_, text) | End::Groups(_, text) => memchr::memmem::find(rest, text.text()).is_none(),
            End::Quote | End::Spaces | End::Line => false,
        };
        if saw_time && ended { Reject::CutShort } else { Reject::NotThisFormat }
    }

    /// What follows the last step of a line that fits.
    pub(super) fn tail<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = line.strip_prefix(&*self.head)?;
        for step in &self.steps {
            let (_, next) = step.extent(rest)?;
            rest = &rest[next..];
        }
        Some(rest)
    }

    /// How many steps of the line fit, and how many bytes they take, for messages about lines that no format reads.
    pub(super) fn progress(&self, line: &[u8]) -> (usize, usize) {
        let Some(mut rest) = line.strip_prefix(&*self.head) else { return (0, 0) };
        for (at, step) in self.steps.iter().enumerate() {
            let Some((length, next)) = step.extent(rest) else { return (at, line.len() - rest.len()) };
            let number = matches!(step.field, Field::Status).then(|| value::status(&rest[..length]));
            if number.is_some_and(|status| status.is_none()) {
                return (at, line.len() - rest.len());
            }
            rest = &rest[next..];
        }
        (self.steps.len(), line.len() - rest.len())
    }
}

#[cold]
fn bad_status(text: &[u8]) -> Reject {
    if matches!(text, b"-" | b"-1" | b"") { Reject::NoStatus } else { Reject::BadStatus }
}

impl Step {
    /// A field, how it ends, and how it is to be searched for that end.
    pub(super) fn new(field: Field, end: End, quoted: bool, word: bool, list: bool) -> Self {
        let text = match &end {
            End::Text(text) => Some(text.text()),
            End::Byte(b) => Some(std::slice::from_ref(b)),
            End::Line => Some(&[][..]),
            End::Before(_) | End::Time(..) | End::Groups(..) | End::Quote | End::Spaces => None,
        };
        let shortcut = Shortcut::new(&field, text, quoted, list);
        Self { field, end, quoted, word, list, bare: false, shortcut, leap: None }
    }

    /// The same for a format in which a quote at the start of this field means that the line is another's.
    pub(super) fn bare(self) -> Self {
        // A field that is taken in one look is not looked at.
        let shortcut = if self.shortcut.is_blind() { Shortcut::NONE } else { self.shortcut };
        Self { bare: true, shortcut, ..self }
    }

    /// Length of the field at the start of `rest`, and where the next one starts; `None` when its end is not there.
    #[inline(always)]
    fn extent(&self, rest: &[u8]) -> Option<(usize, usize)> {
        match &self.end {
            End::Text(text) if self.quoted => quoted_end(rest, text),
            End::Text(text) => self.text_end(rest, text),
            End::Time(pattern, text) => match pattern_length(pattern, rest) {
                Some(length) if text.begins(&rest[length..]) => Some((length, length + text.len())),
                _ => self.text_end(rest, text),
            },
            End::Byte(b' ') if self.list => list_end(rest),
            End::Byte(b) if self.quoted => quoted_end(rest, &Literal::new(&[*b])),
            End::Byte(b) => find(*b, rest).map(|at| (at, at + 1)),
            End::Before(b) => find(*b, rest).map(|at| (at, at)),
            End::Groups(around, text) => groups_end(rest, *around, text),
            End::Quote => find(b'"', rest).filter(|&at| at == 0 || rest[at - 1] == b' ').map(|at| (at, at + 1)),
            End::Spaces => {
                let spaces = rest.iter().take_while(|&&b| b == b' ').count();
                Some((spaces, spaces))
            }
            // A word at the end of the template ends at a space, so that what follows it is a tail and not a part of it.
            End::Line if self.word => Some(find(b' ', rest).map_or((rest.len(), rest.len()), |at| (at, at))),
            End::Line => Some((rest.len(), rest.len())),
        }
    }

    /// What there is of a field whose end is not where the template has it: a word up to the next space, a quoted text up to
    /// the next quote or, if the line was cut inside it, all that is left.
    #[cold]
    fn beginning<'a>(&self, rest: &'a [u8]) -> &'a [u8] {
        let end = match self.quoted {
            true => quoted_end(rest, &Literal::new(b"\"")).map(|(length, _)| length),
            false if self.word => memchr::memchr(b' ', rest),
            false => Some(0),
        };
        &rest[..end.unwrap_or(rest.len())]
    }

    #[inline(always)]
    fn text_end(&self, rest: &[u8], text: &Literal) -> Option<(usize, usize)> {
        if matches!(self.field, Field::Time(TimeLayout::Clf)) && rest.get(CLF_LEN..).is_some_and(|after| text.begins(after)) {
            return Some((CLF_LEN, CLF_LEN + text.len()));
        }
        let first = text.text()[0];
        let mut from = 0;
        loop {
            let at = from + find(first, &rest[from..])?;
            if text.begins(&rest[at..]) {
                return Some((at, at + text.len()));
            }
            // A word that is followed by something else than the template says ends the walk here and now.
            if self.word && first == b' ' {
                return None;
            }
            from = at + 1;
        }
    }
}

/// The end of a quoted field: a quote that is not escaped, followed by the rest of `text`.
#[inline(always)]
fn quoted_end(rest: &[u8], text: &Literal) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let at = from + find(b'"', &rest[from..])?;
        if text.begins(&rest[at..]) && !is_escaped(rest, at) {
            return Some((at, at + text.len()));
        }
        from = at + 1;
    }
}

/// The end of `{a|b} {c} ` before `text`.
fn groups_end(rest: &[u8], [open, close]: [u8; 2], text: &Literal) -> Option<(usize, usize)> {
    let mut at = 0;
    while !text.begins(&rest[at..]) {
        if rest.get(at) != Some(&open) {
            return None;
        }
        at += memchr::memmem::find(&rest[at..], &[close, b' '])? + 2;
    }
    Some((at, at + text.len()))
}

/// The end of a list of tries: a space that belongs to no `, ` and no ` : `.
fn list_end(rest: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let at = from + find(b' ', &rest[from..])?;
        let inside = rest[..at].ends_with(b",") || rest[..at].ends_with(b" :") || rest[at..].starts_with(b" : ");
        if !inside {
            return Some((at, at + 1));
        }
        from = at + 1;
    }
}

/// Whether an odd number of backslashes stands before `at`.
#[inline]
pub(super) fn is_escaped(text: &[u8], at: usize) -> bool {
    if at == 0 || text[at - 1] != b'\\' {
        return false;
    }
    text[..at].iter().rev().take_while(|&&b| b == b'\\').count() % 2 == 1
}
