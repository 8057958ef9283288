//! From a checked network to a graph, and its weights as they start.

use crate::program::{Flow, Network};
use dlm_base::Shape;
use dlm_graph::{Graph, Init, Mode, Role, Ty, ValueId, Weight};
use dlm_kernels::rng;

/// A tensor that a network owns.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightInfo {
    /// `stage[0].conv1.weight`: its name in files and, behind the prefix, in graphs.
    pub name: String,
    /// The shape as files store it.
    pub shape: Shape,
    /// The axes of `shape` in the order in which they lie in memory, slowest first.
    pub order: Vec<usize>,
    /// How it starts; never [`Init::Fan`], which has become [`Init::Uniform`].
    pub init: Init,
    /// Changed by the optimiser (`true`), or a statistic.
    pub trained: bool,
    /// Whether weight decay and `l1`/`l2` act on it.
    pub decays: bool,
    /// The layer that owns it: an index into [`Network::layers`].
    pub layer: usize,
}

/// Adds the network to `g`, fed by `inputs`, each layer in the mode that `mode` tells of its index; its
/// weights become states named `prefix` + path + name. Returns the network's result.
///
/// # Panics
/// When `inputs` do not have the types of the network's inputs.
pub fn lower(
    net: &Network,
    g: &mut Graph,
    inputs: &[ValueId],
    mode: &dyn Fn(usize) -> Mode,
    prefix: &str,
) -> ValueId {
    let made = lower_layers(net, g, inputs, mode, prefix);
    value(net.output, inputs, &made)
}

/// As [`lower`]; returns the result of each layer, in their order.
///
/// # Panics
/// When `inputs` do not have the types of the network's inputs.
pub fn lower_layers(
    net: &Network,
    g: &mut Graph,
    inputs: &[ValueId],
    mode: &dyn Fn(usize) -> Mode,
    prefix: &str,
) -> Vec<ValueId> {
    assert_eq!(inputs.len(), net.inputs.len(), "inputs of {}", net.title);
    for (&input, (name, ty)) in inputs.iter().zip(&net.inputs) {
        assert_eq!(g.ty(input), ty, "input {name} of {}", net.title);
    }
    let mut made: Vec<ValueId> = Vec::with_capacity(net.layers.len());
    for (index, layer) in net.layers.iter().enumerate() {
        g.enter(layer.path.clone());
        let flows: Vec<ValueId> =
            layer.inputs.iter().map(|&flow| value(flow, inputs, &made)).collect();
        let weights: Vec<ValueId> = layer
            .takes()
            .map(|(name, weight)| g.state(&format!("{prefix}{name}"), weight.ty()))
            .collect();
        let out = layer.layer.build(g, &flows, &weights, mode(index));
        debug_assert_eq!(g.ty(out), &layer.ty, "{}", layer.path);
        made.push(out);
    }
    made
}

/// The mode of a layer while its network trains: normalisation whose weights stay as they are uses
/// its recorded statistics and leaves them alone.
pub fn training_mode(net: &Network, frozen: &[bool], layer: usize) -> Mode {
    match net.layers[layer].layer.role() {
        Role::Norm { .. } if frozen[layer] => Mode::Eval,
        _ => Mode::Train,
    }
}

/// The weights of a network, in the order of its layers.
pub fn weights(net: &Network) -> Vec<WeightInfo> {
    let layers = net.layers.iter().enumerate();
    layers
        .flat_map(|(index, layer)| {
            layer.weights.iter().map(move |weight| WeightInfo {
                init: resolve(weight.init, layer.init_normal, net.before_relu[index]),
                ..weight_of(&layer.path, weight, index)
            })
        })
        .collect()
}

/// A weight that stands under a path, owned by the layer of that number; it starts as before no relu.
pub fn weight_of(path: &str, weight: &Weight, layer: usize) -> WeightInfo {
    WeightInfo {
        name: format!("{path}.{}", weight.name),
        shape: weight.shape.clone(),
        order: weight.order.clone(),
        init: resolve(weight.init, None, false),
        trained: weight.trained,
        decays: weight.decays,
        layer,
    }
}

