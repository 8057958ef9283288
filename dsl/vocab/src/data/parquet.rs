//! `parquet`: tables in Apache Parquet files.

mod file;

use super::columns::{
    Cell, Cells, Chosen, ClassNumbers, FEATURES, FILE_PARAM, Named, REGRESSION, TARGET, facts_of,
    read, text_place,
};
use super::read::{MAX_BYTES, Param, grouped};
use super::{Column, DataError, Facts, Numbers, Samples, Source, Target, Targets};
use crate::word;
use crate::word::Args;
use dlm_base::Files;
use file::{Table, Value};

/// So many bytes of a column of text are read to learn what texts it has.
const LOOK: u64 = 64 << 20;

const FILE: Param = ("file", 0);

word! {
    /// A table in an Apache Parquet file, one row a sample.
    ///
    /// ```dlm
    /// data Census { source = parquet("adult.parquet", target = "income") }
    /// ```
    ///
    /// A column of numbers is one feature; a column of text is one-hot: one feature for each of its texts,
    /// in alphabetical order. A null, NaN, an empty text and `?` are gaps: the training part's mean in a
    /// column of numbers, a text of its own in a column of text. One-hot features are not normalised.
    ///
    /// Whole numbers, floats and decimals are numbers; `true` is 1 and `false` is 0; dates and moments
    /// are days since 1970, times of day are seconds. Nested columns and bytes that are no text cannot be
    /// features: list the others in `features`. The index that pandas stores (`__index_level_0__`) is a
    /// feature only where `features` names it.
    ///
    /// A target of text or of truth values is a class, the classes in alphabetical order; a target of
    /// whole numbers is a class too, the classes in the order of the numbers, named by them; with
    /// `regression = true` a target of numbers is a value. Without `target` the set is unlabelled.
    ///
    /// The file may be compressed inside with snappy, gzip or zstd, as other programs write it.
    pub static PARQUET: Source = {
        name: "parquet",
        params: &[
            FILE_PARAM,
            TARGET,
            FEATURES,
            REGRESSION,
        ],
        aliases: &["read_parquet"],
    },
    rest: None,
    facts: facts,
    load: load,
}

/// A table of which the columns are known.
struct Sheet {
    table: Table,
    /// Place and kind of each feature.
    features: Vec<(usize, Column)>,
    /// How many features each input has, where there are several.
    groups: Vec<usize>,
    target: Option<(usize, Target)>,
}

impl Sheet {
    fn facts(&self) -> Facts {
        let columns = self.features.iter().map(|(_, column)| column.clone()).collect();
        let target = self.target.as_ref().map(|(_, target)| target);
        facts_of(columns, &self.groups, target, self.table.rows)
    }
}

/// What the schema tells, and the texts and classes of a first part.
fn facts(args: &Args, files: &dyn Files) -> Result<Facts, DataError> {
    Ok(sheet(args, files, LOOK)?.facts())
}

/// All rows.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let sheet = sheet(args, files, MAX_BYTES)?;
    let picked: Vec<(usize, &Column)> = sheet.features.iter().map(|(p, c)| (*p, c)).collect();
    let inputs = values(&sheet.table, &picked)?;
    let width: usize = picked.iter().map(|(_, column)| column.width()).sum();
    let mut start = 0;
    for (_, column) in &picked {
        let own = || inputs.chunks_exact(width).map(|row| row[start]);
        if column.texts.is_none() && own().all(f32::is_nan) {
            return Err(no_values(&column.name));
        }
        start += column.width();
    }
    let targets = match &sheet.target {
        None => Targets::None,
        Some((place, target)) => targets(&sheet.table, *place, target, args)?,
    };
    Ok(Samples { inputs: Numbers::F32(inputs), facts: sheet.facts(), targets, format: None })
}

/// Reads the numbers of `columns` from a file that need not hold the target.
pub(crate) fn rows_of(
    files: &dyn Files,
    path: &str,
    columns: &[Column],
) -> Result<Vec<f32>, DataError> {
    let table = Table::open(files, path)?;
    let place = |column: &Column| table.find(&column.name, "file");
    let picked: Vec<(usize, &Column)> =
        columns.iter().map(|column| Ok((place(column)?, column))).collect::<Result<_, _>>()?;
    values(&table, &picked)
}

