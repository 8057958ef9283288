//! Divergences between the softened answers of a student and of its teachers.
//!
//! Everything is worked out in float64 and with logarithms of shares: a divergence is the small
//! difference of large sums where both agree, and shares far below the smallest float still count.

use super::Answers;
use crate::par;

/// A teacher's logits, and its weight; the weights of all teachers sum to 1.
pub type Teacher<'a> = (f32, &'a [f32]);

/// The two parts of [`decoupled`], and how far answers are softened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decoupled {
    /// Weight of the divergence between target class and all others.
    pub alpha: f64,
    /// Weight of the divergence among the other classes.
    pub beta: f64,
    /// By which logits are divided.
    pub temperature: f64,
}

/// The divergence of softened answers, and its gradient with respect to the student's logits.
///
/// `T² / B · Σ_b Σ_c q_c · (ln q_c − ln p_c)`, in nats, with `p = softmax(z / T)`,
/// `q = Σ_t w_t · softmax(v_t / T)`, student's logits z, logits v and weight w of each teacher; gradient
/// `dz = T / B · (p − q)`. A single logit is one question: its answers are `z` for yes and 0 for no.
///
/// # Shapes
/// Logits and `dz` `[B, classes]`; `rows` `[B]`, to work with.
///
/// # Panics
/// When the lengths do not fit.
///
/// # References
/// Hinton, Vinyals and Dean 2015, arXiv 1503.02531.
pub fn soft_targets(
    student: &[f32],
    teachers: &[Teacher<'_>],
    classes: usize,
    temperature: f64,
    dz: &mut [f32],
    rows: &mut [f64],
) -> f64 {
    let scale = temperature / rows.len() as f64;
    each_row(student, teachers, classes, temperature, (dz, rows), |_, row, dz| {
        let skip = row.p.len() - dz.len();
        let both = row.p[skip..].iter().zip(&row.q[skip..]);
        dz.iter_mut().zip(both).for_each(|(dz, (&p, &q))| *dz = (scale * above(p, q)) as f32);
        temperature * scale * divergence(&row.p, &row.q)
    })
}

/// The divergence of softened answers in two parts, and its gradient with respect to the student's
/// logits.
///
/// `T² / B · Σ_b (α · KL(b_t ‖ b_s) + β · KL(q̂ ‖ p̂))`: b are the shares of the target class and of all
/// others together, p̂ and q̂ the shares among the others; p and q as for [`soft_targets`]. Where the target
/// is shares of several classes, the mean over them.
///
/// # Shapes
/// As [`soft_targets`]; the classes `[B]`, or their shares `[B, classes]` (two for a single logit).
///
/// # Panics
/// When the lengths do not fit.
///
/// # References
/// Zhao et al. 2022, arXiv 2203.08679.
pub fn decoupled(
    student: &[f32],
    teachers: &[Teacher<'_>],
    answers: Answers<'_>,
    classes: usize,
    how: Decoupled,
    dz: &mut [f32],
    rows: &mut [f64],
) -> f64 {
    let scale = how.temperature / rows.len() as f64;
    each_row(student, teachers, classes, how.temperature, (dz, rows), |n, row, dz| {
        dz.fill(0.0);
        let mut sum = 0.0;
        for class in 0..row.p.len() {
            let share = f64::from(answers.share(n, class, row.p.len(), 0.0));
            if share != 0.0 {
                sum += share * how.of_class(row, class, share * scale, dz);
            }
        }
        how.temperature * scale * sum
    })
}

impl Decoupled {
    /// The two parts for one sample of that class; adds their gradient times `scale` to `dz`.
    fn of_class(&self, row: &Row, class: usize, scale: f64, dz: &mut [f32]) -> f64 {
        let others = |shares: &[f64]| {
            let rest = shares.iter().enumerate().filter(|&(c, _)| c != class);
            ln_sum(rest.map(|(_, &share)| share))
        };
        let (p, q) = ([row.p[class], others(&row.p)], [row.q[class], others(&row.q)]);
        let is_target = above(p[0], q[0]);
        let skip = row.p.len() - dz.len();
        let mut among = 0.0;
        for (c, (&own, &theirs)) in row.p.iter().zip(&row.q).enumerate() {
            let slope = if c == class {
                self.alpha * is_target
            } else {
                let (own, theirs) = (own - p[1], theirs - q[1]);
                among += surprise(own, theirs);
                self.beta * above(own, theirs) - self.alpha * is_target * own.exp()
            };
            if c >= skip {
                dz[c - skip] += (scale * slope) as f32;
            }
        }
        self.alpha * divergence(&p, &q) + self.beta * among
    }
}

/// Logarithms of shares of one sample.
struct Row {
    /// The student's.
    p: Vec<f64>,
    /// The teachers'.
    q: Vec<f64>,
}

/// Samples that one thread takes at a time.
const PIECE: usize = 8;

/// The sum of `f(sample, its shares, its part of dz)` over all samples, in their order.
fn each_row(
    student: &[f32],
    teachers: &[Teacher<'_>],
    classes: usize,
    temperature: f64,
    (dz, rows): (&mut [f32], &mut [f64]),
    f: impl Fn(usize, &Row, &mut [f32]) -> f64 + Sync + Send,
) -> f64 {
    assert!(student.len() == rows.len() * classes && dz.len() == student.len());
    assert!(teachers.iter().all(|(_, logits)| logits.len() == student.len()));
    let work = student.len() * (teachers.len() + 2) * 32;
    par::chunks2((dz, PIECE * classes), (rows, PIECE), work, |i, dz, rows| {
        let zeros = || vec![0.0; classes.max(2)];
        let (mut row, mut one) = (Row { p: zeros(), q: zeros() }, zeros());
        for (j, (dz, value)) in dz.chunks_exact_mut(classes).zip(rows).enumerate() {
            let n = i * PIECE + j;
            let own = |logits: &[f32], to: &mut [f64]| {
                soften(&logits[n * classes..][..classes], temperature, to);
            };
            own(student, &mut row.p);
            match teachers {
                [(_, only)] => own(only, &mut row.q),
                _ => {
                    row.q.fill(f64::NEG_INFINITY);
                    for (weight, logits) in teachers {
                        own(logits, &mut one);
                        let weight = f64::from(*weight).ln();
                        let both = row.q.iter_mut().zip(&one);
                        both.for_each(|(q, one)| *q = ln_sum([*q, weight + one].into_iter()));
                    }
                }
            }
            *value = f(n, &row, dz);
        }
    });
    rows.iter().sum()
}

/// `ln softmax(z / T)`; a single logit stands behind a second one of 0.
fn soften(logits: &[f32], temperature: f64, to: &mut [f64]) {
    let skip = to.len() - logits.len();
    to[..skip].fill(0.0);
    let soft = |(to, &z): (&mut f64, &f32)| *to = f64::from(z) / temperature;
    to[skip..].iter_mut().zip(logits).for_each(soft);
    let all = ln_sum(to.iter().copied());
    to.iter_mut().for_each(|share| *share -= all);
}

/// `ln Σ eˣ`.
fn ln_sum(x: impl Iterator<Item = f64> + Clone) -> f64 {
    let top = x.clone().fold(f64::NEG_INFINITY, |top, x| if x > top { x } else { top });
    if top == f64::NEG_INFINITY {
        return x.sum();
    }
    top + x.map(|x| (x - top).exp()).sum::<f64>().ln()
}

/// `Σ q · (ln q − ln p)` from the logarithms.
fn divergence(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(&p, &q)| surprise(p, q)).sum()
}

/// One share of a divergence, `q · (ln q − ln p) + p − q`, from the logarithms; the shares that are added
/// sum to 0. Never negative, and exact where p and q are all but the same.
fn surprise(p: f64, q: f64) -> f64 {
    let (ratio, share) = (p - q, q.exp());
    match ratio.abs() < 1e-2 {
        // e^r − 1 − r.
        true => {
            let tail = 1.0 + ratio / 4.0 * (1.0 + ratio / 5.0 * (1.0 + ratio / 6.0));
            share * ratio * ratio * (0.5 + ratio / 6.0 * tail)
        }
        false if share == 0.0 => p.exp(),
        false => p.exp() - share - share * ratio,
    }
}

/// `p − q` from the logarithms.
fn above(p: f64, q: f64) -> f64 {
    match (p - q).abs() < 1e-2 {
        true => q.exp() * (p - q).exp_m1(),
        false => p.exp() - q.exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(student: &[f32], teachers: &[Teacher<'_>], temperature: f64) -> (f64, Vec<f32>) {
        let (mut dz, mut rows) = (vec![9.0; student.len()], vec![9.0; 1]);
        let value = soft_targets(student, teachers, student.len(), temperature, &mut dz, &mut rows);
        (value, dz)
    }

    #[test]
    fn equal_answers_diverge_by_nothing() {
        let z = [1.0, -3.0, 2.5];
        let shifted = [11.0, 7.0, 12.5];
        let (value, dz) = run(&z, &[(1.0, &shifted)], 2.0);
        assert!(value.abs() < 1e-24, "{value}");
        assert!(dz.iter().all(|dz| dz.abs() < 1e-12), "{dz:?}");
    }

    #[test]
    fn two_classes_follow_the_formula() {
        // p = (1/4, 3/4), q = (1/2, 1/2), T = 1.
        let (value, dz) = run(&[0.0, 3f32.ln()], &[(1.0, &[5.0, 5.0])], 1.0);
        let expected = 0.5 * 2f64.ln() + 0.5 * (2f64 / 3.0).ln();
        assert!((value - expected).abs() < 1e-7, "{value}");
        assert!((dz[0] + 0.25).abs() < 1e-6 && (dz[1] - 0.25).abs() < 1e-6, "{dz:?}");
        let (single, dz) = run(&[3f32.ln()], &[(1.0, &[0.0])], 1.0);
        assert!((single - expected).abs() < 1e-7 && (dz[0] - 0.25).abs() < 1e-6, "{single} {dz:?}");
    }

    #[test]
    fn shares_of_teachers_are_averaged() {
        // q = (0.3 · 1/2 + 0.7 · 3/4, …).
        let teachers: [Teacher<'_>; 2] = [(0.3, &[0.0, 0.0]), (0.7, &[3f32.ln(), 0.0])];
        let (value, dz) = run(&[0.0, 0.0], &teachers, 1.0);
        let q: f64 = 0.3 * 0.5 + 0.7 * 0.75;
        let expected = q * (2.0 * q).ln() + (1.0 - q) * (2.0 * (1.0 - q)).ln();
        assert!((value - expected).abs() < 1e-7, "{value} {expected}");
        assert!((f64::from(dz[0]) - (0.5 - q)).abs() < 1e-6, "{dz:?}");
    }

    #[test]
    fn shares_that_vanish_leave_numbers() {
        for (z, v) in [([1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]), ([1e30, 0.0, 1.0], [0.0, -1e30, 2.0])]
        {
            let (value, dz) = run(&z, &[(1.0, &v)], 4.0);
            assert!(value.is_finite() && value > 0.0, "{value}");
            assert!(dz.iter().all(|dz| dz.is_finite()), "{dz:?}");
        }
        let none = [f32::NEG_INFINITY, 0.0];
        let (value, _) = run(&[0.0, 0.0], &[(1.0, &none)], 1.0);
        assert!((value - 2f64.ln()).abs() < 1e-12, "{value}");
    }

    #[test]
    fn two_parts_make_the_whole() {
        // KL = KL(b) + (1 − q_target) · KL(among the others).
        let (z, v) = ([0.5f32, -1.0, 2.0, 0.1], [1.5f32, 0.5, -0.3, 0.0]);
        let (mut dz, mut rows) = (vec![0.0; 4], vec![0.0; 1]);
        let mut part = |alpha, beta| {
            let how = Decoupled { alpha, beta, temperature: 2.0 };
            decoupled(&z, &[(1.0, &v)], Answers::Classes(&[2]), 4, how, &mut dz, &mut rows)
        };
        let (of_target, among) = (part(1.0, 0.0), part(0.0, 1.0));
        let mut q = [0.0; 4];
        soften(&v, 2.0, &mut q);
        let (whole, _) = run(&z, &[(1.0, &v)], 2.0);
        let sum = of_target + (1.0 - q[2].exp()) * among;
        assert!((whole - sum).abs() < 1e-12 * whole, "{whole} {sum}");
    }
}
