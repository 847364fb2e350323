//! The sampled records as a table: a row a record, a column a field of the rule language. Columns are worked out when they are
//! first asked for.

use super::names::{NONE, Names};
use super::shift::Bins;
use super::{columns, sequence};
use crate::rule::words::{Field, Kind};
use crate::tally::{Event, Span, Text};
use hashbrown::HashMap;
use std::borrow::Cow;
use std::sync::OnceLock;

/// What is known of an input.
pub(super) struct Source {
    /// The server that wrote it, `unknown` where nothing tells.
    pub(super) server: &'static str,
    /// The fields that its format states.
    pub(super) logged: Vec<&'static str>,
    /// The service that it is a log of, as the user named it.
    pub(super) service: Option<String>,
    /// What its lines are of where they name no host: logs of one service in one format are parts of one log.
    pub(super) site: String,
    /// Whether its format states the time to the upstream's header.
    pub(super) times_header: bool,
}

/// What a path of an input is counted under.
pub(super) type RouteOf<'t> = dyn Fn(u32, &[u8]) -> Vec<u8> + Sync + 't;

/// The rows, by code and then as the lines are.
pub(super) struct Table<'t> {
    pub(super) rows: Vec<Row<'t>>,
    pub(super) sources: Vec<Source>,
    pub(super) route_of: &'t RouteOf<'t>,
    columns: Vec<OnceLock<Column<'t>>>,
    /// The rows of those that state a client, by client and time.
    sequences: OnceLock<Vec<u32>>,
    first_good: OnceLock<Vec<Option<f64>>>,
    own_hosts: OnceLock<Vec<Box<[u8]>>>,
    sites: OnceLock<Vec<u32>>,
    endpoints: OnceLock<Endpoints>,
    pub(super) whole: OnceLock<(f64, f64)>,
    weight: OnceLock<f64>,
    bins: OnceLock<Bins>,
}

/// A field that is a number: worked out, or as it stands in the records.
#[derive(Clone, Copy)]
pub(super) enum Numbers<'a, 't> {
    Column(&'a [f64]),
    Status(&'a [Row<'t>]),
    Bytes(&'a [Row<'t>]),
    TargetLength(&'a [Row<'t>]),
    Seconds(&'a [Row<'t>], Span),
}

impl Numbers<'_, '_> {
    /// The number of a row, if it states one.
    pub(super) fn of(&self, row: usize) -> Option<f64> {
        match self {
            Self::Column(numbers) => numbers.get(row).copied().filter(|n| !n.is_nan()),
            Self::Status(rows) => Some(f64::from(rows[row].status)),
            Self::Bytes(rows) => rows[row].event.bytes.map(|bytes| bytes as f64),
            Self::TargetLength(rows) => rows[row].event.target_length.map(f64::from),
            Self::Seconds(rows, span) => rows[row].event.seconds(*span),
        }
    }
}

