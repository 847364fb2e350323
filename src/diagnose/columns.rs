//! How the columns of the table come about: what one record, or its path, or its agent tells by itself.

use super::names::{NONE, Names};
use super::table::{Column, Table, raw};
use super::{sequence, signature};
use crate::rule::words::Field;
use crate::tally::{Span, Text, is_good};
use hashbrown::HashMap;

/// The values of a field for all rows.
pub(super) fn build<'t>(table: &Table<'t>, field: Field) -> Column<'t> {
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
        Field::Service => owned(table, |row| table.source(row).service.clone().map(String::into_bytes)),
        Field::Foreign => texts(table, |row| foreign(table, row)),
        Field::Network => networks(table),
        Field::Directory => mapped(table, Field::Path, |path| Some(path[..=path.iter().rposition(|&b| b == b'/')?].to_vec())),
        Field::Prefix => mapped(table, Field::Path, prefix),
        Field::Extension => mapped(table, Field::Path, |path| Some(signature::extension(path)?.into_owned().into_bytes())),
        Field::AgentFamily => mapped(table, Field::Agent, |agent| Some(signature::agent_family(Some(agent)).into_owned().into_bytes())),
        Field::Actor => actors(table),
        Field::Static => judged(table, signature::is_static),
        Field::Hashed => judged(table, signature::is_hashed),
        Field::WellKnown => judged(table, signature::is_wellknown),
        Field::Login => judged(table, signature::is_login),
        Field::Probe => targets(table, signature::is_probe, signature::is_probing_query),
        Field::Attack => targets(table, signature::is_attack, signature::is_attacking_query),
        Field::Secret => judged(table, signature::is_secret),
        Field::Ok => flags(table, |row| is_good(table.rows[row].event.status)),
        Field::Proxied => flags(table, |row| proxied(table, row)),
        Field::Answered => flags(table, |row| answered(table, row)),
        Field::NoPeer => flags(table, |row| no_peer(table, row)),
        Field::Builtin => flags(table, |row| table.number(row, Field::BuiltinCode).is_some()),
        Field::BuiltinCode => super::errorpage::column(table),
        Field::OwnReferer => referers(table, true),
        Field::ForeignReferer => referers(table, false),
        _ => sequence::build(table, field),
    }
}

pub(super) fn flags<'t>(table: &Table<'_>, of: impl FnMut(usize) -> bool) -> Column<'t> {
    Column::Flags((0..table.rows.len()).map(of).collect())
}

pub(super) fn numbers<'t>(table: &Table<'_>, mut of: impl FnMut(usize) -> Option<f64>) -> Column<'t> {
    Column::Numbers((0..table.rows.len()).map(|row| of(row).unwrap_or(f64::NAN)).collect())
}

fn texts<'t>(table: &Table<'t>, of: impl Fn(usize) -> Option<&'t [u8]>) -> Column<'t> {
    let mut names = Names::default();
    let symbols = (0..table.rows.len()).map(|row| names.symbol(of(row))).collect();
    Column::Symbols(symbols, names)
}

fn owned<'t>(table: &Table<'_>, of: impl Fn(usize) -> Option<Vec<u8>>) -> Column<'t> {
    let mut names = Names::default();
    let symbols = (0..table.rows.len()).map(|row| names.owned(of(row))).collect();
    Column::Symbols(symbols, names)
}

/// What follows from another field alone: worked out once for each of its values.
fn mapped<'t>(table: &Table<'_>, from: Field, of: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Column<'t> {
    let (symbols, values) = table.symbols(from);
    let mut names = Names::default();
    let by_value: Vec<u32> = values.iter().map(|value| names.owned(of(value))).collect();
    Column::Symbols(looked_up(symbols, &by_value, NONE), names)
}

/// What each value stands for, a row each; `unstated` where there is none.
fn looked_up<T: Copy>(symbols: &[u32], by_value: &[T], unstated: T) -> Vec<T> {
    symbols.iter().map(|&symbol| by_value.get(symbol as usize).copied().unwrap_or(unstated)).collect()
}

