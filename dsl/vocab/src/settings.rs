//! The settings of blocks: their documentation, values and defaults as data.

use crate::word::{Type, Word};

mod data;
mod distill;
mod load;
mod policy;
mod quantize;
mod train;

pub use data::{DATA, NORMALIZE, TOKENS};
pub use distill::DISTILL;
pub use load::{ANSWERS, INPUT, LOAD};
pub use policy::{METHOD, OVERRIDE, PER, POLICY};
pub use quantize::QUANTIZE;
pub use train::{AVERAGE, INIT, STOP, TRAIN};

/// One setting of a block.
#[derive(Debug)]
pub struct Setting {
    /// The key in a program.
    pub name: &'static str,
    /// What values it takes.
    pub takes: Takes,
    /// What it is when not given, in words.
    pub default: &'static str,
    /// What it means, values, an example in dlm; Markdown. The first line is the summary.
    pub doc: &'static str,
    /// Names by which other systems know it: `batch_size`.
    pub aliases: &'static [&'static str],
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Takes {
    /// A plain value.
    Value(Type),
    /// A source of data: [`crate::data::SOURCES`].
    Source,
    /// A source, a share `10%`, or a count `500 samples`.
    SourceOrPart,
    /// One of [`NORMALIZE`].
    Normalize,
    /// A list of [`crate::augment::AUGMENTS`].
    Augments,
    /// A sum of weighted terms of [`crate::loss::LOSSES`].
    Loss,
    /// One of [`crate::optim::OPTIMIZERS`].
    Optimizer,
    /// One of [`crate::schedule::SCHEDULES`].
    Schedule,
    /// One of [`AVERAGE`].
    Average,
    /// One of [`STOP`].
    Stop,
    /// A list of layer paths.
    Paths,
    /// The name of an artifact.
    Artifact,
    /// One of [`INPUT`].
    Input,
    /// One of [`METHOD`].
    Method,
    /// One of [`crate::format::FORMATS`], of weights.
    Weights,
    /// One of [`crate::format::FORMATS`], of activations.
    Activations,
    /// So many samples: `512 samples`.
    Samples,
    /// The last part of a training: a share `30%`, `1 epoch`, `200 steps`.
    Tail,
}

/// The blocks that have settings, with the word that begins them; those of `distill` and `quantize` have
/// those of `train` too, see [`block`].
pub static BLOCKS: &[(&str, &[Setting])] = &[
    ("data", DATA),
    ("load", LOAD),
    ("train", TRAIN),
    ("distill", DISTILL),
    ("policy", POLICY),
    ("override", OVERRIDE),
    ("quantize", QUANTIZE),
];

/// The settings of the block that `word` begins. `distill` has those of `train` with a loss of its own;
/// `quantize` has them but for `from`: it goes on from the artifact that it quantizes.
pub fn block(word: &str) -> Vec<&'static Setting> {
    let own = BLOCKS.iter().filter(|(name, _)| *name == word).flat_map(|(_, list)| list.iter());
    let without = match word {
        "distill" => "loss",
        "quantize" => "from",
        _ => return own.collect(),
    };
    TRAIN.iter().filter(|setting| setting.name != without).chain(own).collect()
}

/// The settings of that name, with the word of the block of each.
pub fn find(name: &str) -> impl Iterator<Item = (&'static str, &'static Setting)> {
    BLOCKS.iter().flat_map(move |&(block, settings)| {
        settings.iter().filter(move |s| s.name == name).map(move |s| (block, s))
    })
}

/// The words that may stand as the value of one setting and nowhere else, with the setting's name.
pub static WORDS: &[(&str, &[Word])] = &[
    ("normalize", NORMALIZE),
    ("input", INPUT),
    ("load", ANSWERS),
    ("average", AVERAGE),
    ("stop", STOP),
    ("init", INIT),
    ("method", METHOD),
    ("per", PER),
    ("tokens", TOKENS),
];

impl Takes {
    /// In words, for people: "a list of layer paths".
    pub fn words(self) -> &'static str {
        match self {
            Takes::Value(ty) => match ty {
                Type::Int { .. } => "a whole number",
                Type::Real { .. } => "a real number",
                Type::Bool => "`true` or `false`",
                Type::Part => "a share such as `10%`, or a count such as `500 samples`",
                Type::Duration => "`5 epochs` or `200 steps`",
                _ => "a value",
            },
            Takes::Source => "a source such as `csv(\"file.csv\")`",
            Takes::SourceOrPart => {
                "a source, a share such as `10%`, or a count such as `500 samples`"
            }
            Takes::Normalize => "`standard`, `minmax` or `none`",
            Takes::Augments => "a list of augmentations",
            Takes::Loss => "a sum of weighted loss terms",
            Takes::Optimizer => "an optimizer",
            Takes::Schedule => "a schedule",
            Takes::Average => "`ema(decay)` or `swa(start)`",
            Takes::Stop => "`early(patience, metric)`",
            Takes::Paths => "a list of layer paths",
            Takes::Artifact => "the name of an artifact",
            Takes::Input => "`pixels` or `unit`",
            Takes::Method => "`dynamic`, `static` or `qat`",
            Takes::Weights => "`int8`, `int4`, `float16` or `float32`",
            Takes::Activations => "`uint8`, `int8` or `float32`",
            Takes::Samples => "a number of samples such as `512 samples`",
            Takes::Tail => "a share such as `30%`, `1 epoch` or `200 steps`",
        }
    }
}

/// Declares settings: the doc comment of each is its documentation.
macro_rules! settings {
    (
        $(#[$meta:meta])* $vis:vis static $id:ident;
        $($(#[doc = $doc:literal])+ $name:literal: $takes:expr, $default:literal, $aliases:expr;)+
    ) => {
        $(#[$meta])*
        $vis static $id: &[$crate::settings::Setting] = &[$(
            $crate::settings::Setting {
                name: $name,
                takes: $takes,
                default: $default,
                doc: concat!($($doc, "\n"),+),
                aliases: &$aliases,
            }
        ),+];
    };
}

/// Declares words of one setting: the doc comment of each is its documentation.
macro_rules! words {
    (
        $(#[$meta:meta])* $vis:vis static $id:ident;
        $($(#[doc = $doc:literal])+ $name:literal: $params:expr, $aliases:expr;)+
    ) => {
        $(#[$meta])*
        $vis static $id: &[$crate::word::Word] = &[$(
            $crate::word::Word {
                name: $name,
                doc: concat!($($doc, "\n"),+),
                params: &$params,
                aliases: &$aliases,
            }
        ),+];
    };
}

use settings;
use words;
