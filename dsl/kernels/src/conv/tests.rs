use super::*;
use crate::simd::tests::at_each_level;
use crate::{Activation, reference, rng};

/// Numbers in ±1.
fn numbers(n: usize, seed: u64) -> Vec<f32> {
    (0..n).map(|i| rng::uniform(seed, i as u64) * 2.0 - 1.0).collect()
}

fn close(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    let size = want.iter().fold(1.0f32, |m, w| m.max(w.abs()));
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= 2e-5 * size, "{what} at {i}: {got}, not {want}");
    }
}

/// Forward, gradient of the input and gradient of the weights, against the naive loops.
fn agrees(g: &Conv, batch: usize) {
    let x = numbers(batch * g.inputs(), 1);
    let w = numbers(g.weights(), 2);
    let dy = numbers(batch * g.outputs(), 3);
    // What the kernels must not read or leave behind.
    let dirt = f32::NAN;

    let mut y = vec![dirt; dy.len()];
    let mut scratch = vec![dirt; forward_scratch(g, batch)];
    forward(g, batch, &x, &w, Epilogue::NONE, &mut y, &mut scratch);
    let want = reference::conv(g, batch, &x, &w);
    close(&y, &want, &format!("forward of {g:?}"));

    let bias = numbers(g.output[2], 4);
    for activation in [Activation::Relu, Activation::Relu6, Activation::LeakyRelu(0.5)] {
        let epilogue = Epilogue { bias: Some(&bias), activation: Some(activation) };
        forward(g, batch, &x, &w, epilogue, &mut y, &mut scratch);
        let each = want.iter().zip(bias.iter().cycle());
        let finished: Vec<f32> = each.map(|(y, b)| activation.at(y + b)).collect();
        close(&y, &finished, &format!("{activation:?} of {g:?}"));
    }

    let mut dx = vec![dirt; x.len()];
    let mut scratch = vec![dirt; input_grad_scratch(g, batch)];
    input_grad(g, batch, &dy, &w, &mut dx, &mut scratch);
    close(&dx, &reference::conv_input_grad(g, batch, &dy, &w), &format!("input of {g:?}"));

    let mut dw = vec![dirt; w.len()];
    let mut scratch = vec![dirt; weight_grad_scratch(g, batch)];
    weight_grad(g, batch, &x, &dy, &mut dw, &mut scratch);
    close(&dw, &reference::conv_weight_grad(g, batch, &x, &dy), &format!("weights of {g:?}"));
}

fn sizes(
    [h, w, ci, co]: [usize; 4],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    (pad, after): ([usize; 2], [usize; 2]),
    groups: usize,
) -> Option<Conv> {
    let out = |i: usize, n: usize| {
        let room = (n + pad[i] + after[i]).checked_sub(dilation[i] * (kernel[i] - 1) + 1)?;
        Some(room / stride[i] + 1)
    };
    let output = [out(0, h)?, out(1, w)?, co];
    Some(Conv { input: [h, w, ci], output, kernel, stride, dilation, pad, groups })
}

#[test]
fn random_sizes_agree_with_the_naive_loops() {
    let mut stream = rng::Stream::new(7);
    let mut tried = 0;
    while tried < 120 {
        let mut pick =
            |from: usize, to: usize| from + stream.below((to - from + 1) as u64) as usize;
        let groups = [1, 1, 1, 2, 3, 0][pick(0, 5)];
        let (groups, ci, co) = match groups {
            // Depthwise, with whole vectors and rests.
            0 => [pick(1, 75); 3].into(),
            _ => (groups, groups * pick(1, 9), groups * pick(1, 9)),
        };
        let kernel = [pick(1, 5), pick(1, 5)];
        let stride = [pick(1, 3), pick(1, 3)];
        let dilation = [pick(1, 2), pick(1, 2)];
        let pads = ([pick(0, 3), pick(0, 3)], [pick(0, 3), pick(0, 3)]);
        let maps = [pick(1, 9), pick(1, 9), ci, co];
        let batch = pick(1, 4);
        if let Some(g) = sizes(maps, kernel, stride, dilation, pads, groups) {
            at_each_level(|| agrees(&g, batch));
            tried += 1;
        }
    }
}

#[test]
fn extreme_sizes_agree_with_the_naive_loops() {
    let none = ([0, 0], [0, 0]);
    let one = ([1, 1], [1, 1]);
    for (maps, kernel, stride, pads, groups) in [
        ([1, 1, 1, 1], [1, 1], [1, 1], none, 1),
        ([1, 1, 5, 3], [3, 3], [1, 1], one, 1),
        ([2, 2, 3, 4], [3, 3], [5, 5], one, 1),
        ([7, 5, 6, 6], [3, 3], [1, 1], one, 6),
        ([4, 4, 3, 2], [1, 1], [2, 2], none, 1),
        ([4, 4, 3, 2], [1, 1], [1, 1], one, 1),
        ([3, 40, 2, 70], [1, 9], [1, 2], ([0, 4], [0, 4]), 1),
        ([28, 28, 1, 32], [3, 3], [1, 1], none, 1),
        ([13, 12, 32, 64], [3, 3], [1, 1], none, 1),
        ([12, 13, 32, 32], [3, 3], [1, 1], one, 1),
        ([9, 9, 40, 36], [3, 3], [2, 2], one, 1),
        ([3, 5, 17, 41], [3, 3], [1, 1], ([2, 0], [2, 0]), 1),
        ([40, 40, 16, 8], [1, 1], [1, 1], none, 1),
        ([12, 13, 41, 41], [3, 3], [1, 1], one, 41),
        ([12, 13, 72, 72], [3, 3], [2, 2], one, 72),
        ([2, 3, 8, 8], [5, 5], [3, 4], ([2, 2], [2, 2]), 8),
    ] {
        let g = sizes(maps, kernel, stride, [1, 1], pads, groups).unwrap();
        at_each_level(|| agrees(&g, 3));
        agrees(&g, 3);
        // Images share blocks when there are many.
        agrees(&g, 17);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let g = sizes([14, 15, 32, 48], [3, 3], [1, 1], [1, 1], ([1, 1], [1, 1]), 1).unwrap();
    let strided = Conv { output: [7, 8, 48], stride: [2, 2], ..g };
    let results = |g: &Conv, batch: usize, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (x, w) = (numbers(batch * g.inputs(), 1), numbers(g.weights(), 2));
        pool.install(|| {
            let mut y = vec![0.0; batch * g.outputs()];
            let mut scratch = vec![0.0; forward_scratch(g, batch)];
            forward(g, batch, &x, &w, Epilogue::NONE, &mut y, &mut scratch);
            let mut dx = vec![0.0; x.len()];
            let mut scratch = vec![0.0; input_grad_scratch(g, batch)];
            input_grad(g, batch, &y, &w, &mut dx, &mut scratch);
            let mut dw = vec![0.0; w.len()];
            let mut scratch = vec![0.0; weight_grad_scratch(g, batch)];
            weight_grad(g, batch, &x, &y, &mut dw, &mut scratch);
            [y, dx, dw].map(|v| v.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        })
    };
    let depthwise = Conv { output: [14, 15, 32], groups: 32, ..g };
    let slow = Conv { output: [7, 8, 32], groups: 32, ..strided };
    for (g, batch) in [(g, 6), (strided, 6), (depthwise, 40), (slow, 70)] {
        assert!(g.macs() * batch > par::SMALL, "large enough to be shared");
        assert_eq!(results(&g, batch, 1), results(&g, batch, 3));
    }
}
