"""What PyTorch draws after a seed. Run: python test/reference/torch-random.py

Writes torch-random.safetensors: a draw a name, `state` and what is drawn from it.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

draws = {
    "rand": lambda: torch.rand(3, 5),
    "rand float64": lambda: torch.rand(7, dtype=torch.float64),
    "rand bfloat16": lambda: torch.rand(6, dtype=torch.bfloat16),
    "randn, few": lambda: torch.randn(5),
    "randn, many": lambda: torch.randn(4, 9),
    "randn float64": lambda: torch.randn(17, dtype=torch.float64),
    "randint": lambda: torch.randint(10, (8,)),
    "randint between": lambda: torch.randint(-5, 2**40, (4,)),
    "randperm": lambda: torch.randperm(12),
    "bernoulli": lambda: torch.bernoulli(torch.full((20,), 0.3)),
    "bernoulli_": lambda: torch.empty(20).bernoulli_(0.7),
    "uniform_": lambda: torch.empty(6).uniform_(-2, 3),
    "normal_": lambda: torch.empty(18).normal_(1, 2),
    "exponential_": lambda: torch.empty(6).exponential_(0.5),
    "multinomial": lambda: torch.multinomial(torch.tensor([0.1, 0.2, 0.3, 0.4]), 3),
    "dropout": lambda: torch.dropout(torch.ones(20), 0.4, True),
    "two draws": lambda: torch.cat([torch.rand(2), torch.rand(2)]),
}
saved = {}
for seed in (0, 42):
    for name, draw in draws.items():
        torch.manual_seed(seed)
        saved[f"{name}, {seed}"] = draw()
torch.manual_seed(2**63)
saved["rand, 9223372036854775808"] = torch.rand(4)
torch.manual_seed(3)
torch.randn(5)
saved["state"] = torch.get_rng_state()
saved["after the state"] = torch.randn(5)
path = Path(__file__).parent / "torch-random.safetensors"
save_file(saved, path)
path.chmod(0o644)
print(f"{len(saved)} tensors, {path.stat().st_size:,} bytes")
