//! Prints the page of an invented run of three artifacts, so that it can be looked at:
//!
//!     cargo run -p dlm-report --example sample > report.html

use dlm_report::page::*;
use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(dlm_report::html(&page()).as_bytes())
}

/// The page, for the tests as well.
pub(crate) fn page() -> Page {
    Page {
        program: Program {
            name: "teacher-student-int8".into(),
            file: "examples/teacher-student-int8.dlm".into(),
            text: include_str!("../../../examples/teacher-student-int8.dlm").into(),
            diagnostics: vec![Diagnostic {
                severity: Severity::Warning,
                code: "W1009".into(),
                message: "`keep` has no effect: it is empty".into(),
                help: Some("leave `keep` out".into()),
                line: 45,
                column: 5,
                width: 18,
            }],
        },
        run: Run {
            date: "2026-11-30 19:40".into(),
            seconds: Some(48.3),
            seeds: vec![1],
            version: "0.1.0".into(),
            cpu: "AMD EPYC 9B14".into(),
            features: ["avx2", "fma", "avx512f", "avx512vnni"].map(String::from).to_vec(),
            threads: Some(2),
            folder: "runs/teacher-student-int8".into(),
        },
        datasets: vec![Dataset {
            name: "Digits".into(),
            source: "builtin(\"digits\")".into(),
            samples: [1_258, 180, 359],
            hash: "9f2c5e7a41d0b386".into(),
        }],
        artifacts: vec![teacher(), student(), student8()],
        expectations: vec![
            expectation("Student8.accuracy >= 93%", true, Unit::Share, 0.9582, 0.93),
            expectation(
                "Student8.accuracy >= Student.accuracy - 1%",
                true,
                Unit::Share,
                0.9582,
                0.951,
            ),
            expectation("Student8.size     <= 2 KiB", false, Unit::Bytes, 2_226.0, 2_048.0),
        ],
        warnings: vec![Warning {
            artifact: "Student8".into(),
            code: "W1013".into(),
            message: "`head` has 2 channels whose weights are all 0; their scale is 1".into(),
        }],
    }
}

fn expectation(text: &str, held: bool, unit: Unit, left: f64, right: f64) -> Expectation {
    Expectation { text: text.into(), held, unit, left: left.into(), right: right.into() }
}

fn teacher() -> Artifact {
    let layer = |path: &str, operator: &str, shape: &[usize], params, macs| Layer {
        path: path.into(),
        operator: operator.into(),
        shape: shape.to_vec(),
        params,
        macs,
        bytes: 4 * params,
        quantized_bytes: None,
        runs: if operator.starts_with("batch_norm") { "folded" } else { "float" }.into(),
    };
    let maps = [32, 8, 8];
    Artifact {
        name: "Teacher".into(),
        model: "Teacher".into(),
        dataset: "Digits".into(),
        params: Some(103_402),
        macs: Some(2_447_616),
        size: Some(413_608),
        memory: Some(16_384),
        latency: 89e-6.into(),
        seconds: 31.4.into(),
        scores: scores(0.0612, 0.9861, 1.0),
        curves: vec![curve(20, 17, [2.1, 0.33, 0.36], 0.985, |t| {
            1e-3 * if t < 0.05 { t / 0.05 } else { 0.5 + 0.5 * (std::f64::consts::PI * t).cos() }
        })],
        confusion: confusion(5),
        mistakes: mistakes(5, 3),
        layers: vec![
            layer("stem", "conv(32, 3, bias = false)", &maps, 288, 18_432),
            layer("batch_norm1", "batch_norm", &maps, 64, 2_048),
            layer("relu1", "relu", &maps, 0, 0),
            layer("stage[1].conv1", "conv(32, 3, bias = false)", &maps, 9_216, 589_824),
            layer("stage[1].batch_norm1", "batch_norm", &maps, 64, 2_048),
            layer("stage[1].conv2", "conv(32, 3, bias = false)", &maps, 9_216, 589_824),
            layer("stage[1].batch_norm2", "batch_norm", &maps, 64, 2_048),
            layer("stage[2].conv1", "conv(32, 3, bias = false)", &maps, 9_216, 589_824),
            layer("stage[2].conv2", "conv(32, 3, bias = false)", &maps, 9_216, 589_824),
            layer("max_pool1", "max_pool(2)", &[32, 4, 4], 0, 0),
            layer("flatten1", "flatten", &[512], 0, 0),
            layer("dense1", "dense(128)", &[128], 65_664, 65_536),
            layer("dropout1", "dropout(0.3)", &[128], 0, 0),
            layer("head", "dense(10)", &[10], 1_290, 1_280),
        ],
        ..Artifact::default()
    }
}

