//! Default timeouts, by the seconds after which they show: what a cluster of durations is likely to be. A table and nothing else.

/// A default that shows as requests of that length.
struct Default {
    seconds: f64,
    /// Servers in whose logs it shows; none for any.
    servers: &'static [&'static str],
    /// Codes that are logged for it.
    codes: &'static [u16],
    says: &'static str,
}

const fn by(seconds: f64, servers: &'static [&'static str], codes: &'static [u16], says: &'static str) -> Default {
    Default { seconds, servers, codes, says }
}

/// Somebody in front gave up and left: nginx and Caddy, Envoy, a load balancer.
const LEFT: &[u16] = &[499, 460, 0];
const GATEWAY: &[u16] = &[502, 503, 504];

/// The first one that fits is told: a server's own before what may stand behind or in front of any.
const DEFAULTS: &[Default] = &[
    by(60.0, &["nginx"], &[504], "60 s is nginx's default for proxy_read_timeout, fastcgi_read_timeout and proxy_connect_timeout"),
    by(75.0, &["nginx"], &[504], "75 s is about the longest that nginx waits for a connection (proxy_connect_timeout)"),
    by(
        30.0,
        &["nginx"],
        &[502],
        "30 s is gunicorn's default for --timeout, after which it kills the worker; and that of nginx's resolver_timeout",
    ),
    by(60.0, &["nginx"], &[408], "60 s is nginx's default for client_header_timeout and client_body_timeout"),
    by(60.0, &["apache"], GATEWAY, "60 s is Apache's default for Timeout, which ProxyTimeout follows"),
    by(20.0, &["apache"], &[408], "20 s is Apache's default for the header in RequestReadTimeout"),
    by(40.0, &["apache"], &[408], "40 s is the most that Apache's default for RequestReadTimeout gives a header"),
    by(60.0, &["apache"], &[408], "60 s is Apache's default for Timeout"),
    by(300.0, &["apache"], GATEWAY, "300 s was the default for Timeout up to Apache 2.2"),
    by(50.0, &["haproxy"], &[504], "50 s is the timeout server of HAProxy's packaged configuration"),
    by(50.0, &["haproxy"], &[408, 400], "50 s is the timeout client of HAProxy's packaged configuration"),
    by(60.0, &["varnish"], &[503], "60 s is Varnish's default for first_byte_timeout and between_bytes_timeout"),
    by(3.5, &["varnish"], &[503], "3.5 s is Varnish's default for connect_timeout"),
    by(15.0, &["envoy"], &[504], "15 s is Envoy's default for a route's timeout"),
    by(3.0, &["caddy"], GATEWAY, "3 s is Caddy's default for dial_timeout"),
    by(30.0, &["traefik"], GATEWAY, "30 s is Traefik's default for dialTimeout"),
    by(60.0, &["traefik"], &[408, 400, 499], "60 s is Traefik's default for an entry point's readTimeout"),
    by(60.0, &["alb"], &[504, 460], "60 s is the default idle timeout of an AWS load balancer"),
    by(10.0, &["alb"], &[504], "10 s is how long an AWS load balancer tries to connect to a target"),
    by(30.0, &["cloudfront"], &[504], "30 s is CloudFront's default for the origin's response timeout"),
    by(120.0, &["iis"], GATEWAY, "120 s is IIS' default for connectionTimeout"),
    by(60.0, &["unknown"], &[504], "60 s is the default read timeout of nginx and of Apache"),
    by(60.0, &["unknown"], GATEWAY, "60 s is the default timeout of Apache as a proxy and of Varnish"),
    by(60.0, &["unknown"], &[408], "60 s is the default of nginx and Apache for reading a request"),
    by(20.0, &["unknown"], &[408], "20 s is Apache's default for the header in RequestReadTimeout"),
    by(30.0, &["unknown"], &[502], "30 s is gunicorn's default for --timeout"),
    by(50.0, &["unknown"], &[504], "50 s is the timeout server of HAProxy's packaged configuration"),
    by(15.0, &["unknown"], &[504], "15 s is Envoy's default for a route's timeout"),
    by(300.0, &[], &[408], "300 s is Node's default for requestTimeout"),
    by(20.0, &[], &[502, 504], "20 s is the default request timeout of Azure's Application Gateway"),
    by(29.0, &[], &[504], "29 s is the integration timeout of AWS API Gateway"),
    by(30.0, &[], GATEWAY, "30 s is the limit of Heroku's router, of Google's load balancer by default and of gunicorn's workers"),
    by(30.0, &[], &[500], "30 s is PHP's default for max_execution_time"),
    by(100.0, &[], &[524], "100 s was how long Cloudflare waited for an origin"),
    by(120.0, &[], &[524], "120 s is how long Cloudflare waits for an origin"),
    by(127.0, &[], GATEWAY, "127 s is how long Linux tries to connect (tcp_syn_retries = 6)"),
    by(230.0, &[], &[500, 502, 504], "230 s is the limit of Azure's App Service"),
    by(1.0, &[], LEFT, "1 s is a usual limit of health checks"),
    by(2.5, &[], LEFT, "2.5 s is the default of Android's Volley"),
    by(3.0, &[], LEFT, "3 s is the limit of Slack for commands and events"),
    by(5.0, &[], LEFT, "5 s is the default of Python's httpx, and the limit of Shopify's webhooks and of many health checks"),
    by(10.0, &[], LEFT, "10 s is the default of OkHttp and Retrofit, of GitHub's webhooks and of a Prometheus scrape"),
    by(15.0, &[], LEFT, "15 s is the limit of Twilio's webhooks"),
    by(29.0, &[], LEFT, "29 s is the integration timeout of AWS API Gateway"),
    by(30.0, &[], LEFT, "30 s is a usual limit of gateways and uptime services in front"),
    by(50.0, &[], LEFT, "50 s is the timeout client of HAProxy's packaged configuration"),
    by(60.0, &[], LEFT, "60 s is the default of AWS load balancers, Ruby's Net::HTTP, PHP's sockets and iOS' URLSession"),
    by(100.0, &[], LEFT, "100 s is the default of .NET's HttpClient, and was Cloudflare's limit"),
    by(120.0, &[], LEFT, "120 s is Cloudflare's limit, and was that of older Node clients"),
    by(300.0, &[], LEFT, "300 s is the default of aiohttp and the limit of browsers"),
];

