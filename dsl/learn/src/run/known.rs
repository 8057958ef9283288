//! Artifacts that an earlier run has made: whether they are what this one would make, and their weights.

use super::made::Made;
use super::{RunError, Runner, State, World};
use crate::event::Event;
use crate::key::Key;
use crate::record::{Record, Warned};
use crate::stored::read;
use dlm_check::Program;
use dlm_check::program::{Export, Split, Step};
use std::collections::BTreeMap;
use std::io::Read;

/// For how many seconds one sample is timed, at the least.
const TIMED: f64 = 0.03;

impl<'a> Runner<'a> {
    /// The name in the run's folder of a file of an artifact: those of further seeds have a folder of
    /// their own, but for artifacts that no seed touches.
    pub(super) fn place(&self, artifact: &str, name: &str) -> String {
        match self.options.seed_offset {
            offset if offset > 0 && !self.keys.is_seedless(artifact) => {
                format!("seeds/{offset}/{name}")
            }
            _ => name.to_string(),
        }
    }

    /// The file in which the training of an artifact is kept while it goes on, and what tells the training
    /// from all others. Where all is made anew, nothing is found there.
    pub(super) fn checkpoint(&self, artifact: &str, world: &mut dyn World) -> (String, String) {
        let file = self.place(artifact, &format!("checkpoints/{artifact}.safetensors"));
        if self.options.fresh {
            world.forget(&file);
        }
        (file, self.keys.get(artifact).map(Key::hash).unwrap_or_default())
    }

