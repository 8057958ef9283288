//! Sources of data: what a file's header tells, and its samples.

use crate::word::{Args, Word};
use dlm_base::{Files, Shape};
use dlm_graph::Ty;
use serde::{Deserialize, Serialize};
use std::fmt;

mod array;
pub mod builtin;
pub mod cifar;
mod columns;
pub mod csv;
pub mod fit;
pub mod idx;
pub mod images;
pub mod inputs;
pub mod lines;
pub mod npy;
pub mod npz;
pub mod parquet;
mod picture;
mod read;
pub mod split;
mod table;
pub mod text;
mod tokens;

pub use array::MAX_CLASSES;
pub use read::MAX_BYTES;
pub use table::Format;

/// The most different texts that a column of a table may have.
pub const MAX_TEXTS: usize = 1000;

/// A source that a program may name.
#[derive(Debug)]
pub struct Source {
    /// Name, documentation, parameters.
    pub word: Word,
    /// The parameter that further positional arguments repeat (`cifar("a", "b")`), if any: the first
    /// is the parameter's own value, the others are [`Args::rest`].
    pub rest: Option<&'static str>,
    /// What can be told from headers, without reading a large file whole.
    pub facts: fn(&Args, &dyn Files) -> Result<Facts, DataError>,
    /// Everything. The last argument is the seed of the `data` declaration, for what is generated.
    pub load: fn(&Args, &dyn Files, u64) -> Result<Samples, DataError>,
}

/// What the checker knows of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// What the inputs are.
    pub kind: InputKind,
    /// The shape of one sample as users read it: `[1, 28, 28]`, `[13]`.
    pub shape: Shape,
    /// How many samples there are.
    pub samples: usize,
    /// What the targets are.
    pub target: Target,
    /// The columns of a table that has names for them; empty elsewhere.
    pub columns: Vec<Column>,
    /// What tokens stand for, where the inputs are tokens.
    pub tokens: Option<Tokens>,
}

impl Facts {
    /// The type of one sample.
    pub fn ty(&self) -> Ty {
        match self.kind {
            InputKind::Tokens => Ty::tokens(self.shape.clone()),
            InputKind::Image | InputKind::Table | InputKind::Tensor => Ty::flow(self.shape.clone()),
        }
    }

    /// The names of the numbers of a sample, where the columns of a table have names: a text column
    /// gives one number for each of its texts, `ocean_proximity = INLAND`.
    pub fn features(&self) -> Vec<String> {
        let names = |column: &Column| match &column.texts {
            None => vec![column.name.clone()],
            Some(texts) => texts.iter().map(|text| format!("{} = {text}", column.name)).collect(),
        };
        self.columns.iter().flat_map(names).collect()
    }
}

/// What the inputs are, which decides the default normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Bytes, scaled to [0, 1] when read into a batch.
    Image,
    /// Numbers of a table, standardised by default.
    Table,
    /// Any other floats, taken as they are.
    Tensor,
    /// Whole numbers that stand for characters, bytes or words, taken as they are.
    Tokens,
}

/// What tokens stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// What a token is.
    pub unit: TokenUnit,
    /// The text that each token stands for, in the order of their numbers.
    pub names: Vec<String>,
}

impl Tokens {
    /// The name of the token that fills what is shorter than others.
    pub const PADDING: &'static str = "<pad>";
    /// The name of the token for all that is not in the vocabulary.
    pub const UNKNOWN: &'static str = "<unk>";
}

/// What one token is of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenUnit {
    /// A Unicode character.
    Char,
    /// A byte of UTF-8.
    Byte,
    /// A word, or a punctuation mark.
    Word,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The texts of a text column, sorted; the input has one number for each, 1 where the cell is that
    /// text and 0 elsewhere. The last is [`Column::GAP`] where the column has gaps. `None`: numbers.
    pub texts: Option<Vec<String>>,
}

impl Column {
    /// The name of the class of gaps in a text column.
    pub const GAP: &'static str = "?";

    /// How many numbers of a sample the column gives.
    pub fn width(&self) -> usize {
        self.texts.as_ref().map_or(1, Vec::len)
    }
}

/// What the targets are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// There are none.
    None,
    /// One class a sample; the names, in the order of the class numbers.
    Classes(Vec<String>),
    /// A class at each step of a sequence: the token that follows.
    Sequence {
        /// The names of the classes, in the order of their numbers.
        classes: Vec<String>,
        /// How many steps a sample has.
        steps: usize,
    },
    /// So many real values a sample; their names.
    Values(Vec<String>),
}

impl Target {
    /// The names of the classes, of one for each sample or for each step.
    pub fn classes(&self) -> Option<&[String]> {
        match self {
            Target::Classes(classes) | Target::Sequence { classes, .. } => Some(classes),
            Target::None | Target::Values(_) => None,
        }
    }

