"""Makes mlp.json: what PyTorch says of the gradient of one batch, and of the weights after three epochs of Adam.

    python3 test/golden/mlp.py        torch 1.13, numpy 1.24

All in float64. Features and first weights are written as short decimals and rounded to float32 before use, as the reader
of the JSON must. Dropout masks are those of src/random.ts, written again with Python's integers.
"""

import json
import pathlib

import numpy as np
import torch

M = 0xFFFFFFFF
rng = np.random.default_rng(11)


def mix(h):
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & M
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & M
    return h ^ (h >> 16)


def keeps(seed, layer, row, unit, pass_, rate):
    h = mix((seed + 0x9E3779B9) & M)
    for part in (256 + layer, row, unit >> 1, pass_):
        h = mix(h ^ part)
    half = h >> 16 if unit & 1 else h
    return (half & 0xFFFF) >= round(rate * 65536)


def single(shape, scale):
    short = [float(f"{v:.4g}") for v in (scale * rng.normal(size=shape)).ravel()]
    return short, torch.tensor(np.array(short, np.float32).astype(np.float64).reshape(shape))


activations = {"relu": torch.relu, "gelu": torch.nn.functional.gelu, "tanh": torch.tanh}


def mean_loss(case, layers, x, y, order, first, epoch):
    """Of the batch that starts at `first` of an epoch; masks are of places in the epoch."""
    rows = order[first : first + case["batchSize"]]
    h = x[rows]
    for l, (weight, bias) in enumerate(layers):
        h = h @ weight.T + bias
        if l == len(layers) - 1:
            return torch.nn.functional.cross_entropy(h, y[rows])
        h = activations[case["activation"]](h)
        if case["dropout"] > 0:
            at = [[(first + i, unit) for unit in range(h.shape[1])] for i in range(len(rows))]
            kept = [[keeps(case["seed"], l, row, unit, epoch, case["dropout"]) for row, unit in line] for line in at]
            h = h * torch.tensor(kept, dtype=torch.float64) / (1 - case["dropout"])


def lists(layers):
    return [{"weight": w.detach().ravel().tolist(), "bias": b.detach().tolist()} for w, b in layers]


written = []
for activation, hidden, classes, dropout in [
    ("relu", [], 3, 0),
    ("relu", [6], 3, 0),
    ("gelu", [5], 2, 0),
    ("tanh", [7, 4], 4, 0),
    ("relu", [8, 5, 3], 3, 0),
    ("gelu", [9, 6], 3, 0.3),
    ("relu", [11], 5, 0.5),
]:
    rows, dims = 13, 4
    case = {"activation": activation, "dropout": dropout, "seed": 2**31 + 5, "batchSize": 5, "learningRate": 0.01}
    case["sizes"] = [dims, *hidden, classes]
    case["features"], x = single((rows, dims), 1.0)
    case["labels"] = rng.integers(classes, size=rows).tolist()
    y = torch.tensor(case["labels"])
    case["layers"], layers = [], []
    for inputs, outputs in zip(case["sizes"], case["sizes"][1:]):
        short, weight = single((outputs, inputs), inputs**-0.5)
        short_bias, bias = single((outputs,), 0.3)
        case["layers"].append({"weight": short, "bias": short_bias})
        layers.append((weight.requires_grad_(), bias.requires_grad_()))
    parameters = [p for layer in layers for p in layer]

    case["orders"] = [rng.permutation(rows).tolist() for _ in range(3)]
    first = mean_loss(case, layers, x, y, case["orders"][0], 0, 1)
    first.backward()
    case["gradient"] = lists([(w.grad, b.grad) for w, b in layers])
    case["loss"] = first.item()

    adam = torch.optim.Adam(parameters, lr=case["learningRate"])
    case["losses"] = []
    for epoch, order in enumerate(case["orders"], start=1):
        total = 0.0
        for start in range(0, rows, case["batchSize"]):
            adam.zero_grad()
            loss = mean_loss(case, layers, x, y, order, start, epoch)
            loss.backward()
            adam.step()
            total += loss.item() * len(order[start : start + case["batchSize"]])
        case["losses"].append(total / rows)
    case["trained"] = lists(layers)
    written.append(case)

lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in written)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
