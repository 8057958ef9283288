//! `load` verbs: weights for a declared model, closed networks, recorded answers.

use crate::args::{CallSite, match_args};
use crate::budget::grouped;
use crate::consts::Scope;
use crate::data::{channels, labels_at, normalization};
use crate::diags::Diags;
use crate::distill::teachers;
use crate::names::{Entry, Kind, ModuleId, Wanted, World};
use crate::network::{Built, Unbuilt, build, resolve_model};
use crate::program::{ClosedInput, Dataset, Load, Loaded, Network, Normalize, Program};
use crate::settings::{Block, argument, expect_call, find_word};
use crate::train::{default_loss, misfit};
use dlm_base::Span;
use dlm_base::diag::codes::{data as codes, distill, settings};
use dlm_grammar::tree::{self, Clause, Expr, ItemKind, LoadSource, ModelUse, Name, Text};
use dlm_vocab::Word;
use dlm_vocab::data::{DataError, InputKind, Target, npy};
use dlm_vocab::settings::{ANSWERS, INPUT};
use std::sync::Arc;

mod onnx;
mod weights;

const BLOCK: &str = "load";

/// Checks a `load` verb and adds it to the program. What is wrong is reported; the verb is left out then.
pub(crate) fn load(
    world: &World<'_>,
    verb: &tree::Load,
    artifact: &Name,
    program: &mut Program,
    diags: &mut Diags,
) {
    let scope = Scope::of(world, ModuleId::MAIN);
    let block = Block::read(BLOCK, verb.settings.as_ref(), diags);
    if !matches!(verb.source, LoadSource::Network(_)) {
        for key in block.keys() {
            diags.push(settings::of_closed(key.span, &key.text));
        }
    }
    let user = first_use(world, &artifact.text).and_then(|on| known_data(world, on, program));
    let at = Place { world, scope: &scope, program, artifact };
    let (what, dataset) = match &verb.source {
        LoadSource::Weights { model, file, .. } => match at.weights(model, file, user, diags) {
            Some((network, file, span)) => {
                program.networks.push(network);
                let network = program.networks.len() - 1;
                (Loaded::Weights { network, file, span }, user)
            }
            None => return,
        },
        LoadSource::Network(file) => match at.closed(file, &block, user, diags) {
            Some(what) => (what, user),
            None => return,
        },
        LoadSource::Answers { word, args, on } => {
            match at.answers(CallSite::new(*word, Some(args)), on, diags) {
                Some((what, dataset)) => (what, Some(dataset)),
                None => return,
            }
        }
    };
    let target = dataset.map(|index| &program.datasets[index].facts.target);
    let loss = target.and_then(|target| default_loss(target, &scope));
    program.loads.push(Load {
        artifact: artifact.text.clone(),
        span: artifact.span,
        what,
        dataset,
        loss: loss.into_iter().collect(),
    });
}

