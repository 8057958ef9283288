//! Scaled dot-product attention, a sample and a head at a time: the scores of a few rows live in cache
//! and are gone when their rows are done. Backward computes them again.
#![allow(unsafe_code)]

use crate::arena::as_f32;
use crate::gemm::Mat;
use crate::gemm::small::{Rows, product};
use crate::math::exp;
use crate::par;

/// The sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    /// Heads, each of which sees its share of the width.
    pub heads: usize,
    /// Rows that look.
    pub queries: usize,
    /// Rows that are looked at.
    pub keys: usize,
    /// Numbers of a row, for all heads.
    pub width: usize,
    /// Whether row t sees only the rows up to t.
    pub causal: bool,
}

/// One of the three projections: in each row of `data`, `stride` numbers long, the numbers from
/// `offset` on.
#[derive(Clone, Copy, Debug)]
pub struct Projected<'a> {
    /// Rows of all samples.
    pub data: &'a [f32],
    /// Numbers of a row.
    pub stride: usize,
    /// Where the projection begins in a row.
    pub offset: usize,
}

/// What an attention reads.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// What the rows look for.
    pub q: Projected<'a>,
    /// By what the rows are found.
    pub k: Projected<'a>,
    /// What is found in them.
    pub v: Projected<'a>,
    /// For each sample and key, 0 where nobody looks.
    pub mask: Option<&'a [i32]>,
}

/// The gradients that [`Attention::backward`] writes.
#[derive(Debug)]
pub enum Gradients<'a> {
    /// Of rows that hold all three projections one behind the other.
    One(&'a mut [f32]),
    /// Of rows of q, and of rows of k and v one behind the other.
    Two(&'a mut [f32], &'a mut [f32]),
}

/// Where a gradient goes: as [`Projected`].
#[derive(Clone, Copy)]
struct Target {
    start: *mut f32,
    stride: usize,
}

/// What forward keeps of a row: the largest score, and one over the sum of what is above it.
pub const KEPT: usize = 2;
/// Groups of samples and heads that threads share, at most.
const GROUPS: usize = 16;

/// Memory that pieces write each for itself.
#[derive(Clone, Copy)]
struct Shared<T>(T);
// SAFETY: each piece writes the numbers of its own samples and heads, which no other touches.
unsafe impl<T> Sync for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Send for Shared<T> {}

impl<T: Copy> Shared<T> {
    fn get(&self) -> T {
        self.0
    }
}

impl Attention {
    /// Multiply-adds of the two products for one sample.
    pub fn macs(&self) -> usize {
        2 * self.queries * self.keys * self.width
    }

    fn head(&self) -> usize {
        self.width / self.heads
    }

    /// One over the root of a head's width.
    fn scale(&self) -> f32 {
        1.0 / (self.head() as f32).sqrt()
    }

    /// Rows whose scores are computed together; few where later rows see more.
    fn tile(&self) -> usize {
        self.queries.min(if self.causal { 32 } else { 64 })
    }

    /// Samples and heads of a group.
    fn group(&self, batch: usize) -> usize {
        (batch * self.heads).div_ceil(GROUPS).max(1)
    }

    fn groups(&self, batch: usize) -> usize {
        (batch * self.heads).div_ceil(self.group(batch))
    }

    fn forward_floats(&self) -> usize {
        (self.head() + self.tile() + 1) * self.keys
    }

    fn backward_floats(&self) -> usize {
        (2 * self.head() + 2 * self.tile() + 1) * self.keys + self.tile()
    }

    /// Bytes of scratch for [`Attention::forward`].
    pub fn forward_scratch(&self, batch: usize) -> usize {
        4 * self.groups(batch) * self.forward_floats()
    }

    /// Bytes of scratch for [`Attention::backward`].
    pub fn backward_scratch(&self, batch: usize) -> usize {
        4 * self.groups(batch) * self.backward_floats()
    }

    /// Keys that the rows up to `end` see.
    fn seen(&self, end: usize) -> usize {
        if self.causal { self.keys.min(end) } else { self.keys }
    }

    /// Calls `f(sample, head, scratch)` for all, in groups that the sizes alone decide.
    fn each(
        &self,
        batch: usize,
        work: usize,
        scratch: &mut [u8],
        floats: usize,
        f: impl Fn(usize, usize, &mut [f32]) + Sync + Send,
    ) {
        let (group, all) = (self.group(batch), batch * self.heads);
        par::pieces_with(self.groups(batch), batch * work, (scratch, 4 * floats), |i, scratch| {
            let scratch = as_f32(scratch);
            for unit in i * group..((i + 1) * group).min(all) {
                f(unit / self.heads, unit % self.heads, scratch);
            }
        });
    }

