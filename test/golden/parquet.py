"""Fixtures for the Parquet reader, made and read again by Arrow: python3 -P test/golden/parquet.py     pyarrow 25.0

parquet/<case>.parquet    tables in many types, encodings and codecs, of several row groups
parquet/expected.json     for each case the columns to name, and the values of its rows as float32
"""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

here = Path(__file__).parent / "parquet"
rng = np.random.default_rng(17)
ROWS = 50
expected = {}

NUMBERS = {
    "i8": (pa.int8(), [-128, 127, 0, 1]),
    "i16": (pa.int16(), [-32768, 32767, 0, 1]),
    "i32": (pa.int32(), [-(2**31), 2**31 - 1, 0, 1]),
    "i64": (pa.int64(), [-(2**63), 2**63 - 1, 2**53 + 1, -1]),
    "u8": (pa.uint8(), [255, 128, 0, 1]),
    "u16": (pa.uint16(), [65535, 32768, 0, 1]),
    "u32": (pa.uint32(), [2**32 - 1, 2**31, 0, 1]),
    "u64": (pa.uint64(), [2**64 - 1, 2**63, 0, 1]),
    "f16": (pa.float16(), [65504.0, 2.0**-24, -1.5, float("inf")]),
    "f32": (pa.float32(), [3.4028234663852886e38, 1e-45, -0.0, float("-inf")]),
    "f64": (pa.float64(), [1e300, -1e300, 1 / 3, 1e-300]),
    "bool": (pa.bool_(), [True, False, False, True]),
    "decimal": (pa.decimal128(9, 2), [Decimal("1234567.89"), Decimal("-0.01"), Decimal("0.00"), Decimal("7.10")]),
    "wide": (pa.decimal128(38, 10), [Decimal("-98765432109876543210.0123456789"), Decimal("0.5"), Decimal(0), Decimal(3)]),
}


def number(value):
    """A float32 that JSON can hold and JavaScript's Number() can read."""
    with np.errstate(over="ignore"):
        single = np.float32(np.nan if value is None else float(value))
    if np.isnan(single):
        return "NaN"
    return float(single) if np.isfinite(single) else "Infinity" if single > 0 else "-Infinity"


def save(name, table, columns=None, **options):
    options = {"row_group_size": 20, "compression": "none", "data_page_size": 64, "write_batch_size": 4} | options
    path = here / f"{name}.parquet"
    pq.write_table(table, path, **options)
    read = pq.read_table(path, columns=columns)
    rows = [row for row in zip(*(read.column(c).to_pylist() for c in read.column_names))]
    if len(read.column_names) == 1 and pa.types.is_nested(read.schema.types[0]):
        width = next(len(row[0]) for row in rows if row[0] is not None)
        rows = [row[0] or [None] * width for row in rows]
    expected[name] = {"columns": columns and read.column_names, "rows": len(rows), "values": [number(v) for row in rows for v in row]}


def column(kind, nulls):
    dtype, ends = NUMBERS[kind]
    values = ends + [ends[i] for i in rng.integers(len(ends), size=ROWS - len(ends))]
    if nulls:
        values = [None if i % 7 == 3 or 24 <= i < 31 else v for i, v in enumerate(values)]
    return pa.array(values, dtype)


def numbers(nulls=True, kinds=NUMBERS):
    fields = [pa.field(kind, NUMBERS[kind][0], nullable=nulls) for kind in kinds]
    return pa.table([column(kind, nulls) for kind in kinds], pa.schema(fields))


def lists(dtype, dims, fixed=False, nulls=False):
    """Random values, few of them the same, in lists of one length."""
    values = [[float(f"{v:.3g}") for v in row] for row in rng.normal(size=(ROWS, dims))]
    if pa.types.is_integer(dtype):
        values = [[int(100 * v) for v in row] for row in values]
    if nulls:
        values = [None if i in (0, 30) else [None if v > 1 else v for v in row] for i, row in enumerate(values)]
    return pa.array(values, pa.list_(dtype, dims if fixed else -1))


