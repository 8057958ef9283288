//! Students beside their teachers.

use crate::figure::metric;
use crate::page::{Artifact, Metric, Page, Taught, Unit};
use crate::part::Section;
use crate::table::Table;
use maud::html;

/// A row for each student and teacher.
pub(super) fn students(page: &Page) -> Option<Section> {
    let all: Vec<(&Artifact, &Taught)> = page
        .artifacts
        .iter()
        .flat_map(|student| student.teachers.iter().map(move |taught| (student, taught)))
        .collect();
    let figures =
        |of: fn(&Taught) -> &Metric, unit| all.iter().map(move |(_, it)| metric(of(it), unit));
    let weight = |it: &Taught| it.weight.filter(|&w| w != 1.0);
    let table = Table::new("Students beside their teachers")
        .text("Student", all.iter().map(|(student, _)| student.name.clone()))
        .column("Teacher", "text", all.iter().map(|(_, it)| {
            html! { (it.teacher) @if let Some(w) = weight(it) { small { "weight " (crate::figure::number(w)) } } }
        }))
        .text("On", all.iter().map(|(_, it)| it.split.clone()))
        .figures("Student’s accuracy", figures(|it| &it.student_accuracy, Unit::Share))
        .figures("Teacher’s accuracy", figures(|it| &it.teacher_accuracy, Unit::Share))
        .figures("Agreement", figures(|it| &it.agreement, Unit::Share))
        .figures("KL, nats", figures(|it| &it.kl, Unit::Number))
        .figures("Error overlap", figures(|it| &it.error_overlap, Unit::Share));
    (!all.is_empty()).then(|| Section {
        id: "students",
        title: "Students",
        note: "beside their teachers".into(),
        body: html! {
            (table.markup())
            p.legend {
                "Agreement: both answer the same class. KL: from the teacher’s probabilities to the student’s. \
                 Error overlap: of the samples that one gets wrong, those that both do."
            }
        },
    })
}
