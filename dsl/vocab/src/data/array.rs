//! Arrays of numbers with their sizes first, as IDX and NPY files hold them.

use super::read::{Input, grouped};
use super::{DataError, InputKind, Numbers, Target, Targets};
use dlm_base::Shape;

/// The most classes that labels may name.
pub const MAX_CLASSES: usize = 100_000;

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
}

impl Form {
    /// Bytes of one number.
    pub(crate) fn size(self) -> usize {
        match self {
            Form::Bool | Form::U8 | Form::I8 => 1,
            Form::U16 | Form::I16 | Form::F16 => 2,
            Form::U32 | Form::I32 | Form::F32 => 4,
            Form::U64 | Form::I64 | Form::F64 => 8,
        }
    }

    /// Whether numbers have fractions.
    pub(crate) fn is_float(self) -> bool {
        matches!(self, Form::F16 | Form::F32 | Form::F64)
    }
}

/// What the header of an array says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    /// The sizes, samples first.
    pub(crate) sizes: Vec<usize>,
    /// How a number is stored.
    pub(crate) form: Form,
    /// Whether the highest byte of a number comes first.
    pub(crate) big: bool,
    /// Whether the first index runs fastest.
    pub(crate) fortran: bool,
}

/// What an array is as inputs.
pub(crate) struct Layout {
    pub(crate) kind: InputKind,
    pub(crate) shape: Shape,
    /// Whether a sample is stored h, w, c in the file.
    pub(crate) channels_last: bool,
}

impl Array {
    /// The bytes that the numbers take, if that can be said.
    pub(crate) fn bytes(&self) -> Option<u64> {
        let numbers = self.sizes.iter().try_fold(1u64, |n, &size| n.checked_mul(size as u64))?;
        numbers.checked_mul(self.form.size() as u64)
    }

    /// Fails unless the sizes are positive and the file can hold as many numbers and no more.
    pub(crate) fn check(&self, input: &Input, what: &str) -> Result<u64, DataError> {
        if self.sizes.is_empty() || self.sizes.contains(&0) {
            let shape = Shape(self.sizes.clone());
            return Err(input.error(format!("an array of the shape {shape} has no samples")));
        }
        match self.bytes() {
            Some(bytes) => input.expect(bytes, what).map(|()| bytes),
            None => {
                let shape = Shape(self.sizes.clone());
                Err(input.error(format!("an array of the shape {shape} fits no memory")))
            }
        }
    }

    /// How many samples there are.
    pub(crate) fn samples(&self) -> usize {
        self.sizes[0]
    }

    /// What the array is as inputs. Bytes of rank 3 are images of one channel, of rank 4 images with
    /// channels first, or last where only the last axis has 1 or 3 places; `[n]` and `[n, f]` are
    /// tables, all else tensors.
    pub(crate) fn layout(&self) -> Layout {
        let (kind, shape, channels_last) = match (&self.sizes[1..], self.form) {
            ([], _) => (InputKind::Table, vec![1], false),
            ([features], _) => (InputKind::Table, vec![*features], false),
            ([h, w], Form::U8) => (InputKind::Image, vec![1, *h, *w], false),
            ([h, w, c @ (1 | 3)], Form::U8) if !matches!(h, 1 | 3) => {
                (InputKind::Image, vec![*c, *h, *w], true)
            }
            ([c, h, w], Form::U8) => (InputKind::Image, vec![*c, *h, *w], false),
            (rest, _) => (InputKind::Tensor, rest.to_vec(), false),
        };
        Layout { kind, shape: Shape(shape), channels_last }
    }

