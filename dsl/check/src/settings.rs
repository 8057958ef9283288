//! Blocks of settings, and the words that stand as their values.

use crate::args::{CallSite, fit};
use crate::consts::Scope;
use crate::diags::Diags;
use dlm_base::diag::codes::{names, settings};
use dlm_base::suggest::nearest;
use dlm_grammar::tree::{self, Entry, Expr, ExprKind, Name};
use dlm_vocab::settings::{Setting, Takes, block};
use dlm_vocab::{Arg, Default, Param, Word};

/// A settings block whose keys are known and stand once.
#[derive(Debug, Default)]
pub(crate) struct Block<'t> {
    found: Vec<(&'static Setting, &'t tree::Setting)>,
    /// The settings that unknown keys probably mean.
    meant: Vec<&'static str>,
}

impl<'t> Block<'t> {
    /// Reads the block of the verb or declaration `word`; what is unknown or given twice is reported.
    pub(crate) fn read(
        word: &str,
        settings: Option<&'t tree::Settings>,
        diags: &mut Diags,
    ) -> Block<'t> {
        let mut found: Vec<(&'static Setting, &'t tree::Setting)> = Vec::new();
        let mut meant = Vec::new();
        let known = block(word);
        for entry in settings.iter().flat_map(|settings| &settings.entries) {
            let given = match entry {
                Entry::Setting(given) if given.key.is_missing() => continue,
                Entry::Setting(given) => given,
                Entry::Override(_) if word == "policy" => continue,
                Entry::Override(it) => {
                    let diag = settings::unknown_setting(it.keyword, word, "override", &[], None);
                    diags.push(diag.help("`override` stands in a `policy`"));
                    continue;
                }
                Entry::Error(_) => continue,
            };
            let key = given.key.text.as_str();
            let Some(setting) = known.iter().copied().find(|setting| setting.name == key) else {
                if let Some(help) = elsewhere(word, key) {
                    let diag = settings::unknown_setting(given.key.span, word, key, &[], None);
                    diags.push(diag.help(help));
                    continue;
                }
                let names: Vec<&'static str> = known.iter().map(|setting| setting.name).collect();
                let foreign = known.iter().find(|setting| is_alias(setting.aliases, key));
                let foreign = foreign.map(|setting| setting.name);
                meant.extend(
                    foreign.or_else(|| nearest(key, names.iter().copied()).first().copied()),
                );
                diags.push(settings::unknown_setting(given.key.span, word, key, &names, foreign));
                continue;
            };
            match found.iter().find(|(other, _)| other.name == key) {
                Some((_, first)) => {
                    diags.push(settings::given_twice(given.key.span, first.key.span, key));
                }
                None => found.push((setting, given)),
            }
        }
        Block { found, meant }
    }

    /// Whether the setting of that name is missing, and no unknown one seems to mean it.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        self.get(name).is_none() && !self.meant.contains(&name)
    }

    /// The setting of that name, if it is given.
    pub(crate) fn get(&self, name: &str) -> Option<&'t tree::Setting> {
        self.entry(name).map(|(_, given)| given)
    }

    /// The keys that are given, in order.
    pub(crate) fn keys(&self) -> Vec<&'t Name> {
        self.found.iter().map(|(_, given)| &given.key).collect()
    }

    fn entry(&self, name: &str) -> Option<(&'static Setting, &'t tree::Setting)> {
        self.found.iter().find(|(setting, _)| setting.name == name).copied()
    }

    /// The value of that setting, if it is given.
    pub(crate) fn value(&self, name: &str) -> Option<&'t Expr> {
        self.get(name).map(|given| &given.value)
    }
}

/// What to write instead of a key that belongs to another place.
fn elsewhere(word: &str, key: &str) -> Option<&'static str> {
    let trains = || block("quantize").iter().any(|setting| setting.name == key);
    match (word, key) {
        ("quantize", "from") => Some(
            "training goes on from the artifact that is quantized; a teacher stands before the data: `from TEACHER on DATA`",
        ),
        ("quantize", "teacher" | "teachers") => Some(
            "name the teacher before the data: `quantize NET with POLICY from TEACHER on DATA`",
        ),
        ("distill", "teacher" | "teachers") => {
            Some("name the teacher before the data: `distill STUDENT from TEACHER on DATA`")
        }
        ("distill" | "quantize", "temperature" | "alpha" | "T" | "kd_weight") => Some(
            "it belongs to the loss: `loss = 0.9 * soft_targets(temperature = 4) + 0.1 * cross_entropy`",
        ),
        ("quantize", _) if block("policy").iter().any(|setting| setting.name == key) => {
            Some("it is a setting of `policy`")
        }
        ("policy" | "override", "per" | "group_size" | "per_channel") => {
            Some("it is a parameter of a format: `weights = int8(per = channel)`")
        }
        ("policy" | "override", "symmetric" | "range" | "observer") => {
            Some("it is a parameter of a format: `activations = uint8(range = minmax)`")
        }
        ("policy" | "override", "qconfig") => {
            Some("write `weights = int8` and `activations = uint8`")
        }
        ("policy", _) if trains() => Some("settings of training stand in the block of `quantize`"),
        ("override", _) if block("policy").iter().any(|setting| setting.name == key) => {
            Some("it is a setting of the whole policy")
        }
        _ => None,
    }
}

