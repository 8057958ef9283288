//! The rule by which an operator makes its shape, with the numbers of a place.

use dlm_check::network::seen::{Applied, SeenStep};
use dlm_graph::Ty;
use dlm_vocab::{Arg, Args};

/// The rule with its numbers: `height ⌊(28 − 3) / 2⌋ + 1 = 13`. `None` where the shape says it all.
pub(super) fn rule(seen: &SeenStep, gives: &Ty) -> Option<String> {
    let Applied::Operator { operator, args, .. } = &seen.what else { return None };
    let [enters] = seen.enters.as_slice() else { return None };
    let (from, to) = (enters.shape.sizes(), gives.shape.sizes());
    if operator.word.name == "flatten" {
        let sizes: Vec<String> = from.iter().map(usize::to_string).collect();
        let all = to.first()?;
        return (from.len() > 1).then(|| format!("`{} = {all}`", sizes.join(" × ")));
    }
    let axes: &[&str] = match (from.len(), to.len()) {
        (3, 3) => &["height", "width"],
        (2, 2) => &["time"],
        _ => return None,
    };
    let rows: Option<Vec<String>> = axes
        .iter()
        .enumerate()
        .map(|(i, axis)| Some(format!("{axis} `{}`", of_axis(args, i, from[i + 1], to[i + 1])?)))
        .collect();
    let mut rows = rows?;
    // Both axes alike are one.
    let [first, rest @ ..] = rows.as_slice() else { return None };
    let bare = |row: &str| row.split_once(' ').map(|(_, rule)| rule.to_string());
    if !rest.is_empty() && rest.iter().all(|row| bare(row) == bare(first)) {
        rows = vec![format!("{} {}", axes.join(" and "), bare(first)?)];
    }
    Some(rows.join(", "))
}

/// The rule of a window along an axis, if that is what gives `to`.
fn of_axis(args: &Args, axis: usize, from: usize, to: usize) -> Option<String> {
    let kernel = number(args, "kernel", axis).or_else(|| number(args, "size", axis))?;
    let stride = number(args, "stride", axis).unwrap_or(match args.get("kernel") {
        Some(_) => 1,
        None => kernel,
    });
    let (text, result) = match args.get("padding") {
        Some(Arg::Name(name)) if name == "same" => {
            (format!("⌈{from} / {stride}⌉"), from.div_ceil(stride.max(1)))
        }
        _ => {
            let zeros = number(args, "padding", axis).unwrap_or(0);
            let reach = number(args, "dilation", axis).unwrap_or(1) * kernel.checked_sub(1)? + 1;
            let padded = if zeros > 0 { format!(" + 2 · {zeros}") } else { String::new() };
            let text = format!("⌊({from}{padded} − {reach}) / {stride}⌋ + 1");
            (text, (from + 2 * zeros).checked_sub(reach)? / stride.max(1) + 1)
        }
    };
    (result == to).then(|| format!("{text} = {to}"))
}

/// A whole number, or the one of an axis.
fn number(args: &Args, name: &str, axis: usize) -> Option<usize> {
    let value = match args.get(name)? {
        Arg::Int(value) => *value,
        Arg::Ints(values) => *values.get(axis)?,
        _ => return None,
    };
    usize::try_from(value).ok()
}
