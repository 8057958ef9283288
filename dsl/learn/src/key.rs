//! What makes an artifact what it is. Two artifacts with the same key have the same weights, bit for bit.
//!
//! A key is made of parts with names, so that it can be said which of them changed: the network as checked, each
//! setting, each file of data by its content, the keys of the artifacts that it comes from, and the version of
//! the arithmetic. Names of declarations, comments, paths of files and the number of threads are no part of it.

use crate::event::split_word;
use dlm_base::Files;
use dlm_check::Program;
use dlm_check::program::{
    Average, Dataset, Length, Load, Loaded, LossUse, Network, Normalize, Part, SourceUse, Step,
    Training,
};
use dlm_check::quant::{Quantization, Tail};
use dlm_vocab::{Args, Type, Word};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Read};

/// The version of the arithmetic: one more whenever the same program on the same data gives other numbers
/// than before. Artifacts of another version are made anew.
pub const NUMERICS: u32 = 2;

/// The parts of a key by name, each as a program would have it, or as a BLAKE3 hash in hex.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key(pub BTreeMap<String, String>);

/// The keys of all artifacts that a run makes.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    by_artifact: BTreeMap<String, Key>,
    seedless: BTreeSet<String>,
}

/// The content of files, by path: BLAKE3 hashes in hex, each with the stamp that the file had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents(BTreeMap<String, (String, Option<u64>)>);

/// The part that a seed is.
const SEED: &str = "seed";
/// The part that the artifact is that a quantization rounds.
const SOURCE: &str = "source";
/// The part that the version of the arithmetic is.
const VERSION: &str = "arithmetic";

impl Key {
    /// One hash for all parts, in hex.
    pub fn hash(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            let _ = write!(text, "{}:{name}{}:{value}", name.len(), value.len());
        }
        hash(text.as_bytes())
    }

    /// What differs from an older key, a short text for each part: "`epochs` 20 → 30".
    pub fn changes(&self, old: &Key) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(old.0.keys()).collect();
        let each = names.into_iter().filter_map(|name| {
            let (new, old) = (self.0.get(name), old.0.get(name));
            if new == old {
                return None;
            }
            let is_hash = |value: &&String| {
                value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
            };
            Some(match (old, new) {
                _ if name == VERSION => "the arithmetic of this version of dlm".to_string(),
                _ if name == SOURCE => "what is quantized".to_string(),
                _ if [old, new].iter().flatten().any(is_hash) => format!("`{name}`"),
                (Some(old), Some(new)) => format!("`{name}` {old} → {new}"),
                (None, Some(new)) => format!("`{name}` {new}, not set before"),
                (Some(old), None) => format!("`{name}` {old} before, not set now"),
                (None, None) => return None,
            })
        });
        each.collect()
    }

    fn put(&mut self, name: impl Into<String>, value: impl ToString) {
        self.0.insert(name.into(), value.to_string());
    }
}

impl Keys {
    /// The keys of the artifacts that these steps give, in their order.
    pub fn of(program: &Program, steps: &[Step], contents: &Contents, seed_offset: u64) -> Keys {
        let mut keys = Keys::default();
        for &step in steps {
            let mut key = Key::default();
            key.put(VERSION, NUMERICS);
            match step {
                Step::Load(i) => load(&mut key, program, &program.loads[i], contents),
                Step::Train(i) => {
                    let training = &program.trainings[i];
                    data(&mut key, &program.datasets[training.dataset], contents);
                    keys.training(&mut key, program, training, seed_offset);
                }
                Step::Quantize(i) => {
                    let it = &program.quantizations[i];
                    data(&mut key, &program.datasets[it.dataset], contents);
                    key.put(SOURCE, keys.hash(&it.source));
                    quantization(&mut key, it);
                    if let Some(tuning) = &it.tuning {
                        keys.training(&mut key, program, &tuning.training, seed_offset);
                        key.put("freeze_ranges", tail(tuning.freeze_ranges));
                    }
                }
            }
            let artifact = program.gives(step).to_string();
            let needs = program.needs(step);
            if !key.0.contains_key(SEED) && needs.iter().all(|name| keys.is_seedless(name)) {
                keys.seedless.insert(artifact.clone());
            }
            keys.by_artifact.insert(artifact, key);
        }
        keys
    }

    /// The key of an artifact.
    pub fn get(&self, artifact: &str) -> Option<&Key> {
        self.by_artifact.get(artifact)
    }

    /// Whether no seed has a part in an artifact.
    pub fn is_seedless(&self, artifact: &str) -> bool {
        self.seedless.contains(artifact)
    }

    fn hash(&self, artifact: &str) -> String {
        self.get(artifact).map(Key::hash).unwrap_or_default()
    }

