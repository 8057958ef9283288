//! Whether the sources of one dataset ask the same question, and how one is read as the other.

use super::{Column, Facts, Numbers, Samples, Target, Targets, Tokens};
use std::collections::BTreeMap;

/// Why a source does not fit the training source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The fact, with both sides.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// What holds of a dataset whose training source has the facts `train` and whose validation or test
/// parts have sources of their own: the facts of `train`, with the target taken from the first of the
/// others where `train` has none.
pub fn whole(train: &Facts, others: &[&Facts]) -> Facts {
    let labelled = std::iter::once(&train).chain(others).find(|f| f.target != Target::None);
    let target = labelled.map_or(Target::None, |facts| facts.target.clone());
    Facts { target, ..train.clone() }
}

/// Whether a source with the facts `other` can be the part named `part` (`valid`, `test`) of a dataset
/// with the facts `whole` (see [`whole`]): same kind, shape and columns, and no class that the dataset
/// does not have. The texts of a text column may differ: one that training never saw is all zeros.
///
/// # Errors
/// When it cannot.
pub fn fits(whole: &Facts, part: &str, other: &Facts) -> Result<(), Misfit> {
    let misfit = |message: String| Err(Misfit { message, help: None });
    if whole.columns.is_empty() || other.columns.is_empty() {
        if whole.shape != other.shape {
            let message = format!(
                "a sample of `{part}` has the shape {}, one of `train` {}",
                other.shape, whole.shape
            );
            let tokens = whole.tokens.is_some() && other.tokens.is_some();
            let help = tokens.then(|| "give both as many tokens a sample".to_string());
            return Err(Misfit { message, help });
        }
        if whole.kind != other.kind {
            let name = |facts: &Facts| match facts.kind {
                super::InputKind::Image => "bytes",
                super::InputKind::Tokens => "tokens",
                _ => "floats",
            };
            return misfit(format!(
                "the inputs of `{part}` are {}, those of `train` {}",
                name(other),
                name(whole)
            ));
        }
    } else {
        fit_columns(&whole.columns, part, &other.columns)?;
    }
    match (&whole.target, &other.target) {
        (_, Target::None) => Ok(()),
        (Target::Classes(known), Target::Classes(classes)) => {
            match classes.iter().find(|class| !known.contains(class)) {
                None => Ok(()),
                Some(class) => misfit(format!("`{part}` has the class `{class}`, `train` has not")),
            }
        }
        (
            Target::Sequence { classes: known, steps },
            Target::Sequence { classes, steps: others },
        ) if steps == others => match classes.iter().find(|class| !known.contains(class)) {
            None => Ok(()),
            Some(class) => misfit(format!("`{part}` has the token {class:?}, `train` has not")),
        },
        (Target::Values(known), Target::Values(values)) if known.len() == values.len() => Ok(()),
        (known, other) => misfit(format!(
            "the targets of `{part}` are {}, those of `train` {}",
            describe(other),
            describe(known)
        )),
    }
}

/// The samples of a source as samples of a dataset with the facts `whole`: class numbers and one-hot
/// columns are those of `whole`.
///
/// # Panics
/// When [`fits`] would not hold.
pub fn adapt(samples: Samples, whole: &Facts) -> Samples {
    let Samples { inputs, facts, targets, format } = samples;
    let targets = match (targets, &facts.target, &whole.target) {
        (Targets::Classes(classes), own, known) => match (own.classes(), known.classes()) {
            (Some(own), Some(known)) if own != known => {
                let map = places(own, known);
                Targets::Classes(classes.into_iter().map(|class| map[class as usize]).collect())
            }
            _ => Targets::Classes(classes),
        },
        (targets, ..) => targets,
    };
    let inputs = match inputs {
        Numbers::F32(values) if facts.columns != whole.columns && !facts.columns.is_empty() => {
            Numbers::F32(adapt_columns(&values, &facts.columns, &whole.columns))
        }
        inputs => match (&facts.tokens, &whole.tokens) {
            (Some(own), Some(known)) if own != known => {
                adapt_tokens(inputs, &places(&own.names, &known.names))
            }
            _ => inputs,
        },
    };
    let target = match facts.target {
        Target::None => Target::None,
        _ => whole.target.clone(),
    };
    let facts = Facts { samples: facts.samples, target, ..whole.clone() };
    Samples { inputs, facts, targets, format }
}

/// For each name its place among the known ones; where it is not known, that of [`Tokens::UNKNOWN`].
///
/// # Panics
/// When a name is not known and there is none for those.
fn places(own: &[String], known: &[String]) -> Vec<u32> {
    let known: BTreeMap<&str, u32> = known.iter().map(String::as_str).zip(0..).collect();
    let place =
        |name: &String| known.get(name.as_str()).or_else(|| known.get(Tokens::UNKNOWN)).copied();
    own.iter().map(|name| place(name).expect("a known name")).collect()
}

/// Tokens by other numbers.
fn adapt_tokens(inputs: Numbers, places: &[u32]) -> Numbers {
    let all = match inputs {
        Numbers::U8 { bytes, .. } => bytes.into_iter().map(usize::from).collect(),
        Numbers::F32(all) => all.into_iter().map(|token| token as usize).collect::<Vec<usize>>(),
    };
    Numbers::F32(all.into_iter().map(|token| places[token] as f32).collect())
}

