//! Writes a synthetic access log to standard output, the same bytes each time: `synthesize combined|timed|json LINES`.
//!
//! For benchmarks and for trying things out; `benches/compare.py` uses it.

use std::io::{self, BufWriter, Write};

/// A small generator of numbers (xorshift64*), so that the same log comes out everywhere.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.next(from.len() as u64) as usize]
    }
}

const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "curl/8.5.0",
    "-",
];

fn path(n: &mut Numbers) -> (&'static str, String) {
    match n.next(10) {
        0 | 1 => ("GET", "/".to_owned()),
        2 | 3 => ("GET", format!("/static/app.{:08x}.js", n.next(40).wrapping_mul(2_654_435_761) & 0xffff_ffff)),
        4 => ("GET", format!("/static/img/{}.webp", n.next(2000))),
        5 | 6 => (*n.pick(&["GET", "GET", "PUT"]), format!("/api/v1/users/{}", n.next(2000))),
        7 => ("GET", format!("/api/v1/search?q=term{}&page={}", n.next(5000), n.next(9))),
        8 => ("POST", "/api/v1/payments".to_owned()),
        _ => (
            "GET",
            format!("/blog/{}-{}", n.pick(&["how", "why", "when", "what"]), n.pick(&["parsers", "logs", "rates", "alerts", "graphs"])),
        ),
    }
}

fn main() -> io::Result<()> {
    let usage = || io::Error::other("usage: synthesize combined|timed|json LINES");
    let mut args = std::env::args().skip(1);
    let format = args.next().ok_or_else(usage)?;
    let lines: u64 = args.next().and_then(|n| n.parse().ok()).ok_or_else(usage)?;
    let (mut n, mut out) = (Numbers(0x9e37_79b9_7f4a_7c15), BufWriter::with_capacity(1 << 20, io::stdout().lock()));
    for line in 0..lines {
        let second = line * 86_400 / lines;
        let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        let (method, target) = path(&mut n);
        let status = *n.pick(&[200, 200, 200, 200, 200, 200, 200, 200, 304, 304, 404, 201, 301, 401, 500, 502]);
        let (bytes, millis) = (if status == 304 { 0 } else { n.next(40_000) }, n.next(400));
        let (address, agent) = (format!("192.0.2.{}", n.next(250)), n.pick(&AGENTS));
        match format.as_str() {
            "json" => writeln!(
                out,
                r#"{{"time":"2025-06-15T{clock}+00:00","remote_addr":"{address}","request_method":"{method}","request_uri":"{target}","server_protocol":"HTTP/1.1","status":{status},"body_bytes_sent":{bytes},"request_time":{}.{:03},"http_referer":"","http_user_agent":"{agent}","host":"www.example.com"}}"#,
                millis / 1000,
                millis % 1000
            )?,
            "combined" | "timed" => {
                write!(out, "{address} - - [15/Jun/2025:{clock} +0000] \"{method} {target} HTTP/1.1\" {status} {bytes} \"-\" \"{agent}\"")?;
                if format == "timed" {
                    write!(out, " rt={}.{:03} urt=\"{}.{:03}\"", millis / 1000, millis % 1000, millis / 1000, millis % 1000)?;
                }
                writeln!(out)?;
            }
            _ => return Err(usage()),
        }
    }
    out.flush()
}
