//! Closed teachers: what they answer, and files that are no teachers.

use crate::{difference, file, floats, shared};
use dlm_learn::teacher::closed::{Batch, Closed, Ending};
use flate2::read::GzDecoder;
use prost::encoding::encode_varint;
use std::io::Read;
use std::path::Path;

#[test]
fn files_of_both_exporters_answer_as_pytorch_does() {
    let x = floats(&file("x.npy"));
    let free = Batch::Free;
    for (name, batch, ending) in [
        ("cnn-script-17", free, Ending::Logits),
        ("cnn-dynamo-18", free, Ending::Logits),
        ("cnn-one", Batch::Fixed(1), Ending::Logits),
        ("cnn-two", Batch::Fixed(2), Ending::Logits),
        ("mlp-script-18", free, Ending::Probabilities),
        ("depthwise-script-17", free, Ending::LogProbabilities),
        ("depthwise-dynamo-21", free, Ending::LogProbabilities),
    ] {
        let mut model = Closed::open(&file(&format!("{name}.onnx"))).expect(name);
        assert_eq!(model.input().shape, [1, 8, 8], "{name}");
        assert_eq!(model.input().batch, batch, "{name}");
        assert_eq!(model.ending(), ending, "{name}");
        assert_eq!(model.classes(), Some(3), "{name}");
        let expected = floats(&file(&format!("{}.npy", name.split('-').next().expect("a name"))));
        let answers = model.answer(3, &x).expect(name);
        assert!(difference(&answers, &expected) < 1e-6, "{name}: {answers:?} not {expected:?}");
    }
}

#[test]
fn answers_are_the_same_bits_with_any_number_of_threads_and_in_any_batch() {
    let one = floats(&file("x.npy"));
    let x: Vec<f32> = one.iter().cycle().take(40 * 64).enumerate().map(shift).collect();
    for name in ["cnn-one.onnx", "cnn-script-17.onnx", "mlp-script-18.onnx"] {
        let answers = |threads: usize, batch: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("pool");
            let mut model = Closed::open(&file(name)).expect(name);
            let of = |x: &[f32]| bits(&model.answer(x.len() / 64, x).expect(name));
            pool.install(|| x.chunks(batch * 64).flat_map(of).collect::<Vec<u32>>())
        };
        let expected = answers(1, 40);
        assert_eq!(expected.len(), 40 * 3);
        for (threads, batch) in [(2, 40), (3, 40), (7, 40), (2, 16), (2, 19)] {
            assert_eq!(answers(threads, batch), expected, "{name}: {threads} threads, {batch}");
        }
    }
}

