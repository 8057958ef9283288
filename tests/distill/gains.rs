//! Students that gain by a teacher where that is known to happen, on real images.
//!
//! The two long ones take minutes; they run where `DLM_SLOW` is set.

use super::{idx, shared};
use crate::support::{Disk, check, run};
use dlm_check::program::Split;
use dlm_learn::data::Loaded;
use dlm_learn::evaluate::Answerer;
use dlm_learn::{Options, Outcome, Weights};
use dlm_vocab::data::{Numbers, Samples, Targets};

fn accuracy(outcome: &Outcome, name: &str) -> f64 {
    let made = outcome.artifacts.iter().find(|it| it.artifact == name).expect("it was made");
    100.0 * made.scores[&Split::Test].accuracy.expect("there are classes")
}

/// Whether long tests are wanted; if not, says so.
#[allow(clippy::print_stderr)]
fn slow(what: &str) -> bool {
    let wanted = std::env::var_os("DLM_SLOW").is_some();
    if !wanted {
        eprintln!("skipped: {what}, which takes minutes; DLM_SLOW=1 runs it");
    }
    wanted
}

/// The network of the ONNX model zoo: 5,998 parameters, made by other software, seven years old. It is fed with
/// one image at a time.
#[test]
fn a_network_of_other_software_teaches_without_labels() {
    let (Some(mnist), Some(models)) = (shared("mnist-small"), shared("models")) else { return };
    let text = format!(
        "data Photos {{
    train = idx(\"{mnist}/train-images-idx3-ubyte.gz\")
    test  = idx(\"{mnist}/val-images-idx3-ubyte.gz\", \"{mnist}/val-labels-idx1-ubyte.gz\")
    limit = 4000
}}
load \"{models}/mnist-cntk/model.onnx\" as Oracle {{ input = unit }}
model Small(image: [1, 28, 28]) {{
    image -> conv(8, 3, stride = 2) -> relu -> conv(16, 3, stride = 2) -> relu -> flatten -> dense(10)
}}
distill Small from Oracle on Photos {{
    optimizer = adam(lr = 2e-3)
    schedule  = cosine
    epochs    = 6
}}
"
    );
    let (_, outcome) = run(&text, &Options::default());
    let (oracle, small) = (accuracy(&outcome, "Oracle"), accuracy(&outcome, "Small"));
    assert!(oracle >= 98.5, "{oracle}");
    assert!(small >= 96.0, "{small}");
}

/// 500 labelled images of clothes, against 6,000 without labels and a teacher.
#[test]
fn few_labels_are_worth_less_than_a_teacher() {
    if !slow("few labels against a teacher") {
        return;
    }
    let Some(fashion) = shared("fashion-mnist-small") else { return };
    let text = format!(
        "images = \"{fashion}/train-images-idx3-ubyte.gz\"
labels = \"{fashion}/train-labels-idx1-ubyte.gz\"
test_images = \"{fashion}/val-images-idx3-ubyte.gz\"
test_labels = \"{fashion}/val-labels-idx1-ubyte.gz\"
data All {{ train = idx(images, labels)   valid = 0 samples   test = idx(test_images, test_labels) }}
data Few {{
    train = idx(images, labels)
    valid = 0 samples
    test  = idx(test_images, test_labels)
    limit = 500
}}
data Unlabelled {{ train = idx(images)   valid = 0 samples   test = idx(test_images, test_labels) }}
model Large(image: [1, 28, 28]) {{
    image -> conv(16, 3) -> relu -> max_pool(2) -> conv(32, 3) -> relu -> max_pool(2)
        -> flatten -> dropout(0.3) -> dense(128) -> relu -> dense(10)
}}
model Small(image: [1, 28, 28]) {{
    image -> conv(8, 3, stride = 2) -> relu -> conv(16, 3, stride = 2) -> relu -> flatten -> dense(10)
}}
train Large on All as Teacher {{
    optimizer = adam(lr = 2e-3)
    schedule  = cosine
    epochs    = 8
    batch     = 64
}}
train Small on Few as Plain {{
    optimizer = adam(lr = 1e-3)
    steps     = 3_000
}}
distill Small from Teacher on Unlabelled as Taught {{
    loss      = soft_targets(temperature = 4)
    optimizer = adam(lr = 1e-3)
    steps     = 3_000
}}
"
    );
    for seed_offset in 0..3 {
        let (_, outcome) = run(&text, &Options { seed_offset, ..Options::default() });
        let [teacher, plain, taught] =
            ["Teacher", "Plain", "Taught"].map(|n| accuracy(&outcome, n));
        eprintln!("seed {seed_offset}: teacher {teacher:.2}, plain {plain:.2}, taught {taught:.2}");
        assert!(taught >= plain + 3.0, "seed {seed_offset}: {plain} {taught}");
    }
}

