//! Data in memory: parts, normalisation, batches.

use super::*;
use dlm_base::files::MemFiles;
use dlm_base::{FileId, Shape, Span};
use dlm_check::program::{AugmentUse, Normalize};
use dlm_vocab::data::find;
use dlm_vocab::{Arg, Args, Default as D, augment};
use std::fmt::Write;

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn source(name: &str, given: &[(&'static str, Arg)]) -> SourceUse {
    let source = find(name).unwrap();
    let mut args = Args::default();
    for param in source.word.params {
        let value = match (given.iter().find(|(name, _)| *name == param.name), param.default) {
            (Some((_, value)), _) => value.clone(),
            (None, D::Int(v)) => Arg::Int(v),
            (None, D::Bool(v)) => Arg::Bool(v),
            (None, D::Str(v)) => Arg::Str(v.to_string()),
            (None, D::Name("word")) => Arg::Call("word".to_string(), vec![4000.0]),
            (None, D::Name(v)) => Arg::Name(v.to_string()),
            (None, _) => continue,
        };
        args.set(param.name, value);
    }
    SourceUse { source, args, span: span() }
}

fn text(value: &str) -> Arg {
    Arg::Str(value.to_string())
}

/// A declaration with the facts and counts that the checker would find.
fn dataset(train: SourceUse, valid: Part, test: Part, files: &dyn Files) -> Dataset {
    let read = |used: &SourceUse| (used.source.facts)(&used.args, files).unwrap();
    let own = |part: &Part| match part {
        Part::Own(used) => Some(read(used)),
        _ => None,
    };
    let others: Vec<Facts> = [own(&test), own(&valid)].into_iter().flatten().collect();
    let facts = whole(&read(&train), &others.iter().collect::<Vec<_>>());
    let normalize = match facts.kind {
        _ if !facts.inputs.is_empty() => Normalize::Each,
        dlm_vocab::data::InputKind::Table => Normalize::Standard,
        _ => Normalize::None,
    };
    Dataset {
        name: "Data".to_string(),
        span: span(),
        train,
        valid,
        test,
        seed: 0,
        stratify: matches!(facts.target, Target::Classes(_)),
        normalize,
        augment: Vec::new(),
        limit: None,
        facts,
        vocabulary: Default::default(),
        tokens: Default::default(),
        counts: [0; 3],
    }
}

fn builtin(name: &str) -> Dataset {
    let train = source("builtin", &[("name", text(name))]);
    dataset(train, Part::Share(0.1), Part::Share(0.2), &MemFiles::default())
}

fn load(dataset: &Dataset) -> Loaded {
    Loaded::load(dataset, &MemFiles::default()).unwrap()
}

fn augmented(mut dataset: Dataset, list: &[(&str, &'static str, Arg)]) -> Dataset {
    for (name, param, value) in list {
        let mut args = Args::default();
        args.set(param, value.clone());
        dataset.augment.push(AugmentUse { word: augment::find(name).unwrap(), args });
    }
    dataset
}

fn filled(data: &Loaded, split: Split) -> Vec<f32> {
    let mut input = vec![f32::NAN; data.len(split) * data.facts.shape.len()];
    data.fill(split, 0..data.len(split), &mut input);
    input
}

/// A table of `n` rows with a gap in every seventh row, a text column and a value to predict.
fn table(n: usize) -> String {
    let mut text = "a,b,kind,y\n".to_string();
    for i in 0..n {
        let a = if i % 7 == 3 { String::new() } else { format!("{}", (i * 37 % 101) as f64 / 4.0) };
        let kind = ["red", "green", "blue"][i * 5 % 3];
        writeln!(text, "{a},1.5,{kind},{}", 1000 + i * 53 % 97).unwrap();
    }
    text
}

fn table_of(path: &str) -> SourceUse {
    source("csv", &[("file", text(path)), ("target", text("y")), ("regression", Arg::Bool(true))])
}

#[test]
fn digits_are_between_0_and_1_and_stratified() {
    let data = load(&builtin("digits"));
    assert_eq!([Split::Train, Split::Valid, Split::Test].map(|s| data.len(s)), [1294, 144, 359]);
    let train = filled(&data, Split::Train);
    assert!(train.iter().all(|x| (0.0..=1.0).contains(x)) && train.contains(&1.0));
    for split in [Split::Train, Split::Valid, Split::Test] {
        for class in 0..10 {
            let count = data.classes(split).iter().filter(|&&c| c == class).count();
            let share = count as f64 / data.len(split) as f64;
            assert!((0.08..0.12).contains(&share), "{split:?} {class}: {share}");
        }
    }
}

#[test]
fn normalisation_is_measured_on_the_training_part_alone() {
    let mut files = MemFiles::default();
    files.put("t.csv", table(500));
    let data = dataset(table_of("t.csv"), Part::Share(0.1), Part::Count(100), &files);
    let data = Loaded::load(&data, &files).unwrap();
    assert_eq!(data.facts.features(), ["a", "b", "kind = blue", "kind = green", "kind = red"]);
    let (train, test) = (filled(&data, Split::Train), filled(&data, Split::Test));
    let lane = |x: &[f32], i: usize| x.iter().skip(i).step_by(5).copied().collect::<Vec<f32>>();
    let mean = |x: &[f32]| x.iter().map(|&x| f64::from(x)).sum::<f64>() / x.len() as f64;
    let a = lane(&train, 0);
    assert!(mean(&a).abs() < 1e-5 && mean(&lane(&test, 0)).abs() > 1e-3);
    let known: Vec<f32> = a.iter().copied().filter(|x| x.abs() > 1e-6).collect();
    let square = mean(&known.iter().map(|x| x * x).collect::<Vec<_>>());
    assert!((square - 1.0).abs() < 1e-5, "{square}");
    let gaps = a.len() - known.len();
    assert!((40..65).contains(&gaps), "{gaps} gaps are the mean");
    assert!(lane(&train, 1).iter().all(|&x| x == 0.0), "a constant feature");
    assert!((2..5).all(|i| lane(&train, i).iter().all(|&x| x == 0.0 || x == 1.0)), "one-hot");
    let mut values = vec![0.0; data.len(Split::Train)];
    let places: Vec<u32> = (0..values.len() as u32).collect();
    data.fill_train_targets(&places, None, TargetMut::Floats(&mut values));
    assert!(mean(&values).abs() < 1e-4);
    data.undo_targets(&mut values);
    let same = values.iter().zip(data.values(Split::Train)).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(same, "values return to their unit");
}

#[test]
fn new_inputs_become_the_numbers_that_training_saw() {
    let mut files = MemFiles::default();
    files.put("t.csv", table(300));
    let data = dataset(table_of("t.csv"), Part::Share(0.1), Part::Own(table_of("t.csv")), &files);
    let data = Loaded::load(&data, &files).unwrap();
    let json = serde_json::to_string(&data.preprocess).unwrap();
    let preprocess: Preprocess = serde_json::from_str(&json).unwrap();
    assert_eq!(preprocess, data.preprocess);
    let read = inputs_from_file("t.csv", &preprocess, &files).unwrap();
    assert_eq!(read, filled(&data, Split::Test));
    files.put("n.csv", "kind,extra,b,a\nviolet,1,1.5,\n");
    let new = inputs_from_file("n.csv", &preprocess, &files).unwrap();
    assert_eq!(new, [0.0, 0.0, 0.0, 0.0, 0.0]);
    files.put("m.csv", "kind,a\nred,1\n");
    let error = inputs_from_file("m.csv", &preprocess, &files).unwrap_err();
    assert_eq!(error.message, "`m.csv`: there is no column `b`");
    files.put("w.csv", "a,b,kind\n1,x,red\n");
    let error = inputs_from_file("w.csv", &preprocess, &files).unwrap_err();
    assert_eq!(
        error.message,
        "`w.csv`: line 2 has `x` in column `b`, which is a column of numbers"
    );
}

#[test]
fn images_are_given_as_files_or_arrays() {
    let data = load(&builtin("digits"));
    let mut files = MemFiles::default();
    let header = |descr: &str, shape: &str, bytes: &[u8]| {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}\n");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((text.len() as u16).to_le_bytes());
        [file, text.into_bytes(), bytes.to_vec()].concat()
    };
    files.put("one.npy", header("|u1", "(8, 8)", &[8; 64]));
    files.put("two.npy", header("|u1", "(2, 1, 8, 8)", &[16; 128]));
    let floats: Vec<u8> = [0.25f32; 64].iter().flat_map(|x| x.to_le_bytes()).collect();
    files.put("float.npy", header("<f4", "(1, 8, 8)", &floats));
    files.put("bad.npy", header("|u1", "(9, 9)", &[8; 81]));
    let read = |path: &str| inputs_from_file(path, &data.preprocess, &files);
    assert_eq!(read("one.npy").unwrap(), [0.5; 64]);
    assert_eq!(read("two.npy").unwrap(), [1.0; 128]);
    assert_eq!(read("float.npy").unwrap(), [0.25; 64]);
    let message = read("bad.npy").unwrap_err().message;
    let expected =
        "`bad.npy`: an array of the shape [9, 9] does not hold samples of the shape [1, 8, 8]";
    assert_eq!(message, expected);
    assert_eq!(
        read("gone.csv").unwrap_err().message,
        "`gone.csv` is a table; the model was not trained on one"
    );
}

#[test]
fn batches_are_the_same_with_any_number_of_threads() {
    let list = [
        ("shift", "n", Arg::Int(2)),
        ("rotate", "degrees", Arg::Real(20.0)),
        ("noise", "std", Arg::Real(0.1)),
        ("mixup", "alpha", Arg::Real(0.4)),
    ];
    let mut declared = augmented(builtin("digits"), &list);
    declared.normalize = Normalize::Standard;
    let batch = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let data = load(&declared);
            let order = data.order(7, 2);
            let (mut input, mut target) = (vec![0.0; 512 * 64], vec![0.0; 512 * 10]);
            let mixing = data.fill_train(&order[..512], 11, &mut input);
            data.fill_train_targets(&order[..512], mixing, TargetMut::Floats(&mut target));
            (input, target)
        })
    };
    let (input, target) = batch(1);
    assert!((input.clone(), target.clone()) == batch(3), "other bits with three threads");
    assert!(target.chunks(10).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-6));
    assert!(target.iter().any(|&x| x > 0.0 && x < 1.0));
}

