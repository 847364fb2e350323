//! Rules asked one after another: which requests each explains.

use super::finding::Severity;
use super::group::Members;
use super::select;
use super::shift;
use super::table::Table;
use crate::catalogue::cause::{Cause, Rule, causes};
use crate::rule::words::{Field, Measure};
use crate::rule::{self, Arg, Expr, Piece, Term};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

/// A rule of the catalogue. Its texts are read when they are first asked for: of most rules only the filter ever is.
pub(super) struct Ready {
    pub(super) cause: &'static Cause,
    pub(super) rule: &'static Rule,
    by: Option<Field>,
    filter: OnceLock<Expr>,
    when: OnceLock<When>,
    sentences: OnceLock<Sentences>,
}

/// What must hold for a group.
struct When {
    condition: Expr,
    /// Fields whose shift it asks for.
    shifts: Vec<Field>,
}

/// What is said of a case.
pub(super) struct Sentences {
    pub(super) title: Vec<Piece>,
    pub(super) evidence: Vec<Vec<Piece>>,
}

/// All rules, in the order in which they are asked.
pub(super) static RULES: LazyLock<Vec<Ready>> = LazyLock::new(|| {
    let mut rules: Vec<Ready> = causes().iter().flat_map(|cause| cause.rules.iter().map(|rule| Ready::new(cause, rule))).collect();
    rules.sort_by(|a, b| {
        (a.rule.order.cmp(&b.rule.order)).then(b.rule.confidence.total_cmp(&a.rule.confidence)).then(a.rule.id.cmp(b.rule.id))
    });
    rules
});

fn condition(text: &str) -> Expr {
    rule::condition(text).expect("the build checks conditions")
}

fn severity(word: &str) -> Severity {
    Severity::named(word).expect("the build checks severities")
}

impl Ready {
    fn new(cause: &'static Cause, rule: &'static Rule) -> Self {
        let by = rule.by.map(|by| Field::named(by).expect("the build checks fields"));
        Self { cause, rule, by, filter: OnceLock::new(), when: OnceLock::new(), sentences: OnceLock::new() }
    }

    pub(super) fn filter(&self) -> &Expr {
        self.filter.get_or_init(|| rule::filter(self.rule.filter).expect("the build checks filters"))
    }

    fn when(&self) -> &When {
        self.when.get_or_init(|| {
            let condition = condition(self.rule.when);
            When { shifts: shifts(&condition), condition }
        })
    }

    pub(super) fn sentences(&self) -> &Sentences {
        let sentence = |text: &str| rule::sentence(text).expect("the build checks sentences");
        self.sentences.get_or_init(|| Sentences {
            title: sentence(self.rule.title.unwrap_or(self.cause.title)),
            evidence: self.rule.evidence.iter().map(|text| sentence(text)).collect(),
        })
    }

    fn severity(&self, members: &Members<'_, '_>) -> Severity {
        let plain = severity(self.rule.severity.unwrap_or(self.cause.severity));
        let raises = self.rule.raise.iter().rev();
        let raised = raises.map(|(when, word)| (condition(when), *word)).find(|(when, _)| rule::holds_for(when, members));
        let raised = raised.map_or(plain, |(_, word)| severity(word));
        let few = members.count() < FEW && members.count() < FEW_OF_ALL * members.table.weight();
        if few { raised.min(Severity::Warning) } else { raised }
    }
}

/// The fields whose shift a condition asks for.
fn shifts(when: &Expr) -> Vec<Field> {
    let of = |term: &Term| match term {
        Term::Measure(Measure::Shift, args) => args.iter().find_map(|arg| if let Arg::Field(field) = arg { Some(*field) } else { None }),
        _ => None,
    };
    match when {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().flat_map(shifts).collect(),
        Expr::Not(part) => shifts(part),
        Expr::Compare(left, _, right) => of(left).into_iter().chain(of(right)).collect(),
        _ => Vec::new(),
    }
}

/// Fewer requests than this, and a smaller part of all, are nothing to be woken for.
const FEW: f64 = 10.0;
const FEW_OF_ALL: f64 = 0.002;

/// Requests that a rule explains.
pub(super) struct Case<'a, 't> {
    pub(super) ready: &'static Ready,
    pub(super) members: Members<'a, 't>,
    pub(super) severity: Severity,
}

