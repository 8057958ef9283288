//! `conv1d`

pub(crate) mod node;

use super::conv::{Conv, args, bias_of, name, node::Convolve, onnx};
use super::window::{
    BIAS, CHANNELS, DILATION, GROUPS, INIT, PADDING, Padding, STRIDE, Windows, floats,
};
use super::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Args, Default, Param, Type};
use dlm_base::Shape;
use dlm_graph::{Fan, Graph, Init, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use dlm_kernels::conv::Conv as Sizes;
use dlm_kernels::int8::Product;
use std::sync::Arc;

word! {
    /// One-dimensional convolution along a sequence `[channels, time]`.
    ///
    /// `y[o, i] = b[o] + Σ x[c, i·stride + u·dilation − before] · w[o, c, u]` over the channels c of
    /// o's group and the elements u of the window; before and after the sequence x is 0.
    ///
    /// Sizes and padding as for `conv`: `same` gives `ceil(time / stride)` steps, `valid` or a number p
    /// `(time + 2p − dilation · (kernel − 1) − 1) / stride + 1`, rounded down.
    ///
    /// Weights: `weight` `[channels, input channels / groups, kernel]`, `bias` `[channels]`.
    ///
    /// ```dlm
    /// model Net(signal: [1, 128]) {
    ///     signal -> conv1d(16, 5, stride = 2) -> relu -> flatten -> dense(4)
    /// }
    /// ```
    ///
    /// Waibel et al. 1989, *Phoneme recognition using time-delay neural networks*.
    pub(crate) static CONV1D: Operator = {
        name: "conv1d",
        params: &[
            CHANNELS,
            Param {
                name: "kernel",
                ty: Type::Int { min: 1 },
                default: Default::Required,
                doc: "Length of the window, in steps.",
                aliases: &["kernel_size", "kernel_shape", "size"],
            },
            Param { ty: Type::Int { min: 1 }, doc: "Distance between neighbouring windows, in steps.", ..STRIDE },
            Param { doc: "Zeros before and after: `same`, `valid` (none), or steps on each side.", ..PADDING },
            GROUPS,
            Param {
                ty: Type::Int { min: 1 },
                doc: "Distance between neighbouring elements of a window, in steps.",
                ..DILATION
            },
            BIAS,
            INIT,
        ],
        aliases: &["Conv1d", "Conv1D", "Convolution1D"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Conv1d::of(args)),
    cases: cases,
}

/// A convolution over maps of one row.
#[derive(Clone, Debug)]
struct Conv1d(Conv);

const EXPECTS: &str = "expects [channels, time]";

impl Conv1d {
    fn of(args: &Args) -> Conv1d {
        let along = |name: &str| [1, args.size(name)];
        // One number arrives for both axes; there is nothing above and below a row.
        let padding = match Padding::of(args) {
            Padding::Zeros([_, along]) => Padding::Zeros([0, along]),
            Padding::Same => Padding::Same,
        };
        Conv1d(Conv {
            channels: args.size("channels"),
            windows: Windows {
                kernel: along("kernel"),
                stride: along("stride"),
                dilation: along("dilation"),
                padding,
            },
            groups: args.size("groups"),
            bias: args.bool("bias"),
        })
    }

    fn sizes(&self, flow: &Ty) -> Result<Sizes, Reject> {
        floats(flow, "conv1d", EXPECTS)?;
        let reject = |what: &str, help: &str| Reject::Shape {
            message: format!("`conv1d` takes a sequence, but its input is {what}"),
            expects: EXPECTS.to_string(),
            help: Some(help.to_string()),
            insert: None,
        };
        match *flow.shape.sizes() {
            [channels, time] => self.0.sizes([channels, 1, time], "conv1d"),
            [n] => {
                let help = format!("as a sequence of one channel: `-> reshape([1, {n}])`");
                Err(reject("a vector", &help))
            }
            [_, _, _] => Err(reject("a feature map", "over height and width use `conv`")),
            _ => {
                Err(reject("of another rank", "give it the shape [channels, time] with `reshape`"))
            }
        }
    }

    /// The sizes for a flow that [`Layer::infer`] has accepted.
    fn known(&self, flow: &Ty) -> Sizes {
        self.sizes(flow).unwrap_or_else(|reject| panic!("not accepted before: {reject:?}"))
    }
}

impl Layer for Conv1d {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let [_, time, channels] = self.sizes(&flows[0])?.output;
        Ok(Ty::flow(vec![channels, time]))
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let sizes = self.known(&flows[0]);
        let (ins, outs) = (sizes.input[2] / sizes.groups, sizes.output[2] / sizes.groups);
        let kernel = sizes.kernel[1];
        let weight = Weight {
            name: "weight",
            shape: Shape(vec![sizes.output[2], ins, kernel]),
            order: vec![2, 1, 0],
            init: Init::Fan(Fan { ins: ins * kernel, outs: outs * kernel }),
            trained: true,
            decays: true,
        };
        if self.0.bias { vec![weight, bias_of(sizes.output[2])] } else { vec![weight] }
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
        let row = g.add(node::ToRow, flows);
        let inputs: Vec<ValueId> = [row].iter().chain(weights).copied().collect();
        let conv = Convolve { sizes, bias: self.0.bias, activation: None };
        let row = g.add(conv, &inputs);
        g.add(node::FromRow, &[row])
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        onnx(out, &self.known(&flows[0].1), 1, &flows[0].0, weights)
    }
}

fn cases() -> Vec<Case> {
    let case = |flow: [usize; 2], channels, kernel, stride, padding, groups, dilation| Case {
        args: args(&[
            ("channels", Arg::Int(channels)),
            ("kernel", Arg::Int(kernel)),
            ("stride", Arg::Int(stride)),
            ("padding", padding),
            ("groups", Arg::Int(groups)),
            ("dilation", Arg::Int(dilation)),
            ("bias", Arg::Bool(true)),
        ]),
        flows: vec![Ty::flow(flow.to_vec())],
        tolerance: 1e-2,
    };
    vec![
        case([2, 9], 3, 3, 1, name("same"), 1, 1),
        case([1, 8], 2, 4, 2, name("same"), 1, 1),
        case([4, 9], 2, 3, 1, name("valid"), 2, 2),
        case([3, 7], 2, 3, 3, Arg::Ints(vec![2, 2]), 1, 1),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_keep_their_order_of_axes() {
        let shapes =
            cases().into_iter().map(|c| Conv1d::of(&c.args).infer(&c.flows).unwrap().shape.0);
        assert_eq!(shapes.collect::<Vec<_>>(), [[3, 9], [2, 4], [2, 5], [2, 3]]);
    }
}
