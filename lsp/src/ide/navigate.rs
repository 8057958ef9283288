//! From a name to its declaration and its uses, over all files of a check.

use super::{Edit, Place, Snapshot, links};
use dlm_base::Span;
use dlm_check::names::ModuleId;
use dlm_check::session::Checked;
use names::{Names, Use};
use std::ops::Range;

pub(crate) mod levels;
pub(crate) mod names;
mod rename;

/// Where the name at a byte is declared.
pub fn definition(snapshot: &Snapshot, offset: usize) -> Option<Place> {
    let checked = &snapshot.checked;
    let names = Names::of(checked, ModuleId::MAIN);
    let target = names.at(offset).and_then(|it| it.leads.or(it.target));
    target.and_then(|span| place(checked, span)).or_else(|| {
        // The source of an import leads to the file.
        let (_, file) = links::imports(snapshot)
            .into_iter()
            .find(|(range, _)| range.start <= offset && offset <= range.end)?;
        let known = checked.modules.iter().any(|module| module.name == file);
        known.then_some(Place { file, range: 0..0 })
    })
}

/// Every use of the name at a byte, its declaration among them where `declaration` is set, in the files of
/// this check and in `others`, which import this file.
pub fn references(
    snapshot: &Snapshot,
    offset: usize,
    declaration: bool,
    others: &[Snapshot],
) -> Vec<Place> {
    let Some(thing) = thing(snapshot, offset) else { return Vec::new() };
    let found = uses(snapshot, &thing, others);
    found.into_iter().filter(|it| declaration || *it != thing).collect()
}

/// The uses of the name at a byte within this file; `true` at its declaration.
pub fn highlight(snapshot: &Snapshot, offset: usize) -> Vec<(Range<usize>, bool)> {
    let names = Names::of(&snapshot.checked, ModuleId::MAIN);
    let Some(target) = names.at(offset).and_then(|it| it.target) else { return Vec::new() };
    let same = names.uses.iter().filter(|it| it.target == Some(target));
    same.map(|it| (it.span.range(), it.span == target)).collect()
}

/// The name at a byte, if it can be renamed.
///
/// # Errors
/// With the reason why not.
pub fn prepare_rename(snapshot: &Snapshot, offset: usize) -> Result<Range<usize>, String> {
    rename::at(snapshot, offset).map(|it| it.span.range())
}

/// The edits that give the name at a byte another text everywhere.
///
/// # Errors
/// With the reason why it cannot have that name.
pub fn rename(
    snapshot: &Snapshot,
    offset: usize,
    to: &str,
    others: &[Snapshot],
) -> Result<Vec<Edit>, String> {
    let it = rename::at(snapshot, offset)?;
    rename::fits(snapshot, it, to)?;
    let Some(thing) = thing(snapshot, offset) else {
        return Err("there is no name here".to_string());
    };
    for other in others {
        rename::free_in(&other.checked, &thing, to)?;
    }
    let places = uses(snapshot, &thing, others).into_iter();
    Ok(places.map(|place| Edit { place, text: to.to_string() }).collect())
}

/// The place of a span.
pub(crate) fn place(checked: &Checked, span: Span) -> Option<Place> {
    let module = checked.modules.iter().find(|module| module.file == span.file)?;
    Some(Place { file: module.name.clone(), range: span.range() })
}

/// The place that declares what the name at a byte stands for.
fn thing(snapshot: &Snapshot, offset: usize) -> Option<Place> {
    let names = Names::of(&snapshot.checked, ModuleId::MAIN);
    place(&snapshot.checked, names.at(offset)?.target?)
}

/// All uses of what is declared at `thing`, by file as the checks have them, and by place.
fn uses(snapshot: &Snapshot, thing: &Place, others: &[Snapshot]) -> Vec<Place> {
    let mut found: Vec<Place> = Vec::new();
    for checked in std::iter::once(snapshot).chain(others).map(|it| &it.checked) {
        let Some(target) = span_of(checked, thing) else { continue };
        for (i, module) in checked.modules.iter().enumerate() {
            if found.iter().any(|place| place.file == module.name) {
                continue;
            }
            let names = Names::of(checked, ModuleId(i as u32));
            let same = |it: &&Use| it.target == Some(target);
            let places = names.uses.iter().filter(same).filter_map(|it| place(checked, it.span));
            found.extend(places);
        }
    }
    found
}

/// The span of a place in a check.
fn span_of(checked: &Checked, place: &Place) -> Option<Span> {
    let module = checked.modules.iter().find(|module| module.name == place.file)?;
    Some(Span::new(module.file, place.range.start, place.range.end))
}

#[cfg(test)]
mod tests;
