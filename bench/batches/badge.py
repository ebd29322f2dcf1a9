"""BADGE: k-means++ on gradients g = (p - e_y) x h, which are never built: of two rows g . g' = (q . q') (h . h')."""

import numpy as np


def badge(logits, h, k):
    """Rows of the picks and how far each was from the nearest earlier one; of the first, how long its gradient is."""
    q = np.exp(logits - logits.max(1, keepdims=True))
    q /= q.sum(1, keepdims=True)
    q[np.arange(len(q)), logits.argmax(1)] -= 1
    squares = np.einsum("ij,ij->i", q, q) * np.einsum("ij,ij->i", h, h)
    lots = np.random.default_rng(0).random(k)
    pick = int(squares.argmax())
    picks, distances = [pick], [float(np.sqrt(squares[pick]))]
    least = np.full(len(q), np.inf, np.float32)
    apart, across = np.empty_like(least), np.empty_like(least)
    for lot in lots[1:]:
        np.dot(q, q[pick], out=apart)
        np.dot(h, h[pick], out=across)
        apart *= across
        apart *= -2
        apart += squares
        apart += squares[pick]
        np.minimum(least, apart, out=least)
        np.maximum(least, 0, out=least)
        least[picks] = 0
        sums = np.cumsum(least, dtype=np.float64)
        pick = int(np.searchsorted(sums, lot * sums[-1], side="right"))
        picks.append(pick)
        distances.append(float(np.sqrt(least[pick])))
    return {"picks": picks, "scores": distances}
