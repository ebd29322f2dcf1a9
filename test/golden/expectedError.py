"""Makes expectedError.json: expected error after a refit by scikit-learn for each candidate and label.

    python3 test/golden/expectedError.py        scikit-learn 1.2, numpy 1.24

Features are whole multiples of 1 / 1024, exact in float32 and short in decimal.
"""

import json
import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression

UNIT = 1024
random = np.random.default_rng(3)
losses = {
    "log": lambda p: -(np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0)).sum(axis=1).mean(),
    "0/1": lambda p: (1 - p.max(axis=1)).mean(),
}


def case(classes, dims, known, candidates, evaluation):
    centres = random.normal(size=(classes, dims)) * 1.5
    label = np.arange(known) % classes
    draw = lambda own: np.round((centres[own] + random.normal(size=(len(own), dims))) * UNIT) / UNIT
    x = draw(label)
    u = draw(random.integers(0, classes, candidates))
    v = draw(random.integers(0, classes, evaluation))
    fit = lambda x, y: LogisticRegression(solver="newton-cg", tol=1e-7, max_iter=10_000).fit(x, y)
    own = fit(x, label).predict_proba(u)
    scores = {name: [] for name in losses}
    for i, candidate in enumerate(u):
        after = [fit(np.vstack([x, candidate]), np.append(label, y)).predict_proba(v) for y in range(classes)]
        for name, loss in losses.items():
            scores[name].append(-sum(own[i, y] * loss(after[y]) for y in range(classes)))
    whole = lambda values: np.round(values * UNIT).astype(int).ravel().tolist()
    return {"classes": classes, "dims": dims, "labels": label.tolist(), "features": whole(x), "candidates": whole(u), "evaluation": whole(v), "scores": scores}


golden = {"unit": UNIT, "cases": [case(2, 3, 12, 10, 30), case(4, 5, 24, 8, 40)]}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden) + "\n")
