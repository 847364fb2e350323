//! A heading -> what each column is. Sources: W3C Extended Log File Format, the documentation of IIS's (Advanced Logging
//! too), CloudFront's and Imperva's log fields, of Google Cloud Storage's usage logs, and of Zeek's `http.log`.

use super::split::Separator;
use crate::format::field::{Field, TimeLayout, Unit};
use crate::format::logged::UNKNOWN;
use crate::format::value;

/// What the columns of a line are.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) columns: Vec<Column>,
    pub(super) has_status: bool,
    /// The server that writes such columns.
    pub(super) server: &'static str,
}

/// One column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Date,
    TimeOfDay,
    Field(Field),
    /// A target, or the host with the target behind it.
    HostAndTarget,
    /// What Microsoft's server says about the status, `13` behind 404.
    Substatus,
    /// A header of the request, in which spaces and more are encoded.
    Encoded(Field),
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    Any,
    Date,
    TimeOfDay,
    Number,
    Status,
    Method,
    Path,
    Protocol,
    Address,
    Url,
    NoUrl,
    Host,
}

impl Kind {
    const fn bits(&self) -> u32 {
        match self {
            Self::Date | Self::TimeOfDay => Field::Time(TimeLayout::Any).bit(),
            Self::Field(field) | Self::Encoded(field) => field.bit(),
            Self::Substatus => Field::TerminationState.bit(),
            Self::HostAndTarget => Field::Target.bit() | Field::Host.bit(),
            Self::Other => 0,
        }
    }
}

impl Layout {
    /// `separator` is that of the heading, where there is one.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>, separator: Option<Separator>) -> Self {
        let names: Vec<&str> = names.filter(|n| !n.is_empty()).collect();
        let has = |name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        // CloudFront writes seconds with a fraction where IIS writes milliseconds under the same name.
        let unit = if separator == Some(Separator::Tab) || has("x-edge-location") { Unit::Seconds } else { Unit::Millis };
        let has_query = has("cs-uri-query");
        let mut columns: Vec<Column> = names.iter().map(|name| Column { kind: column(name, unit, has_query).0 }).collect();
        // What the server's clock showed counts only where nothing tells the time in UTC.
        if has("date") || has("date-utc") {
            let locals = names.iter().zip(&mut columns).filter(|(name, _)| name.to_ascii_lowercase().ends_with("-local"));
            locals.for_each(|(_, column)| column.kind = Kind::Other);
        }
        // The host that the viewer asked for is said by a column of its own, where there is one.
        if has("x-host-header")
            && let Some(at) = names.iter().position(|n| n.eq_ignore_ascii_case("cs(Host)"))
        {
            columns[at].kind = Kind::Other;
        }
        let has_status = columns.iter().any(|c| matches!(c.kind, Kind::Field(Field::Status)));
        let server = match () {
            () if has("x-edge-location") => "cloudfront",
            () if has("sc-win32-status") || has("sc-substatus") || has("s-computername") => "iis",
            () => UNKNOWN,
        };
        Self { columns, has_status, server }
    }

    /// The bits of its fields.
    pub(super) fn fields(&self) -> u32 {
        self.columns.iter().fold(0, |bits, column| bits | column.kind.bits())
    }
}

/// A heading in which some columns may be missing, `date time [s-ip] cs-method`.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    names: Vec<&'static str>,
    /// What the text of each must look like: nothing but the looks tells which columns a line has.
    looks: Vec<Looks>,
    optional: bool,
}

/// The groups that a line has, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups(u32);

impl Pattern {
    pub(super) fn new(text: &'static str) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut open = false;
        for word in text.split(' ') {
            let name = word.trim_start_matches('[').trim_end_matches(']');
            let looks = column(name, Unit::Millis, true).1;
            match groups.last_mut().filter(|_| open) {
                Some(group) => {
                    group.names.push(name);
                    group.looks.push(looks);
                }
                None => groups.push(Group { names: vec![name], looks: vec![looks], optional: word.starts_with('[') }),
            }
            open = (open || word.starts_with('[')) && !word.ends_with(']');
        }
        assert!(groups.len() <= 32, "the data file has more groups of columns than there are bits");
        Self { groups }
    }

    /// Every column that the pattern has.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.groups.iter().flat_map(|group| group.names.iter().copied())
    }

    /// The groups of a line with these columns, as many of the optional ones as fit.
    pub(super) fn groups(&self, texts: &[&[u8]]) -> Option<Groups> {
        let most: usize = self.groups.iter().map(|g| g.names.len()).sum();
        let mut chosen = Groups::default();
        (texts.len() <= most && select(&self.groups, 1, texts, &mut chosen)).then_some(chosen)
    }

    /// The layout of a line that has these groups.
    pub(super) fn layout(&self, Groups(chosen): Groups) -> Layout {
        let groups = self.groups.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
        Layout::new(groups.flat_map(|(_, group)| group.names.iter().copied()), None)
    }
}

