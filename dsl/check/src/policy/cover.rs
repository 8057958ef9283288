//! What a policy says of each layer of a network, and which of its entries never say anything.

use super::{Policy, half_on_codes};
use crate::diags::Diags;
use crate::program::Network;
use crate::quant::{Activations, Form, Format, Method, Per, Point, Scheme, Unit, Weights, scheme};
use dlm_base::Span;
use dlm_base::diag::codes::names::Hint;
use dlm_base::diag::codes::quant as codes;

/// What the entries of a policy have met in the networks that it is used on.
#[derive(Debug, Default)]
pub(crate) struct Cover {
    /// How many networks there were.
    uses: usize,
    /// Whether a use could not be looked at.
    unknown: bool,
    /// For each entry of `keep` whether it has matched.
    keep: Vec<bool>,
    /// For each override.
    overrides: Vec<Met>,
    /// The names of the networks.
    networks: Vec<String>,
    /// For each entry of `keep`, then for each override, what to say if it matches nothing; known once it
    /// has not matched.
    hints: Vec<Option<Hint>>,
}

/// What an override has met.
#[derive(Clone, Copy, Debug, Default)]
struct Met {
    /// Whether it matches a layer.
    matched: bool,
    /// Whether a layer that it matches has what it sets.
    fits: bool,
    /// Whether it has the last word on anything.
    rules: bool,
    /// What has the last word otherwise, and whether that is `keep`.
    hider: Option<(Span, bool)>,
}

/// Who has the last word on a layer: for weights, and for activations, an override.
#[derive(Clone, Copy, Debug, Default)]
struct Says {
    weights: Option<usize>,
    activations: Option<usize>,
}

impl Cover {
    /// Remembers a use that could not be looked at: what the policy's entries match there is not known.
    pub(crate) fn lose(&mut self) {
        self.unknown = true;
    }

    /// What the policy says of each layer of a network, and what follows from it. `owners` are names that
    /// may stand before a path. Formats that operators cannot have are reported.
    pub(crate) fn apply(
        &mut self,
        policy: &Policy,
        method: Method,
        net: &Network,
        owners: &[&str],
        diags: &mut Diags,
    ) -> (Vec<Format>, Scheme) {
        let mut formats = vec![policy.format; net.layers.len()];
        let mut says = vec![Says::default(); net.layers.len()];
        let kept: Vec<Vec<usize>> = policy.keep.iter().map(|t| t.layers(net, owners)).collect();
        let matches: Vec<Vec<usize>> =
            policy.overrides.iter().map(|it| it.target.layers(net, owners)).collect();
        kept.iter().flatten().for_each(|&layer| formats[layer].keep = true);
        for (number, (it, layers)) in policy.overrides.iter().zip(&matches).enumerate() {
            for &layer in layers {
                if let Some((weights, _)) = it.weights {
                    formats[layer].weights = weights;
                    says[layer].weights = Some(number);
                }
                if let Some((activations, _)) = it.activations {
                    formats[layer].activations = activations;
                    says[layer].activations = Some(number);
                }
            }
        }
        one_result(&scheme(net, method, &formats), &mut formats, &mut says);
        let scheme = scheme(net, method, &formats);
        self.start(policy, net);
        let targets = policy.keep.iter().chain(policy.overrides.iter().map(|it| &it.target));
        let found = kept.iter().chain(&matches);
        for ((hint, target), layers) in self.hints.iter_mut().zip(targets).zip(found) {
            if layers.is_empty() && hint.is_none() {
                *hint = Some(target.hint(net));
            }
        }
        for (known, layers) in self.keep.iter_mut().zip(&kept) {
            *known |= !layers.is_empty();
        }
        for (number, layers) in matches.iter().enumerate() {
            let case =
                Case { policy, formats: &formats, says: &says, scheme: &scheme, kept: &kept };
            case.meet(number, layers, &mut self.overrides[number]);
        }
        unfit(policy, net, &formats, &says, &scheme, diags);
        (formats, scheme)
    }

    fn start(&mut self, policy: &Policy, net: &Network) {
        self.uses += 1;
        self.keep.resize(policy.keep.len(), false);
        self.overrides.resize(policy.overrides.len(), Met::default());
        self.hints.resize(policy.keep.len() + policy.overrides.len(), None);
        if !self.networks.contains(&net.title) {
            self.networks.push(net.title.clone());
        }
    }

