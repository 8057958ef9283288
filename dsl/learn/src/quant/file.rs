//! Quantized networks in files: safetensors with codes, scales and zeros as they run.

use super::stored::{Bias, Codes, Quantized, Stored};
use crate::sealed;
use crate::weights::About;
use dlm_base::Shape;
use dlm_check::lower::weights;
use dlm_check::program::{Flow, Network};
use dlm_check::quant::{Form, Per, Quantization, Scheme, Weights as Format, scheme};
use dlm_kernels::int8::Grid;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use std::collections::BTreeMap;

/// A tensor of a file.
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// The bytes of a safetensors file: `path.weight` as int8 (int4: two in a byte, the first in the lower half),
/// float16 or float32, `path.weight_scale`, `path.weight_zero` of as many bits, `path.bias` as int32 or float32, and for
/// each tensor with a grid `path.output_scale` and `path.output_zero` (`name.scale`, `name.zero` for an
/// input). The same network gives the same bytes.
///
/// # Errors
/// When the file format cannot hold them.
pub fn to_bytes(
    net: &Network,
    scheme: &Scheme,
    quantized: &Quantized,
    about: &About,
) -> Result<Vec<u8>, String> {
    let tensors = tensors(net, scheme, quantized);
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, it)| (name.clone(), it.dtype, it.shape.clone(), it.bytes.as_slice()))
        .collect();
    sealed::write(about, &tensors)
}

/// Bytes of all tensors of a quantized network.
pub fn size(net: &Network, scheme: &Scheme, quantized: &Quantized) -> u64 {
    tensors(net, scheme, quantized).values().map(|tensor| tensor.bytes.len() as u64).sum()
}

fn tensors(net: &Network, scheme: &Scheme, quantized: &Quantized) -> BTreeMap<String, Tensor> {
    let mut tensors = BTreeMap::new();
    for (unit, stored) in scheme.units.iter().zip(&quantized.units) {
        let layer = &net.layers[unit.main];
        if let Some(stored) = stored {
            put(&mut tensors, &layer.path, &layer.weights[0].shape, stored);
        }
    }
    for info in weights(net) {
        if let Some(numbers) = quantized.floats.get(&info.name) {
            tensors.insert(info.name, floats(numbers, info.shape.0));
        }
    }
    for (point, grid) in scheme.points.iter().zip(&quantized.grids) {
        let [scale, zero] = grid_names(net, point.flow);
        tensors.insert(scale, floats(&[grid.scale], vec![1]));
        let zero_tensor = Tensor { dtype: Dtype::U8, shape: vec![1], bytes: vec![grid.zero] };
        tensors.insert(zero, zero_tensor);
    }
    tensors
}

fn put(tensors: &mut BTreeMap<String, Tensor>, path: &str, shape: &Shape, stored: &Stored) {
    let name = |what: &str| format!("{path}.{what}");
    let weight = match &stored.weight {
        Codes::Float(numbers) => floats(numbers, shape.0.clone()),
        Codes::Half(bits) => Tensor {
            dtype: Dtype::F16,
            shape: shape.0.clone(),
            bytes: bits.iter().flat_map(|b| b.to_le_bytes()).collect(),
        },
        Codes::Int { bits, codes, scales, zeros, .. } => {
            tensors.insert(name("weight_scale"), floats(scales, vec![scales.len()]));
            if zeros.iter().any(|&zero| zero != 0) {
                tensors.insert(name("weight_zero"), packed(zeros, *bits, &[zeros.len()]));
            }
            packed(codes, *bits, shape.sizes())
        }
    };
    tensors.insert(name("weight"), weight);
    let bias = stored.bias.as_ref().map(|bias| match bias {
        Bias::Float(numbers) => floats(numbers, vec![numbers.len()]),
        Bias::Int(numbers) => Tensor {
            dtype: Dtype::I32,
            shape: vec![numbers.len()],
            bytes: numbers.iter().flat_map(|b| b.to_le_bytes()).collect(),
        },
    });
    tensors.extend(bias.map(|bias| (name("bias"), bias)));
}

/// Numbers of 8 bits, or of 4 of which two are in a byte.
fn packed(numbers: &[i8], bits: u8, shape: &[usize]) -> Tensor {
    if bits == 8 {
        let bytes = numbers.iter().map(|&q| q as u8).collect();
        return Tensor { dtype: Dtype::I8, shape: shape.to_vec(), bytes };
    }
    let bytes = nibbles(numbers);
    Tensor { dtype: Dtype::U8, shape: vec![bytes.len()], bytes }
}

fn floats(numbers: &[f32], shape: Vec<usize>) -> Tensor {
    let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    Tensor { dtype: Dtype::F32, shape, bytes }
}

fn grid_names(net: &Network, flow: Flow) -> [String; 2] {
    match flow {
        Flow::Input(i) => ["scale", "zero"].map(|what| format!("{}.{what}", net.inputs[i].0)),
        Flow::Layer(i) => {
            ["output_scale", "output_zero"].map(|what| format!("{}.{what}", net.layers[i].path))
        }
    }
}

/// Two numbers in a byte, the first in the lower half.
fn nibbles(numbers: &[i8]) -> Vec<u8> {
    let half = |x: i8| x as u8 & 0xf;
    numbers.chunks(2).map(|pair| half(pair[0]) | half(*pair.get(1).unwrap_or(&0)) << 4).collect()
}

