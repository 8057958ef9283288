//! Expressions over flows.

use super::builder::{Builder, Env, Origin};
use super::step::{Call, is_function};
use crate::consts::{self, Const, Local, eval};
use crate::program::{Flow, LayerBody, NetLayer};
use dlm_base::Span;
use dlm_base::diag::codes::{names, settings, shapes};
use dlm_grammar::tree::{
    self, Assert, BinaryOp, Expr, ExprKind, If, TemplatePart, TypeKind, UnaryOp,
};
use dlm_graph::Reject;
use dlm_vocab::ops::{Operator, sign};
use dlm_vocab::{Arg, Args};
use std::sync::Arc;

/// The largest number that an operator takes.
const LARGEST_ARG: i64 = 1 << 20;

impl<'w> Builder<'w, '_> {
    /// The flow or value that an expression is.
    pub(crate) fn expr(&mut self, expr: &'w Expr, env: &mut Env<'w>) -> Local {
        self.deeper(expr.span, |builder| builder.expr_inner(expr, env)).unwrap_or(Local::Unknown)
    }

    fn expr_inner(&mut self, expr: &'w Expr, env: &mut Env<'w>) -> Local {
        match &expr.kind {
            ExprKind::Paren(inner) => self.expr(inner, env),
            ExprKind::Name(name) => match env.scope.local(&name.text) {
                Some(local) => {
                    self.saw_name(name.span, local);
                    local.clone()
                }
                None => self.constant(expr, env),
            },
            ExprKind::Pipe { source, steps } => {
                let input = self.expr(source, env);
                let input = self.needs_flow(input, source);
                self.steps(input, steps, env)
            }
            ExprKind::Call { base: None, name, .. } if is_function(name, env) => {
                self.constant(expr, env)
            }
            ExprKind::Call { base: None, name, args } => {
                let args = Some(args);
                self.apply(Call { name, args, piped: None, clause: None, own: None }, env)
            }
            ExprKind::Binary { op, left, right, .. } if consts::joins_flows(*op) => {
                let a = self.expr(left, env);
                let b = self.expr(right, env);
                self.join(*op, expr, (left, a), (right, b), env)
            }
            ExprKind::Unary { op: UnaryOp::Neg, operand, .. } => match self.expr(operand, env) {
                Local::Const(value) => {
                    known(self.here(|diags| consts::unary(UnaryOp::Neg, expr.span, &value, diags)))
                }
                Local::Unknown => Local::Unknown,
                flow => {
                    let flow = self.needs_flow(flow, operand);
                    let minus = self.number(-1.0, expr.span, env);
                    self.sign("mul", expr, (operand, flow), (expr, minus), env)
                }
            },
            ExprKind::If(it) => self.choose(it, env),
            _ => self.constant(expr, env),
        }
    }

    fn constant(&mut self, expr: &'w Expr, env: &Env<'w>) -> Local {
        known(self.here(|diags| eval(expr, &env.scope, diags)))
    }

    /// `if c { a } else { b }`
    fn choose(&mut self, it: &'w If<Expr>, env: &mut Env<'w>) -> Local {
        let mut arms = it.arms.iter();
        let otherwise = it.otherwise.as_ref().map(|(_, block)| &block.inner);
        if self.open {
            let mut decided = false;
            let mut result = Local::Unknown;
            for arm in arms {
                let condition = self.condition(&arm.condition, env);
                let dead = decided || condition == Some(false);
                result = self.branch(dead, env, |builder, env| builder.expr(&arm.block.inner, env));
                decided |= condition == Some(true);
            }
            if let Some(last) = otherwise {
                let other = self.branch(decided, env, |builder, env| builder.expr(last, env));
                result = match (result, other) {
                    (Local::Flow(_), _) | (_, Local::Flow(_)) => Local::Flow(None),
                    _ => Local::Unknown,
                };
            }
            return result;
        }
        let taken = loop {
            let Some(arm) = arms.next() else { break otherwise };
            match self.condition(&arm.condition, env) {
                Some(true) => break Some(&arm.block.inner),
                Some(false) => {}
                None => return Local::Unknown,
            }
        };
        taken.map_or(Local::Unknown, |taken| self.expr(taken, env))
    }

    /// Looks at a branch of a declaration on its own. Of one that is never taken, only names and the
    /// arguments of words are checked.
    pub(crate) fn branch<T>(
        &mut self,
        dead: bool,
        env: &mut Env<'w>,
        look: impl FnOnce(&mut Self, &mut Env<'w>) -> T,
    ) -> T {
        let mark = env.level.mark();
        let kept = dead.then(|| std::mem::take(self.diags));
        let result = look(self, env);
        if let Some(kept) = kept {
            let found = std::mem::replace(self.diags, kept);
            let names = found.into_vec().into_iter().filter(|diag| {
                let id = diag.code.id;
                id.starts_with("E02") || matches!(id, "E0301" | "E0302" | "E0304")
            });
            self.diags.extend(names);
        }
        env.level.back_to(mark);
        result
    }

    /// The flow that must stand here.
    pub(crate) fn needs_flow(&mut self, local: Local, expr: &Expr) -> Local {
        match local {
            Local::Const(value) => {
                let message = format!("a flow is needed here, not {}", value.describe());
                let label = "must be a flow";
                self.push_here(settings::unfit_value(expr.span, &message, label, None));
                Local::Flow(None)
            }
            Local::Absent => {
                let name = self.world.text(expr.span);
                let message = format!("`{name}` need not be given, and was not");
                let help = format!("pass it on by name to what need not have it: `mask = {name}`");
                let label = "a flow is needed here";
                self.push_here(settings::unfit_value(expr.span, &message, label, Some(&help)));
                Local::Flow(None)
            }
            Local::Unknown => Local::Flow(None),
            flow => flow,
        }
    }

    /// `a + b`
    fn join(
        &mut self,
        op: BinaryOp,
        expr: &'w Expr,
        (left, a): (&'w Expr, Local),
        (right, b): (&'w Expr, Local),
        env: &mut Env<'w>,
    ) -> Local {
        match (&a, &b) {
            (Local::Const(x), Local::Const(y)) => {
                let exprs = (expr, left, right);
                return known(self.here(|diags| consts::binary(op, expr.span, exprs, x, y, diags)));
            }
            (Local::Unknown, Local::Const(_) | Local::Unknown)
            | (Local::Const(_), Local::Unknown) => return Local::Unknown,
            _ => {}
        }
        let word = match op {
            BinaryOp::Add => "add",
            BinaryOp::Sub => "sub",
            BinaryOp::Mul => "mul",
            _ => "div",
        };
        let a = self.operand(a, left, env);
        let b = self.operand(b, right, env);
        self.sign(word, expr, (left, a), (right, b), env)
    }

    /// An operand of a sign: numbers become flows.
    fn operand(&mut self, local: Local, expr: &'w Expr, env: &mut Env<'w>) -> Local {
        match local {
            Local::Const(value) => match value.number() {
                Some(number) => self.number(number, expr.span, env),
                None => self.needs_flow(Local::Const(value), expr),
            },
            Local::Absent => self.needs_flow(local, expr),
            other => other,
        }
    }

    /// A number as a flow.
    fn number(&mut self, number: f64, at: Span, env: &mut Env<'w>) -> Local {
        if self.open {
            return Local::Flow(None);
        }
        let mut args = Args::default();
        args.set("value", Arg::Real(number));
        self.layer(sign("constant"), args, &[], (at, None), env.level.path("constant", None).0)
            .unwrap_or(Local::Flow(None))
    }

    fn sign(
        &mut self,
        word: &'static str,
        expr: &'w Expr,
        (left, a): (&'w Expr, Local),
        (right, b): (&'w Expr, Local),
        env: &mut Env<'w>,
    ) -> Local {
        let path = env.level.path(word, None).0;
        let (Local::Flow(Some(a)), Local::Flow(Some(b))) = (&a, &b) else {
            return Local::Flow(None);
        };
        let made = self.layer(sign(word), Args::default(), &[*a, *b], (expr.span, None), path);
        made.unwrap_or_else(|reject| {
            self.unjoined(reject, word, expr.span, (left, *a), (right, *b));
            Local::Flow(None)
        })
    }

    /// Adds an operator.
    ///
    /// # Errors
    /// With what the operator says against its inputs.
    pub(crate) fn layer(
        &mut self,
        op: &'static Operator,
        args: Args,
        flows: &[usize],
        (at, because): (Span, Option<(Span, i64)>),
        path: std::sync::Arc<str>,
    ) -> Result<Local, Reject> {
        if !self.spend(at) {
            return Ok(Local::Flow(None));
        }
        if let Some(huge) = huge(&args) {
            return Err(huge);
        }
        let layer = (op.make)(&args);
        let tys: Vec<dlm_graph::Ty> = flows.iter().map(|&i| self.values[i].ty.clone()).collect();
        self.saw_operator(at, op, &args, &layer, (&tys, &path));
        let ty = layer.infer(&tys)?;
        if let Some(large) = too_large(ty.shape.sizes(), 31) {
            return Err(large);
        }
        let mut weights = layer.weights(&tys);
        for weight in &weights {
            if let Some(large) = too_large(weight.shape.sizes(), 36) {
                return Err(large);
            }
        }
        let borrowed = self.borrow(&args, &mut weights, (&path, at))?;
        let init_normal = match args.get("init") {
            Some(Arg::Call(_, numbers)) => numbers.first().map(|&number| number as f32),
            _ => None,
        };
        let inputs: Vec<Flow> = flows.iter().map(|&i| self.values[i].flow).collect();
        let macs = layer.macs(&tys);
        let body = LayerBody {
            path,
            operator: op,
            args,
            layer,
            inputs,
            ty: ty.clone(),
            borrowed,
            weights,
            init_normal,
            macs,
        };
        self.layers.push(NetLayer { body: Arc::new(body), span: at });
        let flow = Flow::Layer(self.layers.len() - 1);
        self.note(at, &ty);
        self.saw_cost(at, self.layers.len() - 1);
        Ok(self.value(flow, ty, Origin { at, because }))
    }

    /// Remembers the result of a step where it first occurs.
    pub(crate) fn note(&mut self, at: Span, ty: &dlm_graph::Ty) {
        let mut seen = self.world.seen.borrow_mut();
        seen.results.entry(at).or_insert_with(|| ty.clone());
    }

    /// Whether what a body asserts holds; what does not is reported at the call.
    pub(crate) fn assertion(&mut self, assert: &'w Assert, env: &Env<'w>) -> bool {
        let holds = self.condition(&assert.condition, env);
        let mut text = String::new();
        for part in assert.message.iter().flat_map(|(_, message)| &message.parts) {
            match part {
                TemplatePart::Text(part) => text.push_str(part),
                TemplatePart::Name(name) => {
                    let expr = Expr { span: name.span, kind: ExprKind::Name(name.clone()) };
                    match self.here(|diags| eval(&expr, &env.scope, diags)) {
                        Some(Const::Str(value)) => text.push_str(&value),
                        Some(value) => text.push_str(&value.to_string()),
                        None => text.push('?'),
                    }
                }
            }
        }
        if holds == Some(false) && !self.open {
            if text.is_empty() {
                text = format!("`{}` does not hold", self.world.text(assert.condition.span));
            }
            let at = self.call_place().unwrap_or(assert.condition.span);
            let diag = settings::assert_failed(at, &text, assert.condition.span);
            self.diags.push(diag);
        }
        holds != Some(false)
    }

    /// E0403: whether the result is what the layer or model declares.
    pub(crate) fn check_result(
        &mut self,
        network: &'w tree::Network,
        result: &Local,
        env: &Env<'w>,
    ) {
        let Some((_, ty)) = &network.result else { return };
        match &ty.kind {
            TypeKind::Tensor { sizes: Some(sizes), .. } => {
                if self.open {
                    for size in sizes {
                        self.here(|diags| eval(size, &env.scope, diags));
                    }
                    return;
                }
                let Local::Flow(Some(id)) = result else { return };
                let value = self.values[*id].clone();
                let declared = self.here(|diags| super::sizes::shape(sizes, &env.scope, diags));
                let Some(declared) = declared else { return };
                if declared != value.ty.shape {
                    let from = network.body.result().map_or(value.origin.at, last_step);
                    let mut diag = shapes::other_result(
                        ty.span,
                        &network.name.text,
                        &self.declared_text(ty.span, &declared),
                        &value.ty.shape.to_string(),
                        from,
                    );
                    diag = match declared.rank() == value.ty.shape.rank() {
                        true => diag.help(format!(
                            "declare `-> {}`, or correct the last step",
                            value.ty.shape
                        )),
                        false => diag
                            .help(format!("declare `-> {}`, or correct the body", value.ty.shape)),
                    };
                    self.push_here(diag);
                }
            }
            TypeKind::Word(word) if self.open => {
                let hint = names::Hint::Say("a result is a shape: `-> [10]`".to_string());
                let scope = "a shape is needed here";
                self.diags.push(names::unknown(ty.span, "shape", &word.text, scope, hint));
            }
            _ => {}
        }
    }

    fn declared_text(&self, at: Span, shape: &dlm_base::Shape) -> String {
        let written = self.world.text(at);
        match written == shape.to_string() {
            true => written.to_string(),
            false => format!("{written} = {shape}"),
        }
    }
}

/// A value, or something of which nothing is known.
fn known(value: Option<Const>) -> Local {
    value.map_or(Local::Unknown, Local::Const)
}

/// The last step of a flow, or all of it.
fn last_step(flow: &Expr) -> Span {
    match &flow.unparen().kind {
        ExprKind::Pipe { steps, .. } => steps.last().map_or(flow.span, |step| step.span),
        _ => flow.span,
    }
}

/// What is said of a number among the arguments that no tensor could have as a size.
fn huge(args: &Args) -> Option<Reject> {
    args.iter().find_map(|(param, arg)| {
        let numbers = match arg {
            Arg::Int(number) => std::slice::from_ref(number),
            Arg::Ints(numbers) => numbers,
            _ => return None,
        };
        let product = numbers.iter().try_fold(1i64, |product, n| product.checked_mul(*n));
        let fits = numbers.iter().all(|n| n.abs() <= LARGEST_ARG)
            && product.is_some_and(|product| product.abs() <= LARGEST_ARG * LARGEST_ARG);
        let first = numbers.iter().max()?;
        (!fits).then(|| Reject::Value {
            param,
            message: format!("{param} = {first} is more than any memory holds"),
            help: None,
        })
    })
}

/// What is said of a tensor with more than 2^`bits` numbers.
fn too_large(sizes: &[usize], bits: u32) -> Option<Reject> {
    let count = sizes.iter().try_fold(1u64, |count, &size| count.checked_mul(size as u64));
    if count.is_some_and(|count| count <= 1 << bits) {
        return None;
    }
    let text: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    Some(Reject::Size {
        formula: format!("[{}] has more numbers than any memory holds", text.join(", ")),
        help: None,
    })
}
