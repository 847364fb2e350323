//! Columns that fit: cells are shortened, and at last columns left out, but no row is ever wrapped.

use crate::output::sanitize::{clean, cut, cut_middle, width};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A column of a table.
#[derive(Clone)]
pub(in crate::output) struct Column {
    pub(in crate::output) title: String,
    pub(in crate::output) cells: Vec<String>,
    pub(in crate::output) right: bool,
    /// How narrow it may become; `None` for a column that is never cut.
    pub(in crate::output) min: Option<usize>,
    /// Columns of a lower number are cut first; those that may go, go in this order too.
    pub(in crate::output) order: u8,
    /// Cut in the middle instead of at the end.
    pub(in crate::output) middle: bool,
    /// May be left out when cutting is not enough.
    pub(in crate::output) optional: bool,
}

impl Column {
    /// A column of numbers.
    pub(in crate::output) fn number(title: &str, cells: Vec<String>) -> Self {
        Self { title: title.into(), cells, right: true, min: None, order: 0, middle: false, optional: false }
    }

    /// A column of text that may be cut to `min` characters.
    pub(in crate::output) fn text(title: &str, cells: Vec<String>, min: usize, order: u8) -> Self {
        Self { title: title.into(), cells, right: false, min: Some(min), order, middle: false, optional: false }
    }

    pub(in crate::output) fn cut_in_the_middle(mut self) -> Self {
        self.middle = true;
        self
    }

    pub(in crate::output) fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// May be left out, in this order.
    pub(in crate::output) fn goes(mut self, order: u8) -> Self {
        (self.order, self.optional) = (order, true);
        self
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|c| width(c)).chain([width(&self.title)]).max().unwrap_or(0)
    }
}

/// Columns between two columns of a table.
const GAP: usize = 2;

/// The header line and a line a row, none wider than `limit`.
pub(in crate::output) fn lines(mut columns: Vec<Column>, limit: Option<usize>) -> Vec<String> {
    for column in &mut columns {
        column.cells.iter_mut().for_each(|cell| *cell = clean(cell).into_owned());
    }
    if let Some(limit) = limit {
        fit(&mut columns, limit);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|c| c.title.clone()));
    for row in 0..columns.first().map_or(0, |c| c.cells.len()) {
        table.add_row(columns.iter().map(|c| c.cells[row].clone()));
    }
    for (at, column) in columns.iter().enumerate() {
        if let Some(shown) = table.column_mut(at) {
            shown.set_padding((0, GAP as u16));
            shown.set_cell_alignment(if column.right { CellAlignment::Right } else { CellAlignment::Left });
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Shortens cells; where that is not enough a column goes, and the others get their room back before they are shortened anew.
fn fit(columns: &mut Vec<Column>, limit: usize) {
    loop {
        let mut shorter = columns.clone();
        shorten(&mut shorter, limit);
        let going = (0..columns.len()).filter(|&at| columns[at].optional).min_by_key(|&at| columns[at].order);
        match going {
            Some(at) if total(&shorter) > limit => columns.remove(at),
            _ => {
                *columns = shorter;
                return;
            }
        };
    }
}

fn shorten(columns: &mut [Column], limit: usize) {
    let mut order: Vec<usize> = (0..columns.len()).filter(|&at| columns[at].min.is_some()).collect();
    order.sort_by_key(|&at| columns[at].order);
    for at in order {
        let over = total(columns).saturating_sub(limit);
        let column = &mut columns[at];
        let to = column.width().saturating_sub(over).max(column.min.unwrap_or(0));
        let shorten = if column.middle { cut_middle } else { cut };
        column.cells.iter_mut().for_each(|cell| *cell = shorten(cell, to));
        column.title = cut(&column.title, to);
    }
}

fn total(columns: &[Column]) -> usize {
    columns.iter().map(|c| c.width() + GAP).sum::<usize>().saturating_sub(GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(limit: usize) -> Vec<String> {
        let columns = vec![
            Column::number("CODE", vec!["502".into(), "200".into()]),
            Column::text("MEANING", vec!["Bad Gateway: no valid answer from upstream".into(), "OK".into()], 8, 1),
            Column::text("MOSTLY ON", vec!["POST /api/v1/payments 41 %".into(), "GET /".into()], 12, 3).cut_in_the_middle().optional(),
        ];
        lines(columns, Some(limit))
    }

    #[test]
    fn meaning_shrinks_first_and_the_last_column_goes_at_last() {
        for limit in [100, 60, 40, 30, 20] {
            assert!(table(limit).iter().all(|l| width(l) <= limit), "{limit}: {:#?}", table(limit));
        }
        assert!(table(60)[1].contains("payments 41 %"));
        assert!(!table(20)[0].contains("MOSTLY"));
    }

    #[test]
    fn what_a_column_leaves_behind_the_others_take() {
        let columns = || {
            vec![
                Column::text("NAME", vec!["Internal Server Error".into()], 6, 1),
                Column::text("LONG", vec!["x".repeat(30)], 20, 2).optional(),
                Column::number("N", vec!["1".into()]),
            ]
        };
        assert_eq!(lines(columns(), Some(31))[1], format!("Inter…  {}…  1", "x".repeat(19)));
        assert_eq!(lines(columns(), Some(26))[1], "Internal Server Error  1");
    }
}