    fn training(&self, key: &mut Key, program: &Program, it: &Training, seed_offset: u64) {
        let network = &program.networks[it.network];
        key.put("model", model(network));
        key.put("loss", losses(&it.loss));
        key.put("optimizer", call(&it.optimizer.0.word, &it.optimizer.1));
        key.put("schedule", call(&it.schedule.0.word, &it.schedule.1));
        match it.length {
            Length::Epochs(n) => key.put("epochs", n),
            Length::Steps(n) => key.put("steps", n),
        }
        key.put("batch", it.batch);
        key.put(SEED, it.seed.wrapping_add(seed_offset));
        if let Some(norm) = it.clip {
            key.put("clip", norm);
        }
        match it.average {
            None => {}
            Some(Average::Ema(decay)) => key.put("average", format!("ema({decay})")),
            Some(Average::Swa(start, unit)) => key.put("average", format!("swa({start} {unit})")),
        }
        if let Some(stop) = &it.stop {
            let (metric, patience) = (&stop.metric, stop.patience);
            key.put("stop", format!("valid.{metric}, {patience} epochs"));
        }
        if it.keep_best {
            key.put("keep_best", true);
        }
        let frozen = network.layers.iter().zip(&it.frozen).filter(|(_, frozen)| **frozen);
        let frozen: Vec<&str> = frozen.map(|(layer, _)| &*layer.path).collect();
        if !frozen.is_empty() {
            key.put("freeze", frozen.join(", "));
        }
        if let Some(from) = &it.from {
            key.put("from", self.hash(from));
        }
        for teacher in &it.teachers {
            let name = format!("teacher {}", teacher.artifact);
            key.put(format!("{name}, weight"), teacher.weight);
            key.put(name, self.hash(&teacher.artifact));
        }
    }
}

impl Contents {
    /// The hash of every file that these steps read, each read once; `told` hears of each before it is
    /// read. What cannot be read is left out: who needs it will say so.
    pub fn of(
        program: &Program,
        steps: &[Step],
        files: &dyn Files,
        told: &mut dyn FnMut(&str),
    ) -> Contents {
        let mut paths = BTreeSet::new();
        for &step in steps {
            let dataset = match step {
                Step::Load(i) => {
                    let load = &program.loads[i];
                    paths.insert(load.file().to_string());
                    load.dataset
                }
                Step::Train(i) => Some(program.trainings[i].dataset),
                Step::Quantize(i) => Some(program.quantizations[i].dataset),
            };
            paths.extend(dataset.into_iter().flat_map(|i| files_of(&program.datasets[i])));
        }
        let each = paths.into_iter().filter_map(|path| {
            told(&path);
            let stamp = files.stamp(&path);
            let hash = content(files, &path, 2).ok()?;
            Some((path, (hash, stamp)))
        });
        Contents(each.collect())
    }

    /// One hash for the content of all files of a dataset and for what its sources say of them, in hex.
    pub fn of_dataset(&self, dataset: &Dataset) -> String {
        let mut key = Key::default();
        data(&mut key, dataset, self);
        key.hash()
    }

    /// The files of a dataset whose content is not what it was when this was found.
    pub fn changed(&self, dataset: &Dataset, files: &dyn Files) -> Vec<String> {
        let same = |path: &String| {
            let Some((hash, stamp)) = self.0.get(path) else { return false };
            // The stamp of a folder says nothing of what the files in it hold.
            let stands = files.list(path).is_err() && stamp.is_some();
            (stands && *stamp == files.stamp(path))
                || content(files, path, 2).is_ok_and(|now| now == *hash)
        };
        files_of(dataset).into_iter().filter(|path| !same(path)).collect()
    }

    fn get(&self, path: &str) -> &str {
        self.0.get(path).map_or("unread", |(hash, _)| hash)
    }
}

/// The hash of a file, or of all that lies in a folder, so many folders deep.
fn content(files: &dyn Files, path: &str, deep: usize) -> io::Result<String> {
    let other = |e: dlm_base::FileError| io::Error::other(e.to_string());
    let mut hash = blake3::Hasher::new();
    let mut reader = match files.open(path) {
        Ok(reader) => reader,
        Err(why) => {
            let Ok(names) = files.list(path) else { return Err(other(why)) };
            for name in names.iter().filter(|name| !name.starts_with('.')) {
                let inside = format!("{}/{}", path.trim_end_matches('/'), name);
                let inside = inside.trim_end_matches('/');
                hash.update(name.as_bytes());
                if deep > 0 {
                    hash.update(content(files, inside, deep - 1)?.as_bytes());
                }
            }
            return Ok(hash.finalize().to_hex().to_string());
        }
    };
    let mut piece = vec![0; 1 << 16];
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok(hash.finalize().to_hex().to_string()),
            n => hash.update(&piece[..n]),
        };
    }
}

/// The files and folders that a dataset is read from.
pub fn files_of(dataset: &Dataset) -> BTreeSet<String> {
    let all = dataset.sources().into_iter().flat_map(|(_, used)| used.files());
    all.map(str::to_string).collect()
}

/// The files that a source reads, each with the parameter that names it; of several the further ones with
/// their number.
fn named_files(used: &SourceUse) -> Vec<(String, &str)> {
    let params = used.source.word.params.iter().filter(|param| param.ty == Type::File);
    let given = params.filter(|param| used.args.get(param.name).is_some()).map(|param| param.name);
    let more = used.source.rest.into_iter().cycle().take(used.args.rest().len());
    let more = more.enumerate().map(|(number, name)| format!("{name} {}", number + 2));
    given.map(str::to_string).chain(more).zip(used.files()).collect()
}

