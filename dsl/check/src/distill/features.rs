//! The layers that loss terms compare (E0702, E0703).

use super::{Teacher, Teachers, fit};
use crate::args::signature;
use crate::diags::Diags;
use crate::paths;
use crate::program::{Features, Flow, Network};
use crate::train::{Case, Term};
use dlm_base::diag::codes::names::Hint;
use dlm_base::diag::codes::{distill as codes, settings};
use dlm_base::{Diag, Span};
use dlm_graph::Ty;
use dlm_vocab::loss::Of;

/// Finds the layers that terms name; `false` when one is not there, or cannot be compared, which is
/// reported.
pub(crate) fn resolve(
    case: &Case<'_>,
    teachers: &Teachers<'_>,
    terms: &mut [Term],
    diags: &mut Diags,
) -> bool {
    let mut good = true;
    for term in terms.iter_mut() {
        let paths = term.used.loss.paths(&term.used.args);
        let [(_, teacher), (_, student)] = paths.as_slice() else {
            good &= alone(term, &paths, diags);
            continue;
        };
        let [theirs, ours] = term.paths.map(|at| at.unwrap_or(term.span));
        let teacher = in_teacher(case, teachers, term, teacher, theirs, diags);
        let student = in_student(case, student, ours, diags);
        let (Some((of, teacher)), Some(student)) = (teacher, student) else {
            good = false;
            continue;
        };
        let Some(network) = fit::network(case, &teachers.list[of]) else { continue };
        let (theirs_ty, ours_ty) = (network.ty(teacher), case.network.ty(student));
        if let Err(why) = (term.used.loss.fits_features)(theirs_ty, ours_ty) {
            let gives = |ty: &Ty| format!("gives {}", ty.shape);
            let (a, b) = (gives(theirs_ty), gives(ours_ty));
            let help = "name layers whose results can be compared; `dlm show` lists them";
            diags.push(codes::different(ours, &why, &b, &[(theirs, &a)], help));
            good = false;
            continue;
        }
        term.used.features = Some(Features { of, teacher, student });
    }
    good
}

/// A term that names no layers needs none, or one that names half of a pair.
fn alone(term: &Term, paths: &[(&'static str, &str)], diags: &mut Diags) -> bool {
    let [(given, _)] = paths else { return term.used.loss.of != Of::Features };
    let other = if *given == "teacher" { "student" } else { "teacher" };
    let word = &term.used.loss.word;
    diags.push(settings::missing_param(term.span, word.name, other, &signature(word)));
    false
}

/// The teacher in whose network a path leads somewhere, and where.
fn in_teacher(
    case: &Case<'_>,
    teachers: &Teachers<'_>,
    term: &Term,
    path: &str,
    at: Span,
    diags: &mut Diags,
) -> Option<(usize, Flow)> {
    let named = |teacher: &Teacher<'_>| inner(path, &teacher.name.text);
    let of = match teachers.list.as_slice() {
        [_] => 0,
        list => match list.iter().position(|teacher| named(teacher).is_some()) {
            Some(of) => of,
            None => {
                diags.push(codes::no_owner(at, path, &whose(case, list, path)));
                return None;
            }
        },
    };
    let teacher = &teachers.list[of];
    let name = &teacher.name.text;
    if let Some(kind) = teacher.closed() {
        let word = term.used.loss.word.name;
        diags.push(codes::no_features(term.span, word, name, kind, teacher.name.span));
        return None;
    }
    let network = fit::network(case, teacher)?;
    let flow = find(network, path, &[name.as_str(), &network.model]);
    if flow.is_none() {
        diags.push(nowhere(at, path, name, &[name.as_str(), &network.model], network));
    }
    Some((of, flow?))
}

fn in_student(case: &Case<'_>, path: &str, at: Span, diags: &mut Diags) -> Option<Flow> {
    let flow = find(case.network, path, case.owners);
    let Some(flow) = flow else {
        let name = &case.network.model;
        diags.push(nowhere(at, path, name, case.owners, case.network));
        return None;
    };
    let Some(scheme) = case.scheme else { return Some(flow) };
    let value = scheme.behind(case.network, flow);
    if let Flow::Layer(layer) = value
        && let Some(unit) = scheme.unit_of[layer].map(|unit| &scheme.units[unit])
        && unit.output != layer
    {
        let layers = &case.network.layers;
        let (main, end) = (&layers[unit.main].path, &layers[unit.output].path);
        let artifact = &case.artifact.text;
        diags.push(codes::within_unit(at, path, artifact, main, end));
        return None;
    }
    Some(value)
}

/// E0702: a path, with one of the `owners` before it or not, leads nowhere in a network called `name`.
fn nowhere(at: Span, path: &str, name: &str, owners: &[&str], network: &Network) -> Diag {
    let own = owners.iter().find_map(|owner| inner(path, owner)).unwrap_or(path);
    let before = path.strip_suffix(own).unwrap_or_default();
    let hint = match paths::hint(own, network) {
        Hint::Near(near) => Hint::Near(near.iter().map(|it| format!("{before}{it}")).collect()),
        other => other,
    };
    codes::no_layer(at, own, name, hint)
}

/// The paths, teachers before them, that a path without an owner may mean.
fn whose(case: &Case<'_>, list: &[Teacher<'_>], path: &str) -> Vec<String> {
    let has = |teacher: &&Teacher<'_>| {
        let network = fit::network(case, teacher).filter(|_| teacher.closed().is_none());
        network.is_some_and(|network| find(network, path, &[&network.model]).is_some())
    };
    let paths = list.iter().filter(has).map(|teacher| format!("{}.{path}", teacher.name.text));
    paths.collect()
}

/// Where a path leads, the name of an owner before it or not.
fn find(network: &Network, path: &str, owners: &[&str]) -> Option<Flow> {
    let inside = |owner: &&str| network.at(inner(path, owner)?);
    network.at(path).or_else(|| owners.iter().find_map(inside))
}

/// A path without its owner.
fn inner<'p>(path: &'p str, owner: &str) -> Option<&'p str> {
    path.strip_prefix(owner)?.strip_prefix('.')
}
