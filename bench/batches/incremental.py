"""k-center and hybrid: the least squared distance of each row is kept, and a pick costs one matrix-vector product."""

import numpy as np

ALPHA, NEVER_ZERO = 0.5, 1e-10
CENTRES = 16  # labelled rows at a time: their distances to all rows stay small beside the rows


def incremental(rule, x, scores, labelled, k):
    """Rows of the picks, and how far the farthest row is left. x is [rows, dims]."""
    squares = np.einsum("ij,ij->i", x, x)
    least = np.full(len(x), np.inf, np.float32)
    for start in range(0, len(labelled), CENTRES):
        some = labelled[start : start + CENTRES]
        apart = x @ x[some].T
        apart *= -2
        apart += squares[:, None]
        apart += squares[some]
        np.minimum(least, apart.min(1), out=least)
    # Labelled rows leave the pool, so that no pick has to mask them.
    free = np.delete(np.arange(len(x)), labelled)
    x, squares, least = x[free], squares[free], least[free]
    worth = hybrid_worth(scores[free]) if rule == "hybrid" else lambda least, picks: least
    apart = np.empty_like(least)
    picks = []
    for _ in range(k):
        pick = int(worth(least, picks).argmax())
        picks.append(pick)
        np.dot(x, x[pick], out=apart)
        apart *= -2
        apart += squares
        apart += squares[pick]
        np.minimum(least, apart, out=least)
        least[pick] = 0
    return {"picks": free[picks].tolist(), "radius": float(np.sqrt(max(0, least.max())))}


def hybrid_worth(scores):
    low, high = scores.min(), scores.max()
    scaled = ALPHA * (scores - low) / (high - low + NEVER_ZERO)
    worth = np.empty_like(scaled)

    def of(least, picks):
        np.maximum(least, 0, out=worth)
        np.sqrt(worth, out=worth)
        near, far = worth.min(), worth.max()
        np.subtract(worth, near, out=worth)
        np.multiply(worth, (1 - ALPHA) / (far - near + NEVER_ZERO), out=worth)
        np.add(worth, scaled, out=worth)
        worth[picks] = -np.inf
        return worth

    return of
