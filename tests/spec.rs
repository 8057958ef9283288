//! The pages of `tests/spec`: a tour of the language in which every block is a test.
//!
//! A block of `dlm` promises its diagnostics and shapes at the ends of its lines. A block of `text`
//! after it holds the diagnostics as people see them; `UPDATE=1 cargo test` rewrites it. A block
//! with a file name (`csv wine.csv`) is a file for the blocks after it. Where `$0` stands in a block, blocks of
//! `hover`, `definition` and so on after it hold what the editor answers there.

mod editor;
mod files;
mod page;

use dlm_base::diag::{codes, render};
use dlm_base::files::MemFiles;
use dlm_base::{Diag, Severity};
use dlm_check::session::{Checked, check_text};
use page::{Piece, Promise};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[test]
fn pages_hold() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut failures = Vec::new();
    for path in pages() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut pieces = page::cut(&text);
        let mut files = MemFiles::default();
        for index in 0..pieces.len() {
            let Piece::Fence { info, body, line } = &pieces[index] else { continue };
            if editor::question(info).is_some() {
                continue;
            }
            if let Some((kind, file)) = info.split_once(' ') {
                files.put(file, files::content(kind, body));
                continue;
            }
            if info != "dlm" {
                continue;
            }
            let (body, line) = (body.clone(), *line);
            let checked = check_text("main.dlm", &page::program(&body), &files);
            for (at, what) in verify(&checked, &body) {
                failures.push(format!("{name}:{}: {what}", line + at - 1));
            }
            let rendered = rendered(&checked);
            if let Some(Piece::Fence { info, body, line }) = answer(&mut pieces, index)
                && info == "text"
                && *body != rendered
            {
                if !update {
                    failures.push(format!("{name}:{line}: the message is now\n{rendered}"));
                }
                *body = rendered;
            }
            let Some(at) = page::caret(&body) else { continue };
            let program = page::program(&body);
            for (question, body, line) in answers(&mut pieces, index) {
                let (word, rest) = editor::question(&question).unwrap_or_default();
                let now = editor::answer((word, rest), &program, at.clone(), &files);
                if *body != now && !update {
                    failures.push(format!("{name}:{line}: the answer is now\n{now}"));
                }
                *body = now;
            }
        }
        let new = page::join(&pieces);
        if update && new != text {
            std::fs::write(&path, new).unwrap();
        }
    }
    assert!(failures.is_empty(), "{}\n", failures.join("\n"));
}

#[test]
fn every_code_is_shown_by_a_page() {
    let mut shown = BTreeSet::new();
    for path in pages() {
        for piece in page::cut(&std::fs::read_to_string(path).unwrap()) {
            let Piece::Fence { body, .. } = piece else { continue };
            shown.extend(page::promises(&body).into_iter().filter_map(|(_, p)| match p {
                Promise::Diag(code, _) => Some(code),
                Promise::Shape(_) => None,
            }));
        }
    }
    // What only a run can see is tried where programs are run.
    let of_runs = |id: &&str| codes::runs::CODES.iter().any(|code| code.id == *id);
    let missing: Vec<&str> = (codes::all().map(|code| code.id))
        .filter(|id| !shown.contains(*id) && !of_runs(id))
        .collect();
    assert!(missing.is_empty(), "no page shows {missing:?}");
}

#[test]
fn a_fix_mends_what_it_is_offered_for() {
    let mut failures = Vec::new();
    let mut tried = 0;
    for (name, text, files) in programs() {
        let checked = check_text("main.dlm", &text, &files);
        for diag in &checked.diags {
            for fix in &diag.fixes {
                let mut mended = text.clone();
                for edit in fix.edits.iter().rev() {
                    mended.replace_range(edit.span.range(), &edit.text);
                }
                let after = check_text("main.dlm", &mended, &files).diags;
                let same = |d: &&Diag| {
                    d.code == diag.code
                        && (&d.message, &d.primary.text) == (&diag.message, &diag.primary.text)
                };
                let count = |diags: &[Diag]| diags.iter().filter(same).count();
                tried += 1;
                if count(&after) >= count(&checked.diags) {
                    let id = diag.code.id;
                    failures
                        .push(format!("{name}: {id}: {} stays after: {}", diag.message, fix.title));
                }
            }
        }
    }
    assert!(tried > 20, "{tried} fixes");
    assert!(failures.is_empty(), "{}\n", failures.join("\n"));
}

