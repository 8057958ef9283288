//! Tables as text: rows of cells, and their numbers.

use super::columns::{Cell, Cells, Named, list, read, text_place};
use super::read::{Input, Param, format_of};
use super::{Column, DataError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const FILE: Param = ("file", 0);

/// How rows are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// Whether the first line holds the names of the columns; else they are `c1`, `c2`, …
    pub header: bool,
    /// What stands between cells: one ASCII character; a blank stands for any run of blanks and tabs.
    pub separator: char,
    /// Lines that are skipped at the start.
    pub skip: usize,
}

/// The text of a table with the names of its columns.
pub(crate) struct Table {
    format: Format,
    /// The text behind the skipped lines.
    text: Vec<u8>,
    pub(crate) names: Vec<String>,
    /// Whether a name could be a number, so that the first line may be none of names.
    odd_names: bool,
    /// Whether this is the whole file.
    pub(crate) whole: bool,
}

impl Table {
    /// Reads at most `limit` bytes of a table, and the names of its columns.
    pub(crate) fn read(input: &mut Input, format: Format, limit: u64) -> Result<Table, DataError> {
        let (mut text, whole) = input.rest(limit)?;
        let known = format_of(&text[..text.len().min(8)]);
        if let Some(name) = known.filter(|name| *name != "text") {
            return Err(input.error(format!("it is {name}, not a table of text")));
        }
        if !whole {
            let end = text.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
            text.truncate(end);
        }
        let mut start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        for _ in 0..format.skip {
            start += text[start..]
                .iter()
                .position(|&b| b == b'\n')
                .map_or(text.len() - start, |i| i + 1);
        }
        text.drain(..start);
        let mut table = Table { format, text, names: Vec::new(), odd_names: false, whole };
        let mut first: Option<Vec<String>> = None;
        table.raw_rows(|_, cells| {
            first = Some(cells.iter().map(|cell| cell.to_string()).collect());
            Ok(false)
        })?;
        let Some(first) = first else {
            return Err(input.error("the file has no rows"));
        };
        if table.format.header {
            table.odd_names = first.iter().any(|name| name.parse::<f64>().is_ok());
        }
        let unnamed = !table.format.header;
        table.names = first
            .into_iter()
            .enumerate()
            .map(|(i, name)| if unnamed || name.is_empty() { format!("c{}", i + 1) } else { name })
            .collect();
        let mut seen = BTreeSet::new();
        if let Some(twice) = table.names.iter().find(|name| !seen.insert(name.as_str())) {
            let error = input.error(format!("two columns have the name `{twice}`"));
            return Err(match table.odd_names {
                true => error.help("if the first line holds data, write `header = false`"),
                false => error.help("give each column a name of its own in the first line"),
            });
        }
        Ok(table)
    }

    /// Calls `f(line, cells)` with each row behind the header; fails at a row with another number of
    /// cells than there are columns.
    pub(crate) fn rows(
        &self,
        mut f: impl FnMut(u64, &[&str]) -> Result<(), DataError>,
    ) -> Result<usize, DataError> {
        let mut rows = 0;
        let mut header = self.format.header;
        self.raw_rows(|line, cells| {
            if std::mem::take(&mut header) {
                return Ok(true);
            }
            if cells.len() != self.names.len() {
                return Err(self.ragged(line, cells.len()));
            }
            rows += 1;
            f(line, cells).map(|()| true)
        })?;
        Ok(rows)
    }

    /// What the columns hold, and how many rows there are.
    pub(crate) fn scan(&self) -> Result<(Vec<Cells>, usize), DataError> {
        let mut columns: Vec<Cells> = self.names.iter().map(|_| Cells::default()).collect();
        let rows = self.rows(|line, cells| {
            for (column, cell) in columns.iter_mut().zip(cells) {
                column.add(line, cell);
            }
            Ok(())
        })?;
        match rows {
            0 => Err(DataError::content(FILE, "the file has no rows below its first line")),
            _ => Ok((columns, rows)),
        }
    }

    /// The numbers of the columns `picked` (place and what it is), row after row.
    pub(crate) fn values(&self, picked: &[(usize, &Column)]) -> Result<Vec<f32>, DataError> {
        let mut values = Vec::new();
        self.rows(|line, cells| {
            for (place, column) in picked {
                push(&mut values, column, cells[*place], line)?;
            }
            Ok(())
        })?;
        Ok(values)
    }

