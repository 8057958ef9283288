//! Difference of attention maps.

use crate::common::comparison::{self, Comparison};
use crate::common::features::{STUDENT, TEACHER, student_and_teacher, unfit};
use crate::loss::{Loss, Of, no_weights};
use crate::word;
use dlm_graph::{Frame, Ty};
use dlm_kernels::elementwise::vectorised;
use dlm_kernels::par;

word! {
    /// How far the student looks elsewhere than its teacher: the squared difference of their attention maps.
    ///
    /// Of a feature map `a` `[C, H, W]`, the attention to each place is `Q = Σ_c a_c²`, divided by the length
    /// of the map of all places, `Q̂ = Q / max(‖Q‖, 10⁻¹²)`. With B samples:
    ///
    /// `loss = 1/(B·H·W) · Σ (Q̂_student − Q̂_teacher)²`
    ///
    /// Channels may differ, height and width may not. The loss is small by nature: a weight of 1000 is
    /// usual.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Large(image: [1, 8, 8]) {
    ///     image -> conv(16, 3) -> relu as middle -> flatten -> dense(Digits.classes)
    /// }
    /// model Small(image: [1, 8, 8]) {
    ///     image -> conv(4, 3) -> relu as middle -> flatten -> dense(Digits.classes)
    /// }
    /// train Large on Digits {}
    /// distill Small from Large on Digits {
    ///     loss = cross_entropy + 1000 * attention_transfer(teacher = middle, student = middle)
    /// }
    /// ```
    ///
    /// Zagoruyko and Komodakis 2017, arXiv 1612.03928.
    pub(crate) static ATTENTION_TRANSFER: Loss = {
        name: "attention_transfer",
        params: &[TEACHER, STUDENT],
        aliases: &["at", "AT", "ATLoss", "AttentionTransfer"],
    },
    fits: |_| true,
    needs: "any target",
    of: Of::Features,
    fits_features: |teacher, student| match (teacher.shape.sizes(), student.shape.sizes()) {
        ([_, th, tw], [_, sh, sw]) if (th, tw) == (sh, sw) => Ok(()),
        _ => {
            let wants = "feature maps of one height and width";
            Err(unfit("attention_transfer", teacher, student, wants))
        }
    },
    own: no_weights,
    build: |g, _, terms| comparison::build(g, AttentionTransfer, &student_and_teacher(terms)),
}

/// Below this length a map is divided by it instead of by its own length.
const SHORTEST: f64 = 1e-12;

/// Inputs: features `[C, H, W]` of the student and of the teacher.
#[derive(Clone, Copy, Debug)]
struct AttentionTransfer;

impl Comparison for AttentionTransfer {
    const NAME: &'static str = "attention_transfer";
    const GRAD: &'static str = "attention_transfer.grad";

    fn compare(&self, frame: &mut Frame<'_>, grad: &mut [f32]) -> f64 {
        let scratch = comparison::scratch(frame);
        let (student, teacher) = (frame.f32(0), frame.f32(1));
        let [own, theirs] = [0, 1].map(|i| frame.tys[i].len());
        let [channels, of_teacher] = [0, 1].map(|i| frame.tys[i].shape.0[0]);
        let places = own / channels;
        let each = 2 * places + 1;
        let scratch = &mut scratch[..frame.batch * each];
        let count = (frame.batch * places) as f64;
        let work = 4 * (student.len() + teacher.len());
        par::chunks2((grad, own), (scratch, each), work, |n, grad, scratch| {
            let (value, maps) = scratch.split_at_mut(1);
            let (q, r) = maps.split_at_mut(places);
            let student = &student[n * own..][..own];
            let length = attention(student, channels, q);
            attention(&teacher[n * theirs..][..theirs], of_teacher, r);
            value[0] = q.iter().zip(&*r).map(|(q, r)| (q - r) * (q - r)).sum::<f64>() / count;
            // The gradient with respect to Q̂, then with respect to Q.
            r.iter_mut().zip(&*q).for_each(|(r, q)| *r = 2.0 * (q - *r) / count);
            let along = match length > SHORTEST {
                true => q.iter().zip(&*r).map(|(q, r)| q * r).sum(),
                false => 0.0,
            };
            for ((grad, a), (q, r)) in grad
                .chunks_exact_mut(channels)
                .zip(student.chunks_exact(channels))
                .zip(q.iter().zip(&*r))
            {
                let slope = 2.0 * (r - q * along) / length;
                grad.iter_mut().zip(a).for_each(|(d, &a)| *d = (slope * f64::from(a)) as f32);
            }
        });
        scratch.chunks_exact(each).map(|sample| sample[0]).sum()
    }

    fn scratch(&self, ins: &[Ty], batch: usize) -> usize {
        8 * batch * (2 * ins[0].len() / ins[0].shape.0[0] + 1)
    }
}

/// The map of one sample, of length 1; returns by what it was divided. Channels lie innermost.
fn attention(a: &[f32], channels: usize, q: &mut [f64]) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            for (q, a) in q.iter_mut().zip(a.chunks_exact(channels)) {
                *q = a.iter().map(|&a| f64::from(a) * f64::from(a)).sum();
            }
        },
    );
    let length = q.iter().map(|q| q * q).sum::<f64>().sqrt();
    let length = if length < SHORTEST { SHORTEST } else { length };
    q.iter_mut().for_each(|q| *q /= length);
    length
}
