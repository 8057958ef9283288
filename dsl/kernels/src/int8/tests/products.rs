//! Products of codes against the naive loops.

use super::*;
use crate::par;

/// What a product has given: sums, codes, floats with and without a bias.
#[derive(PartialEq)]
struct Results(Vec<i32>, Vec<u8>, Vec<f32>, Vec<f32>);

/// What a product is given.
struct Given<'a> {
    p: &'a Product,
    batch: usize,
    x: &'a [u8],
    zero: u8,
    w: &'a [i8],
    bias: &'a [i32],
    mult: &'a [f32],
    shift: &'a [f32],
}

impl Given<'_> {
    fn results(&self) -> Results {
        let Given { p, batch, x, zero, .. } = *self;
        // What the kernels must not read or leave behind.
        let mut packed = vec![0xaa; packed_len(p)];
        pack(p, self.w, &mut packed);
        let mut scratch = vec![0xaa; product_scratch(p, batch)];
        let n = batch * p.outputs();
        let (mut sums, mut codes, mut floats) = (vec![9; n], vec![9; n], vec![9.0; n]);
        let mut plain = floats.clone();
        let mut run = |out: Out<'_>| {
            product(p, batch, x, zero, &packed, self.bias, out, &mut scratch);
        };
        let mult = self.mult;
        run(Out::Sums { y: &mut sums });
        run(Out::Codes { y: &mut codes, mult, zero: 77 });
        run(Out::Floats { y: &mut floats, mult, bias: Some(self.shift) });
        run(Out::Floats { y: &mut plain, mult, bias: None });
        Results(sums, codes, floats, plain)
    }

    fn wanted(&self) -> Results {
        let sums = reference::sums(self.p, self.batch, self.x, self.zero, self.w, self.bias);
        let codes = reference::codes(&sums, self.mult, 77);
        let floats = reference::floats(&sums, self.mult, Some(self.shift));
        let plain = reference::floats(&sums, self.mult, None);
        Results(sums, codes, floats, plain)
    }
}

fn agrees(p: &Product, batch: usize, seed: u64) {
    let extreme = seed.is_multiple_of(2);
    let x = codes(batch * p.inputs(), seed, extreme);
    let most = if seed.is_multiple_of(3) { 60 } else { 127 };
    let mut w = weights(p.weights(), seed + 1, most);
    if extreme {
        w.iter_mut().step_by(3).for_each(|w| *w = if *w < 0 { -most } else { most });
    }
    let channels = p.channels();
    let bias: Vec<i32> = numbers(channels, 3, 1e5).into_iter().map(|b| b as i32).collect();
    let bias = if seed % 4 == 1 { &[] } else { &bias[..] };
    let depth = (p.weights() / channels.max(1)).max(1) as f32;
    let mult: Vec<f32> =
        numbers(channels, seed, 0.02 / depth.sqrt()).iter().map(|m| m.abs() + 1e-6).collect();
    let shift = numbers(channels, 5, 10.0);
    let zero = [0, 128, 255, 31][seed as usize / 2 % 4];
    let given = Given { p, batch, x: &x, zero, w: &w, bias, mult: &mult, shift: &shift };
    let wanted = given.wanted();
    at_each_byte_level(|level| same(&given.results(), &wanted, &format!("{p:?} at {level:?}")));
    same(&given.results(), &wanted, &format!("{p:?} on all threads"));
}

fn same(got: &Results, want: &Results, what: &str) {
    fn first<T: PartialEq + std::fmt::Debug>(got: &[T], want: &[T], what: &str) {
        assert_eq!(got.len(), want.len());
        for (i, (got, want)) in got.iter().zip(want).enumerate() {
            assert_eq!(got, want, "{what}, place {i}");
        }
    }
    first(&got.0, &want.0, what);
    first(&got.1, &want.1, what);
    first(&got.2, &want.2, what);
    first(&got.3, &want.3, what);
}