/// What follows from a text alone; a text that is not stated has none of it.
fn verdicts(table: &Table<'_>, field: Field, of: impl Fn(&[u8]) -> bool) -> Vec<bool> {
    let (symbols, values) = table.symbols(field);
    let by_value: Vec<bool> = values.iter().map(|value| of(value)).collect();
    looked_up(symbols, &by_value, false)
}

fn judged<'t>(table: &Table<'_>, of: impl Fn(&[u8]) -> bool) -> Column<'t> {
    Column::Flags(verdicts(table, Field::Path, of))
}

/// What a path or the query behind it tells.
fn targets<'t>(table: &Table<'_>, path: impl Fn(&[u8]) -> bool, query: impl Fn(&[u8]) -> bool) -> Column<'t> {
    let mut flags = verdicts(table, Field::Path, path);
    let (paths, _) = table.symbols(Field::Path);
    let queries = verdicts(table, Field::Query, query);
    flags.iter_mut().zip(paths).zip(queries).for_each(|((flag, path), query)| *flag |= query && *path != NONE);
    Column::Flags(flags)
}

fn actors<'t>(table: &Table<'_>) -> Column<'t> {
    let (symbols, values) = table.symbols(Field::Agent);
    let mut names = Names::default();
    let none = names.symbol(Some(signature::actor(None).word().as_bytes()));
    let by_value: Vec<u32> = values.iter().map(|agent| names.symbol(Some(signature::actor(Some(agent)).word().as_bytes()))).collect();
    Column::Symbols(looked_up(symbols, &by_value, none), names)
}

fn routes<'t>(table: &Table<'_>) -> Column<'t> {
    let (paths, values) = table.symbols(Field::Path);
    let (mut names, mut known) = (Names::default(), HashMap::new());
    let mut of = |(row, path): (usize, &u32)| {
        let input = table.rows[row].event.place.input;
        let route = || (table.route_of)(input, values.get(*path as usize).map_or(&[], |path| path));
        *known.entry((input, *path)).or_insert_with(|| names.owned(Some(route())))
    };
    let symbols = paths.iter().enumerate().map(&mut of).collect();
    Column::Symbols(symbols, names)
}

/// The values of a list of tries: nginx separates them with `, `, and with ` : ` after an internal redirect.
fn tries<'t>(table: &Table<'t>, row: usize, text: Text) -> impl DoubleEndedIterator<Item = &'t [u8]> + use<'t> {
    let list = table.rows[row].event.text(text).unwrap_or_default();
    let is_mark = |b: &u8| *b == b',' || *b == b' ';
    list.split(is_mark).filter(|word| !word.is_empty() && *word != b":" && *word != b"-")
}

fn count_tries(table: &Table<'_>, row: usize) -> usize {
    tries(table, row, Text::UpstreamAddr).count().max(tries(table, row, Text::UpstreamStatus).count())
}

fn retried(table: &Table<'_>, row: usize) -> bool {
    let mut before = tries(table, row, Text::UpstreamStatus).map(number);
    before.next_back().is_some() && {
        let mut failed = before.map(|status| status.is_some_and(|status| status >= 500.0)).peekable();
        failed.peek().is_some() && failed.all(|failed| failed)
    }
}

/// A status; `inf` and `1e9` are none, though they are numbers.
fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse::<u16>().ok().map(f64::from)
}

/// `198.51.100.0/24`, `2001:db8:1::/48`: written out once for each network.
fn networks<'t>(table: &Table<'_>) -> Column<'t> {
    let (symbols, clients) = table.symbols(Field::Client);
    let mut names = Names::default();
    let mut known: HashMap<Network, u32> = HashMap::new();
    let mut of = |client: &[u8]| {
        let Some(network) = Network::of(client) else { return NONE };
        *known.entry(network).or_insert_with(|| names.owned(Some(network.name())))
    };
    let by_client: Vec<u32> = clients.iter().map(|client| of(client)).collect();
    Column::Symbols(looked_up(symbols, &by_client, NONE), names)
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Network {
    V4([u8; 3]),
    V6([u16; 3]),
}

