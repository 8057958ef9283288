//! `data` declarations: their sources, what is known of them, and how they are divided.

use crate::args::{CallSite, match_args, match_rest};
use crate::consts::{Const, Scope, eval};
use crate::diags::Diags;
use crate::names::{Decl, World};
use crate::program::{AugmentUse, Dataset, Normalize, Part, SourceUse, Split};
use crate::session::Memo;
use crate::settings::{Block, argument, count, expect_call, find_word, flag, kind, plain};
use dlm_base::Span;
use dlm_base::diag::codes::{data as codes, lints, settings};
use dlm_grammar::tree::{Expr, ExprKind};
use dlm_vocab::augment::AUGMENTS;
use dlm_vocab::data::split::{Take, split_counts};
use dlm_vocab::data::{DataError, Facts, InputKind, SOURCES, Source, Target, fit};
use dlm_vocab::settings::NORMALIZE;
use dlm_vocab::{Arg, Type, Unit, Word};
use std::collections::{BTreeMap, BTreeSet};

const BLOCK: &str = "data";
const A_SOURCE: &str = "a source such as `csv(\"file.csv\", target = \"column\")`";
const A_PART: &str = "a source, a share such as `10%`, or a count such as `500 samples`";

/// What is known of the data declared as `decl`; `None` when an error has been reported.
pub(crate) fn facts(world: &World<'_>, decl: Decl, diags: &mut Diags) -> Option<Facts> {
    let data = world.data(decl);
    let scope = Scope::of(world, decl.module);
    // Unknown keys and the like are reported by `dataset`.
    let block = Block::read(BLOCK, Some(&data.settings), &mut Diags::new());
    Some(Origins::read(world, decl, &block, &scope, diags)?.facts)
}

/// The checked declaration; `None` when an error has been reported that leaves nothing to work with.
pub(crate) fn dataset(world: &World<'_>, decl: Decl, diags: &mut Diags) -> Option<Dataset> {
    let data = world.data(decl);
    let scope = Scope::of(world, decl.module);
    let block = Block::read(BLOCK, Some(&data.settings), diags);
    let seed = count(&block, BLOCK, "seed", 0, &scope, diags);
    let stratify = flag(&block, BLOCK, "stratify", &scope, diags);
    let limit = match plain(&block, BLOCK, "limit", &scope, diags) {
        Some(Arg::Int(value)) => usize::try_from(value).ok(),
        _ => None,
    };
    let valid = part(&block, "valid", &scope, diags);
    let test = part(&block, "test", &scope, diags);
    let origins = Origins::read(world, decl, &block, &scope, diags)?;
    let normalize = normalize(&block, &origins.facts, &scope, diags);
    let augment = augment(&block, &origins.facts, &scope, diags);
    let counts = counts(&block, &origins, valid?, test?, limit, diags)?;
    effects(&block, &origins.facts, stratify, limit, counts[0], diags);
    let own = |part: Option<(SourceUse, Facts)>, other: Wish| match (part, other) {
        (Some((source, _)), _) => Part::Own(source),
        (None, Wish::Count(count)) => Part::Count(count),
        (None, Wish::Share(share)) => Part::Share(share),
        (None, Wish::Own) => Part::Count(0),
    };
    Some(Dataset {
        name: data.name.text.clone(),
        span: data.name.span,
        train: origins.train.0,
        valid: own(origins.valid, valid?),
        test: own(origins.test, test?),
        seed,
        stratify: stratify.unwrap_or(matches!(origins.facts.target, Target::Classes(_))),
        normalize: normalize?,
        augment: augment?,
        limit,
        counts,
        facts: origins.facts,
        vocabulary: BTreeMap::new(),
        tokens: BTreeSet::new(),
    })
}

/// What a `valid` or `test` setting asks for.
#[derive(Clone, Copy, Debug)]
enum Wish {
    /// A source of its own.
    Own,
    /// A share of what is before it.
    Share(f64),
    /// So many samples of what is before it.
    Count(usize),
}