fn sizes(
    [h, w, ci, co]: [usize; 4],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    (pad, after): ([usize; 2], [usize; 2]),
    groups: usize,
) -> Option<Product> {
    let out = |i: usize, n: usize| {
        let room = (n + pad[i] + after[i]).checked_sub(dilation[i] * (kernel[i] - 1) + 1)?;
        Some(room / stride[i] + 1)
    };
    let output = [out(0, h)?, out(1, w)?, co];
    let input = [h, w, ci];
    Some(Product::Conv(Conv { input, output, kernel, stride, dilation, pad, groups }))
}

#[test]
fn dense_layers_agree_with_the_naive_loops() {
    let mut stream = rng::Stream::new(3);
    let mut pick = |from: usize, to: usize| from + stream.below((to - from + 1) as u64) as usize;
    for seed in 0..80 {
        let (features, units) = (pick(1, 70), pick(1, 80));
        agrees(&Product::Dense { features, units }, pick(1, 30), seed);
    }
    for (seed, (features, units, batch)) in [
        (784, 512, 1),
        (513, 257, 2),
        (9216, 128, 1),
        (100, 300, 65),
        (0, 5, 3),
        (64, 130, 26),
        (3, 20, 3000),
        (1, 1, 1),
        (5, 3, 0),
    ]
    .into_iter()
    .enumerate()
    {
        agrees(&Product::Dense { features, units }, batch, seed as u64);
    }
}

#[test]
fn convolutions_agree_with_the_naive_loops() {
    let mut stream = rng::Stream::new(7);
    let mut seed = 0;
    while seed < 150 {
        let mut pick =
            |from: usize, to: usize| from + stream.below((to - from + 1) as u64) as usize;
        let (groups, ci, co) = match [1, 1, 1, 2, 3, 0, 0][pick(0, 6)] {
            // Of each channel by itself, with whole registers and rests.
            0 => [pick(1, 150); 3].into(),
            groups => (groups, groups * pick(1, 9), groups * pick(1, 40)),
        };
        let kernel = [pick(1, 5), pick(1, 5)];
        let (stride, dilation) = ([pick(1, 3), pick(1, 3)], [pick(1, 2), pick(1, 2)]);
        let pads = ([pick(0, 3), pick(0, 3)], [pick(0, 3), pick(0, 3)]);
        let maps = [pick(1, 9), pick(1, 9), ci, co];
        let batch = pick(1, 4);
        if let Some(p) = sizes(maps, kernel, stride, dilation, pads, groups) {
            agrees(&p, batch, seed);
            seed += 1;
        }
    }
}

#[test]
fn convolutions_of_special_sizes_agree_with_the_naive_loops() {
    let none = ([0, 0], [0, 0]);
    let one = ([1, 1], [1, 1]);
    for (seed, (maps, kernel, stride, pads, groups)) in [
        ([1, 1, 1, 1], [1, 1], [1, 1], none, 1),
        ([28, 28, 1, 32], [3, 3], [1, 1], none, 1),
        ([14, 14, 32, 64], [3, 3], [1, 1], none, 1),
        ([32, 32, 3, 16], [3, 3], [1, 1], one, 1),
        ([9, 9, 4, 20], [3, 3], [2, 2], one, 1),
        ([16, 16, 64, 128], [1, 1], [1, 1], none, 1),
        ([9, 9, 24, 16], [1, 1], [2, 2], none, 1),
        ([4, 4, 3, 2], [1, 1], [1, 1], one, 1),
        ([12, 13, 64, 64], [3, 3], [1, 1], one, 64),
        ([7, 5, 96, 96], [3, 3], [1, 1], none, 96),
        ([12, 13, 72, 72], [3, 3], [2, 2], one, 72),
        ([6, 7, 8, 8], [5, 5], [3, 4], ([2, 2], [2, 2]), 8),
        ([6, 7, 3, 6], [3, 3], [1, 1], one, 3),
        ([20, 30, 40, 70], [3, 3], [1, 1], one, 1),
    ]
    .into_iter()
    .enumerate()
    {
        let p = sizes(maps, kernel, stride, [1, 1], pads, groups).unwrap();
        for batch in [1, 3] {
            agrees(&p, batch, seed as u64);
        }
    }
}

