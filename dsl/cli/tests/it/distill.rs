//! Teachers and students, loaded artifacts, and what is shown of them.

use crate::support::Folder;
use serde_json::Value;

/// A teacher, a student of it, and one of two.
const TAUGHT: &str = "\
data Digits { source = builtin(\"digits\") }
model Large(image: [1, 8, 8]) { image -> flatten -> dense(64) -> relu -> dense(10) }
model Small(image: [1, 8, 8]) { image -> flatten -> dense(8) -> relu -> dense(10) }
train Large on Digits as Teacher { epochs = 4   optimizer = adam(lr = 3e-3) }
train Large on Digits as Second { epochs = 2   seed = 1 }
distill Small from Teacher on Digits as Student { epochs = 2   optimizer = adam(lr = 3e-3) }
distill Small from [0.7 * Teacher, 0.3 * Second] on Digits as Pupil { epochs = 2 }
export Teacher to \"teacher.onnx\"
export Teacher to \"teacher.safetensors\"
expect {
    Student.kl(Teacher) <= 5
    Student.error_overlap(Teacher) <= 100%
}
";

/// The same teacher from files.
const LOADED: &str = "\
data Digits { source = builtin(\"digits\") }
model Large(image: [1, 8, 8]) { image -> flatten -> dense(64) -> relu -> dense(10) }
model Small(image: [1, 8, 8]) { image -> flatten -> dense(8) -> relu -> dense(10) }
load \"teacher.onnx\" as Oracle
load Large from \"teacher.safetensors\" as Kept
load answers(\"answers.npy\", kind = logits) on Digits as Api
distill Small from [Oracle, Kept] on Digits as Student { epochs = 1 }
distill Small from Api on Digits as Pupil { epochs = 1 }
expect {
    Kept.agreement(Oracle)      == 100%
    Kept.kl(Oracle)             <= 0.000_001
    Api.train.error             >= 50%
    Oracle.latency              <= 1 s
    Pupil.train.agreement(Api)  <= 100%
}
";

/// The events of a run of that kind.
fn events(log: &str, kind: &str) -> Vec<Value> {
    let all = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|event| event["event"] == kind).collect()
}

/// The lines that begin so, ends left out.
fn lines<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(start)).collect()
}

/// An array of floats of that shape, all 0.
fn zeros(shape: &[usize]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let shape_text = sizes.join(", ");
    let head = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape_text}), }}\n");
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((head.len() as u16).to_le_bytes());
    npy.extend(head.bytes());
    npy.resize(npy.len() + 4 * shape.iter().product::<usize>(), 0);
    npy
}

#[test]
fn a_run_shows_students_beside_their_teachers() {
    let folder = Folder::new("taught");
    folder.write("a.dlm", TAUGHT);
    let check = folder.dlm(&["check", "a.dlm"]).with(0).out;
    assert!(check.contains("2 trainings, 2 distillations"), "{check}");
    let ended = folder.dlm(&["run", "a.dlm"]).with(0);
    let opening = lines(&ended.out, "Pupil    ")[0];
    assert!(opening.ends_with(" test · from 0.7 × Teacher + 0.3 × Second"), "{opening}");
    let asked = lines(&ended.err, "Student  answers of ")[0];
    assert!(asked.starts_with("Student  answers of Teacher to 1,455 samples in "), "{asked}");
    let again = "Pupil  answers of Teacher to 1,455 samples, kept from before";
    assert_eq!(lines(&ended.err, "Pupil  answers of Teacher"), [again]);
    let student = lines(&ended.out, "Student beside Teacher on test: ");
    for part in ["agreement ", "KL ", "error overlap ", "accuracy ", "(teacher "] {
        assert!(student[0].contains(part), "{part}: {student:?}");
    }
    assert_eq!(lines(&ended.out, "Pupil beside 0.7 × Teacher on test:").len(), 1);
    assert_eq!(lines(&ended.out, "Pupil beside 0.3 × Second on test:").len(), 1);
    for held in ["✓ Student.kl(Teacher) <= 5", "✓ Student.error_overlap(Teacher) <= 100%"] {
        assert!(ended.out.contains(held), "{held}: {}", ended.out);
    }
    let compared = events(&folder.read("runs/a/metrics.jsonl"), "compared");
    assert_eq!(compared[1]["taught"][1]["teacher"], "Second");
    assert_eq!(compared[1]["taught"][1]["weight"], 0.3);
    assert!(compared[0]["taught"][0]["kl"].as_f64().unwrap() > 0.0);
}

