//! A Parquet file: its columns, and their values one after the other.

use crate::data::DataError;
use crate::data::columns::Named;
use crate::data::read::{Param, format_of, grouped};
use bytes::Bytes;
use dlm_base::Files;
use dlm_base::files::ReadSeek;
use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::io::{self, BufReader, Read, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// What stands for a number that is not known.
pub(super) const HELP_GAP: &str = "a null stands for a number that is not known";

/// So many values are decoded at a time.
const BATCH: usize = 4096;

const FILE: Param = ("file", 0);

/// A file of which the schema has been read.
pub(super) struct Table {
    reader: SerializedFileReader<Chunks>,
    names: Vec<String>,
    /// For each column: its leaf of the schema and what its values are, or why it cannot be read.
    kinds: Vec<Result<(usize, Kind), String>>,
    /// How many rows there are by the file's own account.
    pub(super) rows: usize,
}

/// A value of a column.
pub(super) enum Value<'a> {
    Gap,
    Single(f32),
    Double(f64),
    Truth(bool),
    Text(&'a str),
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Numbers as they are stored.
    Plain,
    /// Whole numbers without a sign.
    Unsigned,
    /// Numbers to be divided by this: decimals, times, moments.
    Parts(f64),
    /// Floats of 16 bits.
    Half,
    /// Texts.
    Text,
}

impl Table {
    /// Reads what the end of a file says of it.
    pub(super) fn open(files: &dyn Files, path: &str) -> Result<Table, DataError> {
        let error = |e: &dyn std::fmt::Display| DataError::file(FILE, path, e);
        let len = files.len(path).map_err(|e| error(&e))?;
        let mut file = files.open(path).map_err(|e| error(&e))?;
        let mut start = [0; 8];
        let got = file.read(&mut start).map_err(|e| error(&e))?;
        check_ends(&mut file, &start[..got], len)?;
        let chunks = Chunks { file: Arc::new(Mutex::new(file)), len };
        let reader = guarded(|| SerializedFileReader::new(chunks).map_err(|e| damaged(&e)))?;
        let meta = reader.metadata();
        let schema = meta.file_metadata().schema_descr();
        let fields = schema.root_schema().get_fields();
        let names: Vec<String> = fields.iter().map(|field| field.name().to_string()).collect();
        let leaf = |root: usize| {
            (0..schema.num_columns()).find(|&leaf| schema.get_column_root_idx(leaf) == root)
        };
        let kinds = (0..fields.len()).map(|root| match leaf(root) {
            Some(leaf) if fields[root].is_primitive() => {
                let column = schema.column(leaf);
                match column.max_rep_level() {
                    0 => kind(&column).map(|kind| (leaf, kind)),
                    _ => Err("holds lists".to_string()),
                }
            }
            _ => Err("is nested".to_string()),
        });
        let kinds = kinds.collect();
        let rows = meta.row_groups().iter().try_fold(0usize, |sum, group| {
            usize::try_from(group.num_rows()).ok().and_then(|rows| sum.checked_add(rows))
        });
        match rows {
            None => Err(content("the file is damaged (a number of rows is negative)".to_string())),
            Some(0) => Err(content("the file has no rows".to_string())),
            Some(rows) => Ok(Table { names, kinds, rows, reader }),
        }
    }

    /// Whether a column is one of texts.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub(super) fn is_text_column(&self, place: usize) -> Result<bool, DataError> {
        Ok(self.kind(place)?.1 == Kind::Text)
    }

    /// Whether the file itself says that a column has no values.
    pub(super) fn is_empty(&self, place: usize) -> bool {
        let Ok((leaf, _)) = self.kinds[place] else { return false };
        self.reader.metadata().row_groups().iter().all(|group| {
            let nulls = group.columns().get(leaf).and_then(|chunk| chunk.statistics());
            nulls.and_then(|it| it.null_count_opt()) == u64::try_from(group.num_rows()).ok()
        })
    }

    /// Calls `f(row, value)` for each row of a column, rows counted from 1; ends behind the row group that
    /// reaches `limit` stored bytes.
    pub(super) fn each(
        &self,
        place: usize,
        limit: u64,
        mut f: impl FnMut(u64, Value<'_>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let (leaf, kind) = self.kind(place)?;
        let name = &self.names[place];
        let (mut row, mut bytes) = (0u64, 0u64);
        for (number, group) in self.reader.metadata().row_groups().iter().enumerate() {
            if bytes >= limit {
                break;
            }
            let Some(chunk) = group.columns().get(leaf) else {
                return Err(content(format!("the file is damaged (it lacks column `{name}`)")));
            };
            let Ok(stored) = u64::try_from(chunk.compressed_size()) else {
                return Err(content("the file is damaged (a size is negative)".to_string()));
            };
            bytes += stored;
            if let Some(codec) = unread(chunk.compression()) {
                let message = format!("column `{name}` is compressed with {codec}");
                return Err(content(message).help("write the file with snappy, gzip or zstd"));
            }
            let promised = u64::try_from(group.num_rows()).unwrap_or(0);
            let start = row;
            let mut value = |value: Option<Value<'_>>| {
                row += 1;
                let value = value.ok_or_else(|| {
                    let row = grouped(row);
                    content(format!("row {row} has bytes in column `{name}` that are no text"))
                        .help(help_features(name))
                })?;
                f(row, value)
            };
            guarded(|| {
                let group = self.reader.get_row_group(number).map_err(|e| damaged(&e))?;
                let reader = group.get_column_reader(leaf).map_err(|e| damaged(&e))?;
                column(reader, kind, &mut value)
            })?;
            if row - start != promised {
                let (promised, got) = (grouped(promised), grouped(row - start));
                return Err(content(format!(
                    "the file is damaged (it promises {promised} rows and column `{name}` has {got})"
                )));
            }
        }
        Ok(())
    }

    /// The leaf and the kind of a column.
    fn kind(&self, place: usize) -> Result<(usize, Kind), DataError> {
        self.kinds[place].clone().map_err(|why| {
            let name = &self.names[place];
            content(format!("column `{name}` {why}, which is neither number nor text"))
                .help(help_features(name))
        })
    }
}

