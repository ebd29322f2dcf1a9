"""Scores and picks by scipy, in float64 on float32 inputs: python3 test/golden/scores.py

scores.json           cases of few classes, inputs and answers in one: a test in a browser has no files
scores/<case>.npy     the same inputs as files, float32 in C order
scores/answers.json   answers to the files whose inputs are not in scores.json: 1000 classes, and these
scores/types/*.npy    one array of small whole numbers in many types, orders and endiannesses
scores/features.npy, scores/head.*    a linear head, float32, in both formats

Scores are of probabilities p = softmax(logits / temperature), or softmax(log(p) / temperature) of given ones. Picks are
the 5 highest scores, ties to the lowest row.
"""

import json
import struct
from pathlib import Path

import numpy as np
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

here = Path(__file__).parent
folder = here / "scores"
TEMPERATURES = [0.5, 1, 3]
CLASSES = [1, 2, 3, 10, 1000]
K = 5
TYPES = [
    *["f2-C-big", "f2-F-little", "f4-C-big", "f4-F-little", "f8-C-little", "f8-F-big", "i1-C-bytes", "i2-F-big"],
    *["i4-C-little", "i8-C-big", "u1-F-bytes", "u2-C-little", "u4-F-big", "u8-F-little"],
]


def chances(kind, data, temperature):
    """Probabilities in float64."""
    values = data.astype("f8")
    if kind == "probabilities":
        if temperature == 1:
            return values
        with np.errstate(divide="ignore"):
            values = np.log(values)
    # The highest goes first, while the difference is exact: rows that differ by a constant stay equal.
    return softmax((values - values.max(1, keepdims=True)) / temperature, axis=1)


def scores(p):
    ordered = np.sort(p, axis=1)[:, ::-1]
    runner_up = ordered[:, 1] if p.shape[1] > 1 else np.zeros(len(p))
    top = ordered[:, 0]
    one = p.shape[1] == 1
    return {
        "entropy": entropy(p, axis=1),
        "least-confidence": 1 - top,
        "margin": np.zeros(len(p)) if one else 1 - (top - runner_up),
    }


def best(name, values, p):
    """The rows of the K highest values. Refuses data whose order hangs on the last bit of a float64."""
    rows = sorted(range(len(values)), key=lambda row: (-values[row], row))
    for a, b in zip(rows, rows[1 : K + 1]):
        same = np.array_equal(p[a], p[b]) or (p.shape[1] == 2 and np.array_equal(p[a], p[b][::-1]))
        round_number = values[a] == values[b] and values[a] in (0, 0.5, 1)
        apart = values[a] - values[b]
        clear = apart > 1e-9 * values[a] and (name == "entropy" or apart > 1e-12)
        assert same and values[a] == values[b] or round_number or clear, (name, a, b, values[a], values[b])
    return rows[:K]


def answers(kind, data, temperature):
    p = chances(kind, data, temperature)
    if kind != "probabilities":
        # The judge agrees with itself: entropy from log-softmax is entropy from softmax.
        log_p = log_softmax(data.astype("f8") / temperature, axis=1)
        assert np.allclose(scores(p)["entropy"], -(np.exp(log_p) * log_p).sum(1), rtol=1e-9, atol=1e-15)
    all_scores = scores(p)
    return {
        "expected": {name: [float(v) + 0 for v in values] for name, values in all_scores.items()},
        "picks": {name: best(name, values, p) for name, values in all_scores.items()},
    }


def sixtyfourths(values):
    """Exact in float32 and short in decimal."""
    return (np.round(values * 64) / 64).astype("f4")


def shares(random, rows, classes, concentration, unit):
    """Probabilities that are multiples of 1 / unit and sum to exactly 1."""
    p = random.dirichlet(np.full(classes, concentration), rows)
    whole = np.floor(p * unit)
    for row, rest in zip(whole, (unit - whole.sum(1)).astype(int)):
        row[random.permutation(classes)[:rest]] += 1
    assert (whole.sum(1) == unit).all()
    return (whole / unit).astype("f4")


def logits(random, classes):
    """Families of logits by name."""
    rows = 12 if classes == 1000 else 40
    yield "plain", sixtyfourths(random.normal(0, 2, (rows, classes)))
    if classes in (1, 1000):
        return

    # Rows that occur several times, some raised by a constant, and rows that know nothing.
    tied = sixtyfourths(random.normal(0, 1, (8, classes)))[random.integers(0, 8, 40)]
    tied[random.random(40) < 0.5] += 17
    tied[[11, 23, 37]] = [[0], [-200], [5.5]]
    yield "tied", tied

    # From knowing nothing to as sure as logits of 200 can make one.
    steep = np.full((40, classes), -200.0)
    steep[np.arange(40), random.permutation(40) % classes] = 200
    for row, gap in enumerate([0, 0.5, 2, 9, 30, 80, 399, 200]):
        steep[3 * row + 2] = -200
        steep[3 * row + 2, [0, 1]] = [200 - gap, 200]
    steep[[17, 29]] = [[200], [-200]]
    yield "steep", steep.astype("f4")

    # So sure that float32 rounds every score to 0, where the entropies of float64 still differ.
    sure = np.full((40, classes), -200.0)
    sure[:, 0] = 200
    sure[:, 1] = 50 - 6 * random.permutation(40)
    yield "sure", sure.astype("f4")


