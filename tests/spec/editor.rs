//! What the editor answers where `$0` stands in a block, up to `$1` where a part is selected.

use dlm_base::Files;
use dlm_base::files::MemFiles;
use dlm_check::session::check_text;
use dlm_lsp::ide::{
    Edit, Place, Snapshot, actions, complete, folding, hints, hover, lenses, links, navigate,
    selection, signature, symbols, tokens,
};
use std::ops::Range;

/// The questions, as the fences behind a program name them; `rename` is followed by the new name, `complete`
/// by how many words are shown, and `hints` by the kinds of hints.
const QUESTIONS: &[&str] = &[
    "hover",
    "complete",
    "signature",
    "definition",
    "references",
    "highlight",
    "rename",
    "symbols",
    "hints",
    "lenses",
    "tokens",
    "folding",
    "selection",
    "links",
    "actions",
];

/// The question that a fence answers, and the word behind it.
pub(crate) fn question(info: &str) -> Option<(&str, &str)> {
    let (question, rest) = info.split_once(' ').unwrap_or((info, ""));
    QUESTIONS.contains(&question).then_some((question, rest))
}

/// The answer to a question about a program, whose lines end with line breaks.
pub(crate) fn answer(
    question: (&str, &str),
    text: &str,
    at: Range<usize>,
    files: &MemFiles,
) -> String {
    let it = Snapshot::new("main.dlm", text, check_text("main.dlm", text, files));
    let lines: Vec<String> = match question.0 {
        "hover" => hover::hover(&it, at.start).into_iter().map(|it| it.markdown).collect(),
        "complete" => {
            let count = question.1.parse().unwrap_or(12);
            let all = complete::complete(&it, at.start, files).into_iter().take(count);
            all.map(|it| format!("{}  {}", it.label, it.detail).trim_end().to_string()).collect()
        }
        "signature" => {
            let found = signature::signature(&it, at.start);
            let line = |it: signature::Signature| match it.active {
                Some(active) => {
                    let Range { start, end } = it.params[active].0;
                    let (label, says) = (&it.label, &it.params[active].1);
                    let (before, after) = (&label[..start], &label[end..]);
                    format!("{before}⟨{}⟩{after}\n{says}", &label[start..end])
                }
                None => it.label,
            };
            found.into_iter().map(line).collect()
        }
        "definition" => navigate::definition(&it, at.start)
            .iter()
            .map(|place| shown(&it, files, place))
            .collect(),
        "references" => {
            let all = navigate::references(&it, at.start, true, &[]);
            all.iter().map(|place| shown(&it, files, place)).collect()
        }
        "highlight" => {
            let all = navigate::highlight(&it, at.start).into_iter();
            let own = |range| Place { file: it.name.to_string(), range };
            all.map(|(range, writes)| {
                let what = if writes { "written" } else { "read" };
                format!("{what} {}", shown(&it, files, &own(range)))
            })
            .collect()
        }
        "rename" => match navigate::rename(&it, at.start, question.1, &[]) {
            Ok(edits) => changes(&it, files, &edits),
            Err(why) => vec![why],
        },
        "symbols" => outline(&symbols::symbols(&it), 0),
        "hints" => {
            let on = |kind| question.1.is_empty() || question.1.contains(kind);
            let (shapes, arguments, sizes) = (on("shapes"), on("arguments"), on("sizes"));
            let shown = hints::Shown { shapes, arguments, sizes };
            vec![hinted(text, &hints::hints(&it, 0..text.len(), shown))]
        }
        "lenses" => {
            let all = lenses::lenses(&it).into_iter();
            let line = |lens: lenses::Lens| {
                let line = text[..lens.range.start].matches('\n').count() + 1;
                format!("{line}: {}", lens.text)
            };
            all.map(line).collect()
        }
        "folding" => {
            let all = folding::folding(&it).into_iter();
            all.map(|(range, _)| text[range].replace('\n', "⏎")).collect()
        }
        "selection" => {
            let all = selection::selection(&it, at.start).into_iter();
            all.map(|range| text[range].replace('\n', "⏎")).collect()
        }
        "links" => {
            let all = links::links(&it).into_iter();
            all.map(|(range, file)| format!("{} → {file}", &text[range])).collect()
        }
        "tokens" => {
            let all = tokens::tokens(&it, 0..text.len()).into_iter();
            let declares = |it: &tokens::Token| if it.declares { ", declared" } else { "" };
            let line = |it: tokens::Token| {
                format!("{:?}{}: {}", it.kind, declares(&it), &text[it.range.clone()])
            };
            all.map(line).collect()
        }
        "actions" => {
            let all = actions::actions(&it, at).into_iter();
            let each = |it_: actions::Action| {
                let mut lines = vec![it_.title.clone()];
                lines.extend(changes(&it, files, &it_.edits));
                lines
            };
            all.flat_map(each).collect()
        }
        _ => Vec::new(),
    };
    // A fence inside an answer would end the block.
    let text = lines.join("\n").replace("```", "~~~");
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The text of a file of the check.
fn text_of(it: &Snapshot, files: &MemFiles, file: &str) -> String {
    if file == &*it.name {
        return it.text.to_string();
    }
    let source = it.checked.sources.iter().find(|(_, source)| source.name == file);
    source.map_or_else(|| files.text(file).unwrap_or_default(), |(_, it)| it.text.to_string())
}

/// `main.dlm:3:5  the line`
fn shown(it: &Snapshot, files: &MemFiles, place: &Place) -> String {
    let text = text_of(it, files, &place.file);
    let start = place.range.start;
    let line = text[..start].matches('\n').count();
    let column = text[..start].rfind('\n').map_or(start, |at| start - at - 1);
    let written = text.lines().nth(line).unwrap_or_default().trim();
    format!("{}:{}:{}  {written}", place.file, line + 1, column + 1)
}

/// The lines that edits take away and bring.
fn changes(it: &Snapshot, files: &MemFiles, edits: &[Edit]) -> Vec<String> {
    let mut names: Vec<&str> = edits.iter().map(|edit| edit.place.file.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut out = Vec::new();
    for name in names {
        let old = text_of(it, files, name);
        let mut own: Vec<&Edit> = edits.iter().filter(|edit| edit.place.file == name).collect();
        own.sort_by_key(|edit| std::cmp::Reverse(edit.place.range.start));
        let mut new = old.clone();
        own.iter().for_each(|edit| new.replace_range(edit.place.range.clone(), &edit.text));
        if name != &*it.name {
            out.push(format!("in {name}"));
        }
        out.extend(difference(&old, &new));
    }
    out
}

/// The lines in which two texts differ, by their longest common row of lines.
fn difference(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut common = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = match old[i] == new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            out.push(format!("- {}", old[i]));
            i += 1;
        } else {
            out.push(format!("+ {}", new[j]));
            j += 1;
        }
    }
    out
}

fn outline(symbols: &[symbols::Symbol], depth: usize) -> Vec<String> {
    let mut out = Vec::new();
    for it in symbols {
        let kind = format!("{:?}", it.kind).to_lowercase();
        out.push(format!("{}{kind} {}  {}", "  ".repeat(depth), it.name, it.detail));
        out.extend(outline(&it.children, depth + 1));
    }
    out
}

/// The text with its hints in `⟨…⟩`.
fn hinted(text: &str, hints: &[hints::Hint]) -> String {
    let mut out = text.to_string();
    let mut all: Vec<&hints::Hint> = hints.iter().collect();
    all.sort_by_key(|hint| std::cmp::Reverse(hint.at));
    all.iter().for_each(|hint| out.insert_str(hint.at, &format!("⟨{}⟩", hint.text)));
    out
}