    fn check(&self, batch: usize, inputs: &Inputs<'_>) {
        assert!(self.heads > 0 && self.width.is_multiple_of(self.heads));
        for (part, rows) in [(inputs.q, self.queries), (inputs.k, self.keys), (inputs.v, self.keys)]
        {
            assert!(part.offset + self.width <= part.stride);
            assert_eq!(part.data.len(), batch * rows * part.stride);
        }
        assert!(inputs.mask.is_none_or(|mask| mask.len() == batch * self.keys));
    }

    /// The rows of one sample and head.
    fn part<'a>(&self, it: Projected<'a>, rows: usize, (sample, head): (usize, usize)) -> Mat<'a> {
        let from = sample * rows * it.stride + it.offset + head * self.head();
        Mat::strided(&it.data[from..], (rows, self.head()), (it.stride, 1))
    }

    /// Writes the rows that each row sees, weighted: for each head
    /// `y = softmax(q · kᵀ / √width of a head) · v`, and what backward needs of each row in `kept`.
    /// A row that sees nothing is 0.
    ///
    /// # Shapes
    /// y `[batch, queries, width]`, kept `[batch, heads, queries, 2]`.
    ///
    /// # Panics
    /// When lengths disagree or scratch is short.
    pub fn forward(
        &self,
        batch: usize,
        inputs: &Inputs<'_>,
        (y, kept): (&mut [f32], &mut [f32]),
        scratch: &mut [u8],
    ) {
        self.check(batch, inputs);
        assert_eq!(y.len(), batch * self.queries * self.width);
        assert_eq!(kept.len(), batch * self.heads * self.queries * KEPT);
        let (y, kept) = (Shared(y.as_mut_ptr()), Shared(kept.as_mut_ptr()));
        self.each(batch, self.macs(), scratch, self.forward_floats(), |sample, head, scratch| {
            let rows = sample * self.heads + head;
            // SAFETY: the rows of this sample and head, which are no other piece's; `forward` has
            // checked the lengths.
            unsafe {
                let y = y.get().add(sample * self.queries * self.width + head * self.head());
                let kept = kept.get().add(rows * self.queries * KEPT);
                let kept = std::slice::from_raw_parts_mut(kept, self.queries * KEPT);
                self.forward_one(inputs, (sample, head), y, kept, scratch);
            }
        });
    }

    /// # Safety
    /// `y` has the rows of this sample and head, and nobody else uses them.
    unsafe fn forward_one(
        &self,
        inputs: &Inputs<'_>,
        at: (usize, usize),
        y: *mut f32,
        kept: &mut [f32],
        scratch: &mut [f32],
    ) {
        let q = self.part(inputs.q, self.queries, at);
        let (k, v) = (self.part(inputs.k, self.keys, at), self.part(inputs.v, self.keys, at));
        let (hidden, scratch) = scratch.split_at_mut(self.keys);
        let (turned, scores) = scratch.split_at_mut(self.head() * self.keys);
        let hidden = self.hidden(inputs, at.0, hidden);
        transpose(k, turned);
        for first in (0..self.queries).step_by(self.tile()) {
            let rows = self.tile().min(self.queries - first);
            let seen = self.seen(first + rows);
            let scores = &mut scores[..rows * seen];
            let kept = &mut kept[first * KEPT..][..rows * KEPT];
            // SAFETY: scores have `rows` rows of `seen` numbers, and y those rows, says the caller.
            unsafe {
                let to = Rows { start: scores.as_mut_ptr(), stride: seen };
                let turned = Mat::strided(turned, (self.head(), seen), (self.keys, 1));
                product(to, q.slice(first, rows), turned, false);
                let open = if self.causal { first } else { self.keys };
                soften(scores, seen, self.scale(), &hidden[..hidden.len().min(seen)], open, kept);
                let to = Rows { start: y.add(first * self.width), stride: self.width };
                product(to, Mat::new(scores, rows, seen), v.slice(0, seen), false);
            }
        }
    }

    /// What is added to the scores of a sample: −∞ where nobody looks. Nothing without a mask.
    fn hidden<'s>(&self, inputs: &Inputs<'_>, sample: usize, into: &'s mut [f32]) -> &'s [f32] {
        let Some(mask) = inputs.mask else { return &[] };
        let mask = &mask[sample * self.keys..][..self.keys];
        let hide = |&m: &i32| if m == 0 { f32::NEG_INFINITY } else { 0.0 };
        into.iter_mut().zip(mask).for_each(|(into, m)| *into = hide(m));
        into
    }

    /// Writes the gradients of the projections from `dy`, and from what forward wrote.
    ///
    /// # Panics
    /// When lengths disagree or scratch is short.
    pub fn backward(
        &self,
        batch: usize,
        inputs: &Inputs<'_>,
        (y, kept, dy): (&[f32], &[f32], &[f32]),
        gradients: Gradients<'_>,
        scratch: &mut [u8],
    ) {
        self.check(batch, inputs);
        let (d, queries, keys) = (self.width, batch * self.queries, batch * self.keys);
        assert!(y.len() == queries * d && dy.len() == queries * d);
        assert_eq!(kept.len(), batch * self.heads * self.queries * KEPT);
        let targets = match gradients {
            Gradients::One(dx) => {
                assert!(self.queries == self.keys && dx.len() == queries * 3 * d);
                let start = dx.as_mut_ptr();
                [0, d, 2 * d].map(|at| Target { start: start.wrapping_add(at), stride: 3 * d })
            }
            Gradients::Two(dq, dkv) => {
                assert!(dq.len() == queries * d && dkv.len() == keys * 2 * d);
                let start = dkv.as_mut_ptr();
                let of = |at| Target { start: start.wrapping_add(at), stride: 2 * d };
                [Target { start: dq.as_mut_ptr(), stride: d }, of(0), of(d)]
            }
        };
        let rows = |data| Projected { data, stride: d, offset: 0 };
        let (y, dy, targets) = (rows(y), rows(dy), Shared(targets));
        let work = self.macs() * 5 / 2;
        self.each(batch, work, scratch, self.backward_floats(), |sample, head, scratch| {
            let at = (sample, head);
            let kept = &kept[(sample * self.heads + head) * self.queries * KEPT..];
            let counts = [self.queries, self.keys, self.keys];
            let mut targets = targets.get();
            for (target, rows) in targets.iter_mut().zip(counts) {
                let from = sample * rows * target.stride + head * self.head();
                target.start = target.start.wrapping_add(from);
            }
            let of = [self.part(y, self.queries, at), self.part(dy, self.queries, at)];
            // SAFETY: the rows of this sample and head, which are no other piece's; `backward` has
            // checked the lengths.
            unsafe { self.backward_one(inputs, at, (of, kept), targets, scratch) }
        });
    }

    /// # Safety
    /// The targets have the rows of this sample and head, and nobody else uses them.
    unsafe fn backward_one(
        &self,
        inputs: &Inputs<'_>,
        at: (usize, usize),
        ([y, dy], kept): ([Mat<'_>; 2], &[f32]),
        [dq, dk, dv]: [Target; 3],
        scratch: &mut [f32],
    ) {
        let (head, keys) = (self.head(), self.keys);
        let q = self.part(inputs.q, self.queries, at);
        let (k, v) = (self.part(inputs.k, keys, at), self.part(inputs.v, keys, at));
        let (hidden, scratch) = scratch.split_at_mut(keys);
        let (dots, scratch) = scratch.split_at_mut(self.tile());
        let (turned_k, scratch) = scratch.split_at_mut(head * keys);
        let (turned_v, scratch) = scratch.split_at_mut(head * keys);
        let (shares, slopes) = scratch.split_at_mut(self.tile() * keys);
        let hidden = self.hidden(inputs, at.0, hidden);
        transpose(k, turned_k);
        transpose(v, turned_v);
        if self.causal {
            for target in [dk, dv] {
                for row in 0..keys {
                    // SAFETY: a row of this head, as the caller says.
                    unsafe {
                        let row = target.start.add(row * target.stride);
                        std::slice::from_raw_parts_mut(row, head).fill(0.0);
                    }
                }
            }
        }
        for first in (0..self.queries).step_by(self.tile()) {
            let rows = self.tile().min(self.queries - first);
            let seen = self.seen(first + rows);
            let (shares, slopes) = (&mut shares[..rows * seen], &mut slopes[..rows * seen]);
            let kept = &kept[first * KEPT..][..rows * KEPT];
            let (q, y, dy) = (q.slice(first, rows), y.slice(first, rows), dy.slice(first, rows));
            let on = first > 0 || self.causal;
            let turned = |data| Mat::strided(data, (head, seen), (keys, 1));
            // SAFETY: shares and slopes have `rows` rows of `seen` numbers, and the targets their
            // rows, says the caller.
            unsafe {
                let to = |data: &mut [f32]| Rows { start: data.as_mut_ptr(), stride: seen };
                product(to(shares), q, turned(turned_k), false);
                product(to(slopes), dy, turned(turned_v), false);
                row_dots(y, dy, &mut dots[..rows]);
                let open = if self.causal { first } else { keys };
                let hidden = &hidden[..hidden.len().min(seen)];
                slope(shares, slopes, (seen, open), self.scale(), hidden, kept, dots);
                let from = |target: Target, row: usize| Rows {
                    start: target.start.add(row * target.stride),
                    stride: target.stride,
                };
                let (shares, slopes) = (Mat::new(shares, rows, seen), Mat::new(slopes, rows, seen));
                product(from(dv, 0), shares.t(), dy, on);
                product(from(dk, 0), slopes.t(), q, on);
                product(from(dq, first), slopes, k.slice(0, seen), false);
            }
        }
    }
}

/// Writes the rows of `m` as columns.
fn transpose(m: Mat<'_>, into: &mut [f32]) {
    let (rows, cols) = m.sizes();
    let mut blocks = 0;
    while blocks + 4 <= rows {
        let lines: [&[f32]; 4] = std::array::from_fn(|i| m.line(blocks + i));
        for col in 0..cols {
            let to = &mut into[col * rows + blocks..][..4];
            (0..4).for_each(|i| to[i] = lines[i][col]);
        }
        blocks += 4;
    }
    for row in blocks..rows {
        m.line(row).iter().enumerate().for_each(|(col, &x)| into[col * rows + row] = x);
    }
}

/// `dots[t] = Σ a[t] · b[t]`.
fn row_dots(a: Mat<'_>, b: Mat<'_>, dots: &mut [f32]) {
    for (row, dot) in dots.iter_mut().enumerate() {
        *dot = dot_of(a.line(row), b.line(row));
    }
}

crate::simd! {
    fn dot_of(a: &[f32], b: &[f32]) -> f32 {
        crate::simd::sum8(a.len().min(b.len()), |i| a[i] * b[i])
    }
}

/// The largest number.
#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut tops = [f32::NEG_INFINITY; 16];
    let whole = row.chunks_exact(16);
    let rest = whole.remainder();
    for part in whole {
        (0..16).for_each(|i| tops[i] = larger(tops[i], part[i]));
    }
    tops.iter().chain(rest).fold(f32::NEG_INFINITY, |a, &b| larger(a, b))
}

