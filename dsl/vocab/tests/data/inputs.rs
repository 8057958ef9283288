//! Several inputs of a sample: arrays of an archive, groups of columns.

use super::{args, csv, csv_error, error, floats, npy_file, read, text};
use crate::class_numbers;
use dlm_base::Shape;
use dlm_base::files::MemFiles;
use dlm_vocab::Arg;
use dlm_vocab::data::{Facts, InputKind, find, inputs};
use std::io::{Cursor, Write};

fn strs(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn archive(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, array) in arrays {
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(array).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Two samples: a 1×2 image, a number, a whole number, and the class.
fn files() -> MemFiles {
    let f = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let mut files = MemFiles::default();
    files.put(
        "a.npz",
        archive(&[
            ("image", npy_file("|u1", "(2, 1, 2)", &[0, 255, 51, 102])),
            ("size", npy_file("<f4", "(2,)", &f(&[7.0, f32::NAN]))),
            ("who", npy_file("|u1", "(2,)", &[3, 0])),
            ("y", npy_file("<i2", "(2,)", &[1, 0, 0, 0])),
            ("short", npy_file("<f4", "(1, 1)", &f(&[1.0]))),
        ]),
    );
    files
}

fn shapes(facts: &Facts) -> Vec<(&str, InputKind, &[usize], bool)> {
    let each = facts.inputs.iter();
    each.map(|it| (it.name.as_str(), it.kind, it.shape.as_slice(), it.whole)).collect()
}

#[test]
fn arrays_become_inputs_one_after_the_other() {
    let given = |names: &[&str]| [("file", text("a.npz")), ("input", Arg::Strs(strs(names)))];
    let files = files();
    let samples = read("npz", &files, &given(&["image", "size", "who"])).unwrap();
    assert_eq!(
        shapes(&samples.facts),
        [
            ("image", InputKind::Image, &[1, 1, 2][..], false),
            ("size", InputKind::Table, &[1][..], false),
            ("who", InputKind::Table, &[1][..], true),
        ]
    );
    assert_eq!((samples.facts.kind, &samples.facts.shape), (InputKind::Tensor, &Shape::of(&[4])));
    assert_eq!(samples.facts.describe(), "image [1, 1, 2], size [1] and who [1]");
    let values = floats(&samples);
    assert_eq!(
        (&values[..4], &values[4..6], values[7]),
        (&[0., 1., 7., 3.][..], &[0.2, 0.4][..], 0.)
    );
    assert!(values[6].is_nan());
    assert_eq!(class_numbers(&samples), [1, 0]);
    let new = inputs::arrays(&files, "a.npz", &samples.facts.inputs).unwrap();
    assert_eq!(new[..6], values[..6]);
    let mut other = samples.facts.inputs.clone();
    other[1].shape = vec![2];
    let why = inputs::arrays(&files, "a.npz", &other).unwrap_err().to_string();
    assert_eq!(why, "samples of `size` have the shape [1], those of the training had [2]");
    let one = read("npz", &files, &given(&["image"])).unwrap();
    assert!(one.facts.inputs.is_empty() && one.facts.kind == InputKind::Image);
    let message = |names: &[&str]| error("npz", &files, &given(names)).0;
    assert_eq!(message(&["image", "short"]), "there are 2 samples of `image` and 1 of `short`");
    assert_eq!(message(&["image", "images"]), "the archive has no array `images`");
    assert_eq!(message(&["size", "size"]), "`size` is listed twice");
    assert_eq!(message(&[]), "no array is named");
}

#[test]
fn groups_of_columns_become_inputs() {
    let table = "age,job,hours,y\n30,cook,40,no\n40,smith,20,yes\n";
    let groups = |lists: &[&[&str]]| {
        let lists = lists.iter().map(|names| strs(names)).collect();
        [("target", text("y")), ("features", Arg::Groups(lists))]
    };
    let samples = csv(table, &groups(&[&["hours", "age"], &["job"]])).unwrap();
    assert_eq!(
        shapes(&samples.facts),
        [
            ("hours+age", InputKind::Table, &[2][..], false),
            ("job", InputKind::Table, &[2][..], false),
        ]
    );
    assert_eq!(floats(&samples), [40., 30., 1., 0., 20., 40., 0., 1.]);
    assert!(csv(table, &groups(&[&["age"]])).unwrap().facts.inputs.is_empty());
    let message = |lists: &[&[&str]]| csv_error(table, &groups(lists)).0;
    assert_eq!(message(&[&["age"], &["age"]]), "`age` is listed twice");
    assert_eq!(message(&[&["age"], &[]]), "an input of no columns");
    assert_eq!(message(&[&["age"], &["jobs"]]), "there is no column `jobs`");
}

#[test]
fn whole_numbers_of_a_file_may_be_tokens() {
    let mut files = MemFiles::default();
    files.put("x", npy_file("<i2", "(2, 2)", &[1, 0, 2, 0, 3, 0, 4, 0]));
    files.put("f", npy_file("<f4", "(2, 1)", &[0; 8]));
    files.put("i", npy_file("|u1", "(2, 1, 2)", &[0; 4]));
    let whole = |x: &str| {
        let args = args("npy", &[("x", text(x))], &[]);
        (find("npy").unwrap().facts)(&args, &files).unwrap().whole
    };
    assert_eq!([whole("x"), whole("f"), whole("i")], [true, false, false]);
}
