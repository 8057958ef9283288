//! Every word of a file with what it stands for.

use dlm_base::Span;
use dlm_check::consts::function;
use dlm_check::names::{Decl, Entry as Known, Kind, Module, ModuleId};
use dlm_check::session::Checked;
use dlm_grammar::tree::{
    Arg, Args, Clause, Entry, Expr, ExprKind, Item, ItemKind, LoadSource, ModelUse, Name, Network,
    Param, Settings, Statement, Step, StepKind, TemplatePart, TypeKind, UseSource,
};
use dlm_vocab::settings::{self, Takes};
use dlm_vocab::{Param as Parameter, Type, loss, ops};

mod paths;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A constant of a file.
    Const,
    /// What `data` declares.
    Data,
    /// What `layer` declares.
    Layer,
    /// What `model` declares.
    Model,
    /// What `policy` declares.
    Policy,
    /// What a verb gives.
    Artifact,
    /// A parameter of a layer or a model.
    Param,
    /// A size that a shape binds.
    Size,
    /// A row of a body.
    Binding,
    /// The variable of a `repeat`.
    Turn,
    /// A step, by its name or its path.
    Step,
    /// An operator of the language.
    Operator,
    /// A setting, the name of an argument, a fact, a metric.
    Setting,
    /// A word that is a value: `static`, `adamw`, `epochs`.
    Value,
    /// A part of the library.
    Library,
    /// A word of the grammar where a name could stand: `int`.
    Keyword,
    /// Nothing that is known.
    Unknown,
}

/// A word with what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// Its place.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) role: Role,
    /// The place of the name that declares what it stands for: one for each thing.
    pub(crate) target: Option<Span>,
    /// Where one goes from here, when that is another place.
    pub(crate) leads: Option<Span>,
    /// Whether this is the declaration.
    pub(crate) declares: bool,
}

/// The words of a file.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// By place.
    pub(crate) uses: Vec<Use>,
    /// The layer paths, with the layers and models whose steps they name.
    pub(crate) paths: Vec<(Span, Vec<Decl>)>,
}

impl Names {
    /// The words of a module.
    pub(crate) fn of(checked: &Checked, id: ModuleId) -> Names {
        let Some(module) = checked.modules.get(id.0 as usize) else { return Names::default() };
        let out = Names::default();
        let mut reader =
            Reader { checked, module, id, locals: Vec::new(), owners: Vec::new(), out };
        for (i, item) in module.tree.items.iter().enumerate() {
            reader.item(Decl { module: id, item: i as u32 }, item);
            reader.locals.clear();
            reader.owners.clear();
        }
        let mut names = reader.out;
        names.uses.sort_by_key(|it| (it.span.start, it.span.end));
        names.uses.dedup_by_key(|it| it.span.start);
        names
    }

    /// The word at a byte: the one that begins there, else the one that ends there.
    pub(crate) fn at(&self, offset: usize) -> Option<&Use> {
        self.uses.iter().rev().find(|it| it.span.touches(offset))
    }
}

/// The name that a declaration declares.
pub(crate) fn name_of(checked: &Checked, decl: Decl) -> Option<&Name> {
    item_of(checked, decl)?.declared()
}

/// The item of a declaration.
pub(crate) fn item_of(checked: &Checked, decl: Decl) -> Option<&Item> {
    checked.modules.get(decl.module.0 as usize)?.tree.items.get(decl.item as usize).map(|it| &**it)
}

/// The layer or model of a declaration.
pub(crate) fn network_of(checked: &Checked, decl: Decl) -> Option<&Network> {
    match &item_of(checked, decl)?.kind {
        ItemKind::Layer(network) | ItemKind::Model(network) => Some(network),
        _ => None,
    }
}

/// Whether a parameter is a flow.
pub(crate) fn is_flow(param: &Param) -> bool {
    matches!(param.ty.kind, TypeKind::Tensor { .. })
}

/// How the names of an expression are read.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// In a body, or a constant.
    Flow,
    /// As the value of a setting.
    Setting(Option<Takes>),
    /// Where artifacts are named.
    Artifacts,
}