/// The numbers with which a weight starts, as they lie in memory. They depend on the seed and on the
/// weight's name and shape alone.
pub fn init(weight: &WeightInfo, seed: u64) -> Vec<f32> {
    let count = weight.shape.len();
    let key = rng::key_of(rng::key_of(seed, "weights"), &weight.name);
    let values: Vec<f32> = match weight.init {
        Init::Constant(value) => return vec![value; count],
        Init::Uniform(bound) => {
            (0..count as u64).map(|i| (2.0 * rng::uniform(key, i) - 1.0) * bound).collect()
        }
        Init::Normal(std) => {
            let mut stream = rng::Stream::new(key);
            (0..count).map(|_| stream.normal() as f32 * std).collect()
        }
        Init::Fan(_) => unreachable!("{} is resolved", weight.name),
    };
    to_memory(&values, &weight.shape, &weight.order)
}

impl WeightInfo {
    /// The type of the state that holds it.
    pub fn ty(&self) -> Ty {
        Ty::fixed(permuted(&self.shape, &self.order))
    }
}

/// Numbers in the order of `shape`'s axes, put in the order in which they lie in memory.
pub fn to_memory(values: &[f32], shape: &Shape, order: &[usize]) -> Vec<f32> {
    places(shape, order).map(|place| values[place]).collect()
}

/// Numbers as they lie in memory, put in the order of `shape`'s axes.
pub fn from_memory(values: &[f32], shape: &Shape, order: &[usize]) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    for (place, &value) in places(shape, order).zip(values) {
        out[place] = value;
    }
    out
}

/// For each number in memory its place in the order of `shape`'s axes.
fn places(shape: &Shape, order: &[usize]) -> impl Iterator<Item = usize> {
    let strides = shape.strides();
    let sizes = permuted(shape, order);
    let steps: Vec<usize> = order.iter().map(|&axis| strides[axis]).collect();
    let mut index = vec![0usize; sizes.len()];
    let mut place = 0;
    (0..shape.len()).map(move |_| {
        let here = place;
        for axis in (0..sizes.len()).rev() {
            index[axis] += 1;
            place += steps[axis];
            if index[axis] < sizes[axis] {
                break;
            }
            place -= sizes[axis] * steps[axis];
            index[axis] = 0;
        }
        here
    })
}

fn permuted(shape: &Shape, order: &[usize]) -> Vec<usize> {
    order.iter().map(|&axis| shape.0[axis]).collect()
}

/// The initialiser with its figures: He et al. 2015 before relu-like steps, Glorot and Bengio 2010
/// otherwise, unless the program says `init = normal(std)`.
fn resolve(init: Init, normal: Option<f32>, before_relu: bool) -> Init {
    match (init, normal) {
        (Init::Constant(_), _) => init,
        (_, Some(std)) => Init::Normal(std),
        (Init::Fan(fan), None) if before_relu => Init::Uniform((6.0 / fan.ins as f32).sqrt()),
        (Init::Fan(fan), None) => Init::Uniform((6.0 / (fan.ins + fan.outs) as f32).sqrt()),
        _ => init,
    }
}

