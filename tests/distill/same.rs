//! The same program and seed give the same student, bit for bit, with any number of threads; and equal
//! teachers count as one.

use super::onnx::closed;
use super::{LARGE_AND_SMALL, floats, tensors};
use crate::support::{Recorder, check, run};
use dlm_learn::Options;
use std::collections::BTreeMap;

/// Several teachers of every kind at once; features, projections, augmentation; rounding with a teacher.
fn everything() -> String {
    let closed = closed("same.onnx");
    format!(
        "{LARGE_AND_SMALL}
train Large on Digits as Other {{ epochs = 2   seed = 8 }}
load \"{closed}\" as Closed
data Moved {{
    source  = builtin(\"digits\")
    limit   = 256
    augment = [shift(1)]
}}
distill Small from [0.5 * Large, 0.2 * Other, 0.3 * Closed] on Moved as Taught {{
    loss   = 0.9 * soft_targets + 0.1 * cross_entropy + hint(teacher = Large.seen, student = seen)
           + hint(teacher = Other.body, student = body)
    epochs = 2
    batch  = 61
    seed   = 2
}}
distill Small from [Closed, Other] on Digits as Kept {{
    loss   = decoupled + 100 * similarity(teacher = Other.seen, student = seen) + relational
    epochs = 2
}}
policy Aware {{ method = qat   weights = int4 }}
quantize Taught with Aware from [Large, Closed] on Digits as Taught4 {{ epochs = 2 }}
"
    )
}

fn saved(text: &str, threads: usize, seed_offset: u64) -> (BTreeMap<String, Vec<u8>>, Vec<f64>) {
    let options = Options { threads: Some(threads), seed_offset, ..Options::default() };
    let (world, _) = run(text, &options);
    let losses = ["Taught", "Kept", "Taught4"].map(|name| world.losses(name)).concat();
    let Recorder { saved, .. } = world;
    (saved, losses)
}

#[test]
fn students_are_the_same_with_any_number_of_threads() {
    let text = everything();
    let one = saved(&text, 1, 0);
    assert!(["Taught", "Kept", "Taught4"].iter().all(|name| one.0.contains_key(*name)));
    for threads in [2, 3, 8] {
        assert!(one == saved(&text, threads, 0), "1 and {threads} threads differ");
    }
    assert!(one == saved(&text, 1, 0), "two runs differ");
    let other = saved(&text, 1, 1);
    for name in ["Taught", "Kept", "Taught4"] {
        assert!(one.0[name] != other.0[name], "the seed has no effect on {name}");
    }
}

#[test]
fn equal_teachers_teach_as_one() {
    let text = format!(
        "{LARGE_AND_SMALL}
train Large on Digits as Twin {{
    epochs = 4
    seed   = 5
}}
distill Small from Large on Digits as One {{ epochs = 3 }}
distill Small from [0.5 * Large, 0.5 * Twin] on Digits as Two {{ epochs = 3 }}
train Large on Digits as Other {{ epochs = 1 }}
distill Small from [3 * Large, 1 * Other] on Digits as Three {{ epochs = 3 }}
"
    );
    let (world, _) = run(&text, &Options::default());
    let furthest = |other: &str| {
        let (one, other) = (tensors(&world.saved["One"]), tensors(&world.saved[other]));
        assert!(one.keys().eq(other.keys()));
        let pairs = one.values().zip(other.values());
        let pairs = pairs.flat_map(|(a, b)| floats(a).into_iter().zip(floats(b)));
        pairs.fold(0.0f32, |far, (a, b)| far.max((a - b).abs()))
    };
    assert!(furthest("Two") <= 1e-6, "{}", furthest("Two"));
    assert!(furthest("Three") >= 1e-3, "a second teacher has no effect");
}

#[test]
fn a_teacher_is_named_once() {
    let text = format!("{LARGE_AND_SMALL}distill Small from [Large, Large] on Digits as Two\n");
    let errors = check(&text).unwrap_err();
    assert!(errors.starts_with("[E0304]"), "{errors}");
}

const SETTINGS: &str = "optimizer = adam(lr = 5e-3)   epochs = 15";

#[test]
fn chains_and_students_of_themselves_run() {
    let text = format!(
        "{LARGE_AND_SMALL}
model Middle(image: [1, 8, 8]) {{ image -> flatten -> dense(48) -> relu -> dense(10) }}
distill Middle from Large on Digits as Assistant {{ {SETTINGS} }}
distill Small from Assistant on Digits as Pupil {{ {SETTINGS} }}
distill Small from Pupil on Digits as Again {{ {SETTINGS}   seed = 1 }}
policy Aware {{ method = qat }}
quantize Again with Aware from Again on Digits as Own8 {{ epochs = 2 }}
quantize Again with Aware from Large on Digits as Again8 {{ epochs = 2 }}
"
    );
    let (_, outcome) = run(&text, &Options::default());
    let made: Vec<&str> = outcome.artifacts.iter().map(|it| it.artifact.as_str()).collect();
    assert_eq!(made.len(), 6, "{made:?}");
    let right = |name: &str| {
        let it = outcome.artifacts.iter().find(|it| it.artifact == name).unwrap();
        it.scores[&dlm_check::program::Split::Test].accuracy.unwrap()
    };
    for name in ["Pupil", "Again", "Own8", "Again8"] {
        assert!(right(name) > 0.5, "{name}: {}", right(name));
    }
    for name in ["Own8", "Again8"] {
        let it = outcome.artifacts.iter().find(|it| it.artifact == name).unwrap();
        let [differ, of] = it.quantized.as_ref().unwrap().report.differing.unwrap();
        assert!(of > 10_000, "{of}");
        assert_eq!(differ, 0, "{name}: {differ} of {of}");
    }
}
