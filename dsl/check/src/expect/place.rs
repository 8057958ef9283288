//! Which metrics an artifact has, on which part of its data, and beside which other artifacts.

use crate::data::part_target;
use crate::diags::Diags;
use crate::names::World;
use crate::program::{Artifact, Dataset, Loaded, Made, Program, Split};
use dlm_base::Span;
use dlm_base::diag::codes::artifacts as codes;
use dlm_grammar::tree::Name;
use dlm_vocab::data::Target;
use dlm_vocab::metric::{METRICS, Metric, MetricKind};

/// A metric of an artifact, at its place.
pub(super) struct Place<'a> {
    /// The place of the metric's name.
    pub(super) at: Span,
    /// The artifact.
    pub(super) artifact: &'a str,
    /// The metric.
    pub(super) metric: &'static Metric,
    /// The part of the data.
    pub(super) split: Split,
}

impl Place<'_> {
    /// E0902 when the artifact does not have the metric, or not beside the other.
    pub(super) fn check(
        &self,
        world: &World<'_>,
        made: Artifact<'_>,
        program: &Program,
        other: Option<&Name>,
        diags: &mut Diags,
    ) -> Option<()> {
        let costs = matches!(self.metric.kind, MetricKind::Static | MetricKind::Timed);
        let metric = self.metric.word.name;
        match loaded(made) {
            Some(Loaded::Answers { .. }) if costs || self.split != Split::Train => {
                let other = other.map_or(String::new(), |other| format!("({})", other.text));
                let write = format!("write `{}.train.{metric}{other}`", self.artifact);
                let help = (!costs).then_some(write);
                return self.refuse(RECORDED, &[], help.as_deref(), diags);
            }
            Some(Loaded::Closed { .. }) if self.metric.kind == MetricKind::Static => {
                return self.refuse("the network is closed", &[], None, diags);
            }
            _ if self.metric.kind == MetricKind::Static => return Some(()),
            _ => {}
        }
        let Some(dataset) = made.dataset() else {
            let why = "it is loaded, and no verb says on what data it is judged";
            return self.refuse(why, &[], None, diags);
        };
        if costs {
            return Some(());
        }
        let data = &program.datasets[dataset];
        let target = part_target(world, data, self.split);
        let part = match self.split {
            Split::Train => "training part",
            Split::Valid => "validation part",
            Split::Test => "test part",
        };
        if data.counts[self.split as usize] == 0 {
            let why = format!("the {part} of `{}` is empty", data.name);
            return self.refuse(&why, &[], None, diags);
        }
        // Answers are compared without labels, too: what they are is known of the whole.
        let asked = |kind| match kind {
            MetricKind::Pair => &data.facts.target,
            _ => &target,
        };
        if !self.metric.kind.fits(asked(self.metric.kind)) {
            let known = METRICS.iter().filter(|it| it.kind.fits(asked(it.kind)));
            let known: Vec<&str> = known.map(|it| it.word.name).collect();
            let why = match asked(self.metric.kind) {
                Target::None => format!("the {part} of `{}` has no labels", data.name),
                Target::Classes(_) if self.metric.kind == MetricKind::Sequence => {
                    format!("`{}` has one class a sample, and is no text", data.name)
                }
                Target::Classes(_) | Target::Sequence { .. } => {
                    format!("`{}` has classes, not values", data.name)
                }
                Target::Values(_) => format!("`{}` has values, not classes", data.name),
            };
            return self.refuse(&why, &known, None, diags);
        }
        match other {
            Some(other) => self.beside(program, other, dataset, diags),
            None => Some(()),
        }
    }

    /// E0902 when the answers of `other` on these data are not known, or answer something else.
    fn beside(
        &self,
        program: &Program,
        other: &Name,
        dataset: usize,
        diags: &mut Diags,
    ) -> Option<()> {
        let theirs = program.artifact(&other.text)?;
        let (data, own) = (&program.datasets[dataset], theirs.dataset());
        let name = &other.text;
        let recorded = matches!(loaded(theirs), Some(Loaded::Answers { .. }));
        if recorded && self.split != Split::Train {
            let (artifact, metric) = (self.artifact, self.metric.word.name);
            let help = format!("write `{artifact}.train.{metric}({name})`");
            return self.refuse(&format!("of `{name}`, {RECORDED}"), &[], Some(&help), diags);
        }
        if let (Some(theirs), Some(classes)) =
            (classes(program, theirs), data.facts.target.classes())
            && theirs != classes.len()
        {
            let ours = classes.len();
            let why =
                format!("`{name}` tells {theirs} classes apart, and `{}` has {ours}", data.name);
            return self.refuse(&why, &[], None, diags);
        }
        // What is loaded and used nowhere else is judged on the same data.
        let Some(own) = own.filter(|own| *own != dataset) else { return Some(()) };
        let related =
            || learnt(program, self.artifact, name) || learnt(program, name, self.artifact);
        let like = || loaded(theirs).is_some() && alike(&program.datasets[own], data);
        if !recorded && (related() || like()) {
            return Some(());
        }
        let does = match (theirs.quantization, theirs.made) {
            _ if recorded => "answers to",
            (None, Made::Trained(_)) => "learns from",
            _ => "is tested on",
        };
        let why = format!("`{name}` {does} `{}`, not `{}`", program.datasets[own].name, data.name);
        self.refuse(&why, &[], None, diags)
    }

    fn refuse(
        &self,
        why: &str,
        known: &[&str],
        help: Option<&str>,
        diags: &mut Diags,
    ) -> Option<()> {
        let metric = self.metric.word.name;
        let diag = codes::no_metric(self.at, self.artifact, metric, why, known);
        diags.push(match help {
            Some(help) => diag.help(help),
            None => diag,
        });
        None
    }
}

