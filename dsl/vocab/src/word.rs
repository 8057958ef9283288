//! How a word is declared: its parameters as data, and its arguments once checked.

use dlm_base::Shape;

/// What every word has, whatever its kind.
#[derive(Debug)]
pub struct Word {
    /// The name in a program.
    pub name: &'static str,
    /// What it does, formula, example in dlm, paper; Markdown. The first line is the summary.
    pub doc: &'static str,
    /// The parameters, in the order of positional arguments.
    pub params: &'static [Param],
    /// Names by which other systems know it: `Linear`, `Conv2d`.
    pub aliases: &'static [&'static str],
}

/// One parameter of a word, or one setting of a block.
#[derive(Debug)]
pub struct Param {
    /// The name in a program.
    pub name: &'static str,
    /// What values it takes.
    pub ty: Type,
    /// What it is when not given.
    pub default: Default,
    /// One line: what it means, with units.
    pub doc: &'static str,
    /// Names by which other systems know it: `out_channels`, `kernel_size`.
    pub aliases: &'static [&'static str],
}

/// What values a parameter takes. Bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Type {
    /// A whole number from `min` on.
    Int {
        /// The smallest.
        min: i64,
    },
    /// A whole number, or a pair `[height, width]`, each from `min` on. Arrives as [`Arg::Ints`] of two.
    Pair {
        /// The smallest.
        min: i64,
    },
    /// `same`, `valid`, a whole number from 0, or a pair of them. Arrives as [`Arg::Name`] or
    /// [`Arg::Ints`] of two.
    Padding,
    /// A real number between the two; `open` bounds are excluded.
    Real {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
        /// Whether `min` itself is excluded.
        open_min: bool,
        /// Whether `max` itself is excluded.
        open_max: bool,
    },
    /// `true` or `false`.
    Bool,
    /// A string.
    Str,
    /// A path of a file or folder that must exist; arrives resolved against the `.dlm` file.
    File,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// A list of whole numbers, each from `min` on.
    Ints {
        /// The smallest.
        min: i64,
    },
    /// A list of reals.
    Reals,
    /// A list of strings.
    Strs,
    /// A string (arrives as [`Arg::Str`]) or a list of strings (arrives as [`Arg::Strs`]).
    Texts,
    /// A list of names of columns (arrives as [`Arg::Strs`]) or a list of such lists, one for each input of
    /// a model (arrives as [`Arg::Groups`]).
    Columns,
    /// The shape of a tensor, `[16, 7, 7]`: whole numbers from 1.
    Sizes,
    /// `5 epochs` or `200 steps`. Arrives as [`Arg::Quantity`].
    Duration,
    /// `10%` (arrives as [`Arg::Real`]) or `500 samples` (arrives as [`Arg::Quantity`]).
    Part,
    /// An initialiser: `normal(0.02)`. Arrives as [`Arg::Call`].
    Init,
    /// The path of a layer: `stage[0].conv1`. Arrives as [`Arg::Name`], indices computed.
    Path,
    /// A name under which steps of a network share a weight. Arrives as [`Arg::Name`].
    Shared,
    /// A metric of the validation: `valid.loss`, `valid.accuracy`. Arrives as [`Arg::Name`].
    Metric,
    /// One of [`crate::settings::PER`]: arrives as [`Arg::Name`], or as [`Arg::Call`] with its number.
    Per,
    /// One of [`crate::range::RANGES`]: arrives as [`Arg::Name`], or as [`Arg::Call`] with its number.
    Range,
    /// One of [`crate::settings::TOKENS`]: arrives as [`Arg::Name`], or as [`Arg::Call`] with its number.
    Tokens,
    /// A further flow of an operator. Arrives as [`Arg::Flow`].
    Flow,
}

