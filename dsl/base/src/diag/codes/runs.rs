//! W1012 to W1014 and W1017: what only a run can see, when it quantizes or distils.

use super::code;

code! {
    /// A tensor had one value in every sample on which ranges were found: the layer never fires (a relu
    /// whose inputs are always negative), or the feature never changes. Its range holds that value and 0, and
    /// whatever else comes later is cut off.
    ///
    /// Look at the layer: weights that died in training call for a smaller learning rate. If the samples are
    /// to blame, look at more of them: `calibrate = 2048 samples`. If it is meant, `allow W1012` on a
    /// line before the `quantize`.
    W1012 = "W1012", "a tensor that never changes has no range to be found";

    /// All weights that share a scale are 0: those of a channel, of a group, or of a layer. Their scale
    /// is 1, and they stay 0. A normalisation with a factor γ of 0 that was folded into its product
    /// does the same to the channel.
    ///
    /// The channel does nothing and can be left out of the network. If it is meant, `allow W1013` on a line
    /// before the `quantize`.
    W1013 = "W1013", "weights that are all 0";

    /// A bias is added to the sum of products as a whole number, in units of the input's scale times the
    /// weights' scale. One so large beside its weights that it does not fit into 32 bits makes the
    /// weights' scale larger, until it fits: they are rounded more coarsely.
    ///
    /// The weights of that channel do next to nothing beside its bias. Leave the layer in float with
    /// `keep`, or train with a weight decay that acts on less. If it is meant, `allow W1014` on a line before
    /// the `quantize`.
    W1014 = "W1014", "a bias too large for the scale of its weights";

    /// A teacher is right less often than its student, on the test part, and by more than chance: of the
    /// samples that one of the two alone gets right, so many more are the student's that even chances would
    /// give it in less than 1 of 20 cases (McNemar's test). What such a teacher adds to the labels may be
    /// regularisation; it is not knowledge. Recorded answers are not judged: they are to the training part
    /// alone, whose labels the student may have seen.
    ///
    /// Train the teacher longer, or let it be larger. In self-distillation, where a model learns from an
    /// earlier one of itself, this is what one hopes for: `allow W1017` on a line before the `distill`.
    ///
    /// McNemar 1947. Furlanello et al. 2018, arXiv 1805.04770.
    W1017 = "W1017", "a teacher is worse than its student";
}

/// The message of W1017: the name of teacher and student, each with the share of `part` ("test") that it
/// gets right.
pub fn worse_teacher(teacher: (&str, f64), student: (&str, f64), part: &str) -> String {
    let ((teacher, less), (student, more)) = (teacher, student);
    format!(
        "`{teacher}` ({:.2}% on {part}) is worse than its student `{student}` ({:.2}%), by more than \
         chance; train the teacher longer, or let it be larger",
        100.0 * less,
        100.0 * more
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worse_teacher_is_told_with_its_figures() {
        assert_eq!(
            worse_teacher(("Teacher", 0.912), ("Student", 0.934), "test"),
            "`Teacher` (91.20% on test) is worse than its student `Student` (93.40%), by more than \
             chance; train the teacher longer, or let it be larger"
        );
    }
}
