"""BatchBALD as its authors compute it (batchbald_redux): at each pick what every row adds to the joint information, over
all combinations of the labels before it while there are few, then over sampled ones. NumPy or PyTorch, as `xp`.
"""

import numpy as np

COMBINATIONS = 10_000  # of labels, the row's own included: up to here all of them
SAMPLES = 2000  # past it, as many as poolwise takes
BLOCK_VALUES = 1 << 18  # 1 MiB of float32: stays in the cache
TINY = 1e-37  # keeps the logarithm of a probability that has rounded to 0 finite, for 0 ln 0 = 0


def batchbald(xp, logits, k):
    """Rows of the picks and what each adds, in nats. logits are [passes, rows, classes]."""
    passes, rows, classes = logits.shape
    e = xp.exp(logits - xp.amax(logits, 2)[..., None])
    p = e / e.sum(2)[..., None]
    within = -p_log_p(xp, p).sum(2).sum(0) / passes
    columns = p.reshape(passes, rows * classes)
    # [combinations, passes]: the probability of a combination and a pass together.
    weights = xp.ones((1, passes), dtype=p.dtype) / passes
    picks, gains = [], []
    while len(picks) < k:
        gain = entropies(xp, weights, columns, classes) + p_log_p(xp, weights.sum(1)).sum() - within
        if picks:
            gain[picks] = -np.inf
        picks.append(int(gain.argmax()))
        gains.append(float(gain[picks[-1]]))
        if classes ** (len(picks) + 1) <= COMBINATIONS:
            weights = (weights[:, None, :] * p[:, picks[-1]].T[None]).reshape(-1, passes)
        else:
            weights = sampled(xp, p[:, picks])
    return {"picks": picks, "scores": gains}


def entropies(xp, weights, columns, classes):
    """Of the labels so far and that of each row together. columns are [passes, rows * classes]."""
    result = xp.empty(columns.shape[1] // classes, dtype=columns.dtype)
    step = max(1, BLOCK_VALUES // (len(weights) * classes))
    for first in range(0, len(result), step):
        joint = weights @ columns[:, first * classes : (first + step) * classes]
        result[first : first + step] = -p_log_p(xp, joint).sum(0).reshape(-1, classes).sum(1)
    return result


def sampled(xp, p):
    """Combinations of the labels of picks, drawn from a pass each, all passes alike. p is [passes, picks, classes]."""
    passes, picks, classes = p.shape
    drawn = np.arange(SAMPLES) % passes
    lots = np.random.default_rng(0).random((picks, SAMPLES), np.float32)
    weights = xp.ones((SAMPLES, passes), dtype=p.dtype)
    for pick, lot in enumerate(lots):
        sums = xp.cumsum(p[drawn, pick], 1)
        labels = (sums < xp.asarray(lot)[:, None] * sums[:, -1:]).sum(1)
        weights *= p[:, pick][:, labels].T
        weights /= weights.sum(1)[:, None]
    return weights / SAMPLES


def p_log_p(xp, p):
    return p * xp.log(xp.clip(p, TINY, None))
