//! The mean over an axis.

use crate::common::declare::{AXIS, case, param};
use crate::common::reduction::OverAxis;
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default};
use std::sync::Arc;

word! {
    /// The mean over an axis.
    ///
    /// `y = 1/n · Σᵢ xᵢ` over the n numbers along the axis, which goes: `mean(0)` of `[channels, height, width]` is `[height, width]`.
    ///
    /// ```dlm
    /// model Net(x: [20, 8]) {
    ///     x -> mean(0) -> dense(10)
    /// }
    /// ```
    pub(crate) static MEAN: Operator = {
        name: "mean",
        params: &[param(
            "axis",
            AXIS,
            Default::Required,
            "The axis, from 0; -1 is the last.",
            &["dim"],
        )],
        aliases: &["reduce_mean", "ReduceMean"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(OverAxis { name: "mean", axis: args.int("axis"), mean: true }),
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