    /// How many answers a sample has: the steps of a sequence, and 1 elsewhere.
    pub fn steps(&self) -> usize {
        match self {
            Target::Sequence { steps, .. } => *steps,
            _ => 1,
        }
    }

    /// How many numbers one answer has: one for each class or value.
    pub fn width(&self) -> usize {
        match self {
            Target::None => 0,
            Target::Classes(names)
            | Target::Sequence { classes: names, .. }
            | Target::Values(names) => names.len(),
        }
    }
}

/// All samples of a source, in memory.
#[derive(Clone, Debug)]
pub struct Samples {
    /// The inputs, sample after sample; a sample of shape `[c, h, w]` is stored h, w, c.
    pub inputs: Numbers,
    /// What they are.
    pub facts: Facts,
    /// The targets.
    pub targets: Targets,
    /// How the rows are written, of a table of text.
    pub format: Option<Format>,
}

/// The numbers of the inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Bytes, which stay bytes until a batch needs them.
    U8 {
        /// The bytes.
        bytes: Vec<u8>,
        /// The byte that becomes the input 1: 255, or 16 for the digits.
        scale: f32,
    },
    /// Floats. An empty cell of a table is NaN.
    F32(Vec<f32>),
}

/// The targets of all samples.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// There are none.
    None,
    /// A class number a sample, or one for each step of a sample, sample after sample.
    Classes(Vec<u32>),
    /// Sample after sample, as many values each as [`Target::Values`] names.
    Values(Vec<f32>),
}

/// Why a source cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataError {
    /// E0501: a file is missing or cannot be read.
    File {
        /// The argument that names it: the parameter, and its place among repeated ones.
        param: (&'static str, usize),
        /// The path as resolved.
        path: String,
        /// The reason: "there is no such file".
        why: String,
        /// What to do.
        help: Option<String>,
    },
    /// E0502: a file is not what the source says.
    Content {
        /// The argument that names it.
        param: (&'static str, usize),
        /// The fact, with the place in the file: "line 17 has 3 cells, the header has 5".
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// E0303: an argument does not fit the file ("there is no column `prize`").
    Argument {
        /// The argument.
        param: (&'static str, usize),
        /// The fact.
        message: String,
        /// What to write.
        help: Option<String>,
        /// The text that was probably meant.
        meant: Option<String>,
    },
}

impl DataError {
    /// A file that is missing or cannot be read.
    pub fn file(param: (&'static str, usize), path: &str, why: impl fmt::Display) -> DataError {
        DataError::File { param, path: path.to_string(), why: why.to_string(), help: None }
    }

    /// A file that is not what its source says.
    pub fn content(param: (&'static str, usize), message: impl Into<String>) -> DataError {
        DataError::Content { param, message: message.into(), help: None }
    }

    /// An argument that does not fit the file.
    pub fn argument(param: &'static str, message: impl Into<String>) -> DataError {
        let message = message.into();
        DataError::Argument { param: (param, 0), message, help: None, meant: None }
    }

    /// The same error of an argument with the text that was probably meant.
    pub(crate) fn did_you_mean(mut self, near: &str) -> DataError {
        if let DataError::Argument { help, meant, .. } = &mut self {
            (*help, *meant) = (Some(format!("did you mean `\"{near}\"`?")), Some(near.to_string()));
        }
        self
    }

    /// The fact alone, without the path of the file.
    pub fn reason(&self) -> &str {
        match self {
            DataError::File { why, .. } => why,
            DataError::Content { message, .. } | DataError::Argument { message, .. } => message,
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        match self {
            DataError::File { help, .. }
            | DataError::Content { help, .. }
            | DataError::Argument { help, .. } => help.as_deref(),
        }
    }

    /// The same error with what to do about it.
    pub fn help(mut self, text: impl Into<String>) -> DataError {
        match &mut self {
            DataError::File { help, .. }
            | DataError::Content { help, .. }
            | DataError::Argument { help, .. } => *help = Some(text.into()),
        }
        self
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataError::File { path, why, .. } => write!(f, "`{path}`: {why}"),
            DataError::Content { message, .. } | DataError::Argument { message, .. } => {
                f.write_str(message)
            }
        }
    }
}

impl std::error::Error for DataError {}

/// All sources, by name.
pub static SOURCES: &[&Source] = &[
    &builtin::BUILTIN,
    &cifar::CIFAR,
    &csv::CSV,
    &idx::IDX,
    &images::IMAGES,
    &lines::LINES,
    &npy::NPY,
    &npz::NPZ,
    &parquet::PARQUET,
    &text::TEXT,
];

/// The source of that name.
pub fn find(name: &str) -> Option<&'static Source> {
    SOURCES.iter().copied().find(|source| source.word.name == name)
}
