//! `quantize` verbs: an artifact, a policy, and the data on which ranges are found.

use crate::consts::{Const, Scope, eval};
use crate::data::{labels_at, part_target};
use crate::diags::Diags;
use crate::distill::{Teachers, teachers};
use crate::load::weightless;
use crate::names::{Entry, Kind, ModuleId, Wanted, World};
use crate::policy::{Cover, Policies, Policy, parts};
use crate::program::{Artifact, Length, LossUse, Made, Network, Program, Split, Training};
use crate::quant::scheme::Why;
use crate::quant::{
    Activations, Form, Format, Method, Quantization, Scheme, Tail, Tuning, Weights,
};
use crate::session::allow::silenced;
use crate::settings::Block;
use crate::train::{Case, Plan, default_loss, misfit};
use dlm_base::Span;
use dlm_base::diag::codes::{artifacts, lints, names, quant as codes, settings};
use dlm_grammar::tree::{self, Expr, ItemKind, Name};
use dlm_vocab::Unit;
use dlm_vocab::data::Target;

const BLOCK: &str = "quantize";

/// Checks a `quantize` verb and adds it to the program. What is wrong is reported; the verb is left out
/// then. A verb without a name of its own for what it gives has been reported.
pub(crate) fn quantize(
    world: &World<'_>,
    verb: &tree::Quantize,
    policies: &mut Policies,
    program: &mut Program,
    diags: &mut Diags,
) {
    let scope = Scope::of(world, ModuleId::MAIN);
    let block = Block::read(BLOCK, verb.settings.as_ref(), diags);
    let policy = world.resolve(ModuleId::MAIN, &verb.with.name, Wanted::Policy, diags);
    let policy = policy.and_then(|decl| policies.get_mut(&decl));
    let taught = verb.from.as_ref().map(|(_, expr)| teachers::read(expr, &scope, program, diags));
    let source = source(program, &verb.artifact.text);
    let method = policy.as_ref().and_then(|(policy, _)| policy.method);
    let data = dataset(world, verb, policy.as_ref().map(|(policy, _)| policy), program, diags);
    let data = match (data, source) {
        (Some(None), Some(source)) => {
            if source.dataset().is_none() {
                diags.push(codes::no_test_data(verb.artifact.span, &verb.artifact.text));
            }
            source.dataset()
        }
        (data, _) => data.flatten(),
    };
    let plan = match method {
        Some(Method::Qat) | None => Plan::read(&block, &scope, diags),
        Some(_) => None,
    };
    let Some((policy, cover)) = policy else { return };
    if let Some(method @ (Method::Dynamic | Method::Static)) = method {
        idle_block(&block, verb.from.as_ref().map(|(at, _)| *at), policy, method, diags);
    }
    let (Some(source), true) = (source, policy.sound) else {
        cover.lose();
        return;
    };
    // What is wrong with the teachers has been reported, here or where they come from.
    if matches!(taught, Some(None)) {
        cover.lose();
        return;
    }
    let taught = taught.flatten();
    let Some(network) = source.network() else { return cover.lose() };
    let use_ = Use {
        world,
        scope: &scope,
        verb,
        block: &block,
        policy,
        program,
        source,
        network,
        teachers: taught.as_ref(),
    };
    let quantization = use_.check(method, data, plan, cover, diags);
    let named = verb.name.as_ref().is_some_and(|clause| !clause.name.is_missing());
    program.quantizations.extend(quantization.filter(|_| named));
}

/// Whether an artifact is given by `quantize`; its verb.
pub(crate) fn quantized<'t>(world: &'t World<'_>, artifact: &str) -> Option<&'t tree::Quantize> {
    let item = *world.main().artifacts.get(artifact)?;
    match &world.main().tree.items[item as usize].kind {
        ItemKind::Quantize(verb) => Some(verb),
        _ => None,
    }
}

/// The float artifact of that name, if a verb gives it.
fn source<'p>(program: &'p Program, name: &str) -> Option<Artifact<'p>> {
    program.artifact(name).filter(|it| it.quantization.is_none())
}

