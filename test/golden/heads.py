"""Makes heads.json: what PyTorch says of heads, in float64 on float32 inputs.

    python3 test/golden/heads.py        torch 1.13, scipy 1.10, numpy 1.24

masks    which units of one draw are kept, by the generator of src/random.ts written again with numpy
cases    features and weights as whole multiples of 1 / 64, exact in float32 and short in decimal; scores of the
         deterministic forward pass, expected gradient length by autograd, a backward pass for every row and label,
         and passes of MC dropout

Picks are the 5 highest scores, ties to the lowest row.
"""

import json
import pathlib

import numpy as np
import torch
from scipy.stats import entropy

torch.set_default_dtype(torch.float64)
UNIT = 64
K = 5
ACTIVATIONS = {"relu": torch.relu, "gelu": torch.nn.functional.gelu, "tanh": torch.tanh}
# Mostly more than 4 outputs and not 9 to 12: a device compiles a kernel for each of those, slowly where it is software.
HEADS = [
    ("linear", "relu", [7, 5], []),
    ("linear, two classes", "relu", [5, 2], []),
    ("linear, 20 classes", "relu", [9, 20], []),
    ("2 layers, relu", "relu", [6, 16, 5], [(2, 0.5, 0), (5, 0.25, 7), (20, 0.5, 4294967295)]),
    ("3 layers, relu", "relu", [5, 8, 7, 6], [(3, 0.5, 1), (20, 0.125, 12345)]),
    ("4 layers, relu", "relu", [4, 7, 5, 14, 8], [(8, 0.25, 3)]),
    ("2 layers, gelu", "gelu", [8, 17, 5], [(8, 0.1, 5)]),
    ("3 layers, gelu", "gelu", [6, 13, 8, 20], [(20, 0.3, 2), (3, 0.9, 2)]),
    ("2 layers, tanh", "tanh", [3, 33, 5], [(33, 0.5, 6)]),
    ("4 layers, tanh", "tanh", [6, 7, 6, 5, 15], [(5, 0.4, 8)]),
]


def mix(h):
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return h ^ (h >> 16)


