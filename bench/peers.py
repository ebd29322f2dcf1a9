"""The same work in NumPy, SciPy or PyTorch, as one who knows them would write it: float32, in blocks that stay in the cache,
classes outermost where there are few of them, so that every operation runs over long stretches: see peer_work.py.

Without arguments: prints as JSON which libraries there are, and which strategies each has here. With a request (JSON,
see peers.ts): reads the arrays from standard input, checks the result against the expected one, times it, and prints the
seconds of every run as JSON.
"""

import importlib
import json
import platform
import sys

from peer_timing import best_threads, read_arrays, timed
from peer_work import by_scipy, committee, plain, work_of


def main():
    if len(sys.argv) < 2:
        print(json.dumps({"python": platform.python_version(), "libraries": libraries()}))
        return
    request = json.loads(sys.argv[1])
    library = request["library"]
    xp = importlib.import_module({"autograd": "torch", "scipy": "numpy"}.get(library, library))
    *arrays, judged, expected = [xp.asarray(array) for array in read_arrays(request["arrays"])]
    if xp.__name__ == "torch":
        xp.set_grad_enabled(library == "autograd")
        xp.manual_seed(0)  # the same masks, and so the same verdict, in every run
    work = work_of(xp, request, *arrays)
    threads = best_threads(xp, work) if xp.__name__ == "torch" else None
    fault = fault_in(xp, request, work(), judged, expected)
    seconds = [] if fault else timed(work, request["patience"])
    print(json.dumps({"seconds": seconds, "threads": threads, "fault": fault}))


def libraries():
    found = {}
    for name in ("numpy", "torch"):
        try:
            found[name] = {
                "version": importlib.import_module(name).__version__,
                "strategies": [*plain, *committee, "egl", "random"],
            }
        except ImportError:
            pass
    try:
        found["scipy"] = {"version": importlib.import_module("scipy").__version__, "strategies": list(by_scipy)}
    except ImportError:
        pass
    if "torch" in found:
        found["autograd"] = {**found["torch"], "strategies": ["egl"]}
    return found


def fault_in(xp, request, result, judged, expected):
    """Float32 may swap two picks that are almost equal, so it is their scores that are compared."""
    if request.get("k"):
        rows, result = result
        if len(set(rows.tolist())) != len(expected):
            return f"{len(set(rows.tolist()))} rows picked, not {len(expected)}"
        return off_by(xp.abs(result - expected).max(), 1e-4)
    judged = judged.astype(int) if xp.__name__ == "numpy" else judged.long()
    for name, values, right in zip(request["strategies"], result, expected):
        fault = fault_of(xp, request, name, values[judged] - right, right)
        if fault:
            return f"{name}: {fault}"
    return None


def fault_of(xp, request, name, apart, right):
    enough = len(right) ** 0.5
    if name == "random":  # its numbers are its own: that they have the same mean will do
        return off_by(abs(apart.mean()), 2 / enough)
    if request.get("dropout"):  # so are its masks: no bias, and rows far closer to their own score than to another's
        between = xp.abs(right[:, None] - right[None, :]).mean()
        return off_by(abs(apart.mean()), 5 * apart.std() / enough, " on the mean") or off_by(
            xp.abs(apart).mean(), between / 2, " on average"
        )
    if name == "egl":  # its closed form cancels: what is left of float32 is the root of its rounding
        return off_by(xp.abs(apart).max(), 1e-3 * right.max())
    return off_by(xp.abs(apart).max(), 1e-4)


def off_by(worst, tolerance, how=""):
    return None if worst <= tolerance else f"off by {float(worst):.3g}{how}"


main()
