//! The `load` verbs of a run.

use super::made::{Made, mark};
use super::{RunError, Runner, Summary, World};
use crate::body::{Body, What};
use crate::data::{Loaded as Data, Preprocess};
use crate::event::Event;
use crate::sealed;
use crate::teacher::answers::{self, Kind};
use crate::teacher::closed::Ending;
use crate::teacher::rescale::Norm;
use crate::teacher::{Closed, state_dict};
use crate::weights::Weights;
use dlm_base::{Files, Span};
use dlm_check::budget::grouped;
use dlm_check::program::{ClosedInput, Load, Loaded, Network, Normalize};
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};

/// What a `load` verb gives.
#[derive(Debug)]
pub(crate) struct Opened<'p> {
    pub(crate) body: Body<'p>,
    pub(super) mark: [u8; 32],
    /// Bytes of the parameters, or of the file where they are not known.
    size: u64,
    file: String,
    /// What of the file became what.
    fitted: Option<state_dict::Fitted>,
    /// What it is, in words.
    about: String,
}

impl Runner<'_> {
    /// Loads an artifact, and evaluates it.
    pub(super) fn load(&mut self, index: usize, world: &mut dyn World) -> Result<(), RunError> {
        let program = self.program;
        let load = &program.loads[index];
        let began = world.seconds();
        let data = match load.dataset {
            Some(dataset) => Some(self.data(dataset, world)?),
            None => None,
        };
        let network = load.network().map(|network| &*program.networks[network]);
        let opened = open(load, network, data.as_deref(), self.files)?;
        world.tell(Event::Loaded {
            artifact: load.artifact.clone(),
            file: opened.file.clone(),
            fitted: opened.fitted,
            about: opened.about,
        });
        let made = Made {
            body: Some(opened.body),
            dataset: load.dataset,
            quantization: None,
            mark: opened.mark,
            answers: BTreeMap::new(),
            exports: BTreeMap::new(),
            summary: Summary {
                artifact: load.artifact.clone(),
                model: match (&load.what, network) {
                    (_, Some(network)) => network.title.clone(),
                    (Loaded::Answers { .. }, None) => "recorded answers".to_string(),
                    (_, None) => "closed network".to_string(),
                },
                dataset: data.map_or(String::new(), |data| data.name.clone()),
                params: network.map(Network::params),
                macs: network.map(Network::macs),
                size: opened.size,
                seconds: world.seconds() - began,
                file: opened.file,
                ..Summary::default()
            },
        };
        self.evaluate(made, world)
    }
}