fn student() -> Artifact {
    Artifact {
        name: "Student".into(),
        kind: Kind::Distilled,
        source: "Teacher".into(),
        model: "Student".into(),
        dataset: "Digits".into(),
        params: Some(1_810),
        macs: Some(1_776),
        size: Some(7_240),
        memory: Some(352),
        latency: 2.4e-6.into(),
        seconds: 14.9.into(),
        scores: scores(0.1437, 0.961, 0.9972),
        agreement: 0.9666.into(),
        curves: vec![curve(60, 52, [2.3, 0.08, 0.14], 0.962, |_| 2e-3)],
        confusion: confusion(14),
        mistakes: mistakes(14, 7),
        layers: small(false),
        teachers: vec![Taught {
            teacher: "Teacher".into(),
            weight: Some(1.0),
            split: "test".into(),
            teacher_accuracy: 0.9861.into(),
            student_accuracy: 0.961.into(),
            agreement: 0.9666.into(),
            kl: 0.0912.into(),
            error_overlap: 0.2667.into(),
        }],
        ..Artifact::default()
    }
}

fn student8() -> Artifact {
    let step =
        |path: &str, with: &[&str], weights: &str, range: [f64; 2], sqnr, alone, rank| Damage {
            path: path.into(),
            with: with.iter().map(|path| path.to_string()).collect(),
            weights: weights.into(),
            runs: "integers".into(),
            low: Some(range[0]),
            high: Some(range[1]),
            clipped: Some(0.0001),
            sqnr: Some(sqnr),
            alone,
            rank,
            ..Damage::default()
        };
    Artifact {
        name: "Student8".into(),
        kind: Kind::Quantized,
        source: "Student".into(),
        model: "Student".into(),
        dataset: "Digits".into(),
        params: Some(1_810),
        macs: Some(1_776),
        size: Some(2_226),
        memory: Some(98),
        latency: 1.1e-6.into(),
        seconds: 0.21.into(),
        scores: scores(0.1461, 0.9582, 0.9972),
        agreement: 0.9944.into(),
        confusion: confusion(15),
        mistakes: mistakes(15, 11),
        layers: small(true),
        quantization: Some(Quantization {
            policy: "Edge".into(),
            method: "static".into(),
            before: Cost { size: Some(7_240), latency: 2.4e-6.into() },
            after: Cost { size: Some(2_226), latency: 1.1e-6.into() },
            layers: vec![
                step("image", &[], "", [0.0, 1.0], 56.5, None, None),
                Damage {
                    sqnr: Some(56.5),
                    ..step("flatten1", &[], "", [0.0, 1.0], 56.5, None, None)
                },
                step(
                    "dense1",
                    &["relu1"],
                    "int8 per channel",
                    [0.0, 7.41],
                    41.8,
                    Some(42.6),
                    Some(2),
                ),
                Damage {
                    line: Some(
                        "override head { weights = int8(per = channel, range = mse) }".into(),
                    ),
                    with_line: Some(40.2),
                    ..step(
                        "head",
                        &[],
                        "int8 per channel",
                        [-18.22, 13.9],
                        36.1,
                        Some(37.4),
                        Some(1),
                    )
                },
            ],
            given_back: Vec::new(),
            differing: Some([0, 3_590]),
        }),
        ..Artifact::default()
    }
}

fn small(quantized: bool) -> Vec<Layer> {
    let layer = |path: &str, operator: &str, sizes: usize, params: u64, macs, runs: &str| Layer {
        path: path.into(),
        operator: operator.into(),
        shape: vec![sizes],
        params,
        macs,
        bytes: 4 * params,
        quantized_bytes: quantized.then_some(if params == 0 {
            0
        } else {
            params + 4 * sizes as u64
        }),
        runs: if quantized { runs } else { "float" }.into(),
    };
    vec![
        layer("flatten1", "flatten", 64, 0, 0, "integers"),
        layer("dense1", "dense(24)", 24, 1_560, 1_536, "integers"),
        layer("relu1", "relu", 24, 0, 0, "in dense1"),
        layer("head", "dense(10)", 10, 250, 240, "integers"),
    ]
}

