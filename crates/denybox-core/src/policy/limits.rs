//! How much an evaluation may take. More is a refusal.

use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;

/// How long an evaluation may take.
pub const TIME: Duration = Duration::from_secs(1);

/// How many steps the compiled form may take: a surface of some thousand exposures.
pub(super) const INSTRUCTIONS: usize = 4_000_000;

/// The clock is read every so many steps.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(64).unwrap();

/// The engine's timer.
pub(super) const TIMER: ExecutionTimerConfig =
    ExecutionTimerConfig { limit: TIME, check_interval: CHECK_INTERVAL };
