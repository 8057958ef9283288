//! E05xx: data files and splits.

use super::code;
use crate::diag::Diag;
use crate::span::Span;

code! {
    /// A file that a source or a `load` names is missing, or the system does not let it be read. Paths are relative
    /// to the `.dlm` file in which they stand.
    ///
    /// ```dlm
    /// data Wine { source = csv("no/such/wine.csv", target = "class") }
    /// ```
    ///
    /// Correct the path, or take a set that is inside the binary.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// ```
    E0501 = "E0501", "a data file cannot be found or read";

    /// A file is there, and is not what its source says: another magic number, a table whose rows
    /// have different lengths, as many labels as there are not images. The message names the place in
    /// the file. The same is said of the files that `load` reads: one that is cut short, that promises more
    /// than it holds, or that answers to other samples.
    ///
    /// ```dlm
    /// data Wine { source = csv("ragged.csv", target = "class") }
    /// ```
    ///
    /// Correct the file, or name the source that fits it.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// ```
    E0502 = "E0502", "a data file is not what its source says";

    /// A part of the data comes out empty: more samples are asked for than there are, or a share
    /// rounds to none.
    ///
    /// ```dlm
    /// data Iris {
    ///     source = builtin("iris")
    ///     test   = 150 samples
    /// }
    /// ```
    ///
    /// The message shows the sizes of all parts.
    ///
    /// ```dlm
    /// data Iris {
    ///     source = builtin("iris")
    ///     test   = 30 samples
    /// }
    /// ```
    E0503 = "E0503", "a split leaves nothing";
}

/// E0501: the file that `at` names is not there or cannot be read, in the system's words.
pub fn file(at: Span, path: &str, why: &str, help: Option<&str>) -> Diag {
    let help = help.map_or_else(
        || format!("paths are relative to the `.dlm` file; this one leads to `{path}`"),
        str::to_string,
    );
    Diag::new(&E0501, format!("`{path}`: {why}"), at, why).help(help)
}

/// E0502: the file that `at` names is not what its source says.
pub fn content(at: Span, message: &str, source: &str, help: Option<&str>) -> Diag {
    let diag = Diag::new(&E0502, message, at, format!("the file is not what `{source}` reads"));
    match help {
        Some(help) => diag.help(help),
        None => diag,
    }
}

/// E0503: a part is left with nothing; the fact, and how many samples its source has, in words.
pub fn nothing_left(at: Span, message: &str, there: &str, help: &str) -> Diag {
    Diag::new(&E0503, message, at, there).help(help)
}
