//! CIFAR records, plain and compressed with gzip.

#![no_main]

use dlm_vocab_fuzz::{read, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read("cifar", "x", data, &[("file", text("x"))]);
});
