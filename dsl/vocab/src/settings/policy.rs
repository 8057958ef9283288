//! Settings of `policy` and of `override` in it.

use super::{Takes, settings, words};
use crate::word::{Default, Param, Type};

settings! {
    /// The settings of `policy`.
    pub static POLICY;

    /// When the ranges of activations are found, and whether training goes on: `dynamic`, `static` or `qat`.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = dynamic }
    /// quantize Net with Edge as Net8
    /// ```
    "method": Takes::Method, "static", ["mode", "approach", "quant_mode", "quantization_mode"];

    /// The number format of weights: `int8`, `int4`, `float16` or `float32`.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { weights = int8(per = tensor) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    "weights": Takes::Weights, "int8(per = channel)",
        ["weight", "weight_type", "weight_dtype", "weight_qtype", "num_bits", "bits", "dtype", "qdtype"];

    /// The number format of activations, the results of layers: `uint8`, `int8` or `float32`. With
    /// `float32` weights alone are rounded.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { activations = uint8(range = percentile(99.9)) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    "activations": Takes::Activations, "uint8(range = minmax)",
        ["activation", "activation_type", "activation_dtype", "activation_qtype", "acts"];

    /// How many samples of the training part are looked at to find the ranges of activations.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { calibrate = 64 samples }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    "calibrate": Takes::Samples, "512 samples", [
        "calibration", "calibration_samples", "num_calibration_samples", "calibration_size",
        "representative_dataset", "max_calib_samples", "subset_size",
    ];

    /// Layers that stay in float32, whatever overrides say: a list of paths and kinds, as `override` takes
    /// them.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) as head }
    /// train Net on Iris
    /// policy Edge { keep = [head] }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    "keep": Takes::Paths, "[]", [
        "exclude", "skip", "ignore", "nodes_to_exclude", "ignored_scope", "denylist",
        "modules_to_not_convert",
    ];

    /// Layers are given back to float32, the most sensitive first, until the accuracy on the validation part
    /// is no further below that of the float artifact.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { max_drop = 0.5% }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    "max_drop": Takes::Value(
        Type::Real { min: 0.0, max: 1.0, open_min: false, open_max: true }
    ), "none", ["accuracy_drop", "max_accuracy_drop", "tolerable_loss", "accuracy_criterion"];
}

settings! {
    /// The settings of `override` in a `policy`.
    pub static OVERRIDE;

    /// The number format of the weights of these layers.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) as body -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { override body { weights = int4 } }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    "weights": Takes::Weights, "as the policy says",
        ["weight", "weight_type", "weight_dtype", "weight_qtype", "num_bits", "bits", "dtype", "qdtype"];

    /// The number format of the results of these layers.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { override kind(relu) { activations = uint8(range = entropy) } }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    "activations": Takes::Activations, "as the policy says",
        ["activation", "activation_type", "activation_dtype", "activation_qtype", "acts"];
}

words! {
    /// The values of `method`.
    pub static METHOD;

    /// Weights are rounded after training; the ranges of activations are found anew for each batch as the
    /// network runs.
    ///
    /// Products alone run in integers, the rest in float32. No data are needed.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Light { method = dynamic }
    /// quantize Net with Light as Net8
    /// ```
    "dynamic": [], ["quantize_dynamic", "dynamic_range", "runtime"];

    /// Weights and activations are rounded after training; the ranges of activations are found once, on
    /// `calibrate` samples of the training part.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = static }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    ///
    /// Jacob et al. 2018.
    "static": [], [
        "ptq", "post_training", "post_training_quantization", "post_training_static", "quantize_static",
        "full_integer", "calibrated",
    ];

    /// Training goes on with weights and activations rounded in the forward pass, and with gradients that
    /// pass through the rounding unchanged.
    ///
    /// What is trained is what runs: the same integers. The block of `quantize` has the settings of the
    /// training.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { method = qat }
    /// quantize Net with Edge on Iris as Net8 { epochs = 3   optimizer = sgd(lr = 1e-3) }
    /// ```
    ///
    /// Jacob et al. 2018.
    "qat": [], [
        "quantization_aware", "quantization_aware_training", "quantize_aware", "aware", "fake_quant",
        "fake_quantize",
    ];
}

words! {
    /// The values of `per`, which formats of weights take.
    pub static PER;

    /// Each output channel has a scale.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { weights = int8(per = channel) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    "channel": [], ["per_channel", "channelwise", "per_axis", "axis", "row"];

    /// Neighbours of one output channel, so many each, have a scale; the number must divide the inputs of
    /// the channel. The layer computes in float32.
    ///
    /// ```dlm
    /// data Digits { source = builtin("digits") }
    /// model Net(image: [1, 8, 8]) { image -> flatten -> dense(32) -> relu -> dense(10) }
    /// train Net on Digits
    /// policy Edge { activations = float32   weights = int4(per = group(32)) }
    /// quantize Net with Edge on Digits as Net4
    /// ```
    "group": [Param {
        name: "size",
        ty: Type::Int { min: 2 },
        default: Default::Required,
        doc: "How many weights share a scale.",
        aliases: &["group_size", "block_size", "n"],
    }], ["per_group", "groupwise", "block", "blockwise", "group_size"];

    /// All weights of a layer share a scale.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// policy Edge { weights = int8(per = tensor) }
    /// quantize Net with Edge on Iris as Net8
    /// ```
    "tensor": [], ["per_tensor", "layer", "per_layer", "tensorwise"];
}
