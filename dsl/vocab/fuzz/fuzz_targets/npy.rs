//! NPY files, plain and compressed with gzip, as inputs and as targets.

#![no_main]

use dlm_vocab_fuzz::{read, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read("npy", "x", data, &[("x", text("x")), ("y", text("x"))]);
    read("npy", "x", data, &[("x", text("x"))]);
});
