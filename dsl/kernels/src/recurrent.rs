//! Recurrent layers: a step of many samples is one product and one loop. Samples do not see each other,
//! so threads take samples, each through all of time.
#![allow(unsafe_code)]

mod step;
#[cfg(test)]
mod tests;

use crate::arena::as_f32;
use crate::gemm::Mat;
use crate::gemm::small::{Rows, product};
use crate::par;

/// What happens within a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Long short-term memory: gates i, f, g, o.
    Lstm,
    /// Gated recurrent unit: gates r, z, n.
    Gru,
}

/// The sizes of a recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recurrent {
    /// What happens within a step.
    pub cell: Cell,
    /// Moments.
    pub time: usize,
    /// Numbers of the state.
    pub units: usize,
    /// Whether it runs from the last moment to the first.
    pub reverse: bool,
}

/// What a recurrent layer reads.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The products of the inputs of all moments, biases included: `[batch, time, gates]`.
    pub x: &'a [f32],
    /// The weights of the state, `[units, gates]`.
    pub w: &'a [f32],
    /// Added to the product of the state, `[gates]`.
    pub b: &'a [f32],
    /// For each sample and moment, 0 where there is only padding. A sample ends at its last moment
    /// that is something else.
    pub mask: Option<&'a [i32]>,
}

/// What a recurrent layer writes.
#[derive(Debug)]
pub struct Results<'a> {
    /// The state after each moment, `[batch, time, units]`; 0 behind the end of a sample.
    pub states: &'a mut [f32],
    /// The state after the last step, `[batch, units]`.
    pub last: Option<&'a mut [f32]>,
    /// What backward needs, `[batch, time, kept]`.
    pub kept: &'a mut [f32],
}

/// The gradients that come from behind, and what forward wrote.
#[derive(Clone, Copy, Debug)]
pub struct Slopes<'a> {
    /// With respect to the states of all moments.
    pub states: Option<&'a [f32]>,
    /// With respect to the last state.
    pub last: Option<&'a [f32]>,
    /// The states that forward wrote.
    pub made: &'a [f32],
    /// What forward kept.
    pub kept: &'a [f32],
}

/// Columns of weights that lie together.
const PANEL: usize = 32;
/// Samples that go through time together, at least.
const FEW: usize = 16;
/// Pieces of a batch, at most.
const PIECES: usize = 16;

/// Memory that pieces write each for itself.
#[derive(Clone, Copy)]
struct Shared(*mut f32, usize);
// SAFETY: each piece writes the numbers of its own samples, which no other touches.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

impl Shared {
    /// Memory with so many numbers for each sample.
    fn new(data: &mut [f32], each: usize) -> Shared {
        Shared(data.as_mut_ptr(), each)
    }

    /// The numbers of some samples.
    ///
    /// # Safety
    /// There are so many samples, and nobody else uses theirs.
    unsafe fn of<'s>(&self, first: usize, count: usize) -> &'s mut [f32] {
        // SAFETY: the caller's.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(first * self.1), count * self.1) }
    }
}

impl Recurrent {
    /// Numbers of all gates.
    pub fn gates(&self) -> usize {
        self.units * if self.cell == Cell::Lstm { 4 } else { 3 }
    }

    /// Numbers that forward keeps of a moment: the gates, and the memory of an LSTM or a GRU's product
    /// of the state for n.
    pub fn kept(&self) -> usize {
        self.gates() + self.units
    }

    /// Multiply-adds of the steps for one sample.
    pub fn macs(&self) -> usize {
        self.time * self.units * self.gates()
    }

    /// Samples of a piece.
    fn rows(&self, batch: usize) -> usize {
        FEW.max(batch.div_ceil(PIECES)).min(batch.max(1))
    }

    /// Floats of weights in panels.
    fn packed(&self) -> usize {
        let forward = self.gates().next_multiple_of(PANEL) * self.units;
        forward.max(self.units.next_multiple_of(PANEL) * self.gates())
    }

    /// Floats of scratch for a piece: the state, the memory, and the gates of a step, for each sample.
    fn piece(&self, batch: usize) -> usize {
        self.rows(batch) * (2 * self.units + self.gates())
    }

    /// Bytes of scratch for [`Recurrent::forward`] and [`Recurrent::backward`].
    pub fn scratch(&self, batch: usize) -> usize {
        4 * (self.packed() + batch.div_ceil(self.rows(batch)) * self.piece(batch))
    }

    /// How many moments a sample has.
    fn length(&self, mask: Option<&[i32]>, sample: usize) -> usize {
        let Some(mask) = mask else { return self.time };
        let mask = &mask[sample * self.time..][..self.time];
        mask.iter().rposition(|&m| m != 0).map_or(0, |last| last + 1)
    }

    /// The moment of a step, of so many.
    fn moment(&self, step: usize, length: usize) -> usize {
        if self.reverse { length - 1 - step } else { step }
    }