fn scores(loss: f64, accuracy: f64, top5: f64) -> Scores {
    Scores {
        split: "test".into(),
        samples: 359,
        loss: loss.into(),
        accuracy: accuracy.into(),
        top5: top5.into(),
        ..Scores::default()
    }
}

/// Losses fall from the first number to the others, for training and validation.
fn curve(epochs: u64, best: u64, loss: [f64; 3], accuracy: f64, lr: fn(f64) -> f64) -> Curve {
    let [first, train, valid] = loss;
    let mut dice = Dice(7);
    let epochs = (1..=epochs)
        .map(|epoch| {
            let t = epoch as f64 / epochs as f64;
            let left = (-7.0 * t).exp();
            let late = (epoch.saturating_sub(best)) as f64 * 0.004;
            let noise = 1.0 + 0.06 * (dice.share() - 0.5);
            Epoch {
                epoch,
                train_loss: Some(train + (first - train) * left),
                valid_loss: Some((valid + (first - valid) * 0.8 * left + late) * noise),
                valid_accuracy: Some(accuracy - 0.55 * left - 0.01 * dice.share()),
                valid_r2: None,
                lr: Some(lr(t)),
            }
        })
        .collect();
    Curve { epochs, best: Some(best), stopped: None }
}

/// Pairs of digits that look alike: right class, answer.
const ALIKE: [(usize, usize); 8] = [(8, 1), (9, 3), (3, 9), (4, 9), (5, 9), (7, 4), (8, 2), (1, 8)];

fn confusion(wrong: usize) -> Confusion {
    let counts = [36, 36, 35, 37, 36, 37, 36, 36, 35, 35];
    let mut counts: Vec<Vec<u64>> =
        (0..10).map(|i| (0..10).map(|j| if i == j { counts[i] } else { 0 }).collect()).collect();
    for i in 0..wrong {
        let (right, answer) = ALIKE[(i * i) % ALIKE.len()];
        counts[right][right] -= 1;
        counts[right][answer] += 1;
    }
    let classes = (0..10).map(|class| class.to_string()).collect();
    Confusion { split: "test".into(), classes, counts }
}

fn mistakes(wrong: usize, seed: u32) -> Mistakes {
    let mut dice = Dice(seed);
    let shown = (0..wrong)
        .map(|i| {
            let (right, answer) = ALIKE[(i * i) % ALIKE.len()];
            Mistake {
                sample: 17 + 23 * i as u64,
                right: right.to_string(),
                answer: answer.to_string(),
                probability: Some(0.99 - 0.6 * i as f64 / wrong as f64),
                picture: Some(digit(right, &mut dice)),
                values: Vec::new(),
            }
        })
        .collect();
    Mistakes { split: "test".into(), wrong: Some(wrong as u64), features: Vec::new(), shown }
}

/// An 8×8 picture of a digit, badly written.
fn digit(class: usize, dice: &mut Dice) -> Picture {
    const ROWS: [[u8; 7]; 10] = [
        [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
        [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
        [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
        [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110],
        [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
        [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
        [0b01110, 0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
        [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
        [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
        [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00001, 0b01110],
    ];
    let mut pixels = vec![0; 64];
    for (y, row) in ROWS[class].iter().enumerate() {
        for x in 0..5 {
            if row >> (4 - x) & 1 == 1 {
                let at = y * 8 + x + 1;
                let ink = (255.0 * (0.35 + 0.65 * dice.share())) as u8;
                pixels[at] = ink.max(pixels[at]);
                pixels[at + 1] = (f64::from(ink) * 0.5 * dice.share()) as u8;
            }
        }
    }
    Picture { width: 8, height: 8, channels: 1, pixels }
}

/// Numbers that look like chance, the same ones each time.
struct Dice(u32);

impl Dice {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / f64::from(1 << 24)
    }
}
