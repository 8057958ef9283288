"""Values and gradients of every operator, computed by PyTorch in float64.

A case is a flow of the language, the tensors `a`, `b`, `c` that enter it, its weights under PyTorch's names, the
gradient `dy` of a loss with respect to its result, and what PyTorch makes of them.

    python tests/oracle/operators.py        # writes tests/oracle/operators.json
"""

import torch
import torch.nn.functional as F
from common import distinct, exact, numbers, pack, write

CASES = []


def case(step, flows, fn, weights=None, statistics=None, mode="eval", make=numbers):
    """Adds a case: `fn(xs, w)` is PyTorch's form of `step` on flows of these sizes, batch first."""
    seed = 100 * len(CASES)
    xs = [exact(make(shape, seed + i)).requires_grad_() for i, shape in enumerate(flows)]
    w = {}
    for i, (name, shape) in enumerate((weights or {}).items()):
        w[name] = exact(numbers(shape, seed + 20 + i, -1, 1)).requires_grad_()
    for i, (name, shape) in enumerate((statistics or {}).items()):
        low, high = (0.5, 2.0) if name == "running_var" else (-1.0, 1.0)
        w[name] = exact(numbers(shape, seed + 40 + i, low, high))
    before = {name: pack(tensor.clone()) for name, tensor in w.items()}
    y = fn(xs, w)
    dy = exact(numbers(y.shape, seed + 60, -1, 1))
    (y * dy).sum().backward()
    CASES.append({
        "flow": step if step[0] in "a12" and step[1] == " " else f"a -> {step}",
        "mode": mode,
        "flows": [pack(x) for x in xs],
        "weights": before,
        "y": pack(y),
        "dy": pack(dy),
        "flow_grads": [pack(x.grad) for x in xs],
        "weight_grads": {n: pack(t.grad) for n, t in w.items() if t.requires_grad},
        "after": {n: pack(t) for n, t in w.items() if not t.requires_grad and mode == "train"},
    })