/// Reads what a `load` verb names; `data` are those on which it is used.
///
/// # Errors
/// When the file cannot be read, or is not what the verb says.
pub(crate) fn open<'p>(
    load: &Load,
    network: Option<&'p Network>,
    data: Option<&Data>,
    files: &dyn Files,
) -> Result<Opened<'p>, RunError> {
    match &load.what {
        Loaded::Weights { file, span, .. } => {
            let Some(network) = network else { unreachable!("weights have a network") };
            let bytes = read(files, file, *span)?;
            let own = Weights::from_bytes(network, &bytes).ok();
            if own.is_none() && sealed::is_damaged(&bytes) {
                let why = "it is damaged: its bytes are not those that were written".to_string();
                return Err(failed(file, *span, why));
            }
            let (weights, fitted) =
                state_dict::read(network, &bytes).map_err(|why| failed(file, *span, why))?;
            // A file of our own says how its inputs were normalised; in others they are as in the data.
            let preprocess = own.map(|(_, about)| about.preprocess);
            let preprocess = preprocess.or_else(|| data.map(|data| data.preprocess.clone()));
            Ok(Opened {
                body: Body { what: What::Floats(weights), network: Some(network), preprocess },
                mark: mark(&bytes),
                size: network.size(),
                file: file.clone(),
                about: format!("{} tensors", fitted.taken.len()),
                fitted: Some(fitted),
            })
        }
        Loaded::Closed { file, span, input, normalize, .. } => {
            let bytes = read(files, file, *span)?;
            let shape = data.map(|data| data.facts.shape.clone());
            // A file that says its sizes may take the same numbers in another shape: [784] for [1, 28, 28].
            let sizes = shape.as_ref().map(|shape| shape.sizes());
            let model = Closed::open(&bytes).or_else(|_| Closed::open_for(&bytes, sizes));
            let model = model.map_err(|why| failed(file, *span, why))?;
            let takes: usize = model.input().shape.iter().product();
            if let Some(shape) = shape.filter(|shape| shape.len() != takes) {
                let why = format!(
                    "it takes samples of {takes} numbers, and those of {shape} have another count"
                );
                return Err(failed(file, *span, why));
            }
            let Some(width) = model.classes() else {
                let why = "its result is not one number for each class".to_string();
                return Err(failed(file, *span, why));
            };
            let ending = match model.ending() {
                Ending::Logits => "logits",
                Ending::Probabilities | Ending::Sigmoid => "probabilities",
                Ending::LogProbabilities => "logarithms of probabilities",
            };
            let preprocess = data.and_then(|data| seen(*input, normalize.as_ref(), data));
            let mut told = bytes.clone();
            let normalized = preprocess.iter().flat_map(|it| it.mean.iter().chain(&it.std));
            told.extend(normalized.flat_map(|x| x.to_le_bytes()));
            Ok(Opened {
                body: Body {
                    what: What::Closed(Arc::new(Mutex::new(model)), width),
                    network: None,
                    preprocess,
                },
                mark: mark(&told),
                size: bytes.len() as u64,
                file: file.clone(),
                fitted: None,
                about: format!("{width} classes, {ending}"),
            })
        }
        Loaded::Answers { file, span, probabilities, .. } => {
            let kind = if *probabilities { Kind::Probabilities } else { Kind::Logits };
            let read = answers::read(files, file, kind).map_err(|why| failed(file, *span, why))?;
            let bytes: Vec<u8> = read.logits.iter().flat_map(|x| x.to_le_bytes()).collect();
            let samples = grouped(read.samples as u64);
            let about = format!("answers to {samples} samples, {} classes", read.classes);
            Ok(Opened {
                body: Body {
                    what: What::Recorded(Arc::new(read)),
                    network: None,
                    preprocess: None,
                },
                mark: mark(&bytes),
                size: files.len(file).unwrap_or(0),
                file: file.clone(),
                fitted: None,
                about,
            })
        }
    }
}

/// How a closed network sees the samples of some data; as the student does where its verb says nothing.
fn seen(input: ClosedInput, normalize: Option<&Normalize>, data: &Data) -> Option<Preprocess> {
    let factor = match input {
        ClosedInput::Data => return None,
        ClosedInput::Unit => 1.0,
        ClosedInput::Pixels => 255.0,
    };
    let own = data.preprocess_by(normalize.unwrap_or(&Normalize::None));
    // Numbers that the program gives are those of the input as it is; measured ones fit any scale.
    let measured = matches!(normalize, Some(Normalize::Standard | Normalize::MinMax));
    let norm = if measured { Norm::of(&own) } else { Norm::of(&own).times(factor) };
    Some(Preprocess { mean: norm.mean, std: norm.std, ..own })
}

fn read(files: &dyn Files, file: &str, span: Span) -> Result<Vec<u8>, RunError> {
    let mut bytes = Vec::new();
    let mut reader = files.open(file).map_err(|why| failed(file, span, why.to_string()))?;
    reader.read_to_end(&mut bytes).map_err(|why| failed(file, span, why.to_string()))?;
    Ok(bytes)
}

fn failed(file: &str, span: Span, why: String) -> RunError {
    RunError { message: format!("`{file}`: {why}"), help: None, span: Some(span) }
}
