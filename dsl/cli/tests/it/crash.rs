//! Processes that are killed, and disks that are full.

// A test says what it leaves out.
#![allow(clippy::print_stderr)]

use crate::support::Folder;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Normalisation, dropout, augmentation, momentum, averages, a schedule that learns, the best weights, and training
/// with rounded numbers: everything that a checkpoint must hold.
fn program(epochs: usize) -> String {
    format!(
        "data Digits {{
    source  = builtin(\"digits\")
    limit   = 300
    augment = [shift(1)]
}}

model Net(image: [1, 8, 8]) {{
    image -> conv(8, 3) -> batch_norm -> relu -> max_pool(2) -> flatten -> dropout(0.2) -> dense(10)
}}

train Net on Digits {{
    optimizer = adam(lr = 2e-3)
    schedule  = plateau(patience = 2 epochs, factor = 0.7)
    average   = ema(0.9)
    keep_best = true
    epochs    = {epochs}
}}

policy Aware {{
    method = qat
}}

quantize Net with Aware on Digits as Net8 {{
    epochs = {}
    batch  = 50
}}
",
        epochs / 2
    )
}

fn weights(folder: &Folder, run: &str) -> Vec<Vec<u8>> {
    let read = |name: &str| std::fs::read(folder.0.join(format!("runs/{run}/{name}.safetensors")));
    ["Net", "Net8"].map(|name| read(name).unwrap_or_else(|e| panic!("{name}: {e}"))).to_vec()
}

/// Kills the process at many random moments: each restart goes on, and what comes out is what would have come out.
/// A run that is over before it is killed is begun anew.
fn killed(test: &str, kills: usize, epochs: usize, longest: u64) {
    let folder = Folder::new(test);
    folder.write("whole.dlm", program(epochs)).write("killed.dlm", program(epochs));
    folder.dlm(&["run", "-q", "--fresh", "whole.dlm"]).with(0);
    let whole = weights(&folder, "whole");
    let kept = |name: &str| folder.has(&format!("runs/killed/checkpoints/{name}.safetensors"));
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    let (mut done, mut resumed) = (0, 0);
    while done < kills {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let before = [kept("Net"), kept("Net8")];
        let mut running = folder.start(&["run", "killed.dlm"]);
        std::thread::sleep(Duration::from_millis(20 + (random >> 33) % longest));
        let over = running.child.try_wait().unwrap();
        if over.is_none() {
            running.child.kill().unwrap();
            running.child.wait().unwrap();
            done += 1;
        }
        let said = running.err();
        assert!(!said.contains("damaged") && !said.contains("error"), "{said}");
        let goes_on = said.contains("goes on after epoch");
        // Of a training that is complete the checkpoint may not have been removed yet.
        let must = before[1] || (before[0] && !said.contains("up to date"));
        assert!(goes_on || !must || !said.contains("  epoch "), "it began anew:\n{said}");
        resumed += usize::from(goes_on);
        if let Some(status) = over {
            assert!(status.success(), "{said}");
            assert!(weights(&folder, "killed") == whole, "the weights differ");
            std::fs::remove_dir_all(folder.0.join("runs/killed")).unwrap();
        }
    }
    eprintln!("{done} kills, {resumed} runs that went on");
    folder.dlm(&["run", "-q", "killed.dlm"]).with(0);
    assert!(weights(&folder, "killed") == whole, "the weights differ");
    let left = std::fs::read_dir(folder.0.join("runs/killed/checkpoints")).unwrap().count();
    assert_eq!(left, 0, "files are left behind");
}

#[test]
fn a_killed_run_goes_on_and_ends_with_the_same_weights() {
    killed("killed", 6, 240, 900);
}

/// Fifty kills, which take a minute or two: `DLM_SLOW=1`.
#[test]
fn a_run_that_is_killed_fifty_times_ends_with_the_same_weights() {
    if std::env::var_os("DLM_SLOW").is_some() {
        killed("killed-often", 50, 2400, 1200);
    }
}

/// A small disk, where this process may mount one.
struct Disk<'a>(&'a Folder);

impl Disk<'_> {
    fn mount(&self, options: &str) -> bool {
        let at = self.0.0.join("runs");
        std::fs::create_dir_all(&at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&at).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.0.join("runs")).stderr(Stdio::null()).status();
    }
}

#[test]
fn a_full_disk_is_told_and_the_checkpoint_before_it_is_whole() {
    let folder = Folder::new("full");
    let text = program(120).replace("-> flatten", "-> flatten -> dense(400) -> relu");
    folder.write("whole.dlm", &text);
    let disk = Disk(&folder);
    // One checkpoint of about 1 MiB fits, and a second beside it does not.
    if !disk.mount("size=1700k") {
        eprintln!("left out: a full disk, because this process may not mount one");
        return;
    }
    let ended = folder.dlm(&["run", "whole.dlm"]).with(3);
    assert!(
        ended.err.contains("a checkpoint of `Net` cannot be written: No space left on device"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("the one before it is whole"), "{}", ended.err);
    assert!(disk.mount("remount,size=64m"), "it cannot be made larger");
    let ended = folder.dlm(&["run", "whole.dlm"]).with(0);
    assert!(ended.err.contains("Net  goes on after epoch"), "{}", ended.err);
    let again = weights(&folder, "whole");
    folder.write("other.dlm", text);
    folder.dlm(&["run", "-q", "other.dlm"]).with(0);
    assert!(weights(&folder, "other") == again, "the weights differ");
}