    /// Calls `f(first sample, samples, packed weights, scratch)` for each piece.
    fn each(
        &self,
        batch: usize,
        work: usize,
        scratch: &mut [u8],
        pack: impl FnOnce(&mut [f32]),
        f: impl Fn(usize, usize, &[f32], &mut [f32]) + Sync + Send,
    ) {
        let (packed, scratch) = scratch.split_at_mut(4 * self.packed());
        let packed = as_f32(packed);
        pack(packed);
        let rows = self.rows(batch);
        let each = 4 * self.piece(batch);
        par::pieces_with(batch.div_ceil(rows), batch * work, (scratch, each), |i, scratch| {
            f(i * rows, rows.min(batch - i * rows), packed, as_f32(scratch));
        });
    }

    fn check(&self, batch: usize, inputs: &Inputs<'_>) {
        assert_eq!(inputs.x.len(), batch * self.time * self.gates());
        assert!(inputs.w.len() == self.units * self.gates() && inputs.b.len() == self.gates());
        assert!(inputs.mask.is_none_or(|mask| mask.len() == batch * self.time));
    }

    /// Runs all samples through time, from a state of zeros.
    ///
    /// # Panics
    /// When lengths disagree or scratch is short.
    pub fn forward(
        &self,
        batch: usize,
        inputs: &Inputs<'_>,
        results: Results<'_>,
        scratch: &mut [u8],
    ) {
        self.check(batch, inputs);
        let (units, time) = (self.units, self.time);
        assert_eq!(results.states.len(), batch * time * units);
        assert_eq!(results.kept.len(), batch * time * self.kept());
        assert!(results.last.as_ref().is_none_or(|last| last.len() == batch * units));
        let states = Shared::new(results.states, time * units);
        let kept = Shared::new(results.kept, time * self.kept());
        let last = results.last.map(|last| Shared::new(last, units));
        let pack = |into: &mut [f32]| panels(Mat::new(inputs.w, units, self.gates()), into);
        self.each(batch, self.macs(), scratch, pack, |first, count, packed, scratch| {
            // SAFETY: the samples of this piece, which are no other's; lengths have been checked.
            let (states, kept) = unsafe { (states.of(first, count), kept.of(first, count)) };
            let state = self.run(inputs, (first, count), packed, (states, kept), scratch);
            if let Some(last) = last {
                // SAFETY: as above.
                unsafe { last.of(first, count) }.copy_from_slice(state);
            }
        });
    }

