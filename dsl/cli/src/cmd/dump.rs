//! `dlm dump`: what a stage of the interpreter makes of a program, and the generated pages of the manual.

use crate::args::{Dump, Page, Stage};
use crate::console::Console;
use crate::files::Disk;
use crate::manual::page;
use crate::{Failure, Status, diagnose};
use dlm_base::{FileId, Files};
use dlm_check::Program;
use dlm_graph::{Graph, Plan, print};
use dlm_learn::compile::{TargetForm, train_graph};
use dlm_learn::signals::Signals;

/// Prints a stage or a page.
pub(crate) fn dump(args: Dump, console: &mut Console) -> Result<Status, Failure> {
    if let Some(docs) = args.docs {
        console.out.text(match docs {
            Page::Operators => page::operators(),
            Page::Errors => page::errors(),
        });
        return Ok(Status::Good);
    }
    let (Some(stage), Some(path)) = (args.stage, args.file) else {
        return Err(Failure::usage("name a stage and a file"));
    };
    if stage == Stage::Tree {
        let name = diagnose::readable(&path)?;
        let text = Disk.text(&name).map_err(|e| Failure::usage(format!("{name}: {e}")))?;
        let tree = dlm_grammar::parse(FileId(0), &text).tree;
        console.out.line(format!("{tree:#?}"));
        return Ok(Status::Good);
    }
    let checked = match diagnose::sound(&path, &[], true, console)? {
        Ok(checked) => checked,
        Err(status) => return Ok(status),
    };
    let program = &checked.program;
    if stage == Stage::Program {
        console.out.line(format!("{program:#?}"));
        return Ok(Status::Good);
    }
    for training in &program.trainings {
        let graph = graph(program, training);
        let (artifact, batch) = (&training.artifact, training.batch);
        console.out.line(format!("// one update of {artifact}"));
        console.out.line(match stage {
            Stage::Plan => print::plan(&Plan::new(&graph, batch)),
            _ => print::graph(&graph),
        });
    }
    Ok(Status::Good)
}

fn graph(program: &Program, training: &dlm_check::program::Training) -> Graph {
    let dataset = &program.datasets[training.dataset];
    let mixed = dataset.augment.iter().any(|a| (a.word.make)(&a.args).mix(0).is_some());
    let form = TargetForm::of(&dataset.facts.target, mixed);
    let signals = Signals::of(program, training);
    train_graph(&program.networks[training.network], training, form, &signals)
}
