//! `allow W1003`: warnings that a file silences, and the order in which the others are shown.

use crate::diags::Diags;
use crate::names::World;
use dlm_base::diag::Code;
use dlm_base::diag::codes::names::{self, Hint};
use dlm_base::diag::codes::{self, lints, settings};
use dlm_base::suggest::nearest;
use dlm_base::{Diag, Severity, Span};
use dlm_grammar::tree::{Item, ItemKind, Name, Tree};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Leaves out what is silenced, and the warnings of imported files, which those files show on their
/// own; reports what `allow` silences in vain. The rest comes by file and place.
pub(crate) fn filter(world: &World<'_>, mut diags: Diags) -> Vec<Diag> {
    let main = world.main();
    let mut silenced: BTreeSet<Span> = BTreeSet::new();
    let mut kept = Vec::new();
    let errors = diags.iter().any(|diag| diag.severity() == Severity::Error);
    for diag in std::mem::take(&mut diags).into_vec() {
        let at = diag.primary.span;
        if diag.severity() == Severity::Warning {
            if at.file != main.file {
                continue;
            }
            if let Some(allowed) = allowing(&main.tree, at, diag.code.id) {
                silenced.insert(allowed.span);
                continue;
            }
        }
        kept.push(diag);
    }
    // What only a run can see is silenced there.
    for index in 0..main.tree.items.len() {
        silenced.extend(of_runs(&main.tree, index).map(|(name, _)| name.span));
    }
    for item in &main.tree.items {
        let ItemKind::Allow(allow) = &item.kind else { continue };
        for code in allow.codes.iter().filter(|code| !code.is_missing()) {
            kept.extend(match codes::find(&code.text) {
                None => Some(unknown(code)),
                Some(known) if known.severity() == Severity::Error => {
                    let message = format!("`{}` is an error, which nothing silences", known.id);
                    let label = "only warnings can be allowed";
                    Some(settings::unfit_value(code.span, &message, label, None))
                }
                Some(_) if errors || silenced.contains(&code.span) => None,
                Some(known) => Some(lints::no_effect(
                    code.span,
                    &format!("allow {}", known.id),
                    "there is no such warning in the declaration that follows",
                    "remove the line",
                )),
            });
        }
    }
    kept.sort_by(|a, b| {
        let key = |diag: &Diag| (diag.primary.span, diag.code.id);
        key(a).cmp(&key(b))
    });
    kept
}

/// The warnings of the run that the file does not want to see of the verb whose word stands at `keyword`.
pub(crate) fn silenced(tree: &Tree, keyword: Span) -> Vec<&'static Code> {
    let own = |item: &Arc<Item>| match &item.kind {
        ItemKind::Quantize(it) => it.keyword == keyword,
        ItemKind::Distill(it) => it.keyword == keyword,
        _ => false,
    };
    let index = tree.items.iter().position(own);
    index.into_iter().flat_map(|index| of_runs(tree, index)).map(|(_, code)| code).collect()
}

/// The warnings that only a run can see, that an item can give, and that are silenced for it.
fn of_runs(tree: &Tree, item: usize) -> impl Iterator<Item = (&Name, &'static Code)> {
    let (quantizes, learns) = match &tree.items[item].kind {
        ItemKind::Quantize(it) => (true, it.from.is_some()),
        ItemKind::Distill(_) => (false, true),
        _ => (false, false),
    };
    tree.allowed(item).filter_map(move |name| {
        let found = codes::find(&name.text)?;
        let gives = if *found == codes::runs::W1017 { learns } else { quantizes };
        (gives && codes::runs::CODES.contains(&found)).then_some((name, found))
    })
}

/// The word of an `allow` that silences a warning of this code at this place.
fn allowing<'t>(tree: &'t Tree, at: Span, id: &str) -> Option<&'t Name> {
    let behind = tree.items.partition_point(|item| item.span.start <= at.start);
    let item = behind.checked_sub(1)?;
    tree.allowed(item).find(|code| code.text.eq_ignore_ascii_case(id))
}

fn unknown(code: &Name) -> Diag {
    let warnings: Vec<&str> =
        codes::all().map(|code| code.id).filter(|id| id.starts_with('W')).collect();
    let near = nearest(&code.text, warnings);
    let hint = match near.is_empty() {
        false => Hint::Near(near.into_iter().map(str::to_string).collect()),
        true => Hint::Say("`dlm explain` lists the codes".to_string()),
    };
    names::unknown(code.span, "code", &code.text, "not the code of a warning", hint)
}
