//! What the numbers of the training part are like, channel by channel or feature by feature.

use dlm_vocab::data::{Column, Numbers};

/// Which channel or feature a number of a sample belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lanes {
    pub(super) count: usize,
    inputs: Vec<Lie>,
}

/// How the lanes of one input lie in a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lie {
    /// Where its numbers begin, and the first of its lanes.
    start: usize,
    first: usize,
    count: usize,
    inner: usize,
}

impl Lanes {
    /// The channels of a map `[c, h, w]` (stored h, w, c), of a signal `[c, t]`, or each feature.
    pub(crate) fn of(shape: &[usize]) -> Lanes {
        Lanes::of_all(&[shape])
    }

    /// Those of several inputs of these shapes, one after the other.
    pub(crate) fn of_all(shapes: &[&[usize]]) -> Lanes {
        let (mut first, mut start) = (0, 0);
        let lie = |shape: &&[usize]| {
            let size = shape.iter().product::<usize>();
            let (count, inner) = match **shape {
                [c, t] => (c, t),
                [c, _, _] => (c, 1),
                _ => (size.max(1), 1),
            };
            let lie = Lie { start, first, count, inner };
            (first, start) = (first + count, start + size);
            lie
        };
        let inputs: Vec<Lie> = shapes.iter().map(lie).collect();
        Lanes { count: first, inputs }
    }

    /// The lanes of the input of that number.
    pub(super) fn of_input(&self, number: usize) -> std::ops::Range<usize> {
        self.inputs.get(number).map_or(0..0, |lie| lie.first..lie.first + lie.count)
    }

    /// The lane of the `i`-th number of a sample.
    pub(crate) fn lane(&self, i: usize) -> usize {
        let lie = self.inputs.iter().rev().find(|lie| lie.start <= i).unwrap_or(&self.inputs[0]);
        lie.first + (i - lie.start) / lie.inner % lie.count
    }
}

/// What was seen of one channel or feature.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    count: f64,
    pub(super) mean: f64,
    squares: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Default for Lane {
    fn default() -> Lane {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Lane { count: 0.0, mean: 0.0, squares: 0.0, min, max }
    }
}

impl Lane {
    /// Takes `weight` numbers `x` into account (Welford 1962, West 1979).
    pub(super) fn add(&mut self, x: f64, weight: f64) {
        self.count += weight;
        let before = x - self.mean;
        self.mean += before * weight / self.count;
        self.squares += weight * before * (x - self.mean);
        self.min = self.min.min(x);
        self.max = self.max.max(x);
    }

    /// The deviation of what was seen (divided by the count).
    pub(super) fn deviation(&self) -> f64 {
        (self.squares / self.count.max(1.0)).sqrt()
    }

    /// The distance between the smallest and the largest.
    pub(super) fn range(&self) -> f64 {
        self.max - self.min
    }
}

/// A divisor: 1 for what does not vary.
pub(super) fn or_one(x: f64, lane: &Lane) -> f32 {
    let noise = 1e-7 * lane.mean.abs();
    if x.is_finite() && x > noise && x as f32 > f32::MIN_POSITIVE { x as f32 } else { 1.0 }
}

/// The lanes of these rows; gaps are passed over. Bytes are measured as the inputs that they become.
pub(super) fn measure(inputs: &Numbers, rows: &[u32], lanes: &Lanes, size: usize) -> Vec<Lane> {
    let mut found = vec![Lane::default(); lanes.count];
    match inputs {
        Numbers::F32(all) => {
            let place: Vec<usize> = (0..size).map(|i| lanes.lane(i)).collect();
            for &row in rows {
                let sample = &all[row as usize * size..][..size];
                for (&x, &lane) in sample.iter().zip(&place).filter(|(x, _)| !x.is_nan()) {
                    found[lane].add(f64::from(x), 1.0);
                }
            }
        }
        Numbers::U8 { bytes, scale } => {
            // Bytes are counted first: there are only 256 of them.
            let mut counts = vec![[0u64; 256]; lanes.count];
            for &row in rows {
                let sample = &bytes[row as usize * size..][..size];
                for (i, &x) in sample.iter().enumerate() {
                    counts[lanes.lane(i)][usize::from(x)] += 1;
                }
            }
            for (lane, counts) in found.iter_mut().zip(counts) {
                let seen = counts.iter().enumerate().filter(|(_, n)| **n > 0);
                seen.for_each(|(byte, &n)| lane.add(byte as f64 / f64::from(*scale), n as f64));
            }
        }
    }
    found
}

/// For each number of a sample of a table with named columns: whether it tells that a text is there.
pub(super) fn one_hot(columns: &[Column]) -> Vec<bool> {
    columns.iter().flat_map(|c| std::iter::repeat_n(c.texts.is_some(), c.width())).collect()
}
