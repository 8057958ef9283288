"""Values and gradients of layers along a sequence, computed by PyTorch's modules in float64.

A case is as in operators.py, but its weights have the names that `state_dict` gives them: the steps of a flow are
called as PyTorch calls its modules.

    python tests/oracle/sequences.py        # writes tests/oracle/sequences.json
"""

import torch
import torch.nn.functional as F
from common import distinct, exact, numbers, pack, write
from torch import nn

CASES = []


def whole(rows):
    """A mask or tokens."""
    return torch.tensor(rows)


def case(flow, flows, fn, modules=None, scale=0.6):
    """Adds a case: `fn(xs, modules)` is PyTorch's form of `flow`; flows are sizes, batch first, or whole numbers."""
    seed = 5000 + 100 * len(CASES)
    xs = []
    for i, given in enumerate(flows):
        if isinstance(given, torch.Tensor):
            xs.append(given if given.dtype == torch.int64 else exact(given).requires_grad_())
        else:
            xs.append(exact(numbers(given, seed + i)).requires_grad_())
    weights = {}
    for prefix, module in (modules or {}).items():
        module.double()
        for name, weight in module.named_parameters():
            value = exact(numbers(weight.shape, seed + 20 + len(weights), -scale, scale))
            weight.data.copy_(value + (1 if "norm" in name and name.endswith("weight") else 0))
            weights[f"{prefix}.{name}" if prefix else name] = weight
    before = {name: pack(weight) for name, weight in weights.items()}
    y = fn(xs, modules)
    assert not y.isnan().any()
    dy = exact(numbers(y.shape, seed + 60, -1, 1))
    (y * dy).sum().backward()
    packed = lambda x: pack(x) if x.is_floating_point() else {**pack(x), "whole": True}
    CASES.append({
        "flow": flow,
        "mode": "eval",
        "flows": [packed(x) for x in xs],
        "weights": before,
        "y": pack(y),
        "dy": pack(dy),
        "flow_grads": [pack(x.grad) if x.is_floating_point() else None for x in xs],
        "weight_grads": {name: pack(weight.grad) for name, weight in weights.items()},
        "after": {},
    })


def later(rows, columns):
    """What a causal row does not see."""
    return torch.ones(rows, columns).triu(1).bool()


def embedding():
    tokens = whole([[3, 0, 3, 6, 1], [2, 2, 2, 5, 0]])
    case("a -> embedding(7, 4) as it", [tokens], lambda x, m: m["it"](x[0]), {"it": nn.Embedding(7, 4)})
    tied = lambda x, m: F.linear(F.gelu(m["it"](x[0])), m["it"].weight)
    case("a -> embedding(7, 4, shared = table) as it -> gelu -> dense(7, bias = false, shared = table)", [tokens],
         tied, {"it": nn.Embedding(7, 4)})


def attention():
    def look(causal=False, memory=False, mask=False):
        def fn(x, modules):
            other = x[1] if memory else x[0]
            padding = x[-1] == 0 if mask else None
            hidden = later(x[0].shape[1], other.shape[1]) if causal else None
            return modules["it"](x[0], other, other, key_padding_mask=padding, attn_mask=hidden,
                                 need_weights=False)[0]
        return fn

    def module(width, heads, bias=True):
        return {"it": nn.MultiheadAttention(width, heads, bias=bias, batch_first=True)}

    case("a -> attention(2) as it", [(2, 5, 6)], look(), module(6, 2))
    case("a -> attention(1, bias = false) as it", [(1, 4, 3)], look(), module(3, 1, False))
    case("a -> attention(4, causal = true) as it", [(2, 7, 8)], look(causal=True), module(8, 4))
    case("a -> attention(2, memory = b) as it", [(2, 3, 6), (2, 5, 6)], look(memory=True), module(6, 2))
    case("a -> attention(2, causal = true, memory = b, bias = false) as it", [(1, 4, 4), (1, 6, 4)],
         look(causal=True, memory=True), module(4, 2, False))
    case("a -> attention(3, mask = b) as it", [(2, 4, 6), whole([[1, 1, 0, 0], [1, 0, 5, 2]])],
         look(mask=True), module(6, 3))
    case("a -> attention(2, memory = b, mask = c) as it",
         [(2, 3, 4), (2, 5, 4), whole([[7, 0, 0, 0, 0], [0, 1, 1, 0, 9]])],
         look(memory=True, mask=True), module(4, 2))
    case("a -> attention(2, causal = true, mask = b) as it", [(2, 4, 4), whole([[1, 0, 1, 1], [1, 1, 1, 0]])],
         look(causal=True, mask=True), module(4, 2))
    # Enough rows for those that fast kernels take together.
    case("a -> attention(2, causal = true) as it", [(1, 70, 4)], look(causal=True), module(4, 2))


