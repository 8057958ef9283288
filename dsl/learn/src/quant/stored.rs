//! A quantized network as it is stored, run and exported.

use dlm_check::quant::Per;
use dlm_kernels::int8::Grid;
use std::collections::BTreeMap;

/// A quantized network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantized {
    /// For each unit of the scheme the weights of its product; `None` where it has none.
    pub units: Vec<Option<Stored>>,
    /// The grid of each point of the scheme.
    pub grids: Vec<Grid>,
    /// The weights of the layers that are no product, by name, in the order of the axes of files.
    pub floats: BTreeMap<String, Vec<f32>>,
}

/// The weights of a product, normalisation folded in.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// What multiplies.
    pub weight: Codes,
    /// What is added; `None` where neither the layer nor a folded normalisation adds.
    pub bias: Option<Bias>,
}

/// The numbers of a weight, in the order of the axes of files: output channels first.
#[derive(Clone, Debug, PartialEq)]
pub enum Codes {
    /// As trained.
    Float(Vec<f32>),
    /// The bits of half precision.
    Half(Vec<u16>),
    /// Whole numbers that stand for `(code − zero) · scale`.
    Int {
        /// 8 or 4.
        bits: u8,
        /// The numbers.
        codes: Vec<i8>,
        /// One; one for each output channel; or one for each group of each channel, those of
        /// the first channel before those of the second.
        scales: Vec<f32>,
        /// The code of 0 for each scale.
        zeros: Vec<i8>,
        /// What shares a scale.
        per: Per,
    },
}

/// A bias.
#[derive(Clone, Debug, PartialEq)]
pub enum Bias {
    /// In units of `f32(scale of the input · scale of the channel's weights)`.
    Int(Vec<i32>),
    /// As trained.
    Float(Vec<f32>),
}
