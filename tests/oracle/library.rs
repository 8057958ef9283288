//! Networks and layers of the library against PyTorch's, with the same weights.

use super::{Tensor, cases, compare, hashed, permute, short};
use crate::support::check;
use dlm_check::lower::{WeightInfo, lower, weights};
use dlm_graph::{Clock, Graph, Mode, Plan, States, Workspace, pass};
use serde_json::Value;

/// The number of the input among the tensors.
const INPUT: u64 = 9_999;

#[test]
fn networks_of_the_library_answer_as_in_pytorch() {
    let failures: Vec<String> =
        cases("library.json").iter().filter_map(|case| answers(case).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn answers(case: &Value) -> Result<(), String> {
    let text = case["program"].as_str().unwrap();
    let title = text.lines().last().unwrap();
    let program = check(text)?;
    let network = &program.networks[0];
    let numbers = |of: &Value| -> Vec<usize> {
        of.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
    };
    let shape = numbers(&case["x"]);
    let count = shape.iter().product::<usize>() as u64;
    let data = (0..count).map(|i| (2.0 * hashed(INPUT, i)) as f32).collect();
    let x = Tensor { shape, data, whole: false };
    let owned = weights(network);
    let counts: Vec<usize> = owned.iter().map(|info| info.shape.len()).collect();
    let expected = numbers(&case["counts"]);
    if counts != expected {
        return Err(format!("{title}: weights of {counts:?} numbers instead of {expected:?}"));
    }
    let mut g = Graph::new();
    let input = g.input(x.flow());
    let y = lower(network, &mut g, &[input], &|_| Mode::Eval, "");
    g.outputs = vec![y];
    let plan = Plan::new(&pass::optimize(g), x.shape[0]);
    let mut states = States::new([&plan]);
    for (number, info) in owned.iter().enumerate() {
        let memory = permute(&fill(number as u64, info), info.shape.sizes(), &info.order);
        states.get_mut(&info.name).unwrap().copy_from_slice(&memory);
    }
    let mut work = Workspace::new([&plan]);
    plan.input_f32(&mut work, 0).copy_from_slice(&x.in_memory());
    let bound = plan.bind(&states);
    plan.run(&mut work, &mut states, &bound, Clock::default());
    let expected = Tensor::read(&case["y"]).in_memory();
    compare(plan.output_f32(&work, &states, 0), &expected, 1e-4, title)
}

/// The weights of `library.py`.
fn fill(number: u64, info: &WeightInfo) -> Vec<f32> {
    let count = info.shape.len();
    let one = |i| {
        let u = hashed(number, i);
        (match short(info) {
            "running_var" => 1.0 + 0.5 * u,
            _ if info.decays => u * (3.0 * info.shape.0[0] as f64 / count as f64).sqrt(),
            _ => 0.5 + u,
        }) as f32
    };
    (0..count as u64).map(one).collect()
}
