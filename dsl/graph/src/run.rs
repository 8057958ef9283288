//! The executor: walks a plan. It allocates nothing of the size of a tensor and cannot fail.

use crate::op::{Clock, Frame, View, ViewMut};
use crate::plan::{Place, Plan, Step};
use crate::ty::{DType, Ty};
use dlm_kernels::arena::{ALIGN, Arena, Slot, cast, cast_mut};
use dlm_kernels::rng;
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// Tensors that live from run to run: weights, running statistics, what an optimiser keeps. Graphs
/// that name the same state share it.
#[derive(Debug)]
pub struct States {
    arena: Arena,
    slots: BTreeMap<String, (Ty, Slot)>,
}

impl States {
    /// Zeroed states for all of these plans.
    ///
    /// # Panics
    /// When two plans give one name different types.
    pub fn new<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> States {
        let (slots, end) = States::lay(plans);
        States { arena: Arena::new(end), slots }
    }

    /// Bytes that the states of these plans need.
    ///
    /// # Panics
    /// As [`States::new`].
    pub fn bytes_of<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> usize {
        States::lay(plans).1
    }

    /// The place of each state, and the bytes of all.
    fn lay<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> (BTreeMap<String, (Ty, Slot)>, usize) {
        let mut slots: BTreeMap<String, (Ty, Slot)> = BTreeMap::new();
        let mut end = 0;
        for (name, ty) in plans.into_iter().flat_map(|plan| &plan.states) {
            if let Some((known, _)) = slots.get(name) {
                assert_eq!(known, ty, "state {name}");
                continue;
            }
            let slot = Slot { offset: end, len: ty.bytes(1) };
            end += slot.len.next_multiple_of(ALIGN);
            slots.insert(name.clone(), (ty.clone(), slot));
        }
        (slots, end)
    }

    /// The names, in alphabetical order, with their types.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Ty)> {
        self.slots.iter().map(|(name, (ty, _))| (name.as_str(), ty))
    }

    /// The numbers of a state of floats, if there is one of that name.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.slots.get(name).map(|(_, slot)| cast(self.arena.get(*slot)))
    }

    /// The numbers of a state of floats to change, if there is one of that name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut [f32]> {
        let (_, slot) = self.slots.get(name)?;
        Some(cast_mut(self.arena.get_mut(*slot)))
    }

    /// Bytes of all states.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    fn slot(&self, name: &str) -> Slot {
        self.slots.get(name).unwrap_or_else(|| panic!("no state {name}")).1
    }
}

/// Memory for the tensors of a run; plans that do not run at the same time may share one.
#[derive(Debug)]
pub struct Workspace {
    arena: Arena,
}

impl Workspace {
    /// Memory that is large enough for each of these plans.
    pub fn new<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Workspace {
        let bytes = plans.into_iter().map(|plan| plan.bytes).max().unwrap_or(0);
        Workspace { arena: Arena::new(bytes) }
    }

    /// Grows the memory to what this plan needs.
    pub fn fit(&mut self, plan: &Plan) {
        if self.arena.len() < plan.bytes {
            self.arena = Arena::new(plan.bytes);
        }
    }

    /// Bytes.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }
}

