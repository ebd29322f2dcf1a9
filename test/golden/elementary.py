"""Makes elementary.json: [arguments …, value, missed] of each elementary function.

    python3 test/golden/elementary.py        mpmath 1.3, numpy 2.4

Worked out to 60 digits. A value is rounded to float64, and `missed` is what is left to the true one, in units of the last
place, so that errors of less than that can be told.
"""

import json
import math
import pathlib

import mpmath as mp
import numpy as np

mp.mp.dps = 60
rng = np.random.default_rng(4)


def spread(low, high, count=60):
    return rng.uniform(low, high, count)


def near(point, count=40):
    """Closer and closer to a point, on both sides."""
    return point * (1 + rng.choice([-1, 1], count) * 2.0 ** rng.uniform(-52, -5, count))


tiny = rng.choice([-1, 1], 40) * 2.0 ** rng.uniform(-60, -1, 40)
huge = 2.0 ** rng.uniform(-1022, 1023, 60)
subnormal = spread(0, 2.0**-1022, 30)
root = np.sqrt(2)

# Where one formula ends and the next begins is in each of these.
arguments = {
    "exp": [*spread(-700, 700), *spread(-2, 2), *spread(-745, -700), *spread(700, 709.7, 20), *tiny, *near(np.log(2) / 2), -745.1332191019411, 709.782712893384],
    "log": [*spread(0, 1), *spread(0, 100), *huge, *subnormal, *near(1), *near(root), *near(1 / root), 5e-324, 2.0**-1022, 1.7976931348623157e308],
    "log1p": [*spread(-1, 0), *spread(0, 1), *huge, *subnormal, *tiny, *near(-0.29), *near(0.41), *near(root - 1), -1 + 2.0**-53],
    "tanh": [*spread(-1, 1), *spread(-20, 20), *tiny, *subnormal, *near(0.625), *near(2.0**-27)],
    "cosOfTurns": [*spread(0, 1, 100), *spread(-1000, 1000), *near(0.125), *near(0.25), *near(0.375), *near(0.75)],
}
pairs = [
    *zip(spread(0, 1), spread(0, 10)),
    *zip(spread(0.5, 2), spread(-1000, 1000)),
    *zip(near(1), spread(-1e4, 1e4, 40)),
    *zip(near(root), spread(-1000, 1000, 40)),
    *zip(huge, spread(-1, 1)),
    *zip(subnormal, spread(-1, 1, 30)),
    *zip([0.9] * 30 + [0.999] * 30, rng.integers(1, 5000, 60)),
]
functions = {
    "exp": mp.exp,
    "log": mp.log,
    "log1p": mp.log1p,
    "tanh": mp.tanh,
    "cosOfTurns": lambda turns: mp.cospi(2 * turns),
    "pow": mp.power,
}


def row(name, *given):
    given = [float(x) for x in given]
    value = functions[name](*map(mp.mpf, given))
    return [*given, float(value), round(float((value - mp.mpf(float(value))) / mp.mpf(math.ulp(float(value)))), 6)]


written = {name: [row(name, x) for x in sorted(set(map(float, points)))] for name, points in arguments.items()}
written["pow"] = [row("pow", x, y) for x, y in pairs]
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(written, separators=(",", ":")) + "\n")
