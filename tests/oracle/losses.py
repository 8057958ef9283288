"""Values and gradients of every loss term, computed by PyTorch in float64.

A case is a loss term, the network's output, the targets (`classes`, `shares` of classes, or
`values`), the value of the term, and its gradient with respect to the output. The penalties on
weights have `weights` instead of an output.

    python tests/oracle/losses.py           # writes tests/oracle/losses.json
"""

import torch
import torch.nn.functional as F
from common import exact, numbers, pack, write

CASES = []


def case(loss, args, fn, output, **target):
    """Adds a case: `fn(output, target)` is PyTorch's form of the term."""
    x = exact(numbers(output, 1000 + len(CASES), -4, 4)).requires_grad_()
    (kind, t), = target.items()
    value = fn(x, t)
    value.backward()
    CASES.append({"loss": loss, "args": args, "output": pack(x), kind: pack(t), "value": value.item(),
                  "grad": pack(x.grad)})


def penalty(loss, args, fn, shapes):
    """Adds a penalty on weights."""
    ws = [exact(numbers(s, 2000 + 10 * len(CASES) + i, -1, 1)).requires_grad_() for i, s in enumerate(shapes)]
    value = sum(fn(w) for w in ws)
    value.backward()
    CASES.append({"loss": loss, "args": args, "weights": [pack(w) for w in ws], "value": value.item(),
                  "weight_grads": [pack(w.grad) for w in ws]})


def main():
    classes = torch.tensor([2, 0, 4, 4, 1, 3])
    shares = exact(torch.round(F.softmax(numbers((6, 5), 7), 1) * 1000) / 1000)
    shares[:, 0] += 1 - shares.sum(1)
    shares = exact(shares)
    for smoothing in [0.0, 0.1]:
        fn = lambda x, t: F.cross_entropy(x, t, label_smoothing=smoothing)
        case("cross_entropy", {"smoothing": smoothing}, fn, (6, 5), classes=classes)
        case("cross_entropy", {"smoothing": smoothing}, fn, (6, 5), shares=shares)
    x = (20 * exact(numbers((6, 5), 99, -4, 4))).requires_grad_()
    value = F.cross_entropy(x, classes)
    value.backward()
    CASES.append({"loss": "cross_entropy", "args": {"smoothing": 0.0}, "output": pack(x),
                  "classes": pack(classes), "value": value.item(), "grad": pack(x.grad)})
    values = exact(numbers((6, 3), 8, -4, 4))
    case("mse", {}, F.mse_loss, (6, 3), values=values)
    case("mae", {}, F.l1_loss, (6, 3), values=values)
    case("huber", {"delta": 1.0}, F.huber_loss, (6, 3), values=values)
    case("huber", {"delta": 0.5}, lambda x, t: F.huber_loss(x, t, delta=0.5), (6, 3), values=values)
    bits = torch.tensor([1, 0, 1, 1, 0, 0])
    bce = lambda x, t: F.binary_cross_entropy_with_logits(x, t.to(x.dtype).reshape(x.shape))
    case("binary_cross_entropy", {}, bce, (6, 1), classes=bits)
    penalty("l1", {"weight": 0.01}, lambda w: 0.01 * w.abs().sum(), [(4, 3), (2, 3, 3, 3)])
    penalty("l2", {"weight": 0.01}, lambda w: 0.01 * w.square().sum(), [(4, 3), (2, 3, 3, 3)])
    write("losses.json", CASES)


if __name__ == "__main__":
    main()
