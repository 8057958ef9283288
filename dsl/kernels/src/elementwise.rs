//! Loops over the elements of tensors: maps, updates of several tensors in one pass, broadcasting.
//!
//! The functions that are mapped come from the words; each loop is compiled twice (see
//! [`simd`](mod@crate::simd)) with the function inlined, and cut into fixed pieces for the threads.
#![allow(unsafe_code)]

use crate::par;
use crate::simd::{Level, level};

/// Numbers that one thread takes at a time.
const PIECE: usize = 1 << 14;

/// Runs `f`, compiled for AVX-512, or for AVX2 and FMA, where the CPU has them. What `f` calls must be
/// inlined, and so must `f` itself: a large closure needs `#[inline(always)]`, or it is compiled for the
/// baseline.
#[inline(always)]
pub fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
        fn widest<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        #[target_feature(enable = "avx2,fma")]
        fn run<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        match level() {
            // SAFETY: the CPU has AVX-512 with its parts for other widths, bytes and double words, which
            // is all that `widest` requires.
            Level::Avx512 => return unsafe { widest(f) },
            // SAFETY: the CPU has AVX2 and FMA, which is all that `run` requires.
            Level::Avx2 => return unsafe { run(f) },
            Level::Plain => {}
        }
    }
    f()
}

/// `y = f(x)`; `cost` estimates the operations of one element.
///
/// # Panics
/// When the lengths differ.
pub fn map(x: &[f32], y: &mut [f32], cost: usize, f: impl Fn(f32) -> f32 + Copy + Sync + Send) {
    assert_eq!(x.len(), y.len());
    let work = y.len() * cost;
    par::chunks(y, PIECE, work, |i, y| {
        let x = &x[i * PIECE..][..y.len()];
        vectorised(
            #[inline(always)]
            || {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = f(x);
                }
            },
        );
    });
}

/// `y = 1` where `lo ≤ x ≤ hi`, 0 elsewhere.
pub fn within(x: &[f32], lo: f32, hi: f32, y: &mut [u8]) {
    par::chunks(y, PIECE, x.len(), |i, y| {
        let x = &x[i * PIECE..][..y.len()];
        vectorised(
            #[inline(always)]
            || {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = u8::from(x >= lo) & u8::from(x <= hi);
                }
            },
        );
    });
}

/// `y = f(y)`.
pub fn map_in_place(y: &mut [f32], cost: usize, f: impl Fn(f32) -> f32 + Copy + Sync + Send) {
    let work = y.len() * cost;
    par::chunks(y, PIECE, work, |_, y| {
        vectorised(
            #[inline(always)]
            || {
                through(
                    y,
                    #[inline(always)]
                    |y, new, _| {
                        new.iter_mut().zip(y).for_each(
                            #[inline(always)]
                            |(new, &y)| *new = f(y),
                        )
                    },
                );
            },
        );
    });
}

/// Changes `y` in blocks by way of a buffer, which `f(block, buffer, place of the block)` fills.
///
/// Were numbers changed where they stand, the compiler would store those alone that differ, which is
/// several times slower than to store all.
#[inline(always)]
fn through(y: &mut [f32], f: impl Fn(&[f32], &mut [f32], usize)) {
    const BLOCK: usize = 512;
    let mut buffer = [0.0f32; BLOCK];
    for (i, y) in y.chunks_mut(BLOCK).enumerate() {
        let new = &mut buffer[..y.len()];
        f(y, new, i * BLOCK);
        y.copy_from_slice(new);
    }
}

/// `y = f(a, b)`.
///
/// # Panics
/// When the lengths differ.
pub fn map2(
    a: &[f32],
    b: &[f32],
    y: &mut [f32],
    cost: usize,
    f: impl Fn(f32, f32) -> f32 + Copy + Sync + Send,
) {
    assert!(a.len() == y.len() && b.len() == y.len());
    let work = y.len() * cost;
    par::chunks(y, PIECE, work, |i, y| {
        let (a, b) = (&a[i * PIECE..][..y.len()], &b[i * PIECE..][..y.len()]);
        vectorised(
            #[inline(always)]
            || {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = f(a, b);
                }
            },
        );
    });
}

