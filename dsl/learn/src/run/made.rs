//! Artifacts that a run has made or loaded, and what they answer.

use super::{RunError, Runner, Summary, World};
use crate::body::Body;
use crate::data::Loaded;
use crate::event::Event;
use crate::metrics::{Answers, Scores};
use crate::quant::report::Report;
use dlm_check::budget::memory;
use dlm_check::program::{LossUse, Split};
use std::collections::BTreeMap;

/// An artifact of a run.
pub(super) struct Made<'p> {
    /// What it consists of; not read yet where an earlier run has made it and nothing has asked for it.
    pub(super) body: Option<Body<'p>>,
    /// The data on which it is evaluated; none where no verb uses it on any.
    pub(super) dataset: Option<usize>,
    /// Of a quantized one: the quantization's place, and what it did.
    pub(super) quantization: Option<(usize, Report)>,
    /// What tells it from all other artifacts.
    pub(super) mark: [u8; 32],
    /// Its answers, by dataset and part.
    pub(super) answers: BTreeMap<(usize, Split), Answers>,
    /// The files that it was exported to, each with the hash of what was written.
    pub(super) exports: BTreeMap<String, String>,
    pub(super) summary: Summary,
}

impl<'p> Made<'p> {
    /// What it consists of.
    ///
    /// # Panics
    /// When it has not been read: whoever asks calls [`Runner::ready`] first.
    pub(super) fn body(&self) -> &Body<'p> {
        match &self.body {
            Some(body) => body,
            None => panic!("`{}` has not been read", self.summary.artifact),
        }
    }
}

/// What tells bytes from all others.
pub(super) fn mark(bytes: &[u8]) -> [u8; 32] {
    blake3::hash(bytes).into()
}

impl Runner<'_> {
    /// The answers of an artifact on a part of its data and what they are worth.
    pub(super) fn answers(
        &self,
        made: &Made<'_>,
        data: &Loaded,
        split: Split,
        world: &mut dyn World,
    ) -> Result<(Answers, Option<Scores>), RunError> {
        let name = made.summary.artifact.clone();
        let of = data.len(split) as u64;
        let mut heard = |done: usize| {
            let (name, done) = (name.clone(), done as u64);
            world.tell(Event::Working { what: "evaluating", name, done, of });
        };
        let answers = made.body().answers(self.loss(made), data, split, &mut heard);
        answers.map_err(|why| self.cannot(made, why))
    }

    /// The answers of an artifact on a part of any data, computed once; none where there are none.
    pub(super) fn answers_of(
        &mut self,
        artifact: &str,
        dataset: usize,
        split: Split,
        world: &mut dyn World,
    ) -> Result<Option<Answers>, RunError> {
        let place = self.made.iter().position(|made| made.summary.artifact == artifact);
        let Some(place) = place else { return Ok(None) };
        self.ready(artifact, world)?;
        let data = self.data(dataset, world)?;
        let made = &self.made[place];
        if let Some(answers) = made.answers.get(&(dataset, split)) {
            return Ok(Some(answers.clone()));
        }
        let known =
            !made.body().is_recorded() || (made.dataset == Some(dataset) && split == Split::Train);
        if !known || data.len(split) == 0 {
            return Ok(None);
        }
        let (answers, _) = self.answers(made, &data, split, world)?;
        self.made[place].answers.insert((dataset, split), answers.clone());
        Ok(Some(answers))
    }

    /// The loss with which an artifact is evaluated.
    fn loss(&self, made: &Made<'_>) -> &[LossUse] {
        let artifact = self.program.artifact(&made.summary.artifact);
        artifact.map_or(&[], |artifact| artifact.loss())
    }

    /// Peak bytes of activations for one sample.
    pub(super) fn memory(&self, made: &Made<'_>) -> Option<u64> {
        let network = made.body().network?;
        Some(match &made.body().what {
            crate::body::What::Integers(all) => dlm_check::quant::memory(network, &all.0),
            _ => memory(network),
        })
    }

    /// The median time of one sample, in seconds: at least 30 runs, and so many seconds of them.
    pub(super) fn latency(
        &self,
        made: &Made<'_>,
        least: f64,
        world: &mut dyn World,
    ) -> Result<Option<f64>, RunError> {
        let Some(index) = made.dataset.filter(|_| !made.body().is_recorded()) else {
            return Ok(None);
        };
        let data = &*self.data(index, world)?;
        let mut sample = vec![0.0; data.facts.shape.len()];
        let parts = [Split::Test, Split::Valid, Split::Train];
        if let Some(split) = parts.into_iter().find(|&split| data.len(split) > 0) {
            data.fill(split, 0..1, &mut sample);
        }
        let mut answerer = made.body().answerer(self.loss(made), data);
        let mut asked = answerer.is_none().then(|| made.body().asked(data, &[]));
        let mut one = || match (&mut answerer, &mut asked) {
            (Some(answerer), _) => {
                answerer.one();
                Ok(())
            }
            (None, Some(asked)) => asked.ask(&sample, &[]).map_err(|why| self.cannot(made, why)),
            (None, None) => Ok(()),
        };
        one()?;
        let mut times = Vec::new();
        let began = world.seconds();
        while times.len() < 30 || (world.seconds() - began < least && times.len() < 10_000) {
            let start = world.seconds();
            one()?;
            times.push(world.seconds() - start);
        }
        times.sort_by(f64::total_cmp);
        Ok(Some(times[times.len() / 2]))
    }

    /// What is told of an artifact that does not answer, at the verb that gives it.
    fn cannot(&self, made: &Made<'_>, why: String) -> RunError {
        let artifact = &made.summary.artifact;
        RunError {
            message: format!("`{artifact}` cannot answer: {why}"),
            help: None,
            span: self.program.artifact(artifact).map(|it| it.span()),
        }
    }
}