    /// Reports the entries that say nothing of any network (E0804).
    pub(crate) fn report(&self, policy: &Policy, diags: &mut Diags) {
        if self.uses == 0 || self.unknown {
            return;
        }
        let networks: Vec<&str> = self.networks.iter().map(String::as_str).collect();
        let nothing = |at, text: &str, entry: usize| {
            let hint = self.hints[entry].clone().unwrap_or(Hint::None);
            codes::matches_nothing(at, text, &networks, hint)
        };
        for (entry, (target, matched)) in policy.keep.iter().zip(&self.keep).enumerate() {
            if !matched {
                diags.push(nothing(target.at, &target.text, entry));
            }
        }
        for (number, (it, met)) in policy.overrides.iter().zip(&self.overrides).enumerate() {
            let (at, text) = (it.target.at, &it.target.text);
            match (met.matched, met.fits, met.rules) {
                _ if it.weights.is_none() && it.activations.is_none() => {}
                (false, ..) => diags.push(nothing(at, text, policy.keep.len() + number)),
                (_, false, _) => diags.push(codes::matches_no_weights(at, text)),
                (_, _, false) => {
                    if let Some((hider, kept)) = met.hider {
                        diags.push(codes::hidden(at, text, hider, kept));
                    }
                }
                _ => {}
            }
        }
    }
}

/// An override against one network.
struct Case<'a> {
    policy: &'a Policy,
    formats: &'a [Format],
    says: &'a [Says],
    scheme: &'a Scheme,
    /// For each entry of `keep` the layers that it matches.
    kept: &'a [Vec<usize>],
}

impl Case<'_> {
    fn meet(&self, number: usize, layers: &[usize], met: &mut Met) {
        let it = &self.policy.overrides[number];
        met.matched |= !layers.is_empty();
        for &layer in layers {
            let Some(unit) = self.scheme.unit_of[layer] else { continue };
            let unit = &self.scheme.units[unit];
            let weighs = unit.main == layer && unit.weights.is_some();
            let says = self.says[layer];
            for (sets, fits, last) in [
                (it.weights.is_some(), weighs, says.weights),
                (it.activations.is_some(), true, says.activations),
            ] {
                if !sets || !fits {
                    continue;
                }
                met.fits = true;
                if let Some(keep) = self.keeper(unit) {
                    met.hider = met.hider.or(Some((keep, true)));
                } else if last == Some(number) {
                    met.rules = true;
                } else if let Some(last) = last {
                    let at = self.policy.overrides[last].target.at;
                    met.hider = met.hider.or(Some((at, false)));
                }
            }
        }
    }

    /// The entry of `keep` that keeps a unit in float32.
    fn keeper(&self, unit: &Unit) -> Option<Span> {
        let part = parts(unit).find(|&layer| self.formats[layer].keep)?;
        let entry = self.kept.iter().position(|layers| layers.contains(&part))?;
        Some(self.policy.keep[entry].at)
    }
}

/// What is folded together has one result, so the last override of any part speaks for all of them.
fn one_result(scheme: &Scheme, formats: &mut [Format], says: &mut [Says]) {
    for unit in &scheme.units {
        let last = parts(unit).max_by_key(|&layer| says[layer].activations);
        let Some(last) = last.filter(|&layer| says[layer].activations.is_some()) else { continue };
        for layer in parts(unit) {
            formats[layer].activations = formats[last].activations;
            says[layer].activations = says[last].activations;
        }
    }
}

/// The layers of a unit.
pub(crate) fn parts(unit: &Unit) -> impl Iterator<Item = usize> + use<> {
    [Some(unit.main), unit.fold, unit.cut.map(|cut| cut.layer)].into_iter().flatten()
}

