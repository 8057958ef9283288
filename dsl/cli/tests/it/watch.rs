//! `dlm run --watch`.

use crate::support::{Folder, Running};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

/// A program that imports one file and reads another.
const USER: &str = "\
use \"blocks.dlm\": Block

data Points {
    source = csv(\"points.csv\", target = \"side\")
}

model Net(point: [2]) {
    point -> Block -> dense(Points.classes)
}

train Net on Points {
    epochs = 1
}

export Net to \"net.safetensors\"
";

const BLOCK: &str = "layer Block(x: [N]) {\n    x -> dense(4) -> relu\n}\n";

fn points(rows: usize) -> String {
    let row = |i: usize| format!("{i},{},{}\n", i % 5, ["left", "right"][i % 2]);
    "x,y,side\n".to_string() + &(0..rows).map(row).collect::<String>()
}

/// Saves as editors do: another file takes the place.
fn save(folder: &Folder, name: &str, text: &str) {
    folder.write("saved.tmp", text);
    std::fs::rename(folder.0.join("saved.tmp"), folder.0.join(name)).unwrap();
}

fn interrupt(running: &mut Running) {
    let pid = running.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ended = running.child.wait().unwrap();
    assert!(ended.signal() == Some(2) || ended.code().is_some(), "{ended:?}");
}

#[test]
fn what_is_saved_runs_again() {
    let folder = Folder::new("watch");
    folder.write("a.dlm", USER).write("blocks.dlm", BLOCK).write("points.csv", points(40));
    let mut running = folder.start(&["run", "--watch", "a.dlm"]);
    let calm = "watching a.dlm and 2 more files; Ctrl-C ends";
    running.until(calm, 1);
    assert!(folder.has("net.safetensors") && folder.has("runs/a/Net.safetensors"));

    save(&folder, "blocks.dlm", &BLOCK.replace("dense(4)", "dense(5)"));
    running.until(calm, 2);
    assert!(running.err().contains("\nblocks.dlm has changed\n"), "{}", running.err());
    folder.write("points.csv", points(50));
    running.until(calm, 3);
    assert!(running.err().contains("\npoints.csv has changed\n"), "{}", running.err());

    // What the run writes, and what has no part in it, is no reason.
    folder.write("notes.txt", "a").write("net.safetensors", "b").write("runs/a/c.txt", "c");
    save(&folder, "a.dlm", &USER.replace("epochs = 1", "epoch = 1"));
    running.until("watching a.dlm", 4);
    let said = running.err();
    assert!(said.contains("\na.dlm has changed\n") && said.contains("E03"), "{said}");
    assert_eq!(said.matches(" changed\n").count(), 3, "{said}");

    std::fs::remove_file(folder.0.join("a.dlm")).unwrap();
    running.until("a.dlm is gone", 1);
    running.until("there is no such file", 1);
    running.until("watching a.dlm", 5);
    save(&folder, "a.dlm", USER);
    running.until(calm, 5);
    // The program is back as it was, and so is what it makes.
    assert_eq!(running.err().matches("Net  epoch 1/1").count(), 3, "{}", running.err());
    assert_eq!(running.err().matches("✓ Net  up to date").count(), 1, "{}", running.err());
    interrupt(&mut running);
}

#[test]
fn data_behind_a_link_and_in_folders_that_come_later_are_watched() {
    let (folder, far) = (Folder::new("watch-link"), Folder::new("watch-far"));
    folder.write("a.dlm", USER.replace("points.csv", "data/deep/points.csv"));
    folder.write("blocks.dlm", BLOCK);
    far.write("points.csv", points(40));
    let mut running = folder.start(&["run", "--watch", "a.dlm"]);
    running.until("watching a.dlm and 1 more file;", 1);
    assert!(running.err().contains("there is no such file"), "{}", running.err());
    std::fs::create_dir(folder.0.join("data")).unwrap();
    std::os::unix::fs::symlink(&far.0, folder.0.join("data/deep")).unwrap();
    running.until("watching a.dlm and 2 more files;", 1);
    far.write("points.csv", points(60));
    running.until("watching a.dlm and 2 more files;", 2);
    interrupt(&mut running);
}

#[test]
fn a_program_that_was_never_there_is_not_watched() {
    let folder = Folder::new("watch-missing");
    let ended = folder.dlm(&["run", "--watch", "nothing.dlm"]).with(2);
    assert!(ended.err.contains("nothing.dlm: there is no such file"), "{}", ended.err);
}