/// E0203 where a float artifact is needed and `name` is a quantized one, or one without weights; `true`
/// when it is neither.
pub(crate) fn is_float(
    world: &World<'_>,
    name: &Name,
    diags: &mut Diags,
    help: impl Fn(&str) -> String,
) -> bool {
    if let Some(is) = weightless(world, &name.text) {
        let declared = world.artifact(&name.text);
        let wanted = "an artifact with weights";
        let help = Some("it can be a teacher: `distill STUDENT from TEACHER on DATA`");
        diags.push(names::wrong_kind(name.span, &name.text, is, wanted, declared, help));
        return false;
    }
    let Some(verb) = quantized(world, &name.text) else { return true };
    let declared = verb.name.as_ref().map(|clause| clause.name.span);
    if declared.is_none_or(|at| at.start == at.end) {
        return true;
    }
    // The float artifact at the beginning of the chain, which may be a circle.
    let mut float = verb;
    for _ in 0..world.main().artifacts.len() {
        match quantized(world, &float.artifact.text) {
            Some(before) => float = before,
            None => break,
        }
    }
    let source = float.artifact.text.as_str();
    let (is, wanted) = ("a quantized artifact", "a float artifact");
    let help = help(source);
    let known = quantized(world, source).is_none();
    let diag =
        names::wrong_kind(name.span, &name.text, is, wanted, declared, known.then_some(&*help));
    diags.push(diag);
    false
}

/// The place in the program where a `quantize` verb is checked.
struct Use<'a> {
    world: &'a World<'a>,
    scope: &'a Scope<'a>,
    verb: &'a tree::Quantize,
    block: &'a Block<'a>,
    policy: &'a Policy,
    program: &'a Program,
    /// The float artifact.
    source: Artifact<'a>,
    /// Its network.
    network: usize,
    /// The teachers, if there are any.
    teachers: Option<&'a Teachers<'a>>,
}

