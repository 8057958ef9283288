//! Whether teachers and student answer the same question (E0701).

use super::{Teacher, Teachers};
use crate::data::labels_at;
use crate::diags::Diags;
use crate::program::{Loaded, Made, Network};
use crate::train::{Case, misfit};
use dlm_base::diag::codes::artifacts::Side;
use dlm_base::diag::codes::distill as codes;
use dlm_base::{Shape, Span};
use dlm_vocab::data::Target;

/// Whether each teacher takes what the student takes and answers with what it answers with; the first
/// thing that is otherwise with each is reported.
pub(crate) fn fits(case: &Case<'_>, teachers: &Teachers<'_>, diags: &mut Diags) -> bool {
    let mut good = true;
    for teacher in &teachers.list {
        let found = inputs(case, teacher)
            .or_else(|| answers(case, teacher))
            .or_else(|| targets(case, teacher));
        good &= found.is_none();
        diags.extend(found);
    }
    good
}

/// The teacher takes another input than the data have.
fn inputs(case: &Case<'_>, teacher: &Teacher<'_>) -> Option<dlm_base::Diag> {
    let (name, at) = (&teacher.name.text, teacher.name.span);
    let data = case.data;
    if let Made::Loaded(load) = teacher.made.made
        && let Loaded::Answers { dataset, .. } = load.what
    {
        let own = &case.program.datasets[dataset];
        if own.span == data.span {
            return None;
        }
        let message = format!("`{name}` has answered to `{}`, not to `{}`", own.name, data.name);
        let label = format!("answers to `{}`", own.name);
        let why = [(case.on, "the student learns from these")];
        let help = format!("write `on {}`, or take another teacher", own.name);
        return Some(codes::different(at, &message, &label, &why, &help));
    }
    let (takes, title, place, help) = taken(case, teacher)?;
    let is = data.facts.ty().to_string();
    let message = format!("`{name}` takes {takes}, but `{}` has {is}", data.name);
    let (own, theirs) = (format!("`{title}` takes {takes}"), format!("a sample is {is}"));
    let why = [(place, own.as_str()), (data.train.span, theirs.as_str())];
    Some(codes::different(at, &message, &format!("takes {takes}"), &why, &help))
}

/// What a teacher takes instead of the data's samples, what takes it and where that is fixed, and what to do.
fn taken<'a>(case: &Case<'a>, teacher: &'a Teacher<'_>) -> Option<(String, &'a str, Span, String)> {
    let shape = &case.data.facts.shape;
    let help = format!("take a teacher whose samples are {shape}, like the student's");
    if let Made::Loaded(load) = teacher.made.made
        && let Loaded::Closed { sample: Some(sizes), span, .. } = &load.what
    {
        let texts = sizes.iter().map(|size| size.map_or("?".to_string(), |size| size.to_string()));
        let takes = format!("[{}]", texts.collect::<Vec<_>>().join(", "));
        let numbers = sizes.iter().try_fold(1u64, |n, size| n.checked_mul((*size)?));
        let help = match numbers == Some(shape.len() as u64) {
            true => format!("export the network for samples {shape}: channels come first"),
            false => help,
        };
        return (!lies_alike(sizes, shape)).then_some((takes, &*load.artifact, *span, help));
    }
    let net = network(case, teacher)?;
    match net.inputs.as_slice() {
        [(_, ty)] if ty.shape == *shape => None,
        [(_, ty)] => Some((ty.shape.to_string(), &net.title, net.span, help)),
        inputs => Some((format!("{} inputs", inputs.len()), &net.title, net.span, help)),
    }
}

/// Whether samples of a shape, number after number, are what a file of these sizes takes: the same, but
/// for axes of one place, or all numbers in a row. A size that the file leaves open may be any.
fn lies_alike(sizes: &[Option<u64>], shape: &Shape) -> bool {
    if sizes.len() == 1 {
        return sizes[0].is_none_or(|size| size == shape.len() as u64);
    }
    let same = |(file, own): (&Option<u64>, &usize)| file.is_none_or(|size| size == *own as u64);
    if sizes.len() == shape.rank() && sizes.iter().zip(shape.sizes()).all(same) {
        return true;
    }
    let theirs = sizes.iter().filter(|size| **size != Some(1));
    let own: Vec<usize> = shape.sizes().iter().copied().filter(|&size| size != 1).collect();
    theirs.clone().count() == own.len() && theirs.zip(&own).all(same)
}

