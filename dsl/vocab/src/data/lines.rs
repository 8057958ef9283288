//! `lines`: texts with labels, one a line.

use super::read::{Input, MAX_BYTES, Param, grouped, paths};
use super::tokens::{asked, numbers, pieces};
use super::{
    DataError, Facts, InputKind, MAX_TEXTS, Samples, Source, Target, Targets, TokenUnit, Tokens,
};
use crate::word;
use crate::word::{Args, Default, Param as P, Type};
use dlm_base::{Files, Shape};
use std::collections::{BTreeMap, BTreeSet, HashMap};

word! {
    /// Texts, one a line, each with its label.
    ///
    /// ```dlm
    /// data Reviews {
    ///     source = lines("imdb.txt", "yelp.txt", target = 1, tokens = word(vocabulary = 2000), length = 40)
    /// }
    /// ```
    ///
    /// A line is cut into columns at the `separator`, counted from 0: `target` is the column of the
    /// label, and the other one is the text. Without `target` the set is unlabelled, and a whole line is
    /// the text unless `text` names its column. Lines end with a line feed, before which a carriage return
    /// may stand; empty lines are skipped. Quotes mean nothing. Files are UTF-8, follow each other, and may
    /// be compressed with gzip.
    ///
    /// A sample is `int[length]`, a whole number for each token. `tokens` says what a token is: a
    /// character, a byte or a word. Token 0 fills the end of texts that are shorter than `length`,
    /// token 1 stands for what the vocabulary has not; of longer texts the beginning is kept. The
    /// vocabulary is that of the whole source, before it is split. `Reviews.tokens` is how many tokens
    /// there are, as `embedding` wants to know. `dlm predict` takes a sentence or a file with one a line.
    ///
    /// Labels are classes in alphabetical order, or, where all are whole numbers, in the order of these.
    pub static LINES: Source = {
        name: "lines",
        params: &[
            P {
                name: "file",
                ty: Type::File,
                default: Default::Required,
                doc: "a file of text; further ones follow: `lines(\"a.txt\", \"b.txt\")`",
                aliases: &["files", "path"],
            },
            P {
                name: "separator",
                ty: Type::Str,
                default: Default::Str("\t"),
                doc: "what stands between the columns of a line",
                aliases: &["sep", "delimiter"],
            },
            P {
                name: "target",
                ty: Type::Int { min: 0 },
                default: Default::Absent,
                doc: "the column of the label, counted from 0; without it the set is unlabelled",
                aliases: &["label", "labels", "y"],
            },
            P {
                name: "text",
                ty: Type::Int { min: 0 },
                default: Default::Absent,
                doc: "the column of the text; when not given the one that is not `target`, or the whole line",
                aliases: &["input", "sentence", "x"],
            },
            P {
                name: "tokens",
                ty: Type::Tokens,
                default: Default::Name("word"),
                doc: "what a token is: a character, a byte or a word",
                aliases: &["tokenizer", "level", "split", "output_mode"],
            },
            P {
                name: "length",
                ty: Type::Int { min: 1 },
                default: Default::Absent,
                doc: "the tokens of a sample; those of the longest line when not given",
                aliases: &["max_length", "maxlen", "max_len", "output_sequence_length", "context"],
            },
        ],
        aliases: &["TextLineDataset", "tsv_lines"],
    },
    rest: Some("file"),
    facts: facts,
    load: load,
}

/// The lines of all files.
struct Lines {
    texts: Vec<String>,
    /// The label of each, where there are labels.
    labels: Vec<String>,
}

/// Which columns of a line are what.
struct Columns<'a> {
    separator: &'a str,
    target: Option<usize>,
    text: Option<usize>,
}

/// What the lines tell.
fn facts(args: &Args, files: &dyn Files) -> Result<Facts, DataError> {
    let lines = read(args, files)?;
    let (tokens, target) = (vocabulary(&lines.texts, args), classes(&lines.labels)?);
    let length = length(&lines.texts, &tokens, args)?;
    Ok(facts_of(lines.texts.len(), length, tokens, target))
}

/// All lines as tokens.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let lines = read(args, files)?;
    let (tokens, target) = (vocabulary(&lines.texts, args), classes(&lines.labels)?);
    let length = length(&lines.texts, &tokens, args)?;
    let mut all = Vec::with_capacity(lines.texts.len() * length);
    let encode = tokens.encoder();
    for text in &lines.texts {
        let mut sample = encode(text);
        sample.resize(length, 0);
        all.extend(sample);
    }
    drop(encode);
    let targets = match &target {
        Target::Classes(names) => {
            let places: BTreeMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
            Targets::Classes(
                lines.labels.iter().map(|label| places[&*name(label, names)]).collect(),
            )
        }
        _ => Targets::None,
    };
    let inputs = numbers(all, tokens.names.len());
    let facts = facts_of(lines.texts.len(), length, tokens, target);
    Ok(Samples { inputs, facts, targets, format: None })
}

/// Reads the lines of all files.
fn read(args: &Args, files: &dyn Files) -> Result<Lines, DataError> {
    let size = |name| args.get(name).map(|_| args.size(name));
    let (separator, target, text) = (args.str("separator"), size("target"), size("text"));
    if separator.is_empty() {
        return Err(DataError::argument("separator", "nothing separates no columns")
            .help("write what stands between them: `separator = \"\\t\"`"));
    }
    if target.is_some() && target == text {
        let message = "the label and the text are one column";
        return Err(DataError::argument("text", message).help("give the column of the text"));
    }
    let columns = Columns { separator, target, text };
    let mut lines = Lines { texts: Vec::new(), labels: Vec::new() };
    for (place, path) in paths(args).iter().enumerate() {
        let mut input = Input::open(files, path, ("file", place))?;
        let (bytes, whole) = input.rest(MAX_BYTES)?;
        if !whole {
            return Err(input.error("the file is larger than 8 GiB"));
        }
        let before = lines.texts.len();
        each_line(&bytes, ("file", place), |line, number| {
            columns.cut(line, number, ("file", place), &mut lines)
        })?;
        if lines.texts.len() == before {
            return Err(input.error("the file has no lines"));
        }
    }
    Ok(lines)
}

