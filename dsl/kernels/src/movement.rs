//! Copies between layouts.

use crate::elementwise::Axis2;

/// The axes of a copy (`a`: distance where it reads, `b`: where it writes) in the order that
/// [`copy`] walks best: as they are written, neighbours joined.
pub fn order(axes: &[Axis2]) -> Vec<Axis2> {
    let mut axes = axes.to_vec();
    axes.sort_by_key(|axis| std::cmp::Reverse(axis.b));
    crate::elementwise::merge(&axes)
}

/// Whether the copy reads and writes one run without a gap.
pub fn straight(axes: &[Axis2]) -> bool {
    matches!(axes, [Axis2 { a: 1, b: 1, .. }] | [Axis2 { size: 1, .. }])
}

/// `to[i·b₀ + j·b₁ + …] = from[i·a₀ + j·a₁ + …]` for all indices of `axes` (from [`order`]).
///
/// Where one axis is dense to read and another dense to write, both are walked in squares that fit
/// the cache.
///
/// # Panics
/// When a slice is too short.
pub fn copy<T: Copy>(axes: &[Axis2], from: &[T], to: &mut [T]) {
    let (&inner, outer) = axes.split_last().expect("axes from `order`");
    let dense = outer.iter().position(|axis| axis.a == 1 && inner.a != 1 && inner.b == 1);
    match dense {
        Some(across) => {
            let axis = outer[across];
            walk(outer, Some(across), |a, b| transpose(axis, inner, &from[a..], &mut to[b..]));
        }
        None => walk(outer, None, |a, b| {
            let (from, to) = (&from[a..], &mut to[b..]);
            match (inner.a, inner.b) {
                (1, 1) => to[..inner.size].copy_from_slice(&from[..inner.size]),
                (0, 1) => to[..inner.size].fill(from[0]),
                (a, b) => (0..inner.size).for_each(|i| to[i * b] = from[i * a]),
            }
        }),
    }
}

/// Calls `f` with both offsets for all indices of all axes but `skip`.
fn walk(axes: &[Axis2], skip: Option<usize>, mut f: impl FnMut(usize, usize)) {
    let axes = axes.iter().enumerate().filter(|&(i, _)| Some(i) != skip).map(|(_, axis)| axis);
    let count: usize = axes.clone().map(|axis| axis.size).product();
    for index in 0..count {
        let (mut rest, mut a, mut b) = (index, 0, 0);
        for axis in axes.clone().rev() {
            let i = rest % axis.size;
            rest /= axis.size;
            a += i * axis.a;
            b += i * axis.b;
        }
        f(a, b);
    }
}

/// `row` is dense in `from`, `column` dense in `to`.
fn transpose<T: Copy>(row: Axis2, column: Axis2, from: &[T], to: &mut [T]) {
    const SIDE: usize = 16;
    for r in (0..row.size).step_by(SIDE) {
        let rows = SIDE.min(row.size - r);
        for c in (0..column.size).step_by(SIDE) {
            let columns = SIDE.min(column.size - c);
            for i in r..r + rows {
                let to = &mut to[i * row.b + c..][..columns];
                let from = &from[c * column.a + i..];
                to.iter_mut().enumerate().for_each(|(j, to)| *to = from[j * column.a]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_go_from_last_to_first() {
        for (c, h, w) in [(3, 4, 5), (17, 1, 33), (1, 4, 4), (40, 20, 3)] {
            let from: Vec<usize> = (0..c * h * w).collect();
            let mut to = vec![usize::MAX; from.len()];
            let axes = [
                Axis2 { size: c, a: 1, b: h * w },
                Axis2 { size: h, a: w * c, b: w },
                Axis2 { size: w, a: c, b: 1 },
            ];
            copy(&order(&axes), &from, &mut to);
            for (i, &v) in to.iter().enumerate() {
                let (channel, pixel) = (i / (h * w), i % (h * w));
                assert_eq!(v, pixel * c + channel);
            }
        }
    }

    #[test]
    fn straight_copies_are_recognised() {
        let axes = [Axis2 { size: 3, a: 5, b: 5 }, Axis2 { size: 5, a: 1, b: 1 }];
        assert!(straight(&order(&axes)));
        let axes = [Axis2 { size: 3, a: 6, b: 5 }, Axis2 { size: 5, a: 1, b: 1 }];
        assert!(!straight(&order(&axes)));
        let mut to = [0; 15];
        copy(&order(&axes), &(0..18).collect::<Vec<_>>(), &mut to);
        assert_eq!(to, [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16]);
    }
}
