//! Settings, bodies and expectations: rows below each other.

use super::Printer;
use crate::tree::{
    Body, Brackets, Entry, Expect, Expr, ExprKind, Override, Setting, Settings, Statement,
};

impl<'t> Printer<'t> {
    /// A block of settings whose closing brace stands at column `base`.
    pub(super) fn settings(&mut self, settings: &'t Settings, base: usize) {
        let braces = settings.braces;
        if settings.entries.is_empty() && (self.is_flat() || !self.has_comment(braces.span())) {
            self.token(braces.open);
            self.token(braces.close);
            return;
        }
        let broken = self.broke(braces.open, braces.close);
        if self.is_flat() {
            self.overflow |= broken;
        }
        let one_line = |flat: &mut Printer<'t>| flat.settings_on_a_line(settings);
        let lines =
            !self.is_flat() && (broken || self.has_comment(braces.span()) || !self.fits(one_line));
        if !lines {
            self.settings_on_a_line(settings);
            return;
        }
        self.token(braces.open);
        let mut widths = Widths::default();
        for (i, entry) in settings.entries.iter().enumerate() {
            self.row(base + 4, i > 0);
            match entry {
                Entry::Setting(setting) => {
                    let width = widths.at(i, || self.key_widths(&settings.entries[i..]));
                    self.setting(setting, width, base + 4);
                }
                Entry::Override(it) => {
                    let width = widths.at(i, || self.target_widths(&settings.entries[i..]));
                    self.override_(it, width, base + 4);
                }
                Entry::Error(span) => self.token(*span),
            }
        }
        self.close(braces, true, base);
    }

    fn settings_on_a_line(&mut self, settings: &'t Settings) {
        self.token(settings.braces.open);
        for (i, entry) in settings.entries.iter().enumerate() {
            self.space();
            if i > 0 {
                self.push("  ");
            }
            match entry {
                Entry::Setting(setting) => self.setting(setting, 0, self.indent),
                Entry::Override(it) => self.override_(it, 0, self.indent),
                Entry::Error(span) => self.token(*span),
            }
            if self.overflow {
                return;
            }
        }
        self.space();
        self.token(settings.braces.close);
    }

    fn setting(&mut self, setting: &'t Setting, width: usize, ind: usize) {
        self.token(setting.key.span);
        self.pad(width.saturating_sub(setting.key.text.len()));
        self.space();
        self.token(setting.equals);
        self.space();
        self.expr(&setting.value, ind);
    }

    fn override_(&mut self, it: &'t Override, width: usize, base: usize) {
        self.token(it.keyword);
        self.space();
        let start = self.here();
        self.expr(&it.target, base);
        self.pad((start + width).saturating_sub(self.col));
        self.space();
        self.settings(&it.settings, base);
    }

    /// The widest key of a run of settings, and the run's length.
    fn key_widths(&self, entries: &[Entry]) -> (usize, usize) {
        let mut run = Run::new(self);
        for entry in entries {
            let Entry::Setting(setting) = entry else { break };
            if !run.joins(setting.span) {
                break;
            }
            run.add(setting.key.text.len());
        }
        run.result()
    }

    /// The widest target of a run of overrides, and the run's length.
    fn target_widths(&self, entries: &'t [Entry]) -> (usize, usize) {
        let mut run = Run::new(self);
        for entry in entries {
            let Entry::Override(it) = entry else { break };
            if !run.joins(it.span) {
                break;
            }
            run.add(self.measure(|flat| flat.expr(&it.target, 0)).unwrap_or(0));
        }
        run.result()
    }

    pub(super) fn body(&mut self, body: &'t Body) {
        let braces = body.braces;
        let broken = self.broke(braces.open, braces.close);
        let comment = self.has_comment(braces.span());
        if !broken && !comment && self.fits(|flat| flat.body_on_a_line(body)) {
            self.body_on_a_line(body);
            return;
        }
        self.token(braces.open);
        for (i, statement) in body.statements.iter().enumerate() {
            self.row(4, i > 0);
            self.statement(statement, 4);
        }
        self.close(braces, true, 0);
    }

    fn body_on_a_line(&mut self, body: &'t Body) {
        self.token(body.braces.open);
        for (i, statement) in body.statements.iter().enumerate() {
            self.space();
            if i > 0 {
                self.push("  ");
            }
            self.statement(statement, self.indent);
        }
        self.space();
        self.token(body.braces.close);
    }

