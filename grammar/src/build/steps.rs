//! Steps along `->`, and the blocks that hold them.

use super::{Builder, P, Rule};
use crate::tree::{Block, Brackets, Clause, Expr, ExprKind, If, Name, Repeat, Step, StepKind};
use dlm_base::Span;
use dlm_base::diag::codes::syntax;
use dlm_base::suggest::nearest;

impl Builder<'_> {
    /// Rules `step` and `first_step`.
    pub(super) fn step(&mut self, pair: P) -> Step {
        let start = self.span(&pair).at_start();
        let mut arrow = None;
        let mut kind: Option<(StepKind, Span)> = None;
        let mut name: Option<Clause> = None;
        let mut height = 1;
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::arrow => arrow = Some(at),
                Rule::kw_as => {
                    name = Some(Clause { keyword: at, name: Name::missing(at.at_end()) })
                }
                Rule::ident => {
                    let word = self.free_name(&pair);
                    if let Some(clause) = &mut name {
                        clause.name = word;
                    }
                }
                Rule::missing if name.is_some() => {
                    if let Some(clause) = &name {
                        let after = "`as`";
                        self.report(syntax::missing(clause.keyword, "a name", after));
                    }
                }
                Rule::missing => {
                    let arrow = arrow.unwrap_or(at);
                    self.report(
                        syntax::mistake(arrow, "no step follows `->`", "leads nowhere")
                            .help("write an operator or a layer behind it, or remove the arrow")
                            .fix("remove the arrow", arrow, "", false),
                    );
                    kind = Some((StepKind::Missing, arrow.at_end()));
                }
                _ => {
                    kind = Some(self.step_kind(pair));
                    height = self.height;
                }
            }
        }
        let (kind, mut span) = kind.unwrap_or((StepKind::Error, start));
        if let Some(clause) = &name {
            span = span.to(clause.keyword);
            if !clause.name.is_missing() {
                span = span.to(clause.name.span);
            }
        }
        self.height = height;
        Step { arrow, kind, name, span }
    }

    fn step_kind(&mut self, pair: P) -> (StepKind, Span) {
        let start = self.span(&pair).at_start();
        self.height = 1;
        match pair.as_rule() {
            Rule::apply => {
                let mut inner = pair.into_inner();
                let Some(name) = inner.next() else { return (StepKind::Error, start) };
                let name = self.free_name(&name);
                let args = inner.next().map(|args| self.args(args));
                let end = args.as_ref().map_or(name.span, |args| args.parens.close);
                (StepKind::Apply { name, args }, start.to(end))
            }
            Rule::repeat => {
                let repeat = self.repeat(pair);
                let end = repeat.block.braces.close;
                (StepKind::Repeat(repeat), start.to(end))
            }
            Rule::if_step => {
                let mut height = 0;
                let it: If<Vec<Step>> = self.if_arms(pair, &mut height, Self::step_block);
                self.height = height + 1;
                let end = it.end().unwrap_or(start);
                (StepKind::If(it), start.to(end))
            }
            _ => {
                let span = match pair.into_inner().next() {
                    Some(atom) => self.atom(atom).span,
                    None => start,
                };
                self.junk(span, "a step (an operator, a layer, `repeat` or `if`)");
                self.height = 1;
                (StepKind::Error, span)
            }
        }
    }

    fn repeat(&mut self, pair: P) -> Repeat {
        let mut keyword = self.span(&pair).at_start();
        let mut name = None;
        let mut variable = None;
        let mut over: Option<Expr> = None;
        let mut height = 1;
        let mut block = None;
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::kw_repeat => keyword = at,
                Rule::ident => name = Some(self.free_name(&pair)),
                Rule::kw_in => variable = name.take().map(|name| (name, at)),
                Rule::step_block => {
                    let before = over.as_ref().map_or(keyword, |over| over.span);
                    block = Some(self.step_block(pair, before, &mut height));
                }
                _ => {
                    let mut value = self.expr(pair);
                    height = height.max(self.height);
                    if value.span.start == value.span.end {
                        let word = variable.as_ref().map_or(keyword, |(_, word)| *word);
                        value.span = word.at_end();
                        let (what, after) = match &variable {
                            None => ("a number of times", "`repeat`"),
                            Some(_) => ("a list or a range", "`in`"),
                        };
                        self.report(syntax::missing(word, what, after));
                    }
                    over = Some(value);
                }
            }
        }
        self.height = height + 1;
        let over = over.unwrap_or(Expr { span: keyword.at_end(), kind: ExprKind::Missing });
        let end = over.span.at_end();
        let block = block
            .unwrap_or(Block { braces: Brackets { open: end, close: end }, inner: Vec::new() });
        Repeat { keyword, variable, over, block }
    }

    fn step_block(&mut self, pair: P, before: Span, height: &mut u32) -> Block<Vec<Step>> {
        let start = pair.as_span().start();
        let mut end = before.at_end();
        let (mut open, mut close) = (false, None);
        let mut steps: Vec<Step> = Vec::new();
        for pair in pair.into_inner() {
            let at = self.span(&pair);
            match pair.as_rule() {
                Rule::open_brace => {
                    open = true;
                    end = at;
                }
                Rule::first_step | Rule::step => {
                    let step = self.step(pair);
                    *height = (*height).max(self.height);
                    self.joined(&steps, &step);
                    end = step.span;
                    steps.push(step);
                }
                Rule::junk => {
                    self.junk(at, "`->` or `}`");
                    end = at;
                }
                Rule::close_brace => close = Some(pair),
                _ => {}
            }
        }
        if !open {
            let after = match self.source(before) {
                "else" => "`else`".to_owned(),
                word => format!("`{}`", super::shorten(word)),
            };
            self.report(
                syntax::missing(before, "a block `{ … }`", &after)
                    .help("write the steps in braces: `{ conv(32, 3) -> relu }`"),
            );
        } else if steps.is_empty() {
            self.report(syntax::missing(end, "a step", "`{`"));
        }
        let braces = match open {
            true => self.brackets(start, close.as_ref(), end),
            false => Brackets { open: end, close: end },
        };
        Block { braces, inner: steps }
    }

    /// The first step of a block has no arrow, the others have one.
    fn joined(&mut self, steps: &[Step], step: &Step) {
        match (steps.last(), step.arrow) {
            (None, Some(arrow)) => self.report(
                syntax::mistake(arrow, "a block begins with a step, not with `->`", "not needed")
                    .help("remove this arrow; the flow enters the first step by itself")
                    .fix("remove the arrow", arrow, "", true),
            ),
            (Some(last), None) => {
                let diag = self.arrow_missing(last.span, step.span);
                self.report(diag);
            }
            _ => {}
        }
    }

    /// Two things stand side by side where `->` should join them.
    pub(super) fn arrow_missing(&self, before: Span, at: Span) -> dlm_base::Diag {
        let text = self.source(before);
        let word = text.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        if let Some(word) = word.filter(|it| *it != "repeat" && !nearest(it, ["repeat"]).is_empty())
        {
            let word_at = Span { start: before.end - word.len() as u32, ..before };
            return syntax::mistake(word_at, format!("`{word}` begins no step"), "unknown word")
                .help("did you mean `repeat`?")
                .fix("write `repeat`", word_at, "repeat", false);
        }
        let message = format!("expected `->` before {}", self.found(at));
        syntax::mistake(self.token_at(at), message, "a second flow begins here")
            .because(before, "this one ends here")
            .help("join them with `->`")
            .fix("insert `->`", at.at_start(), "-> ", false)
    }
}
