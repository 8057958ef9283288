//! `train` and `distill` verbs: a model, its data, its teachers, and how the one learns from the others.

use crate::args::{CallSite, match_args};
use crate::consts::Scope;
use crate::data::part_target;
use crate::diags::Diags;
use crate::distill::{self, Teachers, teachers};
use crate::names::{ModuleId, Wanted, World};
use crate::network::{Built, Unbuilt, build, resolve_model};
use crate::program::{Dataset, Length, LossUse, Network, Part, Program, Split, Stop, Training};
use crate::quant::Scheme;
use crate::session::allow::silenced;
use crate::settings::{Block, count, expect_call, find_word, flag, plain};
use dlm_base::Span;
use dlm_base::diag::codes::{artifacts as codes, settings};
use dlm_grammar::tree::{self, Clause, Expr, ModelUse, Name, Settings};
use dlm_vocab::data::Target;
use dlm_vocab::optim::OPTIMIZERS;
use dlm_vocab::schedule::SCHEDULES;
use dlm_vocab::settings::{AVERAGE, STOP};
use dlm_vocab::{Arg, Args, Unit, Word, metric};

mod effect;
mod freeze;
mod loss;
pub(crate) mod misfit;

pub(crate) use loss::Term;

const BLOCK: &str = "train";

/// A verb that trains a model.
pub(crate) struct Verb<'t> {
    /// `train` or `distill`.
    pub(crate) word: &'static str,
    /// Its place.
    pub(crate) keyword: Span,
    /// The model.
    pub(crate) model: &'t ModelUse,
    /// The teachers of `distill`.
    pub(crate) teachers: Option<&'t Expr>,
    /// The data.
    pub(crate) on: &'t Clause,
    /// The block.
    pub(crate) settings: Option<&'t Settings>,
}

impl<'t> From<&'t tree::Train> for Verb<'t> {
    fn from(it: &'t tree::Train) -> Verb<'t> {
        Verb {
            word: "train",
            keyword: it.keyword,
            model: &it.model,
            teachers: None,
            on: &it.on,
            settings: it.settings.as_ref(),
        }
    }
}

impl<'t> From<&'t tree::Distill> for Verb<'t> {
    fn from(it: &'t tree::Distill) -> Verb<'t> {
        Verb {
            word: "distill",
            keyword: it.keyword,
            model: &it.model,
            teachers: Some(&it.from.1),
            on: &it.on,
            settings: it.settings.as_ref(),
        }
    }
}

/// Checks a `train` or `distill` verb and adds it, with its network, to the program. `data` are the numbers of the
/// datasets in [`Program::datasets`] by name. What is wrong is reported; the verb is left out then.
pub(crate) fn train(
    world: &World<'_>,
    verb: Verb<'_>,
    artifact: &Name,
    program: &mut Program,
    diags: &mut Diags,
) {
    let scope = Scope::of(world, ModuleId::MAIN);
    let block = Block::read(verb.word, verb.settings, diags);
    let plan = Plan::read(&block, &scope, diags);
    let model = resolve_model(world, verb.model, diags);
    let taught = verb.teachers.map(|expr| teachers::read(expr, &scope, program, diags));
    let dataset = world.resolve(ModuleId::MAIN, &verb.on.name, Wanted::Data, diags);
    let dataset = dataset.and_then(|decl| {
        let name = world.name(decl).span;
        program.datasets.iter().position(|known| known.span == name)
    });
    let (Some((decl, given)), Some(dataset)) = (model, dataset) else { return };
    let data = &program.datasets[dataset];
    let at = verb.model.name.span;
    let built = build(world, decl, &given, Some(&data.facts), Some(at), diags);
    let network = match built {
        Ok(Built { network, .. }) => network,
        // Data bind every size, and settings that are missing have been reported.
        Err(Unbuilt::Reported | Unbuilt::Open) => return,
        Err(Unbuilt::Misfit(found)) => {
            diags.push(misfit::input(at, world.network(decl), &found, data, &scope));
            return;
        }
    };
    // What is wrong with the teachers has been reported, here or where they come from.
    if matches!(taught, Some(None)) {
        return;
    }
    let taught = taught.flatten();
    let owners = [verb.model.name.text.as_str(), artifact.text.as_str()];
    let case = Case {
        scope: &scope,
        at,
        on: verb.on.name.span,
        keyword: verb.keyword,
        owners: &owners,
        artifact,
        network: &network,
        data,
        block: &block,
        goes_on: None,
        word: verb.word,
        program,
        teachers: taught.as_ref(),
        bits: None,
        scheme: None,
    };
    let Some(training) = case.training(plan, dataset, program.networks.len(), diags) else {
        return;
    };
    program.networks.push(network);
    program.trainings.push(training);
}