def encoders():
    def module(norm_first, activation):
        return {"": nn.TransformerEncoderLayer(8, 2, 12, 0.0, activation, batch_first=True,
                                               norm_first=norm_first)}

    mask = whole([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    run = lambda x, modules: modules[""](x[0], src_key_padding_mask=x[1] == 0)
    after = ("h = a + (a -> attention(2, mask = b) as self_attn) -> layer_norm as norm1\n"
             "h + (h -> dense(12) as linear1 -> relu -> dense(8) as linear2) -> layer_norm as norm2")
    before = ("h = a + (a -> layer_norm as norm1 -> attention(2, mask = b) as self_attn)\n"
              "h + (h -> layer_norm as norm2 -> dense(12) as linear1 -> gelu -> dense(8) as linear2)")
    case(after, [(2, 5, 8), mask], run, module(False, "relu"))
    case(before, [(2, 5, 8), mask], run, module(True, "gelu"))


def recurrences():
    for word, kind in [("lstm", nn.LSTM), ("gru", nn.GRU)]:
        one = lambda f, u, kind=kind: {"it": kind(f, u, batch_first=True)}

        def last(x, modules):
            state = modules["it"](x[0])[1]
            return (state[0] if isinstance(state, tuple) else state)[-1]

        case(f"a -> {word}(4) as it", [(3, 5, 2)], last, one(2, 4))
        case(f"a -> {word}(3, sequence = true) as it", [(2, 4, 5)], lambda x, m: m["it"](x[0])[0], one(5, 3))
        case(f"a -> {word}(5, sequence = true) as it", [(19, 3, 2)], lambda x, m: m["it"](x[0])[0], one(2, 5))

    for word, kind in [("lstm", nn.LSTM), ("gru", nn.GRU)]:
        lengths = torch.tensor([4, 2, 1])
        mask = whole([[1, 1, 1, 3], [0, 1, 0, 0], [8, 0, 0, 0]])

        class Reversed(nn.Module):
            """The backward half of a layer that runs both ways, on its own."""

            def __init__(self):
                super().__init__()
                self.both = kind(2, 3, batch_first=True, bidirectional=True)

            def named_parameters(self):
                return [(n, p) for n, p in self.both.named_parameters() if n.endswith("_reverse")]

            def forward(self, x, lengths=None):
                if lengths is not None:
                    x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
                y, state = self.both(x)
                if lengths is not None:
                    y = nn.utils.rnn.pad_packed_sequence(y, batch_first=True)[0]
                state = state[0] if isinstance(state, tuple) else state
                return y[..., 3:], state[1]

        def packed(x, modules):
            rows = nn.utils.rnn.pack_padded_sequence(x[0], lengths, batch_first=True)
            y, state = modules["it"](rows)
            state = state[0] if isinstance(state, tuple) else state
            return nn.utils.rnn.pad_packed_sequence(y, batch_first=True)[0], state[-1]

        forward = lambda kind=kind: {"it": kind(2, 3, batch_first=True)}
        case(f"a -> {word}(3, mask = b) as it", [(3, 4, 2), mask], lambda x, m: packed(x, m)[1], forward())
        case(f"a -> {word}(3, sequence = true, mask = b) as it", [(3, 4, 2), mask],
             lambda x, m: packed(x, m)[0], forward())
        case(f"a -> {word}(3, reverse = true) as it", [(2, 4, 2)], lambda x, m: m["it"](x[0])[1],
             {"it": Reversed()})
        case(f"a -> {word}(3, sequence = true, reverse = true) as it", [(2, 4, 2)],
             lambda x, m: m["it"](x[0])[0], {"it": Reversed()})
        case(f"a -> {word}(3, reverse = true, mask = b) as it", [(3, 4, 2), mask],
             lambda x, m: m["it"](x[0], lengths)[1], {"it": Reversed()})
        case(f"a -> {word}(3, sequence = true, reverse = true, mask = b) as it", [(3, 4, 2), mask],
             lambda x, m: m["it"](x[0], lengths)[0], {"it": Reversed()})


def positions():
    def waves(x, _):
        time, features = x[0].shape[1:]
        t = torch.arange(time, dtype=torch.float64)[:, None]
        angle = t / 10000 ** (torch.arange(0, features, 2, dtype=torch.float64) / features)
        both = torch.stack([angle.sin(), angle.cos()], -1).flatten(1)
        return x[0] + both[:, :features]

    class Positions(nn.Module):
        def __init__(self, time, features):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(time, features))

    case("a -> positional as it", [(3, 4, 5)], lambda x, m: x[0] + m["it"].weight, {"it": Positions(4, 5)})
    case("a -> positional(kind = sinusoidal)", [(2, 6, 4)], waves)
    case("a -> positional(kind = sinusoidal)", [(1, 5, 7)], waves)


def others():
    wide = numbers((3, 17), 1, -8.0, 8.0)
    case("a -> gelu(approximate = tanh)", [wide], lambda x, _: F.gelu(x[0], approximate="tanh"))
    case("a -> rms_norm(eps = 1e-5) as norm", [(2, 3, 6)], lambda x, m: m["norm"](x[0]),
         {"norm": nn.RMSNorm(6, 1e-5)})
    case("a -> max_pool(3)", [distinct((2, 3, 10), 2)], lambda x, _: F.max_pool1d(x[0], 3))
    case("a -> max_pool(3, stride = 2)", [distinct((2, 4, 8), 3)], lambda x, _: F.max_pool1d(x[0], 3, 2))
    case("a -> avg_pool(2)", [(2, 3, 7)], lambda x, _: F.avg_pool1d(x[0], 2))
    case("a -> global_avg_pool", [(2, 3, 7)], lambda x, _: x[0].mean(2))
    case("a -> global_max_pool", [distinct((2, 3, 7), 4)], lambda x, _: x[0].amax(2))


if __name__ == "__main__":
    for group in [embedding, attention, encoders, recurrences, positions, others]:
        group()
    write("sequences.json", CASES)
