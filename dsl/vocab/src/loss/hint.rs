//! Mean squared difference of features.

use crate::common::features::{STUDENT, TEACHER, student_and_teacher, unfit};
use crate::common::squares;
use crate::loss::{Loss, Of};
use crate::ops::{conv, dense};
use crate::word;
use dlm_base::Shape;
use dlm_graph::{Fan, Graph, Init, Ty, ValueId, Weight};
use dlm_kernels::conv::Conv;

word! {
    /// The mean of the squared difference between features of the student and of its teacher.
    ///
    /// `loss = 1/(B·N) · Σ (r(s) − t)²` over B samples with N numbers each in the teacher's features t. Where the
    /// student's features s have t's shape, `r(s) = s`. Where their channels differ, r is learnt with the
    /// student and dropped afterwards: a 1×1 convolution with a bias between feature maps `[C, H, W]`
    /// of one height and width, a dense layer between vectors, and along the last axis of sequences
    /// `[time, features]` of one length.
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
    ///     loss = cross_entropy + hint(teacher = middle, student = middle)
    /// }
    /// ```
    ///
    /// Romero et al. 2015, arXiv 1412.6550.
    pub(crate) static HINT: Loss = {
        name: "hint",
        params: &[TEACHER, STUDENT],
        aliases: &["fitnet", "FitNet", "HintLoss", "feature_matching"],
    },
    fits: |_| true,
    needs: "any target",
    of: Of::Features,
    fits_features: |teacher, student| match (teacher.shape.sizes(), student.shape.sizes()) {
        _ if teacher.shape == student.shape => Ok(()),
        ([_, th, tw], [_, sh, sw]) if (th, tw) == (sh, sw) => Ok(()),
        ([t, _], [s, _]) if t == s => Ok(()),
        ([_], [_]) => Ok(()),
        ([_, _, _], [_, _, _]) => {
            Err(unfit("hint", teacher, student, "feature maps of one height and width"))
        }
        ([_, _], [_, _]) => Err(unfit("hint", teacher, student, "sequences of one length")),
        _ => Err(unfit("hint", teacher, student, "features with as many axes")),
    },
    own: |_, teacher, student| own(teacher, student),
    build: |g, _, terms| {
        let [student, teacher] = student_and_teacher(terms);
        let student = match terms.own {
            [] => student,
            own => regress(g, student, teacher, own),
        };
        squares::build(g, vec![1.0], &[student, teacher])
    },
}

/// The weights of the layer that fits the student's features to the teacher's.
fn own(teacher: &Ty, student: &Ty) -> Vec<Weight> {
    if teacher.shape == student.shape {
        return Vec::new();
    }
    let (outs, ins) = (channels(teacher), channels(student));
    let (shape, order) = match student.shape.rank() {
        3 => (vec![outs, ins, 1, 1], vec![2, 3, 1, 0]),
        _ => (vec![outs, ins], vec![1, 0]),
    };
    let weight = Weight {
        name: "weight",
        shape: Shape(shape),
        order,
        init: Init::Fan(Fan { ins, outs }),
        trained: true,
        decays: true,
    };
    let bias = Weight {
        name: "bias",
        shape: Shape(vec![outs]),
        order: vec![0],
        init: Init::Constant(0.0),
        trained: true,
        decays: false,
    };
    vec![weight, bias]
}

/// Adds the layer that fits the student's features to the teacher's.
fn regress(g: &mut Graph, student: ValueId, teacher: ValueId, own: &[ValueId]) -> ValueId {
    let (from, to) = (g.ty(student).clone(), channels(g.ty(teacher)));
    let inputs: Vec<ValueId> = std::iter::once(student).chain(own.iter().copied()).collect();
    let [c, h, w] = *from.shape.sizes() else {
        let features = channels(&from);
        let product = dense::node::Product {
            features,
            units: to,
            bias: true,
            activation: None,
            transposed: false,
        };
        return g.add(product, &inputs);
    };
    let sizes = Conv {
        input: [h, w, c],
        output: [h, w, to],
        kernel: [1, 1],
        stride: [1, 1],
        dilation: [1, 1],
        pad: [0, 0],
        groups: 1,
    };
    g.add(conv::node::Convolve { sizes, bias: true, activation: None }, &inputs)
}

/// Channels of a map, features of a vector or of each moment of a sequence.
fn channels(ty: &Ty) -> usize {
    match *ty.shape.sizes() {
        [c, _, _] => c,
        [.., last] => last,
        [] => 1,
    }
}
