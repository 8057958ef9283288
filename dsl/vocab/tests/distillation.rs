//! The loss terms that compare with a teacher: gradients against finite differences, the law that
//! binds two of them, and what lies at the edges.

use dlm_graph::{Clock, Graph, Plan, States, Ty, ValueId, View, ViewMut, Workspace};
use dlm_graph::{differentiate, pass};
use dlm_kernels::rng;
use dlm_vocab::data::Target;
use dlm_vocab::loss::{LOSSES, Loss, Of, Terms, find};
use dlm_vocab::word::{Arg, Args, Default, Type};

/// A term with the shapes of what it compares.
struct Case {
    word: &'static str,
    args: Args,
    student: Vec<usize>,
    teacher: Vec<usize>,
    /// The weights of the teachers.
    weights: Vec<f32>,
    /// How the targets come: none, classes, or so many shares.
    target: Option<Ty>,
    features: bool,
}

/// Answers of one teacher without targets, the word's arguments at their defaults.
fn case(word: &'static str, student: &[usize], teacher: &[usize]) -> Case {
    let loss = find(word).expect("the word");
    let mut args = Args::default();
    for param in loss.word.params {
        match param.default {
            Default::Real(v) => args.set(param.name, Arg::Real(v)),
            Default::Absent | Default::Required => assert_eq!(param.ty, Type::Path),
            other => panic!("{other:?}"),
        }
    }
    let classes = word == "decoupled";
    Case {
        word,
        args,
        student: student.to_vec(),
        teacher: teacher.to_vec(),
        weights: vec![1.0],
        target: classes.then(|| Ty::tokens(vec![])),
        features: loss.of == Of::Features,
    }
}

impl Case {
    fn with(mut self, name: &'static str, value: f64) -> Case {
        self.args.set(name, Arg::Real(value));
        self
    }

    fn teachers(self, weights: &[f32]) -> Case {
        Case { weights: weights.to_vec(), ..self }
    }
}

/// Every term in every shape that it takes.
fn all() -> Vec<Case> {
    let two = [0.3, 0.7];
    let cases = vec![
        case("soft_targets", &[5], &[5]),
        case("soft_targets", &[5], &[5]).with("temperature", 1.0).teachers(&two),
        case("soft_targets", &[1], &[1]),
        case("decoupled", &[5], &[5]),
        case("decoupled", &[5], &[5]).with("temperature", 1.0).teachers(&two),
        case("decoupled", &[1], &[1]),
        case("decoupled", &[2], &[2]),
        Case { target: Some(Ty::flow(vec![5])), ..case("decoupled", &[5], &[5]) },
        Case { target: Some(Ty::flow(vec![2])), ..case("decoupled", &[1], &[1]) },
        case("logits", &[5], &[5]),
        case("logits", &[5], &[5]).teachers(&two),
        case("hint", &[3, 4, 2], &[3, 4, 2]),
        case("hint", &[3, 4, 2], &[5, 4, 2]),
        case("hint", &[4], &[6]),
        case("hint", &[3, 4], &[3, 2]),
        case("attention_transfer", &[3, 4, 2], &[5, 4, 2]),
        case("attention_transfer", &[1, 3, 3], &[2, 3, 3]),
        case("similarity", &[7], &[4]),
        case("similarity", &[2, 3, 2], &[9]),
        case("relational", &[4], &[4]),
        case("relational", &[4], &[4]).with("angle", 0.0),
        case("relational", &[4], &[4]).with("distance", 0.0).teachers(&two),
        Case { features: true, ..case("relational", &[2, 2, 2], &[5]) },
    ];
    let known: Vec<&str> =
        LOSSES.iter().filter(|loss| loss.has_teacher()).map(|loss| loss.word.name).collect();
    assert_eq!(known.len(), 7);
    for word in known {
        assert!(cases.iter().any(|case| case.word == word), "{word} is not tried");
    }
    cases
}