#[test]
fn half_typed_programs_are_checked() {
    for (name, text, files) in programs() {
        let ends = text.char_indices().filter(|(_, c)| !c.is_alphanumeric()).map(|(i, _)| i);
        for end in ends {
            let half = &text[..end];
            let rest = text[end..].find('\n').map_or("", |line| &text[end + line..]);
            for program in [half.to_string(), format!("{half}{rest}")] {
                let checked = std::panic::catch_unwind(|| check_text("main.dlm", &program, &files));
                let Ok(checked) = checked else { panic!("{name} up to byte {end}:\n{program}") };
                for diag in &checked.diags {
                    render::short(diag, &checked.sources);
                }
            }
        }
    }
}

#[test]
fn the_page_of_a_code_shows_it_and_how_to_mend_it() {
    let mut files = MemFiles::default();
    files.put("ragged.csv", "a,b,class\n1,2,x\n3,y\n");
    files.put("plays.txt", "To be, or not to be, that is the question.\n".repeat(200));
    let mut failures = Vec::new();
    for code in codes::all() {
        let examples = examples(code.doc);
        let (Some(bad), Some(good)) = (examples.first(), examples.last()) else { continue };
        let raised = |text: &str| check_text("main.dlm", text, &files).diags;
        if !raised(bad).iter().any(|diag| diag.code == code) {
            failures.push(format!("{}: its bad example gives {:?}", code.id, ids(&raised(bad))));
        }
        let rest = raised(good);
        if rest.iter().any(|diag| diag.code == code || diag.severity() == Severity::Error) {
            failures.push(format!("{}: its good example gives {:?}", code.id, ids(&rest)));
        }
    }
    assert!(failures.is_empty(), "{}\n", failures.join("\n"));
}

#[test]
fn examples_of_settings_check_clean() {
    let blocks = dlm_vocab::settings::BLOCKS.iter().flat_map(|(_, list)| *list);
    let words = dlm_vocab::settings::WORDS.iter().flat_map(|(_, list)| *list);
    let formats = dlm_vocab::format::FORMATS.iter().map(|f| &f.word);
    let ranges = dlm_vocab::range::RANGES.iter().map(|r| &r.word);
    let words = words.chain(formats).chain(ranges);
    let docs = blocks.map(|s| (s.name, s.doc)).chain(words.map(|w| (w.name, w.doc)));
    let mut files = MemFiles::default();
    for (images, labels) in [("train-images", "train-labels"), ("test-images", "test-labels")] {
        files.put(images, files::idx(&[40, 2, 2]));
        files.put(labels, files::idx(&[40]));
    }
    files.put("reviews.txt", "A fine film.\t1\nDull, and too long!\t0\n".repeat(20));
    files.put("net.onnx", files::onnx("in ?, 1, 8, 8\nout ?, 10"));
    files.put("answers.npy", files::npy("121, 3", None));
    let mut failures = Vec::new();
    for (name, doc) in docs {
        let examples = examples(doc);
        if examples.is_empty() {
            failures.push(format!("{name} has no example"));
        }
        for example in examples {
            let mut diags = check_text("main.dlm", &example, &files).diags;
            // An example of `data` or `load` alone declares what it does not use.
            diags.retain(|diag| diag.code.id != "W1001");
            if !diags.is_empty() {
                failures.push(format!("{name}: its example gives {:?}", ids(&diags)));
            }
        }
    }
    assert!(failures.is_empty(), "{}\n", failures.join("\n"));
}

/// The pages, by name.
fn pages() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("spec");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    pages.sort();
    pages
}

/// The programs of all pages: the page and the line, the text, and the files beside it.
fn programs() -> Vec<(String, String, MemFiles)> {
    let mut programs = Vec::new();
    for path in pages() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut files = MemFiles::default();
        for piece in page::cut(&std::fs::read_to_string(&path).unwrap()) {
            let Piece::Fence { info, body, line } = piece else { continue };
            match info.split_once(' ') {
                _ if editor::question(&info).is_some() => {}
                Some((kind, file)) => files.put(file, files::content(kind, &body)),
                None if info == "dlm" => {
                    programs.push((format!("{name}:{line}"), page::program(&body), files.clone()));
                }
                None => {}
            }
        }
    }
    programs
}

