//! `npz`: several NumPy arrays in one archive.

use super::array::Array;
use super::npy::{facts_of, header, targets};
use super::read::{Input, Param, format_of, grouped};
use super::{DataError, Facts, InputKind, Numbers, Piece, Samples, Source, Target, Targets};
use crate::word;
use crate::word::{Arg, Args, Default, Param as P, Type};
use dlm_base::files::ReadSeek;
use dlm_base::{Files, Shape, suggest};
use std::io::SeekFrom;
use zip::ZipArchive;

word! {
    /// Inputs and targets in one of NumPy's `.npz` archives, as `numpy.savez` and
    /// `numpy.savez_compressed` write them.
    ///
    /// ```dlm
    /// data Signals { source = npz("mnist1d.npz", input = "x", target = "y") }
    /// ```
    ///
    /// ```dlm
    /// data Spoken { source = npz("spoken.npz", input = ["sound", "speaker"], target = "digit") }
    /// ```
    ///
    /// A list of names is as many inputs of a model, in the order of its inputs; each is normalised as it would be
    /// alone. Whole numbers may be tokens: the input `speaker: int[1]` takes them as they are.
    ///
    /// `input` and `target` name arrays of the archive; what they mean is told under `npy`. Where
    /// `target` is not given and the archive has no array `y`, the set is unlabelled.
    pub static NPZ: Source = {
        name: "npz",
        params: &[
            P {
                name: "file",
                ty: Type::File,
                default: Default::Required,
                doc: "the archive",
                aliases: &[],
            },
            P {
                name: "input",
                ty: Type::Texts,
                default: Default::Str("x"),
                doc: "the name of the array of inputs; a list of names gives a model several inputs",
                aliases: &["x", "inputs"],
            },
            P {
                name: "target",
                ty: Type::Str,
                default: Default::Str("y"),
                doc: "the name of the array of targets",
                aliases: &["y", "targets", "labels"],
            },
        ],
        aliases: &[],
    },
    rest: None,
    facts: facts,
    load: load,
}

type Archive = ZipArchive<Box<dyn ReadSeek>>;

const FILE: Param = ("file", 0);

/// What the headers and the targets tell.
fn facts(args: &Args, files: &dyn Files) -> Result<Facts, DataError> {
    let (mut archive, len) = open(args.str("file"), files)?;
    let mut arrays = Vec::new();
    for name in names(args)? {
        let array = with_member(&mut archive, len, args.str("file"), ("input", name), |input| {
            let array = header(input)?;
            array.check(input, "numbers").map(|_| array)
        })?;
        arrays.push((name, array));
    }
    let samples = samples(&arrays)?;
    let (target, _) = read_targets(&mut archive, len, args, samples)?;
    Ok(facts_of_all(&arrays, target))
}

/// Inputs and targets.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let (mut archive, len) = open(args.str("file"), files)?;
    let (mut arrays, mut numbers) = (Vec::new(), Vec::new());
    for name in names(args)? {
        let (array, own) =
            with_member(&mut archive, len, args.str("file"), ("input", name), |input| {
                let array: Array = header(input)?;
                let own = array.inputs(input, "numbers")?;
                Ok((array, own))
            })?;
        arrays.push((name, array));
        numbers.push(own);
    }
    let samples = samples(&arrays)?;
    let (target, targets) = read_targets(&mut archive, len, args, samples)?;
    let facts = facts_of_all(&arrays, target);
    Ok(Samples { inputs: joined(numbers, samples), facts, targets, format: None })
}

/// The rows of the arrays of these names, one after the other, as inputs of a network that was trained on
/// arrays of the same shapes.
pub(crate) fn rows_of(
    files: &dyn Files,
    path: &str,
    inputs: &[Piece],
) -> Result<Vec<f32>, DataError> {
    let (mut archive, len) = open(path, files)?;
    let (mut arrays, mut numbers) = (Vec::new(), Vec::new());
    for piece in inputs {
        let name = piece.name.as_str();
        let (array, own) = with_member(&mut archive, len, path, ("file", name), |input| {
            let array: Array = header(input)?;
            let shape = array.layout().shape.0;
            if shape != piece.shape {
                return Err(input.error(format!(
                    "samples of `{name}` have the shape {}, those of the training had {}",
                    Shape(shape),
                    Shape(piece.shape.clone())
                )));
            }
            let own = array.inputs(input, "numbers")?;
            Ok((array, own))
        })?;
        arrays.push((name, array));
        numbers.push(own);
    }
    match joined(numbers, samples(&arrays)?) {
        Numbers::F32(rows) => Ok(rows),
        Numbers::U8 { bytes, scale } => {
            Ok(bytes.into_iter().map(|byte| f32::from(byte) / scale).collect())
        }
    }
}

/// The names of the arrays of inputs.
fn names(args: &Args) -> Result<Vec<&str>, DataError> {
    let names: Vec<&str> = match args.get("input") {
        Some(Arg::Strs(names)) => names.iter().map(String::as_str).collect(),
        _ => vec![args.str("input")],
    };
    if names.is_empty() {
        return Err(DataError::argument("input", "no array is named")
            .help("name the arrays of inputs: `input = [\"x\", \"z\"]`"));
    }
    match names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
        Some((_, twice)) => Err(DataError::argument("input", format!("`{twice}` is listed twice"))),
        None => Ok(names),
    }
}

