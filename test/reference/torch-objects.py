"""Everything that checkpoints hold, as torch.save writes it. Run: python test/reference/torch-objects.py

Writes torch-objects-zip.pt, torch-objects-legacy.pt and files that are to be refused. With a path it
reads that file, written by adaptune from the same values, with weights_only, and compares.
"""

import argparse
import collections
import pathlib
import sys

import numpy as np
import torch

here = pathlib.Path(__file__).parent
T = torch.tensor

DTYPES = {
    name: getattr(torch, name)
    for name in (
        "float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool "
        "complex64 complex128 complex32 float8_e4m3fn float8_e5m2"
    ).split()
}


def tensors():
    numbers = [[0, 1], [3, 7]]
    return {name: T(numbers).to(dtype) for name, dtype in DTYPES.items()}


def views():
    base = torch.arange(24.0).reshape(4, 6)
    complexes = T([1 + 2j, 3 - 4j])
    return {
        "base": base,
        "transposed": base.t(),
        "stepped": base[1::2, ::3],
        "expanded": base[0, :1].expand(3),
        "same": base,
        "conjugate": complexes.conj(),
        "negative": T([5 + 6j]).conj().imag,
        "empty": torch.zeros(0, 5),
        "scalar": T(2.5),
    }


def optimizer():
    torch.manual_seed(0)
    layer = torch.nn.Linear(2, 1)
    adamw = torch.optim.AdamW(layer.parameters(), lr=0.25)
    layer(torch.ones(1, 2)).sum().backward()
    adamw.step()
    return {"model": layer.state_dict(), "optimizer": adamw.state_dict()}


def plain():
    """What adaptune writes too."""
    shared = [1, 2]
    return {
        "none": None,
        "bools": [True, False],
        "ints": [0, 255, 256, -1, 2**31 - 1, -(2**31), 2**31, 2**53 - 1, -(2**53 - 1), 2**80, -(2**63)],
        "floats": [0.5, -0.0, 1e300, float("inf"), float("-inf"), 5e-324],
        "strings": ["", "naïve ✓ 🔑", "line\nbreak\0"],
        "bytes": bytes(range(256)),
        "set": {1, "two"},
        "nested": {"a": [{"b": {"c": [[]]}}], "empty": {}},
        "shared": [shared, shared],
        "numbered": {0: "zero", 1: "one"},
        "mixed": {(1, "x"): "tuple", 2.5: "float", None: "none"},
        "__proto__": {"polluted": True},
    }


def others():
    """What only Python writes."""
    cycle = []
    cycle.append(cycle)
    return {
        "tuple": (1, (2.0, "3"), ()),
        "ordered": collections.OrderedDict(b=1, a=2),
        "default": collections.defaultdict(list, {"x": [1]}),
        "counter": collections.Counter("aab"),
        "namespace": argparse.Namespace(lr=0.1, name="run"),
        "complex": 1 + 2j,
        "size": torch.Size([2, 3]),
        "device": torch.device("cuda", 1),
        "cpu": torch.device("cpu"),
        "dtype": torch.bfloat16,
        "frozen": frozenset({5}),
        "bytearray": bytearray(b"\x00\xff"),
        "cycle": cycle,
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "frozen_parameter": torch.nn.Parameter(torch.ones(2), requires_grad=False),
        "leaf": torch.ones(2, requires_grad=True),
        "sparse": torch.eye(3).to_sparse(),
        "numpy": {
            "float64": np.float64(0.1),
            "float32": np.float32(0.5),
            "float16": np.float16(-1.5),
            "int64": np.int64(-(2**62)),
            "int32": np.int32(7),
            "uint8": np.uint8(255),
            "bool": np.bool_(True),
            "complex128": np.complex128(1 - 1j),
            "text": np.str_("naïve"),
            "array": np.arange(6, dtype=np.int32).reshape(2, 3),
            "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        },
    }


def everything():
    return {"tensors": tensors(), "views": views(), **optimizer(), "plain": plain(), "others": others()}


def same(found, expected, path=""):
    if isinstance(expected, torch.Tensor):
        assert found.dtype == expected.dtype and found.shape == expected.shape, path
        wide = torch.complex128 if expected.is_complex() else torch.float64
        assert torch.equal(found.detach().to(wide), expected.detach().to(wide)), path
        assert found.requires_grad == expected.requires_grad, path
    elif isinstance(expected, dict):
        assert list(found) == list(expected), (path, list(found), list(expected))
        for key in expected:
            same(found[key], expected[key], f"{path}.{key}")
    elif isinstance(expected, list):
        assert type(found) is list and len(found) == len(expected), path
        for i, part in enumerate(expected):
            same(found[i], part, f"{path}[{i}]")
    else:
        assert type(found) is type(expected) and repr(found) == repr(expected), (path, found, expected)


def check(path):
    found = torch.load(path, weights_only=True)
    same(found["plain"], plain(), "plain")
    same(found["tensors"], tensors(), "tensors")
    expected = views()
    same(found["views"], expected, "views")
    pointers = [found["views"][name].untyped_storage().data_ptr() for name in ("base", "transposed", "stepped")]
    assert len(set(pointers)) == 1, "views share their storage"
    assert found["views"]["transposed"].stride() == expected["transposed"].stride()
    assert found["plain"]["shared"][0] is found["plain"]["shared"][1]
    assert found["leaf"].requires_grad
    print("the same")


def write():
    value = everything()
    torch.save(value, here / "torch-objects-zip.pt")
    torch.save(value, here / "torch-objects-legacy.pt", _use_new_zipfile_serialization=False)
    quantized = torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8)
    torch.save({"weight": quantized}, here / "torch-objects-quantized.pt")
    torch.save(torch.nn.Linear(1, 1), here / "torch-objects-module.pt")
    for file in here.glob("torch-objects-*.pt"):
        print(f"{file.name}: {file.stat().st_size:,} bytes")


if len(sys.argv) > 1:
    check(sys.argv[1])
else:
    write()
