//! A quantized network in ONNX: what runs on codes stands between `QuantizeLinear` and
//! `DequantizeLinear`, the form that ONNX Runtime turns into integer kernels.

use super::{file, floats};
use crate::quant::round::weights_of;
use crate::quant::{Bias, Codes, Quantized, Stored};
use crate::weights::About;
use dlm_check::program::{Flow, NetLayer, Network};
use dlm_check::quant::{Form, Scheme, Unit};
use dlm_graph::Ty;
use dlm_graph::onnx::{Attr, Element, GridNames, Grids, Node, Onnx};

/// What is added to the codes of weights, −127 to 127, to make the bytes of a file.
const MIDDLE: u8 = 128;

/// The bytes of an ONNX file that computes what a quantized network answers.
///
/// Steps on codes have `QuantizeLinear` and `DequantizeLinear` before and behind them, with one grid of
/// uint8 for a tensor. Their weights are uint8 too, `code + 128` with zero point 128, one scale for the
/// tensor or for each output channel: arithmetic is that of the codes −127 to 127, and no CPU's kernel
/// saturates on the way, as those of int8 weights do without VNNI. Biases are int32 in units of
/// `f32(scale of the input · scale of the weights)`. A relu stands where ONNX Runtime absorbs it; a relu6
/// is in the grid, which ends at 6. Folded normalisation has no node. Products of codes whose input is
/// rounded as it comes are `DynamicQuantizeLinear` with `MatMulInteger` or `ConvInteger`. Steps in float
/// are those of [`super::float_model`]; weights that are stored in groups or in half precision are
/// turned into floats.
///
/// # Errors
/// When a weight is missing, or the file would have 2 GiB or more.
///
/// # Panics
/// When `quantized` is not made after `scheme`, or the grid behind a relu does not begin at 0.
pub fn quantized_model(
    network: &Network,
    scheme: &Scheme,
    quantized: &Quantized,
    about: &About,
) -> Result<Vec<u8>, String> {
    assert_eq!(quantized.units.len(), scheme.units.len(), "units of {}", network.title);
    assert_eq!(quantized.grids.len(), scheme.points.len(), "grids of {}", network.title);
    let inputs = network.inputs.iter().map(|(name, _)| Made::float(name.clone()));
    let mut writer = Writer {
        network,
        scheme,
        quantized,
        out: Onnx::default(),
        grids: Vec::new(),
        inputs: inputs.collect(),
        made: vec![Made::default(); network.layers.len()],
    };
    writer.name_grids();
    for number in 0..scheme.units.len() {
        writer.unit(number)?;
    }
    let result = writer.value(scheme.output, false);
    file::bytes(writer.out, network, &result, about)
}

/// The names of a tensor.
#[derive(Clone, Debug, Default)]
struct Made {
    /// As computed in float.
    float: Option<String>,
    /// Rounded to codes and back.
    rounded: Option<String>,
}

impl Made {
    fn float(name: String) -> Made {
        Made { float: Some(name), rounded: None }
    }
}

/// A file in the making.
struct Writer<'a> {
    network: &'a Network,
    scheme: &'a Scheme,
    quantized: &'a Quantized,
    out: Onnx,
    /// For each point of the scheme.
    grids: Vec<GridNames>,
    inputs: Vec<Made>,
    /// For each layer.
    made: Vec<Made>,
}

impl<'a> Writer<'a> {
    /// Adds scale and zero point of each grid.
    fn name_grids(&mut self) {
        for (point, grid) in self.scheme.points.iter().zip(&self.quantized.grids) {
            let name = match point.flow {
                Flow::Input(i) => &*self.network.inputs[i].0,
                Flow::Layer(i) => &*self.network.layers[i].path,
            };
            let scale = floats(&mut self.out, format!("{name}/scale"), &[], &[grid.scale]);
            let zero = format!("{name}/zero");
            let zero = self.out.constant(zero, Element::U8, &[], vec![grid.zero]);
            self.grids.push(GridNames { scale, zero });
        }
    }

    fn unit(&mut self, number: usize) -> Result<(), String> {
        let unit = &self.scheme.units[number];
        let stored = self.quantized.units[number].as_ref();
        let made = match (&unit.form, stored) {
            (Form::Codes, stored) => Made { float: None, rounded: Some(self.codes(unit, stored)?) },
            (Form::Dynamic, Some(stored)) => Made::float(self.dynamic(unit, stored)),
            (Form::Dynamic, None) => panic!("{}: no weights", self.layer(unit.main).path),
            (Form::Float(_), stored) => Made::float(self.float(unit, stored)?),
        };
        self.made[unit.output] = made;
        Ok(())
    }

