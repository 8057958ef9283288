//! Every operator's form on 8-bit codes against its float form.

use dlm_graph::{Clock, Frame, Graph, Integer, Layer, Mode, Plan, States, Ty, ValueId, Workspace};
use dlm_graph::{Op, View, ViewMut};
use dlm_kernels::int8::{self, Grid};
use dlm_kernels::rng;
use dlm_vocab::codes;
use dlm_vocab::ops::{Case, OPERATORS, Operator, SIGNS};
use smallvec::smallvec;

const BATCH: usize = 3;

/// How codes may differ from the float operator's result, rounded.
const STEPS: u8 = 1;

#[test]
fn codes_are_the_float_results_rounded() {
    let mut tried = Vec::new();
    for op in OPERATORS.iter().chain(SIGNS) {
        for case in (op.cases)() {
            let layer = (op.make)(&case.args);
            let name = op.word.name;
            match layer.integer(&case.flows) {
                Integer::Product(sizes) => product(op, &*layer, &case, sizes),
                Integer::Table => table(name, &*layer, &case),
                Integer::Move => moves(name, &*layer, &case),
                Integer::Select(codes) => {
                    let grids = grids(&case, true);
                    let out = grids[0];
                    let (x, float) = float(&*layer, &case, &grids);
                    let own = run(&*codes, &x, &grids, out, float.len());
                    let rounded: Vec<u8> = float.iter().map(|&y| out.code(y)).collect();
                    assert_eq!(own, rounded, "{name}");
                }
                Integer::Compute(codes) => {
                    let grids = grids(&case, false);
                    let (x, float) = float(&*layer, &case, &grids);
                    let (lo, hi) = int8::extent(&float);
                    // A narrower range, so that some results are cut off.
                    let out = Grid::of(0.9 * lo, 0.9 * hi);
                    let own = run(&*codes, &x, &grids, out, float.len());
                    for (q, y) in own.iter().zip(&float) {
                        let near = q.abs_diff(out.code(*y)) <= STEPS;
                        assert!(near, "{name}: {q} for {y}, {}", out.code(*y));
                    }
                }
                Integer::Cut(most) => {
                    let grids = grids(&case, false);
                    let (x, float) = float(&*layer, &case, &grids);
                    let out = Grid::of(0.0, if most.is_finite() { most } else { 1.0 });
                    let own = run(&*codes::cut(most), &x, &grids, out, float.len());
                    let rounded: Vec<u8> = float.iter().map(|&y| out.code(y)).collect();
                    assert_eq!(own, rounded, "{name}");
                }
                Integer::Fold { .. } | Integer::Pass | Integer::Float(_) => continue,
            }
            tried.push(name);
        }
    }
    tried.dedup();
    let known = [
        "avg_pool",
        "concat",
        "conv",
        "conv1d",
        "dense",
        "depthwise_conv",
        "embedding",
        "flatten",
        "global_avg_pool",
        "global_max_pool",
        "leaky_relu",
        "max_pool",
        "pad",
        "relu",
        "relu6",
        "reshape",
        "sigmoid",
        "slice",
        "transpose",
        "upsample",
        "add",
        "mul",
    ];
    assert_eq!(tried, known);
}

