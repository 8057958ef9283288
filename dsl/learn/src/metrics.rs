//! Figures from answers: loss, accuracy, confusion for classes; errors and R² for values.

use crate::record::number;
use serde::{Deserialize, Serialize};

/// What a part of the data says of an artifact. Those that do not apply are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scores {
    /// Samples; of sequences all steps of them.
    pub samples: usize,
    /// The mean of the loss.
    #[serde(with = "number")]
    pub loss: f64,
    /// The share of samples whose largest logit is the right class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// The share of samples whose right class is among the five largest logits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top5: Option<f64>,
    /// `e` to the mean surprise at the right class of a step, in nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// The surprise at the right classes, in bits for each character of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits_per_character: Option<f64>,
    /// The mean absolute error, in the target's own unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mae: Option<f64>,
    /// The share of the target's variance that is explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// Counts of samples by right class (row) and answered class (column).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<u32>>,
}

/// A student beside one of its teachers, on a part of the student's data. Figures that do not apply are
/// absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Taught {
    /// The teacher.
    pub teacher: String,
    /// Its share of the answers.
    pub weight: f64,
    /// The part: `test`, or else `valid`, or `train` where only answers to that are known.
    pub split: String,
    /// The teacher's own accuracy there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// The share of samples to which both answer the same class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
    /// The mean of KL(teacher ‖ student) of their probabilities, in nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl: Option<f64>,
    /// Of the samples that one of them gets wrong, the share that both get wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_overlap: Option<f64>,
}

/// The answer for each sample of a part of the data; of sequences for each step of each sample.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The network's outputs, sample after sample; values in the target's own unit.
    pub outputs: Vec<f32>,
    /// How many numbers one answer has.
    pub width: usize,
}

impl Answers {
    /// The class answered for each sample: the largest number, the first of equals; for a single
    /// number (binary) class 1 where it is positive.
    pub fn classes(&self) -> Vec<u32> {
        self.outputs.chunks_exact(self.width.max(1)).map(class).collect()
    }
}

/// The class that one answer names.
pub fn class(answer: &[f32]) -> u32 {
    if let &[single] = answer {
        return u32::from(single > 0.0);
    }
    let mut best = 0;
    for (i, &x) in answer.iter().enumerate() {
        if x > answer[best] || answer[best].is_nan() {
            best = i;
        }
    }
    best as u32
}

/// Accuracy, top-5 accuracy and confusion of answers against the right classes.
pub fn score_classes(answers: &Answers, right: &[u32], classes: usize, loss: f64) -> Scores {
    let mut confusion = vec![vec![0u32; classes]; classes];
    let (mut hits, mut near) = (0usize, 0usize);
    for (answer, &right) in answers.outputs.chunks_exact(answers.width).zip(right) {
        let said = class(answer);
        hits += usize::from(said == right);
        let rank = match answer.get(right as usize).filter(|_| answer.len() > 1) {
            Some(own) => answer.iter().filter(|x| *x > own).count(),
            None => usize::from(said != right),
        };
        near += usize::from(rank < 5);
        if let Some(cell) =
            confusion.get_mut(right as usize).and_then(|row| row.get_mut(said as usize))
        {
            *cell += 1;
        }
    }
    let samples = right.len();
    let share = |n: usize| if samples == 0 { 0.0 } else { n as f64 / samples as f64 };
    Scores {
        samples,
        loss,
        accuracy: Some(share(hits)),
        top5: Some(share(near)),
        confusion,
        ..Scores::default()
    }
}

