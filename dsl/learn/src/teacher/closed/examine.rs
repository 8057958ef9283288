//! What an ONNX file says of itself, checked before the runtime sees it: the runtime trusts the sizes
//! that it reads.

use super::{Batch, Ending};
use crate::onnx::proto::{Attribute, Graph, Model, Node, Size, Tensor, ValueInfo, element};
use dlm_base::Shape;
use prost::Message;
use prost::bytes::Bytes;
use std::collections::HashMap;

/// The most numbers that an array may have whose size the file gives outright: 512 MiB of floats.
const MOST: usize = 1 << 27;

/// The largest kernel, stride, dilation or padding, and the largest factor of an enlargement.
const WIDEST: i64 = 1 << 16;

/// What is known of a model without running it.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    /// The name of the input.
    pub(super) name: String,
    /// The batch of the input.
    pub(super) batch: Batch,
    /// The sizes of one sample; `None` where the file leaves one open.
    pub(super) sample: Vec<Option<usize>>,
    /// What the graph ends with.
    pub(super) ending: Ending,
}

/// Reads and checks a file.
///
/// # Errors
/// When it is not a whole ONNX model of one input of floats and one result, when weights are not in it,
/// or have other sizes than it says, or when it asks for arrays that no teacher needs.
pub(super) fn examine(bytes: &[u8]) -> Result<Header, String> {
    let damaged = "it is not an ONNX model, or the file is cut short";
    let model =
        Model::decode(Bytes::copy_from_slice(bytes)).map_err(|e| format!("{damaged} ({e})"))?;
    let graph = model.graph.ok_or(damaged)?;
    if !model.opset_import.iter().any(|set| set.domain.is_empty() || set.domain == "ai.onnx") {
        return Err(format!("{damaged}: it names no version of the operators"));
    }
    check(&graph)?;
    let stored = |value: &&ValueInfo| graph.initializer.iter().all(|w| w.name != value.name);
    let inputs: Vec<&ValueInfo> = graph.input.iter().filter(stored).collect();
    let [input] = inputs[..] else { return Err(not_one("input", &inputs)) };
    let outputs: Vec<&ValueInfo> = graph.output.iter().collect();
    let [output] = outputs[..] else { return Err(not_one("result", &outputs)) };
    let (batch, sample) = sizes(input)?;
    let ending = ending(&graph, &output.name);
    Ok(Header { name: input.name.clone(), batch, sample, ending })
}

/// The complaint about too many or no inputs or results.
fn not_one(what: &str, values: &[&ValueInfo]) -> String {
    let names: Vec<&str> = values.iter().take(3).map(|value| value.name.as_str()).collect();
    let more = if values.len() > 3 { ", …" } else { "" };
    match values.len() {
        0 => format!("it has no {what}"),
        n => format!("it has {n} {what}s ({}{more}); a teacher has one", names.join(", ")),
    }
}

/// The batch and the sizes of one sample of an input.
fn sizes(input: &ValueInfo) -> Result<(Batch, Vec<Option<usize>>), String> {
    let name = &input.name;
    let tensor = input.ty.as_ref().and_then(|ty| ty.tensor.as_ref());
    let tensor = tensor.ok_or_else(|| format!("its input `{name}` is not an array"))?;
    if !matches!(tensor.elem_type, element::FLOAT | element::FLOAT16 | element::DOUBLE) {
        return Err(format!("its input `{name}` does not take floats"));
    }
    let axes = tensor.shape.as_ref().map_or(&[][..], |shape| &shape.dim);
    let mut all = Vec::with_capacity(axes.len());
    for axis in axes {
        all.push(match axis.size {
            Some(Size::Value(size)) if size > 0 => Some(size as usize),
            // Old exporters write 0 or -1 for a size that is free.
            _ => None,
        });
    }
    let [first, sample @ ..] = &all[..] else {
        return Err(format!("the file does not say what shape its input `{name}` has"));
    };
    if sample.is_empty() {
        return Err(format!("its input `{name}` has one axis; the first counts the samples"));
    }
    let known = all.iter().flatten().try_fold(1usize, |n, &size| n.checked_mul(size));
    if known.is_none_or(|n| n > MOST) {
        let shape = Shape(all.iter().map(|size| size.unwrap_or(1)).collect());
        return Err(format!("its input `{name}` is {shape}, which is too large"));
    }
    let batch = first.map_or(Batch::Free, Batch::Fixed);
    Ok((batch, sample.to_vec()))
}

