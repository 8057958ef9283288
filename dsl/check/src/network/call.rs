//! Declared layers, used in a flow.

use super::builder::{Builder, Env, Frame, Origin};
use super::params::{self, NoValue};
use super::sizes;
use super::step::Call;
use crate::args::CallSite;
use crate::consts::{Local, Scope};
use crate::names::Decl;
use dlm_base::diag::codes::shapes;
use dlm_grammar::tree;
use std::sync::Arc;

impl<'w> Builder<'w, '_> {
    /// A layer with its arguments, expanded.
    pub(crate) fn use_layer(&mut self, decl: Decl, call: Call<'w>, env: &mut Env<'w>) -> Local {
        let network = self.world.network(decl);
        if self.open {
            self.uses.push((decl, call.name.span));
        }
        let site = CallSite::new(call.name.span, call.args);
        let first = network.params.iter().position(params::is_flow);
        let piped = call.piped.as_ref().and(first);
        let assigned = {
            let world = self.world;
            self.here(|diags| params::assign(world, network, &site, piped, |_| true, diags))
        };
        let mut good = assigned.good && (call.piped.is_none() || first.is_some());
        let mut flows: Vec<(&'w tree::Param, usize)> = Vec::new();
        let mut scope = Scope::of(self.world, decl.module);
        let mut piped_flow = call.piped;
        for (i, param) in network.params.iter().enumerate() {
            let arg = assigned.args[i];
            if params::is_flow(param) {
                let flow = match arg {
                    _ if Some(i) == piped => piped_flow.take(),
                    Some(arg) => match self.expr(&arg.value, env) {
                        Local::Absent if params::is_optional(param) => Some(Local::Absent),
                        flow => Some(self.needs_flow(flow, &arg.value)),
                    },
                    None => params::is_optional(param).then_some(Local::Absent),
                };
                match flow {
                    Some(Local::Absent) => scope.locals.push((&param.name.text, Local::Absent)),
                    Some(Local::Flow(Some(id))) => flows.push((param, id)),
                    _ => good = false,
                }
            } else if let Some(arg) = arg {
                match self.here(|diags| params::setting(param, &arg.value, &env.scope, diags)) {
                    Some(value) => scope.locals.push((&param.name.text, Local::Const(value))),
                    None => good = false,
                }
            }
        }
        let path = self.path(&call.name.text, call.clause, call.own, env);
        let broken = self.world.item(decl).broken;
        let closed = self.world.is_recursive(decl) || broken && self.is_inside(decl);
        if !good || closed || !self.spend(site.span) {
            return Local::Flow(None);
        }
        if broken {
            // What is known of it is seen, and nothing is said.
            let heard = std::mem::take(self.diags);
            self.expand(decl, &site, flows, scope, path, env);
            *self.diags = heard;
            return Local::Flow(None);
        }
        self.expand(decl, &site, flows, scope, path, env)
    }

    /// Whether that layer is being expanded.
    fn is_inside(&self, decl: Decl) -> bool {
        self.frames.iter().any(|frame| matches!(frame, Frame::Use { decl: it, .. } if *it == decl))
    }

    /// The body of a layer, for the flows and settings of one use.
    fn expand(
        &mut self,
        decl: Decl,
        site: &CallSite<'w>,
        flows: Vec<(&'w tree::Param, usize)>,
        mut scope: Scope<'w>,
        path: Arc<str>,
        env: &Env<'w>,
    ) -> Local {
        let network = self.world.network(decl);
        if !self.bind(decl, site, &flows, &mut scope) {
            return Local::Flow(None);
        }
        let values = params::known(network, &scope);
        self.saw_layer(site.span, decl, &values, (&flows, &path));
        let first = self.layers.len();
        for (param, id) in &flows {
            let mut value = self.values[*id].clone();
            value.origin = Origin { at: param.name.span.to(param.ty.span), because: None };
            self.values.push(value);
            let local = Local::Flow(Some(self.values.len() - 1));
            self.saw_name(param.name.span, &local);
            scope.locals.push((&param.name.text, local));
        }
        self.frames.push(Frame::Use { decl, at: Some(site.span), values });
        let result = self.body(decl, network, scope, path.clone());
        self.frames.pop();
        self.ends(&path, &result);
        let Local::Flow(Some(id)) = result else { return Local::Flow(None) };
        let value = self.values[id].clone();
        self.note(site.span, &value.ty);
        self.saw_cost(site.span, first);
        let because = self.reason(&site.args, id, env);
        self.value(value.flow, value.ty, Origin { at: site.span, because })
    }

    /// Binds sizes by the flows that enter a layer, and gives the remaining settings their defaults;
    /// `false` when something does not fit, which is reported.
    fn bind(
        &mut self,
        decl: Decl,
        site: &CallSite<'w>,
        flows: &[(&'w tree::Param, usize)],
        scope: &mut Scope<'w>,
    ) -> bool {
        let network = self.world.network(decl);
        let mut bound_by: Vec<(&'w str, &'w tree::Param)> = Vec::new();
        for (param, id) in flows {
            let ty = self.values[*id].ty.clone();
            if params::dtype(param) != ty.dtype {
                self.wrong_numbers(network, param, site, *id);
                return false;
            }
            match sizes::bind(network, param, &ty.shape, scope) {
                Ok(new) => {
                    bound_by.extend(new.iter().map(|(name, _)| (*name, *param)));
                    scope.locals.extend(new);
                }
                Err(()) => {
                    self.wrong_input(network, param, site, *id, None);
                    return false;
                }
            }
        }
        self.frames.push(Frame::Use {
            decl,
            at: Some(site.span),
            values: params::known(network, scope),
        });
        let filled = {
            let mut inner = scope.clone();
            let filled = self.here(|diags| params::fill_defaults(network, &mut inner, diags));
            *scope = inner;
            filled
        };
        self.frames.pop();
        if matches!(filled, Err(NoValue::Required | NoValue::Reported)) {
            return false;
        }
        for (param, id) in flows {
            let Some(declared) = sizes::of(param) else { continue };
            let shape = self.values[*id].ty.shape.clone();
            let inner = &*scope;
            match self.here(|diags| sizes::differ(declared, &shape, inner, diags)) {
                None => return false,
                Some(None) => {}
                Some(Some((axis, size))) => {
                    let name = declared[axis].as_name().map(|name| name.text.as_str());
                    let other = name.and_then(|name| {
                        bound_by
                            .iter()
                            .find(|(known, by)| *known == name && !std::ptr::eq(*by, *param))
                    });
                    match other {
                        Some((name, by)) => {
                            let first = flows.iter().find(|(p, _)| std::ptr::eq(*p, *by));
                            let first = first.map_or(*id, |(_, id)| *id);
                            let pair = ((*by, first), (*param, *id));
                            self.unequal(network, site, name, size, pair, axis);
                        }
                        None => {
                            self.wrong_input(network, param, site, *id, Some((axis, size)));
                        }
                    }
                    return false;
                }
            }
        }
        true
    }

    /// E0402: two flows that enter one layer must agree in the size `name`.
    fn unequal(
        &mut self,
        network: &tree::Network,
        site: &CallSite<'_>,
        name: &str,
        size: i64,
        ((by, first), (param, second)): ((&tree::Param, usize), (&tree::Param, usize)),
        axis: usize,
    ) {
        let (a, b) = (self.values[first].clone(), self.values[second].clone());
        let other = b.ty.shape.sizes().get(axis).copied().unwrap_or(0);
        let message = format!(
            "`{name}` of `{}` is {size} in `{}` and {other} in `{}`",
            network.name.text, by.name.text, param.name.text
        );
        let label = format!(
            "`{}` is {}, `{}` is {}",
            by.name.text, a.ty.shape, param.name.text, b.ty.shape
        );
        let mut diag = shapes::not_combined(site.span, &message, &label);
        diag = self.with_origin(diag, second, None);
        diag = self.with_origin(diag, first, None);
        self.push_here(diag);
    }
}