/// The rows of a table of codes are the codes of its rows.
fn table(name: &str, layer: &dyn Layer, case: &Case) {
    let [weight] = layer.weights(&case.flows).try_into().expect("a table");
    let [vocabulary, size] = *weight.shape.sizes() else { panic!("{name}: {:?}", weight.shape) };
    let grid = Grid::of(-1.0, 1.4);
    let code = |i: usize| (i * 37 % 256) as u8;
    let table: Vec<u8> = (0..vocabulary * size).map(code).collect();
    let tokens: Vec<i32> =
        (0..case.flows[0].count(BATCH)).map(|i| (i * 5 % vocabulary) as i32).collect();
    let answer = |coded: bool| {
        let mut g = Graph::new();
        let input = g.input(case.flows[0].clone());
        let y = match coded {
            true => {
                let shape = layer.infer(&case.flows).expect("rows").shape;
                g.add(codes::Rows { table: table.as_slice().into(), shape }, &[input])
            }
            false => {
                let weight = g.state(weight.name, weight.ty());
                layer.build(&mut g, &[input], &[weight], Mode::Eval)
            }
        };
        g.outputs = vec![y];
        let plan = Plan::new(&g, BATCH);
        let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
        if let Some(weight) = states.get_mut("weight") {
            int8::dequantize(&table, grid, weight);
        }
        let ViewMut::I32(input) = plan.input(&mut work, 0) else { panic!("{name}") };
        input.copy_from_slice(&tokens);
        let bound = plan.bind(&states);
        plan.run(&mut work, &mut states, &bound, Clock::default());
        match plan.output(&work, &states, 0) {
            View::U8(codes) => codes.to_vec(),
            View::F32(floats) => floats.iter().map(|&y| grid.code(y)).collect(),
            _ => panic!("{name}"),
        }
    };
    assert_eq!(answer(true), answer(false), "{name}");
}

/// A grid for each flow: one for all, or each another.
fn grids(case: &Case, same: bool) -> Vec<Grid> {
    let grid = |i: usize| match (same, i % 3) {
        (true, _) | (_, 0) => Grid::of(-1.0, 1.4),
        (_, 1) => Grid::of(-0.3, 2.0),
        _ => Grid::of(0.0, 0.9),
    };
    (0..case.flows.len()).map(grid).collect()
}

/// Random codes for each flow.
fn inputs(case: &Case) -> Vec<Vec<u8>> {
    let flow = |(i, ty): (usize, &Ty)| {
        let key = rng::key(11, i as u64);
        (0..ty.count(BATCH) as u64).map(|n| (256.0 * rng::uniform(key, n)) as u8).collect()
    };
    case.flows.iter().enumerate().map(flow).collect()
}

/// Codes, and what the float operator makes of the numbers that they stand for.
fn float(layer: &dyn Layer, case: &Case, grids: &[Grid]) -> (Vec<Vec<u8>>, Vec<f32>) {
    let x = inputs(case);
    let mut g = Graph::new();
    let ins: Vec<ValueId> = case.flows.iter().map(|ty| g.input(ty.clone())).collect();
    let y = layer.build(&mut g, &ins, &[], Mode::Eval);
    g.outputs = vec![y];
    let plan = Plan::new(&g, BATCH);
    let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
    for (i, (x, grid)) in x.iter().zip(grids).enumerate() {
        int8::dequantize(x, *grid, plan.input_f32(&mut work, i));
    }
    let bound = plan.bind(&states);
    plan.run(&mut work, &mut states, &bound, Clock::default());
    let y = plan.output_f32(&work, &states, 0).to_vec();
    (x, y)
}

fn run(
    codes: &dyn dlm_graph::Codes,
    x: &[Vec<u8>],
    grids: &[Grid],
    out: Grid,
    count: usize,
) -> Vec<u8> {
    let ins: Vec<(&[u8], Grid)> = x.iter().map(Vec::as_slice).zip(grids.iter().copied()).collect();
    let mut y = vec![0; count];
    codes.run(BATCH, &ins, out, &mut y);
    y
}

/// A move takes codes where it takes the numbers that they stand for.
fn moves(name: &str, layer: &dyn Layer, case: &Case) {
    let grids = grids(case, true);
    let (x, float) = float(layer, case, &grids);
    let mut g = Graph::new();
    let ins: Vec<ValueId> = case.flows.iter().map(|ty| g.input(codes::codes(&ty.shape))).collect();
    let y = layer.build(&mut g, &ins, &[], Mode::Eval);
    assert_eq!(*g.ty(y), codes::codes(&g.ty(y).shape.clone()), "{name}");
    g.outputs = vec![y];
    let plan = Plan::new(&g, BATCH);
    let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
    for (i, x) in x.iter().enumerate() {
        let ViewMut::U8(input) = plan.input(&mut work, i) else { panic!("{name}") };
        input.copy_from_slice(x);
    }
    let bound = plan.bind(&states);
    plan.run(&mut work, &mut states, &bound, Clock::default());
    let View::U8(own) = plan.output(&work, &states, 0) else { panic!("{name}") };
    let rounded: Vec<u8> = float.iter().map(|&y| grids[0].code(y)).collect();
    assert_eq!(own, rounded, "{name}");
}

