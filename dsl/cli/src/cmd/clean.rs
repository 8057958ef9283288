//! `dlm clean`: what a program no longer needs is removed from the folder of its runs.

use crate::args::Clean;
use crate::console::{Console, Style};
use crate::files::{self, Disk};
use crate::human::{bytes, plural};
use crate::lock::Lock;
use crate::{Failure, Status, diagnose};
use dlm_learn::clean::{Folder, unneeded};
use std::path::Path;

/// Removes what the program no longer needs.
pub(crate) fn clean(args: Clean, console: &mut Console) -> Result<Status, Failure> {
    let checked = match diagnose::sound(&args.file, &args.set, true, console)? {
        Ok(checked) => checked,
        Err(status) => return Ok(status),
    };
    let folder = super::run::folder(&args.file, args.out.as_deref());
    if !folder.is_dir() {
        console.out.line(format!("{}: no run has written there", folder.display()));
        return Ok(Status::Good);
    }
    let waiting = |who| console.err.line(console.err.paint(Style::Dim, who));
    let _lock = Lock::take(&folder, waiting, || false)?;
    let mut names = Vec::new();
    list(&folder, "", &mut names)
        .map_err(|e| Failure::run(format!("{}: {e}", folder.display())))?;
    let read = |name: &str| files::read(&folder.join(name)).ok();
    let found = unneeded(&checked.program, &Disk, &Folder { names: &names, read: &read });
    let mut size = 0;
    for name in &found {
        let path = folder.join(name);
        size += std::fs::metadata(&path).map_or(0, |about| about.len());
        if !args.dry_run {
            std::fs::remove_file(&path)
                .map_err(|e| Failure::run(format!("{} cannot be removed: {e}", path.display())))?;
            // A folder that is empty now is of no use; one that is not stays.
            if let Some(inside) = path.parent().filter(|inside| *inside != folder) {
                let _ = std::fs::remove_dir(inside);
            }
        }
        console.out.line(path.display());
    }
    let verb = if args.dry_run { "would be removed" } else { "removed" };
    let text = match found.len() {
        0 => "nothing to remove".to_string(),
        n => format!("{verb}: {}, {}", plural(n, "file"), bytes(size)),
    };
    console.out.line(console.out.paint(Style::Dim, text));
    Ok(Status::Good)
}

/// The names of the files in a folder, with those of the folders in it.
fn list(folder: &Path, before: &str, names: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        // Links lead elsewhere: what is there is not the run's.
        match entry.file_type()? {
            kind if kind.is_dir() => list(&entry.path(), &format!("{name}/"), names)?,
            kind if kind.is_file() => names.push(name),
            _ => {}
        }
    }
    names.sort();
    Ok(())
}
