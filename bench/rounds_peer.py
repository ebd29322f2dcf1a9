"""Rounds by scikit-learn and NumPy: predict_proba, entropy, argpartition. Arrays come on standard input.

    python rounds_peer.py ROWS DIMS CLASSES K ROUNDS < features, weights of each round

Prints, as JSON, the rows that each round picks, best first, and its seconds.
"""

import json
import sys
import time

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

rows, dims, classes, k, rounds = map(int, sys.argv[1:])


def read(*shape):
    array = np.empty(shape, np.float32)
    if sys.stdin.buffer.readinto(memoryview(array).cast("B")) != array.nbytes:
        raise EOFError("standard input ended early")
    return array


x = read(rows, dims)
heads = read(rounds, classes, dims + 1)
# Fitted to anything, so that its weights can be set.
model = LogisticRegression(max_iter=1).fit(x[:classes], np.arange(classes))
picks, seconds = [], []
for head in heads:
    began = time.perf_counter()
    model.coef_, model.intercept_ = head[:, :-1], head[:, -1]
    p = model.predict_proba(x)
    entropy = -np.einsum("ij,ij->i", p, np.log(np.maximum(p, 1e-38)))
    best = np.argpartition(entropy, -k)[-k:]
    best = best[np.argsort(-entropy[best], kind="stable")]
    seconds.append(time.perf_counter() - began)
    picks.append(best.tolist())
print(json.dumps({"picks": picks, "seconds": seconds, "versions": {"sklearn": sklearn.__version__, "numpy": np.__version__, "python": sys.version.split()[0]}}))
