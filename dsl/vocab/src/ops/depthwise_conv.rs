//! `depthwise_conv`

use super::conv::{Conv, args, both, name, node, onnx, weights};
use super::window::{BIAS, DILATION, INIT, KERNEL, PADDING, STRIDE, Windows, map, shape};
use super::{Case, Flows, Operator};
use crate::word;
use crate::word::Arg;
use dlm_graph::{Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use dlm_kernels::conv::Conv as Sizes;
use dlm_kernels::int8::Product;
use std::sync::Arc;

word! {
    /// Convolution of each channel by itself, with a window of its own.
    ///
    /// `y[c, i, j] = b[c] + Σ x[c, i·stride + u·dilation − before, j·stride + v·dilation − before] · w[c, u, v]`
    /// over the elements (u, v) of the window: `conv` with as many groups as channels. Before or
    /// after a `conv(channels, 1)` it is the cheap half of a separable convolution.
    ///
    /// Takes `[channels, height, width]` and gives as many channels; sizes and padding as for `conv`.
    ///
    /// Weights: `weight` `[channels, 1, height, width]`, `bias` `[channels]`.
    ///
    /// ```dlm
    /// model Net(image: [3, 32, 32]) {
    ///     image -> conv(32, 3) -> depthwise_conv(3, bias = false) -> batch_norm -> relu -> conv(64, 1)
    /// }
    /// ```
    ///
    /// Howard et al. 2017, *MobileNets*.
    pub(crate) static DEPTHWISE_CONV: Operator = {
        name: "depthwise_conv",
        params: &[KERNEL, STRIDE, PADDING, DILATION, BIAS, INIT],
        aliases: &["DepthwiseConv2D", "DepthwiseConv2d", "depthwise", "dwconv", "depthwise_conv2d"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Depthwise { windows: Windows::of(args), bias: args.bool("bias") }),
    cases: cases,
}

#[derive(Clone, Debug)]
struct Depthwise {
    windows: Windows,
    bias: bool,
}

impl Depthwise {
    fn sizes(&self, flow: &Ty) -> Result<Sizes, Reject> {
        let map = map(flow, "depthwise_conv")?;
        let (channels, groups) = (map[0], map[0]);
        let conv = Conv { channels, windows: self.windows, groups, bias: self.bias };
        conv.sizes(map, "depthwise_conv")
    }

    /// The sizes for a flow that [`Layer::infer`] has accepted.
    fn known(&self, flow: &Ty) -> Sizes {
        self.sizes(flow).unwrap_or_else(|reject| panic!("not accepted before: {reject:?}"))
    }
}

impl Layer for Depthwise {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let [h, w, c] = self.sizes(&flows[0])?.output;
        Ok(Ty::flow(shape([c, h, w])))
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        weights(&self.known(&flows[0]), self.bias)
    }

    fn macs(&self, flows: &[Ty]) -> u64 {
        self.known(&flows[0]).macs() as u64
    }

    fn role(&self) -> Role {
        Role::Product
    }

    fn integer(&self, flows: &[Ty]) -> Integer {
        Integer::Product(Product::Conv(self.known(&flows[0])))
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        let sizes = self.known(g.ty(flows[0]));
        let inputs: Vec<ValueId> = flows.iter().chain(weights).copied().collect();
        g.add(node::Convolve { sizes, bias: self.bias, activation: None }, &inputs)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        onnx(out, &self.known(&flows[0].1), 2, &flows[0].0, weights)
    }
}

fn cases() -> Vec<Case> {
    let case = |map: [usize; 3], kernel, stride, padding, dilation, bias| Case {
        args: args(&[
            ("kernel", kernel),
            ("stride", both(stride)),
            ("padding", padding),
            ("dilation", both(dilation)),
            ("bias", Arg::Bool(bias)),
        ]),
        flows: vec![Ty::flow(shape(map))],
        tolerance: 1e-2,
    };
    vec![
        case([5, 6, 5], both(3), 1, name("same"), 1, true),
        case([9, 5, 5], both(3), 2, name("same"), 1, false),
        case([1, 4, 4], both(2), 1, name("valid"), 1, true),
        case([3, 6, 7], Arg::Ints(vec![1, 5]), 1, name("same"), 1, false),
        case([2, 7, 7], both(3), 1, both(2), 2, true),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_base::Shape;

    #[test]
    fn each_channel_has_a_window_of_its_own() {
        let conv = Depthwise { windows: Windows::of(&cases()[0].args), bias: true };
        let flow = [Ty::flow(vec![5, 6, 5])];
        assert_eq!(conv.infer(&flow).unwrap(), flow[0]);
        assert_eq!(conv.weights(&flow)[0].shape, Shape::of(&[5, 1, 3, 3]));
        assert_eq!(conv.macs(&flow), 5 * 30 * 9);
    }
}