def probabilities(random, classes):
    """Families of probabilities by name."""
    rows = 12 if classes == 1000 else 40
    if classes == 1:
        return (yield "plain", np.ones((rows, 1), "f4"))
    yield "plain", shares(random, rows, classes, 0.7, 2**20 if classes == 1000 else 2**12)
    if classes == 1000:
        return

    tied = shares(random, 8, classes, 2, 2**6)[random.integers(0, 8, 40)]
    half = np.zeros(classes)
    half[[0, 1]] = 0.5
    tied[[11, 23, 37]] = half
    yield "tied", tied

    # Certain, and certain but for a power of two.
    steep = np.zeros((40, classes))
    steep[np.arange(40), random.permutation(40) % classes] = 1
    for row, power in enumerate([1, 2, 5, 11, 18, 23]):
        steep[5 * row + 4] = 0
        steep[5 * row + 4, [0, 1]] = [1 - 2.0**-power, 2.0**-power]
    yield "steep", steep.astype("f4")

    # A second class too unlikely to move the first one from 1.
    sure = np.zeros((40, classes))
    sure[:, 0] = 1
    sure[:, 1] = 2.0 ** -(60 + random.permutation(40))
    yield "sure", sure.astype("f4")


def cases():
    random = np.random.default_rng(11)
    for kind, families in {"logits": logits, "probabilities": probabilities}.items():
        for classes in CLASSES:
            for family, data in families(random, classes):
                file = f"{kind}-{classes}-{family}"
                np.save(folder / f"{file}.npy", data)
                for temperature in TEMPERATURES:
                    name = f"{family} {kind}, classes {classes}, temperature {temperature:g}"
                    yield {
                        "name": name,
                        "file": f"{file}.npy",
                        "kind": kind,
                        "temperature": temperature,
                        "rows": len(data),
                        "classes": classes,
                        "data": [float(v) + 0 for v in data.ravel()],
                        **answers(kind, data, temperature),
                    }


def head():
    """Features, a linear head in both of its formats, and what it makes of them."""
    random = np.random.default_rng(12)
    features = sixtyfourths(random.normal(0, 1, (40, 7)))
    weight, bias = sixtyfourths(random.normal(0, 1, (4, 7))), sixtyfourths(random.normal(0, 1, 4))
    np.save(folder / "features.npy", features)
    np.savez(folder / "head.npz", **{"0.weight": weight, "0.bias": bias})
    tensors = {"0.weight": weight, "0.bias": bias}
    header, values = {}, b""
    for key, a in tensors.items():
        header[key] = {"dtype": "F32", "shape": a.shape, "data_offsets": [len(values), len(values) + a.nbytes]}
        values += a.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (folder / "head.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + values)

    # Sums of products of sixty-fourths are exact in float64.
    made = features.astype("f8") @ weight.astype("f8").T + bias.astype("f8")
    for temperature in TEMPERATURES:
        yield {
            "name": f"linear head, temperature {temperature:g}",
            "file": "features.npy",
            "kind": "features",
            "temperature": temperature,
            "rows": len(features),
            "classes": len(bias),
            **answers("features", made, temperature),
        }


def types():
    """Whole numbers from 0 to 9, which every type can hold, as logits of 3 classes."""
    a = np.random.default_rng(13).integers(0, 10, (20, 3))
    ends = {"little": "<", "big": ">", "bytes": "|"}
    for name in TYPES:
        dtype, order, end = name.split("-")
        stored = np.asarray(a, np.dtype(dtype).newbyteorder(ends[end]), order=order)
        np.save(folder / "types" / f"{name}.npy", stored)
    np.save(folder / "types" / "f4-one-pass.npy", a.astype("f4")[None])
    yield {
        "name": "types",
        "file": "types",
        "kind": "logits",
        "temperature": 1,
        "rows": 20,
        "classes": 3,
        **answers("logits", a, 1),
    }


def write(path, described):
    lines = [json.dumps(case, separators=(",", ":")) for case in described]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    (folder / "types").mkdir(parents=True, exist_ok=True)
    made = list(cases())
    write(here / "scores.json", [case for case in made if case["classes"] < 1000])
    wide = [{key: value for key, value in case.items() if key != "data"} for case in made if case["classes"] == 1000]
    write(folder / "answers.json", [*wide, *head(), *types()])