/// Tries each optional group, whose bit is `bit`, and then without it.
fn select(groups: &[Group], bit: u32, texts: &[&[u8]], chosen: &mut Groups) -> bool {
    let Some((group, later)) = groups.split_first() else { return texts.is_empty() };
    let least: usize = later.iter().filter(|g| !g.optional).map(|g| g.names.len()).sum();
    let count = group.names.len();
    if texts.len() >= count + least && group.looks.iter().zip(texts).all(|(looks, text)| looks.are_those_of(text)) {
        chosen.0 |= bit;
        if select(later, bit << 1, &texts[count..], chosen) {
            return true;
        }
        chosen.0 &= bit - 1;
    }
    group.optional && select(later, bit << 1, texts, chosen)
}

impl Looks {
    fn are_those_of(self, text: &[u8]) -> bool {
        let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        match self {
            Self::Any => true,
            Self::Date => text.len() == 10 && text[4] == b'-' && text[7] == b'-',
            Self::TimeOfDay => text.len() >= 8 && text[2] == b':' && text[5] == b':',
            Self::Number => text == b"-" || std::str::from_utf8(text).is_ok_and(|number| number.parse::<f64>().is_ok()),
            Self::Status => text == b"000" || value::status(text).is_some_and(|s| s.get() >= 100),
            Self::Method => text == b"-" || text.iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_')) && !text.is_empty(),
            Self::Path => text.starts_with(b"/") || matches!(text, b"*" | b"-") || memchr::memmem::find(text, b"://").is_some(),
            Self::Protocol => text == b"-" || text.starts_with(b"HTTP/"),
            Self::Url => text == b"-" || memchr::memmem::find(text, b"://").is_some(),
            Self::NoUrl => !text.starts_with(b"http"),
            Self::Host => {
                text == b"-" || !digits(text) && text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'_'))
            }
            Self::Address => text == b"-" || !digits(text) && text.iter().any(|b| matches!(b, b'.' | b':')),
        }
    }
}

fn column(name: &str, unit: Unit, has_query: bool) -> (Kind, Looks) {
    use Kind::{Date, Encoded, Field as Is, HostAndTarget, Other, Substatus, TimeOfDay};
    match name.to_ascii_lowercase().as_str() {
        "date" | "date-utc" | "date-local" => (Date, Looks::Date),
        "time" | "time-utc" | "time-local" => (TimeOfDay, Looks::TimeOfDay),
        "datetime" | "timestamp" | "time_micros" | "ts" => (Is(Field::Time(TimeLayout::Any)), Looks::Number),
        "c-ip" | "c_ip" | "id.orig_h" => (Is(Field::Remote), Looks::Address),
        "id.resp_h" => (Is(Field::UpstreamAddr), Looks::Address),
        "cs-username" | "c-auth-id" | "username" => (Is(Field::User), Looks::Any),
        "cs-method" | "cs_method" | "method" => (Is(Field::Method), Looks::Method),
        "cs-uri-stem" | "cs-uri-path" if has_query => (Is(Field::Path), Looks::Path),
        "cs-uri-stem" | "cs_uri" => (Is(Field::Target), Looks::Path),
        "cs-uri" => (HostAndTarget, Looks::Any),
        "uri" => (Is(Field::Target), Looks::Any),
        "cs-uri-query" => (Is(Field::Query), Looks::Any),
        "cs-version" | "cs-protocol-version" => (Is(Field::Protocol), Looks::Protocol),
        "version" => (Is(Field::Protocol), Looks::Number),
        "sc-status" | "c-status" | "sc_status" | "status_code" => (Is(Field::Status), Looks::Status),
        "sc-bytes" | "bytes" | "sc_bytes" | "response_body_len" => (Is(Field::Bytes), Looks::Number),
        "cs-bytes" | "cs_bytes" | "s-port" | "c-port" | "sc-win32-status" | "id.orig_p" | "id.resp_p" | "trans_depth"
        | "request_body_len" => (Other, Looks::Number),
        "sc-substatus" => (Substatus, Looks::Number),
        "x-edge-result-type" => (Is(Field::CacheStatus), Looks::Any),
        "x-edge-detailed-result-type" => (Is(Field::TerminationState), Looks::Any),
        "timetakenms" => (Is(Field::Duration(Unit::Millis)), Looks::Number),
        "time-taken" => (Is(Field::Duration(unit)), Looks::Number),
        "time_taken_micros" => (Is(Field::Duration(Unit::Micros)), Looks::Number),
        "x-duration" => (Is(Field::Duration(Unit::Seconds)), Looks::Number),
        "host" => (Is(Field::Host), Looks::Any),
        "cs-host" | "cs(host)" | "x-host-header" | "cs_host" => (Is(Field::Host), Looks::Host),
        "cs(user-agent)" => (Encoded(Field::UserAgent), Looks::Any),
        "cs_user_agent" | "user_agent" => (Is(Field::UserAgent), Looks::Any),
        "cs(referer)" | "cs(referrer)" => (Is(Field::Referer), Looks::Url),
        "cs_referer" | "referrer" => (Is(Field::Referer), Looks::Any),
        "x-edge-request-id" | "s_request_id" | "uid" => (Is(Field::RequestId), Looks::Any),
        "cs(cookie)" => (Other, Looks::NoUrl),
        "s-ip" | "x-forwarded-for" => (Other, Looks::Address),
        "s-sitename" | "s-computername" => (Other, Looks::Host),
        _ => (Other, Looks::Any),
    }
}
