//! The training loop.

mod checkpoint;

use crate::compile::{AVERAGE, Plans, TargetForm, answer_graph, train_graph};
use crate::data::Loaded;
use crate::evaluate::{Evaluator, target_of};
use crate::event::Event;
use crate::judge::score;
use crate::lesson::Lesson;
use crate::metrics::Scores;
use crate::record::Epoch;
use crate::run::{RunError, World};
use crate::weights::Weights;
pub(crate) use checkpoint::key_of as checkpoint_key;
use checkpoint::{Best, Partial, Standing};
use dlm_check::budget::bytes;
use dlm_check::lower::{WeightInfo, init, weights};
use dlm_check::program::{Average, Length, Network, Split, Training};
use dlm_graph::pass::Folded;
use dlm_graph::{Clock, Graph, States, Workspace};
use dlm_kernels::rng;
use dlm_vocab::Unit;
use dlm_vocab::schedule::{Schedule, Span};

/// What a training needs.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The model.
    pub network: &'a Network,
    /// The settings.
    pub training: &'a Training,
    /// The data.
    pub data: &'a Loaded,
    /// The seed of weights, order, dropout and augmentation.
    pub seed: u64,
    /// The weights that are taken where name and size agree.
    pub from: Option<&'a Weights>,
    /// Where the training is kept while it goes on.
    pub kept: Kept<'a>,
}

/// Where a training is kept while it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The name of its file in the folder of the run.
    pub file: &'a str,
    /// What tells the training from all others.
    pub key: &'a str,
}

/// Seconds between checkpoints within a pass.
const OFTEN: f64 = 60.0;
/// Seconds between checkpoints at the ends of passes, at the least.
const SELDOM: f64 = 0.2;
/// How many times as long as a checkpoint takes there is none at the ends of passes.
const SHARE: f64 = 20.0;

/// What a training gives.
#[derive(Debug)]
pub struct Fitted {
    /// The weights.
    pub weights: Weights,
    /// Seconds in all, those before an interruption included.
    pub seconds: f64,
    /// The passes.
    pub history: Vec<Epoch>,
    /// Why it ended before its length, if it did.
    pub stopped: Option<String>,
    /// Whether it went on from a checkpoint.
    pub resumed: bool,
}

/// Trains a network, with what teachers tell it.
///
/// # Errors
/// When the loss becomes NaN or infinite, or a teacher cannot answer.
pub fn fit(job: Job<'_>, lesson: Lesson, world: &mut dyn World) -> Result<Fitted, RunError> {
    fit_recipe(job, Recipe::plain(job, lesson), world)
}

/// As [`fit`], with other graphs than those of the network itself.
///
/// # Errors
/// As for [`fit`].
pub fn fit_recipe(job: Job<'_>, recipe: Recipe, world: &mut dyn World) -> Result<Fitted, RunError> {
    Fit::new(job, recipe, world.memory())?.run(world)
}

/// The graphs of a training, and what they change.
#[derive(Debug)]
pub struct Recipe {
    /// The graphs of an update, each with the number of updates after which it takes over; the first
    /// with 0.
    pub updates: Vec<(u64, Graph)>,
    /// The graphs of answers.
    pub answer: Folded,
    /// What the training changes.
    pub owned: Vec<WeightInfo>,
    /// How it starts, by name, as it lies in memory.
    pub start: Weights,
    /// What teachers tell it.
    pub lesson: Lesson,
}

impl Recipe {
    /// The network as it stands.
    fn plain(job: Job<'_>, lesson: Lesson) -> Recipe {
        let Job { network, training, data, seed, from, .. } = job;
        let form = update_form(data);
        let plain = TargetForm::of(&data.facts.target, false);
        let averages = training.average.is_some();
        let owned = weights(network);
        let start = owned.iter().map(|weight| {
            let taken = from
                .and_then(|from| from.0.get(&weight.name))
                .filter(|numbers| numbers.len() == weight.shape.len());
            let numbers = taken.cloned().unwrap_or_else(|| init(weight, seed));
            (weight.name.clone(), numbers)
        });
        Recipe {
            updates: vec![(0, train_graph(network, training, form, &lesson.signals))],
            answer: answer_graph(network, &training.judged, plain, averages),
            start: Weights(start.collect()),
            owned,
            lesson,
        }
    }
}