/// `y = f(x, y)`.
///
/// # Panics
/// When the lengths differ.
pub fn update(
    x: &[f32],
    y: &mut [f32],
    cost: usize,
    f: impl Fn(f32, f32) -> f32 + Copy + Sync + Send,
) {
    assert_eq!(x.len(), y.len());
    let work = y.len() * cost;
    par::chunks(y, PIECE, work, |i, y| {
        let x = &x[i * PIECE..][..y.len()];
        vectorised(
            #[inline(always)]
            || {
                through(
                    y,
                    #[inline(always)]
                    |y, new, at| {
                        let x = &x[at..at + y.len()];
                        new.iter_mut().zip(y).zip(x).for_each(
                            #[inline(always)]
                            |((new, &y), &x)| *new = f(x, y),
                        );
                    },
                );
            },
        );
    });
}

/// `(a, b) = f(x, a, b)`: an update with one tensor of memory.
///
/// # Panics
/// When the lengths differ.
pub fn update2(
    x: &[f32],
    a: &mut [f32],
    b: &mut [f32],
    cost: usize,
    f: impl Fn(f32, f32, f32) -> (f32, f32) + Copy + Sync + Send,
) {
    assert!(x.len() == a.len() && b.len() == a.len());
    let work = x.len() * cost;
    par::chunks2((a, PIECE), (b, PIECE), work, |i, a, b| {
        let x = &x[i * PIECE..][..a.len()];
        vectorised(
            #[inline(always)]
            || {
                for ((a, b), &x) in a.iter_mut().zip(b).zip(x) {
                    (*a, *b) = f(x, *a, *b);
                }
            },
        );
    });
}

/// `(a, b, c) = f(x, a, b, c)`: an update with two tensors of memory.
///
/// # Panics
/// When the lengths differ.
pub fn update3(
    x: &[f32],
    a: &mut [f32],
    b: &mut [f32],
    c: &mut [f32],
    cost: usize,
    f: impl Fn(f32, f32, f32, f32) -> (f32, f32, f32) + Copy + Sync + Send,
) {
    assert!(x.len() == a.len() && b.len() == a.len() && c.len() == a.len());
    let work = x.len() * cost;
    par::chunks3((a, PIECE), (b, PIECE), (c, PIECE), work, |i, a, b, c| {
        let x = &x[i * PIECE..][..a.len()];
        vectorised(
            #[inline(always)]
            || {
                for (((a, b), c), &x) in a.iter_mut().zip(b).zip(c).zip(x) {
                    (*a, *b, *c) = f(x, *a, *b, *c);
                }
            },
        );
    });
}

/// An axis of a loop over a result that is written in order: its size, and the distance between
/// neighbours in each of two operands (0 where an operand is stretched).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis2 {
    /// How many.
    pub size: usize,
    /// Distance in the first operand.
    pub a: usize,
    /// Distance in the second operand.
    pub b: usize,
}

/// Leaves out axes of size 1 and joins neighbouring axes that can be walked as one.
pub fn merge(axes: &[Axis2]) -> Vec<Axis2> {
    let mut merged: Vec<Axis2> = Vec::new();
    for axis in axes.iter().filter(|axis| axis.size != 1) {
        match merged.last_mut() {
            Some(last) if last.a == axis.a * axis.size && last.b == axis.b * axis.size => {
                *last = Axis2 { size: last.size * axis.size, ..*axis };
            }
            _ => merged.push(*axis),
        }
    }
    if merged.is_empty() {
        merged.push(Axis2 { size: 1, a: 0, b: 0 });
    }
    merged
}

