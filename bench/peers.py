"""The same work in NumPy or PyTorch, as one who knows them would write it: float32, in blocks that stay in the cache,
classes outermost where there are few of them, so that every operation runs over long stretches.

Without arguments: prints as JSON which libraries there are, and which strategies have a peer here. With a request (JSON,
see peers.ts): reads the arrays from standard input, checks the result against the expected one, times it, and prints the
seconds of every run as JSON.
"""

import importlib
import json
import os
import platform
import sys
import time

BLOCK_VALUES = 1 << 18  # 1 MiB of float32: the fastest of 2^14 … 2^20 in both libraries
FEW_CLASSES = 32  # up to here classes go outermost


def main():
    if len(sys.argv) < 2:
        print(json.dumps({"python": platform.python_version(), "strategies": [*strategies, "random"], **versions()}))
        return
    request = json.loads(sys.argv[1])
    library = request["library"]
    xp = importlib.import_module(library)
    arrays = [xp.asarray(array) for array in read_arrays(request["shapes"])]
    expected = arrays.pop()
    work = work_of(xp, request, *arrays)
    threads = best_threads(xp, work) if library == "torch" else None
    fault = fault_in(xp, request, work(), expected)
    seconds = [] if fault else timed(work, request["patience"])
    print(json.dumps({"seconds": seconds, "threads": threads, "fault": fault}))


def versions():
    found = {}
    for name in ("numpy", "torch"):
        try:
            found[name] = importlib.import_module(name).__version__
        except ImportError:
            pass
    return found


def read_arrays(shapes):
    import numpy

    for shape in shapes:
        array = numpy.empty(shape, numpy.float32)
        if sys.stdin.buffer.readinto(memoryview(array).cast("B")) != array.nbytes:
            raise EOFError("standard input ended early")
        yield array


def best_threads(torch, work):
    """Its own choice or all cores: more is slower where two cores are one, or where others use them."""
    best = (float("inf"), 1)
    for threads in sorted({torch.get_num_threads(), os.cpu_count()}):
        torch.set_num_threads(threads)
        best = min(best, (min(seconds_of(work) for _ in range(3)), threads))
    torch.set_num_threads(best[1])
    return best[1]


def timed(work, patience):
    seconds = []
    while len(seconds) < patience["runs"] or (sum(seconds) < patience["seconds"] and len(seconds) < patience["most"]):
        seconds.append(seconds_of(work))
    return seconds


def seconds_of(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def fault_in(xp, request, result, expected):
    """Float32 may swap two picks that are almost equal, so it is their scores that are compared."""
    if request.get("k"):
        picked, result = result
        if len(set(picked.tolist())) != len(expected):
            return f"{len(set(picked.tolist()))} rows picked, not {len(expected)}"
    if len(result) != len(expected):
        return f"{len(result)} scores, not {len(expected)}"
    if request.get("strategy") == "random":  # its numbers are its own: that they have the same mean will do
        worst, tolerance = abs(float(xp.mean(result)) - float(xp.mean(expected))), 2 / len(expected) ** 0.5
    else:
        worst, tolerance = float(xp.max(xp.abs(result - expected))), 1e-4
    return None if worst <= tolerance else f"off by {worst}"


def work_of(xp, request, data, *head):
    """What is timed, as a function without arguments."""
    strategy, k = request.get("strategy"), request.get("k")
    if strategy is None:
        return lambda: top(xp, data, k)
    if strategy == "random":
        if xp.__name__ == "torch":
            return lambda: xp.rand(len(data))
        generator = xp.random.default_rng(0)
        return lambda: generator.random(len(data), xp.float32)
    score = strategies[strategy]
    if k is None:
        return lambda: scores(xp, score, data, *head)
    return lambda: top(xp, scores(xp, score, data, *head), k)


def scores(xp, score, data, weight=None, bias=None):
    classes = data.shape[1] if weight is None else len(bias)
    axis = 0 if classes <= FEW_CLASSES else 1
    rows = max(1, BLOCK_VALUES // classes)
    result = xp.empty(len(data), dtype=xp.float32)
    for first in range(0, len(data), rows):
        block = data[first : first + rows]
        if weight is not None:
            logits = weight @ block.T
            logits += bias[:, None]
            logits = logits if axis == 0 else logits.T
        else:
            logits = transposed(xp, block) if axis == 0 else block
        result[first : first + rows] = score(xp, logits, axis)
    return result


def transposed(xp, block):
    return block.T.contiguous() if xp.__name__ == "torch" else xp.ascontiguousarray(block.T)


# A score is a function of logits along an axis. `axis` and `keepdims` are called the same in both libraries.


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


strategies = {"entropy": entropy, "least-confidence": least_confidence, "margin": margin}


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


main()
