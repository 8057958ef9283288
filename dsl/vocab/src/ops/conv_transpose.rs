//! `conv_transpose`

mod node;

use super::conv::{args, bias_of, both, name};
use super::window::{
    BIAS, CHANNELS, INIT, KERNEL, MOST_NUMBERS, PADDING, Padding, STRIDE, Windows, affordable, map,
    shape,
};
use super::{Case, Flows, Operator};
use crate::common::codes::NO_KERNEL;
use crate::word;
use crate::word::Arg;
use dlm_base::Shape;
use dlm_graph::{
    Attr, Fan, Graph, Init, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::conv::Conv as Sizes;
use std::sync::Arc;

word! {
    /// Transposed convolution: each input pixel adds a weighted window to the output. It enlarges maps.
    ///
    /// `y[o, i·stride + u − before, j·stride + v − before] += x[c, i, j] · w[c, o, u, v]`, then `+ b[o]`;
    /// what falls outside of the result is dropped. It is the gradient of a `conv` with the same window
    /// with respect to its input.
    ///
    /// Takes `[channels, height, width]`. With `padding = same` the result has `n · stride` pixels
    /// (for a kernel of at least the stride), with `valid` or a number p `(n − 1) · stride + kernel − 2p`.
    ///
    /// Weights: `weight` `[input channels, channels, height, width]`, `bias` `[channels]`.
    ///
    /// ```dlm
    /// model Decoder(code: [64, 7, 7]) {
    ///     code -> conv_transpose(32, 4, stride = 2) -> relu -> conv_transpose(1, 4, stride = 2) -> sigmoid
    /// }
    /// ```
    ///
    /// Zeiler et al. 2010, *Deconvolutional networks*; arithmetic: Dumoulin and Visin 2016.
    pub(crate) static CONV_TRANSPOSE: Operator = {
        name: "conv_transpose",
        params: &[CHANNELS, KERNEL, STRIDE, PADDING, BIAS, INIT],
        aliases: &[
            "ConvTranspose2d", "Conv2DTranspose", "ConvTranspose", "Deconvolution", "deconv",
            "conv2d_transpose",
        ],
    },
    flows: Flows::Exactly(1),
    make: |args| {
        Arc::new(Transposed {
            channels: args.size("channels"),
            windows: Windows::of(args),
            bias: args.bool("bias"),
        })
    },
    cases: cases,
}

#[derive(Clone, Debug)]
struct Transposed {
    channels: usize,
    windows: Windows,
    bias: bool,
}

impl Transposed {
    /// The sizes of the convolution whose input gradient this is: from the result to the flow.
    fn sizes(&self, flow: &Ty) -> Result<Sizes, Reject> {
        let [c, h, w] = map(flow, "conv_transpose")?;
        self.windows.sane("conv_transpose")?;
        let Windows { kernel, stride, dilation, padding } = self.windows;
        let mut result = [0, 0];
        for (i, n) in [h, w].into_iter().enumerate() {
            let full = (n - 1) * stride[i] + kernel[i];
            result[i] = match padding {
                Padding::Same => n * stride[i],
                Padding::Zeros(zeros) if full > 2 * zeros[i] => full - 2 * zeros[i],
                Padding::Zeros(zeros) => {
                    let axis = ["height", "width"][i];
                    let size = full as i64 - 2 * zeros[i] as i64;
                    let size = if size < 0 { format!("−{}", -size) } else { size.to_string() };
                    return Err(Reject::Size {
                        formula: format!(
                            "{axis}: ({n} − 1) × {} + {} − 2 × {} = {size}",
                            stride[i], kernel[i], zeros[i]
                        ),
                        help: Some(format!(
                            "write `padding = same`, or at most {}",
                            (full - 1) / 2
                        )),
                    });
                }
            };
        }
        let [ho, wo] = result;
        affordable("channels", &[self.channels, c, kernel[0], kernel[1]], MOST_NUMBERS)?;
        affordable("channels", &[self.channels, ho, wo], MOST_NUMBERS)?;
        Ok(Sizes {
            input: [ho, wo, self.channels],
            output: [h, w, c],
            kernel,
            stride,
            dilation,
            pad: self.windows.before(result),
            groups: 1,
        })
    }

    /// The sizes for a flow that [`Layer::infer`] has accepted.
    fn known(&self, flow: &Ty) -> Sizes {
        self.sizes(flow).unwrap_or_else(|reject| panic!("not accepted before: {reject:?}"))
    }
}

impl Layer for Transposed {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let [h, w, c] = self.sizes(&flows[0])?.input;
        Ok(Ty::flow(shape([c, h, w])))
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let sizes = self.known(&flows[0]);
        let ([kh, kw], ins) = (sizes.kernel, sizes.output[2]);
        let weight = Weight {
            name: "weight",
            shape: Shape(vec![ins, self.channels, kh, kw]),
            order: vec![2, 3, 1, 0],
            init: Init::Fan(Fan { ins: ins * kh * kw, outs: self.channels * kh * kw }),
            trained: true,
            decays: true,
        };
        if self.bias { vec![weight, bias_of(self.channels)] } else { vec![weight] }
    }

    fn macs(&self, flows: &[Ty]) -> u64 {
        self.known(&flows[0]).macs() as u64
    }

    fn role(&self) -> Role {
        Role::Product
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        NO_KERNEL
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        let sizes = self.known(g.ty(flows[0]));
        let inputs: Vec<ValueId> = flows.iter().chain(weights).copied().collect();
        g.add(node::Transpose { sizes, bias: self.bias, activation: None }, &inputs)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        let sizes = self.known(&flows[0].1);
        // The result is cut, or made longer by what no window reaches.
        let full = [0, 1].map(|i| (sizes.output[i] - 1) * sizes.stride[i] + sizes.kernel[i]);
        let have = [0, 1].map(|i| sizes.input[i] + sizes.pad[i]);
        let cut = [0, 1].map(|i| full[i].saturating_sub(have[i]));
        let more = [0, 1].map(|i| have[i].saturating_sub(full[i]));
        let attrs = vec![
            ("kernel_shape", Attr::sizes(sizes.kernel)),
            ("strides", Attr::sizes(sizes.stride)),
            ("pads", Attr::sizes(sizes.pad.into_iter().chain(cut))),
            ("output_padding", Attr::sizes(more)),
        ];
        let inputs: Vec<&String> = [&flows[0].0].into_iter().chain(weights).collect();
        out.add("ConvTranspose", &inputs, attrs)
    }
}

