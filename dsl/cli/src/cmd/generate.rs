//! `dlm generate`: a stored artifact goes on with a text.

use super::eval;
use crate::args::Generate;
use crate::console::Console;
use crate::{Failure, Status, diagnose};
use dlm_learn::Generation;
use serde_json::json;

/// Prints the prompt and what follows it, piece by piece.
pub(crate) fn generate(args: Generate, console: &mut Console) -> Result<Status, Failure> {
    let checked = match diagnose::sound(&args.file, &args.set, true, console)? {
        Ok(checked) => checked,
        Err(status) => return Ok(status),
    };
    let stored = eval::open(&checked.program, &args.file, &args.name, args.out.as_deref())?;
    let Generate { prompt, tokens, temperature, seed, .. } = args;
    let how = Generation { tokens, temperature, seed };
    if args.json {
        let mut text = String::new();
        let generated = stored.generate(&prompt, how, &mut |piece| text.push_str(piece));
        generated.map_err(eval::failure)?;
        console.out.line(json!({
            "artifact": args.name, "prompt": prompt, "text": text,
            "tokens": tokens, "temperature": temperature, "seed": seed,
        }));
        return Ok(Status::Good);
    }
    let mut begun = false;
    let generated = stored.generate(&prompt, how, &mut |piece| {
        if !std::mem::replace(&mut begun, true) {
            console.out.text(&prompt);
        }
        console.out.text(piece);
    });
    if begun {
        console.out.line("");
    }
    generated.map_err(eval::failure)?;
    Ok(Status::Good)
}