/// The metrics of an artifact whose data have such targets.
pub(super) fn known_of(target: Option<&Target>) -> Vec<&'static str> {
    let known = METRICS.iter().filter(|metric| target.is_none_or(|it| metric.kind.fits(it)));
    known.map(|metric| metric.word.name).collect()
}

/// Why most metrics of recorded answers are not known.
const RECORDED: &str = "only its answers to the training part are known";

/// What was loaded, where the artifact was.
fn loaded<'p>(made: Artifact<'p>) -> Option<&'p Loaded> {
    match (made.quantization, made.made) {
        (None, Made::Loaded(load)) => Some(&load.what),
        _ => None,
    }
}

/// How many classes an artifact tells apart, where that is known; one number tells two apart.
fn classes(program: &Program, made: Artifact<'_>) -> Option<usize> {
    let numbers = match loaded(made) {
        Some(Loaded::Closed { classes, .. }) => return *classes,
        Some(Loaded::Answers { classes, .. }) => *classes,
        _ => {
            let network = &program.networks[made.network()?];
            let &[numbers] = network.ty(network.output).shape.sizes() else { return None };
            numbers
        }
    };
    Some(if numbers == 1 { 2 } else { numbers })
}

/// Whether an artifact learnt from another, itself or through its own teachers.
fn learnt(program: &Program, student: &str, teacher: &str) -> bool {
    let mut names = vec![student];
    let mut next = 0;
    while let Some(&name) = names.get(next) {
        next += 1;
        let quantization = program.quantizations.iter().find(|it| it.artifact == name);
        let tuned = quantization.and_then(|it| it.tuning.as_ref()).map(|it| &it.training);
        let trained = program.trainings.iter().find(|it| it.artifact == name);
        let teachers = trained.into_iter().chain(tuned).flat_map(|it| &it.teachers);
        let sources = quantization.into_iter().map(|it| it.source.as_str());
        for known in teachers.map(|it| it.artifact.as_str()).chain(sources) {
            if known == teacher {
                return true;
            }
            if !names.contains(&known) {
                names.push(known);
            }
        }
    }
    false
}

/// Whether two datasets ask the same question: the same classes, of inputs of one shape.
fn alike(a: &Dataset, b: &Dataset) -> bool {
    (a.facts.ty(), &a.facts.target) == (b.facts.ty(), &b.facts.target)
}

#[cfg(test)]
mod tests {
    use crate::session::check_text;
    use dlm_base::files::MemFiles;

