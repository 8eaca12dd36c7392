"""A safetensors file as its own library writes it. Run: python test/reference/torch-files.py

Writes torch-files.safetensors. With a path it reads that file, written by adaptune, instead, and
checks that it holds the same: python test/reference/torch-files.py /tmp/ours.safetensors
"""

import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

T = torch.tensor
tensors = {
    "float64": T([[0.1, -2.5], [1e300, 5e-324]], dtype=torch.float64),
    "float32": T([0.1, -0.0, 3e38]),
    "float16": T([0.1, 65504.0, -1.0], dtype=torch.float16),
    "bfloat16": T([0.1, 3e38, -1.0], dtype=torch.bfloat16),
    "int64": T([2**62, -(2**62), 0]),
    "int32": T([[2**31 - 1], [-(2**31)]], dtype=torch.int32),
    "int16": T([32767, -32768, 1], dtype=torch.int16),
    "int8": T([127, -128, 1], dtype=torch.int8),
    "uint8": T([255, 0, 7], dtype=torch.uint8),
    "bool": T([[True, False, True]]),
    "scalar": T(2.5),
    "empty": torch.zeros(0, 3),
    "layers.0.weight": torch.arange(24.0).view(2, 3, 4),
    "ключ 🔑 \"quoted\"": T([1.0]),
}
metadata = {"format": "pt", "note": "naïve ✓ \"quoted\"\n"}
path = Path(__file__).parent / "torch-files.safetensors"
if len(sys.argv) == 1:
    save_file(tensors, path, metadata=metadata)
    path.chmod(0o644)
    print(f"{len(tensors)} tensors, {path.stat().st_size:,} bytes")
else:
    with safe_open(sys.argv[1], framework="pt") as file:
        assert file.metadata() == metadata, file.metadata()
    found = load_file(sys.argv[1])
    assert found.keys() == tensors.keys(), found.keys() ^ tensors.keys()
    for name, expected in tensors.items():
        assert found[name].dtype == expected.dtype and torch.equal(found[name], expected), name
    print(f"{len(found)} tensors are the same")
