"""k-center by scikit-learn's distances: those to the labelled in chunks, then those to each pick."""

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils.extmath import row_norms


def k_center(x, scores, labelled, k):
    """Rows of the picks, and how far the farthest row is left. x is [rows, dims]."""
    squares = row_norms(x, squared=True)[:, None]
    least = pairwise_distances_argmin_min(x, x[labelled])[1]
    picks = []
    for _ in range(k):
        pick = int(least.argmax())
        picks.append(pick)
        apart = euclidean_distances(x, x[pick : pick + 1], X_norm_squared=squares)
        np.minimum(least, apart[:, 0], out=least)
        least[pick] = 0
    return {"picks": picks, "radius": float(least.max())}
