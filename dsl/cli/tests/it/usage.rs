//! Exit statuses, messages about the command line, colours, pipes.

use crate::support::{BAD, Folder, GOOD, WARNED};
use std::process::Stdio;

#[test]
fn a_wrong_command_line_ends_with_2() {
    let folder = Folder::new("usage");
    for args in [
        &[][..],
        &["frobnicate"],
        &["check"],
        &["run"],
        &["check", "--format", "xml", "a.dlm"],
        &["run", "--threads", "0", "a.dlm"],
        &["run", "--set", "width", "a.dlm"],
        &["dump", "a.dlm"],
    ] {
        let ended = folder.dlm(args).with(2);
        assert!(!ended.err.is_empty(), "{args:?} says nothing");
    }
}

#[test]
fn a_file_that_is_not_there_ends_with_2() {
    let folder = Folder::new("missing");
    folder.write("net.dlm", GOOD);
    for command in ["check", "run", "fmt", "show"] {
        let ended = folder.dlm(&[command, "nothing.dlm"]).with(2);
        assert!(ended.err.contains("nothing.dlm: there is no such file"), "{}", ended.err);
        let ended = folder.dlm(&[command, "net"]).with(2);
        assert!(ended.err.contains("did you mean net.dlm?"), "{}", ended.err);
    }
}

#[test]
fn a_folder_is_no_program() {
    let folder = Folder::new("folder");
    folder.write("nets/a.dlm", GOOD);
    for command in ["check", "run", "fmt", "show"] {
        let ended = folder.dlm(&[command, "nets"]).with(2);
        assert!(ended.err.contains("nets: it is a folder"), "{}", ended.err);
    }
}

#[test]
fn help_and_version_end_with_0() {
    let folder = Folder::new("help");
    assert!(folder.dlm(&["--version"]).with(0).out.starts_with("dlm 0."));
    let help = folder.dlm(&["--help"]).with(0).out;
    for command in ["run", "check", "fmt", "show", "eval", "predict", "runs", "explain", "new"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
        folder.dlm(&[command, "--help"]).with(0);
    }
}

#[test]
fn errors_end_with_1_and_warnings_only_when_denied() {
    let folder = Folder::new("status");
    folder.write("good.dlm", GOOD).write("bad.dlm", BAD).write("warned.dlm", WARNED);
    folder.dlm(&["check", "good.dlm"]).with(0);
    folder.dlm(&["check", "bad.dlm"]).with(1);
    folder.dlm(&["check", "warned.dlm"]).with(0);
    folder.dlm(&["check", "--deny", "warnings", "warned.dlm"]).with(1);
    folder.dlm(&["check", "--deny", "warnings", "good.dlm"]).with(0);
    let all = folder.dlm(&["check", "good.dlm", "warned.dlm", "bad.dlm"]).with(1);
    assert!(all.out.contains("1 error, 1 warning"), "{}", all.out);
}

#[test]
fn a_program_with_errors_is_not_run() {
    let folder = Folder::new("not-run");
    folder.write("bad.dlm", BAD);
    let ended = folder.dlm(&["run", "bad.dlm"]).with(1);
    assert!(ended.err.contains("E0401"), "{}", ended.err);
    assert!(!folder.has("runs"));
}

#[test]
fn colours_follow_the_terminal_the_user_and_no_color() {
    let folder = Folder::new("colour");
    folder.write("bad.dlm", BAD);
    // Not a terminal.
    assert!(!folder.dlm(&["check", "bad.dlm"]).out.contains('\u{1b}'));
    assert!(folder.dlm(&["check", "--color", "always", "bad.dlm"]).out.contains('\u{1b}'));
    assert!(!folder.dlm(&["--color=never", "check", "bad.dlm"]).out.contains('\u{1b}'));
    let output = folder.command(&["check", "bad.dlm"]).env("NO_COLOR", "1").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn text_that_is_not_utf8_is_told() {
    let folder = Folder::new("utf8");
    folder.write("bad.dlm", b"model Net(x: [1]) {\n\xff\xfe\n}\n");
    for command in ["check", "fmt", "run"] {
        let ended = folder.dlm(&[command, "bad.dlm"]);
        assert!(ended.status == 1 || ended.status == 2, "{command}: {}", ended.status);
        let said = ended.out + &ended.err;
        assert!(said.contains("UTF-8"), "{command}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let folder = Folder::new("pipe");
    folder.write("bad.dlm", BAD.repeat(400));
    for args in [&["explain"][..], &["check", "bad.dlm"], &["dump", "--docs", "operators"]] {
        let mut child =
            folder.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!err.contains("panicked"), "{args:?}: {err}");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?}: {:?}", output.status);
    }
}

#[test]
fn explain_knows_codes_operators_and_settings() {
    let folder = Folder::new("explain");
    let ended = folder.dlm(&["explain", "e0401"]).with(0);
    assert!(ended.out.starts_with("E0401  an operator does not take this shape"), "{}", ended.out);
    let ended = folder.dlm(&["explain", "conv"]).with(0);
    for part in ["conv(channels, kernel", "Parameters", "stride", "default 1"] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    assert!(folder.dlm(&["explain", "batch_size"]).with(0).out.starts_with("batch  "));
    assert!(folder.dlm(&["explain", "Linear"]).with(0).out.starts_with("dense  "));
    let ended = folder.dlm(&["explain", "dens"]).with(2);
    assert!(ended.err.contains("did you mean `dense`?"), "{}", ended.err);
    let all = folder.dlm(&["explain"]).with(0).out;
    for part in ["Operators", "conv", "Settings of train", "E0401", "W1003"] {
        assert!(all.contains(part), "{part}");
    }
}
