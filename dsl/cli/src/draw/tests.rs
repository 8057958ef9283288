use super::*;
use crate::draw::layout::{Way, place};
use dlm_base::Span;
use dlm_check::program::{Flow, LayerBody, NetLayer, Network};
use dlm_graph::{Graph, Init, Layer, Mode, Reject, Role, Ty, ValueId, Weight};
use dlm_vocab::ops::{Flows, Operator};
use dlm_vocab::{Arg, Args, Default, Param, Word};
use std::sync::Arc;

#[derive(Debug)]
struct Fake(Role);

impl Layer for Fake {
    fn infer(&self, flows: &[Ty]) -> Result<Ty, Reject> {
        Ok(flows[0].clone())
    }
    fn weights(&self, _: &[Ty]) -> Vec<Weight> {
        Vec::new()
    }
    fn macs(&self, _: &[Ty]) -> u64 {
        0
    }
    fn role(&self) -> Role {
        self.0
    }
    fn integer(&self, _: &[Ty]) -> dlm_graph::Integer {
        dlm_graph::Integer::Move
    }

    fn build(&self, _: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
        flows[0]
    }

    fn onnx(&self, _: &mut dlm_graph::Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
        flows[0].0.clone()
    }
}

macro_rules! fake {
    ($name:ident, $text:literal) => {
        static $name: Operator = Operator {
            word: Word { name: $text, doc: "", params: PARAMS, aliases: &[] },
            flows: Flows::AtLeast(1),
            make: |_| Arc::new(Fake(Role::Other)),
            cases: Vec::new,
        };
    };
}

static PARAMS: &[Param] = &[
    Param {
        name: "channels",
        ty: dlm_vocab::Type::Int { min: 1 },
        default: Default::Required,
        doc: "",
        aliases: &[],
    },
    Param {
        name: "stride",
        ty: dlm_vocab::Type::Int { min: 1 },
        default: Default::Int(1),
        doc: "",
        aliases: &[],
    },
];
fake!(CONV, "conv");
fake!(NORM, "batch_norm");
fake!(RELU, "relu");
fake!(ADD, "add");

struct Builder(Network);

impl Builder {
    fn new() -> Builder {
        Builder(Network {
            model: "Net".into(),
            title: "Net(depth = 2)".into(),
            span: Span::default(),
            inputs: vec![("image".into(), Ty::flow(vec![1, 8, 8]))],
            layers: Vec::new(),
            output: Flow::Input(0),
            before_relu: Vec::new(),
            groups: Vec::new(),
        })
    }

    fn add(&mut self, path: &str, op: &'static Operator, inputs: &[Flow], stride: i64) -> Flow {
        let (role, channels) = match op.word.name {
            "conv" => (Role::Product, Some(32)),
            "batch_norm" => (Role::Norm { cancels_bias: true }, None),
            "relu" => (Role::ReluLike, None),
            _ => (Role::Other, None),
        };
        let mut args = Args::default();
        if let Some(channels) = channels {
            args.set("channels", Arg::Int(channels));
            args.set("stride", Arg::Int(stride));
        }
        let weight = Weight {
            name: "weight",
            shape: vec![32, 32, 3, 3].into(),
            order: vec![2, 3, 1, 0],
            init: Init::Constant(0.0),
            trained: true,
            decays: true,
        };
        let body = LayerBody {
            borrowed: None,
            path: path.into(),
            operator: op,
            args,
            layer: Arc::new(Fake(role)),
            inputs: inputs.to_vec(),
            ty: Ty::flow(vec![32, 8, 8]),
            weights: if channels.is_some() { vec![weight] } else { Vec::new() },
            init_normal: None,
            macs: 0,
        };
        self.0.layers.push(NetLayer { body: Arc::new(body), span: Span::default() });
        self.0.output = Flow::Layer(self.0.layers.len() - 1);
        self.0.output
    }
}

/// A stem, a block with an identity skip, and one with a convolution on the skip.
fn residual() -> Network {
    let mut b = Builder::new();
    let x = b.add("stem", &CONV, &[Flow::Input(0)], 1);
    let mut x = b.add("relu1", &RELU, &[x], 1);
    for i in 0..2 {
        let at = |name: &str| format!("stage[{i}].ResidualBlock1.{name}");
        let a = b.add(&at("conv1"), &CONV, &[x], 1 + i);
        let a = b.add(&at("batch_norm1"), &NORM, &[a], 1);
        let a = b.add(&at("relu1"), &RELU, &[a], 1);
        let a = b.add(&at("conv2"), &CONV, &[a], 1);
        let a = b.add(&at("batch_norm2"), &NORM, &[a], 1);
        let skip = if i == 0 {
            x
        } else {
            let s = b.add(&at("conv3"), &CONV, &[x], 2);
            b.add(&at("batch_norm3"), &NORM, &[s], 1)
        };
        let sum = b.add(&at("add1"), &ADD, &[a, skip], 1);
        x = b.add(&at("relu2"), &RELU, &[sum], 1);
    }
    b.0
}

#[test]
fn a_call_leaves_out_what_is_default() {
    let net = residual();
    assert_eq!(call(&net.layers[0]), "conv(32)");
    assert_eq!(call(&net.layers[9]), "conv(32, stride = 2)");
    assert_eq!(call(&net.layers[1]), "relu");
}

#[test]
fn an_identity_goes_around_and_a_branch_beside() {
    let layout = place(&residual());
    let ways = |way: fn(&Way) -> bool| layout.arrows.iter().filter(|a| way(&a.way)).count();
    assert_eq!(ways(|w| matches!(w, Way::Around(_))), 1);
    assert_eq!(ways(|w| *w == Way::Fork), 1);
    assert_eq!(ways(|w| *w == Way::Join), 1);
    assert_eq!(layout.columns, 2);
    let mut seen: Vec<(usize, usize)> = layout.places.iter().map(|p| (p.row, p.column)).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), layout.places.len(), "two boxes in one place");
}

#[test]
fn arrows_around_the_same_boxes_have_lanes_of_their_own() {
    let mut b = Builder::new();
    let start = b.add("a", &CONV, &[Flow::Input(0)], 1);
    let x = b.add("b", &RELU, &[start], 1);
    let x = b.add("c", &ADD, &[x, start], 1);
    let x = b.add("d", &ADD, &[x, start], 1);
    b.add("e", &ADD, &[x, Flow::Input(0)], 1);
    let mut lanes: Vec<usize> = place(&b.0)
        .arrows
        .iter()
        .filter_map(|a| if let Way::Around(lane) = a.way { Some(lane) } else { None })
        .collect();
    lanes.sort_unstable();
    assert_eq!(lanes, [0, 1, 2]);
}

#[test]
fn the_drawing_has_a_box_for_each_layer_and_a_frame_for_each_turn() {
    let text = svg(&residual(), "Net <1>");
    assert!(text.starts_with("<svg ") && text.trim_end().ends_with("</svg>"));
    assert!(text.contains("Net &lt;1&gt;"));
    assert_eq!(text.matches("conv(32").count(), 6);
    assert_eq!(text.matches(">stage[0].ResidualBlock1<").count(), 1);
    assert!(text.contains("[32, 8, 8]"));
}

#[test]
fn the_graph_for_graphviz_names_every_edge() {
    let text = dot(&residual(), "Net");
    assert!(text.starts_with("digraph \"Net\" {"));
    assert_eq!(text.matches(" -> ").count(), 21);
    assert!(text.contains("in0 -> n0 [label = \"[1, 8, 8]\"]"));
}
