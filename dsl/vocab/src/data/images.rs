//! `images`: a folder for each class.

use super::picture::{Picture, decode};
use super::read::{MAX_BYTES, grouped};
use super::{DataError, Facts, InputKind, Numbers, Samples, Source, Target, Targets};
use crate::word;
use crate::word::{Args, Default, Param as P, Type};
use dlm_base::{Files, Shape};
use dlm_kernels::par;

word! {
    /// Images in PNG or JPEG files, one folder for each class.
    ///
    /// ```dlm
    /// data Shoes {
    ///     train = images("photos/train", size = [64, 64])
    ///     test  = images("photos/test", size = [64, 64])
    /// }
    /// ```
    ///
    /// The folders in `folder` are the classes, in alphabetical order; a folder without folders is an
    /// unlabelled set. With `size` every image is resized to it (bilinear, each side by itself); without,
    /// all must have the size of the first. Samples have the shape `[channels, height, width]`: with 3
    /// channels grey images become colour ones, with 1 colours become their luminance. Names that begin
    /// with a dot and files that are neither `.png`, `.jpg` nor `.jpeg` are passed over.
    pub static IMAGES: Source = {
        name: "images",
        params: &[
            P {
                name: "folder",
                ty: Type::File,
                default: Default::Required,
                doc: "the folder of the classes' folders",
                aliases: &["path", "root"],
            },
            P {
                name: "size",
                ty: Type::Pair { min: 1 },
                default: Default::Absent,
                doc: "`[height, width]` to which images are resized; that of the first when not given",
                aliases: &["image_size", "target_size"],
            },
            P {
                name: "channels",
                ty: Type::Int { min: 1 },
                default: Default::Int(3),
                doc: "3 for colour, 1 for grey",
                aliases: &[],
            },
        ],
        aliases: &["ImageFolder", "image_dataset_from_directory", "flow_from_directory"],
    },
    rest: None,
    facts: facts,
    load: load,
}

/// What the folders and the first image tell.
fn facts(args: &Args, files: &dyn Files) -> Result<Facts, DataError> {
    Ok(list(args, files)?.0)
}

/// All images.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let (facts, paths, classes) = list(args, files)?;
    let channels = args.size("channels");
    let picture = Picture { channels, size: args.get("size").map(|_| args.pair("size")) };
    let len = facts.shape.len();
    let mut bytes = vec![0u8; len * paths.len()];
    let mut errors: Vec<Option<DataError>> = vec![None; paths.len()];
    par::chunks2((&mut bytes, len), (&mut errors, 1), usize::MAX, |i, image, error| {
        let result = decode(files, &paths[i], ("folder", 0), &picture);
        match result.and_then(|(pixels, size)| fit(&paths[i], size, &facts).map(|()| pixels)) {
            Ok(pixels) => image.copy_from_slice(&pixels),
            Err(e) => error[0] = Some(e),
        }
    });
    if let Some(error) = errors.into_iter().flatten().next() {
        return Err(error);
    }
    let targets = match facts.target {
        Target::None => Targets::None,
        _ => Targets::Classes(classes),
    };
    Ok(Samples { inputs: Numbers::U8 { bytes, scale: 255.0 }, facts, targets, format: None })
}

/// The facts, the paths of all images, and the class of each.
fn list(args: &Args, files: &dyn Files) -> Result<(Facts, Vec<String>, Vec<u32>), DataError> {
    let folder = args.str("folder").trim_end_matches('/');
    let channels = args.size("channels");
    if !matches!(channels, 1 | 3) {
        let message = format!("images have 1 or 3 channels, not {channels}");
        return Err(DataError::argument("channels", message));
    }
    let content = |message: String| DataError::content(("folder", 0), message);
    let names = |path: &str| {
        let names = files.list(path).map_err(|e| match e {
            dlm_base::FileError::Missing => {
                DataError::file(("folder", 0), path, "there is no such folder")
            }
            e => DataError::file(("folder", 0), path, e),
        })?;
        Ok(names.into_iter().filter(|name| !name.starts_with('.')).collect::<Vec<_>>())
    };
    let entries = names(folder)?;
    let folders: Vec<&str> = entries.iter().filter_map(|name| name.strip_suffix('/')).collect();
    let (mut paths, mut classes) = (Vec::new(), Vec::new());
    for (class, name) in folders.iter().enumerate() {
        let inside = format!("{folder}/{name}");
        let before = paths.len();
        paths.extend(
            names(&inside)?.iter().filter(|n| is_image(n)).map(|n| format!("{inside}/{n}")),
        );
        if paths.len() == before {
            let message = format!("the folder `{name}` holds no PNG or JPEG file");
            return Err(content(message));
        }
        classes.resize(paths.len(), class as u32);
    }
    if folders.is_empty() {
        paths.extend(entries.iter().filter(|n| is_image(n)).map(|n| format!("{folder}/{n}")));
    }
    let Some(first) = paths.first() else {
        return Err(content("the folder holds neither folders nor PNG or JPEG files".to_string())
            .help("put the images of each class in a folder of its name"));
    };
    let picture = Picture { channels, size: args.get("size").map(|_| args.pair("size")) };
    let (_, [height, width]) = decode(files, first, ("folder", 0), &picture)?;
    let bytes = (paths.len() as u64).saturating_mul((channels * height * width) as u64);
    if bytes > MAX_BYTES {
        return Err(content(format!(
            "{} images of {height}×{width} take more than 8 GiB",
            grouped(paths.len() as u64)
        ))
        .help("give a smaller `size`"));
    }
    let target = match folders.is_empty() {
        true => Target::None,
        false => Target::Classes(folders.iter().map(|name| name.to_string()).collect()),
    };
    let shape = Shape::of(&[channels, height, width]);
    let samples = paths.len();
    let kind = InputKind::Image;
    Ok((Facts { kind, shape, samples, target, columns: Vec::new(), tokens: None }, paths, classes))
}

/// Fails when an image has another size than the first.
fn fit(path: &str, [height, width]: [usize; 2], facts: &Facts) -> Result<(), DataError> {
    let [h, w] = [facts.shape.sizes()[1], facts.shape.sizes()[2]];
    if [height, width] == [h, w] {
        return Ok(());
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let message = format!("the image `{name}` is {height}×{width}, the first one {h}×{w}");
    Err(DataError::content(("folder", 0), message)
        .help(format!("resize all of them: `size = [{h}, {w}]`")))
}

/// Whether a file's name is that of an image.
fn is_image(name: &str) -> bool {
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    matches!(end.as_deref(), Some("png" | "jpg" | "jpeg"))
}
