//! What is read of an ONNX file before the runtime sees it, after the public specification (`onnx.proto`).

use prost::bytes::Bytes;
use prost::{Message, Oneof};

/// A file.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Model {
    /// The network.
    #[prost(message, optional, tag = "7")]
    pub(super) graph: Option<Graph>,
    /// The versions of the operators.
    #[prost(message, repeated, tag = "8")]
    pub(super) opset_import: Vec<Opset>,
}

/// A version of a set of operators.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Opset {
    /// The set; the empty name stands for ONNX itself.
    #[prost(string, tag = "1")]
    pub(super) domain: String,
    /// The version.
    #[prost(int64, tag = "2")]
    pub(super) version: i64,
}

/// A network, or the body of an operator.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Graph {
    /// Its nodes, each after what it reads.
    #[prost(message, repeated, tag = "1")]
    pub(super) node: Vec<Node>,
    /// Its constants.
    #[prost(message, repeated, tag = "5")]
    pub(super) initializer: Vec<Tensor>,
    /// Its inputs; old files list the constants among them.
    #[prost(message, repeated, tag = "11")]
    pub(super) input: Vec<ValueInfo>,
    /// Its results.
    #[prost(message, repeated, tag = "12")]
    pub(super) output: Vec<ValueInfo>,
    /// Constants of which only some numbers are stored.
    #[prost(bytes = "bytes", repeated, tag = "15")]
    pub(super) sparse_initializer: Vec<Bytes>,
}

/// An operator on values.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    /// The values that it reads.
    #[prost(string, repeated, tag = "1")]
    pub(super) input: Vec<String>,
    /// The values that it makes.
    #[prost(string, repeated, tag = "2")]
    pub(super) output: Vec<String>,
    /// The operator.
    #[prost(string, tag = "4")]
    pub(super) op_type: String,
    /// Its attributes.
    #[prost(message, repeated, tag = "5")]
    pub(super) attribute: Vec<Attribute>,
}

/// An attribute.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Attribute {
    /// Its name.
    #[prost(string, tag = "1")]
    pub(super) name: String,
    /// A constant.
    #[prost(message, optional, tag = "5")]
    pub(super) t: Option<Tensor>,
    /// A body.
    #[prost(message, optional, tag = "6")]
    pub(super) g: Option<Graph>,
    /// Whole numbers.
    #[prost(int64, repeated, tag = "8")]
    pub(super) ints: Vec<i64>,
    /// Constants.
    #[prost(message, repeated, tag = "10")]
    pub(super) tensors: Vec<Tensor>,
    /// Bodies.
    #[prost(message, repeated, tag = "11")]
    pub(super) graphs: Vec<Graph>,
}

/// A constant: its numbers lie in `raw_data`, in the list of their kind, or in another file.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    /// Its sizes.
    #[prost(int64, repeated, tag = "1")]
    pub(super) dims: Vec<i64>,
    /// What its numbers are.
    #[prost(int32, tag = "2")]
    pub(super) data_type: i32,
    /// Floats.
    #[prost(float, repeated, tag = "4")]
    pub(super) float_data: Vec<f32>,
    /// Whole numbers of up to 32 bits, and floats of 16.
    #[prost(int32, repeated, tag = "5")]
    pub(super) int32_data: Vec<i32>,
    /// Texts.
    #[prost(bytes = "bytes", repeated, tag = "6")]
    pub(super) string_data: Vec<Bytes>,
    /// Whole numbers of 64 bits.
    #[prost(int64, repeated, tag = "7")]
    pub(super) int64_data: Vec<i64>,
    /// Its name.
    #[prost(string, tag = "8")]
    pub(super) name: String,
    /// Its numbers, row-major, little-endian.
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub(super) raw_data: Option<Bytes>,
    /// Floats of 64 bits.
    #[prost(double, repeated, tag = "10")]
    pub(super) double_data: Vec<f64>,
    /// Whole numbers without sign.
    #[prost(uint64, repeated, tag = "11")]
    pub(super) uint64_data: Vec<u64>,
    /// Where its numbers lie, if in another file.
    #[prost(message, repeated, tag = "13")]
    pub(super) external_data: Vec<Entry>,
    /// 1 where they lie in another file.
    #[prost(int32, tag = "14")]
    pub(super) data_location: i32,
}

/// A text with its key.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Entry {
    /// The key.
    #[prost(string, tag = "1")]
    pub(super) key: String,
    /// The text.
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

/// What numbers are: the values of `data_type` and `elem_type`.
pub(super) mod element {
    /// 32-bit floats.
    pub(in super::super) const FLOAT: i32 = 1;
    /// Whole numbers from 0 to 255.
    pub(in super::super) const UINT8: i32 = 2;
    /// Whole numbers from −128 to 127.
    pub(in super::super) const INT8: i32 = 3;
    /// 32-bit whole numbers.
    pub(in super::super) const INT32: i32 = 6;
    /// 64-bit whole numbers.
    pub(in super::super) const INT64: i32 = 7;
    /// Yes or no.
    pub(in super::super) const BOOL: i32 = 9;
    /// 16-bit floats.
    pub(in super::super) const FLOAT16: i32 = 10;
    /// 64-bit floats.
    pub(in super::super) const DOUBLE: i32 = 11;
}

/// A value with its type.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ValueInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub(super) name: String,
    /// Its type.
    #[prost(message, optional, tag = "2")]
    pub(super) ty: Option<Type>,
}

/// A type; of the kinds that there are, a tensor's.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Type {
    /// A tensor.
    #[prost(message, optional, tag = "1")]
    pub(super) tensor: Option<TensorType>,
}

/// The type of a tensor.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorType {
    /// What its numbers are.
    #[prost(int32, tag = "1")]
    pub(super) elem_type: i32,
    /// Its sizes.
    #[prost(message, optional, tag = "2")]
    pub(super) shape: Option<TensorShape>,
}

/// The sizes of a tensor.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorShape {
    /// One for each axis.
    #[prost(message, repeated, tag = "1")]
    pub(super) dim: Vec<Dimension>,
}

/// A size.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Dimension {
    /// Known or named.
    #[prost(oneof = "Size", tags = "1, 2")]
    pub(super) size: Option<Size>,
}

/// A size that is known, or a name for one that is not.
#[derive(Clone, PartialEq, Eq, Oneof)]
pub(super) enum Size {
    /// Known.
    #[prost(int64, tag = "1")]
    Value(i64),
    /// Named.
    #[prost(string, tag = "2")]
    Name(String),
}
