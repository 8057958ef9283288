//! Export to ONNX: a network with its weights as the bytes of a file.
//!
//! The operators are those of version 17, the format that of version 9. Inputs bear their names in the
//! model; the result is called `logits` where the data has classes, `output` elsewhere. The batch is
//! the first axis of all of them, of any size. What is needed to use the file on new data stands in its
//! metadata, each a text: `artifact`, `model`, `seed`, `preprocess` ([`crate::data::Preprocess`] as
//! JSON), and `classes` or `values`, the names of what the result holds, as a list in JSON.

mod file;
pub(crate) mod proto;
mod quantized;

pub use quantized::quantized_model;

use crate::weights::{About, Weights};
use dlm_check::lower::from_memory;
use dlm_check::program::{Flow, NetLayer, Network};
use dlm_graph::onnx::{Element, Onnx};

/// The bytes of an ONNX file that computes in float what the network answers with these weights.
///
/// # Errors
/// When a weight is missing, or the file would have 2 GiB or more, which the format does not allow.
pub fn float_model(network: &Network, weights: &Weights, about: &About) -> Result<Vec<u8>, String> {
    let mut out = Onnx::default();
    let mut made: Vec<String> = Vec::with_capacity(network.layers.len());
    for layer in &network.layers {
        out.enter(&layer.path, None);
        let value = |&flow: &Flow| (name_of(network, &made, flow), network.ty(flow).clone());
        let flows: Vec<_> = layer.inputs.iter().map(value).collect();
        let owned = constants(&mut out, layer, weights)?;
        made.push(layer.layer.onnx(&mut out, &flows, &owned));
    }
    let result = name_of(network, &made, network.output);
    file::bytes(out, network, &result, about)
}

/// The name of a value.
fn name_of(network: &Network, made: &[String], flow: Flow) -> String {
    match flow {
        Flow::Input(i) => network.inputs[i].0.clone(),
        Flow::Layer(i) => made[i].clone(),
    }
}

/// Adds the weights of a layer, and returns their names.
fn constants(out: &mut Onnx, layer: &NetLayer, weights: &Weights) -> Result<Vec<String>, String> {
    let each = layer.takes().map(|(name, weight)| {
        let numbers = weights.0.get(&name).ok_or_else(|| format!("there is no weight `{name}`"))?;
        let numbers = from_memory(numbers, &weight.shape, &weight.order);
        Ok(floats(out, name, weight.shape.sizes(), &numbers))
    });
    each.collect()
}

/// Adds a constant of floats, and returns its name.
fn floats(out: &mut Onnx, name: String, dims: &[usize], numbers: &[f32]) -> String {
    let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    out.constant(name, Element::F32, dims, bytes)
}