/// A product of codes is the rounded product of the numbers that they stand for.
fn product(op: &Operator, layer: &dyn Layer, case: &Case, sizes: int8::Product) {
    let name = op.word.name;
    let (grid, flow) = (Grid::of(-1.0, 1.4), &case.flows[0]);
    let weights = layer.weights(&case.flows);
    let channels = sizes.channels();
    let key = rng::key_of(5, name);
    let w: Vec<f32> =
        (0..sizes.weights() as u64).map(|i| 2.0 * rng::uniform(key, i) - 1.0).collect();
    let b: Vec<f32> = (0..channels as u64).map(|i| rng::uniform(key, i + 9999) - 0.5).collect();
    let (mut scales, mut q) = (vec![0.0; channels], vec![0; w.len()]);
    int8::round_weights(&w, channels, 127, &mut scales, &mut q);
    let rounded: Vec<f32> =
        q.iter().enumerate().map(|(i, &q)| f32::from(q) * scales[i % channels]).collect();
    // The float operator on rounded weights.
    let x = inputs(case).remove(0);
    let mut g = Graph::new();
    let input = g.input(flow.clone());
    let states: Vec<ValueId> = weights.iter().map(|w| g.state(w.name, w.ty())).collect();
    let y = layer.build(&mut g, &[input], &states, Mode::Eval);
    g.outputs = vec![y];
    let shape = g.ty(y).shape.clone();
    let plan = Plan::new(&g, BATCH);
    let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
    states.get_mut("weight").expect("a weight").copy_from_slice(&rounded);
    let biased = states.get_mut("bias").map(|bias| bias.copy_from_slice(&b)).is_some();
    int8::dequantize(&x, grid, plan.input_f32(&mut work, 0));
    let bound = plan.bind(&states);
    plan.run(&mut work, &mut states, &bound, Clock::default());
    let float = plan.output_f32(&work, &states, 0).to_vec();
    // The same on codes.
    let (lo, hi) = int8::extent(&float);
    let out = Grid::of(0.9 * lo, 0.9 * hi);
    let mut packed = vec![0; int8::packed_len(&sizes)];
    int8::pack(&sizes, &q, &mut packed);
    let mut mult = vec![0.0; channels];
    int8::multipliers(grid.scale, &scales, out.scale, &mut mult);
    let mut bias = vec![0; channels];
    int8::round_bias(&b, grid.scale, &scales, &mut bias);
    if !biased {
        bias.clear();
    }
    let mut g = Graph::new();
    let mut value = g.input(codes::codes(&flow.shape));
    let row = flow.shape.rank() == 2 && matches!(sizes, int8::Product::Conv(_));
    if row {
        value = codes::to_row(&mut g, value);
    }
    let own = match sizes {
        int8::Product::Conv(conv) => {
            let [h, w, c] = conv.output;
            vec![c, h, w].into()
        }
        int8::Product::Dense { .. } => shape,
    };
    value = g.add(
        codes::Product {
            sizes,
            packed: packed.into(),
            bias: bias.into(),
            mult: mult.into(),
            zero: grid.zero,
            out,
            shape: own,
        },
        &[value],
    );
    if row {
        value = codes::from_row(&mut g, value);
    }
    g.outputs = vec![value];
    let plan = Plan::new(&g, BATCH);
    let (mut states, mut work) = (States::new([&plan]), Workspace::new([&plan]));
    let ViewMut::U8(to) = plan.input(&mut work, 0) else { panic!("{name}") };
    to.copy_from_slice(&x);
    let bound = plan.bind(&states);
    plan.run(&mut work, &mut states, &bound, Clock::default());
    let View::U8(own) = plan.output(&work, &states, 0) else { panic!("{name}") };
    for (q, y) in own.iter().zip(&float) {
        assert!(q.abs_diff(out.code(*y)) <= STEPS, "{name}: {q} for {y}, {}", out.code(*y));
    }
}