/// A network whose layers paths may name.
struct Owner {
    model: Decl,
    teacher: bool,
    /// The names that may stand before a path, with what they are.
    names: Vec<(String, Role, Span)>,
}

struct Reader<'c> {
    checked: &'c Checked,
    module: &'c Module,
    id: ModuleId,
    locals: Vec<(&'c str, Role, Span)>,
    owners: Vec<Owner>,
    out: Names,
}

impl<'c> Reader<'c> {
    fn push(&mut self, name: &Name, role: Role, target: Option<Span>) {
        self.lead(name, role, target, None);
    }

    fn lead(&mut self, name: &Name, role: Role, target: Option<Span>, leads: Option<Span>) {
        if !name.is_missing() {
            let declares = target == Some(name.span);
            self.out.uses.push(Use { span: name.span, role, target, leads, declares });
        }
    }

    fn item(&mut self, decl: Decl, item: &'c Item) {
        match &item.kind {
            ItemKind::Const(it) => {
                self.push(&it.name, Role::Const, Some(it.name.span));
                self.expr(&it.value, Mode::Flow);
            }
            ItemKind::Use(it) => {
                if let UseSource::Std(parts) = &it.source {
                    parts.iter().for_each(|part| self.push(part, Role::Library, None));
                }
                it.names.iter().for_each(|name| self.declared(name));
            }
            ItemKind::Allow(it) => {
                it.codes.iter().for_each(|code| self.push(code, Role::Value, None));
            }
            ItemKind::Data(it) => {
                self.push(&it.name, Role::Data, Some(it.name.span));
                self.block("data", &it.settings);
            }
            ItemKind::Policy(it) => {
                self.push(&it.name, Role::Policy, Some(it.name.span));
                self.owners_of_policy(&it.name.text);
                self.block("policy", &it.settings);
            }
            ItemKind::Layer(it) => {
                self.push(&it.name, Role::Layer, Some(it.name.span));
                self.network(it);
            }
            ItemKind::Model(it) => {
                self.push(&it.name, Role::Model, Some(it.name.span));
                self.network(it);
            }
            ItemKind::Export(it) => self.artifact(&it.artifact),
            ItemKind::Expect(it) => {
                it.rows.iter().for_each(|row| self.expr(row, Mode::Artifacts));
            }
            ItemKind::Error(_) => {}
            _ => self.verb(decl, item),
        }
    }

    fn verb(&mut self, decl: Decl, item: &'c Item) {
        let (block, name, settings) = match &item.kind {
            ItemKind::Load(it) => {
                match &it.source {
                    LoadSource::Weights { model, .. } => self.model(model),
                    LoadSource::Network(_) => {}
                    LoadSource::Answers { args, on, .. } => {
                        self.arguments(args, &[]);
                        self.declared(&on.name);
                    }
                }
                ("load", it.name.as_ref(), it.settings.as_ref())
            }
            ItemKind::Train(it) => {
                self.model(&it.model);
                self.declared(&it.on.name);
                ("train", it.name.as_ref(), it.settings.as_ref())
            }
            ItemKind::Distill(it) => {
                self.model(&it.model);
                self.expr(&it.from.1, Mode::Artifacts);
                self.declared(&it.on.name);
                self.owners_of_teachers(&it.from.1);
                ("distill", it.name.as_ref(), it.settings.as_ref())
            }
            ItemKind::Quantize(it) => {
                self.artifact(&it.artifact);
                self.declared(&it.with.name);
                if let Some((_, from)) = &it.from {
                    self.expr(from, Mode::Artifacts);
                    self.owners_of_teachers(from);
                }
                it.on.iter().for_each(|on| self.declared(&on.name));
                ("quantize", it.name.as_ref(), it.settings.as_ref())
            }
            _ => return,
        };
        if let Some(Clause { name, .. }) = name {
            self.push(name, Role::Artifact, Some(name.span));
        }
        if let Some(model) = self.model_of_item(item, 0) {
            self.own(model, false, item.declared().map(|name| name.text.as_str()));
        }
        debug_assert_eq!(decl.module, self.id);
        settings.iter().for_each(|settings| self.block(block, settings));
    }

