"""Fixtures for tables, made by pandas and pyarrow: python3 -P test/golden/tables.py

-P keeps random.py beside it from taking the place of Python's own.

tables/<stem>.csv, .jsonl                 text
tables/<stem>.arrow, .arrows, .feather    files, streams, and files as pandas writes them
tables/<stem>.json                        names of the columns of numbers, and their values as float32
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather

here = Path(__file__).parent / "tables"


def number(value):
    """A float32 that JSON can hold and JavaScript's Number() can read."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(value)


def expect(stem, names, values):
    with np.errstate(over="ignore"):
        values = np.asarray(values, "f8").astype("f4")
    content = {"names": names, "values": [number(value) for value in values.ravel()]}
    (here / f"{stem}.json").write_text(json.dumps(content) + "\n")


def text(file, content, **how):
    """A file of text, and what pandas reads in it."""
    (here / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    frame = pd.read_csv(here / file, float_precision="round_trip", **how)
    expect(file.removesuffix(".csv"), [str(name) for name in frame.columns], frame.to_numpy("f8"))


def texts():
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(50, 4)) * 10.0 ** random.integers(-40, 40, (50, 4)), columns=list("abcd"))
    frame.iloc[3, 1] = np.nan
    frame.iloc[4, 2] = np.inf
    frame.iloc[5, 3] = -np.inf
    text("index.csv", frame.to_csv(), index_col=0)
    text("plain.csv", frame.to_csv(index=False))
    text("crlf.csv", frame.to_csv(index=False, lineterminator="\r\n"))
    text("bom.csv", frame.to_csv(index=False).encode("utf-8-sig"))
    text("quoted.csv", frame.to_csv(index=False, quoting=1))
    text("missing.csv", frame.to_csv(index=False, na_rep="NA"))
    text("headless.csv", frame.to_csv(index=False, header=False), header=None)
    text("unnamed.csv", pd.DataFrame(frame.to_numpy()).to_csv(), index_col=0)
    with np.errstate(over="ignore"):
        text("float32.csv", frame.astype("f4").to_csv(index=False))
    text("one.csv", frame[["b"]].to_csv(index=False))
    text("odd names.csv", frame.rename(columns={"a": 'a "b", c', "b": "ü\nx"}).to_csv(index=False))
    text("forms.csv", "a,b\n1.,.5\n+1e3,-1E-3\n007,1e400\n-inf,Infinity\nnan,null\n\"2\",\"\"\nN/A,-nan\n")
    text("no end.csv", "a,b\r\n1,2\r\n3,4")
    text("blank lines.csv", "a,b\n\n1,2\n  \n3,4\n\n\n")
    lines = frame.to_json(orient="records", lines=True, double_precision=15)
    (here / "records.jsonl").write_text(lines)
    read = pd.DataFrame([json.loads(line) for line in lines.splitlines()]).astype("f8")
    expect("records", list("abcd"), read.to_numpy())
    rows = frame.to_numpy().tolist()
    (here / "arrays.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    expect("arrays", [str(i) for i in range(4)], rows)


def arrow(stem, table, names, values, rows_a_batch=5, how=None):
    for extension, create in [("arrow", pa.ipc.new_file), ("arrows", pa.ipc.new_stream)]:
        with create(str(here / f"{stem}.{extension}"), table.schema, options=how) as writer:
            writer.write_table(table, rows_a_batch)
    expect(stem, names, values)


def arrows():
    random = np.random.default_rng(2)
    rows = 13
    floats = random.normal(size=(rows, 3)) * 10.0 ** random.integers(-42, 42, (rows, 3))
    floats[2, 1] = np.nan
    columns = {
        "half": random.normal(size=rows).astype("f2"),
        "single": floats[:, 0].clip(-1e38, 1e38).astype("f4"),
        "double": floats[:, 1],
        **{f"i{bits}": random.integers(*bounds(f"i{bits}"), rows, f"i{bits}") for bits in [1, 2, 4, 8]},
        **{f"u{bits}": random.integers(*bounds(f"u{bits}"), rows, f"u{bits}") for bits in [1, 2, 4, 8]},
        "bool": random.random(rows) < 0.5,
    }
    others = {"row": np.arange(rows), "text": [f"row {i}" for i in range(rows)]}
    others["kind"] = pa.array([f"kind {i % 3}" for i in range(rows)]).dictionary_encode()
    arrow("numbers", pa.table({**others, **columns}), list(columns), np.stack([c.astype("f8") for c in columns.values()], 1))

    absent = np.arange(rows) % 4 == 1
    nulls = pa.table({name: pa.array(column, mask=absent) for name, column in columns.items()})
    values = np.stack([np.where(absent, np.nan, column.astype("f8")) for column in columns.values()], 1)
    arrow("nulls", nulls, list(columns), values)
    arrow("sliced", nulls.slice(3), list(columns), values[3:], 4)

    names = [f"logits[{i}]" for i in range(3)]
    for stem, item in [("half", pa.float16()), ("single", pa.float32()), ("double", pa.float64())]:
        flat = pa.array(floats.ravel().clip(-6e4, 6e4).astype(item.to_pandas_dtype()))
        expected = flat.to_numpy(zero_copy_only=False).astype("f8").reshape(rows, 3)
        starts = pa.array(np.arange(rows + 1) * 3, pa.int32())
        lists = pa.ListArray.from_arrays(starts, flat)
        fixed = pa.FixedSizeListArray.from_arrays(flat, 3)
        arrow(f"lists {stem}", pa.table({"row": others["row"], "logits": lists}), names, expected)
        arrow(f"fixed {stem}", pa.table({"text": others["text"], "logits": fixed}), names, expected)
    arrow("lists large", pa.table({"logits": lists.cast(pa.large_list(item))}), names, expected)
    arrow("lists sliced", pa.table({"logits": lists}).slice(2), names, expected[2:])
    arrow("fixed sliced", pa.table({"logits": fixed}).slice(2), names, expected[2:])
    rows_of = [None if i in [0, 5, 6] else [float(i), None, i / 7] for i in range(rows)]
    expected = [[np.nan] * 3 if row is None else [np.nan if v is None else v for v in row] for row in rows_of]
    arrow("lists nulls", pa.table({"logits": pa.array(rows_of, pa.list_(pa.float64()))}), names, expected)
    arrow("fixed nulls", pa.table({"logits": pa.array(rows_of, pa.list_(pa.float64(), 3))}), names, expected)

    mixed = {"row": [0, 1, 2], "a": [1.0, 2.0, 3.0], "p": [[1, 2]] * 3, "q": [[1, 2], [3, 4], [5]], "empty": [[]] * 3}
    mixed = {**mixed, "nothing": pa.nulls(3, pa.list_(pa.int32())), "words": [["x"]] * 3}
    mixed["empty"] = pa.array(mixed["empty"], pa.list_(pa.int32()))
    with pa.ipc.new_file(str(here / "mixed.arrow"), pa.table(mixed).schema) as writer:
        writer.write_table(pa.table(mixed))
    none = pa.schema([("a", pa.float32()), ("p", pa.list_(pa.float32()))])
    for extension, create in [("arrow", pa.ipc.new_file), ("arrows", pa.ipc.new_stream)]:
        create(str(here / f"none.{extension}"), none).close()

    # Columns of every kind before one of numbers, which must be found behind their buffers.
    long = [f"a text that is too long for a view, {i}" if i % 3 else None for i in range(rows)]
    ints = pa.array(np.arange(rows) % 4, mask=absent)
    kinds = {
        **others,
        "null": pa.nulls(rows),
        **{f"text {kind}": pa.array(long, kind) for kind in [pa.string(), pa.large_string(), pa.string_view()]},
        **{f"bytes {kind}": pa.array(long, kind) for kind in [pa.binary(), pa.large_binary(), pa.binary_view()]},
        "fixed": pa.array([b"abc"] * rows, pa.binary(3)),
        **{str(kind): ints.cast(kind) for kind in [pa.timestamp("us"), pa.duration("s"), pa.time64("ns"), pa.date64()]},
        "decimal": ints.cast(pa.decimal128(22, 2)),
        "struct": pa.StructArray.from_arrays([ints, pa.array(long)], ["a", "b"]),
        "map": pa.array([[("a", i)] for i in range(rows)], pa.map_(pa.string(), pa.int32())),
        "list of text": pa.array([[text] for text in long]),
        "list view": pa.array([[i, i] for i in range(rows)], pa.list_view(pa.int16())),
        "coded": pa.array(long).dictionary_encode(),
        "runs": pa.RunEndEncodedArray.from_arrays(pa.array([3, rows], pa.int32()), pa.array([1.0, 2.0])),
        "sparse": pa.UnionArray.from_sparse(pa.array(np.arange(rows) % 2, pa.int8()), [ints, pa.array(long)]),
        "dense": pa.UnionArray.from_dense(pa.array([0] * rows, pa.int8()), pa.array(np.arange(rows), pa.int32()), [ints]),
        "views again": pa.array(long, pa.string_view()),
        "logits": lists,
    }
    arrow("kinds", pa.table(kinds), names, flat.to_numpy().reshape(rows, 3))

    for codec in ["lz4", "zstd"]:
        how = pa.ipc.IpcWriteOptions(compression=codec)
        arrow(f"packed {codec}", nulls, list(columns), values, how=how)
        arrow(f"packed {codec} lists", pa.table({"logits": pa.array(rows_of, pa.list_(pa.float64()))}), names, expected, how=how)
        arrow(f"packed {codec} fixed", pa.table({"logits": fixed}), names, flat.to_numpy().reshape(rows, 3), how=how)
        # Of more than a block, which goes on with what the one before held: value i is i % 1000 / 8.
        steps = pa.table({"steps": np.arange(40_000) % 1000 / 8})
        with pa.ipc.new_file(str(here / f"long {codec}.arrow"), steps.schema, options=how) as writer:
            writer.write_table(steps)

    frame = pd.DataFrame(floats, columns=list("abc"))
    for compression in ["uncompressed", "lz4", "zstd"]:
        frame.to_feather(here / f"{compression}.feather", compression=compression)
        expect(compression, list("abc"), floats)


def bounds(dtype):
    info = np.iinfo(dtype)
    return info.min, info.max


if __name__ == "__main__":
    here.mkdir(exist_ok=True)
    texts()
    arrows()
