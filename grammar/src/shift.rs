//! Moves a tree to another place: the same text further down, or in another file.
//!
//! Each structure is taken apart with all its fields, so that none is forgotten.

use crate::tree::*;
use dlm_base::{FileId, Span};

/// Where to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    /// The file.
    pub(crate) file: FileId,
    /// By how many bytes.
    pub(crate) by: i64,
}

/// What has places.
pub(crate) trait Shift {
    /// Moves all of them.
    fn shift(&mut self, to: Move);
}

impl Shift for Span {
    fn shift(&mut self, to: Move) {
        let moved = |at: u32| (i64::from(at) + to.by) as u32;
        *self = Span { file: to.file, start: moved(self.start), end: moved(self.end) };
    }
}

/// What has no places.
macro_rules! still {
    ($($ty:ty),*) => { $(impl Shift for $ty { fn shift(&mut self, _: Move) {} })* };
}
still!(String, bool, i64, f64, UnaryOp, BinaryOp);

impl<T: Shift> Shift for Vec<T> {
    fn shift(&mut self, to: Move) {
        self.iter_mut().for_each(|it| it.shift(to));
    }
}

impl<T: Shift> Shift for Option<T> {
    fn shift(&mut self, to: Move) {
        self.iter_mut().for_each(|it| it.shift(to));
    }
}

impl<T: Shift> Shift for Box<T> {
    fn shift(&mut self, to: Move) {
        (**self).shift(to);
    }
}

impl<A: Shift, B: Shift> Shift for (A, B) {
    fn shift(&mut self, to: Move) {
        self.0.shift(to);
        self.1.shift(to);
    }
}

macro_rules! structures {
    ($($name:ident $(<$t:ident>)? { $($field:ident),* })*) => { $(
        impl $(<$t: Shift>)? Shift for $name $(<$t>)? {
            fn shift(&mut self, to: Move) {
                let $name { $($field),* } = self;
                $($field.shift(to);)*
            }
        }
    )* };
}

structures! {
    Doc { span, text }
    Item { span, doc, broken, kind }
    Name { text, span }
    Text { value, span }
    Const { name, equals, value }
    Use { keyword, source, names }
    Allow { keyword, codes }
    Data { keyword, name, settings }
    Network { keyword, name, params, params_span, result, body }
    Param { name, colon, ty, default, span }
    Type { span, kind }
    Body { braces, statements }
    Brackets { open, close }
    Binding { name, equals, value, span }
    Assert { keyword, condition, message, span }
    Template { span, parts }
    Settings { braces, entries }
    Setting { key, equals, value, span }
    Override { keyword, target, settings, span }
    Policy { keyword, name, settings }
    ModelUse { name, args, span }
    Clause { keyword, name }
    Load { keyword, source, name, settings }
    Train { keyword, model, on, name, settings }
    Distill { keyword, model, from, on, name, settings }
    Quantize { keyword, artifact, with, from, on, name, settings }
    Expect { keyword, braces, rows }
    ErrorItem { declares }
    Args { parens, list }
    Arg { name, value, span }
    Expr { span, kind }
    If<T> { arms, otherwise }
    Arm<T> { else_keyword, keyword, condition, block }
    Block<T> { braces, inner }
    Step { arrow, kind, name, span }
    Repeat { keyword, variable, over, block }
}

impl Shift for Export {
    fn shift(&mut self, way: Move) {
        let Export { keyword, artifact, to, file } = self;
        keyword.shift(way);
        artifact.shift(way);
        to.shift(way);
        file.shift(way);
    }
}

