//! The examples in the documentation of the codes.

use super::check;
use dlm_base::diag::codes;

/// The `dlm` examples in a code's documentation.
fn examples(doc: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    for line in doc.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match (&mut inside, line.trim()) {
            (None, "```dlm") => inside = Some(String::new()),
            (Some(text), "```") => {
                found.push(std::mem::take(text));
                inside = None;
            }
            (Some(text), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    found
}

#[test]
fn the_bad_example_of_each_code_shows_it_and_the_good_one_nothing() {
    for code in codes::all() {
        let examples = examples(code.doc);
        let [bad, good, ..] = examples.as_slice() else { continue };
        // Files with data are not at hand here; `tests` covers those codes.
        if bad.contains("ragged.csv") || bad.contains("plays.txt") {
            continue;
        }
        let found = check(bad);
        let ids: Vec<&str> = found.diags.iter().map(|diag| diag.code.id).collect();
        assert!(ids.contains(&code.id), "{} is not in {ids:?} of\n{bad}", code.id);
        let found = check(good);
        let errors: Vec<&str> = found.diags.iter().map(|diag| diag.code.id).collect();
        assert!(
            !errors.contains(&code.id),
            "{errors:?} in the good example of {}\n{good}",
            code.id
        );
        assert_eq!(found.errors(), 0, "{errors:?} in the good example of {}\n{good}", code.id);
    }
}
