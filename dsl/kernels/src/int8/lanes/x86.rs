//! Registers of x86-64.

use super::{Ends, Lanes};
use std::arch::x86_64::*;

/// Implements [`Lanes`] for a register of 128 or 256 bits; `X`, `W` and the functions that follow say
/// how products are summed.
macro_rules! register {
    (
        $(#[$meta:meta])* $name:ident, $int:ty, $float:ty, $lanes:literal,
        [$loadu:ident $storeu:ident $set1:ident $to_float:ident $to_int:ident $as_float:ident
         $as_int:ident $mul:ident $add_float:ident $min:ident $max:ident $load_float:ident $add:ident],
        [$low8:ident $high8:ident $low16:ident $high16:ident $packs:ident $packus:ident],
        $narrow:ident,
        $factors:ty, $x:ident, $w:ident, $dot:ident
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        pub(in crate::int8) struct $name($int);

        // SAFETY of every method: the caller's: instructions there, pointers valid.
        impl Lanes for $name {
            const LANES: usize = $lanes;
            type X = $factors;
            type W = $factors;

            #[inline(always)]
            unsafe fn load(p: *const u8) -> $name {
                // SAFETY: the caller's.
                unsafe { $name($loadu(p.cast())) }
            }

            #[inline(always)]
            unsafe fn store(self, p: *mut u8) {
                // SAFETY: the caller's.
                unsafe { $storeu(p.cast(), self.0) }
            }

            #[inline(always)]
            unsafe fn splat(x: i32) -> $name {
                // SAFETY: the caller's.
                unsafe { $name($set1(x)) }
            }

            #[inline(always)]
            unsafe fn x(self) -> $factors {
                // SAFETY: the caller's.
                unsafe { $x(self.0) }
            }

            #[inline(always)]
            unsafe fn w(self) -> $factors {
                // SAFETY: the caller's.
                unsafe { $w(self.0) }
            }

            #[inline(always)]
            unsafe fn dot(self, x: $factors, w: $factors) -> $name {
                // SAFETY: the caller's.
                unsafe { $name($dot(self.0, x, w)) }
            }

            #[inline(always)]
            unsafe fn low8(self, b: $name) -> $name {
                // SAFETY: the caller's.
                unsafe { $name($low8(self.0, b.0)) }
            }

            #[inline(always)]
            unsafe fn high8(self, b: $name) -> $name {
                // SAFETY: the caller's.
                unsafe { $name($high8(self.0, b.0)) }
            }

            #[inline(always)]
            unsafe fn low16(self, b: $name) -> $name {
                // SAFETY: the caller's.
                unsafe { $name($low16(self.0, b.0)) }
            }

            #[inline(always)]
            unsafe fn high16(self, b: $name) -> $name {
                // SAFETY: the caller's.
                unsafe { $name($high16(self.0, b.0)) }
            }

            #[inline(always)]
            unsafe fn scale(self, p: *const f32) -> $name {
                // SAFETY: the caller's.
                unsafe { $name($as_int($mul($to_float(self.0), $load_float(p)))) }
            }

            #[inline(always)]
            unsafe fn shift(self, p: *const f32) -> $name {
                // SAFETY: the caller's.
                unsafe { $name($as_int($add_float($as_float(self.0), $load_float(p)))) }
            }

            #[inline(always)]
            unsafe fn codes(self, ends: &Ends<$name>) -> $name {
                // SAFETY: the caller's. The second operand of `max` is the answer for NaN; the
                // conversion rounds to even, which is how programs in Rust run.
                unsafe {
                    let x = $max($as_float(self.0), $as_float(ends.low.0));
                    let x = $min(x, $as_float(ends.high.0));
                    $name($add($to_int(x), ends.zero.0))
                }
            }

            #[inline(always)]
            unsafe fn narrow(self, p: *mut u8) {
                // SAFETY: the caller's.
                unsafe { $narrow(self.0, p) }
            }

            #[inline(always)]
            unsafe fn narrow4([a, b, c, d]: [$name; 4], p: *mut u8) {
                // SAFETY: the caller's.
                unsafe { $storeu(p.cast(), $packus($packs(a.0, b.0), $packs(c.0, d.0))) }
            }
        }
    };
}

macro_rules! register128 {
    ($(#[$meta:meta])* $name:ident, $factors:ty, $x:ident, $w:ident, $dot:ident) => {
        register!(
            $(#[$meta])* $name, __m128i, __m128, 4,
            [_mm_loadu_si128 _mm_storeu_si128 _mm_set1_epi32 _mm_cvtepi32_ps _mm_cvtps_epi32
             _mm_castsi128_ps _mm_castps_si128 _mm_mul_ps _mm_add_ps _mm_min_ps _mm_max_ps
             _mm_loadu_ps _mm_add_epi32],
            [_mm_unpacklo_epi8 _mm_unpackhi_epi8 _mm_unpacklo_epi16 _mm_unpackhi_epi16
             _mm_packs_epi32 _mm_packus_epi16],
            narrow128, $factors, $x, $w, $dot
        );
    };
}

macro_rules! register256 {
    ($(#[$meta:meta])* $name:ident, $factors:ty, $x:ident, $w:ident, $dot:ident) => {
        register!(
            $(#[$meta])* $name, __m256i, __m256, 8,
            [_mm256_loadu_si256 _mm256_storeu_si256 _mm256_set1_epi32 _mm256_cvtepi32_ps
             _mm256_cvtps_epi32 _mm256_castsi256_ps _mm256_castps_si256 _mm256_mul_ps _mm256_add_ps
             _mm256_min_ps _mm256_max_ps _mm256_loadu_ps _mm256_add_epi32],
            [_mm256_unpacklo_epi8 _mm256_unpackhi_epi8 _mm256_unpacklo_epi16
             _mm256_unpackhi_epi16 _mm256_packs_epi32 _mm256_packus_epi16],
            narrow256, $factors, $x, $w, $dot
        );
    };
}

register128!(
    /// Bytes widened to 16 bits, whose products are summed in pairs: exact.
    Sse2, [__m128i; 2], widen_x128, widen_w128, pairs128
);
register128!(
    /// Sums of four products by one instruction of AVX-512.
    Vnni128, __m128i, same, same, fours128
);
register128!(
    /// Sums of four products by one instruction of AVX.
    VnniVex128, __m128i, same, same, fours_vex128
);
register256!(
    /// Bytes widened to 16 bits, whose products are summed in pairs: exact.
    Avx2, [__m256i; 2], widen_x256, widen_w256, pairs256
);
register256!(
    /// Pairs of products summed in 16 bits, for weights that cannot make them overflow.
    Avx2Pairs, __m256i, same, same, small_pairs256
);
register256!(
    /// Sums of four products by one instruction of AVX-512.
    Vnni256, __m256i, same, same, fours256
);
register256!(
    /// Sums of four products by one instruction of AVX.
    VnniVex256, __m256i, same, same, fours_vex256
);
register!(
    /// Sums of four products by one instruction of AVX-512, 16 at a time.
    Vnni512, __m512i, __m512, 16,
    [_mm512_loadu_si512 _mm512_storeu_si512 _mm512_set1_epi32 _mm512_cvtepi32_ps
     _mm512_cvtps_epi32 _mm512_castsi512_ps _mm512_castps_si512 _mm512_mul_ps _mm512_add_ps
     _mm512_min_ps _mm512_max_ps _mm512_loadu_ps _mm512_add_epi32],
    [_mm512_unpacklo_epi8 _mm512_unpackhi_epi8 _mm512_unpacklo_epi16 _mm512_unpackhi_epi16
     _mm512_packs_epi32 _mm512_packus_epi16],
    narrow512, __m512i, same, same, fours512
);

/// Bytes that are ready as they are; unsafe like those that others need.
///
/// # Safety
/// Always sound.
#[inline(always)]
unsafe fn same<V>(v: V) -> V {
    v
}

/// Functions on registers that need more than one instruction, or another name.
macro_rules! helpers {
    ($($(#[$meta:meta])* fn $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)? $body:block)*) => {
        $(
            $(#[$meta])*
            ///
            /// # Safety
            /// The CPU has the instructions, and pointers are valid for what is written.
            #[inline(always)]
            unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: the caller's.
                unsafe { $body }
            }
        )*
    };
}

helpers! {
    /// Even and odd bytes without sign.
    fn widen_x128(v: __m128i) -> [__m128i; 2] {
        [_mm_and_si128(v, _mm_set1_epi16(255)), _mm_srli_epi16::<8>(v)]
    }

    /// Even and odd bytes with sign.
    fn widen_w128(v: __m128i) -> [__m128i; 2] {
        [_mm_srai_epi16::<8>(_mm_slli_epi16::<8>(v)), _mm_srai_epi16::<8>(v)]
    }

    /// Adds the products of even and of odd bytes.
    fn pairs128(sum: __m128i, x: [__m128i; 2], w: [__m128i; 2]) -> __m128i {
        let even = _mm_madd_epi16(x[0], w[0]);
        let odd = _mm_madd_epi16(x[1], w[1]);
        _mm_add_epi32(_mm_add_epi32(sum, even), odd)
    }

    /// Even and odd bytes without sign.
    fn widen_x256(v: __m256i) -> [__m256i; 2] {
        [_mm256_and_si256(v, _mm256_set1_epi16(255)), _mm256_srli_epi16::<8>(v)]
    }

    /// Even and odd bytes with sign.
    fn widen_w256(v: __m256i) -> [__m256i; 2] {
        [_mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(v)), _mm256_srai_epi16::<8>(v)]
    }

    /// Adds the products of even and of odd bytes.
    fn pairs256(sum: __m256i, x: [__m256i; 2], w: [__m256i; 2]) -> __m256i {
        let even = _mm256_madd_epi16(x[0], w[0]);
        let odd = _mm256_madd_epi16(x[1], w[1]);
        _mm256_add_epi32(_mm256_add_epi32(sum, even), odd)
    }

    /// Adds the products of pairs that do not overflow 16 bits.
    fn small_pairs256(sum: __m256i, x: __m256i, w: __m256i) -> __m256i {
        let pairs = _mm256_maddubs_epi16(x, w);
        _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
    }

    /// Adds the products of fours.
    fn fours128(sum: __m128i, x: __m128i, w: __m128i) -> __m128i { _mm_dpbusd_epi32(sum, x, w) }

    /// Adds the products of fours.
    fn fours256(sum: __m256i, x: __m256i, w: __m256i) -> __m256i { _mm256_dpbusd_epi32(sum, x, w) }

    /// Adds the products of fours.
    fn fours512(sum: __m512i, x: __m512i, w: __m512i) -> __m512i { _mm512_dpbusd_epi32(sum, x, w) }

    /// Adds the products of fours.
    fn fours_vex128(sum: __m128i, x: __m128i, w: __m128i) -> __m128i {
        _mm_dpbusd_avx_epi32(sum, x, w)
    }

    /// Adds the products of fours.
    fn fours_vex256(sum: __m256i, x: __m256i, w: __m256i) -> __m256i {
        _mm256_dpbusd_avx_epi32(sum, x, w)
    }

    /// Writes the low bytes of four lanes that are codes.
    fn narrow128(v: __m128i, p: *mut u8) {
        let words = _mm_packs_epi32(v, v);
        p.cast::<i32>().write_unaligned(_mm_cvtsi128_si32(_mm_packus_epi16(words, words)))
    }

    /// Writes the low bytes of eight lanes that are codes.
    fn narrow256(v: __m256i, p: *mut u8) {
        let words = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256::<1>(v));
        _mm_storel_epi64(p.cast(), _mm_packus_epi16(words, words))
    }

    /// Writes the low bytes of 16 lanes.
    fn narrow512(v: __m512i, p: *mut u8) {
        _mm_storeu_si128(p.cast(), _mm512_cvtepi32_epi8(v))
    }
}
