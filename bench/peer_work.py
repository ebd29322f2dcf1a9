"""What peers.py times: scores as one who knows NumPy and PyTorch would write them. A function takes the library as `xp`;
`clip`, `sum` and `amax` are called the same in both, with positions for what has two names.
"""

import functools

BLOCK_VALUES = 1 << 18  # 1 MiB of float32: the fastest of 2^14 … 2^20 in both libraries
FEW_CLASSES = 32  # up to here classes go outermost
TINY = 1e-37  # keeps the logarithm of a probability that has rounded to 0 finite, for 0 · ln 0 = 0


def work_of(xp, request, data, *head):
    """What is timed, as a function without arguments: scores by strategy, or rows and scores of the best."""
    strategies, k, passes = request["strategies"], request.get("k"), request.get("passes")
    if not strategies:
        return lambda: top(xp, data, k)
    if strategies == ["random"]:
        if xp.__name__ == "torch":
            return lambda: [xp.rand(len(data))]
        generator = xp.random.default_rng(0)
        return lambda: [generator.random(len(data), xp.float32)]
    if request["library"] == "autograd":
        return lambda: [gradients_by_loop(xp, data, head)]
    if strategies == ["egl"]:
        return lambda: [gradient_lengths(xp, data, *head)]
    if request["library"] == "scipy":
        return lambda: scores_by_scipy(strategies, data)
    if passes:
        return lambda: dropout_scores(xp, strategies, data, head, passes, request["dropout"])
    if data.ndim == 3:
        return lambda: stored_scores(xp, strategies, data)
    if len(strategies) > 1:
        return lambda: scores_together(xp, strategies, data)
    score = plain[strategies[0]]
    if k is None:
        return lambda: [scores(xp, score, data, *head)]
    return lambda: top(xp, scores(xp, score, data, *head), k)


# As libraries of active learning on top of scikit-learn have it: probabilities first, then each measure by itself.


def entropy_by_scipy(p):
    from scipy.stats import entropy

    return entropy(p, axis=1)


def margin_by_partition(p):
    import numpy

    best = numpy.partition(-p, 1, axis=1)
    return 1 - (best[:, 1] - best[:, 0])


by_scipy = {
    "entropy": entropy_by_scipy,
    "margin": margin_by_partition,
    "least-confidence": lambda p: 1 - p.max(axis=1),
}


def scores_by_scipy(strategies, logits):
    from scipy.special import softmax

    p = softmax(logits, axis=1)
    return [by_scipy[name](p) for name in strategies]


def scores(xp, score, data, weight=None, bias=None):
    classes = data.shape[1] if weight is None else len(bias)
    axis = 0 if classes <= FEW_CLASSES else 1
    result = xp.empty(len(data), dtype=xp.float32)
    for rows in blocks(data, classes):
        block = data[rows]
        if weight is not None:
            logits = weight @ block.T
            logits += bias[:, None]
            logits = logits if axis == 0 else logits.T
        else:
            logits = contiguous(xp, block.T) if axis == 0 else block
        result[rows] = score(xp, logits, axis)
    return result