/// The teacher answers with another shape than the student.
fn answers(case: &Case<'_>, teacher: &Teacher<'_>) -> Option<dlm_base::Diag> {
    let (theirs, place) = answer(case, teacher)?;
    let student = &case.network.ty(case.network.output).shape;
    if theirs == *student {
        return None;
    }
    let (gives, is) = (theirs.to_string(), student.to_string());
    let own = misfit::head(case.network).map_or(case.network.span, |layer| layer.span);
    let teacher_side = Side { name: &teacher.name.text, is: &gives, at: place };
    let student_side = Side { name: &case.network.title, is: &is, at: own };
    let help = match &case.data.facts.target {
        Target::Classes(names) if *student == Shape::of(&[names.len()]) => {
            format!("take a teacher of the {} classes of `{}`", names.len(), case.data.name)
        }
        _ => match theirs.sizes() {
            [one] => format!("end `{}` with `dense({one})`", case.network.model),
            _ => "let both end with the same shape".to_string(),
        },
    };
    let at = teacher.name.span;
    Some(codes::unlike(at, "answers with", teacher_side, student_side, &help))
}

/// The shape of a teacher's answer, and where it was fixed.
fn answer(case: &Case<'_>, teacher: &Teacher<'_>) -> Option<(Shape, Span)> {
    if let Some(net) = network(case, teacher) {
        let head = misfit::head(net).map_or(net.span, |layer| layer.span);
        return Some((net.ty(net.output).shape.clone(), head));
    }
    let Made::Loaded(load) = teacher.made.made else { return None };
    match load.what {
        Loaded::Closed { classes, span, .. } => Some((Shape::of(&[classes?]), span)),
        Loaded::Answers { classes, span, .. } => Some((Shape::of(&[classes]), span)),
        Loaded::Weights { .. } => None,
    }
}

/// The teacher learnt other classes, or the same in another order.
fn targets(case: &Case<'_>, teacher: &Teacher<'_>) -> Option<dlm_base::Diag> {
    let Made::Trained(training) = teacher.made.made else { return None };
    let (own, data) = (&case.program.datasets[training.dataset], case.data);
    if own.span == data.span {
        return None;
    }
    let (teacher_is, data_is) = match (&own.facts.target, &data.facts.target) {
        (Target::None, _) | (_, Target::None) => return None,
        (Target::Classes(a), Target::Classes(b)) if agree(a, b) => return None,
        (Target::Values(a), Target::Values(b)) if agree(a, b) => return None,
        (Target::Classes(a), Target::Classes(b)) | (Target::Values(a), Target::Values(b)) => {
            match (0..a.len().min(b.len())).find(|&i| a[i] != b[i]) {
                Some(i) => (output(&a[i], i), output(&b[i], i)),
                None => return None,
            }
        }
        (a, b) => (misfit::target_words(a), misfit::target_words(b)),
    };
    let name = &teacher.name.text;
    let message = format!(
        "`{name}` learnt from `{}`, which has {teacher_is}, but `{}` has {data_is}",
        own.name, data.name
    );
    let (a, b) = (format!("has {teacher_is}"), format!("has {data_is}"));
    let label = format!("learnt from `{}`", own.name);
    let place = |data| labels_at(case.scope.world, data);
    let why = [(place(own), a.as_str()), (place(data), b.as_str())];
    let help = "let both learn from one `data`, or give both the same names in one order";
    Some(codes::different(teacher.name.span, &message, &label, &why, help))
}

/// `setosa` as output 0
fn output(name: &str, index: usize) -> String {
    format!("`{name}` as output {index}")
}

/// Whether two lists of names mean the same: the names agree, or one side has bare numbers for names.
fn agree(a: &[String], b: &[String]) -> bool {
    let bare = |names: &[String]| names.iter().all(|name| name.parse::<u64>().is_ok());
    a == b || bare(a) != bare(b)
}

/// The network of a teacher.
pub(super) fn network<'a>(case: &Case<'a>, teacher: &Teacher<'_>) -> Option<&'a Network> {
    Some(&case.program.networks[teacher.made.network()?])
}
