//! Loops compiled twice: for every CPU of the architecture, and for those with AVX2 and FMA, chosen
//! when the program runs.
//!
//! Baseline x86-64 has 128-bit vectors and no fused multiply-add. [`simd!`](crate::simd!) takes a
//! function whose loops the compiler can vectorise and compiles its body for both. Results may differ
//! between CPUs (a fused multiply-add rounds once), never between numbers of threads.
#![allow(unsafe_code)]

pub(crate) mod vector;

/// Vector instructions that this CPU has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Those of every CPU of the architecture.
    Plain,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512: F, VL, BW and DQ, which CPUs since 2017 have together.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The widest instructions of this CPU (the answer is kept).
#[inline]
pub(crate) fn level() -> Level {
    #[cfg(test)]
    if let Some(level) = tests::FORCED.get() {
        return level;
    }
    #[cfg(target_arch = "x86_64")]
    {
        let all = [
            is_x86_feature_detected!("avx512f"),
            is_x86_feature_detected!("avx512vl"),
            is_x86_feature_detected!("avx512bw"),
            is_x86_feature_detected!("avx512dq"),
        ];
        if wide() && all == [true; 4] {
            return Level::Avx512;
        }
        if wide() {
            return Level::Avx2;
        }
    }
    Level::Plain
}

/// The vector instructions of this CPU that the kernels use, by their usual names.
pub fn features() -> Vec<&'static str> {
    let mut known = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        known.push("sse2");
        if wide() {
            known.extend(["avx2", "fma"]);
        }
        if level() == Level::Avx512 {
            known.push("avx512f");
        }
        known.extend(match bytes() {
            Bytes::AvxVnni => Some("avxvnni"),
            Bytes::Avx512 => Some("avx512vnni"),
            Bytes::Portable | Bytes::Sse2 | Bytes::Avx2 => None,
        });
    }
    known
}

/// How products of bytes are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// On every CPU; what others have is tested against it.
    #[cfg_attr(target_arch = "x86_64", allow(dead_code))]
    Portable,
    /// Pairs of 16 bits, 128 bits at a time: every x86-64.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// Pairs of 16 bits, 256 bits at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Fours of bytes, 256 bits at a time.
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    /// Fours of bytes, 512 bits at a time.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The best instructions of this CPU for bytes (the answer is kept).
#[inline]
pub(crate) fn bytes() -> Bytes {
    #[cfg(test)]
    if let Some(bytes) = tests::FORCED_BYTES.get() {
        return bytes;
    }
    best_bytes()
}

#[inline]
fn best_bytes() -> Bytes {
    #[cfg(target_arch = "x86_64")]
    {
        if wide() && is_x86_feature_detected!("avx512vnni") && has_512() {
            return Bytes::Avx512;
        }
        if wide() && is_x86_feature_detected!("avxvnni") {
            return Bytes::AvxVnni;
        }
        if wide() { Bytes::Avx2 } else { Bytes::Sse2 }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        Bytes::Portable
    }
}

/// Whether this CPU has AVX-512 for bytes, in registers of every width.
#[cfg(target_arch = "x86_64")]
#[inline]
fn has_512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
}

/// Whether this CPU has the instructions of the second version (the answer is kept).
#[inline(always)]
pub fn wide() -> bool {
    #[cfg(test)]
    if let Some(level) = tests::FORCED.get() {
        return level > Level::Plain;
    }
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// `a · b + c`: one instruction where the version has it, product and sum elsewhere (a call into
/// the C library would be a hundred times slower).
#[inline(always)]
pub fn madd<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Sum of `f` over the elements of two slices of one length, in eight interleaved partial sums: an
/// order that is the same on every CPU and that vectorises.
#[inline(always)]
pub fn sum8(n: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut sums = [0.0f32; 8];
    let whole = n / 8 * 8;
    for start in (0..whole).step_by(8) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += f(start + lane);
        }
    }
    for i in whole..n {
        sums[i - whole] += f(i);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Declares a function that is compiled twice; see the module's documentation.
///
/// The body may use `FMA`, a constant truth value, as in `simd::madd::<FMA>(a, b, c)`. Helpers that
/// the body calls must be `#[inline(always)]`, or they are compiled for the baseline alone. Types with
/// lifetimes are written without them (`&[f32]`); generic parameters are not possible.
///
/// ```
/// dlm_kernels::simd! {
///     /// Adds `a · x` to `y`.
///     pub fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
///         for (y, &x) in y.iter_mut().zip(x) {
///             *y = dlm_kernels::simd::madd::<FMA>(a, x, *y);
///         }
///     }
/// }
/// let mut y = [1.0, 2.0];
/// axpy(2.0, &[10.0, 20.0], &mut y);
/// assert_eq!(y, [21.0, 42.0]);
/// ```
#[macro_export]
macro_rules! simd {
    (
        $(#[$meta:meta])*
        $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block
    ) => {
        $(#[$meta])*
        #[allow(unsafe_code, clippy::too_many_arguments)]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            #[allow(unused_mut)]
            fn body<const FMA: bool>($($arg: $ty),*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn wide($($arg: $ty),*) $(-> $ret)? {
                    body::<true>($($arg),*)
                }
                if $crate::simd::wide() {
                    // SAFETY: the CPU has AVX2 and FMA, which is all that `wide` requires.
                    return unsafe { wide($($arg),*) };
                }
            }
            body::<{ cfg!(target_arch = "aarch64") }>($($arg),*)
        }
    };
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Bytes, Level, best_bytes, level};
    use std::cell::Cell;

    thread_local! {
        /// What [`level`] answers on this thread.
        pub(super) static FORCED: Cell<Option<Level>> = const { Cell::new(None) };
        /// What [`bytes`](super::bytes) answers on this thread.
        pub(super) static FORCED_BYTES: Cell<Option<Bytes>> = const { Cell::new(None) };
    }

    /// Calls `f` once for each way to sum products of bytes that this CPU has, on one thread.
    pub(crate) fn at_each_byte_level(f: impl Fn(Bytes) + Sync) {
        let mut ways = vec![(Level::Plain, Bytes::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            ways.push((Level::Plain, Bytes::Sse2));
            if level() > Level::Plain {
                ways.push((Level::Avx2, Bytes::Avx2));
            }
            if is_x86_feature_detected!("avxvnni") && level() > Level::Plain {
                ways.push((Level::Avx2, Bytes::AvxVnni));
            }
        }
        if ways.iter().all(|&(_, way)| way != best_bytes()) {
            ways.push((level(), best_bytes()));
        }
        for (level, bytes) in ways {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            pool.install(|| {
                FORCED.set(Some(level));
                FORCED_BYTES.set(Some(bytes));
                f(bytes);
            });
        }
    }

    /// Calls `f` once for each level that this CPU has, on one thread.
    pub(crate) fn at_each_level(f: impl Fn() + Sync) {
        let widest = level();
        let mut levels = vec![Level::Plain];
        #[cfg(target_arch = "x86_64")]
        levels.extend([Level::Avx2, Level::Avx512]);
        for level in levels.into_iter().filter(|&level| level <= widest) {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            pool.install(|| {
                FORCED.set(Some(level));
                f();
            });
        }
    }

    simd! {
        fn dot(a: &[f32], b: &[f32]) -> f32 {
            crate::simd::sum8(a.len().min(b.len()), |i| a[i] * b[i])
        }
    }

    #[test]
    fn a_sum_takes_every_element_once() {
        for n in 0..40 {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let exact = (0..n).map(|i| (i * i) as f32).sum::<f32>();
            assert_eq!(dot(&a, &a), exact);
        }
    }
}
