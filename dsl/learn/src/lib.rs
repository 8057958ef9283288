//! Training and evaluation: the loop, metrics, weights, and the run of a whole program.
//!
//! Nothing here touches the disk or a clock: files come through [`dlm_base::Files`], and what is
//! written, timed or told goes through [`World`].

pub mod event;
pub mod metrics;
pub mod run;

pub use event::Event;
pub use run::{Judgement, Options, Outcome, RunError, Summary, World};