fn from_nibbles(bytes: &[u8], count: usize) -> Vec<i8> {
    let signed = |half: u8| ((half << 4) as i8) >> 4;
    let all = bytes.iter().flat_map(|&b| [signed(b & 0xf), signed(b >> 4)]);
    all.take(count).collect()
}

/// A quantized network from the bytes of a file that [`to_bytes`] wrote, with the scheme under which it
/// runs.
///
/// # Errors
/// When the bytes are no such file, or model or policy have changed since.
pub fn from_bytes(
    net: &Network,
    quantization: &Quantization,
    bytes: &[u8],
) -> Result<(Scheme, Quantized, About), String> {
    let (file, about): (_, About) =
        sealed::read(bytes).map_err(|fault| fault.words("quantize again"))?;
    let mut formats = quantization.formats.clone();
    let given_back: Vec<usize> = (quantization.scheme.units.iter().enumerate())
        .filter(|(_, unit)| {
            about.given_back.iter().any(|path| **path == *net.layers[unit.main].path)
        })
        .map(|(number, _)| number)
        .collect();
    for &unit in &given_back {
        formats[quantization.scheme.units[unit].main].keep = true;
    }
    let mut now = scheme(net, quantization.method, &formats);
    given_back.iter().for_each(|&unit| now.give_back(unit));
    let reader = Reader { file };
    let mut quantized = Quantized::default();
    for unit in &now.units {
        let layer = &net.layers[unit.main];
        let stored = match unit.weights {
            None => None,
            Some(format) => {
                let shape = &layer.weights[0].shape;
                let integers = unit.form == Form::Codes;
                Some(reader.stored(&layer.path, shape, format, integers)?)
            }
        };
        if unit.weights.is_none() {
            for weight in &layer.weights {
                let name = format!("{}.{}", layer.path, weight.name);
                let numbers = reader.floats(&name, weight.shape.len())?;
                quantized.floats.insert(name, numbers);
            }
        }
        quantized.units.push(stored);
    }
    for point in &now.points {
        let [scale, zero] = grid_names(net, point.flow);
        let grid = Grid {
            scale: reader.floats(&scale, 1)?[0],
            zero: reader.bytes(&zero, Dtype::U8, 1)?[0],
        };
        quantized.grids.push(grid);
    }
    Ok((now, quantized, about))
}

struct Reader<'a> {
    file: SafeTensors<'a>,
}

impl<'a> Reader<'a> {
    fn bytes(&self, name: &str, dtype: Dtype, len: usize) -> Result<&'a [u8], String> {
        let tensor = self.file.tensor(name).map_err(|_| {
            format!("it has no `{name}`: model or policy have changed since; quantize again")
        })?;
        if tensor.dtype() != dtype || tensor.data().len() != len {
            return Err(format!(
                "`{name}` has another size or format there: model or policy have changed since; \
                 quantize again"
            ));
        }
        Ok(tensor.data())
    }

    fn floats(&self, name: &str, count: usize) -> Result<Vec<f32>, String> {
        let bytes = self.bytes(name, Dtype::F32, 4 * count)?;
        Ok(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    fn stored(
        &self,
        path: &str,
        shape: &Shape,
        format: Format,
        integers: bool,
    ) -> Result<Stored, String> {
        let name = |what: &str| format!("{path}.{what}");
        let (count, channels) = (shape.len(), shape.0[0]);
        let weight = match format {
            Format::Float32 => Codes::Float(self.floats(&name("weight"), count)?),
            Format::Float16 => {
                let bytes = self.bytes(&name("weight"), Dtype::F16, 2 * count)?;
                let bits = bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
                Codes::Half(bits.collect())
            }
            Format::Int { bits, per, .. } => {
                let groups = match per {
                    Per::Tensor => 1,
                    Per::Channel => channels,
                    Per::Group(n) => count / n.max(1),
                };
                let read = |name: &str, count: usize| -> Result<Vec<i8>, String> {
                    if bits == 8 {
                        let bytes = self.bytes(name, Dtype::I8, count)?;
                        return Ok(bytes.iter().map(|&b| b as i8).collect());
                    }
                    let bytes = self.bytes(name, Dtype::U8, count.div_ceil(2))?;
                    Ok(from_nibbles(bytes, count))
                };
                let codes = read(&name("weight"), count)?;
                let zeros = match self.file.tensor(&name("weight_zero")) {
                    Ok(_) => read(&name("weight_zero"), groups)?,
                    Err(_) => vec![0; groups],
                };
                let scales = self.floats(&name("weight_scale"), groups)?;
                Codes::Int { bits, codes, scales, zeros, per }
            }
        };
        let bias = match self.file.tensor(&name("bias")) {
            Err(_) => None,
            Ok(_) if integers => {
                let bytes = self.bytes(&name("bias"), Dtype::I32, 4 * channels)?;
                let each =
                    bytes.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
                Some(Bias::Int(each.collect()))
            }
            Ok(_) => Some(Bias::Float(self.floats(&name("bias"), channels)?)),
        };
        Ok(Stored { weight, bias })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_of_four_bits_share_a_byte() {
        let numbers = [-8, 7, -1, 0, 3];
        assert_eq!(nibbles(&numbers), [0x78, 0x0f, 0x03]);
        assert_eq!(from_nibbles(&nibbles(&numbers), 5), numbers);
    }
}
