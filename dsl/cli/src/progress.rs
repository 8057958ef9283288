//! What one sees of a run while it goes on: a bar for each training on a terminal, a line for each
//! epoch elsewhere, all on standard error.

use crate::cmd::Reading;
use crate::console::{Console, Style, paint};
use crate::human::{count, list, number, plural, seconds, share};
use dlm_learn::Event;
use dlm_learn::metrics::Scores;
use dlm_learn::record::Epoch;
use dlm_learn::teacher::state_dict::Fitted;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use std::sync::PoisonError;
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
    /// Of which of several runs this is.
    label: Option<String>,
    /// All bars on the screen.
    bars: MultiProgress,
    training: Option<Training>,
    /// The bar of other work: what is done to what.
    working: Option<(String, ProgressBar)>,
    reading: Reading,
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
    /// A view that has seen nothing, of one of several runs where it has a label; `bars` are those of all.
    pub(crate) fn new(
        detail: Detail,
        color: bool,
        label: Option<String>,
        bars: MultiProgress,
    ) -> Progress {
        let reading = Reading::default();
        Progress { detail, color, label, bars, training: None, working: None, reading }
    }

    /// The bar in which reading shows, while there is one.
    pub(crate) fn reading(&self) -> Reading {
        self.reading.clone()
    }

    /// Shows an event.
    pub(crate) fn show(&mut self, event: &Event, console: &mut Console) {
        if self.detail == Detail::None {
            return;
        }
        if !matches!(event, Event::Working { .. }) {
            self.rest();
        }
        match event {
            Event::Working { what, name, done, of } => self.work(what, name, *done, *of),
            Event::UpToDate { artifact } => {
                let mark = paint(self.color, Style::Green, "✓");
                let name = paint(self.color, Style::Bold, artifact);
                let note = paint(self.color, Style::Dim, "up to date");
                self.line(format!("{mark} {name}  {note}"), console);
            }
            Event::OutOfDate { artifact, why } => {
                let name = paint(self.color, Style::Bold, artifact);
                self.line(format!("{name}  made again: {}", list(why)), console);
            }
            Event::Resumed { artifact, epoch, step, steps, .. } => {
                let name = paint(self.color, Style::Bold, artifact);
                let (step, steps) = (count(*step), count(*steps));
                let line =
                    format!("{name}  goes on after epoch {epoch}, at step {step} of {steps}");
                self.line(line, console);
            }
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
            Event::EpochEnded { passed, .. } => {
                let (detail, color) = (self.detail, self.color);
                if let Some(t) = self.training.as_ref().filter(|_| detail == Detail::Lines) {
                    self.line(t.epoch_line(passed, color), console);
                }
                if let Some(t) = &mut self.training {
                    t.valid = passed.valid.clone();
                    (t.samples, t.loss, t.losses) = (0, 0.0, 0);
                    t.epoch_began = Instant::now();
                }
            }
            Event::TrainEnded { epochs, stopped, kept, seconds: time, .. } => {
                if let Some(t) = self.training.take() {
                    if let Some(bar) = &t.bar {
                        bar.finish_and_clear();
                    }
                    let (stopped, color) = (stopped.as_deref(), self.color);
                    self.line(t.end_line(*epochs, stopped, *kept, *time, color), console);
                }
            }
            Event::Quantized { artifact, .. } => {
                let mark = paint(self.color, Style::Green, "✓");
                let name = paint(self.color, Style::Bold, artifact);
                self.line(format!("{mark} {name}  quantized"), console);
            }
            Event::Loaded { artifact, fitted, about, .. } => {
                let what = fitted.as_ref().map_or_else(|| about.clone(), tensors);
                let mark = paint(self.color, Style::Green, "✓");
                let name = paint(self.color, Style::Bold, artifact);
                self.line(format!("{mark} {name}  loaded: {what}"), console);
            }
            Event::Asked { artifact, teacher, samples, kept, seconds: time } => {
                let name = paint(self.color, Style::Bold, artifact);
                let samples = count(*samples as u64);
                let how = match kept {
                    true => ", kept from before".to_string(),
                    false => format!(" in {}", seconds(*time)),
                };
                let what = format!("answers of {teacher} to {samples} samples");
                self.line(format!("{name}  {what}{how}"), console);
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

    /// Writes a line above the bars.
    fn line(&self, text: String, console: &mut Console) {
        let text = match &self.label {
            Some(label) => format!("{} {text}", paint(self.color, Style::Dim, label)),
            None => text,
        };
        self.bars.suspend(|| console.err.line(text));
    }

    /// Shows how far other work has come; on a terminal alone.
    fn work(&mut self, what: &str, name: &str, done: u64, of: u64) {
        if self.detail != Detail::Bar || (of == 0 && what != "reading") {
            return;
        }
        let title = format!("{what} {name}");
        let known = self.working.as_ref().filter(|(known, _)| *known == title);
        let bar = match known {
            Some((_, bar)) => bar.clone(),
            None => {
                self.rest();
                let unit = if what == "reading" {
                    "{bytes}/{total_bytes}  {bytes_per_sec}"
                } else {
                    "{pos}/{len}  {rate} samples/s"
                };
                let bar = self.bar(of, &format!("{unit}  {{eta}} left"), &title);
                self.working = Some((title, bar.clone()));
                if what == "reading" {
                    let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
                    *reading = Some(bar.clone());
                }
                bar
            }
        };
        if what != "reading" {
            bar.set_position(done);
        }
    }

    /// Takes the bar of other work away.
    fn rest(&mut self) {
        if let Some((_, bar)) = self.working.take() {
            *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = None;
            bar.finish_and_clear();
        }
    }

    /// A bar with a title before it and a text behind it.
    fn bar(&self, length: u64, text: &str, title: &str) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(length));
        let (bold, paint) = if self.color { (":.bold", ".cyan/dim") } else { ("", "") };
        let template = format!("{{prefix{bold}}} {{bar:24{paint}}} {text}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // A bar whose text cannot be written has nobody who reads it.
                let _ = out.write_str(&count(state.per_sec() as u64));
            };
            bar.set_style(style.progress_chars("━╸─").with_key("rate", rate));
        }
        let label = self.label.as_ref().map(|label| format!("{label} "));
        bar.set_prefix(format!("{}{title}", label.unwrap_or_default()));
        bar
    }

    /// Takes the bars away, so that an error can be read.
    pub(crate) fn clear(&mut self) {
        self.rest();
        if let Some(bar) = self.training.take().and_then(|t| t.bar) {
            bar.finish_and_clear();
        }
    }

    fn begin(&self, artifact: &str, epochs: u64, steps: u64) -> Training {
        let bar = (self.detail == Detail::Bar).then(|| self.bar(steps, "{msg}", artifact));
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
    fn epoch_line(&self, passed: &Epoch, color: bool) -> String {
        let Epoch { epoch, train_loss, valid, samples, seconds, .. } = passed;
        let width = self.epochs.to_string().len();
        let mut line = format!(
            "{}  epoch {epoch:>width$}/{}  loss {:<7}",
            paint(color, Style::Bold, &self.artifact),
            self.epochs,
            number(*train_loss)
        );
        if let Some(scores) = valid {
            line += &format!("  valid loss {:<7}  {:<14}", number(scores.loss), named(scores));
        }
        let rate = *samples as f64 / seconds.max(1e-9);
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

/// The figure that says most: perplexity, accuracy, R², or the loss.
fn headline(scores: &Scores) -> String {
    if let Some(perplexity) = scores.perplexity {
        return format!("perplexity {}", number(perplexity));
    }
    match (scores.accuracy, scores.r2) {
        (Some(accuracy), _) => share(accuracy),
        (None, Some(r2)) => format!("R² {r2:.4}"),
        (None, None) => number(scores.loss),
    }
}

/// The figure that says most, with its name.
fn named(scores: &Scores) -> String {
    match scores.accuracy.filter(|_| scores.perplexity.is_none()) {
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
