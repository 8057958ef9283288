//! A handful of floats that one instruction works on, for loops whose registers are laid out by hand.

use crate::Activation;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Neighbouring floats in one register. Functions written for any `Vector` are `#[inline(always)]`
/// and called from one that has the instructions, or each operation becomes a call.
///
/// # Safety
/// Every method requires that the CPU has the instructions of the implementation.
pub(crate) trait Vector: Copy {
    /// How many floats.
    const LANES: usize;
    /// The floats from `p` on.
    ///
    /// # Safety
    /// `p` is valid for reads of [`Vector::LANES`] floats.
    unsafe fn load(p: *const f32) -> Self;
    /// Writes the floats from `p` on.
    ///
    /// # Safety
    /// `p` is valid for writes of [`Vector::LANES`] floats.
    unsafe fn store(self, p: *mut f32);
    /// The same float in each lane.
    unsafe fn splat(x: f32) -> Self;
    /// `self · b + c`.
    unsafe fn madd(self, b: Self, c: Self) -> Self;
    /// `self + b`.
    unsafe fn add(self, b: Self) -> Self;
    /// `self − b`.
    unsafe fn sub(self, b: Self) -> Self;
    /// `self · b`.
    unsafe fn mul(self, b: Self) -> Self;
    /// The larger of both; `b` when `self` is no number.
    unsafe fn max(self, b: Self) -> Self;
    /// The smaller of both; `b` when `self` is no number.
    unsafe fn min(self, b: Self) -> Self;
}

/// Four floats on any CPU.
#[derive(Clone, Copy)]
pub(crate) struct Plain([f32; 4]);

impl Plain {
    #[inline(always)]
    fn zip(self, b: Plain, f: impl Fn(f32, f32) -> f32) -> Plain {
        let ([a, b, c, d], [e, g, h, i]) = (self.0, b.0);
        Plain([f(a, e), f(b, g), f(c, h), f(d, i)])
    }
}

impl Vector for Plain {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn load(p: *const f32) -> Plain {
        // SAFETY: valid for four floats, says the caller; arrays of floats need no other alignment.
        unsafe { Plain(*p.cast::<[f32; 4]>()) }
    }

    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: as in `load`.
        unsafe { *p.cast::<[f32; 4]>() = self.0 }
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Plain {
        Plain([x; 4])
    }

    #[inline(always)]
    unsafe fn madd(self, b: Plain, c: Plain) -> Plain {
        const FMA: bool = cfg!(target_arch = "aarch64");
        let ([a0, a1, a2, a3], [b0, b1, b2, b3], [c0, c1, c2, c3]) = (self.0, b.0, c.0);
        Plain([
            super::madd::<FMA>(a0, b0, c0),
            super::madd::<FMA>(a1, b1, c1),
            super::madd::<FMA>(a2, b2, c2),
            super::madd::<FMA>(a3, b3, c3),
        ])
    }

