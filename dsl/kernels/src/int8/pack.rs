//! Weight codes in the order in which the kernels read them.
//!
//! Behind a head come the sums of the codes of each output channel, then, from a multiple of 64 bytes
//! on, the codes. For products: `[groups, panels of 16 channels, runs, fours of a run, 16, 4]`; the
//! last four of a run are its last bytes, with zeros for those that the four before it have. For
//! convolutions of each channel by itself: `[blocks of 64 channels, groups of taps, 64, 4]`, the
//! channels in the order of [`place`]. The order is the same on every CPU.

use super::lanes::place;
use super::product::{Product, Runs, Taps};

/// Bytes before the sums: where the codes begin, and whether pairs are small.
const HEAD: usize = 8;

/// What codes begin at a multiple of.
const ALIGN: usize = 64;

/// Channels of a panel.
pub(super) const PANEL: usize = 16;

/// The largest sum of the magnitudes of two neighbouring codes for which `255 · |w₀| + 255 · |w₁|`
/// fits into 16 bits with a sign.
const SMALL_PAIR: u32 = 32767 / 255;

/// Packed weights, read.
#[derive(Clone, Copy)]
pub(super) struct Packed<'a> {
    bytes: &'a [u8],
    start: usize,
    /// Whether the products of a pair of neighbours always fit into 16 bits.
    pub(super) small_pairs: bool,
}

impl<'a> Packed<'a> {
    pub(super) fn new(p: &Product, bytes: &'a [u8]) -> Packed<'a> {
        assert_eq!(bytes.len(), packed_len(p), "packed weights of {p:?}");
        let start = word(bytes, 0) as usize;
        assert!(start >= HEAD + 4 * p.channels() && start + codes_len(p) <= bytes.len());
        Packed { bytes, start, small_pairs: word(bytes, 1) == 1 }
    }

    /// The sum of the codes of an output channel.
    pub(super) fn sum(&self, channel: usize) -> i32 {
        word(self.bytes, HEAD / 4 + channel)
    }

    /// The codes.
    pub(super) fn codes(&self) -> &'a [u8] {
        &self.bytes[self.start..]
    }
}

fn word(bytes: &[u8], i: usize) -> i32 {
    bytes[4 * i..].first_chunk().map_or(0, |word| i32::from_ne_bytes(*word))
}

fn set_word(bytes: &mut [u8], i: usize, word: i32) {
    bytes[4 * i..4 * i + 4].copy_from_slice(&word.to_ne_bytes());
}

/// Bytes of all codes.
fn codes_len(p: &Product) -> usize {
    match p.taps() {
        Some(taps) => p.channels().next_multiple_of(64) * 4 * taps.groups(),
        None => {
            let (groups, channels) = p.groups();
            groups * channels.next_multiple_of(PANEL) * 4 * p.runs().fours()
        }
    }
}

/// Bytes that [`pack`] fills.
pub fn packed_len(p: &Product) -> usize {
    HEAD + 4 * p.channels() + codes_len(p) + ALIGN - 1
}

/// Puts weight codes, −127..=127, in the order in which [`product`](super::product()) reads them.
///
/// # Shapes
/// codes `[features, units]`, or `[kh, kw, ci / groups, co]` of a convolution.
///
/// # Panics
/// When lengths disagree: `out` has [`packed_len`] bytes.
pub fn pack(p: &Product, codes: &[i8], out: &mut [u8]) {
    assert_eq!(codes.len(), p.weights(), "weights of {p:?}");
    assert_eq!(out.len(), packed_len(p), "packed weights of {p:?}");
    out.fill(0);
    let channels = p.channels();
    // Aligned in memory as it is now; bytes that are moved are read more slowly, no more.
    let least = HEAD + 4 * channels;
    let start = least + out[least..].as_ptr().align_offset(ALIGN).min(ALIGN - 1);
    set_word(out, 0, start as i32);
    for row in codes.chunks_exact(channels.max(1)) {
        for (channel, &code) in row.iter().enumerate() {
            let at = HEAD / 4 + channel;
            let sum = word(out, at);
            set_word(out, at, sum.wrapping_add(i32::from(code)));
        }
    }
    let small = match p.taps() {
        Some(taps) => {
            pack_taps(&taps, channels, codes, &mut out[start..]);
            false
        }
        None => pack_panels(p, codes, &mut out[start..]),
    };
    set_word(out, 1, i32::from(small));
}

/// Fills panels; returns whether all pairs are small.
fn pack_panels(p: &Product, codes: &[i8], out: &mut [u8]) -> bool {
    let (groups, channels) = p.groups();
    let (runs, stride) = (p.runs(), groups * channels);
    let panel = PANEL * 4 * runs.fours();
    let panels = channels.div_ceil(PANEL);
    let mut largest = 0;
    if panel == 0 {
        return true;
    }
    for (i, out) in out.chunks_exact_mut(panel).take(groups * panels).enumerate() {
        let (group, first) = (i / panels, i % panels * PANEL);
        let live = PANEL.min(channels - first);
        let column = group * channels + first;
        for (four, out) in out.chunks_exact_mut(4 * PANEL).enumerate() {
            for byte in 0..4 {
                if let Some(row) = runs.row(four, byte) {
                    let row = &codes[row * stride + column..][..live];
                    for (&code, out) in row.iter().zip(out[byte..].iter_mut().step_by(4)) {
                        *out = code as u8;
                    }
                }
            }
            for pair in out.chunks_exact(2) {
                let [a, b] = [pair[0], pair[1]].map(|code| u32::from((code as i8).unsigned_abs()));
                largest = largest.max(a + b);
            }
        }
    }
    largest <= SMALL_PAIR
}

fn pack_taps(taps: &Taps, channels: usize, codes: &[i8], out: &mut [u8]) {
    for channel in 0..channels {
        let (block, within) = (place(channel) / 64, place(channel) % 64);
        for group in 0..taps.groups() {
            for (byte, tap) in taps.group(group).enumerate() {
                let [ky, kx] = taps.at(tap);
                let code = codes[(ky * taps.kernel[1] + kx) * channels + channel];
                out[((block * taps.groups() + group) * 64 + within) * 4 + byte] = code as u8;
            }
        }
    }
}

impl Runs {
    /// Which row of the weights a byte of a four meets, if any.
    fn row(&self, four: usize, byte: usize) -> Option<usize> {
        let each = self.len.div_ceil(4);
        let (run, four) = (four / each, four % each);
        let t = (4 * four).min(self.len.saturating_sub(4)) + byte;
        (4 * four..self.len).contains(&t).then_some(run * self.len + t)
    }
}
