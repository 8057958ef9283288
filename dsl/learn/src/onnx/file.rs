//! From nodes and constants to the bytes of a file.

use super::proto::{self, Attribute, Dimension, Entry, Opset, Size, element};
use crate::weights::About;
use dlm_check::program::Network;
use dlm_graph::onnx::{Attr, Element, Node, Onnx, Tensor};
use dlm_graph::{DType, Ty};
use dlm_vocab::data::Target;
use prost::Message;

/// The version of the format.
const FORMAT: i64 = 9;

/// The version of the operators.
const OPERATORS: i64 = 17;

/// The bytes of a file with these nodes, whose value `result` is the network's.
///
/// # Errors
/// When it would have 2 GiB or more.
pub(super) fn bytes(
    mut out: Onnx,
    network: &Network,
    result: &str,
    about: &About,
) -> Result<Vec<u8>, String> {
    let name = result_name(network, about);
    call_result(&mut out, result, &name);
    let info = |name: &str, ty: &Ty| proto::ValueInfo { name: name.to_string(), ty: Some(of(ty)) };
    let model = proto::Model {
        ir_version: FORMAT,
        producer_name: "dlm".to_string(),
        producer_version: about.dlm.clone(),
        opset_import: vec![Opset { domain: String::new(), version: OPERATORS }],
        metadata_props: metadata(about)?,
        graph: Some(proto::Graph {
            node: out.nodes.into_iter().map(node).collect(),
            name: about.model.clone(),
            initializer: out.constants.into_iter().map(tensor).collect(),
            input: network.inputs.iter().map(|(name, ty)| info(name, ty)).collect(),
            output: vec![info(&name, network.ty(network.output))],
            ..proto::Graph::default()
        }),
    };
    match model.encoded_len() {
        len if len < 1 << 31 => Ok(model.encode_to_vec()),
        len => Err(format!("{len} bytes are more than an ONNX file can hold, which is 2 GiB")),
    }
}

/// `logits` or `output`, behind which a line is put where an input bears that name.
fn result_name(network: &Network, about: &About) -> String {
    let mut name = match about.preprocess.target {
        Target::Classes(_) | Target::Sequence { .. } => "logits".to_string(),
        Target::None | Target::Values(_) => "output".to_string(),
    };
    while network.inputs.iter().any(|(input, _)| *input == name) {
        name.push('_');
    }
    name
}

/// Gives the network's result its name.
fn call_result(out: &mut Onnx, result: &str, name: &str) {
    if !out.nodes.iter().any(|node| node.outputs.iter().any(|value| value == result)) {
        // An input or a constant keeps its own.
        out.enter(name, None);
        let made = out.add("Identity", &[result], vec![]);
        return call_result(out, &made, name);
    }
    for node in &mut out.nodes {
        for value in node.inputs.iter_mut().chain(&mut node.outputs) {
            if value == result {
                *value = name.to_string();
            }
        }
    }
}

fn metadata(about: &About) -> Result<Vec<Entry>, String> {
    let json = |e: serde_json::Error| e.to_string();
    let preprocess = serde_json::to_string(&about.preprocess).map_err(json)?;
    let mut all = vec![
        ("artifact", about.artifact.clone()),
        ("model", about.model.clone()),
        ("seed", about.seed.to_string()),
        ("preprocess", preprocess),
    ];
    match &about.preprocess.target {
        Target::Classes(names) | Target::Sequence { classes: names, .. } => {
            all.push(("classes", serde_json::to_string(names).map_err(json)?))
        }
        Target::Values(names) => all.push(("values", serde_json::to_string(names).map_err(json)?)),
        Target::None => {}
    }
    Ok(all.into_iter().map(|(key, value)| Entry { key: key.to_string(), value }).collect())
}

fn of(ty: &Ty) -> proto::Type {
    let elem_type = match ty.dtype {
        DType::F32 => element::FLOAT,
        DType::I32 => element::INT64,
        DType::U8 => element::UINT8,
        DType::I8 => element::INT8,
    };
    let batch = ty.batched.then(|| Size::Name("batch".to_string()));
    let sizes = ty.shape.sizes().iter().map(|&size| Size::Value(size as i64));
    let dim = batch.into_iter().chain(sizes).map(|size| Dimension { size: Some(size) }).collect();
    let shape = Some(proto::TensorShape { dim });
    proto::Type { tensor: Some(proto::TensorType { elem_type, shape }) }
}

fn node(node: Node) -> proto::Node {
    proto::Node {
        input: node.inputs,
        output: node.outputs,
        name: node.name,
        op_type: node.op.to_string(),
        domain: node.domain.to_string(),
        attribute: node.attrs.into_iter().map(attribute).collect(),
    }
}

fn attribute((name, value): (&'static str, Attr)) -> Attribute {
    let plain = Attribute { name: name.to_string(), ..Attribute::default() };
    match value {
        Attr::Int(i) => Attribute { i: Some(i), kind: Attribute::INT, ..plain },
        Attr::Ints(ints) => Attribute { ints, kind: Attribute::INTS, ..plain },
        Attr::Float(f) => Attribute { f: Some(f), kind: Attribute::FLOAT, ..plain },
        Attr::Text(text) => {
            Attribute { s: Some(text.as_bytes().to_vec()), kind: Attribute::STRING, ..plain }
        }
    }
}

fn tensor(tensor: Tensor) -> proto::Tensor {
    let data_type = match tensor.element {
        Element::F32 => element::FLOAT,
        Element::U8 => element::UINT8,
        Element::I32 => element::INT32,
        Element::I64 => element::INT64,
    };
    let dims = tensor.dims.into_iter().map(|size| size as i64).collect();
    let raw_data = Some(tensor.bytes.into());
    proto::Tensor { dims, data_type, name: tensor.name, raw_data, ..proto::Tensor::default() }
}
