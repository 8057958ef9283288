//! Settings of `data`.

use super::{Takes, settings, words};
use crate::word::{Default, Param, Type};

settings! {
    /// The settings of `data`.
    pub static DATA;

    /// One source, of which the validation and the test part are taken.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// ```
    "source": Takes::Source, "required, unless `train` is given", [];

    /// The source of the training part, where another one holds the test part.
    ///
    /// ```dlm
    /// data Mnist {
    ///     train = idx("train-images", "train-labels")
    ///     test  = idx("test-images", "test-labels")
    /// }
    /// ```
    "train": Takes::Source, "required, unless `source` is given", ["training"];

    /// The validation part: a source, or what is taken from the training part, as a share or a count.
    /// It is looked at after each epoch; nothing is learnt from it.
    ///
    /// ```dlm
    /// data Iris {
    ///     source = builtin("iris")
    ///     valid  = 20 samples
    /// }
    /// ```
    "valid": Takes::SourceOrPart, "10% of train", ["validation", "val", "validation_split"];

    /// The test part: a source, or what is taken from the whole, as a share or a count, before the
    /// validation part is taken. It is looked at once, in the end.
    ///
    /// ```dlm
    /// data Iris {
    ///     source = builtin("iris")
    ///     test   = 25%
    /// }
    /// ```
    "test": Takes::SourceOrPart, "10% of `source` or `train`", ["testing", "test_split"];

    /// Seeds the choice of the samples that go into each part.
    ///
    /// ```dlm
    /// data Iris {
    ///     source = builtin("iris")
    ///     seed   = 7
    /// }
    /// ```
    "seed": Takes::Value(Type::Int { min: 0 }), "0", ["random_state"];

    /// Whether each part keeps the class shares of the whole.
    ///
    /// ```dlm
    /// data Iris {
    ///     source   = builtin("iris")
    ///     stratify = false
    /// }
    /// ```
    "stratify": Takes::Value(Type::Bool), "true for classes, false for values", ["stratified"];

    /// How inputs are normalised: `standard`, `minmax`, `none`, or `standard(mean = […], std = […])`. All
    /// figures are those of the training part alone. Images have been scaled from 0..255 to [0, 1] before.
    ///
    /// ```dlm
    /// data Digits {
    ///     source    = builtin("digits")
    ///     normalize = standard
    /// }
    /// ```
    "normalize": Takes::Normalize, "`none` for images, `standard` for tables",
        ["normalise", "normalization", "scale", "transform"];

    /// Random changes of training samples, in order, anew in each epoch.
    ///
    /// ```dlm
    /// data Digits {
    ///     source  = builtin("digits")
    ///     augment = [shift(1), rotate(10)]
    /// }
    /// ```
    "augment": Takes::Augments, "[]", ["augmentation", "augmentations", "transforms"];

    /// At most so many samples of the training part are used.
    ///
    /// ```dlm
    /// data Digits {
    ///     source = builtin("digits")
    ///     limit  = 200
    /// }
    /// ```
    "limit": Takes::Value(Type::Int { min: 1 }), "all", ["max_samples", "subset"];
}

words! {
    /// The values of `normalize`.
    pub static NORMALIZE;

    /// Mean 0 and deviation 1 for each channel or feature: `(x − mean) / std`. The figures are
    /// measured on the training part, or given: one number for each channel or feature, or one for all.
    ///
    /// ```dlm
    /// data Digits {
    ///     source    = builtin("digits")
    ///     normalize = standard(mean = [0.3], std = [0.38])
    /// }
    /// ```
    "standard": [
        Param {
            name: "mean",
            ty: Type::Reals,
            default: Default::Absent,
            doc: "The mean of each channel or feature; measured when not given.",
            aliases: &[],
        },
        Param {
            name: "std",
            ty: Type::Reals,
            default: Default::Absent,
            doc: "The deviation of each channel or feature; measured when not given.",
            aliases: &["deviation", "sd"],
        },
    ], ["zscore", "StandardScaler", "Normalize"];

    /// The smallest value 0 and the largest 1 for each channel or feature: `(x − min) / (max − min)`,
    /// with the figures of the training part.
    ///
    /// ```dlm
    /// data Iris {
    ///     source    = builtin("iris")
    ///     normalize = minmax
    /// }
    /// ```
    "minmax": [], ["MinMaxScaler"];

    /// Inputs as they are; bytes of images are scaled from 0..255 to [0, 1] nevertheless.
    ///
    /// ```dlm
    /// data Iris {
    ///     source    = builtin("iris")
    ///     normalize = none
    /// }
    /// ```
    "none": [], [];
}

words! {
    /// The values of `tokens`, which sources of text take.
    pub static TOKENS;

    /// Each byte of the text in UTF-8 is a token.
    ///
    /// ```dlm
    /// data Reviews { source = lines("reviews.txt", target = 1, tokens = byte) }
    /// ```
    "byte": [], ["bytes"];

    /// Each Unicode character of the text is a token.
    ///
    /// ```dlm
    /// data Reviews { source = lines("reviews.txt", target = 1, tokens = char) }
    /// ```
    "char": [], ["chars", "character"];

    /// Each word of the text is a token, in small letters: a run of letters and digits, with apostrophes
    /// inside it. A punctuation mark is a token of its own, spaces are none.
    ///
    /// The vocabulary is the most frequent ones, equally frequent ones in alphabetical order. With
    /// `vocabulary = 4000` the 3,998 most frequent ones have a token; all others share one, and one pads.
    ///
    /// ```dlm
    /// data Reviews { source = lines("reviews.txt", target = 1, tokens = word(vocabulary = 1000)) }
    /// ```
    "word": [Param {
        name: "vocabulary",
        ty: Type::Int { min: 3 },
        default: Default::Int(4000),
        doc: "How many tokens there are at most, those of padding and of unknown words among them.",
        aliases: &["max_tokens", "num_words", "vocab_size", "max_features", "size"],
    }], ["words"];
}
