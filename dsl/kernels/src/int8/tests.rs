use super::*;
use crate::conv::Conv;
use crate::pool::Pool;
use crate::rng;
use crate::simd::tests::at_each_byte_level;

mod products;

/// Random codes; every other one at either end when `extreme`.
fn codes(n: usize, seed: u64, extreme: bool) -> Vec<u8> {
    let byte = |i: usize| rng::bits(seed, i as u64) as u8;
    let one = |i: usize| match (extreme, byte(i) % 4) {
        (true, 0) => 0,
        (true, 1) => 255,
        _ => byte(i),
    };
    (0..n).map(one).collect()
}

fn weights(n: usize, seed: u64, most: i8) -> Vec<i8> {
    let wide = 2 * most as u64 + 1;
    (0..n).map(|i| ((rng::bits(seed, i as u64) % wide) as i32 - i32::from(most)) as i8).collect()
}

/// Numbers in ±size.
fn numbers(n: usize, seed: u64, size: f32) -> Vec<f32> {
    (0..n).map(|i| (rng::uniform(seed, i as u64) * 2.0 - 1.0) * size).collect()
}

fn grid(seed: u64) -> Grid {
    let zero = [0, 255, 128, rng::bits(seed, 1) as u8][seed as usize % 4];
    Grid { scale: 0.001 + rng::uniform(seed, 0), zero }
}

#[test]
fn a_grid_holds_zero_and_both_ends() {
    assert_eq!(Grid::of(0.0, 0.0), Grid { scale: 1.0, zero: 0 });
    assert_eq!(Grid::of(0.0, 1e-44), Grid { scale: 1.0, zero: 0 });
    assert_eq!(Grid::of(f32::NEG_INFINITY, 1.0), Grid { scale: 1.0, zero: 0 });
    assert_eq!(Grid::of(1.0, 2.0), Grid { scale: (2.0f64 / 255.0) as f32, zero: 0 });
    assert_eq!(Grid::of(-2.0, -1.0).zero, 255);
    assert_eq!(Grid::symmetric(0.0, 0.0), Grid { scale: 1.0, zero: 128 });
    assert_eq!(Grid::symmetric(-254.0, 3.0), Grid { scale: 2.0, zero: 128 });
    for seed in 0..200 {
        let ends =
            numbers(2, seed, 10.0).iter().fold((-0.1f32, 0.1f32), |e, &x| (e.0.min(x), e.1.max(x)));
        let grid = Grid::of(ends.0, ends.1);
        assert_eq!(grid.value(grid.code(0.0)), 0.0);
        assert!((grid.value(0) - ends.0).abs() <= 0.51 * grid.scale);
        assert!((grid.value(255) - ends.1).abs() <= 0.51 * grid.scale);
        assert_eq!(grid.code(f32::NAN), 0);
        assert_eq!(grid.code(f32::INFINITY), 255);
        assert_eq!(grid.code(f32::NEG_INFINITY), 0);
    }
    // Ties go to even before the zero point is added.
    let grid = Grid { scale: 2.0, zero: 3 };
    assert_eq!([1.0, 3.0, 5.0, -1.0, -3.0].map(|x| grid.code(x)), [3, 5, 5, 3, 1]);
}

#[test]
fn codes_of_floats_are_those_of_the_formula() {
    at_each_byte_level(|_| {
        for seed in 0..8 {
            let grid = grid(seed);
            let mut x = numbers(70_001, seed, 300.0 * grid.scale);
            for (i, x) in x.iter_mut().enumerate().step_by(7) {
                // Ties.
                *x = (i as f32 / 7.0 % 600.0 - 300.0 + 0.5) * grid.scale;
            }
            x[..4].copy_from_slice(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX]);
            let mut q = vec![9; x.len()];
            quantize(&x, grid, &mut q);
            for (&x, &q) in x.iter().zip(&q) {
                assert_eq!(q, reference::code(grid, x), "{x} on {grid:?}");
                assert_eq!(q, grid.code(x));
            }
            let mut values = vec![9.0; x.len()];
            dequantize(&q, grid, &mut values);
            for (&value, &q) in values.iter().zip(&q) {
                assert_eq!(value, (f32::from(q) - f32::from(grid.zero)) * grid.scale);
                assert_eq!(value, grid.value(q));
            }
            let mut again = vec![9; x.len()];
            recover(&values, grid, &mut again);
            assert_eq!(again, q);
        }
    });
}

#[test]
fn codes_come_back_from_any_scale() {
    let q: Vec<u8> = (0..=255).collect();
    let mut scale = f32::from_bits(1);
    while scale < 6e35 {
        for zero in [0, 7, 255] {
            for scale in [scale, scale * 1.9999] {
                let grid = Grid { scale, zero };
                let (mut x, mut back) = ([0.0; 256], [1; 256]);
                dequantize(&q, grid, &mut x);
                recover(&x, grid, &mut back);
                assert_eq!(back[..], q, "{grid:?}");
            }
        }
        scale *= 3.7;
    }
}

