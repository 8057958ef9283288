//! What an ONNX file says of its inputs and outputs, found without reading its tensors.
//!
//! The file is a Protocol Buffers message: fields, each a number and a wire type, then a value. Fields that
//! are not looked for are passed over by their length. No length is believed before the message around it
//! is seen to hold as many bytes, and nothing is kept but names and sizes.

use dlm_base::files::{Files, ReadSeek};
use std::collections::BTreeSet;
use std::io::{BufReader, Read};

/// The sizes of a tensor; `None` for one that may vary, or of which the file says nothing.
pub(crate) type Sizes = Vec<Option<u64>>;

/// Inputs and outputs of a network.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The sizes of each input, the batch first; `None` where the file does not even say how many.
    pub(crate) inputs: Vec<Option<Sizes>>,
    /// The sizes of each output.
    pub(crate) outputs: Vec<Option<Sizes>>,
}

impl Signature {
    /// The numbers of one input sample, the batch left out.
    pub(crate) fn sample(&self) -> Option<&[Option<u64>]> {
        self.inputs.first()?.as_ref()?.get(1..)
    }

    /// The sizes of the answer to a sample, axes of one place left out; `None` where the file leaves one
    /// open.
    pub(crate) fn answer(&self) -> Option<Vec<u64>> {
        let sizes = self.outputs.first()?.as_ref()?;
        let answer = if sizes.len() > 1 { &sizes[1..] } else { sizes.as_slice() };
        let sizes: Vec<u64> = answer.iter().copied().collect::<Option<_>>()?;
        Some(sizes.into_iter().filter(|&size| size != 1).collect())
    }

    /// Why the network cannot be a teacher, whatever the data.
    pub(crate) fn unfit(&self) -> Option<String> {
        match (self.inputs.len(), self.outputs.len()) {
            (1, 1) => {}
            (0, _) => return Some("it has no input".to_string()),
            (1, outputs) => {
                return Some(format!("it has {outputs} results, and a teacher gives one"));
            }
            (inputs, _) => {
                return Some(format!("it has {inputs} inputs, and a teacher takes one"));
            }
        }
        let answer = self.answer().filter(|sizes| sizes.len() > 1)?;
        let sizes: Vec<String> = answer.iter().map(u64::to_string).collect();
        let sizes = sizes.join(", ");
        Some(format!("it answers [{sizes}] to a sample, and a teacher one number for each class"))
    }
}

/// The longest name that is read.
const MAX_NAME: u64 = 4096;
/// The most inputs, outputs and axes that are looked at.
const MOST: usize = 65_536;

/// The inputs and outputs of the network in a file.
///
/// # Errors
/// When the file cannot be read (`Ok` of the outer result is not reached), or is no ONNX model; why.
pub(crate) fn signature(
    files: &dyn Files,
    path: &str,
) -> Result<Result<Signature, String>, String> {
    let end = files.len(path).map_err(|e| e.to_string())?;
    let file = files.open(path).map_err(|e| e.to_string())?;
    let mut wire = Wire { file: BufReader::new(file), at: 0 };
    Ok(wire.model(end))
}

/// A file on its way through a message.
struct Wire {
    file: BufReader<Box<dyn ReadSeek>>,
    at: u64,
}

/// The value of a field: a number, or the place of bytes.
enum Value {
    Number(u64),
    Bytes(u64),
}

type Field = (u64, Value);

const CUT: &str = "it ends within a message: the file is cut short, or not an ONNX model";
const FOREIGN: &str = "it is not an ONNX model";

impl Wire {
    fn model(&mut self, end: u64) -> Result<Signature, String> {
        let (mut version, mut graph) = (false, None);
        while let Some((number, value)) = self.field(end)? {
            match (number, value) {
                (1, Value::Number(_)) => version = true,
                (7, Value::Bytes(len)) => {
                    graph = Some(self.graph(self.at + len)?);
                }
                (_, Value::Bytes(len)) => self.skip(len)?,
                _ => {}
            }
        }
        let graph = graph.ok_or(FOREIGN)?;
        match version && !graph.outputs.is_empty() {
            true => Ok(graph),
            false => Err(FOREIGN.to_string()),
        }
    }

    fn graph(&mut self, end: u64) -> Result<Signature, String> {
        let mut inputs: Vec<(String, Option<Sizes>)> = Vec::new();
        let mut outputs = Vec::new();
        let mut constants: BTreeSet<String> = BTreeSet::new();
        while let Some((number, value)) = self.field(end)? {
            let Value::Bytes(len) = value else { continue };
            let inner = self.at + len;
            match number {
                // Constants may stand among the inputs, as their defaults.
                5 if constants.len() < MOST => {
                    constants.insert(self.name_of(inner, 8)?);
                }
                11 if inputs.len() < MOST => inputs.push(self.value(inner)?),
                12 if outputs.len() < MOST => outputs.push(self.value(inner)?.1),
                _ => self.skip(len)?,
            }
        }
        let inputs = inputs.into_iter().filter(|(name, _)| !constants.contains(name));
        Ok(Signature { inputs: inputs.map(|(_, sizes)| sizes).collect(), outputs })
    }

