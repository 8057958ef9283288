//! Expectations that the networks alone decide.

use crate::budget::{self, bytes, grouped};
use crate::diags::Diags;
use crate::program::{Compare, Expectation, Program, Quantity};
use crate::quant::unit_size;
use dlm_base::diag::codes::artifacts as codes;
use dlm_graph::Weight;
use dlm_vocab::metric::MetricUnit;

/// Reports E0901 when all figures of a comparison are known and it does not hold.
pub(crate) fn judge(expectation: &Expectation, program: &Program, diags: &mut Diags) {
    let value = |side| figure(side, program);
    let (Some(left), Some(right)) = (value(&expectation.left), value(&expectation.right)) else {
        return;
    };
    // Where layers may go back to float32, a figure is the least that it can be.
    let bound = matches!(expectation.left, Quantity::Metric(_))
        && matches!(expectation.compare, Compare::Less | Compare::AtMost);
    let open = |side| is_open(side, program);
    if open(&expectation.right) || open(&expectation.left) && !bound {
        return;
    }
    let tolerance = 1e-9 * left.abs().max(right.abs()).max(1.0);
    let same = (left - right).abs() <= tolerance;
    let held = match expectation.compare {
        Compare::Less => left < right && !same,
        Compare::AtMost => left < right || same,
        Compare::More => left > right && !same,
        Compare::AtLeast => left > right || same,
        Compare::Equal => same,
        Compare::Unequal => !same,
    };
    if held {
        return;
    }
    let unit = unit(&expectation.left).or_else(|| unit(&expectation.right));
    let show = |value: f64| match unit {
        Some(MetricUnit::Bytes) if value >= 0.0 => bytes(value.round() as u64),
        _ if value >= 0.0 && value.fract() == 0.0 => grouped(value as u64),
        _ => format!("{value}"),
    };
    let limit = match expectation.compare {
        Compare::Less => "under",
        Compare::AtMost => "at most",
        Compare::More => "above",
        Compare::AtLeast => "at least",
        Compare::Equal => "exactly",
        Compare::Unequal => "other than",
    };
    let off = show((left - right).abs());
    let much = if unit == Some(MetricUnit::Bytes) { ("much", "little") } else { ("many", "few") };
    let by = match expectation.compare {
        _ if same => "the figure is exactly this".to_string(),
        Compare::Less | Compare::AtMost => format!("{off} too {}", much.0),
        Compare::More | Compare::AtLeast => format!("{off} too {}", much.1),
        Compare::Equal | Compare::Unequal => format!("{off} apart"),
    };
    let (mut name, mut text) = ("left side".to_string(), show(left));
    if let Quantity::Metric(used) = &expectation.left {
        name = format!("`{}.{}`", used.artifact, used.metric.word.name);
    } else if let Quantity::Metric(used) = &expectation.right {
        name = format!("what `{}.{}` is held against", used.artifact, used.metric.word.name);
    }
    if name == "left side" {
        name = format!("`{}`", expectation.text);
        text = format!("{text} on the left");
    }
    let help = largest(expectation, program)
        .unwrap_or_else(|| "`dlm show` lists the cost of each layer".to_string());
    let limit = format!("{limit} {}", show(right));
    diags.push(codes::unmet(expectation.span, &name, &text, &limit, &by, &help));
}

/// The value of one side, where nothing has to run for it.
fn figure(quantity: &Quantity, program: &Program) -> Option<f64> {
    let two = |a, b| Some((figure(a, program)?, figure(b, program)?));
    match quantity {
        Quantity::Number(value) => Some(*value),
        Quantity::Metric(used) => {
            let made = program.artifact(&used.artifact)?;
            let budget = budget::of(program, made)?;
            match used.metric.word.name {
                "params" => Some(budget.params as f64),
                "macs" => Some(budget.macs as f64),
                "size" => Some(budget.size as f64),
                "memory" => Some(budget.memory as f64),
                _ => None,
            }
        }
        Quantity::Add(a, b) => two(a, b).map(|(a, b)| a + b),
        Quantity::Sub(a, b) => two(a, b).map(|(a, b)| a - b),
        Quantity::Mul(a, b) => two(a, b).map(|(a, b)| a * b),
        Quantity::Div(a, b) => two(a, b).map(|(a, b)| a / b),
    }
}

/// Whether the run may change a figure: layers go back to float32 under `max_drop`.
fn is_open(quantity: &Quantity, program: &Program) -> bool {
    match quantity {
        Quantity::Number(_) => false,
        Quantity::Metric(used) => {
            let quantization = program.artifact(&used.artifact).and_then(|it| it.quantization);
            matches!(used.metric.word.name, "size" | "memory")
                && quantization.is_some_and(|it| it.max_drop.is_some())
        }
        Quantity::Add(a, b) | Quantity::Sub(a, b) | Quantity::Mul(a, b) | Quantity::Div(a, b) => {
            is_open(a, program) || is_open(b, program)
        }
    }
}

/// The unit of a side, from its first metric; none for a ratio.
fn unit(quantity: &Quantity) -> Option<MetricUnit> {
    match quantity {
        Quantity::Number(_) | Quantity::Div(..) => None,
        Quantity::Metric(used) => Some(used.metric.unit),
        Quantity::Add(a, b) | Quantity::Sub(a, b) | Quantity::Mul(a, b) => {
            unit(a).or_else(|| unit(b))
        }
    }
}

/// Where most of a figure comes from.
fn largest(expectation: &Expectation, program: &Program) -> Option<String> {
    let Quantity::Metric(used) = &expectation.left else { return None };
    if !matches!(expectation.compare, Compare::Less | Compare::AtMost) {
        return None;
    }
    let made = program.artifact(&used.artifact)?;
    let net = &program.networks[made.network()?];
    let cost = |i: usize| -> Option<u64> {
        let layer = &net.layers[i];
        let count = |weights: &[Weight]| weights.iter().map(|w| w.shape.len() as u64).sum::<u64>();
        Some(match (used.metric.word.name, made.quantization) {
            ("params", _) => {
                layer.weights.iter().filter(|w| w.trained).map(|w| w.shape.len() as u64).sum()
            }
            ("size", None) => 4 * count(&layer.weights),
            ("size", Some(it)) => match it.scheme.unit_of[i].map(|unit| &it.scheme.units[unit]) {
                Some(unit) if unit.main == i => unit_size(net, unit),
                _ => 0,
            },
            ("macs", _) => layer.macs,
            _ => return None,
        })
    };
    let most = (0..net.layers.len()).max_by_key(|&i| cost(i))?;
    let (layer, cost) = (&net.layers[most], cost(most)?);
    let share = match used.metric.unit {
        MetricUnit::Bytes => bytes(cost),
        _ => grouped(cost),
    };
    Some(format!("the largest part is `{}` with {share}; `dlm show` lists all", layer.path))
}
