//! `dlm show`: networks layer by layer.

use crate::args::Show;
use crate::console::{Console, Style};
use crate::human::{bytes, count};
use crate::table::{Grid, Side};
use crate::{Failure, Status, diagnose, draw, save, written};
use dlm_base::suggest;
use dlm_check::Program;
use dlm_check::budget::{self, Budget};
use dlm_check::program::Network;
use dlm_check::quant::{self, Quantization};
use dlm_report::page::Layer;
use serde_json::{Value, json};
use std::path::PathBuf;

mod formats;
mod origin;

use origin::Origin;

/// A network to show.
struct Shown<'a> {
    /// What it is called.
    title: String,
    network: &'a Network,
    /// What a policy makes of it, where one is asked for or there is one alone.
    quantization: Option<&'a Quantization>,
    /// Where its weights come from, where an artifact is asked for.
    origin: Option<Origin<'a>>,
}

/// Shows one network or all, as a table, a picture or data.
pub(crate) fn show(args: Show, console: &mut Console) -> Result<Status, Failure> {
    let checked = match diagnose::sound(&args.file, &args.set, true, console)? {
        Ok(checked) => checked,
        Err(status) => return Ok(status),
    };
    let program = &checked.program;
    if let Some(load) = args.name.as_deref().and_then(|name| origin::closed(program, name)) {
        if args.svg.is_some() || args.dot {
            let message = format!("of `{}` only the answers are known", load.artifact);
            return Err(Failure::usage(message).help("show an artifact whose network is known"));
        }
        let name = console.out.paint(Style::Bold, &load.artifact);
        console.out.line(match args.json {
            true => origin::object(program, load).to_string(),
            false => format!("{name}  {}", written::load(program, load)),
        });
        return Ok(Status::Good);
    }
    let networks = wanted(program, args.name.as_deref())?;
    if let Some(file) = &args.svg {
        for (path, shown) in svg_paths(file, &networks).iter().zip(&networks) {
            let Shown { title: name, network, .. } = shown;
            save::replace(path, draw::svg(network, name).as_bytes())
                .map_err(|e| Failure::run(format!("cannot write {}: {e}", path.display())))?;
            let tick = console.out.paint(Style::Green, "✓");
            console.out.line(format!("{tick} {name} is drawn in {}", path.display()));
        }
        return Ok(Status::Good);
    }
    for (i, shown) in networks.iter().enumerate() {
        if args.json {
            console.out.line(object(program, shown));
        } else if args.dot {
            console.out.text(draw::dot(shown.network, &shown.title));
        } else {
            if i > 0 {
                console.out.line("");
            }
            let text = table(program, shown, console.out.color);
            console.out.text(text);
        }
    }
    if args.name.is_none() && !args.json && !args.dot {
        for load in program.loads.iter().filter(|load| load.network().is_none()) {
            let name = console.out.paint(Style::Bold, &load.artifact);
            console.out.line(format!("\n{name}  {}", written::load(program, load)));
        }
    }
    Ok(Status::Good)
}

/// The networks to show: those of the artifact or model of that name, else one of each title.
fn wanted<'a>(program: &'a Program, name: Option<&str>) -> Result<Vec<Shown<'a>>, Failure> {
    let mut found: Vec<Shown<'a>> = Vec::new();
    let mut add = |title: String, network: &'a Network, origin: Option<Origin<'a>>| {
        let known = |other: &Shown<'_>| {
            other.network.title == network.title && same(other.network, network)
        };
        if !found.iter().any(known) {
            let quantization = only_use(program, network);
            found.push(Shown { title, network, quantization, origin });
        }
    };
    match name {
        Some(name) => {
            if let Some(it) = program.quantizations.iter().find(|it| it.artifact == name) {
                let network = &program.networks[it.network];
                let title = format!("{name} = {} with {}", it.source, it.policy);
                let origin = it.tuning.as_ref().and_then(|it| Origin::of_training(&it.training));
                return Ok(vec![Shown { title, network, quantization: Some(it), origin }]);
            }
            let trained = program.trainings.iter().filter(|t| t.artifact == name);
            for training in trained {
                let network = &program.networks[training.network];
                add(titled(name, network), network, Origin::of_training(training));
            }
            for load in program.loads.iter().filter(|load| load.artifact == name) {
                if let Some(network) = load.network().map(|index| &program.networks[index]) {
                    add(titled(name, network), network, Some(Origin::Loaded(load)));
                }
            }
            let models = program.networks.iter().filter(|n| n.model == name || n.title == name);
            models.for_each(|network| add(network.title.clone(), network, None));
        }
        None => {
            let networks = program.networks.iter();
            networks.for_each(|network| add(network.title.clone(), network, None));
        }
    }
    if found.is_empty() {
        let models = program.networks.iter().map(|n| n.model.as_str());
        let known = models.chain(program.artifacts());
        return Err(match name {
            Some(name) => unknown(name, known.collect()),
            None => Failure::usage("the program declares no model whose sizes are all known")
                .help("train it on data, or give its parameters defaults"),
        });
    }
    Ok(found)
}

