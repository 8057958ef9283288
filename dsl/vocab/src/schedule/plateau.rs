//! Slower when nothing improves.

use super::{Schedule, ScheduleWord, factor};
use crate::common::declare::param;
use crate::word;
use crate::word::{Arg, Default, Type, Unit};

word! {
    /// The learning rate is multiplied by `factor` when the validation loss has stopped falling.
    ///
    /// An epoch is better when its validation loss is below `0.9999 · best`. After more than `patience` epochs
    /// in a row that are not, the learning rate is multiplied by `factor` and the count begins anew (as
    /// PyTorch's `ReduceLROnPlateau`).
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(Digits.classes) }
    /// train Net on Digits { epochs = 50   schedule = plateau(patience = 5 epochs, factor = 0.5) }
    /// ```
    pub(crate) static PLATEAU: ScheduleWord = {
        name: "plateau",
        params: &[
            param(
                "patience",
                Type::Duration,
                Default::Quantity(10.0, Unit::Epochs),
                "Epochs without improvement that are borne.",
                &[],
            ),
            factor(Default::Real(0.1), "By which the learning rate is multiplied."),
        ],
        aliases: &["ReduceLROnPlateau"],
    },
    start: |args, span| {
        // Losses are heard once an epoch, so steps count as the epochs that they fill.
        let patience = match args.get("patience") {
            Some(&Arg::Quantity(n, Unit::Steps)) => n / span.steps_per_epoch.max(1) as f64,
            Some(&Arg::Quantity(n, _)) => n,
            other => panic!("patience: duration, not {other:?}"),
        };
        Box::new(Plateau {
            patience: patience.ceil(),
            factor: args.real("factor"),
            lr: span.lr,
            best: f64::INFINITY,
            waited: 0.0,
        })
    },
}

#[derive(Debug)]
struct Plateau {
    patience: f64,
    factor: f64,
    lr: f64,
    best: f64,
    waited: f64,
}

impl Schedule for Plateau {
    fn lr(&self, _: u64) -> f64 {
        self.lr
    }

    fn hear(&mut self, valid_loss: f64) {
        let bar =
            if self.best.is_finite() { self.best - 1e-4 * self.best.abs() } else { self.best };
        if valid_loss < bar {
            self.best = valid_loss;
            self.waited = 0.0;
        } else {
            self.waited += 1.0;
        }
        if self.waited > self.patience {
            self.lr *= self.factor;
            self.waited = 0.0;
        }
    }

    fn state(&self) -> Vec<f64> {
        vec![self.lr, self.best, self.waited]
    }

    fn restore(&mut self, state: &[f64]) {
        let &[lr, best, waited] = state else { panic!("the state of plateau is three numbers") };
        (self.lr, self.best, self.waited) = (lr, best, waited);
    }
}
