//! A closed teacher: an ONNX model that answers and is not trained.
//!
//! It is run by rten, a runtime in Rust alone. Of the two that are kept up, rten and tract, both run the
//! files of PyTorch's two exporters and old ones such as CNTK's. rten brings 11 crates that a build here
//! does not have yet, tract about 50, and compiles in a sixth of tract's time; it takes a free batch as
//! it is, where tract must be told the size; batches through convolutions take it half of tract's time or
//! less; and it names the operator that it lacks.
//!
//! A file is checked before the runtime sees it: that all weights are in it, with the sizes that it says,
//! and that it asks for no array, window or loop beyond reason. What arrays grow to by several operators,
//! each of reasonable size, is not foreseen: a model can be made that takes more memory than there is.

mod examine;

use examine::examine;
use rayon::prelude::*;
use rten::{Model, ModelOptions, RunOptions, ThreadPool, Value};
use rten_tensor::Layout;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The samples that are run at once where the batch is free.
const STEP: usize = 8;

/// A model that answers.
pub struct Closed {
    model: Model,
    input: Input,
    ending: Ending,
    /// The samples of one run.
    step: usize,
    /// The sizes of the answer to one sample.
    answer: Vec<usize>,
    /// One for each thread that runs the model, of one thread each: how the runtime divides its work
    /// depends on the size of its pool, and with it the last bits of a result.
    pools: Vec<Arc<ThreadPool>>,
}

/// What a model takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The sizes of one sample, channels first: `[1, 28, 28]`.
    pub shape: Vec<usize>,
    /// How many samples it takes at once.
    pub batch: Batch,
}

/// How many samples a model takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// Just so many.
    Fixed(usize),
    /// Any number.
    Free,
}

/// What a graph ends with, as far as its last operators tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// None of the others: the answers are taken as logits.
    Logits,
    /// A softmax: the answers are probabilities, whose logarithms are logits
    /// ([`logits_of`](super::logits_of)).
    Probabilities,
    /// A softmax and its logarithm: the answers are logits already.
    LogProbabilities,
    /// A sigmoid of each number: probabilities that do not sum to 1.
    Sigmoid,
}

impl Closed {
    /// The model in the bytes of an ONNX file.
    ///
    /// # Errors
    /// When it is no whole ONNX model of one input of floats and one result, leaves the size of a sample
    /// open, keeps weights in another file, or has an operator that cannot be run, which is named.
    pub fn open(bytes: &[u8]) -> Result<Closed, String> {
        Closed::open_for(bytes, None)
    }

    /// As [`Closed::open`], for samples of the shape `sample`, which decides the sizes that the file
    /// leaves open.
    ///
    /// # Errors
    /// As [`Closed::open`], and when the model takes samples of another shape.
    pub fn open_for(bytes: &[u8], sample: Option<&[usize]>) -> Result<Closed, String> {
        let header = examine(bytes)?;
        let shape = shape(&header.sample, sample)
            .map_err(|why| format!("its input `{}` {why}", header.name))?;
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let load = || options.load(bytes.to_vec()).map_err(|e| format!("it cannot be run: {e}"));
        let model = guarded(load)?;
        if model.input_ids().len() != 1 || model.output_ids().len() != 1 {
            return Err("it does not have one input and one result".to_string());
        }
        let input = Input { shape, batch: header.batch };
        let (pools, ending) = (vec![Arc::new(ThreadPool::with_num_threads(1))], header.ending);
        let mut closed = Closed { model, input, ending, step: STEP, answer: vec![], pools };
        match header.batch {
            Batch::Fixed(samples) => closed.try_out(samples)?,
            // Some files say that their batch is free and work with one sample alone.
            Batch::Free => closed.try_out(STEP).or_else(|e| closed.try_out(1).map_err(|_| e))?,
        }
        Ok(closed)
    }

    /// What it takes.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// The number of classes, where the answer to a sample is one number for each class.
    pub fn classes(&self) -> Option<usize> {
        match self.answer.split_first() {
            Some((&classes, rest)) if rest.iter().all(|&size| size == 1) => Some(classes),
            _ => None,
        }
    }