impl Shift for ItemKind {
    fn shift(&mut self, to: Move) {
        match self {
            ItemKind::Const(it) => it.shift(to),
            ItemKind::Use(it) => it.shift(to),
            ItemKind::Allow(it) => it.shift(to),
            ItemKind::Data(it) => it.shift(to),
            ItemKind::Layer(it) | ItemKind::Model(it) => it.shift(to),
            ItemKind::Policy(it) => it.shift(to),
            ItemKind::Load(it) => it.shift(to),
            ItemKind::Train(it) => it.shift(to),
            ItemKind::Distill(it) => it.shift(to),
            ItemKind::Quantize(it) => it.shift(to),
            ItemKind::Export(it) => it.shift(to),
            ItemKind::Expect(it) => it.shift(to),
            ItemKind::Error(it) => it.shift(to),
        }
    }
}

impl Shift for UseSource {
    fn shift(&mut self, to: Move) {
        match self {
            UseSource::Std(path) => path.shift(to),
            UseSource::File(text) => text.shift(to),
        }
    }
}

impl Shift for TypeKind {
    fn shift(&mut self, to: Move) {
        match self {
            TypeKind::Tensor { int, sizes } => {
                int.shift(to);
                sizes.shift(to);
            }
            TypeKind::Word(name) => name.shift(to),
            TypeKind::Missing => {}
        }
    }
}

impl Shift for Statement {
    fn shift(&mut self, to: Move) {
        match self {
            Statement::Binding(it) => it.shift(to),
            Statement::Assert(it) => it.shift(to),
            Statement::Flow(it) => it.shift(to),
            Statement::Error(span) => span.shift(to),
        }
    }
}

impl Shift for TemplatePart {
    fn shift(&mut self, to: Move) {
        match self {
            TemplatePart::Text(_) => {}
            TemplatePart::Name(name) => name.shift(to),
        }
    }
}

impl Shift for Entry {
    fn shift(&mut self, to: Move) {
        match self {
            Entry::Setting(it) => it.shift(to),
            Entry::Override(it) => it.shift(to),
            Entry::Error(span) => span.shift(to),
        }
    }
}

impl Shift for LoadSource {
    fn shift(&mut self, to: Move) {
        match self {
            LoadSource::Weights { model, from, file } => {
                model.shift(to);
                from.shift(to);
                file.shift(to);
            }
            LoadSource::Network(file) => file.shift(to),
            LoadSource::Answers { word, args, on } => {
                word.shift(to);
                args.shift(to);
                on.shift(to);
            }
        }
    }
}

impl Shift for ExprKind {
    fn shift(&mut self, to: Move) {
        match self {
            ExprKind::Name(name) => name.shift(to),
            ExprKind::Quantity { value: _, unit } => unit.shift(to),
            ExprKind::List(items) => items.shift(to),
            ExprKind::Call { base, name, args } => {
                base.shift(to);
                name.shift(to);
                args.shift(to);
            }
            ExprKind::Index { base, index } => {
                base.shift(to);
                index.shift(to);
            }
            ExprKind::Field { base, name } => {
                base.shift(to);
                name.shift(to);
            }
            ExprKind::Unary { op: _, at, operand } => {
                at.shift(to);
                operand.shift(to);
            }
            ExprKind::Binary { op: _, at, left, right } => {
                at.shift(to);
                left.shift(to);
                right.shift(to);
            }
            ExprKind::Range { at, from, to: end } => {
                at.shift(to);
                from.shift(to);
                end.shift(to);
            }
            ExprKind::If(it) => it.shift(to),
            ExprKind::Pipe { source, steps } => {
                source.shift(to);
                steps.shift(to);
            }
            ExprKind::Paren(inner) => inner.shift(to),
            ExprKind::Int(_)
            | ExprKind::Real(_)
            | ExprKind::Percent(_)
            | ExprKind::Str(_)
            | ExprKind::Bool(_)
            | ExprKind::All
            | ExprKind::Missing
            | ExprKind::Error => {}
        }
    }
}

impl Shift for StepKind {
    fn shift(&mut self, to: Move) {
        match self {
            StepKind::Apply { name, args } => {
                name.shift(to);
                args.shift(to);
            }
            StepKind::Repeat(it) => it.shift(to),
            StepKind::If(it) => it.shift(to),
            StepKind::Missing | StepKind::Error => {}
        }
    }
}
