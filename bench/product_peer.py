"""A dense layer in NumPy or PyTorch: [rows, inputs] by [outputs, inputs] transposed, and a bias.

With a request (JSON, see product.ts): reads values, weight, bias, judged rows and what is expected of them from standard
input, checks the result, times it, and prints the seconds of every run as JSON.
"""

import importlib
import json
import sys

from peer_timing import best_threads, quickest, read_arrays, timed

BLOCK_ROWS = 2048  # 2 MiB of what comes out: the bias finds it in the cache


def main():
    request = json.loads(sys.argv[1])
    xp = importlib.import_module(request["library"])
    *arrays, judged, expected = [xp.asarray(array) for array in read_arrays(request["arrays"])]
    result = xp.empty((len(arrays[0]), len(arrays[2])), dtype=xp.float32)
    threads = None
    if request["library"] == "torch":
        xp.set_grad_enabled(False)
        work = lambda: fused(xp, result, *arrays)
        threads = best_threads(xp, work)
    else:  # whether blocks are worth it depends on the machine
        work = min((lambda: whole(xp, result, *arrays), lambda: blocked(xp, result, *arrays)), key=quickest)
    work()
    judged = judged.astype(int) if request["library"] == "numpy" else judged.long()
    worst = float(xp.abs(result[judged] - expected).max())
    fault = None if worst <= 1e-3 else f"off by {worst}"
    seconds = [] if fault else timed(work, request["patience"])
    print(json.dumps({"seconds": seconds, "threads": threads, "fault": fault}))


def fused(torch, result, values, weight, bias):
    torch.addmm(bias, values, weight.T, out=result)


def whole(numpy, result, values, weight, bias):
    numpy.matmul(values, weight.T, out=result)
    result += bias


def blocked(numpy, result, values, weight, bias):
    for first in range(0, len(values), BLOCK_ROWS):
        whole(numpy, result[first : first + BLOCK_ROWS], values[first : first + BLOCK_ROWS], weight, bias)


main()
