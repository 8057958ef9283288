//! What an editor shows between the words: shapes after steps, names of positional arguments, sizes.

use super::Snapshot;
use super::facts;
use super::words::{self, Callable};
use dlm_base::Span;
use dlm_check::network::seen::Applied;
use dlm_grammar::tree::{self, Expr, ExprKind, Item, ItemKind, Statement, Step, StepKind};
use dlm_grammar::walk::{Node, walk_item};
use std::ops::Range;

/// Which hints are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The shape after each step.
    pub shapes: bool,
    /// The names of positional arguments.
    pub arguments: bool,
    /// The sizes bound where a layer is used.
    pub sizes: bool,
}

/// A text between the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The byte behind which, or before which, it stands.
    pub at: usize,
    /// The text: `[32, 26, 26]`, `units:`.
    pub text: String,
    /// Whether it stands before what is at `at` (an argument), or behind what ends there.
    pub before: bool,
    /// More about it, in Markdown.
    pub tooltip: Option<String>,
}

/// The hints in a part of the text, by place.
///
/// The shape stands after each step that changes it, and after the last step of each line.
pub fn hints(snapshot: &Snapshot, range: Range<usize>, shown: Shown) -> Vec<Hint> {
    let Some(main) = words::main(snapshot) else { return Vec::new() };
    let mut found = Hints { snapshot, shown, list: Vec::new() };
    for item in &main.tree.items {
        let span = item.span.range();
        if span.start <= range.end && range.start <= span.end {
            found.item(item);
        }
    }
    let mut list = found.list;
    list.retain(|hint| range.start <= hint.at && hint.at <= range.end);
    list.sort_by_key(|hint| hint.at);
    list
}

struct Hints<'s> {
    snapshot: &'s Snapshot,
    shown: Shown,
    list: Vec<Hint>,
}

impl<'s> Hints<'s> {
    fn item(&mut self, item: &'s Item) {
        self.model_use(item);
        walk_item(item, &mut |node| {
            match node {
                Node::Expr(expr) => self.expr(expr),
                Node::Step(step) => self.step(step),
                Node::Statement(Statement::Binding(it)) => self.row(&it.value),
                Node::Statement(Statement::Flow(flow)) => self.row(flow),
                Node::Setting(it) => self.setting(item, it),
                _ => {}
            }
            true
        });
    }

    /// A row that joins flows, or is a call: its shape stands at its end.
    fn row(&mut self, value: &Expr) {
        if let Some(place) = facts::place_of(value) {
            self.shape(place, value.span.end as usize);
        }
    }

