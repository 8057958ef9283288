//! The arguments of calls, against what words declare.

use crate::consts::Scope;
use crate::diags::Diags;
use dlm_base::Span;
use dlm_base::diag::codes::settings;
use dlm_base::suggest::nearest;
use dlm_grammar::tree::{self, Expr};
use dlm_vocab::settings::TOKENS;
use dlm_vocab::{Arg, Args, Default, Param, Type, Word};

mod fit;

pub use fit::{bounds, fit, type_words};

/// A word with its arguments at their place.
#[derive(Clone, Debug)]
pub struct CallSite<'t> {
    /// The word.
    pub name: Span,
    /// The word with its parentheses.
    pub span: Span,
    /// The arguments to match; flows are not among them.
    pub args: Vec<&'t tree::Arg>,
}

impl<'t> CallSite<'t> {
    /// A word at `name`, with the arguments behind it if there are any.
    pub fn new(name: Span, args: Option<&'t tree::Args>) -> CallSite<'t> {
        let span = args.map_or(name, |args| name.to(args.parens.close));
        CallSite { name, span, args: args.map_or(Vec::new(), |args| args.list.iter().collect()) }
    }

    /// The call that an expression is: `cosine`, `cosine(warmup = 1 epoch)`; with its word.
    pub fn of(expr: &'t Expr) -> Option<(&'t tree::Name, CallSite<'t>)> {
        match &expr.unparen().kind {
            tree::ExprKind::Name(name) => Some((name, CallSite::new(name.span, None))),
            tree::ExprKind::Call { base: None, name, args } => {
                Some((name, CallSite::new(name.span, Some(args))))
            }
            _ => None,
        }
    }
}

/// The arguments of a call of `word`: positional and named ones, checked, with defaults filled in;
/// `None` when something is wrong, which has been reported.
pub fn match_args(
    word: &'static Word,
    call: &CallSite<'_>,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Args> {
    match_rest(word, None, call, scope, diags)
}

/// The same for a word of which further positional arguments repeat the parameter `rest`.
pub fn match_rest(
    word: &'static Word,
    rest: Option<&'static str>,
    call: &CallSite<'_>,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Args> {
    let mut matcher = Matcher::new(word.params);
    let repeated = rest.and_then(|rest| word.params.iter().position(|param| param.name == rest));
    let mut place = 0;
    let mut good = true;
    let mut too_many = false;
    for arg in &call.args {
        let param = match &arg.name {
            Some((name, _)) if name.is_missing() => {
                good = false;
                continue;
            }
            Some((name, _)) => {
                let Some(param) = find_param(word.params, &name.text) else {
                    let known: Vec<&str> = word.params.iter().map(|p| p.name).collect();
                    let foreign = foreign_param(word.params, &name.text);
                    let foreign_name = foreign.map(|p| p.name);
                    diags.push(settings::unknown_param(
                        name.span,
                        word.name,
                        &name.text,
                        &known,
                        foreign_name,
                    ));
                    // The parameter that was probably meant is not missing as well.
                    let meant =
                        foreign_name.or_else(|| nearest(&name.text, known).first().copied());
                    matcher.excuse(meant);
                    good = false;
                    continue;
                };
                param
            }
            // What comes behind the repeated one has to be named.
            None => {
                match word.params.get(place).filter(|_| repeated.is_none_or(|it| place <= it)) {
                    Some(param) => {
                        place += 1;
                        param
                    }
                    None => match rest.and_then(|rest| find_param(word.params, rest)) {
                        Some(param) => {
                            match fit(&arg.value, param, word.name, scope, diags) {
                                Some(value) => matcher.args.push(value),
                                None => good = false,
                            }
                            continue;
                        }
                        None => {
                            if !too_many && !arg.value.is_broken() {
                                let max = word.params.len();
                                diags.push(settings::too_many(
                                    arg.span,
                                    word.name,
                                    max,
                                    &signature(word),
                                ));
                            }
                            too_many = true;
                            good = false;
                            continue;
                        }
                    },
                }
            }
        };
        good &= matcher.take(param, arg.span, &arg.value, word.name, scope, diags);
    }
    let missing =
        |param: &Param| settings::missing_param(call.span, word.name, param.name, &signature(word));
    good &= matcher.missing(missing, diags);
    good.then(|| matcher.finish())
}

/// The word with its parameters as one writes it: `conv(channels, kernel, stride = 1)`.
pub fn signature(word: &Word) -> String {
    if word.params.is_empty() {
        return word.name.to_string();
    }
    let params: Vec<String> = word.params.iter().map(param_text).collect();
    format!("{}({})", word.name, params.join(", "))
}

/// The parameter as a signature shows it: `stride = 1`.
fn param_text(param: &Param) -> String {
    match (default_text(param), param.default) {
        (Some(default), _) => format!("{} = {default}", param.name),
        (None, Default::Required) => param.name.to_string(),
        (None, _) => format!("{} = …", param.name),
    }
}

/// The default as one would write it; `None` for what must be given or is decided by the word.
pub fn default_text(param: &Param) -> Option<String> {
    match param.default {
        Default::Required | Default::Absent => None,
        Default::Int(v) => Some(v.to_string()),
        Default::Real(v) => Some(crate::consts::Const::Real(v).to_string()),
        Default::Bool(v) => Some(v.to_string()),
        Default::Name(v) | Default::Same(v) => Some(v.to_string()),
        Default::Str(v) => Some(format!("{v:?}")),
        Default::Quantity(v, unit) => Some(crate::consts::Const::Quantity(v, unit).to_string()),
    }
}

/// The arguments of a word to which none is given: the defaults. What must be given is not among them.
pub fn defaults(word: &'static Word) -> Args {
    Matcher::new(word.params).finish()
}

/// The parameter that an argument at this place is for.
pub(crate) fn param_of(
    params: &'static [Param],
    place: usize,
    arg: &tree::Arg,
) -> Option<&'static Param> {
    match &arg.name {
        Some((name, _)) => find_param(params, &name.text),
        None => params.get(place),
    }
}