/// The form of the targets of an update: none where the training part has none.
pub fn update_form(data: &Loaded) -> TargetForm {
    match data.labelled(Split::Train) {
        true => TargetForm::of(&data.facts.target, data.mixes()),
        false => TargetForm::None,
    }
}

/// Updates of a training in all and in each pass, and its learning rate.
pub fn span(training: &Training, data: &Loaded) -> Span {
    let samples = data.len(Split::Train).max(1);
    let steps_per_epoch = samples.div_ceil(training.batch) as u64;
    let steps = match training.length {
        Length::Epochs(n) => n * steps_per_epoch,
        Length::Steps(n) => n,
    };
    Span { steps, steps_per_epoch, lr: training.optimizer.1.real("lr") }
}

/// A training under way.
struct Fit<'a> {
    job: Job<'a>,
    /// With the number of updates after which they take over.
    plans: Vec<(u64, Plans)>,
    owned: Vec<WeightInfo>,
    lesson: Lesson,
    /// Whether updates take targets.
    labelled: bool,
    evaluator: Evaluator<'a>,
    states: States,
    work: Workspace,
    schedule: Box<dyn Schedule>,
    span: Span,
    /// Where it stands.
    now: Standing,
    lr: f64,
    /// When the last checkpoint was made.
    checked: f64,
    /// For how long there is none at the end of a pass.
    calm: f64,
}

