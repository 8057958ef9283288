//! Quantized networks: what is trained, what runs and what is stored are the same integers.

use crate::support::Recorder;
use dlm_base::files::NoFiles;
use dlm_check::Program;
use dlm_check::quant::{Format, Method, Quantization, Tail, Tuning, scheme};
use dlm_learn::{Options, Outcome};

fn shim(text: &str, method: Method) -> Program {
    let checked = dlm_check::check_text("a.dlm", text, &NoFiles);
    assert_eq!(checked.errors(), 0, "{:?}", checked.diags);
    let mut program = checked.program;
    let training = &program.trainings[0];
    let net = &program.networks[training.network];
    let formats = vec![Format::default(); net.layers.len()];
    let scheme = scheme(net, method, &formats);

    let again = dlm_check::check_text("a.dlm", text, &NoFiles).program.trainings.remove(0);
    program.quantizations.push(Quantization {
        artifact: "Net8".into(),
        span: training.span,
        source: training.artifact.clone(),
        training: 0,
        dataset: training.dataset,
        policy: "P".into(),
        method,
        formats,
        scheme,
        calibrate: 512,
        max_drop: None,
        tuning: (method == Method::Qat)
            .then_some(Tuning { training: again, freeze_ranges: Tail::Share(0.33) }),
    });
    program
}

fn quantized(text: &str, method: Method) -> Outcome {
    let program = shim(text, method);
    let mut world = Recorder::default();
    dlm_learn::run(&program, &NoFiles, &Options::default(), &mut world).unwrap()
}

const CNN: &str = r#"
use std.vision: ResidualBlock
data Digits { source = builtin("digits") }
model Net(image: [1, 8, 8]) {
    image -> conv(16, 3, bias = false) -> batch_norm -> relu -> depthwise_conv(3) -> relu6 -> ResidualBlock(32, stride = 2)
        -> max_pool(2) -> dropout(0.1) -> flatten -> dense(32) -> relu -> dense(10)
}
train Net on Digits { epochs = 4 optimizer = adamw(lr = 3e-3) }
"#;

#[test]
fn all_methods_on_a_net_with_everything() {
    for method in [Method::Static, Method::Dynamic, Method::Qat] {
        let outcome = quantized(CNN, method);
        for artifact in &outcome.artifacts {
            let test = &artifact.scores[&dlm_check::program::Split::Test];
            println!("{method:?} {} {:?} {}", artifact.artifact, test.accuracy, artifact.size);
            if let Some(q) = &artifact.quantized {
                println!("{:?} {:?} {:?}", q.report.differing, q.report.agreement, q.warnings);
                for l in &q.report.layers {
                    println!("  {l:?}");
                }
            }
        }
    }
}
