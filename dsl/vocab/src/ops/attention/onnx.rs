//! Attention in ONNX: products, softmax, and a mask that is added to the scores.

use dlm_graph::{Attr, Onnx};
use dlm_kernels::attention::Attention;

/// What is added to the score of what nobody sees: so far below all others that its share is 0. Where
/// everything is hidden the shares are taken away afterwards.
const HIDDEN: f32 = -1e30;

/// Adds the nodes. Values are the flow, the memory and the mask; weights are in the layer's order.
pub(super) fn attention(
    out: &mut Onnx,
    it: &Attention,
    [flow, memory, mask]: [Option<&str>; 3],
    weights: &[String],
) -> String {
    let flow = flow.expect("a flow enters");
    let (ins, outs) = weights.split_at(weights.len() / 2);
    let d = it.width;
    let [q, k, v] = match memory {
        None => {
            let all = projected(out, "all", flow, ins, (it.queries, d, 3));
            [("q", 0), ("k", 1), ("v", 2)].map(|(part, place)| pick(out, part, &all, place))
        }
        Some(memory) => {
            let of_q = rows(out, "q", ins, 0, d);
            let of_kv = rows(out, "kv", ins, d, 3 * d);
            let q = projected(out, "q", flow, &of_q, (it.queries, d, 1));
            let kv = projected(out, "kv", memory, &of_kv, (it.keys, d, 2));
            [("q", &q, 0), ("k", &kv, 0), ("v", &kv, 1)]
                .map(|(part, from, place)| pick(out, part, from, place))
        }
    };
    let heads = |out: &mut Onnx, part: &str, value: &str, rows: usize, order: [usize; 4]| {
        let head = (d / it.heads) as i64;
        let sizes = out.whole(&format!("{part}_heads"), &[-1, rows as i64, it.heads as i64, head]);
        let apart = out.part(&format!("{part}_apart"), "Reshape", &[value, &sizes], vec![]);
        out.part(
            &format!("{part}_turned"),
            "Transpose",
            &[apart],
            vec![("perm", Attr::sizes(order))],
        )
    };
    let q = heads(out, "q", &q, it.queries, [0, 2, 1, 3]);
    let k = heads(out, "k", &k, it.keys, [0, 2, 3, 1]);
    let v = heads(out, "v", &v, it.keys, [0, 2, 1, 3]);
    let scale = out.floats("scale", &[], &[1.0 / ((d / it.heads) as f32).sqrt()]);
    let q = out.part("q_scaled", "Mul", &[q, scale], vec![]);
    let mut scores = out.part("scores", "MatMul", &[q, k], vec![]);
    let sees = sees(out, it, mask);
    if let Some(sees) = &sees {
        let (zero, low) = (out.floats("zero", &[], &[0.0]), out.floats("hidden", &[], &[HIDDEN]));
        let low = out.part("lower", "Where", &[sees, &zero, &low], vec![]);
        scores = out.part("seen", "Add", &[scores, low], vec![]);
    }
    let mut shares = out.part("softmax", "Softmax", &[scores], vec![("axis", Attr::Int(-1))]);
    if let Some(sees) = sees.filter(|_| mask.is_some()) {
        let float = out.part("there", "Cast", &[sees], vec![("to", Attr::Int(1))]);
        shares = out.part("shares", "Mul", &[shares, float], vec![]);
    }
    let found = out.part("found", "MatMul", &[shares, v], vec![]);
    let order = vec![("perm", Attr::sizes([0, 2, 1, 3]))];
    let found = out.part("found_turned", "Transpose", &[found], order);
    let flat = out.whole("found_rows", &[-1, d as i64]);
    let found = out.part("found_flat", "Reshape", &[found, flat], vec![]);
    let inputs: Vec<&String> = [&found].into_iter().chain(outs).collect();
    let y = out.part("out_proj", "Gemm", &inputs, vec![("transB", Attr::Int(1))]);
    let sizes = out.whole("sizes", &[-1, it.queries as i64, d as i64]);
    out.add("Reshape", &[y, sizes], vec![])
}

/// Rows of a weight or numbers of a bias.
fn rows(out: &mut Onnx, word: &str, weights: &[String], from: usize, to: usize) -> Vec<String> {
    let ends = [(from, "from"), (to, "to"), (0, "axis")];
    let [from, to, axis] = ends.map(|(at, end)| out.whole(&format!("{word}_{end}"), &[at as i64]));
    let kinds = weights.iter().zip(["weight", "bias"]);
    let each = kinds.map(|(weight, kind)| {
        out.part(&format!("{word}_{kind}"), "Slice", &[weight, &from, &to, &axis], vec![])
    });
    each.collect()
}

/// One product for all moments of all samples: `[batch, moments, parts, features]`.
fn projected(
    out: &mut Onnx,
    word: &str,
    flow: &str,
    weights: &[String],
    (moments, d, parts): (usize, usize, usize),
) -> String {
    let flat = out.whole(&format!("{word}_rows"), &[-1, d as i64]);
    let x = out.part(&format!("{word}_flat"), "Reshape", &[flow, &flat], vec![]);
    let inputs: Vec<&String> = [&x].into_iter().chain(weights).collect();
    let y = out.part(&format!("{word}_product"), "Gemm", &inputs, vec![("transB", Attr::Int(1))]);
    let sizes = out.whole(&format!("{word}_parts"), &[-1, moments as i64, parts as i64, d as i64]);
    out.part(&format!("{word}_moments"), "Reshape", &[y, sizes], vec![])
}

/// The part of that number.
fn pick(out: &mut Onnx, part: &str, all: &str, place: usize) -> String {
    let place = out.whole(&format!("{part}_place"), &[place as i64]);
    out.part(part, "Gather", &[all, &place], vec![("axis", Attr::Int(2))])
}

/// Who sees whom, `[batch or 1, 1, moments or 1, keys]`, unless everyone sees everything.
fn sees(out: &mut Onnx, it: &Attention, mask: Option<&str>) -> Option<String> {
    let there = mask.map(|mask| {
        let there = out.part("moments", "Cast", &[mask], vec![("to", Attr::Int(9))]);
        let sizes = out.whole("mask_sizes", &[-1, 1, 1, it.keys as i64]);
        out.part("mask", "Reshape", &[there, sizes], vec![])
    });
    let before = it.causal.then(|| {
        let keys = 0..it.keys;
        let table: Vec<f32> =
            (0..it.queries).flat_map(|t| keys.clone().map(move |s| f32::from(s <= t))).collect();
        let table = out.floats("before", &[1, 1, it.queries, it.keys], &table);
        out.part("causal", "Cast", &[table], vec![("to", Attr::Int(9))])
    });
    match (there, before) {
        (Some(there), Some(before)) => Some(out.part("sees", "And", &[there, before], vec![])),
        (there, before) => there.or(before),
    }
}