def apart(table):
    """What is no number, beside what is."""
    n = range(table.num_rows)
    day = np.datetime64("2026-01-01") + np.arange(table.num_rows)
    for name, values in {
        "text": pa.array([f"row {i}" for i in n]),
        "day": pa.array(day, pa.date32()),
        "when": pa.array(day.astype("M8[us]")),
        "time": pa.array(list(n), pa.time32("s")),
        "struct": pa.array([{"a": i, "b": 1.5} for i in n]),
        "deep": pa.array([[[i]] for i in n]),
        "words": pa.array([["a"] for i in n]),
        "map": pa.array([[("a", 1)] for i in n], pa.map_(pa.string(), pa.int32())),
    }.items():
        table = table.append_column(name, values)
    return table


if __name__ == "__main__":
    here.mkdir(exist_ok=True)
    save("numbers", numbers())
    save("required", numbers(nulls=False))
    save("plain", numbers(), use_dictionary=False)
    save("integers", numbers(kinds=["decimal", "i32"]), store_decimal_as_integer=True)
    save("v2", numbers(), data_page_version="2.0", compression="zstd")
    save("v2plain", numbers(nulls=False), data_page_version="2.0", use_dictionary=False)
    whole = ["i8", "i16", "i32", "i64", "u8", "u32", "u64"]
    for version in ["1.0", "2.0"]:
        save(
            f"delta-{version[0]}",
            numbers(kinds=whole),
            use_dictionary=False,
            column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
            data_page_version=version,
        )
    walk = pa.table({"small": np.cumsum(rng.integers(-3, 9, size=ROWS * 8)), "large": rng.integers(-(2**62), 2**62, size=ROWS * 8)})
    save("delta-long", walk, use_dictionary=False, column_encoding=dict.fromkeys(walk.column_names, "DELTA_BINARY_PACKED"), row_group_size=300, data_page_size=2**20)
    split = ["f16", "f32", "f64", "i32", "i64", "decimal"]
    save("split", numbers(kinds=split), use_dictionary=False, column_encoding=dict.fromkeys(split, "BYTE_STREAM_SPLIT"))
    save("runs", numbers(kinds=["bool"]), use_dictionary=False, column_encoding={"bool": "RLE"})
    for codec in ["snappy", "gzip", "brotli", "lz4", "zstd"]:
        long = pa.table({"x": np.arange(400) % 37 / 8, "y": np.repeat(np.arange(40, dtype="i4"), 10)})
        save(codec, long, compression=codec, row_group_size=150, use_dictionary=["y"], data_page_size=700, write_batch_size=64)

    for name, dtype in [("f32", pa.float32()), ("f64", pa.float64()), ("f16", pa.float16()), ("i64", pa.int64())]:
        save(f"list-{name}", pa.table({"e": lists(dtype, 5)}), compression="snappy")
    save("list-fixed", pa.table({"e": lists(pa.float32(), 6, fixed=True)}), use_dictionary=False)
    save("list-nulls", pa.table({"e": lists(pa.float32(), 4, nulls=True)}), data_page_version="2.0", compression="zstd")
    save("list-nulls-1", pa.table({"e": lists(pa.float32(), 4, nulls=True)}))
    strict = pa.schema([pa.field("e", pa.list_(pa.field("element", pa.float32(), nullable=False)), nullable=False)])
    save("list-required", pa.table([lists(pa.float32(), 3).cast(strict.types[0])], strict), use_compliant_nested_type=False)
    save("list-one", pa.table({"e": lists(pa.float64(), 1)}))

    both = apart(numbers(kinds=["f32", "i64"])).append_column("e", lists(pa.float32(), 3))
    save("mixed", both, columns=["i64", "f32"])
    ragged = [[0.5] * (3 if i != 33 else 2) for i in range(ROWS)]
    pq.write_table(pa.table({"e": pa.array(ragged)}), here / "ragged.parquet", row_group_size=20)
    pq.write_table(apart(pa.table({"a": ["b"]})), here / "words.parquet")
    odd = {"use_dictionary": False, "column_encoding": {"wide": "DELTA_BYTE_ARRAY"}}
    pq.write_table(numbers(kinds=["wide"]), here / "encoding.parquet", **odd)
    pq.write_table(pa.table({"a": pa.array([], pa.float32())}), here / "none.parquet")
    pq.write_table(pa.table({"e": [[], []]}, pa.schema([("e", pa.list_(pa.float32()))])), here / "empty.parquet")
    pq.write_table(pa.table({"e": [None, None]}, pa.schema([("e", pa.list_(pa.float32()))])), here / "nulls.parquet")
    (here / "expected.json").write_text(json.dumps(expected) + "\n")