impl Use<'_> {
    fn check(
        &self,
        method: Option<Method>,
        data: Option<usize>,
        plan: Option<Plan>,
        cover: &mut Cover,
        diags: &mut Diags,
    ) -> Option<Quantization> {
        let Some(method) = method else {
            cover.lose();
            return None;
        };
        let source = &self.verb.artifact.text;
        let net = &self.program.networks[self.network];
        let artifact = self.artifact();
        let owners = [net.model.as_str(), source, &artifact.text];
        let before = diags.len();
        let (formats, scheme) = cover.apply(self.policy, method, net, &owners, diags);
        if diags.len() == before {
            self.lints(net, &formats, &scheme, diags);
        }
        let dataset = data?;
        let fits = self.fits(net, dataset, diags);
        let drop = self.max_drop(dataset, diags);
        let tuning = match method {
            Method::Qat => {
                let bits = bits(&formats, net);
                Some(self.tuning(net, dataset, plan, (bits, &scheme), &owners, diags))
            }
            _ => None,
        };
        self.samples(dataset, &scheme, method, diags);
        if !fits || !drop {
            return None;
        }
        Some(Quantization {
            artifact: artifact.text.clone(),
            span: artifact.span,
            source: source.clone(),
            network: self.network,
            dataset,
            policy: self.policy.name.clone(),
            method,
            formats,
            scheme,
            calibrate: self.policy.calibrate,
            max_drop: self.policy.max_drop.map(|(share, _)| share),
            silenced: silenced(&self.world.main().tree, self.verb.keyword),
            tuning: match tuning {
                Some(tuning) => Some(tuning?),
                None => None,
            },
            source_loss: self.source_loss(dataset),
        })
    }

    /// The loss of the float artifact: its own, but for what compares with a teacher that is not at hand.
    fn source_loss(&self, dataset: usize) -> Vec<LossUse> {
        match self.source.loss() {
            [] => {
                let target = &self.program.datasets[dataset].facts.target;
                default_loss(target, self.scope).into_iter().collect()
            }
            loss => loss.to_vec(),
        }
    }

    /// What the verb gives.
    fn artifact(&self) -> &Name {
        match &self.verb.name {
            Some(clause) if !clause.name.is_missing() => &clause.name,
            _ => &self.verb.artifact,
        }
    }

    /// W1005 and W1011.
    fn lints(&self, net: &Network, formats: &[Format], scheme: &Scheme, diags: &mut Diags) {
        let at = self.verb.with.name.span;
        let fewer = |weights: Option<Weights>| weights.is_some_and(|it| it != Weights::Float32);
        let rounds = scheme
            .units
            .iter()
            .any(|unit| fewer(unit.weights) || matches!(unit.form, Form::Codes | Form::Dynamic));
        if !rounds {
            let kept = scheme.units.iter().any(|unit| unit.form == Form::Float(Why::Kept));
            let help = match kept {
                true => "let `keep` name fewer layers",
                false => "give weights or activations a format of fewer bits",
            };
            let artifact = &self.verb.artifact.text;
            diags.push(lints::nothing_quantized(at, &self.policy.name, artifact, help));
            return;
        }
        let mut layers: Vec<(&str, &str)> = Vec::new();
        for unit in &scheme.units {
            let Form::Float(Why::Operator(reason)) = &unit.form else { continue };
            let layer = &net.layers[unit.main];
            let kept = parts(unit).any(|layer| formats[layer].keep);
            let codes = matches!(formats[unit.main].activations, Activations::Codes { .. })
                && scheme.method != Method::Dynamic;
            // Where codes are not asked for, what is missed are weights in fewer bits.
            let matrix = layer.weights.first().is_some_and(|weight| weight.shape.rank() > 1);
            if !kept && (codes || matrix) {
                layers.push((&layer.path, reason));
            }
        }
        if !layers.is_empty() {
            diags.push(lints::stays_float(at, &self.policy.name, &layers));
        }
    }

    /// Whether the data go with the network (E0405, E0406).
    fn fits(&self, net: &Network, dataset: usize, diags: &mut Diags) -> bool {
        let data = &self.program.datasets[dataset];
        let first = self.source.dataset().unwrap_or(dataset);
        let own = &self.program.datasets[first];
        let at = self.verb.on.as_ref().map_or(self.verb.keyword, |on| on.name.span);
        let (artifact, from) = (&self.verb.artifact.text, self.source.span());
        let takes = match net.inputs.as_slice() {
            [(_, ty)] => ty.to_string(),
            inputs => format!("{} inputs", inputs.len()),
        };
        let is = data.facts.ty().to_string();
        if takes != is {
            let model = artifacts::Side { name: artifact, is: &takes, at: from };
            let source = artifacts::Side { name: &data.name, is: &is, at: data.train.span };
            let help = match first == dataset {
                true => format!("name data whose samples are {takes}"),
                false => format!("name data of that shape, such as `on {}`", own.name),
            };
            diags.push(artifacts::input_unfit(at, model, source, &help));
            return false;
        }
        // What has not learnt from labels is known by its output alone.
        let learnt = match self.source.made {
            Made::Trained(_) => &own.facts.target,
            Made::Loaded(_) => &Target::None,
        };
        let output = &net.ty(net.output).shape;
        let fits = match (learnt, &data.facts.target) {
            (_, Target::None) => true,
            (Target::None, target) => *output == misfit::wanted_shape(target),
            (Target::Classes(own), Target::Classes(other)) => own.len() == other.len(),
            (Target::Values(own), Target::Values(other)) => own.len() == other.len(),
            (own @ Target::Sequence { .. }, other @ Target::Sequence { .. }) => {
                (own.width(), own.steps()) == (other.width(), other.steps())
            }
            _ => false,
        };
        if !fits {
            let (answers, help) = match learnt {
                Target::None => {
                    let end = format!("dense({}.classes)", data.name);
                    (
                        output.to_string(),
                        format!("name other data, or end the network with `{end}`"),
                    )
                }
                learnt => (
                    misfit::target_words(learnt),
                    format!("name data with the same targets, such as `on {}`", own.name),
                ),
            };
            let has = misfit::target_words(&data.facts.target);
            let model = artifacts::Side { name: artifact, is: &answers, at: from };
            let at_labels = labels_at(self.world, data);
            let source = artifacts::Side { name: &data.name, is: &has, at: at_labels };
            diags.push(artifacts::output_unfit(at, model, source, &help));
        }
        fits
    }

    /// Whether the accuracy can be had that `max_drop` is held against (E0902).
    fn max_drop(&self, dataset: usize, diags: &mut Diags) -> bool {
        let Some((_, at)) = self.policy.max_drop else { return true };
        let data = &self.program.datasets[dataset];
        let why = match (part_target(self.world, data, Split::Valid), data.counts[1]) {
            (_, 0) => format!("the validation part of `{}` is empty", data.name),
            (Target::Classes(_) | Target::Sequence { .. }, _) => return true,
            (Target::None, _) => {
                format!("the validation part of `{}` has no labels", data.name)
            }
            (target, _) => {
                format!("`{}` has {}, not classes", data.name, misfit::target_words(&target))
            }
        };
        let artifact = &self.artifact().text;
        let diag = artifacts::no_metric(at, artifact, "valid.accuracy", &why, &[]);
        diags.push(
            diag.because(self.verb.with.name.span, "used here").help(
                "`max_drop` is held against the accuracy on the validation part: leave it out",
            ),
        );
        false
    }

    /// W1009 where `calibrate` asks for what nobody looks at, or for more than there is.
    fn samples(&self, dataset: usize, scheme: &Scheme, method: Method, diags: &mut Diags) {
        let (Some(at), true) = (self.policy.calibrate_at, method != Method::Dynamic) else {
            return;
        };
        let data = &self.program.datasets[dataset];
        let train = data.counts[0];
        let reason = if scheme.points.is_empty() {
            "no activations are rounded".to_string()
        } else if self.policy.calibrate > train {
            format!("the training part of `{}` has only {train} samples", data.name)
        } else {
            return;
        };
        let help = match scheme.points.is_empty() {
            true => "leave it out".to_string(),
            false => format!("write `{train} samples`, or leave it out"),
        };
        diags.push(lints::no_effect(at, "`calibrate`", &reason, &help));
    }

    /// The training that goes on; `None` when something is wrong, which has been reported.
    fn tuning(
        &self,
        net: &Network,
        dataset: usize,
        plan: Option<Plan>,
        (bits, scheme): (Option<u8>, &Scheme),
        owners: &[&str],
        diags: &mut Diags,
    ) -> Option<Tuning> {
        let case = Case {
            scope: self.scope,
            at: self.verb.artifact.span,
            on: self.verb.on.as_ref().map_or(self.verb.keyword, |on| on.name.span),
            keyword: self.verb.keyword,
            owners,
            artifact: self.artifact(),
            network: net,
            data: &self.program.datasets[dataset],
            block: self.block,
            goes_on: Some(self.source.loss()).filter(|loss| !loss.is_empty()),
            word: BLOCK,
            program: self.program,
            teachers: self.teachers,
            bits: Some(bits.unwrap_or(32)),
            scheme: Some(scheme),
        };
        let training = case.training(plan, dataset, self.network, diags);
        let tail = match self.block.value("freeze_ranges") {
            Some(expr) => tail(expr, self.scope, diags),
            None => Some(Tail::Share(1.0 / 3.0)),
        };
        let (training, freeze_ranges) = (training?, tail?);
        if let Some(expr) = self.block.value("freeze_ranges") {
            self.last(expr.span, &training, freeze_ranges, diags);
        }
        Some(Tuning { training, freeze_ranges })
    }

    /// Reports a last part that is the whole: no ranges would ever be found.
    fn last(&self, at: Span, training: &Training, tail: Tail, diags: &mut Diags) {
        let samples = self.program.datasets[training.dataset].counts[0];
        let each = samples.div_ceil(training.batch.max(1)).max(1) as f64;
        let (steps, length) = match training.length {
            Length::Epochs(1) => (each, "1 epoch".to_string()),
            Length::Epochs(epochs) => (epochs as f64 * each, format!("{epochs} epochs")),
            Length::Steps(1) => (1.0, "1 step".to_string()),
            Length::Steps(steps) => (steps as f64, format!("{steps} steps")),
        };
        let frozen = match tail {
            Tail::Share(share) => share * steps,
            Tail::Epochs(epochs) => epochs * each,
            Tail::Steps(steps) => steps,
        };
        if frozen < steps {
            return;
        }
        let message = format!("ranges would never be found: the training has {length}");
        let help = Some("freeze them for a shorter time, such as `30%`");
        diags.push(settings::unfit_value(at, &message, "the whole training", help));
    }
}

