"""A TorchScript module with its inputs and outputs. Run: python test/reference/torch-script.py"""

import io
import pathlib
import zipfile
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch

here = pathlib.Path(__file__).parent


class Pair(NamedTuple):
    first: torch.Tensor
    second: torch.Tensor


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)
        self.dropout = torch.nn.Dropout(0.5)
        self.register_buffer("steps", torch.zeros(1, dtype=torch.long))
        with torch.no_grad():
            self.layer.weight.copy_(torch.arange(6.0).view(2, 3))
            self.layer.bias.copy_(torch.tensor([0.5, -0.5]))

    def forward(self, x):
        return self.dropout(self.layer(x))

    @torch.jit.export
    def scaled(self, x: torch.Tensor, factor: float = 2.0, bias: Optional[torch.Tensor] = None):
        result = self.layer(x) * factor
        return result if bias is None else result + bias

    @torch.jit.export
    def count(self) -> int:
        self.steps += 1
        return int(self.steps.item())

    @torch.jit.export
    def values(
        self, flag: bool, text: str, numbers: List[int], table: Dict[str, torch.Tensor]
    ) -> Tuple[bool, str, List[int], Dict[str, torch.Tensor], Optional[int]]:
        return not flag, text + "!", [n + 1 for n in numbers], {k: v + 1 for k, v in table.items()}, None

    @torch.jit.export
    def keyed(self, table: Dict[int, Tuple[int, float]]) -> Dict[float, int]:
        return {value[1]: key + value[0] for key, value in table.items()}

    @torch.jit.export
    def pair(self, x: torch.Tensor) -> Pair:
        return Pair(x, -x)

    @torch.jit.export
    def fail(self, x: torch.Tensor):
        if x.sum() > 0:
            raise ValueError("positive")
        return x.view(7, 7)


def save(module, path):
    """Without the debug files, which hold this machine's paths."""
    content = io.BytesIO()
    torch.jit.save(module, content)
    with zipfile.ZipFile(content) as whole, zipfile.ZipFile(path, "w") as stripped:
        for entry in whole.namelist():
            if not entry.endswith(".debug_pkl"):
                stripped.writestr(entry, whole.read(entry))
    print(f"{path.name}: {path.stat().st_size:,} bytes")


save(torch.jit.script(Net().eval()), here / "torch-script.pt")