/// One step of training with rounded numbers: the result lies on the grid and is the deployed
/// product's, and the gradient is that of the float product where nothing is cut off.
#[test]
fn a_trained_product_is_the_deployed_one() {
    let sizes = int8::Product::Dense { features: 5, units: 4 };
    let (grid, out) = (Grid::of(-1.0, 1.0), Grid::of(0.0, 0.8));
    let x: Vec<f32> = (0..10).map(|i| grid.value((37 * i) as u8)).collect();
    let w: Vec<f32> = (0..20).map(|i| 2.0 * rng::uniform(1, i) - 1.0).collect();
    let b = [0.1f32, -0.2, 0.3, 0.0];
    let rounding = codes::RoundWeights { sizes, per_channel: true, most: 127 };
    let w_ty = Ty::fixed(vec![5, 4]);
    let tys = rounding.outputs(std::slice::from_ref(&w_ty));
    let (mut rounded, mut scales, mut packed) =
        (vec![0.0f32; 20], vec![0.0f32; 4], vec![0u8; tys[2].len()]);
    let mut scratch = vec![0u8; rounding.scratch(std::slice::from_ref(&w_ty), 2)];
    rounding.forward(&mut Frame {
        batch: 2,
        tys: &[w_ty],
        ins: smallvec![View::F32(&w)],
        outs: smallvec![
            ViewMut::F32(&mut rounded),
            ViewMut::F32(&mut scales),
            ViewMut::U8(&mut packed)
        ],
        written: smallvec![],
        scratch: &mut scratch,
        taken: false,
        clock: Clock::default(),
    });
    for (i, (w, r)) in w.iter().zip(&rounded).enumerate() {
        assert!((w - r).abs() <= scales[i % 4] * 0.5001);
    }
    let mut mult = vec![0.0; 4];
    int8::multipliers(grid.scale, &scales, out.scale, &mut mult);
    let mut bias = vec![0; 4];
    int8::round_bias(&b, grid.scale, &scales, &mut bias);
    let mut q = vec![0u8; 10];
    int8::quantize(&x, grid, &mut q);
    let mut own = vec![0u8; 8];
    let mut scratch = vec![0u8; int8::product_scratch(&sizes, 2)];
    let to = int8::Out::Codes { y: &mut own, mult: &mult, zero: out.zero };
    int8::product(&sizes, 2, &q, grid.zero, &packed, &bias, to, &mut scratch);

    let op = codes::TrainedProduct { sizes, bias: true, relu: true, follow: None };
    let ranges = [codes::range_of(-1.0, 1.0, grid), codes::range_of(0.0, 0.8, out)];
    let x_ty = Ty::flow(vec![5]);
    let fixed = |n: usize| Ty::fixed(vec![n]);
    let all = [x_ty, Ty::fixed(vec![5, 4]), fixed(4), tys[2].clone(), fixed(4), fixed(4), fixed(4)];
    let mut scratch = vec![0u8; op.scratch(&all, 2) + 64];
    let (mut y, mut pass) = (vec![0.0f32; 8], vec![0u8; 8]);
    let at = scratch.as_ptr().align_offset(64);
    op.forward(&mut Frame {
        batch: 2,
        tys: &all,
        ins: smallvec![
            View::F32(&x),
            View::F32(&rounded),
            View::F32(&scales),
            View::U8(&packed),
            View::F32(&ranges[0]),
            View::F32(&ranges[1]),
            View::F32(&b)
        ],
        outs: smallvec![ViewMut::F32(&mut y), ViewMut::U8(&mut pass)],
        written: smallvec![],
        scratch: &mut scratch[at..],
        taken: false,
        clock: Clock::default(),
    });
    let deployed: Vec<f32> = own.iter().map(|&q| out.value(q)).collect();
    assert_eq!(y, deployed);
    // What was cut off below 0 or above the range has no gradient; both occur here.
    for (q, pass) in own.iter().zip(&pass) {
        assert_eq!(*pass == 1, (1..255).contains(q), "{own:?} {pass:?}");
    }
    assert!(own.contains(&0) && own.contains(&255) && pass.contains(&1), "{own:?}");
}
