//! What a network costs, known before it runs.

use crate::program::{Flow, Network};

/// The cost of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The numbers that training changes.
    pub params: u64,
    /// Multiply-adds for one sample.
    pub macs: u64,
    /// Bytes of the parameters and running statistics as stored, in float32.
    pub size: u64,
    /// Peak bytes of activations for one sample; see [`memory`].
    pub memory: u64,
}

/// The cost of a network.
pub fn budget(net: &Network) -> Budget {
    Budget { params: net.params(), macs: net.macs(), size: net.size(), memory: memory(net) }
}

/// The most bytes that inputs and results of layers take at one time while one sample goes through:
/// `max over layers t of Σ bytes(v) over the values v alive at t`.
///
/// A value is alive from the layer that makes it (an input: from the start) to the last layer that
/// reads it (the output of the network: to the end), both included. So a layer's inputs and its
/// result are alive together, and nothing is computed in place. Numbers take 4 bytes each.
pub fn memory(net: &Network) -> u64 {
    let steps = net.layers.len();
    // The change of the living bytes before each step, and after the last.
    let mut change = vec![0i64; steps + 2];
    let mut live = |flow: Flow, from: usize, to: usize| {
        let bytes = net.ty(flow).bytes(1) as i64;
        change[from] += bytes;
        change[to + 1] -= bytes;
    };
    let last = last_reads(net);
    for input in 0..net.inputs.len() {
        live(Flow::Input(input), 0, last.inputs[input]);
    }
    for layer in 0..steps {
        live(Flow::Layer(layer), layer, last.layers[layer]);
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
        _ => (1_048_576.0, "MiB"),
    };
    let number = format!("{:.2}", n as f64 / unit);
    format!("{} {name}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// The last step at which each value is read; at least the step that makes it.
struct LastReads {
    inputs: Vec<usize>,
    layers: Vec<usize>,
}

fn last_reads(net: &Network) -> LastReads {
    let steps = net.layers.len();
    let mut last = LastReads { inputs: vec![0; net.inputs.len()], layers: (0..steps).collect() };
    let mut read = |flow: Flow, at: usize| match flow {
        Flow::Input(i) => last.inputs[i] = last.inputs[i].max(at),
        Flow::Layer(i) => last.layers[i] = last.layers[i].max(at),
    };
    for (at, layer) in net.layers.iter().enumerate() {
        layer.inputs.iter().for_each(|&flow| read(flow, at));
    }
    read(net.output, steps.saturating_sub(1));
    last
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
