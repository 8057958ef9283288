//! Readers of data meet damaged files: no panic, and no more memory than the file can fill.

#![allow(clippy::unwrap_used)] // In tests a panic says what is wrong.

use dlm_base::files::MemFiles;
use dlm_kernels::rng::{Stream, key_of};
use dlm_vocab::data::{Numbers, Samples, Targets, find};
use dlm_vocab::{Arg, Args};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::io::{Cursor, Write};
use std::sync::Arc;

/// Damaged files of each kind.
const ROUNDS: u64 = 2000;

/// What DEFLATE can do at best: so many bytes from one.
const MAX_RATIO: usize = 1032;

fn text(value: &str) -> Arg {
    Arg::Str(value.to_string())
}

fn args(given: &[(&'static str, Arg)]) -> Args {
    let mut args = Args::default();
    given.iter().for_each(|(name, value)| args.set(name, value.clone()));
    args
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx(sizes: &[u32], fill: u8) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| file.extend(size.to_be_bytes()));
    file.extend((0..sizes.iter().product::<u32>()).map(|i| (i as u8).wrapping_mul(7) % fill));
    file
}

fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes);
    file
}

fn npz(method: zip::CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    zip.start_file("x.npy", options).unwrap();
    zip.write_all(&npy("<f4", "(4, 3)", &[63; 48])).unwrap();
    zip.start_file("y.npy", options).unwrap();
    zip.write_all(&npy("<i8", "(4,)", &[0; 32])).unwrap();
    zip.finish().unwrap().into_inner()
}

