//! Weights to codes.

use super::calibrate::Ranged;
use super::folded::{Folded, Product};
use super::network::integer;
use super::stored::{Bias, Codes, Quantized, Stored};
use dlm_base::diag::Code;
use dlm_base::diag::codes::runs;
use dlm_check::program::{Flow, Network};
use dlm_check::quant::{Form, Per, Scheme, Unit, Weights};
use dlm_graph::Integer;
use dlm_kernels::int8::Grid;

/// Something that a quantization met and mended, and that its user should know of.
#[derive(Clone, Debug)]
pub struct Warning {
    /// Its code.
    pub code: &'static Code,
    /// What is so.
    pub message: String,
}

/// Rounds the weights of a network; what was met goes to `warnings`.
pub fn round(
    net: &Network,
    scheme: &Scheme,
    folded: &Folded,
    ranges: &[Ranged],
    warnings: &mut Vec<Warning>,
) -> Quantized {
    let grids: Vec<Grid> = ranges.iter().map(|range| range.grid).collect();
    let units = scheme.units.iter().enumerate().map(|(number, unit)| {
        let product = folded.weights(number)?;
        let input = unit.inputs.first().and_then(|&flow| scheme.point_of(flow));
        let input = input.filter(|_| unit.form == Form::Codes).map(|point| grids[point]);
        if unit.form == Form::Codes && matches!(integer(net, unit.main), Integer::Table) {
            let point = scheme.point_of(Flow::Layer(unit.output)).expect("rows have a grid");
            return Some(Stored { weight: table(&product.weight, grids[point]), bias: None });
        }
        Some(stored(net, unit, product, input, warnings))
    });
    Quantized { units: units.collect(), grids: grids.clone(), floats: folded.floats.clone() }
}

/// Weights of so many output channels, rounded to a format and back.
pub fn rounded(weights: &[f32], channels: usize, format: Weights) -> Vec<f32> {
    weights_of(&Stored { weight: codes_of(weights, channels, format, |_| ()), bias: None })
}

/// A table on the grid of its rows.
fn table(weights: &[f32], grid: Grid) -> Codes {
    let signed = |code: u8| (i16::from(code) - 128) as i8;
    Codes::Int {
        bits: 8,
        codes: weights.iter().map(|&w| signed(grid.code(w))).collect(),
        scales: vec![grid.scale],
        zeros: vec![signed(grid.zero)],
        per: Per::Tensor,
    }
}

fn stored(
    net: &Network,
    unit: &Unit,
    product: &Product,
    input: Option<Grid>,
    warnings: &mut Vec<Warning>,
) -> Stored {
    let path = &net.layers[unit.main].path;
    let channels = net.layers[unit.main].weights[0].shape.0[0];
    let mut bias = product.bias.clone().map(Bias::Float);
    let weight = codes_of(&product.weight, channels, stored_format(unit), |scales| {
        let (Some(grid), Some(numbers)) = (input, &product.bias) else { return };
        let depth = product.weight.len() / channels.max(1);
        let enlarged = fit_bias(scales, numbers, grid, depth);
        if enlarged > 0 {
            warnings.push(Warning {
                code: &runs::W1014,
                message: format!(
                    "{enlarged} biases of `{path}` are so large beside its weights that the \
                     weights' scale was enlarged to hold them"
                ),
            });
        }
        bias = Some(Bias::Int(int_bias(numbers, scales, grid)));
    });
    if let Codes::Int { scales, codes, per, .. } = &weight {
        let group = codes.len().div_ceil(scales.len().max(1)).max(1);
        let groups = product.weight.chunks(group);
        let empty = groups.filter(|weights| weights.iter().all(|&w| w == 0.0)).count();
        let which = match per {
            Per::Tensor => "all weights".to_string(),
            Per::Channel => format!("all weights of {empty} of {channels} channels"),
            Per::Group(_) => format!("all weights of {empty} of {} groups", scales.len()),
        };
        if empty > 0 {
            let message = format!("{which} of `{path}` are 0: their scale is 1");
            warnings.push(Warning { code: &runs::W1013, message });
        }
    }
    Stored { weight, bias }
}

fn stored_format(unit: &Unit) -> Weights {
    unit.weights.unwrap_or(Weights::Float32)
}

/// Weights in a format; `scaled` may enlarge the scales before numbers are rounded.
fn codes_of(
    weights: &[f32],
    channels: usize,
    format: Weights,
    scaled: impl FnOnce(&mut [f32]),
) -> Codes {
    let (bits, per, symmetric) = match format {
        Weights::Float32 => return Codes::Float(weights.to_vec()),
        Weights::Float16 => return Codes::Half(weights.iter().map(|&w| half_bits(w)).collect()),
        Weights::Int { bits, per, symmetric } => (bits, per, symmetric),
    };
    let group = match per {
        Per::Tensor => weights.len(),
        Per::Channel => weights.len() / channels.max(1),
        Per::Group(n) => n,
    };
    let groups = || weights.chunks(group.max(1));
    let (mut scales, zeros): (Vec<f32>, Vec<i8>) =
        groups().map(|weights| scale_of(weights, bits, symmetric)).unzip();
    scaled(&mut scales);
    let (least, most) = limits(bits, symmetric);
    let codes = groups().zip(scales.iter().zip(&zeros)).flat_map(|(weights, (&scale, &zero))| {
        weights.iter().map(move |&w| {
            let q = (w / scale).round_ties_even() + f32::from(zero);
            q.clamp(least, most) as i8
        })
    });
    let codes = codes.collect();
    Codes::Int { bits, codes, scales, zeros, per }
}