    /// A name of this file or of an import.
    fn declared(&mut self, name: &Name) {
        let (role, target) = self.known(&name.text).unwrap_or((Role::Unknown, None));
        self.push(name, role, target);
    }

    fn known(&self, name: &str) -> Option<(Role, Option<Span>)> {
        let Some(Known::Known(decl, kind)) = self.module.names.get(name) else { return None };
        let role = match kind {
            Kind::Const => Role::Const,
            Kind::Data => Role::Data,
            Kind::Layer => Role::Layer,
            Kind::Model => Role::Model,
            Kind::Policy => Role::Policy,
        };
        Some((role, name_of(self.checked, *decl).map(|name| name.span)))
    }

    fn artifact(&mut self, name: &Name) {
        match self.known_artifact(&name.text) {
            Some((target, leads)) => self.lead(name, Role::Artifact, Some(target), Some(leads)),
            None => self.declared(name),
        }
    }

    /// Of an artifact: the place of the name from which it has its own, and the place in its verb.
    fn known_artifact(&self, name: &str) -> Option<(Span, Span)> {
        let item = self.module.tree.items.get(*self.module.artifacts.get(name)? as usize)?;
        let at = item.declared()?.span;
        let named = match &item.kind {
            ItemKind::Load(it) => it.name.is_some(),
            ItemKind::Train(it) => it.name.is_some(),
            ItemKind::Distill(it) => it.name.is_some(),
            _ => true,
        };
        let model = (!named).then(|| self.known(name)).flatten().and_then(|(_, target)| target);
        Some((model.unwrap_or(at), at))
    }

    fn model(&mut self, model: &'c ModelUse) {
        self.declared(&model.name);
        let Some(args) = &model.args else { return };
        let decl = self.decl(&model.name.text);
        self.called(args, decl, Mode::Setting(None));
    }

    fn decl(&self, name: &str) -> Option<Decl> {
        match self.module.names.get(name) {
            Some(Known::Known(decl, _)) => Some(*decl),
            _ => None,
        }
    }

    /// The arguments of a declared layer or model.
    fn called(&mut self, args: &'c Args, decl: Option<Decl>, mode: Mode) {
        let network = decl.and_then(|decl| network_of(self.checked, decl));
        for arg in &args.list {
            if let Some((name, _)) = &arg.name {
                let param = network
                    .and_then(|it| it.params.iter().find(|param| param.name.text == name.text));
                self.push(name, Role::Setting, param.map(|param| param.name.span));
            }
            self.expr(&arg.value, mode);
        }
    }

    fn network(&mut self, it: &'c Network) {
        for param in it.params.iter().filter(|param| is_flow(param)) {
            let TypeKind::Tensor { sizes: Some(sizes), .. } = &param.ty.kind else { continue };
            for name in sizes.iter().filter_map(Expr::as_name) {
                let text = name.text.as_str();
                let known = self.locals.iter().any(|(known, ..)| *known == text)
                    || it.params.iter().any(|param| !is_flow(param) && param.name.text == text)
                    || matches!(
                        self.module.names.get(text),
                        Some(Known::Known(_, Kind::Const) | Known::Broken)
                    );
                if !known && !name.is_missing() {
                    self.locals.push((text, Role::Size, name.span));
                }
            }
        }
        for param in &it.params {
            self.locals.push((&param.name.text, Role::Param, param.name.span));
        }
        for param in &it.params {
            self.push(&param.name, Role::Param, Some(param.name.span));
            match &param.ty.kind {
                TypeKind::Tensor { int, sizes } => {
                    if let Some(span) = *int {
                        let (target, leads) = (None, None);
                        let role = Role::Keyword;
                        self.out.uses.push(Use { span, role, target, leads, declares: false });
                    }
                    sizes.iter().flatten().for_each(|size| self.expr(size, Mode::Flow));
                }
                TypeKind::Word(word) => self.push(word, Role::Keyword, None),
                TypeKind::Missing => {}
            }
            if let Some((_, default)) = &param.default {
                // A flow may only be `none`.
                let mode = if is_flow(param) { Mode::Setting(None) } else { Mode::Flow };
                self.expr(default, mode);
            }
        }
        if let Some((_, ty)) = &it.result
            && let TypeKind::Tensor { sizes: Some(sizes), .. } = &ty.kind
        {
            sizes.iter().for_each(|size| self.expr(size, Mode::Flow));
        }
        it.body.statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &'c Statement) {
        match statement {
            Statement::Binding(it) => {
                self.expr(&it.value, Mode::Flow);
                self.push(&it.name, Role::Binding, Some(it.name.span));
                self.locals.push((&it.name.text, Role::Binding, it.name.span));
            }
            Statement::Assert(it) => {
                self.expr(&it.condition, Mode::Flow);
                for part in it.message.iter().flat_map(|(_, message)| &message.parts) {
                    if let TemplatePart::Name(name) = part {
                        self.value(name, Mode::Flow);
                    }
                }
            }
            Statement::Flow(flow) => self.expr(flow, Mode::Flow),
            Statement::Error(_) => {}
        }
    }

