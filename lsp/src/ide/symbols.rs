//! What a file declares.

use super::Snapshot;
use dlm_grammar::tree::{
    Args, Entry, Expr, ExprKind, Item, ItemKind, Name, Network, Settings, Statement, Step, StepKind,
};
use std::ops::Range;

/// A declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// Beside it.
    pub detail: String,
    /// What it is.
    pub kind: Kind,
    /// All of it.
    pub range: Range<usize>,
    /// Its name.
    pub selection: Range<usize>,
    /// What is inside: named steps, parameters, settings.
    pub children: Vec<Symbol>,
}

/// What is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A constant.
    Const,
    /// Data.
    Data,
    /// A layer.
    Layer,
    /// A model.
    Model,
    /// A policy.
    Policy,
    /// An artifact.
    Artifact,
    /// A named step.
    Step,
    /// A setting or a parameter.
    Setting,
}

/// The declarations of the text, in its order.
pub fn symbols(snapshot: &Snapshot) -> Vec<Symbol> {
    let Some(module) = snapshot.checked.modules.first() else { return Vec::new() };
    let reader = Reader { text: &snapshot.text };
    module.tree.items.iter().filter_map(|item| reader.item(item)).collect()
}

struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn item(&self, item: &Item) -> Option<Symbol> {
        let name = item.declared()?;
        let (kind, detail, children) = match &item.kind {
            ItemKind::Const(it) => (Kind::Const, self.line(it.value.span.range()), Vec::new()),
            ItemKind::Data(it) => (Kind::Data, self.value(&it.settings, "source"), Vec::new()),
            ItemKind::Policy(it) => (Kind::Policy, self.value(&it.settings, "method"), Vec::new()),
            ItemKind::Layer(it) => (Kind::Layer, self.signature(it), self.network(it)),
            ItemKind::Model(it) => (Kind::Model, self.signature(it), self.network(it)),
            ItemKind::Error(_) => return None,
            _ => {
                // The verb with its clauses, without the block.
                let head = item.settings().map_or(item.span.end, |it| it.braces.open.start);
                let detail = self.line(item.span.start as usize..head as usize);
                (Kind::Artifact, detail, Vec::new())
            }
        };
        let mut children = children;
        children.extend(item.settings().into_iter().flat_map(|it| self.settings(it)));
        let (name, selection) = (name.text.clone(), name.span.range());
        Some(Symbol { name, detail, kind, range: item.span.range(), selection, children })
    }

    fn settings(&self, it: &Settings) -> Vec<Symbol> {
        let entry = |entry: &Entry| match entry {
            Entry::Setting(it) => {
                let detail = self.line(it.value.span.range());
                symbol(&it.key, Kind::Setting, detail, it.span.range(), Vec::new())
            }
            Entry::Override(it) => {
                let target = it.target.span.range();
                (!target.is_empty()).then(|| Symbol {
                    name: self.line(target.clone()),
                    detail: "override".to_string(),
                    kind: Kind::Setting,
                    range: it.span.range(),
                    selection: target,
                    children: self.settings(&it.settings),
                })
            }
            Entry::Error(_) => None,
        };
        it.entries.iter().filter_map(entry).collect()
    }

    fn value(&self, settings: &Settings, key: &str) -> String {
        settings.get(key).map_or(String::new(), |it| self.line(it.value.span.range()))
    }

    fn signature(&self, it: &Network) -> String {
        let end = it.result.as_ref().map_or(it.params_span, |(_, ty)| ty.span);
        self.line(it.params_span.start as usize..end.end.max(it.params_span.end) as usize)
    }

    fn network(&self, it: &Network) -> Vec<Symbol> {
        let mut found = Vec::new();
        for param in &it.params {
            let detail = self.line(param.ty.span.range());
            let range = param.span.range();
            found.extend(symbol(&param.name, Kind::Setting, detail, range, Vec::new()));
        }
        for statement in &it.body.statements {
            match statement {
                Statement::Binding(it) => {
                    let mut inside = Vec::new();
                    self.expr(&it.value, &mut inside);
                    let name = &it.name;
                    let range = it.span.range();
                    found.extend(symbol(name, Kind::Step, String::new(), range, inside));
                }
                Statement::Flow(flow) => self.expr(flow, &mut found),
                Statement::Assert(_) | Statement::Error(_) => {}
            }
        }
        found
    }

    /// The named steps of a flow.
    fn expr(&self, expr: &Expr, found: &mut Vec<Symbol>) {
        match &expr.kind {
            ExprKind::Pipe { source, steps } => {
                self.expr(source, found);
                self.steps(steps, found);
            }
            ExprKind::Call { args, .. } => self.args(args, found),
            ExprKind::Paren(inner) => self.expr(inner, found),
            ExprKind::Unary { operand, .. } => self.expr(operand, found),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left, found);
                self.expr(right, found);
            }
            ExprKind::If(it) => {
                it.arms.iter().for_each(|arm| self.expr(&arm.block.inner, found));
                it.otherwise.iter().for_each(|(_, block)| self.expr(&block.inner, found));
            }
            _ => {}
        }
    }

    fn args(&self, args: &Args, found: &mut Vec<Symbol>) {
        args.list.iter().for_each(|arg| self.expr(&arg.value, found));
    }

    fn steps(&self, steps: &[Step], found: &mut Vec<Symbol>) {
        for step in steps {
            let mut inside = Vec::new();
            match &step.kind {
                StepKind::Apply { args: Some(args), .. } => self.args(args, &mut inside),
                StepKind::Repeat(it) => self.steps(&it.block.inner, &mut inside),
                StepKind::If(it) => {
                    it.arms.iter().for_each(|arm| self.steps(&arm.block.inner, &mut inside));
                    let last = it.otherwise.iter();
                    last.for_each(|(_, block)| self.steps(&block.inner, &mut inside));
                }
                _ => {}
            }
            match &step.name {
                Some(clause) if !clause.name.is_missing() => {
                    let start = step.span.start as usize;
                    let detail = self.line(start..clause.keyword.start as usize);
                    let range = step.span.range();
                    found.extend(symbol(&clause.name, Kind::Step, detail, range, inside));
                }
                _ => found.append(&mut inside),
            }
        }
    }

    /// A part of the text on one line, not too long.
    fn line(&self, range: Range<usize>) -> String {
        let text = self.text.get(range).unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        match line.char_indices().nth(LONGEST) {
            Some((cut, _)) => format!("{}…", &line[..cut]),
            None => line,
        }
    }
}

