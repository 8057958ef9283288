//! Diagnostics as data: made by one function per code, rendered later by one renderer per destination.

use crate::span::Span;

pub mod codes;
pub mod render;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The program cannot run.
    Error,
    /// The program runs, and probably does not do what was meant.
    Warning,
}

/// A kind of diagnostic: what `dlm explain` shows.
#[derive(Debug)]
pub struct Code {
    /// `E0401`, `W1003`.
    pub id: &'static str,
    /// What is wrong, in a few words, without a full stop.
    pub title: &'static str,
    /// Why it happens, a bad example and a good one, in Markdown.
    pub doc: &'static str,
}

impl Code {
    /// Codes that begin with `W` are warnings.
    pub fn severity(&self) -> Severity {
        if self.id.starts_with('W') { Severity::Warning } else { Severity::Error }
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        self.id == other.id
    }
}

impl Eq for Code {}

/// A place and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The reason, lower case, without a full stop.
    pub text: String,
}

/// The text at `span` becomes `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; an empty span inserts.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// A change that the editor offers and that `help` describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the change does: "insert `flatten`".
    pub title: String,
    /// The edits, in the order of their places.
    pub edits: Vec<Edit>,
    /// Whether it is surely what was meant.
    pub sure: bool,
}

/// One mistake of the user, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diag {
    /// Its kind.
    pub code: &'static Code,
    /// The fact; stands alone; lower case, without a full stop; names in backticks.
    pub message: String,
    /// The text to change, and why.
    pub primary: Label,
    /// At most three other places that say why (where a size was fixed).
    pub labels: Vec<Label>,
    /// What to write, with the numbers worked out.
    pub help: Option<String>,
    /// The help as edits.
    pub fixes: Vec<Fix>,
    /// Whether the text at the primary place has no use (editors grey it out).
    pub unused: bool,
}

impl Diag {
    /// A diagnostic of `code` at `span`; `label` says what is wrong there.
    pub fn new(
        code: &'static Code,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Diag {
        Diag {
            code,
            message: message.into(),
            primary: Label { span, text: label.into() },
            labels: Vec::new(),
            help: None,
            fixes: Vec::new(),
            unused: false,
        }
    }

    /// Adds a place that says why; more than three are dropped.
    #[must_use]
    pub fn because(mut self, span: Span, text: impl Into<String>) -> Diag {
        if self.labels.len() < 3 {
            self.labels.push(Label { span, text: text.into() });
        }
        self
    }

    /// Says what to write.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diag {
        self.help = Some(text.into());
        self
    }

    /// Offers one edit as the fix; `sure` when it is surely what was meant.
    #[must_use]
    pub fn fix(
        mut self,
        title: impl Into<String>,
        span: Span,
        text: impl Into<String>,
        sure: bool,
    ) -> Diag {
        let edits = vec![Edit { span, text: text.into() }];
        self.fixes.push(Fix { title: title.into(), edits, sure });
        self
    }

    /// Marks the primary place as without use.
    #[must_use]
    pub fn unused(mut self) -> Diag {
        self.unused = true;
        self
    }

    /// Error or warning, from the code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}
