//! `policy` declarations: how numbers are to be rounded, before any network is known.

use crate::consts::{Const, Scope, eval};
use crate::diags::Diags;
use crate::names::{Decl, Entry, Kind, World};
use crate::paths::{self, Target};
use crate::quant::{Activations, Format, Method, Weights};
use crate::settings::{Block, plain};
use dlm_base::Span;
use dlm_base::diag::codes::{lints, quant as codes, settings};
use dlm_grammar::tree::{self, Entry as Row, Expr, ItemKind};
use dlm_vocab::settings::METHOD;
use dlm_vocab::{Arg, Unit, Word};
use std::collections::BTreeMap;

mod cover;
mod format;

pub(crate) use cover::{Cover, parts};

const BLOCK: &str = "policy";

/// How many samples are looked at when nothing is said.
const CALIBRATE: usize = 512;

/// A checked policy.
#[derive(Debug)]
pub(crate) struct Policy {
    /// Its name.
    pub(crate) name: String,
    /// When ranges are found; `None` when that is wrong, which has been reported.
    pub(crate) method: Option<Method>,
    /// The place of the method, or of the policy's name where none is written.
    pub(crate) method_at: Span,
    /// What its own settings say of every layer.
    pub(crate) format: Format,
    /// Where its own settings say so, if they do: weights and activations.
    pub(crate) format_at: [Option<Span>; 2],
    /// At most so many training samples are looked at.
    pub(crate) calibrate: usize,
    /// Where that is said, if it is.
    pub(crate) calibrate_at: Option<Span>,
    /// The accuracy that may be lost, and where that is said.
    pub(crate) max_drop: Option<(f64, Span)>,
    /// What stays in float32.
    pub(crate) keep: Vec<Target>,
    /// The overrides, in order.
    pub(crate) overrides: Vec<Override>,
    /// Whether nothing in it is wrong.
    pub(crate) sound: bool,
}

/// An override of a policy.
#[derive(Debug)]
pub(crate) struct Override {
    /// Of which layers.
    pub(crate) target: Target,
    /// The format of weights and where it stands, if it is given.
    pub(crate) weights: Option<(Weights, Span)>,
    /// The format of activations and where it stands, if it is given.
    pub(crate) activations: Option<(Activations, Span)>,
}

/// The policies that the file knows, its own and imported ones, each with what it has met.
pub(crate) type Policies = BTreeMap<Decl, (Policy, Cover)>;

/// Checks the policies that the file knows.
pub(crate) fn policies(world: &World<'_>, diags: &mut Diags) -> Policies {
    let names = world.main().names.values();
    let decls = names.filter_map(|entry| match entry {
        Entry::Known(decl, Kind::Policy) => Some(*decl),
        _ => None,
    });
    let mut found = Policies::new();
    for decl in decls {
        let ItemKind::Policy(tree) = &world.item(decl).kind else { continue };
        found.entry(decl).or_insert_with(|| {
            let scope = Scope::of(world, decl.module);
            (Policy::read(tree, world.item(decl).broken, &scope, diags), Cover::default())
        });
    }
    found
}

impl Policy {
    fn read(tree: &tree::Policy, broken: bool, scope: &Scope<'_>, diags: &mut Diags) -> Policy {
        let before = diags.len();
        let block = Block::read(BLOCK, Some(&tree.settings), diags);
        let method_expr = block.value("method");
        let method = match method_expr {
            Some(expr) => method(expr, scope, diags),
            None => Some(Method::Static),
        };
        let default = Format::default();
        let dynamic = method == Some(Method::Dynamic);
        let weights = block.value("weights");
        let activations = block.value("activations");
        let format = Format {
            weights: weights
                .and_then(|expr| format::weights(expr, scope, diags))
                .unwrap_or(default.weights),
            activations: activations
                .and_then(|expr| format::activations(expr, dynamic, scope, diags))
                .unwrap_or(default.activations),
            keep: false,
        };
        let calibrate = block.value("calibrate");
        let samples = calibrate.and_then(|expr| samples(expr, scope, diags));
        let keep = block.value("keep").and_then(|list| targets(list, scope, diags));
        let max_drop = max_drop(&block, scope, diags);
        let rows = tree.settings.entries.iter().filter_map(|row| match row {
            Row::Override(it) => Override::read(it, dynamic, scope, diags),
            Row::Setting(_) | Row::Error(_) => None,
        });
        let mut policy = Policy {
            name: tree.name.text.clone(),
            method,
            method_at: method_expr.map_or(tree.name.span, |expr| expr.span),
            format,
            format_at: [weights, activations].map(|expr| expr.map(|expr| expr.span)),
            calibrate: samples.unwrap_or(CALIBRATE),
            calibrate_at: calibrate.map(|expr| expr.span),
            max_drop,
            keep: keep.unwrap_or_default(),
            overrides: rows.collect(),
            sound: true,
        };
        policy.lints(diags);
        let new = diags.iter().skip(before);
        let errors = new.filter(|diag| diag.severity() == dlm_base::Severity::Error).count();
        policy.sound = errors == 0 && !broken;
        policy
    }

