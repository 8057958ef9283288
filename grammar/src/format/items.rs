//! Items.

use super::Printer;
use super::rows::{Run, Widths};
use crate::tree::{
    Clause, Expr, Item, ItemKind, LoadSource, ModelUse, Name, Network, Param, Settings, Type,
    TypeKind, UseSource,
};
use dlm_base::Span;
use std::sync::Arc;

impl<'t> Printer<'t> {
    pub(super) fn items(&mut self, items: &'t [Arc<Item>]) {
        let mut widths = Widths::default();
        for (i, item) in items.iter().enumerate() {
            self.row(0, true);
            match &item.kind {
                ItemKind::Const(it) => {
                    let width = widths.at(i, || self.const_widths(&items[i..]));
                    self.token(it.name.span);
                    self.pad(width.saturating_sub(it.name.text.len()));
                    self.space();
                    self.token(it.equals);
                    self.space();
                    self.expr(&it.value, 0);
                }
                _ => self.item(item),
            }
        }
        self.line(0, true);
    }

    fn const_widths(&self, items: &[Arc<Item>]) -> (usize, usize) {
        let mut run = Run::new(self);
        for item in items {
            let ItemKind::Const(it) = &item.kind else { break };
            if !run.joins(item.span) {
                break;
            }
            run.add(it.name.text.len());
        }
        run.result()
    }

    fn item(&mut self, item: &'t Item) {
        match &item.kind {
            ItemKind::Const(_) => {}
            ItemKind::Error(_) => self.token(item.span),
            ItemKind::Use(it) => {
                self.word(it.keyword);
                match &it.source {
                    UseSource::File(text) => self.token(text.span),
                    UseSource::Std(parts) => {
                        if let (Some(first), Some(last)) = (parts.first(), parts.last()) {
                            self.token(first.span.to(last.span));
                        }
                    }
                }
                self.mark(":");
                self.names(&it.names);
            }
            ItemKind::Allow(it) => {
                self.token(it.keyword);
                self.names(&it.codes);
            }
            ItemKind::Data(it) => self.declaration(it.keyword, &it.name, &it.settings),
            ItemKind::Policy(it) => self.declaration(it.keyword, &it.name, &it.settings),
            ItemKind::Layer(it) | ItemKind::Model(it) => self.network(it),
            ItemKind::Train(it) => {
                self.word(it.keyword);
                self.model(&it.model);
                self.clause(Some(&it.on));
                self.clause(it.name.as_ref());
                self.block(it.settings.as_ref());
            }
            ItemKind::Distill(it) => {
                self.word(it.keyword);
                self.model(&it.model);
                self.clause_value(it.from.0, &it.from.1);
                self.clause(Some(&it.on));
                self.clause(it.name.as_ref());
                self.block(it.settings.as_ref());
            }
            ItemKind::Quantize(it) => {
                self.word(it.keyword);
                self.token(it.artifact.span);
                self.clause(Some(&it.with));
                if let Some((word, teacher)) = &it.from {
                    self.clause_value(*word, teacher);
                }
                self.clause(it.on.as_ref());
                self.clause(it.name.as_ref());
                self.block(it.settings.as_ref());
            }
            ItemKind::Load(it) => {
                self.word(it.keyword);
                match &it.source {
                    LoadSource::Weights { model, from, file } => {
                        self.model(model);
                        self.clause_text(*from, file.span);
                    }
                    LoadSource::Network(file) => self.token(file.span),
                    LoadSource::Answers { word, args, on } => {
                        self.token(*word);
                        self.args(args);
                        self.clause(Some(on));
                    }
                }
                self.clause(it.name.as_ref());
                self.block(it.settings.as_ref());
            }
            ItemKind::Export(it) => {
                self.word(it.keyword);
                self.token(it.artifact.span);
                self.clause_text(it.to, it.file.span);
            }
            ItemKind::Expect(it) => {
                self.word(it.keyword);
                self.expectations(it);
            }
        }
    }

    fn word(&mut self, keyword: Span) {
        self.token(keyword);
        self.space();
    }

    fn names(&mut self, names: &'t [Name]) {
        for (i, name) in names.iter().enumerate() {
            if i > 0 {
                self.mark(",");
            }
            self.space();
            if self.here() + name.text.len() >= super::WIDTH {
                self.line(4, false);
            }
            self.token(name.span);
        }
    }

    fn declaration(&mut self, keyword: Span, name: &'t Name, settings: &'t Settings) {
        self.word(keyword);
        self.token(name.span);
        self.block(Some(settings));
    }

    fn block(&mut self, settings: Option<&'t Settings>) {
        if let Some(settings) = settings {
            self.space();
            self.settings(settings, 0);
        }
    }

    fn model(&mut self, model: &'t ModelUse) {
        self.token(model.name.span);
        if let Some(args) = &model.args {
            self.args(args);
        }
    }

    fn clause(&mut self, clause: Option<&'t Clause>) {
        if let Some(clause) = clause {
            self.clause_text(clause.keyword, clause.name.span);
        }
    }

    fn clause_text(&mut self, word: Span, value: Span) {
        self.clause_word(word, value.range().len());
        self.token(value);
    }

    fn clause_value(&mut self, word: Span, value: &'t Expr) {
        let width = self.measure(|flat| flat.expr(value, 0));
        self.clause_word(word, width.unwrap_or(0));
        self.expr(value, 0);
    }

    /// The word of a clause, on a new line if the clause does not fit on this one.
    fn clause_word(&mut self, word: Span, width: usize) {
        self.space();
        if self.here() + word.range().len() + 1 + width > super::WIDTH {
            self.line(4, false);
        }
        self.token(word);
        self.space();
    }

    fn network(&mut self, it: &'t Network) {
        self.word(it.keyword);
        self.token(it.name.span);
        let parens = super::flow::around(it.params_span);
        self.sequence(parens, &it.params, false, |this, param| this.param(param));
        if let Some((arrow, ty)) = &it.result {
            self.space();
            self.token(*arrow);
            self.space();
            self.ty(ty);
        }
        self.space();
        self.body(&it.body);
    }

    fn param(&mut self, param: &'t Param) {
        self.token(param.name.span);
        if let Some(colon) = param.colon {
            self.token(colon);
            self.space();
        }
        self.ty(&param.ty);
        if let Some((equals, value)) = &param.default {
            self.space();
            self.token(*equals);
            self.space();
            self.expr(value, 4);
        }
    }

    fn ty(&mut self, ty: &'t Type) {
        match &ty.kind {
            TypeKind::Word(name) => self.token(name.span),
            TypeKind::Missing => {}
            TypeKind::Tensor { int, sizes } => {
                if let Some(int) = int {
                    self.token(*int);
                }
                let open = Span { start: int.map_or(ty.span.start, |int| int.end), ..ty.span };
                let brackets = super::flow::around(open);
                match sizes {
                    Some(sizes) => {
                        self.sequence(brackets, sizes, true, |this, size| this.expr(size, 4));
                    }
                    None => {
                        self.token(brackets.open);
                        self.push("..");
                        self.token(brackets.close);
                    }
                }
            }
        }
    }
}