#[test]
fn a_sample_is_augmented_alike_wherever_it_stands() {
    let list = [("shift", "n", Arg::Int(2)), ("noise", "std", Arg::Real(0.1))];
    let data = load(&augmented(builtin("digits"), &list));
    let batch = |places: &[u32], key| {
        let mut input = vec![0.0; places.len() * 64];
        assert_eq!(data.fill_train(places, key, &mut input), None);
        input
    };
    assert_eq!(batch(&[5, 9, 20], 1)[64..128], batch(&[9], 1));
    assert_ne!(batch(&[9], 1), batch(&[9], 2));
}

#[test]
fn images_are_augmented_before_they_are_normalised() {
    let cut = [("cutout", "n", Arg::Int(16))];
    let mut declared = augmented(builtin("digits"), &cut);
    declared.normalize = Normalize::Given { mean: vec![0.5], std: vec![0.25] };
    let data = load(&declared);
    let mut input = vec![0.0; 64];
    // A square twice as large as the image blots out the whole of it: black, whatever 0 is.
    let blank = (0..20).any(|key| {
        data.fill_train(&[0], key, &mut input);
        input == [-2.0; 64]
    });
    assert!(blank, "{input:?}");
}

#[test]
fn the_order_depends_on_seed_and_epoch() {
    let data = load(&builtin("iris"));
    assert_eq!(data.order(1, 1), data.order(1, 1));
    assert_ne!(data.order(1, 1), data.order(1, 2));
    assert_ne!(data.order(1, 1), data.order(2, 1));
    let mut order = data.order(1, 1);
    order.sort_unstable();
    assert_eq!(order, (0..data.len(Split::Train) as u32).collect::<Vec<_>>());
}

