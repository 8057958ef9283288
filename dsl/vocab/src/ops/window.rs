//! What operators with windows share: their parameters, the arithmetic of their sizes, and the words
//! for shapes that they do not take.

use crate::word::{Arg, Args, Default, Param, Type};
use dlm_base::Shape;
use dlm_graph::{DType, Reject, Ty};

pub(super) const CHANNELS: Param = Param {
    name: "channels",
    ty: Type::Int { min: 1 },
    default: Default::Required,
    doc: "Channels of the result.",
    aliases: &["filters", "out_channels", "num_filters", "features"],
};

pub(super) const KERNEL: Param = Param {
    name: "kernel",
    ty: Type::Pair { min: 1 },
    default: Default::Required,
    doc: "Height and width of the window, in pixels.",
    aliases: &["kernel_size", "kernel_shape", "size"],
};

pub(super) const STRIDE: Param = Param {
    name: "stride",
    ty: Type::Pair { min: 1 },
    default: Default::Int(1),
    doc: "Distance between neighbouring windows, in pixels.",
    aliases: &["strides", "subsample"],
};

pub(super) const PADDING: Param = Param {
    name: "padding",
    ty: Type::Padding,
    default: Default::Name("same"),
    doc: "Zeros around the map: `same`, `valid` (none), or pixels on each side.",
    aliases: &["pad", "pads", "border_mode"],
};

pub(super) const DILATION: Param = Param {
    name: "dilation",
    ty: Type::Pair { min: 1 },
    default: Default::Int(1),
    doc: "Distance between neighbouring elements of a window, in pixels.",
    aliases: &["dilations", "dilation_rate", "atrous_rate"],
};

pub(super) const GROUPS: Param = Param {
    name: "groups",
    ty: Type::Int { min: 1 },
    default: Default::Int(1),
    doc: "Channels are cut into so many groups that do not see each other.",
    aliases: &["group", "num_groups", "cardinality"],
};

pub(super) const BIAS: Param = Param {
    name: "bias",
    ty: Type::Bool,
    default: Default::Bool(true),
    doc: "Whether a learned number is added to each output channel.",
    aliases: &["use_bias", "bias_term", "with_bias"],
};

pub(super) const INIT: Param = Param {
    name: "init",
    ty: Type::Init,
    default: Default::Absent,
    doc: "How the weights start: `normal(0.02)`; by default Kaiming or Glorot uniform.",
    aliases: &["kernel_initializer", "weight_init", "initializer"],
};

/// How the border of a map is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// So that the result has `ceil(n / stride)` pixels.
    Same,
    /// So many zeros on both sides of each axis.
    Zeros([usize; 2]),
}

impl Padding {
    /// The argument `padding`.
    pub(super) fn of(args: &Args) -> Padding {
        match args.get("padding") {
            Some(Arg::Name(name)) if name == "same" => Padding::Same,
            Some(Arg::Name(_)) => Padding::Zeros([0, 0]),
            _ => Padding::Zeros(args.pair("padding")),
        }
    }
}

/// Where windows lie, down and right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Windows {
    /// Size of a window.
    pub(super) kernel: [usize; 2],
    /// Distance between windows.
    pub(super) stride: [usize; 2],
    /// Distance between elements of a window.
    pub(super) dilation: [usize; 2],
    /// Zeros around the map.
    pub(super) padding: Padding,
}

impl Windows {
    /// Windows of these arguments; what an operator has no parameter for is plain.
    pub(super) fn of(args: &Args) -> Windows {
        let given = |name: &str| args.get(name).map(|_| args.pair(name));
        Windows {
            kernel: args.pair("kernel"),
            stride: args.pair("stride"),
            dilation: given("dilation").unwrap_or([1, 1]),
            padding: Padding::of(args),
        }
    }

