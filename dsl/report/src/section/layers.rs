//! The layers of each artifact.

use crate::figure::{about, bytes, count, maybe_whole};
use crate::page::{Artifact, Layer, Page};
use crate::part::{Section, tabs};
use crate::table::Table;
use maud::Markup;

/// A table of layers for each artifact whose layers are known.
pub(super) fn layers(page: &Page) -> Option<Section> {
    let known = page.artifacts.iter().filter(|it| !it.layers.is_empty());
    let panels: Vec<(String, Markup)> = known.map(|it| (it.name.clone(), panel(it))).collect();
    (!panels.is_empty()).then(|| Section {
        id: "layers",
        title: "Layers",
        note: String::new(),
        body: tabs("layers", &panels),
    })
}

fn panel(it: &Artifact) -> Markup {
    let all = &it.layers;
    let shape = |layer: &Layer| {
        let sizes: Vec<String> = layer.shape.iter().map(usize::to_string).collect();
        if sizes.is_empty() { String::new() } else { format!("[{}]", sizes.join(", ")) }
    };
    let whole = |n: u64, print: fn(u64) -> String| if n == 0 { String::new() } else { print(n) };
    let column = |of: fn(&Layer) -> u64, print: fn(u64) -> String| {
        let sum = print(all.iter().map(of).sum());
        all.iter().map(move |layer| whole(of(layer), print)).chain([sum])
    };
    let quantized = all.iter().filter_map(|layer| layer.quantized_bytes);
    let rounded = all.iter().any(|layer| layer.quantized_bytes.is_some()).then(|| quantized.sum());
    let float = if rounded.is_some() { "Float" } else { "Bytes" };
    Table::new(format!("Layers of {}", it.name))
        .text("Path", all.iter().map(|layer| layer.path.clone()).chain(["sum".to_string()]))
        .code("Operator", all.iter().map(|layer| layer.operator.clone()).chain([String::new()]))
        .figures("Output", all.iter().map(shape).chain([String::new()]))
        .figures("Parameters", column(|layer| layer.params, count))
        .figures("MACs", column(|layer| layer.macs, about))
        .figures(float, column(|layer| layer.bytes, bytes))
        .figures(
            "Quantized",
            all.iter()
                .map(|layer| maybe_whole(layer.quantized_bytes.filter(|&n| n > 0), bytes))
                .chain([maybe_whole(rounded, bytes)]),
        )
        .text("Runs", all.iter().map(|layer| layer.runs.clone()).chain([String::new()]))
        .summary()
        .markup()
}