impl Named for Table {
    const PLACE: &'static str = "row";

    fn names(&self) -> &[String] {
        &self.names
    }

    fn help_text(&self, _: u64) -> &'static str {
        HELP_GAP
    }
}

/// What to do about a column that cannot be read.
fn help_features(name: &str) -> String {
    format!("list the columns to read in `features`, without `{name}`")
}

/// Fails unless a file begins and ends as Parquet files do.
fn check_ends(file: &mut Box<dyn ReadSeek>, start: &[u8], len: u64) -> Result<(), DataError> {
    if start.starts_with(b"PARE") {
        return Err(content("the file is encrypted".to_string()));
    }
    if !start.starts_with(b"PAR1") {
        let what = match start {
            [] => "empty",
            _ => format_of(start).unwrap_or("something else"),
        };
        let error = content(format!("it is not a Parquet file but {what}"));
        return Err(match what {
            "text" => error.help("read a table of text with `csv`"),
            "gzip data" => error.help("unpack it: Parquet files are compressed inside"),
            _ => error,
        });
    }
    let mut end = [0; 4];
    let read = file.seek(SeekFrom::Start(len.saturating_sub(4)));
    let read = read.and_then(|_| file.read_exact(&mut end));
    match read {
        Ok(()) if &end == b"PAR1" && len >= 12 => Ok(()),
        _ => Err(content("the file is cut short: a Parquet file ends with `PAR1`".to_string())
            .help("copy or write it anew")),
    }
}