    fn block(&mut self, block: &str, it: &'c Settings) {
        let known = settings::block(block);
        for entry in &it.entries {
            match entry {
                Entry::Setting(it) => {
                    self.push(&it.key, Role::Setting, None);
                    let takes = known.iter().find(|known| known.name == it.key.text);
                    let takes = takes.map(|known| known.takes);
                    match (takes, &it.value.unparen().kind) {
                        (Some(Takes::Paths), ExprKind::List(items)) => {
                            items.iter().for_each(|item| self.path(item, false));
                        }
                        (Some(Takes::Artifact), ExprKind::Name(name)) => self.artifact(name),
                        _ => self.expr(&it.value, Mode::Setting(takes)),
                    }
                }
                Entry::Override(it) => {
                    self.path(&it.target, false);
                    self.block("override", &it.settings);
                }
                Entry::Error(_) => {}
            }
        }
    }

    /// A name where a value stands.
    fn value(&mut self, name: &Name, mode: Mode) {
        let word = matches!(
            mode,
            Mode::Setting(Some(
                Takes::Method
                    | Takes::Input
                    | Takes::Normalize
                    | Takes::Weights
                    | Takes::Activations
                    | Takes::Optimizer
                    | Takes::Schedule
            ))
        );
        let local = self.locals.iter().rev().find(|(known, ..)| *known == name.text);
        if let Some((_, role, at)) = local.copied() {
            self.push(name, role, Some(at));
        } else if mode == Mode::Artifacts && self.known_artifact(&name.text).is_some() {
            self.artifact(name);
        } else if let Some((role, target)) = self.known(&name.text).filter(|_| !word) {
            self.push(name, role, target);
        } else if self.known_artifact(&name.text).is_some() && !word {
            self.artifact(name);
        } else {
            let role = match mode {
                Mode::Setting(_) => Role::Value,
                _ => Role::Unknown,
            };
            self.push(name, role, None);
        }
    }

    /// A layer or an operator of a network. An operator's arguments may be words: `padding = valid`.
    fn applied(&mut self, name: &Name, args: Option<&'c Args>) {
        let known = self.module.names.get(&name.text);
        let layer = match known {
            Some(Known::Known(decl, kind)) if kind.is_step() => Some(*decl),
            _ => None,
        };
        let operator = ops::find(&name.text).filter(|_| layer.is_none());
        let function = layer.is_none() && function(&name.text).is_some();
        match operator {
            Some(_) => self.push(name, Role::Operator, None),
            None if function => self.push(name, Role::Operator, None),
            None => self.declared(name),
        }
        let Some(args) = args else { return };
        let Some(operator) = operator else { return self.called(args, layer, Mode::Flow) };
        for (i, arg) in args.list.iter().enumerate() {
            if let Some((name, _)) = &arg.name {
                self.push(name, Role::Setting, None);
            }
            let ty = parameter(arg, i, operator.word.params).map(|param| param.ty);
            if let (Some(Type::Shared), Some(name)) = (ty, arg.value.as_name()) {
                // The program's own name for weights, no word and nothing declared.
                self.push(name, Role::Unknown, None);
                continue;
            }
            let words = matches!(ty, Some(Type::Choice(_) | Type::Padding | Type::Init));
            self.expr(&arg.value, if words { Mode::Setting(None) } else { Mode::Flow });
        }
    }

