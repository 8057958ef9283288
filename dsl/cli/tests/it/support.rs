//! A folder for each test, and the command run in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A folder of a test's own, empty at first.
pub(crate) struct Folder(pub(crate) PathBuf);

/// What a process left.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    pub(crate) fn new(test: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Folder {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dlm"));
        command.args(args).current_dir(&self.0).env_remove("NO_COLOR");
        command
    }

    /// Starts the command; its streams go to the files `out` and `err` of the folder.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        let file = |name: &str| std::fs::File::create(self.0.join(name)).unwrap();
        let mut command = self.command(args);
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        Running { child: command.spawn().unwrap(), folder: self.0.clone() }
    }

    pub(crate) fn dlm(&self, args: &[&str]) -> Ended {
        self.dlm_with(args, "")
    }

    /// With this on standard input.
    pub(crate) fn dlm_with(&self, args: &[&str], input: &str) -> Ended {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that does not read its input may be gone before it is written.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended {
            status: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// A command that has not ended yet; it is killed with the value.
pub(crate) struct Running {
    pub(crate) child: Child,
    folder: PathBuf,
}

impl Running {
    /// What it has said on standard error so far.
    pub(crate) fn err(&self) -> String {
        std::fs::read_to_string(self.folder.join("err")).unwrap()
    }

    /// Waits until it has said a text so many times on standard error.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str, times: usize) {
        let end = Instant::now() + Duration::from_secs(120);
        while self.err().matches(text).count() < times {
            let ended = self.child.try_wait().unwrap();
            let why = format!("no `{text}` ({times}): {}", self.err());
            assert!(ended.is_none() && Instant::now() < end, "{ended:?}: {why}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Asserts the exit status, showing what was printed otherwise.
    #[track_caller]
    pub(crate) fn with(self, status: i32) -> Ended {
        assert_eq!(self.status, status, "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}

/// A program that is right, and small.
pub(crate) const GOOD: &str = "\
data Iris {
    source = builtin(\"iris\")
}

model Net(features: [4]) {
    features -> dense(16) -> relu -> dense(Iris.classes)
}

train Net on Iris {
    optimizer = adam(lr = 1e-2)
    epochs    = 3
}

expect {
    Net.params <= 200
}
";

/// One error, with a fix.
pub(crate) const BAD: &str = "\
model Net(image: [1, 28, 28]) {
    image -> conv(8, 3) -> relu -> dense(10)
}
";

/// One warning.
pub(crate) const WARNED: &str = "\
model Net(image: [1, 28, 28]) {
    image -> conv(8, 3) -> batch_norm -> relu -> flatten -> dense(10)
}
";
