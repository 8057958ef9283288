//! The columns of a table, whatever its file: which are asked for, and what they are by their cells.

use super::read::{Param, grouped};
use super::{Column, DataError, Facts, InputKind, MAX_TEXTS, Piece, Target};
use crate::word::{Arg, Args, Default, Param as Declared, Type};
use dlm_base::{Shape, suggest};
use std::collections::{BTreeMap, BTreeSet};

/// The share of numbers from which on a column with some texts is a column of numbers with mistakes.
const NUMBERS: f64 = 0.9;

const FILE: Param = ("file", 0);

/// The file of a table.
pub(crate) const FILE_PARAM: Declared = Declared {
    name: "file",
    ty: Type::File,
    default: Default::Required,
    doc: "the file",
    aliases: &["path"],
};

/// The column that is the target.
pub(crate) const TARGET: Declared = Declared {
    name: "target",
    ty: Type::Str,
    default: Default::Absent,
    doc: "the column to predict; without it the set is unlabelled",
    aliases: &["label", "y"],
};

/// The columns that are inputs.
pub(crate) const FEATURES: Declared = Declared {
    name: "features",
    ty: Type::Columns,
    default: Default::Absent,
    doc: "the columns to predict from, in this order; all but the target when not given; a list of lists \
          gives a model several inputs",
    aliases: &["columns", "inputs"],
};

/// Whether the target is a value.
pub(crate) const REGRESSION: Declared = Declared {
    name: "regression",
    ty: Type::Bool,
    default: Default::Bool(false),
    doc: "whether a target of numbers is a value instead of a class",
    aliases: &[],
};

/// A table that has names for its columns.
pub(crate) trait Named {
    /// What a place in a column is called: `line`, `row`.
    const PLACE: &'static str;

    /// The names of the columns, in order.
    fn names(&self) -> &[String];

    /// The place of a column that is called otherwise.
    fn other_name(&self, _: &str) -> Option<usize> {
        None
    }

    /// Which columns there are.
    fn help_names(&self) -> String {
        format!("the columns are {}", list(self.names(), 12))
    }

    /// What to do about a text at this place of a column of numbers.
    fn help_text(&self, place: u64) -> &'static str;

    /// The place of the column of that name, which the argument `param` gives.
    fn find(&self, name: &str, param: &'static str) -> Result<usize, DataError> {
        let found = self.names().iter().position(|n| n == name);
        found.or_else(|| self.other_name(name)).ok_or_else(|| {
            let error = DataError::argument(param, format!("there is no column `{name}`"));
            match suggest::nearest(name, self.names().iter().map(String::as_str)).first() {
                Some(near) => error.did_you_mean(near),
                None => error.help(self.help_names()),
            }
        })
    }

    /// The place of the target, and those of the features: the columns that `features` names, or all others of
    /// which `usual` holds.
    fn chosen(&self, args: &Args, usual: impl Fn(&str) -> bool) -> Result<Chosen, DataError> {
        let target = match args.get("target") {
            None => None,
            Some(Arg::Str(name)) => Some(self.find(name, "target")?),
            Some(other) => panic!("target: string, not {other:?}"),
        };
        let (mut features, mut groups) = (Vec::new(), Vec::new());
        match args.get("features") {
            None => features.extend(
                (0..self.names().len())
                    .filter(|&place| Some(place) != target && usual(&self.names()[place])),
            ),
            Some(Arg::Strs(names)) => self.add(names, target, &mut features)?,
            Some(Arg::Groups(lists)) => {
                for names in lists {
                    if names.is_empty() {
                        let message = "an input of no columns";
                        return Err(DataError::argument("features", message)
                            .help("list the columns of each input: `[[\"a\", \"b\"], [\"c\"]]`"));
                    }
                    self.add(names, target, &mut features)?;
                    groups.push(names.len());
                }
            }
            Some(other) => panic!("features: strings, not {other:?}"),
        }
        if features.is_empty() {
            let message = "there is no column to predict from";
            return Err(match args.get("features") {
                Some(_) => DataError::argument("features", message),
                None => DataError::content(FILE, message),
            });
        }
        Ok(Chosen { features, groups, target })
    }

    /// Adds the places of the columns of these names.
    fn add(
        &self,
        names: &[String],
        target: Option<usize>,
        features: &mut Vec<usize>,
    ) -> Result<(), DataError> {
        for name in names {
            let place = self.find(name, "features")?;
            if Some(place) == target {
                let message = format!("`{name}` is the target and cannot be a feature too");
                return Err(DataError::argument("features", message));
            }
            if features.contains(&place) {
                let message = format!("`{name}` is listed twice");
                return Err(DataError::argument("features", message));
            }
            features.push(place);
        }
        Ok(())
    }

