//! Students and teachers: a teacher is never changed, what it says reaches the student as it was said, the
//! same bits come out every time, and a student gains where it is said to.

mod answers;
mod bad;
mod frozen;
mod gains;
mod onnx;
mod same;

use crate::support::{Disk, check};
use dlm_check::program::Split;
use dlm_learn::data::Loaded;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A teacher with running statistics and dropout, and a student, on few digits; no verb yet but the
/// teacher's training.
const LARGE_AND_SMALL: &str = r#"
data Digits {
    source = builtin("digits")
    limit  = 256
}

model Large(image: [1, 8, 8]) {
    image
        -> conv(8, 3, bias = false) as stem -> batch_norm -> relu as seen
        -> max_pool(2) -> flatten -> dense(32) as body -> relu -> dropout(0.3) -> dense(10) as head
}

model Small(image: [1, 8, 8]) {
    image
        -> conv(4, 3) as stem -> relu as seen
        -> max_pool(2) -> flatten -> dense(16) as body -> relu -> dense(10) as head
}

train Large on Digits {
    epochs = 4
    seed   = 5
}
"#;

/// A file of that name in a folder that tests share, with this content, and its path.
fn put(name: &str, content: &[u8]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("distill");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let path = folder.join(name);
    std::fs::write(&path, content).expect("a file can be written");
    path.to_str().expect("the path is text").to_string()
}

/// An NPY file of floats `[rows, width]`.
fn npy(name: &str, width: usize, numbers: &[f32]) -> String {
    let rows = numbers.len() / width;
    let head =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((head.len() as u16).to_le_bytes());
    file.extend(head.bytes());
    file.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
    put(name, &file)
}

/// An IDX file of bytes with these sizes.
fn idx(name: &str, sizes: &[usize], bytes: &[u8]) -> String {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|&size| (size as u32).to_be_bytes()));
    file.extend(bytes);
    put(name, &file)
}

/// The first dataset of a program, as its trainings see it.
fn first_data(text: &str) -> Loaded {
    let program = check(text).unwrap_or_else(|errors| panic!("{errors}"));
    Loaded::load(&program.datasets[0], &Disk).expect("the data can be loaded")
}

/// For each training sample 1 for its class and 0 for the nine others.
fn one_hot(data: &Loaded) -> Vec<f32> {
    let of = |&class: &u32| (0..10).map(move |other| f32::from(u8::from(class == other)));
    data.classes(Split::Train).iter().flat_map(of).collect()
}

/// The tensors of a safetensors file, by name.
fn tensors(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let (head, rest) = bytes[8..].split_at(length);
    let head: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(head).expect("the head is JSON");
    let named = head.into_iter().filter(|(name, _)| name != "__metadata__");
    let place = |value: &serde_json::Value, i: usize| {
        value["data_offsets"][i].as_u64().expect("a place") as usize
    };
    named.map(|(name, it)| (name, rest[place(&it, 0)..place(&it, 1)].to_vec())).collect()
}

/// The numbers of a tensor.
fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// A folder of the shared data, or nothing, with a word about it, where there are none.
#[allow(clippy::print_stderr)]
fn shared(folder: &str) -> Option<String> {
    let folder = format!("../shared/data/{folder}");
    if crate::tidy::root().join(&folder).exists() {
        return Some(folder);
    }
    eprintln!("skipped: there is no {folder}");
    None
}
