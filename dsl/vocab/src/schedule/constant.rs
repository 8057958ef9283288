//! No schedule.

use super::{Curve, ScheduleWord, curve};
use crate::word;

word! {
    /// The learning rate stays as the optimiser has it.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { schedule = constant }
    /// ```
    pub(crate) static CONSTANT: ScheduleWord = {
        name: "constant", params: &[], aliases: &["none", "ConstantLR"],
    },
    start: |_, span| curve(Constant { lr: span.lr }),
}

#[derive(Debug)]
struct Constant {
    lr: f64,
}

impl Curve for Constant {
    fn at(&self, _: u64) -> f64 {
        self.lr
    }
}
