//! SHA-256, FIPS 180-4, in the form in which digests are written everywhere here.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The digest as 64 hexadecimal digits in lower case.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The digest as `sha256:` and 64 hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hexadecimal(bytes))
}

/// Whether a text is what [`digest`] writes.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(is_hexadecimal)
}

/// Whether a text is what [`hexadecimal`] writes.
pub(super) fn is_hexadecimal(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}
