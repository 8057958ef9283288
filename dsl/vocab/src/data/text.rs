//! `text`: windows of a text, each with what follows.

use super::read::{Input, MAX_BYTES, grouped, paths};
use super::tokens::{asked, numbers};
use super::{DataError, Facts, InputKind, Samples, Source, Target, Targets, TokenUnit, Tokens};
use crate::word;
use crate::word::{Args, Default, Param as P, Type};
use dlm_base::{Files, Shape};
use std::collections::{BTreeMap, BTreeSet};

word! {
    /// A text, cut into windows: a network learns which token follows each.
    ///
    /// ```dlm
    /// data Plays {
    ///     source = text("shakespeare.txt", context = 64, tokens = char)
    ///     valid  = 5%
    ///     test   = 5%
    /// }
    /// ```
    ///
    /// The windows lie one beside the other, `context` tokens each. A sample is `int[context]`; its target is
    /// a class for each token: the token after it. What is left at the end is not used. Tokens are
    /// the different characters of the whole text in the order of their code points, or the 256 bytes;
    /// `Plays.tokens` and `Plays.classes` are how many there are.
    ///
    /// Parts are not shuffled: the training part is the beginning of the text, then come the validation
    /// and the test part. Files are UTF-8 (where tokens are bytes, anything), follow each other, and
    /// may be compressed with gzip.
    pub static TEXT: Source = {
        name: "text",
        params: &[
            P {
                name: "file",
                ty: Type::File,
                default: Default::Required,
                doc: "a file of text; further ones follow: `text(\"a.txt\", \"b.txt\")`",
                aliases: &["files", "path"],
            },
            P {
                name: "context",
                ty: Type::Int { min: 1 },
                default: Default::Int(64),
                doc: "the tokens of a window",
                aliases: &["block_size", "window", "length", "seq_len", "sequence_length", "bptt"],
            },
            P {
                name: "tokens",
                ty: Type::Choice(&["char", "byte"]),
                default: Default::Name("char"),
                doc: "what a token is: a character or a byte",
                aliases: &["tokenizer", "level"],
            },
        ],
        aliases: &["TextDataset"],
    },
    rest: Some("file"),
    facts: facts,
    load: load,
}

/// What the whole text tells.
fn facts(args: &Args, files: &dyn Files) -> Result<Facts, DataError> {
    let (text, tokens) = read(args, files)?;
    let length = match tokens.unit {
        TokenUnit::Byte => text.len(),
        _ => characters(&text).chars().count(),
    };
    facts_of(length, tokens, args)
}

/// All windows.
fn load(args: &Args, files: &dyn Files, _: u64) -> Result<Samples, DataError> {
    let (text, tokens) = read(args, files)?;
    let all: Vec<u32> = match tokens.unit {
        TokenUnit::Byte => text.into_iter().map(u32::from).collect(),
        _ => numbered(characters(&text), &tokens.names),
    };
    let facts = facts_of(all.len(), tokens, args)?;
    let used = facts.samples * args.size("context");
    let targets = Targets::Classes(all[1..=used].to_vec());
    let mut all = all;
    all.truncate(used);
    let classes = facts.target.width();
    Ok(Samples { inputs: numbers(all, classes), facts, targets, format: None })
}

/// The bytes of all files, and what tokens they have.
fn read(args: &Args, files: &dyn Files) -> Result<(Vec<u8>, Tokens), DataError> {
    let (unit, _) = asked(args.get("tokens"));
    let mut text = Vec::new();
    for (place, path) in paths(args).iter().enumerate() {
        let mut input = Input::open(files, path, ("file", place))?;
        let (bytes, whole) = input.rest(MAX_BYTES)?;
        if !whole {
            return Err(input.error("the file is larger than 8 GiB"));
        }
        if bytes.is_empty() {
            return Err(input.error("the file is empty"));
        }
        if let (TokenUnit::Char, Err(error)) = (unit, std::str::from_utf8(&bytes)) {
            let line = bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count() + 1;
            let message = format!("line {} is not UTF-8 text", grouped(line as u64));
            return Err(input.error(message).help("read its bytes: `tokens = byte`"));
        }
        match text.is_empty() {
            true => text = bytes,
            false => text.extend(bytes),
        }
    }
    let tokens = match unit {
        TokenUnit::Byte => Tokens::bytes(),
        _ => {
            let mut ascii = [false; 128];
            let mut others = BTreeSet::new();
            for c in characters(&text).chars() {
                match ascii.get_mut(c as usize) {
                    Some(seen) => *seen = true,
                    None => {
                        others.insert(c);
                    }
                }
            }
            let ascii = (0..128u8).filter(|&c| ascii[usize::from(c)]).map(char::from);
            Tokens { unit, names: ascii.chain(others).map(String::from).collect() }
        }
    };
    Ok((text, tokens))
}

/// The text of bytes that have been looked at.
fn characters(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The number of each character.
fn numbered(text: &str, names: &[String]) -> Vec<u32> {
    let mut ascii = [0; 128];
    let mut others = BTreeMap::new();
    for (name, number) in names.iter().zip(0..) {
        for c in name.chars() {
            match ascii.get_mut(c as usize) {
                Some(place) => *place = number,
                None => {
                    others.insert(c, number);
                }
            }
        }
    }
    text.chars().map(|c| ascii.get(c as usize).copied().unwrap_or_else(|| others[&c])).collect()
}

/// The facts of a text of so many tokens.
fn facts_of(length: usize, tokens: Tokens, args: &Args) -> Result<Facts, DataError> {
    let context = args.size("context");
    let samples = (length - 1) / context;
    if samples == 0 {
        let (length, needs) = (grouped(length as u64), grouped(context as u64 + 1));
        let message =
            format!("the text has {length} tokens, and a window with what follows {needs}");
        return Err(DataError::argument("context", message).help("take a shorter window"));
    }
    Ok(Facts {
        kind: InputKind::Tokens,
        shape: Shape::of(&[context]),
        samples,
        target: Target::Sequence { classes: tokens.names.clone(), steps: context },
        columns: Vec::new(),
        tokens: Some(tokens),
        inputs: Vec::new(),
        whole: true,
    })
}