    /// A unit on codes: the name of its result, rounded.
    fn codes(&mut self, unit: &Unit, stored: Option<&Stored>) -> Result<String, String> {
        let flows = self.flows(unit, true);
        let grid = |writer: &Self, flow| {
            let point = writer.scheme.point_of(flow).expect("a step on codes has grids");
            (writer.grids[point].clone(), writer.quantized.grids[point])
        };
        let (result, steps) = grid(self, Flow::Layer(unit.output));
        let main = self.layer(unit.main);
        let first = match self.scheme.point_of(unit.inputs[0]) {
            Some(_) => grid(self, unit.inputs[0]),
            None => (result.clone(), steps),
        };
        let weights = match stored {
            Some(stored) => self.rounded_weights(main, stored, first.1.scale),
            None => self.float_weights(main)?,
        };
        let grids = Grids { flow: first.0, result: result.clone() };
        self.out.enter(&main.path, Some(grids));
        let mut value = main.layer.onnx(&mut self.out, &flows, &weights);
        if let Some(cut) = unit.cut {
            assert_eq!(steps.zero, 0, "{}: the grid behind a relu begins at 0", main.path);
            if cut.most.is_infinite() {
                value = self.apply(cut.layer, value);
            }
        }
        Ok(self.out.rounded(&value, &result))
    }

    /// A product whose input is rounded as it comes: the name of its result.
    fn dynamic(&mut self, unit: &Unit, stored: &Stored) -> String {
        let (flow, ty) = self.flows(unit, false).remove(0);
        let main = self.layer(unit.main);
        let Codes::Int { codes, scales, .. } = &stored.weight else {
            panic!("{}: a product of codes without codes", main.path)
        };
        let path = &*main.path;
        let dims = main.weights[0].shape.sizes();
        let zero = format!("{path}.weight/zero");
        let zero = self.out.constant(zero, Element::U8, &[], vec![MIDDLE]);
        let x = ["codes", "scale", "zero"].map(|word| format!("{path}/input_{word}"));
        self.out.nodes.push(Node {
            name: format!("{path}/input"),
            op: "DynamicQuantizeLinear",
            domain: "",
            inputs: vec![flow.clone()],
            outputs: x.to_vec(),
            attrs: vec![],
        });
        let [x, scale, x_zero] = x;
        let name = format!("{path}.weight");
        // What a layer's convolution is says its own node.
        let mut own = Onnx::default();
        main.layer.onnx(&mut own, &[(flow, ty)], std::slice::from_ref(&name));
        let conv = own.nodes.into_iter().find(|node| node.op == "Conv");
        let (op, attrs, spread) = match conv {
            Some(conv) => ("ConvInteger", conv.attrs, dims.len() - 2),
            None => ("MatMulInteger", vec![], 0),
        };
        let weight = match op {
            "ConvInteger" => self.out.constant(name, Element::U8, dims, bytes(codes)),
            _ => {
                let [units, features] = *dims else { panic!("{path}: weights of {dims:?}") };
                let turned: Vec<i8> = (0..features)
                    .flat_map(|k| (0..units).map(move |u| codes[u * features + k]))
                    .collect();
                self.out.constant(name, Element::U8, &[features, units], bytes(&turned))
            }
        };
        // One number for each channel, whose axis is followed by those of places.
        let along = |count: usize| match count {
            1 => vec![],
            count => [count].into_iter().chain(std::iter::repeat_n(1, spread)).collect(),
        };
        let name = format!("{path}.weight/scale");
        let weight_scale = floats(&mut self.out, name, &along(scales.len()), scales);
        self.out.enter(path, None);
        let sum = self.out.part("sums", op, &[x, weight, x_zero, zero], attrs);
        let sum = self.out.part("floats", "Cast", &[sum], vec![("to", Attr::Int(1))]);
        let scale = self.out.part("scale", "Mul", &[scale, weight_scale], vec![]);
        let mut value = match &stored.bias {
            None => self.out.add("Mul", &[sum, scale], vec![]),
            Some(Bias::Int(_)) => panic!("{path}: a bias on a grid that is not known"),
            Some(Bias::Float(bias)) => {
                let product = self.out.part("product", "Mul", &[sum, scale], vec![]);
                let dims: Vec<usize> =
                    [bias.len()].into_iter().chain(std::iter::repeat_n(1, spread)).collect();
                let bias = floats(&mut self.out, format!("{path}.bias"), &dims, bias);
                self.out.add("Add", &[product, bias], vec![])
            }
        };
        if let Some(cut) = unit.cut {
            value = self.apply(cut.layer, value);
        }
        value
    }

    /// A unit in float: the name of its result.
    fn float(&mut self, unit: &Unit, stored: Option<&Stored>) -> Result<String, String> {
        let flows = self.flows(unit, false);
        let main = self.layer(unit.main);
        let weights = match stored {
            Some(stored) => self.restored_weights(main, stored),
            None => self.float_weights(main)?,
        };
        self.out.enter(&main.path, None);
        let mut value = main.layer.onnx(&mut self.out, &flows, &weights);
        if let Some(cut) = unit.cut {
            value = self.apply(cut.layer, value);
        }
        Ok(value)
    }

