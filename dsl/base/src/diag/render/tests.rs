use super::*;
use crate::diag::{Code, Diag, Severity};
use crate::source::{Source, Sources};
use crate::span::{FileId, Span};

static SHAPE: Code =
    Code { id: "E0401", title: "an operator does not take this shape", doc: "Doc." };
static LINT: Code = Code { id: "W1003", title: "a bias without effect", doc: "Doc." };

const MNIST: &str =
    "model M(x: [1, 28, 28]) {\n    h = x -> conv(8, 3) -> relu\n    h -> dense(10)\n}\n";

fn sources(texts: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::default();
    for (name, text) in texts {
        sources.add(Source::new(*name, *text));
    }
    sources
}

fn span(file: u32, text: &str, needle: &str) -> Span {
    let start = text.find(needle).unwrap();
    Span::new(FileId(file), start, start + needle.len())
}

fn dense() -> Diag {
    Diag::new(
        &SHAPE,
        "`dense` takes a feature vector, but its input is a feature map",
        span(0, MNIST, "dense(10)"),
        "expects [features], found [8, 28, 28]",
    )
    .because(span(0, MNIST, "conv(8, 3)"), "produces [8, 28, 28]")
    .help("flatten it first: `h -> flatten -> dense(10)`")
    .fix("insert `flatten`", span(0, MNIST, "dense").at_start(), "flatten -> ", true)
}

#[test]
fn a_report_shows_the_lines_with_their_reasons() {
    let text = terminal(&dense(), &sources(&[("mnist.dlm", MNIST)]), false);
    let expected = "\
[E0401] Error: `dense` takes a feature vector, but its input is a feature map
   ╭─[ mnist.dlm:3:10 ]
   │
 2 │     h = x -> conv(8, 3) -> relu
   │              ─────┬────
   │                   ╰────── produces [8, 28, 28]
 3 │     h -> dense(10)
   │          ────┬────
   │              ╰────── expects [features], found [8, 28, 28]
   │
   │ Help: flatten it first: `h -> flatten -> dense(10)`
───╯
";
    assert_eq!(text, expected);
}

#[test]
fn colour_is_only_where_asked_for() {
    let sources = sources(&[("mnist.dlm", MNIST)]);
    assert!(!terminal(&dense(), &sources, false).contains('\u{1b}'));
    let colored = terminal(&dense(), &sources, true);
    assert!(colored.starts_with("\u{1b}[31m[E0401] Error:\u{1b}[0m `dense` takes"), "{colored:?}");
    assert!(colored.contains("\u{1b}[31mdense(10)\u{1b}[0m"), "{colored:?}");
    assert!(colored.contains("\u{1b}[34mconv(8, 3)\u{1b}[0m -> relu"), "{colored:?}");
    let mut plain = String::new();
    for piece in colored.split("\u{1b}[") {
        plain.push_str(if plain.is_empty() { piece } else { piece.split_once('m').unwrap().1 });
    }
    assert_eq!(plain.trim_start_matches("31m"), terminal(&dense(), &sources, false));
}

#[test]
fn labels_in_other_files_have_a_header_of_their_own() {
    let other = "// ü\nmodel Wide(x: [3]) -> [100] { x -> dense(100) }\n";
    let diag = Diag::new(&SHAPE, "100 and 10", span(0, MNIST, "dense(10)"), "10 classes")
        .because(span(1, other, "[100]"), "100 classes");
    let text = terminal(&diag, &sources(&[("a.dlm", MNIST), ("b.dlm", other)]), false);
    assert!(text.contains("╭─[ a.dlm:3:10 ]"), "{text}");
    assert!(text.contains("├─[ b.dlm:2:23 ]"), "{text}");
}

#[test]
fn a_long_line_is_cut_and_keeps_its_column_and_all_labels() {
    let line = format!("w = [{}oops{}]\n", "1, ".repeat(300), ", 2".repeat(300));
    let text = format!("// first\n{line}");
    let diag = Diag::new(&SHAPE, "unknown name", span(0, &text, "oops"), "here")
        .because(span(0, &text, "w = "), "far before")
        .because(Span::new(FileId(0), text.len() - 4, text.len() - 1), "far behind");
    let drawn = terminal(&diag, &sources(&[("a.dlm", &text)]), false);
    assert!(drawn.contains("a.dlm:2:906 ]"), "{drawn}");
    for part in ["oops", "here", "far before", "far behind"] {
        assert!(drawn.contains(part), "{part}: {drawn}");
    }
    assert!(drawn.lines().all(|line| line.chars().count() < 170), "{drawn}");
}

