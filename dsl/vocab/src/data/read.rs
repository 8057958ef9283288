//! Opening data files: what every reader of bytes shares. A size that a header claims is never
//! believed before the file has shown as many bytes.

use super::DataError;
use crate::word::{Arg, Args};
use dlm_base::Files;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufReader, Read, SeekFrom};

/// The argument that names a file: the parameter, and its place among repeated ones.
pub(crate) type Param = (&'static str, usize);

/// The most bytes that a source may take in memory.
pub const MAX_BYTES: u64 = 8 << 30;

/// What DEFLATE can do at best: so many bytes from one (zlib's technical notes give 1032).
const MAX_RATIO: u64 = 1032;

/// An open data file; what is compressed with gzip (known by its first two bytes) comes decompressed.
pub(crate) struct Input<'a> {
    reader: Box<dyn Read + 'a>,
    /// The bytes that are surely there.
    exact: Option<u64>,
    /// The bytes that can be there at most.
    bound: u64,
    path: String,
    param: Param,
}

impl<'a> Input<'a> {
    /// Opens a file.
    pub(crate) fn open(
        files: &dyn Files,
        path: &str,
        param: Param,
    ) -> Result<Input<'a>, DataError> {
        let error = |e: &dyn std::fmt::Display| DataError::file(param, path, e);
        let len = files.len(path).map_err(|e| error(&e))?;
        let mut file = files.open(path).map_err(|e| error(&e))?;
        let mut start = [0; 2];
        let got = file.read(&mut start).map_err(|e| error(&e))?;
        file.seek(SeekFrom::Start(0)).map_err(|e| error(&e))?;
        let path = path.to_string();
        Ok(if got == 2 && start == [0x1f, 0x8b] {
            let reader = Box::new(BufReader::new(MultiGzDecoder::new(file)));
            Input { reader, exact: None, bound: inflated(len), path, param }
        } else {
            let reader = Box::new(BufReader::new(file));
            Input { reader, exact: Some(len), bound: len, path, param }
        })
    }

    /// Bytes from another reader, `packed` bytes long before they were inflated.
    pub(crate) fn inflate(
        reader: impl Read + 'a,
        packed: u64,
        path: &str,
        param: Param,
    ) -> Input<'a> {
        let reader = Box::new(BufReader::new(reader));
        Input { reader, exact: None, bound: inflated(packed), path: path.to_string(), param }
    }

    /// The bytes that are left, where the file is not compressed.
    pub(crate) fn exact(&self) -> Option<u64> {
        self.exact
    }

    /// The first `N` bytes of a header; `what` names the format.
    pub(crate) fn header<const N: usize>(&mut self, what: &str) -> Result<[u8; N], DataError> {
        let mut bytes = [0; N];
        let got = self.fill(&mut bytes)?;
        if got < N {
            return Err(self.error(format!("the file ends within the header of {what}")));
        }
        Ok(bytes)
    }

    /// Reads until `buffer` is full or the file ends; how many bytes came.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, DataError> {
        let mut got = 0;
        while got < buffer.len() {
            match self.reader.read(&mut buffer[got..]) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.broken(&e)),
            }
        }
        self.exact = self.exact.map(|left| left.saturating_sub(got as u64));
        Ok(got)
    }

    /// Fails unless `bytes` more bytes, and no more, can be there.
    pub(crate) fn expect(&self, bytes: u64, what: &str) -> Result<(), DataError> {
        let bytes_text = grouped(bytes);
        if bytes > MAX_BYTES {
            let message = format!("{what} take {bytes_text} bytes, more than 8 GiB");
            return Err(self.error(message));
        }
        match self.exact {
            Some(left) if left != bytes => Err(self.error(format!(
                "the header promises {bytes_text} bytes of {what}, the file holds {}",
                grouped(left)
            ))),
            None if bytes > self.bound => Err(self.error(format!(
                "the header promises {bytes_text} bytes of {what}, the compressed file cannot hold as many"
            ))),
            _ => Ok(()),
        }
    }

    /// Exactly so many bytes, after [`Input::expect`].
    pub(crate) fn bytes(&mut self, bytes: u64, what: &str) -> Result<Vec<u8>, DataError> {
        let mut data = Vec::with_capacity(self.exact.map_or(0, |left| left.min(bytes)) as usize);
        let result = self.reader.by_ref().take(bytes).read_to_end(&mut data);
        result.map_err(|e| self.broken(&e))?;
        self.exact = self.exact.map(|left| left.saturating_sub(data.len() as u64));
        if (data.len() as u64) < bytes {
            return Err(self.short(bytes, data.len() as u64, what));
        }
        Ok(data)
    }

    /// Everything that is left, at most `limit` bytes; whether that was all.
    pub(crate) fn rest(&mut self, limit: u64) -> Result<(Vec<u8>, bool), DataError> {
        let mut data = Vec::with_capacity(self.exact.map_or(0, |left| left.min(limit)) as usize);
        let result = self.reader.by_ref().take(limit).read_to_end(&mut data);
        result.map_err(|e| self.broken(&e))?;
        let mut one = [0];
        let whole = (data.len() as u64) < limit || self.fill(&mut one)? == 0;
        Ok((data, whole))
    }

    /// Fails when bytes are left.
    pub(crate) fn end(&mut self, what: &str) -> Result<(), DataError> {
        let mut one = [0];
        match self.fill(&mut one)? {
            0 => Ok(()),
            _ => Err(self.error(format!("bytes follow the end of {what}"))),
        }
    }

    /// The error of a file that ends too early.
    pub(crate) fn short(&self, promised: u64, got: u64, what: &str) -> DataError {
        let (promised, got) = (grouped(promised), grouped(got));
        self.error(format!("the header promises {promised} bytes of {what}, the file holds {got}"))
    }

    /// An error about what the file holds.
    pub(crate) fn error(&self, message: impl Into<String>) -> DataError {
        DataError::content(self.param, message)
    }

    /// The error of a read that failed: of the file, or of what is compressed in it.
    fn broken(&self, error: &io::Error) -> DataError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.error("the compressed data end too early"),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                self.error(format!("the compressed data are damaged ({error})"))
            }
            _ => DataError::file(self.param, &self.path, error),
        }
    }
}