/// Accuracy, top-5 accuracy, perplexity and bits per character of answers against the class that followed at
/// each step: `perplexity = e^H`, `H = 1/N · Σ −ln p` over N steps with p the softmax of the logits at the right class, and
/// `bits = N · H / ln 2 / characters`, where the steps stand for so many characters; all in f64.
///
/// # References
/// Jelinek et al. 1977 (perplexity).
pub fn score_sequence(answers: &Answers, right: &[u32], characters: usize, loss: f64) -> Scores {
    let (mut hits, mut near, mut surprise) = (0usize, 0usize, 0.0f64);
    for (answer, &right) in rows(answers).zip(right) {
        let own = answer[right as usize];
        hits += usize::from(class(answer) == right);
        near += usize::from(answer.iter().filter(|x| **x > own).count() < 5);
        let largest = answer.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = answer.iter().map(|&z| f64::from(z - largest).exp()).sum();
        surprise += f64::from(largest) - f64::from(own) + sum.ln();
    }
    let steps = right.len().max(1) as f64;
    Scores {
        samples: right.len(),
        loss,
        accuracy: Some(hits as f64 / steps),
        top5: Some(near as f64 / steps),
        perplexity: Some((surprise / steps).exp()),
        bits_per_character: Some(surprise / std::f64::consts::LN_2 / characters.max(1) as f64),
        ..Scores::default()
    }
}

/// Mean absolute error and R² of answers against the right values, over all of a sample's values:
/// `R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²`, with a mean ȳ for each of the values, averaged over them.
pub fn score_values(answers: &Answers, right: &[f32], loss: f64) -> Scores {
    let width = answers.width.max(1);
    let samples = right.len() / width;
    let mut absolute = 0.0f64;
    let mut r2 = 0.0f64;
    for column in 0..width {
        let pairs = || {
            let at = move |i: usize| i * width + column;
            (0..samples).map(move |i| (f64::from(right[at(i)]), f64::from(answers.outputs[at(i)])))
        };
        let mean = pairs().map(|(y, _)| y).sum::<f64>() / samples.max(1) as f64;
        let total: f64 = pairs().map(|(y, _)| (y - mean).powi(2)).sum();
        let rest: f64 = pairs().map(|(y, said)| (y - said).powi(2)).sum();
        absolute += pairs().map(|(y, said)| (y - said).abs()).sum::<f64>();
        r2 += if total > 0.0 { 1.0 - rest / total } else { 0.0 };
    }
    Scores {
        samples,
        loss,
        mae: Some(absolute / (samples * width).max(1) as f64),
        r2: Some(r2 / width as f64),
        ..Scores::default()
    }
}

/// The share of samples to which two artifacts answer the same class.
pub fn agreement(a: &Answers, b: &Answers) -> f64 {
    let (a, b) = (a.classes(), b.classes());
    let same = a.iter().zip(&b).filter(|(a, b)| a == b).count();
    same as f64 / a.len().max(1) as f64
}

/// The share of right classes.
pub fn accuracy(answers: &Answers, right: &[u32]) -> f64 {
    let hits = answers.classes().iter().zip(right).filter(|(said, right)| said == right).count();
    hits as f64 / right.len().max(1) as f64
}

/// How far a student's probabilities are from its teacher's, in nats:
/// `1/B · Σ_b Σ_c q_bc (ln q_bc − ln p_bc)` over B samples and their classes c, where q is the softmax of the
/// teacher's logits and p that of the student's, all in f64. At least 0; 0 where both say the same, and
/// without samples. A single logit counts as the two classes of a sigmoid.
///
/// # References
/// Kullback, Leibler 1951.
pub fn kl(student: &Answers, teacher: &Answers) -> f64 {
    let (p, q) = (rows(student), rows(teacher));
    let mut samples = 0u64;
    let mut sum = 0.0;
    for (p, q) in p.zip(q) {
        let (p, q) = (log_probabilities(p), log_probabilities(q));
        let one: f64 = (p.iter().zip(&q))
            .filter(|(_, q)| **q > f64::NEG_INFINITY)
            .map(|(p, q)| q.exp() * (q - p))
            .sum();
        // Rounding may leave a little less than nothing.
        sum += if one < 0.0 { 0.0 } else { one };
        samples += 1;
    }
    sum / samples.max(1) as f64
}

