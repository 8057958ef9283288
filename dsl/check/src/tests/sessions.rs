//! A session answers as a fresh check does, whatever was typed before.
//!
//! The run is bounded; `DLM_FUZZ=full cargo test --release -p dlm-check sessions` makes 10,000 edits of each
//! example.

use crate::session::{Checked, Room, Session, check_text};
use dlm_base::files::{FileError, MemFiles, ReadSeek};
use dlm_base::{Diag, FileId, Files, Span};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The folder of the examples.
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

/// Files of the disk.
struct Disk;

impl Files for Disk {
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        Ok(Box::new(std::fs::File::open(path)?))
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        Ok(std::fs::metadata(path)?.len())
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let names = std::fs::read_dir(path)?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    fn stamp(&self, path: &str) -> Option<u64> {
        std::fs::metadata(path).map_or(Some(0), |about| Some(about.len() + 1))
    }
}

fn assert_same(known: &Checked, fresh: &Checked, text: &str) {
    let said = |checked: &Checked| -> Vec<String> {
        let line = |it: &Diag| format!("{} {:?} {}", it.code.id, it.primary.span, it.message);
        checked.diags.iter().map(line).collect()
    };
    assert_eq!(said(known), said(fresh), "diagnostics of\n{text}");
    assert_eq!(known.diags, fresh.diags, "diagnostics of\n{text}");
    assert_eq!(known.notes.results(), fresh.notes.results(), "shapes of\n{text}");
    let steps = |checked: &Checked| format!("{:?}", checked.notes.steps());
    assert_eq!(steps(known), steps(fresh), "steps of\n{text}");
    for at in known.notes.results().into_keys() {
        assert_eq!(known.notes.result(at), fresh.notes.result(at));
        assert_eq!(known.notes.arrival(at), fresh.notes.arrival(at));
    }
    assert!(known.constants == fresh.constants, "constants of\n{text}");
    assert_eq!(known.modules.len(), fresh.modules.len());
    for (known, fresh) in known.modules.iter().zip(&fresh.modules) {
        assert!(known.tree == fresh.tree, "tree of {} of\n{text}", known.name);
        assert!(known.names == fresh.names && known.artifacts == fresh.artifacts);
    }
    assert_eq!(format!("{:?}", known.facts), format!("{:?}", fresh.facts));
    assert_eq!(format!("{:?}", known.program), format!("{:?}", fresh.program), "of\n{text}");
}

/// A session says of a text with room what a fresh check says of it, and of the text without what that says.
fn assert_session(session: &mut Session, name: &str, text: &str, files: &dyn Files) {
    let (known, room) = session.check(name, text, files);
    let wide = known.sources.get(FileId(0)).text.clone();
    assert_same(&known, &check_text(name, &wide, files), text);
    let fresh = check_text(name, text, files);
    let told: Vec<_> = known.diags.iter().map(|diag| narrowed(diag, &room)).collect();
    let expected: Vec<_> =
        fresh.diags.iter().map(|diag| narrowed(diag, &Room::default())).collect();
    assert_eq!(told, expected, "of\n{text}");
}

/// What a diagnostic says, and where it says so in the text without room.
fn narrowed(diag: &Diag, room: &Room) -> (String, Vec<(Span, String)>) {
    let place = |mut at: Span| {
        if at.file == FileId(0) {
            at.start = room.narrow(at.start as usize) as u32;
            at.end = room.narrow(at.end as usize) as u32;
        }
        at
    };
    let labels = std::iter::once(&diag.primary).chain(&diag.labels);
    let edits =
        diag.fixes.iter().flat_map(|fix| &fix.edits).map(|it| (place(it.span), it.text.clone()));
    let said = format!("{} {} {:?}", diag.code.id, diag.message, diag.help);
    (said, labels.map(|it| (place(it.span), it.text.clone())).chain(edits).collect())
}

/// Numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

