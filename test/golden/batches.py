"""Makes batches.json: what scipy, scikit-learn and PyTorch pick by the rules of batches, in float64 on float32 inputs.

    python3 test/golden/batches.py        scipy 1.10, scikit-learn 1.2, torch 1.13, numpy 1.24

pools    embeddings and logits, and what each rule picks from them, in order, with the score of each pick
badge    features, a linear head, and the gradient of its weights that the likeliest label of each row would send

Inputs are whole multiples of 1 / 1024, exact in float32 and short in decimal. A score of null stands for infinity.
"""

import json
import pathlib
from itertools import product

import numpy as np
import torch
from scipy.spatial.distance import cdist, pdist
from scipy.special import softmax
from scipy.stats import entropy
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

UNIT = 1024
NEVER_ZERO = 1e-10
random = np.random.default_rng(2)
whole = lambda values: np.round(values * UNIT).astype(int)


def first(values):
    """Where the largest value is. Refuses data whose order hangs on rounding."""
    best = np.sort(values)[::-1]
    assert len(best) == 1 or best[0] - best[1] > 1e-6, best[:2]
    return int(np.argmax(values))


def margins(logits):
    ordered = np.sort(softmax(logits, axis=1), axis=1)
    return 1 - (ordered[:, -1] - ordered[:, -2])


SCORES = {"entropy": lambda logits: entropy(softmax(logits, axis=1), axis=1), "margin": margins}


def chosen(batch, options, picks, scores, **report):
    """A rule, what it is asked, what it picks and what it says of that."""
    scores = [None if score == np.inf else float(score) for score in scores]
    return {"batch": batch, "options": options, "picks": [int(row) for row in picks], "scores": scores, **report}


def greedily(distances, labelled, k, worth, start=None):
    """One row after the other, by `worth` of the distances of free rows, picked ones included, to the nearest centre."""
    free = np.setdiff1d(np.arange(len(distances)), labelled)
    picks, scores = [list(part) for part in zip(start)] if start else ([], [])
    nearest = lambda: distances[np.ix_(free, labelled + picks)].min(1)
    while len(picks) < k:
        worths = np.where(np.isin(free, picks), -np.inf, worth(free, nearest(), len(picks)))
        best = first(worths)
        picks.append(int(free[best]))
        scores.append(worths[best])
    return picks, scores, nearest().max()


def k_center(x, labelled, k, metric, scores=None):
    """Gonzalez. The first of all picks is the row with the highest score, or row 0."""
    start = None if labelled else (0 if scores is None else first(scores), np.inf)
    return greedily(cdist(x, x, metric), labelled, k, lambda rows, d, picked: d, start)


def hybrid(x, labelled, k, metric, scores, alpha):
    scaled = lambda values: (values - values.min()) / (values.max() - values.min() + NEVER_ZERO)
    free = np.setdiff1d(np.arange(len(x)), labelled)
    certain = np.zeros(len(x))
    certain[free] = scaled(scores[free])
    # With nothing to be far from, all rows are as far as can be.
    start = None if labelled else (first(scores), alpha * certain.max() + 1 - alpha)
    worth = lambda rows, d, picked: alpha * certain[rows] + (1 - alpha) * scaled(d)
    return greedily(cdist(x, x, metric), labelled, k, worth, start)


def ranked(x, labelled, k, metric, scores):
    """
    The rule of modAL's `ranked_batch`: its `select_instance` takes the largest alpha (1 - similarity) + (1 - alpha)
    uncertainty, similarity = 1 / (1 + distance to the nearest training row), alpha = |U| / (|U| + |D|), and a row that is
    picked leaves U and joins D.
    """

    def worth(rows, d, picked):
        unlabelled, known = len(rows) - picked, len(labelled) + picked
        alpha = unlabelled / (unlabelled + known)
        return alpha * (1 - 1 / (1 + d)) + (1 - alpha) * scores[rows]

    return greedily(cdist(x, x, metric), labelled, k, worth)


