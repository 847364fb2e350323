//! Writes the access log of a site that is not there to standard output, the same bytes each time.
//!
//! For benchmarks and for trying things out; `benches/compare.py` and `.ci/instructions.py` use it. The site has fourteen
//! routes with their own methods, codes and times, some thousand clients of whom few ask for most, and an outage of two minutes
//! half-way. `high` makes every identifier new, as shops and CDNs do; `hostile` makes every URL and every client new.

use clap::{Parser, ValueEnum};
use std::fmt::{self, Display, Formatter, Write as _};
use std::io::{self, BufWriter, Write as _};

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Shape {
    /// nginx's and Apache's combined
    Combined,
    /// combined with request and upstream times behind it
    Timed,
    /// combined with host and port before it
    Vhost,
    /// one object a line
    Json,
    /// the Common Log Format
    Common,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Cardinality {
    Low,
    High,
    Hostile,
}

/// Writes a synthetic access log to standard output, the same bytes each time.
#[derive(Parser)]
struct Args {
    #[arg(value_enum)]
    shape: Shape,
    lines: u64,
    /// How many different URLs and clients there are
    #[arg(long, value_enum, default_value = "low")]
    cardinality: Cardinality,
    /// Lines in a million that are broken
    #[arg(long, default_value_t = 0, value_name = "PPM")]
    bad: u64,
    /// From the first line to the last
    #[arg(long, default_value_t = 86_400, value_name = "SECONDS")]
    span: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A small generator of numbers (xorshift64*), so that the same log comes out everywhere.
struct Numbers(u64);

impl Numbers {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((self.bits() >> 32) * end) >> 32
    }

    /// Small numbers far more often than great ones.
    fn skewed(&mut self, end: u64) -> u64 {
        let share = self.below(1 << 20);
        (((((share * share) >> 20) * share) >> 20) * end) >> 20
    }

    /// The same, but less so.
    fn leaning(&mut self, end: u64) -> u64 {
        let share = self.below(1 << 20);
        (((share * share) >> 20) * end) >> 20
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// One of those whose second is their weight in a thousand.
    fn weighed<T: Copy>(&mut self, from: &[(T, u64)]) -> T {
        let mut left = self.below(1000);
        for (value, weight) in from {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        from[0].0
    }
}

/// What stands for `*` in a path.
#[derive(Clone, Copy)]
enum Id {
    None,
    Number,
    Uuid,
    Hash,
    Article,
    Query,
}

struct Route {
    path: &'static str,
    id: Id,
    methods: &'static [&'static str],
    /// Milliseconds that most requests take at least; below 3, no upstream is asked.
    millis: u64,
    /// Codes and their weights, a thousand together.
    codes: &'static [(u16, u64)],
}

const fn route(path: &'static str, id: Id, methods: &'static [&'static str], millis: u64, codes: &'static [(u16, u64)]) -> Route {
    Route { path, id, methods, millis, codes }
}

/// The site, and how many requests in a thousand go where.
const SITE: [(&Route, u64); 14] = [
    (&route("/static/app.*.js", Id::Hash, &["GET"], 1, &[(200, 510), (304, 480), (206, 5), (404, 5)]), 170),
    (&route("/static/img/*.webp", Id::Number, &["GET"], 2, &[(200, 710), (304, 270), (404, 20)]), 160),
    (&route("/", Id::None, &["GET"], 9, &[(200, 950), (304, 44), (500, 6)]), 135),
    (&route("/api/v1/users/*", Id::Number, &["GET", "GET", "PUT"], 22, &[(200, 930), (404, 40), (401, 20), (500, 6), (502, 4)]), 120),
    (&route("/api/v1/carts/*", Id::Uuid, &["GET", "PUT"], 31, &[(200, 920), (404, 30), (409, 10), (503, 20), (504, 20)]), 90),
    (&route("/api/v1/users/*/invoices", Id::Number, &["GET", "POST"], 42, &[(200, 880), (201, 80), (422, 20), (429, 10), (500, 10)]), 75),
    (&route("/api/v1/search", Id::Query, &["GET"], 90, &[(200, 960), (400, 15), (429, 15), (499, 10)]), 65),
    (&route("/blog/*", Id::Article, &["GET"], 14, &[(200, 930), (301, 40), (404, 20), (410, 10)]), 50),
    (&route("/healthz", Id::None, &["GET"], 0, &[(200, 999), (503, 1)]), 45),
    (&route(PAYMENTS, Id::None, &["POST"], 170, &[(201, 900), (402, 40), (400, 20), (502, 20), (504, 20)]), 35),
    (&route("/login", Id::None, &["GET", "POST"], 55, &[(200, 600), (302, 260), (401, 120), (403, 20)]), 30),
    (&route("/wp-login.php", Id::None, &["GET", "POST"], 1, &[(404, 1000)]), 12),
    (&route("/upload", Id::None, &["POST"], 650, &[(201, 850), (413, 80), (408, 30), (499, 40)]), 8),
    (&route("/.git/config", Id::None, &["GET"], 1, &[(404, 700), (403, 300)]), 5),
];

/// The route whose upstream has the outage.
const PAYMENTS: &str = "/api/v1/payments";

const AGENTS: [&str; 9] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
    "kube-probe/1.29",
    "-",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    r#"Mozilla/5.0 (X11; \"quoted\"; Linux x86_64)"#,
];

const HOSTS: [&str; 3] = ["www.example.com:443", "api.example.com:443", "static.example.com:80"];

/// 2025-06-15T00:00:00Z
const START: u64 = 1_749_945_600;

/// What a line says.
#[derive(Default)]
struct Request {
    client: String,
    user: &'static str,
    method: &'static str,
    target: String,
    status: u16,
    bytes: u64,
    millis: u64,
    upstream: bool,
    referrer: &'static str,
    agent: &'static str,
    host: &'static str,
}

struct Site {
    numbers: Numbers,
    cardinality: Cardinality,
    clients: Vec<String>,
}

impl Site {
    fn new(args: &Args) -> Self {
        // 198.18.0.0/15 is set aside for benchmarks.
        let client = |n: u64| match n % 8 {
            7 => format!("2001:db8:{:x}::{:x}", n * 7919 % 65_521, n),
            _ => format!("198.{}.{}.{}", 18 + n % 2, n * 31 % 251, n / 251),
        };
        let seed = args.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { numbers: Numbers(seed), cardinality: args.cardinality, clients: (0..7000).map(client).collect() }
    }

    /// The next request, line `n`, in place of the last one.
    fn next(&mut self, n: u64, outage: bool, request: &mut Request) {
        let route = self.numbers.weighed(&SITE);
        let numbers = &mut self.numbers;
        request.method = numbers.pick(route.methods);
        request.status = if outage && route.path == PAYMENTS { 502 } else { numbers.weighed(route.codes) };
        request.bytes = if matches!(request.status, 204 | 304) { 0 } else { 200 + numbers.skewed(40_000) };
        request.millis = match request.status {
            504 => 60_000 + numbers.below(20),
            499 => 30_000 + numbers.below(50),
            _ => 1 + route.millis / 2 + numbers.skewed(1 + route.millis * 5 / 2),
        };
        request.upstream = route.millis > 2 && !matches!(request.status, 304 | 413 | 429);
        request.user = if numbers.below(100) < 3 { "editor" } else { "-" };
        request.agent = AGENTS[numbers.leaning(AGENTS.len() as u64) as usize];
        request.referrer =
            numbers.weighed(&[("-", 650), ("https://www.example.com/", 250), ("https://www.example.com/blog/how-rates", 100)]);
        request.host = numbers.pick(&HOSTS);
        request.target.clear();
        request.client.clear();
        if self.cardinality == Cardinality::Hostile {
            write!(request.target, "/{n:x}/{:016x}", numbers.bits()).expect(STRING);
            let scrambled = n.wrapping_mul(0x00b4_4cd5) & 0x00ff_ffff;
            match n % 4 {
                3 => write!(request.client, "2001:db8:{:x}:{:x}::1", n >> 16, n & 0xffff).expect(STRING),
                _ => write!(request.client, "10.{}.{}.{}", scrambled >> 16, scrambled >> 8 & 255, scrambled & 255).expect(STRING),
            }
        } else {
            self.target(route, &mut request.target);
            let of = self.clients.len() as u64;
            request.client.push_str(&self.clients[self.numbers.leaning(of) as usize]);
        }
    }

    fn target(&mut self, route: &Route, target: &mut String) {
        let ids = if self.cardinality == Cardinality::Low { 2000 } else { 50_000_000 };
        let numbers = &mut self.numbers;
        let (before, after) = route.path.split_once('*').unwrap_or((route.path, ""));
        target.push_str(before);
        match route.id {
            Id::None => Ok(()),
            Id::Number => write!(target, "{}", 1 + numbers.skewed(ids)),
            Id::Uuid => {
                let id = (1 + numbers.skewed(ids)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                write!(target, "{:08x}-4f1c-4a5e-9b1d-{:012x}", id >> 32, id & 0xffff_ffff_ffff)
            }
            Id::Hash => write!(target, "{:08x}", ((1 + numbers.below(40)) * 2_654_435_761) & 0xffff_ffff),
            Id::Article => {
                let (why, what) = (numbers.pick(&["how", "why", "when", "what"]), numbers.pick(&["parsers", "logs", "rates", "alerts"]));
                write!(target, "{why}-{what}-{}", numbers.below(20))
            }
            Id::Query => write!(target, "?q=term{}&page={}", numbers.below(5000), numbers.below(9)),
        }
        .expect(STRING);
        target.push_str(after);
    }
}

const STRING: &str = "a string takes all";

/// The second's words in the log, made anew only when it is another one.
struct Clock {
    second: u64,
    json: bool,
    text: String,
}

impl Clock {
    fn at(&mut self, second: u64) -> &str {
        if second != self.second || self.text.is_empty() {
            let time = jiff::Timestamp::from_second(second as i64).expect("a time of these years");
            self.second = second;
            self.text = time.strftime(if self.json { "%Y-%m-%dT%H:%M:%S+00:00" } else { "%d/%b/%Y:%H:%M:%S +0000" }).to_string();
        }
        &self.text
    }
}

/// Milliseconds, written as seconds; without any, as `-`.
struct Seconds(Option<u64>);

impl Display for Seconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(millis) => write!(f, "{}.{:03}", millis / 1000, millis % 1000),
            None => f.write_str("-"),
        }
    }
}

