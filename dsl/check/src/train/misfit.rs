//! Where a network does not fit its data, and its end does not fit its loss.

use super::{Case, Term};
use crate::consts::Scope;
use crate::data::labels_at;
use crate::network::Misfit;
use crate::program::{Dataset, Flow, NetLayer, Network};
use dlm_base::diag::codes::{artifacts as codes, lints, settings};
use dlm_base::{Diag, Edit, Fix, Shape, Span};
use dlm_grammar::tree;
use dlm_graph::Role;
use dlm_vocab::data::Target;

/// E0405: the model's input does not take the data.
pub(crate) fn input(
    at: Span,
    model: &tree::Network,
    found: &Misfit,
    data: &Dataset,
    scope: &Scope<'_>,
) -> Diag {
    let is = data.facts.ty().to_string();
    let side = codes::Side { name: &model.name.text, is: &found.takes, at: found.at };
    let source = codes::Side { name: &data.name, is: &is, at: data.train.span };
    let Some(param) = model.params.iter().find(|param| param.ty.span == found.at) else {
        return codes::input_unfit(at, side, source, "leave one input: data feed a single one");
    };
    let text = format!("{}: {is}", param.name.text);
    let diag = codes::input_unfit(at, side, source, &format!("write `{text}`"));
    match scope.world.in_main(found.at) {
        true => diag.fix(format!("write `{text}`"), found.at, is, false),
        false => diag,
    }
}

/// E0406: the network's output does not fit the targets, those of the whole data. E0303: two terms want
/// different outputs.
pub(crate) fn output(case: &Case<'_>, terms: &[Term]) -> Option<Diag> {
    let Case { at, network, data, scope, .. } = *case;
    let target = &data.facts.target;
    let compares = |term: &&Term| !(term.used.loss.fits)(&Target::None);
    // A term that compares with a teacher gives what the labels are about.
    let term = terms.iter().find(compares).or_else(|| terms.iter().find(|term| term.teacher))?;
    let (width, written) = wanted(term, target, data)?;
    let mut others = terms.iter().filter(compares);
    if let Some((other, (count, _))) =
        others.find_map(|it| Some((it, wanted(it, target, data)?)).filter(|(_, w)| w.0 != width))
    {
        return Some(apart((term, width), (other, count)));
    }
    let shape = &network.ty(network.output).shape;
    let steps = match target {
        Target::Sequence { steps, .. } => Some(*steps),
        _ => None,
    };
    if *shape == Shape(steps.into_iter().chain([width]).collect()) {
        return None;
    }
    let has = target_words(target);
    let head = head(network);
    let from = head.map_or(network.span, |layer| layer.span);
    let is = shape.to_string();
    let model = codes::Side { name: &network.title, is: &is, at: from };
    let at_labels = labels_at(scope.world, data);
    let source = codes::Side { name: &data.name, is: &has, at: at_labels };
    let dense = format!("dense({written})");
    let help = match (shape.rank(), width) {
        (2, _) if steps == Some(shape.0[0]) => format!("end with `{dense}`"),
        _ if let Some(steps) = steps => {
            format!(
                "answer at each of the {steps} steps: end with `{dense}` behind a flow [{steps}, features]"
            )
        }
        (1, 1) => format!("`{}` wants one output: `{dense}`", term.used.loss.word.name),
        (1, _) => format!("end with `{dense}`"),
        (3, _) => format!("end with `-> flatten -> {dense}` or `-> global_avg_pool -> {dense}`"),
        _ => format!("end with `-> flatten -> {dense}`"),
    };
    let diag = codes::output_unfit(at, model, source, &help);
    let edit = head
        .filter(|_| shape.rank() == 1 + usize::from(steps.is_some()))
        .and_then(|head| units_edit(head, &written, scope));
    Some(match edit {
        Some(edit) => {
            let title = format!("write `{dense}`");
            let mut diag = diag;
            diag.fixes.push(Fix { title, edits: vec![edit], sure: true });
            diag
        }
        None => diag,
    })
}

