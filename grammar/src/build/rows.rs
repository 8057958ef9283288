//! Blocks of rows: settings, bodies, expectations.

use super::{Builder, P, Rule};
use crate::tree::{
    Assert, Binding, Body, Entry, Expr, ExprKind, Name, Override, Setting, Settings, Statement,
    Template, TemplatePart, Text,
};
use dlm_base::Span;
use dlm_base::diag::codes::syntax;

impl Builder<'_> {
    /// Rule `settings`.
    pub(super) fn settings(&mut self, pair: P) -> Settings {
        let start = pair.as_span().start();
        let mut end = self.at(start, start + 1);
        let (mut entries, mut close) = (Vec::new(), None);
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::setting => {
                    self.next_row(end, &pair);
                    let (key, equals, value, span) = self.bound(pair);
                    entries.push(Entry::Setting(Setting { key, equals, value, span }));
                    end = span;
                }
                Rule::override_ => {
                    self.next_row(end, &pair);
                    let it = self.override_(pair);
                    end = it.span;
                    entries.push(Entry::Override(it));
                }
                Rule::row_junk => {
                    self.next_row(end, &pair);
                    self.setting_junk(at, pair.as_str());
                    end = self.trimmed(&pair);
                    entries.push(Entry::Error(end));
                }
                _ => close = Some(pair),
            }
        }
        self.quiet = false;
        Settings { braces: self.brackets(start, close.as_ref(), end), entries }
    }

    /// Something in a settings block that is no setting: most often `key value` or `key`.
    fn setting_junk(&mut self, at: Span, text: &str) {
        let tokens = crate::lex::tokens(text);
        let first = tokens.first();
        let is_word = first.is_some_and(|token| token.kind == crate::lex::TokenKind::Word);
        let Some(first) = first.filter(|_| is_word) else {
            self.junk(at, "a setting `name = value`");
            return;
        };
        let key = first.text(text);
        let place = self.token_at(at);
        let diag = match tokens.get(1) {
            Some(_) => {
                syntax::mistake(place, format!("expected `=` after `{key}`"), "a setting's name")
                    .help(format!("settings are written `{key} = value`"))
                    .fix("insert `=`", place.at_end(), " =", false)
            }
            None => {
                syntax::mistake(place, format!("`{key}` has no value"), "expected `=` after it")
                    .help(format!("settings are written `{key} = value`"))
            }
        };
        self.report(diag);
    }

    /// Rules `setting` and `binding`: name, `=`, value.
    pub(super) fn bound(&mut self, pair: P) -> (Name, Span, Expr, Span) {
        let start = self.span(&pair).at_start();
        let mut name = Name::missing(start);
        let mut equals = start;
        let mut value = Expr { span: start, kind: ExprKind::Missing };
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::ident => name = self.name(&pair),
                Rule::bind => {
                    equals = self.span(&pair);
                    self.bind(&pair, equals, &name);
                }
                Rule::expr => value = self.expr(pair),
                Rule::missing => {
                    value.span = equals.at_end();
                    let after = format!("`{} {}`", name.text, self.source(equals));
                    self.report(syntax::missing(name.span.to(equals), "a value", &after));
                }
                _ => {}
            }
        }
        let span = start.to(equals).to(value.span);
        (name, equals, value, span)
    }

    fn bind(&mut self, pair: &P, at: Span, name: &Name) {
        if pair.as_str() == "==" {
            let message = format!("`==` compares; a value is bound to `{}` by `=`", name.text);
            self.report(
                syntax::mistake(at, message, "expected `=`")
                    .help(format!("write `{} = …`", name.text))
                    .fix("replace by `=`", at, "=", true),
            );
        }
    }

    fn override_(&mut self, pair: P) -> Override {
        let mut keyword = self.span(&pair).at_start();
        let mut target: Option<Expr> = None;
        let mut settings: Option<Settings> = None;
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::kw_override => keyword = self.span(&pair),
                Rule::settings => settings = Some(self.settings(pair)),
                _ if target.is_none() => {
                    let mut expr = self.expr(pair);
                    if expr.span.start == expr.span.end {
                        expr.span = keyword.at_end();
                        self.report(
                            syntax::missing(keyword, "a layer path", "`override`").help(
                                "write `override stem { … }` or `override kind(dense) { … }`",
                            ),
                        );
                    }
                    target = Some(expr);
                }
                _ => {}
            }
        }
        let target = target.unwrap_or(Expr { span: keyword.at_end(), kind: ExprKind::Missing });
        let settings = settings.unwrap_or_else(|| {
            self.report(
                syntax::missing(target.span, "a block `{ … }`", "the path")
                    .help("the settings of an `override` stand in braces"),
            );
            no_settings(target.span)
        });
        let span = keyword.to(settings.braces.close);
        Override { keyword, target, settings, span }
    }

    /// Rule `body`; `what` and `name` say whose.
    pub(super) fn body(&mut self, pair: P, name: &Name) -> Body {
        let start = pair.as_span().start();
        let mut end = self.at(start, start + 1);
        let (mut statements, mut close) = (Vec::new(), None);
        let errors = self.diags.len();
        let mut broken = !self.grave.is_empty();
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            let arrow = self.source(self.token_at_cheap(at)) == "->";
            match pair.as_rule() {
                Rule::row_junk => {
                    self.next_row(end, &pair);
                    self.body_junk(at, statements.last(), end);
                    end = self.trimmed(&pair);
                    statements.push(Statement::Error(end));
                    continue;
                }
                Rule::close_brace => {
                    close = Some(pair);
                    continue;
                }
                // The rest of a flow that a mistake has cut.
                _ if arrow && matches!(statements.last(), Some(Statement::Error(_))) => {
                    self.quiet = true;
                }
                _ => self.next_row(end, &pair),
            }
            let statement = self.statement(pair);
            let span = statement.span();
            self.text_of_assert(statements.last(), &statement);
            if let Some(Statement::Flow(flow)) = statements.last()
                && !broken
                && self.diags.len() == errors
            {
                self.flow_in_the_middle(flow.span, span);
            }
            end = span;
            statements.push(statement);
        }
        broken |= self.diags.len() > errors;
        self.quiet = broken;
        let body = Body { braces: self.brackets(start, close.as_ref(), end), statements };
        if !matches!(body.statements.last(), Some(Statement::Flow(_))) {
            self.no_result(&body, name);
        }
        self.quiet = false;
        body
    }

    fn no_result(&mut self, body: &Body, name: &Name) {
        let message = format!("`{}` has no result", name.text);
        let help = "the last row of a body is a flow without a name: `x -> relu`";
        // A row that goes on in the next line has probably swallowed it.
        if let Some(Statement::Binding(last)) = body.statements.last() {
            let steps = match &last.value.kind {
                ExprKind::Pipe { steps, .. } => steps.as_slice(),
                _ => &[],
            };
            let split = |word: Span, next: Span| {
                (self.same_line(last.name.span, word) && !self.same_line(word, next))
                    .then_some(word)
            };
            let arrow = steps
                .iter()
                .find_map(|step| step.arrow.filter(|&arrow| !self.same_line(arrow, step.span)));
            if let Some(arrow) = arrow {
                self.report(
                    syntax::mistake(
                        arrow,
                        "no step follows `->` on its line",
                        "takes the next line for a step",
                    )
                    .because(body.braces.close, message)
                    .help("write an operator or a layer behind it, or remove the arrow")
                    .fix("remove the arrow", arrow, "", false),
                );
                return;
            }
            if let Some(equals) = split(last.equals, last.value.span) {
                let text = format!("no value follows `{} =` on its line", last.name.text);
                self.report(
                    syntax::mistake(
                        last.name.span.to(equals),
                        text,
                        "takes the next line for its value",
                    )
                    .because(body.braces.close, message)
                    .help("write a flow behind `=`"),
                );
                return;
            }
        }
        let close = body.braces.close;
        self.report(syntax::mistake(close, message, "expected a flow before this").help(help));
    }

    fn flow_in_the_middle(&mut self, before: Span, at: Span) {
        let joined = self.same_line(before, at);
        let diag = match joined {
            true if self.source(before) == "return" => {
                let surplus = Span { end: at.start, ..before };
                syntax::mistake(before, "a body has no `return`", "not needed")
                    .help("its last row is its result")
                    .fix("remove it", surplus, "", true)
            }
            true => self.arrow_missing(before, at),
            false => syntax::mistake(
                before,
                "a flow without a name that is not the last row",
                "its result is lost",
            )
            .because(self.token_at(at), "another row follows")
            .help("give it a name: `y = …`; only the last row of a body, its result, has none"),
        };
        self.quiet = false;
        self.report(diag);
        self.quiet = true;
    }

    /// `assert n > 0 "text"`
    fn text_of_assert(&mut self, before: Option<&Statement>, now: &Statement) {
        let (Some(Statement::Assert(assert)), Statement::Flow(flow)) = (before, now) else {
            return;
        };
        if assert.message.is_none() && matches!(flow.kind, ExprKind::Str(_)) {
            let place = assert.span.at_end();
            self.report(
                syntax::mistake(
                    flow.span,
                    "expected `,` before the text of `assert`",
                    "the text begins here",
                )
                .help("write a comma between condition and text")
                .fix("insert `,`", place, ",", true),
            );
        }
    }

    fn body_junk(&mut self, at: Span, last: Option<&Statement>, end: Span) {
        let joined = last.is_some() && self.same_line(end, at);
        let token = self.token_at(at);
        if joined && self.source(token) == "." && token.start == end.end {
            self.report(
                syntax::mistake(
                    token,
                    "steps follow each other along `->`, not `.`",
                    "expected `->`",
                )
                .help("write `->` instead of the point")
                .fix("replace by `->`", token, " -> ", true),
            );
            return;
        }
        let expected = match joined {
            true => "`->`, an operator or the next row",
            false => "a flow, `name = flow` or `}`",
        };
        self.junk(at, expected);
    }

    fn statement(&mut self, pair: P) -> Statement {
        match pair.as_rule() {
            Rule::binding => {
                let (name, equals, value, span) = self.bound(pair);
                if crate::words::is_reserved(&name.text) {
                    let message = format!("`{}` is a word of the language, not a name", name.text);
                    self.report(syntax::mistake(name.span, message, "expected a name"));
                }
                Statement::Binding(Binding { name, equals, value, span })
            }
            Rule::assert => self.assert(pair),
            _ => Statement::Flow(self.expr(pair)),
        }
    }

    fn assert(&mut self, pair: P) -> Statement {
        let mut keyword = self.span(&pair).at_start();
        let mut condition = Expr { span: keyword, kind: ExprKind::Missing };
        let mut comma = None;
        let mut message = None;
        let mut end = keyword;
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::kw_assert => {
                    keyword = at;
                    end = at;
                    condition.span = at.at_end();
                }
                Rule::expr => {
                    condition = self.expr(pair);
                    end = condition.span;
                }
                Rule::comma => {
                    comma = Some(at);
                    end = at;
                }
                Rule::string => {
                    let text = self.text(&pair);
                    end = at;
                    message = comma.map(|comma| (comma, self.template(text)));
                }
                _ => match comma {
                    None => self.report(
                        syntax::missing(keyword, "a condition", "`assert`")
                            .help("write `assert n > 0, \"n is {n}, it must be positive\"`"),
                    ),
                    Some(comma) => self.report(
                        syntax::missing(comma, "a text in quotes", "`,`")
                            .help("say what is wrong: `\"n is {n}, it must be positive\"`"),
                    ),
                },
            }
        }
        Statement::Assert(Assert { keyword, condition, message, span: keyword.to(end) })
    }

    /// The names in braces of a text.
    fn template(&mut self, text: Text) -> Template {
        let literal = self.source(text.span).to_owned();
        let mut parts = Vec::new();
        if !literal.contains('{') {
            parts.push(TemplatePart::Text(text.value));
            return Template { span: text.span, parts };
        }
        let quoted = literal.strip_prefix('"').unwrap_or(&literal);
        let mut rest = quoted.strip_suffix('"').unwrap_or(quoted);
        let mut at = text.span.start as usize + 1;
        while let Some((open, close)) = braces(rest) {
            if open > 0 {
                parts.push(TemplatePart::Text(self.unescape(&rest[..open], at)));
            }
            let inner = &rest[open + 1..close];
            let name = inner.trim();
            let skipped = inner.len() - inner.trim_start().len();
            let start = at + open + 1 + skipped;
            let span = self.at(start - self.base, start - self.base + name.len());
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                let whole = self.at(at + open - self.base, at + close + 1 - self.base);
                self.report(
                    syntax::mistake(whole, "braces in a text hold one name", "not a name")
                        .help("write `{name}` for a parameter or a size"),
                );
            } else {
                parts.push(TemplatePart::Name(Name { text: name.to_owned(), span }));
            }
            at += close + 1;
            rest = &rest[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(TemplatePart::Text(self.unescape(rest, at)));
        }
        Template { span: text.span, parts }
    }

    /// Whether no line break stands between the two.
    pub(super) fn same_line(&self, before: Span, after: Span) -> bool {
        let (from, to) = (before.end as usize - self.base, after.start as usize - self.base);
        !self.text.get(from..to).is_some_and(|between| between.contains(['\n', '\r']))
    }

    /// The place of a pair without the white space at its end.
    fn trimmed(&self, pair: &P) -> Span {
        let start = pair.as_span().start();
        self.at(start, start + pair.as_str().trim_end().len())
    }

    fn token_at_cheap(&self, at: Span) -> Span {
        let start = at.start as usize - self.base;
        match self.text.get(start..start + 2) {
            Some(_) => self.at(start, start + 2),
            None => at.at_start(),
        }
    }
}

/// The first `{…}` of a text, but for `\u{…}`.
fn braces(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('{')?;
        let close = open + text[open..].find('}')?;
        if text[..open].ends_with("\\u") {
            from = close + 1;
            continue;
        }
        return Some((open, close));
    }
}

/// The settings of an item that has none.
pub(super) fn no_settings(after: Span) -> Settings {
    let at = after.at_end();
    Settings { braces: crate::tree::Brackets { open: at, close: at }, entries: Vec::new() }
}
