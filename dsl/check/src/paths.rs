//! Layer paths with wildcards, and `kind(…)`, against the layers of a network.

use crate::consts::{Scope, eval_int};
use crate::diags::Diags;
use crate::program::Network;
use crate::settings::{find_word, quoted_word, unquoted};
use dlm_base::Span;
use dlm_base::diag::codes::names::Hint;
use dlm_base::diag::codes::settings;
use dlm_base::suggest::nearest;
use dlm_grammar::tree::{Expr, ExprKind, PathPart};
use dlm_vocab::ops::{OPERATORS, Operator, SIGNS};
use std::collections::BTreeSet;

/// Layers, as a program names them.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// As written.
    pub(crate) text: String,
    /// Its place.
    pub(crate) at: Span,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Path(Vec<Part>),
    Kind(&'static str),
}

/// A part of a pattern of paths.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Name(String),
    AnyName,
    Index(i64),
    AnyIndex,
}

impl Target {
    /// The path that an expression is; `None` when it is another thing, which has been reported.
    pub(crate) fn path(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Target> {
        let Some(parts) = expr.as_path() else {
            if !expr.is_broken() {
                let message = "a path is needed here, such as `stage[0].conv1` or `stage[*]`";
                let diag = settings::unfit_value(expr.span, message, "not a path of layers", None);
                diags.push(match quoted_word(expr) {
                    Some(path) => unquoted(diag, expr, path),
                    None => diag,
                });
            }
            return None;
        };
        Some(Target::new(expr, What::Path(pattern(&parts, scope, diags)?), scope))
    }

    /// The path or the `kind(…)` that an expression is; `None` when it is another thing, which has been
    /// reported.
    pub(crate) fn path_or_kind(
        expr: &Expr,
        scope: &Scope<'_>,
        diags: &mut Diags,
    ) -> Option<Target> {
        let ExprKind::Call { base: None, name, args } = &expr.unparen().kind else {
            return Target::path(expr, scope, diags);
        };
        if name.text != "kind" {
            let message = "a path or `kind(OPERATOR)` is needed here";
            let known = OPERATORS.iter().any(|op| op.word.name == name.text);
            let help = known.then(|| format!("write `kind({})`", name.text));
            let diag = settings::unfit_value(expr.span, message, "not layers", help.as_deref());
            diags.push(match help {
                Some(help) => diag.fix(help, expr.span, format!("kind({})", name.text), true),
                None => diag,
            });
            return None;
        }
        let given = match args.list.as_slice() {
            [one] if one.name.is_none() => one.value.unparen().as_name(),
            _ => None,
        };
        let Some(given) = given else {
            let broken = args.list.iter().any(|arg| arg.value.is_broken());
            if !broken {
                let message = "`kind` takes the name of one operator";
                let help = Some("write `kind(dense)`");
                diags.push(settings::unfit_value(expr.span, message, "one name", help));
            }
            return None;
        };
        if given.is_missing() {
            return None;
        }
        let kind = match SIGNS.iter().find(|sign| sign.word.name == given.text) {
            Some(sign) => sign.word.name,
            None => {
                let word = |op: &'static Operator| &op.word;
                find_word(given, "operator", OPERATORS, word, diags)?.word.name
            }
        };
        Some(Target::new(expr, What::Kind(kind), scope))
    }

    fn new(expr: &Expr, what: What, scope: &Scope<'_>) -> Target {
        Target { text: scope.world.text(expr.span).to_string(), at: expr.span, what }
    }

    /// The layers to which it leads. `owners` are names that may stand before a path: the model's and
    /// the artifact's.
    pub(crate) fn layers(&self, network: &Network, owners: &[&str]) -> Vec<usize> {
        let find = |fits: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..network.layers.len()).filter(|&layer| fits(layer)).collect()
        };
        let along = |pattern: &[Part]| find(&|i| leads_to(pattern, &network.layers[i].path));
        match &self.what {
            What::Kind(kind) => find(&|i| network.layers[i].operator.word.name == *kind),
            What::Path(pattern) => match (along(pattern), pattern.as_slice()) {
                (found, [Part::Name(first), rest @ ..])
                    if found.is_empty() && owners.contains(&first.as_str()) && !rest.is_empty() =>
                {
                    along(rest)
                }
                (found, _) => found,
            },
        }
    }

    /// The path of one layer or block, indices computed; a pattern is reported.
    pub(crate) fn one(&self, diags: &mut Diags) -> Option<String> {
        let What::Path(parts) = &self.what else { return None };
        let mut path = String::new();
        for part in parts {
            match part {
                Part::Name(name) if path.is_empty() => path += name,
                Part::Name(name) => path = format!("{path}.{name}"),
                Part::Index(index) => path = format!("{path}[{index}]"),
                Part::AnyName | Part::AnyIndex => {
                    let message =
                        format!("`{}` may mean many layers, and one is needed", self.text);
                    let help = Some("name one, such as `stage[0].conv1`");
                    diags.push(settings::unfit_value(self.at, &message, "a pattern", help));
                    return None;
                }
            }
        }
        Some(path)
    }

    /// What to say where it leads to no layer.
    pub(crate) fn hint(&self, network: &Network) -> Hint {
        let known = match self.what {
            What::Path(_) => blocks(network),
            What::Kind(_) => {
                let kinds: BTreeSet<&str> =
                    network.layers.iter().map(|layer| layer.operator.word.name).collect();
                let kinds: Vec<&str> = kinds.into_iter().collect();
                let list = kinds.join("`, `");
                return Hint::Say(format!("`{}` is made of `{list}`", network.model));
            }
        };
        let operator = |op: &&Operator| op.word.name == self.text;
        if OPERATORS.iter().chain(SIGNS).any(operator) {
            return Hint::Say(format!(
                "for all layers of that operator write `kind({})`",
                self.text
            ));
        }
        near(&self.text, known, network)
    }
}

