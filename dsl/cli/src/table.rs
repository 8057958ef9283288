//! Tables with one rule under the heading and none elsewhere.

use crate::console::{Style, paint};
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// Which side a column's cells keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table under construction.
#[derive(Debug)]
pub(crate) struct Grid {
    sides: Vec<Side>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    total: Option<Vec<String>>,
}

impl Grid {
    /// A table with these headings.
    pub(crate) fn new(columns: &[(&str, Side)]) -> Grid {
        Grid {
            sides: columns.iter().map(|(_, side)| *side).collect(),
            header: columns.iter().map(|(name, _)| name.to_string()).collect(),
            rows: Vec::new(),
            total: None,
        }
    }

    /// Adds a row.
    pub(crate) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Sets the last row, apart from the others by a rule.
    pub(crate) fn total<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.total = Some(cells.into_iter().map(Into::into).collect());
    }

    /// The lines of the table, each with a line break; without columns in which nothing stands.
    pub(crate) fn render(mut self, color: bool) -> String {
        self.drop_empty_columns();
        let mut table = Table::new();
        table.load_style(
            TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')),
        );
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.header);
        table.add_rows(self.rows);
        let total = self.total.is_some();
        table.add_rows(self.total);
        for (column, side) in table.column_iter_mut().zip(&self.sides) {
            column.set_padding((0, 2));
            column.set_cell_alignment(match side {
                Side::Left => CellAlignment::Left,
                Side::Right => CellAlignment::Right,
            });
        }
        let mut lines: Vec<String> =
            table.lines().map(|line| line.trim_end().to_string()).collect();
        if let Some(rule) = lines.get_mut(1) {
            *rule = rule.chars().take(rule.chars().count().saturating_sub(2)).collect();
        }
        let rule = lines.get(1).cloned().unwrap_or_default();
        let last = lines.len() - 1;
        let mut out = String::new();
        for (i, line) in lines.iter().enumerate() {
            if total && i == last {
                out.push_str(&paint(color, Style::Dim, &rule));
                out.push('\n');
            }
            match i {
                0 | 1 => out.push_str(&paint(color, Style::Dim, line)),
                i if total && i == last => out.push_str(&paint(color, Style::Bold, line)),
                _ => out.push_str(line),
            }
            out.push('\n');
        }
        out
    }

    fn drop_empty_columns(&mut self) {
        let full = |column: usize| {
            let all = self.rows.iter().chain(&self.total);
            all.into_iter().any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()))
        };
        let keep: Vec<bool> = (0..self.header.len()).map(full).collect();
        if self.rows.is_empty() || keep.iter().all(|k| *k) {
            return;
        }
        let pick = |row: &mut Vec<String>| {
            let mut i = 0;
            row.retain(|_| {
                i += 1;
                keep.get(i - 1).copied().unwrap_or(true)
            });
        };
        pick(&mut self.header);
        self.rows.iter_mut().for_each(pick);
        self.total.iter_mut().for_each(pick);
        let mut i = 0;
        self.sides.retain(|_| {
            i += 1;
            keep[i - 1]
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_calm() {
        let mut grid =
            Grid::new(&[("layer", Side::Left), ("none", Side::Left), ("params", Side::Right)]);
        grid.row(["stem", "", "320"]);
        grid.row(["stage[0].conv1", "", "9,216"]);
        grid.total(["total", "", "9,536"]);
        let expected = "\
layer            params
───────────────────────
stem                320
stage[0].conv1    9,216
───────────────────────
total             9,536
";
        assert_eq!(grid.render(false), expected);
    }
}
