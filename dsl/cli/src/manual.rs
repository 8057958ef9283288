//! Every word, setting and code with its documentation: for `dlm explain` and the manual's pages.

pub(crate) mod page;

use dlm_base::Code;
use dlm_base::diag::codes;
use dlm_vocab::ops::Flows;
use dlm_vocab::settings::{self, Setting};
use dlm_vocab::word::doc_text;
use dlm_vocab::{Default, Param, Type, Unit, Word};

/// A group of words in the manual.
#[derive(Debug)]
pub(crate) struct Kind {
    /// "Operators".
    pub(crate) title: &'static str,
    /// "an operator".
    pub(crate) one: &'static str,
    /// Where its words stand in a program, in a sentence.
    pub(crate) about: &'static str,
    /// The words, by name.
    pub(crate) words: Vec<Entry>,
}

/// A word.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The word.
    pub(crate) word: &'static Word,
    /// How it is written, with its parameters and their defaults.
    pub(crate) signature: String,
}

/// What a name stands for.
#[derive(Debug)]
pub(crate) enum Topic {
    /// An error or a warning.
    Code(&'static Code),
    /// A word: what it is, the word, how it is written.
    Word(&'static str, Entry),
    /// A setting of the block that the word begins.
    Setting(&'static str, &'static Setting),
    /// A block with its settings.
    Block(&'static str, Vec<&'static Setting>),
}

/// All words, in the order of the manual.
pub(crate) fn kinds() -> Vec<Kind> {
    let kind = |title, one, about, words: Vec<Entry>| {
        let mut words = words;
        words.sort_by_key(|entry| entry.word.name);
        Kind { title, one, about, words }
    };
    let plain = |word: &'static Word| Entry { word, signature: signature(word, None) };
    let operators = dlm_vocab::ops::OPERATORS.iter();
    let mut kinds = vec![
        kind(
            "Operators",
            "an operator",
            "The steps of a flow. What comes along `->` enters the first tensor parameter.",
            operators
                .map(|op| Entry { word: &op.word, signature: signature(&op.word, Some(op.flows)) })
                .collect(),
        ),
        kind(
            "Sources",
            "a source of data",
            "Values of `source`, `train`, `valid` and `test` in `data`. Paths are relative to the program.",
            dlm_vocab::data::SOURCES.iter().map(|s| plain(&s.word)).collect(),
        ),
        kind(
            "Augmentations",
            "an augmentation",
            "Elements of `augment` in `data`. They change training batches alone.",
            dlm_vocab::augment::AUGMENTS.iter().map(|a| plain(&a.word)).collect(),
        ),
        kind(
            "Loss terms",
            "a loss term",
            "Terms of `loss` in `train` and `distill`: a sum, each with a weight before it or none. Those that compare with a teacher belong to `distill`.",
            dlm_vocab::loss::LOSSES.iter().map(|l| plain(&l.word)).collect(),
        ),
        kind(
            "Optimizers",
            "an optimizer",
            "Values of `optimizer` in `train`.",
            dlm_vocab::optim::OPTIMIZERS.iter().map(|o| plain(&o.word)).collect(),
        ),
        kind(
            "Schedules",
            "a schedule of the learning rate",
            "Values of `schedule` in `train`.",
            dlm_vocab::schedule::SCHEDULES.iter().map(|s| plain(&s.word)).collect(),
        ),
        kind(
            "Number formats",
            "a number format",
            "Values of `weights` and `activations` in `policy`.",
            dlm_vocab::format::FORMATS.iter().map(|f| plain(&f.word)).collect(),
        ),
        kind(
            "Ranges",
            "a range of activations",
            "Values of `range` in a number format of activations: `uint8(range = percentile(99.99))`.",
            dlm_vocab::range::RANGES.iter().map(|r| plain(&r.word)).collect(),
        ),
        kind(
            "Metrics",
            "a metric",
            "What `expect` compares, behind the name of an artifact: `Net.accuracy`.",
            dlm_vocab::metric::METRICS.iter().map(|m| plain(&m.word)).collect(),
        ),
    ];
    for (setting, words) in settings::WORDS {
        let (title, one, about) = match *setting {
            "normalize" => {
                ("Normalisations", "a normalisation", "Values of `normalize` in `data`.")
            }
            "average" => {
                ("Averages", "an average of the weights", "Values of `average` in `train`.")
            }
            "stop" => ("Stops", "a condition of early stopping", "Values of `stop` in `train`."),
            "method" => ("Methods", "a method of quantization", "Values of `method` in `policy`."),
            "per" => (
                "Scales",
                "what shares a scale",
                "Values of `per` in a number format of weights: `int8(per = channel)`.",
            ),
            "tokens" => (
                "Tokens",
                "what a token is",
                "Values of `tokens` in sources of text: `lines(\"file.txt\", tokens = word)`.",
            ),
            _ => ("Initialisers", "an initialiser", "Values of `init` on an operator."),
        };
        kinds.push(kind(title, one, about, words.iter().map(plain).collect()));
    }
    kinds
}

/// Everything of that name, in any case of letters; names of other systems count (`Conv2d`).
pub(crate) fn find(name: &str) -> Vec<Topic> {
    if let Some(code) = codes::find(name) {
        return vec![Topic::Code(code)];
    }
    let found = topics(|own, _| own == name);
    if !found.is_empty() {
        return found;
    }
    let same = |own: &str| own.eq_ignore_ascii_case(name);
    topics(|own, aliases| same(own) || aliases.iter().any(|alias| same(alias)))
}

fn topics(wanted: impl Fn(&str, &[&str]) -> bool) -> Vec<Topic> {
    let mut found = Vec::new();
    for kind in kinds() {
        for entry in kind.words {
            if wanted(entry.word.name, entry.word.aliases) {
                found.push(Topic::Word(kind.one, entry));
            }
        }
    }
    for &(block, list) in settings::BLOCKS {
        if wanted(block, &[]) {
            found.push(Topic::Block(block, settings::block(block)));
        }
        let settings = list.iter().filter(|s| wanted(s.name, s.aliases));
        found.extend(settings.map(|s| Topic::Setting(block, s)));
    }
    found
}

/// Every name that [`find`] knows by itself.
pub(crate) fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = codes::all().map(|code| code.id).collect();
    for kind in kinds() {
        names.extend(kind.words.iter().map(|entry| entry.word.name));
    }
    for &(block, list) in settings::BLOCKS {
        names.push(block);
        names.extend(list.iter().map(|setting| setting.name));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The first sentence of a documentation, on one line.
pub(crate) fn summary(doc: &str) -> String {
    let text = doc_text(doc);
    let first = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = first.find(". ").unwrap_or(first.len());
    first[..end].trim_end_matches('.').to_string()
}

fn signature(word: &Word, flows: Option<Flows>) -> String {
    let mut parts: Vec<String> = Vec::new();
    match flows {
        Some(Flows::AtLeast(n)) if n > 1 => parts.push("…".into()),
        Some(Flows::Exactly(n)) if n > 1 => parts.extend((1..n).map(|i| format!("flow{i}"))),
        _ => {}
    }
    parts.extend(word.params.iter().map(|param| match param.default {
        Default::Required | Default::Absent => param.name.to_string(),
        _ => format!("{} = {}", param.name, default(param)),
    }));
    if parts.is_empty() { word.name.into() } else { format!("{}({})", word.name, parts.join(", ")) }
}

/// What a parameter is when not given, in the language's words; "required" or "none" otherwise.
pub(crate) fn default(param: &Param) -> String {
    match param.default {
        Default::Required => "required".into(),
        Default::Absent => "none".into(),
        Default::Int(v) => v.to_string(),
        Default::Real(v) if v != 0.0 && v.abs() < 1e-3 => format!("{v:e}"),
        Default::Real(v) => v.to_string(),
        Default::Bool(v) => v.to_string(),
        Default::Name(v) => v.into(),
        Default::Str(v) => format!("{v:?}"),
        Default::Quantity(v, unit) => format!("{v} {}", unit_word(unit, v)),
        Default::Same(other) => other.into(),
    }
}

fn unit_word(unit: Unit, n: f64) -> &'static str {
    match (unit, n == 1.0) {
        (Unit::Epochs, true) => "epoch",
        (Unit::Epochs, false) => "epochs",
        (Unit::Steps, true) => "step",
        (Unit::Steps, false) => "steps",
        (Unit::Samples, true) => "sample",
        (Unit::Samples, false) => "samples",
        (Unit::Bytes, _) => "B",
        (Unit::Seconds, _) => "s",
    }
}

/// What values a parameter takes, in words.
pub(crate) fn values(ty: Type) -> String {
    match ty {
        Type::Int { min } => format!("whole number ≥ {min}"),
        Type::Pair { min } => format!("whole number ≥ {min}, or a pair `[height, width]`"),
        Type::Padding => "`same`, `valid`, a whole number ≥ 0, or a pair".into(),
        Type::Real { min, max, open_min, open_max } => {
            let low = match (min.is_finite(), open_min) {
                (false, _) => None,
                (true, true) => Some(format!("> {min}")),
                (true, false) => Some(format!("≥ {min}")),
            };
            let high = match (max.is_finite(), open_max) {
                (false, _) => None,
                (true, true) => Some(format!("< {max}")),
                (true, false) => Some(format!("≤ {max}")),
            };
            let bounds: Vec<String> = [low, high].into_iter().flatten().collect();
            format!("real {}", bounds.join(", ")).trim_end().into()
        }
        Type::Bool => "`true` or `false`".into(),
        Type::Str => "string".into(),
        Type::File => "path of a file".into(),
        Type::Choice(names) => {
            let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            quoted.join(", ")
        }
        Type::Ints { min } => format!("list of whole numbers ≥ {min}"),
        Type::Reals => "list of reals".into(),
        Type::Strs => "list of strings".into(),
        Type::Sizes => "shape: a list of whole numbers ≥ 1".into(),
        Type::Duration => "`5 epochs` or `200 steps`".into(),
        Type::Part => "`10%` or `500 samples`".into(),
        Type::Init => "`normal(deviation)`".into(),
        Type::Path => "path of a layer: `stage[0].conv1`".into(),
        Type::Shared => "name of a shared weight".into(),
        Type::Metric => "metric of the validation part: `valid.loss`".into(),
        Type::Per => "`channel`, `tensor` or `group(size)`".into(),
        Type::Range => "range: `minmax`, `percentile(99.99)`".into(),
        Type::Tokens => "`char`, `byte` or `word(vocabulary)`".into(),
        Type::Flow => "flow".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found() {
        for name in names() {
            assert!(!find(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn names_of_other_systems_lead_to_ours() {
        let found = find("Learning_Rate_Of_Nobody");
        assert!(found.is_empty());
        let found = find("BATCH_SIZE");
        assert!(
            matches!(found[..], [Topic::Setting("train", s)] if s.name == "batch"),
            "{found:?}"
        );
    }

    #[test]
    fn a_summary_is_one_sentence() {
        assert_eq!(
            summary(" Rectified linear unit: `y = max(x, 0)`.\n\n More."),
            "Rectified linear unit: `y = max(x, 0)`"
        );
        assert_eq!(summary(" How weights\n move. And more."), "How weights move");
    }
}