#[test]
fn answers_are_kept_for_each_seed() {
    let folder = Folder::new("kept");
    folder.write("a.dlm", TAUGHT);
    folder.dlm(&["run", "-q", "--only", "Student", "a.dlm"]).with(0);
    let files = || -> Vec<(String, Vec<u8>)> {
        let entries = std::fs::read_dir(folder.0.join("runs/a/answers")).unwrap();
        let read =
            |path: std::path::PathBuf| (path.display().to_string(), std::fs::read(path).unwrap());
        entries.map(|entry| read(entry.unwrap().path())).collect()
    };
    let before = files();
    assert_eq!(before.len(), 1);
    let args = ["run", "--fresh", "--seeds", "3", "--only", "Student", "a.dlm"];
    let ended = folder.dlm(&args).with(0);
    let asked = "Student  answers of Teacher to 1,455 samples";
    assert_eq!(
        ended.err.matches(&format!("{asked}, kept from before")).count(),
        1,
        "{}",
        ended.err
    );
    assert_eq!(ended.err.matches(&format!("{asked} in ")).count(), 2, "{}", ended.err);
    assert!(folder.has("runs/a/seeds/2/answers/Teacher.Digits.bin"));
    let line = lines(&ended.out, "Student beside Teacher on test: ")[0];
    assert!(line.matches(" ± ").count() == 5, "{line}");
    assert!(files() == before, "further seeds leave what the first one kept");
}