    /// Zeros above and to the left of a map of `n` pixels.
    ///
    /// `same` puts `(k − 1) / 2 · dilation` on each side for an odd kernel; for an even one as many
    /// as give `ceil(n / stride)` windows, the odd one out at the end (ONNX `SAME_UPPER`).
    pub(super) fn before(&self, n: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|i| match self.padding {
            Padding::Zeros(zeros) => zeros[i],
            Padding::Same if self.kernel[i] % 2 == 1 => self.kernel[i] / 2 * self.dilation[i],
            Padding::Same => {
                let last = (n[i].div_ceil(self.stride[i]) - 1) * self.stride[i];
                (last + self.reach(i)).saturating_sub(n[i]) / 2
            }
        })
    }

    /// How many windows a map of `n` pixels has.
    ///
    /// # Errors
    /// When there is none; `word` is the operator's name.
    pub(super) fn count(&self, n: [usize; 2], word: &str) -> Result<[usize; 2], Reject> {
        self.sane(word)?;
        let mut counts = [0, 0];
        for i in [0, 1] {
            counts[i] = match self.padding {
                Padding::Same => n[i].div_ceil(self.stride[i]),
                Padding::Zeros(zeros) => match (n[i] + 2 * zeros[i]).checked_sub(self.reach(i)) {
                    Some(room) => room / self.stride[i] + 1,
                    None => return Err(self.too_small(n, i, zeros[i], word)),
                },
            };
        }
        Ok(counts)
    }

    /// Nothing, when no argument is absurd.
    ///
    /// # Errors
    /// When one is so large that sizes could not be computed with it.
    pub(super) fn sane(&self, word: &str) -> Result<(), Reject> {
        let zeros = match self.padding {
            Padding::Same => [0, 0],
            Padding::Zeros(zeros) => zeros,
        };
        let kernel = if word.ends_with("_pool") { "size" } else { "kernel" };
        for (param, pair) in [
            (kernel, self.kernel),
            ("stride", self.stride),
            ("dilation", self.dilation),
            ("padding", zeros),
        ] {
            affordable(param, &pair[..1], LARGEST_STEP)?;
            affordable(param, &pair[1..], LARGEST_STEP)?;
        }
        Ok(())
    }

    /// Pixels from the first to the last element of a window.
    fn reach(&self, i: usize) -> usize {
        self.dilation[i] * (self.kernel[i] - 1) + 1
    }

    fn too_small(&self, n: [usize; 2], i: usize, zeros: usize, word: &str) -> Reject {
        let (kernel, stride, dilation) = (self.kernel[i], self.stride[i], self.dilation[i]);
        let window = match dilation {
            1 => format!("{kernel}"),
            _ => format!("({dilation} × ({kernel} − 1) + 1)"),
        };
        let room = (n[i] + 2 * zeros) as i64 - self.reach(i) as i64;
        let result = room.div_euclid(stride as i64) + 1;
        let result = if result < 0 { format!("−{}", -result) } else { result.to_string() };
        let axis = ["height", "width"][i];
        let largest = (n[i] + 2 * zeros - 1) / dilation + 1;
        Reject::Size {
            formula: format!(
                "{axis}: ({} + 2 × {zeros} − {window}) / {stride} + 1 = {result}",
                n[i]
            ),
            help: Some(match word {
                "max_pool" | "avg_pool" => format!(
                    "the map is {} × {} here: use a window of at most {largest}, or pool less before",
                    n[0], n[1]
                ),
                _ => format!(
                    "the map is {} × {} here: write `padding = same`, or a kernel of at most {largest}",
                    n[0], n[1]
                ),
            }),
        }
    }
}

/// `expects` of operators on feature maps.
const MAP: &str = "expects [channels, height, width]";

/// The sizes of a feature map.
///
/// # Errors
/// When the flow is none; `word` is the operator's name.
pub(super) fn map(flow: &Ty, word: &str) -> Result<[usize; 3], Reject> {
    floats(flow, word, MAP)?;
    let reject = |what: String, help: Option<String>| {
        let message = format!("`{word}` takes a feature map, but its input is {what}");
        Err(Reject::Shape { message, expects: MAP.to_string(), help, insert: None })
    };
    match *flow.shape.sizes() {
        [c, h, w] => Ok([c, h, w]),
        [] => reject("a single number".to_string(), None),
        [n] => {
            let side = n.isqrt();
            let help = if side > 1 && side * side == n {
                format!("give it the shape of an image first: `-> reshape([1, {side}, {side}])`")
            } else {
                format!("only a reshape whose sizes multiply to {} makes it a map", grouped(n))
            };
            reject(format!("a vector of {} features", grouped(n)), Some(help))
        }
        [c, t] => {
            let help = match word {
                "conv" => Some(format!(
                    "along a sequence use `conv1d`; as an image of one channel: `-> reshape([1, {c}, {t}])`"
                )),
                "global_avg_pool" => {
                    Some("over time use `-> mean(0)` for [time, features]".to_string())
                }
                _ => Some(format!("as an image of one channel: `-> reshape([1, {c}, {t}])`")),
            };
            reject("a sequence".to_string(), help)
        }
        _ => reject(format!("of rank {}", flow.shape.rank()), None),
    }
}

/// Nothing, for a flow of floats.
///
/// # Errors
/// When the flow holds whole numbers.
pub(crate) fn floats(flow: &Ty, word: &str, expects: &str) -> Result<(), Reject> {
    if flow.dtype == DType::F32 {
        return Ok(());
    }
    Err(Reject::Shape {
        message: format!("`{word}` takes real numbers, but its input are tokens"),
        expects: expects.to_string(),
        help: Some("turn tokens into vectors first: `-> embedding(vocabulary, size)`".to_string()),
        insert: None,
    })
}

