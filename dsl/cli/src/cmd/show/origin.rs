//! Where the weights of an artifact come from: a file, or teachers.

use crate::written;
use dlm_check::Program;
use dlm_check::program::{Load, Loaded, Training};
use serde_json::{Value, json};

/// Where the weights of an artifact come from, if that is more than a plain training.
pub(super) enum Origin<'a> {
    /// A training with teachers.
    Taught(&'a Training),
    /// A file.
    Loaded(&'a Load),
}

impl<'a> Origin<'a> {
    /// That of a training; nothing without teachers.
    pub(super) fn of_training(training: &'a Training) -> Option<Origin<'a>> {
        (!training.teachers.is_empty()).then_some(Origin::Taught(training))
    }

    /// In a sentence.
    pub(super) fn text(&self, program: &Program) -> String {
        match self {
            Origin::Taught(training) => format!(
                "learns from {} on {}: {}",
                written::teachers(&training.teachers),
                program.datasets[training.dataset].name,
                written::loss(&training.loss)
            ),
            Origin::Loaded(load) => written::load(program, load),
        }
    }

    /// As data, with the name under which they stand.
    pub(super) fn object(&self, program: &Program) -> (&'static str, Value) {
        match self {
            Origin::Taught(training) => {
                let teacher = |it: &dlm_check::program::TeacherUse| json!({ "artifact": it.artifact, "weight": it.weight });
                let taught = json!({
                    "teachers": training.teachers.iter().map(teacher).collect::<Vec<_>>(),
                    "data": program.datasets[training.dataset].name,
                    "loss": written::loss(&training.loss),
                });
                ("taught", taught)
            }
            Origin::Loaded(load) => ("loaded", loaded(load)),
        }
    }
}

/// The `load` of that name, if it gives an artifact without a network.
pub(super) fn closed<'a>(program: &'a Program, name: &str) -> Option<&'a Load> {
    let named = program.loads.iter().find(|load| load.artifact == name);
    named.filter(|load| load.network().is_none())
}

/// An artifact without a network as data.
pub(super) fn object(program: &Program, load: &Load) -> Value {
    let mut object = json!({ "name": load.artifact, "loaded": loaded(load) });
    if let Loaded::Answers { dataset, .. } = load.what {
        object["loaded"]["data"] = json!(program.datasets[dataset].name);
        object["loaded"]["samples"] = json!(program.datasets[dataset].counts[0]);
    }
    object
}

fn loaded(load: &Load) -> Value {
    match &load.what {
        Loaded::Weights { file, .. } => json!({ "kind": "weights", "file": file }),
        Loaded::Closed { file, classes, .. } => {
            json!({ "kind": "closed", "file": file, "classes": classes })
        }
        Loaded::Answers { file, classes, .. } => {
            json!({ "kind": "answers", "file": file, "classes": classes })
        }
    }
}