/// The loss of a training on such targets when none is named; `None` without targets.
pub(crate) fn default_loss(target: &Target, scope: &Scope<'_>) -> Option<LossUse> {
    loss::default(target, Span::default(), scope).map(|term| term.used)
}

/// Everything that the settings of one verb are held against.
pub(crate) struct Case<'a> {
    /// Where names are looked up.
    pub(crate) scope: &'a Scope<'a>,
    /// Where the verb names the model, or the artifact that it goes on from.
    pub(crate) at: Span,
    /// Where the verb names the data.
    pub(crate) on: Span,
    /// The place of the verb's word.
    pub(crate) keyword: Span,
    /// Names that may stand before a path of layers.
    pub(crate) owners: &'a [&'a str],
    /// What the verb gives.
    pub(crate) artifact: &'a Name,
    /// The network that is trained.
    pub(crate) network: &'a Network,
    /// The data that it is trained on.
    pub(crate) data: &'a Dataset,
    /// The verb's settings.
    pub(crate) block: &'a Block<'a>,
    /// The loss of the training that goes on, which is the default.
    pub(crate) goes_on: Option<&'a [LossUse]>,
    /// The verb's word.
    pub(crate) word: &'a str,
    /// What is known of the program so far.
    pub(crate) program: &'a Program,
    /// The teachers, if there are any.
    pub(crate) teachers: Option<&'a Teachers<'a>>,
    /// The fewest bits that weights are rounded to, where they are.
    pub(crate) bits: Option<u8>,
    /// How the network runs, where it is quantized.
    pub(crate) scheme: Option<&'a Scheme>,
}

