//! `dense`

pub mod node;

use super::conv::{args, bias_of};
use super::window::{BIAS, INIT, MOST_NUMBERS, affordable, floats, grouped};
use super::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Args, Default, Param, Type};
use dlm_base::Shape;
use dlm_graph::{
    Attr, Fan, Graph, Init, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight,
};
use dlm_kernels::int8::Product;
use std::sync::Arc;

word! {
    /// Fully connected layer: every output is a weighted sum of all features.
    ///
    /// `y[u] = b[u] + Σ_f x[f] · w[u, f]`
    ///
    /// Takes `[features]` and gives `[units]`; or takes `[time, features]` and gives `[time, units]`,
    /// the same weights at each time. A feature map is flattened first.
    ///
    /// Weights: `weight` `[units, features]`, `bias` `[units]`. Steps that give the same name as `shared` have
    /// one `weight` together, as an `embedding` and the `dense` that ends a language model may (Press and Wolf 2017,
    /// arXiv 1608.05859).
    ///
    /// ```dlm
    /// model Net(image: [1, 28, 28]) {
    ///     image -> flatten -> dense(128) -> relu -> dense(10)
    /// }
    /// ```
    ///
    /// Rosenblatt 1958, *The perceptron*.
    pub static DENSE: Operator = {
        name: "dense",
        params: &[UNITS, BIAS, INIT, SHARED],
        aliases: &[
            "Linear", "linear", "Dense", "fc", "fully_connected", "FullyConnected", "InnerProduct",
            "Gemm", "affine",
        ],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(Dense::of(args)),
    cases: cases,
}

const UNITS: Param = Param {
    name: "units",
    ty: Type::Int { min: 1 },
    default: Default::Required,
    doc: "Features of the result.",
    aliases: &["out_features", "out_channels", "num_hidden", "output_dim", "num_output"],
};

/// A weight in common with other steps.
pub(super) const SHARED: Param = Param {
    name: "shared",
    ty: Type::Shared,
    default: Default::Absent,
    doc: "A name of your own; steps of the network that give the same one share their `weight`.",
    aliases: &["tie", "tied", "weight_tying"],
};

/// Why steps with a weight in common have no integer form.
pub(super) const IN_COMMON: Integer =
    Integer::Float("its weight is shared with steps that need it in float");

const EXPECTS: &str = "expects [features]";

/// The operator with its arguments.
#[derive(Clone, Debug)]
struct Dense {
    units: usize,
    bias: bool,
    /// Whether the weight lies in memory as in files, `[units, features]`, as that of an embedding does.
    shared: bool,
}

impl Dense {
    fn of(args: &Args) -> Dense {
        let shared = args.get("shared").is_some();
        Dense { units: args.size("units"), bias: args.bool("bias"), shared }
    }

    /// How one would write it.
    fn text(&self) -> String {
        let bias = if self.bias { "" } else { ", bias = false" };
        format!("dense({}{bias})", self.units)
    }

    fn parameters(&self, features: usize) -> usize {
        self.units.saturating_mul(features + usize::from(self.bias))
    }

    fn reject(&self, flow: &Ty) -> Reject {
        let of_map = |sizes: &[usize]| {
            let inputs = flow.len();
            let product: Vec<String> = sizes.iter().map(|n| n.to_string()).collect();
            format!(
                "flatten it first: `-> flatten -> {}` ({} = {} inputs, {} parameters)",
                self.text(),
                product.join(" × "),
                grouped(inputs),
                grouped(self.parameters(inputs))
            )
        };
        let (what, help) = match flow.shape.sizes() {
            [] => ("a single number".to_string(), None),
            sizes @ [_, _, _] => ("a feature map".to_string(), Some(of_map(sizes))),
            sizes => (format!("of rank {}", sizes.len()), Some(of_map(sizes))),
        };
        Reject::Shape {
            message: format!("`dense` takes a feature vector, but its input is {what}"),
            expects: EXPECTS.to_string(),
            insert: help.is_some().then(|| "flatten -> ".to_string()),
            help,
        }
    }
}

impl Layer for Dense {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let flow = &flows[0];
        floats(flow, "dense", EXPECTS)?;
        if let [features] | [_, features] = *flow.shape.sizes() {
            affordable("units", &[self.units, features], MOST_NUMBERS)?;
            affordable("units", &[self.units, flow.len() / features.max(1)], MOST_NUMBERS)?;
        }
        match *flow.shape.sizes() {
            [_] => Ok(Ty::flow(vec![self.units])),
            [time, _] => Ok(Ty::flow(vec![time, self.units])),
            _ => Err(self.reject(flow)),
        }
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let ins = features(&flows[0]);
        let weight = Weight {
            name: "weight",
            shape: Shape(vec![self.units, ins]),
            order: if self.shared { vec![0, 1] } else { vec![1, 0] },
            init: Init::Fan(Fan { ins, outs: self.units }),
            trained: true,
            decays: true,
        };
        if self.bias { vec![weight, bias_of(self.units)] } else { vec![weight] }
    }

    fn macs(&self, flows: &[Ty]) -> u64 {
        (flows[0].len() * self.units) as u64
    }

    fn role(&self) -> Role {
        Role::Product
    }

    fn integer(&self, flows: &[Ty]) -> Integer {
        if self.shared {
            return IN_COMMON;
        }
        Integer::Product(Product::Dense { features: features(&flows[0]), units: self.units })
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        let inputs: Vec<ValueId> = flows.iter().chain(weights).copied().collect();
        let features = features(g.ty(flows[0]));
        let node = node::Product {
            features,
            units: self.units,
            bias: self.bias,
            activation: None,
            transposed: self.shared,
        };
        g.add(node, &inputs)
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        let (x, ty) = &flows[0];
        let gemm = |x: &str| -> Vec<String> {
            [x.to_string()].into_iter().chain(weights.iter().cloned()).collect()
        };
        let attrs = vec![("transB", Attr::Int(1))];
        let [time, features] = *ty.shape.sizes() else { return out.add("Gemm", &gemm(x), attrs) };
        // One product of all moments of all samples, so that it is one of codes where the layer is.
        let rows = out.whole("rows", &[-1, features as i64]);
        let x = out.part("rows_in", "Reshape", &[x, &rows], vec![]);
        let x = out.as_flow(x);
        let y = out.part("product", "Gemm", &gemm(&x), attrs);
        let y = out.as_result(y);
        let shape = out.whole("shape", &[-1, time as i64, self.units as i64]);
        out.add("Reshape", &[y, shape], vec![])
    }
}

