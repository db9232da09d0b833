//! Points in time as people write them: RFC 3339, whole seconds, with an offset.

use jiff::Timestamp;

use crate::event::printable;

/// Why a text is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// Not in the one form that is read.
    #[error("'{0}' is no time: write it as 2026-11-26T09:30:00Z, in whole seconds and with an offset")]
    Malformed(String),
    /// Such a day or hour doesn't exist, or lies before 1970.
    #[error("'{0}' never was and never will be: there is no such day or hour since 1970")]
    Impossible(String),
}

/// Reads `2026-11-26T09:30:00Z` or `2026-11-26T10:30:00+01:00`: seconds since 1970-01-01 UTC.
///
/// The library reads many more forms; two readers of a justification must not differ over which of them are times.
///
/// # Errors
/// [`MomentError`].
pub fn seconds(text: &str) -> Result<u64, MomentError> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let body = shape.strip_prefix("0000-00-00T00:00:00");
    if !matches!(body, Some("Z" | "+00:00" | "-00:00")) {
        return Err(MomentError::Malformed(printable(text)));
    }
    let impossible = || MomentError::Impossible(text.to_owned());
    let moment: Timestamp = text.parse().map_err(|_| impossible())?;
    // A leap second is read as the second before it, so it would be printed as another time.
    if text.get(17..19) == Some("60") {
        return Err(impossible());
    }
    u64::try_from(moment.as_second()).map_err(|_| impossible())
}

/// The form that [`seconds`] reads, in UTC. What lies beyond the year 9999 is shown as its end.
pub fn text(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    match moment {
        Some(moment) => moment.to_string(),
        None => "9999-12-30T22:00:00Z".to_owned(),
    }
}

/// The same as TOML's own kind of value.
pub(super) fn toml(seconds: u64) -> toml_edit::Item {
    let text = text(seconds);
    match text.parse::<toml_edit::Datetime>() {
        Ok(datetime) => toml_edit::value(datetime),
        Err(_) => toml_edit::value(text),
    }
}
