//! Words for messages about shapes.

use dlm_graph::{DType, Reject, Ty};

/// A type as programs write it: `[3, 32, 32]`, `int[64]`, "a single number".
pub(crate) fn show(ty: &Ty) -> String {
    match ty.dtype {
        DType::F32 if ty.shape.rank() == 0 => "a single number".to_string(),
        _ => ty.to_string(),
    }
}

/// Whole numbers with commas: 5,408.
pub(crate) fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The name of an axis for people.
pub(crate) fn axis_name(axis: usize, rank: usize) -> &'static str {
    match (rank, axis) {
        (3, 0) => "channels",
        (3, 1) => "heights",
        (3, 2) => "widths",
        (1, 0) => "features",
        (_, 0) => "sizes of axis 0",
        (_, 1) => "sizes of axis 1",
        (_, 2) => "sizes of axis 2",
        _ => "sizes of a further axis",
    }
}

/// Rejects whole numbers: `word` computes with floats.
pub(crate) fn need_floats(word: &str, ty: &Ty) -> Result<(), Reject> {
    if ty.dtype == DType::F32 {
        return Ok(());
    }
    Err(Reject::Shape {
        message: format!("`{word}` takes floats, but its input is whole numbers, {}", show(ty)),
        expects: "expects floats".to_string(),
        help: Some("turn the numbers into vectors first: `-> embedding(vocabulary, size)`".into()),
        insert: None,
    })
}

/// The axis that `axis` means in a tensor of this type; negative ones count from the end.
pub(crate) fn axis(word: &str, ty: &Ty, axis: i64) -> Result<usize, Reject> {
    let rank = ty.shape.rank() as i64;
    let own = if axis < 0 { axis + rank } else { axis };
    if (0..rank).contains(&own) {
        return Ok(own as usize);
    }
    let message =
        format!("`{word}` over axis {axis}, but its input {} has {}", show(ty), axes(rank));
    let help = (rank > 0).then(|| {
        let last = rank - 1;
        format!("write an axis from 0 to {last}, or from -1 (the last) to -{rank}")
    });
    Err(Reject::Value { param: "axis", message, help })
}

/// "3 axes", "one axis", "none".
fn axes(rank: i64) -> String {
    match rank {
        0 => "none".to_string(),
        1 => "one axis".to_string(),
        rank => format!("{rank} axes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas() {
        let counts = [5, 408, 5_408, 1_234_567].map(count);
        assert_eq!(counts, ["5", "408", "5,408", "1,234,567"]);
    }

    #[test]
    fn axes_count_from_both_ends() {
        let ty = Ty::flow(vec![2, 3, 4]);
        assert_eq!([-3, -1, 0, 2].map(|a| axis("softmax", &ty, a)), [Ok(0), Ok(2), Ok(0), Ok(2)]);
        let Err(Reject::Value { message, help, .. }) = axis("softmax", &ty, 3) else { panic!() };
        assert_eq!(message, "`softmax` over axis 3, but its input [2, 3, 4] has 3 axes");
        assert_eq!(help.as_deref(), Some("write an axis from 0 to 2, or from -1 (the last) to -3"));
    }
}
