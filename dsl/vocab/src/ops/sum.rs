//! The sum over an axis.

use crate::common::declare::{AXIS, case, param};
use crate::common::reduction::OverAxis;
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use std::sync::Arc;

word! {
    /// The sum over an axis.
    ///
    /// `y = Σᵢ xᵢ` over the numbers along the axis, which goes: `sum(0)` of `[channels, height, width]` is `[height, width]`.
    ///
    /// ```dlm
    /// model Net(x: [20, 8]) {
    ///     x -> sum(0) -> dense(10)
    /// }
    /// ```
    pub(crate) static SUM: Operator = {
        name: "sum",
        params: &[param(
            "axis",
            AXIS,
            Default::Required,
            "The axis, from 0; -1 is the last.",
            &["dim"],
        )],
        aliases: &["reduce_sum", "ReduceSum"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(OverAxis { name: "sum", axis: args.int("axis"), mean: false }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let of = |axis, shape: &[usize]| case(&[("axis", Arg::Int(axis))], &[shape], 2e-3);
    vec![
        of(0, &[3, 4, 5]),
        of(1, &[3, 4, 5]),
        of(2, &[18, 4, 5]),
        of(-1, &[4, 6]),
        of(0, &[4, 6]),
        of(0, &[7]),
    ]
}
