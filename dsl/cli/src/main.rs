//! The `dlm` command: the one place of dlm that reads files and clocks, and that prints.

mod args;
mod cmd;
mod console;
mod diagnose;
mod draw;
mod files;
mod history;
mod human;
mod interrupt;
mod lock;
mod machine;
mod manual;
mod markdown;
mod moment;
mod progress;
mod save;
mod table;
mod written;

use args::{Cli, Command, Lsp};
use clap::Parser;
use console::Console;
use std::process::ExitCode;

/// How a command ended, and the process's exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// All is well.
    Good = 0,
    /// The program has errors, an expectation failed, or a file is not formatted.
    Program = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The run failed.
    Failed = 3,
    /// The run was interrupted, and can go on.
    Interrupted = interrupt::STATUS as isize,
}

/// Why a command gave up before it had anything to show.
#[derive(Debug)]
struct Failure {
    status: Status,
    message: String,
    help: Option<String>,
}

impl Failure {
    /// The command line asks for what cannot be.
    fn usage(message: impl Into<String>) -> Failure {
        Failure { status: Status::Usage, message: message.into(), help: None }
    }

    /// The work began and broke.
    fn run(message: impl Into<String>) -> Failure {
        Failure { status: Status::Failed, message: message.into(), help: None }
    }

    /// What to do about it.
    fn help(mut self, text: impl Into<String>) -> Failure {
        self.help = Some(text.into());
        self
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut console = Console::new(cli.color);
    let result = match cli.command {
        Command::Run(args) => cmd::run::run(args, &mut console),
        Command::Check(args) => cmd::check::check(args, &mut console),
        Command::Fmt(args) => cmd::fmt::fmt(args, &mut console),
        Command::Show(args) => cmd::show::show(args, &mut console),
        Command::Eval(args) => cmd::eval::eval(args, &mut console),
        Command::Predict(args) => cmd::predict::predict(args, &mut console),
        Command::Generate(args) => cmd::generate::generate(args, &mut console),
        Command::Runs(args) => cmd::runs::runs(args, &mut console),
        Command::Clean(args) => cmd::clean::clean(args, &mut console),
        Command::Explain(args) => cmd::explain::explain(args, &mut console),
        Command::New(args) => cmd::new::new(args, &mut console),
        Command::Lsp(Lsp { stdio: _ }) => return cmd::lsp::lsp(),
        Command::Dump(args) => cmd::dump::dump(args, &mut console),
    };
    let status = result.unwrap_or_else(|failure| {
        console.failure(&failure);
        failure.status
    });
    ExitCode::from(status as u8)
}