/// A term with its gradients, ready to run. Inputs: the student's numbers, those of each teacher, the
/// targets.
struct Machine {
    plan: Plan,
    work: Workspace,
    states: States,
    inputs: Vec<Vec<f32>>,
    own: Vec<(&'static str, Vec<f32>)>,
}

impl Machine {
    fn new(case: &Case, batch: usize) -> Machine {
        let loss = find(case.word).expect("the word");
        let mut g = Graph::new();
        let (student_ty, teacher_ty) =
            (Ty::flow(case.student.clone()), Ty::flow(case.teacher.clone()));
        let student = g.input(student_ty.clone());
        let teachers: Vec<ValueId> =
            case.weights.iter().map(|_| g.input(teacher_ty.clone())).collect();
        let target = case.target.clone().map(|ty| g.input(ty));
        let answers: Vec<(f32, ValueId)> =
            case.weights.iter().copied().zip(teachers.iter().copied()).collect();
        if case.features {
            assert_eq!((loss.fits_features)(&teacher_ty, &student_ty), Ok(()), "{}", case.word);
        }
        let weights = (loss.own)(&case.args, &teacher_ty, &student_ty);
        let own: Vec<ValueId> = weights.iter().map(|w| g.state(w.name, w.ty())).collect();
        let terms = Terms {
            output: student,
            target,
            weights: &[],
            answers: if case.features { &[] } else { &answers },
            features: case.features.then(|| (teachers[0], student)),
            own: &own,
        };
        let value = (loss.build)(&mut g, &case.args, &terms);
        assert_eq!(*g.ty(value), Ty::scalar());
        // Teachers learn nothing.
        assert_eq!(differentiate(&mut g, value, &teachers), vec![None; teachers.len()]);
        let wrt: Vec<ValueId> = std::iter::once(student).chain(own).collect();
        let grads = differentiate(&mut g, value, &wrt);
        g.outputs = vec![value];
        g.outputs.extend(grads.into_iter().map(|grad| grad.expect("a gradient")));
        let plan = Plan::new(&pass::optimize(g), batch);
        let (work, states) = (Workspace::new([&plan]), States::new([&plan]));
        let flows = (0..=case.weights.len()).map(|i| {
            let ty = if i == 0 { &student_ty } else { &teacher_ty };
            random(ty.count(batch), i as u64, 2.0)
        });
        let mut inputs: Vec<Vec<f32>> = flows.collect();
        inputs.extend(case.target.as_ref().map(|ty| targets(ty, &case.student, batch)));
        let own = weights.iter().enumerate();
        let own = own.map(|(i, w)| (w.name, random(w.shape.len(), 50 + i as u64, 1.0))).collect();
        Machine { plan, work, states, inputs, own }
    }

    fn run(&mut self) {
        for (i, numbers) in self.inputs.iter().enumerate() {
            match self.plan.input(&mut self.work, i) {
                ViewMut::F32(x) => x.copy_from_slice(numbers),
                ViewMut::I32(x) => x.iter_mut().zip(numbers).for_each(|(x, &v)| *x = v as i32),
                other => panic!("{other:?}"),
            }
        }
        for (name, numbers) in &self.own {
            self.states.get_mut(name).expect("a weight").copy_from_slice(numbers);
        }
        let bound = self.plan.bind(&self.states);
        self.plan.run(&mut self.work, &mut self.states, &bound, Clock::default());
    }

