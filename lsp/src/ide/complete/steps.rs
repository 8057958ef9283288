//! Operators and layers behind an arrow, those first that take the shape which arrives.

use super::{Kind, Offers};
use crate::ide::words::Callable;
use crate::ide::{Edit, Place, Snapshot, facts, words};
use dlm_base::Span;
use dlm_check::args::defaults;
use dlm_check::names::{Decl, Entry};
use dlm_check::stdlib;
use dlm_grammar::tree::{Item, ItemKind, Network, StepKind, TypeKind, UseSource};
use dlm_grammar::walk::{Node, walk_item};
use dlm_graph::{DType, Reject, Ty};
use dlm_vocab::Default;
use dlm_vocab::ops::{Flows, OPERATORS, Operator};
use std::sync::{Arc, LazyLock};

/// How well something fits the shape that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It takes it, or nothing is known.
    Takes,
    /// It may take it, with other arguments.
    May,
    /// It does not take it.
    Rejects,
}

impl Fit {
    fn rank(self) -> u32 {
        match self {
            Fit::Takes => 0,
            Fit::May => 100,
            Fit::Rejects => 300,
        }
    }
}

/// What may follow an arrow, or begin a block of steps.
pub(super) fn steps(offers: &mut Offers<'_>) {
    let arrives = arrival(offers);
    for &op in OPERATORS {
        operator(offers, op, arrives.as_ref());
    }
    let Some(main) = words::main(offers.snapshot) else { return };
    for entry in main.names.values() {
        if let Entry::Known(decl, kind) = entry
            && kind.is_step()
        {
            layer(offers, *decl, arrives.as_ref());
        }
    }
    for it in LIBRARY.iter().filter(|it| !main.names.contains_key(&it.callable.name)) {
        importable(offers, it, arrives.as_ref());
    }
    let repeat = "repeat ${1:n} { $2 }$0";
    let doc = "The steps so many times, each turn with weights of its own.";
    offers.snippet(Kind::Keyword, "repeat", "repeat n { steps }", doc, repeat, 400);
    let branch = "if ${1:condition} { $2 } else { $3 }$0";
    let doc = "One of two rows of steps.";
    offers.snippet(Kind::Keyword, "if", "if c { steps } else { steps }", doc, branch, 400);
}

/// The type that arrives at the caret.
fn arrival(offers: &Offers<'_>) -> Option<Ty> {
    let caret = offers.caret;
    let last = caret.before.last()?;
    let (start, arrow) = (last.start, caret.last_text() == "->");
    let item = crate::ide::locals::item_at(offers.snapshot, caret.at)?;
    let mut place: Option<Span> = None;
    walk_item(item, &mut |node| {
        let Node::Step(step) = node else { return true };
        let block = |open: Span| !arrow && open.start == start;
        let here = match &step.kind {
            _ if arrow && step.arrow.is_some_and(|it| it.start == start) => true,
            StepKind::Repeat(it) => block(it.block.braces.open),
            StepKind::If(it) => {
                let blocks = it.arms.iter().map(|arm| arm.block.braces.open);
                let last = it.otherwise.iter().map(|(_, last)| last.braces.open);
                blocks.chain(last).any(block)
            }
            _ => false,
        };
        if here {
            place = Some(step.span);
        }
        true
    });
    offers.snapshot.checked.notes.arrival(place?).cloned()
}

fn operator(offers: &mut Offers<'_>, op: &'static Operator, arrives: Option<&Ty>) {
    let found = words::operator(op).piped();
    let fit = arrives.map_or(Fit::Takes, |ty| fit(op, ty));
    let mut detail = found.signature();
    let needs = op.word.params.iter().any(|param| param.default == Default::Required);
    if let (Some(ty), false, Flows::Exactly(1)) = (arrives, needs, op.flows)
        && let Ok(result) = (op.make)(&defaults(&op.word)).infer(std::slice::from_ref(ty))
    {
        detail = format!("{} → {}", facts::shape(ty), facts::shape(&result));
    }
    offers.callable(Kind::Layer, &found, op.word.aliases, &detail, fit.rank());
}

/// Whether an operator takes a shape, as far as the arguments with which it is tested tell.
fn fit(op: &'static Operator, ty: &Ty) -> Fit {
    let needs = op.word.params.iter().any(|param| param.default == Default::Required);
    let mut all: Vec<dlm_vocab::Args> = (op.cases)().into_iter().map(|case| case.args).collect();
    if !needs {
        all = vec![defaults(&op.word)];
    }
    let flows = match op.flows {
        Flows::Exactly(n) | Flows::AtLeast(n) => vec![ty.clone(); n.max(1)],
    };
    let mut best = Fit::Rejects;
    for args in all {
        match (op.make)(&args).infer(&flows) {
            Ok(_) => return Fit::Takes,
            // The sizes of `reshape` and the axes of `transpose` are arguments.
            Err(Reject::Shape { .. }) if !matches!(op.word.name, "reshape" | "transpose") => {}
            Err(_) => best = Fit::May,
        }
    }
    best
}

