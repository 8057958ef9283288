//! A graph over samples of a dataset, with all that it answers.

use crate::compile::{Plans, Ready};
use crate::data::Loaded;
use crate::weights::Weights;
use dlm_check::program::Split;
use dlm_graph::{Clock, Graph, States, Workspace, pass};
use std::sync::Arc;

/// A graph with its weights.
pub(super) struct Runs {
    plans: Plans,
    states: States,
    work: Workspace,
    ready: Option<Arc<Ready>>,
}

impl Runs {
    /// The graph, which reads these states.
    pub(super) fn new(g: Graph, weights: &Weights) -> Runs {
        let mut plans = Plans::new(pass::remove_dead(g));
        let one = plans.get(1);
        let mut states = States::new([&one.plan]);
        weights.put(&mut states, "");
        Runs { plans, states, work: Workspace::new([&one.plan]), ready: None }
    }

    /// Answers samples at these places of a part.
    pub(super) fn run(&mut self, data: &Loaded, split: Split, places: &[u32]) {
        let ready = self.plans.get(places.len());
        self.work.fit(&ready.plan);
        data.fill_places(split, places, ready.plan.input_f32(&mut self.work, 0));
        ready.run(&mut self.work, &mut self.states, Clock::default());
        self.ready = Some(ready);
    }

    /// The output of that place, for the samples answered last.
    pub(super) fn output(&self, number: usize) -> &[f32] {
        match &self.ready {
            Some(ready) => ready.plan.output_f32(&self.work, &self.states, number),
            None => &[],
        }
    }
}
