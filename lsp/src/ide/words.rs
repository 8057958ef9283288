//! What can be called: words of the language and declared layers, in one form.

use super::Snapshot;
use dlm_check::args::{bounds, default_text, type_words};
use dlm_check::names::{Decl, Entry, Kind, Module};
use dlm_grammar::tree::{self, ItemKind, TypeKind};
use dlm_vocab::ops::{Flows, Operator};
use dlm_vocab::settings::{self, Setting, Takes};
use dlm_vocab::word::doc_text;
use dlm_vocab::{Default, Param, Type, Word};
use std::ops::Range;

/// Something with parameters.
#[derive(Clone, Debug)]
pub(crate) struct Callable {
    /// The name.
    pub(crate) name: String,
    /// What it is: "operator", "loss term".
    pub(crate) what: &'static str,
    /// Its documentation, in Markdown.
    pub(crate) doc: String,
    /// The parameters in the order of positional arguments, flows first where it has any.
    pub(crate) params: Vec<Parameter>,
    /// Whether any number of flows may enter it.
    pub(crate) many: bool,
}

/// A parameter.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// The name.
    pub(crate) name: String,
    /// As a signature shows it: `stride = 1`.
    pub(crate) label: String,
    /// Its documentation, in Markdown.
    pub(crate) doc: String,
    /// What it takes.
    pub(crate) wants: Wants,
    /// Whether it must be given.
    pub(crate) required: bool,
    /// Whether further positional arguments repeat it.
    pub(crate) repeats: bool,
}

/// What a parameter takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wants {
    /// A flow.
    Flow,
    /// A value of a word's parameter.
    Value(Type),
    /// A value of a declared parameter: `int`.
    Declared(String),
}

impl Callable {
    /// Its signature, with the bytes of each parameter in it.
    pub(crate) fn label(&self) -> (String, Vec<Range<usize>>) {
        let mut label = format!("{}(", self.name);
        let mut ranges = Vec::new();
        for (i, param) in self.params.iter().enumerate() {
            label += if i > 0 { ", " } else { "" };
            let start = label.len();
            label += &param.label;
            ranges.push(start..label.len());
        }
        label += ")";
        (label, ranges)
    }

    /// Its signature as one writes it: without parentheses where it has no parameters.
    pub(crate) fn signature(&self) -> String {
        match self.params.is_empty() {
            true => self.name.clone(),
            false => self.label().0,
        }
    }

    /// The same without what comes along the arrow.
    pub(crate) fn piped(mut self) -> Callable {
        if !self.many
            && let Some(first) = self.params.iter().position(Parameter::is_flow)
        {
            self.params.remove(first);
        }
        self
    }

    /// The text that writes it, with places for what must be given: `conv(${1:channels}, ${2:kernel})`.
    /// `None` where its name alone will do.
    pub(crate) fn snippet(&self) -> Option<String> {
        let required = self.params.iter().filter(|param| param.required);
        let places: Vec<String> =
            required.enumerate().map(|(i, param)| param.place(i + 1)).collect();
        (!places.is_empty()).then(|| format!("{}({})$0", self.name, places.join(", ")))
    }
}

impl Parameter {
    /// A place of a snippet for it, in quotes or brackets where it takes a string or a list.
    fn place(&self, number: usize) -> String {
        let place = format!("${{{number}:{}}}", self.name);
        match &self.wants {
            Wants::Value(Type::Str | Type::File) => format!("\"{place}\""),
            Wants::Value(Type::Ints { .. } | Type::Reals | Type::Sizes) => format!("[{place}]"),
            Wants::Declared(ty) if ty == "string" => format!("\"{place}\""),
            Wants::Declared(ty) if ty == "list" => format!("[{place}]"),
            _ => place,
        }
    }

    /// Whether it is a flow.
    pub(crate) fn is_flow(&self) -> bool {
        self.wants == Wants::Flow
    }
}

