"""The losses of LeNet's first ten steps in PyTorch, in float64, with SGD with momentum and with Adam.

The images are the first 160 of MNIST's training set, 16 a step in their own order. The weights start
from a formula that both sides compute, so that no file has to hold them: `weight(layer, i)` below.

    python tests/oracle/lenet.py FOLDER     # FOLDER holds MNIST's training files, gzipped
                                            # writes lenet.json, lenet-images.gz and lenet-labels.gz
"""

import gzip
import json
import struct
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from common import HERE

BATCH, STEPS = 16, 10
LAYERS = [("conv1", (6, 1, 5, 5)), ("conv2", (16, 6, 5, 5)), ("dense1", (120, 400)), ("dense2", (84, 120)),
          ("dense3", (10, 84))]


def weight(layer, i):
    """A number in [-1, 1) that looks random: a hash of the layer's number and the place."""
    h = (i + 100_000 * layer + 1) * 2654435761 % 2**32
    h ^= h >> 16
    h = h * 2246822519 % 2**32
    h ^= h >> 13
    return h / 2**31 - 1


def parameters():
    """Weights within sqrt(6 / inputs of a unit), biases 0."""
    tensors = []
    for number, (_, shape) in enumerate(LAYERS):
        count = int(torch.tensor(shape).prod())
        bound = (6 * shape[0] / count) ** 0.5
        values = torch.tensor([bound * weight(number, i) for i in range(count)], dtype=torch.float64)
        values = values.to(torch.float32).to(torch.float64).reshape(shape)
        tensors += [values.requires_grad_(), torch.zeros(shape[0], dtype=torch.float64, requires_grad=True)]
    return tensors


def forward(p, x):
    x = F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1], padding=2)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, p[2], p[3])), 2)
    x = F.relu(F.linear(x.flatten(1), p[4], p[5]))
    return F.linear(F.relu(F.linear(x, p[6], p[7])), p[8], p[9])


def losses(optimizer, x, t):
    p = parameters()
    optimizer = optimizer(p)
    result = []
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(p, x[rows]), t[rows])
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return result


def main(folder):
    count = BATCH * STEPS
    images = gzip.open(folder / "train-images-idx3-ubyte.gz").read()[16:16 + 784 * count]
    labels = gzip.open(folder / "train-labels-idx1-ubyte.gz").read()[8:8 + count]
    files = [("lenet-images.gz", struct.pack(">iiii", 2051, count, 28, 28) + images),
             ("lenet-labels.gz", struct.pack(">ii", 2049, count) + labels)]
    for name, content in files:
        (HERE / name).write_bytes(gzip.compress(content, 9, mtime=0))
    x = torch.tensor(list(images), dtype=torch.float64).reshape(count, 1, 28, 28) / 255
    t = torch.tensor(list(labels))
    runs = {
        "sgd(lr = 0.05, momentum = 0.9)": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
        "adam(lr = 3e-3)": lambda p: torch.optim.Adam(p, lr=3e-3),
    }
    result = {
        "model": ["conv(6, 5)", "relu", "max_pool(2)", "conv(16, 5, padding = valid)", "relu", "max_pool(2)",
                  "flatten", "dense(120)", "relu", "dense(84)", "relu", "dense(10)"],
        "batch": BATCH,
        "losses": {name: losses(make, x, t) for name, make in runs.items()},
    }
    (HERE / "lenet.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result["losses"], indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
