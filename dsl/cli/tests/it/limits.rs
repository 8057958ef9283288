//! What is no file, cannot be read, or makes no sense.

use crate::support::{Folder, GOOD};
use std::path::Path;

/// A program that reads a table from there.
fn reads(path: &str) -> String {
    format!(
        "data Points {{\n    source = csv(\"{path}\", target = \"side\")\n}}\n\n\
         model Net(point: [2]) {{\n    point -> dense(Points.classes)\n}}\n\n\
         train Net on Points {{\n    epochs = 1\n}}\n"
    )
}

/// A program that imports from there.
fn imports(path: &str) -> String {
    format!("use \"{path}\": Block\n\nmodel Net(x: [4]) {{\n    x -> Block\n}}\n")
}

#[cfg(unix)]
fn pipe(folder: &Folder, name: &str) {
    let made = std::process::Command::new("mkfifo").arg(folder.0.join(name)).status().unwrap();
    assert!(made.success());
}

#[cfg(unix)]
fn link(folder: &Folder, to: &str, name: &str) {
    std::os::unix::fs::symlink(to, folder.0.join(name)).unwrap();
}

/// Checks a program with one mistake: one diagnostic of that code, with that reason.
#[track_caller]
fn refused(folder: &Folder, program: &str, code: &str, why: &str) {
    folder.write("a.dlm", program);
    let out = folder.dlm(&["check", "--format", "short", "a.dlm"]).with(1).out;
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.contains(code) && out.contains(why), "{out}");
    let ended = folder.dlm(&["run", "a.dlm"]).with(1);
    assert!(ended.err.contains(why), "{}", ended.err);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_never_opened() {
    let folder = Folder::new("no-file");
    pipe(&folder, "pipe");
    link(&folder, "pipe", "link");
    let _socket = std::os::unix::net::UnixListener::bind(folder.0.join("socket")).unwrap();
    std::fs::create_dir(folder.0.join("folder")).unwrap();
    for (path, kind) in [
        ("pipe", "FIFO"),
        ("link", "FIFO"),
        ("socket", "socket"),
        ("/dev/zero", "device"),
        ("folder", "folder"),
    ] {
        let why = format!("it is a {kind}, not a file");
        refused(&folder, &reads(path), "E0501", &why);
        refused(&folder, &imports(path), "E0205", &why);
    }
    for command in ["check", "run", "fmt", "show", "runs"] {
        let ended = folder.dlm(&[command, "link"]).with(2);
        assert!(ended.err.contains("link: it is a FIFO, not a file"), "{}", ended.err);
    }
    folder.write("load.dlm", "load \"pipe.onnx\" as Oracle\n");
    pipe(&folder, "pipe.onnx");
    let said = folder.dlm(&["check", "load.dlm"]).with(1).out;
    assert!(said.contains("it is a FIFO, not a file"), "{said}");
}

