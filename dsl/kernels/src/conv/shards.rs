//! Cuts a row of items into pieces that threads take, the same pieces for any number of threads.

use crate::par;
use std::ops::Range;

/// `items` in `count` contiguous pieces of nearly equal size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shards {
    items: usize,
    count: usize,
}

impl Shards {
    /// At most `most` pieces; none is empty unless there are no items.
    pub(super) fn new(items: usize, most: usize) -> Shards {
        Shards { items, count: items.clamp(1, most) }
    }

    /// How many pieces there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The items of piece `i`.
    pub(super) fn range(&self, i: usize) -> Range<usize> {
        i * self.items / self.count..(i + 1) * self.items / self.count
    }

    /// Floats of scratch when each piece needs `each`.
    pub(super) fn scratch(&self, each: usize) -> usize {
        self.count * each
    }

    /// Calls `f(items, out, scratch)` for each piece, on several threads when `work` is worth it;
    /// `start(item)` is where the item begins in `out`, and `each` the floats of scratch of a piece.
    pub(super) fn run<F, S>(
        &self,
        work: usize,
        out: &mut [f32],
        start: S,
        (scratch, each): (&mut [f32], usize),
        f: F,
    ) where
        F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
        S: Fn(usize) -> usize + Sync,
    {
        if !par::worth(work) {
            // One thread: one scratch, which stays in cache.
            for i in 0..self.count {
                let Range { start: from, end } = self.range(i);
                f(from..end, &mut out[start(from)..start(end)], &mut scratch[..each]);
            }
            return;
        }
        self.fork(0..self.count, (out, &start), (scratch, each), &f);
    }

    fn fork<F, S>(
        &self,
        pieces: Range<usize>,
        (out, start): (&mut [f32], &S),
        (scratch, each): (&mut [f32], usize),
        f: &F,
    ) where
        F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
        S: Fn(usize) -> usize + Sync,
    {
        let count = pieces.len();
        if count == 1 {
            return f(self.range(pieces.start), out, &mut scratch[..each]);
        }
        let middle = pieces.start + count / 2;
        let first = start(self.range(pieces.start).start);
        let (left, right) = out.split_at_mut(start(self.range(middle).start) - first);
        let (near, far) = scratch.split_at_mut(count / 2 * each);
        rayon::join(
            || self.fork(pieces.start..middle, (left, start), (near, each), f),
            || self.fork(middle..pieces.end, (right, start), (far, each), f),
        );
    }
}
