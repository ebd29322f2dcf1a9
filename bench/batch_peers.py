"""k-center and hybrid as one who knows NumPy would write them: `incremental` keeps the least squared distance of each row
and takes one matrix-vector product a pick; `recomputed` takes all distances to all centres at every pick (SciPy), on a
sample of rows and picks, scaled to the whole. Prints seconds and the radius of the picks.

python batch_peers.py FOLDER RULE K LABELLED RUNS
"""

import json
import sys
import time

import numpy as np
from scipy.spatial.distance import cdist

folder, rule = sys.argv[1:3]
k, labelled, runs = map(int, sys.argv[3:])
x = np.load(f"{folder}/x.npy")
scores = np.load(f"{folder}/s.npy")
rows = len(x)
known = np.arange(labelled) * rows // labelled
SAMPLE_ROWS, SAMPLE_PICKS = 2000, 5


def incremental():
    squares = np.einsum("ij,ij->i", x, x)
    least = np.full(rows, np.inf, np.float32)
    for start in range(0, labelled, 16):
        some = known[start : start + 16]
        apart = x @ x[some].T
        apart *= -2
        apart += squares[:, None]
        apart += squares[some]
        np.minimum(least, apart.min(1), out=least)
    free = np.ones(rows, bool)
    free[known] = False
    low, high = scores[free].min(), scores[free].max()
    scaled = (scores - low) / (high - low + 1e-10)
    taken = np.zeros(rows, bool)
    taken[known] = True
    for _ in range(k):
        if rule == "hybrid":
            d = np.sqrt(np.clip(least, 0, None))
            near, far = d[free].min(), d[free].max()
            value = 0.5 * scaled + 0.5 * ((d - near) / (far - near + 1e-10))
            value[taken] = -np.inf
            pick = int(value.argmax())
        else:
            pick = int(least.argmax())
        taken[pick] = True
        apart = x @ x[pick]
        apart *= -2
        apart += squares
        apart += squares[pick]
        np.minimum(least, apart, out=least)
        least[pick] = 0
    return float(np.sqrt(np.clip(least, 0, None).max()))


def recomputed():
    sample = x[:: rows // SAMPLE_ROWS][:SAMPLE_ROWS]
    centres = list(known)
    started = time.perf_counter()
    for _ in range(SAMPLE_PICKS):
        d = cdist(sample, x[centres]).min(1)
        centres.append(int(d.argmax()) * (rows // SAMPLE_ROWS))
    seconds = (time.perf_counter() - started) / SAMPLE_PICKS
    # In proportion to rows, and to the centres there are at each pick.
    mean_centres = labelled + (k - 1) / 2
    return seconds * rows / len(sample) * k * mean_centres / (labelled + (SAMPLE_PICKS - 1) / 2)


times = []
for _ in range(runs):
    started = time.perf_counter()
    radius = incremental()
    times.append(time.perf_counter() - started)
print(json.dumps({"radius": radius, "incremental": float(np.median(times)), "recomputed": recomputed()}))