/// The call that an expression is: a word with or without arguments. Anything else is reported, unless
/// it was broken before; `param` is the setting, and `takes` what it takes.
pub(crate) fn expect_call<'t>(
    expr: &'t Expr,
    param: &str,
    takes: &str,
    diags: &mut Diags,
) -> Option<(&'t Name, CallSite<'t>)> {
    let call = CallSite::of(expr);
    if call.is_none() && !expr.unparen().is_broken() {
        let diag = settings::wrong_type(expr.span, param, takes, kind(expr));
        diags.push(match quoted_word(expr) {
            Some(word) => unquoted(diag, expr, word),
            None => diag,
        });
    }
    call.filter(|(name, _)| !name.is_missing())
}

/// The word that stands in quotes where a bare one belongs.
pub(crate) fn quoted_word(expr: &Expr) -> Option<&str> {
    let ExprKind::Str(text) = &expr.unparen().kind else { return None };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '*');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (begins && text.chars().all(fits)).then_some(text)
}

/// Says that a word stands without quotes.
pub(crate) fn unquoted(diag: dlm_base::Diag, expr: &Expr, word: &str) -> dlm_base::Diag {
    let help = format!("it stands without quotes: `{word}`");
    diag.help(help).fix(format!("write `{word}`"), expr.span, word, true)
}

/// The expression that gives the `index`-th value of a parameter in a call of `word`, when it is given;
/// further positional arguments repeat the parameter `rest`.
pub(crate) fn argument<'t>(
    call: &CallSite<'t>,
    word: &Word,
    rest: Option<&str>,
    (param, index): (&str, usize),
) -> Option<&'t Expr> {
    let named = |arg: &&&tree::Arg| matches!(&arg.name, Some((name, _)) if name.text == param);
    if let (Some(arg), 0) = (call.args.iter().find(named), index) {
        return Some(&arg.value);
    }
    let place = |name: &str| word.params.iter().position(|p| p.name == name);
    let first = place(param)?;
    if rest.and_then(place).is_some_and(|repeated| repeated < first) {
        return None;
    }
    let place = first + if rest == Some(param) { index } else { 0 };
    call.args.iter().filter(|arg| arg.name.is_none()).nth(place).map(|arg| &arg.value)
}

/// The word of `known` that a call names. Another one is reported as an unknown
/// `what`.
pub(crate) fn find_word<T: Copy>(
    given: &Name,
    what: &str,
    known: &[T],
    word: impl Fn(T) -> &'static Word,
    diags: &mut Diags,
) -> Option<T> {
    let text = given.text.as_str();
    let found = known.iter().copied().find(|&it| word(it).name == text);
    if found.is_some() {
        return found;
    }
    let all: Vec<&str> = known.iter().map(|&it| word(it).name).collect();
    let foreign = known.iter().copied().find(|&it| is_alias(word(it).aliases, text));
    let near = nearest(text, all.iter().copied());
    let hint = match (foreign, near.is_empty()) {
        (Some(it), _) => names::Hint::Foreign(word(it).name.to_string()),
        (None, false) => names::Hint::Near(near.into_iter().map(str::to_string).collect()),
        (None, true) => names::Hint::Say(format!("there is `{}`", all.join("`, `"))),
    };
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    diags.push(names::unknown(given.span, what, text, &format!("not {article} {what}"), hint));
    None
}

/// The value of a setting that takes a plain one; `None` when it is not given or does not fit.
pub(crate) fn plain(
    block: &Block<'_>,
    word: &str,
    name: &str,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Arg> {
    let (setting, given) = block.entry(name)?;
    let Takes::Value(ty) = setting.takes else { return None };
    let param = Param {
        name: setting.name,
        ty,
        default: Default::Absent,
        doc: "",
        aliases: setting.aliases,
    };
    fit(&given.value, &param, word, scope, diags)
}

/// The whole number from 0 that a setting is, or its default.
pub(crate) fn count(
    block: &Block<'_>,
    word: &str,
    name: &str,
    default: u64,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> u64 {
    match plain(block, word, name, scope, diags) {
        Some(Arg::Int(value)) => u64::try_from(value).unwrap_or(default),
        _ => default,
    }
}

/// The truth value that a setting is, if it is given.
pub(crate) fn flag(
    block: &Block<'_>,
    word: &str,
    name: &str,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<bool> {
    match plain(block, word, name, scope, diags) {
        Some(Arg::Bool(value)) => Some(value),
        _ => None,
    }
}

/// What an expression is, in words, for messages.
pub(crate) fn kind(expr: &Expr) -> &'static str {
    match &expr.unparen().kind {
        ExprKind::Name(_) => "a name",
        ExprKind::Int(_) => "a whole number",
        ExprKind::Real(_) => "a real number",
        ExprKind::Percent(_) => "a percentage",
        ExprKind::Str(_) => "a string",
        ExprKind::Bool(_) => "a truth value",
        ExprKind::Quantity { .. } => "a quantity",
        ExprKind::List(_) => "a list",
        ExprKind::Call { .. } => "a call",
        ExprKind::Index { .. } | ExprKind::Field { .. } | ExprKind::All => "a path",
        ExprKind::Range { .. } => "a range",
        ExprKind::Pipe { .. } => "a flow",
        ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::If(_)
        | ExprKind::Paren(_)
        | ExprKind::Missing
        | ExprKind::Error => "an expression",
    }
}

fn is_alias(aliases: &[&str], given: &str) -> bool {
    aliases.iter().any(|alias| alias.eq_ignore_ascii_case(given))
}
