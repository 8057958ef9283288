//! Moments: read from the clock, kept in UTC, shown in local time.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Now, to the second: `2026-08-01T12:03:01Z`.
pub(crate) fn now() -> String {
    format!("{:.0}", Timestamp::now())
}

/// The moment as the clock on the wall had it, `2026-08-01 14:03:01`; what is no moment as it is.
pub(crate) fn local(moment: &str) -> String {
    let shown = |at: Timestamp| at.to_zoned(TimeZone::system()).strftime("%F %T").to_string();
    moment.parse().map_or_else(|_| moment.to_string(), shown)
}

/// The moment in digits, in UTC: `20260801-120301`.
pub(crate) fn digits(moment: &str) -> Option<String> {
    let at: Timestamp = moment.parse().ok()?;
    Some(at.strftime("%Y%m%d-%H%M%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_to_the_second() {
        let now = now();
        assert_eq!(now.len(), "2026-08-01T12:03:01Z".len(), "{now}");
        assert!(now.ends_with('Z'));
        assert_eq!(local(&now).len(), "2026-08-01 14:03:01".len());
        assert_eq!(local("yesterday"), "yesterday");
    }

    #[test]
    fn digits_are_those_of_utc() {
        assert_eq!(digits("2026-08-01T14:03:01+02:00").unwrap(), "20260801-120301");
        assert_eq!(digits("2026-08-01T23:59:59.9Z").unwrap(), "20260801-235959");
        assert_eq!(digits("yesterday"), None);
    }
}
