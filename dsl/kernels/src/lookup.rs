//! Rows of a table by number, and their gradient.

use crate::par;

/// Numbers that one thread copies at a time.
const BLOCK: usize = 1 << 14;

/// `y[i] = table[tokens[i]]`.
///
/// # Shapes
/// The table `[vocabulary, size]`, tokens `[n]`, y `[n, size]`.
///
/// # Panics
/// When the lengths do not fit, or a token is no row of the table.
pub fn lookup<T: Copy + Send + Sync>(table: &[T], size: usize, tokens: &[i32], y: &mut [T]) {
    assert_eq!(y.len(), tokens.len() * size);
    let rows = (BLOCK / size).max(1);
    let work = y.len();
    par::chunks(y, rows * size, work, |i, y| {
        let tokens = &tokens[i * rows..];
        for (y, &token) in y.chunks_exact_mut(size).zip(tokens) {
            y.copy_from_slice(&table[token as usize * size..][..size]);
        }
    });
}

/// How many numbers [`gradient`] has to work with for a table of so many rows and so many tokens.
pub fn scratch_len(vocabulary: usize, tokens: usize) -> usize {
    vocabulary + 1 + tokens
}

/// The gradient of [`lookup`] with respect to the table: `d[v] = Σ dy[i]` over the i with `tokens[i] = v`, added in
/// their order.
///
/// # Shapes
/// d `[vocabulary, size]`, tokens `[n]`, dy `[n, size]`; `scratch` has [`scratch_len`] numbers.
///
/// # Panics
/// When the lengths do not fit, or a token is no row of the table.
pub fn gradient(tokens: &[i32], dy: &[f32], size: usize, d: &mut [f32], scratch: &mut [u32]) {
    let vocabulary = d.len() / size;
    assert_eq!(dy.len(), tokens.len() * size);
    let (ends, places) = scratch.split_at_mut(vocabulary + 1);
    let places = &mut places[..tokens.len()];
    // The places of each token, in their order: a counting sort.
    ends.fill(0);
    tokens.iter().for_each(|&token| ends[token as usize + 1] += 1);
    (1..=vocabulary).for_each(|v| ends[v] += ends[v - 1]);
    for (place, &token) in tokens.iter().enumerate() {
        let next = &mut ends[token as usize];
        places[*next as usize] = place as u32;
        *next += 1;
    }
    // `ends[v]` is now where the places of v end, and those of v + 1 begin.
    let (ends, places) = (&*ends, &*places);
    par::chunks(d, size, dy.len() + d.len(), |v, d| {
        let from = if v == 0 { 0 } else { ends[v - 1] as usize };
        d.fill(0.0);
        for &place in &places[from..ends[v] as usize] {
            crate::gemm::add(d, &dy[place as usize * size..][..size]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_their_gradients_summed() {
        let table = [0.0, 1.0, 10.0, 11.0, 20.0, 21.0];
        let tokens = [2, 0, 2, 2];
        let mut y = [0.0; 8];
        lookup(&table, 2, &tokens, &mut y);
        assert_eq!(y, [20.0, 21.0, 0.0, 1.0, 20.0, 21.0, 20.0, 21.0]);
        let dy = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let mut d = [9.0; 6];
        gradient(&tokens, &dy, 2, &mut d, &mut [7; 8]);
        assert_eq!(d, [3.0, 4.0, 0.0, 0.0, 13.0, 16.0]);
    }
}