fn picture(format: image::ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_fn(9, 7, |x, y| image::Rgb([x as u8 * 20, y as u8, 9]));
    pixels.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// The file with a few bytes changed, lost, doubled or set to an extreme, or cut short.
fn damaged(file: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut file = file.to_vec();
    for _ in 0..=stream.below(4) {
        if file.is_empty() {
            return file;
        }
        // Headers are near the start (and, of archives, near the end).
        let len = file.len() as u64;
        let at = match stream.below(4) {
            0 | 1 => stream.below(len.min(64)),
            2 => len - 1 - stream.below(len.min(128)),
            _ => stream.below(len),
        } as usize;
        match stream.below(8) {
            0 => file[at] = stream.bits() as u8,
            1 => file[at] ^= 1 << stream.below(8),
            2 => file[at] = 0xff,
            3 => file[at] = 0,
            4 => file.truncate(at),
            5 => {
                file.remove(at);
            }
            6 => file.insert(at, stream.bits() as u8),
            _ => {
                let end = (at + 4).min(file.len());
                file[at..end].fill(if stream.below(2) == 0 { 0xff } else { 0x7f });
            }
        }
    }
    file
}

/// Reads damaged versions of the file `path` among `files`; the file as it is must be read.
fn try_damaged(name: &str, source: &str, files: &MemFiles, path: &str, args: &Args) {
    let word = find(source).unwrap();
    (word.facts)(args, files).unwrap_or_else(|e| panic!("{name}: {e}"));
    (word.load)(args, files, 0).unwrap_or_else(|e| panic!("{name}: {e}"));
    let whole = files.0[path].clone();
    let mut stream = Stream::new(key_of(1, name));
    let (mut read, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        let mut files = files.clone();
        let file = damaged(&whole, &mut stream);
        let total: usize = files.0.values().map(Vec::len).sum::<usize>() + file.len();
        files.put(path, file);
        let facts = (word.facts)(args, &files);
        match (word.load)(args, &files, 0) {
            Ok(samples) => {
                read += 1;
                let bytes = memory(&samples);
                assert!(bytes <= 8 * MAX_RATIO * total, "{name}: {bytes} bytes from {total}");
                let samples = samples.facts.samples;
                assert_eq!(facts.map(|facts| facts.samples), Ok(samples), "{name}");
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(refused > 0 && read > 0, "{name}: {read} read, {refused} refused");
}

/// The bytes that samples take, as four for each number.
fn memory(samples: &Samples) -> usize {
    let inputs = match &samples.inputs {
        Numbers::U8 { bytes, .. } => bytes.len(),
        Numbers::F32(values) => 4 * values.len(),
    };
    let targets = match &samples.targets {
        Targets::None => 0,
        Targets::Classes(classes) => 4 * classes.len(),
        Targets::Values(values) => 4 * values.len(),
    };
    inputs + targets
}

#[test]
fn damaged_idx_files() {
    let given = args(&[("images", text("x")), ("labels", text("y"))]);
    let (x, y) = (idx(&[6, 4, 5], 250), idx(&[6], 5));
    let mut files = MemFiles::default();
    files.put("x", x.clone());
    files.put("y", y.clone());
    try_damaged("idx images", "idx", &files, "x", &given);
    try_damaged("idx labels", "idx", &files, "y", &given);
    files.put("x", gz(&x));
    try_damaged("idx gz", "idx", &files, "x", &given);
}

#[test]
fn damaged_cifar_files() {
    let mut files = MemFiles::default();
    files.put("x", [&[3][..], &[9; 3072], &[7], &[1; 3072]].concat());
    let given = args(&[("file", text("x"))]);
    try_damaged("cifar", "cifar", &files, "x", &given);
    let packed = gz(&files.0["x"]);
    files.put("x", packed);
    try_damaged("cifar gz", "cifar", &files, "x", &given);
}

#[test]
fn damaged_numpy_files() {
    let given = args(&[("x", text("x")), ("y", text("y"))]);
    let mut files = MemFiles::default();
    files.put("x", npy("<f4", "(6, 2, 3)", &[63; 144]));
    files.put("y", npy("<i8", "(6,)", &[0; 48]));
    try_damaged("npy x", "npy", &files, "x", &given);
    try_damaged("npy y", "npy", &files, "y", &given);
    files.put("x", gz(&npy("|u1", "(6, 2, 3)", &[63; 36])));
    try_damaged("npy gz", "npy", &files, "x", &given);
}

#[test]
fn damaged_numpy_archives() {
    let given = args(&[("file", text("z")), ("input", text("x")), ("target", text("y"))]);
    for (name, method) in [
        ("npz stored", zip::CompressionMethod::Stored),
        ("npz deflated", zip::CompressionMethod::Deflated),
    ] {
        let mut files = MemFiles::default();
        files.put("z", npz(method));
        try_damaged(name, "npz", &files, "z", &given);
    }
}

#[test]
fn damaged_images() {
    let given =
        args(&[("folder", text("d")), ("channels", Arg::Int(3)), ("size", Arg::Ints(vec![7, 9]))]);
    for (name, format) in
        [("images png", image::ImageFormat::Png), ("images jpeg", image::ImageFormat::Jpeg)]
    {
        let mut files = MemFiles::default();
        files.put("d/a/1.png", picture(image::ImageFormat::Png));
        files.put("d/b/2.png", picture(format));
        try_damaged(name, "images", &files, "d/b/2.png", &given);
    }
}

#[test]
fn damaged_tables() {
    let given = args(&[
        ("file", text("t")),
        ("target", text("y")),
        ("header", Arg::Bool(true)),
        ("separator", text(",")),
        ("regression", Arg::Bool(false)),
        ("skip", Arg::Int(0)),
    ]);
    let mut files = MemFiles::default();
    let table = "a,\"b c\",y\n1,x,no\n2.5,\"y\"\"z\",yes\n,x,no\n?,,yes\n-1e3,x,no\n";
    files.put("t", table);
    try_damaged("csv", "csv", &files, "t", &given);
    files.put("t", gz(table.as_bytes()));
    try_damaged("csv gz", "csv", &files, "t", &given);
}

#[test]
fn damaged_parquet_files() {
    let given =
        args(&[("file", text("t")), ("target", text("y")), ("regression", Arg::Bool(false))]);
    let schema = "message t { optional double a; optional binary b (UTF8); required int32 y; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    for (name, compression) in [
        ("parquet plain", Compression::UNCOMPRESSED),
        ("parquet snappy", Compression::SNAPPY),
        ("parquet gzip", Compression::GZIP(Default::default())),
        ("parquet zstd", Compression::ZSTD(Default::default())),
    ] {
        let with = Arc::new(WriterProperties::builder().set_compression(compression).build());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema.clone(), with).unwrap();
        for _ in 0..2 {
            let mut group = writer.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let levels = [1, 0, 1, 1, 1];
            let numbers = [1.5, 2.0, -1.0, 7.0];
            column.typed::<DoubleType>().write_batch(&numbers, Some(&levels), None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let texts = ["x", "y", "x", "z"].map(ByteArray::from);
            column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<Int32Type>().write_batch(&[0, 1, 0, 1, 1], None, None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
        }
        let mut files = MemFiles::default();
        files.put("t", writer.into_inner().unwrap());
        try_damaged(name, "parquet", &files, "t", &given);
    }
}

#[test]
fn damaged_texts() {
    let word = || Arg::Call("word".to_string(), vec![6.0]);
    let given = args(&[
        ("file", text("t")),
        ("separator", text("\t")),
        ("target", Arg::Int(1)),
        ("tokens", word()),
    ]);
    let mut files = MemFiles::default();
    let lines = "It's good.\t1\r\n\nnot \u{e9}t\t0\nbad, bad!\t0\n";
    files.put("t", lines);
    try_damaged("lines", "lines", &files, "t", &given);
    files.put("t", gz(lines.as_bytes()));
    try_damaged("lines gz", "lines", &files, "t", &given);
    for unit in ["char", "byte"] {
        let given = [("context", Arg::Int(5)), ("tokens", Arg::Name(unit.to_string()))];
        let given = args(&[&[("file", text("t"))], &given[..]].concat());
        files.put("t", lines);
        try_damaged(&format!("text {unit}"), "text", &files, "t", &given);
        files.put("t", gz(lines.as_bytes()));
        try_damaged(&format!("text {unit} gz"), "text", &files, "t", &given);
    }
}
