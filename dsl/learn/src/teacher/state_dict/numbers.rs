//! Tensors of a file, and their numbers as floats.

use dlm_base::Shape;
use safetensors::tensor::Dtype;

/// How a number is stored, lowest byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// IEEE 754, 16 bits.
    F16,
    /// The upper half of an `f32`.
    BF16,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
    /// Anything else: so many bytes each, which are not read.
    Other(usize),
}

/// A tensor whose numbers lie in the bytes of a file.
#[derive(Clone, Debug)]
pub(super) struct Tensor<'a> {
    /// Its name in the file.
    pub(super) name: String,
    /// Its sizes.
    pub(super) shape: Vec<usize>,
    element: Element,
    /// The memory that it is a view of.
    memory: &'a [u8],
    /// The place of its first number in that memory, in numbers.
    first: usize,
    /// The steps from one place of an axis to the next, in numbers.
    strides: Vec<usize>,
}

impl Element {
    /// What a safetensors file calls so.
    pub(super) fn of_safetensors(dtype: Dtype) -> Element {
        match dtype {
            Dtype::F16 => Element::F16,
            Dtype::BF16 => Element::BF16,
            Dtype::F32 => Element::F32,
            Dtype::F64 => Element::F64,
            other => Element::Other(other.bitsize().div_ceil(8)),
        }
    }

    /// Bytes of one number.
    pub(super) fn size(self) -> usize {
        match self {
            Element::F16 | Element::BF16 => 2,
            Element::F32 => 4,
            Element::F64 => 8,
            Element::Other(size) => size,
        }
    }
}

impl<'a> Tensor<'a> {
    /// A tensor whose numbers lie one after the other.
    pub(super) fn dense(
        name: String,
        element: Element,
        shape: Vec<usize>,
        memory: &'a [u8],
    ) -> Tensor<'a> {
        let mut strides = vec![1usize; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(shape[axis]);
        }
        Tensor { name, shape, element, memory, first: 0, strides }
    }

    /// A view of a memory.
    ///
    /// # Errors
    /// When it reaches beyond the memory.
    pub(super) fn view(
        name: String,
        element: Element,
        memory: &'a [u8],
        first: usize,
        shape: Vec<usize>,
        strides: Vec<usize>,
    ) -> Result<Tensor<'a>, String> {
        let axes = shape.iter().zip(&strides);
        let last = axes.clone().try_fold(first, |last, (&size, &stride)| {
            last.checked_add(size.saturating_sub(1).checked_mul(stride)?)
        });
        let count = memory.len() / element.size().max(1);
        let empty = shape.contains(&0);
        match last.is_some_and(|last| last < count || empty) && shape.len() == strides.len() {
            true => Ok(Tensor { name, shape, element, memory, first, strides }),
            false => Err(format!(
                "`{name}` is {} and reaches beyond the {} bytes that are stored of it",
                Shape(shape),
                memory.len()
            )),
        }
    }

    /// Its numbers, row-major.
    ///
    /// # Errors
    /// When they are not floats.
    pub(super) fn floats(&self) -> Result<Vec<f32>, String> {
        let read: fn(&[u8]) -> f32 = match self.element {
            Element::F16 => |b| half(u16::from_le_bytes([b[0], b[1]])),
            Element::BF16 => |b| f32::from_bits(u32::from(u16::from_le_bytes([b[0], b[1]])) << 16),
            Element::F32 => |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
            Element::F64 => {
                |b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32
            }
            Element::Other(_) => {
                return Err(format!("the numbers of `{}` are not floats", self.name));
            }
        };
        let size = self.element.size();
        let count: usize = self.shape.iter().product();
        let mut index = vec![0; self.shape.len()];
        let mut place = self.first;
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            numbers.push(read(&self.memory[place * size..][..size]));
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                place += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                place -= self.strides[axis] * self.shape[axis];
                index[axis] = 0;
            }
        }
        Ok(numbers)
    }
}

/// An IEEE 754 number of 16 bits.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f32::from(bits & 1023);
    sign * match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read() {
        assert_eq!(half(0x3c00), 1.0);
        assert_eq!(half(0xc100), -2.5);
        assert_eq!(half(0x0001), 2f32.powi(-24));
        assert_eq!(half(0x7bff), 65504.0);
        assert_eq!(half(0xfc00), f32::NEG_INFINITY);
        assert!(half(0x7c01).is_nan());
    }

    #[test]
    fn views_end_within_their_memory() {
        let bytes: Vec<u8> = (0..6).flat_map(|x| (x as f32).to_le_bytes()).collect();
        let of = |first, shape: &[usize], strides: &[usize]| {
            let (shape, strides) = (shape.to_vec(), strides.to_vec());
            Tensor::view("w".to_string(), Element::F32, &bytes, first, shape, strides)
        };
        assert_eq!(of(0, &[3, 2], &[1, 3]).unwrap().floats(), Ok(vec![0., 3., 1., 4., 2., 5.]));
        assert_eq!(of(2, &[2, 2], &[0, 3]).unwrap().floats(), Ok(vec![2., 5., 2., 5.]));
        assert_eq!(of(5, &[], &[]).unwrap().floats(), Ok(vec![5.]));
        assert_eq!(of(9, &[0, 7], &[7, 1]).unwrap().floats(), Ok(vec![]));
        for (first, shape, strides) in [
            (6, &[][..], &[][..]),
            (1, &[3, 2], &[1, 3]),
            (0, &[7], &[1]),
            (0, &[usize::MAX, 2], &[usize::MAX, 1]),
            (0, &[2, 2], &[1]),
        ] {
            let error = of(first, shape, strides).unwrap_err();
            assert!(
                error.ends_with("reaches beyond the 24 bytes that are stored of it"),
                "{error}"
            );
        }
    }
}