/// Of the samples that either gets wrong, the share that both get wrong: `|E_S ∩ E_T| / |E_S ∪ E_T|`;
/// 1 where neither errs.
pub fn error_overlap(student: &Answers, teacher: &Answers, right: &[u32]) -> f64 {
    let [_, ours, theirs, both] = outcomes(student, teacher, right);
    match ours + theirs + both {
        0 => 1.0,
        any => both as f64 / any as f64,
    }
}

/// Whether one artifact is right more often than another by more than chance, at the level of 5%:
/// McNemar's test on the samples where one of them alone is right. With `b` those where it is
/// this one and `c` those where it is the other, `b > c` and `(b − c)² > 3.84 (b + c)`.
///
/// # References
/// McNemar 1947.
pub fn better_by_more_than_chance(one: &Answers, other: &Answers, right: &[u32]) -> bool {
    let [_, c, b, _] = outcomes(one, other, right);
    let (b, c) = (b as f64, c as f64);
    b > c && (b - c).powi(2) > 3.84 * (b + c)
}

/// Precision, recall and F1 of one class, from a confusion matrix; 0 where nothing was there.
pub fn per_class(confusion: &[Vec<u32>], class: usize) -> [f64; 3] {
    let hit = f64::from(confusion[class][class]);
    let said: f64 = confusion.iter().map(|row| f64::from(row[class])).sum();
    let there: f64 = confusion[class].iter().map(|&n| f64::from(n)).sum();
    let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
    let (precision, recall) = (ratio(hit, said), ratio(hit, there));
    [precision, recall, ratio(2.0 * precision * recall, precision + recall)]
}

/// The answers, one after the other.
fn rows(answers: &Answers) -> impl Iterator<Item = &[f32]> {
    answers.outputs.chunks_exact(answers.width.max(1))
}

/// The logarithms of the probabilities that logits mean; those of two classes for a single logit.
fn log_probabilities(logits: &[f32]) -> Vec<f64> {
    let logits: Vec<f64> = match *logits {
        [single] => vec![0.0, f64::from(single)],
        _ => logits.iter().map(|&z| f64::from(z)).collect(),
    };
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|z| (z - largest).exp()).sum();
    logits.iter().map(|z| z - largest - sum.ln()).collect()
}