    /// The column at `place` as a feature.
    fn feature(&self, place: usize, cells: &Cells) -> Result<Column, DataError> {
        let name = &self.names()[place];
        if cells.numbers + cells.texts == 0 {
            return Err(DataError::content(FILE, format!("column `{name}` has no values"))
                .help("leave it out: list the columns to read in `features`"));
        }
        if !self.is_text(place, cells)? {
            return Ok(Column { name: name.clone(), texts: None });
        }
        if cells.different.len() > MAX_TEXTS {
            return Err(self.too_many_texts(name));
        }
        let mut texts: Vec<String> = cells.different.iter().cloned().collect();
        if cells.gaps > 0 {
            texts.push(Column::GAP.to_string());
        }
        Ok(Column { name: name.clone(), texts: Some(texts) })
    }

    /// What the column at `place` is as a target.
    fn target(
        &self,
        place: usize,
        cells: &Cells,
        rows: usize,
        regression: bool,
    ) -> Result<Target, DataError> {
        let name = &self.names()[place];
        let content = |message: String| DataError::content(FILE, message);
        if cells.gaps > 0 {
            let (at, first) = (Self::PLACE, cells.first_gap);
            let message = format!("{at} {first} has no value in the target column `{name}`");
            return Err(content(message).help("remove the rows without a target"));
        }
        let same = cells.different.first().filter(|_| cells.different.len() == 1 && rows > 1);
        if let Some(value) = same {
            let message = format!("the target column `{name}` is `{value}` in every row");
            return Err(content(message).help("name the column that is to be predicted"));
        }
        if self.is_text(place, cells)? {
            if regression {
                let message =
                    format!("the column `{name}` holds text, which is no value to predict");
                let help = "leave out `regression`: each text is then a class";
                return Err(DataError::argument("target", message).help(help));
            }
            if cells.different.len() > MAX_TEXTS {
                let help = "name the column that is to be predicted";
                return Err(self.too_many_texts(name).help(help));
            }
            return Ok(Target::Classes(cells.different.iter().cloned().collect()));
        }
        if regression {
            return Ok(Target::Values(vec![name.clone()]));
        }
        let help = "write `regression = true` to predict the value itself";
        if let Some((at, cell)) = &cells.first_fraction {
            let place = Self::PLACE;
            let message =
                format!("{place} {at} has `{cell}` in column `{name}`, which is no class");
            return Err(DataError::argument("target", message).help(help));
        }
        // "1" and "1.0" are one class.
        let numbers: BTreeSet<i64> =
            cells.different.iter().filter_map(|cell| whole(cell)).collect();
        let many = numbers.len() > 50 && numbers.len() * 2 > rows;
        if cells.different.len() > MAX_TEXTS || many {
            let more = if cells.different.len() > MAX_TEXTS { "more than " } else { "" };
            let count = grouped(numbers.len().min(MAX_TEXTS) as u64);
            let message = format!(
                "column `{name}` has {more}{count} different numbers, too many for classes"
            );
            return Err(DataError::argument("target", message).help(help));
        }
        Ok(Target::Classes(numbers.iter().map(i64::to_string).collect()))
    }

    /// Whether a column is text; fails where it is numbers with mistakes.
    fn is_text(&self, place: usize, cells: &Cells) -> Result<bool, DataError> {
        let Some((at, text)) = &cells.first_text else { return Ok(false) };
        let share = cells.numbers as f64 / (cells.numbers + cells.texts) as f64;
        if share <= NUMBERS {
            return Ok(true);
        }
        let message = format!(
            "{} {at} has `{text}` in column `{}`, whose other cells are numbers",
            Self::PLACE,
            self.names()[place]
        );
        Err(DataError::content(FILE, message).help(self.help_text(*at)))
    }

    /// The error of a column of which each cell is something else.
    fn too_many_texts(&self, name: &str) -> DataError {
        let most = grouped(MAX_TEXTS as u64);
        DataError::content(FILE, format!("column `{name}` has more than {most} different texts"))
            .help("leave it out: list the columns to read in `features`")
    }
}

/// The columns that a source asks for, by their places.
pub(crate) struct Chosen {
    pub(crate) features: Vec<usize>,
    /// How many of them each input has, where there are several inputs.
    pub(crate) groups: Vec<usize>,
    pub(crate) target: Option<usize>,
}

