//! Numbers as people read them.

pub(crate) use dlm_check::budget::{bytes, grouped as count};
use dlm_vocab::metric::MetricUnit;

/// `1.2 M`: three or more digits only where they say something.
pub(crate) fn about(n: u64) -> String {
    const STEPS: [(f64, &str); 4] = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e4, " k")];
    for (size, unit) in STEPS {
        if n as f64 >= size {
            let size = if unit == " k" { 1e3 } else { size };
            let value = n as f64 / size;
            let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
            return format!("{value:.digits$}{unit}");
        }
    }
    count(n)
}

/// The words of the command line.
pub(crate) fn words() -> Vec<String> {
    let given = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    std::iter::once("dlm".to_string()).chain(given).collect()
}

/// The command line, as it can be typed again.
pub(crate) fn command() -> String {
    let plain = |word: &str| word.chars().all(|c| c.is_alphanumeric() || "-_./=+,:@".contains(c));
    let word = |word: String| match plain(&word) {
        true => word,
        false => format!("'{}'", word.replace('\'', "'\\''")),
    };
    words().into_iter().map(word).collect::<Vec<_>>().join(" ")
}

/// `98.33%`.
pub(crate) fn share(x: f64) -> String {
    format!("{:.2}%", 100.0 * x)
}

/// `0.0123`, `12.35`, `45,120`, `1.2e-7`: about four figures.
pub(crate) fn number(x: f64) -> String {
    let size = x.abs();
    if !x.is_finite() {
        return if x.is_nan() {
            "NaN".into()
        } else {
            format!("{}∞", if x < 0.0 { "−" } else { "" })
        };
    }
    if size == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{x:.2e}");
    }
    if size >= 10_000.0 {
        let sign = if x < 0.0 { "-" } else { "" };
        return format!("{sign}{}", count(size.round() as u64));
    }
    let digits = (3 - size.log10().floor() as i32).clamp(0, 4) as usize;
    format!("{x:.digits$}")
}

/// `0.8 s`, `42 s`, `3 min 05 s`, `1 h 02 min`, `1.2 ms`, `250 ns`.
pub(crate) fn seconds(s: f64) -> String {
    if s != 0.0 && s.abs() < 1e-6 {
        return format!("{:.0} ns", s * 1e9);
    }
    if s < 1e-3 {
        return format!("{:.0} µs", s * 1e6);
    }
    if s < 0.1 {
        return format!("{:.1} ms", s * 1e3);
    }
    if s < 10.0 {
        return format!("{s:.1} s");
    }
    let whole = s.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// A figure in its unit: `98.33%`, `1.2 ms`, `2.01 KiB`.
pub(crate) fn figure(x: f64, unit: Option<MetricUnit>) -> String {
    match unit {
        _ if !x.is_finite() => number(x),
        Some(MetricUnit::Share) => share(x),
        Some(MetricUnit::Count) if x >= 0.0 => count(x.round() as u64),
        Some(MetricUnit::Bytes) if x >= 0.0 => bytes(x.round() as u64),
        Some(MetricUnit::Seconds) => seconds(x),
        _ => number(x),
    }
}

/// `1 model`, `3 models`.
pub(crate) fn plural(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([about(999), about(54_170), about(1_250_000)], ["999", "54.2 k", "1.25 M"]);
        assert_eq!(share(0.98333), "98.33%");
        assert_eq!(number(0.012345), "0.0123");
        assert_eq!(number(12.345), "12.35");
        assert_eq!(number(-45_119.7), "-45,120");
        assert_eq!(number(1.2e-7), "1.20e-7");
        assert_eq!(number(0.0), "0");
        assert_eq!(seconds(2.5e-7), "250 ns");
        assert_eq!(seconds(0.0012), "1.2 ms");
        assert_eq!(seconds(59.6), "1 min 00 s");
        assert_eq!(seconds(185.0), "3 min 05 s");
        assert_eq!(seconds(3720.0), "1 h 02 min");
        assert_eq!(figure(0.98333, Some(MetricUnit::Share)), "98.33%");
        assert_eq!(figure(2058.0, Some(MetricUnit::Bytes)), "2.01 KiB");
        assert_eq!(figure(1810.0, Some(MetricUnit::Count)), "1,810");
        assert_eq!(figure(0.0123, None), "0.0123");
        assert_eq!(figure(f64::NAN, Some(MetricUnit::Share)), "NaN");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
