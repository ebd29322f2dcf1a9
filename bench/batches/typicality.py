"""The k rows with the least mean distance to their 20 nearest others. x is [rows, dims]."""

import numpy

NEIGHBOURS = 20
ROWS = 1024


def by_sklearn(x, k):
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="brute").fit(x)
    # Asked without points, it leaves each row out of its own neighbours.
    return answer(model.kneighbors()[0].mean(1), k)


def by_torch(x, k):
    import torch

    x = torch.from_numpy(x)
    nearest = [torch.cdist(own, x).topk(NEIGHBOURS + 1, largest=False).values for own in x.split(ROWS)]
    return answer((torch.cat(nearest).sum(1) / NEIGHBOURS).numpy(), k)


def answer(means, k):
    picks = numpy.argsort(means, kind="stable")[:k]
    return {"picks": picks.tolist(), "scores": (1 / means[picks]).tolist()}


by = {"scikit-learn": by_sklearn, "torch": by_torch}