/// The parameter of that name.
pub fn find_param(params: &'static [Param], name: &str) -> Option<&'static Param> {
    params.iter().find(|param| param.name == name)
}

/// The parameter that other systems call `name`.
pub fn foreign_param(params: &'static [Param], name: &str) -> Option<&'static Param> {
    params.iter().find(|p| p.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name)))
}

/// Arguments on their way into [`Args`].
struct Matcher {
    params: &'static [Param],
    /// For each parameter where it was given.
    given: Vec<Option<Span>>,
    /// For each parameter whether its absence is the consequence of another mistake.
    excused: Vec<bool>,
    args: Args,
}

impl Matcher {
    fn new(params: &'static [Param]) -> Matcher {
        let count = params.len();
        Matcher {
            params,
            given: vec![None; count],
            excused: vec![false; count],
            args: Args::default(),
        }
    }

    fn place(&self, param: &Param) -> Option<usize> {
        self.params.iter().position(|other| std::ptr::eq(other, param))
    }

    /// The parameter `meant` is not missing; without one, none is.
    fn excuse(&mut self, meant: Option<&str>) {
        for (excused, param) in self.excused.iter_mut().zip(self.params) {
            *excused |= meant.is_none_or(|meant| meant == param.name);
        }
    }

    fn take(
        &mut self,
        param: &'static Param,
        at: Span,
        value: &Expr,
        owner: &str,
        scope: &Scope<'_>,
        diags: &mut Diags,
    ) -> bool {
        let Some(place) = self.place(param) else { return false };
        if let Some(first) = self.given[place] {
            diags.push(settings::given_twice(at, first, param.name));
            return false;
        }
        self.given[place] = Some(at);
        match fit(value, param, owner, scope, diags) {
            Some(value) => {
                self.args.set(param.name, value);
                true
            }
            None => false,
        }
    }

    /// Reports the parameters that must be given and are not; `true` when there are none.
    fn missing(&self, diag: impl Fn(&Param) -> dlm_base::Diag, diags: &mut Diags) -> bool {
        let mut all = true;
        for (i, param) in self.params.iter().enumerate() {
            if self.given[i].is_none() && param.default == Default::Required {
                all = false;
                if !self.excused[i] {
                    diags.push(diag(param));
                }
            }
        }
        all
    }

    /// Fills defaults in, and brings the values into the order of the parameters.
    fn finish(mut self) -> Args {
        let mut args = Args::default();
        for param in self.params {
            let value = match self.args.get(param.name) {
                Some(value) => Some(value.clone()),
                None => default_arg(param),
            };
            if let Some(value) = value {
                self.args.set(param.name, value.clone());
                args.set(param.name, value);
            }
        }
        for param in self.params {
            if let Default::Same(other) = param.default
                && args.get(param.name).is_none()
                && let Some(value) = args.get(other).cloned()
            {
                args.set(param.name, value);
            }
        }
        for value in self.args.rest() {
            args.push(value.clone());
        }
        args
    }
}

/// The default as an argument of the parameter's type.
fn default_arg(param: &Param) -> Option<Arg> {
    Some(match (param.default, param.ty) {
        (Default::Required | Default::Absent | Default::Same(_), _) => return None,
        (Default::Int(v), Type::Pair { .. } | Type::Padding) => Arg::Ints(vec![v, v]),
        (Default::Int(v), Type::Real { .. }) => Arg::Real(v as f64),
        (Default::Int(v), _) => Arg::Int(v),
        (Default::Real(v), _) => Arg::Real(v),
        (Default::Bool(v), _) => Arg::Bool(v),
        (Default::Name(v), Type::Tokens) => {
            let word = TOKENS.iter().find(|word| word.name == v)?;
            let args = defaults(word);
            Arg::Call(
                v.to_string(),
                word.params.iter().map(|param| args.real(param.name)).collect(),
            )
        }
        (Default::Name(v), _) => Arg::Name(v.to_string()),
        (Default::Str(v), _) => Arg::Str(v.to_string()),
        (Default::Quantity(v, unit), _) => Arg::Quantity(v, unit),
    })
}
