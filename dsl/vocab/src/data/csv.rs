//! `csv`: tables as text.

use super::columns::{
    Chosen, ClassNumbers, FEATURES, FILE_PARAM, Named, REGRESSION, TARGET, facts_of,
};
use super::read::Input;
use super::table::{Format, Table};
use super::{Column, DataError, Facts, Numbers, Samples, Source, Target, Targets};
use crate::word;
use crate::word::{Args, Default, Param as P, Type};
use dlm_base::Files;

/// So much of a file is read to learn what its columns are.
const LOOK: u64 = 64 << 20;

word! {
    /// A table as text, one row a sample.
    ///
    /// ```dlm
    /// data Housing {
    ///     source = csv("housing.csv", target = "median_house_value", regression = true)
    ///     test   = 20%
    /// }
    /// ```
    ///
    /// The first line names the columns; with `header = false` they are `c1`, `c2`, … A column whose
    /// cells are all numbers is one feature; a column of text is one-hot: one feature for each of its
    /// texts, in alphabetical order. An empty cell, `?` or `NaN` is a gap: the training part's mean in a
    /// column of numbers, a text of its own in a column of text. One-hot features are not normalised.
    ///
    /// A target of text is a class, the classes in alphabetical order; a target of whole numbers is a
    /// class too, the classes in the order of the numbers, named by them; with `regression = true` a
    /// target of numbers is a value. Without `target` the set is unlabelled.
    ///
    /// Cells may stand in double quotes. `separator = " "` takes any run of blanks and tabs. The text is
    /// UTF-8, and may be compressed with gzip.
    pub static CSV: Source = {
        name: "csv",
        params: &[
            FILE_PARAM,
            TARGET,
            P { aliases: &["columns", "usecols", "inputs"], ..FEATURES },
            P {
                name: "header",
                ty: Type::Bool,
                default: Default::Bool(true),
                doc: "whether the first line names the columns; else they are `c1`, `c2`, …",
                aliases: &[],
            },
            P {
                name: "separator",
                ty: Type::Str,
                default: Default::Str(","),
                doc: "the character between cells; a blank stands for any run of blanks and tabs",
                aliases: &["sep", "delimiter"],
            },
            REGRESSION,
            P {
                name: "skip",
                ty: Type::Int { min: 0 },
                default: Default::Int(0),
                doc: "lines to skip at the start of the file",
                aliases: &["skiprows"],
            },
        ],
        aliases: &["read_csv", "tsv"],
    },
    rest: None,
    facts: facts,
    load: load,
}

/// How the rows of a source of this kind are written.
///
/// # Errors
/// When the separator is not one ASCII character.
pub fn format(args: &Args) -> Result<Format, DataError> {
    let text = args.str("separator");
    let mut chars = text.chars();
    let (separator, rest) = (chars.next(), chars.next());
    let separator = separator.filter(|c| rest.is_none() && c.is_ascii() && !"\"\n\r".contains(*c));
    let separator = separator.ok_or_else(|| {
        DataError::argument("separator", format!("`{text}` is not one character"))
            .help("write one ASCII character: `separator = \";\"`")
    })?;
    Ok(Format { header: args.bool("header"), separator, skip: args.size("skip") })
}

/// A table of which the columns are known.
struct Sheet {
    table: Table,
    /// Place and kind of each feature.
    features: Vec<(usize, Column)>,
    /// How many features each input has, where there are several.
    groups: Vec<usize>,
    target: Option<(usize, Target)>,
    rows: usize,
}

impl Sheet {
    fn facts(&self) -> Facts {
        let columns = self.features.iter().map(|(_, column)| column.clone()).collect();
        facts_of(columns, &self.groups, self.target.as_ref().map(|(_, target)| target), self.rows)
    }
}

/// What the first part of the file tells. Of a file beyond that, the number of rows is estimated.
fn facts(args: &Args, files: &dyn Files) -> Result<Facts, DataError> {
    let path = args.str("file");
    let sheet = read(args, files, LOOK)?;
    let mut facts = sheet.facts();
    if !sheet.table.whole {
        let len = files.len(path).map_err(|e| DataError::file(("file", 0), path, e))?;
        let estimate = (sheet.rows as f64 * len as f64 / LOOK as f64) as usize;
        facts.samples = estimate.max(sheet.rows);
    }
    Ok(facts)
}

/// All rows.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let sheet = read(args, files, super::read::MAX_BYTES)?;
    if !sheet.table.whole {
        return Err(DataError::content(("file", 0), "the file is larger than 8 GiB"));
    }
    let picked: Vec<(usize, &Column)> = sheet.features.iter().map(|(p, c)| (*p, c)).collect();
    let inputs = Numbers::F32(sheet.table.values(&picked)?);
    let targets = match &sheet.target {
        None => Targets::None,
        Some((place, target)) => targets(&sheet.table, *place, target)?,
    };
    Ok(Samples { inputs, facts: sheet.facts(), targets, format: Some(format(args)?) })
}

/// Reads the text and learns what its columns are.
fn read(args: &Args, files: &dyn Files, limit: u64) -> Result<Sheet, DataError> {
    let format = format(args)?;
    let mut input = Input::open(files, args.str("file"), ("file", 0))?;
    let table = Table::read(&mut input, format, limit)?;
    let Chosen { features, groups, target } = table.chosen(args, |_| true)?;
    let (cells, rows) = table.scan()?;
    let feature = |place: usize| table.feature(place, &cells[place]).map(|column| (place, column));
    let features = features.into_iter().map(feature).collect::<Result<Vec<_>, _>>()?;
    let target = match target {
        None => None,
        Some(place) => {
            let target = table.target(place, &cells[place], rows, args.bool("regression"))?;
            Some((place, target))
        }
    };
    Ok(Sheet { table, features, groups, target, rows })
}

/// The targets of all rows.
fn targets(table: &Table, place: usize, target: &Target) -> Result<Targets, DataError> {
    let (mut classes, mut values) = (Vec::new(), Vec::new());
    let Target::Classes(names) = target else {
        table.rows(|_, cells| {
            values.push(cells[place].parse::<f32>().unwrap_or(f32::NAN));
            Ok(())
        })?;
        return Ok(Targets::Values(values));
    };
    let numbers = ClassNumbers::of(names);
    table.rows(|_, cells| {
        classes.push(numbers.get(cells[place]));
        Ok(())
    })?;
    Ok(Targets::Classes(classes))
}