/// `y[i, j, …] = f(a[i, j, …], b[i, j, …])`, `y` row-major in the order of `outer` (the batch), then
/// `axes` (merged, not empty). Where `a` is `None`, `y` holds it at first.
///
/// # Panics
/// When an operand is too short.
pub fn broadcast(
    outer: Axis2,
    axes: &[Axis2],
    a: Option<&[f32]>,
    b: &[f32],
    y: &mut [f32],
    f: impl Fn(f32, f32) -> f32 + Copy + Sync + Send,
) {
    let (last, middle) = axes.split_last().expect("merged axes");
    let work = y.len();
    par::chunks(y, last.size, work, |row, y| {
        let (mut rest, mut at_a, mut at_b) = (row, 0, 0);
        for axis in middle.iter().rev() {
            let i = rest % axis.size;
            rest /= axis.size;
            at_a += i * axis.a;
            at_b += i * axis.b;
        }
        let b = &b[at_b + rest * outer.b..];
        let Some(a) = a else {
            vectorised(
                #[inline(always)]
                || match last.b {
                    1 => y.iter_mut().zip(&b[..last.size]).for_each(
                        #[inline(always)]
                        |(y, &b)| *y = f(*y, b),
                    ),
                    0 => y.iter_mut().for_each(
                        #[inline(always)]
                        |y| *y = f(*y, b[0]),
                    ),
                    step => y.iter_mut().enumerate().for_each(
                        #[inline(always)]
                        |(i, y)| *y = f(*y, b[i * step]),
                    ),
                },
            );
            return;
        };
        let a = &a[at_a + rest * outer.a..];
        vectorised(
            #[inline(always)]
            || match (last.a, last.b) {
                (1, 1) => {
                    let (a, b) = (&a[..y.len()], &b[..y.len()]);
                    for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                        *y = f(a, b);
                    }
                }
                (1, 0) => {
                    let b = b[0];
                    y.iter_mut().zip(&a[..last.size]).for_each(
                        #[inline(always)]
                        |(y, &a)| *y = f(a, b),
                    );
                }
                (0, 1) => {
                    let a = a[0];
                    y.iter_mut().zip(&b[..last.size]).for_each(
                        #[inline(always)]
                        |(y, &b)| *y = f(a, b),
                    );
                }
                (sa, sb) => {
                    y.iter_mut().enumerate().for_each(
                        #[inline(always)]
                        |(i, y)| *y = f(a[i * sa], b[i * sb]),
                    );
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_maps_reach_every_element_once() {
        let n = 3 * PIECE + 5;
        let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let mut y = vec![0.0; n];
        map(&x, &mut y, 1000, |x| x + 1.0);
        map_in_place(&mut y, 1000, |y| 2.0 * y);
        update(&x, &mut y, 1000, |x, y| y - x);
        assert!(y.iter().enumerate().all(|(i, &y)| y == i as f32 + 2.0));
        map2(&x, &x, &mut y, 1000, |a, b| a - 0.5 * b);
        assert!(y.iter().enumerate().all(|(i, &y)| y == 0.5 * i as f32));
        let (mut a, mut b, mut c) = (vec![1.0; n], vec![2.0; n], vec![3.0; n]);
        update2(&x, &mut a, &mut b, 1000, |x, a, b| (a + x, b - x));
        update3(&x, &mut a, &mut b, &mut c, 1000, |x, a, b, c| (a - x, b + x, c + x));
        assert!((0..n).all(|i| (a[i], b[i], c[i]) == (1.0, 2.0, 3.0 + i as f32)));
    }

    #[test]
    fn broadcasting_walks_each_operand_by_its_own_strides() {
        // y[n, i, j, k] = a[n, i, k] + 10 · b[j]
        let outer = Axis2 { size: 2, a: 4, b: 0 };
        let axes = [
            Axis2 { size: 2, a: 2, b: 0 },
            Axis2 { size: 3, a: 0, b: 1 },
            Axis2 { size: 2, a: 1, b: 0 },
        ];
        let (a, b) = ([1., 2., 3., 4., 5., 6., 7., 8.], [0., 1., 2.]);
        let mut y = vec![0.0; 24];
        broadcast(outer, &merge(&axes), Some(&a), &b, &mut y, |a, b| a + 10.0 * b);
        assert_eq!(y[..12], [1., 2., 11., 12., 21., 22., 3., 4., 13., 14., 23., 24.]);
        assert_eq!(y[12..], [5., 6., 15., 16., 25., 26., 7., 8., 17., 18., 27., 28.]);
        let own = [Axis2 { a: 6, ..axes[0] }, Axis2 { a: 2, ..axes[1] }, axes[2]];
        broadcast(Axis2 { a: 12, ..outer }, &own, None, &b, &mut y, |a, b| a - 10.0 * b);
        assert_eq!(y[..12], [1., 2., 1., 2., 1., 2., 3., 4., 3., 4., 3., 4.]);
    }

    #[test]
    fn axes_that_lie_behind_one_another_are_one() {
        let axes = [
            Axis2 { size: 4, a: 15, b: 0 },
            Axis2 { size: 1, a: 7, b: 7 },
            Axis2 { size: 3, a: 5, b: 0 },
            Axis2 { size: 5, a: 1, b: 1 },
        ];
        let merged = merge(&axes);
        assert_eq!(merged, [Axis2 { size: 12, a: 5, b: 0 }, Axis2 { size: 5, a: 1, b: 1 }]);
    }
}