/// The size of the last axis.
fn features(flow: &Ty) -> usize {
    flow.shape.sizes().last().copied().unwrap_or(1)
}

fn cases() -> Vec<Case> {
    let shared = |mut case: Case| {
        case.args.set("shared", Arg::Name("table".to_string()));
        case
    };
    let case = |flow: Vec<usize>, units, bias| Case {
        args: args(&[("units", Arg::Int(units)), ("bias", Arg::Bool(bias))]),
        flows: vec![Ty::flow(flow)],
        tolerance: 1e-2,
    };
    vec![
        case(vec![5], 3, true),
        case(vec![7], 1, false),
        case(vec![1], 4, true),
        case(vec![3, 4], 5, true),
        case(vec![2, 6], 2, false),
        shared(case(vec![3, 4], 5, true)),
        shared(case(vec![6], 2, false)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_map_is_to_be_flattened() {
        let dense = Dense { units: 10, bias: true, shared: false };
        let reject = dense.infer(&[Ty::flow(vec![8, 26, 26])]).unwrap_err();
        let Reject::Shape { message, expects, help, insert } = reject else { panic!("{reject:?}") };
        assert_eq!(message, "`dense` takes a feature vector, but its input is a feature map");
        assert_eq!(expects, "expects [features]");
        assert_eq!(
            help.unwrap(),
            "flatten it first: `-> flatten -> dense(10)` (8 × 26 × 26 = 5,408 inputs, 54,090 parameters)"
        );
        assert_eq!(insert.unwrap(), "flatten -> ");
    }

    #[test]
    fn the_last_axis_is_the_one_that_changes() {
        let dense = Dense { units: 10, bias: false, shared: false };
        let flow = [Ty::flow(vec![64, 32])];
        assert_eq!(dense.infer(&flow).unwrap(), Ty::flow(vec![64, 10]));
        assert_eq!(dense.macs(&flow), 64 * 32 * 10);
        let [weight] = dense.weights(&flow).try_into().unwrap();
        assert_eq!(weight.ty(), Ty::fixed(vec![32, 10]));
    }
}