/// The data that the verb names: `Some(None)` when none are named and none are needed, `None` when
/// something is wrong, which has been reported.
fn dataset(
    world: &World<'_>,
    verb: &tree::Quantize,
    policy: Option<&Policy>,
    program: &Program,
    diags: &mut Diags,
) -> Option<Option<usize>> {
    if let Some(on) = &verb.on {
        let decl = world.resolve(ModuleId::MAIN, &on.name, Wanted::Data, diags)?;
        let name = world.name(decl).span;
        return program.datasets.iter().position(|known| known.span == name).map(Some);
    }
    let policy = policy?;
    match policy.method? {
        Method::Dynamic => Some(None),
        method @ (Method::Static | Method::Qat) => {
            let header = verb.keyword.to(verb.with.name.span);
            let known: Vec<&str> = declared_data(world);
            let insert = match &verb.from {
                Some((_, teacher)) => teacher.span.at_end(),
                None => verb.with.name.span.at_end(),
            };
            let words = (policy.name.as_str(), method.word());
            diags.push(codes::no_data(header, insert, words, policy.method_at, &known));
            None
        }
    }
}

fn declared_data<'w>(world: &'w World<'_>) -> Vec<&'w str> {
    let names = world.main().names.iter();
    let data = names.filter(|(_, entry)| matches!(entry, Entry::Known(_, Kind::Data)));
    data.map(|(name, _)| name.as_str()).collect()
}

