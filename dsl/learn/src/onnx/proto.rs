//! The messages of an ONNX file, as far as dlm writes or reads them, after the public specification
//! (`onnx.proto`).

use prost::bytes::Bytes;
use prost::{Message, Oneof};

/// A file.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Model {
    /// The version of the format.
    #[prost(int64, tag = "1")]
    pub(crate) ir_version: i64,
    /// The program that wrote it.
    #[prost(string, tag = "2")]
    pub(crate) producer_name: String,
    /// Its version.
    #[prost(string, tag = "3")]
    pub(crate) producer_version: String,
    /// The network.
    #[prost(message, optional, tag = "7")]
    pub(crate) graph: Option<Graph>,
    /// The versions of the operators.
    #[prost(message, repeated, tag = "8")]
    pub(crate) opset_import: Vec<Opset>,
    /// What else is known.
    #[prost(message, repeated, tag = "14")]
    pub(crate) metadata_props: Vec<Entry>,
}

/// A version of a set of operators.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Opset {
    /// The set; the empty name stands for ONNX itself.
    #[prost(string, tag = "1")]
    pub(crate) domain: String,
    /// The version.
    #[prost(int64, tag = "2")]
    pub(crate) version: i64,
}

/// A network, or the body of an operator.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Graph {
    /// Its nodes, each after what it reads.
    #[prost(message, repeated, tag = "1")]
    pub(crate) node: Vec<Node>,
    /// Its name.
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    /// Its constants.
    #[prost(message, repeated, tag = "5")]
    pub(crate) initializer: Vec<Tensor>,
    /// Its inputs; old files list the constants among them.
    #[prost(message, repeated, tag = "11")]
    pub(crate) input: Vec<ValueInfo>,
    /// Its results.
    #[prost(message, repeated, tag = "12")]
    pub(crate) output: Vec<ValueInfo>,
    /// Constants of which only some numbers are stored.
    #[prost(bytes = "bytes", repeated, tag = "15")]
    pub(crate) sparse_initializer: Vec<Bytes>,
}

/// An operator on values.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Node {
    /// The values that it reads.
    #[prost(string, repeated, tag = "1")]
    pub(crate) input: Vec<String>,
    /// The values that it makes.
    #[prost(string, repeated, tag = "2")]
    pub(crate) output: Vec<String>,
    /// Its name.
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    /// The operator.
    #[prost(string, tag = "4")]
    pub(crate) op_type: String,
    /// Its attributes.
    #[prost(message, repeated, tag = "5")]
    pub(crate) attribute: Vec<Attribute>,
    /// The set of operators that it belongs to.
    #[prost(string, tag = "7")]
    pub(crate) domain: String,
}

/// An attribute.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Attribute {
    /// Its name.
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    /// A float.
    #[prost(float, optional, tag = "2")]
    pub(crate) f: Option<f32>,
    /// A whole number.
    #[prost(int64, optional, tag = "3")]
    pub(crate) i: Option<i64>,
    /// A text.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub(crate) s: Option<Vec<u8>>,
    /// A constant.
    #[prost(message, optional, tag = "5")]
    pub(crate) t: Option<Tensor>,
    /// A body.
    #[prost(message, optional, tag = "6")]
    pub(crate) g: Option<Graph>,
    /// Whole numbers.
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub(crate) ints: Vec<i64>,
    /// Constants.
    #[prost(message, repeated, tag = "10")]
    pub(crate) tensors: Vec<Tensor>,
    /// Bodies.
    #[prost(message, repeated, tag = "11")]
    pub(crate) graphs: Vec<Graph>,
    /// Which of them.
    #[prost(int32, tag = "20")]
    pub(crate) kind: i32,
}

impl Attribute {
    /// `kind` of a float.
    pub(crate) const FLOAT: i32 = 1;
    /// `kind` of a whole number.
    pub(crate) const INT: i32 = 2;
    /// `kind` of a text.
    pub(crate) const STRING: i32 = 3;
    /// `kind` of whole numbers.
    pub(crate) const INTS: i32 = 7;
}

/// A constant: its numbers lie in `raw_data`, in the list of their kind, or in another file.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Tensor {
    /// Its sizes.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub(crate) dims: Vec<i64>,
    /// What its numbers are.
    #[prost(int32, tag = "2")]
    pub(crate) data_type: i32,
    /// Floats.
    #[prost(float, repeated, tag = "4")]
    pub(crate) float_data: Vec<f32>,
    /// Whole numbers of up to 32 bits, and floats of 16.
    #[prost(int32, repeated, tag = "5")]
    pub(crate) int32_data: Vec<i32>,
    /// Texts.
    #[prost(bytes = "bytes", repeated, tag = "6")]
    pub(crate) string_data: Vec<Bytes>,
    /// Whole numbers of 64 bits.
    #[prost(int64, repeated, tag = "7")]
    pub(crate) int64_data: Vec<i64>,
    /// Its name.
    #[prost(string, tag = "8")]
    pub(crate) name: String,
    /// Its numbers, row-major, little-endian.
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub(crate) raw_data: Option<Bytes>,
    /// Floats of 64 bits.
    #[prost(double, repeated, tag = "10")]
    pub(crate) double_data: Vec<f64>,
    /// Whole numbers without sign.
    #[prost(uint64, repeated, tag = "11")]
    pub(crate) uint64_data: Vec<u64>,
    /// Where its numbers lie, if in another file.
    #[prost(message, repeated, tag = "13")]
    pub(crate) external_data: Vec<Entry>,
    /// 1 where they lie in another file.
    #[prost(int32, tag = "14")]
    pub(crate) data_location: i32,
}

/// A text with its key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Entry {
    /// The key.
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    /// The text.
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

/// What numbers are: the values of `data_type` and `elem_type`.
pub(crate) mod element {
    /// 32-bit floats.
    pub(crate) const FLOAT: i32 = 1;
    /// Whole numbers from 0 to 255.
    pub(crate) const UINT8: i32 = 2;
    /// Whole numbers from −128 to 127.
    pub(crate) const INT8: i32 = 3;
    /// 32-bit whole numbers.
    pub(crate) const INT32: i32 = 6;
    /// 64-bit whole numbers.
    pub(crate) const INT64: i32 = 7;
    /// Yes or no.
    pub(crate) const BOOL: i32 = 9;
    /// 16-bit floats.
    pub(crate) const FLOAT16: i32 = 10;
    /// 64-bit floats.
    pub(crate) const DOUBLE: i32 = 11;
}

/// A value with its type.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ValueInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    /// Its type.
    #[prost(message, optional, tag = "2")]
    pub(crate) ty: Option<Type>,
}

/// A type; of the kinds that there are, a tensor's.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Type {
    /// A tensor.
    #[prost(message, optional, tag = "1")]
    pub(crate) tensor: Option<TensorType>,
}

/// The type of a tensor.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TensorType {
    /// What its numbers are.
    #[prost(int32, tag = "1")]
    pub(crate) elem_type: i32,
    /// Its sizes.
    #[prost(message, optional, tag = "2")]
    pub(crate) shape: Option<TensorShape>,
}

/// The sizes of a tensor.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TensorShape {
    /// One for each axis.
    #[prost(message, repeated, tag = "1")]
    pub(crate) dim: Vec<Dimension>,
}

/// A size.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Dimension {
    /// Known or named.
    #[prost(oneof = "Size", tags = "1, 2")]
    pub(crate) size: Option<Size>,
}

/// A size that is known, or a name for one that is not.
#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum Size {
    /// Known.
    #[prost(int64, tag = "1")]
    Value(i64),
    /// Named.
    #[prost(string, tag = "2")]
    Name(String),
}
