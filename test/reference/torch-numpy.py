"""Arrays as numpy writes them. Run: python test/reference/torch-numpy.py

Writes torch-numpy.npz and torch-numpy-compressed.npz. With a path it reads that .npz file, written by
adaptune, and checks that it holds the same arrays.
"""

import io
import pathlib
import sys
import zipfile

import numpy as np

here = pathlib.Path(__file__).parent
CODES = "f8 f4 f2 i8 i4 i2 i1 u8 u4 u2 u1 ?1 c16 c8".split()

arrays = {np.dtype(code.replace("?1", "?")).name: np.array([[0, 1, 3], [7, 100, 2]]).astype(code.replace("?1", "?")) for code in CODES}
arrays |= {
    "scalar": np.array(2.5),
    "empty": np.zeros((0, 3), np.float32),
    "fortran": np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)),
    "vector": np.arange(5, dtype=np.int64),
}


def in_version(array, version):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


if len(sys.argv) > 1:
    found = np.load(sys.argv[1], allow_pickle=False)
    assert set(found) == set(arrays), set(found) ^ set(arrays)
    for name, expected in arrays.items():
        assert found[name].dtype == expected.dtype and np.array_equal(found[name], expected), name
    assert zipfile.ZipFile(sys.argv[1]).testzip() is None
    print(f"{len(arrays)} arrays are the same")
else:
    np.savez(here / "torch-numpy.npz", **arrays)
    np.savez_compressed(here / "torch-numpy-compressed.npz", **arrays)
    refused = {
        "object": np.array([{"a": 1}], dtype=object),
        "structured": np.zeros(2, [("x", "f4"), ("y", "i8")]),
        "big-endian": np.arange(3, dtype=">f4"),
        "text": np.array(["a", "bc"]),
        "longdouble": np.zeros(1, np.longdouble),
        "datetime": np.zeros(1, "M8[s]"),
    }
    with zipfile.ZipFile(here / "torch-numpy-others.zip", "w") as others:
        for name, array in refused.items():
            file = io.BytesIO()
            np.save(file, array, allow_pickle=True)
            others.writestr(f"{name}.npy", file.getvalue())
        for version in (1, 2, 3):
            others.writestr(f"version-{version}.npy", in_version(arrays["fortran"], (version, 0)))
