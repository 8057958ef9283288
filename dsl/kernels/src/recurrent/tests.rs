use super::*;
use crate::arena::{Arena, Slot};
use crate::simd::tests::at_each_level;

fn numbers(n: usize, key: u64) -> Vec<f32> {
    (0..n as u64).map(|i| 2.0 * crate::rng::uniform(key, i) - 1.0).collect()
}

/// One sample as one would write it down: states of all moments, and the last one.
fn plainly(it: &Recurrent, x: &[f32], w: &[f32], b: &[f32], length: usize) -> (Vec<f64>, Vec<f64>) {
    let (u, gates) = (it.units, it.gates());
    let (mut h, mut c) = (vec![0.0f64; u], vec![0.0f64; u]);
    let mut states = vec![0.0; it.time * u];
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    for step in 0..length {
        let t = if it.reverse { length - 1 - step } else { step };
        let of_x = |k: usize, i: usize| f64::from(x[t * gates + k * u + i]);
        let old = h.clone();
        let of_h = |k: usize, i: usize| {
            let sum: f64 = (0..u).map(|j| old[j] * f64::from(w[j * gates + k * u + i])).sum();
            sum + f64::from(b[k * u + i])
        };
        for i in 0..u {
            let all = |k| of_x(k, i) + of_h(k, i);
            match it.cell {
                Cell::Lstm => {
                    c[i] = sigmoid(all(1)) * c[i] + sigmoid(all(0)) * all(2).tanh();
                    h[i] = sigmoid(all(3)) * c[i].tanh();
                }
                Cell::Gru => {
                    let z = sigmoid(all(1));
                    let n = (of_x(2, i) + sigmoid(all(0)) * of_h(2, i)).tanh();
                    h[i] = (1.0 - z) * n + z * old[i];
                }
            }
        }
        states[t * u..][..u].copy_from_slice(&h);
    }
    (states, h)
}

#[test]
fn steps_are_what_the_formulas_say_and_their_gradients_too() {
    let sizes = [(Cell::Lstm, 1, 1, 1), (Cell::Lstm, 19, 5, 7), (Cell::Gru, 19, 5, 7)];
    at_each_level(|| {
        for (cell, batch, time, units) in sizes {
            for (reverse, masked) in [(false, false), (true, false), (false, true), (true, true)] {
                let it = Recurrent { cell, time, units, reverse };
                let gates = it.gates();
                let x = numbers(batch * time * gates, 1);
                let (w, b) = (numbers(units * gates, 2), numbers(gates, 3));
                let mask: Vec<i32> = (0..batch * time)
                    .map(|i| i32::from(i % time < (i / time) % (time + 1) && i % 2 == 0))
                    .collect();
                let mask = masked.then_some(&mask[..]);
                let inputs = Inputs { x: &x, w: &w, b: &b, mask };
                let mut states = vec![f32::NAN; batch * time * units];
                let mut last = vec![f32::NAN; batch * units];
                let mut kept = vec![f32::NAN; batch * time * it.kept()];
                let (len, mut arena) = (it.scratch(batch), Arena::new(it.scratch(batch)));
                let scratch = arena.get_mut(Slot { offset: 0, len });
                scratch.fill(0xff);
                let results =
                    Results { states: &mut states, last: Some(&mut last), kept: &mut kept };
                it.forward(batch, &inputs, results, scratch);
                let plain = |x: &[f32], n: usize| {
                    let x = &x[n * time * gates..][..time * gates];
                    plainly(&it, x, &w, &b, it.length(mask, n))
                };
                for n in 0..batch {
                    let (all, end) = plain(&x, n);
                    let close = |a: &[f32], b: &[f64]| {
                        a.iter().zip(b).all(|(&a, &b)| (f64::from(a) - b).abs() < 1e-5)
                    };
                    assert!(close(&states[n * time * units..], &all), "{it:?} {masked} {n}");
                    assert!(close(&last[n * units..], &end), "{it:?} {masked} {n}");
                }

                let (dy, dlast) = (numbers(states.len(), 4), numbers(last.len(), 5));
                let slopes =
                    Slopes { states: Some(&dy), last: Some(&dlast), made: &states, kept: &kept };
                let (mut dx, mut dh) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
                let of_state = (cell == Cell::Gru).then_some(&mut dh[..]);
                it.backward(batch, (&w, mask), &slopes, (&mut dx, of_state), scratch);
                let loss = |x: &[f32], n: usize| -> f64 {
                    let (all, end) = plain(x, n);
                    let dot = |a: &[f64], b: &[f32]| -> f64 {
                        a.iter().zip(b).map(|(a, &b)| a * f64::from(b)).sum()
                    };
                    dot(&all, &dy[n * time * units..]) + dot(&end, &dlast[n * units..])
                };
                for i in (0..x.len()).step_by(x.len().div_ceil(200)) {
                    let mut moved = x.clone();
                    let mut at = |by: f32| {
                        moved[i] = x[i] + by;
                        loss(&moved, i / (time * gates))
                    };
                    let slope = (at(1e-3) - at(-1e-3)) / 2e-3;
                    assert!((slope - f64::from(dx[i])).abs() < 1e-3, "{it:?} {masked} {i}");
                }
            }
        }
    });
}
