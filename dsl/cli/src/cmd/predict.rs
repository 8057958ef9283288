//! `dlm predict`: a stored artifact answers for new inputs.

use super::eval;
use crate::args::Predict;
use crate::console::{Console, Style, paint};
use crate::files::Disk;
use crate::human::{number, share};
use crate::{Failure, Status, diagnose, files};
use dlm_learn::Predictions;
use serde_json::{Map, Value, json};

/// So many classes are shown of an answer.
const SHOWN: usize = 5;

/// Answers for the inputs of each file.
pub(crate) fn predict(args: Predict, console: &mut Console) -> Result<Status, Failure> {
    let checked = match diagnose::sound(&args.file, &args.set, true, console)? {
        Ok(checked) => checked,
        Err(status) => return Ok(status),
    };
    let stored = eval::open(&checked.program, &args.file, &args.name, args.out.as_deref())?;
    for input in &args.inputs {
        let path = files::name(input)?;
        let answers = stored.predict(&path, &Disk).map_err(eval::failure)?;
        let rows = match &answers {
            Predictions::Classes(rows, _) | Predictions::Values(rows, _) => rows.len(),
        };
        for row in 0..rows {
            let name = if rows == 1 { path.clone() } else { format!("{path}[{row}]") };
            if args.json {
                console.out.line(object(&path, row, &answers));
            } else {
                let text = line(&name, row, &answers, console.out.color);
                console.out.line(text);
            }
        }
    }
    Ok(Status::Good)
}

/// `seven.png  7 98.21%  1 1.02%  9 0.41%`
fn line(name: &str, row: usize, answers: &Predictions, color: bool) -> String {
    let mut out = paint(color, Style::Dim, name);
    match answers {
        Predictions::Classes(rows, names) => {
            for (rank, (class, p)) in ranked(&rows[row]).into_iter().take(SHOWN).enumerate() {
                if rank > 0 && p < 0.0005 {
                    break;
                }
                let class = names.get(class).cloned().unwrap_or_else(|| class.to_string());
                let text = format!("{class} {}", share(f64::from(p)));
                let style = if rank == 0 { Style::Bold } else { Style::Dim };
                out += &format!("   {}", paint(color, style, text));
            }
        }
        Predictions::Values(rows, names) => {
            for (value, name) in rows[row].iter().zip(names) {
                let value = paint(color, Style::Bold, number(f64::from(*value)));
                out += &format!("   {name} {value}");
            }
        }
    }
    out
}

fn object(path: &str, row: usize, answers: &Predictions) -> Value {
    let mut object = Map::new();
    object.insert("input".into(), json!(path));
    object.insert("row".into(), json!(row));
    match answers {
        Predictions::Classes(rows, names) => {
            let class = ranked(&rows[row]).first().map_or(0, |(class, _)| *class);
            let named = rows[row].iter().zip(names).map(|(p, name)| (name.clone(), json!(p)));
            object.insert("class".into(), json!(names.get(class)));
            object.insert("probabilities".into(), Value::Object(named.collect()));
        }
        Predictions::Values(rows, names) => {
            let named = rows[row].iter().zip(names).map(|(v, name)| (name.clone(), json!(v)));
            object.insert("values".into(), Value::Object(named.collect()));
        }
    }
    Value::Object(object)
}

/// Classes by falling probability; equals in the order of their numbers.
fn ranked(row: &[f32]) -> Vec<(usize, f32)> {
    let mut ranked: Vec<(usize, f32)> = row.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}
