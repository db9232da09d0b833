//! Amounts of memory as people write them.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount in bytes. Written as a whole number with an optional binary unit: `64M` is 64 × 2²⁰ (as in tmpfs(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Size(pub u64);

/// Why a text is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// Not `<number>[K|M|G|T]`.
    #[error("'{0}' is no size: give a whole number and a unit, such as 512K, 64M or 2G")]
    Malformed(String),
    /// Zero: it could hold nothing, and tmpfs reads it as "no limit" (tmpfs(5)).
    #[error("a size of zero would mean no limit; give at least 4K")]
    Zero,
    /// More than 2⁶³ bytes.
    #[error("'{0}' is more than any machine has")]
    TooLarge(String),
}

impl FromStr for Size {
    type Err = SizeError;
    fn from_str(text: &str) -> Result<Self, SizeError> {
        let malformed = || SizeError::Malformed(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(malformed)?;
        if number.is_empty() {
            return Err(malformed());
        }
        let shift = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            "t" | "tb" | "tib" => 40,
            _ => return Err(malformed()),
        };
        let number: u64 = number.parse().map_err(|_| SizeError::TooLarge(text.to_owned()))?;
        let bytes = number
            .checked_mul(1 << shift)
            .filter(|bytes| *bytes <= i64::MAX as u64)
            .ok_or_else(|| SizeError::TooLarge(text.to_owned()))?;
        if bytes == 0 { Err(SizeError::Zero) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Display for Size {
    /// In the largest unit that divides it evenly: what is printed parses back to the same amount.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut number, mut unit) = (self.0, "");
        for next in ["K", "M", "G", "T"] {
            if number == 0 || number % 1024 != 0 {
                break;
            }
            (number, unit) = (number / 1024, next);
        }
        write!(f, "{number}{unit}")
    }
}