crate::simd! {
    /// Turns rows of `seen` scores into shares that add up to 1; row i sees no more than `open + i + 1`.
    /// `kept` gets the largest score of each row and one over the sum of what is above it: 0 where a
    /// row sees nothing.
    fn soften(scores: &mut [f32], seen: usize, scale: f32, hidden: &[f32], open: usize, kept: &mut [f32]) {
        let rows = scores.chunks_exact_mut(seen).zip(kept.chunks_exact_mut(KEPT));
        for (i, (row, kept)) in rows.enumerate() {
            let (row, beyond) = row.split_at_mut(seen.min(open + i + 1));
            beyond.fill(0.0);
            for (x, h) in row.iter_mut().zip(hidden) {
                *x += h;
            }
            let top = largest(row);
            if top == f32::NEG_INFINITY {
                row.fill(0.0);
                kept.copy_from_slice(&[0.0; KEPT]);
                continue;
            }
            for x in row.iter_mut() {
                *x = exp(scale * (*x - top));
            }
            let shares: &[f32] = row;
            let share = 1.0 / crate::simd::sum8(shares.len(), |i| shares[i]);
            for x in row.iter_mut() {
                *x *= share;
            }
            kept.copy_from_slice(&[top, share]);
        }
    }
}

crate::simd! {
    /// Turns scores into shares again, and the gradients of shares into those of scores before scaling:
    /// `slope = share · (slope − dot) · scale`.
    fn slope(
        shares: &mut [f32],
        slopes: &mut [f32],
        sizes: (usize, usize),
        scale: f32,
        hidden: &[f32],
        kept: &[f32],
        dots: &[f32],
    ) {
        let (seen, open) = sizes;
        let rows = shares.chunks_exact_mut(seen).zip(slopes.chunks_exact_mut(seen));
        for (i, (shares, slopes)) in rows.enumerate() {
            let (top, share, dot) = (kept[i * KEPT], kept[i * KEPT + 1], dots[i]);
            let end = seen.min(open + i + 1);
            shares[end..].fill(0.0);
            slopes[end..].fill(0.0);
            let (shares, slopes) = (&mut shares[..end], &mut slopes[..end]);
            for (x, h) in shares.iter_mut().zip(hidden) {
                *x += h;
            }
            for (x, d) in shares.iter_mut().zip(slopes) {
                *x = exp(scale * (*x - top)) * share;
                *d = *x * (*d - dot) * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests;
