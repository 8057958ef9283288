//! Speed of products on one thread; run with
//! `cargo test --release -p dlm-kernels -- --ignored --nocapture speed`.

use super::*;
use std::time::Instant;

/// Seconds of one call: the fastest of many short samples, so that other work on the machine matters
/// little.
pub(crate) fn seconds(mut f: impl FnMut()) -> f64 {
    let start = Instant::now();
    f();
    let count = (1e-4 / start.elapsed().as_secs_f64().max(1e-9)).ceil().min(1e6) as usize;
    let mut best = f64::INFINITY;
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < 0.4 {
        let start = Instant::now();
        (0..count).for_each(|_| f());
        best = best.min(start.elapsed().as_secs_f64() / count as f64);
    }
    best
}

#[test]
#[ignore = "measures"]
fn speed_of_products() {
    println!("GFLOP/s: A · B (µs), Aᵀ · B, A · Bᵀ");
    for [m, k, n] in [
        // The digits network, batch 32: forward, gradients.
        [32, 64, 128],
        [32, 128, 64],
        [32, 64, 10],
        [64, 32, 128],
        [128, 32, 64],
        [64, 32, 10],
        // One sample.
        [1, 784, 512],
        [1, 9216, 128],
        [1, 512, 256],
        [1, 64, 10],
        [128, 784, 512],
        [784, 128, 512],
        [128, 512, 256],
        [128, 256, 10],
        [128, 9216, 128],
        // A block of an image.
        [96, 288, 64],
        [1024, 27, 16],
        [144, 1024, 16],
        [64, 128, 512],
    ] {
        let (a, b) = (vec![0.5f32; m * k], vec![0.25f32; k * n]);
        let mut c = vec![0.0f32; m * n];
        let mut run = |a, b| seconds(|| gemm(&mut c, n, a, b, false, Epilogue::NONE));
        let plain = run(Mat::new(&a, m, k), Mat::new(&b, k, n));
        let left = run(Mat::new(&a, k, m).t(), Mat::new(&b, k, n));
        let right = run(Mat::new(&a, m, k), Mat::new(&b, n, k).t());
        let rate = |t: f64| 2.0 * (m * k * n) as f64 / t / 1e9;
        println!(
            "{m:4} {k:5} {n:4}: {:6.1} ({:7.2}) {:6.1} {:6.1}",
            rate(plain),
            plain * 1e6,
            rate(left),
            rate(right)
        );
    }
}

#[test]
#[ignore = "measures"]
fn speed_of_a_transformer() {
    println!("GFLOP/s of 2048 rows by rows of C at a time: forward, gradient of x, gradient of w");
    for [k, n] in [[128, 512], [512, 128], [128, 384], [128, 128]] {
        const SETS: usize = 6;
        let m = 2048;
        let x = vec![0.5f32; SETS * m * k];
        let w = vec![0.25f32; k * n];
        let mut y = vec![0.25f32; SETS * m * n];
        let mut dx = vec![0.25f32; SETS * m * k];
        let mut dw = vec![0.25f32; k * n];
        for block in [32, 64, 128, 256, 512, 2048] {
            let rate = |t: f64| 2.0 * (m * k * n) as f64 / t / 1e9;
            let mut at = 0;
            let forward = seconds(|| {
                at = (at + 1) % SETS;
                let x = Mat::new(&x[at * m * k..][..m * k], m, k);
                for (i, c) in y[at * m * n..][..m * n].chunks_mut(block * n).enumerate() {
                    gemm(
                        c,
                        n,
                        x.rows(i * block, c.len() / n),
                        Mat::new(&w, k, n),
                        false,
                        Epilogue::NONE,
                    );
                }
            });
            let back = seconds(|| {
                at = (at + 1) % SETS;
                let y = Mat::new(&y[at * m * n..][..m * n], m, n);
                for (i, c) in dx[at * m * k..][..m * k].chunks_mut(block * k).enumerate() {
                    gemm(
                        c,
                        k,
                        y.rows(i * block, c.len() / k),
                        Mat::new(&w, k, n).t(),
                        false,
                        Epilogue::NONE,
                    );
                }
            });
            let weight = seconds(|| {
                at = (at + 1) % SETS;
                let x = Mat::new(&x[at * m * k..][..m * k], m, k).t();
                let y = Mat::new(&y[at * m * n..][..m * n], m, n);
                for (i, c) in dw.chunks_mut(block * n).enumerate() {
                    gemm(c, n, x.rows(i * block, c.len() / n), y, false, Epilogue::NONE);
                }
            });
            println!(
                "{k:4} {n:4} {block:5}: {:6.1} {:6.1} {:6.1}",
                rate(forward),
                rate(back),
                rate(weight)
            );
        }
    }
}
