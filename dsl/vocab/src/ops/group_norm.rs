//! Normalisation of groups of channels.

use super::layer_norm::{EPS, weight};
use crate::common::codes::NO_KERNEL;
use crate::common::declare::{case, param};
use crate::common::sets::Normalise;
use crate::common::text::{need_floats, show};
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default, Type};
use dlm_base::Shape;
use dlm_graph::{Attr, Graph, Integer, Layer, Mode, Onnx, Reject, Role, Ty, ValueId, Weight};
use dlm_kernels::norm::set::Sets;
use std::sync::Arc;

word! {
    /// Brings each group of channels of each sample to mean 0 and deviation 1, then scales and shifts.
    ///
    /// `y = (x − mean) / √(var + eps) · weight + bias`. The channels of `[channels, height, width]`,
    /// `[channels, time]` or `[features]` are cut into `groups` of neighbours; mean and variance are
    /// taken over each group and all its places, `weight` and `bias` have one number a channel. The batch
    /// does not matter, so it suits small batches.
    ///
    /// ```dlm
    /// model Net(image: [3, 32, 32]) {
    ///     image -> conv(16, 3) -> group_norm(4) -> relu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Wu and He 2018, arXiv 1803.08494.
    pub(crate) static GROUP_NORM: Operator = {
        name: "group_norm",
        params: &[
            param(
                "groups",
                Type::Int { min: 1 },
                Default::Required,
                "Into how many groups the channels are cut; it divides their number.",
                &["num_groups"],
            ),
            EPS,
        ],
        aliases: &["GroupNorm", "GroupNormalization"],
    },
    flows: Flows::Exactly(1),
    make: |args| Arc::new(GroupNorm { groups: args.size("groups"), eps: args.real("eps") as f32 }),
    cases: cases,
}

fn cases() -> Vec<Case> {
    let of = |groups, shape: &[usize]| {
        case(&[("groups", Arg::Int(groups)), ("eps", Arg::Real(1e-5))], &[shape], 1e-2)
    };
    vec![of(2, &[4, 3, 3]), of(1, &[3, 2, 5]), of(3, &[12]), of(2, &[6, 5])]
}

#[derive(Clone, Copy, Debug)]
struct GroupNorm {
    groups: usize,
    eps: f32,
}

impl Layer for GroupNorm {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        let x = &flows[0];
        need_floats("group_norm", x)?;
        if !x.batched || !(1..=3).contains(&x.shape.rank()) {
            return Err(Reject::Shape {
                message: format!("`group_norm` normalises channels, but its input is {}", show(x)),
                expects: "expects [channels, height, width], [channels, time] or [features]".into(),
                help: None,
                insert: None,
            });
        }
        let (channels, groups) = (x.shape.0[0], self.groups);
        if channels % groups == 0 {
            return Ok(x.clone());
        }
        let near = (1..=channels).filter(|g| channels % g == 0).min_by_key(|g| g.abs_diff(groups));
        Err(Reject::Value {
            param: "groups",
            message: format!("groups = {groups} does not divide {channels} channels"),
            help: near.map(|g| {
                format!("`group_norm({g})` makes {g} groups of {} channels", channels / g)
            }),
        })
    }

    fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
        let shape = Shape::of(&flows[0].shape.0[..1]);
        vec![weight("weight", 1.0, shape.clone()), weight("bias", 0.0, shape)]
    }

    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }

    fn role(&self) -> Role {
        Role::Norm { cancels_bias: false }
    }

    fn integer(&self, _: &[Ty]) -> Integer {
        NO_KERNEL
    }

    fn build(&self, g: &mut Graph, flows: &[ValueId], weights: &[ValueId], _: Mode) -> ValueId {
        let (places, channels, time) = match *g.ty(flows[0]).shape.sizes() {
            [channels] => (1, channels, 1),
            [channels, time] => (1, channels, time),
            [channels, height, width] => (height * width, channels, 1),
            ref sizes => panic!("group_norm of {sizes:?}"),
        };
        let len = channels / self.groups * time;
        let node = Normalise {
            names: ["group_norm", "group_norm.grad", "group_norm.weight_grad"],
            sets: Sets { places, sets: self.groups, len, center: true },
            repeat: time,
            eps: self.eps,
        };
        g.add(node, &[flows[0], weights[0], weights[1]])
    }

    fn onnx(&self, out: &mut Onnx, flows: &[(String, Ty)], weights: &[String]) -> String {
        let (x, ty) = &flows[0];
        // Groups become channels, which are normalised over their places.
        let groups = out.whole("groups", &[0, self.groups as i64, -1]);
        let sizes = ty.shape.sizes().iter().map(|&size| size as i64);
        let shape = out.whole("shape", &[0].into_iter().chain(sizes).collect::<Vec<i64>>());
        let ones = out.floats("ones", &[self.groups], &vec![1.0; self.groups]);
        let zeros = out.floats("zeros", &[self.groups], &vec![0.0; self.groups]);
        let y = out.part("cut", "Reshape", &[x, &groups], vec![]);
        let attrs = vec![("epsilon", Attr::Float(self.eps))];
        let y = out.part("normal", "InstanceNormalization", &[y, ones, zeros], attrs);
        let y = out.part("whole", "Reshape", &[y, shape], vec![]);
        let places: Vec<i64> = (1..ty.shape.rank() as i64).collect();
        let mut wide = |word: &str, weight: &String| {
            if places.is_empty() {
                return weight.clone();
            }
            let axes = out.whole(&format!("{word}_axes"), &places);
            out.part(word, "Unsqueeze", &[weight, &axes], vec![])
        };
        let (weight, bias) = (wide("wide_weight", &weights[0]), wide("wide_bias", &weights[1]));
        let y = out.part("scaled", "Mul", &[y, weight], vec![]);
        out.add("Add", &[y, bias], vec![])
    }
}