def by_distance(x, logits, labelled, k):
    for metric, known in product(["euclidean", "cosine"], [labelled, []]):
        asked = {"k": k, "metric": metric, "labelled": known}
        picks, scores, radius = k_center(x, known, k, metric)
        yield chosen("k-center", asked, picks, scores, radius=radius)
        for strategy, score in SCORES.items():
            asked = {"k": k, "metric": metric, "labelled": known, "strategy": strategy}
            for alpha in (0.3, 0.7):
                picks, scores, radius = hybrid(x, known, k, metric, score(logits), alpha)
                yield chosen("hybrid", {**asked, "alpha": alpha}, picks, scores, radius=radius)
            if known:
                yield chosen("ranked", asked, *ranked(x, known, k, metric, score(logits))[:2])
            else:
                picks, scores, radius = k_center(x, known, k, metric, score(logits))
                yield chosen("k-center", asked, picks, scores, radius=radius)


def clusters(x, k):
    """The clusters of k-means and their means, the smallest first. Refuses data where they are not beyond doubt."""
    labels = KMeans(min(k, len(np.unique(x, axis=0))), n_init=20, tol=0, random_state=0).fit(x).labels_
    members = sorted((np.flatnonzero(labels == c) for c in range(labels.max() + 1)), key=len)
    assert len({len(rows) for rows in members}) == len(members)
    centres = np.array([x[rows].mean(0) for rows in members])
    for own, rows in enumerate(members):
        to = cdist(x[rows], centres)
        assert 5 * to[:, own].max() < np.delete(to, own, 1).min()
    return members, centres


def k_means(x, labelled, k):
    free = np.setdiff1d(np.arange(len(x)), labelled)
    _, centres = clusters(x[free], k)
    distances = cdist(centres[::-1], x[free])
    nearest = [first(-d) for d in distances]
    return chosen("kmeans", {"k": k, "labelled": labelled}, free[nearest], distances.min(1))


def typi_clust(x, labelled, k):
    """As many clusters as rows with a label and picks: every cluster without a label gives one, the largest first."""
    picks, scores = [], []
    for rows in clusters(x, k + len(labelled))[0][::-1]:
        if np.isin(labelled, rows).any():
            continue
        distances, _ = NearestNeighbors(n_neighbors=min(20, len(rows) - 1)).fit(x[rows]).kneighbors()
        typicality = 1 / distances.mean(1)
        picks.append(rows[first(typicality)])
        scores.append(typicality.max())
    return chosen("typiclust", {"k": k, "labelled": labelled}, picks, scores)


def cluster_margin(x, logits, labelled, k):
    scores = margins(logits)
    free = np.setdiff1d(np.arange(len(x)), labelled)
    considered = free[np.argsort(-scores[free])][: 10 * k + 1]
    assert (np.diff(scores[considered]) < -1e-6).all()
    considered = considered[: 10 * k]
    left = [list(considered[rows]) for rows in clusters(x[considered], k)[0]]
    picks = []
    while len(picks) < k:
        for rows in [rows for rows in left if rows][: k - len(picks)]:
            picks.append(rows.pop(0))
    return chosen("cluster-margin", {"k": k, "labelled": labelled}, picks, scores[picks])


def information(p):
    """H(y_1 ... y_b) - sum of the mean H(p_t) of p [passes, b, classes]: every combination of labels."""
    _, rows, classes = p.shape
    labels = [list(each) for each in product(range(classes), repeat=rows)]
    joint = [p[:, range(rows), each].prod(1).mean() for each in labels]
    return entropy(joint) - entropy(p, axis=2).mean(0).sum()


def batch_bald(logits, labelled, k):
    p = softmax(logits, axis=2)
    picks, gains, total = [], [], 0
    while len(picks) < k:
        taken = labelled + picks
        all_gains = [-np.inf if row in taken else information(p[:, [*picks, row]]) - total for row in range(p.shape[1])]
        picks.append(first(all_gains))
        gains.append(max(all_gains))
        total += gains[-1]
    return chosen("batchbald", {"k": k, "labelled": labelled}, picks, gains, jointInformation=total)


