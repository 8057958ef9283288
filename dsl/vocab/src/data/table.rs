//! Tables as text: rows of cells, what their columns are, and their numbers.

use super::read::{Input, Param, format_of, grouped};
use super::{Column, DataError};
use dlm_base::suggest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most different texts that a column may have.
pub const MAX_TEXTS: usize = 1000;

/// The share of numbers from which on a column with some texts is a column of numbers with mistakes.
const NUMBERS: f64 = 0.9;

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

/// What a pass over a column found.
#[derive(Default)]
pub(crate) struct Cells {
    numbers: usize,
    texts: usize,
    pub(crate) gaps: usize,
    first_text: Option<(u64, String)>,
    pub(crate) first_gap: u64,
    /// The different cells, until there are more than [`MAX_TEXTS`].
    pub(crate) different: BTreeSet<String>,
    /// The first number that is not whole.
    pub(crate) first_fraction: Option<(u64, String)>,
}

/// A cell, read.
pub(crate) enum Cell<'a> {
    Number(f32),
    Text(&'a str),
    Gap,
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

    /// The place of the column of that name, which the argument `param` gives.
    pub(crate) fn find(&self, name: &str, param: &'static str) -> Result<usize, DataError> {
        let place = |name: &str| self.names.iter().position(|n| n == name);
        let numbered = || name.parse::<usize>().ok().and_then(|i| place(&format!("c{i}")));
        let found = place(name).or_else(|| (!self.format.header).then(numbered).flatten());
        found.ok_or_else(|| {
            let error = DataError::argument(param, format!("there is no column `{name}`"));
            match suggest::nearest(name, self.names.iter().map(String::as_str)).first() {
                Some(near) => error.did_you_mean(near),
                None => error.help(self.help_names()),
            }
        })
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

    /// The column at `place` as a feature.
    pub(crate) fn feature(&self, place: usize, cells: &Cells) -> Result<Column, DataError> {
        let name = &self.names[place];
        if cells.numbers + cells.texts == 0 {
            return Err(DataError::content(FILE, format!("column `{name}` has no values"))
                .help("leave it out: list the columns to read in `features`"));
        }
        if self.is_text(place, cells)? {
            let mut texts: Vec<String> = cells.different.iter().cloned().collect();
            if cells.different.len() > MAX_TEXTS {
                return Err(self.too_many_texts(name));
            }
            if cells.gaps > 0 {
                texts.push(Column::GAP.to_string());
            }
            return Ok(Column { name: name.clone(), texts: Some(texts) });
        }
        Ok(Column { name: name.clone(), texts: None })
    }

    /// Whether a column is text; fails where it is numbers with mistakes.
    pub(crate) fn is_text(&self, place: usize, cells: &Cells) -> Result<bool, DataError> {
        let Some((line, text)) = &cells.first_text else { return Ok(false) };
        let share = cells.numbers as f64 / (cells.numbers + cells.texts) as f64;
        if share <= NUMBERS {
            return Ok(true);
        }
        let message = format!(
            "line {line} has `{text}` in column `{}`, whose other cells are numbers",
            self.names[place]
        );
        let help = match *line == self.format.skip as u64 + 1 && !self.format.header {
            true => "if the first line holds no data, skip it with `skip` or `header = true`",
            false => "an empty cell or `?` stands for a number that is not known",
        };
        Err(DataError::content(FILE, message).help(help))
    }

    /// The error of a column of which each cell is something else.
    pub(crate) fn too_many_texts(&self, name: &str) -> DataError {
        let most = grouped(MAX_TEXTS as u64);
        DataError::content(FILE, format!("column `{name}` has more than {most} different texts"))
            .help("leave it out: list the columns to read in `features`")
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

    /// What to say where the first line is not what it should be, or which columns there are.
    fn help_names(&self) -> String {
        if let [name] = &self.names[..]
            && let Some(separator) = other_separator(name)
        {
            return format!("if cells are separated by it, write `separator = \"{separator}\"`");
        }
        let list = |n: usize| {
            let names: Vec<String> = self.names.iter().take(n).map(|n| format!("`{n}`")).collect();
            let more = if self.names.len() > n { ", …" } else { "" };
            format!("{}{more}", names.join(", "))
        };
        if self.odd_names {
            return format!(
                "the first line ({}) seems to hold no names: write `skip = 1, header = false` to skip \
                 it or `header = false` to read it; the columns are then `c1`, `c2`, …",
                list(3)
            );
        }
        format!("the columns are {}", list(12))
    }
}

impl Cells {
    fn add(&mut self, line: u64, cell: &str) {
        match read(cell) {
            Cell::Gap => {
                self.gaps += 1;
                if self.gaps == 1 {
                    self.first_gap = line;
                }
                return;
            }
            Cell::Number(_) => {
                self.numbers += 1;
                if self.first_fraction.is_none() && whole(cell).is_none() {
                    self.first_fraction = Some((line, cell.to_string()));
                }
            }
            Cell::Text(text) => {
                self.texts += 1;
                if self.first_text.is_none() {
                    self.first_text = Some((line, text.to_string()));
                }
            }
        }
        if self.different.len() <= MAX_TEXTS && !self.different.contains(cell) {
            self.different.insert(cell.to_string());
        }
    }
}

/// What a cell is. Empty, `?` and NaN are gaps; what is not a finite number is text.
pub(crate) fn read(cell: &str) -> Cell<'_> {
    if cell.is_empty() || cell == "?" {
        return Cell::Gap;
    }
    match cell.parse::<f32>() {
        Ok(x) if x.is_finite() => Cell::Number(x),
        Ok(x) if x.is_nan() => Cell::Gap,
        _ => Cell::Text(cell),
    }
}

/// Adds the numbers of a cell: itself, NaN for a gap, or a 1 among zeros. A text that the column does
/// not know is all zeros.
fn push(out: &mut Vec<f32>, column: &Column, cell: &str, line: u64) -> Result<(), DataError> {
    match &column.texts {
        None => out.push(match read(cell) {
            Cell::Number(x) => x,
            Cell::Gap => f32::NAN,
            Cell::Text(text) => {
                let message = format!(
                    "line {line} has `{text}` in column `{}`, which is a column of numbers",
                    column.name
                );
                return Err(DataError::content(FILE, message));
            }
        }),
        Some(texts) => {
            let gap = texts.last().is_some_and(|text| text == Column::GAP);
            let known = &texts[..texts.len() - usize::from(gap)];
            let place = match read(cell) {
                Cell::Gap => gap.then_some(known.len()),
                _ => known.binary_search_by(|text| text.as_str().cmp(cell)).ok(),
            };
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

/// A cell that is a whole number.
pub(crate) fn whole(cell: &str) -> Option<i64> {
    let x = cell.parse::<f64>().ok()?;
    (x.fract() == 0.0 && x.abs() < 9e15).then_some(x as i64)
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
