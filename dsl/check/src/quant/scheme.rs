//! Which layers of a network run on codes, which stay float and why, and which tensors have grids.

use super::{Activations, Format, Method, Per, Weights};
use crate::program::{Flow, Network};
use dlm_graph::Integer;

/// What a policy makes of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheme {
    /// When ranges are found.
    pub method: Method,
    /// The steps of the quantized network, in the order in which they run. Layers that pass the flow on
    /// are in none.
    pub units: Vec<Unit>,
    /// The tensors that have grids.
    pub points: Vec<Point>,
    /// For each layer of the network the unit that it is part of.
    pub unit_of: Vec<Option<usize>>,
    /// The network's result, behind layers that pass it on.
    pub output: Flow,
    /// For each layer, then for each input, its point.
    grids: Vec<Option<usize>>,
}

/// A layer with those that are folded into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The layer that computes.
    pub main: usize,
    /// The normalisation that is folded into its weights.
    pub fold: Option<usize>,
    /// The relu or relu6 behind it, as the rounding of its result.
    pub cut: Option<Cut>,
    /// What enters it, behind layers that pass flows on.
    pub inputs: Vec<Flow>,
    /// What it makes: the last of its layers.
    pub output: usize,
    /// How it runs.
    pub form: Form,
    /// The format of its weights, where it has any.
    pub weights: Option<Weights>,
}

/// An activation that only cuts off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// The layer.
    pub layer: usize,
    /// The largest number that is left.
    pub most: f32,
}

/// How a unit runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// On codes: inputs and result have grids.
    Codes,
    /// A product of codes whose input is rounded as it comes, and whose result is float.
    Dynamic,
    /// In float, with this reason; weights may be stored in fewer bits.
    Float(Why),
}

/// Why a unit runs in float.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// `keep` names it.
    Kept,
    /// The policy says so: weights alone are rounded, or nothing is.
    Policy,
    /// Its weights are rounded in groups, which products of codes do not take.
    Groups,
    /// Its operator has no integer form.
    Operator(String),
    /// It was given back to float because accuracy dropped.
    Drop,
}

/// A tensor with a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The tensor.
    pub flow: Flow,
    /// How its grid is found.
    pub activations: Activations,
    /// The range is cut to begin at 0 and end here at most: 0 to infinity behind relu, 0 to 6
    /// behind relu6.
    pub cut: Option<f32>,
}

/// How a table is stored that lies on the grid of its rows.
const TABLE: Weights = Weights::Int { bits: 8, per: Per::Tensor, symmetric: false };

/// What a policy makes of a network; `formats` has an entry for each layer.
///
/// A product takes the normalisation and the relu behind it into itself where nobody else reads what is
/// between them. Moves run on codes where what comes before or after them does.
///
/// # Panics
/// When `formats` has another length than the layers.
pub fn scheme(net: &Network, method: Method, formats: &[Format]) -> Scheme {
    assert_eq!(formats.len(), net.layers.len(), "formats of {}", net.title);
    let mut build = Build::new(net, method, formats);
    build.units();
    build.moves();
    build.points();
    build.scheme
}

/// A scheme in the making.
struct Build<'a> {
    net: &'a Network,
    formats: &'a [Format],
    integer: Vec<Integer>,
    /// For each layer how often its result is read, behind layers that pass it on, and by whom last.
    readers: Vec<(usize, usize)>,
    scheme: Scheme,
}

