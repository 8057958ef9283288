//! Tables, filled by columns: a column in which nothing is known is left out.

use crate::figure::UNKNOWN;
use crate::part::wide;
use maud::{Markup, html};

/// A table; its first column names the rows.
pub(crate) struct Table {
    label: String,
    columns: Vec<Column>,
    /// Whether the last row sums up those before it.
    summary: bool,
}

struct Column {
    head: String,
    class: &'static str,
    cells: Vec<Markup>,
}

impl Table {
    /// A table; `label` says of what.
    pub(crate) fn new(label: impl Into<String>) -> Table {
        Table { label: label.into(), columns: Vec::new(), summary: false }
    }

    /// Adds a column of text.
    pub(crate) fn text(self, head: &str, cells: impl IntoIterator<Item = String>) -> Table {
        self.column(head, "text", cells.into_iter().map(|cell| html! { (cell) }))
    }

    /// Adds a column of code.
    pub(crate) fn code(self, head: &str, cells: impl IntoIterator<Item = String>) -> Table {
        let code = |cell: String| {
            if cell.is_empty() {
                html! {}
            } else {
                html! { code { (cell) } }
            }
        };
        self.column(head, "text", cells.into_iter().map(code))
    }

    /// Adds a column of figures.
    pub(crate) fn figures(self, head: &str, cells: impl IntoIterator<Item = String>) -> Table {
        self.column(head, "figure", cells.into_iter().map(|cell| html! { (cell) }))
    }

    /// Adds a column of anything.
    pub(crate) fn column(
        mut self,
        head: &str,
        class: &'static str,
        cells: impl IntoIterator<Item = Markup>,
    ) -> Table {
        let cells: Vec<Markup> = cells.into_iter().collect();
        if self.columns.is_empty() || !cells.iter().all(unknown) {
            self.columns.push(Column { head: head.into(), class, cells });
        }
        self
    }

    /// Sets the last row apart.
    pub(crate) fn summary(mut self) -> Table {
        self.summary = true;
        self
    }

    /// The table as HTML.
    pub(crate) fn markup(&self) -> Markup {
        let rows = self.columns.first().map_or(0, |column| column.cells.len());
        let last = |row: usize| self.summary && row + 1 == rows;
        let body = html! {
            table {
                thead { tr {
                    @for column in &self.columns { th.(column.class) scope="col" { (column.head) } }
                } }
                tbody {
                    @for row in 0..rows {
                        tr.total[last(row)] {
                            @for (i, column) in self.columns.iter().enumerate() {
                                @let cell = &column.cells[row];
                                @if i == 0 { th.(column.class) scope="row" { (cell) } }
                                @else if unknown(cell) && last(row) { td {} }
                                @else if unknown(cell) { td.(column.class).unknown { (UNKNOWN) } }
                                @else { td.(column.class) { (cell) } }
                            }
                        }
                    }
                }
            }
        };
        wide(&self.label, &body)
    }
}

fn unknown(cell: &Markup) -> bool {
    cell.0.is_empty() || cell.0 == UNKNOWN
}