#[test]
fn text_of_the_user_cannot_drive_the_terminal() {
    let text = "x = \"\u{1b}[31m\u{202e}\"\n";
    let diag = Diag::new(&SHAPE, "bad \u{1b}[2J", span(0, text, "x"), "\u{7}");
    let drawn = terminal(&diag, &sources(&[("a\u{1b}.dlm", text)]), false);
    assert!(!drawn.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{drawn}");
}

#[test]
fn short_is_one_line_and_counts_characters() {
    let text = "s = \"日本😀\" + oops\n";
    let diag = Diag::new(&SHAPE, "no\nname", span(0, text, "oops"), "");
    assert_eq!(short(&diag, &sources(&[("a.dlm", text)])), "a.dlm:1:13: error[E0401]: no name");
}

#[test]
fn the_summary_counts() {
    let warning = Diag::new(&LINT, "m", Span::default(), "");
    assert_eq!(warning.severity(), Severity::Warning);
    assert_eq!(summary(&[dense(), dense(), warning.clone()]), "2 errors, 1 warning");
    assert_eq!(summary(&[warning]), "1 warning");
    assert_eq!(summary(&[]), "");
}

#[test]
fn json_has_every_field_on_one_line() {
    let line = json(&dense(), &sources(&[("mnist.dlm", MNIST)]));
    let expected = concat!(
        r#"{"code":"E0401","severity":"error","#,
        r#""message":"`dense` takes a feature vector, but its input is a feature map","#,
        r#""file":"mnist.dlm","#,
        r#""range":{"start":{"line":3,"column":10},"end":{"line":3,"column":19}},"#,
        r#""label":"expects [features], found [8, 28, 28]","#,
        r#""labels":[{"file":"mnist.dlm","#,
        r#""range":{"start":{"line":2,"column":14},"end":{"line":2,"column":24}},"#,
        r#""message":"produces [8, 28, 28]"}],"#,
        r#""help":"flatten it first: `h -> flatten -> dense(10)`","#,
        r#""fixes":[{"title":"insert `flatten`","sure":true,"edits":[{"file":"mnist.dlm","#,
        r#""range":{"start":{"line":3,"column":10},"end":{"line":3,"column":10}},"#,
        r#""text":"flatten -> "}]}]}"#,
    );
    assert_eq!(line, expected);
}

#[test]
fn github_escapes_what_would_end_the_command() {
    let diag = Diag::new(&SHAPE, "50% off\nnow", span(0, MNIST, "dense(10)"), "").help("a, b: c");
    let line = github(&diag, &sources(&[("a,b:c.dlm", MNIST)]));
    assert_eq!(
        line,
        "::error file=a%2Cb%3Ac.dlm,line=3,endLine=3,col=10,endColumn=19,title=E0401\
         ::50%25 off%0Anow%0Ahelp: a, b: c"
    );
}

#[test]
fn sarif_names_places_and_fixes() {
    let log = sarif(&[dense()], &sources(&[("my nets/mnist.dlm", MNIST)]), "1.2.3");
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "E0401");
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "my%20nets/mnist.dlm");
    assert_eq!(place["region"]["startColumn"], 10);
    assert_eq!(result["relatedLocations"][0]["message"]["text"], "produces [8, 28, 28]");
    let change = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(change["insertedContent"]["text"], "flatten -> ");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), crate::diag::codes::all().count());
}

/// Spans of all kinds over texts of all kinds: nothing panics and every label is drawn.
#[test]
fn no_text_and_no_span_breaks_a_report() {
    let long = "é".repeat(400);
    let texts = [
        "",
        "\n",
        "\r\n\r\n",
        "a\rb\rc",
        "x = 1",
        "日本語 = \"テスト\"\n次 = 2\n",
        "😀😀\r\n\t👩‍👩‍👧 e\u{301}\u{301}\r\n",
        "a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f\n",
        "\u{feff}x\n\ty\n",
        "\u{0}\u{1b}[0m\n",
        "no newline at the end 終",
        &long,
    ];
    let mut rendered = 0;
    for (t, text) in texts.iter().enumerate() {
        let sources = sources(&[("a.dlm", text), ("b.dlm", texts[(t + 5) % texts.len()])]);
        let ends: Vec<usize> = (0..text.len() + 3).step_by(1 + text.len() / 40).collect();
        for &start in &ends {
            for &end in &ends {
                // Reversed, overlong and mid-character spans included.
                let at = |file: u32, start: usize, end: usize| Span {
                    file: FileId(file),
                    start: start as u32,
                    end: end as u32,
                };
                let diag = Diag::new(&SHAPE, "message", at(0, start, end), "primary-label")
                    .because(at(0, end, start + 1), "second-label")
                    .because(at(1, start, end), "third-label")
                    .because(at(7, 0, 1), "nowhere")
                    .help("help-text");
                for color in [false, true] {
                    let drawn = terminal(&diag, &sources, color);
                    for part in
                        ["message", "primary-label", "second-label", "third-label", "help-text"]
                    {
                        assert!(
                            drawn.contains(part),
                            "{text:?} {start}..{end}: no {part}\n{drawn}"
                        );
                    }
                    rendered += 1;
                }
                let _ = (short(&diag, &sources), github(&diag, &sources));
                let _: serde_json::Value = serde_json::from_str(&json(&diag, &sources)).unwrap();
                if start == end {
                    sarif(std::slice::from_ref(&diag), &sources, "0");
                }
            }
        }
    }
    assert!(rendered > 4000, "{rendered}");
}