/// What to say of a path of one layer that leads to none.
pub(crate) fn hint(path: &str, network: &Network) -> Hint {
    near(path, blocks(network), network)
}

fn near(path: &str, known: BTreeSet<&str>, network: &Network) -> Hint {
    let near = nearest(path, known);
    match near.is_empty() {
        false => Hint::Near(near.into_iter().map(str::to_string).collect()),
        true => Hint::Say(format!("`dlm show` lists the layers of `{}`", network.model)),
    }
}

/// The elements of a list of paths; one value without brackets is reported, with the brackets as the fix.
/// `None` when something is wrong, which has been reported.
pub(crate) fn list<'t>(
    list: &'t Expr,
    setting: &str,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<&'t [Expr]> {
    match &list.unparen().kind {
        ExprKind::List(items) => Some(items),
        ExprKind::Missing | ExprKind::Error => None,
        _ => {
            let text = scope.world.text(list.span);
            diags.push(
                settings::wrong_type(list.span, setting, "a list of layer paths", "one value")
                    .help(format!("write `[{text}]`"))
                    .fix("put it into a list", list.span, format!("[{text}]"), true),
            );
            None
        }
    }
}

/// The paths of all layers and of the blocks that they are in.
fn blocks(network: &Network) -> BTreeSet<&str> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for layer in &network.layers {
        let path: &str = &layer.path;
        known.insert(path);
        known.extend(path.match_indices(['.', '[']).map(|(cut, _)| &path[..cut]));
        known.extend(path.match_indices(']').map(|(cut, _)| &path[..=cut]));
    }
    known
}

fn pattern(parts: &[PathPart<'_>], scope: &Scope<'_>, diags: &mut Diags) -> Option<Vec<Part>> {
    let part = |part: &PathPart<'_>| match part {
        PathPart::Name(name) if name.is_missing() => None,
        PathPart::Name(name) => Some(Part::Name(name.text.clone())),
        PathPart::AnyName(_) => Some(Part::AnyName),
        PathPart::Index(index) => eval_int(index, scope, diags).map(Part::Index),
        PathPart::AnyIndex(_) => Some(Part::AnyIndex),
    };
    parts.iter().map(part).collect()
}

/// Whether a pattern leads to the layer of that path, or to a block that it is in.
fn leads_to(pattern: &[Part], path: &str) -> bool {
    let parts = split(path);
    pattern.len() <= parts.len()
        && pattern.iter().zip(&parts).all(|(pattern, part)| match (pattern, part) {
            (Part::AnyName, Part::Name(_)) | (Part::AnyIndex, Part::Index(_)) => true,
            (pattern, part) => pattern == part,
        })
}

/// `stage[0].conv1` as name, index, name.
fn split(path: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for piece in path.split('.') {
        let (name, indices) = piece.split_once('[').unwrap_or((piece, ""));
        parts.push(Part::Name(name.to_string()));
        let numbers = indices.split(['[', ']']).filter_map(|n| n.parse().ok());
        parts.extend(numbers.map(Part::Index));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_leads_to_layers_and_to_blocks() {
        let name = |name: &str| Part::Name(name.to_string());
        let path = "stage[0].ResidualBlock1.conv2";
        assert!(leads_to(&[name("stage")], path));
        assert!(leads_to(&[name("stage"), Part::AnyIndex], path));
        assert!(leads_to(&[name("stage"), Part::Index(0), Part::AnyName], path));
        assert!(leads_to(&split(path), path));
        assert!(!leads_to(&[name("stage"), Part::Index(1)], path));
        assert!(!leads_to(&[name("stage"), Part::AnyName], path));
        assert!(!leads_to(&[name("stag")], path));
        assert!(!leads_to(&split("stage[0].ResidualBlock1.conv2.x"), path));
    }
}