def kept(seed, layer, rows, units, passes, rate):
    """Whether a unit takes part: [passes, rows, units]. A draw of 32 bits serves two units, the even one first."""
    t, row, unit = np.ogrid[:passes, :rows, :units]
    h = mix(mix((seed + 0x9E3779B9) & 0xFFFFFFFF) ^ (256 + layer))
    for part in (row, unit // 2, t):
        h = mix(h ^ part.astype("u8"))
    draw = np.where(unit % 2 == 0, h & 0xFFFF, h >> 16)
    return draw >= round(rate * 65536)


def forward(layers, activation, x, leave_out=lambda h, layer: h):
    h = x
    for i, (weight, bias) in enumerate(layers):
        h = h @ weight.T + bias
        if i < len(layers) - 1:
            h = leave_out(ACTIVATIONS[activation](h), i)
    return h


def gradient_lengths(layers, activation, x):
    """sum p_y |gradient for y| over all parameters, and over those of the last layer."""
    parameters = [[w.clone().requires_grad_(), b.clone().requires_grad_()] for w, b in layers]
    flat = [p for layer in parameters for p in layer]
    found = []
    for row in x:
        logits = forward(parameters, activation, row)
        log_p = torch.log_softmax(logits, 0)
        lengths = torch.zeros(2)
        for y in range(len(logits)):
            gradients = torch.autograd.grad(-log_p[y], flat, retain_graph=True)
            squares = torch.stack([(g**2).sum() for g in gradients])
            lengths += log_p[y].exp().detach() * torch.stack([squares.sum(), squares[-2:].sum()]).sqrt()
        found.append(lengths)
    return torch.stack(found).numpy().T


def plain_scores(logits, temperature):
    p = torch.softmax(logits / temperature, 1).numpy()
    ordered = np.sort(p, axis=1)[:, ::-1]
    return {
        "entropy": entropy(p, axis=1),
        "least-confidence": 1 - ordered[:, 0],
        "margin": 1 - (ordered[:, 0] - ordered[:, 1]),
    }


def pass_scores(logits):
    p = torch.softmax(logits, 2).numpy()
    mean = p.mean(0)
    top = logits.topk(2, 2).values
    assert (top[..., 0] - top[..., 1]).min() > 1e-9, "a vote hangs on the last bit"
    votes = np.array([np.bincount(row, minlength=p.shape[2]) for row in p.argmax(2).T]) / len(p)
    return {
        "entropy": entropy(mean, axis=1),
        "vote-entropy": entropy(np.sort(votes, axis=1), axis=1),
        "max-kl": entropy(p, mean[None], axis=2).max(0),
        "variation-ratio": 1 - votes.max(1),
        "mean-std": p.std(0).mean(1),
        "bald": entropy(mean, axis=1) - entropy(p, axis=2).mean(0),
    }


def best(values):
    """The rows of the K highest values. Refuses data whose order hangs on the last bit of a float64."""
    rows = sorted(range(len(values)), key=lambda row: (-values[row], row))
    for a, b in zip(rows, rows[1 : K + 1]):
        assert values[a] == values[b] or values[a] - values[b] > 1e-10, (a, b, values[a], values[b])
    return rows[:K]


def answered(scores):
    return {
        "expected": {name: [float(f"{v:.12g}") for v in values] for name, values in scores.items()},
        "picks": {name: best(values) for name, values in scores.items()},
    }


def cases():
    random = np.random.default_rng(31)
    for name, activation, sizes, drawn in HEADS:
        whole = lambda spread, shape: np.round(random.normal(0, spread, shape) * UNIT).astype(int)
        features = whole(1, (24, sizes[0]))
        layers = [(whole(1.2 / np.sqrt(n), (m, n)), whole(0.5, m)) for n, m in zip(sizes, sizes[1:])]
        x = torch.tensor(features / UNIT)
        exact = [(torch.tensor(w / UNIT), torch.tensor(b / UNIT)) for w, b in layers]
        logits = forward(exact, activation, x)
        every, last = gradient_lengths(exact, activation, x)
        passes = []
        for count, rate, seed in drawn:
            left = lambda h, layer: h * torch.tensor(kept(seed, layer, *h.shape[-2:], count, rate)) / (1 - rate)
            sampled = pass_scores(forward(exact, activation, x, left))
            passes.append({"passes": count, "dropout": rate, "seed": seed, **answered(sampled)})
        yield {
            "name": name,
            "activation": activation,
            "rows": len(features),
            "dims": sizes[0],
            "features": features.ravel().tolist(),
            "layers": [
                {"outputs": w.shape[0], "inputs": w.shape[1], "weight": w.ravel().tolist(), "bias": b.tolist()}
                for w, b in layers
            ],
            "plain": [{"temperature": t, **answered(plain_scores(logits, t))} for t in (1, 2)],
            "egl": {"all": answered({"egl": every}), "last": answered({"egl": last})},
            "passes": passes,
        }


def masks():
    random = np.random.default_rng(32)
    for rate in (0, 1e-5, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999):
        for seed, layer in ((0, 0), (7, 1), (4294967295, 2)):
            rows, passes = [int(n) for n in random.integers(1, 9, 2)]
            mask = kept(seed, layer, rows, 23, passes, rate)[-1, -1]
            bits = "".join("01"[int(unit)] for unit in mask)
            yield {"seed": seed, "layer": layer, "row": rows - 1, "pass": passes - 1, "rate": rate, "kept": bits}


compact = lambda value: json.dumps(value, separators=(",", ":"))
lines = ",\n".join(compact(case) for case in cases())
pathlib.Path(__file__).with_suffix(".json").write_text(
    f'{{"unit":{UNIT},\n"masks":{compact(list(masks()))},\n"cases":[\n{lines}\n]}}\n'
)
