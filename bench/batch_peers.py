"""The same batches in NumPy, SciPy, scikit-learn or PyTorch, as one who knows them would write them: see batches/*.py.

Without arguments: prints as JSON the versions of what this Python has. With a request (JSON, see batches/peers.ts): reads
the arrays from standard input and prints as JSON what a first run picked, which warms up and is not timed, and the seconds
of every run after it.
"""

import importlib
import json
import platform
import sys

from peer_timing import best_threads, read_arrays, timed


def main():
    if len(sys.argv) < 2:
        print(json.dumps({"python": platform.python_version(), **versions()}))
        return
    request = json.loads(sys.argv[1])
    threads = None
    if request["peer"] == "torch":
        torch = importlib.import_module("torch")
        torch.set_grad_enabled(False)
    work, scale = work_of(request, *read_arrays(request["arrays"]))
    if request["peer"] == "torch":
        threads = best_threads(torch, work)
    answer = work()
    seconds = [scale * each for each in timed(work, request["patience"])]
    print(json.dumps({"seconds": seconds, "threads": threads, "answer": answer}))


def versions():
    found = {}
    for name in ("numpy", "scipy", "sklearn", "torch"):
        try:
            found[name] = importlib.import_module(name).__version__
        except ImportError:
            pass
    return found


def work_of(request, *arrays):
    """What is timed, as a function without arguments, and what its seconds are times for the whole: 1 unless it is a sample."""
    rule, peer, k = request["rule"], request["peer"], request["k"]
    if rule == "badge":
        from batches.badge import badge

        return lambda: badge(*arrays, k), 1
    if rule == "batchbald":
        from batches.batchbald import batchbald

        xp = importlib.import_module(peer)
        [logits] = map(xp.asarray, arrays)
        return lambda: batchbald(xp, logits, k), 1
    if rule == "kmeans":
        from batches import k_means

        return lambda: k_means.by[peer](*arrays, request["steps"]), 1
    if rule == "density":
        from batches import density

        return lambda: density.by[peer](*arrays), 1
    if rule == "typicality":
        from batches import typicality

        return lambda: typicality.by[peer](*arrays, k), 1
    if rule == "train":
        from batches.training import losses

        return lambda: losses(*arrays, request["steps"]), 1
    if peer == "recomputed":
        from batches.recomputed import recomputed

        return recomputed(*arrays, k)
    if peer == "scikit-learn":
        from batches.by_sklearn import k_center

        return lambda: k_center(*arrays, k), 1
    from batches.incremental import incremental

    return lambda: incremental(rule, *arrays, k), 1


main()
