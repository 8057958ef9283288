//! Sources of data: what a file's header tells, and its samples.

use crate::word::{Args, Word};
use dlm_base::{Files, Shape};

/// A source that a program may name.
#[derive(Debug)]
pub struct Source {
    /// Name, documentation, parameters.
    pub word: Word,
    /// The parameter that further positional arguments repeat (`cifar("a", "b")`), if any.
    pub rest: Option<&'static str>,
    /// What can be told from headers, without reading a large file whole.
    pub facts: fn(&Args, &dyn Files) -> Result<Facts, DataError>,
    /// Everything.
    pub load: fn(&Args, &dyn Files) -> Result<Samples, DataError>,
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
    /// The names of the features of a table, one for each number of a sample; empty elsewhere.
    pub features: Vec<String>,
}

/// What the inputs are, which decides the default normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Bytes, scaled to [0, 1] when read into a batch.
    Image,
    /// Numbers of a table, standardised by default.
    Table,
    /// Any other floats, taken as they are.
    Tensor,
}

/// What the targets are.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// There are none.
    None,
    /// One class a sample; the names, in the order of the class numbers.
    Classes(Vec<String>),
    /// So many real values a sample; their names.
    Values(Vec<String>),
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
}

/// The numbers of the inputs. An empty cell of a table is NaN.
#[derive(Clone, Debug)]
pub enum Numbers {
    /// Bytes, which stay bytes until a batch needs them.
    U8(Vec<u8>),
    /// Floats.
    F32(Vec<f32>),
}

/// The targets of all samples.
#[derive(Clone, Debug)]
pub enum Targets {
    /// There are none.
    None,
    /// A class number a sample.
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
    },
}

/// All sources, by name.
pub static SOURCES: &[&Source] = &[];

/// The source of that name.
pub fn find(name: &str) -> Option<&'static Source> {
    SOURCES.iter().copied().find(|source| source.word.name == name)
}