def same(n, k, s):
    """Rows or columns of zeros before and behind for `padding = same`: the result is ceil(n / s)."""
    total = max((-(-n // s) - 1) * s + k - n, 0)
    return total // 2, total - total // 2


def convolutions():
    wb = lambda *shape: {"weight": shape, "bias": shape[:1]}
    case("conv(4, 3)", [(2, 3, 6, 5)], lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], padding=1),
         wb(4, 3, 3, 3))
    case("conv(4, 3, bias = false)", [(2, 3, 5, 5)],
         lambda x, w: F.conv2d(x[0], w["weight"], padding=1), {"weight": (4, 3, 3, 3)})
    case("conv(5, 1)", [(2, 4, 3, 4)], lambda x, w: F.conv2d(x[0], w["weight"], w["bias"]), wb(5, 4, 1, 1))
    case("conv(4, 3, padding = valid)", [(2, 1, 6, 7)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"]), wb(4, 1, 3, 3))
    case("conv(4, 3, stride = 2)", [(2, 2, 7, 7)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], stride=2, padding=1), wb(4, 2, 3, 3))
    case("conv(4, 3, stride = 2)", [(2, 2, 6, 8)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], stride=2, padding=1), wb(4, 2, 3, 3))
    case("conv(3, [3, 5], stride = [1, 2])", [(2, 2, 5, 9)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], stride=(1, 2), padding=(1, 2)), wb(3, 2, 3, 5))
    case("conv(3, 5, padding = [2, 0])", [(1, 2, 5, 7)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], padding=(2, 0)), wb(3, 2, 5, 5))
    case("conv(6, 3, groups = 2)", [(2, 4, 5, 4)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], padding=1, groups=2), wb(6, 2, 3, 3))
    case("conv(4, 3, groups = 4, bias = false)", [(1, 4, 5, 4)],
         lambda x, w: F.conv2d(x[0], w["weight"], padding=1, groups=4), {"weight": (4, 1, 3, 3)})
    case("conv(3, 3, dilation = 2)", [(1, 2, 7, 8)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], padding=2, dilation=2), wb(3, 2, 3, 3))
    case("conv(4, 3, stride = 2, padding = 1, dilation = 2, groups = 2)", [(1, 4, 9, 8)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], 2, 1, 2, 2), wb(4, 2, 3, 3))
    # Enough channels for the paths that fast kernels keep for themselves.
    case("conv(32, 3, bias = false)", [(1, 32, 5, 6)],
         lambda x, w: F.conv2d(x[0], w["weight"], padding=1), {"weight": (32, 32, 3, 3)})
    case("conv1d(4, 3)", [(2, 3, 7)], lambda x, w: F.conv1d(x[0], w["weight"], w["bias"], padding=1),
         wb(4, 3, 3))
    case("conv1d(4, 5, stride = 2, padding = valid)", [(2, 2, 12)],
         lambda x, w: F.conv1d(x[0], w["weight"], w["bias"], stride=2), wb(4, 2, 5))
    case("conv1d(4, 3, dilation = 2, groups = 2, bias = false)", [(2, 4, 9)],
         lambda x, w: F.conv1d(x[0], w["weight"], padding=2, dilation=2, groups=2), {"weight": (4, 2, 3)})
    transposed = lambda i, o, *k: {"weight": (i, o, *k), "bias": (o,)}
    case("conv_transpose(3, 3)", [(2, 2, 4, 5)],
         lambda x, w: F.conv_transpose2d(x[0], w["weight"], w["bias"], padding=1), transposed(2, 3, 3, 3))
    case("conv_transpose(3, 3, stride = 2)", [(2, 2, 4, 3)],
         lambda x, w: F.conv_transpose2d(x[0], w["weight"], w["bias"], 2, 1, 1), transposed(2, 3, 3, 3))
    case("conv_transpose(3, 2, stride = 2)", [(2, 4, 3, 3)],
         lambda x, w: F.conv_transpose2d(x[0], w["weight"], w["bias"], 2), transposed(4, 3, 2, 2))
    case("conv_transpose(2, 4, stride = 2, padding = 1)", [(1, 3, 3, 4)],
         lambda x, w: F.conv_transpose2d(x[0], w["weight"], w["bias"], 2, 1), transposed(3, 2, 4, 4))
    case("conv_transpose(2, 3, stride = 2, padding = valid)", [(1, 3, 3, 4)],
         lambda x, w: F.conv_transpose2d(x[0], w["weight"], w["bias"], 2), transposed(3, 2, 3, 3))
    case("depthwise_conv(3)", [(2, 4, 5, 6)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], padding=1, groups=4), wb(4, 1, 3, 3))
    case("depthwise_conv(3, stride = 2)", [(2, 5, 7, 6)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], stride=2, padding=1, groups=5), wb(5, 1, 3, 3))
    case("depthwise_conv(5, padding = valid)", [(1, 3, 7, 8)],
         lambda x, w: F.conv2d(x[0], w["weight"], w["bias"], groups=3), wb(3, 1, 5, 5))


def products():
    linear = lambda x, w: F.linear(x[0], w["weight"], w["bias"])
    case("dense(5)", [(3, 7)], linear, {"weight": (5, 7), "bias": (5,)})
    case("dense(1)", [(4, 3)], linear, {"weight": (1, 3), "bias": (1,)})
    case("dense(5, bias = false)", [(3, 7)], lambda x, w: F.linear(x[0], w["weight"]), {"weight": (5, 7)})
    case("dense(5)", [(2, 4, 6)], linear, {"weight": (5, 6), "bias": (5,)})


