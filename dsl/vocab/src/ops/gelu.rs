//! Gaussian error linear unit.

use crate::common::codes::NO_KERNEL;
use crate::common::declare::{case, param};
use crate::common::unary::{Map, Unary};
use crate::ops::{Case, Flows, Operator};
use crate::word;
use crate::word::{Arg, Default, Type};
use dlm_graph::{Integer, Onnx, Role};
use dlm_kernels::Activation;
use dlm_kernels::math::{normal, tanh};
use std::sync::Arc;

word! {
    /// Each number is weighted by how much of the normal distribution lies below it.
    ///
    /// `y = x · ½ · (1 + erf(x / √2))`, element by element; any shape. With `approximate = tanh` it is
    /// `y = x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))`, as GPT-2 and others have it.
    ///
    /// ```dlm
    /// model Net(x: [16, 8, 8]) {
    ///     x -> conv(32, 3) -> gelu -> global_avg_pool -> dense(10)
    /// }
    /// ```
    ///
    /// Hendrycks and Gimpel 2016, arXiv 1606.08415.
    pub(crate) static GELU: Operator = {
        name: "gelu",
        params: &[param(
            "approximate",
            Type::Choice(&["none", "tanh"]),
            Default::Name("none"),
            "Whether the form with `tanh` takes the place of the exact one.",
            &[],
        )],
        aliases: &["GELU"],
    },
    flows: Flows::Exactly(1),
    make: |args| match args.str("approximate") {
        "tanh" => Arc::new(Map(GeluTanh)),
        _ => Arc::new(Map(Gelu)),
    },
    cases: cases,
}

fn cases() -> Vec<Case> {
    let of = |form: &str, shape: &[usize]| {
        case(&[("approximate", Arg::Name(form.to_string()))], &[shape], 2e-3)
    };
    vec![of("none", &[3, 4, 5]), of("none", &[7]), of("tanh", &[3, 4, 5]), of("tanh", &[7])]
}

/// 1 / √2π.
const DENSITY: f32 = 0.398_942_3;

#[derive(Clone, Copy, Debug)]
struct Gelu;

impl Unary for Gelu {
    const NAME: &'static str = "gelu";
    const GRAD: &'static str = "gelu.grad";
    const COST: usize = 24;
    const ROLE: Role = Role::ReluLike;
    const FROM_OUTPUT: bool = false;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        x * normal(x).0
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        let (below, bell) = normal(saved);
        dy * (below + saved * bell * DENSITY)
    }

    fn activation(self) -> Option<Activation> {
        None
    }

    fn integer(self) -> Integer {
        NO_KERNEL
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        let root = out.floats("root", &[], &[std::f32::consts::SQRT_2]);
        let (one, half) = (out.floats("one", &[], &[1.0]), out.floats("half", &[], &[0.5]));
        let scaled = out.part("scaled", "Div", &[x, &root], vec![]);
        let erf = out.part("erf", "Erf", &[&scaled], vec![]);
        let twice = out.part("share", "Add", &[&erf, &one], vec![]);
        let weighted = out.part("weighted", "Mul", &[x, &twice], vec![]);
        out.add("Mul", &[&weighted, &half], vec![])
    }
}

/// The form with `tanh`.
#[derive(Clone, Copy, Debug)]
struct GeluTanh;

/// √(2/π).
const ROOT: f32 = 0.797_884_6;
const CUBE: f32 = 0.044_715;

impl Unary for GeluTanh {
    const NAME: &'static str = "gelu";
    const GRAD: &'static str = "gelu.grad";
    const COST: usize = 24;
    const ROLE: Role = Role::ReluLike;
    const FROM_OUTPUT: bool = false;

    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        0.5 * x * (1.0 + tanh(ROOT * (x + CUBE * x * x * x)))
    }

    #[inline(always)]
    fn back(self, saved: f32, dy: f32) -> f32 {
        let square = CUBE * saved * saved;
        let t = tanh(ROOT * saved * (1.0 + square));
        let slope = (1.0 - t * t) * ROOT * (1.0 + 3.0 * square);
        dy * 0.5 * (1.0 + t + saved * slope)
    }

    fn activation(self) -> Option<Activation> {
        None
    }

    fn integer(self) -> Integer {
        NO_KERNEL
    }

    fn onnx(self, out: &mut Onnx, x: &str) -> String {
        let values = [("root", ROOT), ("cube", CUBE), ("one", 1.0), ("half", 0.5)];
        let [root, cube, one, half] = values.map(|(word, value)| out.floats(word, &[], &[value]));
        let square = out.part("square", "Mul", &[x, x], vec![]);
        let small = out.part("small", "Mul", &[square, cube], vec![]);
        let factor = out.part("factor", "Add", &[&small, &one], vec![]);
        let scaled = out.part("scaled", "Mul", &[x, &root], vec![]);
        let inner = out.part("inner", "Mul", &[scaled, factor], vec![]);
        let tanh = out.part("tanh", "Tanh", &[inner], vec![]);
        let twice = out.part("share", "Add", &[tanh, one], vec![]);
        let weighted = out.part("weighted", "Mul", &[x, &twice], vec![]);
        out.add("Mul", &[weighted, half], vec![])
    }
}
