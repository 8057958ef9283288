//! Pictures as data in the page.

use crate::page::Picture;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType, Compression, Encoder};
use std::borrow::Cow;

/// Pixels a side from which a picture is shown smaller.
const LARGE: usize = 96;

/// A picture as a `data:` address of a PNG; none if its numbers do not fit together.
pub(crate) fn address(picture: &Picture) -> Option<String> {
    let color = match picture.channels {
        1 => ColorType::Grayscale,
        3 => ColorType::Rgb,
        _ => return None,
    };
    let [width, height] = [picture.width as usize, picture.height as usize];
    let bytes = width.checked_mul(height)?.checked_mul(usize::from(picture.channels))?;
    if bytes == 0 || bytes != picture.pixels.len() {
        return None;
    }
    let small = shrunk(picture);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, small.width, small.height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&small.pixels).ok()?;
    writer.finish().ok()?;
    Some(format!("data:image/png;base64,{}", STANDARD.encode(file)))
}

/// The picture with at most [`LARGE`] pixels a side: each is the mean of a square of the large picture's.
/// What is left at the right and at the bottom is cut off.
fn shrunk(picture: &Picture) -> Cow<'_, Picture> {
    let [width, height] = [picture.width as usize, picture.height as usize];
    let factor = width.max(height).div_ceil(LARGE).min(width.min(height));
    if factor < 2 {
        return Cow::Borrowed(picture);
    }
    let channels = usize::from(picture.channels);
    let (columns, rows) = (width / factor, height / factor);
    let mut pixels = Vec::with_capacity(columns * rows * channels);
    for row in 0..rows {
        for column in 0..columns {
            for channel in 0..channels {
                let square = (0..factor * factor).map(|i| {
                    let (y, x) = (row * factor + i / factor, column * factor + i % factor);
                    usize::from(picture.pixels[(y * width + x) * channels + channel])
                });
                let area = factor * factor;
                pixels.push(((square.sum::<usize>() + area / 2) / area) as u8);
            }
        }
    }
    let (width, height) = (columns as u32, rows as u32);
    Cow::Owned(Picture { width, height, channels: picture.channels, pixels })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, channels: u8) -> Picture {
        let bytes = width * height * u32::from(channels);
        let pixels = (0..bytes).map(|i| (i * 7) as u8).collect();
        Picture { width, height, channels, pixels }
    }

    fn decoded(picture: &Picture) -> Picture {
        let address = address(picture).unwrap();
        let file =
            STANDARD.decode(address.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let channels = if info.color_type == ColorType::Rgb { 3 } else { 1 };
        Picture { width: info.width, height: info.height, channels, pixels }
    }

    #[test]
    fn small_pictures_are_kept_exactly() {
        for it in [picture(8, 8, 1), picture(5, 3, 3), picture(96, 1, 1)] {
            assert_eq!(decoded(&it), it);
        }
    }

    #[test]
    fn large_pictures_become_smaller() {
        let mut it = picture(200, 100, 3);
        it.pixels = [10, 20, 30].repeat(200 * 100);
        let small = decoded(&it);
        assert_eq!((small.width, small.height), (66, 33));
        assert_eq!(small.pixels, [10, 20, 30].repeat(66 * 33));
    }

    #[test]
    fn numbers_that_do_not_fit_give_no_picture() {
        for (width, height, channels, bytes) in
            [(8, 8, 1, 63), (8, 8, 2, 128), (0, 8, 1, 0), (u32::MAX, u32::MAX, 3, 1)]
        {
            let it = Picture { width, height, channels, pixels: vec![0; bytes] };
            assert_eq!(address(&it), None);
        }
    }
}