    /// The inputs, in memory order. `what` names them in errors.
    pub(crate) fn inputs(&self, input: &mut Input, what: &str) -> Result<Numbers, DataError> {
        let bytes = self.check(input, what)?;
        let layout = self.layout();
        let numbers = if layout.kind == InputKind::Image {
            let mut data = input.bytes(bytes, what)?;
            if self.fortran {
                data = c_order(&data, &self.sizes);
            }
            if !layout.channels_last {
                data = channels_last(data, layout.shape.sizes());
            }
            Numbers::U8 { bytes: data, scale: 255.0 }
        } else {
            let mut data = self.floats(input, bytes, what)?;
            if let Some(i) = data.iter().position(|x| x.is_infinite()) {
                let sample = i / layout.shape.len();
                return Err(input.error(format!("sample {} holds an infinite number", sample + 1)));
            }
            if layout.shape.rank() == 3 {
                data = channels_last(data, layout.shape.sizes());
            }
            Numbers::F32(data)
        };
        input.end(what)?;
        Ok(numbers)
    }

    /// The targets: whole numbers of rank 1 are classes, floats are values.
    pub(crate) fn targets(
        &self,
        input: &mut Input,
        what: &str,
    ) -> Result<(Target, Targets), DataError> {
        let bytes = self.check(input, what)?;
        let width: usize = self.sizes[1..].iter().product();
        if self.sizes.len() > 2 || (width > 1 && !self.form.is_float()) {
            let shape = Shape(self.sizes.clone());
            return Err(input
                .error(format!("labels of the shape {shape} are not one class a sample"))
                .help("store the number of each sample's class: an array of one axis"));
        }
        let result = if self.form.is_float() {
            let values = self.floats(input, bytes, what)?;
            if let Some(i) = values.iter().position(|x| !x.is_finite()) {
                return Err(input.error(format!(
                    "the target of sample {} is not a finite number",
                    i / width + 1
                )));
            }
            let names = match width {
                1 => vec!["y".to_string()],
                _ => (1..=width).map(|i| format!("y{i}")).collect(),
            };
            (Target::Values(names), Targets::Values(values))
        } else {
            let classes = self.classes(input, bytes, what)?;
            let count = classes.iter().max().map_or(0, |&c| c as usize + 1);
            let names = (0..count).map(|c| c.to_string()).collect();
            (Target::Classes(names), Targets::Classes(classes))
        };
        input.end(what)?;
        Ok(result)
    }

    /// All numbers as floats in C order.
    pub(crate) fn floats(
        &self,
        input: &mut Input,
        bytes: u64,
        what: &str,
    ) -> Result<Vec<f32>, DataError> {
        let mut values: Vec<f32> = Vec::new();
        self.pieces(input, bytes, what, |piece, form, big| {
            values.extend(piece.chunks_exact(form.size()).map(|b| number(b, form, big) as f32));
            Ok(())
        })?;
        Ok(if self.fortran { c_order(&values, &self.sizes) } else { values })
    }

    /// All numbers as class numbers.
    fn classes(&self, input: &mut Input, bytes: u64, what: &str) -> Result<Vec<u32>, DataError> {
        let mut classes: Vec<u32> = Vec::new();
        let mut bad: Option<(usize, f64)> = None;
        self.pieces(input, bytes, what, |piece, form, big| {
            for b in piece.chunks_exact(form.size()) {
                let class = number(b, form, big);
                if !(0.0..MAX_CLASSES as f64).contains(&class) {
                    bad.get_or_insert((classes.len(), class));
                }
                classes.push(class as u32);
            }
            Ok(())
        })?;
        match bad {
            None => Ok(classes),
            Some((i, class)) => Err(input.error(format!(
                "label {} is {class}; classes are numbered from 0 to at most {}",
                grouped(i as u64 + 1),
                grouped(MAX_CLASSES as u64 - 1)
            ))),
        }
    }

    /// Calls `f` with piece after piece of the array's bytes, whole numbers each.
    fn pieces(
        &self,
        input: &mut Input,
        bytes: u64,
        what: &str,
        mut f: impl FnMut(&[u8], Form, bool) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut buffer = vec![0; bytes.min(1 << 16) as usize];
        let mut done = 0u64;
        while done < bytes {
            let want = (bytes - done).min(buffer.len() as u64) as usize;
            let got = input.fill(&mut buffer[..want])?;
            done += got as u64;
            if got < want {
                return Err(input.short(bytes, done, what));
            }
            f(&buffer[..want], self.form, self.big)?;
        }
        Ok(())
    }
}

