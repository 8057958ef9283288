//! IDX files, plain and compressed with gzip, as images and as labels.

#![no_main]

use dlm_vocab_fuzz::{read, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read("idx", "x", data, &[("images", text("x")), ("labels", text("x"))]);
    read("idx", "x", data, &[("images", text("x"))]);
});
