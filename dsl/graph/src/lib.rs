//! The computational graph: values and nodes, the operators' duties, the gradient, the passes, the
//! plan of memory, and the one executor that runs every graph.
//!
//! Layout in memory: a tensor has the batch outermost. A batched tensor of rank 3, `[C, H, W]` to
//! the user, is stored channels last (`N, H, W, C`); every other tensor is row-major in the order of
//! its axes. [`Ty::strides`] is the only place that knows this rule.

pub mod grad;
pub mod graph;
pub mod integer;
pub mod onnx;
pub mod op;
pub mod pass;
pub mod plan;
pub mod print;
pub mod run;
pub mod ty;

mod basic;

pub use grad::differentiate;
pub use graph::{Graph, Kind, Node, NodeId, Value, ValueId};
pub use integer::{Codes, Integer};
pub use onnx::{Attr, Onnx};
pub use op::{Clock, Fan, Frame, Init, Layer, Mode, Op, Reject, Role, View, ViewMut, Weight};
pub use plan::Plan;
pub use run::{States, Workspace};
pub use ty::{DType, Ty};