#[test]
fn minmax_puts_the_training_part_between_0_and_1() {
    let mut declared = builtin("iris");
    declared.normalize = Normalize::MinMax;
    let train = filled(&load(&declared), Split::Train);
    for feature in 0..4 {
        let lane = train.iter().skip(feature).step_by(4);
        let (min, max) = lane.fold((f32::MAX, f32::MIN), |(a, b), &x| (a.min(x), b.max(x)));
        assert_eq!((min, max), (0.0, 1.0));
    }
}

#[test]
fn channels_are_normalised_each_by_itself() {
    let mut files = MemFiles::default();
    let mut idx = vec![0, 0, 8, 4];
    [3u32, 2, 1, 4].iter().for_each(|size| idx.extend(size.to_be_bytes()));
    idx.extend((0..24).map(|i| if i / 4 % 2 == 0 { i as u8 } else { 200 + i as u8 / 6 }));
    files.put("x", idx);
    let mut declared =
        dataset(source("idx", &[("images", text("x"))]), Part::Count(0), Part::Count(0), &files);
    declared.normalize = Normalize::Standard;
    let data = Loaded::load(&declared, &files).unwrap();
    assert!(!data.labelled(Split::Train));
    assert_eq!(data.facts.shape, Shape::of(&[2, 1, 4]));
    let train = filled(&data, Split::Train);
    for channel in 0..2 {
        let lane: Vec<f64> = train.iter().skip(channel).step_by(2).map(|&x| f64::from(x)).collect();
        let mean = lane.iter().sum::<f64>() / 12.0;
        let square = lane.iter().map(|x| x * x).sum::<f64>() / 12.0;
        assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-5, "{channel}: {mean}, {square}");
    }
}