/// The values of a field as numbers to compare and count.
pub(super) enum Keys<'a, 't> {
    /// And how many different ones there are.
    Symbols(&'a [u32], usize),
    Flags(&'a [bool]),
    Numbers(Numbers<'a, 't>),
}

impl Keys<'_, '_> {
    /// The key of a row, if it states the field.
    pub(super) fn of(&self, row: usize) -> Option<u64> {
        match self {
            Self::Symbols(symbols, _) => Some(symbols[row]).filter(|&symbol| symbol != NONE).map(u64::from),
            Self::Flags(flags) => flags.get(row).map(|&flag| u64::from(flag)),
            Self::Numbers(numbers) => numbers.of(row).map(f64::to_bits),
        }
    }
}

/// The endpoints that requests went to, numbered.
pub(super) struct Endpoints {
    /// The number of each row's.
    pub(super) of: Vec<u32>,
    /// Method, route and site of each.
    pub(super) known: Vec<(u32, u32, u32)>,
}

/// One record.
pub(super) struct Row<'t> {
    pub(super) event: &'t Event,
    /// Its code.
    pub(super) status: u16,
    /// How many records it stands for.
    pub(super) weight: f64,
    /// Seconds since 1970; NaN when not stated.
    pub(super) at: f64,
}

/// The values of a field, a row each.
pub(super) enum Column<'t> {
    /// Which of the values it is; [`NONE`] for not stated.
    Symbols(Vec<u32>, Names<'t>),
    /// NaN for not stated.
    Numbers(Vec<f64>),
    Flags(Vec<bool>),
}

impl<'t> Table<'t> {
    pub(super) fn new(events: impl Iterator<Item = (&'t Event, f64)>, sources: Vec<Source>, route_of: &'t RouteOf<'t>) -> Self {
        let at = |event: &Event| event.time.map_or(f64::NAN, |t| t.seconds as f64 + f64::from(t.nanos) / 1e9);
        Self {
            rows: events.map(|(event, weight)| Row { event, status: event.status.get(), weight, at: at(event) }).collect(),
            sources,
            route_of,
            columns: Field::ALL.iter().map(|_| OnceLock::new()).collect(),
            sequences: OnceLock::new(),
            first_good: OnceLock::new(),
            own_hosts: OnceLock::new(),
            sites: OnceLock::new(),
            endpoints: OnceLock::new(),
            whole: OnceLock::new(),
            weight: OnceLock::new(),
            bins: OnceLock::new(),
        }
    }

    /// How many records all rows stand for.
    pub(super) fn weight(&self) -> f64 {
        *self.weight.get_or_init(|| self.rows.iter().map(|row| row.weight).sum())
    }

    /// How its requests lie in time.
    pub(super) fn bins(&self) -> &Bins {
        self.bins.get_or_init(|| Bins::of(self))
    }

    pub(super) fn source(&self, row: usize) -> &Source {
        &self.sources[self.rows[row].event.place.input as usize]
    }

    pub(super) fn column(&self, field: Field) -> &Column<'t> {
        self.columns[field as usize].get_or_init(|| columns::build(self, field))
    }

    /// Which of the field's values a row has.
    pub(super) fn symbol(&self, row: usize, field: Field) -> u32 {
        self.symbols(field).0[row]
    }

