//! What a network costs, known before it runs.

use crate::program::{Artifact, Flow, Network, Program};
use crate::quant;

/// The cost of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The numbers that training changes.
    pub params: u64,
    /// Multiply-adds for one sample.
    pub macs: u64,
    /// Bytes of the parameters and running statistics as stored.
    pub size: u64,
    /// Peak bytes of activations for one sample; see [`memory`].
    pub memory: u64,
}

/// The cost of a network.
pub fn budget(net: &Network) -> Budget {
    Budget { params: net.params(), macs: net.macs(), size: net.size(), memory: memory(net) }
}

/// The cost of an artifact. Where it is quantized, weights and activations take the bytes of their formats;
/// parameters and multiply-adds are those of the float network. `None` for what has no network.
pub fn of(program: &Program, artifact: Artifact<'_>) -> Option<Budget> {
    let net = &program.networks[artifact.network()?];
    let float = budget(net);
    Some(match artifact.quantization {
        None => float,
        Some(it) => Budget {
            size: quant::size(net, &it.scheme),
            memory: quant::memory(net, &it.scheme),
            ..float
        },
    })
}

/// The most bytes that inputs and results of layers take at one time while one sample goes through:
/// `max over layers t of Σ bytes(v) over the values v alive at t`.
///
/// A value is alive from the layer that makes it (an input: from the start) to the last layer that
/// reads it (the output of the network: to the end), both included. So a layer's inputs and its
/// result are alive together, and nothing is computed in place. Numbers take 4 bytes each.
pub fn memory(net: &Network) -> u64 {
    let layers = net.layers.iter().enumerate();
    let steps: Vec<(Flow, &[Flow])> =
        layers.map(|(i, layer)| (Flow::Layer(i), layer.inputs.as_slice())).collect();
    let inputs: Vec<Flow> = (0..net.inputs.len()).map(Flow::Input).collect();
    peak(&inputs, &steps, net.output, |flow| net.ty(flow).bytes(1) as u64)
}

/// The most bytes that values take at one time while `steps` run in order, each with what it makes and what
/// it reads. `inputs` are there from the start, `output` is kept to the end.
pub(crate) fn peak(
    inputs: &[Flow],
    steps: &[(Flow, &[Flow])],
    output: Flow,
    bytes: impl Fn(Flow) -> u64,
) -> u64 {
    let end = steps.len().saturating_sub(1);
    let place = |flow: Flow| match flow {
        Flow::Input(i) => i,
        Flow::Layer(i) => inputs.len() + i,
    };
    let flows = inputs.iter().chain(steps.iter().map(|(made, _)| made));
    let places = flows.clone().chain([&output]).map(|&flow| place(flow) + 1).max().unwrap_or(0);
    // The last step at which each value is read.
    let mut last = vec![0; places];
    for (at, (_, reads)) in steps.iter().enumerate() {
        reads.iter().for_each(|&flow| last[place(flow)] = at);
    }
    last[place(output)] = end;
    // The change of the living bytes before each step, and after the last.
    let mut change = vec![0i64; steps.len() + 2];
    let from = inputs.iter().map(|_| 0).chain(0..steps.len());
    for (&flow, from) in flows.zip(from) {
        change[from] += bytes(flow) as i64;
        change[last[place(flow)].max(from) + 1] -= bytes(flow) as i64;
    }
    let sums = change.iter().scan(0i64, |sum, &step| {
        *sum += step;
        Some(*sum)
    });
    sums.max().unwrap_or(0) as u64
}

/// A whole number with a comma after each three digits: `1,797`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the unit that fits: `900 B`, `4 KiB`, `1.53 MiB`.
pub fn bytes(n: u64) -> String {
    let (unit, name) = match n {
        0..1024 => return format!("{n} B"),
        1024..1_048_576 => (1024.0, "KiB"),
        1_048_576..1_073_741_824 => (1_048_576.0, "MiB"),
        _ => (1_073_741_824.0, "GiB"),
    };
    let number = format!("{:.2}", n as f64 / unit);
    format!("{} {name}", number.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::tests::chain;

    #[test]
    fn the_peak_counts_what_lives_together() {
        // 4 -> 10 -> 6 floats: the widest step holds 10 + 6.
        assert_eq!(memory(&chain(&[4, 10, 6])), 4 * 16);
        // 20 -> 10 -> 6: the first step holds 20 + 10.
        assert_eq!(memory(&chain(&[20, 10, 6])), 4 * 30);
    }

    #[test]
    fn a_skip_keeps_its_value_alive() {
        let mut net = chain(&[8, 8, 8, 8]);
        net.layers[2].inputs.push(Flow::Input(0));
        // At the second and third step: input, and two more values.
        assert_eq!(memory(&net), 4 * 24);
    }

    #[test]
    fn figures_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(123_456), "123,456");
        assert_eq!(bytes(900), "900 B");
        assert_eq!(bytes(4096), "4 KiB");
        assert_eq!(bytes(1_600_000), "1.53 MiB");
    }
}