/// What a `load` verb gives, in words; for artifacts that have no weights of their own.
pub(crate) fn weightless(world: &World<'_>, artifact: &str) -> Option<&'static str> {
    let item = *world.main().artifacts.get(artifact)?;
    match &world.main().tree.items[item as usize].kind {
        ItemKind::Load(verb) => match verb.source {
            LoadSource::Weights { .. } => None,
            LoadSource::Network(_) => Some("a closed network"),
            LoadSource::Answers { .. } => Some("a record of answers"),
        },
        _ => None,
    }
}

/// Where the first verb that uses an artifact names its data.
fn first_use<'t>(world: &'t World<'_>, artifact: &str) -> Option<&'t Name> {
    let from = |settings: Option<&tree::Settings>| {
        let name = settings.and_then(|it| it.get("from")?.value.unparen().as_name());
        name.is_some_and(|name| name.text == artifact)
    };
    let teaches =
        |expr: &Expr| teachers::names(world, expr).iter().any(|name| name.text == artifact);
    world.main().tree.items.iter().find_map(|item| match &item.kind {
        ItemKind::Train(it) if from(it.settings.as_ref()) => Some(&it.on.name),
        ItemKind::Distill(it) if teaches(&it.from.1) || from(it.settings.as_ref()) => {
            Some(&it.on.name)
        }
        ItemKind::Quantize(it) => {
            let uses = it.artifact.text == artifact
                || it.from.as_ref().is_some_and(|(_, teacher)| teaches(teacher));
            it.on.as_ref().filter(|_| uses).map(|on| &on.name)
        }
        _ => None,
    })
}

/// The data of that name, where there are some and nothing is wrong with them.
fn known_data(world: &World<'_>, name: &Name, program: &Program) -> Option<usize> {
    let Entry::Known(decl, Kind::Data) = world.lookup(ModuleId::MAIN, &name.text)? else {
        return None;
    };
    let declared = world.name(decl).span;
    program.datasets.iter().position(|known| known.span == declared)
}

/// Where a `load` stands.
struct Place<'a> {
    world: &'a World<'a>,
    scope: &'a Scope<'a>,
    program: &'a Program,
    artifact: &'a Name,
}