    /// The symbols of a text field and what they stand for.
    pub(super) fn symbols(&self, field: Field) -> (&[u32], &[Cow<'t, [u8]>]) {
        match self.column(field) {
            Column::Symbols(symbols, names) => (symbols, names.all()),
            _ => (&[], &[]),
        }
    }

    /// Which value of a text field a text is.
    pub(super) fn find(&self, text: &[u8], field: Field) -> Option<u32> {
        if let Column::Symbols(_, names) = self.column(field) { names.find(text) } else { None }
    }

    /// The values of any field as something to compare and count.
    pub(super) fn keys(&self, field: Field) -> Keys<'_, 't> {
        match field.kind() {
            Kind::Text => Keys::Symbols(self.symbols(field).0, self.symbols(field).1.len()),
            Kind::Flag => match self.column(field) {
                Column::Flags(flags) => Keys::Flags(flags),
                _ => Keys::Flags(&[]),
            },
            _ => Keys::Numbers(self.numbers(field)),
        }
    }

    /// What a key stands for.
    pub(super) fn name(&self, key: u64, field: Field) -> String {
        match field.kind() {
            Kind::Text => String::from_utf8_lossy(&self.symbols(field).1[key as usize]).into_owned(),
            Kind::Flag => if key == 1 { "yes" } else { "no" }.into(),
            kind => super::wording::value(f64::from_bits(key), kind),
        }
    }

    /// The values of a field that is a number.
    pub(super) fn numbers(&self, field: Field) -> Numbers<'_, 't> {
        match field {
            Field::Status => Numbers::Status(&self.rows),
            Field::Bytes => Numbers::Bytes(&self.rows),
            Field::TargetLength => Numbers::TargetLength(&self.rows),
            Field::Duration => Numbers::Seconds(&self.rows, Span::Duration),
            Field::UpstreamTime => Numbers::Seconds(&self.rows, Span::UpstreamTime),
            Field::ConnectTime => Numbers::Seconds(&self.rows, Span::ConnectTime),
            Field::HeaderTime => Numbers::Seconds(&self.rows, Span::HeaderTime),
            Field::QueueTime => Numbers::Seconds(&self.rows, Span::QueueTime),
            _ => match self.column(field) {
                Column::Numbers(numbers) => Numbers::Column(numbers),
                _ => Numbers::Column(&[]),
            },
        }
    }

    pub(super) fn number(&self, row: usize, field: Field) -> Option<f64> {
        self.numbers(field).of(row)
    }

    pub(super) fn text(&self, row: usize, field: Field) -> Option<&[u8]> {
        if let Some(text) = raw(field) {
            return self.rows[row].event.text(text);
        }
        let (symbols, names) = self.symbols(field);
        names.get(*symbols.get(row)? as usize).map(|name| &**name)
    }

    pub(super) fn flag(&self, row: usize, field: Field) -> bool {
        match self.column(field) {
            Column::Flags(flags) => flags[row],
            _ => false,
        }
    }

    /// Rows of each client, by time; rows without a client are in none.
    pub(super) fn sequences(&self) -> impl Iterator<Item = &[u32]> {
        let rows = self.sequences.get_or_init(|| {
            let (clients, _) = self.symbols(Field::Client);
            let mut rows: Vec<u32> = (0..self.rows.len() as u32).filter(|&row| clients[row as usize] != NONE).collect();
            rows.sort_by_key(|&row| clients[row as usize]);
            let row = |row: u32| &self.rows[row as usize];
            for same in rows.chunk_by_mut(|&a, &b| clients[a as usize] == clients[b as usize]) {
                same.sort_unstable_by(|&a, &b| row(a).at.total_cmp(&row(b).at).then_with(|| row(a).event.place.cmp(&row(b).event.place)));
            }
            rows
        });
        let (clients, _) = self.symbols(Field::Client);
        rows.chunk_by(|&a, &b| clients[a as usize] == clients[b as usize])
    }

    /// When each path answered well for the first time.
    pub(super) fn first_good(&self) -> &[Option<f64>] {
        self.first_good.get_or_init(|| sequence::first_good(self))
    }

    /// The site of each row: requests to different ones are not compared.
    pub(super) fn sites(&self) -> &[u32] {
        self.sites.get_or_init(|| {
            let mut names = Names::default();
            let (hosts, known) = self.symbols(Field::Host);
            let by_host: Vec<u32> = known.iter().map(|host| names.owned(Some(host.to_ascii_lowercase()))).collect();
            let by_input: Vec<u32> = self.sources.iter().map(|source| names.symbol(Some(source.site.as_bytes()))).collect();
            let of =
                |(row, host): (&Row<'_>, &u32)| by_host.get(*host as usize).copied().unwrap_or(by_input[row.event.place.input as usize]);
            self.rows.iter().zip(hosts).map(of).collect()
        })
    }

    /// Where each request went: what good and failing ones are compared on.
    pub(super) fn endpoints(&self) -> &Endpoints {
        self.endpoints.get_or_init(|| {
            let ((methods, _), (routes, _), sites) = (self.symbols(Field::Method), self.symbols(Field::Route), self.sites());
            let (mut known, mut numbers) = (Vec::new(), HashMap::new());
            let mut number = |endpoint: (u32, u32, u32)| {
                *numbers.entry(endpoint).or_insert_with(|| {
                    known.push(endpoint);
                    known.len() as u32 - 1
                })
            };
            let of = (0..self.rows.len()).map(|row| number((methods[row], routes[row], sites[row]))).collect();
            Endpoints { of, known }
        })
    }

    /// The hosts that the log is of: those that are asked for, else those whose pages ask for most static files.
    pub(super) fn own_hosts(&self) -> &[Box<[u8]>] {
        self.own_hosts.get_or_init(|| columns::own_hosts(self))
    }
}

/// The text of a record that a field is, as it was logged.
pub(super) fn raw(field: Field) -> Option<Text> {
    Some(match field {
        Field::Method => Text::Method,
        Field::Path => Text::Path,
        Field::Query => Text::Query,
        Field::Termination => Text::TerminationState,
        Field::Host => Text::Host,
        Field::Referer => Text::Referer,
        Field::Agent => Text::UserAgent,
        Field::Client => Text::Remote,
        Field::User => Text::User,
        Field::Protocol => Text::Protocol,
        Field::Request => Text::Malformed,
        _ => return None,
    })
}
