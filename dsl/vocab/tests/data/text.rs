//! `lines` and `text`: what tokens and targets become, and what is refused.

use super::{Disk, args, bytes, class_numbers, classes, error, floats, gz, read_all, shared, text};
use dlm_base::files::MemFiles;
use dlm_vocab::Arg;
use dlm_vocab::data::{DataError, Facts, InputKind, Samples, Target, TokenUnit, find, inputs};

fn named(name: &str) -> (&'static str, Arg) {
    ("tokens", Arg::Name(name.to_string()))
}

fn word(vocabulary: i64) -> (&'static str, Arg) {
    ("tokens", Arg::Call("word".to_string(), vec![vocabulary as f64]))
}

fn read(source: &str, content: &[u8], given: &[(&'static str, Arg)]) -> Result<Samples, DataError> {
    let mut files = MemFiles::default();
    files.put("t.txt", content.to_vec());
    read_all(source, &files, &[&[("file", text("t.txt"))], given].concat(), &[])
}

fn refused(source: &str, content: &[u8], given: &[(&'static str, Arg)]) -> (String, String) {
    let mut files = MemFiles::default();
    files.put("t.txt", content.to_vec());
    error(source, &files, &[&[("file", text("t.txt"))], given].concat())
}

fn names(facts: &Facts) -> Vec<&str> {
    facts.tokens.iter().flat_map(|tokens| tokens.names.iter().map(String::as_str)).collect()
}

#[test]
fn sentences_are_words_with_a_label() {
    let Some(folder) = shared("text/sentiment") else { return };
    let mut paths: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_string_lossy().into_owned())
        .filter(|path| path.ends_with(".txt") && !path.to_lowercase().contains("readme"))
        .collect();
    paths.sort();
    let rest: Vec<&str> = paths[1..].iter().map(String::as_str).collect();
    let given = [("file", text(&paths[0])), ("target", Arg::Int(1))];
    let all = read_all("lines", &Disk, &given, &rest).unwrap();
    assert_eq!((all.facts.samples, all.facts.kind), (3000, InputKind::Tokens));
    assert_eq!(classes(&all.facts), ["0", "1"]);
    assert_eq!(class_numbers(&all).iter().sum::<u32>(), 1500);
    assert_eq!(
        (names(&all.facts).len(), &names(&all.facts)[..5]),
        (4000, &["<pad>", "<unk>", ".", "the", ","][..])
    );
    let short = [&given[..], &[("length", Arg::Int(20)), word(500)]].concat();
    let short = read_all("lines", &Disk, &short, &rest).unwrap();
    assert_eq!((short.facts.shape.sizes(), names(&short.facts).len()), (&[20][..], 500));
    let same = |length: usize| {
        floats(&all).chunks(all.facts.shape.len()).map(move |s| s[..length].to_vec())
    };
    let known = floats(&short).chunks(20).zip(same(20)).all(|(short, all)| {
        short.iter().zip(all).all(|(&short, all)| short == if all < 500.0 { all } else { 1.0 })
    });
    assert!(known, "fewer words, the same numbers");
}

#[test]
fn lines_are_cut_padded_and_numbered_by_how_often_a_token_comes() {
    let content = "b a\t1\r\n\n   \nA, it's b\t0\n";
    let target = ("target", Arg::Int(1));
    let samples = read("lines", content.as_bytes(), std::slice::from_ref(&target)).unwrap();
    assert_eq!(names(&samples.facts), ["<pad>", "<unk>", "a", "b", ",", "it's"]);
    assert_eq!(samples.facts.shape.sizes(), [4]);
    assert_eq!(bytes(&samples), [3, 2, 0, 0, 2, 4, 5, 3]);
    assert_eq!((class_numbers(&samples), classes(&samples.facts)), (&[1, 0][..], vec!["0", "1"]));
    let given = [target.clone(), word(4), ("length", Arg::Int(2))];
    let samples = read("lines", content.as_bytes(), &given).unwrap();
    assert_eq!((names(&samples.facts).len(), bytes(&samples)), (4, &[3, 2, 2, 1][..]));
    let samples = read("lines", &gz(content.as_bytes()), &[target.clone(), named("char")]).unwrap();
    assert_eq!(names(&samples.facts)[2..], [" ", "'", ",", "A", "a", "b", "i", "s", "t"]);
    let samples = read("lines", "é\t0\na\t1".as_bytes(), &[target, named("byte")]).unwrap();
    assert_eq!((names(&samples.facts).len(), floats(&samples)), (258, &[197., 171., 99., 0.][..]));
    let unlabelled = read("lines", b"a\tb\nc", &[]).unwrap();
    assert_eq!((unlabelled.facts.target, unlabelled.facts.samples), (Target::None, 2));
    let given = [("separator", text("|")), ("target", Arg::Int(2)), ("text", Arg::Int(1))];
    let samples = read("lines", b"x|one two|10\ny|two|9\n", &given).unwrap();
    assert_eq!((names(&samples.facts)[2], classes(&samples.facts)), ("two", vec!["9", "10"]));
    let samples =
        read("lines", b"good\tyes, it is\nbad\tno\n", &[("target", Arg::Int(0))]).unwrap();
    assert_eq!(classes(&samples.facts), ["bad", "good"]);
}

#[test]
fn lines_that_are_none_are_refused_with_their_number() {
    let target = ("target", Arg::Int(1));
    let message =
        |content: &[u8], given: &[(&'static str, Arg)]| refused("lines", content, given).0;
    let plain = std::slice::from_ref(&target);
    assert_eq!(message(b"a\t1\n\nb 0\n", plain), "line 3 has no separator \"\\t\"");
    assert_eq!(message(b"a\t1\n \t0\n", plain), "line 2 has no text");
    assert_eq!(message(b"a\t1\nb\t\n", plain), "line 2 has no label");
    assert_eq!(message(b"a\t1\nb\tc\t0\n", plain), "line 2 has 3 columns");
    assert_eq!(message(b"a\t1\nb\xff\t0\n", plain), "line 2 is not UTF-8 text");
    assert_eq!(message(b"", plain), "the file has no lines");
    assert_eq!(message(b"\n\r\n", plain), "the file has no lines");
    assert_eq!(message(b"a\t1\nb\t1\n", plain), "every line has the label `1`");
    let given = [("target", Arg::Int(3))];
    assert_eq!(message(b"a\tb\n", &given), "line 1 has 2 columns, and column 3 is asked for");
    let given = [target.clone(), ("text", Arg::Int(1))];
    assert_eq!(message(b"a\t1\n", &given), "the label and the text are one column");
    let given = [target.clone(), ("separator", text(""))];
    assert_eq!(message(b"a\t1\n", &given), "nothing separates no columns");
    let many: String = (0..1001).map(|i| format!("a\tlabel {i}\n")).collect();
    let many = message(many.as_bytes(), plain);
    assert_eq!(many, "the lines have 1,001 different labels, too many for classes");
    let mut files = MemFiles::default();
    files.put("a.txt", "a\t1\nb\t0\n");
    files.put("b.txt", "c\t0\nd\n");
    let args = args("lines", &[("file", text("a.txt")), target], &["b.txt"]);
    let found = (find("lines").unwrap().load)(&args, &files, 0).unwrap_err();
    let DataError::Content { param, message, .. } = found else { panic!("{found:?}") };
    assert_eq!((param, &*message), (("file", 1), "line 2 has no separator \"\\t\""));
}

#[test]
fn new_texts_are_read_as_the_training_read_them() {
    let target = ("target", Arg::Int(1));
    let samples = read("lines", b"It is good\t1\nIt is bad!\t0\n", &[target]).unwrap();
    let tokens = samples.facts.tokens.as_ref().unwrap();
    assert_eq!(names(&samples.facts)[2..], ["is", "it", "!", "bad", "good"]);
    let mut files = MemFiles::default();
    files.put("new.txt", "good!\r\n\nis it strange, or\n");
    let expected = [6., 4., 0., 0., 2., 3., 1., 1.];
    assert_eq!(inputs::lines(&files, "new.txt", tokens, 4).unwrap(), expected);
    assert_eq!(tokens.samples(4)("is it strange, or"), expected[4..]);
    files.put("none.txt", "\n");
    let error = inputs::lines(&files, "none.txt", tokens, 4).unwrap_err();
    assert_eq!(error.to_string(), "the file has no lines");
}

#[test]
fn shakespeare_is_windows_of_characters_and_what_follows() {
    let Some(path) = shared("text/tinyshakespeare.txt") else { return };
    let given = [("file", text(&path))];
    let plays = read_all("text", &Disk, &given, &[]).unwrap();
    assert_eq!((names(&plays.facts).len(), plays.facts.shape.sizes()), (65, &[64][..]));
    assert_eq!(plays.facts.samples, 1_115_393 / 64);
    let Target::Sequence { classes, steps: 64 } = &plays.facts.target else { panic!() };
    let line: String =
        bytes(&plays)[..14].iter().map(|&token| &*classes[usize::from(token)]).collect();
    assert_eq!(line, "First Citizen:");
    let follows = class_numbers(&plays).iter().zip(&bytes(&plays)[1..]);
    assert!(follows.take(1_000_000).all(|(&class, &token)| class == u32::from(token)));
    let began = std::time::Instant::now();
    let loaded = (find("text").unwrap().load)(&args("text", &given, &[]), &Disk, 0);
    let took = began.elapsed();
    assert!(loaded.is_ok() && took.as_secs_f64() < 2.0, "{took:?}");
    println!("{took:?}");
}

#[test]
fn texts_are_cut_into_windows_side_by_side() {
    let context = |n| ("context", Arg::Int(n));
    let samples = read("text", "abécab\nx".as_bytes(), &[context(3)]).unwrap();
    assert_eq!(names(&samples.facts), ["\n", "a", "b", "c", "x", "é"]);
    assert_eq!(
        (bytes(&samples), class_numbers(&samples)),
        (&[1, 2, 5, 3, 1, 2][..], &[2, 5, 3, 1, 2, 0][..])
    );
    let samples = read("text", b"abc\xffd", &[context(2), named("byte")]).unwrap();
    assert_eq!((names(&samples.facts).len(), bytes(&samples)), (256, &b"abc\xff"[..]));
    assert_eq!(samples.facts.tokens.unwrap().unit, TokenUnit::Byte);
    let many: String = (0..300).filter_map(|i| char::from_u32(0x4e00 + i)).collect();
    assert_eq!(floats(&read("text", many.as_bytes(), &[context(299)]).unwrap())[298], 298.0);
    let mut files = MemFiles::default();
    files.put("a", "ab");
    files.put("b", gz(b"cd"));
    let samples = read_all("text", &files, &[("file", text("a")), context(3)], &["b"]).unwrap();
    assert_eq!((bytes(&samples), class_numbers(&samples)), (&[0, 1, 2][..], &[1, 2, 3][..]));
}

#[test]
fn texts_that_are_none_are_refused() {
    let context = [("context", Arg::Int(4))];
    let message = |content: &[u8]| refused("text", content, &context);
    assert_eq!(message(b"abcd").0, "the text has 4 tokens, and a window with what follows 5");
    assert_eq!(message(b"").0, "the file is empty");
    let (why, help) = message(b"ab\ncd\xff\n");
    assert_eq!((&*why, &*help), ("line 2 is not UTF-8 text", "read its bytes: `tokens = byte`"));
}