def normalisations():
    affine = lambda n: {"weight": (n,), "bias": (n,)}
    running = lambda n: {"running_mean": (n,), "running_var": (n,)}

    def batch_norm(train, momentum=0.1, eps=1e-5):
        return lambda x, w: F.batch_norm(x[0], w["running_mean"], w["running_var"], w["weight"], w["bias"],
                                         train, momentum, eps)

    for mode, train in [("eval", False), ("train", True)]:
        case("batch_norm", [(3, 4, 3, 2)], batch_norm(train), affine(4), running(4), mode)
        case("batch_norm", [(6, 5)], batch_norm(train), affine(5), running(5), mode)
        case("batch_norm", [(3, 4, 5)], batch_norm(train), affine(4), running(4), mode)
    case("batch_norm(momentum = 0.3, eps = 1e-3)", [(2, 3, 4, 4)], batch_norm(True, 0.3, 1e-3), affine(3),
         running(3), "train")
    case("layer_norm", [(3, 8)], lambda x, w: F.layer_norm(x[0], (8,), w["weight"], w["bias"]), affine(8))
    case("layer_norm", [(2, 3, 6)], lambda x, w: F.layer_norm(x[0], (6,), w["weight"], w["bias"]), affine(6))
    case("layer_norm(eps = 1e-3)", [(2, 3, 2, 4)],
         lambda x, w: F.layer_norm(x[0], (3, 2, 4), w["weight"], w["bias"], 1e-3),
         {"weight": (3, 2, 4), "bias": (3, 2, 4)})
    case("rms_norm", [(3, 8)], lambda x, w: F.rms_norm(x[0], (8,), w["weight"], 1e-6), {"weight": (8,)})
    case("rms_norm", [(2, 3, 6)], lambda x, w: F.rms_norm(x[0], (6,), w["weight"], 1e-6), {"weight": (6,)})
    case("rms_norm(eps = 1e-2)", [(2, 3, 2, 4)],
         lambda x, w: F.rms_norm(x[0], (3, 2, 4), w["weight"], 1e-2), {"weight": (3, 2, 4)})
    case("group_norm(2)", [(2, 6, 3, 4)], lambda x, w: F.group_norm(x[0], 2, w["weight"], w["bias"]), affine(6))
    case("group_norm(3)", [(4, 12)], lambda x, w: F.group_norm(x[0], 3, w["weight"], w["bias"]), affine(12))
    case("group_norm(2)", [(2, 4, 5)], lambda x, w: F.group_norm(x[0], 2, w["weight"], w["bias"]), affine(4))
    case("group_norm(1)", [(3, 4, 2, 3)], lambda x, w: F.group_norm(x[0], 1, w["weight"], w["bias"]), affine(4))


def activations():
    table = {
        "relu": F.relu,
        "relu6": lambda x: F.relu6(x),
        "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
        "leaky_relu(slope = 0.2)": lambda x: F.leaky_relu(x, 0.2),
        "gelu": F.gelu,
        "silu": F.silu,
        "hard_swish": F.hardswish,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
    }
    wide = lambda shape, seed: numbers(shape, seed, -8.0, 8.0)
    for step, fn in table.items():
        case(step, [(3, 17)], lambda x, w, fn=fn: fn(x[0]), make=wide)
    case("silu", [(2, 3, 4, 3)], lambda x, w: F.silu(x[0]), make=wide)
    case("softmax", [(4, 7)], lambda x, w: F.softmax(x[0], -1), make=wide)
    case("softmax", [(2, 3, 5)], lambda x, w: F.softmax(x[0], -1), make=wide)
    case("softmax(axis = 0)", [(2, 3, 5)], lambda x, w: F.softmax(x[0], 1), make=wide)
    case("softmax(axis = 0)", [(2, 3, 2, 4)], lambda x, w: F.softmax(x[0], 1), make=wide)
    case("identity", [(2, 5)], lambda x, w: x[0] * 1)
    case("dropout(0.4)", [(2, 5)], lambda x, w: x[0] * 1)


def pools():
    case("max_pool(2)", [(2, 3, 6, 4)], lambda x, w: F.max_pool2d(x[0], 2), make=distinct)
    case("max_pool(2)", [(2, 3, 5, 7)], lambda x, w: F.max_pool2d(x[0], 2), make=distinct)
    case("max_pool(3, stride = 2)", [(2, 3, 7, 9)], lambda x, w: F.max_pool2d(x[0], 3, 2), make=distinct)
    case("max_pool([1, 2], stride = [2, 1])", [(2, 2, 5, 4)],
         lambda x, w: F.max_pool2d(x[0], (1, 2), (2, 1)), make=distinct)
    case("avg_pool(2)", [(2, 3, 6, 4)], lambda x, w: F.avg_pool2d(x[0], 2))
    case("avg_pool(3, stride = 1)", [(2, 3, 5, 6)], lambda x, w: F.avg_pool2d(x[0], 3, 1))
    case("global_avg_pool", [(2, 5, 3, 4)], lambda x, w: x[0].mean((2, 3)))
    case("global_max_pool", [(2, 5, 3, 4)], lambda x, w: x[0].amax((2, 3)), make=distinct)