#[test]
fn each_of_several_inputs_is_normalised_as_it_would_be_alone() {
    let mut files = MemFiles::default();
    files.put("t.csv", "a,b,kind,n\n1,10,x,7\n3,,y,7\n5,30,x,9\n");
    let list = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let groups = Arg::Groups(vec![list(&["b", "kind"]), list(&["a"]), list(&["n"])]);
    let used = source("csv", &[("file", text("t.csv")), ("features", groups)]);
    let mut declared = dataset(used, Part::Count(0), Part::Count(0), &files);
    declared.tokens.insert(2);
    let data = Loaded::load(&declared, &files).unwrap();
    let row = |at: usize| filled(&data, Split::Train)[at * 5..][..5].to_vec();
    let unit = 1.5f32.sqrt();
    let near = |row: &[f32], expected: [f32; 5]| {
        assert!(row.iter().zip(expected).all(|(x, e)| (x - e).abs() < 1e-5), "{row:?}");
    };
    near(&row(0), [-1.0, 1.0, 0.0, -unit, 7.0]);
    near(&row(1), [0.0, 0.0, 1.0, 0.0, 7.0]);
    near(&row(2), [1.0, 1.0, 0.0, unit, 9.0]);
    declared.vocabulary.insert(2, 9);
    let error = Loaded::load(&declared, &files).unwrap_err();
    let expected = "`Data`: sample 2 has the token 9, and the network knows those from 0 to 8";
    assert_eq!(error.message, expected);
}

