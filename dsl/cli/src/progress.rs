//! What one sees of a run while it goes on: a bar for each training on a terminal, a line for each
//! epoch elsewhere, all on standard error.

use crate::console::{Console, Style, paint};
use crate::human::{count, list, number, plural, seconds, share};
use dlm_learn::Event;
use dlm_learn::metrics::Scores;
use dlm_learn::teacher::state_dict::Fitted;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Nothing.
    None,
    /// A line for each epoch.
    Lines,
    /// A bar that moves.
    Bar,
}

/// The view of a run under way.
pub(crate) struct Progress {
    detail: Detail,
    color: bool,
    training: Option<Training>,
}

/// The training under way.
struct Training {
    artifact: String,
    epochs: u64,
    steps: u64,
    began: Instant,
    bar: Option<ProgressBar>,
    /// When the bar's text was last made.
    told: Instant,
    /// Steps, samples and loss of the epoch so far.
    epoch_began: Instant,
    samples: usize,
    loss: f64,
    losses: u64,
    valid: Option<Scores>,
}

impl Detail {
    /// Bars for people, lines for logs.
    pub(crate) fn choose(quiet: bool, json: bool, console: &Console) -> Detail {
        match (quiet || json, console.err.terminal) {
            (true, _) => Detail::None,
            (false, true) => Detail::Bar,
            (false, false) => Detail::Lines,
        }
    }
}

impl Progress {
    /// A view that has seen nothing.
    pub(crate) fn new(detail: Detail, console: &Console) -> Progress {
        Progress { detail, color: console.err.color, training: None }
    }

    /// Shows an event.
    pub(crate) fn show(&mut self, event: &Event, console: &mut Console) {
        if self.detail == Detail::None {
            return;
        }
        match event {
            Event::TrainStarted { artifact, epochs, steps, .. } => {
                self.training = Some(self.begin(artifact, *epochs, *steps));
            }
            Event::Step { epoch, step, samples, loss, .. } => {
                if let Some(t) = &mut self.training {
                    t.samples += samples;
                    t.loss += loss;
                    t.losses += 1;
                    if let Some(bar) = &t.bar
                        && t.told.elapsed() > Duration::from_millis(100)
                    {
                        t.told = Instant::now();
                        bar.set_position(*step);
                        bar.set_message(t.message(*epoch, *step));
                    }
                }
            }
            Event::EpochEnded { epoch, train_loss, valid, samples, seconds, .. } => {
                let (detail, color) = (self.detail, self.color);
                if let Some(t) = &mut self.training {
                    if detail == Detail::Lines {
                        let rate = *samples as f64 / seconds.max(1e-9);
                        let line = t.epoch_line(*epoch, *train_loss, valid.as_ref(), rate, color);
                        console.err.line(line);
                    }
                    t.valid = valid.clone();
                    (t.samples, t.loss, t.losses) = (0, 0.0, 0);
                    t.epoch_began = Instant::now();
                }
            }
            Event::TrainEnded { epochs, stopped, kept, seconds: time, .. } => {
                if let Some(t) = self.training.take() {
                    if let Some(bar) = &t.bar {
                        bar.finish_and_clear();
                    }
                    console.err.line(t.end_line(
                        *epochs,
                        stopped.as_deref(),
                        *kept,
                        *time,
                        self.color,
                    ));
                }
            }
            Event::Quantized { artifact, .. } => {
                let mark = paint(self.color, Style::Green, "✓");
                let name = paint(self.color, Style::Bold, artifact);
                console.err.line(format!("{mark} {name}  quantized"));
            }
            Event::Loaded { artifact, fitted, about, .. } => {
                let what = fitted.as_ref().map_or_else(|| about.clone(), tensors);
                let mark = paint(self.color, Style::Green, "✓");
                let name = paint(self.color, Style::Bold, artifact);
                console.err.line(format!("{mark} {name}  loaded: {what}"));
            }
            Event::Asked { artifact, teacher, samples, kept, seconds: time } => {
                let name = paint(self.color, Style::Bold, artifact);
                let samples = count(*samples as u64);
                let how = match kept {
                    true => ", kept from before".to_string(),
                    false => format!(" in {}", seconds(*time)),
                };
                let what = format!("answers of {teacher} to {samples} samples");
                console.err.line(format!("{name}  {what}{how}"));
            }
            Event::DataLoaded { .. }
            | Event::Compared { .. }
            | Event::QuantizeStarted { .. }
            | Event::Warned { .. }
            | Event::Evaluated { .. }
            | Event::Saved { .. }
            | Event::Judged { .. } => {}
        }
    }

