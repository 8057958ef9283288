//! ONNX Runtime, in a Python beside the tests.

use dlm_graph::Ty;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A run of a model: numbers of each input in the order of the axes, the batch first.
pub(super) struct Run {
    /// The file; equal ones are opened once.
    pub(super) model: Vec<u8>,
    /// Samples.
    pub(super) batch: usize,
    /// The inputs.
    pub(super) inputs: Vec<(Ty, Vec<f32>)>,
}

/// What ONNX Runtime says to a run.
#[derive(Debug)]
pub(super) struct Answer {
    /// The sizes of the first output.
    pub(super) shape: Vec<usize>,
    /// Its numbers, row-major.
    pub(super) numbers: Vec<f32>,
    /// What the file says of itself; see `run.py`.
    pub(super) facts: Value,
}

/// A Python with onnx, onnxruntime and numpy: `DLM_PYTHON`, `/opt/peers/bin/python`, or what
/// `tests/python.sh` has made.
///
/// # Panics
/// When there is none, and `DLM_REQUIRE_PYTHON` is 1.
#[allow(clippy::print_stderr)]
pub(super) fn python() -> Option<PathBuf> {
    let own = crate::tidy::root().join("tests/.venv/bin/python");
    let given = std::env::var("DLM_PYTHON").ok().map(PathBuf::from);
    let all = given.into_iter().chain([PathBuf::from("/opt/peers/bin/python"), own]);
    let able = |python: &PathBuf| {
        let mut command = Command::new(python);
        let output = command.args(["-c", "import numpy, onnx, onnxruntime"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let found = all.into_iter().find(able);
    if found.is_none() {
        let required = std::env::var("DLM_REQUIRE_PYTHON").is_ok_and(|value| value == "1");
        assert!(!required, "there is no Python with onnxruntime: run tests/python.sh");
        eprintln!("skipped: there is no Python with onnxruntime (tests/python.sh makes one)");
    }
    found
}

/// What ONNX Runtime answers, for each run; `name` is that of a folder for the files between.
pub(super) fn answers(python: &Path, name: &str, runs: &[Run]) -> Vec<Result<Answer, String>> {
    ask(python, "run.py", name, runs)
}

/// What the formulas of whole numbers give, and how ONNX Runtime compares tensor by tensor.
pub(super) fn reference(python: &Path, name: &str, runs: &[Run]) -> Vec<Result<Answer, String>> {
    ask(python, "reference.py", name, runs)
}

fn ask(python: &Path, script: &str, name: &str, runs: &[Run]) -> Vec<Result<Answer, String>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (mut numbers, mut cases) = (Vec::new(), Vec::new());
    let mut models: Vec<&[u8]> = Vec::new();
    for run in runs {
        let known = models.iter().position(|model| *model == run.model);
        let model = known.unwrap_or(models.len());
        let file = format!("{model}.onnx");
        if known.is_none() {
            std::fs::write(folder.join(&file), &run.model).unwrap();
            models.push(&run.model);
        }
        let inputs: Vec<Value> = (run.inputs.iter())
            .map(|(ty, values)| {
                let shape: Vec<usize> =
                    std::iter::once(run.batch).chain(ty.shape.0.clone()).collect();
                let at = numbers.len();
                numbers.extend_from_slice(values);
                json!({ "shape": shape, "at": at })
            })
            .collect();
        cases.push(json!({ "model": file, "inputs": inputs }));
    }
    let bytes: Vec<u8> = numbers.iter().flat_map(|x: &f32| x.to_le_bytes()).collect();
    std::fs::write(folder.join("numbers.bin"), bytes).unwrap();
    std::fs::write(folder.join("cases.json"), Value::from(cases).to_string()).unwrap();
    let script = crate::tidy::root().join("tests/onnx").join(script);
    let output = Command::new(python).arg(script).arg(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = std::fs::read_to_string(folder.join("answers.json")).unwrap();
    let told: Vec<Value> = serde_json::from_str(&told).unwrap();
    let bytes = std::fs::read(folder.join("answers.bin")).unwrap();
    let numbers: Vec<f32> =
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    assert_eq!(told.len(), runs.len());
    let read = |facts: Value| {
        if let Some(error) = facts["error"].as_str() {
            return Err(error.to_string());
        }
        let shape: Vec<usize> = facts["shape"].as_array().unwrap().iter().map(size).collect();
        let (at, count) = (size(&facts["at"]), shape.iter().product::<usize>());
        Ok(Answer { numbers: numbers[at..at + count].to_vec(), shape, facts })
    };
    told.into_iter().map(read).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}