impl Case<'_> {
    /// The training with these settings; `None` when something is wrong, which has been reported.
    pub(crate) fn training(
        &self,
        plan: Option<Plan>,
        dataset: usize,
        network: usize,
        diags: &mut Diags,
    ) -> Option<Training> {
        let loss = self.loss(diags);
        let frozen = match self.block.value("freeze") {
            Some(list) => freeze::frozen(list, self.network, self.owners, self.scope, diags),
            None => Some(vec![false; self.network.layers.len()]),
        };
        let stop = self.stop(diags);
        let judges = stop.is_some() && plan.as_ref().is_none_or(|plan| self.judges(plan, diags));
        let from = self.block.value("from").map(|expr| artifact_name(expr, "from", diags));
        let plan = plan?;
        effect::lints(self, &plan, stop.as_ref().and_then(Option::as_ref), diags);
        let loss = loss.filter(|_| judges)?;
        Some(Training {
            artifact: self.artifact.text.clone(),
            span: self.artifact.span,
            network,
            dataset,
            teachers: self.teachers.map_or(Vec::new(), Teachers::uses),
            judged: self.judged(&loss),
            loss,
            optimizer: plan.optimizer,
            schedule: plan.schedule,
            length: plan.length,
            batch: plan.batch,
            seed: plan.seed,
            clip: plan.clip,
            average: plan.average,
            stop: stop?,
            keep_best: plan.keep_best,
            frozen: frozen?,
            from: match from {
                Some(name) => Some(name?.text.clone()),
                None => None,
            },
            silenced: silenced(&self.scope.world.main().tree, self.keyword),
        })
    }

    /// The loss, once it fits the targets and the network's output fits them.
    fn loss(&self, diags: &mut Diags) -> Option<Vec<LossUse>> {
        // Train may lack labels where test has them: what counts here is what is trained on.
        let target = &part_target(self.scope.world, self.data, Split::Train);
        let has = misfit::target_words(target);
        let source = codes::Side { name: &self.data.name, is: &has, at: self.data.train.span };
        let mut terms = match self.block.value("loss") {
            Some(expr) => loss::terms(expr, self, diags)?,
            None => loss::defaults(self, target),
        };
        if terms.is_empty() {
            diags.push(codes::loss_unfit(self.on, self.word, "labels", source, &[]));
            return None;
        }
        let mut good = true;
        for term in &terms {
            if !term.fits(target) {
                let fitting = loss::fitting(target, self.teachers.is_some());
                let (name, needs) = (term.used.loss.word.name, term.used.loss.needs);
                let diag = codes::loss_unfit(term.span, name, needs, source, &fitting);
                let alone = *target == Target::None && self.teachers.is_some();
                diags.push(match alone {
                    true => {
                        diag.help("leave the term out: here the teacher's answers are all there is")
                    }
                    false => diag,
                });
                good = false;
            }
        }
        let idle = |term: &loss::Term| !term.teacher && (term.used.loss.fits)(&Target::None);
        if let Some(loss) = self.block.value("loss").filter(|_| terms.iter().all(idle)) {
            let message = "the loss looks neither at labels nor at a teacher";
            let help = Some("add a term such as `cross_entropy`");
            diags.push(settings::unfit_value(loss.span, message, "only weights count", help));
            return None;
        }
        if !good {
            return None;
        }
        let unfit = misfit::output(self, &terms);
        good = unfit.is_none();
        diags.extend(unfit);
        if let (true, Some(teachers)) = (good, self.teachers) {
            good = distill::fits(self, teachers, diags);
            good &= distill::resolve(self, teachers, &mut terms, diags);
            if good {
                distill::lints(self, teachers, &terms, target, diags);
            }
        }
        if good {
            diags.extend(misfit::activation_before_loss(self.network, &terms, self.scope));
        }
        good.then(|| terms.into_iter().map(|term| term.used).collect())
    }

    /// The terms with which answers are evaluated.
    fn judged(&self, loss: &[LossUse]) -> Vec<LossUse> {
        if self.teachers.is_none() {
            return loss.to_vec();
        }
        let looks = |it: &&LossUse| !it.loss.has_teacher() && !(it.loss.fits)(&Target::None);
        let mut judged: Vec<LossUse> = loss.iter().filter(looks).cloned().collect();
        let sum: f64 = judged.iter().map(|it| it.weight).sum();
        if sum > 0.0 {
            judged.iter_mut().for_each(|it| it.weight /= sum);
            return judged;
        }
        default_loss(&self.data.facts.target, self.scope).into_iter().collect()
    }

    /// Early stopping: `Some(None)` when it is not asked for, `None` when it is wrong.
    fn stop(&self, diags: &mut Diags) -> Option<Option<Stop>> {
        let Some(expr) = self.block.value("stop") else { return Some(None) };
        let (word, args) =
            word_of(expr, "stop", "`early(patience, metric)`", STOP, self.scope, diags)?;
        let patience = match args.get("patience") {
            Some(Arg::Quantity(epochs, Unit::Epochs))
                if epochs.fract() == 0.0 && *epochs >= 1.0 =>
            {
                *epochs as u64
            }
            _ => {
                let message = "patience is counted in whole epochs, from 1";
                let help = Some("write `patience = 5 epochs`");
                diags.push(settings::unfit_value(expr.span, message, "not whole epochs", help));
                return None;
            }
        };
        let name = args.str("metric");
        let name = name.strip_prefix("valid.").unwrap_or(name);
        if self.unlabelled(expr.span, &format!("valid.{name}"), "stop", diags) {
            return None;
        }
        let target = &self.data.facts.target;
        let fits = metric::find(name).is_some_and(|it| fits_target(it.kind, target));
        if !fits {
            let why = format!("`{}` has {}", self.data.name, misfit::target_words(target));
            let known = metric::METRICS.iter().filter(|m| fits_target(m.kind, target));
            let known: Vec<String> = known.map(|m| format!("valid.{}", m.word.name)).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let given = format!("valid.{name}");
            diags.push(codes::no_metric(expr.span, &self.artifact.text, &given, &why, &known));
            return None;
        }
        debug_assert_eq!(word.name, "early");
        Some(Some(Stop { patience, metric: name.to_string() }))
    }
}