    /// Takes the bar away, so that an error can be read.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.training.take().and_then(|t| t.bar) {
            bar.finish_and_clear();
        }
    }

    fn begin(&self, artifact: &str, epochs: u64, steps: u64) -> Training {
        let bar = (self.detail == Detail::Bar).then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(20));
            let template = if self.color {
                "{prefix:.bold} {bar:24.cyan/dim} {msg}"
            } else {
                "{prefix} {bar:24} {msg}"
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("━╸─"));
            }
            bar.set_prefix(artifact.to_string());
            bar
        });
        let now = Instant::now();
        Training {
            artifact: artifact.into(),
            epochs,
            steps,
            began: now,
            bar,
            told: now,
            epoch_began: now,
            samples: 0,
            loss: 0.0,
            losses: 0,
            valid: None,
        }
    }
}

impl Training {
    /// `epoch 7/15  loss 0.214  valid 97.20%  12,345 samples/s  12 s left`
    fn message(&self, epoch: u64, step: u64) -> String {
        let elapsed = self.began.elapsed().as_secs_f64();
        let left = elapsed / step.max(1) as f64 * self.steps.saturating_sub(step) as f64;
        let rate = self.samples as f64 / self.epoch_began.elapsed().as_secs_f64().max(1e-9);
        let loss = self.loss / self.losses.max(1) as f64;
        let mut parts =
            vec![format!("epoch {epoch}/{}", self.epochs), format!("loss {}", number(loss))];
        parts.extend(self.valid.as_ref().map(|scores| format!("valid {}", headline(scores))));
        parts.push(format!("{} samples/s", count(rate as u64)));
        parts.push(format!("{} left", seconds(left)));
        parts.join("  ")
    }

    /// One line of a log.
    fn epoch_line(
        &self,
        epoch: u64,
        loss: f64,
        valid: Option<&Scores>,
        rate: f64,
        color: bool,
    ) -> String {
        let width = self.epochs.to_string().len();
        let mut line = format!(
            "{}  epoch {epoch:>width$}/{}  loss {:<7}",
            paint(color, Style::Bold, &self.artifact),
            self.epochs,
            number(loss)
        );
        if let Some(scores) = valid {
            line += &format!("  valid loss {:<7}  {:<14}", number(scores.loss), named(scores));
        }
        line += &format!("  {} samples/s", count(rate as u64));
        line
    }

    /// The line that stays when a training is over.
    fn end_line(
        &self,
        epochs: u64,
        stopped: Option<&str>,
        kept: Option<u64>,
        time: f64,
        color: bool,
    ) -> String {
        let mut line = format!(
            "{} {}  {} in {}",
            paint(color, Style::Green, "✓"),
            paint(color, Style::Bold, &self.artifact),
            plural(epochs as usize, "epoch"),
            seconds(time)
        );
        if let Some(scores) = &self.valid {
            line += &format!(", valid {}", named(scores));
        }
        if let Some(why) = stopped {
            line += &format!(" ({why})");
        }
        if let Some(epoch) = kept {
            line += &format!(", weights of epoch {epoch} kept");
        }
        line
    }
}

/// `48 tensors, 44 by name, 4 by order; left in the file: fc.weight and fc.bias`
fn tensors(fitted: &Fitted) -> String {
    let (all, named) = (fitted.taken.len(), fitted.named);
    let mut text = plural(all, "tensor");
    match (named, all - named) {
        (_, 0) => text += " by name",
        (0, _) => text += " by order",
        (named, ordered) => text += &format!(", {named} by name, {ordered} by order"),
    }
    if !fitted.left.is_empty() {
        let more = fitted.left.len().saturating_sub(LEFT);
        let mut names = fitted.left[..fitted.left.len() - more].to_vec();
        if more > 0 {
            names.push(format!("{more} more"));
        }
        text += &format!("; left in the file: {}", list(&names));
    }
    text
}

/// So many names are shown of what is left in a file.
const LEFT: usize = 4;

/// The figure that says most: accuracy, R², or the loss.
fn headline(scores: &Scores) -> String {
    match (scores.accuracy, scores.r2) {
        (Some(accuracy), _) => share(accuracy),
        (None, Some(r2)) => format!("R² {r2:.4}"),
        (None, None) => number(scores.loss),
    }
}

/// The figure that says most, with its name.
fn named(scores: &Scores) -> String {
    match scores.accuracy {
        Some(accuracy) => format!("accuracy {}", share(accuracy)),
        None => headline(scores),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_of_a_file_became_what_is_told_in_numbers() {
        let fitted = |all: usize, named: usize, left: &[&str]| {
            let pair = |i: usize| (format!("a{i}"), format!("b{i}"));
            let left = left.iter().map(|name| name.to_string()).collect();
            tensors(&Fitted { taken: (0..all).map(pair).collect(), named, left })
        };
        assert_eq!(fitted(48, 48, &[]), "48 tensors by name");
        assert_eq!(fitted(1, 0, &[]), "1 tensor by order");
        assert_eq!(
            fitted(48, 44, &["fc.weight", "fc.bias"]),
            "48 tensors, 44 by name, 4 by order; left in the file: fc.weight and fc.bias"
        );
        let six = ["a", "b", "c", "d", "e", "f"];
        assert!(fitted(2, 2, &six).ends_with("left in the file: a, b, c, d and 2 more"));
    }
}
