"""Values and gradients of the loss terms that compare with a teacher, computed by PyTorch in float64.

A case is a loss term, the student's numbers (answers, or features where `features` is true), those of
each teacher with its weight, the targets if any, and the weights that the term trains itself; then the
value of the term, and its gradients with respect to the student's numbers and those weights.

    python tests/oracle/distillation.py     # writes tests/oracle/distillation.json
"""

import torch
import torch.nn.functional as F
from common import exact, numbers, pack, write

CASES = []


def case(loss, args, fn, student, teachers, weights=(1.0,), features=False, spread=4, own=(), **target):
    """Adds a case: `fn(student, teachers, target, own)` is PyTorch's form of the term, `student` and
    `teachers` are shapes."""
    seed = 3000 + 20 * len(CASES)
    s = exact(numbers(student, seed, -spread, spread)).requires_grad_()
    ts = [exact(numbers(t, seed + 1 + i, -spread, spread)) for i, t in enumerate(teachers)]
    ws = [exact(numbers(w, seed + 10 + i, -1, 1)).requires_grad_() for i, w in enumerate(own)]
    value = fn(s, ts, next(iter(target.values()), None), ws)
    value.backward()
    CASES.append({"loss": loss, "args": args, "features": features, "student": pack(s), "weights": weights,
                  "teachers": [pack(t) for t in ts], "own": [pack(w) for w in ws],
                  **{kind: pack(t) for kind, t in target.items()}, "value": value.item(),
                  "grad": pack(s.grad), "own_grads": [pack(w.grad) for w in ws]})


def soft_targets(T, weights=(1.0,)):
    """Hinton et al. 2015."""
    def fn(s, ts, _, __):
        q = sum(w * F.softmax(t / T, 1) for w, t in zip(weights, ts))
        return F.kl_div(F.log_softmax(s / T, 1), q, reduction="batchmean") * T * T
    return fn


def one_question(T):
    """The same for one logit: yes against no."""
    def fn(s, ts, _, __):
        p, q = torch.sigmoid(s / T), torch.sigmoid(ts[0] / T)
        yes, no = q * (q / p).log(), (1 - q) * ((1 - q) / (1 - p)).log()
        return (yes + no).mean() * T * T
    return fn


def decoupled(alpha, beta, T, weights=(1.0,)):
    """Zhao et al. 2022; `target` is classes, or shares of them."""
    def fn(s, ts, target, _):
        p = F.softmax(s / T, 1)
        q = sum(w * F.softmax(t / T, 1) for w, t in zip(weights, ts))
        classes = p.shape[1]
        shares = F.one_hot(target, classes) if target.dim() == 1 else target
        total = 0
        for c in range(classes):
            pair = lambda r: torch.stack([r[:, c], 1 - r[:, c]], 1)
            rest = lambda r: torch.cat([r[:, :c], r[:, c + 1:]], 1)
            among = lambda r: rest(r) / rest(r).sum(1, keepdim=True)
            kl = lambda a, b: (a * (a.log() - b.log())).sum(1)
            each = alpha * kl(pair(q), pair(p)) + beta * kl(among(q), among(p))
            total = total + (shares[:, c] * each).sum()
        return T * T * total / len(s)
    return fn


def hint(s, ts, _, own):
    """Romero et al. 2015."""
    if own and s.dim() == 4:
        s = F.conv2d(s, own[0], own[1])
    elif own:
        s = F.linear(s, own[0], own[1])
    return F.mse_loss(s, ts[0])


def attention_transfer(s, ts, _, __):
    """Zagoruyko and Komodakis 2017."""
    def attention(f):
        return F.normalize(f.pow(2).sum(1).flatten(1))
    return (attention(s) - attention(ts[0])).pow(2).mean()


def similarity(s, ts, _, __):
    """Tung and Mori 2019."""
    def alike(f):
        return F.normalize(f.flatten(1) @ f.flatten(1).T)
    return (alike(s) - alike(ts[0])).square().sum() / len(s) ** 2


def relational(distance, angle, weights=(1.0,)):
    """Park et al. 2019."""
    def relations(x):
        x = x.flatten(1)
        d = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
        e = F.normalize(x[None] - x[:, None], dim=2)
        return d / d[d > 0].mean(), e @ e.transpose(1, 2)

    def fn(s, ts, _, __):
        total = 0
        d, a = relations(s)
        for w, t in zip(weights, ts):
            dt, at = relations(t)
            total = total + w * (distance * F.smooth_l1_loss(d, dt) + angle * F.smooth_l1_loss(a, at))
        return total
    return fn


def main():
    classes = torch.tensor([2, 0, 4, 4, 1, 3])
    shares = F.one_hot(classes, 5) * 0.625 + F.one_hot(classes.flip(0), 5) * 0.375
    two, logits = (0.25, 0.75), (6, 5)

    for T, spread in [(4, 4), (1, 4), (20, 4), (2, 60)]:
        case("soft_targets", {"temperature": T}, soft_targets(T), logits, [logits], spread=spread)
    case("soft_targets", {"temperature": 3}, soft_targets(3, two), logits, [logits] * 2, two)
    case("soft_targets", {"temperature": 2}, one_question(2), (6, 1), [(6, 1)])

    for alpha, beta, T in [(1, 8, 4), (0.5, 2, 1), (0, 1, 4), (1, 0, 4)]:
        args = {"alpha": alpha, "beta": beta, "temperature": T}
        case("decoupled", args, decoupled(alpha, beta, T), logits, [logits], classes=classes)
    args = {"alpha": 1, "beta": 8, "temperature": 4}
    case("decoupled", args, decoupled(1, 8, 4, two), logits, [logits] * 2, two, classes=classes)
    case("decoupled", args, decoupled(1, 8, 4), logits, [logits], shares=shares)

    case("logits", {}, lambda s, ts, _, __: F.mse_loss(s, ts[0]), logits, [logits])
    mean = lambda s, ts, _, __: F.mse_loss(s, sum(w * t for w, t in zip(two, ts)))
    case("logits", {}, mean, logits, [logits] * 2, two)

    case("hint", {}, hint, (3, 4, 5, 2), [(3, 4, 5, 2)], features=True)
    case("hint", {}, hint, (3, 4, 5, 2), [(3, 6, 5, 2)], features=True, own=[(6, 4, 1, 1), (6,)])
    case("hint", {}, hint, (4, 7), [(4, 3)], features=True, own=[(3, 7), (3,)])
    case("hint", {}, hint, (2, 3, 4), [(2, 3, 5)], features=True, own=[(5, 4), (5,)])

    case("attention_transfer", {}, attention_transfer, (3, 4, 3, 5), [(3, 6, 3, 5)], features=True)
    case("attention_transfer", {}, attention_transfer, (2, 1, 4, 4), [(2, 3, 4, 4)], features=True)

    case("similarity", {}, similarity, (5, 4, 3, 2), [(5, 7)], features=True)
    case("similarity", {}, similarity, (9, 3), [(9, 12)], features=True)

    for distance, angle in [(1, 2), (25, 0), (0, 1)]:
        args = {"distance": distance, "angle": angle}
        case("relational", args, relational(distance, angle), (9, 4), [(9, 4)])
    args = {"distance": 1, "angle": 2}
    case("relational", args, relational(1, 2, two), logits, [logits] * 2, two)
    case("relational", args, relational(1, 2), (8, 2, 3, 2), [(8, 5)], features=True)
    write("distillation.json", CASES)


if __name__ == "__main__":
    main()