    fn expr(&mut self, expr: &'c Expr, mode: Mode) {
        match &expr.kind {
            ExprKind::Name(name) => self.value(name, mode),
            ExprKind::Quantity { unit, .. } => self.push(unit, Role::Value, None),
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item, mode)),
            ExprKind::Call { base: None, name, args } => match mode {
                Mode::Flow => self.applied(name, Some(args)),
                _ => {
                    self.push(name, Role::Value, None);
                    let word = loss::find(&name.text);
                    self.arguments(args, word.map_or(&[], |word| word.word.params));
                }
            },
            ExprKind::Call { base: Some(base), name, args } => {
                self.expr(base, mode);
                self.push(name, Role::Setting, None);
                args.list.iter().for_each(|arg| self.expr(&arg.value, mode));
            }
            ExprKind::Index { base, index } => {
                self.expr(base, mode);
                self.expr(index, mode);
            }
            ExprKind::Field { base, name } => {
                match (base.as_name(), mode) {
                    (Some(part), Mode::Setting(_)) if self.known(&part.text).is_none() => {
                        self.push(part, Role::Setting, None);
                    }
                    _ => self.expr(base, mode),
                }
                self.push(name, Role::Setting, None);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand, mode),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left, mode);
                self.expr(right, mode);
            }
            ExprKind::Range { from, to, .. } => {
                self.expr(from, mode);
                self.expr(to, mode);
            }
            ExprKind::If(it) => {
                for arm in &it.arms {
                    self.expr(&arm.condition, mode);
                    self.expr(&arm.block.inner, mode);
                }
                it.otherwise.iter().for_each(|(_, block)| self.expr(&block.inner, mode));
            }
            ExprKind::Pipe { source, steps } => {
                self.expr(source, mode);
                self.steps(steps);
            }
            ExprKind::Paren(inner) => self.expr(inner, mode),
            _ => {}
        }
    }

    fn steps(&mut self, steps: &'c [Step]) {
        for step in steps {
            match &step.kind {
                StepKind::Apply { name, args } => self.applied(name, args.as_ref()),
                StepKind::Repeat(it) => {
                    self.expr(&it.over, Mode::Flow);
                    let outside = self.locals.len();
                    if let Some((name, _)) = &it.variable {
                        self.push(name, Role::Turn, Some(name.span));
                        self.locals.push((&name.text, Role::Turn, name.span));
                    }
                    self.steps(&it.block.inner);
                    self.locals.truncate(outside);
                }
                StepKind::If(it) => {
                    for arm in &it.arms {
                        self.expr(&arm.condition, Mode::Flow);
                        self.steps(&arm.block.inner);
                    }
                    it.otherwise.iter().for_each(|(_, block)| self.steps(&block.inner));
                }
                StepKind::Missing | StepKind::Error => {}
            }
            if let Some(Clause { name, .. }) = &step.name {
                self.push(name, Role::Step, Some(name.span));
            }
        }
    }

    /// The arguments of a word whose parameters may be paths.
    fn arguments(&mut self, args: &'c Args, params: &'static [Parameter]) {
        for (i, arg) in args.list.iter().enumerate() {
            if let Some((name, _)) = &arg.name {
                self.push(name, Role::Setting, None);
            }
            match parameter(arg, i, params) {
                Some(param) if param.ty == Type::Path => {
                    self.path(&arg.value, param.name == "teacher");
                }
                _ => self.expr(&arg.value, Mode::Setting(None)),
            }
        }
    }
}

/// What an argument is for: by its name, else by its place.
fn parameter(arg: &Arg, place: usize, params: &'static [Parameter]) -> Option<&'static Parameter> {
    match &arg.name {
        Some((name, _)) => params.iter().find(|param| param.name == name.text),
        None => params.get(place),
    }
}
