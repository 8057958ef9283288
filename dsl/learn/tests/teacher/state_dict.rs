//! Weights from files of PyTorch: what they become, and files that hold none.

use crate::{difference, file, floats};
use dlm_base::files::NoFiles;
use dlm_check::lower::weights;
use dlm_check::program::Network;
use dlm_check::session::check_text;
use dlm_graph::{Clock, Plan, States, Workspace};
use dlm_learn::Weights;
use dlm_learn::compile::{TargetForm, answer_graph};
use dlm_learn::teacher::state_dict::{Fitted, read};
use std::io::{Cursor, Write};
use std::sync::Arc;

/// The network of `make.py`, its layers named alike.
const NAMED: &str = "
    -> conv(4, 3) as conv1 -> batch_norm as bn1 -> relu -> max_pool(2)
    -> conv(6, 3, bias = false) as conv2 -> batch_norm as bn2 -> relu -> max_pool(2)
    -> flatten -> dense(3) as fc";

fn network(steps: &str) -> Arc<Network> {
    let text = format!("model Cnn(image: [1, 8, 8]) -> [3] {{\n    image{steps}\n}}\n");
    let mut checked = check_text("main.dlm", &text, &NoFiles);
    assert_eq!(checked.program.networks.len(), 1, "{:?}", checked.diags);
    checked.program.networks.remove(0)
}

/// The same with the names that layers have by themselves.
fn unnamed() -> Arc<Network> {
    let names = ["conv1", "bn1", "conv2", "bn2", "fc"];
    let without = |steps: String, name: &&str| steps.replace(&format!(" as {name}"), "");
    network(&names.iter().fold(NAMED.to_string(), without))
}

/// The answers of the network to the images of `make.py`.
fn answers(network: &Network, weights: &Weights) -> Vec<f32> {
    let graphs = answer_graph(network, &[], TargetForm::None, false);
    let (prepare, plan) = (Plan::new(&graphs.prepare, 3), Plan::new(&graphs.answer, 3));
    let mut states = States::new([&prepare, &plan]);
    weights.put(&mut states, "");
    let mut work = Workspace::new([&prepare, &plan]);
    let (once, bound) = (prepare.bind(&states), plan.bind(&states));
    prepare.run(&mut work, &mut states, &once, Clock::default());
    plan.input_f32(&mut work, 0).copy_from_slice(&floats(&file("x.npy")));
    plan.run(&mut work, &mut states, &bound, Clock::default());
    plan.output_f32(&work, &states, 0).to_vec()
}