    /// Adds a layer without weights behind a value.
    fn apply(&mut self, layer: usize, value: String) -> String {
        let layer = self.layer(layer);
        self.out.enter(&layer.path, None);
        layer.layer.onnx(&mut self.out, &[(value, layer.ty.clone())], &[])
    }

    fn layer(&self, index: usize) -> &'a NetLayer {
        &self.network.layers[index]
    }

    /// What enters a unit.
    fn flows(&mut self, unit: &Unit, on_codes: bool) -> Vec<(String, Ty)> {
        let each = unit.inputs.iter().map(|&flow| {
            // What reads a table are whole numbers.
            let on_codes = on_codes && self.scheme.point_of(flow).is_some();
            (self.value(flow, on_codes), self.network.ty(flow).clone())
        });
        each.collect()
    }

    /// The name of a tensor: rounded to codes, or as it was computed.
    fn value(&mut self, flow: Flow, on_codes: bool) -> String {
        let made = match flow {
            Flow::Input(i) => &mut self.inputs[i],
            Flow::Layer(i) => &mut self.made[i],
        };
        match (&made.float, &made.rounded) {
            (Some(float), _) if !on_codes => float.clone(),
            (_, Some(rounded)) => rounded.clone(),
            (Some(float), None) => {
                let point = self.scheme.point_of(flow).expect("what becomes codes has a grid");
                let rounded = self.out.rounded(float, &self.grids[point]);
                made.rounded = Some(rounded.clone());
                rounded
            }
            (None, None) => panic!("{flow:?} is read before it is made"),
        }
    }
}

impl Writer<'_> {
    /// Adds weights as bytes with a bias of whole numbers, and returns the names of both in float.
    fn rounded_weights(&mut self, layer: &NetLayer, stored: &Stored, input: f32) -> Vec<String> {
        let Codes::Int { codes, scales, zeros, .. } = &stored.weight else {
            panic!("{}: weights on codes without codes", layer.path)
        };
        let name = format!("{}.weight", layer.path);
        let (along, attrs) = match scales.len() {
            1 => (vec![], vec![]),
            channels => (vec![channels], vec![("axis", Attr::Int(0))]),
        };
        let dims = layer.weights[0].shape.sizes();
        let weight = self.out.constant(name.clone(), Element::U8, dims, bytes(codes));
        let scale = floats(&mut self.out, format!("{name}/scale"), &along, scales);
        let zero = self.out.constant(format!("{name}/zero"), Element::U8, &along, bytes(zeros));
        let inputs = [weight, scale, zero];
        let name = format!("{name}/dequantize");
        let mut names = vec![self.out.node(name, "DequantizeLinear", &inputs, attrs.clone())];
        let name = format!("{}.bias", layer.path);
        match &stored.bias {
            None => {}
            Some(Bias::Float(bias)) => {
                names.push(floats(&mut self.out, name, &[bias.len()], bias));
            }
            Some(Bias::Int(bias)) => {
                let bytes = bias.iter().flat_map(|x| x.to_le_bytes()).collect();
                let codes = self.out.constant(name.clone(), Element::I32, &[bias.len()], bytes);
                let scales: Vec<f32> = scales.iter().map(|scale| input * scale).collect();
                let scale = floats(&mut self.out, format!("{name}/scale"), &along, &scales);
                let name = format!("{name}/dequantize");
                names.push(self.out.node(name, "DequantizeLinear", &[codes, scale], attrs));
            }
        }
        names
    }

    /// Adds the weights of a product as floats, and returns their names.
    fn restored_weights(&mut self, layer: &NetLayer, stored: &Stored) -> Vec<String> {
        let numbers = weights_of(stored);
        let dims = layer.weights[0].shape.sizes();
        let mut names =
            vec![floats(&mut self.out, format!("{}.weight", layer.path), dims, &numbers)];
        match &stored.bias {
            None => {}
            Some(Bias::Int(_)) => panic!("{}: a bias on a grid that is not known", layer.path),
            Some(Bias::Float(bias)) => {
                let name = format!("{}.bias", layer.path);
                names.push(floats(&mut self.out, name, &[bias.len()], bias));
            }
        }
        names
    }

    /// Adds the weights of a layer that is no product, and returns their names.
    fn float_weights(&mut self, layer: &NetLayer) -> Result<Vec<String>, String> {
        let each = layer.takes().map(|(name, weight)| {
            let found = self.quantized.floats.get(&name);
            let numbers = found.ok_or_else(|| format!("there is no weight `{name}`"))?;
            Ok(floats(&mut self.out, name, weight.shape.sizes(), numbers))
        });
        each.collect()
    }
}

/// Codes of weights as bytes around [`MIDDLE`].
fn bytes(codes: &[i8]) -> Vec<u8> {
    codes.iter().map(|&code| (i16::from(code) + i16::from(MIDDLE)) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_weights_lie_around_their_zero_point() {
        assert_eq!(bytes(&[-127, -1, 0, 127]), [1, 127, 128, 255]);
    }
}
