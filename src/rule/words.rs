//! The words of the language: fields of a request, measures of a group of requests. One table each; the parser, the build
//! and the documentation read them.

/// The servers that the field `server` names.
pub const SERVERS: &[&str] = &[
    "nginx",
    "apache",
    "haproxy",
    "caddy",
    "varnish",
    "lighttpd",
    "traefik",
    "envoy",
    "alb",
    "cloudfront",
    "iis",
    "cloudflare",
    "squid",
    "s3",
    "unknown",
];

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A plain number.
    Number,
    /// A part of a whole, 0 to 1, written `12%`.
    Share,
    /// A ratio, written `3x`.
    Times,
    /// Seconds, written `250ms`, `5s`, `2m`, `1h`.
    Time,
    /// Bytes, written `100`, `4KiB`.
    Bytes,
    /// Text, written `"/api/*"`; `*` stands for any run of characters.
    Text,
    /// True or not.
    Flag,
}

/// What a measure may be given in its parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: it is written without parentheses.
    Nothing,
    /// A field.
    Field,
    /// A field, and a number if one wants.
    FieldNumber,
    /// A predicate of requests.
    Filter,
    /// A predicate of requests, or nothing.
    FilterOrNothing,
    /// Two predicates of requests.
    TwoFilters,
    /// A field, or nothing.
    FieldOrNothing,
}

macro_rules! words {
    ($(#[$of:meta])* $name:ident { $($(#[doc = $doc:literal])* $word:literal = $variant:ident $kind:expr;)* }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $doc])* $variant,)* }

        impl $name {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What the word means, in a line.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*)),* }
            }

            /// The one of that word.
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.word() == word)
            }

            const fn table(self) -> (Kind, Takes) {
                match self { $(Self::$variant => $kind),* }
            }

            /// What its value is.
            pub const fn kind(self) -> Kind {
                self.table().0
            }
        }
    };
}

const fn of(kind: Kind) -> (Kind, Takes) {
    (kind, Takes::Nothing)
}

const fn taking(kind: Kind, takes: Takes) -> (Kind, Takes) {
    (kind, takes)
}