impl Plan {
    /// Input `i` of the graph, to be filled before each run.
    pub fn input<'a>(&self, work: &'a mut Workspace, i: usize) -> ViewMut<'a> {
        let (ty, slot) = &self.inputs[i];
        view_mut(ty.dtype, work.arena.get_mut(*slot))
    }

    /// Input `i` of the graph as floats, to be filled before each run.
    ///
    /// # Panics
    /// When it has another format.
    pub fn input_f32<'a>(&self, work: &'a mut Workspace, i: usize) -> &'a mut [f32] {
        match self.input(work, i) {
            ViewMut::F32(x) => x,
            other => panic!("input {i} is not f32: {other:?}"),
        }
    }

    /// Output `i` of the graph, after a run.
    pub fn output<'a>(&self, work: &'a Workspace, states: &'a States, i: usize) -> View<'a> {
        let (ty, place) = &self.outputs[i];
        let bytes = match *place {
            Place::Work(slot) => work.arena.get(slot),
            Place::State(state) => states.arena.get(states.slot(&self.states[state].0)),
        };
        view(ty.dtype, bytes)
    }

    /// Output `i` of the graph as floats, after a run.
    ///
    /// # Panics
    /// When it has another format.
    pub fn output_f32<'a>(&self, work: &'a Workspace, states: &'a States, i: usize) -> &'a [f32] {
        match self.output(work, states, i) {
            View::F32(x) => x,
            other => panic!("output {i} is not f32: {other:?}"),
        }
    }

    /// The places of this plan's states among `states`, to be handed to [`Plan::run`].
    pub fn bind(&self, states: &States) -> Binding {
        Binding(self.states.iter().map(|(name, _)| states.slot(name)).collect())
    }

    /// Runs every node once. `clock.seed` is the seed of the step.
    pub fn run(&self, work: &mut Workspace, states: &mut States, bound: &Binding, clock: Clock) {
        for step in &self.steps {
            run_step(step, self.batch, &mut work.arena, &mut states.arena, &bound.0, clock);
        }
    }
}

/// Where the states of one plan lie.
#[derive(Debug)]
pub struct Binding(Vec<Slot>);

fn run_step(
    step: &Step,
    batch: usize,
    work: &mut Arena,
    states: &mut Arena,
    bound: &[Slot],
    clock: Clock,
) {
    let mut ins: SmallVec<[View<'_>; 8]> = SmallVec::from_elem(View::F32(&[]), step.reads.len());
    let mut outs: SmallVec<[ViewMut<'_>; 4]> = SmallVec::new();
    let mut written: SmallVec<[ViewMut<'_>; 4]> = SmallVec::new();
    let mut scratch: &mut [u8] = &mut [];

    let mut at: SmallVec<[usize; 8]> = SmallVec::new();
    let mut reads: SmallVec<[Slot; 8]> = SmallVec::new();
    let mut state_at: SmallVec<[usize; 8]> = SmallVec::new();
    let mut state_reads: SmallVec<[Slot; 8]> = SmallVec::new();
    for (i, place) in step.reads.iter().enumerate() {
        match place {
            Some(Place::Work(slot)) => {
                at.push(i);
                reads.push(*slot);
            }
            Some(Place::State(state)) => {
                state_at.push(i);
                state_reads.push(bound[*state]);
            }
            None => {}
        }
    }
    let mut writes: SmallVec<[Slot; 5]> = step.writes.iter().map(|(_, slot)| *slot).collect();
    writes.push(step.scratch);
    work.split(
        &reads,
        &writes,
        |k, bytes| ins[at[k]] = view(step.tys[at[k]].dtype, bytes),
        |k, bytes| match step.writes.get(k) {
            Some((ty, _)) => outs.push(view_mut(ty.dtype, bytes)),
            None => scratch = bytes,
        },
    );
    let changes: SmallVec<[Slot; 4]> = step.changes.iter().map(|&s| bound[s]).collect();
    states.split(
        &state_reads,
        &changes,
        |k, bytes| ins[state_at[k]] = view(step.tys[state_at[k]].dtype, bytes),
        |_, bytes| written.push(view_mut(DType::F32, bytes)),
    );
    step.op.forward(&mut Frame {
        batch,
        tys: &step.tys,
        ins,
        outs,
        written,
        scratch,
        taken: step.taken,
        clock: Clock { seed: rng::key(clock.seed, step.salt), ..clock },
    });
}

fn view(dtype: DType, bytes: &[u8]) -> View<'_> {
    match dtype {
        DType::F32 => View::F32(cast(bytes)),
        DType::I32 => View::I32(cast(bytes)),
        DType::U8 => View::U8(bytes),
        DType::I8 => View::I8(cast(bytes)),
    }
}

fn view_mut(dtype: DType, bytes: &mut [u8]) -> ViewMut<'_> {
    match dtype {
        DType::F32 => ViewMut::F32(cast_mut(bytes)),
        DType::I32 => ViewMut::I32(cast_mut(bytes)),
        DType::U8 => ViewMut::U8(bytes),
        DType::I8 => ViewMut::I8(cast_mut(bytes)),
    }
}