    /// What it ends with: whether answers are logits or probabilities.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// The answers to `batch` samples, one after the other. They are the same with any number of threads.
    ///
    /// # Shapes
    /// `x` is `[batch, …input]`, channels first; the answers are `[batch, classes]`.
    ///
    /// # Errors
    /// When the runtime fails, or an answer is not finite.
    ///
    /// # Panics
    /// When `x` does not have `batch` samples.
    pub fn answer(&mut self, batch: usize, x: &[f32]) -> Result<Vec<f32>, String> {
        let size: usize = self.input.shape.iter().product();
        assert_eq!(x.len(), batch * size, "{batch} samples of {:?}", self.input.shape);
        if batch == 0 {
            return Ok(Vec::new());
        }
        let width: usize = self.answer.iter().product();
        let runs = batch.div_ceil(self.step);
        let threads = rayon::current_num_threads().clamp(1, runs);
        while self.pools.len() < threads {
            self.pools.push(Arc::new(ThreadPool::with_num_threads(1)));
        }
        let share = runs.div_ceil(threads) * self.step;
        let mut out = vec![0.0; batch * width];
        let work = x.par_chunks(share * size).zip(out.par_chunks_mut(share * width));
        let this = &*self;
        let done: Vec<Result<(), String>> = work
            .zip(&this.pools[..])
            .map(|((x, out), pool)| {
                let runs = x.chunks(this.step * size).zip(out.chunks_mut(this.step * width));
                pool.run(|| runs.into_iter().try_for_each(|(x, out)| this.run(pool, x, out)))
            })
            .collect();
        done.into_iter().collect::<Result<(), String>>()?;
        match out.iter().position(|x| !x.is_finite()) {
            Some(at) => Err(format!("its answer to sample {} is {}", at / width + 1, out[at])),
            None => Ok(out),
        }
    }

    /// Runs `step` samples of zeros to learn what an answer looks like.
    fn try_out(&mut self, step: usize) -> Result<(), String> {
        let size: usize = self.input.shape.iter().product();
        let (shape, numbers) = self.values(&self.pools[0], step, vec![0.0; step * size])?;
        self.step = step;
        self.answer = match shape.split_first() {
            Some((&first, rest)) if first == step => rest.to_vec(),
            _ if step == 1 => shape,
            _ => return Err(format!("its result has the sizes {shape:?} for {step} samples")),
        };
        if self.answer.is_empty() {
            self.answer.push(1);
        }
        match numbers.is_empty() {
            true => Err("its result has no numbers".to_string()),
            false => Ok(()),
        }
    }

    /// The answers to at most `step` samples; missing ones are zeros, whose answers nobody sees.
    fn run(&self, pool: &Arc<ThreadPool>, x: &[f32], out: &mut [f32]) -> Result<(), String> {
        let size: usize = self.input.shape.iter().product();
        let mut padded = x.to_vec();
        padded.resize(self.step * size, 0.0);
        let (shape, numbers) = self.values(pool, self.step, padded)?;
        match numbers.get(..out.len()) {
            Some(answers) if numbers.len() == out.len() / (x.len() / size) * self.step => {
                out.copy_from_slice(answers);
                Ok(())
            }
            _ => Err(format!("its result has the sizes {shape:?} for {} samples", self.step)),
        }
    }

    /// The result of one run, with its sizes.
    fn values(
        &self,
        pool: &Arc<ThreadPool>,
        step: usize,
        x: Vec<f32>,
    ) -> Result<(Vec<usize>, Vec<f32>), String> {
        let sizes: Vec<usize> = [step].iter().chain(&self.input.shape).copied().collect();
        let x = Value::from_shape(&sizes, x).map_err(|e| e.to_string())?;
        let options = RunOptions::default().with_thread_pool(Some(pool.clone()));
        let run = || self.model.run_one(x.into(), Some(options)).map_err(|e| e.to_string());
        let result = guarded(run).map_err(|e| format!("it cannot be run: {e}"))?;
        let result = result.into_tensor::<f32>().ok_or("its result is not of floats")?;
        Ok((result.shape().to_vec(), result.into_data()))
    }
}

impl fmt::Debug for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Closed { input, ending, answer, .. } = self;
        let mut all = f.debug_struct("Closed");
        all.field("input", input).field("ending", ending).field("answer", answer);
        all.finish_non_exhaustive()
    }
}

/// The sizes of a sample, of which `wanted` fills those that the file leaves open.
fn shape(known: &[Option<usize>], wanted: Option<&[usize]>) -> Result<Vec<usize>, String> {
    let text = |sizes: &[Option<usize>]| {
        let sizes = sizes.iter().map(|size| size.map_or("?".to_string(), |size| size.to_string()));
        format!("[{}]", sizes.collect::<Vec<_>>().join(", "))
    };
    let Some(wanted) = wanted else {
        let sizes: Option<Vec<usize>> = known.iter().copied().collect();
        return sizes.ok_or_else(|| format!("is {} for one sample: sizes are open", text(known)));
    };
    let fits = |(known, size): (&Option<usize>, &usize)| known.is_none_or(|known| known == *size);
    match known.len() == wanted.len() && known.iter().zip(wanted).all(fits) {
        true => Ok(wanted.to_vec()),
        false => Err(format!("takes samples of the shape {}, not {wanted:?}", text(known))),
    }
}

/// The result of work of the runtime; where it panics, that is an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err("the runtime fails on this model".to_string()))
}