impl<'a> Build<'a> {
    fn new(net: &'a Network, method: Method, formats: &'a [Format]) -> Build<'a> {
        let integer = net.layers.iter().map(|layer| {
            let flows: Vec<_> = layer.inputs.iter().map(|&flow| net.ty(flow).clone()).collect();
            layer.layer.integer(&flows)
        });
        let scheme = Scheme {
            method,
            units: Vec::new(),
            points: Vec::new(),
            unit_of: vec![None; net.layers.len()],
            output: net.output,
            grids: vec![None; net.layers.len() + net.inputs.len()],
        };
        let readers = vec![(0, 0); net.layers.len()];
        let mut build = Build { net, formats, integer: integer.collect(), readers, scheme };
        for (reader, layer) in net.layers.iter().enumerate() {
            if !build.passes(reader) {
                layer.inputs.iter().for_each(|&flow| build.read(flow, reader));
            }
        }
        build.read(net.output, usize::MAX);
        build.scheme.output = build.origin(net.output);
        build
    }

    fn passes(&self, layer: usize) -> bool {
        matches!(self.integer[layer], Integer::Pass)
    }

    fn read(&mut self, flow: Flow, reader: usize) {
        if let Flow::Layer(i) = self.origin(flow) {
            self.readers[i] = (self.readers[i].0 + 1, reader);
        }
    }

    /// What stands before layers that pass their flow on.
    fn origin(&self, mut flow: Flow) -> Flow {
        while let Flow::Layer(i) = flow {
            if !self.passes(i) {
                break;
            }
            flow = self.net.layers[i].inputs[0];
        }
        flow
    }

    /// The only layer that reads a layer's result, behind layers that pass it on.
    fn only_reader(&self, layer: usize) -> Option<usize> {
        match self.readers[layer] {
            (1, reader) if reader != usize::MAX => Some(reader),
            _ => None,
        }
    }

    fn units(&mut self) {
        let mut taken = vec![false; self.net.layers.len()];
        for main in 0..self.net.layers.len() {
            if taken[main] || self.passes(main) {
                continue;
            }
            let mut output = main;
            let mut next = self.only_reader(output);
            let product = matches!(self.integer[main], Integer::Product(_));
            let fold = next.filter(|&i| {
                let single = self.net.ty(Flow::Layer(main)).shape.rank() != 2
                    || self.net.layers[main].operator.word.name != "dense";
                product && single && matches!(self.integer[i], Integer::Fold { .. })
            });
            if let Some(i) = fold {
                taken[i] = true;
                output = i;
                next = self.only_reader(output);
            }
            let cut = next.and_then(|i| match self.integer[i] {
                Integer::Cut(most) => Some(Cut { layer: i, most }),
                _ => None,
            });
            let cut = cut.filter(|_| product || matches!(self.integer[main], Integer::Compute(_)));
            if let Some(cut) = cut {
                taken[cut.layer] = true;
                output = cut.layer;
            }
            let inputs = self.net.layers[main].inputs.iter().map(|&flow| self.origin(flow));
            let inputs = inputs.collect();
            let form = self.form(main, fold, cut);
            let weights = match self.integer[main] {
                Integer::Product(_) => Some(self.stored(main, fold, cut)),
                // On codes, a table lies on the grid of what is read from it.
                Integer::Table if form == Form::Codes => Some(TABLE),
                Integer::Table => Some(self.stored(main, fold, cut)),
                _ => None,
            };
            let unit = Unit { main, fold, cut, inputs, output, form, weights };
            let number = self.scheme.units.len();
            for layer in [Some(main), fold, cut.map(|cut| cut.layer)].into_iter().flatten() {
                self.scheme.unit_of[layer] = Some(number);
            }
            self.scheme.units.push(unit);
        }
    }

    fn kept(&self, main: usize, fold: Option<usize>, cut: Option<Cut>) -> bool {
        let parts = [Some(main), fold, cut.map(|cut| cut.layer)];
        parts.into_iter().flatten().any(|layer| self.formats[layer].keep)
    }

    /// In which format the policy stores the weights of a product or a table.
    fn stored(&self, main: usize, fold: Option<usize>, cut: Option<Cut>) -> Weights {
        match self.kept(main, fold, cut) {
            true => Weights::Float32,
            false => self.formats[main].weights,
        }
    }

    fn form(&self, main: usize, fold: Option<usize>, cut: Option<Cut>) -> Form {
        let format = &self.formats[main];
        if let Integer::Float(why) = self.integer[main] {
            return Form::Float(Why::Operator(why.to_string()));
        }
        if let Integer::Fold { .. } = self.integer[main] {
            let why = "there is no product before it that it could be folded into";
            return Form::Float(Why::Operator(why.to_string()));
        }
        if self.kept(main, fold, cut) {
            return Form::Float(Why::Kept);
        }
        let product = matches!(self.integer[main], Integer::Product(_));
        let whole = matches!(
            format.weights,
            Weights::Int { per: Per::Tensor | Per::Channel, symmetric: true, .. }
        );
        if product && !whole {
            let groups = matches!(format.weights, Weights::Int { per: Per::Group(_), .. });
            return Form::Float(if groups { Why::Groups } else { Why::Policy });
        }
        match (format.activations, self.scheme.method) {
            (Activations::Float32, _) => Form::Float(Why::Policy),
            (Activations::Codes { .. }, Method::Dynamic) if product => Form::Dynamic,
            (Activations::Codes { .. }, Method::Dynamic) => Form::Float(Why::Policy),
            (Activations::Codes { .. }, _) => Form::Codes,
        }
    }

    /// Moves and selections take the side of what surrounds them: on codes where what comes before
    /// them, or a step behind them that computes, runs on codes.
    fn moves(&mut self) {
        let moves = |main: usize| matches!(self.integer[main], Integer::Move | Integer::Select(_));
        let movers: Vec<bool> = self.scheme.units.iter().map(|unit| moves(unit.main)).collect();
        // What is wanted on codes by somebody behind.
        let mut wanted = vec![false; self.net.layers.len()];
        for (number, unit) in self.scheme.units.iter().enumerate().rev() {
            let asks = match movers[number] {
                true => wanted[unit.output] && unit.form == Form::Codes,
                false => unit.form == Form::Codes,
            };
            for flow in unit.inputs.iter().filter(|_| asks) {
                if let Flow::Layer(i) = flow {
                    wanted[*i] = true;
                }
            }
        }
        for (number, moves) in movers.into_iter().enumerate() {
            let unit = &self.scheme.units[number];
            if moves && unit.form == Form::Codes {
                let before = unit.inputs.iter().any(|&flow| self.on_codes(flow));
                if !before && !wanted[unit.output] {
                    self.scheme.units[number].form = Form::Float(Why::Policy);
                }
            }
        }
    }

    fn on_codes(&self, flow: Flow) -> bool {
        match flow {
            Flow::Input(_) => false,
            Flow::Layer(i) => self.scheme.unit_of[i]
                .is_some_and(|unit| self.scheme.units[unit].form == Form::Codes),
        }
    }

    /// A grid for each result that is computed on codes, and for each float that enters a unit on
    /// codes.
    fn points(&mut self) {
        for number in 0..self.scheme.units.len() {
            let unit = self.scheme.units[number].clone();
            if unit.form != Form::Codes {
                continue;
            }
            let table = matches!(self.integer[unit.main], Integer::Table);
            for &flow in unit.inputs.iter().filter(|_| !table) {
                if self.scheme.point_of(flow).is_none() {
                    let wanted = self.formats[unit.main].activations;
                    let own = self.format_of(flow).filter(|own| *own != Activations::Float32);
                    self.point(flow, own.unwrap_or(wanted));
                }
            }
            let made = Flow::Layer(unit.output);
            match (&self.integer[unit.main], unit.inputs.as_slice()) {
                (Integer::Move | Integer::Select(_), &[from, ..]) => {
                    let place = self.scheme.place(made);
                    self.scheme.grids[place] = self.scheme.point_of(from);
                }
                _ => {
                    let own = self.format_of(made).filter(|own| *own != Activations::Float32);
                    self.point(made, own.unwrap_or(self.formats[unit.main].activations));
                }
            }
        }
    }

    fn point(&mut self, flow: Flow, activations: Activations) {
        let place = self.scheme.place(flow);
        self.scheme.grids[place] = Some(self.scheme.points.len());
        let cut = self.cut_of(flow);
        self.scheme.points.push(Point { flow, activations, cut });
    }

    /// The format of a result: that of its unit's last layer which does not have the format of the
    /// layer that computes.
    fn format_of(&self, flow: Flow) -> Option<Activations> {
        let Flow::Layer(layer) = flow else { return None };
        let unit = &self.scheme.units[self.scheme.unit_of[layer]?];
        let main = self.formats[unit.main].activations;
        let parts = [unit.fold, unit.cut.map(|cut| cut.layer)];
        let other = parts.into_iter().flatten().map(|layer| self.formats[layer].activations);
        Some(other.rev().find(|other| *other != main).unwrap_or(main))
    }

    fn cut_of(&self, flow: Flow) -> Option<f32> {
        let Flow::Layer(layer) = flow else { return None };
        let unit = &self.scheme.units[self.scheme.unit_of[layer]?];
        match (unit.cut, &self.integer[unit.main]) {
            (Some(cut), _) => Some(cut.most),
            (None, Integer::Cut(most)) => Some(*most),
            _ => None,
        }
    }
}

impl Scheme {
    /// The point whose grid a tensor has: its own, or that of what was moved; `None` where it is only
    /// ever float.
    pub fn point_of(&self, flow: Flow) -> Option<usize> {
        self.grids[self.place(flow)]
    }

    /// The flow whose value a flow has: itself, or what stands before layers that pass it on.
    pub fn behind(&self, net: &Network, mut flow: Flow) -> Flow {
        while let Flow::Layer(layer) = flow {
            match (self.unit_of[layer], net.layers[layer].inputs.first()) {
                (None, Some(&before)) => flow = before,
                _ => break,
            }
        }
        flow
    }

    /// Says of a unit that `keep` has put in float that it was given back because accuracy dropped.
    pub fn give_back(&mut self, unit: usize) {
        self.units[unit].form = Form::Float(Why::Drop);
    }

    fn place(&self, flow: Flow) -> usize {
        match flow {
            Flow::Input(i) => self.unit_of.len() + i,
            Flow::Layer(i) => i,
        }
    }
}