    /// The artifact of a step as an earlier run has made it.
    ///
    /// # Errors
    /// With what has changed since, or nothing where no earlier run has made it.
    pub(super) fn known(&self, step: Step, world: &mut dyn World) -> Result<Made<'a>, Vec<String>> {
        let artifact = self.program.gives(step);
        if self.options.fresh {
            return Err(Vec::new());
        }
        let name = format!("{artifact}.json");
        let bytes = world.recall(&self.place(artifact, &name)).ok_or_else(Vec::new)?;
        let record = Record::from_bytes((*bytes).as_ref());
        let record = record.ok_or_else(|| vec![format!("`{name}` is damaged")])?;
        let changes = self.keys.get(artifact).map(|key| key.changes(&record.key));
        if let Some(changes) = changes.filter(|changes| !changes.is_empty()) {
            return Err(changes);
        }
        let mut mark = [0; 32];
        if !matches!(step, Step::Load(_)) {
            let name = format!("{artifact}.safetensors");
            let bytes = world.recall(&self.place(artifact, &name));
            let bytes = bytes.ok_or_else(|| vec![format!("`{name}` is missing")])?;
            let hash = blake3::hash((*bytes).as_ref());
            if hash.to_hex().as_str() != record.weights {
                return Err(vec![format!("`{name}` is damaged, or was written by something else")]);
            }
            mark = hash.into();
        }
        let found = self.program.artifact(artifact).ok_or_else(Vec::new)?;
        let mut summary = record.summary;
        summary.state = State::UpToDate;
        if let Some(network) = found.network() {
            summary.model.clone_from(&self.program.networks[network].title);
        }
        if let Some(dataset) = found.dataset() {
            summary.dataset.clone_from(&self.program.datasets[dataset].name);
        }
        let place = self.program.quantizations.iter().position(|it| it.artifact == artifact);
        let report = summary.quantized.as_ref().map(|it| it.report.clone());
        Ok(Made {
            body: None,
            dataset: found.dataset(),
            quantization: place.zip(report),
            mark,
            answers: BTreeMap::new(),
            exports: record.exports,
            summary,
        })
    }

    /// Takes an artifact of an earlier run; what nothing asked of it then is found now.
    pub(super) fn up_to_date(
        &mut self,
        made: Made<'a>,
        world: &mut dyn World,
    ) -> Result<(), RunError> {
        let artifact = made.summary.artifact.clone();
        world.tell(Event::UpToDate { artifact: artifact.clone() });
        for Warned { code, message } in made.summary.warnings.clone() {
            if !self.silenced(&artifact, &code) {
                world.tell(Event::Warned { artifact: artifact.clone(), code, message });
            }
        }
        for (&split, scores) in &made.summary.scores {
            let (artifact, scores) = (artifact.clone(), scores.clone());
            world.tell(Event::Evaluated { artifact, split, scores });
        }
        if !made.summary.taught.is_empty() {
            let (artifact, taught) = (artifact.clone(), made.summary.taught.clone());
            world.tell(Event::Compared { artifact, taught });
        }
        let dataset = made.dataset;
        let known: Vec<Split> = made.summary.scores.keys().copied().collect();
        let place = self.made.len();
        self.made.push(made);
        let Some(index) = dataset else { return Ok(()) };
        let counts = self.program.datasets[index].counts;
        let mut wanted = self.named(&artifact);
        wanted.retain(|split| !known.contains(split) && counts[*split as usize] > 0);
        if wanted.is_empty() {
            return Ok(());
        }
        self.ready(&artifact, world)?;
        let data = self.data(index, world)?;
        for split in wanted {
            let (_, scores) = self.answers(&self.made[place], &data, split, world)?;
            if let Some(scores) = scores {
                self.made[place].summary.scores.insert(split, scores.clone());
                world.tell(Event::Evaluated { artifact: artifact.clone(), split, scores });
            }
        }
        self.record(&artifact, world)
    }

    /// Reads the weights of an artifact of an earlier run, unless they are there.
    pub(super) fn ready(&mut self, artifact: &str, world: &mut dyn World) -> Result<(), RunError> {
        let Some(place) = self.made.iter().position(|made| made.summary.artifact == artifact)
        else {
            return Ok(());
        };
        if self.made[place].body.is_some() {
            return Ok(());
        }
        let body = match self.program.loads.iter().find(|load| load.artifact == artifact) {
            Some(load) => {
                let data = load.dataset.map(|index| self.data(index, world)).transpose()?;
                let network = load.network().map(|network| &*self.program.networks[network]);
                let opened = super::load::open(load, network, data.as_deref(), self.files)?;
                (opened.body, opened.mark)
            }
            None => {
                let file = format!("{artifact}.safetensors");
                let cannot = |why: String| RunError::plain(format!("`{file}`: {why}"));
                let bytes = world.recall(&self.place(artifact, &file));
                let bytes = bytes.ok_or_else(|| cannot("it has been removed".to_string()))?;
                let (body, _) = read(self.program, artifact, (*bytes).as_ref()).map_err(cannot)?;
                (body, self.made[place].mark)
            }
        };
        let made = &mut self.made[place];
        (made.body, made.mark) = (Some(body.0), body.1);
        Ok(())
    }

    /// Completes what is said of an artifact that has been made, and keeps it for later runs.
    pub(super) fn complete(
        &mut self,
        artifact: &str,
        world: &mut dyn World,
    ) -> Result<(), RunError> {
        let Some(place) = self.made.iter().position(|made| made.summary.artifact == artifact)
        else {
            return Ok(());
        };
        let made = &self.made[place];
        let memory = self.memory(made);
        let latency = match made.summary.latency {
            Some(known) => Some(known),
            None => self.latency(made, TIMED, world)?,
        };
        let mistakes = self.mistakes(made, world)?;
        let key = self.keys.get(artifact).cloned().unwrap_or_default();
        let summary = &mut self.made[place].summary;
        (summary.memory, summary.latency, summary.mistakes) = (memory, latency, mistakes);
        summary.key = key;
        self.record(artifact, world)?;
        world.settle().map_err(RunError::plain)?;
        world.forget(&self.place(artifact, &format!("checkpoints/{artifact}.safetensors")));
        Ok(())
    }

    /// Keeps what is said of an artifact.
    fn record(&self, artifact: &str, world: &mut dyn World) -> Result<(), RunError> {
        let Some(made) = self.find(artifact) else { return Ok(()) };
        let loaded = self.program.loads.iter().any(|load| load.artifact == artifact);
        let record = Record {
            key: made.summary.key.clone(),
            weights: match loaded {
                true => String::new(),
                false => blake3::Hash::from_bytes(made.mark).to_hex().to_string(),
            },
            summary: made.summary.clone(),
            exports: made.exports.clone(),
        };
        let name = self.place(artifact, &format!("{artifact}.json"));
        let saved = record.to_bytes().and_then(|bytes| world.save(&name, &bytes));
        saved.map(drop).map_err(|why| {
            RunError::plain(format!("what is known of `{artifact}` cannot be written: {why}"))
        })
    }

    /// Whether a file holds what an artifact of an earlier run was exported as.
    pub(super) fn is_exported(&self, export: &Export) -> bool {
        let Some(made) = self.find(&export.artifact) else { return false };
        let Some(known) = made.exports.get(&export.file) else { return false };
        let mut bytes = Vec::new();
        let whole = self
            .files
            .open(&export.file)
            .is_ok_and(|mut file| file.read_to_end(&mut bytes).is_ok());
        made.summary.state == State::UpToDate
            && whole
            && blake3::hash(&bytes).to_hex().as_str() == known
    }

    /// Keeps in mind as what an artifact was exported.
    pub(super) fn exported(
        &mut self,
        export: &Export,
        bytes: &[u8],
        world: &mut dyn World,
    ) -> Result<(), RunError> {
        let artifact = &export.artifact;
        if let Some(made) = self.made.iter_mut().find(|made| made.summary.artifact == *artifact) {
            let hash = blake3::hash(bytes).to_hex().to_string();
            made.exports.insert(export.file.clone(), hash);
        }
        self.record(artifact, world)
    }

    /// Whether the program does not want to see a warning of the run of an artifact.
    pub(super) fn silenced(&self, artifact: &str, code: &str) -> bool {
        let Program { trainings, quantizations, .. } = self.program;
        let trained = trainings.iter().filter(|it| it.artifact == artifact);
        let quantized = quantizations.iter().filter(|it| it.artifact == artifact);
        let tuned = quantized.clone().flat_map(|it| &it.tuning).map(|tuning| &tuning.training);
        let all = trained.chain(tuned).flat_map(|it| &it.silenced);
        all.chain(quantized.flat_map(|it| &it.silenced)).any(|known| known.id == code)
    }

    /// Tells a warning that belongs to an artifact that has been made, and keeps it: also one that the program does
    /// not want to see, for a later run may.
    pub(super) fn warn(
        &mut self,
        artifact: &str,
        code: &str,
        message: String,
        world: &mut dyn World,
    ) {
        let warned = Warned { code: code.to_string(), message };
        if let Some(made) = self.made.iter_mut().find(|made| made.summary.artifact == artifact) {
            made.summary.warnings.push(warned.clone());
        }
        let Warned { code, message } = warned;
        if !self.silenced(artifact, &code) {
            world.tell(Event::Warned { artifact: artifact.to_string(), code, message });
        }
    }
}