/// What a pass over a column found.
#[derive(Default)]
pub(crate) struct Cells {
    numbers: usize,
    texts: usize,
    gaps: usize,
    first_text: Option<(u64, String)>,
    first_gap: u64,
    /// The different cells, until there are more than [`MAX_TEXTS`].
    different: BTreeSet<String>,
    /// The first number that is not whole.
    first_fraction: Option<(u64, String)>,
}

/// A cell, read.
pub(crate) enum Cell<'a> {
    Number(f32),
    Text(&'a str),
    Gap,
}

impl Cells {
    /// Takes the cell at `place` into account, which is what it reads as.
    pub(crate) fn add(&mut self, place: u64, cell: &str) {
        self.add_as(place, cell, &read(cell));
    }

    /// Takes the cell at `place` into account, which is a text unless it is a gap.
    pub(crate) fn add_text(&mut self, place: u64, cell: &str) {
        let is = match read(cell) {
            Cell::Gap => Cell::Gap,
            _ => Cell::Text(cell),
        };
        self.add_as(place, cell, &is);
    }

    fn add_as(&mut self, place: u64, cell: &str, is: &Cell<'_>) {
        match is {
            Cell::Gap => {
                self.gaps += 1;
                if self.gaps == 1 {
                    self.first_gap = place;
                }
                return;
            }
            Cell::Number(_) => {
                self.numbers += 1;
                if self.first_fraction.is_none() && whole(cell).is_none() {
                    self.first_fraction = Some((place, cell.to_string()));
                }
            }
            Cell::Text(text) => {
                self.texts += 1;
                if self.first_text.is_none() {
                    self.first_text = Some((place, text.to_string()));
                }
            }
        }
        if self.different.len() <= MAX_TEXTS && !self.different.contains(cell) {
            self.different.insert(cell.to_string());
        }
    }
}

/// The classes of a target column by their cells.
pub(crate) struct ClassNumbers<'a> {
    numbers: BTreeMap<&'a str, u32>,
    /// Whether all are whole numbers.
    whole: bool,
}

impl ClassNumbers<'_> {
    /// Of the classes of these names.
    pub(crate) fn of(names: &[String]) -> ClassNumbers<'_> {
        let numbers = names.iter().map(String::as_str).zip(0..).collect();
        ClassNumbers { numbers, whole: names.iter().all(|name| whole(name).is_some()) }
    }

    /// The number of a cell's class.
    ///
    /// # Panics
    /// When it is none of the classes.
    pub(crate) fn get(&self, cell: &str) -> u32 {
        let known = self.numbers.get(cell).copied();
        let number = || whole(cell).filter(|_| self.whole).map(|n| n.to_string());
        known.or_else(|| number().map(|name| self.numbers[&*name])).expect("a known class")
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

/// Which of a column's texts a cell is, of a column that has texts; a text that it does not know is none.
pub(crate) fn text_place(texts: &[String], cell: &str) -> Option<usize> {
    let gap = texts.last().is_some_and(|text| text == Column::GAP);
    let known = &texts[..texts.len() - usize::from(gap)];
    match read(cell) {
        Cell::Gap => gap.then_some(known.len()),
        _ => known.binary_search_by(|text| text.as_str().cmp(cell)).ok(),
    }
}

/// The facts of a table with these features, of which each input has as many as `groups` says.
pub(crate) fn facts_of(
    columns: Vec<Column>,
    groups: &[usize],
    target: Option<&Target>,
    samples: usize,
) -> Facts {
    let mut rest = columns.as_slice();
    let piece = |&count: &usize| {
        let (own, after) = rest.split_at(count);
        rest = after;
        let names: Vec<&str> = own.iter().map(|column| &*column.name).collect();
        let shape = vec![own.iter().map(Column::width).sum()];
        Piece { name: names.join("+"), kind: InputKind::Table, shape, whole: false }
    };
    let inputs: Vec<Piece> = match groups {
        [] | [_] => Vec::new(),
        groups => groups.iter().map(piece).collect(),
    };
    Facts {
        kind: InputKind::Table,
        shape: Shape::of(&[columns.iter().map(Column::width).sum()]),
        samples,
        target: target.cloned().unwrap_or(Target::None),
        columns,
        tokens: None,
        inputs,
        whole: false,
    }
}

/// At most `most` names.
pub(crate) fn list(names: &[String], most: usize) -> String {
    let quoted: Vec<String> = names.iter().take(most).map(|n| format!("`{n}`")).collect();
    let more = if names.len() > most { ", …" } else { "" };
    format!("{}{more}", quoted.join(", "))
}

/// A cell that is a whole number.
fn whole(cell: &str) -> Option<i64> {
    let x = cell.parse::<f64>().ok()?;
    (x.fract() == 0.0 && x.abs() < 9e15).then_some(x as i64)
}
