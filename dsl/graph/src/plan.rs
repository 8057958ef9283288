//! The plan of a run: every tensor's place in one arena, decided before anything runs.

use crate::graph::{Graph, Kind, ValueId};
use crate::op::Op;
use crate::ty::Ty;
use dlm_kernels::arena::{ALIGN, Slot};
use dlm_kernels::rng;
use std::sync::Arc;

/// What is run for batches of one size, and where its tensors lie.
#[derive(Debug)]
pub struct Plan {
    /// How many samples a batch has.
    pub batch: usize,
    /// The bytes that a [`crate::Workspace`] needs.
    pub bytes: usize,
    /// The nodes in the order in which they run.
    pub steps: Vec<Step>,
    /// The places of the graph's inputs.
    pub inputs: Vec<(Ty, Slot)>,
    /// The places of the graph's outputs.
    pub outputs: Vec<(Ty, Place)>,
    /// Names and types of the states.
    pub states: Vec<(String, Ty)>,
}

/// Where a tensor lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the workspace.
    Work(Slot),
    /// Among the states: a place in [`Plan::states`].
    State(usize),
}

/// One node with the places of its tensors.
#[derive(Debug)]
pub struct Step {
    /// What is computed.
    pub op: Arc<dyn Op>,
    /// The layer it belongs to.
    pub path: Arc<str>,
    /// The types of the inputs.
    pub tys: Vec<Ty>,
    /// The inputs; `None` where the memory was taken over by the output, or a state is written.
    pub reads: Vec<Option<Place>>,
    /// The outputs.
    pub writes: Vec<(Ty, Slot)>,
    /// The states that are changed.
    pub changes: Vec<usize>,
    /// Scratch memory.
    pub scratch: Slot,
    /// Whether the first output took over an input's memory.
    pub taken: bool,
    /// Distinguishes the layer's random numbers.
    pub salt: u64,
}

impl Plan {
    /// Plans a graph for batches of `batch` samples.
    ///
    /// Lifetimes follow from the order of the nodes. Tensors that are alive at the same moment lie
    /// apart; larger ones are placed first, each at the lowest offset that is free for its whole life
    /// (greedy by size: Pisarchyk and Lee 2020).
    pub fn new(g: &Graph, batch: usize) -> Plan {
        let lives = Lives::of(g, batch);
        let (offsets, bytes) = lives.place();
        let slot = |v: ValueId| Slot {
            offset: offsets[lives.block_of[v.0 as usize]],
            len: g.ty(v).bytes(batch),
        };
        let place = |v: ValueId| match g.values[v.0 as usize].kind {
            Kind::State(i) => Place::State(i as usize),
            _ => Place::Work(slot(v)),
        };
        let state = |v: ValueId| match g.values[v.0 as usize].kind {
            Kind::State(i) => i as usize,
            other => panic!("only states can be written, not {other:?}"),
        };
        let steps = g.nodes.iter().enumerate().map(|(number, node)| {
            let written = node.op.writes();
            let taken = lives.taken[number];
            let hidden = |i: usize| written.contains(&i) || taken == Some(i);
            Step {
                op: node.op.clone(),
                path: node.path.clone(),
                tys: node.inputs.iter().map(|&v| g.ty(v).clone()).collect(),
                reads: (node.inputs.iter().enumerate())
                    .map(|(i, &v)| (!hidden(i)).then(|| place(v)))
                    .collect(),
                writes: node.outputs.iter().map(|&v| (g.ty(v).clone(), slot(v))).collect(),
                changes: written.iter().map(|&i| state(node.inputs[i])).collect(),
                scratch: lives.scratch[number].map_or(Slot::default(), |block| Slot {
                    offset: offsets[block],
                    len: lives.blocks[block].bytes,
                }),
                taken: taken.is_some(),
                salt: rng::key_of(0, &node.path),
            }
        });
        Plan {
            batch,
            bytes,
            steps: steps.collect(),
            inputs: g.inputs.iter().map(|&v| (g.ty(v).clone(), slot(v))).collect(),
            outputs: g.outputs.iter().map(|&v| (g.ty(v).clone(), place(v))).collect(),
            states: g.states.iter().map(|s| (s.name.clone(), g.ty(s.value).clone())).collect(),
        }
    }
}

