//! Normalisation folded into the product before it gives the answers of the two apart.

use dlm_graph::pass::{Folded, fold, optimize};
use dlm_graph::{Clock, Graph, Mode, Plan, States, Ty, ValueId, Workspace};
use dlm_kernels::rng;
use dlm_vocab::ops::find;
use dlm_vocab::{Arg, Args};
use std::sync::Arc;

type Step = (&'static str, Vec<(&'static str, Arg)>);

/// A row of operators on an input of this shape, as it answers.
fn graph(shape: &[usize], steps: &[Step]) -> Graph {
    let mut g = Graph::new();
    let mut x = g.input(Ty::flow(shape.to_vec()));
    for (number, (name, given)) in steps.iter().enumerate() {
        let mut args = Args::default();
        given.iter().for_each(|(name, arg)| args.set(name, arg.clone()));
        let layer = (find(name).expect("an operator").make)(&args);
        let flows = [g.ty(x).clone()];
        g.enter(Arc::from(format!("{name}{number}")));
        let states: Vec<ValueId> = (layer.weights(&flows).iter())
            .map(|w| g.state(&format!("{name}{number}.{}", w.name), w.ty()))
            .collect();
        x = layer.build(&mut g, &[x], &states, Mode::Eval);
    }
    g.outputs = vec![x];
    g
}

/// The answers of plans that run one after the other on the same states.
fn answers(plans: &[Plan]) -> Vec<f32> {
    let (mut states, mut work) = (States::new(plans), Workspace::new(plans));
    let names: Vec<String> = states.names().map(|(name, _)| name.to_string()).collect();
    for name in names.iter().filter(|name| !name.contains("folded")) {
        let key = rng::key_of(7, name);
        let positive = name.ends_with("running_var");
        for (i, x) in states.get_mut(name).expect("a state").iter_mut().enumerate() {
            let u = rng::uniform(key, i as u64);
            *x = if positive { 0.2 + u } else { 2.0 * u - 1.0 };
        }
    }
    for plan in plans {
        if !plan.inputs.is_empty() {
            let input = plan.input_f32(&mut work, 0);
            (0..).zip(input).for_each(|(i, x)| *x = 2.0 * rng::uniform(3, i) - 1.0);
        }
        let bound = plan.bind(&states);
        plan.run(&mut work, &mut states, &bound, Clock::default());
    }
    plans.last().expect("a plan").output_f32(&work, &states, 0).to_vec()
}

/// The operators left in the answering part.
fn check(shape: &[usize], steps: &[Step]) -> Vec<&'static str> {
    let plain = answers(&[Plan::new(&optimize(graph(shape, steps)), 3)]);
    let Folded { prepare, answer } = fold(graph(shape, steps), "");
    let folded = answers(&[Plan::new(&prepare, 1), Plan::new(&answer, 3)]);
    let largest = plain.iter().fold(0.0f32, |a, x| a.max(x.abs()));
    assert!(largest > 0.1);
    for (a, b) in plain.iter().zip(&folded) {
        assert!((a - b).abs() <= 1e-5 * largest, "{a} and {b} of {largest}");
    }
    answer.nodes.iter().map(|node| node.op.name()).collect()
}

fn conv(bias: bool) -> Step {
    let pair = |n| Arg::Ints(vec![n, n]);
    let args = vec![
        ("channels", Arg::Int(5)),
        ("kernel", pair(3)),
        ("stride", pair(1)),
        ("padding", Arg::Name("same".into())),
        ("groups", Arg::Int(1)),
        ("dilation", pair(1)),
        ("bias", Arg::Bool(bias)),
    ];
    ("conv", args)
}

fn depthwise() -> Step {
    let pair = |n| Arg::Ints(vec![n, n]);
    let args = vec![
        ("kernel", pair(3)),
        ("stride", pair(2)),
        ("padding", Arg::Name("same".into())),
        ("dilation", pair(1)),
        ("bias", Arg::Bool(true)),
    ];
    ("depthwise_conv", args)
}

fn dense(units: i64) -> Step {
    ("dense", vec![("units", Arg::Int(units)), ("bias", Arg::Bool(true))])
}

fn norm() -> Step {
    ("batch_norm", vec![("momentum", Arg::Real(0.1)), ("eps", Arg::Real(1e-5))])
}

fn relu() -> Step {
    ("relu", vec![])
}

#[test]
fn normalisation_behind_a_convolution_costs_nothing() {
    let steps = [conv(false), norm(), relu(), depthwise(), norm(), relu(), conv(true), norm()];
    assert_eq!(check(&[2, 6, 5], &steps), ["conv"; 3]);
}

#[test]
fn normalisation_behind_a_dense_layer_costs_nothing() {
    assert_eq!(check(&[7], &[dense(6), norm(), relu(), dense(3)]), ["dense"; 2]);
}

#[test]
fn normalisation_that_stands_alone_or_on_another_axis_stays() {
    assert_eq!(check(&[2, 6, 5], &[norm(), conv(true)]), ["batch_norm", "conv"]);
    assert_eq!(check(&[4, 7], &[dense(4), norm()]), ["dense", "batch_norm"]);
    assert_eq!(check(&[7], &[dense(6), relu(), norm()]), ["dense", "batch_norm"]);
}
