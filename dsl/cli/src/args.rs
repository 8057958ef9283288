//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Declare a neural network and its training, have it checked, run it.
#[derive(Debug, Parser)]
#[command(name = "dlm", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Exit status: 0 well; 1 the program has errors or an expectation failed; \
    2 the command line is wrong; 3 the run failed; 130 the run was interrupted, and the next one goes on.")]
pub(crate) struct Cli {
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    #[arg(help = "When to use colours: auto, always, never")]
    pub(crate) color: When,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a program, then train, evaluate, export and judge as it says
    Run(Run),
    /// Report the errors and warnings of programs without running them
    Check(Check),
    /// Format programs
    Fmt(Fmt),
    /// Show a network layer by layer: shapes, parameters, multiply-adds
    Show(Show),
    /// Measure a trained artifact: metrics, confusion matrix, figures for each class
    Eval(Eval),
    /// Let a trained artifact answer for images, tables or arrays
    Predict(Predict),
    /// Let a trained artifact go on with a text
    Generate(Generate),
    /// List the runs of a program, show one, compare two
    Runs(Runs),
    /// Remove from a run's folder what the program no longer needs
    Clean(Clean),
    /// Explain an error code, an operator or a setting
    Explain(Explain),
    /// Start a project: a program, a CI workflow, editor settings
    New(New),
    /// Answer an editor over standard input and output: the language server
    Lsp(Lsp),
    /// Print what a stage of the interpreter makes of a program
    #[command(hide = true)]
    Dump(Dump),
}

/// A constant of the file with another value.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl std::str::FromStr for Set {
    type Err = String;

    fn from_str(text: &str) -> Result<Set, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
                Ok(Set { name: name.trim().into(), value: value.trim().into() })
            }
            _ => Err("write it as name=value".into()),
        }
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Run {
    /// The program
    pub(crate) file: PathBuf,
    /// Make this artifact alone, with what it needs
    #[arg(long, value_name = "ARTIFACT")]
    pub(crate) only: Option<String>,
    /// Make everything anew, whatever an earlier run has made
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Give a constant of the file another value
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<Set>,
    /// Run so many times with seeds counted up; expectations are judged on the mean
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1000), hide_default_value = true)]
    pub(crate) seeds: u64,
    /// Write here instead of runs/NAME beside the file
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Use so many threads; the result is the same for any number
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(crate) threads: Option<usize>,
    /// Show results alone, no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print one JSON object for each event, on a line of its own
    #[arg(long)]
    pub(crate) json: bool,
    /// Run again whenever the program, or a file that it reads, is saved
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The programs
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How to print: human, short, json, sarif, github
    #[arg(long, value_name = "FORMAT", default_value = "human", hide_possible_values = true)]
    pub(crate) format: Format,
    /// Take warnings for errors
    #[arg(long, value_name = "WHAT")]
    pub(crate) deny: Option<Deny>,
    /// Give a constant of the file another value
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<Set>,
}

/// What `--deny` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Every warning is an error.
    Warnings,
}

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the lines in question.
    Human,
    /// One line each.
    Short,
    /// One object a line.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Commands of GitHub Actions.
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// The programs; - is standard input, formatted to standard output
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Change nothing; name the files that would change, and end with status 1 if there are any
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The program
    pub(crate) file: PathBuf,
    /// One model or artifact; all models when absent
    pub(crate) name: Option<String>,
    /// Give a constant of the file another value
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<Set>,
    /// Print a JSON object for each network
    #[arg(long, conflicts_with_all = ["dot", "svg"])]
    pub(crate) json: bool,
    /// Print a graph for Graphviz
    #[arg(long, conflicts_with = "svg")]
    pub(crate) dot: bool,
    /// Draw the network into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// The program
    pub(crate) file: PathBuf,
    /// The artifact
    pub(crate) name: String,
    /// Give a constant of the file another value
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<Set>,
    /// Where the run wrote, if not to runs/NAME beside the file
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Use so many threads
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(crate) threads: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// The program
    pub(crate) file: PathBuf,
    /// The artifact
    pub(crate) name: String,
    /// Images (.png, .jpg), tables (.csv, .parquet), arrays (.npy), texts or files of them
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Give a constant of the file another value
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<Set>,
    /// Where the run wrote, if not to runs/NAME beside the file
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON object for each sample
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// The program
    pub(crate) file: PathBuf,
    /// The artifact
    pub(crate) name: String,
    /// The text to go on with; an empty one begins a line
    #[arg(allow_hyphen_values = true)]
    pub(crate) prompt: String,
    /// Add so many tokens
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) tokens: usize,
    /// Below 1 likely tokens become likelier, above 1 less so; 0 takes the likeliest
    #[arg(long, value_name = "T", default_value_t = 1.0, value_parser = parse_temperature)]
    pub(crate) temperature: f64,
    /// What is drawn depends on it; the same seed gives the same text
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Give a constant of the file another value
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<Set>,
    /// Where the run wrote, if not to runs/NAME beside the file
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// The program
    pub(crate) file: PathBuf,
    /// The run to show: its id, the beginning of its id, or -1 for the last, -2 for the one before
    #[arg(value_name = "RUN", allow_negative_numbers = true)]
    pub(crate) first: Option<String>,
    /// The run to compare it with
    #[arg(value_name = "OTHER", allow_negative_numbers = true)]
    pub(crate) second: Option<String>,
    /// List so many runs, the last ones; 20 when absent
    #[arg(long, value_name = "N", conflicts_with = "first")]
    pub(crate) last: Option<usize>,
    /// Where the runs wrote, if not to runs/NAME beside the file
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Print one JSON object for each run, or for the comparison
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Clean {
    /// The program
    pub(crate) file: PathBuf,
    /// Give a constant of the file another value
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<Set>,
    /// Where the run wrote, if not to runs/NAME beside the file
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Name the files and remove none
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A code (E0401), an operator (conv), a setting (schedule) or another word; all when absent
    pub(crate) word: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The folder to make; its last part names the program
    pub(crate) name: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Lsp {
    /// Speak over standard input and output, which is what happens anyway: editors say it
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Dump {
    /// Whose result to print
    #[arg(long, required_unless_present = "docs")]
    pub(crate) stage: Option<Stage>,
    /// Print a generated page of the manual instead
    #[arg(long, conflicts_with = "stage")]
    pub(crate) docs: Option<Page>,
    /// The program
    #[arg(required_unless_present = "docs")]
    pub(crate) file: Option<PathBuf>,
}

/// A stage of the interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// What was written.
    Tree,
    /// What was meant.
    Program,
    /// What is computed.
    Graph,
    /// In which order and where in memory.
    Plan,
}

/// A generated page of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Page {
    /// Every word.
    Operators,
    /// Every code.
    Errors,
}

fn parse_temperature(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(t) if (0.0..=1000.0).contains(&t) => Ok(t),
        _ => Err("a number from 0 to 1000".into()),
    }
}

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=1024).contains(&n) => Ok(n),
        _ => Err("a number from 1 to 1024".into()),
    }
}