/// How far the durations' centre may be off: the clock and the last write take their time, a timer never ends early.
fn fits(center: f64, seconds: f64) -> bool {
    (-0.05..=(0.01 * seconds).max(0.15)).contains(&(center - seconds))
}

/// The default that durations around `center` seconds of a code point at, for a sentence: `60 s is nginx's default for …`.
pub(super) fn named(center: f64, status: u16, server: &str) -> Option<&'static str> {
    let asked =
        |d: &&Default| (d.servers.is_empty() || d.servers.contains(&server)) && d.codes.contains(&status) && fits(center, d.seconds);
    DEFAULTS.iter().find(asked).map(|d| d.says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_named_by_server_and_code() {
        for (center, status, server, word) in [
            (60.004, 504, "nginx", "proxy_read_timeout"),
            (60.3, 504, "nginx", "proxy_read_timeout"),
            (60.02, 408, "nginx", "client_header_timeout"),
            (30.1, 502, "nginx", "gunicorn"),
            (60.05, 502, "apache", "ProxyTimeout"),
            (50.0, 504, "haproxy", "timeout server"),
            (15.01, 504, "envoy", "route"),
            (60.0, 504, "unknown", "nginx and of Apache"),
            (10.002, 499, "nginx", "OkHttp"),
            (100.1, 524, "unknown", "Cloudflare"),
            (29.0, 504, "unknown", "API Gateway"),
        ] {
            let says = named(center, status, server).unwrap_or_else(|| panic!("{center} {status} {server}"));
            assert!(says.contains(word), "{says}");
        }
    }

    #[test]
    fn other_durations_have_no_name() {
        for (center, status, server) in [
            (5.0, 504, "nginx"),
            (58.0, 504, "nginx"),
            (60.0, 404, "nginx"),
            (0.0, 499, "nginx"),
            (61.0, 504, "nginx"),
            (f64::NAN, 504, "nginx"),
        ] {
            assert_eq!(named(center, status, server), None, "{center} {status} {server}");
        }
    }

    #[test]
    fn every_sentence_begins_with_its_seconds_and_can_be_reached() {
        for d in DEFAULTS {
            assert!(d.says.starts_with(&format!("{} s ", d.seconds)), "{}", d.says);
            let server = d.servers.first().copied().unwrap_or("app");
            assert!(d.codes.iter().any(|code| named(d.seconds, *code, server) == Some(d.says)), "hidden by another: {}", d.says);
        }
    }
}
