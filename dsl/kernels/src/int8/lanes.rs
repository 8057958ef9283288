//! Registers of 32-bit lanes: sums of products of four bytes each, and what becomes of them.
#![allow(unsafe_code)]
// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

#[cfg(target_arch = "x86_64")]
mod x86;

use super::grid::{clip, rint};
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx2Pairs, Sse2, Vnni128, Vnni256, Vnni512, VnniVex128, VnniVex256};

/// Neighbouring 32-bit lanes in one register, each an integer, a float or four bytes. Functions
/// written for any `Lanes` are `#[inline(always)]` and called from one that has the instructions.
///
/// # Safety
/// Every method requires that the CPU has the instructions of the implementation, and that pointers
/// are valid for what is read or written; they need no alignment.
pub(super) trait Lanes: Copy {
    /// How many lanes.
    const LANES: usize;
    /// Unsigned bytes, made ready for products.
    type X: Copy;
    /// Signed bytes, made ready for products.
    type W: Copy;
    /// Reads [`Lanes::LANES`] lanes.
    unsafe fn load(p: *const u8) -> Self;
    /// Writes all lanes.
    unsafe fn store(self, p: *mut u8);
    /// The same integer in each lane.
    unsafe fn splat(x: i32) -> Self;
    /// These bytes as left factors.
    unsafe fn x(self) -> Self::X;
    /// These bytes as right factors.
    unsafe fn w(self) -> Self::W;
    /// `self + Σ x · w` over the four bytes of each lane.
    unsafe fn dot(self, x: Self::X, w: Self::W) -> Self;
    /// In each 16 bytes: the first eight of both, alternating.
    unsafe fn low8(self, b: Self) -> Self;
    /// In each 16 bytes: the last eight of both, alternating.
    unsafe fn high8(self, b: Self) -> Self;
    /// In each 16 bytes: the first four pairs of both, alternating.
    unsafe fn low16(self, b: Self) -> Self;
    /// In each 16 bytes: the last four pairs of both, alternating.
    unsafe fn high16(self, b: Self) -> Self;
    /// Integers as floats, times the floats from `p` on.
    unsafe fn scale(self, p: *const f32) -> Self;
    /// Floats plus the floats from `p` on.
    unsafe fn shift(self, p: *const f32) -> Self;
    /// Codes of floats: within the bounds, rounded, plus the zero point.
    unsafe fn codes(self, ends: &Ends<Self>) -> Self;
    /// Writes the low byte of each lane.
    unsafe fn narrow(self, p: *mut u8);
    /// Writes the low bytes of four registers whose lanes [`interleave`] has arranged.
    unsafe fn narrow4(v: [Self; 4], p: *mut u8);
}

/// How floats become codes.
#[derive(Clone, Copy)]
pub(super) struct Ends<V> {
    /// The steps of codes 0 and 255, as floats.
    low: V,
    high: V,
    /// The code of 0.
    zero: V,
}

impl<V: Lanes> Ends<V> {
    /// Codes with this zero point.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn new(zero: u8) -> Ends<V> {
        let low = -f32::from(zero);
        // SAFETY: the caller's.
        unsafe {
            Ends {
                low: V::splat(low.to_bits() as i32),
                high: V::splat((255.0 + low).to_bits() as i32),
                zero: V::splat(i32::from(zero)),
            }
        }
    }
}

/// Four rows of bytes as lanes of four: lane `4·l + i` of register `j` has the bytes `16·l + 4·j + i`
/// of all rows.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn interleave<V: Lanes>([a, b, c, d]: [V; 4]) -> [V; 4] {
    // SAFETY: the caller's.
    unsafe {
        let (ab, cd) = (a.low8(b), c.low8(d));
        let (after_ab, after_cd) = (a.high8(b), c.high8(d));
        [ab.low16(cd), ab.high16(cd), after_ab.low16(after_cd), after_ab.high16(after_cd)]
    }
}

/// Place of a channel's lane after [`interleave`] of 64 channels; any 16 of them that begin at a
/// multiple of 16 keep their order when there are less.
#[inline(always)]
pub(super) fn place(channel: usize) -> usize {
    let (block, l, j, i) = (channel / 64, channel / 16 % 4, channel / 4 % 4, channel % 4);
    64 * block + 16 * j + 4 * l + i
}

/// Four lanes on any CPU.
#[derive(Clone, Copy)]
pub(super) struct Portable([i32; 4]);