fn layer(offers: &mut Offers<'_>, decl: Decl, arrives: Option<&Ty>) {
    let Some(found) = words::network(offers.snapshot, decl) else { return };
    let Some(item) = words::item(offers.snapshot, decl) else { return };
    let (ItemKind::Layer(network) | ItemKind::Model(network)) = &item.kind else { return };
    // A layer does not contain itself.
    if decl.module.0 == 0 && item.span.touches(offers.caret.at) {
        return;
    }
    let fit = arrives.map_or(Fit::Takes, |ty| takes(network, ty));
    offers.callable(Kind::Layer, &found.piped(), &[], "", fit.rank());
}

/// Whether a declared layer takes a shape, as far as its first flow tells.
fn takes(network: &Network, ty: &Ty) -> Fit {
    if admits(network, ty) { Fit::Takes } else { Fit::Rejects }
}

/// Whether the first flow of a layer or a model may be of that shape.
pub(super) fn admits(network: &Network, ty: &Ty) -> bool {
    let first = network.params.iter().find_map(|param| match &param.ty.kind {
        TypeKind::Tensor { int, sizes } => Some((int, sizes)),
        _ => None,
    });
    let Some((int, sizes)) = first else { return false };
    let right = int.is_some() == (ty.dtype == DType::I32);
    let Some(sizes) = sizes else { return right };
    let fixed = |size: &dlm_grammar::tree::Expr| match size.kind {
        dlm_grammar::tree::ExprKind::Int(n) => usize::try_from(n).ok(),
        _ => None,
    };
    let same = sizes.len() == ty.shape.rank()
        && sizes
            .iter()
            .zip(ty.shape.sizes())
            .all(|(size, &real)| fixed(size).is_none_or(|n| n == real));
    right && same
}

/// A layer of the library.
struct Importable {
    item: Arc<Item>,
    callable: Callable,
    part: &'static str,
}

/// The layers of the library.
static LIBRARY: LazyLock<Vec<Importable>> = LazyLock::new(|| {
    let parts = stdlib::PARTS.iter().flat_map(|part| {
        let parsed = dlm_grammar::parse(dlm_base::FileId(0), part.text);
        let items = parsed.tree.items.into_iter();
        items.filter(|item| matches!(item.kind, ItemKind::Layer(_))).filter_map(move |item| {
            let text = |span: Span| part.text.get(span.range()).unwrap_or_default().to_string();
            let callable = words::of_item(&item, &text)?.piped();
            Some(Importable { item, callable, part: part.name })
        })
    });
    parts.collect()
});

/// A layer of the library that the file does not import yet.
fn importable(offers: &mut Offers<'_>, it: &Importable, arrives: Option<&Ty>) {
    let ItemKind::Layer(network) = &it.item.kind else { return };
    let Some(edit) = import(offers.snapshot, it.part, &it.callable.name) else { return };
    let detail = format!("{} · use std.{}", it.callable.signature(), it.part);
    let fit = arrives.map_or(Fit::Takes, |ty| takes(network, ty));
    offers.callable(Kind::Layer, &it.callable, &[], &detail, fit.rank().max(200));
    if let Some(last) = offers.list.last_mut() {
        last.also.push(edit);
    }
}

/// The edit that imports a name from a part of the library.
fn import(snapshot: &Snapshot, part: &str, name: &str) -> Option<Edit> {
    let items = &words::main(snapshot)?.tree.items;
    let edit = |at: Span, text: String| {
        let at = at.start as usize;
        Edit { place: Place { file: snapshot.name.to_string(), range: at..at }, text }
    };
    let mut last = None;
    for item in items {
        let ItemKind::Use(it) = &item.kind else { continue };
        last = Some(item.span.at_end());
        if let (UseSource::Std(path), Some(name_before)) = (&it.source, it.names.last())
            && path.len() == 2
            && path[1].text == part
        {
            return Some(edit(name_before.span.at_end(), format!(", {name}")));
        }
    }
    let line = format!("use std.{part}: {name}");
    Some(match (last, items.first()) {
        (Some(at), _) => edit(at, format!("\n{line}")),
        (None, first) => {
            let first = first?;
            let start = first.doc.as_ref().map_or(first.span, |doc| doc.span);
            edit(start, format!("{line}\n\n"))
        }
    })
}
