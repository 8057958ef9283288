//! `export` verbs.

use crate::diags::Diags;
use crate::load::weightless;
use crate::names::World;
use crate::order::artifact_exists;
use crate::program::{Export, Program};
use dlm_base::diag::codes::{names, settings};
use dlm_grammar::tree;

/// Checks an `export` verb and adds it to the program.
pub(crate) fn export(
    world: &World<'_>,
    verb: &tree::Export,
    program: &mut Program,
    diags: &mut Diags,
) {
    let mut known = artifact_exists(world, &verb.artifact, diags);
    if let Some(is) = weightless(world, &verb.artifact.text) {
        let (name, declared) = (&verb.artifact, world.artifact(&verb.artifact.text));
        let wanted = "an artifact with weights";
        let help = Some("export a student that learnt from it");
        diags.push(names::wrong_kind(name.span, &name.text, is, wanted, declared, help));
        known = false;
    }
    let path = verb.file.value.as_str();
    let at = verb.file.span;
    if at.start == at.end {
        return;
    }
    let lower = path.to_lowercase();
    let file = lower.rsplit('/').next().unwrap_or("");
    match file.rsplit_once('.') {
        Some((stem, "safetensors" | "onnx")) if !stem.is_empty() => {}
        _ => {
            let message = format!("`{path}` does not say in which format to export");
            let label = "the file must end with `.safetensors` or `.onnx`";
            let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
            let stem = if stem.is_empty() { &verb.artifact.text } else { stem };
            let text = format!("\"{stem}.safetensors\"");
            diags.push(
                settings::unfit_value(at, &message, label, Some(&format!("write `{text}`"))).fix(
                    format!("write `{text}`"),
                    at,
                    text,
                    false,
                ),
            );
            return;
        }
    }
    // An artifact of a verb that was left out has been reported there.
    let given = program.artifact(&verb.artifact.text).is_some();
    if known && given {
        let file = world.files.resolve(&world.main().name, path);
        program.exports.push(Export { artifact: verb.artifact.text.clone(), file, span: at });
    }
}
