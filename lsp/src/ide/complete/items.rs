//! Declarations at the start of a line, and the parts of verbs.

use super::names::Able;
use super::{Kind, Offers, args, names, steps};
use crate::ide::{calls, words};
use dlm_base::Severity;
use dlm_base::diag::codes;
use dlm_check::names::Kind as DeclKind;
use dlm_grammar::lex::TokenKind;
use dlm_grammar::tree::ItemKind;
use dlm_vocab::settings::ANSWERS;

/// What may begin an item.
pub(super) fn start(offers: &mut Offers<'_>, rank: u32) {
    let data = first(offers, DeclKind::Data, "Data");
    let policy = first(offers, DeclKind::Policy, "Policy");
    let models = names::known(offers, DeclKind::Model);
    let taken = words::main(offers.snapshot).map(|main| &main.artifacts);
    let is_taken = |name: &str| taken.is_some_and(|taken| taken.contains_key(name));
    // A model without an artifact first; an artifact of another takes a name of its own.
    let model = models.iter().find(|(name, _)| !is_taken(name)).or(models.first());
    let model = model.map_or("Model".to_string(), |(name, _)| name.clone());
    let named = match is_taken(&model) {
        true => format!(" as ${{9:{}}}", free(&model, 2, &is_taken)),
        false => String::new(),
    };
    let artifact = first_artifact(offers).unwrap_or_else(|| model.clone());
    let quantized = free(&artifact, 8, &is_taken);
    let shape = match offers.snapshot.checked.program.datasets.first() {
        Some(data) => data.facts.ty().to_string(),
        None => "[1, 28, 28]".to_string(),
    };
    let rows: [(&str, &str, String); 12] = [
        (
            "data",
            "where samples come from",
            "data ${1:Name} {\n    source = ${2:builtin(\"digits\")}\n    test   = ${3:20%}\n}\n$0"
                .to_string(),
        ),
        (
            "model",
            "a network",
            format!("model ${{1:Name}}(${{2:x}}: ${{3:{shape}}}) {{\n    ${{2:x}} -> $0\n}}\n"),
        ),
        (
            "layer",
            "a step made of steps",
            "layer ${1:Name}(x: [${2:C, H, W}]) {\n    x -> $0\n}\n".to_string(),
        ),
        (
            "train",
            "an artifact from a model and data",
            format!(
                "train ${{1:{model}}} on ${{2:{data}}}{named} {{\n    epochs = ${{3:10}}\n}}\n$0"
            ),
        ),
        (
            "distill",
            "a student from a teacher",
            format!(
                "distill ${{1:{model}}} from ${{2:{artifact}}} on ${{3:{data}}}{named} {{\n    epochs = ${{4:20}}\n}}\n$0"
            ),
        ),
        (
            "policy",
            "how numbers are rounded",
            "policy ${1:Name} {\n    method = ${2|static,dynamic,qat|}\n}\n$0".to_string(),
        ),
        (
            "quantize",
            "an artifact in integers",
            format!(
                "quantize ${{1:{artifact}}} with ${{2:{policy}}} on ${{3:{data}}} as ${{4:{quantized}}}\n$0"
            ),
        ),
        (
            "load",
            "an artifact from a file",
            format!("load ${{1:{model}}} from \"${{2:weights.safetensors}}\" as ${{3:Name}}\n$0"),
        ),
        (
            "export",
            "an artifact into a file",
            format!("export ${{1:{artifact}}} to \"${{2:network.onnx}}\"\n$0"),
        ),
        (
            "expect",
            "what must hold",
            format!("expect {{\n    ${{1:{artifact}}}.${{2:accuracy}} >= ${{3:90%}}\n}}\n$0"),
        ),
        ("use", "names from elsewhere", "use ${1:std.vision}: ${2:ResidualBlock}\n$0".to_string()),
        ("allow", "silences a warning", "allow ${1:W1001}\n$0".to_string()),
    ];
    for (i, (word, says, text)) in rows.iter().enumerate() {
        offers.snippet(Kind::Keyword, word, says, "", text, rank + i as u32);
    }
}

/// The codes of warnings that the declaration below has, then the others.
pub(super) fn codes(offers: &mut Offers<'_>) {
    let given: Vec<&str> =
        (0..offers.caret.before.len()).map(|it| offers.caret.text_of(it)).collect();
    let here: Vec<&str> = offers.snapshot.checked.diags.iter().map(|diag| diag.code.id).collect();
    for code in codes::all().filter(|code| code.severity() == Severity::Warning) {
        if !given.contains(&code.id) {
            let rank = if here.contains(&code.id) { 0 } else { 50 };
            let doc = dlm_vocab::word::doc_text(code.doc);
            offers.push(Kind::Value, code.id, code.title, &doc, rank);
        }
    }
}