fn write_line(shape: Shape, time: &str, r: &Request, line: &mut String) -> fmt::Result {
    let Request { client, user, method, target, status, bytes, millis, upstream, referrer, agent, host } = r;
    let (took, waited) = (Seconds(Some(*millis)), Seconds(upstream.then(|| millis - 1)));
    if shape == Shape::Json {
        return writeln!(
            line,
            r#"{{"time":"{time}","remote_addr":"{client}","remote_user":"{user}","request_method":"{method}","request_uri":"{target}","server_protocol":"HTTP/1.1","status":{status},"body_bytes_sent":{bytes},"request_time":{took},"upstream_response_time":"{waited}","http_referer":"{referrer}","http_user_agent":"{agent}","host":"www.example.com"}}"#
        );
    }
    if shape == Shape::Vhost {
        write!(line, "{host} ")?;
    }
    write!(line, r#"{client} - {user} [{time}] "{method} {target} HTTP/1.1" {status} {bytes}"#)?;
    if shape != Shape::Common {
        write!(line, r#" "{referrer}" "{agent}""#)?;
    }
    if shape == Shape::Timed {
        let connected = if *upstream && *status != 502 { "0.001" } else { "-" };
        write!(line, r#" rt={took} uct="{connected}" urt="{waited}" us="#)?;
        if *upstream { write!(line, r#""{status}""#)? } else { line.push_str(r#""-""#) }
    }
    writeln!(line)
}

fn write_bad(numbers: &mut Numbers, out: &mut impl io::Write) -> io::Result<()> {
    let bad: [&[u8]; 4] = [b"this is no line of a log\n", b"192.0.2.7 - - [15/Jun/20\n", b"\x16\x03\x01\x02\xff\xfe\n", b"\n"];
    out.write_all(numbers.pick(&bad[..]))
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let (mut site, mut request, mut line) = (Site::new(&args), Request::default(), String::new());
    let mut clock = Clock { second: 0, json: args.shape == Shape::Json, text: String::new() };
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    for n in 0..args.lines {
        if args.bad > 0 && site.numbers.below(1_000_000) < args.bad {
            write_bad(&mut site.numbers, &mut out)?;
            continue;
        }
        let second = (u128::from(n) * u128::from(args.span) / u128::from(args.lines)) as u64;
        let outage = (args.span / 2..args.span / 2 + 120).contains(&second);
        site.next(n, outage, &mut request);
        line.clear();
        write_line(args.shape, clock.at(START + second), &request, &mut line).expect(STRING);
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}
