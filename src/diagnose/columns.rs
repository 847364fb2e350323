//! How the columns of the table come about: what one record, or its path, or its agent tells by itself.

use super::sequence;
use super::signature;
use super::table::{Column, NONE, Names, Table, raw};
use crate::rule::words::Field;
use crate::tally::{Span, Text, is_good};
use hashbrown::HashMap;

/// The values of a field for all rows.
pub(super) fn build(table: &Table<'_>, field: Field) -> Column {
    if let Some(text) = raw(field) {
        return texts(table, |row| table.rows[row].event.text(text));
    }
    match field {
        Field::Route => routes(table),
        Field::UpstreamAddr => texts(table, |row| tries(table, row, Text::UpstreamAddr).last()),
        Field::FirstUpstreamAddr => texts(table, |row| tries(table, row, Text::UpstreamAddr).next()),
        Field::UpstreamStatus => numbers(table, |row| number(tries(table, row, Text::UpstreamStatus).last()?)),
        Field::FirstUpstreamStatus => numbers(table, |row| number(tries(table, row, Text::UpstreamStatus).next()?)),
        Field::Tries => numbers(table, |row| Some(count_tries(table, row) as f64).filter(|&n| n > 0.0)),
        Field::Retried => flags(table, |row| retried(table, row)),
        Field::Cache => owned(table, |row| Some(table.rows[row].event.text(Text::CacheStatus)?.to_ascii_uppercase())),
        Field::Server => texts(table, |row| Some(table.source(row).server.as_bytes())),
        Field::Foreign => owned(table, |row| foreign(table, row).map(Into::into)),
        Field::Network => mapped(table, Field::Client, network),
        Field::Directory => mapped(table, Field::Path, |path| Some(path[..=path.iter().rposition(|&b| b == b'/')?].to_vec())),
        Field::Prefix => mapped(table, Field::Path, prefix),
        Field::Extension => mapped(table, Field::Path, |path| Some(signature::extension(path)?.into_owned().into_bytes())),
        Field::AgentFamily => mapped(table, Field::Agent, |agent| Some(signature::agent_family(Some(agent)).into_owned().into_bytes())),
        Field::Actor => actors(table),
        Field::Static => judged(table, signature::is_static),
        Field::Hashed => judged(table, signature::is_hashed),
        Field::WellKnown => judged(table, signature::is_wellknown),
        Field::Login => judged(table, signature::is_login),
        Field::Probe => flags(table, |row| target(table, row).is_some_and(|(path, query)| signature::is_probe(path, query))),
        Field::Attack => flags(table, |row| target(table, row).is_some_and(|(path, query)| signature::is_attack(path, query))),
        Field::Secret => judged(table, signature::is_secret),
        Field::Ok => flags(table, |row| is_good(table.rows[row].event.status)),
        Field::Proxied => flags(table, |row| proxied(table, row)),
        Field::Answered => flags(table, |row| answered(table, row)),
        Field::NoPeer => flags(table, |row| no_peer(table, row)),
        Field::Builtin => flags(table, |row| table.number(row, Field::BuiltinCode).is_some()),
        Field::BuiltinCode => super::errorpage::column(table),
        Field::OwnReferer => flags(table, |row| referer_host(table, row).is_some_and(|host| is_own(table, row, host))),
        Field::ForeignReferer => flags(table, |row| referer_host(table, row).is_some_and(|host| !is_own(table, row, host))),
        _ => sequence::build(table, field),
    }
}

pub(super) fn flags(table: &Table<'_>, of: impl FnMut(usize) -> bool) -> Column {
    Column::Flags((0..table.rows.len()).map(of).collect())
}

pub(super) fn numbers(table: &Table<'_>, mut of: impl FnMut(usize) -> Option<f64>) -> Column {
    Column::Numbers((0..table.rows.len()).map(|row| of(row).unwrap_or(f64::NAN)).collect())
}

fn texts<'v>(table: &Table<'_>, of: impl Fn(usize) -> Option<&'v [u8]>) -> Column {
    let mut names = Names::default();
    let symbols = (0..table.rows.len()).map(|row| names.symbol(of(row))).collect();
    names.column(symbols)
}

