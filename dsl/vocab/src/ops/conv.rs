//! `conv`

pub mod node;

use super::window::{
    BIAS, CHANNELS, DILATION, GROUPS, INIT, KERNEL, MOST_NUMBERS, PADDING, STRIDE, Windows,
    affordable, map, shape,
};
use super::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Args};
use dlm_base::Shape;
use dlm_graph::{
    Attr, Fan, Graph, Init, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::conv::Conv as Sizes;
use dlm_kernels::int8::Product;
use std::sync::Arc;

word! {
    /// Two-dimensional convolution: each output pixel is a weighted sum over a window of the input.
    ///
    /// `y[o, i, j] = b[o] + Σ x[c, i·stride + u·dilation − before, j·stride + v·dilation − before] · w[o, c, u, v]`
    /// over the channels c of o's group and the elements (u, v) of the window; outside of the map x is 0.
    ///
    /// Takes `[channels, height, width]`. `padding = same` puts `(kernel − 1) / 2 · dilation` zeros on
    /// each side, so that the result has `ceil(n / stride)` pixels; for an even kernel as many as give
    /// that size, the odd one out below and to the right (ONNX `SAME_UPPER`). With `valid` or a number
    /// p the result has `(n + 2p − dilation · (kernel − 1) − 1) / stride + 1` pixels, rounded down.
    ///
    /// Weights: `weight` `[channels, input channels / groups, height, width]`, `bias` `[channels]`.
    ///
    /// ```dlm
    /// model Net(image: [1, 28, 28]) {
    ///     image -> conv(32, 3) -> relu -> conv(64, [3, 5], stride = 2, padding = valid, bias = false)
    /// }
    /// ```
    ///
    /// LeCun et al. 1989, *Backpropagation applied to handwritten zip code recognition*; groups:
    /// Krizhevsky et al. 2012; dilation: Yu and Koltun 2016.
    pub static CONV: Operator = {
        name: "conv",
        params: &[CHANNELS, KERNEL, STRIDE, PADDING, GROUPS, DILATION, BIAS, INIT],
        aliases: &["Conv2d", "Conv2D", "conv2d", "Conv", "Convolution", "Convolution2D"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Conv::of(args)),
    cases: cases,
}

/// The operator with its arguments.
#[derive(Clone, Debug)]
pub(super) struct Conv {
    /// Channels of the result.
    pub(super) channels: usize,
    /// Where windows lie.
    pub(super) windows: Windows,
    /// Groups of channels.
    pub(super) groups: usize,
    /// Whether there is a bias.
    pub(super) bias: bool,
}

impl Conv {
    fn of(args: &Args) -> Conv {
        Conv {
            channels: args.size("channels"),
            windows: Windows::of(args),
            groups: args.size("groups"),
            bias: args.bool("bias"),
        }
    }

    /// The sizes of a convolution over a map.
    pub(super) fn sizes(&self, [c, h, w]: [usize; 3], word: &str) -> Result<Sizes, Reject> {
        divides(self.groups, c, "channels of the input")?;
        divides(self.groups, self.channels, "channels of the result")?;
        let [ho, wo] = self.windows.count([h, w], word)?;
        let [kh, kw] = self.windows.kernel;
        // What a depthwise convolution has of its own is its kernel.
        let param = if word == "depthwise_conv" { "kernel" } else { "channels" };
        affordable(param, &[self.channels, c / self.groups, kh, kw], MOST_NUMBERS)?;
        affordable(param, &[self.channels, ho, wo], MOST_NUMBERS)?;
        Ok(Sizes {
            input: [h, w, c],
            output: [ho, wo, self.channels],
            kernel: self.windows.kernel,
            stride: self.windows.stride,
            dilation: self.windows.dilation,
            pad: self.windows.before([h, w]),
            groups: self.groups,
        })
    }

    /// The sizes for a flow that [`Layer::infer`] has accepted.
    fn known(&self, flow: &Ty) -> Sizes {
        let sizes = map(flow, "conv").and_then(|map| self.sizes(map, "conv"));
        sizes.unwrap_or_else(|reject| panic!("not accepted before: {reject:?}"))
    }
}

impl Layer for Conv {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let [h, w, c] = self.sizes(map(&flows[0], "conv")?, "conv")?.output;
        Ok(Ty::flow(shape([c, h, w])))
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let sizes = self.known(&flows[0]);
        weights(&sizes, self.bias)
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

/// The weights of a convolution of these sizes.
pub(super) fn weights(sizes: &Sizes, bias: bool) -> Vec<Weight> {
    let (ins, outs) = (sizes.input[2] / sizes.groups, sizes.output[2] / sizes.groups);
    let [kh, kw] = sizes.kernel;
    let weight = Weight {
        name: "weight",
        shape: Shape(vec![sizes.output[2], ins, kh, kw]),
        order: vec![2, 3, 1, 0],
        init: Init::Fan(Fan { ins: ins * kh * kw, outs: outs * kh * kw }),
        trained: true,
        decays: true,
    };
    if bias { vec![weight, bias_of(sizes.output[2])] } else { vec![weight] }
}

/// Adds a convolution of ONNX over the last `axes` of the two axes of these sizes.
pub(super) fn onnx(
    out: &mut Onnx,
    sizes: &Sizes,
    axes: usize,
    x: &str,
    weights: &[String],
) -> String {
    let along = |pair: [usize; 2]| Attr::sizes(pair.into_iter().skip(2 - axes));
    // As many zeros behind as before where that gives as many windows; otherwise what is missing.
    let behind = [0, 1].map(|i| {
        let (n, before, stride) = (sizes.input[i], sizes.pad[i], sizes.stride[i]);
        let reach = sizes.dilation[i] * (sizes.kernel[i] - 1) + 1;
        let windows = (n + 2 * before).checked_sub(reach).map(|room| room / stride + 1);
        match windows == Some(sizes.output[i]) {
            true => before,
            false => ((sizes.output[i] - 1) * stride + reach).saturating_sub(n + before),
        }
    });
    let pads = sizes.pad.into_iter().skip(2 - axes).chain(behind.into_iter().skip(2 - axes));
    let attrs = vec![
        ("kernel_shape", along(sizes.kernel)),
        ("strides", along(sizes.stride)),
        ("dilations", along(sizes.dilation)),
        ("pads", Attr::sizes(pads)),
        ("group", Attr::Int(sizes.groups as i64)),
    ];
    let weights = weights.iter().map(String::as_str);
    let inputs: Vec<&str> = [x].into_iter().chain(weights).collect();
    out.add("Conv", &inputs, attrs)
}

/// A bias of so many units.
pub(super) fn bias_of(units: usize) -> Weight {
    Weight {
        name: "bias",
        shape: Shape(vec![units]),
        order: vec![0],
        init: Init::Constant(0.0),
        trained: true,
        decays: false,
    }
}

/// Nothing, when groups come out even.
fn divides(groups: usize, n: usize, what: &str) -> Result<(), Reject> {
    if n.is_multiple_of(groups) {
        return Ok(());
    }
    let fit: Vec<String> = (1..=n.min(1 << 16))
        .filter(|d| n.is_multiple_of(*d))
        .map(|d| d.to_string())
        .take(12)
        .collect();
    Err(Reject::Value {
        param: "groups",
        message: format!("groups = {groups} does not divide the {n} {what}"),
        help: Some(format!("groups that divide {n}: {}", fit.join(", "))),
    })
}

/// Arguments as the checker gives them.
pub(super) fn args(values: &[(&'static str, Arg)]) -> Args {
    let mut args = Args::default();
    values.iter().for_each(|(name, value)| args.set(name, value.clone()));
    args
}

/// A pair of the same number.
pub(super) fn both(n: i64) -> Arg {
    Arg::Ints(vec![n, n])
}

/// A bare name.
pub(super) fn name(name: &str) -> Arg {
    Arg::Name(name.to_string())
}

fn cases() -> Vec<Case> {
    let case = |map: [usize; 3], channels, kernel, stride, padding, groups, dilation, bias| Case {
        args: args(&[
            ("channels", Arg::Int(channels)),
            ("kernel", kernel),
            ("stride", stride),
            ("padding", padding),
            ("groups", Arg::Int(groups)),
            ("dilation", both(dilation)),
            ("bias", Arg::Bool(bias)),
        ]),
        flows: vec![Ty::flow(shape(map))],
        tolerance: 1e-2,
    };
    let pair = |a, b| Arg::Ints(vec![a, b]);
    vec![
        case([2, 5, 4], 3, both(3), both(1), name("same"), 1, 1, true),
        case([1, 6, 6], 4, both(3), both(1), name("valid"), 1, 1, true),
        case([3, 5, 5], 2, both(1), both(1), name("same"), 1, 1, false),
        case([3, 6, 5], 2, both(1), both(2), name("valid"), 1, 1, false),
        case([2, 7, 6], 3, both(3), both(2), name("same"), 1, 1, true),
        case([2, 5, 6], 2, pair(2, 4), pair(1, 2), name("same"), 1, 1, true),
        case([4, 5, 5], 6, both(3), both(1), both(1), 2, 1, false),
        case([3, 5, 4], 3, both(3), both(1), name("same"), 3, 1, true),
        case([2, 7, 7], 2, both(3), both(1), name("same"), 1, 2, false),
        case([1, 3, 3], 2, both(5), both(1), pair(2, 3), 1, 1, true),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conv(groups: i64, padding: Arg) -> Conv {
        Conv::of(&args(&[
            ("channels", Arg::Int(8)),
            ("kernel", both(5)),
            ("stride", both(1)),
            ("padding", padding),
            ("groups", Arg::Int(groups)),
            ("dilation", both(1)),
            ("bias", Arg::Bool(true)),
        ]))
    }

    #[test]
    fn shapes_weights_and_cost_follow_the_formula() {
        let flow = [Ty::flow(vec![4, 10, 12])];
        assert_eq!(conv(1, name("same")).infer(&flow).unwrap(), Ty::flow(vec![8, 10, 12]));
        let valid = conv(2, name("valid"));
        assert_eq!(valid.infer(&flow).unwrap(), Ty::flow(vec![8, 6, 8]));
        let [weight, bias] = valid.weights(&flow).try_into().unwrap();
        assert_eq!(weight.shape, Shape::of(&[8, 2, 5, 5]));
        assert_eq!(weight.ty(), Ty::fixed(vec![5, 5, 2, 8]));
        assert_eq!(weight.init, Init::Fan(Fan { ins: 50, outs: 100 }));
        assert_eq!((bias.shape, bias.decays), (Shape::of(&[8]), false));
        assert_eq!(valid.macs(&flow), 8 * 6 * 8 * 50);
    }

    #[test]
    fn groups_must_divide_both_channels() {
        let reject = conv(3, name("same")).infer(&[Ty::flow(vec![4, 9, 9])]).unwrap_err();
        let Reject::Value { param, message, help } = reject else { panic!("{reject:?}") };
        assert_eq!(
            (param, message.as_str()),
            ("groups", "groups = 3 does not divide the 4 channels of the input")
        );
        assert_eq!(help.unwrap(), "groups that divide 4: 1, 2, 4");
        let reject = conv(16, name("same")).infer(&[Ty::flow(vec![16, 9, 9])]).unwrap_err();
        assert!(
            matches!(reject, Reject::Value { message, .. } if message.contains("8 channels of the result"))
        );
    }
}
