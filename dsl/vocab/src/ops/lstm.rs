//! Long short-term memory.

use super::{Flows, Operator};
use crate::common::recurrent::{Layered, PARAMS, cases};
use crate::word;
use dlm_kernels::recurrent::Cell;
use std::sync::Arc;

word! {
    /// Long short-term memory: a state that goes from moment to moment, and a memory that gates keep or
    /// forget.
    ///
    /// With σ the sigmoid and both states 0 at first, at each moment
    /// `i, f, o = σ(x · W + h · R + b)`, `g = tanh(x · W + h · R + b)` (each with weights of its own),
    /// `c = f · c + i · g`, `h = o · tanh(c)`.
    ///
    /// Takes `[time, features]` and gives the last state `[units]`, or with `sequence = true` the states of
    /// all moments `[time, units]`. `reverse = true` begins at the end; for both directions at once, put two
    /// beside each other: `concat(x -> lstm(32), x -> lstm(32, reverse = true))`. With a `mask` `int[time]` a
    /// sequence ends at its last moment whose number is not 0: the state stays as it was then, what is behind
    /// is 0, and a reverse run begins there.
    ///
    /// Weights, as in PyTorch with the gates in the order i, f, g, o: `weight_ih_l0`
    /// `[4 · units, features]`, `weight_hh_l0` `[4 · units, units]`, `bias_ih_l0` and `bias_hh_l0`
    /// `[4 · units]`; their names end in `_reverse` where it runs backwards. They start uniform in ±1/√units.
    ///
    /// ```dlm
    /// model Net(signal: [128, 9]) {
    ///     signal -> lstm(64, sequence = true) -> lstm(64) -> dense(6)
    /// }
    /// ```
    ///
    /// Hochreiter and Schmidhuber 1997, *Long short-term memory*.
    pub(crate) static LSTM: Operator = { name: "lstm", params: PARAMS, aliases: &["LSTM"] },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Layered::of(Cell::Lstm, args)),
    cases: cases,
}
