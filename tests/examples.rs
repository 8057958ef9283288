//! The examples and the standard library: they check without a word, are formatted, and are what the
//! README shows.

use crate::support::diagnose;
use crate::tidy::{root, texts};

/// The programs of `examples`, by path.
fn examples() -> Vec<(String, String)> {
    let all = texts(&[".dlm"]).into_iter();
    all.filter(|(name, _)| name.starts_with("examples/")).collect()
}

/// The `dlm` blocks of a Markdown text.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match &mut open {
            None if line == "```dlm" => open = Some(String::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => *block += &format!("{line}\n"),
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

#[test]
fn examples_check_without_a_word() {
    let mut checked = Vec::new();
    let mut failures = Vec::new();
    for (name, text) in examples() {
        let files = text.match_indices("\"data/").map(|(at, _)| text[at + 1..].split('"').next());
        let files: Vec<&str> = files.flatten().collect();
        if let Some(absent) = files.iter().find(|f| !root().join("examples").join(f).exists()) {
            println!("not checked: {name}, which needs examples/{absent}");
            continue;
        }
        let said = diagnose(&name, &text);
        if !said.is_empty() {
            failures.push(format!("{name}:\n{}", said.join("\n")));
        }
        checked.push(name);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    for name in ["digits", "iris", "spirals"] {
        assert!(checked.contains(&format!("examples/{name}.dlm")), "{name} needs no file");
    }
}

#[test]
fn examples_say_what_they_show_and_what_they_expect() {
    for (name, text) in examples() {
        assert!(text.starts_with("// "), "{name} does not open with what it shows");
        let last = text.lines().rev().find(|line| !line.starts_with([' ', '}']));
        assert_eq!(last, Some("expect {"), "the end of {name}");
    }
}

#[test]
fn programs_are_formatted() {
    let ours =
        |name: &str| ["stdlib/", "examples/", "benches/"].iter().any(|f| name.starts_with(f));
    for (name, text) in texts(&[".dlm"]).into_iter().filter(|(name, _)| ours(name)) {
        let formatted = crate::support::format(&text);
        assert!(formatted == text, "{name} is not formatted: run `dlm fmt {name}`");
    }
}

#[test]
fn the_library_checks_without_a_word() {
    let library: Vec<(String, String)> =
        texts(&[".dlm"]).into_iter().filter(|(name, _)| name.starts_with("stdlib/")).collect();
    assert!(!library.is_empty());
    for (name, text) in library {
        let said = diagnose(&name, &text);
        assert!(said.is_empty(), "{name}:\n{}", said.join("\n"));
        // Each layer has documentation, and the documentation an example that uses it.
        let mut doc = String::new();
        for line in text.lines() {
            if let Some(row) = line.strip_prefix("///") {
                doc += &format!("{}\n", row.strip_prefix(' ').unwrap_or(row));
                continue;
            }
            if let Some(layer) = line.strip_prefix("layer ") {
                let layer = layer.split('(').next().unwrap();
                let example = blocks(&doc).into_iter().next();
                let example = example.unwrap_or_else(|| panic!("{layer} has no example"));
                assert!(example.contains(layer), "the example of {layer}");
                let mut said = diagnose("example.dlm", &example);
                // An example declares models that no verb uses.
                said.retain(|message| !message.starts_with("W1001"));
                assert!(said.is_empty(), "the example of {layer}:\n{}", said.join("\n"));
            }
            doc.clear();
        }
    }
}

#[test]
fn the_readme_shows_the_examples_as_they_are() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let shown = blocks(&readme);
    assert!(!shown.is_empty());
    let examples = examples();
    for block in shown {
        let same = examples.iter().any(|(_, text)| *text == block);
        assert!(same, "the README shows a program that is no example:\n{block}");
    }
}

#[test]
fn programs_of_the_reference_can_be_read() {
    let page = std::fs::read_to_string(root().join("docs/language.md")).unwrap();
    let programs = blocks(&page);
    assert!(programs.len() > 5);
    for program in programs {
        let said = diagnose("page.dlm", &program);
        let syntax: Vec<&String> = said.iter().filter(|m| m.starts_with("E01")).collect();
        assert!(syntax.is_empty(), "{program}\n{syntax:?}");
    }
}

#[test]
fn programs_of_the_chapters_check() {
    for page in ["quantization.md", "distillation.md", "export.md"] {
        let text = std::fs::read_to_string(root().join("docs").join(page)).unwrap();
        for program in blocks(&text) {
            let mut said = diagnose("page.dlm", &program);
            said.retain(|message| message.starts_with('E') && !message.starts_with("E0501"));
            assert!(said.is_empty(), "{page}\n{program}\n{said:?}");
        }
    }
}

#[test]
fn the_example_of_every_word_checks() {
    use dlm_vocab::{augment, data, loss, metric, ops, optim, schedule};
    let words = ops::OPERATORS.iter().map(|w| &w.word);
    let words = words.chain(ops::SIGNS.iter().map(|w| &w.word));
    let words = words.chain(loss::LOSSES.iter().map(|w| &w.word));
    let words = words.chain(optim::OPTIMIZERS.iter().map(|w| &w.word));
    let words = words.chain(schedule::SCHEDULES.iter().map(|w| &w.word));
    let words = words.chain(data::SOURCES.iter().map(|w| &w.word));
    let words = words.chain(augment::AUGMENTS.iter().map(|w| &w.word));
    let words = words.chain(metric::METRICS.iter().map(|w| &w.word));
    let mut failures = Vec::new();
    for word in words {
        let examples = blocks(&dlm_vocab::word::doc_text(word.doc));
        if examples.is_empty() {
            failures.push(format!("{} has no example", word.name));
        }
        for example in examples {
            let mut said = diagnose("example.dlm", &example);
            // An example may name files that are not there, and declare what no verb uses.
            said.retain(|message| !["E0501", "W1001"].iter().any(|code| message.starts_with(code)));
            failures.extend(said.into_iter().map(|message| format!("{}: {message}", word.name)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