    /// The name of a message, which stands in the field `wanted`.
    fn name_of(&mut self, end: u64, wanted: u64) -> Result<String, String> {
        let mut name = String::new();
        while let Some((number, value)) = self.field(end)? {
            match value {
                Value::Bytes(len) if number == wanted => name = self.text(len)?,
                Value::Bytes(len) => self.skip(len)?,
                Value::Number(_) => {}
            }
        }
        Ok(name)
    }

    /// A ValueInfo: its name and the sizes of its tensor.
    fn value(&mut self, end: u64) -> Result<(String, Option<Sizes>), String> {
        let (mut name, mut sizes) = (String::new(), None);
        while let Some((number, value)) = self.field(end)? {
            match (number, value) {
                (1, Value::Bytes(len)) => name = self.text(len)?,
                (2, Value::Bytes(len)) => sizes = self.ty(self.at + len)?,
                (_, Value::Bytes(len)) => self.skip(len)?,
                _ => {}
            }
        }
        Ok((name, sizes))
    }

    /// A Type, of which a tensor's sizes are field 1, then field 2.
    fn ty(&mut self, end: u64) -> Result<Option<Sizes>, String> {
        let mut sizes = None;
        while let Some((number, value)) = self.field(end)? {
            let Value::Bytes(len) = value else { continue };
            if number != 1 {
                self.skip(len)?;
                continue;
            }
            let tensor = self.at + len;
            while let Some((number, value)) = self.field(tensor)? {
                match (number, value) {
                    (2, Value::Bytes(len)) => sizes = Some(self.shape(self.at + len)?),
                    (_, Value::Bytes(len)) => self.skip(len)?,
                    _ => {}
                }
            }
        }
        Ok(sizes)
    }

    fn shape(&mut self, end: u64) -> Result<Sizes, String> {
        let mut sizes = Sizes::new();
        while let Some((_, value)) = self.field(end)? {
            let Value::Bytes(len) = value else { continue };
            let axis = self.at + len;
            let mut size = None;
            while let Some((number, value)) = self.field(axis)? {
                match (number, value) {
                    (1, Value::Number(n)) if (n as i64) > 0 => size = Some(n),
                    (_, Value::Bytes(len)) => self.skip(len)?,
                    _ => {}
                }
            }
            if sizes.len() < MOST {
                sizes.push(size);
            }
        }
        Ok(sizes)
    }

    /// The next field of the message that ends at `end`; of bytes only their number is read.
    fn field(&mut self, end: u64) -> Result<Option<Field>, String> {
        if self.at >= end {
            return Ok(None);
        }
        let key = self.varint(end)?;
        let number = key >> 3;
        let value = match key & 7 {
            0 => Value::Number(self.varint(end)?),
            1 => self.fixed(8, end)?,
            2 => {
                let len = self.varint(end)?;
                if len > end - self.at {
                    return Err(CUT.to_string());
                }
                Value::Bytes(len)
            }
            5 => self.fixed(4, end)?,
            _ => return Err(FOREIGN.to_string()),
        };
        match number {
            0 => Err(FOREIGN.to_string()),
            _ => Ok(Some((number, value))),
        }
    }

    fn fixed(&mut self, len: u64, end: u64) -> Result<Value, String> {
        if len > end - self.at {
            return Err(CUT.to_string());
        }
        self.skip(len)?;
        Ok(Value::Number(0))
    }

