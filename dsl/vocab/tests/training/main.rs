//! Optimisers and schedules against PyTorch, the inner operators of training against their formulas,
//! and the lists of words against their folders.

mod torch;

use dlm_graph::{Clock, Graph, Plan, States, Ty, ValueId, Workspace, differentiate};
use dlm_vocab::internal::{Ema, GradNorm, WeightedSum};
use dlm_vocab::schedule::{Schedule, Span};
use dlm_vocab::word::{Default, Type, doc_text};
use dlm_vocab::{Arg, Args, Unit, Word, loss, metric, ops, optim, schedule};
use std::path::Path;
use std::sync::Arc;

/// The defaults of a word, and these arguments.
fn args(word: &Word, given: &[(&'static str, Arg)]) -> Args {
    let mut args = Args::default();
    for param in word.params {
        match param.default {
            Default::Real(v) => args.set(param.name, Arg::Real(v)),
            Default::Bool(v) => args.set(param.name, Arg::Bool(v)),
            Default::Quantity(v, unit) => args.set(param.name, Arg::Quantity(v, unit)),
            Default::Required => {}
            other => panic!("{other:?}"),
        }
    }
    given.iter().for_each(|(name, value)| args.set(name, value.clone()));
    args
}

/// The weights after the four updates of `torch::GRADS`, each gradient scaled by `scale` first.
fn train(name: &str, given: &[(&'static str, Arg)], decays: bool, scale: f32) -> Vec<f32> {
    let optimizer = optim::find(name).expect("the optimiser");
    let args = args(&optimizer.word, given);
    let mut g = Graph::new();
    let ty = Ty::fixed(vec![5]);
    let (w, grad) = (g.state("w", ty.clone()), g.input(ty.clone()));
    let mut inputs = vec![w, grad];
    inputs.extend((optimizer.keeps)(&args).iter().map(|kept| g.state(kept, ty.clone())));
    inputs.push(g.input(Ty::scalar()));
    g.add_all((optimizer.update)(&args, decays), &inputs);
    let plan = Plan::new(&g, 1);
    let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
    let start = torch::WEIGHT.map(|w| w as f32);
    states.get_mut("w").expect("w").copy_from_slice(&start);
    let bound = plan.bind(&states);
    for (step, (grad, lr)) in torch::GRADS.chunks(5).zip(torch::RATES).enumerate() {
        let own = plan.input_f32(&mut work, 0);
        own.iter_mut().zip(grad).for_each(|(own, &g)| *own = g as f32 / scale);
        plan.input_f32(&mut work, 1)[0] = scale;
        let clock = Clock { step: step as u64 + 1, lr: lr as f32, seed: 0 };
        plan.run(&mut work, &mut states, &bound, clock);
    }
    states.get("w").expect("w").to_vec()
}

fn close(name: &str, ours: &[f32], theirs: &[f64]) {
    let fits = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() <= 2e-6 * (1.0 + b.abs());
    assert!(
        ours.len() == theirs.len() && ours.iter().zip(theirs).all(fits),
        "{name}: {ours:?} {theirs:?}"
    );
}

#[test]
fn optimisers_move_weights_as_pytorch_does() {
    let real = |name, value| (name, Arg::Real(value));
    let lr = real("lr", 1.0);
    let heavy = [lr.clone(), real("momentum", 0.9)];
    let nesterov = [
        lr.clone(),
        real("momentum", 0.9),
        ("nesterov", Arg::Bool(true)),
        real("weight_decay", 0.1),
    ];
    let betas = [real("beta1", 0.8), real("beta2", 0.95)];
    let decay = [lr.clone(), real("weight_decay", 0.5)];
    for scale in [1.0, 0.25] {
        let run = |name, given: &[_]| train(name, given, true, scale);
        close("sgd", &run("sgd", std::slice::from_ref(&lr)), &torch::SGD);
        close("momentum", &run("sgd", &heavy), &torch::SGD_MOMENTUM);
        close("nesterov", &run("sgd", &nesterov), &torch::SGD_NESTEROV);
        close("adam", &run("adam", &betas), &torch::ADAM);
        close("adamw", &run("adamw", &decay), &torch::ADAMW);
        close("rmsprop", &run("rmsprop", std::slice::from_ref(&lr)), &torch::RMSPROP);
        close("lion", &run("lion", &decay), &torch::LION);
    }
}

#[test]
fn decay_spares_what_does_not_decay() {
    let given = |decay| [("lr", Arg::Real(1.0)), ("weight_decay", Arg::Real(decay))];
    for name in ["sgd", "adamw", "lion"] {
        assert_eq!(
            train(name, &given(0.5), false, 1.0),
            train(name, &given(0.0), true, 1.0),
            "{name}"
        );
        assert_ne!(
            train(name, &given(0.5), true, 1.0),
            train(name, &given(0.0), true, 1.0),
            "{name}"
        );
    }
}

fn start(name: &str, given: &[(&'static str, Arg)], span: Span) -> Box<dyn Schedule> {
    let word = schedule::find(name).expect("the schedule");
    (word.start)(&args(&word.word, given), span)
}

fn rates(schedule: &dyn Schedule, steps: u64) -> Vec<f64> {
    (0..steps).map(|step| schedule.lr(step)).collect()
}

fn same(name: &str, ours: &[f64], theirs: &[f64]) {
    let fits = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
    assert!(
        ours.len() == theirs.len() && ours.iter().zip(theirs).all(fits),
        "{name}: {ours:?} {theirs:?}"
    );
}

#[test]
fn schedules_are_those_of_pytorch() {
    let span = |steps, steps_per_epoch, lr| Span { steps, steps_per_epoch, lr };
    let real = |name, value| (name, Arg::Real(value));
    let cosine = start("cosine", &[real("floor", 0.01)], span(10, 5, 1.0));
    same("cosine", &rates(&*cosine, 10), &torch::COSINE);
    let cycle = start("one_cycle", &[real("peak", 2.5)], span(20, 5, 0.1));
    same("one_cycle", &rates(&*cycle, 20), &torch::ONE_CYCLE);
    let every = ("every", Arg::Quantity(3.0, Unit::Steps));
    let stairs = start("step", &[every, real("factor", 0.5)], span(10, 5, 1.0));
    same("step", &rates(&*stairs, 10), &torch::STEP);
    let epochs = ("every", Arg::Quantity(1.0, Unit::Epochs));
    let stairs = start("step", &[epochs, real("factor", 0.5)], span(10, 3, 1.0));
    same("step by epochs", &rates(&*stairs, 10), &torch::STEP);
    let falling = start("exponential", &[real("factor", 0.9)], span(10, 3, 1.0));
    same("exponential", &rates(&*falling, 10), &torch::EXPONENTIAL);
    let patience = ("patience", Arg::Quantity(2.0, Unit::Epochs));
    let fresh = || start("plateau", &[patience.clone(), real("factor", 0.5)], span(10, 1, 1.0));
    let (mut plateau, mut seen) = (fresh(), Vec::new());
    for (epoch, loss) in torch::LOSSES.into_iter().enumerate() {
        seen.push(plateau.lr(epoch as u64));
        plateau.hear(loss);
        // A schedule that is taken up again goes on as if it had never stopped.
        let state = plateau.state();
        plateau = fresh();
        plateau.restore(&state);
    }
    same("plateau", &seen, &torch::PLATEAU);
}

#[test]
fn a_warm_up_rises_to_the_learning_rate() {
    let warmup = ("warmup", Arg::Quantity(2.0, Unit::Epochs));
    let span = Span { steps: 10, steps_per_epoch: 2, lr: 0.8 };
    let linear = start("linear", std::slice::from_ref(&warmup), span);
    let expected: Vec<f64> =
        [0.25, 0.5, 0.75, 1.0, 1.0, 5. / 6., 4. / 6., 3. / 6., 2. / 6., 1. / 6.]
            .map(|r| 0.8 * r)
            .into();
    same("linear", &rates(&*linear, 10), &expected);
    let cosine = start("cosine", &[warmup], span);
    same("cosine", &rates(&*cosine, 5), &[0.2, 0.4, 0.6, 0.8, 0.8]);
    assert!((cosine.lr(7) - 0.4).abs() < 1e-12 && cosine.lr(10).abs() < 1e-12);
    let constant = start("constant", &[], span);
    assert_eq!(rates(&*constant, 3), [0.8; 3]);
}

#[test]
fn no_schedule_leaves_its_bounds_when_the_training_is_short() {
    for word in schedule::SCHEDULES {
        let given = [
            ("peak", Arg::Real(1.0)),
            ("factor", Arg::Real(0.5)),
            ("warmup", Arg::Quantity(5.0, Unit::Epochs)),
        ];
        for steps in 1..6 {
            let span = Span { steps, steps_per_epoch: 1, lr: 0.1 };
            let schedule = (word.start)(&args(&word.word, &given), span);
            for lr in rates(&*schedule, steps + 1) {
                assert!((0.0..=1.0).contains(&lr), "{}: {lr}", word.word.name);
            }
        }
    }
}

/// Runs a graph of single numbers and returns its outputs.
fn numbers(g: &Graph, inputs: &[&[f32]]) -> Vec<f32> {
    let plan = Plan::new(g, 1);
    let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
    let bound = plan.bind(&states);
    for (i, input) in inputs.iter().enumerate() {
        plan.input_f32(&mut work, i).copy_from_slice(input);
    }
    plan.run(&mut work, &mut states, &bound, Clock::default());
    (0..g.outputs.len()).map(|i| plan.output_f32(&work, &states, i)[0]).collect()
}

#[test]
fn terms_are_weighted_and_so_are_their_gradients() {
    let mut g = Graph::new();
    let terms: Vec<ValueId> = (0..2).map(|_| g.input(Ty::scalar())).collect();
    let sum = g.add(WeightedSum::new(vec![0.5, -3.0]), &terms);
    let grads = differentiate(&mut g, sum, &terms);
    g.outputs = [sum].into_iter().chain(grads.into_iter().flatten()).collect();
    assert_eq!(numbers(&g, &[&[4.0], &[1.0]]), [-1.0, 0.5, -3.0]);
}

#[test]
fn gradients_are_clipped_together() {
    let factor = |clip| {
        let mut g = Graph::new();
        let grads = [2, 3].map(|n| g.input(Ty::fixed(vec![n])));
        let scale = GradNorm::scale(&mut g, clip, &grads);
        g.outputs = vec![scale];
        numbers(&g, &[&[3.0, 0.0], &[0.0, -4.0, 0.0]])[0]
    };
    assert_eq!([factor(None), factor(Some(10.0)), factor(Some(1.0))], [1.0, 1.0, 0.2]);
}

#[test]
fn an_average_follows_its_weight() {
    let mut g = Graph::new();
    let (average, weight) = (g.state("average", Ty::scalar()), g.input(Ty::scalar()));
    g.add_all(Arc::new(Ema::new(0.75)), &[average, weight]);
    let plan = Plan::new(&g, 1);
    let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
    let bound = plan.bind(&states);
    let mut seen = Vec::new();
    for _ in 0..3 {
        plan.input_f32(&mut work, 0)[0] = 8.0;
        plan.run(&mut work, &mut states, &bound, Clock::default());
        seen.push(states.get("average").expect("average")[0]);
    }
    assert_eq!(seen, [2.0, 3.5, 4.625]);
}

/// Each kind of word: its folder, and its words.
fn kinds() -> Vec<(&'static str, Vec<&'static Word>)> {
    let operators = || ops::OPERATORS.iter().map(|w| &w.word);
    vec![
        ("ops", operators().chain(ops::SIGNS.iter().map(|w| &w.word)).collect()),
        ("loss", loss::LOSSES.iter().map(|w| &w.word).collect()),
        ("optim", optim::OPTIMIZERS.iter().map(|w| &w.word).collect()),
        ("schedule", schedule::SCHEDULES.iter().map(|w| &w.word).collect()),
        ("metric", metric::METRICS.iter().map(|w| &w.word).collect()),
    ]
}

#[test]
fn lists_are_sorted_and_agree_with_their_folders() {
    let sorted = |names: &[&str]| names.windows(2).all(|pair| pair[0] < pair[1]);
    let names =
        |list: &[&'static ops::Operator]| list.iter().map(|w| w.word.name).collect::<Vec<_>>();
    assert!(sorted(&names(ops::OPERATORS)) && sorted(&names(ops::SIGNS)));
    for (kind, words) in kinds() {
        let mut listed: Vec<&str> = words.iter().map(|word| word.name).collect();
        assert!(kind == "ops" || sorted(&listed), "{kind}");
        listed.sort_unstable();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(kind);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            let declares =
                |path: &Path| std::fs::read_to_string(path).expect("a file").contains("\nword! {");
            if path.is_file() && declares(&path) {
                files.push(path.file_stem().expect("a name").to_string_lossy().into_owned());
            }
        }
        files.sort_unstable();
        assert_eq!(files, listed, "{kind}");
    }
}

#[test]
fn every_word_is_documented_with_an_example() {
    for (kind, words) in kinds() {
        for word in words {
            let name = format!("{kind} {}", word.name);
            let doc = doc_text(word.doc);
            let summary = doc.split("\n\n").next().unwrap_or_default();
            assert!(summary.ends_with('.'), "{name}: {summary}");
            let example = doc.split("```dlm\n").nth(1).unwrap_or_default();
            let own = match (kind, word.name) {
                ("ops", "add") => "+",
                ("ops", "sub") => "-",
                ("ops", "mul") => "*",
                ("ops", "div") => "/",
                ("ops", "constant") => "0.5",
                (_, name) => name,
            };
            assert!(example.contains(own), "{name}: no example");
            for param in word.params {
                assert!(param.doc.ends_with('.'), "{name}: {}", param.name);
                let fits = match (param.ty, param.default) {
                    (Type::Real { min, max, .. }, Default::Real(v)) => (min..=max).contains(&v),
                    (Type::Int { min }, Default::Int(v)) => v >= min,
                    (Type::Bool, Default::Bool(_)) | (Type::Duration, Default::Quantity(..)) => {
                        true
                    }
                    (_, Default::Required | Default::Absent | Default::Same(_)) => true,
                    (Type::Pair { min }, Default::Int(v)) => v >= min,
                    (Type::Padding, _) => true,
                    (Type::Choice(names), Default::Name(name)) => names.contains(&name),
                    _ => false,
                };
                assert!(fits, "{name}: the default of {}", param.name);
            }
        }
    }
}
