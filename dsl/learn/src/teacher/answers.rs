//! Answers that a teacher has recorded: an NPY file of the shape `[samples, classes]`, in the order of the
//! training samples.

use super::logits_of;
use dlm_base::{Files, Shape};
use dlm_vocab::data::inputs;

/// What recorded answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any finite numbers, to be put through softmax.
    Logits,
    /// At least 0 each, of the sum 1 in each row.
    Probabilities,
}

/// Recorded answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// How many samples were asked about.
    pub samples: usize,
    /// How many classes there are.
    pub classes: usize,
    /// The logits, sample after sample.
    pub logits: Vec<f32>,
}

/// How far the sum of a row of probabilities may lie from 1.
pub const TOLERANCE: f64 = 1e-3;

/// The answers in an NPY file (also gzipped) of floats of 16, 32 or 64 bits.
///
/// Probabilities become logits: `z = ln(max(p, 1e-7))`; see [`logits_of`].
///
/// # Shapes
/// `[samples, classes]` in the file, as many in the result.
///
/// # Errors
/// When the file is missing or is no such array; where a number is not finite; of probabilities, where
/// one is negative or a row does not sum to 1 ± 1e-3. Rows are counted from 1.
pub fn read(files: &dyn Files, path: &str, kind: Kind) -> Result<Answers, String> {
    let (sizes, mut logits) = inputs::numbers(files, path).map_err(|e| e.reason().to_string())?;
    let [samples, classes] = sizes[..] else {
        let shape = Shape(sizes);
        return Err(format!("answers are an array [samples, classes]; this one is {shape}"));
    };
    for (row, answer) in logits.chunks_exact(classes).enumerate() {
        check(answer, kind).map_err(|why| format!("row {} {why}", row + 1))?;
    }
    if kind == Kind::Probabilities {
        logits_of(&mut logits);
    }
    Ok(Answers { samples, classes, logits })
}

/// Whether a row is what it should be.
fn check(row: &[f32], kind: Kind) -> Result<(), String> {
    if let Some(class) = row.iter().position(|p| !p.is_finite()) {
        return Err(format!("has {} for class {class}, which is not a finite number", row[class]));
    }
    if kind == Kind::Logits {
        return Ok(());
    }
    if let Some(class) = row.iter().position(|&p| p < 0.0) {
        return Err(format!("has the probability {} for class {class}", row[class]));
    }
    let sum: f64 = row.iter().map(|&p| f64::from(p)).sum();
    match (sum - 1.0).abs() <= TOLERANCE {
        true => Ok(()),
        false => Err(format!("sums to {sum:.4}; probabilities sum to 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_base::files::MemFiles;

    /// An NPY file of that type and shape.
    fn npy(descr: &str, shape: &str, bytes: Vec<u8>) -> MemFiles {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((text.len() as u16).to_le_bytes());
        file.extend(text.bytes());
        file.extend(bytes);
        let mut files = MemFiles::default();
        files.put("a.npy", file);
        files
    }

    fn floats(rows: &[f32]) -> Vec<u8> {
        rows.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    #[test]
    fn logits_stay_and_probabilities_become_logits() {
        let files = npy("<f4", "(2, 2)", floats(&[1.5, -2.0, 0.0, 3.0]));
        let read_logits = read(&files, "a.npy", Kind::Logits).unwrap();
        assert_eq!(read_logits.logits, [1.5, -2.0, 0.0, 3.0]);
        assert_eq!((read_logits.samples, read_logits.classes), (2, 2));
        let bytes = [0.25f64, 0.75, 0.0, 1.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let files = npy("<f8", "(2, 2)", bytes);
        let answers = read(&files, "a.npy", Kind::Probabilities).unwrap();
        assert_eq!(answers.logits, [0.25f32.ln(), 0.75f32.ln(), 1e-7f32.ln(), 0.0]);
    }

    #[test]
    fn rows_that_are_no_answers_are_named() {
        let of = |rows: &[f32], kind| {
            let files = npy("<f4", &format!("({}, 2)", rows.len() / 2), floats(rows));
            read(&files, "a.npy", kind).unwrap_err()
        };
        let p = Kind::Probabilities;
        assert_eq!(of(&[0.5, 0.5, 0.5, 0.6], p), "row 2 sums to 1.1000; probabilities sum to 1");
        assert_eq!(of(&[-0.5, 1.5], p), "row 1 has the probability -0.5 for class 0");
        let nan = of(&[0.0, 1.0, 2.0, f32::NAN], Kind::Logits);
        assert_eq!(nan, "row 2 has NaN for class 1, which is not a finite number");
        let inf = of(&[f32::NEG_INFINITY, 1.0], Kind::Logits);
        assert_eq!(inf, "row 1 has -inf for class 0, which is not a finite number");
        // Within the tolerance.
        let files = npy("<f4", "(1, 2)", floats(&[0.5, 0.5009]));
        assert!(read(&files, "a.npy", p).is_ok());
    }

    #[test]
    fn other_arrays_are_refused() {
        let files = npy("<f4", "(4,)", floats(&[0.5; 4]));
        let error = read(&files, "a.npy", Kind::Logits).unwrap_err();
        assert_eq!(error, "answers are an array [samples, classes]; this one is [4]");
        let files = npy("<f4", "(3, 2)", floats(&[0.5; 4]));
        assert!(read(&files, "a.npy", Kind::Logits).unwrap_err().contains("bytes"));
        assert!(read(&files, "b.npy", Kind::Logits).unwrap_err().contains("no such file"));
        let files = npy("<i8", "(1, 2)", vec![0; 16]);
        assert!(read(&files, "a.npy", Kind::Probabilities).is_err());
    }
}