/// The largest kernel, stride, dilation or padding.
const LARGEST_STEP: usize = 1 << 20;

/// The most numbers that a weight, or the result for one sample, may have.
pub(crate) const MOST_NUMBERS: usize = 1 << 40;

/// Nothing, when a tensor of these sizes has at most so many numbers.
///
/// # Errors
/// When it has more; `param` is the argument to blame.
pub(crate) fn affordable(param: &'static str, sizes: &[usize], most: usize) -> Result<(), Reject> {
    let count = sizes.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
    if count.is_some_and(|count| count <= most) {
        return Ok(());
    }
    let sizes: Vec<String> = sizes.iter().map(|&size| grouped(size)).collect();
    Err(Reject::Value {
        param,
        message: format!(
            "{param} is too large: {} is more than {}",
            sizes.join(" × "),
            grouped(most)
        ),
        help: None,
    })
}

/// The shape of a feature map.
pub(super) fn shape([c, h, w]: [usize; 3]) -> Shape {
    Shape(vec![c, h, w])
}

/// A whole number with a comma after each three digits: `1,797`.
pub(super) fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(kernel: usize, stride: usize, dilation: usize, padding: Padding) -> Windows {
        Windows { kernel: [kernel; 2], stride: [stride; 2], dilation: [dilation; 2], padding }
    }

    #[test]
    fn same_gives_a_window_for_each_stride() {
        for n in 1..20 {
            for (kernel, stride, dilation) in [
                (1, 1, 1),
                (3, 1, 1),
                (3, 2, 1),
                (5, 3, 2),
                (2, 1, 1),
                (2, 2, 1),
                (4, 3, 1),
                (4, 1, 3),
            ] {
                let w = windows(kernel, stride, dilation, Padding::Same);
                let count = w.count([n, n], "conv").unwrap()[0];
                assert_eq!(count, n.div_ceil(stride));
                let before = w.before([n, n])[0];
                let reach = dilation * (kernel - 1) + 1;
                if kernel % 2 == 0 {
                    let all = ((count - 1) * stride + reach).saturating_sub(n);
                    assert_eq!(before, all / 2);
                } else {
                    assert_eq!(before, kernel / 2 * dilation);
                }
            }
        }
    }

    #[test]
    fn a_window_larger_than_its_map_is_explained_with_numbers() {
        let none = windows(5, 1, 1, Padding::Zeros([0, 0])).count([3, 9], "conv");
        let Err(Reject::Size { formula, help }) = none else { panic!("{none:?}") };
        assert_eq!(formula, "height: (3 + 2 × 0 − 5) / 1 + 1 = −1");
        assert_eq!(
            help.unwrap(),
            "the map is 3 × 9 here: write `padding = same`, or a kernel of at most 3"
        );
        let none = windows(3, 2, 4, Padding::Zeros([1, 1])).count([9, 4], "conv");
        let Err(Reject::Size { formula, .. }) = none else { panic!("{none:?}") };
        assert_eq!(formula, "width: (4 + 2 × 1 − (4 × (3 − 1) + 1)) / 2 + 1 = −1");
    }

    #[test]
    fn absurd_arguments_are_rejected() {
        let huge = windows(3, 1, usize::MAX / 2, Padding::Zeros([0, 0])).count([9, 9], "conv");
        assert!(matches!(huge, Err(Reject::Value { param: "dilation", .. })), "{huge:?}");
        let huge = windows(3, 1, 1, Padding::Zeros([0, usize::MAX])).count([9, 9], "conv");
        assert!(matches!(huge, Err(Reject::Value { param: "padding", .. })), "{huge:?}");
        let huge = affordable("units", &[usize::MAX, 784], MOST_NUMBERS);
        assert!(matches!(huge, Err(Reject::Value { param: "units", .. })), "{huge:?}");
        assert_eq!(affordable("units", &[10, 784], MOST_NUMBERS), Ok(()));
    }

    #[test]
    fn what_is_no_map_is_named() {
        let message = |flow: Ty| match map(&flow, "conv") {
            Err(Reject::Shape { message, help, .. }) => (message, help.unwrap_or_default()),
            other => panic!("{other:?}"),
        };
        let (text, help) = message(Ty::flow(vec![784]));
        assert_eq!(text, "`conv` takes a feature map, but its input is a vector of 784 features");
        assert!(help.contains("`-> reshape([1, 28, 28])`"), "{help}");
        let (_, help) = message(Ty::flow(vec![5]));
        assert_eq!(help, "only a reshape whose sizes multiply to 5 makes it a map");
        assert!(message(Ty::flow(vec![16, 50])).1.contains("conv1d"));
        assert!(message(Ty::tokens(vec![64])).0.contains("tokens"));
    }
}
