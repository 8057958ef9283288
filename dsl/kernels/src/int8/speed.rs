//! Speed of integer kernels against those for floats, on one thread; run with
//! `cargo test --release -p dlm-kernels -- --ignored --nocapture speed_of_bytes`.

use super::*;
use crate::conv::{self, Conv};
use crate::gemm::{Epilogue, Mat, par_gemm, speed::seconds};
use crate::simd::tests::at_each_byte_level;

fn floats(p: &Product, batch: usize) -> f64 {
    let (x, w) = (vec![0.5f32; batch * p.inputs()], vec![0.25f32; p.weights()]);
    let (mut y, bias) = (vec![0.0f32; batch * p.outputs()], vec![0.5; p.channels()]);
    let relu = Epilogue { bias: Some(&bias), activation: Some(crate::Activation::Relu) };
    match p {
        Product::Dense { features, units } => seconds(|| {
            let (x, w) = (Mat::new(&x, batch, *features), Mat::new(&w, *features, *units));
            par_gemm(&mut y, x, w, false, relu);
        }),
        Product::Conv(g) => {
            let mut scratch = vec![0.0; conv::forward_scratch(g, batch)];
            seconds(|| conv::forward(g, batch, &x, &w, relu, &mut y, &mut scratch))
        }
    }
}

fn bytes(p: &Product, batch: usize) -> [f64; 2] {
    let (x, w) = (vec![200u8; batch * p.inputs()], vec![99i8; p.weights()]);
    let (mut y, bias) = (vec![0u8; batch * p.outputs()], vec![5; p.channels()]);
    let mult = vec![1e-5; p.channels()];
    let mut packed = vec![0; packed_len(p)];
    let packing = seconds(|| pack(p, &w, &mut packed));
    let mut scratch = vec![0; product_scratch(p, batch)];
    let time = seconds(|| {
        let out = Out::Codes { y: &mut y, mult: &mult, zero: 0 };
        product(p, batch, &x, 3, &packed, &bias, out, &mut scratch);
    });
    [time, packing]
}

fn map([h, w, ci, co]: [usize; 4], kernel: usize, pad: usize, groups: usize) -> Product {
    let out = |n: usize| n + 2 * pad - kernel + 1;
    Product::Conv(Conv {
        input: [h, w, ci],
        output: [out(h), out(w), co],
        kernel: [kernel; 2],
        stride: [1, 1],
        dilation: [1, 1],
        pad: [pad; 2],
        groups,
    })
}

#[test]
#[ignore = "measures"]
fn speed_of_bytes() {
    let layers = [
        ("784 → 512", Product::Dense { features: 784, units: 512 }),
        ("512 → 256", Product::Dense { features: 512, units: 256 }),
        ("256 → 10", Product::Dense { features: 256, units: 10 }),
        ("9216 → 128", Product::Dense { features: 9216, units: 128 }),
        ("256 → 1", Product::Dense { features: 256, units: 1 }),
        ("3×3, 1 → 32", map([28, 28, 1, 32], 3, 0, 1)),
        ("3×3, 32 → 64", map([26, 26, 32, 64], 3, 0, 1)),
        ("3×3, 3 → 16", map([32, 32, 3, 16], 3, 1, 1)),
        ("3×3, 16 → 16", map([32, 32, 16, 16], 3, 1, 1)),
        ("3×3, 64 → 64", map([8, 8, 64, 64], 3, 1, 1)),
        ("1×1, 64 → 128", map([16, 16, 64, 128], 1, 0, 1)),
        ("each 3×3, 64", map([32, 32, 64, 64], 3, 1, 64)),
        ("each 3×3, 24", map([32, 32, 24, 24], 3, 1, 24)),
        ("each 5×5, 32", map([16, 16, 32, 32], 5, 2, 32)),
    ];
    println!("µs a sample for floats; for bytes at each level, and how many times as fast");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (name, p) in layers {
        for batch in [1, 32, 128] {
            if matches!(p, Product::Conv(_)) && batch > 32 {
                continue;
            }
            let each = |t: f64| t * 1e6 / batch as f64;
            let float = each(pool.install(|| floats(&p, batch)));
            print!("{name:14} {batch:3}: {float:8.2}");
            at_each_byte_level(|level| {
                let [time, packing] = bytes(&p, batch).map(each);
                print!("  {level:?} {time:8.2} ({:4.1})", float / time);
                if level == crate::simd::Bytes::Avx512 && batch == 1 {
                    print!("  packing {packing:.1}");
                }
            });
            println!();
        }
    }
}

#[test]
#[ignore = "measures"]
fn speed_of_codes() {
    let n = 1 << 16;
    let (x, g) = (vec![0.3f32; n], Grid { scale: 0.01, zero: 7 });
    let h = Grid { scale: 0.013, zero: 9 };
    let (mut y, mut q, mut r) = (vec![0f32; n], vec![5u8; n], vec![3u8; n]);
    let sums = vec![1234i32; n];
    let mult = vec![0.01f32; 64];
    let (w, mut scales, mut codes) = (vec![0.3f32; n], vec![0f32; 64], vec![0i8; n]);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let show = |name: &str, t: f64| println!("{name:16} {:6.3} ns a number", t * 1e9 / n as f64);
    pool.install(|| {
        show("quantize", seconds(|| quantize(&x, g, &mut q)));
        show("dequantize", seconds(|| dequantize(&q, g, &mut y)));
        show("recover", seconds(|| recover(&y, g, &mut q)));
        show("extent", seconds(|| _ = std::hint::black_box(extent(&x))));
        show("round_weights", seconds(|| round_weights(&w, 64, 127, &mut scales, &mut codes)));
        show("sums_extent", seconds(|| _ = std::hint::black_box(sums_extent(&sums, &mult))));
        let mut train = || requantize_train(&sums, &mult, g, true, &mut y, &mut r);
        show("requantize_train", seconds(&mut train));
        show("mask", seconds(|| mask(&x, &r, &mut y)));
        show("add", seconds(|| add(&q, g, &q, h, g, &mut r)));
        show("mul", seconds(|| mul(&q, g, &q, h, g, &mut r)));
        show(
            "broadcast_mul",
            seconds(|| broadcast_mul([1, 1024, 64], &q, g, &q[..64], h, g, &mut r)),
        );
        show("recode", seconds(|| recode(&q, g, h, &mut r)));
        let p = crate::pool::Pool { input: [32, 32, 64], size: [2, 2], stride: [2, 2] };
        show("max_pool", seconds(|| max_pool(&p, 1, &q, &mut r[..n / 4])));
        show("avg_pool", seconds(|| avg_pool(&p, 1, &q, g, h, &mut r[..n / 4])));
        show("global_avg_pool", seconds(|| global_avg_pool([1, 1024, 64], &q, g, h, &mut r[..64])));
    });
}