fn boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[test]
fn a_session_answers_as_a_fresh_check() {
    let full = std::env::var("DLM_FUZZ").is_ok_and(|value| value == "full");
    let rounds = if full { 10_000 } else { 40 };
    let scraps = [
        "(",
        ")",
        "{",
        "}",
        "[",
        "->",
        "=",
        ",",
        "\"",
        " ",
        "\n",
        "\n\n",
        "conv(8, 3)",
        "é",
        "0",
        "1",
        "w = 3\n",
        "relu",
        "x",
        "C",
        "//",
        "allow W1003\n",
        "-> relu",
        "use std.vision: ResidualBlock\n",
        "Digits.classes",
    ];
    let mut paths: Vec<_> =
        std::fs::read_dir(EXAMPLES).unwrap().flatten().map(|it| it.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "dlm"));
    paths.sort();
    assert!(paths.len() > 5);
    let mut random = Random(7);
    for path in paths {
        let name = path.to_str().unwrap();
        let original = std::fs::read_to_string(&path).unwrap();
        let mut session = Session::default();
        let (mut text, mut before) = (original.clone(), original.clone());
        for round in 0..rounds {
            assert_session(&mut session, name, &text, &Disk);
            match random.below(10) {
                // What was typed is taken back, or all of it.
                0..3 => std::mem::swap(&mut text, &mut before),
                3 if round % 5 == 0 => text.clone_from(&original),
                // A line goes elsewhere.
                4 => {
                    before.clone_from(&text);
                    let mut lines: Vec<&str> = before.split_inclusive('\n').collect();
                    if lines.len() > 1 {
                        let line = lines.remove(random.below(lines.len()));
                        lines.insert(random.below(lines.len() + 1), line);
                    }
                    text = lines.concat();
                }
                _ => {
                    before.clone_from(&text);
                    let start = boundary(&text, random.below(text.len() + 1));
                    let end = boundary(&text, start + random.below(6)).max(start);
                    let scrap = scraps[random.below(scraps.len())];
                    text.replace_range(start..end, if random.below(4) == 0 { "" } else { scrap });
                }
            }
        }
    }
}

#[test]
fn what_moves_is_found_where_it_is() {
    let blocks = "layer A(x: [C]) { x -> dense(C) -> relu }\nlayer B(x: [C]) { x -> A -> A }\n";
    let model = "model M(x: [4]) { x -> B -> dense(w) }\n";
    let (four, five) = ("w = 4\n", "w = 5\n");
    let texts = [
        [four, blocks, model].concat(),
        ["// moved\n\n", blocks, four, model].concat(),
        [model, five, blocks].concat(),
        [model, four, blocks].concat(),
        [model, four, &blocks.replace("relu", "tanh")].concat(),
        [model, four, blocks, "layer C(x: [C]) { x -> A }\n"].concat(),
    ];
    let mut session = Session::default();
    for text in texts.iter().chain(texts.iter().rev()) {
        let files = MemFiles::default();
        assert_session(&mut session, "t.dlm", text, &files);
    }
}

/// A file that is counted when it is opened.
struct Counted {
    text: Mutex<String>,
    opened: AtomicUsize,
}

impl Files for Counted {
    fn open(&self, _: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(std::io::Cursor::new(self.text.lock().unwrap().clone().into_bytes())))
    }

    fn len(&self, _: &str) -> Result<u64, FileError> {
        Ok(self.text.lock().unwrap().len() as u64)
    }

    fn list(&self, _: &str) -> Result<Vec<String>, FileError> {
        Err(FileError::Missing)
    }

    fn stamp(&self, _: &str) -> Option<u64> {
        Some(self.text.lock().unwrap().len() as u64)
    }
}

#[test]
fn data_is_read_again_when_it_has_changed() {
    let rows = "1,a\n2,b\n".repeat(40);
    let files = Counted { text: Mutex::new(format!("x,y\n{rows}")), opened: AtomicUsize::new(0) };
    let text = "data D { source = csv(\"t.csv\", target = \"y\") }\nmodel M(x: [1]) { x -> dense(D.classes) }\n";
    let mut session = Session::default();
    let mut units = |text: &str| {
        let (checked, _) = session.check("t.dlm", text, &files);
        checked.program.networks.first().map(|net| net.layers[0].ty.shape.0[0])
    };
    assert_eq!(units(text), Some(2));
    let opened = files.opened.load(Ordering::SeqCst);
    assert_eq!(units(&format!("{text}\n// more\n")), Some(2));
    assert_eq!(files.opened.load(Ordering::SeqCst), opened, "it has not changed");
    *files.text.lock().unwrap() = format!("x,y\n{rows}3,c\n3,c\n3,c\n");
    assert_eq!(units(text), Some(3));
    files.text.lock().unwrap().clear();
    assert_eq!(units(text), None);
}
