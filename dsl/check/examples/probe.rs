//! Probe.
#![allow(clippy::print_stdout)]
use dlm_base::files::*;
struct Disk;
impl Files for Disk {
    fn open(&self, p: &str) -> Result<Box<dyn ReadSeek>, FileError> {
        Ok(Box::new(std::fs::File::open(p)?))
    }
    fn len(&self, p: &str) -> Result<u64, FileError> {
        Ok(std::fs::metadata(p)?.len())
    }
    fn list(&self, _: &str) -> Result<Vec<String>, FileError> {
        Err(FileError::Missing)
    }
}
fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let dump = args.first().is_some_and(|a| a == "-d");
    if dump {
        args.remove(0);
    }
    for path in args {
        let c = dlm_check::check_file(&path, &Disk, &[]);
        for d in &c.diags {
            println!("{}", dlm_base::diag::render::terminal(d, &c.sources, false));
        }
        println!("{path}: {} errors, {} warnings", c.errors(), c.warnings());
        if dump {
            println!("{:#?}", c.program.loads);
            for t in &c.program.trainings {
                println!(
                    "{} {:?} {:?}",
                    t.artifact,
                    t.teachers,
                    t.loss
                        .iter()
                        .map(|l| (l.weight, l.loss.word.name, l.features))
                        .collect::<Vec<_>>()
                );
            }
        }
    }
}
