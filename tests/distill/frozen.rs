//! A teacher is the same after it has taught.

use super::{LARGE_AND_SMALL, put, tensors};
use crate::support::{Recorder, run};
use dlm_learn::Options;
use std::collections::BTreeMap;

/// Three ways of teaching: answers kept, answers and features beside the steps, training with rounded
/// numbers; and what the teacher is afterwards. Exports are written last.
const TAUGHT: &str = r#"
data Moved {
    source  = builtin("digits")
    limit   = 256
    augment = [shift(1)]
}

distill Small from Large on Digits as One { epochs = 2 }

distill Small from Large on Moved as Two {
    loss   = soft_targets(temperature = 2) + hint(teacher = seen, student = seen)
    epochs = 2
}

policy Aware { method = qat }

quantize One with Aware from Large on Moved as One8 { epochs = 1 }

export Large to "after.safetensors"
"#;

fn saved(text: &str) -> BTreeMap<String, Vec<u8>> {
    let (Recorder { saved, .. }, _) = run(text, &Options::default());
    saved
}

#[test]
fn the_bytes_of_a_teacher_are_the_same_before_and_after() {
    let alone = saved(LARGE_AND_SMALL);
    let taught = saved(&format!("{LARGE_AND_SMALL}{TAUGHT}"));
    assert!(taught.contains_key("Two") && taught.contains_key("One8"));
    let statistics = tensors(&taught["Large"]);
    assert!(statistics.contains_key("batch_norm1.running_var"), "{:?}", statistics.keys());
    assert!(taught["after.safetensors"] == taught["Large"], "teaching has changed the teacher");
    assert!(taught["Large"] == alone["Large"], "being a teacher has changed the training");
}

#[test]
fn a_loaded_teacher_is_as_its_file() {
    let file = put("large.safetensors", &saved(LARGE_AND_SMALL)["Large"]);
    let models = LARGE_AND_SMALL.split("train Large").next().unwrap();
    let load = format!("{models}load Large from \"{file}\" as Large\n");
    let taught = saved(&format!("{load}{TAUGHT}"));
    assert!(taught.contains_key("Two"));
    let (before, after) = (std::fs::read(&file).unwrap(), &taught["after.safetensors"]);
    assert!(tensors(&before) == tensors(after), "teaching has changed the teacher");
    assert!(tensors(&before).len() > 5);
}

#[test]
fn what_a_teacher_has_taught_before_changes_nothing() {
    let second = "distill Small from Large on Digits as Second {
    loss   = soft_targets + hint(teacher = seen, student = seen)
    epochs = 2
}
";
    let first = "distill Small from Large on Digits as First {
    loss   = soft_targets(temperature = 8) + attention_transfer(teacher = stem, student = stem)
    epochs = 3
    seed   = 9
}
";
    let both = saved(&format!("{LARGE_AND_SMALL}{first}{second}"));
    let alone = saved(&format!("{LARGE_AND_SMALL}{second}"));
    assert!(both.contains_key("First"));
    assert!(both["Second"] == alone["Second"]);
}

#[test]
fn what_fits_features_to_one_another_is_dropped() {
    let hint = "distill Small from Large on Digits as Hinted {
    loss = cross_entropy + hint(teacher = seen, student = seen) + hint(teacher = body, student = body)
}
train Small on Digits as Plain
";
    let (world, outcome) = run(&format!("{LARGE_AND_SMALL}{hint}"), &Options::default());
    let artifact = |name: &str| outcome.artifacts.iter().find(|it| it.artifact == name).unwrap();
    let (hinted, plain) = (artifact("Hinted"), artifact("Plain"));
    assert_eq!((hinted.params, hinted.size), (plain.params, plain.size));
    let sizes = |name: &str| {
        let all = tensors(&world.saved[name]).into_iter();
        all.map(|(name, bytes)| (name, bytes.len())).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(sizes("Hinted"), sizes("Plain"));
}