impl Case<'_> {
    /// Whether the settings that look at the validation loss can have it (E0902).
    fn judges(&self, plan: &Plan, diags: &mut Diags) -> bool {
        let best = ("keep_best", plan.keep_best);
        let plateau = ("schedule", plan.schedule.0.word.name == "plateau");
        let asked = [best, plateau].into_iter().filter(|(_, asks)| *asks);
        let mut places = asked.filter_map(|(key, _)| Some((key, self.block.value(key)?.span)));
        places.all(|(key, at)| !self.unlabelled(at, "valid.loss", key, diags))
    }

    /// E0902 where the setting `key` at `at` asks for a metric of a validation part without labels.
    fn unlabelled(&self, at: Span, metric: &str, key: &str, diags: &mut Diags) -> bool {
        let target = part_target(self.scope.world, self.data, Split::Valid);
        if target != Target::None || self.data.counts[1] == 0 {
            return false;
        }
        // Without teachers and without any labels the loss has been refused.
        if self.teachers.is_some() || self.data.facts.target != Target::None {
            let source = match &self.data.valid {
                Part::Own(source) => source,
                Part::Share(_) | Part::Count(_) => &self.data.train,
            };
            let (artifact, data) = (&self.artifact.text, &self.data.name);
            diags.push(codes::no_labels(at, (artifact, metric), key, data, source.span));
        }
        true
    }
}

/// Whether a metric of answers can be had of such targets, in the course of a training.
fn fits_target(kind: metric::MetricKind, target: &Target) -> bool {
    let fixed = matches!(kind, metric::MetricKind::Static | metric::MetricKind::Timed);
    !fixed && !kind.compares() && kind.fits(target)
}

