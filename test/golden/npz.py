"""Makes test/golden/npz/*.npz: arrays as numpy packs them, and values.json with what they hold.

    python3 test/golden/npz.py        numpy 1.24
"""

import json
import pathlib

import numpy as np

folder = pathlib.Path(__file__).with_suffix("")
random = np.random.default_rng(5)
rows = np.round(random.normal(size=(300, 7)) * 64) / 64
passes = np.round(random.normal(size=(3, 50, 4)) * 64) / 64

np.savez(folder / "one.npz", rows.astype("<f4"))
np.savez_compressed(folder / "one-compressed.npz", rows.astype("<f4"))
np.savez(folder / "two.npz", logits=passes.astype("<f8"), embeddings=rows[:50].astype("<f2"))
np.savez_compressed(folder / "two-compressed.npz", logits=passes.astype("<f8"), embeddings=rows[:50].astype("<f2"))
# Columns of a Fortran array lie apart: reading rows goes back and forth.
np.savez_compressed(folder / "fortran-compressed.npz", np.asfortranarray(rows.astype("<f4")))
(folder / "values.json").write_text(json.dumps({"rows": rows.tolist(), "passes": passes.tolist()}) + "\n")