    fn expr(&mut self, expr: &'s Expr) {
        match &expr.kind {
            ExprKind::Pipe { steps, .. } => self.chain(steps),
            ExprKind::Call { base: None, name, args } => {
                let place = name.span.to(args.parens.close);
                if facts::step(self.snapshot, place).is_some() {
                    self.sizes(place, place.end as usize);
                    if let Some(callable) = words::step(self.snapshot, &name.text) {
                        self.arguments(&callable, Some(args));
                    }
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, step: &'s Step) {
        match &step.kind {
            StepKind::Apply { name, args } => {
                if let Some(place) = facts::place(step) {
                    self.sizes(place, place.end as usize);
                }
                if let Some(callable) = words::step(self.snapshot, &name.text) {
                    self.arguments(&callable.piped(), args.as_ref());
                }
            }
            StepKind::Repeat(it) => self.chain(&it.block.inner),
            StepKind::If(it) => {
                it.arms.iter().for_each(|arm| self.chain(&arm.block.inner));
                it.otherwise.iter().for_each(|(_, block)| self.chain(&block.inner));
            }
            StepKind::Missing | StepKind::Error => {}
        }
    }

    /// Steps in a row: the shape after each that changes it, and after the last of each line.
    fn chain(&mut self, steps: &'s [Step]) {
        let notes = &self.snapshot.checked.notes;
        for (i, step) in steps.iter().enumerate() {
            let next = steps.get(i + 1);
            let end = step.span.end as usize;
            let begins = next.map(|next| next.arrow.unwrap_or(next.span).start as usize);
            let between = begins.and_then(|begins| self.snapshot.text.get(end..begins));
            let ends_line = between.is_none_or(|text| text.contains(['\n', '\r']));
            let place = facts::place(step);
            let gives = place.and_then(|place| facts::gives(self.snapshot, place));
            let gives = gives.or_else(|| next.and_then(|next| notes.arrival(next.span)));
            let Some(ty) = gives else { continue };
            if ends_line || notes.arrival(step.span) != Some(ty) {
                let tooltip = place.and_then(|place| facts::of_step(self.snapshot, place));
                self.push(end, facts::shape(ty), tooltip);
            }
        }
    }

    fn shape(&mut self, place: Span, at: usize) {
        if let Some(ty) = facts::gives(self.snapshot, place) {
            let tooltip = facts::of_step(self.snapshot, place);
            self.push(at, facts::shape(ty), tooltip);
        }
    }

    fn push(&mut self, at: usize, text: String, tooltip: Option<String>) {
        // Blocks of one step end in a bracket at which the shape stands already.
        if self.shown.shapes && !self.list.iter().any(|it| it.at == at && it.text == text) {
            self.list.push(Hint { at, text, before: false, tooltip });
        }
    }

    /// The sizes that a declared layer binds, where it makes something of them.
    fn sizes(&mut self, place: Span, at: usize) {
        if !self.shown.sizes {
            return;
        }
        let Some(seen) = facts::step(self.snapshot, place) else { return };
        let Applied::Layer { decl, values } = &seen.what else { return };
        let Some(item) = words::item(self.snapshot, *decl) else { return };
        let Some(callable) = words::network(self.snapshot, *decl) else { return };
        let source = self.snapshot.checked.sources.slice(item.span);
        let sizes: Vec<String> = values
            .iter()
            .filter(|(name, _)| !callable.params.iter().any(|param| param.name == *name))
            .filter(|(name, _)| uses(source, name) > 1)
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        if sizes.is_empty() {
            return;
        }
        let all: Vec<String> =
            values.iter().map(|(name, value)| format!("`{name} = {value}`")).collect();
        let tooltip = format!("`{}` here: {}", callable.name, all.join(", "));
        let text = sizes.join(", ");
        self.list.push(Hint { at, text, before: false, tooltip: Some(tooltip) });
    }

    /// The settings' words with arguments: `cosine(warmup)`.
    fn setting(&mut self, item: &Item, setting: &'s tree::Setting) {
        let Some(keyword) = item.keyword() else { return };
        let block = self.snapshot.checked.sources.slice(keyword);
        let in_override = item.settings().is_some_and(|it| {
            it.overrides()
                .any(|it| it.span.start <= setting.span.start && setting.span.end <= it.span.end)
        });
        let block = if in_override { "override" } else { block };
        let Some(known) = words::setting(block, &setting.key.text) else { return };
        let (list, what) = words::of_setting(known.takes);
        let mut calls: Vec<(&tree::Name, &tree::Args)> = Vec::new();
        collect_calls(&setting.value, &mut calls);
        for (name, args) in calls {
            if let Some(word) = list.iter().find(|word| word.name == name.text) {
                self.arguments(&words::word(word, what), Some(args));
            }
        }
    }

    /// The settings of a model in a verb.
    fn model_use(&mut self, item: &'s Item) {
        let model = match &item.kind {
            ItemKind::Train(it) => &it.model,
            ItemKind::Distill(it) => &it.model,
            _ => return,
        };
        let Some((decl, _)) = words::lookup(self.snapshot, &model.name.text) else { return };
        if let Some(mut callable) = words::network(self.snapshot, decl) {
            callable.params.retain(|param| !param.is_flow());
            self.arguments(&callable, model.args.as_ref());
        }
    }

    /// The names of positional arguments that are values.
    fn arguments(&mut self, callable: &Callable, args: Option<&tree::Args>) {
        if !self.shown.arguments || callable.many {
            return;
        }
        let positional = args.iter().flat_map(|args| &args.list).take_while(|it| it.name.is_none());
        for (arg, param) in positional.zip(&callable.params) {
            let value = arg.value.unparen();
            let same = value.as_name().is_some_and(|name| name.text == param.name);
            let plain = matches!(value.kind, ExprKind::Str(_)) || value.is_broken();
            if param.is_flow() || same || plain || arg.span.start == arg.span.end {
                continue;
            }
            let tooltip = Some(param.doc.clone()).filter(|doc| !doc.is_empty());
            let text = format!("{}:", param.name);
            self.list.push(Hint { at: arg.span.start as usize, text, before: true, tooltip });
        }
    }
}

/// The calls among the terms and elements of a value.
fn collect_calls<'t>(expr: &'t Expr, found: &mut Vec<(&'t tree::Name, &'t tree::Args)>) {
    match &expr.kind {
        ExprKind::Call { base: None, name, args } => found.push((name, args)),
        ExprKind::Paren(inner) => collect_calls(inner, found),
        ExprKind::List(items) => items.iter().for_each(|item| collect_calls(item, found)),
        ExprKind::Binary { left, right, .. } => {
            collect_calls(left, found);
            collect_calls(right, found);
        }
        _ => {}
    }
}

/// How often a word occurs in a text.
fn uses(text: &str, word: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.split(|c| !is_part(c)).filter(|it| *it == word).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::tests::snapshot;

    /// The text with its hints in «».
    fn shown(text: &str, shown: Shown) -> String {
        let it = snapshot(text);
        let mut out = text.to_string();
        for hint in hints(&it, 0..text.len(), shown).iter().rev() {
            out.insert_str(hint.at, &format!("«{}»", hint.text));
        }
        out
    }

    const SHAPES: Shown = Shown { shapes: true, arguments: false, sizes: false };
    const ARGUMENTS: Shown = Shown { shapes: false, arguments: true, sizes: false };
    const SIZES: Shown = Shown { shapes: false, arguments: false, sizes: true };

    #[test]
    fn shapes_stand_after_steps_that_change_them_and_at_line_ends() {
        let text = "model N(x: [1, 8, 8]) {\n    a = x -> conv(4, 3) as stem -> relu\n    \
                    b = a + a\n    b -> flatten -> relu\n      -> repeat 2 { dense(8) } -> dense(2)\n}\n";
        let wanted = "model N(x: [1, 8, 8]) {\n    a = x -> conv(4, 3) as stem«[4, 8, 8]» -> relu«[4, 8, 8]»\n    \
                      b = a + a«[4, 8, 8]»\n    b -> flatten«[256]» -> relu«[256]»\n      \
                      -> repeat 2 { dense(8)«[8]» }«[8]» -> dense(2)«[2]»\n}\n";
        assert_eq!(shown(text, SHAPES), wanted);
    }

    #[test]
    fn a_half_typed_model_keeps_the_shapes_before_the_gap() {
        let text = "model N(x: [1, 8, 8]) {\n    x -> conv(4, 3)\n      -> flatten ->\n";
        let wanted =
            "model N(x: [1, 8, 8]) {\n    x -> conv(4, 3)«[4, 8, 8]»\n      -> flatten«[256]» ->\n";
        assert_eq!(shown(text, SHAPES), wanted);
    }

    #[test]
    fn positional_arguments_have_names() {
        let text = "layer L(x: [C], n: int) { x -> dense(n) }\n\
                    model N(x: [4], depth: int = 1) { x -> L(8) -> dense(units = 2) -> dropout(0.1) }\n\
                    train N(2) on D { schedule = step(5 epochs, 0.5) }\n";
        let wanted = "layer L(x: [C], n: int) { x -> dense(«units:»n) }\n\
                      model N(x: [4], depth: int = 1) { x -> L(«n:»8) -> dense(units = 2) -> dropout(«p:»0.1) }\n\
                      train N(«depth:»2) on D { schedule = step(«every:»5 epochs, «factor:»0.5) }\n";
        assert_eq!(shown(text, ARGUMENTS), wanted);
    }

    #[test]
    fn sizes_stand_where_a_layer_is_used() {
        let text =
            "layer L(x: [C, H]) { x -> flatten -> dense(C) }\nmodel N(x: [4, 5]) { x -> L }\n";
        let wanted = "layer L(x: [C, H]) { x -> flatten -> dense(C) }\nmodel N(x: [4, 5]) { x -> L«C = 4» }\n";
        assert_eq!(shown(text, SIZES), wanted);
    }
}