/// Asks all rules. What one explains is not asked of rules for other causes any more.
pub(super) fn ask<'a, 't>(table: &'a Table<'t>, workers: usize) -> Vec<Case<'a, 't>> {
    let mut explained: Vec<Option<&'static str>> = vec![None; table.rows.len()];
    let mut cases: Vec<Case<'a, 't>> = Vec::new();
    let mut crowds = Crowds::new();
    for (ready, mut rows) in RULES.iter().zip(spoken_of(table, workers)) {
        rows.retain(|&row| explained[row as usize].is_none_or(|cause| cause == ready.cause.id));
        let found: Vec<Case<'a, 't>> =
            groups(table, ready, rows).into_iter().filter_map(|rows| case(table, ready, rows, &mut crowds)).collect();
        for case in &found {
            case.members.rows.iter().for_each(|&row| explained[row as usize] = Some(ready.cause.id));
        }
        cases.extend(found);
    }
    cases
}

/// Fewer rows than this are looked at sooner than a thread is started.
const WORTH_A_THREAD: usize = 2_048;

/// The rows that each rule speaks of. No rule needs another one for that, so that two threads share the work, one from the
/// first rule on and one from the last: thus they seldom wait for the same column.
fn spoken_of(table: &Table<'_>, workers: usize) -> Vec<Vec<u32>> {
    let asked = Asked::new(table);
    if workers < 2 || table.rows.len() < WORTH_A_THREAD {
        return RULES.iter().map(|ready| asked.rows(ready)).collect();
    }
    let taken = AtomicUsize::new(0);
    let is_left = |_: &usize| taken.fetch_add(1, Ordering::Relaxed) < RULES.len();
    std::thread::scope(|scope| {
        let behind =
            scope.spawn(|| (0..RULES.len()).take_while(is_left).map(|n| asked.rows(&RULES[RULES.len() - 1 - n])).collect::<Vec<_>>());
        let mut rows: Vec<Vec<u32>> = (0..RULES.len()).take_while(is_left).map(|n| asked.rows(&RULES[n])).collect();
        rows.extend(behind.join().expect("no rule panics").into_iter().rev());
        rows
    })
}

/// The rows that rules are asked about.
struct Asked<'a, 't> {
    table: &'a Table<'t>,
    by_code: BTreeMap<u16, Vec<u32>>,
    /// By code too.
    all: Vec<u32>,
}

impl<'a, 't> Asked<'a, 't> {
    fn new(table: &'a Table<'t>) -> Self {
        let mut by_code: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
        for (row, of) in table.rows.iter().enumerate() {
            by_code.entry(of.status).or_default().push(row as u32);
        }
        let all = by_code.values().flatten().copied().collect();
        Self { table, by_code, all }
    }

    /// The rows that a rule speaks of.
    fn rows(&self, ready: &Ready) -> Vec<u32> {
        let inputs: Vec<bool> = self.table.sources.iter().map(|source| suits(ready.rule, source)).collect();
        if !inputs.contains(&true) {
            return Vec::new();
        }
        let mut rows: Vec<u32> = match ready.rule.codes {
            [] => self.all.clone(),
            codes => codes.iter().filter_map(|code| self.by_code.get(code)).flatten().copied().collect(),
        };
        if inputs.contains(&false) {
            rows.retain(|&row| inputs[self.table.rows[row as usize].event.place.input as usize]);
        }
        if !rows.is_empty() {
            select::narrow(self.table, ready.filter(), &mut rows);
            rows.shrink_to_fit();
        }
        rows
    }
}

fn suits(rule: &Rule, source: &super::table::Source) -> bool {
    let server = rule.servers.is_empty() || rule.servers.contains(&source.server);
    server && rule.needs.iter().all(|need| source.logged.contains(need))
}

