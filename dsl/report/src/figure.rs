//! Numbers as people read them, with their unit; several seeds as mean and deviation.

use crate::page::{Metric, Unit};

/// What stands where nothing is known.
pub(crate) const UNKNOWN: &str = "–";

/// A figure in a unit: `98.33%`, `95.81 ± 0.42%`, `12.5 KiB`.
pub(crate) fn metric(metric: &Metric, unit: Unit) -> String {
    let Some(mean) = metric.mean() else { return UNKNOWN.into() };
    match metric.deviation() {
        Some(deviation) if !deviation.is_finite() => one(mean, unit),
        None => one(mean, unit),
        Some(deviation) if unit == Unit::Share => {
            format!("{:.2} ± {:.2}%", 100.0 * mean, 100.0 * deviation)
        }
        Some(deviation) => format!("{} ± {}", one(mean, unit), one(deviation, unit)),
    }
}

/// One value in a unit.
pub(crate) fn one(x: f64, unit: Unit) -> String {
    match unit {
        _ if !x.is_finite() => number(x),
        Unit::Number => number(x),
        Unit::Share => share(x),
        Unit::Count if x >= 0.0 => count(x.round() as u64),
        Unit::Bytes if x >= 0.0 => bytes(x.round() as u64),
        Unit::Count | Unit::Bytes => number(x),
        Unit::Seconds => seconds(x),
    }
}

/// A value if it is known.
pub(crate) fn maybe(x: Option<f64>, print: impl Fn(f64) -> String) -> String {
    x.map_or(UNKNOWN.into(), print)
}

/// A whole number if it is known.
pub(crate) fn maybe_whole(n: Option<u64>, print: impl Fn(u64) -> String) -> String {
    n.map_or(UNKNOWN.into(), print)
}

/// `98.33%`.
pub(crate) fn share(x: f64) -> String {
    if x.is_finite() { format!("{:.2}%", 100.0 * x) } else { number(x) }
}

/// `42.0 dB`.
pub(crate) fn decibels(x: f64) -> String {
    if x.is_finite() { format!("{x:.1} dB") } else { number(x) }
}

/// `0.0123`, `12.35`, `45,120`, `1.2e-7`: about four figures.
pub(crate) fn number(x: f64) -> String {
    let size = x.abs();
    if x.is_nan() {
        return "NaN".into();
    }
    let sign = if x < 0.0 { "−" } else { "" };
    match size {
        f64::INFINITY => format!("{sign}∞"),
        0.0 => "0".into(),
        _ if !(1e-4..1e15).contains(&size) => format!("{sign}{size:.2e}"),
        _ if size >= 10_000.0 => format!("{sign}{}", count(size.round() as u64)),
        _ => {
            let digits = (3 - size.log10().floor() as i32).clamp(0, 4) as usize;
            format!("{sign}{size:.digits$}")
        }
    }
}

/// `0.002`, `1.234e-5`: a number that someone wrote, in at most four figures.
pub(crate) fn brief(x: f64) -> String {
    let short: f64 = format!("{x:.3e}").parse().unwrap_or(x);
    match short.abs() {
        size if !size.is_finite() => number(x),
        size if size > 0.0 && size < 1e-4 => format!("{short:e}"),
        _ => short.to_string(),
    }
}

/// `45,120`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `940`, `54.2 k`, `1.25 M`.
pub(crate) fn about(n: u64) -> String {
    const STEPS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let found = STEPS.into_iter().find(|&(size, _)| n >= 10_000 && n as f64 >= size);
    let Some((size, unit)) = found else { return count(n) };
    let value = n as f64 / size;
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

/// `940 B`, `12.5 KiB`, `1.25 MiB`.
pub(crate) fn bytes(n: u64) -> String {
    let (unit, name) = match n {
        0..1024 => return format!("{n} B"),
        1024..1_048_576 => (1024.0, "KiB"),
        1_048_576..1_073_741_824 => (1_048_576.0, "MiB"),
        _ => (1_073_741_824.0, "GiB"),
    };
    let number = format!("{:.2}", n as f64 / unit);
    format!("{} {name}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// `12 µs`, `1.2 ms`, `0.8 s`, `42 s`, `3 min 05 s`, `1 h 02 min`.
pub(crate) fn seconds(s: f64) -> String {
    if !s.is_finite() || s == 0.0 {
        return number(s);
    }
    if s < 1e-5 {
        return format!("{:.1} µs", s * 1e6);
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

/// `1 model`, `3 models`, `2 classes`.
pub(crate) fn plural(n: usize, word: &str) -> String {
    let ending = match n {
        1 => "",
        _ if word.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {word}{ending}", count(n as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([about(999), about(54_170), about(1_250_000)], ["999", "54.2 k", "1.25 M"]);
        assert_eq!(
            [bytes(1000), bytes(12_800), bytes(1_310_720)],
            ["1000 B", "12.5 KiB", "1.25 MiB"]
        );
        assert_eq!(
            [number(0.012345), number(-45_119.7), number(-1.2e-7)],
            ["0.0123", "−45,120", "−1.20e-7"]
        );
        assert_eq!(
            [seconds(3.1e-6), seconds(8.9e-5), seconds(185.0)],
            ["3.1 µs", "89 µs", "3 min 05 s"]
        );
        assert_eq!(
            [plural(1, "class"), plural(2, "class"), plural(3, "seed")],
            ["1 class", "2 classes", "3 seeds"]
        );
    }

    #[test]
    fn numbers_that_are_none_are_named() {
        for unit in [Unit::Number, Unit::Share, Unit::Count, Unit::Bytes, Unit::Seconds] {
            assert_eq!(metric(&f64::NAN.into(), unit), "NaN");
            assert_eq!(metric(&f64::NEG_INFINITY.into(), unit), "−∞");
        }
        assert_eq!(metric(&Metric(vec![0.5, f64::NAN]), Unit::Share), "NaN");
        assert_eq!(decibels(f64::INFINITY), "∞");
    }

    #[test]
    fn seeds_become_mean_and_deviation() {
        assert_eq!(metric(&Metric::default(), Unit::Share), "–");
        assert_eq!(metric(&0.98333.into(), Unit::Share), "98.33%");
        assert_eq!(metric(&Metric(vec![0.95, 0.97]), Unit::Share), "96.00 ± 1.41%");
        assert_eq!(metric(&Metric(vec![1024.0, 3072.0]), Unit::Bytes), "2 KiB ± 1.41 KiB");
    }
}
