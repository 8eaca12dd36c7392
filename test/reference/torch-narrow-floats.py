"""Floats of 8 and 4 bits as Python writes them. Run: python test/reference/torch-narrow-floats.py

Writes torch-narrow-floats.safetensors and .pt: for each dtype `<dtype>`, of the bytes 0 to 255 [2,128] or, in
float4_e2m1fn_x2, 0 to 7 [2,4]; and beside those of 8 bits `<dtype>.values` in float32, `<dtype>.text`, what
Python prints of the first three, in the metadata.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

EIGHT = ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"]
every = torch.arange(256, dtype=torch.uint8).view(2, 128)
tensors = {name: every.clone().view(getattr(torch, name)) for name in EIGHT}
tensors["float4_e2m1fn_x2"] = torch.arange(8, dtype=torch.uint8).view(2, 4).view(torch.float4_e2m1fn_x2)
texts = {f"{name}.text": str(tensor[0, :3]) for name, tensor in tensors.items()}
values = {f"{name}.values": tensors[name].float() for name in EIGHT}

path = Path(__file__).parent / "torch-narrow-floats.safetensors"
save_file(tensors | values, path, metadata=texts)
path.chmod(0o644)
torch.save(tensors, path.with_suffix(".pt"))
print(f"{path.stat().st_size:,} bytes", texts)