/// `rint(b / f32(s_x · s_w))`, in f64.
fn int_bias(bias: &[f32], scales: &[f32], grid: Grid) -> Vec<i32> {
    let each = bias.iter().enumerate().map(|(c, &b)| {
        let scale = grid.scale * scales[c.min(scales.len() - 1)];
        (f64::from(b) / f64::from(scale)).round_ties_even() as i32
    });
    each.collect()
}

/// The smallest and largest code.
fn limits(bits: u8, symmetric: bool) -> (f32, f32) {
    let most = f32::from(i8::MAX >> (8 - bits));
    if symmetric { (-most, most) } else { (-most - 1.0, most) }
}

/// Scale and zero of weights that share them, computed in f64 and rounded once.
fn scale_of(weights: &[f32], bits: u8, symmetric: bool) -> (f32, i8) {
    let (least, most) = limits(bits, symmetric);
    if symmetric {
        let largest = weights.iter().fold(0.0f32, |a, w| a.max(w.abs()));
        let scale = (f64::from(largest) / f64::from(most)) as f32;
        return (if scale > 0.0 { scale } else { 1.0 }, 0);
    }
    let lo = weights.iter().fold(0.0f32, |a, &w| a.min(w));
    let hi = weights.iter().fold(0.0f32, |a, &w| a.max(w));
    let scale = ((f64::from(hi) - f64::from(lo)) / f64::from(most - least)) as f32;
    if scale > 0.0 {
        let zero = (least - (lo / scale).round_ties_even()).clamp(least, most);
        (scale, zero as i8)
    } else {
        (1.0, 0)
    }
}

/// Enlarges scales of products of so many factors until every bias in units of input scale times weight scale, together with any sum
/// of products, fits into 32 bits. How many were enlarged.
fn fit_bias(scales: &mut [f32], bias: &[f32], grid: Grid, depth: usize) -> usize {
    let reach = i64::from(grid.zero.max(255 - grid.zero)) * 127;
    let most = (i64::from(i32::MAX) - reach * depth as i64).max(1 << 20) as f64;
    let single = scales.len() == 1;
    let mut enlarged = 0;
    for (c, &b) in bias.iter().enumerate() {
        let scale = &mut scales[if single { 0 } else { c }];
        let units = f64::from(b).abs() / f64::from(grid.scale * *scale);
        if units > most {
            *scale = (f64::from(*scale) * (units / most) * 1.0001) as f32;
            enlarged += 1;
        }
    }
    enlarged
}

/// The numbers that stored weights stand for, in the order of the axes of files.
pub fn weights_of(stored: &Stored) -> Vec<f32> {
    match &stored.weight {
        Codes::Float(numbers) => numbers.clone(),
        Codes::Half(bits) => bits.iter().map(|&b| half_value(b)).collect(),
        Codes::Int { codes, scales, zeros, .. } => {
            let group = codes.len().div_ceil(scales.len().max(1)).max(1);
            let groups = codes.chunks(group).zip(scales.iter().zip(zeros));
            let value = |q: i8, s: f32, z: i8| (f32::from(q) - f32::from(z)) * s;
            groups
                .flat_map(|(codes, (&s, &z))| codes.iter().map(move |&q| value(q, s, z)))
                .collect()
        }
    }
}

/// The bits of the nearest number of half precision (ties to even); what is too large becomes
/// infinite.
pub fn half_bits(x: f32) -> u16 {
    let bits = x.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    if magnitude > 0x7f80_0000 {
        return sign | 0x7e00;
    }
    // Below 2⁻¹⁴ numbers are multiples of 2⁻²⁴.
    if magnitude < 0x3880_0000 {
        let units = f32::from_bits(magnitude) * 16_777_216.0;
        return sign | units.round_ties_even() as u16;
    }
    let rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
    if rounded >= 0x4780_0000 {
        return sign | 0x7c00;
    }
    sign | ((rounded - 0x3800_0000) >> 13) as u16
}

/// The number of half precision with these bits.
pub fn half_value(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (bits >> 10 & 0x1f, f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction / 16_777_216.0,
        31 if fraction > 0.0 => f32::NAN,
        31 => f32::INFINITY,
        e => (1.0 + fraction / 1024.0) * 2.0f32.powi(i32::from(e) - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_goes_there_and_back() {
        for bits in 0..=u16::MAX {
            let value = half_value(bits);
            if !value.is_nan() {
                assert_eq!(half_bits(value), bits, "{value}");
            }
        }
        // Between two neighbours the even one is taken, and what is too large is infinite.
        assert_eq!(half_value(half_bits(1.0 + 1.0 / 2048.0)), 1.0);
        assert_eq!(half_value(half_bits(1.0 + 3.0 / 2048.0)), 1.0 + 2.0 / 1024.0);
        assert_eq!(half_value(half_bits(65520.0)), f32::INFINITY);
        assert_eq!(half_value(half_bits(65519.0)), 65504.0);
        assert_eq!(half_bits(3e-8), 1);
    }

    #[test]
    fn the_largest_weight_is_the_largest_code() {
        assert_eq!(scale_of(&[-2.54, 1.0], 8, true), (0.02, 0));
        assert_eq!(scale_of(&[0.0, 0.0], 8, true), (1.0, 0));
        let (scale, zero) = scale_of(&[-1.0, 2.0], 4, false);
        assert_eq!((scale, zero), (0.2, -3));
    }

    #[test]
    fn a_bias_that_does_not_fit_enlarges_its_scale() {
        let mut scales = [1e-6, 1e-6];
        let grid = Grid { scale: 1e-6, zero: 0 };
        let enlarged = fit_bias(&mut scales, &[1.0, 1e-3], grid, 9);
        assert_eq!((enlarged, scales[1]), (1, 1e-6));
        let units = 1.0 / f64::from(grid.scale * scales[0]);
        assert!(units < f64::from(i32::MAX) - 255.0 * 127.0 * 9.0, "{units}");
    }
}
