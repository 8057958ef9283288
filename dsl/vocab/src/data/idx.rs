//! `idx`: the files of the MNIST family.

use super::array::{Array, Form};
use super::npy::facts_of;
use super::read::{Input, Param, format_of, grouped};
use super::{DataError, Facts, Samples, Source, Target, Targets};
use crate::word;
use crate::word::{Arg, Args, Default, Param as P, Type};
use dlm_base::Files;

word! {
    /// Images and labels in IDX files, as MNIST, Fashion-MNIST, KMNIST, EMNIST and QMNIST come.
    ///
    /// ```dlm
    /// data Fashion {
    ///     train = idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
    ///     test  = idx("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
    /// }
    /// ```
    ///
    /// An IDX file is four bytes that tell the type and the number of axes, the sizes, and the
    /// numbers. Bytes `[n, h, w]` are images of one channel, bytes `[n, c, h, w]` images of `c`
    /// channels (`[n, h, w, c]` where only the last axis has 1 or 3 places); they are scaled to [0, 1]. Whole numbers `[n]` as labels are classes, named by their
    /// numbers from 0 to the largest. Without `labels` the set is unlabelled. Files may be compressed
    /// with gzip.
    pub static IDX: Source = {
        name: "idx",
        params: &[
            P {
                name: "images",
                ty: Type::File,
                default: Default::Required,
                doc: "the file of the images",
                aliases: &["x"],
            },
            P {
                name: "labels",
                ty: Type::File,
                default: Default::Absent,
                doc: "the file of the labels; without it the set is unlabelled",
                aliases: &["y", "targets"],
            },
        ],
        aliases: &["mnist", "MNIST", "FashionMNIST"],
    },
    rest: None,
    facts: facts,
    load: load,
}

/// What the headers and the labels tell.
fn facts(args: &Args, files: &dyn Files) -> Result<Facts, DataError> {
    Ok(open(args, files)?.2)
}

/// Images and labels.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let (array, mut input, facts, targets) = open(args, files)?;
    let inputs = array.inputs(&mut input, "images")?;
    Ok(Samples { inputs, facts, targets, format: None })
}

/// The array of the images, before its numbers are read, and the labels.
fn open(
    args: &Args,
    files: &dyn Files,
) -> Result<(Array, Input<'static>, Facts, Targets), DataError> {
    let param = ("images", 0);
    let mut input = Input::open(files, args.str("images"), param)?;
    let array = header(&mut input, param)?;
    array.check(&input, "images")?;
    if array.sizes.len() == 1 {
        let n = grouped(array.samples() as u64);
        return Err(input
            .error(format!("it holds {n} single numbers, as a file of labels does"))
            .help("the images come first: `idx(\"images\", \"labels\")`"));
    }
    let (target, targets) = match args.get("labels") {
        None => (Target::None, Targets::None),
        Some(Arg::Str(path)) => {
            let param = ("labels", 0);
            let mut labels = Input::open(files, path, param)?;
            let array_y = header(&mut labels, param)?;
            let targets = array_y.targets(&mut labels, "labels")?;
            if array_y.samples() != array.samples() {
                let (images, labels_n) = (array.samples() as u64, array_y.samples() as u64);
                return Err(labels.error(format!(
                    "there are {} images and {} labels",
                    grouped(images),
                    grouped(labels_n)
                )));
            }
            targets
        }
        Some(other) => panic!("labels: path, not {other:?}"),
    };
    let facts = facts_of(&array, target);
    Ok((array, input, facts, targets))
}

/// The header of an IDX file.
pub(crate) fn header(input: &mut Input, param: Param) -> Result<Array, DataError> {
    let magic: [u8; 4] = input.header("an IDX file")?;
    let form = match magic[2] {
        0x08 => Some(Form::U8),
        0x09 => Some(Form::I8),
        0x0b => Some(Form::I16),
        0x0c => Some(Form::I32),
        0x0d => Some(Form::F32),
        0x0e => Some(Form::F64),
        _ => None,
    };
    let (Some(form), [0, 0, _, rank @ 1..=8]) = (form, magic) else {
        let hex: Vec<String> = magic.iter().map(|b| format!("{b:02x}")).collect();
        let what = format_of(&magic).map(|name| format!(" ({name})")).unwrap_or_default();
        return Err(DataError::content(
            param,
            format!("it begins with the bytes {}{what}, which no IDX file does", hex.join(" ")),
        ));
    };
    let mut sizes = Vec::new();
    for _ in 0..rank {
        sizes.push(u32::from_be_bytes(input.header("an IDX file")?) as usize);
    }
    Ok(Array { sizes, form, big: true, fortran: false })
}