    /// Runs some samples through time; returns their last states.
    fn run<'s>(
        &self,
        inputs: &Inputs<'_>,
        (first, count): (usize, usize),
        packed: &[f32],
        (states, kept): (&mut [f32], &mut [f32]),
        scratch: &'s mut [f32],
    ) -> &'s [f32] {
        let (units, gates) = (self.units, self.gates());
        let (state, scratch) = scratch.split_at_mut(count * units);
        let (memory, pre) = scratch.split_at_mut(count * units);
        state.fill(0.0);
        memory.fill(0.0);
        let pre = &mut pre[..count * gates];
        for step in 0..self.time {
            times(state, packed, (units, gates), pre, false);
            let samples = state.chunks_exact_mut(units).zip(memory.chunks_exact_mut(units));
            for (i, ((state, memory), pre)) in samples.zip(pre.chunks_exact(gates)).enumerate() {
                let length = self.length(inputs.mask, first + i);
                let row = |moment: usize| i * self.time + moment;
                if step >= length {
                    states[row(step) * units..][..units].fill(0.0);
                    kept[row(step) * self.kept()..][..self.kept()].fill(0.0);
                    continue;
                }
                let at = row(self.moment(step, length));
                let x = &inputs.x[(first * self.time + at) * gates..][..gates];
                let kept = &mut kept[at * self.kept()..][..self.kept()];
                match self.cell {
                    Cell::Lstm => step::lstm(x, pre, inputs.b, kept, memory, state),
                    Cell::Gru => step::gru(x, pre, inputs.b, kept, state),
                }
                states[at * units..][..units].copy_from_slice(state);
            }
        }
        state
    }

    /// Writes the gradients of the products of the inputs in `dx`, and, of a GRU, those of the products
    /// of the state in `dh`; of an LSTM they are the same.
    ///
    /// # Shapes
    /// dx, dh `[batch, time, gates]`.
    ///
    /// # Panics
    /// When lengths disagree, scratch is short, or a GRU has no `dh`.
    pub fn backward(
        &self,
        batch: usize,
        (w, mask): (&[f32], Option<&[i32]>),
        slopes: &Slopes<'_>,
        (dx, dh): (&mut [f32], Option<&mut [f32]>),
        scratch: &mut [u8],
    ) {
        let (units, gates, time) = (self.units, self.gates(), self.time);
        assert!(w.len() == units * gates && slopes.made.len() == batch * time * units);
        assert_eq!(slopes.kept.len(), batch * time * self.kept());
        assert!(slopes.states.is_none_or(|it| it.len() == batch * time * units));
        assert!(slopes.last.is_none_or(|it| it.len() == batch * units));
        assert!(mask.is_none_or(|mask| mask.len() == batch * time));
        assert_eq!(dx.len(), batch * time * gates);
        assert!(dh.as_ref().map_or(self.cell == Cell::Lstm, |dh| dh.len() == dx.len()));
        let dx = Shared::new(dx, time * gates);
        let dh = dh.map(|dh| Shared::new(dh, time * gates));
        let pack = |into: &mut [f32]| panels(Mat::new(w, units, gates).t(), into);
        self.each(batch, self.macs(), scratch, pack, |first, count, packed, scratch| {
            // SAFETY: the samples of this piece, which are no other's; lengths have been checked.
            let dx = unsafe { dx.of(first, count) };
            // SAFETY: as above.
            let dh = dh.map(|dh| unsafe { dh.of(first, count) });
            self.run_back(mask, (first, count), packed, slopes, (dx, dh), scratch);
        });
    }

    fn run_back(
        &self,
        mask: Option<&[i32]>,
        (first, count): (usize, usize),
        packed: &[f32],
        slopes: &Slopes<'_>,
        (dx, mut dh): (&mut [f32], Option<&mut [f32]>),
        scratch: &mut [f32],
    ) {
        let (units, gates, time) = (self.units, self.gates(), self.time);
        let (state, scratch) = scratch.split_at_mut(count * units);
        let (memory, pre) = scratch.split_at_mut(count * units);
        memory.fill(0.0);
        match slopes.last {
            Some(last) => state.copy_from_slice(&last[first * units..][..count * units]),
            None => state.fill(0.0),
        }
        let pre = &mut pre[..count * gates];
        for step in (0..time).rev() {
            let samples = state.chunks_exact_mut(units).zip(memory.chunks_exact_mut(units));
            for (i, ((state, memory), pre)) in samples.zip(pre.chunks_exact_mut(gates)).enumerate()
            {
                let length = self.length(mask, first + i);
                let row = |moment: usize| i * time + moment;
                if step >= length {
                    pre.fill(0.0);
                    dx[row(step) * gates..][..gates].fill(0.0);
                    if let Some(dh) = &mut dh {
                        dh[row(step) * gates..][..gates].fill(0.0);
                    }
                    continue;
                }
                let at = row(self.moment(step, length));
                let whole = first * time + at;
                if let Some(all) = slopes.states {
                    crate::gemm::add(state, &all[whole * units..][..units]);
                }
                let kept = |at: usize| &slopes.kept[at * self.kept()..][..self.kept()];
                let before = (step > 0).then(|| if self.reverse { whole + 1 } else { whole - 1 });
                let dx = &mut dx[at * gates..][..gates];
                match self.cell {
                    Cell::Lstm => {
                        let before = before.map(|at| &kept(at)[gates..]);
                        step::lstm_back(kept(whole), before, dx, memory, state);
                        pre.copy_from_slice(dx);
                    }
                    Cell::Gru => {
                        let before = before.map(|at| &slopes.made[at * units..][..units]);
                        step::gru_back(kept(whole), before, dx, pre, state);
                        if let Some(dh) = &mut dh {
                            dh[at * gates..][..gates].copy_from_slice(pre);
                        }
                    }
                }
            }
            if step > 0 {
                times(pre, packed, (gates, units), state, true);
            }
        }
    }
}

/// Copies a matrix so that [`PANEL`] neighbouring columns lie together, row after row.
fn panels(b: Mat<'_>, into: &mut [f32]) {
    let (rows, cols) = b.sizes();
    for (p, panel) in into.chunks_mut(PANEL * rows).enumerate() {
        for (row, to) in panel.chunks_exact_mut(PANEL).enumerate() {
            for (i, to) in to.iter_mut().enumerate() {
                let col = p * PANEL + i;
                *to = if col < cols { b.at(row, col) } else { 0.0 };
            }
        }
    }
}

/// `c = a · B` or `c += a · B` for a B of `inner` rows in panels.
fn times(a: &[f32], packed: &[f32], (inner, cols): (usize, usize), c: &mut [f32], add: bool) {
    let rows = a.len() / inner;
    assert_eq!(c.len(), rows * cols);
    for (p, first) in (0..cols).step_by(PANEL).enumerate() {
        let width = PANEL.min(cols - first);
        let panel = &packed[p * PANEL * inner..][..PANEL * inner];
        // SAFETY: c has `rows` rows of `cols` numbers, of which these columns are some.
        unsafe {
            let to = Rows { start: c.as_mut_ptr().add(first), stride: cols };
            let b = Mat::strided(panel, (inner, width), (PANEL, 1));
            product(to, Mat::new(a, rows, inner), b, add);
        }
    }
}
