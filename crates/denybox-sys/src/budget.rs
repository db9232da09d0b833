//! A budget of memory for one thread, kept by the allocator.
//!
//! What evaluates somebody's rules on somebody's input must not take all memory there is, and a failed allocation would end
//! the whole process. So a thread can be given a budget; when it is used up, the thread stops where it is, for good, and
//! whoever waits for it sees that. It frees nothing it had: a budget bounds that too.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// The system's allocator, with budgets. To be the `#[global_allocator]`.
#[derive(Debug, Default, Clone, Copy)]
pub struct Budgeted;

thread_local! {
    /// What this thread may still allocate, in bytes; none for as much as it likes. Neither needs initialising nor has a
    /// destructor, so the allocator may use it at any time.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// How many threads have stopped.
static STOPPED: AtomicU32 = AtomicU32::new(0);

/// From now on the calling thread may allocate `bytes` more than it frees.
pub fn limit_this_thread(bytes: usize) {
    LEFT.with(|left| left.set(Some(bytes)));
}

/// How many threads of this process have used up their budgets so far.
pub fn stopped() -> u32 {
    STOPPED.load(Ordering::Acquire)
}

/// Takes `bytes` from the budget, or never returns.
fn take(bytes: usize) {
    let within = LEFT.try_with(|left| match left.get() {
        None => true,
        Some(before) => {
            left.set(Some(before.saturating_sub(bytes)));
            before >= bytes
        }
    });
    if within == Ok(false) {
        STOPPED.fetch_add(1, Ordering::Release);
        loop {
            // SAFETY: no arguments, no memory. A signal may end one wait; there is always another.
            unsafe { libc::pause() };
        }
    }
}

fn give_back(bytes: usize) {
    let _ = LEFT.try_with(|left| left.set(left.get().map(|before| before.saturating_add(bytes))));
}

// SAFETY: everything is the system allocator's doing, with the arguments it was called with; what is done besides touches
// nothing but a thread-local and an atomic number, and doesn't allocate or unwind.
unsafe impl GlobalAlloc for Budgeted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Old and new may be there together for a moment.
        take(size);
        give_back(layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
