//! Naive twins of the kernels: one loop an index, sums in 64 bits. Tests compare the kernels with
//! them; nothing else uses them.

use crate::conv::Conv;
use crate::pool::Pool;

/// `C = A · B`: A `[m, k]`, B `[k, n]`, all row-major.
pub(crate) fn gemm((m, k, n): (usize, usize, usize), a: &[f32], b: &[f32]) -> Vec<f32> {
    let mut c = Vec::with_capacity(m * n);
    for i in 0..m {
        for j in 0..n {
            let sum: f64 = (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j])).sum();
            c.push(sum as f32);
        }
    }
    c
}

/// Calls `f(image, output place, input place, weight place)` for every product of a convolution.
pub(crate) fn products(g: &Conv, batch: usize, mut f: impl FnMut(usize, usize, usize)) {
    let [h, w, ci] = g.input;
    let [ho, wo, co] = g.output;
    let [kh, kw] = g.kernel;
    let (cig, cog) = (ci / g.groups, co / g.groups);
    for image in 0..batch {
        for (oy, ox) in (0..ho).flat_map(|oy| (0..wo).map(move |ox| (oy, ox))) {
            for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
                let iy = (oy * g.stride[0] + ky * g.dilation[0]).wrapping_sub(g.pad[0]);
                let ix = (ox * g.stride[1] + kx * g.dilation[1]).wrapping_sub(g.pad[1]);
                if iy >= h || ix >= w {
                    continue;
                }
                for o in 0..co {
                    for c in 0..cig {
                        f(
                            ((image * ho + oy) * wo + ox) * co + o,
                            ((image * h + iy) * w + ix) * ci + o / cog * cig + c,
                            ((ky * kw + kx) * cig + c) * co + o,
                        );
                    }
                }
            }
        }
    }
}

fn narrow(sums: Vec<f64>) -> Vec<f32> {
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// Convolution: x `[batch, h, w, ci]`, w `[kh, kw, ci / groups, co]` → y `[batch, ho, wo, co]`.
pub(crate) fn conv(g: &Conv, batch: usize, x: &[f32], w: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; batch * g.output.iter().product::<usize>()];
    products(g, batch, |o, i, k| y[o] += f64::from(x[i]) * f64::from(w[k]));
    narrow(y)
}

/// The gradient of [`conv`] with respect to x.
pub(crate) fn conv_input_grad(g: &Conv, batch: usize, dy: &[f32], w: &[f32]) -> Vec<f32> {
    let mut dx = vec![0.0; batch * g.input.iter().product::<usize>()];
    products(g, batch, |o, i, k| dx[i] += f64::from(dy[o]) * f64::from(w[k]));
    narrow(dx)
}

/// The gradient of [`conv`] with respect to w.
pub(crate) fn conv_weight_grad(g: &Conv, batch: usize, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let mut dw = vec![0.0; g.weights()];
    products(g, batch, |o, i, k| dw[k] += f64::from(dy[o]) * f64::from(x[i]));
    narrow(dw)
}

/// Calls `f(output place, [input places])` for every window of a pooling.
pub(crate) fn windows(g: &Pool, batch: usize, mut f: impl FnMut(usize, &[usize])) {
    let [h, w, c] = g.input;
    let [ho, wo] = g.output();
    for image in 0..batch {
        for (oy, ox) in (0..ho).flat_map(|oy| (0..wo).map(move |ox| (oy, ox))) {
            for channel in 0..c {
                let mut places = Vec::new();
                for ky in 0..g.size[0] {
                    for kx in 0..g.size[1] {
                        let (iy, ix) = (oy * g.stride[0] + ky, ox * g.stride[1] + kx);
                        places.push(((image * h + iy) * w + ix) * c + channel);
                    }
                }
                f(((image * ho + oy) * wo + ox) * c + channel, &places);
            }
        }
    }
}

fn first_largest(x: &[f32], places: &[usize]) -> usize {
    (1..places.len()).fold(0, |best, i| if x[places[i]] > x[places[best]] { i } else { best })
}

/// The largest number of each window, and its place in the window (the first of equals).
pub(crate) fn max_pool(g: &Pool, batch: usize, x: &[f32]) -> (Vec<f32>, Vec<usize>) {
    let n = batch * g.outputs();
    let (mut y, mut arg) = (vec![0.0; n], vec![0; n]);
    windows(g, batch, |o, places| {
        arg[o] = first_largest(x, places);
        y[o] = x[places[arg[o]]];
    });
    (y, arg)
}

/// The gradient of [`max_pool`].
pub(crate) fn max_pool_grad(g: &Pool, batch: usize, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let mut dx = vec![0.0; batch * g.inputs()];
    windows(g, batch, |o, places| dx[places[first_largest(x, places)]] += f64::from(dy[o]));
    narrow(dx)
}

/// The mean of each window.
pub(crate) fn avg_pool(g: &Pool, batch: usize, x: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; batch * g.outputs()];
    windows(g, batch, |o, places| {
        y[o] = places.iter().map(|&i| f64::from(x[i])).sum::<f64>() / places.len() as f64;
    });
    narrow(y)
}

/// The gradient of [`avg_pool`].
pub(crate) fn avg_pool_grad(g: &Pool, batch: usize, dy: &[f32]) -> Vec<f32> {
    let mut dx = vec![0.0; batch * g.inputs()];
    windows(g, batch, |o, places| {
        places.iter().for_each(|&i| dx[i] += f64::from(dy[o]) / places.len() as f64);
    });
    narrow(dx)
}
