//! Prints the page of an invented run in which all is unusual: several seeds, a closed teacher, a regression
//! beside classes, forty classes, a training that failed, pictures in colour and broken ones.
//!
//!     cargo run -p dlm-report --example odd > report.html

use dlm_report::page::*;
use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(dlm_report::html(&page()).as_bytes())
}

/// The page, for the tests as well.
pub(crate) fn page() -> Page {
    Page {
        program: Program {
            name: "everything that is unusual, under a long name".into(),
            file: "experiments/odd.dlm".into(),
            text: "use std.mlp: Mlp\n\nload \"a.onnx\" as Oracle\n\ttrain = \"not closed\n".into(),
            diagnostics: vec![
                Diagnostic {
                    severity: Severity::Error,
                    code: "E0101".into(),
                    message: "this string is not closed".into(),
                    help: None,
                    line: 4,
                    column: 10,
                    width: 99,
                },
                Diagnostic {
                    code: "W1016".into(),
                    message: "of another file".into(),
                    ..Diagnostic::default()
                },
            ],
        },
        run: Run { seeds: vec![1, 2, 3], version: "0.1.0".into(), ..Run::default() },
        datasets: vec![
            Dataset { name: "Signs".into(), samples: [39_209, 0, 12_630], ..Dataset::default() },
            Dataset {
                name: "Houses".into(),
                samples: [14_448, 2_064, 4_128],
                ..Dataset::default()
            },
        ],
        artifacts: vec![oracle(), taught(), price(), failed(), empty()],
        expectations: vec![Expectation {
            text: "Taught.accuracy\n  >= 90%".into(),
            held: true,
            unit: Unit::Share,
            left: Metric(vec![0.951, 0.955, 0.949]),
            right: 0.9.into(),
        }],
        warnings: Vec::new(),
    }
}

/// A closed teacher: only answers are known.
fn oracle() -> Artifact {
    Artifact {
        name: "Oracle".into(),
        kind: Kind::Loaded,
        state: State::UpToDate,
        source: "a.onnx".into(),
        dataset: "Signs".into(),
        size: Some(26_454_321),
        scores: Scores {
            split: "test".into(),
            samples: 12_630,
            loss: 0.05.into(),
            accuracy: 0.984.into(),
            ..Scores::default()
        },
        ..Artifact::default()
    }
}

/// Forty classes in three seeds, the second of which was stopped.
fn taught() -> Artifact {
    let epochs = |n: u64, worse: f64| {
        (1..=n).map(move |epoch| Epoch {
            epoch,
            train_loss: Some(worse * 3.5 * (-0.5 * epoch as f64).exp()),
            valid_loss: Some(worse * 3.6 * (-0.45 * epoch as f64).exp() + 0.01),
            valid_accuracy: Some(0.96 - worse * 0.9 * (-0.4 * epoch as f64).exp()),
            lr: Some(1e-3),
            ..Epoch::default()
        })
    };
    let curve = |n, worse, stopped: Option<&str>| Curve {
        epochs: epochs(n, worse).collect(),
        best: Some(n),
        stopped: stopped.map(String::from),
    };
    let counts = (0..40u64)
        .map(|i| {
            (0..40u64).map(|j| if i == j { 300 } else { (i * 7 + j * 3) % 41 / 38 * i }).collect()
        })
        .collect();
    let color = Picture {
        width: 128,
        height: 128,
        channels: 3,
        pixels: (0..128 * 128)
            .flat_map(|i| [(i % 128 * 2) as u8, (i / 128 * 2) as u8, 90])
            .collect(),
    };
    let broken = Picture { width: 9, ..color.clone() };
    let mistake = |picture| Mistake {
        sample: 12,
        right: "no passing for vehicles over 3.5 tons".into(),
        answer: "end of no passing".into(),
        probability: Some(0.71),
        picture,
        values: Vec::new(),
    };
    Artifact {
        name: "Taught".into(),
        kind: Kind::Distilled,
        state: State::Resumed,
        source: "Oracle and a teacher with a very long name".into(),
        model: "Small(width = 16)".into(),
        dataset: "Signs".into(),
        params: Some(1_204_331),
        size: Some(4_817_324),
        latency: Metric(vec![1.1e-4, 1.3e-4, 1.2e-4]),
        seconds: Metric(vec![301.0, 180.0, 322.0]),
        scores: Scores {
            split: "test".into(),
            samples: 12_630,
            loss: Metric(vec![0.21, 0.2, 0.23]),
            accuracy: Metric(vec![0.951, 0.955, 0.949]),
            top5: Metric(vec![0.998, 0.999, 0.997]),
            ..Scores::default()
        },
        curves: vec![
            curve(12, 1.0, None),
            curve(8, 1.3, Some("stopped early")),
            curve(12, 0.8, None),
        ],
        confusion: Confusion {
            split: "test".into(),
            classes: (0..30).map(|class| format!("sign {class}")).collect(),
            counts,
        },
        mistakes: Mistakes {
            split: "test".into(),
            wrong: Some(619),
            features: Vec::new(),
            shown: vec![mistake(Some(color)), mistake(Some(broken)), mistake(None)],
        },
        teachers: vec![Taught {
            teacher: "Oracle".into(),
            weight: Some(0.667),
            split: "train".into(),
            agreement: Metric(vec![0.96, 0.97, 0.96]),
            ..Taught::default()
        }],
        ..Artifact::default()
    }
}