fn cases() -> Vec<Case> {
    let case = |map: [usize; 3], channels, kernel, stride, padding, bias| Case {
        args: args(&[
            ("channels", Arg::Int(channels)),
            ("kernel", both(kernel)),
            ("stride", both(stride)),
            ("padding", padding),
            ("bias", Arg::Bool(bias)),
        ]),
        flows: vec![Ty::flow(shape(map))],
        tolerance: 1e-2,
    };
    vec![
        case([3, 3, 4], 2, 3, 1, name("same"), true),
        case([2, 3, 3], 3, 4, 2, name("same"), false),
        case([2, 3, 2], 2, 3, 2, name("valid"), true),
        case([1, 4, 3], 2, 3, 2, both(1), true),
        case([2, 2, 2], 2, 2, 3, name("valid"), false),
        case([2, 2, 3], 2, 1, 2, name("same"), true),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(kernel: i64, stride: i64, padding: Arg) -> Result<Ty, Reject> {
        let args =
            args(&[("kernel", both(kernel)), ("stride", both(stride)), ("padding", padding)]);
        let op = Transposed { channels: 5, windows: Windows::of(&args), bias: true };
        op.infer(&[Ty::flow(vec![2, 7, 9])])
    }

    #[test]
    fn results_are_as_large_as_documented() {
        assert_eq!(sizes(4, 2, name("same")).unwrap(), Ty::flow(vec![5, 14, 18]));
        assert_eq!(sizes(3, 1, name("same")).unwrap(), Ty::flow(vec![5, 7, 9]));
        assert_eq!(sizes(3, 2, name("valid")).unwrap(), Ty::flow(vec![5, 15, 19]));
        assert_eq!(sizes(4, 2, both(1)).unwrap(), Ty::flow(vec![5, 14, 18]));
        let Err(Reject::Size { formula, help }) = sizes(1, 1, both(5)) else { panic!() };
        assert_eq!(formula, "height: (7 − 1) × 1 + 1 − 2 × 5 = −3");
        assert_eq!(help.unwrap(), "write `padding = same`, or at most 3");
    }
}
