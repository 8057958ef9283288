//! What a layer is in ONNX: nodes and constants as plain data, to which each layer adds its own.
//!
//! Tensors have the axes of the language behind the batch: a feature map is `[N, C, H, W]`. A node is named
//! after the path of its layer; where a layer needs several, the last one bears the path and the others
//! the path, a slash and a word. The result of the node `stem` is the value `stem:0`.

/// Nodes and constants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Onnx {
    /// The nodes, each after what it reads.
    pub nodes: Vec<Node>,
    /// The constants, weights included.
    pub constants: Vec<Tensor>,
    path: String,
    grids: Option<Grids>,
}

/// An operator of ONNX on named values.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name: the path of its layer, or the path, a slash and a word.
    pub name: String,
    /// `Conv`, `Gemm`, ….
    pub op: &'static str,
    /// Where the operator is defined; the empty name stands for ONNX itself.
    pub domain: &'static str,
    /// The values that it reads; an optional one that is left out has the empty name.
    pub inputs: Vec<String>,
    /// The values that it makes.
    pub outputs: Vec<String>,
    /// Its attributes.
    pub attrs: Vec<(&'static str, Attr)>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Attr {
    /// A whole number.
    Int(i64),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// A float.
    Float(f32),
    /// A text.
    Text(&'static str),
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// What its numbers are.
    pub element: Element,
    /// Its sizes; none for a single number.
    pub dims: Vec<usize>,
    /// Its numbers, row-major, little-endian.
    pub bytes: Vec<u8>,
}

/// What the numbers of a constant are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// 32-bit floats.
    F32,
    /// Whole numbers from 0 to 255.
    U8,
    /// 32-bit whole numbers.
    I32,
    /// 64-bit whole numbers.
    I64,
}

/// Names of the constants that hold the scale and the zero point of 8-bit codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridNames {
    /// The distance between neighbours.
    pub scale: String,
    /// The code of 0.
    pub zero: String,
}

/// The grids of a layer that runs on codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grids {
    /// That of its first flow.
    pub flow: GridNames,
    /// That of its result.
    pub result: GridNames,
}

impl Onnx {
    /// The nodes added from here on belong to the layer of this path; `grids` are given where it runs
    /// on codes.
    pub fn enter(&mut self, path: &str, grids: Option<Grids>) {
        self.path = path.to_string();
        self.grids = grids;
    }

    /// Adds the layer's own node, and returns the name of its result.
    pub fn add<S: AsRef<str>>(
        &mut self,
        op: &'static str,
        inputs: &[S],
        attrs: Vec<(&'static str, Attr)>,
    ) -> String {
        self.node(self.path.clone(), op, inputs, attrs)
    }

    /// Adds a node that prepares for the layer's own, and returns the name of its result.
    pub fn part<S: AsRef<str>>(
        &mut self,
        word: &str,
        op: &'static str,
        inputs: &[S],
        attrs: Vec<(&'static str, Attr)>,
    ) -> String {
        self.node(format!("{}/{word}", self.path), op, inputs, attrs)
    }

    /// Adds floats that belong to the layer, and returns their name.
    pub fn floats(&mut self, word: &str, dims: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(format!("{}/{word}", self.path), Element::F32, dims, bytes)
    }

    /// Adds a row of whole numbers that belong to the layer, and returns its name.
    pub fn whole(&mut self, word: &str, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(format!("{}/{word}", self.path), Element::I64, &[values.len()], bytes)
    }

    /// Adds a constant of any name, which it returns.
    ///
    /// # Panics
    /// When the bytes are not those of so many numbers.
    pub fn constant(
        &mut self,
        name: String,
        element: Element,
        dims: &[usize],
        bytes: Vec<u8>,
    ) -> String {
        let count: usize = dims.iter().product();
        assert_eq!(bytes.len(), count * element.bytes(), "{name}");
        // Layers may share a weight.
        if !self.constants.iter().any(|known| known.name == name) {
            self.constants.push(Tensor { name: name.clone(), element, dims: dims.to_vec(), bytes });
        }
        name
    }

    /// A value that holds numbers of the layer's first flow in another order, rounded to the same codes
    /// where the layer runs on codes: the steps of a layer are computed on codes one by one.
    pub fn as_flow(&mut self, value: String) -> String {
        match self.grids.clone() {
            Some(grids) => self.rounded(&value, &grids.flow),
            None => value,
        }
    }

    /// The same for a value on the grid of the layer's result.
    pub fn as_result(&mut self, value: String) -> String {
        match self.grids.clone() {
            Some(grids) => self.rounded(&value, &grids.result),
            None => value,
        }
    }

    /// Rounds a value to 8-bit codes and back, and returns the name of the result.
    pub fn rounded(&mut self, value: &str, grid: &GridNames) -> String {
        let base = value.strip_suffix(":0").unwrap_or(value);
        let GridNames { scale, zero } = grid;
        let codes =
            self.node(format!("{base}/quantize"), "QuantizeLinear", &[value, scale, zero], vec![]);
        let dequantize = format!("{base}/dequantize");
        self.node(dequantize, "DequantizeLinear", &[&codes, scale, zero], vec![])
    }

    /// Adds a node of any name, and returns the name of its result.
    pub fn node<S: AsRef<str>>(
        &mut self,
        name: String,
        op: &'static str,
        inputs: &[S],
        attrs: Vec<(&'static str, Attr)>,
    ) -> String {
        let inputs = inputs.iter().map(|input| input.as_ref().to_string()).collect();
        let made = format!("{name}:0");
        self.nodes.push(Node { name, op, domain: "", inputs, outputs: vec![made.clone()], attrs });
        made
    }
}

impl Element {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Element::U8 => 1,
            Element::F32 | Element::I32 => 4,
            Element::I64 => 8,
        }
    }
}

impl Attr {
    /// Whole numbers from sizes.
    pub fn sizes(sizes: impl IntoIterator<Item = usize>) -> Attr {
        Attr::Ints(sizes.into_iter().map(|size| size as i64).collect())
    }
}
