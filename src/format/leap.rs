//! Several fields in one look.
//!
//! nginx's and Apache's defaults, and most formats made from them, begin alike: an address, a user who is mostly `-`, and then
//! `time] "request" status bytes` one behind the other. That is all that a count needs. Taken one by one, each field costs a
//! jump that hangs on its kind, a search, a comparison with what the template has next, and a bounds check for each of these.
//! Taken together they cost a few loads of eight bytes, for what stands between them never changes:
//!
//! ```text
//! 192.0.2.7 - - [15/Jun/2025:15:06:40 +0000] "GET /users/17?fields=name HTTP/1.1" 200 5120 "-" …
//! └───┬───┘└──┬─┘└────────── 26 ──────────┘└┬┘                         └───┬──┘└──┬──┘└┬─┘└┬
//!   text    7 bytes    the minute before    3                            8 bytes  8   digits what the template has next
//! ```
//!
//! A leap is found where the steps of a template are in a row that has one. It reads what these steps read one by one, or
//! declines, and then they are taken one by one.

use super::bytes::{eight, leading_digits};
use super::clock::Clock;
use super::program::Step;
use super::request::Target;
use super::shortcut::{CLF_LEN, Ending, Slot, Way};
use super::value;
use crate::model::Record;

/// A way to take several steps at once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leap {
    /// A text, and fields behind it that nobody wants and that are `-`.
    Dashes(Dashes),
    /// Time, request, status, bytes.
    Core(Core),
    /// One behind the other.
    Both(Front),
}

/// What most formats begin with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Front(Dashes, Core);

#[derive(Clone, Copy, Debug)]
pub(super) struct Dashes {
    /// Where the text belongs; it may be unwanted too.
    slot: Option<Slot>,
    /// What follows it, dashes and all.
    ending: Ending,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Core {
    /// What follows the bytes.
    after: Ending,
    /// Whether the bytes may be `-`.
    dash: bool,
}

impl Leap {
    /// The leap over the first of these steps, and how many it takes.
    pub(super) fn over(steps: &[Step], numeric_bytes: bool) -> Option<(Self, usize)> {
        if let Some(core) = Core::over(steps, numeric_bytes) {
            return Some((Self::Core(core), 4));
        }
        let (dashes, count) = Dashes::over(steps)?;
        Some(match Core::over(&steps[count..], numeric_bytes) {
            Some(core) => (Self::Both(Front(dashes, core)), count + 4),
            None => (Self::Dashes(dashes), count),
        })
    }

    /// The leap over what most formats begin with, if it is that.
    pub(super) fn front(self) -> Option<Front> {
        if let Self::Both(front) = self { Some(front) } else { None }
    }

    /// Reads the fields at the start of `rest`, and gives where the next one begins.
    #[inline(always)]
    pub(super) fn take<'a>(&self, rest: &'a [u8], clock: &mut Clock, record: &mut Record<'a>) -> Option<usize> {
        match self {
            Self::Both(front) => front.take(rest, clock, record),
            Self::Core(core) => core.take(rest, clock, record),
            Self::Dashes(dashes) => dashes.take(rest, record),
        }
    }
}

impl Front {
    #[inline(always)]
    pub(super) fn take<'a>(&self, rest: &'a [u8], clock: &mut Clock, record: &mut Record<'a>) -> Option<usize> {
        let next = self.0.take(rest, record)?;
        Some(next + self.1.take(rest.get(next..)?, clock, record)?)
    }
}

impl Dashes {
    fn over(steps: &[Step]) -> Option<(Self, usize)> {
        let (first, others) = steps.split_first()?;
        let slot = match first.shortcut.way {
            Way::Past => None,
            Way::Text(slot) => Some(slot),
            _ => return None,
        };
        let skipped = others.iter().take_while(|step| step.shortcut.way == Way::Past);
        let endings = skipped.scan(first.shortcut.ending, |all, step| {
            *all = all.with(b'-', &step.shortcut.ending)?;
            Some(*all)
        });
        let (count, ending) = endings.enumerate().last()?;
        Some((Self { slot, ending }, count + 2))
    }

    #[inline(always)]
    fn take<'a>(&self, rest: &'a [u8], record: &mut Record<'a>) -> Option<usize> {
        let (text, next) = self.ending.found(rest)?;
        if let Some(slot) = self.slot {
            slot.set(record, text);
        }
        Some(next)
    }
}

/// Eight bytes, and which of their bits are always so.
struct Fixed(u64, u64);

impl Fixed {
    #[inline(always)]
    fn differs(&self, text: &[u8]) -> u64 {
        (eight(text).unwrap_or(0) ^ self.0) & self.1
    }
}

/// What follows the target, ` HTTP/1.1" 200 `: all but the digits, and the first byte of what follows.
const PROTOCOL: Fixed = Fixed(u64::from_le_bytes(*b" HTTP/ ."), !(0xff << 48));
const STATUS: Fixed = Fixed(u64::from_le_bytes(*b" \"     0"), 0x00ff_0000_00ff_ff00);
/// Where the bytes begin, behind the target.
const BYTES: usize = 15;

impl Core {
    fn over(steps: &[Step], numeric_bytes: bool) -> Option<Self> {
        let [time, request, status, bytes] = steps.first_chunk()?.each_ref().map(|step| &step.shortcut);
        let fits = [time.way, request.way, status.way, bytes.way] == [Way::Clf, Way::Request, Way::Status, Way::Bytes]
            && time.ending.is(b"] \"")
            && request.ending.is(b"\" ")
            && status.ending.is(b" ");
        fits.then_some(Self { after: bytes.ending, dash: !numeric_bytes })
    }

