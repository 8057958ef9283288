//! `npy`: arrays in NumPy's own files.

use super::array::{Array, Form};
use super::read::{Input, format_of, grouped};
use super::{DataError, Facts, Samples, Source, Target, Targets};
use crate::word;
use crate::word::{Arg, Args, Default, Param as P, Type};
use dlm_base::Files;

/// The longest header that is read; NumPy writes less than 200 bytes.
const MAX_HEADER: usize = 1 << 16;

word! {
    /// Inputs and targets in NumPy's `.npy` files, as `numpy.save` writes them.
    ///
    /// ```dlm
    /// data Signals { source = npy("x.npy", "y.npy") }
    /// ```
    ///
    /// The first axis counts the samples. Bytes (`uint8`) of the shape `[n, h, w]` are images of one
    /// channel, `[n, c, h, w]` images with channels first (`[n, h, w, c]` where only the last axis has
    /// 1 or 3 places); they are scaled to [0, 1]. Arrays `[n, features]` are tables, all others tensors
    /// that are taken as they are, channels first. Targets that are whole numbers `[n]` are classes,
    /// named from 0 to the largest; floats `[n]` or `[n, k]` are values. Without `y` the set is
    /// unlabelled. NaN is a gap. Files may be compressed with gzip.
    pub static NPY: Source = {
        name: "npy",
        params: &[
            P {
                name: "x",
                ty: Type::File,
                default: Default::Required,
                doc: "the file of the inputs",
                aliases: &["input", "inputs", "images"],
            },
            P {
                name: "y",
                ty: Type::File,
                default: Default::Absent,
                doc: "the file of the targets; without it the set is unlabelled",
                aliases: &["target", "targets", "labels"],
            },
        ],
        aliases: &["numpy"],
    },
    rest: None,
    facts: facts,
    load: load,
}

/// What the header and the targets tell.
fn facts(args: &Args, files: &dyn Files) -> Result<Facts, DataError> {
    Ok(open(args, files)?.2)
}

/// Inputs and targets.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let (array, mut input, facts, targets) = open(args, files)?;
    let inputs = array.inputs(&mut input, "numbers")?;
    Ok(Samples { inputs, facts, targets, format: None })
}

/// The array of the inputs, before its numbers are read, and the targets.
fn open(
    args: &Args,
    files: &dyn Files,
) -> Result<(Array, Input<'static>, Facts, Targets), DataError> {
    let mut input = Input::open(files, args.str("x"), ("x", 0))?;
    let array = header(&mut input)?;
    array.check(&input, "numbers")?;
    let targets = match args.get("y") {
        None => None,
        Some(Arg::Str(path)) => {
            Some(targets(&mut Input::open(files, path, ("y", 0))?, array.samples())?)
        }
        Some(other) => panic!("y: path, not {other:?}"),
    };
    let (target, targets) = targets.unwrap_or((Target::None, Targets::None));
    let facts = facts_of(&array, target);
    Ok((array, input, facts, targets))
}

/// The sizes of the array of floats in a file, of which the header alone is read; `param` names the file.
///
/// # Errors
/// When the file cannot be had, is no such array, or is longer or shorter than its header says.
pub fn float_sizes(
    files: &dyn Files,
    path: &str,
    param: &'static str,
) -> Result<Vec<usize>, DataError> {
    let mut input = Input::open(files, path, (param, 0))?;
    let array = header(&mut input)?;
    if !array.form.is_float() {
        return Err(input.error("its numbers are whole; floats are needed".to_string()));
    }
    array.check(&input, "numbers")?;
    Ok(array.sizes)
}

/// What an array is as inputs, with these targets.
pub(crate) fn facts_of(array: &Array, target: Target) -> Facts {
    let layout = array.layout();
    let samples = array.samples();
    Facts {
        kind: layout.kind,
        shape: layout.shape,
        samples,
        target,
        columns: Vec::new(),
        tokens: None,
    }
}

/// The targets of so many samples.
pub(crate) fn targets(input: &mut Input, samples: usize) -> Result<(Target, Targets), DataError> {
    let array = header(input)?;
    let targets = array.targets(input, "targets")?;
    if array.samples() != samples {
        let (x, y) = (grouped(samples as u64), grouped(array.samples() as u64));
        return Err(input.error(format!("there are {x} inputs and {y} targets")));
    }
    Ok(targets)
}

