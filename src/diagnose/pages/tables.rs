//! Sizes of the error pages that servers carry in themselves, measured on nginx 1.22, Apache 2.4, HAProxy 2.6, lighttpd 1.4 and
//! Varnish 7.1 over loopback.

/// A page of nginx: its code, the code that is logged for it, its bytes without the line that names the server.
pub(super) struct NginxPage {
    pub(super) code: u16,
    pub(super) logged: u16,
    pub(super) bytes: u64,
}

const fn n(code: u16, bytes: u64) -> NginxPage {
    NginxPage { code, logged: if matches!(code, 494..=497) { 400 } else { code }, bytes }
}

pub(super) const NGINX: &[NginxPage] = &[
    n(301, 116),
    n(302, 92),
    n(303, 100),
    n(307, 118),
    n(308, 118),
    n(400, 104),
    n(401, 126),
    n(402, 114),
    n(403, 100),
    n(404, 100),
    n(405, 104),
    n(406, 110),
    n(407, 140),
    n(408, 114),
    n(409, 98),
    n(410, 90),
    n(411, 112),
    n(412, 120),
    n(413, 130),
    n(414, 124),
    n(415, 126),
    n(416, 144),
    n(421, 120),
    n(429, 116),
    n(494, 180),
    n(495, 162),
    n(496, 184),
    n(497, 202),
    n(500, 124),
    n(501, 112),
    n(502, 104),
    n(503, 144),
    n(504, 114),
    n(505, 134),
    n(507, 122),
];

/// A page of Apache: its code, the code that is logged, its bytes since 2.4.5x, the bytes of the reason phrase in its status
/// line, and whether the connection is closed behind it. A method's name stands in some pages, so they have several sizes.
pub(super) struct ApachePage {
    pub(super) code: u16,
    pub(super) logged: u16,
    pub(super) bytes: &'static [u64],
    pub(super) reason: u64,
    pub(super) closes: bool,
}

const fn a(code: u16, logged: u16, bytes: &'static [u64], reason: u64, closes: bool) -> ApachePage {
    ApachePage { code, logged, bytes, reason, closes }
}

pub(super) const APACHE: &[ApachePage] = &[
    a(400, 400, &[266], 11, true),
    // A header line that is too long, and too many of them.
    a(494, 400, &[318, 330], 11, true),
    a(497, 400, &[402], 11, true),
    a(401, 401, &[421], 12, false),
    a(403, 403, &[239], 9, false),
    a(404, 404, &[236], 9, false),
    a(405, 405, &[260, 261, 262, 263, 264], 18, false),
    a(406, 406, &[289], 14, false),
    a(408, 408, &[261], 15, true),
    a(410, 410, &[322], 4, false),
    a(411, 411, &[278], 15, true),
    a(412, 412, &[273], 19, false),
    a(413, 413, &[355, 356, 357], 24, true),
    a(414, 414, &[288], 20, true),
    a(415, 415, &[303], 22, false),
    a(416, 416, &[354], 31, false),
    a(417, 417, &[395], 18, false),
    a(421, 421, &[362], 19, false),
    a(422, 422, &[325], 20, false),
    a(423, 423, &[317], 6, false),
    a(424, 424, &[340], 17, false),
    a(428, 428, &[255], 21, false),
    a(429, 429, &[267], 17, false),
    a(431, 431, &[313], 31, false),
    a(451, 451, &[289], 29, false),
    // With the administrator's address: none, webmaster@localhost, root@localhost, you@example.com.
    a(500, 500, &[571, 572, 567, 568], 21, true),
    a(501, 501, &[242, 243, 244, 245, 246], 15, false),
    a(502, 502, &[272, 381], 11, false),
    a(503, 503, &[339], 19, true),
    a(504, 504, &[287], 15, false),
];

/// What older pages are shorter by: their document type has no address.
pub(super) const APACHE_OLDER: u64 = 40;

/// Code and bytes of HAProxy's answers, with their headers, as `%B` counts them: 2.x, then 1.x.
pub(super) const HAPROXY: &[(u16, u64)] = &[
    (400, 206),
    (401, 215),
    (403, 192),
    (404, 182),
    (405, 255),
    (407, 215),
    (408, 232),
    (410, 209),
    (413, 214),
    (421, 214),
    (422, 228),
    (425, 179),
    (429, 225),
    (500, 208),
    (501, 242),
    (502, 209),
    (503, 217),
    (504, 198),
    (400, 187),
    (403, 188),
    (405, 250),
    (408, 212),
    (429, 220),
    (502, 204),
    (503, 212),
    (504, 194),
];

/// Code and body of what Go's standard library and Traefik answer by themselves.
pub(super) const TRAEFIK: &[(u16, u64)] = &[(404, 19), (429, 17), (499, 21), (500, 21), (502, 11), (503, 20), (504, 15)];

/// Bytes of the reason phrases that lighttpd and Varnish write twice or three times into their pages.
pub(super) const REASONS: &[(u16, &str)] = &[
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (405, "Not allowed."),
    (408, "Request Timeout"),
    (411, "Length Required"),
    (413, "Payload Too Large"),
    (413, "Content Too Large"),
    (414, "URI Too Long"),
    (416, "Range Not Satisfiable"),
    (417, "Expectation Failed"),
    (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"),
    (500, "Internal Server Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (503, "Service Not Available"),
    (503, "Backend fetch failed"),
    (504, "Gateway Timeout"),
    (505, "HTTP Version Not Supported"),
];
