//! Small programs and what is said of them.

use crate::session::{Checked, check_text};
use dlm_base::Diag;
use dlm_base::files::{MemFiles, NoFiles};

mod args;
mod calls;
mod codes;
mod consts;
mod distill;
mod flows;
mod fuzz;
mod lints;
mod names;
mod paths;
mod quant;
mod sessions;
mod shapes;
mod speed;

/// Checks a text that stands alone.
fn check(text: &str) -> Checked {
    check_text("t.dlm", text, &NoFiles)
}

/// Checks the file `main.dlm` among others.
fn check_among(files: &[(&str, &str)]) -> Checked {
    let mut all = MemFiles::default();
    for (path, text) in files {
        all.put(*path, text.as_bytes().to_vec());
    }
    crate::check_file("main.dlm", &all, &[])
}

/// The codes of a check with the text at their places.
fn found(checked: &Checked) -> Vec<String> {
    let show =
        |diag: &Diag| format!("{} {}", diag.code.id, checked.sources.slice(diag.primary.span));
    checked.diags.iter().map(show).collect()
}

/// The only diagnostic of a text; its code and the text at its place are as given.
fn only(text: &str, code_and_place: &str) -> Diag {
    let checked = check(text);
    assert_eq!(found(&checked), [code_and_place], "{:#?}", checked.diags);
    checked.diags[0].clone()
}

/// The text has nothing wrong.
fn clean(text: &str) -> Checked {
    let checked = check(text);
    assert_eq!(found(&checked), [""; 0], "{:#?}", checked.diags);
    checked
}

/// A text after the first fix of its only diagnostic.
fn mended(text: &str) -> String {
    let checked = check(text);
    assert_eq!(checked.diags.len(), 1, "{:#?}", checked.diags);
    let mut mended = text.to_string();
    for edit in checked.diags[0].fixes[0].edits.iter().rev() {
        mended.replace_range(edit.span.range(), &edit.text);
    }
    mended
}

/// Path and shape of each operator of the last network.
fn layers(checked: &Checked) -> Vec<String> {
    let net = checked.program.networks.last().unwrap();
    net.layers.iter().map(|layer| format!("{} {}", layer.path, layer.ty.shape)).collect()
}