impl Network {
    fn of(client: &[u8]) -> Option<Self> {
        Some(match std::str::from_utf8(client).ok()?.parse().ok()? {
            std::net::IpAddr::V4(v4) => Self::V4(*v4.octets().first_chunk()?),
            std::net::IpAddr::V6(v6) => Self::V6(*v6.segments().first_chunk()?),
        })
    }

    fn name(self) -> Vec<u8> {
        match self {
            Self::V4([a, b, c]) => {
                let mut name = Vec::with_capacity(16);
                for (part, end) in [(a, &b"."[..]), (b, b"."), (c, b".0/24")] {
                    let digits = [part / 100, part / 10 % 10, part % 10];
                    name.extend(digits[2 - usize::from(part > 9) - usize::from(part > 99)..].iter().map(|digit| b'0' + digit));
                    name.extend_from_slice(end);
                }
                name
            }
            Self::V6([a, b, c]) => format!("{a:x}:{b:x}:{c:x}::/48").into_bytes(),
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
    if table.source(row).times_header {
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

/// The host that a referer names.
fn host_of(referer: &[u8]) -> Option<&[u8]> {
    let start = memchr::memmem::find(referer, b"://")? + 3;
    let rest = &referer[start..];
    Some(bare(&rest[..memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len())]))
}

/// Without its port.
fn bare(host: &[u8]) -> &[u8] {
    let port = host.iter().rposition(|&b| b == b':').filter(|&at| host[at + 1..].iter().all(u8::is_ascii_digit));
    &host[..port.unwrap_or(host.len())]
}

/// Whether referers are of the host that was asked, or of another one.
fn referers<'t>(table: &Table<'_>, own: bool) -> Column<'t> {
    let (referers, values) = table.symbols(Field::Referer);
    let hosts: Vec<Option<&[u8]>> = values.iter().map(|referer| host_of(referer)).collect();
    let of_log = |host: &[u8]| table.own_hosts().iter().any(|of_log| of_log.eq_ignore_ascii_case(host));
    let mut known: Vec<Option<bool>> = vec![None; hosts.len()];
    flags(table, |row| {
        let referer = referers[row] as usize;
        let Some(host) = hosts.get(referer).copied().flatten() else { return false };
        let is_own = match table.rows[row].event.text(Text::Host) {
            Some(asked) => bare(asked).eq_ignore_ascii_case(host),
            None => *known[referer].get_or_insert_with(|| of_log(host)),
        };
        is_own == own
    })
}

/// See [`Table::own_hosts`]: browsers name the page with every file that it needs, and that page is nearly always one's own.
pub(super) fn own_hosts(table: &Table<'_>) -> Vec<Box<[u8]>> {
    let (referers, values) = table.symbols(Field::Referer);
    let mut names = Names::default();
    let by_referer: Vec<u32> = values.iter().map(|referer| names.symbol(host_of(referer))).collect();
    let mut hosts = vec![(0.0, 0.0); names.all().len()];
    for (row, host) in looked_up(referers, &by_referer, NONE).into_iter().enumerate().filter(|(_, host)| *host != NONE) {
        let (all, files) = &mut hosts[host as usize];
        *all += table.rows[row].weight;
        *files += if table.flag(row, Field::Static) { table.rows[row].weight } else { 0.0 };
    }
    let files: f64 = hosts.iter().map(|(_, files)| files).sum();
    let all: f64 = hosts.iter().map(|(all, _)| all).sum();
    let is_own = |(of_all, of_files): &(f64, f64)| if files > 0.0 { *of_files >= 0.1 * files } else { *of_all >= 0.5 * all };
    let own = names.all().iter().zip(&hosts).filter(|(_, counts)| is_own(counts)).map(|(host, _)| host.as_ref().into());
    let mut own: Vec<Box<[u8]>> = own.collect();
    own.sort();
    own
}
