//! A Markdown page, cut into prose and fenced blocks.

/// A piece of a page; all pieces together are the page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    /// Anything but a fenced block.
    Prose(String),
    /// A fenced block.
    Fence {
        /// What stands behind the three backticks: `dlm`, `text`, `csv wine.csv`.
        info: String,
        /// The lines between the fences.
        body: String,
        /// The line of the page (from 1) on which the body begins.
        line: usize,
    },
}

/// Cuts a page.
pub(crate) fn cut(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut prose = String::new();
    let mut lines = text.split_inclusive('\n').enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            prose.push_str(line);
            continue;
        };
        if !prose.is_empty() {
            pieces.push(Piece::Prose(std::mem::take(&mut prose)));
        }
        let body: String = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| line.trim_end() != "```")
            .collect();
        pieces.push(Piece::Fence { info: info.trim().to_string(), body, line: number + 2 });
    }
    if !prose.is_empty() {
        pieces.push(Piece::Prose(prose));
    }
    pieces
}

/// Joins the pieces again.
pub(crate) fn join(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Prose(text) => text.clone(),
        Piece::Fence { info, body, .. } => format!("```{info}\n{body}```\n"),
    };
    pieces.iter().map(text).collect()
}

/// What a line of a block promises.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Promise {
    /// A diagnostic of this code on this line, in whose text these words stand.
    Diag(String, String),
    /// The flow at the end of the line has this shape.
    Shape(String),
}

/// The promises of a block, each with its line in the block, from 1:
/// `// error: E0401 "words"`, `// warning: W1003 "words"`, `// shape: [32, 8, 8]`.
pub(crate) fn promises(body: &str) -> Vec<(usize, Promise)> {
    let mut found = Vec::new();
    for (number, line) in body.lines().enumerate() {
        for comment in line.split("// ").skip(1) {
            let Some((kind, rest)) = comment.split_once(": ") else { continue };
            let rest = rest.trim();
            let promise = match kind {
                "error" | "warning" => {
                    let (code, words) = rest.split_once(' ').unwrap_or((rest, ""));
                    Promise::Diag(code.to_string(), words.trim().trim_matches('"').to_string())
                }
                "shape" => Promise::Shape(rest.to_string()),
                _ => continue,
            };
            found.push((number + 1, promise));
        }
    }
    found
}

/// A block without its promises and carets, as a user would write it.
pub(crate) fn program(body: &str) -> String {
    marked(body).replacen("$0", "", 1).replacen("$1", "", 1)
}

/// Where `$0` stands in the program of a block, up to `$1` if that is there.
pub(crate) fn caret(body: &str) -> Option<std::ops::Range<usize>> {
    let text = marked(body);
    let start = text.find("$0")?;
    let end = text.replacen("$0", "", 1).find("$1").unwrap_or(start);
    Some(start..end)
}

fn marked(body: &str) -> String {
    let plain = |line: &str| {
        let promise = ["// error: ", "// warning: ", "// shape: "];
        let end = promise.iter().filter_map(|promise| line.find(promise)).min();
        let text = end.map_or(line, |end| line[..end].trim_end());
        format!("{text}\n")
    };
    body.lines().map(plain).collect()
}

#[test]
fn a_page_is_its_pieces() {
    let text = "# A\n\n```dlm\nx = 1 // error: E0201 \"no\" // shape: [2]\n```\n\nend\n```csv a.csv\n1,2\n```\n";
    let pieces = cut(text);
    assert_eq!(join(&pieces), text);
    let Piece::Fence { info, body, line } = &pieces[1] else { panic!("{pieces:?}") };
    assert_eq!((info.as_str(), *line), ("dlm", 4));
    let expected =
        vec![(1, Promise::Diag("E0201".into(), "no".into())), (1, Promise::Shape("[2]".into()))];
    assert_eq!(promises(body), expected);
    assert_eq!(program(body), "x = 1\n");
    assert_eq!((program("x $0= 1$1\n").as_str(), caret("x $0= 1$1\n")), ("x = 1\n", Some(2..5)));
    assert_eq!(caret("x = 1\n"), None);
}
