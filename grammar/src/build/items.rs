//! Items: declarations, verbs, and what stands between them.

use super::{Builder, P, Rule, rows::no_settings};
use crate::tree::{
    Allow, Body, Brackets, Const, Data, Expect, Expr, ExprKind, ItemKind, Name, Network, Param,
    Policy, Settings, Text, Type, TypeKind, Use, UseSource,
};
use dlm_base::Span;
use dlm_base::diag::codes::syntax;

/// Which item a keyword begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    Const,
    Use,
    Allow,
    Data,
    Policy,
    Layer,
    Model,
    Verb(Verb),
    Expect,
}

/// Which verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Load,
    Train,
    Distill,
    Quantize,
    Export,
}

impl Head {
    /// The item that the word begins.
    pub(crate) fn of(word: &str) -> Option<Head> {
        Some(match word {
            "use" => Head::Use,
            "allow" => Head::Allow,
            "data" => Head::Data,
            "policy" => Head::Policy,
            "layer" => Head::Layer,
            "model" => Head::Model,
            "load" => Head::Verb(Verb::Load),
            "train" => Head::Verb(Verb::Train),
            "distill" => Head::Verb(Verb::Distill),
            "quantize" => Head::Verb(Verb::Quantize),
            "export" => Head::Verb(Verb::Export),
            "expect" => Head::Expect,
            _ => return None,
        })
    }

    pub(crate) fn rule(self) -> Rule {
        match self {
            Head::Const => Rule::const_item,
            Head::Use => Rule::use_item,
            Head::Allow => Rule::allow_item,
            Head::Data | Head::Policy => Rule::block_item,
            Head::Layer | Head::Model => Rule::net_item,
            Head::Verb(_) => Rule::verb_item,
            Head::Expect => Rule::expect_item,
        }
    }
}

