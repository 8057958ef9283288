//! Workflow commands of GitHub Actions, which show up beside the changed lines.

use super::place::place;
use crate::diag::Diag;
use crate::source::Sources;

/// `::error file=a.dlm,line=3,endLine=3,col=14,endColumn=23,title=E0401::message`. The message ends
/// with what the primary label and the help say, on lines of their own.
pub fn github(diag: &Diag, sources: &Sources) -> String {
    let at = place(diag.primary.span, sources);
    let mut message = diag.message.clone();
    if !diag.primary.text.is_empty() {
        message = format!("{message}\n{}", diag.primary.text);
    }
    if let Some(help) = &diag.help {
        message = format!("{message}\nhelp: {help}");
    }
    // Columns are only understood where the range stays on one line.
    let columns = if at.start.line == at.end.line {
        format!(",col={},endColumn={}", at.start.column, at.end.column)
    } else {
        String::new()
    };
    format!(
        "::{} file={},line={},endLine={}{columns},title={}::{}",
        diag.severity(),
        property(at.file),
        at.start.line,
        at.end.line,
        property(diag.code.id),
        data(&message),
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
