//! `dlm lsp`: the language server.

use crate::files::Disk;
use dlm_base::diag::codes;
use dlm_check::program::Network;
use dlm_check::stdlib;
use dlm_lsp::Host;
use dlm_vocab::word::doc_text;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Serves one editor until it says goodbye.
pub(crate) fn lsp() -> ExitCode {
    let folder = folder().and_then(|folder| {
        write(&folder).ok()?;
        folder.to_str().map(str::to_string)
    });
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("dlm"));
    let draw = |network: &Network, title: &str, path: &str| {
        crate::save::replace(Path::new(path), crate::draw::svg(network, title).as_bytes())
    };
    let host = Host { files: Box::new(Disk), folder, program, draw };
    ExitCode::from(dlm_lsp::serve(host) as u8)
}

/// Where files lie that an editor may be sent to: in the user's folder for what can be made again.
fn folder() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let base = of("XDG_CACHE_HOME")
        .or_else(|| of("LOCALAPPDATA"))
        .or_else(|| Some(of("HOME")?.join(".cache")))
        .filter(|path| path.is_absolute())
        .unwrap_or_else(std::env::temp_dir);
    Some(base.join("dlm").join(env!("CARGO_PKG_VERSION")))
}

/// Writes the library inside the binary and the explanations of the codes, to be read only.
fn write(folder: &Path) -> std::io::Result<()> {
    for part in stdlib::PARTS {
        place(&folder.join(part.path), part.text)?;
    }
    for code in codes::all() {
        let page = format!("# {}: {}\n\n{}\n", code.id, code.title, doc_text(code.doc).trim());
        place(&folder.join("codes").join(format!("{}.md", code.id)), &page)?;
    }
    Ok(())
}

/// Writes a file unless it holds the text already.
fn place(path: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(());
    }
    crate::save::replace(path, text.as_bytes())?;
    let mut permissions = std::fs::metadata(path)?.permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(path, permissions)
}
