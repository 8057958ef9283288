//! The teachers that a verb names: `A`, `[A, B]`, `[0.7 * A, 0.3 * B]`.

use crate::consts::{Scope, eval};
use crate::diags::Diags;
use crate::names::{Entry, Kind, ModuleId, World};
use crate::program::{Artifact, Loaded, Made, Program, TeacherUse};
use crate::settings::kind;
use dlm_base::Span;
use dlm_base::diag::codes::{lints, settings};
use dlm_grammar::tree::{BinaryOp, Expr, ExprKind, Name};

/// The teachers of a verb.
#[derive(Debug)]
pub(crate) struct Teachers<'a> {
    /// At least one.
    pub(crate) list: Vec<Teacher<'a>>,
    /// The place where they are named.
    pub(crate) at: Span,
}

/// A teacher.
#[derive(Debug)]
pub(crate) struct Teacher<'a> {
    /// Its name, as the verb names it.
    pub(crate) name: &'a Name,
    /// Its share of the answers.
    pub(crate) weight: f64,
    /// What it is.
    pub(crate) made: Artifact<'a>,
}

impl Teacher<'_> {
    /// What it is, in words, where only its answers are known.
    pub(crate) fn closed(&self) -> Option<&'static str> {
        match (self.made.quantization, self.made.made) {
            (Some(_), _) => Some("a quantized artifact"),
            (None, Made::Trained(_)) => None,
            (None, Made::Loaded(load)) => match load.what {
                Loaded::Weights { .. } => None,
                Loaded::Closed { .. } => Some("a closed network"),
                Loaded::Answers { .. } => Some("a record of answers"),
            },
        }
    }
}

impl Teachers<'_> {
    /// As the program keeps them.
    pub(crate) fn uses(&self) -> Vec<TeacherUse> {
        let used = |teacher: &Teacher<'_>| TeacherUse {
            weight: teacher.weight,
            artifact: teacher.name.text.clone(),
        };
        self.list.iter().map(used).collect()
    }
}

/// The names in an expression for teachers; constants among the weights are none of them.
pub(crate) fn names<'t>(world: &World<'_>, expr: &'t Expr) -> Vec<&'t Name> {
    let mut names = Vec::new();
    collect(world, expr, &mut names);
    names
}

/// The teachers that an expression names; `None` when something is wrong, which has been reported.
pub(crate) fn read<'a>(
    expr: &'a Expr,
    scope: &Scope<'_>,
    program: &'a Program,
    diags: &mut Diags,
) -> Option<Teachers<'a>> {
    let items = match &expr.unparen().kind {
        ExprKind::List(items) if items.is_empty() => {
            let message = "a student learns from one teacher or more";
            let help = Some("write `from TEACHER` or `from [A, B]`");
            diags.push(settings::unfit_value(expr.span, message, "names none", help));
            return None;
        }
        ExprKind::List(items) => items.as_slice(),
        ExprKind::Binary { op: BinaryOp::Add, .. } => {
            let text = scope.world.text(expr.span);
            let list = format!("[{}]", text.replace(" + ", ", "));
            let message = "several teachers stand in a list";
            diags.push(
                settings::unfit_value(expr.span, message, "not a list", None)
                    .help(format!("write `{list}`"))
                    .fix(format!("write `{list}`"), expr.span, list, true),
            );
            return None;
        }
        _ => std::slice::from_ref(expr.unparen()),
    };
    let read: Vec<_> = items.iter().map(|item| weighted(item, scope, diags)).collect();
    let found: Vec<(&Name, Option<(f64, Span)>)> = read.into_iter().collect::<Option<_>>()?;
    let list = artifacts(&found, program, diags);
    if let [(_, Some((_, at)))] = found.as_slice() {
        let reason = "there is no other teacher";
        diags.push(lints::no_effect(*at, "the weight", reason, "leave it out"));
    }
    let bare = found.iter().filter(|(_, weight)| weight.is_none()).count();
    if bare != 0 && bare != found.len() {
        let message = "some teachers have weights, and some have none";
        let help = Some("give each a weight, `[0.7 * A, 0.3 * B]`, or none");
        diags.push(settings::unfit_value(expr.span, message, "weights are missing", help));
        return None;
    }
    let sum: f64 = list.as_ref()?.iter().map(|teacher| teacher.weight).sum();
    let mut list = list?;
    list.iter_mut().for_each(|teacher| teacher.weight /= sum);
    Some(Teachers { list, at: expr.span })
}

