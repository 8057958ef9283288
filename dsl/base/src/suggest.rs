//! "Did you mean": the known names nearest to an unknown one.

use std::cmp::Reverse;

/// At most four of `known` that are near to `name`, nearest first: equal but for case, then within
/// an edit distance of a third of the name's length (at least 1), or sharing a prefix of three or
/// more characters with the whole shorter name. Of equally distant ones that comes first which shares more
/// of its beginning and end.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = name.to_lowercase();
    let limit = (name.chars().count() / 3).max(1);
    let mut found: Vec<(usize, Reverse<usize>, &str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = if other == lower { 0 } else { distance(&lower, &other) };
            let prefix = lower.len().min(other.len()) >= 3
                && (other.starts_with(&lower) || lower.starts_with(&other));
            let near = distance <= limit || prefix;
            near.then(|| (distance, Reverse(shared(&lower, &other)), candidate))
        })
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().take(4).map(|(.., name)| name).collect()
}

/// How many characters at the beginning and at the end two words share.
fn shared(a: &str, b: &str) -> usize {
    let same = |(a, b): &(char, char)| a == b;
    let start = a.chars().zip(b.chars()).take_while(same).count();
    let end = a.chars().rev().zip(b.chars().rev()).take_while(same).count();
    (start + end).min(a.chars().count()).min(b.chars().count())
}

/// Edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 8 || a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, j) => j,
                (i, 0) => i,
                _ => {
                    let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let mut best = replace.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        best = best.min(rows[i - 2][j - 2] + 1);
                    }
                    best
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_comes_first() {
        let known = ["conv", "conv_transpose", "dense", "dropout", "relu"];
        assert_eq!(nearest("dnse", known), ["dense"]);
        assert_eq!(nearest("Relu", known), ["relu"]);
        assert_eq!(nearest("cnov", known), ["conv"]);
        assert!(nearest("quux", known).is_empty());
        assert_eq!(nearest("KB", ["B", "KiB", "MiB"]), ["KiB", "B"]);
        assert_eq!(nearest("Studen8", ["Student", "Student8"]), ["Student8", "Student"]);
    }
}
