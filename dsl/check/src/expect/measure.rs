//! One side of an expectation: numbers and metrics, with their units.

use crate::consts::{Const, Scope, eval, unit_word};
use crate::data::part_target;
use crate::diags::Diags;
use crate::names::{Entry, Kind, ModuleId, World};
use crate::order::artifact_exists;
use crate::program::{Artifact, Loaded, Made, MetricUse, Program, Quantity, Split};
use dlm_base::Span;
use dlm_base::diag::codes::names::{self, Hint};
use dlm_base::diag::codes::{artifacts as codes, settings};
use dlm_base::suggest::nearest;
use dlm_grammar::tree::{Args, BinaryOp, Expr, ExprKind, Name, UnaryOp};
use dlm_vocab::Unit;
use dlm_vocab::data::Target;
use dlm_vocab::metric::{self, METRICS, Metric, MetricKind, MetricUnit};

/// What a number measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dim {
    /// A number without a unit, which may be taken for any, and the ratio of two of a unit.
    Plain,
    /// Part of a whole.
    Share,
    /// A figure without a unit: a loss, R².
    Number,
    /// So many.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

impl Dim {
    /// Whether numbers of these units can be compared and added.
    pub(crate) fn meets(self, other: Dim) -> bool {
        use Dim::{Number, Plain, Share};
        self == other
            || self == Plain
            || other == Plain
            || matches!((self, other), (Share, Number) | (Number, Share))
    }

    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Dim::Plain | Dim::Number => "a number",
            Dim::Share => "a share",
            Dim::Count => "a count",
            Dim::Bytes => "a size in bytes",
            Dim::Seconds => "a time",
        }
    }

    /// How one writes such a number.
    pub(crate) fn example(self) -> Option<&'static str> {
        match self {
            Dim::Plain | Dim::Number => None,
            Dim::Share => Some("90%"),
            Dim::Count => Some("10_000"),
            Dim::Bytes => Some("4 KiB"),
            Dim::Seconds => Some("2 ms"),
        }
    }
}

/// One side.
#[derive(Debug)]
pub(crate) struct Side {
    /// What is computed.
    pub(crate) quantity: Quantity,
    /// What it measures.
    pub(crate) dim: Dim,
    /// Whether a metric stands in it.
    pub(crate) measures: bool,
}

/// The quantity that an expression is; `None` when something in it is wrong, which has been reported.
pub(crate) fn side(
    world: &World<'_>,
    expr: &Expr,
    program: &Program,
    diags: &mut Diags,
) -> Option<Side> {
    let number =
        |value, dim| Some(Side { quantity: Quantity::Number(value), dim, measures: false });
    match &expr.unparen().kind {
        ExprKind::Percent(share) => number(*share, Dim::Share),
        ExprKind::Unary { op: UnaryOp::Neg, operand, .. } => {
            let inner = side(world, operand, program, diags)?;
            let quantity = match inner.quantity {
                Quantity::Number(value) => Quantity::Number(-value),
                other => Quantity::Sub(Box::new(Quantity::Number(0.0)), Box::new(other)),
            };
            Some(Side { quantity, ..inner })
        }
        ExprKind::Binary { op, left, right, .. } if !op.compares() => {
            let sides = (side(world, left, program, diags), side(world, right, program, diags));
            let (a, b) = (sides.0?, sides.1?);
            combine(world, *op, expr, (left, a), (right, b), diags)
        }
        ExprKind::Field { base, name } if !is_fact(world, base) => {
            metric_side(world, base, name, None, program, diags)
        }
        ExprKind::Call { base: Some(base), name, args } => {
            metric_side(world, base, name, Some(args), program, diags)
        }
        // A chain of comparisons has been reported; one in parentheses has not.
        ExprKind::Binary { .. } => {
            if expr.span != expr.unparen().span {
                let message = "a number is needed here, not a comparison";
                diags.push(settings::unfit_value(expr.span, message, "not a number", None));
            }
            None
        }
        ExprKind::Name(name) if world.main().artifacts.contains_key(&name.text) => {
            let message = format!("`{}` is an artifact, and a number is needed here", name.text);
            let help = format!("name a metric of it: `{}.accuracy`", name.text);
            diags.push(settings::unfit_value(expr.span, &message, "not a number", Some(&help)));
            None
        }
        _ => {
            let scope = Scope::of(world, ModuleId::MAIN);
            match eval(expr, &scope, diags)? {
                Const::Int(value) => number(value as f64, Dim::Plain),
                Const::Real(value) => number(value, Dim::Plain),
                Const::Quantity(value, Unit::Bytes) => number(value, Dim::Bytes),
                Const::Quantity(value, Unit::Seconds) => number(value, Dim::Seconds),
                Const::Quantity(_, unit) => {
                    let message = format!("no metric is measured in {}", unit_word(unit));
                    let help = "units are `%`, `B`, `KiB`, `MiB`, `s`, `ms` and `us`";
                    diags.push(settings::unfit_value(
                        expr.span,
                        &message,
                        "no such unit",
                        Some(help),
                    ));
                    None
                }
                other => {
                    let message = format!("a number is needed here, not {}", other.describe());
                    diags.push(settings::unfit_value(expr.span, &message, "not a number", None));
                    None
                }
            }
        }
    }
}