/// How many samples all arrays have.
fn samples(arrays: &[(&str, Array)]) -> Result<usize, DataError> {
    let (first, samples) = (arrays[0].0, arrays[0].1.samples());
    match arrays.iter().find(|(_, array)| array.samples() != samples) {
        None => Ok(samples),
        Some((name, array)) => {
            let (own, all) = (grouped(array.samples() as u64), grouped(samples as u64));
            let message = format!("there are {all} samples of `{first}` and {own} of `{name}`");
            Err(DataError::content(FILE, message))
        }
    }
}

/// What arrays are as inputs, with these targets.
fn facts_of_all(arrays: &[(&str, Array)], target: Target) -> Facts {
    let first = facts_of(&arrays[0].1, target);
    let [_, _, ..] = arrays else { return first };
    let piece = |(name, array): &(&str, Array)| {
        let own = facts_of(array, Target::None);
        Piece { name: name.to_string(), kind: own.kind, shape: own.shape.0, whole: own.whole }
    };
    let inputs: Vec<Piece> = arrays.iter().map(piece).collect();
    let shape = Shape::of(&[inputs.iter().map(Piece::size).sum()]);
    Facts { kind: InputKind::Tensor, shape, inputs, whole: false, ..first }
}

/// The numbers of several inputs, sample after sample; bytes as shares of the brightest.
fn joined(mut numbers: Vec<Numbers>, samples: usize) -> Numbers {
    if numbers.len() == 1
        && let Some(only) = numbers.pop()
    {
        return only;
    }
    let floats = |numbers: Numbers| match numbers {
        Numbers::F32(values) => values,
        Numbers::U8 { bytes, scale } => {
            bytes.into_iter().map(|byte| f32::from(byte) / scale).collect()
        }
    };
    let all: Vec<Vec<f32>> = numbers.into_iter().map(floats).collect();
    let mut rows = Vec::with_capacity(all.iter().map(Vec::len).sum());
    for sample in 0..samples {
        for own in &all {
            let size = own.len() / samples;
            rows.extend_from_slice(&own[sample * size..][..size]);
        }
    }
    Numbers::F32(rows)
}

/// The targets, if the archive has them.
fn read_targets(
    archive: &mut Archive,
    len: u64,
    args: &Args,
    samples: usize,
) -> Result<(Target, Targets), DataError> {
    if args.str("target") == "y" && place(archive, "y").is_none() {
        return Ok((Target::None, Targets::None));
    }
    let member = ("target", args.str("target"));
    with_member(archive, len, args.str("file"), member, |input| targets(input, samples))
}

/// The directory of the archive, and the bytes of the file.
fn open(path: &str, files: &dyn Files) -> Result<(Archive, u64), DataError> {
    let error = |e: &dyn std::fmt::Display| DataError::file(FILE, path, e);
    let mut file = files.open(path).map_err(|e| error(&e))?;
    let mut start = [0; 8];
    let got = file.read(&mut start).map_err(|e| error(&e))?;
    file.seek(SeekFrom::Start(0)).map_err(|e| error(&e))?;
    if !start.starts_with(b"PK") {
        let what = format_of(&start[..got]).unwrap_or("something else");
        let error = DataError::content(FILE, format!("it is not an archive of NumPy but {what}"));
        let array = what == "a NumPy array";
        return Err(if array { error.help("read it with `npy`") } else { error });
    }
    let len = files.len(path).map_err(|e| error(&e))?;
    Ok((ZipArchive::new(file).map_err(|e| broken(&e))?, len))
}

/// Calls `f` with the bytes of the array that an argument names.
fn with_member<T>(
    archive: &mut Archive,
    len: u64,
    path: &str,
    (param, name): (&'static str, &str),
    f: impl FnOnce(&mut Input) -> Result<T, DataError>,
) -> Result<T, DataError> {
    let place = find(archive, param, name)?;
    let entry = archive.by_index(place).map_err(|e| broken(&e))?;
    let packed = entry.compressed_size().min(len);
    f(&mut Input::inflate(entry, packed, path, FILE))
}

/// The place of the array that an argument names.
fn find(archive: &Archive, param: &'static str, name: &str) -> Result<usize, DataError> {
    place(archive, name).ok_or_else(|| {
        let names: Vec<_> = archive.file_names().flatten().collect();
        let names: Vec<&str> = names.iter().map(|n| n.trim_end_matches(".npy")).collect();
        let message = format!("the archive has no array `{name}`");
        let error = DataError::argument(param, message);
        match suggest::nearest(name, names.iter().copied()).first() {
            Some(near) => error.did_you_mean(near),
            None => {
                let list: Vec<String> = names.iter().take(10).map(|n| format!("`{n}`")).collect();
                error.help(format!("it has {}", list.join(", ")))
            }
        }
    })
}

/// The place of the array of that name.
fn place(archive: &Archive, name: &str) -> Option<usize> {
    archive.index_for_name(&format!("{name}.npy")).or_else(|| archive.index_for_name(name))
}

/// The error of an archive that cannot be read.
fn broken(error: &zip::result::ZipError) -> DataError {
    DataError::content(FILE, format!("the archive is damaged ({error})"))
}
