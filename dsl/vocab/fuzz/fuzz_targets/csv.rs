//! Tables of text, plain and compressed with gzip.

#![no_main]

use dlm_vocab::Arg;
use dlm_vocab_fuzz::{read, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let given = [
        ("file", text("x")),
        ("target", text("y")),
        ("header", Arg::Bool(true)),
        ("separator", text(",")),
        ("regression", Arg::Bool(false)),
        ("skip", Arg::Int(0)),
    ];
    read("csv", "x", data, &given);
});