/// E0802: settings of a training, or a teacher at `from`, where none takes place; all in one message.
fn idle_block(
    block: &Block<'_>,
    from: Option<Span>,
    policy: &Policy,
    method: Method,
    diags: &mut Diags,
) {
    let settings = block.keys();
    let first = settings.first().map(|name| name.span);
    let Some(at) = from.or(first) else { return };
    let teacher = from.map(|_| "from");
    let names: Vec<&str> =
        teacher.into_iter().chain(settings.iter().map(|name| name.text.as_str())).collect();
    let words = (policy.name.as_str(), method.word());
    diags.push(codes::does_not_train(at, &names, words, policy.method_at));
}

/// The fewest bits that weights of a layer are rounded to; `None` where none are.
fn bits(formats: &[Format], net: &Network) -> Option<u8> {
    let layers = formats.iter().zip(&net.layers);
    let rounded = layers.filter(|(format, layer)| !format.keep && !layer.weights.is_empty());
    let bits = rounded.filter_map(|(format, _)| match format.weights {
        Weights::Int { bits, .. } => Some(bits),
        Weights::Float32 | Weights::Float16 => None,
    });
    bits.min()
}

/// The last part of a training that an expression is.
fn tail(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Tail> {
    let takes = "a share, epochs or steps";
    let value = eval(expr, scope, diags)?;
    let found = match value {
        Const::Real(share) if (0.0..1.0).contains(&share) => return Some(Tail::Share(share)),
        Const::Quantity(count, Unit::Epochs) if count >= 0.0 => return Some(Tail::Epochs(count)),
        Const::Quantity(count, Unit::Steps) if count >= 0.0 => return Some(Tail::Steps(count)),
        Const::Real(_) => {
            let bounds = "a share from 0% to under 100%";
            let value = value.to_string();
            diags.push(settings::out_of_range(expr.span, "freeze_ranges", &value, bounds));
            return None;
        }
        other => other.describe(),
    };
    let diag = settings::wrong_type(expr.span, "freeze_ranges", takes, &found);
    diags.push(diag.help("write `30%`, `1 epoch` or `200 steps`"));
    None
}
