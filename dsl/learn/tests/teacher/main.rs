//! Teachers from files that PyTorch and others wrote (`make.py` says how).

#![allow(clippy::print_stdout)]

mod closed;
mod state_dict;

use std::path::{Path, PathBuf};

/// The bytes of a file of `make.py`.
fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/teacher/files").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The numbers of an NPY file of floats that `numpy.save` wrote.
fn floats(bytes: &[u8]) -> Vec<f32> {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let header = usize::from(bytes[8]) + 256 * usize::from(bytes[9]);
    let (numbers, _) = bytes[10 + header..].as_chunks::<4>();
    numbers.iter().map(|&b| f32::from_le_bytes(b)).collect()
}

/// The folder of real data, or `None` (and a word about it) where it is not there.
fn shared(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("DLM_SHARED").map_or(beside, PathBuf::from).join(name);
    if !path.exists() {
        println!("skipped: no {}; DLM_SHARED names the folder of real data", path.display());
        return None;
    }
    Some(path)
}

/// The largest difference between two lists of as many numbers.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
