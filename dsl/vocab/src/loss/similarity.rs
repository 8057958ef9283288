//! Difference of the similarities within a batch.

use crate::common::comparison::{Comparison, build};
use crate::common::features::{STUDENT, TEACHER, student_and_teacher};
use crate::loss::{Loss, Of, any_features, no_weights};
use crate::word;
use dlm_graph::{Frame, Ty};
use dlm_kernels::gemm::{Epilogue, Mat, par_gemm};

word! {
    /// How differently the student and its teacher find the samples of a batch alike.
    ///
    /// With the features of B samples as rows of a matrix X, `G = X · Xᵀ` says how alike each two samples are;
    /// Ĝ has each row divided by its length (by 10⁻¹² at least).
    ///
    /// `loss = 1/B² · Σ (Ĝ_student − Ĝ_teacher)²`
    ///
    /// The shapes of the features need not agree. A batch of one sample has no pairs: its loss is 0. The
    /// loss is small by nature: a weight of 3000 is usual.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Large(image: [1, 8, 8]) {
    ///     image -> conv(16, 3) -> relu as middle -> flatten -> dense(Digits.classes)
    /// }
    /// model Small(image: [1, 8, 8]) {
    ///     image -> flatten -> dense(12) -> relu as middle -> dense(Digits.classes)
    /// }
    /// train Large on Digits {}
    /// distill Small from Large on Digits {
    ///     loss = cross_entropy + 3000 * similarity(teacher = middle, student = middle)
    /// }
    /// ```
    ///
    /// Tung and Mori 2019, arXiv 1907.09682.
    pub(crate) static SIMILARITY: Loss = {
        name: "similarity",
        params: &[TEACHER, STUDENT],
        aliases: &["sp", "SP", "similarity_preserving", "SPKDLoss"],
    },
    fits: |_| true,
    needs: "any target",
    of: Of::Features,
    fits_features: any_features,
    own: no_weights,
    build: |g, _, terms| build(g, Similarity, &student_and_teacher(terms)),
}

/// Below this length a row is divided by it instead of by its own length.
const SHORTEST: f64 = 1e-12;

/// Inputs: features of the student and of the teacher, of any shapes.
#[derive(Clone, Copy, Debug)]
struct Similarity;

impl Comparison for Similarity {
    const NAME: &'static str = "similarity";
    const GRAD: &'static str = "similarity.grad";

    fn compare(&self, frame: &mut Frame<'_>, grad: &mut [f32]) -> f64 {
        let batch = frame.batch;
        if batch == 1 {
            grad.fill(0.0);
            return 0.0;
        }
        let (own, theirs) = frame.scratch().split_at_mut(batch * batch);
        let theirs = &mut theirs[..batch * batch];
        let x = Mat::new(frame.f32(0), batch, frame.tys[0].len());
        let y = Mat::new(frame.f32(1), batch, frame.tys[1].len());
        par_gemm(own, x, x.t(), false, Epilogue::NONE);
        par_gemm(theirs, y, y.t(), false, Epilogue::NONE);
        let mut sum = 0.0;
        let scale = 2.0 / (batch * batch) as f64;
        for (g, t) in own.chunks_exact_mut(batch).zip(theirs.chunks_exact(batch)) {
            let [(own, whole), (theirs, _)] = [length(g), length(t)];
            let (mut squares, mut along) = (0.0, 0.0);
            for (&g, &t) in g.iter().zip(t) {
                let g = f64::from(g) / own;
                let d = g - f64::from(t) / theirs;
                squares += d * d;
                along += g * d;
            }
            sum += squares;
            let along = if whole { along } else { 0.0 };
            for (g, &t) in g.iter_mut().zip(t) {
                let alike = f64::from(*g) / own;
                let slope = alike - f64::from(t) / theirs - alike * along;
                *g = (scale * slope / own) as f32;
            }
        }
        // The gradient M with respect to G gives (M + Mᵀ) · X.
        for (i, row) in theirs.chunks_exact_mut(batch).enumerate() {
            for (j, m) in row.iter_mut().enumerate() {
                *m = own[i * batch + j] + own[j * batch + i];
            }
        }
        par_gemm(grad, Mat::new(theirs, batch, batch), x, false, Epilogue::NONE);
        0.5 * scale * sum
    }

    fn scratch(&self, _: &[Ty], batch: usize) -> usize {
        8 * batch * batch
    }
}

/// The length of a row, and whether it is the row's own.
fn length(row: &[f32]) -> (f64, bool) {
    let length = row.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>().sqrt();
    if length < SHORTEST { (SHORTEST, false) } else { (length, true) }
}
