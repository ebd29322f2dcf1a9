"""Makes logistic.json: what scikit-learn's LogisticRegression says of small data sets.

    python3 test/golden/logistic.py        scikit-learn 1.2, numpy 1.24

Features are written as short decimals and rounded to float32 before they are fitted, as the reader of the JSON must.
"""

import json
import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(7)


def drawn(rows, dims, classes, sharpness=1.0):
    """Rows whose class is drawn from a softmax model of their own."""
    x = rng.normal(size=(rows, dims))
    logits = sharpness * x @ rng.normal(size=(dims, classes)) + rng.gumbel(size=(rows, classes))
    return x, logits.argmax(1)


def blobs(rows, dims, classes, gap):
    """Clusters so far apart that a plane parts them."""
    y = np.arange(rows) % classes
    return rng.normal(size=(rows, dims)) + gap * rng.normal(size=(classes, dims))[y], y


def cases():
    yield "two classes", *drawn(80, 5, 2), 1.0
    yield "three classes", *drawn(90, 5, 3), 1.0
    yield "ten classes", *drawn(150, 8, 10), 1.0
    yield "strong penalty", *drawn(80, 5, 3), 0.01
    yield "weak penalty", *drawn(80, 5, 3), 1000.0
    yield "weak penalty, two classes", *drawn(80, 5, 2), 1000.0
    yield "separable, two classes", *blobs(60, 3, 2, 6.0), 1.0
    yield "separable, four classes", *blobs(80, 3, 4, 8.0), 1.0
    x, y = drawn(100, 4, 2)
    yield "badly scaled, two classes", x * [1000, 0.001, 1, 30] + [5000, 0.01, -7, 0], y, 1.0
    x, y = drawn(100, 4, 3)
    yield "badly scaled, three classes", x * [1000, 0.001, 1, 30] + [5000, 0.01, -7, 0], y, 1.0
    yield "fewer rows than dims", *drawn(12, 30, 2), 1.0
    yield "fewer rows than dims, three classes", *drawn(15, 30, 3), 1.0
    x, y = drawn(40, 4, 3)
    x[:, 2] = 3.25
    yield "constant column", x, y, 1.0
    x, y = drawn(30, 4, 3)
    yield "every row twice and some with two labels", np.vstack([x, x, x[:10]]), np.concatenate([y, y, (y[:10] + 1) % 3]), 1.0
    x, y = drawn(60, 4, 3)
    yield "labels with gaps", x, np.array([2, 5, 11])[y], 1.0
    x, y = drawn(101, 3, 2)
    yield "one row against a hundred", x, (np.arange(101) == 17).astype(int), 1.0


def best_fit(x, y, c):
    """The lower of two solvers: on badly scaled features L-BFGS stops early. Rounding keeps either from reaching its tolerance."""
    fits = [LogisticRegression(C=c, solver=s, tol=1e-10, max_iter=300).fit(x, y) for s in ("lbfgs", "newton-cg")]
    return min(fits, key=lambda fit: loss(fit, x, y, c))


def loss(fit, x, y, c):
    columns = np.searchsorted(fit.classes_, y)
    return 0.5 * (fit.coef_**2).sum() - c * fit.predict_log_proba(x)[np.arange(len(y)), columns].sum()


written = []
for name, x, y, c in cases():
    x = np.array([[float(f"{v:.5g}") for v in row] for row in x])
    single = x.astype(np.float32).astype(np.float64)
    fit = best_fit(single, y, c)
    written.append(
        {
            "name": name,
            "C": c,
            "rows": x.shape[0],
            "dims": x.shape[1],
            "features": x.ravel().tolist(),
            "labels": y.tolist(),
            "classes": fit.classes_.tolist(),
            "probabilities": [float(f"{p:.12g}") for p in fit.predict_proba(single).ravel()],
            "loss": loss(fit, single, y, c),
        }
    )

lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in written)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
