//! `dlm show`: networks layer by layer.

use crate::args::Show;
use crate::console::{Console, Style};
use crate::human::{bytes, count};
use crate::table::{Grid, Side};
use crate::{Failure, Status, diagnose, draw, save};
use dlm_base::suggest;
use dlm_check::Program;
use dlm_check::budget::budget;
use dlm_check::program::Network;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Shows one network or all, as a table, a picture or data.
pub(crate) fn show(args: Show, console: &mut Console) -> Result<Status, Failure> {
    let checked = match diagnose::sound(&args.file, &args.set, true, console)? {
        Ok(checked) => checked,
        Err(status) => return Ok(status),
    };
    let networks = wanted(&checked.program, args.name.as_deref())?;
    if let Some(file) = &args.svg {
        for (path, (name, network)) in svg_paths(file, &networks).iter().zip(&networks) {
            save::replace(path, draw::svg(network, name).as_bytes())
                .map_err(|e| Failure::run(format!("cannot write {}: {e}", path.display())))?;
            let tick = console.out.paint(Style::Green, "✓");
            console.out.line(format!("{tick} {name} is drawn in {}", path.display()));
        }
        return Ok(Status::Good);
    }
    for (i, (name, network)) in networks.iter().enumerate() {
        if args.json {
            console.out.line(object(name, network));
        } else if args.dot {
            console.out.text(draw::dot(network, name));
        } else {
            if i > 0 {
                console.out.line("");
            }
            let text = table(name, network, console.out.color);
            console.out.text(text);
        }
    }
    Ok(Status::Good)
}

/// The networks to show with their titles: those of the artifact or model of that name, else one of
/// each title.
fn wanted<'a>(
    program: &'a Program,
    name: Option<&str>,
) -> Result<Vec<(String, &'a Network)>, Failure> {
    let mut found: Vec<(String, &Network)> = Vec::new();
    let mut add = |title: String, network: &'a Network| {
        if !found.iter().any(|(_, n)| n.title == network.title && same(n, network)) {
            found.push((title, network));
        }
    };
    match name {
        Some(name) => {
            let trained = program.trainings.iter().filter(|t| t.artifact == name);
            for training in trained {
                let network = &program.networks[training.network];
                add(titled(name, network), network);
            }
            let models = program.networks.iter().filter(|n| n.model == name || n.title == name);
            models.for_each(|network| add(network.title.clone(), network));
        }
        None => program.networks.iter().for_each(|network| add(network.title.clone(), network)),
    }
    if found.is_empty() {
        let models = program.networks.iter().map(|n| n.model.as_str());
        let known = models.chain(program.trainings.iter().map(|t| t.artifact.as_str()));
        return Err(match name {
            Some(name) => unknown(name, known.collect()),
            None => Failure::usage("the program declares no model whose sizes are all known")
                .help("train it on data, or give its parameters defaults"),
        });
    }
    Ok(found)
}

fn titled(artifact: &str, network: &Network) -> String {
    if artifact == network.title {
        artifact.into()
    } else {
        format!("{artifact} = {}", network.title)
    }
}

fn same(a: &Network, b: &Network) -> bool {
    a.inputs == b.inputs && a.params() == b.params() && a.layers.len() == b.layers.len()
}

/// The failure of a name that the program does not have.
pub(crate) fn unknown(name: &str, mut known: Vec<&str>) -> Failure {
    known.sort_unstable();
    known.dedup();
    let near = suggest::nearest(name, known.iter().copied());
    let failure = Failure::usage(format!("the program has no `{name}`"));
    match (near.first(), known.as_slice()) {
        (Some(near), _) => failure.help(format!("did you mean `{near}`?")),
        (None, []) => failure,
        (None, known) => failure.help(format!("it has {}", known.join(", "))),
    }
}

/// The path itself for one network, else one for each: `net.svg` becomes `net-Teacher.svg`.
fn svg_paths(file: &std::path::Path, networks: &[(String, &Network)]) -> Vec<PathBuf> {
    if networks.len() == 1 {
        return vec![file.to_path_buf()];
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let mut paths: Vec<PathBuf> = Vec::new();
    for (_, network) in networks {
        let named = |n: usize| {
            let number = if n == 0 { String::new() } else { format!("-{}", n + 1) };
            file.with_file_name(format!("{stem}-{}{number}.svg", network.model))
        };
        let path = (0..).map(named).find(|path| !paths.contains(path));
        paths.extend(path);
    }
    paths
}

fn table(name: &str, network: &Network, color: bool) -> String {
    let inputs: Vec<String> =
        network.inputs.iter().map(|(input, ty)| format!("{input}: {}", ty.shape)).collect();
    let title = crate::console::paint(color, Style::Bold, name);
    let mut out =
        format!("{title}  {} → {}\n\n", inputs.join(", "), network.ty(network.output).shape);
    let mut grid = Grid::new(&[
        ("layer", Side::Left),
        ("operator", Side::Left),
        ("output", Side::Left),
        ("parameters", Side::Right),
        ("multiply-adds", Side::Right),
        ("float32", Side::Right),
    ]);
    let figure = |n: u64| if n == 0 { String::new() } else { count(n) };
    for layer in &network.layers {
        let (params, stored) = sizes(layer);
        grid.row([
            layer.path.to_string(),
            draw::call(layer),
            layer.ty.shape.to_string(),
            figure(params),
            figure(layer.macs),
            if stored == 0 { String::new() } else { bytes(stored) },
        ]);
    }
    let cost = budget(network);
    grid.total([
        format!("{} layers", network.layers.len()),
        String::new(),
        String::new(),
        count(cost.params),
        count(cost.macs),
        bytes(cost.size),
    ]);
    out += &grid.render(color);
    let facts =
        format!("at most {} of activations live at once for one sample", bytes(cost.memory));
    out += &format!("\n{}\n", crate::console::paint(color, Style::Dim, facts));
    out
}

/// Trained numbers, and bytes of all numbers that are stored.
fn sizes(layer: &dlm_check::program::NetLayer) -> (u64, u64) {
    let params = layer.weights.iter().filter(|w| w.trained).map(|w| w.shape.len() as u64).sum();
    let stored = layer.weights.iter().map(|w| 4 * w.shape.len() as u64).sum();
    (params, stored)
}

fn object(name: &str, network: &Network) -> Value {
    let layers = network.layers.iter().map(|layer| {
        let (params, stored) = sizes(layer);
        let weights = layer.weights.iter().map(|w| {
            json!({ "name": format!("{}.{}", layer.path, w.name), "shape": w.shape.0, "trained": w.trained })
        });
        json!({
            "path": &*layer.path,
            "operator": layer.operator.word.name,
            "call": draw::call(layer),
            "output": layer.ty.shape.0,
            "params": params,
            "macs": layer.macs,
            "bytes": stored,
            "weights": weights.collect::<Vec<_>>(),
        })
    });
    let cost = budget(network);
    json!({
        "name": name,
        "model": network.model,
        "inputs": network.inputs.iter().map(|(n, ty)| json!({ "name": n, "shape": ty.shape.0 })).collect::<Vec<_>>(),
        "output": network.ty(network.output).shape.0,
        "layers": layers.collect::<Vec<_>>(),
        "params": cost.params,
        "macs": cost.macs,
        "bytes": cost.size,
        "memory": cost.memory,
    })
}
