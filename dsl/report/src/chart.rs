//! Charts: configurations of Chart.js as JSON beside the canvas that they fill. Colours are named by the
//! variables of the style sheet, and the script puts in what they are in the theme that is seen.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;

/// A chart under a title. `label` says to those who do not see it what it shows; `height` is in pixels.
pub(crate) fn chart(title: &str, label: &str, height: usize, config: &Value) -> Markup {
    // Inside a script nothing is an entity: what could end it is written as an escape of JSON.
    let config = config.to_string().replace('<', "\\u003c");
    html! {
        figure.chart {
            figcaption { (title) }
            div.plot style={ "height:" (height) "px" } { canvas role="img" aria-label=(label) {} }
            script type="application/json" { (PreEscaped(config)) }
        }
    }
}

/// Numbers as JSON; those that it does not have are gaps.
pub(crate) fn points(values: impl IntoIterator<Item = Option<f64>>) -> Vec<Value> {
    let exact = |x: f64| if x.is_finite() { round(x).into() } else { Value::Null };
    values.into_iter().map(|x| x.map_or(Value::Null, exact)).collect()
}

/// Six figures: more are not seen, and make the page large.
pub(crate) fn round(x: f64) -> f64 {
    format!("{x:.5e}").parse().unwrap_or(x)
}
