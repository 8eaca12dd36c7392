"""How PyTorch prints tensors. Run: python test/reference/torch-printing.py

Writes torch-printing.safetensors: the tensors, and in the metadata's `cases` the JSON list of
{tensor, requiresGrad, text}.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

nan, inf = float("nan"), float("inf")
f64, bf16, f16 = torch.float64, torch.bfloat16, torch.float16
T = torch.tensor

tensors = {
    "scalar": T(3.0),
    "fraction": T(0.1),
    "negative scalar": T(-2.5, dtype=f64),
    "integer scalar": T(7),
    "bool scalar": T(True),
    "whole floats": T([1.0, 2.0, -3.0]),
    "fractions": T([0.5, 0.25, 1 / 3]),
    "mixed widths": T([1.5, 100.25, -0.125]),
    "large": T([12345.678, 0.5]),
    "scientific, small": T([1e-5, 1.0]),
    "scientific, large": T([1e9, 0.5]),
    "scientific, ratio": T([2000.0, 1.5, 0.1]),
    "scientific, whole": T([1e10, 1.0]),
    "tiny": T([1.5e-8]),
    "zeros": torch.zeros(2, 3),
    "negative zero": T([-0.0, 1.0]),
    "nan and infinities": T([nan, inf, -inf, 1.5]),
    "only nan": T([nan, nan]),
    "whole with nan": T([1.0, nan]),
    "scientific with infinity": T([1e-7, inf]),
    "matrix": T([[1.0, 2.0], [3.0, -4.5]]),
    "three dimensions": torch.arange(12.0).view(2, 3, 2) / 4,
    "four dimensions": torch.arange(8).view(2, 1, 2, 2),
    "ones of one": torch.ones(1, 1, 1),
    "integers": T([1, -20, 300]),
    "integer matrix": T([[1, 2], [30, 4]]),
    "int32": T([1, 2], dtype=torch.int32),
    "int16": T([1, 2], dtype=torch.int16),
    "int8": T([-1, 2], dtype=torch.int8),
    "uint8": T([0, 255], dtype=torch.uint8),
    "big integers": T([2**62, -1]),
    "bools": T([[True, False], [False, True]]),
    "float64": T([0.1, 0.2], dtype=f64),
    "float64, scientific": T([1e-300, 1e300], dtype=f64),
    "bfloat16": T([0.1, 3.0], dtype=bf16),
    "float16": T([0.1, 65504.0], dtype=f16),
    "bfloat16, whole": T([1.0, 256.0], dtype=bf16),
    "complex": T([1 + 2j, -0.5j]),
    "complex, whole": T([[1 + 2j, 3 - 4j]]),
    "complex, scientific": T([1e-6 + 1j, 2 + 1e9j]),
    "complex scalar": T(0.1 - 1j),
    "empty": T([]),
    "empty of shape": torch.empty(0, 3),
    "empty of middle": torch.empty(2, 0, 3),
    "empty integers": T([], dtype=torch.int64),
    "empty bools": torch.empty(2, 0, dtype=torch.bool),
    "wraps lines": torch.arange(40.0) / 8,
    "wraps integer lines": torch.arange(100),
    "wraps in a matrix": torch.arange(60.0).view(2, 30) / 7,
    "summarised vector": torch.arange(2000.0),
    "summarised integers": torch.arange(1001),
    "not summarised at a thousand": torch.arange(1000).view(10, 100) % 7,
    "summarised matrix": torch.arange(4000.0).view(40, 100),
    "summarised columns": torch.arange(1200).view(2, 600),
    "summarised rows": torch.arange(1200).view(600, 2),
    "summarised cube": torch.arange(8000.0).view(20, 20, 20) / 3,
    "summarised bools": torch.arange(1500) % 3 == 0,
    "summarised hides the large": torch.cat([torch.ones(1000), T([1e9]), torch.ones(1000)]),
    "summarised float64": torch.linspace(0, 1, 1500, dtype=f64),
}
trained = {
    "trained": T([1.0, 2.0]),
    "trained scalar": T(0.5),
    "trained float64": T([[0.1]], dtype=f64),
    "trained empty": torch.empty(0, 2),
    "trained, wraps": torch.arange(25.0) / 8,
}
cases = [{"tensor": name, "requiresGrad": False, "text": repr(x)} for name, x in tensors.items()]
for name, x in trained.items():
    cases.append({"tensor": name, "requiresGrad": True, "text": repr(x.clone().requires_grad_())})
path = Path(__file__).parent / "torch-printing.safetensors"
saved = {name: x.contiguous() for name, x in {**tensors, **trained}.items()}
save_file(saved, path, metadata={"cases": json.dumps(cases)})
path.chmod(0o644)
print(f"{len(cases)} cases, {path.stat().st_size:,} bytes")
