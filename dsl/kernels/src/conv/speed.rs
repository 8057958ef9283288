//! Speed of convolutions on one thread; run with
//! `cargo test --release -p dlm-kernels -- --ignored --nocapture speed`.

use super::*;
use crate::gemm::speed::seconds;

const BATCH: usize = 16;

fn measure(name: &str, g: &Conv) {
    let (x, w) = (vec![0.5f32; BATCH * g.inputs()], vec![0.25f32; g.weights()]);
    let (mut y, mut dx, mut dw) =
        (vec![0.0f32; BATCH * g.outputs()], vec![0.0f32; x.len()], vec![0.0f32; w.len()]);
    let dy = y.clone();
    let flops = 2.0 * (g.macs() * BATCH) as f64;
    let mut scratch = vec![0.0f32; forward_scratch(g, BATCH)];
    let out = seconds(|| forward(g, BATCH, &x, &w, Epilogue::NONE, &mut y, &mut scratch));
    let mut scratch = vec![0.0f32; input_grad_scratch(g, BATCH)];
    let input = seconds(|| input_grad(g, BATCH, &dy, &w, &mut dx, &mut scratch));
    let mut scratch = vec![0.0f32; weight_grad_scratch(g, BATCH)];
    let weights = seconds(|| weight_grad(g, BATCH, &x, &dy, &mut dw, &mut scratch));
    let mut scratch = vec![0.0f32; forward_scratch(g, 1)];
    let (x, y) = (&x[..g.inputs()], &mut y[..g.outputs()]);
    let one = seconds(|| forward(g, 1, x, &w, Epilogue::NONE, y, &mut scratch));
    let rate = |t: f64| format!("{:6.1} ({:7.1} us)", flops / t / 1e9, t * 1e6 / BATCH as f64);
    println!("{name:22} {}  {}  {}  {:7.1} us", rate(out), rate(input), rate(weights), one * 1e6);
}

#[test]
#[ignore = "measures"]
fn speed_of_convolutions() {
    println!("GFLOP/s (µs an image): forward, gradients of input and weights; one image alone");
    crate::simd::tests::at_each_level(|| {
        println!("{:?}", crate::simd::level());
        for (name, [h, w, ci, co], kernel, stride, pad, depthwise) in [
            ("W3 1: 3×3, 1 → 32", [28, 28, 1, 32], 3, 1, 0, false),
            ("W3 2: 3×3, 32 → 64", [26, 26, 32, 64], 3, 1, 0, false),
            ("W4: 3×3, 3 → 16", [32, 32, 3, 16], 3, 1, 1, false),
            ("W4: 3×3, 16 → 16", [32, 32, 16, 16], 3, 1, 1, false),
            ("W4: 3×3 / 2, 16 → 32", [32, 32, 16, 32], 3, 2, 1, false),
            ("W4: 3×3, 32 → 32", [16, 16, 32, 32], 3, 1, 1, false),
            ("W4: 1×1 / 2, 32 → 64", [16, 16, 32, 64], 1, 2, 0, false),
            ("W4: 3×3, 64 → 64", [8, 8, 64, 64], 3, 1, 1, false),
            ("1×1, 64 → 128", [16, 16, 64, 128], 1, 1, 0, false),
            ("depthwise 3×3, 32", [32, 32, 32, 32], 3, 1, 1, true),
            ("depthwise 3×3 / 2, 64", [32, 32, 64, 64], 3, 2, 1, true),
            ("depthwise 3×3, 128", [16, 16, 128, 128], 3, 1, 1, true),
        ] {
            let out = |n: usize| (n + 2 * pad - kernel) / stride + 1;
            let g = Conv {
                input: [h, w, ci],
                output: [out(h), out(w), co],
                kernel: [kernel; 2],
                stride: [stride; 2],
                dilation: [1, 1],
                pad: [pad; 2],
                groups: if depthwise { ci } else { 1 },
            };
            measure(name, &g);
        }
    });
}
