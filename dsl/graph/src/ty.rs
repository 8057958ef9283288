//! The type of a value in the graph: what its numbers are, and its shape for one sample.

use dlm_base::Shape;
use std::fmt;

/// What the numbers of a tensor are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// 32-bit floats.
    F32,
    /// 32-bit whole numbers: class labels, tokens, sums of products of 8-bit numbers.
    I32,
    /// Whole numbers from 0 to 255.
    U8,
    /// Whole numbers from −128 to 127.
    I8,
}

impl DType {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            DType::F32 | DType::I32 => 4,
            DType::U8 | DType::I8 => 1,
        }
    }
}

/// The type of a value: number format, whether there is one tensor for each sample of the batch,
/// and the shape of one sample's tensor (channels first, as users read it).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ty {
    /// The number format.
    pub dtype: DType,
    /// One tensor a sample (`true`), or one for all (weights, losses).
    pub batched: bool,
    /// The shape without the batch.
    pub shape: Shape,
}

impl Ty {
    /// Floats, one tensor a sample.
    pub fn flow(shape: impl Into<Shape>) -> Ty {
        Ty { dtype: DType::F32, batched: true, shape: shape.into() }
    }

    /// Whole numbers, one tensor a sample.
    pub fn tokens(shape: impl Into<Shape>) -> Ty {
        Ty { dtype: DType::I32, batched: true, shape: shape.into() }
    }

    /// Floats, one tensor for all samples, row-major.
    pub fn fixed(shape: impl Into<Shape>) -> Ty {
        Ty { dtype: DType::F32, batched: false, shape: shape.into() }
    }

    /// One float for all samples.
    pub fn scalar() -> Ty {
        Ty::fixed(vec![])
    }

    /// How many numbers one sample has.
    pub fn len(&self) -> usize {
        self.shape.len()
    }

    /// Whether one sample has no number.
    pub fn is_empty(&self) -> bool {
        self.shape.is_empty()
    }

    /// How many numbers a batch has.
    pub fn count(&self, batch: usize) -> usize {
        if self.batched { batch * self.len() } else { self.len() }
    }

    /// How many bytes a batch takes.
    pub fn bytes(&self, batch: usize) -> usize {
        self.count(batch) * self.dtype.bytes()
    }

    /// Whether one sample is stored channels last (see the crate's documentation).
    pub fn channels_last(&self) -> bool {
        self.batched && self.shape.rank() == 3
    }

    /// The distance in memory between neighbours along each axis of the shape, within one sample.
    pub fn strides(&self) -> Vec<usize> {
        match (self.channels_last(), self.shape.sizes()) {
            (true, &[c, _, w]) => vec![1, w * c, c],
            _ => self.shape.strides(),
        }
    }
}

impl fmt::Display for Ty {
    /// As programs write it: `[3, 32, 32]`, `int[64]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dtype {
            DType::F32 => self.shape.fmt(f),
            _ => write!(f, "int{}", self.shape),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feature_maps_are_stored_channels_last() {
        assert_eq!(Ty::flow(vec![3, 4, 5]).strides(), vec![1, 15, 3]);
        assert_eq!(Ty::fixed(vec![3, 4, 5]).strides(), vec![20, 5, 1]);
        assert_eq!(Ty::flow(vec![4, 5]).strides(), vec![5, 1]);
    }
}