    #[inline(always)]
    unsafe fn add(self, b: Plain) -> Plain {
        self.zip(b, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn sub(self, b: Plain) -> Plain {
        self.zip(b, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn mul(self, b: Plain) -> Plain {
        self.zip(b, |a, b| a * b)
    }

    #[inline(always)]
    unsafe fn max(self, b: Plain) -> Plain {
        self.zip(b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    unsafe fn min(self, b: Plain) -> Plain {
        self.zip(b, |a, b| if a < b { a } else { b })
    }
}

/// One float: what is left when vectors are full.
#[derive(Clone, Copy)]
pub(crate) struct Single(f32);

impl Vector for Single {
    const LANES: usize = 1;

    #[inline(always)]
    unsafe fn load(p: *const f32) -> Single {
        // SAFETY: valid for one float, says the caller.
        unsafe { Single(*p) }
    }

    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: as in `load`.
        unsafe { *p = self.0 }
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Single {
        Single(x)
    }

    #[inline(always)]
    unsafe fn madd(self, b: Single, c: Single) -> Single {
        Single(super::madd::<{ cfg!(target_arch = "aarch64") }>(self.0, b.0, c.0))
    }

    #[inline(always)]
    unsafe fn add(self, b: Single) -> Single {
        Single(self.0 + b.0)
    }

    #[inline(always)]
    unsafe fn sub(self, b: Single) -> Single {
        Single(self.0 - b.0)
    }

    #[inline(always)]
    unsafe fn mul(self, b: Single) -> Single {
        Single(self.0 * b.0)
    }

    #[inline(always)]
    unsafe fn max(self, b: Single) -> Single {
        Single(if self.0 > b.0 { self.0 } else { b.0 })
    }

    #[inline(always)]
    unsafe fn min(self, b: Single) -> Single {
        Single(if self.0 < b.0 { self.0 } else { b.0 })
    }
}

/// The activation, if there is one, of each lane.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn activate<V: Vector>(activation: Option<Activation>, v: V) -> V {
    // SAFETY: the caller's.
    unsafe {
        let zero = V::splat(0.0);
        match activation {
            None => v,
            Some(Activation::Relu) => v.max(zero),
            Some(Activation::Relu6) => v.max(zero).min(V::splat(6.0)),
            Some(Activation::LeakyRelu(slope)) => v.max(zero).add(v.min(zero).mul(V::splat(slope))),
        }
    }
}

/// Declares a function that calls `body::<V>` with the widest [`Vector`] of this CPU.
macro_rules! at_level {
    (
        $(#[$meta:meta])*
        unsafe fn $name:ident($($arg:ident: $ty:ty),* $(,)?) = $body:ident;
    ) => {
        $(#[$meta])*
        unsafe fn $name($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $ty),*) {
                // SAFETY: the instructions are there, and the rest is the caller's.
                unsafe { $body::<$crate::simd::vector::Avx2>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f")]
            unsafe fn avx512($($arg: $ty),*) {
                // SAFETY: the instructions are there, and the rest is the caller's.
                unsafe { $body::<$crate::simd::vector::Avx512>($($arg),*) }
            }
            // SAFETY: `level` says that the instructions are there, and the rest is the caller's.
            unsafe {
                match $crate::simd::level() {
                    $crate::simd::Level::Plain => $body::<$crate::simd::vector::Plain>($($arg),*),
                    #[cfg(target_arch = "x86_64")]
                    $crate::simd::Level::Avx2 => avx2($($arg),*),
                    #[cfg(target_arch = "x86_64")]
                    $crate::simd::Level::Avx512 => avx512($($arg),*),
                }
            }
        }
    };
}
pub(crate) use at_level;

/// Implements [`Vector`] by instructions of one name each.
#[cfg(target_arch = "x86_64")]
macro_rules! instructions {
    ($name:ident, $register:ty, $lanes:literal, $doc:literal,
     $load:ident $store:ident $splat:ident $madd:ident $add:ident $sub:ident $mul:ident $max:ident $min:ident) => {
        #[doc = $doc]
        #[derive(Clone, Copy)]
        pub(crate) struct $name($register);

        impl Vector for $name {
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn load(p: *const f32) -> $name {
                // SAFETY: the caller's: pointer valid, instructions there.
                unsafe { $name($load(p)) }
            }

            #[inline(always)]
            unsafe fn store(self, p: *mut f32) {
                // SAFETY: the caller's: pointer valid, instructions there.
                unsafe { $store(p, self.0) }
            }

            #[inline(always)]
            unsafe fn splat(x: f32) -> $name {
                // SAFETY: the caller's: instructions there.
                unsafe { $name($splat(x)) }
            }

            #[inline(always)]
            unsafe fn madd(self, b: $name, c: $name) -> $name {
                // SAFETY: the caller's: instructions there.
                unsafe { $name($madd(self.0, b.0, c.0)) }
            }

            #[inline(always)]
            unsafe fn add(self, b: $name) -> $name {
                // SAFETY: the caller's: instructions there.
                unsafe { $name($add(self.0, b.0)) }
            }

            #[inline(always)]
            unsafe fn sub(self, b: $name) -> $name {
                // SAFETY: the caller's: instructions there.
                unsafe { $name($sub(self.0, b.0)) }
            }

            #[inline(always)]
            unsafe fn mul(self, b: $name) -> $name {
                // SAFETY: the caller's: instructions there.
                unsafe { $name($mul(self.0, b.0)) }
            }

            #[inline(always)]
            unsafe fn max(self, b: $name) -> $name {
                // SAFETY: the caller's: instructions there.
                unsafe { $name($max(self.0, b.0)) }
            }

            #[inline(always)]
            unsafe fn min(self, b: $name) -> $name {
                // SAFETY: the caller's: instructions there.
                unsafe { $name($min(self.0, b.0)) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
instructions!(Avx2, __m256, 8, "Eight floats with AVX2 and FMA.",
    _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_fmadd_ps
    _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_max_ps _mm256_min_ps);

#[cfg(target_arch = "x86_64")]
instructions!(Avx512, __m512, 16, "Sixteen floats with AVX-512.",
    _mm512_loadu_ps _mm512_storeu_ps _mm512_set1_ps _mm512_fmadd_ps
    _mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_max_ps _mm512_min_ps);
