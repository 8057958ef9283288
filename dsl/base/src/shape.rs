//! The shape of one sample's tensor, as users read it: channels first, without the batch.

use std::fmt;

/// Sizes of the axes of one sample, outermost first: `[1, 28, 28]` is channels, height, width.
/// The empty shape is a single number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Shape(pub Vec<usize>);

impl Shape {
    /// A shape of these sizes.
    pub fn of(sizes: &[usize]) -> Shape {
        Shape(sizes.to_vec())
    }

    /// How many axes there are.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// How many numbers a tensor of this shape holds.
    pub fn len(&self) -> usize {
        self.0.iter().product()
    }

    /// Whether a tensor of this shape holds no number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sizes.
    pub fn sizes(&self) -> &[usize] {
        &self.0
    }

    /// Row-major strides: the distance between neighbours along each axis.
    pub fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.rank()];
        for axis in (1..self.rank()).rev() {
            strides[axis - 1] = strides[axis] * self.0[axis];
        }
        strides
    }

    /// NumPy broadcasting: sizes are compared from the last axis; 1 stretches, a missing axis is 1.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        let rank = self.rank().max(other.rank());
        let at = |shape: &Shape, axis: usize| match (axis + shape.rank()).checked_sub(rank) {
            Some(own) => shape.0[own],
            None => 1,
        };
        (0..rank)
            .map(|axis| match (at(self, axis), at(other, axis)) {
                (a, b) if a == b => Some(a),
                (1, b) => Some(b),
                (a, 1) => Some(a),
                _ => None,
            })
            .collect::<Option<Vec<usize>>>()
            .map(Shape)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, size) in self.0.iter().enumerate() {
            write!(f, "{}{size}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

impl From<Vec<usize>> for Shape {
    fn from(sizes: Vec<usize>) -> Shape {
        Shape(sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        let b = |a: &[usize], b: &[usize]| Shape::of(a).broadcast(&Shape::of(b)).map(|s| s.0);
        assert_eq!(b(&[3, 4, 5], &[5]), Some(vec![3, 4, 5]));
        assert_eq!(b(&[3, 1, 1], &[3, 4, 5]), Some(vec![3, 4, 5]));
        assert_eq!(b(&[], &[2]), Some(vec![2]));
        assert_eq!(b(&[2], &[3]), None);
    }

    #[test]
    fn strides_are_row_major() {
        assert_eq!(Shape::of(&[2, 3, 4]).strides(), vec![12, 4, 1]);
        assert_eq!(Shape::of(&[2, 3, 4]).to_string(), "[2, 3, 4]");
    }
}
