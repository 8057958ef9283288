//! Documentation in Markdown, laid out for a terminal.

use crate::console::{Style, paint};

/// Paragraphs wrapped to `width`, code indented, headings bold.
pub(crate) fn render(text: &str, width: usize, color: bool) -> String {
    let mut out = String::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let start = line.trim_start();
        if let Some(_language) = start.strip_prefix("```") {
            flush(&mut paragraph, &mut out, width, color);
            gap(&mut out);
            for code in lines.by_ref().take_while(|l| !l.trim_start().starts_with("```")) {
                let code = format!("    {code}");
                out.push_str(&paint(
                    color && !code.trim().is_empty(),
                    Style::Cyan,
                    code.trim_end(),
                ));
                out.push('\n');
            }
            out.push('\n');
        } else if start.starts_with('#') {
            flush(&mut paragraph, &mut out, width, color);
            gap(&mut out);
            out.push_str(&paint(color, Style::Bold, start.trim_start_matches('#').trim()));
            out.push_str("\n\n");
        } else if start.is_empty() {
            flush(&mut paragraph, &mut out, width, color);
            gap(&mut out);
        } else {
            if is_item(start) || start.starts_with('|') {
                flush(&mut paragraph, &mut out, width, color);
            }
            paragraph.push(start);
            if start.starts_with('|') {
                out.push_str(&inline(start, color));
                out.push('\n');
                paragraph.clear();
            }
        }
    }
    flush(&mut paragraph, &mut out, width, color);
    out.trim_end().to_string() + "\n"
}

/// Words wrapped to `width`, the lines after the first indented by `indent`.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for word in pieces(text) {
        let size = word.chars().count();
        if column > 0 && column + 1 + size > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(&word);
        column += size;
    }
    out
}

/// Words; a piece of code between backticks is one, spaces and all.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let (mut word, mut code) = (String::new(), false);
    for c in text.chars() {
        if c == '`' {
            code = !code;
        }
        if c.is_whitespace() && !code {
            if !word.is_empty() {
                pieces.push(std::mem::take(&mut word));
            }
        } else {
            word.push(if c.is_whitespace() { ' ' } else { c });
        }
    }
    if !word.is_empty() {
        pieces.push(word);
    }
    pieces
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ") || line.starts_with("* ")
}

fn flush(paragraph: &mut Vec<&str>, out: &mut String, width: usize, color: bool) {
    if paragraph.is_empty() {
        return;
    }
    let indent = if is_item(paragraph[0]) { 2 } else { 0 };
    out.push_str(&inline(&wrap(&paragraph.join(" "), width, indent), color));
    out.push('\n');
    paragraph.clear();
}

/// One empty line, unless there is one already or nothing stands before.
fn gap(out: &mut String) {
    if !out.is_empty() && !out.ends_with("\n\n") {
        out.push('\n');
    }
}

/// Code in colour without its backticks, or with them where there are no colours.
fn inline(text: &str, color: bool) -> String {
    if !color {
        return text.to_string();
    }
    let mut out = String::new();
    for (i, part) in text.split('`').enumerate() {
        match i % 2 {
            0 => out.push_str(part),
            _ => out.push_str(&paint(true, Style::Cyan, part)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_and_code_is_not() {
        let text = "One two three\nfour `a b c` five.\n\n# Example\n```dlm\nx -> conv(32, 3)  -> relu\n```\nEnd.";
        let expected = "\
One two three
four `a b c`
five.

Example

    x -> conv(32, 3)  -> relu

End.
";
        assert_eq!(render(text, 14, false), expected);
        assert!(render(text, 14, true).contains("\u{1b}[36ma b c\u{1b}[0m"));
    }

    #[test]
    fn items_hang() {
        let text = "- one two three four\n- five";
        assert_eq!(render(text, 12, false), "- one two\n  three four\n- five\n");
    }
}