/// The rows apart by the field that the rule names; those that do not state it are in no group.
fn groups(table: &Table<'_>, ready: &Ready, rows: Vec<u32>) -> Vec<Vec<u32>> {
    let Some(by) = ready.by else { return vec![rows] };
    let keys = table.keys(by);
    let mut groups: HashMap<u64, Vec<u32>> = HashMap::new();
    for row in rows {
        if let Some(key) = keys.of(row as usize) {
            groups.entry(key).or_default().push(row);
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|rows| rows[0]);
    groups
}

/// Rows that a case needs where records were left out of the sample.
const FEWEST_OF_SAMPLE: usize = 20;

/// The case that some requests are, if the rule's condition holds: for the stretch that they crowd in, else for all of them.
fn case<'a, 't>(table: &'a Table<'t>, ready: &'static Ready, rows: Vec<u32>, crowds: &mut Crowds) -> Option<Case<'a, 't>> {
    // A few rows that stand for thousands of records are no evidence: what they have in common may be chance.
    if rows.is_empty() || (rows.len() < FEWEST_OF_SAMPLE && rows.iter().any(|&row| table.rows[row as usize].weight > 1.0)) {
        return None;
    }
    let all = Members::new(table, rows);
    // When it began must be known before anything is asked about its time.
    let when = ready.when();
    when.shifts.iter().for_each(|field| _ = all.shift(*field));
    let holds = |members: &Members<'_, '_>| rule::holds_for(&when.condition, members);
    // There may be thousands of groups: to look for a stretch in each would take long.
    if ready.by.is_some() && !holds(&all) {
        return None;
    }
    let crowd = *crowds.entry(all.rows.clone()).or_insert_with(|| shift::crowd(&all));
    let members = crowd.map(|time| all.within(time)).filter(&holds).or_else(|| holds(&all).then_some(all))?;
    // A shift that the condition measured says when; what lies outside of it is no part of the case.
    let members = members.within(members.time());
    Some(Case { ready, severity: ready.severity(&members), members })
}

/// The stretches of groups that were looked for: many rules speak of the same requests.
type Crowds = HashMap<Vec<u32>, Option<(f64, f64)>>;

/// Puts cases of one cause whose times touch together: one restart is one finding, whatever routes it hit.
pub(super) fn merge<'a, 't>(mut cases: Vec<Case<'a, 't>>) -> Vec<Case<'a, 't>> {
    cases.sort_by(|a, b| a.ready.cause.id.cmp(b.ready.cause.id).then(a.members.time().0.total_cmp(&b.members.time().0)));
    let mut merged: Vec<Case<'a, 't>> = Vec::new();
    for case in cases {
        let mut of_cause = merged.iter_mut().rev().take_while(|before| before.ready.cause.id == case.ready.cause.id);
        match of_cause.find(|before| is_same(before, &case)) {
            Some(before) => before.take_in(case),
            None => merged.push(case),
        }
    }
    merged.sort_by(|a, b| {
        let weight = |case: &Case<'_, '_>| case.members.count();
        b.severity.cmp(&a.severity).then(weight(b).total_cmp(&weight(a))).then(a.ready.rule.id.cmp(b.ready.rule.id))
    });
    merged
}

/// Whether two cases of one cause are one: at one time, of one site, and, where rules judge groups apart, with one code.
fn is_same<'t>(a: &Case<'_, 't>, b: &Case<'_, 't>) -> bool {
    let is_apart = a.ready.by.is_some() && b.ready.by.is_some() && a.main_code() != b.main_code();
    touch(&a.members, &b.members) && a.members.meets(&b.members) && !is_apart
}

/// Seconds between two cases of one cause that are still one incident.
const APART: f64 = 60.0;

fn touch<'t>(a: &Members<'_, 't>, b: &Members<'_, 't>) -> bool {
    let ((_, end), (start, _)) = (a.time(), b.time());
    end.is_nan() || start.is_nan() || start <= end + APART
}

impl Case<'_, '_> {
    /// The code of most of its requests.
    pub(super) fn main_code(&self) -> Option<u16> {
        self.members.values(Field::Status).first().map(|(key, _)| f64::from_bits(*key) as u16)
    }

    /// The worse, the surer, the larger one speaks for both.
    fn take_in(&mut self, other: Self) {
        let rank = |case: &Self| (case.severity, case.ready.rule.confidence, case.members.count());
        if rank(&other) > rank(self) {
            self.ready = other.ready;
        }
        self.severity = self.severity.max(other.severity);
        let mut rows = std::mem::take(&mut self.members.rows);
        rows.extend(other.members.rows);
        rows.sort_unstable();
        rows.dedup();
        self.members = Members::new(self.members.table, rows);
    }
}