/// A piece of memory: its size, and the first and last moment at which it is in use. Moment 0 is
/// before the first node, moment `i + 1` is node `i`.
#[derive(Clone, Debug)]
struct Block {
    bytes: usize,
    first: usize,
    last: usize,
}

/// Which tensors share a block, and when each block is in use.
struct Lives {
    blocks: Vec<Block>,
    /// The block of each value; meaningless for states and values that nothing makes.
    block_of: Vec<usize>,
    /// For each node the input whose memory its first output takes over.
    taken: Vec<Option<usize>>,
    /// The scratch block of each node.
    scratch: Vec<Option<usize>>,
}

impl Lives {
    fn of(g: &Graph, batch: usize) -> Lives {
        let end = g.nodes.len() + 1;
        let mut last = vec![0; g.values.len()];
        for (number, node) in g.nodes.iter().enumerate() {
            node.inputs.iter().for_each(|v| last[v.0 as usize] = number + 1);
        }
        g.outputs.iter().for_each(|v| last[v.0 as usize] = end);

        let mut blocks: Vec<Block> = Vec::new();
        let mut block_of = vec![usize::MAX; g.values.len()];
        for v in &g.inputs {
            block_of[v.0 as usize] = blocks.len();
            blocks.push(Block { bytes: g.ty(*v).bytes(batch), first: 0, last: last[v.0 as usize] });
        }
        let mut taken = vec![None; g.nodes.len()];
        let mut scratch = vec![None; g.nodes.len()];
        for (number, node) in g.nodes.iter().enumerate() {
            let moment = number + 1;
            taken[number] = node.op.in_place().filter(|&i| {
                let v = node.inputs[i];
                let ends = last[v.0 as usize] == moment
                    && node.inputs.iter().filter(|&&w| w == v).count() == 1;
                let same = g.ty(v).bytes(batch) == g.ty(node.outputs[0]).bytes(batch);
                ends && same && !matches!(g.values[v.0 as usize].kind, Kind::State(_))
            });
            for (port, v) in node.outputs.iter().enumerate() {
                let until = last[v.0 as usize].max(moment);
                match taken[number].filter(|_| port == 0) {
                    Some(i) => {
                        let block = block_of[node.inputs[i].0 as usize];
                        block_of[v.0 as usize] = block;
                        blocks[block].last = blocks[block].last.max(until);
                    }
                    None => {
                        block_of[v.0 as usize] = blocks.len();
                        let bytes = g.ty(*v).bytes(batch);
                        blocks.push(Block { bytes, first: moment, last: until });
                    }
                }
            }
            let tys: Vec<Ty> = node.inputs.iter().map(|&v| g.ty(v).clone()).collect();
            let bytes = node.op.scratch(&tys, batch);
            if bytes > 0 {
                scratch[number] = Some(blocks.len());
                blocks.push(Block { bytes, first: moment, last: moment });
            }
        }
        Lives { blocks, block_of, taken, scratch }
    }

    /// The offset of each block, and the bytes in all.
    fn place(&self) -> (Vec<usize>, usize) {
        let mut order: Vec<usize> = (0..self.blocks.len()).collect();
        order.sort_by_key(|&b| (std::cmp::Reverse(self.blocks[b].bytes), b));
        let mut offsets = vec![0; self.blocks.len()];
        let mut placed: Vec<usize> = Vec::new(); // by offset
        let mut total = 0;
        for b in order {
            let block = &self.blocks[b];
            let size = block.bytes.next_multiple_of(ALIGN);
            let mut offset = 0;
            for &other in &placed {
                let o = &self.blocks[other];
                if o.first > block.last || block.first > o.last {
                    continue;
                }
                if offset + size <= offsets[other] {
                    break;
                }
                offset = offset.max(offsets[other] + o.bytes.next_multiple_of(ALIGN));
            }
            offsets[b] = offset;
            total = total.max(offset + size);
            let at = placed.partition_point(|&other| offsets[other] <= offset);
            placed.insert(at, b);
        }
        (offsets, total)
    }
}
