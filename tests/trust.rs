//! What a run refuses before it begins or while it reads, and what it leaves behind in memory.

use crate::support::{Disk, Recorder, check, run};
use dlm_base::files::{FileError, Files, ReadSeek};
use dlm_learn::Options;
use std::sync::atomic::{AtomicUsize, Ordering};

const TABLE: &str = "
data Iris { source = csv(\"tests/fixtures/iris.csv\", target = \"petal_width\", regression = true) }
model Net(measures: [F]) { measures -> dense(16) -> relu -> dense(1) }
train Net on Iris { epochs = 2 }
";

/// The disk, on which files are written to after they have been opened so many times.
struct Moving {
    opened: AtomicUsize,
    /// From which time on a file has one byte more at its end.
    from: usize,
    /// Whether it is gone instead.
    gone: bool,
}

impl Files for Moving {
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut Disk.open(path)?, &mut bytes)?;
        if self.opened.fetch_add(1, Ordering::SeqCst) >= self.from {
            if self.gone {
                return Err(FileError::Missing);
            }
            bytes.push(b'\n');
        }
        Ok(Box::new(std::io::Cursor::new(bytes)))
    }

    fn len(&self, path: &str) -> Result<u64, FileError> {
        Disk.len(path)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        Disk.list(path)
    }
}

#[test]
fn data_that_change_or_vanish_while_a_run_goes_on_are_refused() {
    let program = check(TABLE).unwrap();
    let run = |from: usize, gone: bool| {
        let files = Moving { opened: AtomicUsize::new(0), from, gone };
        dlm_learn::run(&program, &files, &Options::default(), &mut Recorder::default())
    };
    // The content is looked at first, then read, then looked at again.
    let error = run(1, false).unwrap_err();
    assert_eq!(error.message, "`tests/fixtures/iris.csv` has changed since the run began");
    assert!(error.span.is_some() && error.help.is_some());
    assert_eq!(run(2, false).unwrap_err().message, error.message);
    let error = run(1, true).unwrap_err();
    assert!(error.message.contains("there is no such file"), "{}", error.message);
    assert!(run(3, true).is_ok());
}

#[test]
fn what_needs_more_memory_than_there_is_is_told_before_it_starts() {
    let short = |text: &str, memory: u64| {
        let mut world = Recorder { memory: Some(memory), ..Recorder::default() };
        let error = dlm_learn::run(&check(text).unwrap(), &Disk, &Options::default(), &mut world);
        let begun =
            world.events.iter().any(|it| matches!(it, dlm_learn::Event::TrainStarted { .. }));
        assert!(!begun);
        error.unwrap_err()
    };
    let error = short(TABLE, 100);
    assert!(error.message.starts_with("`Iris` needs "), "{}", error.message);
    assert!(error.message.ends_with(" KiB of memory, and 100 B can be had"), "{}", error.message);
    let wide = TABLE.replace("dense(16)", "dense(20000) -> dense(20000)");
    let error = short(&wide, 1 << 30);
    assert!(error.message.starts_with("the training of `Net` needs "), "{}", error.message);
    assert!(error.message.ends_with(" GiB of memory, and 1 GiB can be had"), "{}", error.message);
    assert_eq!(error.help.unwrap(), "try a smaller batch, or a smaller model (`batch` is 32)");
}

/// Bytes of memory that the process has.
fn resident() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(4096 * pages)
}

/// 500 trainings in one process: `DLM_SLOW=1`, alone (`-- --test-threads 1 soak`), for other tests take memory too.
#[test]
fn soak_of_many_trainings_leaves_memory_flat() {
    if std::env::var_os("DLM_SLOW").is_none() || resident().is_none() {
        return;
    }
    let text = "
data Digits { source = builtin(\"digits\") }
model Net(image: [1, 8, 8]) {
    image -> conv(8, 3) -> batch_norm -> relu -> max_pool(2) -> flatten -> dense(10)
}
train Net on Digits { steps = 20 }
policy Edge { method = static }
quantize Net with Edge on Digits as Net8
";
    let mut seen = Vec::new();
    for round in 0..500u64 {
        let options = Options { seed_offset: round, threads: Some(2), ..Options::default() };
        run(text, &options);
        if round % 100 == 99 {
            seen.push(resident().unwrap() >> 10);
        }
    }
    eprintln!("KiB after each hundred trainings: {seen:?}");
    let (first, last) = (seen[0], seen[seen.len() - 1]);
    assert!(last < first + first / 20 + 4096, "memory grows: {seen:?} KiB");
}
