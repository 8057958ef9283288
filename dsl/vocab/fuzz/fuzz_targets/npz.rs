//! NPZ archives.

#![no_main]

use dlm_vocab_fuzz::{read, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let names = [("file", text("x")), ("input", text("x")), ("target", text("y"))];
    read("npz", "x", data, &names);
});
