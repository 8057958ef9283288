//! A closed network as other software would write it: an ONNX file of two dense layers.

use super::{LARGE_AND_SMALL, floats, put, tensors};
use crate::support::run;
use dlm_learn::Options;

/// The training of the network that [`closed`] closes.
pub(super) const OPEN: &str = r#"
model Dense(image: [1, 8, 8]) { image -> flatten -> dense(48) -> relu -> dense(10) }
train Dense on Digits as Open {
    optimizer = adam(lr = 3e-3)
    epochs    = 10
}
"#;

/// A file of that name with the network that [`OPEN`] gives.
pub(super) fn closed(name: &str) -> String {
    put(name, &bytes())
}

/// The network that [`OPEN`] gives.
pub(super) fn bytes() -> Vec<u8> {
    let options = Options { only: Some("Open".to_string()), ..Options::default() };
    let weights = tensors(&run(&format!("{LARGE_AND_SMALL}{OPEN}"), &options).0.saved["Open"]);
    let tensor = |name: &str, sizes: &[u64]| {
        let numbers = floats(&weights[name]);
        assert_eq!(numbers.len() as u64, sizes.iter().product::<u64>(), "{name}");
        let sizes: Vec<u8> = sizes.iter().flat_map(|&size| number(1, size)).collect();
        let numbers: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        let all = [sizes, number(2, 1), text(8, name), part(9, &numbers)];
        part(5, &all.concat())
    };
    let graph = [
        node("Flatten", &["x"], "row", ""),
        node("Gemm", &["row", "dense1.weight", "dense1.bias"], "sum", "transB"),
        node("Relu", &["sum"], "inner", ""),
        node("Gemm", &["inner", "dense2.weight", "dense2.bias"], "y", "transB"),
        text(2, "dense"),
        tensor("dense1.weight", &[48, 64]),
        tensor("dense1.bias", &[48]),
        tensor("dense2.weight", &[10, 48]),
        tensor("dense2.bias", &[10]),
        part(11, &value("x", &[None, Some(1), Some(8), Some(8)])),
        part(12, &value("y", &[None, Some(10)])),
    ];
    [number(1, 8), part(8, &number(2, 13)), part(7, &graph.concat())].concat()
}

/// A node of the graph; its one attribute, if it has one, is 1.
fn node(operator: &str, inputs: &[&str], output: &str, attribute: &str) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|name| text(1, name)).collect();
    let mut all = [inputs, text(2, output), text(3, output), text(4, operator)].concat();
    if !attribute.is_empty() {
        let attribute = [text(1, attribute), number(3, 1), number(20, 2)].concat();
        all.extend(part(5, &attribute));
    }
    part(1, &all)
}

/// A value of floats; sizes that are not known are the batch.
fn value(name: &str, sizes: &[Option<u64>]) -> Vec<u8> {
    let size = |size: &Option<u64>| match size {
        Some(size) => part(1, &number(1, *size)),
        None => part(1, &text(2, "batch")),
    };
    let sizes: Vec<u8> = sizes.iter().flat_map(size).collect();
    let tensor = [number(1, 1), part(2, &sizes)].concat();
    [text(1, name), part(2, &part(1, &tensor))].concat()
}

/// A field with a whole number.
fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn text(field: u64, value: &str) -> Vec<u8> {
    part(field, value.as_bytes())
}

/// A field with bytes, or with fields.
pub(super) fn part(field: u64, value: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

/// Seven bits a byte, the lowest first.
pub(super) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
