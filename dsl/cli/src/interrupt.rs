//! Ctrl-C: the first asks the work to end where it can go on later, the second ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// The exit status of a process that was interrupted, as shells have it.
pub(crate) const STATUS: i32 = 130;

/// From now on an interrupt (or a request to terminate) is heard by [`asked`].
pub(crate) fn listen() {
    let heard = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            // Files are renamed into place when they are whole: nothing is left half written.
            std::process::exit(STATUS);
        }
    });
    // Where there are no signals to be heard, an interrupt ends the process as it always did.
    drop(heard);
}

/// Whether the work is to end.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
