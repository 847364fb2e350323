//! The sampled records as a table: a row a record, a column a field of the rule language. Columns are worked out when they are
//! first asked for.

use super::names::{NONE, Names};
use super::{columns, sequence};
use crate::rule::words::{Field, Kind};
use crate::tally::{Event, Span, Text};
use hashbrown::HashMap;
use std::borrow::Cow;
use std::cell::OnceCell;

/// What is known of an input.
pub(super) struct Source {
    /// The server that wrote it, `unknown` where nothing tells.
    pub(super) server: &'static str,
    /// The fields that its format states.
    pub(super) logged: Vec<&'static str>,
    /// What its lines are of where they name no host: logs of one service in one format are parts of one log.
    pub(super) site: String,
    /// Whether its format states the time to the upstream's header.
    pub(super) times_header: bool,
}

/// What a path of an input is counted under.
pub(super) type RouteOf<'t> = dyn Fn(u32, &[u8]) -> Vec<u8> + 't;

/// The rows, by code and then as the lines are.
pub(super) struct Table<'t> {
    pub(super) rows: Vec<Row<'t>>,
    pub(super) sources: Vec<Source>,
    pub(super) route_of: &'t RouteOf<'t>,
    columns: Vec<OnceCell<Column<'t>>>,
    /// The rows of those that state a client, by client and time.
    sequences: OnceCell<Vec<u32>>,
    first_good: OnceCell<Vec<Option<f64>>>,
    own_hosts: OnceCell<Vec<Box<[u8]>>>,
    sites: OnceCell<Vec<u32>>,
    endpoints: OnceCell<Endpoints>,
    pub(super) whole: OnceCell<(f64, f64)>,
    weight: OnceCell<f64>,
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
            columns: Field::ALL.iter().map(|_| OnceCell::new()).collect(),
            sequences: OnceCell::new(),
            first_good: OnceCell::new(),
            own_hosts: OnceCell::new(),
            sites: OnceCell::new(),
            endpoints: OnceCell::new(),
            whole: OnceCell::new(),
            weight: OnceCell::new(),
        }
    }

    /// How many records all rows stand for.
    pub(super) fn weight(&self) -> f64 {
        *self.weight.get_or_init(|| self.rows.iter().map(|row| row.weight).sum())
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

    /// A value of any field as something to compare and count.
    pub(super) fn key(&self, row: usize, field: Field) -> Option<u64> {
        match field.kind() {
            Kind::Text => Some(self.symbol(row, field)).filter(|&s| s != NONE).map(u64::from),
            Kind::Flag => Some(u64::from(self.flag(row, field))),
            _ => self.number(row, field).map(f64::to_bits),
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

    pub(super) fn number(&self, row: usize, field: Field) -> Option<f64> {
        let event = self.rows[row].event;
        match field {
            Field::Status => Some(f64::from(self.rows[row].status)),
            Field::Bytes => event.bytes.map(|b| b as f64),
            Field::TargetLength => event.target_length.map(f64::from),
            Field::Duration => event.seconds(Span::Duration),
            Field::UpstreamTime => event.seconds(Span::UpstreamTime),
            Field::ConnectTime => event.seconds(Span::ConnectTime),
            Field::HeaderTime => event.seconds(Span::HeaderTime),
            Field::QueueTime => event.seconds(Span::QueueTime),
            _ => match self.column(field) {
                Column::Numbers(numbers) => Some(numbers[row]).filter(|n| !n.is_nan()),
                _ => None,
            },
        }
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
            let key = |row: u32| (clients[row as usize], &self.rows[row as usize]);
            rows.sort_unstable_by(|&a, &b| {
                let ((client, a), (other, b)) = (key(a), key(b));
                client.cmp(&other).then(a.at.total_cmp(&b.at)).then(a.event.place.cmp(&b.event.place))
            });
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
