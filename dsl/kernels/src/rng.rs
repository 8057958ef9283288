//! Random numbers that depend on a key and a counter alone, so that any thread can make any of them.

/// Scrambles 64 bits (the finaliser of SplitMix64, Steele, Lea and Flood 2014).
#[inline(always)]
pub fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A new key from a key and a word: for streams within streams (run, epoch, layer, sample).
#[inline(always)]
pub fn key(seed: u64, word: u64) -> u64 {
    mix(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15))
        ^ mix(word.wrapping_add(0x632b_e59b_d9b4_e019)))
}

/// A key from a key and a name.
pub fn key_of(seed: u64, name: &str) -> u64 {
    name.bytes().fold(key(seed, name.len() as u64), |k, b| key(k, b as u64))
}

/// The `i`-th number of the stream `key`: 64 random bits.
#[inline(always)]
pub fn bits(key: u64, i: u64) -> u64 {
    mix(key.wrapping_add((i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// The `i`-th number of the stream `key`, uniform in [0, 1) with 24 bits.
#[inline(always)]
pub fn uniform(key: u64, i: u64) -> f32 {
    (bits(key, i) >> 40) as f32 * (1.0 / (1u64 << 24) as f32)
}

/// A stream read in order.
#[derive(Clone, Debug)]
pub struct Stream {
    key: u64,
    next: u64,
}

impl Stream {
    /// The stream of a key, from its start.
    pub fn new(key: u64) -> Stream {
        Stream { key, next: 0 }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.next += 1;
        bits(self.key, self.next - 1)
    }

    /// The next number, uniform in [0, 1) with 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// The next whole number below `n`, without bias (Lemire 2019).
    ///
    /// # Panics
    /// When `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0);
        loop {
            let wide = self.bits() as u128 * n as u128;
            let low = wide as u64;
            if low >= n || low >= n.wrapping_neg() % n {
                return (wide >> 64) as u64;
            }
        }
    }

    /// The next number from the normal distribution with mean 0 and deviation 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Puts `items` in a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_numbers_fill_the_interval_evenly() {
        let n = 100_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for i in 0..n {
            let u = f64::from(uniform(7, i));
            assert!((0.0..1.0).contains(&u));
            sum += u;
            squares += u * u;
        }
        assert!((sum / n as f64 - 0.5).abs() < 0.005);
        assert!((squares / n as f64 - 1.0 / 3.0).abs() < 0.005);
    }

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut stream = Stream::new(key(1, 2));
        let xs: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = xs.iter().sum::<f64>() / xs.len() as f64;
        let var = xs.iter().map(|x| x * x).sum::<f64>() / xs.len() as f64;
        assert!(mean.abs() < 0.02 && (var - 1.0).abs() < 0.02);
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Stream::new(3).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