/// The sources of a declaration with their facts.
struct Origins {
    train: (SourceUse, Facts),
    valid: Option<(SourceUse, Facts)>,
    test: Option<(SourceUse, Facts)>,
    /// Of the whole.
    facts: Facts,
}

impl Origins {
    fn read(
        world: &World<'_>,
        decl: Decl,
        block: &Block<'_>,
        scope: &Scope<'_>,
        diags: &mut Diags,
    ) -> Option<Origins> {
        // Where a part could not be read, what its rest seems to say is no further mistake.
        let broken = world.item(decl).broken;
        let mut source = |name| {
            let expr = block.value(name)?;
            if matches!(name, "valid" | "test") && is_part(expr) {
                return None;
            }
            Some(read_source(world, name, expr, broken, scope, diags))
        };
        let (whole, train) = (source("source"), source("train"));
        let (valid, test) = (source("valid"), source("test"));
        let train = match (whole, train, block.get("source"), block.get("train")) {
            (Some(_), Some(_), Some(first), Some(second)) => {
                let (at, other) = (second.key.span, first.key.span);
                diags.push(settings::excluded(at, "train", other, "source"));
                return None;
            }
            (Some(one), ..) | (None, Some(one), ..) => one?,
            _ => {
                if !broken && block.lacks("source") {
                    let name = world.name(decl);
                    let what = format!("`{}`", name.text);
                    let example = "source = csv(\"file.csv\", target = \"column\")";
                    let at = name.span;
                    diags.push(settings::missing_setting(at, &what, "source", example));
                }
                return None;
            }
        };
        let (valid, test) =
            (valid.map_or(Some(None), |v| v.map(Some))?, test.map_or(Some(None), |v| v.map(Some))?);
        let others = [("valid", &valid), ("test", &test)];
        let known: Vec<&Facts> =
            others.iter().rev().filter_map(|(_, part)| part.as_ref().map(|(_, f)| f)).collect();
        let facts = fit::whole(&train.1, &known);
        for (name, part) in others {
            let Some((source, own)) = part else { continue };
            if let Err(misfit) = fit::fits(&facts, name, own) {
                let word = source.source.word.name;
                let help = misfit.help.as_deref();
                diags.push(codes::content(source.span, &misfit.message, word, help));
                return None;
            }
        }
        Some(Origins { train, valid, test, facts })
    }
}

