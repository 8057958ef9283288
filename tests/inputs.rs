//! Networks of several inputs, from the file to what is stored and exported.

use crate::support::{Disk, check, run};
use dlm_check::program::Split;
use dlm_learn::{Options, Predictions, Stored};
use std::fmt::Write;

#[test]
fn two_inputs_are_trained_taught_quantized_stored_and_exported() {
    let folder = std::env::temp_dir().join(format!("dlm-inputs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // Neither input alone says anything of the class.
    let row = |i: usize| {
        let (a, kind) = (
            (i * 37 % 100) as f64 / 50.0 - 0.99,
            if i.is_multiple_of(3) { "left" } else { "right" },
        );
        (a, kind, if (a > 0.0) == (kind == "left") { "same" } else { "other" })
    };
    let mut table = String::from("noise,kind,a,class\n");
    for i in 0..600 {
        let (a, kind, class) = row(i);
        writeln!(table, "{},{kind},{a},{class}", i % 7).unwrap();
    }
    let file = folder.join("table.csv");
    std::fs::write(&file, table).unwrap();
    let path = file.to_str().unwrap();
    let text = format!(
        "data Table {{ source = csv(\"{path}\", target = \"class\", features = [[\"a\", \"noise\"], [\"kind\"]]) }}
model Net(numbers: [2], kind: [2], width: int) {{
    n = numbers -> dense(width) -> relu
    kind -> dense(width) -> concat(n) -> dense(width) -> relu -> dense(2)
}}
train Net(width = 16) on Table as Teacher {{ epochs = 30   optimizer = adamw(lr = 1e-2) }}
distill Net(width = 8) from Teacher on Table as Student {{ epochs = 30   optimizer = adamw(lr = 1e-2) }}
policy Edge {{ method = static }}
quantize Teacher with Edge on Table as Teacher8
export Teacher to \"teacher.onnx\"
export Teacher8 to \"teacher8.onnx\"
expect {{
    Teacher.accuracy >= 95%
    Student.accuracy >= 90%
    Teacher8.agreement(Teacher) >= 95%
}}
"
    );
    let (world, outcome) = run(&text, &Options::default());
    assert!(outcome.judged.iter().all(|judged| judged.held), "{:?}", outcome.judged);
    let program = check(&text).unwrap();
    for artifact in &outcome.artifacts {
        let name = &artifact.artifact;
        let stored = Stored::open(&program, name, &world.saved[name]).unwrap();
        let found = stored.evaluate(&Disk).unwrap().scores;
        let test = found.iter().find(|(split, _)| *split == Split::Test).unwrap();
        assert_eq!(test.1, artifact.scores[&Split::Test], "{name}");
        // New rows are cut into the same inputs, wherever their columns stand.
        let new = folder.join("new.csv");
        std::fs::write(&new, "kind,a,noise\nleft,0.9,3\nright,0.9,3\nleft,-0.9,3\n").unwrap();
        let Predictions::Classes(rows, names) =
            stored.predict(new.to_str().unwrap(), &Disk).unwrap()
        else {
            panic!("{name} answers with classes");
        };
        let found = rows.iter().map(|row| if row[0] > row[1] { &*names[0] } else { &*names[1] });
        assert_eq!(found.collect::<Vec<_>>(), ["same", "other", "other"], "{name}");
    }
    let exported = world.saved.iter().filter(|(name, _)| name.ends_with(".onnx"));
    for (name, bytes) in exported.clone() {
        let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(has("numbers") && has("kind"), "{name} names its inputs");
    }
    assert_eq!(exported.count(), 2);
    std::fs::remove_dir_all(&folder).unwrap();
}