/// What a parameter is when not given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// It must be given.
    Required,
    /// Nothing: the word decides, as its documentation says.
    Absent,
    /// This whole number (for [`Type::Pair`] and [`Type::Padding`]: both sides).
    Int(i64),
    /// This real.
    Real(f64),
    /// This truth value.
    Bool(bool),
    /// This name.
    Name(&'static str),
    /// This string.
    Str(&'static str),
    /// This quantity.
    Quantity(f64, Unit),
    /// The value of another parameter.
    Same(&'static str),
}

/// The unit of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Passes over the training part.
    Epochs,
    /// Updates of the weights.
    Steps,
    /// Samples of data.
    Samples,
    /// Bytes; `KiB` and `MiB` arrive multiplied out.
    Bytes,
    /// Seconds; `ms` and `us` arrive multiplied out.
    Seconds,
}

/// A checked argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A whole number.
    Int(i64),
    /// A real.
    Real(f64),
    /// A truth value.
    Bool(bool),
    /// A string, or a resolved path.
    Str(String),
    /// A bare name: of a choice, a metric (`valid.loss`), a padding, a layer (`stage[0].conv1`).
    Name(String),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// Reals.
    Reals(Vec<f64>),
    /// Strings.
    Strs(Vec<String>),
    /// Lists of strings.
    Groups(Vec<Vec<String>>),
    /// A number with its unit.
    Quantity(f64, Unit),
    /// A word with numbers: `normal(0.02)`.
    Call(String, Vec<f64>),
    /// A flow: its place among the flows that enter the operator.
    Flow(usize),
}

impl std::fmt::Display for Unit {
    /// As programs name it; multiples are multiplied out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Unit::Epochs => "epochs",
            Unit::Steps => "steps",
            Unit::Samples => "samples",
            Unit::Bytes => "B",
            Unit::Seconds => "s",
        })
    }
}

impl std::fmt::Display for Arg {
    /// As a program would have it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fn list<T: ToString>(items: &[T]) -> String {
            let items: Vec<String> = items.iter().map(T::to_string).collect();
            items.join(", ")
        }
        match self {
            Arg::Int(v) => v.fmt(f),
            Arg::Real(v) => v.fmt(f),
            Arg::Bool(v) => v.fmt(f),
            Arg::Str(v) => write!(f, "{v:?}"),
            Arg::Name(v) => f.write_str(v),
            Arg::Ints(v) if v.len() == 2 && v[0] == v[1] => v[0].fmt(f),
            Arg::Ints(v) => write!(f, "[{}]", list(v)),
            Arg::Reals(v) => write!(f, "[{}]", list(v)),
            Arg::Strs(v) => {
                let quoted: Vec<String> = v.iter().map(|text| format!("{text:?}")).collect();
                write!(f, "[{}]", list(&quoted))
            }
            Arg::Groups(v) => {
                let lists: Vec<String> =
                    v.iter().map(|v| Arg::Strs(v.clone()).to_string()).collect();
                write!(f, "[{}]", list(&lists))
            }
            Arg::Quantity(v, unit) => write!(f, "{v} {unit}"),
            Arg::Call(name, v) => write!(f, "{name}({})", list(v)),
            Arg::Flow(_) => f.write_str("…"),
        }
    }
}

/// The checked arguments of one call: every parameter that was given or has a default.
#[derive(Clone, Debug, PartialEq, std::default::Default)]
pub struct Args {
    values: Vec<(&'static str, Arg)>,
    rest: Vec<Arg>,
}

impl Args {
    /// Sets the value of a parameter.
    pub fn set(&mut self, name: &'static str, value: Arg) {
        match self.values.iter_mut().find(|(n, _)| *n == name) {
            Some(entry) => entry.1 = value,
            None => self.values.push((name, value)),
        }
    }

    /// Takes the value of a parameter away.
    pub fn unset(&mut self, name: &str) {
        self.values.retain(|(known, _)| *known != name);
    }

    /// The value, if given or defaulted.
    pub fn get(&self, name: &str) -> Option<&Arg> {
        self.values.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// All values, in the order of the parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Arg)> {
        self.values.iter().map(|(n, v)| (*n, v))
    }

    /// Adds an argument of a word that takes any number of the same kind (`cifar("a", "b")`).
    pub fn push(&mut self, value: Arg) {
        self.rest.push(value);
    }

    /// The arguments of a word that takes any number of the same kind.
    pub fn rest(&self) -> &[Arg] {
        &self.rest
    }