/// The parts that a dataset gives.
fn data(key: &mut Key, dataset: &Dataset, contents: &Contents) {
    // Data of another name are the same data; the name tells which of several it is.
    for (part, used) in dataset.sources() {
        let part = split_word(part);
        let word = &used.source.word;
        let named = word.params.iter().filter(|param| param.ty != Type::File);
        let args = named.filter_map(|param| Some((param.name, used.args.get(param.name)?)));
        let args: Vec<String> = args.map(|(name, arg)| format!("{name} = {arg}")).collect();
        key.put(format!("data.{part}"), format!("{}({})", word.name, args.join(", ")));
        for (name, path) in named_files(used) {
            key.put(format!("data.{part}.{name}"), contents.get(path));
        }
    }
    for (word, part) in [("valid", &dataset.valid), ("test", &dataset.test)] {
        match part {
            Part::Own(_) => {}
            Part::Share(share) => key.put(format!("data.{word}"), format!("{}%", share * 100.0)),
            Part::Count(count) => key.put(format!("data.{word}"), format!("{count} samples")),
        }
    }
    key.put("data.seed", dataset.seed);
    key.put("data.stratify", dataset.stratify);
    key.put("data.normalize", normalize(&dataset.normalize));
    if !dataset.tokens.is_empty() {
        let tokens: Vec<String> = dataset.tokens.iter().map(usize::to_string).collect();
        key.put("data.tokens", tokens.join(", "));
    }
    let augment = dataset.augment.iter().map(|it| call(&it.word.word, &it.args));
    let augment: Vec<String> = augment.collect();
    key.put("data.augment", format!("[{}]", augment.join(", ")));
    if let Some(limit) = dataset.limit {
        key.put("data.limit", limit);
    }
}

fn normalize(it: &Normalize) -> String {
    match it {
        Normalize::None => "none".to_string(),
        Normalize::Standard => "standard".to_string(),
        Normalize::MinMax => "minmax".to_string(),
        Normalize::Each => "each input as it would be alone".to_string(),
        Normalize::Given { mean, std } => format!("standard(mean = {mean:?}, std = {std:?})"),
    }
}

fn load(key: &mut Key, program: &Program, it: &Load, contents: &Contents) {
    key.put("file", contents.get(it.file()));
    key.put("judged", losses(&it.loss));
    match &it.what {
        Loaded::Weights { network, .. } => key.put("model", model(&program.networks[*network])),
        Loaded::Closed { input, normalize: own, classes, .. } => {
            key.put("input", format!("{input:?}").to_lowercase());
            if let Some(own) = own {
                key.put("normalize", normalize(own));
            }
            key.put("classes", format!("{classes:?}"));
        }
        Loaded::Answers { probabilities, classes, .. } => {
            key.put("kind", if *probabilities { "probabilities" } else { "logits" });
            key.put("classes", classes);
        }
    }
    if let Some(dataset) = it.dataset {
        data(key, &program.datasets[dataset], contents);
    }
}

fn quantization(key: &mut Key, it: &Quantization) {
    key.put("method", it.method.word());
    key.put("policy", hash(format!("{:?}", it.formats).as_bytes()));
    key.put("calibrate", format!("{} samples", it.calibrate));
    if let Some(drop) = it.max_drop {
        key.put("max_drop", format!("{}%", drop * 100.0));
    }
    key.put("judged", losses(it.loss()));
}

fn tail(tail: Tail) -> String {
    match tail {
        Tail::Share(share) => format!("{share} of the steps"),
        Tail::Epochs(n) => format!("{n} epochs"),
        Tail::Steps(n) => format!("{n} steps"),
    }
}

/// The hash of a network: all that decides what it computes and how it starts.
fn model(network: &Network) -> String {
    let mut text = String::new();
    for (name, ty) in &network.inputs {
        let _ = writeln!(text, "{name}: {ty:?}");
    }
    for layer in &network.layers {
        let _ = writeln!(
            text,
            "{} = {} {:?} of {:?}, {:?} {:?}, init {:?}",
            layer.path,
            layer.operator.word.name,
            layer.args,
            layer.inputs,
            layer.borrowed.as_ref().map(|it| &it.from),
            layer.weights,
            layer.init_normal,
        );
    }
    let _ = writeln!(text, "{:?} {:?}", network.output, network.before_relu);
    hash(text.as_bytes())
}

fn losses(terms: &[LossUse]) -> String {
    let term = |term: &LossUse| {
        let flows = term.features.map(|it| format!(" of {}", it.of)).unwrap_or_default();
        format!("{} * {}{flows}", term.weight, call(&term.loss.word, &term.args))
    };
    terms.iter().map(term).collect::<Vec<_>>().join(" + ")
}

/// A word with all its arguments, as a program would have it.
fn call(word: &Word, args: &Args) -> String {
    let args: Vec<String> = args.iter().map(|(name, arg)| format!("{name} = {arg}")).collect();
    match args.is_empty() {
        true => word.name.to_string(),
        false => format!("{}({})", word.name, args.join(", ")),
    }
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