#[test]
fn what_is_loaded_is_shown_asked_and_judged() {
    let folder = Folder::new("loaded");
    folder.write("a.dlm", TAUGHT).write("b.dlm", LOADED);
    folder.write("answers.npy", zeros(&[1455, 10])).write("x.npy", zeros(&[2, 1, 8, 8]));
    folder.dlm(&["run", "-q", "--only", "Teacher", "a.dlm"]).with(0);
    let check = folder.dlm(&["check", "b.dlm"]).with(0).out;
    assert!(check.contains("3 loads, 2 distillations"), "{check}");
    let ended = folder.dlm(&["run", "b.dlm"]).with(0);
    for line in [
        "Oracle   closed network · teacher.onnx · 10 classes",
        "Kept     weights of Large · teacher.safetensors",
        "Api      recorded answers · 1,455 × 10 · answers.npy",
    ] {
        assert!(ended.out.contains(&format!("{line}\n")), "{line}: {}", ended.out);
    }
    for line in ["✓ Oracle  loaded: 10 classes, logits", "✓ Kept  loaded: 4 tensors by name"] {
        assert!(ended.err.contains(&format!("{line}\n")), "{line}: {}", ended.err);
    }
    assert!(ended.out.contains("✓ Kept.agreement(Oracle) == 100%"), "{}", ended.out);
    assert_eq!(lines(&ended.out, "Pupil beside Api on train: ").len(), 1);
    let written = lines(&ended.out, "written: ")[0];
    assert!(!written.contains("teacher.") && written.contains("Pupil.safetensors"), "{written}");

    let eval = |name: &str| folder.dlm(&["eval", "b.dlm", name]).with(0).out;
    assert!(eval("Oracle").starts_with("Oracle  closed network · teacher.onnx · 10 classes\n"));
    let parts = |name: &str| -> Vec<String> {
        let out = folder.dlm(&["eval", "--json", "b.dlm", name]).with(0).out;
        let found: Value = serde_json::from_str(&out).unwrap();
        found["scores"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(parts("Kept"), ["train", "valid", "test"]);
    assert_eq!(parts("Api"), ["train"]);
    let own = folder.dlm(&["predict", "a.dlm", "Teacher", "x.npy"]).with(0).out;
    for name in ["Oracle", "Kept"] {
        assert_eq!(folder.dlm(&["predict", "b.dlm", name, "x.npy"]).with(0).out, own);
    }
    folder.dlm(&["predict", "b.dlm", "Api", "x.npy"]).with(3);
}

#[test]
fn show_tells_where_weights_come_from() {
    let folder = Folder::new("origins");
    folder.write("a.dlm", TAUGHT).write("b.dlm", LOADED);
    folder.write("answers.npy", zeros(&[1455, 10]));
    folder.dlm(&["run", "-q", "--only", "Teacher", "a.dlm"]).with(0);
    let show = |args: &[&str]| folder.dlm(&[&["show"], args].concat()).with(0).out;
    let loss = "0.9 * soft_targets(temperature = 4) + 0.1 * cross_entropy";
    let learns = format!("learns from 0.7 × Teacher + 0.3 × Second on Digits: {loss}\n");
    assert!(show(&["a.dlm", "Pupil"]).ends_with(&learns));
    assert!(!show(&["a.dlm", "Teacher"]).contains("learns from"));
    let json = |args: &[&str]| -> Value { serde_json::from_str(&show(args)).unwrap() };
    let taught = &json(&["--json", "a.dlm", "Student"])["taught"];
    assert_eq!(taught["teachers"][0], serde_json::json!({ "artifact": "Teacher", "weight": 1.0 }));
    assert_eq!(taught["loss"], loss);

    assert_eq!(show(&["b.dlm", "Api"]), "Api  recorded answers · 1,455 × 10 · answers.npy\n");
    assert!(show(&["b.dlm", "Kept"]).ends_with("weights of Large · teacher.safetensors\n"));
    assert!(show(&["b.dlm"]).contains("\nOracle  closed network · teacher.onnx · 10 classes\n"));
    let oracle = serde_json::json!({ "kind": "closed", "file": "teacher.onnx", "classes": 10 });
    assert_eq!(json(&["--json", "b.dlm", "Oracle"])["loaded"], oracle);
    let ended = folder.dlm(&["show", "--dot", "b.dlm", "Oracle"]).with(2);
    assert!(ended.err.contains("of `Oracle` only the answers are known"), "{}", ended.err);
}

#[test]
fn a_teacher_worse_than_its_student_is_told_once() {
    let folder = Folder::new("worse");
    let text = "data Digits { source = builtin(\"digits\") }
model Net(image: [1, 8, 8]) { image -> flatten -> dense(32) -> relu -> dense(10) }
train Net on Digits as Teacher { steps = 1 }
distill Net from Teacher on Digits as Student {
    loss      = 0.1 * soft_targets + cross_entropy
    optimizer = adam(lr = 1e-2)
    epochs    = 5
}
";
    folder.write("a.dlm", text);
    let ended = folder.dlm(&["run", "a.dlm"]).with(0);
    let said = format!("{}{}", ended.out, ended.err);
    assert_eq!(said.matches("W1017").count(), 1, "{said}");
    let line = lines(&ended.out, "warning[W1017]: `Teacher` (")[0];
    assert!(line.contains("on test) is worse than its student `Student` ("), "{line}");
    let several = folder.dlm(&["run", "-q", "--seeds", "2", "a.dlm"]).with(0);
    assert_eq!(several.out.matches("W1017").count(), 1, "{}", several.out);
    folder.write("a.dlm", text.replace("distill", "allow W1017\ndistill"));
    assert!(folder.dlm(&["check", "--deny", "warnings", "a.dlm"]).with(0).err.is_empty());
    let ended = folder.dlm(&["run", "a.dlm"]).with(0);
    assert!(!format!("{}{}", ended.out, ended.err).contains("W1017"));
}

#[test]
fn a_program_without_verbs_has_nothing_to_run() {
    let folder = Folder::new("nothing");
    folder.write("a.dlm", "model Net(x: [4]) { x -> dense(3) }\n");
    let ended = folder.dlm(&["run", "a.dlm"]).with(2);
    assert!(ended.err.contains("nothing to run"), "{}", ended.err);
}