fn owned(table: &Table<'_>, of: impl Fn(usize) -> Option<Vec<u8>>) -> Column {
    let mut names = Names::default();
    let symbols = (0..table.rows.len()).map(|row| names.symbol(of(row).as_deref())).collect();
    names.column(symbols)
}

/// What follows from another field alone: worked out once for each of its values.
fn mapped(table: &Table<'_>, from: Field, of: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Column {
    let (symbols, values) = table.symbols(from);
    let mut names = Names::default();
    let by_value: Vec<u32> = values.iter().map(|value| names.symbol(of(value).as_deref())).collect();
    let symbols = symbols.iter().map(|&s| by_value.get(s as usize).copied().unwrap_or(NONE)).collect();
    names.column(symbols)
}

/// What follows from the path alone.
fn judged(table: &Table<'_>, of: impl Fn(&[u8]) -> bool) -> Column {
    let (symbols, values) = table.symbols(Field::Path);
    let by_value: Vec<bool> = values.iter().map(|value| of(value)).collect();
    Column::Flags(symbols.iter().map(|&s| by_value.get(s as usize).copied().unwrap_or(false)).collect())
}

fn actors(table: &Table<'_>) -> Column {
    let (symbols, values) = table.symbols(Field::Agent);
    let mut names = Names::default();
    let none = names.symbol(Some(signature::actor(None).word().as_bytes()));
    let by_value: Vec<u32> = values.iter().map(|agent| names.symbol(Some(signature::actor(Some(agent)).word().as_bytes()))).collect();
    let symbols = symbols.iter().map(|&s| by_value.get(s as usize).copied().unwrap_or(none)).collect();
    names.column(symbols)
}

fn routes(table: &Table<'_>) -> Column {
    let (paths, values) = table.symbols(Field::Path);
    let (mut names, mut known) = (Names::default(), HashMap::new());
    let mut of = |(row, path): (usize, &u32)| {
        let input = table.rows[row].event.place.input;
        let route = || (table.route_of)(input, values.get(*path as usize).map_or(&[], |path| path));
        *known.entry((input, *path)).or_insert_with(|| names.symbol(Some(&route())))
    };
    let symbols = paths.iter().enumerate().map(&mut of).collect();
    names.column(symbols)
}

fn target<'t>(table: &'t Table<'_>, row: usize) -> Option<(&'t [u8], Option<&'t [u8]>)> {
    let event = table.rows[row].event;
    Some((event.text(Text::Path)?, event.text(Text::Query)))
}

/// The values of a list of tries: nginx separates them with `, `, and with ` : ` after an internal redirect.
fn tries<'t>(table: &'t Table<'_>, row: usize, text: Text) -> impl DoubleEndedIterator<Item = &'t [u8]> {
    let list = table.rows[row].event.text(text).unwrap_or_default();
    let is_mark = |b: &u8| *b == b',' || *b == b' ';
    list.split(is_mark).filter(|word| !word.is_empty() && *word != b":" && *word != b"-")
}

fn count_tries(table: &Table<'_>, row: usize) -> usize {
    tries(table, row, Text::UpstreamAddr).count().max(tries(table, row, Text::UpstreamStatus).count())
}

fn retried(table: &Table<'_>, row: usize) -> bool {
    let statuses: Vec<_> = tries(table, row, Text::UpstreamStatus).map(number).collect();
    let failed = |s: &Option<f64>| s.is_some_and(|s| s >= 500.0);
    statuses.len() >= 2 && statuses[..statuses.len() - 1].iter().all(failed)
}

/// A status; `inf` and `1e9` are none, though they are numbers.
fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse::<u16>().ok().map(f64::from)
}

/// `198.51.100.0/24`, `2001:db8:1::/48`.
fn network(client: &[u8]) -> Option<Vec<u8>> {
    match std::str::from_utf8(client).ok()?.parse().ok()? {
        std::net::IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            Some(format!("{a}.{b}.{c}.0/24").into_bytes())
        }
        std::net::IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            Some(format!("{a:x}:{b:x}:{c:x}::/48").into_bytes())
        }
    }
}

