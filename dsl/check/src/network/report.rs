//! What is said of steps that do not fit, and where.

use super::builder::{Builder, Frame, Value};
use super::params;
use crate::args::CallSite;
use crate::consts::Const;
use crate::diags::Diags;
use dlm_base::diag::codes::{settings, shapes};
use dlm_base::{Diag, Label, Span};
use dlm_grammar::tree::{self, Expr};
use dlm_graph::{Reject, Ty};
use dlm_vocab::ops::Operator;

impl<'w> Builder<'w, '_> {
    /// Does something that may find mistakes, and reports them as [`Builder::push_here`] does.
    pub(crate) fn here<T>(&mut self, look: impl FnOnce(&mut Diags) -> T) -> T {
        let mut found = Diags::new();
        let result = look(&mut found);
        for diag in found.into_vec() {
            self.push_here(diag);
        }
        result
    }

    /// Reports a mistake, with the uses and turns around it as reasons. Of a place in the standard
    /// library, which nobody can change, the error stands at the call.
    pub(crate) fn push_here(&mut self, mut diag: Diag) {
        let place = diag.primary.span;
        if self.world.in_std(place)
            && let Some(call) = self.call_outside()
        {
            let inside = self.innermost_name();
            diag.fixes.clear();
            diag.help = diag.help.filter(|_| false);
            let label = std::mem::take(&mut diag.primary.text);
            diag.primary = Label { span: call, text: format!("inside `{inside}`: {label}") };
            diag.labels.truncate(1);
            diag.labels.insert(0, Label { span: place, text: label });
            self.diags.push(diag);
            return;
        }
        let mut outer = 0;
        for frame in self.frames.iter().rev() {
            let Some((at, text)) = self.frame_text(frame) else { continue };
            // The innermost reason, and where the checked file asks for it.
            let shown = outer == 0 || self.world.in_main(at) && !self.world.in_main(place);
            let known = diag.labels.iter().any(|label| label.span == at) || at == place;
            if shown && !known {
                diag = diag.because(at, text);
                outer += 1;
            }
        }
        self.diags.push(diag);
    }

    /// The innermost use of a layer that is written outside the standard library.
    fn call_outside(&self) -> Option<Span> {
        self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Use { at: Some(at), .. } if !self.world.in_std(*at) => Some(*at),
            _ => None,
        })
    }

    /// The innermost layer.
    fn innermost_name(&self) -> &'w str {
        let inner = self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Use { decl, .. } => Some(self.world.name(*decl).text.as_str()),
            Frame::Turn { .. } => None,
        });
        inner.unwrap_or_default()
    }

    /// The place to blame for what happens at `at`.
    pub(crate) fn blame(&self, at: Span) -> Span {
        match self.world.in_std(at) {
            true => self.call_outside().unwrap_or(at),
            false => at,
        }
    }

    /// The place of the innermost use.
    pub(crate) fn call_place(&self) -> Option<Span> {
        let at = self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Use { at, .. } => Some(*at),
            Frame::Turn { .. } => None,
        });
        at.flatten().map(|at| self.blame(at))
    }

    fn frame_text(&self, frame: &Frame<'w>) -> Option<(Span, String)> {
        match frame {
            Frame::Use { at: Some(at), values, .. } => {
                let values: Vec<String> = values
                    .iter()
                    .filter(|(_, value)| !matches!(value, Const::List(items) if items.len() > 6))
                    .take(5)
                    .map(|(name, value)| format!("{name} = {value}"))
                    .collect();
                let text = match values.is_empty() {
                    true => "used here".to_string(),
                    false => format!("used here with {}", values.join(", ")),
                };
                Some((*at, text))
            }
            Frame::Use { at: None, .. } => None,
            Frame::Turn { at, turn, variable } => {
                let text = match variable {
                    Some((name, value)) => format!("in turn {turn}, with {name} = {value}"),
                    None if *turn == 0 => return None,
                    None => format!("in turn {turn}, counted from 0"),
                };
                Some((*at, text))
            }
        }
    }

    /// Adds where a flow comes from. `name` is what the program calls it at the error.
    pub(crate) fn with_origin(&self, diag: Diag, id: usize, name: Option<&str>) -> Diag {
        let value = &self.values[id];
        let at = value.origin.at;
        if at == diag.primary.span || self.world.in_std(at) && !self.world.in_std(diag.primary.span)
        {
            return diag;
        }
        let mut text =
            match name.or_else(|| self.param_at(at).map(|param| param.name.text.as_str())) {
                Some(name) => format!("`{name}` is {}", with_axes(&value.ty)),
                None => format!("produces {}", with_axes(&value.ty)),
            };
        if let Some((span, size)) = value.origin.because {
            text.push_str(&format!(", because {} = {size}", self.world.text(span)));
        }
        diag.because(at, text)
    }

    /// The channels of a map, as the place that fixed them calls them.
    fn channels(&self, value: &Value) -> String {
        let number = value.ty.shape.sizes()[0];
        match (value.origin.because, self.param_at(value.origin.at)) {
            (Some((span, size)), _) if size == number as i64 => self.world.text(span).to_string(),
            (_, Some(param)) => match super::sizes::of(param) {
                Some([first, ..]) => self.world.text(first.span).to_string(),
                _ => number.to_string(),
            },
            _ => number.to_string(),
        }
    }

    /// The parameter that is declared at a place.
    fn param_at(&self, at: Span) -> Option<&'w tree::Param> {
        self.frames.iter().find_map(|frame| match frame {
            Frame::Use { decl, .. } => {
                let params = &self.world.network(*decl).params;
                params.iter().find(|param| param.name.span.at_start() == at.at_start())
            }
            Frame::Turn { .. } => None,
        })
    }

    /// Reports what an operator says against its inputs. `flows` are they, `exprs` their expressions
    /// where they were written as arguments.
    pub(crate) fn rejected(
        &mut self,
        reject: Reject,
        op: &Operator,
        site: &CallSite<'_>,
        flows: &[usize],
        exprs: &[Option<&'w Expr>],
    ) {
        let first = flows.first().map(|&id| self.values[id].clone());
        let found = first.as_ref().map_or(String::new(), |value| value.ty.to_string());
        let mut diag = match reject {
            Reject::Shape { message, expects, help, insert } => {
                let diag = shapes::not_taken(site.span, &message, &expects, &found);
                let diag = match help {
                    Some(help) => diag.help(help),
                    None => diag,
                };
                // Text before the step is a fix only where the flow comes along an arrow.
                match insert.filter(|_| exprs.first().is_some_and(Option::is_none)) {
                    Some(text) => {
                        let title =
                            format!("insert `{}`", text.trim().trim_end_matches("->").trim());
                        diag.fix(title, site.span.at_start(), text, true)
                    }
                    None => diag,
                }
            }
            Reject::Combine { message, help } => {
                let label = self.both(flows, exprs);
                let mut diag = shapes::not_combined(site.span, &message, &label);
                for &id in flows.iter().skip(1).rev() {
                    diag = self.with_origin(diag, id, None);
                }
                match help {
                    Some(help) => diag.help(help),
                    None => diag,
                }
            }
            Reject::Size { formula, help } => {
                let name = op.word.name;
                let message = format!("nothing is left of {found} after `{name}`");
                let message = match formula.contains("memory") {
                    true => format!("the result of `{name}` is too large"),
                    false => message,
                };
                let diag = shapes::no_size(site.span, &message, &formula);
                match help {
                    Some(help) => diag.help(help),
                    None => diag,
                }
            }
            Reject::Value { param, message, help } => {
                let at = params::place(&site.args, op.word.params, param, site.span);
                let label = format!("does not fit {found}");
                settings::unfit_value(at, &message, &label, help.as_deref())
            }
        };
        if let Some(&id) = flows.first() {
            diag = self.with_origin(diag, id, None);
        }
        self.push_here(diag);
    }

    /// "`x` is [64, 56, 56], `b` is [128, 56, 56]"
    fn both(&self, flows: &[usize], exprs: &[Option<&Expr>]) -> String {
        let each: Vec<String> = flows
            .iter()
            .zip(exprs)
            .take(3)
            .map(|(&id, expr)| {
                let shape = &self.values[id].ty.shape;
                match expr.map(|expr| self.short(expr)) {
                    Some(text) => format!("`{text}` is {shape}"),
                    None => format!("the flow is {shape}"),
                }
            })
            .collect();
        each.join(", ")
    }

    /// An expression as written, if it is short; else its beginning.
    fn short(&self, expr: &Expr) -> String {
        let text = self.world.text(expr.unparen().span);
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(40) {
            Some((cut, _)) => format!("{}…", &text[..cut]),
            None => text,
        }
    }

    /// E0402 at a sign: both flows shown.
    pub(crate) fn unjoined(
        &mut self,
        reject: Reject,
        word: &str,
        at: Span,
        (left, a): (&'w Expr, usize),
        (right, b): (&'w Expr, usize),
    ) {
        let (x, y) = (self.values[a].clone(), self.values[b].clone());
        let (message, help) = match reject {
            Reject::Combine { message, help } => (message, help),
            Reject::Shape { message, help, .. } => (message, help),
            Reject::Value { message, help, .. } => (message, help),
            Reject::Size { formula, help } => (formula, help),
        };
        let label = self.both(&[a, b], &[Some(left), Some(right)]);
        let mut diag = shapes::not_combined(at, &message, &label);
        let name = |expr: &Expr| expr.unparen().as_name().map(|name| name.text.clone());
        diag = self.with_origin(diag, b, name(right).as_deref());
        diag = self.with_origin(diag, a, name(left).as_deref());
        let project = (matches!(word, "add" | "sub") && !self.open)
            .then(|| self.projection((left, &x), (right, &y)))
            .flatten();
        diag = match (project, help) {
            (Some((expr, text)), _) => {
                let whole = self.replaced(at, expr.span, &text);
                diag.help(format!("bring both to the same channels: `{whole}`")).fix(
                    format!("write `{whole}`"),
                    expr.span,
                    text,
                    false,
                )
            }
            (None, Some(help)) => diag.help(help),
            (None, None) => diag,
        };
        self.push_here(diag);
    }

    /// The text at `whole` on one line, with another text in the place of a part.
    fn replaced(&self, whole: Span, part: Span, text: &str) -> String {
        let written = self.world.text(whole);
        let start = (part.start - whole.start) as usize;
        let end = (part.end - whole.start) as usize;
        let changed = format!("{}{text}{}", &written[..start], &written[end..]);
        changed.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// A 1×1 convolution that makes the one flow fit the other, where only the channels differ and one
    /// of them is a name.
    fn projection<'e>(
        &self,
        (left, x): (&'e Expr, &Value),
        (right, y): (&'e Expr, &Value),
    ) -> Option<(&'e Expr, String)> {
        let (a, b) = (x.ty.shape.sizes(), y.ty.shape.sizes());
        if a.len() != 3 || b.len() != 3 || a[1..] != b[1..] {
            return None;
        }
        let project = |expr: &'e Expr, to: &Value| {
            let name = expr.unparen().as_name()?;
            Some((expr, format!("({} -> conv({}, 1))", name.text, self.channels(to))))
        };
        project(left, y).or_else(|| project(right, x))
    }

    /// E0401: a layer does not take the flow; `axis` is the one that differs, with the size declared.
    pub(crate) fn wrong_input(
        &mut self,
        network: &tree::Network,
        param: &tree::Param,
        site: &CallSite<'_>,
        id: usize,
        axis: Option<(usize, i64)>,
    ) {
        let value = self.values[id].clone();
        let takes = self.world.text(param.ty.span);
        let name = &network.name.text;
        let message = format!("`{name}` takes {takes}, but its input is {}", value.ty.shape);
        let mut expects = format!("expects {takes}");
        if let Some((axis, size)) = axis
            && let Some(declared) = super::sizes::of(param).map(|sizes| &sizes[axis])
        {
            let text = self.world.text(declared.span);
            if text != size.to_string() {
                expects.push_str(&format!(" with {text} = {size}"));
            }
        }
        let mut diag =
            shapes::not_taken(site.span, &message, &expects, &value.ty.shape.to_string());
        diag = self.with_origin(diag, id, None);
        diag = diag.because(param.name.span.to(param.ty.span), format!("declared here as {takes}"));
        if let (None, Some([_]), 3) = (axis, super::sizes::of(param), value.ty.shape.rank()) {
            diag = diag.help(format!(
                "flatten it first: `-> flatten -> {}` ({} numbers)",
                self.world.text(site.span),
                grouped(value.ty.len() as u64)
            ));
        }
        self.push_here(diag);
    }

    /// E0401: a layer takes whole numbers and gets others, or the other way round.
    pub(crate) fn wrong_numbers(
        &mut self,
        network: &tree::Network,
        param: &tree::Param,
        site: &CallSite<'_>,
        id: usize,
    ) {
        let value = self.values[id].clone();
        let takes = self.world.text(param.ty.span);
        let name = &network.name.text;
        let found = value.ty.to_string();
        let message = format!("`{name}` takes {takes}, but its input is {found}");
        let mut diag = shapes::not_taken(site.span, &message, &format!("expects {takes}"), &found);
        diag = self.with_origin(diag, id, None);
        self.push_here(diag);
    }
}

/// `[8, 26, 26] (channels, height, width)`
fn with_axes(ty: &Ty) -> String {
    match ty.shape.rank() {
        3 => format!("{ty} (channels, height, width)"),
        _ => ty.to_string(),
    }
}

/// A number with its thousands apart: `54,090`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
