//! Steps: operators, repeats and branches.

use super::builder::{Builder, Env, Frame, MOST_LAYERS};
use super::paths::{Level, is_single, reserved_in_steps};
use crate::args::{CallSite, match_args, param_of, signature};
use crate::consts::{Const, Local, eval, eval_bool, function, unlike};
use crate::names::{Callee, Entry};
use dlm_base::Span;
use dlm_base::diag::codes::{names, settings, shapes};
use dlm_grammar::tree::{self, Arg, Clause, Expr, ExprKind, If, Name, Repeat, Step, StepKind};
use dlm_vocab::ops::{Flows, Operator};
use dlm_vocab::{Arg as Value, Type};
use std::sync::Arc;

/// What is called, and how it stands there.
pub(crate) struct Call<'w> {
    pub(crate) name: &'w Name,
    pub(crate) args: Option<&'w tree::Args>,
    /// What comes along the arrow.
    pub(crate) piped: Option<Local>,
    /// `as name`
    pub(crate) clause: Option<&'w Clause>,
    /// The path, where the step is the only one of its block.
    pub(crate) own: Option<Arc<str>>,
}

impl<'w> Builder<'w, '_> {
    /// A flow through steps.
    pub(crate) fn steps(&mut self, input: Local, steps: &'w [Step], env: &mut Env<'w>) -> Local {
        let mut flow = input;
        for step in steps {
            if self.has_failed() {
                return Local::Flow(None);
            }
            self.saw_arrival(step.span, &flow);
            let own = match step.name {
                None => env.level.take_single(),
                Some(_) => None,
            };
            let clause = step.name.as_ref();
            flow = match &step.kind {
                StepKind::Apply { name, args } => {
                    let args = args.as_ref();
                    self.apply(Call { name, args, piped: Some(flow), clause, own }, env)
                }
                StepKind::Repeat(it) => {
                    let inner = self.deeper(step.span, |b| b.repeat(flow, it, clause, own, env));
                    inner.unwrap_or(Local::Flow(None))
                }
                StepKind::If(it) => self.choose_steps(flow, it, clause, env),
                StepKind::Missing | StepKind::Error => Local::Flow(None),
            };
        }
        flow
    }

    /// The path of a step; a name given twice is reported.
    pub(crate) fn path(
        &mut self,
        kind: &'w str,
        clause: Option<&'w Clause>,
        own: Option<Arc<str>>,
        env: &mut Env<'w>,
    ) -> Arc<str> {
        if let Some(own) = own {
            return own;
        }
        let (path, first) = env.level.path(kind, clause);
        if let (Some(first), Some(clause)) = (first, clause) {
            self.diags.push(names::step_twice(clause.name.span, &clause.name.text, first));
        }
        path
    }

    /// An operator or a layer with its arguments.
    pub(crate) fn apply(&mut self, call: Call<'w>, env: &mut Env<'w>) -> Local {
        let locals = env.scope.local_names();
        let module = env.scope.module;
        match self.world.resolve_step(module, call.name, &locals, self.diags) {
            None => Local::Flow(None),
            Some(Callee::Operator(op)) => self.operator(op, call, env),
            Some(Callee::Layer(decl)) => self.use_layer(decl, call, env),
        }
    }

    fn operator(&mut self, op: &'static Operator, call: Call<'w>, env: &mut Env<'w>) -> Local {
        let mut site = CallSite::new(call.name.span, call.args);
        let list: &'w [Arg] = call.args.map_or(&[], |args| &args.list);
        let mut flows: Vec<(Local, Option<&'w Expr>)> =
            call.piped.map(|piped| (piped, None)).into_iter().collect();
        let mut used = 0;
        for arg in list.iter().take_while(|arg| arg.name.is_none()) {
            let is_flow = flowish(&arg.value, env);
            let wanted = match op.flows {
                Flows::Exactly(n) => flows.len() < n,
                Flows::AtLeast(_) => is_flow,
            };
            if !wanted {
                break;
            }
            used += 1;
            if !is_flow {
                // A value stands where the flow belongs, or a name that stands for nothing.
                if self.here(|diags| eval(&arg.value, &env.scope, diags)).is_some() {
                    let text = signature(&op.word);
                    self.push_here(shapes::no_flow(site.span, op.word.name, flows.len(), &text));
                }
                self.path(op.word.name, call.clause, call.own, env);
                return Local::Flow(None);
            }
            let flow = self.expr(&arg.value, env);
            let flow = self.needs_flow(flow, &arg.value);
            flows.push((flow, Some(&arg.value)));
        }
        let (Flows::Exactly(least) | Flows::AtLeast(least)) = op.flows;
        if flows.len() < least {
            let text = signature(&op.word);
            self.push_here(shapes::no_flow(site.span, op.word.name, flows.len(), &text));
            self.path(op.word.name, call.clause, call.own, env);
            return Local::Flow(None);
        }
        site.args.drain(..used);
        let named = self.named_flows(op, &site, env);
        let args = self.here(|diags| match_args(&op.word, &site, &env.scope, diags));
        let args = args.map(|mut args| {
            for (param, flow, value) in named {
                if flow == Local::Absent {
                    args.unset(param);
                    continue;
                }
                args.set(param, Value::Flow(flows.len()));
                flows.push((flow, Some(value)));
            }
            args
        });
        let path = self.path(op.word.name, call.clause, call.own, env);
        let known: Option<Vec<usize>> = flows
            .iter()
            .map(|(flow, _)| match flow {
                Local::Flow(Some(id)) => Some(*id),
                _ => None,
            })
            .collect();
        let (Some(args), Some(known)) = (args, known) else { return Local::Flow(None) };
        let result = self.layer(op, args, &known, (site.span, None), path);
        match result {
            Ok(Local::Flow(Some(id))) => {
                self.values[id].origin.because = self.reason(&site.args, id, env);
                Local::Flow(Some(id))
            }
            Ok(other) => other,
            Err(reject) => {
                let sources = flows.iter().map(|(_, expr)| *expr).collect::<Vec<_>>();
                self.rejected(reject, op, &site, &known, &sources);
                Local::Flow(None)
            }
        }
    }

    /// The arguments that are flows, with the parameters that they are for.
    fn named_flows(
        &mut self,
        op: &'static Operator,
        site: &CallSite<'w>,
        env: &mut Env<'w>,
    ) -> Vec<(&'static str, Local, &'w Expr)> {
        let mut named = Vec::new();
        for (place, arg) in site.args.iter().enumerate() {
            let param = param_of(op.word.params, place, arg);
            if let Some(param) = param.filter(|param| param.ty == Type::Flow) {
                let flow = match self.expr(&arg.value, env) {
                    Local::Absent => Local::Absent,
                    flow => self.needs_flow(flow, &arg.value),
                };
                named.push((param.name, flow, &arg.value));
            }
        }
        named
    }

    /// The first argument, if it is no plain number and fixed a size of the result.
    pub(crate) fn reason(&self, args: &[&'w Arg], id: usize, env: &Env<'w>) -> Option<(Span, i64)> {
        let value = &args.first()?.value;
        if matches!(value.unparen().kind, ExprKind::Int(_)) {
            return None;
        }
        let sizes = self.values[id].ty.shape.sizes();
        match eval_quietly(value, env)? {
            Const::Int(v) if v > 1 && sizes.contains(&(v as usize)) => Some((value.span, v)),
            _ => None,
        }
    }

    /// `repeat n { steps }`, `repeat c in list { steps }`
    fn repeat(
        &mut self,
        input: Local,
        it: &'w Repeat,
        clause: Option<&'w Clause>,
        own: Option<Arc<str>>,
        env: &mut Env<'w>,
    ) -> Local {
        let turns = self.turns(it, env);
        let path = self.path("repeat", clause, own, env);
        let steps = &it.block.inner;
        let variable = it.variable.as_ref().map(|(name, _)| name.text.as_str());
        let reserved = Arc::new(reserved_in_steps(steps));
        let level = |prefix: Arc<str>| match is_single(steps) {
            true => Level::single(prefix),
            false => Level::new(prefix, reserved.clone()),
        };
        if self.open {
            let outer = std::mem::replace(&mut env.level, level(path));
            let locals = env.scope.locals.len();
            env.scope.locals.extend(variable.map(|name| (name, Local::Unknown)));
            self.steps(input, steps, env);
            env.scope.locals.truncate(locals);
            env.level = outer;
            return Local::Flow(None);
        }
        let Some(turns) = turns else { return Local::Flow(None) };
        let mut flow = input;
        for turn in 0..turns.count() {
            if !self.spend(it.keyword) {
                return Local::Flow(None);
            }
            let prefix: Arc<str> = Arc::from(format!("{path}[{turn}]"));
            let outer = std::mem::replace(&mut env.level, level(prefix.clone()));
            let locals = env.scope.locals.len();
            let value = turns.value(turn);
            let bound = variable.zip(value);
            if let Some((name, value)) = &bound {
                env.scope.locals.push((name, Local::Const(value.clone())));
            }
            self.frames.push(Frame::Turn { at: it.keyword, turn, variable: bound });
            flow = self.steps(flow, steps, env);
            self.frames.pop();
            env.scope.locals.truncate(locals);
            env.level = outer;
            if matches!(flow, Local::Flow(None)) {
                return flow;
            }
            self.ends(&prefix, &flow);
        }
        if turns.count() > 0 {
            self.ends(&path, &flow);
        }
        if let Local::Flow(Some(id)) = &flow {
            let ty = self.values[*id].ty.clone();
            self.note(it.keyword.to(it.block.braces.close), &ty);
        }
        flow
    }

    /// What a `repeat` goes over; `None` when that is not known.
    fn turns(&mut self, it: &'w Repeat, env: &Env<'w>) -> Option<Turns> {
        let over = self.here(|diags| eval(&it.over, &env.scope, diags))?;
        let at = it.over.span;
        match (&it.variable, over) {
            (None, Const::Int(n)) => match usize::try_from(n) {
                Ok(n) if n <= MOST_LAYERS => Some(Turns::Times(n)),
                _ => {
                    let bounds = if n < 0 { "at least 0" } else { "at most 100,000" };
                    let value = n.to_string();
                    self.push_here(settings::out_of_range(at, "repeat", &value, bounds));
                    None
                }
            },
            (Some(_), Const::List(items)) => Some(Turns::Each(items)),
            (None, other) => {
                let mut diag = unlike(at, "a whole number", &other);
                if matches!(other, Const::List(_)) {
                    let list = self.world.text(at);
                    diag = diag
                        .help(format!("go over a list with a name: `repeat c in {list} {{ … }}`"));
                }
                self.push_here(diag);
                None
            }
            (Some((name, _)), other) => {
                let mut diag = unlike(at, "a list or a range", &other);
                if let Const::Int(n) = other {
                    diag =
                        diag.help(format!("count with a range: `repeat {} in 0..{n}`", name.text));
                }
                self.push_here(diag);
                None
            }
        }
    }

    /// `if c { steps } else { steps }`
    fn choose_steps(
        &mut self,
        input: Local,
        it: &'w If<Vec<Step>>,
        clause: Option<&'w Clause>,
        env: &mut Env<'w>,
    ) -> Local {
        let named = clause.map(|_| self.path("if", clause, None, env));
        let outer = named.clone().map(|path| {
            let steps = it.arms.iter().map(|arm| &arm.block.inner);
            let all = steps.chain(it.otherwise.as_ref().map(|(_, block)| &block.inner));
            let reserved = all.flat_map(|steps| reserved_in_steps(steps)).collect();
            std::mem::replace(&mut env.level, Level::new(path, Arc::new(reserved)))
        });
        let result = self.taken_steps(input, it, named.is_some(), env);
        if let Some(path) = &named {
            self.ends(path, &result);
        }
        if let Some(outer) = outer {
            env.level = outer;
        }
        result
    }

    fn taken_steps(
        &mut self,
        input: Local,
        it: &'w If<Vec<Step>>,
        named: bool,
        env: &mut Env<'w>,
    ) -> Local {
        let otherwise = it.otherwise.as_ref().map(|(_, block)| &block.inner);
        if self.open {
            let mut decided = false;
            for arm in &it.arms {
                let condition = self.condition(&arm.condition, env);
                let dead = decided || condition == Some(false);
                let input = input.clone();
                self.branch(dead, env, |it, env| it.steps(input, &arm.block.inner, env));
                decided |= condition == Some(true);
            }
            if let Some(last) = otherwise {
                self.branch(decided, env, |it, env| it.steps(input, last, env));
            }
            return Local::Flow(None);
        }
        let mut taken = otherwise;
        for arm in &it.arms {
            match self.condition(&arm.condition, env) {
                Some(true) => {
                    taken = Some(&arm.block.inner);
                    break;
                }
                Some(false) => {}
                None => return Local::Flow(None),
            }
        }
        let Some(steps) = taken else { return input };
        if named && is_single(steps) {
            env.level.make_single();
        }
        self.steps(input, steps, env)
    }

    pub(crate) fn condition(&mut self, condition: &'w Expr, env: &Env<'w>) -> Option<bool> {
        self.here(|diags| eval_bool(condition, &env.scope, diags))
    }
}

/// What a `repeat` goes over.
enum Turns {
    Times(usize),
    Each(Vec<Const>),
}

impl Turns {
    fn count(&self) -> usize {
        match self {
            Turns::Times(n) => *n,
            Turns::Each(items) => items.len(),
        }
    }

    fn value(&self, turn: usize) -> Option<Const> {
        match self {
            Turns::Times(_) => None,
            Turns::Each(items) => items.get(turn).cloned(),
        }
    }
}

/// Whether an expression is a flow, as far as its form and the names of the body tell.
pub(crate) fn flowish(expr: &Expr, env: &Env<'_>) -> bool {
    match &expr.kind {
        ExprKind::Call { base: None, name, .. } => !is_function(name, env),
        ExprKind::Pipe { .. } => true,
        ExprKind::Name(name) => {
            matches!(
                env.scope.local(&name.text),
                Some(Local::Flow(_) | Local::Absent | Local::Unknown)
            )
        }
        ExprKind::Paren(inner) => flowish(inner, env),
        ExprKind::Unary { operand, .. } => flowish(operand, env),
        ExprKind::Binary { left, right, .. } => flowish(left, env) || flowish(right, env),
        ExprKind::If(it) => it.arms.iter().any(|arm| flowish(&arm.block.inner, env)),
        _ => false,
    }
}

/// Whether a name that is called is a function of values. A layer of the name goes first.
pub(crate) fn is_function(name: &Name, env: &Env<'_>) -> bool {
    let layer = || match env.scope.world.lookup(env.scope.module, &name.text) {
        Some(Entry::Known(_, kind)) => kind.is_step(),
        found => found.is_some(),
    };
    function(&name.text).is_some() && !layer()
}

/// The value of an expression, without a word about its mistakes.
pub(crate) fn eval_quietly(expr: &Expr, env: &Env<'_>) -> Option<Const> {
    eval(expr, &env.scope, &mut crate::diags::Diags::new())
}