def moves():
    case("flatten", [(2, 3, 2, 4)], lambda x, w: x[0].flatten(1))
    case("flatten", [(2, 3, 4)], lambda x, w: x[0].flatten(1))
    case("reshape([4, 3, 2])", [(2, 24)], lambda x, w: x[0].reshape(2, 4, 3, 2))
    case("reshape([6, 4])", [(2, 4, 3, 2)], lambda x, w: x[0].reshape(2, 6, 4))
    case("transpose([1, 0])", [(2, 3, 5)], lambda x, w: x[0].permute(0, 2, 1))
    case("transpose([1, 2, 0])", [(2, 2, 3, 4)], lambda x, w: x[0].permute(0, 2, 3, 1))
    case("concat(b)", [(2, 2, 3, 2), (2, 3, 3, 2)], lambda x, w: torch.cat(x, 1))
    case("concat(b, c)", [(2, 2), (2, 4), (2, 1)], lambda x, w: torch.cat(x, 1))
    case("concat(b, axis = 2)", [(1, 2, 3, 2), (1, 2, 3, 4)], lambda x, w: torch.cat(x, 3))
    case("slice(0, 1, 3)", [(2, 4, 3, 2)], lambda x, w: x[0][:, 1:3])
    case("slice(1, 2, 5)", [(2, 2, 6, 2)], lambda x, w: x[0][:, :, 2:5])
    case("slice(0, 1, 4)", [(3, 6)], lambda x, w: x[0][:, 1:4])
    case("pad(1)", [(2, 2, 3, 4)], lambda x, w: F.pad(x[0], (1, 1, 1, 1)))
    case("upsample(2)", [(2, 3, 2, 3)], lambda x, w: F.interpolate(x[0], scale_factor=2, mode="nearest"))
    case("upsample([1, 2])", [(1, 2, 3, 2)], lambda x, w: x[0].repeat_interleave(2, 3))
    case("upsample(3)", [(1, 2, 2, 2)], lambda x, w: F.interpolate(x[0], scale_factor=3, mode="nearest"))
    case("mean(0)", [(2, 3, 4)], lambda x, w: x[0].mean(1))
    case("mean(1)", [(2, 3, 4, 2)], lambda x, w: x[0].mean(2))
    case("sum(1)", [(2, 3, 4)], lambda x, w: x[0].sum(2))
    case("sum(0)", [(2, 3, 2, 4)], lambda x, w: x[0].sum(1))


def signs():
    two = [(2, 3, 2, 4), (2, 3, 2, 4)]
    away = lambda shape, seed: numbers(shape, seed, 0.5, 2.0)
    case("a + b", two, lambda x, w: x[0] + x[1])
    case("a - b", two, lambda x, w: x[0] - x[1])
    case("a * b", two, lambda x, w: x[0] * x[1])
    case("a / b", two, lambda x, w: x[0] / x[1], make=away)
    case("a * b", [(2, 3, 2, 4), (2, 3, 1, 1)], lambda x, w: x[0] * x[1])
    case("a + b", [(2, 3, 2, 4), (2, 2, 4)], lambda x, w: x[0] + x[1].unsqueeze(1))
    case("a - b", [(2, 1, 5), (2, 4, 1)], lambda x, w: x[0] - x[1])
    case("a / b", [(2, 5), (2, 1)], lambda x, w: x[0] / x[1], make=away)
    case("2 * a + 1", [(2, 5)], lambda x, w: 2 * x[0] + 1)
    case("1 - a / 4", [(2, 3, 2, 2)], lambda x, w: 1 - x[0] / 4)


def channels():
    """What acts on the channels of each pixel; behind all others, whose numbers stay as they are."""
    case("layer_norm(eps = 1e-6, axis = 0)", [(2, 5, 2, 3)],
         lambda x, w: F.layer_norm(x[0].permute(0, 2, 3, 1), (5,), w["weight"], w["bias"], 1e-6)
         .permute(0, 3, 1, 2), {"weight": (5,), "bias": (5,)})
    case("scale", [(2, 5, 2, 3)], lambda x, w: x[0] * w["weight"], {"weight": (5, 1, 1)})
    case("scale(0.1)", [(2, 4, 6)], lambda x, w: x[0] * w["weight"], {"weight": (6,)})
    case("scale", [(3, 7)], lambda x, w: x[0] * w["weight"], {"weight": (7,)})


if __name__ == "__main__":
    for group in [convolutions, products, normalisations, activations, pools, moves, signs, channels]:
        group()
    write("operators.json", CASES)
