//! Operators without weights on 8-bit codes.

use dlm_graph::{Codes, Integer, Ty};
use dlm_kernels::int8::{self, Grid};
use dlm_kernels::pool::Pool;
use std::sync::Arc;

/// Why functions that ONNX Runtime computes in float stay float.
pub(crate) const NO_KERNEL: Integer =
    Integer::Float("ONNX Runtime has no kernel for it on 8-bit codes");

/// The largest of each window.
#[derive(Debug)]
pub(crate) struct Largest(pub(crate) Pool);

impl Codes for Largest {
    fn run(&self, batch: usize, ins: &[(&[u8], Grid)], _: Grid, y: &mut [u8]) {
        int8::max_pool(&self.0, batch, ins[0].0, y);
    }
}

/// The mean of each window.
#[derive(Debug)]
pub(crate) struct Average(pub(crate) Pool);

impl Codes for Average {
    fn run(&self, batch: usize, ins: &[(&[u8], Grid)], out: Grid, y: &mut [u8]) {
        int8::avg_pool(&self.0, batch, ins[0].0, ins[0].1, out, y);
    }
}

/// The mean of each channel of a map, which is one window.
#[derive(Debug)]
pub(crate) struct WholeAverage(pub(crate) Pool);

impl Codes for WholeAverage {
    fn run(&self, batch: usize, ins: &[(&[u8], Grid)], out: Grid, y: &mut [u8]) {
        let [h, w, c] = self.0.input;
        int8::global_avg_pool([batch, h * w, c], ins[0].0, ins[0].1, out, y);
    }
}

/// The sum or product of two flows of one shape, or of a map and one number for each channel.
#[derive(Debug)]
struct Combined {
    product: bool,
    /// How many numbers of the first and second flow meet at a time; the shorter one is repeated over
    /// a sample.
    lens: [usize; 2],
}

/// The integer form of `a + b` or `a · b`.
pub(crate) fn combined(product: bool, a: &Ty, b: &Ty) -> Integer {
    let channels = |map: &Ty, one: &Ty| match (map.shape.sizes(), one.shape.sizes()) {
        (&[c, _, _], &[d, 1, 1]) => c == d && map.batched && one.batched,
        _ => false,
    };
    let whole = a.batched && a == b;
    if whole || channels(a, b) || channels(b, a) {
        return Integer::Compute(Arc::new(Combined { product, lens: [a.len(), b.len()] }));
    }
    Integer::Float(match (a.batched, b.batched) {
        (true, true) => {
            "only flows of one shape, or a map and a number for each channel, meet on codes"
        }
        _ => "a constant has no codes",
    })
}

impl Codes for Combined {
    fn run(&self, _: usize, ins: &[(&[u8], Grid)], out: Grid, y: &mut [u8]) {
        let [(a, ga), (b, gb)] = *ins else { panic!("two flows, not {}", ins.len()) };
        let step = if self.product { int8::mul } else { int8::add };
        let [m, n] = self.lens;
        let few = m.min(n);
        if m == n {
            return step(a, ga, b, gb, out, y);
        }
        for (i, y) in y.chunks_exact_mut(few).enumerate() {
            let sample = i / (m.max(n) / few) * few;
            let (p, q) = if m == few { (sample, i * few) } else { (i * few, sample) };
            step(&a[p..p + few], ga, &b[q..q + few], gb, out, y);
        }
    }
}

/// Several flows one behind the other along an axis, each brought to the grid of the result.
#[derive(Debug)]
struct Joined {
    /// How many numbers in a row each flow gives at a time.
    runs: Vec<usize>,
}

/// The integer form of joining flows along this axis.
pub(crate) fn joined(flows: &[Ty], along: usize) -> Integer {
    let run = |ty: &Ty| ty.strides()[along] * ty.shape.0[along];
    Integer::Compute(Arc::new(Joined { runs: flows.iter().map(run).collect() }))
}

impl Codes for Joined {
    fn run(&self, _: usize, ins: &[(&[u8], Grid)], out: Grid, y: &mut [u8]) {
        for (row, y) in y.chunks_exact_mut(self.runs.iter().sum()).enumerate() {
            let mut rest = y;
            for (&(x, grid), &run) in ins.iter().zip(&self.runs) {
                let (own, others) = rest.split_at_mut(run);
                int8::recode(&x[row * run..][..run], grid, out, own);
                rest = others;
            }
        }
    }
}

/// A function of one number, by a table of its 256 values.
pub(crate) struct Lookup<F>(pub(crate) &'static str, pub(crate) F);

impl<F> std::fmt::Debug for Lookup<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl<F: Fn(f64) -> f64 + Send + Sync> Codes for Lookup<F> {
    fn run(&self, _: usize, ins: &[(&[u8], Grid)], out: Grid, y: &mut [u8]) {
        let (x, grid) = ins[0];
        let value = |q: usize| out.code((self.1)(f64::from(grid.value(q as u8))) as f32);
        int8::table(x, &std::array::from_fn(value), y);
    }
}

/// Numbers cut off below 0 and above a limit, where nothing before can do it.
pub fn cut(most: f32) -> Arc<dyn Codes> {
    Arc::new(Lookup("cut", move |x: f64| x.clamp(0.0, f64::from(most))))
}

/// A border of zeros.
#[derive(Debug)]
pub(crate) struct Bordered {
    /// Height, width and channels of the map.
    pub(crate) map: [usize; 3],
    /// Rows above and below, columns left and right.
    pub(crate) border: [usize; 2],
}

impl Codes for Bordered {
    fn run(&self, _: usize, ins: &[(&[u8], Grid)], _: Grid, y: &mut [u8]) {
        let ([h, w, c], [rows, columns]) = (self.map, self.border);
        let (x, grid) = ins[0];
        y.fill(grid.zero);
        let wide = (w + 2 * columns) * c;
        let maps = x.chunks_exact(h * w * c).zip(y.chunks_exact_mut((h + 2 * rows) * wide));
        for (x, y) in maps {
            for (row, x) in x.chunks_exact(w * c).enumerate() {
                y[(row + rows) * wide + columns * c..][..w * c].copy_from_slice(x);
            }
        }
    }
}
