//! How samples are divided into training, validation and test part.

use dlm_kernels::rng::{Stream, key_of};

/// What a validation or test part takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Take {
    /// All of a source of its own, with so many samples.
    Own(usize),
    /// This share of what is before it.
    Share(f64),
    /// So many samples of what is before it.
    Count(usize),
}

/// A part of a dataset that would be left with nothing, or asks for more than there is (E0503).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitError {
    /// The part to blame: `train`, `valid` or `test`.
    pub part: &'static str,
    /// The fact, with the numbers.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// Samples of the training, validation and test part, where the training source has `n`.
///
/// The test part is taken first, from the whole source; the validation part then from what is left; the
/// rest, or the first `limit` of it, is trained on. A share is rounded to the nearest whole number of
/// samples, halves up. A share or a count of 0 asks for an empty part.
///
/// # Errors
/// When a part that was asked for would be empty, when a count is more than there is, or when nothing
/// is left to train on.
pub fn split_counts(
    n: usize,
    valid: Take,
    test: Take,
    limit: Option<usize>,
) -> Result<[usize; 3], SplitError> {
    let (test_count, left) = taken("test", test, n)?;
    let (valid_count, left) = taken("valid", valid, left)?;
    let train = left.min(limit.unwrap_or(left));
    if train == 0 {
        let gone = n - left;
        let (part, message) = match (n, limit) {
            (0, _) => ("train", "the source has no samples".to_string()),
            (_, Some(0)) => {
                ("train", "a limit of 0 samples leaves nothing to train on".to_string())
            }
            _ => {
                let part = if matches!(valid, Take::Own(_)) { "test" } else { "valid" };
                (
                    part,
                    format!("the other parts take {gone} of {n} samples; none is left to train on"),
                )
            }
        };
        let help = "leave at least one sample for training".to_string();
        return Err(SplitError { part, message, help });
    }
    Ok([train, valid_count, test_count])
}

/// Which samples of the training source go where: ascending sample numbers of the training,
/// validation and test part. `valid` and `test` are the counts that are taken from this source (0 for a
/// part with a source of its own), `train` the count that is kept of the rest.
///
/// Each class, where `classes` gives the class of every sample, keeps its share in each part to
/// within one sample. Depends on the arguments alone.
///
/// # Panics
/// When the counts are more than `n` together, or `classes` has another length than `n`.
pub fn split_samples(
    n: usize,
    [train, valid, test]: [usize; 3],
    classes: Option<&[u32]>,
    seed: u64,
) -> [Vec<u32>; 3] {
    assert!(train + valid + test <= n, "{train} + {valid} + {test} of {n} samples");
    let mut order: Vec<u32> = (0..n as u32).collect();
    if valid + test == 0 && train == n {
        return [order, Vec::new(), Vec::new()];
    }
    Stream::new(key_of(seed, "split")).shuffle(&mut order);
    let mut groups: Vec<Vec<u32>> = match classes {
        None => vec![order],
        Some(classes) => {
            assert_eq!(classes.len(), n, "one class a sample");
            let count = classes.iter().max().map_or(0, |&c| c as usize + 1);
            let mut groups = vec![Vec::new(); count];
            order.iter().for_each(|&i| groups[classes[i as usize] as usize].push(i));
            groups
        }
    };
    let test = take_even(&mut groups, test);
    let valid = take_even(&mut groups, valid);
    let train = take_even(&mut groups, train);
    [train, valid, test]
}

/// As [`split_samples`], of samples that follow each other: the training part is the beginning, then come the
/// validation and the test part up to the end.
///
/// # Panics
/// When the counts are more than `n` together.
pub fn split_in_order(n: usize, [train, valid, test]: [usize; 3]) -> [Vec<u32>; 3] {
    assert!(train + valid + test <= n, "{train} + {valid} + {test} of {n} samples");
    let (n, train, valid, test) = (n as u32, train as u32, valid as u32, test as u32);
    [0..train, n - test - valid..n - test, n - test..n].map(Iterator::collect)
}

/// How many samples a part has, and how many are left of `n`.
fn taken(part: &'static str, take: Take, n: usize) -> Result<(usize, usize), SplitError> {
    let error = |message: String, help: String| SplitError { part, message, help };
    match take {
        Take::Own(0) => Err(error(
            format!("the source of `{part}` has no samples"),
            "give a source that is not empty".to_string(),
        )),
        Take::Own(count) => Ok((count, n)),
        Take::Count(count) if count > n => Err(error(
            format!("`{part}` asks for {count} samples, there are {n}"),
            format!("take fewer than {n} samples"),
        )),
        Take::Count(count) => Ok((count, n - count)),
        Take::Share(share) => {
            let count = ((n as f64 * share + 0.5).floor() as usize).min(n);
            if count == 0 && share > 0.0 && n > 0 {
                let least = (50.0 / n as f64).ceil();
                return Err(error(
                    format!("{}% of {n} samples is none", percent(share)),
                    format!("take at least {least}%"),
                ));
            }
            Ok((count, n - count))
        }
    }
}

