//! Verbs: a subject, clauses in their order, settings.

use super::{Builder, P, Rule, items::Verb};
use crate::tree::{
    Clause, Distill, Export, Expr, ExprKind, ItemKind, Load, LoadSource, ModelUse, Name, Quantize,
    Settings, Text, Train,
};
use dlm_base::Span;
use dlm_base::diag::codes::syntax;
use dlm_base::suggest::nearest;

/// The words between a verb's parts, in their order.
fn order(verb: Verb) -> (&'static str, &'static [&'static str], &'static str) {
    match verb {
        Verb::Load => ("load", &["from", "on", "as"], "load Model from \"file\" as Name"),
        Verb::Train => ("train", &["on", "as"], "train Model on Data as Name"),
        Verb::Distill => ("distill", &["from", "on", "as"], "distill Model from Teacher on Data"),
        Verb::Quantize => (
            "quantize",
            &["with", "from", "on", "as"],
            "quantize Artifact with Policy on Data as Name",
        ),
        Verb::Export => ("export", &["to"], "export Artifact to \"file.onnx\""),
    }
}

/// The parts of a verb as they were found.
struct Parts {
    keyword: Span,
    subject: Expr,
    clauses: Vec<(String, Span, Expr)>,
    settings: Option<Settings>,
    /// Behind the last part.
    end: Span,
    /// The clause that a word which is none probably begins.
    meant: Option<&'static str>,
}

impl Parts {
    fn take(&mut self, word: &str) -> Option<(Span, Expr)> {
        let at = self.clauses.iter().position(|(found, ..)| found == word)?;
        let (_, keyword, value) = self.clauses.remove(at);
        Some((keyword, value))
    }
}

impl Builder<'_> {
    pub(super) fn verb(&mut self, verb: Verb, pair: P, keyword: Span) -> ItemKind {
        self.header(&pair);
        let mut parts = self.parts(verb, pair, keyword);
        match verb {
            Verb::Load => self.load(parts),
            Verb::Export => self.export(parts),
            Verb::Train => {
                let on = self.needed(&mut parts, "on", "the data", verb);
                let name = self.optional(&mut parts, "as");
                let model = self.model(parts.subject);
                ItemKind::Train(Train { keyword, model, on, name, settings: parts.settings })
            }
            Verb::Distill => {
                let from = parts.take("from").unwrap_or_else(|| {
                    let at = self.needed(&mut parts, "from", "a teacher", verb).keyword;
                    (at, Expr { span: at, kind: ExprKind::Missing })
                });
                let on = self.needed(&mut parts, "on", "the data", verb);
                let name = self.optional(&mut parts, "as");
                let model = self.model(parts.subject);
                let settings = parts.settings;
                ItemKind::Distill(Distill { keyword, model, from, on, name, settings })
            }
            Verb::Quantize => {
                let with = self.needed(&mut parts, "with", "a policy", verb);
                let from = parts.take("from");
                let on = self.optional(&mut parts, "on");
                let name = self.optional(&mut parts, "as");
                let artifact = self.expr_name(parts.subject, "an artifact");
                let settings = parts.settings;
                ItemKind::Quantize(Quantize { keyword, artifact, with, from, on, name, settings })
            }
        }
    }

    fn parts(&mut self, verb: Verb, pair: P, keyword: Span) -> Parts {
        let (word, clauses, form) = order(verb);
        let subject = Expr { span: keyword.at_end(), kind: ExprKind::Missing };
        let mut parts = Parts {
            keyword,
            subject,
            clauses: Vec::new(),
            settings: None,
            end: keyword,
            meant: None,
        };
        for (i, pair) in pair.into_inner().skip(1).enumerate() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::missing if i == 0 => self.report(
                    syntax::missing(keyword, "a name", &format!("`{word}`"))
                        .help(format!("write `{form}`")),
                ),
                Rule::expr => {
                    parts.subject = self.expr(pair);
                    parts.end = parts.subject.span;
                }
                Rule::clause => {
                    let (found, keyword, value) = self.clause(pair);
                    self.in_order(word, clauses, form, &parts, &found, keyword);
                    parts.end = if value.span.end > keyword.end { value.span } else { keyword };
                    let known = parts.clauses.iter().any(|(other, ..)| *other == found);
                    if !known && clauses.contains(&found.as_str()) {
                        parts.clauses.push((found, keyword, value));
                    }
                }
                Rule::settings if parts.settings.is_none() && verb != Verb::Export => {
                    let settings = self.settings(pair);
                    parts.end = settings.braces.close;
                    parts.settings = Some(settings);
                }
                Rule::settings if verb == Verb::Export => self.report(
                    syntax::mistake(at.at_start(), "`export` takes no settings", "not expected")
                        .help(format!("write `{form}`")),
                ),
                Rule::junk | Rule::tail => self.verb_junk(at, &mut parts, clauses, form),
                _ => {}
            }
        }
        parts
    }

    fn clause(&mut self, pair: P) -> (String, Span, Expr) {
        let at = self.span(&pair).at_start();
        let (mut word, mut keyword) = (String::new(), at);
        let mut value = Expr { span: at, kind: ExprKind::Missing };
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::clause_word => {
                    word = pair.as_str().to_owned();
                    keyword = self.span(&pair);
                }
                Rule::expr => value = self.expr(pair),
                _ => {
                    value.span = keyword.at_end();
                    let what = match word.as_str() {
                        "to" => "a file's name in quotes",
                        "with" => "a policy",
                        "on" => "the data",
                        _ => "a name",
                    };
                    self.report(syntax::missing(keyword, what, &format!("`{word}`")));
                }
            }
        }
        (word, keyword, value)
    }

    /// Whether the clause belongs to the verb, and here.
    fn in_order(
        &mut self,
        verb: &str,
        clauses: &[&str],
        form: &str,
        parts: &Parts,
        found: &str,
        at: Span,
    ) {
        let place = |word: &str| clauses.iter().position(|clause| *clause == word);
        let help = format!("write `{form}`");
        let diag = match (place(found), parts.clauses.last()) {
            (None, _) => {
                let words: Vec<String> = clauses.iter().map(|word| format!("`{word}`")).collect();
                let message = format!("`{verb}` takes no `{found}`");
                syntax::mistake(at, message, format!("expected {}", words.join(", ")))
            }
            (Some(_), _) if parts.settings.is_some() => {
                let message = format!("`{found}` stands before the settings");
                syntax::mistake(at, message, "too late")
            }
            (Some(here), Some((last, last_at, _))) if place(last).is_some_and(|it| it >= here) => {
                let message = match last == found {
                    true => format!("`{found}` stands here twice"),
                    false => format!("`{found}` stands before `{last}`"),
                };
                syntax::mistake(at, message, "too late").because(*last_at, "this stands behind it")
            }
            _ => return,
        };
        self.report(diag.help(help));
    }

    fn verb_junk(&mut self, at: Span, parts: &mut Parts, clauses: &[&'static str], form: &str) {
        let (token, found) = (self.token_at(at), self.found(at));
        let last = parts.clauses.last();
        let given = last.and_then(|(word, ..)| clauses.iter().position(|clause| clause == word));
        let left = &clauses[given.map_or(0, |given| given + 1)..];
        let word = self.source(token);
        let meant = match word.len() {
            0 | 1 => None,
            _ => nearest(word, left.iter().copied()).first().copied(),
        };
        parts.meant = parts.meant.or(meant);
        let brace = last.map(|_| "{");
        let left: Vec<String> =
            left.iter().copied().chain(brace).map(|word| format!("`{word}`")).collect();
        let expected = match (&parts.settings, left.is_empty()) {
            (Some(_), _) => "the end of the declaration".to_owned(),
            (None, true) => "the end of the declaration".to_owned(),
            (None, false) => left.join(" or "),
        };
        let help = match (&parts.settings, self.is_setting(at)) {
            (None, true) => "the settings of a verb stand in braces: `{ epochs = 3 }`".to_owned(),
            _ => format!("write `{form}`"),
        };
        let diag = syntax::unexpected(token, &found, &expected);
        self.report(match meant {
            Some(meant) => diag.help(format!("did you mean `{meant}`?")).fix(
                format!("write `{meant}`"),
                token,
                meant,
                false,
            ),
            None => diag.help(help),
        });
    }

    /// Whether `name =` stands there.
    fn is_setting(&self, at: Span) -> bool {
        let rest = self.source(Span { end: (self.base + self.text.len()) as u32, ..at });
        let word = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        word.len() < rest.len() && word.trim_start().starts_with('=')
    }

    fn needed(&mut self, parts: &mut Parts, word: &str, what: &str, verb: Verb) -> Clause {
        if let Some(clause) = self.optional(parts, word) {
            return clause;
        }
        let (name, _, form) = order(verb);
        let place = parts.clauses.first().map_or(parts.end, |_| parts.subject.span);
        if parts.meant != Some(word) {
            self.report(
                syntax::mistake(
                    place,
                    format!("`{name}` needs {what}"),
                    format!("expected `{word}` after this"),
                )
                .help(format!("write `{form}`")),
            );
        }
        let at = place.at_end();
        Clause { keyword: at, name: Name::missing(at) }
    }

    fn optional(&mut self, parts: &mut Parts, word: &str) -> Option<Clause> {
        let (keyword, value) = parts.take(word)?;
        Some(Clause { keyword, name: self.expr_name(value, "a name") })
    }

    fn expr_name(&mut self, expr: Expr, what: &str) -> Name {
        match expr.kind {
            ExprKind::Name(name) => name,
            ExprKind::Missing | ExprKind::Error => Name::missing(expr.span),
            _ => {
                let found = format!("`{}`", super::shorten(self.source(expr.span)));
                self.report(syntax::unexpected(expr.span, &found, what));
                Name::missing(expr.span)
            }
        }
    }

    fn model(&mut self, expr: Expr) -> ModelUse {
        let span = expr.span;
        match expr.kind {
            ExprKind::Call { base: None, name, args } => ModelUse { name, args: Some(args), span },
            _ => {
                let name = self.expr_name(expr, "a model's name");
                ModelUse {
                    span: if name.is_missing() { span } else { name.span },
                    name,
                    args: None,
                }
            }
        }
    }

    fn load(&mut self, mut parts: Parts) -> ItemKind {
        let keyword = parts.keyword;
        let subject =
            std::mem::replace(&mut parts.subject, Expr { span: keyword, kind: ExprKind::Missing });
        parts.subject.span = subject.span;
        let from = parts.take("from");
        let source = match (subject.kind, from) {
            (ExprKind::Str(value), from) => {
                if let Some((word, _)) = from {
                    self.report(
                        syntax::mistake(word, "a file is loaded from nowhere else", "not expected")
                            .help("write `load \"file.onnx\" as Name`, or a model's name before `from`"),
                    );
                }
                LoadSource::Network(Text { value, span: subject.span })
            }
            (ExprKind::Call { base: None, name, args }, None) if name.text == "answers" => {
                let on =
                    self.needed(&mut parts, "on", "the data that the answers are to", Verb::Load);
                LoadSource::Answers { word: name.span, args, on }
            }
            (kind, Some((from, file))) => {
                let model = self.model(Expr { span: subject.span, kind });
                LoadSource::Weights { model, from, file: self.file(file) }
            }
            (kind, None) => self.load_without_from(Expr { span: subject.span, kind }),
        };
        if let Some(on) = self.optional(&mut parts, "on") {
            self.report(
                syntax::mistake(on.keyword, "only `load answers(…)` takes `on`", "not expected")
                    .help("remove it"),
            );
        }
        let name = self.optional(&mut parts, "as");
        if name.is_none() && !matches!(source, LoadSource::Weights { .. }) {
            self.report(
                syntax::mistake(
                    parts.subject.span,
                    "what is loaded has no name",
                    "expected `as` after this",
                )
                .help("write `as Name` behind it"),
            );
        }
        ItemKind::Load(Load { keyword, source, name, settings: parts.settings })
    }

    /// A file without its quotes, or a model without its file.
    fn load_without_from(&mut self, subject: Expr) -> LoadSource {
        let end = subject.span.at_end();
        if matches!(subject.kind, ExprKind::Field { .. } | ExprKind::Binary { .. }) {
            return LoadSource::Network(self.file(subject));
        }
        let (span, broken) = (subject.span, subject.is_broken());
        let model = self.model(subject);
        if !broken {
            self.report(
                syntax::mistake(span, "no file to load from", "expected `from` after this")
                    .help(format!("write `load {} from \"weights.safetensors\"`", model.name.text)),
            );
        }
        LoadSource::Weights { model, from: end, file: Text { value: String::new(), span: end } }
    }

    fn export(&mut self, mut parts: Parts) -> ItemKind {
        let keyword = parts.keyword;
        let (to, file) = match parts.take("to") {
            Some((to, file)) => (to, self.file(file)),
            None => {
                let to = self.needed(&mut parts, "to", "a file", Verb::Export).keyword;
                (to, Text { value: String::new(), span: to })
            }
        };
        let artifact = self.expr_name(parts.subject, "an artifact");
        ItemKind::Export(Export { keyword, artifact, to, file })
    }
}
