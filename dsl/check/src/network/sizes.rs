//! The sizes in declared shapes: which names they bind, and whether a real shape agrees.

use super::params;
use crate::consts::{Const, Local, Scope, eval, unlike};
use crate::diags::Diags;
use crate::names::{Entry, Kind};
use dlm_base::Shape;
use dlm_base::diag::codes::shapes;
use dlm_grammar::tree::{self, Expr, Name, TypeKind};

/// The largest size of an axis.
const LARGEST: i64 = 1 << 31;

/// The declared sizes; `None` for `[..]` and for what is no shape.
pub(crate) fn of(param: &tree::Param) -> Option<&[Expr]> {
    match &param.ty.kind {
        TypeKind::Tensor { sizes: Some(sizes), .. } => Some(sizes),
        _ => None,
    }
}

/// The name that a size binds: one that stands alone and is no setting, no constant and not bound yet.
fn binding<'t>(network: &tree::Network, size: &'t Expr, scope: &Scope<'_>) -> Option<&'t Name> {
    let name = size.as_name()?;
    let known = scope.local(&name.text).is_some()
        || params::find(network, &name.text).is_some_and(|(_, param)| !params::is_flow(param))
        || matches!(
            scope.world.lookup(scope.module, &name.text),
            Some(Entry::Known(_, Kind::Const) | Entry::Broken)
        );
    (!known && !name.is_missing()).then_some(name)
}

/// The names that `param` binds when a flow of this shape enters it.
///
/// # Errors
/// When the shape has another number of axes.
pub(crate) fn bind<'w>(
    network: &'w tree::Network,
    param: &'w tree::Param,
    shape: &Shape,
    scope: &Scope<'w>,
) -> Result<Vec<(&'w str, Local)>, ()> {
    let Some(sizes) = of(param) else { return Ok(Vec::new()) };
    if sizes.len() != shape.rank() {
        return Err(());
    }
    let mut bound: Vec<(&'w str, Local)> = Vec::new();
    for (size, &real) in sizes.iter().zip(shape.sizes()) {
        if let Some(name) = binding(network, size, scope)
            && !bound.iter().any(|(known, _)| *known == name.text)
        {
            bound.push((&name.text, Local::Const(Const::Int(real as i64))));
        }
    }
    Ok(bound)
}

/// The names that `param` would bind.
pub(crate) fn names<'w>(
    network: &'w tree::Network,
    param: &'w tree::Param,
    scope: &Scope<'w>,
) -> Vec<&'w str> {
    let sizes = of(param).unwrap_or(&[]).iter();
    sizes.filter_map(|size| binding(network, size, scope)).map(|name| name.text.as_str()).collect()
}

/// Whether a declared shape has sizes that only a real flow can tell.
pub(crate) fn is_open(network: &tree::Network, param: &tree::Param, scope: &Scope<'_>) -> bool {
    match of(param) {
        None => true,
        Some(sizes) => sizes.iter().any(|size| binding(network, size, scope).is_some()),
    }
}

/// The first axis at which the declared sizes differ from those of a flow of the same rank, with the
/// declared size; `Some(None)` when none does. `None` when an error has been reported.
pub(crate) fn differ(
    sizes: &[Expr],
    shape: &Shape,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<Option<(usize, i64)>> {
    for (axis, (size, &real)) in sizes.iter().zip(shape.sizes()).enumerate() {
        let declared = whole(size, scope, diags)?;
        if declared != real as i64 {
            return Some(Some((axis, declared)));
        }
    }
    Some(None)
}

/// Whether a flow of this shape, to which the names have been bound, is what `param` declares.
pub(crate) fn agree(
    param: &tree::Param,
    shape: &Shape,
    scope: &Scope<'_>,
    diags: &mut Diags,
) -> Option<bool> {
    match of(param) {
        None => Some(true),
        Some(sizes) => differ(sizes, shape, scope, diags).map(|found| found.is_none()),
    }
}

/// The shape that declared sizes give, all of which are known; `None` when an error has been reported.
pub(crate) fn declared(param: &tree::Param, scope: &Scope<'_>, diags: &mut Diags) -> Option<Shape> {
    of(param).and_then(|sizes| shape(sizes, scope, diags))
}

/// The shape that sizes give; `None` when an error has been reported.
pub(crate) fn shape(sizes: &[Expr], scope: &Scope<'_>, diags: &mut Diags) -> Option<Shape> {
    let sizes: Vec<Option<usize>> = sizes
        .iter()
        .map(|size| {
            let value = whole(size, scope, diags)?;
            if (1..=LARGEST).contains(&value) {
                return usize::try_from(value).ok();
            }
            let text = scope.world.text(size.span);
            let formula = match text == value.to_string() {
                true => "a size is at least 1".to_string(),
                false => format!("{text} = {value}"),
            };
            let message = match value < 1 {
                true => format!("a size comes out as {value}"),
                false => format!("a size comes out as {value}, more than any memory holds"),
            };
            diags.push(shapes::no_size(size.span, &message, &formula));
            None
        })
        .collect();
    sizes.into_iter().collect::<Option<Vec<usize>>>().map(Shape)
}

fn whole(size: &Expr, scope: &Scope<'_>, diags: &mut Diags) -> Option<i64> {
    match eval(size, scope, diags)? {
        Const::Int(value) => Some(value),
        other => {
            diags.push(unlike(size.span, "a whole number", &other));
            None
        }
    }
}