fn prefix(path: &[u8]) -> Option<Vec<u8>> {
    let inner = path.strip_prefix(b"/")?;
    let end = inner.iter().position(|&b| b == b'/').map_or(0, |at| at + 1);
    Some(path[..=end].to_vec())
}

fn foreign(table: &Table<'_>, row: usize) -> Option<&'static [u8]> {
    let event = table.rows[row].event;
    let kind = match (event.text(Text::Malformed), event.text(Text::Method)) {
        (Some(request), _) => Some(signature::foreign(request)),
        (None, Some(method)) => signature::foreign_line(method, event.text(Text::Path)?, event.text(Text::Protocol)),
        // The format states a request and this line has none.
        (None, None) => Some("empty"),
    };
    kind.map(str::as_bytes)
}

fn proxied(table: &Table<'_>, row: usize) -> bool {
    let event = table.rows[row].event;
    let peer = tries(table, row, Text::UpstreamAddr).last().is_some_and(|addr| !addr.ends_with(b"<NOSRV>"));
    peer || tries(table, row, Text::UpstreamStatus).next().is_some() || event.seconds(Span::UpstreamTime).is_some()
}

pub(super) fn answered(table: &Table<'_>, row: usize) -> bool {
    let event = table.rows[row].event;
    if table.logs(row, "header_time") {
        event.seconds(Span::HeaderTime).is_some()
    } else if table.source(row).server == "nginx" || table.source(row).server == "unknown" {
        // nginx writes a status of its own for an upstream that gave none.
        false
    } else {
        event.seconds(Span::UpstreamTime).is_some() || event.text(Text::UpstreamStatus).is_some()
    }
}

/// nginx writes the group's name where every peer was down, HAProxy `<NOSRV>`.
fn no_peer(table: &Table<'_>, row: usize) -> bool {
    tries(table, row, Text::UpstreamAddr).last().is_some_and(|addr| {
        let port = addr.iter().rposition(|&b| b == b':').is_some_and(|at| addr[at + 1..].iter().all(u8::is_ascii_digit));
        let path = addr.starts_with(b"unix:") || addr.contains(&b'/');
        addr.ends_with(b"<NOSRV>") || !(port || path)
    })
}

fn referer_host<'t>(table: &'t Table<'_>, row: usize) -> Option<&'t [u8]> {
    let referer = table.rows[row].event.text(Text::Referer)?;
    let start = referer.windows(3).position(|w| w == b"://")? + 3;
    let rest = &referer[start..];
    Some(bare(&rest[..rest.iter().position(|&b| b == b'/' || b == b'?').unwrap_or(rest.len())]))
}

/// Without its port.
fn bare(host: &[u8]) -> &[u8] {
    let port = host.iter().rposition(|&b| b == b':').filter(|&at| host[at + 1..].iter().all(u8::is_ascii_digit));
    &host[..port.unwrap_or(host.len())]
}

fn is_own(table: &Table<'_>, row: usize, host: &[u8]) -> bool {
    match table.rows[row].event.text(Text::Host) {
        Some(asked) => bare(asked).eq_ignore_ascii_case(host),
        None => table.own_hosts().iter().any(|own| own.eq_ignore_ascii_case(host)),
    }
}

/// See [`Table::own_hosts`]: browsers name the page with every file that it needs, and that page is nearly always one's own.
pub(super) fn own_hosts(table: &Table<'_>) -> Vec<Box<[u8]>> {
    let mut hosts: HashMap<&[u8], (f64, f64)> = HashMap::new();
    for row in 0..table.rows.len() {
        if let Some(host) = referer_host(table, row) {
            let (all, files) = hosts.entry(host).or_default();
            *all += table.rows[row].weight;
            *files += if table.flag(row, Field::Static) { table.rows[row].weight } else { 0.0 };
        }
    }
    let files: f64 = hosts.values().map(|(_, files)| files).sum();
    let all: f64 = hosts.values().map(|(all, _)| all).sum();
    let is_own = |(of_all, of_files): &(f64, f64)| if files > 0.0 { *of_files >= 0.1 * files } else { *of_all >= 0.5 * all };
    let mut own: Vec<Box<[u8]>> = hosts.into_iter().filter(|(_, counts)| is_own(counts)).map(|(host, _)| host.into()).collect();
    own.sort();
    own
}
