//! The standard library, written in the language and held inside the binary.

/// A part of the library: `vision`.
#[derive(Debug)]
pub struct Part {
    /// The name behind `std.`.
    pub name: &'static str,
    /// The path under which messages show it: `std/vision.dlm`.
    pub path: &'static str,
    /// The text.
    pub text: &'static str,
}

impl Part {
    /// The names that it declares, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.text.lines().filter_map(|line| {
            let rest = line.strip_prefix("layer ").or_else(|| line.strip_prefix("model "))?;
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            Some(&rest[..end])
        })
    }
}

/// Declares the parts from the files of the folder `stdlib`.
macro_rules! parts {
    ($($name:literal),+ $(,)?) => {
        &[$(Part {
            name: $name,
            path: concat!("std/", $name, ".dlm"),
            text: include_str!(concat!("../../../stdlib/", $name, ".dlm")),
        }),+]
    };
}

/// All parts, by name.
pub static PARTS: &[Part] = parts!["mlp", "sequence", "vision"];

/// The part of that name.
pub fn find(name: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.name == name)
}

/// The part that declares `name`.
pub fn part_with(name: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.names().any(|known| known == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_files_of_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../stdlib");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter_map(|name| name.strip_suffix(".dlm").map(str::to_string))
            .collect();
        files.sort();
        let parts: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        assert_eq!(parts, files);
    }

    #[test]
    fn a_part_knows_its_names() {
        assert_eq!(part_with("ResidualBlock").map(|part| part.name), Some("vision"));
        assert!(part_with("Residual").is_none());
    }
}
