//! Distillations that are known to be in vain.

use super::{Teachers, fit};
use crate::budget::grouped;
use crate::consts::plain;
use crate::diags::Diags;
use crate::program::{Made, Network};
use crate::train::{Case, Term};
use dlm_base::diag::codes::{distill as codes, lints as effects};
use dlm_graph::Role;
use dlm_vocab::data::Target;

/// Below so many units a layer is small (Hinton et al. 2015 had 30).
const SMALL: usize = 64;
/// Known to collapse in a small student.
const HOT_FOR_SMALL: f64 = 8.0;
/// Known to collapse with weights of 4 bits.
const HOT_FOR_4_BITS: f64 = 5.0;
/// Known to collapse with weights of fewer bits.
const HOT_FOR_FEWER: f64 = 2.0;

/// W1006, W1009, W1010 and W1016 of a training with teachers. `labels` are those of the training part,
/// `bits` the fewest that weights are rounded to, and the name of the policy that says so.
pub(crate) fn lints(
    case: &Case<'_>,
    teachers: &Teachers<'_>,
    terms: &[Term],
    labels: &Target,
    diags: &mut Diags,
) {
    if case.bits.is_none() {
        size(case, teachers, diags);
    }
    temperatures(case, terms, diags);
    if !terms.iter().any(|term| term.teacher) {
        let help = "add a term such as `0.9 * soft_targets(temperature = 4)`";
        let reason = "no term of the loss compares with it";
        diags.push(effects::no_effect(teachers.at, "the teacher", reason, help));
    } else if let Some(loss) = case.block.value("loss")
        && *labels != Target::None
        && terms.iter().all(|term| term.teacher)
    {
        let same = |made| matches!(made, Made::Trained(it) if case.program.datasets[it.dataset].span == case.data.span);
        if let Some(teacher) = teachers.list.iter().find(|teacher| same(teacher.made.made)) {
            let (name, at) = (&teacher.name.text, teacher.name.span);
            diags.push(codes::labels_unused(loss.span, name, at, &case.data.name));
        }
    }
    for term in terms {
        let zero = |param: &str| term.used.args.get(param).map(|_| term.used.args.real(param));
        let pair = match term.used.loss.word.name {
            "decoupled" => ["alpha", "beta"],
            "relational" => ["distance", "angle"],
            _ => continue,
        };
        if pair.map(zero) == [Some(0.0); 2] {
            let what = format!("`{}`", term.used.loss.word.name);
            let reason = format!("`{}` and `{}` are 0", pair[0], pair[1]);
            diags.push(effects::no_effect(term.span, &what, &reason, "leave the term out"));
        }
    }
}

/// W1006, unless the student is its teacher over again.
fn size(case: &Case<'_>, teachers: &Teachers<'_>, diags: &mut Diags) {
    let known = teachers.list.iter().filter_map(|it| Some((it, fit::network(case, it)?)));
    let Some((teacher, net)) = known.max_by_key(|(_, net)| net.params()) else { return };
    let (own, theirs) = (case.network.params(), net.params());
    if own < theirs || net.title == case.network.title {
        return;
    }
    let (params, theirs) = (grouped(own), grouped(theirs));
    let (name, at) = (&teacher.name.text, teacher.name.span);
    let student = &case.network.title;
    diags.push(codes::no_smaller(case.at, student, &params, name, &theirs, at));
}

/// W1010
fn temperatures(case: &Case<'_>, terms: &[Term], diags: &mut Diags) {
    let at = case.block.value("loss").map_or(case.keyword, |loss| loss.span);
    for term in terms.iter().filter(|term| term.teacher && term.used.weight > 0.0) {
        if term.used.args.get("temperature").is_none() {
            continue;
        }
        let temperature = term.used.args.real("temperature");
        let at = if term.span == case.keyword { at } else { term.span };
        let text = plain(temperature);
        let widest = widest(case.network);
        match case.bits {
            Some(bits) if bits < 4 && temperature > HOT_FOR_FEWER => {
                let why = format!("weights have {bits} bits");
                diags.push(codes::too_hot(at, &text, &why, "2"));
            }
            Some(bits) if bits <= 4 && temperature >= HOT_FOR_4_BITS => {
                let why = format!("weights have {bits} bits");
                diags.push(codes::too_hot(at, &text, &why, "4"));
            }
            _ if temperature >= HOT_FOR_SMALL && widest.is_some_and(|units| units < SMALL) => {
                let units = widest.unwrap_or_default();
                let title = &case.network.title;
                let why = format!("the widest inner layer of `{title}` has {units} units");
                diags.push(codes::too_hot(at, &text, &why, "4"));
            }
            _ => {}
        }
    }
}

/// The units or channels of the widest layer with weights before the last one.
fn widest(net: &Network) -> Option<usize> {
    let products: Vec<_> =
        net.layers.iter().filter(|layer| layer.layer.role() == Role::Product).collect();
    let inner = &products[..products.len().saturating_sub(1)];
    // Channels come first, features last.
    let units = |sizes: &[usize]| match sizes {
        [channels, _, _] => Some(*channels),
        _ => sizes.last().copied(),
    };
    inner.iter().filter_map(|layer| units(layer.ty.shape.sizes())).max()
}
