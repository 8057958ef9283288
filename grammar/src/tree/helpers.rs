//! Small questions that readers of the tree ask often.

use super::*;

/// A part of a layer path such as `stage[*].conv1`.
#[derive(Clone, Debug, PartialEq)]
pub enum PathPart<'a> {
    /// `stage`, the first or behind a dot.
    Name(&'a Name),
    /// `*`, the first or behind a dot: every layer at this place.
    AnyName(Span),
    /// `[0]`, with any expression as the index.
    Index(&'a Expr),
    /// `[*]`: every turn of a `repeat`.
    AnyIndex(Span),
}

impl Name {
    /// A name that is not there, at the empty place `at`.
    pub fn missing(at: Span) -> Name {
        Name { text: String::new(), span: at.at_start() }
    }

    /// Whether the name is not there; the parser has reported it.
    pub fn is_missing(&self) -> bool {
        self.text.is_empty()
    }
}

impl Brackets {
    /// From the opening bracket to the closing one.
    pub fn span(&self) -> Span {
        self.open.to(self.close)
    }
}

impl Item {
    /// The name that the item declares: of a constant, data, layer, model or policy, or the
    /// artifact of a verb (the name behind `as`, else the model's or the quantized artifact's).
    pub fn declared(&self) -> Option<&Name> {
        let name = match &self.kind {
            ItemKind::Const(it) => &it.name,
            ItemKind::Data(it) => &it.name,
            ItemKind::Layer(it) | ItemKind::Model(it) => &it.name,
            ItemKind::Policy(it) => &it.name,
            ItemKind::Load(it) => match (&it.name, &it.source) {
                (Some(clause), _) => &clause.name,
                (None, LoadSource::Weights { model, .. }) => &model.name,
                (None, _) => return None,
            },
            ItemKind::Train(it) => it.name.as_ref().map_or(&it.model.name, |clause| &clause.name),
            ItemKind::Distill(it) => it.name.as_ref().map_or(&it.model.name, |clause| &clause.name),
            ItemKind::Quantize(it) => it.name.as_ref().map_or(&it.artifact, |clause| &clause.name),
            ItemKind::Error(it) => it.declares.as_ref()?,
            ItemKind::Use(_) | ItemKind::Allow(_) | ItemKind::Export(_) | ItemKind::Expect(_) => {
                return None;
            }
        };
        (!name.is_missing()).then_some(name)
    }

    /// The place of the item's keyword, if it begins with one.
    pub fn keyword(&self) -> Option<Span> {
        match &self.kind {
            ItemKind::Const(_) | ItemKind::Error(_) => None,
            ItemKind::Use(it) => Some(it.keyword),
            ItemKind::Allow(it) => Some(it.keyword),
            ItemKind::Data(it) => Some(it.keyword),
            ItemKind::Layer(it) | ItemKind::Model(it) => Some(it.keyword),
            ItemKind::Policy(it) => Some(it.keyword),
            ItemKind::Load(it) => Some(it.keyword),
            ItemKind::Train(it) => Some(it.keyword),
            ItemKind::Distill(it) => Some(it.keyword),
            ItemKind::Quantize(it) => Some(it.keyword),
            ItemKind::Export(it) => Some(it.keyword),
            ItemKind::Expect(it) => Some(it.keyword),
        }
    }

    /// The item's settings block, if it has one.
    pub fn settings(&self) -> Option<&Settings> {
        match &self.kind {
            ItemKind::Data(it) => Some(&it.settings),
            ItemKind::Policy(it) => Some(&it.settings),
            ItemKind::Load(it) => it.settings.as_ref(),
            ItemKind::Train(it) => it.settings.as_ref(),
            ItemKind::Distill(it) => it.settings.as_ref(),
            ItemKind::Quantize(it) => it.settings.as_ref(),
            _ => None,
        }
    }
}

impl Tree {
    /// Whether the file runs anything; one without verbs is there to be imported from.
    pub fn has_verbs(&self) -> bool {
        self.items.iter().any(|item| {
            matches!(
                item.kind,
                ItemKind::Train(_)
                    | ItemKind::Distill(_)
                    | ItemKind::Quantize(_)
                    | ItemKind::Load(_)
                    | ItemKind::Export(_)
                    | ItemKind::Expect(_)
            )
        })
    }

    /// The codes that `allow` lines straight before the item at `index` silence in it.
    pub fn allowed(&self, index: usize) -> impl Iterator<Item = &Name> {
        self.items[..index]
            .iter()
            .rev()
            .map_while(|item| match &item.kind {
                ItemKind::Allow(allow) => Some(allow),
                _ => None,
            })
            .flat_map(|allow| &allow.codes)
    }
}

impl Body {
    /// The flow that the body gives: its last row.
    pub fn result(&self) -> Option<&Expr> {
        match self.statements.last() {
            Some(Statement::Flow(flow)) => Some(flow),
            _ => None,
        }
    }
}

impl Settings {
    /// The first setting of that name.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.settings().find(|setting| setting.key.text == key)
    }

    /// The settings without the overrides, in order.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Setting(setting) => Some(setting),
            _ => None,
        })
    }

    /// The overrides, in order.
    pub fn overrides(&self) -> impl Iterator<Item = &Override> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Override(it) => Some(it),
            _ => None,
        })
    }
}

