//! Speed of products; run with `cargo test --release -p dlm-kernels -- --ignored --nocapture speed`.

use super::*;
use std::time::Instant;

/// Seconds of one call: the fastest of several runs of about 30 ms.
fn seconds(mut f: impl FnMut()) -> f64 {
    let start = Instant::now();
    f();
    let count = (0.03 / start.elapsed().as_secs_f64().max(1e-9)).ceil().min(1e6) as usize;
    let run = |_| {
        let start = Instant::now();
        (0..count).for_each(|_| f());
        start.elapsed().as_secs_f64() / count as f64
    };
    (0..7).map(run).fold(f64::INFINITY, f64::min)
}

#[test]
#[ignore = "measures"]
fn speed_of_products() {
    for (m, k, n) in [
        (32, 64, 128),
        (32, 128, 64),
        (32, 64, 10),
        (64, 32, 128),
        (128, 32, 64),
        (64, 32, 10),
        (1, 784, 512),
        (1, 9216, 128),
        (128, 784, 512),
        (64, 784, 512),
        (784, 128, 512),
        (128, 512, 256),
        (128, 256, 10),
        (128, 9216, 128),
        (576, 288, 64),
        (288, 576, 64),
        (576, 64, 288),
        (96, 288, 64),
        (676, 9, 32),
        (1024, 27, 16),
        (1024, 144, 16),
        (144, 1024, 16),
        (256, 288, 32),
        (64, 576, 64),
        (64, 128, 128),
        (64, 128, 512),
        (1024, 32, 64),
    ] {
        let a = vec![0.5f32; m * k];
        let b = vec![0.25f32; k * n];
        let mut c = vec![0.0f32; m * n];
        let flops = 2.0 * (m * k * n) as f64;
        let nn = seconds(|| {
            gemm(&mut c, n, Mat::new(&a, m, k), Mat::new(&b, k, n), false, Epilogue::NONE)
        });
        let tn = seconds(|| {
            gemm(&mut c, n, Mat::new(&a, k, m).t(), Mat::new(&b, k, n), false, Epilogue::NONE)
        });
        let nt = seconds(|| {
            gemm(&mut c, n, Mat::new(&a, m, k), Mat::new(&b, n, k).t(), false, Epilogue::NONE)
        });
        println!(
            "{m:5} {k:5} {n:5}: nn {:6.1} GFLOP/s {:7.2} us, tn {:6.1}, nt {:6.1}",
            flops / nn / 1e9,
            nn * 1e6,
            flops / tn / 1e9,
            flops / nt / 1e9
        );
    }
}