/// Whether `base.x` is a fact of data and not a metric.
fn is_fact(world: &World<'_>, base: &Expr) -> bool {
    base.unparen().as_name().is_some_and(|name| {
        !world.main().artifacts.contains_key(&name.text)
            && matches!(
                world.main().names.get(&name.text),
                Some(Entry::Known(_, Kind::Data) | Entry::Broken)
            )
    })
}

fn combine(
    world: &World<'_>,
    op: BinaryOp,
    expr: &Expr,
    (left, a): (&Expr, Side),
    (right, b): (&Expr, Side),
    diags: &mut Diags,
) -> Option<Side> {
    let adds = matches!(op, BinaryOp::Add | BinaryOp::Sub);
    let dim = match (a.dim, b.dim) {
        (x, y) if adds && !x.meets(y) => {
            let message = format!("{} and {} cannot be added", x.words(), y.words());
            let label = format!(
                "{} is {}, {} is {}",
                super::quoted(world, left.span),
                x.words(),
                super::quoted(world, right.span),
                y.words()
            );
            diags.push(settings::unfit_value(expr.span, &message, &label, None));
            return None;
        }
        (Dim::Plain, y) if adds => y,
        (x, _) if adds => x,
        // A share or a bare number scales; anything else gives a ratio or a product without a unit.
        (Dim::Plain | Dim::Share, y) if op == BinaryOp::Mul => y,
        (x, Dim::Plain | Dim::Share) => x,
        _ => Dim::Plain,
    };
    for (at, one, other) in [(right, &b, &a), (left, &a, &b)] {
        if let Quantity::Number(value) = one.quantity
            && adds
            && (one.dim, other.dim) == (Dim::Plain, Dim::Share)
            && value >= 1.0
        {
            let text = world.text(at.span);
            let message = format!("{text} is {}%, beside a share", 100.0 * value);
            diags.push(
                settings::unfit_value(at.span, &message, "more than the whole", None)
                    .help(format!("write `{text}%`"))
                    .fix(format!("write `{text}%`"), at.span, format!("{text}%"), true),
            );
            return None;
        }
    }
    let measures = a.measures || b.measures;
    let (x, y) = (a.quantity, b.quantity);
    let quantity = match (op, x, y) {
        (BinaryOp::Add, Quantity::Number(x), Quantity::Number(y)) => Quantity::Number(x + y),
        (BinaryOp::Sub, Quantity::Number(x), Quantity::Number(y)) => Quantity::Number(x - y),
        (BinaryOp::Mul, Quantity::Number(x), Quantity::Number(y)) => Quantity::Number(x * y),
        (BinaryOp::Div, Quantity::Number(x), Quantity::Number(y)) if y != 0.0 => {
            Quantity::Number(x / y)
        }
        (BinaryOp::Div, _, Quantity::Number(0.0)) => {
            diags.push(settings::unfit_value(right.span, "division by 0", "is 0", None));
            return None;
        }
        (BinaryOp::Add, x, y) => Quantity::Add(Box::new(x), Box::new(y)),
        (BinaryOp::Sub, x, y) => Quantity::Sub(Box::new(x), Box::new(y)),
        (BinaryOp::Mul, x, y) => Quantity::Mul(Box::new(x), Box::new(y)),
        (BinaryOp::Div, x, y) => Quantity::Div(Box::new(x), Box::new(y)),
        _ => {
            let message = format!("`{}` joins conditions, not numbers", op.word());
            diags.push(settings::unfit_value(expr.span, &message, "not a number", None));
            return None;
        }
    };
    Some(Side { quantity, dim, measures })
}