/// What the values of a column are, or why it cannot be read.
fn kind(column: &ColumnDescriptor) -> Result<Kind, String> {
    use ConvertedType as C;
    use LogicalType as L;
    const DAY: f64 = 86_400.0;
    let per_second = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1e3,
        TimeUnit::MICROS => 1e6,
        TimeUnit::NANOS => 1e9,
    };
    let stored = column.physical_type();
    let decimal = |scale: i32| Kind::Parts(10f64.powi(scale));
    Ok(match (stored, column.logical_type_ref(), column.converted_type()) {
        (Type::BYTE_ARRAY, Some(L::Decimal(it)), _) => decimal(it.scale),
        (Type::BYTE_ARRAY, _, C::DECIMAL) => decimal(column.type_scale()),
        (
            Type::BYTE_ARRAY,
            None | Some(L::String | L::Enum | L::Json),
            C::NONE | C::UTF8 | C::ENUM | C::JSON,
        ) => Kind::Text,
        (Type::BYTE_ARRAY, ..) => return Err("holds bytes".to_string()),
        (Type::FIXED_LEN_BYTE_ARRAY, Some(L::Float16), _) => Kind::Half,
        (Type::FIXED_LEN_BYTE_ARRAY, Some(L::Decimal(it)), _) => decimal(it.scale),
        (Type::FIXED_LEN_BYTE_ARRAY, _, C::DECIMAL) => decimal(column.type_scale()),
        (Type::FIXED_LEN_BYTE_ARRAY, ..) => return Err("holds bytes".to_string()),
        (Type::INT32 | Type::INT64, Some(L::Decimal(it)), _) => decimal(it.scale),
        (Type::INT32 | Type::INT64, Some(L::Timestamp(it)), _) => {
            Kind::Parts(per_second(&it.unit) * DAY)
        }
        (Type::INT32 | Type::INT64, Some(L::Time(it)), _) => Kind::Parts(per_second(&it.unit)),
        (Type::INT32 | Type::INT64, Some(L::Integer(it)), _) if !it.is_signed => Kind::Unsigned,
        (Type::INT32 | Type::INT64, _, C::DECIMAL) => decimal(column.type_scale()),
        (Type::INT32 | Type::INT64, _, C::TIMESTAMP_MILLIS) => Kind::Parts(1e3 * DAY),
        (Type::INT32 | Type::INT64, _, C::TIMESTAMP_MICROS) => Kind::Parts(1e6 * DAY),
        (Type::INT32 | Type::INT64, _, C::TIME_MILLIS) => Kind::Parts(1e3),
        (Type::INT32 | Type::INT64, _, C::TIME_MICROS) => Kind::Parts(1e6),
        (Type::INT32 | Type::INT64, _, C::UINT_8 | C::UINT_16 | C::UINT_32 | C::UINT_64) => {
            Kind::Unsigned
        }
        (Type::INT96, ..) => Kind::Parts(1e3 * DAY),
        _ => Kind::Plain,
    })
}

