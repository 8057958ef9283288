//! Parallel loops over fixed pieces. How work is cut never depends on the number of threads, so
//! neither do the results.

use rayon::prelude::*;

/// Work below this many operations (about 0.1 ms) stays on one thread.
pub const SMALL: usize = 1 << 20;

/// Whether `work` operations are worth handing to other threads.
#[inline]
pub fn worth(work: usize) -> bool {
    work >= SMALL && rayon::current_num_threads() > 1
}

/// Calls `f(i, piece)` for each piece of `chunk` numbers of `out` (the last may be shorter);
/// `work` estimates the operations of all pieces together.
pub fn chunks<T: Send>(
    out: &mut [T],
    chunk: usize,
    work: usize,
    f: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    if worth(work) {
        out.par_chunks_mut(chunk.max(1)).enumerate().for_each(|(i, piece)| f(i, piece));
    } else {
        out.chunks_mut(chunk.max(1)).enumerate().for_each(|(i, piece)| f(i, piece));
    }
}

/// Like [`chunks`] over two outputs cut into equally many pieces.
pub fn chunks2<T: Send, U: Send>(
    (a, chunk_a): (&mut [T], usize),
    (b, chunk_b): (&mut [U], usize),
    work: usize,
    f: impl Fn(usize, &mut [T], &mut [U]) + Sync + Send,
) {
    if worth(work) {
        a.par_chunks_mut(chunk_a.max(1))
            .zip(b.par_chunks_mut(chunk_b.max(1)))
            .enumerate()
            .for_each(|(i, (a, b))| f(i, a, b));
    } else {
        a.chunks_mut(chunk_a.max(1))
            .zip(b.chunks_mut(chunk_b.max(1)))
            .enumerate()
            .for_each(|(i, (a, b))| f(i, a, b));
    }
}

/// Like [`chunks`] over three outputs cut into equally many pieces.
pub fn chunks3<T: Send, U: Send, V: Send>(
    (a, chunk_a): (&mut [T], usize),
    (b, chunk_b): (&mut [U], usize),
    (c, chunk_c): (&mut [V], usize),
    work: usize,
    f: impl Fn(usize, &mut [T], &mut [U], &mut [V]) + Sync + Send,
) {
    if worth(work) {
        a.par_chunks_mut(chunk_a.max(1))
            .zip(b.par_chunks_mut(chunk_b.max(1)))
            .zip(c.par_chunks_mut(chunk_c.max(1)))
            .enumerate()
            .for_each(|(i, ((a, b), c))| f(i, a, b, c));
    } else {
        a.chunks_mut(chunk_a.max(1))
            .zip(b.chunks_mut(chunk_b.max(1)))
            .zip(c.chunks_mut(chunk_c.max(1)))
            .enumerate()
            .for_each(|(i, ((a, b), c))| f(i, a, b, c));
    }
}

/// Calls `f(i)` for each of `count` pieces; `work` estimates the operations of all together.
pub(crate) fn pieces(count: usize, work: usize, f: impl Fn(usize) + Sync + Send) {
    if count > 1 && worth(work) {
        (0..count).into_par_iter().for_each(f);
    } else {
        (0..count).for_each(f);
    }
}

/// Like [`pieces`], with `each` bytes of scratch for a piece; on one thread all pieces use the same,
/// which stays in cache.
///
/// # Panics
/// When scratch is shorter than all pieces need.
pub(crate) fn pieces_with(
    count: usize,
    work: usize,
    (scratch, each): (&mut [u8], usize),
    f: impl Fn(usize, &mut [u8]) + Sync + Send,
) {
    assert!(count * each <= scratch.len());
    if each == 0 {
        pieces(count, work, |i| f(i, &mut []));
    } else if count > 1 && worth(work) {
        let scratch = scratch[..count * each].par_chunks_mut(each);
        scratch.enumerate().for_each(|(i, scratch)| f(i, scratch));
    } else {
        (0..count).for_each(|i| f(i, &mut scratch[..each]));
    }
}
