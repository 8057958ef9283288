//! What operators along a sequence share.

use super::declare::param;
use super::text::show;
use crate::word::{Default, Param, Type};
use dlm_graph::{DType, Reject, Ty};

/// Which moments there are.
pub(crate) const MASK: Param = param(
    "mask",
    Type::Flow,
    Default::Absent,
    "For each moment a whole number, 0 where there is only padding; by default there is none.",
    &["key_padding_mask", "attention_mask", "src_key_padding_mask", "sequence_lens"],
);

/// Accepts a mask of so many moments.
pub(crate) fn check_mask(mask: &Ty, moments: usize) -> Result<(), Reject> {
    let reject = |message, help| Err(Reject::Value { param: "mask", message, help });
    if mask.dtype != DType::I32 || mask.shape.rank() != 1 {
        let is = show(mask);
        return reject(
            format!("`mask` takes whole numbers, `int[{moments}]`, but it is {is}"),
            Some(
                "0 stands where there is only padding; tokens of which 0 is padding will do".into(),
            ),
        );
    }
    match mask.len() {
        n if n == moments => Ok(()),
        n => reject(format!("`mask` has {n} numbers, but there are {moments} moments"), None),
    }
}