/// `ARTIFACT.metric`, `ARTIFACT.part.metric`, `ARTIFACT.agreement(OTHER)`.
fn metric_side(
    world: &World<'_>,
    base: &Expr,
    name: &Name,
    args: Option<&Args>,
    program: &Program,
    diags: &mut Diags,
) -> Option<Side> {
    let (artifact, split) = owner(base, diags)?;
    if name.is_missing() || artifact.is_missing() {
        return None;
    }
    if !world.main().artifacts.contains_key(&artifact.text) && part(&artifact.text).is_some() {
        let example = world.main().artifacts.keys().next().map_or("ARTIFACT", String::as_str);
        let (part, metric) = (&artifact.text, &name.text);
        let diag = codes::no_artifact(artifact.span, part, false, &[]);
        diags.push(diag.help(format!("say of what: `{example}.{part}.{metric}`")));
        return None;
    }
    if !artifact_exists(world, artifact, diags) {
        return None;
    }
    let made = program.artifact(&artifact.text);
    let Some(metric) = metric::find(&name.text) else {
        let dataset = made.and_then(|it| it.dataset());
        let target = dataset.map(|dataset| &program.datasets[dataset].facts.target);
        let known = known_of(target);
        let foreign = METRICS
            .iter()
            .find(|it| it.word.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(&name.text)));
        diags.push(codes::unknown_metric(
            name.span,
            &name.text,
            &known,
            foreign.map(|it| it.word.name),
        ));
        return None;
    };
    let other = other_of(world, metric, name, args, diags)?;
    if let (Some((part, _)), MetricKind::Static | MetricKind::Timed) = (&split, metric.kind) {
        let metric = metric.word.name;
        let message = format!("`{metric}` belongs to the network, not to a part of the data");
        let help = format!("write `{}.{metric}`", artifact.text);
        diags.push(settings::unfit_value(part.span, &message, "no part is needed", Some(&help)));
        return None;
    }
    // An artifact of a verb that was left out has been reported there.
    let made = made?;
    let split = split.map_or(Split::Test, |(_, split)| split);
    let place = Place { at: name.span, artifact: &artifact.text, metric, split };
    place.check(world, made, program, other, diags)?;
    let used = MetricUse {
        artifact: artifact.text.clone(),
        split,
        metric,
        other: other.map(|name| name.text.clone()),
    };
    let dim = match metric.unit {
        MetricUnit::Share => Dim::Share,
        MetricUnit::Number => Dim::Number,
        MetricUnit::Count => Dim::Count,
        MetricUnit::Bytes => Dim::Bytes,
        MetricUnit::Seconds => Dim::Seconds,
    };
    Some(Side { quantity: Quantity::Metric(used), dim, measures: true })
}

/// The artifact before a metric, and the part of its data if one is named.
fn owner<'t>(base: &'t Expr, diags: &mut Diags) -> Option<(&'t Name, Option<(&'t Name, Split)>)> {
    match &base.unparen().kind {
        ExprKind::Name(name) => Some((name, None)),
        ExprKind::Field { base: inner, name } => {
            let Some(artifact) = inner.unparen().as_name() else { return not_owned(base, diags) };
            if name.is_missing() {
                return None;
            }
            match part(&name.text) {
                Some(split) => Some((artifact, Some((name, split)))),
                None => {
                    let near = nearest(&name.text, ["train", "valid", "test"]);
                    let hint = match near.is_empty() {
                        false => Hint::Near(near.into_iter().map(str::to_string).collect()),
                        true => Hint::Say("the parts are `train`, `valid` and `test`".to_string()),
                    };
                    let what = "part of the data";
                    diags.push(names::unknown(name.span, what, &name.text, "not a part", hint));
                    None
                }
            }
        }
        ExprKind::Missing | ExprKind::Error => None,
        _ => not_owned(base, diags),
    }
}

fn not_owned<T>(base: &Expr, diags: &mut Diags) -> Option<T> {
    let message = "a metric belongs to an artifact: `Net.accuracy`";
    diags.push(settings::unfit_value(base.span, message, "not an artifact", None));
    None
}

fn part(name: &str) -> Option<Split> {
    match name {
        "train" => Some(Split::Train),
        "valid" => Some(Split::Valid),
        "test" => Some(Split::Test),
        _ => None,
    }
}

