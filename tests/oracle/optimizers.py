"""Weights after four updates and learning rates of schedules in PyTorch, in float64.

    python tests/oracle/optimizers.py > dsl/vocab/tests/training/torch.rs

Lion is not in PyTorch; it is written here from the paper (Chen et al. 2023, algorithm 2).
"""

import torch

WEIGHT = [0.5, -1.25, 2.0, 0.0, -0.125]
GRADS = [
    [0.25, -0.5, 1.0, 0.0, 3.0],
    [-0.75, -0.25, 0.5, 0.0, 2.0],
    [0.125, 1.5, -2.0, 0.5, -1.0],
    [0.5, 0.0, -0.25, -0.75, 0.25],
]
RATES = [0.1, 0.1, 0.05, 0.025]


def run(make):
    w = torch.tensor(WEIGHT, dtype=torch.float64, requires_grad=True)
    optimizer = make([w])
    for grad, lr in zip(GRADS, RATES):
        optimizer.param_groups[0]["lr"] = lr
        w.grad = torch.tensor(grad, dtype=torch.float64)
        optimizer.step()
    return w.tolist()


def lion(beta1, beta2, decay):
    w, m = torch.tensor(WEIGHT, dtype=torch.float64), torch.zeros(5, dtype=torch.float64)
    for grad, lr in zip(GRADS, RATES):
        g = torch.tensor(grad, dtype=torch.float64)
        w = w - lr * (torch.sign(beta1 * m + (1 - beta1) * g) + decay * w)
        m = beta2 * m + (1 - beta2) * g
    return w.tolist()


def rates(make, lr, steps, per_epoch=1, losses=None):
    """The learning rate of each step; the schedule moves on once every `per_epoch` steps."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    schedule = make(optimizer)
    seen = []
    for step in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % per_epoch == 0:
            schedule.step(*([] if losses is None else [losses[step // per_epoch]]))
    return seen


def show(name, doc, values):
    numbers = ", ".join(repr(float(f"{v:.10g}")) for v in values)
    print(f"\n/// {doc}\n#[rustfmt::skip]\npub(crate) const {name}: [f64; {len(values)}] = [{numbers}];")


optim, lrs = torch.optim, torch.optim.lr_scheduler
print("//! Written by `tests/oracle/optimizers.py` with PyTorch " + torch.__version__.split("+")[0] + ".")
show("WEIGHT", "The weights at first.", WEIGHT)
show("GRADS", "The gradients of four steps.", sum(GRADS, []))
show("RATES", "The learning rates of four steps.", RATES)
show("SGD", "`SGD`.", run(lambda w: optim.SGD(w)))
show("SGD_MOMENTUM", "`SGD(momentum=0.9)`.", run(lambda w: optim.SGD(w, momentum=0.9)))
show("SGD_NESTEROV", "`SGD(momentum=0.9, nesterov=True, weight_decay=0.1)`.",
     run(lambda w: optim.SGD(w, momentum=0.9, nesterov=True, weight_decay=0.1)))
show("ADAM", "`Adam(betas=(0.8, 0.95))`.", run(lambda w: optim.Adam(w, betas=(0.8, 0.95))))
show("ADAMW", "`AdamW(weight_decay=0.5)`.", run(lambda w: optim.AdamW(w, weight_decay=0.5)))
show("RMSPROP", "`RMSprop()`.", run(lambda w: optim.RMSprop(w)))
show("LION", "Lion, betas 0.9 and 0.99, weight decay 0.5.", lion(0.9, 0.99, 0.5))
LOSSES = [1.0, 0.9, 0.9, 0.95, 0.89995, 0.8, 0.85, 0.81, 0.9, 0.7]
show("LOSSES", "Validation losses of ten epochs.", LOSSES)
show("PLATEAU", "`ReduceLROnPlateau(patience=2, factor=0.5)`, one step an epoch.",
     rates(lambda o: lrs.ReduceLROnPlateau(o, patience=2, factor=0.5), 1.0, 10, losses=LOSSES))
show("COSINE", "`CosineAnnealingLR(T_max=10, eta_min=0.01)`.",
     rates(lambda o: lrs.CosineAnnealingLR(o, 10, 0.01), 1.0, 10))
show("ONE_CYCLE", "`OneCycleLR(max_lr=2.5, total_steps=20)`.",
     rates(lambda o: lrs.OneCycleLR(o, 2.5, total_steps=20, cycle_momentum=False), 0.1, 20))
show("STEP", "`StepLR(3, gamma=0.5)`.", rates(lambda o: lrs.StepLR(o, 3, 0.5), 1.0, 10))
show("EXPONENTIAL", "`ExponentialLR(0.9)`, three steps an epoch.",
     rates(lambda o: lrs.ExponentialLR(o, 0.9), 1.0, 10, per_epoch=3))
