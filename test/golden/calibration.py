"""Makes calibration.json: temperatures by scipy's bounded Brent, and Cohen's kappa, F1 and log loss by scikit-learn.

    python3 test/golden/calibration.py        scipy 1.10, scikit-learn 1.2, numpy 1.24

Logits are whole multiples of 1 / 1024, exact in float32 and short in decimal.
"""

import json
import pathlib

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, log_loss

UNIT = 1024
BINS = 15
random = np.random.default_rng(5)


def log_mean(logits, inverse):
    """ln of the mean probability over passes, [rows, classes]."""
    return logsumexp(log_softmax(logits * inverse, axis=2), axis=0) - np.log(len(logits))


def nll(logits, labels, inverse):
    return -log_mean(logits, inverse)[np.arange(len(labels)), labels].mean()


def ece(logits, labels, inverse):
    p = np.exp(log_mean(logits, inverse))
    confidence, hit = p.max(axis=1), p.argmax(axis=1) == labels
    edges = np.linspace(0, 1, BINS + 1)
    total = 0
    for low, high in zip(edges, edges[1:]):
        inside = (confidence >= low) & ((confidence < high) | (high == 1))
        if inside.any():
            total += inside.mean() * abs(hit[inside].mean() - confidence[inside].mean())
    return total


def case(name, passes, rows, classes, sureness):
    truth = random.normal(size=(rows, classes)) * 1.5
    p = np.exp(log_softmax(truth, axis=1))
    labels = np.array([random.choice(classes, p=row) for row in p])
    logits = np.round((truth + random.normal(size=(passes, rows, classes)) * 0.3) * sureness * UNIT) / UNIT
    # The loss of a mean over passes need not be convex: the best of several brackets.
    found = min(
        (
            minimize_scalar(lambda t: nll(logits, labels, np.exp(t)), bounds=(a, a + 1.5), method="bounded", options={"xatol": 1e-12})
            for a in np.arange(-6, 6, 0.75)
        ),
        key=lambda result: result.fun,
    )
    temperature = float(np.exp(-found.x))
    fit = lambda inverse: {"nll": nll(logits, labels, inverse), "ece": ece(logits, labels, inverse)}
    return {
        "name": name,
        "passes": passes,
        "rows": rows,
        "classes": classes,
        "logits": (logits * UNIT).astype(int).ravel().tolist(),
        "labels": labels.tolist(),
        "temperature": temperature,
        "before": fit(1),
        "after": fit(1 / temperature),
    }


def quality(rows, classes, seen):
    truth = random.integers(0, classes, rows)
    p = random.dirichlet(np.ones(classes), rows)
    p[np.arange(rows), truth] += 0.5
    p = (p / p.sum(axis=1, keepdims=True)).astype(np.float32)
    truth[truth >= seen] = 0
    guess, other = p.argmax(axis=1), random.integers(0, classes, rows)
    other[: rows // 2] = guess[: rows // 2]
    return {
        "classes": classes,
        "truth": truth.tolist(),
        "probabilities": [float(value) for value in p.ravel()],
        "other": other.tolist(),
        "accuracy": accuracy_score(truth, guess),
        "macroF1": f1_score(truth, guess, average="macro"),
        "logLoss": -np.log(p[np.arange(rows), truth].astype(float)).mean(),
        "kappa": cohen_kappa_score(guess, other),
    }


cases = [
    case("too sure", 1, 200, 4, 3.0),
    case("not sure enough", 1, 150, 3, 0.25),
    case("about right", 1, 120, 10, 1.0),
    case("a committee that is too sure", 5, 100, 3, 4.0),
]
golden = {"unit": UNIT, "temperatures": cases, "qualities": [quality(60, 3, 3), quality(80, 6, 5)]}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden) + "\n")
