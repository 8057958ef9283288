//! Expressions, calls and steps.

use super::{Gap, Printer, WIDTH};
use crate::tree::{Args, Arm, Block, Brackets, Expr, ExprKind, If, Repeat, Step, StepKind};
use dlm_base::Span;

/// Steps are not aligned further right than this.
const MAX_ALIGN: usize = 60;

impl<'t> Printer<'t> {
    /// An expression in a row that begins at column `ind`.
    pub(super) fn expr(&mut self, expr: &'t Expr, ind: usize) {
        if self.overflow {
            return;
        }
        match &expr.kind {
            ExprKind::Quantity { unit, .. } => {
                let text = &self.text[expr.span.range()];
                let digits = text.find(char::is_whitespace).unwrap_or(text.len());
                self.token(Span { end: expr.span.start + digits as u32, ..expr.span });
                self.push(" ");
                self.token(unit.span);
            }
            ExprKind::List(list) => {
                let brackets = around(expr.span);
                self.sequence(brackets, list, true, |this, element| this.expr(element, ind));
            }
            ExprKind::Call { base, name, args } => {
                if let Some(base) = base {
                    self.expr(base, ind);
                    self.push(".");
                }
                self.token(name.span);
                self.args(args);
            }
            ExprKind::Index { base, index } => {
                self.expr(base, ind);
                self.push("[");
                self.expr(index, ind);
                self.push("]");
                self.last = expr.span.end as usize;
            }
            ExprKind::Field { base, name } => {
                self.expr(base, ind);
                self.push(".");
                self.token(name.span);
            }
            ExprKind::Unary { at, operand, .. } => {
                self.token(*at);
                if self.text[at.range()].len() > 1 {
                    self.space();
                }
                self.expr(operand, ind);
            }
            ExprKind::Binary { at, left, right, .. } => {
                self.expr(left, ind);
                self.break_before_operator(*at, left, right, ind);
                self.token(*at);
                self.space();
                self.expr(right, ind);
            }
            ExprKind::Range { at, from, to } => {
                self.expr(from, ind);
                self.token(*at);
                self.expr(to, ind);
            }
            ExprKind::If(it) => self.if_flow(it),
            ExprKind::Pipe { source, steps } => {
                self.expr(source, ind);
                self.steps(source.span, steps, ind);
            }
            ExprKind::Paren(inner) => {
                self.token(around(expr.span).open);
                self.expr(inner, ind);
                self.gap = Gap::None;
                self.token(around(expr.span).close);
            }
            _ => self.token(expr.span),
        }
    }

    fn break_before_operator(&mut self, at: Span, left: &Expr, right: &'t Expr, ind: usize) {
        self.space();
        if self.is_flat() {
            return;
        }
        let user = self.broke(left.span, right.span);
        let width = at.range().len() + 1;
        let right = self.measure(|flat| flat.expr(right, ind));
        if user || right.is_none_or(|right| self.here() + width + right > WIDTH) {
            self.line(ind + 4, false);
        }
    }

    /// The steps behind a source, or behind the first step of a block.
    fn steps(&mut self, source: Span, steps: &'t [Step], ind: usize) {
        let mut align = None;
        let mut before = source;
        for step in steps {
            let arrow = step.arrow.unwrap_or(step.span.at_start());
            let user = self.broke(before, arrow);
            self.space();
            let too_long = || self.here() + 3 + self.step_width(step) > WIDTH;
            if user || (!self.is_flat() && too_long()) {
                self.line(align.unwrap_or(ind + 4), false);
                align = align.or(Some(ind + 4));
            }
            let here = if self.here() <= MAX_ALIGN { self.here() } else { ind + 4 };
            self.cont = *align.get_or_insert(here);
            self.token(arrow);
            self.space();
            self.step(step);
            before = step.span;
            if self.overflow {
                return;
            }
        }
    }

