//! What denybox's exit codes mean. Everything else is the command's own; the JSON report tells them apart.

/// Wrong usage of the command line (`EX_USAGE`, sysexits.h).
pub const USAGE: i32 = 64;
/// A required control is unavailable on this host (`EX_UNAVAILABLE`).
pub const UNAVAILABLE: i32 = 69;
/// Something in denybox itself failed (`EX_SOFTWARE`).
pub const INTERNAL: i32 = 70;
/// The policy refused (`EX_NOPERM`).
pub const REFUSED: i32 = 77;
/// A configuration is bad (`EX_CONFIG`).
pub const CONFIGURATION: i32 = 78;
/// The time given by `--timeout` was up, as timeout(1) has it.
pub const TIMED_OUT: i32 = 124;
/// The command exists and can't be executed, as in sh(1).
pub const CANNOT_EXECUTE: i32 = 126;
/// The command was not found, as in sh(1).
pub const NOT_FOUND: i32 = 127;
/// Added to the number of the signal that ended the command, as in sh(1).
pub const SIGNAL_BASE: i32 = 128;

/// The table that `--help` and the manual page end with.
pub const TABLE: &str = "\
Exit codes:
  the command's own, and:
   64  wrong usage
   69  a control that is required is unavailable on this host
   70  denybox itself failed
   77  the policy refused
   78  a configuration is bad
  124  the time was up (--timeout)
  126  the command can't be executed
  127  the command was not found
  128+n  signal n ended the command";
