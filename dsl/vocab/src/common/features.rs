//! What terms that compare features share: the paths of the two layers, and words for features that do
//! not fit.

use crate::common::declare::param;
use crate::loss::Terms;
use crate::word::{Default, Param, Type};
use dlm_graph::{Ty, ValueId};

/// A layer of the teacher.
pub(crate) const TEACHER: Param = param(
    "teacher",
    Type::Path,
    Default::Required,
    "Path of the teacher's layer.",
    &["teacher_layer", "teacher_module", "guided_module"],
);

/// A layer of the student.
pub(crate) const STUDENT: Param = param(
    "student",
    Type::Path,
    Default::Required,
    "Path of the student's layer.",
    &["student_layer", "student_module", "hint_module"],
);

/// The features of the student and of the teacher.
pub(crate) fn student_and_teacher(terms: &Terms<'_>) -> [ValueId; 2] {
    let (teacher, student) = terms.features.expect("the checker has found both layers");
    [student, teacher]
}

/// Why two features are not compared: what they are, and what to take.
pub(crate) fn unfit(word: &str, teacher: &Ty, student: &Ty, wants: &str) -> String {
    format!(
        "`{word}` wants {wants}, but the teacher's layer gives {} and the student's {}",
        teacher.shape, student.shape
    )
}