/// A call of a source, with what its files' headers tell.
fn read_source(
    world: &World<'_>,
    key: &str,
    expr: &Expr,
    broken: bool,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<(SourceUse, Facts)> {
    if let Some(diag) = bare_path(key, expr) {
        diags.push(diag);
        return None;
    }
    let (name, call) = expect_call(expr, key, A_SOURCE, diags)?;
    let source = find_word(name, "source", SOURCES, |s| &s.word, diags)?;
    let args = match_rest(&source.word, source.rest, &call, scope, diags)?;
    let used = SourceUse { source, args, span: call.span };
    match source_facts(world, &used) {
        Ok(facts) => Some((used, facts)),
        Err(_) if broken => None,
        Err(error) => {
            diags.push(refusal(source, &call, error));
            None
        }
    }
}

/// What the headers of a source's files tell; they are read once.
///
/// # Errors
/// When a file cannot be had, or is not what the source says.
pub(crate) fn source_facts(world: &World<'_>, used: &SourceUse) -> Result<Facts, DataError> {
    let key = format!("{} {:?}", used.source.word.name, used.args);
    if let Some(known) = world.headers.borrow().get(&key) {
        return known.clone();
    }
    let read = Memo::header(world, &key, |files| (used.source.facts)(&used.args, files));
    world.headers.borrow_mut().insert(key, read.clone());
    read
}

/// The targets of a part: those of the whole, or none where its source has none.
pub(crate) fn part_target(world: &World<'_>, data: &Dataset, split: Split) -> Target {
    let source = match (split, &data.valid, &data.test) {
        (Split::Valid, Part::Own(source), _) | (Split::Test, _, Part::Own(source)) => source,
        _ => &data.train,
    };
    match source_facts(world, source) {
        Ok(facts) if facts.target == Target::None => Target::None,
        _ => data.facts.target.clone(),
    }
}

/// The place of the source that tells what the targets are.
pub(crate) fn labels_at(world: &World<'_>, data: &Dataset) -> Span {
    let own = [&data.test, &data.valid].into_iter().filter_map(|part| match part {
        Part::Own(source) => Some(source),
        Part::Share(_) | Part::Count(_) => None,
    });
    let mut sources = std::iter::once(&data.train).chain(own);
    let has = |source: &&SourceUse| {
        source_facts(world, source).is_ok_and(|facts| facts.target != Target::None)
    };
    sources.find(has).map_or(data.train.span, |source| source.span)
}

/// A path where a source belongs: `source = "wine.csv"`.
fn bare_path(key: &str, expr: &Expr) -> Option<dlm_base::Diag> {
    let ExprKind::Str(path) = &expr.unparen().kind else { return None };
    let ending = path.trim_end_matches(".gz").rsplit('.').next().unwrap_or("");
    let call = match ending {
        "txt" => format!("lines(\"{path}\", target = 1)"),
        "csv" | "tsv" => format!("csv(\"{path}\", target = \"column\")"),
        "parquet" => format!("parquet(\"{path}\", target = \"column\")"),
        "npy" => format!("npy(\"{path}\", \"labels.npy\")"),
        "npz" => format!("npz(\"{path}\", input = \"x\", target = \"y\")"),
        "bin" => format!("cifar(\"{path}\")"),
        "digits" | "iris" | "spirals" => format!("builtin(\"{path}\")"),
        _ => format!("idx(\"{path}\", \"labels\")"),
    };
    Some(
        settings::wrong_type(expr.span, key, A_SOURCE, "a string")
            .help(format!("say what kind of file it is: `{call}`")),
    )
}

/// What a source says of its files, at the argument that it blames.
fn refusal(source: &Source, call: &CallSite<'_>, error: DataError) -> dlm_base::Diag {
    let word = &source.word;
    let at = |param| argument(call, word, source.rest, param).map_or(call.span, |expr| expr.span);
    match error {
        DataError::File { param, path, why, help } => {
            codes::file(at(param), &path, &why, help.as_deref())
        }
        DataError::Content { param, message, help } => {
            codes::content(at(param), &message, word.name, help.as_deref())
        }
        DataError::Argument { param, message, help, meant } => {
            let reads = word.params.iter().any(|param| param.ty == Type::File);
            let label = if reads { "does not fit the file" } else { "not known" };
            let diag = settings::unfit_value(at(param), &message, label, help.as_deref());
            let given = argument(call, word, source.rest, param).map(Expr::unparen);
            match (given, meant.filter(|it| !it.contains(['"', '\\', '\n']))) {
                (Some(Expr { span, kind: ExprKind::Str(_) }), Some(meant)) => {
                    let text = format!("\"{meant}\"");
                    diag.fix(format!("write `{text}`"), *span, text, false)
                }
                _ => diag,
            }
        }
    }
}

/// Whether the value of `valid` or `test` is a part of something else, and not a source.
fn is_part(expr: &Expr) -> bool {
    !matches!(expr.unparen().kind, ExprKind::Call { base: None, .. } | ExprKind::Str(_))
}

/// What `valid` or `test` asks for; 10% when it is not given.
fn part(block: &Block<'_>, name: &str, scope: &Scope<'_>, diags: &mut Diags) -> Option<Wish> {
    let Some(expr) = block.value(name) else { return Some(Wish::Share(0.1)) };
    if !is_part(expr) {
        return Some(Wish::Own);
    }
    let bounds = "a share from 0% to under 100%";
    match eval(expr, scope, diags)? {
        Const::Real(share) if (0.0..1.0).contains(&share) => Some(Wish::Share(share)),
        value @ Const::Real(_) => {
            diags.push(settings::out_of_range(expr.span, name, &value.to_string(), bounds));
            None
        }
        Const::Quantity(count, Unit::Samples) if count >= 0.0 && count.fract() == 0.0 => {
            Some(Wish::Count(count as usize))
        }
        Const::Int(count) if count >= 0 => {
            let text = format!("{count} samples");
            diags.push(
                settings::wrong_type(expr.span, name, A_PART, "a bare number")
                    .help(format!("write `{text}`"))
                    .fix(format!("write `{text}`"), expr.span, text, true),
            );
            None
        }
        other => {
            diags.push(settings::wrong_type(expr.span, name, A_PART, &other.describe()));
            None
        }
    }
}

/// Samples of the training, validation and test part.
fn counts(
    block: &Block<'_>,
    origins: &Origins,
    valid: Wish,
    test: Wish,
    limit: Option<usize>,
    diags: &mut Diags,
) -> Option<[usize; 3]> {
    let take = |part: &Option<(SourceUse, Facts)>, wish| match (part, wish) {
        (Some((_, facts)), _) => Take::Own(facts.samples),
        (None, Wish::Share(share)) => Take::Share(share),
        (None, Wish::Count(count)) => Take::Count(count),
        (None, Wish::Own) => Take::Count(0),
    };
    let samples = origins.train.1.samples;
    match split_counts(samples, take(&origins.valid, valid), take(&origins.test, test), limit) {
        Ok(counts) => Some(counts),
        Err(error) => {
            let parts = [error.part, "test", "valid", "limit"];
            let given = parts.into_iter().find_map(|name| block.value(name));
            let at = given.map_or(origins.train.0.span, |expr| expr.span);
            let there = format!("the source has {samples} samples");
            diags.push(codes::nothing_left(at, &error.message, &there, &error.help));
            None
        }
    }
}

/// The normalisation: as given, or the default of the kind of inputs.
fn normalize(
    block: &Block<'_>,
    facts: &Facts,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Normalize> {
    let Some(expr) = block.value("normalize") else {
        return Some(match facts.kind {
            _ if !facts.inputs.is_empty() => Normalize::Each,
            InputKind::Table => Normalize::Standard,
            InputKind::Image | InputKind::Tensor | InputKind::Tokens => Normalize::None,
        });
    };
    let found = normalization(expr, Some(channels(facts)), scope, diags)?;
    if facts.kind == InputKind::Tokens && found != Normalize::None {
        let message = "tokens are names, which have no mean";
        let help = Some("leave `normalize` out");
        diags.push(settings::unfit_value(expr.span, message, "not for tokens", help));
        return None;
    }
    Some(found)
}

/// The normalisation that an expression is, of inputs with so many channels or features, if that is known.
pub(crate) fn normalization(
    expr: &Expr,
    channels: Option<usize>,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Normalize> {
    let (name, call) = expect_call(expr, "normalize", "`standard`, `minmax` or `none`", diags)?;
    let words: Vec<&'static Word> = NORMALIZE.iter().collect();
    let word = find_word(name, "normalisation", &words, |w| w, diags)?;
    let args = match_args(word, &call, scope, diags)?;
    match word.name {
        "minmax" => return Some(Normalize::MinMax),
        "none" => return Some(Normalize::None),
        _ => {}
    }
    let list = |param| match args.get(param) {
        Some(Arg::Reals(values)) => Some(values.clone()),
        _ => None,
    };
    let (mean, std) = match (list("mean"), list("std")) {
        (None, None) => return Some(Normalize::Standard),
        (Some(mean), Some(std)) => (mean, std),
        (given, _) => {
            let missing = if given.is_some() { "std" } else { "mean" };
            let signature = "standard(mean = […], std = […])";
            diags.push(settings::missing_param(call.span, "standard", missing, signature));
            return None;
        }
    };
    let place = |param| argument(&call, word, None, (param, 0)).map_or(call.span, |e| e.span);
    for (param, values) in [("mean", &mean), ("std", &std)] {
        if let Some(channels) = channels
            && values.len() != 1
            && values.len() != channels
        {
            let given = values.len();
            let (message, label) = match channels {
                1 => (
                    format!("`{param}` has {given} numbers for one channel"),
                    "must have one number".to_string(),
                ),
                _ => (
                    format!("`{param}` has {given} numbers for {channels} channels"),
                    format!("must have 1 or {channels} numbers"),
                ),
            };
            diags.push(settings::unfit_value(place(param), &message, &label, None));
            return None;
        }
    }
    if let Some(bad) = std.iter().find(|value| **value <= 0.0) {
        diags.push(settings::out_of_range(place("std"), "std", &bad.to_string(), "above 0"));
        return None;
    }
    Some(Normalize::Given { mean, std })
}

/// How many numbers a normalisation has: one for each channel or feature.
pub(crate) fn channels(facts: &Facts) -> usize {
    facts.pieces().iter().map(|piece| piece.shape.first().copied().unwrap_or(1)).sum()
}

/// The list of augmentations.
fn augment(
    block: &Block<'_>,
    facts: &Facts,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Vec<AugmentUse>> {
    let Some(expr) = block.value("augment") else { return Some(Vec::new()) };
    let items: &[Expr] = match &expr.unparen().kind {
        ExprKind::List(items) => items,
        _ => std::slice::from_ref(expr.unparen()),
    };
    let uses: Vec<Option<AugmentUse>> =
        items.iter().map(|item| augmentation(item, facts, scope, diags)).collect();
    if !matches!(expr.unparen().kind, ExprKind::List(_)) && uses.iter().all(Option::is_some) {
        let text = scope.world.text(expr.span);
        diags.push(
            settings::wrong_type(expr.span, "augment", "a list of augmentations", kind(expr))
                .help(format!("write `[{text}]`"))
                .fix("put it into a list", expr.span, format!("[{text}]"), true),
        );
        return None;
    }
    uses.into_iter().collect()
}

fn augmentation(
    expr: &Expr,
    facts: &Facts,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<AugmentUse> {
    let (name, call) = expect_call(expr, "augment", "augmentations such as `shift(2)`", diags)?;
    let word = find_word(name, "augmentation", AUGMENTS, |a| &a.word, diags)?;
    let args = match_args(&word.word, &call, scope, diags)?;
    if facts.kind == InputKind::Tokens {
        let message = format!("`{}` changes numbers, and tokens are names", name.text);
        let help = "leave `augment` out";
        diags.push(settings::unfit_value(call.span, &message, "not for tokens", Some(help)));
        return None;
    }
    if word.images && facts.shape.rank() != 3 {
        let message = format!("`{}` changes images, and a sample is {}", name.text, facts.shape);
        let label = "needs [channels, height, width]";
        let others: Vec<String> =
            AUGMENTS.iter().filter(|a| !a.images).map(|a| format!("`{}`", a.word.name)).collect();
        let help =
            (!others.is_empty()).then(|| format!("for other data there is {}", others.join(", ")));
        diags.push(settings::unfit_value(call.span, &message, label, help.as_deref()));
        return None;
    }
    if !facts.inputs.is_empty() {
        let message = format!("`{}` changes one input, and a sample has several", name.text);
        let help = "leave `augment` out";
        diags.push(settings::unfit_value(call.span, &message, "of one input alone", Some(help)));
        return None;
    }
    Some(AugmentUse { word, args })
}

/// Settings that change nothing.
fn effects(
    block: &Block<'_>,
    facts: &Facts,
    stratify: Option<bool>,
    limit: Option<usize>,
    train: usize,
    diags: &mut Diags,
) {
    let place = |name: &str| -> Option<Span> { block.get(name).map(|setting| setting.span) };
    if let (Some(true), Some(at)) = (stratify, place("stratify"))
        && !matches!(facts.target, Target::Classes(_))
    {
        let reason = "the targets are not classes";
        diags.push(lints::no_effect(at, "`stratify`", reason, "leave it out"));
    }
    if let (Some(limit), Some(at)) = (limit, place("limit"))
        && limit > train
    {
        let reason = format!("the training part has {train} samples");
        diags.push(lints::no_effect(at, "`limit`", &reason, "leave it out, or take fewer"));
    }
}