#[cfg(unix)]
#[test]
fn nothing_takes_the_place_of_what_is_no_file() {
    use std::os::unix::fs::FileTypeExt;
    let folder = Folder::new("no-place");
    pipe(&folder, "net.safetensors");
    folder.write("iris.dlm", GOOD.to_string() + "\nexport Net to \"net.safetensors\"\n");
    let ended = folder.dlm(&["run", "iris.dlm"]).with(3);
    assert!(ended.err.contains("it is a FIFO, not a file"), "{}", ended.err);
    let kind = std::fs::metadata(folder.0.join("net.safetensors")).unwrap().file_type();
    assert!(kind.is_fifo());
    std::fs::remove_file(folder.0.join("runs/iris/Net.safetensors")).unwrap();
    pipe(&folder, "runs/iris/Net.safetensors");
    let ended = folder.dlm(&["eval", "iris.dlm", "Net"]).with(3);
    assert!(ended.err.contains("it is a FIFO, not a file"), "{}", ended.err);
    std::fs::remove_file(folder.0.join("runs/iris/.lock")).unwrap();
    pipe(&folder, "runs/iris/.lock");
    let ended = folder.dlm(&["run", "iris.dlm"]).with(3);
    assert!(ended.err.contains("cannot write runs/iris/.lock: it is a FIFO"), "{}", ended.err);
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_lead_nowhere() {
    let folder = Folder::new("circle");
    link(&folder, "second", "first");
    link(&folder, "first", "second");
    refused(&folder, &reads("first"), "E0501", "symbolic links");
    refused(&folder, &imports("second"), "E0205", "symbolic links");
    let ended = folder.dlm(&["check", "first"]).with(2);
    assert!(ended.err.contains("symbolic links"), "{}", ended.err);
    // Folders that hold themselves are no deeper than they are.
    let images = "data Photos {\n    source = images(\"photos\")\n}\n";
    std::fs::create_dir_all(folder.0.join("photos")).unwrap();
    link(&folder, ".", "photos/cats");
    refused_data(&folder, images, "the folder `cats` holds no PNG or JPEG file");
    link(&folder, "a.png", "photos/a.png");
    refused_data(&folder, images, "symbolic links");
}

/// The same with data that nothing is trained on.
#[cfg(unix)]
#[track_caller]
fn refused_data(folder: &Folder, program: &str, why: &str) {
    folder.write("a.dlm", program);
    let out = folder.dlm(&["check", "--format", "short", "a.dlm"]).with(1).out;
    assert!(out.contains(why), "{out}");
    assert_eq!(out.lines().filter(|line| line.contains("error")).count(), 1, "{out}");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("permissions");
    let close = |name: &str, mode: u32| {
        let path = folder.0.join(name);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    folder.write("points.csv", "x,y,side\n1,2,left\n3,4,right\n");
    folder.write("blocks.dlm", "layer Block(x: [N]) {\n    x -> relu\n}\n");
    folder.write("iris.dlm", GOOD).write("out/.keep", "");
    close("points.csv", 0o000);
    if std::fs::File::open(folder.0.join("points.csv")).is_ok() {
        eprintln!("left out: this user may read everything");
        return;
    }
    close("blocks.dlm", 0o000);
    refused(&folder, &reads("points.csv"), "E0501", "Permission denied");
    refused(&folder, &imports("blocks.dlm"), "E0205", "Permission denied");
    let ended = folder.dlm(&["run", "blocks.dlm"]).with(2);
    assert!(ended.err.contains("blocks.dlm: Permission denied"), "{}", ended.err);
    close("out", 0o500);
    let ended = folder.dlm(&["run", "iris.dlm", "--out", "out"]).with(3);
    assert!(ended.err.contains("cannot write out/.lock: Permission denied"), "{}", ended.err);
    close("out", 0o000);
    let ended = folder.dlm(&["runs", "iris.dlm", "--out", "out"]).with(3);
    assert!(ended.err.contains("cannot read out: Permission denied"), "{}", ended.err);
    close("out", 0o700);
}

#[test]
fn names_may_have_spaces_and_any_letters() {
    let folder = Folder::new("names");
    let program = "nets of mine/Größe 数.dlm";
    let rows = "1,2,left\n3,4,right\n".repeat(20);
    folder.write("nets of mine/my data/punkte ü.csv", format!("x,y,side\n{rows}"));
    folder.write(program, reads("my data/punkte ü.csv"));
    let ended = folder.dlm(&["run", program]).with(0);
    let weights = "nets of mine/runs/Größe 数/Net.safetensors";
    assert!(ended.out.contains(weights), "{}", ended.out);
    assert!(folder.has(weights));
    folder.dlm(&["eval", program, "Net"]).with(0);
    folder.dlm(&["run", program, "--out", "weiß nicht"]).with(0);
    assert!(folder.has("weiß nicht/Net.safetensors"));
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_told() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new("no-text");
    let name = Path::new(std::ffi::OsStr::from_bytes(b"a\xff.dlm"));
    std::fs::write(folder.0.join(name), GOOD).unwrap();
    let output = folder.command(&["check"]).arg(name).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the path is not UTF-8"), "{said}");
    // A run's folder may have any name, and the run is remembered in it.
    folder.write("iris.dlm", GOOD);
    let out = Path::new(std::ffi::OsStr::from_bytes(b"o\xff"));
    let output = folder.command(&["run", "-q", "iris.dlm", "--out"]).arg(out).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_dir(folder.0.join(out).join("history")).unwrap().count(), 1);
}

#[test]
fn a_file_where_a_folder_belongs_is_told() {
    let folder = Folder::new("no-folder");
    folder.write("data", "a file").write("runs", "another");
    refused(&folder, &reads("data/points.csv"), "E0501", "Not a directory");
    folder.write("a.dlm", "data Photos {\n    source = images(\"data\")\n}\n");
    let out = folder.dlm(&["check", "--format", "short", "a.dlm"]).with(1).out;
    assert!(out.contains("E0501") && out.contains("Not a directory"), "{out}");
    folder.write("iris.dlm", GOOD);
    let ended = folder.dlm(&["run", "iris.dlm"]).with(3);
    assert!(ended.err.contains("cannot write runs/iris/.lock"), "{}", ended.err);
    let ended = folder.dlm(&["runs", "iris.dlm"]).with(3);
    assert!(ended.err.contains("cannot read runs/iris"), "{}", ended.err);
}

#[test]
fn a_text_of_any_length_is_refused_unread() {
    let folder = Folder::new("long");
    let huge = std::fs::File::create(folder.0.join("huge.dlm")).unwrap();
    // A file with a hole: it takes no room.
    huge.set_len(1 << 40).unwrap();
    let why = "it has 1099511627776 bytes; at most 10485760 are read";
    refused(&folder, &imports("huge.dlm"), "E0205", why);
    let said = folder.dlm(&["check", "huge.dlm"]).with(1).out;
    assert!(said.contains(why), "{said}");
    let said = folder.dlm(&["fmt", "huge.dlm"]).with(2).err;
    assert!(said.contains(why), "{said}");
}

#[test]
fn nonsense_for_a_constant_is_told_once() {
    let folder = Folder::new("set-nonsense");
    folder.write("a.dlm", "width = 4\n\nmodel Net(x: [4]) {\n    x -> dense(width)\n}\n");
    for set in ["width=", "=3", "width", "=", ""] {
        let ended = folder.dlm(&["check", "a.dlm", "--set", set]).with(2);
        assert!(ended.err.contains("write it as name=value"), "{}", ended.err);
    }
    let long = format!("width={}", "1".repeat(100_000));
    for (set, why) in [
        ("nothere=1", "E0201"),
        ("Net=1", "E0201"),
        ("width=1; rm", "E0101"),
        ("width=1\nheight=2", "E0101"),
        ("width=1e999", "too large"),
        ("width=width", "needs itself"),
        ("width={", "E0102"),
        ("width=-3", "E0303"),
        (&long, "too large"),
    ] {
        let out = folder.dlm(&["check", "--format", "short", "a.dlm", "--set", set]).with(1).out;
        assert_eq!(out.lines().count(), 1, "{out}");
        assert!(out.contains(why), "{out}");
        let ended = folder.dlm(&["run", "a.dlm", "--set", set]).with(1);
        assert!(ended.err.contains(why), "{}", ended.err);
    }
}
