//! Image files as pixels.

use super::DataError;
use super::read::{Input, Param, grouped};
use dlm_base::Files;
use image::imageops::{FilterType, resize};
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use std::io::Cursor;

/// The largest image file that is read.
const MAX_FILE: u64 = 256 << 20;

/// The most pixels that an image may have.
const MAX_PIXELS: u64 = 100_000_000;

/// Images of no more pixels than this are decoded whatever the size of their file.
const FREE_PIXELS: u64 = 1 << 20;

/// What an image is to become.
pub(crate) struct Picture {
    /// 1 for grey, 3 for red, green and blue.
    pub(crate) channels: usize,
    /// Height and width to which it is resized; its own where not given.
    pub(crate) size: Option<[usize; 2]>,
}

/// The pixels of a PNG or JPEG file, stored h, w, c, with height and width.
///
/// A PNG packs at most 8,256 pixels in a byte, a sensible JPEG far fewer: an image that claims more than
/// its file can hold is refused before memory is taken for it.
pub(crate) fn decode(
    files: &dyn Files,
    path: &str,
    param: Param,
    picture: &Picture,
) -> Result<(Vec<u8>, [usize; 2]), DataError> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut input = Input::open(files, path, param)?;
    let (bytes, whole) = input.rest(MAX_FILE)?;
    if !whole {
        return Err(input.error(format!("the image `{name}` is larger than 256 MiB")));
    }
    let image = pixels(&bytes).map_err(|why| input.error(format!("the image `{name}` {why}")))?;
    let [height, width] = picture.size.unwrap_or([image.height() as usize, image.width() as usize]);
    let (w, h) = (width as u32, height as u32);
    let same = image.width() == w && image.height() == h;
    let data = match (picture.channels, same) {
        (1, true) => image.into_luma8().into_raw(),
        (1, false) => resize(&image.into_luma8(), w, h, FilterType::Triangle).into_raw(),
        (_, true) => image.into_rgb8().into_raw(),
        (_, false) => resize(&image.into_rgb8(), w, h, FilterType::Triangle).into_raw(),
    };
    Ok((data, [height, width]))
}

/// Decodes an image; an error completes "the image … ".
fn pixels(bytes: &[u8]) -> Result<DynamicImage, String> {
    let describe = |e: ImageError| match e {
        ImageError::Unsupported(_) => "is neither PNG nor JPEG".to_string(),
        ImageError::Limits(_) => "needs more memory than an image may".to_string(),
        e => format!("is damaged ({e})"),
    };
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|e| format!("cannot be read ({e})"))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(16 * MAX_PIXELS);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(describe)?;
    let (width, height) = decoder.dimensions();
    let count = u64::from(width) * u64::from(height);
    if count == 0 {
        return Err("has no pixels".to_string());
    }
    let bound = (bytes.len() as u64 * 8256).clamp(FREE_PIXELS, MAX_PIXELS);
    if count > bound {
        let len = grouped(bytes.len() as u64);
        return Err(format!("claims {width}×{height} pixels in a file of {len} bytes"));
    }
    DynamicImage::from_decoder(decoder).map_err(describe)
}