#[test]
fn the_extent_finds_ends_and_what_is_no_number() {
    at_each_byte_level(|_| {
        for n in [1, 2, 31, 32, 33, 100, 1000, 5003] {
            let x = numbers(n, n as u64, 3.0);
            let ends = x.iter().fold((x[0], x[0]), |e, &x| (e.0.min(x), e.1.max(x)));
            assert_eq!(extent(&x), ends);
            for at in [0, n / 2, n - 1] {
                let mut x = x.clone();
                x[at] = f32::NAN;
                let (lo, hi) = extent(&x);
                assert!(lo.is_nan() && hi.is_nan());
                x[at] = -9.0;
                assert_eq!(extent(&x).0, -9.0);
                x[at] = 9.0;
                assert_eq!(extent(&x).1, 9.0);
            }
        }
        assert_eq!(extent(&[]), (0.0, 0.0));
    });
}

#[test]
fn weights_have_a_scale_for_each_channel_or_one() {
    at_each_byte_level(|_| {
        for (rows, channels, most) in [(1, 1, 127), (40, 7, 127), (300, 64, 7), (999, 33, 127)] {
            let mut w = numbers(rows * channels, 3, 2.0);
            w.iter_mut().step_by(channels).for_each(|w| *w = 0.0);
            for count in [1, channels] {
                let (mut scales, mut codes) = (vec![9.0; count], vec![9; w.len()]);
                round_weights(&w, channels, most, &mut scales, &mut codes);
                for (c, &scale) in scales.iter().enumerate() {
                    let own = w.iter().skip(c).step_by(count);
                    let largest = own.fold(0.0f32, |m, w| m.max(w.abs()));
                    let want = (f64::from(largest) / f64::from(most)) as f32;
                    assert_eq!(scale, if largest == 0.0 { 1.0 } else { want });
                }
                for (i, (&w, &code)) in w.iter().zip(&codes).enumerate() {
                    let most = f32::from(most);
                    let steps = (w / scales[i % count]).round_ties_even().clamp(-most, most);
                    assert_eq!(f32::from(code), steps);
                }
            }
        }
        let (mut scales, mut codes) = ([0.0], [9; 3]);
        round_weights(&[2.0, f32::NAN, -1.0], 1, 127, &mut scales, &mut codes);
        assert_eq!(codes, [127, 0, -64]);
    });
}

#[test]
fn biases_and_factors_follow_the_formulas() {
    let (sw, b) = ([0.1, 0.003, 2.0], [1.0, -7.0, f32::MAX]);
    let mut bias = [0; 3];
    round_bias(&b, 0.7, &sw, &mut bias);
    let want = |b: f32, s: f32| (f64::from(b) / f64::from(0.7f32 * s)).round_ties_even() as i32;
    assert_eq!(bias, [want(1.0, 0.1), want(-7.0, 0.003), i32::MAX]);
    round_bias(&b, 0.7, &[0.1], &mut bias);
    assert_eq!(bias[1], want(-7.0, 0.1));
    let mut mult = [0.0; 3];
    multipliers(0.7, &sw, 0.3, &mut mult);
    assert_eq!(mult, sw.map(|s| 0.7f32 * s / 0.3));
    multipliers(0.7, &sw[..1], 0.3, &mut mult);
    assert_eq!(mult, [0.7f32 * 0.1 / 0.3; 3]);
}

#[test]
fn sums_and_products_of_codes_follow_the_formulas() {
    at_each_byte_level(|_| {
        for seed in 0..12 {
            let (ga, gb, gy) = (grid(seed), grid(seed + 100), grid(3 * seed + 200));
            let n = 40_007;
            let (a, b) = (codes(n, 1, true), codes(n, seed + 2, true));
            let mut y = vec![9; n];
            add(&a, ga, &b, gb, gy, &mut y);
            for i in 0..n {
                assert_eq!(y[i], reference::add(a[i], ga, b[i], gb, gy));
            }
            mul(&a, ga, &b, gb, gy, &mut y);
            for i in 0..n {
                assert_eq!(y[i], reference::mul(a[i], ga, b[i], gb, gy));
            }
            let (sizes, n) = ([3, 5, 37], 3 * 5 * 37);
            let place = |i: usize| i / (5 * 37) * 37 + i % 37;
            broadcast_add(sizes, &a[..n], ga, &b[..111], gb, gy, &mut y[..n]);
            for i in 0..n {
                assert_eq!(y[i], reference::add(a[i], ga, b[place(i)], gb, gy));
            }
            broadcast_mul(sizes, &a[..n], ga, &b[..111], gb, gy, &mut y[..n]);
            for i in 0..n {
                assert_eq!(y[i], reference::mul(a[i], ga, b[place(i)], gb, gy));
            }
            recode(&a, ga, gy, &mut y);
            for i in 0..n {
                assert_eq!(y[i], reference::code(gy, ga.value(a[i])));
            }
            recode(&a, ga, ga, &mut y);
            assert_eq!(y, a);
        }
    });
}

