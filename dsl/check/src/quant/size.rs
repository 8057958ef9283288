//! What a quantized network costs in bytes, known before it runs.

use super::{Form, Per, Scheme, Unit, Weights};
use crate::budget::peak;
use crate::program::{Flow, Network};

/// Bytes of a scale, of a bias, and of any weight that is not rounded.
const NUMBER: u64 = 4;
/// Bytes of a grid: a scale and a zero point.
const GRID: u64 = 5;

/// Bytes of a quantized network as stored: the weights of all units ([`unit_size`]), and for each tensor
/// with a grid a scale in float32 and a zero point of one byte.
pub fn size(net: &Network, scheme: &Scheme) -> u64 {
    let units: u64 = scheme.units.iter().map(|unit| unit_size(net, unit)).sum();
    units + GRID * scheme.points.len() as u64
}

/// Bytes of the weights of a unit as stored.
///
/// With `C` output channels of `K` inputs each, the `C · K` weights of a product take 4 bytes each in
/// float32, 2 in float16, 1 in int8 and half a byte in int4, rounded up. Rounded weights have scales of
/// 4 bytes: 1 for each tensor, `C` for each channel, `C · K / n` for groups of `n`, and half a byte more
/// for each group, rounded up in all, where groups have zero points. A bias takes `4 · C` bytes, its own or
/// that of a normalisation which is folded into the product. All other weights, running statistics
/// included, take 4 bytes each.
pub fn unit_size(net: &Network, unit: &Unit) -> u64 {
    let layer = &net.layers[unit.main];
    let count = |weight: &dlm_graph::Weight| weight.shape.len() as u64;
    let (Some(format), [matrix, rest @ ..]) = (unit.weights, layer.weights.as_slice()) else {
        let folded = unit.fold.map_or(&[][..], |fold| &net.layers[fold].weights);
        return NUMBER * layer.weights.iter().chain(folded).map(count).sum::<u64>();
    };
    let channels = matrix.shape.sizes().first().map_or(1, |&size| size as u64);
    let bias = match (rest, unit.fold) {
        ([], None) => 0,
        _ => NUMBER * channels,
    };
    rounded(count(matrix), channels, format) + bias
}

/// The most bytes that inputs and results of units take at one time while one sample goes through, as
/// [`crate::budget::memory`] counts them; codes take 1 byte each, floats 4. What enters the network takes
/// as much as the units that read it want.
pub fn memory(net: &Network, scheme: &Scheme) -> u64 {
    let bytes = |flow: Flow| {
        let codes = match flow {
            Flow::Input(_) => scheme.point_of(flow).is_some(),
            Flow::Layer(layer) => {
                scheme.unit_of[layer].is_some_and(|unit| scheme.units[unit].form == Form::Codes)
            }
        };
        net.ty(flow).shape.len() as u64 * if codes { 1 } else { NUMBER }
    };
    let steps: Vec<(Flow, &[Flow])> = scheme
        .units
        .iter()
        .map(|unit| (Flow::Layer(unit.output), unit.inputs.as_slice()))
        .collect();
    let inputs: Vec<Flow> = (0..net.inputs.len()).map(Flow::Input).collect();
    peak(&inputs, &steps, scheme.output, bytes)
}

/// Bytes of `count` weights with their scales and zero points.
fn rounded(count: u64, channels: u64, format: Weights) -> u64 {
    let (bits, per, symmetric) = match format {
        Weights::Float32 => return NUMBER * count,
        Weights::Float16 => return 2 * count,
        Weights::Int { bits, per, symmetric } => (bits, per, symmetric),
    };
    let scales = match per {
        Per::Tensor => 1,
        Per::Channel => channels,
        Per::Group(size) => count / (size as u64).max(1),
    };
    let zeros = if symmetric { 0 } else { (scales * u64::from(bits)).div_ceil(8) };
    (count * u64::from(bits)).div_ceil(8) + NUMBER * scales + zeros
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_take_their_bits_and_their_scales() {
        let int = |bits, per, symmetric| Weights::Int { bits, per, symmetric };
        // 3 channels of 15 inputs.
        let bytes = |format| rounded(45, 3, format);
        assert_eq!(bytes(Weights::Float32), 180);
        assert_eq!(bytes(Weights::Float16), 90);
        assert_eq!(bytes(int(8, Per::Channel, true)), 45 + 3 * 4);
        assert_eq!(bytes(int(8, Per::Tensor, true)), 45 + 4);
        assert_eq!(bytes(int(4, Per::Tensor, true)), 23 + 4);
        assert_eq!(bytes(int(4, Per::Group(5), true)), 23 + 9 * 4);
        assert_eq!(bytes(int(4, Per::Group(5), false)), 23 + 9 * 4 + 5);
        assert_eq!(bytes(int(8, Per::Tensor, false)), 45 + 4 + 1);
    }
}
