//! `cifar`: CIFAR-10 and CIFAR-100 in their binary form.

use super::array::channels_last;
use super::read::{Input, grouped, paths};
use super::{DataError, Facts, InputKind, Numbers, Samples, Source, Target, Targets};
use crate::word;
use crate::word::{Args, Default, Param as P, Type};
use dlm_base::{Files, Shape};

/// Bytes of an image: three channels of 32×32.
const IMAGE: usize = 3072;

word! {
    /// Images of CIFAR-10 or CIFAR-100 in their binary files.
    ///
    /// ```dlm
    /// data Cifar {
    ///     train     = cifar("data_batch_1.bin", "data_batch_2.bin")
    ///     test      = cifar("test_batch.bin")
    ///     normalize = standard
    /// }
    /// ```
    ///
    /// A record is one label (CIFAR-10: 3,073 bytes) or a coarse and a fine one (CIFAR-100: 3,074
    /// bytes, of which the fine label is the class), then 32×32 bytes each of red, green and blue. Which
    /// of the two a file is follows from its size. Samples have the shape `[3, 32, 32]`; the classes are
    /// named by their numbers. Files may be compressed with gzip.
    ///
    /// Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
    pub static CIFAR: Source = {
        name: "cifar",
        params: &[P {
            name: "file",
            ty: Type::File,
            default: Default::Required,
            doc: "a binary file; further ones follow: `cifar(\"a.bin\", \"b.bin\")`",
            aliases: &["files"],
        }],
        aliases: &["cifar10", "cifar100", "CIFAR10", "CIFAR100"],
    },
    rest: Some("file"),
    facts: facts,
    load: load,
}

/// One of the two record formats.
#[derive(Clone, Copy, PartialEq)]
struct Format {
    labels: usize,
    classes: usize,
}

const CIFAR10: Format = Format { labels: 1, classes: 10 };
const CIFAR100: Format = Format { labels: 2, classes: 100 };

/// What the sizes of the files tell.
fn facts(args: &Args, files: &dyn Files) -> Result<Facts, DataError> {
    let mut samples = 0;
    let mut format = None;
    for (place, path) in paths(args).iter().enumerate() {
        let mut input = Input::open(files, path, ("file", place))?;
        let len = match input.exact() {
            Some(len) => len,
            None => count(&mut input)?,
        };
        let own = format_of(len, &input, format)?;
        format = Some(own);
        samples += (len / (own.labels + IMAGE) as u64) as usize;
    }
    Ok(facts_of(samples, format.unwrap_or(CIFAR10)))
}

/// All records of all files.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let (mut bytes, mut classes, mut format) = (Vec::new(), Vec::new(), None);
    for (place, path) in paths(args).iter().enumerate() {
        let mut input = Input::open(files, path, ("file", place))?;
        let (data, whole) = input.rest(super::read::MAX_BYTES)?;
        if !whole {
            return Err(input.error("the file is larger than 8 GiB"));
        }
        let own = format_of(data.len() as u64, &input, format)?;
        format = Some(own);
        for (i, record) in data.chunks_exact(own.labels + IMAGE).enumerate() {
            let (labels, image) = record.split_at(own.labels);
            let class = labels[own.labels - 1];
            if usize::from(class) >= own.classes {
                return Err(input.error(format!(
                    "record {} has the label {class}; CIFAR-{} has the classes 0 to {}",
                    grouped(i as u64 + 1),
                    own.classes,
                    own.classes - 1
                )));
            }
            classes.push(u32::from(class));
            bytes.extend_from_slice(image);
        }
    }
    let facts = facts_of(classes.len(), format.unwrap_or(CIFAR10));
    let bytes = channels_last(bytes, facts.shape.sizes());
    let inputs = Numbers::U8 { bytes, scale: 255.0 };
    Ok(Samples { inputs, facts, targets: Targets::Classes(classes), format: None })
}

/// The format of a file of this length, which must be that of the files before it.
fn format_of(len: u64, input: &Input, before: Option<Format>) -> Result<Format, DataError> {
    let fits = |format: Format| len > 0 && len.is_multiple_of((format.labels + IMAGE) as u64);
    let own = [CIFAR10, CIFAR100].into_iter().filter(|&f| fits(f));
    let own: Vec<Format> = own.collect();
    match (own.as_slice(), before) {
        ([], _) => Err(input
            .error(format!(
                "{} bytes are neither whole records of CIFAR-10 (3,073 bytes) nor of CIFAR-100 (3,074)",
                grouped(len)
            ))
            .help("the binary version of the data set is read, not the Python one")),
        (own, Some(before)) if own.contains(&before) => Ok(before),
        (own, Some(before)) => Err(input.error(format!(
            "this is a file of CIFAR-{}, the one before it of CIFAR-{}",
            own[0].classes, before.classes
        ))),
        (own, None) => Ok(own[0]),
    }
}

/// How many bytes a compressed file holds.
fn count(input: &mut Input) -> Result<u64, DataError> {
    let mut buffer = vec![0; 1 << 16];
    let mut len = 0;
    loop {
        match input.fill(&mut buffer)? {
            0 => return Ok(len),
            got => len += got as u64,
        }
    }
}

/// The facts of so many images.
fn facts_of(samples: usize, format: Format) -> Facts {
    Facts {
        kind: InputKind::Image,
        shape: Shape::of(&[3, 32, 32]),
        samples,
        target: Target::Classes((0..format.classes).map(|c| c.to_string()).collect()),
        columns: Vec::new(),
        tokens: None,
        inputs: Vec::new(),
        whole: false,
    }
}