    /// Calls `f(line, cells)` with each line that is not empty, until it answers `false`.
    fn raw_rows(
        &self,
        mut f: impl FnMut(u64, &[&str]) -> Result<bool, DataError>,
    ) -> Result<(), DataError> {
        let bad = |line: u64| {
            DataError::content(FILE, format!("line {line} is not UTF-8 text"))
                .help("save the file in the encoding UTF-8")
        };
        let skip = self.format.skip as u64;
        if self.format.separator == ' ' {
            for (i, line) in self.text.split(|&b| b == b'\n').enumerate() {
                let number = i as u64 + 1 + skip;
                let line = std::str::from_utf8(line).map_err(|_| bad(number))?;
                let cells: Vec<&str> = line.split_ascii_whitespace().collect();
                if !cells.is_empty() && !f(number, &cells)? {
                    break;
                }
            }
            return Ok(());
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(self.format.separator as u8)
            .from_reader(self.text.as_slice());
        let mut record = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {}
                Err(e) => return Err(bad(e.position().map_or(0, csv::Position::line) + skip)),
            }
            let line = record.position().map_or(0, csv::Position::line) + skip;
            let cells: Vec<&str> = record.iter().collect();
            if !f(line, &cells)? {
                return Ok(());
            }
        }
    }

    /// The error of a row with `count` cells.
    fn ragged(&self, line: u64, count: usize) -> DataError {
        let columns = self.names.len();
        let before = match self.format.header {
            true => "the header".to_string(),
            false => "the first row".to_string(),
        };
        let cells = if count == 1 { "cell" } else { "cells" };
        let message = format!("line {line} has {count} {cells}, {before} has {columns}");
        let error = DataError::content(FILE, message);
        match (self.odd_names, &self.names[..]) {
            (true, _) => error.help(self.help_names()),
            (_, [name]) if other_separator(name).is_some() => error.help(self.help_names()),
            _ => error,
        }
    }
}

impl Named for Table {
    const PLACE: &'static str = "line";

    fn names(&self) -> &[String] {
        &self.names
    }

    /// `3` for `c3`.
    fn other_name(&self, name: &str) -> Option<usize> {
        let number = name.parse::<usize>().ok().filter(|_| !self.format.header)?;
        let name = format!("c{number}");
        self.names.iter().position(|n| *n == name)
    }

    /// What to say where the first line is not what it should be, or which columns there are.
    fn help_names(&self) -> String {
        if let [name] = &self.names[..]
            && let Some(separator) = other_separator(name)
        {
            return format!("if cells are separated by it, write `separator = \"{separator}\"`");
        }
        if self.odd_names {
            return format!(
                "the first line ({}) seems to hold no names: write `skip = 1, header = false` to skip \
                 it or `header = false` to read it; the columns are then `c1`, `c2`, …",
                list(&self.names, 3)
            );
        }
        format!("the columns are {}", list(&self.names, 12))
    }

    fn help_text(&self, line: u64) -> &'static str {
        match line == self.format.skip as u64 + 1 && !self.format.header {
            true => "if the first line holds no data, skip it with `skip` or `header = true`",
            false => "an empty cell or `?` stands for a number that is not known",
        }
    }
}

/// Adds the numbers of a cell: itself, NaN for a gap, or a 1 among zeros. A text that the column does
/// not know is all zeros.
fn push(out: &mut Vec<f32>, column: &Column, cell: &str, line: u64) -> Result<(), DataError> {
    match &column.texts {
        None => out.push(match read(cell) {
            Cell::Number(x) => x,
            Cell::Gap => f32::NAN,
            // Truth values of a Parquet file, in a table of text.
            Cell::Text(text) if text.eq_ignore_ascii_case("true") => 1.0,
            Cell::Text(text) if text.eq_ignore_ascii_case("false") => 0.0,
            Cell::Text(text) => {
                let message = format!(
                    "line {line} has `{text}` in column `{}`, which is a column of numbers",
                    column.name
                );
                return Err(DataError::content(FILE, message));
            }
        }),
        Some(texts) => {
            let place = text_place(texts, cell);
            let start = out.len();
            out.resize(start + texts.len(), 0.0);
            if let Some(place) = place {
                out[start + place] = 1.0;
            }
        }
    }
    Ok(())
}

/// Another character than the comma that could separate the cells of this line.
fn other_separator(line: &str) -> Option<&'static str> {
    [(";", ";"), ("\t", "\\t"), ("|", "|"), (" ", " "), (",", ",")]
        .iter()
        .find(|(sign, _)| line.contains(sign))
        .map(|(_, shown)| *shown)
}

/// Reads the numbers of `columns` from a table that need not hold the target: columns are found by
/// their names or, in a table without names of just as many columns, by their places.
pub(crate) fn rows_of(
    input: &mut Input,
    format: &Format,
    columns: &[Column],
) -> Result<Vec<f32>, DataError> {
    let table = Table::read(input, format.clone(), super::read::MAX_BYTES)?;
    let by_place = !format.header && table.names.len() == columns.len();
    let picked = columns.iter().enumerate().map(|(i, column)| {
        let place = if by_place { Ok(i) } else { table.find(&column.name, "file") };
        place.map(|place| (place, column))
    });
    let picked: Vec<(usize, &Column)> = picked.collect::<Result<_, _>>()?;
    table.values(&picked)
}
