//! The layers that loss terms compare (E0702, E0703).

use super::{Teacher, Teachers, fit};
use crate::diags::Diags;
use crate::paths;
use crate::program::{Features, Flow, Network};
use crate::train::{Case, Term};
use dlm_base::Span;
use dlm_base::diag::codes::distill as codes;
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
            let (a, b) = (theirs_ty.shape.to_string(), ours_ty.shape.to_string());
            let (a, b) = (format!("gives {a}"), format!("gives {b}"));
            let labels = [(theirs, a.as_str()), (ours, b.as_str())];
            let name = term.used.loss.word.name;
            let message = format!("`{name}` cannot compare these features: {why}");
            let help = "name layers whose results can be compared";
            diags.push(codes::different(term.span, &message, "does not fit", &labels, help));
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
    let (other, name) =
        (if *given == "teacher" { "student" } else { "teacher" }, term.used.loss.word.name);
    let signature = crate::args::signature(&term.used.loss.word);
    let diag = dlm_base::diag::codes::settings::missing_param(term.span, name, other, &signature);
    diags.push(diag);
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
                let names: Vec<String> =
                    list.iter().map(|teacher| format!("`{}.{path}`", teacher.name.text)).collect();
                let help = format!("say whose it is: {}", names.join(" or "));
                diags.push(codes::no_owner(at, path, &help));
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
        let path = named(teacher).unwrap_or(path);
        diags.push(codes::no_layer(at, path, name, paths::hint(path, network)));
    }
    Some((of, flow?))
}

fn in_student(case: &Case<'_>, path: &str, at: Span, diags: &mut Diags) -> Option<Flow> {
    let flow = find(case.network, path, case.owners);
    if flow.is_none() {
        let hint = paths::hint(path, case.network);
        diags.push(codes::no_layer(at, path, &case.network.model, hint));
    }
    flow
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
