//! Files that blocks of a page stand for, where a text cannot be the file itself.

/// The bytes of a block with a file name.
///
/// - `npy answers.npy`: the sizes of an array of zeros; on a second line how many numbers are there, if not all.
/// - `idx images`: the sizes of an array of bytes.
/// - `onnx net.onnx`: a line each for inputs and results, `in ?, 1, 8, 8` or `out ?, 10`; `?` is open.
/// - `safetensors net.safetensors`: the header, and on a second line how many bytes follow.
/// - `torch net.pt`: an archive that holds nothing; with the line `cut` without its end.
///
/// All else is the file.
pub(crate) fn content(kind: &str, body: &str) -> Vec<u8> {
    let (first, rest) = body.split_once('\n').unwrap_or((body, ""));
    match kind {
        "npy" => npy(first, rest.trim().parse().ok()),
        "idx" => idx(&sizes(first).into_iter().flatten().collect::<Vec<usize>>()),
        "onnx" => onnx(body),
        "safetensors" => safetensors(first, rest.trim().parse().expect("a count")),
        "torch" => torch(first.trim() != "cut"),
        _ => body.as_bytes().to_vec(),
    }
}

/// An array of zeros, as NumPy writes it; with so many numbers.
pub(crate) fn npy(row: &str, count: Option<usize>) -> Vec<u8> {
    let count = count.unwrap_or_else(|| sizes(row).into_iter().flatten().product());
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({row}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(vec![0; 4 * count]);
    bytes
}

/// An IDX file of bytes of these sizes: sample `i` is all `i % 10`.
pub(crate) fn idx(sizes: &[usize]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|&size| bytes.extend((size as u32).to_be_bytes()));
    let each: usize = sizes[1..].iter().product();
    (0..sizes[0]).for_each(|i| bytes.extend(std::iter::repeat_n((i % 10) as u8, each)));
    bytes
}

/// A network without operators.
pub(crate) fn onnx(body: &str) -> Vec<u8> {
    let values = body.lines().map(|line| match line.split_once(' ') {
        Some(("in", row)) => field(11, &value("x", &sizes(row))),
        Some(("out", row)) => field(12, &value("y", &sizes(row))),
        _ => panic!("`{line}` is neither an input nor a result"),
    });
    let graph: Vec<u8> = values.flatten().collect();
    [vec![0x08, 8], field(7, &graph)].concat()
}

fn safetensors(header: &str, bytes: usize) -> Vec<u8> {
    let len = (header.len() as u64).to_le_bytes();
    [&len[..], header.as_bytes(), &vec![0; bytes]].concat()
}

fn torch(whole: bool) -> Vec<u8> {
    let end: &[u8] = if whole { b"PK\x05\x06" } else { b"" };
    [b"PK\x03\x04", end, &[0; 18]].concat()
}

fn sizes(row: &str) -> Vec<Option<usize>> {
    row.split(',').map(|size| size.trim().parse().ok()).collect()
}

fn value(name: &str, sizes: &[Option<usize>]) -> Vec<u8> {
    let axis = |size: &Option<usize>| match size {
        Some(size) => field(1, &[0x08, u8::try_from(*size).expect("a small size")]),
        None => field(1, &field(2, b"n")),
    };
    let shape: Vec<u8> = sizes.iter().flat_map(axis).collect();
    let tensor = [vec![0x08, 1], field(2, &shape)].concat();
    [field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat()
}

/// A field of a Protocol Buffers message, up to 127 bytes long.
fn field(number: u8, inner: &[u8]) -> Vec<u8> {
    let len = u8::try_from(inner.len()).ok().filter(|len| *len < 0x80).expect("a short field");
    [&[number << 3 | 2, len][..], inner].concat()
}