def pools():
    rows = 400
    logits = whole(random.normal(0, 1.5, (rows, 3)))
    spread = whole(random.normal(0, 1, (rows, 4)))
    # Groups so tight that a distance to one of their rows says much of the others.
    tight = whole(random.normal(0, 20, (25, 4))[np.arange(rows) % 25] + random.normal(0, 1, (rows, 4)))
    for name, x in {"spread": spread, "tight": tight}.items():
        yield name, x, logits, list(by_distance(x / UNIT, logits / UNIT, [3, 50, 399], 30))

    sizes = [14, 24, 31, 37, 45, 52, 60]
    own = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    x = whole(200 * random.permutation(list(product([-1, 1], repeat=3)))[own] + random.normal(0, 2, (len(own), 3)))
    # In five of the clusters some rows that are not sure. Those of one are the last to be considered, and the next ones
    # would be of another cluster.
    leads = np.where(own == 0, 7, 10)
    for c, unsure, lead in zip([1, 6, 3, 5, 2], [4, 7, 9, 13, 18], [4, 0, 0, 0, 0]):
        leads[np.flatnonzero(own == c)[:unsure]] = lead
    logits = random.normal(0, 1, (len(own), 3))
    logits[:, 0] += leads
    logits = whole(logits)
    known = [int(np.flatnonzero(own == c)[7]) for c in (2, 6)]
    picked = [k_means(x / UNIT, labelled, 7) for labelled in ([], known)]
    picked += [typi_clust(x / UNIT, labelled, 7 - len(labelled)) for labelled in ([], known)]
    yield "clusters", x, logits, [*picked, cluster_margin(x / UNIT, logits / UNIT, [], 5)]

    # Fewer clusters than picks: their turn comes again, but for the one that has given its only row.
    x = np.array([[0, 0], [90, 5], [-7, 80]])[random.permutation(np.repeat([0, 1, 2], [1, 20, 31]))] * UNIT
    logits = whole(random.normal(0, 1, (len(x), 3)))
    alone = np.flatnonzero((x == 0).all(1))[0]
    logits[alone] = whole(np.array([3, 2, 1]))
    known = [int(np.argmax(margins(logits / UNIT)))]
    yield "copies", x, logits, [cluster_margin(x / UNIT, logits / UNIT, known, 5)]

    logits = whole(random.normal(0, 1.5, (1, 40, 3)) + random.normal(0, 1, (10, 40, 3)))
    picked = [batch_bald(logits / UNIT, [], 4)]
    picked.append(batch_bald(logits / UNIT, picked[0]["picks"][:2], 4))
    yield "passes", None, logits, picked


def badge():
    features, weight, bias = [whole(random.normal(0, 1, shape)) for shape in [(30, 4), (3, 4), 3]]
    gradients = []
    for h in torch.tensor(features / UNIT):
        w = torch.tensor(weight / UNIT, requires_grad=True)
        logits = w @ h + torch.tensor(bias / UNIT)
        torch.nn.functional.cross_entropy(logits[None], logits.argmax()[None]).backward()
        gradients.append(w.grad.ravel().tolist())
    first(np.linalg.norm(gradients, axis=1))
    assert pdist(gradients).min() > 1e-3
    inputs = {"features": features, "weight": weight, "bias": bias}
    return {"rows": 30, "dims": 4, "classes": 3, **{name: n.ravel().tolist() for name, n in inputs.items()}, "gradients": gradients}


def written(name, x, logits, picked):
    *passes, rows, classes = logits.shape
    shape = {"rows": rows, "classes": classes, "logits": logits.ravel().tolist()}
    if passes:
        shape["passes"] = passes[0]
    if x is not None:
        shape.update(dims=x.shape[1], embeddings=x.ravel().tolist())
    return {"name": name, **shape, "picked": picked}


compact = lambda value: json.dumps(value, separators=(",", ":"))
lines = ",\n".join(compact(written(*pool)) for pool in pools())
pathlib.Path(__file__).with_suffix(".json").write_text(
    f'{{"unit":{UNIT},\n"pools":[\n{lines}\n],\n"badge":{compact(badge())}}}\n'
)
