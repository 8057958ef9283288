//! Values that are known before anything runs: constants, settings, sizes, facts of data.

use crate::diags::Diags;
use crate::names::{Decl, Entry, Given, Kind, ModuleId, World, unknown_value};
use dlm_base::Span;
use dlm_base::diag::codes::{names, settings};
use dlm_base::suggest::nearest;
use dlm_grammar::tree::{BinaryOp, Expr, ExprKind, ItemKind, Name};
use dlm_vocab::Unit;
use dlm_vocab::data::Target;
use std::fmt;

mod arith;
mod functions;

pub(crate) use arith::{binary, unary};
pub use functions::{FUNCTIONS, Function, function};

/// How many expressions may need each other in a row.
const DEEPEST: usize = 500;
/// The longest list that a range may make.
const LONGEST_RANGE: i64 = 100_000;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// A whole number.
    Int(i64),
    /// A real; percentages are reals (97% is 0.97).
    Real(f64),
    /// A truth value.
    Bool(bool),
    /// A string.
    Str(String),
    /// A list.
    List(Vec<Const>),
    /// A number with its unit.
    Quantity(f64, Unit),
}

impl Const {
    /// What it is, in words, for messages: "the whole number 3", "a list".
    pub fn describe(&self) -> String {
        match self {
            Const::Int(v) => format!("the whole number {v}"),
            Const::Real(_) => format!("the real number {self}"),
            Const::Bool(v) => format!("`{v}`"),
            Const::Str(_) => format!("the string {self}"),
            Const::List(_) => format!("the list {self}"),
            Const::Quantity(..) => format!("the quantity {self}"),
        }
    }

    /// The number, whole or real.
    pub fn number(&self) -> Option<f64> {
        match self {
            Const::Int(v) => Some(*v as f64),
            Const::Real(v) => Some(*v),
            _ => None,
        }
    }
}

impl fmt::Display for Const {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Const::Int(v) => write!(f, "{v}"),
            Const::Real(v) => write!(f, "{}", real(*v)),
            Const::Bool(v) => write!(f, "{v}"),
            Const::Str(v) => write!(f, "\"{v}\""),
            Const::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Const::Quantity(v, unit) => write!(f, "{} {}", plain(*v), unit_word(*unit)),
        }
    }
}

/// A real as people write it: `0.5`, `3.0`, `1e-9`.
fn real(v: f64) -> String {
    if v != 0.0 && (v.abs() < 1e-4 || v.abs() >= 1e15) {
        format!("{v:e}")
    } else {
        format!("{v:?}")
    }
}

/// A number without a fraction that is 0: `5`, `0.5`.
pub(crate) fn plain(v: f64) -> String {
    let text = real(v);
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// The unit behind a number.
pub fn unit_word(unit: Unit) -> &'static str {
    match unit {
        Unit::Epochs => "epochs",
        Unit::Steps => "steps",
        Unit::Samples => "samples",
        Unit::Bytes => "B",
        Unit::Seconds => "s",
    }
}

/// The units of the language, each with what it stands for and by how much it multiplies.
static UNITS: &[(&str, Unit, f64)] = &[
    ("epoch", Unit::Epochs, 1.0),
    ("epochs", Unit::Epochs, 1.0),
    ("step", Unit::Steps, 1.0),
    ("steps", Unit::Steps, 1.0),
    ("sample", Unit::Samples, 1.0),
    ("samples", Unit::Samples, 1.0),
    ("B", Unit::Bytes, 1.0),
    ("KiB", Unit::Bytes, 1024.0),
    ("MiB", Unit::Bytes, 1024.0 * 1024.0),
    ("GiB", Unit::Bytes, 1024.0 * 1024.0 * 1024.0),
    ("s", Unit::Seconds, 1.0),
    ("ms", Unit::Seconds, 1e-3),
    ("us", Unit::Seconds, 1e-6),
];

/// What a local name stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Local {
    /// A value.
    Const(Const),
    /// A flow: its number in the network under construction, or `None` where nothing is known of it.
    Flow(Option<usize>),
    /// A flow that need not be given, and was not.
    Absent,
    /// Something of which nothing is known, because of an error that has been reported or because
    /// it depends on how a layer is used.
    Unknown,
}

