//! The fields that a format can hold.

/// A place of a template or a key of a JSON object, and how to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Read past it.
    Skip,
    /// Read past a list of tries: nginx writes one value a try into each of its `$upstream_…` variables.
    SkipList,
    /// A time of this pattern that is read past, another one being better.
    SkipTime(Box<str>),
    /// The time of the line.
    Time(TimeLayout),
    /// Everything before the time of a line in the Common Log Format: `[host] address ident user`.
    ClfHead,
    /// The peer's address or name.
    Remote,
    /// A list of forwarded addresses, of which the first one is the client's.
    Forwarded,
    /// The peer's address with its port: `192.0.2.1:443`, `[2001:db8::1]:443`.
    Peer,
    /// The peer's address with its port, an address of version 6 without brackets: `2001:db8::1:443`.
    AddressPort,
    /// The user of HTTP authentication.
    User,
    /// The whole request line.
    Request,
    /// The request line of a balancer that always writes the whole URL: its authority is the host.
    AbsoluteRequest,
    /// The method.
    Method,
    /// The request target with its query.
    Target,
    /// The request target without its query.
    Path,
    /// The query, with or without its `?`.
    Query,
    /// The protocol, `HTTP/1.1`.
    Protocol,
    /// The status code.
    Status,
    /// The protocol, which may hold spaces or be nothing of the kind, and behind it the status code.
    ProtocolStatus,
    /// Bytes sent to the client.
    Bytes,
    /// The time of the whole request.
    Duration(Unit),
    /// A further part of the time of the whole request, which is the sum of its parts.
    DurationMore(Unit),
    /// A further part of the time of the whole request: the one that the upstream took.
    UpstreamMore(Unit),
    /// The time at which the request ended, which says how long it took where nothing else does.
    EndTime,
    /// The host asked for.
    Host,
    /// The `Referer` header.
    Referer,
    /// The `User-Agent` header.
    UserAgent,
    /// Addresses of the servers behind the proxy.
    UpstreamAddr,
    /// Statuses of the servers behind the proxy.
    UpstreamStatus,
    /// The time that the servers behind the proxy took.
    UpstreamTime(Unit),
    /// The request's identifier.
    RequestId,
    /// The time that the request waited for a connection slot.
    QueueTime(Unit),
    /// The time that connecting to the server behind the proxy took.
    ConnectTime(Unit),
    /// The time up to the header of the response of the server behind the proxy.
    HeaderTime(Unit),
    /// How a session ended: HAProxy's termination state, Envoy's response flags.
    TerminationState,
    /// What the cache did.
    CacheStatus,
    /// A key whose value must not begin with this, or the line is no access line.
    Not(Box<str>),
    /// Any number of captured headers in braces, each followed by a space, as HAProxy writes them.
    Captures,
    /// Any number of things in square brackets, each followed by a space.
    Brackets,
    /// Any number of words without quotes, each followed by a space.
    Words,
    /// Any number of spaces.
    Spaces,
}

impl Field {
    /// The bit of this field in [`Wanted`]; a layout or unit makes no difference.
    pub(super) const fn bit(&self) -> u32 {
        1 << match self {
            Self::Skip | Self::SkipList | Self::SkipTime(_) | Self::Captures | Self::Brackets | Self::Words | Self::Spaces => 0,
            Self::Time(_) => 1,
            Self::ClfHead => 2,
            Self::Remote | Self::Peer | Self::AddressPort | Self::Forwarded => 3,
            Self::User => 4,
            Self::Request | Self::AbsoluteRequest => 5,
            Self::Method => 6,
            Self::Target => 7,
            Self::Path => 8,
            Self::Query => 9,
            Self::Protocol => 10,
            Self::Status | Self::ProtocolStatus => 11,
            Self::Bytes => 12,
            Self::Duration(_) | Self::DurationMore(_) | Self::UpstreamMore(_) => 13,
            Self::Host => 14,
            Self::Referer => 15,
            Self::UserAgent => 16,
            Self::UpstreamAddr => 17,
            Self::UpstreamStatus => 18,
            Self::UpstreamTime(_) => 19,
            Self::RequestId => 20,
            Self::QueueTime(_) => 21,
            Self::ConnectTime(_) => 22,
            Self::HeaderTime(_) => 23,
            Self::TerminationState => 24,
            Self::EndTime => 25,
            Self::Not(_) => 26,
            Self::CacheStatus => 27,
        }
    }

    /// The bits of all fields that this one may fill.
    pub(super) const fn provides(&self) -> u32 {
        self.bit()
            | match self {
                Self::AbsoluteRequest => Self::Host.bit(),
                Self::UpstreamMore(_) => Self::UpstreamTime(Unit::Seconds).bit(),
                Self::ClfHead => Self::Host.bit() | Self::Remote.bit() | Self::User.bit(),
                _ => 0,
            }
    }

