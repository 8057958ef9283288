//! New inputs for a trained network, from a file of their own.

use super::Preprocess;
use crate::run::RunError;
use dlm_base::files::FileError;
use dlm_base::{Files, Shape};
use dlm_vocab::data::{InputKind, Numbers, inputs};

/// The samples in a file, ready for the network that was trained with `preprocess`: an image, a table or
/// a NumPy array, by its ending (before `.gz`). For a network of texts a file with a text on each line, or,
/// where there is no such file, the text itself.
///
/// Images are resized. Bytes of an array mean what the bytes of the training data meant; floats for a
/// network of images are taken as in [0, 1]. A table needs the columns of the training data by name (by
/// place where it has no names); gaps are filled, and a text that training never saw is all zeros.
///
/// # Errors
/// When the file cannot be read or does not hold such inputs.
pub fn inputs_from_file(
    path: &str,
    preprocess: &Preprocess,
    files: &dyn Files,
) -> Result<Vec<f32>, RunError> {
    let shape = Shape(preprocess.shape.clone());
    let name = path.to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ends = |list: &[&str]| list.iter().any(|end| name.ends_with(end));
    let failed = |error: dlm_vocab::data::DataError| {
        let help = error.advice().map(str::to_string);
        RunError { message: format!("`{path}`: {}", error.reason()), help, span: None }
    };
    if let Some(tokens) = &preprocess.tokens {
        let length = shape.len();
        return match files.open(path) {
            Ok(_) => inputs::lines(files, path, tokens, length).map_err(failed),
            Err(FileError::Missing) if !is_path(path) => Ok(tokens.samples(length)(path)),
            Err(error) => Err(RunError::plain(format!("`{path}`: {error}"))),
        };
    }
    let mut values: Vec<f32> = if ends(&[".npy"]) {
        match inputs::array(files, path, &shape).map_err(failed)? {
            Numbers::U8 { bytes, .. } => {
                let scale =
                    if preprocess.kind == InputKind::Image { preprocess.scale } else { 1.0 };
                bytes.into_iter().map(|byte| f32::from(byte) / scale).collect()
            }
            Numbers::F32(values) => values,
        }
    } else if ends(&[".png", ".jpg", ".jpeg"]) {
        let bytes = inputs::image(files, path, &shape).map_err(failed)?;
        bytes.into_iter().map(|byte| f32::from(byte) / 255.0).collect()
    } else if ends(&[".parquet"]) && !preprocess.columns.is_empty() {
        inputs::parquet(files, path, &preprocess.columns).map_err(failed)?
    } else if let Some(format) = &preprocess.format {
        inputs::table(files, path, format, &preprocess.columns).map_err(failed)?
    } else {
        let table = ends(&[".csv", ".tsv", ".txt", ".parquet"]);
        return Err(RunError {
            message: match table {
                true => format!("`{path}` is a table; the model was not trained on one"),
                false => format!("`{path}` does not end in .png, .jpg, .jpeg or .npy"),
            },
            help: Some(format!("give an image, or an NPY array of the shape {shape}")),
            span: None,
        });
    };
    preprocess.fill_gaps(&mut values);
    preprocess.normalize(&mut values);
    Ok(values)
}

/// Whether a text is the path of a file rather than what is to be read: one word that ends as files of text do.
fn is_path(text: &str) -> bool {
    let ends = [".txt", ".tsv", ".csv", ".gz"].iter().any(|end| text.ends_with(end));
    ends && !text.contains(char::is_whitespace)
}
