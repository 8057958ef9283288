//! Numbers, percentages and quantities.

use super::Builder;
use crate::tree::{ExprKind, Name};
use dlm_base::Span;
use dlm_base::diag::codes::syntax;

impl Builder<'_> {
    /// A number with what touches it or, after a blank, its unit.
    pub(super) fn number(&mut self, literal: &str, span: Span) -> ExprKind {
        let (number, unit) = match literal.find([' ', '\t', '\u{A0}']) {
            Some(blank) => {
                (&literal[..blank], literal[blank..].trim_start_matches([' ', '\t', '\u{A0}']))
            }
            None => (literal, ""),
        };
        let plain = number.strip_suffix('%').unwrap_or(number);
        let digits = number_length(plain);
        let letters = &plain[digits..];
        if !letters.is_empty() {
            let place = Span { end: span.start + plain.len() as u32, ..span };
            let (before, known) = (&plain[..digits], crate::words::UNITS.contains(&letters));
            let diag = if known {
                let at = Span {
                    start: span.start + digits as u32,
                    end: span.start + digits as u32,
                    ..span
                };
                syntax::mistake(place, "a unit stands apart from its number", "no space between")
                    .help(format!("write `{before} {letters}`"))
                    .fix("insert a space", at, " ", true)
            } else {
                let message = format!("`{plain}` is no number");
                syntax::mistake(place, message, format!("`{letters}` touches the number")).help(
                    "numbers are written `10_000`, `0.5` or `1e-3`; names begin with a letter",
                )
            };
            self.report(diag);
            if !known {
                return ExprKind::Error;
            }
        }
        let clean: String = plain[..digits].chars().filter(|&c| c != '_').collect();
        let real = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        let unit_length = if unit.is_empty() { letters.len() } else { unit.len() } as u32;
        let unit = if unit.is_empty() { letters } else { unit };
        if !unit.is_empty() {
            let end = span.start + literal.len() as u32;
            let unit_span = Span { start: end - unit_length, end, ..span };
            let unit = Name { text: unit.to_owned(), span: unit_span };
            return ExprKind::Quantity { value: real(&clean), unit };
        }
        if number.ends_with('%') {
            return ExprKind::Percent(percent(&clean));
        }
        if clean.contains(['.', 'e', 'E']) {
            let value = real(&clean);
            if !value.is_finite() {
                let message = format!("`{clean}` is too large for a number");
                self.report(syntax::mistake(span, message, "larger than 1.8e308"));
            }
            return ExprKind::Real(value);
        }
        clean.parse::<i64>().map_or_else(
            |_| {
                let message =
                    format!("`{}` is too large for a whole number", super::shorten(&clean));
                self.report(
                    syntax::mistake(span, message, "larger than 9_223_372_036_854_775_807")
                        .help("write it as a real number: `1e20`"),
                );
                ExprKind::Error
            },
            ExprKind::Int,
        )
    }
}

/// How much of the text is a number; the rest touches it.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let run = |from: usize| {
        from + bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'_').count()
    };
    let mut end = run(0);
    if bytes.get(end) == Some(&b'.') {
        end = run(end + 1);
    }
    if bytes.get(end).is_some_and(|b| b | 0x20 == b'e') {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end += 1 + sign;
            end += bytes[end..].iter().take_while(|b| b.is_ascii_digit()).count();
        }
    }
    end
}

/// `97` to 0.97, the nearest one there is.
fn percent(digits: &str) -> f64 {
    let text = match digits.find(['e', 'E']) {
        Some(_) => return digits.parse::<f64>().unwrap_or(f64::NAN) / 100.0,
        None => format!("{digits}e-2"),
    };
    text.parse().unwrap_or(f64::NAN)
}