    fn output(&self, i: usize) -> Vec<f32> {
        match self.plan.output(&self.work, &self.states, i) {
            View::F32(x) => x.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// The value and the gradient of the student.
    fn value_and_grad(&mut self) -> (f32, Vec<f32>) {
        self.run();
        (self.output(0)[0], self.output(1))
    }

    /// The numbers of output `1 + i`: the student's, then the weights of the term itself.
    fn slot(&mut self, i: usize) -> &mut Vec<f32> {
        if i == 0 { &mut self.inputs[0] } else { &mut self.own[i - 1].1 }
    }
}

/// Numbers in ± `most`.
fn random(n: usize, key: u64, most: f32) -> Vec<f32> {
    let mut places: Vec<usize> = (0..n).collect();
    rng::Stream::new(key).shuffle(&mut places);
    places.into_iter().map(|i| ((i as f32 + 0.5) / n as f32 * 2.0 - 1.0) * most).collect()
}

/// Classes in turn, or shares of two classes.
fn targets(ty: &Ty, student: &[usize], batch: usize) -> Vec<f32> {
    let classes = student[0].max(2);
    if ty.len() == 1 {
        return (0..batch).map(|n| (n % classes) as f32).collect();
    }
    let share = |n: usize, c: usize| match c {
        c if c == n % classes => 0.7,
        c if c == (n + 1) % classes => 0.3,
        _ => 0.0,
    };
    (0..batch).flat_map(|n| (0..classes).map(move |c| share(n, c))).collect()
}

#[test]
fn gradients_agree_with_finite_differences() {
    let mut failures = Vec::new();
    for case in all() {
        let mut machine = Machine::new(&case, 5);
        machine.run();
        for i in 0..=machine.own.len() {
            machine.run();
            let grad = machine.output(1 + i);
            let largest = grad.iter().fold(0.0f32, |m, v| m.max(v.abs()));
            assert!(largest > 0.0, "{}: no gradient", case.word);
            for (j, grad) in grad.iter().enumerate() {
                let own = machine.slot(i)[j];
                let mut at = |x: f32| {
                    machine.slot(i)[j] = x;
                    machine.run();
                    (f64::from(x), f64::from(machine.output(0)[0]))
                };
                let ((x1, y1), (x0, y0)) = (at(own + 4e-3), at(own - 4e-3));
                machine.slot(i)[j] = own;
                let off = (f64::from(*grad) - (y1 - y0) / (x1 - x0)).abs() / f64::from(largest);
                if off.is_nan() || off > 3e-3 {
                    let place = format!("{:?}, output {}[{j}]", case.student, 1 + i);
                    failures.push(format!("{} {place} is off by {off:.1e}", case.word));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_hot_student_matches_logits() {
    for temperature in [1e3, 1e5] {
        let hot = case("soft_targets", &[10], &[10]).with("temperature", temperature);
        let mut hot = Machine::new(&hot, 4);
        let mut plain = Machine::new(&case("logits", &[10], &[10]), 4);
        for (hot, plain) in hot.inputs.iter_mut().zip(&mut plain.inputs) {
            for row in hot.chunks_exact_mut(10) {
                let mean = row.iter().sum::<f32>() / 10.0;
                row.iter_mut().for_each(|z| *z -= mean);
            }
            plain.clone_from(hot);
        }
        let ((value, grad), (squares, slope)) = (hot.value_and_grad(), plain.value_and_grad());
        assert!((value - 0.5 * squares).abs() < 1e-3 * value, "{value} {squares}");
        let largest = slope.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        for (grad, slope) in grad.iter().zip(&slope) {
            assert!((grad - 0.5 * slope).abs() < 1e-3 * 0.5 * largest, "{grad} {slope}");
        }
    }
}

#[test]
fn huge_numbers_leave_numbers() {
    for case in all() {
        for key in 0..3u64 {
            let mut machine = Machine::new(&case, 4);
            for (i, x) in machine.inputs.iter_mut().take(1 + case.weights.len()).enumerate() {
                let signs = random(x.len(), key * 10 + i as u64, 1.0);
                x.iter_mut().zip(signs).for_each(|(x, sign)| *x = 1e4f32.copysign(sign));
            }
            let (value, grad) = machine.value_and_grad();
            assert!(value.is_finite() && value >= 0.0, "{}: {value}", case.word);
            assert!(grad.iter().all(|dx| dx.is_finite()), "{}: {grad:?}", case.word);
        }
    }
}

#[test]
fn one_sample_has_no_pairs() {
    for case in all().iter().filter(|case| ["relational", "similarity"].contains(&case.word)) {
        let mut machine = Machine::new(case, 1);
        let (value, grad) = machine.value_and_grad();
        assert_eq!(value, 0.0, "{}", case.word);
        assert!(grad.iter().all(|&dx| dx == 0.0), "{}: {grad:?}", case.word);
    }
}

#[test]
fn a_student_that_is_its_teacher_has_nothing_to_learn() {
    for case in all().into_iter().filter(|case| case.student == case.teacher) {
        let mut machine = Machine::new(&case.teachers(&[1.0]), 6);
        machine.inputs[1] = machine.inputs[0].clone();
        let (value, grad) = machine.value_and_grad();
        assert!((0.0..1e-12).contains(&value), "{value}");
        assert!(grad.iter().all(|dx| dx.abs() < 1e-6), "{grad:?}");
    }
}

#[test]
fn features_that_are_alike_leave_numbers() {
    // All samples the same; two of them the same; a student whose features are all 0.
    for case in all() {
        for kind in 0..3 {
            let mut machine = Machine::new(&case, 4);
            let n = machine.inputs[0].len() / 4;
            match kind {
                0 => (1..4).for_each(|i| machine.inputs[0].copy_within(..n, i * n)),
                1 => machine.inputs[0].copy_within(..n, 2 * n),
                _ => machine.inputs[0].fill(0.0),
            }
            let (value, grad) = machine.value_and_grad();
            assert!(value.is_finite(), "{}: {value}", case.word);
            assert!(grad.iter().all(|dx| dx.is_finite()), "{}: {grad:?}", case.word);
        }
    }
}

#[test]
fn what_is_not_a_number_stays_one_that_is_not() {
    for case in all() {
        let mut machine = Machine::new(&case, 4);
        machine.inputs[0][0] = f32::NAN;
        let (value, _) = machine.value_and_grad();
        assert!(value.is_nan(), "{}: {value}", case.word);
    }
}

#[test]
fn features_that_do_not_fit_are_named_with_their_sizes() {
    let unfit = |word: &str, teacher: &[usize], student: &[usize]| {
        let (teacher, student) = (Ty::flow(teacher.to_vec()), Ty::flow(student.to_vec()));
        (find(word).expect("the word").fits_features)(&teacher, &student).expect_err("unfit")
    };
    assert_eq!(
        unfit("hint", &[32, 14, 14], &[16, 7, 7]),
        "`hint` wants feature maps of one height and width, but the teacher's layer gives [32, 14, 14] \
         and the student's [16, 7, 7]"
    );
    assert_eq!(
        unfit("hint", &[9, 4], &[8, 4]),
        "`hint` wants sequences of one length, but the teacher's layer gives [9, 4] and the student's \
         [8, 4]"
    );
    assert_eq!(
        unfit("hint", &[9], &[3, 1, 1]),
        "`hint` wants features with as many axes, but the teacher's layer gives [9] and the student's \
         [3, 1, 1]"
    );
    assert_eq!(
        unfit("attention_transfer", &[9], &[9]),
        "`attention_transfer` wants feature maps of one height and width, but the teacher's layer gives \
         [9] and the student's [9]"
    );
    assert_eq!(
        unfit("attention_transfer", &[4, 8, 8], &[4, 8, 6]),
        "`attention_transfer` wants feature maps of one height and width, but the teacher's layer gives \
         [4, 8, 8] and the student's [4, 8, 6]"
    );
}

#[test]
fn paths_are_found_among_the_arguments() {
    let hint: &Loss = find("hint").expect("hint");
    let mut args = Args::default();
    args.set("student", Arg::Name("stage[0].conv1".into()));
    args.set("teacher", Arg::Name("stem".into()));
    assert_eq!(hint.paths(&args), [("teacher", "stem"), ("student", "stage[0].conv1")]);
    let relational: &Loss = find("relational").expect("relational");
    assert!(relational.paths(&case("relational", &[4], &[4]).args).is_empty());
}

#[test]
fn terms_of_answers_fit_what_can_be_answered() {
    let classes = Target::Classes(vec!["a".into(), "b".into()]);
    let values = Target::Values(vec!["x".into()]);
    let fits = |word: &str| {
        let fits = find(word).expect("the word").fits;
        [fits(&classes), fits(&values), fits(&Target::None)]
    };
    assert_eq!(fits("soft_targets"), [true, false, true]);
    assert_eq!(fits("decoupled"), [true, false, false]);
    for word in ["attention_transfer", "hint", "logits", "relational", "similarity"] {
        assert_eq!(fits(word), [true, true, true], "{word}");
    }
}
