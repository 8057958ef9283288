"""What the oracle scripts share: exact inputs, and JSON that is small and stable."""

import json
from pathlib import Path

import torch

HERE = Path(__file__).parent


def numbers(shape, seed, low=-2.0, high=2.0):
    """Random numbers with three decimals, so that text and float32 agree on them."""
    generator = torch.Generator().manual_seed(seed)
    raw = torch.rand(shape, generator=generator, dtype=torch.float64) * (high - low) + low
    return torch.round(raw * 1000) / 1000


def distinct(shape, seed):
    """Random numbers of which no two are alike, for whatever picks the largest."""
    generator = torch.Generator().manual_seed(seed)
    count = int(torch.tensor(shape).prod())
    order = torch.randperm(count, generator=generator).to(torch.float64)
    return ((order - count // 2) * 0.01).reshape(shape)


def exact(tensor):
    """The float64 values of the float32 numbers that the other side reads."""
    return tensor.to(torch.float32).to(torch.float64)


def pack(tensor, digits=8):
    """A tensor as JSON."""
    values = [float(f"{v:.{digits}g}") for v in tensor.detach().reshape(-1).tolist()]
    values = [int(v) if v == int(v) else v for v in values]
    return {"shape": list(tensor.shape), "data": values}


def write(name, cases):
    """Writes one case a line, so that a change shows in a diff."""
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path = HERE / name
    path.write_text("[\n" + lines + "\n]\n")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size / 1024:.0f} KiB")
