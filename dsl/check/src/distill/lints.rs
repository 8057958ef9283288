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

/// Layers of fewer units are small.
const SMALL: usize = 64;
/// From here on too high for a small student (Hinton et al. 2015, section 3: of layers of 30 units).
const HOT_FOR_SMALL: f64 = 8.0;

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
        && terms.iter().all(|term| (term.used.loss.fits)(&Target::None))
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
        if let Some(bits) = case.bits
            && let Some(most) = most_for(bits, temperature)
        {
            diags.push(codes::hot_for_bits(at, &text, bits, most));
        } else if temperature >= HOT_FOR_SMALL
            && let Some(units) = widest(case.network).filter(|&units| units < SMALL)
        {
            diags.push(codes::hot_for_small(at, &text, &case.network.title, units));
        }
    }
}

/// The highest temperature that goes with weights of so many bits, where this one is known to collapse.
fn most_for(bits: u8, temperature: f64) -> Option<u8> {
    match bits {
        ..4 => (temperature > 2.0).then_some(2),
        4 => (temperature >= 5.0).then_some(4),
        _ => None,
    }
}

/// The units of the widest inner layer; `None` without one, and where maps or sequences lie between.
fn widest(net: &Network) -> Option<usize> {
    let products = net.layers.iter().filter(|layer| layer.layer.role() == Role::Product);
    let products: Vec<&[usize]> = products.map(|layer| layer.ty.shape.sizes()).collect();
    let (_, inner) = products.split_last()?;
    let units: Option<Vec<usize>> = inner
        .iter()
        .map(|sizes| match sizes {
            [units] => Some(*units),
            _ => None,
        })
        .collect();
    units?.into_iter().max()
}

#[cfg(test)]
mod tests {
    use super::most_for;

    #[test]
    fn few_bits_go_with_low_temperatures() {
        assert_eq!([2, 3].map(|bits| most_for(bits, 2.0)), [None, None]);
        assert_eq!([2, 3].map(|bits| most_for(bits, 2.5)), [Some(2), Some(2)]);
        assert_eq!([4.0, 5.0, 20.0].map(|t| most_for(4, t)), [None, Some(4), Some(4)]);
        assert_eq!([8, 32].map(|bits| most_for(bits, 20.0)), [None, None]);
    }
}
