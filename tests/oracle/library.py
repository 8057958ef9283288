"""Answers of small forms of the library's networks, computed by torchvision's in float64.

A case is a program with a model `M`, the sizes of its weights in its order, the shape of its input and what
PyTorch answers. Weights and inputs come from a formula that both sides compute, so that no file has to hold
them: `hashed(…)` and `fill(…)` below.

    python tests/oracle/library.py        # writes tests/oracle/library.json
"""

import torch
from common import exact, pack, write
from torchvision.models import convnext, mobilenetv2, resnet

CASES = []
INPUT = 9_999


def hashed(number, count):
    """Numbers in [-1, 1) that look random: a hash of the tensor's number and the place."""
    h = (torch.arange(count, dtype=torch.int64) + 100_000 * number + 1) * 2654435761 % 2**32
    h ^= h >> 16
    h = h * 2246822519 % 2**32
    h ^= h >> 13
    return h.to(torch.float64) / 2**31 - 1


def fill(number, name, shape):
    """Products have weights within sqrt(3 / inputs of a unit), running variances are around 1, all else
    around a half."""
    count = int(torch.tensor(shape).prod())
    u = hashed(number, count)
    if name == "running_var":
        u = 1 + 0.5 * u
    elif name == "weight" and len(shape) > 1 and count > shape[0]:
        u = u * (3 * shape[0] / count) ** 0.5
    else:
        u = 0.5 + u
    return exact(u).reshape(shape)


def case(program, model, names, shape):
    """Adds a case: `names` are the tensors of `model` in dlm's order."""
    model = model.to(torch.float64).eval()
    state = model.state_dict()
    assert sorted(names) == sorted(n for n in state if not n.endswith("num_batches_tracked")), program
    for number, name in enumerate(names):
        state[name].copy_(fill(number, name.split(".")[-1], state[name].shape))
    x = exact(2 * hashed(INPUT, int(torch.tensor(shape).prod()))).reshape(shape)
    CASES.append({
        "program": program,
        "counts": [state[name].numel() for name in names],
        "x": shape,
        "y": pack(model(x)),
    })


def tensors(model):
    """The names of a model's tensors in its own order."""
    return [name for name in model.state_dict() if not name.endswith("num_batches_tracked")]


def vision():
    use = lambda name, call, shape: f"use std.vision: {name}\nmodel M(image: {shape}) {{ image -> {call} }}\n"
    net = resnet.ResNet(resnet.BasicBlock, [2, 1, 1, 1], num_classes=5)
    case(use("ResNet", "ResNet(5, depths = [2, 1, 1, 1])", [3, 40, 32]), net, tensors(net), (2, 3, 40, 32))
    net = resnet.ResNet(resnet.Bottleneck, [1, 2, 1, 1], num_classes=4)
    case(use("ResNet", "ResNet(4, depths = [1, 2, 1, 1], bottleneck = true)", [3, 32, 32]), net, tensors(net),
         (1, 3, 32, 32))
    net = mobilenetv2.MobileNetV2(num_classes=7, width_mult=0.35)
    case(use("MobileNetV2", "MobileNetV2(7, width = 0.35)", [3, 40, 32]), net, tensors(net), (2, 3, 40, 32))
    setting = convnext.CNBlockConfig
    net = convnext.ConvNeXt([setting(16, 32, 2), setting(32, 64, 1), setting(64, None, 1)], num_classes=6)
    # There the factors of the channels stand before the block that they end.
    block = lambda name: name.rsplit(".block.", 1)[0].removesuffix(".layer_scale")
    names = tensors(net)
    last = {block(name): place for place, name in enumerate(names)}
    names.sort(key=lambda name: last[block(name)] + name.endswith("layer_scale") / 2)
    case(use("ConvNeXt", "ConvNeXt(6, depths = [2, 1, 1], width = 16)", [3, 36, 32]), net, names, (2, 3, 36, 32))


if __name__ == "__main__":
    with torch.no_grad():
        vision()
    write("library.json", CASES)