    /// Two cuts of the same flowers, teachers of all kinds, and a student.
    const FLOWERS: &str = "
data Iris { source = builtin(\"iris\")   test = 30 samples   valid = 20 samples }
data Again { source = builtin(\"iris\")   seed = 1 }
data Digits { source = builtin(\"digits\") }
model Wide(features: [4]) { features -> dense(32) -> relu -> dense(3) }
model Narrow(features: [4]) { features -> dense(3) }
model Reader(image: [1, 8, 8]) { image -> flatten -> dense(10) }
train Wide on Again as Far
train Narrow on Iris as Plain
train Reader on Digits as Ten
load answers(\"a.npy\", kind = logits) on Iris as Api
load Narrow from \"n.safetensors\" as Stored
distill Narrow from Stored on Again as Scholar
distill Narrow from Far on Iris as Student
distill Narrow from Api on Iris as Pupil
policy Edge { method = static }
quantize Student with Edge on Iris as Student8
";

    /// What is said of one row of `expect`: code, message and help.
    fn said(row: &str) -> Vec<String> {
        let mut files = MemFiles::default();
        let head = "{'descr': '<f4', 'fortran_order': False, 'shape': (100, 3), }\n";
        let mut npy = b"\x93NUMPY\x01\x00".to_vec();
        npy.extend((head.len() as u16).to_le_bytes());
        npy.extend(head.bytes());
        npy.extend([0; 4 * 300]);
        files.put("a.npy", npy);
        let header = r#"{"dense1.weight":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]},
            "dense1.bias":{"dtype":"F32","shape":[3],"data_offsets":[48,60]}}"#;
        let mut weights = (header.len() as u64).to_le_bytes().to_vec();
        weights.extend(header.bytes());
        weights.extend([0; 60]);
        files.put("n.safetensors", weights);
        let prices: String = (0..40).map(|i| format!("{i},{}\n", 2 * i)).collect();
        files.put("p.csv", format!("x,price\n{prices}").into_bytes());
        let prices = "
data Prices { source = csv(\"p.csv\", target = \"price\", regression = true) }
model Line(x: [1]) { x -> dense(1) }
train Line on Prices as One
train Line on Prices as Two
";
        let text = format!("{FLOWERS}{prices}expect {{ {row} }}\n");
        let checked = check_text("main.dlm", &text, &files);
        let show = |diag: &dlm_base::Diag| {
            let help = diag.help.as_deref().unwrap_or_default();
            format!("{} {} | {help}", diag.code.id, diag.message)
        };
        checked.diags.iter().map(show).collect()
    }

    #[test]
    fn teacher_and_student_are_compared_whatever_the_teacher_learnt_from() {
        for row in [
            "Student.agreement(Far) >= 80%",
            "Student.valid.kl(Far) <= 0.5",
            "Student.error_overlap(Far) >= 10%",
            "Far.drop(Student) <= 1%",
            "Student8.agreement(Far) >= 80%",
            "Student.kl(Plain) <= Plain.kl(Student)",
            // Loaded for students of one dataset, it answers to another of the same classes.
            "Student.agreement(Stored) >= 80%",
        ] {
            assert_eq!(said(row), [""; 0], "{row}");
        }
        let stranger = "E0902 `Plain` has no `agreement`: `Far` learns from `Again`, not `Iris` | ";
        assert_eq!(said("Plain.agreement(Far) >= 80%"), [stranger]);
        let other = "E0902 `Plain` has no `kl`: `Ten` tells 10 classes apart, and `Iris` has 3 | ";
        assert_eq!(said("Plain.kl(Ten) <= 1"), [other]);
    }

    #[test]
    fn recorded_answers_are_known_on_train_alone() {
        for row in [
            "Pupil.train.agreement(Api) >= 80%",
            "Plain.train.kl(Api) <= 0.5",
            "Api.train.accuracy >= 10%",
            "Api.train.error_overlap(Plain) >= 10%",
        ] {
            assert_eq!(said(row), [""; 0], "{row}");
        }
        let only = "only its answers to the training part are known";
        let refused = |row: &str, text: String| assert_eq!(said(row), [text]);
        refused(
            "Pupil.agreement(Api) >= 80%",
            format!(
                "E0902 `Pupil` has no `agreement`: of `Api`, {only} | \
                 write `Pupil.train.agreement(Api)`"
            ),
        );
        refused(
            "Api.accuracy >= 80%",
            format!("E0902 `Api` has no `accuracy`: {only} | write `Api.train.accuracy`"),
        );
        refused("Api.size <= 80 B", format!("E0902 `Api` has no `size`: {only} | "));
        let of = "E0902 `Far` has no `kl`: `Api` answers to `Iris`, not `Again` | ";
        refused("Far.train.kl(Api) <= 1", of.to_string());
    }

    #[test]
    fn values_have_no_probabilities_and_no_classes() {
        for metric in ["kl", "error_overlap", "agreement"] {
            let expected = format!(
                "E0902 `One` has no `{metric}`: `Prices` has values, not classes | what there is: \
                 `latency`, `loss`, `macs`, `mae`, `memory`, `params`, `r2`, `size`"
            );
            assert_eq!(said(&format!("One.{metric}(Two) <= 1")), [expected]);
        }
    }

    #[test]
    fn names_of_other_systems_are_known() {
        for (theirs, ours) in [("kl_divergence", "kl"), ("fidelity", "agreement"), ("kld", "kl")] {
            let expected =
                format!("E0902 there is no metric `{theirs}` | `{theirs}` is called `{ours}` here");
            assert_eq!(said(&format!("Student.{theirs}(Far) <= 1")), [expected]);
        }
    }
}