/// A share in percent, without noise digits.
fn percent(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}

/// Takes `count` samples from the ends of the groups, from each its share (largest remainders first,
/// then the lower group); ascending.
fn take_even(groups: &mut [Vec<u32>], count: usize) -> Vec<u32> {
    let total: usize = groups.iter().map(Vec::len).sum();
    if count == 0 || total == 0 {
        return Vec::new();
    }
    let parts = |len: usize| (len as u128 * count as u128) / total as u128;
    let rest = |len: usize| (len as u128 * count as u128) % total as u128;
    let mut shares: Vec<usize> = groups.iter().map(|g| parts(g.len()) as usize).collect();
    let missing = count - shares.iter().sum::<usize>();
    let mut by_rest: Vec<usize> = (0..groups.len()).collect();
    by_rest.sort_by_key(|&g| (std::cmp::Reverse(rest(groups[g].len())), g));
    by_rest.into_iter().take(missing).for_each(|g| shares[g] += 1);
    let mut taken: Vec<u32> = Vec::with_capacity(count);
    for (group, share) in groups.iter_mut().zip(shares) {
        taken.extend(group.drain(group.len() - share..));
    }
    taken.sort_unstable();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_comes_from_the_source_and_valid_from_the_rest() {
        let counts = split_counts(1797, Take::Share(0.1), Take::Share(0.2), None);
        assert_eq!(counts, Ok([1294, 144, 359]));
        let counts = split_counts(1000, Take::Share(0.05), Take::Own(200), None);
        assert_eq!(counts, Ok([950, 50, 200]));
        let counts = split_counts(1000, Take::Count(300), Take::Count(300), Some(100));
        assert_eq!(counts, Ok([100, 300, 300]));
        let counts = split_counts(10, Take::Share(0.0), Take::Share(0.0), None);
        assert_eq!(counts, Ok([10, 0, 0]));
    }

    #[test]
    fn a_part_that_is_left_with_nothing_is_told() {
        let error = |n, valid, test| split_counts(n, valid, test, None).unwrap_err();
        let none = error(20, Take::Share(0.01), Take::Own(5));
        assert_eq!((none.part, none.message.as_str()), ("valid", "1% of 20 samples is none"));
        assert_eq!(none.help, "take at least 3%");
        assert!(split_counts(20, Take::Share(0.03), Take::Own(5), None).is_ok());
        let many = error(20, Take::Share(0.5), Take::Count(30));
        assert_eq!(many.message, "`test` asks for 30 samples, there are 20");
        let all = error(20, Take::Count(10), Take::Count(10));
        assert!(all.message.contains("20 of 20 samples"), "{}", all.message);
        assert_eq!(error(0, Take::Share(0.1), Take::Share(0.1)).part, "train");
        assert!(split_counts(5, Take::Own(1), Take::Own(1), Some(0)).is_err());
    }

    #[test]
    fn parts_are_disjoint_and_keep_the_class_shares() {
        let classes: Vec<u32> =
            (0..1000).map(|i| u32::from(i % 10 == 0) + u32::from(i % 4 == 0)).collect();
        let parts = split_samples(1000, [700, 100, 200], Some(&classes), 3);
        let share = |part: &[u32], class: u32| {
            part.iter().filter(|&&i| classes[i as usize] == class).count() as f64
                / part.len() as f64
        };
        let whole: Vec<u32> = (0..1000).collect();
        for part in &parts {
            assert!(part.windows(2).all(|w| w[0] < w[1]));
            for class in 0..3 {
                let off = (share(part, class) - share(&whole, class)) * part.len() as f64;
                assert!(off.abs() <= 1.0 + 1e-9, "class {class}: {off} samples too many");
            }
        }
        let mut all = parts.concat();
        all.sort_unstable();
        assert_eq!(all, whole);
    }

    #[test]
    fn parts_that_follow_each_other_are_not_shuffled() {
        assert_eq!(split_in_order(6, [3, 1, 2]), [vec![0, 1, 2], vec![3], vec![4, 5]]);
        // A limit takes the first; parts with a source of their own take none of these.
        assert_eq!(split_in_order(6, [1, 2, 0]), [vec![0], vec![4, 5], vec![]]);
    }

    #[test]
    fn the_seed_decides_the_split() {
        let split = |seed| split_samples(100, [80, 10, 10], None, seed);
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
        assert_eq!(split_samples(5, [5, 0, 0], None, 1)[0], [0, 1, 2, 3, 4]);
        assert_eq!(split_samples(100, [5, 0, 0], None, 1)[0].len(), 5);
    }
}