/// A place in a verb, before its block.
pub(super) fn verb(offers: &mut Offers<'_>) {
    let caret = offers.caret;
    if let Some(call) = calls::innermost(offers.snapshot, caret)
        && caret.bracket() == Some(call.bracket)
    {
        return args::arguments(offers, &call);
    }
    let verb = caret.keyword();
    match (verb, caret.last_text()) {
        ("data" | "policy", _) | (_, "as") => {}
        ("train" | "distill", last) if last == verb => names::declared(offers, DeclKind::Model, 0),
        ("quantize" | "export", last) if last == verb => {
            let able = if verb == "export" { Able::Exported } else { Able::Trained };
            names::artifacts(offers, able, 0);
        }
        ("load", "load") => {
            names::declared(offers, DeclKind::Model, 0);
            for word in ANSWERS {
                let found = words::word(word, "recorded answers");
                let text = "answers(\"$1\", kind = ${2|probabilities,logits|})$0";
                offers.snippet(Kind::Value, word.name, &found.signature(), &found.doc, text, 10);
            }
            let doc = "A closed network: it answers, and is not trained.";
            offers.snippet(Kind::Value, "\"network.onnx\"", "a file", doc, "\"$1\"$0", 20);
        }
        (_, "on") => data(offers),
        (_, "with") => names::declared(offers, DeclKind::Policy, 0),
        ("load", "from") => {
            offers.snippet(Kind::Value, "\"…\"", "a file", "", "\"$1\"$0", 0);
        }
        ("export", "to") => super::files::export(offers, "\""),
        (_, "from") => {
            names::artifacts(offers, Able::Teach, 0);
            let doc = "Several teachers; their answers are averaged.";
            offers.snippet(
                Kind::Value,
                "[A, B]",
                "several teachers",
                doc,
                "[${1:A}, ${2:B}]$0",
                50,
            );
        }
        (_, "[" | "," | "*") if caret.bracket().is_some() => {
            names::artifacts(offers, Able::Teach, 0)
        }
        _ => clauses(offers, verb),
    }
}

/// Data, first those that the model of the verb takes.
fn data(offers: &mut Offers<'_>) {
    names::declared(offers, DeclKind::Data, 0);
    let snapshot = offers.snapshot;
    let model = words::lookup(snapshot, offers.caret.text_of(1));
    let item = model.and_then(|(decl, _)| words::item(snapshot, decl));
    let Some(ItemKind::Model(model)) = item.map(|item| &item.kind) else { return };
    for it in &mut offers.list {
        let facts = words::lookup(snapshot, &it.label)
            .and_then(|(decl, _)| snapshot.checked.facts.get(&decl));
        if facts.is_some_and(|facts| !steps::admits(model, &facts.ty())) {
            it.rank += 100;
        }
    }
}

/// The parts of a verb that may come next, and its block.
fn clauses(offers: &mut Offers<'_>, verb: &str) {
    let caret = offers.caret;
    let given: Vec<&str> = (0..caret.before.len()).map(|it| caret.text_of(it)).collect();
    let closed = caret.kind_of(1) == Some(TokenKind::Str);
    let answers = given.get(1) == Some(&"answers");
    // In their order; whether they must be there.
    let parts: &[(&str, &str, bool)] = match verb {
        "train" => &[("on", "the data", true), ("as", "the name of the artifact", false)],
        "distill" => &[
            ("from", "the teacher", true),
            ("on", "the data", true),
            ("as", "the name of the artifact", false),
        ],
        "quantize" => &[
            ("with", "the policy", true),
            ("from", "a teacher", false),
            ("on", "the data", false),
            ("as", "the name of the artifact", true),
        ],
        "load" if closed => &[("as", "the name of the artifact", true)],
        "load" if answers => {
            &[("on", "the data that were answered", true), ("as", "the name of the artifact", true)]
        }
        "load" => &[("from", "the file", true), ("as", "the name of the artifact", true)],
        "export" => &[("to", "the file", true)],
        _ => &[],
    };
    let done = parts.iter().rposition(|(word, ..)| given.contains(word)).map_or(0, |it| it + 1);
    for (i, (word, says, must)) in parts[done..].iter().enumerate() {
        if *word != "from" || verb != "quantize" || super::settings::trains(offers) {
            offers.push(Kind::Keyword, word, says, "", i as u32);
        }
        if *must {
            return;
        }
    }
    let settings = match verb {
        "train" | "distill" => true,
        "quantize" => super::settings::trains(offers),
        "load" => closed,
        _ => false,
    };
    if settings {
        offers.snippet(Kind::Keyword, "{ … }", "settings", "", "{\n    $1\n}$0", 20);
    }
}

/// The name with a number behind it that no artifact has: `Net8`, `Net82`.
fn free(name: &str, number: u32, is_taken: &dyn Fn(&str) -> bool) -> String {
    let first = format!("{name}{number}");
    match is_taken(&first) {
        true => free(&first, 2, is_taken),
        false => first,
    }
}

/// The first declaration of a kind, or another name for it.
fn first(offers: &Offers<'_>, kind: DeclKind, otherwise: &str) -> String {
    let known = names::known(offers, kind);
    known.into_iter().next().map_or(otherwise.to_string(), |(name, _)| name)
}

fn first_artifact(offers: &Offers<'_>) -> Option<String> {
    let program = &offers.snapshot.checked.program;
    program.trainings.first().map(|it| it.artifact.clone())
}
