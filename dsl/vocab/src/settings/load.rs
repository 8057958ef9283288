//! Settings of `load`, and the word of recorded answers.

use super::{Takes, settings, words};
use crate::word::{Default, Param, Type};

settings! {
    /// The settings of `load`.
    pub static LOAD;

    /// What a closed teacher is fed with, where that is not what the student sees: `pixels` or `unit`.
    /// Without it the teacher sees the inputs as the data normalise them.
    ///
    /// ```dlm
    /// load "net.onnx" as Teacher { input = pixels }
    /// ```
    "input": Takes::Input, "what the student sees", ["inputs", "input_range"];

    /// How the inputs of a closed teacher are normalised: `standard`, `minmax`, `none`, or
    /// `standard(mean = […], std = […])`, as for `data`. It acts on what `input` says, and on `unit` where that
    /// is not given.
    ///
    /// ```dlm
    /// load "net.onnx" as Teacher {
    ///     input     = unit
    ///     normalize = standard(mean = [0.1307], std = [0.3081])
    /// }
    /// ```
    "normalize": Takes::Normalize, "none, or what the student sees",
        ["normalise", "normalization", "preprocess", "transform"];
}

words! {
    /// The values of `input`.
    pub static INPUT;

    /// Bytes of images, as numbers from 0 to 255.
    ///
    /// ```dlm
    /// load "net.onnx" as Teacher { input = pixels }
    /// ```
    "pixels": [], ["bytes", "uint8", "raw"];

    /// Images as numbers from 0 to 1, and tables as they are.
    ///
    /// ```dlm
    /// load "net.onnx" as Teacher { input = unit }
    /// ```
    "unit": [], ["zero_one", "scaled", "rescaled"];
}

words! {
    /// What `load` reads beside files of networks.
    pub static ANSWERS;

    /// The recorded answers of a teacher to the training part of a dataset: a NumPy array of floats
    /// `[samples, classes]`, a row for each sample in the order of the training part.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// load answers("answers.npy", kind = probabilities) on Iris as Teacher
    /// ```
    ///
    /// Nothing else is known of such a teacher: it has no features, and no answers to inputs that
    /// augmentation has changed.
    "answers": [
        Param {
            name: "file",
            ty: Type::File,
            default: Default::Required,
            doc: "The file of the answers, `.npy`.",
            aliases: &["path"],
        },
        Param {
            name: "kind",
            ty: Type::Choice(&["logits", "probabilities"]),
            default: Default::Name("logits"),
            doc: "What the numbers are: `logits`, or `probabilities`, of which each row sums to 1.",
            aliases: &["type"],
        },
    ], ["soft_labels", "predictions"];
}
