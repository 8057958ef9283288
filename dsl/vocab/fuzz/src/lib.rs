//! What the fuzz targets share.

use dlm_base::files::MemFiles;
use dlm_vocab::data::find;
use dlm_vocab::{Arg, Args};

/// Reads a source whose file `file` holds `data`: neither the header alone nor the whole may panic.
pub fn read(source: &str, file: &str, data: &[u8], given: &[(&'static str, Arg)]) {
    let mut files = MemFiles::default();
    files.put(file, data);
    let mut args = Args::default();
    for (name, value) in given {
        args.set(name, value.clone());
    }
    let source = find(source).expect("a source of the language");
    let _ = (source.facts)(&args, &files);
    let _ = (source.load)(&args, &files, 0);
}

/// A path or another string.
pub fn text(value: &str) -> Arg {
    Arg::Str(value.to_string())
}
