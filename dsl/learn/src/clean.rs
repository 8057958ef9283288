//! Which files of a run's folder a program still needs.

use crate::fit::checkpoint_key;
use crate::key::{Contents, Key, Keys};
use crate::record::Record;
use crate::sealed;
use dlm_base::Files;
use dlm_check::Program;
use std::collections::BTreeMap;

/// What is known of the files of a run's folder.
pub struct Folder<'a> {
    /// The names of all files, with `/` between folders.
    pub names: &'a [String],
    /// The bytes of one of them.
    pub read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

/// The files that no key of the program needs: artifacts that would be made again or that the program no longer
/// makes, checkpoints of other trainings, answers of teachers that teach nobody, and what was left half written. Logs,
/// pages and the history of runs are not among them, nor what dlm did not write.
pub fn unneeded(program: &Program, files: &dyn Files, folder: &Folder<'_>) -> Vec<String> {
    let steps = program.steps_for(None);
    let contents = Contents::of(program, &steps, files, &mut |_| ());
    let mut keys: BTreeMap<u64, Keys> = BTreeMap::new();
    let mut judge = |name: &String| -> bool {
        let (offset, rest) = match name.strip_prefix("seeds/").and_then(|rest| rest.split_once('/'))
        {
            Some((offset, rest)) => match offset.parse() {
                Ok(offset) => (offset, rest),
                Err(_) => return false,
            },
            None => (0, name.as_str()),
        };
        let keys = keys.entry(offset);
        let keys = &*keys.or_insert_with(|| Keys::of(program, &steps, &contents, offset));
        // What no seed touches lies with the first seed.
        let key = |artifact: &str| {
            let own = offset == 0 || !keys.is_seedless(artifact);
            keys.get(artifact).filter(|_| own)
        };
        if rest
            .rsplit('/')
            .next()
            .is_some_and(|last| last.starts_with('.') && last.ends_with(".tmp"))
        {
            return true;
        }
        let beside = |stem: &str| {
            let (before, _) = name.split_at(name.len() - rest.len());
            format!("{before}{stem}.json")
        };
        match (rest.split_once('/'), rest.rsplit_once('.')) {
            (Some(("checkpoints", file)), _) => {
                let artifact = file.strip_suffix(".safetensors").unwrap_or(file);
                let wanted = key(artifact).map(Key::hash);
                let found = (folder.read)(name).and_then(|bytes| checkpoint_key(&bytes));
                wanted.is_none() || wanted != found
            }
            (Some(("answers", file)), _) => {
                let teaches = |teacher: &str, data: usize| {
                    file == format!("{teacher}.{}.bin", program.datasets[data].name)
                };
                let tuned = program.quantizations.iter().flat_map(|it| &it.tuning);
                let mut trainings =
                    program.trainings.iter().chain(tuned.map(|tuning| &tuning.training));
                !trainings.any(|it| {
                    it.teachers.iter().any(|teacher| teaches(&teacher.artifact, it.dataset))
                })
            }
            (Some(_), _) => false,
            (None, Some((artifact, "json"))) => {
                let found = (folder.read)(name).as_deref().and_then(Record::from_bytes);
                // What is no record, or that of another artifact, somebody else has put there.
                let own = found.filter(|record| record.summary.artifact == artifact);
                own.is_some_and(|record| Some(&record.key) != key(artifact))
            }
            (None, Some((artifact, "safetensors"))) => {
                let record = (folder.read)(&beside(artifact));
                let record = record.as_deref().and_then(Record::from_bytes);
                match record.filter(|record| record.summary.artifact == artifact) {
                    Some(record) => Some(&record.key) != key(artifact),
                    None => (folder.read)(name).is_some_and(|bytes| is_of(&bytes, artifact)),
                }
            }
            _ => false,
        }
    };
    folder.names.iter().filter(|name| judge(name)).cloned().collect()
}

/// Whether the bytes are those of the weights of that artifact, and not of another under its name.
fn is_of(bytes: &[u8], artifact: &str) -> bool {
    let said = sealed::read::<serde_json::Value>(bytes).map(|(_, about)| about);
    said.is_ok_and(|about| about["artifact"] == artifact)
}