    /// How long the step is up to the first place where it can be broken.
    fn step_width(&self, step: &'t Step) -> usize {
        let whole = self.measure(|flat| flat.step(step));
        whole.unwrap_or_else(|| match &step.kind {
            StepKind::Apply { name, .. } => name.text.len() + 1,
            StepKind::Repeat(it) => {
                self.measure(|flat| flat.repeat_head(it)).map_or(WIDTH, |width| width + 2)
            }
            StepKind::If(it) => it.arms.first().map_or(0, |arm| {
                self.measure(|flat| flat.expr(&arm.condition, 0)).map_or(WIDTH, |width| width + 5)
            }),
            StepKind::Missing | StepKind::Error => 0,
        })
    }

    pub(super) fn step(&mut self, step: &'t Step) {
        let base = self.here();
        match &step.kind {
            StepKind::Apply { name, args } => {
                self.token(name.span);
                if let Some(args) = args {
                    self.args(args);
                }
            }
            StepKind::Repeat(it) => {
                self.repeat_head(it);
                self.space();
                self.step_block(&it.block, base);
            }
            StepKind::If(it) => self.arms(it, base, Self::step_block, |flat| flat.step_if(it)),
            StepKind::Missing | StepKind::Error => self.token(step.span),
        }
        if let Some(clause) = &step.name {
            self.space();
            self.token(clause.keyword);
            self.space();
            self.token(clause.name.span);
        }
    }

    fn repeat_head(&mut self, it: &'t Repeat) {
        self.token(it.keyword);
        self.space();
        if let Some((name, word)) = &it.variable {
            self.token(name.span);
            self.space();
            self.token(*word);
            self.space();
        }
        self.expr(&it.over, self.indent);
    }

    fn step_if(&mut self, it: &'t If<Vec<Step>>) {
        self.arms(it, 0, Self::step_block, |_| {});
    }

    fn if_flow(&mut self, it: &'t If<Expr>) {
        let base = self.here();
        self.arms(it, base, Self::flow_block, |flat| {
            flat.arms(it, 0, Self::flow_block, |_| {});
        });
    }