/// The header of an NPY file: versions 1 to 3 of the format.
pub(crate) fn header(input: &mut Input) -> Result<Array, DataError> {
    let magic: [u8; 6] = input.header("a NumPy array")?;
    if &magic != b"\x93NUMPY" {
        let what = format_of(&magic).unwrap_or("something else");
        return Err(input.error(format!("it is not a NumPy array but {what}")));
    }
    let version: [u8; 2] = input.header("a NumPy array")?;
    let len = match version[0] {
        1 => u16::from_le_bytes(input.header("a NumPy array")?) as usize,
        2 | 3 => u32::from_le_bytes(input.header("a NumPy array")?) as usize,
        other => return Err(input.error(format!("version {other} of the format is not known"))),
    };
    if len > MAX_HEADER {
        return Err(input.error(format!("its header claims {} bytes", grouped(len as u64))));
    }
    let mut text = vec![0; len];
    if input.fill(&mut text)? < len {
        return Err(input.error("the file ends within the header of a NumPy array"));
    }
    let text = String::from_utf8_lossy(&text);
    parse(&text).map_err(|why| input.error(format!("its header {why}")))
}

/// The dictionary of a header: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
fn parse(text: &str) -> Result<Array, String> {
    let mut rest = text.trim().strip_prefix('{').ok_or("is not a dictionary")?;
    let (mut descr, mut fortran, mut sizes) = (None, None, None);
    loop {
        rest = rest.trim_start();
        if rest.starts_with('}') {
            break;
        }
        let (key, after) = quoted(rest).ok_or("is damaged")?;
        rest = after.trim_start().strip_prefix(':').ok_or("is damaged")?.trim_start();
        match key {
            "descr" => {
                let (value, after) = quoted(rest)
                    .ok_or("describes an array of records; an array of numbers is needed")?;
                (descr, rest) = (Some(form(value)?), after);
            }
            "fortran_order" => {
                let (value, after) = match (rest.strip_prefix("True"), rest.strip_prefix("False")) {
                    (Some(after), _) => (true, after),
                    (_, Some(after)) => (false, after),
                    _ => return Err("is damaged".to_string()),
                };
                (fortran, rest) = (Some(value), after);
            }
            "shape" => {
                let inner = rest.strip_prefix('(').ok_or("is damaged")?;
                let (inner, after) = inner.split_once(')').ok_or("is damaged")?;
                let parts = inner.split(',').map(str::trim).filter(|part| !part.is_empty());
                let list: Option<Vec<usize>> =
                    parts.map(|part| part.trim_end_matches('L').parse().ok()).collect();
                (sizes, rest) = (Some(list.ok_or("has no proper shape")?), after);
            }
            other => return Err(format!("has an unknown key `{other}`")),
        }
        rest = rest.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    match (descr, fortran, sizes) {
        (Some((form, big)), Some(fortran), Some(sizes)) => Ok(Array { sizes, form, big, fortran }),
        _ => Err("lacks one of `descr`, `fortran_order` and `shape`".to_string()),
    }
}

/// A quoted string and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| *c == '\'' || *c == '"')?;
    text[1..].split_once(quote)
}

/// What a type string means: `<f4` is f32 with the lowest byte first.
fn form(descr: &str) -> Result<(Form, bool), String> {
    let (big, kind) = match descr.chars().next() {
        Some('>') => (true, &descr[1..]),
        Some('<' | '|' | '=') => (false, &descr[1..]),
        _ => (false, descr),
    };
    let form = match kind {
        "b1" => Form::Bool,
        "u1" => Form::U8,
        "i1" => Form::I8,
        "u2" => Form::U16,
        "i2" => Form::I16,
        "u4" => Form::U32,
        "i4" => Form::I32,
        "u8" => Form::U64,
        "i8" => Form::I64,
        "f2" => Form::F16,
        "f4" => Form::F32,
        "f8" => Form::F64,
        _ => return Err(format!("says that its numbers are of the type `{descr}`")),
    };
    Ok((form, big))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_numpy_writes_them() {
        let array = parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }     \n");
        let expected = Array { sizes: vec![3, 4], form: Form::F32, big: false, fortran: false };
        assert_eq!(array, Ok(expected));
        let array = parse("{'shape': (3L,), 'fortran_order': True, 'descr': \">i8\"}").unwrap();
        assert_eq!((array.sizes, array.form), (vec![3], Form::I64));
        assert!(array.big && array.fortran);
        assert_eq!(
            parse("{'descr':'|u1','fortran_order':False,'shape':()}").unwrap().sizes,
            [0; 0]
        );
    }

    #[test]
    fn damaged_headers_are_refused() {
        for (text, why) in [
            ("", "dictionary"),
            ("{", "damaged"),
            ("{'descr': '<f4'", "damaged"),
            ("{'descr': '<f4'}", "lacks"),
            ("{'descr': [('a', '<f4')], }", "records"),
            ("{'descr': '|O'}", "type `|O`"),
            ("{'shape': (-1,)}", "shape"),
            ("{'shape': (99999999999999999999,)}", "shape"),
            ("{'é': 1}", "unknown key `é`"),
            ("{'descr': 'é'}", "type `é`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