/// All codes at their ends: nothing in between overflows, whatever the signs.
#[test]
fn the_largest_sums_are_exact() {
    let dense = |features| Product::Dense { features, units: 18 };
    let maps = sizes([9, 9, 20, 17], [3, 3], [1, 1], [1, 1], ([0, 0], [0, 0]), 1).unwrap();
    let each = sizes([9, 9, 70, 70], [3, 3], [1, 1], [1, 1], ([0, 0], [0, 0]), 70).unwrap();
    for p in [dense(66_311), dense(7), dense(8), maps, each] {
        let bias = vec![0; p.channels()];
        let mult = vec![1e-7; p.channels()];
        for (sign, zero) in [(127, 0), (-127, 0), (127, 255), (-127, 255)] {
            let x = vec![255 - zero; 2 * p.inputs()];
            for w in [vec![sign; p.weights()], weights(p.weights(), 5, 64)] {
                let shift = numbers(p.channels(), 5, 10.0);
                let given = Given {
                    p: &p,
                    batch: 2,
                    x: &x,
                    zero,
                    w: &w,
                    bias: &bias,
                    mult: &mult,
                    shift: &shift,
                };
                let wanted = given.wanted();
                at_each_byte_level(|level| same(&given.results(), &wanted, &format!("{level:?}")));
            }
        }
    }
}

#[test]
fn products_beyond_the_codes_saturate() {
    let p = Product::Dense { features: 4, units: 6 };
    let w: Vec<i8> = (0..24).map(|i| [127, -127, 0, 1, -1, 127][i % 6]).collect();
    let mult = [1e30, 1e30, f32::INFINITY, f32::MAX, f32::MAX, f32::NAN];
    at_each_byte_level(|_| {
        let mut packed = vec![0; packed_len(&p)];
        pack(&p, &w, &mut packed);
        let mut y = [9; 6];
        let out = Out::Codes { y: &mut y, mult: &mult, zero: 100 };
        let mut scratch = vec![0; product_scratch(&p, 1)];
        product(&p, 1, &[255; 4], 0, &packed, &[], out, &mut scratch);
        // 0 · ∞ is no number, and no number has code 0.
        assert_eq!(y, [255, 0, 0, 255, 0, 0]);
    });
}

#[test]
fn weights_that_are_moved_give_the_same() {
    let p = Product::Dense { features: 50, units: 20 };
    let (x, w) = (codes(50, 1, false), weights(1000, 2, 127));
    let mut packed = vec![0; packed_len(&p)];
    pack(&p, &w, &mut packed);
    let want = reference::sums(&p, 1, &x, 9, &w, &[]);
    for shift in 0..64 {
        let moved = [&vec![0; shift][..], &packed].concat();
        let mut y = vec![0; 20];
        let mut scratch = vec![0; product_scratch(&p, 1)];
        product(&p, 1, &x, 9, &moved[shift..], &[], Out::Sums { y: &mut y }, &mut scratch);
        assert_eq!(y, want);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let one = ([1, 1], [1, 1]);
    let maps = sizes([30, 31, 16, 48], [3, 3], [1, 1], [1, 1], one, 1).unwrap();
    let each = sizes([60, 61, 48, 48], [3, 3], [1, 1], [1, 1], one, 48).unwrap();
    let point = sizes([20, 20, 64, 48], [1, 1], [1, 1], [1, 1], ([0, 0], [0, 0]), 1).unwrap();
    for (p, batch) in [
        (maps, 1),
        (maps, 5),
        (each, 1),
        (each, 3),
        (point, 3),
        (Product::Dense { features: 9216, units: 130 }, 1),
        (Product::Dense { features: 300, units: 100 }, 60),
    ] {
        assert!(p.macs() * batch > par::SMALL, "large enough to be shared");
        let (x, w) = (codes(batch * p.inputs(), 1, false), weights(p.weights(), 2, 127));
        let ones = vec![1e-4; p.channels()];
        let given =
            Given { p: &p, batch, x: &x, zero: 3, w: &w, bias: &[], mult: &ones, shift: &ones };
        let wanted = given.wanted();
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| same(&given.results(), &wanted, &format!("{p:?}, {threads} threads")));
        }
    }
}
