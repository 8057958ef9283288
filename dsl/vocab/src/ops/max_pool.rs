//! `max_pool`

pub mod node;

use super::conv::{args, both};
use super::window::{Padding, Windows, map, shape};
use super::{Case, Flows, Operator};
use crate::common::codes::Largest;
use crate::word;
use crate::word::{Arg, Args, Default, Param, Type};
use dlm_base::Shape;
use dlm_graph::{
    Attr, DType, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::pool::Pool;
use std::sync::Arc;

word! {
    /// Keeps the largest number of each window.
    ///
    /// `y[c, i, j] = max over (u, v) of x[c, i·stride + u, j·stride + v]`
    ///
    /// Takes `[channels, height, width]` or a sequence `[channels, time]`; the result has
    /// `(n − size) / stride + 1` pixels or moments, rounded down: what does not fill a window is left out.
    /// The stride is the size unless given. Of equal numbers the first, by rows, gets the gradient.
    ///
    /// ```dlm
    /// model Net(image: [1, 28, 28]) {
    ///     image -> conv(32, 3) -> relu -> max_pool(2) -> conv(64, 3) -> relu -> max_pool(3, stride = 2)
    /// }
    /// ```
    ///
    /// Ranzato et al. 2007, *Unsupervised learning of invariant feature hierarchies*.
    pub static MAX_POOL: Operator = {
        name: "max_pool",
        params: &[SIZE, STRIDE],
        aliases: &["MaxPool2d", "MaxPooling2D", "MaxPool", "maxpool", "max_pool2d", "maxpool2d"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(MaxPool(windows(args))),
    cases: cases,
}

/// The window of a pooling.
pub(super) const SIZE: Param = Param {
    name: "size",
    ty: Type::Pair { min: 1 },
    default: Default::Required,
    doc: "Height and width of the window, in pixels; over a sequence its length.",
    aliases: &["pool_size", "kernel_size", "kernel", "window"],
};

/// The stride of a pooling.
pub(super) const STRIDE: Param = Param {
    name: "stride",
    ty: Type::Pair { min: 1 },
    default: Default::Same("size"),
    doc: "Distance between neighbouring windows, in pixels.",
    aliases: &["strides"],
};

/// The windows of a pooling with these arguments.
pub(super) fn windows(args: &Args) -> Windows {
    Windows {
        kernel: args.pair("size"),
        stride: args.pair("stride"),
        dilation: [1, 1],
        padding: Padding::Zeros([0, 0]),
    }
}

/// The sizes of a pooling over this flow. A sequence is a map of one channel, with a row for each channel
/// of the sequence.
pub(super) fn sizes(windows: &Windows, flow: &Ty, word: &str) -> Result<Pool, Reject> {
    if let Some([c, t]) = sequence(flow) {
        windows.sane(word)?;
        let [size, stride] = [windows.kernel, windows.stride].map(|[_, along]| [1, along]);
        for (param, [high, wide]) in [("size", windows.kernel), ("stride", windows.stride)] {
            if high != wide {
                let message = format!("over a sequence `{param}` is one number, not a pair");
                return Err(Reject::Value { param, message, help: None });
            }
        }
        if size[1] > t {
            return Err(Reject::Size {
                formula: format!("time: ({t} − {}) / {} + 1 = 0", size[1], stride[1]),
                help: Some(format!(
                    "the sequence has {t} moments here: use a window of at most {t}"
                )),
            });
        }
        return Ok(Pool { input: [c, t, 1], size, stride });
    }
    let [c, h, w] = map(flow, word)?;
    windows.count([h, w], word)?;
    Ok(Pool { input: [h, w, c], size: windows.kernel, stride: windows.stride })
}

/// Channels and moments, if the flow is a sequence of floats.
pub(super) fn sequence(flow: &Ty) -> Option<[usize; 2]> {
    match *flow.shape.sizes() {
        [c, t] if flow.dtype == DType::F32 => Some([c, t]),
        _ => None,
    }
}

/// What a pooling of these sizes makes of a flow of that many axes; one number for each channel if `flat`.
pub(super) fn result(pool: &Pool, rank: usize, flat: bool) -> Ty {
    let ([h, w], c) = (pool.output(), pool.input[2]);
    Ty::flow(match (rank, flat) {
        (2, true) => vec![h],
        (2, false) => vec![h, w],
        (_, true) => vec![c],
        (_, false) => vec![c, h, w],
    })
}

/// The result of a pooling over this flow.
pub(super) fn infer(windows: &Windows, flow: &Ty, word: &str) -> Result<Ty, Reject> {
    Ok(result(&sizes(windows, flow, word)?, flow.shape.rank(), false))
}

/// The windows as attributes of ONNX.
pub(super) fn window_attrs(windows: &Windows, flow: &Ty) -> Vec<(&'static str, Attr)> {
    // Of a sequence there is one axis to slide along.
    let axes = flow.shape.rank() - 1;
    let sizes = |pair: [usize; 2]| Attr::sizes(pair[..axes].iter().copied());
    vec![("kernel_shape", sizes(windows.kernel)), ("strides", sizes(windows.stride))]
}

#[derive(Clone, Debug)]
struct MaxPool(Windows);

impl Layer for MaxPool {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        infer(&self.0, &flows[0], "max_pool")
    }

    fn weights(&self, _: &[Ty]) -> Vec<Weight> {
        Vec::new()
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Other
    }

    fn integer(&self, flows: &[Ty]) -> Integer {
        let sizes = sizes(&self.0, &flows[0], "max_pool");
        let sizes = sizes.unwrap_or_else(|reject| panic!("not accepted before: {reject:?}"));
        Integer::Select(Arc::new(Largest(sizes)))
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], _: &[ValueId], mode: Mode) -> ValueId {
        let sizes = sizes(&self.0, g.ty(flows[0]), "max_pool")
            .unwrap_or_else(|reject| panic!("not accepted before: {reject:?}"));
        let places = mode == Mode::Train && sizes.byte_places();
        g.add(node::Max { sizes, places, flat: false }, flows)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        out.add("MaxPool", &[&flows[0].0], window_attrs(&self.0, &flows[0].1))
    }
}

/// What poolings are tried on.
pub(super) fn cases() -> Vec<Case> {
    let of = |flow: Shape, size: Arg, stride: Arg| Case {
        args: args(&[("size", size), ("stride", stride)]),
        flows: vec![Ty::flow(flow)],
        tolerance: 1e-2,
    };
    let case = |map, size, stride| of(shape(map), size, stride);
    let pair = |a, b| Arg::Ints(vec![a, b]);
    vec![
        case([3, 4, 6], both(2), both(2)),
        case([2, 5, 5], both(2), both(2)),
        case([2, 6, 5], both(3), both(1)),
        case([1, 7, 6], pair(3, 2), pair(2, 3)),
        case([2, 4, 4], both(1), both(3)),
        case([1, 17, 17], both(17), both(17)),
        of(Shape(vec![3, 9]), both(2), both(2)),
        of(Shape(vec![1, 7]), both(3), both(1)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fill_a_window_is_left_out() {
        let shapes = cases()
            .into_iter()
            .map(|case| MaxPool(windows(&case.args)).infer(&case.flows).unwrap().shape.0);
        let want: [&[usize]; 8] = [
            &[3, 2, 3],
            &[2, 2, 2],
            &[2, 4, 3],
            &[1, 3, 2],
            &[2, 2, 2],
            &[1, 1, 1],
            &[3, 4],
            &[1, 5],
        ];
        assert_eq!(shapes.collect::<Vec<_>>(), want);
    }

    #[test]
    fn a_window_larger_than_the_map_is_rejected_with_numbers() {
        let pool = MaxPool(windows(&args(&[("size", both(3)), ("stride", both(3))])));
        let reject = pool.infer(&[Ty::flow(vec![64, 2, 2])]).unwrap_err();
        let Reject::Size { formula, help } = reject else { panic!("{reject:?}") };
        assert_eq!(formula, "height: (2 + 2 × 0 − 3) / 3 + 1 = 0");
        assert!(help.unwrap().contains("a window of at most 2"));
    }
}
