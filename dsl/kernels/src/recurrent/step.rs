//! What happens to one sample in one moment.

use crate::math::{sigmoid, tanh};

/// The numbers of `N` gates, `n` of each. That loops over `n` stay inside is then known, without which
/// they would not be vectorised.
#[inline(always)]
fn split<const N: usize>(all: &[f32], n: usize) -> [&[f32]; N] {
    std::array::from_fn(|i| &all[i * n..][..n])
}

/// The same to write.
#[inline(always)]
fn split_mut<const N: usize>(mut all: &mut [f32], n: usize) -> [&mut [f32]; N] {
    std::array::from_fn(|_| {
        let (own, rest) = std::mem::take(&mut all).split_at_mut(n);
        all = rest;
        &mut own[..n]
    })
}

crate::simd! {
    /// A step of an LSTM: `i, f, o = σ(…)`, `g = tanh(…)`, `c = f · c + i · g`, `h = o · tanh(c)`.
    /// Keeps i, f, g, o and c.
    pub(super) fn lstm(
        x: &[f32],
        pre: &[f32],
        bias: &[f32],
        kept: &mut [f32],
        memory: &mut [f32],
        state: &mut [f32],
    ) {
        let n = state.len();
        let ([xi, xf, xg, xo], [hi, hf, hg, ho]) = (split::<4>(x, n), split::<4>(pre, n));
        let [bi, bf, bg, bo] = split::<4>(bias, n);
        let [ki, kf, kg, ko, kc] = split_mut::<5>(kept, n);
        let memory = &mut memory[..n];
        for u in 0..n {
            let i = sigmoid(xi[u] + hi[u] + bi[u]);
            let f = sigmoid(xf[u] + hf[u] + bf[u]);
            let g = tanh(xg[u] + hg[u] + bg[u]);
            let o = sigmoid(xo[u] + ho[u] + bo[u]);
            let c = f * memory[u] + i * g;
            (ki[u], kf[u], kg[u], ko[u], kc[u]) = (i, f, g, o, c);
            memory[u] = c;
            state[u] = o * tanh(c);
        }
    }
}

crate::simd! {
    /// The gradients of a step of an LSTM. `state` and `memory` hold those of h and c at first; then
    /// `memory` that of c before, and `state` nothing: its gradient is the product that follows.
    pub(super) fn lstm_back(
        kept: &[f32],
        before: Option<&[f32]>,
        dx: &mut [f32],
        memory: &mut [f32],
        state: &mut [f32],
    ) {
        let n = state.len();
        let [ki, kf, kg, ko, kc] = split::<5>(kept, n);
        let [di, df, dg, d_o] = split_mut::<4>(dx, n);
        let memory = &mut memory[..n];
        for u in 0..n {
            let (i, f, g, o, c) = (ki[u], kf[u], kg[u], ko[u], tanh(kc[u]));
            let dh = state[u];
            let dc = memory[u] + dh * o * (1.0 - c * c);
            di[u] = dc * g * i * (1.0 - i);
            df[u] = dc * f * (1.0 - f);
            dg[u] = dc * i * (1.0 - g * g);
            d_o[u] = dh * c * o * (1.0 - o);
            memory[u] = dc * f;
            state[u] = 0.0;
        }
        match before {
            Some(c) => df.iter_mut().zip(c).for_each(|(df, c)| *df *= c),
            None => df.fill(0.0),
        }
    }
}

crate::simd! {
    /// A step of a GRU: `r, z = σ(…)`, `n = tanh(x + r · (h · W + b))`, `h = (1 − z) · n + z · h`. Keeps
    /// r, z, n and the sum in parentheses.
    pub(super) fn gru(x: &[f32], pre: &[f32], bias: &[f32], kept: &mut [f32], state: &mut [f32]) {
        let units = state.len();
        let ([xr, xz, xn], [hr, hz, hn]) = (split::<3>(x, units), split::<3>(pre, units));
        let [br, bz, bn] = split::<3>(bias, units);
        let [kr, kz, kn, kh] = split_mut::<4>(kept, units);
        for u in 0..units {
            let r = sigmoid(xr[u] + hr[u] + br[u]);
            let z = sigmoid(xz[u] + hz[u] + bz[u]);
            let inner = hn[u] + bn[u];
            let n = tanh(xn[u] + r * inner);
            (kr[u], kz[u], kn[u], kh[u]) = (r, z, n, inner);
            state[u] = (1.0 - z) * n + z * state[u];
        }
    }
}

crate::simd! {
    /// The gradients of a step of a GRU, of the products of the input and of the state. `state` holds
    /// that of h at first; then the part of the one before to which the product that follows is added.
    pub(super) fn gru_back(
        kept: &[f32],
        before: Option<&[f32]>,
        dx: &mut [f32],
        dh: &mut [f32],
        state: &mut [f32],
    ) {
        let units = state.len();
        let [kr, kz, kn, kh] = split::<4>(kept, units);
        let ([xr, xz, xn], [hr, hz, hn]) = (split_mut::<3>(dx, units), split_mut::<3>(dh, units));
        match before {
            Some(before) => hz.copy_from_slice(&before[..units]),
            None => hz.fill(0.0),
        }
        for u in 0..units {
            let (r, z, n, d) = (kr[u], kz[u], kn[u], state[u]);
            let dn = d * (1.0 - z) * (1.0 - n * n);
            let dz = d * (hz[u] - n) * z * (1.0 - z);
            let dr = dn * kh[u] * r * (1.0 - r);
            (xr[u], xz[u], xn[u]) = (dr, dz, dn);
            (hr[u], hz[u], hn[u]) = (dr, dz, dn * r);
            state[u] = d * z;
        }
    }
}
