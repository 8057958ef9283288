//! What a training is given by its teachers: answers, and features of their layers.

use dlm_check::Program;
use dlm_check::lower::{WeightInfo, weight_of};
use dlm_check::program::{Features, Flow, Training};
use dlm_graph::{Graph, Ty, ValueId};
use dlm_vocab::loss::Of;

/// The inputs that the loss of a training takes from teachers, in the order in which its graph has them:
/// the answers of each teacher, where a term looks at answers, then features.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// The share of each teacher; empty where no term looks at answers.
    pub shares: Vec<f32>,
    /// The type of an answer.
    pub answer: Option<Ty>,
    /// The features, each once: whose, and of which flow in its network, with their type.
    pub features: Vec<(usize, Flow, Ty)>,
    /// For each term of the loss the weights that it trains itself, which are dropped in the end.
    pub own: Vec<Vec<WeightInfo>>,
}

/// The signals as values of a graph.
#[derive(Debug)]
pub struct Entered<'a> {
    signals: &'a Signals,
    /// The share and the answers of each teacher.
    pub answers: Vec<(f32, ValueId)>,
    features: Vec<ValueId>,
}

impl Signals {
    /// Those of a training.
    pub fn of(program: &Program, training: &Training) -> Signals {
        let net = &program.networks[training.network];
        let wants = |used: &dlm_check::program::LossUse| {
            used.loss.of == Of::Answers && used.features.is_none()
        };
        let mut signals = Signals::default();
        if training.loss.iter().any(wants) {
            signals.shares = training.teachers.iter().map(|it| it.weight as f32).collect();
            signals.answer = Some(net.ty(net.output).clone());
        }
        for (number, used) in training.loss.iter().enumerate() {
            let mut own = Vec::new();
            if let Some(it) = used.features {
                let teacher = program.artifact(&training.teachers[it.of].artifact);
                let theirs = teacher.and_then(|made| made.network());
                let Some(theirs) = theirs.map(|theirs| program.networks[theirs].ty(it.teacher))
                else {
                    unreachable!("a teacher with features has a network");
                };
                if signals.place(it).is_none() {
                    signals.features.push((it.of, it.teacher, theirs.clone()));
                }
                let weights = (used.loss.own)(&used.args, theirs, net.ty(it.student));
                let path = format!("distill/{number}");
                own = weights.iter().map(|weight| weight_of(&path, weight, 0)).collect();
            }
            signals.own.push(own);
        }
        signals
    }

    /// How many inputs a graph has of them.
    pub fn len(&self) -> usize {
        self.shares.len() + self.features.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the inputs to a graph.
    pub fn enter(&self, g: &mut Graph) -> Entered<'_> {
        let answer = |&share: &f32| Some((share, g.input(self.answer.clone()?)));
        let answers = self.shares.iter().filter_map(answer).collect();
        let features = self.features.iter().map(|(_, _, ty)| g.input(ty.clone())).collect();
        Entered { signals: self, answers, features }
    }

    /// The layers of one teacher whose features are taken, in their order.
    pub fn layers(&self, teacher: usize) -> Vec<Flow> {
        let own = self.features.iter().filter(|(of, ..)| *of == teacher);
        own.map(|(_, flow, _)| *flow).collect()
    }

    fn place(&self, it: Features) -> Option<usize> {
        let same = |(of, flow, _): &(usize, Flow, Ty)| (*of, *flow) == (it.of, it.teacher);
        self.features.iter().position(same)
    }
}

impl Entered<'_> {
    /// The features of a teacher that a term looks at.
    pub fn feature(&self, it: Features) -> ValueId {
        match self.signals.place(it) {
            Some(place) => self.features[place],
            None => unreachable!("signals hold the features of every term"),
        }
    }
}
