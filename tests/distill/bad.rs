//! Teachers that are not what they should be: the error says so, and what was there before stays.

use super::onnx::{bytes, closed, part, varint};
use super::{LARGE_AND_SMALL, first_data, npy, one_hot, put};
use crate::support::{Disk, Recorder, check};
use dlm_learn::{Options, RunError};

/// A program whose teacher is loaded so.
fn taught_by(load: &str) -> String {
    let models = LARGE_AND_SMALL.split("train Large").next().expect("there is a text");
    format!("{models}{load}\ndistill Small from Bad on Digits as Taught\n")
}

fn recorded(file: &str, kind: &str) -> String {
    taught_by(&format!("load answers(\"{file}\", kind = {kind}) on Digits as Bad"))
}

/// The errors of the check of a program.
fn refused(text: &str) -> String {
    check(text).err().unwrap_or_else(|| panic!("nothing is wrong with\n{text}"))
}

/// Runs a program where an earlier run has kept things, and has to fail: nothing of them may change.
fn fails(text: &str, world: &mut Recorder) -> RunError {
    let program = check(text).unwrap_or_else(|errors| panic!("{errors}"));
    let before = (world.saved.clone(), world.all_kept());
    assert!(before.0.contains_key("Taught"));
    let error = dlm_learn::run(&program, &Disk, &Options::default(), world).unwrap_err();
    assert!(before == (world.saved.clone(), world.all_kept()), "something was lost: {error:?}");
    error
}

/// A world in which such a program has run, with a teacher of which nothing is wrong.
fn well(load: &str) -> Recorder {
    let program = check(&taught_by(load)).unwrap_or_else(|errors| panic!("{errors}"));
    let mut world = Recorder::default();
    dlm_learn::run(&program, &Disk, &Options::default(), &mut world).expect("it runs");
    world
}

#[test]
fn answers_that_are_none_are_refused() {
    let good = one_hot(&first_data(LARGE_AND_SMALL));
    let file = npy("good.npy", 10, &good);
    let mut world =
        well(&format!("load answers(\"{file}\", kind = probabilities) on Digits as Bad"));
    let with = |name: &str, place: usize, number: f32| {
        let mut numbers = good.clone();
        numbers[place] = number;
        npy(name, 10, &numbers)
    };
    let nan = with("nan.npy", 123, f32::NAN);
    for kind in ["logits", "probabilities"] {
        let error = fails(&recorded(&nan, kind), &mut world);
        assert!(error.message.contains("row 13 has NaN for class 3"), "{error:?}");
    }
    let wrong = with("sum.npy", 0, 0.75);
    let error = fails(&recorded(&wrong, "probabilities"), &mut world);
    assert!(error.message.contains("row 1 sums to"), "{error:?}");
    let negative = with("negative.npy", 2559, -0.5);
    let error = fails(&recorded(&negative, "probabilities"), &mut world);
    assert!(error.message.contains("row 256 has the probability -0.5"), "{error:?}");
}

#[test]
fn answers_to_another_question_are_refused() {
    let numbers = vec![0.5; 256 * 9];
    let file = npy("nine.npy", 9, &numbers);
    let errors = refused(&recorded(&file, "logits"));
    assert!(errors.starts_with("[E0701]") && errors.contains("10 classes"), "{errors}");
    let file = npy("few.npy", 10, &numbers[..250 * 9]);
    let errors = refused(&recorded(&file, "logits"));
    assert!(errors.starts_with("[E0502]") && errors.contains("225 samples"), "{errors}");
}

#[test]
fn a_closed_network_that_answers_with_no_number_is_refused() {
    let file = closed("sound.onnx");
    let mut world = well(&format!("load \"{file}\" as Bad"));
    let load = format!(
        "load \"{file}\" as Bad {{ input = unit   normalize = standard(mean = [0], std = [1e-38]) }}"
    );
    let error = fails(&taught_by(&load), &mut world);
    assert!(error.message.contains("`Bad`"), "{error:?}");
    assert!(error.message.contains("answer to"), "{error:?}");
}

#[test]
fn files_that_are_no_network_are_refused() {
    let sound = bytes();
    let file = put("whole.onnx", &sound);
    let mut world = well(&format!("load \"{file}\" as Bad"));
    // Every way of cutting the file short, roughly.
    let mut bad: Vec<(String, Vec<u8>)> = (0..sound.len())
        .step_by(sound.len() / 25)
        .map(|at| (format!("cut at {at}"), sound[..at].to_vec()))
        .collect();
    // The operator's name stands for itself, behind its length.
    let relu = sound.windows(6).position(|six| six == b"\x04Relu*" || six == b"\"\x04Relu");
    let relu = relu.expect("there is a Relu") + 1;
    let mut unknown = sound.clone();
    let place = sound[relu..].windows(4).position(|four| four == b"Relu").expect("it is there");
    unknown[relu + place..relu + place + 4].copy_from_slice(b"Foul");
    bad.push(("an unknown operator".to_string(), unknown));
    // Two gigabytes that are not there: of the graph, and of one constant in it.
    let declared = [varint(7 << 3 | 2), varint(2_000_000_000), vec![0; 1000]].concat();
    bad.push(("a large graph".to_string(), declared.clone()));
    let constant = [varint(9 << 3 | 2), varint(2_000_000_000), vec![0; 1000]].concat();
    bad.push(("a large constant".to_string(), part(7, &part(5, &constant))));
    // A constant of 2 GB by its sizes, without a number.
    let sizes = [varint(1 << 3), varint(500_000_000), varint(2 << 3), varint(1)].concat();
    bad.push(("a constant of large sizes".to_string(), part(7, &part(5, &sizes))));
    for (what, content) in bad {
        let file = put("bad.onnx", &content);
        let text = taught_by(&format!("load \"{file}\" as Bad"));
        match check(&text) {
            Err(errors) => {
                assert!(["[E0501]", "[E0502]"].iter().any(|c| errors.starts_with(c)), "{errors}");
            }
            Ok(_) => {
                let error = fails(&text, &mut world);
                assert!(error.message.contains("bad.onnx"), "{what}: {error:?}");
                if what == "an unknown operator" {
                    assert!(error.message.contains("Foul"), "{error:?}");
                }
            }
        }
    }
}
