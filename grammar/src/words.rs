//! The words that the grammar itself knows. Names of operators and settings are not its business.

/// Words that begin an item at the start of a line.
pub const ITEMS: &[&str] = &[
    "allow", "data", "distill", "expect", "export", "layer", "load", "model", "policy", "quantize",
    "train", "use",
];

/// Words between the parts of a verb.
pub const CLAUSES: &[&str] = &["as", "from", "on", "to", "with"];

/// Words that are no names in flows and constants.
pub const RESERVED: &[&str] =
    &["and", "as", "assert", "else", "false", "if", "in", "not", "or", "repeat", "true"];

/// Words that begin a row of a body or a step.
pub const FLOW: &[&str] = &["assert", "else", "if", "in", "repeat"];

/// The types of parameters that are no tensors.
pub const TYPES: &[&str] = &["int", "real", "bool", "string", "list"];

/// The units of quantities.
pub const UNITS: &[&str] = &[
    "epoch", "epochs", "step", "steps", "sample", "samples", "B", "KiB", "MiB", "GiB", "us", "ms",
    "s",
];

/// Whether the word begins an item at the start of a line.
pub fn is_item(word: &str) -> bool {
    ITEMS.contains(&word)
}

/// Whether the word can be no name in flows and constants.
pub fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// What people who come from elsewhere write at the start of a declaration, and what it is here.
pub(crate) fn foreign_item(word: &str) -> Option<&'static str> {
    Some(match word {
        "dataset" | "dataloader" | "input" => "data",
        "block" | "module" | "def" | "fn" | "func" | "function" => "layer",
        "network" | "net" | "class" | "graph" => "model",
        "from" | "import" | "include" | "require" => "use",
        "fit" | "finetune" => "train",
        "distil" | "distillation" | "student" => "distill",
        "quantise" | "quant" | "convert" => "quantize",
        "save" | "write" => "export",
        "test" | "require_that" | "check" => "expect",
        _ => return None,
    })
}