impl Portable {
    #[inline(always)]
    fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for i in 0..16 {
            bytes[i] = self.0[i / 4].to_ne_bytes()[i % 4];
        }
        bytes
    }

    #[inline(always)]
    fn from(bytes: [u8; 16]) -> Portable {
        let mut lanes = [0; 4];
        for (i, lane) in lanes.iter_mut().enumerate() {
            let at = 4 * i;
            *lane = i32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        }
        Portable(lanes)
    }

    /// Pieces of `SIZE` bytes of both from byte `from` on, alternating.
    #[inline(always)]
    fn zip<const SIZE: usize>(self, b: Portable, from: usize) -> Portable {
        let (a, b) = (self.bytes(), b.bytes());
        let mut out = [0; 16];
        for i in 0..16 {
            let at = from + i / (2 * SIZE) * SIZE + i % SIZE;
            out[i] = if (i / SIZE).is_multiple_of(2) { a[at] } else { b[at] };
        }
        Portable::from(out)
    }

    #[inline(always)]
    fn floats(self, f: impl Fn(usize, f32) -> f32) -> Portable {
        let mut lanes = self.0;
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = f(i, f32::from_bits(*lane as u32)).to_bits() as i32;
        }
        Portable(lanes)
    }
}

impl Lanes for Portable {
    const LANES: usize = 4;
    type X = [[i32; 4]; 4];
    type W = [[i32; 4]; 4];

    #[inline(always)]
    unsafe fn load(p: *const u8) -> Portable {
        // SAFETY: the caller's.
        unsafe { Portable(p.cast::<[i32; 4]>().read_unaligned()) }
    }

    #[inline(always)]
    unsafe fn store(self, p: *mut u8) {
        // SAFETY: the caller's.
        unsafe { p.cast::<[i32; 4]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn splat(x: i32) -> Portable {
        Portable([x; 4])
    }

    #[inline(always)]
    unsafe fn x(self) -> [[i32; 4]; 4] {
        let mut parts = [self.0; 4];
        for k in 0..4 {
            for i in 0..4 {
                parts[k][i] = i32::from(self.0[i].to_ne_bytes()[k]);
            }
        }
        parts
    }

    #[inline(always)]
    unsafe fn w(self) -> [[i32; 4]; 4] {
        let mut parts = [self.0; 4];
        for k in 0..4 {
            for i in 0..4 {
                parts[k][i] = i32::from(self.0[i].to_ne_bytes()[k] as i8);
            }
        }
        parts
    }

    #[inline(always)]
    unsafe fn dot(self, x: [[i32; 4]; 4], w: [[i32; 4]; 4]) -> Portable {
        let mut lanes = self.0;
        for k in 0..4 {
            for i in 0..4 {
                lanes[i] = lanes[i].wrapping_add(x[k][i] * w[k][i]);
            }
        }
        Portable(lanes)
    }

    #[inline(always)]
    unsafe fn low8(self, b: Portable) -> Portable {
        self.zip::<1>(b, 0)
    }

    #[inline(always)]
    unsafe fn high8(self, b: Portable) -> Portable {
        self.zip::<1>(b, 8)
    }

    #[inline(always)]
    unsafe fn low16(self, b: Portable) -> Portable {
        self.zip::<2>(b, 0)
    }

    #[inline(always)]
    unsafe fn high16(self, b: Portable) -> Portable {
        self.zip::<2>(b, 8)
    }

    #[inline(always)]
    unsafe fn scale(self, p: *const f32) -> Portable {
        let sums = self.0;
        // SAFETY: the caller's.
        self.floats(|i, _| sums[i] as f32 * unsafe { p.add(i).read_unaligned() })
    }

    #[inline(always)]
    unsafe fn shift(self, p: *const f32) -> Portable {
        // SAFETY: the caller's.
        self.floats(|i, x| x + unsafe { p.add(i).read_unaligned() })
    }

    #[inline(always)]
    unsafe fn codes(self, ends: &Ends<Portable>) -> Portable {
        let (low, high) = (ends.low.0[0] as u32, ends.high.0[0] as u32);
        let (low, high) = (f32::from_bits(low), f32::from_bits(high));
        let zero = ends.zero.0[0];
        Portable(self.0.map(|x| rint(clip(f32::from_bits(x as u32), low, high)) + zero))
    }

    #[inline(always)]
    unsafe fn narrow(self, p: *mut u8) {
        // SAFETY: the caller's.
        unsafe { p.cast::<[u8; 4]>().write(self.0.map(|lane| lane as u8)) }
    }

    #[inline(always)]
    unsafe fn narrow4(v: [Portable; 4], p: *mut u8) {
        for (j, v) in v.into_iter().enumerate() {
            // SAFETY: the caller's.
            unsafe { v.narrow(p.add(4 * j)) }
        }
    }
}
