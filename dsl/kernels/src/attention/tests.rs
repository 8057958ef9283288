use super::*;
use crate::arena::{Arena, Slot};
use crate::simd::tests::at_each_level;

fn numbers(n: usize, key: u64) -> Vec<f32> {
    (0..n as u64).map(|i| 2.0 * crate::rng::uniform(key, i) - 1.0).collect()
}

/// Scratch of so many bytes, filled with numbers that would be seen.
fn room(bytes: usize) -> Arena {
    let mut arena = Arena::new(bytes);
    bytes_of(&mut arena).fill(0xff);
    arena
}

fn bytes_of(scratch: &mut Arena) -> &mut [u8] {
    let len = scratch.len();
    scratch.get_mut(Slot { offset: 0, len })
}

/// Three projections in rows of their own, as one would write it down; rows of y.
fn plainly(it: &Attention, batch: usize, [q, k, v]: [&[f32]; 3], mask: Option<&[i32]>) -> Vec<f64> {
    let (d, h) = (it.width, it.head());
    let mut y = vec![0.0; batch * it.queries * d];
    for n in 0..batch {
        for head in 0..it.heads {
            for t in 0..it.queries {
                let sees = |s: &usize| {
                    (!it.causal || *s <= t) && mask.is_none_or(|mask| mask[n * it.keys + s] != 0)
                };
                let seen: Vec<usize> = (0..it.keys).filter(sees).collect();
                let row = |x: &[f32], rows: usize, t: usize, i: usize| {
                    f64::from(x[(n * rows + t) * d + head * h + i])
                };
                let score = |&s: &usize| {
                    let dot: f64 =
                        (0..h).map(|i| row(q, it.queries, t, i) * row(k, it.keys, s, i)).sum();
                    (dot / (h as f64).sqrt()).exp()
                };
                let scores: Vec<f64> = seen.iter().map(score).collect();
                let total: f64 = scores.iter().sum();
                for (s, score) in seen.iter().zip(&scores) {
                    for i in 0..h {
                        y[(n * it.queries + t) * d + head * h + i] +=
                            score / total * row(v, it.keys, *s, i);
                    }
                }
            }
        }
    }
    y
}

#[test]
fn attention_is_what_the_formula_says_and_its_gradient_too() {
    let sizes = [(1, 1, 1, 1), (2, 5, 5, 6), (4, 70, 70, 32), (3, 7, 40, 9), (2, 37, 9, 34)];
    at_each_level(|| {
        for (heads, queries, keys, width) in sizes {
            for (causal, masked) in [(false, false), (true, false), (false, true), (true, true)] {
                let it = Attention { heads, queries, keys, width, causal };
                let batch = 2;
                let q = numbers(batch * queries * width, 1);
                let kv = numbers(batch * keys * 2 * width, 2);
                let mask: Vec<i32> =
                    (0..batch * keys).map(|i| i32::from(i % 3 != 0 && i < keys * 2 - 2)).collect();
                let mask = masked.then_some(&mask[..]);
                let apart = |kv: &[f32], at: usize| -> Vec<f32> {
                    let rows = kv.chunks_exact(2 * width);
                    rows.flat_map(|row| row[at..at + width].to_vec()).collect()
                };
                let plain = |q: &[f32], kv: &[f32]| {
                    plainly(&it, batch, [q, &apart(kv, 0), &apart(kv, width)], mask)
                };
                let part = |data, offset| Projected { data, stride: 2 * width, offset };
                let inputs = Inputs {
                    q: Projected { data: &q, stride: width, offset: 0 },
                    k: part(&kv, 0),
                    v: part(&kv, width),
                    mask,
                };
                let mut y = vec![f32::NAN; q.len()];
                let mut kept = vec![f32::NAN; batch * heads * queries * KEPT];
                let mut scratch = room(it.forward_scratch(batch));
                it.forward(batch, &inputs, (&mut y, &mut kept), bytes_of(&mut scratch));
                let expected = plain(&q, &kv);
                let close = |a: f32, b: f64| (f64::from(a) - b).abs() < 1e-5;
                assert!(y.iter().zip(&expected).all(|(&a, &b)| close(a, b)), "{it:?} {masked}");

                let dy = numbers(y.len(), 3);
                let (mut dq, mut dkv) = (vec![f32::NAN; q.len()], vec![f32::NAN; kv.len()]);
                let mut scratch = room(it.backward_scratch(batch));
                let gradients = Gradients::Two(&mut dq, &mut dkv);
                it.backward(batch, &inputs, (&y, &kept, &dy), gradients, bytes_of(&mut scratch));
                let loss = |q: &[f32], kv: &[f32]| -> f64 {
                    plain(q, kv).iter().zip(&dy).map(|(y, &dy)| y * f64::from(dy)).sum()
                };
                let step = 1e-3;
                for (x, dx, is_q) in [(&q, &dq, true), (&kv, &dkv, false)] {
                    for i in (0..x.len()).step_by(x.len().div_ceil(7)) {
                        let mut moved = x.clone();
                        let mut at = |by: f32| {
                            moved[i] = x[i] + by;
                            if is_q { loss(&moved, &kv) } else { loss(&q, &moved) }
                        };
                        let slope = (at(step) - at(-step)) / f64::from(2.0 * step);
                        assert!((slope - f64::from(dx[i])).abs() < 2e-3, "{it:?} {masked} {i}");
                    }
                }
            }
        }
    });
}

#[test]
fn rows_that_hold_all_three_give_the_same() {
    let it = Attention { heads: 2, queries: 9, keys: 9, width: 8, causal: true };
    let (batch, d) = (3, 8);
    let all = numbers(batch * 9 * 3 * d, 4);
    let inputs = |data, stride, at: [usize; 3]| {
        let [q, k, v] = at.map(|offset| Projected { data, stride, offset });
        Inputs { q, k, v, mask: None }
    };
    let dy = numbers(batch * 9 * d, 5);
    let (mut y, mut kept) = (vec![0.0; dy.len()], vec![0.0; batch * 2 * 9 * KEPT]);
    let mut scratch = room(it.backward_scratch(batch));
    let one = inputs(&all, 3 * d, [0, d, 2 * d]);
    it.forward(batch, &one, (&mut y, &mut kept), bytes_of(&mut scratch));
    let mut whole = vec![f32::NAN; all.len()];
    it.backward(batch, &one, (&y, &kept, &dy), Gradients::One(&mut whole), bytes_of(&mut scratch));
    let apart = |from: usize, to: usize| -> Vec<f32> {
        all.chunks_exact(3 * d).flat_map(|row| row[from..to].to_vec()).collect()
    };
    let (q, kv) = (apart(0, d), apart(d, 3 * d));
    let mut two = inputs(&kv, 2 * d, [0, 0, d]);
    two.q = Projected { data: &q, stride: d, offset: 0 };
    let (mut dq, mut dkv) = (vec![0.0; q.len()], vec![0.0; kv.len()]);
    let gradients = Gradients::Two(&mut dq, &mut dkv);
    it.backward(batch, &two, (&y, &kept, &dy), gradients, bytes_of(&mut scratch));
    let joined: Vec<f32> = (dq.chunks_exact(d).zip(dkv.chunks_exact(2 * d)))
        .flat_map(|(q, kv)| [q, kv].concat())
        .collect();
    assert_eq!(whole, joined);
}