/// The other artifact of a metric of two: `Some(None)` when the metric is of one.
fn other_of<'t>(
    world: &World<'_>,
    metric: &Metric,
    name: &Name,
    args: Option<&'t Args>,
    diags: &mut Diags,
) -> Option<Option<&'t Name>> {
    let list = args.map_or(&[][..], |args| args.list.as_slice());
    let word = metric.word.name;
    let signature = format!("{word}(OTHER)");
    match (metric.kind, list) {
        (MetricKind::Pair, []) => {
            let at = args.map_or(name.span, |args| name.span.to(args.parens.close));
            diags.push(settings::missing_param(at, word, "OTHER", &signature));
            None
        }
        (MetricKind::Pair, [one]) => {
            let other = crate::train::artifact_name(&one.value, word, diags)?;
            artifact_exists(world, other, diags).then_some(Some(other))
        }
        (MetricKind::Pair, [_, second, ..]) => {
            diags.push(settings::too_many(second.span, word, 1, &signature));
            None
        }
        (_, []) => Some(None),
        (_, [first, ..]) => {
            diags.push(settings::too_many(first.span, word, 0, word));
            None
        }
    }
}

/// A metric of an artifact, at its place.
struct Place<'a> {
    at: Span,
    artifact: &'a str,
    metric: &'static Metric,
    split: Split,
}

impl Place<'_> {
    /// E0902 when the artifact does not have the metric.
    fn check(
        &self,
        world: &World<'_>,
        made: Artifact<'_>,
        program: &Program,
        other: Option<&Name>,
        diags: &mut Diags,
    ) -> Option<()> {
        let costs = matches!(self.metric.kind, MetricKind::Static | MetricKind::Timed);
        if let Some(why) = unknown(made, costs) {
            return self.refuse(why, &[], diags);
        }
        if costs {
            return Some(());
        }
        let Some(dataset) = made.dataset() else {
            let why = "it is loaded, and no verb says on what data it is judged";
            return self.refuse(why, &[], diags);
        };
        let data = &program.datasets[dataset];
        let target = part_target(world, data, self.split);
        let part = match self.split {
            Split::Train => "training part",
            Split::Valid => "validation part",
            Split::Test => "test part",
        };
        if data.counts[self.split as usize] == 0 {
            return self.refuse(&format!("the {part} of `{}` is empty", data.name), &[], diags);
        }
        let fits = match self.metric.kind {
            MetricKind::Classes => matches!(target, Target::Classes(_)),
            MetricKind::Values => matches!(target, Target::Values(_)),
            MetricKind::Answers => target != Target::None,
            _ => matches!(data.facts.target, Target::Classes(_)),
        };
        if !fits {
            let known = known_of(Some(&target));
            let why = match &target {
                Target::None => format!("the {part} of `{}` has no labels", data.name),
                Target::Classes(_) => format!("`{}` has classes, not values", data.name),
                Target::Values(_) => format!("`{}` has values, not classes", data.name),
            };
            return self.refuse(&why, &known, diags);
        }
        if let Some(other) = other {
            let theirs = program.artifact(&other.text)?;
            if let Some(why) = unknown(theirs, false) {
                return self.refuse(&format!("of `{}`, {why}", other.text), &[], diags);
            }
            // What is loaded and used nowhere else is judged on the same data.
            if let Some(index) = theirs.dataset().filter(|index| *index != dataset) {
                let name = &program.datasets[index].name;
                let does = match (theirs.quantization, theirs.made) {
                    (None, Made::Trained(_)) => "learns from",
                    _ => "is tested on",
                };
                let why = format!("`{}` {does} `{name}`, not `{}`", other.text, data.name);
                return self.refuse(&why, &[], diags);
            }
        }
        Some(())
    }

    fn refuse(&self, why: &str, known: &[&str], diags: &mut Diags) -> Option<()> {
        let metric = self.metric.word.name;
        diags.push(codes::no_metric(self.at, self.artifact, metric, why, known));
        None
    }
}

/// Why a metric of an artifact is not known, whatever the data; `costs` tells whether it is of the network.
fn unknown(made: Artifact<'_>, costs: bool) -> Option<&'static str> {
    let Made::Loaded(load) = made.made else { return None };
    match load.what {
        Loaded::Answers { .. } => Some("only its answers to the training part are known"),
        Loaded::Closed { .. } if costs => Some("the network is closed"),
        Loaded::Closed { .. } | Loaded::Weights { .. } => None,
    }
}

/// The metrics of an artifact whose data have such targets.
fn known_of(target: Option<&Target>) -> Vec<&'static str> {
    let fits = |metric: &&&Metric| match (metric.kind, target) {
        (_, None) | (MetricKind::Static | MetricKind::Timed, _) => true,
        (MetricKind::Classes | MetricKind::Pair, Some(target)) => {
            matches!(target, Target::Classes(_))
        }
        (MetricKind::Values, Some(target)) => matches!(target, Target::Values(_)),
        (MetricKind::Answers, Some(target)) => *target != Target::None,
    };
    METRICS.iter().filter(fits).map(|metric| metric.word.name).collect()
}