/// Opens the file and learns what its columns are, of text from its first `limit` bytes.
fn sheet(args: &Args, files: &dyn Files, limit: u64) -> Result<Sheet, DataError> {
    let table = Table::open(files, args.str("file"))?;
    let Chosen { features, groups, target } =
        table.chosen(args, |name| !name.starts_with("__index_level_"))?;
    let feature = |place: usize| -> Result<(usize, Column), DataError> {
        if table.is_text_column(place)? {
            let mut cells = Cells::default();
            table.each(place, limit, |row, value| {
                cells.add_text(row, if let Value::Text(text) = value { text } else { "" });
                Ok(())
            })?;
            return Ok((place, table.feature(place, &cells)?));
        }
        let name = table.names()[place].clone();
        match table.is_empty(place) {
            true => Err(no_values(&name)),
            false => Ok((place, Column { name, texts: None })),
        }
    };
    let features = features.into_iter().map(feature).collect::<Result<Vec<_>, _>>()?;
    let target = match target {
        None => None,
        Some(place) => {
            let mut cells = Cells::default();
            let regression = args.bool("regression");
            let text = table.is_text_column(place)?;
            table.each(place, limit, |row, value| {
                match text {
                    true => cells.add_text(row, &cell(&value, regression)),
                    false => cells.add(row, &cell(&value, regression)),
                }
                Ok(())
            })?;
            Some((place, table.target(place, &cells, table.rows, regression)?))
        }
    };
    Ok(Sheet { table, features, groups, target })
}

/// The targets of all rows.
fn targets(
    table: &Table,
    place: usize,
    target: &Target,
    args: &Args,
) -> Result<Targets, DataError> {
    let (mut classes, mut values) = (Vec::new(), Vec::new());
    let Target::Classes(names) = target else {
        table.each(place, MAX_BYTES, |_, value| {
            values.push(cell(&value, true).parse::<f32>().unwrap_or(f32::NAN));
            Ok(())
        })?;
        return Ok(Targets::Values(values));
    };
    let numbers = ClassNumbers::of(names);
    table.each(place, MAX_BYTES, |_, value| {
        classes.push(numbers.get(&cell(&value, args.bool("regression"))));
        Ok(())
    })?;
    Ok(Targets::Classes(classes))
}

/// A value as a cell of a table of text has it.
fn cell<'a>(value: &Value<'a>, regression: bool) -> std::borrow::Cow<'a, str> {
    match value {
        Value::Gap => "".into(),
        Value::Text(text) => (*text).into(),
        Value::Truth(yes) if regression => if *yes { "1" } else { "0" }.into(),
        Value::Truth(yes) => if *yes { "true" } else { "false" }.into(),
        Value::Single(x) => x.to_string().into(),
        Value::Double(x) => x.to_string().into(),
    }
}

/// The numbers of the columns `picked` (place and what it is), row after row.
fn values(table: &Table, picked: &[(usize, &Column)]) -> Result<Vec<f32>, DataError> {
    let width: usize = picked.iter().map(|(_, column)| column.width()).sum();
    let bytes = (table.rows as u64).saturating_mul(4 * width as u64);
    if bytes > MAX_BYTES {
        let bytes = grouped(bytes);
        return Err(DataError::content(
            FILE,
            format!("its rows take {bytes} bytes, more than 8 GiB"),
        )
        .help("list fewer columns in `features`"));
    }
    let mut out = Vec::new();
    let mut start = 0;
    for (place, column) in picked {
        let mut own = Vec::new();
        table.each(*place, MAX_BYTES, |row, value| push(&mut own, column, &value, row))?;
        // The file has shown so many rows.
        out.resize(table.rows * width, 0.0);
        let rows = out.chunks_exact_mut(width).zip(own.chunks_exact(column.width()));
        rows.for_each(|(row, own)| row[start..start + own.len()].copy_from_slice(own));
        start += column.width();
    }
    Ok(out)
}

/// Adds the numbers of a value: itself, NaN for a gap, or a 1 among zeros. A text that the column does not
/// know is all zeros.
fn push(out: &mut Vec<f32>, column: &Column, value: &Value<'_>, row: u64) -> Result<(), DataError> {
    let Some(texts) = &column.texts else {
        let number = match value {
            Value::Gap => Some(f32::NAN),
            Value::Single(x) => Some(*x),
            Value::Double(x) => Some(*x as f32),
            Value::Truth(yes) => Some(f32::from(u8::from(*yes))),
            Value::Text(text) => match read(text) {
                Cell::Number(x) => Some(x),
                Cell::Gap => Some(f32::NAN),
                Cell::Text(_) => None,
            },
        };
        let Some(number) = number.filter(|x| !x.is_infinite()) else {
            let (name, cell) = (&column.name, cell(value, false));
            let message = format!(
                "row {} has `{cell}` in column `{name}`, which is a column of numbers",
                grouped(row)
            );
            return Err(DataError::content(FILE, message).help(file::HELP_GAP));
        };
        out.push(number);
        return Ok(());
    };
    let start = out.len();
    out.resize(start + texts.len(), 0.0);
    if let Some(place) = text_place(texts, &cell(value, false)) {
        out[start + place] = 1.0;
    }
    Ok(())
}

/// The error of a column of gaps alone.
fn no_values(name: &str) -> DataError {
    DataError::content(FILE, format!("column `{name}` has no values"))
        .help("leave it out: list the columns to read in `features`")
}