fn shift((i, x): (usize, &f32)) -> f32 {
    x + i as f32 / 4096.0
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn the_mnist_model_of_cntk_is_right_about_985_in_1000() {
    let (Some(model), Some(data)) = (shared("models/mnist-cntk"), shared("mnist-small")) else {
        return;
    };
    let read = |path: &Path| std::fs::read(path).expect("a readable file");
    let mut model = Closed::open(&read(&model.join("model.onnx"))).expect("a model");
    assert_eq!((&model.input().shape[..], model.classes()), (&[1, 28, 28][..], Some(10)));
    assert_eq!((model.input().batch, model.ending()), (Batch::Fixed(1), Ending::Logits));
    let idx = |name: &str, header: usize| {
        let mut bytes = Vec::new();
        let packed = read(&data.join(name));
        GzDecoder::new(&packed[..]).read_to_end(&mut bytes).expect("gzip");
        bytes.split_off(header)
    };
    let (images, labels) =
        (idx("val-images-idx3-ubyte.gz", 16), idx("val-labels-idx1-ubyte.gz", 8));
    let pixels: Vec<f32> = images.iter().map(|&byte| f32::from(byte)).collect();
    let answers = model.answer(labels.len(), &pixels).expect("answers");
    let best = |row: &[f32]| (0..10).max_by(|&a, &b| row[a].total_cmp(&row[b]));
    let right = answers
        .chunks(10)
        .zip(&labels)
        .filter(|(row, label)| best(row) == Some(usize::from(**label)));
    let share = right.count() as f64 / labels.len() as f64;
    assert_eq!(labels.len(), 2000);
    assert!(share >= 0.985, "{share}");
}

#[test]
fn the_shape_of_a_sample_is_checked() {
    let open = |shape: &[usize]| Closed::open_for(&file("cnn-one.onnx"), Some(shape));
    assert!(open(&[1, 8, 8]).is_ok());
    let error = open(&[3, 8, 8]).unwrap_err();
    assert_eq!(error, "its input `x` takes samples of the shape [1, 8, 8], not [3, 8, 8]");
    // A model of points, whose file leaves the number of features open.
    let open = model(&[node("Relu", &["x"], "y", &[])], &[], &["batch", "features"]);
    let error = Closed::open(&open).unwrap_err();
    assert_eq!(error, "its input `x` is [?] for one sample: sizes are open");
    let mut closed = Closed::open_for(&open, Some(&[2])).expect("a model");
    assert_eq!(closed.answer(2, &[1.0, -1.0, 2.0, -2.0]), Ok(vec![1.0, 0.0, 2.0, 0.0]));
}

#[test]
fn operators_that_cannot_be_run_are_named() {
    let of = |op: &str| {
        let bytes = model(&[node(op, &["x"], "y", &[])], &[], &["batch", "4"]);
        Closed::open(&bytes).unwrap_err()
    };
    assert!(of("Frobnicate").contains("Frobnicate operator not supported"), "{}", of("Frobnicate"));
    // Random numbers would give other answers each time.
    assert!(of("RandomNormalLike").contains("RandomNormalLike"), "{}", of("RandomNormalLike"));
    assert_eq!(of("Scan"), "the operator `Scan` cannot be run");
    let error = Closed::open(&file("loop.onnx")).unwrap_err();
    assert_eq!(error, "the operator `Loop` cannot be run");
}

#[test]
fn cut_files_and_garbage_are_refused() {
    let whole = file("cnn-script-17.onnx");
    for len in 0..whole.len() {
        assert!(Closed::open(&whole[..len]).is_err(), "{len} bytes of {}", whole.len());
    }
    let cut = Closed::open(&whole[..1000]).unwrap_err();
    assert!(cut.starts_with("it is not an ONNX model, or the file is cut short"), "{cut}");
    for garbage in [&b""[..], b"hello", b"PK\x03\x04zip", &[0xff; 4096], &[0; 4096], b"RTEN1234"] {
        let error = Closed::open(garbage).unwrap_err();
        assert!(error.starts_with("it is not an ONNX model"), "{error}");
    }
    // Single damaged bytes: an error or a model, never a crash.
    for name in ["cnn-script-17.onnx", "depthwise-script-17.onnx"] {
        let whole = file(name);
        let mut damaged = whole.clone();
        for (at, &byte) in whole.iter().enumerate() {
            for mask in [0x01, 0x80] {
                damaged[at] = byte ^ mask;
                if let Ok(mut model) = Closed::open(&damaged) {
                    let size = model.input().shape.iter().product();
                    let _ = model.answer(1, &vec![0.5; size]);
                }
            }
            damaged[at] = byte;
        }
    }
}

#[test]
fn sizes_that_the_file_cannot_back_are_refused() {
    let dims = ["batch", "4"];
    let refused = |nodes: &[Vec<u8>], weights: &[Vec<u8>]| {
        Closed::open(&model(nodes, weights, &dims)).unwrap_err()
    };
    // 2 GiB in a weight, of which the file has 4 bytes.
    let add = || node("Add", &["x", "w"], "y", &[]);
    let error = refused(&[add()], &[tensor("w", 1, &[1 << 15, 1 << 14], &[0; 4], None)]);
    assert_eq!(error, "`w` is [32768, 16384] and has 4 bytes of numbers");
    let error = refused(&[add()], &[tensor("w", 1, &[1 << 40, 1 << 40], &[], None)]);
    assert!(error.ends_with("and has 0 bytes of numbers"), "{error}");
    let error = refused(&[add()], &[tensor("w", 1, &[-1], &[], None)]);
    assert_eq!(error, "`w` has a negative size");
    // 2 GiB made by an operator, and by others.
    let sizes = |sizes: &[i64]| {
        let raw: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
        vec![tensor("w", 7, &[sizes.len() as i64], &raw, None)]
    };
    for (op, inputs, of) in [
        ("ConstantOfShape", &["w"][..], &[1 << 15, 1 << 14][..]),
        ("Expand", &["x", "w"], &[1 << 20, 1 << 20]),
        ("Tile", &["x", "w"], &[1 << 30, 1 << 30]),
        ("Pad", &["x", "w"], &[0, 0, 0, 1 << 40]),
        ("Resize", &["x", "", "", "w"], &[1 << 20, 1 << 20]),
    ] {
        let error = refused(&[node(op, inputs, "y", &[])], &sizes(of));
        assert!(error.contains(&format!("`{op}` asks for the sizes")), "{error}");
    }
    let error = refused(&[node("MaxPool", &["x"], "y", &[("pads", 1 << 40)])], &[]);
    assert_eq!(error, "the operator `MaxPool` has pads = 1099511627776");
    let bytes = model(&[node("Relu", &["x"], "y", &[])], &[], &["batch", "1099511627776"]);
    let error = Closed::open(&bytes).unwrap_err();
    assert!(error.ends_with("which is too large"), "{error}");
    // Bodies within bodies within bodies.
    let mut body = node("Relu", &["x"], "y", &[]);
    for _ in 0..5000 {
        let graph = field(6, &field(1, &body));
        body = [field(4, b"If"), field(5, &graph)].concat();
    }
    assert!(refused(&[body], &[]).contains("recursion"));
}

#[test]
fn weights_in_another_file_are_named() {
    let add = node("Add", &["x", "w"], "y", &[]);
    let weight = tensor("w", 1, &[4], &[], Some("big.data"));
    let error = Closed::open(&model(&[add], &[weight], &["batch", "4"])).unwrap_err();
    assert!(error.starts_with("the numbers of `w` lie in `big.data`; export the"), "{error}");
}

#[test]
fn models_of_other_forms_are_refused() {
    let relu = |from: &str, to: &str| node("Relu", &[from], to, &[]);
    let of = |bytes: Vec<u8>| Closed::open(&bytes).unwrap_err();
    let value = |number: u32, name: &str| field(number, &info(name, 1, &["batch", "4"]));
    let opset = field(8, &varint(2, 17));
    let graph = |parts: &[Vec<u8>]| [field(7, &parts.concat()), opset.clone()].concat();
    let body = field(1, &relu("x", "y"));
    let two = graph(&[body.clone(), value(11, "x"), value(11, "z"), value(12, "y")]);
    assert_eq!(of(two), "it has 2 inputs (x, z); a teacher has one");
    let two = graph(&[body.clone(), value(11, "x"), value(12, "y"), value(12, "x")]);
    assert_eq!(of(two), "it has 2 results (y, x); a teacher has one");
    assert_eq!(of(graph(&[body.clone(), value(12, "y")])), "it has no input");
    let ints = field(11, &info("x", 7, &["batch", "4"]));
    let error = of(graph(&[body.clone(), ints, value(12, "y")]));
    assert_eq!(error, "its input `x` does not take floats");
    let classes = node("ArgMax", &["x"], "y", &[]);
    let error = of(model(&[classes], &[], &["batch", "4"]));
    assert_eq!(error, "its result is not of floats");
    let whole = node("ReduceMean", &["x"], "y", &[]);
    let mut mean = Closed::open(&model(&[whole], &[], &["1", "4"])).expect("a model of one sample");
    assert_eq!(mean.answer(2, &[1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 2.0]), Ok(vec![2.5, 0.5]));
    // The mean over a whole batch is no answer to each sample.
    let whole = node("ReduceMean", &["x"], "y", &[("keepdims", 0)]);
    let mut mean = Closed::open(&model(&[whole], &[], &["batch", "4"])).expect("one at a time");
    assert_eq!(mean.answer(2, &[1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 2.0]), Ok(vec![2.5, 0.5]));
}

#[test]
fn answers_that_are_not_finite_are_told() {
    let log = model(&[node("Log", &["x"], "y", &[])], &[], &["batch", "1"]);
    // The probe of zeros gives -inf, which is nobody's answer.
    let mut log = Closed::open(&log).expect("a model");
    assert_eq!(log.answer(2, &[1.0, 1.0]), Ok(vec![0.0, 0.0]));
    assert_eq!(log.answer(2, &[1.0, 0.0]), Err("its answer to sample 2 is -inf".to_string()));
}

/// A model of one input `x` and one result `y`, with these nodes and weights.
fn model(nodes: &[Vec<u8>], weights: &[Vec<u8>], dims: &[&str]) -> Vec<u8> {
    let mut graph = Vec::new();
    nodes.iter().for_each(|node| graph.extend(field(1, node)));
    weights.iter().for_each(|weight| graph.extend(field(5, weight)));
    graph.extend(field(11, &info("x", 1, dims)));
    graph.extend(field(12, &field(1, b"y")));
    [varint(1, 8), field(7, &graph), field(8, &varint(2, 17))].concat()
}

/// A node, with attributes of one whole number each as a list (`keepdims` as a number).
fn node(op: &str, inputs: &[&str], output: &str, attributes: &[(&str, u64)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    inputs.iter().for_each(|name| bytes.extend(field(1, name.as_bytes())));
    bytes.extend(field(2, output.as_bytes()));
    bytes.extend(field(4, op.as_bytes()));
    for (name, value) in attributes {
        let (tag, kind) = if *name == "keepdims" { (3, 2) } else { (8, 7) };
        let all = [field(1, name.as_bytes()), varint(tag, *value), varint(20, kind)].concat();
        bytes.extend(field(5, &all));
    }
    bytes
}

/// A tensor of these sizes with these bytes, or with its bytes in another file.
fn tensor(name: &str, kind: u64, dims: &[i64], raw: &[u8], file: Option<&str>) -> Vec<u8> {
    let mut bytes: Vec<u8> = dims.iter().flat_map(|&size| varint(1, size as u64)).collect();
    bytes.extend(varint(2, kind));
    bytes.extend(field(8, name.as_bytes()));
    match file {
        None => bytes.extend(field(9, raw)),
        Some(file) => {
            let entry = [field(1, b"location"), field(2, file.as_bytes())].concat();
            bytes.extend(field(13, &entry));
            bytes.extend(varint(14, 1));
        }
    }
    bytes
}

/// A value with its type; sizes that are not numbers are names.
fn info(name: &str, kind: u64, dims: &[&str]) -> Vec<u8> {
    let dim = |size: &&str| match size.parse() {
        Ok(size) => field(1, &varint(1, size)),
        Err(_) => field(1, &field(2, size.as_bytes())),
    };
    let shape: Vec<u8> = dims.iter().flat_map(dim).collect();
    let tensor = [varint(1, kind), field(2, &shape)].concat();
    [field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat()
}

/// A field of bytes in the wire format.
fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_varint(u64::from(number) << 3 | 2, &mut out);
    encode_varint(bytes.len() as u64, &mut out);
    out.extend(bytes);
    out
}

/// A field of a whole number in the wire format.
fn varint(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    encode_varint(u64::from(number) << 3, &mut out);
    encode_varint(value, &mut out);
    out
}