/// Reports the formats that layers cannot have (E0803), once for each place that gives one.
fn unfit(
    policy: &Policy,
    net: &Network,
    formats: &[Format],
    says: &[Says],
    scheme: &Scheme,
    diags: &mut Diags,
) {
    for unit in &scheme.units {
        let Some(weights) = unit.weights else { continue };
        if parts(unit).any(|layer| formats[layer].keep) {
            continue;
        }
        let said = |rule: Option<usize>| rule.map(|rule| &policy.overrides[rule]);
        let at = match said(says[unit.main].weights) {
            Some(it) => it.weights.map(|(_, at)| at),
            None => policy.format_at[0],
        };
        let acts_at = match said(says[unit.main].activations) {
            Some(it) => it.activations.map(|(_, at)| at),
            None => policy.format_at[1],
        };
        let codes = formats[unit.main].activations != Activations::Float32;
        match (weights, codes, at) {
            (Weights::Float16, true, Some(at)) => diags.push(half_on_codes(at, acts_at)),
            (Weights::Int { per: Per::Group(size), .. }, _, Some(at)) => {
                let fits = |other: &&Unit| {
                    other.weights.is_some() && says[other.main].weights == says[unit.main].weights
                };
                let same = scheme.units.iter().filter(fits).map(|unit| inputs(net, unit.main));
                groups(net, unit.main, size, same.collect(), at, diags);
            }
            _ => {}
        }
        if matches!(unit.form, Form::Codes | Form::Dynamic) {
            // Behind relu codes begin at the zero point.
            let centred = |point: &Point| {
                point.cut.is_none()
                    && matches!(point.activations, Activations::Codes { symmetric: true, .. })
            };
            let mut points = unit.inputs.iter().map(|&flow| scheme.point_of(flow));
            let symmetric = unit.form == Form::Codes
                && points.all(|point| point.is_some_and(|i| centred(&scheme.points[i])));
            let place = at.or(policy.format_at[1]).unwrap_or(policy.method_at);
            overflow(net, unit, weights, symmetric, place, diags);
        }
    }
}

/// How many inputs each output of a product sums.
fn inputs(net: &Network, layer: usize) -> usize {
    let shape = &net.layers[layer].weights[0].shape;
    shape.len() / shape.sizes()[0].max(1)
}

/// Groups that do not divide the inputs; `same` are those of all products that have this format.
fn groups(net: &Network, layer: usize, size: usize, same: Vec<usize>, at: Span, diags: &mut Diags) {
    let sums = inputs(net, layer);
    if sums.is_multiple_of(size) {
        return;
    }
    let layer = &net.layers[layer];
    let path = &layer.path;
    let plural = if sums == 1 { "input" } else { "inputs" };
    let message =
        format!("groups of {size} do not divide the {sums} {plural} of an output of `{path}`");
    let label = format!("{sums} = {} × {size} + {}", sums / size, sums % size);
    let own = format!("override {path} {{ weights = int8 }}");
    let help = match nearest_divisor(same.into_iter().fold(0, gcd), size) {
        Some(fits) => format!("write `group({fits})`, or give the layer its own format: `{own}`"),
        None => format!("give the layer its own format: `{own}`"),
    };
    let other = (layer.span, format!("sums {sums} products"));
    diags.push(codes::format_unfit(at, &message, &label, Some((other.0, &other.1)), &help));
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The divisor from 2 that is nearest to a size.
fn nearest_divisor(of: usize, size: usize) -> Option<usize> {
    (2..=of).filter(|fits| of.is_multiple_of(*fits)).min_by_key(|fits| fits.abs_diff(size))
}

/// Sums of products that do not fit into 32 bits in the worst case: `most · largest · inputs ≥ 2³¹`
/// with `most` the largest difference of a code from the zero point.
fn overflow(
    net: &Network,
    unit: &Unit,
    weights: Weights,
    symmetric: bool,
    at: Span,
    diags: &mut Diags,
) {
    let Weights::Int { bits, .. } = weights else { return };
    let most: u64 = if symmetric { 128 } else { 255 };
    let largest: u64 = if bits == 8 { 127 } else { 7 };
    let sums = inputs(net, unit.main) as u64;
    if most * largest * sums < 1 << 31 {
        return;
    }
    let layer = &net.layers[unit.main];
    let limit = ((1u64 << 31) - 1) / (most * largest);
    let count = crate::budget::grouped;
    let message = format!(
        "an output of `{}` sums {} products, and {} are the most that surely fit into 32 bits",
        layer.path,
        count(sums),
        count(limit)
    );
    let label = format!("{most} · {largest} · {} ≥ 2³¹", count(sums));
    let help = format!("write `keep = [{}]`, or give the layer fewer inputs", layer.path);
    let other = (layer.span, format!("sums {} products", count(sums)));
    diags.push(codes::format_unfit(at, &message, &label, Some((other.0, &other.1)), &help));
}
