//! Whether a name can have another text.

use super::names::{Names, Role, Use, item_of, name_of, network_of};
use super::{Snapshot, levels, span_of};
use crate::ide::Place;
use dlm_base::Span;
use dlm_check::names::{Decl, Entry, Kind, ModuleId};
use dlm_check::session::Checked;
use dlm_grammar::words;
use dlm_vocab::ops;

/// The word at a byte, which has a declaration that can be changed.
pub(super) fn at(snapshot: &Snapshot, offset: usize) -> Result<Use, String> {
    let checked = &snapshot.checked;
    let names = Names::of(checked, ModuleId::MAIN);
    let none = || Err("there is no name here".to_string());
    let Some(it) = names.at(offset).copied() else {
        let tree = checked.modules.first().map(|module| &module.tree);
        let word = word_at(&snapshot.text, offset);
        return match word {
            Some(word) if words::is_reserved(word) || is_keyword(word) && tree.is_some() => {
                Err(format!("`{word}` is a word of the language"))
            }
            _ => none(),
        };
    };
    let text = snapshot.text.get(it.span.range()).unwrap_or_default();
    let Some(target) = it.target else {
        return Err(match it.role {
            Role::Operator => format!("`{text}` is an operator of the language"),
            Role::Unknown | Role::Step => format!("`{text}` is declared nowhere"),
            Role::Library => format!("`{text}` is a part of the library"),
            _ => format!("`{text}` is a word of the language"),
        });
    };
    let module = checked.modules.iter().find(|module| module.file == target.file);
    match module {
        Some(module) if module.std => {
            Err(format!("`{text}` is declared in the library, `{}`", module.name))
        }
        Some(_) => Ok(it),
        None => none(),
    }
}

/// Whether what a word stands for can be called `to` in this check.
pub(super) fn fits(snapshot: &Snapshot, it: Use, to: &str) -> Result<(), String> {
    let mut letters = to.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!(
            "`{to}` is no name: a name is made of letters, digits and `_`, and begins with no digit"
        ));
    }
    if words::is_reserved(to) {
        return Err(format!("`{to}` is a word of the language"));
    }
    let checked = &snapshot.checked;
    let Some(target) = it.target else { return Ok(()) };
    let Some(thing) = super::place(checked, target) else { return Ok(()) };
    free_in(checked, &thing, to)
}

/// Whether what is declared at `thing` can be called `to` in the files of a check.
pub(super) fn free_in(checked: &Checked, thing: &Place, to: &str) -> Result<(), String> {
    let Some(target) = span_of(checked, thing) else { return Ok(()) };
    let taken = |what: &str| Err(format!("`{to}` is {what} already"));
    for i in 0..checked.modules.len() {
        let id = ModuleId(i as u32);
        let names = Names::of(checked, id);
        let mut uses = names.uses.iter().filter(|it| it.target == Some(target)).peekable();
        if uses.peek().is_none() {
            continue;
        }
        let role = uses.clone().find(|it| it.declares).or(uses.peek().copied()).map(|it| it.role);
        let global = matches!(
            role,
            Some(
                Role::Const
                    | Role::Data
                    | Role::Layer
                    | Role::Model
                    | Role::Policy
                    | Role::Artifact
            )
        );
        if global && is_keyword(to) {
            return Err(format!("`{to}` is a word of the language"));
        }
        if matches!(role, Some(Role::Layer | Role::Model)) && ops::find(to).is_some() {
            return taken("an operator");
        }
        let module = &checked.modules[i];
        if role != Some(Role::Step) {
            match module.names.get(to) {
                Some(Entry::Known(decl, kind))
                    if name_of(checked, *decl).map(|it| it.span) != Some(target) =>
                {
                    return taken(kind.word());
                }
                Some(Entry::Broken) => return taken("a name"),
                _ => {}
            }
            if let Some(item) = module.artifacts.get(to)
                && module
                    .tree
                    .items
                    .get(*item as usize)
                    .and_then(|item| item.declared())
                    .is_none_or(|name| name.span != target)
            {
                return taken("an artifact");
            }
        }
        for it in uses {
            local_is_free(checked, id, &names, it, role, to)?;
        }
    }
    Ok(())
}

/// Whether no name of the layer or model in which a use stands is called `to`.
fn local_is_free(
    checked: &Checked,
    id: ModuleId,
    names: &Names,
    it: &Use,
    role: Option<Role>,
    to: &str,
) -> Result<(), String> {
    let module = &checked.modules[id.0 as usize];
    let Some(item) =
        module.tree.items.iter().position(|item| item.span.touches(it.span.start as usize))
    else {
        return Ok(());
    };
    let decl = Decl { module: id, item: item as u32 };
    let Some(network) = network_of(checked, decl) else { return Ok(()) };
    if it.role == Role::Setting {
        // The name of an argument means nothing to what surrounds it.
        return Ok(());
    }
    let inside = item_of(checked, decl).map(|item| item.span).unwrap_or_default();
    let own = names.uses.iter().filter(|other| {
        inside.start <= other.span.start && other.span.end <= inside.end && other.declares
    });
    let source = checked.sources.get(module.file);
    let text = |span: Span| source.text.get(span.range()).unwrap_or_default();
    for other in own.filter(|other| text(other.span) == to) {
        let step = other.role == Role::Step;
        if step != (role == Some(Role::Step)) {
            continue;
        }
        return Err(match step {
            true => format!("a step of `{}` is called `{to}` already", network.name.text),
            false => format!("`{to}` is a name in `{}` already", network.name.text),
        });
    }
    if role == Some(Role::Step)
        && levels::steps_of(checked, decl).iter().any(|step| step.name == to)
    {
        return Err(format!("a step of `{}` is called `{to}` already", network.name.text));
    }
    let layer = module.names.get(to);
    if matches!(layer, Some(Entry::Known(_, Kind::Layer))) && role == Some(Role::Layer) {
        return Err(format!("`{to}` is a layer already"));
    }
    Ok(())
}

/// Whether a word begins items or clauses.
fn is_keyword(word: &str) -> bool {
    words::is_item(word) || words::CLAUSES.contains(&word)
}

/// The word at a byte.
fn word_at(text: &str, offset: usize) -> Option<&str> {
    let tokens = dlm_grammar::lex::tokens(text);
    let token = tokens.iter().rev().find(|token| {
        token.kind == dlm_grammar::lex::TokenKind::Word
            && token.start as usize <= offset
            && offset <= token.end as usize
    })?;
    text.get(token.start as usize..token.end as usize)
}
