//! Sources of data: what they read, from real files and from files in memory, and what they refuse.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // In tests a panic or a word says what is wrong.

mod parquet;
mod text;

use dlm_base::files::{FileError, MemFiles, ReadSeek};
use dlm_base::{Files, Shape};
use dlm_vocab::data::{
    DataError, Facts, InputKind, Numbers, SOURCES, Samples, Target, Targets, find,
};
use dlm_vocab::{Arg, Args, Default, Type};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Files on the disk.
struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        Ok(Box::new(File::open(path)?))
    }
    fn len(&self, path: &str) -> Result<u64, FileError> {
        Ok(std::fs::metadata(path)?.len())
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let end = if entry.file_type()?.is_dir() { "/" } else { "" };
            names.push(format!("{}{end}", entry.file_name().to_string_lossy()));
        }
        names.sort();
        Ok(names)
    }
}

/// The folder of real data, or `None` (and a word about it) where it is not there.
fn shared(name: &str) -> Option<String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("DLM_SHARED").map_or(beside, PathBuf::from);
    let path = root.join(name);
    if !path.exists() {
        println!(
            "skipped: there is no {}; DLM_SHARED names the folder of real data",
            path.display()
        );
        return None;
    }
    Some(path.to_string_lossy().into_owned())
}

/// The arguments of a source: the given ones, further files, and the defaults.
fn args(source: &str, given: &[(&'static str, Arg)], rest: &[&str]) -> Args {
    let mut args = Args::default();
    for param in find(source).unwrap().word.params {
        let value = match (given.iter().find(|(name, _)| *name == param.name), param.default) {
            (Some((_, value)), _) => value.clone(),
            (None, Default::Int(v)) => Arg::Int(v),
            (None, Default::Bool(v)) => Arg::Bool(v),
            (None, Default::Str(v)) => Arg::Str(v.to_string()),
            (None, Default::Name("word")) => Arg::Call("word".to_string(), vec![4000.0]),
            (None, Default::Name(v)) => Arg::Name(v.to_string()),
            (None, Default::Absent) => continue,
            (None, other) => panic!("{}: {other:?}", param.name),
        };
        args.set(param.name, value);
    }
    rest.iter().for_each(|path| args.push(Arg::Str(path.to_string())));
    args
}

fn text(value: &str) -> Arg {
    Arg::Str(value.to_string())
}

/// Facts and samples, which must agree.
fn read(
    source: &str,
    files: &dyn Files,
    given: &[(&'static str, Arg)],
) -> Result<Samples, DataError> {
    read_all(source, files, given, &[])
}

fn read_all(
    source: &str,
    files: &dyn Files,
    given: &[(&'static str, Arg)],
    rest: &[&str],
) -> Result<Samples, DataError> {
    let args = args(source, given, rest);
    let source = find(source).unwrap();
    let facts = (source.facts)(&args, files);
    let samples = (source.load)(&args, files, 0)?;
    assert_eq!(facts.as_ref(), Ok(&samples.facts), "facts agree with samples");
    let len = match &samples.inputs {
        Numbers::U8 { bytes, .. } => bytes.len(),
        Numbers::F32(values) => values.len(),
    };
    assert_eq!(len, samples.facts.samples * samples.facts.shape.len());
    match (&samples.targets, &samples.facts.target) {
        (Targets::None, Target::None) => {}
        (Targets::Classes(classes), Target::Classes(names)) => {
            assert_eq!(classes.len(), samples.facts.samples);
            assert!(classes.iter().all(|&class| (class as usize) < names.len()));
        }
        (Targets::Classes(classes), Target::Sequence { classes: names, steps }) => {
            assert_eq!(classes.len(), samples.facts.samples * steps);
            assert!(classes.iter().all(|&class| (class as usize) < names.len()));
        }
        (Targets::Values(values), Target::Values(names)) => {
            assert_eq!(values.len(), samples.facts.samples * names.len());
        }
        other => panic!("{other:?}"),
    }
    Ok(samples)
}

fn error(source: &str, files: &dyn Files, given: &[(&'static str, Arg)]) -> (String, String) {
    match read(source, files, given).unwrap_err() {
        DataError::File { why, help, .. } => (why, help.unwrap_or_default()),
        DataError::Content { message, help, .. } | DataError::Argument { message, help, .. } => {
            (message, help.unwrap_or_default())
        }
    }
}

fn classes(facts: &Facts) -> Vec<&str> {
    match &facts.target {
        Target::Classes(names) => names.iter().map(String::as_str).collect(),
        other => panic!("{other:?}"),
    }
}

fn class_numbers(samples: &Samples) -> &[u32] {
    match &samples.targets {
        Targets::Classes(classes) => classes,
        other => panic!("{other:?}"),
    }
}

fn floats(samples: &Samples) -> &[f32] {
    match &samples.inputs {
        Numbers::F32(values) => values,
        other => panic!("{other:?}"),
    }
}

fn bytes(samples: &Samples) -> &[u8] {
    match &samples.inputs {
        Numbers::U8 { bytes, .. } => bytes,
        other => panic!("{other:?}"),
    }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx_file(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(bytes);
    file
}

fn npy_file(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes);
    file
}

fn csv(table: &str, given: &[(&'static str, Arg)]) -> Result<Samples, DataError> {
    let mut files = MemFiles::default();
    files.put("t.csv", table);
    read("csv", &files, &[&[("file", text("t.csv"))], given].concat())
}

fn csv_error(table: &str, given: &[(&'static str, Arg)]) -> (String, String) {
    let mut files = MemFiles::default();
    files.put("t.csv", table);
    error("csv", &files, &[&[("file", text("t.csv"))], given].concat())
}

#[test]
fn words_are_in_order_and_files_are_arguments_of_the_type_file() {
    assert!(SOURCES.windows(2).all(|w| w[0].word.name < w[1].word.name));
    for source in SOURCES.iter().filter(|s| s.word.name != "builtin") {
        assert_eq!(source.word.params[0].ty, Type::File, "{}", source.word.name);
    }
}

#[test]
fn builtin_digits_are_the_optical_digits() {
    let digits = read("builtin", &MemFiles::default(), &[("name", text("digits"))]).unwrap();
    assert_eq!(digits.facts.shape, Shape::of(&[1, 8, 8]));
    assert_eq!(digits.facts.samples, 1797);
    assert_eq!(class_numbers(&digits)[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(bytes(&digits)[..8], [0, 0, 5, 13, 9, 1, 0, 0]);
    assert_eq!(bytes(&digits).iter().max(), Some(&16));
    assert!(matches!(digits.inputs, Numbers::U8 { scale: 16.0, .. }));
    if let Some(path) = shared("tabular/digits.csv.gz") {
        let given = [("file", text(&path)), ("header", Arg::Bool(false)), ("target", text("c65"))];
        let table = read("csv", &Disk, &given).unwrap();
        assert!(floats(&table).iter().zip(bytes(&digits)).all(|(&x, &b)| x == f32::from(b)));
        assert_eq!(class_numbers(&table), class_numbers(&digits));
    }
}

#[test]
fn builtin_iris_and_spirals_are_balanced() {
    let iris = read("builtin", &MemFiles::default(), &[("name", text("iris"))]).unwrap();
    assert_eq!(classes(&iris.facts), ["setosa", "versicolor", "virginica"]);
    assert_eq!(floats(&iris)[..4], [5.1, 3.5, 1.4, 0.2]);
    assert_eq!(iris.facts.features()[3], "petal_width");
    let count = |s: &Samples, class| class_numbers(s).iter().filter(|&&c| c == class).count();
    assert_eq!([0, 1, 2].map(|c| count(&iris, c)), [50, 50, 50]);
    let given = [("name", text("spirals"))];
    let spirals = read("builtin", &MemFiles::default(), &given).unwrap();
    assert_eq!([0, 1, 2].map(|c| count(&spirals, c)), [300, 300, 300]);
    let source = find("builtin").unwrap();
    let other = (source.load)(&args("builtin", &given, &[]), &MemFiles::default(), 1).unwrap();
    assert_ne!(floats(&spirals), floats(&other));
    let error = error("builtin", &MemFiles::default(), &[("name", text("digit"))]);
    assert_eq!(
        error,
        ("there is no built-in data `digit`".into(), "did you mean `\"digits\"`?".into())
    );
}

#[test]
fn mnist_is_read_from_idx_files() {
    let Some(folder) = shared("mnist-small") else { return };
    let path = |name: &str| text(&format!("{folder}/{name}.gz"));
    let given =
        [("images", path("train-images-idx3-ubyte")), ("labels", path("train-labels-idx1-ubyte"))];
    let mnist = read("idx", &Disk, &given).unwrap();
    assert_eq!((mnist.facts.samples, mnist.facts.kind), (10_000, InputKind::Image));
    assert_eq!(mnist.facts.shape, Shape::of(&[1, 28, 28]));
    assert_eq!(class_numbers(&mnist)[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    let unlabelled = read("idx", &Disk, &given[..1]).unwrap();
    assert_eq!(unlabelled.facts.target, Target::None);
    assert_eq!(unlabelled.inputs, mnist.inputs);
    // The mean and deviation that everyone normalises MNIST by are 0.1307 and 0.3081.
    let mean = bytes(&mnist).iter().map(|&b| f64::from(b)).sum::<f64>() / 255.0 / 7.84e6;
    assert!((mean - 0.1307).abs() < 0.002, "{mean}");
    let swapped = [given[0].clone(), ("labels", path("val-labels-idx1-ubyte"))];
    assert_eq!(error("idx", &Disk, &swapped).0, "there are 10,000 images and 2,000 labels");
    let swapped = [("images", path("train-labels-idx1-ubyte")), given[1].clone()];
    let (message, help) = error("idx", &Disk, &swapped);
    assert_eq!(message, "it holds 10,000 single numbers, as a file of labels does");
    assert!(help.starts_with("the images come first"));
}

#[test]
fn idx_files_that_lie_are_refused() {
    let mut files = MemFiles::default();
    files.put("x", idx_file(&[2, 1, 2], &[1, 2, 3, 4]));
    files.put("y", idx_file(&[2], &[0, 9]));
    let given = |x: &str, y: &str| [("images", text(x)), ("labels", text(y))];
    let good = read("idx", &files, &given("x", "y")).unwrap();
    assert_eq!(classes(&good.facts).len(), 10);
    files.put("colour", idx_file(&[1, 2, 1, 2], &[1, 2, 3, 4]));
    assert_eq!(bytes(&read("idx", &files, &given("colour", "y")[..1]).unwrap()), [1, 3, 2, 4]);
    files.put("short", idx_file(&[2, 1, 2], &[1, 2, 3]));
    files.put("long", idx_file(&[2, 1, 2], &[1, 2, 3, 4, 5]));
    files.put("longgz", gz(&idx_file(&[2, 1, 2], &[1, 2, 3, 4, 5])));
    files.put("huge", idx_file(&[u32::MAX, u32::MAX, u32::MAX], &[1, 2, 3]));
    files.put("hugegz", gz(&idx_file(&[60_000, 28, 28], &[1, 2, 3])));
    files.put("none", idx_file(&[0, 28, 28], &[]));
    files.put("empty", "");
    files.put("png", &b"\x89PNG\r\n\x1a\n1234"[..]);
    for (file, expected) in [
        ("short", "the header promises 4 bytes of images, the file holds 3"),
        ("long", "the header promises 4 bytes of images, the file holds 5"),
        ("longgz", "bytes follow the end of images"),
        ("huge", "an array of the shape [4294967295, 4294967295, 4294967295] fits no memory"),
        (
            "hugegz",
            "the header promises 47,040,000 bytes of images, the compressed file cannot hold as many",
        ),
        ("none", "an array of the shape [0, 28, 28] has no samples"),
        ("empty", "the file ends within the header of an IDX file"),
        ("png", "it begins with the bytes 89 50 4e 47 (a PNG image), which no IDX file does"),
        ("gone", "there is no such file"),
    ] {
        let source = find("idx").unwrap();
        let loaded = (source.load)(&args("idx", &given(file, "y")[..1], &[]), &files, 0);
        let message = match loaded.unwrap_err() {
            DataError::File { why, .. } => why,
            other => other.to_string(),
        };
        assert_eq!(message, expected, "{file}");
    }
}

#[test]
fn cifar_records_are_told_apart_by_the_size_of_the_file() {
    let record = |labels: &[u8], first: u8| {
        let mut record = labels.to_vec();
        record.extend((0..3072).map(|i| if i % 1024 == 0 { first + (i / 1024) as u8 } else { 7 }));
        record
    };
    let mut files = MemFiles::default();
    files.put("a.bin", [record(&[3], 10), record(&[9], 20)].concat());
    files.put("b.bin.gz", gz(&record(&[0], 30)));
    files.put("100.bin", record(&[1, 99], 40));
    files.put("bad.bin", record(&[10], 0));
    files.put("cut.bin", record(&[1], 0)[..3000].to_vec());
    let given = [("file", text("a.bin"))];
    let cifar = read_all("cifar", &files, &given, &["b.bin.gz"]).unwrap();
    assert_eq!(cifar.facts.samples, 3);
    assert_eq!(class_numbers(&cifar), [3, 9, 0]);
    assert_eq!(bytes(&cifar)[..6], [10, 11, 12, 7, 7, 7]);
    assert_eq!(bytes(&cifar)[2 * 3072..2 * 3072 + 3], [30, 31, 32]);
    let fine = read("cifar", &files, &[("file", text("100.bin"))]).unwrap();
    assert_eq!((class_numbers(&fine), classes(&fine.facts).len()), (&[99][..], 100));
    let mixed = read_all("cifar", &files, &given, &["100.bin"]).unwrap_err();
    assert_eq!(mixed.to_string(), "this is a file of CIFAR-100, the one before it of CIFAR-10");
    let source = find("cifar").unwrap();
    let bad = (source.load)(&args("cifar", &[("file", text("bad.bin"))], &[]), &files, 0);
    let message = "record 1 has the label 10; CIFAR-10 has the classes 0 to 9";
    assert_eq!(bad.unwrap_err().to_string(), message);
    assert!(error("cifar", &files, &[("file", text("cut.bin"))]).0.starts_with("3,000 bytes"));
}

#[test]
fn numpy_arrays_are_images_tables_or_tensors() {
    let mut files = MemFiles::default();
    let f = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    files.put("table", npy_file("<f4", "(2, 3)", &f(&[1., 2., 3., 4., f32::NAN, 6.])));
    files.put("grey", npy_file("|u1", "(2, 1, 2)", &[1, 2, 3, 4]));
    files.put("last", npy_file("|u1", "(1, 2, 1, 3)", &[1, 2, 3, 4, 5, 6]));
    files.put("first", npy_file("|u1", "(1, 3, 1, 2)", &[1, 4, 2, 5, 3, 6]));
    files.put("map", npy_file("<f4", "(1, 2, 1, 2)", &f(&[1., 2., 3., 4.])));
    files.put("classes", npy_file("<i2", "(2,)", &[1, 0, 2, 0]));
    files.put("values", npy_file("<f4", "(2, 1)", &f(&[0.5, -1.5])));
    files.put("negative", npy_file("<i2", "(2,)", &[255, 255, 2, 0]));
    files.put("onehot", npy_file("|u1", "(2, 3)", &[0, 0, 1, 1, 0, 0]));
    files.put("inf", npy_file("<f4", "(2, 1)", &f(&[0.5, f32::INFINITY])));
    files.put("text", "1,2,3\n");
    let x = |x: &str| [("x", text(x))];
    let xy = |x: &str, y: &str| [("x", text(x)), ("y", text(y))];
    let kind = |samples: &Samples| (samples.facts.kind, samples.facts.shape.0.clone());
    let table = read("npy", &files, &xy("table", "classes")).unwrap();
    assert_eq!(kind(&table), (InputKind::Table, vec![3]));
    assert!(floats(&table)[4].is_nan());
    assert_eq!(class_numbers(&table), [1, 2]);
    let grey = read("npy", &files, &xy("grey", "values")).unwrap();
    assert_eq!(kind(&grey), (InputKind::Image, vec![1, 1, 2]));
    assert_eq!(grey.targets, Targets::Values(vec![0.5, -1.5]));
    for name in ["first", "last"] {
        let colour = read("npy", &files, &x(name)).unwrap();
        assert_eq!(
            kind(&colour),
            (InputKind::Image, if name == "last" { vec![3, 2, 1] } else { vec![3, 1, 2] })
        );
        assert_eq!(bytes(&colour), [1, 2, 3, 4, 5, 6]);
    }
    let map = read("npy", &files, &x("map")).unwrap();
    assert_eq!(kind(&map), (InputKind::Tensor, vec![2, 1, 2]));
    assert_eq!(floats(&map), [1., 3., 2., 4.]);
    let message = |y: &str| error("npy", &files, &xy("table", y)).0;
    assert_eq!(message("negative"), "label 1 is -1; classes are numbered from 0 to at most 99,999");
    assert_eq!(message("onehot"), "labels of the shape [2, 3] are not one class a sample");
    assert_eq!(message("inf"), "the target of sample 2 is not a finite number");
    assert_eq!(message("text"), "it is not a NumPy array but text");
}

#[test]
fn numpy_archives_are_read_stored_and_deflated() {
    let Some(stored) = shared("sequence/mnist1d_train.npz") else { return };
    let mnist1d = read("npz", &Disk, &[("file", text(&stored))]).unwrap();
    assert_eq!((mnist1d.facts.samples, mnist1d.facts.shape.0.as_slice()), (4000, &[40][..]));
    assert_eq!(classes(&mnist1d.facts).len(), 10);
    let deflated = shared("sequence/fsdd_logmel_train.npz").unwrap();
    let spoken = read("npz", &Disk, &[("file", text(&deflated))]).unwrap();
    assert_eq!(spoken.facts.shape, Shape::of(&[1, 24, 40]));
    assert_eq!(spoken.facts.kind, InputKind::Image);
    let speaker = [("file", text(&deflated)), ("target", text("speaker"))];
    assert_eq!(classes(&read("npz", &Disk, &speaker).unwrap().facts).len(), 6);
    let wrong = [("file", text(&deflated)), ("target", text("speakers"))];
    let expected =
        ("the archive has no array `speakers`".into(), "did you mean `\"speaker\"`?".into());
    assert_eq!(error("npz", &Disk, &wrong), expected);
    let input = shared("models/mnist-cntk/input_0.npy").unwrap();
    let array = read("npy", &Disk, &[("x", text(&input))]).unwrap();
    assert_eq!(array.facts.shape, Shape::of(&[1, 28, 28]));
    let (message, help) = error("npz", &Disk, &[("file", text(&input))]);
    assert_eq!(
        (message.as_str(), help.as_str()),
        ("it is not an archive of NumPy but a NumPy array", "read it with `npy`")
    );
}

#[test]
fn image_folders_are_classes() {
    let Some(folder) = shared("image-folder/train") else { return };
    let given = [("folder", text(&folder)), ("channels", Arg::Int(1))];
    let shoes = read("images", &Disk, &given).unwrap();
    assert_eq!((shoes.facts.samples, &shoes.facts.shape), (240, &Shape::of(&[1, 28, 28])));
    assert_eq!(classes(&shoes.facts), ["bag", "pullover", "sandal", "trouser"]);
    let count = |class| class_numbers(&shoes).iter().filter(|&&c| c == class).count();
    assert_eq!([0, 1, 2, 3].map(count), [60; 4]);
    let size = ("size", Arg::Ints(vec![14, 20]));
    let small = read("images", &Disk, &[given[0].clone(), size]).unwrap();
    assert_eq!(small.facts.shape, Shape::of(&[3, 14, 20]));
    let mean =
        |s: &Samples| bytes(s).iter().map(|&b| f64::from(b)).sum::<f64>() / bytes(s).len() as f64;
    assert!((mean(&small) - mean(&shoes)).abs() < 2.0);
    let alone = read("images", &Disk, &[("folder", text(&format!("{folder}/bag")))]).unwrap();
    assert_eq!((alone.facts.samples, &alone.facts.target), (60, &Target::None));
    let wrong = [given[0].clone(), ("channels", Arg::Int(2))];
    assert_eq!(error("images", &Disk, &wrong).0, "images have 1 or 3 channels, not 2");
}

#[test]
fn images_that_are_broken_are_named() {
    let png = |w: u32, h: u32| {
        let mut file = std::io::Cursor::new(Vec::new());
        let pixels = image::GrayImage::from_fn(w, h, |x, y| image::Luma([(x * 16 + y) as u8]));
        pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
        file.into_inner()
    };
    let mut files = MemFiles::default();
    files.put("d/a/1.png", png(5, 4));
    files.put("d/a/.hidden", "");
    files.put("d/a/notes.txt", "");
    files.put("d/b/2.PNG", png(5, 4));
    let given = [("folder", text("d/")), ("channels", Arg::Int(1))];
    let good = read("images", &files, &given).unwrap();
    assert_eq!((good.facts.samples, bytes(&good)[6]), (2, 17));
    let load = |files: &MemFiles| {
        let args = args("images", &given, &[]);
        (find("images").unwrap().load)(&args, files, 0).unwrap_err().to_string()
    };
    let mut other = files.clone();
    other.put("d/b/2.PNG", png(5, 4)[..60].to_vec());
    assert!(load(&other).starts_with("the image `2.PNG` is damaged ("), "{}", load(&other));
    other.put("d/b/2.PNG", "not an image");
    assert_eq!(load(&other), "the image `2.PNG` is neither PNG nor JPEG");
    other.put("d/b/2.PNG", png(4, 4));
    assert_eq!(load(&other), "the image `2.PNG` is 4×4, the first one 4×5");
    other.0.remove("d/b/2.PNG");
    other.put("d/b/readme", "");
    assert_eq!(load(&other), "the folder `b` holds no PNG or JPEG file");
    // A header that claims 50,000×50,000 pixels in a small file.
    let mut huge = png(5, 4);
    huge[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    let sum = crc(&huge[12..29]);
    huge[29..33].copy_from_slice(&sum.to_be_bytes());
    other.put("d/b/2.PNG", huge);
    assert!(load(&other).contains("claims 50000×50000 pixels"), "{}", load(&other));
}

/// The checksum of PNG chunks.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| (c >> 1) ^ (0xedb8_8320 * (c & 1)))
    };
    !bytes.iter().fold(!0, step)
}

#[test]
fn housing_has_gaps_and_a_column_of_text() {
    let Some(path) = shared("tabular/california_housing.csv") else { return };
    let given = [
        ("file", text(&path)),
        ("target", text("median_house_value")),
        ("regression", Arg::Bool(true)),
    ];
    let housing = read("csv", &Disk, &given).unwrap();
    assert_eq!(housing.facts.samples, 20_640);
    assert_eq!(housing.facts.shape, Shape::of(&[13]));
    assert_eq!(floats(&housing).iter().filter(|x| x.is_nan()).count(), 207);
    assert_eq!(housing.facts.features()[9], "ocean_proximity = INLAND");
    assert_eq!(
        floats(&housing)[..13],
        [-122.23, 37.88, 41., 880., 129., 322., 126., 8.3252, 0., 0., 0., 1., 0.]
    );
    assert!(matches!(&housing.targets, Targets::Values(v) if v[0] == 452600.0));
    let (message, help) = error("csv", &Disk, &given[..2]);
    assert!(message.contains("more than 1,000 different numbers"), "{message}");
    assert_eq!(help, "write `regression = true` to predict the value itself");
    let typo = [given[0].clone(), ("target", text("median_house_valu"))];
    let expected =
        ("there is no column `median_house_valu`", "did you mean `\"median_house_value\"`?");
    let (message, help) = error("csv", &Disk, &typo);
    assert_eq!((message.as_str(), help.as_str()), expected);
    let near = [given[0].clone(), ("target", text("ocean_proximity"))];
    assert_eq!(classes(&read("csv", &Disk, &near).unwrap().facts).len(), 5);
}

#[test]
fn tables_whose_first_line_is_odd_are_read_with_skip() {
    let Some(path) = shared("tabular/wine.csv") else { return };
    let file = ("file", text(&path));
    let (message, help) = error("csv", &Disk, std::slice::from_ref(&file));
    assert_eq!(message, "line 2 has 14 cells, the header has 5");
    assert!(help.contains("write `skip = 1, header = false`"), "{help}");
    let given =
        [file, ("skip", Arg::Int(1)), ("header", Arg::Bool(false)), ("target", text("c14"))];
    let wine = read("csv", &Disk, &given).unwrap();
    assert_eq!((wine.facts.samples, &wine.facts.shape), (178, &Shape::of(&[13])));
    assert_eq!(classes(&wine.facts), ["0", "1", "2"]);
    let iris = shared("tabular/iris.csv").unwrap();
    let (message, help) =
        error("csv", &Disk, &[("file", text(&iris)), ("target", text("species"))]);
    assert_eq!(message, "there is no column `species`");
    assert!(help.contains("skip = 1, header = false"), "{help}");
    let diabetes = shared("tabular/diabetes_data_raw.csv.gz").unwrap();
    let given = [("file", text(&diabetes)), ("header", Arg::Bool(false)), ("separator", text(" "))];
    let diabetes = read("csv", &Disk, &given).unwrap();
    assert_eq!((diabetes.facts.samples, &diabetes.facts.shape), (442, &Shape::of(&[10])));
    assert_eq!(floats(&diabetes)[..3], [59., 2., 32.1]);
}

#[test]
fn tables_have_numbers_texts_and_gaps() {
    let table = "a, b ,label\n1,x,no\n,y,yes\n2.5,,no\n?,x,yes\n";
    let samples = csv(table, &[("target", text("label"))]).unwrap();
    assert_eq!(samples.facts.features(), ["a", "b = x", "b = y", "b = ?"]);
    assert_eq!(classes(&samples.facts), ["no", "yes"]);
    assert_eq!(class_numbers(&samples), [0, 1, 0, 1]);
    let values = floats(&samples);
    assert_eq!(values[..4], [1., 1., 0., 0.]);
    assert!(values[4].is_nan() && values[12].is_nan());
    assert_eq!(values[9..12], [0., 0., 1.]);
    let chosen = [("features", Arg::Strs(vec!["b".into()]))];
    assert_eq!(csv(table, &chosen).unwrap().facts.shape, Shape::of(&[3]));
    let whole = csv("a,y\n1,10\n2,9\n3,10.0\n", &[("target", text("y"))]).unwrap();
    assert_eq!((classes(&whole.facts), class_numbers(&whole)), (vec!["9", "10"], &[1, 0, 1][..]));
    let other = [("separator", text(";")), ("header", Arg::Bool(false)), ("target", text("2"))];
    let quoted = csv("\u{feff}1;\"a;b\"\n2;c\n", &other).unwrap();
    assert_eq!(classes(&quoted.facts), ["a;b", "c"]);
}

#[test]
fn tables_that_make_no_sense_are_refused_with_the_line() {
    let y = [("target", text("y"))];
    let regression = [("target", text("y")), ("regression", Arg::Bool(true))];
    let bare = [("header", Arg::Bool(false)), ("target", text("c2"))];
    let columns = |names: &[&str]| {
        let names = names.iter().map(|n| n.to_string()).collect();
        [("target", text("y")), ("features", Arg::Strs(names))]
    };
    let numbers: String = (0..40).map(|i| format!("{i},{}\n", i % 2)).collect();
    let typo = format!("a,y\n{numbers}7x,1\n");
    type Case<'a> = (&'a str, &'a [(&'static str, Arg)], &'a str);
    let cases: &[Case<'_>] = &[
        ("", &y, "the file has no rows"),
        ("a,y\n", &y, "the file has no rows below its first line"),
        ("a,y\n1,2\n3\n", &y, "line 3 has 1 cell, the header has 2"),
        ("a,y\n1,2,3\n", &y, "line 2 has 3 cells, the header has 2"),
        ("1,2\n1,2,3\n", &bare, "line 2 has 3 cells, the first row has 2"),
        ("a,a,y\n1,2,3\n", &y, "two columns have the name `a`"),
        ("a,b\n1,2\n", &y, "there is no column `y`"),
        ("a,y\n1,2\n3,2\n", &y, "the target column `y` is `2` in every row"),
        ("a,y\n1,2\n3,\n", &y, "line 3 has no value in the target column `y`"),
        ("a,y\n1,2\n3,1.5\n", &y, "line 3 has `1.5` in column `y`, which is no class"),
        (
            "a,y\n1,no\n3,yes\n",
            &regression,
            "the column `y` holds text, which is no value to predict",
        ),
        ("a,y\n,1\n,2\n", &y, "column `a` has no values"),
        ("y\n1\n2\n", &y, "there is no column to predict from"),
        ("a,y\n1,1\n2,2\n", &columns(&["b"]), "there is no column `b`"),
        ("a,y\n1,1\n2,2\n", &columns(&["y"]), "`y` is the target and cannot be a feature too"),
        ("a,y\n1,1\n2,2\n", &columns(&["a", "a"]), "`a` is listed twice"),
        (&typo, &y, "line 42 has `7x` in column `a`, whose other cells are numbers"),
    ];
    for (table, given, expected) in cases {
        assert_eq!(csv_error(table, given).0, *expected, "{table:?}");
    }
    let (_, help) = csv_error("a;y\n1;2\n", &y);
    assert_eq!(help, "if cells are separated by it, write `separator = \";\"`");
    let (message, help) = csv_error("a,y\n1,2\n", &[("separator", text("ab"))]);
    assert_eq!(
        (message.as_str(), help.as_str()),
        ("`ab` is not one character", "write one ASCII character: `separator = \";\"`")
    );
    let mut files = MemFiles::default();
    files.put("t.csv", &b"a,y\n1,2\n\xff\xfe,1\n"[..]);
    files.put("p.csv", &b"PAR1\x15\x04"[..]);
    let message = |path: &str| error("csv", &files, &[("file", text(path))]).0;
    assert_eq!(message("t.csv"), "line 3 is not UTF-8 text");
    assert_eq!(message("p.csv"), "it is a Parquet file, not a table of text");
}
