//! Settings of a training that change nothing, seen beside the others.

use super::{Case, Plan};
use crate::diags::Diags;
use crate::program::{Average, Length, Stop};
use dlm_base::Span;
use dlm_base::diag::codes::lints as codes;
use dlm_vocab::{Arg, Args, Unit};

/// Reports them.
pub(crate) fn lints(case: &Case<'_>, plan: &Plan, stop: Option<&Stop>, diags: &mut Diags) {
    let [train, valid, _] = case.data.counts;
    let at = |name: &str| case.block.value(name).map(|expr| expr.span);
    if let Some(at) = at("batch").filter(|_| plan.batch > train) {
        diags.push(codes::batch_larger(at, plan.batch, train, case.data.train.span));
    }
    let time = Time::of(plan, train);
    if let Some(at) = at("schedule") {
        schedule(at, plan, &time, valid, diags);
    }
    if let Some(at) = at("optimizer") {
        optimizer(at, &plan.optimizer.1, diags);
    }
    if let (Some(at), Some(Average::Swa(start, unit))) = (at("average"), plan.average)
        && time.steps_of(start, unit) >= time.steps as f64
    {
        let help = "let it start before the training ends";
        diags.push(codes::no_effect(at, "`swa`", &time.reason(), help));
    }
    if let (Some(at), Some(stop)) = (at("stop"), stop) {
        if valid == 0 {
            diags.push(codes::no_effect(at, "`stop`", NO_VALID, GIVE_VALID));
        } else if time.steps_of(stop.patience as f64, Unit::Epochs) >= time.steps as f64 {
            let help = "bear fewer epochs without improvement, or train longer";
            diags.push(codes::no_effect(at, "`early`", &time.reason(), help));
        }
    }
    if let (Some(at), true, 0) = (at("keep_best"), plan.keep_best, valid) {
        diags.push(codes::no_effect(at, "`keep_best`", NO_VALID, GIVE_VALID));
    }
}

const NO_VALID: &str = "there is no validation part";
const GIVE_VALID: &str = "give the data a validation part, or leave it out";

/// How long a training is.
struct Time {
    length: Length,
    steps: u64,
    steps_per_epoch: u64,
}

impl Time {
    fn of(plan: &Plan, train: usize) -> Time {
        let steps_per_epoch = train.div_ceil(plan.batch.max(1)).max(1) as u64;
        let steps = match plan.length {
            Length::Epochs(epochs) => epochs.saturating_mul(steps_per_epoch),
            Length::Steps(steps) => steps,
        };
        Time { length: plan.length, steps, steps_per_epoch }
    }

    fn steps_of(&self, time: f64, unit: Unit) -> f64 {
        if unit == Unit::Epochs { time * self.steps_per_epoch as f64 } else { time }
    }

    /// Why something comes too late.
    fn reason(&self) -> String {
        match self.length {
            Length::Epochs(1) => "the training has only 1 epoch".to_string(),
            Length::Epochs(epochs) => format!("the training has only {epochs} epochs"),
            Length::Steps(steps) => {
                format!("the training has only {steps} steps, {} an epoch", self.steps_per_epoch)
            }
        }
    }
}

fn schedule(at: Span, plan: &Plan, time: &Time, valid: usize, diags: &mut Diags) {
    let (word, args) = &plan.schedule;
    let name = word.word.name;
    for param in ["warmup", "every"] {
        let Some(Arg::Quantity(value, unit)) = args.get(param) else { continue };
        if *value > 0.0 && time.steps_of(*value, *unit) >= time.steps as f64 {
            let (what, help) = match param {
                "warmup" => {
                    (format!("what follows the warmup of `{name}`"), "warm up for a shorter time")
                }
                _ => (format!("`{name}`"), "let the rate change sooner"),
            };
            diags.push(codes::no_effect(at, &what, &time.reason(), help));
        }
    }
    let lr = plan.optimizer.1.real("lr");
    if let Some(Arg::Real(floor)) = args.get("floor").filter(|_| lr > 0.0)
        && *floor > lr
    {
        diags.push(codes::rising_rate(at, name, *floor, lr));
    }
    if name != "plateau" {
        return;
    }
    if valid == 0 {
        diags.push(codes::no_effect(at, "`plateau`", NO_VALID, GIVE_VALID));
    } else if let Some(Arg::Quantity(value, unit)) = args.get("patience")
        && time.steps_of(*value, *unit) >= time.steps as f64
    {
        diags.push(codes::no_effect(at, "`plateau`", &time.reason(), "bear fewer epochs"));
    }
}

fn optimizer(at: Span, args: &Args, diags: &mut Diags) {
    let momentum = args.get("momentum").map(|_| args.real("momentum"));
    if let (Some(Arg::Bool(true)), Some(0.0)) = (args.get("nesterov"), momentum) {
        let help = "give a momentum: `momentum = 0.9`";
        diags.push(codes::no_effect(at, "`nesterov`", "the momentum is 0", help));
    }
}