fn check(network: &Network, name: &str, tolerance: f32) -> Fitted {
    let (read, fitted) = read(network, &file(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let wrong = difference(&answers(network, &read), &floats(&file("cnn.npy")));
    assert!(wrong < tolerance, "{name}: wrong by {wrong}");
    let ours: Vec<String> = weights(network).into_iter().map(|w| w.name).collect();
    let taken: Vec<&String> = fitted.taken.iter().map(|(_, ours)| ours).collect();
    assert_eq!(taken, ours.iter().collect::<Vec<_>>(), "{name}");
    assert_eq!(fitted.left, [""; 0], "{name}");
    fitted
}

#[test]
fn state_dicts_answer_as_they_did_in_pytorch() {
    let network = network(NAMED);
    for (name, tolerance) in [
        ("cnn.pt", 1e-6),
        ("cnn.safetensors", 1e-6),
        ("checkpoint.pth", 1e-6),
        ("views.pt", 1e-6),
        // Of 8 and 11 bits of precision.
        ("mixed.pt", 2e-2),
        ("mixed.safetensors", 2e-2),
    ] {
        let fitted = check(&network, name, tolerance);
        assert_eq!(fitted.named, fitted.taken.len(), "{name}");
    }
}

#[test]
fn where_names_differ_order_and_shape_decide() {
    let network = unnamed();
    for name in ["cnn.pt", "checkpoint.pth", "views.pt", "cnn.safetensors"] {
        let fitted = check(&network, name, 1e-6);
        // `conv1` and `conv2` are so called in both by accident.
        assert_eq!(fitted.named, 3, "{name}");
        let theirs = &fitted.taken.last().expect("weights").0;
        assert!(theirs.ends_with("fc.bias"), "{name}: {theirs}");
    }
}

#[test]
fn what_is_not_there_is_named_with_shapes() {
    let wider =
        network(&NAMED.replace("dense(3) as fc", "dense(5) as fc -> relu -> dense(3) as head"));
    assert_eq!(
        read(&wider, &file("cnn.pt")).map(|_| ()),
        Err(
            "4 of 15 weights find nothing in the file: `fc.weight` [5, 24] (there it is [3, 24]), \
             `fc.bias` [5] (there it is [3]), `head.weight` [3, 5], …; \
             it has left `fc.weight` [3, 24], `fc.bias` [3]"
                .to_string()
        )
    );
    let shorter = network("-> conv(4, 3) as conv1 -> flatten -> dense(3) as other");
    let error = read(&shorter, &file("cnn.pt")).unwrap_err();
    assert!(
        error.starts_with("1 of 4 weights find nothing in the file: `other.weight`"),
        "{error}"
    );
    let part = network("-> conv(4, 3) as conv1 -> global_avg_pool -> dense(3, bias = false) as fc");
    let error = read(&part, &file("cnn.pt")).unwrap_err();
    assert!(error.contains("`fc.weight` [3, 4] (there it is [3, 24])"), "{error}");
}

#[test]
fn what_is_not_taken_is_told() {
    let part = network("-> conv(4, 3) as conv1 -> batch_norm as bn1");
    let (_, fitted) = read(&part, &file("cnn.pt")).expect("weights");
    let left = ["conv2.weight", "bn2.weight", "bn2.bias", "bn2.running_mean", "bn2.running_var"];
    assert_eq!(fitted.left[..5], left);
    assert_eq!(fitted.left[5..], ["fc.weight", "fc.bias"]);
}

#[test]
fn tensors_that_could_change_places_are_not_guessed() {
    let two = |first: &str, second: &str| {
        let steps = format!("-> flatten -> dense(64) as {first} -> dense(64) as {second}");
        let network = network(&steps);
        let weights = Weights(
            weights(&network).iter().map(|w| (w.name.clone(), vec![0.0; w.shape.len()])).collect(),
        );
        (network, weights)
    };
    let (network, weights) = two("down", "up");
    let stored: Vec<(String, Vec<f32>)> = weights.0.into_iter().collect();
    let file = |rename: &dyn Fn(&str) -> String| {
        let views: Vec<(String, Vec<u8>, Vec<usize>)> = stored
            .iter()
            .map(|(name, numbers)| {
                let shape = if numbers.len() == 64 { vec![64] } else { vec![64, 64] };
                (rename(name), numbers.iter().flat_map(|x| x.to_le_bytes()).collect(), shape)
            })
            .collect();
        let views = views.iter().map(|(name, bytes, shape)| {
            let dtype = safetensors::Dtype::F32;
            let view = safetensors::tensor::TensorView::new(dtype, shape.clone(), bytes);
            (name, view.expect("a tensor"))
        });
        safetensors::serialize(views, None).expect("a file")
    };
    // A safetensors file does not say which of two came first, but for their numbers.
    let letters = file(&|name| name.replace("down", "a").replace("up", "b"));
    let error = read(&network, &letters).unwrap_err();
    assert!(error.starts_with("4 of 4 weights find nothing in the file"), "{error}");
    let numbered = file(&|name| name.replace("down", "net.2").replace("up", "net.10"));
    let (_, fitted) = read(&network, &numbered).expect("weights");
    assert_eq!(fitted.taken[0], ("net.2.weight".to_string(), "down.weight".to_string()));
    assert_eq!(fitted.taken[2], ("net.10.weight".to_string(), "up.weight".to_string()));
}

#[test]
fn whole_models_and_old_files_are_refused() {
    let network = network(NAMED);
    let of = |name: &str| read(&network, &file(name)).unwrap_err();
    assert_eq!(
        of("module.pt"),
        "it holds `torch.nn.modules.linear.Linear`, and only tensors are read; \
         store `model.state_dict()` alone"
    );
    assert!(of("old.pt").starts_with("it is a pickle as PyTorch stored"), "{}", of("old.pt"));
    assert!(of("x.npy").starts_with("it is neither a safetensors file"), "{}", of("x.npy"));
    assert!(of("cnn-one.onnx").starts_with("it is neither a safetensors file"));
}

#[test]
fn pickles_run_nothing() {
    let network = network(NAMED);
    let of = |pickle: &[u8]| read(&network, &archive(pickle)).unwrap_err();
    // The classic: `os.system("true")`.
    let error = of(b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.");
    assert!(error.starts_with("it holds `posix.system`, and only tensors are read"), "{error}");
    let error = of(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.");
    assert!(error.starts_with("it holds `builtins.eval`"), "{error}");
    let error = of(b"\x80\x02ccollections\nOrderedDict\n)\x81.");
    assert_eq!(error, "its pickle has the step NEWOBJ, which no state dict needs");
    assert_eq!(of(b"\x80\x02\xfe."), "its pickle has the step 0xfe, which no state dict needs");
    assert_eq!(of(b"\x80\x02N"), "its pickle ends too early");
    assert_eq!(of(b"\x80\x02X\xff\xff\xff\xffabc."), "its pickle ends too early");
    for damaged in [&b"\x80\x02."[..], b"u.", b"(0.", b"h\x07.", b"Ns.", b"}Nb0u.", b"NQ.", b"NR."]
    {
        assert!(of(damaged).contains("pickle"), "{damaged:?}: {}", of(damaged));
    }
    assert_eq!(of(b"N."), "it holds no dictionary; store `model.state_dict()`");
    assert_eq!(of(b"}."), "it holds no tensors by name; store `model.state_dict()`");
    // Many parts; depth.
    let error = of(&[b"(".to_vec(), b"]".repeat(2_000_000), b"t.".to_vec()].concat());
    assert!(error.contains("more than 1048576 parts"), "{error}");
    let deep = [b"N".to_vec(), b"\x85".repeat(1_000_000), b".".to_vec()].concat();
    assert_eq!(of(&deep), "it holds no dictionary; store `model.state_dict()`");
}

#[test]
fn tensors_end_within_their_memory() {
    let network = network(NAMED);
    // {"conv1.weight": a tensor of `size` numbers from `first` on, with this stride, of memory "0"}
    let of = |first: u32, size: u32, stride: u32, key: &str| {
        let int = |n: u32| [&b"J"[..], &n.to_le_bytes()].concat();
        let text = |s: &str| [&b"X"[..], &(s.len() as u32).to_le_bytes(), s.as_bytes()].concat();
        let pickle = [
            b"\x80\x02}".to_vec(),
            text("conv1.bias"),
            b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
            text("storage"),
            b"ctorch\nFloatStorage\n".to_vec(),
            text(key),
            text("cpu"),
            b"K\x04tQ".to_vec(),
            int(first),
            int(size),
            b"\x85".to_vec(),
            int(stride),
            b"\x85\x89NtRs.".to_vec(),
        ];
        read(&network, &archive(&pickle.concat())).unwrap_err()
    };
    let inside = of(0, 4, 1, "0");
    assert!(inside.starts_with("12 of 13 weights find nothing"), "{inside}");
    let beyond = "is [4] and reaches beyond the 16 bytes that are stored of it";
    assert_eq!(of(1, 4, 1, "0"), format!("`conv1.bias` {beyond}"));
    assert_eq!(of(0, 4, 2, "0"), format!("`conv1.bias` {beyond}"));
    let huge = of(0, 1 << 30, 1, "0");
    assert!(huge.ends_with("reaches beyond the 16 bytes that are stored of it"), "{huge}");
    assert_eq!(of(0, 4, 1, "7"), "the memory `data/7` is not in it");
    assert_eq!(of(0, u32::MAX, 1, "0"), "its pickle is damaged");
    // One number seen a thousand million times is no weight of ours, and costs nothing.
    assert!(of(0, 1 << 30, 0, "0").contains("find nothing in the file"));
}

#[test]
fn damaged_files_are_refused() {
    let network = network(NAMED);
    for name in ["cnn.pt", "cnn.safetensors", "checkpoint.pth"] {
        let whole = file(name);
        for len in 0..whole.len() {
            assert!(read(&network, &whole[..len]).is_err(), "{len} bytes of {name}");
        }
        // Single damaged bytes: an error or other numbers, never a crash.
        let mut damaged = whole.clone();
        for (at, &byte) in whole.iter().enumerate() {
            damaged[at] ^= 0x81;
            let _ = read(&network, &damaged);
            damaged[at] = byte;
        }
    }
    // 2 GiB in a header.
    let header = br#"{"w":{"dtype":"F32","shape":[32768,16384],"data_offsets":[0,2147483648]}}"#;
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header].concat();
    assert!(read(&network, &bytes).unwrap_err().starts_with("it is neither a safetensors file"));
    // Compressed, as a bomb is.
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let deflated = options.compression_method(zip::CompressionMethod::Deflated);
    zip.start_file("x/data.pkl", deflated).expect("a part");
    zip.write_all(&[b'N'; 1 << 16]).expect("bytes");
    let bytes = zip.finish().expect("an archive").into_inner();
    let error = read(&network, &bytes).unwrap_err();
    assert_eq!(error, "its part `x/data.pkl` is compressed, as torch.save never does");
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let network = network(NAMED);
    let mut bytes = file("cnn.safetensors");
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = read(&network, &bytes).unwrap_err();
    assert!(error.ends_with("holds NaN, which is not a finite number"), "{error}");
}

/// An archive as `torch.save` writes it, with this pickle and a memory of four floats.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let stored = options.compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("x/data.pkl", pickle), ("x/data/0", &[0; 16])] {
        zip.start_file(name, stored).expect("a part");
        zip.write_all(bytes).expect("bytes");
    }
    zip.finish().expect("an archive").into_inner()
}
