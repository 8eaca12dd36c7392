"""Reference values of torch.optim for the optimizer tests. Run: python test/reference/optim.py

Writes optim.safetensors: `start.<p>`, `gradient.<step>.<p>`, and `after.<step>.<p>` of AdamW with
two groups, linear warm-up and decay, and clipping; `norm` and `lr` [steps] beside them.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent
STEPS = 12
SHAPES = {"a": (4, 3), "b": (5,), "c": (2, 2, 2)}

torch.manual_seed(5)
saved = {}
parameters = {name: torch.nn.Parameter(torch.randn(shape)) for name, shape in SHAPES.items()}
for name, parameter in parameters.items():
    saved[f"start.{name}"] = parameter.detach().clone()

optimizer = torch.optim.AdamW(
    [
        {"params": [parameters["a"], parameters["c"]], "weight_decay": 0.1},
        {"params": [parameters["b"]], "lr": 0.03, "weight_decay": 0.0},
    ],
    lr=0.02,
    betas=(0.8, 0.99),
    eps=1e-6,
    fused=True,
)
multiplier = lambda step: step / 4 if step < 4 else max(0.0, (STEPS - step) / (STEPS - 4))
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, multiplier)
norms, rates = [], []
for step in range(STEPS):
    for name, parameter in parameters.items():
        absent = name == "c" and step < 2
        parameter.grad = None if absent else torch.randn_like(parameter) * (0.1 + step / 4)
        if not absent:
            saved[f"gradient.{step}.{name}"] = parameter.grad.clone()
    norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), 2.0))
    rates.append(optimizer.param_groups[1]["lr"])
    optimizer.step()
    scheduler.step()
    for name, parameter in parameters.items():
        saved[f"after.{step}.{name}"] = parameter.detach().clone()
saved["norm"] = torch.stack(norms)
saved["lr"] = torch.tensor(rates, dtype=torch.float64)

save_file(saved, HERE / "optim.safetensors")
