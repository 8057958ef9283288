//! Two runs at once in one folder.

use crate::support::{Folder, GOOD};

#[test]
fn a_second_run_waits_for_the_first_and_outlives_it() {
    let folder = Folder::new("lock");
    folder.write("iris.dlm", GOOD);
    folder.write("long.dlm", GOOD.replace("epochs    = 3", "epochs    = 100000000"));
    let mut first = folder.start(&["run", "long.dlm", "--out", "both"]);
    first.until("epoch", 1);
    let pid = first.child.id();
    let other = Folder::new("lock-second");
    other.write("iris.dlm", GOOD);
    let both = folder.0.join("both");
    let mut second = other.start(&["run", "iris.dlm", "--out", both.to_str().unwrap()]);
    second.until("; waiting for it to end", 1);
    let said = second.err();
    assert!(said.contains(&format!("both is in use by process {pid} since 2")), "{said}");
    assert!(said.contains("(`dlm run long.dlm --out both`)"), "{said}");
    assert!(second.child.try_wait().unwrap().is_none());
    // A process that is killed leaves its name behind, and no lock.
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    assert!(folder.read("both/.lock").contains(&pid.to_string()));
    assert_eq!(second.child.wait().unwrap().code(), Some(0), "{}", second.err());
    assert_eq!(second.err().matches("waiting").count(), 1);
    let ended = folder.dlm(&["run", "iris.dlm", "--out", "both"]).with(0);
    assert!(!ended.err.contains("waiting"), "{}", ended.err);
    assert_eq!(folder.read("both/.lock"), "");
}