/// A name and its weight.
type Weighted<'t> = (&'t Name, Option<(f64, Span)>);

/// The artifacts of names; `None` when one is named twice, or its verb was left out, which has been reported.
fn artifacts<'a>(
    found: &[Weighted<'a>],
    program: &'a Program,
    diags: &mut Diags,
) -> Option<Vec<Teacher<'a>>> {
    let mut list: Vec<Teacher<'a>> = Vec::new();
    let mut good = true;
    for &(name, weight) in found {
        if let Some(first) = found.iter().map(|(name, _)| *name).find(|it| it.text == name.text)
            && first.span != name.span
        {
            diags.push(settings::given_twice(name.span, first.span, &name.text));
            good = false;
            continue;
        }
        match program.artifact(&name.text) {
            Some(made) => {
                let weight = weight.map_or(1.0, |(weight, _)| weight);
                list.push(Teacher { name, weight, made });
            }
            None => good = false,
        }
    }
    good.then_some(list)
}

/// One teacher with its weight, if it has one.
fn weighted<'t>(expr: &'t Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Weighted<'t>> {
    let (name, weight) = match &expr.unparen().kind {
        ExprKind::Missing | ExprKind::Error => return None,
        ExprKind::Name(name) => (name, None),
        ExprKind::Binary { op: BinaryOp::Mul, left, right, .. } => {
            match (artifact(scope.world, left), artifact(scope.world, right)) {
                (None, Some(name)) => (name, Some(&**left)),
                (Some(name), None) => (name, Some(&**right)),
                _ => return no_teacher(expr, diags),
            }
        }
        _ => return no_teacher(expr, diags),
    };
    if name.is_missing() {
        return None;
    }
    let Some(weight) = weight else { return Some((name, None)) };
    let value = eval(weight, scope, diags)?;
    match value.number() {
        Some(number) if number > 0.0 && number.is_finite() => {
            Some((name, Some((number, weight.span))))
        }
        Some(_) => {
            let value = value.to_string();
            let message = format!("a teacher has the weight {value}, and must have one above 0");
            let help = Some("write a weight such as 0.5, or leave the teacher out");
            diags.push(settings::unfit_value(weight.span, &message, "must be above 0", help));
            None
        }
        None => {
            let message = format!("a weight is a number, not {}", value.describe());
            diags.push(settings::unfit_value(weight.span, &message, "must be a number", None));
            None
        }
    }
}

fn no_teacher<T>(expr: &Expr, diags: &mut Diags) -> Option<T> {
    let takes = "the name of an artifact, or a list of them with weights";
    let help = "write `from TEACHER` or `from [0.7 * A, 0.3 * B]`";
    diags.push(settings::wrong_type(expr.span, "from", takes, kind(expr)).help(help));
    None
}

/// The artifact that an expression names; a constant is none.
fn artifact<'t>(world: &World<'_>, expr: &'t Expr) -> Option<&'t Name> {
    let name = expr.unparen().as_name()?;
    let constant =
        matches!(world.lookup(ModuleId::MAIN, &name.text), Some(Entry::Known(_, Kind::Const)));
    (!constant || world.main().artifacts.contains_key(&name.text)).then_some(name)
}

fn collect<'t>(world: &World<'_>, expr: &'t Expr, names: &mut Vec<&'t Name>) {
    match &expr.kind {
        ExprKind::Name(name) => names.push(name),
        ExprKind::Paren(inner) => collect(world, inner, names),
        ExprKind::List(items) => items.iter().for_each(|item| collect(world, item, names)),
        ExprKind::Binary { op: BinaryOp::Mul, left, right, .. } => {
            names.extend([left, right].into_iter().filter_map(|side| artifact(world, side)));
        }
        ExprKind::Binary { left, right, .. } => {
            collect(world, left, names);
            collect(world, right, names);
        }
        _ => {}
    }
}
