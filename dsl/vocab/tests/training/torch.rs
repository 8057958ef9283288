//! Written by `tests/oracle/optimizers.py` with PyTorch 2.15.0.

/// The weights at first.
#[rustfmt::skip]
pub(crate) const WEIGHT: [f64; 5] = [0.5, -1.25, 2.0, 0.0, -0.125];

/// The gradients of four steps.
#[rustfmt::skip]
pub(crate) const GRADS: [f64; 20] = [0.25, -0.5, 1.0, 0.0, 3.0, -0.75, -0.25, 0.5, 0.0, 2.0, 0.125, 1.5, -2.0, 0.5, -1.0, 0.5, 0.0, -0.25, -0.75, 0.25];

/// The learning rates of four steps.
#[rustfmt::skip]
pub(crate) const RATES: [f64; 4] = [0.1, 0.1, 0.05, 0.025];

/// `SGD`.
#[rustfmt::skip]
pub(crate) const SGD: [f64; 5] = [0.53125, -1.25, 1.95625, -0.00625, -0.58125];

/// `SGD(momentum=0.9)`.
#[rustfmt::skip]
pub(crate) const SGD_MOMENTUM: [f64; 5] = [0.54019375, -1.193075, 1.8199, -0.0175, -1.135425];

/// `SGD(momentum=0.9, nesterov=True, weight_decay=0.1)`.
#[rustfmt::skip]
pub(crate) const SGD_NESTEROV: [f64; 5] = [0.531214222, -1.113231465, 1.659657442, -0.021774375, -1.447797191];

/// `Adam(betas=(0.8, 0.95))`.
#[rustfmt::skip]
pub(crate) const ADAM: [f64; 5] = [0.4636562652, -1.087477635, 1.830056263, -0.02822629199, -0.3561396043];

/// `AdamW(weight_decay=0.5)`.
#[rustfmt::skip]
pub(crate) const ADAMW: [f64; 5] = [0.4013998796, -0.9292090169, 1.572624664, -0.02670539618, -0.333007337];

/// `RMSprop()`.
#[rustfmt::skip]
pub(crate) const RMSPROP: [f64; 5] = [0.2372030891, -0.2700210677, 1.015665621, -0.2916665898, -1.563823859];

/// Lion, betas 0.9 and 0.99, weight decay 0.5.
#[rustfmt::skip]
pub(crate) const LION: [f64; 5] = [0.3649082031, -0.9727994141, 1.624503125, -0.024375, -0.2719907227];

/// Validation losses of ten epochs.
#[rustfmt::skip]
pub(crate) const LOSSES: [f64; 10] = [1.0, 0.9, 0.9, 0.95, 0.89995, 0.8, 0.85, 0.81, 0.9, 0.7];

/// `ReduceLROnPlateau(patience=2, factor=0.5)`, one step an epoch.
#[rustfmt::skip]
pub(crate) const PLATEAU: [f64; 10] = [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25];

/// `CosineAnnealingLR(T_max=10, eta_min=0.01)`.
#[rustfmt::skip]
pub(crate) const COSINE: [f64; 10] = [1.0, 0.9757729756, 0.9054634122, 0.7959536999, 0.6579634122, 0.505, 0.3520365878, 0.2140463001, 0.1045365878, 0.03422702443];

/// `OneCycleLR(max_lr=2.5, total_steps=20)`.
#[rustfmt::skip]
pub(crate) const ONE_CYCLE: [f64; 20] = [0.1, 0.3291796068, 0.9291796068, 1.670820393, 2.270820393, 2.5, 2.468660016, 2.37621158, 2.227290444, 2.029364135, 1.792357504, 1.528155055, 1.250005, 0.9718549452, 0.7076524955, 0.4706458651, 0.2727195561, 0.12379842, 0.03134998441, 1e-05];

/// `StepLR(3, gamma=0.5)`.
#[rustfmt::skip]
pub(crate) const STEP: [f64; 10] = [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125];

/// `ExponentialLR(0.9)`, three steps an epoch.
#[rustfmt::skip]
pub(crate) const EXPONENTIAL: [f64; 10] = [1.0, 1.0, 1.0, 0.9, 0.9, 0.9, 0.81, 0.81, 0.81, 0.729];
