"""Compares the speed of training with PyTorch's, in turn in one run, on the same shapes, loss, optimiser and data.

    cargo build --release
    python benches/compare.py                       # all workloads, one thread, three rounds
    python benches/compare.py w3 --threads 2 --rounds 5

A figure is samples a second over the steps of training alone: picking the samples of a batch in
shuffled order, forward, backward, update. Reading data, evaluation and the first epoch, which warms up
both sides, are not in it. Each round measures every contestant once; the table has the medians. dlm's
figures are those of its own events (`dlm run --json`), PyTorch's are taken around the same steps.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MNIST = ROOT / "examples" / "data" / "mnist"
PLAYS = ROOT / "examples" / "data" / "tinyshakespeare.txt"


WORKLOAD_NAMES = ["w1", "w2", "w3", "w6", "w7", "w7a"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", default=list(WORKLOAD_NAMES), help=" ".join(WORKLOAD_NAMES) + " (all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--dlm", type=Path, default=target / "release" / "dlm")
    return parser.parse_args()


ARGS = arguments()
for variable in ["OMP_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = str(ARGS.threads)

import numpy as np  # noqa: E402  (after the number of threads is set)
import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(ARGS.threads)


def idx(name, skip):
    data = np.frombuffer(gzip.open(MNIST / name).read(), np.uint8)[skip:]
    return torch.tensor(data)


def mnist(count):
    images = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:count].float() / 255
    return images, idx("train-labels-idx1-ubyte.gz", 8)[:count].long()


def digits():
    from sklearn.datasets import load_digits

    data = load_digits()
    count = 1294
    images = torch.tensor(data.images[:count], dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    return images, torch.tensor(data.target[:count])


def plays():
    text = PLAYS.read_text()
    place = {c: i for i, c in enumerate(sorted(set(text)))}
    tokens = torch.tensor([place[c] for c in text[: 640 * 64 + 1]])
    return tokens[:-1].reshape(640, 64), tokens[1:].reshape(640, 64)


class Writer(nn.Module):
    """A causal transformer of 4 blocks with 128 features and 4 heads on 64 characters."""

    def __init__(self):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(65, 128), nn.Parameter(torch.randn(64, 128) * 0.02)
        block = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 4, nn.LayerNorm(128), enable_nested_tensor=False)
        self.head = nn.Linear(128, 65)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(64))

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions
        return self.head(self.blocks(x, mask=self.mask, is_causal=True)).flatten(0, 1)


def mlp(*sizes):
    layers = [nn.Flatten()]
    for ins, outs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(ins, outs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Linear(128, 10))


def student():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(16 * 5 * 5, 10))


def sgd(p):
    return torch.optim.SGD(p, lr=0.05, momentum=0.9)


def adam(p):
    return torch.optim.Adam(p, lr=1e-3)


# name: (model, data, optimiser, batch, epochs that are measured, whether it has feature maps)
WORKLOADS = {
    "w1": (lambda: mlp(64, 128, 64, 10), digits, adam, 32, 10, False),
    "w2": (lambda: mlp(784, 512, 256, 10), lambda: mnist(9000), sgd, 128, 4, False),
    "w3": (cnn, lambda: mnist(2560), sgd, 128, 1, True),
    "w6": (Writer, plays, lambda p: torch.optim.AdamW(p, lr=1e-3), 32, 2, False),
    "w7": (student, lambda: mnist(2560), sgd, 128, 2, True),
    "w7a": (student, lambda: mnist(2560), sgd, 128, 2, True),
}


def distill(name, channels_last):
    """Samples a second of a distillation in PyTorch, after one epoch of warming up: teacher and student see one batch."""
    torch.manual_seed(0)
    x, t = mnist(2560)
    models = [cnn().eval().requires_grad_(False), student()]
    if channels_last:
        x, models = x.to(memory_format=torch.channels_last), [m.to(memory_format=torch.channels_last) for m in models]
    teacher, model = models
    optimizer, hard, kl = sgd(model.parameters()), nn.CrossEntropyLoss(), nn.KLDivLoss(reduction="batchmean")
    samples = seconds = 0
    for epoch in range(3):
        start = time.perf_counter()
        for rows in torch.randperm(len(x)).split(128):
            batch = x[rows]
            if name == "w7a":
                flipped = torch.rand(len(rows)) < 0.5
                batch[flipped] = batch[flipped].flip(-1)
            optimizer.zero_grad()
            with torch.no_grad():
                theirs = nn.functional.softmax(teacher(batch) / 4, 1)
            own = model(batch)
            soft = kl(nn.functional.log_softmax(own / 4, 1), theirs) * 16
            (0.9 * soft + 0.1 * hard(own, t[rows])).backward()
            optimizer.step()
        if epoch > 0:
            samples, seconds = samples + len(x), seconds + time.perf_counter() - start
    return samples / seconds


def pytorch(name, channels_last):
    """Samples a second of PyTorch, after one epoch of warming up."""
    if name.startswith("w7"):
        return distill(name, channels_last)
    make, data, optimiser, batch, epochs, _ = WORKLOADS[name]
    torch.manual_seed(0)
    x, t = data()
    model = make()
    if channels_last:
        x, model = x.to(memory_format=torch.channels_last), model.to(memory_format=torch.channels_last)
    optimizer, loss = optimiser(model.parameters()), nn.CrossEntropyLoss()
    samples = seconds = 0
    for epoch in range(1 + epochs):
        start = time.perf_counter()
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            loss(model(x[rows]), t[rows].flatten()).backward()
            optimizer.step()
        if epoch > 0:
            samples, seconds = samples + len(x), seconds + time.perf_counter() - start
    return samples / seconds


def dlm(name):
    """Samples a second of dlm, without the first epoch."""
    with tempfile.TemporaryDirectory() as out:
        command = [ARGS.dlm, "run", ROOT / "benches" / f"{name}.dlm", "--json", "--out", out,
                   "--threads", str(ARGS.threads)]
        result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    epochs = [e for e in events if e.get("event") == "epoch_ended"]
    epochs = [e for e in epochs if e["artifact"] == epochs[-1]["artifact"]][1:]
    return sum(e["samples"] for e in epochs) / sum(e["seconds"] for e in epochs)


def main():
    print(f"| workload | dlm, samples/s | PyTorch {torch.__version__.split('+')[0]} | channels last | ratio to the better |")
    print("|---|---|---|---|---|")
    for name in ARGS.workloads:
        contestants = {"dlm": lambda: dlm(name), "eager": lambda: pytorch(name, False)}
        if WORKLOADS[name][-1]:
            contestants["channels last"] = lambda: pytorch(name, True)
        figures = {key: [] for key in contestants}
        for _ in range(ARGS.rounds):
            for key, measure in contestants.items():
                figures[key].append(measure())
        median = {key: statistics.median(values) for key, values in figures.items()}
        best = max(value for key, value in median.items() if key != "dlm")
        last = f"{median['channels last']:,.0f}" if "channels last" in median else ""
        print(f"| {name.upper()} | {median['dlm']:,.0f} | {median['eager']:,.0f} | {last} | {median['dlm'] / best:.2f} |",
              flush=True)


if __name__ == "__main__":
    main()
