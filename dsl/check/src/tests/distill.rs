//! What a checked program says of trainings with teachers.

use super::{check_among, found};
use crate::program::{Features, Flow, LossUse, Program, Step, Training};
use crate::session::Checked;

const DATA: &str = r#"
data Iris  { source = csv("iris.csv", target = "class") }
data Price { source = csv("price.csv", target = "price", regression = true) }
data Plain { source = csv("plain.csv") }
model Net(x: [2], n: int = 3) {
    x -> dense(8) as body -> relu -> dropout(0.1) as rest -> dense(n) as head
}
policy Edge { method = qat }
train Net on Iris
train Net(n = 1) on Price as Guess
"#;

/// The declarations above with more text, in which nothing is wrong; some may be without use.
fn clean(text: &str) -> Checked {
    let table = |head: &str, label: &dyn Fn(usize) -> String| {
        let rows: Vec<String> = (0..20).map(|i| format!("{i},{}{}", i % 5, label(i))).collect();
        format!("{head}\n{}\n", rows.join("\n"))
    };
    let iris = table("a,b,class", &|i| format!(",{}", ["x", "y", "z"][i % 3]));
    let price = table("a,b,price", &|i| format!(",{}.5", i % 7));
    let plain = table("a,b", &|_| String::new());
    let main = format!("{DATA}{text}");
    let files =
        [("iris.csv", &iris), ("price.csv", &price), ("plain.csv", &plain), ("main.dlm", &main)];
    let checked = check_among(&files.map(|(name, text)| (name, text.as_str())));
    let said = found(&checked).into_iter().filter(|it| !it.starts_with("W1001"));
    assert_eq!(said.collect::<Vec<_>>(), [""; 0], "{:#?}", checked.diags);
    checked
}

fn training<'p>(program: &'p Program, name: &str) -> &'p Training {
    let tuned = program.quantizations.iter().filter_map(|it| it.tuning.as_ref());
    let mut all = program.trainings.iter().chain(tuned.map(|tuning| &tuning.training));
    all.find(|it| it.artifact == name).expect(name)
}

fn terms(loss: &[LossUse]) -> Vec<(&'static str, f64)> {
    loss.iter().map(|it| (it.loss.word.name, it.weight)).collect()
}

#[test]
fn the_default_loss_follows_what_the_training_part_has() {
    let checked = clean(
        "distill Net from Net on Iris as A\n\
         distill Net(n = 1) from Guess on Price as B\n\
         distill Net from Net on Plain as C\n\
         distill Net(n = 1) from Guess on Plain as D\n\
         quantize Net with Edge from Net on Iris as E\n\
         quantize A with Edge on Iris as F\n",
    );
    let loss = |name| terms(&training(&checked.program, name).loss);
    assert_eq!(loss("A"), [("soft_targets", 0.9), ("cross_entropy", 0.1)]);
    assert_eq!(loss("B"), [("logits", 0.9), ("mse", 0.1)]);
    assert_eq!(loss("C"), [("soft_targets", 1.0)]);
    assert_eq!(loss("D"), [("logits", 1.0)]);
    assert_eq!(loss("E"), loss("A"));
    assert_eq!(loss("F"), [("cross_entropy", 1.0)]);
    let soft = &training(&checked.program, "A").loss[0];
    assert_eq!(soft.args.real("temperature"), 4.0);
}

#[test]
fn a_student_is_judged_by_what_looks_at_targets() {
    let checked = clean(
        "distill Net from Net on Iris as A {\n\
             loss = 0.9 * logits + 0.2 * cross_entropy(smoothing = 0.1) + l2(1e-4)\n\
         }\n\
         distill Net from Net on Iris as B { loss = logits + decoupled }\n\
         distill Net from Net on Plain as C\n",
    );
    let judged = |name| &training(&checked.program, name).judged;
    assert_eq!(terms(judged("A")), [("cross_entropy", 1.0)]);
    assert_eq!(judged("A")[0].args.real("smoothing"), 0.1);
    assert_eq!(terms(judged("B")), [("cross_entropy", 1.0)]);
    assert_eq!(terms(judged("C")), []);
}

#[test]
fn teachers_have_shares_and_come_before_their_students() {
    let checked = clean(
        "distill Net from [3 * Twin, 1 * Net] on Iris as A { from = Old }\n\
         quantize A with Edge from [Net, Twin] on Iris as B\n\
         train Net on Iris as Twin\n\
         train Net on Iris as Old\n",
    );
    let program = &checked.program;
    let shares = |name| -> Vec<(&str, f64)> {
        let teachers = &training(program, name).teachers;
        teachers.iter().map(|it| (it.artifact.as_str(), it.weight)).collect()
    };
    assert_eq!(shares("A"), [("Twin", 0.75), ("Net", 0.25)]);
    assert_eq!(shares("B"), [("Net", 0.5), ("Twin", 0.5)]);
    let order: Vec<&str> = program.steps.iter().map(|&step| program.gives(step)).collect();
    assert_eq!(order, ["Net", "Guess", "Old", "Twin", "A", "B"]);
    assert_eq!(program.needs(Step::Train(4)), ["Twin", "Net", "Old"]);
    let only: Vec<&str> =
        program.steps_for(Some("B")).iter().map(|&step| program.gives(step)).collect();
    assert_eq!(only, ["Net", "Old", "Twin", "A", "B"]);
}

#[test]
fn features_are_values_of_both_networks() {
    let checked = clean(
        "train Net on Iris as Twin\n\
         distill Net from [Net, Twin] on Iris as A {\n\
             loss = cross_entropy + hint(teacher = Twin.body, student = rest)\n\
         }\n\
         quantize A with Edge from Net on Iris as B {\n\
             loss = cross_entropy + similarity(teacher = body, student = A.rest)\n\
         }\n",
    );
    let of = |name| training(&checked.program, name).loss[1].features;
    let (body, relu, rest) = (Flow::Layer(0), Flow::Layer(1), Flow::Layer(2));
    assert_eq!(of("A"), Some(Features { of: 1, teacher: body, student: rest }));
    // Where numbers are rounded, dropout passes on what it gets.
    assert_eq!(of("B"), Some(Features { of: 0, teacher: body, student: relu }));
}
