//! The arguments of the call at a place.

use super::Snapshot;
use super::calls;
use super::context::{Caret, Inside};
use std::ops::Range;

/// A call with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `conv(channels, kernel, stride = 1)`
    pub label: String,
    /// Its documentation, in Markdown.
    pub doc: String,
    /// The parameters: their bytes in `label`, and their documentation.
    pub params: Vec<(Range<usize>, String)>,
    /// The parameter that is being written.
    pub active: Option<usize>,
}

/// The innermost call at a byte.
pub fn signature(snapshot: &Snapshot, at: usize) -> Option<Signature> {
    let caret = Caret::new(&snapshot.text, at);
    if caret.inside == Inside::Comment {
        return None;
    }
    let call = calls::innermost(snapshot, &caret)?;
    let mut active = call.active;
    // A name that is being written, and is that of a parameter, is meant to be given a value.
    let word = &caret.text[caret.word.clone()];
    let named = call.callable.params.iter().position(|param| param.name == word);
    if !call.named && caret.last_text() != "=" && named.is_some() {
        active = named;
    }
    let (label, ranges) = call.callable.label();
    let docs = call.callable.params.into_iter().map(|param| param.doc);
    let params = ranges.into_iter().zip(docs).collect();
    Some(Signature { label, doc: call.callable.doc, params, active })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::tests::caret;

    /// The label with the active parameter in braces.
    fn shown(text: &str) -> String {
        let (snapshot, byte) = caret(text);
        let Some(found) = signature(&snapshot, byte) else { return "nothing".to_string() };
        let Some(active) = found.active else { return found.label };
        let range = found.params[active].0.clone();
        let label = &found.label;
        format!("{}{{{}}}{}", &label[..range.start], &label[range.clone()], &label[range.end..])
    }

    #[test]
    fn the_active_parameter_follows_the_caret() {
        let body = |row: &str| shown(&format!("model N(x: [1, 8, 8]) {{\n    {row}\n}}\n"));
        assert!(body("x -> conv($0").starts_with("conv({channels}, kernel, stride = 1"));
        assert!(body("x -> conv(8, $0)").starts_with("conv(channels, {kernel}, stride"));
        assert!(body("x -> conv(8, 3, stri$0de = 2)").contains("{stride = 1}"));
        assert!(body("x -> conv(8, 3, bias = fa$0").contains("{bias = true}"));
        assert!(body("x -> repeat 2 { dense($0 }").starts_with("dense({units}"));
        assert_eq!(body("relu($0)"), "relu({x})");
        assert_eq!(body("x -> relu -> $0"), "nothing");
    }

    #[test]
    fn inner_calls_hide_outer_ones() {
        let text = "policy P { weights = int8(per = group($0)) }";
        assert_eq!(shown(text), "group({size})");
        let text = "policy P { weights = int8(per = group(32), $0) }";
        assert!(shown(text).starts_with("int8("), "{}", shown(text));
        let text = "train N on D { loss = 0.5 * cross_entropy(smoothing = $0 }";
        assert_eq!(shown(text), "cross_entropy({smoothing = 0.0})");
        let text = "data D { source = csv(\"a\", target = \"$0\") }";
        assert!(shown(text).contains("{target}"), "{}", shown(text));
        let text = "expect { A.agreement($0) }";
        assert_eq!(shown(text), "agreement({other})");
    }

    #[test]
    fn declared_layers_and_models_have_signatures() {
        let text = "layer L(x: [C, H], y: [C, H], n: int = C, b: bool) { x -> dense(n) }\n\
                    model N(x: [1, 8], depth: int = 3) { x -> L(x, $0) }\ntrain N(d$0";
        let one = text.replace("train N(d$0", "");
        assert_eq!(shown(&one), "L(y: [C, H], {n: int = C}, b: bool)");
        let other = text.replacen("$0", "", 1);
        assert_eq!(shown(&other), "N({depth: int = 3})");
    }
}
