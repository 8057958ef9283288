//! Standard output and standard error: colours only where they are wanted, and calm when the reader
//! goes away.

use crate::Failure;
use crate::args::When;
use std::fmt::Display;
use std::io::{IsTerminal, Write};

/// Where results and remarks go.
#[derive(Debug)]
pub(crate) struct Console {
    /// Standard output.
    pub(crate) out: Stream,
    /// Standard error.
    pub(crate) err: Stream,
}

/// One of the two streams.
#[derive(Debug)]
pub(crate) struct Stream {
    target: Target,
    /// Whether to colour.
    pub(crate) color: bool,
    /// Whether a person is looking.
    pub(crate) terminal: bool,
    /// Whether the reader has gone; what is written from then on is dropped, and the work goes on.
    closed: bool,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Out,
    Err,
}

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Headings and names.
    Bold,
    /// What matters less.
    Dim,
    /// Success.
    Green,
    /// Failure.
    Red,
    /// A doubt.
    Yellow,
    /// Code and paths.
    Cyan,
}

impl Console {
    /// The process's streams.
    pub(crate) fn new(when: When) -> Console {
        let stream = |target: Target, terminal: bool| {
            let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
                || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
            let color = match when {
                When::Always => true,
                When::Never => false,
                When::Auto => terminal && !plain,
            };
            Stream { target, color, terminal, closed: false }
        };
        Console {
            out: stream(Target::Out, std::io::stdout().is_terminal()),
            err: stream(Target::Err, std::io::stderr().is_terminal()),
        }
    }

    /// Says why the command gave up.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        let head = self.err.paint(Style::Red, "error:");
        self.err.line(format!("{head} {}", failure.message));
        if let Some(help) = &failure.help {
            let head = self.err.paint(Style::Cyan, "help:");
            self.err.line(format!("{head} {help}"));
        }
    }
}

impl Stream {
    /// Writes the text as it is.
    pub(crate) fn text(&mut self, text: impl Display) {
        self.bytes(text.to_string().as_bytes());
    }

    /// Writes the text and a line break.
    pub(crate) fn line(&mut self, text: impl Display) {
        self.bytes(format!("{text}\n").as_bytes());
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if self.closed {
            return;
        }
        let written = match self.target {
            Target::Out => {
                let mut out = std::io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            Target::Err => std::io::stderr().lock().write_all(bytes),
        };
        self.closed = written.is_err();
    }

    /// The text in a style, if colours are wanted here.
    pub(crate) fn paint(&self, style: Style, text: impl Display) -> String {
        paint(self.color, style, text)
    }
}

/// The text in a style if `color`, else as it is.
pub(crate) fn paint(color: bool, style: Style, text: impl Display) -> String {
    if !color {
        return text.to_string();
    }
    let code = match style {
        Style::Bold => "1",
        Style::Dim => "2",
        Style::Green => "32",
        Style::Red => "31",
        Style::Yellow => "33",
        Style::Cyan => "36",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}
