//! Gated recurrent unit.

use super::{Flows, Operator};
use crate::common::recurrent::{Layered, PARAMS, cases};
use crate::word;
use dlm_kernels::recurrent::Cell;
use std::sync::Arc;

word! {
    /// Gated recurrent unit: a state that goes from moment to moment, with two gates.
    ///
    /// With σ the sigmoid and the state 0 at first, at each moment
    /// `r, z = σ(x · W + b + h · R + c)`, `n = tanh(x · W + b + r · (h · R + c))` (each with weights of its
    /// own), `h = (1 − z) · n + z · h`.
    ///
    /// Takes `[time, features]` and gives the last state `[units]`, or with `sequence = true` the states of
    /// all moments `[time, units]`. `reverse = true` begins at the end; for both directions at once, put two
    /// beside each other: `concat(x -> gru(32), x -> gru(32, reverse = true))`. With a `mask` `int[time]` a
    /// sequence ends at its last moment whose number is not 0: the state stays as it was then, what is behind
    /// is 0, and a reverse run begins there.
    ///
    /// Weights, as in PyTorch with the gates in the order r, z, n: `weight_ih_l0`
    /// `[3 · units, features]`, `weight_hh_l0` `[3 · units, units]`, `bias_ih_l0` and `bias_hh_l0`
    /// `[3 · units]`; their names end in `_reverse` where it runs backwards. They start uniform in ±1/√units.
    ///
    /// ```dlm
    /// model Net(signal: [128, 9]) { signal -> gru(64) -> dense(6) }
    /// ```
    ///
    /// Cho et al. 2014, arXiv 1406.1078.
    pub(crate) static GRU: Operator = { name: "gru", params: PARAMS, aliases: &["GRU"] },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Layered::of(Cell::Gru, args)),
    cases: cases,
}
