//! Kernels on 8-bit codes: products summed in 32 bits, exact on every CPU, and what stands around them.
//!
//! A code `q` in 0..=255 stands for `(q − zero) · scale` of its [`Grid`]; weights have codes in
//! −127..=127 without a zero point. All formulas are those of ONNX Runtime's integer kernels, to the
//! bit: `f32` throughout, each operation rounded once, ties to even.

mod depthwise;
mod elementwise;
mod frame;
mod grid;
mod lanes;
mod pack;
mod pool;
mod product;
mod tile;
mod train;
mod weights;

pub use elementwise::{add, broadcast_add, broadcast_mul, mul, recode, table};
pub use grid::{Grid, dequantize, extent, quantize, recover};
pub use pack::{pack, packed_len};
pub use pool::{avg_pool, global_avg_pool, global_max_pool, max_pool};
pub use product::{Out, Product, product, product_scratch};
pub use train::{mask, mask_in_place, requantize_train, round_train, sums_extent};
pub use weights::{multipliers, round_bias, round_weights};

#[cfg(test)]
mod reference;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;