def blocks(data, values_a_row, values=BLOCK_VALUES):
    step = max(1, values // values_a_row)
    return [slice(first, first + step) for first in range(0, len(data), step)]


def contiguous(xp, block):
    return block.contiguous() if xp.__name__ == "torch" else xp.ascontiguousarray(block)


# A score of one pass is a function of logits along an axis. `axis` and `keepdims` are called the same in both libraries.


def below_top(xp, logits, axis):
    return logits - xp.amax(logits, axis=axis, keepdims=True)


def entropy(xp, logits, axis):
    d = below_top(xp, logits, axis)
    e = xp.exp(d)
    total = xp.sum(e, axis=axis)
    e *= d
    return xp.log(total) - xp.sum(e, axis=axis) / total


def least_confidence(xp, logits, axis):
    d = below_top(xp, logits, axis)
    return 1 - 1 / xp.sum(xp.exp(d, out=d), axis=axis)


def margin(xp, logits, axis):
    d = below_top(xp, logits, axis)
    classes = d if axis == 0 else d.T
    first, second = classes[0], xp.full_like(classes[0], -xp.inf)
    for each in classes[1:]:
        second = xp.maximum(second, xp.minimum(first, each))
        first = xp.maximum(first, each)
    return 1 - (1 - xp.exp(second)) / xp.sum(xp.exp(d, out=d), axis=axis)


plain = {"entropy": entropy, "least-confidence": least_confidence, "margin": margin}


# Several scores of one pass share the maximum, the exponentials, their sum and the runner-up.


def scores_together(xp, strategies, data):
    result = xp.empty((len(strategies), len(data)), dtype=xp.float32)
    few = data.shape[1] <= FEW_CLASSES
    # With so much to do in each, PyTorch's threads are kept busier by fewer and larger blocks.
    for rows in blocks(data, data.shape[1], (4 if xp.__name__ == "torch" else 1) * BLOCK_VALUES):
        block = data[rows]
        softmax = Softmax(xp, *(classes_first(xp, block) if few else rows_first(xp, block)))
        for slot, name in enumerate(strategies):
            result[slot, rows] = together[name](softmax)
    return result


def classes_first(xp, block):
    """Sums over a softmax of a block, its maximum at 1: the exponentials, those times their logarithm, and the runner-up."""
    d = contiguous(xp, block.T)
    first, second = xp.maximum(d[0], d[1]), xp.minimum(d[0], d[1])
    lower = xp.empty_like(first)
    for each in d[2:]:
        xp.minimum(first, each, out=lower)
        xp.maximum(second, lower, out=second)
        xp.maximum(first, each, out=first)
    d -= first
    e = xp.exp(d)
    d *= e
    second -= first
    return xp.sum(e, 0), xp.sum(d, 0), xp.exp(second, out=second)


def rows_first(xp, block):
    """The same: beyond few classes it is faster to find the first maximum, leave it out and look again."""
    top = block.argmax(1)
    every = xp.arange(len(block))
    d = block - block[every, top][:, None]
    e = xp.exp(d)
    d *= e
    sums = xp.sum(e, 1), xp.sum(d, 1)
    e[every, top] = 0
    return *sums, xp.amax(e, 1)


class Softmax:
    def __init__(self, xp, total, weighted, runner_up):
        self.xp, self.total, self.weighted, self.runner_up = xp, total, weighted, runner_up
        self.best = 1 / total

    def entropy(self):
        return self.xp.log(self.total) - self.weighted * self.best

    def margin(self):
        return 1 - self.best * (1 - self.runner_up)

    def least_confidence(self):
        return 1 - self.best


together = {"entropy": Softmax.entropy, "margin": Softmax.margin, "least-confidence": Softmax.least_confidence}


# Scores of several passes share what they are made of, and it is made when first asked for.


class Committee:
    """Logits of a block of rows, [classes, passes, rows]."""

    def __init__(self, xp, logits):
        self.xp = xp
        self.d = below_top(xp, logits, 0)
        self.classes, self.passes, _ = logits.shape

    @functools.cached_property
    def exps(self):
        e = self.xp.exp(self.d)
        return e, self.xp.sum(e, 0)

    @functools.cached_property
    def p(self):
        e, total = self.exps
        return e / total

    @functools.cached_property
    def mean(self):
        mean = self.xp.sum(self.p, 1) / self.passes
        return mean, self.xp.log(self.xp.clip(mean, TINY, None))

    @functools.cached_property
    def consensus(self):
        mean, log_mean = self.mean
        return -self.xp.sum(mean * log_mean, 0)

    @functools.cached_property
    def within(self):
        """Entropy of each pass."""
        _, total = self.exps
        return self.xp.log(total) - self.xp.sum(self.p * self.d, 0)

    @functools.cached_property
    def votes(self):
        """Share of the votes for each class, ties to the lowest."""
        seen, votes = self.xp.zeros_like(self.d[0], dtype=bool), []
        for each in self.d:
            first = (each == 0) & ~seen
            seen |= first
            votes.append(self.xp.sum(first, 0, dtype=self.xp.float32) / self.passes)
        return self.xp.stack(votes)

    def mutual(self):
        return self.xp.clip(self.consensus - self.xp.sum(self.within, 0) / self.passes, 0, None)

    def max_kl(self):
        crossed = self.xp.sum(self.p * self.mean[1][:, None], 0)
        return self.xp.clip(self.xp.amax(-self.within - crossed, 0), 0, None)

    def mean_std(self):
        apart = self.p - self.mean[0][:, None]
        return self.xp.sum(self.xp.sqrt(self.xp.sum(apart * apart, 1) / self.passes), 0) / self.classes

    def vote_entropy(self):
        return -self.xp.sum(self.votes * self.xp.log(self.xp.clip(self.votes, TINY, None)), 0)


committee = {
    "bald": Committee.mutual,
    "kl-divergence": Committee.mutual,
    "consensus-entropy": lambda block: block.consensus,
    "max-kl": Committee.max_kl,
    "mean-std": Committee.mean_std,
    "vote-entropy": Committee.vote_entropy,
    "variation-ratio": lambda block: 1 - block.xp.amax(block.votes, 0),
}


def stored_scores(xp, strategies, data):
    passes, rows, classes = data.shape
    result = xp.empty((len(strategies), rows), dtype=xp.float32)
    for rows in blocks(data[0], passes * classes):
        score_block(xp, strategies, contiguous(xp, xp.moveaxis(data[:, rows], 2, 0)), result[:, rows])
    return result


def score_block(xp, strategies, logits, into):
    block = Committee(xp, logits)
    for slot, name in enumerate(strategies):
        into[slot] = committee[name](block)


def dropout_scores(xp, strategies, data, head, passes, rate):
    """The first layer once a block, then a mask and the last layer a pass."""
    last, bias = head[2], head[3][:, None]
    drop = dropper(xp, rate)
    result = xp.empty((len(strategies), len(data)), dtype=xp.float32)
    for rows in blocks(data, max(passes * len(bias), len(head[1]))):
        hidden = hidden_layer(data[rows], *head[:2]).clip(0, None)
        logits = xp.empty((len(bias), passes, hidden.shape[1]), dtype=xp.float32)
        for t in range(passes):
            logits[:, t] = last @ drop(hidden)
        logits += bias[:, None]
        score_block(xp, strategies, logits, result[:, rows])
    return result


def dropper(xp, rate):
    if xp.__name__ == "torch":
        return lambda hidden: xp.nn.functional.dropout(hidden, rate)
    # Whole words of the generator, 16 bits a unit: several times faster than a float a unit.
    generator = xp.random.Generator(xp.random.SFC64(0))
    bar, scale = round(rate * (1 << 16)), xp.float32(1 / (1 - rate))

    def drop(hidden):
        words = generator.integers(0, 1 << 64, -(-hidden.size // 4), dtype=xp.uint64, endpoint=False)
        kept = (words.view(xp.uint16)[: hidden.size] >= bar).reshape(hidden.shape)
        return xp.where(kept, hidden * scale, xp.float32(0))

    return drop


def hidden_layer(block, weight, bias):
    sums = weight @ block.T
    sums += bias[:, None]
    return sums


def gradient_lengths(xp, data, weight, bias, last, last_bias):
    """EGL in closed form: matrix products for all labels at once, and no gradient ever written down."""
    squared = last * last
    result = xp.empty(len(data), dtype=xp.float32)
    for rows in blocks(data, len(bias)):
        block = data[rows]
        hidden = hidden_layer(block, weight, bias).clip(0, None)
        slopes = xp.sign(hidden)
        d = below_top(xp, hidden_layer(hidden.T, last, last_bias), 0)
        p = xp.exp(d, out=d)
        p /= xp.sum(p, 0)
        u = last.T @ p
        sloped = slopes * u
        deltas = xp.sum(sloped * u, 0) - 2 * (last @ sloped) + squared @ slopes
        lengths = (xp.sum(p * p, 0) - 2 * p + 1) * (xp.sum(hidden * hidden, 0) + 1)
        lengths += deltas * (xp.sum(block * block, 1) + 1)
        result[rows] = xp.sum(p * xp.sqrt(lengths.clip(0, None)), 0)
    return result


def gradients_by_loop(torch, data, head):
    """As it is written today: a backward pass for each row and label."""
    from torch import nn

    layers = [nn.Linear(*weight.T.shape) for weight in head[::2]]
    for layer, weight, bias in zip(layers, head[::2], head[1::2]):
        layer.weight.data, layer.bias.data = weight, bias
    model = nn.Sequential(layers[0], *(step for layer in layers[1:] for step in (nn.ReLU(), layer)))
    parameters = list(model.parameters())
    result = torch.empty(len(data))
    for row, features in enumerate(data):
        log_p = torch.log_softmax(model(features), 0)
        score = 0.0
        for each in log_p:
            gradients = torch.autograd.grad(-each, parameters, retain_graph=True)
            squares = sum(gradient.pow(2).sum() for gradient in gradients)
            score += each.detach().exp() * squares.sqrt()
        result[row] = score
    return result


def top(xp, values, k):
    """Rows of the k highest and their scores, best first."""
    if xp.__name__ == "torch":
        best = xp.topk(values, k)
        return best.indices, best.values
    # Faster than argpartition, which moves row numbers along; and ties go to the lowest row.
    bar = xp.partition(values, len(values) - k)[len(values) - k]
    rows = xp.flatnonzero(values >= bar)
    rows = rows[xp.argsort(-values[rows], kind="stable")][:k]
    return rows, values[rows]