/// Samples of shape `[c, h, w]`, stored in that order, as h, w, c.
pub(crate) fn channels_last<T: Copy>(data: Vec<T>, shape: &[usize]) -> Vec<T> {
    let [c, h, w] = *shape else { return data };
    if c == 1 || h * w == 1 {
        return data;
    }
    let mut out = Vec::with_capacity(data.len());
    for sample in data.chunks_exact(c * h * w) {
        for place in 0..h * w {
            out.extend((0..c).map(|channel| sample[channel * h * w + place]));
        }
    }
    out
}

/// Numbers stored with the first index running fastest, with the last index running fastest.
fn c_order<T: Copy>(data: &[T], sizes: &[usize]) -> Vec<T> {
    let mut strides = vec![1; sizes.len()];
    for axis in 1..sizes.len() {
        strides[axis] = strides[axis - 1] * sizes[axis - 1];
    }
    let mut index = vec![0; sizes.len()];
    let mut out = Vec::with_capacity(data.len());
    let mut place = 0;
    for _ in 0..data.len() {
        out.push(data[place]);
        for axis in (0..sizes.len()).rev() {
            index[axis] += 1;
            place += strides[axis];
            if index[axis] < sizes[axis] {
                break;
            }
            place -= strides[axis] * sizes[axis];
            index[axis] = 0;
        }
    }
    out
}

/// One stored number. Whole numbers beyond 2^53 are rounded.
fn number(bytes: &[u8], form: Form, big: bool) -> f64 {
    let mut b = [0u8; 8];
    let size = form.size();
    for (i, &byte) in bytes.iter().enumerate() {
        b[if big { size - 1 - i } else { i }] = byte;
    }
    let bits = u64::from_le_bytes(b);
    match form {
        Form::Bool => f64::from(u8::from(bits != 0)),
        Form::U8 | Form::U16 | Form::U32 | Form::U64 => bits as f64,
        Form::I8 => f64::from(bits as u8 as i8),
        Form::I16 => f64::from(bits as u16 as i16),
        Form::I32 => f64::from(bits as u32 as i32),
        Form::I64 => bits as i64 as f64,
        Form::F16 => half(bits as u16),
        Form::F32 => f64::from(f32::from_bits(bits as u32)),
        Form::F64 => f64::from_bits(bits),
    }
}

/// An IEEE 754 number of 16 bits.
pub(crate) fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f64::from(bits & 1023);
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_form_are_read() {
        assert_eq!(number(&[0xfe, 0xff], Form::I16, false), -2.0);
        assert_eq!(number(&[0xff, 0xfe], Form::I16, true), -2.0);
        assert_eq!(number(&1.5f32.to_be_bytes(), Form::F32, true), 1.5);
        assert_eq!(number(&(-7.25f64).to_le_bytes(), Form::F64, false), -7.25);
        assert_eq!(number(&[0x00, 0x3c], Form::F16, false), 1.0);
        assert_eq!(number(&[0x01, 0x00], Form::F16, false), 2f64.powi(-24));
        assert_eq!(number(&[0xff, 0x7b], Form::F16, false), 65504.0);
        assert!(number(&[0x01, 0x7c], Form::F16, false).is_nan());
        assert_eq!(number(&(-3i64).to_le_bytes(), Form::I64, false), -3.0);
    }

    #[test]
    fn fortran_order_becomes_c_order() {
        assert_eq!(c_order(&[1, 4, 2, 5, 3, 6], &[2, 3]), [1, 2, 3, 4, 5, 6]);
        assert_eq!(c_order(&[0, 4, 2, 6, 1, 5, 3, 7], &[2, 2, 2]), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn channels_come_last_in_memory() {
        let sample = vec![0, 1, 2, 3, 10, 11, 12, 13];
        assert_eq!(channels_last(sample, &[2, 2, 2]), [0, 10, 1, 11, 2, 12, 3, 13]);
    }
}
