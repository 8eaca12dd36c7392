"""PyTorch's generators, autocast and gradient scaling. Run: python test/reference/torch-modes.py

Writes torch-modes.safetensors:
  generator.<operator>          drawn from torch.Generator().manual_seed(11)
  generator.state               that generator's state after the draws, in their order
  autocast.<dtype>.<name>       results of the network in `network` in autocast, and its gradients
  scaler.<name>                 what a scaler does over 12 steps of SGD, the fourth and ninth with infinities
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

saved = {}

draws = {
    "rand": lambda g: torch.rand(5, generator=g),
    "randn": lambda g: torch.randn(17, generator=g),
    "randint": lambda g: torch.randint(10, (6,), generator=g),
    "randint between": lambda g: torch.randint(-3, 100, (6,), generator=g),
    "randperm": lambda g: torch.randperm(9, generator=g),
    "normal": lambda g: torch.normal(torch.arange(4.0), 2.0, generator=g),
    "bernoulli": lambda g: torch.bernoulli(torch.full((12,), 0.3), generator=g),
    "bernoulli_": lambda g: torch.empty(12).bernoulli_(0.6, generator=g),
    "multinomial": lambda g: torch.multinomial(torch.tensor([0.1, 0.2, 0.3, 0.4]), 3, generator=g),
    "poisson": lambda g: torch.poisson(torch.full((6,), 4.0), generator=g),
    "uniform_": lambda g: torch.empty(5).uniform_(-1, 2, generator=g),
    "normal_": lambda g: torch.empty(18).normal_(1, 3, generator=g),
    "exponential_": lambda g: torch.empty(5).exponential_(2.0, generator=g),
    "cauchy_": lambda g: torch.empty(5).cauchy_(generator=g),
    "geometric_": lambda g: torch.empty(5).geometric_(0.3, generator=g),
    "log_normal_": lambda g: torch.empty(5).log_normal_(generator=g),
    "random_": lambda g: torch.empty(5, dtype=torch.int64).random_(100, generator=g),
}
generator = torch.Generator().manual_seed(11)
for name, draw in draws.items():
    saved[f"generator.{name}"] = draw(generator)
saved["generator.state"] = generator.get_state()


def values(shape, step):
    count = torch.Size(shape).numel()
    return torch.arange(count, dtype=torch.float32).mul(step).sin().view(shape)


def network(x, w, b, v, classes):
    """Products in the lower precision, normalisation, softmax and loss in float32."""
    hidden = F.gelu(F.linear(x, w, b))
    normed = F.layer_norm(hidden, [hidden.shape[-1]])
    logits = normed @ v
    return {
        "hidden": hidden,
        "normed": normed,
        "logits": logits,
        "softmax": logits.softmax(-1),
        "sum": logits.sum(),
        "loss": F.cross_entropy(logits, classes),
    }


classes = torch.tensor([0, 2, 1, 2])
for dtype in (torch.bfloat16, torch.float16):
    leaves = [values(shape, step).requires_grad_() for shape, step in (((4, 6), 0.9), ((8, 6), 0.7), ((8,), 0.3), ((8, 3), 1.1))]
    with torch.autocast("cpu", dtype=dtype):
        results = network(*leaves, classes)
    results["loss"].backward()
    results |= {f"gradient {n}": leaf.grad for n, leaf in enumerate(leaves)}
    for name, result in results.items():
        saved[f"autocast.{str(dtype).removeprefix('torch.')}.{name}"] = result.detach().clone()

weight = values((3, 2), 0.8).requires_grad_()
optimizer = torch.optim.SGD([weight], lr=0.05)
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_factor=3.0, backoff_factor=0.25, growth_interval=3)
scales, trackers, weights = [], [], []
for step in range(12):
    optimizer.zero_grad()
    x = values((4, 3), 0.4 + 0.1 * step)
    if step in (3, 8):
        x[1, 1] = float("inf")
    scaler.scale((x @ weight).pow(2).mean()).backward()
    if step % 2 == 1:
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    scales.append(scaler.get_scale())
    trackers.append(scaler.state_dict()["_growth_tracker"])
    weights.append(weight.detach().clone())
saved["scaler.scales"] = torch.tensor(scales)
saved["scaler.trackers"] = torch.tensor(trackers)
saved["scaler.weights"] = torch.stack(weights)

path = Path(__file__).parent / "torch-modes.safetensors"
save_file({name: tensor.contiguous() for name, tensor in saved.items()}, path)
path.chmod(0o644)
print(f"{len(saved)} tensors, {path.stat().st_size:,} bytes")
