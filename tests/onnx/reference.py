"""Computes quantized ONNX files in whole numbers, by the formulas and with NumPy alone.

    reference.py FOLDER

reads the runs that run.py reads and answers in the same form. A step between codes is computed from the codes of
its inputs; what ONNX Runtime does with it is compared for each tensor that is rounded, in a model that ends there:
`stages` tells how many numbers of how many differ.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

F = np.float32
MOVES = {"MaxPool", "GlobalMaxPool", "Reshape", "Flatten", "Transpose", "Slice", "Resize", "Pad"}


def saturate(x):
    return np.clip(x, 0, 255).astype(np.uint8)


def quantize(x, scale, zero):
    return saturate(np.rint(F(x) / scale).astype(np.float64) + zero)


def windows(x, attrs):
    """[N, C, …] to [N, C, places…, window…]."""
    rank = x.ndim - 2
    kernel = attrs["kernel_shape"]
    strides, dilations = attrs.get("strides", [1] * rank), attrs.get("dilations", [1] * rank)
    pads = attrs.get("pads", [0] * 2 * rank)
    x = np.pad(x, [(0, 0), (0, 0)] + list(zip(pads[:rank], pads[rank:])))
    reach = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilations))
    view = np.lib.stride_tricks.sliding_window_view(x, reach, axis=tuple(range(2, x.ndim)))
    places = tuple(slice(None, None, s) for s in strides)
    elements = tuple(slice(None, None, d) for d in dilations)
    return view[(slice(None), slice(None), *places, *elements)]


def convolve(x, w, attrs):
    """Whole numbers: x [N, C, …], w [O, C / groups, …]."""
    groups = attrs.get("group", 1)
    seen = windows(x, attrs)
    rank = x.ndim - 2
    out = []
    for part, kernel in zip(np.split(seen, groups, 1), np.split(w, groups, 0)):
        axes = [1, *range(2 + rank, 2 + 2 * rank)]
        out.append(np.moveaxis(np.tensordot(part, kernel, (axes, range(1, 2 + rank))), -1, 1))
    return np.concatenate(out, 1)


class Network:
    def __init__(self, model):
        self.model = model
        graph = model.graph
        self.constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
        self.makers = {name: node for node in graph.node for name in node.output}
        self.values = {}

    def attrs(self, node):
        return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}

    def run(self, feeds):
        self.values = {**self.constants, **feeds}
        for node in self.model.graph.node:
            self.step(node)
        return self.values[self.model.graph.output[0].name]

    def step(self, node):
        if node.op_type == "DynamicQuantizeLinear":
            x = self.values[node.input[0]]
            low, high = min(F(0), x.min()), max(F(0), x.max())
            scale = F(F(high - low) / F(255)) if high > low else F(1)
            zero = int(saturate(np.rint(F(0) - F(low / scale))))
            made = quantize(x, scale, zero), scale, np.uint8(zero)
            self.values.update(zip(node.output, made))
        elif node.op_type == "QuantizeLinear":
            self.values[node.output[0]] = self.codes(node)
        elif node.op_type == "DequantizeLinear":
            q, scale = (self.values[name] for name in node.input[:2])
            zero = self.values[node.input[2]] if len(node.input) > 2 else 0
            if np.ndim(scale) and q.ndim > 1:
                shape = (-1,) + (1,) * (q.ndim - 1)
                scale, zero = scale.reshape(shape), np.reshape(zero, shape)
            self.values[node.output[0]] = F(q.astype(np.int64) - np.int64(zero)) * scale
        else:
            self.values[node.output[0]] = self.floats(node)

    def source(self, name):
        """Codes, scale and zero point behind a value that was dequantized."""
        node = self.makers[name]
        assert node.op_type == "DequantizeLinear", node.op_type
        q, scale, *zero = (self.values[n] for n in node.input)
        return q, scale, zero[0] if zero else 0

    def codes(self, node):
        value, scale, zero = node.input[0], *(self.values[n] for n in node.input[1:])
        zero = int(zero)
        maker = self.makers.get(value)
        if maker is not None and maker.op_type == "Relu" and zero == 0:
            before = self.makers[maker.input[0]]
            if before.op_type != "DequantizeLinear":
                maker = before  # the relu is in the rounding
        op = maker.op_type if maker is not None else None
        on_codes = op in MOVES | {"Conv", "Gemm", "Add", "Mul", "Concat", "GlobalAveragePool", "AveragePool",
                                  "Sigmoid", "LeakyRelu"}
        if op == "Gather":
            q, s, z = self.source(maker.input[0])
            assert (s, z) == (scale, zero), maker.name
            return q[self.values[maker.input[1]]]
        if not on_codes or self.makers.get(maker.input[0], node).op_type != "DequantizeLinear":
            return quantize(self.values[value], scale, zero)
        attrs = self.attrs(maker)
        if op in MOVES:
            q, s, z = self.source(maker.input[0])
            assert (s, z) == (scale, zero), maker.name
            return self.move(maker, q.astype(np.int64), int(z), attrs).astype(np.uint8)
        if op in ("Conv", "Gemm"):
            return self.product(maker, attrs, scale, zero)
        if op in ("Add", "Mul"):
            (a, sa, za), (b, sb, zb) = (self.source(name) for name in maker.input)
            a, b = F(a), F(b)
            if op == "Mul":
                ratio = F(F(sa * sb) / scale)
                y = F((a - F(za)) * (b - F(zb))) * ratio
                return saturate(np.rint(F(y + F(zero))))
            L = np.longdouble
            ra, rb = F(sa / scale), F(sb / scale)
            shift = F(F(zero) - F(L(ra) * L(F(za)) + L(F(rb * F(zb)))))
            y = F(L(b) * L(rb) + L(shift))
            return saturate(np.rint(F(L(a) * L(ra) + L(y))))
        if op == "Concat":
            parts = [self.source(name) for name in maker.input]
            own = [quantize(F(q.astype(np.int64) - int(z)) * s, scale, zero)
                   if (s, z) != (scale, zero) else q for q, s, z in parts]
            return np.concatenate(own, attrs["axis"])
        q, s, z = self.source(maker.input[0])
        if op == "GlobalAveragePool":
            n = int(np.prod(q.shape[2:]))
            total = q.astype(np.int64).sum((2, 3), keepdims=True) - n * int(z)
            return saturate(np.rint(F(total) * F(s / F(scale * F(n)))) + zero)
        if op == "AveragePool":
            # In float, element by element along the rows; the zero point is added before rounding.
            seen = windows(F(q.astype(np.int64) - int(z)) * s, attrs)
            height, width = attrs["kernel_shape"]
            total = np.zeros(seen.shape[:4], F)
            for u in range(height):
                for v in range(width):
                    total = total + seen[..., u, v]
            return saturate(np.rint(F(total / F(height * width)) / scale + F(zero)))
        x = np.float64(F(np.arange(256) - int(z)) * s)
        y = 1 / (1 + np.exp(-x)) if op == "Sigmoid" else np.where(x > 0, x, np.float64(F(attrs["alpha"])) * x)
        return quantize(F(y), scale, zero)[q]

    def product(self, node, attrs, scale, zero):
        x, sx, zx = self.source(node.input[0])
        w, sw, zw = self.source(node.input[1])
        x, w = x.astype(np.int64) - int(zx), w.astype(np.int64) - 128
        assert (np.asarray(zw) == 128).all() and w.min() >= -127
        channels = (1, -1) + (1,) * (x.ndim - 2)
        total = convolve(x, w, attrs) if node.op_type == "Conv" else x @ w.T
        if len(node.input) > 2:
            b, sb, _ = self.source(node.input[2])
            assert (F(sx * sw) == sb).all(), node.name
            total = total + b.astype(np.int64).reshape(channels)
        assert np.abs(total).max() < 2**31
        ratio = F(F(sx * sw) / scale)
        ratio = ratio.reshape(channels) if np.ndim(ratio) else ratio
        return saturate(np.rint(F(total) * ratio).astype(np.float64) + zero)

    def move(self, node, q, zero, attrs):
        rest = [self.values[name] if name else None for name in node.input[1:]]
        match node.op_type:
            case "MaxPool":
                return windows(q, attrs).max((4, 5))
            case "GlobalMaxPool":
                return q.max((2, 3), keepdims=True)
            case "Reshape":
                return q.reshape([q.shape[0] if n == 0 else n for n in rest[0]])
            case "Flatten":
                return q.reshape(len(q), -1)
            case "Transpose":
                return q.transpose(attrs["perm"])
            case "Slice":
                cut = [slice(None)] * q.ndim
                cut[int(rest[2][0])] = slice(int(rest[0][0]), int(rest[1][0]))
                return q[tuple(cut)]
            case "Resize":
                for axis, n in enumerate(rest[1]):
                    q = q.repeat(int(n), axis)
                return q
            case "Pad":
                half = len(rest[0]) // 2
                return np.pad(q, list(zip(rest[0][:half], rest[0][half:])), constant_values=zero)

    def floats(self, node):
        ins = [self.values[name] if name else None for name in node.input]
        attrs = self.attrs(node)
        match node.op_type:
            case "Conv":
                y = convolve(np.float64(ins[0]), np.float64(ins[1]), attrs)
                b = ins[2].reshape((1, -1) + (1,) * (y.ndim - 2)) if len(ins) > 2 else 0
                return F(y + b)
            case "Gemm":
                return F(np.float64(ins[0]) @ np.float64(ins[1]).T + (ins[2] if len(ins) > 2 else 0))
            case "ConvInteger":
                return convolve(ins[0].astype(np.int64) - int(ins[2]), ins[1].astype(np.int64) - int(ins[3]), attrs)
            case "MatMulInteger":
                return (ins[0].astype(np.int64) - int(ins[2])) @ (ins[1].astype(np.int64) - int(ins[3]))
            case "Cast":
                return F(ins[0])
            case "Mul":
                return ins[0] * ins[1]
            case "Add":
                return ins[0] + ins[1]
            case "Sub":
                return ins[0] - ins[1]
            case "Relu":
                return np.maximum(ins[0], 0)
            case "Clip":
                return np.clip(*ins)
            case "Sigmoid":
                return F(1 / (1 + np.exp(-np.float64(ins[0]))))
            case "LeakyRelu":
                return F(np.where(ins[0] > 0, ins[0], F(attrs["alpha"]) * ins[0]))
            case "Concat":
                return np.concatenate(ins, attrs["axis"])
            case "AveragePool":
                return F(windows(np.float64(ins[0]), attrs).mean((4, 5)))
            case "GlobalAveragePool":
                return F(np.float64(ins[0]).mean((2, 3), keepdims=True))
            case "Gather":
                return ins[0][ins[1]]
            case op if op in MOVES:
                return self.move(node, ins[0], 0, attrs)
            case op:
                raise ValueError(f"no formula for {op}")


def stages(network, feeds):
    """How many numbers differ from ONNX Runtime's in each tensor that is rounded."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    told = {}
    graph = network.model.graph
    for node in graph.node:
        maker = network.makers.get(node.input[0]) if node.input else None
        if node.op_type != "DequantizeLinear" or maker is None or maker.op_type != "QuantizeLinear":
            continue
        short = onnx.ModelProto()
        short.CopyFrom(network.model)
        wanted, kept = {node.output[0]}, []
        for one in reversed(graph.node):
            if wanted & set(one.output):
                kept.insert(0, one)
                wanted |= set(one.input)
        del short.graph.node[:], short.graph.output[:]
        short.graph.node.extend(kept)
        short.graph.output.append(onnx.helper.make_tensor_value_info(node.output[0], onnx.TensorProto.FLOAT, None))
        session = ort.InferenceSession(short.SerializeToString(), options, providers=["CPUExecutionProvider"])
        used = {info.name for info in session.get_inputs()}
        y = session.run(None, {name: x for name, x in feeds.items() if name in used})[0]
        own = network.values[node.output[0]]
        told[node.output[0]] = [int((y != own).sum()), int(y.size), len(np.unique(y))]
    return told


def main(folder):
    numbers = np.fromfile(folder / "numbers.bin", "<f4")
    told, written, at = [], [], 0
    for case in json.loads((folder / "cases.json").read_text()):
        network = Network(onnx.load(str(folder / case["model"])))
        feeds = {}
        for info, given in zip(network.model.graph.input, case["inputs"], strict=True):
            count = int(np.prod(given["shape"]))
            kind = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
            feeds[info.name] = numbers[given["at"] : given["at"] + count].reshape(given["shape"]).astype(kind)
        y = F(network.run(feeds))
        told.append({"shape": list(y.shape), "at": at, "stages": stages(network, feeds)})
        written.append(y.ravel())
        at += y.size
    np.concatenate(written).astype("<f4").tofile(folder / "answers.bin")
    (folder / "answers.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