/// Calls `f(line, number)` with each line that is not empty.
pub(crate) fn each_line(
    bytes: &[u8],
    param: Param,
    mut f: impl FnMut(&str, usize) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| {
            let message = format!("line {} is not UTF-8 text", grouped(number as u64 + 1));
            DataError::content(param, message).help("save the file in the encoding UTF-8")
        })?;
        if !line.trim_matches(' ').is_empty() {
            f(line, number + 1)?;
        }
    }
    Ok(())
}

impl Columns<'_> {
    /// Takes a line into text and label.
    fn cut(
        &self,
        line: &str,
        number: usize,
        param: Param,
        lines: &mut Lines,
    ) -> Result<(), DataError> {
        let number = grouped(number as u64);
        let error = |message: String| DataError::content(param, message);
        let cells: Vec<&str> = match (self.target, self.text) {
            (None, None) => vec![line],
            _ => line.split(self.separator).collect(),
        };
        let text = self.text.unwrap_or(usize::from(self.target == Some(0)));
        let last = text.max(self.target.unwrap_or(0));
        if cells.len() <= last {
            let (message, help) = match cells.len() {
                1 => (
                    format!("line {number} has no separator {:?}", self.separator),
                    "name what stands between text and label: `separator = \"\\t\"`".to_string(),
                ),
                count => (
                    format!("line {number} has {count} columns, and column {last} is asked for"),
                    format!("columns are counted from 0: the last one here is {}", count - 1),
                ),
            };
            return Err(error(message).help(help));
        }
        if self.text.is_none() && self.target.is_some() && cells.len() > 2 {
            let message = format!("line {number} has {} columns", cells.len());
            return Err(error(message).help("say which of them is the text: `text = 0`"));
        }
        let text = cells[text].trim();
        if text.is_empty() {
            return Err(error(format!("line {number} has no text")));
        }
        lines.texts.push(text.to_string());
        if let Some(target) = self.target {
            let label = cells[target].trim();
            if label.is_empty() {
                return Err(error(format!("line {number} has no label")));
            }
            lines.labels.push(label.to_string());
        }
        Ok(())
    }
}

/// The tokens of texts: the most frequent, ties in alphabetical order.
fn vocabulary(texts: &[String], args: &Args) -> Tokens {
    let (unit, most) = asked(args.get("tokens"));
    if unit == TokenUnit::Byte {
        return Tokens::bytes().padded();
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    for piece in texts.iter().flat_map(|text| pieces(text, unit)) {
        match counts.get_mut(&*piece) {
            Some(count) => *count += 1,
            None => {
                counts.insert(piece.into_owned(), 1);
            }
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    match unit {
        TokenUnit::Word => counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0))),
        TokenUnit::Char | TokenUnit::Byte => counts.sort_unstable(),
    }
    counts.truncate(most.saturating_sub(2));
    Tokens { unit, names: counts.into_iter().map(|(piece, _)| piece).collect() }.padded()
}

/// How many tokens a sample has.
fn length(texts: &[String], tokens: &Tokens, args: &Args) -> Result<usize, DataError> {
    let longest = || {
        let count = |text: &String| match tokens.unit {
            TokenUnit::Byte => text.len(),
            unit => pieces(text, unit).count(),
        };
        texts.iter().map(count).max().unwrap_or(0)
    };
    let length = args.get("length").map_or_else(longest, |_| args.size("length"));
    let bytes = (texts.len() as u64).saturating_mul(4 * length as u64);
    if bytes > MAX_BYTES {
        let (count, length) = (grouped(texts.len() as u64), grouped(length as u64));
        let message = format!("{count} lines of {length} tokens take more than 8 GiB");
        return Err(DataError::content(("file", 0), message).help("write a shorter `length`"));
    }
    Ok(length)
}

/// The classes of labels.
fn classes(labels: &[String]) -> Result<Target, DataError> {
    let content = |message: String| {
        let help = "name the column of the label: `target = 1`";
        Err(DataError::content(("file", 0), message).help(help))
    };
    let texts: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
    let numbers: Option<BTreeSet<i64>> = texts.iter().map(|label| label.parse().ok()).collect();
    let names: Vec<String> = match numbers {
        Some(numbers) => numbers.iter().map(i64::to_string).collect(),
        None => texts.iter().map(|label| label.to_string()).collect(),
    };
    match names.as_slice() {
        [] => Ok(Target::None),
        [one] if labels.len() > 1 => content(format!("every line has the label `{one}`")),
        names if names.len() > MAX_TEXTS => {
            let count = grouped(names.len() as u64);
            content(format!("the lines have {count} different labels, too many for classes"))
        }
        _ => Ok(Target::Classes(names)),
    }
}

/// The name of a label's class: `1` of `01`.
fn name(label: &str, names: &[String]) -> String {
    let number = || label.parse::<i64>().ok().map(|number| number.to_string());
    number().filter(|name| names.contains(name)).unwrap_or_else(|| label.to_string())
}

fn facts_of(samples: usize, length: usize, tokens: Tokens, target: Target) -> Facts {
    Facts {
        kind: InputKind::Tokens,
        shape: Shape::of(&[length]),
        samples,
        target,
        columns: Vec::new(),
        tokens: Some(tokens),
        inputs: Vec::new(),
        whole: true,
    }
}
