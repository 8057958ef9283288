//! The report that people read: the lines in question, with labels under them.
//!
//! ariadne is handed an excerpt, not the file, and places counted in characters of that excerpt:
//! then no span can lie outside the text or inside a character, no label can span lines (such a
//! label splits the report), and long lines are cut. Labels go in by file and place, because ariadne
//! opens a new window whenever one stands above its predecessor.

use super::excerpt::{self, Excerpt};
use super::place::{lookup, place};
use crate::diag::{Diag, Label, Severity};
use crate::source::{LineCol, Sources};
use crate::span::FileId;
use ariadne::{CharSet, Color, Config, IndexType, Report, ReportKind};
use std::ops::Range;

/// A file in the report, shown by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Name(usize, String);

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.1)
    }
}

/// The labels of one file, the primary first where it is among them.
struct Group<'a> {
    name: Name,
    labels: Vec<(&'a Label, bool)>,
    excerpt: Excerpt,
}

/// The report of one diagnostic, several lines that end with a line break; with colours if asked.
pub fn terminal(diag: &Diag, sources: &Sources, color: bool) -> String {
    let groups = groups(diag, sources);
    let kind = match diag.severity() {
        Severity::Error => ReportKind::Error,
        Severity::Warning => ReportKind::Warning,
    };
    let at = match groups.first() {
        Some(group) => (group.name.clone(), group.excerpt.places[0].clone()),
        None => (Name(0, "?".into()), 0..0),
    };
    let config = Config::default()
        .with_index_type(IndexType::Char)
        .with_char_set(CharSet::Unicode)
        .with_color(color);
    let mut report = Report::build(kind, at)
        .with_code(diag.code.id)
        .with_message(clean(&diag.message))
        .with_config(config);
    for group in &groups {
        let mut labels: Vec<(Range<usize>, &Label, bool)> = group
            .labels
            .iter()
            .zip(&group.excerpt.places)
            .map(|((label, primary), place)| (place.clone(), *label, *primary))
            .collect();
        labels.sort_by_key(|(place, _, _)| (place.start, place.end));
        for (place, label, primary) in labels {
            let mut drawn = ariadne::Label::new((group.name.clone(), place));
            if !label.text.is_empty() {
                drawn = drawn.with_message(clean(&label.text));
            }
            if color {
                drawn = drawn.with_color(hue(diag.severity(), primary));
            }
            report.add_label(drawn);
        }
    }
    if let Some(help) = &diag.help {
        report.add_help(clean(help));
    }
    let texts: Vec<(Name, String)> =
        groups.iter().map(|group| (group.name.clone(), group.excerpt.text.clone())).collect();
    let mut out = Vec::new();
    let written = report.finish().write(ariadne::sources(texts), &mut out);
    debug_assert!(written.is_ok(), "a vector takes all bytes");
    let text = String::from_utf8_lossy(&out);
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_string()).collect();
    for group in &groups {
        correct_header(&mut lines, group, sources);
    }
    if color {
        lines.iter_mut().for_each(|line| *line = calm(line));
    }
    lines.join("\n") + "\n"
}

/// ariadne colours each character apart, and plain text in a grey that suits dark screens alone: here
/// runs of one colour are merged, and plain text has the terminal's own colour.
fn calm(line: &str) -> String {
    let (mut out, mut worn, mut wanted) = (String::new(), "", "");
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some((code, behind)) = rest.strip_prefix("\u{1b}[").and_then(|r| r.split_once('m')) {
            wanted = match code {
                "0" | "38;5;249" => "",
                "38;5;115" => "36",
                code => code,
            };
            rest = behind;
            continue;
        }
        // A colour begins at a letter, not at the space before it.
        if (c != ' ' || wanted.is_empty()) && wanted != worn {
            out.push_str(&format!("\u{1b}[{}m", if wanted.is_empty() { "0" } else { wanted }));
            worn = wanted;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    if !worn.is_empty() {
        out.push_str("\u{1b}[0m");
    }
    out.trim_end().to_string()
}

/// Labels by file: the primary's file first, the others in the order of their numbers.
fn groups<'a>(diag: &'a Diag, sources: &Sources) -> Vec<Group<'a>> {
    let mut labels = vec![(&diag.primary, true)];
    labels.extend(diag.labels.iter().map(|label| (label, false)));
    let main = diag.primary.span.file;
    let mut files: Vec<FileId> = labels.iter().map(|(label, _)| label.span.file).collect();
    files.sort_by_key(|file| (*file != main, *file));
    files.dedup();
    let group = |file: FileId| {
        let source = lookup(file, sources)?;
        let mut labels: Vec<_> =
            labels.iter().filter(|(label, _)| label.span.file == file).copied().collect();
        labels.sort_by_key(|(label, primary)| (!primary, label.span.start, label.span.end));
        let spans: Vec<_> = labels.iter().map(|(label, _)| label.span).collect();
        let name = Name(file.0 as usize, source.name.chars().map(excerpt::visible).collect());
        Some(Group { name, labels, excerpt: excerpt::cut(source, &spans) })
    };
    files.into_iter().filter_map(group).collect()
}

/// ariadne names the column in the excerpt; where the line was cut, the file has another.
fn correct_header(lines: &mut [String], group: &Group<'_>, sources: &Sources) {
    let (label, _) = group.labels[0];
    let LineCol { line, column } = place(label.span, sources).start;
    let shown = group.excerpt.columns[0];
    if shown == column as usize {
        return;
    }
    let (wrong, right) =
        (format!(" {}:{line}:{shown} ", group.name), format!(" {}:{line}:{column} ", group.name));
    if let Some(header) = lines.iter_mut().find(|text| text.contains(&wrong)) {
        *header = header.replacen(&wrong, &right, 1);
    }
}

/// The primary label in the colour of the severity, reasons in a calm blue.
fn hue(severity: Severity, primary: bool) -> Color {
    match (primary, severity) {
        (true, Severity::Error) => Color::Red,
        (true, Severity::Warning) => Color::Yellow,
        (false, _) => Color::Blue,
    }
}

/// Messages may quote the user's text, control characters and all.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { excerpt::visible(c) }).collect()
}
