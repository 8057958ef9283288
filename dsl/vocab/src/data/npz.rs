//! `npz`: several NumPy arrays in one archive.

use super::array::Array;
use super::npy::{facts_of, header, targets};
use super::read::{Input, Param, format_of};
use super::{DataError, Facts, Samples, Source, Target, Targets};
use crate::word;
use crate::word::{Args, Default, Param as P, Type};
use dlm_base::files::ReadSeek;
use dlm_base::{Files, suggest};
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
                ty: Type::Str,
                default: Default::Str("x"),
                doc: "the name of the array of inputs",
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
    let (mut archive, len) = open(args, files)?;
    let array = with_member(&mut archive, len, args, "input", |input| {
        let array = header(input)?;
        array.check(input, "numbers").map(|_| array)
    })?;
    let (target, _) = read_targets(&mut archive, len, args, array.samples())?;
    Ok(facts_of(&array, target))
}

/// Inputs and targets.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let (mut archive, len) = open(args, files)?;
    let (array, inputs) = with_member(&mut archive, len, args, "input", |input| {
        let array: Array = header(input)?;
        let inputs = array.inputs(input, "numbers")?;
        Ok((array, inputs))
    })?;
    let (target, targets) = read_targets(&mut archive, len, args, array.samples())?;
    Ok(Samples { inputs, facts: facts_of(&array, target), targets, format: None })
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
    with_member(archive, len, args, "target", |input| targets(input, samples))
}

/// The directory of the archive, and the bytes of the file.
fn open(args: &Args, files: &dyn Files) -> Result<(Archive, u64), DataError> {
    let path = args.str("file");
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
    args: &Args,
    param: &'static str,
    f: impl FnOnce(&mut Input) -> Result<T, DataError>,
) -> Result<T, DataError> {
    let place = find(archive, args, param)?;
    let entry = archive.by_index(place).map_err(|e| broken(&e))?;
    let packed = entry.compressed_size().min(len);
    f(&mut Input::inflate(entry, packed, args.str("file"), FILE))
}

/// The place of the array that an argument names.
fn find(archive: &Archive, args: &Args, param: &'static str) -> Result<usize, DataError> {
    let name = args.str(param);
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
