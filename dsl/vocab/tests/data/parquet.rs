//! `parquet`: what columns become, and what is refused.

use super::{Disk, classes, error, floats, read, shared, text};
use crate::class_numbers;
use dlm_base::Shape;
use dlm_base::files::MemFiles;
use dlm_vocab::Arg;
use dlm_vocab::data::{Column, Samples, Target, Targets, inputs};
use parquet::basic::{Compression, Repetition, Type as Stored};
use parquet::data_type::*;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{
    SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter,
};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;
use std::sync::Arc;

/// Writes the columns of a row group.
pub(crate) type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// A file of one row group of this schema.
pub(crate) fn file(
    schema: &str,
    compression: Compression,
    groups: &[&dyn Fn(&mut Group<'_>)],
) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message table {{ {schema} }}")).unwrap());
    write(schema, compression, groups)
}

fn write(schema: Arc<Type>, with: Compression, groups: &[&dyn Fn(&mut Group<'_>)]) -> Vec<u8> {
    let properties = Arc::new(WriterProperties::builder().set_compression(with).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    for group in groups {
        let mut rows = writer.next_row_group().unwrap();
        group(&mut rows);
        rows.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// Writes the next column; gaps are `None`.
pub(crate) fn column<T: DataType>(group: &mut Group<'_>, cells: &[Option<T::T>]) {
    let mut writer: SerializedColumnWriter<'_> = group.next_column().unwrap().unwrap();
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<T::T> = cells.iter().flatten().cloned().collect();
    writer.typed::<T>().write_batch(&values, Some(&levels), None).unwrap();
    writer.close().unwrap();
}

pub(crate) fn texts(cells: &[&str]) -> Vec<Option<ByteArray>> {
    cells.iter().map(|text| (*text != "null").then(|| ByteArray::from(*text))).collect()
}

fn some<T: Clone>(cells: &[T]) -> Vec<Option<T>> {
    cells.iter().cloned().map(Some).collect()
}

fn table(bytes: Vec<u8>, given: &[(&'static str, Arg)]) -> Samples {
    let mut files = MemFiles::default();
    files.put("t.parquet", bytes);
    read("parquet", &files, &[&[("file", text("t.parquet"))], given].concat()).unwrap()
}

fn refused(bytes: Vec<u8>, given: &[(&'static str, Arg)]) -> (String, String) {
    let mut files = MemFiles::default();
    files.put("t.parquet", bytes);
    error("parquet", &files, &[&[("file", text("t.parquet"))], given].concat())
}

fn strs(names: &[&str]) -> Arg {
    Arg::Strs(names.iter().map(|name| name.to_string()).collect())
}

/// Four rows of `a` (whole numbers with a gap), `b` (text with a gap), `y` (text).
fn small() -> Vec<u8> {
    let schema = "optional int32 a; optional binary b (UTF8); optional binary y (UTF8);";
    file(
        schema,
        Compression::SNAPPY,
        &[&|group| {
            column::<Int32Type>(group, &[Some(1), None, Some(3), Some(4)]);
            column::<ByteArrayType>(group, &texts(&["x", "y", "null", "x"]));
            column::<ByteArrayType>(group, &texts(&["no", "yes", "no", "yes"]));
        }],
    )
}

#[test]
fn the_census_is_read_with_its_texts_and_gaps() {
    let Some(path) = shared("tabular/adult_train.parquet") else { return };
    let given = [("file", text(&path)), ("target", text("income"))];
    let adult = read("parquet", &Disk, &given).unwrap();
    assert_eq!(adult.facts.samples, 32_561);
    assert_eq!((adult.facts.columns.len(), classes(&adult.facts)), (14, vec!["0", "1"]));
    assert_eq!(adult.facts.shape.0[0], adult.facts.features().len());
    let numbers = adult.facts.columns.iter().filter(|column| column.texts.is_none()).count();
    assert_eq!(numbers, 6);
    assert_eq!(class_numbers(&adult).iter().filter(|&&class| class == 1).count(), 7841);
    let features = adult.facts.features();
    let gaps = features.iter().enumerate().filter(|(_, name)| name.ends_with(" = ?"));
    let width = features.len();
    let of = |place: usize| floats(&adult).iter().skip(place).step_by(width).sum::<f32>();
    assert_eq!(gaps.map(|(place, _)| of(place)).sum::<f32>(), 4262.0);
    assert_eq!(floats(&adult)[0], 39.0);
    let regression = [&given[..], &[("regression", Arg::Bool(true))]].concat();
    assert!(matches!(read("parquet", &Disk, &regression).unwrap().targets, Targets::Values(_)));
}

#[test]
fn columns_of_every_kind_become_numbers_or_texts() {
    let schema = "optional boolean yes; optional int32 unsigned (UINT_32); optional int64 price \
        (DECIMAL(10, 2)); optional int32 day (DATE); optional int64 at (TIMESTAMP_MILLIS); optional float f; \
        optional double d; optional fixed_len_byte_array(3) big (DECIMAL(5, 1)); optional int64 time \
        (TIME_MICROS); optional binary kind (ENUM); optional int96 old; \
        optional fixed_len_byte_array(2) h (FLOAT16); required int32 r;";
    let bytes = file(
        schema,
        Compression::UNCOMPRESSED,
        &[&|group| {
            column::<BoolType>(group, &[Some(true), Some(false), None]);
            column::<Int32Type>(group, &some(&[-1, 2, 3]));
            column::<Int64Type>(group, &some(&[1250, -5, 0]));
            column::<Int32Type>(group, &some(&[19_000, -1, 0]));
            column::<Int64Type>(group, &some(&[86_400_000, 43_200_000, 0]));
            column::<FloatType>(group, &some(&[0.1, f32::NAN, 2.0]));
            column::<DoubleType>(group, &some(&[0.1, 1e-3, 2.0]));
            let big = [[0, 1, 0], [255, 255, 246], [0, 0, 5]];
            let big = big.map(|bytes| FixedLenByteArray::from(ByteArray::from(bytes.to_vec())));
            column::<FixedLenByteArrayType>(group, &some(&big));
            column::<Int64Type>(group, &some(&[1_500_000, 0, 0]));
            column::<ByteArrayType>(group, &texts(&["b", "", "12"]));
            column::<Int96Type>(group, &some(&[Int96::from(vec![0, 0, 2_440_589]); 3]));
            let half = FixedLenByteArray::from(ByteArray::from(vec![0x00, 0x3c]));
            column::<FixedLenByteArrayType>(group, &some(&[half.clone(), half.clone(), half]));
            column::<Int32Type>(group, &some(&[7, 8, 9]));
        }],
    );
    let samples = table(bytes.clone(), &[]);
    let names = samples.facts.features();
    assert_eq!(names[9..12], ["kind = 12", "kind = b", "kind = ?"]);
    let row = |i: usize| &floats(&samples)[i * names.len()..][..names.len()];
    let first = [1., 4294967295., 12.5, 19000., 1., 0.1, 0.1, 25.6, 1.5, 0., 1., 0., 1., 1., 7.];
    assert_eq!(row(0), first);
    assert_eq!(row(1)[..5], [0., 2., -0.05, -1., 0.5]);
    assert!(row(1)[5].is_nan() && row(2)[0].is_nan());
    assert_eq!(
        (row(1)[7], &row(1)[9..12], &row(2)[9..12]),
        (-1., &[0., 0., 1.][..], &[1., 0., 0.][..])
    );
    let rows = [("features", strs(&["f", "kind"])), ("target", text("r"))];
    assert_eq!(classes(&table(bytes.clone(), &rows).facts), ["7", "8", "9"]);
    let (message, _) = refused(bytes.clone(), &[("target", text("d"))]);
    assert_eq!(message, "row 1 has `0.1` in column `d`, which is no class");
    let (message, _) = refused(bytes, &[("target", text("yes"))]);
    assert_eq!(message, "row 3 has no value in the target column `yes`");
}

#[test]
fn truth_values_are_classes_and_row_groups_follow_each_other() {
    let group = |a: &'static [i64], y: &'static [bool]| {
        move |group: &mut Group<'_>| {
            column::<Int64Type>(group, &some(a));
            column::<BoolType>(group, &some(y));
        }
    };
    let (one, two) = (group(&[1, 2], &[true, false]), group(&[3], &[true]));
    for compression in
        [Compression::GZIP(Default::default()), Compression::ZSTD(Default::default())]
    {
        let schema = "optional int64 a; optional boolean y;";
        let bytes = file(schema, compression, &[&one, &two]);
        let samples = table(bytes.clone(), &[("target", text("y"))]);
        assert_eq!(
            (floats(&samples), class_numbers(&samples)),
            (&[1., 2., 3.][..], &[1, 0, 1][..])
        );
        assert_eq!(classes(&samples.facts), ["false", "true"]);
        let values = table(bytes, &[("target", text("y")), ("regression", Arg::Bool(true))]);
        assert_eq!(values.targets, Targets::Values(vec![1., 0., 1.]));
    }
}

#[test]
fn the_index_of_pandas_is_no_feature_unless_it_is_named() {
    let schema = "optional int64 a; optional int64 __index_level_0__;";
    let bytes = file(
        schema,
        Compression::SNAPPY,
        &[&|group| {
            column::<Int64Type>(group, &some(&[1, 2]));
            column::<Int64Type>(group, &some(&[10, 20]));
        }],
    );
    assert_eq!(table(bytes.clone(), &[]).facts.shape, Shape::of(&[1]));
    let named = [("features", strs(&["__index_level_0__"]))];
    assert_eq!(floats(&table(bytes, &named)), [10., 20.]);
}

#[test]
fn new_rows_are_read_from_parquet_and_from_text() {
    let samples = table(small(), &[("target", text("y"))]);
    assert_eq!(samples.facts.target, Target::Classes(vec!["no".into(), "yes".into()]));
    let mut files = MemFiles::default();
    let schema = "optional binary b (UTF8); optional int64 other; optional double a;";
    files.put(
        "new.parquet",
        file(
            schema,
            Compression::SNAPPY,
            &[&|group| {
                column::<ByteArrayType>(group, &texts(&["y", "z", "null"]));
                column::<Int64Type>(group, &some(&[0, 0, 0]));
                column::<DoubleType>(group, &[Some(2.5), Some(1.0), Some(0.0)]);
            }],
        ),
    );
    files.put("new.csv", "b,a\ny,2.5\nz,TRUE\n,false\n");
    let format = dlm_vocab::data::Format { header: true, separator: ',', skip: 0 };
    let columns: &[Column] = &samples.facts.columns;
    let expected = [2.5, 0., 1., 0., 1., 0., 0., 0., 0., 0., 0., 1.];
    assert_eq!(inputs::parquet(&files, "new.parquet", columns).unwrap(), expected);
    assert_eq!(inputs::table(&files, "new.csv", &format, columns).unwrap(), expected);
    files.put(
        "less.parquet",
        file(
            "optional int32 c;",
            Compression::SNAPPY,
            &[&|group| {
                column::<Int32Type>(group, &some(&[1]));
            }],
        ),
    );
    let error = inputs::parquet(&files, "less.parquet", columns).unwrap_err();
    assert_eq!(error.to_string(), "there is no column `a`");
    files.put(
        "text.parquet",
        file(
            "optional binary a (UTF8); optional int32 b;",
            Compression::SNAPPY,
            &[&|group| {
                column::<ByteArrayType>(group, &texts(&["many"]));
                column::<Int32Type>(group, &some(&[1]));
            }],
        ),
    );
    let error = inputs::parquet(&files, "text.parquet", columns).unwrap_err();
    assert_eq!(error.to_string(), "row 1 has `many` in column `a`, which is a column of numbers");
}

#[test]
fn what_no_table_is_is_refused() {
    let y = [("target", text("y"))];
    let small = small();
    let message = |bytes: &[u8]| refused(bytes.to_vec(), &y);
    let cut = "the file is cut short: a Parquet file ends with `PAR1`";
    for len in [4, 11, small.len() / 2, small.len() - 1] {
        assert_eq!(message(&small[..len]).0, cut);
    }
    assert_eq!(message(b"").0, "it is not a Parquet file but empty");
    let (why, help) = message(b"a,y\n1,2\n3,4\n");
    assert_eq!(why, "it is not a Parquet file but text");
    assert_eq!(help, "read a table of text with `csv`");
    assert_eq!(message(b"PARE....PARE....").0, "the file is encrypted");
    assert!(
        message(b"PAR1\x00\x00\x00\x00\x01\x00\x00\x00PAR1").0.starts_with("the file is damaged (")
    );
    let none = file("optional int32 a; optional int32 y;", Compression::SNAPPY, &[]);
    assert_eq!(message(&none).0, "the file has no rows");
    let wrong = [("target", text("z"))];
    assert_eq!(refused(small.clone(), &wrong).0, "there is no column `z`");
    assert_eq!(refused(small.clone(), &[("features", strs(&["bb"]))]).1, "did you mean `\"b\"`?");
    let (_, help) = refused(small.clone(), &[("target", text("income"))]);
    assert_eq!(help, "the columns are `a`, `b`, `y`");
    let (why, help) = refused(small, &[("target", text("b"))]);
    assert_eq!(why, "row 3 has no value in the target column `b`");
    assert_eq!(help, "remove the rows without a target");
    let empty = file(
        "optional int32 a; optional int32 y;",
        Compression::SNAPPY,
        &[&|group| {
            column::<Int32Type>(group, &[None, None]);
            column::<Int32Type>(group, &some(&[1, 2]));
        }],
    );
    assert_eq!(refused(empty, &y).0, "column `a` has no values");
    let infinite = file(
        "optional double a;",
        Compression::SNAPPY,
        &[&|group| {
            column::<DoubleType>(group, &some(&[1.0, f64::INFINITY]));
        }],
    );
    let mut files = MemFiles::default();
    files.put("t", infinite);
    let args = crate::args("parquet", &[("file", text("t"))], &[]);
    let source = dlm_vocab::data::find("parquet").unwrap();
    let why = (source.load)(&args, &files, 0).unwrap_err().to_string();
    assert_eq!(why, "row 2 has `inf` in column `a`, which is a column of numbers");
}

#[test]
fn columns_that_are_neither_numbers_nor_texts_are_named() {
    let bytes = file(
        "optional fixed_len_byte_array(2) id; optional binary raw; required int32 a;",
        Compression::SNAPPY,
        &[&|group| {
            let id = FixedLenByteArray::from(ByteArray::from(vec![1, 2]));
            column::<FixedLenByteArrayType>(group, &some(&[id]));
            column::<ByteArrayType>(group, &some(&[ByteArray::from(vec![255])]));
            column::<Int32Type>(group, &some(&[1]));
        }],
    );
    let (why, help) = refused(bytes.clone(), &[]);
    assert_eq!(why, "column `id` holds bytes, which is neither number nor text");
    assert_eq!(help, "list the columns to read in `features`, without `id`");
    let (why, _) = refused(bytes.clone(), &[("features", strs(&["raw"]))]);
    assert_eq!(why, "row 1 has bytes in column `raw` that are no text");
    assert_eq!(floats(&table(bytes, &[("features", strs(&["a"]))])), [1.]);
    let leaf = |name: &str, how| {
        Type::primitive_type_builder(name, Stored::INT32).with_repetition(how).build().unwrap()
    };
    let inner = Type::group_type_builder("pair")
        .with_repetition(Repetition::OPTIONAL)
        .with_fields(vec![Arc::new(leaf("x", Repetition::REQUIRED))])
        .build()
        .unwrap();
    let fields = vec![Arc::new(inner), Arc::new(leaf("list", Repetition::REPEATED))];
    let nested = Type::group_type_builder("table").with_fields(fields).build().unwrap();
    let bytes = write(
        Arc::new(nested),
        Compression::SNAPPY,
        &[&|group| {
            column::<Int32Type>(group, &some(&[1]));
            let mut writer = group.next_column().unwrap().unwrap();
            writer.typed::<Int32Type>().write_batch(&[5], Some(&[1]), Some(&[0])).unwrap();
            writer.close().unwrap();
        }],
    );
    let why = |names: &[&str]| refused(bytes.clone(), &[("features", strs(names))]).0;
    assert_eq!(why(&["pair"]), "column `pair` is nested, which is neither number nor text");
    assert_eq!(why(&["list"]), "column `list` holds lists, which is neither number nor text");
}