fn value(flow: Flow, inputs: &[ValueId], made: &[ValueId]) -> ValueId {
    match flow {
        Flow::Input(i) => inputs[i],
        Flow::Layer(i) => made[i],
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::program::{LayerBody, NetLayer};
    use dlm_base::Span;
    use dlm_graph::{Fan, Layer, Reject};
    use dlm_vocab::ops::{Flows, Operator};
    use dlm_vocab::{Args, Word};
    use std::sync::Arc;

    /// A layer of so many outputs that is never run.
    #[derive(Debug)]
    struct Wide(usize);

    impl Layer for Wide {
        fn infer(&self, _: &[Ty]) -> Result<Ty, Reject> {
            Ok(Ty::flow(vec![self.0]))
        }
        fn weights(&self, flows: &[Ty]) -> Vec<Weight> {
            let ins = flows[0].shape.0[0];
            vec![
                Weight {
                    name: "weight",
                    shape: Shape::of(&[self.0, ins]),
                    order: vec![1, 0],
                    init: Init::Fan(Fan { ins, outs: self.0 }),
                    trained: true,
                    decays: true,
                },
                Weight {
                    name: "bias",
                    shape: Shape::of(&[self.0]),
                    order: vec![0],
                    init: Init::Constant(0.0),
                    trained: true,
                    decays: false,
                },
            ]
        }
        fn macs(&self, flows: &[Ty]) -> u64 {
            (flows[0].len() * self.0) as u64
        }
        fn role(&self) -> Role {
            Role::Product
        }
        fn integer(&self, _: &[Ty]) -> dlm_graph::Integer {
            dlm_graph::Integer::Pass
        }

        fn build(&self, _: &mut Graph, flows: &[ValueId], _: &[ValueId], _: Mode) -> ValueId {
            flows[0]
        }

        fn onnx(&self, _: &mut dlm_graph::Onnx, flows: &[(String, Ty)], _: &[String]) -> String {
            flows[0].0.clone()
        }
    }

    static WIDE: Operator = Operator {
        word: Word { name: "wide", doc: "", params: &[], aliases: &[] },
        flows: Flows::Exactly(1),
        make: |_| Arc::new(Wide(1)),
        cases: Vec::new,
    };

    /// Layers one after the other: the first size is the input's, the others the results'.
    pub(crate) fn chain(sizes: &[usize]) -> Network {
        let layers = sizes.windows(2).enumerate().map(|(i, pair)| {
            let flow = Ty::flow(vec![pair[0]]);
            let layer = Wide(pair[1]);
            let body = LayerBody {
                path: Arc::from(format!("wide{}", i + 1)),
                operator: &WIDE,
                args: Args::default(),
                inputs: vec![if i == 0 { Flow::Input(0) } else { Flow::Layer(i - 1) }],
                ty: Ty::flow(vec![pair[1]]),
                borrowed: None,
                weights: layer.weights(std::slice::from_ref(&flow)),
                init_normal: None,
                macs: layer.macs(&[flow]),
                layer: Arc::new(layer),
            };
            NetLayer { body: Arc::new(body), span: Span::default() }
        });
        let layers: Vec<NetLayer> = layers.collect();
        Network {
            model: "Chain".into(),
            title: "Chain".into(),
            span: Span::default(),
            inputs: vec![("x".into(), Ty::flow(vec![sizes[0]]))],
            output: Flow::Layer(layers.len() - 1),
            before_relu: vec![false; layers.len()],
            groups: Vec::new(),
            layers,
        }
    }

    #[test]
    fn bounds_follow_from_fans_and_from_what_comes_after() {
        let mut net = chain(&[6, 18]);
        assert_eq!(weights(&net)[0].init, Init::Uniform(0.5));
        net.before_relu[0] = true;
        assert_eq!(weights(&net)[0].init, Init::Uniform(1.0));
        net.layers[0].init_normal = Some(0.02);
        assert_eq!(weights(&net)[0].init, Init::Normal(0.02));
        assert_eq!(weights(&net)[1].init, Init::Constant(0.0));
    }

    #[test]
    fn starting_weights_depend_on_seed_and_name_and_fill_their_range() {
        let net = chain(&[50, 40]);
        let weight = &weights(&net)[0];
        let values = init(weight, 1);
        assert_eq!(values, init(weight, 1));
        assert_ne!(values, init(weight, 2));
        assert_ne!(values, init(&WeightInfo { name: "other".into(), ..weight.clone() }, 1));
        let bound = (6.0f32 / 90.0).sqrt();
        let largest = values.iter().fold(0.0f32, |a, v| a.max(v.abs()));
        assert!(largest <= bound && largest > 0.95 * bound, "{largest} of {bound}");
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        assert!(mean.abs() < 0.02, "{mean}");
    }

    #[test]
    fn the_layout_in_memory_does_not_change_the_numbers() {
        let net = chain(&[3, 2]);
        let weight = weights(&net).remove(0);
        let there = init(&weight, 1);
        let plain = init(&WeightInfo { order: vec![0, 1], ..weight.clone() }, 1);
        // [out, in] to [in, units].
        let expected: Vec<f32> = [0, 3, 1, 4, 2, 5].iter().map(|&i| plain[i]).collect();
        assert_eq!(there, expected);
    }

    #[test]
    fn memory_order_is_a_permutation_and_back() {
        let shape = Shape::of(&[2, 3, 4, 5]);
        let values: Vec<f32> = (0..120).map(|i| i as f32).collect();
        let order = [2, 3, 1, 0];
        let there = to_memory(&values, &shape, &order);
        assert_eq!(from_memory(&there, &shape, &order), values);
        // [kh, kw, in, out]: the place of (out, in, kh, kw) = (1, 2, 3, 4).
        assert_eq!(there[((3 * 5 + 4) * 3 + 2) * 2 + 1], values[((3 + 2) * 4 + 3) * 5 + 4]);
    }

    #[test]
    fn states_are_shared_by_name_and_apart_by_prefix() {
        let net = chain(&[3, 3]);
        let mut g = Graph::new();
        let x = g.input(Ty::flow(vec![3]));
        lower(&net, &mut g, &[x], &|_| Mode::Train, "");
        lower(&net, &mut g, &[x], &|_| Mode::Eval, "");
        lower(&net, &mut g, &[x], &|_| Mode::Eval, "teacher/");
        let names: Vec<&str> = g.states.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(
            names,
            ["wide1.weight", "wide1.bias", "teacher/wide1.weight", "teacher/wide1.bias"]
        );
    }

    #[test]
    fn every_weight_is_a_state_of_the_graph_and_starts_in_its_range() {
        let text = "use std.vision: ResidualBlock, SqueezeExcite
data Digits { source = builtin(\"digits\") }
model Net(image: [1, 8, 8]) {
    image
        -> conv(8, 3, init = normal(0.02)) as stem -> batch_norm -> relu
        -> repeat 2 { ResidualBlock(8) } as stage
        -> SqueezeExcite(4) -> max_pool(2) -> flatten
        -> dense(24) -> layer_norm -> gelu -> dropout(0.3) -> dense(Digits.classes) as head
}
train Net on Digits
";
        let checked = crate::session::check_text("main.dlm", text, &dlm_base::files::NoFiles);
        assert_eq!(checked.errors(), 0, "{:?}", checked.diags);
        let net = &checked.program.networks[checked.program.trainings[0].network];
        let infos = weights(net);
        for mode in [Mode::Train, Mode::Eval] {
            let mut g = Graph::new();
            let inputs: Vec<ValueId> =
                net.inputs.iter().map(|(_, ty)| g.input(ty.clone())).collect();
            let out = lower(net, &mut g, &inputs, &|_| mode, "");
            assert_eq!(g.ty(out), net.ty(net.output));
            let states: Vec<(&str, &Ty)> =
                g.states.iter().map(|s| (s.name.as_str(), g.ty(s.value))).collect();
            let tys: Vec<Ty> = infos.iter().map(WeightInfo::ty).collect();
            let expected: Vec<(&str, &Ty)> =
                infos.iter().zip(&tys).map(|(w, ty)| (w.name.as_str(), ty)).collect();
            assert_eq!(states, expected);
        }
        let trained: u64 = infos.iter().filter(|w| w.trained).map(|w| w.shape.len() as u64).sum();
        assert_eq!(trained, net.params());
        let deviation = |name: &str| {
            let weight = infos.iter().find(|w| w.name == name).unwrap();
            let values = init(weight, 3);
            assert_eq!(values.len(), weight.ty().len());
            (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt()
        };
        assert!((deviation("stem.weight") - 0.02).abs() < 0.005);
        // Kaiming before relu: a uniform number in ±b has the deviation b / √3; 8 · 9 inputs.
        let kaiming = (6.0f32 / 72.0 / 3.0).sqrt();
        assert!((deviation("stage[0].conv1.weight") - kaiming).abs() < 0.1 * kaiming);
        // Glorot at the end: 24 inputs, 10 outputs.
        let glorot = (6.0f32 / 34.0 / 3.0).sqrt();
        assert!((deviation("head.weight") - glorot).abs() < 0.1 * glorot);
        assert_eq!(deviation("head.bias"), 0.0);
    }
}