/// W1002: a softmax (a sigmoid) before a loss that applies one itself.
pub(crate) fn activation_before_loss(
    network: &Network,
    terms: &[Term],
    scope: &Scope<'_>,
) -> Option<Diag> {
    let last = before(network, network.output, |role| role == Role::Transparent)?;
    let expects = match last.layer.role() {
        Role::Softmax => "cross_entropy",
        _ if last.operator.word.name == "sigmoid" => "binary_cross_entropy",
        _ => return None,
    };
    let logits = |term: &&Term| match term.used.loss.word.name {
        "soft_targets" | "decoupled" => expects == "cross_entropy",
        name => name == expects,
    };
    let term = terms.iter().find(logits)?;
    let expects = term.used.loss.word.name;
    let remove = scope.world.in_main(last.span).then(|| with_arrow(last.span, scope)).flatten();
    let step = last.operator.word.name;
    Some(lints::activation_before_loss(last.span, step, expects, term.span, remove))
}

/// The shape of answers to such targets.
pub(crate) fn wanted_shape(target: &Target) -> Shape {
    match target {
        Target::Sequence { classes, steps } => Shape::of(&[*steps, classes.len()]),
        target => Shape::of(&[target.width()]),
    }
}

/// The targets in words: "10 classes", "one value", "no labels".
pub(crate) fn target_words(target: &Target) -> String {
    match target {
        Target::None => "no labels".to_string(),
        Target::Classes(names) => format!("{} classes", names.len()),
        Target::Sequence { classes, steps } => {
            format!("{} classes at each of {steps} steps", classes.len())
        }
        Target::Values(names) if names.len() == 1 => "one value to predict".to_string(),
        Target::Values(names) => format!("{} values to predict", names.len()),
    }
}

/// E0303: two terms of a loss want different outputs.
fn apart((first, width): (&Term, usize), (second, count): (&Term, usize)) -> Diag {
    let outputs = |count| match count {
        1 => "one output".to_string(),
        _ => format!("{count} outputs"),
    };
    let (a, b) = (first.used.loss.word.name, second.used.loss.word.name);
    let message = format!("`{b}` wants {}, and `{a}` {}", outputs(count), outputs(width));
    let help = Some("take one of both terms");
    settings::unfit_value(second.span, &message, "goes with another output", help)
        .because(first.span, "the other one")
}

/// How many outputs a term wants of a network with such targets, and how one writes that.
fn wanted(term: &Term, target: &Target, data: &Dataset) -> Option<(usize, String)> {
    let binary = term.used.loss.word.name == "binary_cross_entropy";
    match target {
        Target::None => None,
        Target::Classes(_) if binary => Some((1, "1".to_string())),
        Target::Classes(names) | Target::Sequence { classes: names, .. } => {
            Some((names.len(), format!("{}.classes", data.name)))
        }
        Target::Values(names) => Some((names.len(), names.len().to_string())),
    }
}

/// The layer with weights that gives the output, behind which sizes do not change.
pub(crate) fn head(network: &Network) -> Option<&NetLayer> {
    let keeps = |role| {
        matches!(role, Role::Transparent | Role::Softmax | Role::ReluLike | Role::Elementwise)
    };
    before(network, network.output, keeps)
}

/// The layer that makes a value, steps of certain roles passed over.
fn before(network: &Network, flow: Flow, pass: impl Fn(Role) -> bool) -> Option<&NetLayer> {
    let mut flow = flow;
    loop {
        let Flow::Layer(index) = flow else { return None };
        let layer = &network.layers[index];
        match (pass(layer.layer.role()), layer.inputs.as_slice()) {
            (true, [only]) => flow = *only,
            _ => return Some(layer),
        }
    }
}

/// The edit that gives `dense(…)` so many units.
fn units_edit(head: &NetLayer, written: &str, scope: &Scope<'_>) -> Option<Edit> {
    if head.operator.word.name != "dense" || !scope.world.in_main(head.span) {
        return None;
    }
    let text = scope.world.text(head.span);
    let open = text.find('(')? + 1;
    let rest = &text[open..];
    let end = rest.find([',', ')'])?;
    let start = rest[..end].find('=').map_or(0, |equals| equals + 1);
    let value = rest[start..end].trim();
    if value.is_empty() || value.contains('(') {
        return None;
    }
    let start = open + start + rest[start..end].find(value)?;
    let from = head.span.start as usize + start;
    Some(Edit {
        span: Span::new(head.span.file, from, from + value.len()),
        text: written.to_string(),
    })
}

/// A step with the arrow before it.
fn with_arrow(step: Span, scope: &Scope<'_>) -> Option<Span> {
    let before = &scope.world.sources.get(step.file).text[..step.start as usize];
    let arrow = before.trim_end().strip_suffix("->")?.trim_end().len();
    Some(Span::new(step.file, arrow, step.end as usize))
}
