//! Base64 in its one form: RFC 4648, the standard alphabet, padded, no blanks, no stray bits.

use data_encoding::BASE64;

/// The text of some bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The bytes of a text; none where it isn't what [`encode`] makes of them. The library alone would also read several padded
/// texts one after another.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok().filter(|bytes| encode(bytes) == text)
}