impl Place<'_> {
    /// The network whose weights are loaded, the file and its place.
    fn weights(
        &self,
        model: &ModelUse,
        file: &Text,
        user: Option<usize>,
        diags: &mut Diags,
    ) -> Option<(Arc<Network>, String, Span)> {
        let path = self.weights_file(model, file, diags);
        let (decl, given) = resolve_model(self.world, model, diags)?;
        let at = model.name.span;
        let data = user.map(|index| &self.program.datasets[index]);
        let facts = data.map(|data| &data.facts);
        let built = build(self.world, decl, &given, facts, Some(at), diags);
        let network = match (built, data) {
            (Ok(Built { network }), _) => network,
            (Err(Unbuilt::Reported), _) => return None,
            (Err(Unbuilt::Misfit(found)), Some(data)) => {
                // Where sizes are fixed, who uses the artifact on such data is told.
                let alone = build(self.world, decl, &given, None, Some(at), &mut Diags::new());
                let Ok(Built { network }) = alone else {
                    let model = self.world.network(decl);
                    diags.push(misfit::input(at, model, &found, data, self.scope));
                    return None;
                };
                network
            }
            (Err(Unbuilt::Open | Unbuilt::Misfit(_)), _) => {
                let name = &model.name.text;
                let message = format!("`{name}` leaves sizes open, and no verb names data for it");
                let help = "write the sizes in the model, or use the artifact on data";
                diags.push(settings::unfit_value(at, &message, "sizes are open", Some(help)));
                return None;
            }
        };
        Some((network, path?, file.span))
    }

    fn weights_file(&self, model: &ModelUse, file: &Text, diags: &mut Diags) -> Option<String> {
        if is_missing(file) {
            return None;
        }
        let Some(format) = weights::format(&file.value) else {
            let message = format!("`{}` is no file of weights", file.value);
            let label = "must end with `.safetensors`, `.pt` or `.pth`";
            let onnx = file.value.to_lowercase().ends_with(".onnx");
            let help = match onnx {
                true => format!(
                    "a closed network has no model of its own: `load \"{}\" as {}`",
                    file.value, self.artifact.text
                ),
                false => format!(
                    "in Python: `torch.save({}.state_dict(), \"{}.pt\")`",
                    model.name.text.to_lowercase(),
                    file.value.rsplit_once('.').map_or(&*file.value, |(stem, _)| stem)
                ),
            };
            diags.push(settings::unfit_value(file.span, &message, label, Some(&help)));
            return None;
        };
        let path = self.resolve(file);
        match weights::look(self.world.files, &path, format) {
            Ok(Ok(())) => return Some(path),
            Ok(Err((why, help))) => {
                diags.push(codes::content(file.span, &why, BLOCK, help));
            }
            Err(why) => diags.push(codes::file(file.span, &path, &why, None)),
        }
        None
    }

    fn resolve(&self, file: &Text) -> String {
        self.world.files.resolve(&self.world.main().name, &file.value)
    }

    /// A closed network with what it is fed with.
    fn closed(
        &self,
        file: &Text,
        block: &Block<'_>,
        user: Option<usize>,
        diags: &mut Diags,
    ) -> Option<Loaded> {
        if is_missing(file) {
            return None;
        }
        if !file.value.to_lowercase().ends_with(".onnx") {
            let message = format!("`{}` is no closed network", file.value);
            let help = weights::format(&file.value).map(|_| {
                format!("say which model the weights are for: `load MODEL from \"{}\"`", file.value)
            });
            let label = "must end with `.onnx`";
            diags.push(settings::unfit_value(file.span, &message, label, help.as_deref()));
            return None;
        }
        let path = self.resolve(file);
        let signature = match onnx::signature(self.world.files, &path) {
            Ok(Ok(signature)) => Some(signature),
            Ok(Err(why)) => {
                let help =
                    Some("write the network with `torch.onnx.export(model, x, \"net.onnx\")`");
                diags.push(codes::content(file.span, &why, BLOCK, help));
                None
            }
            Err(why) => {
                diags.push(codes::file(file.span, &path, &why, None));
                None
            }
        };
        let data = user.map(|index| &self.program.datasets[index]);
        let input = self.input(block, data, diags);
        let channels = data.map(|data| channels(&data.facts)).or_else(|| {
            let first = signature.as_ref()?.sample()?.first().copied().flatten()?;
            usize::try_from(first).ok()
        });
        let normalize = block.value("normalize");
        let normalize = normalize.map(|expr| normalization(expr, channels, self.scope, diags));
        let (input, signature) = (input?, signature?);
        let normalize: Option<Normalize> = match normalize {
            Some(found) => Some(found?),
            None => None,
        };
        if let Some(why) = signature.unfit() {
            diags.push(codes::content(file.span, &why, BLOCK, None));
            return None;
        }
        let known = || match &data?.facts.target {
            Target::Classes(names) => Some(names.len()),
            _ => None,
        };
        Some(Loaded::Closed {
            file: path,
            span: file.span,
            sample: signature.sample().map(<[_]>::to_vec),
            input: match (input, &normalize) {
                (ClosedInput::Data, Some(_)) => ClosedInput::Unit,
                (input, _) => input,
            },
            normalize,
            classes: match signature.answer() {
                Some(sizes) => usize::try_from(sizes.first().copied().unwrap_or(1)).ok(),
                None => known(),
            },
        })
    }

    /// What `input` says.
    fn input(
        &self,
        block: &Block<'_>,
        data: Option<&Dataset>,
        diags: &mut Diags,
    ) -> Option<ClosedInput> {
        let Some(expr) = block.value("input") else { return Some(ClosedInput::Data) };
        let (name, call) = expect_call(expr, "input", "`pixels` or `unit`", diags)?;
        let words: Vec<&'static Word> = INPUT.iter().collect();
        let word = find_word(name, "value of `input`", &words, |word| word, diags)?;
        match_args(word, &call, self.scope, diags)?;
        if word.name == "unit" {
            return Some(ClosedInput::Unit);
        }
        if let Some(data) = data.filter(|data| data.facts.kind != InputKind::Image) {
            let message = format!("`pixels` are bytes of images, and `{}` has none", data.name);
            let help = Some("write `input = unit`, or leave it out");
            diags.push(settings::unfit_value(expr.span, &message, "needs images", help));
            return None;
        }
        Some(ClosedInput::Pixels)
    }

    /// Recorded answers, and the data that they answer.
    fn answers(
        &self,
        call: CallSite<'_>,
        on: &Clause,
        diags: &mut Diags,
    ) -> Option<(Loaded, usize)> {
        let word = &ANSWERS[0];
        let args = match_args(word, &call, self.scope, diags);
        let decl = self.world.resolve(ModuleId::MAIN, &on.name, Wanted::Data, diags);
        let args = args?;
        let span = argument(&call, word, None, ("file", 0)).map_or(call.span, |expr| expr.span);
        let path = args.str("file");
        let sizes = match npy::float_sizes(self.world.files, path, "file") {
            Ok(sizes) => sizes,
            Err(DataError::File { path, why, help, .. }) => {
                diags.push(codes::file(span, &path, &why, help.as_deref()));
                return None;
            }
            Err(error) => {
                diags.push(codes::content(span, error.reason(), "answers", error.advice()));
                return None;
            }
        };
        let declared = self.world.name(decl?).span;
        let dataset = self.program.datasets.iter().position(|known| known.span == declared)?;
        let data = &self.program.datasets[dataset];
        let classes = self.rows(&sizes, span, data, diags)?;
        self.augmented(data, on.name.span, diags)?;
        let probabilities = args.str("kind") == "probabilities";
        let file = path.to_string();
        Some((Loaded::Answers { file, span, probabilities, classes, dataset }, dataset))
    }

    /// The classes of the answers, one row for each sample of the training part (E0502, E0701).
    fn rows(&self, sizes: &[usize], at: Span, data: &Dataset, diags: &mut Diags) -> Option<usize> {
        let train = data.counts[0];
        let wanted = match &data.facts.target {
            Target::None => None,
            target => Some(target.width() * target.steps()),
        };
        let &[rows, classes] = sizes else {
            let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
            let message =
                format!("its array is [{}], and answers are [samples, classes]", sizes.join(", "));
            let classes = wanted.map_or("classes".to_string(), |count| count.to_string());
            let help = format!("store an array [{train}, {classes}]");
            diags.push(codes::content(at, &message, "answers", Some(&help)));
            return None;
        };
        if rows != train {
            let message = format!(
                "it answers to {} samples, and the training part of `{}` has {}",
                grouped(rows as u64),
                data.name,
                grouped(train as u64)
            );
            let help = "one row for each sample of the training part, in its order: what \
                        `valid`, `test` and `limit` take away is not part of it";
            let diag = codes::content(at, &message, "answers", Some(help));
            let there = format!("{} samples to train on", grouped(train as u64));
            diags.push(diag.because(data.train.span, there));
            return None;
        }
        if let Some(wanted) = wanted.filter(|wanted| *wanted != classes) {
            let (name, has) = (&self.artifact.text, misfit::target_words(&data.facts.target));
            let message = format!(
                "`{name}` has {classes} answers to each sample, but `{}` has {has}",
                data.name
            );
            let why = format!("has {has}");
            let label = format!("{classes} numbers a row");
            let help = format!("record {wanted} numbers for each sample");
            let why = [(labels_at(self.world, data), why.as_str())];
            diags.push(distill::different(at, &message, &label, &why, &help));
            return None;
        }
        Some(classes)
    }

    /// E0703 and W1015 where samples are not what was answered to.
    fn augmented(&self, data: &Dataset, at: Span, diags: &mut Diags) -> Option<()> {
        let mixes = data.augment.iter().find(|it| (it.word.make)(&it.args).mix(0).is_some());
        let name = &self.artifact.text;
        if let Some(it) = mixes {
            diags.push(distill::mixed(at, name, &data.name, it.word.word.name));
            return None;
        }
        let words: Vec<String> =
            data.augment.iter().map(|it| format!("`{}`", it.word.word.name)).collect();
        if !words.is_empty() {
            diags.push(distill::changed(at, name, &data.name, &words.join(", ")));
        }
        Some(())
    }
}

fn is_missing(file: &Text) -> bool {
    file.span.start == file.span.end
}