/// An operator.
pub(crate) fn operator(op: &'static Operator) -> Callable {
    let mut found = word(&op.word, "operator");
    let flow = |name: String| Parameter {
        label: name.clone(),
        name,
        doc: "A flow.".to_string(),
        wants: Wants::Flow,
        required: true,
        repeats: false,
    };
    match op.flows {
        Flows::Exactly(1) => found.params.insert(0, flow("x".to_string())),
        Flows::Exactly(n) => {
            let flows = (1..=n).map(|i| flow(format!("x{i}")));
            found.params.splice(0..0, flows);
        }
        Flows::AtLeast(_) => {
            let mut flows = flow("…".to_string());
            flows.repeats = true;
            flows.required = false;
            flows.doc = "Flows: any number of them.".to_string();
            found.params.insert(0, flows);
            found.many = true;
        }
    }
    found
}

/// A word of the language.
pub(crate) fn word(word: &'static Word, what: &'static str) -> Callable {
    let rest = dlm_vocab::data::find(word.name)
        .filter(|source| std::ptr::eq(&source.word, word))
        .and_then(|source| source.rest);
    let params = word.params.iter().map(|param| parameter(param, rest)).collect();
    let doc = doc_text(word.doc);
    Callable { name: word.name.to_string(), what, doc, params, many: false }
}

/// A layer or a model.
pub(crate) fn network(snapshot: &Snapshot, decl: Decl) -> Option<Callable> {
    of_item(item(snapshot, decl)?, &|span| snapshot.checked.sources.slice(span).to_string())
}

/// The layer or model of an item, whose texts `text` knows.
pub(crate) fn of_item(
    item: &tree::Item,
    text: &dyn Fn(dlm_base::Span) -> String,
) -> Option<Callable> {
    let (ItemKind::Layer(network) | ItemKind::Model(network)) = &item.kind else { return None };
    let params = network.params.iter().filter(|param| !param.name.is_missing());
    let params = params.map(|param| declared(param, text)).collect();
    let what = if matches!(item.kind, ItemKind::Layer(_)) { "layer" } else { "model" };
    let doc = item.doc.as_ref().map_or(String::new(), |doc| doc.text.clone());
    Some(Callable { name: network.name.text.clone(), what, doc, params, many: false })
}

/// A setting of the layer or model around a byte, as its declaration shows it.
pub(crate) fn setting_label(snapshot: &Snapshot, at: usize, name: &str) -> Option<String> {
    let item = super::locals::item_at(snapshot, at)?;
    let found = of_item(item, &|span| snapshot.checked.sources.slice(span).to_string())?;
    found.params.into_iter().find(|param| param.name == name).map(|param| param.label)
}

/// The item of a declaration.
pub(crate) fn item(snapshot: &Snapshot, decl: Decl) -> Option<&tree::Item> {
    snapshot
        .checked
        .modules
        .get(decl.module.0 as usize)?
        .tree
        .items
        .get(decl.item as usize)
        .map(|it| &**it)
}

/// The checked file.
pub(crate) fn main(snapshot: &Snapshot) -> Option<&Module> {
    snapshot.checked.modules.first()
}

/// What a name of the checked file declares.
pub(crate) fn lookup(snapshot: &Snapshot, name: &str) -> Option<(Decl, Kind)> {
    match main(snapshot)?.names.get(name)? {
        Entry::Known(decl, kind) => Some((*decl, *kind)),
        Entry::Broken => None,
    }
}

/// What a step names: an operator, a layer, or a model as one.
pub(crate) fn step(snapshot: &Snapshot, name: &str) -> Option<Callable> {
    if let Some((decl, _)) = lookup(snapshot, name).filter(|(_, kind)| kind.is_step()) {
        return network(snapshot, decl);
    }
    dlm_vocab::ops::find(name).map(operator)
}