words! {
    /// A field of one request: what the line states, or what the lines around it tell about it.
    Field {
        /// Status code sent to the client.
        "status" = Status of(Kind::Number);
        /// Method token.
        "method" = Method of(Kind::Text);
        /// Request target without its query.
        "path" = Path of(Kind::Text);
        /// Query without its question mark.
        "query" = Query of(Kind::Text);
        /// Route that the path was counted under.
        "route" = Route of(Kind::Text);
        /// Bytes of path and query.
        "target_length" = TargetLength of(Kind::Bytes);
        /// Bytes sent to the client.
        "bytes" = Bytes of(Kind::Bytes);
        /// Time of the whole request.
        "duration" = Duration of(Kind::Time);
        /// Time that the upstream took; several tries are summed.
        "upstream_time" = UpstreamTime of(Kind::Time);
        /// Time to connect to the upstream; none when it was never connected.
        "connect_time" = ConnectTime of(Kind::Time);
        /// Time to the header of the upstream's response; none when no valid one came.
        "header_time" = HeaderTime of(Kind::Time);
        /// Time in the proxy's queue.
        "queue_time" = QueueTime of(Kind::Time);
        /// Address of the upstream that was tried last.
        "upstream_addr" = UpstreamAddr of(Kind::Text);
        /// Address of the upstream that was tried first.
        "first_upstream_addr" = FirstUpstreamAddr of(Kind::Text);
        /// Status of the last try.
        "upstream_status" = UpstreamStatus of(Kind::Number);
        /// Status of the first try.
        "first_upstream_status" = FirstUpstreamStatus of(Kind::Number);
        /// How many upstreams were tried.
        "tries" = Tries of(Kind::Number);
        /// How the session ended: HAProxy's state, Envoy's flags, a balancer's error reason, IIS' substatus (`404.13`); case counts.
        "termination" = Termination of(Kind::Text);
        /// What the cache did, in capitals: `HIT`, `MISS`, `EXPIRED`.
        "cache" = Cache of(Kind::Text);
        /// Host asked for.
        "host" = Host of(Kind::Text);
        /// `Referer` header.
        "referer" = Referer of(Kind::Text);
        /// `User-Agent` header.
        "agent" = Agent of(Kind::Text);
        /// Product and version of the `User-Agent`: `ShopApp/5.2.0`, `Chrome/131`.
        "agent_family" = AgentFamily of(Kind::Text);
        /// Address or name of the peer.
        "client" = Client of(Kind::Text);
        /// Network of the peer: /24 of IPv4, /48 of IPv6.
        "network" = Network of(Kind::Text);
        /// User of HTTP authentication.
        "user" = User of(Kind::Text);
        /// Protocol of the request line.
        "protocol" = Protocol of(Kind::Text);
        /// What stood where a request line should be and was none.
        "request" = Request of(Kind::Text);
        /// Kind of a request that is none: `empty`, `tls`, `ssh`, `proxy`, `http2`, `other` …
        "foreign" = Foreign of(Kind::Text);
        /// Server that wrote the log: `nginx`, `apache`, `haproxy`, `caddy`, `varnish` …, `unknown`.
        "server" = Server of(Kind::Text);
        /// Service that the log is of, as `--service` names it; none where none is named.
        "service" = Service of(Kind::Text);
        /// Directory that the path is in, with its slashes.
        "directory" = Directory of(Kind::Text);
        /// First segment of the path, with its slashes.
        "prefix" = Prefix of(Kind::Text);
        /// Extension of the path in lower case, without its dot.
        "extension" = Extension of(Kind::Text);
        /// Who asks: `scanner`, `crawler`, `health-check`, `tool`, `app`, `browser`, `none`.
        "actor" = Actor of(Kind::Text);
        /// Upstream took part: an address, a status or a time of it is logged.
        "proxied" = Proxied of(Kind::Flag);
        /// Upstream itself sent a valid header.
        "answered" = Answered of(Kind::Flag);
        /// `upstream_addr` is no address but the name of a group, or says that there was none.
        "no_peer" = NoPeer of(Kind::Flag);
        /// Body has the size of the server's own error page for its code.
        "builtin" = Builtin of(Kind::Flag);
        /// Code whose built-in page has the size of the body: 494 to 497 are logged as 400 by nginx.
        "builtin_code" = BuiltinCode of(Kind::Number);
        /// Body has the size of the site's start page, as where every address gets that page.
        "start_page" = StartPage of(Kind::Flag);
        /// Response is what clients want: 1xx, 2xx, 304.
        "ok" = Ok of(Kind::Flag);
        /// Path is that of a static file: a script, a style, an image, a page with an extension.
        "static" = Static of(Kind::Flag);
        /// Path carries a fingerprint of its content: `app.3f9a1c2e.js`.
        "hashed" = Hashed of(Kind::Flag);
        /// `Referer` is of the host that was asked.
        "own_referer" = OwnReferer of(Kind::Flag);
        /// `Referer` is of another host.
        "foreign_referer" = ForeignReferer of(Kind::Flag);
        /// Path is one that scanners try.
        "probe" = Probe of(Kind::Flag);
        /// Path is that of a file which holds secrets: `.env`, `.git/config`, a database dump.
        "secret" = Secret of(Kind::Flag);
        /// Target carries the mark of an attack.
        "attack" = Attack of(Kind::Flag);
        /// Path that clients ask for unbidden: favicon, robots.txt, well-known files.
        "wellknown" = WellKnown of(Kind::Flag);
        /// Path of a login, a session or a token.
        "login" = Login of(Kind::Flag);
        /// Path answered well at some time in the log.
        "path_ok" = PathOk of(Kind::Flag);
        /// Path answered well before this request.
        "path_ok_before" = PathOkBefore of(Kind::Flag);
        /// Same path with or without its last slash answered well.
        "slash_twin_ok" = SlashTwinOk of(Kind::Flag);
        /// Same path in lower case, and not this one, answered well.
        "case_twin_ok" = CaseTwinOk of(Kind::Flag);
        /// Bytes against the median of good responses of the same path or route.
        "bytes_ratio" = BytesRatio of(Kind::Times);
        /// Share of the client's requests that went well.
        "client_ok" = ClientOk of(Kind::Share);
        /// Requests of the client.
        "client_requests" = ClientRequests of(Kind::Number);
        /// Requests of the client with this same status.
        "client_same" = ClientSame of(Kind::Number);
        /// Different paths that the client asked for with this same status.
        "client_paths" = ClientPaths of(Kind::Number);
        /// Part of the client's refused and failed requests that are probes or attacks, or come from a scanner.
        "client_probes" = ClientProbes of(Kind::Share);
        /// How often the client asked for this path and got this status within ten seconds around.
        "repeats" = Repeats of(Kind::Number);
        /// Status of the client's next request of the same path, within ten seconds.
        "next_status" = NextStatus of(Kind::Number);
        /// Status of the client's request before of the same path, within ten seconds.
        "previous_status" = PreviousStatus of(Kind::Number);
        /// Client's next request, within two seconds, is for this path with a slash behind, and went well.
        "then_slash" = ThenSlash of(Kind::Flag);
        /// Client goes round: its redirects within ten seconds alternate between two paths or stay on one, three times or more.
        "loops" = Loops of(Kind::Flag);
        /// Time since the client's request before with this same status.
        "gap" = Gap of(Kind::Time);
        /// Every try but the last one failed.
        "retried" = Retried of(Kind::Flag);
        /// Requests of the same client under way at the same moment, this one included.
        "concurrent" = Concurrent of(Kind::Number);
    }
}

