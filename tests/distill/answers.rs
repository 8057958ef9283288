//! What a teacher says reaches the student as it was said: recorded, kept, or given beside the steps.

use super::onnx::{OPEN, closed};
use super::{LARGE_AND_SMALL, first_data, floats, npy, one_hot};
use crate::support::{Disk, Recorder, check, run};
use dlm_check::program::Split;
use dlm_learn::{Event, Options};

/// A student without normalisation and dropout: all its randomness is the order of the samples.
const SETTINGS: &str = "optimizer = adam(lr = 5e-3)   epochs = 8   seed = 4";

#[test]
fn answers_that_are_labels_teach_as_labels_do() {
    let labels = npy("labels.npy", 10, &one_hot(&first_data(LARGE_AND_SMALL)));
    let text = format!(
        "{LARGE_AND_SMALL}
load answers(\"{labels}\", kind = probabilities) on Digits as Labels
train Small on Digits as Plain {{ {SETTINGS} }}
distill Small from Labels on Digits as Taught {{
    loss = soft_targets(temperature = 1)   {SETTINGS}
}}
"
    );
    let (world, outcome) = run(&text, &Options::default());
    let (plain, taught) = (world.losses("Plain"), world.losses("Taught"));
    assert_eq!((plain.len(), taught.len()), (64, 64));
    for (step, (a, b)) in plain.iter().zip(&taught).enumerate() {
        assert!((a - b).abs() <= 1e-3 * a, "step {step}: {a} by labels, {b} by answers");
    }
    assert!(plain[63] < 0.7 * plain[0], "nothing was learnt: {plain:?}");
    let right = |name: &str| {
        let made = outcome.artifacts.iter().find(|it| it.artifact == name).unwrap();
        made.scores[&Split::Test].accuracy.unwrap()
    };
    assert!((right("Plain") - right("Taught")).abs() < 0.02);
}

/// The student of a teacher whose answers are kept, or are not where `augment` says so.
fn taught(data: &str, settings: &str) -> (Recorder, Vec<u8>) {
    let text = format!(
        "{LARGE_AND_SMALL}
data Shown {{
    source = builtin(\"digits\")
    limit  = 256
    {data}
}}
distill Small from Large on Shown as Taught {{ {settings}   {SETTINGS} }}
"
    );
    let (world, _) = run(&text, &Options::default());
    let student = world.saved["Taught"].clone();
    (world, student)
}

fn asked(world: &Recorder) -> usize {
    world.events.iter().filter(|event| matches!(event, Event::Asked { .. })).count()
}

#[test]
fn answers_kept_are_the_answers_given_beside_the_steps() {
    let (kept, student) = taught("", "");
    // Noise of no size is an augmentation: the teacher must be asked anew for each batch.
    let (beside, other) = taught("augment = [noise(0)]", "");
    assert_eq!((asked(&kept), asked(&beside)), (1, 0));
    assert_eq!(kept.losses("Taught"), beside.losses("Taught"));
    assert!(student == other, "the students differ");
    let (_, mixed) = taught("augment = [noise(0.1)]", "");
    assert!(student != mixed, "augmentation has no effect");
}

#[test]
fn recorded_answers_teach_as_their_teacher_does() {
    let (kept, student) = taught("", "");
    let logits = floats(&kept.kept("answers/Large.Shown.bin")[64..][..4 * 256 * 10]);
    let file = npy("recorded.npy", 10, &logits);
    let text = format!(
        "{LARGE_AND_SMALL}
load answers(\"{file}\") on Digits as Recorded
distill Small from Recorded on Digits as Taught {{ {SETTINGS} }}
"
    );
    let (world, _) = run(&text, &Options::default());
    assert_eq!(world.losses("Taught"), kept.losses("Taught"));
    assert!(world.saved["Taught"] == student, "the students differ");
}

#[test]
fn answers_of_another_teacher_are_not_taken() {
    let text = format!("{LARGE_AND_SMALL}distill Small from Large on Digits as Taught\n");
    let other = text.replace("seed   = 5", "seed   = 6");
    assert_ne!(text, other);
    let mut world = Recorder::default();
    let mut students = Vec::new();
    let mut recalled = Vec::new();
    for text in [&text, &text, &other, &text] {
        world.events.clear();
        let options = Options { fresh: true, ..Options::default() };
        dlm_learn::run(&check(text).unwrap(), &Disk, &options, &mut world).unwrap();
        students.push(world.saved["Taught"].clone());
        recalled.extend(world.events.iter().filter_map(|event| match event {
            Event::Asked { kept, .. } => Some(*kept),
            _ => None,
        }));
    }
    assert_eq!(recalled, [false, true, false, false]);
    assert!(students[0] == students[1] && students[0] == students[3]);
    assert!(students[0] != students[2]);
}

#[test]
fn a_closed_teacher_answers_as_the_network_that_it_was() {
    let file = closed("answers.onnx");
    let text = format!(
        "{LARGE_AND_SMALL}{OPEN}
load \"{file}\" as Closed
distill Small from Open on Digits as One {{ {SETTINGS} }}
distill Small from Closed on Digits as Two {{ {SETTINGS} }}
expect {{ Two.agreement(One) >= 99% }}
"
    );
    let (world, outcome) = run(&text, &Options::default());
    for (a, b) in world.losses("One").iter().zip(world.losses("Two")) {
        assert!((a - b).abs() <= 1e-4 * a, "{a} {b}");
    }
    assert!(outcome.judged[0].held, "{:?}", outcome.judged);
}
