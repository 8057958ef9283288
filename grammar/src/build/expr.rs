//! Expressions: a flat row of operands and operators gets its precedence here.

use super::{Builder, MAX_HEIGHT, P, Rule};
use crate::tree::{Arg, Args, Arm, BinaryOp, Block, Expr, ExprKind, If, Name, UnaryOp};
use dlm_base::Span;
use dlm_base::diag::codes::syntax;

/// An operator that waits for its right operand.
enum Waiting {
    Unary(UnaryOp, Span),
    Binary(BinaryOp, Span),
    Range(Span),
}

impl Waiting {
    fn binds(&self) -> u8 {
        match self {
            Waiting::Binary(BinaryOp::Or, _) => 1,
            Waiting::Binary(BinaryOp::And, _) => 2,
            Waiting::Unary(UnaryOp::Not, _) => 3,
            Waiting::Binary(op, _) if op.compares() => 4,
            Waiting::Range(_) => 5,
            Waiting::Binary(BinaryOp::Add | BinaryOp::Sub, _) => 6,
            Waiting::Binary(..) => 7,
            Waiting::Unary(UnaryOp::Neg, _) => 8,
        }
    }
}

/// Operands with their heights, and the operators between them.
#[derive(Default)]
struct Row {
    operands: Vec<(Expr, u32)>,
    waiting: Vec<Waiting>,
}

