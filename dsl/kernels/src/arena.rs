//! One allocation for all tensors of a plan, cut into typed pieces that are proven disjoint.
#![allow(unsafe_code)]

use memmap2::MmapMut;

/// Bytes on which every tensor begins: a cache line.
pub const ALIGN: usize = 64;

/// From so many bytes on, the system is asked for its large pages: with pages of 4 KiB, a large part of the
/// time of loops over megabytes goes into finding them.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 22;

/// Memory for the tensors of one plan, aligned to [`ALIGN`] and zero at the start.
pub struct Arena {
    /// Pages of the system, which begin on more than a cache line.
    pages: MmapMut,
    len: usize,
}

impl std::fmt::Debug for Arena {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Arena({} bytes)", self.len())
    }
}

/// A tensor's place: offset and length in bytes. The offset is a multiple of [`ALIGN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Slot {
    /// Offset of the first byte.
    pub offset: usize,
    /// Length in bytes.
    pub len: usize,
}

impl Slot {
    fn overlaps(self, other: Slot) -> bool {
        self.len > 0
            && other.len > 0
            && self.offset < other.offset + other.len
            && other.offset < self.offset + self.len
    }
}

impl Arena {
    /// Zeroed memory of at least `bytes` bytes.
    ///
    /// # Panics
    /// When the system has not so much.
    pub fn new(bytes: usize) -> Arena {
        let len = bytes.next_multiple_of(ALIGN);
        let pages = MmapMut::map_anon(len.max(ALIGN));
        let pages = pages.unwrap_or_else(|error| panic!("{len} bytes of memory: {error}"));
        #[cfg(target_os = "linux")]
        if len >= LARGE {
            // Pages of the usual size do as well.
            let _ = pages.advise(memmap2::Advice::HugePage);
        }
        Arena { pages, len }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes of one slot.
    ///
    /// # Panics
    /// When the slot lies outside.
    pub fn get(&self, slot: Slot) -> &[u8] {
        self.check(slot);
        // SAFETY: `check` has shown that the range lies inside the allocation, whose bytes are
        // initialised, and `&self` keeps writers out.
        unsafe { std::slice::from_raw_parts(self.pages.as_ptr().add(slot.offset), slot.len) }
    }

    /// The bytes of one slot, to write.
    ///
    /// # Panics
    /// When the slot lies outside.
    pub fn get_mut(&mut self, slot: Slot) -> &mut [u8] {
        self.check(slot);
        // SAFETY: as in `get`; `&mut self` makes the access unique.
        unsafe {
            std::slice::from_raw_parts_mut(self.pages.as_mut_ptr().add(slot.offset), slot.len)
        }
    }

    /// Many slots at once: calls `read(i, bytes)` for each of `reads` and `write(i, bytes)` for each
    /// of `writes`. The slices live as long as the borrow of the arena.
    ///
    /// # Panics
    /// When a slot lies outside, or one of `writes` overlaps another slot of either list.
    pub fn split<'a>(
        &'a mut self,
        reads: &[Slot],
        writes: &[Slot],
        mut read: impl FnMut(usize, &'a [u8]),
        mut write: impl FnMut(usize, &'a mut [u8]),
    ) {
        for (i, &slot) in writes.iter().enumerate() {
            self.check(slot);
            let others = writes[..i].iter().chain(reads);
            for &other in others {
                assert!(!slot.overlaps(other), "tensors overlap: {slot:?} and {other:?}");
            }
        }
        reads.iter().for_each(|&slot| self.check(slot));
        let base = self.pages.as_mut_ptr();
        for (i, slot) in reads.iter().enumerate() {
            // SAFETY: inside the allocation, and no slot of `writes` overlaps it (both asserted above).
            read(i, unsafe { std::slice::from_raw_parts(base.add(slot.offset), slot.len) });
        }
        for (i, slot) in writes.iter().enumerate() {
            // SAFETY: inside the allocation, and disjoint from every other slot handed out; the
            // borrow of `self` for 'a keeps all other access out.
            write(i, unsafe { std::slice::from_raw_parts_mut(base.add(slot.offset), slot.len) });
        }
    }

    fn check(&self, slot: Slot) {
        assert!(
            slot.offset.is_multiple_of(ALIGN) && slot.offset + slot.len <= self.len(),
            "{slot:?}"
        );
    }
}

/// Numbers whose every bit pattern is valid, so that bytes of an arena may be seen as them.
pub trait Plain: Copy + private::Sealed {}

mod private {
    /// Only the formats of this module.
    pub trait Sealed {}
}

macro_rules! plain {
    ($($t:ty),+) => { $(impl private::Sealed for $t {} impl Plain for $t {})+ };
}
plain!(f32, f64, i32, u32, u8, i8);

/// Bytes as numbers.
///
/// # Panics
/// When the bytes are not aligned for `T` or not a multiple of its size.
pub fn cast<T: Plain>(bytes: &[u8]) -> &[T] {
    // SAFETY: every bit pattern is a valid `T` (sealed trait).
    let (head, body, tail) = unsafe { bytes.align_to::<T>() };
    assert!(head.is_empty() && tail.is_empty());
    body
}

/// Bytes as numbers to write.
///
/// # Panics
/// When the bytes are not aligned for `T` or not a multiple of its size.
pub fn cast_mut<T: Plain>(bytes: &mut [u8]) -> &mut [T] {
    // SAFETY: every bit pattern is a valid `T` (sealed trait), and every `T` is valid bytes.
    let (head, body, tail) = unsafe { bytes.align_to_mut::<T>() };
    assert!(head.is_empty() && tail.is_empty());
    body
}

/// Scratch bytes as floats; bytes behind the last whole float are left out.
pub fn as_f32(bytes: &mut [u8]) -> &mut [f32] {
    let whole = bytes.len() / 4 * 4;
    cast_mut(&mut bytes[..whole])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_hands_out_disjoint_slots() {
        let mut arena = Arena::new(256);
        arena.get_mut(Slot { offset: 0, len: 8 }).fill(1);
        let mut seen = 0;
        arena.split(
            &[Slot { offset: 0, len: 8 }],
            &[Slot { offset: 64, len: 8 }],
            |_, r| seen += r.iter().map(|&b| b as u32).sum::<u32>(),
            |_, w| w.fill(2),
        );
        assert_eq!(seen, 8);
        assert_eq!(arena.get(Slot { offset: 64, len: 8 }), [2; 8]);
        assert_eq!(cast::<f32>(arena.get(Slot { offset: 128, len: 8 })), [0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "tensors overlap")]
    fn a_written_slot_may_not_be_read() {
        let slot = Slot { offset: 0, len: 8 };
        Arena::new(64).split(&[slot], &[slot], |_, _| (), |_, _| ());
    }

    #[test]
    #[should_panic(expected = "Slot")]
    fn a_slot_must_lie_inside() {
        let _ = Arena::new(64).get(Slot { offset: 64, len: 1 });
    }
}
