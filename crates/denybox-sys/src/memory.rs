//! How the allocator deals with memory, mallopt(3).

/// Largest allocation that is served from the heap, bytes: glibc's own default.
const LARGE: libc::c_int = 128 << 10;
/// How much the heap grows at a time, bytes: what deciding about one box takes, so that it grows once or twice.
const STEP: libc::c_int = 512 << 10;

/// Keeps a process with few threads small: one arena for all of them, and large buffers apart from the heap.
///
/// Once a large buffer has been freed glibc would serve the next one from the heap, and touch all of it to clear it; a
/// FUSE session has two of 16 MiB, of which it uses a few kilobytes. Elsewhere than on glibc this does nothing.
pub fn stay_small() {
    #[cfg(target_env = "gnu")]
    for (option, value) in [
        (libc::M_ARENA_MAX, 1),
        (libc::M_MMAP_THRESHOLD, LARGE),
        (libc::M_TOP_PAD, STEP),
        (libc::M_TRIM_THRESHOLD, 4 * STEP),
    ] {
        // SAFETY: integers only; an option that isn't known changes nothing.
        unsafe { libc::mallopt(option, value) };
    }
}
