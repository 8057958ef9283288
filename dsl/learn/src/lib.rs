//! Training and evaluation: the loop, metrics, weights, and the run of a whole program.
//!
//! Nothing here touches the disk or a clock: files come through [`dlm_base::Files`], and what is
//! written, timed or told goes through [`World`].

pub mod body;
pub mod clean;
pub mod compile;
pub mod data;
pub mod evaluate;
pub mod event;
pub mod fit;
mod generate;
pub mod judge;
pub mod key;
pub mod lesson;
pub mod metrics;
pub mod onnx;
pub mod quant;
pub mod record;
pub mod run;
mod sealed;
pub mod signals;
pub mod stored;
pub mod teacher;
pub mod weights;

pub use event::Event;
pub use generate::Generation;
pub use run::{
    Bytes, Common, Judgement, Options, Outcome, RunError, State, Summary, World, Write, run,
    run_with,
};
pub use stored::{Predictions, Stored};
pub use weights::{About, Weights};