    /// A whole number.
    ///
    /// # Panics
    /// When the parameter is absent or of another type: the declaration and its use disagree.
    pub fn int(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(Arg::Int(v)) => *v,
            other => panic!("{name}: whole number, not {other:?}"),
        }
    }

    /// A whole number that is not negative.
    ///
    /// # Panics
    /// As [`Args::int`], or when it is negative.
    pub fn size(&self, name: &str) -> usize {
        usize::try_from(self.int(name)).unwrap_or_else(|_| panic!("{name} is negative"))
    }

    /// A real; whole numbers count.
    ///
    /// # Panics
    /// When the parameter is absent or of another type.
    pub fn real(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Arg::Real(v)) => *v,
            Some(Arg::Int(v)) => *v as f64,
            other => panic!("{name}: real, not {other:?}"),
        }
    }

    /// A truth value.
    ///
    /// # Panics
    /// When the parameter is absent or of another type.
    pub fn bool(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Arg::Bool(v)) => *v,
            other => panic!("{name}: bool, not {other:?}"),
        }
    }

    /// A string, path or name.
    ///
    /// # Panics
    /// When the parameter is absent or of another type.
    pub fn str(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Arg::Str(v) | Arg::Name(v)) => v,
            other => panic!("{name}: string, not {other:?}"),
        }
    }

    /// A pair `[height, width]`.
    ///
    /// # Panics
    /// When the parameter is absent or of another type.
    pub fn pair(&self, name: &str) -> [usize; 2] {
        match self.get(name) {
            Some(Arg::Ints(v)) if v.len() == 2 && v.iter().all(|&x| x >= 0) => {
                [v[0] as usize, v[1] as usize]
            }
            Some(Arg::Int(v)) if *v >= 0 => [*v as usize; 2],
            other => panic!("{name}: pair, not {other:?}"),
        }
    }

    /// Whole numbers.
    ///
    /// # Panics
    /// When the parameter is absent or of another type.
    pub fn ints(&self, name: &str) -> &[i64] {
        match self.get(name) {
            Some(Arg::Ints(v)) => v,
            other => panic!("{name}: whole numbers, not {other:?}"),
        }
    }

    /// The place of a flow among those that enter, if it was given.
    ///
    /// # Panics
    /// When the parameter is of another type.
    pub fn flow(&self, name: &str) -> Option<usize> {
        match self.get(name) {
            None => None,
            Some(Arg::Flow(place)) => Some(*place),
            other => panic!("{name}: flow, not {other:?}"),
        }
    }

    /// Whole numbers as a shape.
    ///
    /// # Panics
    /// When the parameter is absent, of another type, or holds a negative number.
    pub fn shape(&self, name: &str) -> Shape {
        let sizes = self.ints(name).iter();
        Shape(sizes.map(|&v| usize::try_from(v).unwrap_or_else(|_| panic!("{name}"))).collect())
    }
}

/// The text of a `///` comment: strips the one space that rustdoc leaves at the start of lines.
pub fn doc_text(doc: &str) -> String {
    let lines = doc.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    lines.collect::<Vec<_>>().join("\n").trim().to_string()
}

/// Declares a static whose doc comment is also data, in a field named `doc` of its [`Word`]:
///
/// ```ignore
/// word! {
///     /// Rectified linear unit: `y = max(x, 0)`.
///     pub static RELU: Operator = { name: "relu", params: &[], aliases: &["ReLU"] },
///     flows: Flows::Exactly(1),
///     make: |_| Arc::new(Relu)
/// }
/// ```
#[macro_export]
macro_rules! word {
    (
        $(#[doc = $doc:literal])+
        $vis:vis static $id:ident: $kind:ident = {
            name: $name:expr, params: $params:expr, aliases: $aliases:expr $(,)?
        } $(, $field:ident: $value:expr)* $(,)?
    ) => {
        $(#[doc = $doc])+
        $vis static $id: $kind = $kind {
            word: $crate::word::Word {
                name: $name,
                doc: concat!($($doc, "\n"),+),
                params: $params,
                aliases: $aliases,
            },
            $($field: $value),*
        };
    };
}