/// The files of a source that takes several, in order.
pub(crate) fn paths(args: &Args) -> Vec<&str> {
    let rest = args.rest().iter().map(|arg| match arg {
        Arg::Str(path) => path.as_str(),
        other => panic!("file: path, not {other:?}"),
    });
    std::iter::once(args.str("file")).chain(rest).collect()
}

/// The format that begins with these bytes, in words, if it is a known one.
pub(crate) fn format_of(start: &[u8]) -> Option<&'static str> {
    let formats: [(&[u8], &str); 9] = [
        (b"\x93NUMPY", "a NumPy array"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"PAR1", "a Parquet file"),
        (b"\x89HDF", "an HDF5 file"),
        (b"\x80\x04\x95", "a Python pickle"),
        (b"\x1f\x8b", "gzip data"),
        (b"\x00\x00\x08", "an IDX file"),
    ];
    formats.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name).or_else(
        || {
            let text = |&b: &u8| b == b'\n' || b == b'\r' || b == b'\t' || (32..127).contains(&b);
            (!start.is_empty() && start.iter().all(text)).then_some("text")
        },
    )
}

/// A whole number with commas between groups of three digits: `60,000`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The most bytes that `packed` compressed bytes can become.
fn inflated(packed: u64) -> u64 {
    packed.saturating_mul(MAX_RATIO).saturating_add(1 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlm_base::files::MemFiles;
    use std::io::Write;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        let mut files = MemFiles::default();
        files.put("plain", &b"abc"[..]);
        files.put("packed", gz(b"abc"));
        files.put("cut", gz(b"abc")[..12].to_vec());
        let open = |path| Input::open(&files, path, ("file", 0)).unwrap();
        for path in ["plain", "packed"] {
            assert_eq!(open(path).bytes(3, "letters"), Ok(b"abc".to_vec()));
            assert_eq!(open(path).rest(2), Ok((b"ab".to_vec(), false)));
            assert_eq!(open(path).rest(3), Ok((b"abc".to_vec(), true)));
            let short = open(path).bytes(4, "letters").unwrap_err().to_string();
            assert_eq!(short, "the header promises 4 bytes of letters, the file holds 3");
            let mut input = open(path);
            assert_eq!(input.bytes(2, "letters").map(|b| b.len()), Ok(2));
            assert_eq!(
                input.end("letters").unwrap_err().to_string(),
                "bytes follow the end of letters"
            );
        }
        let cut = open("cut").bytes(3, "letters").unwrap_err().to_string();
        assert_eq!(cut, "the compressed data end too early");
    }

    #[test]
    fn claims_beyond_the_file_are_refused_before_memory_is_taken() {
        let mut files = MemFiles::default();
        files.put("plain", &b"abc"[..]);
        files.put("packed", gz(b"abc"));
        let open = |path| Input::open(&files, path, ("file", 0)).unwrap();
        assert!(open("plain").expect(3, "letters").is_ok());
        assert!(open("plain").expect(2, "letters").is_err());
        assert!(open("packed").expect(3, "letters").is_ok());
        assert!(open("packed").expect(1 << 20, "letters").is_err());
        assert!(open("packed").expect(u64::MAX, "letters").is_err());
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
