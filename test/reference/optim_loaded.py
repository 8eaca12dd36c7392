"""What PyTorch makes of optimizers' states that adaptune saved. Run:

    node -r ts-node/register/transpile-only test/reference/optim-saved.ts
    python test/reference/optim_loaded.py

The first writes optim-saved.pt: of every case of optim_steps.py the weights after its last step, `params`,
and `optimizer`, the state then. The second reads it with weights_only, lets an optimizer of the case's class
load the state, which has the hyper-parameters too, and takes two steps more with the first gradients. It
writes optim-loaded.safetensors: `<case>.<p>`, the weights after them.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent
gradients = load_file(HERE / "optim-steps.safetensors")
saved = {}
for case, run in torch.load(HERE / "optim-saved.pt", weights_only=True).items():
    p = {name: torch.nn.Parameter(value) for name, value in run["params"].items()}
    optimizer = getattr(torch.optim, case.split()[0])([{"params": [p["a"]]}, {"params": [p["b"]]}])
    optimizer.load_state_dict(run["optimizer"])
    for step in range(2):
        for name, parameter in p.items():
            parameter.grad = gradients[f"gradient.{name}"][step].clone()
        optimizer.step()
    for name, parameter in p.items():
        saved[f"{case}.{name}"] = parameter.detach().clone()
save_file(saved, HERE / "optim-loaded.safetensors")
(HERE / "optim-loaded.safetensors").chmod(0o644)