/// A regression on a table.
fn price() -> Artifact {
    let row = |sample, right: &str, answer: &str, values: [&str; 3]| Mistake {
        sample,
        right: right.into(),
        answer: answer.into(),
        values: values.map(String::from).to_vec(),
        ..Mistake::default()
    };
    let epoch = |epoch: u64| Epoch {
        epoch,
        train_loss: Some(1.0 / epoch as f64),
        valid_r2: Some(0.8 - 0.9 / epoch as f64),
        lr: Some(3e-3 / epoch as f64),
        ..Epoch::default()
    };
    Artifact {
        name: "Price".into(),
        model: "Price".into(),
        dataset: "Houses".into(),
        params: Some(5_121),
        size: Some(20_484),
        scores: Scores {
            split: "test".into(),
            samples: 4_128,
            loss: 0.12.into(),
            mae: 40_312.5.into(),
            r2: 0.7813.into(),
            ..Scores::default()
        },
        curves: vec![Curve { epochs: (1..=30).map(epoch).collect(), best: None, stopped: None }],
        mistakes: Mistakes {
            split: "test".into(),
            wrong: None,
            features: ["longitude", "ocean proximity", "median income"].map(String::from).to_vec(),
            shown: vec![
                row(2_103, "500,001", "121,440", ["−118.31", "<1H OCEAN", "1.24"]),
                row(77, "500,001", "140,020", ["−117.9", "INLAND", "2.01"]),
            ],
        },
        ..Artifact::default()
    }
}

/// A training whose loss went to nowhere, rounded all the same.
fn failed() -> Artifact {
    let epoch = |epoch, loss| Epoch {
        epoch,
        train_loss: Some(loss),
        valid_loss: Some(f64::NAN),
        ..Epoch::default()
    };
    let not = |path: &str| Damage {
        path: path.into(),
        runs: "float".into(),
        why: "its input is no grid".into(),
        low: Some(f64::NEG_INFINITY),
        high: Some(f64::NAN),
        clipped: Some(f64::NAN),
        sqnr: Some(f64::INFINITY),
        ..Damage::default()
    };
    Artifact {
        name: "Failed".into(),
        kind: Kind::Quantized,
        source: "Price".into(),
        size: Some(0),
        latency: f64::INFINITY.into(),
        scores: Scores { loss: f64::NAN.into(), r2: f64::NEG_INFINITY.into(), ..Scores::default() },
        curves: vec![Curve {
            epochs: vec![epoch(1, 3.0), epoch(2, f64::INFINITY), epoch(3, f64::NAN)],
            best: Some(7),
            stopped: Some("the loss became NaN".into()),
        }],
        quantization: Some(Quantization {
            before: Cost { size: Some(20_484), latency: 1e-5.into() },
            after: Cost { size: Some(0), latency: f64::INFINITY.into() },
            layers: vec![not("dense1"), not("dense2")],
            given_back: vec!["dense1".into(), "dense2".into()],
            ..Quantization::default()
        }),
        ..Artifact::default()
    }
}

/// Nothing but a name.
fn empty() -> Artifact {
    Artifact { name: "Empty".into(), ..Artifact::default() }
}
