"""How a peer is handed its arrays, and how it is timed."""

import os
import sys
import time


def read_arrays(arrays):
    import numpy

    for each in arrays:
        array = numpy.empty(each["shape"], each["type"])
        if sys.stdin.buffer.readinto(memoryview(array).cast("B")) != array.nbytes:
            raise EOFError("standard input ended early")
        yield array


def best_threads(torch, work):
    """Its own choice or all cores: more is slower where two cores are one, or where others use them."""
    best = (float("inf"), 1)
    for threads in sorted({torch.get_num_threads(), os.cpu_count()}):
        torch.set_num_threads(threads)
        best = min(best, (quickest(work), threads))
    torch.set_num_threads(best[1])
    return best[1]


def quickest(work):
    """Of three, or of one where that takes long enough to trust."""
    first = seconds_of(work)
    return first if first > 1 else min(first, seconds_of(work), seconds_of(work))


def timed(work, patience):
    """By the rule of measure.ts."""
    seconds = [seconds_of(work)]
    while sum(seconds) < patience["longest"] and (
        len(seconds) < patience["runs"] or (sum(seconds) < patience["seconds"] and len(seconds) < patience["most"])
    ):
        seconds.append(seconds_of(work))
    return seconds


def seconds_of(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