/// The words that a setting takes, with what they are.
pub(crate) fn of_setting(takes: Takes) -> (Vec<&'static Word>, &'static str) {
    let own = |key: &str| -> Vec<&'static Word> {
        let lists = settings::WORDS.iter().filter(|(name, _)| *name == key);
        lists.flat_map(|(_, list)| list.iter()).collect()
    };
    let formats = |weights: bool| {
        let list = dlm_vocab::format::FORMATS.iter();
        let fits = list.filter(|it| if weights { it.weights } else { it.activations });
        fits.map(|it| &it.word).collect()
    };
    match takes {
        Takes::Source | Takes::SourceOrPart => {
            (dlm_vocab::data::SOURCES.iter().map(|it| &it.word).collect(), "source")
        }
        Takes::Augments => {
            (dlm_vocab::augment::AUGMENTS.iter().map(|it| &it.word).collect(), "augmentation")
        }
        Takes::Loss => (dlm_vocab::loss::LOSSES.iter().map(|it| &it.word).collect(), "loss term"),
        Takes::Optimizer => {
            (dlm_vocab::optim::OPTIMIZERS.iter().map(|it| &it.word).collect(), "optimizer")
        }
        Takes::Schedule => {
            (dlm_vocab::schedule::SCHEDULES.iter().map(|it| &it.word).collect(), "schedule")
        }
        Takes::Normalize => (own("normalize"), "normalisation"),
        Takes::Average => (own("average"), "average of weights"),
        Takes::Stop => (own("stop"), "condition of early stopping"),
        Takes::Input => (own("input"), "form of inputs"),
        Takes::Method => (own("method"), "method of quantization"),
        Takes::Weights => (formats(true), "number format"),
        Takes::Activations => (formats(false), "number format"),
        Takes::Value(ty) => of_type(ty),
        Takes::Paths | Takes::Artifact | Takes::Samples | Takes::Tail => (Vec::new(), ""),
    }
}

/// The words that an argument takes, with what they are.
pub(crate) fn of_type(ty: Type) -> (Vec<&'static Word>, &'static str) {
    let own = |list: &'static [Word]| list.iter().collect();
    match ty {
        Type::Init => (own(settings::INIT), "initialiser"),
        Type::Per => (own(settings::PER), "what shares a scale"),
        Type::Tokens => (own(settings::TOKENS), "what a token is"),
        Type::Range => {
            (dlm_vocab::range::RANGES.iter().map(|it| &it.word).collect(), "range of activations")
        }
        _ => (Vec::new(), ""),
    }
}

/// The setting of a block, by its name.
pub(crate) fn setting(block: &str, name: &str) -> Option<&'static Setting> {
    settings::block(block).into_iter().find(|setting| setting.name == name)
}

/// The first sentence of a documentation, on one line.
pub(crate) fn summary(doc: &str) -> String {
    let text = doc_text(doc);
    let first = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = first.find(". ").unwrap_or(first.len());
    first[..end].trim_end_matches('.').to_string()
}

fn parameter(param: &'static Param, rest: Option<&str>) -> Parameter {
    let label = match default_text(param) {
        Some(default) => format!("{} = {default}", param.name),
        None => param.name.to_string(),
    };
    let mut takes = capital(&type_words(param.ty));
    if matches!(
        param.ty,
        Type::Int { .. } | Type::Pair { .. } | Type::Real { .. } | Type::Ints { .. }
    ) {
        takes = format!("{takes}, {}", bounds(param.ty));
    }
    let doc = format!("{}.\n\n{takes}.", capital(param.doc.trim().trim_end_matches('.')));
    Parameter {
        name: param.name.to_string(),
        label,
        doc,
        wants: Wants::Value(param.ty),
        required: param.default == Default::Required,
        repeats: rest == Some(param.name),
    }
}

fn declared(param: &tree::Param, text: &dyn Fn(dlm_base::Span) -> String) -> Parameter {
    let name = param.name.text.clone();
    let ty = text(param.ty.span);
    let wants = match &param.ty.kind {
        TypeKind::Tensor { .. } => Wants::Flow,
        TypeKind::Word(word) => Wants::Declared(word.text.clone()),
        TypeKind::Missing => Wants::Declared(String::new()),
    };
    let default = param.default.as_ref().map(|(_, value)| text(value.span));
    let label = match &default {
        Some(default) => format!("{name}: {ty} = {default}"),
        None => format!("{name}: {ty}"),
    };
    // Its label says it all.
    let doc = String::new();
    Parameter { name, label, doc, wants, required: default.is_none(), repeats: false }
}

/// With a capital letter, unless it begins with code.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + chars.as_str(),
        None => String::new(),
    }
}