    /// What is wrong whatever the network is.
    fn lints(&self, diags: &mut Diags) {
        let half = self.format.weights == Weights::Float16;
        if let (true, Activations::Codes { .. }, Some(at)) =
            (half, self.format.activations, self.format_at[0])
        {
            diags.push(half_on_codes(at, self.format_at[1]));
        }
        if let (Some(Method::Dynamic), Some(at)) = (self.method, self.calibrate_at) {
            let reason = "`dynamic` finds ranges anew for each batch";
            let help = "leave it out, or write `method = static`";
            diags.push(
                lints::no_effect(at, "`calibrate`", reason, help)
                    .because(self.method_at, "finds ranges as it runs"),
            );
        }
    }
}

impl Override {
    fn read(
        tree: &tree::Override,
        dynamic: bool,
        scope: &Scope<'_>,
        diags: &mut Diags,
    ) -> Option<Override> {
        let target = Target::path_or_kind(&tree.target, scope, diags);
        let block = Block::read("override", Some(&tree.settings), diags);
        let read = |name: &str| block.value(name).map(|expr| (expr, expr.span));
        let weights =
            read("weights").and_then(|(expr, at)| Some((format::weights(expr, scope, diags)?, at)));
        let activations = read("activations")
            .and_then(|(expr, at)| Some((format::activations(expr, dynamic, scope, diags)?, at)));
        let target = target?;
        let braces = tree.settings.braces.open;
        if tree.settings.entries.is_empty() && braces.start < braces.end {
            let what = format!("the override of `{}`", target.text);
            let help = "give it `weights` or `activations`";
            diags.push(lints::no_effect(target.at, &what, "it sets nothing", help));
        }
        Some(Override { target, weights, activations })
    }
}

/// E0803: float16 weights, which no product of codes takes.
pub(crate) fn half_on_codes(at: Span, activations: Option<Span>) -> dlm_base::Diag {
    let message = "weights in float16 do not go with activations in 8 bits";
    let other = activations.map(|span| (span, "8-bit codes"));
    let help = "write `activations = float32`: these layers then compute in float32, and their weights take \
                half the bytes";
    let label = match activations {
        Some(_) => "multiplied in float32",
        None => "multiplied in float32, and activations are `uint8` unless told otherwise",
    };
    codes::format_unfit(at, message, label, other, help)
}

fn method(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Method> {
    let takes = "`dynamic`, `static` or `qat`";
    let words: Vec<&'static Word> = METHOD.iter().collect();
    let word = format::word_of(expr, "method", takes, &words, scope, diags)?;
    Some(match word.name {
        "dynamic" => Method::Dynamic,
        "qat" => Method::Qat,
        _ => Method::Static,
    })
}

/// `512 samples`
fn samples(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<usize> {
    let takes = "a number of samples";
    match eval(expr, scope, diags)? {
        Const::Quantity(count, Unit::Samples) if count >= 1.0 && count.fract() == 0.0 => {
            Some(count as usize)
        }
        Const::Quantity(count, Unit::Samples) => {
            let value = format!("{} samples", crate::consts::plain(count));
            let bounds = "a whole number from 1";
            diags.push(settings::out_of_range(expr.span, "calibrate", &value, bounds));
            None
        }
        Const::Int(count) if count >= 1 => {
            let text = format!("{count} samples");
            let found = format!("the bare number {count}");
            diags.push(
                settings::wrong_type(expr.span, "calibrate", takes, &found)
                    .help(format!("write `{text}`"))
                    .fix(format!("write `{text}`"), expr.span, text, true),
            );
            None
        }
        other => {
            let diag = settings::wrong_type(expr.span, "calibrate", takes, &other.describe());
            diags.push(diag.help("write a number such as `512 samples`"));
            None
        }
    }
}

fn max_drop(block: &Block<'_>, scope: &Scope<'_>, diags: &mut Diags) -> Option<(f64, Span)> {
    let expr = block.value("max_drop")?;
    if let tree::ExprKind::Int(points) = expr.unparen().kind
        && (1..100).contains(&points)
    {
        let text = format!("{points}%");
        let message = format!("`max_drop` is a share, and {points} is the whole or more");
        let help = format!("write `{text}`");
        diags.push(settings::unfit_value(expr.span, &message, "at least 100%", Some(&help)).fix(
            help.clone(),
            expr.span,
            text,
            true,
        ));
        return None;
    }
    match plain(block, BLOCK, "max_drop", scope, diags)? {
        Arg::Real(share) => Some((share, expr.span)),
        _ => None,
    }
}

fn targets(list: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<Vec<Target>> {
    let items = paths::list(list, "keep", scope, diags)?;
    Some(items.iter().filter_map(|item| Target::path_or_kind(item, scope, diags)).collect())
}
