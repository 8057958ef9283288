//! A network under construction.

use super::paths::{Level, reserved_in_body};
use super::shared::Shared;
use super::{Built, Given, Misfit, Unbuilt, params, sizes};
use crate::consts::{Const, Local, Scope};
use crate::diags::Diags;
use crate::names::{Decl, World, unused};
use crate::program::{Flow, NetLayer, Network};
use dlm_base::diag::codes::{lints, settings};
use dlm_base::{Shape, Span};
use dlm_grammar::tree::{self, Statement};
use dlm_graph::{DType, Role, Ty};
use dlm_vocab::data::Facts;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most operators of one network.
pub(crate) const MOST_LAYERS: usize = 100_000;
/// The most steps, turns and uses of layers that are looked at for one network.
const MOST_WORK: usize = 1_000_000;
/// How deep expressions and layers may lie within each other.
const DEEPEST: usize = 200;

/// Where the sizes of a flow were fixed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// The step that made it, or the name of the parameter.
    pub(crate) at: Span,
    /// An argument of that step that is no plain number, with its value.
    pub(crate) because: Option<(Span, i64)>,
}

/// A flow of which everything is known.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) flow: Flow,
    pub(crate) ty: Ty,
    pub(crate) origin: Origin,
}

/// What surrounds a step while a network is expanded.
#[derive(Clone, Debug)]
pub(crate) enum Frame<'w> {
    /// A layer, used at `at` with these sizes and settings; or the model, whose place may be unknown.
    Use { decl: Decl, at: Option<Span>, values: Vec<(&'w str, Const)> },
    /// A turn of a `repeat`, whose keyword is at `at`.
    Turn { at: Span, turn: usize, variable: Option<(&'w str, Const)> },
}

/// Where an expression stands: its names, and how its steps are called.
pub(crate) struct Env<'w> {
    pub(crate) scope: Scope<'w>,
    pub(crate) level: Level<'w>,
}

/// A network under construction.
///
/// With `open` set it is a declaration that is looked at on its own: nothing is known of its flows,
/// sizes and settings, every branch is taken, and only what is wrong for all of them is found.
pub(crate) struct Builder<'w, 'd> {
    pub(crate) world: &'w World<'w>,
    pub(crate) diags: &'d mut Diags,
    pub(crate) open: bool,
    /// What surrounds the step at hand, outermost first.
    pub(crate) frames: Vec<Frame<'w>>,
    pub(crate) values: Vec<Value>,
    pub(crate) layers: Vec<NetLayer>,
    /// The blocks with their results.
    pub(crate) groups: Vec<(Arc<str>, Flow)>,
    /// The weights that steps share, by the name that they give them.
    pub(crate) shared: BTreeMap<String, Shared>,
    /// The layers that the declaration uses, with the places (only when `open`).
    pub(crate) uses: Vec<(Decl, Span)>,
    unused: BTreeMap<Decl, Arc<Vec<usize>>>,
    work: usize,
    depth: usize,
    failed: bool,
}

impl<'w, 'd> Builder<'w, 'd> {
    pub(crate) fn new(world: &'w World<'w>, diags: &'d mut Diags) -> Builder<'w, 'd> {
        Builder {
            world,
            diags,
            open: false,
            frames: Vec::new(),
            values: Vec::new(),
            layers: Vec::new(),
            groups: Vec::new(),
            shared: BTreeMap::new(),
            uses: Vec::new(),
            unused: BTreeMap::new(),
            work: 0,
            depth: 0,
            failed: false,
        }
    }

    /// Expands a model; see [`super::build`].
    pub(crate) fn model(
        mut self,
        decl: Decl,
        given: &[Given],
        data: Option<&Facts>,
        at: Option<Span>,
    ) -> Result<Built, Unbuilt> {
        let network = self.world.network(decl);
        let flows: Vec<&tree::Param> =
            network.params.iter().filter(|param| params::is_flow(param)).collect();
        let (optional, flows): (Vec<&tree::Param>, Vec<_>) =
            flows.into_iter().partition(|param| params::is_optional(param));
        let mut scope = Scope::of(self.world, decl.module);
        scope.locals.extend(optional.iter().map(|it| (it.name.text.as_str(), Local::Absent)));
        for it in given {
            let name = network.params[it.param].name.text.as_str();
            scope.locals.push((name, Local::Const(it.value.clone())));
        }
        if flows.is_empty() || self.world.is_recursive(decl) {
            return Err(Unbuilt::Reported);
        }
        let shapes = self.model_inputs(decl, &flows, data, &mut scope)?;
        let mut inputs = Vec::new();
        for (i, (param, ty)) in flows.iter().zip(&shapes).enumerate() {
            inputs.push((param.name.text.clone(), ty.clone()));
            let origin = Origin { at: param.name.span.to(param.ty.span), because: None };
            let value = self.value(Flow::Input(i), ty.clone(), origin);
            self.saw_name(param.name.span, &value);
            scope.locals.push((&param.name.text, value));
        }
        let values = params::known(network, &scope);
        self.frames.push(Frame::Use { decl, at, values });
        let output = self.body(decl, network, scope, Arc::from(""));
        let output = match output {
            Local::Flow(Some(id)) if !self.failed => self.values[id].flow,
            _ => return Err(Unbuilt::Reported),
        };
        self.alone();
        let title = title(network, given);
        let before_relu = vec![false; self.layers.len()];
        let mut net = Network {
            model: network.name.text.clone(),
            title,
            span: network.name.span,
            inputs,
            layers: self.layers,
            output,
            before_relu,
            groups: self.groups,
        };
        keep_reached(&mut net);
        net.before_relu = before_relu_like(&net);
        Ok(Built { network: Arc::new(net) })
    }

    /// The types of a model's inputs; sizes that are bound on the way, and settings with their
    /// defaults, become names of the scope.
    fn model_inputs(
        &mut self,
        decl: Decl,
        flows: &[&'w tree::Param],
        data: Option<&Facts>,
        scope: &mut Scope<'w>,
    ) -> Result<Vec<Ty>, Unbuilt> {
        let network = self.world.network(decl);
        let mut shapes = Vec::new();
        if let Some(facts) = data {
            let pieces = facts.pieces();
            let world = self.world;
            let misfit = |floats: Option<&str>| {
                let texts = flows.iter().map(|param| world.text(param.ty.span));
                let named = flows.iter().zip(texts.clone());
                let named = named.map(|(param, text)| format!("{} {text}", param.name.text));
                let named: Vec<String> = named.collect();
                let (takes, at) = match (named.as_slice(), flows) {
                    ([rest @ .., last], [_, _, ..]) => {
                        (format!("{} and {last}", rest.join(", ")), network.params_span)
                    }
                    _ => (texts.collect(), flows[0].ty.span),
                };
                let floats = floats.map(str::to_string);
                Err(Unbuilt::Misfit(Misfit { takes, at, floats }))
            };
            if pieces.len() != flows.len() {
                return misfit(None);
            }
            for (param, piece) in flows.iter().zip(&pieces) {
                let shape = Shape(piece.shape.clone());
                let Ok(new) = sizes::bind(network, param, &shape, scope) else {
                    return misfit(None);
                };
                scope.locals.extend(new);
            }
            self.defaults(decl, scope)?;
            for (param, piece) in flows.iter().zip(&pieces) {
                match sizes::agree(param, &Shape(piece.shape.clone()), scope, self.diags) {
                    Some(true) => {}
                    Some(false) => return misfit(None),
                    None => return Err(Unbuilt::Reported),
                }
                let ty = match params::dtype(param) {
                    DType::I32 if piece.whole => Ty::tokens(piece.shape.clone()),
                    _ => piece.ty(),
                };
                if params::dtype(param) != ty.dtype {
                    return misfit((ty.dtype == DType::F32).then_some(&*piece.name));
                }
                shapes.push(ty);
            }
        } else {
            if flows.iter().any(|param| sizes::is_open(network, param, scope)) {
                return Err(Unbuilt::Open);
            }
            self.defaults(decl, scope)?;
            for param in flows {
                let Some(shape) = sizes::declared(param, scope, self.diags) else {
                    return Err(Unbuilt::Reported);
                };
                shapes.push(Ty { dtype: params::dtype(param), batched: true, shape });
            }
        }
        Ok(shapes)
    }

    /// Gives the settings of a model that nobody gave their defaults.
    fn defaults(&mut self, decl: Decl, scope: &mut Scope<'w>) -> Result<(), Unbuilt> {
        match params::fill_defaults(self.world.network(decl), scope, self.diags) {
            Ok(()) => Ok(()),
            Err(params::NoValue::Required) => Err(Unbuilt::Open),
            Err(params::NoValue::Reported) => Err(Unbuilt::Reported),
        }
    }

    /// The result of a body whose parameters are in `scope`.
    pub(crate) fn body(
        &mut self,
        decl: Decl,
        network: &'w tree::Network,
        scope: Scope<'w>,
        prefix: Arc<str>,
    ) -> Local {
        let reserved = Arc::new(reserved_in_body(&network.body.statements));
        let mut env = Env { scope, level: Level::new(prefix, reserved) };
        let unused = self.unused_rows(decl, network);
        let mut result = Local::Flow(None);
        for (i, statement) in network.body.statements.iter().enumerate() {
            match statement {
                Statement::Binding(binding) => {
                    let before = self.layers.len();
                    let value = self.expr(&binding.value, &mut env);
                    if unused.contains(&i) {
                        self.unused_row(binding, before);
                    }
                    if !binding.name.is_missing() {
                        self.saw_name(binding.name.span, &value);
                        env.scope.locals.push((&binding.name.text, value));
                    }
                }
                Statement::Assert(assert) => {
                    if !self.assertion(assert, &env) {
                        return Local::Flow(None);
                    }
                }
                Statement::Flow(flow) => {
                    let value = self.expr(flow, &mut env);
                    let last = i + 1 == network.body.statements.len();
                    if last {
                        result = self.needs_flow(value, flow);
                    }
                }
                Statement::Error(_) => {}
            }
        }
        self.check_result(network, &result, &env);
        result
    }

    fn unused_rows(&mut self, decl: Decl, network: &tree::Network) -> Arc<Vec<usize>> {
        if let Some(known) = self.unused.get(&decl) {
            return known.clone();
        }
        let rows = Arc::new(unused::bindings(network));
        self.unused.insert(decl, rows.clone());
        rows
    }

    fn unused_row(&mut self, binding: &tree::Binding, before: usize) {
        let own = &self.layers[before..];
        if self.open || !self.world.in_main(binding.name.span) {
            return;
        }
        let weights = own.iter().flat_map(|layer| &layer.weights).filter(|weight| weight.trained);
        let params: u64 = weights.map(|weight| weight.shape.len() as u64).sum();
        let detail = match params {
            0 => "does not reach the result".to_string(),
            n => format!(
                "does not reach the result; its {} parameters are left out",
                super::report::grouped(n)
            ),
        };
        self.diags.push(lints::unused(binding.name.span, "binding", &binding.name.text, &detail));
    }

    /// Adds a flow.
    pub(crate) fn value(&mut self, flow: Flow, ty: Ty, origin: Origin) -> Local {
        self.values.push(Value { flow, ty, origin });
        Local::Flow(Some(self.values.len() - 1))
    }

    /// Remembers the result of a block.
    pub(crate) fn ends(&mut self, path: &Arc<str>, result: &Local) {
        if let Local::Flow(Some(id)) = result {
            self.groups.push((path.clone(), self.values[*id].flow));
        }
    }

    /// Counts a step; `false` when there are too many, which is reported once, at the place at hand.
    pub(crate) fn spend(&mut self, at: Span) -> bool {
        self.work += 1;
        let full = self.layers.len() >= MOST_LAYERS;
        if !full && self.work <= MOST_WORK {
            return true;
        }
        if !self.failed {
            self.failed = true;
            let message = match full {
                true => "the network has more than 100,000 operators".to_string(),
                false => "the network takes more than 1,000,000 steps to expand".to_string(),
            };
            let place = self.blame(at);
            let help = Some("repeat less, or nest fewer repeats");
            self.diags.push(settings::unfit_value(place, &message, "this is where it ends", help));
        }
        false
    }

    /// Does something inside something else; `None` when that is too deep, which is reported once.
    pub(crate) fn deeper<T>(&mut self, at: Span, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEEPEST {
            if !self.failed {
                self.failed = true;
                let place = self.blame(at);
                let message = format!("the network is nested more than {DEEPEST} deep");
                let label = "this is where it ends";
                self.diags.push(settings::unfit_value(place, &message, label, None));
            }
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        Some(result)
    }

    /// Whether expansion has been given up.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }
}

/// `ResNet(depth = 9)`
fn title(network: &tree::Network, given: &[Given]) -> String {
    if given.is_empty() {
        return network.name.text.clone();
    }
    let given: Vec<String> = given
        .iter()
        .map(|it| format!("{} = {}", network.params[it.param].name.text, it.value))
        .collect();
    format!("{}({})", network.name.text, given.join(", "))
}

/// Leaves out the layers that the output does not need.
fn keep_reached(net: &mut Network) {
    let mut reached = vec![false; net.layers.len()];
    if let Flow::Layer(output) = net.output {
        reached[output] = true;
    }
    for i in (0..net.layers.len()).rev() {
        if reached[i] {
            // What owns a borrowed weight comes before.
            let from = net.layers[i].borrowed.as_ref().map(|it| &it.from);
            let owner =
                from.and_then(|from| net.layers[..i].iter().position(|it| it.path == *from));
            for input in inner(&net.layers[i]).chain(owner) {
                reached[input] = true;
            }
        }
    }
    let mut places = vec![usize::MAX; reached.len()];
    let mut next = 0;
    for (i, reached) in reached.iter().enumerate() {
        if *reached {
            places[i] = next;
            next += 1;
        }
    }
    let mut keep = reached.iter();
    net.layers.retain(|_| keep.next().copied().unwrap_or(false));
    let moved = |flow: &mut Flow| {
        if let Flow::Layer(i) = flow {
            *i = places[*i];
        }
    };
    net.layers.iter_mut().flat_map(|layer| &mut layer.inputs).for_each(moved);
    moved(&mut net.output);
    net.groups.retain(|(_, end)| !matches!(end, Flow::Layer(i) if !reached[*i]));
    net.groups.iter_mut().map(|(_, end)| end).for_each(moved);
}

/// For each layer whether a relu-like step follows, behind normalisation or dropout or at once.
fn before_relu_like(net: &Network) -> Vec<bool> {
    let mut before = vec![false; net.layers.len()];
    // Whether what a layer gives enters something relu-like; readers come later, so walk backwards.
    for (i, layer) in net.layers.iter().enumerate().rev() {
        let enters = match layer.layer.role() {
            Role::ReluLike => true,
            Role::Norm { .. } | Role::Transparent => before[i],
            _ => false,
        };
        if enters {
            inner(layer).for_each(|input| before[input] = true);
        }
    }
    before
}

/// The layers whose results enter a layer.
fn inner(layer: &NetLayer) -> impl Iterator<Item = usize> {
    layer.inputs.iter().filter_map(|flow| match flow {
        Flow::Layer(i) => Some(*i),
        Flow::Input(_) => None,
    })
}
