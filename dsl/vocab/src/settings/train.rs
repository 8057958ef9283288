//! Settings of `train`.

use super::{Takes, settings, words};
use crate::word::{Default, Param, Type, Unit};

const POSITIVE: Type = Type::Real { min: 0.0, max: f64::INFINITY, open_min: true, open_max: true };

settings! {
    /// The settings of `train`.
    pub static TRAIN;

    /// What is made small: a sum of weighted terms.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { loss = cross_entropy(smoothing = 0.1) + l2(1e-4) }
    /// ```
    "loss": Takes::Loss, "`cross_entropy` for classes, `mse` for values", ["criterion", "objective"];

    /// How weights move along their gradients.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { optimizer = sgd(lr = 0.1, momentum = 0.9) }
    /// ```
    "optimizer": Takes::Optimizer, "adamw(lr = 1e-3)", ["optimiser", "optim"];

    /// How the learning rate changes while the training lasts.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { schedule = cosine(warmup = 1 epoch) }
    /// ```
    "schedule": Takes::Schedule, "constant", ["scheduler", "lr_scheduler"];

    /// How many times the training part is gone through.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { epochs = 50 }
    /// ```
    "epochs": Takes::Value(Type::Int { min: 1 }), "10", ["num_epochs", "max_epochs", "epoch"];

    /// How many updates are made, instead of `epochs`.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { steps = 200 }
    /// ```
    "steps": Takes::Value(Type::Int { min: 1 }), "as `epochs` says", ["max_steps", "iterations"];

    /// How many samples an update looks at.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { batch = 16 }
    /// ```
    "batch": Takes::Value(Type::Int { min: 1 }), "32", ["batch_size", "bs"];

    /// Seeds the weights, the order of the samples, dropout and augmentation. The same seed gives the same
    /// weights, bit for bit.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { seed = 1 }
    /// ```
    "seed": Takes::Value(Type::Int { min: 0 }), "0", ["random_state", "manual_seed"];

    /// The largest norm of the gradient of all weights together; a longer one is shortened to it.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { clip = 1.0 }
    /// ```
    "clip": Takes::Value(POSITIVE), "none", ["clipnorm", "clip_norm", "max_grad_norm", "gradient_clip"];

    /// The result is an average of the weights over the training: `ema(decay)` or `swa(start)`.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { average = ema(0.99) }
    /// ```
    "average": Takes::Average, "none", ["averaging", "ema", "swa"];

    /// When to end before the last epoch: `early(patience, metric)`. The validation part must have labels.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris {
    ///     epochs = 100
    ///     stop   = early(patience = 5 epochs, metric = valid.loss)
    /// }
    /// ```
    "stop": Takes::Stop, "none", ["early_stopping", "EarlyStopping"];

    /// Whether the result has the weights of the epoch that did best on the validation part, which must have
    /// labels: by the metric of `stop`, otherwise by the loss.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { keep_best = true }
    /// ```
    "keep_best": Takes::Value(Type::Bool), "false",
        ["restore_best_weights", "save_best_only", "load_best_model_at_end"];

    /// Layers whose weights and statistics stay as they are: a list of paths, in which `*` stands for any
    /// name and `[*]` for every turn of a `repeat`. A path to a block means all in it.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) as body -> relu -> dense(3) as head }
    /// train Net on Iris
    /// train Net on Iris as Tuned { from = Net   freeze = [body] }
    /// ```
    "freeze": Takes::Paths, "[]", ["frozen", "trainable"];

    /// The artifact from which the training starts: its weights are taken where name and shape agree.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris
    /// train Net on Iris as Tuned { from = Net   epochs = 2 }
    /// ```
    "from": Takes::Artifact, "none", ["init_from", "pretrained", "weights", "checkpoint"];
}

words! {
    /// The values of `average`.
    pub static AVERAGE;

    /// Exponential moving average of the weights, after each update:
    /// `average ← decay · average + (1 − decay) · weight`.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { average = ema(0.99) }
    /// ```
    ///
    /// Polyak, Juditsky 1992.
    "ema": [Param {
        name: "decay",
        ty: Type::Real { min: 0.0, max: 1.0, open_min: true, open_max: true },
        default: Default::Required,
        doc: "The share of the old average that each update keeps.",
        aliases: &["momentum"],
    }], ["EMA", "ExponentialMovingAverage"];

    /// Stochastic weight averaging: the mean of the weights at the end of each epoch from `start` on.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris { average = swa(start = 5 epochs) }
    /// ```
    ///
    /// Izmailov et al. 2018.
    "swa": [Param {
        name: "start",
        ty: Type::Duration,
        default: Default::Required,
        doc: "After how much of the training the first weights are taken.",
        aliases: &["swa_start"],
    }], ["SWA"];
}

words! {
    /// The values of `stop`.
    pub static STOP;

    /// The training ends when `metric` has not improved for `patience` epochs.
    ///
    /// ```dlm
    /// data Iris { source = builtin("iris") }
    /// model Net(features: [4]) { features -> dense(16) -> relu -> dense(3) }
    /// train Net on Iris {
    ///     epochs = 100
    ///     stop   = early(patience = 5 epochs, metric = valid.accuracy)
    /// }
    /// ```
    ///
    /// Prechelt 1998.
    "early": [
        Param {
            name: "patience",
            ty: Type::Duration,
            default: Default::Quantity(5.0, Unit::Epochs),
            doc: "How many epochs without improvement are borne.",
            aliases: &[],
        },
        Param {
            name: "metric",
            ty: Type::Metric,
            default: Default::Name("valid.loss"),
            doc: "What has to improve, measured on the validation part.",
            aliases: &["monitor"],
        },
    ], ["EarlyStopping"];
}

words! {
    /// The values of `init`, which operators with weights take.
    pub static INIT;

    /// Weights start as normal random numbers with mean 0 and this deviation.
    ///
    /// ```dlm
    /// model Net(features: [4]) { features -> dense(16, init = normal(0.02)) -> relu -> dense(3) }
    /// ```
    "normal": [Param {
        name: "std",
        ty: POSITIVE,
        default: Default::Required,
        doc: "The deviation.",
        aliases: &["stddev", "deviation"],
    }], ["Normal", "normal_", "RandomNormal"];
}