/// Calls `f` with the values of a column of a row group; `None`: bytes that are no text.
fn column(
    reader: ColumnReader,
    kind: Kind,
    mut f: impl FnMut(Option<Value<'_>>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let part = |x: f64| match kind {
        Kind::Parts(parts) => x / parts,
        _ => x,
    };
    let bytes =
        |bytes: &[u8], f: &mut dyn FnMut(Option<Value<'_>>) -> Result<(), DataError>| match kind {
            Kind::Text => f(std::str::from_utf8(bytes).ok().map(Value::Text)),
            Kind::Half => f(<[u8; 2]>::try_from(bytes).ok().map(|half| {
                Value::Single(crate::data::array::half(u16::from_le_bytes(half)) as f32)
            })),
            _ => f(Some(Value::Double(part(big_endian(bytes))))),
        };
    match reader {
        ColumnReader::BoolColumnReader(it) => {
            values(it, |x| f(Some(x.map_or(Value::Gap, |&x| Value::Truth(x)))))
        }
        ColumnReader::FloatColumnReader(it) => {
            values(it, |x| f(Some(x.map_or(Value::Gap, |&x| Value::Single(x)))))
        }
        ColumnReader::DoubleColumnReader(it) => {
            values(it, |x| f(Some(x.map_or(Value::Gap, |&x| Value::Double(x)))))
        }
        ColumnReader::Int32ColumnReader(it) => values(it, |x| {
            let number = |&x: &i32| match kind {
                Kind::Unsigned => f64::from(x as u32),
                _ => part(f64::from(x)),
            };
            f(Some(x.map_or(Value::Gap, |x| Value::Double(number(x)))))
        }),
        ColumnReader::Int64ColumnReader(it) => values(it, |x| {
            let number = |&x: &i64| match kind {
                Kind::Unsigned => x as u64 as f64,
                _ => part(x as f64),
            };
            f(Some(x.map_or(Value::Gap, |x| Value::Double(number(x)))))
        }),
        ColumnReader::Int96ColumnReader(it) => values(it, |x| {
            f(Some(x.map_or(Value::Gap, |x| Value::Double(part(x.to_millis() as f64)))))
        }),
        ColumnReader::ByteArrayColumnReader(it) => values(it, |x| match x {
            None => f(Some(Value::Gap)),
            Some(x) => bytes(x.data(), &mut f),
        }),
        ColumnReader::FixedLenByteArrayColumnReader(it) => values(it, |x| match x {
            None => f(Some(Value::Gap)),
            Some(x) => bytes(x.data(), &mut f),
        }),
    }
}

/// Calls `f` with the values of a column of a row group, `None` for a null.
fn values<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    mut f: impl FnMut(Option<&T::T>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    loop {
        levels.clear();
        values.clear();
        let read = reader.read_records(BATCH, Some(&mut levels), None, &mut values);
        let (records, ..) = read.map_err(|e| damaged(&e))?;
        if records == 0 {
            return Ok(());
        }
        if levels.is_empty() {
            values.iter().try_for_each(|value| f(Some(value)))?;
        } else {
            let mut values = values.iter();
            levels.iter().try_for_each(|&level| match level {
                0 => f(None),
                _ => f(values.next()),
            })?;
        }
    }
}

/// A whole number of any length in two's complement, the highest byte first.
fn big_endian(bytes: &[u8]) -> f64 {
    let start = bytes.first().map_or(0.0, |&first| if first >= 128 { -1.0 } else { 0.0 });
    bytes.iter().fold(start, |sum, &byte| sum * 256.0 + f64::from(byte))
}

/// The result of work of the decoder; where it panics, the file is damaged.
fn guarded<T>(work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(content("the file is damaged (it cannot be decoded)".to_string())))
}

/// The name of a compression that is not read.
fn unread(compression: Compression) -> Option<&'static str> {
    match compression {
        Compression::LZO => Some("LZO"),
        Compression::BROTLI(_) => Some("brotli"),
        Compression::LZ4 | Compression::LZ4_RAW => Some("LZ4"),
        _ => None,
    }
}

fn content(message: String) -> DataError {
    DataError::content(FILE, message)
}

/// The error of a file that cannot be decoded.
fn damaged(error: &ParquetError) -> DataError {
    let text = error.to_string();
    let text = text.split_once(": ").map_or(&*text, |(_, rest)| rest);
    content(format!("the file is damaged ({text})"))
}

/// The bytes of a file, for the decoder.
struct Chunks {
    file: Arc<Mutex<Box<dyn ReadSeek>>>,
    len: u64,
}

/// The bytes from a place on.
struct Rest {
    file: Arc<Mutex<Box<dyn ReadSeek>>>,
    at: u64,
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Rest>;

    fn get_read(&self, start: u64) -> Result<BufReader<Rest>, ParquetError> {
        Ok(BufReader::new(Rest { file: self.file.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.len) {
            return Err(ParquetError::EOF("it ends too early".to_string()));
        }
        let mut bytes = vec![0; length];
        Rest { file: self.file.clone(), at: start }.read_exact(&mut bytes)?;
        Ok(Bytes::from(bytes))
    }
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let got = file.read(buffer)?;
        self.at += got as u64;
        Ok(got)
    }
}
