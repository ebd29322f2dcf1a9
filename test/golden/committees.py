"""Makes committees.json: what scipy says of committees, in float64 on float32 inputs.

    python3 test/golden/committees.py        scipy 1.10, numpy 1.24

A case is predictions [passes, rows, classes] as whole multiples of 1 / unit, exact in float32 and short in decimal, and
answers at some temperatures: p_t = softmax(logits_t / temperature), or softmax(log(p_t) / temperature) of given
probabilities. Picks are the 5 highest scores, ties to the lowest row.
"""

import json
import pathlib

import numpy as np
from scipy.special import log_softmax
from scipy.stats import entropy

TEMPERATURES = [1, 0.5, 3]
K = 5
VOTES = ["vote-entropy", "variation-ratio"]


def beliefs(kind, data, temperature):
    if kind == "probabilities":
        if temperature == 1:
            return data
        with np.errstate(divide="ignore"):
            data = np.log(data)
    # The highest goes first, while the difference is exact: rows that differ by a constant stay equal.
    return np.exp(log_softmax((data - data.max(2, keepdims=True)) / temperature, axis=2))


def votes(data):
    """Votes of each row, fewest first: [rows, classes]. argmax breaks ties to the lowest class."""
    passes, _, classes = data.shape
    counts = np.array([np.bincount(row, minlength=classes) for row in data.argmax(2).T])
    return np.sort(counts, axis=1) / passes


def scores(p, shares):
    mean = p.mean(0)
    ordered = np.sort(mean, axis=1)[:, ::-1]
    divergence = entropy(p, mean[None], axis=2)
    found = {
        "entropy": entropy(mean, axis=1),
        "least-confidence": 1 - ordered[:, 0],
        "margin": 1 - (ordered[:, 0] - ordered[:, 1]),
        "vote-entropy": entropy(shares, axis=1),
        "consensus-entropy": entropy(mean, axis=1),
        "kl-divergence": divergence.mean(0),
        "max-kl": divergence.max(0),
        "variation-ratio": 1 - shares.max(1),
        "mean-std": p.std(0).mean(1),
        "bald": entropy(mean, axis=1) - entropy(p, axis=2).mean(0),
    }
    # Houlsby's mutual information is the mean divergence of the Jensen-Shannon kind: the judge agrees with itself.
    assert np.allclose(found["bald"], found["kl-divergence"], rtol=1e-9, atol=1e-14)
    return found


def best(name, values, p, shares):
    """The rows of the K highest values. Refuses data whose order hangs on the last bit of a float64."""
    rows = sorted(range(len(values)), key=lambda row: (-values[row], row))
    for a, b in zip(rows, rows[1 : K + 1]):
        same = np.array_equal(p[:, a], p[:, b])
        if name in VOTES:
            same = shares[a].max() == shares[b].max() if name == "variation-ratio" else np.array_equal(shares[a], shares[b])
        assert same and values[a] == values[b] or values[a] - values[b] > 1e-12, (name, a, b, values[a], values[b])
    return rows[:K]


def answer(kind, data, temperature):
    p, shares = beliefs(kind, data, temperature), votes(data)
    found = scores(p, shares)
    return {
        "temperature": temperature,
        "expected": {name: [float(f"{v:.12g}") for v in values] for name, values in found.items()},
        "picks": {name: best(name, values, p, shares) for name, values in found.items()},
    }


def logits(random, passes, rows, classes):
    """Families of logits by name: what a row is like, and how far members stray from it."""
    row = random.normal(0, 1.5, (1, rows, classes))
    yield "plain", 64, row + random.normal(0, 1, (passes, rows, classes))

    # Rows that occur several times, rows that differ by a constant, members that say the same.
    tied = random.normal(0, 1, (passes, 8, classes))[:, random.integers(0, 8, rows)]
    tied[:, ::3] = np.round(tied[:, ::3] * 64) / 64 + 9
    tied[:, [5, 7]] = tied[:1, [5, 7]]
    yield "tied", 64, tied

    # Members as sure as logits of 100 make them, but for one, which is less and less unsure and then as sure of another.
    steep = np.full((passes, rows, classes), -100.0)
    steep[:, :, 0] = 100
    gaps = random.permutation(np.concatenate([[-190, -1, 0.5, 2, 4, 7, 11], np.linspace(16, 200, rows - 7)]))
    steep[np.arange(rows) % passes, np.arange(rows), 1] = 100 - gaps
    yield "steep", 64, steep


def probabilities(random, passes, rows, classes):
    """Families of probabilities by name: multiples of 1 / unit that sum to exactly 1."""
    for name, unit, concentration in [("plain", 2**14, 0.8), ("with zeros", 2**12, 0.25)]:
        p = random.dirichlet(np.full(classes, concentration), (passes, rows))
        whole = np.floor(p * unit)
        for row, rest in zip(whole.reshape(-1, classes), (unit - whole.sum(2)).astype(int).ravel()):
            row[random.integers(classes)] += rest
        assert (whole.sum(2) == unit).all()
        yield name, unit, whole / unit


def cases():
    random = np.random.default_rng(23)
    for passes, rows, classes in [(2, 40, 3), (3, 40, 2), (8, 12, 40), (20, 16, 10), (20, 24, 3)]:
        for kind, families in {"logits": logits, "probabilities": probabilities}.items():
            for family, unit, values in families(random, passes, rows, classes):
                whole = np.round(values * unit).astype(int)
                data = (whole / unit).astype("f4").astype("f8")
                assert (data == whole / unit).all()
                yield {
                    "name": f"{family} {kind}, {passes} passes, {classes} classes",
                    "kind": kind,
                    "passes": passes,
                    "rows": rows,
                    "classes": classes,
                    "unit": unit,
                    "data": whole.ravel().tolist(),
                    "answers": [answer(kind, data, t) for t in TEMPERATURES[: 3 if family == "plain" else 1]],
                }


lines = [json.dumps(case, separators=(",", ":")) for case in cases()]
pathlib.Path(__file__).with_suffix(".json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
