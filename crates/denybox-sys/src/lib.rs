//! System calls that rustix does not offer.
