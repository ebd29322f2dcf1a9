"""Makes principal.json: principal directions by numpy's SVD of the centred rows, no covariance in between.

    python3 test/golden/principal.py        numpy 2.4

Values are whole multiples of 1 / 1024, exact in float32 and short in decimal.
"""

import json
import pathlib

import numpy as np

UNIT = 1024
random = np.random.default_rng(11)


def case(name, rows, dims, count, scales, offset=0.0):
    turned = np.linalg.qr(random.normal(size=(dims, dims)))[0]
    values = np.round(UNIT * ((random.normal(size=(rows, dims)) * scales) @ turned + offset)).astype(int)
    x = values / UNIT
    centred = x - x.mean(axis=0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[np.arange(len(directions)), largest])[:, None]
    variances = singular**2 / (rows - 1)
    return {
        "name": name,
        "rows": rows,
        "dims": dims,
        "count": count,
        "values": values.ravel().tolist(),
        "mean": x.mean(axis=0).tolist(),
        "directions": directions[:count].ravel().tolist(),
        "variances": variances[:count].tolist(),
        "shares": (variances / variances.sum())[:count].tolist(),
        "points": (centred @ directions[:count].T).ravel().tolist(),
    }


cases = [
    case("two of five", 60, 5, 2, [4, 2, 1, 0.5, 0.25]),
    case("far from 0", 50, 6, 2, [3, 2, 1, 1, 1, 1], offset=5000.0),
    case("all there are", 40, 4, 4, [4, 3, 2, 1]),
    case("fewer rows than dims", 25, 40, 3, np.linspace(5, 1, 40)),
    case("more dims than one space has vectors", 130, 110, 2, np.linspace(3, 2.5, 110)),
]
path = pathlib.Path(__file__).with_name("principal.json")
path.write_text(json.dumps({"unit": UNIT, "cases": cases}) + "\n")
