//! Expectations: metrics of artifacts, compared.

use crate::metrics::Scores;
use dlm_check::program::{Compare, MetricUse, Quantity};

/// The value of one side of an expectation; `metric` answers for metrics.
///
/// # Errors
/// The first that `metric` gives.
pub fn evaluate<E>(
    quantity: &Quantity,
    metric: &mut dyn FnMut(&MetricUse) -> Result<f64, E>,
) -> Result<f64, E> {
    let mut two = |a: &Quantity, b: &Quantity| Ok((evaluate(a, metric)?, evaluate(b, metric)?));
    Ok(match quantity {
        Quantity::Number(x) => *x,
        Quantity::Metric(used) => metric(used)?,
        Quantity::Add(a, b) => two(a, b).map(|(a, b)| a + b)?,
        Quantity::Sub(a, b) => two(a, b).map(|(a, b)| a - b)?,
        Quantity::Mul(a, b) => two(a, b).map(|(a, b)| a * b)?,
        Quantity::Div(a, b) => two(a, b).map(|(a, b)| a / b)?,
    })
}

/// Whether two numbers compare as they must. Differences below 1e-9, which percentages and sums of
/// them leave behind, count as none. NaN never holds.
pub fn holds(left: f64, compare: Compare, right: f64) -> bool {
    if left.is_nan() || right.is_nan() {
        return false;
    }
    let same = left == right || (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1.0);
    match compare {
        Compare::Less => left < right && !same,
        Compare::AtMost => left < right || same,
        Compare::More => left > right && !same,
        Compare::AtLeast => left > right || same,
        Compare::Equal => same,
        Compare::Unequal => !same,
    }
}

/// The figure of that name among scores, if it applies.
pub fn score(scores: &Scores, metric: &str) -> Option<f64> {
    match metric {
        "accuracy" => scores.accuracy,
        "error" => scores.accuracy.map(|accuracy| 1.0 - accuracy),
        "top5" => scores.top5,
        "loss" => Some(scores.loss),
        "mae" => scores.mae,
        "perplexity" => scores.perplexity,
        "bits_per_character" => scores.bits_per_character,
        "r2" => scores.r2,
        _ => None,
    }
}

/// Calls `visit` for each metric in one side of an expectation.
pub fn metrics<'a>(quantity: &'a Quantity, visit: &mut dyn FnMut(&'a MetricUse)) {
    match quantity {
        Quantity::Number(_) => {}
        Quantity::Metric(used) => visit(used),
        Quantity::Add(a, b) | Quantity::Sub(a, b) | Quantity::Mul(a, b) | Quantity::Div(a, b) => {
            metrics(a, visit);
            metrics(b, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_met_at_the_limit() {
        assert!(holds(0.1 + 0.2, Compare::AtLeast, 0.3));
        assert!(holds(0.1 + 0.2, Compare::AtMost, 0.3));
        assert!(!holds(0.1 + 0.2, Compare::More, 0.3));
        assert!(holds(0.3, Compare::Less, 0.31));
        assert!(!holds(f64::NAN, Compare::Unequal, 1.0));
    }

    #[test]
    fn sums_are_worked_out() {
        let one = || Box::new(Quantity::Number(1.0));
        let sum = Quantity::Add(one(), Box::new(Quantity::Mul(one(), one())));
        assert_eq!(evaluate::<()>(&sum, &mut |_| Err(())), Ok(2.0));
    }
}
