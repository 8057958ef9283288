"""Answers of small forms of the library's networks and layers, computed by PyTorch's in float64.

A case is a program with a model `M`, the sizes of its weights in its order, the shape of its input and what
PyTorch answers. Weights and inputs come from a formula that both sides compute, so that no file has to hold
them: `hashed(…)` and `fill(…)` below.

    python tests/oracle/library.py        # writes tests/oracle/library.json
"""

import torch
import torch.nn.functional as F
from common import exact, pack, write
from torch import nn
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
    elif len(shape) > 1 and count > shape[0]:
        u = u * (3 * shape[0] / count) ** 0.5
    else:
        u = 0.5 + u
    return exact(u).reshape(shape)


def case(program, model, names, shape, run=lambda model, x: model(x)):
    """Adds a case: `names` are the tensors of `model` in dlm's order, `run` its answer."""
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
        "y": pack(run(model, x)),
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


class TemporalConvBlock(nn.Module):
    """The block of Bai et al. without weight normalisation."""

    def __init__(self, ins, outs, kernel, dilation):
        super().__init__()
        self.before = dilation * (kernel - 1)
        self.conv1 = nn.Conv1d(ins, outs, kernel, dilation=dilation)
        self.conv2 = nn.Conv1d(outs, outs, kernel, dilation=dilation)
        self.skip = nn.Conv1d(ins, outs, 1)

    def forward(self, x):
        causal = lambda conv, x: F.relu(conv(F.pad(x, (self.before, 0))))
        return F.relu(causal(self.conv2, causal(self.conv1, x)) + self.skip(x))


def sequences():
    def use(name, flow, shape):
        return f"use std.sequence: {name}\nmodel M(x: {shape}) {{ {flow} }}\n"

    parts = {
        "norm1": ["norm1.weight", "norm1.bias"],
        "norm2": ["norm2.weight", "norm2.bias"],
        "norm3": ["norm3.weight", "norm3.bias"],
        "feed": ["linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"],
    }
    for name in ["self_attn", "multihead_attn"]:
        rest = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
        parts[name] = [f"{name}.{part}" for part in rest]
    names = lambda *order: [name for part in order for name in parts[part]]
    settings = dict(dim_feedforward=16, activation="gelu", batch_first=True)
    layer = nn.TransformerEncoderLayer(8, 2, norm_first=True, **settings)
    pre = names("norm1", "self_attn", "norm2", "feed")
    case(use("TransformerBlock", "x -> TransformerBlock(2, ratio = 2)", [5, 8]), layer, pre, (2, 5, 8))
    later = nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64)
    case(use("TransformerBlock", "x -> TransformerBlock(2, ratio = 2, causal = true)", [5, 8]), layer, pre, (2, 5, 8),
         lambda model, x: model(x, src_mask=later))
    post = nn.TransformerEncoderLayer(8, 2, norm_first=False, **settings)
    case(use("TransformerBlock", 'x -> TransformerBlock(2, ratio = 2, norm = "post")', [5, 8]), post,
         names("self_attn", "norm1", "feed", "norm2"), (2, 5, 8))
    net = nn.TransformerEncoder(layer, 2, nn.LayerNorm(8), enable_nested_tensor=False)
    case(use("Encoder", 'x -> Encoder(2, 2, ratio = 2, positions = "none")', [5, 8]), net,
         [f"layers.{i}.{name}" for i in range(2) for name in pre] + ["norm.weight", "norm.bias"], (2, 5, 8))
    decode = lambda model, x: model(x, x[:, :3], tgt_mask=later)
    layer = nn.TransformerDecoderLayer(8, 2, norm_first=True, **settings)
    pre = names("norm1", "self_attn", "norm2", "multihead_attn", "norm3", "feed")
    memory = "memory = x -> slice(0, 0, 3)\n"
    case(use("DecoderBlock", memory + "x -> DecoderBlock(memory, 2, ratio = 2)", [5, 8]), layer, pre, (2, 5, 8), decode)
    post = nn.TransformerDecoderLayer(8, 2, norm_first=False, **settings)
    case(use("DecoderBlock", memory + 'x -> DecoderBlock(memory, 2, ratio = 2, norm = "post")', [5, 8]), post,
         names("self_attn", "norm1", "multihead_attn", "norm2", "feed", "norm3"), (2, 5, 8), decode)
    net = nn.TransformerDecoder(layer, 2, nn.LayerNorm(8))
    case(use("Decoder", memory + 'x -> Decoder(memory, 2, 2, ratio = 2, positions = "none")', [5, 8]), net,
         [f"layers.{i}.{name}" for i in range(2) for name in pre] + ["norm.weight", "norm.bias"], (2, 5, 8), decode)
    gru = nn.GRU(6, 4, batch_first=True, bidirectional=True)
    case(use("BidirectionalGru", "x -> BidirectionalGru(4, sequence = true)", [5, 6]), gru, tensors(gru), (2, 5, 6),
         lambda model, x: model(x)[0])
    case(use("BidirectionalGru", "x -> BidirectionalGru(4)", [5, 6]), gru, tensors(gru), (2, 5, 6),
         lambda model, x: torch.cat(list(model(x)[1]), 1))
    net = TemporalConvBlock(3, 4, 3, 2)
    case(use("TemporalConvBlock", "x -> TemporalConvBlock(4, dilation = 2)", [3, 9]), net, tensors(net), (2, 3, 9))


if __name__ == "__main__":
    with torch.no_grad():
        vision()
        sequences()
    write("library.json", CASES)