/// What the value of that name is, seen through steps that only rearrange it.
fn ending(graph: &Graph, name: &str) -> Ending {
    let mut name = name;
    let made = |name: &str| {
        graph.node.iter().find(|node| node.output.first().is_some_and(|made| made == name))
    };
    for _ in 0..graph.node.len() {
        let Some(node) = made(name) else { break };
        let before = node.input.first().map(String::as_str);
        match (node.op_type.as_str(), before) {
            ("Softmax", _) => return Ending::Probabilities,
            ("LogSoftmax", _) => return Ending::LogProbabilities,
            ("Sigmoid", _) => return Ending::Sigmoid,
            ("Log", Some(before)) if ending(graph, before) == Ending::Probabilities => {
                return Ending::LogProbabilities;
            }
            (
                "Identity" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Cast" | "Dropout",
                Some(before),
            ) => name = before,
            _ => break,
        }
    }
    Ending::Logits
}

/// Checks the constants and operators of a graph and of the bodies inside it.
fn check(graph: &Graph) -> Result<(), String> {
    if !graph.sparse_initializer.is_empty() {
        return Err("it has sparse weights, which are not read".to_string());
    }
    let mut constants: HashMap<&str, &Tensor> = HashMap::new();
    for tensor in &graph.initializer {
        check_tensor(tensor, &tensor.name)?;
        constants.insert(&tensor.name, tensor);
    }
    for node in &graph.node {
        let place = node.output.first().map_or("", String::as_str);
        for attribute in &node.attribute {
            for tensor in attribute.t.iter().chain(&attribute.tensors) {
                check_tensor(tensor, place)?;
            }
            for body in attribute.g.iter().chain(&attribute.graphs) {
                check(body)?;
            }
            check_attribute(node, attribute)?;
            if let (true, Some(tensor)) = (node.op_type == "Constant", &attribute.t) {
                constants.insert(place, tensor);
            }
        }
        check_node(node, &constants)?;
    }
    Ok(())
}

/// Whether all numbers of a constant are in the file, and no more.
fn check_tensor(tensor: &Tensor, name: &str) -> Result<(), String> {
    let entry = |key: &str| tensor.external_data.iter().find(|entry| entry.key == key);
    if tensor.data_location == 1 || !tensor.external_data.is_empty() {
        let file = entry("location").map_or("another file", |entry| entry.value.as_str());
        return Err(format!(
            "the numbers of `{name}` lie in `{file}`; export the model as one file \
             (`external_data=False` in torch.onnx.export)"
        ));
    }
    let shape: Option<Vec<usize>> = tensor.dims.iter().map(|&size| size.try_into().ok()).collect();
    let shape = shape.ok_or_else(|| format!("`{name}` has a negative size"))?;
    let promised = shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size));
    let (size, listed) = match tensor.data_type {
        element::FLOAT => (4, tensor.float_data.len()),
        element::UINT8 | element::INT8 | element::BOOL => (1, tensor.int32_data.len()),
        element::INT32 => (4, tensor.int32_data.len()),
        element::INT64 => (8, tensor.int64_data.len()),
        element::FLOAT16 => (2, tensor.int32_data.len()),
        element::DOUBLE => (8, tensor.double_data.len()),
        other => {
            return Err(format!("`{name}` holds numbers of a kind that is not read ({other})"));
        }
    };
    let present = match &tensor.raw_data {
        Some(raw) if raw.len() % size == 0 => Some(raw.len() / size),
        Some(_) => None,
        None => Some(listed),
    };
    match promised.is_some() && present == promised {
        true => Ok(()),
        false => {
            let bytes = tensor.raw_data.as_ref().map_or(size * listed, Bytes::len);
            Err(format!("`{name}` is {} and has {bytes} bytes of numbers", Shape(shape)))
        }
    }
}