    /// The arms of an `if` at column `base`; `whole` prints all of it on one line.
    fn arms<T>(
        &mut self,
        it: &'t If<T>,
        base: usize,
        block: fn(&mut Self, &'t Block<T>, usize),
        whole: impl FnOnce(&mut Printer<'t>),
    ) {
        let fits = self.fits(whole);
        let mut before = None;
        for Arm { else_keyword, keyword, condition, block: inner } in &it.arms {
            if let Some(word) = else_keyword {
                self.otherwise(*word, before, fits, base);
            }
            self.token(*keyword);
            self.space();
            self.expr(condition, base);
            self.space();
            before = Some(self.arm(inner, base, block));
            if self.overflow {
                return;
            }
        }
        if let Some((word, inner)) = &it.otherwise {
            self.otherwise(*word, before, fits, base);
            block(self, inner, base);
        }
    }

    /// Prints the block of an arm; gives its end and whether it is on one line.
    fn arm<T>(
        &mut self,
        inner: &'t Block<T>,
        base: usize,
        block: fn(&mut Self, &'t Block<T>, usize),
    ) -> (Span, bool) {
        let start = self.out.len();
        block(self, inner, base);
        (inner.braces.close, !self.out[start..].contains('\n'))
    }

    /// Prints `else`, on a line of its own when the block before is on one and not all fits there.
    fn otherwise(&mut self, word: Span, before: Option<(Span, bool)>, fits: bool, base: usize) {
        self.space();
        if let Some((close, one_line)) = before
            && (self.broke(close, word) || (!fits && one_line))
        {
            self.line(base, false);
            self.cont = base;
        }
        self.token(word);
        self.space();
    }

    fn flow_block(&mut self, block: &'t Block<Expr>, base: usize) {
        let first = block.inner.span;
        let lines = self.opens(block.braces, first, |flat| flat.flow_block(block, base));
        self.token(block.braces.open);
        self.inside(lines, base);
        self.expr(&block.inner, if lines { base + 4 } else { base });
        self.close(block.braces, lines, base);
    }

    fn step_block(&mut self, block: &'t Block<Vec<Step>>, base: usize) {
        let Some(first) = block.inner.first() else { return };
        let lines = self.opens(block.braces, first.span, |flat| flat.step_block(block, base));
        self.token(block.braces.open);
        self.inside(lines, base);
        let ind = if lines { base + 4 } else { base };
        self.step(first);
        self.steps(first.span, &block.inner[1..], ind);
        self.close(block.braces, lines, base);
    }

    /// Whether the block takes several lines: it did before, or it does not fit.
    pub(super) fn opens(
        &mut self,
        braces: Brackets,
        first: Span,
        flat: impl FnOnce(&mut Printer<'t>),
    ) -> bool {
        let broken = self.broke(braces.open, first);
        if self.is_flat() {
            self.overflow |= broken;
            return false;
        }
        broken || self.has_comment(braces.span()) || !self.fits(flat)
    }

    /// Behind an opening brace.
    fn inside(&mut self, lines: bool, base: usize) {
        match lines {
            true => self.row(base + 4, false),
            false => self.space(),
        }
    }

    /// A closing brace.
    pub(super) fn close(&mut self, braces: Brackets, lines: bool, base: usize) {
        if lines {
            self.line(base + 4, true);
            self.flush(braces.close.start as usize);
            self.line(base, false);
            self.cont = base + 4;
        } else {
            self.space();
        }
        self.token(braces.close);
    }

    pub(super) fn args(&mut self, args: &'t Args) {
        let ind = self.indent;
        self.sequence(args.parens, &args.list, false, |this, arg| {
            if let Some((name, equals)) = &arg.name {
                this.token(name.span);
                this.space();
                this.token(*equals);
                this.space();
            }
            let ind = if this.is_flat() { ind } else { this.indent };
            this.expr(&arg.value, ind);
        });
    }

    /// Values between brackets: on one line if they fit, else one a line, or as many as fit (`fill`).
    pub(super) fn sequence<T>(
        &mut self,
        brackets: Brackets,
        list: &'t [T],
        fill: bool,
        print: impl Fn(&mut Printer<'t>, &'t T) + Copy,
    ) {
        let one_line = |flat: &mut Printer<'t>| {
            for (i, element) in list.iter().enumerate() {
                if i > 0 {
                    flat.mark(",");
                    flat.space();
                }
                print(flat, element);
                if flat.overflow {
                    return;
                }
            }
            flat.mark(")");
        };
        let comment = !self.is_flat() && self.has_comment(brackets.span());
        self.token(brackets.open);
        if !comment && (self.is_flat() || self.fits(one_line)) {
            for (i, element) in list.iter().enumerate() {
                if i > 0 {
                    self.mark(",");
                    self.space();
                }
                print(self, element);
                if self.overflow {
                    return;
                }
            }
            self.gap = Gap::None;
            self.token(brackets.close);
            return;
        }
        let (base, cont) = (self.indent, self.cont);
        self.cont = base + 4;
        for (i, element) in list.iter().enumerate() {
            if i > 0 {
                self.mark(",");
            }
            self.space();
            let width = self.measure(|flat| print(flat, element));
            let beside = width.is_some_and(|width| self.here() + width < WIDTH);
            if i == 0 || !fill || comment || !beside {
                self.line(base + 4, false);
            }
            print(self, element);
        }
        self.line(base + 4, false);
        self.flush(brackets.close.start as usize);
        self.line(base, false);
        self.token(brackets.close);
        self.cont = cont;
    }
}

/// The brackets at both ends of a span.
pub(super) fn around(span: Span) -> Brackets {
    let open = Span { end: span.start + 1, ..span };
    let close = Span { start: span.end - 1, ..span };
    Brackets { open, close }
}