    fn statement(&mut self, statement: &'t Statement, ind: usize) {
        match statement {
            Statement::Binding(it) => {
                self.token(it.name.span);
                self.space();
                self.token(it.equals);
                self.space();
                self.expr(&it.value, ind);
            }
            Statement::Assert(it) => {
                self.token(it.keyword);
                self.space();
                self.expr(&it.condition, ind);
                if let Some((comma, message)) = &it.message {
                    self.token(*comma);
                    self.space();
                    if self.here() + message.span.range().len() > super::WIDTH {
                        self.line(ind + 4, false);
                    }
                    self.token(message.span);
                }
            }
            Statement::Flow(flow) => self.expr(flow, ind),
            Statement::Error(span) => self.token(*span),
        }
    }

    pub(super) fn expectations(&mut self, it: &'t Expect) {
        let Brackets { open, close } = it.braces;
        self.token(open);
        if it.rows.is_empty() && !self.has_comment(it.braces.span()) {
            self.token(close);
            return;
        }
        let one_line = !self.broke(open, close) && !self.has_comment(it.braces.span());
        if one_line
            && let [row] = it.rows.as_slice()
            && self.fits(|flat| flat.expr(row, 0))
        {
            self.space();
            self.expr(row, 4);
            self.space();
            self.token(close);
            return;
        }
        let mut widths = Widths::default();
        for (i, row) in it.rows.iter().enumerate() {
            self.row(4, i > 0);
            let ExprKind::Binary { op, at, left, right } = &row.kind else {
                self.expr(row, 4);
                continue;
            };
            if !op.compares() {
                self.expr(row, 4);
                continue;
            }
            let width = widths.at(i, || self.left_widths(&it.rows[i..]));
            self.expr(left, 4);
            self.pad((4 + width).saturating_sub(self.col));
            self.space();
            self.token(*at);
            self.space();
            self.expr(right, 4);
        }
        self.close(it.braces, true, 0);
    }

    /// The widest left side of a run of comparisons, and the run's length.
    fn left_widths(&self, rows: &'t [Expr]) -> (usize, usize) {
        let mut run = Run::new(self);
        for row in rows {
            let ExprKind::Binary { op, left, .. } = &row.kind else { break };
            if !op.compares() || !run.joins(row.span) {
                break;
            }
            run.add(self.measure(|flat| flat.expr(left, 0)).unwrap_or(0));
        }
        run.result()
    }
}

/// The widths of the run that an entry belongs to.
#[derive(Default)]
pub(super) struct Widths {
    width: usize,
    /// The first entry behind the run.
    end: usize,
}

impl Widths {
    /// The width for entry `i`; `run` measures the run that begins there.
    pub(super) fn at(&mut self, i: usize, run: impl FnOnce() -> (usize, usize)) -> usize {
        if i >= self.end {
            let (width, length) = run();
            *self = Widths { width, end: i + length.max(1) };
        }
        self.width
    }
}

/// Neighbours without an empty line between them.
pub(super) struct Run<'p, 't> {
    printer: &'p Printer<'t>,
    last: Option<dlm_base::Span>,
    width: usize,
    length: usize,
}

impl<'p, 't> Run<'p, 't> {
    pub(super) fn new(printer: &'p Printer<'t>) -> Run<'p, 't> {
        Run { printer, last: None, width: 0, length: 0 }
    }

    /// Whether the next one belongs to the run.
    pub(super) fn joins(&mut self, next: dlm_base::Span) -> bool {
        let joins = self.last.is_none_or(|last| {
            let between = &self.printer.text[last.end as usize..next.start as usize];
            !has_empty_line(between)
        });
        self.last = Some(next);
        joins
    }

    pub(super) fn add(&mut self, width: usize) {
        // What is very long stands out rather than pushing the others away.
        if width <= 40 {
            self.width = self.width.max(width);
        }
        self.length += 1;
    }

    pub(super) fn result(self) -> (usize, usize) {
        (self.width, self.length)
    }
}

fn has_empty_line(text: &str) -> bool {
    let mut lines = text.split('\n');
    lines.next();
    let mut lines = lines.peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_some() && line.trim().is_empty() {
            return true;
        }
    }
    false
}
