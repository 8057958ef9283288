//! The answers of a teacher to a whole training part, computed once and kept in a file.
//!
//! The file has a head of 64 bytes (a mark, the key of what was asked, the sizes), then the answers as
//! little-endian floats, sample after sample in the order of the training part, and last a BLAKE3 hash of all
//! before it. It may be larger than memory: it is read where it lies.

use super::asked::Asked;
use crate::data::Loaded;
use crate::run::{Bytes, RunError, World};
use dlm_check::program::Split;
use std::io;

/// What a file of answers begins with.
const MARK: &[u8; 16] = b"dlm answers v2\n\0";
const HEAD: usize = 64;
const TAIL: usize = 32;
/// Samples that are asked about at once.
const BATCH: usize = 128;

/// Answers that are kept.
pub struct Kept {
    bytes: Bytes,
    width: usize,
}

/// What was asked: of whom, about what.
pub type Key = [u8; 32];

/// The key of the answers of a teacher, known by bytes that tell it from all others, to the training
/// part of a dataset.
pub fn key(teacher: &[u8], data: &Loaded) -> Key {
    let mut hash = blake3::Hasher::new();
    hash.update(&data.fingerprint());
    hash.update(teacher);
    hash.finalize().into()
}

impl Kept {
    /// The answers that an earlier training has kept under that name, if they are to the same question.
    pub fn recall(name: &str, key: &Key, sizes: [usize; 2], world: &mut dyn World) -> Option<Kept> {
        let bytes = world.recall(name)?;
        let all = (*bytes).as_ref();
        let end = HEAD + 4 * sizes[0] * sizes[1];
        let good = all.len() == end + TAIL
            && all[..HEAD] == head(key, sizes)
            && *blake3::hash(&all[..end]).as_bytes() == all[end..];
        good.then(|| Kept { bytes: bytes.clone(), width: sizes[1] })
    }

    /// Asks a teacher about the training part and keeps its answers under a name.
    ///
    /// # Errors
    /// When it cannot answer, or the answers cannot be written.
    pub fn ask(
        name: &str,
        key: &Key,
        teacher: &mut Asked,
        data: &Loaded,
        world: &mut dyn World,
    ) -> Result<Kept, RunError> {
        let (samples, width) = (data.len(Split::Train), teacher.width());
        let size = data.facts.shape.len();
        let mut failed = None;
        let mut x = vec![0.0; BATCH * size];
        let mut bytes = Vec::with_capacity(BATCH * width * 4);
        let mut write = |file: &mut dyn io::Write| -> io::Result<()> {
            let mut hash = blake3::Hasher::new();
            let mut put = |bytes: &[u8]| {
                hash.update(bytes);
                file.write_all(bytes)
            };
            put(&head(key, [samples, width]))?;
            for start in (0..samples).step_by(BATCH) {
                let places: Vec<u32> =
                    (start..samples.min(start + BATCH)).map(|place| place as u32).collect();
                let x = &mut x[..places.len() * size];
                data.fill_places(Split::Train, &places, x);
                if let Err(why) = teacher.ask(x, &places) {
                    failed = Some(why.clone());
                    return Err(io::Error::other(why));
                }
                bytes.clear();
                bytes.extend(teacher.answers().iter().flat_map(|x| x.to_le_bytes()));
                put(&bytes)?;
            }
            file.write_all(hash.finalize().as_bytes())
        };
        let kept = world.keep(name, &mut write);
        if let Some(why) = failed {
            return Err(RunError::plain(why));
        }
        let bytes =
            kept.map_err(|why| RunError::plain(format!("its answers cannot be kept: {why}")))?;
        Ok(Kept { bytes, width })
    }

    /// Writes the answers to samples at these places of the training part.
    pub fn fill(&self, places: &[u32], out: &mut [f32]) {
        let rows = &(*self.bytes).as_ref()[HEAD..];
        let size = 4 * self.width;
        for (out, &place) in out.chunks_exact_mut(self.width).zip(places) {
            let row = &rows[place as usize * size..][..size];
            for (x, bytes) in out.iter_mut().zip(row.chunks_exact(4)) {
                *x = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
        }
    }
}

fn head(key: &Key, sizes: [usize; 2]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..16].copy_from_slice(MARK);
    head[16..48].copy_from_slice(key);
    for (place, size) in head[48..].chunks_exact_mut(8).zip(sizes) {
        place.copy_from_slice(&(size as u64).to_le_bytes());
    }
    head
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("width", &self.width).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::run::Write;
    use std::sync::Arc;

    #[derive(Default)]
    struct Folder(Option<Bytes>);

    impl World for Folder {
        fn save(&mut self, _: &str, _: &[u8]) -> Result<String, String> {
            Err("nothing is saved here".to_string())
        }
        fn export(&mut self, _: &str, _: &[u8]) -> Result<(), String> {
            Err("nothing is exported here".to_string())
        }
        fn recall(&mut self, _: &str) -> Option<Bytes> {
            self.0.clone()
        }
        fn keep(&mut self, _: &str, write: &mut Write<'_>) -> Result<Bytes, String> {
            let mut bytes = Vec::new();
            write(&mut bytes).map_err(|e| e.to_string())?;
            let bytes: Bytes = Arc::new(bytes);
            self.0 = Some(bytes.clone());
            Ok(bytes)
        }
        fn forget(&mut self, _: &str) {}
        fn checkpoint(&mut self, _: &str, _: Vec<u8>) -> Result<(), String> {
            Err("nothing is kept here".to_string())
        }
        fn settle(&mut self) -> Result<(), String> {
            Ok(())
        }
        fn stopping(&self) -> bool {
            false
        }
        fn memory(&self) -> Option<u64> {
            None
        }
        fn seconds(&self) -> f64 {
            0.0
        }
        fn tell(&mut self, _: Event) {}
    }

    fn written(key: &Key, sizes: [usize; 2], rows: &[f32]) -> Bytes {
        let mut bytes = head(key, sizes).to_vec();
        bytes.extend(rows.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(blake3::hash(&bytes).as_bytes());
        Arc::new(bytes)
    }

    #[test]
    fn answers_come_back_by_place_and_only_to_the_same_question() {
        let (key, sizes) = ([7; 32], [3, 2]);
        let rows = [1.0, -1.0, 2.0, -2.0, 3.0, -3.0];
        let mut folder = Folder(Some(written(&key, sizes, &rows)));
        let kept = Kept::recall("a", &key, sizes, &mut folder).unwrap();
        let mut out = [0.0; 4];
        kept.fill(&[2, 0], &mut out);
        assert_eq!(out, [3.0, -3.0, 1.0, -1.0]);
        assert!(Kept::recall("a", &[8; 32], sizes, &mut folder).is_none());
        assert!(Kept::recall("a", &key, [2, 3], &mut folder).is_none());
        // A file that was cut short is asked for anew.
        let cut = (*written(&key, sizes, &rows[..5])).as_ref().to_vec();
        assert!(Kept::recall("a", &key, sizes, &mut Folder(Some(Arc::new(cut)))).is_none());
        // So is one that was damaged.
        let mut damaged = (*written(&key, sizes, &rows)).as_ref().to_vec();
        damaged[HEAD + 5] ^= 1;
        assert!(Kept::recall("a", &key, sizes, &mut Folder(Some(Arc::new(damaged)))).is_none());
        assert!(Kept::recall("a", &key, sizes, &mut Folder::default()).is_none());
    }
}
