"""Integers against floats: latency of one sample, and the price of quantization-aware training.

    cargo build --release
    python benches/int8.py                       # both workloads, one thread, three rounds
    python benches/int8.py w3 --rounds 5

The program of a workload (`benches/w2.dlm`, `benches/w3.dlm`) is run with a policy, `static` and `qat`,
and both networks are exported. Latency is the median time of one sample, floats in and floats out: of
dlm's float and integer networks as `dlm run` measures it, of ONNX Runtime on the float file, on the same
network quantized by ONNX Runtime's own tool (QDQ, per channel, its defaults), and on the integers that
dlm exported. Training is samples a second over the steps of the last epoch: dlm's float training and its
quantization-aware one, PyTorch's, and PyTorch's with fake quantization (`prepare_qat`, per channel).
Contestants take turns; the tables have the medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("workloads", nargs="*", default=["w2", "w3"], help="w2 w3 (all)")
PARSER.add_argument("--rounds", type=int, default=3)
PARSER.add_argument("--threads", type=int, default=1)
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PARSER.add_argument("--dlm", type=Path, default=TARGET / "release" / "dlm")
ARGS = PARSER.parse_args()
for variable in ["OMP_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = str(ARGS.threads)

import numpy as np  # noqa: E402  (after the number of threads is set)
import onnxruntime as ort  # noqa: E402
import torch  # noqa: E402
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static  # noqa: E402
from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(ARGS.threads)

# name: (artifact, data, settings of the tuning, samples that are trained on)
WORKLOADS = {
    "w2": ("Mlp", "epochs = 2   batch = 128   optimizer = sgd(lr = 0.005, momentum = 0.9)", 9000),
    "w3": ("Cnn", "epochs = 2   batch = 128   optimizer = sgd(lr = 0.005, momentum = 0.9)", 2560),
}


def run_dlm(name, folder):
    """Latencies, samples a second, and the exported files of one run."""
    artifact, tuning, _ = WORKLOADS[name]
    text = (ROOT / "benches" / f"{name}.dlm").read_text()
    text = text.replace("../examples/data", str(ROOT / "examples" / "data"))
    text += f"""
policy Static {{ method = static }}
policy Aware {{ method = qat }}
quantize {artifact} with Static on Mnist as Static8
quantize {artifact} with Aware on Mnist as Aware8 {{ {tuning} }}
export {artifact} to "float.onnx"
export Static8 to "int8.onnx"
"""
    program = folder / f"{name}.dlm"
    program.write_text(text)
    command = [ARGS.dlm, "run", program, "--json", "--threads", str(ARGS.threads)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    report = next(e["report"] for e in events if e["event"] == "quantized" and e["artifact"] == "Static8")
    rate = {}
    for e in events:
        if e["event"] == "epoch_ended":
            rate[e["artifact"]] = e["samples"] / e["seconds"]
    return report["latency"], (rate[artifact], rate["Aware8"])


class Reader(CalibrationDataReader):
    def __init__(self, name):
        shape = (1, 1, 28, 28)
        random = np.random.default_rng(0)
        self.rows = iter([{name: random.random(shape, np.float32)} for _ in range(64)])

    def get_next(self):
        return next(self.rows, None)


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = ARGS.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def latency(path):
    """The median time of one sample in ONNX Runtime."""
    net = session(path)
    name = net.get_inputs()[0].name
    x = np.random.default_rng(1).random((1, 1, 28, 28), np.float32)
    for _ in range(30):
        net.run(None, {name: x})
    times = []
    for _ in range(500):
        start = time.perf_counter()
        net.run(None, {name: x})
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def own_tool(folder):
    """The float file quantized by ONNX Runtime's tool."""
    prepared, out = folder / "prepared.onnx", folder / "tool.onnx"
    if not out.exists():
        quant_pre_process(folder / "float.onnx", prepared, skip_symbolic_shape=True)
        name = session(folder / "float.onnx").get_inputs()[0].name
        quantize_static(prepared, out, Reader(name), quant_format=QuantFormat.QDQ, per_channel=True)
    return out


def network(name):
    if name == "w2":
        layers = [nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10)]
    else:
        layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                  nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Linear(128, 10)]
    return nn.Sequential(*layers)


def pytorch(name, rounded):
    """Samples a second of PyTorch in the second epoch."""
    import torch.ao.quantization as quantization

    torch.manual_seed(0)
    count = WORKLOADS[name][2]
    x, t = torch.rand(count, 1, 28, 28), torch.randint(0, 10, (count,))
    model = network(name).train()
    if rounded:
        model = nn.Sequential(quantization.QuantStub(), *model, quantization.DeQuantStub())
        model.qconfig = quantization.get_default_qat_qconfig("x86")
        quantization.prepare_qat(model.train(), inplace=True)
    optimizer, loss = torch.optim.SGD(model.parameters(), lr=0.005, momentum=0.9), nn.CrossEntropyLoss()
    for _ in range(2):
        start = time.perf_counter()
        for rows in torch.randperm(count).split(128):
            optimizer.zero_grad()
            loss(model(x[rows]), t[rows]).backward()
            optimizer.step()
        seconds = time.perf_counter() - start
    return count / seconds


def main():
    latencies, rates = {}, {}
    for name in ARGS.workloads:
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            for _ in range(ARGS.rounds):
                (slow, fast), (plain, aware) = run_dlm(name, folder)
                figures = {
                    "dlm float": slow, "dlm int8": fast, "ORT float": latency(folder / "float.onnx"),
                    "ORT int8": latency(own_tool(folder)), "ORT, dlm's int8": latency(folder / "int8.onnx"),
                }
                speeds = {
                    "dlm": plain, "dlm qat": aware, "PyTorch": pytorch(name, False),
                    "PyTorch qat": pytorch(name, True),
                }
                for table, row in [(latencies, figures), (rates, speeds)]:
                    for key, value in row.items():
                        table.setdefault(name, {}).setdefault(key, []).append(value)
    print(f"one sample, µs (ONNX Runtime {ort.__version__}, {ARGS.threads} thread)\n")
    print("| workload | dlm float | dlm int8 | ORT float | ORT int8 | ORT, dlm's int8 | int8: dlm's float / int8 | ORT's best / dlm's int8 |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in latencies.items():
        m = {key: 1e6 * statistics.median(values) for key, values in row.items()}
        best = min(m["ORT float"], m["ORT int8"])
        cells = [f"{m[key]:.0f}" for key in ["dlm float", "dlm int8", "ORT float", "ORT int8", "ORT, dlm's int8"]]
        print(f"| {name.upper()} | {' | '.join(cells)} | {m['dlm float'] / m['dlm int8']:.2f} | {best / m['dlm int8']:.2f} |")
    print(f"\ntraining, samples/s (PyTorch {torch.__version__.split('+')[0]})\n")
    print("| workload | dlm | dlm qat | cost | PyTorch | PyTorch qat | cost | dlm qat / PyTorch qat |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in rates.items():
        m = {key: statistics.median(values) for key, values in row.items()}
        cost = [f"{100 * (m[a] / m[b] - 1):+.0f} %" for a, b in [("dlm", "dlm qat"), ("PyTorch", "PyTorch qat")]]
        print(f"| {name.upper()} | {m['dlm']:,.0f} | {m['dlm qat']:,.0f} | {cost[0]} | {m['PyTorch']:,.0f} | "
              f"{m['PyTorch qat']:,.0f} | {cost[1]} | {m['dlm qat'] / m['PyTorch qat']:.2f} |")


if __name__ == "__main__":
    main()
