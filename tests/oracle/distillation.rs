//! The loss terms that compare with a teacher.

use super::{GRADIENTS, Tensor, VALUES, cases, compare, fill_classes, permute};
use dlm_graph::{Clock, Graph, Plan, States, Ty, ValueId, Workspace, differentiate, pass};
use dlm_vocab::loss::{LOSSES, Loss, Terms};
use dlm_vocab::{Arg, Args};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn terms_with_a_teacher_agree_with_pytorch() {
    let cases = cases("distillation.json");
    let failures: Vec<String> = cases.iter().filter_map(|c| term(c).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    let tried: BTreeSet<&str> = cases.iter().map(|c| c["loss"].as_str().unwrap()).collect();
    let known = LOSSES.iter().filter(|loss| loss.has_teacher());
    assert_eq!(tried, known.map(|loss| loss.word.name).collect());
}

fn term(case: &Value) -> Result<(), String> {
    let name = case["loss"].as_str().unwrap();
    let word = dlm_vocab::loss::find(name).ok_or(format!("there is no {name}"))?;
    let title = format!("{name}({})", case["args"]);
    let args = arguments(word, &case["args"]);
    let tensors =
        |key: &str| case[key].as_array().unwrap().iter().map(Tensor::read).collect::<Vec<_>>();
    let (student, teachers) = (Tensor::read(&case["student"]), tensors("teachers"));
    let features = case["features"] == true;

    let mut g = Graph::new();
    let from_student = g.input(student.flow());
    let from_teachers: Vec<ValueId> = teachers.iter().map(|t| g.input(t.flow())).collect();
    let (classes, shares) = (case.get("classes"), case.get("shares").map(Tensor::read));
    let target = match (classes, &shares) {
        (Some(_), _) => Some(g.input(Ty::tokens(vec![]))),
        (_, Some(shares)) => Some(g.input(shares.flow())),
        _ => None,
    };
    let weights = case["weights"].as_array().unwrap().iter().map(|w| w.as_f64().unwrap() as f32);
    let answers: Vec<(f32, ValueId)> = weights.zip(from_teachers.iter().copied()).collect();
    let own = (word.own)(&args, &teachers[0].flow(), &student.flow());
    let states: Vec<ValueId> = own.iter().map(|w| g.state(w.name, w.ty())).collect();
    let terms = Terms {
        output: from_student,
        target,
        weights: &[],
        answers: if features { &[] } else { &answers },
        features: features.then(|| (from_teachers[0], from_student)),
        own: &states,
    };
    let value = (word.build)(&mut g, &args, &terms);
    let wrt: Vec<ValueId> = std::iter::once(from_student).chain(states).collect();
    let grads: Option<Vec<ValueId>> = differentiate(&mut g, value, &wrt).into_iter().collect();
    let grads = grads.ok_or(format!("{title}: no gradient"))?;
    g.outputs = std::iter::once(value).chain(grads).collect();

    let plan = Plan::new(&pass::optimize(g), student.shape[0]);
    let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
    for (i, tensor) in std::iter::once(&student).chain(&teachers).chain(&shares).enumerate() {
        plan.input_f32(&mut work, i).copy_from_slice(&tensor.in_memory());
    }
    if let Some(classes) = classes.map(Tensor::read) {
        let at = 1 + teachers.len();
        fill_classes(plan.input(&mut work, at), classes.data.iter().map(|&c| c as i32));
    }
    let (given, slopes) = (tensors("own"), tensors("own_grads"));
    assert_eq!(given.len(), own.len(), "{title}: weights of its own");
    let as_stored = |i: usize, t: &Tensor| permute(&t.data, &t.shape, &own[i].order);
    for (i, (weight, tensor)) in own.iter().zip(&given).enumerate() {
        assert_eq!(weight.shape.sizes(), tensor.shape, "{title}: {}", weight.name);
        states.get_mut(weight.name).unwrap().copy_from_slice(&as_stored(i, tensor));
    }
    let bound = plan.bind(&states);
    plan.run(&mut work, &mut states, &bound, Clock::default());

    let mut expected = vec![vec![case["value"].as_f64().unwrap() as f32]];
    expected.push(Tensor::read(&case["grad"]).in_memory());
    expected.extend(slopes.iter().enumerate().map(|(i, t)| as_stored(i, t)));
    for (i, expected) in expected.iter().enumerate() {
        let (tolerance, what) = if i == 0 { (VALUES, "value") } else { (GRADIENTS, "gradient") };
        // As shares of the largest number: some of the terms are small by nature.
        let largest = expected.iter().fold(f32::MIN_POSITIVE, |a, b| a.max(b.abs()));
        let shares = |numbers: &[f32]| numbers.iter().map(|v| v / largest).collect::<Vec<_>>();
        let actual = shares(plan.output_f32(&work, &states, i));
        compare(&actual, &shares(expected), tolerance, &format!("{title}: {what} {i}"))?;
    }
    Ok(())
}

fn arguments(word: &Loss, given: &Value) -> Args {
    let mut args = Args::default();
    for param in word.word.params {
        if let Some(value) = given.get(param.name) {
            args.set(param.name, Arg::Real(value.as_f64().unwrap()));
        }
    }
    assert_eq!(args.iter().count(), given.as_object().unwrap().len(), "{}", word.word.name);
    args
}
