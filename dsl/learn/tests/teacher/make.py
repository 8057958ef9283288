"""Makes the files of the tests of teachers: ONNX from PyTorch's two exporters, and state dicts.

    python dsl/learn/tests/teacher/make.py

Needs torch 2.15, numpy, safetensors, onnx 1.23 and onnxscript 0.7.
"""

import collections
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

FILES = pathlib.Path(__file__).parent / "files"


class Cnn(nn.Module):
    """Convolutions with batch normalisation, and a dense layer behind a flattened map."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 6, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6 * 2 * 2, 3)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(torch.relu(self.bn2(self.conv2(x))), 2)
        return self.fc(torch.flatten(x, 1))


class Loop(nn.Module):
    """A sum that the exporter writes as a loop."""

    def forward(self, x):
        for _ in range(x.shape[0]):
            x = x + 1
        return x


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 3), nn.Softmax(1))


def depthwise():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.SiLU(),
        nn.Conv2d(4, 4, 3, 1, 1, groups=4, bias=False), nn.BatchNorm2d(4), nn.ReLU6(),
        nn.Conv2d(4, 8, 1), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 3), nn.LogSoftmax(1),
    )


def settled(model):
    """The model with statistics that are not those of the start."""
    model.train()
    for _ in range(4):
        model(torch.rand(16, 1, 8, 8) * 2)
    return model.eval()


def onnx(model, x, name, dynamo, opset, free=True):
    path = FILES / f"{name}.onnx"
    if dynamo:
        shapes = ({0: torch.export.Dim("batch")},) if free else None
        torch.onnx.export(model, (x,), path, dynamo=True, opset_version=opset, verbose=False,
                          external_data=False, dynamic_shapes=shapes)
    else:
        axes = {"x": {0: "batch"}, "y": {0: "batch"}} if free else None
        torch.onnx.export(model, (x,), path, dynamo=False, opset_version=opset, input_names=["x"],
                          output_names=["y"], dynamic_axes=axes)


def main():
    FILES.mkdir(exist_ok=True)
    torch.manual_seed(0)
    x = torch.rand(3, 1, 8, 8)
    np.save(FILES / "x.npy", x.numpy())
    models = {"cnn": Cnn(), "mlp": mlp(), "depthwise": depthwise()}
    for name, model in models.items():
        settled(model)
        with torch.no_grad():
            np.save(FILES / f"{name}.npy", model(x).numpy())
    onnx(models["cnn"], x, "cnn-script-17", False, 17)
    onnx(models["cnn"], x, "cnn-dynamo-18", True, 18)
    onnx(models["cnn"], x[:1], "cnn-one", False, 17, free=False)
    onnx(models["cnn"], x[:2], "cnn-two", False, 17, free=False)
    onnx(models["mlp"], x, "mlp-script-18", False, 18)
    onnx(models["depthwise"], x, "depthwise-script-17", False, 17)
    onnx(models["depthwise"], x, "depthwise-dynamo-21", True, 21)
    onnx(torch.jit.script(Loop()), x, "loop", False, 17)

    own = models["cnn"].state_dict()
    save_file(own, FILES / "cnn.safetensors")
    torch.save(own, FILES / "cnn.pt")
    # As a training loop keeps it, from several devices, with much beside the weights.
    many = {f"module.{name}": value for name, value in own.items()}
    optimizer = torch.optim.SGD(models["cnn"].parameters(), lr=0.1, momentum=0.9)
    torch.save({"epoch": 3, "best": 0.5, "state_dict": many, "optimizer": optimizer.state_dict(),
                "name": "cnn", "done": True, "none": None}, FILES / "checkpoint.pth")
    kinds = [torch.float16, torch.bfloat16, torch.float64]
    mixed = collections.OrderedDict()
    for i, (name, value) in enumerate(own.items()):
        mixed[name] = value.to(kinds[i % 3]) if value.is_floating_point() else value
    torch.save(mixed, FILES / "mixed.pt")
    save_file(mixed, FILES / "mixed.safetensors")
    # Views: of a transposed matrix, and of one memory that two weights share; and a parameter.
    together = torch.cat([own["bn1.weight"], own["bn1.bias"]])
    views = dict(own)
    views["fc.weight"] = own["fc.weight"].t().contiguous().t()
    views["conv1.weight"] = own["conv1.weight"].to(memory_format=torch.channels_last)
    views["bn1.weight"], views["bn1.bias"] = together[:4], together[4:]
    views["fc.bias"] = nn.Parameter(own["fc.bias"])
    torch.save(views, FILES / "views.pt")
    torch.save(nn.Linear(2, 2), FILES / "module.pt")
    torch.save({"fc.weight": torch.ones(2, 2)}, FILES / "old.pt", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