/// The settings that depend on nothing but themselves.
pub(crate) struct Plan {
    optimizer: (&'static dlm_vocab::optim::Optimizer, Args),
    schedule: (&'static dlm_vocab::schedule::ScheduleWord, Args),
    length: Length,
    batch: usize,
    seed: u64,
    clip: Option<f64>,
    average: Option<crate::program::Average>,
    keep_best: bool,
}

impl Plan {
    /// Reads them from a block; `None` when one is wrong, which has been reported.
    pub(crate) fn read(block: &Block<'_>, scope: &Scope<'_>, diags: &mut Diags) -> Option<Plan> {
        let optimizer = match block.value("optimizer") {
            Some(expr) => optimizer(expr, scope, diags),
            None => defaulted(dlm_vocab::optim::find("adamw"), |o| &o.word, scope),
        };
        let schedule = match block.value("schedule") {
            Some(expr) => schedule(expr, scope, diags),
            None => defaulted(dlm_vocab::schedule::find("constant"), |s| &s.word, scope),
        };
        if let (Some(epochs), Some(steps)) = (block.get("epochs"), block.get("steps")) {
            let (first, second) = match epochs.span.start < steps.span.start {
                true => (epochs, steps),
                false => (steps, epochs),
            };
            let (given, other) = (&second.key, &first.key);
            diags.push(settings::excluded(given.span, &given.text, other.span, &other.text));
        }
        let length = match block.get("steps") {
            Some(_) => Length::Steps(count(block, BLOCK, "steps", 1, scope, diags)),
            None => Length::Epochs(count(block, BLOCK, "epochs", 10, scope, diags)),
        };
        let batch = count(block, BLOCK, "batch", 32, scope, diags) as usize;
        let seed = count(block, BLOCK, "seed", 0, scope, diags);
        let clip = match plain(block, BLOCK, "clip", scope, diags) {
            Some(Arg::Real(norm)) => Some(norm),
            _ => None,
        };
        let average = match block.value("average") {
            Some(expr) => average(expr, scope, diags).map(Some),
            None => Some(None),
        };
        let keep_best = flag(block, BLOCK, "keep_best", scope, diags).unwrap_or(false);
        Some(Plan {
            optimizer: optimizer?,
            schedule: schedule?,
            length,
            batch,
            seed,
            clip,
            average: average?,
            keep_best,
        })
    }
}

type Chosen<T> = Option<(&'static T, Args)>;

fn optimizer(
    expr: &Expr,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Chosen<dlm_vocab::optim::Optimizer> {
    let takes = "an optimizer such as `adamw(lr = 1e-3)`";
    let (name, call) = expect_call(expr, "optimizer", takes, diags)?;
    let word = find_word(name, "optimizer", OPTIMIZERS, |o| &o.word, diags)?;
    Some((word, match_args(&word.word, &call, scope, diags)?))
}

fn schedule(
    expr: &Expr,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Chosen<dlm_vocab::schedule::ScheduleWord> {
    let takes = "a schedule such as `cosine(warmup = 1 epoch)`";
    let (name, call) = expect_call(expr, "schedule", takes, diags)?;
    let word = find_word(name, "schedule", SCHEDULES, |s| &s.word, diags)?;
    Some((word, match_args(&word.word, &call, scope, diags)?))
}

/// A word with the defaults of its parameters.
fn defaulted<T>(
    found: Option<&'static T>,
    word: impl Fn(&'static T) -> &'static Word,
    scope: &Scope<'_>,
) -> Chosen<T> {
    let found = found?;
    let call = CallSite::new(Span::default(), None);
    Some((found, match_args(word(found), &call, scope, &mut Diags::new())?))
}

fn average(expr: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<crate::program::Average> {
    use crate::program::Average;
    let takes = "`ema(decay)` or `swa(start)`";
    let (word, args) = word_of(expr, "average", takes, AVERAGE, scope, diags)?;
    match (word.name, args.get("decay"), args.get("start")) {
        ("ema", Some(_), _) => Some(Average::Ema(args.real("decay"))),
        (_, _, Some(Arg::Quantity(start, unit))) => Some(Average::Swa(*start, *unit)),
        _ => None,
    }
}

/// The word that the value of a setting is, one of those that the setting alone knows.
fn word_of(
    expr: &Expr,
    setting: &str,
    takes: &str,
    words: &'static [Word],
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<(&'static Word, Args)> {
    let (name, call) = expect_call(expr, setting, takes, diags)?;
    let words: Vec<&'static Word> = words.iter().collect();
    let word = find_word(name, &format!("value of `{setting}`"), &words, |w| w, diags)?;
    Some((word, match_args(word, &call, scope, diags)?))
}

/// The name of an artifact that an expression is; anything else is reported.
pub(crate) fn artifact_name<'t>(
    expr: &'t Expr,
    param: &str,
    diags: &mut Diags,
) -> Option<&'t Name> {
    let inner = expr.unparen();
    if let Some(name) = inner.as_name() {
        return (!name.is_missing()).then_some(name);
    }
    if !inner.is_broken() {
        let found = crate::settings::kind(expr);
        let diag = settings::wrong_type(expr.span, param, "the name of an artifact", found);
        diags.push(diag.help("an artifact comes from a verb such as `train NET on DATA as NAME`"));
    }
    None
}
