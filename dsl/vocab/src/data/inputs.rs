//! New inputs for a trained model, from a file of their own.

use super::lines::each_line;
use super::npy::header;
use super::picture::{Picture, decode};
use super::read::Input;
use super::table::{Format, rows_of};
use super::{Column, DataError, Numbers, Tokens};
use dlm_base::{Files, Shape};

/// The rows of a table of text, one after the other: the numbers of `columns`, NaN for gaps. Other
/// columns are passed over. In a table without names that has just as many columns as are asked for, the
/// places count.
///
/// # Errors
/// When the file cannot be read, is not such a table, or lacks one of the columns.
pub fn table(
    files: &dyn Files,
    path: &str,
    format: &Format,
    columns: &[Column],
) -> Result<Vec<f32>, DataError> {
    let mut input = Input::open(files, path, ("file", 0))?;
    rows_of(&mut input, format, columns)
}

/// The rows of a Parquet file, one after the other: the numbers of `columns`, found by their names, NaN for
/// gaps. Other columns are passed over.
///
/// # Errors
/// When the file cannot be read, is no Parquet file, or lacks one of the columns.
pub fn parquet(files: &dyn Files, path: &str, columns: &[Column]) -> Result<Vec<f32>, DataError> {
    super::parquet::rows_of(files, path, columns)
}

/// The lines of a file of text as samples of `length` tokens, as a network was trained on.
///
/// # Errors
/// When the file cannot be read, has no lines, or is not UTF-8.
pub fn lines(
    files: &dyn Files,
    path: &str,
    tokens: &Tokens,
    length: usize,
) -> Result<Vec<f32>, DataError> {
    let mut input = Input::open(files, path, ("file", 0))?;
    let (bytes, _) = input.rest(super::read::MAX_BYTES)?;
    let sample = tokens.samples(length);
    let mut all = Vec::new();
    each_line(&bytes, ("file", 0), |line, _| {
        all.extend(sample(line));
        Ok(())
    })?;
    match all.is_empty() {
        true => Err(input.error("the file has no lines")),
        false => Ok(all),
    }
}

/// The samples of a NumPy array, in memory order: of the shape `[n, …sample]`, or one sample.
///
/// # Errors
/// When the file cannot be read, or holds an array of another shape.
pub fn array(files: &dyn Files, path: &str, sample: &Shape) -> Result<Numbers, DataError> {
    let mut input = Input::open(files, path, ("file", 0))?;
    let mut array = header(&mut input)?;
    let grey = match sample.sizes() {
        [1, rest @ ..] if rest.len() == 2 => Some(rest),
        _ => None,
    };
    if array.sizes == sample.sizes() || grey.is_some_and(|rest| array.sizes == rest) {
        array.sizes.insert(0, 1);
    }
    array.check(&input, "numbers")?;
    let shape = array.layout().shape;
    if shape != *sample && grey != Some(shape.sizes()) {
        let found = Shape(array.sizes.clone());
        return Err(input.error(format!(
            "an array of the shape {found} does not hold samples of the shape {sample}"
        )));
    }
    array.inputs(&mut input, "numbers")
}

/// All numbers of a NumPy array with its sizes, as floats in C order.
///
/// # Errors
/// When the file cannot be read, or is no array of numbers.
pub fn numbers(files: &dyn Files, path: &str) -> Result<(Vec<usize>, Vec<f32>), DataError> {
    let mut input = Input::open(files, path, ("file", 0))?;
    let array = header(&mut input)?;
    let bytes = array.check(&input, "numbers")?;
    let values = array.floats(&mut input, bytes, "numbers")?;
    input.end("numbers")?;
    Ok((array.sizes, values))
}

/// The pixels of a PNG or JPEG file, resized to an image of the shape `[channels, height, width]` and
/// stored h, w, c.
///
/// # Errors
/// When the file cannot be read or is no such image, or the shape is none of an image.
pub fn image(files: &dyn Files, path: &str, shape: &Shape) -> Result<Vec<u8>, DataError> {
    let [channels @ (1 | 3), height, width] = *shape.sizes() else {
        let message = format!("an image has 1 or 3 channels; inputs of the shape {shape} are none");
        return Err(DataError::content(("file", 0), message));
    };
    let picture = Picture { channels, size: Some([height, width]) };
    decode(files, path, ("file", 0), &picture).map(|(pixels, _)| pixels)
}
