"""Makes activations.json: [a, value, slope] of each activation of a head.

    python3 test/golden/activations.py        mpmath 1.2, numpy 1.24

Worked out to 40 digits, rounded to float64.
"""

import json
import pathlib

import mpmath as mp
import numpy as np

mp.mp.dps = 40
rng = np.random.default_rng(3)

gelu = lambda a: a * mp.ncdf(a)
gelu_slope = lambda a: mp.ncdf(a) + a * mp.npdf(a)
# Where Cody's approximations meet, and their neighbours.
edges = [sign * np.nextafter(y * np.sqrt(2), to) for sign in (-1, 1) for y in (0.46875, 4) for to in (0, 99)]
points = sorted({0.0, 1e-300, -1e-300, 1e-9, -1e-9, *edges, *rng.normal(size=40), *(6 * rng.normal(size=40)), -30.0, 30.0})

written = {
    "gelu": [[float(a), float(gelu(mp.mpf(float(a)))), float(gelu_slope(mp.mpf(float(a))))] for a in points],
    "tanh": [[float(a), float(mp.tanh(a)), float(mp.sech(mp.mpf(float(a))) ** 2)] for a in points],
    "relu": [[float(a), max(0.0, float(a)), 1.0 if a > 0 else 0.0] for a in points],
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(written, separators=(",", ":")) + "\n")
