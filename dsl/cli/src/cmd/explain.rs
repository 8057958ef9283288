//! `dlm explain`: codes, words and settings, on the terminal.

use crate::args::Explain;
use crate::console::{Console, Style, paint};
use crate::manual::{self, Topic};
use crate::{Failure, Status, human, markdown};
use dlm_base::diag::codes;
use dlm_base::{Severity, suggest};
use dlm_vocab::Param;
use dlm_vocab::settings::BLOCKS;
use dlm_vocab::word::doc_text;

const WIDTH: usize = 88;

/// Explains one name, or lists all.
pub(crate) fn explain(args: Explain, console: &mut Console) -> Result<Status, Failure> {
    let color = console.out.color;
    let Some(word) = args.word else {
        console.out.text(contents(color));
        return Ok(Status::Good);
    };
    let word = word.trim_matches('`');
    let topics = manual::find(word);
    if topics.is_empty() {
        let near = suggest::nearest(word, manual::names());
        let help = match near.as_slice() {
            [] => "`dlm explain` alone lists all that can be explained".to_string(),
            near => {
                let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
                format!("did you mean {}?", quoted.join(" or "))
            }
        };
        return Err(Failure::usage(format!("nothing is called `{word}`")).help(help));
    }
    let pages: Vec<String> = topics.iter().map(|topic| page(topic, color)).collect();
    console.out.text(pages.join(&format!("\n{}\n\n", paint(color, Style::Dim, "─".repeat(WIDTH)))));
    Ok(Status::Good)
}

fn page(topic: &Topic, color: bool) -> String {
    let head = |name: &str, kind: &str| {
        format!("{}  {}\n\n", paint(color, Style::Bold, name), paint(color, Style::Dim, kind))
    };
    match topic {
        Topic::Code(code) => {
            head(code.id, code.title) + &markdown::render(&doc_text(code.doc), WIDTH, color)
        }
        Topic::Word(kind, entry) => {
            let mut out = head(entry.word.name, kind);
            if !entry.word.params.is_empty() {
                // A parameter and its default stay together.
                let glued = entry.signature.replace(" = ", "\u{1}");
                let wrapped = markdown::wrap(&glued, WIDTH - 12, 4 + entry.word.name.len() + 1);
                let wrapped = wrapped.replace('\u{1}', " = ");
                out += &format!("    {}\n\n", paint(color, Style::Cyan, wrapped));
            }
            out += &markdown::render(&doc_text(entry.word.doc), WIDTH, color);
            out += &parameters(entry.word.params, color);
            if !entry.word.aliases.is_empty() {
                let names: Vec<String> =
                    entry.word.aliases.iter().map(|alias| alias.to_string()).collect();
                let text = format!("Elsewhere known as {}.", human::list(&names));
                out +=
                    &format!("\n{}\n", paint(color, Style::Dim, markdown::wrap(&text, WIDTH, 0)));
            }
            out
        }
        Topic::Block(block, settings) => {
            let longest = settings.iter().map(|s| s.name.len()).max().unwrap_or(0);
            let mut out = head(block, "a block of settings");
            for setting in settings {
                let pad = " ".repeat(longest - setting.name.len() + 3);
                let room = WIDTH.saturating_sub(longest + 7);
                let text = shortened(&manual::summary(setting.doc), room);
                out += &format!("    {}{pad}{text}\n", paint(color, Style::Cyan, setting.name));
            }
            let note = "`dlm explain NAME` tells more of each.";
            out + &format!("\n{}\n", paint(color, Style::Dim, note))
        }
        Topic::Setting(block, setting) => {
            let facts = format!("Takes {}. Default: {}.", setting.takes.words(), setting.default);
            head(setting.name, &format!("a setting of `{block}`"))
                + &markdown::render(&doc_text(setting.doc), WIDTH, color)
                + "\n"
                + &markdown::render(&facts, WIDTH, color)
        }
    }
}

fn parameters(params: &[Param], color: bool) -> String {
    if params.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n\n", paint(color, Style::Bold, "Parameters"));
    let longest = params.iter().map(|p| p.name.len()).max().unwrap_or(0);
    for p in params {
        let facts = match manual::default(p).as_str() {
            "required" => format!("{}, required", manual::values(p.ty)),
            "none" => format!("{}, optional", manual::values(p.ty)),
            default => format!("{}, default {default}", manual::values(p.ty)),
        };
        let indent = 4 + longest + 3;
        let pad = " ".repeat(longest - p.name.len() + 3);
        let text = markdown::wrap(
            &format!("{} ({facts})", p.doc.trim().trim_end_matches('.')),
            WIDTH - indent,
            0,
        );
        let text = text.replace('\n', &format!("\n{}", " ".repeat(indent)));
        out += &format!("    {}{pad}{text}\n", paint(color, Style::Cyan, p.name));
    }
    out
}

fn contents(color: bool) -> String {
    let mut out = String::from("dlm explain NAME explains any of these.\n");
    let mut section = |title: &str, rows: Vec<(String, String)>| {
        out += &format!("\n{}\n\n", paint(color, Style::Bold, title));
        let longest = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, text) in rows {
            let pad = " ".repeat(longest - name.chars().count() + 3);
            let room = WIDTH.saturating_sub(longest + 5).max(30);
            out +=
                &format!("  {}{pad}{}\n", paint(color, Style::Cyan, name), shortened(&text, room));
        }
    };
    for kind in manual::kinds() {
        let rows =
            kind.words.iter().map(|e| (e.word.name.to_string(), manual::summary(e.word.doc)));
        section(kind.title, rows.collect());
    }
    for (block, settings) in BLOCKS {
        let rows = settings.iter().map(|s| (s.name.to_string(), manual::summary(s.doc)));
        section(&format!("Settings of {block}"), rows.collect());
    }
    let mut all: Vec<_> = codes::all().collect();
    all.sort_by_key(|code| (code.severity() == Severity::Warning, code.id));
    let rows = all.iter().map(|code| (code.id.to_string(), code.title.to_string()));
    section("Errors and warnings", rows.collect());
    out
}

fn shortened(text: &str, width: usize) -> String {
    let text = text.replace('`', "");
    if text.chars().count() <= width {
        return text;
    }
    // A sentence that ends with examples is cut before them.
    if let Some((start, _)) = text.split_once(": ")
        && start.chars().count() <= width
    {
        return start.to_string();
    }
    let cut: String = text.chars().take(width - 1).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end_matches([',', ';', ':']))
}