impl Builder<'_> {
    /// The item of a pair of [`Head::rule`], and where it ends.
    pub(crate) fn item(&mut self, head: Head, pair: P) -> ItemKind {
        let start = self.span(&pair).at_start();
        let keyword = self.token_at(start);
        match head {
            Head::Const => self.constant(pair),
            Head::Use => self.use_item(pair, keyword),
            Head::Allow => self.allow(pair, keyword),
            Head::Data => {
                let (name, settings) = self.block_item(pair, keyword, "data");
                ItemKind::Data(Data { keyword, name, settings })
            }
            Head::Policy => {
                let (name, settings) = self.block_item(pair, keyword, "policy");
                ItemKind::Policy(Policy { keyword, name, settings })
            }
            Head::Layer => ItemKind::Layer(self.network(pair, keyword, "layer")),
            Head::Model => ItemKind::Model(self.network(pair, keyword, "model")),
            Head::Verb(verb) => self.verb(verb, pair, keyword),
            Head::Expect => self.expect(pair, keyword),
        }
    }

    fn constant(&mut self, pair: P) -> ItemKind {
        self.row(&pair);
        let tail = pair.clone().into_inner().find(|inner| inner.as_rule() == Rule::tail);
        let (name, equals, value, _) = self.bound(pair);
        if let Some(tail) = tail {
            self.tail(&tail, "a line break");
        }
        if crate::words::is_reserved(&name.text) {
            let message = format!("`{}` is a word of the language, not a name", name.text);
            self.report(syntax::mistake(name.span, message, "expected a name"));
        }
        ItemKind::Const(Const { name, equals, value })
    }

    /// What stands behind a complete item.
    pub(super) fn tail(&mut self, pair: &P, expected: &str) {
        let at = self.span(pair);
        let token = self.token_at(at);
        let diag = syntax::unexpected(token, &self.found(at), expected)
            .help("a declaration begins at the start of a line");
        let is_word = self.source(token).starts_with(|c: char| c.is_ascii_alphabetic());
        self.report(match is_word {
            true => diag.fix("begin a new line", token.at_start(), "\n", false),
            false => diag,
        });
    }

    fn use_item(&mut self, pair: P, keyword: Span) -> ItemKind {
        self.row(&pair);
        let mut source = UseSource::Std(Vec::new());
        let (mut names, mut colon, mut before) = (Vec::new(), None, keyword);
        let mut commas = super::expr::Commas::new(keyword);
        for (i, pair) in pair.into_inner().enumerate() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::ident if i == 0 => {}
                Rule::string => source = UseSource::File(self.text(&pair)),
                Rule::use_path => source = UseSource::Std(self.use_path(pair)),
                Rule::missing => self.report(
                    syntax::missing(keyword, "a source", "`use`")
                        .help("write `use std.vision: ResidualBlock` or `use \"file.dlm\": Name`"),
                ),
                Rule::colon => {
                    colon = Some(at);
                    commas = super::expr::Commas::new(at);
                }
                Rule::ident => {
                    self.separated(&mut commas, at, "a name");
                    commas.before = at;
                    names.push(self.name(&pair));
                }
                Rule::comma => self.comma(&mut commas, at, "a name"),
                Rule::junk if pair.as_str() == "*" => self.report(
                    syntax::mistake(at, "names are imported one by one", "no name")
                        .help("write the names: `use std.vision: ResidualBlock, SeparableConv`"),
                ),
                Rule::junk => self.junk(at, "a name to import"),
                Rule::tail => {
                    let (token, found) = (self.token_at(at), self.found(at));
                    let diag = syntax::unexpected(token, &found, "`:` and the names to import");
                    self.report(diag.help("write `use std.vision: ResidualBlock, SeparableConv`"));
                }
                _ => {}
            }
            if !matches!(pair_end(&source, &names), Span { end: 0, .. }) {
                before = pair_end(&source, &names);
            }
        }
        match colon {
            None => self.no_names(before, &source),
            Some(colon) if names.is_empty() => {
                self.report(syntax::missing(colon, "a name to import", "`:`"));
            }
            Some(_) => {}
        }
        ItemKind::Use(Use { keyword, source, names })
    }

    fn no_names(&mut self, at: Span, source: &UseSource) {
        let diag = syntax::mistake(
            at,
            "the names to import are missing",
            "expected `:` and names after this",
        );
        let diag = match source {
            // `std.vision.ResidualBlock`
            UseSource::Std(parts) if parts.len() > 2 => {
                let last = &parts[parts.len() - 1];
                let dot =
                    Span { start: parts[parts.len() - 2].span.end, end: last.span.start, ..at };
                let path: Vec<&str> =
                    parts[..parts.len() - 1].iter().map(|part| part.text.as_str()).collect();
                diag.help(format!("write `use {}: {}`", path.join("."), last.text)).fix(
                    "write `:` before the name",
                    dot,
                    ": ",
                    true,
                )
            }
            _ => diag.help("write which names: `use std.vision: ResidualBlock`"),
        };
        self.report(diag);
    }

    fn use_path(&mut self, pair: P) -> Vec<Name> {
        let whole = self.span(&pair);
        let path = pair.as_str().to_owned();
        let parts: Vec<Name> = pair.into_inner().map(|part| self.name(&part)).collect();
        if path.ends_with(".dlm") {
            self.report(
                syntax::mistake(whole, "a file's name stands in quotes", "no quotes")
                    .help(format!("write `\"{path}\"`"))
                    .fix("put it in quotes", whole, format!("\"{path}\""), true),
            );
        } else if parts.last().is_some_and(Name::is_missing) {
            let dot = Span { start: whole.end.saturating_sub(1), ..whole };
            self.report(syntax::missing(dot, "a name", "`.`"));
        }
        parts
    }

    fn allow(&mut self, pair: P, keyword: Span) -> ItemKind {
        self.row(&pair);
        let mut codes = Vec::new();
        let mut commas = super::expr::Commas::new(keyword);
        for pair in pair.into_inner().skip(1) {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::ident => {
                    self.separated(&mut commas, at, "a code");
                    commas.before = at;
                    codes.push(self.name(&pair));
                }
                Rule::comma => self.comma(&mut commas, at, "a code"),
                Rule::junk | Rule::tail => self.junk(at, "the code of a warning, as `W1003`"),
                _ => {}
            }
        }
        if codes.is_empty() {
            self.report(
                syntax::missing(keyword, "the code of a warning", "`allow`")
                    .help("write the code that the warning shows: `allow W1003`"),
            );
        }
        ItemKind::Allow(Allow { keyword, codes })
    }

    fn block_item(&mut self, pair: P, keyword: Span, word: &str) -> (Name, Settings) {
        self.header(&pair);
        let mut name: Option<Name> = None;
        let mut settings = None;
        for pair in pair.into_inner().skip(1) {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::ident | Rule::missing if name.is_none() => {
                    name = Some(self.declared_name(&pair, keyword, word));
                }
                Rule::stray => self.junk(at, "`{`"),
                Rule::settings => settings = Some(self.settings(pair)),
                Rule::tail => self.tail(&pair, "the end of the declaration"),
                _ => {}
            }
        }
        let name = name.unwrap_or_else(|| Name::missing(keyword.at_end()));
        let settings = settings.unwrap_or_else(|| {
            let after = if name.is_missing() { keyword } else { name.span };
            self.report(
                syntax::missing(after, "a block `{ … }`", &format!("`{}`", self.source(after)))
                    .help(format!("the settings of {word} stand in braces")),
            );
            no_settings(after)
        });
        (name, settings)
    }

    pub(super) fn declared_name(&mut self, pair: &P, keyword: Span, word: &str) -> Name {
        if pair.as_rule() == Rule::missing {
            self.report(
                syntax::missing(keyword, "a name", &format!("`{word}`"))
                    .help(format!("write `{word} Name`")),
            );
            return Name::missing(keyword.at_end());
        }
        self.free_name(pair)
    }

    /// Begins the row that ends before the block of an item.
    pub(super) fn header(&mut self, pair: &P) {
        let end = pair
            .clone()
            .into_inner()
            .find(|inner| {
                matches!(inner.as_rule(), Rule::settings | Rule::body | Rule::expect_rows)
            })
            .map_or(pair.as_span().end(), |block| block.as_span().start());
        self.row_at(pair.as_span().start(), end);
    }

    fn network(&mut self, pair: P, keyword: Span, word: &str) -> Network {
        self.header(&pair);
        let mut name: Option<Name> = None;
        let mut params: Option<(Vec<Param>, Brackets)> = None;
        let (mut result, mut body): (Option<(Span, Type)>, Option<Body>) = (None, None);
        for pair in pair.into_inner().skip(1) {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::ident | Rule::missing if name.is_none() => {
                    name = Some(self.declared_name(&pair, keyword, word));
                }
                Rule::stray => {
                    let expected = match (&params, &result) {
                        (None, _) => "`(` and the parameters",
                        (Some(_), None) => "`{` or `->` and the result's shape",
                        _ => "`{`",
                    };
                    let (token, found) = (self.token_at(at), self.found(at));
                    let diag = syntax::unexpected(token, &found, expected);
                    self.report(diag.help(format!("write `{word} Name(x: [C, H, W]) {{ … }}`")));
                }
                Rule::params => params = Some(self.params(pair)),
                Rule::result => result = Some(self.result(pair, at)),
                Rule::body => {
                    if params.is_none() {
                        self.no_params(keyword, name.as_ref(), word);
                    }
                    let of = name.clone().unwrap_or_else(|| Name::missing(keyword));
                    body = Some(self.body(pair, &of));
                }
                Rule::tail => self.tail(&pair, "the end of the declaration"),
                _ => {}
            }
        }
        let name = name.unwrap_or_else(|| Name::missing(keyword.at_end()));
        let after = if name.is_missing() { keyword } else { name.span };
        if params.is_none() && body.is_none() {
            self.no_params(keyword, Some(&name), word);
        }
        let empty = Brackets { open: after.at_end(), close: after.at_end() };
        let (params, parens) = params.unwrap_or((Vec::new(), empty));
        let body = body.unwrap_or_else(|| {
            let before = result.as_ref().map_or(parens.close, |(_, ty)| ty.span);
            self.report(
                syntax::mistake(
                    before,
                    format!("`{}` has no body", name.text),
                    "expected `{` after this",
                )
                .help("the body stands in braces: `{ x -> relu }`"),
            );
            let at = before.at_end();
            Body { braces: Brackets { open: at, close: at }, statements: Vec::new() }
        });
        Network { keyword, name, params, params_span: parens.span(), result, body }
    }

    fn no_params(&mut self, keyword: Span, name: Option<&Name>, word: &str) {
        let name = name.filter(|name| !name.is_missing());
        let at = name.map_or(keyword, |name| name.span);
        let text = name.map_or("Name", |name| &name.text);
        self.report(
            syntax::mistake(at, format!("`{text}` has no parameters"), "expected `(` after this")
                .help(format!("write what flows in: `{word} {text}(x: [C, H, W]) {{ … }}`")),
        );
    }

    fn result(&mut self, pair: P, at: Span) -> (Span, Type) {
        let mut arrow = at.at_start();
        let mut ty = Type { span: arrow, kind: TypeKind::Missing };
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::arrow => {
                    arrow = self.span(&pair);
                    ty.span = arrow.at_end();
                }
                Rule::missing => self.report(
                    syntax::missing(arrow, "a shape", "`->`").help("write the result: `-> [10]`"),
                ),
                _ => ty = self.ty(pair),
            }
        }
        (arrow, ty)
    }

    fn params(&mut self, pair: P) -> (Vec<Param>, Brackets) {
        let start = pair.as_span().start();
        let mut end = self.at(start, start + 1);
        let mut commas = super::expr::Commas::new(end);
        let (mut list, mut close) = (Vec::new(), None);
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::param => {
                    let param = self.param(pair);
                    self.separated(&mut commas, param.span, "a parameter");
                    end = param.span;
                    commas.before = end;
                    list.push(param);
                }
                Rule::comma => {
                    self.comma(&mut commas, at, "a parameter");
                    end = at;
                }
                Rule::junk => {
                    self.junk(at, "a parameter `name: type`");
                    end = at;
                }
                _ => close = Some(pair),
            }
        }
        (list, self.brackets(start, close.as_ref(), end))
    }

    fn param(&mut self, pair: P) -> Param {
        let start = self.span(&pair).at_start();
        let mut name = Name::missing(start);
        let (mut colon, mut equals) = (None, None);
        let mut ty = Type { span: start, kind: TypeKind::Missing };
        let mut default = None;
        let mut end = start;
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::ident if name.is_missing() => {
                    name = self.free_name(&pair);
                    ty.span = at.at_end();
                }
                Rule::colon => {
                    colon = Some(at);
                    ty.span = at.at_end();
                }
                Rule::equals => equals = Some(at),
                Rule::expr => default = equals.map(|equals| (equals, self.expr(pair))),
                Rule::missing => {
                    let (what, word) = match (equals, colon) {
                        (Some(word), _) => ("a default", word),
                        (None, Some(word)) => ("a type", word),
                        (None, None) => continue,
                    };
                    let after = format!("`{}`", self.source(name.span.to(word)));
                    self.report(syntax::missing(name.span.to(word), what, &after));
                }
                _ => {
                    ty = self.ty(pair);
                    end = ty.span;
                    continue;
                }
            }
            end = end.to(default.as_ref().map_or(at, |(_, value)| value.span));
        }
        if colon.is_none() {
            let default = if default.is_some() { " = …" } else { "" };
            let message = format!("the parameter `{}` has no type", name.text);
            self.report(
                syntax::mistake(name.span, message, "expected `:` and a type after it").help(
                    format!(
                        "write `{0}: [C, H, W]` for a flow, `{0}: int{default}` for a setting",
                        name.text
                    ),
                ),
            );
        }
        Param { span: start.to(end), name, colon, ty, default }
    }

    fn ty(&mut self, pair: P) -> Type {
        let start = self.span(&pair);
        match pair.as_rule() {
            Rule::sizes => self.sizes(pair, None),
            Rule::int_sizes => {
                let mut inner = pair.into_inner();
                let word = inner.next().map(|word| self.name(&word));
                let word = word.unwrap_or_else(|| Name::missing(start));
                if word.text != "int" {
                    let message = format!("`{}` is no type of tensors", word.text);
                    self.report(
                        syntax::mistake(word.span, message, "expected `int` or nothing here")
                            .help("`[64]` is float32, `int[64]` are whole numbers"),
                    );
                }
                match inner.next() {
                    Some(sizes) => self.sizes(sizes, Some(word.span)),
                    None => Type { span: word.span, kind: TypeKind::Word(word) },
                }
            }
            _ => {
                let name = self.name(&pair);
                Type { span: name.span, kind: TypeKind::Word(name) }
            }
        }
    }

    fn sizes(&mut self, pair: P, int: Option<Span>) -> Type {
        let inner: Vec<Rule> =
            pair.clone().into_inner().map(|pair| pair.as_rule()).take(3).collect();
        let (sizes, brackets) = match inner.as_slice() {
            [Rule::any_shape, Rule::close_bracket] => {
                let start = pair.as_span().start();
                let close = pair.into_inner().nth(1);
                let end = close.as_ref().map_or(self.at(start, start), |close| self.span(close));
                (None, self.brackets(start, close.as_ref(), end))
            }
            _ => {
                let (sizes, brackets) = self.elements(pair, "a size");
                (Some(sizes), brackets)
            }
        };
        let span = int.unwrap_or(brackets.open).to(brackets.close);
        Type { span, kind: TypeKind::Tensor { int, sizes } }
    }

    fn expect(&mut self, pair: P, keyword: Span) -> ItemKind {
        self.header(&pair);
        let at = keyword.at_end();
        let mut braces = Brackets { open: at, close: at };
        let mut rows = Vec::new();
        for pair in pair.into_inner().skip(1) {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::stray => self.junk(at, "`{`"),
                Rule::missing => self.report(
                    syntax::missing(keyword, "a block `{ … }`", "`expect`")
                        .help("write `expect { Net.accuracy >= 90% }`"),
                ),
                Rule::expect_rows => braces = self.expect_rows(pair, &mut rows),
                Rule::tail => self.tail(&pair, "the end of the declaration"),
                _ => {}
            }
        }
        ItemKind::Expect(Expect { keyword, braces, rows })
    }

    fn expect_rows(&mut self, pair: P, rows: &mut Vec<Expr>) -> Brackets {
        let start = pair.as_span().start();
        let mut end = self.at(start, start + 1);
        let mut close = None;
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::expr => {
                    self.next_row(end, &pair);
                    let row = self.expr(pair);
                    end = row.span;
                    rows.push(row);
                }
                Rule::row_junk => {
                    self.next_row(end, &pair);
                    self.no_comparison(at);
                    rows.push(Expr { span: at, kind: ExprKind::Error });
                    end = at;
                }
                _ => close = Some(pair),
            }
        }
        self.quiet = false;
        self.brackets(start, close.as_ref(), end)
    }

    fn no_comparison(&mut self, at: Span) {
        let (token, found) = (self.token_at(at), self.found(at));
        let diag = match self.source(token) {
            "=" => {
                syntax::mistake(token, "`=` binds; it compares nothing", "expected a comparison")
                    .help("write `>=`, `<=`, `>`, `<` or `==`")
                    .fix("replace by `==`", token, "==", false)
            }
            _ => syntax::unexpected(token, &found, "a comparison, as `Net.accuracy >= 90%`"),
        };
        self.report(diag);
    }

    /// The text of a file's name: a string.
    pub(super) fn file(&mut self, expr: Expr) -> Text {
        match expr.kind {
            ExprKind::Str(value) => Text { value, span: expr.span },
            ExprKind::Missing => Text { value: String::new(), span: expr.span.at_start() },
            _ => {
                let written = self.source(expr.span).to_owned();
                self.report(
                    syntax::mistake(expr.span, "a file's name stands in quotes", "no quotes")
                        .help(format!("write `\"{}\"`", super::shorten(&written)))
                        .fix("put it in quotes", expr.span, format!("\"{written}\""), true),
                );
                Text { value: written, span: expr.span }
            }
        }
    }
}

fn pair_end(source: &UseSource, names: &[Name]) -> Span {
    match (names.last(), source) {
        (Some(name), _) => name.span,
        (None, UseSource::File(text)) => text.span,
        (None, UseSource::Std(parts)) => {
            parts.last().map_or(Span::default(), |last| parts[0].span.to(last.span))
        }
    }
}