    /// The bits of the request line and its parts.
    pub(super) const OF_REQUEST: u32 =
        Self::Request.bit() | Self::Method.bit() | Self::Target.bit() | Self::Path.bit() | Self::Query.bit() | Self::Protocol.bit();

    /// One more than the largest bit's number.
    pub(super) const BITS: usize = 28;

    /// Nobody wants the value.
    pub(super) const fn is_skipped(&self) -> bool {
        matches!(self, Self::Skip | Self::SkipList | Self::SkipTime(_) | Self::Captures | Self::Brackets | Self::Words | Self::Spaces)
    }

    /// Adds to another field, so that it competes with none.
    pub(super) const fn is_more(&self) -> bool {
        matches!(self, Self::DurationMore(_) | Self::UpstreamMore(_))
    }

    /// A part of the request line by itself.
    pub(super) const fn is_of_request_line(&self) -> bool {
        matches!(self, Self::Method | Self::Target | Self::Path | Self::Query | Self::Protocol)
    }

    /// A value of this field is one word, so that it ends at the first space even where the template goes on with more.
    pub(super) const fn is_word(&self) -> bool {
        matches!(
            self,
            Self::Remote
                | Self::Peer
                | Self::AddressPort
                | Self::Host
                | Self::Method
                | Self::Status
                | Self::Bytes
                | Self::Duration(_)
                | Self::DurationMore(_)
                | Self::UpstreamMore(_)
                | Self::Protocol
                | Self::RequestId
                | Self::TerminationState
                | Self::CacheStatus
        )
    }

    /// A value of this field may be several, `10.0.0.5:80, 10.0.0.6:80 : 10.0.0.7:80`, with spaces between.
    pub(super) const fn is_list(&self) -> bool {
        matches!(
            self,
            Self::SkipList | Self::UpstreamAddr | Self::UpstreamStatus | Self::UpstreamTime(_) | Self::ConnectTime(_) | Self::HeaderTime(_)
        )
    }

    /// A line without this field is no record.
    pub(super) const fn is_required(&self) -> bool {
        matches!(
            self,
            Self::Time(_)
                | Self::Request
                | Self::AbsoluteRequest
                | Self::Method
                | Self::Target
                | Self::Path
                | Self::Status
                | Self::ProtocolStatus
        )
    }
}

/// How a time is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeLayout {
    /// `15/Jun/2025:15:06:40 +0000`
    Clf,
    /// `2025-06-15T15:06:40+00:00`
    Iso,
    /// Seconds since 1970, with a fraction; 13, 16 and 19 digits are milli-, micro- and nanoseconds.
    Epoch,
    /// Whichever of the three it is: the keys of JSON logs do not tell.
    Any,
    /// A `strftime` pattern, as Apache's `%{…}t` takes.
    Pattern(Box<str>),
}

/// The unit of a number that measures time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds, with or without a fraction.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
    /// Seconds where there is a fraction, else milliseconds.
    MillisOrSeconds,
}

impl Unit {
    /// How many nanoseconds one is.
    pub const fn nanos(self) -> u64 {
        10_u64.pow(self.decimals() as u32)
    }

    /// Digits behind the point down to a nanosecond.
    pub(super) const fn decimals(self) -> usize {
        match self {
            Self::Seconds => 9,
            Self::Millis | Self::MillisOrSeconds => 6,
            Self::Micros => 3,
            Self::Nanos => 0,
        }
    }
}

/// A set of fields that a reader needs; others need not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted(u32);

impl Wanted {
    /// Every field.
    pub const ALL: Self = Self(u32::MAX);
    /// What the tally counts: time, method, path, status, bytes and durations.
    pub const TALLY: Self = Self(
        Field::Time(TimeLayout::Any).bit()
            | Field::Request.bit()
            | Field::Method.bit()
            | Field::Target.bit()
            | Field::Path.bit()
            | Field::Status.bit()
            | Field::Bytes.bit()
            | Field::Duration(Unit::Seconds).bit()
            | Field::EndTime.bit(),
    );

    /// What evidence is made of: all but the identifier that every request has for itself.
    pub const EVIDENCE: Self = Self(!Field::RequestId.bit());

    /// This set and one more field.
    #[must_use]
    pub const fn and(self, field: &Field) -> Self {
        Self(self.0 | field.bit())
    }

    /// Whether the field is in the set.
    pub const fn has(self, field: &Field) -> bool {
        self.0 & field.bit() != 0 || matches!(field, Field::Not(_))
    }
}