/// How many samples both answer right, the first alone gets wrong, the second alone, and both.
fn outcomes(a: &Answers, b: &Answers, right: &[u32]) -> [usize; 4] {
    let mut counts = [0; 4];
    for ((a, b), right) in a.classes().iter().zip(b.classes()).zip(right) {
        counts[usize::from(a != right) + 2 * usize::from(b != *right)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_counted() {
        let answers =
            Answers { outputs: vec![0.1, 0.9, 0.0, 1.0, 0.0, 0.0, 0.0, 0.2, 0.7], width: 3 };
        let scores = score_classes(&answers, &[1, 0, 1], 3, 0.5);
        assert_eq!(scores.accuracy, Some(2.0 / 3.0));
        assert_eq!(scores.top5, Some(1.0));
        assert_eq!(scores.confusion, [[1, 0, 0], [0, 1, 1], [0, 0, 0]]);
        assert_eq!(per_class(&scores.confusion, 1), [1.0, 0.5, 2.0 / 3.0]);
        assert_eq!(per_class(&scores.confusion, 2), [0.0, 0.0, 0.0]);
    }

    #[test]
    fn values_are_measured_against_their_mean() {
        let answers = Answers { outputs: vec![1.0, 2.0, 4.0], width: 1 };
        let scores = score_values(&answers, &[1.0, 2.0, 3.0], 0.0);
        assert_eq!(scores.mae, Some(1.0 / 3.0));
        assert_eq!(scores.r2, Some(0.5));
    }

    #[test]
    fn a_single_number_is_a_binary_answer() {
        let a = Answers { outputs: vec![-0.5, 0.5], width: 1 };
        assert_eq!(a.classes(), [0, 1]);
        let b = Answers { outputs: vec![0.5, 0.5], width: 1 };
        assert_eq!(agreement(&a, &b), 0.5);
    }

    #[test]
    fn divergence_is_that_of_pytorch() {
        let student = Answers {
            outputs: vec![1.5, -2.0, 0.25, 0.0, 0.0, 0.0, 80.0, -100.0, 3.0, -1.0, 2.5, 2.0],
            width: 3,
        };
        let teacher = Answers {
            outputs: vec![2.0, -1.0, 0.5, 3.0, -1.0, 0.0, -60.0, 40.0, 39.0, -1.0, 2.5, 2.0],
            width: 3,
        };
        // kl_div(log_softmax(s), log_softmax(t), "batchmean", log_target=True) in float64.
        assert!((kl(&student, &teacher) - 38.137_670_589_796_95).abs() < 1e-12);
        let first = |a: &Answers| Answers { outputs: a.outputs[..3].to_vec(), width: 3 };
        let (p, q) = (first(&student), first(&teacher));
        assert!((kl(&p, &q) - 0.009_552_654_190_812_943).abs() < 1e-15);
        // It is not symmetrical, and what agrees has none.
        assert!((kl(&p, &q) - kl(&q, &p)).abs() > 1e-4);
        assert_eq!(kl(&student, &student), 0.0);
        assert_eq!(kl(&Answers { width: 3, ..Answers::default() }, &Answers::default()), 0.0);
    }

    #[test]
    fn divergence_of_one_logit_is_that_of_a_sigmoid() {
        let student = Answers { outputs: vec![0.5, -3.0, 900.0], width: 1 };
        let teacher = Answers { outputs: vec![-1.0, 2.0, -800.0], width: 1 };
        assert!((kl(&student, &teacher) - 300.861_015_965_009).abs() < 1e-10);
        // The same beside a network with two logits.
        let two = Answers { outputs: vec![1.0, 1.5, 3.0, 0.0, 0.0, 900.0], width: 2 };
        assert!((kl(&two, &teacher) - 300.861_015_965_009).abs() < 1e-10);
    }

    /// One-hot answers of ten classes.
    fn saying(classes: &[u32]) -> Answers {
        let said = |class: &u32| (0..10).map(|i| f32::from(u8::from(i == *class))).collect();
        let rows: Vec<Vec<f32>> = classes.iter().map(said).collect();
        Answers { outputs: rows.concat(), width: 10 }
    }

    #[test]
    fn errors_are_shared_whatever_is_said_instead() {
        let right = [0, 1, 2, 3, 4, 5];
        let student = saying(&[0, 1, 9, 9, 9, 5]);
        let teacher = saying(&[0, 1, 2, 8, 9, 9]);
        // The student errs on 2, 3 and 4, the teacher on 3, 4 and 5: on two of four together.
        assert_eq!(error_overlap(&student, &teacher, &right), 0.5);
        assert_eq!(error_overlap(&saying(&right), &saying(&right), &right), 1.0);
        assert_eq!(error_overlap(&student, &saying(&right), &right), 0.0);
        assert_eq!(error_overlap(&student, &student, &right), 1.0);
    }

    #[test]
    fn what_is_better_by_chance_does_not_count() {
        // Of 40 samples the first alone is right on `b`, the other alone on `c`.
        let of = |b: usize, c: usize| {
            let right = vec![0; 40];
            let first: Vec<u32> = (0..40).map(|i| u32::from(i >= b && i < b + c)).collect();
            let other: Vec<u32> = (0..40).map(|i| u32::from(i < b)).collect();
            better_by_more_than_chance(&saying(&first), &saying(&other), &right)
        };
        // 10² = 100 > 3.84 · 20 = 76.8, and 8² = 64 < 3.84 · 18 = 69.12.
        assert!(of(15, 5));
        assert!(!of(13, 5));
        // 4² = 16 > 15.36, and 3² = 9 < 11.52.
        assert!(of(4, 0));
        assert!(!of(3, 0));
        assert!(!of(0, 20));
        assert!(!of(0, 0));
    }
}
