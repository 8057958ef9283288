//! What the editor can, and what its user wants to see.

use super::lines::Encoding;
use crate::ide::hints::Shown;
use serde_json::Value;
use tower_lsp::lsp_types as lsp;

/// What the editor can.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Abilities {
    /// What a column counts.
    pub(crate) encoding: Encoding,
    /// It fills places in what it inserts.
    pub(crate) snippets: bool,
    /// It asks for the documentation of the completion that it shows.
    pub(crate) docs_later: bool,
    /// Where it reads Markdown.
    pub(crate) reads_markdown: ReadsMarkdown,
    /// It shows symbols as a tree.
    pub(crate) symbol_tree: bool,
    /// It watches files when asked to.
    pub(crate) watches: bool,
    /// It shows the progress of what the server does.
    pub(crate) progress: bool,
    /// It opens documents when asked to.
    pub(crate) shows: bool,
    /// It asks for hints again when told to.
    pub(crate) hints_again: bool,
    /// It asks for lenses again when told to.
    pub(crate) lenses_again: bool,
    /// It takes edits of several files with the versions that they are for.
    pub(crate) versioned_edits: bool,
}

/// Where an editor reads Markdown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadsMarkdown {
    /// In what it shows of a word.
    pub(crate) hovers: bool,
    /// In what it shows of a proposal.
    pub(crate) items: bool,
    /// In what it shows of a call.
    pub(crate) signatures: bool,
}

impl Abilities {
    /// From what the editor says of itself.
    pub(crate) fn of(client: &lsp::ClientCapabilities) -> Abilities {
        let text = client.text_document.as_ref();
        let workspace = client.workspace.as_ref();
        let window = client.window.as_ref();
        let encodings =
            client.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        let utf8 = encodings.is_some_and(|all| all.contains(&lsp::PositionEncodingKind::UTF8));
        let item = text.and_then(|it| it.completion.as_ref()?.completion_item.as_ref());
        let signatures =
            text.and_then(|it| it.signature_help.as_ref()?.signature_information.as_ref());
        let knows = |formats: Option<&Vec<lsp::MarkupKind>>| {
            formats.is_some_and(|all| all.contains(&lsp::MarkupKind::Markdown))
        };
        let symbols = text.and_then(|it| it.document_symbol.as_ref());
        let watched = workspace.and_then(|it| it.did_change_watched_files.as_ref());
        Abilities {
            encoding: if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
            snippets: item.and_then(|it| it.snippet_support) == Some(true),
            docs_later: item
                .and_then(|it| it.resolve_support.as_ref())
                .is_some_and(|it| it.properties.iter().any(|name| name == "documentation")),
            reads_markdown: ReadsMarkdown {
                hovers: knows(text.and_then(|it| it.hover.as_ref()?.content_format.as_ref())),
                items: knows(item.and_then(|it| it.documentation_format.as_ref())),
                signatures: knows(signatures.and_then(|it| it.documentation_format.as_ref())),
            },
            symbol_tree: symbols.and_then(|it| it.hierarchical_document_symbol_support)
                == Some(true),
            watches: watched.and_then(|it| it.dynamic_registration) == Some(true),
            progress: window.and_then(|it| it.work_done_progress) == Some(true),
            shows: window.and_then(|it| it.show_document.as_ref()).is_some_and(|it| it.support),
            hints_again: workspace
                .and_then(|it| it.inlay_hint.as_ref()?.refresh_support)
                .unwrap_or(false),
            lenses_again: workspace
                .and_then(|it| it.code_lens.as_ref()?.refresh_support)
                .unwrap_or(false),
            versioned_edits: workspace
                .and_then(|it| it.workspace_edit.as_ref()?.document_changes)
                .unwrap_or(false),
        }
    }
}

/// What the user wants to see. In the editor's settings:
/// `{"hints": {"shapes": true, "arguments": true, "sizes": true}, "lenses": true}`, by itself or under `dlm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) hints: Shown,
    pub(crate) lenses: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { hints: Shown { shapes: true, arguments: true, sizes: true }, lenses: true }
    }
}

impl Settings {
    /// Takes over what is given; the rest stays as it is.
    pub(crate) fn take(&mut self, given: &Value) {
        let given = given.get("dlm").unwrap_or(given);
        let hints = &mut self.hints;
        let switches = [
            ("/hints/shapes", &mut hints.shapes),
            ("/hints/arguments", &mut hints.arguments),
            ("/hints/sizes", &mut hints.sizes),
            ("/lenses", &mut self.lenses),
        ];
        let all = given.get("hints").and_then(Value::as_bool);
        for (path, switch) in switches {
            let one = given.pointer(path).and_then(Value::as_bool);
            let of_all = if path.starts_with("/hints") { all } else { None };
            if let Some(on) = one.or(of_all) {
                *switch = on;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_hint_can_be_switched_off() {
        let mut settings = Settings::default();
        settings.take(&json!({ "dlm": { "hints": { "sizes": false } } }));
        assert_eq!(settings.hints, Shown { shapes: true, arguments: true, sizes: false });
        settings.take(&json!({ "hints": { "sizes": true, "shapes": false }, "lenses": false }));
        assert_eq!(settings.hints, Shown { shapes: false, arguments: true, sizes: true });
        assert!(!settings.lenses);
        settings.take(&json!({ "hints": false }));
        assert_eq!(settings.hints, Shown { shapes: false, arguments: false, sizes: false });
        settings.take(&json!(null));
        assert!(!settings.lenses);
    }
}