impl<'a> Fit<'a> {
    fn new(job: Job<'a>, recipe: Recipe, memory: Option<u64>) -> Result<Fit<'a>, RunError> {
        let Job { network, training, data, .. } = job;
        let mut plans: Vec<(u64, Plans)> =
            recipe.updates.into_iter().map(|(from, graph)| (from, Plans::new(graph))).collect();
        let batch = training.batch.min(data.len(Split::Train).max(1));
        let ready: Vec<_> = plans.iter_mut().map(|(_, plans)| plans.get(batch)).collect();
        let width = network.ty(network.output).len();
        let mut evaluator = Evaluator::of(recipe.answer, width, data);
        let answers = [evaluator.prepare(), evaluator.one()];
        let all = || ready.iter().chain(&answers).map(|ready| &ready.plan);
        let work = all().map(|plan| plan.bytes).max().unwrap_or(0);
        enough_memory(training, (work + States::bytes_of(all())) as u64, memory)?;
        let mut states = States::new(all());
        for prefix in ["", AVERAGE] {
            recipe.start.put(&mut states, prefix);
        }
        let own = recipe.lesson.signals.own.iter().flatten();
        Weights(own.map(|w| (w.name.clone(), init(w, job.seed))).collect()).put(&mut states, "");
        let work = Workspace::new(ready.iter().map(|ready| &ready.plan));
        let span = span(training, data);
        let (schedule, args) = &training.schedule;
        let schedule = (schedule.start)(args, span);
        Ok(Fit {
            job,
            plans,
            owned: recipe.owned,
            lesson: recipe.lesson,
            labelled: update_form(data) != TargetForm::None,
            evaluator,
            states,
            work,
            schedule,
            span,
            now: Standing::default(),
            lr: span.lr,
            checked: 0.0,
            calm: SELDOM,
        })
    }

    fn run(mut self, world: &mut dyn World) -> Result<Fitted, RunError> {
        let Job { network, training, data, .. } = self.job;
        let artifact = training.artifact.clone();
        self.lesson.prepare(training, data, world)?;
        self.checked = world.seconds();
        let Span { steps, steps_per_epoch, .. } = self.span;
        let epochs = steps.div_ceil(steps_per_epoch);
        world.tell(Event::TrainStarted {
            artifact: artifact.clone(),
            model: network.title.clone(),
            dataset: data.name.clone(),
            params: network.params(),
            epochs,
            steps,
            steps_per_epoch,
            batch: training.batch,
            workspace_bytes: self.work.bytes()
                + self.lesson.bytes(training.batch.min(data.len(Split::Train).max(1))),
        });
        let resumed = self.resume(world);
        while self.now.epochs < epochs && self.now.stopped.is_none() {
            let epoch = self.now.epochs + 1;
            self.epoch(epoch, world)?;
            let Partial { loss, samples, seconds } = std::mem::take(&mut self.now.partial);
            let train_loss = loss / samples.max(1) as f64;
            self.average(epoch);
            let valid = self.validate();
            self.schedule.hear(valid.as_ref().map_or(train_loss, |scores| scores.loss));
            let best = self.judge(epoch, valid.as_ref());
            self.now.epochs = epoch;
            let (step, lr) = (self.now.step, self.lr);
            let passed = Epoch { epoch, step, train_loss, valid, lr, samples, seconds, best };
            world.tell(Event::EpochEnded { artifact: artifact.clone(), passed: passed.clone() });
            // What a pass confused is told while it goes on, and not kept.
            let valid = passed.valid.map(|it| Scores { confusion: Vec::new(), ..it });
            self.now.history.push(Epoch { valid, ..passed });
            let last = self.now.best.as_ref().map_or(epoch, |best| best.epoch);
            if let Some(stop) = training.stop.as_ref().filter(|stop| epoch - last >= stop.patience)
                && self.now.step < steps
            {
                let (metric, patience) = (&stop.metric, stop.patience);
                let why = format!("valid.{metric} has not improved for {patience} epochs");
                self.now.stopped = Some(why);
            }
            if world.seconds() - self.checked >= self.calm {
                self.checkpoint(world)?;
            }
        }
        let epochs = self.now.epochs;
        let best = self.now.best.take();
        let kept = best.filter(|best| training.keep_best && best.epoch < epochs);
        let (kept, weights) = match kept {
            Some(Best { epoch, weights: Some(weights), .. }) => (Some(epoch), weights),
            _ => (None, self.result()),
        };
        let seconds = self.now.seconds + world.seconds() - self.checked;
        let (steps, stopped) = (self.now.step, self.now.stopped.take());
        let stopped_why = stopped.clone();
        world.tell(Event::TrainEnded { artifact, epochs, steps, stopped, kept, seconds });
        let history = self.now.history;
        Ok(Fitted { weights, seconds, history, stopped: stopped_why, resumed })
    }

    /// Goes on from the checkpoint of an earlier run, if there is one of this training.
    fn resume(&mut self, world: &mut dyn World) -> bool {
        let Job { training, kept, .. } = self.job;
        let Some(bytes) = world.recall(kept.file) else { return false };
        let bytes = (*bytes).as_ref();
        let Some(now) = checkpoint::read(bytes, kept.key, &mut self.states) else { return false };
        self.schedule.restore(&now.schedule);
        let (epoch, step) = (now.epochs, now.step);
        self.lr = self.schedule.lr(step.saturating_sub(1));
        self.now = now;
        let (artifact, passed) = (training.artifact.clone(), self.now.history.clone());
        world.tell(Event::Resumed { artifact, epoch, step, steps: self.span.steps, passed });
        true
    }

    /// Hands over a checkpoint to be written.
    fn checkpoint(&mut self, world: &mut dyn World) -> Result<(), RunError> {
        let Job { training, kept, .. } = self.job;
        let time = world.seconds();
        self.now.schedule = self.schedule.state();
        self.now.seconds += time - self.checked;
        self.checked = time;
        let bytes = checkpoint::write(kept.key, &self.now, &self.states);
        self.calm = SELDOM.max(SHARE * (world.seconds() - time));
        bytes.and_then(|bytes| world.checkpoint(kept.file, bytes)).map_err(|why| RunError {
            message: format!("a checkpoint of `{}` cannot be written: {why}", training.artifact),
            help: Some("the one before it is whole: the next `dlm run` goes on from there".into()),
            span: None,
        })
    }

    /// One pass over the training part, or what is left of the steps.
    fn epoch(&mut self, epoch: u64, world: &mut dyn World) -> Result<(), RunError> {
        let Job { training, data, seed, .. } = self.job;
        let order = data.order(rng::key_of(seed, "order"), epoch);
        let done = self.now.step - self.now.epochs * self.span.steps_per_epoch;
        let mut began = world.seconds();
        for batch in order.chunks(training.batch).skip(done as usize) {
            if self.now.step == self.span.steps {
                break;
            }
            let step = self.now.step;
            let due = self.plans.iter_mut().rev().find(|(from, _)| *from <= step);
            let Some((_, plans)) = due else { unreachable!("the first takes over at once") };
            let ready = plans.get(batch.len());
            let plan = &ready.plan;
            self.work.fit(plan);
            self.lr = self.schedule.lr(step);
            self.now.step += 1;
            let key = rng::key(rng::key_of(seed, "augment"), self.now.step);
            let mixing = data.fill_train(batch, key, plan.input_f32(&mut self.work, 0));
            let x = plan.input_f32(&mut self.work, 0);
            self.lesson.see(training, batch, x)?;
            if self.labelled {
                let target = target_of(plan.input(&mut self.work, 1));
                data.fill_train_targets(batch, mixing, target);
            }
            let first = 1 + usize::from(self.labelled);
            for (number, signal) in self.lesson.tell().enumerate() {
                plan.input_f32(&mut self.work, first + number).copy_from_slice(signal);
            }
            let clock = Clock {
                step: self.now.step,
                lr: self.lr as f32,
                seed: rng::key(rng::key_of(seed, "dropout"), self.now.step),
            };
            ready.run(&mut self.work, &mut self.states, clock);
            let loss = f64::from(plan.output_f32(&self.work, &self.states, 0)[0]);
            if !loss.is_finite() {
                return Err(self.diverged(epoch, loss));
            }
            self.now.partial.loss += loss * batch.len() as f64;
            self.now.partial.samples += batch.len();
            world.tell(Event::Step {
                artifact: training.artifact.clone(),
                epoch,
                step: self.now.step,
                samples: batch.len(),
                loss,
            });
            self.pause(&mut began, world)?;
        }
        self.now.partial.seconds += world.seconds() - began;
        Ok(())
    }

    /// Makes a checkpoint where one is due within a pass, and ends the run where that is wanted. `began` is the
    /// time from which the seconds of the pass have not been counted.
    fn pause(&mut self, began: &mut f64, world: &mut dyn World) -> Result<(), RunError> {
        let (stopping, time) = (world.stopping(), world.seconds());
        if !stopping && time - self.checked < OFTEN {
            return Ok(());
        }
        self.now.partial.seconds += time - *began;
        *began = time;
        self.checkpoint(world)?;
        if !stopping {
            return Ok(());
        }
        world.settle().map_err(RunError::plain)?;
        let (artifact, epoch) = (&self.job.training.artifact, self.now.epochs + 1);
        Err(RunError::plain(format!(
            "`{artifact}` was stopped in epoch {epoch}, after step {} of {}",
            self.now.step, self.span.steps
        )))
    }

    /// Brings the averages up to date at the end of an epoch.
    fn average(&mut self, epoch: u64) {
        let training = self.job.training;
        let take = |states: &States| Weights::take(&self.owned, states, "");
        match training.average {
            None => {}
            Some(Average::Ema(_)) => {
                // The weights are averaged step by step; running statistics average by themselves.
                let statistics = self.owned.iter().filter(|w| !w.trained);
                let mut current = take(&self.states);
                let names: Vec<&String> = statistics.map(|w| &w.name).collect();
                current.0.retain(|name, _| names.contains(&name));
                current.put(&mut self.states, AVERAGE);
            }
            Some(Average::Swa(start, unit)) => {
                let reached = match unit {
                    Unit::Steps => self.now.step as f64 > start,
                    _ => epoch as f64 > start,
                };
                let current = take(&self.states);
                if !reached {
                    current.put(&mut self.states, AVERAGE);
                    return;
                }
                self.now.averaged += 1;
                let share = 1.0 / self.now.averaged as f32;
                for (name, numbers) in current.0 {
                    if let Some(average) = self.states.get_mut(&format!("{AVERAGE}{name}")) {
                        average.iter_mut().zip(numbers).for_each(|(a, x)| *a += share * (x - *a));
                    }
                }
            }
        }
    }

    fn validate(&mut self) -> Option<Scores> {
        if self.job.data.len(Split::Valid) == 0 {
            return None;
        }
        self.evaluator.run(Split::Valid, &mut self.work, &mut self.states, &mut |_| ()).1
    }

    /// Whether this epoch's validation is the best so far; keeps its weights where they may be the
    /// result.
    fn judge(&mut self, epoch: u64, valid: Option<&Scores>) -> bool {
        let training = self.job.training;
        let metric = training.stop.as_ref().map_or("loss", |stop| &stop.metric);
        let Some(figure) = valid.and_then(|scores| score(scores, metric)) else { return false };
        let rises = dlm_vocab::metric::find(metric).is_some_and(|metric| metric.rises);
        let better = self.now.best.as_ref().is_none_or(|best| match rises {
            true => figure > best.figure,
            false => figure < best.figure,
        });
        if better {
            let weights = training.keep_best.then(|| self.result());
            self.now.best = Some(Best { figure, epoch, weights });
        }
        better
    }

    /// The weights as they are now, averaged where the training averages.
    fn result(&self) -> Weights {
        let prefix = if self.job.training.average.is_some() { AVERAGE } else { "" };
        Weights::take(&self.owned, &self.states, prefix)
    }

    fn diverged(&self, epoch: u64, loss: f64) -> RunError {
        let training = self.job.training;
        let what = if loss.is_nan() { "NaN" } else { "infinite" };
        let (now, smaller) = (rounded(self.span.lr), rounded(self.span.lr / 10.0));
        let mut tries = vec![format!("a smaller learning rate (`lr = {smaller}`, now {now})")];
        if training.clip.is_none() {
            tries.push("`clip = 1`".to_string());
        }
        if self.now.step <= self.span.steps_per_epoch {
            tries.push("`schedule = cosine(warmup = 1 epoch)`".to_string());
        }
        RunError {
            message: format!(
                "the loss of `{}` became {what} in epoch {epoch}, step {}",
                training.artifact, self.now.step
            ),
            help: Some(format!("try {}", tries.join(", or "))),
            span: Some(training.span),
        }
    }
}

/// Refuses a training that needs more memory than there is, before it is taken.
fn enough_memory(training: &Training, needed: u64, free: Option<u64>) -> Result<(), RunError> {
    match free {
        Some(free) if needed > free => Err(RunError {
            message: format!(
                "the training of `{}` needs {} of memory, and {} can be had",
                training.artifact,
                bytes(needed),
                bytes(free)
            ),
            help: Some(match training.batch {
                1 => "make the model smaller".to_string(),
                batch => format!("try a smaller batch, or a smaller model (`batch` is {batch})"),
            }),
            span: Some(training.span),
        }),
        _ => Ok(()),
    }
}

/// A number with three digits at most, as one would write it: `0.05`, `1e-5`.
fn rounded(x: f64) -> String {
    let digits = format!("{x:.2e}");
    let near: f64 = digits.parse().unwrap_or(x);
    if (1e-3..1e4).contains(&near) { near.to_string() } else { format!("{near:e}") }
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn learning_rates_are_written_short() {
        let numbers = [0.1 + 0.2, 1e-3 / 10.0, 123_456.0, 5e200, 0.05].map(rounded);
        assert_eq!(numbers, ["0.3", "1e-4", "1.23e5", "5e200", "0.05"]);
    }
}