#[test]
fn a_fused_multiply_add_is_rounded_once_without_the_instruction() {
    let some = |i: u64, seed: u64| {
        let bits = rng::bits(seed, i) as u32;
        // Exponents that are near to each other, so that sums cancel and round.
        f32::from_bits(bits & 0x807f_ffff | (110 + (bits >> 23) % 34) << 23)
    };
    for i in 0..3_000_000 {
        let (a, b, c) = (some(i, 1), some(i, 2), some(i, 3));
        // Every other product is short, as those of codes are.
        let a = if i % 2 == 0 { (i % 256) as f32 } else { a };
        let got = elementwise::fma::<false>(a, b, c);
        assert_eq!(got.to_bits(), a.mul_add(b, c).to_bits(), "{a} · {b} + {c}");
    }
    assert_eq!(elementwise::fma::<false>(2.0, 3.0, f32::INFINITY), f32::INFINITY);
}

#[test]
fn pools_agree_with_the_naive_loops() {
    let mut stream = rng::Stream::new(5);
    let mut pick = |from: usize, to: usize| from + stream.below((to - from + 1) as u64) as usize;
    for round in 0..60 {
        let input = [pick(1, 9), pick(1, 9), pick(1, 70)];
        let size = [pick(1, input[0]), pick(1, input[1])];
        let g = Pool { input, size, stride: [pick(1, 4), pick(1, 4)] };
        let batch = pick(1, 3);
        let x = codes(batch * g.inputs(), round, round % 2 == 0);
        let (gx, gy) = (grid(round), grid(round / 4 + 77));
        at_each_byte_level(|_| {
            let mut y = vec![9; batch * g.outputs()];
            max_pool(&g, batch, &x, &mut y);
            assert_eq!(y, reference::max_pool(&g, batch, &x), "{g:?}");
            avg_pool(&g, batch, &x, gx, gy, &mut y);
            assert_eq!(y, reference::avg_pool(&g, batch, &x, gx, gy), "{g:?}");
            let [h, w, c] = input;
            let all = Pool { input, size: [h, w], stride: [1, 1] };
            let mut y = vec![9; batch * c];
            global_max_pool([batch, h * w, c], &x, &mut y);
            assert_eq!(y, reference::max_pool(&all, batch, &x));
            global_avg_pool([batch, h * w, c], &x, gx, gy, &mut y);
            assert_eq!(y, reference::global_avg_pool(&all, batch, &x, gx, gy));
        });
    }
}

#[test]
fn training_sees_values_and_what_is_clipped() {
    at_each_byte_level(|_| {
        for (rows, channels) in [(1, 1), (7, 10), (50, 64), (333, 70)] {
            let n = rows * channels;
            let sums: Vec<i32> =
                (0..n).map(|i| (rng::bits(4, i as u64) % 60_001) as i32 - 30_000).collect();
            let mults = numbers(channels, 5, 0.02).iter().map(|m| m.abs()).collect::<Vec<_>>();
            for (mult, grid, relu) in [
                (&mults[..], grid(0), true),
                (&mults, grid(2), false),
                (&mults[..1], grid(7), true),
            ] {
                let (mut y, mut pass) = (vec![9.0; n], vec![9; n]);
                requantize_train(&sums, mult, grid, relu, &mut y, &mut pass);
                for i in 0..n {
                    let steps = (sums[i] as f32 * mult[i % mult.len()]).round_ties_even();
                    let code = steps + f32::from(grid.zero);
                    assert_eq!(y[i], grid.value(reference::sat(code)));
                    let passes = (0.0..=255.0).contains(&code) && (!relu || sums[i] > 0);
                    assert_eq!(pass[i], u8::from(passes));
                }
                let each = sums.iter().zip(mult.iter().cycle()).map(|(&s, &m)| s as f32 * m);
                let ends =
                    each.fold((f32::INFINITY, f32::NEG_INFINITY), |e, x| (e.0.min(x), e.1.max(x)));
                assert_eq!(sums_extent(&sums, mult), ends);
                let x = numbers(n, 6, 200.0 * grid.scale);
                round_train(&x, grid, &mut y, &mut pass);
                for i in 0..n {
                    assert_eq!(y[i], grid.value(grid.code(x[i])));
                    let code = (x[i] / grid.scale).round_ties_even() + f32::from(grid.zero);
                    assert_eq!(pass[i], u8::from((0.0..=255.0).contains(&code)));
                }
                let mut dz = vec![9.0; n];
                mask(&x, &pass, &mut dz);
                for i in 0..n {
                    assert_eq!(dz[i], if pass[i] == 1 { x[i] } else { 0.0 });
                }
            }
        }
    });
}