/// How many characters of a text stand beside a name.
const LONGEST: usize = 60;

fn symbol(
    name: &Name,
    kind: Kind,
    detail: String,
    range: Range<usize>,
    children: Vec<Symbol>,
) -> Option<Symbol> {
    let (text, selection) = (name.text.clone(), name.span.range());
    (!name.is_missing()).then_some(Symbol { name: text, detail, kind, range, selection, children })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::tests::snapshot;

    fn outline(symbols: &[Symbol], depth: usize) -> String {
        let rows = symbols.iter().map(|it| {
            let inside = outline(&it.children, depth + 1);
            format!("{}{:?} {} | {}\n{inside}", "  ".repeat(depth), it.kind, it.name, it.detail)
        });
        rows.collect()
    }

    #[test]
    fn declarations_hold_parameters_steps_and_settings() {
        let text = "n = 2\ndata D { source = builtin(\"digits\") }\n\
                    model Net(image: [1, 8, 8], width: int = 4) -> [10] {\n\
                    main = image -> repeat n { conv(width, 3) as inner } as stage\n\
                    main -> flatten -> dense(10) as head\n}\n\
                    train Net on D as A { epochs = 3 }\n\
                    policy P { override stage[*] { weights = int4 } }\n";
        let expected = "\
Const n | 2
Data D | builtin(\"digits\")
  Setting source | builtin(\"digits\")
Model Net | (image: [1, 8, 8], width: int = 4) -> [10]
  Setting image | [1, 8, 8]
  Setting width | int
  Step main | \n    Step stage | repeat n { conv(width, 3) as inner }
      Step inner | conv(width, 3)
  Step head | dense(10)
Artifact A | train Net on D as A
  Setting epochs | 3
Policy P | \n  Setting stage[*] | override
    Setting weights | int4
";
        assert_eq!(outline(&symbols(&snapshot(text)), 0), expected);
    }
}