/// The fence that follows the one at `index`, with nothing but an empty line between.
fn answer(pieces: &mut [Piece], index: usize) -> Option<&mut Piece> {
    match pieces.get(index + 1)? {
        Piece::Prose(text) if text.trim().is_empty() => pieces.get_mut(index + 2),
        Piece::Fence { .. } => pieces.get_mut(index + 1),
        Piece::Prose(_) => None,
    }
}

/// The fences behind the one at `index` that hold answers of the editor: the question, the answer and its line.
fn answers(pieces: &mut [Piece], index: usize) -> Vec<(String, &mut String, usize)> {
    let mut found = Vec::new();
    for piece in pieces.iter_mut().skip(index + 1) {
        match piece {
            Piece::Prose(text) if text.trim().is_empty() => {}
            Piece::Fence { info, body, line } if editor::question(info).is_some() => {
                found.push((info.clone(), body, *line));
            }
            _ => break,
        }
    }
    found
}

/// What a block promises and does not keep, or keeps and did not promise, with lines from 1.
fn verify(checked: &Checked, body: &str) -> Vec<(usize, String)> {
    let mut failures = Vec::new();
    let mut open: Vec<(usize, &Diag)> = checked
        .diags
        .iter()
        .map(|diag| {
            let span = diag.primary.span;
            match span.file.0 {
                0 => (checked.sources.get(span.file).line_of(span.start as usize) + 1, diag),
                _ => (1, diag),
            }
        })
        .collect();
    for (line, promise) in page::promises(body) {
        match promise {
            Promise::Diag(code, words) => {
                let fits = |&(at, diag): &(usize, &Diag)| {
                    at == line && diag.code.id == code && says(diag).contains(&words)
                };
                match open.iter().position(fits) {
                    Some(place) => drop(open.remove(place)),
                    None => failures.push((line, format!("expected {code} \"{words}\""))),
                }
            }
            Promise::Shape(shape) => {
                let real = shape_at(checked, line);
                if real.as_deref() != Some(shape.as_str()) {
                    let real = real.unwrap_or_else(|| "unknown".to_string());
                    failures.push((line, format!("expected the shape {shape}, it is {real}")));
                }
            }
        }
    }
    let unforeseen = open.into_iter().map(|(line, diag)| {
        (line, format!("unexpected {}: {}", diag.code.id, says(diag).replace('\n', " | ")))
    });
    failures.extend(unforeseen);
    failures
}

/// The shape behind the last step that ends on a line.
fn shape_at(checked: &Checked, line: usize) -> Option<String> {
    let source = checked.sources.iter().next()?.1;
    let on_line = checked.notes.results().into_iter().filter(|(span, _)| {
        span.file.0 == 0 && source.line_of((span.end as usize).saturating_sub(1)) + 1 == line
    });
    on_line.max_by_key(|(span, _)| span.end).map(|(_, ty)| ty.shape.to_string())
}

/// All that a diagnostic says at its primary place.
fn says(diag: &Diag) -> String {
    let help = diag.help.as_deref().unwrap_or("");
    format!("{}\n{}\n{help}", diag.message, diag.primary.text)
}

fn rendered(checked: &Checked) -> String {
    let texts = checked.diags.iter().map(|diag| render::terminal(diag, &checked.sources, false));
    let text = texts.collect::<Vec<_>>().join("\n");
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn ids(diags: &[Diag]) -> Vec<String> {
    diags.iter().map(|diag| format!("{}: {}", diag.code.id, diag.message)).collect()
}

/// The `dlm` blocks of a documentation text, whose lines may begin with one space.
fn examples(doc: &str) -> Vec<String> {
    let pieces = page::cut(&dlm_vocab::word::doc_text(doc));
    let dlm = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Fence { info, body, .. } if info == "dlm" => Some(body),
        _ => None,
    });
    dlm.collect()
}