impl Builder<'_> {
    /// An expression: rule `expr`, or `missing`, which the caller reports.
    pub(super) fn expr(&mut self, pair: P) -> Expr {
        let at = self.span(&pair).at_start();
        if pair.as_rule() != Rule::expr {
            self.height = 1;
            return Expr { span: at, kind: ExprKind::Missing };
        }
        if self.depth > MAX_HEIGHT {
            return self.too_deep(at);
        }
        self.depth += 1;
        let expr = self.expr_inner(pair, at);
        self.depth -= 1;
        expr
    }

    fn expr_inner(&mut self, pair: P, at: Span) -> Expr {
        let mut row = Row::default();
        let mut steps = Vec::new();
        let mut steps_height = 0;
        let mut before = at;
        for pair in pair.into_inner() {
            let span = self.span(&pair);
            match pair.as_rule() {
                Rule::unary => {
                    let op = if pair.as_str() == "-" { UnaryOp::Neg } else { UnaryOp::Not };
                    row.waiting.push(Waiting::Unary(op, span));
                }
                Rule::binary => self.operator(&mut row, pair.as_str(), span),
                Rule::step => {
                    steps.push(self.step(pair));
                    steps_height = steps_height.max(self.height);
                    continue;
                }
                Rule::missing => {
                    self.missing_operand(span, before, row.operands.is_empty());
                    row.operands.push((Expr { span: before.at_end(), kind: ExprKind::Missing }, 1));
                }
                _ => {
                    let operand = self.atom(pair);
                    before = operand.span;
                    row.operands.push((operand, self.height));
                    continue;
                }
            }
            before = span;
        }
        while !row.waiting.is_empty() {
            self.apply(&mut row);
        }
        let (source, height) =
            row.operands.pop().unwrap_or((Expr { span: at, kind: ExprKind::Missing }, 1));
        self.height = height;
        let Some(last) = steps.last() else { return source };
        let span = source.span.to(last.span);
        let source = Box::new(source);
        self.grown(height.max(steps_height), Expr { span, kind: ExprKind::Pipe { source, steps } })
    }

    fn missing_operand(&mut self, here: Span, before: Span, first: bool) {
        let word = self.source(before);
        if first && word != "-" && word != "not" {
            let arrow = self.token_at(here);
            self.report(
                syntax::mistake(arrow, "nothing flows into `->`", "expected a flow before this")
                    .help("begin with a name: `x -> relu`"),
            );
        } else {
            let after = format!("`{word}`");
            self.report(syntax::missing(before, "a value", &after));
        }
    }

    fn operator(&mut self, row: &mut Row, word: &str, at: Span) {
        let op = match word {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mul,
            "/" => BinaryOp::Div,
            "==" => BinaryOp::Eq,
            "!=" => BinaryOp::Ne,
            "<" => BinaryOp::Lt,
            "<=" => BinaryOp::Le,
            ">" => BinaryOp::Gt,
            ">=" => BinaryOp::Ge,
            "and" => BinaryOp::And,
            "or" => BinaryOp::Or,
            _ => {
                self.settle(row, Waiting::Range(at));
                return;
            }
        };
        self.settle(row, Waiting::Binary(op, at));
    }

    /// Applies what binds at least as tightly as `next`, then lets it wait.
    fn settle(&mut self, row: &mut Row, next: Waiting) {
        while let Some(top) = row.waiting.last() {
            if top.binds() < next.binds() {
                break;
            }
            if top.binds() == next.binds()
                && let (Waiting::Binary(a, _), Waiting::Binary(b, at)) = (top, &next)
                && a.compares()
            {
                let message =
                    format!("comparisons form no chain: `{}` after `{}`", b.word(), a.word());
                self.report(
                    syntax::mistake(*at, message, "a second comparison")
                        .help("join two comparisons by `and`: `a < b and b < c`"),
                );
            }
            self.apply(row);
        }
        row.waiting.push(next);
    }

    fn apply(&mut self, row: &mut Row) {
        let Some(operator) = row.waiting.pop() else { return };
        let Some((right, right_height)) = row.operands.pop() else { return };
        let (span, height, kind) = match operator {
            Waiting::Unary(op, at) => {
                let span = at.to(right.span);
                (span, right_height, ExprKind::Unary { op, at, operand: Box::new(right) })
            }
            Waiting::Binary(..) | Waiting::Range(_) => {
                let missing = Expr { span: right.span.at_start(), kind: ExprKind::Missing };
                let (left, left_height) = row.operands.pop().unwrap_or((missing, 1));
                let span = left.span.to(right.span);
                let (left, right) = (Box::new(left), Box::new(right));
                let kind = match operator {
                    Waiting::Binary(op, at) => ExprKind::Binary { op, at, left, right },
                    Waiting::Range(at) | Waiting::Unary(_, at) => {
                        ExprKind::Range { at, from: left, to: right }
                    }
                };
                (span, left_height.max(right_height), kind)
            }
        };
        let node = self.grown(height, Expr { span, kind });
        row.operands.push((node, self.height));
    }

    /// The node, if it is not too high above children of that height.
    pub(super) fn grown(&mut self, height: u32, node: Expr) -> Expr {
        if height >= MAX_HEIGHT {
            return self.too_deep(node.span);
        }
        self.height = height + 1;
        node
    }

    fn too_deep(&mut self, at: Span) -> Expr {
        let span = Span { end: at.end.min(at.start + 1), ..at };
        self.report(
            syntax::mistake(at.at_start(), "the expression is nested too deeply", "too deep")
                .help(format!("give parts of it a name; the limit is {MAX_HEIGHT} levels")),
        );
        self.height = 1;
        Expr { span, kind: ExprKind::Error }
    }

    /// An operand: rules `place`, `number`, `string`, `if_flow`, `all`.
    pub(super) fn atom(&mut self, pair: P) -> Expr {
        let span = self.span(&pair);
        self.height = 1;
        let kind = match pair.as_rule() {
            Rule::place => return self.place(pair),
            Rule::if_flow => return self.if_flow(pair),
            Rule::number => self.number(pair.as_str(), span),
            Rule::string => ExprKind::Str(self.text(&pair).value),
            Rule::all => ExprKind::All,
            _ => ExprKind::Error,
        };
        Expr { span, kind }
    }

    /// A name, call, list or parenthesis with all that touches it.
    fn place(&mut self, pair: P) -> Expr {
        let start = self.span(&pair).at_start();
        let mut inner = pair.into_inner().peekable();
        let mut expr = Expr { span: start, kind: ExprKind::Missing };
        let mut height = 1;
        while let Some(pair) = inner.next() {
            let span = self.span(&pair);
            self.height = 1;
            match pair.as_rule() {
                Rule::ident => {
                    let args = inner.next_if(|next| next.as_rule() == Rule::args);
                    expr = self.named_place(None, &pair, args);
                }
                Rule::paren => expr = self.paren(pair),
                Rule::list => expr = self.list(pair),
                Rule::all => expr = Expr { span, kind: ExprKind::All },
                Rule::field => expr = self.field(expr, pair),
                Rule::index => expr = self.index(expr, pair, span),
                _ => {}
            }
            expr = self.grown(height.max(self.height), expr);
            height = self.height;
        }
        expr
    }

    fn named_place(&mut self, base: Option<Expr>, name: &P, args: Option<P>) -> Expr {
        let start = base.as_ref().map_or_else(|| self.span(name), |base| base.span);
        let name = match base {
            // Behind a dot any word is a name.
            Some(_) => self.name(name),
            None => self.free_name(name),
        };
        let base = base.map(Box::new);
        if let Some(args) = args {
            let args = self.args(args);
            let span = start.to(args.parens.span());
            return Expr { span, kind: ExprKind::Call { base, name, args } };
        }
        let span = start.to(name.span);
        let kind = match (base, name.text.as_str()) {
            (Some(base), _) => ExprKind::Field { base, name },
            (None, "true") => ExprKind::Bool(true),
            (None, "false") => ExprKind::Bool(false),
            (None, _) => ExprKind::Name(name),
        };
        Expr { span, kind }
    }

    fn field(&mut self, base: Expr, pair: P) -> Expr {
        let dot = self.span(&pair);
        let mut inner = pair.into_inner();
        let Some(name) = inner.next() else { return base };
        if name.as_rule() == Rule::missing {
            let dot = Span { end: dot.start + 1, ..dot };
            self.report(syntax::missing(dot, "a name", "`.`"));
        }
        self.named_place(Some(base), &name, inner.next())
    }

    fn index(&mut self, base: Expr, pair: P, whole: Span) -> Expr {
        let close = whole.at_end();
        let (mut list, brackets) = self.elements(pair, "an index");
        if list.len() > 1 {
            let at = list[1].span;
            self.report(
                syntax::mistake(at, "an index is one number", "a second one")
                    .help("take one after the other: `a[0][1]`"),
            );
        }
        if list.is_empty() {
            let open = brackets.open;
            self.report(syntax::missing(open, "an index", "`[`"));
            list.push(Expr { span: open.at_end(), kind: ExprKind::Missing });
        }
        let span = base.span.to(if brackets.close == close { close } else { brackets.close });
        let index = Box::new(list.swap_remove(0));
        Expr { span, kind: ExprKind::Index { base: Box::new(base), index } }
    }

    fn list(&mut self, pair: P) -> Expr {
        let (list, brackets) = self.elements(pair, "a value");
        Expr { span: brackets.span(), kind: ExprKind::List(list) }
    }

    fn paren(&mut self, pair: P) -> Expr {
        let (mut list, brackets) = self.elements(pair, "a value");
        if list.len() > 1 {
            self.report(
                syntax::mistake(list[1].span, "parentheses hold one value", "a second one")
                    .help("a list stands in brackets: `[a, b]`"),
            );
        }
        if list.is_empty() {
            self.report(syntax::missing(brackets.open, "a value", "`(`"));
            list.push(Expr { span: brackets.open.at_end(), kind: ExprKind::Missing });
        }
        let kind = ExprKind::Paren(Box::new(list.swap_remove(0)));
        Expr { span: brackets.span(), kind }
    }

    /// What stands between the brackets of a list, and commas where they belong.
    pub(super) fn elements(&mut self, pair: P, what: &str) -> (Vec<Expr>, crate::tree::Brackets) {
        let start = pair.as_span().start();
        let mut end = self.at(start, start + 1);
        let mut commas = Commas::new(end);
        let (mut list, mut close, mut height) = (Vec::new(), None, 0);
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::expr => {
                    let element = self.expr(pair);
                    height = height.max(self.height);
                    self.separated(&mut commas, element.span, what);
                    end = element.span;
                    commas.before = end;
                    list.push(element);
                }
                Rule::comma => {
                    self.comma(&mut commas, at, what);
                    end = at;
                }
                Rule::any_shape => {
                    self.report(
                        syntax::mistake(at, "`..` stands alone between its brackets", "not alone")
                            .help("`[..]` is any shape"),
                    );
                }
                Rule::junk => {
                    self.junk(at, &format!("{what} or `]`"));
                    end = at;
                }
                _ => close = Some(pair),
            }
        }
        self.height = height;
        (list, self.brackets(start, close.as_ref(), end))
    }

    /// The arguments of a call.
    pub(super) fn args(&mut self, pair: P) -> Args {
        let start = pair.as_span().start();
        let mut end = self.at(start, start + 1);
        let mut commas = Commas::new(end);
        let (mut list, mut close, mut height) = (Vec::new(), None, 0);
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::arg => {
                    let arg = self.arg(pair);
                    height = height.max(self.height);
                    self.separated(&mut commas, arg.span, "an argument");
                    end = arg.span;
                    commas.before = end;
                    list.push(arg);
                }
                Rule::comma => {
                    self.comma(&mut commas, at, "an argument");
                    end = at;
                }
                Rule::junk => {
                    self.junk(at, "`,` or `)`");
                    end = at;
                }
                _ => close = Some(pair),
            }
        }
        self.height = height;
        Args { parens: self.brackets(start, close.as_ref(), end), list }
    }

    fn arg(&mut self, pair: P) -> Arg {
        let start = self.span(&pair).at_start();
        let mut name: Option<(Name, Span)> = None;
        let mut value = Expr { span: start, kind: ExprKind::Missing };
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::named => {
                    let mut inner = pair.into_inner();
                    if let (Some(word), Some(equals)) = (inner.next(), inner.next()) {
                        name = Some((self.name(&word), self.span(&equals)));
                    }
                }
                Rule::expr => value = self.expr(pair),
                _ => {
                    self.height = 1;
                    if let Some((name, equals)) = &name {
                        value.span = equals.at_end();
                        let after = format!("`{} =`", name.text);
                        let diag = syntax::missing(name.span.to(*equals), "a value", &after);
                        self.report(diag);
                    }
                }
            }
        }
        Arg { name, span: start.to(value.span), value }
    }

    /// A value after another needs a comma between them.
    pub(super) fn separated(&mut self, commas: &mut Commas, at: Span, what: &str) {
        if commas.filled {
            let place = commas.before.at_end();
            let token = self.token_at(at);
            let message = format!("expected `,` before {}", self.found(at));
            self.report(
                syntax::mistake(token, message, format!("{what} begins here"))
                    .because(commas.before, "the one before ends here")
                    .help("write a comma between them")
                    .fix("insert `,`", place, ",", false),
            );
        }
        commas.filled = true;
    }

    pub(super) fn comma(&mut self, commas: &mut Commas, at: Span, what: &str) {
        if !commas.filled {
            let message = format!("{what} is missing before `,`");
            self.report(syntax::mistake(at, message, format!("expected {what} before this")).fix(
                "remove the comma",
                at,
                "",
                false,
            ));
        }
        commas.filled = false;
    }

    /// A token that fits nowhere.
    pub(super) fn junk(&mut self, at: Span, expected: &str) {
        let (token, found) = (self.token_at(at), self.found(at));
        self.report(syntax::unexpected(token, &found, expected));
    }

    fn if_flow(&mut self, pair: P) -> Expr {
        let start = self.span(&pair).at_start();
        let mut height = 0;
        let it = self.if_arms(pair, &mut height, Self::flow_block);
        if it.otherwise.is_none() {
            let keyword = it.arms.first().map_or(start, |arm| arm.keyword);
            self.report(
                syntax::mistake(keyword, "an `if` that gives a value needs an `else`", "no `else`")
                    .help("write what holds otherwise: `if c { a } else { b }`"),
            );
        }
        let end = it.end().unwrap_or(start);
        self.grown(height, Expr { span: start.to(end), kind: ExprKind::If(Box::new(it)) })
    }

    /// The arms of an `if`, over flows and over steps.
    pub(super) fn if_arms<T>(
        &mut self,
        pair: P,
        height: &mut u32,
        block: fn(&mut Self, P, Span, &mut u32) -> Block<T>,
    ) -> If<T> {
        let mut it = If { arms: Vec::new(), otherwise: None };
        let (mut else_keyword, mut keyword, mut condition) = (None, None, None);
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::kw_if => keyword = Some(at),
                Rule::kw_else => else_keyword = Some(at),
                Rule::expr | Rule::missing => {
                    let mut value = self.expr(pair);
                    *height = (*height).max(self.height);
                    let keyword = keyword.unwrap_or(at);
                    if value.is_broken() && value.span.start == value.span.end {
                        value.span = keyword.at_end();
                        self.report(syntax::missing(keyword, "a condition", "`if`"));
                    }
                    condition = Some(value);
                }
                _ => {
                    let before = match (&condition, keyword, else_keyword) {
                        (Some(condition), ..) => condition.span,
                        (None, _, Some(word)) | (None, Some(word), None) => word,
                        _ => at,
                    };
                    let block = block(self, pair, before, height);
                    match (keyword.take(), condition.take()) {
                        (Some(keyword), Some(condition)) => {
                            let else_keyword = else_keyword.take();
                            it.arms.push(Arm { else_keyword, keyword, condition, block });
                        }
                        _ => it.otherwise = else_keyword.take().map(|word| (word, block)),
                    }
                }
            }
        }
        it
    }

    fn flow_block(&mut self, pair: P, before: Span, height: &mut u32) -> Block<Expr> {
        let start = pair.as_span().start();
        let mut end = before.at_end();
        let (mut open, mut close) = (false, None);
        let mut inner: Option<Expr> = None;
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::open_brace => {
                    open = true;
                    end = at;
                }
                Rule::expr if inner.is_some() => {
                    self.junk(at, "`->` or `}`");
                }
                Rule::expr => {
                    let value = self.expr(pair);
                    *height = (*height).max(self.height);
                    end = value.span;
                    inner = Some(value);
                }
                Rule::junk => self.junk(at, "`}`"),
                Rule::close_brace => close = Some(pair),
                _ => {}
            }
        }
        if !open {
            self.braceless(before, inner.as_ref());
        } else if inner.is_none() {
            self.report(syntax::missing(end, "a flow", "`{`"));
        }
        let braces = match open {
            true => self.brackets(start, close.as_ref(), end),
            false => crate::tree::Brackets { open: before.at_end(), close: end.at_end() },
        };
        let inner = inner.unwrap_or(Expr { span: end.at_end(), kind: ExprKind::Missing });
        Block { braces, inner }
    }

    /// A branch without its braces.
    fn braceless(&mut self, before: Span, inner: Option<&Expr>) {
        let word = match self.source(before) {
            "else" => "`else`",
            _ => "the condition",
        };
        let Some(inner) = inner else {
            self.report(syntax::missing(before, "a block `{ … }`", word));
            return;
        };
        let (start, end) = (inner.span.at_start(), inner.span.at_end());
        let written = super::shorten(self.source(inner.span));
        let mut diag = syntax::mistake(
            self.token_at(inner.span),
            format!("{word} is followed by a block in braces"),
            "expected `{`",
        )
        .help(format!("write `{{ {written} }}`"))
        .fix("put it in braces", start, "{ ", true);
        if let Some(fix) = diag.fixes.first_mut() {
            fix.edits.push(dlm_base::Edit { span: end, text: " }".to_owned() });
        }
        self.report(diag);
    }
}

/// Whether a comma is due between the values of a list.
pub(super) struct Commas {
    filled: bool,
    pub(super) before: Span,
}

impl Commas {
    pub(super) fn new(open: Span) -> Commas {
        Commas { filled: false, before: open }
    }
}