    #[inline(always)]
    fn take<'a>(&self, rest: &'a [u8], clock: &mut Clock, record: &mut Record<'a>) -> Option<usize> {
        let (time, behind) = rest.split_first_chunk::<CLF_LEN>()?;
        let (quote, request) = behind.split_first_chunk::<3>()?;
        let target = Target::parse(request)?;
        let end = &request[target.end..];
        // One look at how long it is, and not one for each part of it.
        let padded;
        let behind: &[u8; 32] = if let Some(behind) = end.first_chunk() {
            behind
        } else {
            padded = with_padding(end);
            &padded
        };
        let version = behind[6].is_ascii_digit() & behind[8].is_ascii_digit();
        if *quote != *b"] \"" || PROTOCOL.differs(&behind[..8]) | STATUS.differs(&behind[8..16]) != 0 || !version {
            return None;
        }
        let status = value::three_digits(&behind[11..14])?;
        let (bytes, length) = match leading_digits(&behind[BYTES..]) {
            Some((bytes, length)) => (Some(bytes), length),
            None if self.dash && behind[BYTES] == b'-' => (None, 1),
            None => return None,
        };
        let next = self.after.ends_at(end, BYTES + length)?;
        record.time = clock.clf(time);
        record.method = Some(target.method);
        record.path = Some(target.path);
        record.query = target.query;
        record.protocol = end.get(1..9);
        record.status = Some(status);
        record.bytes = bytes;
        Some(CLF_LEN + 3 + target.end + next)
    }
}

/// What stands near the end of a line, and NUL behind it.
#[inline(never)]
fn with_padding(text: &[u8]) -> [u8; 32] {
    let mut padded = [0; 32];
    padded[..text.len()].copy_from_slice(text);
    padded
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use super::super::field::Wanted;
    use super::super::program::Program;
    use super::super::template;
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    const TEMPLATES: [&str; 6] = [
        r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#,
        r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time urt="$upstream_response_time""#,
        r#"%h %l %u %t "%r" %>s %b"#,
        r#"%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i""#,
        r#"%h %l %u %t "%r" %>s %b %D"#,
        r#"$host $remote_addr [$time_local] "$request" $status $bytes_sent"#,
    ];

    fn program(template: &str) -> Program {
        let Ok(Reader::Text(program)) = template::compile(template) else { panic!("{template} is a template") };
        program
    }

    #[test]
    fn the_common_formats_have_both() {
        for template in TEMPLATES {
            let steps = program(template).narrowed(Wanted::TALLY).steps;
            let leaps: Vec<usize> = steps.iter().filter_map(|s| s.leap.map(|(_, steps)| steps)).collect();
            assert!(leaps.iter().any(|&steps| steps >= 4), "{template}: {leaps:?}");
        }
    }

    fn line() -> impl Strategy<Value = String> {
        let who = "(www\\.example\\.com:443 )?(192\\.0\\.2\\.[0-9]|2001:db8::1|-|a b|\")? ?(-|id|) ?(-|jane doe|) ?";
        let time = "\\[15/Jun/2025:15:0[67]:[0-7][0-9] [+-]0[0-9]00\\]";
        let request = "(GET|POST|get|G|OPTIONSX|-|)( |)(/[a-z0-9/?%\\\\ ]{0,40}|/[a-z/]{50,80}|\\*)(\\?[a-z=&?]{0,70})?( HTTP/1\\.[01x]| HTTP/2| HTTP/2\\.0|)";
        let numbers = "(200|404|99|1000|2x0|-) ?(0|17|5120|12345678|-|1-|)";
        let tail =
            "( \"(-|https://example\\.com/|a\\\\\")\" \"[a-zA-Z/() ]{0,60}\"?)?( rt=)?(0\\.[0-9]{1,8}|[0-9]{1,9}|-|)?( urt=\"0\\.1\")?";
        (who, time, request, numbers, tail)
            .prop_map(|(who, time, request, numbers, tail)| format!("{who}{time} \"{request}\" {numbers}{tail}"))
    }

    proptest! {
        #[test]
        fn a_leap_gives_what_its_steps_give(line in line(), cut in 0usize..400, at in 0usize..300, byte: u8) {
            let mut changed = line.clone().into_bytes();
            changed.truncate(cut.max(20));
            let place = at % (3 * changed.len());
            changed.get_mut(place).into_iter().for_each(|b| *b = byte);
            for (template, line) in TEMPLATES.iter().flat_map(|t| [(t, line.as_bytes()), (t, changed.as_slice())]) {
                let quick = program(template).narrowed(Wanted::TALLY.and(&crate::format::Field::Remote));
                let mut slow = quick.clone();
                slow.front = None;
                for step in &mut slow.steps {
                    step.leap = None;
                    step.shortcut = super::super::shortcut::Shortcut::NONE;
                }
                let read = |program: &Program| {
                    let (mut clock, mut record) = (Clock::new(TimeZone::UTC), Record::default());
                    program.parse(line, &mut clock, &mut record).map(|_| format!("{record:?}"))
                };
                prop_assert_eq!(read(&quick), read(&slow), "{} {:?}", template, String::from_utf8_lossy(line));
            }
        }
    }
}
