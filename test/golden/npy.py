"""Fixtures for the file readers, made by numpy: python3 -P test/golden/npy.py

-P keeps random.py beside it from taking the place of Python's own.

npy/<stem>[-<how>].npy    an array; npy/<stem>.json says its shape and its values as float32
heads/<stem>[-<how>].*    a head; heads/<stem>.json says its layers
shortest.json             float32 values, and the decimal that numpy prints for each
"""

import json
import struct
from itertools import product
from pathlib import Path

import numpy as np

here = Path(__file__).parent
VERSIONS = [(1, 0), (2, 0), (3, 0)]
FLOATS = {
    "f2": [0, -0.0, 1, -1.5, 65504, 2.0**-24, -(2.0**-15), 1 / 3, "nan", "inf", "-inf", 0.1],
    "f4": [0, -0.0, 1, -1.5, 3.4028234663852886e38, 1e-45, 1.1754943508222875e-38, 1 / 3, "nan", "inf", "-inf", 0.1],
    "f8": [0, -0.0, 1, -1.5, 1e300, -1e300, 1e-300, 1 / 3, "nan", "inf", "-inf", 0.1],
}


def number(value):
    """A float32 that JSON can hold and JavaScript's Number() can read."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(value)


def describe(path, **content):
    path.write_text(json.dumps(content) + "\n")


def values(dtype):
    if dtype in FLOATS:
        return np.array(FLOATS[dtype], dtype)
    if dtype == "b1":
        return np.arange(12) % 3 == 0
    info = np.iinfo(dtype)
    return np.array([info.min, info.max, 0, 1, 2, 3, 100, info.max // 2, info.min // 2, 7, 11, 127], dtype)


def array(name, a, version=(1, 0)):
    with open(here / "npy" / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, a, version)


def expect(stem, a):
    with np.errstate(over="ignore"):
        describe(here / "npy" / f"{stem}.json", shape=a.shape, values=[number(v) for v in a.astype("f4").ravel()])


def arrays():
    """Every dtype, in both orders and endiannesses, under every version."""
    for dtype in ["f2", "f4", "f8", "b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
        a = values(dtype).reshape(4, 3)
        expect(dtype, a)
        ends = ["little", "big"] if a.itemsize > 1 else ["bytes"]
        for order, end, version in product("CF", ends, VERSIONS):
            stored = np.asarray(a, a.dtype.newbyteorder(">" if end == "big" else "<"), order=order)
            array(f"{dtype}-{order}-{end}-v{version[0]}", stored, version)

        passes = values(dtype).reshape(2, 3, 2)
        expect(f"passes_{dtype}", passes)
        for order in "CF":
            array(f"passes_{dtype}-{order}", np.asarray(passes, order=order))

    shapes = {"list": (24,), "row": (1, 24), "column": (24, 1), "wide": (3, 40), "pass": (1, 6, 4)}
    shapes |= {"passes": (5, 4, 3), "members": (3, 5, 40), "rated": (4, 6, 1), "asked": (4, 1, 6)}
    for stem, shape in shapes.items():
        a = np.arange(np.prod(shape), dtype="f4").reshape(shape)
        expect(stem, a)
        for order in "CF":
            array(f"{stem}-{order}", np.asarray(a, order=order))


def layers(*sizes):
    random = np.random.default_rng(7)
    made = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        # Sixteenths are exact in every format, bfloat16 included.
        whole = random.integers(-8, 8, (outputs, inputs + 1)).astype("f4") / 16
        made.append((np.ascontiguousarray(whole[:, 1:]), np.ascontiguousarray(whole[:, 0])))
    return made


def expect_head(stem, made, activation="relu"):
    described = [
        {"inputs": w.shape[1], "outputs": w.shape[0], "weight": w.ravel().tolist(), "bias": b.tolist()} for w, b in made
    ]
    describe(here / "heads" / f"{stem}.json", activation=activation, layers=described)


def state_dict(made, numbers, prefix=""):
    named = {}
    for n, (w, b) in zip(numbers, made):
        named |= {f"{prefix}{n}.weight": w, f"{prefix}{n}.bias": b}
    return named


def encode(a, dtype):
    if dtype == "BF16":
        return (a.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return a.astype({"F16": "<f2", "F32": "<f4", "F64": "<f8"}[dtype]).tobytes()


def safetensors(name, tensors, metadata, dtype="F32"):
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for key, a in tensors.items():
        encoded = encode(a, dtype)
        header[key] = {"dtype": dtype, "shape": a.shape, "data_offsets": [len(data), len(data) + len(encoded)]}
        data += encoded
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (here / "heads" / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def heads():
    linear = layers(5, 3)
    expect_head("linear", linear)
    for dtype in ["F16", "BF16", "F32", "F64"]:
        safetensors(f"linear-{dtype}", state_dict(linear, [0]), None, dtype)
    np.savez(here / "heads" / "linear-stored.npz", **state_dict(linear, [0]))

    # Dropout and activations leave gaps; ten comes after nine; the order in the file is no order.
    deep = layers(6, 5, 4, 3)
    expect_head("deep", deep)
    shuffled = dict(sorted(state_dict(deep, [0, 9, 10], "net.").items()))
    safetensors("deep-prefix", shuffled, {"format": "pt"})
    np.savez_compressed(here / "heads" / "deep-packed.npz", **shuffled)
    mixed = [np.asfortranarray(a, dtype) for a, dtype in zip(shuffled.values(), ["f8", "f2", ">f4", "f4", ">f8", "f4"])]
    np.savez_compressed(here / "heads" / "deep-mixed.npz", **dict(zip(shuffled, mixed)))

    expect_head("tanh", linear, "tanh")
    safetensors("tanh", state_dict(linear, [4]), {"activation": "tanh"})
    unbiased = [(w, np.zeros_like(b)) for w, b in linear]
    expect_head("unbiased", unbiased)
    safetensors("unbiased", {"0.weight": linear[0][0]}, None)
    np.savez(here / "heads" / "unbiased.npz", **{"0.weight": linear[0][0]})

    gelu = layers(6, 4, 2)
    expect_head("gelu", gelu, "gelu")
    safetensors("gelu-sequential", state_dict(gelu, [0, 2]), {"format": "pt", "activation": "gelu"})


def shortest():
    random = np.random.default_rng(3)
    bits = np.concatenate([
        np.arange(0, 255, dtype="u4") << 23,  # powers of two
        2 ** np.arange(0, 24, dtype="u4"),  # below the normal range
        random.integers(0, 0x7F800000, 300, dtype="u4"),
        random.random(300, dtype="f4").view("u4"),
        np.array([0.1, 0.5, 1 / 3, np.log(2), 1e-7, 123456.7, 3.4028235e38], "f4").view("u4"),
    ])  # fmt: skip
    printed = [[int(b), np.format_float_scientific(b.view("f4"), unique=True)] for b in bits.astype("u4")]
    (here / "shortest.json").write_text(json.dumps(printed) + "\n")


if __name__ == "__main__":
    arrays()
    heads()
    shortest()