/// Whether a window is of a size that occurs.
fn check_attribute(node: &Node, attribute: &Attribute) -> Result<(), String> {
    let windows =
        ["kernel_shape", "strides", "dilations", "pads", "output_padding", "output_shape"];
    let wide = attribute.ints.iter().find(|size| size.unsigned_abs() > WIDEST as u64);
    match wide.filter(|_| windows.contains(&attribute.name.as_str())) {
        Some(size) => {
            Err(format!("the operator `{}` has {} = {size}", node.op_type, attribute.name))
        }
        None => Ok(()),
    }
}

/// Whether an operator ends, and what it makes is of a size that occurs, as far as the file tells.
fn check_node(node: &Node, constants: &HashMap<&str, &Tensor>) -> Result<(), String> {
    let numbers = |input: usize| {
        let name = node.input.get(input)?;
        numbers(constants.get(name.as_str())?)
    };
    let op = node.op_type.as_str();
    let (sizes, most) = match op {
        "Loop" | "Scan" => return Err(format!("the operator `{op}` cannot be run")),
        "ConstantOfShape" => (numbers(0), MOST),
        "Expand" | "Tile" | "OneHot" => (numbers(1), MOST),
        "Pad" => (numbers(1).map(|all| widest(&all)), WIDEST as usize),
        "Upsample" => (numbers(1), WIDEST as usize),
        "Resize" => match numbers(2).filter(|scales| !scales.is_empty()) {
            Some(scales) => (Some(scales), WIDEST as usize),
            None => (numbers(3), MOST),
        },
        "Range" => match (numbers(0), numbers(1), numbers(2)) {
            (Some(from), Some(to), Some(step)) => (count(&from, &to, &step), MOST),
            _ => (None, MOST),
        },
        _ => (None, MOST),
    };
    let Some(sizes) = sizes else { return Ok(()) };
    let product = sizes.iter().fold(1.0, |n, size| n * size.abs());
    match product <= most as f64 {
        true => Ok(()),
        false => {
            let sizes: Vec<String> = sizes.iter().take(8).map(f64::to_string).collect();
            let sizes = sizes.join(", ");
            Err(format!("the operator `{op}` asks for the sizes [{sizes}], which are too large"))
        }
    }
}

/// How many numbers a range has.
fn count(from: &[f64], to: &[f64], step: &[f64]) -> Option<Vec<f64>> {
    Some(vec![(to.first()? - from.first()?) / step.first()?])
}

/// The largest of some sizes.
fn widest(sizes: &[f64]) -> Vec<f64> {
    vec![sizes.iter().fold(0.0, |most, size| most.max(size.abs()))]
}

/// The numbers of a constant of floats or long whole numbers.
fn numbers(tensor: &Tensor) -> Option<Vec<f64>> {
    let raw = tensor.raw_data.as_deref();
    Some(match (tensor.data_type, raw) {
        (element::FLOAT, None) => tensor.float_data.iter().map(|&x| f64::from(x)).collect(),
        (element::INT64, None) => tensor.int64_data.iter().map(|&x| x as f64).collect(),
        (element::FLOAT, Some(raw)) => {
            let of = |b: &[u8]| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            raw.chunks_exact(4).map(of).collect()
        }
        (element::INT64, Some(raw)) => {
            let (all, _) = raw.as_chunks::<8>();
            all.iter().map(|&b| i64::from_le_bytes(b) as f64).collect()
        }
        _ => return None,
    })
}
