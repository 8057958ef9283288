//! `dlm new`: a project to start from.

use crate::args::New;
use crate::console::{Console, Style};
use crate::{Failure, Status, save};
use std::path::Path;

/// Makes the folder of a project; refuses one that holds anything.
pub(crate) fn new(args: New, console: &mut Console) -> Result<Status, Failure> {
    let folder = args.name;
    let Some(name) = folder.file_name().and_then(|name| name.to_str()).map(str::to_string) else {
        return Err(Failure::usage(format!("{}: a project needs a name", folder.display())));
    };
    if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        || name.starts_with('.')
    {
        return Err(Failure::usage(format!("`{name}` cannot name a project"))
            .help("use letters, digits, `-` and `_`"));
    }
    if holds_anything(&folder)? {
        return Err(Failure::usage(format!("{} is there already", folder.display()))
            .help("choose another name; nothing was changed"));
    }
    let model = model_name(&name);
    let fill = |text: &str| text.replace("{{name}}", &name).replace("{{Model}}", &model);
    for (path, text) in FILES {
        let path = folder.join(fill(path));
        save::replace(&path, fill(text).as_bytes())
            .map_err(|e| Failure::run(format!("cannot write {}: {e}", path.display())))?;
    }
    let here = folder.display();
    let done = console.out.paint(Style::Green, "✓");
    console.out.line(format!("{done} {here} is ready:\n"));
    for (path, _) in FILES {
        console.out.line(format!("    {}", fill(path)));
    }
    let next = console
        .out
        .paint(Style::Bold, format!("dlm run {}", folder.join(format!("{name}.dlm")).display()));
    console.out.line(format!("\nTrain it now: {next}"));
    Ok(Status::Good)
}

/// The files of a project, with `{{name}}` and `{{Model}}` to be filled in.
const FILES: &[(&str, &str)] = &[
    ("{{name}}.dlm", include_str!("../../templates/program.dlm")),
    ("README.md", include_str!("../../templates/README.md")),
    (".github/workflows/dlm.yml", include_str!("../../templates/workflow.yml")),
    (".editorconfig", include_str!("../../templates/editorconfig")),
    (".vscode/settings.json", include_str!("../../templates/vscode-settings.json")),
    (".gitignore", include_str!("../../templates/gitignore")),
];

fn holds_anything(folder: &Path) -> Result<bool, Failure> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => Ok(true),
        Err(e) => Err(Failure::run(format!("cannot look into {}: {e}", folder.display()))),
    }
}

/// `my-net` becomes `MyNet`; digits in front are dropped, and `Digits`, which the data is called, avoided.
fn model_name(name: &str) -> String {
    let name = name.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let mut out = String::new();
    for part in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut chars = part.chars();
        if let Some(first) = chars.next() {
            out.push(first.to_ascii_uppercase());
            out.extend(chars);
        }
    }
    if out.is_empty() || out == "Digits" { out + "Net" } else { out }
}

#[cfg(test)]
mod tests {
    use super::model_name;

    #[test]
    fn models_are_named_after_projects() {
        assert_eq!(model_name("my-first_net"), "MyFirstNet");
        assert_eq!(model_name("digits"), "DigitsNet");
        assert_eq!(model_name("3d"), "D");
        assert_eq!(model_name("数"), "Net");
    }
}