#[test]
fn a_text_is_split_in_its_order_and_lines_are_read_as_in_training() {
    let mut files = MemFiles::default();
    files.put("t.txt", "abcdefghijklmnopqrstu");
    let used = source("text", &[("file", text("t.txt")), ("context", Arg::Int(2))]);
    let declared = dataset(used, Part::Share(0.2), Part::Count(3), &files);
    let data = Loaded::load(&declared, &files).unwrap();
    assert_eq!(filled(&data, Split::Train), (0..12).map(|i| i as f32).collect::<Vec<_>>());
    assert_eq!(filled(&data, Split::Valid), [12.0, 13.0]);
    assert_eq!(data.classes(Split::Test), [15, 16, 17, 18, 19, 20]);
    files.put("a.txt", "good film\t1\nbad film\t0\n");
    files.put("b.txt", "a strange film\t1\nbad\t0\n");
    let lines = |name: &str| {
        source("lines", &[("file", text(name)), ("target", Arg::Int(1)), ("length", Arg::Int(2))])
    };
    let declared = dataset(lines("a.txt"), Part::Count(0), Part::Own(lines("b.txt")), &files);
    let data = Loaded::load(&declared, &files).unwrap();
    assert_eq!(filled(&data, Split::Train), [4.0, 2.0, 3.0, 2.0]);
    assert_eq!(filled(&data, Split::Test), [1.0, 1.0, 3.0, 0.0]);
    let read = |input: &str| inputs_from_file(input, &data.preprocess, &files);
    assert_eq!(read("a Good film").unwrap(), [1.0, 4.0]);
    files.put("new.txt", "bad film\n\ngood\n");
    let read = |input: &str| inputs_from_file(input, &data.preprocess, &files);
    assert_eq!(read("new.txt").unwrap(), [3.0, 2.0, 4.0, 0.0]);
    assert_eq!(read("gone.txt").unwrap_err().message, "`gone.txt`: there is no such file");
}

#[test]
fn an_unlabelled_training_part_learns_its_classes_from_the_test_part() {
    let mut files = MemFiles::default();
    files.put("t.csv", "a,y\n1,no\n2,yes\n3,no\n");
    let labelled = source("csv", &[("file", text("t.csv")), ("target", text("y"))]);
    let columns = Arg::Strs(vec!["a".to_string()]);
    let bare = source("csv", &[("file", text("t.csv")), ("features", columns)]);
    let declared = dataset(bare, Part::Count(1), Part::Own(labelled), &files);
    let data = Loaded::load(&declared, &files).unwrap();
    assert!(!data.labelled(Split::Train) && data.labelled(Split::Test));
    assert_eq!(data.facts.target, Target::Classes(vec!["no".into(), "yes".into()]));
    assert_eq!(data.classes(Split::Test), [0, 1, 0]);
}

#[test]
fn files_that_changed_after_the_check_are_told() {
    let mut files = MemFiles::default();
    files.put("t.csv", table(60));
    let declared = dataset(table_of("t.csv"), Part::Share(0.1), Part::Share(0.2), &files);
    files.put("t.csv", table(60).replace(",green,", ",purple,").replacen("purple", "green", 1));
    let message = Loaded::load(&declared, &files).unwrap_err().message;
    assert_eq!(message, "a sample of `Data` has the shape [6], and had [5] when it was checked");
    files.put("t.csv", "a,b,kind,y\n1,1.5,red,3\n2,1.5,green,3\n3,1,blue,4\n");
    let message = Loaded::load(&declared, &files).unwrap_err().message;
    assert_eq!(message, "`Data`: 10% of 2 samples is none");
    files.0.clear();
    let error = Loaded::load(&declared, &files).unwrap_err();
    assert_eq!(error.message, "`Data`: `t.csv`: there is no such file");
}

#[test]
#[ignore = "a measurement"]
fn batches_cost_little_beside_training() {
    let data = load(&builtin("digits"));
    let cases = [("digits", data, 64)];
    for (name, data, size) in &cases {
        let (mut input, mut target) = (vec![0.0; 32 * size], vec![0; 32]);
        let began = std::time::Instant::now();
        let mut samples = 0;
        for epoch in 0..200 {
            for batch in data.order(1, epoch).chunks(32) {
                data.fill_train(batch, 1, &mut input[..batch.len() * size]);
                let target = TargetMut::Classes(&mut target);
                data.fill_train_targets(batch, None, target);
                samples += batch.len();
            }
        }
        let rate = samples as f64 / began.elapsed().as_secs_f64();
        println!("{name}: {:.1} million samples a second", rate / 1e6);
    }
}