/// The quantization of a network, if there is exactly one.
fn only_use<'a>(program: &'a Program, network: &Network) -> Option<&'a Quantization> {
    let of = |it: &&Quantization| std::ptr::eq(&*program.networks[it.network], network);
    let mut uses = program.quantizations.iter().filter(of);
    uses.next().filter(|_| uses.next().is_none())
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
fn svg_paths(file: &std::path::Path, networks: &[Shown<'_>]) -> Vec<PathBuf> {
    if networks.len() == 1 {
        return vec![file.to_path_buf()];
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let mut paths: Vec<PathBuf> = Vec::new();
    for Shown { network, .. } in networks {
        let named = |n: usize| {
            let number = if n == 0 { String::new() } else { format!("-{}", n + 1) };
            file.with_file_name(format!("{stem}-{}{number}.svg", network.model))
        };
        let path = (0..).map(named).find(|path| !paths.contains(path));
        paths.extend(path);
    }
    paths
}

fn table(program: &Program, shown: &Shown<'_>, color: bool) -> String {
    let Shown { title, network, quantization, origin } = shown;
    let inputs: Vec<String> =
        network.inputs.iter().map(|(input, ty)| format!("{input}: {}", ty.shape)).collect();
    let title = crate::console::paint(color, Style::Bold, title);
    let mut out =
        format!("{title}  {} → {}\n\n", inputs.join(", "), network.ty(network.output).shape);
    let quantized = quantization.map_or("", |it| it.artifact.as_str());
    let mut grid = Grid::new(&[
        ("layer", Side::Left),
        ("operator", Side::Left),
        ("output", Side::Left),
        ("parameters", Side::Right),
        ("multiply-adds", Side::Right),
        ("float32", Side::Right),
        ("format", Side::Left),
        ("runs", Side::Left),
        (quantized, Side::Right),
    ]);
    let figure = |n: u64| if n == 0 { String::new() } else { count(n) };
    let stored = |n: u64| if n == 0 { String::new() } else { bytes(n) };
    for (i, layer) in network.layers.iter().enumerate() {
        let (params, float) = sizes(layer);
        let cells = quantization.map(|it| formats::cells(network, it, i)).unwrap_or_default();
        grid.row([
            layer.path.to_string(),
            written::call(layer),
            layer.ty.shape.to_string(),
            figure(params),
            figure(layer.macs),
            stored(float),
            cells.format,
            cells.runs,
            cells.bytes.map_or(String::new(), stored),
        ]);
    }
    let cost = budget::budget(network);
    let less = quantization.map(|it| quantized_cost(network, it));
    grid.total([
        format!("{} layers", network.layers.len()),
        String::new(),
        String::new(),
        count(cost.params),
        count(cost.macs),
        bytes(cost.size),
        String::new(),
        String::new(),
        less.map_or(String::new(), |less| bytes(less.size)),
    ]);
    out += &grid.render(color);
    let mut facts =
        vec![format!("at most {} of activations live at once for one sample", bytes(cost.memory))];
    if let (Some(it), Some(less)) = (quantization, less) {
        facts[0] += &format!(", {} in {}", bytes(less.memory), it.artifact);
        if !it.scheme.points.is_empty() {
            facts.push(format!(
                "{} has {} of 5 B each beside its weights",
                it.artifact,
                crate::human::plural(it.scheme.points.len(), "grid")
            ));
        }
        if it.max_drop.is_some() {
            facts.push("the run may give layers back to float32: `max_drop`".into());
        }
        for (reason, paths) in formats::reasons(network, it) {
            let more = paths.len().saturating_sub(6);
            let mut names = paths[..paths.len() - more].join(", ");
            if more > 0 {
                names += &format!(" and {more} more");
            }
            facts.push(format!("float32, because {reason}: {names}"));
        }
    }
    facts.extend(origin.as_ref().map(|origin| origin.text(program)));
    for fact in facts {
        out += &format!("\n{}", crate::console::paint(color, Style::Dim, fact));
    }
    out + "\n"
}

/// The layers of a network as the page of a run shows them, with what a quantization makes of them.
pub(crate) fn layers(network: &Network, quantization: Option<&Quantization>) -> Vec<Layer> {
    let each = network.layers.iter().enumerate().map(|(i, layer)| {
        let (params, bytes) = sizes(layer);
        let cells = quantization.map(|it| formats::cells(network, it, i)).unwrap_or_default();
        Layer {
            path: layer.path.to_string(),
            operator: written::call(layer),
            shape: layer.ty.shape.0.clone(),
            params,
            macs: layer.macs,
            bytes,
            quantized_bytes: cells.bytes,
            runs: cells.runs,
        }
    });
    each.collect()
}

/// What the network costs under a policy.
fn quantized_cost(network: &Network, quantization: &Quantization) -> Budget {
    Budget {
        size: quant::size(network, &quantization.scheme),
        memory: quant::memory(network, &quantization.scheme),
        ..budget::budget(network)
    }
}

/// Trained numbers, and bytes of all numbers that are stored.
fn sizes(layer: &dlm_check::program::NetLayer) -> (u64, u64) {
    let params = layer.weights.iter().filter(|w| w.trained).map(|w| w.shape.len() as u64).sum();
    let stored = layer.weights.iter().map(|w| 4 * w.shape.len() as u64).sum();
    (params, stored)
}

fn object(program: &Program, shown: &Shown<'_>) -> Value {
    let Shown { title, network, quantization, origin } = shown;
    let layers = network.layers.iter().enumerate().map(|(i, layer)| {
        let (params, stored) = sizes(layer);
        let weights = layer.weights.iter().map(|w| {
            json!({ "name": format!("{}.{}", layer.path, w.name), "shape": w.shape.0, "trained": w.trained })
        });
        let mut object = json!({
            "path": &*layer.path,
            "operator": layer.operator.word.name,
            "call": written::call(layer),
            "output": layer.ty.shape.0,
            "params": params,
            "macs": layer.macs,
            "bytes": stored,
            "weights": weights.collect::<Vec<_>>(),
        });
        if let Some(it) = quantization {
            object["quantized"] = formats::object(network, it, i);
        }
        object
    });
    let cost = budget::budget(network);
    let mut object = json!({
        "name": title,
        "model": network.model,
        "inputs": network.inputs.iter().map(|(n, ty)| json!({ "name": n, "shape": ty.shape.0 })).collect::<Vec<_>>(),
        "output": network.ty(network.output).shape.0,
        "layers": layers.collect::<Vec<_>>(),
        "params": cost.params,
        "macs": cost.macs,
        "bytes": cost.size,
        "memory": cost.memory,
    });
    if let Some(origin) = origin {
        let (key, value) = origin.object(program);
        object[key] = value;
    }
    if let Some(it) = quantization {
        let less = quantized_cost(network, it);
        object["quantized"] = json!({
            "name": it.artifact,
            "policy": it.policy,
            "method": it.method.word(),
            "bytes": less.size,
            "memory": less.memory,
            "grids": it.scheme.points.len(),
        });
    }
    object
}