impl Expr {
    /// Whether the parser has reported this very node: nothing more is to be said of it.
    pub fn is_broken(&self) -> bool {
        matches!(self.kind, ExprKind::Missing | ExprKind::Error)
    }

    /// The expression without the parentheses around it.
    pub fn unparen(&self) -> &Expr {
        let mut inner = self;
        while let ExprKind::Paren(next) = &inner.kind {
            inner = next;
        }
        inner
    }

    /// The name, if the expression is nothing but one.
    pub fn as_name(&self) -> Option<&Name> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The parts of a layer path, if the expression is one: `stem`, `stage[0].conv1`, `stage[*].*`.
    pub fn as_path(&self) -> Option<Vec<PathPart<'_>>> {
        let mut parts = Vec::new();
        let mut rest = self;
        loop {
            match &rest.kind {
                ExprKind::Name(name) => parts.push(PathPart::Name(name)),
                ExprKind::All => parts.push(PathPart::AnyName(rest.span)),
                ExprKind::Field { base, name } => {
                    parts.push(match name.text.as_str() {
                        "*" => PathPart::AnyName(name.span),
                        _ => PathPart::Name(name),
                    });
                    rest = base;
                    continue;
                }
                ExprKind::Index { base, index } => {
                    parts.push(match index.kind {
                        ExprKind::All => PathPart::AnyIndex(index.span),
                        _ => PathPart::Index(index),
                    });
                    rest = base;
                    continue;
                }
                _ => return None,
            }
            parts.reverse();
            return Some(parts);
        }
    }
}

impl UnaryOp {
    /// The operator as it is written.
    pub fn word(self) -> &'static str {
        match self {
            UnaryOp::Neg => "-",
            UnaryOp::Not => "not",
        }
    }
}

impl BinaryOp {
    /// The operator as it is written.
    pub fn word(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        }
    }

    /// Whether it compares: `==`, `!=`, `<`, `<=`, `>`, `>=`.
    pub fn compares(self) -> bool {
        use BinaryOp::*;
        matches!(self, Eq | Ne | Lt | Le | Gt | Ge)
    }
}

impl<T> If<T> {
    /// The end of its last block.
    pub fn end(&self) -> Option<Span> {
        let last = self.arms.last().map(|arm| arm.block.braces.close);
        self.otherwise.as_ref().map(|(_, block)| block.braces.close).or(last)
    }
}

impl Statement {
    /// All of it.
    pub fn span(&self) -> Span {
        match self {
            Statement::Binding(it) => it.span,
            Statement::Assert(it) => it.span,
            Statement::Flow(flow) => flow.span,
            Statement::Error(span) => *span,
        }
    }
}

impl Entry {
    /// All of it.
    pub fn span(&self) -> Span {
        match self {
            Entry::Setting(it) => it.span,
            Entry::Override(it) => it.span,
            Entry::Error(span) => *span,
        }
    }
}
