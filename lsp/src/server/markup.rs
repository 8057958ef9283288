//! Documentation as the editor reads it: as Markdown, or as plain text where it knows no other.

use tower_lsp::lsp_types::{Documentation, MarkupContent, MarkupKind};

/// A text in Markdown.
pub(crate) fn markdown(text: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value: text }
}

/// A text in Markdown if the editor `reads` it, else without its marks.
pub(crate) fn markup(text: String, reads: bool) -> MarkupContent {
    match reads {
        true => markdown(text),
        false => MarkupContent { kind: MarkupKind::PlainText, value: plain(&text) },
    }
}

/// The same where a plain text may also be a string, which every editor reads.
pub(crate) fn documentation(text: &str, reads: bool) -> Documentation {
    match reads {
        true => Documentation::MarkupContent(markdown(text.to_string())),
        false => Documentation::String(plain(text)),
    }
}

/// A text without the marks of Markdown that stand out when they are not read as such: fences, rules, quotes of
/// code, and the grids of tables.
fn plain(text: &str) -> String {
    let mut lines = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        } else if code {
            lines.push(line.to_string());
        } else if line == "---" || line.starts_with("|--") {
            continue;
        } else {
            let line = line.trim_end().replace('`', "");
            let row = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |"));
            lines.push(row.map_or(line.clone(), |row| row.replace(" | ", "  ")));
        }
    }
    lines.dedup_by(|next, line| next.is_empty() && line.is_empty());
    lines.join("\n").trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_no_marks() {
        let text = "```dlm\nconv(x)\n```\n\n`[1] → [2]`  \n`conv1`\n\n---\n\n| layer | output |\n|---|--:|\n| a | `[2]` |\n";
        let there = "conv(x)\n\n[1] → [2]\nconv1\n\nlayer  output\na  [2]";
        assert_eq!(markup(text.to_string(), false).value, there);
        assert_eq!(markup(text.to_string(), false).kind, MarkupKind::PlainText);
        assert_eq!(documentation(text, false), Documentation::String(there.to_string()));
        assert_eq!(markup(text.to_string(), true), markdown(text.to_string()));
    }
}
