//! PNG and JPEG files.

#![no_main]

use dlm_vocab::Arg;
use dlm_vocab_fuzz::{read, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let folder = [("folder", text("d")), ("channels", Arg::Int(3))];
    read("images", "d/a/1.png", data, &folder);
});
