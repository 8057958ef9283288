use super::*;
use crate::{reference, rng};

fn numbers(n: usize, seed: u64) -> Vec<f32> {
    (0..n).map(|i| rng::uniform(seed, i as u64) * 2.0 - 1.0).collect()
}

fn transposed(x: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    (0..rows * cols).map(|i| x[i % rows * cols + i / rows]).collect()
}

#[test]
fn products_agree_with_the_naive_loops() {
    let mut stream = rng::Stream::new(3);
    let mut pick = |to: usize| 1 + stream.below(to as u64) as usize;
    let mut sizes: Vec<[usize; 3]> = (0..60).map(|_| [pick(70), pick(90), pick(70)]).collect();
    sizes.extend([[1, 1, 1], [1, 300, 37], [2, 64, 9], [3, 1, 5], [200, 90, 150], [1, 0, 4]]);
    for (seed, [m, k, n]) in sizes.into_iter().enumerate() {
        let (a, b) = (numbers(m * k, seed as u64), numbers(k * n, seed as u64 + 99));
        let want = reference::gemm((m, k, n), &a, &b);
        let (at, bt) = (transposed(&a, m, k), transposed(&b, k, n));
        let close = |c: &[f32], plus: &dyn Fn(usize) -> f32, what: &str| {
            for (i, (c, w)) in c.iter().zip(&want).enumerate() {
                let w = w + plus(i);
                assert!((c - w).abs() < 1e-5 * k.max(1) as f32, "{what} {m} {k} {n}: {c}, not {w}");
            }
        };
        let mut c = vec![f32::NAN; m * n];
        par_gemm(&mut c, Mat::new(&a, m, k), Mat::new(&b, k, n), false, Epilogue::NONE);
        close(&c, &|_| 0.0, "A · B");
        gemm(&mut c, n, Mat::new(&at, k, m).t(), Mat::new(&bt, n, k).t(), true, Epilogue::NONE);
        close(&c.iter().zip(&want).map(|(c, w)| c - w).collect::<Vec<_>>(), &|_| 0.0, "+ Aᵀ · Bᵀ");
        let bias = numbers(n, 5);
        let ends = Epilogue { bias: Some(&bias), activation: None };
        gemm(&mut c, n, Mat::new(&a, m, k), Mat::new(&bt, n, k).t(), false, ends);
        close(&c, &|i| bias[i % n], "A · Bᵀ + bias");
    }
}

#[test]
fn a_product_leaves_the_gaps_between_its_rows() {
    let mut c = [7.0; 8];
    let ends = Epilogue { bias: Some(&[1.0, -9.0]), activation: Some(Activation::Relu) };
    gemm(&mut c[1..], 4, Mat::new(&[1.0, 2.0], 2, 1), Mat::new(&[3.0, 4.0], 1, 2), false, ends);
    assert_eq!(c, [7.0, 4.0, 0.0, 7.0, 7.0, 7.0, 0.0, 7.0]);
}

#[test]
fn epilogues_add_the_bias_before_the_activation() {
    for activation in [Activation::Relu, Activation::Relu6, Activation::LeakyRelu(0.5)] {
        let mut c: Vec<f32> = (0..40).map(|i| i as f32 - 20.0).collect();
        let bias = [0.5, -30.0, 3.0, 0.0];
        let want: Vec<f32> =
            c.iter().enumerate().map(|(i, c)| activation.at(c + bias[i % 4])).collect();
        Epilogue { bias: Some(&bias), activation: Some(activation) }.apply(&mut c, 4, 4);
        assert_eq!(c, want);
    }
}

#[test]
fn column_sums_take_every_row_once() {
    for (rows, n) in [(0, 3), (1, 1), (5, 7), (40_000, 3), (100, 2_000)] {
        let x: Vec<f32> = (0..rows * n).map(|i| (i % 5) as f32).collect();
        let mut sums = vec![f32::NAN; n];
        column_sums(&x, &mut sums, &mut vec![f32::NAN; column_sums_scratch(x.len(), n)]);
        for (j, &sum) in sums.iter().enumerate() {
            assert_eq!(sum, (0..rows).map(|i| x[i * n + j]).sum::<f32>(), "{rows} × {n}");
        }
    }
}