/// The omitted digit of Hinton, Vinyals and Dean 2015: a student that has never seen a 3 knows it from what its teacher
/// says of the other digits, but for a bias that is far too low. The bias is found on training
/// images: it is the one with which as many of them are called 3 as there are.
#[test]
fn a_digit_that_was_never_shown_is_known() {
    if !slow("the omitted digit") {
        return;
    }
    let Some(mnist) = shared("mnist-small") else { return };
    let all = format!(
        "data All {{
    train = idx(\"{mnist}/train-images-idx3-ubyte.gz\", \"{mnist}/train-labels-idx1-ubyte.gz\")
    valid = 0 samples
    test  = idx(\"{mnist}/val-images-idx3-ubyte.gz\", \"{mnist}/val-labels-idx1-ubyte.gz\")
}}
"
    );
    let program = check(&all).expect("the data are there");
    let used = &program.datasets[0].train;
    let samples = (used.source.load)(&used.args, &Disk, 0).expect("the data can be read");
    let images = without(&samples, 3);
    let text = format!(
        "{all}
data Moved {{
    train   = idx(\"{mnist}/train-images-idx3-ubyte.gz\", \"{mnist}/train-labels-idx1-ubyte.gz\")
    valid   = 0 samples
    test    = idx(\"{mnist}/val-images-idx3-ubyte.gz\", \"{mnist}/val-labels-idx1-ubyte.gz\")
    augment = [shift(2)]
}}
data NoThree {{
    train = idx(\"{images}\")
    valid = 0 samples
    test  = idx(\"{mnist}/val-images-idx3-ubyte.gz\", \"{mnist}/val-labels-idx1-ubyte.gz\")
}}
model Large(image: [1, 28, 28]) {{
    image -> conv(16, 3, stride = 2) -> relu -> conv(32, 3, stride = 2) -> relu
        -> flatten -> dropout(0.3) -> dense(128) -> relu -> dense(10)
}}
model Small(image: [1, 28, 28]) {{ image -> flatten -> dense(300) -> relu -> dense(10) }}
train Large on Moved as Teacher {{
    optimizer = adam(lr = 2e-3)
    schedule  = cosine
    epochs    = 10
    batch     = 64
}}
distill Small from Teacher on NoThree as Taught {{
    loss      = soft_targets(temperature = 8)
    optimizer = adam(lr = 1e-3)
    epochs    = 10
}}
"
    );
    let program = check(&text).unwrap_or_else(|errors| panic!("{errors}"));
    let data = Loaded::load(&program.datasets[0], &Disk).expect("the data can be read");
    let training = program.trainings.iter().find(|it| it.artifact == "Taught").expect("declared");
    let network = &program.networks[training.network];
    for seed_offset in 0..3 {
        let (world, _) = run(&text, &Options { seed_offset, ..Options::default() });
        let (weights, _) = Weights::from_bytes(network, &world.saved["Taught"]).expect("weights");
        let mut student = Answerer::new(network, &[], &data, &weights);
        let known = data.classes(Split::Train);
        let prior = known.iter().filter(|&&class| class == 3).count();
        // By how much the logit of 3 falls short of the largest other; as many as there are 3s are let pass.
        let mut missing: Vec<f32> = student
            .run(Split::Train, &mut |_| ())
            .0
            .outputs
            .chunks_exact(10)
            .map(shortfall)
            .collect();
        missing.sort_by(f32::total_cmp);
        let bias = missing[prior - 1];
        let answers = student.run(Split::Test, &mut |_| ()).0.outputs;
        let test = answers.chunks_exact(10).zip(data.classes(Split::Test));
        let threes: Vec<f32> = test.filter(|it| *it.1 == 3).map(|it| shortfall(it.0)).collect();
        let right = |bias: f32| {
            let found = threes.iter().filter(|&&short| short <= bias).count();
            100.0 * found as f64 / threes.len() as f64
        };
        eprintln!(
            "seed {seed_offset}: {:.1} of 100 without, {:.1} with a bias of {bias:.2}",
            right(0.0),
            right(bias)
        );
        assert!(right(bias) >= 94.0, "seed {seed_offset}: {}", right(bias));
    }
}

/// By how much the logit of class 3 is below the largest other.
fn shortfall(logits: &[f32]) -> f32 {
    let others = logits.iter().enumerate().filter(|(class, _)| *class != 3);
    others.fold(f32::NEG_INFINITY, |most, (_, &x)| most.max(x)) - logits[3]
}

/// A file with the images of all classes but one.
fn without(samples: &Samples, class: u32) -> String {
    let (Numbers::U8 { bytes, .. }, Targets::Classes(classes)) =
        (&samples.inputs, &samples.targets)
    else {
        panic!("images with classes");
    };
    let others = classes.iter().zip(bytes.chunks_exact(784)).filter(|(of, _)| **of != class);
    let kept: Vec<u8> = others.flat_map(|(_, image)| image).copied().collect();
    assert!(kept.len() < bytes.len());
    idx("no-three-images", &[kept.len() / 784, 28, 28], &kept)
}
