//! `builtin`: data inside the binary.

use super::{Column, DataError, Facts, InputKind, Numbers, Samples, Source, Target, Targets};
use crate::word;
use crate::word::{Args, Default, Param as P, Type};
use dlm_base::{Files, Shape, suggest};
use dlm_kernels::rng::{Stream, key_of};
use flate2::read::GzDecoder;
use std::f64::consts::TAU;
use std::io::Read;

static DIGITS: &[u8] = include_bytes!("../../assets/digits.csv.gz");
static IRIS: &str = include_str!("../../assets/iris.csv");

/// Points of each arm of the spirals.
const ARM: usize = 300;

word! {
    /// Data inside the binary, for first steps and tests.
    ///
    /// ```dlm
    /// data Digits {
    ///     source = builtin("digits")
    ///     test   = 20%
    /// }
    /// ```
    ///
    /// | name | what | samples | shape | classes |
    /// |---|---|---|---|---|
    /// | `"digits"` | handwritten digits (Alpaydin and Kaynak 1998) | 1,797 | `[1, 8, 8]` | 10 |
    /// | `"iris"` | sepals and petals of flowers (Fisher 1936) | 150 | `[4]` | 3 |
    /// | `"spirals"` | points of three spiral arms | 900 | `[2]` | 3 |
    ///
    /// The pixels of the digits, whole numbers from 0 to 16, are scaled to [0, 1]. The spirals are made
    /// from the `seed` of the `data` declaration: arm `k` has 300 points at the radii r from 0 to 1 and
    /// the angles 2πk/3 + 4r, which scatter by 0.2.
    pub static BUILTIN: Source = {
        name: "builtin",
        params: &[P {
            name: "name",
            ty: Type::Str,
            default: Default::Required,
            doc: "`\"digits\"`, `\"iris\"` or `\"spirals\"`",
            aliases: &[],
        }],
        aliases: &["load_digits", "load_iris"],
    },
    rest: None,
    facts: facts,
    load: load,
}

/// What is known of a set.
fn facts(args: &Args, _: &dyn Files) -> Result<Facts, DataError> {
    let (kind, shape, samples, classes, columns): (_, &[usize], _, &[&str], &[&str]) = match args
        .str("name")
    {
        "digits" => {
            let classes = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
            (InputKind::Image, &[1, 8, 8], 1797, classes, &[])
        }
        "iris" => {
            let columns = &["sepal_length", "sepal_width", "petal_length", "petal_width"];
            (InputKind::Table, &[4], 150, &["setosa", "versicolor", "virginica"], columns)
        }
        "spirals" => (InputKind::Table, &[2], 3 * ARM, &["0", "1", "2"], &["x", "y"]),
        other => {
            let names = ["digits", "iris", "spirals"];
            let error = DataError::argument("name", format!("there is no built-in data `{other}`"));
            return Err(match suggest::nearest(other, names).first() {
                Some(near) => error.did_you_mean(near),
                None => error.help("write `\"digits\"`, `\"iris\"` or `\"spirals\"`"),
            });
        }
    };
    let texts = |list: &[&str]| list.iter().map(|s| s.to_string()).collect::<Vec<_>>();
    let columns = texts(columns).into_iter().map(|name| Column { name, texts: None });
    Ok(Facts {
        kind,
        shape: Shape::of(shape),
        samples,
        target: Target::Classes(texts(classes)),
        columns: columns.collect(),
        tokens: None,
    })
}

/// The samples of a set.
fn load(args: &Args, files: &dyn Files, seed: u64) -> Result<Samples, DataError> {
    let facts = facts(args, files)?;
    let (inputs, classes) = match args.str("name") {
        "digits" => digits(),
        "iris" => iris(),
        _ => spirals(seed),
    };
    Ok(Samples { inputs, facts, targets: Targets::Classes(classes), format: None })
}

/// 64 pixels and the class in each line.
fn digits() -> (Numbers, Vec<u32>) {
    let mut text = String::new();
    GzDecoder::new(DIGITS).read_to_string(&mut text).expect("embedded digits");
    let (mut bytes, mut classes) = (Vec::new(), Vec::new());
    for line in text.lines() {
        bytes.extend(line.split(',').map(|cell| cell.parse::<u8>().expect("embedded digits")));
        classes.extend(bytes.pop().map(u32::from));
    }
    (Numbers::U8 { bytes, scale: 16.0 }, classes)
}

/// Four measures and the class in each line but the first.
fn iris() -> (Numbers, Vec<u32>) {
    let (mut values, mut classes) = (Vec::new(), Vec::new());
    for line in IRIS.lines().skip(1) {
        values.extend(line.split(',').map(|cell| cell.parse::<f32>().expect("embedded iris")));
        classes.extend(values.pop().map(|class| class as u32));
    }
    (Numbers::F32(values), classes)
}

/// Points of the arms in turn, from the centre outwards.
fn spirals(seed: u64) -> (Numbers, Vec<u32>) {
    let mut stream = Stream::new(key_of(seed, "spirals"));
    let (mut values, mut classes) = (Vec::new(), Vec::new());
    for i in 0..ARM {
        let radius = i as f64 / (ARM - 1) as f64;
        for arm in 0..3 {
            let angle = TAU * f64::from(arm) / 3.0 + 4.0 * radius + 0.2 * stream.normal();
            values.extend([(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]);
            classes.push(arm as u32);
        }
    }
    (Numbers::F32(values), classes)
}
