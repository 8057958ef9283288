//! Files that a text names.

use super::Snapshot;
use dlm_base::Files;
use dlm_base::files::{NoFiles, tidy};
use dlm_grammar::tree::{Args, Expr, ExprKind, ItemKind, LoadSource, Text, UseSource};
use dlm_grammar::walk::{Node, walk};
use dlm_vocab::{Type, Word, data, settings};
use std::ops::Range;

/// The strings and names that stand for files, with the path of each; `std/vision.dlm` for the library
/// inside the binary.
pub fn links(snapshot: &Snapshot) -> Vec<(Range<usize>, String)> {
    let mut found = imports(snapshot);
    let Some(module) = snapshot.checked.modules.first() else { return found };
    let text = |text: &Text| text_link(snapshot, text);
    for item in &module.tree.items {
        match &item.kind {
            ItemKind::Load(it) => match &it.source {
                LoadSource::Weights { file, .. } | LoadSource::Network(file) => {
                    found.extend(text(file));
                }
                LoadSource::Answers { args, .. } => {
                    let word = settings::ANSWERS.iter().find(|word| word.name == "answers");
                    found.extend(word.into_iter().flat_map(|word| files(snapshot, word, args)));
                }
            },
            ItemKind::Export(it) => found.extend(text(&it.file)),
            _ => {}
        }
    }
    walk(&module.tree, &mut |node| {
        if let Node::Expr(Expr { kind: ExprKind::Call { base: None, name, args }, .. }) = node
            && let Some(source) = data::find(&name.text)
        {
            found.extend(files(snapshot, &source.word, args));
        }
        true
    });
    found.sort_by_key(|(range, _)| range.start);
    found.dedup();
    found
}

/// The sources of the imports, with the path of each.
pub(crate) fn imports(snapshot: &Snapshot) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let Some(module) = snapshot.checked.modules.first() else { return found };
    for item in &module.tree.items {
        let ItemKind::Use(it) = &item.kind else { continue };
        match &it.source {
            UseSource::File(text) => found.extend(text_link(snapshot, text)),
            UseSource::Std(path) => {
                let (Some(first), Some(last)) = (path.first(), path.last()) else { continue };
                let part = dlm_check::stdlib::find(&last.text);
                if let (2, "std", Some(part)) = (path.len(), first.text.as_str(), part) {
                    found.push((first.span.to(last.span).range(), part.path.to_string()));
                }
            }
        }
    }
    found
}

/// The strings among the arguments of a word that name files.
fn files(snapshot: &Snapshot, word: &Word, args: &Args) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    for (i, arg) in args.list.iter().enumerate() {
        let param = match &arg.name {
            Some((name, _)) => word.params.iter().find(|param| param.name == name.text),
            // The last parameter of `cifar` takes all that follow.
            None => word.params.get(i).or(word.params.last()),
        };
        if let (ExprKind::Str(value), Some(param)) = (&arg.value.kind, param)
            && param.ty == Type::File
        {
            found.extend(link(snapshot, arg.value.span.range(), value));
        }
    }
    found
}

fn text_link(snapshot: &Snapshot, text: &Text) -> Option<(Range<usize>, String)> {
    link(snapshot, text.span.range(), &text.value)
}

/// A string in its quotes as a link.
fn link(snapshot: &Snapshot, range: Range<usize>, value: &str) -> Option<(Range<usize>, String)> {
    if value.is_empty() || range.len() < 2 {
        return None;
    }
    // The quotes are no part of the path; a string that is not closed has but one, and another word none.
    let text = snapshot.text.get(range.clone()).filter(|text| text.starts_with('"'))?;
    let close = text.len() > 1 && text.ends_with('"');
    let inside = range.start + 1..range.end - usize::from(close);
    Some((inside, tidy(&NoFiles.resolve(&snapshot.name, value))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::tests::snapshot_of;

    #[test]
    fn a_word_where_a_file_belongs_is_no_link() {
        let it = snapshot_of("main.dlm", "model N(x: [1]) { x }\nload N from é as A\n");
        assert_eq!(links(&it), []);
    }

    #[test]
    fn strings_that_name_files_are_links() {
        let text = concat!(
            "use std.vision: ConvBlock\nuse \"../lib/blocks.dlm\": Block\n",
            "data A { source = csv(\"a.csv\", target = \"class\") }\n",
            "load \"net.onnx\" as Net\nexport Net to \"out/net.onnx\"\n",
        );
        let links = links(&snapshot_of("here/main.dlm", text));
        let shown: Vec<(&str, &str)> =
            links.iter().map(|(range, path)| (&text[range.clone()], path.as_str())).collect();
        let expected = vec![
            ("std.vision", "std/vision.dlm"),
            ("../lib/blocks.dlm", "lib/blocks.dlm"),
            ("a.csv", "here/a.csv"),
            ("net.onnx", "here/net.onnx"),
            ("out/net.onnx", "here/out/net.onnx"),
        ];
        assert_eq!(shown, expected);
    }
}
