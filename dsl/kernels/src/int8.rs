//! Products and elementwise steps on 8-bit codes.

/// The numbers that 8-bit codes stand for: `(q − zero) · scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// The distance between neighbours.
    pub scale: f32,
    /// The code of 0.
    pub zero: u8,
}

/// A product with weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Product {
    /// Along the last axis.
    Dense {
        /// Inputs summed for one output.
        features: usize,
        /// Outputs.
        units: usize,
    },
    /// Over feature maps.
    Conv(crate::conv::Conv),
}

#[allow(missing_docs)]
impl Grid {
    pub fn of(lo: f32, hi: f32) -> Grid {
        let _ = (lo, hi);
        Grid { scale: 1.0, zero: 0 }
    }
    pub fn symmetric(lo: f32, hi: f32) -> Grid {
        let _ = (lo, hi);
        Grid { scale: 1.0, zero: 0 }
    }
    pub fn code(self, x: f32) -> u8 {
        x as u8
    }
    pub fn value(self, q: u8) -> f32 {
        f32::from(q)
    }
}
#[allow(missing_docs)]
impl Product {
    pub fn inputs(&self) -> usize {
        0
    }
    pub fn outputs(&self) -> usize {
        0
    }
    pub fn channels(&self) -> usize {
        0
    }
    pub fn weights(&self) -> usize {
        0
    }
    pub fn macs(&self) -> usize {
        0
    }
}
#[allow(missing_docs)]
pub enum Out<'a> {
    Codes { y: &'a mut [u8], mult: &'a [f32], zero: u8 },
    Floats { y: &'a mut [f32], mult: &'a [f32], bias: Option<&'a [f32]> },
    Sums { y: &'a mut [i32] },
}
macro_rules! stub { ($($name:ident($($a:ident: $t:ty),*) $(-> $r:ty)?;)*) => { $(#[allow(missing_docs, unused_variables, clippy::too_many_arguments)] pub fn $name($($a: $t),*) $(-> $r)? { unimplemented!() })* } }
stub! {
    quantize(x: &[f32], grid: Grid, y: &mut [u8]);
    dequantize(x: &[u8], grid: Grid, y: &mut [f32]);
    recover(x: &[f32], grid: Grid, y: &mut [u8]);
    extent(x: &[f32]) -> (f32, f32);
    packed_len(p: &Product) -> usize;
    pack(p: &Product, codes: &[i8], out: &mut [u8]);
    product_scratch(p: &Product, batch: usize) -> usize;
    product(p: &Product, batch: usize, x: &[u8], zero_x: u8, packed: &[u8], bias: &[i32], out: Out<'_>, scratch: &mut [u8]);
    multipliers(sx: f32, sw: &[f32], sy: f32, out: &mut [f32]);
    round_weights(w: &[f32], channels: usize, most: i8, scales: &mut [f32], codes: &mut [i8]);
    round_bias(b: &[f32], sx: f32, sw: &[f32], out: &mut [i32]);
    sums_extent(sums: &[i32], scale: &[f32]) -> (f32, f32);
    requantize_train(sums: &[i32], mult: &[f32], grid: Grid, relu: bool, y: &mut [f32], pass: &mut [u8]);
    mask(dy: &[f32], pass: &[u8], dz: &mut [f32]);
    add(a: &[u8], ga: Grid, b: &[u8], gb: Grid, gy: Grid, y: &mut [u8]);
    mul(a: &[u8], ga: Grid, b: &[u8], gb: Grid, gy: Grid, y: &mut [u8]);
    recode(x: &[u8], gx: Grid, gy: Grid, y: &mut [u8]);
    table(x: &[u8], t: &[u8; 256], y: &mut [u8]);
    max_pool(p: &crate::pool::Pool, batch: usize, x: &[u8], y: &mut [u8]);
    avg_pool(p: &crate::pool::Pool, batch: usize, x: &[u8], gx: Grid, gy: Grid, y: &mut [u8]);
}