/// Whether columns have the same names and kinds.
fn fit_columns(known: &[Column], part: &str, columns: &[Column]) -> Result<(), Misfit> {
    let find = |columns: &[Column], name: &str| columns.iter().any(|column| column.name == name);
    if let Some(column) = known.iter().find(|column| !find(columns, &column.name)) {
        return Err(Misfit {
            message: format!("`{part}` has no column `{}`, `train` has one", column.name),
            help: None,
        });
    }
    if let Some(column) = columns.iter().find(|column| !find(known, &column.name)) {
        return Err(Misfit {
            message: format!("`{part}` has a column `{}`, `train` has none", column.name),
            help: Some("give both the same `features`".to_string()),
        });
    }
    for column in known {
        let other = columns.iter().find(|other| other.name == column.name);
        let texts = other.and_then(|other| other.texts.as_ref());
        match (&column.texts, texts) {
            (None, Some(texts)) => {
                let text = texts.first().map_or("", String::as_str);
                return Err(Misfit {
                    message: format!(
                        "column `{}` is text in `{part}` (`{text}`) and numbers in `train`",
                        column.name
                    ),
                    help: None,
                });
            }
            (Some(_), None) => {
                return Err(Misfit {
                    message: format!(
                        "column `{}` is numbers in `{part}` and text in `train`",
                        column.name
                    ),
                    help: None,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Rows of `from`'s columns as rows of `to`'s.
fn adapt_columns(values: &[f32], from: &[Column], to: &[Column]) -> Vec<f32> {
    let width = |columns: &[Column]| columns.iter().map(Column::width).sum::<usize>();
    let (old, new) = (width(from), width(to));
    // For each number of a new row: which number of the old row it is, if any.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(new);
    for column in to {
        let mut start = 0;
        for other in from {
            if other.name == column.name {
                match (&column.texts, &other.texts) {
                    (Some(texts), Some(others)) => places.extend(
                        texts
                            .iter()
                            .map(|text| others.iter().position(|o| o == text).map(|i| start + i)),
                    ),
                    _ => places.push(Some(start)),
                }
            }
            start += other.width();
        }
    }
    assert_eq!(places.len(), new, "columns fit");
    let rows = values.chunks_exact(old.max(1));
    rows.flat_map(|row| places.iter().map(|place| place.map_or(0.0, |i| row[i]))).collect()
}

/// What targets are, in words.
fn describe(target: &Target) -> String {
    match target {
        Target::None => "none".to_string(),
        Target::Classes(names) => format!("{} classes", names.len()),
        Target::Sequence { classes, steps } => {
            format!("{} classes at each of {steps} steps", classes.len())
        }
        Target::Values(names) if names.len() == 1 => "a value".to_string(),
        Target::Values(names) => format!("{} values", names.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::InputKind;
    use dlm_base::Shape;

    fn column(name: &str, texts: &[&str]) -> Column {
        let list = texts.iter().map(|t| t.to_string()).collect::<Vec<_>>();
        Column { name: name.to_string(), texts: (!list.is_empty()).then_some(list) }
    }

    fn table(columns: Vec<Column>, classes: &[&str]) -> Facts {
        let width = columns.iter().map(Column::width).sum();
        let target = Target::Classes(classes.iter().map(|c| c.to_string()).collect());
        Facts {
            kind: InputKind::Table,
            shape: Shape::of(&[width]),
            samples: 2,
            target,
            columns,
            tokens: None,
        }
    }

    #[test]
    fn a_test_file_is_read_with_the_columns_and_classes_of_training() {
        let train = table(vec![column("a", &[]), column("b", &["x", "y", "?"])], &["no", "yes"]);
        let test = table(vec![column("b", &["w", "y"]), column("a", &[])], &["yes"]);
        assert_eq!(fits(&train, "test", &test), Ok(()));
        let samples = Samples {
            inputs: Numbers::F32(vec![1.0, 0.0, 5.0, 0.0, 1.0, 6.0]),
            facts: test,
            targets: Targets::Classes(vec![0, 0]),
            format: None,
        };
        let read = adapt(samples, &train);
        let expected = vec![5.0, 0.0, 0.0, 0.0, 6.0, 0.0, 1.0, 0.0];
        assert_eq!(read.inputs, Numbers::F32(expected));
        assert_eq!(read.targets, Targets::Classes(vec![1, 1]));
        assert_eq!(read.facts, train);
    }

    #[test]
    fn what_does_not_fit_is_told_with_both_sides() {
        let message = |a: &Facts, b: &Facts| fits(a, "test", b).unwrap_err().message;
        let train = table(vec![column("a", &[]), column("b", &[])], &["no", "yes"]);
        let other = table(vec![column("a", &[]), column("c", &[])], &["no", "yes"]);
        assert_eq!(message(&train, &other), "`test` has no column `b`, `train` has one");
        let other = table(vec![column("a", &[]), column("b", &["x"])], &["no", "yes"]);
        assert_eq!(
            message(&train, &other),
            "column `b` is text in `test` (`x`) and numbers in `train`"
        );
        let other = table(vec![column("a", &[]), column("b", &[])], &["perhaps"]);
        assert_eq!(message(&train, &other), "`test` has the class `perhaps`, `train` has not");
        let mut other = table(vec![], &["no"]);
        other.shape = Shape::of(&[3]);
        assert_eq!(
            message(&train, &other),
            "a sample of `test` has the shape [3], one of `train` [2]"
        );
        let values = Facts { target: Target::Values(vec!["v".into()]), ..train.clone() };
        assert_eq!(
            message(&train, &values),
            "the targets of `test` are a value, those of `train` 2 classes"
        );
    }

    #[test]
    fn an_unlabelled_training_source_takes_the_classes_of_the_test_source() {
        let test = table(vec![column("a", &[])], &["no", "yes"]);
        let train = Facts { target: Target::None, ..test.clone() };
        assert_eq!(whole(&train, &[&test]).target, test.target);
        assert_eq!(fits(&whole(&train, &[&test]), "train", &train), Ok(()));
    }
}