words! {
    /// A measure of the group of requests that a filter lets through. Its time runs from its first to its last request.
    Measure {
        /// How many requests.
        "count" = Count of(Kind::Number);
        /// Part of all requests; with a filter, part of the requests that it lets through.
        "share" = Share taking(Kind::Share, Takes::FilterOrNothing);
        /// Part of the group that a filter lets through too.
        "part" = Part taking(Kind::Share, Takes::Filter);
        /// Of all requests in the group's time that the first filter lets through, the part that the second one does.
        "during" = During taking(Kind::Share, Takes::TwoFilters);
        /// The same for the time before and after the group's.
        "outside" = Outside taking(Kind::Share, Takes::TwoFilters);
        /// How many requests in the group's time a filter lets through.
        "around" = Around taking(Kind::Number, Takes::Filter);
        /// Of the requests in the group's time on the group's routes, or values of another field, the part that is in the group.
        "hit" = Hit taking(Kind::Share, Takes::FieldOrNothing);
        /// How many values of a field.
        "distinct" = Distinct taking(Kind::Number, Takes::Field);
        /// Part of the group that has the most frequent value of a field, or one of the most frequent ones.
        "top" = Top taking(Kind::Share, Takes::FieldNumber);
        /// Part of the group that lies in the tightest cluster of a time.
        "cluster" = Cluster taking(Kind::Share, Takes::Field);
        /// Centre of that cluster.
        "center" = Center taking(Kind::Time, Takes::Field);
        /// Median of a field.
        "p50" = P50 taking(Kind::Number, Takes::Field);
        /// 95th percentile of a field.
        "p95" = P95 taking(Kind::Number, Takes::Field);
        /// Smallest value of a field.
        "min" = Min taking(Kind::Number, Takes::Field);
        /// Largest value of a field.
        "max" = Max taking(Kind::Number, Takes::Field);
        /// How much likelier the most concentrated value of a field is to be in the group than the others, on the group's routes.
        "lift" = Lift taking(Kind::Times, Takes::Field);
        /// Median of a field in the group's time against outside of it, on the same routes.
        "shift" = Shift taking(Kind::Times, Takes::Field);
        /// Length of the group's time.
        "seconds" = Seconds of(Kind::Time);
        /// Group begins after the log does.
        "onset" = Onset of(Kind::Flag);
        /// Group ends before the log does.
        "ended" = Ended of(Kind::Flag);
        /// Share in the group's time against outside of it.
        "rise" = Rise of(Kind::Times);
        /// How many bursts with quiet between them.
        "bursts" = Bursts of(Kind::Number);
        /// Time from burst to burst; none when it is not regular.
        "period" = Period of(Kind::Time);
    }
}

impl Measure {
    /// What it is given.
    pub const fn takes(self) -> Takes {
        self.table().1
    }

    /// Its value is of the kind of its field: the kind in the table only stands in for that.
    pub const fn follows_field(self) -> bool {
        matches!(self, Self::P50 | Self::P95 | Self::Min | Self::Max)
    }
}