    fn varint(&mut self, end: u64) -> Result<u64, String> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            if self.at >= end {
                return Err(CUT.to_string());
            }
            let mut byte = [0];
            self.file.read_exact(&mut byte).map_err(|e| e.to_string())?;
            self.at += 1;
            number |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] < 0x80 {
                return Ok(number);
            }
        }
        Err(FOREIGN.to_string())
    }

    fn text(&mut self, len: u64) -> Result<String, String> {
        if len > MAX_NAME {
            return Err(FOREIGN.to_string());
        }
        let mut bytes = vec![0; len as usize];
        self.file.read_exact(&mut bytes).map_err(|e| e.to_string())?;
        self.at += len;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn skip(&mut self, len: u64) -> Result<(), String> {
        let step = i64::try_from(len).map_err(|_| CUT.to_string())?;
        self.file.seek_relative(step).map_err(|e| e.to_string())?;
        self.at += len;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_base::files::MemFiles;

    fn read(bytes: &[u8]) -> Result<Signature, String> {
        let mut files = MemFiles::default();
        files.put("a.onnx", bytes);
        signature(&files, "a.onnx").unwrap()
    }

    /// A field of bytes.
    fn field(number: u8, inner: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        let mut len = inner.len();
        while len >= 0x80 {
            bytes.push(len as u8 | 0x80);
            len >>= 7;
        }
        bytes.push(len as u8);
        bytes.extend(inner);
        bytes
    }

    fn tensor(name: &str, sizes: &[Option<u8>]) -> Vec<u8> {
        let axis = |size: &Option<u8>| match size {
            Some(size) => field(1, &[0x08, *size]),
            None => field(1, &field(2, b"batch")),
        };
        let shape: Vec<u8> = sizes.iter().flat_map(axis).collect();
        let ty = [vec![0x08, 1], field(2, &shape)].concat();
        [field(1, name.as_bytes()), field(2, &field(1, &ty))].concat()
    }

    fn model(graph: &[Vec<u8>]) -> Vec<u8> {
        [vec![0x08, 8], field(2, b"test"), field(7, &graph.concat())].concat()
    }

    #[test]
    fn inputs_and_outputs_are_found_beside_constants() {
        let weight = [field(8, b"w"), field(9, &[0; 300])].concat();
        let file = model(&[
            field(1, &[0x0a, 1, b'x']),
            field(5, &weight),
            field(11, &tensor("w", &[Some(3), Some(100)])),
            field(11, &tensor("image", &[None, Some(1), Some(28), Some(28)])),
            field(12, &tensor("logits", &[None, Some(10)])),
        ]);
        let found = read(&file).unwrap();
        assert_eq!(found.sample(), Some(&[Some(1), Some(28), Some(28)][..]));
        assert_eq!((found.inputs.len(), found.answer()), (1, Some(vec![10])));
        assert_eq!(found.unfit(), None);
    }

    #[test]
    fn sizes_that_the_file_leaves_open_stay_open() {
        let open = model(&[field(12, &tensor("y", &[None, None]))]);
        assert_eq!(read(&open).unwrap().answer(), None);
        let whole = model(&[field(12, &tensor("y", &[Some(1), Some(5), Some(1)]))]);
        assert_eq!(read(&whole).unwrap().answer(), Some(vec![5]));
        let bare = model(&[field(12, &field(1, b"y"))]);
        assert_eq!(read(&bare).unwrap(), Signature { inputs: vec![], outputs: vec![None] });
    }

    #[test]
    fn a_teacher_has_one_input_and_a_row_of_answers() {
        let x = field(11, &tensor("x", &[None, Some(4)]));
        let y = |sizes: &[Option<u8>]| field(12, &tensor("y", sizes));
        let classes = y(&[None, Some(3)]);
        let unfit = |graph: &[Vec<u8>]| read(&model(graph)).unwrap().unfit().unwrap_or_default();
        assert_eq!(unfit(&[x.clone(), classes.clone()]), "");
        assert_eq!(unfit(&[x.clone(), y(&[None])]), "");
        assert!(unfit(std::slice::from_ref(&classes)).contains("no input"));
        assert!(unfit(&[x.clone(), x.clone(), classes.clone()]).contains("2 inputs"));
        assert!(unfit(&[x.clone(), classes.clone(), classes]).contains("2 results"));
        assert!(unfit(&[x, y(&[None, Some(3), Some(2)])]).contains("[3, 2]"));
    }

    #[test]
    fn damaged_files_are_refused_wherever_they_end() {
        let file = model(&[
            field(11, &tensor("x", &[Some(1), Some(4)])),
            field(12, &tensor("y", &[Some(1), Some(3)])),
        ]);
        assert!(read(&file).is_ok());
        for cut in 0..file.len() {
            assert!(read(&file[..cut]).is_err(), "{cut} of {} bytes", file.len());
        }
        // Lengths that the file cannot hold.
        assert!(
            read(&[0x08, 8, 0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).is_err()
        );
        assert!(read(&[0xff; 12]).is_err());
        assert!(read(b"version https://git-lfs.github.com/spec/v1\n").is_err());
        assert!(read(b"PK\x03\x04").is_err());
    }

    #[test]
    fn any_byte_may_be_wrong() {
        let file = model(&[
            field(11, &tensor("x", &[Some(1), Some(4)])),
            field(12, &tensor("y", &[Some(1), Some(3)])),
        ]);
        for at in 0..file.len() {
            for byte in 0..=255 {
                let mut bytes = file.clone();
                bytes[at] = byte;
                let _ = read(&bytes);
            }
        }
    }
}
