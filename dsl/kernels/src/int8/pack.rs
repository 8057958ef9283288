//! Weight codes in the order in which the kernels read them.
//!
//! Behind a head come the sums of the codes of each output channel, then, from a multiple of 64 bytes
//! on, the codes. For products: `[groups, panels of 16 channels, runs, fours of a run, 16, 4]`; the
//! last four of a run are its last bytes, with zeros for those that the four before it have. For
//! convolutions of each channel by itself: `[blocks of 64 channels, groups of taps, 64, 4]`, the
//! channels in the order of [`place`]. The order is the same on every CPU.

// Loops over constant ranges are unrolled, and what they index stays in registers.
#![allow(clippy::needless_range_loop)]

use super::lanes::place;
use super::product::{Product, Taps};

/// Bytes before the sums: where the codes begin, and whether pairs are small.
const HEAD: usize = 8;

/// What codes begin at a multiple of.
const ALIGN: usize = 64;

/// Channels of a panel.
pub(super) const PANEL: usize = 16;

/// The largest sum of the magnitudes of two neighbouring codes for which `255 · |w₀| + 255 · |w₁|`
/// fits into 16 bits with a sign.
const SMALL_PAIR: u16 = 32767 / 255;

/// Packed weights, read.
#[derive(Clone, Copy)]
pub(super) struct Packed<'a> {
    bytes: &'a [u8],
    start: usize,
    channels: usize,
    /// Whether the products of a pair of neighbours always fit into 16 bits.
    pub(super) small_pairs: bool,
}

impl<'a> Packed<'a> {
    pub(super) fn new(p: &Product, bytes: &'a [u8]) -> Packed<'a> {
        assert_eq!(bytes.len(), packed_len(p), "packed weights of {p:?}");
        let start = word(bytes, 0) as usize;
        assert!(start >= HEAD + 4 * p.channels() && start + codes_len(p) <= bytes.len());
        Packed { bytes, start, channels: p.channels(), small_pairs: word(bytes, 1) == 1 }
    }

    /// The sum of the codes of each output channel, four bytes each.
    pub(super) fn sums(&self) -> &'a [u8] {
        &self.bytes[HEAD..HEAD + 4 * self.channels]
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
    let small = match p.taps() {
        Some(taps) => {
            let (head, codes_out) = out.split_at_mut(start);
            pack_taps(&taps, channels, codes, &mut head[HEAD..], codes_out);
            false
        }
        None => {
            let (head, codes_out) = out.split_at_mut(start);
            pack_panels(p, codes, &mut head[HEAD..], codes_out)
        }
    };
    set_word(out, 1, i32::from(small));
}

/// Fills sums and panels; returns whether all pairs are small.
fn pack_panels(p: &Product, codes: &[i8], sums: &mut [u8], out: &mut [u8]) -> bool {
    let (groups, channels) = p.groups();
    let (runs, stride) = (p.runs(), groups * channels);
    let panel = PANEL * 4 * runs.fours();
    let panels = channels.div_ceil(PANEL);
    let mut small = true;
    if panel == 0 {
        return small;
    }
    for (i, out) in out.chunks_exact_mut(panel).take(groups * panels).enumerate() {
        let (group, first) = (i / panels, i % panels * PANEL);
        let live = PANEL.min(channels - first);
        let column = group * channels + first;
        let mut totals = [0i32; PANEL];
        let mut largest = [0u16; PANEL];
        for (run, out) in out.chunks_exact_mut(4 * PANEL * runs.len.div_ceil(4)).enumerate() {
            let codes = &codes[run * runs.len * stride..][..runs.len * stride];
            for (four, out) in out.chunks_exact_mut(4 * PANEL).enumerate() {
                let mut rows = [[0i8; PANEL]; 4];
                let from = (4 * four).min(runs.len.saturating_sub(4));
                for t in 4 * four..runs.len.min(4 * four + 4) {
                    let codes = &codes[t * stride + column..];
                    match (live, codes.first_chunk::<PANEL>()) {
                        (PANEL, Some(row)) => rows[t - from] = *row,
                        _ => rows[t - from][..live].copy_from_slice(&codes[..live]),
                    }
                }
                if let Some(out) = out.first_chunk_mut() {
                    interleave_codes(&rows, &mut totals, &mut largest, out);
                }
            }
        }
        small &= largest.iter().all(|&pair| pair <= SMALL_PAIR);
        for (channel, total) in (column..).zip(&totals[..live]) {
            set_word(sums, channel, *total);
        }
    }
    small
}

/// Writes the codes of each channel side by side, adds them to the totals, and keeps the largest sum
/// of magnitudes of the first two or last two of a channel.
#[inline(always)]
fn interleave_codes(
    [a, b, c, d]: &[[i8; PANEL]; 4],
    totals: &mut [i32; PANEL],
    largest: &mut [u16; PANEL],
    out: &mut [u8; 4 * PANEL],
) {
    for lane in 0..PANEL {
        let (a, b) = (i16::from(a[lane]), i16::from(b[lane]));
        let (c, d) = (i16::from(c[lane]), i16::from(d[lane]));
        totals[lane] += i32::from(a + b + c + d);
        let (first, last) =
            (a.unsigned_abs() + b.unsigned_abs(), c.unsigned_abs() + d.unsigned_abs());
        largest[lane] = largest[lane].max(first).max(last);
    }
    for lane in 0..PANEL {
        out[4 * lane] = a[lane] as u8;
        out[4 * lane + 1] = b[lane] as u8;
        out[4 * lane + 2] = c[lane] as u8;
        out[4 * lane + 3] = d[lane] as u8;
    }
}

fn pack_taps(taps: &Taps, channels: usize, codes: &[i8], sums: &mut [u8], out: &mut [u8]) {
    for channel in 0..channels {
        let (block, within) = (place(channel) / 64, place(channel) % 64);
        let mut total = 0;
        for group in 0..taps.groups() {
            for (byte, tap) in taps.group(group).enumerate() {
                let [ky, kx] = taps.at(tap);
                let code = codes[(ky * taps.kernel[1] + kx) * channels + channel];
                out[((block * taps.groups() + group) * 64 + within) * 4 + byte] = code as u8;
                total += i32::from(code);
            }
        }
        set_word(sums, channel, total);
    }
}
