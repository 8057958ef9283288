//! Parses any text; what is free of mistakes is formatted, and stays the same program.

#![no_main]

use dlm_base::FileId;
use dlm_grammar::{format, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = parse(FileId(0), text);
    for diag in &parsed.diags {
        assert!(text.get(diag.primary.span.range()).is_some());
    }
    if !parsed.tree.broken {
        let once = format(&parsed.tree, text);
        let again = parse(FileId(0), &once);
        assert!(again.diags.is_empty());
        assert_eq!(format(&again.tree, &once), once);
        assert_eq!(parsed.tree.comments.len(), again.tree.comments.len());
    }
});
