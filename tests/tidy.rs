//! House rules.

use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The committed files whose names end so, as paths from the root and texts.
pub(crate) fn texts(endings: &[&str]) -> Vec<(String, String)> {
    let wanted = |name: &str| endings.iter().any(|ending| name.ends_with(ending));
    let names = names().into_iter().filter(|name| wanted(name));
    names.map(|name| (name.clone(), std::fs::read_to_string(root().join(&name)).unwrap())).collect()
}

/// The paths of all files that belong to the project, sorted.
fn names() -> Vec<String> {
    const SKIPPED: &[&str] = &[
        "target",
        ".git",
        "runs",
        "data",
        "__pycache__",
        "corpus",
        ".venv",
        "node_modules",
        "dist",
    ];
    let mut names = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            let name = path.file_name().unwrap().to_str().unwrap();
            // `data` holds what users fetch, but for the folder of sources in the vocabulary.
            let skipped = SKIPPED.contains(&name) && !relative.starts_with("dsl/");
            match path.is_dir() {
                true if !skipped => folders.push(path),
                true => {}
                false => names.push(relative),
            }
        }
    }
    names.sort();
    names
}

/// The lines of code where `fact` holds and whose file is not excused, as `path:line: text`. Code that
/// runs in tests alone is free.
fn lines_where(excused: impl Fn(&str) -> bool, fact: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in texts(&[".rs"]) {
        let of_tests = ["tests/", "tests.rs", "/test.rs", "/fuzz.rs", "speed.rs"]
            .iter()
            .any(|part| name.contains(part));
        if excused(&name) || of_tests {
            continue;
        }
        let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            if fact(line) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// Whether a line of code (not of comment) has this word.
fn has_word(line: &str, word: &str) -> bool {
    let code = line.split("//").next().unwrap_or("");
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(inside) && !code[at + word.len()..].starts_with(inside)
    })
}

#[test]
fn only_kernels_is_unsafe_and_names_faer() {
    let kernels = |name: &str| name.starts_with("dsl/kernels/");
    let found = lines_where(kernels, |line| has_word(line, "unsafe") || has_word(line, "faer"));
    assert_none(&found, "`unsafe` and faer belong into dsl/kernels");
}

#[test]
fn only_base_names_ariadne() {
    let found = lines_where(|name| name.starts_with("dsl/base/"), |line| has_word(line, "ariadne"));
    assert_none(&found, "ariadne belongs into dsl/base");
}

#[test]
fn only_cli_prints() {
    let macros = ["print", "println", "eprint", "eprintln", "dbg"];
    let prints =
        |line: &str| macros.iter().any(|m| has_word(line, m) && line.contains(&format!("{m}!")));
    let found = lines_where(|name| name.starts_with("dsl/cli/"), prints);
    assert_none(&found, "only dsl/cli prints");
}

#[test]
fn only_cli_touches_disk_clock_and_environment() {
    let worldly =
        ["std::fs", "std::env", "std::net", "std::process", "Instant::now", "SystemTime::now"];
    let found = lines_where(
        |name| {
            // A mapped file is one that the command has opened; mapping it is `unsafe`.
            let mapping = name == "dsl/kernels/src/mapped.rs";
            // The language server starts the command to run a file.
            let starting = name == "lsp/src/server/commands.rs";
            name.starts_with("dsl/cli/") || name.ends_with("build.rs") || mapping || starting
        },
        |line| {
            let code = line.split("//").next().unwrap_or("");
            worldly.iter().any(|what| code.contains(what))
        },
    );
    assert_none(&found, "files come through `Files`, time and environment from the command line");
}

#[test]
fn crates_use_only_crates_below_them() {
    let below: &[(&str, &[&str])] = &[
        ("dsl/base", &[]),
        ("grammar", &["base"]),
        ("dsl/report", &[]),
        ("dsl/kernels", &["base"]),
        ("dsl/graph", &["base", "kernels"]),
        ("dsl/vocab", &["base", "kernels", "graph"]),
        ("dsl/check", &["base", "kernels", "graph", "vocab", "grammar"]),
        ("dsl/learn", &["base", "kernels", "graph", "vocab", "grammar", "check"]),
        ("lsp", &["base", "graph", "vocab", "grammar", "check"]),
        (
            "dsl/cli",
            &["base", "kernels", "graph", "vocab", "grammar", "check", "learn", "report", "lsp"],
        ),
    ];
    for (folder, allowed) in below {
        let text = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("dlm-") else { continue };
            let used = rest.split(['.', ' ', '=']).next().unwrap();
            assert!(allowed.contains(&used), "{folder} uses {used}, which is not below it");
        }
        let owns = |crate_name: &str| text.lines().any(|line| line.starts_with(crate_name));
        assert!(!owns("faer") || *folder == "dsl/kernels", "{folder} depends on faer");
        assert!(!owns("ariadne") || *folder == "dsl/base", "{folder} depends on ariadne");
        assert!(!owns("clap") || *folder == "dsl/cli", "{folder} depends on clap");
    }
}

#[test]
fn files_are_short_enough_to_read() {
    let long: Vec<String> = texts(&[".rs", ".pest", ".dlm", ".py", ".sh"])
        .into_iter()
        .filter(|(_, text)| text.lines().count() > 600)
        .map(|(name, text)| format!("{name}: {} lines", text.lines().count()))
        .collect();
    assert_none(&long, "a file has at most 600 lines");
}

#[test]
fn nothing_is_left_for_later() {
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("to", "do!(")];
    let endings = [".rs", ".pest", ".dlm", ".py", ".sh", ".md", ".toml"];
    let mut found = Vec::new();
    for (name, text) in texts(&endings) {
        for (number, line) in text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert_none(&found, "what is not done is not promised in a comment");
}

#[test]
fn no_file_is_large() {
    let limit = 600 * 1024;
    let large: Vec<String> = names()
        .into_iter()
        .filter(|name| std::fs::metadata(root().join(name)).unwrap().len() > limit)
        .collect();
    assert_none(&large, "a committed file has at most 600 KiB");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for (name, text) in texts(&[".md"]) {
        let folder = root().join(&name).parent().unwrap().to_path_buf();
        for (number, line) in text.lines().enumerate() {
            for (at, _) in line.match_indices("](") {
                let target = line[at + 2..].split([')', '#']).next().unwrap();
                let local = !target.is_empty() && !target.contains("://");
                if local && !folder.join(target).exists() {
                    broken.push(format!("{name}:{}: {target}", number + 1));
                }
            }
        }
    }
    assert_none(&broken, "links lead to files");
}