/// Where names are looked up: a module, and the names of a body before it.
#[derive(Clone, Debug)]
pub struct Scope<'w> {
    /// Everything read.
    pub world: &'w World<'w>,
    /// The module in which the expression stands.
    pub module: ModuleId,
    /// Sizes, settings, bindings and loop variables; later ones hide earlier ones.
    pub locals: Vec<(&'w str, Local)>,
}

impl<'w> Scope<'w> {
    /// The names of a module, without local ones.
    pub fn of(world: &'w World<'w>, module: ModuleId) -> Scope<'w> {
        Scope { world, module, locals: Vec::new() }
    }

    /// What a local name stands for.
    pub fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().rev().find(|(known, _)| *known == name).map(|(_, local)| local)
    }

    /// The local names.
    pub fn local_names(&self) -> Vec<&'w str> {
        self.locals.iter().map(|(name, _)| *name).collect()
    }
}

/// The value of an expression; `None` when an error in it has been reported (now or before), or when
/// it depends on something of which nothing is known.
pub fn eval(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Const> {
    let depth = &scope.world.depth;
    if depth.get() >= DEEPEST {
        let message = format!("more than {DEEPEST} values need each other in a row");
        diags.push(settings::unfit_value(expr.span, &message, "this is where it ends", None));
        return None;
    }
    depth.set(depth.get() + 1);
    let value = eval_inner(expr, scope, diags);
    depth.set(depth.get() - 1);
    value
}

fn eval_inner(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Const> {
    match &expr.kind {
        ExprKind::Int(v) => Some(Const::Int(*v)),
        ExprKind::Real(v) | ExprKind::Percent(v) => Some(Const::Real(*v)),
        ExprKind::Bool(v) => Some(Const::Bool(*v)),
        ExprKind::Str(v) => Some(Const::Str(v.clone())),
        ExprKind::Quantity { value, unit } => quantity(*value, unit, diags),
        ExprKind::Paren(inner) => eval(inner, scope, diags),
        ExprKind::Name(name) => named(name, scope, diags),
        ExprKind::List(items) => {
            let values: Vec<Option<Const>> =
                items.iter().map(|item| eval(item, scope, diags)).collect();
            values.into_iter().collect::<Option<Vec<Const>>>().map(Const::List)
        }
        ExprKind::Index { base, index } => indexed(base, index, scope, diags),
        ExprKind::Field { base, name } => field(base, name, scope, diags),
        ExprKind::Unary { op, operand, .. } => {
            let value = eval(operand, scope, diags)?;
            unary(*op, expr.span, &value, diags)
        }
        ExprKind::Binary { op, at, left, right } => {
            let a = eval(left, scope, diags);
            // `and` and `or` stop where the left side decides.
            match (op, &a) {
                (BinaryOp::And, Some(Const::Bool(false))) => return Some(Const::Bool(false)),
                (BinaryOp::Or, Some(Const::Bool(true))) => return Some(Const::Bool(true)),
                _ => {}
            }
            let b = eval(right, scope, diags);
            binary(*op, *at, (expr, left, right), &a?, &b?, diags)
        }
        ExprKind::Range { from, to, .. } => {
            let (from, to) = (eval_int(from, scope, diags), eval_int(to, scope, diags));
            range(expr.span, from?, to?, diags)
        }
        ExprKind::If(it) => {
            for arm in &it.arms {
                if eval_bool(&arm.condition, scope, diags)? {
                    return eval(&arm.block.inner, scope, diags);
                }
            }
            it.otherwise.as_ref().and_then(|(_, block)| eval(&block.inner, scope, diags))
        }
        ExprKind::Call { base, name, args } => {
            if let (None, Some(function)) = (base, function(&name.text)) {
                return function.value(expr.span, name, args, scope, diags);
            }
            if base.is_some() {
                diags.push(not_a_value(expr.span, "a call"));
            } else if let Some(diag) = unknown_value(scope.world, scope.module, name, &[]) {
                diags.push(diag);
            }
            None
        }
        ExprKind::Pipe { .. } => {
            diags.push(not_a_value(expr.span, "a flow"));
            None
        }
        ExprKind::All => {
            diags.push(not_a_value(expr.span, "`*`"));
            None
        }
        ExprKind::Missing | ExprKind::Error => None,
    }
}

/// The whole number that an expression is.
pub fn eval_int(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<i64> {
    match eval(expr, scope, diags)? {
        Const::Int(v) => Some(v),
        other => {
            diags.push(unlike(expr.span, "a whole number", &other));
            None
        }
    }
}

/// The truth value that an expression is.
pub fn eval_bool(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<bool> {
    match eval(expr, scope, diags)? {
        Const::Bool(v) => Some(v),
        other => {
            diags.push(unlike(expr.span, "`true` or `false`", &other));
            None
        }
    }
}

impl World<'_> {
    /// The value of a constant of a file, which is needed at `at`; what the command line says goes
    /// first. `None` when an error in it has been reported.
    pub fn constant(&self, decl: Decl, at: Span, diags: &mut Diags) -> Option<Const> {
        if let Some(known) = self.constants.borrow().get(&decl) {
            return known.clone();
        }
        if !self.enter(decl, at, diags) {
            return None;
        }
        let value = self.compute(decl, diags);
        self.leave(decl);
        self.constants.borrow_mut().insert(decl, value.clone());
        value
    }

    fn compute(&self, decl: Decl, diags: &mut Diags) -> Option<Const> {
        let ItemKind::Const(constant) = &self.item(decl).kind else { return None };
        if self.item(decl).broken {
            return None;
        }
        let scope = Scope::of(self, decl.module);
        let given = match decl.module {
            ModuleId::MAIN => self.overrides.iter().rev().find(|it| it.name == constant.name.text),
            _ => None,
        };
        match given.map(|given| &given.value) {
            None => eval(&constant.value, &scope, diags),
            Some(Given::Plain(text)) => Some(Const::Str(text.clone())),
            Some(Given::Parsed(item)) => match &item.kind {
                ItemKind::Const(given) => eval(&given.value, &scope, diags),
                _ => None,
            },
            Some(Given::Broken) => None,
        }
    }
}

fn named(name: &Name, scope: &Scope<'_>, diags: &mut Diags) -> Option<Const> {
    if name.is_missing() {
        return None;
    }
    match scope.local(&name.text) {
        Some(Local::Const(value)) => return Some(value.clone()),
        Some(Local::Unknown) => return None,
        Some(Local::Flow(_) | Local::Absent) => {
            diags.push(names::wrong_kind(
                name.span,
                &name.text,
                "a flow",
                "a value",
                None,
                Some("values are known before the run: numbers, sizes, settings and constants"),
            ));
            return None;
        }
        None => {}
    }
    match scope.world.lookup(scope.module, &name.text) {
        Some(Entry::Known(decl, Kind::Const)) => scope.world.constant(decl, name.span, diags),
        _ => {
            let locals = scope.local_names();
            diags.extend(unknown_value(scope.world, scope.module, name, &locals));
            None
        }
    }
}

fn quantity(value: f64, unit: &Name, diags: &mut Diags) -> Option<Const> {
    if let Some((_, kind, factor)) = UNITS.iter().find(|(word, ..)| *word == unit.text) {
        return Some(Const::Quantity(value * factor, *kind));
    }
    let near = nearest(&unit.text, UNITS.iter().map(|(word, ..)| *word));
    let help = match near.first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "units are `epochs`, `steps`, `samples`, `B`, `KiB`, `MiB`, `s`, `ms` and `us`".into()
        }
    };
    let message = format!("there is no unit `{}`", unit.text);
    let mut diag = settings::unfit_value(unit.span, &message, "not a unit", Some(&help));
    if let Some(near) = near.first() {
        diag = diag.fix(format!("write `{near}`"), unit.span, *near, near.len() == 1);
    }
    diags.push(diag);
    None
}

fn range(at: Span, from: i64, to: i64, diags: &mut Diags) -> Option<Const> {
    if to.saturating_sub(from) > LONGEST_RANGE {
        let message = format!("the range {from}..{to} is too long");
        let label = format!("at most {LONGEST_RANGE} numbers");
        diags.push(settings::unfit_value(at, &message, &label, None));
        return None;
    }
    Some(Const::List((from..to).map(Const::Int).collect()))
}

fn indexed(base: &Expr, index: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Const> {
    let list = eval(base, scope, diags);
    let place = eval_int(index, scope, diags);
    let list = match list? {
        Const::List(items) => items,
        other => {
            diags.push(unlike(base.span, "a list", &other));
            return None;
        }
    };
    let place = place?;
    let found = usize::try_from(place).ok().and_then(|i| list.get(i)).cloned();
    if found.is_none() {
        let name = scope.world.text(base.span);
        let message = format!("`{name}` has no element {place}");
        let label = match list.len() {
            0 => "the list is empty".to_string(),
            1 => "the list has one element, 0".to_string(),
            n => format!("the list has {n} elements, 0 to {}", n - 1),
        };
        diags.push(settings::unfit_value(index.span, &message, &label, None));
    }
    found
}

/// The facts of data that a program may name.
static FACTS: &[&str] = &["classes", "features", "shape", "tokens"];

fn field(base: &Expr, name: &Name, scope: &Scope<'_>, diags: &mut Diags) -> Option<Const> {
    let data = match &base.unparen().kind {
        ExprKind::Name(data) => data,
        ExprKind::Missing | ExprKind::Error => return None,
        _ => {
            diags.push(not_a_value(base.span.to(name.span), "a path"));
            return None;
        }
    };
    if name.is_missing() || data.is_missing() {
        return None;
    }
    let local = scope.local(&data.text);
    let entry = match local {
        Some(Local::Unknown) => return None,
        Some(_) => None,
        None => Some(scope.world.lookup(scope.module, &data.text)),
    };
    let decl = match entry {
        Some(Some(Entry::Known(decl, Kind::Data))) => decl,
        Some(Some(Entry::Broken)) => return None,
        Some(Some(Entry::Known(decl, kind))) => {
            let declared = Some(scope.world.name(decl).span);
            let help = "facts are those of data: `Digits.classes`";
            diags.push(names::wrong_kind(
                data.span,
                &data.text,
                kind.word(),
                "data",
                declared,
                Some(help),
            ));
            return None;
        }
        Some(None) => {
            scope.world.resolve(scope.module, data, crate::names::Wanted::Data, diags)?;
            return None;
        }
        None => {
            let is = if matches!(local, Some(Local::Flow(_))) { "a flow" } else { "a value" };
            diags.push(names::wrong_kind(data.span, &data.text, is, "data", None, None));
            return None;
        }
    };
    if !FACTS.contains(&name.text.as_str()) {
        let near = nearest(&name.text, FACTS.iter().copied());
        let hint = match near.is_empty() {
            false => names::Hint::Near(near.into_iter().map(str::to_string).collect()),
            true => names::Hint::Say(
                "data have `classes`, `features`, `shape` and `tokens`".to_string(),
            ),
        };
        diags.push(names::unknown(name.span, "fact", &name.text, "not a fact of data", hint));
        return None;
    }
    let facts = scope.world.facts(decl, data.span, diags)?;
    match name.text.as_str() {
        "features" => Some(Const::Int(facts.shape.len() as i64)),
        "shape" => {
            Some(Const::List(facts.shape.sizes().iter().map(|&n| Const::Int(n as i64)).collect()))
        }
        "tokens" => match &facts.tokens {
            Some(tokens) => Some(Const::Int(tokens.names.len() as i64)),
            None => {
                let message = format!("the samples of `{}` are no tokens", data.text);
                let label = "there is no vocabulary";
                diags.push(settings::unfit_value(name.span, &message, label, None));
                None
            }
        },
        _ => match facts.target.classes() {
            Some(classes) => Some(Const::Int(classes.len() as i64)),
            None => {
                let has = if facts.target == Target::None { "no targets" } else { "values" };
                let message = format!("`{}` has {has}, not classes", data.text);
                let label = "the number of classes is not known";
                diags.push(settings::unfit_value(name.span, &message, label, None));
                None
            }
        },
    }
}

/// E0303: a value of another kind stands at `at`.
pub(crate) fn unlike(at: Span, wanted: &str, found: &Const) -> dlm_base::Diag {
    let message = format!("{wanted} is needed here, not {}", found.describe());
    settings::unfit_value(at, &message, &format!("must be {wanted}"), None)
}

fn not_a_value(at: Span, is: &str) -> dlm_base::Diag {
    let message = format!("{is} is not a value");
    let help = "values are known before the run: numbers, sizes, settings and constants";
    settings::unfit_value(at, &message, "a value is needed here", Some(help))
}

/// Whether an operator can join flows.
pub(crate) fn joins_flows(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div)
}
